"""Lab 3, part 2: the Jacobians of all steps, multiplied.

Contents
    jacobian_products    the check of `product_jacobians`
"""

import itertools

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab03.inputs import JACOBIANS, draw_jacobians, normal
from rnncore.reference.diagnostics import product_jacobians, rnn_step_jacobian
from rnncore.reference.rnn import init_rnn, rnn_forward, rnn_step_backward

__all__ = ["jacobian_products"]


def running(jacobians, multiply):
    """`multiply(product so far, J)` from the first matrix on, one entry for each."""
    products = [jacobians[0].copy()]
    for J in jacobians[1:]:
        products.append(multiply(products[-1], J))
    return np.stack(products)


def from_the_end(jacobians, multiply):
    return running(jacobians[::-1], multiply)[::-1]


def ones(jacobians):
    return np.broadcast_to(np.eye(jacobians.shape[-1], dtype=jacobians.dtype), jacobians[0].shape)


def they_carry_a_gradient(function, rng):
    """A gradient at the last state, times entry t, is the gradient that the backward pass of the cell brings to state t."""
    params = init_rnn(rng, 3, 5)
    _, _, cache = rnn_forward(params, normal(rng, np.float64, 4, 2, 3), np.zeros((2, 5)))
    products = function(np.stack([rnn_step_jacobian(step) for step in cache.steps]))
    dh_T = dh = normal(rng, np.float64, 2, 5)
    for t in reversed(range(4)):
        _, _, dh = rnn_step_backward(cache.steps[t], dh)
        compare(f"a gradient at the last state times entry {t}", (dh_T[:, None] @ products[t])[:, 0], dh, what="the backward pass's")


jacobian_products = Exercise(
    product_jacobians,
    outputs=("products",),
    letters="TBH",
    example=lambda: (JACOBIANS,),
    draw=draw_jacobians,
    properties=(they_carry_a_gradient,),
    mistakes={
        "the factors stand in the wrong order: the last step's Jacobian comes first, and an earlier one joins on its right": (
            lambda jacobians: from_the_end(jacobians, lambda P, J: J @ P)
        ),
        "the products come in the order in which they are made, the shortest first; entry 0 is the longest": (
            lambda jacobians: product_jacobians(jacobians)[::-1]
        ),
        "the products start at the first step: entry t is then the way from the start to state t + 1, not from state t to the end": (
            lambda jacobians: running(jacobians, lambda P, J: J @ P)
        ),
        "the products start at the first step, and the factors stand in the wrong order": (
            lambda jacobians: running(jacobians, lambda P, J: P @ J)
        ),
        "the order of the factors is wrong and that of the entries, too": (
            lambda jacobians: from_the_end(jacobians, lambda P, J: J @ P)[::-1]
        ),
        "entry t lacks its own Jacobian: it begins one step too late, and the last entry is the identity": (
            lambda jacobians: np.stack([*product_jacobians(jacobians)[1:], ones(jacobians)])
        ),
        "the identity is one entry more; there is one product for each step": (
            lambda jacobians: np.stack([*product_jacobians(jacobians), ones(jacobians)])
        ),
        "the last step's Jacobian is left out: the products begin with the identity in its place": lambda jacobians: (
            np.stack([*product_jacobians(jacobians[:-1]), ones(jacobians)]) if len(jacobians) > 1 else ones(jacobians)[None].copy()
        ),
        "the last step's Jacobian is multiplied in twice": lambda jacobians: (
            np.stack([jacobians[-1] @ P for P in product_jacobians(jacobians)])
        ),
        "entries are multiplied with *; Jacobians are multiplied as matrices": (
            lambda jacobians: from_the_end(jacobians, lambda P, J: P * J)
        ),
        "the Jacobians are added; the chain rule multiplies them": lambda jacobians: from_the_end(jacobians, lambda P, J: P + J),
        "only the whole product is returned; there is an entry for every step": lambda jacobians: product_jacobians(jacobians)[0],
        "every entry is the whole product; entry t begins with its own step": lambda jacobians: (
            np.stack([product_jacobians(jacobians)[0]] * len(jacobians))
        ),
        "the product is not carried on: each entry has two factors": lambda jacobians: (
            np.stack([*(later @ J for J, later in itertools.pairwise(jacobians)), jacobians[-1]])
        ),
        "nothing is multiplied: these are the Jacobians of the steps": lambda jacobians: jacobians.copy(),
        "each entry is a power of its own Jacobian; the other steps have other ones": lambda jacobians: (
            np.stack([np.linalg.matrix_power(J, len(jacobians) - t) for t, J in enumerate(jacobians)])
        ),
        "the loop ends one step too early: the first step's product is missing": lambda jacobians: (
            product_jacobians(jacobians)[1:] if len(jacobians) > 1 else product_jacobians(jacobians)
        ),
        "the product of the last step alone is missing": lambda jacobians: (
            product_jacobians(jacobians)[:-1] if len(jacobians) > 1 else product_jacobians(jacobians)
        ),
        "the loop runs over the batch; the first axis is time": lambda jacobians: (
            product_jacobians(jacobians.swapaxes(0, 1)).swapaxes(0, 1)
        ),
        "np.dot multiplies every sequence with every other; @ keeps to one": lambda jacobians: (
            from_the_end(jacobians, lambda P, J: np.dot(P, J))
        ),
        "the Jacobians are transposed on the way": lambda jacobians: (product_jacobians(np.ascontiguousarray(jacobians.swapaxes(-1, -2)))),
        "the products are transposed": lambda jacobians: product_jacobians(jacobians).swapaxes(-1, -2),
        "the products are stacked along the second axis; time is the first one": lambda jacobians: (
            product_jacobians(jacobians).swapaxes(0, 1)
        ),
    },
)
