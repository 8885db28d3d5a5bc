"""The tables of the page "Notation" say what rnncore does: names and shapes are compared with arrays that it computes."""

import inspect
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import rnncore as rc
from rnncore import reference

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "book" / "notation.md").read_text("utf8")
SIZES = {"T": 7, "B": 3, "D": 5, "H": 4, "V": 6}  # all different


def tables(*columns):
    """The rows of every table whose head begins with these columns, as lists of cells."""
    rows, inside = [], False
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if cells[: len(columns)] == list(columns):
            inside = True
        elif not cells:
            inside = False
        elif inside and not (cells[0] and set(cells[0]) <= {"-"}):
            rows.append(cells)
    return rows


def shape(text):
    """`(4H, D)` as numbers."""
    axes = [axis for axis in re.fullmatch(r"`?\((.*?),?\)`?", text)[1].replace(" ", "").split(",") if axis]
    return tuple(int(axis[:-1] or 1) * SIZES[axis[-1]] for axis in axes)


@pytest.fixture(scope="module")
def arrays():
    """Everything that the page names, computed by rnncore."""
    T, B, D, H, V = SIZES.values()
    rng = np.random.default_rng(0)
    xs, zeros = rng.standard_normal((T, B, D)), np.zeros((B, H))
    params = rc.init_rnn(rng, D, H)
    hs, state_T, _ = rc.rnn_forward(params, xs, zeros)
    h_next, step = rc.rnn_step_forward(params, xs[0], zeros)
    lstm_state, lstm = rc.lstm_step_forward(rc.init_lstm(rng, D, H), xs[0], rc.LSTMState(zeros, zeros))
    _, gru = rc.gru_step_forward(rc.init_gru(rng, D, H), xs[0], zeros)
    output, table = rc.init_linear(rng, H, V), rc.init_embedding(rng, V, D)
    ys, _ = rc.linear_forward(output, hs)
    targets = rng.integers(0, V, (T, B))
    embedded, _ = rc.embedding_forward(table, targets)
    loss, loss_cache = rc.softmax_cross_entropy_forward(ys, targets)
    dys = rc.softmax_cross_entropy_backward(loss_cache, 1.0)
    _, _, cache = rc.rnn_forward(params, xs, zeros)
    dhs = rc.linear_backward(rc.linear_forward(output, hs)[1], dys)[1]
    dparams, dxs, dstate0 = rc.rnn_backward(cache, dhs)
    lengths = np.array([7, 2, 4])
    both, states = rc.init_bidirectional(rng, D, H, cell="rnn"), rc.BidirectionalState(zeros, zeros)
    assert embedded.shape == xs.shape
    return {
        "x": xs[0],
        "xs": xs,
        "a": np.arctanh(step.h_next),
        "h": step.h,
        "h_next": h_next,
        "hs": hs,
        "state0": zeros,
        "state_T": state_T,
        "c": lstm.c,
        "c_next": lstm_state.c,
        **{name: getattr(lstm, name) for name in "ifgo"},
        **{name: getattr(gru, name) for name in ("r", "z", "n", "a_hn")},
        "weight": output["weight"],
        "bias": output["bias"],
        "E": table["weight"],
        "y": ys[0],
        "ys": ys,
        "p": rc.softmax(ys[0]),
        "targets": targets,
        "loss": loss,
        "dh": rc.rnn_step_backward(step, dhs[0])[2],
        "dhs": dhs,
        "dxs": dxs,
        "dstate0": dstate0,
        'dparams["weight_ih"]': dparams["weight_ih"],
        "J": rc.rnn_step_jacobian(step),
        "rho": rc.spectral_radius(params["weight_hh"]),
        "sigma_max": rc.singular_values(params["weight_hh"])[0],
        "ys_concat": rc.bidirectional_forward(both, xs, states, lengths, cell="rnn")[0],
        "ys_sum": rc.bidirectional_forward(both, xs, states, lengths, cell="rnn", merge="sum")[0],
        "lengths": lengths,
        "mask": rc.length_mask(lengths, T),
    }


def test_every_array_has_the_shape_that_the_page_says(arrays):
    rows = tables("symbol", "in code", "shape")
    assert {row[1].strip("`") for row in rows} == set(arrays) and len(rows) == len(arrays)
    for _, name, said, *_ in rows:
        assert np.shape(arrays[name.strip("`")]) == shape(said), name


def test_parameters_of_every_cell():
    rows = {row[0].strip("`"): row[1:] for row in tables("cell", "blocks of rows, in this order")}
    more = [(cell.strip("`"), re.findall(r"\w+", names), shape(axes)) for cell, names, axes, _ in tables("cell", "further parameters")]
    assert set(rows) == set(rc.CELLS)
    for name, (order, weight_ih, weight_hh, biases) in rows.items():
        params = rc.CELLS[name].init(np.random.default_rng(0), SIZES["D"], SIZES["H"])
        said = {"weight_ih": shape(weight_ih), "weight_hh": shape(weight_hh), "bias_ih": shape(biases), "bias_hh": shape(biases)}
        said |= {further: axes for cell, names, axes in more if cell == name for further in names}
        assert {key: value.shape for key, value in params.items()} == said, name
        assert rc.CELLS[name].gates == len(order.split(", ")), name


@pytest.mark.parametrize(("name", "layer"), [("rnn", torch.nn.RNN), ("lstm", torch.nn.LSTM), ("gru", torch.nn.GRU)])
def test_names_and_shapes_are_those_of_pytorch(name, layer):
    ours = rc.CELLS[name].init(np.random.default_rng(0), SIZES["D"], SIZES["H"])
    theirs = layer(SIZES["D"], SIZES["H"]).state_dict()
    assert {f"{key}_l0": value.shape for key, value in ours.items()} == {key: tuple(value.shape) for key, value in theirs.items()}


@pytest.mark.parametrize("name", ["lstm", "lstm_peephole", "lstm_layer_norm", "lstm_coupled", "gru"])
def test_blocks_stand_in_the_order_that_the_page_says(name):
    """A large bias in one block opens the gate of that letter, or drives that candidate to its end, and no other."""
    order = next(row[1] for row in tables("cell", "blocks of rows, in this order") if row[0] == f"`{name}`").split(", ")
    cell, H = rc.CELLS[name], SIZES["H"]
    zeros = cell.zero_state(SIZES["B"], H)
    for k, letter in enumerate(order):
        params = {key: np.zeros_like(value) for key, value in cell.init(np.random.default_rng(0), SIZES["D"], H).items()}
        params["bias_ih"][k * H : (k + 1) * H] = 30
        step = getattr(reference, f"{name}_step_forward")(params, np.zeros((SIZES["B"], SIZES["D"])), zeros)[1]
        at_end = [other for other in order if np.all(getattr(step, other) > 0.99)]
        assert at_end == [letter], name


def test_the_mirror_rule_of_the_page_is_that_of_the_functions():
    found = re.findall(r"`(\w+)\(([^)]*)\) -> ([^`]*)`", PAGE)
    assert len(found) == 4
    for name, arguments, _ in found:
        assert list(inspect.signature(getattr(rc, name)).parameters) == arguments.split(", "), name


def test_numbers_to_choose_are_arguments_of_functions():
    functions = [rc.adamw_step, rc.sgd_step, rc.clip_by_norm, rc.rnn_residual_forward, rc.truncated_bptt, rc.chunked_bptt]
    functions += [rc.temperature_distribution]
    known = {name for function in functions for name in inspect.signature(function).parameters}
    rows = [row for row in tables("symbol", "in code", "what it is") if len(row) == 4]
    assert rows and {row[1].strip("`") for row in rows} <= known
