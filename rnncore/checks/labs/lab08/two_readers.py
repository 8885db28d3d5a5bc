"""Lab 8, part 2: two cells, one reading each way.

Contents
    both_forward    the check of `bidirectional_forward`
"""

from typing import NamedTuple

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab08.inputs import LAYER, LENGTHS, STATE, XS, draw_both
from rnncore.reference.bidirectional import BidirectionalCache, BidirectionalState
from rnncore.reference.masking import length_mask, reverse_padded_forward
from rnncore.reference.rnn import rnn_forward

__all__ = ["both_forward"]


def bidirectional_forward(params, xs, state0, lengths, merge="concat"):
    """Run one plain cell forwards and another backwards over a padded batch; zero past the end of a sequence."""
    hs, _, forward = rnn_forward(params["forward"], xs, state0.forward)
    turned, _ = reverse_padded_forward(xs, lengths)
    rs, _, reverse = rnn_forward(params["reverse"], turned, state0.reverse)
    last = lengths - 1, np.arange(len(lengths))
    state_T = BidirectionalState(hs[last], rs[last])
    rs, _ = reverse_padded_forward(rs, lengths)
    ys = np.concatenate([hs, rs], axis=2) if merge == "concat" else hs + rs
    mask = length_mask(lengths, len(xs))[..., None]  # (T, B, 1)
    return np.where(mask, ys, 0), state_T, BidirectionalCache("rnn", forward, reverse, lengths, merge, hs)


class Parts(NamedTuple):
    """What the right function has before it puts the halves together."""

    hs: np.ndarray
    rs: np.ndarray  # in the order of the inputs
    read: np.ndarray  # the same in the order in which they were read
    lengths: np.ndarray
    mask: np.ndarray


def turn(xs, lengths):
    return reverse_padded_forward(xs, lengths)[0]


def whole(xs, lengths):
    return xs[::-1]


def still(xs, lengths):
    return xs


def parts(params, xs, state0, lengths, there=turn, back=turn):
    hs, read = rnn_forward(params["forward"], xs, state0.forward)[0], rnn_forward(params["reverse"], there(xs, lengths), state0.reverse)[0]
    return Parts(hs, back(read, lengths), read, lengths, length_mask(lengths, len(xs))[..., None])


def joined(hs, rs, merge):
    return np.concatenate([hs, rs], axis=2) if merge == "concat" else hs + rs


def but(**new):
    """The right function but for ys, state_T or cache: `change(parts, right result, merge)` each."""

    def wrong(params, xs, state0, lengths, merge="concat"):
        p, right = parts(params, xs, state0, lengths), bidirectional_forward(params, xs, state0, lengths, merge)
        return tuple(new[name](p, value, merge) if name in new else value for name, value in zip(NAMES, right, strict=True))

    return wrong


def turned(there, back):
    """Other reversals of what the reverse cell reads and of what it returns."""

    def wrong(params, xs, state0, lengths, merge="concat"):
        p = parts(params, xs, state0, lengths, there, back)
        last, right = (lengths - 1, np.arange(len(lengths))), bidirectional_forward(params, xs, state0, lengths, merge)
        return np.where(p.mask, joined(p.hs, p.rs, merge), 0), BidirectionalState(p.hs[last], p.read[last]), right[2]

    return wrong


def given(change):
    """The right function, given `change(params, state0, xs, lengths)` in the place of params and state0."""

    def wrong(params, xs, state0, lengths, merge="concat"):
        params, state0 = change(params, state0, xs, lengths)
        return bidirectional_forward(params, xs, state0, lengths, merge)

    return wrong


def swap(params):
    return {"forward": params["reverse"], "reverse": params["forward"]}


def reads_states(params, xs, state0, lengths, merge="concat"):
    """The reverse cell reads the states of the forward one."""
    hs, _, _ = rnn_forward(params["forward"], xs, state0.forward)
    read, _, _ = rnn_forward(params["reverse"], turn(hs, lengths), state0.reverse)
    ys = np.where(length_mask(lengths, len(xs))[..., None], joined(hs, turn(read, lengths), merge), 0)
    return ys, *bidirectional_forward(params, xs, state0, lengths, merge)[1:]


def handed_over(params, state0, xs, lengths):
    hs, _, _ = rnn_forward(params["forward"], xs, state0.forward)
    return params, BidirectionalState(state0.forward, hs[lengths - 1, np.arange(len(lengths))])


def handed_over_late(params, state0, xs, lengths):
    return params, BidirectionalState(state0.forward, rnn_forward(params["forward"], xs, state0.forward)[1])


def draw(rng):
    return next(draw_both(rng, np.float64, T=6, B=4, D=3, H=2))


def the_mirror_image_has_its_halves_exchanged(function, rng):
    """Each sequence turned and the two cells exchanged: the same numbers, in the other order of time, in the other half."""
    params, xs, state0, lengths, _ = draw(rng)
    ys, state_T, _ = function(params, xs, state0, lengths, "concat")
    mirrored, mirrored_T, _ = function(swap(params), turn(xs, lengths), BidirectionalState(*state0[::-1]), lengths, "concat")
    h, r = np.split(turn(mirrored, lengths), 2, axis=2)
    compare("ys of the sequences turned and the cells exchanged", np.concatenate([r, h], axis=2), ys)
    compare("state_T of the sequences turned and the cells exchanged", BidirectionalState(*mirrored_T[::-1]), state_T)


def a_sequence_is_the_same_alone(function, rng):
    """A sequence without padding, in a batch of one, gives what it gives beside longer ones; there is nothing after its end."""
    for merge in ("concat", "sum"):
        params, xs, state0, lengths, _ = draw(rng)
        ys, state_T, _ = function(params, xs, state0, lengths, merge)
        for b, L in enumerate(lengths):
            start = BidirectionalState(state0.forward[b : b + 1], state0.reverse[b : b + 1])
            alone, alone_T, _ = function(params, xs[:L, b : b + 1], start, lengths[b : b + 1], merge)
            compare(f"ys of sequence {b}", ys[:L, b], alone[:, 0], what="what it is alone; expected")
            compare(f"ys after the end of sequence {b}", ys[L:, b], np.zeros_like(ys[L:, b]))
            compare(f"state_T of sequence {b}", [part[b] for part in state_T], [part[0] for part in alone_T])


NAMES = ("ys", "state_T", "cache")
both_forward = Exercise(
    bidirectional_forward,
    outputs=NAMES,
    letters="TBDH",
    example=lambda: (LAYER, XS, STATE, LENGTHS),
    draw=draw_both,
    properties=(the_mirror_image_has_its_halves_exchanged, a_sequence_is_the_same_alone),
    mistakes={
        "lengths are forgotten: the reverse cell begins in the padding": turned(whole, whole),
        "the inputs are turned without the lengths, so that the reverse cell begins in the padding": turned(whole, turn),
        "the states of the reverse cell are turned back without the lengths": turned(turn, whole),
        "the states of the reverse cell are not turned back: its first one belongs to the last step": turned(turn, still),
        "the states of the reverse cell are turned back, but it has read the inputs in their own order": turned(still, turn),
        "both cells read from the first step to the last": turned(still, still),
        "the inputs are turned without the lengths, and the states not turned back": turned(whole, still),
        "the reverse half comes first; the forward half does": but(ys=lambda p, ys, merge: np.where(p.mask, joined(p.rs, p.hs, merge), 0)),
        "both cells have the weights of the forward one": given(
            lambda params, state0, *_: (dict.fromkeys(params, params["forward"]), state0)
        ),
        "both cells have the weights of the reverse one": given(
            lambda params, state0, *_: (dict.fromkeys(params, params["reverse"]), state0)
        ),
        "the weights of the two cells are exchanged": given(lambda params, state0, *_: (swap(params), state0)),
        "both cells start from state0.forward": given(lambda params, state0, *_: (params, BidirectionalState(state0[0], state0[0]))),
        "both cells start from state0.reverse": given(lambda params, state0, *_: (params, BidirectionalState(state0[1], state0[1]))),
        "the two states of state0 are exchanged": given(lambda params, state0, *_: (params, BidirectionalState(*state0[::-1]))),
        "both cells start from zeros and not from state0": given(
            lambda params, state0, *_: (params, BidirectionalState(0 * state0[0], 0 * state0[1]))
        ),
        "the reverse cell starts from the last state of the forward one; the two never touch": given(handed_over),
        "the reverse cell starts from where the forward one is after the padding; the two never touch": given(handed_over_late),
        "the reverse cell reads the states of the forward one; it reads the inputs": reads_states,
        "the states past the end of a sequence are left in ys; they are zero there": but(ys=lambda p, ys, merge: joined(p.hs, p.rs, merge)),
        "the forward half past the end of a sequence is left in ys; both are zero there": but(
            ys=lambda p, ys, merge: joined(p.hs, np.where(p.mask, p.rs, 0), merge)
        ),
        "the reverse half past the end of a sequence is left in ys; both are zero there": but(
            ys=lambda p, ys, merge: joined(np.where(p.mask, p.hs, 0), p.rs, merge)
        ),
        "one step too many is left in ys: a sequence has the steps t < lengths": but(
            ys=lambda p, ys, merge: np.where(np.arange(len(p.hs))[:, None, None] <= p.lengths[:, None], joined(p.hs, p.rs, merge), 0)
        ),
        "merge is ignored: the halves are always put side by side": but(
            ys=lambda p, ys, merge: np.where(p.mask, joined(p.hs, p.rs, "concat"), 0)
        ),
        "merge is ignored: the halves are always added": but(ys=lambda p, ys, merge: np.where(p.mask, p.hs + p.rs, 0)),
        "'sum' puts the halves side by side, and 'concat' adds them": but(
            ys=lambda p, ys, merge: np.where(p.mask, joined(p.hs, p.rs, "sum" if merge == "concat" else "concat"), 0)
        ),
        "'sum' takes the mean of the halves": but(ys=lambda p, ys, merge: ys / (1 if merge == "concat" else 2)),
        "'sum' multiplies the halves": but(ys=lambda p, ys, merge: ys if merge == "concat" else np.where(p.mask, p.hs * p.rs, 0)),
        "'sum' adds the states of the reverse cell in the order in which it read": but(
            ys=lambda p, ys, merge: ys if merge == "concat" else np.where(p.mask, p.hs + p.read, 0)
        ),
        "the halves are put together along axis 0; units are axis 2": but(
            ys=lambda p, ys, merge: np.where(p.mask, np.concatenate([p.hs, p.rs], axis=0) if merge == "concat" else p.hs + p.rs, 0)
        ),
        "the halves are put together along axis 1; units are axis 2": but(
            ys=lambda p, ys, merge: np.where(p.mask, np.concatenate([p.hs, p.rs], axis=1) if merge == "concat" else p.hs + p.rs, 0)
        ),
        "the halves are interleaved, unit by unit; all of h come first": but(
            ys=lambda p, ys, merge: ys if merge == "sum" else np.where(p.mask, np.stack([p.hs, p.rs], axis=3).reshape(ys.shape), 0)
        ),
        "state_T is taken from the last step of the array, which is padding for shorter sequences": but(
            state_T=lambda p, state_T, merge: BidirectionalState(p.hs[-1], p.read[-1])
        ),
        "state_T.forward is hs[-1], which is padding for shorter sequences": but(
            state_T=lambda p, state_T, merge: state_T._replace(forward=p.hs[-1])
        ),
        "state_T.reverse is taken at the end of the sequence, where the reverse cell has read one input": but(
            state_T=lambda p, state_T, merge: state_T._replace(reverse=p.rs[p.lengths - 1, np.arange(len(p.lengths))])
        ),
        "both parts of state_T are zero for shorter sequences: they are read from ys in the padding": but(
            state_T=lambda p, state_T, merge: BidirectionalState(*(np.where(p.mask[-1], a[-1], 0) for a in (p.hs, p.rs)))
        ),
        "the two parts of state_T are exchanged": but(state_T=lambda p, state_T, merge: BidirectionalState(*state_T[::-1])),
        "lengths are used as an index without - 1: the last step of a sequence is lengths - 1": but(
            state_T=lambda p, state_T, merge: BidirectionalState(*(a[p.lengths, np.arange(len(p.lengths))] for a in (p.hs, p.read)))
        ),
        "the cache has ys in the place of hs": but(
            cache=lambda p, cache, merge: cache._replace(h=np.where(p.mask, joined(p.hs, p.rs, merge), 0))
        ),
        "the cache has rs in the place of hs": but(cache=lambda p, cache, merge: cache._replace(h=p.rs)),
        "the caches of the two cells are exchanged": but(
            cache=lambda p, cache, merge: cache._replace(forward=cache.reverse, reverse=cache.forward)
        ),
    },
)
