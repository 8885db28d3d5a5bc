"""Lab 4, part 7: the gradient of a chunk of text."""

import numpy as np

from rnncore.reference import (
    embedding_backward,
    embedding_forward,
    linear_backward,
    linear_forward,
    log_softmax,
    rnn_backward,
    rnn_forward,
    rnn_step_backward,
    rnn_step_forward,
    softmax,
    softmax_cross_entropy_backward,
    softmax_cross_entropy_forward,
)
from tests.corpus.answers import right, wrong


@right
def other_names(params, inputs, targets, state0):
    E, cell, out = params["embedding"], params["rnn"], params["output"]
    x, c1 = embedding_forward(E, inputs)
    h, last, c2 = rnn_forward(cell, x, state0)
    y, c3 = linear_forward(out, h)
    loss, c4 = softmax_cross_entropy_forward(y, targets)
    print(f"loss {loss:.3f}")
    dy = softmax_cross_entropy_backward(c4)
    dout, dh = linear_backward(c3, dy)
    dcell, dx, _ = rnn_backward(c2, dh, None)
    return {"output": dout, "rnn": dcell, "embedding": embedding_backward(c1, dx)}, last


@right
def everything_by_hand(params, inputs, targets, state0):
    (T, B), V = inputs.shape, len(params["output"]["bias"])
    p, W = params["rnn"], params["output"]["weight"]
    xs, h, hs = params["embedding"]["weight"][inputs], state0, []
    for x in xs:
        h = np.tanh(x @ p["weight_ih"].T + p["bias_ih"] + h @ p["weight_hh"].T + p["bias_hh"])
        hs.append(h)
    hs = np.array(hs)
    y = hs @ W.T + params["output"]["bias"]
    dy = np.exp(y - y.max(axis=-1, keepdims=True))
    dy /= dy.sum(axis=-1, keepdims=True)
    dy = (dy - np.eye(V, dtype=dy.dtype)[targets]) / (T * B)
    dhs, before = dy @ W, np.concatenate([state0[None], hs[:-1]])
    das, dh = np.empty_like(hs), np.zeros_like(state0)
    for t in range(T - 1, -1, -1):
        das[t] = (dhs[t] + dh) * (1 - hs[t] ** 2)
        dh = das[t] @ p["weight_hh"]
    dE = np.zeros_like(params["embedding"]["weight"])
    for t in range(T):
        for b in range(B):
            dE[inputs[t, b]] += das[t, b] @ p["weight_ih"]
    rnn = {
        "weight_ih": np.einsum("tbh,tbd->hd", das, xs),
        "weight_hh": np.einsum("tbh,tbk->hk", das, before),
        "bias_ih": das.sum((0, 1)),
        "bias_hh": das.sum((0, 1)),
    }
    output = {"weight": np.einsum("tbv,tbh->vh", dy, hs), "bias": dy.sum((0, 1))}
    return {"embedding": {"weight": dE}, "rnn": rnn, "output": output}, hs[-1]


@right
def one_hot_table(params, inputs, targets, state0):
    table = params["embedding"]["weight"]
    one_hot = np.eye(len(table), dtype=table.dtype)[inputs]
    hs, state_T, cache = rnn_forward(params["rnn"], one_hot @ table, state0)
    logits, out = linear_forward(params["output"], hs)
    _, entropy = softmax_cross_entropy_forward(logits, targets)
    doutput, dhs = linear_backward(out, softmax_cross_entropy_backward(entropy))
    drnn, dxs, _ = rnn_backward(cache, dhs)
    return {"embedding": {"weight": np.tensordot(one_hot, dxs, axes=((0, 1), (0, 1)))}, "rnn": drnn, "output": doutput}, state_T


@right
def step_by_step(params, inputs, targets, state0):
    T, h, caches = len(inputs), state0, []
    for tokens, goal in zip(inputs, targets, strict=True):
        x, ce = embedding_forward(params["embedding"], tokens)
        h, cr = rnn_step_forward(params["rnn"], x, h)
        y, cl = linear_forward(params["output"], h)
        _, cs = softmax_cross_entropy_forward(y, goal)
        caches.append((ce, cr, cl, cs))
    state_T, dh, total = h, np.zeros_like(h), None
    for ce, cr, cl, cs in reversed(caches):
        dout, dfrom_loss = linear_backward(cl, softmax_cross_entropy_backward(cs) / np.asarray(T, h.dtype))
        drnn, dx, dh = rnn_step_backward(cr, dh + dfrom_loss)
        step = {"embedding": embedding_backward(ce, dx), "rnn": drnn, "output": dout}
        total = step if total is None else {part: {name: total[part][name] + d for name, d in step[part].items()} for part in step}
    return total, state_T


@right
def own_softmax(params, inputs, targets, state0):
    xs, ce = embedding_forward(params["embedding"], inputs)
    hs, _, cr = rnn_forward(params["rnn"], xs, state0)
    logits, cl = linear_forward(params["output"], hs)
    dlogits = softmax(logits)
    T, B = inputs.shape
    for t in range(T):
        dlogits[t, np.arange(B), targets[t]] -= 1
    dlogits = dlogits / np.asarray(T * B, dlogits.dtype)
    doutput, dhs = linear_backward(cl, dlogits)
    result = rnn_backward(cr, dhs, np.zeros_like(state0))
    dparams = dict(embedding=embedding_backward(ce, result[1]), rnn=result[0], output=doutput)
    return [dparams, hs[-1].copy()]


@right
def flattened(params, inputs, targets, state0):
    xs, ce = embedding_forward(params["embedding"], inputs.ravel())
    hs, state_T, cr = rnn_forward(params["rnn"], xs.reshape(*inputs.shape, -1), state0)
    logits, cl = linear_forward(params["output"], hs.reshape(-1, hs.shape[-1]))
    _, cs = softmax_cross_entropy_forward(logits, targets.ravel())
    doutput, dh = linear_backward(cl, softmax_cross_entropy_backward(cs))
    drnn, dxs, dstate0 = rnn_backward(cr, dh.reshape(hs.shape))
    assert dstate0.shape == state0.shape  # not used
    return {"embedding": embedding_backward(ce, dxs.reshape(-1, dxs.shape[-1])), "rnn": drnn, "output": doutput}, state_T


def compose(params, inputs, targets, state0, dy=lambda dy: dy, dh=lambda dh: dh, last=lambda dh: None):
    xs, ce = embedding_forward(params["embedding"], inputs)
    hs, state_T, cr = rnn_forward(params["rnn"], xs, state0)
    logits, cl = linear_forward(params["output"], hs)
    _, cs = softmax_cross_entropy_forward(logits, targets)
    doutput, dhs = linear_backward(cl, dy(softmax_cross_entropy_backward(cs)))
    drnn, dxs, _ = rnn_backward(cr, dh(dhs), last(dhs))
    return {"embedding": embedding_backward(ce, dxs), "rnn": drnn, "output": doutput}, state_T


@wrong("the loss is summed over the chunk")
def summed(params, inputs, targets, state0):
    return compose(params, inputs, targets, state0, lambda dy: dy * np.asarray(inputs.size, dy.dtype))


@wrong("the loss is summed over time and averaged over the batch")
def mean_over_the_batch_only(params, inputs, targets, state0):
    return compose(params, inputs, targets, state0, lambda dy: dy * np.asarray(len(inputs), dy.dtype))


@wrong("the state is reset")
def stateless(params, inputs, targets, state0):
    return compose(params, inputs, targets, np.zeros_like(state0))


@wrong("the inputs are predicted")
def copies(params, inputs, targets, state0):
    return compose(params, inputs, inputs, state0)


@wrong("inputs and targets are exchanged")
def exchanged(params, inputs, targets, state0):
    return compose(params, targets, inputs, state0)


@wrong("the loss is that of the last step only")
def many_to_one(params, inputs, targets, state0):
    xs, ce = embedding_forward(params["embedding"], inputs)
    _, state_T, cr = rnn_forward(params["rnn"], xs, state0)
    logits, cl = linear_forward(params["output"], state_T)
    _, cs = softmax_cross_entropy_forward(logits, targets[-1])
    doutput, dh = linear_backward(cl, softmax_cross_entropy_backward(cs))
    drnn, dxs, _ = rnn_backward(cr, np.zeros((*inputs.shape, len(dh[0])), dh.dtype), dh)
    return {"embedding": embedding_backward(ce, dxs), "rnn": drnn, "output": doutput}, state_T


@wrong("1 is not subtracted at the targets")
def probabilities_alone(params, inputs, targets, state0):
    xs, ce = embedding_forward(params["embedding"], inputs)
    hs, state_T, cr = rnn_forward(params["rnn"], xs, state0)
    logits, cl = linear_forward(params["output"], hs)
    doutput, dhs = linear_backward(cl, softmax(logits) / np.asarray(inputs.size, hs.dtype))
    drnn, dxs, _ = rnn_backward(cr, dhs)
    return {"embedding": embedding_backward(ce, dxs), "rnn": drnn, "output": doutput}, state_T


@wrong("the sign is wrong")
def uphill(params, inputs, targets, state0):
    return compose(params, inputs, targets, state0, lambda dy: -dy)


@wrong("dhs[-1] enters twice")
def last_state_again(params, inputs, targets, state0):
    return compose(params, inputs, targets, state0, last=lambda dh: dh[-1])


@wrong("only the last state gets a gradient from its logits")
def only_as_dstate(params, inputs, targets, state0):
    return compose(params, inputs, targets, state0, dh=np.zeros_like, last=lambda dh: dh[-1])


@wrong("counts once")
def plus_equals(params, inputs, targets, state0):
    xs = params["embedding"]["weight"][inputs]
    hs, state_T, cr = rnn_forward(params["rnn"], xs, state0)
    logits, cl = linear_forward(params["output"], hs)
    _, cs = softmax_cross_entropy_forward(logits, targets)
    doutput, dhs = linear_backward(cl, softmax_cross_entropy_backward(cs))
    drnn, dxs, _ = rnn_backward(cr, dhs)
    dE = np.zeros_like(params["embedding"]["weight"])
    dE[inputs] += dxs
    return {"embedding": {"weight": dE}, "rnn": drnn, "output": doutput}, state_T


@wrong("the gradient of the embedding is zero")
def frozen_embedding(params, inputs, targets, state0):
    dparams, state_T = compose(params, inputs, targets, state0)
    return {**dparams, "embedding": {"weight": np.zeros_like(params["embedding"]["weight"])}}, state_T


@wrong("the gradient goes back over one step only")
def no_way_through_time(params, inputs, targets, state0):
    T, h, total = len(inputs), state0, None
    for t in range(T):
        dparams, h = compose(params, inputs[t : t + 1], targets[t : t + 1], h)
        dparams = {part: {name: d / T for name, d in ds.items()} for part, ds in dparams.items()}
        if total is None:
            total = dparams
        else:
            total = {part: {name: total[part][name] + d for name, d in ds.items()} for part, ds in dparams.items()}
    return total, h


@wrong("state_T is the state before the chunk")
def state0_again(params, inputs, targets, state0):
    return compose(params, inputs, targets, state0)[0], state0


@wrong("the dstate0 that is dropped is returned")
def dstate_for_state(params, inputs, targets, state0):
    xs, ce = embedding_forward(params["embedding"], inputs)
    hs, _, cr = rnn_forward(params["rnn"], xs, state0)
    logits, cl = linear_forward(params["output"], hs)
    _, cs = softmax_cross_entropy_forward(logits, targets)
    doutput, dhs = linear_backward(cl, softmax_cross_entropy_backward(cs))
    drnn, dxs, state = rnn_backward(cr, dhs)
    return {"embedding": embedding_backward(ce, dxs), "rnn": drnn, "output": doutput}, state


@wrong("all states are returned")
def hs_for_state(params, inputs, targets, state0):
    hs, _, _ = rnn_forward(params["rnn"], params["embedding"]["weight"][inputs], state0)
    return compose(params, inputs, targets, state0)[0], hs


@wrong("dparams must be a dict with the keys embedding, rnn, output, got a tuple of 3.")
def three_gradients(params, inputs, targets, state0):
    dparams, state_T = compose(params, inputs, targets, state0)
    return tuple(dparams.values()), state_T


@wrong("it must return 2 values (dparams, state_T), got a tuple of 3.")
def loss_too(params, inputs, targets, state0):
    dparams, state_T = compose(params, inputs, targets, state0)
    return 0.0, dparams, state_T


@wrong("it stopped in line")
def order_of_results(params, inputs, targets, state0):
    xs, _ = embedding_forward(params["embedding"], inputs)
    hs, cache, state_T = rnn_forward(params["rnn"], xs, state0)
    logits, _ = linear_forward(params["output"], hs)
    return rnn_backward(cache, log_softmax(logits)), state_T


@wrong(None)
def clipped(params, inputs, targets, state0):
    dparams, state_T = compose(params, inputs, targets, state0)
    size = np.sqrt(sum((d**2).sum() for ds in dparams.values() for d in ds.values()))
    return {part: {name: d / size for name, d in ds.items()} for part, ds in dparams.items()}, state_T


def read(params, inputs, targets, state0):
    xs, c1 = embedding_forward(params["embedding"], inputs)
    hs, state_T, c2 = rnn_forward(params["rnn"], xs, state0)
    ys, c3 = linear_forward(params["output"], hs)
    _, c4 = softmax_cross_entropy_forward(ys, targets)
    return xs, hs, ys, state_T, c1, c2, c3, c4


def composed(params, inputs, targets, state0):
    xs, c1 = embedding_forward(params["embedding"], inputs)
    hs, state_T, c2 = rnn_forward(params["rnn"], xs, state0)
    ys, c3 = linear_forward(params["output"], hs)
    _loss, c4 = softmax_cross_entropy_forward(ys, targets)
    dys = softmax_cross_entropy_backward(c4)
    doutput, dhs = linear_backward(c3, dys)
    drnn, dxs, _ = rnn_backward(c2, dhs)
    return {"embedding": embedding_backward(c1, dxs), "rnn": drnn, "output": doutput}, state_T


@right
def by_hand(params, inputs, targets, state0):
    T, B = inputs.shape
    E = params["embedding"]["weight"]
    V = len(E)
    hs, _state_T, cache = rnn_forward(params["rnn"], E[inputs], state0)
    W = params["output"]["weight"]
    dys = softmax(hs @ W.T + params["output"]["bias"])
    dys[np.arange(T)[:, None], np.arange(B), targets] -= 1
    dys /= T * B
    drnn, dxs, _ = rnn_backward(cache, dys @ W)
    dE = np.zeros_like(E)
    np.add.at(dE, inputs, dxs)
    H = hs.shape[-1]
    doutput = {"weight": dys.reshape(-1, V).T @ hs.reshape(-1, H), "bias": dys.sum(axis=(0, 1))}
    return {"output": doutput, "rnn": drnn, "embedding": {"weight": dE}}, hs[-1]


@wrong("the mean over steps and sequences is taken once more")
def averaged_again(params, inputs, targets, state0):
    _, _, _, state_T, c1, c2, c3, c4 = read(params, inputs, targets, state0)
    doutput, dhs = linear_backward(c3, softmax_cross_entropy_backward(c4) / inputs.size)
    drnn, dxs, _ = rnn_backward(c2, dhs)
    return {"embedding": embedding_backward(c1, dxs), "rnn": drnn, "output": doutput}, state_T


@wrong("the state is given to the backward pass in the place of a gradient")
def state_as_gradient(params, inputs, targets, state0):
    _, _, _, state_T, c1, c2, c3, c4 = read(params, inputs, targets, state0)
    doutput, dhs = linear_backward(c3, softmax_cross_entropy_backward(c4))
    drnn, dxs, _ = rnn_backward(c2, dhs, state_T)
    return {"embedding": embedding_backward(c1, dxs), "rnn": drnn, "output": doutput}, state_T


@wrong("dparams['embedding'] must be a dict with the keys weight")
def table_without_dict(params, inputs, targets, state0):
    grads, state_T = composed(params, inputs, targets, state0)
    return {**grads, "embedding": grads["embedding"]["weight"]}, state_T


@wrong("dparams must be a dict with the keys embedding, rnn, output, got a dict")
def flat_dict(params, inputs, targets, state0):
    grads, state_T = composed(params, inputs, targets, state0)
    return {**grads["embedding"], **grads["rnn"], **grads["output"]}, state_T


@wrong("the softmax is taken twice")
def softmax_twice(params, inputs, targets, state0):
    xs, c1 = embedding_forward(params["embedding"], inputs)
    hs, state_T, c2 = rnn_forward(params["rnn"], xs, state0)
    ys, c3 = linear_forward(params["output"], hs)
    _, c4 = softmax_cross_entropy_forward(softmax(ys), targets)
    doutput, dhs = linear_backward(c3, softmax_cross_entropy_backward(c4))
    drnn, dxs, _ = rnn_backward(c2, dhs)
    return {"embedding": embedding_backward(c1, dxs), "rnn": drnn, "output": doutput}, state_T


@wrong("the gradients are multiplied by the loss, which was given as its own gradient")
def loss_given_back(params, inputs, targets, state0):
    xs, c1 = embedding_forward(params["embedding"], inputs)
    hs, state_T, c2 = rnn_forward(params["rnn"], xs, state0)
    ys, c3 = linear_forward(params["output"], hs)
    loss, c4 = softmax_cross_entropy_forward(ys, targets)
    doutput, dhs = linear_backward(c3, softmax_cross_entropy_backward(c4, loss))
    drnn, dxs, _ = rnn_backward(c2, dhs)
    return {"embedding": embedding_backward(c1, dxs), "rnn": drnn, "output": doutput}, state_T
