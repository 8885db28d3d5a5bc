"""Lab 9, part 8: beam search."""

import numpy as np

from rnncore.reference import beam_search
from tests.corpus.answers import right, wrong


def extend_beam(log_p, log_next, width):
    """What part 7 wrote."""
    total = (log_p[:, None] + log_next).ravel()
    best = np.argsort(-total, kind="stable")[:width]
    return total[best], best // log_next.shape[1], best % log_next.shape[1]


def packed(found, end, width, max_length):
    """The last lines of the cell."""
    found = sorted(found, key=lambda pair: -pair[0])[:width]
    sequences = np.full((len(found), max_length), end)
    for row, (_, tokens) in zip(sequences, found, strict=True):
        row[: len(tokens)] = tokens
    return np.array([score for score, _ in found]), sequences


@right
def loop_over_continuations(log_next, end, width, max_length, a):
    log_p, beginnings, last, found = np.zeros(1), [[]], np.array([end]), []
    for t in range(1, max_length + 1):
        if len(last) == 0:
            break
        log_p, parents, tokens = extend_beam(log_p, log_next[last], width)
        still_p, still, still_last = [], [], []
        for value, parent, token in zip(log_p, parents, tokens, strict=True):
            sequence = beginnings[parent] + [token]
            if token == end or t == max_length:
                found.append((value / t**a, sequence))
            else:
                still_p.append(value)
                still.append(sequence)
                still_last.append(token)
        log_p, beginnings, last = np.array(still_p), still, np.array(still_last, dtype=int)
    return packed(found, end, width, max_length)


@right
def dictionary_of_beginnings(log_next, end, width, max_length, a):
    """Without extend_beam: a dict from tokens to log p."""
    beam, found = {(): 0.0}, {}
    for t in range(1, max_length + 1):
        longer = {}
        for tokens, value in beam.items():
            row = log_next[tokens[-1] if tokens else end]
            for v in range(len(row)):
                longer[(*tokens, v)] = value + row[v]
        best = sorted(longer, key=longer.get, reverse=True)[:width]
        for tokens in best:
            if tokens[-1] == end or t == max_length:
                found[tokens] = longer[tokens] / t**a
        beam = {tokens: longer[tokens] for tokens in best if tokens[-1] != end}
    return packed([(score, list(tokens)) for tokens, score in found.items()], end, width, max_length)


@right
def with_the_library(log_next, end, width, max_length, a):
    results = beam_search(
        lambda tokens, state: (log_next[tokens], state),
        None,
        int(end),
        width=width,
        max_length=max_length,
        end=int(end),
        length_normalisation=a,
    )
    return packed([(one.score, one.tokens) for one in results], end, width, max_length)


@right
def filled_up_from_the_start(log_next, end, width, max_length, a):
    rows, log_p, last, found = np.full((1, max_length), end), np.zeros(1), np.array([end]), []
    t = 0
    while t < max_length and len(last):
        t += 1
        log_p, parents, last = extend_beam(log_p, log_next[last], width)
        rows = rows[parents].copy()
        rows[:, t - 1] = last
        done = np.logical_or(last == end, t == max_length)
        for i in np.flatnonzero(done):
            found.append((log_p[i] * t ** (-a), rows[i]))
        rows, log_p, last = rows[~done], log_p[~done], last[~done]
    return packed(found, end, width, max_length)


@right
def own_arrays(log_next, end, width, max_length, a):
    log_p, beginnings, found = np.zeros(1), np.zeros((1, 0), dtype=int), []
    for t in range(1, max_length + 1):
        last = beginnings[:, -1] if t > 1 else np.array([end])
        total = log_p[:, None] + log_next[last]
        parents, tokens = np.unravel_index(np.argsort(-total, axis=None)[:width], total.shape)
        beginnings = np.hstack([beginnings[parents], tokens[:, None]])
        log_p = total[parents, tokens]
        over = (tokens == end) if t < max_length else np.ones(len(tokens), dtype=bool)
        found.extend((value / np.power(t, a), row) for value, row in zip(log_p[over], beginnings[over], strict=True))
        beginnings, log_p = beginnings[~over], log_p[~over]
        print(f"step {t}: {len(log_p)} open")
    scores, sequences = packed(found, end, width, max_length)
    return [scores, sequences]


@right
def recursive(log_next, end, width, max_length, a):
    def go_on(log_p, beginnings, last, t):
        if t > max_length or not beginnings:
            return []
        log_p, parents, tokens = extend_beam(log_p, log_next[last], width)
        sequences = [beginnings[p] + (int(v),) for p, v in zip(parents, tokens, strict=True)]
        over = [s[-1] == end or t == max_length for s in sequences]
        found = [(log_p[i] / t**a, sequences[i]) for i in range(len(over)) if over[i]]
        on = [i for i in range(len(over)) if not over[i]]
        return found + go_on(log_p[on], [sequences[i] for i in on], tokens[on], t + 1)

    return packed(go_on(np.zeros(1), [()], np.array([end]), 1), end, width, max_length)


def search(log_next, end, width, max_length, a, first=None, score=None, done=None, stays=None):
    """A search of one's own with one thing wrong."""
    log_p, beginnings, rows, found = np.zeros(1), np.zeros((1, 0), dtype=int), log_next[[end if first is None else first]], []
    for t in range(1, max_length + 1):
        if not len(log_p):
            break
        log_p, parents, last = extend_beam(log_p, rows, width)
        beginnings = np.column_stack([beginnings[parents], last])
        over = (last == end) | (t == max_length) if done is None else done(last, t)
        found += list(zip(log_p[over] / t**a if score is None else score(log_p[over], t), beginnings[over], strict=True))
        on = ~over if stays is None else stays(last)
        log_p, beginnings, rows = log_p[on], beginnings[on], log_next[last[on]]
    return found


@wrong("the score is not divided")
def no_normalisation(log_next, end, width, max_length, a):
    return packed(search(log_next, end, width, max_length, a, score=lambda log_p, t: log_p), end, width, max_length)


@wrong("the score is divided by the length, whatever a is")
def always_the_mean(log_next, end, width, max_length, a):
    return packed(search(log_next, end, width, max_length, a, score=lambda log_p, t: log_p / t), end, width, max_length)


@wrong("the score is multiplied by the power of the length")
def multiplied(log_next, end, width, max_length, a):
    return packed(search(log_next, end, width, max_length, a, score=lambda log_p, t: log_p * t**a), end, width, max_length)


@wrong("the length is counted from 0")
def counted_from_zero(log_next, end, width, max_length, a):
    return packed(search(log_next, end, width, max_length, a, score=lambda log_p, t: log_p / max(1, t - 1) ** a), end, width, max_length)


@wrong("the start is counted as a token")
def one_too_long(log_next, end, width, max_length, a):
    return packed(search(log_next, end, width, max_length, a, score=lambda log_p, t: log_p / (t + 1) ** a), end, width, max_length)


@wrong("the search starts from row 0 of the table")
def starts_from_zero(log_next, end, width, max_length, a):
    return packed(search(log_next, end, width, max_length, a, first=0), end, width, max_length)


@wrong("what has ended is extended, too")
def goes_on_after_the_end(log_next, end, width, max_length, a):
    found = search(log_next, end, width, max_length, a, stays=lambda last: np.ones(len(last), dtype=bool))
    return packed(found, end, width, max_length)


@wrong("what is still open at max_length is lost")
def open_ones_lost(log_next, end, width, max_length, a):
    found = search(log_next, end, width, max_length, a, done=lambda last, t: last == end)
    return packed(found, end, width, max_length)


@wrong("only what is still open at max_length is found")
def ended_ones_lost(log_next, end, width, max_length, a):
    at_the_end = {"done": lambda last, t: np.full(len(last), t == max_length), "stays": lambda last: last != end}
    return packed(search(log_next, end, width, max_length, a, **at_the_end), end, width, max_length)


@wrong("each sequence that ends takes a place away for good")
def shrinking_beam(log_next, end, width, max_length, a):
    log_p, beginnings, last, found = np.zeros(1), np.zeros((1, 0), dtype=int), np.array([end]), []
    for t in range(1, max_length + 1):
        room = width - len(found)
        if room == 0 or len(last) == 0:
            break
        log_p, parents, last = extend_beam(log_p, log_next[last], room)
        beginnings = np.column_stack([beginnings[parents], last])
        done = (last == end) | (t == max_length)
        found += list(zip(log_p[done] / t**a, beginnings[done], strict=True))
        log_p, beginnings, last = log_p[~done], beginnings[~done], last[~done]
    return packed(found, end, width, max_length)


@wrong("the search stops as soon as one sequence has ended")
def stops_at_the_first_end(log_next, end, width, max_length, a):
    log_p, beginnings, last, found = np.zeros(1), np.zeros((1, 0), dtype=int), np.array([end]), []
    for t in range(1, max_length + 1):
        log_p, parents, last = extend_beam(log_p, log_next[last], width)
        beginnings = np.column_stack([beginnings[parents], last])
        done = (last == end) | (t == max_length)
        found += list(zip(log_p[done] / t**a, beginnings[done], strict=True))
        if found:
            break
    return packed(found, end, width, max_length)


@wrong("the new tokens are written behind beginnings that are not their parents")
def parents_forgotten(log_next, end, width, max_length, a):
    log_p, beginnings, last, found = np.zeros(1), [[]], np.array([end]), []
    for t in range(1, max_length + 1):
        if not len(last):
            break
        log_p, _, last = extend_beam(log_p, log_next[last], width)
        beginnings = [beginnings[i if i < len(beginnings) else -1] + [v] for i, v in enumerate(last)]
        done = (last == end) | (t == max_length)
        found += [(log_p[i] / t**a, beginnings[i]) for i in range(len(last)) if done[i]]
        beginnings = [beginnings[i] for i in range(len(last)) if not done[i]]
        log_p, last = log_p[~done], last[~done]
    return packed(found, end, width, max_length)


@wrong("the scores are probabilities")
def exponentials(log_next, end, width, max_length, a):
    return packed(search(log_next, end, width, max_length, a, score=lambda log_p, t: np.exp(log_p) / t**a), end, width, max_length)


@wrong("the score is divided by a times the length")
def a_as_a_factor(log_next, end, width, max_length, a):
    score = lambda log_p, t: log_p / (a * t) if a > 0 else log_p  # noqa: E731
    return packed(search(log_next, end, width, max_length, a, score=score), end, width, max_length)


@wrong(None)
def greedy_only(log_next, end, width, max_length, a):
    found = search(log_next, end, 1, max_length, a)
    return packed(found, end, width, max_length)


@wrong(None)
def normalised_inside_the_beam(log_next, end, width, max_length, a):
    """The open beginnings carry their score on and not log p."""
    log_p, beginnings, last, found = np.zeros(1), np.zeros((1, 0), dtype=int), np.array([end]), []
    for t in range(1, max_length + 1):
        log_p, parents, last = extend_beam(log_p, log_next[last], width)
        log_p = log_p / t**a
        beginnings = np.column_stack([beginnings[parents], last])
        done = (last == end) | (t == max_length)
        found += list(zip(log_p[done], beginnings[done], strict=True))
        log_p, beginnings, last = log_p[~done], beginnings[~done], last[~done]
    return packed(found, end, width, max_length)


def as_arrays(found, width, max_length, end):
    found = sorted(found, key=lambda pair: -pair[0])[:width]
    sequences = np.full((len(found), max_length), end)
    for row, (_, tokens) in zip(sequences, found, strict=True):
        row[: len(tokens)] = tokens
    return np.array([score for score, _ in found]), sequences


def at_the_start(end):
    return np.zeros(1), np.zeros((1, 0), dtype=int), np.array([end]), []


@right
def straight(log_next, end, width, max_length, a):
    log_p, beginnings, last, found = at_the_start(end)
    for t in range(1, max_length + 1):
        log_p, parents, last = extend_beam(log_p, log_next[last], width)
        beginnings = np.column_stack([beginnings[parents], last])
        done = (last == end) | (t == max_length)
        for i in np.flatnonzero(done):
            found.append((log_p[i] / t**a, beginnings[i]))
        log_p, beginnings, last = log_p[~done], beginnings[~done], last[~done]
        if not len(last):
            break
    return as_arrays(found, width, max_length, end)


@right
def lists(log_next, end, width, max_length, a):
    _log_p, _beginnings, _last, found = at_the_start(end)
    beam = [(0.0, [])]
    for _t in range(max_length):
        if len(beam) == 0:
            break
        scores = np.array([s for s, _ in beam])
        rows = np.array([log_next[seq[-1] if seq else end] for _, seq in beam])
        new_p, parents, tokens = extend_beam(scores, rows, width)
        new = []
        for s, w, v in zip(new_p, parents, tokens, strict=False):
            seq = beam[w][1] + [v]
            if v == end or len(seq) == max_length:
                found.append((s / len(seq) ** a, seq))
            else:
                new.append((s, seq))
        beam = new
    return as_arrays(found, width, max_length, end)


@right
def while_open(log_next, end, width, max_length, a):
    log_p, beginnings, last, found = at_the_start(end)
    t = 0
    while len(log_p) > 0 and t < max_length:
        t += 1
        log_p, parents, tokens = extend_beam(log_p, log_next[last], width)
        beginnings = np.concatenate([beginnings[parents], tokens[:, None]], axis=1)
        open_ = np.ones(len(tokens), bool)
        for i, token in enumerate(tokens):
            if token == end or t == max_length:
                found += [(log_p[i] / t**a, beginnings[i])]
                open_[i] = False
        log_p, beginnings, last = log_p[open_], beginnings[open_], tokens[open_]
    return as_arrays(found, width, max_length, end)


def searched_with(
    log_next,
    end,
    width,
    max_length,
    a,
    score=lambda s, t, a: s / t**a,
    parents_used=True,
    force=True,
    leave=True,
    shrink=False,
    stop_first=False,
    all_done=False,
    off=0,
    guard=True,
):
    log_p, beginnings, last, found = at_the_start(end)
    for t in range(1, max_length + 1 + off):
        places = width - len(found) if shrink else width
        if places <= 0:
            break
        log_p, parents, last = extend_beam(log_p, log_next[last], places)
        old = beginnings[parents] if parents_used else beginnings[: len(parents)]
        beginnings = np.column_stack([old, last])
        done = last == end
        if force:
            done = done | (t == max_length)
        for i in np.flatnonzero(done):
            found.append((score(log_p[i], t, a), beginnings[i]))
        if stop_first and len(found):
            break
        if leave:
            log_p, beginnings, last = log_p[~done], beginnings[~done], last[~done]
        if guard and not len(last):
            break
    return as_arrays(found, width, max_length, end)


@right
def no_break(log_next, end, width, max_length, a):
    return searched_with(log_next, end, width, max_length, a, guard=False)


@wrong("the end token is not counted in the length.")
def end_not_counted(log_next, end, width, max_length, a):
    log_p, beginnings, last, found = at_the_start(end)
    for t in range(1, max_length + 1):
        log_p, parents, last = extend_beam(log_p, log_next[last], width)
        beginnings = np.column_stack([beginnings[parents], last])
        done = (last == end) | (t == max_length)
        for i in np.flatnonzero(done):
            L = max(1, (beginnings[i] != end).sum())
            found.append((log_p[i] / L**a, beginnings[i]))
        log_p, beginnings, last = log_p[~done], beginnings[~done], last[~done]
        if not len(last):
            break
    return as_arrays(found, width, max_length, end)


@wrong(None)
def parents_not_used(log_next, end, width, max_length, a):
    log_p, beginnings, last, found = at_the_start(end)
    for t in range(1, max_length + 1):
        log_p, _parents, last = extend_beam(log_p, log_next[last], width)
        beginnings = np.column_stack([np.resize(beginnings, (len(last), t - 1)), last])
        done = (last == end) | (t == max_length)
        for i in np.flatnonzero(done):
            found.append((log_p[i] / t**a, beginnings[i]))
        log_p, beginnings, last = log_p[~done], beginnings[~done], last[~done]
        if not len(last):
            break
    return as_arrays(found, width, max_length, end)


@wrong("the last tokens of what has ended are kept; all three, log_p, beginnings and last, go on with the open ones.")
def last_not_filtered(log_next, end, width, max_length, a):
    log_p, beginnings, last, found = at_the_start(end)
    for t in range(1, max_length + 1):
        log_p, parents, last = extend_beam(log_p, log_next[last], width)
        beginnings = np.column_stack([beginnings[parents], last])
        done = (last == end) | (t == max_length)
        for i in np.flatnonzero(done):
            found.append((log_p[i] / t**a, beginnings[i]))
        log_p, beginnings = log_p[~done], beginnings[~done]
        if not len(log_p):
            break
    return as_arrays(found, width, max_length, end)


@wrong("the loop ends one step before max_length, and what is open then is lost.")
def range_one_short(log_next, end, width, max_length, a):
    return searched_with(log_next, end, width, max_length, a, off=-1)


@wrong("every step uses the row of the end; that is for the first one only.")
def row_of_end(log_next, end, width, max_length, a):
    log_p, beginnings, _last, found = at_the_start(end)
    for t in range(1, max_length + 1):
        log_p, parents, tokens = extend_beam(log_p, log_next[np.full(len(log_p), end)], width)
        beginnings = np.column_stack([beginnings[parents], tokens])
        done = (tokens == end) | (t == max_length)
        for i in np.flatnonzero(done):
            found.append((log_p[i] / t**a, beginnings[i]))
        log_p, beginnings = log_p[~done], beginnings[~done]
        if not len(log_p):
            break
    return as_arrays(found, width, max_length, end)


@wrong("log_next is given to extend_beam as a whole; each beginning needs the row of its last token.")
def whole_table(log_next, end, width, max_length, a):
    log_p, beginnings, last, found = at_the_start(end)
    for t in range(1, max_length + 1):
        log_p, parents, last = extend_beam(log_p, log_next, width)
        beginnings = np.column_stack([beginnings[parents], last])
        done = (last == end) | (t == max_length)
        for i in np.flatnonzero(done):
            found.append((log_p[i] / t**a, beginnings[i]))
        log_p, beginnings, last = log_p[~done], beginnings[~done], last[~done]
        if not len(last):
            break
    return as_arrays(found, width, max_length, end)


@wrong("the last token alone is put into found; the whole beginning belongs there.")
def last_token_only(log_next, end, width, max_length, a):
    log_p, beginnings, last, found = at_the_start(end)
    for t in range(1, max_length + 1):
        log_p, parents, last = extend_beam(log_p, log_next[last], width)
        beginnings = np.column_stack([beginnings[parents], last])
        done = (last == end) | (t == max_length)
        for i in np.flatnonzero(done):
            found.append((log_p[i] / t**a, last[i : i + 1]))
        log_p, beginnings, last = log_p[~done], beginnings[~done], last[~done]
        if not len(last):
            break
    return as_arrays(found, width, max_length, end)


@wrong("what has ended goes on to max_length, and is found there only.")
def collected_at_the_end_only(log_next, end, width, max_length, a):
    log_p, beginnings, last, found = at_the_start(end)
    for _t in range(1, max_length + 1):
        log_p, parents, last = extend_beam(log_p, log_next[last], width)
        beginnings = np.column_stack([beginnings[parents], last])
    for i in range(len(log_p)):
        found.append((log_p[i] / max_length**a, beginnings[i]))
    return as_arrays(found, width, max_length, end)


@wrong("the length is counted from 0, so that a first token is divided by 0.")
def leftover_after_loop(log_next, end, width, max_length, a):
    log_p, beginnings, last, found = at_the_start(end)
    for t in range(max_length):
        log_p, parents, last = extend_beam(log_p, log_next[last], width)
        beginnings = np.column_stack([beginnings[parents], last])
        done = last == end
        for i in np.flatnonzero(done):
            found.append((log_p[i] / t**a, beginnings[i]))
        log_p, beginnings, last = log_p[~done], beginnings[~done], last[~done]
        if not len(last):
            break
    for i in range(len(last)):
        found.append((log_p[i] / t**a, beginnings[i]))
    return as_arrays(found, width, max_length, end)
