"""Lab 9, part 1: a text as streams, with targets one character later.

Contents
    streams    the check of `stream_batches`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab09.inputs import draw_streams
from rnncore.tasks.text import stream_batches

__all__ = ["streams"]


def chunks(inputs, targets, T):
    """(L, B) each, cut into pieces of T steps."""
    return [(inputs[start : start + T], targets[start : start + T]) for start in range(0, len(inputs) // T * T, T)]


def from_places(places):
    """The right function but for where its inputs stand in the text: `places(N, T, B)`, (L, B); the targets stand one further."""

    def wrong(tokens, T, B):
        where = places(len(tokens), T, B)
        return chunks(tokens[where], tokens[where + 1], T)

    return wrong


def by_columns(length, step, B):
    return np.arange(length)[:, None] + step * np.arange(B)


def with_batches(change):
    """The right function, and then `change(inputs, targets)` in each chunk."""
    return lambda tokens, T, B: [change(inputs, targets) for inputs, targets in stream_batches(tokens, T, B)]


def shifted(by):
    """Targets that stand `by` places after the inputs, in a stream that has none left beyond the text."""

    def wrong(tokens, T, B):
        length, step = (len(tokens) - 1) // B // T * T, (len(tokens) - 1) // B
        places = by_columns(length, step, B)
        return chunks(tokens[places], np.roll(tokens, -by)[places], T)

    return wrong


def within_the_chunk(inputs, targets):
    return inputs, np.roll(inputs, -1, axis=0)


def without_the_last(tokens, T, B):
    """No target is needed for what is left over, but the last chunk that fits is lost."""
    return stream_batches(tokens, T, B)[:-1]


def rest_kept(tokens, T, B):
    """The last chunk is shorter."""
    step = (len(tokens) - 1) // B
    places = by_columns(step, step, B)
    return [(tokens[places][start : start + T], tokens[places + 1][start : start + T]) for start in range(0, step, T)]


def one_too_long(tokens, T, B):
    """len(tokens) // B characters in a stream: the last target would stand behind the end."""
    step = len(tokens) // B
    places = by_columns(step // T * T, step, B)
    return chunks(tokens[places], tokens[places + 1], T)


def last_fit_lost(tokens, T, B):
    """`range(0, S - T, T)` stops before a chunk that ends where the stream does."""
    return stream_batches(tokens, T, B)[: len(range(0, (len(tokens) - 1) // B - T, T))]


def two_arrays(tokens, T, B):
    return tuple(np.stack(part) for part in zip(*stream_batches(tokens, T, B), strict=True))


def overlapping(tokens, T, B):
    """Chunks begin one step after one another."""
    length, step = (len(tokens) - 1) // B, (len(tokens) - 1) // B
    places = by_columns(length, step, B)
    starts = range(length - T + 1)
    return [(tokens[places][s : s + T], tokens[places + 1][s : s + T]) for s in starts]


def the_text_can_be_read_again(function, rng):
    """Stream after stream, the inputs are consecutive pieces of the text, and each target is what stands one place further."""
    T, B, N = 3, 4, 3 * 4 * 5 + 8
    text = np.arange(100, 100 + N)
    inputs, targets = (np.concatenate(part) for part in zip(*function(text, T, B), strict=True))  # (L, B)
    compare("of a text that counts, targets - inputs", targets - inputs, np.ones((15, 4)))
    compare("of a text that counts, the steps within a stream", np.diff(inputs, axis=0), np.ones((14, 4)))
    compare("of a text that counts, the first inputs", inputs[0], 100 + (N - 1) // B * np.arange(B))


streams = Exercise(
    stream_batches,
    outputs=("batches",),
    letters="KTB",
    example=lambda: (np.arange(11), 2, 2),
    draw=draw_streams,
    properties=(the_text_can_be_read_again,),
    mistakes={
        "the targets are the inputs themselves; they stand one character further": shifted(0),
        "the targets stand one character before the inputs; they come one after": shifted(-1),
        "the targets stand two characters after the inputs": shifted(2),
        "inputs and targets are exchanged": with_batches(lambda inputs, targets: (targets, inputs)),
        "the last target of a chunk is its own first input; it is the first input of the next chunk": with_batches(within_the_chunk),
        "inputs and targets are (B, T); time is the first axis": with_batches(lambda inputs, targets: (inputs.T, targets.T)),
        "the rows of a chunk are the streams, reshaped to (T, B); a stream runs down a column": with_batches(
            lambda inputs, targets: (inputs.T.reshape(inputs.shape), targets.T.reshape(targets.shape))
        ),
        "neighbouring characters lie side by side in a row; they follow one another down a column": from_places(
            lambda N, T, B: np.arange((N - 1) // B // T * T * B).reshape(-1, B)
        ),
        "a chunk is cut from the text first and then divided among the streams, so that no stream goes on in the next chunk": from_places(
            lambda N, T, B: np.concatenate([k * T * B + by_columns(T, T, B) for k in range((N - 1) // B // T)])
        ),
        "the streams overlap: each starts one character after the one before": from_places(
            lambda N, T, B: by_columns((N - 1) // B // T * T, 1, B)
        ),
        "all streams read the same piece": from_places(lambda N, T, B: by_columns((N - 1) // B // T * T, 0, B)),
        "a stream starts right after what fills the chunks of the one before; it starts (N - 1) // B characters after that one": (
            from_places(lambda N, T, B: by_columns((N - 1) // B // T * T, (N - 1) // B // T * T, B))
        ),
        "a stream is N // B characters long, so that the last one has no room for its last target": one_too_long,
        "the last chunk is missing": without_the_last,
        "the last chunk is missing if it ends where the stream ends": last_fit_lost,
        "all inputs are one array and all targets another; each chunk has a pair of its own": two_arrays,
        "the inputs keep the character that is the last target, so that a chunk has T + 1 rows": with_batches(
            lambda inputs, targets: (np.concatenate([inputs, targets[-1:]]), targets)
        ),
        "the chunks overlap: each starts one step after the one before, and not T": overlapping,
        "what does not fill a last chunk is kept as a shorter chunk; it is left out": rest_kept,
        "the chunks come in the wrong order": lambda tokens, T, B: stream_batches(tokens, T, B)[::-1],
        "all chunks are the first one": lambda tokens, T, B: stream_batches(tokens, T, B)[:1] * len(stream_batches(tokens, T, B)),
        "T and B are exchanged": lambda tokens, T, B: stream_batches(tokens, B, T),
    },
)
