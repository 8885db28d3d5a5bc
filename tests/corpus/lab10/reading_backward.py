"""Lab 10, part 6: across the bridge, and back through the reading."""

import numpy as np

from rnncore.reference import embedding_backward, embedding_forward, rnn_backward, rnn_step_backward
from tests.corpus.answers import right, wrong


def finish(params, source, cache, dkeys, dstate_S=None):
    """From the gradients of the states to those of the parameters."""
    drnn, dxs, _ = rnn_backward(cache, dkeys, dstate_S)
    dE = np.zeros_like(params["embedding"]["weight"])
    np.add.at(dE, source, dxs)
    return {"embedding": {"weight": dE}, "rnn": drnn}


def at_the_ends(cache, lengths, dstate):
    dkeys = np.zeros_like(cache.hs)
    dkeys[lengths - 1, np.arange(len(lengths))] = dstate
    return dkeys


@right
def loop_over_the_batch(params, source, lengths, cache, dstate):
    dkeys = np.zeros_like(cache.hs)
    for b, n in enumerate(lengths):
        dkeys[n - 1, b] += dstate[b]
    return finish(params, source, cache, dkeys)


@right
def where(params, source, lengths, cache, dstate):
    last = np.arange(len(source))[:, None, None] == (lengths - 1)[None, :, None]
    return finish(params, source, cache, np.where(last, dstate, np.zeros_like(dstate)))


@right
def along_an_axis(params, source, lengths, cache, dstate):
    dkeys = 0 * cache.hs
    np.put_along_axis(dkeys, np.broadcast_to((lengths - 1)[:, None], dstate.shape)[None], dstate[None], axis=0)
    drnn, dxs, _ = rnn_backward(cache, dkeys)
    return {"rnn": drnn, "embedding": embedding_backward(embedding_forward(params["embedding"], source)[1], dxs)}


@right
def each_source_alone(params, source, lengths, cache, dstate):
    """Walk back over each source from its own end, one sequence at a time."""
    dE = np.zeros_like(params["embedding"]["weight"])
    drnn = {name: np.zeros_like(weight) for name, weight in params["rnn"].items()}
    for b, n in enumerate(lengths):
        dh = dstate[b : b + 1]
        for s in reversed(range(n)):
            step = cache.steps[s]
            alone = step._replace(x=step.x[b : b + 1], h=step.h[b : b + 1], h_next=step.h_next[b : b + 1])
            d, dx, dh = rnn_step_backward(alone, dh)
            dE[source[s, b]] += dx[0]
            for name in drnn:
                drnn[name] += d[name]
    return {"embedding": {"weight": dE}, "rnn": drnn}


@right
def written_out(params, source, lengths, cache, dstate):
    dh, das = np.zeros_like(dstate), np.zeros_like(cache.hs)
    for s in range(len(source) - 1, -1, -1):
        dh = np.where((lengths == s + 1)[:, None], dstate, dh)
        das[s] = dh * (1 - cache.hs[s] ** 2)
        dh = das[s] @ params["rnn"]["weight_hh"]
    before = np.concatenate([0 * cache.hs[:1], cache.hs[:-1]])
    xs = params["embedding"]["weight"][source]
    drnn = {
        "weight_ih": np.einsum("sbh,sbd->hd", das, xs),
        "weight_hh": np.einsum("sbh,sbk->hk", das, before),
        "bias_ih": das.sum(axis=(0, 1)),
        "bias_hh": das.sum(axis=(0, 1)),
    }
    hit = np.eye(len(params["embedding"]["weight"]), dtype=dh.dtype)[source]
    return {"embedding": {"weight": np.einsum("sbu,sbd->ud", hit, das @ params["rnn"]["weight_ih"])}, "rnn": drnn}


@right
def one_hot_in_time(params, source, lengths, cache, dstate):
    last = np.eye(len(source), dtype=dstate.dtype)[lengths - 1].T
    dkeys = last[:, :, None] * dstate
    print("dkeys", dkeys.shape)
    return finish(params, source, cache, dkeys, np.zeros_like(dstate))


@wrong("the gradient enters behind the last step of the array for all sources")
def as_dstate_T(params, source, lengths, cache, dstate):
    return finish(params, source, cache, np.zeros_like(cache.hs), dstate)


@wrong("the gradient enters behind the last step of the array for all sources")
def last_row(params, source, lengths, cache, dstate):
    dkeys = np.zeros_like(cache.hs)
    dkeys[-1] = dstate
    return finish(params, source, cache, dkeys)


@wrong("the gradient enters at every state of the encoder")
def everywhere(params, source, lengths, cache, dstate):
    dkeys = np.zeros_like(cache.hs)
    dkeys[:] = dstate
    return finish(params, source, cache, dkeys)


@wrong("the gradient enters at every state up to the end of each source")
def up_to_the_end(params, source, lengths, cache, dstate):
    dkeys = np.zeros_like(cache.hs)
    for b, n in enumerate(lengths):
        dkeys[:n, b] = dstate[b]
    return finish(params, source, cache, dkeys)


@wrong("the gradient enters twice")
def both_places(params, source, lengths, cache, dstate):
    return finish(params, source, cache, at_the_ends(cache, lengths, dstate), dstate)


@wrong("lengths is used as an index as it is")
def one_off(params, source, lengths, cache, dstate):
    dkeys = np.zeros_like(cache.hs)
    dkeys[lengths, np.arange(len(lengths))] = dstate
    return finish(params, source, cache, dkeys)


@wrong("writes to all sequences at each of these times")
def batch_index_forgotten(params, source, lengths, cache, dstate):
    dkeys = np.zeros_like(cache.hs)
    dkeys[lengths - 1] = dstate
    return finish(params, source, cache, dkeys)


@wrong("writes to all sequences at each of these times")
def slice_for_the_batch(params, source, lengths, cache, dstate):
    dkeys = np.zeros_like(cache.hs)
    dkeys[lengths - 1, :] = dstate
    return finish(params, source, cache, dkeys)


@wrong("the gradient enters at the first state")
def at_the_start(params, source, lengths, cache, dstate):
    dkeys = np.zeros_like(cache.hs)
    dkeys[0] = dstate
    return finish(params, source, cache, dkeys)


@wrong("dstate goes through the slope of tanh before it enters the cell")
def slope_twice(params, source, lengths, cache, dstate):
    state = cache.hs[lengths - 1, np.arange(len(lengths))]
    return finish(params, source, cache, at_the_ends(cache, lengths, dstate * (1 - state**2)))


@wrong("counts a token that is read more than once only once")
def plus_equals(params, source, lengths, cache, dstate):
    drnn, dxs, _ = rnn_backward(cache, at_the_ends(cache, lengths, dstate))
    dE = np.zeros_like(params["embedding"]["weight"])
    dE[source] += dxs
    return {"embedding": {"weight": dE}, "rnn": drnn}


@wrong("the gradient of the embedding is dxs itself")
def dxs_as_it_is(params, source, lengths, cache, dstate):
    drnn, dxs, _ = rnn_backward(cache, at_the_ends(cache, lengths, dstate))
    return {"embedding": {"weight": dxs}, "rnn": drnn}


@wrong("dstate is divided by the number of sequences")
def mean_over_the_batch(params, source, lengths, cache, dstate):
    return finish(params, source, cache, at_the_ends(cache, lengths, dstate / len(lengths)))


@wrong("dstate is divided by the length of each source")
def shared_over_time(params, source, lengths, cache, dstate):
    return finish(params, source, cache, at_the_ends(cache, lengths, (dstate / lengths[:, None]).astype(dstate.dtype)))


@wrong("the sign of dstate is turned")
def minus(params, source, lengths, cache, dstate):
    dkeys = np.zeros_like(cache.hs)
    dkeys[lengths - 1, np.arange(len(lengths))] -= dstate
    return finish(params, source, cache, dkeys)


@wrong("the gradient of the embedding is turned round in time")
def source_turned(params, source, lengths, cache, dstate):
    drnn, dxs, _ = rnn_backward(cache, at_the_ends(cache, lengths, dstate))
    dE = np.zeros_like(params["embedding"]["weight"])
    for tokens, dx in zip(source[::-1], dxs, strict=True):
        np.add.at(dE, tokens, dx)
    return {"embedding": {"weight": dE}, "rnn": drnn}


@wrong("dparams must be a dict with the keys embedding, rnn, got")
def three_results(params, source, lengths, cache, dstate):
    dparams = finish(params, source, cache, at_the_ends(cache, lengths, dstate))
    return dparams["embedding"], dparams["rnn"], dstate


@wrong(None)
def shared_between_the_two_last(params, source, lengths, cache, dstate):
    """Half to the last state and half to the one before it, where there is one."""
    dkeys = at_the_ends(cache, lengths, dstate / 2)
    dkeys[np.maximum(lengths - 2, 0), np.arange(len(lengths))] += dstate / 2
    return finish(params, source, cache, dkeys)


@right
def real_tokens_only(params, source, lengths, cache, dstate):
    drnn, dxs, _ = rnn_backward(cache, at_the_ends(cache, lengths, dstate))
    dE = np.zeros_like(params["embedding"]["weight"])
    for b, n in enumerate(lengths):
        for s in range(n):
            dE[source[s, b]] += dxs[s, b]
    return {"embedding": {"weight": dE}, "rnn": drnn}


@wrong("dstate is handed over as it is")
def no_zeros(params, source, lengths, cache, dstate):
    return finish(params, source, cache, dstate)


@wrong("the gradient enters one step too early")
def twice_minus_one(params, source, lengths, cache, dstate):
    return finish(params, source, cache, at_the_ends(cache, lengths - 1, dstate))


@wrong("dstate is summed over the batch")
def summed_over_the_batch(params, source, lengths, cache, dstate):
    return finish(params, source, cache, at_the_ends(cache, lengths, dstate.sum(axis=0)))


@wrong("the loop over the steps counts a token that two sequences have at one step only once")
def plus_equals_in_a_loop(params, source, lengths, cache, dstate):
    drnn, dxs, _ = rnn_backward(cache, at_the_ends(cache, lengths, dstate))
    dE = np.zeros_like(params["embedding"]["weight"])
    for s in range(len(source)):
        dE[source[s]] += dxs[s]
    return {"embedding": {"weight": dE}, "rnn": drnn}


@wrong("dxs is added to the embedding itself")
def begun_with_the_weights(params, source, lengths, cache, dstate):
    drnn, dxs, _ = rnn_backward(cache, at_the_ends(cache, lengths, dstate))
    dE = params["embedding"]["weight"].copy()
    np.add.at(dE, source, dxs)
    return {"embedding": {"weight": dE}, "rnn": drnn}


@wrong("dparams must be a dict with the keys embedding, rnn, got a tuple of 2.")
def gradient_of_the_zeros_too(params, source, lengths, cache, dstate):
    dkeys = at_the_ends(cache, lengths, dstate)
    return finish(params, source, cache, dkeys), rnn_backward(cache, dkeys)[2]


@wrong("dparams must be a dict with the keys embedding, rnn, got a dict with the keys weight_ih")
def cell_only(params, source, lengths, cache, dstate):
    return rnn_backward(cache, at_the_ends(cache, lengths, dstate))[0]


@wrong("must have the dtype of the inputs, float32, got float64.")
def float64_zeros(params, source, lengths, cache, dstate):
    drnn, dxs, _ = rnn_backward(cache, at_the_ends(cache, lengths, dstate))
    dE = np.zeros(params["embedding"]["weight"].shape)
    np.add.at(dE, source, dxs)
    return {"embedding": {"weight": dE}, "rnn": drnn}


@wrong(None)
def one_off_and_clipped(params, source, lengths, cache, dstate):
    return finish(params, source, cache, at_the_ends(cache, np.minimum(lengths + 1, len(source)), dstate))


@wrong(None)
def begun_with_the_states(params, source, lengths, cache, dstate):
    dkeys = cache.hs.copy()
    dkeys[lengths - 1, np.arange(len(lengths))] = dstate
    return finish(params, source, cache, dkeys)
