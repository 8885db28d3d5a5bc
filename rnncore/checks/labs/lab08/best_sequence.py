"""Lab 8, part 6: the best sequence of tags.

Contents
    viterbi    the check of `crf_viterbi`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab08.all_sequences import listed, paths_to, small
from rnncore.checks.labs.lab08.inputs import CRF, EMISSIONS, STEPS, draw_trellis
from rnncore.reference.crf import crf_log_partition_forward, crf_marginals, crf_score_forward
from rnncore.reference.viterbi import crf_viterbi

__all__ = ["viterbi"]


def walk(last=None, came=None, step=None, padding=-1, wait=True):
    """The right function but for one thing.

    last(best, params) -> what the last tag is chosen by; came(paths) -> the tags (B, V) that the best beginnings come from;
    step(tag, came_from, t) -> the tag before step t's; padding: what stands past the end of a sequence;
    wait: whether the way back begins at the end of each sentence.
    """

    def wrong(params, emissions, lengths):
        T, B, _ = emissions.shape
        best, came_from = params["start"] + emissions[0], [None]
        for t in range(1, T):
            paths = paths_to(best, params["transitions"])
            came_from.append(came(paths) if came else paths.argmax(axis=2))
            best = np.where((t < lengths)[:, None], paths.max(axis=2) + emissions[t], best)
        tags, tag = np.full((T, B), padding), (last(best, params) if last else best + params["end"]).argmax(axis=1)
        for t in reversed(range(T)):
            tags[t] = np.where(t < lengths, tag, padding)
            if t > 0:
                before = step(tag, came_from, t) if step else came_from[t][np.arange(B), tag]
                tag = np.where(t < lengths, before, tag) if wait else before
        return tags, (best + params["end"]).max(axis=1)

    return wrong


def given(change):
    """The right function, given `change(params, emissions, lengths)`."""
    return lambda params, emissions, lengths: crf_viterbi(*change(params, emissions, lengths))


def without(*names):
    return given(lambda params, emissions, lengths: ({k: v * (k not in names) for k, v in params.items()}, emissions, lengths))


def scored(choose):
    """The tags that `choose(params, emissions, lengths)` gives, and the score that they really have."""

    def wrong(params, emissions, lengths):
        inside = np.arange(len(emissions))[:, None] < lengths
        tags = np.where(inside, choose(params, emissions, lengths), -1)
        return tags, crf_score_forward(params, emissions, np.where(inside, tags, 0), lengths)[0]

    return wrong


def greedy(params, emissions, lengths):
    """From the first step on, the tag that fits best after the one just chosen."""
    tags = [(params["start"] + emissions[0]).argmax(axis=1)]
    for e in emissions[1:]:
        tags.append((params["transitions"][tags[-1]] + e).argmax(axis=1))
    return np.stack(tags)


def best_beginnings_and_end(params, emissions, lengths):
    """The same, but the last tag is that of the best sequence."""
    tags, ends = best_beginnings(params, emissions, lengths), (lengths - 1, np.arange(len(lengths)))
    tags[ends] = crf_viterbi(params, emissions, lengths)[0][ends]
    return tags


def best_beginnings(params, emissions, lengths):
    """At each step the tag with the best beginning up to there."""
    best, tags = params["start"] + emissions[0], []
    for e in emissions[1:]:
        tags.append(best.argmax(axis=1))
        best = paths_to(best, params["transitions"]).max(axis=2) + e
    return np.stack([*tags, best.argmax(axis=1)])


def but(change):
    """The right function but for what `change(tags, score, params, emissions, lengths)` makes of its results."""
    return lambda *args: change(*crf_viterbi(*args), *args)


def turned(tags, lengths):
    t = np.arange(len(tags))[:, None]
    return np.where(t < lengths, np.take_along_axis(tags, np.where(t < lengths, lengths - 1 - t, t), axis=0), -1)


def worst(params, emissions, lengths):
    tags, score = crf_viterbi({name: -value for name, value in params.items()}, -emissions, lengths)
    return tags, -score


def stuck(params, emissions, lengths):
    """Every step's tag is where the best beginning of the last tag came from, looked up with that last tag."""
    final, result = crf_viterbi(params, emissions, lengths)[0][lengths - 1, np.arange(len(lengths))], []
    best = params["start"] + emissions[0]
    for t in range(1, len(emissions)):
        paths = paths_to(best, params["transitions"])
        result.append(np.where(t < lengths, paths.argmax(axis=2)[np.arange(len(lengths)), final], final))
        best = np.where((t < lengths)[:, None], paths.max(axis=2) + emissions[t], best)
    return np.where(np.arange(len(emissions))[:, None] < lengths, np.stack([*result, final]), -1)


def emissions_of(tags, emissions):
    picked = np.take_along_axis(emissions, np.maximum(tags, 0)[..., None], axis=2)[..., 0]
    return np.where(tags >= 0, picked, 0).sum(axis=0)


def silent_padding(tags, score, params, emissions, lengths):
    """Emissions of 0 in the padding, where the recursion goes on."""
    inside = np.arange(len(emissions))[:, None] < lengths
    tags, score = crf_viterbi(params, np.where(inside[..., None], emissions, 0))
    return np.where(inside, tags, -1), score


def all_best(params, emissions, lengths):
    best = params["start"] + emissions[0]
    for t in range(1, len(emissions)):
        best = np.where((t < lengths)[:, None], paths_to(best, params["transitions"]).max(axis=2) + emissions[t], best)
    return best + params["end"]


def no_sequence_is_better(function, rng):
    """All sequences of tags listed one by one: none has a higher score, and the tags have the score that is said."""
    for _ in range(4):
        params, emissions, lengths = small(rng)
        for e, steps in ((emissions, lengths), (emissions[:1], np.ones_like(lengths))):
            tags, score = function(params, e, steps)
            for b, L in enumerate(steps):
                scores, sequences = listed(params, e, steps, b)
                compare(f"score of sentence {b}", score[b], scores.max(), what="the best of a list; expected")
                compare(f"tags of sentence {b}", tags[:L, b], sequences[:, scores.argmax()], what="the best of a list; expected")


viterbi = Exercise(
    crf_viterbi,
    outputs=("tags", "score"),
    letters="TBV",
    example=lambda: (CRF, EMISSIONS, STEPS),
    draw=draw_trellis,
    properties=(no_sequence_is_better,),
    mistakes={
        "transitions is read the wrong way round: transitions[i, j] leads from i to j": given(
            lambda params, e, lengths: ({**params, "transitions": params["transitions"].T}, e, lengths)
        ),
        "start is forgotten": without("start"),
        "end is forgotten": without("end"),
        "start and end are forgotten": without("start", "end"),
        "end is forgotten in the choice of the last tag": walk(last=lambda best, params: best),
        "lengths are ignored: the padding is tagged, too": given(lambda params, e, lengths: (params, e, np.full_like(lengths, len(e)))),
        "lengths are ignored, and only the padding's tags set to -1": lambda params, e, lengths: (
            np.where(np.arange(len(e))[:, None] < lengths, crf_viterbi(params, e)[0], -1),
            crf_viterbi(params, e)[1],
        ),
        "tags past the end of a sequence are 0; they are -1": walk(padding=0),
        "each step has the tag with the largest emission; transitions are not used": scored(lambda params, e, lengths: e.argmax(axis=2)),
        "each step has the tag with the largest emission, and so has the padding; transitions are not used": but(
            lambda tags, score, params, e, lengths: (e.argmax(axis=2), e.max(axis=2).sum(axis=0))
        ),
        "each step has the tag that fits best after the one just chosen; no later step can change that": scored(greedy),
        "each step has the tag with the best beginning up to there; follow the way back from the last tag": scored(best_beginnings),
        "each step but the last has the tag with the best beginning up to there; follow the way back from the last tag": scored(
            best_beginnings_and_end
        ),
        "each step has its most likely tag by itself, the largest marginal": scored(
            lambda params, e, lengths: crf_marginals(params, e, lengths).argmax(axis=2)
        ),
        "the sum of all beginnings stands in the place of the best one: the score is log Z": but(
            lambda tags, score, *args: (tags, crf_log_partition_forward(*args)[0])
        ),
        "the worst sequence is found: min and argmin in the place of max and argmax": worst,
        "tags come from the last step to the first": but(lambda tags, score, params, e, lengths: (turned(tags, lengths), score)),
        "the whole array of tags is turned, so that the padding comes first": but(lambda tags, score, *_: (tags[::-1], score)),
        "the way back runs along the wrong axis: the tag is looked up among those that are left": walk(
            came=lambda paths: paths.argmax(axis=1)
        ),
        "the way back begins in the padding; it begins at the end of each sentence": walk(wait=False),
        "emissions are zero past the end of a sequence, but transitions go on there; the last tag is chosen at the end of a sentence": but(
            silent_padding
        ),
        "the way back is read one step too early, and is 0 at the first one": walk(
            step=lambda tag, came_from, t: came_from[t - 1][np.arange(len(tag)), tag] if t > 1 else 0 * tag
        ),
        "the way back is read one step too early": walk(
            step=lambda tag, came_from, t: came_from[t - 1][np.arange(len(tag)), tag] if t > 1 else tag
        ),
        "the way back always starts anew from the last tag": lambda params, e, lengths: (
            stuck(params, e, lengths),
            crf_viterbi(params, e, lengths)[1],
        ),
        "all sentences walk back from the last tag of the first one": walk(last=lambda best, params: 0 * best + (best + params["end"])[:1]),
        "the score is that of the best beginning, without end": but(
            lambda tags, score, params, e, lengths: (tags, score - params["end"][tags[lengths - 1, np.arange(len(lengths))]])
        ),
        "the score is the exponential of the score": but(lambda tags, score, *_: (tags, np.exp(score))),
        "the score is a probability: log Z has been taken off": but(
            lambda tags, score, *args: (tags, score - crf_log_partition_forward(*args)[0])
        ),
        "the score counts emissions only": but(lambda tags, score, params, e, lengths: (tags, emissions_of(tags, e))),
        "the score holds the best beginning for every tag; return the best of all": but(
            lambda tags, score, params, e, lengths: (tags, all_best(params, e, lengths))
        ),
        "tags has batch and time exchanged; it is (T, B)": but(lambda tags, score, *_: (tags.T, score)),
        "tags are counted from 1": but(lambda tags, score, *_: (np.where(tags < 0, tags, tags + 1), score)),
        "tags and score are exchanged": but(lambda tags, score, *_: (score, tags)),
    },
)
