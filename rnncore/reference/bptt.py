r"""Backpropagation through time, in full and cut short, for any cell.

    full        one pass forward over all T steps, one pass back over all T steps
    chunked     the same for k steps at a time; the state is carried into the next chunk, its gradient is not ("detached")
    k1, k2      after every k1 steps go back over the last k2 steps

Contents
    BPTTResult        loss, gradients and last state
    full_bptt         full, given a sequence pair such as rnn_forward, rnn_backward
    chunked_bptt      chunks of k steps, given a sequence pair
    truncated_bptt    general k1 and k2, given a step pair such as rnn_step_forward, rnn_step_backward

Every loss enters exactly once in all three, so the results differ only in how far each loss is sent back: to the start (full), to
the start of its chunk, or, for the loss of step t with k2 >= k1, over at least k2 - k1 + 1 and at most k2 steps. With k = T, and with
k1 = k2 = T, nothing is cut. "Only the last N steps" is k1 = 1, k2 = N; chunks of k steps are k1 = k2 = k. They are different algorithms.
Source: Werbos (1990); Williams and Peng (1990), whose BPTT(h; h') is k2 = h, k1 = h'; the names k1, k2: Sutskever (2013), section 2.8.6.
"""

from collections import deque
from typing import Any, NamedTuple

import numpy as np

from rnncore.reference.tree import tree_map

__all__ = ["BPTTResult", "full_bptt", "chunked_bptt", "truncated_bptt"]


class BPTTResult(NamedTuple):
    """What a pass over a sequence gives."""

    loss: float  # summed over all steps
    dparams: Any  # tree as the parameters
    dstate0: Any  # as the state: the gradient that reaches the state before the first step
    state_T: Any  # as the state, after the last step


def full_bptt(forward, backward, params, xs, state0, loss_gradient, **options):
    """Run full backpropagation through time. Memory and time grow with T.

    To train in chunks, call it on one chunk after the other, updating the parameters between the calls and passing each `state_T` on
    as the next `state0`: a NumPy array carries no gradient, so the state is detached.

    Args:
        forward: `hs, state_T, cache = forward(params, xs, state0, **options)`, such as `rnn_forward`.
        backward: `dparams, dxs, dstate0 = backward(cache, dhs, dstate_T)`, such as `rnn_backward`.
        params: what `forward` takes, a tree of arrays.
        xs: (T, B, D), or whatever `forward` takes with time first.
        state0: (B, H) array or named tuple of them, the state before the first step.
        loss_gradient: `loss, dhs = loss_gradient(start, hs)`: the summed loss of the steps start, start + 1, ... whose states
            are hs (K, B, H), and its gradient (K, B, H). Here start is 0 and K is T.
        **options: further arguments of `forward`, such as nonlinearity="relu".
    Returns:
        A `BPTTResult`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Werbos (1990).
    """
    check_sequence("full_bptt", xs, forward, backward, loss_gradient)
    hs, state_T, cache = forward(params, xs, state0, **options)
    loss, dhs = loss_gradient(0, hs)
    dparams, *_, dstate0 = backward(cache, dhs)
    return BPTTResult(loss, dparams, dstate0, state_T)


def chunked_bptt(forward, backward, params, xs, state0, loss_gradient, *, k, **options):
    """Sum the gradients of chunks of k steps; each chunk starts from the state the last one left, and no gradient crosses over.

    One chunk is kept at a time, so memory does not grow with T.

    Args:
        forward, backward, params, xs, state0, loss_gradient, **options: as in `full_bptt`; `loss_gradient` is called once for each chunk.
        k: steps in a chunk, at least 1; the last chunk may be shorter.
    Returns:
        A `BPTTResult`; its dstate0 comes from the first chunk alone.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Williams and Peng (1990) with h = h' = k.

    >>> from rnncore.reference.rnn import init_rnn, rnn_backward, rnn_forward
    >>> def half_square(start, hs):
    ...     return float(np.square(hs).sum() / 2), hs
    >>> what = rnn_forward, rnn_backward, init_rnn(np.random.default_rng(0), 2, 3), np.ones((6, 1, 2)), np.zeros((1, 3)), half_square
    >>> full, whole, halves = full_bptt(*what), chunked_bptt(*what, k=6), chunked_bptt(*what, k=3)
    >>> [bool(np.allclose(result.dparams["weight_hh"], full.dparams["weight_hh"])) for result in (whole, halves)]
    [True, False]
    """
    check_sequence("chunked_bptt", xs, forward, backward, loss_gradient)
    check_steps("chunked_bptt: k", k)
    loss, dparams, dstate0, state = 0.0, None, None, state0
    for start in range(0, len(xs), k):
        hs, state, cache = forward(params, xs[start : start + k], state, **options)
        chunk_loss, dhs = loss_gradient(start, hs)
        chunk_dparams, *_, dstate = backward(cache, dhs)
        loss += chunk_loss
        dparams = chunk_dparams if dparams is None else tree_map(np.add, dparams, chunk_dparams)
        dstate0 = dstate if start == 0 else dstate0  # later ones are dropped: this is the truncation
    return BPTTResult(loss, dparams, dstate0, state)


def truncated_bptt(step_forward, step_backward, params, xs, state0, loss_gradient, *, k1, k2, **options):
    """After every k1 steps, and after the last one, send the losses of the steps since the last time back over at most k2 steps.

    Memory grows with k2, not with T; time with k2 / k1. With k2 < k1 the losses of k1 - k2 of every k1 steps send nothing back.

    Args:
        step_forward: `state_next, cache = step_forward(params, x, state, **options)`, such as `lstm_step_forward`.
        step_backward: `dparams, dx, dstate = step_backward(cache, dstate_next)`, such as `lstm_step_backward`.
        params: what `step_forward` takes, a tree of arrays.
        xs: (T, B, D), or whatever `step_forward` takes with time first.
        state0: (B, H) array or named tuple of them, the state before the first step.
        loss_gradient: `loss, dstate = loss_gradient(t, state)`: the loss of step t, counted from 0, at the state after that step,
            and its gradient, of the type of the state. It is called once for each step, in order.
        k1: how many steps lie between two passes back, at least 1.
        k2: how many steps a pass goes back, at least 1.
        **options: further arguments of `step_forward`.
    Returns:
        A `BPTTResult`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Williams and Peng (1990), BPTT(h; h') with h = k2 and h' = k1.
    """
    check_sequence("truncated_bptt", xs, step_forward, step_backward, loss_gradient)
    check_steps("truncated_bptt: k1", k1)
    check_steps("truncated_bptt: k2", k2)
    loss, dparams, state = 0.0, tree_map(np.zeros_like, params), state0
    dstate0 = tree_map(np.zeros_like, state0)
    window = deque(maxlen=int(k2))  # (cache, gradient of the loss at the state after the step) of the last k2 steps
    for t, x in enumerate(xs):
        state, cache = step_forward(params, x, state, **options)
        step_loss, dstate = loss_gradient(t, state)
        loss += step_loss
        window.append((cache, dstate))
        since = t % k1 + 1  # steps since the last pass back
        if since == k1 or t == len(xs) - 1:
            dparams, dstate = _pass_back(step_backward, window, since, dparams)
            if len(window) == t + 1:  # the pass reached the first step
                dstate0 = tree_map(np.add, dstate0, dstate)
    return BPTTResult(loss, dparams, dstate0, state)


def _pass_back(step_backward, window, since, dparams):
    """Go back over the window; only the losses of the last `since` steps are new."""
    dstate = tree_map(np.zeros_like, window[-1][1])
    for age, (cache, dloss) in enumerate(reversed(window)):
        if age < since:
            dstate = tree_map(np.add, dstate, dloss)
        step_dparams, *_, dstate = step_backward(cache, dstate)
        dparams = tree_map(np.add, dparams, step_dparams)
    return dparams, dstate


def check_sequence(where, xs, *functions):
    for function in functions:
        if not callable(function):
            raise TypeError(f"{where}: expected a function, got a value of type {type(function).__name__}.")
    if not isinstance(xs, np.ndarray):
        raise TypeError(f"{where}: xs must be a NumPy array with time as its first axis, got a value of type {type(xs).__name__}.")
    if xs.ndim == 0 or len(xs) == 0:
        raise ValueError(f"{where}: xs must hold at least one time step, got shape {xs.shape}.")


def check_steps(name, value):
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number, got {value!r}.")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}.")
