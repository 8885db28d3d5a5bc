"""Encoder-decoder against finite differences and torch.nn, and what the decoder is fed."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference.decoder_inputs import free_run, scheduled_inputs, teacher_forced_inputs
from rnncore.reference.decoding import sample
from rnncore.reference.encoder_decoder import (
    decoder_backward,
    decoder_forward,
    encoder_backward,
    encoder_decoder_backward,
    encoder_decoder_forward,
    encoder_forward,
    init_encoder_decoder,
)
from rnncore.reference.losses import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from rnncore.reference.masking import length_mask
from rnncore.reference.optim import adam_step, init_adam
from rnncore.reference.tree import leaves, tree_map

S, T, B, D, H, U, V = 5, 3, 2, 4, 6, 7, 8
TORCH = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
SCORES = [None, "dot", "scaled_dot", "multiplicative", "additive"]
LENGTHS = [None, np.array([2, 5])]


def arguments(rng, score, cell="gru", S=S, T=T, B=B, D=D, H=H):
    params = init_encoder_decoder(rng, U, V, D, H, score=score, cell=cell)
    return params, rng.integers(0, U, (S, B)), rng.integers(0, V, (T, B))


def torch_layer(cell, params, xs, state=None, lengths=None):
    layer = TORCH[cell](*params["weight_ih"].shape[1:], params["weight_hh"].shape[1], dtype=torch.float64)
    flat = {name + "_l0": value for name, value in params.items()}
    if lengths is not None:
        xs = torch.nn.utils.rnn.pack_padded_sequence(xs, torch.tensor(lengths), enforce_sorted=False)
    hs, state = torch.func.functional_call(layer, flat, (xs, state))
    return hs if lengths is None else torch.nn.utils.rnn.pad_packed_sequence(hs)[0], state


def torch_model(params, source, fed, lengths, score, cell):
    """The five equations, with torch's own layers, packed where sources are padded."""
    embed, linear = torch.nn.functional.embedding, torch.nn.functional.linear
    encoder, decoder = params["encoder"], params["decoder"]
    keys, state = torch_layer(cell, encoder["rnn"], embed(source, encoder["embedding"]["weight"]), None, lengths)
    hs, _ = torch_layer(cell, decoder["rnn"], embed(fed, decoder["embedding"]["weight"]), state)
    if score is not None:
        q, k, p = hs.transpose(0, 1), keys.transpose(0, 1), decoder["attention"]
        if score == "additive":
            e = torch.tanh((q @ p["weight_query"].T)[:, :, None] + (k @ p["weight_key"].T)[:, None]) @ p["v"]
        else:
            e = (q @ p["weight"] if score == "multiplicative" else q) @ k.mT / (keys.shape[2] ** 0.5 if score == "scaled_dot" else 1)
        if lengths is not None:
            e = e.masked_fill(torch.arange(len(source)) >= torch.tensor(lengths)[:, None, None], -torch.inf)
        contexts = (torch.softmax(e, -1) @ k).transpose(0, 1)
        hs = torch.tanh(linear(torch.cat([contexts, hs], -1), decoder["combine"]["weight"], decoder["combine"]["bias"]))
    return linear(hs, decoder["output"]["weight"], decoder["output"]["bias"])


@pytest.mark.parametrize("lengths", LENGTHS, ids=["whole", "padded"])
@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("cell", TORCH)
def test_gradient_and_torch(rng, cell, score, lengths):
    pair, args = (encoder_decoder_forward, encoder_decoder_backward), arguments(rng, score, cell)
    options = {"lengths": lengths, "score": score, "cell": cell}
    check_gradient(*pair, *args, rng=rng, tol=1e-10, directions=2, **options)
    check_parity(*pair, torch_model, *args, rng=rng, **options)
    check_purity(*pair, *args, rng=rng, **options)


@pytest.mark.parametrize("score", [None, "additive"])
def test_another_cell(rng, score):
    options = {"lengths": np.array([2, 5]), "score": score, "cell": "lstm_layer_norm"}
    args = arguments(rng, score, "lstm_layer_norm")
    pair = encoder_decoder_forward, encoder_decoder_backward
    check_gradient(*pair, *args, rng=rng, tol=1e-10, eps=1e-4, directions=2, **options)  # where inputs are small the norm is steep
    check_purity(*pair, *args, rng=rng, **options)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_each_half_alone(rng, cell):
    """Every entry of every gradient, also of the state and the keys between the halves."""
    params, source, fed = arguments(rng, "additive", cell, S=3, T=2, D=2, H=3)
    lengths = np.array([2, 3])
    check_gradient(encoder_forward, encoder_backward, params["encoder"], source, rng=rng, tol=1e-10, lengths=lengths, cell=cell)
    check_purity(encoder_forward, encoder_backward, params["encoder"], source, rng=rng, lengths=lengths, cell=cell)
    keys, state, _ = encoder_forward(params["encoder"], source, lengths=lengths, cell=cell)
    args = params["decoder"], fed, state, keys
    options = {"mask": length_mask(lengths, 3), "score": "additive", "cell": cell}
    check_gradient(decoder_forward, decoder_backward, *args, rng=rng, tol=1e-10, **options)
    check_purity(decoder_forward, decoder_backward, *args, rng=rng, **options)


@settings(max_examples=20, deadline=None)
@given(sizes=st.tuples(*[st.integers(1, 5)] * 5), score=st.sampled_from(SCORES), cell=st.sampled_from([*TORCH]), seed=st.integers(0, 10**6))
def test_a_padded_batch_equals_its_sequences_alone(sizes, score, cell, seed):
    rng = np.random.default_rng(seed)
    S, _, B, *_ = sizes
    params, source, fed = arguments(rng, score, cell, *sizes)
    lengths = rng.integers(1, S + 1, B)
    lengths[0] = S
    options = {"score": score, "cell": cell}
    logits, cache = encoder_decoder_forward(params, source, fed, lengths=lengths, **options)
    for b, n in enumerate(lengths):
        alone, alone_cache = encoder_decoder_forward(params, source[:n, b : b + 1], fed[:, b : b + 1], **options)
        compare("logits alone", alone[:, 0], logits[:, b])
        if score is not None:
            compare("attention map alone", alone_cache.weights[:, 0], cache.weights[:, b, :n])
    pair, given = (encoder_decoder_forward, encoder_decoder_backward), (params, source, fed)
    check_gradient(*pair, *given, rng=rng, directions=1, lengths=lengths, **options)
    check_parity(*pair, torch_model, *given, rng=rng, lengths=lengths, **options)


def test_without_attention_the_decoder_sees_the_source_through_one_state(rng):
    params, source, fed = arguments(rng, None)
    keys, state, _ = encoder_forward(params["encoder"], source)
    logits, _, cache = decoder_forward(params["decoder"], fed, state, keys)
    compare("logits", decoder_forward(params["decoder"], fed, state, rng.standard_normal(keys.shape))[0], logits, rtol=0, atol=0)
    assert not decoder_backward(cache, logits)[2].any()


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("lengths", LENGTHS, ids=["whole", "padded"])
def test_coins_range_from_teacher_forcing_to_free_running(rng, score, lengths):
    params, source, targets = arguments(rng, score, T=9)
    options = {"lengths": lengths, "score": score}
    always, never = np.ones(targets.shape, bool), np.zeros(targets.shape, bool)
    taught = scheduled_inputs(params, source, targets, always, start=1, **options)
    compare("fed", taught, teacher_forced_inputs(targets, 1), rtol=0, atol=0)
    free = scheduled_inputs(params, source, targets, never, start=1, **options)
    compare("fed", free[1:], free_run(params, source, start=1, max_length=8, **options), rtol=0, atol=0)
    logits, _ = encoder_decoder_forward(params, source, free, **options)  # fed its own tokens, the model chooses them again
    compare("chosen", logits[:-1].argmax(axis=-1), free[1:], rtol=0, atol=0)
    assert (taught[1:] != free[1:]).any()


def test_each_coin_decides_about_its_step(rng):
    params, source, targets = arguments(rng, "dot", T=12)
    coins = rng.random(targets.shape) < 0.5
    fed = scheduled_inputs(params, source, targets, coins, start=1, score="dot")
    logits, _ = encoder_decoder_forward(params, source, fed, score="dot")
    own = logits.argmax(axis=-1)
    compare("fed", fed[1:], np.where(coins[1:], targets[:-1], own[:-1]), rtol=0, atol=0)


def test_the_decoder_may_draw_its_tokens(rng):
    params, source, targets = arguments(rng, None, T=40)
    never = np.zeros(targets.shape, bool)

    def draw(seed):
        generator = np.random.default_rng(seed)
        return scheduled_inputs(
            params, source, targets, never, start=1, choose=lambda a: sample(generator, np.exp(a) / np.exp(a).sum(-1, keepdims=True))
        )

    assert np.array_equal(draw(3), draw(3)) and not np.array_equal(draw(3), draw(4))


@pytest.mark.parametrize("score", [None, "additive"])
def test_it_learns_to_reverse(score):
    """Sequences of three tokens out of four, back to front: the loss falls to almost nothing, and free running gets them right."""
    rng = np.random.default_rng(0)
    source = np.array(np.meshgrid(*[np.arange(4)] * 3)).reshape(3, -1)  # all 64
    targets, start = source[::-1], 4
    params = init_encoder_decoder(rng, 4, 5, 8, 16, score=score)
    state = init_adam(params)
    fed = teacher_forced_inputs(targets, start)
    for _ in range(250):
        logits, cache = encoder_decoder_forward(params, source, fed, score=score)
        loss, loss_cache = softmax_cross_entropy_forward(logits, targets)
        grads = encoder_decoder_backward(cache, softmax_cross_entropy_backward(loss_cache))
        params, state = adam_step(params, grads, state, lr=0.02)
    assert loss < 0.05
    assert (free_run(params, source, start=start, max_length=3, score=score) == targets).mean() > 0.99


@pytest.mark.parametrize("score", SCORES)
def test_dtype_follows_the_input(rng, score):
    params, source, fed = arguments(rng, score)
    params = tree_map(lambda a: a.astype(np.float32), params)
    logits, cache = encoder_decoder_forward(params, source, fed, lengths=np.array([2, 5]), score=score)
    dparams = encoder_decoder_backward(cache, logits)
    assert {leaf.dtype for _, leaf in leaves((logits, dparams))} == {np.dtype(np.float32)}
