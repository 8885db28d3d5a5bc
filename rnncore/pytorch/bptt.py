"""Backpropagation through time, in full and cut short: the functions of `rnncore.reference.bptt`, by automatic gradients.

    full        one pass forward over all T steps, one pass back over all T steps
    chunked     the same for k steps at a time; the state is detached before it goes into the next chunk
    k1, k2      after every k1 steps go back over the last k2 steps

Contents
    BPTTResult        loss, gradients and last state; the reference's named tuple, here of tensors
    full_bptt         full, given a sequence function such as lstm_forward
    chunked_bptt      chunks of k steps, given a sequence function
    truncated_bptt    general k1 and k2, given a step function such as lstm_step_forward

`state.detach()` gives the same numbers without a past. With k1 < k2 the passes back overlap, and a state that is detached once cannot be
crossed by the next pass: each step gets a graph of its own here, from a detached state before it, and the passes are joined by hand.
Nothing is accumulated in `.grad`; results carry no graph, so `state_T` can go on as the next `state0`.
Source: Werbos (1990); Williams and Peng (1990); the names k1, k2: Sutskever (2013), section 2.8.6.
"""

from collections import deque

import torch

from rnncore.reference.bptt import BPTTResult, check_steps
from rnncore.reference.tree import leaves, tree_map

__all__ = ["BPTTResult", "full_bptt", "chunked_bptt", "truncated_bptt"]


def full_bptt(forward, params, xs, state0, loss, **options):
    """Run full backpropagation through time. Memory and time grow with T.

    Args:
        forward: `hs, state_T = forward(params, xs, state0, **options)`, such as `lstm_forward`.
        params: what `forward` takes, a tree of tensors.
        xs: (T, B, D), or whatever `forward` takes with time first.
        state0: (B, H) tensor or named tuple of them, the state before the first step.
        loss: `value = loss(start, hs)`: the summed loss, a scalar tensor, of the steps start, start + 1, ... whose states are
            hs (K, B, H). Here start is 0 and K is T.
        **options: further arguments of `forward`, such as nonlinearity="relu".
    Returns:
        A `BPTTResult` of tensors: loss (), dparams as params, dstate0 and state_T as state0.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Werbos (1990).
    """
    check_sequence("full_bptt", xs, forward, loss)
    return chunk(forward, params, xs, state0, loss, 0, options)


def chunked_bptt(forward, params, xs, state0, loss, *, k, **options):
    """Sum the gradients of chunks of k steps; each chunk starts from the state the last one left, and no gradient crosses over.

    One chunk's graph is kept at a time, so memory does not grow with T.

    Args:
        forward, params, xs, state0, loss, **options: as in `full_bptt`; `loss` is called once for each chunk.
        k: steps in a chunk, at least 1; the last chunk may be shorter.
    Returns:
        A `BPTTResult` of tensors: loss (), dparams as params, dstate0 and state_T as state0; dstate0 comes from the first chunk alone.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Williams and Peng (1990) with h = h' = k.
    """
    check_sequence("chunked_bptt", xs, forward, loss)
    check_steps("chunked_bptt: k", k)
    total = chunk(forward, params, xs[:k], state0, loss, 0, options)
    for start in range(k, len(xs), k):
        part = chunk(forward, params, xs[start : start + k], total.state_T, loss, start, options)
        dparams = tree_map(torch.add, total.dparams, part.dparams)
        total = BPTTResult(total.loss + part.loss, dparams, total.dstate0, part.state_T)
    return total


def truncated_bptt(step_forward, params, xs, state0, loss, *, k1, k2, **options):
    """After every k1 steps, and after the last one, send the losses of the steps since the last time back over at most k2 steps.

    Memory grows with k2, not with T; time with k2 / k1. With k2 < k1 the losses of k1 - k2 of every k1 steps send nothing back.

    Args:
        step_forward: `state_next = step_forward(params, x, state, **options)`, such as `lstm_step_forward`.
        params: what `step_forward` takes, a tree of tensors.
        xs: (T, B, D), or whatever `step_forward` takes with time first.
        state0: (B, H) tensor or named tuple of them, the state before the first step.
        loss: `value = loss(t, state)`: the loss of step t, a scalar tensor, counted from 0, at the state after that step. It is
            called once for each step, in order.
        k1: how many steps lie between two passes back, at least 1.
        k2: how many steps a pass goes back, at least 1.
        **options: further arguments of `step_forward`.
    Returns:
        A `BPTTResult` of tensors: loss (), dparams as params, dstate0 and state_T as state0.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Williams and Peng (1990), BPTT(h; h') with h = k2 and h' = k1.
    """
    check_sequence("truncated_bptt", xs, step_forward, loss)
    check_steps("truncated_bptt: k1", k1)
    check_steps("truncated_bptt: k2", k2)
    params, before = _leaf(params), _leaf(state0)
    value, dparams, dstate0 = 0.0, tree_map(torch.zeros_like, params), tree_map(torch.zeros_like, state0)
    window = deque(maxlen=int(k2))  # (state before the step, state after it, gradient of its loss) of the last k2 steps
    for t, x in enumerate(xs.unbind()):
        after = step_forward(params, x, before, **options)
        detached = _leaf(after)
        step_loss = loss(t, detached)
        (dloss,) = _gradients(step_loss, None, detached)
        value = value + step_loss.detach()
        window.append((before, after, dloss))
        before = detached
        since = t % k1 + 1  # steps since the last pass back
        if since == k1 or t == len(xs) - 1:
            dparams, dstate = _pass_back(params, window, since, dparams)
            if len(window) == t + 1:  # the pass reached the first step
                dstate0 = tree_map(torch.add, dstate0, dstate)
    return BPTTResult(value, dparams, dstate0, _detached(before))


def chunk(forward, params, xs, state0, loss, start, options, dstate_T=None):
    """Full BPTT over some steps, from a state without a past; dstate_T is the gradient that comes from the steps after them."""
    params, state0 = _leaf(params), _leaf(state0)
    hs, state_T = forward(params, xs, state0, **options)
    value = loss(start, hs)
    outputs, d_outputs = (value, None) if dstate_T is None else ((value, state_T), (torch.ones_like(value), dstate_T))
    dparams, dstate0 = _gradients(outputs, d_outputs, params, state0)
    return BPTTResult(value.detach(), dparams, dstate0, _detached(state_T))


def _pass_back(params, window, since, dparams):
    """Go back over the window; only the losses of the last `since` steps are new."""
    dstate = tree_map(torch.zeros_like, window[-1][2])
    for age, (before, after, dloss) in enumerate(reversed(window)):
        if age < since:
            dstate = tree_map(torch.add, dstate, dloss)
        step_dparams, dstate = _gradients(after, dstate, params, before)
        dparams = tree_map(torch.add, dparams, step_dparams)
    return dparams, dstate


def _gradients(outputs, d_outputs, *trees):
    """The gradient with respect to each tree; the graph stays, as a later pass may cross it again."""
    grad_outputs = None if d_outputs is None else _tensors(d_outputs)
    options = {"retain_graph": True, "allow_unused": True, "materialize_grads": True}
    gradients = iter(torch.autograd.grad(_tensors(outputs), _tensors(trees), grad_outputs, **options))
    return tree_map(lambda _: next(gradients), trees)


def _tensors(tree):
    return [leaf for _, leaf in leaves(tree)]


def _detached(tree):
    return tree_map(torch.Tensor.detach, tree)


def _leaf(tree):
    """The same numbers without a past, with a gradient to be asked for."""
    return tree_map(lambda tensor: tensor.detach().requires_grad_(), tree)


def check_sequence(where, xs, *functions):
    """Refuse what is no function, and an xs without a time step."""
    for function in functions:
        if not callable(function):
            raise TypeError(f"{where}: expected a function, got a value of type {type(function).__name__}.")
    if not isinstance(xs, torch.Tensor):
        raise TypeError(f"{where}: xs must be a tensor with time as its first axis, got a value of type {type(xs).__name__}.")
    if xs.ndim == 0 or len(xs) == 0:
        raise ValueError(f"{where}: xs must hold at least one time step, got shape {tuple(xs.shape)}.")
