"""Lab 11, part 4: the weighted sum backward.

Contents
    sum_backward    the check of `weighted_sum_backward`
"""

import numpy as np

from rnncore.checks.gradients import check_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab11.inputs import DCONTEXTS, VALUES, WEIGHTS, draw_sum, draw_sum_gradient
from rnncore.reference.attention import weighted_sum_backward, weighted_sum_forward

__all__ = ["sum_backward"]


def with_dweights(change):
    """The right dvalues, and the dweights that `change(weights, values, dcontexts)` gives."""
    return lambda cache, dcontexts: (change(*cache, dcontexts), weighted_sum_backward(cache, dcontexts)[1])


def with_dvalues(change):
    """The right dweights, and the dvalues that `change(weights, values, dcontexts)` gives."""
    return lambda cache, dcontexts: (weighted_sum_backward(cache, dcontexts)[0], change(*cache, dcontexts))


def through_the_softmax(weights, values, dcontexts):
    dweights = np.einsum("tbe,sbe->tbs", dcontexts, values)
    return weights * (dweights - (weights * dweights).sum(axis=-1, keepdims=True))


def of_sum(axes, change=lambda weights, values, dcontexts: (weights, dcontexts)):
    return with_dvalues(lambda *args: np.einsum(axes, *change(*args)))


def measured_gradients_agree(function, rng):
    """Finite differences."""
    ((weights, values), *_) = draw_sum(rng, np.float64, T=3, B=2, S=4, E=2)
    check_gradient(weighted_sum_forward, function, weights, values, rng=rng)


sum_backward = Exercise(
    weighted_sum_backward,
    outputs=("dweights", "dvalues"),
    letters="TBSE",
    example=lambda: (weighted_sum_forward(WEIGHTS, VALUES)[-1], DCONTEXTS),
    draw=draw_sum_gradient,
    properties=(measured_gradients_agree,),
    mistakes={
        "dweights is multiplied by the weights; that belongs to the softmax, in the next part": with_dweights(
            lambda weights, values, dcontexts: weights * np.einsum("tbe,sbe->tbs", dcontexts, values)
        ),
        "dweights has gone back through the softmax already; that is the next part": with_dweights(through_the_softmax),
        "dweights compares dcontexts with the contexts; a weight counts its value": with_dweights(
            lambda weights, values, dcontexts: np.repeat(
                (dcontexts * weighted_sum_forward(weights, values)[0]).sum(axis=-1, keepdims=True), len(values), axis=-1
            )
        ),
        "dweights leaves out the values": with_dweights(
            lambda weights, values, dcontexts: np.repeat(dcontexts.sum(axis=-1, keepdims=True), len(values), axis=-1)
        ),
        "dweights is a mean over the E numbers; it is their sum": with_dweights(
            lambda weights, values, dcontexts: np.einsum("tbe,sbe->tbs", dcontexts, values) / values.shape[-1]
        ),
        "dweights is not added up over E": with_dweights(lambda weights, values, dcontexts: np.einsum("tbe,sbe->tbse", dcontexts, values)),
        "dweights is (T, S, B); it is (T, B, S), as the weights": with_dweights(
            lambda weights, values, dcontexts: np.einsum("tbe,sbe->tsb", dcontexts, values)
        ),
        "dweights is (S, B, T); it is (T, B, S), as the weights": with_dweights(
            lambda weights, values, dcontexts: np.einsum("tbe,sbe->sbt", dcontexts, values)
        ),
        "dweights is (B, T, S); it is (T, B, S), as the weights": with_dweights(
            lambda weights, values, dcontexts: np.einsum("tbe,sbe->bts", dcontexts, values)
        ),
        "dweights uses the values of all sequences; those of its own sequence are meant": with_dweights(
            lambda weights, values, dcontexts: np.einsum("tbe,sce->tbs", dcontexts, values)
        ),
        "the sign of dweights is wrong": with_dweights(lambda weights, values, dcontexts: -np.einsum("tbe,sbe->tbs", dcontexts, values)),
        "the weights are left out of dvalues: a value with a small weight should get a small gradient": with_dvalues(
            lambda weights, values, dcontexts: np.repeat(dcontexts.sum(axis=0)[None], len(values), axis=0)
        ),
        "dvalues is that of the last query alone; each value is used by all queries, so add over T": of_sum(
            "tbs,tbe->sbe", lambda weights, values, dcontexts: (weights[-1:], dcontexts[-1:])
        ),
        "dvalues is that of the first query alone; each value is used by all queries, so add over T": of_sum(
            "tbs,tbe->sbe", lambda weights, values, dcontexts: (weights[:1], dcontexts[:1])
        ),
        "dvalues is a mean over the queries; it is a sum": with_dvalues(
            lambda weights, values, dcontexts: np.einsum("tbs,tbe->sbe", weights, dcontexts) / len(weights)
        ),
        "dvalues is not added up over the queries": of_sum("tbs,tbe->tsbe"),
        "dvalues is not added up over the queries, and its axes are (T, B, S, E)": of_sum("tbs,tbe->tbse"),
        "dvalues is (B, S, E); it is (S, B, E), as the values": of_sum("tbs,tbe->bse"),
        "dvalues is (S, E, B); it is (S, B, E), as the values": of_sum("tbs,tbe->seb"),
        "dvalues is added up over the batch; each sequence has its own values": of_sum("tbs,tbe->se"),
        "dvalues is multiplied by the values": with_dvalues(
            lambda weights, values, dcontexts: values * np.einsum("tbs,tbe->sbe", weights, dcontexts)
        ),
        "dvalues sums the weights and the gradients apart; each query's weight multiplies its own gradient": of_sum(
            "bs,be->sbe", lambda weights, values, dcontexts: (weights.sum(axis=0), dcontexts.sum(axis=0))
        ),
        "the two gradients are exchanged; they come in the order of the arguments, weights and values": lambda cache, dcontexts: (
            weighted_sum_backward(cache, dcontexts)[::-1]
        ),
    },
)
