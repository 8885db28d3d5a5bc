"""Lab 11, part 4: the weighted sum backward."""

import numpy as np

from rnncore.reference import weighted_sum_backward
from tests.corpus.answers import right, wrong


@right
def with_matmul(cache, dcontexts):
    weights, values = cache
    d = dcontexts.swapaxes(0, 1)  # (B, T, E)
    dweights = (d @ values.transpose(1, 2, 0)).swapaxes(0, 1)
    dvalues = (weights.transpose(1, 2, 0) @ d).swapaxes(0, 1)
    return dweights, dvalues


@right
def query_by_query(cache, dcontexts):
    dvalues = np.zeros_like(cache.values)
    dweights = np.empty_like(cache.weights)
    for t, dc in enumerate(dcontexts):
        dweights[t] = (dc * cache.values).sum(axis=-1).T
        dvalues += cache.weights[t].T[..., None] * dc
    return dweights, dvalues


@right
def broadcast(cache, dcontexts):
    values = cache.values.swapaxes(0, 1)  # (B, S, E)
    dweights = (dcontexts[:, :, None] * values).sum(axis=3)
    dvalues = (cache.weights[..., None] * dcontexts[:, :, None]).sum(axis=0)
    return dweights, dvalues.swapaxes(0, 1)


@right
def per_sequence(cache, dcontexts):
    dweights, dvalues = [], []
    for b in range(dcontexts.shape[1]):
        dweights.append(dcontexts[:, b] @ cache.values[:, b].T)
        dvalues.append(cache.weights[:, b].T @ dcontexts[:, b])
    return np.stack(dweights, axis=1), np.stack(dvalues, axis=1)


@right
def other_letters(cache, dcontexts):
    weights, values = cache
    return [np.einsum("ibe,jbe->ibj", dcontexts, values), np.einsum("ibj,ibe->jbe", weights, dcontexts)]


@right
def entry_by_entry(cache, dcontexts):
    (T, B, S), E = cache.weights.shape, cache.values.shape[-1]
    dweights, dvalues = np.zeros_like(cache.weights), np.zeros_like(cache.values)
    for t, b, s, e in np.ndindex(T, B, S, E):
        dweights[t, b, s] += dcontexts[t, b, e] * cache.values[s, b, e]
        dvalues[s, b, e] += dcontexts[t, b, e] * cache.weights[t, b, s]
    print("done")
    return dweights, dvalues


@wrong("the two gradients are exchanged")
def values_first(cache, dcontexts):
    dweights, dvalues = weighted_sum_backward(cache, dcontexts)
    return dvalues, dweights


@wrong("dweights is multiplied by the weights")
def weights_already(cache, dcontexts):
    weights, values = cache
    dweights = weights * np.einsum("tbe,sbe->tbs", dcontexts, values)
    return dweights, np.einsum("tbs,tbe->sbe", weights, dcontexts)


@wrong("dweights has gone back through the softmax already")
def one_part_too_far(cache, dcontexts):
    weights, values = cache
    dw = np.einsum("tbe,sbe->tbs", dcontexts, values)
    dw = weights * (dw - (weights * dw).sum(axis=-1, keepdims=True))
    return dw, np.einsum("tbs,tbe->sbe", weights, dcontexts)


@wrong("the weights are left out of dvalues")
def every_value_gets_all(cache, dcontexts):
    _, values = cache
    dvalues = np.zeros_like(values)
    dvalues += dcontexts.sum(axis=0)
    return np.einsum("tbe,sbe->tbs", dcontexts, values), dvalues


@wrong("dvalues is that of the last query alone")
def overwritten(cache, dcontexts):
    weights, values = cache
    dweights, dvalues = np.empty_like(weights), np.empty_like(values)
    for t in range(len(dcontexts)):
        for s in range(len(values)):
            dweights[t, :, s] = (dcontexts[t] * values[s]).sum(axis=-1)
            dvalues[s] = weights[t, :, s, None] * dcontexts[t]
    return dweights, dvalues


@wrong("dvalues is a mean over the queries")
def mean_over_queries(cache, dcontexts):
    weights, values = cache
    dvalues = np.mean(weights[..., None] * dcontexts[:, :, None], axis=0).swapaxes(0, 1)
    return np.einsum("tbe,sbe->tbs", dcontexts, values), dvalues


@wrong("dvalues is not added up over the queries, and its axes are (T, B, S, E)")
def queries_left(cache, dcontexts):
    weights, values = cache
    return np.einsum("tbe,sbe->tbs", dcontexts, values), weights[..., None] * dcontexts[:, :, None]


@wrong("dvalues is (B, S, E)")
def dvalues_batch_first(cache, dcontexts):
    weights, values = cache
    dvalues = weights.transpose(1, 2, 0) @ dcontexts.swapaxes(0, 1)
    return np.einsum("tbe,sbe->tbs", dcontexts, values), dvalues


@wrong("dweights is (T, S, B)")
def dweights_turned(cache, dcontexts):
    weights, values = cache
    dweights = (dcontexts[:, None] * values[None]).sum(axis=-1)
    return dweights, np.einsum("tbs,tbe->sbe", weights, dcontexts)


@wrong("dweights is not added up over E")
def not_summed_over_e(cache, dcontexts):
    weights, values = cache
    dweights = dcontexts[:, :, None] * values.swapaxes(0, 1)
    return dweights, np.einsum("tbs,tbe->sbe", weights, dcontexts)


@wrong("dweights is a mean over the E numbers")
def mean_over_e(cache, dcontexts):
    weights, values = cache
    dweights = (dcontexts[:, :, None] * values.swapaxes(0, 1)).mean(axis=-1)
    return dweights, np.einsum("tbs,tbe->sbe", weights, dcontexts)


@wrong("dweights leaves out the values")
def all_weights_the_same(cache, dcontexts):
    weights, _ = cache
    dweights = np.zeros_like(weights) + dcontexts.sum(axis=-1, keepdims=True)
    return dweights, np.einsum("tbs,tbe->sbe", weights, dcontexts)


@wrong("dvalues is added up over the batch")
def one_set_of_values(cache, dcontexts):
    weights, values = cache
    return np.einsum("tbe,sbe->tbs", dcontexts, values), np.einsum("tbs,tbe->se", weights, dcontexts)


@wrong("dvalues is multiplied by the values")
def product_rule_gone_wrong(cache, dcontexts):
    weights, values = cache
    return np.einsum("tbe,sbe->tbs", dcontexts, values), np.einsum("tbs,tbe->sbe", weights, dcontexts) * values


@wrong("with ValueError: matmul: Input operand 1 has a mismatch")
def bare_matmul(cache, dcontexts):
    weights, values = cache
    return dcontexts @ values.T, weights.T @ dcontexts


@wrong("dweights must be a NumPy array")
def lists(cache, dcontexts):
    dweights, dvalues = weighted_sum_backward(cache, dcontexts)
    return dweights.tolist(), dvalues.tolist()


@wrong("it returned None; end it with `return dweights, dvalues`.")
def return_forgotten(cache, dcontexts):
    weighted_sum_backward(cache, dcontexts)


@wrong(None)
def weights_of_the_first_query_for_all(cache, dcontexts):
    weights, values = cache
    dvalues = np.einsum("bs,tbe->sbe", weights[0], dcontexts)
    return np.einsum("tbe,sbe->tbs", dcontexts, values), dvalues
