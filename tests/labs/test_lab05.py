"""Lab 5: whether its text is true, and what its checks say in cases of their own. What holds for every lab is in test_labs.py."""

import numpy as np
import pytest

import rnncore.reference as reference
from rnncore.checks.labs import lab05
from rnncore.reference.tree import tree_map
from rnncore.tasks.adding import adding_baseline
from tests.labs.labs import solved
from tests.labs.test_labs import failure


def test_what_the_text_says_of_the_experiment_is_true(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    notebook = solved("lab05")
    plain, drawn, biased = (notebook["errors"][cell] for cell in notebook["CELLS"])
    assert all(errors.shape == (4, 18) for errors in (plain, drawn, biased))
    assert round(adding_baseline(), 3) == 0.167
    assert plain.min() > 0.12 and np.median(plain, axis=0).max() < 0.2  # learns next to nothing
    for errors in (drawn, biased):
        assert np.median(errors[:, :6], axis=0).min() > 0.13  # nothing for more than a hundred steps
        assert errors[:, -1].max() < 0.01  # every seed has learned it
    solved_at = [25 * (1 + (errors < 0.02).argmax(axis=1)) for errors in (drawn, biased)]
    assert solved_at[0].min() < np.median(solved_at[1]) < solved_at[0].max()  # neither is clearly ahead
    assert solved_at[1].min() < np.median(solved_at[0]) < solved_at[1].max()

    reaches = notebook["reaches"]
    for cell in ("plain cell", "LSTM as drawn"):
        assert reaches[f"{cell}, untrained"][:, 0].max() < 1e-3
        assert all(np.corrcoef(np.arange(20), line)[0, 1] > 0.94 for line in np.log(reaches[f"{cell}, untrained"]))
    for name in ("LSTM, forget bias 3, untrained", "LSTM as drawn, trained"):
        median = np.median(reaches[name], axis=0)
        assert median.min() > 0.1 and median.max() < 10
        assert reaches[name][:, 0].min() > 0.1 and reaches[name][:, 0].max() < 10  # about as much as the last step
    f = reference.sigmoid(np.array([0.0, 3.0]))
    assert f"{f[0] ** 20:.0e}" == "1e-06" and f"{f[1]:.2f} {f[1] ** 20:.1f}" == "0.95 0.4"


def test_an_array_that_is_missing_explains_nothing():
    """Two results that both lack an array are not the same fault."""

    def no_state(cache, dstate_next):
        dparams, dx, dstate = reference.lstm_step_backward(cache, dstate_next)
        return dparams, dx, dstate.h

    assert failure(lab05.step_backward, no_state).endswith("dstate must be LSTMState(h, c), got an array of shape (1, 1).")


@pytest.mark.parametrize("name", lab05.__all__)
def test_what_a_property_says_is_one_sentence_with_the_functions_name(name, monkeypatch):
    exercise = getattr(lab05, name)

    def broken(*args):
        return tree_map(lambda a: a * 1.001 if isinstance(a, np.ndarray) else a, right(*args))

    right = exercise.reference
    broken.__name__ = right.__name__
    monkeypatch.setattr(exercise, "reference", broken)
    assert failure(exercise, broken).startswith(f"{right.__name__}: ")


def test_a_list_and_a_dict_in_another_order_are_right():
    def other(cache, dhs, dstate_T=None):
        dparams, dxs, dstate0 = reference.lstm_backward(cache, dhs, dstate_T)
        return [dict(reversed(dparams.items())), dxs, dstate0]

    lab05.sequence_backward.check(other, rng=np.random.default_rng(0))
