"""Lab 5, part 4: one time step backward.

Contents
    step_backward    the check of `lstm_step_backward`
"""

import numpy as np

from rnncore.checks.gradients import check_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab05.inputs import DSTATE, PARAMS, STATE, X, draw_step, draw_step_gradient
from rnncore.reference.lstm import LSTMState, lstm_step_backward, lstm_step_forward

__all__ = ["step_backward"]


def all_of_dc(k, dh, dc):
    """What reaches the cell state after the step: from the next step, and through h_next."""
    return dc + dh * k.o * (1 - k.tanh_c**2)


def c_next(k):
    return k.f * k.c + k.i * k.g


def four(k, dh, dc):
    """The gradients of the four pre-activations when dc is all that reaches the cell state."""
    return {
        "i": dc * k.g * k.i * (1 - k.i),
        "f": dc * k.c * k.f * (1 - k.f),
        "g": dc * k.i * (1 - k.g**2),
        "o": dh * k.tanh_c * k.o * (1 - k.o),
    }


def from_da(k, da, dc):
    """The right results for a given da and dc before the step."""
    params, x, h = k.params, k.x, k.h
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.sum(axis=0), "bias_hh": da.sum(axis=0)}
    return dparams, da @ params["weight_ih"], LSTMState(da @ params["weight_hh"], dc)


def with_dc(change):
    """The right function but for what `change(cache, dh_next, dc_next)` says reaches the cell state in all."""

    def wrong(cache, dstate_next):
        dc = change(cache, *dstate_next)
        return from_da(cache, joined(four(cache, dstate_next[0], dc)), dc * cache.f)

    return wrong


def with_blocks(change):
    """The right function but for the blocks of da that `change(cache, dh_next, dc)` gives; dc is all that reaches the cell state."""

    def wrong(cache, dstate_next):
        dh, dc = dstate_next[0], all_of_dc(cache, *dstate_next)
        return from_da(cache, joined({**four(cache, dh, dc), **change(cache, dh, dc)}), dc * cache.f)

    return wrong


def joined(blocks, order="ifgo"):
    return np.concatenate([blocks[name] for name in order], axis=1)


def in_order(order):
    """The blocks put together in another order than i, f, g, o."""

    def wrong(cache, dstate_next):
        dc = all_of_dc(cache, *dstate_next)
        return from_da(cache, joined(four(cache, dstate_next[0], dc), order), dc * cache.f)

    return wrong


def but(change):
    """The right results, some of them replaced by what `change(cache, dstate_next, da)` gives: a gradient of params, dx, dh or dc."""

    def wrong(cache, dstate_next):
        dparams, dx, dstate = lstm_step_backward(cache, dstate_next)
        dc = all_of_dc(cache, *dstate_next)
        new = change(cache, dstate_next, joined(four(cache, dstate_next[0], dc)))
        dx, dstate = new.pop("dx", dx), LSTMState(new.pop("dh", dstate.h), new.pop("dc", dstate.c))
        return {**dparams, **new}, dx, dstate

    return wrong


def biases(db):
    return {"bias_ih": db, "bias_hh": db.copy()}


def measured_gradients_agree(function, rng):
    """Finite differences, with a gradient at both states."""
    ((params, x, state),) = draw_step(rng, np.float64, B=2, D=3, H=2)
    check_gradient(lstm_step_forward, function, params, x, state, rng=rng)


step_backward = Exercise(
    lstm_step_backward,
    outputs=("dparams", "dx", "dstate"),
    letters="BDH",
    example=lambda: (lstm_step_forward(PARAMS, X, STATE)[-1], DSTATE),
    draw=draw_step_gradient,
    properties=(measured_gradients_agree,),
    mistakes={
        "dc_next is used as it came; c_next also shows through h_next, and that part is added": with_dc(lambda k, dh, dc: dc),
        "dc_next is replaced by the part that comes through h_next; the two are added": with_dc(lambda k, dh, dc: all_of_dc(k, dh, 0 * dc)),
        "the slope of tanh is missing in the part of dc that comes through h_next": with_dc(lambda k, dh, dc: dc + dh * k.o),
        "the output gate o is missing in the part of dc that comes through h_next": with_dc(lambda k, dh, dc: dc + dh * (1 - k.tanh_c**2)),
        "dh_next is added to dc as it is; on its way it goes through o and the slope of tanh": with_dc(lambda k, dh, dc: dc + dh),
        "tanh is applied to tanh_c once more; it already is the tanh of c_next": with_dc(
            lambda k, dh, dc: dc + dh * k.o * (1 - np.tanh(k.tanh_c) ** 2)
        ),
        "the slope of tanh is taken at c, the cell state before the step; it belongs to c_next": with_dc(
            lambda k, dh, dc: dc + dh * k.o * (1 - np.tanh(k.c) ** 2)
        ),
        "the square is missing in the slope of tanh at c_next": with_dc(lambda k, dh, dc: dc + dh * k.o * (1 - k.tanh_c)),
        "h_next stands in the slope of tanh; it belongs to tanh_c, which o has not multiplied": with_dc(
            lambda k, dh, dc: dc + dh * k.o * (1 - (k.o * k.tanh_c) ** 2)
        ),
        "all slopes are missing: each block of da ends with the slope of its activation": with_blocks(
            lambda k, dh, dc: {"i": dc * k.g, "f": dc * k.c, "g": dc * k.i, "o": dh * k.tanh_c}
        ),
        "the slopes of the three gates are missing": with_blocks(lambda k, dh, dc: {"i": dc * k.g, "f": dc * k.c, "o": dh * k.tanh_c}),
        "the slope of the candidate g is missing": with_blocks(lambda k, dh, dc: {"g": dc * k.i}),
        "the candidate g has the slope of a sigmoid; it went through tanh": with_blocks(
            lambda k, dh, dc: {"g": dc * k.i * k.g * (1 - k.g)}
        ),
        "the gates have the slope of tanh; they went through a sigmoid": with_blocks(
            lambda k, dh, dc: {
                "i": dc * k.g * (1 - k.i**2),
                "f": dc * k.c * (1 - k.f**2),
                "o": dh * k.tanh_c * (1 - k.o**2),
            }
        ),
        "the square is missing in the slope of the candidate g": with_blocks(lambda k, dh, dc: {"g": dc * k.i * (1 - k.g)}),
        "da_f uses c_next; what the forget gate multiplied was c, the cell state before the step": with_blocks(
            lambda k, dh, dc: {"f": dc * c_next(k) * k.f * (1 - k.f)}
        ),
        "da_f uses h; what the forget gate multiplied was the cell state c": with_blocks(
            lambda k, dh, dc: {"f": dc * k.h * k.f * (1 - k.f)}
        ),
        "da_f uses tanh_c; what the forget gate multiplied was c": with_blocks(lambda k, dh, dc: {"f": dc * k.tanh_c * k.f * (1 - k.f)}),
        "da_i uses c and da_f uses g; what i multiplied was g, and what f multiplied was c": with_blocks(
            lambda k, dh, dc: {"i": dc * k.c * k.i * (1 - k.i), "f": dc * k.g * k.f * (1 - k.f)}
        ),
        "the factor g is missing in da_i: what the input gate multiplied was g": with_blocks(lambda k, dh, dc: {"i": dc * k.i * (1 - k.i)}),
        "the factor i is missing in da_g: the input gate multiplied the candidate": with_blocks(lambda k, dh, dc: {"g": dc * (1 - k.g**2)}),
        "da_g uses g as a factor; what multiplied the candidate was the input gate i": with_blocks(
            lambda k, dh, dc: {"g": dc * k.g * (1 - k.g**2)}
        ),
        "da_o uses dc; the output gate acts on h_next alone, so it uses dh_next": with_blocks(
            lambda k, dh, dc: {"o": dc * k.tanh_c * k.o * (1 - k.o)}
        ),
        "da_o uses c_next; what the output gate multiplied was its tanh": with_blocks(
            lambda k, dh, dc: {"o": dh * c_next(k) * k.o * (1 - k.o)}
        ),
        "da_o uses c; what the output gate multiplied was the tanh of c_next": with_blocks(
            lambda k, dh, dc: {"o": dh * k.c * k.o * (1 - k.o)}
        ),
        "the factor tanh_c is missing in da_o: what the output gate multiplied": with_blocks(lambda k, dh, dc: {"o": dh * k.o * (1 - k.o)}),
        "the blocks of da are put together in the order i, f, o, g; the rows of the weights are i, f, g, o": in_order("ifog"),
        "the blocks of da are put together in the order f, i, g, o; the rows of the weights are i, f, g, o": in_order("figo"),
        "the blocks of da are put together in the order f, i, o, g; the rows of the weights are i, f, g, o": in_order("fiog"),
        "the blocks of da are put together in the order i, o, f, g; the rows of the weights are i, f, g, o": in_order("iofg"),
        "the blocks of da are put together along axis 0, the batch; they lie side by side": lambda cache, dstate_next: (
            from_da(
                cache,
                np.concatenate(list(four(cache, dstate_next[0], all_of_dc(cache, *dstate_next)).values())),
                cache.f * dstate_next[1],
            )
        ),
        "the gradient of weight_hh uses h_next; what weight_hh multiplied was h": but(
            lambda k, d, da: {"weight_hh": da.T @ (k.o * k.tanh_c)}
        ),
        "the gradient of weight_hh uses c; what weight_hh multiplied was h": but(lambda k, d, da: {"weight_hh": da.T @ k.c}),
        "the weight gradients are transposed; they have the shapes of the weights": but(
            lambda k, d, da: {"weight_ih": k.x.T @ da, "weight_hh": k.h.T @ da}
        ),
        "da is summed over the units for the bias gradients; sum over the batch, axis 0": but(lambda k, d, da: biases(da.sum(axis=1))),
        "the bias gradients are not summed over the batch": but(lambda k, d, da: biases(da)),
        "the bias gradients are means over the batch; they are sums, as every sequence counts in full": but(
            lambda k, d, da: biases(da.mean(axis=0))
        ),
        "the gradients of the parameters are divided by the batch size; any averaging is the loss's part": lambda cache, dstate_next: (
            {name: d / len(cache.x) for name, d in lstm_step_backward(cache, dstate_next)[0].items()},
            *lstm_step_backward(cache, dstate_next)[1:],
        ),
        "the gradient of bias_hh is zero; both biases are added to a and get the same gradient": but(
            lambda k, d, da: {"bias_hh": 0 * k.params["bias_hh"]}
        ),
        "dx is da @ weight_ih.T; forward was x @ weight_ih.T, so backward has no transpose": but(
            lambda k, d, da: {"dx": da @ k.params["weight_ih"].T}
        ),
        "dh is da @ weight_hh.T; forward was h @ weight_hh.T, so backward has no transpose": but(
            lambda k, d, da: {"dh": da @ k.params["weight_hh"].T}
        ),
        "dh_next is added to dh; the hidden state after the step is a new one": but(
            lambda k, d, da: {"dh": da @ k.params["weight_hh"] + d[0]}
        ),
        "dh is zero: nothing reaches the hidden state before": but(lambda k, d, da: {"dh": 0 * d[0]}),
        "dc is zero: nothing reaches the cell state before": but(lambda k, d, da: {"dc": 0 * d[0]}),
        "dc is not multiplied by the forget gate on its way back": but(lambda k, d, da: {"dc": all_of_dc(k, *d)}),
        "dc is dc_next * f without the part that came through h_next": but(lambda k, d, da: {"dc": d[1] * k.f}),
        "dc is multiplied by the input gate; on its way back it meets the forget gate": but(
            lambda k, d, da: {"dc": all_of_dc(k, *d) * k.i}
        ),
        "h and c are exchanged in dstate; it is LSTMState(h, c)": lambda cache, dstate_next: (
            *lstm_step_backward(cache, dstate_next)[:2],
            LSTMState(*lstm_step_backward(cache, dstate_next)[2][::-1]),
        ),
        "dstate_next is taken apart as dc, dh; it is (h, c)": lambda cache, dstate_next: (
            lstm_step_backward(cache, LSTMState(dstate_next[1], dstate_next[0]))
        ),
        "dx and dstate are exchanged; gradients come in the order of the arguments params, x, state": lambda cache, dstate_next: (
            lstm_step_backward(cache, dstate_next)[0],
            *lstm_step_backward(cache, dstate_next)[:0:-1],
        ),
    },
)
