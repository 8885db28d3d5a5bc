"""minLSTM on tensors: the functions of `rnncore.reference.min_lstm`, on any device.

Contents
    init_min_lstm             parameters
    min_lstm_step_forward     one time step
    min_lstm_forward          all time steps, as a loop or as a parallel scan

Rows are in the order i, f, g. The share k = f / (f + i) is computed as sigmoid(log f - log i), as in the reference.
Source: Feng, Tung, Ahmed, Bengio and Hajimirsadeghi (2024), "Were RNNs All We Needed?", section 3.2; the equations stand in the reference.
"""

import torch
from torch.nn import functional as F

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.device import to_torch
from rnncore.pytorch.min_gru import FORMS
from rnncore.reference.min_gru import check_form
from rnncore.reference.min_lstm import PARAMS
from rnncore.reference.min_lstm import init_min_lstm as reference_init

__all__ = ["init_min_lstm", "min_lstm_forward", "min_lstm_step_forward"]


def init_min_lstm(rng, input_size, hidden_size, *, device="auto", dtype=torch.float32):
    """Draw parameters uniformly from (-1/sqrt(D), 1/sqrt(D)); the same numbers as the reference for the same `rng`.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D.
        hidden_size: H.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: weight_ih (3H, D), bias_ih (3H,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    return to_torch(reference_init(rng, input_size, hidden_size), device=device, dtype=dtype)


@tensors(params=PARAMS, x="B D", h="B H")
def min_lstm_step_forward(params, x, h):
    """Take one time step.

    Args:
        params: dict of weight_ih (3H, D), bias_ih (3H,); rows in the order i, f, g.
        x: (B, D), the input at this step.
        h: (B, H), the state before it.
    Returns:
        h_next: (B, H), the state after the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    k, g = _share_and_candidate(params, x)
    return k * h + (1 - k) * g


@tensors(params=PARAMS, xs="T B D", state0="B H")
def min_lstm_forward(params, xs, state0, *, form="loop"):
    """Run the cell over a sequence; gates and candidates of all steps come first, as they need no state.

    Args:
        params: dict of weight_ih (3H, D), bias_ih (3H,); rows in the order i, f, g.
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
    k, g = _share_and_candidate(params, xs)  # (T, B, H) each
    hs = FORMS[form](k, (1 - k) * g, state0)
    return hs, hs[-1]


def _share_and_candidate(params, x):
    a_i, a_f, g = F.linear(x, params["weight_ih"], params["bias_ih"]).chunk(3, dim=-1)
    return torch.sigmoid(F.logsigmoid(a_f) - F.logsigmoid(a_i)), g
