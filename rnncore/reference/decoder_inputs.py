r"""What a decoder is fed: the true tokens, its own, or some of each.

    teacher forcing        fed_t = target_{t-1}                              the step is easier than it will be in use
    free running           fed_t = choose(logits_{t-1})                      as in use: one mistake leads to the next (exposure bias)
    scheduled sampling     fed_t = target_{t-1} where coins_t, else choose(logits_{t-1})

Contents
    teacher_forced_inputs     targets -> fed
    scheduled_inputs          targets and coins -> fed; coins all True is teacher forcing, all False is free running over T steps
    decoder_step              the decoder as a step function, for `generate` and `beam_search`
    free_run                  source -> tokens, until the end token

Choosing a token has no gradient, so training takes the fed tokens as data: make them here, then run `encoder_decoder_forward` and
`encoder_decoder_backward` on them. The first token that is fed is always the start token.
Source: teacher forcing: Williams and Zipser (1989); scheduled sampling: Bengio et al. (2015).
"""

import numpy as np

from rnncore.reference.decoding import generate
from rnncore.reference.encoder_decoder import decoder_forward, decoder_params_of, encoder_forward, params_of_both
from rnncore.reference.masking import length_mask
from rnncore.reference.ranges import check_range
from rnncore.reference.shapes import shapes

__all__ = ["decoder_step", "free_run", "scheduled_inputs", "teacher_forced_inputs"]


def _best(logits):
    return logits.argmax(axis=-1)


@shapes(targets="int T B")
def teacher_forced_inputs(targets, start):
    """Shift the targets by one step: before target t the decoder is fed target t - 1.

    Args:
        targets: (T, B), whole numbers.
        start: the token that is fed first.
    Returns:
        fed: (T, B).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> teacher_forced_inputs(np.array([[5], [6], [7]]), start=1)[:, 0].tolist()
    [1, 5, 6]
    """
    check_start("teacher_forced_inputs", start)
    return np.concatenate([np.full_like(targets[:1], start), targets[:-1]])


@shapes(params=params_of_both, source="int S B", targets="int T B", coins="bool T B", lengths="int B")
def scheduled_inputs(params, source, targets, coins, *, start, lengths=None, score=None, cell="gru", choose=_best):
    """Run the decoder, and feed it the true token where the coin is True, its own where it is False.

    Args:
        params: dict of encoder and decoder, as `init_encoder_decoder` gives it for the same score and cell.
        source: (S, B), tokens.
        targets: (T, B), tokens from 0 to V - 1.
        coins: (T, B) of bool; `rng.random((T, B)) < p` feeds the true token with probability p. coins[0] changes nothing.
        start: the token that is fed first.
        lengths: (B,), of the sources, whole numbers from 1 to S; None means S.
        score: the score of the attention, or None for no attention.
        cell: a name in `CELLS`, or a `Cell`.
        choose: `tokens = choose(logits)`, from (B, V) to (B,); the best token if not given.
    Returns:
        fed: (T, B).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Bengio et al. (2015), section 2.4.
    """
    V = len(params["decoder"]["embedding"]["weight"])
    check_start("scheduled_inputs", start, V)
    check_range("scheduled_inputs: targets", targets, 0, V - 1)
    step, state = _reader(params, source, lengths, score, cell)
    fed = [np.full_like(targets[0], start)]
    for target, coin in zip(targets[:-1], coins[1:], strict=True):
        logits, state = step(fed[-1], state)
        fed.append(np.where(coin, target, choose(logits)))
    return np.stack(fed)


@shapes(params=decoder_params_of, keys="S B H", mask="bool S B")
def decoder_step(params, keys, *, mask=None, score=None, cell="gru"):
    """Turn the decoder into `logits, state = step(tokens, state)`, which is what `generate` and `beam_search` take.

    Args:
        params: the decoder's parameters.
        keys: (S, B, H), from `encoder_forward`. With B = 1 the step takes any number of tokens, as beam search needs.
        mask: (S, B), True where there is a key to look at; None hides nothing.
        score: the score of the attention, or None for no attention.
        cell: a name in `CELLS`, or a `Cell`.
    Returns:
        step: from tokens (W,) and the cell's state (W, H) to logits (W, V) and the next state; W is B, or any number if B is 1.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """

    def step(tokens, state):
        W = len(tokens) if keys.shape[1] == 1 else keys.shape[1]
        wide_keys = np.broadcast_to(keys, (len(keys), W, keys.shape[2]))
        wide_mask = None if mask is None else np.broadcast_to(mask, (len(keys), W))
        logits, state, _ = decoder_forward(params, tokens[None], state, wide_keys, mask=wide_mask, score=score, cell=cell)
        return logits[0], state

    return step


@shapes(params=params_of_both, source="int S B", max_length="size", lengths="int B")
def free_run(params, source, *, start, max_length, end=None, lengths=None, score=None, cell="gru", choose=_best):
    """Read the source, and write until the end token: every token that is chosen is fed to the next step.

    Args:
        params: dict of encoder and decoder, as `init_encoder_decoder` gives it for the same score and cell.
        source: (S, B), tokens.
        start: the token that is fed first.
        max_length: how many tokens to write at most.
        end: the token that ends a sequence; None lets all run to max_length.
        lengths: (B,), of the sources, whole numbers from 1 to S; None means S.
        score: the score of the attention, or None for no attention.
        cell: a name in `CELLS`, or a `Cell`.
        choose: `tokens = choose(logits)`, from (B, V) to (B,); the best token if not given.
    Returns:
        tokens: (L, B), L at most max_length; an ended sequence is filled up with `end`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    check_start("free_run", start, len(params["decoder"]["embedding"]["weight"]))
    step, state = _reader(params, source, lengths, score, cell)
    return generate(step, state, np.full(source.shape[1], start), choose=choose, max_length=max_length, end=end)


def _reader(params, source, lengths, score, cell):
    """The decoder's step function and its first state, once the source has been read."""
    keys, state, _ = encoder_forward(params["encoder"], source, lengths=lengths, cell=cell)
    mask = None if lengths is None else length_mask(lengths, len(source))
    return decoder_step(params["decoder"], keys, mask=mask, score=score, cell=cell), state


def check_start(where, start, size=None):
    """Refuse a start token that is no whole number, or not one of `size` tokens."""
    if not isinstance(start, int | np.integer) or isinstance(start, bool):
        raise TypeError(f"{where}: start must be a whole number, got {start!r}.")
    if size is not None and not 0 <= start < size:
        raise ValueError(f"{where}: start must lie between 0 and {size - 1}, got {start}.")
