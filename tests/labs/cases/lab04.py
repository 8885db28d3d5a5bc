"""What the tests know of lab 4."""

import numpy as np

from tests.labs.lab import Lab

LAB = Lab(
    "lab04_truncated_bptt",
    replaced={
        # The lab's state is one array; the reference takes the pair of an LSTM, too.
        "tree_map(np.copy, state_T)": "state_T.copy()",
        "tree_map(lambda s: np.where(ended[:, None], 0, s), state_T)": "np.where(ended[:, None], 0, state_T)",
        # The reference guards itself against arguments that no text could have.
        "for name, value in (('T', T), ('B', B)):\n"
        "        if not isinstance(value, int | np.integer) or isinstance(value, bool):\n"
        "            raise TypeError(f'stream_batches: {name} must be a whole number, got {value!r}.')\n"
        "        if value < 1:\n"
        "            raise ValueError(f'stream_batches: {name} must be at least 1, got {value}.')\n"
        "    tokens = _tokens('stream_batches: tokens', tokens)\n"
        "    ": "",
        "if length == 0:\n"
        "        raise ValueError(f'stream_batches: T={T} steps of B={B} streams need at least {T * B + 1} tokens, got {len(tokens)}.')\n"
        "    ": "",
    },
    other={},
    points={
        "check_state": 2,
        "check_chunks": 4,
        "check_windows": 4,
        "check_bias": 2,
        "check_streams": 3,
        "check_gradient": 3,
        "check_places": 2,
    },
    half={
        "state": "solution",
        "chunks": """
def rnn_chunked_bptt(params, xs, state0, dhs, k):
    dparams = {name: np.zeros_like(value) for name, value in params.items()}
    for start in range(0, len(xs), k):
        _, state_T, cache = rnn_forward(params, xs[start : start + k], state0)
        chunk_dparams, _, dstate = rnn_backward(cache, dhs[start : start + k])
        if start == 0:
            dstate0 = dstate
        dparams = {name: dparams[name] + chunk_dparams[name] for name in dparams}
    return dparams, dstate0, state_T
""",
        "bias": "def gradient_bias(truncated, full):\n    return (",
        "streams": """
def stream_batches(tokens, T, B):
    S = len(tokens) // B
    inputs, targets = tokens[: S * B].reshape(B, S).T, np.roll(tokens, -1)[: S * B].reshape(B, S).T
    return [(inputs[i : i + T], targets[i : i + T]) for i in range(0, S // T * T, T)]
""",
        "gradient": "solution",
        "places": """
def losses_by_place(params, batches, carry):
    E, losses = params["embedding"]["weight"], []
    state = np.zeros((batches[0][0].shape[1], len(params["rnn"]["weight_hh"])), E.dtype)
    for inputs, targets in batches:
        hs, state, _ = rnn_forward(params["rnn"], E[inputs], state)
        p = softmax(linear_forward(params["output"], hs)[0])
        losses.append(-np.log(np.take_along_axis(p, targets[..., None], axis=-1)).mean(axis=(1, 2)))
    return np.mean(losses, axis=0)
""",
    },
    told=[
        "This is what comes out when the state is not carried: every chunk starts from state0.",
        "rnn_truncated_bptt on the worked example: it is not written yet; put your code in the place of `raise NotImplementedError()`.",
        "gradient_bias is not defined yet: run the cell in which you write it",
        "This is what comes out when the streams are N // B long; one token must be left for the last target, so it is (N - 1) // B.",
        "This is what comes out when carry is ignored: the state is never reset.",
        "Your rnn_chunked_bptt is not right yet. Below, the reference stands in for it.",
    ],
    trains="mean loss on the test text",
    shown=lambda args, results: by_name(results["dparams"]) if "output" in results.get("dparams", {}) else {},
)


def by_name(dparams):
    """The gradients of the small language model, under the names that the text uses."""
    output = {f"output {name}": d for name, d in dparams["output"].items()}
    return {"embedding": dparams["embedding"]["weight"], **{name: np.ravel(d) for name, d in dparams["rnn"].items()}, **output}
