"""What the tests know of lab 9."""

from tests.labs.lab import Lab

LAB = Lab(
    "lab09_generation",
    replaced={
        # The reference guards itself against what is no text, or too short.
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
        # It also guards itself against temperatures that are tiny or no numbers.
        "check_temperature(temperature)\n"
        "    largest = logits.max(axis=-1, keepdims=True)\n"
        "    with np.errstate(over='ignore'):\n"
        "        return softmax((logits - largest) / np.float64(temperature)).astype(logits.dtype)": "return softmax(logits / temperature)",
    },
    other={
        "top_k": "it is one function without a temperature; the reference shares its parts with top-p",
        "top_p": "it is one function without a temperature; the reference shares its parts with top-k",
    },
    points={
        "check_streams": 2,
        "check_scores": 3,
        "check_temperature": 2,
        "check_top_k": 3,
        "check_top_p": 3,
        "check_draw": 2,
        "check_extension": 2,
        "check_search": 3,
    },
    half={
        "streams": "solution",
        "scores": """
def bits_and_perplexity(logits, targets):
    loss = -np.take_along_axis(log_softmax(logits), targets[..., None], axis=-1)[..., 0]
    return loss.mean(axis=0) / np.log(2), np.exp(loss).mean(axis=0)
""",
        "temperature": "solution",
        "top_p": """
def top_p_distribution(logits, p):
    q = softmax(logits)
    for row in q:
        order = np.argsort(-row, kind="stable")
        row[order[np.cumsum(row[order]) > p]] = 0
    return q / q.sum(axis=-1, keepdims=True)
""",
        "draw": "def draw_tokens(probabilities, u):\n    return (",
        "search": "solution",
    },
    told=[
        "bits_and_perplexity on the worked example: perplexity[0] is 4.66667 but 4 was expected. This is what comes out when perplexity is",
        "top_k_distribution on the worked example: it is not written yet; put your code in the place of `raise NotImplementedError()`.",
        "This is what comes out when the token that crosses p is left out; compare p with what stands before a token.",
        "draw_tokens is not defined yet: run the cell in which you write it",
        "Your extend_beam is not right yet. Below, the reference stands in for it.",
    ],
    trains="top-p 0.95       unknown",
)
