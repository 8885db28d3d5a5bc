"""Beam search: the function of `rnncore.reference.beam`, for models on any device.

Contents
    Hypothesis      one finished sequence; the reference's named tuple
    beam_search

The model runs where its tensors are. The search itself is the reference's, on the CPU: only the logits of the open beginnings go there.
Source: length normalisation: Graves (2012); Wu et al. (2016), equation 14.
"""

import torch

from rnncore.reference import beam as reference
from rnncore.reference.beam import Hypothesis
from rnncore.reference.tree import leaves

__all__ = ["Hypothesis", "beam_search"]


@torch.no_grad()
def beam_search(step, state, start, *, width, max_length, end=None, length_normalisation=0.0):
    """Search for the most probable sequence.

    Args:
        step: `logits, state = step(tokens, state)` with tokens (W,) and logits (W, V), tensors; W, the number of open beginnings, varies.
            A logit may be -inf for a token that must not come.
        state: what the first call of `step` gets: a tree of tensors (1, ...), or None. Tokens go to its device, or stay on the CPU.
        start: the token to begin with, a whole number.
        width: how many beginnings to keep. 1 is greedy search; V^max_length looks at every sequence.
        max_length: how many tokens a sequence has at most; what is open then counts as finished.
        end: the token that ends a sequence; None lets all run to max_length.
        length_normalisation: the exponent a, from 0 up.
    Returns:
        A list of `Hypothesis`, the best score first, at most `width` of them.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    device = next((leaf.device for _, leaf in leaves(state) if isinstance(leaf, torch.Tensor)), "cpu")

    def step_in_numpy(tokens, state):
        logits, state = step(torch.as_tensor(tokens, device=device), state)
        if not isinstance(logits, torch.Tensor):
            raise TypeError(f"beam_search: step must return logits as a tensor, got a value of type {type(logits).__name__}.")
        return logits.detach().cpu().numpy(), state

    limits = {"width": width, "max_length": max_length, "end": end, "length_normalisation": length_normalisation}
    return reference.beam_search(step_in_numpy, state, start, **limits)
