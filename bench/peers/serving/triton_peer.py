"""Triton Inference Server as pytriton carries it: its own gRPC front, dynamic batching, the model in its Python backend."""

import sys

import numpy as np
from announce import announce, free_port
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig
from session import Classifier

PATH, THREADS = sys.argv[1], int(sys.argv[2])
LARGEST = 64


def main() -> None:
    classifier = Classifier(PATH, THREADS)

    @batch
    def infer(**inputs: np.ndarray) -> dict[str, np.ndarray]:
        return {classifier.output: classifier.run(inputs[classifier.input])}

    port = free_port()
    config = TritonConfig(
        grpc_address="127.0.0.1",
        grpc_port=port,
        http_address="127.0.0.1",
        http_port=free_port(),
        metrics_address="127.0.0.1",
        metrics_port=free_port(),
    )
    with Triton(config=config) as triton:
        triton.bind(
            model_name="classifier",
            infer_func=infer,
            inputs=[Tensor(name=classifier.input, dtype=np.float32, shape=tuple(classifier.shape))],
            outputs=[Tensor(name=classifier.output, dtype=np.float32, shape=(classifier.classes,))],
            config=ModelConfig(max_batch_size=LARGEST, batcher=DynamicBatcher(max_queue_delay_microseconds=0)),
            strict=False,
        )
        triton.run()
        announce("nvidia-pytriton", port, "classifier", classifier.input, classifier.output)
        # The benchmark closes our stdin when it has done.
        sys.stdin.read()


main()
