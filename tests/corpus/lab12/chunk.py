"""Lab 12, part 6: one chunk of a long sequence."""

import torch
from torch.nn import functional as F

from rnncore.checks.labs.lab12.forward_sequence import lstm_forward
from rnncore.reference import LSTMState
from tests.corpus.answers import right, wrong


def logits_of(params, hs):
    return hs @ params["weight_out"].T + params["bias_out"]


def flat_loss(params, hs, targets):
    logits = logits_of(params, hs)
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))


def free(state):
    return LSTMState(state.h.detach(), state.c.detach())


def gradients_of(loss, params):
    return dict(zip(params, torch.autograd.grad(loss, list(params.values())), strict=True))


@right
def backward_after_zeroing(params, xs, targets, state):
    for part in params.values():
        part.grad = None
    hs, state = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs, targets)
    loss.backward()
    return loss.detach(), {name: part.grad for name, part in params.items()}, free(state)


@right
def grad_zeroed_in_place(params, xs, targets, state):
    h, c = state
    for part in params.values():
        if part.grad is not None:
            part.grad.zero_()
    hs, (h, c) = lstm_forward(params, xs, LSTMState(h.detach(), c.detach()))
    loss = flat_loss(params, hs, targets)
    loss.backward()
    return loss.detach(), {name: part.grad.clone() for name, part in params.items()}, LSTMState(h.detach(), c.detach())


@right
def with_linear(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    logits = F.linear(hs, params["weight_out"], params["bias_out"])
    loss = F.cross_entropy(logits.permute(0, 2, 1), targets)
    names, parts = zip(*params.items(), strict=True)
    dparams = dict(zip(names, torch.autograd.grad(loss, parts), strict=True))
    return loss.detach(), dparams, LSTMState(*[part.clone().detach() for part in state_next])


@right
def log_softmax_by_hand(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    log_p = torch.log_softmax(logits_of(params, hs), dim=-1)
    loss = -log_p.gather(-1, targets.unsqueeze(-1)).mean()
    return loss.detach(), gradients_of(loss, params), free(state_next)


@right
def step_by_step(params, xs, targets, state):
    state, total = free(state), 0
    for x, target in zip(xs, targets, strict=True):
        hs, state = lstm_forward(params, x[None], state)
        total = total + F.cross_entropy(logits_of(params, hs[0]), target)
    loss = total / len(xs)
    return loss.detach().clone(), gradients_of(loss, params), free(state)


@right
def sum_divided(params, xs, targets, state):
    with torch.enable_grad():
        hs, state_next = lstm_forward(params, xs, free(state))
        loss = F.nll_loss(F.log_softmax(logits_of(params, hs), -1).flatten(end_dim=1), targets.flatten(), reduction="sum") / targets.numel()
    return [loss.data, gradients_of(loss, params), LSTMState(h=state_next.h.data, c=state_next.c.data)]


@wrong("state_next is not detached")
def not_detached(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs, targets)
    return loss.detach(), gradients_of(loss, params), state_next


@wrong("only h of state_next is detached")
def c_forgotten(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs, targets)
    return loss.detach(), gradients_of(loss, params), LSTMState(state_next.h.detach(), state_next.c)


@wrong("the loss is not detached")
def loss_with_graph(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs, targets)
    return loss, gradients_of(loss, params), free(state_next)


@wrong("the loss is a plain number")
def item(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs, targets)
    return loss.item(), gradients_of(loss, params), free(state_next)


@wrong("the gradients are added to those that .grad holds")
def never_zeroed(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs, targets)
    loss.backward()
    return loss.detach(), {name: part.grad.clone() for name, part in params.items()}, free(state_next)


@wrong("the way back goes on into that past")
def past_not_cut(params, xs, targets, state):
    for part in params.values():
        part.grad = None
    hs, state_next = lstm_forward(params, xs, state)
    loss = flat_loss(params, hs, targets)
    loss.backward()
    return loss.detach(), {name: part.grad for name, part in params.items()}, free(state_next)


@wrong("the way back goes on into that past")
def past_not_cut_with_grad(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, state)
    loss = flat_loss(params, hs, targets)
    return loss.detach(), gradients_of(loss, params), free(state_next)


@wrong("the way back goes on into that past")
def past_of_c_not_cut(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, LSTMState(state.h.detach(), state.c))
    loss = flat_loss(params, hs, targets)
    return loss.detach(), gradients_of(loss, params), free(state_next)


@wrong("the state is reset and not carried")
def reset(params, xs, targets, state):
    state = LSTMState(torch.zeros_like(state.h), torch.zeros_like(state.c))
    hs, state_next = lstm_forward(params, xs, state)
    loss = flat_loss(params, hs, targets)
    return loss.detach(), gradients_of(loss, params), free(state_next)


@wrong("the losses are added up")
def summed(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = F.cross_entropy(logits_of(params, hs).flatten(0, 1), targets.flatten(), reduction="sum")
    return loss.detach(), gradients_of(loss, params), free(state_next)


@wrong("divided by B alone")
def added_over_time(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = sum(F.cross_entropy(logits, target) for logits, target in zip(logits_of(params, hs), targets, strict=True))
    return loss.detach(), gradients_of(loss, params), free(state_next)


@wrong("a softmax is applied before cross_entropy")
def two_softmaxes(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    p = torch.softmax(logits_of(params, hs), dim=-1)
    loss = F.cross_entropy(p.flatten(0, 1), targets.flatten())
    return loss.detach(), gradients_of(loss, params), free(state_next)


@wrong("it takes axis 1 for the classes")
def axes_as_they_are(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = F.cross_entropy(logits_of(params, hs), targets)
    return loss.detach(), gradients_of(loss, params), free(state_next)


@wrong("only the last hidden state is shown")
def last_step(params, xs, targets, state):
    _, state_next = lstm_forward(params, xs, free(state))
    loss = F.cross_entropy(logits_of(params, state_next.h), targets[-1])
    return loss.detach(), gradients_of(loss, params), free(state_next)


@wrong("time and batch are exchanged in the logits")
def turned(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    logits = logits_of(params, hs).transpose(0, 1).reshape(-1, len(params["bias_out"]))
    loss = F.cross_entropy(logits, targets.reshape(-1))
    return loss.detach(), gradients_of(loss, params), free(state_next)


@wrong("everything runs under no_grad")
def no_grad(params, xs, targets, state):
    with torch.no_grad():
        hs, state_next = lstm_forward(params, xs, state)
        loss = flat_loss(params, hs, targets)
    return loss, gradients_of(loss, params), state_next


@wrong("it is LSTMState(h, c)")
def tuple_of_states(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs, targets)
    return loss.detach(), gradients_of(loss, params), tuple(part.detach() for part in state_next)


@wrong("dparams is a tuple")
def tuple_of_gradients(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs, targets)
    return loss.detach(), torch.autograd.grad(loss, list(params.values())), free(state_next)


@wrong("detach is called on the LSTMState")
def pair_detached(params, xs, targets, state):
    state = state.detach()
    hs, state_next = lstm_forward(params, xs, state)
    loss = flat_loss(params, hs, targets)
    return loss.detach(), gradients_of(loss, params), state_next.detach()


@wrong("it changed its argument params in place")
def updated_in_place(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs, targets)
    gradients = gradients_of(loss, params)
    with torch.no_grad():
        for name, part in params.items():
            part -= 0.1 * gradients[name]
    return loss.detach(), gradients, free(state_next)


@wrong(None)
def clipped(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs, targets)
    gradients = gradients_of(loss, params)
    return loss.detach(), {name: part.clamp(-0.01, 0.01) for name, part in gradients.items()}, free(state_next)


@right
def grad_handed_out_and_zeroed_next_time(params, xs, targets, state):
    for part in params.values():
        if part.grad is not None:
            part.grad.zero_()
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs, targets)
    loss.backward()
    return loss.detach(), {name: part.grad for name, part in params.items()}, free(state_next)


@wrong("the gradients are clipped")
def norm_clipped(params, xs, targets, state):
    for part in params.values():
        part.grad = None
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs, targets)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(params.values(), 1.0)
    return loss.detach(), {name: part.grad for name, part in params.items()}, free(state_next)


@wrong("time and batch are exchanged in the targets")
def targets_turned(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = F.cross_entropy(logits_of(params, hs).flatten(0, 1), targets.T.flatten())
    return loss.detach(), gradients_of(loss, params), free(state_next)


@wrong("the gradients are set to zero after they were computed")
def zeroed_after_backward(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs, targets)
    loss.backward()
    dparams = {name: part.grad for name, part in params.items()}
    for part in params.values():
        part.grad.zero_()
    return loss.detach(), dparams, free(state_next)


@wrong("no backward pass was made")
def backward_forgotten(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs, targets)
    return loss.detach(), {name: part.grad for name, part in params.items()}, free(state_next)


@wrong("bias_out is not used")
def bias_out_unused(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = F.cross_entropy((hs @ params["weight_out"].T).flatten(0, 1), targets.flatten())
    return loss.detach(), gradients_of(loss, params), free(state_next)


@wrong("weight_out is used without its transpose")
def not_transposed(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = F.cross_entropy((hs @ params["weight_out"] + params["bias_out"]).flatten(0, 1), targets.flatten())
    return loss.detach(), gradients_of(loss, params), free(state_next)


@wrong("hs is detached before the output layer")
def hs_detached(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs.detach(), targets)
    return loss.detach(), gradients_of(loss, params), free(state_next)


@wrong("the gradients of the output layer are missing")
def four_only(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs, targets)
    found = gradients_of(loss, params)
    return loss.detach(), {name: part for name, part in found.items() if not name.endswith("out")}, free(state_next)


@wrong("state_next is the state before the chunk")
def the_old_state_again(params, xs, targets, state):
    hs, _ = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs, targets)
    return loss.detach(), gradients_of(loss, params), free(state)


@wrong("its requires_grad is True")
def graph_of_the_gradients(params, xs, targets, state):
    hs, state_next = lstm_forward(params, xs, free(state))
    loss = flat_loss(params, hs, targets)
    found = torch.autograd.grad(loss, list(params.values()), create_graph=True)
    return loss.detach(), dict(zip(params, found, strict=True)), free(state_next)


@wrong("it changed its argument state in place")
def detached_in_place(params, xs, targets, state):
    state.h.detach_()
    state.c.detach_()
    hs, state_next = lstm_forward(params, xs, state)
    loss = flat_loss(params, hs, targets)
    return loss.detach(), gradients_of(loss, params), free(state_next)
