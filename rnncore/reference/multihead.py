r"""Multi-head self-attention: every step of a sequence asks every other, in N ways at once.

    q, k, v  = x W_q^T + b_q,  x W_k^T + b_k,  x W_v^T + b_v         each cut in N heads of E / N numbers
    w_n      = softmax over the keys of (q_n . k_n / sqrt(E / N))    keys that a mask hides get weight 0
    y        = [sum w_1 v_1, .., sum w_N v_N] W_out^T + b_out

Contents
    init_self_attention, self_attention_forward, self_attention_backward

No step waits for another, so all are computed at once; in exchange there are T^2 weights, and nothing tells the order of the steps.
Parameters have the names and shapes of `torch.nn.MultiheadAttention`; W_q, W_k and W_v are rows of one matrix, in this order.
Source: Vaswani et al. (2017), section 3.2.2.
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.attention import MaskedSoftmaxCache, masked_softmax_backward, masked_softmax_forward
from rnncore.reference.layers import LinearCache, linear_backward, linear_forward
from rnncore.reference.shapes import shapes

__all__ = ["SelfAttentionCache", "init_self_attention", "self_attention_backward", "self_attention_forward"]

PARAMS = {"in_proj_weight": "3E E", "in_proj_bias": "3E", "out_proj": {"weight": "E E", "bias": "E"}}


class SelfAttentionCache(NamedTuple):
    """What self-attention keeps for its backward pass."""

    in_proj: LinearCache
    q: np.ndarray  # (T, B, N, E / N)
    k: np.ndarray  # (T, B, N, E / N)
    v: np.ndarray  # (T, B, N, E / N)
    softmax: MaskedSoftmaxCache
    out_proj: LinearCache
    xs: np.ndarray  # (T, B, E)


@shapes(rng="rng", embed_dim="size")
def init_self_attention(rng, embed_dim, *, dtype=np.float64):
    """Draw the input weights as Xavier does and the output weights as a linear layer's; biases are zero, as in PyTorch.

    Args:
        rng: a `numpy.random.Generator`.
        embed_dim: E.
        dtype: floating-point type of the arrays.
    Returns:
        A dict: in_proj_weight (3E, E), in_proj_bias (3E,), out_proj {weight (E, E), bias (E,)}.
    Raises:
        TypeError, ValueError: rng is no generator, or embed_dim is not a whole number from 1 up.
    Source: Glorot and Bengio (2010), equation 16.
    """
    E = embed_dim
    in_bound, out_bound = np.sqrt(6 / (3 * E + E)), 1 / np.sqrt(E)
    return {
        "in_proj_weight": rng.uniform(-in_bound, in_bound, (3 * E, E)).astype(dtype),
        "in_proj_bias": np.zeros(3 * E, dtype),
        "out_proj": {"weight": rng.uniform(-out_bound, out_bound, (E, E)).astype(dtype), "bias": np.zeros(E, dtype)},
    }


@shapes(params=PARAMS, xs="T B E", num_heads="size", mask="bool T B")
def self_attention_forward(params, xs, *, num_heads, causal=False, mask=None):
    """Give every step a mixture of all steps, weighted by content.

    Args:
        params: dict of in_proj_weight (3E, E), in_proj_bias (3E,), out_proj {weight (E, E), bias (E,)}.
        xs: (T, B, E).
        num_heads: N, a divisor of E.
        causal: True hides from each step the steps after it.
        mask: (T, B), True where the sequence has an entry, False in padding; None hides nothing.
    Returns:
        ys: (T, B, E).
        weights: (T, B, N, T), summing to 1 over the last axis; weights[t, b, n] tells where head n looks from step t.
        cache: for `self_attention_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or the masks hide every step from one.
    Source: Vaswani et al. (2017), section 3.2.2.

    >>> params = init_self_attention(np.random.default_rng(0), 4)
    >>> ys, weights, cache = self_attention_forward(params, np.ones((3, 1, 4)), num_heads=2, causal=True)
    >>> weights[:, 0, 0].round(3).tolist()  # equal entries share equally, and no step looks ahead
    [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.333, 0.333, 0.333]]
    """
    T, B, E = xs.shape
    if E % num_heads:
        raise ValueError(f"self_attention_forward: num_heads must divide {E}, the size of the entries of xs, got {num_heads}.")
    projected, in_cache = linear_forward({"weight": params["in_proj_weight"], "bias": params["in_proj_bias"]}, xs)
    q, k, v = np.moveaxis(projected.reshape(T, B, 3, num_heads, E // num_heads), 2, 0)  # each (T, B, N, E / N)
    scores = np.einsum("tbnd,sbnd->tbns", q, k) * _scale(q)
    visible = np.ones((T, B, 1, T), dtype=bool)
    if causal:
        visible &= np.tri(T, dtype=bool)[:, None, None]
    if mask is not None:
        visible &= mask.T[:, None]
    weights, softmax_cache = masked_softmax_forward(scores, visible)
    heads = np.einsum("tbns,sbnd->tbnd", weights, v).reshape(T, B, E)
    ys, out_cache = linear_forward(params["out_proj"], heads)
    return ys, weights, SelfAttentionCache(in_cache, q, k, v, softmax_cache, out_cache, xs)


@shapes(cache=(SelfAttentionCache, {"xs": "T B E", "q": "T B N D"}), dys="T B E", dweights="T B N T")
def self_attention_backward(cache, dys, dweights=None):
    """Carry the gradient back through the heads.

    Args:
        cache: what `self_attention_forward` returned.
        dys: (T, B, E).
        dweights: (T, B, N, T), gradient that reaches the weights from outside; None means zero.
    Returns:
        dparams: dict as the parameters.
        dxs: (T, B, E).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    q, k, v, weights = cache.q, cache.k, cache.v, cache.softmax.weights
    dout_proj, dheads = linear_backward(cache.out_proj, dys)
    dheads = dheads.reshape(q.shape)
    from_sum = np.einsum("tbnd,sbnd->tbns", dheads, v)
    dv = np.einsum("tbns,tbnd->sbnd", weights, dheads)
    dscores = masked_softmax_backward(cache.softmax, from_sum if dweights is None else from_sum + dweights) * _scale(q)
    dq = np.einsum("tbns,sbnd->tbnd", dscores, k)
    dk = np.einsum("tbns,tbnd->sbnd", dscores, q)
    dprojected = np.stack([dq, dk, dv], axis=2).reshape(*dys.shape[:2], -1)  # (T, B, 3E)
    din_proj, dxs = linear_backward(cache.in_proj, dprojected)
    return {"in_proj_weight": din_proj["weight"], "in_proj_bias": din_proj["bias"], "out_proj": dout_proj}, dxs


def _scale(q):
    """1 / sqrt(E / N), the size that keeps the scores as large as one entry."""
    return float(1 / np.sqrt(q.shape[-1]))
