"""Parameters of a GRU for another convention: what runs with them gives the same states, and what is refused has no such parameters."""

import re
from itertools import product

import numpy as np
import pytest

from rnncore.checks import compare
from rnncore.reference.activations import sigmoid
from rnncore.reference.gru import gru_forward, gru_step_forward, init_gru
from rnncore.reference.gru_conventions import move_reset_gate, swap_update_gate

T, B, D, H = 5, 2, 3, 4
R, N = slice(H), slice(2 * H, None)  # rows of the reset gate, of the candidate
OTHER = {"after": "before", "before": "after"}


def with_gates(labels):
    """Units with the same label have the same reset gate."""

    def make(rng):
        params = init_gru(rng, D, H)
        for value in params.values():
            value[R] = value[R][labels]
        return params

    return make


def joined(pattern, labels=(0, 1, 2, 3)):
    """Unit i listens to unit j where pattern[i, j] is not 0."""

    def make(rng):
        params = with_gates(list(labels))(rng)
        params["weight_hh"][N] *= pattern
        return params

    return make


def constant_gates(rng):
    """Each reset gate is another constant."""
    params = init_gru(rng, D, H)
    params["weight_ih"][R] = params["weight_hh"][R] = 0
    return params


def one_gate_in_two_biases(rng):
    """One reset gate, of which each unit has another share in bias_ih."""
    params = with_gates([0, 0, 0, 0])(rng)
    params["bias_ih"][R] = [0.25, 0.5, 1.0, -0.5]
    params["bias_hh"][R] = 0.5 - params["bias_ih"][R]
    return params


BLOCKS = np.kron(np.eye(2), np.ones((2, 2)))
CYCLE = np.roll(np.eye(4), 1, axis=0)
ONE_SENDER = np.outer(np.ones(4), [0, 1, 0, 0])
BOTH_WAYS = {
    "diagonal": joined(np.eye(4)),
    "one gate": with_gates([0, 0, 0, 0]),
    "one gate in two biases": one_gate_in_two_biases,
    "blocks": joined(BLOCKS, labels=(1, 1, 3, 3)),
    "each listens to another": joined(CYCLE),
    "nobody listens": joined(np.zeros((4, 4))),
    "constant gates": constant_gates,
}


def without_bias(params):
    params["bias_hh"][N] = 0
    return params


def states(rng, params, reset):
    return gru_forward(params, rng.standard_normal((T, B, D)), rng.standard_normal((B, H)), reset=reset)[0]


def check_moved(params, to, seed=7):
    kept = {name: value.copy() for name, value in params.items()}
    moved = move_reset_gate(params, to=to)
    compare("params", params, kept, rtol=0, atol=0)
    assert not any(np.shares_memory(moved[name], params[name]) for name in params)
    rng, again = np.random.default_rng(seed), np.random.default_rng(seed)
    compare("hs", states(rng, moved, to), states(again, params, OTHER[to]), rtol=0, atol=1e-12)
    return moved


@pytest.mark.parametrize("to", OTHER)
@pytest.mark.parametrize("name", BOTH_WAYS)
def test_the_states_are_the_same_on_the_other_side_of_the_product(rng, name, to):
    params = without_bias(BOTH_WAYS[name](rng))
    check_moved(check_moved(params, to), OTHER[to])


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_behind_the_product_the_bias_goes_where_no_gate_is(rng, name):
    moved = check_moved(BOTH_WAYS[name](rng), "after")
    assert not moved["bias_hh"][N].any()


def test_the_bias_of_a_constant_gate_can_be_moved_before_the_product(rng):
    check_moved(constant_gates(rng), "before")
    some = without_bias(with_gates([0, 0, 0, 0])(rng))
    some["weight_ih"][0] = some["weight_hh"][0] = 0
    some["weight_hh"][N] *= np.eye(H)
    some["bias_hh"][2 * H] = 0.3
    check_moved(some, "before")


def test_what_is_possible_in_one_direction_only(rng):
    all_to_one = without_bias(joined(ONE_SENDER)(rng))
    check_moved(all_to_one, "after")
    with pytest.raises(ValueError, match=r"before the product: units 0 and 1 listen to unit 1, and the reset gates of 0 and 1 differ\.$"):
        move_reset_gate(all_to_one, to="before")
    one_to_all = without_bias(joined(ONE_SENDER.T)(rng))
    check_moved(one_to_all, "before")
    with pytest.raises(ValueError, match=r"after the product: unit 1 listens to units 0 and 1, and the reset gates of 0 and 1 differ\.$"):
        move_reset_gate(one_to_all, to="after")


@pytest.mark.parametrize("to", OTHER)
def test_general_weights_are_refused(rng, to):
    for make in (with_gates([0, 1, 2, 3]), joined(BLOCKS), joined(np.ones((4, 4)), labels=(0, 0, 0, 3))):
        with pytest.raises(ValueError, match=rf"^the reset gate cannot be moved {to} the product: .*differ\.$"):
            move_reset_gate(without_bias(make(rng)), to=to)


@pytest.mark.parametrize("name", [name for name in BOTH_WAYS if name != "constant gates"])
def test_a_bias_behind_a_gate_is_refused_in_front_of_the_product(rng, name):
    params = without_bias(BOTH_WAYS[name](rng))
    params["bias_hh"][2 * H + 1] = 0.5
    words = re.escape("before the product: params['bias_hh'][9] is 0.5, and a gate there multiplies no bias.")
    with pytest.raises(ValueError, match=words):
        move_reset_gate(params, to="before")


@pytest.mark.parametrize("to", OTHER)
@pytest.mark.parametrize("name", BOTH_WAYS)
def test_float32_stays_float32(rng, name, to):
    params = {key: value.astype(np.float32) for key, value in without_bias(BOTH_WAYS[name](rng)).items()}
    assert {value.dtype for value in move_reset_gate(params, to=to).values()} == {np.dtype(np.float32)}
    assert {value.dtype for value in swap_update_gate(params).values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("to", OTHER)
def test_refused_is_what_has_no_such_parameters(to):
    """Small cells with few gates: some gates and weights of the other form fit if and only if the conversion is made."""
    verdicts = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        params = init_gru(rng, 1, 2)
        for value in params.values():
            value[:2] = value[:2][rng.integers(2, size=2)]
        params["weight_ih"][:2] *= rng.integers(2, size=(2, 1))
        params["weight_hh"][:2] *= np.any(params["weight_ih"][:2], axis=1, keepdims=True)
        params["weight_hh"][4:] *= rng.integers(2, size=(2, 2))
        params["bias_hh"][4:] *= rng.integers(2, size=2)
        try:
            move_reset_gate(params, to=to)
            verdicts.append(True)
        except ValueError:
            verdicts.append(False)
        assert fits(params, to, rng) == verdicts[-1], seed
    assert {True, False} == set(verdicts)


def fits(params, to, rng, samples=80):
    """Whether some parameters of the form `to` have the candidates of params: gates of every kind tried, weights by least squares."""
    x, h = rng.standard_normal((samples, 1)), rng.standard_normal((samples, 2))
    _, cache = gru_step_forward(params, x, h, reset=OTHER[to])
    wanted = np.arctanh(cache.n)
    gates = [*cache.r.T, *(1 - cache.r).T, np.full(samples, 0.5)]
    rest = np.column_stack([x, np.ones(samples)])
    if to == "after":  # r_i (h W_i + b_i), each i by itself
        offered = [np.column_stack([r[:, None] * h, r]) for r in gates]
        return all(any(distance(own, rest, wanted_i) < 1e-9 for own in offered) for wanted_i in wanted.T)
    return any(distance(np.column_stack(r) * h, rest, wanted) < 1e-9 for r in product(gates, repeat=2))


def distance(offered, rest, wanted):
    offered = np.hstack([offered, rest])
    return np.abs(offered @ np.linalg.lstsq(offered, wanted, rcond=None)[0] - wanted).max()


def test_swapped_parameters_run_the_other_equation(rng):
    """The equations of r, z and n are as before; the last one is h = (1 - z) h_prev + z n."""
    params, xs, h = init_gru(rng, D, H), rng.standard_normal((T, B, D)), rng.standard_normal((B, H))
    kept = {name: value.copy() for name, value in params.items()}
    hs, _, _ = gru_forward(params, xs, h)
    swapped = swap_update_gate(params)
    (W_ir, W_iz, W_in), (W_hr, W_hz, W_hn), (b_ir, b_iz, b_in), (b_hr, b_hz, b_hn) = (np.split(swapped[name], 3) for name in kept)
    others = []
    for x in xs:
        r, z = sigmoid(x @ W_ir.T + b_ir + h @ W_hr.T + b_hr), sigmoid(x @ W_iz.T + b_iz + h @ W_hz.T + b_hz)
        n = np.tanh(x @ W_in.T + b_in + r * (h @ W_hn.T + b_hn))
        h = (1 - z) * h + z * n
        others.append(h)
    compare("hs", np.stack(others), hs, rtol=0, atol=1e-12)
    compare("swapped twice", swap_update_gate(swapped), params, rtol=0, atol=0)
    compare("params", params, kept, rtol=0, atol=0)
