r"""Parameters of a GRU for another convention: what z multiplies, and on which side of the recurrent product the reset gate stands.

    h_t = (1 - z_t) * n_t + z_t * h_{t-1}       here, in PyTorch and in Cho et al. (2014)
    h_t = (1 - z_t) * h_{t-1} + z_t * n_t       in Chung et al. (2014)

    r_i (sum_j W_ij h_j + b_i)                  the past in candidate i with reset="after"; W and b are the rows n of weight_hh, bias_hh
    sum_j W_ij r_j h_j + b_i                    with reset="before"

Contents
    swap_update_gate     between the first two, always
    move_reset_gate      between the last two, where it is possible

No other parameters can do what `move_reset_gate` refuses: sigmoids of different pre-activations are linearly independent, even with
polynomials as factors; the one exception, sigmoid(a) + sigmoid(-a) = 1, leaves a part of the state without a gate.
Source: Cho et al. (2014), reset before the product, and so Chung et al. (2014); reset after it: cuDNN and PyTorch.
"""

import numpy as np

from rnncore.reference.activations import sigmoid
from rnncore.reference.gru import PARAMS
from rnncore.reference.shapes import shapes

__all__ = ["move_reset_gate", "swap_update_gate"]


@shapes(params=PARAMS)
def swap_update_gate(params):
    """Convert between h = (1 - z) n + z h_prev, used here and by PyTorch, and h = (1 - z) h_prev + z n, used by some texts.

    As 1 - sigmoid(a) = sigmoid(-a), the update gate's weights and biases change their sign.

    Args:
        params: dict of weight_ih (3H, D), weight_hh (3H, H), bias_ih (3H,), bias_hh (3H,).
    Returns:
        The dict for the other convention, shaped as params; converting twice gives the first one back.
    Raises:
        TypeError, ValueError: params has the wrong keys, shapes or values; the sentence says which.
    """
    H = params["weight_hh"].shape[1]
    swapped = {name: value.copy() for name, value in params.items()}
    for value in swapped.values():
        value[H : 2 * H] *= -1
    return swapped


@shapes(params=PARAMS)
def move_reset_gate(params, *, to):
    """Convert between reset="after" and reset="before", where parameters of the other form compute the same candidates.

    Unit i listens to unit j if W_ij is not 0. With the gate before the product it stands at the sender j, after it at the listener i, so

        to="before"    all who listen to a unit must have the same reset gate, which that unit takes over; b must be 0
        to="after"     all to whom a unit listens must have the same reset gate, which it takes over; b moves to bias_ih

    A diagonal W can be converted both ways, and so can any W if all units have the same reset gate. A gate without weights is a constant:
    it becomes 1/2, the rest of it goes into W and b, so two constants are as good as the same gate, and b may be what it is.

    Args:
        params: dict of weight_ih (3H, D), weight_hh (3H, H), bias_ih (3H,), bias_hh (3H,); rows in the order r, z, n.
        to: "after" or "before", the convention of the result; params are of the other one.
    Returns:
        The dict, shaped as params, with which `gru_forward` gives the same states with reset=to, up to rounding.
    Raises:
        TypeError, ValueError: params has the wrong keys, shapes or values; the sentence says which.
        ValueError: the reset gate cannot be moved; the sentence says what stands in the way.

    >>> rng = np.random.default_rng(0)
    >>> one_unit = {"weight_ih": rng.random((3, 2)), "weight_hh": rng.random((3, 1)), "bias_ih": np.zeros(3), "bias_hh": np.ones(3)}
    >>> move_reset_gate(one_unit, to="after")["bias_ih"].tolist()  # r, z, n
    [0.0, 0.0, 1.0]
    >>> move_reset_gate(one_unit, to="before")
    Traceback (most recent call last):
    ValueError: the reset gate cannot be moved before the product: params['bias_hh'][2] is 1.0, and a gate there multiplies no bias.
    """
    if to not in ("after", "before"):
        raise ValueError(f"to must be 'after' or 'before', got {to!r}.")
    moved = _with_constant_gates_at_half(params, to)
    source = _source_of_each_gate(moved, to)
    H = len(source)
    b_in, b_hn = moved["bias_ih"][2 * H :], moved["bias_hh"][2 * H :]  # views
    if to == "before":
        for i in np.flatnonzero(b_hn * _reset_gates(moved)[0].any(axis=1)):
            where = f"params['bias_hh'][{2 * H + i}] is {b_hn[i]}"
            raise ValueError(f"the reset gate cannot be moved before the product: {where}, and a gate there multiplies no bias.")
        b_hn *= 0.5  # as the gates that are left, all constant, did
    else:
        b_in += b_hn
        b_hn[:] = 0
    for value in moved.values():
        value[:H] = value[source]
    return moved


def _source_of_each_gate(params, to):
    """(H,): the unit whose reset gate each unit must have in the convention `to`; itself where that will do."""
    H = params["weight_hh"].shape[1]
    label = np.unique(np.column_stack(_reset_gates(params)), axis=0, return_inverse=True)[1].ravel()  # (H,): same gate, same label
    listens = params["weight_hh"][2 * H :] != 0  # (H, H): unit i (row) to unit j (column)
    wanted = listens if to == "before" else listens.T  # (H, H): gate k (row) at unit m (column)
    own_will_do = ~(wanted & (label[:, None] != label)).any(axis=0)  # (H,)
    source = np.where(own_will_do, np.arange(H), wanted.argmax(axis=0))
    for k, m in np.argwhere(wanted & (label[:, None] != label[source])):
        pair = f"{source[m]} and {k}"
        joined = f"units {pair} listen to unit {m}" if to == "before" else f"unit {m} listens to units {pair}"
        raise ValueError(f"the reset gate cannot be moved {to} the product: {joined}, and the reset gates of {pair} differ.")
    return source


def _with_constant_gates_at_half(params, to):
    """A copy that computes the same, in which a constant reset gate c is 1/2, and 2c is a factor of what it multiplies."""
    H = params["weight_hh"].shape[1]
    copy = {name: value.copy() for name, value in params.items()}
    weights, bias = _reset_gates(copy)
    constant = ~weights.any(axis=1)
    factor = np.where(constant, 2 * sigmoid(bias), 1)  # (H,)
    copy["bias_ih"][:H][constant] = copy["bias_hh"][:H][constant] = 0
    if to == "before":  # at the listeners, and at their biases
        copy["weight_hh"][2 * H :] *= factor[:, None]
        copy["bias_hh"][2 * H :] *= factor
    else:  # at the senders
        copy["weight_hh"][2 * H :] *= factor
    return copy


def _reset_gates(params):
    """The reset gate of each unit: its weights (H, D + H), and its bias (H,)."""
    H = params["weight_hh"].shape[1]
    weights = np.hstack([params["weight_ih"][:H], params["weight_hh"][:H]])
    return weights, params["bias_ih"][:H] + params["bias_hh"][:H]
