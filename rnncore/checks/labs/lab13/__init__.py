"""Lab 13, the capstone: what its five functions must do, and which mistakes are likely.

    what_follows.py    window     the check of `windows`
    by_time.py         split      the check of `split_in_time`
    last_season.py     naive      the check of `seasonal_naive`
    in_scale.py        error      the check of `scaled_error`
    alike.py           near       the check of `nearest`
    inputs.py          the worked examples' numbers, and the inputs that are drawn

A mistake is a wrong function with the words for what is wrong in it; the words complete "This is what comes out when ...". What is
graded by hand has no check.
"""

from rnncore.checks.labs.lab13.alike import near
from rnncore.checks.labs.lab13.by_time import split
from rnncore.checks.labs.lab13.in_scale import error
from rnncore.checks.labs.lab13.last_season import naive
from rnncore.checks.labs.lab13.what_follows import window

__all__ = ["window", "split", "naive", "error", "near"]  # as in the lab
