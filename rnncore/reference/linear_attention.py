r"""Causal linear attention, as a recurrent network whose state is a matrix and as attention over all pairs of steps.

    phi(x) = elu(x) + 1 = x + 1 if x > 0 else exp(x)          positive features

    S_t = S_{t-1} + phi(k_t) v_t^T                            state: what was stored under which key
    z_t = z_{t-1} + phi(k_t)                                  state: how much was stored
    o_t = phi(q_t)^T S_t / (phi(q_t)^T z_t)

    o_t = sum_{s<=t} w_ts v_s / sum_{s<=t} w_ts               the same, with w_ts = phi(q_t)^T phi(k_s) over all pairs

The recurrent form costs D V a step, whatever t is, and its state never grows; the quadratic form costs T^2 but no step waits for another.
What runs mixes the two: `rnncore.tuned.linear_attention`.

Contents
    LinearAttentionState                S and z
    linear_attention_step_forward       one time step
    linear_attention_step_backward      its gradient
    linear_attention_forward            all time steps, recurrent
    linear_attention_backward           its gradient (BPTT)
    linear_attention_quadratic          all pairs at once, from an empty state

Axes: T steps, B batch, D length of queries and keys, V length of values. There are no parameters: linear layers make q, k and v.
Source: Katharopoulos, Vyas, Pappas and Fleuret (2020), "Transformers are RNNs", equations 7, 9 and 18 to 20.
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.shapes import shapes

__all__ = [
    "LinearAttentionCache",
    "LinearAttentionState",
    "LinearAttentionStepCache",
    "linear_attention_backward",
    "linear_attention_forward",
    "linear_attention_quadratic",
    "linear_attention_step_backward",
    "linear_attention_step_forward",
]


class LinearAttentionState(NamedTuple):
    """What is carried from step to step; all zeros before the first."""

    S: np.ndarray  # (B, D, V)
    z: np.ndarray  # (B, D)


class LinearAttentionStepCache(NamedTuple):
    """What one step keeps for its backward pass."""

    q: np.ndarray  # (B, D)
    k: np.ndarray  # (B, D)
    v: np.ndarray  # (B, V)
    state_next: LinearAttentionState  # after the step
    o: np.ndarray  # (B, V)


class LinearAttentionCache(NamedTuple):
    """What a sequence keeps for its backward pass: the cache of every step."""

    steps: list  # T entries
    os: np.ndarray  # (T, B, V)


STATE = LinearAttentionState("B D V", "B D")


@shapes(q="B D", k="B D", v="B V", state=STATE)
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
        cache: for `linear_attention_step_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Katharopoulos et al. (2020), equations 18 to 20.

    >>> empty = LinearAttentionState(S=np.zeros((1, 2, 1)), z=np.zeros((1, 2)))
    >>> key, value = np.array([[1.0, -1.0]]), np.array([[5.0]])
    >>> o, state, cache = linear_attention_step_forward(key, key, value, empty)
    >>> o.tolist()  # one value is stored, so that is what comes back
    [[5.0]]
    """
    S = state.S + _phi(k)[:, :, None] * v[:, None, :]
    z = state.z + _phi(k)
    numerator = np.einsum("bd,bdv->bv", _phi(q), S)
    o = numerator / np.sum(_phi(q) * z, axis=1, keepdims=True)
    return o, LinearAttentionState(S, z), LinearAttentionStepCache(q, k, v, LinearAttentionState(S, z), o)


@shapes(cache=(LinearAttentionStepCache, {"q": "B D", "v": "B V"}), do="B V", dstate_next=STATE)
def linear_attention_step_backward(cache, do, dstate_next):
    """Carry the gradient of the loss back through one time step.

    Args:
        cache: what `linear_attention_step_forward` returned.
        do: (B, V), gradient with respect to the output.
        dstate_next: LinearAttentionState of S (B, D, V) and z (B, D), gradients with respect to the state after the step.
    Returns:
        dq: (B, D).
        dk: (B, D).
        dv: (B, V).
        dstate: LinearAttentionState of gradients with respect to the state before the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: the chain rule, applied to the equations above.
    """
    q, k, v, (S, z), o = cache
    dnumerator = do / np.sum(_phi(q) * z, axis=1, keepdims=True)  # (B, V)
    ddenominator = -np.sum(dnumerator * o, axis=1, keepdims=True)  # (B, 1)
    dphi_q = np.einsum("bv,bdv->bd", dnumerator, S) + ddenominator * z
    dS = dstate_next.S + _phi(q)[:, :, None] * dnumerator[:, None, :]
    dz = dstate_next.z + _phi(q) * ddenominator
    dphi_k = np.einsum("bdv,bv->bd", dS, v) + dz
    dv = np.einsum("bd,bdv->bv", _phi(k), dS)
    return dphi_q * _phi_slope(q), dphi_k * _phi_slope(k), dv, LinearAttentionState(dS, dz)


@shapes(qs="T B D", ks="T B D", vs="T B V", state0=STATE)
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
        cache: for `linear_attention_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Katharopoulos et al. (2020), section 3.4.
    """
    state, os, steps = state0, [], []
    for q, k, v in zip(qs, ks, vs, strict=True):
        o, state, step = linear_attention_step_forward(q, k, v, state)
        os.append(o)
        steps.append(step)
    os = np.stack(os)
    return os, LinearAttentionState(state.S.copy(), state.z.copy()), LinearAttentionCache(steps, os)


@shapes(cache=(LinearAttentionCache, {"os": "T B V"}), dos="T B V", dstate_T=STATE)
def linear_attention_backward(cache, dos, dstate_T=None):
    """Carry the gradient of the loss back through the whole sequence (BPTT).

    Args:
        cache: what `linear_attention_forward` returned.
        dos: (T, B, V), gradient with respect to the outputs.
        dstate_T: LinearAttentionState of S (B, D, V) and z (B, D), the same for state_T; None means zero.
    Returns:
        dqs: (T, B, D).
        dks: (T, B, D).
        dvs: (T, B, V).
        dstate0: LinearAttentionState.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: the chain rule; the memory-saving form is in Katharopoulos et al. (2020), section 3.3.1.
    """
    last = cache.steps[-1].state_next
    dstate = LinearAttentionState(np.zeros_like(last.S), np.zeros_like(last.z)) if dstate_T is None else dstate_T
    gradients = []
    for step, do in zip(reversed(cache.steps), dos[::-1], strict=True):
        *dqkv, dstate = linear_attention_step_backward(step, do, dstate)
        gradients.append(dqkv)
    dqs, dks, dvs = (np.stack(part) for part in zip(*gradients[::-1], strict=True))
    return dqs, dks, dvs, dstate


@shapes(qs="T B D", ks="T B D", vs="T B V")
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
    Source: Katharopoulos et al. (2020), equations 7 and 9.
    """
    weights = np.einsum("tbd,sbd->bts", _phi(qs), _phi(ks))
    weights = np.tril(weights)  # step t sees steps s <= t
    weights /= weights.sum(axis=2, keepdims=True)
    return np.einsum("bts,sbv->tbv", weights, vs)


def _phi(x):
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


def _phi_slope(x):
    return np.exp(np.minimum(x, 0))  # 1 where x > 0
