"""Losses against finite differences and torch, and what a mask leaves out."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference.activations import log_softmax, log_sum_exp, sigmoid, softmax
from rnncore.reference.losses import (
    mean_squared_error_backward,
    mean_squared_error_forward,
    sigmoid_cross_entropy_backward,
    sigmoid_cross_entropy_forward,
    softmax_cross_entropy_backward,
    softmax_cross_entropy_forward,
)

T, B, D, V = 5, 2, 3, 7
SOFTMAX = (softmax_cross_entropy_forward, softmax_cross_entropy_backward)
SIGMOID = (sigmoid_cross_entropy_forward, sigmoid_cross_entropy_backward)
SQUARED = (mean_squared_error_forward, mean_squared_error_backward)


def everything(pair, torch_loss, *args, rng, **options):
    check_gradient(*pair, *args, rng=rng, tol=1e-10, data=["targets"], **options)
    check_parity(*pair, lambda *tensors, **_: torch_loss(*tensors), *args, rng=rng, data=["targets"], **options)
    check_purity(*pair, *args, rng=rng, **options)


def weighted(losses, weights):
    weights = torch.as_tensor(np.array(weights, dtype=float))
    return (losses * weights).sum() / weights.sum()


def masks(rng, shape):
    """No mask, one of True and False, one of numbers; the latter two count the first entry."""
    some = rng.random(shape) < 0.5
    some.flat[0] = True
    return [None, some, some * rng.random(shape)]


def test_softmax_cross_entropy(rng):
    logits, targets = rng.standard_normal((T, B, V)), rng.integers(0, V, (T, B))
    for mask in masks(rng, (T, B)):
        all_weights = np.ones((T, B)) if mask is None else mask

        def torch_loss(logits, targets, weights=all_weights):
            return weighted(torch.nn.functional.cross_entropy(logits.movedim(-1, 1), targets, reduction="none"), weights)

        everything(SOFTMAX, torch_loss, logits, targets, rng=rng, mask=mask)


@pytest.mark.parametrize("ignore_index", [-100, 0])
def test_ignore_index_equals_torch(rng, ignore_index):
    def torch_loss(logits, targets):
        return torch.nn.functional.cross_entropy(logits.movedim(-1, 1), targets, ignore_index=ignore_index)

    logits, targets = rng.standard_normal((T, B, V)), rng.integers(1, V, (T, B))
    targets[1:4, 0] = ignore_index
    everything(SOFTMAX, torch_loss, logits, targets, rng=rng, ignore_index=ignore_index)


def test_class_weights_equal_torch(rng):
    class_weights, logits, targets = rng.random(V), rng.standard_normal((T, V)), rng.integers(0, V, T)

    def torch_loss(logits, targets):
        return torch.nn.functional.cross_entropy(logits, targets, weight=torch.tensor(class_weights))

    everything(SOFTMAX, torch_loss, logits, targets, rng=rng, mask=class_weights[targets])


def test_sigmoid_cross_entropy(rng):
    logits, targets = rng.standard_normal((T, B, D)), rng.random((T, B, D))
    for mask in [*masks(rng, (T, B, D)), *masks(rng, (T, B))]:
        wide = np.ones((T, B, D)) if mask is None else np.broadcast_to(mask if mask.ndim == 3 else mask[..., None], (T, B, D))

        def torch_loss(logits, targets, weights=wide):
            return weighted(torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none"), weights)

        everything(SIGMOID, torch_loss, logits, targets, rng=rng, mask=mask)


def test_sigmoid_ignores_marked_targets(rng):
    logits, targets = rng.standard_normal((T, B)), rng.random((T, B))
    marked = np.where(np.arange(T)[:, None] < [3, 5], targets, -1.0)
    check_gradient(*SIGMOID, logits, marked, rng=rng, tol=1e-10, data=["targets"], ignore_index=-1)
    loss, cache = sigmoid_cross_entropy_forward(logits, marked, ignore_index=-1)
    masked_loss, masked_cache = sigmoid_cross_entropy_forward(logits, targets, mask=marked != -1)
    assert loss == masked_loss
    compare("dlogits", sigmoid_cross_entropy_backward(cache), sigmoid_cross_entropy_backward(masked_cache), rtol=0, atol=0)


def test_mean_squared_error(rng):
    predictions, targets = rng.standard_normal((T, B, D)), rng.standard_normal((T, B, D))
    for mask in [*masks(rng, (T, B, D)), *masks(rng, (T, B))]:
        wide = np.ones((T, B, D)) if mask is None else np.broadcast_to(mask if mask.ndim == 3 else mask[..., None], (T, B, D))

        def torch_loss(predictions, targets, weights=wide):
            return weighted(torch.nn.functional.mse_loss(predictions, targets, reduction="none"), weights)

        everything(SQUARED, torch_loss, predictions, targets, rng=rng, mask=mask)


@settings(max_examples=30, deadline=None)
@given(axes=st.lists(st.integers(1, 3), max_size=2), V=st.integers(1, 4), masked=st.booleans(), seed=st.integers(0, 10**6))
def test_any_shape(axes, V, masked, seed):
    """Every loss, with any leading axes or none, down to one prediction of one class."""
    rng, functional = np.random.default_rng(seed), torch.nn.functional
    mask = rng.random((1, *axes)) if masked else None
    weights = np.ones((1, *axes)) if mask is None else mask
    logits, classes, values = rng.standard_normal((1, *axes, V)), rng.integers(0, V, (1, *axes)), rng.random((1, *axes, V))
    wide = np.broadcast_to(weights[..., None], values.shape)
    for pair, targets, name, axis, w in (
        (SOFTMAX, classes, "cross_entropy", 1, weights),
        (SIGMOID, values, "binary_cross_entropy_with_logits", -1, wide),
        (SQUARED, values, "mse_loss", -1, wide),
    ):

        def of_torch(logits, targets, name=name, axis=axis, w=w):
            return weighted(getattr(functional, name)(logits.movedim(-1, axis), targets, reduction="none"), w)

        everything(pair, of_torch, logits, targets, rng=rng, mask=mask)


@settings(max_examples=25, deadline=None)
@given(sizes=st.tuples(*[st.integers(1, 6)] * 3), seed=st.integers(0, 10**6))
def test_what_is_left_out_might_as_well_not_be_there(sizes, seed):
    """A padded batch has the loss and the gradient of the predictions that count, alone; the rest has gradient zero."""
    rng = np.random.default_rng(seed)
    logits, targets = rng.standard_normal(sizes), rng.integers(0, sizes[2], sizes[:2])
    values = rng.random(sizes)
    mask = rng.random(sizes[:2]) < 0.6
    mask.flat[0] = True
    for (forward, backward), y in [(SOFTMAX, targets), (SIGMOID, values), (SQUARED, values)]:
        loss, cache = forward(logits, y, mask=mask)
        alone, alone_cache = forward(logits[mask], y[mask])
        compare("loss", loss, alone, rtol=1e-12, atol=1e-12)
        compare("gradient", backward(cache)[mask], backward(alone_cache), rtol=1e-12, atol=1e-12)
        assert not backward(cache)[~mask].any()


def test_mask_and_ignore_index_together_leave_out_both(rng):
    logits, targets, mask = rng.standard_normal((T, B, V)), rng.integers(0, V, (T, B)), np.arange(T)[:, None] < [3, 5]
    ignored = targets.copy()
    ignored[1] = -100
    both = mask & (ignored != -100)
    got, cache = softmax_cross_entropy_forward(logits, ignored, mask=mask, ignore_index=-100)
    expected, expected_cache = softmax_cross_entropy_forward(logits, targets, mask=both)
    assert got == expected
    compare("dlogits", softmax_cross_entropy_backward(cache), softmax_cross_entropy_backward(expected_cache), rtol=0, atol=0)
    marked, values = np.where(both[..., None], sigmoid(logits), -1), sigmoid(logits)
    assert (
        sigmoid_cross_entropy_forward(logits, marked, mask=mask, ignore_index=-1)[0]
        == sigmoid_cross_entropy_forward(logits, values, mask=both)[0]
    )


@pytest.mark.parametrize("pair", [SOFTMAX, SIGMOID, SQUARED], ids=lambda pair: pair[0].__name__)
def test_the_scale_of_the_mask_does_not_matter(rng, pair):
    forward, backward = pair
    logits, mask = rng.standard_normal((T, B, V)), rng.random((T, B))
    targets = rng.integers(0, V, (T, B)) if pair is SOFTMAX else rng.random((T, B, V))
    (loss, cache), (scaled_loss, scaled_cache) = forward(logits, targets, mask=mask), forward(logits, targets, mask=5 * mask)
    compare("loss and gradient", (scaled_loss, backward(scaled_cache)), (loss, backward(cache)), rtol=1e-13, atol=1e-13)


def test_huge_scores_do_not_overflow():
    logits = np.array([[1000.0, 0.0, -1000.0]])
    loss, cache = softmax_cross_entropy_forward(logits, np.array([0]))
    assert loss == 0 and np.isfinite(softmax_cross_entropy_backward(cache)).all()
    assert softmax_cross_entropy_forward(logits, np.array([2]))[0] == 2000
    assert np.array_equal(softmax(logits), [[1, 0, 0]])
    assert np.array_equal(log_softmax(logits), [[0, -1000, -2000]])
    assert np.array_equal(log_sum_exp(logits), [1000])
    assert np.array_equal(sigmoid(np.array([-1000.0, 0, 1000])), [0, 0.5, 1])
    assert sigmoid_cross_entropy_forward(np.array([1000.0]), np.array([0.0]))[0] == 1000


def test_activations_equal_torch(rng):
    a = 5 * rng.standard_normal((T, B, V))
    tensor = torch.tensor(a)
    compare("sigmoid", sigmoid(a), torch.sigmoid(tensor).numpy(), rtol=1e-13, atol=1e-13)
    compare("softmax", softmax(a), torch.softmax(tensor, -1).numpy(), rtol=1e-13, atol=1e-13)
    compare("log_softmax", log_softmax(a), torch.log_softmax(tensor, -1).numpy(), rtol=1e-13, atol=1e-13)
    compare("log_sum_exp", log_sum_exp(a), torch.logsumexp(tensor, -1).numpy(), rtol=1e-13, atol=1e-13)


def test_dtype_follows_the_input(rng):
    logits = rng.standard_normal((T, V)).astype(np.float32)
    values, mask = np.ones_like(logits), np.arange(T) < 3
    cases = [(SOFTMAX, rng.integers(0, V, T)), (SIGMOID, values), (SQUARED, values)]
    for (forward, backward), targets in cases:
        for weights in (None, mask, mask.astype(np.float32)):
            loss, cache = forward(logits, targets, mask=weights)
            assert loss.dtype == backward(cache, np.float64(2)).dtype == np.float32
