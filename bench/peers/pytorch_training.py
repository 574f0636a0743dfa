"""PyTorch's turn: a process that is told over stdin, in lines of JSON, what to time, and answers on stdout."""

import argparse
import json
import os
import platform
import sys
import time

import torch

import place
from check import check
from variants import VARIANTS
from works import Works


def times(run, milliseconds, least):
    """Milliseconds of each run, after one that is not counted."""
    run()
    place.finish()
    taken, end = [], time.perf_counter() + milliseconds / 1000
    while len(taken) < least or time.perf_counter() < end:
        began = time.perf_counter()
        run()
        place.finish()
        taken.append(1000 * (time.perf_counter() - began))
    return taken


def answer(request, variant, opened):
    kind = request["do"]
    if kind == "open":
        shape = {key: request[key] for key in ("spec", "batch", "expected", "capacity")}
        opened["works"], opened["shape"] = Works(**shape, variant=variant), shape
        return {"version": place.version(), "python": platform.python_version()}
    if kind == "check":
        check(opened["shape"]["spec"], opened["shape"]["batch"], variant, request["case"], request["results"])
        return {}
    if kind == "time":
        run = opened["works"].get(request["work"], request["rows"])
        return {"times": times(run, request["milliseconds"], request["least"])}
    raise ValueError(f"no request {kind}")


# Threads that wait let go of their core, as those of our engines do: where cores are shared, spinning costs ten times what it gains.
ASLEEP = {"OMP_WAIT_POLICY": "PASSIVE"}
# glibc gives large blocks back to the kernel with every free, and every page is zeroed again.
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "17179869184", "MALLOC_TOP_PAD_": "67108864"}


def settle(settings):
    """malloc and OpenMP read their settings at the start of a process."""
    if any(os.environ.get(name) != value for name, value in settings.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **settings})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--variant", choices=VARIANTS, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    arguments = parser.parse_args()
    variant = VARIANTS[arguments.variant]
    settle({**ASLEEP, **KEEP_MEMORY} if variant.lean else ASLEEP)
    if variant.lean:
        torch.set_flush_denormal(True)
    place.use(arguments.device)
    torch.manual_seed(1)
    torch.set_num_threads(arguments.threads)
    torch.set_num_interop_threads(1)
    # Single precision, as everybody's.
    torch.backends.cudnn.allow_tf32 = False
    opened = {}
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line), variant, opened)
        except Exception as error:  # noqa: BLE001 - told to whoever asked, who decides
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
