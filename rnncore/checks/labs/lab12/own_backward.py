"""Lab 12, part 5: a step of the LSTM as an autograd function with a backward pass of its own.

Contents
    lstm_step      the right function, and the class that it applies
    custom_step    its check

Source: Werbos (1990), applied to the LSTM; in the form of `torch.autograd.Function`.
"""

import copy

import torch
from torch.autograd.function import BackwardCFunction
from torch.autograd.gradcheck import GradcheckError

from rnncore.checks.compare import CheckFailed, compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab12.inputs import draw_step, example_step, normal
from rnncore.checks.labs.tensors import works_on_another_device

__all__ = ["custom_step", "lstm_step"]


class LSTMStep(torch.autograd.Function):
    """The step and its gradient."""

    @staticmethod
    def forward(ctx, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
        i, f, g, o = (x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh).chunk(4, dim=1)
        i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        c_next = f * c + i * g
        tanh_c = torch.tanh(c_next)
        ctx.save_for_backward(x, h, c, weight_ih, weight_hh, i, f, g, o, tanh_c)
        return o * tanh_c, c_next

    @staticmethod
    def backward(ctx, dh_next, dc_next):
        x, h, c, weight_ih, weight_hh, i, f, g, o, tanh_c = ctx.saved_tensors
        dc = dc_next + dh_next * o * (1 - tanh_c**2)
        da_i, da_f, da_g = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2)
        da_o = dh_next * tanh_c * o * (1 - o)
        da = torch.cat([da_i, da_f, da_g, da_o], dim=1)
        return da @ weight_ih, da @ weight_hh, dc * f, da.T @ x, da.T @ h, da.sum(dim=0), da.sum(dim=0)


def lstm_step(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    """Take one time step, with a backward pass written by hand.

    Args:
        x: (B, D), the input at this step.
        h, c: (B, H) each, the state before it.
        weight_ih, weight_hh, bias_ih, bias_hh: (4H, D), (4H, H), (4H,), (4H,); rows in the order i, f, g, o.
    Returns:
        h_next, c_next: (B, H) each, the state after the step.
    Raises:
        Nothing of its own.
    """
    return LSTMStep.apply(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)


class Kept:
    """What forward knows, by name."""

    def __init__(self, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
        self.x, self.h, self.c, self.weight_ih, self.weight_hh = x, h, c, weight_ih, weight_hh
        self.a = i, f, g, o = (x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh).chunk(4, dim=1)
        self.i, self.f, self.g, self.o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        self.c_next = self.f * c + self.i * self.g
        self.tanh_c = torch.tanh(self.c_next)

    def but(self, **saved):
        """The same, with other values under some of the names."""
        other = copy.copy(self)
        vars(other).update(saved)
        return other

    def da(self, dh, dc, **blocks):
        """The four blocks of da for what reaches the cell state; some may be replaced."""
        right = {
            "i": dc * self.g * self.i * (1 - self.i),
            "f": dc * self.c * self.f * (1 - self.f),
            "g": dc * self.i * (1 - self.g**2),
            "o": dh * self.tanh_c * self.o * (1 - self.o),
        }
        return torch.cat([(right | blocks)[name] for name in "ifgo"], dim=1)

    def all_of_dc(self, dh, dc):
        return dc + dh * self.o * (1 - self.tanh_c**2)

    def gradients(self, da, dc):
        dW_ih, dW_hh, db = da.T @ self.x, da.T @ self.h, da.sum(dim=0)
        return da @ self.weight_ih, da @ self.weight_hh, dc * self.f, dW_ih, dW_hh, db, db.clone()


def mistaken(backward, outputs=lambda k: (k.o * k.tanh_c, k.c_next)):
    """An autograd function with the name of the learner's, from `backward(kept, dh, dc)` and the outputs of forward."""

    def forward(ctx, *inputs):
        ctx.kept = Kept(*inputs)
        return outputs(ctx.kept)

    methods = {"forward": staticmethod(forward), "backward": staticmethod(lambda ctx, *d: backward(ctx.kept, *d))}
    function = type("LSTMStep", (torch.autograd.Function,), methods)
    return lambda *inputs: function.apply(*inputs)


def right(k, dh, dc):
    dc = k.all_of_dc(dh, dc)
    return k.gradients(k.da(dh, dc), dc)


def with_dc(change):
    """What reaches the cell state in all is `change(kept, dh, dc)`."""
    return mistaken(lambda k, dh, dc: k.gradients(k.da(dh, change(k, dh, dc)), change(k, dh, dc)))


def with_saved(change):
    """Backward is right, but finds under some names what `change(kept)` says."""
    return mistaken(lambda k, dh, dc: right(k.but(**change(k)), dh, dc))


def with_blocks(change):
    """Some blocks of da are `change(kept, dh, dc)`; dc is all that reaches the cell state."""

    def backward(k, dh, dc):
        dc = k.all_of_dc(dh, dc)
        return k.gradients(k.da(dh, dc, **change(k, dh, dc)), dc)

    return mistaken(backward)


def with_results(change):
    """The seven gradients are `change(kept, da, dc, the right ones)`."""

    def backward(k, dh, dc):
        dc = k.all_of_dc(dh, dc)
        da = k.da(dh, dc)
        return change(k, da, dc, k.gradients(da, dc))

    return mistaken(backward)


def replaced(place, change):
    """One of the seven gradients is `change(kept, da, dc)`."""
    return with_results(lambda k, da, dc, all_seven: (*all_seven[:place], change(k, da, dc), *all_seven[place + 1 :]))


def nodes(result):
    """All nodes of the graph behind a result."""
    seen, waiting = set(), [result.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [before for before, _ in node.next_functions]
    return seen


def the_way_back_is_its_own(function, rng):
    """The graph has a node of an autograd function, and its backward leaves the gradients that arrive as they are."""
    (args,) = draw_step(rng, "float64", B=2, D=1, H=3)
    results = function(*args)
    if not all(any(isinstance(node, BackwardCFunction) for node in nodes(result)) for result in results):
        raise CheckFailed("the gradients are right, but PyTorch recorded the step itself; let lstm_step go through LSTMStep.apply.")
    sent = [normal(rng, "float64", *result.shape) for result in results]
    before = [gradient.clone() for gradient in sent]
    torch.autograd.grad(results, args, sent)
    for name, now, then in zip(("dh_next", "dc_next"), sent, before, strict=True):
        if not torch.equal(now, then):
            raise CheckFailed(f"the gradients are right, but backward writes into {name}, which others may still need; make a new tensor.")


def measured_gradients_agree(function, rng):
    """PyTorch's own gradcheck: finite differences in float64; PyTorch's own cell; and the function works on the device of its inputs."""
    (args,) = draw_step(rng, "float64", B=2, D=1, H=2)
    x, h, c, *weights = args
    for name, got, want in zip(("h_next", "c_next"), function(*args), torch.lstm_cell(x, (h, c), *weights), strict=True):
        compare(name, got.detach().numpy(), want.detach().numpy(), what="that of torch.lstm_cell")
    try:
        with torch.random.fork_rng(devices=[]):  # the learner's own draws stay as they are
            torch.default_generator.manual_seed(0)
            torch.autograd.gradcheck(function, args, fast_mode=True)  # along one direction, drawn, and not entry by entry
    except GradcheckError as error:
        raise CheckFailed(f"gradcheck says: {str(error).splitlines()[0].rstrip('.,')}.") from None
    works_on_another_device(lstm_step.__name__, function, args)


custom_step = Exercise(
    lstm_step,
    outputs=("h_next", "c_next"),
    letters="BDH",
    example=example_step,
    draw=draw_step,
    gradients=True,
    properties=(measured_gradients_agree, the_way_back_is_its_own),
    mistakes={
        "dc_next is used as it came; c_next also shows through h_next, and that part is added": with_dc(lambda k, dh, dc: dc),
        "dc_next is replaced by the part that comes through h_next; the two are added": with_dc(lambda k, dh, dc: k.all_of_dc(dh, 0 * dc)),
        "the slope of tanh is missing in the part of dc that comes through h_next": with_dc(lambda k, dh, dc: dc + dh * k.o),
        "tanh_c is not squared in the slope of tanh": with_dc(lambda k, dh, dc: dc + dh * k.o * (1 - k.tanh_c)),
        "the output gate o is missing in the part of dc that comes through h_next": with_dc(lambda k, dh, dc: dc + dh * (1 - k.tanh_c**2)),
        "dh_next is added to dc as it is; on its way it goes through o and the slope of tanh": with_dc(lambda k, dh, dc: dc + dh),
        "tanh is applied to tanh_c once more; it already is the tanh of c_next": with_dc(
            lambda k, dh, dc: dc + dh * k.o * (1 - torch.tanh(k.tanh_c) ** 2)
        ),
        "the slope of tanh is taken at c, the cell state before the step; it belongs to c_next": with_dc(
            lambda k, dh, dc: dc + dh * k.o * (1 - torch.tanh(k.c) ** 2)
        ),
        "dh_next and dc_next are exchanged; they come in the order of what forward returned": mistaken(lambda k, dh, dc: right(k, dc, dh)),
        "the slopes of all gates and of the candidate are missing": with_blocks(
            lambda k, dh, dc: {"i": dc * k.g, "f": dc * k.c, "g": dc * k.i, "o": dh * k.tanh_c}
        ),
        "the slopes of the three gates are missing": with_blocks(lambda k, dh, dc: {"i": dc * k.g, "f": dc * k.c, "o": dh * k.tanh_c}),
        "the slope of the candidate g is missing": with_blocks(lambda k, dh, dc: {"g": dc * k.i}),
        "g is not squared in the slope of tanh": with_blocks(lambda k, dh, dc: {"g": dc * k.i * (1 - k.g)}),
        "the candidate g has the slope of a sigmoid; it went through tanh": with_blocks(
            lambda k, dh, dc: {"g": dc * k.i * k.g * (1 - k.g)}
        ),
        "the gates are saved before their activation; backward needs them after it": with_saved(
            lambda k: dict(zip("ifgo", k.a, strict=True))
        ),
        "c_next is saved where backward takes its tanh": with_saved(lambda k: {"tanh_c": k.c_next}),
        "h and c are saved after the new state has taken their names": with_saved(lambda k: {"h": k.o * k.tanh_c, "c": k.c_next}),
        "i and f are exchanged on their way through ctx.saved_tensors; they come out in the order in which they were saved": with_saved(
            lambda k: {"i": k.f, "f": k.i}
        ),
        "da_f uses c_next; what the forget gate multiplied was c, the cell state before the step": with_blocks(
            lambda k, dh, dc: {"f": dc * k.c_next * k.f * (1 - k.f)}
        ),
        "da_f uses h; what the forget gate multiplied was the cell state c": with_blocks(
            lambda k, dh, dc: {"f": dc * k.h * k.f * (1 - k.f)}
        ),
        "da_i uses c and da_f uses g; what i multiplied was g, and what f multiplied was c": with_blocks(
            lambda k, dh, dc: {"i": dc * k.c * k.i * (1 - k.i), "f": dc * k.g * k.f * (1 - k.f)}
        ),
        "da_o uses dc; the output gate acts on h_next alone, so it uses dh_next": with_blocks(
            lambda k, dh, dc: {"o": dc * k.tanh_c * k.o * (1 - k.o)}
        ),
        "da_o uses c_next; what the output gate multiplied was its tanh": with_blocks(
            lambda k, dh, dc: {"o": dh * k.c_next * k.o * (1 - k.o)}
        ),
        "the blocks of da are put together in the order i, f, o, g; the rows of the weights are i, f, g, o": with_results(
            lambda k, da, dc, seven: k.gradients(torch.cat([da.chunk(4, dim=1)[n] for n in (0, 1, 3, 2)], dim=1), dc)
        ),
        "the gradients of h and c are exchanged; they come in the order of forward's arguments": with_results(
            lambda k, da, dc, seven: (seven[0], seven[2], seven[1], *seven[3:])
        ),
        "the gradients of x and h come last; they come in the order of forward's arguments": with_results(
            lambda k, da, dc, seven: (*seven[3:], *seven[:3])
        ),
        "the gradients of weight_ih and weight_hh are exchanged; they come in the order of forward's arguments": with_results(
            lambda k, da, dc, seven: (*seven[:3], seven[4], seven[3], *seven[5:])
        ),
        "one gradient too few is returned: forward has seven arguments after ctx, bias_hh too": with_results(
            lambda k, da, dc, seven: seven[:6]
        ),
        "the gradients are returned as a list; PyTorch wants a tuple, seven values with commas": with_results(
            lambda k, da, dc, seven: list(seven)
        ),
        "None is returned for the gradient of x; a layer below wants it": with_results(lambda k, da, dc, seven: (None, *seven[1:])),
        "None is returned for the gradients of h and c; the step before wants them": with_results(
            lambda k, da, dc, seven: (seven[0], None, None, *seven[3:])
        ),
        "the gradient of c is dc_next as it came, times f; c_next also shows through h_next": mistaken(
            lambda k, dh, dc: (*right(k, dh, dc)[:2], dc * k.f, *right(k, dh, dc)[3:])
        ),
        "the gradient of c is not multiplied by the forget gate f": replaced(2, lambda k, da, dc: dc),
        "the gradient of c is multiplied by i; what multiplied c was f": replaced(2, lambda k, da, dc: dc * k.i),
        "the gradient of weight_hh uses h_next; what weight_hh multiplied was h": replaced(4, lambda k, da, dc: da.T @ (k.o * k.tanh_c)),
        "the gradient of weight_hh uses c; what weight_hh multiplied was h": replaced(4, lambda k, da, dc: da.T @ k.c),
        "the weight gradients are transposed; they have the shapes of the weights": with_results(
            lambda k, da, dc, seven: (*seven[:3], k.x.T @ da, k.h.T @ da, *seven[5:])
        ),
        "the bias gradients are means over the batch; they are sums": with_results(
            lambda k, da, dc, seven: (*seven[:5], da.mean(dim=0), da.mean(dim=0))
        ),
        "the bias gradients are added up over the batch and over the gates; only the batch is": replaced(5, lambda k, da, dc: da.sum()),
        "the bias gradients are added up over the gates; it is the batch, axis 0": replaced(5, lambda k, da, dc: da.sum(dim=1)),
        "the gradient of bias_hh is None or zero; both biases are added to a and get the same gradient": replaced(
            6, lambda k, da, dc: 0 * da.sum(dim=0)
        ),
        "the gradient of x is da @ weight_ih.T; forward was x @ weight_ih.T, so backward has no transpose": replaced(
            0, lambda k, da, dc: da @ k.weight_ih.T
        ),
        "h_next and c_next are exchanged in what forward returns": mistaken(
            lambda k, dc, dh: right(k, dh, dc), lambda k: (k.c_next, k.o * k.tanh_c)
        ),
        "tanh is left out of h_next": mistaken(right, lambda k: (k.o * k.c_next, k.c_next)),
        "i and f are exchanged: f multiplies the old cell state and i the candidate": mistaken(
            right, lambda k: (k.o * torch.tanh(k.i * k.c + k.f * k.g), k.i * k.c + k.f * k.g)
        ),
        "forward returns tanh of c_next in its place": mistaken(right, lambda k: (k.o * k.tanh_c, k.tanh_c)),
    },
)
