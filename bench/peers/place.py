"""Where PyTorch computes. Named at every tensor that is made: torch.set_default_device slows every call of the library down."""

import torch

_device = torch.device("cpu")


def use(name):
    global _device
    _device = torch.device(name)


def device():
    return _device


def finish():
    """Waits for what a GPU still computes."""
    if _device.type == "cuda":
        torch.cuda.synchronize()


def version():
    suffix = f" on {torch.cuda.get_device_name()}" if _device.type == "cuda" else ""
    return torch.__version__ + suffix
