"""Lab 8, part 5: the sum over all sequences of tags.

Contents
    log_partition    the check of `crf_log_partition_forward`
"""

from itertools import product

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab08.inputs import CRF, EMISSIONS, STEPS, draw_scores, draw_trellis
from rnncore.reference.activations import log_sum_exp
from rnncore.reference.crf import crf_log_partition_forward, crf_score_forward

__all__ = ["log_partition"]


def naive(a):
    return np.log(np.exp(a).sum(axis=-1))


def one_largest(a):
    """The largest number of the whole array is taken out, in the place of the largest of each sum."""
    return a.max() + np.log(np.exp(a - a.max()).sum(axis=-1))


def add_paths(paths):
    return log_sum_exp(paths)


def paths_to(alpha, A):
    return alpha[:, None, :] + A.T  # (B, V, V): to tag j (axis 1) from tag i (axis 2)


def algorithm(
    join=add_paths,
    last=None,
    paths=paths_to,
    step=lambda total, e, alpha: total + e,
    ended=lambda new, alpha: alpha,
    turns=lambda T: range(1, T),
):
    """The right function but for one thing.

    join(paths) -> their sum; last: the same at the end, if other; paths(alpha, A); step(sum, emissions of the step, alpha before it);
    ended(new, old) -> alpha past the end of a sequence; turns(T) -> the steps of the loop.
    """

    def wrong(params, emissions, lengths):
        alpha = params["start"] + emissions[0]
        alphas, inside = [alpha], np.arange(len(emissions))[:, None] < lengths
        for t in turns(len(emissions)):
            new = step(join(paths(alpha, params["transitions"])), emissions[t], alpha)
            alpha = np.where(inside[t][:, None], new, ended(new, alpha))
            alphas.append(alpha)
        log_Z = (last or join)(alpha + params["end"])
        return log_Z, alphas_of(params, emissions, lengths)._replace(alphas=alphas, log_Z=log_Z)

    return wrong


def alphas_of(params, emissions, lengths):
    return crf_log_partition_forward(params, emissions, lengths)[1]


def given(change):
    """The right function, given `change(params, emissions, lengths)`."""
    return lambda params, emissions, lengths: crf_log_partition_forward(*change(params, emissions, lengths))


def without(*names):
    return given(lambda params, emissions, lengths: ({k: v * (k not in names) for k, v in params.items()}, emissions, lengths))


def but(log_Z=None, **new):
    """The right function but for what the changes make of log_Z (of it and the arguments) and of fields of the cache (of the cache)."""

    def wrong(params, emissions, lengths):
        Z, cache = crf_log_partition_forward(params, emissions, lengths)
        Z = log_Z(Z, params, emissions, lengths) if log_Z else Z
        return Z, cache._replace(**{name: change(cache) for name, change in new.items()})

    return wrong


def from_alphas(change):
    """log_Z from `change(alphas (T, B, V), params, lengths)`."""
    return but(log_Z=lambda Z, params, e, lengths: log_sum_exp(change(np.stack(alphas_of(params, e, lengths).alphas), params, lengths)))


def the_last_tags_emission_first(params, emissions, lengths):
    """The emission of the tag before is added where that of the tag that is entered belongs."""
    alpha, inside = params["start"] + emissions[0], np.arange(len(emissions))[:, None] < lengths
    alphas = [alpha]
    for t in range(1, len(emissions)):
        new = log_sum_exp((alpha + emissions[t])[:, None, :] + params["transitions"].T)
        alpha = np.where(inside[t][:, None], new, alpha)
        alphas.append(alpha)
    log_Z = log_sum_exp(alpha + params["end"])
    return log_Z, alphas_of(params, emissions, lengths)._replace(alphas=alphas, log_Z=log_Z)


def start_alone(params, emissions, lengths):
    """Before the loop alpha is start, and the loop goes over all steps, the first one with a transition."""
    ones = np.ones_like(emissions[:1])
    log_Z, cache = algorithm()(params, np.concatenate([0 * ones, emissions]), lengths + 1)
    return log_Z, cache._replace(emissions=emissions, alphas=cache.alphas[1:], inside=cache.inside[1:])


def silent_padding(params, emissions, lengths):
    """Emissions of 0 in the padding, where the recursion goes on."""
    e = np.where((np.arange(len(emissions))[:, None] < lengths)[..., None], emissions, 0)
    log_Z, cache = algorithm(ended=lambda new, alpha: new)(params, e, lengths)
    return log_Z, cache._replace(emissions=emissions, inside=alphas_of(params, emissions, lengths).inside)


def alphas_that_go_on(params, emissions, lengths):
    """The right log_Z, but alpha is computed in the padding, too."""
    log_Z, cache = crf_log_partition_forward(params, emissions, lengths)
    return log_Z, cache._replace(alphas=algorithm(ended=lambda new, alpha: new)(params, emissions, lengths)[1].alphas)


def small(rng):
    return next(draw_trellis(rng, np.float64, T=4, B=3, V=3))


def listed(params, emissions, lengths, b):
    """The score of every sequence of tags for sentence b, and these sequences."""
    L, V = lengths[b], emissions.shape[2]
    tags = np.array(list(product(range(V), repeat=int(L)))).T  # (L, V^L)
    e = np.broadcast_to(emissions[:L, b : b + 1], (L, tags.shape[1], V))
    return crf_score_forward(params, e, tags)[0], tags


def the_sum_is_that_of_a_list(function, rng):
    """All sequences of tags listed one by one, for a batch of unequal lengths and for sentences of one word."""
    params, emissions, lengths = small(rng)
    for e, steps in ((emissions, lengths), (emissions[:1], np.ones_like(lengths))):
        log_Z, _ = function(params, e, steps)
        compare(
            "log_Z", log_Z, np.array([log_sum_exp(listed(params, e, steps, b)[0]) for b in range(3)]), what="the sum of a list; expected"
        )


log_partition = Exercise(
    crf_log_partition_forward,
    outputs=("log_Z", "cache"),
    letters="TBV",
    example=lambda: (CRF, EMISSIONS, STEPS),
    draw=draw_scores,
    properties=(the_sum_is_that_of_a_list,),
    mistakes={
        "transitions is read the wrong way round: transitions[i, j] leads from i to j": given(
            lambda params, e, lengths: ({**params, "transitions": params["transitions"].T}, e, lengths)
        ),
        "the sum runs over the tag that is entered; it runs over the tag before": algorithm(paths=lambda alpha, A: alpha[:, :, None] + A),
        "start is forgotten": without("start"),
        "end is forgotten": without("end"),
        "start and end are forgotten": without("start", "end"),
        "transitions are forgotten: every step is summed for itself": without("transitions"),
        "end stands in the place of start, and start in that of end": given(
            lambda params, e, lengths: ({**params, "start": params["end"], "end": params["start"]}, e, lengths)
        ),
        "lengths are ignored: the padding is scored, too": algorithm(ended=lambda new, alpha: new),
        "emissions are zero past the end of a sequence, but transitions go on there; alpha stays as it is": silent_padding,
        "alphas go on changing past the end of a sequence; they stay as they are there": alphas_that_go_on,
        "alpha becomes zero past the end of a sequence; it stays as it is": algorithm(ended=lambda new, alpha: 0 * alpha),
        "one step too many is scored: a sequence has the steps t < lengths": but(
            log_Z=lambda Z, params, e, lengths: crf_log_partition_forward(params, e, np.minimum(lengths + 1, len(e)))[0]
        ),
        "the last step of every sequence is left out": from_alphas(
            lambda alphas, params, lengths: alphas[np.maximum(lengths - 2, 0), np.arange(len(lengths))] + params["end"]
        ),
        "the largest sum is kept in the place of all: this is the score of the best sequence": algorithm(lambda a: a.max(axis=-1)),
        "the largest beginning is kept at each step, and the sum taken at the end only": algorithm(
            lambda a: a.max(axis=-1), last=log_sum_exp
        ),
        "scores are added where their exponentials should be": algorithm(lambda a: a.sum(axis=-1)),
        "the logarithm is missing at the end: this is Z": but(log_Z=lambda Z, *_: np.exp(Z)),
        "only the largest tag is taken at the end; all are summed": but(
            log_Z=lambda Z, params, e, lengths: (alphas_of(params, e, lengths).alphas[-1] + params["end"]).max(axis=1)
        ),
        "exp meets a number that is too large or too small for it: take the largest out of each sum first": algorithm(naive),
        "the largest number of the whole batch is taken out; each sum has its own": algorithm(one_largest),
        "the emissions after the first step are forgotten": algorithm(step=lambda total, e, alpha: total),
        "the emissions of the first step are forgotten": given(
            lambda params, e, lengths: (params, np.concatenate([0 * e[:1], e[1:]]), lengths)
        ),
        "the emissions of the step before are read again": given(
            lambda params, e, lengths: (params, np.concatenate([e[:1], e[:-1]]), lengths)
        ),
        "a transition leads to the first step: before it there is start, and no tag": start_alone,
        "the loop begins with the first step, which is in alpha already": algorithm(turns=lambda T: range(T)),
        "the emission of the tag before is added; it is that of the tag that is entered": the_last_tags_emission_first,
        "alpha of the step before is added once more, outside of the sum": algorithm(step=lambda total, e, alpha: total + e + alpha),
        "end is added at every step; it is added once, after the last": given(
            lambda params, e, lengths: (params, np.concatenate([e[:-1] + params["end"], e[-1:]]), np.full_like(lengths, len(e)))
        ),
        "log_Z keeps an axis; there is one number for each sequence": but(log_Z=lambda Z, *_: Z[:, None]),
        "the sentences of the batch are summed; there is one number for each": but(log_Z=lambda Z, *_: Z.sum()),
        "the sum runs over the batch as well; there is one number for each sentence": but(log_Z=lambda Z, *_: log_sum_exp(Z)),
        "end is added to the last of the alphas; it belongs to log_Z alone": but(
            alphas=lambda cache: [*cache.alphas[:-1], cache.alphas[-1] + cache.params["end"]]
        ),
        "alphas lacks the first step": but(alphas=lambda cache: cache.alphas[1:]),
        "alphas holds only the last step": but(alphas=lambda cache: cache.alphas[-1:]),
        "alphas holds the sums before the emissions are added": but(
            alphas=lambda cache: [cache.alphas[0], *(a - e for a, e in zip(cache.alphas[1:], cache.emissions[1:], strict=True))]
        ),
        "inside has batch and time exchanged; it is (T, B)": but(inside=lambda cache: cache.inside.T),
        "inside is true in the padding; it is true for t < lengths": but(inside=lambda cache: ~cache.inside),
    },
)
