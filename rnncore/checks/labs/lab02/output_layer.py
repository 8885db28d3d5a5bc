"""Lab 2, part 3: back from the loss to the output layer and the last state.

Contents
    output    the check of `output_backward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.gradients import numerical_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab02.forward_pass import sentence_forward
from rnncore.checks.labs.lab02.inputs import LOVE, ONE, PARAMS, draw_sentences

__all__ = ["output"]


def output_backward(params, hs, p, targets):
    """Send the gradient of the mean loss back to the output layer and to the last state."""
    dy = ((p - targets) / len(p))[:, None]  # (B, 1)
    dout = {"weight_ho": dy.T @ hs[-1], "bias_ho": dy.sum(axis=0)}
    dh_T = dy @ params["weight_ho"]  # (B, H)
    return dy, dout, dh_T


def draw_output(rng, dtype, T, B, D, H):
    for params, xs, targets in draw_sentences(rng, dtype, T, B, D, H):
        hs, p, _ = sentence_forward(params, xs, targets)
        yield params, hs, p, targets


def with_dy(change):
    """The right function but for what `change(p, targets)` sends to each score, before it is divided by B; then all that follows."""

    def wrong(params, hs, p, targets):
        dy = (change(p, targets) / len(p))[:, None]
        return dy, {"weight_ho": dy.T @ hs[-1], "bias_ho": dy.sum(axis=0)}, dy @ params["weight_ho"]

    return wrong


def but(change):
    """The right results, some replaced by what `change(params, hs, dy)` gives: dy, dh_T, weight_ho or bias_ho."""

    def wrong(params, hs, p, targets):
        dy, dout, dh_T = output_backward(params, hs, p, targets)
        new = change(params, hs, dy)
        return new.pop("dy", dy), new if "dout" in new else {**dout, **{k: v for k, v in new.items() if k != "dh_T"}}, new.get("dh_T", dh_T)

    return wrong


def dloss(p, targets):
    """The gradient at p."""
    return np.where(targets == 1, -1 / p, 1 / (1 - p))


def measured_gradients_agree(function, rng):
    """Finite differences of the mean loss, written anew, with respect to the output layer, the last state and the scores."""
    ((params, hs, p, targets), _) = draw_output(rng, np.float64, T=2, B=3, D=2, H=4)
    moved = {name: params[name].copy() for name in ("weight_ho", "bias_ho")} | {"h_T": hs[-1].copy(), "y": np.zeros((3, 1))}

    def loss():
        y = (moved["h_T"] @ moved["weight_ho"].T + moved["bias_ho"] + moved["y"])[:, 0]
        return np.mean(np.logaddexp(0, y) - targets * y)

    dy, dout, dh_T = function(params, hs, p, targets)
    for name, got in {"y": dy, "h_T": dh_T, **dout}.items():
        compare(f"the gradient of {name}", got, numerical_gradient(loss, moved[name]), rtol=1e-8, atol=1e-8, what="measured")


output = Exercise(
    output_backward,
    outputs=("dy", "dout", "dh_T"),
    letters="TBDH",
    example=lambda: (PARAMS, *sentence_forward(PARAMS, LOVE, ONE)[:2], ONE),
    draw=draw_output,
    properties=(measured_gradients_agree,),
    mistakes={
        "dy is not divided by the number of sentences; the loss is their mean": with_dy(lambda p, t: (p - t) * len(p)),
        "the sign of dy is wrong: it is probability minus label": with_dy(lambda p, t: t - p),
        "the sign of dy is wrong, and it is not divided by the number of sentences": with_dy(lambda p, t: (t - p) * len(p)),
        "the label is not subtracted from p": with_dy(lambda p, t: p),
        "every label is taken to be 1": with_dy(lambda p, t: p - 1),
        "dy stops at p: the slope of the sigmoid, p (1 - p), is missing": with_dy(dloss),
        "the slope of the sigmoid comes once too often: in probability minus label it is already inside": with_dy(
            lambda p, t: (p - t) * p * (1 - p)
        ),
        "dy is the slope of the sigmoid alone; what arrives at p is missing": with_dy(lambda p, t: p * (1 - p)),
        "dy is divided by the number of words; there is one loss for each sentence, at its end": lambda params, hs, p, targets: (
            with_dy(lambda p, t: (p - t) * len(p) / len(hs))(params, hs, p, targets)
        ),
        "dy is twice too large, as for a squared difference": with_dy(lambda p, t: 2 * (p - t)),
        "dy has one axis; it is shaped as the scores, (B, 1)": but(lambda params, hs, dy: {"dy": dy[:, 0]}),
        "dy is summed over the sentences; each keeps its own": but(lambda params, hs, dy: {"dy": dy.sum(axis=0, keepdims=True)}),
        "the gradient of weight_ho uses the first state; the output read the last one": but(
            lambda params, hs, dy: {"weight_ho": dy.T @ hs[0]}
        ),
        "the gradient of weight_ho uses the states of all words; the output read the last one": but(
            lambda params, hs, dy: {"weight_ho": dy.T @ hs.sum(axis=0)}
        ),
        "the gradient of weight_ho uses the mean of the states; the output read the last one": but(
            lambda params, hs, dy: {"weight_ho": dy.T @ hs.mean(axis=0)}
        ),
        "the gradient of weight_ho is not summed over the sentences": but(lambda params, hs, dy: {"weight_ho": dy * hs[-1]}),
        "the gradient of weight_ho has the shape (H, 1); it is shaped as weight_ho, (1, H)": but(
            lambda params, hs, dy: {"weight_ho": hs[-1].T @ dy}
        ),
        "the gradient of weight_ho has one axis; it is shaped as weight_ho, (1, H)": but(
            lambda params, hs, dy: {"weight_ho": (dy.T @ hs[-1])[0]}
        ),
        "the gradient of weight_ho is averaged over the sentences; dy has been divided already": but(
            lambda params, hs, dy: {"weight_ho": (dy * hs[-1]).mean(axis=0, keepdims=True)}
        ),
        "the gradient of weight_ho uses weight_ho; it is dy times what weight_ho multiplied": but(
            lambda params, hs, dy: {"weight_ho": dy.sum() * params["weight_ho"]}
        ),
        "the gradient of bias_ho is not summed over the sentences": but(lambda params, hs, dy: {"bias_ho": dy}),
        "the gradient of bias_ho is flat and not summed over the sentences": but(lambda params, hs, dy: {"bias_ho": dy[:, 0]}),
        "the gradients of the output layer are averaged over the sentences; dy has been divided already": but(
            lambda params, hs, dy: {"weight_ho": (dy * hs[-1]).mean(axis=0, keepdims=True), "bias_ho": dy.mean(axis=0)}
        ),
        "the gradient of bias_ho is averaged over the sentences; dy has been divided already": but(
            lambda params, hs, dy: {"bias_ho": dy.mean(axis=0)}
        ),
        "the gradient of bias_ho is one number without an axis; it is shaped as bias_ho, (1,)": but(
            lambda params, hs, dy: {"bias_ho": dy.sum()}
        ),
        "dh_T has gone through the slope of tanh already; that belongs to the next part": but(
            lambda params, hs, dy: {"dh_T": dy @ params["weight_ho"] * (1 - hs[-1] ** 2)}
        ),
        "dh_T uses the last state; it is dy times weight_ho": but(lambda params, hs, dy: {"dh_T": dy * hs[-1]}),
        "dh_T is the row weight_ho alone, without dy": but(lambda params, hs, dy: {"dh_T": 0 * dy + params["weight_ho"]}),
        "dh_T is dy itself in every column; it goes through weight_ho": but(lambda params, hs, dy: {"dh_T": dy + 0 * hs[-1]}),
        "dh_T is summed over the sentences; each keeps its own": but(
            lambda params, hs, dy: {"dh_T": (dy @ params["weight_ho"]).sum(axis=0, keepdims=True)}
        ),
        "dh_T has an entry for every word; only the last state is read": but(
            lambda params, hs, dy: {"dh_T": np.stack([dy @ params["weight_ho"]] * len(hs))}
        ),
        "weight_ho is transposed on the way back; forward was h @ weight_ho.T, so backward has no transpose": but(
            lambda params, hs, dy: {"dh_T": dy @ params["weight_ho"].T}
        ),
    },
)
