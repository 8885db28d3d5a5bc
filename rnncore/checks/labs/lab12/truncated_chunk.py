"""Lab 12, part 6: the loss and the gradients of one chunk of a long sequence.

Contents
    chunk_gradients    the right function
    chunk              its check

Source: Williams and Peng (1990) with h = h' = k.
"""

import torch
from torch.nn.functional import cross_entropy

from rnncore.checks.compare import CheckFailed, compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab12.forward_sequence import lstm_forward
from rnncore.checks.labs.lab12.inputs import NAMES, draw_chunk, example_chunk
from rnncore.reference.lstm import LSTMState

__all__ = ["chunk", "chunk_gradients"]


def chunk_gradients(params, xs, targets, state):
    """Read one chunk of a sequence; give its loss, the gradients, and the state from which the next chunk goes on.

    Args:
        params: dict of tensors that want a gradient: the four of the LSTM, weight_out (V, H) and bias_out (V,).
        xs: (T, B, D), the inputs of the chunk.
        targets: (T, B), whole numbers from 0 to V - 1.
        state: LSTMState of h (B, H) and c (B, H), before the chunk; it may have a past, into which no gradient goes.
    Returns:
        loss: (), the mean cross-entropy of all T * B predictions, without a graph.
        dparams: dict as the parameters: the gradients of this chunk's loss alone.
        state_next: LSTMState after the chunk, without a past.
    Raises:
        Nothing of its own.
    """
    state = LSTMState(*(part.detach() for part in state))
    hs, state_next = lstm_forward(params, xs, state)
    logits = hs @ params["weight_out"].T + params["bias_out"]  # (T, B, V)
    loss = cross_entropy(logits.flatten(0, 1), targets.flatten())
    dparams = dict(zip(params, torch.autograd.grad(loss, list(params.values())), strict=True))
    return loss.detach(), dparams, LSTMState(*(part.detach() for part in state_next))


def detached(state):
    return LSTMState(*(part.detach() for part in state))


def chunked(
    loss_of=lambda logits, targets: cross_entropy(logits.flatten(0, 1), targets.flatten()),
    logits_of=lambda params, hs: hs @ params["weight_out"].T + params["bias_out"],
    start=detached,
    loss_end=torch.Tensor.detach,
    state_end=lambda state_next, state, hs: detached(state_next),
    gradient=lambda params, found: found,
):
    """The right function but for its parts."""

    def wrong(params, xs, targets, state):
        hs, state_next = lstm_forward(params, xs, start(state))
        logits = logits_of(params, hs)
        loss = loss_of(logits, targets)
        found = dict(zip(params, torch.autograd.grad(loss, list(params.values())), strict=True))
        return loss_end(loss), gradient(params, found), state_end(state_next, state, hs)

    return wrong


def added_to_grad(params, found):
    return {name: part if params[name].grad is None else params[name].grad + part for name, part in found.items()}


def clipped(params, found):
    norm = torch.cat([part.flatten() for part in found.values()]).norm()
    return {name: part * min(1, 1 / (norm + 1e-6)) for name, part in found.items()}


def the_past_is_cut(function, rng):
    """Chunk after chunk with a state whose past is gone, against torch.nn.LSTM; a chunk as long as the text has the full gradient."""
    ((params, xs, targets, state0), *_) = draw_chunk(rng, "float64", T=6, B=3, D=2, H=4, V=5)
    layer = torch.nn.LSTM(2, 4, dtype=torch.float64)
    layer.load_state_dict({f"{name}_l0": params[name] for name in NAMES})
    for sizes in ([6], [2, 1, 3]):
        ours = state0
        theirs = tuple(part.detach()[None] for part in state0)
        for x, target in zip(xs.split(sizes), targets.split(sizes), strict=True):
            switch = 1 + 0 * params["weight_hh"].sum()  # the chunk before was read with the same parameters
            with_past = LSTMState(*(part * switch**2 for part in ours))
            torch.autograd.grad(sum(part.sum() for part in with_past), switch)  # what this graph has kept is freed now
            try:
                loss, dparams, ours = function(params, x, target, with_past)
            except CheckFailed as fault:
                message = str(fault).removeprefix(f"{chunk_gradients.__name__}: ")
                if "backward through the graph a second time" in message:
                    message = "the way back goes on into that past; detach h and c before the chunk is read."
                raise CheckFailed(f"with a state that has a past, from the chunk before, {message}") from None
            hs, theirs = layer(x, tuple(part.detach() for part in theirs))
            logits = hs @ params["weight_out"].T + params["bias_out"]
            right = -torch.log_softmax(logits, dim=-1).gather(-1, target[..., None]).mean()
            wanted = [*layer.parameters(), params["weight_out"], params["bias_out"]]
            numbers = {"rtol": 1e-8, "atol": 1e-8, "what": "torch.nn.LSTM's"}
            compare("loss", loss.numpy(), right.detach().numpy(), **numbers)
            for name, gradient in zip((*NAMES, "weight_out", "bias_out"), torch.autograd.grad(right, wanted), strict=True):
                compare(f"dparams['{name}']", dparams[name].numpy(), gradient.numpy(), **numbers)
            for name, got, part in zip(("h", "c"), ours, theirs, strict=True):
                compare(f"state_next.{name}", got.numpy(), part[0].detach().numpy(), **numbers)


chunk = Exercise(
    chunk_gradients,
    outputs=("loss", "dparams", "state_next"),
    letters="TBDHV",
    example=example_chunk,
    draw=draw_chunk,
    properties=(the_past_is_cut,),
    mistakes={
        "detach is called on the LSTMState; its two parts have one": chunked(start=lambda state: state.detach()),
        "state_next is not detached: the next chunk would go back into this one": chunked(
            state_end=lambda state_next, state, hs: state_next
        ),
        "only h of state_next is detached; c leads back into this chunk as well": chunked(
            state_end=lambda state_next, state, hs: LSTMState(state_next.h.detach(), state_next.c)
        ),
        "only c of state_next is detached; h leads back into this chunk as well": chunked(
            state_end=lambda state_next, state, hs: LSTMState(state_next.h, state_next.c.detach())
        ),
        "the loss is not detached: a list of such losses keeps the graph of every chunk": chunked(loss_end=lambda loss: loss),
        "the loss is a plain number; return a tensor without a graph, which need not wait for the GPU": chunked(loss_end=torch.Tensor.item),
        "neither the loss nor state_next is detached": chunked(
            loss_end=lambda loss: loss, state_end=lambda state_next, state, hs: state_next
        ),
        "the gradients are added to those that .grad holds from the chunk before; set it to None first, or use torch.autograd.grad": (
            chunked(gradient=added_to_grad)
        ),
        "the chunk starts from zeros: the state is reset and not carried": chunked(
            start=lambda state: LSTMState(*(torch.zeros_like(part) for part in state))
        ),
        "only h is carried: the chunk starts from a cell state of zeros": chunked(
            start=lambda state: LSTMState(state.h.detach(), torch.zeros_like(state.c))
        ),
        "h and c of state are exchanged": chunked(start=lambda state: LSTMState(state.c.detach(), state.h.detach())),
        "state_next is the state before the chunk": chunked(state_end=lambda state_next, state, hs: detached(state)),
        "h and c are exchanged in state_next": chunked(state_end=lambda state_next, state, hs: detached(LSTMState(*state_next[::-1]))),
        "state_next is zeros: the next chunk would begin without a memory": chunked(
            state_end=lambda state_next, state, hs: LSTMState(*(torch.zeros_like(part) for part in state_next))
        ),
        "state_next is only h; it is LSTMState(h, c)": chunked(state_end=lambda state_next, state, hs: state_next.h.detach()),
        "state_next is a plain tuple; it is LSTMState(h, c)": chunked(state_end=lambda state_next, state, hs: tuple(detached(state_next))),
        "state_next.h is all of hs; the last one belongs there": chunked(
            state_end=lambda state_next, state, hs: detached(LSTMState(hs, state_next.c))
        ),
        "the losses are added up; their mean is asked for": chunked(
            lambda logits, targets: cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum")
        ),
        "the loss is summed over time and divided by B alone": chunked(
            lambda logits, targets: cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum") / targets.shape[1]
        ),
        "the loss is summed over the batch and divided by T alone": chunked(
            lambda logits, targets: cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum") / len(targets)
        ),
        "a softmax is applied before cross_entropy, which applies one itself": chunked(
            lambda logits, targets: cross_entropy(torch.softmax(logits, dim=-1).flatten(0, 1), targets.flatten())
        ),
        "the sign is wrong: this is the mean log-probability": chunked(
            lambda logits, targets: -cross_entropy(logits.flatten(0, 1), targets.flatten())
        ),
        "the loss of the last step alone is taken, or only the last hidden state is shown": chunked(
            lambda logits, targets: cross_entropy(logits[-1], targets[-1])
        ),
        "the targets are shifted by one step; they already are those of their inputs": chunked(
            lambda logits, targets: cross_entropy(logits[:-1].flatten(0, 1), targets[1:].flatten())
        ),
        "time and batch are exchanged in the logits and not in the targets": chunked(
            lambda logits, targets: cross_entropy(logits.transpose(0, 1).flatten(0, 1), targets.flatten())
        ),
        "time and batch are exchanged in the targets and not in the logits": chunked(
            lambda logits, targets: cross_entropy(logits.flatten(0, 1), targets.T.flatten())
        ),
        "cross_entropy gets (T, B, V) as it is; it takes axis 1 for the classes, so put T and B together": chunked(cross_entropy),
        "bias_out is forgotten": lambda params, xs, targets, state: chunk_gradients(
            params | {"bias_out": torch.zeros_like(params["bias_out"]).requires_grad_()}, xs, targets, state
        ),
        "bias_out is not used, so the graph has no way to it": chunked(logits_of=lambda params, hs: hs @ params["weight_out"].T),
        "weight_out is used without its transpose": chunked(logits_of=lambda params, hs: hs @ params["weight_out"] + params["bias_out"]),
        "hs is detached before the output layer, so the graph has no way to the LSTM": chunked(
            logits_of=lambda params, hs: hs.detach() @ params["weight_out"].T + params["bias_out"]
        ),
        "the gradients are clipped; that is left to whoever trains": chunked(gradient=clipped),
        "the gradients of the LSTM are missing in dparams": chunked(
            gradient=lambda params, found: {name: found[name] for name in ("weight_out", "bias_out")}
        ),
        "the gradients of the output layer are missing in dparams": chunked(
            gradient=lambda params, found: {name: found[name] for name in NAMES}
        ),
        "dparams is a tuple; it is a dict with the keys of params": chunked(gradient=lambda params, found: tuple(found.values())),
        "dparams holds the parameters after an update; the gradients are asked for": chunked(
            gradient=lambda params, found: {name: params[name].detach() - found[name] for name in found}
        ),
        "dparams holds what .grad held before; no backward pass was made": chunked(
            gradient=lambda params, found: {name: params[name].grad for name in found}
        ),
        "the gradients are set to zero after they were computed": chunked(
            gradient=lambda params, found: {name: 0 * part for name, part in found.items()}
        ),
        "everything runs under no_grad: there is no graph to go back through": lambda params, xs, targets, state: torch.no_grad()(
            chunk_gradients
        )(params, xs, targets, state),
    },
)
