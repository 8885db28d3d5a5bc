"""Lab 10, part 2: read the source.

Contents
    reading    the check of `read`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab10.inputs import ENCODER, PLUS_MINUS, U, draw_source
from rnncore.reference.rnn import rnn_forward

__all__ = ["reading"]


def read(params, source, lengths):
    """Read sources of unequal lengths, and return the state after the last token of each."""
    xs = params["embedding"]["weight"][source]  # (S, B, D)
    k_0 = np.zeros((len(lengths), len(params["rnn"]["weight_hh"])), dtype=xs.dtype)
    keys, _, cache = rnn_forward(params["rnn"], xs, k_0)  # (S, B, H)
    state = keys[lengths - 1, np.arange(len(lengths))]  # (B, H)
    return state, cache


def draw_reading(rng, dtype, S, B, H):
    yield from draw_source(rng, dtype, S, B, H)


def with_state(change):
    """The right function but for the state, from `change(keys, lengths)`."""

    def wrong(params, source, lengths):
        _, cache = read(params, source, lengths)
        return change(cache.hs, lengths), cache

    return wrong


def starting(k_0):
    """The right function but for the first state, from `k_0(xs, H)`."""

    def wrong(params, source, lengths):
        xs = params["embedding"]["weight"][source]
        keys, _, cache = rnn_forward(params["rnn"], xs, k_0(xs, len(params["rnn"]["weight_hh"])))
        return keys[lengths - 1, np.arange(len(lengths))], cache

    return wrong


def mask(keys, lengths):
    return np.arange(len(keys))[:, None, None] < lengths[:, None]


def each_step_from_zero(params, source, lengths):
    """Only the last token is read, from a state of zeros."""
    _, cache = read(params, source[:1], np.ones_like(lengths))
    ends = [read(params, source[t : t + 1], np.ones_like(lengths))[0] for t in range(len(source))]
    return np.stack(ends)[lengths - 1, np.arange(len(lengths))], cache


def padding_zeroed(params, source, lengths):
    """The inputs of the padding are zeros, and the state after them is handed over."""
    xs = params["embedding"]["weight"][source]
    k_0 = np.zeros((len(lengths), len(params["rnn"]["weight_hh"])), dtype=xs.dtype)
    _, state, cache = rnn_forward(params["rnn"], np.where(mask(xs, lengths), xs, 0 * xs), k_0)
    return state, cache


def reversed_padded(params, source, lengths):
    turned = source.copy()
    for b, n in enumerate(lengths):
        turned[:n, b] = source[:n, b][::-1]
    return read(params, turned, lengths)


def each_source_alone_gives_the_same(function, rng):
    """The state of each source is what one finds token by token, written anew; nothing behind its end has an influence."""
    ((params, source, lengths), _) = draw_source(rng, np.dtype("float64"), S=5, B=3, H=4)
    weight, rnn = params["embedding"]["weight"], params["rnn"]
    state, _ = function(params, source, lengths)
    for b, n in enumerate(lengths):
        k = np.zeros(4)
        for token in source[:n, b]:
            k = np.tanh(rnn["weight_ih"] @ weight[token] + rnn["bias_ih"] + rnn["weight_hh"] @ k + rnn["bias_hh"])
        compare(f"token by token, state[{b}]", state[b], k)
    other = np.where(np.arange(5)[:, None] < lengths, source, (source + 1) % U)
    compare("with other tokens in the padding, state", function(params, other, lengths)[0], state)


reading = Exercise(
    read,
    outputs=("state", "cache"),
    letters="SBH",
    example=lambda: (ENCODER, np.repeat(PLUS_MINUS, 2, axis=1), np.array([2, 1])),
    draw=draw_reading,
    properties=(each_source_alone_gives_the_same,),
    mistakes={
        "the state after the last step of the array is taken; a shorter source has ended before, and what follows is padding": with_state(
            lambda keys, lengths: keys[-1]
        ),
        "lengths is used as an index as it is; the last token of a source of n tokens has the index n - 1": with_state(
            lambda keys, lengths: keys[lengths, np.arange(len(lengths))]
        ),
        "the state before the last token is taken; the index is lengths - 1": with_state(
            lambda keys, lengths: keys[lengths - 2, np.arange(len(lengths))]
        ),
        "keys[lengths - 1] takes all sequences at each of these times; each time belongs to one sequence": with_state(
            lambda keys, lengths: keys[lengths - 1]
        ),
        "lengths and the sequences change places in the index; time is the first axis": with_state(
            lambda keys, lengths: keys[np.arange(len(lengths)), lengths - 1]
        ),
        "all sources are taken to be as long as the shortest": with_state(lambda keys, lengths: keys[lengths.min() - 1]),
        "the padding is set to zero and the last step taken, so that a shorter source hands over zeros": with_state(
            lambda keys, lengths: np.where(mask(keys, lengths), keys, 0)[-1]
        ),
        "the padding's embeddings are set to zero and the last step taken; the cell runs on through zeros, too": padding_zeroed,
        "each length is counted from the end of the array; it is counted from the beginning": with_state(
            lambda keys, lengths: keys[-lengths, np.arange(len(lengths))]
        ),
        "each time is looked up in the first sequence; each of them belongs to a sequence of its own": with_state(
            lambda keys, lengths: keys[lengths - 1, 0]
        ),
        "the lengths are counted as the tokens that are not 0; which tokens are padding, only lengths says": lambda params,
        source,
        lengths: (read(params, source, (source != 0).sum(axis=0))),
        "the state after the first token is taken": with_state(lambda keys, lengths: keys[0]),
        "the mean of all states is handed over; only the last one is": with_state(lambda keys, lengths: keys.mean(axis=0)),
        "the mean of the states of each source is handed over; only the last one is": with_state(
            lambda keys, lengths: np.where(mask(keys, lengths), keys, 0).sum(axis=0) / lengths[:, None].astype(keys.dtype)
        ),
        "the sum of all states is handed over; only the last one is": with_state(lambda keys, lengths: keys.sum(axis=0)),
        "all states are handed over; the decoder gets the last of each source": with_state(lambda keys, lengths: keys),
        "the state has an axis for time; it is shaped (B, H)": with_state(
            lambda keys, lengths: keys[lengths - 1, np.arange(len(lengths))][None]
        ),
        "the state is transposed; it is shaped (B, H)": with_state(lambda keys, lengths: keys[lengths - 1, np.arange(len(lengths))].T),
        "the state goes through tanh once more; the cell has done that": with_state(
            lambda keys, lengths: np.tanh(keys[lengths - 1, np.arange(len(lengths))])
        ),
        "the encoder starts from ones; it starts from zeros": starting(lambda xs, H: np.ones((xs.shape[1], H), xs.dtype)),
        "the array is read from the back, padding first": lambda params, source, lengths: read(params, source[::-1], lengths),
        "each source is read from its end; read it in the order in which it stands": reversed_padded,
        "the state is not carried: each token is read from a state of zeros": each_step_from_zero,
        "the embedding is transposed; a token is the number of a row": lambda params, source, lengths: read(
            {**params, "embedding": {"weight": params["embedding"]["weight"].T}}, source, lengths
        ),
        "the dict of the embedding is indexed; what has a row for each token is its entry weight": lambda params, source, lengths: (
            params["embedding"][source]
        ),
        "the token numbers are the cell's inputs; each token has a row in the embedding": lambda params, source, lengths: rnn_forward(
            params["rnn"], source, np.zeros((len(lengths), len(params["rnn"]["weight_hh"])), dtype=params["embedding"]["weight"].dtype)
        ),
        "all of params is handed to the cell; its own weights are the entry rnn": lambda params, source, lengths: rnn_forward(
            params,
            params["embedding"]["weight"][source],
            np.zeros((len(lengths), len(params["rnn"]["weight_hh"])), dtype=params["embedding"]["weight"].dtype),
        ),
        "the first state has a row for each step of the source; it has one for each sequence": starting(
            lambda xs, H: np.zeros((len(xs), H), xs.dtype)
        ),
        "the first state is as wide as an embedding; it has H entries": starting(lambda xs, H: np.zeros_like(xs[0])),
        "the first state has one axis; it has a row for each sequence": starting(lambda xs, H: np.zeros(H, xs.dtype)),
        "the first state is float64 whatever the parameters are; give it their dtype": starting(lambda xs, H: np.zeros((xs.shape[1], H))),
    },
)
