"""The inputs of lab 12's checks: the numbers of lab 5 in the worked examples, as tensors; other sizes at every draw."""

import numpy as np
import torch

from rnncore.checks.labs.lab05 import inputs as lab05
from rnncore.reference.lstm import LSTMState, init_lstm

__all__ = []


def tensor(array, grad=False):
    return torch.tensor(array).requires_grad_(grad)


def normal(rng, dtype, *shape, grad=False):
    return tensor(rng.standard_normal(shape).astype(dtype), grad)


def in_torch(params, grad=False):
    return {name: tensor(array, grad) for name, array in params.items()}


PARAMS = lab05.PARAMS  # NumPy; rows i, f, g, o
XS = tensor(lab05.XS)
STATE = LSTMState(*(tensor(part) for part in lab05.STATE))
NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def example_sequence():
    return in_torch(PARAMS, True), XS.clone(), STATE


def example_step():
    return tuple(part.clone().requires_grad_() for part in (XS[0], *STATE, *in_torch(PARAMS).values()))


def example_chunk():
    model = in_torch(PARAMS, True) | {"weight_out": tensor([[1.0], [-1.0]]).double(), "bias_out": tensor([0.0, 0.5]).double()}
    return {name: part.detach().requires_grad_() for name, part in model.items()}, XS.clone(), torch.tensor([[0], [1]]), STATE


def draw_params(rng, dtype, D, H, grad=False):
    return in_torch(init_lstm(rng, D, H, dtype=dtype), grad)


def draw_state(rng, dtype, B, H, grad=False):
    return LSTMState(tensor(np.tanh(rng.standard_normal((B, H))).astype(dtype), grad), normal(rng, dtype, B, H, grad=grad))


def draw_sequence(rng, dtype, T, B, D, H):
    params, state = draw_params(rng, dtype, D, H, True), draw_state(rng, dtype, B, H, True)
    yield params, normal(rng, dtype, T, B, D, grad=True), state
    yield params, normal(rng, dtype, 1, B, D), state


def draw_step(rng, dtype, B, D, H):
    params = draw_params(rng, dtype, D, H, True)
    yield normal(rng, dtype, B, D, grad=True), *draw_state(rng, dtype, B, H, True), *(params[name] for name in NAMES)


def draw_chunk(rng, dtype, T, B, D, H, V):
    # The output weights are large, so that a gradient that is clipped differs.
    output = {"weight_out": 6 * rng.standard_normal((V, H)).astype(dtype), "bias_out": rng.standard_normal(V).astype(dtype)}
    params = draw_params(rng, dtype, D, H) | in_torch(output)
    for part in params.values():
        part.requires_grad_()
    targets = torch.tensor(rng.integers(0, V, (T, B)))
    yield params, normal(rng, dtype, T, B, D), targets, draw_state(rng, dtype, B, H)
    for part in params.values():  # what the chunk before has left
        part.grad = normal(rng, dtype, *part.shape)
    yield params, normal(rng, dtype, T, B, D), targets, draw_state(rng, dtype, B, H, True)


def draw_packed(rng, dtype, T, B, D, H):
    params, xs = draw_params(rng, dtype, D, H), normal(rng, dtype, T, B, D)
    lengths = rng.permutation(np.minimum(np.arange(B), T - 1) + 1)  # none in order, one of length 1
    while B > 1 and (np.diff(lengths) <= 0).all():
        lengths = rng.permutation(lengths)
    yield params, xs, torch.tensor(lengths)
    yield params, xs, torch.tensor(np.minimum(lengths, T - 1))  # the last steps are padding for all


def draw_stream(rng, dtype, T, B, D, H):
    params, state = draw_params(rng, dtype, D, H, True), draw_state(rng, dtype, B, H)
    xs = normal(rng, dtype, 2 * T + 1, B, D)
    yield params, list(xs.split([T, 1, T])), state
    yield params, [xs[:T]], state
