"""Draws rows of one class, checks them against the server's hash and prints the summary as JSON."""

import hashlib

import numpy as np
from google.protobuf.json_format import MessageToJson

from channel import DEADLINE_S, connect, parser
from vigil.v1 import synthesize_pb2, synthesize_pb2_grpc


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--rows", type=int, default=5)
    options.add_argument("--class-name", default="alert")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--model", default="stable")
    given = options.parse_args()
    request = synthesize_pb2.SynthesizeRequest(
        model=given.model,
        counts=[synthesize_pb2.ClassCount(class_name=given.class_name, rows=given.rows)],
        seed=given.seed,
    )
    digest = hashlib.sha256()
    rows: list[np.ndarray] = []
    with connect(given.address) as channel:
        synthesizer = synthesize_pb2_grpc.SynthesizerServiceStub(channel)
        for message in synthesizer.Synthesize(request, timeout=DEADLINE_S):
            if message.HasField("chunk"):
                samples = message.chunk.samples
                digest.update(samples.raw)
                rows.extend(np.frombuffer(samples.raw, "<f4").reshape(tuple(samples.shape)))
            elif message.HasField("summary"):
                summary = message.summary
    if summary.sha256 != digest.hexdigest() or len(rows) != given.rows:
        raise SystemExit(f"{len(rows)} rows with SHA-256 {digest.hexdigest()} are not what was sent: {summary}")
    if not np.isfinite(rows).all():
        raise SystemExit("a value is not finite")
    print(MessageToJson(summary))


if __name__ == "__main__":
    main()
