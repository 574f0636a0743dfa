"""Runs every step once from given weights on given inputs, dropout off, and says what came out, in the project's layout."""

import math

import arrays
from networks import load, parameter, unmirrored
from steps import BETA1, EPSILON, Trainer

BETA2 = 0.999
TERMS = {
    "discriminator": ("discriminator", "discriminatorClass"),
    "generator": ("adversarial", "classification", "correlation", "joint", "realCorrelation"),
    "classifier": ("classifier",),
}


def weights_of(case, name):
    prefix = f"{name}/weights/"
    return {key[len(prefix) :]: value for key, value in case.items() if key.startswith(prefix)}


def run_step(trainer, name, inputs):
    labels = inputs["labels"]
    real = inputs["real"].permute(0, 3, 1, 2).flip(2, 3)
    classes = labels.argmax(1)
    noise = inputs["noise"].flip(1)
    if name == "discriminator":
        return trainer.discriminator_step(real, labels, classes, noise, dropout=False)
    if name == "generator":
        return trainer.generator_step(real, labels, classes, noise, dropout=False)
    return trainer.classifier_step(real, classes, noise, inputs["syntheticLabels"], inputs["weights"], dropout=False)


def check(spec, batch, variant, source, target):
    case = arrays.read(source)
    results = {}
    for name, terms in TERMS.items():
        trainer = Trainer(spec, batch, variant)
        for other, network in trainer.networks.items():
            load(network, weights_of(case, other))
        network, adam = trainer.networks[name], trainer.adam[name]
        # The project adds epsilon to the root of the uncorrected moment; in the first update that is this much.
        adam.param_groups[0]["eps"] = EPSILON / math.sqrt(1 - BETA2)
        prefix = f"{name}-step/"
        inputs = {key[len(prefix) :]: value for key, value in case.items() if key.startswith(prefix)}
        values = run_step(trainer, name, inputs)
        for term, value in zip(terms, values, strict=True):
            results[f"{prefix}loss/{term}"] = inputs["rate"].new_tensor([value])
        for key, before in weights_of(case, name).items():
            theirs = parameter(network, key)
            gradient = adam.state[theirs]["exp_avg"] / (1 - BETA1[name])
            results[f"{prefix}gradient/{key}"] = unmirrored(network, key, gradient, before.shape)
            results[f"{prefix}change/{key}"] = unmirrored(network, key, theirs, before.shape) - before.cpu()
    arrays.write(target, results)
