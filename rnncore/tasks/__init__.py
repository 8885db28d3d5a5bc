"""Data for experiments; every random choice takes an `rng`, and each task names what it must be measured against.

text             characters of the Python language reference; also importable from here
adding, copy_memory, temporal_order, parity, brackets      how long a memory lasts
sentiment        sentences with negation, from a small grammar
names            tagged sentences with persons, places and organisations
dates            dates as people write them, to be normalised
sines, series    made and real numbers over time
"""

from rnncore.tasks.text import *  # noqa: F403
