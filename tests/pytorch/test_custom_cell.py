"""Cells without a fused kernel: the template's hand-derived gradient equals the reference's, and the step's automatic one too."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore.checks import check_parity, compare
from rnncore.pytorch import custom_cell, rooms
from rnncore.reference.cells import CELLS
from rnncore.reference.lstm import LSTMState
from rnncore.reference.tree import leaves, tree_map

T, B, D, H = 5, 2, 3, 4
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])
VARIANTS = [
    ("rnn_residual", {"scale": 0.7}),
    ("lstm_peephole", {}),
    ("lstm_layer_norm", {"eps": 1e-4}),
    ("lstm_coupled", {}),
    ("gru", {"reset": "before"}),
]


def arguments(cell, rng, T=T, B=B):
    """Random parameters, inputs and state of a cell; gains and biases are no longer 1 and 0."""
    params = tree_map(lambda p: p + 0.1 * rng.standard_normal(p.shape), cell.init(rng, D, H))
    return params, rng.standard_normal((T, B, D)), tree_map(lambda s: s + rng.standard_normal(s.shape), cell.zero_state(B, H))


@pytest.fixture(params=["rooms", "no rooms"])
def size(request, monkeypatch):
    """Problems as small as these have rooms; without them they run as large ones do."""
    if request.param == "no rooms":
        monkeypatch.setattr(rooms, "ENTRIES", 0)


def as_tuple(function):
    """`check_parity` takes a tuple for several outputs; a named tuple alone is one output."""

    def wrapped(*args, **options):
        outputs = function(*args, **options)
        return outputs if type(outputs) is tuple else (outputs,)

    return wrapped


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize(("name", "options"), VARIANTS)
@pytest.mark.parametrize(("T", "B"), [(T, B), (1, 3), (4, 1)])
@pytest.mark.usefixtures("size")
def test_equals_the_reference(rng, device, name, options, T, B):
    cell = CELLS[name]
    params, xs, state0 = arguments(cell, rng, T, B)
    same = {"rng": rng, "device": device, **options}
    check_parity(cell.forward, cell.backward, getattr(mirror, f"{name}_forward"), params, xs, state0, **same)
    step = as_tuple(getattr(mirror, f"{name}_step_forward"))
    check_parity(cell.step_forward, cell.step_backward, step, params, xs[0], state0, **same)


@pytest.mark.parametrize(("name", "options"), VARIANTS)
@pytest.mark.usefixtures("size")
def test_gradients_of_part_of_the_outputs(rng, name, options):
    """A loss of the last state alone, or of one step, leaves the other outputs' gradients out."""
    cell, forward = CELLS[name], getattr(mirror, f"{name}_forward")
    params, xs, state0 = arguments(cell, rng)
    tensors = tree_map(lambda leaf: torch.tensor(leaf, requires_grad=True), (params, xs, state0))
    hs, state_T, cache = cell.forward(params, xs, state0, **options)
    torch_hs, torch_state_T = forward(*tensors, **options)
    torch_state_T[-1].sum().backward() if isinstance(torch_state_T, LSTMState) else torch_state_T.sum().backward()
    dstate = state_T._replace(h=0 * state_T.h, c=np.ones_like(state_T.c)) if isinstance(state_T, LSTMState) else np.ones_like(state_T)
    expected = cell.backward(cache, np.zeros_like(hs), dstate)
    compare(name, tree_map(lambda leaf: leaf.grad.numpy(), tensors), expected)
    assert torch_hs.grad_fn is not None


@pytest.mark.parametrize(("name", "options"), VARIANTS)
@pytest.mark.usefixtures("size")
def test_the_buffers_of_the_loops_stay_inside(rng, name, options):
    """A second backward pass gives the same gradients, and who writes over the last state changes neither them nor hs."""
    params, xs, state0 = tree_map(lambda leaf: torch.tensor(leaf, requires_grad=True), arguments(CELLS[name], rng))
    hs, state_T = getattr(mirror, f"{name}_forward")(params, xs, state0, **options)
    before = hs.detach().clone()
    gradients = [torch.autograd.grad(hs, [xs, *params.values()], before, retain_graph=True)]
    for _, part in leaves(state_T):
        part.detach().zero_()
    gradients.append(torch.autograd.grad(hs, [xs, *params.values()], before))
    torch.testing.assert_close(*gradients, rtol=0, atol=0)
    torch.testing.assert_close(hs.detach(), before, rtol=0, atol=0)
    assert not any(gradient.is_inference() for gradient in gradients[0])


@pytest.mark.parametrize(("name", "options"), VARIANTS)
@pytest.mark.filterwarnings("ignore:.*torch.jit.* is deprecated:DeprecationWarning")  # PyTorch's forward mode warns of itself
def test_a_step_has_a_jacobian_in_forward_mode_too(rng, name, options):
    """Only in the loop does a step write over its arguments; called by itself it does not."""
    params, xs, state = tree_map(torch.tensor, arguments(CELLS[name], rng))

    def next_shown(h):
        after = getattr(mirror, f"{name}_step_forward")(params, xs[0], state._replace(h=h) if is_lstm else h, **options)
        return after.h if is_lstm else after

    is_lstm = isinstance(state, LSTMState)
    h = state.h if is_lstm else state
    torch.testing.assert_close(torch.func.jacfwd(next_shown)(h), torch.func.jacrev(next_shown)(h), rtol=0, atol=1e-12)


def test_a_second_derivative_is_refused(rng):
    """It would be wrong in silence: the graph does not know what the gradient was made of."""
    params, xs, state0 = tree_map(lambda leaf: torch.tensor(leaf, requires_grad=True), arguments(CELLS["rnn_residual"], rng))
    hs, _ = mirror.rnn_residual_forward(params, xs, state0)
    with pytest.raises(RuntimeError, match=r"create_graph=True: a sequence of this cell has first derivatives alone"):
        torch.autograd.grad(hs.sum(), xs, create_graph=True)


@pytest.mark.parametrize(("name", "options"), VARIANTS)
@pytest.mark.usefixtures("size")
def test_inputs_that_need_no_gradient(rng, name, options):
    """Inputs are most often data: the parameters then get the same gradients, and each its own memory."""
    params, xs, state0 = tree_map(torch.tensor, arguments(CELLS[name], rng))
    found = []
    for wanted in (True, False):
        leaf = {key: p.clone().requires_grad_() for key, p in params.items()}
        hs, _ = getattr(mirror, f"{name}_forward")(leaf, xs.clone().requires_grad_(wanted), state0, **options)
        hs.square().sum().backward()
        found.append([p.grad for p in leaf.values()])
    torch.testing.assert_close(*found, rtol=0, atol=0)
    assert len({p.data_ptr() for p in found[1]}) == len(params)


@pytest.mark.parametrize(("name", "options"), VARIANTS)
@pytest.mark.parametrize("block", [1, 3 * B * H, 8 * B * H])  # 3: several steps of the residual RNN, 8: of the others
@pytest.mark.usefixtures("size")
def test_the_way_back_in_blocks(rng, monkeypatch, name, options, block):
    """One step in a block, or a few and a rest, give what one block gives, for the state before the first step too."""
    params, xs, state0 = tree_map(lambda leaf: torch.tensor(leaf, requires_grad=True), arguments(CELLS[name], rng))
    tensors, found = [leaf for _, leaf in leaves((params, xs, state0))], []
    for entries in (block, custom_cell.BLOCK):
        monkeypatch.setattr(custom_cell, "BLOCK", entries)
        outputs = [leaf for _, leaf in leaves(getattr(mirror, f"{name}_forward")(params, xs, state0, **options))]
        given = [output.detach().clone() for output in outputs]
        found.append(torch.autograd.grad(outputs, tensors, given))
        torch.testing.assert_close(given, [output.detach() for output in outputs], rtol=0, atol=0)
    torch.testing.assert_close(*found, rtol=0, atol=1e-12)


def gradients_of(name, options, arrays):
    """Of the sum of the squares of all outputs, as a function still to be called; and the outputs."""
    tensors = tree_map(lambda leaf: torch.tensor(leaf, requires_grad=True), arrays)
    outputs = [leaf for _, leaf in leaves(getattr(mirror, f"{name}_forward")(*tensors, **options))]
    loss = sum(output.square().sum() for output in outputs)
    return outputs, lambda: torch.autograd.grad(loss, [leaf for _, leaf in leaves(tensors)])


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_small_problems_share_rooms_without_a_trace(rng, monkeypatch, name, options):
    """Calls of one shape, one after the other, one inside the other, and in threads, give what calls without rooms give."""
    problems = [arguments(CELLS[name], rng) for _ in range(6)]
    monkeypatch.setattr(rooms, "ENTRIES", 0)
    expected = [(outputs, backward()) for outputs, backward in (gradients_of(name, options, arrays) for arrays in problems)]
    monkeypatch.undo()

    def one(arrays):
        outputs, backward = gradients_of(name, options, arrays)
        return outputs, backward()

    with torch.inference_mode():  # a first call that makes the room; what comes after is no inference
        getattr(mirror, f"{name}_forward")(*tree_map(torch.tensor, problems[0]), **options)
    after_each_other = [one(arrays) for arrays in problems]
    begun = [gradients_of(name, options, arrays) for arrays in problems]
    inside_each_other = [(outputs, backward()) for outputs, backward in reversed(begun)][::-1]
    with ThreadPoolExecutor(3) as pool:
        at_once = list(pool.map(one, problems * 5))
    for found in (after_each_other, inside_each_other, at_once):
        torch.testing.assert_close(found, expected * (len(found) // len(expected)), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_a_second_call_finds_the_rooms_of_the_first(rng, monkeypatch, name, options):
    monkeypatch.setattr(rooms, "_free", {})
    found = []
    for _ in range(2):
        gradients_of(name, options, arguments(CELLS[name], rng))[1]()
        found.append([id(room.made) for room in rooms._free.values()])
    assert len(found[0]) == 2
    assert found[0] == found[1]


def test_cells_that_share_a_way_back_share_no_rooms(rng):
    """Of as many pre-activations: four gates of three, and three gates of four."""
    for name, H in (("lstm_peephole", 3), ("lstm_coupled", 4), ("lstm_peephole", 3)):
        cell = CELLS[name]
        arrays = cell.init(rng, D, H), rng.standard_normal((T, B, D)), cell.zero_state(B, H)
        check_parity(cell.forward, cell.backward, getattr(mirror, f"{name}_forward"), *arrays, rng=rng)


@pytest.mark.parametrize(("name", "options"), VARIANTS)
@pytest.mark.usefixtures("size")
def test_inputs_with_the_batch_first_in_memory(rng, name, options):
    params, xs, state0 = tree_map(torch.tensor, arguments(CELLS[name], rng))
    found = []
    for inputs in (xs, xs.transpose(0, 1).contiguous().transpose(0, 1)):
        leaf = inputs.clone(memory_format=torch.preserve_format).requires_grad_()
        hs, _ = getattr(mirror, f"{name}_forward")(params, leaf, state0, **options)
        found.append(torch.autograd.grad(hs.square().sum(), leaf))
    torch.testing.assert_close(*found, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["rnn_residual", "lstm_peephole", "lstm_layer_norm", "lstm_coupled"])
def test_float32_stays_float32(rng, name):
    cell = CELLS[name]
    arrays = tree_map(lambda leaf: leaf.astype(np.float32), arguments(cell, rng))
    tensors = tree_map(lambda leaf: torch.tensor(leaf, requires_grad=True), arrays)
    outputs = getattr(mirror, f"{name}_forward")(*tensors)
    sum(leaf.sum() for _, leaf in leaves(outputs)).backward()
    assert {leaf.dtype for _, leaf in leaves(outputs)} | {leaf.grad.dtype for _, leaf in leaves(tensors)} == {torch.float32}


@pytest.mark.parametrize("name", ["lstm_peephole", "lstm_layer_norm", "lstm_coupled"])
def test_init_draws_the_reference_numbers(name):
    ours = getattr(mirror, f"init_{name}")(np.random.default_rng(1), D, H, device="cpu", dtype=torch.float64)
    compare("params", mirror.to_numpy(ours), CELLS[name].init(np.random.default_rng(1), D, H), rtol=0, atol=0)


def test_the_graph_has_one_function_for_all_steps(rng):
    """The number of recorded functions does not depend on T: nothing in the graph is done step by step."""

    def recorded(steps):
        params = tree_map(lambda p: p.requires_grad_(), mirror.init_lstm_peephole(rng, D, H, device="cpu"))
        hs, _ = mirror.lstm_peephole_forward(params, torch.ones(steps, B, D), LSTMState(torch.zeros(B, H), torch.zeros(B, H)))
        seen, waiting = set(), [hs.grad_fn]
        while waiting:
            node = waiting.pop()
            if node is not None and node not in seen:
                seen.add(node)
                waiting += [parent for parent, _ in node.next_functions]
        return len(seen)

    assert recorded(2) == recorded(20) < 20


@pytest.mark.parametrize(
    ("function", "options", "words"),
    [
        (mirror.rnn_residual_forward, {"scale": 0.0}, r"scale must be positive, got 0.0\."),
        (mirror.rnn_residual_step_forward, {"scale": -1}, r"scale must be positive, got -1\."),
    ],
)
def test_bad_scale(rng, function, options, words):
    params, x = mirror.init_rnn(rng, D, H, device="cpu"), torch.zeros(T, B, D)
    with pytest.raises(ValueError, match=words):
        function(params, x if function is mirror.rnn_residual_forward else x[0], torch.zeros(B, H), **options)


@pytest.mark.parametrize("name", ["lstm_peephole", "lstm_layer_norm", "lstm_coupled"])
def test_bad_input_gets_a_sentence(rng, name):
    params = getattr(mirror, f"init_{name}")(rng, D, H, device="cpu")
    state = LSTMState(torch.zeros(B, H), torch.zeros(B, H))
    forward, step = getattr(mirror, f"{name}_forward"), getattr(mirror, f"{name}_step_forward")
    with pytest.raises(ValueError, match=rf"{name}_forward: xs must have shape \(T, B, D\), got \(2, 3\)"):
        forward(params, torch.zeros(B, D), state)
    with pytest.raises(TypeError, match=r"state must be LSTMState\(h, c\), got a value of type Tensor"):
        step(params, torch.zeros(B, D), state.h)
    with pytest.raises(ValueError, match=r"params must have exactly the keys .*, but lacks bias_hh"):
        step({key: value for key, value in params.items() if key != "bias_hh"}, torch.zeros(B, D), state)


def test_layer_norm_needs_a_positive_eps(rng):
    params = mirror.init_lstm_layer_norm(rng, D, H, device="cpu")
    with pytest.raises(ValueError, match="eps must be positive, got 0"):
        mirror.lstm_layer_norm_forward(params, torch.zeros(T, B, D), LSTMState(torch.zeros(B, H), torch.zeros(B, H)), eps=0)


@pytest.mark.parametrize(("name", "options"), VARIANTS)
@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")  # PyTorch's compiler warns of itself
def test_can_be_compiled(rng, name, options):
    """The whole call is one graph: nothing in it needs Python at run time. (The compiler's own back end is left out: it takes minutes.)"""
    params, xs, state0 = tree_map(torch.tensor, arguments(CELLS[name], rng))
    params = tree_map(lambda p: p.requires_grad_(), params)
    function = getattr(mirror, f"{name}_forward")
    compiled = torch.compile(function, backend="aot_eager", fullgraph=True)
    results = []
    for forward in (compiled, function):
        outputs = forward(params, xs, state0, **options)
        values = [leaf for _, leaf in leaves(outputs)]
        results.append((*values, *torch.autograd.grad(sum(value.sum() for value in values), list(params.values()))))
    torch.testing.assert_close(*results, rtol=0, atol=1e-12)
