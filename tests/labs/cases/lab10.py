"""What the tests know of lab 10."""

from rnncore.checks.labs.lab10.target import write
from rnncore.reference import teacher_forced_inputs
from tests.labs.lab import Lab


def shown(args, results):
    """The targets, the arrays inside dparams, and the states behind the tokens of a worked example."""
    if "fed" in results and len(args) == 2:
        return {"targets": args[0]}
    if "dparams" in results:
        dparams = results["dparams"]
        embedding = dparams["embedding"]["weight"]
        named = {**dparams["rnn"], "embedding_of_end_and_yes": embedding, "embedding_of_plus_and_minus": embedding}
        output = dparams.get("output", {})
        return named | {f"output_{name}": array for name, array in output.items()}
    if "tokens" in results:
        params, state, start, _, _ = args
        _, _, cache = write(params, teacher_forced_inputs(results["tokens"], start), state)
        return {"h": [*cache.hs[:, 0, 0], cache.hs[0, 1, 0]]}
    if "fed" in results:
        params, state, _, _, _ = args
        return {"h": write(params, results["fed"][:1], state)[1]}
    return {}


LAB = Lab(
    "lab10_encoder_decoder",
    # The reference refuses a start token that is no whole number.
    replaced={"check_start('teacher_forced_inputs', start)\n    ": ""},
    other={},
    points={
        "check_forced_inputs": 2,
        "check_reading": 3,
        "check_writing": 2,
        "check_loss": 3,
        "check_writing_backward": 3,
        "check_reading_backward": 3,
        "check_free_running": 2,
        "check_scheduled": 2,
    },
    half={
        "forced_inputs": "solution",
        "reading": """
def read(params, source, lengths):
    xs = params["embedding"]["weight"][source]
    k_0 = np.zeros((source.shape[1], len(params["rnn"]["weight_hh"])), dtype=xs.dtype)
    keys, state, cache = rnn_forward(params["rnn"], xs, k_0)
    return state, cache
""",
        "writing": "solution",
        "loss": """
def masked_loss(logits, targets, mask):
    p = softmax(logits)
    hit = np.eye(logits.shape[-1], dtype=logits.dtype)[targets]
    losses = -np.log((p * hit).sum(axis=-1))
    return losses.mean(), (p - hit) / mask.size
""",
        "reading_backward": "def read_backward(params, source, lengths, cache, dstate):\n    return {",
        "free_running": """
def write_freely(params, state, start, end, longest):
    tokens, written = np.full(len(state), start), []
    for _ in range(longest):
        logits, state, _ = write(params, tokens[None], state)
        tokens = logits[0].argmax(axis=-1)
        written.append(tokens)
    return np.stack(written)
""",
        "scheduled": "solution",
    },
    told=[
        "read on the worked example: state[1, 0] is -0.550573 but 0.761594 was expected (1 of 2 entries differ). This is what comes out "
        "when the state after the last step of the array is taken",
        "This is what comes out when the padding counts too: the mean runs over all T times B targets.",
        "write_backward on the worked example: it is not written yet; put your code in the place of `raise NotImplementedError()`.",
        "read_backward is not defined yet: run the cell in which you write it",
        "Your read is not right yet. Below, the reference stands in for it.",
    ],
    trains="whole strings of 6 digits",
    shown=shown,
)
