"""Lab 8, part 2: two readers."""

import numpy as np

from rnncore.reference import (
    BidirectionalCache,
    BidirectionalState,
    last_state_forward,
    length_mask,
    reverse_padded_forward,
    rnn_forward,
    rnn_step_forward,
)
from tests.corpus.answers import right, wrong


def reverse(xs, lengths):
    return reverse_padded_forward(xs, lengths)[0]


@right
def last_states_from_the_library(params, xs, state0, lengths, merge="concat"):
    hs, _, f = rnn_forward(params["forward"], xs, state0.forward)
    rs, _, r = rnn_forward(params["reverse"], reverse(xs, lengths), state0.reverse)
    state_T = BidirectionalState(last_state_forward(hs, lengths)[0], last_state_forward(rs, lengths)[0])
    parts = [hs, reverse(rs, lengths)]
    ys = np.concatenate(parts, axis=-1) if merge == "concat" else sum(parts)
    return ys * length_mask(lengths, len(xs))[:, :, None], state_T, BidirectionalCache("rnn", f, r, lengths, merge, hs)


@right
def ends_by_a_loop(params, xs, state0, lengths, merge="concat"):
    hs, _, f = rnn_forward(params["forward"], xs, state0.forward)
    rs, _, r = rnn_forward(params["reverse"], reverse(xs, lengths), state0.reverse)
    forward_end = np.stack([hs[L - 1, b] for b, L in enumerate(lengths)])
    back = reverse(rs, lengths)
    ys = np.concatenate((hs, back), axis=2) if merge == "concat" else hs + back
    for b, L in enumerate(lengths):
        ys[L:, b] = 0
    return ys, BidirectionalState(forward=forward_end, reverse=back[0]), BidirectionalCache("rnn", f, r, lengths, merge, hs)


@right
def preallocated(params, xs, state0, lengths, merge="concat"):
    T, B, _ = xs.shape
    H = params["forward"]["weight_hh"].shape[0]
    hs, _, f = rnn_forward(params["forward"], xs, state0[0])
    rs, _, r = rnn_forward(params["reverse"], reverse(xs, lengths), state0[1])
    ys = np.zeros((T, B, 2 * H if merge == "concat" else H), dtype=xs.dtype)
    ends = np.zeros((2, B, H), dtype=xs.dtype)
    for b in range(B):
        L = lengths[b]
        mine, other = hs[:L, b], rs[:L, b][::-1]
        ys[:L, b] = np.hstack([mine, other]) if merge == "concat" else mine + other
        ends[0, b], ends[1, b] = mine[-1], other[0]
    return ys, BidirectionalState(*ends), BidirectionalCache("rnn", f, r, lengths, merge, hs)


@right
def masked_halves(params, xs, state0, lengths, merge="concat"):
    start_f, start_r = state0
    hs, _, f = rnn_forward(params["forward"], xs, start_f)
    turned = xs.copy()
    for b, L in enumerate(lengths):
        turned[:L, b] = xs[:L, b][::-1]
    read, _, r = rnn_forward(params["reverse"], turned, start_r)
    inside = (np.arange(len(xs))[:, None] < lengths)[..., None].astype(xs.dtype)
    h, back = hs * inside, reverse(read, lengths) * inside
    last = (np.arange(len(xs))[:, None] == lengths - 1)[..., None].astype(xs.dtype)
    state_T = BidirectionalState((hs * last).sum(0), (read * last).sum(0))
    ys = np.concatenate([h, back], 2) if merge == "concat" else np.add(h, back)
    return ys, state_T, BidirectionalCache("rnn", f, r, lengths, merge, hs)


@right
def stack_and_reshape(params, xs, state0, lengths, merge="concat"):
    hs, _, f = rnn_forward(params["forward"], xs, state0.forward)
    rs, _, r = rnn_forward(params["reverse"], reverse(xs, lengths), state0.reverse)
    b = np.arange(xs.shape[1])
    state_T = BidirectionalState(hs[lengths - 1, b].copy(), rs[lengths - 1, b].copy())
    both = np.stack([hs, reverse(rs, lengths)], axis=2)  # (T, B, 2, H)
    ys = both.sum(axis=2) if merge == "sum" else both.reshape(*xs.shape[:2], -1)
    ys[~length_mask(lengths, len(xs))] = 0
    return ys, state_T, BidirectionalCache("rnn", f, r, lengths, merge, hs)


@right
def own_function_for_one_direction(params, xs, state0, lengths, merge="concat"):
    def read(cell, inputs, start):
        hs, _, cache = rnn_forward(params[cell], inputs, start)
        return hs, np.take_along_axis(hs, (lengths - 1)[None, :, None], axis=0)[0], cache

    hs, h_end, f = read("forward", xs, state0.forward)
    rs, r_end, r = read("reverse", reverse(xs, lengths), state0.reverse)
    rs = reverse(rs, lengths)
    ys = {"sum": lambda: hs + rs, "concat": lambda: np.dstack([hs, rs])}[merge]()
    ys = np.where(length_mask(lengths, xs.shape[0])[..., np.newaxis], ys, np.zeros_like(ys))
    return ys, BidirectionalState(h_end, r_end), BidirectionalCache("rnn", f, r, lengths, merge, hs)


def run(params, xs, state0, lengths):
    hs, _, f = rnn_forward(params["forward"], xs, state0.forward)
    read, _, r = rnn_forward(params["reverse"], reverse(xs, lengths), state0.reverse)
    return hs, read, f, r


def finish(hs, rs, ends, f, r, lengths, merge):
    ys = np.concatenate([hs, rs], axis=2) if merge == "concat" else hs + rs
    mask = length_mask(lengths, len(hs))[..., None]
    return np.where(mask, ys, 0), BidirectionalState(*ends), BidirectionalCache("rnn", f, r, lengths, merge, hs)


def at_ends(hs, read, lengths):
    b = np.arange(len(lengths))
    return hs[lengths - 1, b], read[lengths - 1, b]


@wrong("lengths are forgotten")
def plain_flips(params, xs, state0, lengths, merge="concat"):
    hs, _, f = rnn_forward(params["forward"], xs, state0.forward)
    read, _, r = rnn_forward(params["reverse"], xs[::-1], state0.reverse)
    return finish(hs, read[::-1], at_ends(hs, read, lengths), f, r, lengths, merge)


@wrong("are not turned back")
def not_turned_back(params, xs, state0, lengths, merge="concat"):
    hs, read, f, r = run(params, xs, state0, lengths)
    return finish(hs, read, at_ends(hs, read, lengths), f, r, lengths, merge)


@wrong("both cells read from the first step to the last")
def never_turned(params, xs, state0, lengths, merge="concat"):
    hs, _, f = rnn_forward(params["forward"], xs, state0.forward)
    rs, _, r = rnn_forward(params["reverse"], xs, state0.reverse)
    return finish(hs, rs, at_ends(hs, rs, lengths), f, r, lengths, merge)


@wrong("but it has read the inputs in their own order")
def turned_afterwards_only(params, xs, state0, lengths, merge="concat"):
    hs, _, f = rnn_forward(params["forward"], xs, state0.forward)
    rs, _, r = rnn_forward(params["reverse"], xs, state0.reverse)
    return finish(hs, reverse(rs, lengths), at_ends(hs, rs, lengths), f, r, lengths, merge)


@wrong("turned back without the lengths")
def back_by_a_flip(params, xs, state0, lengths, merge="concat"):
    hs, read, f, r = run(params, xs, state0, lengths)
    return finish(hs, np.flip(read, 0), at_ends(hs, read, lengths), f, r, lengths, merge)


@wrong("both cells have the weights of the forward one")
def copy_and_paste(params, xs, state0, lengths, merge="concat"):
    return last_states_from_the_library({"forward": params["forward"], "reverse": params["forward"]}, xs, state0, lengths, merge)


@wrong("both cells start from state0.forward")
def same_start(params, xs, state0, lengths, merge="concat"):
    return last_states_from_the_library(params, xs, BidirectionalState(state0.forward, state0.forward), lengths, merge)


@wrong("both cells start from zeros")
def starts_at_zero(params, xs, state0, lengths, merge="concat"):
    zero = np.zeros_like(state0.forward)
    return last_states_from_the_library(params, xs, BidirectionalState(zero, zero), lengths, merge)


@wrong("the reverse cell starts from the last state of the forward one")
def handed_on(params, xs, state0, lengths, merge="concat"):
    hs, _, f = rnn_forward(params["forward"], xs, state0.forward)
    end = hs[lengths - 1, np.arange(len(lengths))]
    read, _, r = rnn_forward(params["reverse"], reverse(xs, lengths), end)
    return finish(hs, reverse(read, lengths), at_ends(hs, read, lengths), f, r, lengths, merge)


@wrong("are left in ys; they are zero there")
def no_mask(params, xs, state0, lengths, merge="concat"):
    hs, read, f, r = run(params, xs, state0, lengths)
    rs = reverse(read, lengths)
    ys = np.concatenate([hs, rs], axis=2) if merge == "concat" else hs + rs
    return ys, BidirectionalState(*at_ends(hs, read, lengths)), BidirectionalCache("rnn", f, r, lengths, merge, hs)


@wrong("the halves are always put side by side")
def forgot_about_sum(params, xs, state0, lengths, merge="concat"):
    hs, read, f, r = run(params, xs, state0, lengths)
    ys, state_T, cache = finish(hs, reverse(read, lengths), at_ends(hs, read, lengths), f, r, lengths, "concat")
    return ys, state_T, cache._replace(merge=merge)


@wrong("takes the mean of the halves")
def mean_for_sum(params, xs, state0, lengths, merge="concat"):
    ys, state_T, cache = last_states_from_the_library(params, xs, state0, lengths, merge)
    return (ys / 2 if merge == "sum" else ys), state_T, cache


@wrong("the reverse half comes first")
def reverse_first(params, xs, state0, lengths, merge="concat"):
    hs, read, f, r = run(params, xs, state0, lengths)
    ys, state_T, cache = finish(reverse(read, lengths), hs, at_ends(hs, read, lengths), f, r, lengths, merge)
    return ys, state_T, cache._replace(h=hs)


@wrong("taken from the last step of the array")
def last_of_the_array(params, xs, state0, lengths, merge="concat"):
    hs, f_end, f = rnn_forward(params["forward"], xs, state0.forward)
    read, r_end, r = rnn_forward(params["reverse"], reverse(xs, lengths), state0.reverse)
    return finish(hs, reverse(read, lengths), (f_end, r_end), f, r, lengths, merge)


@wrong("where the reverse cell has read one input")
def end_after_turning_back(params, xs, state0, lengths, merge="concat"):
    hs, read, f, r = run(params, xs, state0, lengths)
    rs = reverse(read, lengths)
    return finish(hs, rs, at_ends(hs, rs, lengths), f, r, lengths, merge)


@wrong("the two parts of state_T are exchanged")
def ends_exchanged(params, xs, state0, lengths, merge="concat"):
    hs, read, f, r = run(params, xs, state0, lengths)
    return finish(hs, reverse(read, lengths), at_ends(hs, read, lengths)[::-1], f, r, lengths, merge)


@wrong("without - 1")
def index_past_the_end(params, xs, state0, lengths, merge="concat"):
    hs, read, f, r = run(params, xs, state0, lengths)
    b = np.arange(len(lengths))
    return finish(hs, reverse(read, lengths), (hs[lengths, b], read[lengths, b]), f, r, lengths, merge)


@wrong("put together along axis 1")
def joined_in_the_batch(params, xs, state0, lengths, merge="concat"):
    hs, read, f, r = run(params, xs, state0, lengths)
    rs = reverse(read, lengths)
    ys = np.concatenate([hs, rs], axis=1) if merge == "concat" else hs + rs
    mask = length_mask(lengths, len(xs))[..., None]
    return np.where(mask, ys, 0), BidirectionalState(*at_ends(hs, read, lengths)), BidirectionalCache("rnn", f, r, lengths, merge, hs)


@wrong("it reads the inputs")
def on_top_of_the_other(params, xs, state0, lengths, merge="concat"):
    hs, _, f = rnn_forward(params["forward"], xs, state0.forward)
    read, _, r = rnn_forward(params["reverse"], reverse(hs, lengths), state0.reverse)
    return finish(hs, reverse(read, lengths), at_ends(hs, read, lengths), f, r, lengths, merge)


@wrong("lengths are forgotten")
def own_loop_reverse_from_the_array_end(params, xs, state0, lengths, merge="concat"):
    hs, _, f = rnn_forward(params["forward"], xs, state0.forward)
    r, rs = state0.reverse, np.zeros_like(hs)
    for t in reversed(range(len(xs))):
        r, _ = rnn_step_forward(params["reverse"], xs[t], r)
        rs[t] = r
    cache = rnn_forward(params["reverse"], reverse(xs, lengths), state0.reverse)[2]
    return finish(hs, rs, (hs[lengths - 1, np.arange(len(lengths))], rs[0]), f, cache, lengths, merge)


@wrong("state_T must be BidirectionalState(forward, reverse), got a tuple of 2.")
def bare_tuple(params, xs, state0, lengths, merge="concat"):
    ys, state_T, cache = last_states_from_the_library(params, xs, state0, lengths, merge)
    return ys, (state_T.forward, state_T.reverse), cache


@right
def first_of_the_turned_back(params, xs, state0, lengths, merge="concat"):
    inside = (np.arange(xs.shape[0])[:, None] < np.asarray(lengths))[..., None]
    hs, _, forward = rnn_forward(params["forward"], xs, state0.forward)
    turned, _ = reverse_padded_forward(xs, lengths)
    rs, _, reverse = rnn_forward(params["reverse"], turned, state0.reverse)
    rs, _ = reverse_padded_forward(rs, lengths)
    merged = {"concat": lambda: np.dstack([hs, rs]), "sum": lambda: np.add(hs, rs)}[merge]()
    state_T = BidirectionalState(forward=np.stack([hs[L - 1, b] for b, L in enumerate(lengths)]), reverse=rs[0])
    return np.where(inside, merged, 0), state_T, BidirectionalCache("rnn", forward, reverse, lengths, merge, hs)


@wrong("the reverse cell starts from where the forward one is after the padding; the two never touch.")
def chained_state(params, xs, state0, lengths, merge="concat"):
    hs, h, fc = rnn_forward(params["forward"], xs, state0.forward)
    turned, _ = reverse_padded_forward(xs, lengths)
    rs, _r, rc = rnn_forward(params["reverse"], turned, h)
    i = np.arange(len(lengths))
    st = BidirectionalState(hs[lengths - 1, i], rs[lengths - 1, i])
    rs, _ = reverse_padded_forward(rs, lengths)
    ys = np.concatenate([hs, rs], axis=2) if merge == "concat" else hs + rs
    return np.where(length_mask(lengths, len(xs))[..., None], ys, 0), st, BidirectionalCache("rnn", fc, rc, lengths, merge, hs)


@wrong("the cache has ys in the place of hs.")
def cached_rs(params, xs, state0, lengths, merge="concat"):
    hs, _h, fc = rnn_forward(params["forward"], xs, state0.forward)
    turned, _ = reverse_padded_forward(xs, lengths)
    rs, _r, rc = rnn_forward(params["reverse"], turned, state0.reverse)
    i = np.arange(len(lengths))
    st = BidirectionalState(hs[lengths - 1, i], rs[lengths - 1, i])
    rs, _ = reverse_padded_forward(rs, lengths)
    ys = np.concatenate([hs, rs], axis=2) if merge == "concat" else hs + rs
    ys = np.where(length_mask(lengths, len(xs))[..., None], ys, 0)
    return ys, st, BidirectionalCache("rnn", fc, rc, lengths, merge, ys)
