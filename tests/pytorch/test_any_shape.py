"""The mirror gives the reference's results for sizes drawn at random, from one step, one sequence and one unit on."""

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

import rnncore.pytorch as mirror
from rnncore import reference
from rnncore.checks import check_parity, compare
from rnncore.reference import attention, bidirectional, masked, packing, stacked
from rnncore.reference.cells import CELLS
from rnncore.reference.tree import tree_map

VARIANTS = [("rnn", {}), ("rnn", {"nonlinearity": "relu"}), ("lstm", {}), ("gru", {}), ("gru", {"reset": "before"}), ("lstm_peephole", {})]
cells = pytest.mark.parametrize(("name", "options"), VARIANTS)


def any_shape(count):
    """Sizes drawn from 1 to 4, and in any case all of them 1, or one of the first three."""

    def decorate(test):
        for ones in [range(count), [0], [1], [2]]:
            test = example(sizes=tuple(1 if k in ones else 2 + k % 3 for k in range(count)), seed=3)(test)
        test = given(sizes=st.tuples(*[st.integers(1, 4)] * count), seed=st.integers(0, 10**6))(test)
        return settings(max_examples=12, deadline=None)(test)

    return decorate


def drawn(rng, cell, T, B, D, H):
    """Parameters, inputs, a function that draws a state, and a length for each sequence."""

    def state():
        return tree_map(lambda s: s + rng.standard_normal(s.shape), cell.zero_state(B, H))

    return cell.init(rng, D, H), rng.standard_normal((T, B, D)), state, rng.integers(1, T + 1, B)


def as_tuple(step):
    """`check_parity` takes a tuple for several outputs; a named tuple alone is one output."""
    return lambda *args, **options: (step(*args, **options),)


@cells
@any_shape(4)
def test_one_layer(name, options, sizes, seed):
    """Step, sequence, padded and packed sequences."""
    rng, cell, ours = np.random.default_rng(seed), CELLS[name], mirror.TENSOR_CELLS[name]
    params, xs, state, lengths = drawn(rng, cell, *sizes)
    state0, same = state(), {"rng": rng, **options}
    check_parity(cell.forward, cell.backward, ours.forward, params, xs, state0, **same)
    check_parity(cell.step_forward, cell.step_backward, as_tuple(ours.step_forward), params, xs[0], state0, **same)
    pair = masked.masked_forward, masked.masked_backward
    check_parity(*pair, mirror.masked_forward, params, xs, state0, lengths, cell=name, **same)
    data, _ = packing.pack_forward(xs, lengths)
    pair = packing.packed_forward, packing.packed_backward
    check_parity(*pair, mirror.packed_forward, params, data, state0, lengths, cell=name, **same)


@cells
@any_shape(4)
def test_two_directions_and_several_layers(name, options, sizes, seed):
    rng, (T, B, D, H) = np.random.default_rng(seed), sizes
    _, xs, state, lengths = drawn(rng, CELLS[name], T, B, D, H)
    layers, same = int(rng.integers(1, 4)), {"rng": rng, "cell": name, **options}
    for tail in ((), (lengths,)):
        given = bidirectional.init_bidirectional(rng, D, H, cell=name), xs, bidirectional.BidirectionalState(state(), state()), *tail
        pair = bidirectional.bidirectional_forward, bidirectional.bidirectional_backward
        check_parity(*pair, mirror.bidirectional_forward, *given, merge=["concat", "sum"][seed % 2], **same)
        given = stacked.init_stacked(rng, D, H, layers, cell=name), xs, [state() for _ in range(layers)], *tail
        pair = stacked.stacked_forward, stacked.stacked_backward
        check_parity(*pair, mirror.stacked_forward, *given, residual=bool(seed % 2), **same)


@pytest.mark.parametrize("score", ["dot", "scaled_dot", "multiplicative", "additive"])
@any_shape(7)
def test_attention(score, sizes, seed):
    rng, (T, S, B, Q, K, E, A) = np.random.default_rng(seed), sizes
    K = Q if "dot" in score else K
    params = attention.init_attention(rng, Q, K, A, score=score)
    given = params, rng.standard_normal((T, B, Q)), rng.standard_normal((S, B, K)), rng.standard_normal((S, B, E))
    mask = reference.length_mask(rng.integers(1, S + 1, B), S)

    def of_torch(*args, mask, **options):
        return mirror.attention_forward(*args, mask=None if mask is None else torch.tensor(mask), **options)

    for hidden in (None, mask):
        pair = attention.attention_forward, attention.attention_backward
        check_parity(*pair, of_torch, *given, rng=rng, score=score, mask=hidden)


@cells
@any_shape(4)
def test_bptt(name, options, sizes, seed):
    """Full, in chunks of k, over segments, and truncated with any k1 and k2; the loss is the sum of w * h^2."""
    rng, cell, ours = np.random.default_rng(seed), CELLS[name], mirror.TENSOR_CELLS[name]
    params, xs, state, _ = drawn(rng, cell, *sizes)
    arrays, (T, B, _, H) = (params, xs, state()), sizes
    tensors, w, (k1, k2) = mirror.to_torch(arrays, device="cpu"), rng.standard_normal((T, B, H)), rng.integers(1, T + 2, 2).tolist()

    def loss(start, hs):
        part = w[start : start + len(hs)]
        return float((part * hs**2).sum()), 2 * part * hs

    def step_loss(t, state):
        value, dh = loss(t, getattr(state, "h", state)[None])
        return value, state._replace(h=dh[0], c=0 * state.c) if hasattr(state, "h") else dh[0]

    def torch_loss(start, hs):
        return (torch.tensor(w[start : start + len(hs)]) * hs**2).sum()

    def torch_step_loss(t, state):
        return torch_loss(t, getattr(state, "h", state)[None])

    pair = cell.forward, cell.backward
    full = reference.full_bptt(*pair, *arrays, loss, **options)
    chunks = reference.chunked_bptt(*pair, *arrays, loss, k=k1, **options)
    truncated = reference.truncated_bptt(cell.step_forward, cell.step_backward, *arrays, step_loss, k1=k1, k2=k2, **options)
    for got, expected in (
        (mirror.full_bptt(ours.forward, *tensors, torch_loss, **options), full),
        (mirror.checkpointed_bptt(ours.forward, *tensors, torch_loss, segment=k2, **options), full),
        (mirror.chunked_bptt(ours.forward, *tensors, torch_loss, k=k1, **options), chunks),
        (mirror.truncated_bptt(ours.step_forward, *tensors, torch_step_loss, k1=k1, k2=k2, **options), truncated),
    ):
        compare("result", mirror.to_numpy(got), expected)
