"""Lab 9, part 4: top-k."""

import numpy as np

from rnncore.reference import softmax
from tests.corpus.answers import right, wrong


@right
def loop_with_zeros(logits, k):
    q = softmax(logits)
    order = np.argsort(-logits, axis=-1, kind="stable")
    for b in range(len(q)):
        q[b, order[b, k:]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@right
def minus_infinity(logits, k):
    order = np.argsort(-logits, axis=1, kind="stable")
    masked = np.full_like(logits, -np.inf)
    best = order[:, :k]
    np.put_along_axis(masked, best, np.take_along_axis(logits, best, axis=1), axis=1)
    e = np.exp(masked - masked.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@right
def softmax_of_the_best(logits, k):
    q = np.zeros_like(logits)
    for b, row in enumerate(logits):
        best = sorted(range(len(row)), key=lambda v: (-row[v], v))[:k]
        q[b, best] = softmax(row[best])
    return q


@right
def one_after_the_other(logits, k):
    p, q = softmax(logits), np.zeros_like(logits)
    for b in range(len(logits)):
        left = logits[b].astype(float)
        for _ in range(k):
            v = left.argmax()
            q[b, v] = p[b, v]
            left[v] = -np.inf
        q[b] /= q[b].sum()
    return q


@right
def counts_the_better(logits, k):
    V = logits.shape[1]
    better = logits[:, None, :] > logits[:, :, None]
    equal_and_before = (logits[:, None, :] == logits[:, :, None]) & (np.arange(V)[None, :] < np.arange(V)[:, None])
    rank = (better | equal_and_before).sum(axis=2)
    kept = softmax(logits) * (rank < k)
    return kept / kept.sum(axis=1, keepdims=True)


@right
def ranks_scattered(logits, k):
    order = np.argsort(-logits, axis=-1, kind="stable")
    rank = np.empty_like(order)
    rank[np.arange(len(order))[:, None], order] = np.arange(order.shape[1])
    kept = np.where(rank >= k, np.zeros_like(logits), softmax(logits))
    print("kept", (kept > 0).sum(axis=1))
    return kept / np.einsum("bv->b", kept)[:, None]


def order_of(logits):
    return np.argsort(-logits, axis=-1, kind="stable")


def keep(logits, mask):
    kept = np.where(mask, softmax(logits), 0)
    return kept / kept.sum(axis=-1, keepdims=True)


@wrong("what is kept is not rescaled")
def not_rescaled(logits, k):
    q = softmax(logits)
    for b, row in enumerate(order_of(logits)):
        q[b, row[k:]] = 0
    return q


@wrong("equally good tokens are kept together")
def threshold(logits, k):
    kth = np.sort(logits, axis=-1)[:, -k][:, None]
    return keep(logits, logits >= kth)


@wrong("the k-th stays, too")
def strict_threshold(logits, k):
    kth = np.sort(logits, axis=-1)[:, -k][:, None]
    return keep(logits, logits > kth)


@wrong("of equally good tokens the last is kept")
def argsort_from_behind(logits, k):
    q = np.zeros_like(logits)
    best = np.argsort(logits, axis=-1, kind="stable")[:, -k:]
    np.put_along_axis(q, best, np.take_along_axis(softmax(logits), best, axis=-1), axis=-1)
    return q / q.sum(axis=-1, keepdims=True)


@wrong("the k worst tokens are kept")
def ascending(logits, k):
    q = softmax(logits)
    order = np.argsort(logits, axis=-1, kind="stable")
    for b in range(len(q)):
        q[b, order[b, k:]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@wrong("the k best tokens are removed")
def wrong_side(logits, k):
    q = softmax(logits)
    order = order_of(logits)
    for b in range(len(q)):
        q[b, order[b, :k]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@wrong("one token too many is kept")
def one_more(logits, k):
    q = softmax(logits)
    order = order_of(logits)
    for b in range(len(q)):
        q[b, order[b, k + 1 :]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@wrong("as if it gave the rank of each token")
def order_taken_for_rank(logits, k):
    return keep(logits, order_of(logits) < k)


@wrong("the first k tokens are kept")
def not_sorted(logits, k):
    q = softmax(logits)
    q[:, k:] = 0
    return q / q.sum(axis=-1, keepdims=True)


@wrong("the result is sorted")
def stays_sorted(logits, k):
    q = -np.sort(-softmax(logits), axis=-1)
    q[:, k:] = 0
    return q / q.sum(axis=-1, keepdims=True)


@wrong("the logits that are cut are set to 0")
def zero_logits(logits, k):
    y = logits.copy()
    for b, row in enumerate(order_of(logits)):
        y[b, row[k:]] = 0
    return softmax(y)


@wrong("a second softmax is taken")
def softmax_again(logits, k):
    q = softmax(logits)
    for b, row in enumerate(order_of(logits)):
        q[b, row[k:]] = 0
    return softmax(q)


@wrong("all k tokens get the same probability")
def evenly(logits, k):
    q = np.zeros_like(logits)
    for b, row in enumerate(order_of(logits)):
        q[b, row[:k]] = 1 / k
    return q


@wrong("the tokens of the first row are kept in every row")
def first_row_for_all(logits, k):
    q = softmax(logits)
    q[:, order_of(logits)[0, k:]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@wrong("divided by the sum of the whole array")
def one_sum(logits, k):
    q = softmax(logits)
    for b, row in enumerate(order_of(logits)):
        q[b, row[k:]] = 0
    return q / q.sum()


@wrong(None)
def all_rows_lose_what_one_loses(logits, k):
    q = softmax(logits)
    for row in order_of(logits):
        q[:, row[k:]] = 0
    return q / np.maximum(q.sum(axis=-1, keepdims=True), 1e-12)


@wrong("set to -inf, which softmax refuses")
def minus_infinity_for_softmax(logits, k):
    y = logits.copy()
    for b, row in enumerate(order_of(logits)):
        y[b, row[k:]] = -np.inf
    return softmax(y)


@right
def loop(logits, k):
    q = softmax(logits)
    order = np.argsort(-logits, axis=-1, kind="stable")
    for b in range(len(q)):
        q[b, order[b, k:]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@right
def ranks(logits, k):
    rank = np.argsort(np.argsort(-logits, axis=-1, kind="stable"), axis=-1)
    q = np.where(rank < k, softmax(logits), 0)
    return q / q.sum(axis=-1, keepdims=True)


@wrong("must have the dtype of the inputs")
def put_along(logits, k):
    order = np.argsort(-logits, axis=-1, kind="stable")[:, :k]
    q = np.zeros(logits.shape)
    np.put_along_axis(q, order, softmax(np.take_along_axis(logits, order, axis=1)), axis=1)
    return q


@right
def python_sorted(logits, k):
    p = softmax(logits)
    q = np.zeros_like(p)
    for b, row in enumerate(p):
        best = sorted(range(len(row)), key=lambda v: -logits[b, v])[:k]
        q[b, best] = row[best] / row[best].sum()
    return q


@right
def order_of_probabilities(logits, k):
    q = softmax(logits)
    order = np.argsort(-q, axis=-1, kind="stable")
    for b in range(len(q)):
        q[b, order[b, k:]] = 0
    return q / q.sum(axis=-1, keepdims=True)


def best_to_worst(logits):
    return np.argsort(-logits, axis=-1, kind="stable")


@wrong("what one row cuts is cut in every row; each row has its own.")
def rows_mixed(logits, k):
    q = softmax(logits)
    q[:, best_to_worst(logits)[:, k:]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@wrong("the logits that are cut are set to -inf, which softmax refuses; set probabilities to 0 and rescale.")
def minus_infinity_too(logits, k):
    y = logits.copy()
    for row, order in zip(y, best_to_worst(logits), strict=False):
        row[order[k:]] = -np.inf
    return softmax(y)


@wrong("the logits that are kept are divided by their sum; it is probabilities that are rescaled.")
def logits_rescaled(logits, k):
    q = logits.copy()
    for row, order in zip(q, best_to_worst(logits), strict=False):
        row[order[k:]] = 0
    return q / q.sum(axis=-1, keepdims=True)


@wrong("only the k probabilities that are kept are returned; the others are 0, at their places.")
def only_kept_returned(logits, k):
    order = best_to_worst(logits)[:, :k]
    return softmax(np.take_along_axis(logits, order, axis=-1))
