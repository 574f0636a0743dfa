"""The losses of the project: sums over the batch to minimise, as the paper prints them."""

import torch
from torch.nn import functional as F

EPSILON = 1e-8
REAL_TARGET = 0.9
LAMBDA_OPT = 10


def source(logits, target):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target), reduction="sum")


def standardised(x):
    centred = x - x.mean(3, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(3, keepdim=True) + EPSILON)


def correlation(fake, real):
    """Pearson correlation of every pair of rows, both standardised per channel: `[rows]`."""
    left, right = standardised(fake), standardised(real)
    covariance = (left * right).mean((1, 2, 3))
    spread = torch.sqrt(left.square().mean((1, 2, 3)) * right.square().mean((1, 2, 3)))
    return covariance / (spread + EPSILON)


def discriminator(real_source, fake_source, real_classes, labels):
    """Eq. 1, and the class head on real rows."""
    adversarial = source(real_source, REAL_TARGET) + source(fake_source, 0.0)
    classes = F.cross_entropy(real_classes, labels, reduction="sum")
    return adversarial + classes, (adversarial, classes)


def generator(fake, real, fake_source, fake_classes, classifier_logits, labels):
    """Eq. 6: adversarial + class + correlation + 10 x the classifier's opinion."""
    adversarial = source(fake_source, 1.0)
    classes = F.cross_entropy(fake_classes, labels, reduction="sum")
    correlated = correlation(fake, real)
    loss = F.relu(1 - correlated).mean()
    joint = F.cross_entropy(classifier_logits, labels, reduction="sum")
    total = adversarial + classes + loss + LAMBDA_OPT * joint
    return total, (adversarial, classes, loss, joint, correlated.mean())


def classifier(logits, labels, weights=None):
    """Eq. 5; rows of weight 0 only fill the shape."""
    if weights is None:
        return F.cross_entropy(logits, labels, reduction="sum")
    return (F.cross_entropy(logits, labels, reduction="none") * weights).sum()
