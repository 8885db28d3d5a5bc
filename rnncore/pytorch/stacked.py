"""Layers on top of one another: the functions of `rnncore.reference.stacked`, on any device.

Contents
    init_stacked         parameters of all layers
    stacked_forward      all layers over a sequence

Where the cell has a fused kernel, and neither dropout nor a shortcut stands between the layers, all of them run in one call, in which a GPU
starts a layer before the one below has finished. Otherwise layer follows layer.
Source: Graves, Mohamed and Hinton (2013); Zaremba, Sutskever and Vinyals (2014); Wu et al. (2016).
"""

import torch

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.cells import find_tensor_cell, params_of, state_of
from rnncore.pytorch.fused import stack_states, unstack_states
from rnncore.pytorch.masked import layer_forward
from rnncore.pytorch.masking import check_lengths
from rnncore.pytorch.packing import fused_padded

__all__ = ["init_stacked", "stacked_forward"]


def init_stacked(rng, input_size, hidden_size, layers, *, cell="lstm", device="auto", dtype=torch.float32):
    """Draw the parameters of all layers; the same numbers as the reference for the same `rng`.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D.
        hidden_size: H of every layer.
        layers: how many layers, at least 1.
        cell: a name in `TENSOR_CELLS`, or a `TensorCell`.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A list with one dict of the cell's parameters for each layer, from the second on with H in the place of D.
    Raises:
        TypeError, ValueError: rng is no generator, a size is not a whole number from 1 up, or there is no such cell.
    """
    if not isinstance(layers, int) or isinstance(layers, bool) or layers < 1:
        raise ValueError(f"init_stacked: layers must be a whole number from 1 up, got {layers!r}.")
    init = find_tensor_cell(cell).init
    return [init(rng, hidden_size if k else input_size, hidden_size, device=device, dtype=dtype) for k in range(layers)]


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


@tensors(params=_layer_params, xs="T B D", state0=_layer_states, lengths="int B", masks=_layer_masks)
def stacked_forward(params, xs, state0, lengths=None, *, cell="lstm", masks=None, residual=False, **options):
    """Run a stack of layers over a sequence.

    Args:
        params: list with one dict of the cell's parameters for each layer.
        xs: (T, B, D).
        state0: list with one state of the cell for each layer, each (B, H) or LSTMState of (B, H).
        lengths: (B,), whole numbers from 1 to T; None means that every sequence has T steps.
        cell: a name in `TENSOR_CELLS`, or a `TensorCell`.
        masks: list of L - 1 dropout masks, each (T, B, H), or (B, H) for the same at all steps; None drops nothing.
        residual: whether every layer from the second on adds its input to its output.
        **options: further arguments of the cell, such as nonlinearity or reset.
    Returns:
        hs: (T, B, H), the output of the last layer; zero after the end of a sequence.
        state_T: list with the state of each layer after the last step of each sequence.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    if lengths is not None:
        check_lengths("stacked_forward", lengths, len(xs))
    _check_masks(masks, xs)
    cell = find_tensor_cell(cell)
    kernel = cell.kernel(**options)
    if kernel is not None and masks is None and not residual:
        hs, hidden_T = fused_padded(kernel, params, xs, stack_states(*state0), lengths)
        return hs, unstack_states(hidden_T, len(params))
    hs, states = xs, []
    for k, (layer_params, layer_state0) in enumerate(zip(params, state0, strict=True)):
        below = hs
        inputs = below * masks[k - 1] if masks is not None and k else below
        hs, layer_state = layer_forward(cell, layer_params, inputs, layer_state0, lengths, options)
        hs = hs + below if residual and k else hs
        states.append(layer_state)
    return hs, states


def _check_masks(masks, xs):
    for k, mask in enumerate(masks or []):
        if mask.shape[:-1] not in (xs.shape[:-1], xs.shape[1:-1]):
            shape = tuple(mask.shape)
            raise ValueError(f"stacked_forward: masks[{k}] must have shape (T, B, H) or (B, H) with T = {len(xs)}, got {shape}.")
