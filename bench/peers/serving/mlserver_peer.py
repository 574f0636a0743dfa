"""MLServer with a custom runtime, as its documentation has it, and its adaptive batching."""

import asyncio
import sys
import threading

from announce import announce, free_port
from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.codecs import NumpyCodec
from mlserver.settings import ModelParameters
from mlserver.types import InferenceRequest, InferenceResponse
from session import Classifier

PATH, THREADS = sys.argv[1], int(sys.argv[2])
LARGEST = 64
# Seconds that a batch waits for more rows.
LONGEST_WAIT = 0.002


class Runtime(MLModel):
    async def load(self) -> bool:
        self.classifier = Classifier(PATH, THREADS)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        samples = NumpyCodec.decode_input(payload.inputs[0])
        probabilities = self.classifier.run(samples)
        output = NumpyCodec.encode_output(self.classifier.output, probabilities)
        return InferenceResponse(model_name=self.name, outputs=[output])


async def main() -> None:
    names = Classifier(PATH, THREADS)
    port = free_port()
    settings = Settings(
        host="127.0.0.1",
        grpc_port=port,
        http_port=free_port(),
        metrics_port=free_port(),
        # In its own process: a pool of one would only add a hop.
        parallel_workers=0,
        debug=False,
    )
    model = ModelSettings(
        name="classifier",
        implementation=Runtime,
        parameters=ModelParameters(),
        max_batch_size=LARGEST,
        max_batch_time=LONGEST_WAIT,
    )
    server = MLServer(settings)

    loop = asyncio.get_running_loop()

    def stop_with_parent() -> None:
        sys.stdin.read()
        asyncio.run_coroutine_threadsafe(server.stop(), loop)

    threading.Thread(target=stop_with_parent, daemon=True).start()
    announce("mlserver", port, "classifier", names.input, names.output)
    await server.start([model])


asyncio.run(main())
