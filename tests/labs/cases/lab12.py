"""What the tests know of lab 12."""

import torch

from rnncore.checks.labs.lab12.device_choice import choose_device
from rnncore.checks.labs.lab12.inputs import NAMES
from tests.labs.lab import Lab


def shown(args, results):
    """The device in float64; the gradients of the step for dh = 1.0 and dc = 0.5."""
    if "name" in results:
        return {"in float64": choose_device(args[0], dtype="float64")}
    if "h_next" in results:
        sent = [torch.full((1, 1), number, dtype=torch.float64) for number in (1.0, 0.5)]
        names = ("dx", "dh", "dc", *(f"d{name}" for name in NAMES))
        return dict(zip(names, torch.autograd.grad([results["h_next"], results["c_next"]], args, sent), strict=True))
    return {}


LAB = Lab(
    "lab12_pytorch_gpu",
    replaced={},
    other={},
    points={
        "check_device": 2,
        "check_tensors": 2,
        "check_arrays": 2,
        "check_sequence": 3,
        "check_custom_step": 4,
        "check_chunk": 3,
        "check_packed": 2,
        "check_stream": 2,
    },
    half={
        "device": "solution",
        "tensors": """
def to_state_dict(params, device="cpu"):
    return {name + "_l0": torch.Tensor(array).to(device) for name, array in params.items()}
""",
        "arrays": "solution",
        "sequence": """
def lstm_forward(params, xs, state0):
    h, c = state0
    hs = torch.zeros(len(xs), *h.shape)
    for t, x in enumerate(xs):
        a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
        i, f, g, o = a.chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        hs[t] = h
    return hs, LSTMState(h, c)
""",
        "chunk": """
def chunk_gradients(params, xs, targets, state):
    hs, state = lstm_forward(params, xs, state)
    loss = cross_entropy((hs @ params["weight_out"].T + params["bias_out"]).flatten(0, 1), targets.flatten())
    loss.backward()
    return loss.detach(), {name: part.grad for name, part in params.items()}, state
""",
        "packed": "def packed_states(params, xs, lengths):\n    return (",
        "stream": "solution",
    },
    told=[
        "Your to_state_dict is not right yet. Below, the reference stands in for it.",
        "This is what comes out when all tensors are float32, which is what torch.Tensor, .float() and lists of numbers make.",
        "lstm_forward on the worked example: hs must have the dtype of the inputs, float64, got float32. This is what comes out when hs is "
        "made in advance without a dtype, and is float32.",
        "lstm_step on the worked example: it is not written yet; put your code in the place of `raise NotImplementedError()`.",
        "This is what comes out when state_next is not detached: the next chunk would go back into this one.",
        "packed_states is not defined yet: run the cell in which you write it",
    ],
    trains="nats per character on held-out text",
    shown=shown,
)
