"""Tells the benchmark, as a line of JSON on stdout, who serves and under which names; it asks until it is answered."""

import json
import socket
import sys
from importlib.metadata import version


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def announce(package: str, port: int, model: str, input: str, output: str) -> None:
    software = f"{package} {version(package)}, onnxruntime {version('onnxruntime')}"
    facts = {"serving": software, "port": port, "model": model, "input": input, "output": output}
    print(json.dumps(facts), file=sys.stdout, flush=True)
