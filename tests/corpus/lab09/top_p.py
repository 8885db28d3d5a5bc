"""Lab 9, part 5: top-p."""

import numpy as np

from rnncore.reference import softmax
from tests.corpus.answers import right, wrong


@right
def loop_over_rows(logits, p):
    q = softmax(logits)
    order = np.argsort(-logits, axis=-1, kind="stable")
    for b in range(len(q)):
        best = q[b, order[b]]
        before = np.cumsum(best) - best
        n = (before < p).sum()
        q[b, order[b, n:]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@right
def with_while(logits, p):
    q = np.zeros_like(logits)
    for b, y in enumerate(logits):
        probabilities = softmax(y)
        total = 0.0
        for v in sorted(range(len(y)), key=lambda v: -y[v]):
            if total >= p:
                break
            q[b, v] = probabilities[v]
            total += probabilities[v]
    return q / q.sum(axis=1)[:, None]


@right
def searchsorted(logits, p):
    probabilities = softmax(logits)
    result = []
    for y, q in zip(logits, probabilities, strict=True):
        order = np.argsort(-y, kind="stable")
        n = np.searchsorted(np.cumsum(q[order]), p) + 1
        kept = np.zeros_like(q)
        kept[order[:n]] = q[order[:n]]
        result.append(kept / kept.sum())
    return np.array(result)


@right
def put_back(logits, p):
    q = softmax(logits)
    order = np.argsort(-q, axis=-1, kind="stable")
    best = np.take_along_axis(q, order, axis=-1)
    shifted = np.concatenate([np.zeros_like(best[:, :1]), np.cumsum(best, axis=-1)[:, :-1]], axis=-1)
    best = np.where(shifted < p, best, 0)
    best = best / best.sum(axis=-1, keepdims=True)
    out = np.zeros_like(q)
    np.put_along_axis(out, order, best, axis=-1)
    return out


@right
def minus_infinity(logits, p):
    order = np.argsort(-logits, axis=-1, kind="stable")
    back = np.argsort(order, axis=-1)
    best = np.take_along_axis(softmax(logits), order, axis=-1)
    gone = np.cumsum(best, axis=-1) - best >= p
    gone[:, 0] = False
    print("nucleus", (~gone).sum(axis=1))
    y = np.where(np.take_along_axis(gone, back, axis=-1), -np.inf, logits)
    e = np.exp(y - y.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@right
def first_that_reaches(logits, p):
    """argmax of true and false; if rounding keeps every sum below p, all stay."""
    q = softmax(logits)
    order = np.argsort(-logits, axis=-1, kind="stable")
    sums = np.cumsum(np.take_along_axis(q, order, axis=-1), axis=-1)
    reaches = sums >= p
    reaches[:, -1] = True
    n = reaches.argmax(axis=-1) + 1
    for b in range(len(q)):
        q[b, order[b, n[b] :]] = 0.0
    return q / q.sum(axis=-1, keepdims=True)


def sorted_parts(logits):
    q = softmax(logits)
    order = np.argsort(-logits, axis=-1, kind="stable")
    return q, order, np.take_along_axis(q, order, axis=-1)


def keep(q, mask):
    kept = np.where(mask, q, 0)
    return kept / kept.sum(axis=-1, keepdims=True)


@wrong("the token that crosses p is left out")
def at_most_p(logits, p):
    q, order, best = sorted_parts(logits)
    for b in range(len(q)):
        q[b, order[b][np.cumsum(best[b]) > p]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@wrong("but for the best one, which always stays")
def at_most_p_but_one(logits, p):
    q, order, best = sorted_parts(logits)
    for b in range(len(q)):
        gone = np.cumsum(best[b]) > p
        gone[0] = False
        q[b, order[b][gone]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@wrong("what is kept is not rescaled")
def not_rescaled(logits, p):
    q, order, best = sorted_parts(logits)
    for b in range(len(q)):
        n = (np.cumsum(best[b]) - best[b] < p).sum()
        q[b, order[b, n:]] = 0
    return q


@wrong("the tokens are not sorted before they are added up; the nucleus")
def not_sorted(logits, p):
    q = softmax(logits)
    before = np.cumsum(q, axis=-1) - q
    return keep(q, before < p)


@wrong("applied to the tokens in their own order")
def mask_not_carried_back(logits, p):
    q, _, best = sorted_parts(logits)
    before = np.cumsum(best, axis=-1) - best
    return keep(q, before < p)


@wrong("carried back with the order in which the tokens were sorted")
def carried_the_wrong_way(logits, p):
    q, order, best = sorted_parts(logits)
    before = np.cumsum(best, axis=-1) - best
    return keep(q, np.take_along_axis(before < p, order, axis=-1))


@wrong("the result is sorted")
def stays_sorted(logits, p):
    _, _, best = sorted_parts(logits)
    before = np.cumsum(best, axis=-1) - best
    return keep(best, before < p)


@wrong("the best token is compared with p and kept if it has more")
def bound_for_each(logits, p):
    q = softmax(logits)
    return keep(q, q >= p)


@wrong("each token is kept that has at least p times the best")
def relative_to_the_best(logits, p):
    q = softmax(logits)
    return keep(q, q >= p * q.max(axis=-1, keepdims=True))


@wrong("the running sum begins with the worst token")
def ascending(logits, p):
    q = softmax(logits)
    order = np.argsort(q, axis=-1, kind="stable")
    for b in range(len(q)):
        worst = q[b, order[b]]
        n = (np.cumsum(worst) - worst < p).sum()
        q[b, order[b, n:]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@wrong("one token too many is kept")
def one_more(logits, p):
    q, order, best = sorted_parts(logits)
    for b in range(len(q)):
        n = (np.cumsum(best[b]) - best[b] < p).sum()
        q[b, order[b, n + 1 :]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@wrong("all rows keep as many tokens as the first")
def size_of_the_first_row(logits, p):
    q, order, best = sorted_parts(logits)
    n = (np.cumsum(best[0]) - best[0] < p).sum()
    for b in range(len(q)):
        q[b, order[b, n:]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@wrong("equally good tokens at the edge are kept together")
def threshold_of_the_last(logits, p):
    q, order, best = sorted_parts(logits)
    n = (np.cumsum(best, axis=-1) - best < p).sum(axis=-1)
    least = logits[np.arange(len(q)), order[np.arange(len(q)), n - 1]]
    return keep(q, logits >= least[:, None])


@wrong("the logits that are cut are set to 0")
def zero_logits(logits, p):
    q, order, best = sorted_parts(logits)
    y = logits.copy()
    for b in range(len(q)):
        n = (np.cumsum(best[b]) - best[b] < p).sum()
        y[b, order[b, n:]] = 0
    return softmax(y)


@wrong("what is kept is divided by p")
def divided_by_p(logits, p):
    q, order, best = sorted_parts(logits)
    for b in range(len(q)):
        n = (np.cumsum(best[b]) - best[b] < p).sum()
        q[b, order[b, n:]] = 0
    return (q / p).astype(q.dtype)


@wrong(None)
def running_sum_down_the_batch(logits, p):
    q, order, best = sorted_parts(logits)
    before = np.cumsum(best, axis=0) - best
    back = np.argsort(order, axis=-1)
    kept = np.where(np.take_along_axis(before < p, back, axis=-1), q, 0)
    return kept / np.maximum(kept.sum(axis=-1, keepdims=True), 1e-12)


@wrong("set to -inf, which softmax refuses")
def minus_infinity_for_softmax(logits, p):
    y = logits.copy()
    _, order, best = sorted_parts(logits)
    for b in range(len(y)):
        n = (np.cumsum(best[b]) - best[b] < p).sum()
        y[b, order[b, n:]] = -np.inf
    return softmax(y)


@wrong("the token that crosses p is left out, also if p is 1")
def reaches_p_is_too_late(logits, p):
    q, order, best = sorted_parts(logits)
    for b in range(len(q)):
        n = np.searchsorted(np.cumsum(best[b]), p)
        q[b, order[b, n:]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@wrong("in their own order, and the one that crosses p is left out")
def two_mistakes(logits, p):
    q = softmax(logits)
    order = np.argsort(-q, axis=-1, kind="stable")
    sums = np.cumsum(np.take_along_axis(q, order, axis=-1), axis=-1)
    q[sums > p] = 0
    return q / q.sum(axis=-1, keepdims=True)


@right
def loop(logits, p):
    q = softmax(logits)
    order = np.argsort(-logits, axis=-1, kind="stable")
    for b in range(len(q)):
        best = q[b, order[b]]
        n = (np.cumsum(best) - best < p).sum()
        q[b, order[b, n:]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@right
def while_below(logits, p):
    P = softmax(logits)
    q = np.zeros_like(P)
    for b in range(len(P)):
        total = 0.0
        for v in np.argsort(-logits[b], kind="stable"):
            if total >= p:
                break
            q[b, v] = P[b, v]
            total += P[b, v]
        q[b] /= q[b].sum()
    return q


@right
def searchsorted_left(logits, p):
    q = softmax(logits)
    for row, y in zip(q, logits, strict=False):
        order = np.argsort(-y, kind="stable")
        n = np.searchsorted(np.cumsum(row[order]), p) + 1
        row[order[n:]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@right
def at_once(logits, p):
    P = softmax(logits)
    order = np.argsort(-logits, axis=-1, kind="stable")
    best = np.take_along_axis(P, order, -1)
    kept = np.cumsum(best, -1) - best < p
    q = np.zeros_like(P)
    np.put_along_axis(q, order, np.where(kept, best, 0), -1)
    return q / q.sum(-1, keepdims=True)


@right
def shifted_cumsum(logits, p):
    q = softmax(logits)
    for row, y in zip(q, logits, strict=False):
        order = np.argsort(-y, kind="stable")
        before = np.concatenate([[0], np.cumsum(row[order])[:-1]])
        row[order[before >= p]] = 0
    return q / q.sum(axis=-1, keepdims=True)


def cut_sorted(logits, count):
    q = softmax(logits)
    for row, y in zip(q, logits, strict=False):
        order = np.argsort(-y, kind="stable")
        row[order[count(row[order]) :]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@wrong("the running sum goes on from row to row; each row has its own.")
def flat_cumsum(logits, p):
    q = softmax(logits)
    order = np.argsort(-logits, axis=-1, kind="stable")
    best = np.take_along_axis(q, order, -1)
    before = np.cumsum(best).reshape(best.shape) - best
    np.put_along_axis(q, order, np.where(before < p, best, 0), -1)
    return q / q.sum(axis=-1, keepdims=True)


@wrong("the running sum goes down the batch; it goes along the sorted tokens.")
def cumsum_axis_0(logits, p):
    q = softmax(logits)
    order = np.argsort(-logits, axis=-1, kind="stable")
    best = np.take_along_axis(q, order, -1)
    before = np.cumsum(best, axis=0) - best
    np.put_along_axis(q, order, np.where(before < p, best, 0), -1)
    return q / q.sum(axis=-1, keepdims=True)


@wrong("all rows keep as many tokens as the largest nucleus; each row has its own.")
def same_n(logits, p):
    q = softmax(logits)
    order = np.argsort(-logits, axis=-1, kind="stable")
    best = np.take_along_axis(q, order, -1)
    n = (np.cumsum(best, -1) - best < p).sum(-1).max()
    for b in range(len(q)):
        q[b, order[b, n:]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@wrong("of equally good tokens the last is kept; the first is the better.")
def last_of_equals(logits, p):
    q = softmax(logits)
    for row, y in zip(q, logits, strict=False):
        order = np.argsort(y, kind="stable")[::-1]
        best = row[order]
        row[order[(np.cumsum(best) - best < p).sum() :]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@wrong("a token is kept although those before it have p already.")
def at_most_p_before(logits, p):
    return cut_sorted(logits, lambda best: (np.cumsum(best) - best <= p).sum())


@wrong("p is what is cut, and 1 - p is kept; p is the share that is kept.")
def rest_counted(logits, p):
    return cut_sorted(logits, lambda best: (np.cumsum(best) - best < 1 - p).sum())
