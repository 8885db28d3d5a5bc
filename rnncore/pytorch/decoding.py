"""From scores to tokens: the functions of `rnncore.reference.decoding`, on any device.

Contents
    greedy_distribution, temperature_distribution, top_k_distribution, top_p_distribution     logits -> probabilities
    sample                                                                                 probabilities -> tokens
    generate                                                                               token after token

The leading axes are free: logits (..., V). Of equally good tokens the first counts as the better. `sample` draws its numbers from a NumPy
generator, so the same `rng` gives the tokens that the reference gives.
Source: top-k: Fan, Lewis and Dauphin (2018); top-p: Holtzman et al. (2020). The equations stand in the reference.
"""

import torch
from torch.nn import functional as F

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.ranges import looked_at
from rnncore.reference.decoding import check_share, check_temperature

__all__ = ["generate", "greedy_distribution", "sample", "temperature_distribution", "top_k_distribution", "top_p_distribution"]


@tensors(logits="... V")
def greedy_distribution(logits):
    """Put all probability on the token with the highest score.

    Args:
        logits: (..., V).
    Returns:
        (..., V), a 1 and zeros.
    Raises:
        TypeError, ValueError: the argument has the wrong type, shape or values; the sentence says which.
    """
    return F.one_hot(_order(logits)[..., 0], logits.shape[-1]).to(logits.dtype)


@tensors(logits="... V")
def temperature_distribution(logits, temperature):
    """Softmax of logits / temperature.

    Args:
        logits: (..., V).
        temperature: a positive number; 1 is the softmax itself.
    Returns:
        (..., V), probabilities.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    check_temperature(temperature)
    below = logits - logits.amax(dim=-1, keepdim=True)  # a tiny temperature may turn a difference into -inf, whose exp is 0
    return torch.softmax(below.double() / float(temperature), dim=-1).to(logits.dtype)


@tensors(logits="... V", k="size")
def top_k_distribution(logits, k, *, temperature=1.0):
    """Keep the k tokens with the highest scores, and rescale.

    Args:
        logits: (..., V).
        k: a whole number from 1 to V.
        temperature: a positive number, applied before; the choice of tokens does not depend on it.
    Returns:
        (..., V), probabilities, at most k of them not zero.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    if k > logits.shape[-1]:
        raise ValueError(f"top_k_distribution: k must be at most {logits.shape[-1]}, the number of tokens, got {k}.")
    return _keep(temperature_distribution(logits, temperature), _rank(logits) < k)


@tensors(logits="... V")
def top_p_distribution(logits, p, *, temperature=1.0):
    """Keep the fewest best tokens that reach probability p together, and rescale; the nucleus is never empty.

    Args:
        logits: (..., V).
        p: above 0, at most 1; 1 keeps every token.
        temperature: a positive number, applied before; a higher one makes the nucleus larger.
    Returns:
        (..., V), probabilities.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> top_p_distribution(torch.tensor([0.125, 0.5, 0.25, 0.125]).log(), 0.7).tolist()  # 0.5 is not enough, 0.75 is
    [0.0, 0.6666666865348816, 0.3333333432674408, 0.0]
    """
    check_share(p)
    probabilities = temperature_distribution(logits, temperature)
    if p == 1:
        return probabilities
    best_first = probabilities.gather(-1, _order(logits))
    before = best_first.cumsum(dim=-1) - best_first  # what the better tokens have together
    size = (before < p).sum(dim=-1, keepdim=True)  # of the nucleus
    return _keep(probabilities, _rank(logits) < size)


@tensors(rng="rng", probabilities="... V")
def sample(rng, probabilities):
    """Draw a token from each distribution.

    Args:
        rng: a `numpy.random.Generator`; one number is drawn for each token.
        probabilities: (..., V), from 0 up, summing to 1 over V.
    Returns:
        tokens: (...), whole numbers; a token of probability 0 is never drawn.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    probabilities = probabilities.detach()
    if looked_at(probabilities):
        _check_probabilities(probabilities)
    reached = probabilities.double().cumsum(dim=-1)
    drawn = torch.as_tensor(rng.random((*probabilities.shape[:-1], 1)), device=probabilities.device)
    return (reached <= drawn * reached[..., -1:]).sum(dim=-1)


@torch.no_grad()
@tensors(start="int B", max_length="size")
def generate(step, state, start, *, choose, max_length, end=None):
    """Let a model write: each token that is chosen is the input of the next step. No gradient is recorded.

    Args:
        step: `logits, state = step(tokens, state)` with tokens (B,) and logits (B, V).
        state: what the first call of `step` gets; any type.
        start: (B,), whole numbers, the tokens to begin with.
        choose: `tokens = choose(logits)`, from (B, V) to (B,); for example
            `lambda logits: logits.argmax(dim=-1)`, or `lambda logits: sample(rng, top_p_distribution(logits, 0.9))`.
        max_length: how many tokens to write at most.
        end: the token that ends a sequence; None lets all run to max_length.
    Returns:
        tokens: (L, B), without the start tokens; an ended sequence is filled up with `end`. L is max_length, or less if all have ended.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> count = lambda tokens, state: (F.one_hot((tokens + 1) % 5, 5).float(), state)  # after token i comes token i + 1
    >>> generate(count, None, torch.tensor([0, 2]), choose=lambda logits: logits.argmax(dim=-1), max_length=9, end=4).tolist()
    [[1, 3], [2, 4], [3, 4], [4, 4]]
    """
    tokens, written = start, []
    ended = torch.zeros_like(start, dtype=torch.bool)
    while len(written) < max_length and (end is None or not ended.all()):  # only an end token makes a GPU wait
        logits, state = step(tokens, state)
        tokens = choose(logits)
        if end is not None:
            tokens = torch.where(ended, end, tokens)
            ended = tokens == end
        written.append(tokens)
    return torch.stack(written)


def _order(logits):
    """(..., V), the tokens from the best to the worst; equally good ones in the order of their numbers."""
    return torch.argsort(logits, dim=-1, descending=True, stable=True)


def _rank(logits):
    """(..., V), 0 for the best token, 1 for the next."""
    return torch.argsort(_order(logits), dim=-1)


def _keep(probabilities, kept):
    kept = torch.where(kept, probabilities, 0)
    return kept / kept.sum(dim=-1, keepdim=True)


def _check_probabilities(probabilities):
    total = probabilities.sum(dim=-1)
    if probabilities.min() < 0 or (total - 1).abs().max() > 1e-3:
        worst = total.flatten()[(total - 1).abs().argmax()]
        got = f"{probabilities.min()}" if probabilities.min() < 0 else f"a sum of {worst}"
        raise ValueError(f"sample: probabilities must be from 0 up and sum to 1, got {got}.")
