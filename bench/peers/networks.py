"""G, D and C of the project as PyTorch modules, and the way of their weights between the two.

The project pads as TensorFlow's 'same' does: where the padding is odd, the extra zero stands at the end. PyTorch's symmetric `padding=`
puts it at the front. Both are the same network up to a mirror: with every kernel and every image flipped along both axes they
agree exactly, for odd kernels and strides of 1 and 2. So the modules pad as PyTorch does, which is the fastest it has, and weights are
flipped where they cross.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from dropout import drop

LEAK = 0.2
LATENT = 100
EMBEDDING = 3
FEATURES = 128


def leaky(x):
    if torch.compiler.is_compiling():
        # LeakyReLU without a comparison: inductor's masks of bool run element by element.
        return (1 + LEAK) / 2 * x + (1 - LEAK) / 2 * x.abs()
    return F.leaky_relu(x, LEAK)


def strided(size, stride):
    return math.ceil(size / stride)


def convolution(inputs, outputs, kernel, stride):
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=(kernel[0] // 2, kernel[1] // 2))


class Generator(nn.Module):
    """z `[rows, 100]` and one-hot classes to `[rows, 1, channels, steps]` in [-1, 1]."""

    def __init__(self, spec):
        super().__init__()
        self.image = (1, spec["channels"], spec["steps"])
        self.embedding = nn.Linear(spec["classes"], LATENT * EMBEDDING, bias=False)
        self.conv1 = convolution(1 + EMBEDDING, 32, (5, 1), (2, 1))
        self.conv2 = convolution(32, 64, (5, 1), (2, 1))
        self.conv3 = convolution(64, 32, (5, 1), (1, 1))
        self.height = strided(strided(LATENT, 2), 2)
        self.dense = nn.Linear(32 * self.height, spec["channels"] * spec["steps"])

    def forward(self, z, classes):
        embedded = self.embedding(classes).view(-1, LATENT, EMBEDDING).transpose(1, 2)
        x = torch.cat([z.unsqueeze(1), embedded], 1).unsqueeze(3)
        for layer in (self.conv1, self.conv2, self.conv3):
            x = leaky(layer(x))
        return torch.tanh(self.dense(x.flatten(1))).view(-1, *self.image)


class Discriminator(nn.Module):
    """`[rows, 1, channels, steps]` to the logits of D_src `[rows, 1]` and D_cls `[rows, classes]`."""

    def __init__(self, spec):
        super().__init__()
        self.conv1 = convolution(1, 32, (3, 5), (1, 2))
        self.conv2 = convolution(32, 64, (3, 5), (2, 2))
        self.conv3 = convolution(64, 128, (3, 5), (2, 2))
        self.height = strided(strided(spec["channels"], 2), 2)
        self.width = strided(strided(strided(spec["steps"], 2), 2), 2)
        size = 128 * self.height * self.width
        self.shapes = [
            (32, spec["channels"], strided(spec["steps"], 2)),
            (64, strided(spec["channels"], 2), strided(strided(spec["steps"], 2), 2)),
            (128, self.height, self.width),
        ]
        self.source = nn.Linear(size, 1)
        self.classes = nn.Linear(size, spec["classes"])

    def forward(self, x, dropouts):
        """`dropouts` has one entry per convolution; see `dropout.drop`."""
        for layer, dropout in zip((self.conv1, self.conv2, self.conv3), dropouts, strict=True):
            x = drop(leaky(layer(x)), dropout)
        x = x.flatten(1)
        return self.source(x), self.classes(x)


class Classifier(nn.Module):
    """`[rows, 1, channels, steps]` to logits `[rows, classes]`."""

    def __init__(self, spec):
        super().__init__()
        self.conv1 = convolution(1, 32, (3, 7), (1, 2))
        self.conv2 = convolution(32, 64, (3, 5), (2, 2))
        self.conv3 = convolution(64, 128, (3, 3), (2, 2))
        self.dense = nn.Linear(FEATURES, spec["classes"])

    def forward(self, x, dropout):
        for layer in (self.conv1, self.conv2, self.conv3):
            x = leaky(layer(x))
        return self.dense(drop(x.mean((2, 3)), dropout))


NETWORKS = {"generator": Generator, "discriminator": Discriminator, "classifier": Classifier}
# The project's name of a dense layer, where it differs from the module's.
RENAMED = {"class": "classes"}


def mirrored(network, name, ours):
    """A parameter of the project (`conv1/kernel`, ...) in the module's layout."""
    layer, part = name.split("/")
    if part == "bias":
        if isinstance(network, Generator) and layer == "dense":
            return ours.view(network.image).flip(1, 2).flatten()
        return ours
    if layer.startswith("conv"):
        return ours.flip(0, 1).permute(3, 2, 0, 1)
    outputs = ours.shape[1]
    if layer == "embedding":
        return ours.view(-1, LATENT, EMBEDDING).flip(1).flatten(1).T
    if isinstance(network, Generator):
        rows = ours.view(network.height, 32, outputs).flip(0).transpose(0, 1).reshape(-1, outputs)
        return rows.view(-1, *network.image).flip(2, 3).flatten(1).T
    if isinstance(network, Discriminator):
        image = ours.view(network.height, network.width, 128, outputs).flip(0, 1)
        return image.permute(2, 0, 1, 3).reshape(-1, outputs).T
    return ours.T


def parameter(network, name):
    layer, part = name.split("/")
    return getattr(getattr(network, RENAMED.get(layer, layer)), "weight" if part == "kernel" else "bias")


def load(network, named):
    """Copies the project's parameters in."""
    with torch.no_grad():
        for name, ours in named.items():
            parameter(network, name).copy_(mirrored(network, name, ours))


def unmirrored(network, name, theirs, shape):
    """The inverse of `mirrored`: values of a module's parameter in the project's layout."""
    order = mirrored(network, name, torch.arange(math.prod(shape)).view(shape)).flatten()
    ours = torch.empty(math.prod(shape))
    ours[order] = theirs.detach().cpu().flatten()
    return ours.view(shape)
