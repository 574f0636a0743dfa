"""The ways PyTorch is written here. All compute the same; a check holds each of them to the project's own numbers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """`lean`: one fused kernel for Adam, frozen networks ask for no gradients, real and fake rows share one pass, activations stored with
    the features last, dropout from random bytes, no denormals, freed memory kept, waiting threads do not
    spin. `compiled`: losses and forward passes through
    torch.compile as well (inductor)."""

    lean: bool
    compiled: bool


VARIANTS = {
    "plain": Variant(lean=False, compiled=False),
    "tuned": Variant(lean=True, compiled=False),
    "compiled": Variant(lean=True, compiled=True),
}
