"""Lab 12, part 2: from NumPy parameters to the tensors that a layer of torch.nn loads.

Contents
    to_state_dict    the right function
    tensors          its check

Source: the names are those of `torch.nn`.
"""

import numpy as np
import torch

from rnncore.checks.compare import CheckFailed, compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab12.inputs import PARAMS
from rnncore.reference.lstm import LSTMState, init_lstm, lstm_forward

__all__ = ["tensors", "to_state_dict"]


def to_state_dict(params, device="cpu"):
    """Turn the parameters of one layer into tensors with the names that `torch.nn.LSTM` gives them.

    Args:
        params: dict of arrays: weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,); float32 or float64.
        device: the name of the device on which the tensors are to be.
    Returns:
        state_dict: dict of tensors weight_ih_l0 (4H, D), weight_hh_l0 (4H, H), bias_ih_l0 (4H,), bias_hh_l0 (4H,) of the same dtypes; they
            share no memory with the arrays and ask for no gradient yet.
    Raises:
        Nothing.
    """
    return {f"{name}_l0": torch.tensor(array, device=device) for name, array in params.items()}


def draw(rng, dtype, D, H):
    params = init_lstm(rng, D, H, dtype=dtype)
    yield params, "cpu"
    yield params, "meta"


def with_names(name_of):
    return lambda params, device="cpu": {name_of(name): torch.tensor(array, device=device) for name, array in params.items()}


def with_tensors(tensor_of):
    return lambda params, device="cpu": {f"{name}_l0": tensor_of(array, device) for name, array in params.items()}


def with_arrays(change):
    """The right function, of other parameters."""
    return lambda params, device="cpu": to_state_dict(change(params), device)


def rows(params, order):
    """The blocks of rows in another order than i, f, g, o."""
    take = ["ifgo".index(gate) for gate in order]
    return {name: array.reshape(4, -1, *array.shape[1:])[take].reshape(array.shape) for name, array in params.items()}


def a_layer_reads_with_them_and_the_arrays_stay(function, rng):
    """torch.nn.LSTM loads them and has the states of the NumPy code; what is written into a tensor does not reach the array."""
    params, xs, state0 = init_lstm(rng, 3, 2), rng.standard_normal((4, 2, 3)), LSTMState(*rng.standard_normal((2, 2, 2)))
    tensors, before = function(params), {name: array.copy() for name, array in params.items()}
    layer = torch.nn.LSTM(3, 2, dtype=torch.float64)
    try:
        layer.load_state_dict(tensors)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise CheckFailed(f"torch.nn.LSTM does not load it: {' '.join(str(error).split())}") from None
    with torch.no_grad():
        hs, _ = layer(torch.tensor(xs), tuple(torch.tensor(part)[None] for part in state0))
    compare("hs of torch.nn.LSTM with these parameters", hs.numpy(), lstm_forward(params, xs, state0)[0], what="the NumPy code's")
    for tensor in tensors.values():
        tensor += 1
    for name, array in params.items():
        compare(f"after writing into the tensor, the array {name} (they share memory; copy it)", array, before[name])


tensors = Exercise(
    to_state_dict,
    outputs=("state_dict",),
    letters="DH",
    example=lambda: (PARAMS,),
    draw=draw,
    properties=(a_layer_reads_with_them_and_the_arrays_stay,),
    mistakes={
        "the names are left as they are; those of a layer end with _l0": with_names(lambda name: name),
        "the names end with _10, one and zero; it is the letter l, for layer": with_names(lambda name: f"{name}_10"),
        "the names end with l0 without the underscore": with_names(lambda name: f"{name}l0"),
        "the names begin with l0_; it comes at their end": with_names(lambda name: f"l0_{name}"),
        "the names end with _l1, the second layer; PyTorch counts from 0": with_names(lambda name: f"{name}_l1"),
        "the names end with _0; the letter l is missing": with_names(lambda name: f"{name}_0"),
        "the names begin with lstm. as in a larger module; here the layer itself loads them": with_names(lambda name: f"lstm.{name}_l0"),
        "all tensors are float32, which is what torch.Tensor, .float() and lists of numbers make": with_tensors(
            lambda array, device: torch.tensor(array, dtype=torch.float32, device=device)
        ),
        "all tensors are float64": with_tensors(lambda array, device: torch.tensor(array, dtype=torch.float64, device=device)),
        "the device is not looked at, and all tensors are on the CPU": with_tensors(lambda array, device: torch.tensor(array)),
        "the tensors ask for a gradient, as parameters do; here they only carry numbers": with_tensors(
            lambda array, device: torch.tensor(array, device=device, requires_grad=True)
        ),
        "the device is given by its place; torch.tensor takes it by name": with_tensors(lambda array, device: torch.tensor(array, device)),
        "the function ends after the first entry: its return stands inside the loop": lambda params, device="cpu": dict(
            list(to_state_dict(params, device).items())[:1]
        ),
        "the arrays are not turned into tensors": with_tensors(lambda array, device: array.copy()),
        "the arrays become lists": with_tensors(lambda array, device: array.tolist()),
        "the weights are transposed; PyTorch keeps them as they are here": with_arrays(
            lambda params: {name: np.ascontiguousarray(array.T) for name, array in params.items()}
        ),
        "the two biases are added up; PyTorch has two": with_arrays(
            lambda params: params | {"bias_ih": params["bias_ih"] + params["bias_hh"], "bias_hh": 0 * params["bias_hh"]}
        ),
        "both biases get the sum of the two": with_arrays(
            lambda params: params | dict.fromkeys(("bias_ih", "bias_hh"), params["bias_ih"] + params["bias_hh"])
        ),
        "bias_hh is left out; PyTorch has two biases": with_arrays(
            lambda params: {name: array for name, array in params.items() if name != "bias_hh"}
        ),
        "the biases are left out": with_arrays(lambda params: {name: params[name] for name in ("weight_ih", "weight_hh")}),
        "bias_ih stands in both biases": with_arrays(lambda params: params | {"bias_hh": params["bias_ih"]}),
        "the blocks are put in the order i, f, o, g; PyTorch's is i, f, g, o": with_arrays(lambda params: rows(params, "ifog")),
        "the blocks are put in the order i, o, f, g, that of ONNX; PyTorch's is i, f, g, o": with_arrays(
            lambda params: rows(params, "iofg")
        ),
        "the tensors are zeros of the right shapes; the numbers are missing": with_tensors(
            lambda array, device: torch.zeros_like(torch.tensor(array, device=device))
        ),
        "_l0 is added to every name twice": with_names(lambda name: f"{name}_l0_l0"),
    },
)
