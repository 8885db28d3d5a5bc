"""Lab 7, part 3: a cell that stops with its sequence."""

import numpy as np

from rnncore.reference import length_mask, rnn_forward, rnn_step_forward
from tests.corpus.answers import right, wrong


@right
def multiplied(params, xs, state0, lengths):
    m = length_mask(lengths, len(xs)).astype(xs.dtype)[:, :, None]
    h, hs = state0, np.zeros((len(xs), *state0.shape), xs.dtype)
    for t in range(len(xs)):
        new, _ = rnn_step_forward(params, xs[t], h)
        h = m[t] * new + (1 - m[t]) * h
        hs[t] = m[t] * h
    return hs, h


@right
def rows_picked(params, xs, state0, lengths):
    h, hs = state0.copy(), []
    for t, x in enumerate(xs):
        running = lengths > t
        if running.any():
            h[running] = rnn_step_forward(params, x[running], h[running])[0]
        shown = h.copy()
        shown[~running] = 0
        hs.append(shown)
    return np.array(hs), h


@right
def each_sequence_alone(params, xs, state0, lengths):
    hs = np.zeros((len(xs), *state0.shape), dtype=xs.dtype)
    last = []
    for b, L in enumerate(lengths):
        own, h, _ = rnn_forward(params, xs[:L, b : b + 1], state0[b : b + 1])
        hs[:L, b] = own[:, 0]
        last.append(h[0])
    return hs, np.stack(last)


@right
def picked_afterwards(params, xs, state0, lengths):
    hs, _, _ = rnn_forward(params, xs, state0)
    last = hs[lengths - 1, np.arange(len(lengths))]
    return np.where(length_mask(lengths, len(xs))[..., None], hs, 0), last


@right
def by_hand(params, xs, state0, lengths):
    T, B, _ = xs.shape
    W, U, b = params["weight_ih"], params["weight_hh"], params["bias_ih"] + params["bias_hh"]
    state, hs = np.array(state0), np.zeros((T, B, state0.shape[1]), state0.dtype)
    for t in range(T):
        for k in range(B):
            if t < lengths[k]:
                state[k] = np.tanh(W @ xs[t, k] + U @ state[k] + b)
                hs[t, k] = state[k]
    return hs, state


@right
def steps_that_matter(params, xs, state0, lengths):
    state, hs = state0, []
    for t in range(lengths.max()):
        h_next, _ = rnn_step_forward(params, xs[t], state)
        state = np.where((t < lengths).reshape(-1, 1), h_next, state)
        hs.append(state * (t < lengths)[:, np.newaxis])
    for _ in range(lengths.max(), len(xs)):
        hs.append(np.zeros_like(state0))
    return [np.stack(hs), state]


@wrong("the lengths are not used: the state moves on through the padding, and is shown")
def lengths_forgotten(params, xs, state0, lengths):
    hs, state_T, _ = rnn_forward(params, xs, state0)
    return hs, state_T


@wrong("the state is not held: it moves on through the padding, and only what is shown is masked")
def masked_afterwards(params, xs, state0, lengths):
    hs, state_T, _ = rnn_forward(params, xs, state0)
    return np.where(length_mask(lengths, len(xs))[:, :, None], hs, 0), state_T


@wrong("only the inputs are masked")
def zero_inputs(params, xs, state0, lengths):
    xs = xs * length_mask(lengths, len(xs))[:, :, None]
    hs, state_T, _ = rnn_forward(params, xs, state0)
    return hs, state_T


@wrong("hs shows the held state in the padding")
def held_and_shown(params, xs, state0, lengths):
    state, hs = state0, []
    for t, x in enumerate(xs):
        h_next, _ = rnn_step_forward(params, x, state)
        state = np.where((t < lengths)[:, None], h_next, state)
        hs.append(state)
    return np.stack(hs), state


@wrong("state_T is zero for every sequence that has ended")
def last_row(params, xs, state0, lengths):
    hs, _ = multiplied(params, xs, state0, lengths)
    return hs, hs[-1]


@wrong("state_T is zero for every sequence that has ended")
def masked_state_carried(params, xs, state0, lengths):
    mask, state, hs = length_mask(lengths, len(xs)), state0, []
    for x, m in zip(xs, mask, strict=True):
        state, _ = rnn_step_forward(params, x, state)
        state = state * m[:, None]
        hs.append(state)
    return np.stack(hs), state


@wrong("the state goes back to state0 in the padding")
def back_to_the_start(params, xs, state0, lengths):
    state, hs = state0, []
    for t, x in enumerate(xs):
        h_next, _ = rnn_step_forward(params, x, state)
        m = (t < lengths)[:, None]
        state = np.where(m, h_next, state0)
        hs.append(np.where(m, state, 0))
    return np.stack(hs), state


@wrong("one step too many is real")
def off_by_one(params, xs, state0, lengths):
    state, hs = state0, []
    for t, x in enumerate(xs):
        h_next, _ = rnn_step_forward(params, x, state)
        m = (t <= lengths)[:, None]
        state = np.where(m, h_next, state)
        hs.append(np.where(m, state, 0))
    return np.stack(hs), state


@wrong("the two parts are exchanged")
def where_the_wrong_way_round(params, xs, state0, lengths):
    state, hs = state0, []
    for t, x in enumerate(xs):
        h_next, _ = rnn_step_forward(params, x, state)
        m = (t < lengths)[:, None]
        state = np.where(m, state, h_next)
        hs.append(np.where(m, state, 0))
    return np.stack(hs), state


@wrong("the state is not carried")
def no_memory(params, xs, state0, lengths):
    state, hs = state0, []
    for t, x in enumerate(xs):
        h_next, _ = rnn_step_forward(params, x, state0)
        m = (t < lengths)[:, None]
        state = np.where(m, h_next, state)
        hs.append(np.where(m, state, 0))
    return np.stack(hs), state


@wrong("the first step starts from zeros")
def from_zeros(params, xs, state0, lengths):
    return multiplied(params, xs, np.zeros_like(state0), lengths)


@wrong("the old state is added in full")
def added(params, xs, state0, lengths):
    state, hs = state0, []
    for t, x in enumerate(xs):
        h_next, _ = rnn_step_forward(params, x, state)
        m = (t < lengths)[:, None]
        state = m * h_next + state
        hs.append(m * state)
    return np.stack(hs), state


@wrong("the mask of a step has the shape (B,)")
def mask_without_an_axis(params, xs, state0, lengths):
    mask, state, hs = length_mask(lengths, len(xs)), state0, []
    for t in range(len(xs)):
        h_next, _ = rnn_step_forward(params, xs[t], state)
        state = np.where(mask[t], h_next, state)
        hs.append(np.where(mask[t], state, 0))
    return np.stack(hs), state


@wrong("the loop ends with the longest sequence")
def cut_behind_the_longest(params, xs, state0, lengths):
    hs, state = multiplied(params, xs, state0, lengths)
    return hs[: lengths.max()], state


@wrong("hs holds the state before each step")
def appended_too_early(params, xs, state0, lengths):
    state, hs = state0, []
    for t, x in enumerate(xs):
        m = (t < lengths)[:, None]
        hs.append(np.where(m, state, 0))
        state = np.where(m, rnn_step_forward(params, x, state)[0], state)
    return np.stack(hs), state


@wrong("it must return 2 values (hs, state_T), got a tuple of 3.")
def with_a_cache(params, xs, state0, lengths):
    return *multiplied(params, xs, state0, lengths), None


@wrong("it changed its argument state0 in place; work on a copy.")
def writes_into_state0(params, xs, state0, lengths):
    hs = np.zeros((len(xs), *state0.shape), dtype=xs.dtype)
    for t, x in enumerate(xs):
        running = np.flatnonzero(t < lengths)
        state0[running] = rnn_step_forward(params, x, state0)[0][running]
        hs[t, running] = state0[running]
    return hs, state0


@wrong("it stopped in line")
def step_gives_two_results(params, xs, state0, lengths):
    state, hs = state0, []
    for t, x in enumerate(xs):
        h_next = rnn_step_forward(params, x, state)
        m = (t < lengths)[:, None]
        state = np.where(m, h_next, state)
        hs.append(np.where(m, state, 0))
    return np.stack(hs), state


@right
def where_and_where(params, xs, state0, lengths):
    mask = length_mask(lengths, len(xs))
    hs, s = [], state0
    for t in range(len(xs)):
        m = mask[t][:, None]
        new, _ = rnn_step_forward(params, xs[t], s)
        s = np.where(m, new, s)
        hs.append(np.where(m, s, 0))
    return np.array(hs), s


@right
def blend_with_floats(params, xs, state0, lengths):
    T = len(xs)
    m = length_mask(lengths, T).astype(xs.dtype)[:, :, None]
    s = state0
    hs = []
    for t in range(T):
        s = m[t] * rnn_step_forward(params, xs[t], s)[0] + (1 - m[t]) * s
        hs.append(m[t] * s)
    return np.stack(hs), s


@wrong("the cell takes a step although no sequence is running any more.")
def boolean_rows(params, xs, state0, lengths):
    s = state0.copy()
    hs = np.zeros((*xs.shape[:2], state0.shape[1]), state0.dtype)
    for t, x in enumerate(xs):
        alive = t < lengths
        s[alive], _ = rnn_step_forward(params, x[alive], s[alive])
        hs[t, alive] = s[alive]
    return hs, s


@wrong("must have the dtype of the inputs")
def each_alone(params, xs, state0, lengths):
    T, B, _ = xs.shape
    hs = np.zeros((T, B, state0.shape[1]))
    state_T = np.zeros(state0.shape)
    for b in range(B):
        h = state0[b : b + 1]
        for t in range(lengths[b]):
            h, _ = rnn_step_forward(params, xs[t, b : b + 1], h)
            hs[t, b] = h[0]
        state_T[b] = h[0]
    return hs, state_T


@right
def plain_then_masked(params, xs, state0, lengths):
    hs, _, _ = rnn_forward(params, xs, state0)
    last = hs[lengths - 1, np.arange(len(lengths))]
    return hs * length_mask(lengths, len(xs))[:, :, None], last


@wrong("only the inputs are masked; a zero input still moves the state.")
def inputs_masked(params, xs, state0, lengths):
    mask = length_mask(lengths, len(xs))
    hs, state_T, _ = rnn_forward(params, xs * mask[:, :, None], state0)
    return hs * mask[:, :, None], state_T


@wrong("the mask of a step has the shape (B,) and is taken for one of the units; it needs a second axis.")
def no_column(params, xs, state0, lengths):
    mask = length_mask(lengths, len(xs))
    hs, s = [], state0
    for t in range(len(xs)):
        new, _ = rnn_step_forward(params, xs[t], s)
        s = np.where(mask[t], new, s)
        hs.append(np.where(mask[t], s, 0))
    return np.stack(hs), s


@wrong("the mask is turned round: the state moves in the padding and is held in the sequence.")
def where_swapped(params, xs, state0, lengths):
    mask = length_mask(lengths, len(xs))
    hs, s = [], state0
    for t in range(len(xs)):
        m = mask[t][:, None]
        new, _ = rnn_step_forward(params, xs[t], s)
        s = np.where(m, s, new)
        hs.append(np.where(m, 0, s))
    return np.stack(hs), s


@wrong("all sequences stop with the shortest; each has its own end.")
def stops_together(params, xs, state0, lengths):
    hs, s = [], state0
    for t in range(len(xs)):
        if (t < lengths).all():
            s, _ = rnn_step_forward(params, xs[t], s)
            hs.append(s)
        else:
            hs.append(np.zeros_like(s))
    return np.stack(hs), s


@wrong(None)
def tuple_as_state(params, xs, state0, lengths):
    mask = length_mask(lengths, len(xs))
    hs, s = [], state0
    for t in range(len(xs)):
        m = mask[t][:, None]
        new = rnn_step_forward(params, xs[t], s)
        s = np.where(m, new, s)
        hs.append(np.where(m, s, 0))
    return np.stack(hs), s
