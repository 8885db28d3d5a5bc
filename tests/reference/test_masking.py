"""Sequences of unequal length: masks, reversal, last states, masked and packed runs, against each sequence alone and torch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

import rnncore
from rnncore import reference
from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference.cells import CELLS
from rnncore.reference.lstm import LSTMState
from rnncore.reference.masked import masked_backward, masked_forward
from rnncore.reference.masking import (
    last_state_backward,
    last_state_forward,
    length_mask,
    reverse_padded_backward,
    reverse_padded_forward,
)
from rnncore.reference.packing import (
    pack_backward,
    pack_forward,
    packed_backward,
    packed_forward,
    packed_layout,
    unpack_backward,
    unpack_forward,
)
from rnncore.reference.tree import tree_map
from rnncore.tuned import masked as tuned

T, B, D, H = 6, 5, 3, 4
LENGTHS = np.array([4, 1, 6, 4, 2])
TUNED = tuned.masked_forward, tuned.masked_backward
TORCH = {
    "rnn": (torch.nn.RNN, {}),
    "rnn relu": (torch.nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (torch.nn.LSTM, {}),
    "gru": (torch.nn.GRU, {}),
}


def arguments(rng, name, T=T, B=B, D=D, H=H):
    cell = CELLS[name.split()[0]]
    state0 = tree_map(lambda s: rng.standard_normal(s.shape), cell.zero_state(B, H))
    return cell.init(rng, D, H), rng.standard_normal((T, B, D)), state0


def one_by_one(cell, params, xs, state0, lengths, dhs, dstate_T):
    """The specification: every sequence by itself, without padding; gradients of shared things are summed."""
    hs, dxs, states, dstates, dparams = np.zeros_like(dhs), np.zeros_like(xs), [], [], None
    for b, n in enumerate(lengths):
        hs_b, state, cache = cell.forward(params, xs[:n, b : b + 1], row(state0, b))
        d = cell.backward(cache, dhs[:n, b : b + 1], row(dstate_T, b))
        hs[:n, b], dxs[:n, b] = hs_b[:, 0], d[1][:, 0]
        states.append(state)
        dstates.append(d[2])
        dparams = d[0] if dparams is None else tree_map(np.add, dparams, d[0])
    return (hs, join(states)), (dparams, dxs, join(dstates))


def join(states):
    return tree_map(lambda *rows: np.concatenate(rows), *states)


def row(state, b):
    return tree_map(lambda s: s[b : b + 1], state)


def run_packed(params, xs, state0, lengths, **options):
    """Pack, run, unpack: as one mirror pair."""
    data, pack_cache = pack_forward(xs, lengths)
    hs, state_T, run_cache = packed_forward(params, data, state0, lengths, **options)
    hs, unpack_cache = unpack_forward(hs, lengths, steps=len(xs))
    return hs, state_T, (pack_cache, run_cache, unpack_cache)


def run_packed_backward(cache, dhs, dstate_T=None):
    pack_cache, run_cache, unpack_cache = cache
    dparams, ddata, dstate0 = packed_backward(run_cache, unpack_backward(unpack_cache, dhs), dstate_T)
    return dparams, pack_backward(pack_cache, ddata), dstate0


RUNS = pytest.mark.parametrize(
    ("forward", "backward"),
    [(masked_forward, masked_backward), (run_packed, run_packed_backward), TUNED],
)


def agree_with_one_by_one(rng, forward, backward, name, params, xs, state0, lengths):
    hs, state_T, cache = forward(params, xs, state0, lengths, cell=name)
    dhs, dstate_T = rng.standard_normal(hs.shape), tree_map(lambda s: rng.standard_normal(s.shape), state_T)
    outputs, gradients = one_by_one(CELLS[name], params, xs, state0, lengths, dhs, dstate_T)
    compare(name, (hs, state_T), outputs, rtol=1e-12, atol=1e-12)
    compare(f"{name}: gradients", backward(cache, dhs, dstate_T), gradients, rtol=1e-11, atol=1e-11)


@RUNS
@pytest.mark.parametrize("name", CELLS)
def test_each_sequence_as_if_alone(rng, forward, backward, name):
    agree_with_one_by_one(rng, forward, backward, name, *arguments(rng, name), LENGTHS)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("lengths", [LENGTHS, np.full(B, 1), np.full(B, T), np.array([3, 1, 3, 2, 1])])
@pytest.mark.parametrize("name", CELLS)
def test_the_tuned_tier_equals_the_clear_one(rng, name, lengths, own):
    """A tuned cell that runs on through the padding, and a cell of one's own, here the clear one, which does not."""
    clear = {kind: getattr(reference, f"{name}_{kind}") for kind in ("forward", "backward")}
    cell = CELLS[name]._replace(**clear) if own else CELLS[name]
    args = (*arguments(rng, name), lengths)
    (*outputs, cache), (*expected, masked_cache) = TUNED[0](*args, cell=cell), masked_forward(*args, cell=name)
    compare("outputs", tuple(outputs), tuple(expected), rtol=1e-12, atol=1e-12)
    dhs, dstate_T = tree_map(lambda a: rng.standard_normal(a.shape), tuple(outputs))
    for dstate in (dstate_T, None):
        gradients = TUNED[1](cache, dhs, dstate)
        compare("gradients", gradients, masked_backward(masked_cache, dhs, dstate), rtol=1e-12, atol=1e-12)


def test_the_tuned_tier_is_what_runs():
    assert rnncore.masked_forward is TUNED[0] and rnncore.masked_backward is TUNED[1]
    assert reference.masked_forward is masked_forward and reference.masked_backward is masked_backward


def test_both_tiers_say_the_same_of_bad_input(rng):
    params, xs, state0 = arguments(rng, "gru")
    wrong = [((params, xs[0], state0, LENGTHS), {}), ((params, xs, state0, LENGTHS[:2]), {}), ((params, xs, state0, LENGTHS + 3), {})]
    wrong += [((params, xs, xs, LENGTHS), {}), ((params, xs, state0, LENGTHS), {"reset": "never"})]
    for args, options in wrong:
        assert sentence(TUNED[0], *args, cell="gru", **options) == sentence(masked_forward, *args, cell="gru", **options)
    (hs, _, cache), (_, _, clear_cache) = (forward(params, xs, state0, LENGTHS, cell="gru") for forward in (TUNED[0], masked_forward))
    for d_outputs in ((hs[1:],), (hs.astype(int),), (hs, hs)):
        assert sentence(TUNED[1], cache, *d_outputs) == sentence(masked_backward, clear_cache, *d_outputs)
    assert "MaskedCache that the forward pass returned" in sentence(TUNED[1], clear_cache, hs)[1]


def sentence(function, *args, **options):
    with pytest.raises((TypeError, ValueError)) as caught:
        function(*args, **options)
    return type(caught.value), str(caught.value)


def test_a_state_may_overflow_in_the_padding(rng):
    params, xs, state0 = arguments(rng, "rnn", T=400)
    params["weight_hh"], lengths = 100 * np.eye(H), np.array([3, 1, 2, 5, 2])
    args = (params, xs, abs(state0), lengths)
    hs, state_T, cache = TUNED[0](*args, cell="rnn", nonlinearity="relu")
    expected_hs, expected_T, masked_cache = masked_forward(*args, cell="rnn", nonlinearity="relu")
    compare("outputs", (hs, state_T), (expected_hs, expected_T), rtol=1e-12, atol=1e-12)
    compare("gradients", TUNED[1](cache, hs), masked_backward(masked_cache, hs), rtol=1e-12, atol=1e-12)


@RUNS
@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
@settings(max_examples=15, deadline=None)
@given(data=st.data(), sizes=st.tuples(*[st.integers(1, 6)] * 4), seed=st.integers(0, 10**6))
def test_any_lengths(forward, backward, name, data, sizes, seed):
    """T = 1, B = 1, all of one length, longest shorter than T: whatever comes up."""
    rng = np.random.default_rng(seed)
    lengths = np.array(data.draw(st.lists(st.integers(1, sizes[0]), min_size=sizes[1], max_size=sizes[1])))
    agree_with_one_by_one(rng, forward, backward, name, *arguments(rng, name, *sizes), lengths)


@RUNS
@pytest.mark.parametrize("name", TORCH)
def test_equals_torch_on_packed_sequences(rng, forward, backward, name):
    layer_type, options = TORCH[name]
    lstm = name == "lstm"

    def torch_nn(params, xs, state0, lengths, cell, **options):
        layer = layer_type(D, H, dtype=torch.float64, **options)
        packed = pack_padded_sequence(xs, lengths.cpu(), enforce_sorted=False)
        state0 = tuple(s[None] for s in state0) if lstm else state0[None]
        hs, state_T = torch.func.functional_call(layer, {k + "_l0": v for k, v in params.items()}, (packed, state0))
        return pad_packed_sequence(hs)[0], LSTMState(*(s[0] for s in state_T)) if lstm else state_T[0]

    params, xs, state0 = arguments(rng, name)
    check_parity(forward, backward, torch_nn, params, xs, state0, LENGTHS, rng=rng, cell=name.split()[0], **options)


@RUNS
@pytest.mark.parametrize("name", ["rnn", "lstm"])
def test_gradient_and_purity(rng, forward, backward, name):
    params, xs, state0 = arguments(rng, name, B=3)
    check_gradient(forward, backward, params, xs, state0, LENGTHS[:3], rng=rng, tol=1e-10, cell=name)
    check_purity(forward, backward, params, xs, state0, LENGTHS[:3], rng=rng, cell=name)


@RUNS
def test_no_gradient_for_the_last_state_means_zero(rng, forward, backward):
    hs, state_T, cache = forward(*arguments(rng, "lstm"), LENGTHS)
    compare("gradients", backward(cache, hs), backward(cache, hs, tree_map(np.zeros_like, state_T)), rtol=0, atol=0)


@RUNS
@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_padding_has_no_influence(rng, forward, backward, name):
    params, xs, state0 = arguments(rng, name)
    params = tree_map(lambda p: 8 * p, params)
    outside = ~length_mask(LENGTHS, T)
    other = np.where(outside[..., None], np.finfo(float).max, xs)  # the largest number: products with it overflow
    results = []
    for inputs in (xs, other):
        hs, state_T, cache = forward(params, inputs, state0, LENGTHS, cell=name)
        dhs = np.where(outside[..., None], 1e9 * len(results), hs)
        results.append((hs, state_T, backward(cache, dhs, state_T)))
        assert (hs[outside] == 0).all() and (results[-1][2][1][outside] == 0).all()
    compare("with other padding", results[1], results[0], rtol=0, atol=0)


@RUNS
def test_full_lengths_equal_the_plain_run(rng, forward, backward):
    params, xs, state0 = arguments(rng, "lstm")
    hs, state_T, cache = forward(params, xs, state0, np.full(B, T))
    plain_hs, plain_T, plain_cache = CELLS["lstm"].forward(params, xs, state0)
    compare("outputs", (hs, state_T), (plain_hs, plain_T))
    compare("gradients", backward(cache, hs, state_T), CELLS["lstm"].backward(plain_cache, hs, state_T))


@RUNS
def test_dtype_follows_the_input(rng, forward, backward):
    params, xs, state0 = tree_map(lambda a: a.astype(np.float32), arguments(rng, "lstm"))
    hs, state_T, cache = forward(params, xs, state0, LENGTHS)
    dparams, dxs, dstate0 = backward(cache, hs)
    assert {a.dtype for a in (hs, *state_T, dxs, *dstate0, *dparams.values())} == {np.dtype(np.float32)}


def test_length_mask(rng):
    mask = length_mask(LENGTHS, T)
    assert mask.shape == (T, B) and mask.sum(axis=0).tolist() == LENGTHS.tolist()
    assert all(mask[t, b] == (t < LENGTHS[b]) for t in range(T) for b in range(B))


def test_reverse_padded(rng):
    xs = rng.standard_normal((T, B, D))
    ys, _ = reverse_padded_forward(xs, LENGTHS)
    for b, n in enumerate(LENGTHS):
        assert np.array_equal(ys[:n, b], xs[:n, b][::-1]) and np.array_equal(ys[n:, b], xs[n:, b])
    assert np.array_equal(reverse_padded_forward(ys, LENGTHS)[0], xs)
    check_gradient(reverse_padded_forward, reverse_padded_backward, xs, LENGTHS, rng=rng, tol=1e-10)
    check_purity(reverse_padded_forward, reverse_padded_backward, xs, LENGTHS, rng=rng)


def test_last_state(rng):
    hs = rng.standard_normal((T, B, H))
    h, _ = last_state_forward(hs, LENGTHS)
    assert all(np.array_equal(h[b], hs[n - 1, b]) for b, n in enumerate(LENGTHS))
    check_gradient(last_state_forward, last_state_backward, hs, LENGTHS, rng=rng, tol=1e-10)
    check_purity(last_state_forward, last_state_backward, hs, LENGTHS, rng=rng)
    run_hs, state_T, _ = masked_forward(*arguments(rng, "gru"), LENGTHS, cell="gru")
    assert np.array_equal(last_state_forward(run_hs, LENGTHS)[0], state_T)


@pytest.mark.parametrize("lengths", [LENGTHS, np.array([6, 4, 4, 2, 1]), np.array([3, 3, 3, 3, 3]), np.array([1, 1, 1, 1, 1])])
def test_packing_has_the_layout_of_torch(rng, lengths):
    xs = rng.standard_normal((T, B, D))
    data, _ = pack_forward(xs, lengths)
    batch_sizes, order = packed_layout(lengths)
    in_order = bool((np.diff(lengths) <= 0).all())
    packed = pack_padded_sequence(torch.tensor(xs), torch.tensor(lengths), enforce_sorted=in_order)
    assert np.array_equal(data, packed.data) and np.array_equal(batch_sizes, packed.batch_sizes)
    ours = PackedSequence(torch.tensor(data), torch.tensor(batch_sizes), torch.tensor(order), torch.tensor(np.argsort(order)))
    padded, torch_lengths = pad_packed_sequence(ours, total_length=T)  # torch reads what was packed here, whatever the order of ties
    unpacked, _ = unpack_forward(data, lengths, steps=T)
    assert np.array_equal(unpacked, padded) and np.array_equal(torch_lengths, lengths)
    assert np.array_equal(unpacked, np.where(length_mask(lengths, T)[..., None], xs, 0))
    assert np.array_equal(unpack_forward(data, lengths)[0], unpacked[: lengths.max()])


def test_packing_gradients(rng):
    xs = rng.standard_normal((T, B, D))
    data, _ = pack_forward(xs, LENGTHS)
    check_gradient(pack_forward, pack_backward, xs, LENGTHS, rng=rng, tol=1e-10)
    check_gradient(unpack_forward, unpack_backward, data, LENGTHS, rng=rng, tol=1e-10, steps=T + 1)
    check_purity(pack_forward, pack_backward, xs, LENGTHS, rng=rng)
    check_purity(unpack_forward, unpack_backward, data, LENGTHS, rng=rng)
