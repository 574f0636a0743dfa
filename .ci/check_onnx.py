"""Is an exported model what the ONNX standard and onnxruntime's own Python package take it for?

    check_onnx.py MODEL.onnx ROWS.json

ROWS.json is what `vigil --json classify` answered to the samples that `main` makes: [channels][steps] counters.
"""

import json
import sys

import numpy as np
import onnx
import onnxruntime


def main(path, answers):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    told = {entry.key: entry.value for entry in model.metadata_props}
    classes = json.loads(told["class_names"])
    channels, steps = int(told["channels"]), int(told["steps"])
    domains = {node.domain for node in model.graph.node} | {entry.domain for entry in model.opset_import}
    assert domains == {""}, domains
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert [put.shape for put in session.get_inputs()] == [["batch", channels, steps]]
    for rows in (1, 17):
        samples = np.random.default_rng(1).normal(size=(rows, channels, steps)).astype(np.float32)
        logits, probabilities = session.run(["logits", "probabilities"], {"samples": samples})
        assert logits.shape == probabilities.shape == (rows, len(classes))
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        assert np.abs(powers / powers.sum(axis=1, keepdims=True) - probabilities).max() < 1e-6
    with open(answers, encoding="utf-8") as file:
        served = json.load(file)["predictions"]
    wanted = np.array([[entry["probability"] for entry in row["probabilities"]] for row in served])
    samples = sample(channels, steps)[None]
    found = session.run(["probabilities"], {"samples": samples})[0]
    apart = np.abs(found - wanted).max()
    assert apart < 1e-5, apart
    print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}: valid, {apart:.1e} from Classify at most")


def sample(channels, steps):
    """Values that need no file: between -1 and 1, another for every channel and step."""
    return np.sin(np.arange(channels * steps, dtype=np.float32)).reshape(channels, steps)


if __name__ == "__main__":
    if sys.argv[1] == "--sample":
        print(json.dumps(sample(int(sys.argv[2]), int(sys.argv[3])).tolist()))
    else:
        main(*sys.argv[1:])
