"""Lab 10, part 3: write the target.

Contents
    writing    the check of `write`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab10.inputs import DECODER, ENCODER, END_YES, PLUS_MINUS, draw_target
from rnncore.checks.labs.lab10.source import read
from rnncore.reference.activations import log_softmax, softmax
from rnncore.reference.rnn import rnn_forward

__all__ = ["writing"]


def write(params, fed, state):
    """Run the decoder from a state, and return the logits of every step."""
    xs = params["embedding"]["weight"][fed]  # (T, B, D)
    hs, state_T, cache = rnn_forward(params["rnn"], xs, state)  # (T, B, H)
    logits = hs @ params["output"]["weight"].T + params["output"]["bias"]  # (T, B, V)
    return logits, state_T, cache


def state_of_plus_minus():
    """The state that the chapter's encoder hands over, (1, 1)."""
    return read(ENCODER, PLUS_MINUS, np.array([2]))[0]


def draw_writing(rng, dtype, T, B, H):
    yield from draw_target(rng, dtype, T, B, H)


def with_logits(change):
    """The right function but for the logits, from `change(logits, hs, output)`."""

    def wrong(params, fed, state):
        logits, state_T, cache = write(params, fed, state)
        return change(logits, cache.hs, params["output"]), state_T, cache

    return wrong


def with_state(change):
    """The right function but for the last state, from `change(hs, state)`."""
    return lambda params, fed, state: ((lambda logits, _, cache: (logits, change(cache.hs, state), cache))(*write(params, fed, state)))


def each_step_from_state(params, fed, state):
    steps = [write(params, tokens[None], state) for tokens in fed]
    return np.concatenate([logits for logits, _, _ in steps]), steps[-1][1], write(params, fed, state)[2]


def shifted(fed):
    return np.concatenate([fed[:1], fed[:-1]])


def one_token_at_a_time_gives_the_same(function, rng):
    """Handing over the state from step to step changes nothing; a step's logits are what the output layer makes of its state."""
    ((params, fed, state), _) = draw_target(rng, np.dtype("float64"), T=4, B=3, H=5)
    logits, state_T, _ = function(params, fed, state)
    weight, rnn, output = params["embedding"]["weight"], params["rnn"], params["output"]
    for t in range(4):
        h = np.tanh(weight[fed[t]] @ rnn["weight_ih"].T + rnn["bias_ih"] + state @ rnn["weight_hh"].T + rnn["bias_hh"])
        logits_t, state, _ = function(params, fed[t : t + 1], state)
        compare(f"one token at a time, the state after step {t}", state, h)
        compare(f"one token at a time, logits[{t}]", logits_t[0], logits[t])
        compare(f"logits[{t}]", logits_t[0], h @ output["weight"].T + output["bias"])
    compare("one token at a time, state_T", state, state_T)


writing = Exercise(
    write,
    outputs=("logits", "state_T", "cache"),
    letters="TBH",
    example=lambda: (DECODER, END_YES, state_of_plus_minus()),
    draw=draw_writing,
    properties=(one_token_at_a_time_gives_the_same,),
    mistakes={
        "the decoder starts from zeros: what the encoder hands over is not used": lambda params, fed, state: (
            write(params, fed, np.zeros_like(state))
        ),
        "the state is not carried: every step starts from the state of the encoder": each_step_from_state,
        "fed is shifted once more; it begins with the start token already": lambda params, fed, state: write(params, shifted(fed), state),
        "a softmax is applied; the logits are the scores before it": with_logits(lambda logits, hs, output: softmax(logits)),
        "a log-softmax is applied; the logits are the scores before it": with_logits(lambda logits, hs, output: log_softmax(logits)),
        "tanh is applied to the logits; the output layer has no activation": with_logits(lambda logits, hs, output: np.tanh(logits)),
        "the bias of the output layer is forgotten": with_logits(lambda logits, hs, output: hs @ output["weight"].T),
        "the weight of the output layer is not transposed; it has the shape (V, H)": with_logits(
            lambda logits, hs, output: hs @ output["weight"] + output["bias"]
        ),
        "only the last step goes through the output layer; each step has logits": with_logits(lambda logits, hs, output: logits[-1]),
        "the hidden states are returned in the place of the logits": with_logits(lambda logits, hs, output: hs),
        "the best tokens are returned in the place of the logits": with_logits(lambda logits, hs, output: logits.argmax(axis=-1)),
        "the logits have the batch first; time is the first axis": with_logits(lambda logits, hs, output: logits.swapaxes(0, 1)),
        "the logits are in one row for all steps and sequences; they are shaped (T, B, V)": with_logits(
            lambda logits, hs, output: logits.reshape(-1, logits.shape[-1])
        ),
        "the output layer reads the state before each step; it reads the one after": lambda params, fed, state: (
            with_logits(lambda logits, hs, output: np.stack([state, *hs[:-1]]) @ output["weight"].T + output["bias"])(params, fed, state)
        ),
        "the first state is added to every state that the output layer reads": lambda params, fed, state: (
            with_logits(lambda logits, hs, output: (hs + state) @ output["weight"].T + output["bias"])(params, fed, state)
        ),
        "fed is run through from the back": lambda params, fed, state: write(params, fed[::-1], state),
        "state_T is the state before the first step; it is the one after the last": with_state(lambda hs, state: state),
        "state_T is the state after the first step; it is the one after the last": with_state(lambda hs, state: hs[0]),
        "state_T holds the states of all steps; it is the last one": with_state(lambda hs, state: hs),
        "the logits and state_T are exchanged": lambda params, fed, state: (
            (lambda logits, state_T, cache: (state_T, logits, cache))(*write(params, fed, state))
        ),
        "the token numbers are used as inputs; each token has a row in the embedding": lambda params, fed, state: rnn_forward(
            params["rnn"], fed[..., None].astype(state.dtype), state
        ),
        "the dict of the embedding is indexed; what has a row for each token is its entry weight": lambda params, fed, state: (
            params["embedding"][fed]
        ),
        "the token numbers are the cell's inputs; each token has a row in the embedding": lambda params, fed, state: rnn_forward(
            params["rnn"], fed, state
        ),
        "all of params is handed to the cell; its own weights are the entry rnn": lambda params, fed, state: rnn_forward(
            params, params["embedding"]["weight"][fed], state
        ),
        "the embedding is transposed; a token is the number of a row": lambda params, fed, state: write(
            {**params, "embedding": {"weight": params["embedding"]["weight"].T}}, fed, state
        ),
    },
)
