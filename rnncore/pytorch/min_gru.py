"""minGRU on tensors: the functions of `rnncore.reference.min_gru`, on any device.

Contents
    init_min_gru             parameters
    min_gru_step_forward     one time step
    min_gru_forward          all time steps, as a loop or as a parallel scan

Rows are in the order z, n.
Source: Feng, Tung, Ahmed, Bengio and Hajimirsadeghi (2024), "Were RNNs All We Needed?", section 3.1; the equations stand in the reference.
"""

import torch
from torch.nn import functional as F

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.device import to_torch
from rnncore.pytorch.linear_recurrence import linear_recurrence_forward, linear_recurrence_scan_forward
from rnncore.reference.min_gru import PARAMS, check_form
from rnncore.reference.min_gru import init_min_gru as reference_init

__all__ = ["init_min_gru", "min_gru_forward", "min_gru_step_forward"]

FORMS = {"loop": linear_recurrence_forward, "scan": linear_recurrence_scan_forward}


def init_min_gru(rng, input_size, hidden_size, *, device="auto", dtype=torch.float32):
    """Draw parameters uniformly from (-1/sqrt(D), 1/sqrt(D)); the same numbers as the reference for the same `rng`.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D.
        hidden_size: H.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: weight_ih (2H, D), bias_ih (2H,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    return to_torch(reference_init(rng, input_size, hidden_size), device=device, dtype=dtype)


@tensors(params=PARAMS, x="B D", h="B H")
def min_gru_step_forward(params, x, h):
    """Take one time step.

    Args:
        params: dict of weight_ih (2H, D), bias_ih (2H,); rows in the order z, n.
        x: (B, D), the input at this step.
        h: (B, H), the state before it.
    Returns:
        h_next: (B, H), the state after the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    z, n = _gate_and_candidate(params, x)
    return (1 - z) * h + z * n


@tensors(params=PARAMS, xs="T B D", state0="B H")
def min_gru_forward(params, xs, state0, *, form="loop"):
    """Run the cell over a sequence; gates and candidates of all steps come first, as they need no state.

    Args:
        params: dict of weight_ih (2H, D), bias_ih (2H,); rows in the order z, n.
        xs: (T, B, D), the inputs; T is at least 1.
        state0: (B, H), the state before the first step.
        form: "loop", one step after the other, or "scan", log2(T) rounds over all steps; the results agree up to rounding.
    Returns:
        hs: (T, B, H), the state after each step.
        state_T: (B, H), the state after the last step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    check_form(form)
    z, n = _gate_and_candidate(params, xs)  # (T, B, H) each
    hs = FORMS[form](1 - z, z * n, state0)
    return hs, hs[-1]


def _gate_and_candidate(params, x):
    a_z, n = F.linear(x, params["weight_ih"], params["bias_ih"]).chunk(2, dim=-1)
    return torch.sigmoid(a_z), n
