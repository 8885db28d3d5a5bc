"""Lab 2, part 4: from the last state back to the first.

Contents
    walk    the check of `walk_back`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.gradients import numerical_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab02.forward_pass import sentence_forward
from rnncore.checks.labs.lab02.inputs import LOVE, ONE, PARAMS, draw_sentences, normal
from rnncore.checks.labs.lab02.output_layer import output_backward
from rnncore.reference.activations import sigmoid

__all__ = ["walk"]


def walk_back(params, hs, dh_T):
    """Walk from the last word to the first, and find what arrives at each pre-activation, each input and the first state."""
    dh, das = dh_T, np.empty_like(hs)  # (B, H), (T, B, H)
    for t in reversed(range(len(hs))):
        das[t] = dh * (1 - hs[t] ** 2)
        dh = das[t] @ params["weight_hh"]
    dxs = das @ params["weight_ih"]  # (T, B, D)
    return das, dxs, dh


def example():
    hs, p, _ = sentence_forward(PARAMS, LOVE, ONE)
    return PARAMS, hs, output_backward(PARAMS, hs, p, ONE)[2]


def draw_walk(rng, dtype, T, B, D, H):
    for params, xs, targets in draw_sentences(rng, dtype, T, B, D, H):
        yield params, sentence_forward(params, xs, targets)[0], normal(rng, dtype, B, H)


def before(hs):
    return np.concatenate([np.zeros_like(hs[:1]), hs[:-1]])


def walking(slope=lambda h, h_before: 1 - h**2, carry=lambda dh, da, params, dh_T: da @ params["weight_hh"]):
    """The right walk but for the slope, or for what is carried to the step before."""

    def wrong(params, hs, dh_T):
        dh, das = dh_T, np.empty_like(hs)
        for t in reversed(range(len(hs))):
            das[t] = dh * slope(hs[t], before(hs)[t])
            dh = carry(dh, das[t], params, dh_T)
        return das, das @ params["weight_ih"], dh

    return wrong


def but(change):
    """The right results, some replaced by what `change(params, hs, dh_T, das, dhs)` gives."""

    def wrong(params, hs, dh_T):
        das, dxs, dstate0 = walk_back(params, hs, dh_T)
        dhs = np.concatenate([das[1:] @ params["weight_hh"], dh_T[None]])
        new = change(params, hs, dh_T, das, dhs)
        return new.get("das", das), new.get("dxs", dxs), new.get("dstate0", dstate0)

    return wrong


def slope_round_the_corner(params, hs, dh_T):
    """The slopes are those at hs[t - 1], which is the last state for the first word."""
    das, dh = np.empty_like(hs), dh_T
    for t in reversed(range(len(hs))):
        das[t] = dh * (1 - hs[t - 1] ** 2)
        dh = das[t] @ params["weight_hh"]
    return das, das @ params["weight_ih"], dh


def one_word_short(params, hs, dh_T):
    """The loop ends before the first word."""
    das, dxs, _ = walk_back(params, hs, dh_T)
    das[0], dxs[0] = 0, 0
    return das, dxs, das[1] @ params["weight_hh"] if len(hs) > 1 else dh_T


def from_the_front(params, hs, dh_T):
    """The walk begins at the first word."""
    das, dxs, dstate0 = walk_back(params, hs[::-1], dh_T)
    return das[::-1], dxs[::-1], dstate0


def measured_gradients_agree(function, rng):
    """Finite differences: each pre-activation, each input and the first state are moved, with a weight on every unit at the end."""
    ((params, xs, _), _) = draw_sentences(rng, np.float64, T=4, B=2, D=3, H=5)
    dh_T = normal(rng, np.float64, 2, 5)
    moved = {"das": np.zeros((4, 2, 5)), "dxs": xs, "dstate0": np.zeros((2, 5))}

    def loss(hs=None):
        h = moved["dstate0"]
        for x, more in zip(moved["dxs"], moved["das"], strict=True):
            h = np.tanh(x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"] + more)
            if hs is not None:
                hs.append(h)
        return np.sum(dh_T * h)

    loss(hs := [])
    for (name, array), got in zip(moved.items(), function(params, np.stack(hs), dh_T), strict=True):
        compare(name, got, numerical_gradient(loss, array), rtol=1e-8, atol=1e-8, what="measured")


walk = Exercise(
    walk_back,
    outputs=("das", "dxs", "dstate0"),
    letters="TBDH",
    example=example,
    draw=draw_walk,
    properties=(measured_gradients_agree,),
    mistakes={
        "the slope of tanh is left out: what arrives at the state is dh, what arrives at the pre-activation is da": walking(
            slope=lambda h, h_before: 1
        ),
        "the slope is taken at the state before the step; it belongs to the state that tanh gave": walking(
            slope=lambda h, h_before: 1 - h_before**2
        ),
        "the slope is taken at hs[t - 1], at the first word even at the last state; hs[t] is the state after word t": (
            slope_round_the_corner
        ),
        "the square is missing in the slope: it is 1 - h**2": walking(slope=lambda h, h_before: 1 - h),
        "tanh is applied to h once more in the slope; h already is the tanh": walking(slope=lambda h, h_before: 1 - np.tanh(h) ** 2),
        "the slope is that of a sigmoid, h (1 - h); the state went through tanh": walking(slope=lambda h, h_before: h * (1 - h)),
        "the slope is that of a sigmoid taken at h; the state went through tanh": walking(
            slope=lambda h, h_before: sigmoid(h) * (1 - sigmoid(h))
        ),
        "the slope is h**2; it is 1 - h**2": walking(slope=lambda h, h_before: h**2),
        "weight_hh is transposed; forward was h @ weight_hh.T, so backward has no transpose": walking(
            carry=lambda dh, da, params, dh_T: da @ params["weight_hh"].T
        ),
        "da goes to the step before as it is; on its way it goes through weight_hh": walking(carry=lambda dh, da, params, dh_T: da),
        "dh goes through weight_hh before it has gone through the slope of tanh; da does": walking(
            carry=lambda dh, da, params, dh_T: dh @ params["weight_hh"]
        ),
        "dh_T enters at every step; the loss reads the last state only": walking(
            carry=lambda dh, da, params, dh_T: da @ params["weight_hh"] + dh_T
        ),
        "every step gets dh_T; a step before the last gets what the step after it sends": walking(carry=lambda dh, da, params, dh_T: dh_T),
        "dh is added to what the step after it had; it is replaced at each step": walking(
            carry=lambda dh, da, params, dh_T: dh + da @ params["weight_hh"]
        ),
        "weight_ih stands between two steps; weight_hh does": walking(carry=lambda dh, da, params, dh_T: da @ params["weight_ih"]),
        "weight_ih is transposed in dxs; forward was x @ weight_ih.T, so backward has no transpose": but(
            lambda params, hs, dh_T, das, dhs: {"dxs": das @ params["weight_ih"].T}
        ),
        "nothing goes back: all steps but the last are zero": but(
            lambda params, hs, dh_T, das, dhs: {
                "das": np.concatenate([0 * das[:-1], das[-1:]]),
                "dxs": np.concatenate([0 * das[:-1], das[-1:]]) @ params["weight_ih"],
            }
        ),
        "the walk begins at the first word; dh_T belongs to the last": from_the_front,
        "das and dxs come in the order of the walk; das[0] belongs to the first word": but(
            lambda params, hs, dh_T, das, dhs: {"das": das[::-1], "dxs": das[::-1] @ params["weight_ih"]}
        ),
        "das comes in the order of the walk; das[0] belongs to the first word": but(lambda params, hs, dh_T, das, dhs: {"das": das[::-1]}),
        "dxs comes in the order of the walk; dxs[0] belongs to the first word": but(
            lambda params, hs, dh_T, das, dhs: {"dxs": das[::-1] @ params["weight_ih"]}
        ),
        "das holds what arrives at the states, dh; multiply by the slope of tanh": but(lambda params, hs, dh_T, das, dhs: {"das": dhs}),
        "dxs is made of dh; the input is used in the pre-activation, so it gets da": but(
            lambda params, hs, dh_T, das, dhs: {"dxs": dhs @ params["weight_ih"]}
        ),
        "dxs goes through weight_hh; the input met weight_ih": but(lambda params, hs, dh_T, das, dhs: {"dxs": das @ params["weight_hh"]}),
        "dxs is that of the first word alone: it is overwritten at each step": but(
            lambda params, hs, dh_T, das, dhs: {"dxs": (das @ params["weight_ih"])[0]}
        ),
        "dxs is that of the last word alone; every word has its own": but(
            lambda params, hs, dh_T, das, dhs: {"dxs": (das @ params["weight_ih"])[-1]}
        ),
        "dstate0 is zero; the first state is used too, in the first step": but(lambda params, hs, dh_T, das, dhs: {"dstate0": 0 * dh_T}),
        "dstate0 is the dh of the state after the first word; one step further back lies the state before it": but(
            lambda params, hs, dh_T, das, dhs: {"dstate0": dhs[0]}
        ),
        "dstate0 is the da of the first word; it goes through weight_hh once more": but(
            lambda params, hs, dh_T, das, dhs: {"dstate0": das[0]}
        ),
        "dstate0 is dh_T; it is what is left of it at the beginning": but(lambda params, hs, dh_T, das, dhs: {"dstate0": dh_T}),
        "the first word is left out: the loop ends one step too early": one_word_short,
    },
)
