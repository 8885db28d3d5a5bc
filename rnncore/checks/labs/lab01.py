"""Lab 1, the recurrent cell: what its five functions must do, and which mistakes are likely.

Contents
    step_forward         the check of `rnn_step_forward`
    sequence_forward     the check of `rnn_forward`
    step_backward        the check of `rnn_step_backward`
    sequence_backward    the check of `rnn_backward`
    prediction           the check of the numbers that one output layer gives

A mistake is a wrong function with the words for what is wrong in it; the words complete "This is what comes out when ...".
"""

import numpy as np

from rnncore.checks.labs.exercise import Exercise
from rnncore.reference.activations import sigmoid, softmax
from rnncore.reference.layers import init_linear, linear_forward
from rnncore.reference.rnn import (
    RNNCache,
    RNNStepCache,
    init_rnn,
    rnn_backward,
    rnn_forward,
    rnn_step_backward,
    rnn_step_forward,
)

__all__ = ["prediction", "sequence_backward", "sequence_forward", "step_backward", "step_forward"]


# --- inputs: one number everywhere in the worked example, other sizes at every draw -----------------------------------


def ones_axes(*values):
    """Numbers with two axes of length 1 after the first: ones_axes(1.0, -1.0) has the shape (2, 1, 1)."""
    return np.array(values).reshape(-1, 1, 1)


PARAMS = {"weight_ih": np.array([[0.8]]), "weight_hh": np.array([[0.4]]), "bias_ih": np.array([0.1]), "bias_hh": np.array([-0.2])}
LINEAR = {"weight": np.array([[2.0]]), "bias": np.array([0.5])}
X, STATE, XS = np.array([[1.0]]), np.array([[0.5]]), ones_axes(1.0, -1.0)


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


def draw_step(rng, dtype, B, D, H):
    yield init_rnn(rng, D, H, dtype=dtype), normal(rng, dtype, B, D), np.tanh(normal(rng, dtype, B, H))


def draw_sequence(rng, dtype, T, B, D, H):
    yield init_rnn(rng, D, H, dtype=dtype), normal(rng, dtype, T, B, D), np.tanh(normal(rng, dtype, B, H))


def draw_step_gradient(rng, dtype, B, D, H):
    for args in draw_step(rng, dtype, B, D, H):
        yield rnn_step_forward(*args)[-1], normal(rng, dtype, B, H)


def draw_sequence_gradient(rng, dtype, T, B, D, H):
    for args in draw_sequence(rng, dtype, T, B, D, H):
        cache = rnn_forward(*args)[-1]
        yield cache, normal(rng, dtype, T, B, H), normal(rng, dtype, B, H)
        yield cache, normal(rng, dtype, T, B, H)


def draw_prediction(rng, dtype, T, B, D, H):
    yield {"rnn": init_rnn(rng, D, H, dtype=dtype), "linear": init_linear(rng, H, 1, dtype=dtype)}, normal(rng, dtype, T, B, D)


# --- 1. one step forward ----------------------------------------------------------------------------------------------


def kept(params, x, h, h_next):
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


def right(params, x, h):
    return rnn_step_forward(params, x, h)[0]


def of_x(params, x):
    return x @ params["weight_ih"].T + params["bias_ih"]


def of_h(params, h):
    return h @ params["weight_hh"].T + params["bias_hh"]


step_forward = Exercise(
    rnn_step_forward,
    outputs=("h_next", "cache"),
    letters="BDH",
    example=lambda: (PARAMS, X, STATE),
    draw=draw_step,
    mistakes={
        "tanh is left out, and h_next is a itself": lambda params, x, h: kept(params, x, h, of_x(params, x) + of_h(params, h)),
        "tanh is applied to the input's part only, before the state's part is added": lambda params, x, h: (
            kept(params, x, h, np.tanh(of_x(params, x)) + of_h(params, h))
        ),
        "tanh is applied to the state's part only, before the input's part is added": lambda params, x, h: (
            kept(params, x, h, of_x(params, x) + np.tanh(of_h(params, h)))
        ),
        "tanh is applied to the two parts one by one; it belongs around their sum": lambda params, x, h: (
            kept(params, x, h, np.tanh(of_x(params, x)) + np.tanh(of_h(params, h)))
        ),
        "tanh is applied twice": lambda params, x, h: kept(params, x, h, np.tanh(right(params, x, h))),
        "a sigmoid stands in the place of tanh": lambda params, x, h: kept(params, x, h, sigmoid(of_x(params, x) + of_h(params, h))),
        "relu stands in the place of tanh": lambda params, x, h: kept(params, x, h, np.maximum(of_x(params, x) + of_h(params, h), 0)),
        "bias_ih is forgotten": lambda params, x, h: (kept(params, x, h, np.tanh(of_x(params, x) - params["bias_ih"] + of_h(params, h)))),
        "bias_hh is forgotten; there are two biases, and both are added": lambda params, x, h: (
            kept(params, x, h, np.tanh(of_x(params, x) + of_h(params, h) - params["bias_hh"]))
        ),
        "both biases are forgotten": lambda params, x, h: (
            kept(params, x, h, np.tanh(x @ params["weight_ih"].T + h @ params["weight_hh"].T))
        ),
        "bias_ih is added twice and bias_hh never": lambda params, x, h: (
            kept(params, x, h, np.tanh(of_x(params, x) + h @ params["weight_hh"].T + params["bias_ih"]))
        ),
        "the state h and its bias are not used: the cell forgets everything before x": lambda params, x, h: (
            kept(params, x, h, np.tanh(of_x(params, x)))
        ),
        "the state h is not used, and the step starts from zeros": lambda params, x, h: kept(params, x, h, right(params, x, 0 * h)),
        "the input x is not used": lambda params, x, h: kept(params, x, h, right(params, 0 * x, h)),
        "weight_hh is not transposed; row i belongs to unit i, so it is used as h @ weight_hh.T": lambda params, x, h: (
            kept(params, x, h, right({**params, "weight_hh": params["weight_hh"].T}, x, h))
        ),
        "weight_ih is not transposed; it has the shape (H, D), so it is used as x @ weight_ih.T": lambda params, x, h: (
            kept(params, x, h, np.tanh(x @ params["weight_ih"] + params["bias_ih"] + of_h(params, h)))
        ),
        "weight_ih and x stand in the wrong order; the batch comes first, so write x @ weight_ih.T": lambda params, x, h: (
            kept(params, x, h, np.tanh(params["weight_ih"] @ x + params["bias_ih"] + of_h(params, h)))
        ),
        "weight_ih is multiplied entry by entry with *; the matrix product is @": lambda params, x, h: (
            kept(params, x, h, np.tanh(x * params["weight_ih"].T + params["bias_ih"] + of_h(params, h)))
        ),
        "h and h_next are exchanged in the cache": lambda params, x, h: (
            right(params, x, h),
            RNNStepCache(params, x, right(params, x, h), h, "tanh"),
        ),
        "the cache keeps h_next where it should keep h, the state before the step": lambda params, x, h: (
            right(params, x, h),
            RNNStepCache(params, x, right(params, x, h), right(params, x, h), "tanh"),
        ),
        "the cache keeps a where it should keep h_next": lambda params, x, h: (
            right(params, x, h),
            RNNStepCache(params, x, h, of_x(params, x) + of_h(params, h), "tanh"),
        ),
    },
)


# --- 2. a sequence forward --------------------------------------------------------------------------------------------


def together(steps):
    """hs, state_T and cache from the caches of the steps."""
    hs = np.stack([step.h_next for step in steps])
    return hs, steps[-1].h_next, RNNCache(steps, hs)


def with_hs(change):
    """The right function but for what `change(hs, state0)` makes of hs."""

    def wrong(params, xs, state0):
        hs, state_T, cache = rnn_forward(params, xs, state0)
        return change(hs, state0), state_T, cache

    return wrong


def with_state_T(change):
    def wrong(params, xs, state0):
        hs, _, cache = rnn_forward(params, xs, state0)
        return hs, change(hs, state0), cache

    return wrong


def with_steps(change):
    def wrong(params, xs, state0):
        hs, state_T, cache = rnn_forward(params, xs, state0)
        return hs, state_T, RNNCache(change(cache.steps), hs)

    return wrong


def loop_over_the_batch(params, xs, state0):
    h, steps = state0, []
    for b in range(xs.shape[1]):
        h, step = rnn_step_forward(params, xs[:, b], h)
        steps.append(step)
    return together(steps)


sequence_forward = Exercise(
    rnn_forward,
    outputs=("hs", "state_T", "cache"),
    letters="TBDH",
    example=lambda: (PARAMS, XS, STATE),
    draw=draw_sequence,
    mistakes={
        "the state is not carried: every step starts from state0": lambda params, xs, state0: (
            together([rnn_step_forward(params, x, state0)[1] for x in xs])
        ),
        "the first step starts from zeros and not from state0, as with hs[t - 1] at t = 0 in a new array": lambda params, xs, state0: (
            rnn_forward(params, xs, 0 * state0)
        ),
        "time runs backwards: the last input is read first": lambda params, xs, state0: rnn_forward(params, xs[::-1], state0),
        "the first input is read at every step": lambda params, xs, state0: rnn_forward(params, np.stack([xs[0]] * len(xs)), state0),
        "the last input is not read: the loop ends one step too early": lambda params, xs, state0: rnn_forward(params, xs[:-1], state0),
        "the first input is not read: the loop starts one step too late": lambda params, xs, state0: rnn_forward(params, xs[1:], state0),
        "the loop runs over the batch; the first axis of xs is time": loop_over_the_batch,
        "the states come in the wrong order: hs[0] is the last one": with_hs(lambda hs, state0: hs[::-1]),
        "hs holds the state before each step: append h after the step": with_hs(lambda hs, state0: np.stack([state0, *hs[:-1]])),
        "hs also holds state0; it has one entry for each input": with_hs(lambda hs, state0: np.stack([state0, *hs])),
        "the states are stacked along the second axis; time is the first one": with_hs(lambda hs, state0: hs.swapaxes(0, 1)),
        "all entries of hs are one array that each step overwrites; make a new one in each step": with_hs(
            lambda hs, state0: np.stack([hs[-1]] * len(hs))
        ),
        "state_T is the first state; it is the last one": with_state_T(lambda hs, state0: hs[0]),
        "state_T is state0, because the new state has another name inside the loop": with_state_T(lambda hs, state0: state0),
        "state_T is hs[:, -1], the last sequence of the batch; the last step is hs[-1]": with_state_T(lambda hs, state0: hs[:, -1]),
        "cache.steps comes in the wrong order; step 0 comes first": with_steps(lambda steps: steps[::-1]),
        "only the last step's cache is kept": with_steps(lambda steps: steps[-1:]),
    },
)


# --- 3. one step backward ---------------------------------------------------------------------------------------------


def da(cache, dh_next):
    return dh_next * (1 - cache.h_next**2)


def from_da(cache, da):
    """The right results for a given da."""
    params, x, h, _, _ = cache
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.sum(axis=0), "bias_hh": da.sum(axis=0)}
    return dparams, da @ params["weight_ih"], da @ params["weight_hh"]


def but(cache, dh_next, dx=None, dh=None, **dparams):
    """The right results with some of them replaced."""
    right_dparams, right_dx, right_dh = rnn_step_backward(cache, dh_next)
    return {**right_dparams, **dparams}, right_dx if dx is None else dx, right_dh if dh is None else dh


def but_biases(cache, dh_next, db):
    return but(cache, dh_next, bias_ih=db, bias_hh=db.copy())


step_backward = Exercise(
    rnn_step_backward,
    outputs=("dparams", "dx", "dh"),
    letters="BDH",
    example=lambda: (rnn_step_forward(PARAMS, X, STATE)[-1], np.array([[1.0]])),
    draw=draw_step_gradient,
    mistakes={
        "the slope of tanh is left out: da is dh_next * (1 - h_next**2)": lambda cache, dh_next: from_da(cache, dh_next),
        "the slope of tanh is taken at h, the state before the step; it belongs to h_next": lambda cache, dh_next: (
            from_da(cache, dh_next * (1 - cache.h**2))
        ),
        "tanh is applied to h_next once more; h_next already is tanh(a), so the slope is 1 - h_next**2": lambda cache, dh_next: (
            from_da(cache, dh_next * (1 - np.tanh(cache.h_next) ** 2))
        ),
        "the slope is 1 - h_next; the square is missing": lambda cache, dh_next: from_da(cache, dh_next * (1 - cache.h_next)),
        "the slope of a sigmoid, h_next * (1 - h_next), stands in the place of that of tanh": lambda cache, dh_next: (
            from_da(cache, dh_next * cache.h_next * (1 - cache.h_next))
        ),
        "the sign is wrong: the slope is 1 - h_next**2, not h_next**2 - 1": lambda cache, dh_next: from_da(cache, -da(cache, dh_next)),
        "the gradient of weight_hh uses h_next; what weight_hh multiplied was h": lambda cache, dh_next: (
            but(cache, dh_next, weight_hh=da(cache, dh_next).T @ cache.h_next)
        ),
        "the gradient of weight_hh is transposed; it is da.T @ h, row i for unit i": lambda cache, dh_next: (
            but(cache, dh_next, weight_hh=cache.h.T @ da(cache, dh_next))
        ),
        "the gradient of weight_ih is transposed; it is da.T @ x, with the shape (H, D)": lambda cache, dh_next: (
            but(cache, dh_next, weight_ih=cache.x.T @ da(cache, dh_next))
        ),
        "both weight gradients are transposed; they are da.T @ x and da.T @ h": lambda cache, dh_next: (
            but(cache, dh_next, weight_ih=cache.x.T @ da(cache, dh_next), weight_hh=cache.h.T @ da(cache, dh_next))
        ),
        "the .T is missing in da.T @ x, where the batch is summed over": lambda cache, dh_next: (
            but(cache, dh_next, weight_ih=da(cache, dh_next) @ cache.x)
        ),
        "the bias gradients use dh_next; a bias is added inside tanh, so they use da": lambda cache, dh_next: (
            but_biases(cache, dh_next, dh_next.sum(axis=0))
        ),
        "da is summed over the units for the bias gradients; sum over the batch, axis 0": lambda cache, dh_next: (
            but_biases(cache, dh_next, da(cache, dh_next).sum(axis=1))
        ),
        "the bias gradients are not summed over the batch": lambda cache, dh_next: but_biases(cache, dh_next, da(cache, dh_next)),
        "the bias gradients are means over the batch; they are sums, as every sequence counts in full": lambda cache, dh_next: (
            but_biases(cache, dh_next, da(cache, dh_next).mean(axis=0))
        ),
        "the gradients of the parameters are divided by the batch size; any averaging is the loss's part": lambda cache, dh_next: (
            {name: d / len(dh_next) for name, d in rnn_step_backward(cache, dh_next)[0].items()},
            *rnn_step_backward(cache, dh_next)[1:],
        ),
        "the gradient of bias_hh is zero; both biases are added to a and get the same gradient": lambda cache, dh_next: (
            but(cache, dh_next, bias_hh=0 * cache.params["bias_hh"])
        ),
        "dx is dh_next @ weight_ih; the slope of tanh comes first, so use da": lambda cache, dh_next: (
            but(cache, dh_next, dx=dh_next @ cache.params["weight_ih"])
        ),
        "dh is dh_next @ weight_hh; the slope of tanh comes first, so use da": lambda cache, dh_next: (
            but(cache, dh_next, dh=dh_next @ cache.params["weight_hh"])
        ),
        "dh is da @ weight_hh.T; forward was h @ weight_hh.T, so backward has no transpose": lambda cache, dh_next: (
            but(cache, dh_next, dh=da(cache, dh_next) @ cache.params["weight_hh"].T)
        ),
        "dx is da @ weight_ih.T; forward was x @ weight_ih.T, so backward has no transpose": lambda cache, dh_next: (
            but(cache, dh_next, dx=da(cache, dh_next) @ cache.params["weight_ih"].T)
        ),
        "dx and dh are exchanged; gradients come in the order of the arguments params, x, h": lambda cache, dh_next: (
            rnn_step_backward(cache, dh_next)[0],
            *rnn_step_backward(cache, dh_next)[:0:-1],
        ),
        "dh is zero: nothing reaches the step before": lambda cache, dh_next: but(cache, dh_next, dh=0 * dh_next),
        "dh is dh_next itself, as if the state were copied; it goes through tanh and weight_hh": lambda cache, dh_next: (
            but(cache, dh_next, dh=dh_next)
        ),
    },
)


# --- 4. a sequence backward -------------------------------------------------------------------------------------------


def by_step(cache, dhs, dstate_T=None):
    """What each step of the right backward pass returns, in the order of time."""
    dh, results = 0 * dhs[0] if dstate_T is None else dstate_T, []
    for step, dh_t in zip(reversed(cache.steps), dhs[::-1], strict=True):
        results.append(rnn_step_backward(step, dh_t + dh))
        dh = results[-1][-1]
    return results[::-1]


def added_up(results):
    """dparams, dxs and dstate0 from what each step returned, in the order of time."""
    return total(results), np.stack([dx for _, dx, _ in results]), results[0][-1]


def total(results):
    return {name: sum(dparams[name] for dparams, _, _ in results) for name in results[0][0]}


def alone(cache, dhs):
    """Each step gets its own gradient and nothing from the step after it."""
    return added_up([rnn_step_backward(step, dh_t) for step, dh_t in zip(cache.steps, dhs, strict=True)])


def at_the_end(dhs, dstate_T):
    """dhs, with dstate_T added to the last."""
    return dhs if dstate_T is None else np.stack([*dhs[:-1], dhs[-1] + dstate_T])


def turned(cache):
    return RNNCache(cache.steps[::-1], cache.hs)


def with_dparams(change):
    """The right function but for what `change(results of the steps)` makes of dparams."""
    return lambda cache, dhs, dstate_T=None: (
        change(by_step(cache, dhs, dstate_T)),
        *rnn_backward(cache, dhs, dstate_T)[1:],
    )


def with_dstate0(change):
    """The right function but for what `change(results of the steps, dhs)` makes of dstate0."""
    return lambda cache, dhs, dstate_T=None: (
        *rnn_backward(cache, dhs, dstate_T)[:2],
        change(by_step(cache, dhs, dstate_T), dhs),
    )


sequence_backward = Exercise(
    rnn_backward,
    outputs=("dparams", "dxs", "dstate0"),
    letters="TBDH",
    example=lambda: (rnn_forward(PARAMS, XS, STATE)[-1], ones_axes(0.5, 1.0)),
    draw=draw_sequence_gradient,
    mistakes={
        "the future is forgotten: each step gets dhs[t] without the dh of the step after it": lambda cache, dhs, dstate_T=None: (
            alone(cache, dhs)
        ),
        "the future is forgotten: dstate_T enters at the end, but no dh goes from step to step": lambda cache, dhs, dstate_T=None: (
            alone(cache, at_the_end(dhs, dstate_T))
        ),
        "dstate_T is added at every step in the place of the dh of the step after it": lambda cache, dhs, dstate_T=None: (
            alone(cache, dhs if dstate_T is None else dhs + dstate_T)
        ),
        "dhs is ignored: only dstate_T is carried back": lambda cache, dhs, dstate_T=None: rnn_backward(cache, 0 * dhs, dstate_T),
        "only the last entry of dhs is used; each dhs[t] is added at its own step": lambda cache, dhs, dstate_T=None: (
            rnn_backward(cache, np.stack([*(0 * dhs[:-1]), dhs[-1]]), dstate_T)
        ),
        "dstate_T is ignored; the backward pass starts from it": lambda cache, dhs, dstate_T=None: rnn_backward(cache, dhs),
        "dstate_T replaces dhs[-1] at the last step; the two are added": lambda cache, dhs, dstate_T=None: (
            rnn_backward(cache, dhs if dstate_T is None else at_the_end(dhs, dstate_T - dhs[-1]))
        ),
        "dstate_T is None, which means zero, and None is added to an array": lambda cache, dhs, dstate_T=None: (
            rnn_backward(cache, np.stack([*dhs[:-1], dhs[-1] + dstate_T]))
        ),
        "dparams is overwritten in each step; add to it, as every step uses the same weights": with_dparams(lambda results: results[0][0]),
        "dparams is that of the last time step alone; add those of all steps": with_dparams(lambda results: results[-1][0]),
        "the last time step is left out of dparams": with_dparams(lambda results: total(results[:-1])),
        "the gradients of the steps are averaged; they are added": with_dparams(
            lambda results: {name: d / len(results) for name, d in total(results).items()}
        ),
        "bias_ih and bias_hh are one array, so that += counts every step twice": with_dparams(
            lambda results: {name: d * (2 if "bias" in name else 1) for name, d in total(results).items()}
        ),
        "dxs is in reversed order: the last step came first, so turn the list round at the end": lambda cache, dhs, dstate_T=None: (
            total(by_step(cache, dhs, dstate_T)),
            np.stack([dx for _, dx, _ in by_step(cache, dhs, dstate_T)[::-1]]),
            by_step(cache, dhs, dstate_T)[0][-1],
        ),
        "the loop runs forward in time; it starts at the last step": lambda cache, dhs, dstate_T=None: (
            added_up(by_step(turned(cache), dhs[::-1], dstate_T)[::-1])
        ),
        "the steps are reversed but dhs is not": lambda cache, dhs, dstate_T=None: rnn_backward(cache, dhs[::-1], dstate_T),
        "dhs is reversed but the steps are not": lambda cache, dhs, dstate_T=None: (added_up(by_step(turned(cache), dhs, dstate_T)[::-1])),
        "dhs is read one step off: dhs[t - 1] in the place of dhs[t]": lambda cache, dhs, dstate_T=None: (
            rnn_backward(cache, np.roll(dhs, 1, axis=0), dstate_T)
        ),
        "dstate0 is zero; it is the dh that the first step hands back": with_dstate0(lambda results, dhs: 0 * results[0][-1]),
        "dstate0 is None; it is the dh that the first step hands back": with_dstate0(lambda results, dhs: None),
        "dstate0 is what entered the first step; it is what came out of it": with_dstate0(lambda results, dhs: dhs[0] + results[1][-1]),
        "dstate0 is the dh of the second step; carry it through the first one too": with_dstate0(lambda results, dhs: results[1][-1]),
        "dxs and dstate0 are exchanged; gradients come in the order params, xs, state0": lambda cache, dhs, dstate_T=None: (
            total(by_step(cache, dhs, dstate_T)),
            *rnn_backward(cache, dhs, dstate_T)[:0:-1],
        ),
    },
)


# --- 5. from the last state to a probability --------------------------------------------------------------------------


def predict(params, xs):
    """Read sequences and give each the probability that its label is 1: the last state, one linear unit, a sigmoid."""
    state0 = np.zeros((xs.shape[1], len(params["rnn"]["weight_hh"])), dtype=xs.dtype)
    _, state_T, _ = rnn_forward(params["rnn"], xs, state0)
    logits, _ = linear_forward(params["linear"], state_T)  # (B, 1)
    return sigmoid(logits[:, 0])


def states(params, xs, start=0):
    return rnn_forward(params["rnn"], xs, np.full((xs.shape[1], len(params["rnn"]["weight_hh"])), start, xs.dtype))[0]


def logits(params, state):
    return linear_forward(params["linear"], state)[0]


prediction = Exercise(
    predict,
    outputs=("p",),
    letters="TBDH",
    example=lambda: ({"rnn": PARAMS, "linear": LINEAR}, XS),
    draw=draw_prediction,
    mistakes={
        "the sigmoid is left out: a logit can be any number, a probability lies between 0 and 1": lambda params, xs: (
            logits(params, states(params, xs)[-1])[:, 0]
        ),
        "a softmax over one logit stands in the place of the sigmoid; it is always 1": lambda params, xs: (
            softmax(logits(params, states(params, xs)[-1]))[:, 0]
        ),
        "a softmax runs over the sequences of the batch; each has its own sigmoid": lambda params, xs: (
            softmax(logits(params, states(params, xs)[-1])[:, 0])
        ),
        "tanh stands in the place of the sigmoid": lambda params, xs: np.tanh(logits(params, states(params, xs)[-1])[:, 0]),
        "the sigmoid is applied twice": lambda params, xs: sigmoid(predict(params, xs)),
        "the sign in the sigmoid is wrong: this is the probability of label 0": lambda params, xs: 1 - predict(params, xs),
        "the probability is rounded to a class": lambda params, xs: (predict(params, xs) > 0.5).astype(xs.dtype),
        "the answer is True or False; return the probability": lambda params, xs: predict(params, xs) > 0.5,
        "the first state is read; the last one has seen the whole sequence": lambda params, xs: (
            sigmoid(logits(params, states(params, xs)[0])[:, 0])
        ),
        "hs[:, -1] is read, the last sequence of the batch; the last step is hs[-1]": lambda params, xs: (
            sigmoid(logits(params, states(params, xs)[:, -1])[:, 0])
        ),
        "the states are averaged over time; only the last one is read": lambda params, xs: (
            sigmoid(logits(params, states(params, xs).mean(axis=0))[:, 0])
        ),
        "there is a probability for every step; only the last state is read": lambda params, xs: (
            sigmoid(logits(params, states(params, xs))[:, :, 0])
        ),
        "the answer keeps the axis of the one linear unit; logits[:, 0] has one number a sequence": lambda params, xs: (
            sigmoid(logits(params, states(params, xs)[-1]))
        ),
        "the bias of the linear unit is forgotten": lambda params, xs: sigmoid(states(params, xs)[-1] @ params["linear"]["weight"][0]),
        "the sequence is read from its end": lambda params, xs: predict(params, xs[::-1]),
        "the state before the first step is one; it is zero": lambda params, xs: sigmoid(logits(params, states(params, xs, 1)[-1])[:, 0]),
        "the linear layer is given all parameters; its own are params['linear']": lambda params, xs: (
            linear_forward(params, states(params, xs)[-1])
        ),
        "the recurrent layer is given all parameters; its own are params['rnn']": lambda params, xs: (
            rnn_forward(params, xs, states(params, xs)[0])
        ),
    },
)
