"""Lab 1, part 5: from the last state to a probability."""

import numpy as np

from rnncore.reference import linear_forward, rnn_forward, rnn_step_forward, sigmoid
from tests.corpus.answers import right, wrong


@right
def by_steps(params, xs):
    h = np.zeros((xs.shape[1], params["rnn"]["bias_hh"].size), xs.dtype)
    for x in xs:
        h, _ = rnn_step_forward(params["rnn"], x, h)
    u = np.einsum("bh,oh->b", h, params["linear"]["weight"]) + params["linear"]["bias"]
    return 1 / (1 + np.exp(-u))


@right
def squeezed(params, xs):
    state0 = np.zeros_like(xs[0, :, :1]) * params["rnn"]["bias_hh"]
    hs, _, _ = rnn_forward(params["rnn"], xs, state0)
    return sigmoid(linear_forward(params["linear"], hs)[0])[-1].squeeze(axis=-1)


@wrong("the sigmoid is left out")
def score(params, xs):
    hs, _, _ = rnn_forward(params["rnn"], xs, np.zeros((xs.shape[1], len(params["rnn"]["bias_hh"])), xs.dtype))
    return hs[-1] @ params["linear"]["weight"][0] + params["linear"]["bias"]


@wrong("a softmax over one logit")
def softmax_by_hand(params, xs):
    state0 = np.zeros((xs.shape[1], len(params["rnn"]["bias_hh"])), xs.dtype)
    e = np.exp(linear_forward(params["linear"], rnn_forward(params["rnn"], xs, state0)[1])[0])
    return (e / e.sum(axis=1, keepdims=True)).ravel()


@wrong("the first state is read")
def first(params, xs):
    state0 = np.zeros((xs.shape[1], len(params["rnn"]["bias_hh"])), xs.dtype)
    return sigmoid(linear_forward(params["linear"], rnn_forward(params["rnn"], xs, state0)[0][0])[0])[:, 0]


@wrong("the answer keeps the axis")
def column(params, xs):
    state0 = np.zeros((xs.shape[1], len(params["rnn"]["bias_hh"])), xs.dtype)
    return sigmoid(linear_forward(params["linear"], rnn_forward(params["rnn"], xs, state0)[1])[0])


@wrong("rnn_forward: xs is float32 but params")
def float64_state(params, xs):
    xs = xs.astype(np.float32)
    state0 = np.zeros((xs.shape[1], len(params["rnn"]["bias_hh"])), np.float32)
    return sigmoid(linear_forward(params["linear"], rnn_forward(params["rnn"], xs, state0)[1])[0])[:, 0]


@wrong("p must be a NumPy array of shape (1,), got float64")
def one_number(params, xs):
    return by_steps(params, xs).mean()


def zeros(params, xs):
    return np.zeros((xs.shape[1], len(params["rnn"]["bias_ih"])), dtype=xs.dtype)


@right
def tanh_form_of_the_sigmoid(params, xs):
    _, h, _ = rnn_forward(params["rnn"], xs, zeros(params, xs))
    u, _ = linear_forward(params["linear"], h)
    return np.ravel(0.5 * (1 + np.tanh(u / 2)))


@right
def one_sequence_after_the_other(params, xs):
    probabilities = []
    for b in range(xs.shape[1]):
        one = xs[:, b : b + 1]
        h = rnn_forward(params["rnn"], one, zeros(params, one))[1]
        probabilities.append(sigmoid(h @ params["linear"]["weight"].T + params["linear"]["bias"])[0, 0])
    return np.array(probabilities)


@right
def from_the_cache(params, xs):
    _, _, cache = rnn_forward(params["rnn"], xs, zeros(params, xs))
    logits = np.einsum("bh,oh->bo", cache.hs[-1], params["linear"]["weight"]) + params["linear"]["bias"][None, :]
    return np.reciprocal(1 + np.exp(-logits[:, 0]))


@right
def reshaped(params, xs):
    hs = rnn_forward(params["rnn"], xs, np.zeros_like(zeros(params, xs)))[0]
    print("last states:", hs[-1].shape)
    return sigmoid(linear_forward(params["linear"], hs[-1])[0].reshape(-1))


@wrong("tanh stands in the place of the sigmoid")
def squashed_by_tanh(params, xs):
    return np.tanh(linear_forward(params["linear"], rnn_forward(params["rnn"], xs, zeros(params, xs))[1])[0][:, 0])


@wrong("the probability is rounded to a class")
def class_and_not_probability(params, xs):
    return np.round(tanh_form_of_the_sigmoid(params, xs))


@wrong("the states are averaged over time")
def mean_state(params, xs):
    hs = rnn_forward(params["rnn"], xs, zeros(params, xs))[0]
    return sigmoid(linear_forward(params["linear"], hs.mean(axis=0))[0][:, 0])


@wrong("hs[:, -1] is read")
def last_of_the_batch(params, xs):
    hs = rnn_forward(params["rnn"], xs, zeros(params, xs))[0]
    return sigmoid(linear_forward(params["linear"], hs[:, -1])[0][:, 0])


@wrong("the bias of the linear unit is forgotten")
def without_bias(params, xs):
    h = rnn_forward(params["rnn"], xs, zeros(params, xs))[1]
    return sigmoid((h * params["linear"]["weight"]).sum(axis=1))


@wrong("the sequence is read from its end")
def from_the_end(params, xs):
    h = zeros(params, xs)
    for x in reversed(xs):
        h, _ = rnn_step_forward(params["rnn"], x, h)
    return sigmoid(linear_forward(params["linear"], h)[0][:, 0])


@right
def zeros_like_product(params, xs):
    state0 = np.zeros_like(xs[0] @ params["rnn"]["weight_ih"].T)
    _, state_T, _ = rnn_forward(params["rnn"], xs, state0)
    logits, _ = linear_forward(params["linear"], state_T)
    p = sigmoid(logits).squeeze(axis=1)
    return p


def start(params, xs):
    return np.zeros((xs.shape[1], len(params["rnn"]["weight_hh"])), xs.dtype)


@wrong("the first row of the logits is taken")
def first_row(params, xs):
    _, h, _ = rnn_forward(params["rnn"], xs, start(params, xs))
    return sigmoid(linear_forward(params["linear"], h)[0])[0]


@wrong("there is a probability for every step")
def all_states(params, xs):
    hs, _, _ = rnn_forward(params["rnn"], xs, start(params, xs))
    return sigmoid(linear_forward(params["linear"], hs)[0])[..., 0]


@wrong("rnn_forward: state0 is float64 but")
def float64_start(params, xs):
    state0 = np.zeros((xs.shape[1], len(params["rnn"]["weight_hh"])))
    _, h, _ = rnn_forward(params["rnn"], xs, state0)
    return sigmoid(linear_forward(params["linear"], h)[0])[:, 0]


@wrong("the state before the first step is one")
def ones(params, xs):
    _, h, _ = rnn_forward(params["rnn"], xs, np.ones_like(start(params, xs)))
    return sigmoid(linear_forward(params["linear"], h)[0])[:, 0]


@wrong("the recurrent layer is given all parameters")
def whole_params(params, xs):
    _, h, _ = rnn_forward(params, xs, start(params, xs))
    return sigmoid(linear_forward(params, h)[0])[:, 0]


@wrong("B is 1 in xs, not 2")
def B_is_first_axis(params, xs):
    state0 = np.zeros((xs.shape[0], len(params["rnn"]["weight_hh"])), xs.dtype)
    _, h, _ = rnn_forward(params["rnn"], xs, state0)
    return sigmoid(linear_forward(params["linear"], h)[0])[:, 0]


@wrong("in params['weight_ih'], not")
def H_is_D(params, xs):
    _, h, _ = rnn_forward(params["rnn"], xs, np.zeros(xs.shape[1:], xs.dtype))
    return sigmoid(linear_forward(params["linear"], h)[0])[:, 0]


@wrong("state0 must be a NumPy array of shape (B, H), got None.")
def none_state(params, xs):
    _, h, _ = rnn_forward(params["rnn"], xs, None)
    return sigmoid(linear_forward(params["linear"], h)[0])[:, 0]


@wrong("sigmoid: a must be a NumPy array")
def pair_to_sigmoid(params, xs):
    _, h, _ = rnn_forward(params["rnn"], xs, start(params, xs))
    return sigmoid(linear_forward(params["linear"], h))[:, 0]


@wrong("this is the probability of label 0")
def sigmoid_sign(params, xs):
    _, h, _ = rnn_forward(params["rnn"], xs, start(params, xs))
    u = linear_forward(params["linear"], h)[0][:, 0]
    return 1 / (1 + np.exp(u))


@wrong("a softmax runs over the sequences of the batch")
def softmax(params, xs):
    _, h, _ = rnn_forward(params["rnn"], xs, start(params, xs))
    u = linear_forward(params["linear"], h)[0][:, 0]
    return np.exp(u) / np.exp(u).sum()
