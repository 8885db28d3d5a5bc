"""What the tuned layers share: products over all time steps at once, and blocks of steps that stay in the processor's cache.

Contents
    by_gate           a weight as one transposed matrix for each gate
    input_product     x_t W^T + b for every t, as one product
    deferred          gradients of weight, bias and inputs from the gradients at x_t W^T + b, as one product each
    weight_product    sum over t of da_t^T x_t, as one product
    bias_sum          sum over t and batch of da_t, as one product
    before            the state before each step
    blocks            the time axis in pieces, the last one first

Forward, the gates lie apart, (G, T, B, H), so that i, f, g and o are arrays without gaps. Backward, da_t is (B, G H), as one product
over all gates wants it. These are parts of the tuned layers and check nothing: their arguments were checked where they came in.
"""

import numpy as np

__all__ = []

BLOCK = 2**15  # numbers in one (steps, B, H) array of a block: a handful of them fits a second-level cache


def by_gate(weight, scale):
    """Cut a weight into one transposed matrix for each gate, multiplied by the gate's scale.

    Args:
        weight: (G H, D).
        scale: (G, 1, 1).
    Returns:
        A new array (G, D, H).
    """
    return np.multiply(weight.reshape(len(scale), -1, weight.shape[1]).swapaxes(1, 2), scale, order="C")


def input_product(xs, weight_T, bias, out=None):
    """Compute x_t W^T + b for every step.

    Args:
        xs: (T, B, D).
        weight_T: (D, H), or (G, D, H) for several gates.
        bias: (H,), or (G, 1, H).
        out: where to, with the shape of the result and no gaps within a gate; None makes a new array.
    Returns:
        (T, B, H), or (G, T, B, H).
    """
    T, B, D = xs.shape
    gates, H = weight_T.shape[:-2], weight_T.shape[-1]
    a = np.matmul(xs.reshape(T * B, D), weight_T, out=None if out is None else out.reshape(*gates, T * B, H))
    a += bias
    return a.reshape(*gates, T, B, H)


def deferred(das, xs, weight):
    """Carry the gradient back through x_t W^T + b, for every step at once.

    Args:
        das: (T, B, N), gradient at x_t W^T + b.
        xs: (T, B, D).
        weight: (N, D).
    Returns:
        dweight: (N, D).
        dbias: (N,).
        dxs: (T, B, D).
    """
    dxs = das.reshape(-1, das.shape[2]) @ weight
    return weight_product(das, xs), bias_sum(das), dxs.reshape(xs.shape)


def weight_product(das, xs):
    """Sum da_t^T x_t over the steps.

    Args:
        das: (T, B, N).
        xs: (T, B, D).
    Returns:
        A new array (N, D).
    """
    das, xs = das.reshape(-1, das.shape[2]), xs.reshape(-1, xs.shape[2])
    if len(xs) < 4096:
        return das.T @ xs
    return np.ascontiguousarray((xs.T @ das).T)  # of many rows OpenBLAS makes this one faster, by up to a third in float64


def bias_sum(das):
    """Sum da_t over steps and batch.

    Args:
        das: (T, B, N).
    Returns:
        A new array (N,).
    """
    flat = das.reshape(-1, das.shape[2])
    return np.ones(len(flat), flat.dtype) @ flat  # as a product: up to three times as fast as flat.sum(axis=0)


def before(state0, states):
    """Shift the states by one step: the state before each step instead of the state after it.

    Args:
        state0: (B, H).
        states: (T, B, H).
    Returns:
        A new array (T, B, H).
    """
    return np.concatenate([state0[None], states[:-1]])


def blocks(shape):
    """Cut the time axis into blocks of at least one step, for a loop that runs backwards.

    Args:
        shape: (T, B, H).
    Returns:
        A list of slices, the last block first.

    >>> blocks((10, 64, 128))
    [slice(8, 12, None), slice(4, 8, None), slice(0, 4, None)]
    """
    T, B, H = shape
    steps = max(1, BLOCK // (B * H))
    return [slice(t, t + steps) for t in range(0, T, steps)][::-1]
