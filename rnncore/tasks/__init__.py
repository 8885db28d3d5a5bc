"""Data for experiments; every random choice takes an `rng`.

text    real English text as tokens, and what counting characters reaches on it
"""

from rnncore.tasks.text import *  # noqa: F403
