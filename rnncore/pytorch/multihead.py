"""Multi-head self-attention: the functions of `rnncore.reference.multihead`, on any device, by PyTorch's own function.

Contents
    init_self_attention, self_attention_forward

Parameters have the names and shapes of `torch.nn.MultiheadAttention`.
Source: Vaswani et al. (2017), section 3.2.2.
"""

import torch
from torch.nn import functional as F

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.device import to_torch
from rnncore.pytorch.ranges import looked_at
from rnncore.reference.multihead import PARAMS
from rnncore.reference.multihead import init_self_attention as reference_init

__all__ = ["init_self_attention", "self_attention_forward"]


def init_self_attention(rng, embed_dim, *, device="auto", dtype=torch.float32):
    """Draw the weights; the same numbers as the reference for the same `rng`. Biases are zero.

    Args:
        rng: a `numpy.random.Generator`.
        embed_dim: E.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: in_proj_weight (3E, E), in_proj_bias (3E,), out_proj {weight (E, E), bias (E,)}.
    Raises:
        TypeError, ValueError: rng is no generator, or embed_dim is not a whole number from 1 up.
    """
    return to_torch(reference_init(rng, embed_dim), device=device, dtype=dtype)


@tensors(params=PARAMS, xs="T B E", num_heads="size", mask="bool T B")
def self_attention_forward(params, xs, *, num_heads, causal=False, mask=None, need_weights=True):
    """Give every step a mixture of all steps, weighted by content.

    Args:
        params: dict of in_proj_weight (3E, E), in_proj_bias (3E,), out_proj {weight (E, E), bias (E,)}.
        xs: (T, B, E).
        num_heads: N, a divisor of E.
        causal: True hides from each step the steps after it.
        mask: (T, B), True where the sequence has an entry, False in padding; None hides nothing.
        need_weights: False leaves the weights out, and takes the kernel that never writes T^2 numbers down where there is one.
    Returns:
        ys: (T, B, E).
        weights: (T, B, N, T), summing to 1 over the last axis; None without need_weights.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or the masks hide every step from one.
    """
    T, _, E = xs.shape
    if E % num_heads:
        raise ValueError(f"self_attention_forward: num_heads must divide {E}, the size of the entries of xs, got {num_heads}.")
    later = torch.ones(T, T, dtype=torch.bool, device=xs.device).triu(1) if causal else None  # True is hidden, for PyTorch
    _check_seen(mask, causal)
    ys, weights = F.multi_head_attention_forward(
        *(xs, xs, xs),
        *(E, num_heads),
        *(params["in_proj_weight"], params["in_proj_bias"]),
        *(None, None, False, 0.0),  # bias_k, bias_v, add_zero_attn, dropout_p
        *(params["out_proj"]["weight"], params["out_proj"]["bias"]),
        key_padding_mask=None if mask is None else ~mask.T,
        attn_mask=later,
        is_causal=causal,
        need_weights=need_weights,
        average_attn_weights=False,
    )
    return ys, weights.permute(2, 0, 1, 3) if need_weights else None  # (B, N, T, T) -> (T, B, N, T)


def _check_seen(mask, causal):
    """Refuse masks that hide every step from one; without a mask each step sees itself."""
    if mask is None or not looked_at(mask):
        return
    seen = mask.cummax(dim=0).values if causal else mask.any(dim=0, keepdim=True)  # (T or 1, B)
    if not seen.all():
        t, b = torch.argwhere(~seen)[0].tolist()
        raise ValueError(
            f"self_attention_forward: mask must let every step look at one step or more, but step {t} of sequence {b} sees none."
        )
