"""The linear recurrence: loop and scan against each other, finite differences, autograd and a closed form."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference import min_gru, min_lstm
from rnncore.reference.linear_recurrence import (
    linear_recurrence_backward,
    linear_recurrence_forward,
    linear_recurrence_scan_backward,
    linear_recurrence_scan_forward,
)

T, B, H = 7, 2, 3
LOOP = linear_recurrence_forward, linear_recurrence_backward
SCAN = linear_recurrence_scan_forward, linear_recurrence_scan_backward
CELLS = {"min_gru": min_gru, "min_lstm": min_lstm}
FORMS = pytest.mark.parametrize(("forward", "backward"), [LOOP, SCAN], ids=["loop", "scan"])


def arguments(rng, T=T, B=B, H=H):
    return rng.uniform(0, 1, (T, B, H)), rng.standard_normal((T, B, H)), rng.standard_normal((B, H))


@FORMS
def test_gradient(rng, forward, backward):
    check_gradient(forward, backward, *arguments(rng), rng=rng, tol=1e-10)


@FORMS
def test_equals_autograd(rng, forward, backward):
    def of_torch(a, b, state0):
        h, hs = state0, []
        for a_t, b_t in zip(a.unbind(0), b.unbind(0), strict=True):
            h = a_t * h + b_t
            hs.append(h)
        return torch.stack(hs)

    check_parity(forward, backward, of_torch, *arguments(rng), rng=rng, tol=1e-12)


@FORMS
def test_pure(rng, forward, backward):
    check_purity(forward, backward, *arguments(rng), rng=rng)


@settings(max_examples=50, deadline=None)
@given(sizes=st.tuples(st.integers(1, 70), st.integers(1, 3), st.integers(1, 3)), seed=st.integers(0, 10**6))
def test_scan_equals_loop(sizes, seed):
    rng = np.random.default_rng(seed)
    args, dhs = arguments(rng, *sizes), rng.standard_normal(sizes)
    (hs, cache), (scanned, scan_cache) = LOOP[0](*args), SCAN[0](*args)
    compare("hs", scanned, hs, rtol=1e-12, atol=1e-12)
    compare("gradients", SCAN[1](scan_cache, dhs), LOOP[1](cache, dhs), rtol=1e-12, atol=1e-12)


def test_closed_form_with_a_constant_factor():
    hs, _ = SCAN[0](np.full((50, 1, 1), 0.9), np.ones((50, 1, 1)), np.zeros((1, 1)))
    compare("hs", hs[:, 0, 0], (1 - 0.9 ** np.arange(1, 51)) / (1 - 0.9), rtol=1e-14)


@pytest.mark.parametrize("a", [1e-300, 1e-8, 0.5, 1 - 1e-12, 1.0])
def test_long_sequences_with_factors_at_both_ends(rng, a):
    """Products of factors underflow without harm: no logarithm, no division, warnings are errors."""
    _, b, h = arguments(rng, 1000)
    factors = np.full_like(b, a)
    (hs, cache), (scanned, scan_cache) = LOOP[0](factors, b, h), SCAN[0](factors, b, h)
    compare("hs", scanned, hs, rtol=1e-12, atol=1e-11)
    compare("gradients", SCAN[1](scan_cache, b), LOOP[1](cache, b), rtol=1e-11, atol=1e-10)


@FORMS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_follows_the_input(rng, forward, backward, dtype):
    hs, cache = forward(*(value.astype(dtype) for value in arguments(rng)))
    assert {value.dtype for value in (hs, *backward(cache, np.ones_like(hs)))} == {np.dtype(dtype)}


class Counted(np.ndarray):
    """An array that counts the arrays and views that come from it and its like."""

    made = 0

    def __array_finalize__(self, parent):
        Counted.made += 1


@pytest.mark.parametrize("back", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize(("form", "rounds"), [("loop", [1, 3, 4, 15, 16, 255]), ("scan", [1, 2, 3, 4, 5, 8])])
@pytest.mark.parametrize("name", ["linear_recurrence", "min_gru", "min_lstm"])
def test_a_scan_takes_log2_of_T_rounds_where_a_loop_takes_T(rng, name, form, rounds, back):
    """What is done beyond the first step, counted in what the second one adds: that is one step, or one round."""

    def made(T):
        a, b, state0 = arguments(rng, T)
        if name == "linear_recurrence":
            (forward, backward), first, options = LOOP if form == "loop" else SCAN, a, {}
        else:
            init, forward, backward = (getattr(CELLS[name], part.format(name)) for part in ("init_{}", "{}_forward", "{}_backward"))
            first, options = init(rng, H, H), {"form": form}
        Counted.made = 0
        hs, *_, cache = forward(first, b.view(Counted), state0.view(Counted), **options)
        before, dhs = Counted.made, np.ones_like(hs)
        backward(cache, dhs)
        return Counted.made - before if back else before

    one = made(1)
    assert [(made(T) - one) / (made(2) - one) for T in (2, 4, 5, 16, 17, 256)] == rounds
