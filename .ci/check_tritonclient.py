"""Everything of the Open Inference Protocol that Triton's client can ask, at the given address; version 1 is stable, 2 the candidate."""
import json
import sys

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

client = triton.InferenceServerClient(sys.argv[1])
assert client.is_server_live() and client.is_server_ready()
assert client.is_model_ready("stable") and client.is_model_ready("stable", "1") and client.is_model_ready("2")
server = client.get_server_metadata()
assert server.name == "vigil" and {"model_configuration", "statistics"} <= set(server.extensions), server

metadata = client.get_model_metadata("stable")
(entry,) = metadata.inputs
assert (metadata.name, list(metadata.versions), entry.name, entry.datatype) == ("stable", ["1"], "samples", "FP32")
assert list(entry.shape) == [-1, 18, 16], entry
config = client.get_model_config("stable").config
classes = json.loads(config.parameters["class_names"].string_value)
assert list(config.input[0].dims) == [18, 16] and list(config.output[0].dims) == [len(classes)], config
assert config.max_batch_size >= 1 and config.WhichOneof("scheduling_choice") == "dynamic_batching"
# Every field is one that the client knows under this name.
named = client.get_model_config("stable", as_json=True)["config"]
assert set(named) <= {
    "name", "platform", "backend", "max_batch_size", "input", "output", "dynamic_batching", "parameters", "instance_group",
}, named
(instances,) = named["instance_group"]
assert set(instances) == {"name", "count", "kind"} and instances["count"] >= 1 and instances["kind"] == "KIND_CPU", instances
config.DiscardUnknownFields()
assert config == client.get_model_config("stable").config


def tensor(rows, datatype="FP32"):
    values = np.random.default_rng(7).normal(size=(rows, 18, 16))
    made = triton.InferInput("samples", [rows, 18, 16], datatype)
    made.set_data_from_numpy(values.astype({"FP32": np.float32, "FP64": np.float64}[datatype]))
    return made


names = ("probabilities", "top_class", "top_class_name")
outputs = [triton.InferRequestedOutput(name) for name in names]
result = client.infer("stable", [tensor(5)], outputs=outputs, request_id="seven", client_timeout=30)
reply = result.get_response()
assert (reply.id, reply.model_name, reply.model_version) == ("seven", "stable", "1"), reply
probabilities, top, text = (result.as_numpy(name) for name in names)
assert probabilities.dtype == np.float32 and probabilities.shape == (5, len(classes))
assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
assert top.dtype == np.int64 and (top[:, 0] == probabilities.argmax(axis=1)).all()
assert [name.decode() for name in text[:, 0]] == [classes[k] for k in top[:, 0]]

default = client.infer("stable", [tensor(5)], timeout=30_000_000, priority=1)
assert (default.as_numpy("probabilities") == probabilities).all() and default.as_numpy("top_class") is None
ranked = client.infer("stable", [tensor(1)], outputs=[triton.InferRequestedOutput("probabilities", class_count=2)])
for k, answer in zip(np.argsort(-probabilities[0], kind="stable"), ranked.as_numpy("probabilities")[0], strict=False):
    probability, index, name = answer.decode().split(":")
    assert (int(index), name) == (k, classes[k]) and abs(float(probability) - probabilities[0, k]) < 1e-6
other = client.infer("candidate", [tensor(5)], model_version="2").as_numpy("probabilities")
assert not (other == probabilities).all()

before = client.get_inference_statistics("stable").model_stats[0]
client.infer("stable", [tensor(3)])
after = client.get_inference_statistics("stable", "1").model_stats[0]
assert (after.name, after.version, after.inference_count - before.inference_count) == ("stable", "1", 3), after
# How many batches three rows make depends on the idle instances and on what a batch of each size costs.
assert 1 <= after.execution_count - before.execution_count <= 3
assert after.inference_stats.success.count - before.inference_stats.success.count == 1
assert after.inference_stats.success.ns > before.inference_stats.success.ns
assert sum(each.batch_size * each.compute_infer.count for each in after.batch_stats) == after.inference_count
assert len(client.get_inference_statistics().model_stats) == 2


def refused(status, text, call, *args, **options):
    try:
        call(*args, **options)
    except InferenceServerException as error:
        assert error.status() == f"StatusCode.{status}" and text in str(error), error
        return
    raise AssertionError(f"not refused: {text}")


refused("INVALID_ARGUMENT", 'inputs[0].datatype: found "FP64"', client.infer, "stable", [tensor(1, "FP64")])
refused("INVALID_ARGUMENT", "sequences are not offered", client.infer, "stable", [tensor(1)], sequence_id=3)
refused("NOT_FOUND", 'no model version or alias "best"', client.infer, "best", [tensor(1)])
refused("NOT_FOUND", "is version 1", client.infer, "stable", [tensor(1)], model_version="2")
unknown = [triton.InferRequestedOutput("logit")]
refused("INVALID_ARGUMENT", 'outputs[0].name: found "logit"', client.infer, "stable", [tensor(1)], outputs=unknown)
print(f"tritonclient: {len(classes)} classes, every method answers as it should")
