"""Lab 8, part 5: the sum over all sequences of tags."""

import numpy as np

from rnncore.reference import CRFLogPartitionCache, length_mask, log_sum_exp
from tests.corpus.answers import right, wrong


@right
def new_axis_in_front_of_j(params, emissions, lengths):
    T, _, _ = emissions.shape
    inside = np.arange(T)[:, None] < lengths
    alphas = [params["start"] + emissions[0]]
    for t in range(1, T):
        scores = alphas[-1][:, :, None] + params["transitions"]  # (B, i, j)
        top = scores.max(axis=1)
        new = top + np.log(np.exp(scores - top[:, None]).sum(axis=1)) + emissions[t]
        alphas.append(np.where(inside[t][:, None], new, alphas[-1]))
    log_Z = log_sum_exp(alphas[-1] + params["end"])
    return log_Z, CRFLogPartitionCache(params, emissions, alphas, inside, log_Z)


@right
def logaddexp(params, emissions, lengths):
    inside = length_mask(lengths, len(emissions))
    alpha = emissions[0] + params["start"]
    alphas = [alpha]
    for e, m in zip(emissions[1:], inside[1:], strict=True):
        paths = alpha[:, :, None] + params["transitions"] + e[:, None, :]
        alpha = np.where(m[:, None], np.logaddexp.reduce(paths, axis=1), alpha)
        alphas.append(alpha)
    log_Z = np.logaddexp.reduce(alpha + params["end"], axis=-1)
    return log_Z, CRFLogPartitionCache(params, emissions, alphas, inside, log_Z)


@right
def one_sentence_after_the_other(params, emissions, lengths):
    T, B, _ = emissions.shape
    alphas, log_Z = np.zeros_like(emissions), np.zeros(B, dtype=emissions.dtype)
    for b in range(B):
        alpha = params["start"] + emissions[0, b]
        alphas[0, b] = alpha
        for t in range(1, T):
            if t < lengths[b]:
                alpha = log_sum_exp((alpha[:, None] + params["transitions"]).T) + emissions[t, b]
            alphas[t, b] = alpha
        log_Z[b] = log_sum_exp(alpha + params["end"])
    return log_Z, CRFLogPartitionCache(params, emissions, list(alphas), length_mask(lengths, T), log_Z)


@right
def tag_by_tag(params, emissions, lengths):
    inside = length_mask(lengths, len(emissions))
    alphas = [params["start"][None, :] + emissions[0]]
    for t in range(1, len(emissions)):
        before, new = alphas[-1], np.empty_like(emissions[t])
        for j in range(emissions.shape[2]):
            new[:, j] = log_sum_exp(before + params["transitions"][:, j]) + emissions[t, :, j]
        new[~inside[t]] = before[~inside[t]]
        alphas.append(new)
    log_Z = log_sum_exp(alphas[-1] + params["end"])
    return log_Z, CRFLogPartitionCache(params, emissions, alphas, inside, log_Z)


@right
def matrix_product_of_factors(params, emissions, lengths):
    A = params["transitions"]
    factors, inside = np.exp(A - A.max()), length_mask(lengths, len(emissions))
    alphas = [params["start"] + emissions[0]]
    for t in range(1, len(emissions)):
        alpha = alphas[-1]
        top = alpha.max(axis=1, keepdims=True)
        new = np.log(np.exp(alpha - top) @ factors) + top + A.max() + emissions[t]
        alphas.append(np.where(inside[t, :, None], new, alpha))
    log_Z = log_sum_exp(alphas[-1] + params["end"])
    return log_Z, CRFLogPartitionCache(params, emissions, alphas, inside, log_Z)


@right
def emission_inside_and_tuple_cache(params, emissions, lengths):
    start, A, end = params["start"], params["transitions"], params["end"]
    inside, alpha, alphas = length_mask(lengths, emissions.shape[0]), start + emissions[0], ()
    for t in range(len(emissions)):
        if t:
            score = alpha[:, None, :] + A.T[None] + emissions[t][:, :, None]
            alpha = np.where(inside[t].reshape(-1, 1), log_sum_exp(score), alpha)
        alphas += (alpha.copy(),)
    log_Z = log_sum_exp(end + alphas[-1])
    return log_Z, CRFLogPartitionCache(params=params, emissions=emissions, alphas=alphas, inside=inside, log_Z=log_Z)


def run(params, emissions, lengths, paths=None, join=log_sum_exp, keep=True, last=log_sum_exp, end=True, start=True):
    T = len(emissions)
    inside = length_mask(lengths, T)
    alpha = params["start"] + emissions[0] if start else emissions[0]
    alphas = [alpha]
    for t in range(1, T):
        p = paths(alpha, params["transitions"]) if paths else alpha[:, None, :] + params["transitions"].T
        new = join(p) + emissions[t]
        alpha = np.where(inside[t][:, None], new, alpha) if keep else new
        alphas.append(alpha)
    log_Z = last(alpha + params["end"] if end else alpha)
    return log_Z, CRFLogPartitionCache(params, emissions, alphas, inside, log_Z)


@wrong("transitions is read the wrong way round")
def not_transposed(params, emissions, lengths):
    return run(params, emissions, lengths, lambda alpha, A: alpha[:, None, :] + A)


@wrong("the sum runs over the tag that is entered")
def last_axis_is_j(params, emissions, lengths):
    return run(params, emissions, lengths, lambda alpha, A: alpha[:, :, None] + A)


@wrong("end is forgotten")
def no_end(params, emissions, lengths):
    return run(params, emissions, lengths, end=False)


@wrong("start is forgotten")
def no_start(params, emissions, lengths):
    return run(params, emissions, lengths, start=False)


@wrong("lengths are ignored: the padding is scored, too")
def runs_on(params, emissions, lengths):
    return run(params, emissions, lengths, keep=False)


@wrong("this is the score of the best sequence")
def max_everywhere(params, emissions, lengths):
    return run(params, emissions, lengths, join=lambda p: p.max(axis=-1), last=lambda p: p.max(axis=-1))


@wrong("the logarithm is missing at the end")
def exp_of_it(params, emissions, lengths):
    return run(params, emissions, lengths, last=lambda p: np.exp(p).sum(axis=-1))


@wrong("only the largest tag is taken at the end")
def max_at_the_end(params, emissions, lengths):
    return run(params, emissions, lengths, last=lambda p: p.max(axis=1))


@wrong("too large or too small for it")
def naive_exp(params, emissions, lengths):
    def plain(a):
        return np.log(np.sum(np.exp(a), axis=-1))

    return run(params, emissions, lengths, join=plain, last=plain)


@wrong("each sum has its own")
def one_maximum(params, emissions, lengths):
    def shifted(a):
        m = np.max(a)
        return np.log(np.exp(a - m).sum(axis=-1)) + m

    return run(params, emissions, lengths, join=shifted, last=shifted)


@wrong("scores are added where their exponentials should be")
def plain_sum(params, emissions, lengths):
    return run(params, emissions, lengths, join=lambda p: p.sum(axis=-1), last=lambda p: p.sum(axis=-1))


@wrong("which is in alpha already")
def loop_from_zero(params, emissions, lengths):
    inside = length_mask(lengths, len(emissions))
    alpha, alphas = params["start"] + emissions[0], []
    for t in range(len(emissions)):
        paths = alpha[:, None, :] + params["transitions"].T
        alpha = np.where(inside[t][:, None], log_sum_exp(paths) + emissions[t], alpha)
        alphas.append(alpha)
    log_Z = log_sum_exp(alpha + params["end"])
    return log_Z, CRFLogPartitionCache(params, emissions, alphas, inside, log_Z)


@wrong("it is that of the tag that is entered")
def emission_of_the_tag_before(params, emissions, lengths):
    inside = length_mask(lengths, len(emissions))
    alphas = [params["start"] + emissions[0]]
    for t in range(1, len(emissions)):
        paths = alphas[-1][:, None, :] + params["transitions"].T + emissions[t][:, None, :]
        alphas.append(np.where(inside[t][:, None], log_sum_exp(paths), alphas[-1]))
    log_Z = log_sum_exp(alphas[-1] + params["end"])
    return log_Z, CRFLogPartitionCache(params, emissions, alphas, inside, log_Z)


@wrong("transitions are forgotten")
def no_transitions(params, emissions, lengths):
    return run(params, emissions, lengths, lambda alpha, A: alpha[:, None, :] + 0 * A)


@wrong("alpha becomes zero past the end")
def multiplied_by_the_mask(params, emissions, lengths):
    inside = length_mask(lengths, len(emissions))
    alphas = [params["start"] + emissions[0]]
    for t in range(1, len(emissions)):
        alpha = log_sum_exp(alphas[-1][:, None, :] + params["transitions"].T) + emissions[t]
        alphas.append(alpha * inside[t][:, None].astype(alpha.dtype))
    log_Z = log_sum_exp(alphas[-1] + params["end"])
    return log_Z, CRFLogPartitionCache(params, emissions, alphas, inside, log_Z)


@wrong("alphas lacks the first step")
def first_alpha_not_kept(params, emissions, lengths):
    log_Z, cache = run(params, emissions, lengths)
    return log_Z, cache._replace(alphas=cache.alphas[1:])


@wrong("there is one number for each sentence")
def over_the_batch(params, emissions, lengths):
    return run(params, emissions, lengths, last=lambda p: log_sum_exp(log_sum_exp(p)))


@wrong("cache.inside must hold True and False, got float32")
def mask_of_ones(params, emissions, lengths):
    log_Z, cache = run(params, emissions, lengths)
    return log_Z, cache._replace(inside=cache.inside.astype(np.float32))


@wrong("it must return 2 values (log_Z, cache), got an array of shape (1,).")
def no_cache(params, emissions, lengths):
    return run(params, emissions, lengths)[0]


@wrong(None)
def divided_by_the_length(params, emissions, lengths):
    log_Z, cache = run(params, emissions, lengths)
    return (log_Z / lengths).astype(log_Z.dtype), cache


@wrong("end is added to the last of the alphas; it belongs to log_Z alone.")
def end_into_last_alpha(params, emissions, lengths):
    T = len(emissions)
    inside = length_mask(lengths, T)
    alpha = params["start"] + emissions[0]
    alphas = [alpha]
    for t in range(1, T):
        new = log_sum_exp(alpha[:, None, :] + params["transitions"].T) + emissions[t]
        alpha = np.where(inside[t][:, None], new, alpha)
        alphas.append(alpha)
    alphas[-1] = alphas[-1] + params["end"]
    log_Z = log_sum_exp(alphas[-1])
    return log_Z, CRFLogPartitionCache(params, emissions, alphas, inside, log_Z)


@wrong("a transition leads to the first step: before it there is start, and no tag.")
def zero_start_loop_all(params, emissions, lengths):
    T = len(emissions)
    inside = length_mask(lengths, T)
    alpha = np.zeros_like(emissions[0]) + params["start"]
    alphas = []
    for t in range(T):
        new = log_sum_exp(alpha[:, None, :] + params["transitions"].T) + emissions[t]
        alpha = np.where(inside[t][:, None], new, alpha)
        alphas.append(alpha)
    log_Z = log_sum_exp(alpha + params["end"])
    return log_Z, CRFLogPartitionCache(params, emissions, alphas, inside, log_Z)


@wrong("the last step of every sequence is left out.")
def mask_off_by_one(params, emissions, lengths):
    T = len(emissions)
    inside = length_mask(lengths, T)
    alpha = params["start"] + emissions[0]
    alphas = [alpha]
    for t in range(1, T):
        new = log_sum_exp(alpha[:, None, :] + params["transitions"].T) + emissions[t]
        alpha = np.where(t < lengths[:, None] - 1, new, alpha)
        alphas.append(alpha)
    log_Z = log_sum_exp(alpha + params["end"])
    return log_Z, CRFLogPartitionCache(params, emissions, alphas, inside, log_Z)


@wrong("alphas go on changing past the end of a sequence; they stay as they are there.")
def alphas_unheld_but_picked(params, emissions, lengths):
    T, B, _V = emissions.shape
    alpha = params["start"] + emissions[0]
    alphas = [alpha]
    for t in range(1, T):
        alpha = log_sum_exp(alpha[:, None, :] + params["transitions"].T) + emissions[t]
        alphas.append(alpha)
    last = np.stack(alphas)[lengths - 1, np.arange(B)]
    log_Z = log_sum_exp(last + params["end"])
    return log_Z, CRFLogPartitionCache(params, emissions, alphas, length_mask(lengths, T), log_Z)


@wrong("emissions are zero past the end of a sequence, but transitions go on there; alpha stays as it is.")
def mask_multiplied(params, emissions, lengths):
    T = len(emissions)
    emissions_m = emissions * length_mask(lengths, T)[..., None]
    alpha = params["start"] + emissions[0]
    alphas = [alpha]
    for t in range(1, T):
        alpha = log_sum_exp(alpha[:, None, :] + params["transitions"].T) + emissions_m[t]
        alphas.append(alpha)
    log_Z = log_sum_exp(alpha + params["end"])
    return log_Z, CRFLogPartitionCache(params, emissions, alphas, length_mask(lengths, T), log_Z)
