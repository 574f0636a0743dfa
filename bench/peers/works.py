"""What is timed: inputs are made inside, as a training loop makes them."""

import random

import torch
from torch.nn import functional as F

from networks import LATENT
from place import device
from steps import Trainer

ROWS = 600


class Works:
    def __init__(self, spec, batch, expected, capacity, variant):
        self.spec, self.batch, self.variant = spec, batch, variant
        self.expected, self.capacity = expected, capacity
        self.trainer = Trainer(spec, batch, variant)
        self.image = (1, spec["channels"], spec["steps"])
        self.data = torch.rand(ROWS, *self.image, device=device()) * 2 - 1
        self.labels = torch.randint(spec["classes"], (ROWS,), device=device())
        column = torch.ones((spec["channels"], 1), device=device())
        self.low, self.high = -2.0 * column, 3.0 * column
        compiled = (lambda f: torch.compile(f, dynamic=False)) if variant.compiled else (lambda f: f)
        self.classify = compiled(self._classify)
        self.sample = compiled(self._sample)

    def get(self, work, rows):
        if work == "forward":
            # Samples arrive in host memory and answers leave from there.
            samples = torch.rand(rows, *self.image[1:]) * 5 - 2
            return lambda: self.inference(self.classify, samples.to(device()))
        if work == "sample":
            label = torch.ones(rows, dtype=torch.long, device=device())
            return lambda: self.inference(self.sample, self.noise(rows), label)
        if work == "matrix-product":
            left, right = torch.rand(rows, rows), torch.rand(rows, rows)
            return lambda: left @ right
        return getattr(self, work.replace("-", "_"))

    def real(self):
        rows = torch.randint(ROWS, (self.batch,), device=device())
        return self.data[rows], self.labels[rows]

    def noise(self, rows):
        return torch.randn(rows, LATENT, device=device())

    def one_hot(self, labels):
        return F.one_hot(labels, self.spec["classes"]).float()

    def synthetic_classes(self):
        """Seeded by nobody: the expected number of rows of every class, rounded at random."""
        return [label for label, rows in enumerate(self.expected) for _ in range(int(rows + random.random()))]

    def discriminator_step(self):
        real, labels = self.real()
        return self.trainer.discriminator_step(real, self.one_hot(labels), labels, self.noise(self.batch))

    def generator_step(self):
        real, labels = self.real()
        return self.trainer.generator_step(real, self.one_hot(labels), labels, self.noise(self.batch))

    def classifier_step(self):
        real, labels = self.real()
        return self.trainer.classifier_step(real, labels)

    def classifier_step_augmented(self):
        real, labels = self.real()
        classes = self.synthetic_classes()
        weights = None
        if self.variant.compiled:
            # A compiled graph has one shape: rows of weight 0 fill it.
            weights = torch.ones(self.batch + self.capacity, device=device())
            weights[self.batch + len(classes) :] = 0
            classes += [0] * (self.capacity - len(classes))
        classes = torch.tensor(classes, device=device())
        return self.trainer.classifier_step(
            real, torch.cat([labels, classes]), self.noise(len(classes)), self.one_hot(classes), weights
        )

    def joint_iteration(self):
        real, labels = self.real()
        one_hot = self.one_hot(labels)
        self.trainer.discriminator_step(real, one_hot, labels, self.noise(self.batch))
        self.trainer.generator_step(real, one_hot, labels, self.noise(self.batch))
        self.classifier_step_augmented()

    def inference(self, f, *inputs):
        with torch.inference_mode():
            return f(*inputs).cpu()

    def _classify(self, samples):
        scaled = ((samples - self.low) * (2 / (self.high - self.low)) - 1).clamp(-1, 1)
        return self.trainer.c(self.trainer.image(scaled.unsqueeze(1)), None).softmax(1)

    def _sample(self, noise, labels):
        scaled = self.trainer.g(noise, self.one_hot(labels)).squeeze(1)
        return (scaled + 1) * ((self.high - self.low) / 2) + self.low
