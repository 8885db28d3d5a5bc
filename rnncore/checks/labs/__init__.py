"""The labs' checks: the same in the learner's notebook, in the grader and in the tests.

Exercise   one function a learner writes: what it must do, on which inputs, and which mistakes are likely
grading    True while nbgrader executes a notebook
lab01      the recurrent cell
lab02      BPTT by hand
lab05      the LSTM
lab10      encoder and decoder
"""

from rnncore.checks.labs.exercise import *  # noqa: F403
