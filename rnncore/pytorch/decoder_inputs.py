"""What a decoder is fed: the functions of `rnncore.reference.decoder_inputs`, on any device.

    teacher forcing        fed_t = target_{t-1}
    free running           fed_t = choose(logits_{t-1})
    scheduled sampling     fed_t = target_{t-1} where coins_t, else choose(logits_{t-1})

Contents
    teacher_forced_inputs     targets -> fed
    scheduled_inputs          targets and coins -> fed
    decoder_step              the decoder as a step function, for `generate` and `beam_search`
    free_run                  source -> tokens, until the end token

Choosing a token has no gradient: `scheduled_inputs` and `free_run` record none.
Source: teacher forcing: Williams and Zipser (1989); scheduled sampling: Bengio et al. (2015).
"""

import torch

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.decoding import generate
from rnncore.pytorch.encoder_decoder import decoder_forward, decoder_params_of, encoder_forward, key_mask, params_of_both
from rnncore.pytorch.ranges import check_range
from rnncore.reference.decoder_inputs import check_start

__all__ = ["decoder_step", "free_run", "scheduled_inputs", "teacher_forced_inputs"]


def _best(logits):
    return logits.argmax(dim=-1)


@tensors(targets="int T B")
def teacher_forced_inputs(targets, start):
    """Shift the targets by one step: before target t the decoder is fed target t - 1.

    Args:
        targets: (T, B), whole numbers.
        start: the token that is fed first.
    Returns:
        fed: (T, B).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> teacher_forced_inputs(torch.tensor([[5], [6], [7]]), start=1)[:, 0].tolist()
    [1, 5, 6]
    """
    check_start("teacher_forced_inputs", start)
    return torch.cat([torch.full_like(targets[:1], start), targets[:-1]])


@torch.no_grad()
@tensors(params=params_of_both, source="int S B", targets="int T B", coins="bool T B", lengths="int B")
def scheduled_inputs(params, source, targets, coins, *, start, lengths=None, score=None, cell="gru", choose=_best):
    """Run the decoder, and feed it the true token where the coin is True, its own where it is False.

    Args:
        params: dict of encoder and decoder, as `init_encoder_decoder` gives it for the same score and cell.
        source: (S, B), tokens.
        targets: (T, B), tokens from 0 to V - 1.
        coins: (T, B) of bool; True feeds the true token. coins[0] changes nothing.
        start: the token that is fed first.
        lengths: (B,), of the sources, whole numbers from 1 to S; None means S.
        score: the score of the attention, or None for no attention.
        cell: a name in `TENSOR_CELLS`, or a `TensorCell`.
        choose: `tokens = choose(logits)`, from (B, V) to (B,); the best token if not given.
    Returns:
        fed: (T, B).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    V = len(params["decoder"]["embedding"]["weight"])
    check_start("scheduled_inputs", start, V)
    check_range("scheduled_inputs: targets", targets, 0, V - 1)
    step, state = _reader(params, source, lengths, score, cell)
    fed = [torch.full_like(targets[0], start)]
    for target, coin in zip(targets[:-1], coins[1:], strict=True):
        logits, state = step(fed[-1], state)
        fed.append(torch.where(coin, target, choose(logits)))
    return torch.stack(fed)


@tensors(params=decoder_params_of, keys="S B H", mask="bool S B")
def decoder_step(params, keys, *, mask=None, score=None, cell="gru"):
    """Turn the decoder into `logits, state = step(tokens, state)`, which is what `generate` and `beam_search` take.

    Args:
        params: the decoder's parameters.
        keys: (S, B, H), from `encoder_forward`. With B = 1 the step takes any number of tokens, as beam search needs.
        mask: (S, B), True where there is a key to look at; None hides nothing.
        score: the score of the attention, or None for no attention.
        cell: a name in `TENSOR_CELLS`, or a `TensorCell`.
    Returns:
        step: from tokens (W,) and the cell's state (W, H) to logits (W, V) and the next state; W is B, or any number if B is 1.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """

    def step(tokens, state):
        W = len(tokens) if keys.shape[1] == 1 else keys.shape[1]
        wide_keys, wide_mask = keys.expand(-1, W, -1), None if mask is None else mask.expand(-1, W)
        logits, state = decoder_forward(params, tokens[None], state, wide_keys, mask=wide_mask, score=score, cell=cell)
        return logits[0], state

    return step


@torch.no_grad()
@tensors(params=params_of_both, source="int S B", max_length="size", lengths="int B")
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
        cell: a name in `TENSOR_CELLS`, or a `TensorCell`.
        choose: `tokens = choose(logits)`, from (B, V) to (B,); the best token if not given.
    Returns:
        tokens: (L, B), L at most max_length; an ended sequence is filled up with `end`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    check_start("free_run", start, len(params["decoder"]["embedding"]["weight"]))
    step, state = _reader(params, source, lengths, score, cell)
    first = torch.full_like(source[0], start)
    return generate(step, state, first, choose=choose, max_length=max_length, end=end)


def _reader(params, source, lengths, score, cell):
    """The decoder's step function and its first state, once the source has been read."""
    keys, state = encoder_forward(params["encoder"], source, lengths=lengths, cell=cell)
    return decoder_step(params["decoder"], keys, mask=key_mask(lengths, keys), score=score, cell=cell), state
