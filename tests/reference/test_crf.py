"""The CRF against every sequence of tags, finite differences, torch and forward-backward."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference.crf import (
    crf_log_partition_backward,
    crf_log_partition_forward,
    crf_loss_backward,
    crf_loss_forward,
    crf_marginals,
    crf_score_backward,
    crf_score_forward,
    init_crf,
)
from rnncore.reference.viterbi import crf_viterbi

T, B, V = 5, 2, 3
LENGTHS = [None, np.array([5, 3]), np.array([1, 5])]
PAIRS = {
    "score": (crf_score_forward, crf_score_backward),
    "log_partition": (crf_log_partition_forward, crf_log_partition_backward),
    "loss": (crf_loss_forward, crf_loss_backward),
}


def arguments(rng, T=T, B=B, V=V):
    params = {name: 10 * value for name, value in init_crf(rng, V).items()}  # far enough from 0 to matter
    return params, rng.standard_normal((T, B, V)), rng.integers(0, V, (T, B))


def path_score(params, emissions, path):
    """The definition, for one sequence: emissions (T, V), path a tuple of T tags."""
    score = params["start"][path[0]] + params["end"][path[-1]] + sum(e[y] for e, y in zip(emissions, path, strict=True))
    return score + sum(params["transitions"][i, j] for i, j in itertools.pairwise(path))


def enumerate_paths(params, emissions):
    """All V^T sequences of tags with their scores."""
    paths = list(itertools.product(range(emissions.shape[1]), repeat=len(emissions)))
    return np.array(paths), np.array([path_score(params, emissions, path) for path in paths])


def torch_score(params, emissions, tags, lengths):
    lengths = [len(emissions)] * emissions.shape[1] if lengths is None else lengths
    return torch.stack([path_score(params, emissions[:n, b], tags[:n, b].tolist()) for b, n in enumerate(lengths)])


def torch_log_partition(params, emissions, lengths):
    lengths = [len(emissions)] * emissions.shape[1] if lengths is None else lengths
    paths = [itertools.product(range(emissions.shape[2]), repeat=int(n)) for n in lengths]
    scores = [torch.stack([path_score(params, emissions[:n, b], p) for p in paths[b]]) for b, n in enumerate(lengths)]
    return torch.stack([torch.logsumexp(s, 0) for s in scores])


TORCH = {
    "score": lambda params, emissions, tags, lengths=None: torch_score(params, emissions, tags, lengths),
    "log_partition": lambda params, emissions, lengths=None: torch_log_partition(params, emissions, lengths),
    "loss": lambda params, emissions, tags, lengths=None: (
        (torch_log_partition(params, emissions, lengths) - torch_score(params, emissions, tags, lengths)).mean()
    ),
}


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("name", PAIRS)
def test_gradients_and_enumeration_in_torch(rng, name, lengths):
    forward, backward = PAIRS[name]
    args = arguments(rng)[: 2 if name == "log_partition" else 3]
    check_gradient(forward, backward, *args, rng=rng, tol=1e-10, lengths=lengths)
    check_parity(forward, backward, TORCH[name], *args, rng=rng, lengths=lengths)
    check_purity(forward, backward, *args, rng=rng, lengths=lengths)


@settings(max_examples=30, deadline=None)
@given(sizes=st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 4)), seed=st.integers(0, 10**6))
def test_everything_equals_enumeration(sizes, seed):
    rng = np.random.default_rng(seed)
    params, emissions, tags = arguments(rng, *sizes)
    lengths = rng.integers(1, sizes[0] + 1, sizes[1])
    log_Z, _ = crf_log_partition_forward(params, emissions, lengths)
    score, _ = crf_score_forward(params, emissions, tags, lengths)
    marginals = crf_marginals(params, emissions, lengths)
    best, best_score = crf_viterbi(params, emissions, lengths)
    for b, n in enumerate(lengths):
        paths, scores = enumerate_paths(params, emissions[:n, b])
        p = np.exp(scores - np.logaddexp.reduce(scores))
        compare("log_Z", log_Z[b], np.logaddexp.reduce(scores))
        compare("score", score[b], path_score(params, emissions[:n, b], tags[:n, b]))
        compare("marginals", marginals[:n, b], np.stack([[p[paths[:, t] == v].sum() for v in range(sizes[2])] for t in range(n)]))
        compare("best", best[:n, b], paths[scores.argmax()])
        compare("best score", best_score[b], scores.max())
        assert (best[n:, b] == -1).all() and not marginals[n:, b].any()
    check_gradient(crf_loss_forward, crf_loss_backward, params, emissions, tags, rng=rng, directions=1, lengths=lengths)


def test_marginals_equal_forward_backward(rng):
    """The textbook's second recursion, from the end: beta_t[i] = log sum_j exp(transitions[i, j] + emissions[t + 1, j] + beta_{t+1}[j])."""
    params, emissions, _ = arguments(rng, T=7, B=3, V=4)
    log_Z, cache = crf_log_partition_forward(params, emissions)
    beta = np.broadcast_to(params["end"], emissions.shape[1:])
    marginals = [np.exp(cache.alphas[-1] + beta - log_Z[:, None])]
    for t in reversed(range(len(emissions) - 1)):
        beta = np.logaddexp.reduce(params["transitions"] + (emissions[t + 1] + beta)[:, None, :], axis=2)
        marginals.append(np.exp(cache.alphas[t] + beta - log_Z[:, None]))
    compare("marginals", crf_marginals(params, emissions), np.stack(marginals[::-1]))
    compare("sums", crf_marginals(params, emissions).sum(axis=-1), np.ones((7, 3)))


def test_gradient_of_the_transitions_is_the_expected_count(rng):
    params, emissions, _ = arguments(rng, B=1)
    _, cache = crf_log_partition_forward(params, emissions)
    dparams, _ = crf_log_partition_backward(cache, np.ones(1))
    paths, scores = enumerate_paths(params, emissions[:, 0])
    p = np.exp(scores - np.logaddexp.reduce(scores))
    expected = np.zeros((V, V))
    for path, probability in zip(paths, p, strict=True):
        np.add.at(expected, (path[:-1], path[1:]), probability)
    compare("dtransitions", dparams["transitions"], expected)


def test_a_long_sequence_along_random_directions(rng):
    check_gradient(crf_loss_forward, crf_loss_backward, *arguments(rng, T=100, B=3, V=6), rng=rng, directions=2)


def test_viterbi_beats_the_best_tag_at_each_step(rng):
    """Where transitions matter, the tags that are best one by one form a worse sequence."""
    params, emissions, _ = arguments(rng, T=20, B=8, V=4)
    params = {name: 3 * value for name, value in params.items()}
    one_by_one, _ = crf_score_forward(params, emissions, emissions.argmax(axis=-1))
    tags, best = crf_viterbi(params, emissions)
    compare("score", crf_score_forward(params, emissions, tags)[0], best)
    assert (best > one_by_one).all()


@pytest.mark.parametrize("lengths", LENGTHS)
def test_of_equally_good_tags_viterbi_takes_the_first(lengths):
    """All tags alike: tag 0 everywhere. Tags 1 and 2 alike and better at one step, as the last tag or on the way: there tag 1."""
    params = {"start": np.zeros(V), "transitions": np.zeros((V, V)), "end": np.zeros(V)}
    ends = np.full(B, T) if lengths is None else lengths
    for step in (None, 0, 2, 4):
        emissions = np.zeros((T, B, V))
        if step is not None:
            emissions[step, :, 1:] = 1
        tags, _ = crf_viterbi(params, emissions, lengths)
        expected = np.arange(T)[:, None] == (-1 if step is None else step)
        compare("tags", tags, np.where(np.arange(T)[:, None] < ends, expected, -1), rtol=0, atol=0)


def test_huge_scores_do_not_overflow(rng):
    params, emissions, tags = arguments(rng)
    loss, cache = crf_loss_forward(params, 1e4 * emissions, tags)
    assert np.isfinite(loss) and np.isfinite(crf_loss_backward(cache)[1]).all()


def test_what_stands_in_the_padding_does_not_matter(rng):
    params, emissions, tags = arguments(rng)
    lengths = np.array([3, 4])
    loss, cache = crf_loss_forward(params, emissions, tags, lengths)
    emissions, tags = emissions.copy(), tags.copy()
    for b, n in enumerate(lengths):
        emissions[n:, b], tags[n:, b] = 1e6, -100
    again, again_cache = crf_loss_forward(params, emissions, tags, lengths)
    assert loss == again
    compare("gradients", crf_loss_backward(again_cache), crf_loss_backward(cache), rtol=0, atol=0)
    compare("tags", crf_viterbi(params, emissions, lengths)[0][:3, 0], crf_viterbi(params, emissions[:3, :1])[0][:, 0])


def test_dtype_follows_the_input(rng):
    params, emissions, tags = arguments(rng)
    params, emissions = {k: v.astype(np.float32) for k, v in params.items()}, emissions.astype(np.float32)
    loss, cache = crf_loss_forward(params, emissions, tags, np.array([5, 3]))
    dparams, demissions = crf_loss_backward(cache, np.float64(1))
    marginals, (_, best) = crf_marginals(params, emissions), crf_viterbi(params, emissions)
    assert {a.dtype for a in (loss, demissions, marginals, best, *dparams.values())} == {np.dtype(np.float32)}
