"""Checks that tests, labs and graders share.

    check_gradient   a backward pass against numerical derivatives
    check_parity     NumPy against PyTorch
    check_purity     nothing changed in place, the same answer twice, memory of its own
    check_shapes     shape and dtype of every output and gradient, in float64 and float32
    labs             what a lab asks of a learner's function
    compare          two arrays or trees, with a sentence that names the place

Each raises `CheckFailed`, an `AssertionError` whose one sentence says what, where, and both numbers.
"""

from rnncore.checks.compare import *  # noqa: F403
from rnncore.checks.gradients import *  # noqa: F403
from rnncore.checks.pairs import *  # noqa: F403
from rnncore.checks.parity import *  # noqa: F403
from rnncore.checks.purity import *  # noqa: F403
from rnncore.checks.shapes import *  # noqa: F403
