"""What stands around the recurrence: embedding and linear layer before and after it, and the two losses.

Contents
    init_embedding, embedding_forward, embedding_backward               whole numbers -> vectors
    init_linear, linear_forward, linear_backward                        y = x W^T + b
    softmax, softmax_cross_entropy_forward, softmax_cross_entropy_backward
    sigmoid, sigmoid_cross_entropy_forward, sigmoid_cross_entropy_backward

The leading axes are free: (T, B, D) and (B, D) work alike. Both losses are means over all predictions.
Tokens and targets are data and have no gradient.
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.shapes import shapes

__all__ = [
    "embedding_backward",
    "embedding_forward",
    "init_embedding",
    "init_linear",
    "linear_backward",
    "linear_forward",
    "sigmoid",
    "sigmoid_cross_entropy_backward",
    "sigmoid_cross_entropy_forward",
    "softmax",
    "softmax_cross_entropy_backward",
    "softmax_cross_entropy_forward",
]


class EmbeddingCache(NamedTuple):
    weight: np.ndarray  # (V, D)
    tokens: np.ndarray  # (...)


class LinearCache(NamedTuple):
    weight: np.ndarray  # (O, D)
    x: np.ndarray  # (..., D)


class CrossEntropyCache(NamedTuple):
    probabilities: np.ndarray  # (..., V) or (...)
    targets: np.ndarray  # (...)


@shapes(rng="rng", num_embeddings="size", embedding_dim="size")
def init_embedding(rng, num_embeddings, embedding_dim, *, dtype=np.float64):
    """Draw an embedding table from the standard normal distribution, as `torch.nn.Embedding` does.

    Args:
        rng: a `numpy.random.Generator`.
        num_embeddings: V, how many tokens there are.
        embedding_dim: D, the length of each vector.
        dtype: floating-point type of the array.
    Returns:
        A dict: weight (V, D).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    return {"weight": rng.standard_normal((num_embeddings, embedding_dim)).astype(dtype)}


@shapes(params={"weight": "V D"}, tokens="int ...")
def embedding_forward(params, tokens):
    """Look up a vector for each token.

    Args:
        params: dict of weight (V, D).
        tokens: (...), whole numbers from 0 to V - 1.
    Returns:
        x: (..., D).
        cache: for `embedding_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    weight = params["weight"]
    _check_range("embedding_forward: tokens", tokens, len(weight))
    return weight[tokens], EmbeddingCache(weight, tokens)


@shapes(cache=(EmbeddingCache, {"weight": "V D"}), dx="... D")
def embedding_backward(cache, dx):
    """Give each row of the table the sum of the gradients of the places where it was used.

    Args:
        cache: what `embedding_forward` returned.
        dx: (..., D).
    Returns:
        dparams: dict of weight (V, D); rows of unused tokens are zero.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    weight, tokens = cache
    _check_same_axes("embedding_backward: dx", dx, tokens.shape)
    dweight = np.zeros_like(weight)
    np.add.at(dweight, tokens, dx)  # += would count a repeated token once
    return {"weight": dweight}


@shapes(rng="rng", in_features="size", out_features="size")
def init_linear(rng, in_features, out_features, *, dtype=np.float64):
    """Draw weights and biases uniformly from (-1/sqrt(D), 1/sqrt(D)), as `torch.nn.Linear` does.

    Args:
        rng: a `numpy.random.Generator`.
        in_features: D.
        out_features: O.
        dtype: floating-point type of the arrays.
    Returns:
        A dict: weight (O, D), bias (O,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    bound = 1 / np.sqrt(in_features)
    weight = rng.uniform(-bound, bound, (out_features, in_features)).astype(dtype)
    bias = rng.uniform(-bound, bound, out_features).astype(dtype)
    return {"weight": weight, "bias": bias}


@shapes(params={"weight": "O D", "bias": "O"}, x="... D")
def linear_forward(params, x):
    """Compute y = x W^T + b.

    Args:
        params: dict of weight (O, D) and bias (O,).
        x: (..., D).
    Returns:
        y: (..., O).
        cache: for `linear_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    y = x @ params["weight"].T + params["bias"]
    return y, LinearCache(params["weight"], x)


@shapes(cache=(LinearCache, {"weight": "O D"}), dy="... O")
def linear_backward(cache, dy):
    """Carry the gradient back through y = x W^T + b.

    Args:
        cache: what `linear_forward` returned.
        dy: (..., O).
    Returns:
        dparams: dict of weight (O, D) and bias (O,).
        dx: (..., D).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    weight, x = cache
    _check_same_axes("linear_backward: dy", dy, x.shape[:-1])
    flat_x, flat_dy = x.reshape(-1, x.shape[-1]), dy.reshape(-1, dy.shape[-1])
    dparams = {"weight": flat_dy.T @ flat_x, "bias": flat_dy.sum(axis=0)}
    return dparams, dy @ weight


@shapes(logits="... V")
def softmax(logits):
    """Turn scores into probabilities along the last axis; the largest score is subtracted first, so nothing overflows.

    Args:
        logits: (..., V).
    Returns:
        (..., V), positive, summing to 1 along the last axis.
    Raises:
        TypeError, ValueError: the argument has the wrong type, shape or values; the sentence says which.
    """
    exp = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exp / exp.sum(axis=-1, keepdims=True)


@shapes(logits="... V", targets="int ...")
def softmax_cross_entropy_forward(logits, targets):
    """Mean of -log p(target), in nats, with p the softmax of the logits.

    Args:
        logits: (..., V).
        targets: (...), whole numbers from 0 to V - 1.
    Returns:
        loss: a scalar.
        cache: for `softmax_cross_entropy_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    _check_same_axes("softmax_cross_entropy_forward: targets", targets, logits.shape[:-1], after="")
    _check_range("softmax_cross_entropy_forward: targets", targets, logits.shape[-1])
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=-1, keepdims=True))  # (..., 1)
    log_p = np.take_along_axis(shifted - log_sum, targets[..., None], axis=-1)
    return -log_p.mean(), CrossEntropyCache(np.exp(shifted - log_sum), targets)


@shapes(cache=(CrossEntropyCache, {}))
def softmax_cross_entropy_backward(cache, dloss=1.0):
    """Gradient of the loss with respect to the logits: (p - one_hot(target)) / number of predictions.

    Args:
        cache: what `softmax_cross_entropy_forward` returned.
        dloss: a scalar, gradient with respect to the loss.
    Returns:
        dlogits: (..., V).
    Raises:
        TypeError: cache is not what the forward pass returned.
    """
    dlogits = cache.probabilities.copy()
    index = cache.targets[..., None]
    np.put_along_axis(dlogits, index, np.take_along_axis(dlogits, index, axis=-1) - 1, axis=-1)
    dlogits *= dloss / cache.targets.size
    return dlogits


@shapes(a="...")
def sigmoid(a):
    """1 / (1 + exp(-a)), written with tanh so that nothing overflows.

    Args:
        a: an array or a number.
    Returns:
        The same shape, between 0 and 1.
    Raises:
        TypeError, ValueError: the argument has the wrong type or values; the sentence says which.
    """
    return 0.5 * np.tanh(0.5 * a) + 0.5


@shapes(logits="...", targets="...")
def sigmoid_cross_entropy_forward(logits, targets):
    """Mean of -y log p - (1 - y) log(1 - p), in nats, with p the sigmoid of the logits.

    Args:
        logits: (...).
        targets: (...), each between 0 and 1, in the dtype of the logits.
    Returns:
        loss: a scalar.
        cache: for `sigmoid_cross_entropy_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    _check_same_axes("sigmoid_cross_entropy_forward: targets", targets, logits.shape, after="")
    if targets.min() < 0 or targets.max() > 1:
        raise ValueError(f"sigmoid_cross_entropy_forward: targets must lie between 0 and 1, got {_outside(targets, 0, 1)}.")
    loss = np.logaddexp(0, logits) - targets * logits  # log(1 + exp(a)) - y a
    return loss.mean(), CrossEntropyCache(sigmoid(logits), targets)


@shapes(cache=(CrossEntropyCache, {}))
def sigmoid_cross_entropy_backward(cache, dloss=1.0):
    """Gradient of the loss with respect to the logits: (p - y) / number of predictions.

    Args:
        cache: what `sigmoid_cross_entropy_forward` returned.
        dloss: a scalar, gradient with respect to the loss.
    Returns:
        dlogits: (...).
    Raises:
        TypeError: cache is not what the forward pass returned.
    """
    probabilities, targets = cache
    return (probabilities - targets) * (dloss / targets.size)


def _check_range(name, tokens, size):
    if tokens.min() < 0 or tokens.max() >= size:
        raise ValueError(f"{name} must lie between 0 and {size - 1}, got {_outside(tokens, 0, size - 1)}.")


def _outside(values, low, high):
    return values[(values < low) | (values > high)].flat[0]


def _check_same_axes(name, value, axes, after="one more axis"):
    got = value.shape[:-1] if after else value.shape
    if got != axes:
        raise ValueError(f"{name} must have shape {axes}{' and ' + after if after else ''}, got {value.shape}.")
