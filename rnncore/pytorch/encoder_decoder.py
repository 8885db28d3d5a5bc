"""Encoder-decoder, with and without attention: the functions of `rnncore.reference.encoder_decoder`, on any device.

Contents
    init_encoder_decoder          parameters
    encoder_forward               source -> keys, state
    decoder_forward               fed tokens, state, keys -> logits
    encoder_decoder_forward       both; the attention maps too, if asked for

What the decoder is fed, the true tokens or its own, is made by `decoder_inputs.py`. Sources (S, B) and fed tokens (T, B) are data.
Source: Sutskever, Vinyals and Le (2014); Cho et al. (2014); Luong, Pham and Manning (2015). The equations stand in the reference.
"""

import torch

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.attention import attention_forward, init_attention
from rnncore.pytorch.cells import find_tensor_cell, state_of
from rnncore.pytorch.layers import embedding_forward, init_embedding, init_linear, linear_forward
from rnncore.pytorch.masked import layer_forward
from rnncore.pytorch.masking import check_lengths, length_mask
from rnncore.pytorch.ranges import check_range
from rnncore.reference.encoder_decoder import decoder_spec, encoder_spec
from rnncore.reference.shapes import shapes

__all__ = ["decoder_forward", "encoder_decoder_forward", "encoder_forward", "init_encoder_decoder"]


def encoder_params_of(given):
    """The specification of the encoder's parameters, for `tensors`, from the argument `cell`."""
    return encoder_spec(find_tensor_cell(given["cell"]))


def decoder_params_of(given):
    """The specification of the decoder's parameters, for `tensors`, from the arguments `cell` and `score`."""
    return decoder_spec(find_tensor_cell(given["cell"]), given["score"])


def params_of_both(given):
    """The specification of all parameters, for `tensors`, from the arguments `cell` and `score`."""
    return {"encoder": encoder_params_of(given), "decoder": decoder_params_of(given)}


@shapes(rng="rng", source_size="size", target_size="size", embedding_dim="size", hidden_size="size")
def init_encoder_decoder(
    rng, source_size, target_size, embedding_dim, hidden_size, *, score=None, cell="gru", device="auto", dtype=torch.float32
):
    """Draw all parameters; the same numbers as the reference for the same `rng`.

    Args:
        rng: a `numpy.random.Generator`.
        source_size: U, how many tokens the source knows.
        target_size: V, how many tokens the target knows.
        embedding_dim: D.
        hidden_size: H, of encoder and decoder.
        score: the score of the attention ("dot", "scaled_dot", "multiplicative" or "additive"), or None for no attention.
        cell: a name in `TENSOR_CELLS`, or a `TensorCell`.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: encoder {embedding {weight (U, D)}, rnn}, decoder {embedding {weight (V, D)}, output {weight (V, H), bias (V,)}, rnn}; rnn
        is a dict of the cell's parameters. With a score decoder has combine {weight (H, 2H), bias (H,)} and attention {weight_query (H, H),
        weight_key (H, H), v (H,) for the additive score, weight (H, H) for the multiplicative one}, too.
    Raises:
        TypeError, ValueError: an argument has the wrong type or value; the sentence says which.
    """
    D, H, init_cell, on = embedding_dim, hidden_size, find_tensor_cell(cell).init, {"device": device, "dtype": dtype}
    encoder = {"embedding": init_embedding(rng, source_size, D, **on), "rnn": init_cell(rng, D, H, **on)}
    decoder = {"embedding": init_embedding(rng, target_size, D, **on), "rnn": init_cell(rng, D, H, **on)}
    if score is not None:
        decoder["attention"] = init_attention(rng, H, H, score=score, **on)
        decoder["combine"] = init_linear(rng, 2 * H, H, **on)
    decoder["output"] = init_linear(rng, H, target_size, **on)
    return {"encoder": encoder, "decoder": decoder}


@tensors(params=encoder_params_of, source="int S B", lengths="int B")
def encoder_forward(params, source, *, lengths=None, cell="gru"):
    """Read a sequence.

    Args:
        params: dict of embedding {weight (U, D)} and rnn, the cell's parameters.
        source: (S, B), tokens from 0 to U - 1.
        lengths: (B,), whole numbers from 1 to S; what stands in the padding has no influence. None means S.
        cell: a name in `TENSOR_CELLS`, or a `TensorCell`.
    Returns:
        keys: (S, B, H), the hidden state after each token; H is its size. Zero in the padding.
        state_S: the state after the last token of each sequence, as the cell has it: (B, H), or LSTMState of (B, H).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    cell = find_tensor_cell(cell)
    check_range("encoder_forward: source", source, 0, len(params["embedding"]["weight"]) - 1)
    xs = embedding_forward(params["embedding"], source)  # (S, B, D)
    state0 = cell.zero_state(source.shape[1], params["rnn"]["weight_hh"].shape[1], device=xs.device, dtype=xs.dtype)
    return layer_forward(cell, params["rnn"], xs, state0, lengths, {})


@tensors(params=decoder_params_of, fed="int T B", state0=state_of, keys="S B H", mask="bool S B")
def decoder_forward(params, fed, state0, keys, *, mask=None, score=None, cell="gru"):
    """Write a sequence: at each step, the logits of the token that comes after those fed so far.

    Args:
        params: dict of embedding {weight (V, D)}, rnn and output {weight (V, H), bias (V,)}; with attention also attention, the
            score's parameters with Q = K = H, and combine {weight (H, 2H), bias (H,)}.
        fed: (T, B), tokens from 0 to V - 1.
        state0: the state before the first step, as the cell has it: (B, H), or LSTMState of (B, H).
        keys: (S, B, H), what attention looks at; not used without attention.
        mask: (S, B), True where there is a key to look at; None hides nothing.
        score: the score of the attention, or None for no attention.
        cell: a name in `TENSOR_CELLS`, or a `TensorCell`.
    Returns:
        logits: (T, B, V).
        state_T: the state after the last step, as state0.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    logits, state_T, _ = _decode(params, fed, state0, keys, mask, score, cell)
    return logits, state_T


@tensors(params=params_of_both, source="int S B", fed="int T B", lengths="int B")
def encoder_decoder_forward(params, source, fed, *, lengths=None, score=None, cell="gru", need_weights=False):
    """Read the source, then write, given what the decoder is fed at each step.

    Args:
        params: dict of encoder and decoder, as `init_encoder_decoder` gives it for the same score and cell.
        source: (S, B), tokens from 0 to U - 1.
        fed: (T, B), tokens from 0 to V - 1; for teacher forcing `teacher_forced_inputs(targets, start)`.
        lengths: (B,), of the sources, whole numbers from 1 to S; None means S.
        score: the score of the attention, or None for no attention.
        cell: a name in `TENSOR_CELLS`, or a `TensorCell`.
        need_weights: True returns the attention maps too, which the reference has in its cache.
    Returns:
        logits: (T, B, V), at step t of the token that follows fed[t]; V is how many tokens the target knows.
        weights: only with need_weights: (T, B, S), None without attention.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    if lengths is not None:
        check_lengths("encoder_decoder_forward", lengths, len(source))
    keys, state = encoder_forward(params["encoder"], source, lengths=lengths, cell=cell)
    mask = key_mask(lengths, keys)
    logits, _, weights = _decode(params["decoder"], fed, state, keys, mask, score, cell)
    return (logits, weights) if need_weights else logits


def key_mask(lengths, keys):
    """(S, B), True where there is a key; None if no source is padded."""
    return None if lengths is None else length_mask(lengths.to(keys.device), len(keys))


def _decode(params, fed, state0, keys, mask, score, cell):
    check_range("decoder_forward: fed", fed, 0, len(params["embedding"]["weight"]) - 1)
    xs = embedding_forward(params["embedding"], fed)  # (T, B, D)
    hs, state_T = find_tensor_cell(cell).forward(params["rnn"], xs, state0)  # (T, B, H)
    weights = None
    if score is not None:
        contexts, weights = attention_forward(params["attention"], hs, keys, keys, score=score, mask=mask)
        hs = torch.tanh(linear_forward(params["combine"], torch.cat([contexts, hs], dim=-1)))
    return linear_forward(params["output"], hs), state_T, weights
