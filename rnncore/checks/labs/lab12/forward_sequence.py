"""Lab 12, part 4: the LSTM of lab 5, on tensors.

Contents
    lstm_forward    the right function
    sequence        its check

Source: Hochreiter and Schmidhuber (1997); the forget gate: Gers, Schmidhuber and Cummins (2000).
"""

import numpy as np
import torch

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab12.inputs import NAMES, draw_sequence, example_sequence
from rnncore.checks.labs.tensors import works_on_another_device
from rnncore.reference.activations import sigmoid
from rnncore.reference.lstm import LSTMState

__all__ = ["lstm_forward", "sequence"]


def lstm_forward(params, xs, state0):
    """Run the cell over a sequence, each step starting from the state the last one left.

    Args:
        params: dict of tensors weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,); rows in the order i, f, g, o.
        xs: (T, B, D), the inputs; T is at least 1.
        state0: LSTMState of h (B, H) and c (B, H), before the first step.
    Returns:
        hs: (T, B, H), the hidden state after each step, one tensor on the device of the inputs, through which gradients can go back.
        state_T: LSTMState(h, c) after the last step.
    Raises:
        Nothing of its own.
    """
    h, c = state0
    hs = []
    for x in xs:
        a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]  # (B, 4H)
        i, f, g, o = a.chunk(4, dim=1)  # (B, H) each
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)


def step(params, x, h, c, blocks=lambda a: a.chunk(4, dim=1), new_c=None, new_h=None):
    i, f, g, o = blocks(x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"])
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c = new_c(c, i, f, g, o) if new_c else f * c + i * g
    return new_h(c, o) if new_h else o * torch.tanh(c), c


def loop(carry=lambda h, c, state0: (h, c), keep=lambda h: h, join=torch.stack, end=LSTMState, **changes):
    """The right loop but for what a step starts from, what is kept of it, how that is joined, and the step itself."""

    def wrong(params, xs, state0):
        (h, c), hs, start = state0, [], state0
        for x in xs:
            h, c = step(params, x, *start, **changes)
            start = carry(h, c, state0)
            hs.append(keep(h))
        return join(hs), end(h, c)

    return wrong


def with_inputs(change):
    return lambda params, xs, state0: lstm_forward(*change(params, xs, state0))


def without_graph(params, xs, state0):
    with torch.no_grad():
        return lstm_forward(params, xs, state0)


def filled(params, xs, state0):
    """hs is made in advance without a dtype."""
    right, state_T = lstm_forward(params, xs, state0)
    hs = torch.zeros(right.shape)
    for t, h in enumerate(right):
        hs[t] = h
    return hs, state_T


def like_torch_and_anywhere(function, rng):
    """torch.nn.LSTM gives the same states and gradients; and the function works on the device of its inputs."""
    ((params, xs, state0), *_) = draw_sequence(rng, "float64", T=5, B=3, D=2, H=4)
    hs, state_T = function(params, xs, state0)
    layer = torch.nn.LSTM(2, 4, dtype=torch.float64)
    layer.load_state_dict({f"{name}_l0": params[name] for name in NAMES})
    right, (h_T, c_T) = layer(xs, tuple(part[None] for part in state0))
    numbers = {"rtol": 1e-8, "atol": 1e-8, "what": "torch.nn.LSTM's"}
    for name, got, want in (("hs", hs, right), ("state_T.h", state_T.h, h_T[0]), ("state_T.c", state_T.c, c_T[0])):
        compare(name, got.detach().numpy(), want.detach().numpy(), **numbers)
    ours = torch.autograd.grad(hs.square().sum() + state_T.c.sum(), [*(params[name] for name in NAMES), xs])
    theirs = torch.autograd.grad(right.square().sum() + c_T.sum(), [*layer.parameters(), xs])
    for name, got, want in zip((*NAMES, "xs"), ours, theirs, strict=True):
        compare(f"the gradient of {name}", got.numpy(), want.numpy(), **numbers)
    works_on_another_device(lstm_forward.__name__, function, (params, xs[:2], state0))


sequence = Exercise(
    lstm_forward,
    outputs=("hs", "state_T"),
    letters="TBDH",
    example=example_sequence,
    draw=draw_sequence,
    gradients=True,
    properties=(like_torch_and_anywhere,),
    mistakes={
        "the state is detached at every step, so that no gradient goes back through time": loop(
            lambda h, c, state0: (h.detach(), c.detach())
        ),
        "h and c are detached at the end of every step: no gradient goes back through time, and none through state_T": loop(
            lambda h, c, state0: (h.detach(), c.detach()), end=lambda h, c: LSTMState(h.detach(), c.detach())
        ),
        "h is detached at every step; a gradient goes back through h as well": loop(lambda h, c, state0: (h.detach(), c)),
        "c is detached at every step; a gradient goes back through c as well": loop(lambda h, c, state0: (h, c.detach())),
        "hs is detached, or made anew from its numbers: they are there, and the way back is not": loop(keep=torch.Tensor.detach),
        "state_T is detached; whoever goes on from it wants a gradient": loop(end=lambda h, c: LSTMState(h.detach(), c.detach())),
        "state0 is detached; a gradient goes back to it": with_inputs(
            lambda params, xs, state0: (params, xs, LSTMState(state0.h.detach(), state0.c.detach()))
        ),
        "the parameters are detached, and nothing can be learned": with_inputs(
            lambda params, xs, state0: ({name: part.detach() for name, part in params.items()}, xs, state0)
        ),
        "the inputs are detached; a layer below wants their gradient": with_inputs(
            lambda params, xs, state0: (params, xs.detach(), state0)
        ),
        "everything runs under no_grad, which records no graph": without_graph,
        "hs is made in advance without a dtype, and is float32": filled,
        "torch.split is given 4: in PyTorch that is the size of a piece, not how many": loop(blocks=lambda a: a.split(4, dim=1)),
        "the sigmoid of the NumPy code is called on a tensor; PyTorch's is torch.sigmoid": loop(blocks=sigmoid),
        "a function of NumPy is called on a tensor; take PyTorch's, through which gradients go": loop(blocks=np.tanh),
        "hs is made with torch.tensor, which takes numbers out of the graph; join the tensors themselves": loop(join=torch.tensor),
        "a is cut along axis 0, the batch; the blocks lie side by side along axis 1": loop(blocks=lambda a: a.chunk(4)),
        "a is cut up with reshape(4, B, H), which mixes the sequences of the batch": loop(blocks=lambda a: a.reshape(4, len(a), -1)),
        "the blocks are taken in the order i, f, o, g; here it is i, f, g, o": loop(
            blocks=lambda a: [a.chunk(4, dim=1)[k] for k in (0, 1, 3, 2)]
        ),
        "i and f are exchanged: the order is i, f, g, o, f multiplies the old cell state and i the candidate": loop(
            blocks=lambda a: [a.chunk(4, dim=1)[k] for k in (1, 0, 2, 3)]
        ),
        "the blocks are taken in the order i, o, f, g, that of ONNX files; here it is i, f, g, o": loop(
            blocks=lambda a: [a.chunk(4, dim=1)[k] for k in (0, 2, 3, 1)]
        ),
        "the forget gate f is left out of c": loop(new_c=lambda c, i, f, g, o: c + i * g),
        "the input gate i is left out of c": loop(new_c=lambda c, i, f, g, o: f * c + g),
        "a sigmoid is applied to the candidate g; it goes through tanh": loop(
            new_c=lambda c, i, f, g, o: f * c + i * torch.sigmoid(torch.atanh(g))
        ),
        "the candidate g has no activation": loop(new_c=lambda c, i, f, g, o: f * c + i * torch.atanh(g)),
        "tanh is left out of h": loop(new_h=lambda c, o: o * c),
        "the output gate o is left out of h": loop(new_h=lambda c, o: torch.tanh(c)),
        "the state is not carried: every step starts from state0": loop(lambda h, c, state0: state0),
        "only h is carried: every step starts from the cell state of state0": loop(lambda h, c, state0: (h, state0.c)),
        "only c is carried: every step starts from the hidden state of state0": loop(lambda h, c, state0: (state0.h, c)),
        "h and c of state0 are exchanged; the state is (h, c)": with_inputs(
            lambda params, xs, state0: (params, xs, LSTMState(state0.c, state0.h))
        ),
        "the first step starts from zeros and not from state0": with_inputs(
            lambda params, xs, state0: (params, xs, LSTMState(0 * state0.h, 0 * state0.c))
        ),
        "bias_ih is forgotten": with_inputs(lambda params, xs, state0: (params | {"bias_ih": 0 * params["bias_ih"]}, xs, state0)),
        "bias_hh is forgotten; there are two biases, and both are added": with_inputs(
            lambda params, xs, state0: (params | {"bias_hh": 0 * params["bias_hh"]}, xs, state0)
        ),
        "the loop runs over the batch; the first axis of xs is time": with_inputs(
            lambda params, xs, state0: (params, xs.transpose(0, 1), state0)
        ),
        "the states are put one after the other with torch.cat; torch.stack makes an axis for time": loop(join=torch.cat),
        "the states are stacked along axis 1; time is the first one": loop(join=lambda hs: torch.stack(hs, dim=1)),
        "hs is a list; make one tensor of it": loop(join=list),
        "hs holds only the last hidden state; every step's belongs there": loop(join=lambda hs: hs[-1]),
        "h and c are exchanged in state_T; it is LSTMState(h, c)": loop(end=lambda h, c: LSTMState(c, h)),
        "state_T is a plain tuple; it is LSTMState(h, c)": loop(end=lambda h, c: (h, c)),
        "state_T is only h; it is LSTMState(h, c)": loop(end=lambda h, c: h),
        "state_T is state0, because the new state has another name inside the loop": lambda params, xs, state0: (
            lstm_forward(params, xs, state0)[0],
            state0,
        ),
    },
)
