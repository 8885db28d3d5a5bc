"""Lab 8, part 3: the gradient of both directions.

Contents
    both_backward    the check of `bidirectional_backward`
"""

import numpy as np

from rnncore.checks.gradients import check_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab08.inputs import DYS, LAYER, LENGTHS, STATE, XS, draw_both, normal
from rnncore.checks.labs.lab08.two_readers import bidirectional_forward, still, swap, turn, whole
from rnncore.reference.bidirectional import BidirectionalState
from rnncore.reference.masking import length_mask, reverse_padded_forward
from rnncore.reference.rnn import rnn_backward

__all__ = ["both_backward"]


def bidirectional_backward(cache, dys):
    """Carry the gradient back through both directions; the two gradients of the inputs are added."""
    lengths = cache.lengths
    dys = np.where(length_mask(lengths, len(dys))[..., None], dys, 0)
    dhs, drs = np.split(dys, 2, axis=2) if cache.merge == "concat" else (dys, dys)
    drs, _ = reverse_padded_forward(drs, lengths)
    dforward, dxs, dstate_forward = rnn_backward(cache.forward, dhs)
    dreverse, dturned, dstate_reverse = rnn_backward(cache.reverse, drs)
    dxs = dxs + reverse_padded_forward(dturned, lengths)[0]
    return {"forward": dforward, "reverse": dreverse}, dxs, BidirectionalState(dstate_forward, dstate_reverse)


def masked(cache, dys):
    return np.where(length_mask(cache.lengths, len(dys))[..., None], dys, 0)


def split(cache, dys):
    return np.split(dys, 2, axis=2) if cache.merge == "concat" else (dys, dys)


def route(there=turn, back=turn, halves=split, mask=masked, add=lambda h, r, lengths: h + r):
    """The right function but for the two reversals, the halves of dys, its mask, or how the two gradients of xs are put together."""

    def wrong(cache, dys):
        dhs, drs = halves(cache, mask(cache, dys))
        dforward, h_dxs, dh = rnn_backward(cache.forward, dhs)
        dreverse, r_dxs, dr = rnn_backward(cache.reverse, there(drs, cache.lengths))
        return {"forward": dforward, "reverse": dreverse}, add(h_dxs, back(r_dxs, cache.lengths), cache.lengths), BidirectionalState(dh, dr)

    return wrong


def but(change):
    """The right function but for what `change(dparams, dxs, dstate0)` makes of its results."""
    return lambda cache, dys: change(*bidirectional_backward(cache, dys))


def one_step_more(cache, dys):
    return np.where(np.arange(len(dys))[:, None, None] <= cache.lengths[:, None], dys, 0)


def total(dparams):
    return {name: dparams["forward"][name] + dparams["reverse"][name] for name in dparams["forward"]}


def draw(rng, dtype, T, B, D, H):
    for args in draw_both(rng, dtype, T, B, D, H):
        yield bidirectional_forward(*args)[-1], normal(rng, dtype, T, B, 2 * H if args[-1] == "concat" else H)


def measured_gradients_agree(function, rng):
    """Finite differences along random directions, for both kinds of merge; nothing is measured past the end of a sequence."""
    for params, xs, state0, lengths, merge in draw_both(rng, np.float64, T=4, B=3, D=2, H=2):

        def forward(*args, lengths=lengths, merge=merge):
            ys, _, cache = bidirectional_forward(*args, lengths, merge)
            return ys, cache

        check_gradient(forward, function, params, xs, state0, rng=rng, directions=2)


both_backward = Exercise(
    bidirectional_backward,
    outputs=("dparams", "dxs", "dstate0"),
    letters="TBDH",
    example=lambda: (bidirectional_forward(LAYER, XS, STATE, LENGTHS)[-1], DYS),
    draw=draw,
    properties=(measured_gradients_agree,),
    mistakes={
        "dys past the end of a sequence is let in; ys is zero there, so nothing flows back": route(mask=lambda cache, dys: dys),
        "one step too many of dys is let in: a sequence has the steps t < lengths": route(mask=one_step_more),
        "the gradient of the reverse half is not turned before it enters the reverse cell": route(there=still),
        "the gradient of the inputs is not turned back after it left the reverse cell": route(back=still),
        "nothing is turned: the reverse cell has its gradients in the order in which it reads": route(still, still),
        "lengths are forgotten: the whole arrays are turned": route(whole, whole),
        "dys is turned without the lengths": route(there=whole),
        "the gradient of the inputs is turned back without the lengths": route(back=whole),
        "all of dys is turned, before it is split; only the reverse half is": route(
            halves=lambda cache, dys: (turn(split(cache, dys)[0], cache.lengths), split(cache, dys)[1])
        ),
        "the gradients of the inputs are added first and then turned; only that of the reverse cell is": route(
            back=still, add=lambda h, r, lengths: turn(h + r, lengths)
        ),
        "the halves of dys are exchanged; the forward half comes first": route(halves=lambda cache, dys: split(cache, dys)[::-1]),
        "both cells are given the forward half of dys": route(halves=lambda cache, dys: [split(cache, dys)[0]] * 2),
        "both cells are given the reverse half of dys": route(halves=lambda cache, dys: [split(cache, dys)[1]] * 2),
        "merge is ignored: dys is split in two though the halves were added": route(halves=lambda cache, dys: np.split(dys, 2, axis=2)),
        "each cell is given all of dys, though the halves were put side by side": route(halves=lambda cache, dys: (dys, dys)),
        "with 'sum' each cell is given half of dys; both are given all of it": route(
            halves=lambda cache, dys: split(cache, dys if cache.merge == "concat" else dys / 2)
        ),
        "dys is split along the batch; the halves lie along axis 2": route(
            halves=lambda cache, dys: np.split(dys, 2, axis=1) if cache.merge == "concat" else (dys, dys)
        ),
        "every second number of dys is taken; the first H belong to h": route(
            halves=lambda cache, dys: (dys[..., ::2], dys[..., 1::2]) if cache.merge == "concat" else (dys, dys)
        ),
        "the way through the reverse cell is missing in dxs; both cells read xs": route(add=lambda h, r, lengths: h),
        "the way through the forward cell is missing in dxs; both cells read xs": route(add=lambda h, r, lengths: r),
        "the two gradients of xs are averaged; they are added": route(add=lambda h, r, lengths: (h + r) / 2),
        "the two gradients of xs are put side by side; they are added": route(add=lambda h, r, lengths: np.concatenate([h, r], axis=2)),
        "dparams of the two cells are exchanged": but(lambda dparams, dxs, dstate0: (swap(dparams), dxs, dstate0)),
        "dparams of the two cells are added; each has weights of its own": but(
            lambda dparams, dxs, dstate0: (dict.fromkeys(dparams, total(dparams)), dxs, dstate0)
        ),
        "dparams is one dict for both cells, their gradients added; each has weights of its own": but(
            lambda dparams, dxs, dstate0: (total(dparams), dxs, dstate0)
        ),
        "dparams of the forward cell stand in both places": but(
            lambda dparams, dxs, dstate0: (dict.fromkeys(dparams, dparams["forward"]), dxs, dstate0)
        ),
        "the two parts of dstate0 are exchanged": but(lambda dparams, dxs, dstate0: (dparams, dxs, BidirectionalState(*dstate0[::-1]))),
        "the forward part stands in both places of dstate0": but(
            lambda dparams, dxs, dstate0: (dparams, dxs, BidirectionalState(dstate0[0], dstate0[0]))
        ),
        "dstate0 is zero; it is what rnn_backward returns last": but(
            lambda dparams, dxs, dstate0: (dparams, dxs, BidirectionalState(0 * dstate0[0], 0 * dstate0[1]))
        ),
        "dstate0 is what reaches the first input, not the first state": but(
            lambda dparams, dxs, dstate0: (dparams, dxs, BidirectionalState(dxs[0], dxs[-1]))
        ),
        "dxs and dstate0 are exchanged; gradients come in the order params, xs, state0": but(
            lambda dparams, dxs, dstate0: (dparams, dstate0, dxs)
        ),
    },
)
