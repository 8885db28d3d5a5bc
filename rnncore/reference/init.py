r"""Initialisers: how large the first weights are, so that neither signals nor gradients shrink or grow on their way.

    Xavier       variance 2 / (fan_in + fan_out)       for tanh and sigmoid
    He           variance 2 / fan_in                   for ReLU, which passes on half of the signal
    orthogonal   Q^T Q = I                             every singular value is 1: as a recurrent matrix it keeps lengths
    identity     W = scale * I                         a ReLU network that starts out as a memory

Contents
    xavier_uniform, xavier_normal, he_uniform, he_normal, orthogonal
    identity
    set_forget_bias

A matrix has shape (out_features, in_features), used as x @ W.T, so fan_in is in_features. The weights of gates are blocks of rows of one
matrix; with gates=4 (LSTM) or gates=3 (GRU) each block is drawn as a matrix of its own, which is what the formulas are about.
Source: Glorot and Bengio (2010); He et al. (2015); Saxe, McClelland and Ganguli (2014); Le, Jaitly and Hinton (2015).
"""

import numpy as np

from rnncore.reference.shapes import shapes

__all__ = ["he_normal", "he_uniform", "identity", "orthogonal", "set_forget_bias", "xavier_normal", "xavier_uniform"]


@shapes(rng="rng", out_features="size", in_features="size", gates="size")
def xavier_uniform(rng, out_features, in_features, *, gain=1.0, gates=1, dtype=np.float64):
    """Draw from the uniform distribution with variance gain^2 * 2 / (fan_in + fan_out).

    Args:
        rng: a `numpy.random.Generator`.
        out_features, in_features: sizes of one block, at least 1.
        gain: factor on the standard deviation, a positive number; 5/3 is PyTorch's choice for tanh.
        gates: how many blocks are stacked.
        dtype: floating-point type of the array.
    Returns:
        (gates * out_features, in_features).
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    Source: Glorot and Bengio (2010), equation 16.
    """
    return _uniform("xavier_uniform", rng, out_features, in_features, np.sqrt(2 / (in_features + out_features)), gain, gates, dtype)


@shapes(rng="rng", out_features="size", in_features="size", gates="size")
def xavier_normal(rng, out_features, in_features, *, gain=1.0, gates=1, dtype=np.float64):
    """Draw from the normal distribution with variance gain^2 * 2 / (fan_in + fan_out).

    Args:
        rng, out_features, in_features, gain, gates, dtype: as in `xavier_uniform`.
    Returns:
        (gates * out_features, in_features).
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    Source: Glorot and Bengio (2010), equation 12.
    """
    return _normal("xavier_normal", rng, out_features, in_features, np.sqrt(2 / (in_features + out_features)), gain, gates, dtype)


@shapes(rng="rng", out_features="size", in_features="size", gates="size")
def he_uniform(rng, out_features, in_features, *, gain=1.0, gates=1, dtype=np.float64):
    """Draw from the uniform distribution with variance gain^2 * 2 / fan_in.

    Args:
        rng, out_features, in_features, gain, gates, dtype: as in `xavier_uniform`; the factor sqrt(2) for ReLU is in already.
    Returns:
        (gates * out_features, in_features).
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    Source: He et al. (2015), equation 10.
    """
    return _uniform("he_uniform", rng, out_features, in_features, np.sqrt(2 / in_features), gain, gates, dtype)


@shapes(rng="rng", out_features="size", in_features="size", gates="size")
def he_normal(rng, out_features, in_features, *, gain=1.0, gates=1, dtype=np.float64):
    """Draw from the normal distribution with variance gain^2 * 2 / fan_in: `randn * sqrt(2 / n_in)`.

    Args:
        rng, out_features, in_features, gain, gates, dtype: as in `xavier_uniform`; the factor sqrt(2) for ReLU is in already.
    Returns:
        (gates * out_features, in_features).
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    Source: He et al. (2015), equation 10.
    """
    return _normal("he_normal", rng, out_features, in_features, np.sqrt(2 / in_features), gain, gates, dtype)


@shapes(rng="rng", out_features="size", in_features="size", gates="size")
def orthogonal(rng, out_features, in_features, *, gain=1.0, gates=1, dtype=np.float64):
    """Draw a matrix with orthonormal rows or columns, whichever are fewer, all such matrices being equally likely.

    Args:
        rng, out_features, in_features, gates, dtype: as in `xavier_uniform`.
        gain: every singular value of a block, a positive number.
    Returns:
        (gates * out_features, in_features).
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    Source: Saxe, McClelland and Ganguli (2014); the sign that makes it uniform: Mezzadri (2007).

    >>> W = orthogonal(np.random.default_rng(0), 3, 3)
    >>> bool(np.allclose(W @ W.T, np.eye(3)))
    True
    """
    _check_gain("orthogonal", gain)
    long, short = max(out_features, in_features), min(out_features, in_features)
    blocks = []
    for _ in range(gates):
        Q, R = np.linalg.qr(rng.standard_normal((long, short)))
        Q = Q * np.sign(np.diag(R))  # QR leaves the sign of each column open
        blocks.append(Q if out_features == long else Q.T)
    return (gain * np.concatenate(blocks)).astype(dtype)


@shapes(size="size", gates="size")
def identity(size, *, scale=1.0, gates=1, dtype=np.float64):
    """Build scale * I, for the recurrent matrix of a ReLU network (IRNN).

    Args:
        size: H, at least 1.
        scale: a finite number; below 1 the network forgets.
        gates: how many blocks are stacked.
        dtype: floating-point type of the array.
    Returns:
        (gates * H, H).
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    Source: Le, Jaitly and Hinton (2015), "A Simple Way to Initialize Recurrent Networks of Rectified Linear Units".

    >>> identity(2, scale=0.5).tolist()
    [[0.5, 0.0], [0.0, 0.5]]
    """
    if not np.isfinite(scale):
        raise ValueError(f"identity: scale must be a finite number, got {scale}.")
    return np.tile(scale * np.eye(size), (gates, 1)).astype(dtype)


@shapes(params={"weight_ih": "4H D", "weight_hh": "4H H", "bias_ih": "4H", "bias_hh": "4H"})
def set_forget_bias(params, value):
    """Give the forget gate of an LSTM a bias of `value` in all: bias_ih takes it, bias_hh becomes 0, as PyTorch adds the two.

    A bias of b keeps sigmoid(b) of the cell state at each step when the rest is near 0: 0.5 at 0, 0.73 at 1, 0.95 at 3.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,); rows in the order i, f, g, o.
        value: a finite number.
    Returns:
        A new dict, shaped as params; params stays as it is, and no array is shared with it.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Gers, Schmidhuber and Cummins (2000); Jozefowicz, Zaremba and Sutskever (2015).
    """
    if not np.isfinite(value):
        raise ValueError(f"set_forget_bias: value must be a finite number, got {value}.")
    H = params["weight_hh"].shape[1]
    changed = {name: array.copy() for name, array in params.items()}
    changed["bias_ih"][H : 2 * H] = value
    changed["bias_hh"][H : 2 * H] = 0
    return changed


def _uniform(where, rng, out_features, in_features, std, gain, gates, dtype):
    _check_gain(where, gain)
    bound = np.sqrt(3) * gain * std  # a uniform variable on (-b, b) has variance b^2 / 3
    return rng.uniform(-bound, bound, (gates * out_features, in_features)).astype(dtype)


def _normal(where, rng, out_features, in_features, std, gain, gates, dtype):
    _check_gain(where, gain)
    return (gain * std * rng.standard_normal((gates * out_features, in_features))).astype(dtype)


def _check_gain(where, gain):
    if not gain > 0:
        raise ValueError(f"{where}: gain must be positive, got {gain}.")
