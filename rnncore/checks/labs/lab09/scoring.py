"""Lab 9, part 2: bits per character and perplexity.

Contents
    scores    the check of `bits_and_perplexity`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab09.inputs import LOGITS, draw_scores
from rnncore.reference.activations import log_softmax, softmax

__all__ = ["scores"]


def bits_and_perplexity(logits, targets):
    log_p = np.take_along_axis(log_softmax(logits), targets[..., None], axis=-1)[..., 0]  # (T, B)
    nats = -log_p.mean(axis=0)  # (B,)
    return nats / np.log(2), np.exp(nats)


def losses(logits, targets, log_p=log_softmax):
    return -np.take_along_axis(log_p(logits), targets[..., None], axis=-1)[..., 0]


def from_losses(nats):
    """The right function but for what `nats(losses (T, B))` makes of the losses."""

    def wrong(logits, targets):
        mean = nats(losses(logits, targets))
        return mean / np.log(2), np.exp(mean)

    return wrong


def from_log_p(log_p):
    """The right function but for the log-probabilities of the characters."""

    def wrong(logits, targets):
        nats = losses(logits, targets, log_p).mean(axis=0)
        return nats / np.log(2), np.exp(nats)

    return wrong


def with_bits(change):
    """Right but for `change(nats, losses)` as the bits."""
    return lambda logits, targets: (
        change(losses(logits, targets).mean(axis=0), losses(logits, targets)),
        bits_and_perplexity(logits, targets)[1],
    )


def with_perplexity(change):
    return lambda logits, targets: (
        bits_and_perplexity(logits, targets)[0],
        change(losses(logits, targets).mean(axis=0), losses(logits, targets)),
    )


def entropy(logits, targets):
    nats = -(softmax(logits) * log_softmax(logits)).sum(axis=-1).mean(axis=0)
    return nats / np.log(2), np.exp(nats)


def of_the_best(logits, targets):
    return bits_and_perplexity(logits, logits.argmax(axis=-1))


def overflowing(logits):
    return np.log(np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True))


def evenly_among_n(function, rng):
    """Equal logits give a perplexity of V and log2 V bits, whatever the targets; a sure and right model has perplexity 1 and no bits."""
    targets = rng.integers(0, 8, (5, 3))
    bits, perplexity = function(np.full((5, 3, 8), 0.7), targets)
    compare("of a model that guesses evenly among 8, bits", bits, np.full(3, 3.0))
    compare("of a model that guesses evenly among 8, perplexity", perplexity, np.full(3, 8.0))
    bits, perplexity = function(50.0 * np.eye(8)[targets], targets)
    compare("of a model that is sure and right, bits", bits, np.zeros(3))
    compare("of a model that is sure and right, perplexity", perplexity, np.ones(3))


def two_to_the_bits(function, rng):
    """Perplexity is 2 to the power of the bits, and of a text read in two halves it is the geometric mean."""
    ((logits, targets), *_) = draw_scores(rng, np.float64, T=6, B=3, V=5)
    bits, perplexity = function(logits, targets)
    compare("2 to the power of the bits", 2**bits, perplexity, what="the perplexity")
    halves = [function(logits[part], targets[part])[1] for part in (slice(0, 3), slice(3, 6))]
    compare("the root of the product of the perplexities of two halves", np.sqrt(halves[0] * halves[1]), perplexity)


scores = Exercise(
    bits_and_perplexity,
    outputs=("bits", "perplexity"),
    letters="TBV",
    example=lambda: (np.stack([LOGITS] * 3), np.array([[2], [0], [3]])),
    draw=draw_scores,
    properties=(evenly_among_n, two_to_the_bits),
    mistakes={
        "perplexity is the mean of the perplexities of the single characters; average the losses first": with_perplexity(
            lambda nats, losses: np.exp(losses).mean(axis=0)
        ),
        "perplexity is one divided by the mean probability; average the losses first": with_perplexity(
            lambda nats, losses: 1 / np.exp(-losses).mean(axis=0)
        ),
        "perplexity is 2 to the power of the nats; it is e to the power of the nats, or 2 to that of the bits": with_perplexity(
            lambda nats, losses: 2**nats
        ),
        "perplexity is e to the power of the bits; it is e to the power of the nats, or 2 to that of the bits": with_perplexity(
            lambda nats, losses: np.exp(nats / np.log(2))
        ),
        "perplexity is e to the power of minus the loss": with_perplexity(lambda nats, losses: np.exp(-nats)),
        "perplexity is the loss itself, without the exponential": with_perplexity(lambda nats, losses: nats),
        "bits are left in nats; divide by log 2": with_bits(lambda nats, losses: nats),
        "the nats are multiplied by log 2; they are divided by it": with_bits(lambda nats, losses: nats * np.log(2)),
        "bits are the logarithm of the loss to base 2; it is a change of unit": with_bits(lambda nats, losses: np.log2(nats)),
        "the nats are divided by 2 and not by log 2": with_bits(lambda nats, losses: nats / 2),
        "the results are exchanged; bits come first": lambda logits, targets: bits_and_perplexity(logits, targets)[::-1],
        "the losses are added and not averaged over time": from_losses(lambda losses: losses.sum(axis=0)),
        "the mean is taken over the streams; it is taken over time, axis 0": from_losses(lambda losses: losses.mean(axis=1)),
        "the mean is taken over all streams together; each stream has its own": from_losses(lambda losses: losses.mean()),
        "no mean is taken: these are the numbers of single characters": from_losses(lambda losses: losses),
        "an axis of length 1 is left at the end": lambda logits, targets: tuple(
            one[:, None] for one in bits_and_perplexity(logits, targets)
        ),
        "the sum over time is divided by the number of streams": from_losses(lambda losses: losses.sum(axis=0) / losses.shape[1]),
        "the sign is missing; a loss is minus the logarithm": from_losses(lambda losses: -losses.mean(axis=0)),
        "the logarithm of the mean probability is taken; it is the mean of the logarithms": from_losses(
            lambda losses: -np.log(np.exp(-losses).mean(axis=0))
        ),
        "the mean is taken of the probabilities; take their logarithm first": from_losses(lambda losses: np.exp(-losses).mean(axis=0)),
        "the logits themselves are taken for log-probabilities; they go through a softmax first": from_log_p(lambda logits: logits),
        "the softmax is taken twice": from_log_p(lambda logits: log_softmax(softmax(logits))),
        "the softmax runs over time; it runs over the characters, the last axis": from_log_p(
            lambda logits: np.moveaxis(log_softmax(np.moveaxis(logits, 0, -1)), -1, 0)
        ),
        "the softmax runs over the streams; it runs over the characters, the last axis": from_log_p(
            lambda logits: np.moveaxis(log_softmax(np.moveaxis(logits, 1, -1)), -1, 1)
        ),
        "the exponential of a large logit overflows; log_softmax avoids that": from_log_p(overflowing),
        "the character with the highest score is taken and not the target": of_the_best,
        "the entropy of the model is computed, without the targets; the loss asks for the target only": entropy,
    },
)
