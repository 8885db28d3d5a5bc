"""Lab 2, part 4: from the last state back to the first."""

import numpy as np

from rnncore.reference import RNNStepCache, rnn_step_backward
from tests.corpus.answers import right, wrong

CELL = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


@right
def appended_and_turned(params, hs, dh_T):
    das, dxs, dh = [], [], dh_T
    for h in hs[::-1]:
        da = dh * (1 - h**2)
        das.append(da)
        dxs.append(da @ params["weight_ih"])
        dh = da @ params["weight_hh"]
    return np.array(das[::-1]), np.array(dxs[::-1]), dh


@right
def inserted_in_front(params, hs, dh_T):
    das, dxs, future = [], [], dh_T
    t = len(hs) - 1
    while t >= 0:
        da = future * (1 + hs[t]) * (1 - hs[t])
        das.insert(0, da)
        dxs.insert(0, np.dot(da, params["weight_ih"]))
        future = np.dot(da, params["weight_hh"])
        t -= 1
    return np.stack(das), np.stack(dxs), future


@right
def room_for_all_dhs(params, hs, dh_T):
    T, B, H = hs.shape
    dhs = np.zeros((T + 1, B, H), dtype=hs.dtype)  # dhs[0] belongs to the first state, dhs[T] to the last
    dhs[T] = dh_T
    slopes = 1 - np.square(hs)
    for t in range(T, 0, -1):
        dhs[t - 1] = (dhs[t] * slopes[t - 1]) @ params["weight_hh"]
    das = dhs[1:] * slopes
    return das, np.einsum("tbh,hd->tbd", das, params["weight_ih"]), dhs[0]


@right
def by_rnncore(params, hs, dh_T):
    cell = {name: params[name] for name in CELL}
    x, zeros = np.zeros((hs.shape[1], params["weight_ih"].shape[1]), hs.dtype), np.zeros_like(hs[0])
    das, dxs, dh = [], [], dh_T
    for t in range(len(hs) - 1, -1, -1):
        das.append(dh * (1 - hs[t] ** 2))
        _, dx, dh = rnn_step_backward(RNNStepCache(cell, x, hs[t - 1] if t else zeros, hs[t], "tanh"), dh)
        dxs.append(dx)
    return [np.stack(das)[::-1], np.stack(dxs)[::-1], dh]


@right
def one_sentence_after_the_other(params, hs, dh_T):
    das = np.zeros_like(hs)
    dxs = np.zeros((*hs.shape[:2], params["weight_ih"].shape[1]), dtype=hs.dtype)
    d0 = np.zeros_like(dh_T)
    for b in range(hs.shape[1]):
        g = dh_T[b]
        for t in reversed(range(hs.shape[0])):
            das[t, b] = g * (1 - hs[t, b] ** 2)
            dxs[t, b] = params["weight_ih"].T @ das[t, b]
            g = params["weight_hh"].T @ das[t, b]
        d0[b] = g
    return das, dxs, d0


@right
def with_jacobians(params, hs, dh_T):
    """dh times the matrix dh_t / dh_{t-1} of each sentence."""
    das, dh = np.empty_like(hs), dh_T.copy()
    for t in range(len(hs))[::-1]:
        slope = 1 - hs[t] ** 2
        das[t] = slope * dh
        jacobian = slope[:, :, None] * params["weight_hh"]  # (B, H, H)
        dh = np.einsum("bi,bij->bj", dh, jacobian)
    return das, das @ params["weight_ih"], dh


@right
def recursive(params, hs, dh_T):
    da = dh_T * (1 - hs[-1] ** 2)
    dx, dh = da @ params["weight_ih"], da @ params["weight_hh"]
    if len(hs) == 1:
        return da[None], dx[None], dh
    das, dxs, dh_0 = recursive(params, hs[:-1], dh)
    return np.concatenate([das, da[None]]), np.concatenate([dxs, dx[None]]), dh_0


def walk(params, hs, dh_T, slope, back):
    das, dh = np.zeros_like(hs), dh_T
    for t in reversed(range(len(hs))):
        das[t] = dh * slope(t)
        dh = back(das[t], dh)
    return das, das @ params["weight_ih"], dh


@wrong("the slope of tanh is left out")
def straight_through(params, hs, dh_T):
    dh, das, dxs = dh_T, [], []
    for _ in reversed(hs):
        das.append(dh)
        dxs.append(dh @ params["weight_ih"])
        dh = dh @ params["weight_hh"]
    return np.stack(das[::-1]), np.stack(dxs[::-1]), dh


@wrong("the slope is taken at the state before the step")
def slope_one_too_early(params, hs, dh_T):
    before = [np.zeros_like(hs[0]), *hs[:-1]]
    return walk(params, hs, dh_T, lambda t: 1 - before[t] ** 2, lambda da, dh: da @ params["weight_hh"])


@wrong("the square is missing in the slope")
def one_minus_h(params, hs, dh_T):
    return walk(params, hs, dh_T, lambda t: 1 - hs[t], lambda da, dh: da @ params["weight_hh"])


@wrong("tanh is applied to h once more in the slope")
def tanh_of_h(params, hs, dh_T):
    return walk(params, hs, dh_T, lambda t: 1 - np.tanh(hs[t]) ** 2, lambda da, dh: da @ params["weight_hh"])


@wrong("the slope is that of a sigmoid, h (1 - h)")
def sigmoid_slope(params, hs, dh_T):
    return walk(params, hs, dh_T, lambda t: hs[t] * (1 - hs[t]), lambda da, dh: da @ params["weight_hh"])


@wrong("weight_hh is transposed")
def transposed_like_forward(params, hs, dh_T):
    return walk(params, hs, dh_T, lambda t: 1 - hs[t] ** 2, lambda da, dh: da @ params["weight_hh"].T)


@wrong("dh goes through weight_hh before it has gone through the slope")
def dh_sent_on(params, hs, dh_T):
    return walk(params, hs, dh_T, lambda t: 1 - hs[t] ** 2, lambda da, dh: dh @ params["weight_hh"])


@wrong("dh_T enters at every step")
def loss_at_every_word(params, hs, dh_T):
    das, dh = np.zeros_like(hs), np.zeros_like(dh_T)
    for t in reversed(range(len(hs))):
        das[t] = (dh_T + dh) * (1 - hs[t] ** 2)
        dh = das[t] @ params["weight_hh"]
    return das, das @ params["weight_ih"], dh


@wrong("every step gets dh_T")
def name_not_renewed(params, hs, dh_T):
    das, dxs = np.zeros_like(hs), []
    for t in reversed(range(len(hs))):
        das[t] = dh_T * (1 - hs[t] ** 2)
        dxs.append(das[t] @ params["weight_ih"])
        dh = das[t] @ params["weight_hh"]
    return das, np.stack(dxs[::-1]), dh


@wrong("the walk begins at the first word")
def forward_in_time(params, hs, dh_T):
    das, dxs, dh = [], [], dh_T
    for h in hs:
        da = dh * (1 - h**2)
        das.append(da)
        dxs.append(da @ params["weight_ih"])
        dh = da @ params["weight_hh"]
    return np.stack(das), np.stack(dxs), dh


@wrong("das and dxs come in the order of the walk")
def not_turned_round(params, hs, dh_T):
    das, dxs, dh = [], [], dh_T
    for h in reversed(hs):
        da = dh * (1 - h**2)
        das.append(da)
        dxs.append(da @ params["weight_ih"])
        dh = da @ params["weight_hh"]
    return np.stack(das), np.stack(dxs), dh


@wrong("dxs comes in the order of the walk")
def one_of_the_two_turned_round(params, hs, dh_T):
    das, dxs, dh = np.zeros_like(hs), [], dh_T
    for t in reversed(range(len(hs))):
        das[t] = dh * (1 - hs[t] ** 2)
        dxs.append(das[t] @ params["weight_ih"])
        dh = das[t] @ params["weight_hh"]
    return das, np.stack(dxs), dh


@wrong("dstate0 is the dh of the state after the first word")
def stopped_at_the_first_word(params, hs, dh_T):
    das, dh = np.zeros_like(hs), dh_T
    for t in range(len(hs) - 1, 0, -1):
        das[t] = dh * (1 - hs[t] ** 2)
        dh = das[t] @ params["weight_hh"]
    das[0] = dh * (1 - hs[0] ** 2)
    return das, das @ params["weight_ih"], dh


@wrong("the first word is left out")
def range_ends_before_zero(params, hs, dh_T):
    das, dh = np.zeros_like(hs), dh_T
    for t in range(len(hs) - 1, 0, -1):
        das[t] = dh * (1 - hs[t] ** 2)
        dh = das[t] @ params["weight_hh"]
    return das, das @ params["weight_ih"], dh


@wrong("dstate0 is zero")
def first_state_needs_none(params, hs, dh_T):
    das, dxs, _ = appended_and_turned(params, hs, dh_T)
    return das, dxs, np.zeros_like(dh_T)


@wrong("das holds what arrives at the states, dh")
def dhs_for_das(params, hs, dh_T):
    dhs, dxs, dh = [], [], dh_T
    for h in reversed(hs):
        dhs.append(dh)
        da = dh * (1 - h**2)
        dxs.append(da @ params["weight_ih"])
        dh = da @ params["weight_hh"]
    return np.stack(dhs[::-1]), np.stack(dxs[::-1]), dh


@wrong("dxs is made of dh")
def inputs_from_dh(params, hs, dh_T):
    das, dxs, dh = [], [], dh_T
    for h in reversed(hs):
        dxs.append(dh @ params["weight_ih"])
        das.append(dh * (1 - h**2))
        dh = das[-1] @ params["weight_hh"]
    return np.stack(das[::-1]), np.stack(dxs[::-1]), dh


@wrong("weight_ih is transposed in dxs")
def inputs_transposed(params, hs, dh_T):
    das, _, dh = appended_and_turned(params, hs, dh_T)
    return das, das @ params["weight_ih"].T, dh


@wrong("changed its argument dh_T in place")
def times_equals(params, hs, dh_T):
    das, dh = np.zeros_like(hs), dh_T
    for t in reversed(range(len(hs))):
        dh *= 1 - hs[t] ** 2
        das[t] = dh
        dh = dh @ params["weight_hh"]
    return das, das @ params["weight_ih"], dh


@wrong("it must return 3 values (das, dxs, dstate0), got a tuple of 2.")
def dxs_forgotten(params, hs, dh_T):
    das, _, dh = appended_and_turned(params, hs, dh_T)
    return das, dh


@wrong("must have shape")
def only_one_da(params, hs, dh_T):
    dh = dh_T
    for t in reversed(range(len(hs))):
        da = dh * (1 - hs[t] ** 2)
        dx = da @ params["weight_ih"]
        dh = da @ params["weight_hh"]
    return da, dx, dh


@wrong(None)
def no_slope_and_transposed(params, hs, dh_T):
    return walk(params, hs, dh_T, lambda t: 1, lambda da, dh: da @ params["weight_hh"].T)


@wrong("the slope is taken at hs[t - 1], at the first word even at the last state")
def slope_of_the_state_before(params, hs, dh_T):
    das, dh = np.empty_like(hs), dh_T
    for t in reversed(range(len(hs))):
        das[t] = dh * (1 - hs[t - 1] ** 2)
        dh = das[t] @ params["weight_hh"]
    return das, das @ params["weight_ih"], dh


@wrong("dxs is that of the first word alone")
def dxs_of_one_word(params, hs, dh_T):
    das, dh = np.empty_like(hs), dh_T
    for t in reversed(range(len(hs))):
        das[t] = dh * (1 - hs[t] ** 2)
        dxs = das[t] @ params["weight_ih"]
        dh = das[t] @ params["weight_hh"]
    return das, dxs, dh
