"""The purity check finds each side effect and each shared array, and accepts what may share."""

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

from rnncore.checks import CheckFailed, check_purity
from rnncore.reference import (
    init_rnn,
    linear_backward,
    linear_forward,
    mean_squared_error_backward,
    mean_squared_error_forward,
    rnn_backward,
    rnn_forward,
    rnn_step_backward,
    rnn_step_forward,
)

T, B, D, H = 3, 2, 3, 4


class Cache(NamedTuple):
    y: np.ndarray


def relu_forward(x):
    y = np.maximum(x, 0)
    return y, Cache(y)


def relu_backward(cache, dy):
    return dy * (cache.y > 0)


def writes_d_output(cache, dy):
    dy[cache.y <= 0] = 0  # a second time it changes nothing
    return dy.copy()


def writes_cache(cache, dy):
    cache.y[cache.y < 1] = 0
    return relu_backward(cache, dy)


def returns_d_output(cache, dy):
    return dy


def returns_view_of_d_output(cache, *d_outputs):
    return d_outputs[0][:, ::-1]


def returns_cache(cache, dy):
    return cache.y


def identity(x):
    return x, Cache(x.copy())


def view(x):
    return x[::-1], Cache(x.copy())


def writes_argument(x):
    np.maximum(x, 0, out=x)
    return relu_forward(x)


def writes_option(x, *, mask):
    mask[...] = 1
    return relu_forward(x * mask)


def replaces_entry(params):
    params["x"] = np.maximum(params["x"], 0)
    return relu_forward(params["x"])


def adds_entry(params):
    params["y"] = np.maximum(params["x"], 0)
    return relu_forward(params["x"])


def removes_entry(params):
    return relu_forward(params.pop("x"))


def opaque_forward(x):
    return np.maximum(x, 0), SimpleNamespace(x=x)


def opaque_backward(cache, dy):
    np.maximum(cache.x, 0, out=cache.x)
    return dy * (cache.x > 0)


@pytest.mark.parametrize(
    ("forward", "backward", "options", "words"),
    [
        (relu_forward, writes_d_output, {}, "writes_d_output changed dy in place; work on a copy."),
        (relu_forward, writes_cache, {}, "writes_cache changed cache.y in place; work on a copy."),
        (relu_forward, returns_d_output, {}, "returns_d_output: dx and dy share memory; return a copy."),
        (relu_forward, returns_view_of_d_output, {}, "returns_view_of_d_output: dx and d_outputs[0] share memory; return a copy."),
        (relu_forward, returns_cache, {}, "returns_cache: dx and cache.y share memory; return a copy."),
        (identity, relu_backward, {}, "identity: y and x share memory; return a copy."),
        (view, relu_backward, {}, "view: y and x share memory; return a copy."),
        (writes_argument, relu_backward, {}, "writes_argument changed x in place; work on a copy."),
        (writes_option, relu_backward, {"mask": np.zeros(D)}, "writes_option changed mask in place; work on a copy."),
        (opaque_forward, opaque_backward, {}, "opaque_backward changed x in place; work on a copy."),
    ],
)
def test_purity_names_what_was_changed_or_shared(rng, forward, backward, options, words):
    with pytest.raises(CheckFailed) as failure:
        check_purity(forward, backward, rng.standard_normal((B, D)), rng=rng, **options)
    assert str(failure.value) == words


@pytest.mark.parametrize(("forward", "key"), [(replaces_entry, "x"), (adds_entry, "y"), (removes_entry, "x")])
def test_purity_finds_another_entry_in_a_dict(rng, forward, key):
    with pytest.raises(CheckFailed, match=rf"^{forward.__name__} changed params\['{key}'\] in place; work on a copy\."):
        check_purity(forward, relu_backward, {"x": rng.standard_normal((B, D))}, rng=rng)


def test_purity_finds_another_answer(rng):
    calls = []

    def forward(x):
        calls.append(x)
        y = x * len(calls)
        return y, Cache(y)

    def backward(cache, dy):
        calls.append(dy)
        return dy * len(calls)

    with pytest.raises(CheckFailed, match=r"^forward, second call: y is 2 but 1 was returned the first time"):
        check_purity(forward, relu_backward, np.ones(()), rng=rng)
    with pytest.raises(CheckFailed, match=r"^backward, second call: dx\[0\] is"):
        check_purity(relu_forward, backward, np.ones(1), rng=rng)


def test_purity_finds_a_scratch_array_and_two_gradients_in_one(rng):
    params, x, h = init_rnn(rng, D, H), rng.standard_normal((B, D)), rng.standard_normal((B, H))

    def forward_writes(params, x):
        y, cache = linear_forward({"weight": params["weight"].copy(), "bias": params["bias"].copy()}, x.copy())
        params["scratch"][...] = y.sum() + params["scratch"]  # does not change the answer
        return y, cache

    def shared(cache, dh_next):
        dparams, dx, dh = rnn_step_backward(cache, dh_next)
        return dparams | {"bias_hh": dparams["bias_ih"]}, dx, dh

    with pytest.raises(CheckFailed, match=r"shared: dparams\['bias_ih'\] and dparams\['bias_hh'\] share memory"):
        check_purity(rnn_step_forward, shared, params, x, h, rng=rng)
    params = {"weight": rng.standard_normal((H, D)), "bias": np.zeros(H), "scratch": np.zeros(1)}
    with pytest.raises(CheckFailed, match=r"forward_writes changed params\['scratch'\] in place"):
        check_purity(forward_writes, linear_backward, params, x, rng=rng)


def test_data_has_no_gradient_and_no_name_is_guessed(rng):
    def returns_dloss(cache, dloss=1.0):
        return cache.errors

    args = rng.standard_normal((B, D)), rng.standard_normal((B, D))
    check_purity(mean_squared_error_forward, mean_squared_error_backward, *args, rng=rng, data=("targets",))
    for data, name in ((("targets",), "dpredictions"), ((), r"gradients\[0\]")):
        with pytest.raises(CheckFailed, match=f"returns_dloss: {name} and "):
            check_purity(mean_squared_error_forward, returns_dloss, *args, rng=rng, data=data)


def test_what_may_share_passes(rng):
    def all_and_last(xs):
        hs = np.tanh(xs)
        return hs, hs[-1], (xs, hs)  # the cache holds an argument and an output, and one output is a view of the other

    def backward(cache, dhs, dstate_T):
        _, hs = cache
        dxs = dhs * (1 - hs**2)
        dxs[-1] += dstate_T * (1 - hs[-1] ** 2)
        return dxs

    xs = rng.standard_normal((T, B, D))
    check_purity(all_and_last, backward, xs, rng=rng)
    check_purity(rnn_forward, rnn_backward, init_rnn(rng, D, H), xs, np.zeros((B, H)), rng=rng)


def test_nan_that_stays_is_no_change(rng):
    def backward(cache, dy):
        return dy * np.nan

    check_purity(relu_forward, backward, np.array([1.0, np.nan]), rng=rng)
