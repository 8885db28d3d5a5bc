"""Lab 2, part 2: a sentence forward."""

import numpy as np

from rnncore.reference import rnn_forward, sigmoid
from tests.corpus.answers import right, wrong

CELL = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def step(params, x, h):
    return np.tanh(x @ params["weight_ih"].T + h @ params["weight_hh"].T + params["bias_ih"] + params["bias_hh"])


def score(params, h):
    return (h @ params["weight_ho"].T + params["bias_ho"])[:, 0]


def entropy(p, targets):
    return -targets * np.log(p) - (1 - targets) * np.log(1 - p)


def read(params, xs):
    h = np.zeros((xs.shape[1], len(params["bias_hh"])), xs.dtype)
    hs = []
    for x in xs:
        h = step(params, x, h)
        hs.append(h)
    return np.array(hs)


@right
def textbook_formula(params, xs, targets):
    hs = read(params, xs)
    p = 1 / (1 + np.exp(-score(params, hs[-1])))
    return hs, p, -(targets * np.log(p) + (1 - targets) * np.log(1 - p))


@right
def room_made_before(params, xs, targets):
    T, B, _ = xs.shape
    H = params["weight_hh"].shape[0]
    hs = np.zeros((T + 1, B, H), dtype=xs.dtype)  # hs[0] is before the first word
    for t in range(1, T + 1):
        a = np.dot(xs[t - 1], params["weight_ih"].T) + params["bias_ih"] + np.dot(hs[t - 1], params["weight_hh"].T) + params["bias_hh"]
        hs[t] = np.tanh(a)
    y = np.squeeze(hs[-1] @ params["weight_ho"].T, axis=1) + params["bias_ho"]
    p = sigmoid(y)
    right_one = p * targets + (1 - p) * (1 - targets)
    return hs[1:], p, -np.log(right_one)


@right
def by_rnncore(params, xs, targets):
    h0 = np.zeros((xs.shape[1], params["bias_ih"].size), dtype=xs.dtype)
    hs, h_T, _ = rnn_forward({name: params[name] for name in CELL}, xs, h0)
    y = score(params, h_T)
    return hs, sigmoid(y), np.logaddexp(0, y) - targets * y


@right
def one_sentence_after_the_other(params, xs, targets):
    states, probabilities, losses = [], [], []
    for b in range(xs.shape[1]):
        h, own = np.zeros(len(params["weight_hh"]), xs.dtype), []
        for t in range(xs.shape[0]):
            h = np.tanh(params["weight_ih"] @ xs[t, b] + params["bias_ih"] + params["weight_hh"] @ h + params["bias_hh"])
            own.append(h)
        states.append(own)
        p = sigmoid(params["weight_ho"][0] @ h + params["bias_ho"])[0]
        probabilities.append(p)
        losses.append(-np.log(p) if targets[b] else -np.log(1 - p))
    return np.array(states).swapaxes(0, 1), np.array(probabilities), np.array(losses)


@right
def einsum_and_signs(params, xs, targets):
    from_words = np.einsum("tbd,hd->tbh", xs, params["weight_ih"]) + params["bias_ih"] + params["bias_hh"]
    h, hs = np.zeros_like(from_words[0]), np.empty_like(from_words)
    for t, part in enumerate(from_words):
        h = np.tanh(part + np.einsum("bk,hk->bh", h, params["weight_hh"]))
        hs[t] = h
    y = np.einsum("bh,oh->b", h, params["weight_ho"]) + params["bias_ho"]
    sign = 2 * targets - 1
    return hs, sigmoid(y), -np.log(sigmoid(sign * y))


@right
def a_list_of_results(params, xs, targets):
    hs = read(params, xs)
    p = sigmoid(score(params, hs[-1]))
    losses = np.zeros_like(p)
    losses[targets == 1] = -np.log(p[targets == 1])
    losses[targets == 0] = -np.log(1 - p[targets == 0])
    return [hs, p, losses]


@right
def loss_from_the_score(params, xs, targets):
    W, U = params["weight_ih"], params["weight_hh"]
    h = np.zeros((xs.shape[1], len(U)), xs.dtype)
    states = []
    for x in xs:
        h = np.tanh((W @ x.T).T + params["bias_ih"] + (U @ h.T).T + params["bias_hh"])
        states += [h]
    y = np.squeeze(h @ params["weight_ho"].T + params["bias_ho"], axis=1)
    losses = np.logaddexp(0, y) - targets * y
    return np.array(states), sigmoid(y), losses


@wrong("tanh is left out")
def no_tanh(params, xs, targets):
    h = np.zeros((xs.shape[1], len(params["bias_hh"])), xs.dtype)
    hs = []
    for x in xs:
        h = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
        hs.append(h)
    p = sigmoid(score(params, h))
    return np.stack(hs), p, entropy(p, targets)


@wrong("the state is not carried")
def new_name_for_the_state(params, xs, targets):
    h = np.zeros((xs.shape[1], len(params["bias_hh"])), xs.dtype)
    hs = []
    for x in xs:
        h_next = step(params, x, h)
        hs.append(h_next)
    p = sigmoid(score(params, h_next))
    return np.stack(hs), p, entropy(p, targets)


@wrong("bias_hh is forgotten")
def second_bias_forgotten(params, xs, targets):
    h, hs = np.zeros((xs.shape[1], len(params["bias_ih"])), xs.dtype), []
    for x in xs:
        h = np.tanh(x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T)
        hs.append(h)
    p = sigmoid(score(params, h))
    return np.stack(hs), p, entropy(p, targets)


@wrong("weight_hh is not transposed")
def square_so_it_fits(params, xs, targets):
    return textbook_formula({**params, "weight_hh": params["weight_hh"].T}, xs, targets)


@wrong("every sentence gets -log p")
def log_p_for_all(params, xs, targets):
    hs = read(params, xs)
    p = sigmoid(score(params, hs[-1]))
    return hs, p, -np.log(p)


@wrong("only the part for label 1 is there")
def half_of_the_formula(params, xs, targets):
    hs = read(params, xs)
    p = sigmoid(score(params, hs[-1]))
    return hs, p, -(targets * np.log(p))


@wrong("the minus sign is missing in the losses")
def log_likelihood(params, xs, targets):
    hs = read(params, xs)
    p = sigmoid(score(params, hs[-1]))
    return hs, p, targets * np.log(p) + (1 - targets) * np.log(1 - p)


@wrong("the labels are exchanged")
def label_zero_means_friendly(params, xs, targets):
    hs = read(params, xs)
    p = sigmoid(score(params, hs[-1]))
    return hs, p, -np.log(np.where(targets == 0, p, 1 - p))


@wrong("losses must be a NumPy array of shape (1,), got float64")
def one_loss(params, xs, targets):
    hs, p, losses = textbook_formula(params, xs, targets)
    return hs, p, np.mean(losses)


@wrong("losses must be a NumPy array of shape (1,), got float64")
def summed_loss(params, xs, targets):
    hs, p, losses = textbook_formula(params, xs, targets)
    return hs, p, np.sum(losses)


@wrong("the losses are squared differences")
def squared(params, xs, targets):
    hs, p, _ = textbook_formula(params, xs, targets)
    return hs, p, (targets - p) ** 2


@wrong("p keeps the axis of the one output")
def column_of_probabilities(params, xs, targets):
    hs, p, losses = textbook_formula(params, xs, targets)
    return hs, p.reshape(-1, 1), losses


@wrong("p is the score itself")
def sigmoid_only_in_the_loss(params, xs, targets):
    hs, _, losses = textbook_formula(params, xs, targets)
    y = score(params, hs[-1])
    return hs, y, losses


@wrong("hs holds the state before each word")
def appended_too_early(params, xs, targets):
    h, hs = np.zeros((xs.shape[1], len(params["bias_ih"])), xs.dtype), []
    for x in xs:
        hs.append(h)
        h = step(params, x, h)
    p = sigmoid(score(params, h))
    return np.stack(hs), p, entropy(p, targets)


@wrong("hs also holds the zeros from before the first word")
def first_state_kept(params, xs, targets):
    hs = [np.zeros((xs.shape[1], len(params["bias_ih"])), xs.dtype)]
    for x in xs:
        hs.append(step(params, x, hs[-1]))
    p = sigmoid(score(params, hs[-1]))
    return np.stack(hs), p, entropy(p, targets)


@wrong("hs is the last state alone")
def only_the_end(params, xs, targets):
    hs, p, losses = textbook_formula(params, xs, targets)
    return hs[-1], p, losses


@wrong("hs must have shape (6, 1, 3), got (1, 6, 3).")
def batch_for_time(params, xs, targets):
    h, hs = np.zeros((xs.shape[0], len(params["bias_ih"])), xs.dtype), []
    for b in range(xs.shape[1]):
        h = step(params, xs[:, b], h)
        hs.append(h)
    p = sigmoid(score(params, h))
    return np.stack(hs), p, entropy(p, targets)


@wrong("the output reads the mean of the states")
def mean_of_the_states(params, xs, targets):
    hs = read(params, xs)
    p = sigmoid(score(params, hs.mean(axis=0)))
    return hs, p, entropy(p, targets)


@wrong("must have the dtype of the inputs, float32, got float64")
def zeros_are_float64(params, xs, targets):
    h, hs = np.zeros((xs.shape[1], len(params["bias_ih"]))), []
    for x in xs:
        h = step(params, x, h)
        hs.append(h)
    p = sigmoid(score(params, h))
    return np.stack(hs), p, entropy(p, targets)


@wrong("mismatch in its core dimension")
def output_weights_not_transposed(params, xs, targets):
    hs = read(params, xs)
    p = sigmoid((hs[-1] @ params["weight_ho"] + params["bias_ho"])[:, 0])
    return hs, p, entropy(p, targets)


@wrong("hs must be a NumPy array of shape")
def list_of_states(params, xs, targets):
    hs, p, losses = textbook_formula(params, xs, targets)
    return list(hs), p, losses


@wrong("it must return 3 values (hs, p, losses), got a tuple of 2.")
def two_results(params, xs, targets):
    hs, _, losses = textbook_formula(params, xs, targets)
    return hs, losses


@wrong("the logarithm is that of base 10")
def base_ten(params, xs, targets):
    hs, p, _ = textbook_formula(params, xs, targets)
    return hs, p, np.where(targets == 1, -np.log10(p), -np.log10(1 - p))


@wrong(None)
def first_state_for_p_and_no_tanh_for_hs(params, xs, targets):
    _, p, _ = textbook_formula(params, xs[:1], targets)
    return np.arctanh(read(params, xs)), p, entropy(p, targets)


@wrong("the loss is that of the likelier label")
def loss_of_the_decision(params, xs, targets):
    h = np.zeros((xs.shape[1], params["weight_hh"].shape[0]), dtype=xs.dtype)
    hs = []
    for x in xs:
        h = np.tanh(x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"])
        hs.append(h)
    p = sigmoid(h @ params["weight_ho"].T + params["bias_ho"])[:, 0]
    return np.stack(hs), p, -np.log(np.maximum(p, 1 - p))


@wrong("there is a p for every word")
def score_at_every_word(params, xs, targets):
    h = np.zeros((xs.shape[1], params["weight_hh"].shape[0]), dtype=xs.dtype)
    hs = []
    for x in xs:
        h = np.tanh(x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"])
        hs.append(h)
    hs = np.stack(hs)
    p = sigmoid(hs @ params["weight_ho"].T + params["bias_ho"])[:, :, 0]
    return hs, p, -np.log(np.where(targets == 1, p, 1 - p))
