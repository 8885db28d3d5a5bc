"""Lab 2, part 3: back from the loss to the last state."""

import numpy as np

from rnncore.reference import linear_backward, linear_forward, sigmoid_cross_entropy_backward, sigmoid_cross_entropy_forward
from tests.corpus.answers import right, wrong


def with_dy(params, hs, dy):
    return dy, {"weight_ho": dy.T @ hs[-1], "bias_ho": dy.sum(axis=0)}, dy @ params["weight_ho"]


@right
def in_steps(params, hs, p, targets):
    """The chain link by link: loss, probability, score."""
    B = len(targets)
    dp = np.where(targets == 1, -1 / p, 1 / (1 - p)) / B
    dy = (dp * p * (1 - p)).reshape(B, 1)
    return with_dy(params, hs, dy)


@right
def outer_products(params, hs, p, targets):
    h = hs[-1]
    dW, db, dh = np.zeros_like(params["weight_ho"]), np.zeros_like(params["bias_ho"]), np.zeros_like(h)
    dy = np.zeros_like(h[:, :1])
    for b in range(h.shape[0]):
        dy[b, 0] = (p[b] - targets[b]) / h.shape[0]
        dW[0] += dy[b, 0] * h[b]
        db += dy[b, 0]
        dh[b] = dy[b, 0] * params["weight_ho"][0]
    return dy, {"bias_ho": db, "weight_ho": dW}, dh


@right
def by_rnncore(params, hs, p, targets):
    linear = {"weight": params["weight_ho"], "bias": params["bias_ho"]}
    y, cache = linear_forward(linear, hs[-1])
    _, loss_cache = sigmoid_cross_entropy_forward(y[:, 0], targets)
    dy = sigmoid_cross_entropy_backward(loss_cache)[:, None]
    dlinear, dh = linear_backward(cache, dy)
    return dy, {f"{name}_ho": d for name, d in dlinear.items()}, dh


@right
def broadcast(params, hs, p, targets):
    e = (p - targets) / p.size
    e = e[:, np.newaxis]
    dW = (e * hs[-1]).sum(axis=0, keepdims=True)
    return e, dict(weight_ho=dW, bias_ho=e.sum(0)), e * params["weight_ho"]


@right
def einsum_everywhere(params, hs, p, targets):
    e = (p - targets) / np.float32(len(p)) if p.dtype == np.float32 else (p - targets) / len(p)
    dW = np.einsum("b,bh->h", e, hs[-1])[None]
    dh = np.einsum("b,oh->bh", e, params["weight_ho"])
    return [np.expand_dims(e, -1), {"weight_ho": dW, "bias_ho": np.einsum("b->", e).reshape(1)}, dh]


@right
def mean_at_the_end(params, hs, p, targets):
    """It takes the mean where the sentences meet."""
    each = (p - targets)[:, None]
    dW = np.mean(each * hs[-1], axis=0)[None, :]
    db = np.mean(each, axis=0)
    return each / len(each), {"weight_ho": dW, "bias_ho": db}, each @ params["weight_ho"] / len(each)


@wrong("dy is not divided by the number of sentences")
def no_mean(params, hs, p, targets):
    return with_dy(params, hs, (p - targets)[:, None])


@wrong("the sign of dy is wrong: it is probability minus label")
def label_minus_probability(params, hs, p, targets):
    return with_dy(params, hs, (targets - p)[:, None] / len(p))


@wrong("dy stops at p")
def slope_of_the_sigmoid_forgotten(params, hs, p, targets):
    dp = -(targets / p) + (1 - targets) / (1 - p)
    return with_dy(params, hs, dp[:, None] / len(p))


@wrong("the slope of the sigmoid comes once too often")
def slope_of_the_sigmoid_twice(params, hs, p, targets):
    dy = (p - targets) / len(p)
    dy = dy * p * (1 - p)
    return with_dy(params, hs, dy[:, None])


@wrong("dy is twice too large")
def as_for_squares(params, hs, p, targets):
    return with_dy(params, hs, 2 * (p - targets)[:, None] / len(p))


@wrong("every label is taken to be 1")
def only_friendly(params, hs, p, targets):
    return with_dy(params, hs, (p - 1)[:, None] / len(p))


@wrong("dy is divided by the number of words")
def mean_over_words(params, hs, p, targets):
    return with_dy(params, hs, (p - targets)[:, None] / len(hs))


@wrong("dy has one axis")
def flat_dy(params, hs, p, targets):
    dy = (p - targets) / len(p)
    return dy, {"weight_ho": (dy @ hs[-1])[None], "bias_ho": np.array([dy.sum()])}, np.outer(dy, params["weight_ho"])


@wrong("the gradient of weight_ho uses the first state")
def first_state(params, hs, p, targets):
    dy = (p - targets)[:, None] / len(p)
    return dy, {"weight_ho": dy.T @ hs[0], "bias_ho": dy.sum(axis=0)}, dy @ params["weight_ho"]


@wrong("the gradient of weight_ho uses the states of all words")
def summed_over_time(params, hs, p, targets):
    """As the cell's weights, it thinks."""
    dy = (p - targets)[:, None] / len(p)
    dW = sum(dy.T @ h for h in hs)
    return dy, {"weight_ho": dW, "bias_ho": dy.sum(axis=0)}, dy @ params["weight_ho"]


@wrong("the gradient of weight_ho has the shape (H, 1)")
def column_of_weights(params, hs, p, targets):
    dy = (p - targets)[:, None] / len(p)
    return dy, {"weight_ho": hs[-1].T @ dy, "bias_ho": dy.sum(axis=0)}, dy @ params["weight_ho"]


@wrong("the gradient of weight_ho is not summed over the sentences")
def one_row_for_each_sentence(params, hs, p, targets):
    dy = (p - targets)[:, None] / len(p)
    return dy, {"weight_ho": dy * hs[-1], "bias_ho": dy.sum(axis=0)}, dy @ params["weight_ho"]


@wrong("the gradients of the output layer are averaged over the sentences")
def mean_taken_twice(params, hs, p, targets):
    dy = (p - targets)[:, None] / len(p)
    dout = {"weight_ho": (dy * hs[-1]).mean(axis=0)[None], "bias_ho": dy.mean(axis=0)}
    return dy, dout, dy @ params["weight_ho"]


@wrong("the gradient of bias_ho is one number without an axis")
def scalar_bias(params, hs, p, targets):
    dy = (p - targets)[:, None] / len(p)
    return dy, {"weight_ho": dy.T @ hs[-1], "bias_ho": np.sum(dy)}, dy @ params["weight_ho"]


@wrong("the gradient of bias_ho is not summed over the sentences")
def bias_is_dy(params, hs, p, targets):
    dy = (p - targets)[:, None] / len(p)
    return dy, {"weight_ho": dy.T @ hs[-1], "bias_ho": dy}, dy @ params["weight_ho"]


@wrong("dh_T has gone through the slope of tanh already")
def one_link_too_far(params, hs, p, targets):
    dy, dout, dh = broadcast(params, hs, p, targets)
    return dy, dout, dh * (1 - hs[-1] ** 2)


@wrong("dh_T has an entry for every word")
def shaped_like_hs(params, hs, p, targets):
    dy, dout, dh = broadcast(params, hs, p, targets)
    return dy, dout, np.broadcast_to(dh, hs.shape).copy()


@wrong("dout must be a dict with the keys weight_ho, bias_ho, got a tuple of 2.")
def pair_for_a_dict(params, hs, p, targets):
    dy, dout, dh = broadcast(params, hs, p, targets)
    return dy, (dout["weight_ho"], dout["bias_ho"]), dh


@wrong("weight_ho is transposed on the way back")
def transposed(params, hs, p, targets):
    dy = (p - targets)[:, None] / len(p)
    return dy, {"weight_ho": dy.T @ hs[-1], "bias_ho": dy.sum(axis=0)}, dy @ params["weight_ho"].T


@wrong("changed its argument p in place")
def in_place(params, hs, p, targets):
    p -= targets
    return with_dy(params, hs, p[:, None] / len(p))


@wrong(None)
def of_the_sum_and_without_the_label(params, hs, p, targets):
    return with_dy(params, hs, p[:, None] * (1 - targets)[:, None])
