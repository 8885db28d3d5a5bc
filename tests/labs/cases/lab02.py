"""What the tests know of lab 2."""

from rnncore.checks.labs.lab02.forward_pass import sentence_forward
from tests.labs.lab import Lab


def shown(args, results):
    """How many numbers there are, the score of the sentence, and the two losses of the measurement."""
    if "params" in results:
        return {"count": len(args[0])}
    if "losses" in results:
        params, *_ = args
        return {"y": results["hs"][-1] @ params["weight_ho"][0] + params["bias_ho"]}
    if "measured" in results:
        params, xs, targets, name, eps = args
        moved = ({**params, name: params[name] + step} for step in (eps, -eps))
        return dict(zip(("loss_plus", "loss_minus"), (sentence_forward(p, xs, targets)[2] for p in moved), strict=True))
    return {}


LAB = Lab(
    "lab02_bptt_by_hand",
    replaced={},
    other={},
    points={
        "check_unpacking": 2,
        "check_reading": 3,
        "check_output": 3,
        "check_walk": 4,
        "check_sums": 3,
        "check_update": 1,
        "check_measured": 3,
        "check_comparison": 1,
    },
    half={
        "unpacking": "solution",
        "reading": """
def sentence_forward(params, xs, targets):
    h, hs = np.zeros((xs.shape[1], len(params["weight_hh"])), dtype=xs.dtype), []
    for x in xs:
        h = np.tanh(x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"])
        hs.append(h)
    p = sigmoid((h @ params["weight_ho"].T + params["bias_ho"])[:, 0])
    return np.stack(hs), p, -np.log(p)
""",
        "output": "solution",
        "walk": """
def walk_back(params, hs, dh_T):
    dh, das = dh_T, np.empty_like(hs)
    for t in reversed(range(len(hs))):
        das[t] = dh
        dh = das[t] @ params["weight_hh"]
    return das, das @ params["weight_ih"], dh
""",
        "update": """
def take_step(params, gradients, lr):
    for name in params:
        params[name] -= lr * gradients[name]
    return params
""",
        "measured": "solution",
        "comparison": "def relative_error(g, n):\n    return (",
    },
    told=[
        "This is what comes out when every sentence gets -log p; for label 0 it is -log(1 - p).",
        "walk_back on the worked example: das[5, 0, 2] is -0.125916 but -0.048634 was expected (18 of 18 entries differ). This is what "
        "comes out when the slope of tanh is left out",
        "sum_over_time on the worked example: it is not written yet; put your code in the place of `raise NotImplementedError()`.",
        "take_step on the worked example: the results are right, but it changed its argument params in place; work on a copy.",
        "relative_error is not defined yet: run the cell in which you write it",
        "Your walk_back is not right yet. Below, the reference stands in for it.",
    ],
    trains="best step",
    shown=shown,
)
