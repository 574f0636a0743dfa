"""KServe's Python server with a custom model; it has no batching of its own."""

import os
import sys
import threading

from announce import announce, free_port
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer
from session import Classifier

PATH, THREADS = sys.argv[1], int(sys.argv[2])


class Served(Model):
    def __init__(self, port: int):
        super().__init__("classifier")
        self.port = port
        self.load()

    def load(self) -> bool:
        self.classifier = Classifier(PATH, THREADS)
        self.ready = True
        return self.ready

    async def predict(self, payload: InferRequest, headers=None, response_headers=None) -> InferResponse:
        probabilities = self.classifier.run(payload.inputs[0].as_numpy())
        output = InferOutput(
            name=self.classifier.output, shape=list(probabilities.shape), datatype="FP32"
        )
        output.set_data_from_numpy(probabilities, binary_data=True)
        return InferResponse(
            response_id=payload.id or "", model_name=self.name, infer_outputs=[output]
        )

    async def start_engine(self) -> None:
        pass


def stop_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


port = free_port()
model = Served(port)
threading.Thread(target=stop_with_parent, daemon=True).start()
announce("kserve", port, "classifier", model.classifier.input, model.classifier.output)
ModelServer(http_port=free_port(), grpc_port=port, workers=1, enable_docs_url=False).start([model])
