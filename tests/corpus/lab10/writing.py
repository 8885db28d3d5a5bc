"""Lab 10, part 3: write the target."""

import numpy as np

from rnncore.reference import RNNCache, rnn_forward, rnn_step_forward, softmax, teacher_forced_inputs
from tests.corpus.answers import right, wrong


def run(params, fed, state):
    return rnn_forward(params["rnn"], params["embedding"]["weight"][fed], state)


@right
def one_by_one(params, fed, state):
    logits, steps, hs = [], [], []
    W, b = params["output"]["weight"], params["output"]["bias"]
    for tokens in fed:
        state, step = rnn_step_forward(params["rnn"], params["embedding"]["weight"][tokens], state)
        logits.append(state @ W.T + b)
        hs.append(state)
        steps.append(step)
    return np.stack(logits), state, RNNCache(steps, np.stack(hs))


@right
def einsum(params, fed, state):
    hs, state_T, cache = run(params, fed, state)
    return np.einsum("tbh,vh->tbv", hs, params["output"]["weight"]) + params["output"]["bias"], state_T, cache


@right
def one_long_batch(params, fed, state):
    hs, _, cache = run(params, fed, state)
    T, B, H = hs.shape
    logits = hs.reshape(T * B, H) @ params["output"]["weight"].T
    logits += params["output"]["bias"]
    return logits.reshape(T, B, -1), hs[-1], cache


@right
def preallocated(params, fed, state):
    hs, state_T, cache = run(params, fed, state)
    logits = np.empty((*fed.shape, len(params["output"]["bias"])), dtype=hs.dtype)
    for t, h in enumerate(hs):
        logits[t] = np.dot(h, params["output"]["weight"].T) + params["output"]["bias"]
    return logits, state_T, cache


@right
def weight_on_the_left(params, fed, state):
    hs, state_T, cache = run(params, fed, state)
    logits = (params["output"]["weight"] @ hs.swapaxes(1, 2)).swapaxes(1, 2) + params["output"]["bias"]
    print(logits.shape)
    return [logits, state_T, cache]


@right
def take(params, fed, state):
    xs = np.take(params["embedding"]["weight"], fed, axis=0)
    hs, state_T, cache = rnn_forward(params["rnn"], xs, state)
    output = params["output"]
    return np.tensordot(hs, output["weight"], axes=(2, 1)) + output["bias"][None, None], state_T.copy(), cache


@wrong("the decoder starts from zeros")
def bridge_forgotten(params, fed, state):
    hs, state_T, cache = run(params, fed, np.zeros_like(state))
    return hs @ params["output"]["weight"].T + params["output"]["bias"], state_T, cache


@wrong("a softmax is applied")
def probabilities(params, fed, state):
    hs, state_T, cache = run(params, fed, state)
    return softmax(hs @ params["output"]["weight"].T + params["output"]["bias"]), state_T, cache


@wrong("the bias of the output layer is forgotten")
def no_bias(params, fed, state):
    hs, state_T, cache = run(params, fed, state)
    return hs @ params["output"]["weight"].T, state_T, cache


@wrong("the weight of the output layer is not transposed")
def not_transposed(params, fed, state):
    hs, state_T, cache = run(params, fed, state)
    return hs @ params["output"]["weight"] + params["output"]["bias"], state_T, cache


@wrong("only the last step goes through the output layer")
def last_only(params, fed, state):
    _, state_T, cache = run(params, fed, state)
    return state_T @ params["output"]["weight"].T + params["output"]["bias"], state_T, cache


@wrong("fed is shifted once more")
def shifted_again(params, fed, state):
    hs, state_T, cache = run(params, teacher_forced_inputs(fed, int(fed[0, 0])), state)
    return hs @ params["output"]["weight"].T + params["output"]["bias"], state_T, cache


@wrong("tanh is applied to the logits")
def squashed(params, fed, state):
    hs, state_T, cache = run(params, fed, state)
    return np.tanh(hs @ params["output"]["weight"].T + params["output"]["bias"]), state_T, cache


@wrong("state_T is the state before the first step")
def first_state_back(params, fed, state):
    hs, _, cache = run(params, fed, state)
    return hs @ params["output"]["weight"].T + params["output"]["bias"], state, cache


@wrong("state_T holds the states of all steps")
def all_states_back(params, fed, state):
    hs, _, cache = run(params, fed, state)
    return hs @ params["output"]["weight"].T + params["output"]["bias"], hs, cache


@wrong("the state is not carried")
def not_carried(params, fed, state):
    logits, cache = [], run(params, fed, state)[2]
    for tokens in fed:
        h, _ = rnn_step_forward(params["rnn"], params["embedding"]["weight"][tokens], state)
        logits.append(h @ params["output"]["weight"].T + params["output"]["bias"])
    return np.stack(logits), h, cache


@wrong("the embedding is transposed")
def columns_of_the_table(params, fed, state):
    hs, state_T, cache = rnn_forward(params["rnn"], params["embedding"]["weight"].T[fed], state)
    return hs @ params["output"]["weight"].T + params["output"]["bias"], state_T, cache


@wrong("the best tokens are returned in the place of the logits")
def chosen_already(params, fed, state):
    hs, state_T, cache = run(params, fed, state)
    return (hs @ params["output"]["weight"].T + params["output"]["bias"]).argmax(axis=-1), state_T, cache


@wrong("the output layer reads the state before each step")
def one_state_late(params, fed, state):
    hs, state_T, cache = run(params, fed, state)
    before = np.concatenate([state[None], hs[:-1]])
    return before @ params["output"]["weight"].T + params["output"]["bias"], state_T, cache


@wrong(None)
def output_through_the_embedding(params, fed, state):
    """Adds the embedding of the fed tokens to the logits' bias by mistake: the weights of a table that has V rows, too."""
    hs, state_T, cache = run(params, fed, state)
    logits = hs @ params["output"]["weight"].T + params["output"]["bias"] + params["embedding"]["weight"].sum(axis=1)
    return logits, state_T, cache


@wrong("it must return 3 values (logits, state_T, cache), got a tuple of 2.")
def state_forgotten(params, fed, state):
    hs, _, cache = run(params, fed, state)
    return hs @ params["output"]["weight"].T + params["output"]["bias"], cache


@wrong("the hidden states are returned in the place of the logits")
def no_output_layer(params, fed, state):
    return run(params, fed, state)


@wrong("the first state is added to every state that the output layer reads")
def shown_at_every_step(params, fed, state):
    hs, state_T, cache = run(params, fed, state)
    return (hs + state) @ params["output"]["weight"].T + params["output"]["bias"], state_T, cache


@right
def state_by_state(params, fed, state):
    hs, state_T, cache = run(params, fed, state)
    logits = []
    for h in hs:
        logits.append(h @ params["output"]["weight"].T + params["output"]["bias"])
    return np.array(logits), state_T, cache


@wrong("the dict of the embedding is indexed")
def dict_for_the_table(params, fed, state):
    hs, state_T, cache = rnn_forward(params["rnn"], params["embedding"][fed], state)
    return hs @ params["output"]["weight"].T + params["output"]["bias"], state_T, cache


@wrong("the token numbers are the cell's inputs")
def no_embedding(params, fed, state):
    hs, state_T, cache = rnn_forward(params["rnn"], fed, state)
    return hs @ params["output"]["weight"].T + params["output"]["bias"], state_T, cache


@wrong("all of params is handed to the cell")
def all_params(params, fed, state):
    hs, state_T, cache = rnn_forward(params, params["embedding"]["weight"][fed], state)
    return hs @ params["output"]["weight"].T + params["output"]["bias"], state_T, cache


@wrong("the logits and state_T are exchanged")
def as_the_cell_returns_them(params, fed, state):
    hs, state_T, cache = run(params, fed, state)
    return state_T, hs @ params["output"]["weight"].T + params["output"]["bias"], cache


@wrong(None)
def embedding_as_output(params, fed, state):
    hs, state_T, cache = run(params, fed, state)
    return hs @ params["embedding"]["weight"].T + params["output"]["bias"], state_T, cache


@wrong(None)
def last_logits_for_the_state(params, fed, state):
    hs, _, cache = run(params, fed, state)
    logits = hs @ params["output"]["weight"].T + params["output"]["bias"]
    return logits, logits[-1], cache
