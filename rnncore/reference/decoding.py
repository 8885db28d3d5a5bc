r"""From scores to tokens: which distribution to draw the next token from, and the loop that draws.

    greedy          all probability on the best token
    temperature     softmax(logits / temperature): below 1 sharper, above 1 flatter
    top-k           the k best tokens, rescaled
    top-p           the fewest best tokens whose probabilities reach p together, rescaled (nucleus)

Contents
    greedy_distribution, temperature_distribution, top_k_distribution, top_p_distribution     logits -> probabilities
    sample                                                                                 probabilities -> tokens
    generate                                                                               token after token

The leading axes are free: logits (..., V). Of equally good tokens the first counts as the better. Search for the best whole sequence
is in `beam.py`. Nothing here has a gradient.
Source: top-k: Fan, Lewis and Dauphin (2018); top-p: Holtzman et al. (2020).
"""

import numpy as np

from rnncore.reference.activations import softmax
from rnncore.reference.shapes import shapes

__all__ = ["generate", "greedy_distribution", "sample", "temperature_distribution", "top_k_distribution", "top_p_distribution"]


@shapes(logits="... V")
def greedy_distribution(logits):
    """Put all probability on the token with the highest score.

    Args:
        logits: (..., V).
    Returns:
        (..., V), a 1 and zeros.
    Raises:
        TypeError, ValueError: the argument has the wrong type, shape or values; the sentence says which.
    """
    return np.eye(logits.shape[-1], dtype=logits.dtype)[logits.argmax(axis=-1)]


@shapes(logits="... V")
def temperature_distribution(logits, temperature):
    """Softmax of logits / temperature.

    Args:
        logits: (..., V).
        temperature: a positive number; 1 is the softmax itself.
    Returns:
        (..., V), probabilities.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> logits = np.log([0.8, 0.2])
    >>> [temperature_distribution(logits, t).round(3).tolist() for t in (0.5, 1, 2)]  # odds of 4 become 4^2, 4, 4^(1/2)
    [[0.941, 0.059], [0.8, 0.2], [0.667, 0.333]]
    """
    check_temperature(temperature)
    largest = logits.max(axis=-1, keepdims=True)
    with np.errstate(over="ignore"):  # a tiny temperature may turn a difference into -inf, whose exp is 0
        return softmax((logits - largest) / np.float64(temperature)).astype(logits.dtype)


@shapes(logits="... V", k="size")
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
    Source: Fan, Lewis and Dauphin (2018).

    >>> top_k_distribution(np.log(np.array([[0.5, 0.3, 0.2]])), k=2).round(3).tolist()
    [[0.625, 0.375, 0.0]]
    """
    if k > logits.shape[-1]:
        raise ValueError(f"top_k_distribution: k must be at most {logits.shape[-1]}, the number of tokens, got {k}.")
    return _keep(temperature_distribution(logits, temperature), _rank(logits) < k)


@shapes(logits="... V")
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
    Source: Holtzman et al. (2020), section 3.1.

    >>> top_p_distribution(np.log([0.125, 0.5, 0.25, 0.125]), 0.7).round(3).tolist()  # 0.5 is not enough, 0.75 is
    [0.0, 0.667, 0.333, 0.0]
    """
    check_share(p)
    probabilities = temperature_distribution(logits, temperature)
    if p == 1:
        return probabilities
    order = _order(logits)
    best_first = np.take_along_axis(probabilities, order, axis=-1)
    before = np.cumsum(best_first, axis=-1) - best_first  # what the better tokens have together
    size = (before < p).sum(axis=-1, keepdims=True)  # of the nucleus
    return _keep(probabilities, _rank(logits) < size)


@shapes(rng="rng", probabilities="... V")
def sample(rng, probabilities):
    """Draw a token from each distribution.

    Args:
        rng: a `numpy.random.Generator`; one number is drawn for each token.
        probabilities: (..., V), from 0 up, summing to 1 over V.
    Returns:
        tokens: (...), whole numbers; a token of probability 0 is never drawn.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: inverse transform sampling.
    """
    total = probabilities.sum(axis=-1)
    if probabilities.min() < 0 or np.abs(total - 1).max() > 1e-3:
        got = f"{probabilities.min()}" if probabilities.min() < 0 else f"a sum of {total.flat[np.abs(total - 1).argmax()]}"
        raise ValueError(f"sample: probabilities must be from 0 up and sum to 1, got {got}.")
    reached = np.cumsum(probabilities, axis=-1, dtype=np.float64)
    point = rng.random((*probabilities.shape[:-1], 1)) * reached[..., -1:]
    return (reached <= point).sum(axis=-1)


@shapes(start="int B", max_length="size")
def generate(step, state, start, *, choose, max_length, end=None):
    """Let a model write: each token that is chosen is the input of the next step.

    Args:
        step: `logits, state = step(tokens, state)` with tokens (B,) and logits (B, V).
        state: what the first call of `step` gets; any type.
        start: (B,), whole numbers, the tokens to begin with.
        choose: `tokens = choose(logits)`, from (B, V) to (B,); for example
            `lambda logits: logits.argmax(axis=-1)`, or `lambda logits: sample(rng, top_p_distribution(logits, 0.9))`.
        max_length: how many tokens to write at most.
        end: the token that ends a sequence; None lets all run to max_length.
    Returns:
        tokens: (L, B), without the start tokens; an ended sequence is filled up with `end`. L is max_length, or less if all have ended.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> count = lambda tokens, state: (np.eye(5)[(tokens + 1) % 5], state)  # after token i comes token i + 1
    >>> generate(count, None, np.array([0, 2]), choose=lambda logits: logits.argmax(axis=-1), max_length=9, end=4).tolist()
    [[1, 3], [2, 4], [3, 4], [4, 4]]
    """
    tokens, written = start, []
    ended = np.zeros(start.shape, dtype=bool)
    while len(written) < max_length and not ended.all():
        logits, state = step(tokens, state)
        tokens = choose(logits)
        if end is not None:
            tokens = np.where(ended, end, tokens)
            ended = tokens == end
        written.append(tokens)
    return np.stack(written)


def check_temperature(temperature):
    """Refuse what is no positive number."""
    if not _is_number(temperature) or not 0 < temperature < np.inf:
        instead = "; for the limit at 0 use greedy_distribution" if _is_number(temperature) and temperature == 0 else ""
        raise ValueError(f"temperature_distribution: temperature must be a positive number, got {temperature!r}{instead}.")


def check_share(p):
    """Refuse a p that is no share of the probability."""
    if not _is_number(p) or not 0 < p <= 1:
        raise ValueError(f"top_p_distribution: p must be above 0 and at most 1, got {p!r}.")


def _order(logits):
    """(..., V), the tokens from the best to the worst; equally good ones in the order of their numbers."""
    return np.argsort(-logits, axis=-1, kind="stable")


def _rank(logits):
    """(..., V), 0 for the best token, 1 for the next."""
    return np.argsort(_order(logits), axis=-1, kind="stable")


def _keep(probabilities, kept):
    kept = np.where(kept, probabilities, 0)
    return kept / kept.sum(axis=-1, keepdims=True)


def _is_number(value):
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
