"""Lab 3, vanishing and exploding gradients: what its seven functions must do, and which mistakes are likely.

    one_step.py           step_jacobian         the check of `rnn_step_jacobian`
    all_steps.py          jacobian_products     the check of `product_jacobians`
    lengths.py            gradient_lengths      the check of `rnn_gradient_norms`
    radius_norm.py        two_sizes             the check of `radius_and_norm`
    orthogonal_start.py   orthogonal_start      the check of `orthogonal_from`
    by_norm.py            clipping_by_norm      the check of `clip_by_norm`
    by_value.py           clipping_by_value     the check of `clip_by_value`
    inputs.py             the worked example's numbers, and the inputs that are drawn

A mistake is a wrong function with the words for what is wrong in it; the words complete "This is what comes out when ...".
"""

from rnncore.checks.labs.lab03.all_steps import jacobian_products
from rnncore.checks.labs.lab03.by_norm import clipping_by_norm
from rnncore.checks.labs.lab03.by_value import clipping_by_value
from rnncore.checks.labs.lab03.lengths import gradient_lengths
from rnncore.checks.labs.lab03.one_step import step_jacobian
from rnncore.checks.labs.lab03.orthogonal_start import orthogonal_start
from rnncore.checks.labs.lab03.radius_norm import two_sizes

__all__ = [  # as in the lab
    "step_jacobian",
    "jacobian_products",
    "gradient_lengths",
    "two_sizes",
    "orthogonal_start",
    "clipping_by_norm",
    "clipping_by_value",
]
