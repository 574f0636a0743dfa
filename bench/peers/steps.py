"""The training steps of the project in PyTorch: D, then G, then C, each with Adam."""

import torch

import losses
from dropout import RATE as DROPOUT
from dropout import random_bytes
from networks import FEATURES, NETWORKS
from place import device

RATE = 1e-4
EPSILON = 1e-7
BETA1 = {"generator": 0.5, "discriminator": 0.5, "classifier": 0.9}


class Trainer:
    def __init__(self, spec, batch, variant):
        self.batch = batch
        self.variant = variant
        self.networks = {name: make(spec).to(device()) for name, make in NETWORKS.items()}
        self.g, self.d, self.c = (self.networks[name] for name in ("generator", "discriminator", "classifier"))
        if variant.lean:
            for network in (self.d, self.c):
                network.to(memory_format=torch.channels_last)
        fused = {"fused": True} if variant.lean else {}
        self.adam = {
            name: torch.optim.Adam(
                network.parameters(), lr=RATE, betas=(BETA1[name], 0.999), eps=EPSILON, **fused
            )
            for name, network in self.networks.items()
        }
        compiled = (lambda f: torch.compile(f, dynamic=False)) if variant.compiled else (lambda f: f)
        self.generate = compiled(self.g)
        self.d_loss = compiled(self._d_loss)
        self.g_loss = compiled(self._g_loss)
        self.c_loss = compiled(self._c_loss)

    def image(self, x):
        return x.contiguous(memory_format=torch.channels_last) if self.variant.lean else x

    def dropouts(self, rows, shapes, on):
        """For each activation, what `drop` takes."""
        if not on:
            return [None for _ in shapes]
        return [random_bytes((rows, *shape)) if self.variant.lean else DROPOUT for shape in shapes]

    def _d_loss(self, real, fake, labels, dropouts):
        if self.variant.lean:
            source, classes = self.d(self.image(torch.cat([real, fake])), dropouts)
            real_source, fake_source = source.split(len(real))
            return losses.discriminator(real_source, fake_source, classes[: len(real)], labels)
        real_source, real_classes = self.d(real, dropouts)
        fake_source, _ = self.d(fake, dropouts)
        return losses.discriminator(real_source, fake_source, real_classes, labels)

    def _g_loss(self, real, one_hot, labels, noise, dropouts):
        fake = self.image(self.g(noise, one_hot))
        source, classes = self.d(fake, dropouts)
        return losses.generator(fake, real, source, classes, self.c(fake, None), labels)

    def _c_loss(self, rows, labels, weights, dropout):
        return losses.classifier(self.c(self.image(rows), dropout), labels, weights)

    def fake(self, noise, one_hot):
        """Rows of a fixed G."""
        if self.variant.lean:
            with torch.no_grad():
                return self.generate(noise, one_hot)
        return self.generate(noise, one_hot).detach()

    def update(self, name, loss):
        self.adam[name].zero_grad()
        loss.backward()
        self.adam[name].step()

    def require(self, **networks):
        if self.variant.lean:
            for name, needed in networks.items():
                self.networks[name].requires_grad_(needed)

    def discriminator_step(self, real, one_hot, labels, noise, dropout=True):
        self.require(discriminator=True)
        dropouts = self.dropouts(2 * len(real), self.d.shapes, dropout)
        loss, parts = self.d_loss(real, self.fake(noise, one_hot), labels, dropouts)
        self.update("discriminator", loss)
        return [part.item() / len(real) for part in parts]

    def generator_step(self, real, one_hot, labels, noise, dropout=True):
        self.require(generator=True, discriminator=False, classifier=False)
        dropouts = self.dropouts(len(real), self.d.shapes, dropout)
        loss, parts = self.g_loss(real, one_hot, labels, noise, dropouts)
        self.update("generator", loss)
        adversarial, classes, correlation, joint, r = (part.item() for part in parts)
        return [adversarial / len(real), classes / len(real), correlation, joint / len(real), r]

    def classifier_step(self, real, labels, noise=None, one_hot=None, weights=None, dropout=True):
        """Real rows, then as many rows of G as there is noise; `labels` and `weights` of all of them."""
        self.require(classifier=True)
        rows = real if noise is None else torch.cat([real, self.fake(noise, one_hot)])
        (features,) = self.dropouts(len(rows), [(FEATURES,)], dropout)
        loss = self.c_loss(rows, labels, weights, features)
        self.update("classifier", loss)
        return [loss.item() / (len(rows) if weights is None else weights.sum().item())]
