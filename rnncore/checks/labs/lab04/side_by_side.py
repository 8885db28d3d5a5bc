"""Lab 4, part 6: a text as streams, cut into chunks.

Contents
    streams    the check of `stream_batches`
"""

import numpy as np

from rnncore.checks.compare import CheckFailed, compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab04.inputs import draw_text
from rnncore.tasks.text import stream_batches

__all__ = ["streams"]


def chunks_of(places, tokens, T, length, target=1):
    """Pairs (T, B) of a layout: `places` (length, B) says where each stream reads."""
    inputs, targets = tokens[places], tokens[(places + target) % len(tokens)]
    return [(inputs[start : start + T], targets[start : start + T]) for start in range(0, length, T)]


def layout(where, target=1):
    """The right function but for `where(step, length, T, B)`: the places (length, B) that are read; a stream has `step` tokens."""

    def wrong(tokens, T, B):
        step = (len(tokens) - 1) // B
        length = step // T * T
        return chunks_of(where(step, length, T, B), tokens, T, length, target)

    return wrong


def right(step, length, T, B):
    return np.arange(length)[:, None] + step * np.arange(B)


def of(change):
    """`change(inputs, targets)` of every chunk of the right function."""
    return lambda tokens, T, B: [change(*pair) for pair in stream_batches(tokens, T, B)]


def row_by_row(step, length, T, B):
    """Chunks that are filled one stream after the other, so that no chunk continues the one before."""
    start = np.arange(0, length, T)[:, None, None] * B
    return (start + np.arange(T)[:, None] + T * np.arange(B)).reshape(length, B)


def with_short(tokens, T, B):
    step = (len(tokens) - 1) // B
    return chunks_of(right(step, step, T, B), tokens, T, step)


def one_token_too_many(tokens, T, B):
    step = len(tokens) // B
    length = step // T * T
    return chunks_of(right(step, length, T, B), tokens, T, length)


def within_streams(tokens, T, B):
    """Streams of N // B tokens, each with its own targets, one fewer."""
    step = len(tokens) // B
    places = right(step, step, T, B)
    return [(tokens[places[start : start + T]], tokens[places[start + 1 : start + T + 1]]) for start in range(0, step - T, T)]


def rolled(tokens, T, B):
    """The target of a stream's last input is the stream's first."""
    step = (len(tokens) - 1) // B
    places = right(step, step, T, B)
    turned = np.roll(places, -1, axis=0)
    return [(tokens[places[start : start + T]], tokens[turned[start : start + T]]) for start in range(0, step - T + 1, T)]


def not_the_exact_end(tokens, T, B):
    step = (len(tokens) - 1) // B
    return stream_batches(tokens, T, B)[: len(range(0, step - T, T))]


def targets_inside(tokens, T, B):
    """The target of a chunk's last input is the chunk's first."""
    return [(inputs, np.roll(inputs, -1, axis=0)) for inputs, _ in stream_batches(tokens, T, B)]


def cut_short(tokens, T, B):
    step = (len(tokens) - 1) // B
    length = step // T * T
    return chunks_of(right(length, length, T, B), tokens, T, length)


def overlapping(tokens, T, B):
    """Each chunk begins one token after the one before."""
    step = (len(tokens) - 1) // B
    places = right(step, step, T, B)
    return [(tokens[places[start : start + T]], tokens[places[start : start + T] + 1]) for start in range(step - T + 1)]


def a_text_is_read_once_in_order(function, rng):
    """Joined over time, the streams are pieces of the text, and each target is the next input of its stream."""
    tokens = rng.integers(0, 50, 47)
    batches = function(tokens, 4, 3)
    inputs, targets = (np.concatenate(part) for part in zip(*batches, strict=True))  # (time, B)
    if inputs.shape != (12, 3):
        raise CheckFailed(f"47 tokens in chunks of 4 steps and 3 streams give 12 steps of 3 streams, got {inputs.shape}.")
    compare("joined over time, targets, which are the next inputs,", targets[:-1], inputs[1:])
    compare("joined over time, the inputs of the streams", inputs.T, np.stack([tokens[start : start + 12] for start in (0, 15, 30)]))


streams = Exercise(
    stream_batches,
    outputs=("batches",),
    letters="TB",
    example=lambda: (np.arange(12), 2, 2),
    draw=draw_text,
    properties=(a_text_is_read_once_in_order,),
    mistakes={
        "neighbouring tokens go to neighbouring streams; each stream reads one piece of the text in order": layout(
            lambda step, length, T, B: np.arange(length * B).reshape(length, B)
        ),
        "each chunk is filled stream after stream, so that no stream continues in the next chunk": layout(row_by_row),
        "targets are the inputs themselves; a target is the next token": layout(right, target=0),
        "targets are the tokens before the inputs; a target is the next one": layout(right, target=-1),
        "targets are two tokens later; a target is the next one": layout(right, target=2),
        "the last target of each chunk is its first input; it is the next token of the stream": targets_inside,
        "the last target of a stream is its first input; it is the next token of the text": rolled,
        "each stream takes its targets from its own N // B tokens; a target may lie beyond its end": within_streams,
        "the last chunk is left out where it ends exactly with the stream": not_the_exact_end,
        "two lists are returned, one of inputs and one of targets; each chunk is a pair": lambda tokens, T, B: tuple(
            list(part) for part in zip(*stream_batches(tokens, T, B), strict=True)
        ),
        "targets are those of the next stream": of(lambda inputs, targets: (inputs, np.roll(targets, -1, axis=1))),
        "inputs and targets are exchanged": of(lambda inputs, targets: (targets, inputs)),
        "the axes are (B, T); time comes first": of(lambda inputs, targets: (inputs.T, targets.T)),
        "the last, shorter chunk is kept; what does not fill a chunk is left out": with_short,
        "the streams are N // B long; one token must be left for the last target, so it is (N - 1) // B": one_token_too_many,
        "the streams begin where the last whole chunk of the stream before ends; they begin (N - 1) // B apart": cut_short,
        "the chunks overlap; each begins where the one before ended": overlapping,
        "only the first chunk is returned, because the function returns inside the loop": lambda tokens, T, B: stream_batches(tokens, T, B)[
            :1
        ],
        "the first chunk is left out": lambda tokens, T, B: stream_batches(tokens, T, B)[1:],
        "the last whole chunk is left out": lambda tokens, T, B: stream_batches(tokens, T, B)[:-1],
        "T and B are exchanged: T steps, B streams": lambda tokens, T, B: stream_batches(tokens, B, T),
        "all streams read the same piece, the first": layout(lambda step, length, T, B: right(0, length, T, B)),
        "every stream begins one token after the one before; they begin (N - 1) // B apart": layout(
            lambda step, length, T, B: right(1, length, T, B)
        ),
        "the inputs alone are returned; each chunk is a pair with its targets": of(lambda inputs, targets: inputs),
    },
)
