"""Lab 1: what its checks say in cases of their own, and whether its text is true. What holds for every lab is in test_labs.py."""

import numpy as np
import pytest

import rnncore.reference as reference
from rnncore.checks import CheckFailed
from rnncore.checks.labs import lab01
from tests.labs.labs import solved
from tests.labs.test_labs import failure


def test_an_untouched_function_is_told_from_an_error():
    def rnn_step_forward(params, x, h):
        raise NotImplementedError()

    def rnn_forward(params, xs, state0):
        return rnn_step_forward(params, xs[0], state0)

    assert "it is not written yet; put your code" in failure(lab01.step_forward, rnn_step_forward)
    assert "it stopped in line" in failure(lab01.sequence_forward, rnn_forward)


def test_a_second_call_must_give_the_same():
    total = 0

    def remembers(params, xs):
        nonlocal total
        total += 1
        return lab01.prediction.reference(params, xs) * (1 if total <= 4 else 0.5)

    assert failure(lab01.prediction, remembers).startswith("predict on the worked example, called a second time: p[0] is")


def test_fresh_inputs_differ_each_time():
    seen = []

    def watch(params, x, h):
        seen.append(x.tobytes())
        return reference.rnn_step_forward(params, x, h)

    lab01.step_forward.check(watch)
    lab01.step_forward.check(watch)
    assert len(set(seen)) == 1 + 4 + 4  # the worked example, and what each check drew, once of it for the property


def test_or_reference(capsys):
    def wrong(params, x, h):
        return x, None

    stand_in = lab01.step_forward.or_reference(wrong)
    lab01.sequence_forward.check(lambda params, xs, state0: unrolled(stand_in, params, xs, state0))
    with pytest.raises(CheckFailed):
        lab01.step_forward.check(stand_in)  # still the learner's answer
    assert lab01.step_forward.or_reference(reference.rnn_step_forward) is reference.rnn_step_forward
    assert lab01.step_forward.or_reference(None)(*lab01.step_forward.example())[0].shape == (1, 1)
    assert "is not right yet" in capsys.readouterr().out


def unrolled(step, params, xs, state0):
    steps, h = [], state0
    for x in xs:
        h, cache = step(params, x, h)
        steps.append(cache)
    hs = np.stack([cache.h_next for cache in steps])
    return hs, h, reference.RNNCache(steps, hs)


def test_what_the_text_says_of_the_experiment_is_true(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    notebook = solved("lab01")
    four, eight, sixteen = (notebook["accuracy"][f"{length} words"] for length in (4, 8, 16))
    assert four[:, 9:].min() > 0.99  # learned within 200 steps by every seed
    assert np.abs(np.median(eight, axis=0)[:4] - 0.5).max() < 0.1 and np.median(eight[:, -1]) > 0.9  # nothing for a while, then a rise
    assert np.median(sixteen, axis=0).max() < 0.65  # most have not begun
    reach = np.array(notebook["reach"])
    assert reach[:, 0].max() < 1e-3
    logarithm = np.log(reach)
    assert all(np.corrcoef(np.arange(16), line)[0, 1] > 0.98 for line in logarithm)  # nearly a straight line
