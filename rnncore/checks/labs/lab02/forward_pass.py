"""Lab 2, part 2: a sentence forward, from its words to its loss.

Contents
    reading    the check of `sentence_forward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab02.inputs import LOVE, ONE, PARAMS, draw_sentences
from rnncore.reference.activations import sigmoid, softmax
from rnncore.reference.losses import sigmoid_cross_entropy_forward
from rnncore.reference.rnn import rnn_forward

__all__ = ["reading"]


def sentence_forward(params, xs, targets):
    """Read sentences from a state of zeros, and say how likely label 1 is and what that costs."""
    h, hs = np.zeros((xs.shape[1], len(params["weight_hh"])), dtype=xs.dtype), []
    for x in xs:
        h = np.tanh(x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"])
        hs.append(h)
    y = h @ params["weight_ho"].T + params["bias_ho"]  # (B, 1)
    p = sigmoid(y[:, 0])
    losses = -np.log(np.where(targets == 1, p, 1 - p))
    return np.stack(hs), p, losses


def states(params, xs, step=np.tanh, carried=None, state0=0.0):
    """hs with another activation, another state carried on (`carried(a, h)`) or another first state."""
    h, hs = np.full((xs.shape[1], len(params["weight_hh"])), state0, dtype=xs.dtype), []
    for x in xs:
        a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
        hs.append(step(a))
        h = carried(a, h) if carried else hs[-1]
    return np.stack(hs)


def judged(params, hs, targets, h=None):
    y = ((hs[-1] if h is None else h) @ params["weight_ho"].T + params["bias_ho"])[:, 0]
    return hs, sigmoid(y), losses_of(sigmoid(y), targets)


def losses_of(p, targets):
    return -np.log(np.where(targets == 1, p, 1 - p))


def with_states(**options):
    return lambda params, xs, targets: judged(params, states(params, xs, **options), targets)


def with_params(change):
    return lambda params, xs, targets: sentence_forward({**params, **change(params)}, xs, targets)


def seen_at(choose):
    """The output reads `choose(hs)` in the place of the last state."""

    def wrong(params, xs, targets):
        hs = states(params, xs)
        return judged(params, hs, targets, choose(hs))

    return wrong


def at_every_word(params, xs, targets):
    """A score, a probability and a loss after each word."""
    hs = states(params, xs)
    p = sigmoid((hs @ params["weight_ho"].T + params["bias_ho"])[:, :, 0])
    return hs, p, losses_of(p, targets)


def with_p(change):
    """The right function but for the p that `change(y)` makes of the scores, and the losses that follow from it."""

    def wrong(params, xs, targets):
        hs = states(params, xs)
        p = change((hs[-1] @ params["weight_ho"].T + params["bias_ho"])[:, 0])
        return hs, p, losses_of(p, targets)

    return wrong


def with_losses(change):
    """The right function but for `change(losses, p, targets)`."""

    def wrong(params, xs, targets):
        hs, p, losses = sentence_forward(params, xs, targets)
        return hs, p, change(losses, p, targets)

    return wrong


def with_hs(change):
    return lambda params, xs, targets: (change(sentence_forward(params, xs, targets)[0]), *sentence_forward(params, xs, targets)[1:])


def rnncore_says_the_same(function, rng):
    """rnncore's layer and its cross-entropy; and each sentence alone is what it is in the batch."""
    ((params, xs, targets), _) = draw_sentences(rng, np.float64, T=4, B=3, D=2, H=5)
    hs, p, losses = function(params, xs, targets)
    right, last, _ = rnn_forward({name: params[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}, xs, np.zeros((3, 5)))
    logits = last @ params["weight_ho"][0] + params["bias_ho"]
    compare("against rnn_forward, hs", hs, right)
    compare("against rnncore's sigmoid, p", p, sigmoid(logits))
    compare("the mean of the losses", losses.mean(), sigmoid_cross_entropy_forward(logits, targets)[0])
    compare("the loss of one sentence alone", function(params, xs[:, 1:2], targets[1:2])[2], losses[1:2])


reading = Exercise(
    sentence_forward,
    outputs=("hs", "p", "losses"),
    letters="TBDH",
    example=lambda: (PARAMS, LOVE, ONE),
    draw=draw_sentences,
    properties=(rnncore_says_the_same,),
    mistakes={
        "tanh is left out, and the state is a itself": with_states(step=lambda a: a),
        "a sigmoid stands in the place of tanh": with_states(step=sigmoid),
        "relu stands in the place of tanh": with_states(step=lambda a: np.maximum(a, 0)),
        "the state is not carried: every word starts from zeros": with_states(carried=lambda a, h: h),
        "the pre-activation is carried to the next word; the state is its tanh": with_states(carried=lambda a, h: a),
        "the first state is one; it is zero": with_states(state0=1.0),
        "bias_ih is forgotten": with_params(lambda p: {"bias_ih": 0 * p["bias_ih"]}),
        "bias_hh is forgotten; there are two biases, and both are added": with_params(lambda p: {"bias_hh": 0 * p["bias_hh"]}),
        "both biases of the cell are forgotten": with_params(lambda p: {"bias_ih": 0 * p["bias_ih"], "bias_hh": 0 * p["bias_hh"]}),
        "bias_ih is added twice and bias_hh never": with_params(lambda p: {"bias_hh": p["bias_ih"]}),
        "weight_hh is not transposed; row i belongs to unit i, so it is used as h @ weight_hh.T": with_params(
            lambda p: {"weight_hh": p["weight_hh"].T}
        ),
        "weight_ih is not transposed; it has the shape (H, D), so it is used as x @ weight_ih.T": with_params(
            lambda p: {"weight_ih": p["weight_ih"].T}
        ),
        "weight_ho is not transposed; it has the shape (1, H), so it is used as h @ weight_ho.T": with_params(
            lambda p: {"weight_ho": p["weight_ho"].T}
        ),
        "the words are read from the last to the first": lambda params, xs, targets: sentence_forward(params, xs[::-1], targets),
        "the loop runs over the sentences; the first axis of xs is time": lambda params, xs, targets: (
            sentence_forward(params, xs.swapaxes(0, 1), targets)
        ),
        "the last word is not read": lambda params, xs, targets: sentence_forward(params, xs[:-1], targets),
        "hs comes in the wrong order: hs[0] is the state after the last word": with_hs(lambda hs: hs[::-1]),
        "hs holds the state before each word: append h after the step": with_hs(lambda hs: np.stack([0 * hs[0], *hs[:-1]])),
        "hs also holds the zeros from before the first word; it has one entry for each word": with_hs(
            lambda hs: np.stack([0 * hs[0], *hs])
        ),
        "hs is the last state alone; the way back will need all of them": with_hs(lambda hs: hs[-1]),
        "the output reads the first state; only the last one has seen the whole sentence": seen_at(lambda hs: hs[0]),
        "the output reads the mean of the states; it reads the last one": seen_at(lambda hs: hs.mean(axis=0)),
        "the output reads the sum of the states; it reads the last one": seen_at(lambda hs: hs.sum(axis=0)),
        "bias_ho is forgotten": with_params(lambda p: {"bias_ho": 0 * p["bias_ho"]}),
        "p is the score itself; the sigmoid is left out": with_p(lambda y: y),
        "tanh stands in the place of the sigmoid; a probability lies between 0 and 1": with_p(np.tanh),
        "the sign in the sigmoid is wrong: this is the probability of label 0": with_p(lambda y: sigmoid(-y)),
        "the sigmoid is applied twice": with_p(lambda y: sigmoid(sigmoid(y))),
        "a softmax runs over the sentences; each has its own sigmoid": with_p(softmax),
        "p keeps the axis of the one output; it has one number for each sentence, (B,)": lambda params, xs, targets: (
            sentence_forward(params, xs, targets)[0],
            sentence_forward(params, xs, targets)[1][:, None],
            sentence_forward(params, xs, targets)[2],
        ),
        "there is a p for every word; only the state after the last word is looked at": at_every_word,
        "the labels are exchanged: -log p belongs to label 1": with_losses(lambda losses, p, targets: losses_of(p, 1 - targets)),
        "every sentence gets -log p; for label 0 it is -log(1 - p)": with_losses(lambda losses, p, targets: -np.log(p)),
        "the loss is that of the likelier label, whichever is right; what counts is the probability that the right one got": with_losses(
            lambda losses, p, targets: -np.log(np.maximum(p, 1 - p))
        ),
        "only the part for label 1 is there: the loss of label 0 is missing": with_losses(lambda losses, p, targets: -targets * np.log(p)),
        "the minus sign is missing in the losses": with_losses(lambda losses, p, targets: -losses),
        "the losses are in bits; use the natural logarithm": with_losses(lambda losses, p, targets: losses / np.log(2).astype(p.dtype)),
        "the logarithm is that of base 10; use the natural one": with_losses(
            lambda losses, p, targets: losses / np.log(10).astype(p.dtype)
        ),
        "the losses are squared differences; a probability is judged by the logarithm": with_losses(
            lambda losses, p, targets: (p - targets) ** 2
        ),
        "the losses are half of squared differences; a probability is judged by the logarithm": with_losses(
            lambda losses, p, targets: (p - targets) ** 2 / 2
        ),
        "the losses are distances between p and label; a probability is judged by the logarithm": with_losses(
            lambda losses, p, targets: np.abs(p - targets)
        ),
        "the losses are averaged; each sentence keeps its own": with_losses(lambda losses, p, targets: losses.mean()),
        "the losses are added up; each sentence keeps its own": with_losses(lambda losses, p, targets: losses.sum()),
        "the losses are divided by the number of words; there is one loss, at the end": lambda params, xs, targets: (
            *sentence_forward(params, xs, targets)[:2],
            sentence_forward(params, xs, targets)[2] / len(xs),
        ),
    },
)
