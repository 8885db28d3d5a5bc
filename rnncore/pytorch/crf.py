"""Linear-chain conditional random field: the functions of `rnncore.reference.crf`, on any device.

Contents
    init_crf                       parameters
    crf_score_forward              score of given tags
    crf_log_partition_forward      log Z, by the forward algorithm
    crf_loss_forward               mean of -log p(tags)
    crf_marginals                  p(y_t = j), the gradient of log Z

Axes: T steps, B batch, V tags. A batch of unequal lengths is padded at the end; what stands in the padding adds nothing.
Source: Lafferty, McCallum and Pereira (2001); Huang, Xu and Yu (2015); the marginals as a gradient: Eisner (2016).
"""

import torch

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.device import to_torch
from rnncore.pytorch.masking import check_lengths, length_mask
from rnncore.pytorch.ranges import check_range
from rnncore.reference.crf import PARAMS
from rnncore.reference.crf import init_crf as reference_init_crf
from rnncore.reference.tree import tree_map

__all__ = ["crf_log_partition_forward", "crf_loss_forward", "crf_marginals", "crf_score_forward", "init_crf"]


def init_crf(rng, num_tags, *, device="auto", dtype=torch.float32):
    """Draw every score of a start, a transition and an end uniformly from (-0.1, 0.1); the reference's numbers for the same `rng`.

    Args:
        rng: a `numpy.random.Generator`.
        num_tags: V.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: start (V,), transitions (V, V), end (V,); transitions[i, j] scores tag j right after tag i.
    Raises:
        TypeError, ValueError: rng is no generator, or num_tags is not a whole number from 1 up.
    """
    return to_torch(reference_init_crf(rng, num_tags), device=device, dtype=dtype)


@tensors(params=PARAMS, emissions="T B V", tags="int T B", lengths="int B")
def crf_score_forward(params, emissions, tags, lengths=None):
    """Add up the scores that a sequence of tags collects on its way.

    Args:
        params: dict of start (V,), transitions (V, V), end (V,).
        emissions: (T, B, V), how well each tag fits each step by itself.
        tags: (T, B), whole numbers from 0 to V - 1; past the end of a sequence any number.
        lengths: (B,), whole numbers from 1 to T; None means T.
    Returns:
        score: (B,).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    _, B, V = emissions.shape
    inside = inside_mask("crf_score_forward", lengths, emissions)
    tags = torch.where(inside, tags, 0).long()
    check_range("crf_score_forward: tags", tags, 0, V - 1)
    emitted = emissions.gather(2, tags[:, :, None])[:, :, 0]  # (T, B)
    moved = params["transitions"][tags[:-1], tags[1:]]  # (T - 1, B)
    last = tags[inside.sum(dim=0) - 1, torch.arange(B, device=tags.device)]
    along = torch.where(inside, emitted, 0).sum(dim=0) + torch.where(inside[1:], moved, 0).sum(dim=0)
    return params["start"][tags[0]] + along + params["end"][last]


@tensors(params=PARAMS, emissions="T B V", lengths="int B")
def crf_log_partition_forward(params, emissions, lengths=None):
    """Sum exp(score) over all sequences of tags, in T V^2 steps instead of V^T, and take the logarithm.

    Args:
        params: dict of start (V,), transitions (V, V), end (V,).
        emissions: (T, B, V).
        lengths: (B,), whole numbers from 1 to T; None means T.
    Returns:
        log_Z: (B,).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    inside = inside_mask("crf_log_partition_forward", lengths, emissions)
    alpha = params["start"] + emissions[0]  # (B, V)
    for emission, now in zip(emissions[1:].unbind(), inside[1:, :, None].unbind(), strict=True):
        paths = alpha[:, None, :] + params["transitions"].T  # (B, V, V): to tag j (axis 1) from tag i (axis 2)
        alpha = torch.where(now, torch.logsumexp(paths, dim=2) + emission, alpha)
    return torch.logsumexp(alpha + params["end"], dim=1)


@tensors(params=PARAMS, emissions="T B V", tags="int T B", lengths="int B")
def crf_loss_forward(params, emissions, tags, lengths=None):
    """Mean over the sequences of the batch of -log p(tags) = log Z - score(tags), in nats.

    Args:
        params: dict of start (V,), transitions (V, V), end (V,).
        emissions: (T, B, V).
        tags: (T, B), whole numbers from 0 to V - 1; past the end of a sequence any number.
        lengths: (B,), whole numbers from 1 to T; None means T.
    Returns:
        loss: ().
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    return (crf_log_partition_forward(params, emissions, lengths) - crf_score_forward(params, emissions, tags, lengths)).mean()


@tensors(params=PARAMS, emissions="T B V", lengths="int B")
def crf_marginals(params, emissions, lengths=None):
    """The probability of each tag at each step, given all emissions: the gradient of log Z.

    Args:
        params: dict of start (V,), transitions (V, V), end (V,).
        emissions: (T, B, V).
        lengths: (B,), whole numbers from 1 to T; None means T.
    Returns:
        (T, B, V), summing to 1 over V; zero past the end of a sequence. It carries no gradient.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    with torch.enable_grad():
        emissions = emissions.detach().requires_grad_()
        log_Z = crf_log_partition_forward(tree_map(torch.Tensor.detach, params), emissions, lengths)
        return torch.autograd.grad(log_Z.sum(), emissions)[0]


def inside_mask(where, lengths, emissions):
    """(T, B), True at the steps of each sequence."""
    T, B, _ = emissions.shape
    if lengths is None:
        return torch.ones(T, B, dtype=torch.bool, device=emissions.device)
    check_lengths(where, lengths, T)
    return length_mask(lengths.to(emissions.device), T)
