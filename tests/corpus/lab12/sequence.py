"""Lab 12, part 4: the LSTM of lab 5, on tensors."""

import numpy as np
import torch
from torch.nn import functional as F

from rnncore.reference import LSTMState, sigmoid
from tests.corpus.answers import right, wrong


def gates(params, x, h):
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
    i, f, g, o = a.chunk(4, dim=1)
    return torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)


def step(params, x, h, c):
    i, f, g, o = gates(params, x, h)
    c = f * c + i * g
    return o * torch.tanh(c), c


@right
def with_linear(params, xs, state0):
    h, c, hs = state0.h, state0.c, []
    for x in xs.unbind():
        a = F.linear(x, params["weight_ih"], params["bias_ih"]) + F.linear(h, params["weight_hh"], params["bias_hh"])
        i, f, g, o = torch.split(a, h.shape[1], dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        hs += [h]
    return torch.stack(hs, dim=0), LSTMState(h=h, c=c)


@right
def inputs_at_once(params, xs, state0):
    a_x = xs @ params["weight_ih"].T + (params["bias_ih"] + params["bias_hh"])
    h, c = state0
    hs = []
    for t in range(len(xs)):
        a = a_x[t] + h @ params["weight_hh"].transpose(0, 1)
        H = a.shape[1] // 4
        i, f, o = torch.sigmoid(a[:, :H]), torch.sigmoid(a[:, H : 2 * H]), torch.sigmoid(a[:, 3 * H :])
        c = f * c + i * torch.tanh(a[:, 2 * H : 3 * H])
        h = o * torch.tanh(c)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)


@right
def made_in_advance(params, xs, state0):
    h, c = state0
    hs = torch.empty(len(xs), *h.shape, dtype=h.dtype, device=h.device)
    for t, x in enumerate(xs):
        h, c = step(params, x, h, c)
        hs[t] = h
    return hs, LSTMState(h, c)


@right
def new_zeros(params, xs, state0):
    T, B, _ = xs.shape
    h, c = state0
    hs = xs.new_zeros(T, B, h.size(-1))
    for t in range(T):
        h, c = step(params, xs[t], h, c)
        hs[t] += h
    return hs, LSTMState(h, c)


@right
def torch_cell(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        h, c = torch.lstm_cell(x, (h, c), params["weight_ih"], params["weight_hh"], params["bias_ih"], params["bias_hh"])
        hs.append(h[None])
    return torch.cat(hs), LSTMState(h, c)


@right
def functional_call(params, xs, state0):
    layer = torch.nn.LSTM(xs.shape[-1], state0.h.shape[-1], device=xs.device, dtype=xs.dtype)
    given = {f"{name}_l0": tensor for name, tensor in params.items()}
    hs, (h, c) = torch.func.functional_call(layer, given, (xs, (state0.h[None], state0.c[None])))
    return hs, LSTMState(h[0], c[0])


@right
def reshaped(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        a = x @ params["weight_ih"].T + h @ params["weight_hh"].T + params["bias_ih"] + params["bias_hh"]
        i, f, g, o = a.reshape(len(a), 4, -1).unbind(dim=1)
        c = torch.addcmul(torch.sigmoid(f) * c, torch.sigmoid(i), torch.tanh(g))
        h = torch.sigmoid(o) * torch.tanh(c)
        hs.append(h.clone())
    return [torch.stack(hs), LSTMState(h, c)]


@wrong("torch.split is given 4")
def split_as_in_numpy(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
        i, f, g, o = torch.split(a, 4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)


@wrong("cut along axis 0, the batch")
def no_dim(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
        i, f, g, o = a.chunk(4)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)


@wrong("no gradient goes back through time")
def detached_in_the_loop(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        h, c = step(params, x, h, c)
        hs.append(h)
        h, c = h.detach(), c.detach()
    return torch.stack(hs), LSTMState(h, c)


@wrong("hs is detached")
def collected_by_detach(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        h, c = step(params, x, h, c)
        hs.append(h.detach())
    return torch.stack(hs), LSTMState(h, c)


@wrong("made anew from its numbers")
def collected_in_numpy(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        h, c = step(params, x, h, c)
        hs.append(h.detach().numpy())
    return torch.tensor(np.stack(hs)), LSTMState(h, c)


@wrong("everything runs under no_grad")
@torch.no_grad()
def no_grad(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        h, c = step(params, x, h, c)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)


@wrong("made in advance without a dtype")
def zeros_of_float32(params, xs, state0):
    h, c = state0
    hs = torch.zeros(xs.shape[0], *h.shape)
    for t, x in enumerate(xs):
        h, c = step(params, x, h, c)
        hs[t] = h
    return hs, LSTMState(h, c)


@wrong("with inputs on another device than the CPU")
def zeros_on_the_cpu(params, xs, state0):
    h, c = state0
    hs = torch.zeros(xs.shape[0], *h.shape, dtype=xs.dtype)
    for t, x in enumerate(xs):
        h, c = step(params, x, h, c)
        hs[t] = h
    return hs, LSTMState(h, c)


@wrong("torch.stack makes an axis for time")
def cat(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        h, c = step(params, x, h, c)
        hs.append(h)
    return torch.cat(hs), LSTMState(h, c)


@wrong("hs is a list")
def left_a_list(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        h, c = step(params, x, h, c)
        hs.append(h)
    return hs, LSTMState(h, c)


@wrong("hs holds only the last hidden state")
def last_only(params, xs, state0):
    h, c = state0
    for x in xs:
        h, c = step(params, x, h, c)
    return h, LSTMState(h, c)


@wrong("a sigmoid is applied to the candidate g")
def four_sigmoids(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
        i, f, g, o = torch.sigmoid(a).chunk(4, dim=1)
        c = f * c + i * g
        h = o * torch.tanh(c)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)


@wrong("the order is i, f, g, o")
def f_first(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        f, i, g, o = gates(params, x, h)
        c = f * c + i * g
        h = o * torch.tanh(c)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)


@wrong("the state is not carried")
def always_state0(params, xs, state0):
    hs = []
    for x in xs:
        h, c = step(params, x, *state0)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)


@wrong("the first step starts from zeros")
def own_zeros(params, xs, state0):
    h, c = torch.zeros_like(state0.h), torch.zeros_like(state0.c)
    hs = []
    for x in xs:
        h, c = step(params, x, h, c)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)


@wrong("the state is (h, c)")
def taken_apart_wrongly(params, xs, state0):
    c, h = state0
    hs = []
    for x in xs:
        h, c = step(params, x, h, c)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)


@wrong("state_T is a plain tuple")
def tuple_at_the_end(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        h, c = step(params, x, h, c)
        hs.append(h)
    return torch.stack(hs), (h, c)


@wrong("bias_hh is forgotten")
def one_bias(params, xs, state0):
    return with_linear(params | {"bias_hh": torch.zeros_like(params["bias_hh"])}, xs, state0)


@wrong("no gradient reaches params")
def layer_with_copies(params, xs, state0):
    layer = torch.nn.LSTM(xs.shape[-1], state0.h.shape[-1], dtype=xs.dtype)
    layer.load_state_dict({f"{name}_l0": tensor for name, tensor in params.items()})
    hs, (h, c) = layer(xs, (state0.h[None], state0.c[None]))
    return hs, LSTMState(h[0], c[0])


@right
def state_rewritten_in_place(params, xs, state0):
    h, c = state0.h.clone(), state0.c.clone()
    hs = []
    for x in xs:
        i, f, g, o = gates(params, x, h)
        c.mul_(f).add_(i * g)
        h = o * torch.tanh(c)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)


@right
def np_split(params, xs, state0):
    """NumPy's split works on a tensor: it takes slices, and PyTorch records them."""
    h, c = state0
    hs = []
    for x in xs:
        a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
        i, f, g, o = np.split(a, 4, axis=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)


@right
def recursive(params, xs, state0):
    def read(t, h, c):
        if t == len(xs):
            return [], LSTMState(h, c)
        h, c = step(params, xs[t], h, c)
        rest, last = read(t + 1, h, c)
        return [h, *rest], last

    hs, last = read(0, *state0)
    return torch.stack(hs), last


@wrong("the sigmoid of the NumPy code is called on a tensor")
def sigmoid_of_the_notebook(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
        i, f, g, o = a.chunk(4, dim=1)
        c = sigmoid(f) * c + sigmoid(i) * torch.tanh(g)
        h = sigmoid(o) * torch.tanh(c)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)


@wrong("a function of NumPy is called on a tensor")
def np_tanh(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        i, f, g, o = gates(params, x, h)
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)


@wrong("a function of NumPy is called on a tensor")
def np_stack(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        h, c = step(params, x, h, c)
        hs.append(h)
    return torch.tensor(np.stack(hs)), LSTMState(h, c)


@wrong("hs is made with torch.tensor")
def tensor_of_the_list(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        h, c = step(params, x, h, c)
        hs.append(h)
    return torch.tensor(hs), LSTMState(h, c)


@wrong("the parameters are detached")
def tensors_made_of_tensors(params, xs, state0):
    return with_linear({name: part.detach().clone() for name, part in params.items()}, xs, state0)


@wrong("h is detached at every step")
def h_detached(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        h, c = step(params, x, h.detach(), c)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)


@wrong("it changed its argument state0 in place")
def writes_into_state0(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        i, f, g, o = gates(params, x, h)
        c *= f
        c += i * g
        h = o * torch.tanh(c)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)


@wrong("made in advance without a dtype")
def zeros_of_float32_on_the_device(params, xs, state0):
    h, c = state0
    hs = torch.zeros(xs.shape[0], *h.shape, device=xs.device)
    for t, x in enumerate(xs):
        h, c = step(params, x, h, c)
        hs[t] = h
    return hs, LSTMState(h, c)


@wrong("bias_hh is forgotten")
def bias_hh_left_out(params, xs, state0):
    h, c = state0
    hs = []
    for x in xs:
        i, f, g, o = (x @ params["weight_ih"].T + h @ params["weight_hh"].T + params["bias_ih"]).chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)
