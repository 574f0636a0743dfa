"""Classifies one row of the shipped recordings and prints the answer as JSON."""

import os

import numpy as np
from google.protobuf.json_format import MessageToJson

from channel import DEADLINE_S, connect, parser
from vigil.v1 import classify_pb2, classify_pb2_grpc, tensor_pb2

RECORDINGS = os.path.join(os.path.dirname(__file__), "..", "uta-rldd-blinks", "uta_rldd_blinks.npz")


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--row", type=int, default=0)
    options.add_argument("--model", default="stable")
    given = options.parse_args()
    # Little-endian float32, [channels, steps]: what the server reads in place.
    row = np.load(RECORDINGS)["X"][given.row].astype("<f4")
    samples = tensor_pb2.Tensor(shape=row.shape, raw=row.tobytes())
    with connect(given.address) as channel:
        classifier = classify_pb2_grpc.ClassifierServiceStub(channel)
        answer = classifier.Classify(
            classify_pb2.ClassifyRequest(model=given.model, samples=samples), timeout=DEADLINE_S
        )
    print(MessageToJson(answer))


if __name__ == "__main__":
    main()
