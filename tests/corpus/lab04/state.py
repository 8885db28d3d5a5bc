"""Lab 4, part 1: carry the state, or reset it."""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def mask_index(state_T, ended=None):
    new = np.array(state_T)
    if ended is not None:
        new[ended] = 0.0
    return new


@right
def row_by_row(state_T, ended=None):
    rows = []
    for b in range(len(state_T)):
        if ended is not None and ended[b]:
            rows.append(np.zeros_like(state_T[b]))
        else:
            rows.append(state_T[b])
    return np.stack(rows)


@right
def multiplied(state_T, ended=None):
    if ended is None:
        ended = np.zeros(len(state_T), dtype=bool)
    return state_T * ~ended[:, None]


@right
def chosen_by_numbers(state_T, ended=None):
    state0 = np.copy(state_T)
    for b in [] if ended is None else np.flatnonzero(ended):
        state0[b, :] = 0
    print("reset", state0.shape)
    return state0


@right
def the_same_array(state_T, ended=None):
    return state_T if ended is None else np.where(np.expand_dims(ended, 1), np.zeros_like(state_T), state_T)


@right
def diagonal(state_T, ended=None):
    keep = np.ones(len(state_T), state_T.dtype) if ended is None else (~ended).astype(state_T.dtype)
    return np.einsum("b,bh->bh", keep, state_T)


@right
def transposed(state_T, ended=None):
    if ended is None:
        return +state_T
    return np.where(ended, 0, state_T.T).T


@wrong("the rows are exchanged")
def kept_the_ended(state_T, ended=None):
    if ended is None:
        return state_T.copy()
    return state_T * ended[:, None]


@wrong("every state is reset")
def always_zeros(state_T, ended=None):
    return np.zeros_like(state_T)


@wrong("ended is ignored")
def only_detached(state_T, ended=None):
    return state_T.copy()


@wrong("None means that no sequence is over")
def nothing_said_is_a_reset(state_T, ended=None):
    if ended is None:
        return np.zeros_like(state_T)
    new = state_T.copy()
    new[ended] = 0
    return new


@wrong("every row is reset as soon as one has ended")
def any_is_all(state_T, ended=None):
    if ended is not None and ended.any():
        return np.zeros_like(state_T)
    return state_T.copy()


@wrong("ended selects columns")
def second_axis(state_T, ended=None):
    new = state_T.copy()
    if ended is not None:
        new[:, ended] = 0
    return new


@wrong("ended selects units")
def where_without_axis(state_T, ended=None):
    if ended is None:
        return state_T
    return np.where(ended, 0, state_T)


@wrong("it meets the units")
def times_without_axis(state_T, ended=None):
    if ended is None:
        return state_T
    return state_T * ~ended


@wrong("although it can be None")
def none_forgotten(state_T, ended=None):
    return np.where(ended[:, None], 0, state_T)


@wrong("although it can be None")
def tilde_of_none(state_T, ended=None):
    keep = ~ended
    return state_T * keep[:, None]


@wrong("it changed its argument state_T in place; work on a copy.")
def in_place(state_T, ended=None):
    if ended is not None:
        state_T[ended] = 0
    return state_T


@wrong("The truth value of an array")
def truth_of_an_array(state_T, ended=None):
    if ended:
        return np.where(ended[:, None], 0, state_T)
    return state_T


@wrong("are left out; the batch keeps its size")
def filtered(state_T, ended=None):
    return state_T if ended is None else state_T[~ended]


@wrong("float32 has become float64")
def one_minus(state_T, ended=None):
    if ended is None:
        return state_T
    return state_T * (1 - ended[:, None].astype(int))


@wrong("float32 has become float64")
def fresh_zeros(state_T, ended=None):
    if ended is None:
        return state_T
    new = np.zeros(state_T.shape)
    new[~ended] = state_T[~ended]
    return new


@wrong("it returned None; end it with `return state0`.")
def no_return(state_T, ended=None):
    state0 = state_T.copy()
    if ended is not None:
        state0[ended] = 0


@wrong("become ones")
def started_from_ones(state_T, ended=None):
    new = state_T.copy()
    if ended is not None:
        new[ended] = 1
    return new


@wrong(None)
def the_mean_of_the_others(state_T, ended=None):
    new = state_T.copy()
    if ended is not None and not ended.all():
        new[ended] = state_T[~ended].mean(axis=0)
    return new


@right
def chosen_by_where(state_T, ended=None):
    if ended is None:
        ended = np.zeros(len(state_T), dtype=bool)
    return np.where(ended.reshape(-1, 1), np.zeros_like(state_T), state_T)


@wrong("has no attribute 'detach'.")
def torch_habit(state_T, ended=None):
    state0 = state_T.detach()
    if ended is not None:
        state0[ended] = 0
    return state0
