"""Lab 12, part 8: reading a stream, chunk by chunk, without a graph.

Contents
    read_stream    the right function
    stream         its check

Source: this course; the graph is left out with `torch.no_grad`.
"""

import torch

from rnncore.checks.compare import CheckFailed, compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab12.forward_sequence import lstm_forward
from rnncore.checks.labs.lab12.inputs import XS, draw_stream, example_sequence
from rnncore.checks.labs.tensors import works_on_another_device
from rnncore.reference.lstm import LSTMState

__all__ = ["read_stream", "stream"]


def read_stream(params, chunks, state):
    """Read a sequence that comes in chunks, each from the state that the last one left; record nothing for a backward pass.

    Args:
        params: dict of tensors weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,), which may want a gradient.
        chunks: list of tensors (K, B, D); K is at least 1 and may differ from chunk to chunk.
        state: LSTMState of h (B, H) and c (B, H), before the first chunk.
    Returns:
        hs: (T, B, H), the hidden state after each step of all chunks, without a graph; T is how many these are.
        state: LSTMState after the last step, without a graph.
    Raises:
        Nothing of its own.
    """
    parts = []
    with torch.no_grad():
        for xs in chunks:
            hs, state = lstm_forward(params, xs, state)
            parts.append(hs)
    return torch.cat(parts), state


def loop(carry=lambda new, first: new, join=torch.cat, end=lambda state: state, keep=lambda hs: hs, order=lambda chunks: chunks):
    """The right loop but for what the next chunk starts from, what is kept, and how it is joined."""

    @torch.no_grad()
    def wrong(params, chunks, state):
        first, start, parts = state, state, []
        for xs in order(chunks):
            hs, state = lstm_forward(params, xs, start)
            start = carry(state, first)
            parts.append(keep(hs))
        return join(parts), end(state)

    return wrong


def recorded(end=lambda hs, state: (hs, state)):
    """With a graph; `end` may take it away from some results."""

    def wrong(params, chunks, state):
        parts = []
        for xs in chunks:
            hs, state = lstm_forward(params, xs, state)
            parts.append(hs)
        return end(torch.cat(parts), state)

    return wrong


def but(change):
    return lambda params, chunks, state: change(*read_stream(params, chunks, state), chunks, state)


def zeros(state):
    return LSTMState(*(torch.zeros_like(part) for part in state))


def switched_off(params, chunks, state):
    for part in params.values():
        part.requires_grad_(False)
    return read_stream(params, chunks, state)


def gradients_stay_switched_on(function, rng):
    """PyTorch still records afterwards; whatever the answer, it does when this is over."""
    ((params, chunks, state0), *_) = draw_stream(rng, "float64", T=2, B=3, D=2, H=4)
    torch.set_grad_enabled(True)
    try:
        function(params, chunks, state0)
        recording = torch.is_grad_enabled()
    finally:
        torch.set_grad_enabled(True)
    if not recording:
        raise CheckFailed("the results are right, but from now on PyTorch records nothing anywhere; only a `with` block ends by itself.")


def cuts_leave_no_trace(function, rng):
    """However the stream is cut, the states are those of the whole; and the function works on the device of its inputs."""
    ((params, chunks, state0), *_) = draw_stream(rng, "float64", T=2, B=3, D=2, H=4)
    xs = torch.cat(chunks)
    with torch.no_grad():
        right, right_T = lstm_forward(params, xs, state0)
    for size in (1, 2, 5):
        hs, state = function(params, list(xs.split(size)), state0)
        compare(f"hs of a stream of 5 steps in chunks of {size}", hs.numpy(), right.numpy(), what="that of the whole")
        for name, got, want in zip(("h", "c"), state, right_T, strict=True):
            compare(f"state.{name} after a stream in chunks of {size}", got.numpy(), want.numpy(), what="that of the whole")
    works_on_another_device(read_stream.__name__, function, (params, chunks, state0))


stream = Exercise(
    read_stream,
    outputs=("hs", "state"),
    letters="TBDH",
    example=lambda: (example_sequence()[0], list(XS.split(1)), example_sequence()[2]),
    draw=draw_stream,
    properties=(gradients_stay_switched_on, cuts_leave_no_trace),
    mistakes={
        "a graph is recorded over all chunks: neither hs nor state is free of it": recorded(),
        "a graph is recorded over all chunks, and only hs is detached": recorded(lambda hs, state: (hs.detach(), state)),
        "a graph is recorded over all chunks, and only state is detached": recorded(
            lambda hs, state: (hs, LSTMState(*(part.detach() for part in state)))
        ),
        "a graph is recorded over all chunks, and only h of the state is detached": recorded(
            lambda hs, state: (hs.detach(), LSTMState(state.h.detach(), state.c))
        ),
        "the state is not carried: every chunk starts from the first state": loop(lambda new, first: first),
        "the state is reset to zeros after every chunk": loop(lambda new, first: zeros(first)),
        "every chunk, the first too, starts from zeros": lambda params, chunks, state: loop(lambda new, first: zeros(first))(
            params, chunks, zeros(state)
        ),
        "the first chunk starts from zeros and not from state": lambda params, chunks, state: read_stream(params, chunks, zeros(state)),
        "only h is carried: every chunk starts from the cell state before the first": loop(lambda new, first: LSTMState(new.h, first.c)),
        "only h is carried: the cell state is zero after every chunk": loop(lambda new, first: LSTMState(new.h, 0 * new.c)),
        "only c is carried: every chunk starts from the hidden state before the first": loop(lambda new, first: LSTMState(first.h, new.c)),
        "h stands in the place of c from one chunk to the next": loop(lambda new, first: LSTMState(new.h, new.h)),
        "h and c are exchanged from one chunk to the next": loop(lambda new, first: LSTMState(new.c, new.h)),
        "hs is that of the last chunk alone": loop(join=lambda parts: parts[-1]),
        "hs is that of the first chunk alone": loop(join=lambda parts: parts[0]),
        "hs holds one state for each chunk; every step's belongs there": loop(keep=lambda hs: hs[-1], join=torch.stack),
        "hs is a list; join its parts along time": loop(join=list),
        "the parts are joined along axis 1, the batch; time is axis 0": loop(join=lambda parts: torch.cat(parts, dim=1)),
        "the parts are stacked, which needs chunks of one length and adds an axis; join them with torch.cat": loop(join=torch.stack),
        "the chunks come in the wrong order": loop(join=lambda parts: torch.cat(parts[::-1])),
        "the chunks are read in the wrong order": loop(order=lambda chunks: chunks[::-1]),
        "the first chunk is not read": loop(order=lambda chunks: chunks[1:] or chunks),
        "the last chunk is not read": loop(order=lambda chunks: chunks[:-1] or chunks),
        "state is the one from before the first chunk": but(lambda hs, state, chunks, state0: (hs, state0)),
        "h and c are exchanged in the state that is returned": but(lambda hs, state, chunks, state0: (hs, LSTMState(state.c, state.h))),
        "only h of the state is returned; it is LSTMState(h, c)": but(lambda hs, state, chunks, state0: (hs, state.h)),
        "the state is a plain tuple; it is LSTMState(h, c)": but(lambda hs, state, chunks, state0: (hs, tuple(state))),
        "the results go through NumPy and come back as arrays; they stay tensors": but(
            lambda hs, state, chunks, state0: (hs.numpy(), LSTMState(*(part.numpy() for part in state)))
        ),
        "hs also holds the h from before the first step": but(lambda hs, state, chunks, state0: (torch.cat([state0.h[None], hs]), state)),
    },
)
