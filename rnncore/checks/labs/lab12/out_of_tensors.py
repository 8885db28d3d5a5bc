"""Lab 12, part 3: from the tensors of a trained layer back to NumPy.

Contents
    to_params    the right function
    arrays       its check

Source: the names are those of `torch.nn`.
"""

import numpy as np
import torch

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab12.inputs import PARAMS, in_torch
from rnncore.reference.lstm import init_lstm

__all__ = ["arrays", "to_params"]


def to_params(state_dict):
    """Turn the tensors of one layer of `torch.nn.LSTM` into parameters of the NumPy code.

    Args:
        state_dict: dict of tensors: weight_ih_l0 (4H, D), weight_hh_l0 (4H, H), bias_ih_l0 (4H,), bias_hh_l0 (4H,), on any device, with or
            without gradient.
    Returns:
        params: dict of arrays weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,) of the same dtypes; they share no memory
            with the tensors.
    Raises:
        Nothing.
    """
    return {name.removesuffix("_l0"): tensor.detach().cpu().numpy().copy() for name, tensor in state_dict.items()}


def named(params):
    return {f"{name}_l0": tensor for name, tensor in params.items()}


def draw(rng, dtype, D, H):
    params = init_lstm(rng, D, H, dtype=dtype)
    yield (named(in_torch(params, True)),)
    yield (named(in_torch(params)),)


def with_names(name_of):
    return lambda state_dict: {name_of(name): tensor.detach().numpy().copy() for name, tensor in state_dict.items()}


def with_arrays(array_of):
    return lambda state_dict: {name[:-3]: array_of(tensor) for name, tensor in state_dict.items()}


def but(change):
    return lambda state_dict: change(to_params(state_dict))


def gradients_switched_off(state_dict):
    return {name[:-3]: tensor.requires_grad_(False).numpy().copy() for name, tensor in state_dict.items()}


def the_way_there_and_back(function, rng):
    """What NumPy had comes back, and training the layer does not change it."""
    params = init_lstm(rng, 3, 2)
    layer = torch.nn.LSTM(3, 2, dtype=torch.float64)
    layer.load_state_dict(named(in_torch(params)))
    back = function(dict(layer.named_parameters()))
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter += 1
    compare("params that went to PyTorch and back, after the layer was trained on (copy them, or they share memory)", back, params)


arrays = Exercise(
    to_params,
    outputs=("params",),
    letters="DH",
    example=lambda: (named(in_torch(PARAMS, True)),),
    draw=draw,
    properties=(the_way_there_and_back,),
    mistakes={
        "the names keep their _l0": with_names(lambda name: name),
        "the underscore before l0 is left at the end of the names": with_names(lambda name: name[:-2]),
        "one letter too many is cut off the names": with_names(lambda name: name[:-4]),
        "the names are cut at the first underscore, and two of them are the same": with_names(lambda name: name.split("_")[0]),
        "only the middle part of the names is kept, and two of them are the same": with_names(lambda name: name.split("_")[1]),
        "the names have an _l0 more; take it away": with_names(lambda name: f"{name}_l0"),
        "a tensor that asks for a gradient is turned into an array without detach before it": with_arrays(
            lambda tensor: tensor.numpy().copy()
        ),
        "copy is called on a tensor, which has clone; it is the array that has copy": with_arrays(
            lambda tensor: tensor.detach().cpu().copy().numpy()
        ),
        "the function ends after the first entry: its return stands inside the loop": but(lambda params: dict(list(params.items())[:1])),
        "the tensors are detached but not turned into arrays": with_arrays(lambda tensor: tensor.detach().clone()),
        "the tensors are left as they are": with_arrays(lambda tensor: tensor),
        "the arrays are lists": with_arrays(lambda tensor: tensor.tolist()),
        "all arrays are float64": with_arrays(lambda tensor: tensor.detach().numpy().astype(np.float64)),
        "all arrays are float32": with_arrays(lambda tensor: tensor.detach().numpy().astype(np.float32)),
        "the weights are transposed; the NumPy code keeps them as PyTorch does": but(
            lambda params: {name: array.T.copy() for name, array in params.items()}
        ),
        "the two biases are added up; the NumPy code has two as well": but(
            lambda params: params | {"bias_ih": params["bias_ih"] + params["bias_hh"], "bias_hh": 0 * params["bias_hh"]}
        ),
        "the two biases are added up into bias_ih, and bias_hh is left out": but(
            lambda params: {
                "weight_ih": params["weight_ih"],
                "weight_hh": params["weight_hh"],
                "bias_ih": params["bias_ih"] + params["bias_hh"],
            }
        ),
        "the biases are left out": but(lambda params: {name: params[name] for name in ("weight_ih", "weight_hh")}),
        "bias_hh is left out": but(lambda params: {name: array for name, array in params.items() if name != "bias_hh"}),
        "the gradients stand in the place of the numbers": lambda state_dict: {
            name[:-3]: tensor.grad.numpy().copy() for name, tensor in state_dict.items()
        },
        "arrays are flat; they keep the shapes of the tensors": with_arrays(lambda tensor: tensor.detach().numpy().ravel().copy()),
        "whole numbers are made of the entries": with_arrays(lambda tensor: tensor.detach().numpy().astype(int)),
    },
)
