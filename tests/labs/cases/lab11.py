"""What the tests know of lab 11."""

from rnncore.reference import dot_scores_forward, masked_softmax_forward
from tests.labs.lab import Lab


def shown(args, results):
    """The scaled scores, the weights without a mask, and the hidden layer of the additive score."""
    if "weights" in results:
        return {"no mask": masked_softmax_forward(args[0])[0]}
    if "scores" in results:
        return {"scaled": dot_scores_forward(*args, scaled=True)[0]} if len(args) == 2 else {"u": results["cache"].u}
    return {}


LAB = Lab(
    "lab11_attention",
    replaced={
        # In the lab the argument may also stand at its place in the row, as the check gives it.
        "(queries, keys, *, scaled=False)": "(queries, keys, scaled=False)",
        # The reference guards itself against a mask that hides everything.
        "_check_mask(mask, scores.shape)\n        ": "",
    },
    other={},
    points={
        "check_dot_forward": 2,
        "check_softmax_forward": 3,
        "check_sum_forward": 1,
        "check_sum_backward": 2,
        "check_softmax_backward": 3,
        "check_dot_backward": 2,
        "check_additive_forward": 3,
        "check_additive_backward": 4,
    },
    half={
        "dot_forward": "solution",
        "softmax_forward": """
def masked_softmax_forward(scores, mask=None):
    exp = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exp / exp.sum(axis=-1, keepdims=True)
    if mask is not None:
        weights = weights * mask
    return weights, MaskedSoftmaxCache(weights)
""",
        "sum_forward": "solution",
        "sum_backward": """
def weighted_sum_backward(cache, dcontexts):
    weights, values = cache
    return np.einsum("tbs,tbe->sbe", weights, dcontexts), np.einsum("tbe,sbe->tbs", dcontexts, values)
""",
        "softmax_backward": "def masked_softmax_backward(cache, dweights):\n    return (",
        "additive_forward": "solution",
        "additive_backward": """
def additive_scores_backward(cache, dscores):
    params, queries, keys, u = cache
    dscores *= 1
    da = dscores[..., None] * (1 - u**2)
    return {
        "weight_query": np.einsum("tbsa,tbq->aq", da, queries),
        "weight_key": np.einsum("tbsa,sbk->ak", da, keys),
        "v": np.einsum("tbs,tbsa->a", dscores, u),
    }, np.einsum("tbsa,aq->tbq", da, params["weight_query"]), np.einsum("tbsa,ak->sbk", da, params["weight_key"])
""",
    },
    told=[
        "masked_softmax_forward on the worked example: weights[0, 0, 0] is 0.6 but 0.75 was expected (4 of 6 entries differ). This is "
        "what comes out when hidden weights are set to zero after the softmax",
        "weighted_sum_backward on the worked example: dweights must have shape (2, 1, 3), got (3, 1, 2). This is what comes out when the "
        "two gradients are exchanged; they come in the order of the arguments, weights and values.",
        "masked_softmax_backward is not defined yet: run the cell in which you write it",
        "dot_scores_backward on the worked example: it is not written yet; put your code in the place of `raise NotImplementedError()`.",
        "This is what comes out when v is missing in da: the score is the hidden layer times v.",
        "Your masked_softmax_forward is not right yet. Below, the reference stands in for it.",
    ],
    trains="test dates right at the end",
    shown=shown,
)
