"""Lab 4, part 8: the loss at each place of a chunk."""

import numpy as np

from rnncore.reference import (
    embedding_forward,
    linear_forward,
    log_softmax,
    rnn_forward,
    rnn_step_forward,
    softmax,
    softmax_cross_entropy_forward,
)
from tests.corpus.answers import right, wrong


@right
def log_softmax_at_once(params, batches, carry):
    H, B = len(params["rnn"]["bias_hh"]), batches[0][0].shape[1]
    state = np.zeros((B, H), params["rnn"]["bias_hh"].dtype)
    collected = []
    for inputs, targets in batches:
        if not carry:
            state = np.zeros_like(state)
        xs, _ = embedding_forward(params["embedding"], inputs)
        hs, state, _ = rnn_forward(params["rnn"], xs, state)
        log_p = log_softmax(linear_forward(params["output"], hs)[0])
        collected.append(-np.take_along_axis(log_p, targets[:, :, None], axis=2)[:, :, 0])
    return np.stack(collected).mean(axis=2).mean(axis=0)


@right
def step_by_step(params, batches, carry):
    T, B = batches[0][0].shape
    H, dtype = params["rnn"]["weight_hh"].shape[0], params["rnn"]["weight_hh"].dtype
    sums, h = np.zeros(T, dtype), np.zeros((B, H), dtype)
    for inputs, targets in batches:
        if not carry:
            h = np.zeros((B, H), dtype)
        for t in range(T):
            x, _ = embedding_forward(params["embedding"], inputs[t])
            h, _ = rnn_step_forward(params["rnn"], x, h)
            p = softmax(linear_forward(params["output"], h)[0])
            sums[t] -= np.log(p[np.arange(B), targets[t]]).mean()
    return sums / len(batches)


@right
def with_the_loss_function(params, batches, carry):
    T, B = batches[0][0].shape
    zero = np.zeros((B, params["output"]["weight"].shape[1]), params["output"]["weight"].dtype)
    state, table = zero, []
    for inputs, targets in batches:
        hs, state, _ = rnn_forward(params["rnn"], params["embedding"]["weight"][inputs], state if carry else zero)
        logits = linear_forward(params["output"], hs)[0]
        table.append([softmax_cross_entropy_forward(logits[t], targets[t])[0] for t in range(T)])
    return np.array(table, dtype=zero.dtype).mean(axis=0)


@right
def all_chunks_as_one(params, batches, carry):
    """Carried, the chunks are one long sequence; reset, they are more rows of a batch."""
    inputs, targets = (np.array(part) for part in zip(*batches, strict=True))  # (M, T, B)
    M, T, B = inputs.shape
    if carry:
        xs, ys = inputs.reshape(M * T, B), targets.reshape(M * T, B)
    else:
        xs, ys = (part.transpose(1, 0, 2).reshape(T, M * B) for part in (inputs, targets))
    weight = params["embedding"]["weight"]
    hs, _, _ = rnn_forward(params["rnn"], weight[xs], np.zeros((xs.shape[1], len(params["rnn"]["bias_ih"])), weight.dtype))
    y = hs @ params["output"]["weight"].T + params["output"]["bias"]
    losses = np.log(np.exp(y).sum(axis=-1)) - np.take_along_axis(y, ys[..., None], axis=-1)[..., 0]
    return losses.reshape(M, T, B).mean(axis=(0, 2)) if carry else losses.mean(axis=1)


@right
def running_sum(params, batches, carry):
    total, count = 0, 0
    state = None
    for inputs, targets in batches:
        if state is None or not carry:
            state = np.zeros((inputs.shape[1], len(params["rnn"]["weight_hh"])), dtype=params["embedding"]["weight"].dtype)
        xs, _ = embedding_forward(params["embedding"], inputs)
        hs, state, _ = rnn_forward(params["rnn"], xs, state)
        logits, _ = linear_forward(params["output"], hs)
        one_hot = np.eye(logits.shape[-1], dtype=logits.dtype)[targets]
        total = total - (log_softmax(logits) * one_hot).sum(axis=(1, 2))
        count += inputs.shape[1]
    return total / count


@right
def a_column_for_each_chunk(params, batches, carry):
    columns, H = [], params["rnn"]["weight_hh"].shape[1]
    start = np.zeros((batches[0][0].shape[1], H)).astype(params["rnn"]["weight_ih"].dtype)
    state = start
    for number, (inputs, targets) in enumerate(batches):
        begin = state if carry and number else start
        hs, state, _ = rnn_forward(params["rnn"], params["embedding"]["weight"][inputs], begin)
        p = softmax(hs @ params["output"]["weight"].T + params["output"]["bias"])
        t, b = np.indices(targets.shape)
        columns.append(-np.log(p[t, b, targets]).mean(axis=1))
        print(f"chunk {number}: {columns[-1].mean():.3f}")
    return np.column_stack(columns).mean(axis=1)


def losses_of(params, batches, habit):
    """(M, T, B); `habit(state)` is what the next chunk starts from."""
    state = np.zeros((batches[0][0].shape[1], len(params["rnn"]["weight_hh"])), params["rnn"]["weight_hh"].dtype)
    found = []
    for inputs, targets in batches:
        hs, state, _ = rnn_forward(params["rnn"], params["embedding"]["weight"][inputs], state)
        p = softmax(linear_forward(params["output"], hs)[0])
        found.append(-np.log(np.take_along_axis(p, targets[..., None], axis=-1)[..., 0]))
        state = habit(state)
    return np.array(found)


def as_asked(params, batches, carry):
    return losses_of(params, batches, lambda state: state if carry else 0 * state)


@wrong("carry is ignored: the state is never reset")
def always_carried(params, batches, carry):
    return losses_of(params, batches, lambda state: state).mean(axis=(0, 2))


@wrong("carry is ignored: the state is reset before every chunk")
def never_carried(params, batches, carry):
    return losses_of(params, batches, np.zeros_like).mean(axis=(0, 2))


@wrong("carry is taken the wrong way round")
def turned(params, batches, carry):
    return as_asked(params, batches, not carry).mean(axis=(0, 2))


@wrong("the losses of the chunks are added")
def not_divided(params, batches, carry):
    return as_asked(params, batches, carry).sum(axis=0).mean(axis=-1)


@wrong("the losses of the sequences are added")
def batch_summed(params, batches, carry):
    return as_asked(params, batches, carry).mean(axis=0).sum(axis=-1)


@wrong("the losses are added over chunks and sequences")
def all_summed(params, batches, carry):
    return as_asked(params, batches, carry).sum(axis=(0, 2))


@wrong("the mean runs over the places, too")
def one_number(params, batches, carry):
    return np.mean(as_asked(params, batches, carry))


@wrong("there is a number for each chunk")
def by_chunk(params, batches, carry):
    return as_asked(params, batches, carry).mean(axis=(1, 2))


@wrong("there is a number for each sequence")
def by_sequence(params, batches, carry):
    return as_asked(params, batches, carry).mean(axis=(0, 1))


@wrong("average over the batch")
def batch_kept(params, batches, carry):
    return as_asked(params, batches, carry).mean(axis=0)


@wrong("average over the chunks")
def chunks_kept(params, batches, carry):
    return as_asked(params, batches, carry).mean(axis=2)


@wrong("average over the chunks")
def every_step_of_the_text(params, batches, carry):
    return np.concatenate(list(as_asked(params, batches, carry).mean(axis=2)))


@wrong("the sign is missing")
def log_likelihood(params, batches, carry):
    return -as_asked(params, batches, carry).mean(axis=(0, 2))


@wrong("the losses are in bits")
def bits(params, batches, carry):
    return as_asked(params, batches, carry).mean(axis=(0, 2)) / np.log(2).astype(params["output"]["bias"].dtype)


@wrong("the perplexity stands in the place of the loss")
def perplexity(params, batches, carry):
    return np.exp(as_asked(params, batches, carry).mean(axis=(0, 2)))


@wrong("the probabilities are averaged before the logarithm")
def log_of_mean(params, batches, carry):
    return -np.log(np.exp(-as_asked(params, batches, carry)).mean(axis=(0, 2)))


@wrong("the probability of the input is scored")
def scores_inputs(params, batches, carry):
    return as_asked(params, [(inputs, inputs) for inputs, _ in batches], carry).mean(axis=(0, 2))


@wrong("only the last chunk is counted")
def overwritten(params, batches, carry):
    return as_asked(params, batches, carry)[-1].mean(axis=-1)


@wrong("only the first chunk is counted")
def indented_return(params, batches, carry):
    for losses in as_asked(params, batches, carry):
        return losses.mean(axis=-1)


@wrong("the softmax is left out")
def minus_the_logit(params, batches, carry):
    H, B = len(params["rnn"]["weight_hh"]), batches[0][0].shape[1]
    state, found = np.zeros((B, H), params["rnn"]["weight_hh"].dtype), []
    for inputs, targets in batches:
        hs, last, _ = rnn_forward(params["rnn"], params["embedding"]["weight"][inputs], state)
        state = last if carry else state
        logits, _ = linear_forward(params["output"], hs)
        found.append(-np.take_along_axis(logits, targets[..., None], -1)[..., 0].mean(axis=1))
    return np.mean(found, axis=0)


@wrong("the state after the first step of a chunk is carried")
def first_state_carried(params, batches, carry):
    H, B = len(params["rnn"]["weight_hh"]), batches[0][0].shape[1]
    state, found = np.zeros((B, H), params["rnn"]["weight_hh"].dtype), []
    for inputs, targets in batches:
        hs, _, _ = rnn_forward(params["rnn"], params["embedding"]["weight"][inputs], state)
        state = hs[0] if carry else state
        p = softmax(linear_forward(params["output"], hs)[0])
        found.append(-np.log(np.take_along_axis(p, targets[..., None], -1)[..., 0]).mean(axis=1))
    return np.mean(found, axis=0)


@wrong("losses must be a NumPy array of shape")
def a_list(params, batches, carry):
    return list(as_asked(params, batches, carry).mean(axis=(0, 2)))


@wrong("must have the dtype of the inputs, float32, got float64.")
def wide(params, batches, carry):
    return as_asked(params, batches, carry).mean(axis=(0, 2)).astype(float)


@wrong(None)
def median(params, batches, carry):
    return np.median(as_asked(params, batches, carry), axis=(0, 2))


def logits_of(params, inputs, state):
    xs, _ = embedding_forward(params["embedding"], inputs)
    hs, state, _ = rnn_forward(params["rnn"], xs, state)
    return linear_forward(params["output"], hs)[0], state


def zeros_of(params, batches):
    W = params["rnn"]["weight_hh"]
    return np.zeros((batches[0][0].shape[1], len(W)), dtype=W.dtype)


@right
def log_sum_exp(params, batches, carry):
    zeros = zeros_of(params, batches)
    state, total = zeros, 0
    for inputs, targets in batches:
        start = state if carry else zeros
        y, state = logits_of(params, inputs, start)
        y = y - y.max(axis=-1, keepdims=True)
        logp = y - np.log(np.exp(y).sum(axis=-1, keepdims=True))
        rows, columns = np.indices(inputs.shape)
        total = total - logp[rows, columns, targets].mean(axis=1)
    return total / len(batches)


def chunk_losses(params, batches, carry, zeros=None):
    zeros = zeros_of(params, batches) if zeros is None else zeros
    state, found = zeros, []
    for inputs, targets in batches:
        logits, state = logits_of(params, inputs, state if carry else zeros)
        found.append(-np.log(np.take_along_axis(softmax(logits), targets[..., None], axis=-1)[..., 0]))
    return np.array(found)


@wrong("use one dtype in a call.")
def zeros_in_float64(params, batches, carry):
    zeros = np.zeros((batches[0][0].shape[1], params["rnn"]["weight_hh"].shape[0]))
    return chunk_losses(params, batches, carry, zeros).mean(axis=(0, 2))


@wrong("losses must have shape (2,), got (2, 2, 1).")
def no_last_axis(params, batches, carry):
    zeros = zeros_of(params, batches)
    state, found = zeros, []
    for inputs, targets in batches:
        logits, state = logits_of(params, inputs, state if carry else zeros)
        found.append(-np.log(softmax(logits)[..., targets]))
    return np.array(found).mean(axis=(0, 2))


@wrong("state0 must have shape (B, H)")
def zeros_of_D(params, batches, carry):
    zeros = np.zeros((batches[0][0].shape[1], params["rnn"]["weight_ih"].shape[1]))
    return chunk_losses(params, batches, carry, zeros).mean(axis=(0, 2))
