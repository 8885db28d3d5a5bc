"""Optimisers against torch.optim, and the properties of clipping."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnncore.checks import compare
from rnncore.reference.optim import (
    MomentumState,
    adam_step,
    adamw_step,
    clip_by_norm,
    clip_by_value,
    init_adam,
    init_momentum,
    momentum_step,
    sgd_step,
)
from rnncore.reference.tree import leaves, tree_map


def tree(rng):
    return {"rnn": {"weight": rng.standard_normal((3, 4)), "bias": rng.standard_normal(3)}, "output": rng.standard_normal(5)}


def run_torch(make, params, all_grads):
    tensors = [torch.nn.Parameter(torch.tensor(p)) for _, p in leaves(params)]
    optimiser = make(tensors)
    for grads in all_grads:
        for tensor, (_, g) in zip(tensors, leaves(grads), strict=True):
            tensor.grad = torch.tensor(g)
        optimiser.step()
    return [t.detach().numpy() for t in tensors]


def test_sgd_equals_torch(rng):
    params, all_grads = tree(rng), [tree(rng) for _ in range(5)]
    expected = run_torch(lambda p: torch.optim.SGD(p, lr=0.1), params, all_grads)
    for grads in all_grads:
        params = sgd_step(params, grads, lr=0.1)
    compare("params", [p for _, p in leaves(params)], expected)


def test_adam_equals_torch(rng):
    params, all_grads = tree(rng), [tree(rng) for _ in range(5)]
    settings = {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-6}
    expected = run_torch(lambda p: torch.optim.Adam(p, **settings), params, all_grads)
    state = init_adam(params)
    for grads in all_grads:
        params, state = adam_step(params, grads, state, **settings)
    compare("params", [p for _, p in leaves(params)], expected)


def test_clip_equals_torch(rng):
    grads = tree(rng)
    tensors = [torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64)) for _, g in leaves(grads)]
    for tensor, (_, g) in zip(tensors, leaves(grads), strict=True):
        tensor.grad = torch.tensor(g)
    norm = torch.nn.utils.clip_grad_norm_(tensors, 0.5)
    clipped, got = clip_by_norm(grads, 0.5)
    compare("norm", got, norm.item())
    by_torch = [t.grad.numpy() * ((norm.item() + 1e-6) / norm.item()) for t in tensors]  # torch divides by norm + 1e-6
    compare("clipped", [g for _, g in leaves(clipped)], by_torch, rtol=1e-12, atol=0)


def test_clip_by_value_equals_torch(rng):
    grads = tree(rng)
    tensors = [torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64)) for _, g in leaves(grads)]
    for tensor, (_, g) in zip(tensors, leaves(grads), strict=True):
        tensor.grad = torch.tensor(g)
    torch.nn.utils.clip_grad_value_(tensors, 0.5)
    clipped = [g for _, g in leaves(clip_by_value(grads, 0.5))]
    compare("clipped", clipped, [t.grad.numpy() for t in tensors], rtol=0, atol=0)
    assert max(np.abs(g).max() for g in clipped) == 0.5


@pytest.mark.parametrize("settings", [{}, {"momentum": 0.7}, {"nesterov": True}, {"weight_decay": 0.3}])
def test_momentum_equals_torch(rng, settings):
    settings = {"lr": 0.1, "momentum": 0.9} | settings
    params, all_grads = tree(rng), [tree(rng) for _ in range(5)]
    expected = run_torch(lambda p: torch.optim.SGD(p, **settings), params, all_grads)
    state = init_momentum(params)
    for grads in all_grads:
        params, state = momentum_step(params, grads, state, **settings)
    compare("params", [p for _, p in leaves(params)], expected)


def test_no_momentum_is_plain_descent(rng):
    params, grads = tree(rng), tree(rng)
    stepped, state = momentum_step(params, grads, init_momentum(params), lr=0.1, momentum=0.0)
    compare("params", stepped, sgd_step(params, grads, lr=0.1))
    compare("velocity", state, MomentumState(grads))


def test_weight_decay_equals_torch(rng):
    """L2 joins the gradient in SGD and Adam; AdamW shrinks the weights apart from it."""
    params, all_grads = tree(rng), [tree(rng) for _ in range(5)]
    settings = {"lr": 0.01, "weight_decay": 0.3}
    sgd = params
    for grads in all_grads:
        sgd = sgd_step(sgd, grads, **settings)
    compare("SGD", [p for _, p in leaves(sgd)], run_torch(lambda p: torch.optim.SGD(p, **settings), params, all_grads))
    results = {}
    for step, optimiser in ((adam_step, torch.optim.Adam), (adamw_step, torch.optim.AdamW)):
        adam, state = params, init_adam(params)
        for grads in all_grads:
            adam, state = step(adam, grads, state, **settings)
        results[step] = [p for _, p in leaves(adam)]
        expected = run_torch(lambda p, optimiser=optimiser: optimiser(p, **settings), params, all_grads)
        compare(step.__name__, results[step], expected)
    assert max(np.abs(a - b).max() for a, b in zip(*results.values(), strict=True)) > 1e-3  # two different things


def test_no_decay_leaves_adam_and_adamw_the_same(rng):
    params, grads = tree(rng), tree(rng)
    compare("AdamW", adamw_step(params, grads, init_adam(params), weight_decay=0.0), adam_step(params, grads, init_adam(params)))


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8), bound=st.floats(1e-3, 1e3))
def test_clipping_bounds_the_norm_and_keeps_the_direction(values, bound):
    grads = {"w": np.array(values)}
    clipped, norm = clip_by_norm(grads, bound)
    assert np.linalg.norm(clipped["w"]) <= bound * (1 + 1e-12)
    if norm <= bound:
        assert np.array_equal(clipped["w"], grads["w"])
    else:
        compare("direction", clipped["w"] * norm, grads["w"] * bound, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_changes_in_place_and_the_dtype_stays(rng, dtype):
    params, grads = (tree_map(lambda a: a.astype(dtype), tree(rng)) for _ in range(2))
    before = copy.deepcopy((params, grads))
    state, momentum = init_adam(params), init_momentum(params)
    for result in (
        sgd_step(params, grads, lr=0.1, weight_decay=0.1),
        momentum_step(params, grads, momentum, lr=0.1, weight_decay=0.1),
        momentum_step(params, grads, momentum, lr=0.1, nesterov=True)[0],
        adam_step(params, grads, state, weight_decay=0.1)[0],
        adamw_step(params, grads, state)[0],
        clip_by_norm(grads, 0.1)[0],
        clip_by_value(grads, 0.1),
    ):
        assert {leaf.dtype for _, leaf in leaves(result)} == {np.dtype(dtype)}
    compare("arguments", (params, grads), before, rtol=0, atol=0)
    assert state.step == 0
    assert not any(leaf.any() for _, leaf in leaves(momentum))
