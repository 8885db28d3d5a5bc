"""Lab 9, part 6: the dice."""

import bisect
import itertools

import numpy as np

from tests.corpus.answers import right, wrong


@right
def first_above(probabilities, u):
    return (np.cumsum(probabilities, axis=1) > u[:, None]).argmax(axis=1)


@right
def searchsorted(probabilities, u):
    tokens = []
    for q, point in zip(probabilities, u, strict=True):
        tokens.append(np.searchsorted(np.cumsum(q), point, side="right"))
    return np.array(tokens)


@right
def while_loop(probabilities, u):
    B = len(probabilities)
    tokens = np.zeros(B, dtype=int)
    for b in range(B):
        v, total = 0, probabilities[b, 0]
        while total <= u[b]:
            v += 1
            total += probabilities[b, v]
        tokens[b] = v
    return tokens


@right
def bisected(probabilities, u):
    sums = [list(itertools.accumulate(map(float, q))) for q in probabilities]
    return np.array([bisect.bisect_right(one, float(x)) for one, x in zip(sums, u, strict=True)])


@right
def subtracting(probabilities, u):
    """Go along the line and take away each piece from u."""
    left, tokens = u.astype(float), np.full(len(u), -1)
    for v in range(probabilities.shape[1]):
        left = left - probabilities[:, v]
        tokens = np.where((tokens < 0) & (left < 0), v, tokens)
    return tokens


@right
def scaled_to_the_total(probabilities, u):
    sums = np.cumsum(probabilities, axis=-1, dtype=np.float64)
    sums /= sums[:, -1:]
    print("tokens of", sums.shape[1])
    return np.count_nonzero(sums <= u.reshape(-1, 1), axis=1).astype(np.int32)


@wrong("u is compared with the single probabilities")
def no_running_sum(probabilities, u):
    return (probabilities > u[:, None]).argmax(axis=1)


@wrong("the most probable token is taken")
def greedy(probabilities, u):
    return np.argmax(probabilities, axis=1)


@wrong("every token has the same chance")
def uniform(probabilities, u):
    return np.floor(u * probabilities.shape[1]).astype(int)


@wrong("at u = 0 a first token of probability 0 is drawn")
def at_least(probabilities, u):
    return (np.cumsum(probabilities, axis=1) >= u[:, None]).argmax(axis=1)


@wrong("at u = 0 a first token of probability 0 is drawn")
def searchsorted_left(probabilities, u):
    return np.array([np.searchsorted(np.cumsum(q), point) for q, point in zip(probabilities, u, strict=True)])


@wrong("the tokens whose running sum is above u are counted")
def counted_the_others(probabilities, u):
    return (np.cumsum(probabilities, axis=1) > u[:, None]).sum(axis=1)


@wrong("the token before the right one is returned, whose running sum")
def one_less(probabilities, u):
    return (np.cumsum(probabilities, axis=1) <= u[:, None]).sum(axis=1) - 1


@wrong("the token after the right one is returned")
def one_more(probabilities, u):
    return (np.cumsum(probabilities, axis=1) > u[:, None]).argmax(axis=1) + 1


@wrong("the running sum nearest to u decides")
def nearest(probabilities, u):
    return np.abs(np.cumsum(probabilities, axis=1) - u[:, None]).argmin(axis=1)


@wrong("the running sum goes on from row to row")
def axis_forgotten(probabilities, u):
    sums = np.cumsum(probabilities).reshape(probabilities.shape)
    return (sums <= u[:, None]).sum(axis=1)


@wrong("the running sum goes down the batch")
def other_axis(probabilities, u):
    return (np.cumsum(probabilities, axis=0) <= u[:, None]).sum(axis=1)


@wrong("all rows use the first u")
def one_die_for_all(probabilities, u):
    return (np.cumsum(probabilities, axis=1) <= u[0]).sum(axis=1)


@wrong("the tokens are sorted by their probability first")
def sorted_and_translated(probabilities, u):
    order = np.argsort(-probabilities, axis=1, kind="stable")
    sums = np.cumsum(np.take_along_axis(probabilities, order, axis=1), axis=1)
    place = (sums > u[:, None]).argmax(axis=1)
    return order[np.arange(len(u)), place]


@wrong("the places in the sorted order are returned")
def sorted_only(probabilities, u):
    sums = np.cumsum(-np.sort(-probabilities, axis=1), axis=1)
    return (sums <= u[:, None]).sum(axis=1)


@wrong(None)
def own_dice(probabilities, u):
    rng = np.random.default_rng(0)
    return np.array([rng.choice(len(q), p=q.astype(float) / q.astype(float).sum()) for q in probabilities])


@wrong(None)
def last_one_below(probabilities, u):
    below = np.cumsum(probabilities, axis=1) < u[:, None]
    return np.array([np.flatnonzero(row)[-1] if row.any() else 0 for row in below])


@right
def count(probabilities, u):
    return (np.cumsum(probabilities, axis=1) <= u[:, None]).sum(axis=1)


@right
def first_above_too(probabilities, u):
    return np.argmax(np.cumsum(probabilities, axis=1) > u[:, None], axis=1)


@right
def search(probabilities, u):
    return np.array([np.searchsorted(np.cumsum(row), x, side="right") for row, x in zip(probabilities, u, strict=False)])


@right
def loop(probabilities, u):
    tokens = []
    for row, x in zip(probabilities, u, strict=False):
        total = 0
        for v, q in enumerate(row):
            total += q
            if total > x:
                tokens.append(v)
                break
    return np.array(tokens)


@right
def subtract(probabilities, u):
    tokens = np.zeros(len(u), int)
    for b in range(len(u)):
        rest, v = u[b], 0
        while rest >= probabilities[b, v]:
            rest -= probabilities[b, v]
            v += 1
        tokens[b] = v
    return tokens


@wrong("must be a NumPy array")
def a_list(probabilities, u):
    return [int(np.argmax(np.cumsum(row) > x)) for row, x in zip(probabilities, u, strict=False)]


@wrong("u lies along the tokens; it needs a second axis, so that each row meets its own.")
def no_second_axis(probabilities, u):
    return (np.cumsum(probabilities, axis=1) <= u).sum(axis=1)


@wrong("the first running sum below u decides; the first one above u does.")
def argmax_below(probabilities, u):
    return np.argmax(np.cumsum(probabilities, axis=1) < u[:, None], axis=1)


@wrong("the probability nearest to u decides; the first running sum above u does.")
def nearest_too(probabilities, u):
    return np.abs(probabilities - u[:, None]).argmin(axis=1)


@wrong("a row with a 1 at the token is returned for each token; return its number.")
def one_hot(probabilities, u):
    c = np.cumsum(probabilities, axis=1)
    return ((c > u[:, None]) & (c - probabilities <= u[:, None])).astype(int)


@wrong("u is counted from the other end, where 1 - u can be 1.")
def from_the_end(probabilities, u):
    return (np.cumsum(probabilities, axis=1) <= 1 - u[:, None]).sum(axis=1)
