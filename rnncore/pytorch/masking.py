"""Sequences of unequal length in one padded tensor: the functions of `rnncore.reference.masking`, on any device.

Contents
    length_mask                 lengths -> mask (T, B)
    reverse_padded_forward      each sequence back to front, its padding left at the end
    last_state_forward          the state at the last step of each sequence

Lengths are whole numbers (B,), each from 1 to T. Looking at them makes a GPU's program wait, so make them once for each batch.
Source: this course.
"""

import torch

from rnncore.pytorch.arguments import tensors

__all__ = ["last_state_forward", "length_mask", "reverse_padded_forward"]


@tensors(lengths="int B", steps="size")
def length_mask(lengths, steps):
    """Tell which entries of a padded tensor belong to a sequence.

    Args:
        lengths: (B,), whole numbers from 1 to T.
        steps: T.
    Returns:
        mask: (T, B) of bool, true for t < lengths[b].
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> length_mask(torch.tensor([3, 1, 2]), 3).int().tolist()
    [[1, 1, 1], [1, 0, 1], [1, 0, 0]]
    """
    check_lengths("length_mask", lengths, steps)
    return torch.arange(steps, device=lengths.device)[:, None] < lengths


@tensors(xs="T B D", lengths="int B")
def reverse_padded_forward(xs, lengths):
    """Turn each sequence back to front within its own length; padding stays where it is.

    Args:
        xs: (T, B, D).
        lengths: (B,), whole numbers from 1 to T.
    Returns:
        ys: (T, B, D), with ys[t, b] = xs[lengths[b] - 1 - t, b] for t < lengths[b]. Twice gives xs again.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    check_lengths("reverse_padded_forward", lengths, len(xs))
    t = torch.arange(len(xs), device=xs.device)[:, None]
    lengths = lengths.to(xs.device)
    index = torch.where(t < lengths, lengths - 1 - t, t)  # (T, B)
    return xs.gather(0, index[..., None].expand_as(xs))


@tensors(hs="T B H", lengths="int B")
def last_state_forward(hs, lengths):
    """Pick the state at the last step of each sequence; hs[-1] would be padding for the shorter ones.

    Args:
        hs: (T, B, H).
        lengths: (B,), whole numbers from 1 to T.
    Returns:
        h: (B, H), with h[b] = hs[lengths[b] - 1, b].
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    check_lengths("last_state_forward", lengths, len(hs))
    return hs[lengths.to(hs.device) - 1, torch.arange(len(lengths), device=hs.device)]


def check_lengths(where, lengths, steps):
    """Refuse lengths that do not lie between 1 and T."""
    wrong = lengths[(lengths < 1) | (lengths > steps)].tolist()
    if wrong:
        why = ", as an empty sequence has no state" if wrong[0] == 0 else ""
        raise ValueError(f"{where}: lengths must lie between 1 and {steps} (T), got {wrong[0]}{why}.")
