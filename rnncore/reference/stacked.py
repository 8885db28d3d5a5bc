"""Layers on top of one another: the hidden states of one layer are the inputs of the next.

    hs_1 = layer_1(xs)
    hs_k = layer_k(mask_{k-1} * hs_{k-1})                    k = 2 .. L
    hs_k = layer_k(mask_{k-1} * hs_{k-1}) + hs_{k-1}         with residual=True

Contents
    init_stacked         parameters of all layers
    stacked_forward      all layers over a sequence
    stacked_backward     its gradient

Parameters and states are lists with one entry for each layer: entry k holds what PyTorch calls `_lk`. The first layer reads D numbers,
every other one H. Dropout acts between layers, never from step to step and not after the last; the masks are given, so that the same
arguments give the same result. A shortcut goes around layer and dropout.
Source: Graves, Mohamed and Hinton (2013); dropout between layers: Zaremba, Sutskever and Vinyals (2014); shortcuts: Wu et al. (2016).
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.cells import Cell, find_cell, params_of, state_of
from rnncore.reference.masking import check_lengths
from rnncore.reference.shapes import shapes
from rnncore.tuned.masked import layer_backward, layer_forward

__all__ = ["StackedCache", "init_stacked", "stacked_backward", "stacked_forward"]


class StackedCache(NamedTuple):
    """What a stack keeps for its backward pass."""

    cell: Cell
    layers: list  # the cell's cache of each layer
    masks: list  # L - 1 arrays, or None
    residual: bool
    hs: np.ndarray  # (T, B, H), of the last layer


def _layers(arguments):
    return max(1, len(arguments["params"])) if isinstance(arguments["params"], list) else 1


def _layer_params(arguments):
    first = params_of(arguments)
    upper = {name: axes.replace("D", "H") for name, axes in first.items()}
    return [first] + [upper] * (_layers(arguments) - 1)


def _layer_states(arguments):
    return [state_of(arguments)] * _layers(arguments)


def _layer_masks(arguments):
    return ["... B H"] * (_layers(arguments) - 1)


def _layer_dstates(arguments):
    return [arguments["cache"].cell.state] * len(arguments["cache"].layers)


@shapes(rng="rng", input_size="size", hidden_size="size", layers="size")
def init_stacked(rng, input_size, hidden_size, layers, *, cell="lstm", dtype=np.float64):
    """Draw the parameters of all layers.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D, at least 1.
        hidden_size: H of every layer, at least 1.
        layers: how many layers, at least 1.
        cell: a name in `CELLS`, or a `Cell`.
        dtype: floating-point type of the arrays.
    Returns:
        A list with one dict of the cell's parameters for each layer, from the second on with H in the place of D.
    Raises:
        TypeError, ValueError: rng is no generator, a size is not a whole number from 1 up, or there is no such cell.
    """
    init = find_cell(cell).init
    return [init(rng, hidden_size if k else input_size, hidden_size, dtype=dtype) for k in range(layers)]


@shapes(params=_layer_params, xs="T B D", state0=_layer_states, lengths="int B", masks=_layer_masks)
def stacked_forward(params, xs, state0, lengths=None, *, cell="lstm", masks=None, residual=False, **options):
    """Run a stack of layers over a sequence.

    Args:
        params: list with one dict of the cell's parameters for each layer.
        xs: (T, B, D).
        state0: list with one state of the cell for each layer, each (B, H) or LSTMState of (B, H).
        lengths: (B,), whole numbers from 1 to T; None means that every sequence has T steps.
        cell: a name in `CELLS`, or a `Cell`.
        masks: list of L - 1 dropout masks, each (T, B, H), or (B, H) for the same at all steps; None drops nothing.
        residual: whether every layer from the second on adds its input to its output.
        **options: further arguments of the cell, such as nonlinearity or reset.
    Returns:
        hs: (T, B, H), the output of the last layer; zero after the end of a sequence.
        state_T: list with the state of each layer after the last step of each sequence.
        cache: for `stacked_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Graves, Mohamed and Hinton (2013); Zaremba, Sutskever and Vinyals (2014).

    >>> params = init_stacked(np.random.default_rng(0), 3, 4, 2, cell="gru")
    >>> hs, state_T, cache = stacked_forward(params, np.ones((5, 2, 3)), [np.zeros((2, 4))] * 2, cell="gru")
    >>> hs.shape, len(state_T)
    ((5, 2, 4), 2)
    """
    if lengths is not None:
        check_lengths("stacked_forward", lengths, len(xs))
    _check_masks(masks, xs)
    cell = find_cell(cell)
    hs, states, caches = xs, [], []
    for k, (layer_params, layer_state0) in enumerate(zip(params, state0, strict=True)):
        below = hs
        inputs = below * masks[k - 1] if masks is not None and k else below
        hs, layer_state, cache = layer_forward(cell, layer_params, inputs, layer_state0, lengths, options)
        hs = hs + below if residual and k else hs
        states.append(layer_state)
        caches.append(cache)
    return hs, states, StackedCache(cell, caches, masks, residual, hs)


@shapes(cache=(StackedCache, {"hs": "T B H"}), dhs="T B H", dstate_T=_layer_dstates)
def stacked_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back through all layers, from the last to the first.

    Args:
        cache: what `stacked_forward` returned.
        dhs: (T, B, H), gradient with respect to the output of the last layer.
        dstate_T: list of gradients with respect to the states of the layers; None means zero.
    Returns:
        dparams: list with a dict for each layer, with the gradient of every parameter.
        dxs: (T, B, D).
        dstate0: list with the gradient of each layer's first state.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: the chain rule, layer by layer.
    """
    cell, layers, masks, residual, _ = cache
    dparams, dstate0 = [], []
    for k in reversed(range(len(layers))):
        dstate = None if dstate_T is None else dstate_T[k]
        layer_dparams, dbelow, layer_dstate0 = layer_backward(cell, layers[k], dhs, dstate)
        dbelow = dbelow * masks[k - 1] if masks is not None and k else dbelow
        dhs = dbelow + dhs if residual and k else dbelow
        dparams.append(layer_dparams)
        dstate0.append(layer_dstate0)
    return dparams[::-1], dhs, dstate0[::-1]


def _check_masks(masks, xs):
    for k, mask in enumerate(masks or []):
        if mask.shape[:-1] not in (xs.shape[:-1], xs.shape[1:-1]):
            raise ValueError(f"stacked_forward: masks[{k}] must have shape (T, B, H) or (B, H) with T = {len(xs)}, got {mask.shape}.")
