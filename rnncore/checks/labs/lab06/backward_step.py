"""Lab 6, part 4: one time step backward.

Contents
    step_backward    the check of `gru_step_backward`
"""

import numpy as np

from rnncore.checks.gradients import check_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab06.inputs import DH_2, draw_step, draw_step_gradient, second_step
from rnncore.reference.gru import gru_step_backward, gru_step_forward

__all__ = ["step_backward"]


def pieces(k, dh, change=lambda k, dh, p: {}):
    """Everything between dh_next and the results; what `change(k, dh, p)` gives replaces a piece, and all that follows from it."""
    p = {}

    def take(name, value):
        p[name] = value
        p.update({key: new for key, new in change(k, dh, p).items() if key == name})

    take("dz", dh * (k.h - k.n))
    take("dn", dh * (1 - k.z))
    take("da_n", p["dn"] * (1 - k.n**2))
    take("dr", p["da_n"] * k.a_hn)
    take("du", p["da_n"] * k.r)
    take("da_z", p["dz"] * k.z * (1 - k.z))
    take("da_r", p["dr"] * k.r * (1 - k.r))
    return p


def finished(k, dh, p, order="rzn"):
    """The results for given pieces."""
    W_hr, W_hz, W_hn = np.split(k.params["weight_hh"], 3)
    blocks = {"r": p["da_r"], "z": p["da_z"], "n": p["da_n"]}
    da_x = np.concatenate([blocks[name] for name in order], axis=1)
    da_h = np.concatenate([(blocks | {"n": p["du"]})[name] for name in order], axis=1)
    dparams = {"weight_ih": da_x.T @ k.x, "weight_hh": da_h.T @ k.h, "bias_ih": da_x.sum(axis=0), "bias_hh": da_h.sum(axis=0)}
    before = dh * k.z + p["du"] @ W_hn + p["da_z"] @ W_hz + p["da_r"] @ W_hr
    if order != "rzn":
        before = dh * k.z + da_h @ k.params["weight_hh"]
    return dparams, da_x @ k.params["weight_ih"], before


def with_pieces(change, order="rzn"):
    """The right function but for the pieces that `change(k, dh, p)` gives; p are the pieces before it."""
    return lambda cache, dh_next: finished(cache, dh_next, pieces(cache, dh_next, change), order)


def after(name, value):
    """A change of one piece, computed from (k, dh, the pieces before it)."""
    return with_pieces(lambda k, dh, p: {name: value(k, dh, p)} if name in p else {})


def but(change):
    """The right results, some replaced by what `change(k, dh, p, W)` gives; W has the blocks of weight_hh by name."""

    def wrong(cache, dh_next):
        dparams, dx, dh = gru_step_backward(cache, dh_next)
        new = change(cache, dh_next, pieces(cache, dh_next), dict(zip("rzn", np.split(cache.params["weight_hh"], 3), strict=True)))
        dx, dh = new.pop("dx", dx), new.pop("dh", dh)
        return {**dparams, **new}, dx, dh

    return wrong


def ways(k, dh, p, W, but=""):
    """dh without the ways that are named: d directly, n through the candidate, z and r through the gates."""
    every = {"d": dh * k.z, "n": p["du"] @ W["n"], "z": p["da_z"] @ W["z"], "r": p["da_r"] @ W["r"]}
    return sum(value for name, value in every.items() if name not in but)


def da_x(p):
    return np.concatenate([p["da_r"], p["da_z"], p["da_n"]], axis=1)


def da_h(p):
    return np.concatenate([p["da_r"], p["da_z"], p["du"]], axis=1)


def biases(reduce):
    return but(lambda k, dh, p, W: {"bias_ih": reduce(da_x(p)), "bias_hh": reduce(da_h(p))})


def one_da(d):
    """`d(p)` stands in the place of both da_x and da_h."""

    def change(k, dh, p, W):
        a = d(p)
        new = {"weight_ih": a.T @ k.x, "weight_hh": a.T @ k.h, "bias_ih": a.sum(axis=0), "bias_hh": a.sum(axis=0)}
        return {**new, "dx": a @ k.params["weight_ih"], "dh": dh * k.z + a @ k.params["weight_hh"]}

    return but(change)


def measured_gradients_agree(function, rng):
    """Finite differences, and a step back that is linear in what arrives."""
    ((params, x, h),) = draw_step(rng, np.float64, B=2, D=3, H=2)
    check_gradient(gru_step_forward, function, params, x, h, rng=rng)


step_backward = Exercise(
    gru_step_backward,
    outputs=("dparams", "dx", "dh"),
    letters="BDH",
    example=lambda: (second_step(), DH_2),
    draw=draw_step_gradient,
    properties=(measured_gradients_agree,),
    mistakes={
        "the direct way is missing in dh: h_next keeps a share z of h, with no matrix between": but(
            lambda k, dh, p, W: {"dh": ways(k, dh, p, W, but="d")}
        ),
        "the direct way of dh is dh_next in full; only the share z of h was kept": but(
            lambda k, dh, p, W: {"dh": ways(k, dh, p, W, but="d") + dh}
        ),
        "the direct way of dh has 1 - z; the share of h that was kept is z": but(
            lambda k, dh, p, W: {"dh": ways(k, dh, p, W, but="d") + dh * (1 - k.z)}
        ),
        "the gradient of the candidate stands where that of u belongs: b_hn and W_hn lie behind the reset gate, so they get du": one_da(
            da_x
        ),
        "du stands where da_n belongs: W_in and b_in do not lie behind the reset gate": one_da(da_h),
        "b_hn gets da_n; it lies behind the reset gate, so it gets du": but(lambda k, dh, p, W: {"bias_hh": da_x(p).sum(axis=0)}),
        "W_hn gets da_n; what it gave was multiplied by the reset gate, so it gets du": but(
            lambda k, dh, p, W: {"weight_hh": da_x(p).T @ k.h}
        ),
        "W_hn and b_hn get da_n; they lie behind the reset gate, so they get du": but(
            lambda k, dh, p, W: {"weight_hh": da_x(p).T @ k.h, "bias_hh": da_x(p).sum(axis=0)}
        ),
        "the rows of W_hn get the product of du and r * h; what W_hn multiplied was h": but(
            lambda k, dh, p, W: {"weight_hh": np.concatenate([p["da_r"].T @ k.h, p["da_z"].T @ k.h, p["du"].T @ (k.r * k.h)])}
        ),
        "all rows of weight_hh get a product with r * h; what weight_hh multiplied was h": but(
            lambda k, dh, p, W: {"weight_hh": da_h(p).T @ (k.r * k.h)}
        ),
        "the gradient of weight_hh uses x; what weight_hh multiplied was h": but(lambda k, dh, p, W: {"weight_hh": da_h(p).T @ k.x}),
        "the way through the candidate uses da_n in dh; what W_hn gave was multiplied by r, so it is du": but(
            lambda k, dh, p, W: {"dh": ways(k, dh, p, W, but="n") + p["da_n"] @ W["n"]}
        ),
        "the way through the candidate is missing in dh": but(lambda k, dh, p, W: {"dh": ways(k, dh, p, W, but="n")}),
        "the ways through the gates are missing in dh; both gates look at h": but(lambda k, dh, p, W: {"dh": ways(k, dh, p, W, but="rz")}),
        "the way through the reset gate is missing in dh": but(lambda k, dh, p, W: {"dh": ways(k, dh, p, W, but="r")}),
        "the way through the update gate is missing in dh": but(lambda k, dh, p, W: {"dh": ways(k, dh, p, W, but="z")}),
        "the sign of dz is wrong: with more z there is more of h and less of n": after("dz", lambda k, dh, p: dh * (k.n - k.h)),
        "dz has h alone; z also takes away from n": after("dz", lambda k, dh, p: dh * k.h),
        "dz has n alone; z also keeps h": after("dz", lambda k, dh, p: -dh * k.n),
        "dz has h + n; with more z there is more of h and less of n": after("dz", lambda k, dh, p: dh * (k.h + k.n)),
        "dz uses h_next; what z and 1 - z multiplied were h and n": after("dz", lambda k, dh, p: dh * ((1 - k.z) * k.n + k.z * k.h - k.n)),
        "dn has z; what multiplied the candidate was 1 - z": after("dn", lambda k, dh, p: dh * k.z),
        "dn is dh_next; what multiplied the candidate was 1 - z": after("dn", lambda k, dh, p: dh),
        "all slopes are missing: each da ends with the slope of its activation": with_pieces(
            lambda k, dh, p: {key: p[of] for key, of in (("da_n", "dn"), ("da_z", "dz"), ("da_r", "dr")) if of in p}
        ),
        "the slope of tanh is missing in da_n": after("da_n", lambda k, dh, p: p["dn"]),
        "the slopes of both gates are missing": with_pieces(
            lambda k, dh, p: {key: p[of] for key, of in (("da_z", "dz"), ("da_r", "dr")) if of in p}
        ),
        "the slope of the update gate is missing": after("da_z", lambda k, dh, p: p["dz"]),
        "the slope of the reset gate is missing": after("da_r", lambda k, dh, p: p["dr"]),
        "the candidate has the slope of a sigmoid; it went through tanh": after("da_n", lambda k, dh, p: p["dn"] * k.n * (1 - k.n)),
        "the square is missing in the slope of the candidate": after("da_n", lambda k, dh, p: p["dn"] * (1 - k.n)),
        "tanh is applied to n once more; it already is the tanh": after("da_n", lambda k, dh, p: p["dn"] * (1 - np.tanh(k.n) ** 2)),
        "the gates have the slope of tanh; they went through a sigmoid": with_pieces(
            lambda k, dh, p: {key: p[of] * (1 - gate**2) for key, of, gate in (("da_z", "dz", k.z), ("da_r", "dr", k.r)) if of in p}
        ),
        "dr uses h; what the reset gate multiplied was a_hn": after("dr", lambda k, dh, p: p["da_n"] * k.h),
        "dr is that of the other convention; here the reset gate multiplied a_hn": after(
            "dr", lambda k, dh, p: p["da_n"] @ k.params["weight_hh"][2 * k.h.shape[1] :] * k.h
        ),
        "dr uses n; what the reset gate multiplied was a_hn": after("dr", lambda k, dh, p: p["da_n"] * k.n),
        "a_hn without its bias stands in dr; the reset gate multiplied the bias, too": after(
            "dr", lambda k, dh, p: p["da_n"] * (k.a_hn - k.params["bias_hh"][2 * k.h.shape[1] :])
        ),
        "the factors of dr and du are exchanged: each of r and u gets the other one as its factor": with_pieces(
            lambda k, dh, p: {"dr": p["da_n"] * k.r, "du": p["da_n"] * k.a_hn} if "da_n" in p else {}
        ),
        "dr uses dn; the reset gate acts inside tanh, so it gets da_n": after("dr", lambda k, dh, p: p["dn"] * k.a_hn),
        "du uses dn; u stands inside tanh, so it gets da_n": after("du", lambda k, dh, p: p["dn"] * k.r),
        "du has a_hn as a factor; what multiplied u was r": after("du", lambda k, dh, p: p["da_n"] * k.a_hn),
        "du has z as a factor; what multiplied u was r": after("du", lambda k, dh, p: p["da_n"] * k.z),
        "da_r and da_z are put together in the order z, r, n; the rows of the weights are r, z, n": with_pieces(lambda k, dh, p: {}, "zrn"),
        "the blocks are put together in the order r, n, z; the rows of the weights are r, z, n": with_pieces(lambda k, dh, p: {}, "rnz"),
        "the blocks are put together along axis 0, so that they do not fit x; they lie side by side": lambda cache, dh_next: (
            np.concatenate([dh_next] * 3).T @ cache.x
        ),
        "the blocks are put together along axis 0, so that they do not fit weight_hh; they lie side by side": lambda cache, dh_next: (
            np.concatenate([dh_next] * 3) @ cache.params["weight_hh"]
        ),
        "the gradient of weight_hh uses h_next; what weight_hh multiplied was h": but(
            lambda k, dh, p, W: {"weight_hh": da_h(p).T @ ((1 - k.z) * k.n + k.z * k.h)}
        ),
        "the weight gradients are transposed; they have the shapes of the weights": but(
            lambda k, dh, p, W: {"weight_ih": k.x.T @ da_x(p), "weight_hh": k.h.T @ da_h(p)}
        ),
        "they are summed over the units for the bias gradients; sum over the batch, axis 0": biases(lambda d: d.sum(axis=1)),
        "the bias gradients are not summed over the batch": biases(lambda d: d),
        "the bias gradients are means over the batch; they are sums, as every sequence counts in full": biases(lambda d: d.mean(axis=0)),
        "the gradients of the parameters are divided by the batch size; any averaging is the loss's part": lambda cache, dh_next: (
            {name: d / len(cache.x) for name, d in gru_step_backward(cache, dh_next)[0].items()},
            *gru_step_backward(cache, dh_next)[1:],
        ),
        "the gradient of bias_hh is zero": but(lambda k, dh, p, W: {"bias_hh": 0 * k.params["bias_hh"]}),
        "dx has du in its last part; W_in does not lie behind the reset gate": but(
            lambda k, dh, p, W: {"dx": da_h(p) @ k.params["weight_ih"]}
        ),
        "dx is the way through the candidate only; the gates look at x, too": but(
            lambda k, dh, p, W: {"dx": p["da_n"] @ k.params["weight_ih"][2 * k.h.shape[1] :]}
        ),
        "dx is a product with weight_ih.T; forward was x @ weight_ih.T, so backward has no transpose": but(
            lambda k, dh, p, W: {"dx": da_x(p) @ k.params["weight_ih"].T}
        ),
        "dh has products with transposed blocks of weight_hh; forward was h @ W.T, so backward has no transpose": but(
            lambda k, dh, p, W: {"dh": ways(k, dh, p, {name: block.T for name, block in W.items()})}
        ),
        "dh is a product with weight_hh.T; forward was h @ weight_hh.T, so backward has no transpose": but(
            lambda k, dh, p, W: {"dh": da_h(p) @ k.params["weight_hh"].T}
        ),
        "dh is zero: nothing reaches the state before": but(lambda k, dh, p, W: {"dh": 0 * dh}),
        "dx and dh are exchanged; gradients come in the order of the arguments params, x, h": lambda cache, dh_next: (
            gru_step_backward(cache, dh_next)[0],
            *gru_step_backward(cache, dh_next)[:0:-1],
        ),
    },
)
