"""The tuned tier against the clear one: the same outputs and gradients, the same sentences about bad input, nothing changed in place."""

import inspect
import re
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import rnncore
import rnncore.reference as reference
import rnncore.tuned as tuned
from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference.cells import CELLS
from rnncore.reference.lstm import LSTMState
from rnncore.reference.tree import leaves, tree_map
from rnncore.tuned import products

SHAPE = (7, 3, 4, 5)  # T, B, D, H all different
EDGES = [(1, 3, 4, 5), (7, 1, 4, 5), (1, 1, 1, 1), (2, 3, 1, 4), (40, 6, 3, 8)]
CASES = {
    "rnn tanh": ("rnn", {}),
    "rnn relu": ("rnn", {"nonlinearity": "relu"}),
    "rnn_residual": ("rnn_residual", {"scale": 0.05}),  # larger steps let a long sequence grow, and rounding with it
    "lstm": ("lstm", {}),
    "lstm_peephole": ("lstm_peephole", {}),
    "lstm_coupled": ("lstm_coupled", {}),
    "lstm_layer_norm": ("lstm_layer_norm", {"eps": 0.1}),  # with a small eps, norm bends too sharply for finite differences
    "gru after": ("gru", {}),
    "gru before": ("gru", {"reset": "before"}),
}
every_case = pytest.mark.parametrize("case", CASES)


def functions(case):
    """Forward and backward, tuned and clear, and their options."""
    name, options = CASES[case]
    pair, clear_pair = ([getattr(tier, f"{name}_{way}") for way in ("forward", "backward")] for tier in (tuned, reference))
    return pair, clear_pair, options


def arguments(case, rng, shape=SHAPE, dtype=np.float64):
    """Every parameter moved away from where it starts, gains and peepholes too, so that no factor of 1 or 0 hides a mistake."""
    (T, B, D, H), cell = shape, CELLS[CASES[case][0]]
    params = tree_map(lambda p: (p + 0.1 * rng.standard_normal(p.shape)).astype(dtype), cell.init(rng, D, H))
    state0 = tree_map(lambda s: rng.standard_normal(s.shape).astype(dtype), cell.zero_state(B, H))
    return params, rng.standard_normal((T, B, D)).astype(dtype), state0


def check_equal(case, rng, shape=SHAPE, dtype=np.float64, tol=1e-12):
    """Outputs and all gradients of both tiers, without and with a gradient of the last state."""
    (forward, backward), (clear_forward, clear_backward), options = functions(case)
    args = arguments(case, rng, shape, dtype)
    *outputs, cache = forward(*args, **options)
    *clear_outputs, clear_cache = clear_forward(*args, **options)
    close = {"rtol": tol, "atol": tol, "what": "the clear tier's"}
    compare("outputs", tuple(outputs), tuple(clear_outputs), **close)
    dhs = rng.standard_normal(outputs[0].shape).astype(dtype)
    dstate_T = tree_map(lambda s: rng.standard_normal(s.shape).astype(dtype), outputs[1])
    for d_outputs in ((dhs,), (dhs, dstate_T)):
        gradients = backward(cache, *d_outputs)
        compare("gradients", gradients, clear_backward(clear_cache, *d_outputs), **close)
        assert {leaf.dtype for _, leaf in leaves((outputs, gradients))} == {np.dtype(dtype)}


@every_case
@pytest.mark.parametrize("shape", [SHAPE, *EDGES], ids=str)
def test_equals_the_clear_tier(case, shape, rng):
    check_equal(case, rng, shape)


@every_case
@settings(max_examples=20, deadline=None)
@given(shape=st.tuples(*[st.integers(1, 6)] * 4), seed=st.integers(0, 99))
def test_equals_the_clear_tier_for_any_shape(case, shape, seed):
    check_equal(case, np.random.default_rng(seed), shape)


@every_case
@pytest.mark.parametrize("block", [1, 40, 45, 10**6])  # one step, two, three, all seven
def test_equals_the_clear_tier_however_time_is_cut(case, block, rng, monkeypatch):
    monkeypatch.setattr(products, "BLOCK", block)
    check_equal(case, rng)


@every_case
def test_float32(case, rng):
    check_equal(case, rng, (20, 3, 4, 5), np.float32, tol=3e-5)


@every_case
def test_gradient(case, rng):
    (forward, backward), _, options = functions(case)
    check_gradient(partial(forward, **options), backward, *arguments(case, rng, (4, 2, 3, 5)), rng=rng, tol=1e-9)


@every_case
def test_long_sequence_gradient_along_random_directions(case, rng):
    (forward, backward), _, options = functions(case)
    if case == "rnn relu":
        pytest.skip("a long ReLU recurrence crosses a kink when it is moved")
    check_gradient(partial(forward, **options), backward, *arguments(case, rng, (200, 3, 4, 16)), rng=rng, directions=2)


@pytest.mark.parametrize("case", ["rnn tanh", "rnn relu", "lstm", "gru after"])
def test_equals_torch_nn(case, rng):
    pair, _, options = functions(case)
    name = CASES[case][0]

    def torch_nn(params, xs, state0, **options):
        options.pop("reset", None)
        layer = getattr(torch.nn, name.upper())(SHAPE[2], SHAPE[3], dtype=torch.float64, **options)
        states = tuple(s[None] for s in state0) if name == "lstm" else state0[None]
        hs, state_T = torch.func.functional_call(layer, {key + "_l0": value for key, value in params.items()}, (xs, states))
        return hs, LSTMState(*(s[0] for s in state_T)) if name == "lstm" else state_T[0]

    check_parity(*pair, torch_nn, *arguments(case, rng), rng=rng, tol=1e-10, **options)


@every_case
@pytest.mark.parametrize("shape", [SHAPE, (1, 1, 2, 3)], ids=str)
def test_pure(case, shape, rng):
    pair, _, options = functions(case)
    check_purity(*pair, *arguments(case, rng, shape), rng=rng, **options)


@every_case
def test_backward_changes_neither_cache_nor_gradients_given(case, rng):
    (forward, backward), _, options = functions(case)
    hs, state_T, cache = forward(*arguments(case, rng), **options)
    given = (cache, hs + 1, tree_map(np.ones_like, state_T))
    kept = tree_map(lambda leaf: leaf.copy() if isinstance(leaf, np.ndarray) else leaf, given)
    dstate0 = backward(*given)[2]
    for (path, now), (_, then) in zip(leaves(given), leaves(kept), strict=True):
        assert np.array_equal(now, then), path
    assert not any(np.shares_memory(a, b) for _, a in leaves(dstate0) for _, b in leaves(given) if isinstance(b, np.ndarray))


@every_case
def test_last_state_is_a_copy(case, rng):
    (forward, _), _, options = functions(case)
    hs, state_T, _ = forward(*arguments(case, rng), **options)
    h_T = state_T[0] if isinstance(state_T, LSTMState) else state_T
    assert np.array_equal(h_T, hs[-1]) and not np.shares_memory(h_T, hs)


@every_case
def test_arrays_with_gaps(case, rng):
    """Batch-first data seen time-first, weights stored by columns, one output gradient broadcast to all steps."""
    (forward, backward), _, options = functions(case)
    params, xs, state0 = arguments(case, rng)
    gaps = {name: np.asfortranarray(value) for name, value in params.items()}, np.asfortranarray(xs), state0
    hs, state_T, cache = forward(params, xs, state0, **options)
    *outputs, cache_gaps = forward(*gaps, **options)
    compare("outputs", tuple(outputs), (hs, state_T), rtol=1e-12, atol=1e-12)
    dhs = np.broadcast_to(rng.standard_normal(hs.shape[1:]), hs.shape)
    compare("gradients", backward(cache_gaps, dhs), backward(cache, dhs.copy()), rtol=1e-12, atol=1e-12)


@every_case
def test_a_split_sequence_gives_the_same(case, rng):
    (forward, backward), _, options = functions(case)
    params, xs, state0 = arguments(case, rng)
    hs, state_T, cache = forward(params, xs, state0, **options)
    first, carried, first_cache = forward(params, xs[:3], state0, **options)
    second, end, second_cache = forward(params, xs[3:], carried, **options)
    compare("states", (np.concatenate([first, second]), end), (hs, state_T))
    dhs = rng.standard_normal(hs.shape)
    dparams, _, dstate0 = backward(cache, dhs)
    late, _, dcarried = backward(second_cache, dhs[3:])
    early, _, dstate0_split = backward(first_cache, dhs[:3], dcarried)
    compare("gradients", (tree_map(np.add, early, late), dstate0_split), (dparams, dstate0))


def sentence(function, *args, **options):
    with pytest.raises((TypeError, ValueError)) as caught:
        function(*args, **options)
    return type(caught.value), str(caught.value)


@every_case
def test_bad_arguments_get_the_clear_tiers_sentence(case, rng):
    (forward, _), (clear_forward, _), options = functions(case)
    params, xs, state0 = arguments(case, rng)
    with_nan = xs.copy()
    with_nan[0, 0, 1] = np.nan
    wrong = [(params, bad, state0) for bad in (xs[0], xs[..., :2], xs[:0], with_nan, xs.astype(np.float32), xs.astype(int), None)]
    wrong += [(params | {"bias": xs}, xs, state0), (list(params), xs, state0), (params, xs, xs)]
    wrong += [(params, xs, tree_map(lambda s: s[:, :2], state0))]
    for args in wrong:
        assert sentence(forward, *args, **options) == sentence(clear_forward, *args, **options)


@every_case
def test_bad_gradients_get_the_clear_tiers_sentence(case, rng):
    (forward, backward), (clear_forward, clear_backward), options = functions(case)
    args = arguments(case, rng)
    hs, _, cache = forward(*args, **options)
    *_, clear_cache = clear_forward(*args, **options)
    for wrong in ((hs[0],), (hs[1:],), (np.full_like(hs, np.inf),), (hs.astype(int),), (hs, hs), (None,)):
        assert sentence(backward, cache, *wrong) == sentence(clear_backward, clear_cache, *wrong)


@pytest.mark.parametrize(
    ("case", "unknown"),
    [
        ("rnn tanh", {"nonlinearity": "sin"}),
        ("gru after", {"reset": "never"}),
        ("rnn_residual", {"scale": 0.0}),
        ("lstm_layer_norm", {"eps": -1.0}),
    ],
)
def test_unknown_options_get_the_clear_tiers_sentence(case, unknown, rng):
    (forward, _), (clear_forward, _), _ = functions(case)
    args = arguments(case, rng)
    assert sentence(forward, *args, **unknown) == sentence(clear_forward, *args, **unknown)


@every_case
def test_the_caches_of_the_tiers_are_not_mixed_up(case, rng):
    (_, backward), (clear_forward, _), options = functions(case)
    hs, _, cache = clear_forward(*arguments(case, rng), **options)
    with pytest.raises(TypeError, match="Cache that the forward pass returned"):
        backward(cache, hs)


def test_every_cell_has_a_tuned_tier_and_runs_it():
    assert {name for name, _ in CASES.values()} == set(CELLS)
    for name, cell in CELLS.items():
        for way in ("forward", "backward"):
            fast, clear = getattr(tuned, f"{name}_{way}"), getattr(reference, f"{name}_{way}")
            assert getattr(cell, way) is getattr(rnncore, f"{name}_{way}") is fast is not clear


def test_every_sequence_function_is_tuned_or_the_docstring_says_where_it_is():
    functions = {name: f for name, f in vars(rnncore).items() if inspect.isfunction(f) and name.endswith(("_forward", "_backward"))}
    runs_tuned = {name for name, f in functions.items() if f.__module__.startswith("rnncore.tuned.")}
    tuned_cells = {f"{name}_{way}" for name in (*CELLS, "linear_attention", "masked") for way in ("forward", "backward")}
    assert runs_tuned == tuned_cells
    with_state = {name for name, f in functions.items() if "state0" in inspect.signature(f).parameters} - runs_tuned
    elsewhere = {name.removesuffix("_forward").removesuffix("_scan") for name in with_state}
    assert {"recurrent_dropout", "min_gru", "stacked"} < elsewhere <= set(re.findall(r"\w+", tuned.__doc__))


@pytest.mark.parametrize("T", [10, 3000])  # few rows, and so many that the product is formed the other way round
def test_weight_product_is_the_sum_over_steps_and_batch(T, rng):
    das, xs = rng.standard_normal((T, 2, 5)), rng.standard_normal((T, 2, 3))
    product = products.weight_product(das, xs)
    compare("product", product, np.einsum("tbn,tbd->nd", das, xs), rtol=1e-10, atol=1e-10)
    assert product.flags.c_contiguous and product.base is None
