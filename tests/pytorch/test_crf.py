"""The conditional random field on tensors gives the reference's results, for full and for padded batches."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore.checks import check_parity, compare
from rnncore.reference import crf
from rnncore.reference.viterbi import crf_viterbi

T, B, V = 5, 3, 4
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])
LENGTHS = [None, [5, 2, 1]]


def arguments(rng, lengths, T=T):
    params = {name: rng.standard_normal(value.shape) for name, value in crf.init_crf(rng, V).items()}
    tail = () if lengths is None else (np.array(lengths),)
    return params, rng.standard_normal((T, B, V)), rng.integers(0, V, (T, B)), tail


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize(("T", "lengths"), [(T, None), (T, [5, 2, 1]), (1, None), (1, [1, 1, 1])])
def test_equals_the_reference(rng, device, T, lengths):
    params, emissions, tags, tail = arguments(rng, lengths, T)
    same = {"rng": rng, "device": device}
    check_parity(crf.crf_score_forward, crf.crf_score_backward, mirror.crf_score_forward, params, emissions, tags, *tail, **same)
    check_parity(crf.crf_loss_forward, crf.crf_loss_backward, mirror.crf_loss_forward, params, emissions, tags, *tail, **same)
    pair = crf.crf_log_partition_forward, crf.crf_log_partition_backward
    check_parity(*pair, mirror.crf_log_partition_forward, params, emissions, *tail, **same)
    tensors = mirror.to_torch((params, emissions, *tail), device=device)
    compare("marginals", mirror.to_numpy(mirror.crf_marginals(*tensors)), crf.crf_marginals(params, emissions, *tail))
    compare("viterbi", mirror.to_numpy(mirror.crf_viterbi(*tensors)), crf_viterbi(params, emissions, *tail))


@pytest.mark.parametrize("device", ["cpu", GPU])
def test_of_equally_good_tags_the_first_is_taken(device):
    params = {"start": np.zeros(V), "transitions": np.zeros((V, V)), "end": np.zeros(V)}
    tags, score = mirror.crf_viterbi(*mirror.to_torch((params, np.zeros((T, B, V))), device=device))
    assert not tags.any() and not score.any()


@pytest.mark.parametrize("lengths", LENGTHS)
def test_marginals_and_best_tags_carry_no_gradient(rng, lengths):
    params, emissions, _, tail = arguments(rng, lengths)
    emissions = torch.tensor(emissions, requires_grad=True)
    tensors = mirror.to_torch(params, device="cpu"), emissions, *(torch.tensor(t) for t in tail)
    assert not mirror.crf_marginals(*tensors).requires_grad and not mirror.crf_viterbi(*tensors)[1].requires_grad
    with torch.no_grad():
        torch.testing.assert_close(mirror.crf_marginals(*tensors).sum(dim=2).amax(), torch.tensor(1.0, dtype=torch.float64))


def test_what_stands_in_the_padding_does_not_matter(rng):
    params, emissions, tags, (lengths,) = arguments(rng, [5, 2, 1])
    other, outside = emissions.copy(), np.arange(T)[:, None] >= lengths
    other[outside], other_tags = 1e6, np.where(outside, -7, tags)
    params, *rest = mirror.to_torch((params, emissions, tags, other, other_tags, lengths), device="cpu")
    emissions, tags, other, other_tags, lengths = rest
    before, after = (mirror.crf_loss_forward(params, e, y, lengths) for e, y in ((emissions, tags), (other, other_tags)))
    assert before == after


def test_init_draws_the_reference_numbers():
    ours = mirror.init_crf(np.random.default_rng(1), V, device="cpu", dtype=torch.float64)
    compare("params", mirror.to_numpy(ours), crf.init_crf(np.random.default_rng(1), V), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("crf_score_forward", (torch.zeros(T, B, V), torch.full((T, B), V)), r"tags must lie between 0 and 3, got 4\."),
        ("crf_score_forward", (torch.zeros(T, B, V), torch.zeros(T, B)), r"tags must hold whole numbers, got torch.float32"),
        ("crf_loss_forward", (torch.zeros(T, B, V), torch.full((T, B), -1)), r"tags must lie between 0 and 3, got -1\."),
        ("crf_log_partition_forward", (torch.zeros(T, B, V + 1),), r"emissions must have shape \(T, B, V\), got \(5, 3, 5\): V is 4"),
        ("crf_marginals", (torch.zeros(T, B, V), torch.tensor([1, 2, 6])), r"lengths must lie between 1 and 5 \(T\), got 6\."),
        ("crf_viterbi", (torch.full((T, B, V), torch.nan),), r"crf_viterbi: emissions must hold finite numbers, got nan at"),
    ],
)
def test_bad_input_gets_a_sentence(rng, name, arguments, words):
    with pytest.raises((TypeError, ValueError), match=words):
        getattr(mirror, name)(mirror.init_crf(rng, V, device="cpu"), *arguments)
