"""Lab 5, part 1: three gates and a candidate.

Contents
    gates    the check of `lstm_gates`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab05.inputs import PARAMS, STATE, X, draw_gates
from rnncore.reference.activations import sigmoid

__all__ = ["gates"]


def lstm_gates(params, x, h):
    """Compute the three gates and the candidate: two matrix products, four blocks of columns, four activations."""
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]  # (B, 4H)
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)  # (B, H) each
    return sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)


def of_x(params, x):
    return x @ params["weight_ih"].T + params["bias_ih"]


def of_h(params, h):
    return h @ params["weight_hh"].T + params["bias_hh"]


def activated(blocks):
    """i, f, g, o from four pre-activations."""
    a_i, a_f, a_g, a_o = blocks
    return sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)


def of(a):
    return activated(np.split(a, 4, axis=1))


def with_blocks(change):
    """The right function but for what `change(a, B, D, H)` takes as the four blocks of a."""
    return lambda params, x, h: activated(change(of_x(params, x) + of_h(params, h), *x.shape, h.shape[1]))


def with_activations(*functions):
    """The right pre-activations, with other functions applied to them."""

    def wrong(params, x, h):
        blocks = np.split(of_x(params, x) + of_h(params, h), 4, axis=1)
        return tuple(function(block) for function, block in zip(functions, blocks, strict=True))

    return wrong


def ordered(order):
    """The blocks taken in another order than i, f, g, o: the name in `order` at place k gets block k."""
    return with_blocks(lambda a, B, D, H: [np.split(a, 4, axis=1)[order.index(name)] for name in "ifgo"])


def each_row_has_its_own_gate(function, rng):
    """A large bias in the rows of one gate opens that gate, a very negative one shuts it, and the other three stay as they are."""
    ((params, x, h),) = draw_gates(rng, np.float64, B=3, D=2, H=4)
    before = function(params, x, h)
    for k, name in enumerate("ifgo"):
        for value, end in ((60, 1), (-60, -1 if name == "g" else 0)):
            bias = params["bias_ih"].copy()
            bias[4 * k : 4 * k + 4] = value
            after = function({**params, "bias_ih": bias}, x, h)
            for j, other in enumerate("ifgo"):
                right = np.full((3, 4), float(end)) if j == k else before[j]
                compare(f"with a bias of {value} in the rows of {name}, {other}", after[j], right)


gates = Exercise(
    lstm_gates,
    outputs=("i", "f", "g", "o"),
    letters="BDH",
    example=lambda: (PARAMS, X, STATE.h),
    draw=draw_gates,
    properties=(each_row_has_its_own_gate,),
    mistakes={
        "all four go through a sigmoid; the candidate g needs a sign, so it goes through tanh": with_activations(*[sigmoid] * 4),
        "all four go through tanh; a gate lies between 0 and 1, so it goes through a sigmoid": with_activations(*[np.tanh] * 4),
        "tanh and sigmoid are exchanged: the candidate g goes through tanh, the gates through a sigmoid": (
            with_activations(np.tanh, np.tanh, sigmoid, np.tanh)
        ),
        "tanh is applied to the output gate o, and a sigmoid to the candidate g": with_activations(sigmoid, sigmoid, sigmoid, np.tanh),
        "the output gate o goes through tanh; it is a gate, so it goes through a sigmoid": (
            with_activations(sigmoid, sigmoid, np.tanh, np.tanh)
        ),
        "the candidate g has no activation": with_activations(sigmoid, sigmoid, lambda a: a, sigmoid),
        "no activation is applied: these are the pre-activations": with_activations(*[lambda a: a] * 4),
        "the sign in the sigmoid is wrong: it is 1 / (1 + exp(-a))": (
            with_activations(*[lambda a: sigmoid(-a)] * 2, np.tanh, lambda a: sigmoid(-a))
        ),
        "relu stands in the place of tanh": with_activations(sigmoid, sigmoid, lambda a: np.maximum(a, 0), sigmoid),
        "the blocks are taken in the order i, f, o, g; here it is i, f, g, o": ordered("ifog"),
        "the blocks are taken in the order i, o, f, g, that of ONNX files; here it is i, f, g, o": ordered("iofg"),
        "the blocks are taken or returned in the order f, i, g, o; here it is i, f, g, o": ordered("figo"),
        "the blocks are taken in the order f, i, o, g; here it is i, f, g, o": ordered("fiog"),
        "the blocks are taken in the order i, g, f, o; here it is i, f, g, o": ordered("igfo"),
        "the results are returned in the order i, f, o, g; return i, f, g, o": lambda params, x, h: (
            tuple(lstm_gates(params, x, h)[k] for k in (0, 1, 3, 2))
        ),
        "every fourth column goes to one gate; a gate has H columns side by side": with_blocks(
            lambda a, B, D, H: [a[:, k::4] for k in range(4)]
        ),
        "a is cut up with reshape(4, B, H), which mixes the sequences of the batch; cut it along axis 1": with_blocks(
            lambda a, B, D, H: a.reshape(4, B, H)
        ),
        "a is split along axis 0, the batch; the blocks lie side by side along axis 1": lambda params, x, h: (
            activated(np.split(of_x(params, x) + of_h(params, h), 4))
        ),
        "the blocks are D columns wide; they are H wide": with_blocks(
            lambda a, B, D, H: (a[:, :D], a[:, D : 2 * D], a[:, 2 * D : 3 * D], a[:, 3 * D : 4 * D])
        ),
        "the activations are applied to the input's part and the state's part one by one; they belong around the sum": (
            lambda params, x, h: tuple(u + v for u, v in zip(of(of_x(params, x)), of(of_h(params, h)), strict=True))
        ),
        "bias_ih is forgotten": lambda params, x, h: of(x @ params["weight_ih"].T + of_h(params, h)),
        "bias_hh is forgotten; there are two biases, and both are added": lambda params, x, h: (
            of(of_x(params, x) + h @ params["weight_hh"].T)
        ),
        "both biases are forgotten": lambda params, x, h: of(x @ params["weight_ih"].T + h @ params["weight_hh"].T),
        "bias_ih is added twice and bias_hh never": lambda params, x, h: (
            of(of_x(params, x) + h @ params["weight_hh"].T + params["bias_ih"])
        ),
        "the state h is not used: the gates see x only": lambda params, x, h: of(of_x(params, x)),
        "the state h is not used, and the gates see zeros in its place": lambda params, x, h: of(of_x(params, x) + params["bias_hh"]),
        "the input x is not used": lambda params, x, h: of(params["bias_ih"] + of_h(params, h)),
        "weight_hh is not transposed; it has the shape (4H, H), so it is used as h @ weight_hh.T": lambda params, x, h: (
            of(of_x(params, x) + h @ params["weight_hh"] + params["bias_hh"])
        ),
        "weight_ih is not transposed; it has the shape (4H, D), so it is used as x @ weight_ih.T": lambda params, x, h: (
            of(x @ params["weight_ih"] + params["bias_ih"] + of_h(params, h))
        ),
        "weight_ih and x stand in the wrong order; the batch comes first, so write x @ weight_ih.T": lambda params, x, h: (
            of(params["weight_ih"] @ x + params["bias_ih"] + of_h(params, h))
        ),
    },
)
