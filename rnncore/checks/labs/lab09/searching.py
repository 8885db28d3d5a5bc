"""Lab 9, part 8: beam search on a table of next-token probabilities.

Contents
    search    the check of `table_beam_search`
"""

import itertools

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab09.inputs import LOG_NEXT, log_probabilities
from rnncore.checks.labs.lab09.inputs import draw_table as draw
from rnncore.checks.labs.lab09.one_extension import extend_beam

__all__ = ["search"]


def table_beam_search(log_next, end, width, max_length, a):
    log_p, beginnings = np.zeros(1), np.zeros((1, 0), dtype=int)  # one beginning, still without a token
    last, found = np.array([end]), []  # pairs of score and tokens
    for t in range(1, max_length + 1):
        log_p, parents, last = extend_beam(log_p, log_next[last], width)
        beginnings = np.column_stack([beginnings[parents], last])  # (W, t)
        done = (last == end) | (t == max_length)
        found += zip(log_p[done] / t**a, beginnings[done], strict=True)
        log_p, beginnings, last = log_p[~done], beginnings[~done], last[~done]
        if not len(last):
            break
    found = sorted(found, key=lambda pair: -pair[0])[:width]
    sequences = np.full((len(found), max_length), end)
    for row, (_, tokens) in zip(sequences, found, strict=True):
        row[: len(tokens)] = tokens
    return np.array([score for score, _ in found]), sequences


def searching(
    start=lambda log_next, end: log_next[end],
    extend=extend_beam,
    goes_on=lambda last, end: last != end,
    finish=lambda last, end, t, max_length: (last == end) | (t == max_length),
    score=lambda log_p, t, a: log_p / t**a,
    places=lambda width, found: width,
    rank=lambda pair, a: -pair[0],
    limit=lambda max_length: max_length,
    keep=lambda found, width: found[:width],
    length=lambda last, end, t: t,
    carry=lambda log_p, t, a: log_p,
    follow=lambda last, on, end: last[on],
    hold=lambda beginnings, last: beginnings,
):
    """The right function, with one of its parts exchanged for another."""

    def wrong(log_next, end, width, max_length, a):
        log_p, beginnings, rows, found = np.zeros(1), np.zeros((1, 0), dtype=int), start(log_next, end)[None], []
        for t in range(1, limit(max_length) + 1):
            if not len(log_p) or places(width, found) <= 0:
                break
            log_p, parents, last = extend(log_p, rows, places(width, found))
            beginnings = np.column_stack([beginnings[parents], last])
            done = finish(last, end, t, max_length)
            found += zip(score(log_p[done], length(last[done], end, t), a), hold(beginnings, last)[done], strict=True)
            on = goes_on(last, end)
            log_p, beginnings, rows = carry(log_p[on], t, a), beginnings[on], log_next[follow(last, on, end)]
        found = keep(sorted(found, key=lambda pair: rank(pair, a)), width)
        sequences = np.full((len(found), max_length), end)
        for row, (_, tokens) in zip(sequences, found, strict=True):
            row[: len(tokens)] = tokens[:max_length]
        return np.array([one for one, _ in found]), sequences

    return wrong


def with_results(change):
    return lambda *args: change(*table_beam_search(*args), *args)


def parents_forgotten(log_next, end, width, max_length, a):
    """The new tokens are written behind the old beginnings as these stand."""
    log_p, beginnings, last, found = np.zeros(1), [[]], np.array([end]), []
    for t in range(1, max_length + 1):
        log_p, _, last = extend_beam(log_p, log_next[last], width)
        beginnings = [beginnings[min(i, len(beginnings) - 1)] + [int(token)] for i, token in enumerate(last)]
        done = (last == end) | (t == max_length)
        found += [(log_p[i] / t**a, beginnings[i]) for i in np.flatnonzero(done)]
        beginnings = [beginnings[i] for i in np.flatnonzero(~done)]
        log_p, last = log_p[~done], last[~done]
        if not beginnings:
            break
    found = sorted(found, key=lambda pair: -pair[0])[:width]
    sequences = np.full((len(found), max_length), end)
    for row, (_, tokens) in zip(sequences, found, strict=True):
        row[: len(tokens)] = tokens
    return np.array([score for score, _ in found]), sequences


def whole_table(log_next, *rest):
    """extend_beam gets all rows at every step."""
    return searching(extend=lambda log_p, rows, width: extend_beam(log_p, log_next, width))(log_next, *rest)


def exhaustive(log_next, end, max_length, a):
    """Every sequence there is: its score and its tokens, filled up, the best score first."""
    V, listed = len(log_next), []
    for t in range(1, max_length + 1):
        for tokens in itertools.product(range(V), repeat=t):
            if end not in tokens[:-1] and (tokens[-1] == end or t == max_length):
                log_p = sum(log_next[pair] for pair in itertools.pairwise((end, *tokens)))
                listed.append((log_p / t**a, [*tokens, *[end] * (max_length - t)]))
    return sorted(listed, key=lambda pair: -pair[0])


def with_room_for_all_it_is_exact(function, rng):
    """A width of V^max_length finds every sequence, in the order of the scores. (Longer ones than these may be equally good.)"""
    for V, max_length, a in ((5, 3, 0.0), (4, 3, 1.0)):
        log_next, end = log_probabilities(rng, np.float64, V, V), int(rng.integers(V))
        listed = exhaustive(log_next, end, max_length, a)
        got, sequences = function(log_next, end, V**max_length, max_length, a)
        where = f"with room for every sequence and a = {a:g}, "
        compare(f"{where}scores", got, np.array([score for score, _ in listed]))
        compare(f"{where}sequences", sequences, np.array([tokens for _, tokens in listed]))


def one_is_greedy(function, rng):
    """A width of 1 takes the most probable token at each step, until the end."""
    log_next, end = log_probabilities(rng, np.float64, 5, 5), int(rng.integers(5))
    tokens, log_p = [end], 0.0
    while len(tokens) == 1 or (tokens[-1] != end and len(tokens) < 7):
        log_p += log_next[tokens[-1]].max()
        tokens.append(int(log_next[tokens[-1]].argmax()))
    got, sequences = function(log_next, end, 1, 6, 0.0)
    compare("with width 1, the score", got, np.array([log_p]))
    compare("with width 1, the tokens", sequences, np.array([[*tokens[1:], *[end] * (7 - len(tokens))]]))


search = Exercise(
    table_beam_search,
    outputs=("scores", "sequences"),
    letters="VLW",
    example=lambda: (LOG_NEXT, 2, 2, 3, 0.5),
    draw=draw,
    properties=(with_room_for_all_it_is_exact, one_is_greedy),
    mistakes={
        "the score is not divided: this is log p, whatever a is": searching(score=lambda log_p, t, a: log_p),
        "the score is divided by the length, whatever a is; divide by the length to the power a": searching(
            score=lambda log_p, t, a: log_p / t
        ),
        "the score is divided by a times the length; a is an exponent": searching(score=lambda log_p, t, a: log_p / (a * t if a else 1)),
        "the score is multiplied by the power of the length; it is divided by it": searching(score=lambda log_p, t, a: log_p * t**a),
        "the length is counted from 0, so that it is one too small": searching(score=lambda log_p, t, a: log_p / max(t - 1, 1) ** a),
        "the start is counted as a token, so that the length is one too large": searching(score=lambda log_p, t, a: log_p / (t + 1) ** a),
        "the length is counted from 0, so that a first token is divided by 0": searching(score=lambda log_p, t, a: log_p / (t - 1) ** a),
        "the end token is not counted in the length": searching(length=lambda last, end, t: np.maximum(t - (last == end), 1)),
        "log_p itself is divided and carried on; only the score is divided": searching(carry=lambda log_p, t, a: log_p / t**a),
        "log_next is given to extend_beam as a whole; each beginning needs the row of its last token": whole_table,
        "every step uses the row of the end; that is for the first one only": searching(
            follow=lambda last, on, end: np.full_like(last[on], end)
        ),
        "the last tokens of what has ended are kept; all three, log_p, beginnings and last, go on with the open ones": searching(
            follow=lambda last, on, end: last
        ),
        "the last token alone is put into found; the whole beginning belongs there": searching(hold=lambda beginnings, last: last[:, None]),
        "the loop ends one step before max_length, and what is open then is lost": searching(limit=lambda max_length: max_length - 1),
        "what has ended goes on to max_length, and is found there only": searching(
            finish=lambda last, end, t, max_length: np.full(len(last), t == max_length),
            goes_on=lambda last, end: np.ones(len(last), dtype=bool),
        ),
        "the scores are probabilities; they are logarithms": searching(score=lambda log_p, t, a: np.exp(log_p) / t**a),
        "the search starts from row 0 of the table; what may come first stands in the row of the end": searching(
            start=lambda log_next, end: log_next[0]
        ),
        "the search starts from the last row of the table; what may come first stands in the row of the end": searching(
            start=lambda log_next, end: log_next[-1]
        ),
        "what has ended is extended, too; it leaves the beam": searching(goes_on=lambda last, end: np.ones(len(last), dtype=bool)),
        "what is still open at max_length is lost; it counts as finished": searching(finish=lambda last, end, t, max_length: last == end),
        "only what is still open at max_length is found; what has ended before counts, too": searching(
            finish=lambda last, end, t, max_length: np.full(len(last), t == max_length)
        ),
        "each sequence that ends takes a place away for good; at the next step there are `width` places again": searching(
            places=lambda width, found: width - len(found)
        ),
        "the search stops as soon as one sequence has ended": searching(places=lambda width, found: 0 if found else width),
        "the search stops one token too early": searching(
            limit=lambda max_length: max(max_length - 1, 1),
            finish=lambda last, end, t, max_length: (last == end) | (t == max(max_length - 1, 1)),
        ),
        "the found ones come in the order in which they were found; the best score comes first": searching(rank=lambda pair, a: 0),
        "the found ones come with the worst score first": searching(rank=lambda pair, a: pair[0]),
        "the found ones are sorted by log p; it is the score that decides": searching(rank=lambda pair, a: -pair[0] * len(pair[1]) ** a),
        "all that were found are returned; return the best `width`": searching(keep=lambda found, width: found),
        "only the best is returned; return the best `width`": searching(keep=lambda found, width: found[:1]),
        "the new tokens are written behind beginnings that are not their parents": parents_forgotten,
        "sequences also hold the start; they begin with the first token that was chosen": with_results(
            lambda scores, sequences, log_next, end, *rest: (scores, np.column_stack([np.full(len(scores), end), sequences]))
        ),
    },
)
