"""Lab 12, part 5: a step of the LSTM with a backward pass of its own."""

import functools

import torch

from tests.corpus.answers import right, wrong


def gates(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    a = x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh
    i, f, g, o = a.chunk(4, dim=1)
    return torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)


class Base(torch.autograd.Function):
    """What most learners write in forward; the answers differ in backward."""

    @staticmethod
    def forward(ctx, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
        i, f, g, o = gates(x, h, weight_ih, weight_hh, bias_ih, bias_hh)
        c_next = f * c + i * g
        ctx.save_for_backward(x, h, c, weight_ih, weight_hh, i, f, g, o, torch.tanh(c_next))
        return o * torch.tanh(c_next), c_next


def by(backward, forward=Base.forward):
    """An answer that is a class with this backward, applied; classes have the learner's name."""

    @functools.wraps(backward)
    def answer(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
        methods = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
        return type("LSTMStep", (torch.autograd.Function,), methods).apply(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)

    return answer


def finish(saved, da, dc):
    x, h, _, weight_ih, weight_hh, _, f, *_ = saved
    return da @ weight_ih, da @ weight_hh, dc * f, da.T @ x, da.T @ h, da.sum(0), da.sum(0)


def blocks(saved, dh, dc):
    *_, c, _, _, i, f, g, o, tanh_c = saved
    return [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)]


def full_dc(saved, dh, dc):
    *_, o, tanh_c = saved
    return dc + dh * o * (1 - tanh_c * tanh_c)


@right
@by
def as_in_the_book(ctx, dh, dc):
    dc = full_dc(ctx.saved_tensors, dh, dc)
    return finish(ctx.saved_tensors, torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1), dc)


@right
@by
def biases_left_to_torch(ctx, dh, dc):
    """PyTorch adds up a gradient that has an axis too many."""
    dc = full_dc(ctx.saved_tensors, dh, dc)
    da = torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1)
    return *finish(ctx.saved_tensors, da, dc)[:5], da, da


@right
@by
def outer_products(ctx, dh, dc):
    x, h, c, weight_ih, weight_hh, i, f, g, o, tanh_c = ctx.saved_tensors
    dc = dc + dh * o - dh * o * tanh_c.square()
    da = torch.hstack([dc * g * i - dc * g * i * i, dc * c * (f - f**2), dc * i * (1 - g) * (1 + g), dh * tanh_c * (o - o * o)])
    dW_ih, dW_hh = torch.einsum("ba,bd->ad", da, x), torch.einsum("ba,bh->ah", da, h)
    return *(da @ weight_ih, da @ weight_hh, dc * f), dW_ih, dW_hh, *[da.sum(dim=0) for _ in range(2)]


@right
def kept_on_ctx(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    class Step(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *inputs):
            ctx.gates = gates(inputs[0], inputs[1], *inputs[3:])
            i, f, g, o = ctx.gates
            ctx.c_next = f * inputs[2] + i * g
            ctx.inputs = inputs
            return o * ctx.c_next.tanh(), ctx.c_next.clone()

        @staticmethod
        def backward(ctx, dh, dc):
            saved = (*ctx.inputs[:5], *ctx.gates, torch.tanh(ctx.c_next))
            dc = full_dc(saved, dh, dc)
            return finish(saved, torch.cat(blocks(saved, dh, dc), 1), dc)

    return Step.apply(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)


@right
def computed_again(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    class Step(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, h, c, *weights):
            i, f, g, o = gates(x, h, *weights)
            ctx.save_for_backward(x, h, c, *weights)
            c_next = f * c + i * g
            return o * torch.tanh(c_next), c_next

        @staticmethod
        def backward(ctx, dh, dc):
            x, h, c, *weights = ctx.saved_tensors
            i, f, g, o = gates(x, h, *weights)
            saved = (x, h, c, *weights[:2], i, f, g, o, torch.tanh(f * c + i * g))
            dc = full_dc(saved, dh, dc)
            return finish(saved, torch.cat(blocks(saved, dh, dc), dim=1), dc)

    return Step.apply(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)


@right
def autograd_inside(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    class Step(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *inputs):
            ctx.save_for_backward(*inputs)
            i, f, g, o = gates(*inputs[:2], *inputs[3:])
            c_next = f * inputs[2] + i * g
            return o * torch.tanh(c_next), c_next

        @staticmethod
        def backward(ctx, *sent):
            with torch.enable_grad():
                inputs = [tensor.detach().requires_grad_() for tensor in ctx.saved_tensors]
                i, f, g, o = gates(*inputs[:2], *inputs[3:])
                c_next = f * inputs[2] + i * g
                return torch.autograd.grad([o * torch.tanh(c_next), c_next], inputs, sent)

    return Step.apply(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)


@wrong("dc_next is used as it came")
@by
def dc_as_it_came(ctx, dh, dc):
    return finish(ctx.saved_tensors, torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1), dc)


@wrong("dc_next is replaced")
@by
def dc_replaced(ctx, dh, dc):
    dc = full_dc(ctx.saved_tensors, dh, 0)
    return finish(ctx.saved_tensors, torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1), dc)


@wrong("the slope of tanh is missing")
@by
def no_slope(ctx, dh, dc):
    dc = dc + dh * ctx.saved_tensors[8]
    return finish(ctx.saved_tensors, torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1), dc)


@wrong("dh_next and dc_next are exchanged")
@by
def exchanged(ctx, dc, dh):
    dc = full_dc(ctx.saved_tensors, dh, dc)
    return finish(ctx.saved_tensors, torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1), dc)


@wrong("the slopes of all gates and of the candidate are missing")
@by
def no_slopes(ctx, dh, dc):
    *_, c, _, _, i, _, g, _, tanh_c = ctx.saved_tensors
    dc = full_dc(ctx.saved_tensors, dh, dc)
    return finish(ctx.saved_tensors, torch.cat([dc * g, dc * c, dc * i, dh * tanh_c], dim=1), dc)


@wrong("da_o uses dc")
@by
def o_through_c(ctx, dh, dc):
    *_, o, tanh_c = ctx.saved_tensors
    dc = full_dc(ctx.saved_tensors, dh, dc)
    da = torch.cat([*blocks(ctx.saved_tensors, dh, dc)[:3], dc * tanh_c * o * (1 - o)], dim=1)
    return finish(ctx.saved_tensors, da, dc)


@wrong("in the order i, f, o, g")
@by
def keras_of_old(ctx, dh, dc):
    dc = full_dc(ctx.saved_tensors, dh, dc)
    i, f, g, o = blocks(ctx.saved_tensors, dh, dc)
    return finish(ctx.saved_tensors, torch.cat([i, f, o, g], dim=1), dc)


@wrong("one gradient too few")
@by
def six(ctx, dh, dc):
    dc = full_dc(ctx.saved_tensors, dh, dc)
    return finish(ctx.saved_tensors, torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1), dc)[:6]


@wrong("returned as a list")
@by
def list_of_seven(ctx, dh, dc):
    dc = full_dc(ctx.saved_tensors, dh, dc)
    return list(finish(ctx.saved_tensors, torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1), dc))


@wrong("the gradients of h and c are exchanged")
@by
def c_before_h(ctx, dh, dc):
    dc = full_dc(ctx.saved_tensors, dh, dc)
    dx, dh, dc, *rest = finish(ctx.saved_tensors, torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1), dc)
    return dx, dc, dh, *rest


@wrong("the weight gradients are transposed")
@by
def transposed(ctx, dh, dc):
    dc = full_dc(ctx.saved_tensors, dh, dc)
    da = torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1)
    dx, dh, dc, _, _, db, _ = finish(ctx.saved_tensors, da, dc)
    x, h, *_ = ctx.saved_tensors
    return dx, dh, dc, x.T @ da, h.T @ da, db, db


@wrong("the bias gradients are means")
@by
def bias_means(ctx, dh, dc):
    dc = full_dc(ctx.saved_tensors, dh, dc)
    da = torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1)
    return *finish(ctx.saved_tensors, da, dc)[:5], da.mean(0), da.mean(0)


@wrong("the gradient of bias_hh is None or zero")
@by
def bias_hh_none(ctx, dh, dc):
    dc = full_dc(ctx.saved_tensors, dh, dc)
    return *finish(ctx.saved_tensors, torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1), dc)[:6], None


@wrong("the gradient of c is not multiplied by the forget gate")
@by
def dc_not_forgotten(ctx, dh, dc):
    dc = full_dc(ctx.saved_tensors, dh, dc)
    dx, dh, _, *rest = finish(ctx.saved_tensors, torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1), dc)
    return dx, dh, dc, *rest


@wrong("tanh is left out of h_next")
def no_tanh(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    def forward(ctx, x, h, c, *weights):
        _, c_next = Base.forward(ctx, x, h, c, *weights)
        return ctx.to_save[8] * c_next, c_next

    def backward(ctx, dh, dc):
        *_, c, _, _, i, f, g, o, _ = ctx.saved_tensors
        dc = dc + dh * o
        da = torch.cat([dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * (f * c + i * g) * o * (1 - o)], dim=1)
        return finish(ctx.saved_tensors, da, dc)

    return by(backward, forward)(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)


@wrong("cut somewhere")
def forward_called(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    with torch.no_grad():
        i, f, g, o = gates(x, h, weight_ih, weight_hh, bias_ih, bias_hh)
        c_next = f * c + i * g
        h_next = o * torch.tanh(c_next)
    return h_next + 0 * x.sum(), c_next + 0 * x.sum()


@wrong("exchanged on their way through ctx.saved_tensors")
@by
def saved_in_another_order(ctx, dh, dc):
    x, h, c, weight_ih, weight_hh, f, i, g, o, tanh_c = ctx.saved_tensors
    dc = full_dc(ctx.saved_tensors, dh, dc)
    da = torch.cat([dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)], dim=1)
    return da @ weight_ih, da @ weight_hh, dc * f, da.T @ x, da.T @ h, da.sum(0), da.sum(0)


@wrong("uses h_next; what weight_hh multiplied was h")
@by
def next_h(ctx, dh, dc):
    dc = full_dc(ctx.saved_tensors, dh, dc)
    da = torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1)
    dx, dh, dc, dW_ih, _, *db = finish(ctx.saved_tensors, da, dc)
    *_, o, tanh_c = ctx.saved_tensors
    return dx, dh, dc, dW_ih, da.T @ (o * tanh_c), *db


@right
def context_set_up_apart(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    class Step(torch.autograd.Function):
        @staticmethod
        def forward(x, h, c, *weights):
            i, f, g, o = gates(x, h, *weights)
            c_next = f * c + i * g
            return o * torch.tanh(c_next), c_next

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, dh, dc):
            x, h, c, *weights = ctx.saved_tensors
            i, f, g, o = gates(x, h, *weights)
            saved = (x, h, c, *weights[:2], i, f, g, o, torch.tanh(f * c + i * g))
            dc = full_dc(saved, dh, dc)
            return finish(saved, torch.cat(blocks(saved, dh, dc), dim=1), dc)

    return Step.apply(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)


@right
@by
def filled_block_by_block(ctx, dh, dc):
    _, h, *_ = ctx.saved_tensors
    dc = full_dc(ctx.saved_tensors, dh, dc)
    da = h.new_empty(len(h), 4, h.shape[1])
    for place, block in enumerate(blocks(ctx.saved_tensors, dh, dc)):
        da[:, place] = block
    return finish(ctx.saved_tensors, da.flatten(1), dc)


@wrong("PyTorch recorded the step itself")
def no_function_of_its_own(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    i, f, g, o = gates(x, h, weight_ih, weight_hh, bias_ih, bias_hh)
    c_next = f * c + i * g
    return o * torch.tanh(c_next), c_next


@wrong("backward writes into dc_next")
@by
def dc_added_in_place(ctx, dh, dc):
    dc += full_dc(ctx.saved_tensors, dh, 0)
    return finish(ctx.saved_tensors, torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1), dc)


@wrong("tanh_c is not squared")
@by
def no_square(ctx, dh, dc):
    *_, o, tanh_c = ctx.saved_tensors
    dc = dc + dh * o * (1 - tanh_c)
    return finish(ctx.saved_tensors, torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1), dc)


@wrong("g is not squared")
@by
def no_square_of_g(ctx, dh, dc):
    *_, c, _, _, i, f, g, o, tanh_c = ctx.saved_tensors
    dc = full_dc(ctx.saved_tensors, dh, dc)
    da = torch.cat([dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g), dh * tanh_c * o * (1 - o)], dim=1)
    return finish(ctx.saved_tensors, da, dc)


@wrong("added up over the gates")
@by
def bias_over_the_gates(ctx, dh, dc):
    dc = full_dc(ctx.saved_tensors, dh, dc)
    da = torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1)
    return *finish(ctx.saved_tensors, da, dc)[:5], da.sum(dim=1), da.sum(dim=1)


@wrong("over the batch and over the gates")
@by
def bias_over_everything(ctx, dh, dc):
    dc = full_dc(ctx.saved_tensors, dh, dc)
    da = torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1)
    return *finish(ctx.saved_tensors, da, dc)[:5], da.sum(), da.sum()


@wrong("the gradient of c is dc_next as it came, times f")
@by
def dc_back_of_dc_next(ctx, dh, dc_next):
    dc = full_dc(ctx.saved_tensors, dh, dc_next)
    dx, dh, _, *rest = finish(ctx.saved_tensors, torch.cat(blocks(ctx.saved_tensors, dh, dc), dim=1), dc)
    return dx, dh, dc_next * ctx.saved_tensors[6], *rest


def saving(save):
    """The right backward, after a forward in which `save(ctx, x, h, c, weight_ih, weight_hh, a, h_next, c_next)` saves."""

    def forward(ctx, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
        a = (x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh).chunk(4, dim=1)
        i, f, g, o = gates(x, h, weight_ih, weight_hh, bias_ih, bias_hh)
        c_next = f * c + i * g
        h_next = o * torch.tanh(c_next)
        save(ctx, x, h, c, weight_ih, weight_hh, (a, (i, f, g, o)), h_next, c_next)
        return h_next, c_next

    answer = by(as_backward, forward)
    answer.__name__ = save.__name__
    return answer


def as_backward(ctx, dh, dc):
    x, h, c, weight_ih, weight_hh, i, f, g, o, tanh_c = ctx.saved_tensors
    dc = dc + dh * o * (1 - tanh_c**2)
    da = torch.cat([dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)], dim=1)
    return da @ weight_ih, da @ weight_hh, dc * f, da.T @ x, da.T @ h, da.sum(0), da.sum(0)


@wrong("the gates are saved before their activation")
@saving
def before_the_activation(ctx, x, h, c, weight_ih, weight_hh, gates, h_next, c_next):
    ctx.save_for_backward(x, h, c, weight_ih, weight_hh, *gates[0], torch.tanh(c_next))


@wrong("c_next is saved where backward takes its tanh")
@saving
def c_next_for_its_tanh(ctx, x, h, c, weight_ih, weight_hh, gates, h_next, c_next):
    ctx.save_for_backward(x, h, c, weight_ih, weight_hh, *gates[1], c_next)


@wrong("saved after the new state has taken their names")
@saving
def overwritten_before_saving(ctx, x, h, c, weight_ih, weight_hh, gates, h_next, c_next):
    h, c = h_next, c_next
    ctx.save_for_backward(x, h, c, weight_ih, weight_hh, *gates[1], torch.tanh(c))


@wrong("not enough values to unpack")
@saving
def saved_in_two_calls(ctx, x, h, c, weight_ih, weight_hh, gates, h_next, c_next):
    ctx.save_for_backward(x, h, c, weight_ih, weight_hh)
    ctx.save_for_backward(*gates[1], torch.tanh(c_next))
