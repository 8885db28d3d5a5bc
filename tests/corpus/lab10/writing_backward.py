"""Lab 10, part 5: back through the writing."""

import numpy as np

from rnncore.reference import embedding_backward, embedding_forward, linear_backward, linear_forward, rnn_backward, rnn_step_backward
from tests.corpus.answers import right, wrong


def usual(params, fed, cache, dlogits):
    """The gradients as most write them, in pieces to be spoiled."""
    dhs = dlogits @ params["output"]["weight"]
    drnn, dxs, dstate = rnn_backward(cache, dhs)
    dE = np.zeros_like(params["embedding"]["weight"])
    np.add.at(dE, fed, dxs)
    doutput = {"weight": np.einsum("tbv,tbh->vh", dlogits, cache.hs), "bias": dlogits.sum(axis=(0, 1))}
    return {"embedding": {"weight": dE}, "rnn": drnn, "output": doutput}, dstate, dhs, dxs


@right
def einsum(params, fed, cache, dlogits):
    dparams, dstate, _, _ = usual(params, fed, cache, dlogits)
    return dparams, dstate


@right
def tensordot(params, fed, cache, dlogits):
    dweight = np.tensordot(dlogits, cache.hs, axes=((0, 1), (0, 1)))
    dbias = dlogits.sum(axis=0).sum(axis=0)
    drnn, dxs, dstate = rnn_backward(cache, np.tensordot(dlogits, params["output"]["weight"], axes=1))
    hit = np.eye(len(params["embedding"]["weight"]), dtype=dxs.dtype)[fed]
    dE = np.tensordot(hit, dxs, axes=((0, 1), (0, 1)))
    return {"output": {"bias": dbias, "weight": dweight}, "rnn": drnn, "embedding": {"weight": dE}}, dstate


@right
def with_the_reference_layers(params, fed, cache, dlogits):
    doutput, dhs = linear_backward(linear_forward(params["output"], cache.hs)[1], dlogits)
    drnn, dxs, dstate = rnn_backward(cache, dhs, np.zeros_like(dhs[0]))
    dembedding = embedding_backward(embedding_forward(params["embedding"], fed)[1], dxs)
    return {"embedding": dembedding, "rnn": drnn, "output": doutput}, dstate


@right
def loops(params, fed, cache, dlogits):
    T, B = fed.shape
    dW, db = np.zeros_like(params["output"]["weight"]), np.zeros_like(params["output"]["bias"])
    dhs = np.zeros_like(cache.hs)
    for t in range(T):
        for b in range(B):
            dW += np.outer(dlogits[t, b], cache.hs[t, b])
            db += dlogits[t, b]
            dhs[t, b] = params["output"]["weight"].T @ dlogits[t, b]
    drnn, dxs, dstate = rnn_backward(cache, dhs)
    dE = np.zeros_like(params["embedding"]["weight"])
    for t in range(T):
        for b in range(B):
            dE[fed[t, b]] += dxs[t, b]
    return {"embedding": {"weight": dE}, "rnn": drnn, "output": {"weight": dW, "bias": db}}, dstate


@right
def step_by_step(params, fed, cache, dlogits):
    dW, db, drnn, dxs = 0, 0, {}, []
    dh = np.zeros_like(cache.hs[0])
    for t in reversed(range(len(fed))):
        dW = dW + dlogits[t].T @ cache.hs[t]
        db = db + dlogits[t].sum(axis=0)
        step, dx, dh = rnn_step_backward(cache.steps[t], dlogits[t] @ params["output"]["weight"] + dh)
        drnn = {name: drnn.get(name, 0) + d for name, d in step.items()}
        dxs.insert(0, dx)
    dE = np.zeros_like(params["embedding"]["weight"])
    np.add.at(dE, fed.ravel(), np.concatenate(dxs))
    return {"embedding": {"weight": dE}, "rnn": drnn, "output": {"weight": dW, "bias": db}}, dh


@right
def row_for_row(params, fed, cache, dlogits):
    dparams, dstate, _, dxs = usual(params, fed, cache, dlogits)
    rows = [dxs[fed == v].sum(axis=0) for v in range(len(params["embedding"]["weight"]))]
    dparams["embedding"] = {"weight": np.stack(rows)}
    print("dstate", np.linalg.norm(dstate))
    return [dparams, dstate]


@wrong("counts a token that is fed more than once only once")
def plus_equals(params, fed, cache, dlogits):
    dparams, dstate, _, dxs = usual(params, fed, cache, dlogits)
    dE = np.zeros_like(params["embedding"]["weight"])
    dE[fed] += dxs
    return {**dparams, "embedding": {"weight": dE}}, dstate


@wrong("counts a token that is fed more than once only once")
def overwritten_rows(params, fed, cache, dlogits):
    dparams, dstate, _, dxs = usual(params, fed, cache, dlogits)
    dE = np.zeros_like(params["embedding"]["weight"])
    for t in range(len(fed)):
        dE[fed[t]] = dxs[t]
    return {**dparams, "embedding": {"weight": dE}}, dstate


@wrong("the gradient of the embedding is dxs itself")
def dxs_as_it_is(params, fed, cache, dlogits):
    dparams, dstate, _, dxs = usual(params, fed, cache, dlogits)
    return {**dparams, "embedding": {"weight": dxs}}, dstate


@wrong("the gradient of the output weight is transposed")
def hs_first(params, fed, cache, dlogits):
    dparams, dstate, _, _ = usual(params, fed, cache, dlogits)
    dparams["output"]["weight"] = np.einsum("tbh,tbv->hv", cache.hs, dlogits)
    return dparams, dstate


@wrong("the gradient of the output weight is kept for each step")
def not_summed_over_time(params, fed, cache, dlogits):
    dparams, dstate, _, _ = usual(params, fed, cache, dlogits)
    dparams["output"]["weight"] = np.einsum("tbv,tbh->tvh", dlogits, cache.hs)
    return dparams, dstate


@wrong("the gradient of the output bias is kept for each sequence")
def bias_over_time_only(params, fed, cache, dlogits):
    dparams, dstate, _, _ = usual(params, fed, cache, dlogits)
    dparams["output"]["bias"] = dlogits.sum(axis=0)
    return dparams, dstate


@wrong("the gradient of the output bias is a mean")
def bias_mean(params, fed, cache, dlogits):
    dparams, dstate, _, _ = usual(params, fed, cache, dlogits)
    dparams["output"]["bias"] = dlogits.mean(axis=(0, 1))
    return dparams, dstate


@wrong("the output weight is transposed on the way back")
def transposed_as_forward(params, fed, cache, dlogits):
    drnn, dxs, dstate = rnn_backward(cache, dlogits @ params["output"]["weight"].T)
    return {"embedding": {"weight": dxs}, "rnn": drnn, "output": params["output"]}, dstate


@wrong("dhs goes through the slope of tanh before it enters the cell")
def slope_twice(params, fed, cache, dlogits):
    dparams, _, dhs, _ = usual(params, fed, cache, dlogits)
    drnn, dxs, dstate = rnn_backward(cache, dhs * (1 - cache.hs**2))
    dE = np.zeros_like(params["embedding"]["weight"])
    np.add.at(dE, fed, dxs)
    return {"embedding": {"weight": dE}, "rnn": drnn, "output": dparams["output"]}, dstate


@wrong("only the last step's dhs enters the cell")
def only_the_end(params, fed, cache, dlogits):
    dparams, _, dhs, _ = usual(params, fed, cache, dlogits)
    drnn, dxs, dstate = rnn_backward(cache, np.zeros_like(dhs), dhs[-1])
    dE = np.zeros_like(params["embedding"]["weight"])
    np.add.at(dE, fed, dxs)
    return {"embedding": {"weight": dE}, "rnn": drnn, "output": dparams["output"]}, dstate


@wrong("the last dhs enters twice")
def end_twice(params, fed, cache, dlogits):
    dparams, _, dhs, _ = usual(params, fed, cache, dlogits)
    drnn, dxs, dstate = rnn_backward(cache, dhs, dhs[-1])
    dE = np.zeros_like(params["embedding"]["weight"])
    np.add.at(dE, fed, dxs)
    return {"embedding": {"weight": dE}, "rnn": drnn, "output": dparams["output"]}, dstate


@wrong("dstate is dhs[0]")
def first_dhs(params, fed, cache, dlogits):
    dparams, _, dhs, _ = usual(params, fed, cache, dlogits)
    return dparams, dhs[0]


@wrong("dstate is zero")
def nothing_crosses(params, fed, cache, dlogits):
    dparams, dstate, _, _ = usual(params, fed, cache, dlogits)
    return dparams, np.zeros_like(dstate)


@wrong("dstate is summed over the batch")
def like_a_parameter(params, fed, cache, dlogits):
    dparams, dstate, _, _ = usual(params, fed, cache, dlogits)
    return dparams, dstate.sum(axis=0)


@wrong("dparams must be a dict with the keys embedding, rnn, output, got a dict with the keys rnn, output.")
def embedding_forgotten(params, fed, cache, dlogits):
    dparams, dstate, _, _ = usual(params, fed, cache, dlogits)
    return {"rnn": dparams["rnn"], "output": dparams["output"]}, dstate


@wrong("dparams['embedding'] must be a dict with the keys weight")
def array_for_a_dict(params, fed, cache, dlogits):
    dparams, dstate, _, _ = usual(params, fed, cache, dlogits)
    return {**dparams, "embedding": dparams["embedding"]["weight"]}, dstate


@wrong("must have the dtype of the inputs, float32, got float64.")
def float64_zeros(params, fed, cache, dlogits):
    dparams, dstate, _, dxs = usual(params, fed, cache, dlogits)
    dE = np.zeros(params["embedding"]["weight"].shape)
    np.add.at(dE, fed, dxs)
    return {**dparams, "embedding": {"weight": dE}}, dstate


@wrong("dlogits holds the share of each already")
def averaged_again(params, fed, cache, dlogits):
    dparams, dstate, _, _ = usual(params, fed, cache, dlogits)
    n = fed.size
    dparams["output"] = {name: d / d.dtype.type(n) for name, d in dparams["output"].items()}
    return dparams, dstate


@wrong(None)
def tokens_of_the_targets(params, fed, cache, dlogits):
    """Adds to the rows of the tokens that were asked, those fed one step later."""
    dparams, dstate, _, dxs = usual(params, fed, cache, dlogits)
    dE = np.zeros_like(params["embedding"]["weight"])
    np.add.at(dE, fed[1:], dxs[:-1])
    return {**dparams, "embedding": {"weight": dE}}, dstate


def spoiled(params, fed, cache, dlogits, embedding):
    """The right gradients but for that of the embedding, from `embedding(dxs)`."""
    dparams, dstate, _, dxs = usual(params, fed, cache, dlogits)
    return {**dparams, "embedding": {"weight": embedding(dxs)}}, dstate


@wrong("the loop over the steps counts a token that two sequences are fed at one step only once")
def plus_equals_in_a_loop(params, fed, cache, dlogits):
    def embedding(dxs):
        dE = np.zeros_like(params["embedding"]["weight"])
        for t in range(len(fed)):
            dE[fed[t]] += dxs[t]
        return dE

    return spoiled(params, fed, cache, dlogits, embedding)


@wrong("dxs is added to the embedding itself")
def added_to_the_weights(params, fed, cache, dlogits):
    def embedding(dxs):
        weight = params["embedding"]["weight"]
        np.add.at(weight, fed, dxs)
        return weight

    return spoiled(params, fed, cache, dlogits, embedding)


@wrong("dxs is added to the embedding itself")
def begun_with_a_copy(params, fed, cache, dlogits):
    def embedding(dxs):
        dE = params["embedding"]["weight"].copy()
        np.add.at(dE, fed, dxs)
        return dE

    return spoiled(params, fed, cache, dlogits, embedding)


@wrong("the gradient of the embedding is averaged over its uses")
def mean_of_the_parts(params, fed, cache, dlogits):
    def embedding(dxs):
        parts = [dxs[fed == v] for v in range(len(params["embedding"]["weight"]))]
        return np.stack([part.mean(axis=0) if len(part) else 0 * dxs[0, 0] for part in parts])

    return spoiled(params, fed, cache, dlogits, embedding)


@wrong("the gradients of the output layer are averaged over the sequences")
def mean_over_the_batch(params, fed, cache, dlogits):
    dparams, dstate, _, _ = usual(params, fed, cache, dlogits)
    B = fed.shape[1]
    return {**dparams, "output": {name: d / B for name, d in dparams["output"].items()}}, dstate


@wrong("the gradient of the output weight is that of the last step alone")
def last_step_of_the_output_layer(params, fed, cache, dlogits):
    dparams, dstate, _, _ = usual(params, fed, cache, dlogits)
    dparams["output"]["weight"] = dlogits[-1].T @ cache.hs[-1]
    return dparams, dstate


@wrong("dlogits enters the cell")
def output_layer_forgotten(params, fed, cache, dlogits):
    return rnn_backward(cache, dlogits)[0], rnn_backward(cache, dlogits)[2]


@wrong("it must return 2 values (dparams, dstate), got a dict")
def nothing_for_the_encoder(params, fed, cache, dlogits):
    return usual(params, fed, cache, dlogits)[0]


@wrong("dparams must be a dict with the keys embedding, rnn, output, got an array")
def exchanged(params, fed, cache, dlogits):
    dparams, dstate, _, _ = usual(params, fed, cache, dlogits)
    return dstate, dparams


@wrong(None)
def states_before_from_zeros(params, fed, cache, dlogits):
    dparams, dstate, _, _ = usual(params, fed, cache, dlogits)
    before = np.concatenate([0 * cache.hs[:1], cache.hs[:-1]])
    dparams["output"]["weight"] = np.einsum("tbv,tbh->vh", dlogits, before)
    return dparams, dstate
