"""Lab 1, part 1: one step forward."""

import sys
import warnings

import numpy as np

from rnncore.reference import RNNStepCache, rnn_step_forward
from tests.corpus.answers import right, wrong


@right
def with_einsum(params, x, h):
    a = np.einsum("bd,hd->bh", x, params["weight_ih"]) + np.einsum("bg,hg->bh", h, params["weight_hh"])
    h_next = np.tanh(a + params["bias_ih"] + params["bias_hh"])
    return h_next, RNNStepCache(params=params, x=x, h=h, h_next=h_next, nonlinearity="tanh")


@right
def one_sequence_at_a_time(params, x, h):
    h_next = np.empty_like(h)
    for b in range(len(x)):
        for i in range(h.shape[1]):
            a = params["bias_ih"][i] + params["bias_hh"][i]
            for j in range(x.shape[1]):
                a += params["weight_ih"][i, j] * x[b, j]
            for j in range(h.shape[1]):
                a += params["weight_hh"][i, j] * h[b, j]
            h_next[b, i] = np.tanh(a)
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@right
def columns(params, x, h):
    a = params["weight_ih"] @ x.T + params["weight_hh"] @ h.T + (params["bias_ih"] + params["bias_hh"])[:, None]
    h_next = np.tanh(a).T  # a view
    print("a has the shape", a.shape)
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@right
def one_big_matrix(params, x, h):
    both = np.concatenate([x, h], axis=1)
    weight = np.concatenate([params["weight_ih"], params["weight_hh"]], axis=1)
    a = both @ weight.T + params["bias_ih"] + params["bias_hh"]
    e = np.exp(2 * a)
    h_next = (e - 1) / (e + 1)
    return [h_next, RNNStepCache(params, x, h, h_next, "tanh")]


@right
def warns(params, x, h):
    warnings.warn("a warning must cost nothing", stacklevel=1)
    np.array([1.0]) / np.array([0.0])
    print("nor must this", file=sys.stderr)
    return rnn_step_forward(params, x, h)


@wrong("tanh is left out")
def no_tanh(params, x, h):
    h_next = x.dot(params["weight_ih"].T) + h.dot(params["weight_hh"].T) + params["bias_ih"] + params["bias_hh"]
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@wrong("weight_hh is not transposed")
def transposed(params, x, h):
    a = np.dot(x, params["weight_ih"].T) + params["bias_ih"] + np.dot(h, params["weight_hh"]) + params["bias_hh"]
    h_next = np.tanh(a)
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@wrong("weight_ih is not transposed")
def not_transposed_at_all(params, x, h):
    a = x @ params["weight_ih"] + h @ params["weight_hh"] + params["bias_ih"] + params["bias_hh"]
    return np.tanh(a), RNNStepCache(params, x, h, np.tanh(a), "tanh")


@wrong("bias_hh is forgotten")
def one_bias(params, x, h):
    h_next = np.tanh(x @ params["weight_ih"].T + h @ params["weight_hh"].T + params["bias_ih"])
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@wrong("the state h is not used")
def another_state(params, x, h):
    h = np.zeros_like(h)
    h_next = np.tanh(x @ params["weight_ih"].T + h @ params["weight_hh"].T + params["bias_ih"] + params["bias_hh"])
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@wrong("it changed its argument h in place; work on a copy.")
def state_changed_in_place(params, x, h):
    before = h.copy()
    h[:] = np.tanh(x @ params["weight_ih"].T + h @ params["weight_hh"].T + params["bias_ih"] + params["bias_hh"])
    return h, RNNStepCache(params, x, before, h, "tanh")


@wrong("cache must be RNNStepCache(params, x, h, h_next, nonlinearity), got a tuple of 4.")
def plain_cache(params, x, h):
    h_next = rnn_step_forward(params, x, h)[0]
    return h_next, (params, x, h, h_next)


@wrong("cache.nonlinearity must be 'tanh'")
def another_name(params, x, h):
    h_next = rnn_step_forward(params, x, h)[0]
    return h_next, RNNStepCache(params, x, h, h_next, np.tanh)


@wrong("it must return 2 values (h_next, cache), got an array of shape (1, 1).")
def no_cache(params, x, h):
    return rnn_step_forward(params, x, h)[0]


@wrong("with KeyError: 'W_ih'.")
def wrong_key(params, x, h):
    return np.tanh(x @ params["W_ih"].T), None


@right
def term_by_term(params, x, h):
    input_part = np.add(np.matmul(x, np.transpose(params["weight_ih"])), params["bias_ih"])
    state_part = np.add(np.matmul(h, np.transpose(params["weight_hh"])), params["bias_hh"])
    h_next = np.tanh(input_part + state_part)
    cache = RNNStepCache(params, x, h, h_next, "tanh")
    return h_next, cache


@wrong("tanh is applied to the two parts one by one")
def tanh_of_each(params, x, h):
    from_input = np.tanh(x @ params["weight_ih"].T + params["bias_ih"])
    from_state = np.tanh(h @ params["weight_hh"].T + params["bias_hh"])
    h_next = from_input + from_state
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@wrong("h and h_next are exchanged in the cache")
def cache_in_another_order(params, x, h):
    h_next = np.tanh(x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"])
    return h_next, RNNStepCache(params, x, h_next, h, "tanh")


@wrong("a sigmoid stands in the place of tanh")
def squashed_by_a_sigmoid(params, x, h):
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
    h_next = 1 / (1 + np.exp(-a))
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@right
def row_by_row(params, x, h):
    h_next = np.zeros_like(h)
    for b in range(len(x)):
        a = params["weight_ih"] @ x[b] + params["bias_ih"] + params["weight_hh"] @ h[b] + params["bias_hh"]
        h_next[b] = np.tanh(a)
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@wrong("bias_hh is forgotten; there are two biases")
def one_bias_again(params, x, h):
    h_next = np.tanh(x @ params["weight_ih"].T + h @ params["weight_hh"].T + params["bias_ih"])
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@wrong("bias_ih is added twice and bias_hh never")
def bias_twice(params, x, h):
    h_next = np.tanh(x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_ih"])
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@wrong("weight_ih and x stand in the wrong order")
def weights_first(params, x, h):
    h_next = np.tanh(params["weight_ih"] @ x + params["bias_ih"] + params["weight_hh"] @ h + params["bias_hh"])
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@wrong("entry by entry with *")
def star(params, x, h):
    h_next = np.tanh(x * params["weight_ih"].T + params["bias_ih"] + h * params["weight_hh"].T + params["bias_hh"])
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@wrong("the cache keeps a where it should keep h_next")
def a_in_cache(params, x, h):
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
    return np.tanh(a), RNNStepCache(params, x, h, a, "tanh")


@wrong("the cache keeps h_next where it should keep h")
def h_overwritten(params, x, h):
    h = np.tanh(x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"])
    return h, RNNStepCache(params, x, h, h, "tanh")


@wrong("x and h are exchanged in the cache")
def cache_order(params, x, h):
    h_next = np.tanh(x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"])
    return h_next, RNNStepCache(params, h, x, h_next, "tanh")


@wrong("the weights are exchanged")
def weights_exchanged(params, x, h):
    h_next = np.tanh(x @ params["weight_hh"].T + params["bias_hh"] + h @ params["weight_ih"].T + params["bias_ih"])
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@wrong("the state h and its bias are not used")
def no_state(params, x, h):
    h_next = np.tanh(x @ params["weight_ih"].T + params["bias_ih"])
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")
