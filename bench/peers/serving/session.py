"""The exported classifier in onnxruntime, the same for every peer."""

import numpy as np
import onnxruntime


class Classifier:
    """`[rows, channels, steps]` to probabilities `[rows, classes]`."""

    def __init__(self, path: str, threads: int):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that wait sleep, as in every contender.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.input = self._session.get_inputs()[0].name
        names = [output.name for output in self._session.get_outputs()]
        self.output = "probabilities" if "probabilities" in names else names[0]
        self.shape = [int(size) for size in self._session.get_inputs()[0].shape[1:]]
        self.classes = int(self._session.get_outputs()[names.index(self.output)].shape[-1])
        # Kernels choose their blocks at the first run of a size.
        for rows in (1, 2, 4, 8, 16, 32, 64):
            self.run(np.zeros([rows, *self.shape], dtype=np.float32))

    def run(self, samples: np.ndarray) -> np.ndarray:
        return self._session.run([self.output], {self.input: samples})[0]
