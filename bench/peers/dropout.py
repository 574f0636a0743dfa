"""Dropout in three forms: none, PyTorch's own by rate, or by random bytes drawn beforehand.

PyTorch draws a Bernoulli number per element on one thread: a quarter of the joint iteration. Eight elements from one 64-bit number cost
a fifth of that, with the rate rounded to a multiple of 1/256.
"""

import math
from functools import cache

import torch
from torch.nn import functional as F

from place import device

RATE = 0.3
THRESHOLD = round(RATE * 256)
SCALE = 256 / (256 - THRESHOLD)


@cache
def table():
    """What an element is multiplied with, by its random byte."""
    return torch.tensor([0.0] * THRESHOLD + [SCALE] * (256 - THRESHOLD), device=device())


def random_bytes(shape):
    """Of an activation `[rows, features, height, width]`, stored with the features last, or `[rows, features]`."""
    words = torch.empty((math.prod(shape) + 7) // 8, dtype=torch.int64, device=device()).random_(-(2**63), None)
    values = words.view(torch.uint8)[: math.prod(shape)]
    if len(shape) == 2:
        return values.view(shape)
    rows, features, height, width = shape
    return values.view(rows, height, width, features).permute(0, 3, 1, 2)


def drop(x, dropout):
    """`dropout` is None, a rate, or the activation's random bytes."""
    if dropout is None:
        return x
    if isinstance(dropout, float):
        return F.dropout(x, dropout)
    if torch.compiler.is_compiling():
        # Without a comparison: inductor's masks of bool run element by element.
        return x * (dropout.float() - (THRESHOLD - 1)).clamp(0, 1) * SCALE
    if dropout.dim() == 2:
        return x * table()[dropout.int()]
    # Looked up in memory order, so that the result keeps the features last.
    mask = table().index_select(0, dropout.permute(0, 2, 3, 1).flatten().int())
    rows, features, height, width = dropout.shape
    return x * mask.view(rows, height, width, features).permute(0, 3, 1, 2)
