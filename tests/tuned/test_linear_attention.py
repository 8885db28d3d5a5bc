"""Linear attention in chunks against the clear tier, step by step: results, gradients, memory, and where the chunks are cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rnncore
from rnncore.checks import check_gradient, check_purity, compare
from rnncore.reference import linear_attention as clear
from rnncore.reference.linear_attention import LinearAttentionState
from rnncore.reference.tree import leaves, tree_map
from rnncore.tuned import linear_attention as tuned

SHAPE = (70, 3, 4, 5)  # T, B, D, V all different; two chunks and a part of one
PAIR = tuned.linear_attention_forward, tuned.linear_attention_backward
CLEAR = clear.linear_attention_forward, clear.linear_attention_backward


def arguments(rng, shape=SHAPE, dtype=np.float64, start="given"):
    """Queries, keys, values and a state: one that is given, an empty one, or one that holds almost nothing."""
    T, B, D, V = shape
    qs, ks, vs = (rng.standard_normal(size) for size in [(T, B, D), (T, B, D), (T, B, V)])
    qs, ks = (x + np.copysign(0.1, x) for x in (qs, ks))  # the second derivative of phi jumps at 0, which finite differences feel
    state0 = LinearAttentionState(rng.standard_normal((B, D, V)), rng.uniform(1, 2, (B, D)))
    state0 = tree_map(lambda s: {"given": 1, "empty": 0, "almost empty": 1e-12}[start] * s, state0)
    return tree_map(lambda a: a.astype(dtype), (qs, ks, vs, state0))


def check_equal(rng, args, tol=1e-12):
    """Outputs and all gradients of both tiers, without and with a gradient of the last state."""
    *outputs, cache = PAIR[0](*args)
    *clear_outputs, clear_cache = CLEAR[0](*args)
    dtype, close = args[0].dtype, {"rtol": tol, "atol": tol, "what": "the clear tier's"}
    compare("outputs", tuple(outputs), tuple(clear_outputs), **close)
    dos, dstate_T = tree_map(lambda a: rng.standard_normal(a.shape).astype(dtype), tuple(outputs))
    for d_outputs in ((dos,), (dos, dstate_T)):
        gradients = PAIR[1](cache, *d_outputs)
        compare("gradients", gradients, CLEAR[1](clear_cache, *d_outputs), **close)
        assert {leaf.dtype for _, leaf in leaves((outputs, gradients))} == {dtype}


def test_the_tuned_functions_are_what_runs():
    for name in ("linear_attention_forward", "linear_attention_backward"):
        assert getattr(rnncore, name) is getattr(rnncore.tuned, name) is getattr(tuned, name)
        assert getattr(rnncore, name) is not getattr(rnncore.reference, name)


@pytest.mark.parametrize("start", ["given", "empty", "almost empty"])
@pytest.mark.parametrize("shape", [SHAPE, (1, 3, 4, 5), (7, 1, 4, 5), (1, 1, 1, 1), (32, 2, 3, 4), (33, 2, 1, 1), (300, 2, 8, 6)], ids=str)
def test_equals_the_clear_tier(shape, start, rng):
    check_equal(rng, arguments(rng, shape, start=start))


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 20), *[st.integers(1, 6)] * 3),
    chunk=st.integers(1, 24),
    start=st.sampled_from(["given", "empty", "almost empty"]),
    seed=st.integers(0, 10**6),
)
def test_equals_the_clear_tier_for_any_shape_and_chunk(sizes, chunk, start, seed):
    rng = np.random.default_rng(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuned, "CHUNK", chunk)
        check_equal(rng, arguments(rng, sizes, start=start))


def test_keys_that_store_almost_nothing(rng):
    """The first weights are near 1e-13, and what they hold comes back all the same."""
    qs, ks, vs, state0 = arguments(rng, start="empty")
    ks[:40] -= 30
    check_equal(rng, (qs, ks, vs, state0))
    compare("first", PAIR[0](qs, ks, vs, state0)[0][0], vs[0])


def test_what_comes_later_has_no_influence(rng):
    qs, ks, vs, state0 = arguments(rng)
    os, _, _ = PAIR[0](qs, ks, vs, state0)
    for t in (10, 31, 32, 50):
        compare("os", PAIR[0](qs[:t], ks[:t], vs[:t], state0)[0], os[:t], rtol=1e-13, atol=1e-13)


def test_float32(rng):
    check_equal(rng, arguments(rng, dtype=np.float32), tol=3e-5)


@pytest.mark.parametrize("chunk", [1, 2, 32])
def test_gradient_and_purity(chunk, rng, monkeypatch):
    monkeypatch.setattr(tuned, "CHUNK", chunk)
    args = arguments(rng, (5, 2, 3, 4))
    check_gradient(*PAIR, *args, rng=rng, tol=1e-10)
    check_purity(*PAIR, *args, rng=rng)


def test_long_sequence_gradient_along_random_directions(rng):
    check_gradient(*PAIR, *arguments(rng, (200, 3, 4, 5)), rng=rng, directions=2)


def test_backward_changes_neither_cache_nor_gradients_given(rng):
    os, state_T, cache = PAIR[0](*arguments(rng))
    given = (cache, os + 1, tree_map(np.ones_like, state_T))
    kept = tree_map(np.copy, given)
    dstate0 = PAIR[1](*given)[-1]
    for (path, now), (_, then) in zip(leaves(given), leaves(kept), strict=True):
        assert np.array_equal(now, then), path
    assert not any(np.shares_memory(a, b) for _, a in leaves((state_T, dstate0)) for _, b in leaves(given))


def test_arrays_with_gaps(rng):
    """Batch-first data seen time-first, and one gradient broadcast to all steps."""
    args = arguments(rng)
    os, state_T, cache = PAIR[0](*args)
    *outputs, gaps_cache = PAIR[0](*tree_map(np.asfortranarray, args))
    compare("outputs", tuple(outputs), (os, state_T), rtol=1e-12, atol=1e-12)
    dos = np.broadcast_to(rng.standard_normal(os.shape[1:]), os.shape)
    compare("gradients", PAIR[1](gaps_cache, dos), PAIR[1](cache, dos.copy()), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [SHAPE, (1, 3, 4, 5), (2, 2, 2, 1)], ids=str)
def test_numbers_in_the_cache(shape, dtype, rng):
    """Those that the docstring names, and never more than the clear tier keeps."""
    (T, B, D, V), args = shape, arguments(rng, shape, dtype)
    kept, clear_kept = (_numbers_kept(forward(*args)[-1], args, dtype) for forward in (PAIR[0], CLEAR[0]))
    assert kept == T * B * (V + 1) + -(-T // tuned.CHUNK) * B * D * (V + 1)
    assert kept <= clear_kept


def _numbers_kept(cache, args, dtype):
    """How many numbers a cache holds in memory that was not given, a view of something being part of it."""
    given = {id(leaf) for _, leaf in leaves(args)}
    arrays = {}
    for _, leaf in leaves(cache):
        base = leaf if leaf.base is None else leaf.base
        if id(base) not in given:
            arrays[id(base)] = base
    return sum(array.nbytes for array in arrays.values()) // np.dtype(dtype).itemsize


def test_bad_arguments_get_the_clear_tiers_sentence(rng):
    qs, ks, vs, state0 = arguments(rng)
    with_nan = vs.copy()
    with_nan[0, 0, 1] = np.nan
    wrong = [(qs[0], ks, vs, state0), (qs, ks[1:], vs, state0), (qs, ks[..., 1:], vs, state0), (qs, ks, with_nan, state0)]
    wrong += [(qs, ks, vs.astype(np.float32), state0), (qs, ks, None, state0), (qs, ks, vs, tuple(state0))]
    wrong += [(qs[:0], ks[:0], vs[:0], state0)]
    for args in wrong:
        assert sentence(PAIR[0], *args) == sentence(CLEAR[0], *args)
    (os, _, cache), (_, _, clear_cache) = PAIR[0](qs, ks, vs, state0), CLEAR[0](qs, ks, vs, state0)
    for d_outputs in ((os[0],), (os[1:],), (np.full_like(os, np.inf),), (os, os), (None,)):
        assert sentence(PAIR[1], cache, *d_outputs) == sentence(CLEAR[1], clear_cache, *d_outputs)
    assert "Cache that the forward pass returned" in sentence(PAIR[1], clear_cache, os)[1]


def sentence(function, *args):
    with pytest.raises((TypeError, ValueError)) as caught:
        function(*args)
    return type(caught.value), str(caught.value)
