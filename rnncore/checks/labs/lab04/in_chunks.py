"""Lab 4, part 2: the gradient in chunks of k steps.

Contents
    chunks    the check of `rnn_chunked_bptt`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab04.inputs import DHS, PARAMS, STATE, XS, draw_chunks, draw_sequence
from rnncore.reference.bptt import chunked_bptt
from rnncore.reference.rnn import rnn_backward, rnn_forward

__all__ = ["chunks"]


def rnn_chunked_bptt(params, xs, state0, dhs, k):
    """Sum the gradients of chunks of k steps: carry the state from chunk to chunk, and drop the gradient that would cross over."""
    dparams = {name: np.zeros_like(value) for name, value in params.items()}
    state = state0
    for start in range(0, len(xs), k):
        _, state, cache = rnn_forward(params, xs[start : start + k], state)
        chunk_dparams, _, dstate = rnn_backward(cache, dhs[start : start + k])
        for name in dparams:
            dparams[name] += chunk_dparams[name]
        if start == 0:
            dstate0 = dstate  # those of the later chunks are dropped: this is the truncation
    return dparams, dstate0, state


def each_chunk(params, xs, state0, dhs, k, starts=None, start_from=lambda state, state0: state):
    """dparams, dxs, dstate and last state of every chunk, in order; `start_from(last state, state0)` is what a later chunk starts from."""
    results, state = [], state0
    for start in range(0, len(xs), k) if starts is None else starts:
        at = slice(max(start, 0), start + k)
        _, state, cache = rnn_forward(params, xs[at], start_from(state, state0) if results else state0)
        results.append((*rnn_backward(cache, dhs[at]), state))
    return results


def total(results):
    return {name: sum(dparams[name] for dparams, *_ in results) for name in results[0][0]}


def summed(results):
    """The right function's results from those of the chunks."""
    return total(results), results[0][2], results[-1][3]


def starting_from(start_from):
    return lambda *args: summed(each_chunk(*args, start_from=start_from))


def cut_at(starts):
    """The right function but for the chunks, which begin at `starts(T, k)`."""
    return lambda params, xs, state0, dhs, k: summed(each_chunk(params, xs, state0, dhs, k, starts(len(xs), k)))


def of(change):
    """The right function but for what `change(results of the chunks, state0)` makes of them."""
    return lambda params, xs, state0, dhs, k: change(each_chunk(params, xs, state0, dhs, k), state0)


def with_dhs(change):
    """The right function with each chunk's dhs replaced by `change(dhs, start, steps)`."""

    def wrong(params, xs, state0, dhs, k):
        results, state = [], state0
        for start in range(0, len(xs), k):
            hs, state, cache = rnn_forward(params, xs[start : start + k], state)
            results.append((*rnn_backward(cache, change(dhs, start, len(hs))), state))
        return summed(results)

    return wrong


def last_step_only(dhs, start, steps):
    return np.concatenate([0 * dhs[start : start + steps - 1], dhs[start + steps - 1 : start + steps]])


def full(params, xs, state0, dhs, k):
    """Nothing is cut."""
    _, state_T, cache = rnn_forward(params, xs, state0)
    dparams, _, dstate0 = rnn_backward(cache, dhs)
    return dparams, dstate0, state_T


def handed_on(params, xs, state0, dhs, k):
    """The gradient that a chunk leaves goes to the chunk after it."""
    results, state, dstate = [], state0, None
    for start in range(0, len(xs), k):
        _, state, cache = rnn_forward(params, xs[start : start + k], state)
        dparams, dxs, dstate = rnn_backward(cache, dhs[start : start + k], dstate)
        results.append((dparams, dxs, dstate, state))
    return summed(results)


def parts(params, xs, state0, dhs, k):
    """k chunks in the place of chunks of k."""
    k = -(-len(xs) // k)
    return summed(each_chunk(params, xs, state0, dhs, k))


def equal_parts(params, xs, state0, dhs, k):
    """k chunks of about the same length, as np.array_split makes them."""
    results, state = [], state0
    for x, dh in zip(np.array_split(xs, k), np.array_split(dhs, k), strict=True):
        _, state, cache = rnn_forward(params, x, state)
        results.append((*rnn_backward(cache, dh), state))
    return summed(results)


def filled_only(params, xs, state0, dhs, k):
    """Steps that do not fill a chunk are not read."""
    whole = len(xs) // k * k
    if whole == 0:
        return {name: 0 * value for name, value in params.items()}, 0 * state0, state0
    return summed(each_chunk(params, xs[:whole], state0, dhs, k))


def dstate_for_state(params, xs, state0, dhs, k):
    """The third result of the backward pass takes the name of the state."""
    results, state = [], state0
    for start in range(0, len(xs), k):
        _, _, cache = rnn_forward(params, xs[start : start + k], state)
        dparams, dxs, state = rnn_backward(cache, dhs[start : start + k])
        results.append((dparams, dxs, state, state))
    return summed(results)


def from_params(params, xs, state0, dhs, k):
    """The sums start from the parameters."""
    dparams, dstate0, state_T = rnn_chunked_bptt(params, xs, state0, dhs, k)
    return {name: params[name] + dparams[name] for name in params}, dstate0, state_T


def detached_everywhere(params, xs, state0, dhs, k):
    """No gradient goes from any step to the one before."""
    return (*summed(each_chunk(params, xs, state0, dhs, 1))[:2], each_chunk(params, xs, state0, dhs, k)[-1][3])


def agrees_with_what_is_known(function, rng):
    """One chunk of T steps or more is the full gradient, and other chunks are those of `chunked_bptt`, whatever the cell."""
    params, xs, state0, dhs = draw_sequence(rng, np.float64, T=7, B=2, D=3, H=4)
    for k in (1, 3, 7, 9):
        dparams, dstate0, state_T = function(params, xs, state0, dhs, k)
        if k >= 7:
            right = full(params, xs, state0, dhs, k)
        else:
            known = chunked_bptt(rnn_forward, rnn_backward, params, xs, state0, lambda start, hs: (0.0, dhs[start : start + len(hs)]), k=k)
            right = known.dparams, known.dstate0, known.state_T
        named = zip(("dparams", "dstate0", "state_T"), (dparams, dstate0, state_T), right, strict=True)
        for name, got, want in named:
            compare(f"for 7 steps in chunks of {k}, {name}", got, want)


chunks = Exercise(
    rnn_chunked_bptt,
    outputs=("dparams", "dstate0", "state_T"),
    letters="TBDH",
    least={"T": 6},  # enough for several chunks
    example=lambda: (PARAMS, XS, STATE, DHS, 2),
    draw=draw_chunks,
    properties=(agrees_with_what_is_known,),
    mistakes={
        "nothing is cut: this is the full gradient, which crosses every border": full,
        "the state is not carried: every chunk starts from state0": starting_from(lambda state, state0: state0),
        "the state is not carried: every chunk but the first starts from zeros": starting_from(lambda state, state0: 0 * state),
        "the gradient that a chunk leaves is given to the chunk after it as dstate_T; it is dropped": handed_on,
        "no gradient goes from step to step, even inside a chunk; it stops at the borders only": detached_everywhere,
        "k is taken as the number of chunks; it is the number of steps in one": parts,
        "the last chunk is left out where it is shorter than the others": lambda params, xs, state0, dhs, k: (
            full(params, xs, state0, dhs, k) if k > len(xs) else summed(each_chunk(params, xs[: len(xs) // k * k], state0, dhs, k))
        ),
        "k chunks of about equal length are read; k is the number of steps in one": equal_parts,
        "the steps that do not fill a chunk are left out; they are a chunk, too, a shorter one": filled_only,
        "the gradient that a chunk sends to its first state is carried in the place of the state": dstate_for_state,
        "the sums of the gradients start from the parameters; they start from zeros": from_params,
        "the short chunk comes first; chunks are counted from the first step": cut_at(lambda T, k: range(-(-T % k) if T % k else 0, T, k)),
        "only the last k steps are read; each chunk counts": lambda params, xs, state0, dhs, k: (
            summed(each_chunk(params, xs[-k:], state0, dhs[-k:], k))
        ),
        "only the last k steps give a gradient; every chunk does": of(lambda results, state0: (results[-1][0], *summed(results)[1:])),
        "dparams is that of the first chunk alone; add those of all chunks": of(
            lambda results, state0: (results[0][0], *summed(results)[1:])
        ),
        "only the first chunk is read, because the function returns inside the loop": of(lambda results, state0: summed(results[:1])),
        "the gradients of the chunks are averaged; they are added": of(
            lambda results, state0: ({name: d / len(results) for name, d in total(results).items()}, *summed(results)[1:])
        ),
        "the dhs of the first chunk is used for every chunk": with_dhs(lambda dhs, start, steps: dhs[:steps]),
        "the dhs of the last steps is used for every chunk": with_dhs(lambda dhs, start, steps: dhs[len(dhs) - steps :]),
        "the whole of dhs is given to each chunk; a chunk of k steps takes k of its entries": with_dhs(lambda dhs, start, steps: dhs),
        "only the last state of each chunk gets its dhs; every state has one": with_dhs(last_step_only),
        "dstate0 is that of the last chunk; state0 stands before the first one": of(
            lambda results, state0: (total(results), results[-1][2], results[-1][3])
        ),
        "dstate0 is the sum over all chunks; only the first one starts from state0": of(
            lambda results, state0: (total(results), sum(dstate for _, _, dstate, _ in results), results[-1][3])
        ),
        "dstate0 is zero; the first chunk sends a gradient to state0": of(
            lambda results, state0: (total(results), 0 * state0, results[-1][3])
        ),
        "dxs stands in the place of dstate0": of(
            lambda results, state0: (total(results), np.concatenate([dxs for _, dxs, _, _ in results]), results[-1][3])
        ),
        "state_T is the state after the first chunk; it is the one after the last step": of(
            lambda results, state0: (total(results), results[0][2], results[0][3])
        ),
        "state_T is state0; it is the state after the last step": of(lambda results, state0: (total(results), results[0][2], state0)),
        "state_T and dstate0 are exchanged; return dparams, dstate0, state_T": of(
            lambda results, state0: (total(results), results[-1][3], results[0][2])
        ),
    },
)
