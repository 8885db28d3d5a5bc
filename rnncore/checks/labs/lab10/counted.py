"""Lab 10, part 4: the loss over what counts.

Contents
    loss    the check of `masked_loss`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.gradients import numerical_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab10.inputs import DECODER, END_YES, YES_END, V, draw_lengths, normal
from rnncore.checks.labs.lab10.target import state_of_plus_minus, write
from rnncore.reference.activations import softmax

__all__ = ["loss"]


def masked_loss(logits, targets, mask):
    """Mean cross-entropy over the targets that count, and its gradient."""
    p = softmax(logits)  # (T, B, V)
    share = (mask / mask.sum()).astype(logits.dtype)  # (T, B)
    hit = np.eye(logits.shape[-1], dtype=logits.dtype)[targets]  # (T, B, V), 1 at the target
    loss = -(share * np.log((p * hit).sum(axis=-1))).sum()
    dlogits = share[..., None] * (p - hit)
    return loss, dlogits


def example():
    """The chapter's target with a step of padding behind it."""
    logits, _, _ = write(DECODER, END_YES, state_of_plus_minus())
    return np.concatenate([logits, [[[0.5, -0.5]]]]), np.concatenate([YES_END, [[0]]]), np.array([[True], [True], [False]])


def draw_loss(rng, dtype, T, B):
    """Targets of unequal lengths, whatever stands in their padding; then one step, where all counts."""
    for steps in (T, 1):
        mask = np.arange(steps)[:, None] < draw_lengths(rng, steps, B)
        yield 2 * normal(rng, dtype, steps, B, V), rng.integers(0, V, (steps, B)), mask


def of(loss=None, dlogits=None, axis=-1):
    """The right function but for the loss, from (losses, mask), or dlogits, from (p, hit, mask, right)."""

    def wrong(logits, targets, mask):
        p, (right, right_d) = softmax(np.moveaxis(logits, axis, -1)), masked_loss(logits, targets, mask)
        p = np.moveaxis(p, -1, axis)
        hit = np.eye(logits.shape[-1], dtype=logits.dtype)[targets]
        with np.errstate(divide="ignore"):
            losses = -np.log((p * hit).sum(axis=-1))
        value = right if loss is None else loss(losses, mask)
        value = value if np.ndim(value) else logits.dtype.type(value)
        return value, right_d if dlogits is None else dlogits(p, hit, mask, right_d)

    return wrong


def weighted(weights):
    """Another weight for each target, from `weights(mask)`, in the loss and in its gradient."""
    return of(
        lambda losses, mask: (weights(mask) * losses).sum(), lambda p, hit, mask, _: ((p - hit) * weights(mask)[..., None]).astype(p.dtype)
    )


def mean(losses, mask):
    return (losses * mask).sum() / mask.sum()


def _cast(array, p):
    return array.astype(p.dtype)


def share(mask):
    return (mask / mask.sum())[..., None]


def masked_before(change):
    """The loss of `change(logits, hit, mask)`, which masks something else than the losses."""

    def wrong(logits, targets, mask):
        hit = np.eye(logits.shape[-1], dtype=logits.dtype)[targets]
        loss = change(logits, hit, mask[..., None]).sum() / mask.sum()
        return logits.dtype.type(loss), masked_loss(logits, targets, mask)[1]

    return wrong


def it_has_the_gradient_and_padding_counts_nothing(function, rng):
    """Finite differences; log V if no token is preferred; the same with more padding; zero slope in the padding and in each sum."""
    ((logits, targets, mask), _) = draw_loss(rng, np.dtype("float64"), T=3, B=2)
    value, dlogits = function(logits, targets, mask)
    moved = logits.copy()
    measured = numerical_gradient(lambda: function(moved, targets, mask)[0], moved)
    compare("dlogits", dlogits, measured, rtol=1e-8, atol=1e-8, what="measured")
    compare("with all logits equal, the loss", function(0 * logits, targets, mask)[0], np.log(V))
    longer = [np.concatenate([array, array[:1]]) for array in (logits, targets)] + [np.concatenate([mask, np.zeros_like(mask[:1])])]
    compare("with a step of padding more, the loss", function(*longer)[0], value)
    alone = [function(logits[:, b : b + 1], targets[:, b : b + 1], mask[:, b : b + 1])[0] for b in range(2)]
    compare("from the losses of the sequences alone, the loss", value, np.array(alone) @ mask.sum(axis=0) / mask.sum())


loss = Exercise(
    masked_loss,
    outputs=("loss", "dlogits"),
    letters="TB",
    example=example,
    draw=draw_loss,
    properties=(it_has_the_gradient_and_padding_counts_nothing,),
    mistakes={
        "the padding counts too: the mean runs over all T times B targets": weighted(lambda mask: np.ones(mask.shape) / mask.size),
        "the padding is left out of the sum but counted in the division; divide by the number of targets that count": weighted(
            lambda mask: mask / mask.size
        ),
        "the losses are added up and not divided by how many count": weighted(lambda mask: mask * 1.0),
        "all losses are added up, those of the padding too, and not divided": weighted(lambda mask: np.ones(mask.shape)),
        "the sum is divided by the number of sequences; divide by the number of targets that count": weighted(
            lambda mask: mask / mask.shape[1]
        ),
        "the sum is divided by the number of steps; divide by the number of targets that count": weighted(lambda mask: mask / len(mask)),
        "each sequence is averaged by itself and then all sequences; every target that counts has the same weight": weighted(
            lambda mask: mask / mask.sum(axis=0) / mask.shape[1]
        ),
        "each step is averaged by itself and then all steps; every target that counts has the same weight": weighted(
            lambda mask: mask / np.maximum(mask.sum(axis=1, keepdims=True), 1) / len(mask)
        ),
        "the mask is turned round: only the padding counts": weighted(lambda mask: ~mask / max((~mask).sum(), 1)),
        "the softmax runs over time; it runs over the tokens, the last axis": of(
            mean, lambda p, hit, mask, _: _cast((p - hit) * share(mask), p), axis=0
        ),
        "the softmax runs over the sequences; it runs over the tokens, the last axis": of(
            mean, lambda p, hit, mask, _: _cast((p - hit) * share(mask), p), axis=1
        ),
        "the sign of the loss is wrong: the logarithm of a probability is negative": of(lambda losses, mask: -mean(losses, mask)),
        "the logarithm has base 2; the natural logarithm belongs here": of(lambda losses, mask: mean(losses, mask) / np.log(2)),
        "the logarithm is missing: the mean probability of the targets is returned": of(lambda losses, mask: mean(np.exp(-losses), mask)),
        "the logarithm is missing: minus the mean probability of the targets is returned": of(
            lambda losses, mask: -mean(np.exp(-losses), mask)
        ),
        "the logits of the targets are averaged; the softmax and the logarithm are missing": masked_before(
            lambda logits, hit, mask: -logits * hit * mask
        ),
        "the logarithms of all tokens' probabilities are added up; only that of the target counts": masked_before(
            lambda logits, hit, mask: -np.log(softmax(logits)) * mask
        ),
        "the logits are masked before the softmax, which makes all tokens equally likely in the padding; mask the losses": masked_before(
            lambda logits, hit, mask: -np.log((softmax(logits * mask) * hit).sum(axis=-1))
        ),
        "the targets that are not 0 are taken for those that count; which ones count, only the mask says": lambda logits, targets, mask: (
            masked_loss(logits, targets, targets != 0)
        ),
        "one minus the probability is averaged in the place of minus its logarithm": of(
            lambda losses, mask: mean(1 - np.exp(-losses), mask)
        ),
        "the logarithm is taken of the mean probability; average the logarithms": of(
            lambda losses, mask: -np.log(mean(np.exp(-losses), mask))
        ),
        "there is a loss for each target; average them": of(lambda losses, mask: losses * mask),
        "there is a loss for each sequence; average over all targets that count": of(
            lambda losses, mask: (losses * mask).sum(axis=0) / mask.sum(axis=0)
        ),
        "dlogits is not divided by the number of targets that count; the loss was": of(
            dlogits=lambda p, hit, mask, _: _cast((p - hit) * mask[..., None], p)
        ),
        "dlogits is not masked: in the padding it must be zero": of(dlogits=lambda p, hit, mask, _: _cast((p - hit) / mask.sum(), p)),
        "dlogits is neither masked nor divided": of(dlogits=lambda p, hit, mask, _: p - hit),
        "dlogits is divided by all T times B targets; divide by the number of those that count": of(
            dlogits=lambda p, hit, mask, _: _cast((p - hit) * mask[..., None] / mask.size, p)
        ),
        "the sign of dlogits is wrong: it is the probability minus 1 at the target": of(dlogits=lambda p, hit, mask, right: -right),
        "the 1 is not subtracted at the target: dlogits is the probability alone": of(
            dlogits=lambda p, hit, mask, _: _cast(p * share(mask), p)
        ),
        "dlogits has an entry at the target alone; the other logits have a slope, too": of(
            dlogits=lambda p, hit, mask, _: _cast(hit * (p - 1) * share(mask), p)
        ),
        "dlogits is the slope with respect to the probabilities; it goes on through the softmax": of(
            dlogits=lambda p, hit, mask, _: _cast(-hit / p * share(mask), p)
        ),
        "1 is subtracted from the probability of every token; it is subtracted at the target alone": of(
            dlogits=lambda p, hit, mask, _: _cast((p - 1) * share(mask), p)
        ),
        "the probability is masked and divided, and the 1 at the target is neither; both share the factor": of(
            dlogits=lambda p, hit, mask, _: _cast(p * share(mask) - hit, p)
        ),
        "the probability is masked, and the 1 at the target is not": of(
            dlogits=lambda p, hit, mask, _: _cast((p * mask[..., None] - hit) / mask.sum(), p)
        ),
        "the probability is divided by the number of targets, but the 1 at the target is not": of(
            dlogits=lambda p, hit, mask, _: _cast((p / mask.sum() - hit) * mask[..., None], p)
        ),
    },
)
