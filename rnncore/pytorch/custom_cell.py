r"""One template for cells that have no fused kernel: the hand-derived BPTT of the reference as one autograd function.

    a_x = xs W_ih^T + b_ih + b_hh                     one product for all steps ("hoisted")
    states = walk(weights, a_x, state_0)              t = 1 .. T, the loop; what it keeps goes over a_x and into buffers
    slopes = slopes(weights, states, saved)           the derivatives that need no gradient, for all steps at once
    dstate_0 = walk_back(weights, slopes, dstate_T)   t = T .. 1, the loop back; da_x takes the place of the first slopes
    dxs, dweights                                     one product each for all steps, after the loop ("deferred")

The last three lines are done for one block of steps after another, from the last to the first; a small problem has one block.

An eager loop records every operation of every step in PyTorch's graph. Here the graph sees one function: forward keeps all states, the
gates, which it writes over a_x, and the few tensors that the cell asks for; a step of the loop back is a few products, written over the
slopes. The loops run over `unbind`: with `a_x[t]` under autograd the backward pass of each indexing would write a full-size tensor of
zeros, and the time would grow with T squared. In a small network a call costs more than its arithmetic, so the loops make few tensors and
no views: `unbind` makes one for every step at less than half the price of a slice in each, and the smallest problems find theirs made
(`rooms.py`). The loops run in inference mode, on tensors of that mode, often the memory of ordinary ones: a call then costs less. In a
large network memory costs most, and memory new from the system more than used: what can be written over another tensor of (T, B, gates * H)
gets none of its own, and what the way back needs for itself is as large as a block of steps. There is no second derivative: who asks for
one gets an error, and the loop of steps has it.

Contents
    CustomCell          what a cell gives to the template
    Input               how its input enters: LINEAR is the first line above
    Ops                 what its steps are made of: IN_PLACE in the loop, RECORDED under autograd
    custom_step         one time step
    custom_forward      the loop, with its gradient
    product, total      sums over all steps and sequences, for `weight_gradients`
    sigmoid_slope, tanh_slope    derivatives, times a factor

A cell works on tuples of tensors: `state` is (h,) or (h, c), with what the cell shows first. A walk goes over the steps that it is given:
all of a sequence, or a single one. A cell's functions have no branch on values and no transfer from the device, so that a call can be
compiled, or captured in a CUDA graph together with its backward pass.
Source: Werbos (1990); hoisting and deferring: Appleyard, Kocisky and Blunsom (2016), "Optimizing Performance of
Recurrent Neural Networks on GPUs".
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch.nn import functional as F
from torch.ops import aten

from rnncore.pytorch.rooms import put, take

__all__ = []

BLOCK = 2**20  # entries of a_x in a block of the way back: 4 MiB in float32


class Input(NamedTuple):
    """How the input enters the pre-activations, on tensors."""

    weights: tuple  # keys of parameters; the first one is weight_ih
    forward: Callable  # forward(weights, xs, **options) -> a_x (..., gates * H), and what `backward` needs of the way there, each (..., n)
    backward: Callable  # backward(weights, xs, kept, da_x) -> the gradient at xs W_ih^T, and one for each weight


def _transposed(weights):
    """Every matrix transposed, a vector as it is."""
    return [weight.T if weight.dim() == 2 else weight for weight in weights]


def _linear(weights, xs, **options):
    W_ih, b_ih, b_hh = weights
    return (F.linear(xs, W_ih, b_ih + b_hh),)


def _linear_backward(weights, xs, kept, da_x):
    db = total(da_x)
    return da_x, product(da_x, xs), db, db


LINEAR = Input(("weight_ih", "bias_ih", "bias_hh"), _linear, _linear_backward)


class CustomCell(NamedTuple):
    """One kind of cell, on tensors."""

    input: Input
    weights: tuple  # keys of what acts inside the loop: parameters, or parts of one
    columns: tuple  # what `ops.split` cuts pre-activations into: from where to where, in multiples of H
    saved: tuple  # what a step keeps beside the state and the gates, which `ops` leave in a_x: the width of each in multiples of H
    walk: Callable  # walk(ops, inside, steps, *state, **options) -> the last state; a step: (a_x, *columns, *where the state and saved go)
    slopes: Callable  # slopes(weights, states, saved, **options) -> tuple of (T, B, ...), the first like a_x; what is written over is new
    walk_back: Callable  # walk_back(weights, steps, *dstate) -> dstate before the first; a step: (dh, *slopes); see below
    weight_gradients: Callable  # weight_gradients(weights, states, saved, slopes) -> one for each weight; slopes[0] is da_x
    inside: Callable = _transposed  # inside(weights) -> what `walk` gets of them, made once for all steps

    # `walk_back` gets the last step first. It adds the gradient to dh, which holds that of hs, and writes da_x over slopes[0].
    # `slopes` and `weight_gradients` get a block of steps: states, each (T + 1, B, H), and saved, each (T, B, ...), with the gates first.


class Ops(NamedTuple):
    """Functions of an array: in the loop all but `split` write over their first argument."""

    add: Callable
    addmm: Callable
    addcmul: Callable
    sigmoid: Callable
    tanh: Callable
    split: Callable  # split(y, columns) -> y cut into columns: the loop has views of them before y is written, autograd gets their widths


def _views(y, columns):
    return columns


def _parts(y, columns):
    return y.split_with_sizes(columns, dim=1)


IN_PLACE = Ops(torch.Tensor.add_, torch.Tensor.addmm_, torch.Tensor.addcmul_, torch.sigmoid_, torch.tanh_, _views)
RECORDED = Ops(torch.add, torch.addmm, torch.addcmul, torch.sigmoid, torch.tanh, _parts)


def custom_step(cell, params, x, *state, **options):
    """Take one time step, by PyTorch's autograd.

    Args:
        cell: a `CustomCell`.
        params: dict of tensors that has the cell's weights.
        x: (B, D).
        *state: each (B, H).
        **options: further arguments of the cell's functions, no tensors.
    Returns:
        state_next: tuple of (B, H).
    """
    weights, H = cell.inside([params[name] for name in cell.weights]), state[0].shape[1]
    a_x, *_ = cell.input.forward([params[name] for name in cell.input.weights], x, **options)
    widths, nowhere = [(end - start) * H for start, end in cell.columns], [None] * (len(state) + len(cell.saved))
    return cell.walk(RECORDED, weights, [(a_x, *widths, *nowhere)], *state, **options)


def custom_forward(cell, params, xs, *state0, **options):
    """Run a cell over a sequence, with its own backward pass.

    Args:
        cell: a `CustomCell`.
        params: dict of tensors that has the cell's weights.
        xs: (T, B, D).
        *state0: each (B, H).
        **options: further arguments of the cell's functions, no tensors.
    Returns:
        hs: (T, B, H), the first part of the state after each step.
        state_T: tuple of (B, H).
    """
    weights = [params[name] for name in cell.input.weights + cell.weights]
    hs, *state_T = _Recurrence.apply(cell, options, len(state0), xs, *state0, *weights)
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


def _cheap_calls():  # the compiler needs no such help
    return torch.no_grad() if torch.compiler.is_compiling() else torch.inference_mode()


def _untracked(tensors):
    """The same memory as tensors made in inference mode: they have no history, and PyTorch does not count writes to them."""
    if torch.compiler.is_compiling():
        return tensors
    return [tensor if tensor.is_inference() else tensor.new_empty(0).set_(tensor) for tensor in tensors]


def _steps(tensors):
    """For each step the parts of all tensors (T, ...) that belong to it."""
    return list(zip(*(tensor.unbind() for tensor in _untracked(tensors)), strict=True))


def _steps_back(tensors):
    """The same, from the last step on."""
    return _steps(tensors)[::-1]


def _walk_room(cell, count, H, a_x):
    """What the loop writes, and its parts for each step.

    Args:
        cell: a `CustomCell`.
        count: how many parts the state has.
        H: the width of each.
        a_x: list of one tensor (T, B, gates * H).
    Returns:
        saved: list of a_x and what a step keeps beside.
        states: list of (T + 1, B, H).
        steps: for each step what `walk` gets.
    """
    (whole,) = a_x
    T, B = whole.shape[:2]
    saved = [whole, *(whole.new_empty(T, B, width * H) for width in cell.saved)]
    states = [whole.new_empty(T + 1, B, H) for _ in range(count)]
    with _cheap_calls():
        gates, *others = _untracked(saved)
        columns = [gates[:, :, start * H : end * H] for start, end in cell.columns]
        return saved, states, _steps([gates, *columns, *(part[1:] for part in _untracked(states)), *others])


class _Recurrence(torch.autograd.Function):
    """The loop over time and its gradient."""

    @staticmethod
    def forward(ctx, cell, options, count, xs, *state_and_weights):
        state, weights_in, weights = _groups(state_and_weights, count, len(cell.input.weights))
        a_x, *of_input = cell.input.forward(weights_in, xs, **options)
        room = take(cell, [a_x], functools.partial(_walk_room, cell, count, state[0].shape[1]))
        saved, states, steps = room.made
        with _cheap_calls():
            for all_steps, first in zip(states, state, strict=True):
                all_steps[0] = first
            state = cell.walk(IN_PLACE, cell.inside(weights), steps, *state, **options)
        state = [part.clone() for part in state]
        if room.key:
            saved, states = [part.clone() for part in saved], [part.clone() for part in states]
            put(room)
        ctx.cell, ctx.options, ctx.count = cell, options, count
        ctx.save_for_backward(xs, *weights_in, *weights, *states, *saved, *of_input)
        return states[0][1:], *state

    @staticmethod
    def backward(ctx, dhs, dh_T, *others):
        if torch.is_grad_enabled() and not torch.compiler.is_compiling():
            raise RuntimeError("create_graph=True: a sequence of this cell has first derivatives alone; its step function has all.")
        with torch.no_grad():
            return _Recurrence.gradients(ctx, dhs, dh_T, others)

    @staticmethod
    def gradients(ctx, dhs, dh_T, others):
        cell, (xs, *kept) = ctx.cell, ctx.saved_tensors
        sizes = len(cell.input.weights), len(cell.weights), ctx.count, 1 + len(cell.saved)
        weights_in, weights, states, saved, of_input = _groups(kept, *sizes)
        dstate = dhs[-1] + dh_T, *others
        dxs = xs.new_empty(xs.shape) if ctx.needs_input_grad[3] else None  # 3: the place of xs in `forward`
        dweights = []
        for start, stop in reversed(_blocks(saved[0])):
            states_of = [_cut(part, start, stop + 1) for part in states]
            saved_of = [_cut(part, start, stop) for part in saved]
            with _cheap_calls():
                slopes = cell.slopes(weights, states_of, saved_of, **ctx.options)
                dhs_before = dhs[start - 1 : stop - 1].clone() if start else F.pad(dhs[: stop - 1], (0, 0, 0, 0, 1, 0))
                room = take(cell, [dhs_before, *slopes], _steps_back, whole=1)
                _, *slopes = room.tensors
                dstate = cell.walk_back(weights, room.made, *dstate)
            dstate = [part.clone() for part in dstate]  # ours alone, and nothing of inference mode
            dweights_loop = cell.weight_gradients(weights, states_of, saved_of, slopes)
            of_input_of = [_cut(part, start, stop) for part in of_input]
            dxw, *dweights_in = cell.input.backward(weights_in, _cut(xs, start, stop), of_input_of, slopes[0])
            if dxs is not None:
                torch.mm(dxw.flatten(0, 1), weights_in[0], out=_cut(dxs, start, stop).view(-1, xs.shape[2]))
            dweights.append([*dweights_in, *dweights_loop])
            put(room)
            del dxw, slopes, room  # before those of the next block are made
        dweights = [functools.reduce(torch.add, blocks) for blocks in zip(*dweights, strict=True)]
        return None, None, None, dxs, *dstate, *dweights


def _groups(values, *sizes):
    """Cut a list into groups of these sizes, and the rest."""
    groups = []
    for size in sizes:
        groups.append(values[:size])
        values = values[size:]
    return *groups, values


def _blocks(a_x):
    """From which step to which each block goes."""
    size = max(1, BLOCK // a_x[0].numel())
    return [(start, min(start + size, len(a_x))) for start in range(0, len(a_x), size)]


def _cut(tensor, start, stop):
    """The entries from start to stop; of one block, which has all, without a view, which would cost a call."""
    return tensor if stop - start == len(tensor) else tensor[start:stop]
