r"""Encoder-decoder: one network reads a sequence, another writes a second one of another length.

    keys_s, state_S = encoder cell over embedding(source)            s = 1 .. S, from the state zero
    h_t             = decoder cell over embedding(fed)               t = 1 .. T, from state_S
    c_t, w_t        = attention(h_t, keys, keys)                     with attention only; without, h_t itself goes on below:
    a_t             = tanh(W_combine [c_t, h_t] + b_combine)
    logits_t        = W_output a_t + b_output

Contents
    init_encoder_decoder                                          parameters
    encoder_forward, encoder_backward                             source -> keys, state
    decoder_forward, decoder_backward                             fed tokens, state, keys -> logits
    encoder_decoder_forward, encoder_decoder_backward             both

Without attention all that the decoder knows of the source is one state of fixed size. `fed` is whatever the decoder is given as
input, the true tokens (teacher forcing) or its own: `decoder_inputs.py`. Sources (S, B) and fed tokens (T, B) are data.
Source: Sutskever, Vinyals and Le (2014); Cho et al. (2014); with attention: Luong, Pham and Manning (2015), global attention
without input feeding.
"""

from typing import Any, NamedTuple

import numpy as np

from rnncore.reference.attention import AttentionCache, attention_backward, attention_forward, init_attention, params_of_score
from rnncore.reference.cells import Cell, cached_state_of, find_cell, state_of
from rnncore.reference.layers import (
    EmbeddingCache,
    LinearCache,
    embedding_backward,
    embedding_forward,
    init_embedding,
    init_linear,
    linear_backward,
    linear_forward,
)
from rnncore.reference.masking import check_lengths, length_mask
from rnncore.reference.ranges import check_range
from rnncore.reference.shapes import shapes
from rnncore.tuned.masked import layer_backward, layer_forward

__all__ = [
    "DecoderCache",
    "EncoderCache",
    "EncoderDecoderCache",
    "decoder_backward",
    "decoder_forward",
    "encoder_backward",
    "encoder_decoder_backward",
    "encoder_decoder_forward",
    "encoder_forward",
    "init_encoder_decoder",
]


class EncoderCache(NamedTuple):
    """What the encoder keeps for its backward pass."""

    cell: Cell
    embedding: EmbeddingCache
    rnn: Any  # the cell's own cache
    keys: np.ndarray  # (S, B, H)


class DecoderCache(NamedTuple):
    """What the decoder keeps for its backward pass."""

    cell: Cell
    embedding: EmbeddingCache
    rnn: Any  # the cell's own cache
    attention: AttentionCache | None
    combine: LinearCache | None
    output: LinearCache
    keys: np.ndarray  # (S, B, H)
    logits: np.ndarray  # (T, B, V)


class EncoderDecoderCache(NamedTuple):
    """What both keep for their backward pass."""

    encoder: EncoderCache
    decoder: DecoderCache
    logits: np.ndarray  # (T, B, V)
    weights: np.ndarray | None  # (T, B, S), the attention maps


def encoder_spec(cell):
    """The shapes of the encoder's parameters."""
    return {"embedding": {"weight": "U D"}, "rnn": cell.params}


def decoder_spec(cell, score):
    """The shapes of the decoder's parameters, with attention if there is a score."""
    spec = {"embedding": {"weight": "V D"}, "rnn": cell.params, "output": {"weight": "V H", "bias": "V"}}
    if score is None:
        return spec
    attention = {name: axes.replace("Q", "H").replace("K", "H") for name, axes in params_of_score(score).items()}
    return spec | {"attention": attention, "combine": {"weight": "H 2H", "bias": "H"}}


def encoder_params_of(given):
    """The specification of the encoder's parameters, for `shapes`, from the argument `cell`."""
    return encoder_spec(find_cell(given["cell"]))


def decoder_params_of(given):
    """The specification of the decoder's parameters, for `shapes`, from the arguments `cell` and `score`."""
    return decoder_spec(find_cell(given["cell"]), given["score"])


def params_of_both(given):
    """The specification of all parameters, for `shapes`, from the arguments `cell` and `score`."""
    return {"encoder": encoder_params_of(given), "decoder": decoder_params_of(given)}


@shapes(rng="rng", source_size="size", target_size="size", embedding_dim="size", hidden_size="size")
def init_encoder_decoder(rng, source_size, target_size, embedding_dim, hidden_size, *, score=None, cell="gru", dtype=np.float64):
    """Draw all parameters, each part as its own init function does.

    Args:
        rng: a `numpy.random.Generator`.
        source_size: U, how many tokens the source knows.
        target_size: V, how many tokens the target knows.
        embedding_dim: D.
        hidden_size: H, of encoder and decoder.
        score: the score of the attention ("dot", "scaled_dot", "multiplicative" or "additive"), or None for no attention.
        cell: a name in `CELLS`, or a `Cell`.
        dtype: floating-point type of the arrays.
    Returns:
        A dict: encoder {embedding {weight (U, D)}, rnn}, decoder {embedding {weight (V, D)}, output {weight (V, H), bias (V,)}, rnn}; rnn
        is a dict of the cell's parameters. With a score decoder has combine {weight (H, 2H), bias (H,)} and attention {weight_query (H, H),
        weight_key (H, H), v (H,) for the additive score, weight (H, H) for the multiplicative one}, too.
    Raises:
        TypeError, ValueError: an argument has the wrong type or value; the sentence says which.
    """
    D, H, init_cell = embedding_dim, hidden_size, find_cell(cell).init
    encoder = {"embedding": init_embedding(rng, source_size, D, dtype=dtype), "rnn": init_cell(rng, D, H, dtype=dtype)}
    decoder = {"embedding": init_embedding(rng, target_size, D, dtype=dtype), "rnn": init_cell(rng, D, H, dtype=dtype)}
    if score is not None:
        decoder["attention"] = init_attention(rng, H, H, score=score, dtype=dtype)
        decoder["combine"] = init_linear(rng, 2 * H, H, dtype=dtype)
    decoder["output"] = init_linear(rng, H, target_size, dtype=dtype)
    return {"encoder": encoder, "decoder": decoder}


@shapes(params=encoder_params_of, source="int S B", lengths="int B")
def encoder_forward(params, source, *, lengths=None, cell="gru"):
    """Read a sequence.

    Args:
        params: dict of embedding {weight (U, D)} and rnn, the cell's parameters.
        source: (S, B), tokens from 0 to U - 1.
        lengths: (B,), whole numbers from 1 to S; what stands in the padding has no influence. None means S.
        cell: a name in `CELLS`, or a `Cell`.
    Returns:
        keys: (S, B, H), the hidden state after each token; H is its size. Zero in the padding.
        state_S: the state after the last token of each sequence, as the cell has it: (B, H), or LSTMState of (B, H).
        cache: for `encoder_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    cell = find_cell(cell)
    if lengths is not None:
        check_lengths("encoder_forward", lengths, len(source))
    check_range("encoder_forward: source", source, 0, len(params["embedding"]["weight"]) - 1)
    xs, embedding_cache = embedding_forward(params["embedding"], source)  # (S, B, D)
    state0 = cell.zero_state(source.shape[1], params["rnn"]["weight_hh"].shape[1], xs.dtype)
    keys, state_S, rnn_cache = layer_forward(cell, params["rnn"], xs, state0, lengths, {})
    return keys, state_S, EncoderCache(cell, embedding_cache, rnn_cache, keys)


@shapes(cache=(EncoderCache, {"keys": "S B H"}), dkeys="S B H", dstate_S=cached_state_of)
def encoder_backward(cache, dkeys, dstate_S=None):
    """Carry the gradient back through the reading.

    Args:
        cache: what `encoder_forward` returned.
        dkeys: (S, B, H).
        dstate_S: gradient with respect to state_S, of its type; None means zero.
    Returns:
        dparams: dict of embedding and rnn, as the parameters.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    drnn, dxs, _ = layer_backward(cache.cell, cache.rnn, dkeys, dstate_S)
    return {"embedding": embedding_backward(cache.embedding, dxs), "rnn": drnn}


@shapes(params=decoder_params_of, fed="int T B", state0=state_of, keys="S B H", mask="bool S B")
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
        cell: a name in `CELLS`, or a `Cell`.
    Returns:
        logits: (T, B, V).
        state_T: the state after the last step, as state0.
        cache: for `decoder_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Luong, Pham and Manning (2015), equations 5 to 7.
    """
    cell = find_cell(cell)
    check_range("decoder_forward: fed", fed, 0, len(params["embedding"]["weight"]) - 1)
    xs, embedding_cache = embedding_forward(params["embedding"], fed)  # (T, B, D)
    hs, state_T, rnn_cache = cell.forward(params["rnn"], xs, state0)  # (T, B, H)
    attention_cache = combine_cache = None
    if score is not None:
        contexts, _, attention_cache = attention_forward(params["attention"], hs, keys, keys, score=score, mask=mask)
        combined, combine_cache = linear_forward(params["combine"], np.concatenate([contexts, hs], axis=-1))
        hs = np.tanh(combined)
    logits, output_cache = linear_forward(params["output"], hs)
    return logits, state_T, DecoderCache(cell, embedding_cache, rnn_cache, attention_cache, combine_cache, output_cache, keys, logits)


@shapes(cache=(DecoderCache, {"logits": "T B V"}), dlogits="T B V", dstate_T=cached_state_of)
def decoder_backward(cache, dlogits, dstate_T=None):
    """Carry the gradient back through the writing.

    Args:
        cache: what `decoder_forward` returned.
        dlogits: (T, B, V).
        dstate_T: gradient with respect to state_T, of its type; None means zero.
    Returns:
        dparams: dict as the parameters.
        dstate0: of the type of state0.
        dkeys: (S, B, H); zero without attention.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    doutput, dhs = linear_backward(cache.output, dlogits)
    dkeys, with_attention = np.zeros_like(cache.keys), {}
    if cache.attention is not None:
        a = cache.output.x  # tanh(combined)
        dcombine, dboth = linear_backward(cache.combine, dhs * (1 - a**2))
        dcontexts, dhs = np.split(dboth, 2, axis=-1)
        dattention, dqueries, dkeys, dvalues = attention_backward(cache.attention, dcontexts)
        dhs, dkeys = dhs + dqueries, dkeys + dvalues  # the states asked, and the keys served as values too
        with_attention = {"attention": dattention, "combine": dcombine}
    drnn, dxs, dstate0 = cache.cell.backward(cache.rnn, dhs, dstate_T)
    dembedding = embedding_backward(cache.embedding, dxs)
    return {"embedding": dembedding, "rnn": drnn, **with_attention, "output": doutput}, dstate0, dkeys


@shapes(params=params_of_both, source="int S B", fed="int T B", lengths="int B")
def encoder_decoder_forward(params, source, fed, *, lengths=None, score=None, cell="gru"):
    """Read the source, then write, given what the decoder is fed at each step.

    Args:
        params: dict of encoder and decoder, as `init_encoder_decoder` gives it for the same score and cell.
        source: (S, B), tokens from 0 to U - 1.
        fed: (T, B), tokens from 0 to V - 1; for teacher forcing `teacher_forced_inputs(targets, start)`.
        lengths: (B,), of the sources, whole numbers from 1 to S; None means S.
        score: the score of the attention, or None for no attention.
        cell: a name in `CELLS`, or a `Cell`.
    Returns:
        logits: (T, B, V), at step t of the token that follows fed[t]; V is how many tokens the target knows.
        cache: for `encoder_decoder_backward`; its field weights (T, B, S) holds the attention maps, None without attention.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Sutskever, Vinyals and Le (2014); Luong, Pham and Manning (2015).
    """
    keys, state, encoder_cache = encoder_forward(params["encoder"], source, lengths=lengths, cell=cell)
    mask = None if lengths is None else length_mask(lengths, len(source))
    logits, _, decoder_cache = decoder_forward(params["decoder"], fed, state, keys, mask=mask, score=score, cell=cell)
    weights = None if score is None else decoder_cache.attention.weights
    return logits, EncoderDecoderCache(encoder_cache, decoder_cache, logits, weights)


@shapes(cache=(EncoderDecoderCache, {"logits": "T B V"}), dlogits="T B V")
def encoder_decoder_backward(cache, dlogits):
    """Carry the gradient back through the writing, the state (and the keys) between, and the reading.

    Args:
        cache: what `encoder_decoder_forward` returned.
        dlogits: (T, B, V).
    Returns:
        dparams: dict of encoder and decoder, as the parameters.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    ddecoder, dstate, dkeys = decoder_backward(cache.decoder, dlogits)
    return {"encoder": encoder_backward(cache.encoder, dkeys, dstate), "decoder": ddecoder}
