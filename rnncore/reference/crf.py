r"""Linear-chain conditional random field: one score for a whole sequence of tags, and a softmax over all such sequences.

    score(y)     = start[y_1] + sum_t emissions[t, y_t] + sum_t transitions[y_{t-1}, y_t] + end[y_T]
    log Z        = log sum_y exp(score(y))                         over all V^T sequences of tags, by the forward algorithm:

    alpha_1[j]   = start[j] + emissions[1, j]
    alpha_t[j]   = log sum_i exp(alpha_{t-1}[i] + transitions[i, j]) + emissions[t, j]
    log Z        = log sum_j exp(alpha_T[j] + end[j])

    loss         = log Z - score(y)                                -log p(y)
    p(y_t = j)   = d log Z / d emissions[t, j]                     the marginal is a gradient

Contents
    init_crf                                                     parameters
    crf_score_forward, crf_score_backward                        score of given tags
    crf_log_partition_forward, crf_log_partition_backward        log Z
    crf_loss_forward, crf_loss_backward                          mean of -log p(tags)
    crf_marginals                                                p(y_t = j)

The best sequence is in `viterbi.py`. Axes: T steps, B batch, V tags. A batch of unequal lengths is padded at the end; what stands
in the padding adds nothing.
Source: Lafferty, McCallum and Pereira (2001); for tagging with an RNN: Huang, Xu and Yu (2015).
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.activations import log_sum_exp, softmax
from rnncore.reference.masking import check_lengths, length_mask
from rnncore.reference.ranges import check_range
from rnncore.reference.shapes import shapes

__all__ = [
    "CRFLogPartitionCache",
    "CRFLossCache",
    "CRFScoreCache",
    "crf_log_partition_backward",
    "crf_log_partition_forward",
    "crf_loss_backward",
    "crf_loss_forward",
    "crf_marginals",
    "crf_score_backward",
    "crf_score_forward",
    "init_crf",
]

PARAMS = {"start": "V", "transitions": "V V", "end": "V"}


class CRFScoreCache(NamedTuple):
    """What the score keeps for its backward pass."""

    params: dict
    emissions: np.ndarray  # (T, B, V)
    tags: np.ndarray  # (T, B)
    inside: np.ndarray  # (T, B), True at the steps of each sequence
    score: np.ndarray  # (B,)


class CRFLogPartitionCache(NamedTuple):
    """What the forward algorithm keeps for its backward pass."""

    params: dict
    emissions: np.ndarray  # (T, B, V)
    alphas: list  # T entries (B, V)
    inside: np.ndarray  # (T, B), True at the steps of each sequence
    log_Z: np.ndarray  # (B,)


class CRFLossCache(NamedTuple):
    """What the loss keeps for its backward pass."""

    score: CRFScoreCache
    log_Z: CRFLogPartitionCache


@shapes(rng="rng", num_tags="size")
def init_crf(rng, num_tags, *, dtype=np.float64):
    """Draw every score of a start, a transition and an end uniformly from (-0.1, 0.1).

    Args:
        rng: a `numpy.random.Generator`.
        num_tags: V.
        dtype: floating-point type of the arrays.
    Returns:
        A dict: start (V,), transitions (V, V), end (V,); transitions[i, j] scores tag j right after tag i.
    Raises:
        TypeError, ValueError: rng is no generator, or num_tags is not a whole number from 1 up.
    """
    V = num_tags
    return {name: rng.uniform(-0.1, 0.1, size).astype(dtype) for name, size in {"start": V, "transitions": (V, V), "end": V}.items()}


@shapes(params=PARAMS, emissions="T B V", tags="int T B", lengths="int B")
def crf_score_forward(params, emissions, tags, lengths=None):
    """Add up the scores that a sequence of tags collects on its way.

    Args:
        params: dict of start (V,), transitions (V, V), end (V,).
        emissions: (T, B, V), how well each tag fits each step by itself.
        tags: (T, B), whole numbers from 0 to V - 1; past the end of a sequence any number.
        lengths: (B,), whole numbers from 1 to T; None means T.
    Returns:
        score: (B,).
        cache: for `crf_score_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    T, B, V = emissions.shape
    inside = _inside("crf_score_forward", lengths, T, B)
    check_range("crf_score_forward: tags", tags[inside], 0, V - 1)
    tags = np.where(inside, tags, 0)
    batch = np.arange(B)
    score = params["start"][tags[0]] + emissions[0, batch, tags[0]]
    for t in range(1, T):
        step = params["transitions"][tags[t - 1], tags[t]] + emissions[t, batch, tags[t]]
        score = score + np.where(inside[t], step, 0)
    score = score + params["end"][_last(tags, inside)]
    return score, CRFScoreCache(params, emissions, tags, inside, score)


@shapes(cache=(CRFScoreCache, {"emissions": "T B V"}), dscore="B")
def crf_score_backward(cache, dscore):
    """Carry the gradient back to every score that was collected: each gets as much as it was used.

    Args:
        cache: what `crf_score_forward` returned.
        dscore: (B,).
    Returns:
        dparams: dict of start (V,), transitions (V, V), end (V,).
        demissions: (T, B, V).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    params, emissions, tags, inside, _ = cache
    dparams = {name: np.zeros_like(value) for name, value in params.items()}
    demissions = np.zeros_like(emissions)
    batch = np.arange(len(dscore))
    np.add.at(dparams["start"], tags[0], dscore)  # += would count a tag that two sequences share once
    np.add.at(dparams["end"], _last(tags, inside), dscore)
    for t in range(len(tags)):
        dstep = np.where(inside[t], dscore, 0)
        demissions[t, batch, tags[t]] = dstep
        if t > 0:
            np.add.at(dparams["transitions"], (tags[t - 1], tags[t]), dstep)
    return dparams, demissions


@shapes(params=PARAMS, emissions="T B V", lengths="int B")
def crf_log_partition_forward(params, emissions, lengths=None):
    """Sum exp(score) over all sequences of tags, in T V^2 steps instead of V^T, and take the logarithm.

    Args:
        params: dict of start (V,), transitions (V, V), end (V,).
        emissions: (T, B, V).
        lengths: (B,), whole numbers from 1 to T; None means T.
    Returns:
        log_Z: (B,).
        cache: for `crf_log_partition_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: the forward algorithm, Rabiner (1989), section III A, with logarithms.

    >>> params = {"start": np.zeros(3), "transitions": np.zeros((3, 3)), "end": np.zeros(3)}
    >>> log_Z, cache = crf_log_partition_forward(params, np.zeros((4, 1, 3)))
    >>> float(np.exp(log_Z[0]).round(6))  # 3^4 sequences of tags, each of score 0
    81.0
    """
    T, B, _ = emissions.shape
    inside = _inside("crf_log_partition_forward", lengths, T, B)
    alpha = params["start"] + emissions[0]  # (B, V)
    alphas = [alpha]
    for t in range(1, T):
        paths = alpha[:, None, :] + params["transitions"].T  # (B, V, V): to tag j (axis 1) from tag i (axis 2)
        alpha = np.where(inside[t][:, None], log_sum_exp(paths) + emissions[t], alpha)
        alphas.append(alpha)
    log_Z = log_sum_exp(alpha + params["end"])
    return log_Z, CRFLogPartitionCache(params, emissions, alphas, inside, log_Z)


@shapes(cache=(CRFLogPartitionCache, {"emissions": "T B V"}), dlog_Z="B")
def crf_log_partition_backward(cache, dlog_Z):
    """Carry the gradient back through the forward algorithm.

    Going back from tag j at step t, it splits over the tags i at step t - 1 by their share in alpha_t[j]. For dlog_Z = 1 what
    arrives at (t, j) is p(y_t = j), and what flows from (t, j) to (t - 1, i) is p(y_{t-1} = i, y_t = j).

    Args:
        cache: what `crf_log_partition_forward` returned.
        dlog_Z: (B,).
    Returns:
        dparams: dict of start (V,), transitions (V, V), end (V,).
        demissions: (T, B, V).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Eisner (2016), "Inside-Outside and Forward-Backward Algorithms Are Just Backprop".
    """
    params, emissions, alphas, inside, _ = cache
    dtransitions, demissions = np.zeros_like(params["transitions"]), np.zeros_like(emissions)
    dalpha = dlog_Z[:, None] * softmax(alphas[-1] + params["end"])  # (B, V)
    dend = dalpha.sum(axis=0)
    for t in reversed(range(1, len(emissions))):
        now = inside[t][:, None]  # (B, 1)
        demissions[t] = np.where(now, dalpha, 0)
        share = softmax(alphas[t - 1][:, None, :] + params["transitions"].T)  # (B, V, V), of i (axis 2) in j (axis 1)
        flow = share * demissions[t][:, :, None]
        dtransitions += flow.sum(axis=0).T
        dalpha = np.where(now, flow.sum(axis=1), dalpha)
    demissions[0] = dalpha
    return {"start": dalpha.sum(axis=0), "transitions": dtransitions, "end": dend}, demissions


@shapes(params=PARAMS, emissions="T B V", tags="int T B", lengths="int B")
def crf_loss_forward(params, emissions, tags, lengths=None):
    """Mean over the sequences of the batch of -log p(tags) = log Z - score(tags), in nats.

    Args:
        params: dict of start (V,), transitions (V, V), end (V,).
        emissions: (T, B, V).
        tags: (T, B), whole numbers from 0 to V - 1; past the end of a sequence any number.
        lengths: (B,), whole numbers from 1 to T; None means T.
    Returns:
        loss: a scalar.
        cache: for `crf_loss_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Lafferty, McCallum and Pereira (2001).

    >>> params = {"start": np.zeros(2), "transitions": np.zeros((2, 2)), "end": np.zeros(2)}
    >>> loss, cache = crf_loss_forward(params, np.zeros((3, 1, 2)), np.array([[0], [1], [1]]))
    >>> round(float(np.exp(loss)), 6)  # eight sequences of three tags, none preferred
    8.0
    """
    score, score_cache = crf_score_forward(params, emissions, tags, lengths)
    log_Z, log_Z_cache = crf_log_partition_forward(params, emissions, lengths)
    return np.mean(log_Z - score), CRFLossCache(score_cache, log_Z_cache)


@shapes(cache=(CRFLossCache, {}))
def crf_loss_backward(cache, dloss=1.0):
    """Gradient of the loss: how often the model expects to use each score, minus how often the given tags use it.

    Args:
        cache: what `crf_loss_forward` returned.
        dloss: a scalar, gradient with respect to the loss.
    Returns:
        dparams: dict of start (V,), transitions (V, V), end (V,).
        demissions: (T, B, V).
    Raises:
        TypeError: cache is not what the forward pass returned.
    """
    dlog_Z = np.full_like(cache.log_Z.log_Z, dloss / len(cache.log_Z.log_Z))
    expected, demissions_expected = crf_log_partition_backward(cache.log_Z, dlog_Z)
    given, demissions_given = crf_score_backward(cache.score, dlog_Z)
    return {name: expected[name] - given[name] for name in expected}, demissions_expected - demissions_given


@shapes(params=PARAMS, emissions="T B V", lengths="int B")
def crf_marginals(params, emissions, lengths=None):
    """The probability of each tag at each step, given all emissions: the gradient of log Z.

    Args:
        params: dict of start (V,), transitions (V, V), end (V,).
        emissions: (T, B, V).
        lengths: (B,), whole numbers from 1 to T; None means T.
    Returns:
        (T, B, V), summing to 1 over V; zero past the end of a sequence.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Rabiner (1989), equation 27, by another road.

    >>> params = {"start": np.zeros(2), "transitions": np.array([[9.0, 0.0], [0.0, 9.0]]), "end": np.zeros(2)}
    >>> emissions = np.array([[[0.0, 5.0]], [[0.0, 0.0]]])  # the first step says 1, the second says nothing
    >>> crf_marginals(params, emissions)[:, 0].round(2).tolist()  # a tag is followed by itself
    [[0.01, 0.99], [0.01, 0.99]]
    """
    log_Z, cache = crf_log_partition_forward(params, emissions, lengths)
    return crf_log_partition_backward(cache, np.ones_like(log_Z))[1]


def _inside(where, lengths, T, B):
    """(T, B), True at the steps of each sequence."""
    if lengths is None:
        return np.ones((T, B), dtype=bool)
    check_lengths(where, lengths, T)
    return length_mask(lengths, T)


def _last(tags, inside):
    """(B,), the last tag of each sequence."""
    return tags[inside.sum(axis=0) - 1, np.arange(tags.shape[1])]
