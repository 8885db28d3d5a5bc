"""Lab 11, part 5: the softmax backward."""

import numpy as np

from rnncore.reference import masked_softmax_backward
from tests.corpus.answers import right, wrong


@right
def expanded(cache, dweights):
    product = cache.weights * dweights
    return product - cache.weights * product.sum(axis=-1)[..., None]


@right
def whole_jacobian(cache, dweights):
    w = cache.weights
    jacobian = w[..., None] * (np.eye(w.shape[-1], dtype=w.dtype) - w[..., None, :])  # (T, B, S, S)
    return np.einsum("tbs,tbsr->tbr", dweights, jacobian)


@right
def row_by_row(cache, dweights):
    dscores = np.empty_like(dweights)
    for t, b in np.ndindex(*dweights.shape[:2]):
        w, dw = cache.weights[t, b], dweights[t, b]
        dscores[t, b] = (np.diag(w) - np.outer(w, w)) @ dw
    return dscores


@right
def with_einsum(cache, dweights):
    (weights,) = cache
    mean = np.einsum("...s,...s->...", weights, dweights)
    return np.multiply(weights, dweights - np.expand_dims(mean, -1))


@right
def four_loops(cache, dweights):
    w = cache.weights
    T, B, S = w.shape
    dscores = np.zeros(w.shape, w.dtype)
    for t in range(T):
        for b in range(B):
            for r in range(S):
                for s in range(S):
                    dscores[t, b, r] += dweights[t, b, s] * w[t, b, s] * ((1 if s == r else 0) - w[t, b, r])
    return dscores


@right
def on_a_copy(cache, dweights):
    dscores = dweights.copy()
    dscores -= np.sum(cache.weights * dweights, axis=2, keepdims=True)
    dscores *= cache.weights
    print("largest", np.abs(dscores).max())
    return dscores


@wrong("only each weight's own score is looked at")
def like_a_sigmoid(cache, dweights):
    w = cache.weights
    return dweights * w * (1 - w)


@wrong("the mean is not subtracted")
def no_mean(cache, dweights):
    return cache.weights * dweights


@wrong("the plain sum of dweights is subtracted")
def plain_sum(cache, dweights):
    return cache.weights * (dweights - dweights.sum(axis=-1, keepdims=True))


@wrong("the plain mean of dweights is subtracted")
def plain_mean(cache, dweights):
    return cache.weights * (dweights - np.mean(dweights, axis=-1, keepdims=True))


@wrong("the weights in front of the bracket are missing")
def no_weights_in_front(cache, dweights):
    return dweights - (cache.weights * dweights).sum(axis=-1, keepdims=True)


@wrong("the sum is subtracted outside the bracket")
def bracket_forgotten(cache, dweights):
    w = cache.weights
    return w * dweights - (w * dweights).sum(axis=-1, keepdims=True)


@wrong("the sign is wrong")
def mean_minus(cache, dweights):
    w = cache.weights
    return w * ((w * dweights).sum(axis=-1, keepdims=True) - dweights)


@wrong("the sum runs over T")
def over_queries(cache, dweights):
    w = cache.weights
    return w * (dweights - (w * dweights).sum(axis=0))


@wrong("the sum runs over B")
def over_the_batch(cache, dweights):
    w = cache.weights
    return w * (dweights - (w * dweights).sum(axis=1, keepdims=True))


@wrong("one sum is taken of the whole array")
def of_everything(cache, dweights):
    w = cache.weights
    return w * (dweights - np.sum(w * dweights))


@wrong("the rule for a softmax with cross-entropy is used")
def remembered_from_classification(cache, dweights):
    return cache.weights - dweights


@wrong("the weights already make a mean")
def mean_of_the_products(cache, dweights):
    w = cache.weights
    return w * (dweights - np.mean(w * dweights, axis=-1, keepdims=True))


@wrong("dweights is handed through unchanged")
def nothing_happens(cache, dweights):
    return dweights.copy()


@wrong("the sum loses its axis")
def keepdims_forgotten(cache, dweights):
    w = cache.weights
    return w * (dweights - (w * dweights).sum(axis=-1))


@wrong("each weight is subtracted in the place of the sum")
def weight_subtracted(cache, dweights):
    w = cache.weights
    return w * dweights - w * w


@wrong("it changed its argument dweights in place; work on a copy.")
def in_place(cache, dweights):
    w = cache.weights
    dweights -= (w * dweights).sum(axis=-1, keepdims=True)
    return w * dweights


@wrong("must have the dtype of the inputs, float32, got float64.")
def float64_for_safety(cache, dweights):
    w = cache.weights.astype(np.float64)
    return w * (dweights - (w * dweights).sum(axis=-1, keepdims=True))


@wrong("must have shape")
def cache_used_as_an_array(cache, dweights):
    return cache - dweights


@wrong("dscores must be a NumPy array")
def in_a_tuple(cache, dweights):
    return (masked_softmax_backward(cache, dweights),)


@wrong(None)
def jacobian_with_the_wrong_sign_off_the_diagonal(cache, dweights):
    w = cache.weights
    jacobian = np.einsum("...s,...r->...sr", w, w)
    s = np.arange(w.shape[-1])
    jacobian[..., s, s] = w * (1 - w)
    return np.einsum("...s,...sr->...r", dweights, jacobian)
