"""Lab 7, part 5: the mean loss over real steps, and its gradient.

Contents
    masked_loss    the check of `masked_cross_entropy`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.gradients import numerical_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab07.inputs import draw_loss
from rnncore.reference.activations import log_softmax

__all__ = ["masked_loss"]


def masked_cross_entropy(logits, targets, mask):
    """Mean of -log p(target) over the places where the mask is True, and its gradient with respect to the logits."""
    weights = (mask / mask.sum()).astype(logits.dtype)
    known = np.where(mask, targets, 0)[..., None]
    log_p = log_softmax(logits)
    loss = -np.sum(weights * np.take_along_axis(log_p, known, axis=-1)[..., 0])
    one_hot = np.arange(logits.shape[-1]) == known
    return loss, (np.exp(log_p) - one_hot) * weights[..., None]


def shares(mask, dtype):
    """Each real step counts alike, and all of them together 1."""
    return (mask / mask.sum()).astype(dtype)


def computed(logits, targets, mask, loss_weights=shares, gradient_weights=shares, axis=-1, log=1.0):
    """The loss with its choices: the share of each place in the loss and in the gradient, the softmax' axis, the logarithm's unit."""
    known = np.where(mask, targets, 0)[..., None]
    log_p = log_softmax(logits) if axis == -1 else np.swapaxes(log_softmax(np.swapaxes(logits, axis, -1)), axis, -1)
    losses = -np.take_along_axis(log_p, known, axis=-1)[..., 0] / log
    errors = np.exp(log_p) - one_hot(known, logits)
    return np.sum(loss_weights(mask, logits.dtype) * losses), errors * gradient_weights(mask, logits.dtype)[..., None]


def one_hot(known, logits):
    return (np.arange(logits.shape[-1]) == known).astype(logits.dtype)


def but(both=None, **choices):
    """The right function but for these choices; `both` weighs loss and gradient."""
    if both:
        choices = {"loss_weights": both, "gradient_weights": both, **choices}
    return lambda logits, targets, mask: computed(logits, targets, mask, **choices)


def with_results(change):
    """The right function but for what `change(loss, dlogits, logits, targets, mask)` makes of its results."""
    return lambda logits, targets, mask: change(*masked_cross_entropy(logits, targets, mask), logits, targets, mask)


def all_places(mask, dtype):
    return np.full(mask.shape, 1 / mask.size, dtype)


def masked_but_all_counted(mask, dtype):
    return (mask / mask.size).astype(dtype)


def by_sequence(mask, dtype):
    return (mask / mask.sum(axis=0) / mask.shape[1]).astype(dtype)


def by_step(mask, dtype):
    return (mask / np.maximum(mask.sum(axis=1, keepdims=True), 1) / len(mask)).astype(dtype)


def divided(by):
    return lambda mask, dtype: (mask / by(mask)).astype(dtype)


def fillers_as_classes(logits, targets, mask, weights=shares):
    """The targets in the padding are used as an index."""
    log_p = log_softmax(logits)
    losses = -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]
    errors = np.exp(log_p)
    np.put_along_axis(errors, targets[..., None], np.take_along_axis(errors, targets[..., None], axis=-1) - 1, axis=-1)
    return np.sum(weights(mask, logits.dtype) * losses), errors * weights(mask, logits.dtype)[..., None]


def zero_logits(logits, targets, mask):
    """Masked logits give a loss of log V at every place of the padding."""
    return computed(np.where(mask[..., None], logits, 0).astype(logits.dtype), targets, mask, all_places, all_places)


def zero_logits_counted(logits, targets, mask):
    """The same, divided by the number of real steps; the gradient is masked."""
    zeroed = np.where(mask[..., None], logits, 0).astype(logits.dtype)
    return computed(zeroed, targets, mask, lambda mask, dtype: np.full(mask.shape, 1 / mask.sum(), dtype))


def found_by_the_filler(logits, targets, mask):
    """-100 says what padding is."""
    return masked_cross_entropy(logits, targets, targets != -100)


def no_target(logits, targets, mask):
    p = np.exp(log_softmax(logits))
    return masked_cross_entropy(logits, targets, mask)[0], p * shares(mask, logits.dtype)[..., None]


def measured_gradients_agree(function, rng):
    """The gradient is what moving each logit does to the loss."""
    for logits, targets, mask in draw_loss(rng, np.float64, T=3, B=2, V=4):
        measured = numerical_gradient(lambda a=logits, t=targets, m=mask: function(a, t, m)[0], logits)
        compare("dlogits", function(logits, targets, mask)[1], measured, rtol=1e-6, atol=1e-6, what="measured")


def the_batch_is_its_sequences(function, rng):
    """Padding means nothing, and the loss is that of the sequences alone, each counting for its number of steps."""
    logits, targets, mask = next(iter(draw_loss(rng, np.float64, T=5, B=4, V=3)))
    loss, dlogits = function(logits, targets, mask)
    total = 0.0
    for b, L in enumerate(mask.sum(axis=0)):
        alone, dalone = function(logits[:L, b : b + 1], targets[:L, b : b + 1], mask[:L, b : b + 1])
        total += alone * L / mask.sum()
        compare(f"dlogits of sequence {b}, against the same alone", dlogits[:L, b], dalone[:, 0] * L / mask.sum())
    compare("the loss, against the sequences alone", loss, total)
    other = np.where(mask[..., None], logits, 9.0), np.where(mask, targets, 1), mask
    longer = [np.concatenate([a, np.zeros((4, *a.shape[1:]), a.dtype)]) for a in other]
    more, dmore = function(*longer)
    compare("the loss with other and with more padding", more, loss)
    compare("dlogits with other and with more padding", dmore, np.concatenate([dlogits, np.zeros((4, 4, 3))]))


masked_loss = Exercise(
    masked_cross_entropy,
    outputs=("loss", "dlogits"),
    letters="TBV",
    example=lambda: (
        np.array([[[0.0, 0.0], [1.0, 0.0]], [[2.0, 0.0], [0.0, 3.0]]]),
        np.array([[1, 0], [0, 0]]),
        np.array([[True, True], [True, False]]),
    ),
    draw=draw_loss,
    properties=(measured_gradients_agree, the_batch_is_its_sequences),
    mistakes={
        "the mask is not used: the padding is counted, in the loss and in the gradient": but(all_places),
        "the mask is not used, and the fillers among the targets are taken for classes": lambda logits, targets, mask: (
            fillers_as_classes(logits, targets, mask, all_places)
        ),
        "the losses are masked but divided by all places; divide by the number of real steps": but(masked_but_all_counted),
        "the gradient is divided by all places; the loss is right, and both have the same shares": but(
            gradient_weights=masked_but_all_counted
        ),
        "the loss is divided by all places; the gradient is right, and both have the same shares": but(loss_weights=masked_but_all_counted),
        "the gradient in the padding is not zero: the mask is missing there": but(
            gradient_weights=lambda mask, dtype: np.full(mask.shape, 1 / mask.sum(), dtype)
        ),
        "the gradient is that of the mean over all places: the mask is missing there": but(gradient_weights=all_places),
        "the loss counts the padding: the mask is missing there": but(loss_weights=all_places),
        "the losses are added up; the mean divides by the number of real steps": but(divided(lambda m: 1)),
        "the gradient is not divided by the number of real steps": but(gradient_weights=divided(lambda m: 1)),
        "the loss is not divided by the number of real steps": but(loss_weights=divided(lambda m: 1)),
        "the mean is taken over each sequence first, then over the sequences; each real step counts alike": but(by_sequence),
        "the mean is taken over each step first, then over the steps; each real step of a sequence counts alike": but(by_step),
        "the sum is divided by the number of sequences; divide by the number of real steps": but(divided(lambda m: m.shape[1])),
        "the sum is divided by the number of steps T; divide by the number of real steps": but(divided(lambda m: m.shape[0])),
        "the mask is turned round: the padding is counted and the sequences are left out": lambda logits, targets, mask: (
            fillers_as_classes(logits, targets, ~mask)
        ),
        "masked logits become zero and count log V each; leave the padding out of the mean": zero_logits,
        "masked logits become zero and add log V each to the loss; leave the padding out of the sum": zero_logits_counted,
        "the padding is found by the filler -100; the mask says where it is": found_by_the_filler,
        "the targets in the padding are used as classes; they may be no class at all": fillers_as_classes,
        "the sign is wrong: the loss is minus the logarithm": with_results(lambda loss, d, *rest: (-loss, d)),
        "the sign is wrong in the loss and in the gradient": with_results(lambda loss, d, *rest: (-loss, -d)),
        "the sign of the gradient is wrong: it is p minus one at the target": with_results(lambda loss, d, *rest: (loss, -d)),
        "the softmax runs over the batch; it runs over the classes, the last axis": but(axis=1),
        "the softmax runs over time; it runs over the classes, the last axis": but(axis=0),
        "the logarithm has base 2; the loss is in nats": but(log=np.log(2)),
        "the one at the target is not taken away from the probabilities": no_target,
        "log-probabilities stand in the gradient; it has probabilities": lambda logits, targets, mask: (
            masked_cross_entropy(logits, targets, mask)[0],
            (log_softmax(logits) - one_hot(np.where(mask, targets, 0)[..., None], logits)) * shares(mask, logits.dtype)[..., None],
        ),
        "the gradient at the target is right and that of the other classes is missing": with_results(
            lambda loss, d, logits, targets, mask: (loss, d * one_hot(np.where(mask, targets, 0)[..., None], logits))
        ),
        "the probability of the target is averaged without its logarithm": lambda logits, targets, mask: (
            np.sum(
                np.take_along_axis(np.exp(log_softmax(logits)), np.where(mask, targets, 0)[..., None], axis=-1)[..., 0]
                * shares(mask, logits.dtype)
            ),
            masked_cross_entropy(logits, targets, mask)[1],
        ),
        "the logarithm is missing in the softmax: the raw logit of the target is averaged": lambda logits, targets, mask: (
            -np.sum(np.take_along_axis(logits, np.where(mask, targets, 0)[..., None], axis=-1)[..., 0] * shares(mask, logits.dtype)),
            masked_cross_entropy(logits, targets, mask)[1],
        ),
        "there is a loss for each place; return their mean": with_results(
            lambda loss, d, logits, targets, mask: (
                -np.take_along_axis(log_softmax(logits), np.where(mask, targets, 0)[..., None], axis=-1)[..., 0] * mask,
                d,
            )
        ),
        "the gradient holds the real steps only; it has the shape of the logits, with zeros in the padding": with_results(
            lambda loss, d, logits, targets, mask: (loss, d[mask])
        ),
        "loss and dlogits are exchanged": with_results(lambda loss, d, *rest: (d, loss)),
    },
)
