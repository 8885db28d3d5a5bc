"""State dicts of torch.nn load into the reference and back, with layers and directions, and give the same outputs."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore.checks import compare
from rnncore.reference.bidirectional import BidirectionalState, bidirectional_forward, init_bidirectional
from rnncore.reference.cells import CELLS
from rnncore.reference.lstm import LSTMState
from rnncore.reference.stacked import init_stacked, stacked_forward

T, B, D, H, L = 5, 2, 3, 4, 3
MODULES = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
EXACT = {"rtol": 0, "atol": 0}


def zeros(cell):
    return CELLS[cell].zero_state(B, H)


@pytest.mark.parametrize("cell", MODULES)
def test_module_to_reference(rng, cell):
    """A module's own parameters, loaded into the reference, give the module's outputs."""
    module, xs = MODULES[cell](D, H).double(), rng.standard_normal((T, B, D))
    params = mirror.params_from_state_dict(module.state_dict())
    hs, *_ = CELLS[cell].forward(params, xs, zeros(cell))
    compare("hs", module(torch.tensor(xs))[0].detach().numpy(), hs)


@pytest.mark.parametrize("cell", MODULES)
def test_layers(rng, cell):
    params, xs = init_stacked(rng, D, H, L, cell=cell), rng.standard_normal((T, B, D))
    module = MODULES[cell](D, H, num_layers=L).double()
    module.load_state_dict(mirror.state_dict_from_params(params))
    hs, states, _ = stacked_forward(params, xs, [zeros(cell)] * L, cell=cell)
    torch_hs, torch_state = module(torch.tensor(xs))
    compare("hs", torch_hs.detach().numpy(), hs)
    if cell == "lstm":
        states, torch_state = [state.c for state in states], torch_state[1]
    compare("state_T", torch_state.detach().numpy(), np.stack(states))
    compare("params", mirror.params_from_state_dict(module.state_dict()), params, **EXACT)


@pytest.mark.parametrize("cell", MODULES)
def test_directions(rng, cell):
    params, xs = init_bidirectional(rng, D, H, cell=cell), rng.standard_normal((T, B, D))
    module = MODULES[cell](D, H, bidirectional=True).double()
    module.load_state_dict(mirror.state_dict_from_params(params))
    ys, *_ = bidirectional_forward(params, xs, BidirectionalState(zeros(cell), zeros(cell)), cell=cell)
    compare("ys", module(torch.tensor(xs))[0].detach().numpy(), ys)
    compare("params", mirror.params_from_state_dict(module.state_dict()), params, **EXACT)


@pytest.mark.parametrize("cell", MODULES)
def test_layers_of_two_directions(rng, cell):
    module, xs = MODULES[cell](D, H, num_layers=2, bidirectional=True).double(), rng.standard_normal((T, B, D))
    params = mirror.params_from_state_dict(module.state_dict())
    ys, state0 = xs, BidirectionalState(zeros(cell), zeros(cell))
    for layer in params:
        ys, *_ = bidirectional_forward(layer, ys, state0, cell=cell)
    compare("ys", module(torch.tensor(xs))[0].detach().numpy(), ys)
    back = mirror.state_dict_from_params(params)
    assert list(back) == list(module.state_dict())
    assert all(torch.equal(back[key], value) for key, value in module.state_dict().items())


@pytest.mark.parametrize("cell", MODULES)
def test_part_of_a_larger_module(cell):
    """Two modules of the same kind in one: the prefix picks one of them, its numbers too, there and back."""
    pair = torch.nn.ModuleDict({name: MODULES[cell](D, H, num_layers=2) for name in ("rnn", "other")}).double()
    whole = pair.state_dict()
    params = mirror.params_from_state_dict(whole, prefix="rnn.")
    compare("params", params, mirror.params_from_state_dict(pair["rnn"].state_dict()), **EXACT)
    assert np.abs(params[0]["weight_hh"] - pair["other"].weight_hh_l0.detach().numpy()).max() > 0
    back = mirror.state_dict_from_params(params, prefix="rnn.")
    assert list(back) == [key for key in whole if key.startswith("rnn.")]
    assert all(torch.equal(value, whole[key]) for key, value in back.items())


def test_nothing_is_shared(rng):
    module = torch.nn.RNN(D, H).double()
    params = mirror.params_from_state_dict(module.state_dict(), stacked=True)
    assert isinstance(params, list) and len(params) == 1
    before = module.weight_hh_l0.detach().clone()
    state_dict = mirror.state_dict_from_params(params)
    params[0]["weight_hh"][...] = 7
    assert torch.equal(module.weight_hh_l0, before) and torch.equal(state_dict["weight_hh_l0"], before)


def test_the_mirrors_tensors_go_into_a_module(rng):
    params = mirror.init_lstm(rng, D, H, device="cpu", dtype=torch.float64)
    module, xs = torch.nn.LSTM(D, H).double(), torch.ones(T, B, D, dtype=torch.float64)
    module.load_state_dict(mirror.state_dict_from_params(params))
    state0 = LSTMState(torch.zeros(B, H, dtype=torch.float64), torch.zeros(B, H, dtype=torch.float64))
    torch.testing.assert_close(mirror.lstm_forward(params, xs, state0)[0], module(xs)[0], rtol=0, atol=0)


@pytest.mark.parametrize(
    ("state_dict", "options", "words"),
    [
        ([], {}, r"state_dict must be a dict of tensors, got a value of type list\."),
        ({}, {}, r"state_dict is empty\."),
        (torch.nn.GRU(D, H).state_dict(), {"prefix": "rnn."}, r"state_dict has no key that starts with 'rnn\.'\."),
        (torch.nn.Linear(D, H).state_dict(), {}, r"but it also has 'weight'\."),
        (torch.nn.LSTM(D, H, proj_size=2).state_dict(), {}, r"but it also has 'weight_hr_l0'\."),
        (torch.nn.LSTM(D, H, bias=False).state_dict(), {}, r"state_dict lacks 'bias_ih_l0'; modules made with bias=False"),
    ],
)
def test_bad_state_dict(state_dict, options, words):
    with pytest.raises((TypeError, ValueError), match=words):
        mirror.params_from_state_dict(state_dict, **options)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ([], r"params must hold one layer or more, got an empty list\."),
        ([3], r"params\[0\] must be a dict of parameters, got a value of type int\."),
        ({"weight": 1}, r"params must have exactly the keys weight_ih, weight_hh, bias_ih, bias_hh, got weight\."),
        ({"forward": {}, "reverse": {}}, r"params\['forward'\] must have exactly the keys"),
    ],
)
def test_bad_params(params, words):
    with pytest.raises((TypeError, ValueError), match=words):
        mirror.state_dict_from_params(params)
