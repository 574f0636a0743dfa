"""The safetensors format, float32 only, without a package."""

import ctypes
import json
import math
import struct

import torch

from place import device


def read(path):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            count, offset = math.prod(entry["shape"]), 8 + length + entry["data_offsets"][0]
            values = torch.frombuffer(data, dtype=torch.float32, count=count, offset=offset)
            arrays[name] = values.view(entry["shape"]).to(device())
    return arrays


def write(path, arrays):
    header, parts, at = {}, [], 0
    for name, tensor in arrays.items():
        values = tensor.detach().float().cpu().contiguous()
        part = ctypes.string_at(values.data_ptr(), 4 * values.numel())
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + len(part)]}
        parts.append(part)
        at += len(part)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
