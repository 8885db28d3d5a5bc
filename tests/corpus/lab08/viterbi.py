"""Lab 8, part 6: the best sequence of tags."""

from itertools import product

import numpy as np

from rnncore.reference import crf_log_partition_forward, crf_marginals, crf_score_forward, length_mask
from tests.corpus.answers import right, wrong


@right
def one_sentence_at_a_time(params, emissions, lengths):
    T, B, _ = emissions.shape
    tags, score = np.full((T, B), -1), np.zeros(B, dtype=emissions.dtype)
    for b in range(B):
        L = lengths[b]
        best, back = params["start"] + emissions[0, b], []
        for t in range(1, L):
            paths = best[:, None] + params["transitions"]
            back.append(paths.argmax(axis=0))
            best = paths.max(axis=0) + emissions[t, b]
        final = best + params["end"]
        y = [int(final.argmax())]
        for pointers in reversed(back):
            y.insert(0, int(pointers[y[0]]))
        tags[:L, b], score[b] = y, final.max()
    return tags, score


@right
def whole_paths_carried(params, emissions, lengths):
    T, B, V = emissions.shape
    tags, scores = -np.ones((T, B), dtype=int), []
    for b, L in enumerate(lengths):
        routes = {j: (params["start"][j] + emissions[0, b, j], [j]) for j in range(V)}
        for t in range(1, L):
            new = {}
            for j in range(V):
                i = max(routes, key=lambda i, j=j: routes[i][0] + params["transitions"][i, j])
                new[j] = (routes[i][0] + params["transitions"][i, j] + emissions[t, b, j], routes[i][1] + [j])
            routes = new
        value, path = max(((s + params["end"][j], p) for j, (s, p) in routes.items()), key=lambda pair: pair[0])
        tags[:L, b] = path
        scores.append(value)
    return tags, np.array(scores, dtype=emissions.dtype)


@right
def everything_listed(params, emissions, lengths):
    T, B, V = emissions.shape
    tags, score = np.full((T, B), -1), np.empty(B, emissions.dtype)
    for b, L in enumerate(lengths):
        lists = np.array(list(product(range(V), repeat=int(L))))
        s = params["start"][lists[:, 0]] + emissions[0, b, lists[:, 0]]
        for t in range(1, L):
            s = s + params["transitions"][lists[:, t - 1], lists[:, t]] + emissions[t, b, lists[:, t]]
        s = s + params["end"][lists[:, -1]]
        tags[:L, b], score[b] = lists[s.argmax()], s.max()
    return tags, score


@right
def padding_by_identity_pointers(params, emissions, lengths):
    T, B, V = emissions.shape
    inside = length_mask(lengths, T)
    delta, pointers = params["start"] + emissions[0], np.zeros((T, B, V), dtype=np.int64)
    for t in range(1, T):
        paths = delta[:, :, None] + params["transitions"][None]
        pointers[t] = np.where(inside[t][:, None], paths.argmax(axis=1), np.arange(V))
        delta = np.where(inside[t][:, None], paths.max(axis=1) + emissions[t], delta)
    last = delta + params["end"]
    tags = np.empty((T, B), dtype=np.int32)
    tags[-1] = last.argmax(axis=-1)
    for t in range(T - 1, 0, -1):
        tags[t - 1] = pointers[t, np.arange(B), tags[t]]
    tags[~inside] = -1
    return tags, last.max(axis=-1)


@right
def backwards_first(params, emissions, lengths):
    T, B, _ = emissions.shape
    inside = length_mask(lengths, T)
    to_go = np.tile(params["end"], (B, 1)).astype(emissions.dtype)  # the best that can still come after tag i
    following = []
    for t in range(T - 1, 0, -1):
        paths = params["transitions"][None] + (emissions[t] + to_go)[:, None, :]  # (B, i, j)
        following.insert(0, paths.argmax(axis=2))
        to_go = np.where(inside[t][:, None], paths.max(axis=2), to_go)
    total = params["start"] + emissions[0] + to_go
    tags = [total.argmax(axis=1)]
    for step in following:
        tags.append(np.take_along_axis(step, tags[-1][:, None], axis=1)[:, 0])
    return np.where(inside, np.stack(tags), -1), total.max(axis=1)


@right
def score_by_the_library(params, emissions, lengths):
    T, B, _ = emissions.shape
    best, came = params["start"] + emissions[0], []
    for t in range(1, T):
        paths = (best[:, None, :] + params["transitions"].T).copy()
        came.append(np.argmax(paths, -1))
        best = np.where((lengths > t)[:, None], np.max(paths, -1) + emissions[t], best)
    tags, tag = np.zeros((T, B), int) - 1, np.argmax(best + params["end"], 1)
    for t in range(T)[::-1]:
        for b in range(B):
            if t < lengths[b]:
                if t < lengths[b] - 1:
                    tag[b] = came[t][b, tag[b]]
                tags[t, b] = tag[b]
    return tags, crf_score_forward(params, emissions, tags, lengths)[0]


def forward(params, emissions, lengths, A=None, end=True, start=True):
    A = params["transitions"] if A is None else A
    best = params["start"] + emissions[0] if start else emissions[0]
    came = [None]
    for t in range(1, len(emissions)):
        paths = best[:, None, :] + A.T
        came.append(paths.argmax(axis=2))
        best = np.where((t < lengths)[:, None], paths.max(axis=2) + emissions[t], best)
    return (best + params["end"] if end else best), came


def backward(total, came, lengths, padding=-1):
    T, B = len(came), len(lengths)
    tags, tag = np.full((T, B), padding), total.argmax(axis=1)
    for t in reversed(range(T)):
        tags[t] = np.where(t < lengths, tag, padding)
        if t:
            tag = np.where(t < lengths, came[t][np.arange(B), tag], tag)
    return tags


@wrong("transitions is read the wrong way round")
def not_transposed(params, emissions, lengths):
    total, came = forward(params, emissions, lengths, params["transitions"].T)
    return backward(total, came, lengths), total.max(axis=1)


@wrong("end is forgotten")
def no_end(params, emissions, lengths):
    total, came = forward(params, emissions, lengths, end=False)
    return backward(total, came, lengths), total.max(axis=1)


@wrong("start is forgotten")
def no_start(params, emissions, lengths):
    total, came = forward(params, emissions, lengths, start=False)
    return backward(total, came, lengths), total.max(axis=1)


@wrong("end is forgotten in the choice of the last tag")
def end_in_the_score_only(params, emissions, lengths):
    total, came = forward(params, emissions, lengths, end=False)
    return backward(total, came, lengths), (total + params["end"]).max(axis=1)


@wrong("tags past the end of a sequence are 0")
def zeros_in_the_padding(params, emissions, lengths):
    total, came = forward(params, emissions, lengths)
    return backward(total, came, lengths, padding=0), total.max(axis=1)


@wrong("the padding is tagged, too")
def no_lengths(params, emissions, lengths):
    full = np.full(len(lengths), len(emissions))
    total, came = forward(params, emissions, full)
    return backward(total, came, full), total.max(axis=1)


@wrong("and only the padding's tags set to -1")
def lengths_at_the_end_only(params, emissions, lengths):
    full = np.full(len(lengths), len(emissions))
    total, came = forward(params, emissions, full)
    return np.where(length_mask(lengths, len(emissions)), backward(total, came, full), -1), total.max(axis=1)


@wrong("no later step can change that")
def greedy(params, emissions, lengths):
    tags = [(params["start"] + emissions[0]).argmax(axis=1)]
    for t in range(1, len(emissions)):
        tags.append((params["transitions"][tags[-1]] + emissions[t]).argmax(axis=1))
    tags = np.where(length_mask(lengths, len(emissions)), np.stack(tags), -1)
    return tags, crf_score_forward(params, emissions, tags, lengths)[0]


@wrong("the tag with the largest emission")
def emissions_only(params, emissions, lengths):
    tags = np.where(length_mask(lengths, len(emissions)), emissions.argmax(axis=2), -1)
    return tags, crf_score_forward(params, emissions, tags, lengths)[0]


@wrong("the largest marginal")
def by_marginals(params, emissions, lengths):
    tags = crf_marginals(params, emissions, lengths).argmax(axis=2)
    tags[~length_mask(lengths, len(emissions))] = -1
    return tags, crf_score_forward(params, emissions, tags, lengths)[0]


@wrong("the score is log Z")
def score_from_part_five(params, emissions, lengths):
    total, came = forward(params, emissions, lengths)
    return backward(total, came, lengths), crf_log_partition_forward(params, emissions, lengths)[0]


@wrong("tags come from the last step to the first")
def not_reversed(params, emissions, lengths):
    tags, score = one_sentence_at_a_time(params, emissions, lengths)
    for b, L in enumerate(lengths):
        tags[:L, b] = tags[:L, b][::-1].copy()
    return tags, score


@wrong("read one step too early")
def pointer_off_by_one(params, emissions, lengths):
    total, came = forward(params, emissions, lengths)
    B = len(lengths)
    tags, tag = np.full(emissions.shape[:2], -1), total.argmax(axis=1)
    for t in reversed(range(len(emissions))):
        tags[t] = np.where(t < lengths, tag, -1)
        if t > 1:
            tag = np.where(t < lengths, came[t - 1][np.arange(B), tag], tag)
    return tags, total.max(axis=1)


@wrong("the best beginning up to there")
def argmax_on_the_way(params, emissions, lengths):
    best, tags = params["start"] + emissions[0], []
    for t in range(1, len(emissions)):
        tags.append(best.argmax(axis=1))
        best = (best[:, None, :] + params["transitions"].T).max(axis=2) + emissions[t]
    tags = np.where(length_mask(lengths, len(emissions)), np.stack([*tags, best.argmax(axis=1)]), -1)
    return tags, crf_score_forward(params, emissions, tags, lengths)[0]


@wrong("the score is that of the best beginning, without end")
def score_before_the_end(params, emissions, lengths):
    total, came = forward(params, emissions, lengths)
    tags = backward(total, came, lengths)
    last = tags[lengths - 1, np.arange(len(lengths))]
    return tags, (total - params["end"])[np.arange(len(lengths)), last]


@wrong("return the best of all")
def score_of_every_tag(params, emissions, lengths):
    total, came = forward(params, emissions, lengths)
    return backward(total, came, lengths), total


@wrong("the way back always starts anew from the last tag")
def same_tag_looked_up(params, emissions, lengths):
    total, came = forward(params, emissions, lengths)
    tags, last = np.full(emissions.shape[:2], -1), total.argmax(axis=1)
    for b, L in enumerate(lengths):
        tags[L - 1, b] = last[b]
        for t in range(L - 1, 0, -1):
            tags[t - 1, b] = came[t][b, last[b]]
    return tags, total.max(axis=1)


@wrong("tags must hold whole numbers, got float64")
def tags_of_floats(params, emissions, lengths):
    tags, score = one_sentence_at_a_time(params, emissions, lengths)
    return tags.astype(float), score


@wrong("it must return 2 values (tags, score), got an array of shape (3, 1).")
def tags_alone(params, emissions, lengths):
    return one_sentence_at_a_time(params, emissions, lengths)[0]


@wrong("tags must be a NumPy array of shape (3, 1), got a list of 1.")
def lists_of_tags(params, emissions, lengths):
    tags, score = one_sentence_at_a_time(params, emissions, lengths)
    return [tags[:L, b].tolist() for b, L in enumerate(lengths)], score


@wrong(None)
def pointers_from_the_mean(params, emissions, lengths):
    total, came = forward(params, emissions, lengths)
    came = [None, *(np.repeat(c[:1], len(c), axis=0) for c in came[1:])]
    return backward(total, came, lengths), total.max(axis=1)


@right
def batch(params, emissions, lengths):
    T, B, V = emissions.shape
    inside = length_mask(lengths, T)
    best = params["start"] + emissions[0]
    back = np.zeros((T, B, V), int)
    for t in range(1, T):
        p = best[:, :, None] + params["transitions"]
        back[t] = p.argmax(1)
        best = np.where(inside[t][:, None], p.max(1) + emissions[t], best)
    final = best + params["end"]
    tag = final.argmax(1)
    tags = -np.ones((T, B), dtype=int)
    for t in range(T - 1, -1, -1):
        tags[t] = np.where(inside[t], tag, -1)
        if t:
            tag = np.where(inside[t], back[t][np.arange(B), tag], tag)
    return tags, final.max(1)


@wrong("each step but the last has the tag with the best beginning up to there; follow the way back from the last tag.")
def argmax_of_best(params, emissions, lengths):
    T, B, _V = emissions.shape
    tags = np.full((T, B), -1)
    score = np.zeros(B, emissions.dtype)
    for b in range(B):
        best = params["start"] + emissions[0, b]
        tags[0, b] = best.argmax()
        for t in range(1, lengths[b]):
            best = (best[:, None] + params["transitions"]).max(0) + emissions[t, b]
            tags[t, b] = best.argmax()
        best = best + params["end"]
        tags[lengths[b] - 1, b] = best.argmax()
        score[b] = best.max()
    return tags, score


@wrong("the way back runs along the wrong axis: the tag is looked up among those that are left.")
def argmax_other_axis(params, emissions, lengths):
    T, B, _V = emissions.shape
    tags = np.full((T, B), -1)
    score = np.zeros(B, emissions.dtype)
    for b in range(B):
        best = params["start"] + emissions[0, b]
        came = []
        for t in range(1, lengths[b]):
            table = best[:, None] + params["transitions"]
            came.append(table.argmax(1))
            best = table.max(0) + emissions[t, b]
        best = best + params["end"]
        k = best.argmax()
        score[b] = best.max()
        tags[lengths[b] - 1, b] = k
        for t in range(lengths[b] - 1, 0, -1):
            k = came[t - 1][k]
            tags[t - 1, b] = k
    return tags, score


@wrong("the way back begins in the padding; it begins at the end of each sentence.")
def tag_not_held(params, emissions, lengths):
    T, B, V = emissions.shape
    inside = length_mask(lengths, T)
    best = params["start"] + emissions[0]
    back = np.zeros((T, B, V), int)
    for t in range(1, T):
        p = best[:, :, None] + params["transitions"]
        back[t] = p.argmax(1)
        best = np.where(inside[t][:, None], p.max(1) + emissions[t], best)
    final = best + params["end"]
    tag = final.argmax(1)
    tags = np.zeros((T, B), int)
    for t in range(T - 1, -1, -1):
        tags[t] = np.where(inside[t], tag, -1)
        tag = back[t][np.arange(B), tag]
    return tags, final.max(1)


@wrong("the way back is read one step too early, and is 0 at the first one.")
def off_by_one_back(params, emissions, lengths):
    T, B, V = emissions.shape
    tags = np.full((T, B), -1)
    score = np.zeros(B, emissions.dtype)
    for b in range(B):
        best = params["start"] + emissions[0, b]
        came = [np.zeros(V, int)]
        for t in range(1, lengths[b]):
            table = best[:, None] + params["transitions"]
            came.append(table.argmax(0))
            best = table.max(0) + emissions[t, b]
        best = best + params["end"]
        k = best.argmax()
        score[b] = best.max()
        tags[lengths[b] - 1, b] = k
        for t in range(lengths[b] - 1, 0, -1):
            k = came[t - 1][k]
            tags[t - 1, b] = k
    return tags, score


@wrong("emissions are zero past the end of a sequence, but transitions go on there; the last tag is chosen at the end of a sentence.")
def end_tag_zero(params, emissions, lengths):
    T, B, _V = emissions.shape
    inside = length_mask(lengths, T)
    best = params["start"] + emissions[0]
    back = []
    for t in range(1, T):
        p = best[:, :, None] + params["transitions"]
        back.append(p.argmax(1))
        best = p.max(1) + np.where(inside[t][:, None], emissions[t], 0)
    final = best + params["end"]
    tag = final.argmax(1)
    tags = np.zeros((T, B), int)
    tags[T - 1] = tag
    for t in range(T - 1, 0, -1):
        tag = back[t - 1][np.arange(B), tag]
        tags[t - 1] = tag
    tags[~inside] = -1
    return tags, final.max(1)
