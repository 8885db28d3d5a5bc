"""The widget takes a gradient apart into the terms of single steps: they are right, and their sum is the gradient."""

import numpy as np
import pytest

from rnncore import linear_forward, rnn_backward, rnn_forward, sigmoid_cross_entropy_backward, sigmoid_cross_entropy_forward
from rnncore.checks import compare, numerical_gradient
from rnncore.widgets import widget
from rnncore.widgets.bptt_steps import EMBEDDINGS, GRADIENTS, OUT, PARAMS, SENTENCES, walk_back

WIDGET = widget("bptt_steps")
LONG, SHORT = SENTENCES
SIX_DECIMALS = {"rtol": 0, "atol": 5.1e-7}


def walk(sentence=LONG, recurrence=1.0, every_step=False):
    params = {**PARAMS, "weight_hh": recurrence * PARAMS["weight_hh"]}
    return walk_back(params, OUT, np.array([EMBEDDINGS[w] for w in sentence.split()]), SENTENCES[sentence], every_step=every_step)


def lengths(numbers, name="weight_ih"):
    terms = numbers["terms"][name]
    return np.linalg.norm(terms.reshape(len(terms), -1), axis=1)


def test_against_a_calculation_by_hand():
    numbers = walk()
    sums = {name: terms.sum(axis=0) for name, terms in numbers["terms"].items()}
    compare("p", numbers["p"][-1:], np.array([0.685211]), **SIX_DECIMALS)
    compare("loss", np.array([numbers["loss"]]), np.array([0.378028]), **SIX_DECIMALS)
    compare("dy", numbers["dy"][-1], np.array([-0.314789]), **SIX_DECIMALS)
    compare("da_6", numbers["da"][5], np.array([-0.052391, -0.020482, -0.048634]), **SIX_DECIMALS)
    compare("da_1", numbers["da"][0], np.array([-0.001439, -0.001242, -0.000901]), **SIX_DECIMALS)
    compare("db", sums["bias_ih"], np.array([-0.087371, -0.039767, -0.069100]), **SIX_DECIMALS)
    compare("dW_ho", sums["weight_ho"][0], np.array([-0.210045, -0.258563, -0.246614]), **SIX_DECIMALS)
    by_hand = [[-0.035113, -0.028887, -0.027313], [-0.015421, -0.012383, -0.012947], [-0.029014, -0.024314, -0.019875]]
    compare("dW_ih", sums["weight_ih"], np.array(by_hand), **SIX_DECIMALS)
    by_hand = [[-0.048843, -0.067819, -0.061770], [-0.021404, -0.029701, -0.027181], [-0.039577, -0.055072, -0.049793]]
    compare("dW_hh", sums["weight_hh"], np.array(by_hand), **SIX_DECIMALS)
    short = walk(SHORT)
    compare("p, loss", np.array([short["p"][-1], short["loss"]]), np.array([0.678253, 1.133988]), **SIX_DECIMALS)
    compare("db", short["da"].sum(axis=0), np.array([0.225362, 0.123363, 0.174626]), **SIX_DECIMALS)


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("name", ["weight_ih", "weight_hh", "bias_ih", "weight_ho"])
def test_the_terms_sum_to_the_gradient(name, every_step):
    rng = np.random.default_rng(2)
    xs = rng.normal(size=(5, 2))
    params = {
        "weight_ih": rng.normal(size=(4, 2)),
        "weight_hh": rng.normal(size=(4, 4)),
        "bias_ih": rng.normal(size=4),
        "bias_hh": np.zeros(4),
    }
    out = {"weight": rng.normal(size=(1, 4)), "bias": np.zeros(1)}

    def loss():
        return walk_back(params, out, xs, 1, every_step=every_step)["loss"]

    numbers = walk_back(params, out, xs, 1, every_step=every_step)
    value = out["weight"] if name == "weight_ho" else params[name]
    compare(name, numbers["terms"][name].sum(axis=0), numerical_gradient(loss, value), rtol=1e-6, atol=1e-8)
    compare("da", numbers["da"], (numbers["above"] + numbers["future"]) * (1 - numbers["h"] ** 2))


def test_the_terms_sum_to_what_rnn_backward_gives():
    xs = np.array([EMBEDDINGS[w] for w in LONG.split()])[:, None]
    hs, h, cache = rnn_forward(PARAMS, xs, np.zeros((1, 3)))
    logit, _ = linear_forward(OUT, h)
    dy = sigmoid_cross_entropy_backward(sigmoid_cross_entropy_forward(logit, np.ones((1, 1)))[1])
    dparams, _, _ = rnn_backward(cache, np.zeros_like(hs), dy @ OUT["weight"])
    for name in ("weight_ih", "weight_hh", "bias_ih"):
        compare(name, walk()["terms"][name].sum(axis=0), dparams[name])


@pytest.mark.parametrize("parameter", GRADIENTS)
@pytest.mark.parametrize("step", [1, 4, 6])
def test_the_cells_hold_the_terms_taken_and_their_sum(parameter, step):
    terms = walk()["terms"][GRADIENTS[parameter][0]].reshape(6, -1)
    rows = WIDGET(parameter=parameter, step=step).data[0]["text"][-terms.shape[1] :]
    for n, row in enumerate(rows):
        assert row[: 6 - step] == [""] * (6 - step)
        taken = 1000 * terms[6 - step :, n]
        for text, value in zip([*row[6 - step : 6], *row[7:]], [*taken, taken.sum()], strict=True):
            assert abs(float(text) - value) <= (0.501 if abs(value) >= 100 else 0.0501) and not text.startswith("-0.0")
    compare("bars", WIDGET(parameter=parameter, step=6).data[1]["y"], 1000 * np.linalg.norm(terms, axis=1))
    assert np.isnan(WIDGET(parameter=parameter, step=step).data[1]["y"]).sum() == 6 - step


def test_what_to_look_for_is_there():
    share = lengths(walk()) / lengths(walk()).sum()
    assert share[-2:].sum() > 0.8 and share[0] < 0.02
    assert (np.diff(np.linalg.norm(walk()["da"], axis=1)) > 0).all()
    share = lengths(walk(every_step=True)) / lengths(walk(every_step=True)).sum()
    assert share[:2].sum() > 2 * share[-2:].sum()
    short = lengths(walk(SHORT)) / lengths(walk(SHORT)).sum()
    assert short[-1] > 0.6


def test_without_recurrence_only_the_last_word_counts():
    bars = WIDGET(recurrence=0.0).data[1]["y"]
    assert (bars[:-1] == 0).all() and bars[-1] > 0
    assert (lengths(walk(recurrence=0.0))[:-1] == 0).all() and lengths(walk(recurrence=0.0))[-1] > 0
    assert (lengths(walk(), "weight_ho")[:-1] == 0).all()  # one loss, so the output layer has one term
    assert (lengths(walk(every_step=True), "weight_ho") > 0).all()


def test_a_short_sentence_ends_where_it_begins():
    assert WIDGET(sentence=SHORT, step=4).data[0]["text"] == WIDGET(sentence=SHORT, step=6).data[0]["text"]
    assert "After 4 of 4 steps back" in WIDGET(sentence=SHORT, step=6).note


def test_what_is_pointed_at_says_how_it_came_about():
    hovers = WIDGET().data[0]["hovertext"]
    numbers = walk()
    parts = [f"{1000 * numbers[name][4, 0]:.3f}" for name in ("above", "future")]
    assert hovers[0][4] == f"from above {parts[0]}<br>from the future {parts[1]}<br>times 1 - h² = {1 - numbers['h'][4, 0] ** 2:.4f}"
    assert hovers[-9][5] == "(-52.391)·0.5000<br>= -26.195"
    assert hovers[-9][7].startswith("sum: -35.113")
    assert WIDGET(parameter="W_ho").data[0]["hovertext"][0][5] == "probability 0.6852<br>dy = -314.789"
