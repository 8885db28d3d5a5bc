r"""One template for cells that have no fused kernel: the hand-derived BPTT of the reference as one autograd function.

    a_x = xs W_ih^T + b_ih + b_hh                                 one product for all steps, by autograd ("hoisted")
    state_t = step(weights, a_x_t, state_{t-1})                   t = 1 .. T, the loop; what it keeps goes over a_x and into buffers
    slopes = slopes(weights, states, saved)                       the derivatives that need no gradient, for all steps at once
    da_x_t, dstate_{t-1} = step'(slopes_t, dh_t + dstate_t)       t = T .. 1, the loop back; da_x takes the place of the first slopes
    dweights                                                      one product for all steps, after the loop ("deferred")

An eager loop records every operation of every step in PyTorch's graph. Here the graph sees one function: forward keeps all states, the
gates, which it writes over a_x, and the few tensors of `saved`; a step of the loop back is a few products, written over the slopes. The
loops run over `unbind`: with `a_x[t]` under autograd the backward pass of each indexing would write a full-size tensor of zeros, and the
time would grow with T squared. In a small network a call costs more than its arithmetic, so the loops make few tensors and few views:
`unbind` makes a view for every step at less than half the price of a slice in each. They run in inference mode, on the memory of ordinary
tensors: a call then costs less. In a large network memory costs most, so what can be written over another tensor of (T, B, gates * H)
gets none of its own. There is no second derivative: who asks for one gets an error, and the loop of steps has it.

Contents
    CustomCell          what a cell gives to the template
    Ops                 what its step is made of: IN_PLACE in the loop, RECORDED under autograd
    input_product       the first line above
    custom_step         one time step
    custom_forward      the loop, with its gradient
    product, total      sums over all steps and sequences, for `weight_gradients`
    sigmoid_slope, tanh_slope    derivatives, times a factor

A cell works on tuples of tensors: `state` is (h,) or (h, c), with what the cell shows first; `step` gets every matrix of `weights`
transposed; the loop copies them once, because products with them are then faster. Its functions have no branch on values and no transfer
from the device, so that a call can be compiled, or captured in a CUDA graph together with its backward pass.
Source: Werbos (1990); hoisting and deferring: Appleyard, Kocisky and Blunsom (2016), "Optimizing Performance of
Recurrent Neural Networks on GPUs".
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch.nn import functional as F
from torch.ops import aten

__all__ = []


class CustomCell(NamedTuple):
    """The recurrence of one kind of cell, on tensors, without the product with the input."""

    weights: tuple  # keys of what acts inside the loop: parameters, or parts of one
    saved: tuple  # what a step keeps beside the state and the gates, which `ops` leave in a_x: the width of each in multiples of H
    step: Callable  # step(ops, weights, a_x, *state, out, **options) -> state_next; out: where state_next and saved go, or None for each
    slopes: Callable  # slopes(weights, states, saved, **options) -> tuple of new (T, B, ...); states (T + 1, B, H); saved: gates first
    step_backward: Callable  # step_backward(weights, slopes, *dstate_next) -> dstate; writes da_x over the first of the slopes
    weight_gradients: Callable  # weight_gradients(weights, states, saved, slopes) -> one for each weight; slopes[0] is da_x


class Ops(NamedTuple):
    """Functions of an array: in the loop each writes over its first argument."""

    add: Callable
    addmm: Callable
    addcmul: Callable
    sigmoid: Callable
    tanh: Callable


IN_PLACE = Ops(torch.Tensor.add_, torch.Tensor.addmm_, torch.Tensor.addcmul_, torch.sigmoid_, torch.tanh_)
RECORDED = Ops(torch.add, torch.addmm, torch.addcmul, torch.sigmoid, torch.tanh)


def input_product(params, xs):
    """What the input and both biases add to the pre-activations.

    Args:
        params: dict of weight_ih (gates * H, D), bias_ih and bias_hh, each (gates * H,).
        xs: (..., D).
    Returns:
        a_x: (..., gates * H).
    """
    return F.linear(xs, params["weight_ih"], params["bias_ih"] + params["bias_hh"])


def custom_step(cell, params, a_x, *state, **options):
    """Take one time step, by PyTorch's autograd.

    Args:
        cell: a `CustomCell`.
        params: dict of tensors that has the cell's weights.
        a_x: (B, gates * H).
        *state: each (B, H).
        **options: further arguments of the cell's step, no tensors.
    Returns:
        state_next: tuple of (B, H).
    """
    weights = [_transposed(params[name]) for name in cell.weights]
    return cell.step(RECORDED, weights, a_x, *state, out=[None] * (len(state) + len(cell.saved)), **options)


def custom_forward(cell, params, a_x, *state0, **options):
    """Run a cell over a sequence, with its own backward pass.

    Args:
        cell: a `CustomCell`.
        params: dict of tensors that has the cell's weights.
        a_x: (T, B, gates * H), made for this call: the gates are written over it.
        *state0: each (B, H).
        **options: further arguments of the cell's step, no tensors.
    Returns:
        hs: (T, B, H), the first part of the state after each step.
        state_T: tuple of (B, H).
    """
    hs, *state_T = _Recurrence.apply(cell, options, len(state0), a_x, *state0, *(params[name] for name in cell.weights))
    return hs, tuple(state_T)


def product(d, v):
    """The sum of d^T v over all steps: (T, B, M) and (T, B, N) give (M, N)."""
    return d.flatten(0, 1).T @ v.flatten(0, 1)


def total(d):
    """The sum over steps and sequences: (T, B, N) gives (N,)."""
    return d.sum(dim=(0, 1))


def sigmoid_slope(factor, y, *, out):
    """A factor times the derivative of the sigmoid where it has the value y, in one pass, written into out."""
    return aten.sigmoid_backward.grad_input(factor, y, grad_input=out)


def tanh_slope(factor, y, *, out=None):
    """A factor times the derivative of tanh where it has the value y, in one pass, written into out, or into a new tensor."""
    return aten.tanh_backward.default(factor, y) if out is None else aten.tanh_backward.grad_input(factor, y, grad_input=out)


def _transposed(weight):
    """A matrix transposed, a vector as it is."""
    return weight.T if weight.dim() == 2 else weight


def _cheap_calls():  # the compiler needs no such help
    return torch.no_grad() if torch.compiler.is_compiling() else torch.inference_mode()


def _untracked(tensors):
    """The same memory as other tensors: made in inference mode, they have no history, and PyTorch does not count writes to them."""
    return tensors if torch.compiler.is_compiling() else [tensor.new_empty(0).set_(tensor) for tensor in tensors]


def _steps(tensors, order=iter):
    """For each step the parts of all tensors (T, ...) that belong to it; order: `iter`, or `reversed`."""
    return zip(*(order(tensor.unbind()) for tensor in _untracked(tensors)), strict=True)


class _Recurrence(torch.autograd.Function):
    """The loop over time and its gradient."""

    @staticmethod
    def forward(ctx, cell, options, parts, a_x, *state_and_weights):
        state, weights = state_and_weights[:parts], state_and_weights[parts:]
        (T, B), H = a_x.shape[:2], state[0].shape[1]
        states = [a_x.new_empty(T + 1, B, H) for _ in state]
        saved = [a_x, *(a_x.new_empty(T, B, width * H) for width in cell.saved)]
        for all_steps, first in zip(states, state, strict=True):
            all_steps[0] = first
        with _cheap_calls():
            inside = [_transposed(weight).contiguous() for weight in _untracked(weights)]
            for a_x_t, *out in _steps([a_x, *(part[1:] for part in states), *saved[1:]]):
                state = cell.step(IN_PLACE, inside, a_x_t, *state, out=out, **options)
        ctx.cell, ctx.options, ctx.counts = cell, options, (len(weights), parts)
        ctx.save_for_backward(*weights, *states, *saved)
        return states[0][1:], *(part[-1].clone() for part in states)

    @staticmethod
    def backward(ctx, dhs, *dstate):
        if torch.is_grad_enabled() and not torch.compiler.is_compiling():
            raise RuntimeError("create_graph=True: a sequence of this cell has first derivatives alone; its step function has all.")
        with torch.no_grad():
            return _Recurrence.gradients(ctx, dhs, *dstate)

    @staticmethod
    def gradients(ctx, dhs, *dstate):
        cell, (count, parts), kept = ctx.cell, ctx.counts, ctx.saved_tensors
        weights, states, saved = kept[:count], kept[count : count + parts], kept[count + parts :]
        slopes = cell.slopes(weights, states, saved, **ctx.options)
        with _cheap_calls():
            inside = _untracked(weights)
            for dh, *slopes_t in _steps([dhs, *slopes], reversed):
                dstate = cell.step_backward(inside, slopes_t, dstate[0] + dh, *dstate[1:])
        return None, None, None, slopes[0], *(part.clone() for part in dstate), *cell.weight_gradients(weights, states, saved, slopes)
