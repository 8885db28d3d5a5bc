"""The hand calculation of book/recurrent_cell.md: its numbers, and that the page prints no others."""

import re
from pathlib import Path

import numpy as np
import pytest

from rnncore.checks import compare
from rnncore.reference import linear_forward, rnn_forward, rnn_step_forward, softmax

CHAPTER = Path(__file__).parents[1] / "book" / "recurrent_cell.md"
SIX_DECIMALS = {"rtol": 0, "atol": 5.1e-7}

PARAMS = {
    "weight_ih": np.array([[0.5, -0.3], [0.2, 0.8], [-0.4, 0.1]]),
    "weight_hh": np.array([[0.6, -0.2, 0.3], [0.1, 0.7, -0.1], [-0.3, 0.4, 0.5]]),
    "bias_ih": np.array([0.1, -0.2, 0.0]),
    "bias_hh": np.zeros(3),
}
OUT = {"weight": np.array([[0.9, 0.2, -0.4], [-0.5, 0.6, 0.8]]), "bias": np.zeros(2)}
XS = np.array([[0.8, 0.3], [0.9, 0.7], [0.6, 0.4]])[:, None]  # (T, B, D) = (3, 1, 2)

H_BY_HAND = np.array([[0.388473, 0.197375, -0.282135], [0.421050, 0.632291, -0.437115], [0.268306, 0.646010, -0.283935]])
Y_BY_HAND = np.array([0.484251, 0.026305])
P_BY_HAND = np.array([0.612527, 0.387473])


@pytest.fixture(scope="module")
def hs():
    return rnn_forward(PARAMS, XS, np.zeros((1, 3)))[0]


@pytest.mark.parametrize("t", range(3))
def test_states(hs, t):
    compare(f"h_{t + 1}", hs[t, 0], H_BY_HAND[t], **SIX_DECIMALS)


def test_states_one_step_at_a_time(hs):
    h = np.zeros((1, 3))
    for t, x in enumerate(XS):
        h, _ = rnn_step_forward(PARAMS, x, h)
        compare(f"h_{t + 1}", h, hs[t], rtol=0, atol=0)


def test_output_and_softmax(hs):
    y, _ = linear_forward(OUT, hs[-1])
    compare("y_3", y[0], Y_BY_HAND, **SIX_DECIMALS)
    compare("softmax", softmax(y)[0], P_BY_HAND, **SIX_DECIMALS)


def test_every_six_decimal_number_on_the_page_is_a_computed_one(hs):
    page = CHAPTER.read_text(encoding="utf-8").split("(recurrent-cell:by-hand)=")[1].split("### The same with code")[0]
    printed = set(re.findall(r"\d+\.\d{6}", page))
    computed = {f"{abs(value):.6f}" for value in _everything(hs)}
    assert len(printed) > 30
    assert printed <= computed, sorted(printed - computed)
    states_and_results = {f"{abs(value):.6f}" for value in np.concatenate([hs.ravel(), Y_BY_HAND, P_BY_HAND])}
    assert states_and_results <= printed, sorted(states_and_results - printed)


def test_same_numbers_in_torch(hs):
    torch = pytest.importorskip("torch")
    rnn = torch.nn.RNN(2, 3, dtype=torch.float64)
    rnn.load_state_dict({f"{name}_l0": torch.tensor(value) for name, value in PARAMS.items()})  # the names and both biases of PyTorch
    compare("torch.nn.RNN", rnn(torch.tensor(XS))[0].detach().numpy(), hs)


def _everything(hs):
    """All products and sums of the calculation, and what follows from them."""
    before = np.concatenate([np.zeros((1, 3)), hs[:-1, 0]])
    for x, h in zip(XS[:, 0], before, strict=True):
        parts = PARAMS["weight_ih"] * x, PARAMS["weight_hh"] * h
        yield from parts[0].ravel()
        yield from parts[1].ravel()
        yield from parts[0].sum(axis=1)
        yield from parts[1].sum(axis=1)
        yield from parts[0].sum(axis=1) + parts[1].sum(axis=1) + PARAMS["bias_ih"]
    products = OUT["weight"] * hs[-1]
    exp = np.exp(products.sum(axis=1))
    for values in (hs, products, products.sum(axis=1), exp, exp.sum(), exp / exp.sum()):
        yield from np.ravel(values)
