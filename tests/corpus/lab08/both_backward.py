"""Lab 8, part 3: the gradient of both directions."""

import numpy as np

from rnncore.reference import (
    BidirectionalState,
    length_mask,
    reverse_padded_backward,
    reverse_padded_forward,
    rnn_backward,
    rnn_step_backward,
)
from rnncore.reference.masking import ReversePaddedCache
from tests.corpus.answers import right, wrong


def reverse(xs, lengths):
    return reverse_padded_forward(xs, lengths)[0]


def inside(cache, dys):
    return length_mask(cache.lengths, len(dys))[..., None]


@right
def multiplied_by_the_mask(cache, dys):
    dys = dys * inside(cache, dys)
    if cache.merge == "concat":
        H = dys.shape[2] // 2
        dh, dr = dys[:, :, :H], dys[:, :, H:]
    else:
        dh = dr = dys
    f_params, f_xs, f_0 = rnn_backward(cache.forward, dh)
    r_params, r_xs, r_0 = rnn_backward(cache.reverse, reverse(dr, cache.lengths))
    return {"forward": f_params, "reverse": r_params}, f_xs + reverse(r_xs, cache.lengths), BidirectionalState(f_0, r_0)


@right
def mask_each_half_after_turning(cache, dys):
    m = inside(cache, dys)
    dh, dr = (dys[..., : dys.shape[-1] // 2], dys[..., dys.shape[-1] // 2 :]) if cache.merge != "sum" else (dys.copy(), dys.copy())
    dr = reverse(dr, cache.lengths)
    dh, dr = np.where(m, dh, 0), np.where(m, dr, 0)
    out = {"forward": rnn_backward(cache.forward, dh), "reverse": rnn_backward(cache.reverse, dr)}
    dxs = out["forward"][1] + reverse(out["reverse"][1], cache.lengths)
    return {k: v[0] for k, v in out.items()}, dxs, BidirectionalState(*(v[2] for v in out.values()))


@right
def copy_with_zeros(cache, dys):
    dys = dys.copy()
    for b, L in enumerate(cache.lengths):
        dys[L:, b] = 0
    dh, dr = np.split(dys, 2, axis=-1) if cache.merge == "concat" else (dys, dys)
    turned = dr.copy()
    for b, L in enumerate(cache.lengths):
        turned[:L, b] = dr[:L, b][::-1]
    pf, xf, sf = rnn_backward(cache.forward, dh)
    pr, xr, sr = rnn_backward(cache.reverse, turned)
    dxs = np.array(xf)
    for b, L in enumerate(cache.lengths):
        dxs[:L, b] += xr[:L, b][::-1]
    return dict(forward=pf, reverse=pr), dxs, BidirectionalState(forward=sf, reverse=sr)


@right
def with_the_backward_of_the_reversal(cache, dys):
    lengths, T = cache.lengths, len(dys)
    t = np.arange(T)[:, None]
    index = np.where(t < lengths, lengths - 1 - t, t)
    dys = np.where((t < lengths)[:, :, None], dys, np.zeros_like(dys))
    halves = np.split(dys, 2, axis=2) if cache.merge == "concat" else [dys] * 2
    dparams, dxs, dstate = {}, 0, {}
    for name, half in zip(("forward", "reverse"), halves, strict=True):
        if name == "reverse":
            half = reverse_padded_backward(ReversePaddedCache(index, half), half)
        dparams[name], d, dstate[name] = rnn_backward(getattr(cache, name), half)
        dxs = dxs + (d if name == "forward" else np.take_along_axis(d, index[..., None], 0))
    return dparams, dxs, BidirectionalState(**dstate)


@right
def own_loop_over_steps(cache, dys):
    dys = np.where(inside(cache, dys), dys, 0)
    H = cache.h.shape[2]
    dh, dr = (dys[..., :H], dys[..., H:]) if cache.merge == "concat" else (dys, dys)

    def back(steps, dhs):
        d = np.zeros_like(dhs[0])
        total, dxs = None, []
        for t in range(len(steps) - 1, -1, -1):
            dparams, dx, d = rnn_step_backward(steps[t], dhs[t] + d)
            total = dparams if total is None else {k: total[k] + dparams[k] for k in total}
            dxs.append(dx)
        return total, np.stack(dxs[::-1]), d

    f, r = back(cache.forward.steps, dh), back(cache.reverse.steps, reverse(dr, cache.lengths))
    return {"forward": f[0], "reverse": r[0]}, f[1] + reverse(r[1], cache.lengths), BidirectionalState(f[2], r[2])


@right
def returns_a_list(cache, dys):
    dys = np.einsum("tbh,tb->tbh", dys, length_mask(cache.lengths, len(dys)).astype(dys.dtype))
    dh, dr = np.array_split(dys, 2, axis=2) if cache.merge == "concat" else (dys, dys)
    dforward, dxs, start = rnn_backward(cache.forward, dh, np.zeros_like(cache.h[0]))
    dreverse, more, other = rnn_backward(cache.reverse, reverse(dr, cache.lengths), None)
    return [{"reverse": dreverse, "forward": dforward}, np.add(dxs, reverse(more, cache.lengths)), BidirectionalState(start, other)]


def halves(cache, dys):
    return np.split(dys, 2, axis=2) if cache.merge == "concat" else (dys, dys)


def back(cache, dh, dr, turn_dxs=True):
    f, r = rnn_backward(cache.forward, dh), rnn_backward(cache.reverse, dr)
    dxs = f[1] + (reverse(r[1], cache.lengths) if turn_dxs else r[1])
    return {"forward": f[0], "reverse": r[0]}, dxs, BidirectionalState(f[2], r[2])


def clean(cache, dys):
    return np.where(inside(cache, dys), dys, 0)


@wrong("past the end of a sequence is let in")
def no_mask(cache, dys):
    dh, dr = halves(cache, dys)
    return back(cache, dh, reverse(dr, cache.lengths))


@wrong("is not turned before it enters the reverse cell")
def dr_as_it_is(cache, dys):
    return back(cache, *halves(cache, clean(cache, dys)))


@wrong("is not turned back after it left the reverse cell")
def dxs_as_they_are(cache, dys):
    dh, dr = halves(cache, clean(cache, dys))
    return back(cache, dh, reverse(dr, cache.lengths), turn_dxs=False)


@wrong("nothing is turned")
def no_turning(cache, dys):
    return back(cache, *halves(cache, clean(cache, dys)), turn_dxs=False)


@wrong("lengths are forgotten: the whole arrays are turned")
def flips(cache, dys):
    dh, dr = halves(cache, clean(cache, dys))
    f, r = rnn_backward(cache.forward, dh), rnn_backward(cache.reverse, dr[::-1])
    return {"forward": f[0], "reverse": r[0]}, f[1] + r[1][::-1], BidirectionalState(f[2], r[2])


@wrong("the way through the reverse cell is missing in dxs")
def only_one_dxs(cache, dys):
    dh, dr = halves(cache, clean(cache, dys))
    dforward, dxs, f_0 = rnn_backward(cache.forward, dh)
    dreverse, _, r_0 = rnn_backward(cache.reverse, reverse(dr, cache.lengths))
    return {"forward": dforward, "reverse": dreverse}, dxs, BidirectionalState(f_0, r_0)


@wrong("the way through the forward cell is missing in dxs")
def overwritten_dxs(cache, dys):
    dh, dr = halves(cache, clean(cache, dys))
    dforward, dxs, f_0 = rnn_backward(cache.forward, dh)
    dreverse, dxs, r_0 = rnn_backward(cache.reverse, reverse(dr, cache.lengths))
    return {"forward": dforward, "reverse": dreverse}, reverse(dxs, cache.lengths), BidirectionalState(f_0, r_0)


@wrong("put side by side; they are added")
def concatenated_dxs(cache, dys):
    dh, dr = halves(cache, clean(cache, dys))
    f, r = rnn_backward(cache.forward, dh), rnn_backward(cache.reverse, reverse(dr, cache.lengths))
    dxs = np.concatenate([f[1], reverse(r[1], cache.lengths)], axis=2)
    return {"forward": f[0], "reverse": r[0]}, dxs, BidirectionalState(f[2], r[2])


@wrong("the two gradients of xs are averaged")
def averaged(cache, dys):
    dparams, dxs, dstate0 = multiplied_by_the_mask(cache, dys)
    return dparams, dxs / 2, dstate0


@wrong("the halves of dys are exchanged")
def wrong_half(cache, dys):
    dr, dh = halves(cache, clean(cache, dys))
    return back(cache, dh, reverse(dr, cache.lengths))


@wrong("with 'sum' each cell is given half of dys")
def half_each(cache, dys):
    dys = clean(cache, dys)
    dh, dr = np.split(dys, 2, axis=2) if cache.merge == "concat" else (dys / 2, dys / 2)
    return back(cache, dh, reverse(dr, cache.lengths))


@wrong("merge is ignored")
def always_split(cache, dys):
    dh, dr = np.split(clean(cache, dys), 2, axis=2)
    return back(cache, dh, reverse(dr, cache.lengths))


@wrong("each cell is given all of dys")
def never_split(cache, dys):
    dys = clean(cache, dys)
    return back(cache, dys, reverse(dys, cache.lengths))


@wrong("every second number of dys is taken")
def even_and_odd(cache, dys):
    dys = clean(cache, dys)
    dh, dr = (dys[:, :, 0::2], dys[:, :, 1::2]) if cache.merge == "concat" else (dys, dys)
    return back(cache, dh, reverse(dr, cache.lengths))


@wrong("dparams of the two cells are exchanged")
def named_the_wrong_way(cache, dys):
    dparams, dxs, dstate0 = multiplied_by_the_mask(cache, dys)
    return {"forward": dparams["reverse"], "reverse": dparams["forward"]}, dxs, dstate0


@wrong("the two parts of dstate0 are exchanged")
def states_the_wrong_way(cache, dys):
    dparams, dxs, dstate0 = multiplied_by_the_mask(cache, dys)
    return dparams, dxs, BidirectionalState(dstate0.reverse, dstate0.forward)


@wrong("gradients come in the order params, xs, state0")
def wrong_order(cache, dys):
    dparams, dxs, dstate0 = multiplied_by_the_mask(cache, dys)
    return dparams, dstate0, dxs


@wrong("the results are right, but it changed its argument dys in place")
def zeroed_in_place(cache, dys):
    dys[~length_mask(cache.lengths, len(dys))] = 0
    return multiplied_by_the_mask(cache, dys)


@wrong("dparams must be a dict with the keys forward, reverse, got a tuple of 2.")
def pair_of_dicts(cache, dys):
    dparams, dxs, dstate0 = multiplied_by_the_mask(cache, dys)
    return (dparams["forward"], dparams["reverse"]), dxs, dstate0


@wrong("added first and then turned")
def turns_the_sum(cache, dys):
    dh, dr = halves(cache, clean(cache, dys))
    f, r = rnn_backward(cache.forward, dh), rnn_backward(cache.reverse, reverse(dr, cache.lengths))
    return {"forward": f[0], "reverse": r[0]}, reverse(f[1] + r[1], cache.lengths), BidirectionalState(f[2], r[2])


@right
def index_by_hand(cache, dys):
    T = len(dys)
    t = np.arange(T)[:, None]
    inside = t < cache.lengths
    index = np.where(inside, cache.lengths - 1 - t, t)[..., None]
    dys = np.where(inside[..., None], dys, 0)
    H = cache.h.shape[2]
    dhs, drs = (dys[..., :H], dys[..., H:]) if cache.merge == "concat" else (dys, dys)
    df, dxs, sf = rnn_backward(cache.forward, dhs)
    dr, more, sr = rnn_backward(cache.reverse, np.take_along_axis(drs, index, axis=0))
    return {"reverse": dr, "forward": df}, dxs + np.take_along_axis(more, index, axis=0), BidirectionalState(forward=sf, reverse=sr)


@wrong("merge is ignored: dys is split in two though the halves were added.")
def split_always(cache, dys):
    dys = np.where(length_mask(cache.lengths, len(dys))[..., None], dys, 0)
    dh, dr = np.split(dys, 2, axis=2)
    dr, _ = reverse_padded_forward(dr, cache.lengths)
    pf, xf, sf = rnn_backward(cache.forward, dh)
    pr, xr, sr = rnn_backward(cache.reverse, dr)
    xr, _ = reverse_padded_forward(xr, cache.lengths)
    return {"forward": pf, "reverse": pr}, xf + xr, BidirectionalState(sf, sr)


@wrong("dparams is one dict for both cells, their gradients added; each has weights of its own.")
def dparams_added(cache, dys):
    dys = np.where(length_mask(cache.lengths, len(dys))[..., None], dys, 0)
    dh, dr = np.split(dys, 2, axis=2) if cache.merge == "concat" else (dys, dys)
    dr, _ = reverse_padded_forward(dr, cache.lengths)
    pf, xf, sf = rnn_backward(cache.forward, dh)
    pr, xr, sr = rnn_backward(cache.reverse, dr)
    xr, _ = reverse_padded_forward(xr, cache.lengths)
    return {k: pf[k] + pr[k] for k in pf}, xf + xr, BidirectionalState(sf, sr)


@wrong("both cells are given the forward half of dys.")
def first_half_twice(cache, dys):
    dys = np.where(length_mask(cache.lengths, len(dys))[..., None], dys, 0)
    H = cache.h.shape[2]
    dh, dr = dys[..., :H], dys[..., :H]
    dr, _ = reverse_padded_forward(dr, cache.lengths)
    pf, xf, sf = rnn_backward(cache.forward, dh)
    pr, xr, sr = rnn_backward(cache.reverse, dr)
    xr, _ = reverse_padded_forward(xr, cache.lengths)
    return {"forward": pf, "reverse": pr}, xf + xr, BidirectionalState(sf, sr)
