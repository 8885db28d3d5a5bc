"""The labs' checks: the same in the learner's notebook, in the grader and in the tests.

Exercise   one function a learner writes: what it must do, on which inputs, and which mistakes are likely
grading    True while nbgrader executes a notebook
lab01      the recurrent cell
lab02      BPTT by hand
lab03      vanishing and exploding gradients
lab04      truncated BPTT
lab05      the LSTM
lab06      the GRU
lab07      batches of unequal length
lab08      bidirectional and deep
lab09      generation
lab10      encoder and decoder
lab11      attention
lab12      PyTorch and the GPU; the only one that loads PyTorch
lab13      the capstone
"""

from rnncore.checks.labs.exercise import *  # noqa: F403
