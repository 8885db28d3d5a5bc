"""Encoder-decoder on tensors gives the reference's logits, gradients, attention maps and tokens."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore import reference
from rnncore.checks import check_parity, compare
from rnncore.reference.tree import leaves, tree_map

S, T, B, D, H, U, V = 5, 3, 2, 4, 6, 7, 8
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])
SCORES = [None, "dot", "scaled_dot", "multiplicative", "additive"]
LENGTHS = [None, [2, 5]]


def arguments(rng, score, cell="gru", S=S, T=T, B=B):
    params = reference.init_encoder_decoder(rng, U, V, D, H, score=score, cell=cell)
    return params, rng.integers(0, U, (S, B)), rng.integers(0, V, (T, B))


def with_tensors(function, device):
    """check_parity hands options on as they are; a mask and lengths must become tensors."""

    def wrapped(*args, **options):
        options = {name: torch.tensor(o, device=device) if isinstance(o, np.ndarray) else o for name, o in options.items()}
        return function(*args, **options)

    return wrapped


def lengths_of(lengths):
    return None if lengths is None else np.array(lengths)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("cell", ["gru", "lstm", "lstm_coupled"])
def test_both(rng, device, lengths, score, cell):
    pair = reference.encoder_decoder_forward, reference.encoder_decoder_backward
    torch_forward = with_tensors(mirror.encoder_decoder_forward, device)
    options = {"lengths": lengths_of(lengths), "score": score, "cell": cell}
    check_parity(*pair, torch_forward, *arguments(rng, score, cell), rng=rng, device=device, **options)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize(("S", "T", "B"), [(1, 3, 2), (5, 1, 2), (5, 3, 1)])
def test_one_step_or_one_sequence(rng, device, S, T, B):
    pair, same = (reference.encoder_decoder_forward, reference.encoder_decoder_backward), {"rng": rng, "device": device}
    check_parity(*pair, mirror.encoder_decoder_forward, *arguments(rng, "additive", S=S, T=T, B=B), score="additive", **same)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_each_by_itself(rng, device, lengths):
    params, source, fed = arguments(rng, "multiplicative", "lstm")
    same = {"rng": rng, "device": device, "cell": "lstm"}
    pair, lengths = (reference.encoder_forward, reference.encoder_backward), lengths_of(lengths)
    check_parity(*pair, with_tensors(mirror.encoder_forward, device), params["encoder"], source, lengths=lengths, **same)
    keys, state, _ = reference.encoder_forward(params["encoder"], source, lengths=lengths, cell="lstm")
    mask = None if lengths is None else reference.length_mask(lengths, S)
    pair, given = (reference.decoder_forward, reference.decoder_backward), (params["decoder"], fed, state, keys)
    check_parity(*pair, with_tensors(mirror.decoder_forward, device), *given, mask=mask, score="multiplicative", **same)


@pytest.mark.parametrize("device", ["cpu", GPU])
def test_attention_maps(rng, device):
    params, source, fed = arguments(rng, "dot")
    _, cache = reference.encoder_decoder_forward(params, source, fed, lengths=np.array([2, 5]), score="dot")
    tensors, lengths = mirror.to_torch((params, source, fed), device=device), torch.tensor([2, 5])  # lengths may stay on the CPU
    _, weights = mirror.encoder_decoder_forward(*tensors, lengths=lengths, score="dot", need_weights=True)
    compare("weights", mirror.to_numpy(weights), cache.weights)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("score", [None, "additive"])
def test_what_the_decoder_is_fed(rng, device, lengths, score):
    params, source, targets = arguments(rng, score, T=7)
    params = tree_map(lambda p: 3 * p, params)  # so that the best token changes from step to step
    coins = rng.random(targets.shape) < 0.5
    ours, of_source = mirror.to_torch((params, source, targets, coins), device=device), {"lengths": lengths_of(lengths), "score": score}
    ours_of_source = of_source | {"lengths": None if lengths is None else torch.tensor(lengths, device=device)}
    exact = {"rtol": 0, "atol": 0}
    compare("forced", mirror.to_numpy(mirror.teacher_forced_inputs(ours[2], 1)), reference.teacher_forced_inputs(targets, 1), **exact)
    fed = mirror.scheduled_inputs(*ours, start=1, **ours_of_source)
    compare("scheduled", mirror.to_numpy(fed), reference.scheduled_inputs(params, source, targets, coins, start=1, **of_source), **exact)
    for end in (None, 3):
        written = mirror.free_run(*ours[:2], start=1, max_length=6, end=end, **ours_of_source)
        expected = reference.free_run(params, source, start=1, max_length=6, end=end, **of_source)
        compare("free", mirror.to_numpy(written), expected, **exact)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("score", [None, "additive"])
def test_beam_search_with_the_decoder(rng, device, score):
    params, source, _ = arguments(rng, score, B=1)
    limits = {"width": 3, "max_length": 4, "end": 2, "length_normalisation": 0.7}
    keys, state, _ = reference.encoder_forward(params["encoder"], source)
    expected = reference.beam_search(reference.decoder_step(params["decoder"], keys, score=score), state, 1, **limits)
    tensors = tree_map(lambda p: p.requires_grad_(), mirror.to_torch(params, device=device))
    keys, state = mirror.encoder_forward(tensors["encoder"], torch.tensor(source, device=device))
    found = mirror.beam_search(mirror.decoder_step(tensors["decoder"], keys, score=score), state, 1, **limits)
    compare("found", found, expected)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("score", SCORES)
def test_beam_search_with_a_mask(rng, device, score):
    """One source, padded, and several beginnings."""
    params, source, _ = arguments(rng, score, B=1)
    mask, limits = np.arange(S)[:, None] < 3, {"width": 5, "max_length": 4, "end": 2, "length_normalisation": 0.7}
    keys, state, _ = reference.encoder_forward(params["encoder"], source)
    expected = reference.beam_search(reference.decoder_step(params["decoder"], keys, mask=mask, score=score), state, 1, **limits)
    params, keys, state, mask = mirror.to_torch((params["decoder"], keys, state, mask), device=device)
    found = mirror.beam_search(mirror.decoder_step(params, keys, mask=mask, score=score), state, 1, **limits)
    compare("found", found, expected)


@pytest.mark.parametrize("score", SCORES)
def test_init_draws_the_reference_numbers(score):
    ours = mirror.init_encoder_decoder(np.random.default_rng(1), U, V, D, H, score=score, cell="lstm", device="cpu", dtype=torch.float64)
    expected = reference.init_encoder_decoder(np.random.default_rng(1), U, V, D, H, score=score, cell="lstm")
    compare("params", mirror.to_numpy(ours), expected, rtol=0, atol=0)


def test_choosing_records_no_gradient(rng):
    params, source, targets = mirror.to_torch(arguments(rng, None), device="cpu")
    seen = []

    def choose(logits):
        seen.append(logits.requires_grad)
        return logits.argmax(dim=-1)

    params = tree_map(lambda p: p.requires_grad_(), params)
    mirror.scheduled_inputs(params, source, targets, torch.zeros(T, B, dtype=torch.bool), start=1, choose=choose)
    mirror.free_run(params, source, start=1, max_length=2, choose=choose)
    assert len(seen) == T - 1 + 2 and not any(seen)
    assert all(p.grad is None for _, p in leaves(params))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda p, s, f: mirror.encoder_decoder_forward(p, s + U, f), r"encoder_forward: source must lie between 0 and 6, got \d+\."),
        (lambda p, s, f: mirror.encoder_decoder_forward(p, s, f + V), r"decoder_forward: fed must lie between 0 and 7, got \d+\."),
        (
            lambda p, s, f: mirror.encoder_decoder_forward(p, s, f, score="dot"),
            r"params\['decoder'\] must have exactly the keys .*attention",
        ),
        (
            lambda p, s, f: mirror.encoder_decoder_forward(p, s, f, cell="qrnn"),
            r"cell must be a TensorCell or one of rnn, .*, got 'qrnn'\.",
        ),
        (lambda p, s, f: mirror.encoder_decoder_forward(p, s, f, lengths=torch.tensor([6, 1])), r"between 1 and 5 \(T\), got 6\."),
        (
            lambda p, s, f: mirror.encoder_decoder_forward(p, s[:, 1:], f),
            r"fed must have shape \(T, B\), got \(3, 2\): B is 1 in source, not 2",
        ),
        (lambda p, s, f: mirror.teacher_forced_inputs(f, 1.5), r"start must be a whole number, got 1\.5\."),
        (lambda p, s, f: mirror.free_run(p, s, start=8, max_length=2), r"free_run: start must lie between 0 and 7, got 8\."),
        (lambda p, s, f: mirror.scheduled_inputs(p, s, f, f, start=1), r"coins must hold True and False, got torch\.int64\."),
        (
            lambda p, s, f: mirror.scheduled_inputs(p, s, f + V, f > 0, start=1),
            r"scheduled_inputs: targets must lie between 0 and 7, got \d+",
        ),
        (lambda p, s, f: mirror.decoder_step(p["decoder"], torch.zeros(S, H)), r"keys must have shape \(S, B, H\), got \(5, 6\)"),
    ],
)
def test_bad_input_gets_a_sentence(rng, call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call(*mirror.to_torch(arguments(rng, None), device="cpu"))
