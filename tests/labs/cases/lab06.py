"""What the tests know of lab 6."""

from tests.labs.lab import Lab

LAB = Lab(
    "lab06_gru",
    # Each of the two conventions is a function of its own; where the reference asks its argument `reset`, the lab has "after".
    replaced={
        "_check_reset(reset)\n    ": "",
        "if reset == 'after':\n"
        "        a_hn = h @ W_hn.T + b_hn\n"
        "        n = np.tanh(a_x[:, 2 * H:] + r * a_hn)\n"
        "    else:\n"
        "        a_hn = r * h @ W_hn.T + b_hn\n"
        "        n = np.tanh(a_x[:, 2 * H:] + a_hn)\n": "a_hn = h @ W_hn.T + b_hn\n    n = np.tanh(a_x[:, 2 * H:] + r * a_hn)\n",
        "a_hn, reset)": "a_hn, 'after')",
        ", reset=reset)": ")",
        ", *, reset='after'": "",
    },
    other={
        "step_backward": "it is one function; the reference has the gates' part apart, because the sequence uses that alone",
        "sequence_backward": "it calls the backward pass of a step at every step and adds up; the reference forms the sums at once",
    },
    points={
        "check_step_forward": 3,
        "check_reset_before": 2,
        "check_sequence_forward": 2,
        "check_step_backward": 5,
        "check_sequence_backward": 3,
        "check_update_gate": 3,
        "check_parameters": 2,
    },
    half={
        "step_forward": """
def gru_step_forward(params, x, h):
    W_ir, W_iz, W_in = np.split(params["weight_ih"], 3)
    W_hr, W_hz, W_hn = np.split(params["weight_hh"], 3)
    b_ir, b_iz, b_in = np.split(params["bias_ih"], 3)
    b_hr, b_hz, b_hn = np.split(params["bias_hh"], 3)
    r = sigmoid(x @ W_ir.T + b_ir + h @ W_hr.T + b_hr)
    z = sigmoid(x @ W_iz.T + b_iz + h @ W_hz.T + b_hz)
    u = h @ W_hn.T + b_hn
    n = np.tanh(x @ W_in.T + b_in + r * u)
    return z * n + (1 - z) * h, GRUStepCache(params, x, h, r, z, n, u, "after")
""",
        "reset_before": "solution",
        "sequence_forward": "solution",
        "step_backward": "def gru_step_backward(cache, dh_next):\n    return (",
        "update_gate": """
def swap_update_gate(params):
    H = params["weight_hh"].shape[1]
    for value in params.values():
        value[H : 2 * H] *= -1
    return params
""",
        "parameters": """
def count_parameters(D, H, biases):
    block = H * (D + H + 1)
    return {"rnn": block, "gru": 3 * block, "lstm": 4 * block}
""",
    },
    told=[
        "gru_step_forward on the worked example: h_next[0, 0] is 0.794703 but 0.531385 was expected. This is what comes out when z",
        "gru_step_backward is not defined yet: run the cell in which you write it",
        "gru_backward on the worked example: it is not written yet; put your code in the place of `raise NotImplementedError()`.",
        "swap_update_gate on the worked example: the results are right, but it changed its argument params in place; work on a copy.",
        "must be 104, got int 96. This is what comes out when one bias is counted",
        "Your gru_step_forward is not right yet. Below, the reference stands in for it.",
    ],
    trains="loss at the end",
    # What the text works out on the way to the results.
    shown=lambda args, results: cache_fields(results["cache"]) if "cache" in results and "h_next" in results else {},
)


def cache_fields(cache):
    return {"r": cache.r, "z": cache.z, "n": cache.n, "u": cache.a_hn}
