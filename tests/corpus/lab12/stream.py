"""Lab 12, part 8: reading a stream."""

import torch

from rnncore.checks.labs.lab12.forward_sequence import lstm_forward
from rnncore.reference import LSTMState
from tests.corpus.answers import right, wrong


@right
@torch.no_grad()
def decorated(params, chunks, state):
    hs = []
    for chunk in chunks:
        part, state = lstm_forward(params, chunk, state)
        hs.append(part)
    return torch.cat(hs, dim=0), state


@right
def inference(params, chunks, state):
    with torch.inference_mode():
        hs = []
        for chunk in chunks:
            part, state = lstm_forward(params, chunk, state)
            hs += part.unbind()
        return torch.stack(hs), state


@right
def all_at_once(params, chunks, state):
    with torch.no_grad():
        return lstm_forward(params, torch.cat(chunks), state)


@right
def detached_parameters(params, chunks, state):
    frozen = {name: part.detach() for name, part in params.items()}
    parts = []
    for k in range(len(chunks)):
        part, state = lstm_forward(frozen, chunks[k], state)
        parts.append(part)
    return torch.concatenate(parts), LSTMState(h=state.h, c=state.c)


@right
def character_by_character(params, chunks, state):
    torch.set_grad_enabled(False)
    try:
        hs = []
        for chunk in chunks:
            for x in chunk:
                h, state = lstm_forward(params, x[None], state)
                hs.append(h)
        return torch.vstack(hs), state
    finally:
        torch.set_grad_enabled(True)


@right
def detached_at_each_border(params, chunks, state):
    parts = []
    for chunk in chunks:
        part, state = lstm_forward(params, chunk, state)
        state = LSTMState(state.h.detach(), state.c.detach())
        parts.append(part.detach())
    return [torch.cat(parts), state]


@wrong("neither hs nor state is free of it")
def graph_kept(params, chunks, state):
    parts = []
    for chunk in chunks:
        part, state = lstm_forward(params, chunk, state)
        parts.append(part)
    return torch.cat(parts), state


@wrong("only hs is detached")
def hs_detached(params, chunks, state):
    parts = []
    for chunk in chunks:
        part, state = lstm_forward(params, chunk, state)
        parts.append(part.detach())
    return torch.cat(parts), state


@wrong("only state is detached")
def state_detached(params, chunks, state):
    parts = []
    for chunk in chunks:
        part, state = lstm_forward(params, chunk, state)
        state = LSTMState(*(s.detach() for s in state))
        parts.append(part)
    return torch.cat(parts), state


@wrong("neither hs nor state is free of it")
def eval_is_not_no_grad(params, chunks, state):
    class Reader(torch.nn.Module):
        def forward(self, chunk, state):
            return lstm_forward(params, chunk, state)

    reader, parts = Reader().eval(), []
    for chunk in chunks:
        part, state = reader(chunk, state)
        parts.append(part)
    return torch.cat(parts), state


@wrong("it changed its argument params in place")
def gradient_switched_off(params, chunks, state):
    for part in params.values():
        part.requires_grad = False
    return graph_kept(params, chunks, state)


@wrong("every chunk starts from the first state")
@torch.no_grad()
def not_carried(params, chunks, state):
    parts = []
    for chunk in chunks:
        part, state_T = lstm_forward(params, chunk, state)
        parts.append(part)
    return torch.cat(parts), state_T


@wrong("every chunk, the first too, starts from zeros")
@torch.no_grad()
def zeros_each_time(params, chunks, state):
    parts = []
    for chunk in chunks:
        part, last = lstm_forward(params, chunk, LSTMState(torch.zeros_like(state.h), torch.zeros_like(state.c)))
        parts.append(part)
    return torch.cat(parts), last


@wrong("the first chunk starts from zeros")
@torch.no_grad()
def zeros_at_first(params, chunks, state):
    state = LSTMState(torch.zeros_like(state.h), torch.zeros_like(state.c))
    return decorated(params, chunks, state)


@wrong("the cell state is zero after every chunk")
@torch.no_grad()
def h_only(params, chunks, state):
    parts = []
    for chunk in chunks:
        part, end = lstm_forward(params, chunk, state)
        state = LSTMState(end.h, torch.zeros_like(end.c))
        parts.append(part)
    return torch.cat(parts), end


@wrong("h and c are exchanged from one chunk to the next")
@torch.no_grad()
def turned(params, chunks, state):
    parts = []
    for chunk in chunks:
        part, end = lstm_forward(params, chunk, state)
        c, h = end
        state = LSTMState(h, c)
        parts.append(part)
    return torch.cat(parts), end


@wrong("hs is that of the last chunk alone")
@torch.no_grad()
def last_chunk(params, chunks, state):
    for chunk in chunks:
        hs, state = lstm_forward(params, chunk, state)
    return hs, state


@wrong("hs holds one state for each chunk")
@torch.no_grad()
def one_for_each(params, chunks, state):
    parts = []
    for chunk in chunks:
        _, state = lstm_forward(params, chunk, state)
        parts.append(state.h)
    return torch.stack(parts), state


@wrong("join its parts along time")
@torch.no_grad()
def left_a_list(params, chunks, state):
    parts = []
    for chunk in chunks:
        part, state = lstm_forward(params, chunk, state)
        parts.append(part)
    return parts, state


@wrong("the parts are stacked, which needs chunks of one length")
@torch.no_grad()
def stacked(params, chunks, state):
    parts = []
    for chunk in chunks:
        part, state = lstm_forward(params, chunk, state)
        parts.append(part)
    return torch.stack(parts), state


@wrong("joined along axis 1")
@torch.no_grad()
def along_the_batch(params, chunks, state):
    parts = []
    for chunk in chunks:
        part, state = lstm_forward(params, chunk, state)
        parts.append(part)
    return torch.cat(parts, dim=1), state


@wrong("they stay tensors")
@torch.no_grad()
def to_numpy(params, chunks, state):
    hs, state = decorated(params, chunks, state)
    return hs.numpy(), LSTMState(state.h.numpy(), state.c.numpy())


@wrong("with inputs on another device than the CPU")
@torch.no_grad()
def buffer_on_the_cpu(params, chunks, state):
    steps = sum(len(chunk) for chunk in chunks)
    hs, start = torch.zeros(steps, *state.h.shape, dtype=state.h.dtype), 0
    for chunk in chunks:
        part, state = lstm_forward(params, chunk, state)
        hs[start : start + len(chunk)] = part
        start += len(chunk)
    return hs, state


@wrong("the state is a plain tuple")
@torch.no_grad()
def plain_tuple(params, chunks, state):
    hs, (h, c) = decorated(params, chunks, state)
    return hs, (h, c)


@wrong("it changed its argument chunks in place")
@torch.no_grad()
def emptied(params, chunks, state):
    parts = []
    while chunks:
        part, state = lstm_forward(params, chunks.pop(0), state)
        parts.append(part)
    return torch.cat(parts), state


@wrong("from now on PyTorch records nothing anywhere")
def switched_off_for_good(params, chunks, state):
    torch.set_grad_enabled(False)
    return graph_kept(params, chunks, state)


@wrong("neither hs nor state is free of it")
def no_grad_as_a_line(params, chunks, state):
    torch.no_grad()
    return graph_kept(params, chunks, state)


@wrong("neither hs nor state is free of it")
def only_the_append(params, chunks, state):
    parts = []
    for chunk in chunks:
        part, state = lstm_forward(params, chunk, state)
        with torch.no_grad():
            parts.append(part)
    return torch.cat(parts), state


@wrong("the state is reset to zeros after every chunk")
@torch.no_grad()
def reset_after_the_first(params, chunks, state):
    parts = []
    for chunk in chunks:
        part, last = lstm_forward(params, chunk, state)
        state = LSTMState(torch.zeros_like(last.h), torch.zeros_like(last.c))
        parts.append(part)
    return torch.cat(parts), last


@wrong("from the cell state before the first")
@torch.no_grad()
def first_c_again(params, chunks, state):
    parts, c = [], state.c
    for chunk in chunks:
        part, last = lstm_forward(params, chunk, state)
        state = LSTMState(part[-1], c)
        parts.append(part)
    return torch.cat(parts), last


@wrong("state is the one from before the first chunk")
@torch.no_grad()
def state_as_it_was_given(params, chunks, state):
    hs, _ = decorated(params, chunks, state)
    return hs, state


@wrong("got float32")
def through_lists(params, chunks, state):
    hs, state = decorated(params, chunks, state)
    return torch.tensor(hs.tolist()), state


@wrong(None)
@torch.no_grad()
def state_after_the_first_chunk(params, chunks, state):
    hs, _ = decorated(params, chunks, state)
    return hs, lstm_forward(params, chunks[0], state)[1]
