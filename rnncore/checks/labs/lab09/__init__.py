"""Lab 9, generation: what its eight functions must do, and which mistakes are likely.

    text_streams.py    streams        the check of `stream_batches`
    scoring.py         scores         the check of `bits_and_perplexity`
    sharpening.py      temperature    the check of `temperature_distribution`
    best_few.py        top_k          the check of `top_k_distribution`
    nucleus.py         top_p          the check of `top_p_distribution`
    drawing.py         draw           the check of `draw_tokens`
    one_extension.py   extension      the check of `extend_beam`
    searching.py       search         the check of `table_beam_search`
    inputs.py          the worked example's numbers, and the inputs that are drawn

A mistake is a wrong function with the words for what is wrong in it; the words complete "This is what comes out when ...".
"""

from rnncore.checks.labs.lab09.best_few import top_k
from rnncore.checks.labs.lab09.drawing import draw
from rnncore.checks.labs.lab09.nucleus import top_p
from rnncore.checks.labs.lab09.one_extension import extension
from rnncore.checks.labs.lab09.scoring import scores
from rnncore.checks.labs.lab09.searching import search
from rnncore.checks.labs.lab09.sharpening import temperature
from rnncore.checks.labs.lab09.text_streams import streams

__all__ = ["streams", "scores", "temperature", "top_k", "top_p", "draw", "extension", "search"]  # as in the lab
