"""The Viterbi algorithm: the function of `rnncore.reference.viterbi`, on any device.

Contents
    crf_viterbi        the sequence of tags with the highest score

Source: Viterbi (1967); Rabiner (1989), section III B; the equations stand in the reference.
"""

import torch

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.crf import inside_mask
from rnncore.reference.crf import PARAMS

__all__ = ["crf_viterbi"]


@torch.no_grad()
@tensors(params=PARAMS, emissions="T B V", lengths="int B")
def crf_viterbi(params, emissions, lengths=None):
    """Find the best sequence of tags.

    Args:
        params: dict of start (V,), transitions (V, V), end (V,).
        emissions: (T, B, V).
        lengths: (B,), whole numbers from 1 to T; None means T.
    Returns:
        tags: (T, B), whole numbers from 0 to V - 1; -1 past the end of a sequence. Of equally good tags the first is taken.
        score: (B,), the score of these tags. It carries no gradient: `crf_score_forward` of the tags does.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    inside = inside_mask("crf_viterbi", lengths, emissions)
    best, came_from = params["start"] + emissions[0], []  # (B, V)
    for emission, now in zip(emissions[1:], inside[1:, :, None], strict=True):
        paths = best[:, None, :] + params["transitions"].T  # (B, V, V): to tag j (axis 1) from tag i (axis 2)
        came_from.append(_first_argmax(paths))
        best = torch.where(now, paths.amax(dim=2) + emission, best)
    total = best + params["end"]
    tag = _first_argmax(total)  # (B,), the last tag of each sequence
    tags = []
    for now, back in zip(inside.flip(0), [*reversed(came_from), None], strict=True):
        tags.append(torch.where(now, tag, -1))
        if back is not None:
            tag = torch.where(now, back.gather(1, tag[:, None])[:, 0], tag)
    return torch.stack(tags[::-1]), total.amax(dim=1)


def _first_argmax(x):
    """The first place of the largest entry along the last axis; which of several `argmax` gives is left open on a GPU."""
    V = x.shape[-1]
    places = torch.arange(V, device=x.device)
    return torch.where(x == x.amax(dim=-1, keepdim=True), places, V - 1).amin(dim=-1)
