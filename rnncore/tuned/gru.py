r"""Gated recurrent unit, tuned, in both conventions; the equations are those of `rnncore.reference.gru`.

    forward     with u_t = h_{t-1} W_hn^T + b_hn, the pre-activations of u, r, z, n lie side by side: the first three receive the
                recurrent product, the last three hold the input product; r and z come from one tanh over both, with rows halved
                beforehand, and h_t = n_t + z_t (h_{t-1} - n_t)
    backward    with the slopes, for a block of steps at once,
                    n'_t = (1 - z_t)(1 - n_t^2)    z'_t = (h_{t-1} - n_t) z_t (1 - z_t)
                    u'_t = n'_t r_t                r'_t = u'_t u_t (1 - r_t)
                a step of reset="after" is one multiplication and one product, because all four are linear in dh_t:
                    [du, da_r, da_z, da_n]_t = dh_t * [u', r', z', n']_t
                    dh_{t-1} += dh_t z_t + [du, da_r, da_z]_t [W_hn; W_hr; W_hz]
                reset="before" has two products a step, both ways

Contents
    gru_forward     all time steps
    gru_backward    its gradient (BPTT)

The cache keeps 5 T B H numbers beside the arguments: three gates, h and u; 4 for reset="before", which needs no u.
Source: Cho et al. (2014); products over all steps at once: Appleyard, Kocisky and Blunsom (2016).
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.gru import PARAMS
from rnncore.reference.shapes import shapes
from rnncore.tuned.products import before, bias_sum, blocks, by_gate, deferred, input_product, weight_product

__all__ = ["GRUCache", "gru_backward", "gru_forward"]


class GRUCache(NamedTuple):
    """What a sequence keeps for its backward pass."""

    params: dict  # the parameters used
    xs: np.ndarray  # (T, B, D)
    state0: np.ndarray  # (B, H)
    gates: np.ndarray  # (4, T, B, H): u, r, z, n; (3, T, B, H): r, z, n for reset="before"
    hs: np.ndarray  # (T, B, H)
    reset: str


@shapes(params=PARAMS, xs="T B D", state0="B H")
def gru_forward(params, xs, state0, *, reset="after"):
    """Run the cell over a sequence, each step starting from the state the last one left.

    Args:
        params: dict of weight_ih (3H, D), weight_hh (3H, H), bias_ih (3H,), bias_hh (3H,); rows in the order r, z, n.
        xs: (T, B, D), the inputs; T is at least 1.
        state0: (B, H), the state before the first step.
        reset: "after" applies the reset gate to the recurrent product, as PyTorch does; "before" applies it to the state.
    Returns:
        hs: (T, B, H), the state after each step.
        state_T: (B, H), the state after the last step, equal to hs[-1].
        cache: for `gru_backward`; it holds hs itself.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Cho et al. (2014).
    """
    if reset not in ("after", "before"):
        raise ValueError(f"reset must be 'after' or 'before', got {reset!r}.")
    (T, B, _), H = xs.shape, state0.shape[1]
    scale = np.array([0.5, 0.5, 1], xs.dtype).reshape(3, 1, 1)  # n is a plain tanh
    b_ih, b_hh = (params[name].reshape(3, 1, H) for name in ("bias_ih", "bias_hh"))
    gates = np.empty((4 if reset == "after" else 3, T, B, H), xs.dtype)  # [u], r, z, n
    hs = np.empty_like(gates[0])
    if reset == "after":
        b_rzn = np.concatenate([b_ih[:2] + b_hh[:2], b_ih[2:]])
        input_product(xs, by_gate(params["weight_ih"], scale), b_rzn * scale, out=gates[1:])
        gates[0] = b_hh[2]  # stands inside the bracket that r multiplies
        _forward_after(by_gate(_n_first(params["weight_hh"]), scale[::-1]), state0, gates, hs)
    else:
        input_product(xs, by_gate(params["weight_ih"], scale), (b_ih + b_hh) * scale, out=gates)
        _forward_before(by_gate(params["weight_hh"], scale), state0, gates, hs)
    return hs, hs[-1].copy(), GRUCache(params, xs, state0, gates, hs, reset)


@shapes(cache=(GRUCache, {"hs": "T B H"}), dhs="T B H", dstate_T="B H")
def gru_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back through the whole sequence (BPTT).

    Args:
        cache: what `gru_forward` returned.
        dhs: (T, B, H), the part of the gradient that reaches each state from outside the recurrence.
        dstate_T: (B, H), the same for state_T; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter, summed over time.
        dxs: (T, B, D).
        dstate0: (B, H).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Werbos (1990), applied to the GRU.
    """
    params, hs_before = cache.params, before(cache.state0, cache.hs)
    dh = np.zeros_like(cache.state0) if dstate_T is None else dstate_T.copy()
    loop = _backward_after if cache.reset == "after" else _backward_before
    das, dW_hh, db_hn = loop(cache, hs_before, dhs, dh)
    dW_ih, db_ih, dxs = deferred(das, cache.xs, params["weight_ih"])
    db_hh = np.concatenate([db_ih[: -len(db_hn)], db_hn])
    return {"weight_ih": dW_ih, "weight_hh": dW_hh, "bias_ih": db_ih, "bias_hh": db_hh}, dxs, dh


def _forward_after(W_hh_T, h, gates, hs):
    """Turn gates (4, T, B, H) from pre-activations into u, r, z, n in place, and fill hs (T, B, H)."""
    recurrent, scratch, half = np.empty_like(gates[:3, 0]), np.empty_like(h), np.full((1, 1, 1), 0.5, h.dtype)
    urz, rz = (gates[some].swapaxes(0, 1) for some in (slice(3), slice(1, 3)))
    for a_urz, a_rz, u, r, z, n, h_next in zip(urz, rz, *gates, hs, strict=True):
        a_urz += np.matmul(h, W_hh_T, out=recurrent)
        _finish_sigmoid(a_rz, half)
        n += np.multiply(r, u, out=scratch)
        np.tanh(n, out=n)
        h = _blend(z, n, h, scratch, out=h_next)


def _forward_before(W_hh_T, h, gates, hs):
    """The same for reset="before" and gates (3, T, B, H): the product of the candidate waits for the reset gate."""
    recurrent, scratch, product = np.empty_like(gates[:2, 0]), np.empty_like(h), np.empty_like(h)
    half = np.full((1, 1, 1), 0.5, h.dtype)
    for a_rz, r, z, n, h_next in zip(gates[:2].swapaxes(0, 1), *gates, hs, strict=True):
        a_rz += np.matmul(h, W_hh_T[:2], out=recurrent)
        _finish_sigmoid(a_rz, half)
        n += np.matmul(np.multiply(r, h, out=scratch), W_hh_T[2], out=product)
        np.tanh(n, out=n)
        h = _blend(z, n, h, scratch, out=h_next)


def _finish_sigmoid(half_a, half):
    """0.5 tanh(0.5 a) + 0.5, in place; half is an array, because a number would be turned into one at every step."""
    np.tanh(half_a, out=half_a)
    half_a *= half
    half_a += half


def _blend(z, n, h, scratch, out):
    """(1 - z) n + z h, written n + z (h - n)."""
    np.subtract(h, n, out=scratch)
    scratch *= z
    return np.add(n, scratch, out=out)


def _backward_after(cache, hs_before, dhs, dh):
    """Carry dh back to the first step, in place; return das (T, B, 3H), dW_hh and db_hn."""
    T, B, H = dhs.shape
    W_hh = _n_first(cache.params["weight_hh"])  # meets du, da_r, da_z
    das = np.empty((T, B, 4 * H), dhs.dtype)  # du, da_r, da_z, da_n
    das_h = das[..., : 3 * H]
    das_by_gate = das.reshape(T, B, 4, H).swapaxes(1, 2)  # the same numbers, seen as (T, 4, B, H)
    kept = np.empty_like(dh)
    for t in blocks(dhs.shape):
        slopes = _slopes_after(cache.gates[:, t], hs_before[t])
        steps = (das_h[t], das_by_gate[t], slopes.swapaxes(0, 1), cache.gates[2, t], dhs[t])
        for da_h, da_by_gate, slope, z, dh_t in zip(*(v[::-1] for v in steps), strict=True):
            dh += dh_t
            np.multiply(slope, dh, out=da_by_gate)
            np.multiply(z, dh, out=kept)
            np.matmul(da_h, W_hh, out=dh)
            dh += kept
    dW_n, dW_r, dW_z = weight_product(das_h, hs_before).reshape(3, H, H)
    return das[..., H:], np.concatenate([dW_r, dW_z, dW_n]), bias_sum(das[..., :H])


def _n_first(weight):
    """Rows in the order n, r, z instead of r, z, n."""
    H = len(weight) // 3
    return np.concatenate([weight[2 * H :], weight[: 2 * H]])


def _slopes_after(gates, hs_before):
    """The slopes u', r', z', n' of a block of steps, (4, steps, B, H)."""
    u, r, z, n = gates
    slopes = np.empty_like(gates)
    slope_u, slope_r, slope_z, slope_n = slopes
    one_minus_z = 1 - z
    np.subtract(hs_before, n, out=slope_z)
    slope_z *= z
    slope_z *= one_minus_z
    np.multiply(n, n, out=slope_n)
    np.subtract(1, slope_n, out=slope_n)
    slope_n *= one_minus_z
    np.multiply(slope_n, r, out=slope_u)
    np.subtract(1, r, out=slope_r)
    slope_r *= u
    slope_r *= slope_u
    return slopes


def _backward_before(cache, hs_before, dhs, dh):
    """The same for reset="before", where h also reaches the candidate through r * h."""
    T, B, H = dhs.shape
    W_hrz, W_hn = cache.params["weight_hh"][: 2 * H], cache.params["weight_hh"][2 * H :]
    rs, zs, ns = cache.gates
    slopes = np.stack([hs_before * rs * (1 - rs), (hs_before - ns) * zs * (1 - zs), (1 - zs) * (1 - ns * ns)])
    das = np.empty((T, B, 3 * H), dhs.dtype)  # da_r, da_z, da_n
    das_rz, das_n = das[..., : 2 * H], das[..., 2 * H :]
    steps = (das, slopes.swapaxes(0, 1), rs, zs, dhs)
    for da, (slope_r, slope_z, slope_n), r, z, dh_t in zip(*(v[::-1] for v in steps), strict=True):
        dh += dh_t
        np.multiply(slope_z, dh, out=da[:, H : 2 * H])
        np.multiply(slope_n, dh, out=da[:, 2 * H :])
        drh = da[:, 2 * H :] @ W_hn  # gradient at r * h
        np.multiply(slope_r, drh, out=da[:, :H])
        dh *= z
        drh *= r
        dh += drh
        dh += da[:, : 2 * H] @ W_hrz
    dW_hh = np.concatenate([weight_product(das_rz, hs_before), weight_product(das_n, rs * hs_before)])
    return das, dW_hh, bias_sum(das_n)
