"""Lab 10, part 2: read the source."""

import numpy as np

from rnncore.reference import RNNCache, rnn_forward, rnn_step_forward
from tests.corpus.answers import right, wrong


def run(params, source):
    """What everybody writes first."""
    xs = params["embedding"]["weight"][source]
    zeros = np.zeros((source.shape[1], params["rnn"]["weight_hh"].shape[0]), dtype=xs.dtype)
    return rnn_forward(params["rnn"], xs, zeros)


@right
def loop_over_the_batch(params, source, lengths):
    hs, _, cache = run(params, source)
    state = []
    for b in range(len(lengths)):
        state.append(hs[lengths[b] - 1, b])
    return np.stack(state), cache


@right
def along_an_axis(params, source, lengths):
    hs, _, cache = run(params, source)
    return np.take_along_axis(hs, (lengths - 1)[None, :, None], axis=0)[0], cache


@right
def one_hot_in_time(params, source, lengths):
    hs, _, cache = run(params, source)
    last = (np.arange(len(hs))[:, None] == lengths - 1).astype(hs.dtype)
    return np.einsum("sb,sbh->bh", last, hs), cache


@right
def one_hot_tokens(params, source, lengths):
    E = params["embedding"]["weight"]
    xs = np.eye(len(E), dtype=E.dtype)[source] @ E
    hs, _, cache = rnn_forward(params["rnn"], xs, np.zeros((len(lengths), len(params["rnn"]["bias_hh"])), E.dtype))
    return hs[lengths - 1, range(len(lengths))], cache


@right
def own_loop(params, source, lengths):
    """Step by step, and the state is kept where a source ends."""
    E, rnn = params["embedding"]["weight"], params["rnn"]
    h = np.zeros((source.shape[1], len(rnn["bias_ih"])), E.dtype)
    state, hs, steps = h.copy(), [], []
    for s, tokens in enumerate(source):
        h, step = rnn_step_forward(rnn, E[tokens], h)
        state = np.where((lengths == s + 1)[:, None], h, state)
        hs.append(h)
        steps.append(step)
    return state, RNNCache(steps, np.array(hs))


@right
def diagonal(params, source, lengths):
    hs, _, cache = run(params, source)
    B = len(lengths)
    return hs[lengths - 1][np.arange(B), np.arange(B)], cache


@right
def looked_up_one_by_one(params, source, lengths):
    weight = params["embedding"]["weight"]
    xs = np.array([[weight[token] for token in tokens] for tokens in source])
    k_0 = 0 * (xs[0] @ params["rnn"]["weight_ih"].T)
    keys, _, cache = rnn_forward(params["rnn"], xs, k_0)
    print("keys", keys.shape)
    return [np.array([keys[n - 1, b] for b, n in enumerate(lengths)]), cache]


@wrong("the state after the last step of the array is taken")
def last_of_the_array(params, source, lengths):
    _, state, cache = run(params, source)
    return state, cache


@wrong("lengths is used as an index as it is")
def one_off(params, source, lengths):
    hs, _, cache = run(params, source)
    return hs[lengths, np.arange(len(lengths))], cache


@wrong("keys[lengths - 1] takes all sequences at each of these times")
def batch_index_forgotten(params, source, lengths):
    hs, _, cache = run(params, source)
    return hs[lengths - 1], cache


@wrong("keys[lengths - 1] takes all sequences at each of these times")
def slice_for_the_batch(params, source, lengths):
    hs, _, cache = run(params, source)
    return hs[lengths - 1, :], cache


@wrong("lengths and the sequences change places in the index")
def index_turned(params, source, lengths):
    hs, _, cache = run(params, source)
    return hs[np.arange(len(lengths)), lengths - 1], cache


@wrong("a shorter source hands over zeros")
def masked_and_last(params, source, lengths):
    hs, _, cache = run(params, source)
    mask = np.arange(len(source))[:, None] < lengths
    return (hs * mask[..., None].astype(hs.dtype))[-1], cache


@wrong("the state before the last token is taken")
def twice_minus_one(params, source, lengths):
    hs, _, cache = run(params, source)
    last = lengths - 1
    return hs[last - 1, np.arange(len(lengths))], cache


@wrong("the mean of the states of each source is handed over")
def pooled(params, source, lengths):
    hs, _, cache = run(params, source)
    mask = (np.arange(len(source))[:, None] < lengths)[..., None].astype(hs.dtype)
    return (hs * mask).sum(axis=0) / mask.sum(axis=0), cache


@wrong("all states are handed over")
def every_state(params, source, lengths):
    hs, _, cache = run(params, source)
    return hs, cache


@wrong("the first state is float64 whatever the parameters are")
def float64_zeros(params, source, lengths):
    xs = params["embedding"]["weight"][source]
    hs, _, cache = rnn_forward(params["rnn"], xs, np.zeros((len(lengths), len(params["rnn"]["weight_hh"]))))
    return hs[lengths - 1, np.arange(len(lengths))], cache


@wrong("the first state is as wide as an embedding")
def zeros_like_the_input(params, source, lengths):
    xs = params["embedding"]["weight"][source]
    hs, _, cache = rnn_forward(params["rnn"], xs, np.zeros_like(xs[0]))
    return hs[lengths - 1, np.arange(len(lengths))], cache


@wrong("the first state has a row for each step of the source")
def S_for_B(params, source, lengths):
    xs = params["embedding"]["weight"][source]
    hs, _, cache = rnn_forward(params["rnn"], xs, np.zeros((len(source), len(params["rnn"]["weight_hh"])), xs.dtype))
    return hs[lengths - 1, np.arange(len(lengths))], cache


@wrong("the array is read from the back")
def reversed_array(params, source, lengths):
    hs, _, cache = run(params, source[::-1])
    return hs[lengths - 1, np.arange(len(lengths))], cache


@wrong("the embedding is transposed")
def columns_of_the_table(params, source, lengths):
    xs = params["embedding"]["weight"].T[source]
    hs, _, cache = rnn_forward(params["rnn"], xs, np.zeros((len(lengths), len(params["rnn"]["weight_hh"])), xs.dtype))
    return hs[lengths - 1, np.arange(len(lengths))], cache


@wrong("it must return 2 values (state, cache), got an array of shape (2, 1).")
def cache_forgotten(params, source, lengths):
    hs, _, _ = run(params, source)
    return hs[lengths - 1, np.arange(len(lengths))]


@wrong("the token numbers are the cell's inputs")
def no_embedding(params, source, lengths):
    zeros = np.zeros((source.shape[1], len(params["rnn"]["weight_hh"])))
    hs, _, cache = rnn_forward(params["rnn"], source, zeros)
    return hs[lengths - 1, np.arange(len(lengths))], cache


@wrong(None)
def padding_read_as_well_at_the_front(params, source, lengths):
    """Moves each source to the end of the array, so that the last state would be the right one if padding were not read."""
    moved = np.stack([np.roll(source[:, b], len(source) - n) for b, n in enumerate(lengths)], axis=1)
    _, state, cache = run(params, moved)
    return state, cache


@right
def filled_row_by_row(params, source, lengths):
    keys, _, cache = run(params, source)
    state = np.empty_like(keys[0])
    for b, n in enumerate(lengths):
        state[b] = keys[n - 1, b]
    return state, cache


@right
def masked_sum(params, source, lengths):
    keys, _, cache = run(params, source)
    last = np.arange(len(source))[:, None] == lengths - 1
    return (keys * last[:, :, None]).sum(axis=0).astype(keys.dtype), cache


@wrong("the padding's embeddings are set to zero and the last step taken")
def padding_set_to_zero(params, source, lengths):
    E = params["embedding"]["weight"]
    xs = E[source] * (np.arange(len(source))[:, None] < lengths)[..., None].astype(E.dtype)
    _, state, cache = rnn_forward(params["rnn"], xs, np.zeros((len(lengths), len(params["rnn"]["weight_hh"])), E.dtype))
    return state, cache


@wrong("each length is counted from the end of the array")
def from_the_end(params, source, lengths):
    keys, _, cache = run(params, source)
    return keys[-lengths, np.arange(len(lengths))], cache


@wrong("each time is looked up in the first sequence")
def first_column(params, source, lengths):
    keys, _, cache = run(params, source)
    return keys[lengths - 1, 0], cache


@wrong("the lengths are counted as the tokens that are not 0")
def lengths_from_the_tokens(params, source, lengths):
    keys, _, cache = run(params, source)
    n = (source != 0).sum(axis=0)
    return keys[n - 1, np.arange(len(n))], cache


@wrong("the state after the last step of the array is taken")
def longest_for_all(params, source, lengths):
    keys, _, cache = run(params, source)
    return keys[lengths.max() - 1], cache


@wrong("the dict of the embedding is indexed")
def dict_for_the_table(params, source, lengths):
    xs = params["embedding"][source]
    keys, _, cache = rnn_forward(params["rnn"], xs, np.zeros((len(lengths), len(params["rnn"]["weight_hh"])), xs.dtype))
    return keys[lengths - 1, np.arange(len(lengths))], cache


@wrong("all of params is handed to the cell")
def all_params(params, source, lengths):
    xs = params["embedding"]["weight"][source]
    keys, _, cache = rnn_forward(params, xs, np.zeros((len(lengths), len(params["rnn"]["weight_hh"])), xs.dtype))
    return keys[lengths - 1, np.arange(len(lengths))], cache


@wrong("the encoder starts from ones")
def from_ones(params, source, lengths):
    xs = params["embedding"]["weight"][source]
    keys, _, cache = rnn_forward(params["rnn"], xs, np.ones((len(lengths), len(params["rnn"]["weight_hh"])), xs.dtype))
    return keys[lengths - 1, np.arange(len(lengths))], cache


@wrong("it must return 2 values (state, cache), got a tuple of 3.")
def three_values(params, source, lengths):
    keys, state, cache = run(params, source)
    return keys[lengths - 1, np.arange(len(lengths))], state, cache


@wrong("cache must be RNNCache(steps, hs), got an array")
def states_for_the_cache(params, source, lengths):
    keys, _, _ = run(params, source)
    return keys[lengths - 1, np.arange(len(lengths))], keys


@wrong(None)
def one_off_and_clipped(params, source, lengths):
    keys, _, cache = run(params, source)
    return keys[np.minimum(lengths, len(keys) - 1), np.arange(len(lengths))], cache
