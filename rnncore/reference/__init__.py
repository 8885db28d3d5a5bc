"""The reference: NumPy, gradients derived by hand, one file an idea.

Every function keeps the mirror rule: `*outputs, cache = f(*arguments)` and
`d_arguments = f_backward(cache, *d_outputs)`, one gradient for each argument, in the same order and of the same type.
"""

from rnncore.reference.activations import *  # noqa: F403
from rnncore.reference.layers import *  # noqa: F403
from rnncore.reference.losses import *  # noqa: F403
from rnncore.reference.optim import *  # noqa: F403
from rnncore.reference.rnn import *  # noqa: F403
