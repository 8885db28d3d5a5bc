"""Lab 8, part 4: layers on top of one another.

Contents
    stack    the check of `stacked_forward`
"""

import numpy as np

from rnncore.checks.compare import CheckFailed, compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab08.inputs import LAYER, LENGTHS, STATE, UPPER, XS, draw_stack
from rnncore.checks.labs.lab08.two_readers import bidirectional_forward
from rnncore.reference import bidirectional
from rnncore.reference.bidirectional import BidirectionalState

__all__ = ["stack"]


def stacked_forward(params, xs, state0, lengths, residual=False):
    """Run a stack of bidirectional layers; with `residual` every layer from the second on adds its input to its output."""
    ys, state_T, caches = xs, [], []
    for k, (layer_params, layer_state0) in enumerate(zip(params, state0, strict=True)):
        below = ys
        ys, layer_state_T, cache = bidirectional_forward(layer_params, below, layer_state0, lengths)
        ys = ys + below if residual and k else ys
        state_T.append(layer_state_T)
        caches.append(cache)
    return ys, state_T, caches


def loop(start=None, reads=None, shortcut=None, ends=None):
    """The right loop but for one thing.

    start(k, state0, states before this layer) -> the state it starts from; reads(k, xs, outputs so far) -> what it reads;
    shortcut(k, outputs so far, ys, last k, residual) -> its output; ends(lengths, T) -> the lengths it is given.
    """

    def wrong(params, xs, state0, lengths, residual=False):
        outputs, state_T, caches = [xs], [], []
        for k, layer_params in enumerate(params):
            below = reads(k, xs, outputs) if reads else outputs[-1]
            first = start(k, state0, state_T) if start else state0[k]
            ys, layer_state_T, cache = bidirectional_forward(layer_params, below, first, ends(lengths, len(xs)) if ends else lengths)
            usual = ys + below if residual and k else ys
            outputs.append(shortcut(k, outputs, ys, len(params) - 1, residual) if shortcut else usual)
            state_T.append(layer_state_T)
            caches.append(cache)
        return outputs[-1], state_T, caches

    return wrong


def but(change):
    """The right function but for what `change(ys, state_T, caches)` makes of its results."""
    return lambda *args: change(*stacked_forward(*args))


def layers(change):
    """The right function, given `change(params, state0)` in the place of params and state0."""

    def wrong(params, xs, state0, lengths, residual=False):
        params, state0 = change(params, state0)
        return stacked_forward(params, xs, state0, lengths, residual)

    return wrong


def all_outputs(params, xs, state0, lengths, residual=False):
    """The outputs of every prefix of the stack."""
    return [stacked_forward(params[: k + 1], xs, state0[: k + 1], lengths, residual)[0] for k in range(len(params))]


def instead_of_ys(change):
    return lambda *args: (change(all_outputs(*args)), *stacked_forward(*args)[1:])


def exchanged(state):
    return BidirectionalState(*state[::-1])


def in_place(params, xs, state0, lengths, residual=False):
    """The shortcut is added with += to the array that the layer has read, and that is in its cache."""
    ys, state_T, caches = xs, [], []
    for k, (layer_params, layer_state0) in enumerate(zip(params, state0, strict=True)):
        below = ys
        ys, layer_state_T, cache = bidirectional_forward(layer_params, below, layer_state0, lengths)
        if residual and k:
            below += ys
            ys = below
        state_T.append(layer_state_T)
        caches.append(cache)
    return ys, state_T, caches


def inputs_as_wide_as_outputs(function, rng):
    """With D = 2H the first layer could have a shortcut, too; it has none."""
    cases = list(draw_stack(rng, np.float64, T=3, B=2, D=4, H=2))
    for params, xs, state0, lengths, residual in cases:
        try:
            compare("ys", function(params, xs, state0, lengths, residual)[0], stacked_forward(params, xs, state0, lengths, residual)[0])
        except CheckFailed as fault:
            raise CheckFailed(f"with D=4 and H=2, so that xs is as wide as ys, {fault} The first layer has no shortcut.") from None


def a_stack_is_its_layers_one_by_one(function, rng):
    """The layers of rnncore, written in another way, one on top of the other; each state belongs to its own layer."""
    for params, xs, state0, lengths, residual in draw_stack(rng, np.float64, T=5, B=3, D=2, H=2):
        below, state_T = xs, []
        for k, (layer_params, start) in enumerate(zip(params, state0, strict=True)):
            ys, ends, _ = bidirectional.bidirectional_forward(layer_params, below, start, lengths, cell="rnn")
            below = ys + below if residual and k else ys
            state_T.append(ends)
        ys, ends, _ = function(params, xs, state0, lengths, residual)
        compare("ys", ys, below, what="what the layers give one by one; expected")
        compare("state_T", ends, state_T, what="what the layers give one by one; expected")


stack = Exercise(
    stacked_forward,
    outputs=("ys", "state_T", "cache"),
    letters="TBDH",
    example=lambda: ([LAYER, UPPER], XS, [STATE, STATE], LENGTHS),
    draw=draw_stack,
    properties=(a_stack_is_its_layers_one_by_one, inputs_as_wide_as_outputs),
    mistakes={
        "a layer from the second on reads something else than the two halves of the layer below, such as xs": loop(
            reads=lambda k, xs, outputs: xs
        ),
        "every layer has the weights of the first one": layers(lambda params, state0: ([params[0]] * len(params), state0)),
        "every layer starts from the state of the first one; state0 has one for each": loop(start=lambda k, state0, before: state0[0]),
        "a layer starts from the last state of the layer below; state0 has one for each": loop(
            start=lambda k, state0, before: before[-1] if k else state0[0]
        ),
        "the states of state0 are used from the last to the first": loop(start=lambda k, state0, before: state0[::-1][k]),
        "every layer starts from zeros and not from its part of state0": loop(
            start=lambda k, state0, before: BidirectionalState(*(0 * part for part in state0[k]))
        ),
        "the last layer is left out": layers(lambda params, state0: (params[:-1], state0[:-1])),
        "the loop returns after the first layer": layers(lambda params, state0: (params[:1], state0[:1])),
        "lengths are not used: every layer is told that all sequences fill the array": loop(
            ends=lambda lengths, T: np.full_like(lengths, T)
        ),
        "residual is ignored: no layer adds its input to its output": loop(shortcut=lambda k, outputs, ys, last, residual: ys),
        "every layer from the second on adds its input, whether residual is asked for or not": loop(
            shortcut=lambda k, outputs, ys, last, residual: ys + outputs[-1] if k else ys
        ),
        "the first layer adds its input as well; it may have another width": loop(
            shortcut=lambda k, outputs, ys, last, residual: ys + outputs[-1] if residual else ys
        ),
        "the shortcut is missing around the last layer": loop(
            shortcut=lambda k, outputs, ys, last, residual: ys + outputs[-1] if residual and 0 < k < last else ys
        ),
        "the shortcut is missing around the second layer; it begins with that one": loop(
            shortcut=lambda k, outputs, ys, last, residual: ys + outputs[-1] if residual and k > 1 else ys
        ),
        "every shortcut starts at the output of the first layer; it goes around one layer": loop(
            shortcut=lambda k, outputs, ys, last, residual: ys + outputs[1] if residual and k else ys
        ),
        "the shortcut adds the output to itself: the input of the layer was overwritten": loop(
            shortcut=lambda k, outputs, ys, last, residual: ys + ys if residual and k else ys
        ),
        "every layer adds its output to itself: the input of the layer was overwritten, and the first layer has no shortcut": loop(
            shortcut=lambda k, outputs, ys, last, residual: ys + ys if residual else ys
        ),
        "the shortcut adds into the array that the layer has read, which is in the layer's cache, too": in_place,
        "the shortcut puts input and output side by side; it adds them": loop(
            shortcut=lambda k, outputs, ys, last, residual: np.concatenate([ys, outputs[-1]], axis=2) if residual and k else ys
        ),
        "the shortcut takes the mean of input and output; it adds them": loop(
            shortcut=lambda k, outputs, ys, last, residual: (ys + outputs[-1]) / 2 if residual and k else ys
        ),
        "the outputs of all layers are added": instead_of_ys(lambda outputs: sum(outputs)),
        "the outputs of all layers are put side by side; the last layer's alone are returned": instead_of_ys(
            lambda outputs: np.concatenate(outputs, axis=2)
        ),
        "the outputs of all layers are stacked; the last layer's alone are returned": instead_of_ys(np.stack),
        "ys is the output of the first layer; it is that of the last": instead_of_ys(lambda outputs: outputs[0]),
        "state_T holds the state of the last layer alone; each layer has one": but(lambda ys, state_T, caches: (ys, state_T[-1:], caches)),
        "state_T is the state of the last layer; it is a list with one for each": but(
            lambda ys, state_T, caches: (ys, state_T[-1], caches)
        ),
        "state_T holds the state of the last layer in every place": but(
            lambda ys, state_T, caches: (ys, [state_T[-1]] * len(state_T), caches)
        ),
        "state_T comes in the wrong order; the first layer comes first": but(lambda ys, state_T, caches: (ys, state_T[::-1], caches)),
        "the two directions are exchanged in state_T": but(lambda ys, state_T, caches: (ys, [exchanged(s) for s in state_T], caches)),
        "state_T is state0": lambda params, xs, state0, lengths, residual=False: (
            stacked_forward(params, xs, state0, lengths, residual)[0],
            list(state0),
            stacked_forward(params, xs, state0, lengths, residual)[2],
        ),
        "the caches come in the wrong order; the first layer comes first": but(lambda ys, state_T, caches: (ys, state_T, caches[::-1])),
        "only the last layer's cache is kept": but(lambda ys, state_T, caches: (ys, state_T, caches[-1:])),
    },
)
