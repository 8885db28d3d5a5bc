"""From scores to tokens on tensors: the distributions, the tokens and the beams are the reference's."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore import reference
from rnncore.checks import compare

T, B, V = 5, 2, 7
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])
EXACT = {"rtol": 0, "atol": 0}
DISTRIBUTIONS = [
    ("greedy", ()),
    *(("temperature", (t,)) for t in (1e-310, 0.3, 1, 5.0)),
    *(("top_k", (k,)) for k in (1, 3, V)),
    *(("top_p", (p,)) for p in (1e-9, 0.4, 0.9, 1)),
]


def logits_of(rng, axes):
    return rng.standard_normal((*axes, V)).round(0)  # with ties


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize(("name", "settings"), DISTRIBUTIONS)
@pytest.mark.parametrize("axes", [(T, B), (B,), ()])
def test_distributions(rng, device, name, settings, axes):
    logits = logits_of(rng, axes)
    expected = getattr(reference, f"{name}_distribution")(logits, *settings)
    got = getattr(mirror, f"{name}_distribution")(torch.tensor(logits, device=device), *settings)
    compare(name, mirror.to_numpy(got), expected)


@pytest.mark.parametrize("name", ["top_k", "top_p"])
def test_temperature_comes_first(rng, name):
    logits = logits_of(rng, (B,))
    expected = getattr(reference, f"{name}_distribution")(logits, 1 if name == "top_p" else 3, temperature=0.5)
    got = getattr(mirror, f"{name}_distribution")(torch.tensor(logits), 1 if name == "top_p" else 3, temperature=0.5)
    compare(name, got.numpy(), expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("name", "settings"), DISTRIBUTIONS)
def test_dtype_stays(name, settings, dtype):
    assert getattr(mirror, f"{name}_distribution")(torch.zeros(B, V, dtype=dtype), *settings).dtype == dtype


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("axes", [(T, B), ()])
def test_sample_draws_the_reference_tokens(rng, device, axes):
    probabilities = reference.top_k_distribution(logits_of(rng, axes), 3)
    expected = reference.sample(np.random.default_rng(1), probabilities)
    got = mirror.sample(np.random.default_rng(1), torch.tensor(probabilities, device=device))
    compare("tokens", mirror.to_numpy(got), expected, **EXACT)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("end", [None, 3])
def test_generate_writes_the_reference_tokens(rng, device, end):
    table = 2 * rng.standard_normal((V, V))

    def write(module, table, start, seed):
        rng = np.random.default_rng(seed)

        def step(tokens, count):
            return table[tokens] + count, count + 1

        def choose(logits):
            return module.sample(rng, module.top_p_distribution(logits, 0.9))

        return module.generate(step, 0, start, choose=choose, max_length=8, end=end)

    tensors, after_the_end = mirror.to_torch((table, np.array([0, 2, 5])), device=device), 0
    for seed in range(5):
        expected = write(reference, table, np.array([0, 2, 5]), seed)
        compare("tokens", mirror.to_numpy(write(mirror, *tensors, seed)), expected, **EXACT)
        after_the_end += (expected[:-1] == end).sum()
    assert end is None or after_the_end > 0, "a sequence must end before another for the filling to be seen"


def test_a_nucleus_is_full_when_it_has_p_exactly():
    assert mirror.top_p_distribution(torch.zeros(2), 0.5).tolist() == [1.0, 0.0]


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("a", [0.0, 0.8])
@pytest.mark.parametrize(("width", "end"), [(1, 6), (3, 6), (3, None), (V**2, 6)])
def test_beam_search_finds_what_the_reference_finds(rng, device, a, width, end):
    params, W = reference.init_gru(rng, V, 4), 3 * rng.standard_normal((V, 4))

    def step(tokens, state):
        h, _ = reference.gru_step_forward(params, np.eye(V)[tokens], state["h"])
        return h @ W.T, {"h": h, "nothing": None}

    tensors, torch_W, eye, h0 = mirror.to_torch((params, W, np.eye(V), np.ones((1, 4))), device=device)

    def torch_step(tokens, state):
        h = mirror.gru_step_forward(tensors, eye[tokens], state["h"])
        return h @ torch_W.T, {"h": h, "nothing": None}

    limits = {"width": width, "max_length": 3, "end": end, "length_normalisation": a}
    expected = reference.beam_search(step, {"h": np.ones((1, 4)), "nothing": None}, 0, **limits)
    compare("found", mirror.beam_search(torch_step, {"h": h0, "nothing": None}, 0, **limits), expected)


def test_beam_search_without_a_state():
    table = torch.tensor([[0.1, 0.4, 0.5], [0.05, 0.9, 0.05], [0.3, 0.3, 0.4]]).log().requires_grad_()
    found = mirror.beam_search(lambda tokens, state: (table[tokens], state), None, 0, width=2, max_length=2)
    assert found[0].tokens == [1, 1]


LOGITS = torch.zeros(B, V)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: mirror.temperature_distribution(LOGITS, 0),
            r"temperature must be a positive number, got 0; for the limit at 0 use greedy",
        ),
        (lambda: mirror.top_k_distribution(LOGITS, 8), r"k must be at most 7, the number of tokens, got 8\."),
        (lambda: mirror.top_p_distribution(LOGITS, 1.5), r"p must be above 0 and at most 1, got 1\.5\."),
        (
            lambda: mirror.greedy_distribution(LOGITS.numpy()),
            r"logits must be a tensor of shape \(\.\.\., V\), got a value of type ndarray\.",
        ),
        (lambda: mirror.sample(np.random.default_rng(), LOGITS), r"probabilities must be from 0 up and sum to 1, got a sum of 0\.0\."),
        (lambda: mirror.sample(7, LOGITS), r"rng must be a numpy\.random\.Generator, got a value of type int\."),
        (
            lambda: mirror.generate(None, None, torch.zeros(2), choose=None, max_length=3),
            r"start must hold whole numbers, got torch\.float32",
        ),
        (
            lambda: mirror.beam_search(lambda t, s: (3, s), None, 0, width=1, max_length=1),
            r"must return logits as a tensor, got a value of t",
        ),
        (
            lambda: mirror.beam_search(lambda t, s: (LOGITS, s), None, 0, width=1, max_length=1),
            r"shape \(W, V\) with W = 1 and no NaN, got",
        ),
        (lambda: mirror.beam_search(lambda t, s: (LOGITS, s), None, 0, width=0, max_length=1), r"width must be at least 1, got 0\."),
    ],
)
def test_bad_input_gets_a_sentence(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()
