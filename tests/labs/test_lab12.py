"""Lab 12: whether its text is true, and what its checks say in cases of their own. What holds for every lab is in test_labs.py."""

import inspect
import subprocess
import sys

import numpy as np
import pytest
import torch

from rnncore.checks.labs import lab12
from rnncore.checks.labs.lab12.inputs import example_sequence
from rnncore.reference.tree import tree_map
from tests.labs.labs import solved
from tests.labs.test_labs import failure


def test_what_the_text_says_of_the_experiment_is_true(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    notebook = solved("lab12")
    carried, reset, used = (notebook["errors"][name] for name in ("carried", "reset", "trained carried, reset in use"))
    assert carried.shape == reset.shape == used.shape == (3, 8)
    assert np.ptp(np.median(carried, axis=0)) < 0.25  # nearly level
    assert (reset[:, 0] - carried[:, 0]).min() > 0.2  # far above at the first place
    assert (reset[:, 0] - reset[:, 2]).min() > 0.12 and (reset[:, 0] - reset[:, 1]).min() > 0.05  # falls over the first places
    assert abs(np.median(reset - carried, axis=0)[4:]).max() < 0.15  # comes near the other line
    assert used[:, 0].min() > reset[:, 0].max()  # begins highest
    assert 0 < np.median(reset.mean(axis=1)) - np.median(carried.mean(axis=1)) < 0.2  # the means do not differ by much
    losses = notebook["losses"]
    assert all(loss.shape == (3, 400) and (loss[:, -40:].mean(axis=1) < loss[:, :5].mean(axis=1) - 1).all() for loss in losses.values())
    ratios = notebook["ratios"]
    assert all(len(ratio) == 7 for ratio in ratios.values())
    if notebook["device"] == "cpu":
        medians = {name: np.median(ratio) for name, ratio in ratios.items()}
        assert 1.5 < medians["lstm_forward"] < 12 and 1.5 < medians["lstm_step in a loop"] < 12  # several times as long


def test_what_the_text_says_of_tensors_made_of_arrays_is_true():
    for dtype, shares in (("float32", True), ("float64", False)):
        array = np.zeros(3, dtype)
        made = {"tensor": torch.tensor(array), "from_numpy": torch.from_numpy(array), "as_tensor": torch.as_tensor(array)}
        old = torch.Tensor(array)
        array[0] = 1
        assert {str(tensor.dtype) for tensor in made.values()} == {f"torch.{dtype}"} and old.dtype == torch.float32
        assert [float(tensor[0]) for tensor in made.values()] == [0, 1, 1] and float(old[0]) == shares


def test_the_graph_of_one_step_has_about_twenty_nodes():
    params, xs, state0 = example_sequence()
    seen, waiting = set(), [part.grad_fn for part in lab12.sequence.reference(params, xs[:1], state0)[1]]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [following for following, _ in node.next_functions]
    assert 15 <= len(seen) <= 25


@pytest.mark.parametrize("name", lab12.__all__)
def test_what_a_property_says_is_one_sentence_with_the_functions_name(name, monkeypatch):
    exercise = getattr(lab12, name)
    right = exercise.reference

    def broken(*args):
        change = {str: lambda leaf: "mps", np.ndarray: lambda leaf: leaf * 1.001}
        return tree_map(lambda leaf: change.get(type(leaf), lambda tensor: tensor * 1.001)(leaf), right(*args))

    broken.__name__, broken.__signature__ = right.__name__, inspect.signature(right)
    monkeypatch.setattr(exercise, "reference", broken)
    assert failure(exercise, broken).startswith(f"{right.__name__}: ")


def test_a_method_that_is_not_written_is_not_a_method_that_stopped():
    class LSTMStep(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *inputs):
            ctx.save_for_backward(*inputs)
            return inputs[1] * 1, inputs[2] * 1

        @staticmethod
        def backward(ctx, *sent):
            raise NotImplementedError()

    namespace = {"LSTMStep": LSTMStep}
    exec("def lstm_step(*inputs):\n    return LSTMStep.apply(*inputs)", namespace)
    step = namespace["lstm_step"]
    assert "it stopped with NotImplementedError: no message" in failure(lab12.custom_step, step)  # the class is from another cell
    assert "it is not written yet" in failure(lab12.custom_step, lambda *inputs: LSTMStep.apply(*inputs))


def test_a_device_that_cannot_be_had_from_torch_is_another_sentence():
    """An error of PyTorch that happens to be a NotImplementedError does not mean that nothing was written."""

    def lstm_forward(params, xs, state0):
        return xs.to("meta").cpu(), state0

    message = failure(lab12.sequence, lstm_forward)
    assert "it stopped in line" in message and "Cannot copy out of meta tensor" in message


def test_the_past_is_told_from_the_second_walk():
    def chunk_gradients(params, xs, targets, state):
        for part in params.values():
            part.grad = None
        hs, state = lab12.sequence.reference(params, xs, state)
        loss = torch.nn.functional.cross_entropy((hs @ params["weight_out"].T + params["bias_out"]).flatten(0, 1), targets.flatten())
        loss.backward()
        return loss.detach(), {name: part.grad for name, part in params.items()}, type(state)(*(part.detach() for part in state))

    message = failure(lab12.chunk, chunk_gradients)
    assert message.startswith("chunk_gradients: with a state that has a past, from the chunk before, the way back goes on into that past")


def test_warnings_of_torch_cost_nothing(capfd):
    def warns(params, chunks, state):
        torch.tensor(chunks[0])  # PyTorch warns of this
        return lab12.stream.reference(params, chunks, state)

    lab12.stream.check(warns, rng=np.random.default_rng(0))
    assert capfd.readouterr().err == ""


def test_the_checks_of_other_labs_load_no_torch():
    code = "import sys; from rnncore.checks.labs import lab01, lab05; lab01.step_forward.check(lab01.step_forward.reference)\n"
    code += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
