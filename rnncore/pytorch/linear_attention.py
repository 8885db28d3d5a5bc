r"""Causal linear attention: the functions of `rnncore.reference.linear_attention`, on any device.

    phi(x) = x + 1 if x > 0 else exp(x)
    S_t = S_{t-1} + phi(k_t) v_t^T            z_t = z_{t-1} + phi(k_t)
    o_t = phi(q_t)^T S_t / (phi(q_t)^T z_t)

Contents
    LinearAttentionState                S and z; the reference's named tuple, here of tensors
    linear_attention_step_forward       one time step
    linear_attention_forward            all time steps
    linear_attention_quadratic          all pairs at once, from an empty state

Nothing is forgotten, so the states of all steps are running sums: one `cumsum` takes the place of the loop over time. They need
T B D V numbers, as many as a loop would keep for its backward pass.
Source: Katharopoulos, Vyas, Pappas and Fleuret (2020), "Transformers are RNNs", equations 7, 9 and 18 to 20.
"""

import torch

from rnncore.pytorch.arguments import tensors
from rnncore.reference.linear_attention import STATE, LinearAttentionState

__all__ = ["LinearAttentionState", "linear_attention_forward", "linear_attention_quadratic", "linear_attention_step_forward"]


@tensors(q="B D", k="B D", v="B V", state=STATE)
def linear_attention_step_forward(q, k, v, state):
    """Store a value under a key, then look up with a query.

    Args:
        q: (B, D), query.
        k: (B, D), key.
        v: (B, V), value.
        state: LinearAttentionState of S (B, D, V) and z (B, D), before the step.
    Returns:
        o: (B, V), a weighted mean of the values stored so far.
        state_next: LinearAttentionState after the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    S = state.S + _phi(k)[:, :, None] * v[:, None, :]
    z = state.z + _phi(k)
    return _look_up(q, S, z), LinearAttentionState(S, z)


@tensors(qs="T B D", ks="T B D", vs="T B V", state0=STATE)
def linear_attention_forward(qs, ks, vs, state0):
    """Run the step over a sequence.

    Args:
        qs: (T, B, D), queries.
        ks: (T, B, D), keys.
        vs: (T, B, V), values.
        state0: LinearAttentionState of S (B, D, V) and z (B, D), before the first step; zeros for an empty one.
    Returns:
        os: (T, B, V).
        state_T: LinearAttentionState after the last step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    phi_ks = _phi(ks)
    S = state0.S + torch.cumsum(phi_ks[..., None] * vs[:, :, None, :], dim=0)  # (T, B, D, V)
    z = state0.z + torch.cumsum(phi_ks, dim=0)  # (T, B, D)
    return _look_up(qs, S, z), LinearAttentionState(S[-1].clone(), z[-1].clone())


@tensors(qs="T B D", ks="T B D", vs="T B V")
def linear_attention_quadratic(qs, ks, vs):
    """Compute the same outputs, from an empty state, as attention over all pairs of steps.

    Args:
        qs: (T, B, D), queries.
        ks: (T, B, D), keys.
        vs: (T, B, V), values.
    Returns:
        os: (T, B, V).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    weights = torch.einsum("tbd,sbd->bts", _phi(qs), _phi(ks)).tril()  # step t sees steps s <= t
    weights = weights / weights.sum(dim=2, keepdim=True)
    return torch.einsum("bts,sbv->tbv", weights, vs)


def _look_up(q, S, z):
    """(..., V) from (..., D), (..., D, V) and (..., D)."""
    phi_q = _phi(q)
    numerator = torch.einsum("...d,...dv->...v", phi_q, S)
    return numerator / (phi_q * z).sum(dim=-1, keepdim=True)


def _phi(x):
    return torch.where(x > 0, x + 1, x.clamp(max=0).exp())  # elu(x) + 1 would round small values to 0
