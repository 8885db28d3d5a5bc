"""What the tests know of lab 8."""

import numpy as np

from tests.labs.lab import Lab


def shown(args, results):
    """What the text writes next to the results: the index, the sum of the halves, gradients by cell, and numbers without logarithms."""
    if "log_Z" in results:
        return {"Z": np.exp(results["log_Z"]), "exp of alphas": np.exp(results["cache"].alphas)}
    if "dparams" in results:
        return {
            f"{name}: weight_ih, weight_hh, bias": [float(d[key].item()) for key in ("weight_ih", "weight_hh", "bias_ih")]
            for name, d in results["dparams"].items()
        }
    if isinstance(results.get("state_T"), tuple):  # of one layer
        return {"ys if they are added": results["ys"].sum(axis=2)}
    return {"index": results["cache"].index} if "ys" in results and "state_T" not in results else {}


LAB = Lab(
    "lab08_bidirectional_deep",
    replaced={
        # The reference guards itself against lengths that lie outside of the array, and does without lengths; the lab always has them.
        "check_lengths('reverse_padded_forward', lengths, len(xs))\n    ": "",
        "lengths = np.full(B, T) if lengths is None else lengths\n    check_lengths('crf_viterbi', lengths, T)\n    ": "",
        "T, B, _ = emissions.shape\n    inside = _inside('crf_log_partition_forward', lengths, T, B)": (
            "T = len(emissions)\n    inside = length_mask(lengths, T)"
        ),
        "(params, emissions, lengths=None)": "(params, emissions, lengths)",
    },
    other={},
    points={
        "check_reversal": 3,
        "check_both_forward": 4,
        "check_both_backward": 4,
        "check_stack": 2,
        "check_log_partition": 3,
        "check_viterbi": 4,
    },
    half={
        "reversal": """
def reverse_padded_forward(xs, lengths):
    index = np.arange(len(xs))[::-1, None] + 0 * lengths
    return xs[::-1], ReversePaddedCache(index, xs)
""",
        "both_forward": "solution",
        "stack": "def stacked_forward(params, xs, state0, lengths, residual=False):\n    for layer in params",
        "log_partition": "solution",
        "viterbi": """
def crf_viterbi(params, emissions, lengths):
    inside = length_mask(lengths, len(emissions))
    best = params["start"] + emissions[0]
    for t in range(1, len(emissions)):
        paths = best[:, :, None] + params["transitions"]
        best = np.where(inside[t][:, None], paths.max(axis=1) + emissions[t], best)
    tags = np.where(inside, emissions.argmax(axis=2), -1)
    return tags, (best + params["end"]).max(axis=1)
""",
    },
    told=[
        "reverse_padded_forward on the worked example: ys[3, 1, 0] is 5 but 9 was expected (4 of 8 entries differ). This is what comes out "
        "when lengths are ignored",
        "bidirectional_backward on the worked example: it is not written yet; put your code in the place of `raise NotImplementedError()`.",
        "stacked_forward is not defined yet: run the cell in which you write it",
        "crf_viterbi on the worked example: tags[1, 0] is 1 but 0 was expected (1 of 3 entries differ).",
        "Your reverse_padded_forward is not right yet. Below, the reference stands in for it.",
    ],
    trains="F1 of names at the end",
    shown=shown,
)
