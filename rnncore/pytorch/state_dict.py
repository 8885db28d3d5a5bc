"""State dicts of `torch.nn.RNN`, `LSTM` and `GRU`, to the reference's parameters and back.

    weight_ih_l0,  weight_hh_l0,  bias_ih_l0,  bias_hh_l0                 first layer
    weight_ih_l1,  ...                                                    second layer
    weight_ih_l0_reverse, ...                                             its reverse direction

    one layer              {"weight_ih": ..., "weight_hh": ..., "bias_ih": ..., "bias_hh": ...}
    two directions         {"forward": one, "reverse": one}               as in `bidirectional.py`
    several layers         [first, second, ...]                           as in `stacked.py`, each of one direction or two

Contents
    params_from_state_dict     tensors of a module -> NumPy arrays
    state_dict_from_params     arrays, or tensors, -> tensors for `module.load_state_dict`

Only names change: the shapes, and the order of the gates within them, are the same on both sides.
Source: the names are those of `torch.nn`.
"""

import re

import torch

from rnncore.pytorch.fused import NAMES

__all__ = ["params_from_state_dict", "state_dict_from_params"]

_KEY = re.compile(rf"({'|'.join(NAMES)})_l(\d+)(_reverse)?")


def params_from_state_dict(state_dict, *, prefix="", stacked=None):
    """Turn the state dict of a recurrent module into parameters of the reference.

    Args:
        state_dict: dict of tensors, such as `torch.nn.LSTM(3, 4).state_dict()`.
        prefix: what stands before each name if the module is part of a larger one, such as "encoder.rnn."; other keys are left out.
        stacked: True gives a list of layers, also for one layer; None does so for two layers or more.
    Returns:
        Parameters as above, of NumPy arrays that share no memory with the tensors. `to_torch` makes tensors of them.
    Raises:
        TypeError: state_dict is no dict.
        ValueError: a key is no parameter of these modules, or one is missing; a module made with bias=False or proj_size has no
            counterpart in the reference.

    >>> params = params_from_state_dict(torch.nn.GRU(3, 4).state_dict())
    >>> {name: array.shape for name, array in params.items()}
    {'weight_ih': (12, 3), 'weight_hh': (12, 4), 'bias_ih': (12,), 'bias_hh': (12,)}
    """
    if not isinstance(state_dict, dict):
        raise TypeError(f"state_dict must be a dict of tensors, got a value of type {type(state_dict).__name__}.")
    arrays = {key[len(prefix) :]: _array(value) for key, value in state_dict.items() if key.startswith(prefix)}
    if not arrays:
        raise ValueError(f"state_dict has no key that starts with {prefix!r}." if prefix else "state_dict is empty.")
    layers, directions = _layers_and_directions(arrays)
    params = [_layer(arrays, k, directions) for k in range(layers)]
    return params if stacked or layers > 1 else params[0]


def state_dict_from_params(params, *, prefix=""):
    """Turn parameters of the reference, or of the mirror, into the state dict of a recurrent module.

    Args:
        params: one layer, two directions or a list of layers, as above, of NumPy arrays or tensors.
        prefix: text to put before each name.
    Returns:
        A dict of tensors that share no memory with params; those of arrays are on the CPU.
    Raises:
        TypeError: params is neither a dict nor a list of dicts.
        ValueError: a dict has other keys, or the list is empty.

    >>> params = {"weight_ih": torch.zeros(4, 3), "weight_hh": torch.zeros(4, 4), "bias_ih": torch.zeros(4), "bias_hh": torch.zeros(4)}
    >>> list(state_dict_from_params({"forward": params, "reverse": params}))[::4]
    ['weight_ih_l0', 'weight_ih_l0_reverse']
    >>> torch.nn.RNN(3, 4).load_state_dict(state_dict_from_params(params))
    <All keys matched successfully>
    """
    layers = params if isinstance(params, list) else [params]
    if not layers:
        raise ValueError("params must hold one layer or more, got an empty list.")
    state_dict = {}
    for k, layer in enumerate(layers):
        for suffix, direction in _directions(layer, f"params[{k}]" if layers is params else "params"):
            for name in NAMES:
                state_dict[f"{prefix}{name}_l{k}{suffix}"] = torch.as_tensor(direction[name]).detach().clone()
    return state_dict


def _layers_and_directions(arrays):
    """How many layers a state dict has, and the suffixes of their directions."""
    matches = [_KEY.fullmatch(key) for key in arrays]
    for key, match in zip(arrays, matches, strict=True):
        if match is None:
            raise ValueError(f"state_dict must hold only {', '.join(NAMES)} with _l0, _l0_reverse, _l1, ..., but it also has {key!r}.")
    layers = 1 + max(int(match[2]) for match in matches)
    directions = ("", "_reverse") if any(match[3] for match in matches) else ("",)
    for key in (f"{name}_l{k}{suffix}" for k in range(layers) for suffix in directions for name in NAMES):
        if key not in arrays:
            why = "; modules made with bias=False have no counterpart in the reference" if key.startswith("bias") else ""
            raise ValueError(f"state_dict lacks {key!r}{why}.")
    return layers, directions


def _layer(arrays, k, directions):
    parts = [{name: arrays[f"{name}_l{k}{suffix}"] for name in NAMES} for suffix in directions]
    return parts[0] if len(parts) == 1 else dict(zip(("forward", "reverse"), parts, strict=True))


def _directions(layer, where):
    """Pairs (suffix, parameters) of a layer."""
    if isinstance(layer, dict) and layer.keys() == {"forward", "reverse"}:
        pairs = [("", layer["forward"], f"{where}['forward']"), ("_reverse", layer["reverse"], f"{where}['reverse']")]
    else:
        pairs = [("", layer, where)]
    for _, direction, name in pairs:
        if not isinstance(direction, dict):
            raise TypeError(f"{name} must be a dict of parameters, got a value of type {type(direction).__name__}.")
        if direction.keys() != set(NAMES):
            raise ValueError(f"{name} must have exactly the keys {', '.join(NAMES)}, got {', '.join(map(str, direction))}.")
    return [(suffix, direction) for suffix, direction, _ in pairs]


def _array(tensor):
    return tensor.detach().cpu().numpy().copy()
