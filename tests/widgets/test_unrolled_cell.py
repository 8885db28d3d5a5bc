"""The widget shows the hand calculation of the book, and what an edit changes downstream."""

import numpy as np
import pytest

from rnncore import rnn_forward
from rnncore.checks import compare
from rnncore.widgets import widget
from rnncore.widgets.unrolled_cell import EMBEDDINGS, INPUT_EDITS, ROWS, WEIGHT_EDITS, WEIGHTS, calculate

WIDGET = widget("unrolled_cell")
SIZES = {"x": 2, "input": 3, "recurrent": 3, "a": 3, "h": 3, "y": 2, "p": 2}
BY_HAND = {  # book/recurrent_cell.md
    "input": [[0.31, 0.40, -0.29], [0.24, 0.74, -0.29], [0.18, 0.44, -0.20]],
    "recurrent": [[0, 0, 0], [0.108968, 0.205223, -0.178659], [-0.004962, 0.528420, -0.091956]],
    "a": [[0.41, 0.20, -0.29], [0.448968, 0.745223, -0.468659], [0.275038, 0.768420, -0.291956]],
    "h": [[0.388473, 0.197375, -0.282135], [0.421050, 0.632291, -0.437115], [0.268306, 0.646010, -0.283935]],
    "y": [0.484251, 0.026305],
    "p": [0.612527, 0.387473],
}


def texts(figure):
    """What stands in the cells of each row of numbers: name -> (size, T) of str."""
    lines, found = iter(figure.data[1]["text"]), {}
    for name, size in SIZES.items():
        found[name] = np.array([next(lines) for _ in range(size)])
        next(lines, None)  # the gap
    return found


def marked(figure):
    """name -> (size, T) of bool: where a triangle stands."""
    return {name: np.char.find(rows, "▲") + np.char.find(rows, "▼") > -2 for name, rows in texts(figure).items()}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_cells_hold_the_hand_calculation(name):
    shown = texts(WIDGET())[name].T.astype(float)  # (T, size)
    hand = np.array(BY_HAND[name])
    compare(name, shown if hand.ndim == 2 else shown[-1], hand, rtol=0, atol=1e-6)


def test_numbers_fit_together_for_edited_weights():
    rng = np.random.default_rng(3)
    weights = {name: rng.normal(size=w.shape) for name, w in WEIGHTS.items()}
    xs = rng.normal(size=(4, 2))
    numbers = calculate(weights, xs)
    params = {"weight_ih": weights["W_ih"], "weight_hh": weights["W_hh"], "bias_ih": weights["b_ih"], "bias_hh": np.zeros(3)}
    compare("h", numbers["h"], rnn_forward(params, xs[:, None], np.zeros((1, 3)))[0][:, 0])
    compare("tanh(a)", np.tanh(numbers["a"]), numbers["h"])
    compare("p", numbers["p"].sum(axis=1), np.ones(4))


def test_steps_not_taken_are_empty():
    for step in (1, 2):
        for name, rows in texts(WIDGET(step=step)).items():
            assert (rows[:, step:] == "").all() and (rows[:, :step] != "").all(), name


@pytest.mark.parametrize("number", INPUT_EDITS)
def test_an_input_changes_its_own_step_and_later_ones(number):
    changed = marked(WIDGET(input_number=number, input_change=0.25))
    t, d = INPUT_EDITS[number]
    assert changed["x"].sum() == 1 and texts(WIDGET(input_number=number, input_change=0.25))["x"][d, t].endswith("▲")
    assert not any(rows[:, :t].any() for rows in changed.values())
    assert all(changed[name][:, t:].all() for name in ("a", "h", "y", "p"))
    assert not changed["recurrent"][:, t].any() and changed["recurrent"][:, t + 1 :].all()


@pytest.mark.parametrize("weight", WEIGHT_EDITS)
def test_a_weight_changes_what_it_feeds(weight):
    name, place = WEIGHT_EDITS[weight]
    changed = marked(WIDGET(weight=weight, weight_change=0.3))
    assert not changed["x"].any()
    assert changed["h"][:, 0].any() == (name in ("W_ih", "b_ih"))  # h_0 is zero, so W_hh has nothing to multiply at step 1
    assert any(rows[:, 0].any() for rows in changed.values()) == (name != "W_hh")
    assert changed["h"][place[0], 1] == (name != "W_ho")
    assert changed["y"][:, 2].any()
    assert sum("▲" in text for row in WIDGET(weight=weight, weight_change=0.3).data[0]["text"] for text in row) == 1


def test_triangles_point_the_way_the_number_went():
    before, after = texts(WIDGET()), texts(WIDGET(input_number="x_1[2]", input_change=-0.5))
    for name in ROWS:
        for old, new in zip(before[name].ravel(), after[name].ravel(), strict=True):
            if new[-1] in "▲▼":
                assert (float(new[:-1]) >= float(old)) == (new[-1] == "▲"), (name, old, new)


def test_what_is_pointed_at_says_how_it_came_about():
    trace = WIDGET(weight="W_hh[1, 1]", weight_change=0.4).data[1]
    assert trace["hovertext"][0][1] == "word “love”, number 1<br>= 0.900000"
    recurrent = trace["hovertext"][7][1]
    assert recurrent.startswith("1·0.388473 - 0.2·0.197375 + 0.3·(-0.282135)<br>= 0.264357<br>was 0.108968")


def test_note_and_sentence():
    assert "a = 0.180000 + (-0.004962) + 0.100000 = 0.275038, tanh(a) = 0.268306" in WIDGET().note
    assert "No number differs" in WIDGET().note
    assert "0 of 18 at “I”" in WIDGET(input_number="x_2[1]", input_change=0.5).note
    turned = texts(WIDGET(sentence="AI love I"))
    compare("x", turned["x"].T.astype(float), np.array([EMBEDDINGS[word] for word in ("AI", "love", "I")]))
    assert (turned["h"][:, 2] != texts(WIDGET())["h"][:, 2]).all()  # the order of the words counts


def test_frames_stand_around_what_can_be_edited():
    for weight, (name, place) in WEIGHT_EDITS.items():
        figure = WIDGET(weight=weight, weight_change=0.2, step=2)
        frame, other = figure.layout["shapes"]
        x, row = (frame["x0"] + frame["x1"]) / 2, int(frame["y0"])
        column = int(np.searchsorted(figure.data[0]["x"], x)) - 1
        assert figure.data[0]["text"][row][column].endswith("▲"), (name, place)
        assert (int(other["x0"]), int(other["y0"])) == (0, 0)
    assert len(WIDGET(step=2, input_number="x_3[1]").layout["shapes"]) == 1  # that step is not shown yet
