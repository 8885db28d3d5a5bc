"""Claims about recurrent networks that are often repeated, recomputed: the numbers that hold, and the ones that do not.

The two worked examples and the list of wrong claims come from lecture notes that circulate; the chapters that use a number cite it
from here. Entries 3, 4, 16, 17, 19, 23 and 24 stand in `test_folklore_snippets.py`. Entry 21 has no test: it is about releases of other
libraries and a service that is not part of this course.
"""

import numpy as np
import pytest
import torch

from rnncore.checks import compare
from rnncore.reference.activations import sigmoid, softmax
from rnncore.reference.bptt import chunked_bptt, full_bptt, truncated_bptt
from rnncore.reference.diagnostics import gradient_norms, product_jacobians, rnn_step_jacobian, singular_values, spectral_radius
from rnncore.reference.gru import gru_forward, init_gru
from rnncore.reference.init import he_normal, set_forget_bias, xavier_normal
from rnncore.reference.layers import init_linear, linear_backward, linear_forward
from rnncore.reference.losses import sigmoid_cross_entropy_backward, sigmoid_cross_entropy_forward
from rnncore.reference.lstm import LSTMState, init_lstm, lstm_forward, lstm_step_forward
from rnncore.reference.optim import clip_by_norm, clip_by_value
from rnncore.reference.rnn import init_rnn, rnn_backward, rnn_forward, rnn_step_backward, rnn_step_forward
from rnncore.reference.tree import leaves

SIX_DECIMALS = {"rtol": 0, "atol": 5.1e-7}


def near(name, got, expected):
    compare(name, got, np.array(expected), **SIX_DECIMALS)


def count(params):
    return sum(array.size for _, array in leaves(params))


# "I love AI": two numbers a word, three hidden units, two classes

LOVE_AI = {
    "weight_ih": np.array([[0.5, -0.3], [0.2, 0.8], [-0.4, 0.1]]),
    "weight_hh": np.array([[0.6, -0.2, 0.3], [0.1, 0.7, -0.1], [-0.3, 0.4, 0.5]]),
    "bias_ih": np.array([0.1, -0.2, 0.0]),
    "bias_hh": np.zeros(3),
}


def test_i_love_ai():
    xs = np.array([[0.8, 0.3], [0.9, 0.7], [0.6, 0.4]])[:, None]
    hs, state_T, _ = rnn_forward(LOVE_AI, xs, np.zeros((1, 3)))
    near("h_1", hs[0, 0], [0.388473, 0.197375, -0.282135])
    near("h_2", hs[1, 0], [0.421050, 0.632291, -0.437115])
    near("h_3", hs[2, 0], [0.268306, 0.646010, -0.283935])
    y, _ = linear_forward({"weight": np.array([[0.9, 0.2, -0.4], [-0.5, 0.6, 0.8]]), "bias": np.zeros(2)}, state_T)
    near("y_3", y[0], [0.484251, 0.026305])
    near("softmax", softmax(y)[0], [0.612527, 0.387473])


# "i love this book its amazing" (1) and "i hate this book" (0): three numbers a word, three hidden units, one output

WORDS = {
    "i": [0.1, 0.2, 0.3],
    "love": [0.4, 0.1, 0.5],
    "this": [0.3, 0.2, 0.1],
    "book": [0.6, 0.1, 0.4],
    "its": [0.1, 0.3, 0.6],
    "amazing": [0.5, 0.4, 0.2],
    "hate": [0.7, 0.8, 0.1],
}
BOOK = {
    "weight_ih": np.array([[0.2, 0.4, 0.1], [0.1, 0.3, 0.5], [0.4, 0.2, 0.3]]),
    "weight_hh": np.array([[0.3, 0.2, 0.1], [0.5, 0.4, 0.2], [0.1, 0.3, 0.4]]),
    "bias_ih": np.full(3, 0.1),
    "bias_hh": np.zeros(3),
}
BOOK_OUT = {"weight": np.array([[0.3, 0.2, 0.4]]), "bias": np.array([0.1])}


def read(sentence, label):
    """Loss and gradients of one sentence, whose last state alone is judged."""
    xs = np.array([WORDS[word] for word in sentence.split()])[:, None]
    hs, h_T, cache = rnn_forward(BOOK, xs, np.zeros((1, 3)))
    logit, out_cache = linear_forward(BOOK_OUT, h_T)
    loss, loss_cache = sigmoid_cross_entropy_forward(logit, np.array([[float(label)]]))
    dlogit = sigmoid_cross_entropy_backward(loss_cache)
    dout, dh_T = linear_backward(out_cache, dlogit)
    dparams, _, _ = rnn_backward(cache, np.zeros_like(hs), dh_T)
    result = {"hs": hs, "p": sigmoid(logit)[0, 0], "loss": loss, "dlogit": dlogit[0, 0]}
    return result | {"dout": dout, "dh_T": dh_T, "dparams": dparams, "cache": cache}


def test_i_love_this_book_its_amazing():
    got = read("i love this book its amazing", 1)
    near("h_6", got["hs"][-1, 0], [0.667255, 0.821385, 0.783427])
    near("p", got["p"], 0.685211)
    near("loss", got["loss"], 0.378028)
    near("delta_o", got["dlogit"], -0.314789)
    near("dW_ho", got["dout"]["weight"][0], [-0.210045, -0.258563, -0.246614])
    near("db_h", got["dparams"]["bias_hh"], [-0.087371, -0.039767, -0.069100])
    near(
        "dW_xh",
        got["dparams"]["weight_ih"],
        [[-0.035113, -0.028887, -0.027313], [-0.015421, -0.012383, -0.012947], [-0.029014, -0.024314, -0.019875]],
    )
    near(
        "dW_hh",
        got["dparams"]["weight_hh"],
        [[-0.048843, -0.067819, -0.061770], [-0.021404, -0.029701, -0.027181], [-0.039577, -0.055072, -0.049793]],
    )
    dh, das = got["dh_T"], []
    for step in reversed(got["cache"].steps):  # the gradients at the pre-activations, which bias_ih collects one step at a time
        step_dparams, _, dh = rnn_step_backward(step, dh)
        das.append(step_dparams["bias_ih"])
    near("dz_6", das[0], [-0.052391, -0.020482, -0.048634])
    near("dz_1", das[-1], [-0.001439, -0.001242, -0.000901])


def test_the_loss_of_the_note_is_wrong_in_its_third_decimal():
    """It prints 0.377 for -log(0.685), which is 0.378, rounded on the way or not."""
    p = float(read("i love this book its amazing", 1)["p"])
    assert round(-np.log(p), 3) == round(-np.log(round(p, 3)), 3) == 0.378


def test_i_hate_this_book():
    got = read("i hate this book", 0)
    near("p", got["p"], 0.678253)
    near("loss", got["loss"], 1.133988)
    near("db_h", got["dparams"]["bias_hh"], [0.225362, 0.123363, 0.174626])


def test_the_same_gradients_from_autograd():
    model = torch.nn.RNN(3, 3, dtype=torch.float64)
    model.load_state_dict({f"{name}_l0": torch.tensor(value) for name, value in BOOK.items()})
    xs = torch.tensor([WORDS[word] for word in ["i", "hate", "this", "book"]], dtype=torch.float64)[:, None]
    logit = torch.nn.functional.linear(model(xs)[0][-1], *(torch.tensor(BOOK_OUT[name]) for name in ("weight", "bias")))
    torch.nn.functional.binary_cross_entropy_with_logits(logit, torch.zeros_like(logit)).backward()
    dparams = read("i hate this book", 0)["dparams"]
    for name, value in model.named_parameters():
        compare(name, dparams[name.removesuffix("_l0")], value.grad.numpy(), rtol=1e-12, atol=1e-12)


def test_powers():
    compare("0.9^100", 0.9**100, 2.656e-5, rtol=1e-3)
    compare("1.1^100", 1.1**100, 13780.6, rtol=1e-5)


# Wrong in the notes, by their number in the list


def test_1_parameters_of_the_large_example(rng):
    D, H, V = 1000, 512, 10_000
    assert D * H + H * H + H + H * V + V == 5_904_656 != 5_892_656
    assert count(init_rnn(rng, D, H)) - H + count(init_linear(rng, H, V)) == 5_904_656  # the note counts one bias of two


def test_2_parameters_of_the_small_example(rng):
    assert count(init_rnn(rng, 3, 8)) - 8 + count(init_linear(rng, 8, 1)) == 105 != 97
    assert count(init_lstm(rng, 3, 8)) - 4 * 8 == 384


def test_5_random_matrix_is_not_above_1_everywhere_but_its_spectral_radius_is():
    W = np.random.RandomState(0).rand(3, 3) * 2  # the generator the note seeds with np.random.seed(0)
    near("smallest entry", W.min(), 0.847310)
    compare("spectral radius", spectral_radius(W), 3.889, rtol=0, atol=5e-4)
    gradient = np.array([[2.0, 0.0, 1.0]])
    norms = [np.linalg.norm(gradient := gradient @ W) for _ in range(30)]
    compare("growth", norms[-1] / norms[-2], spectral_radius(W), rtol=1e-6)


def test_6_randn_times_sqrt_2_over_n_in_is_he():
    shape = 8, 300
    he = np.random.default_rng(0).standard_normal(shape) * np.sqrt(2 / 300)
    compare("He", he_normal(np.random.default_rng(0), *shape), he)
    xavier = np.random.default_rng(0).standard_normal(shape) * np.sqrt(2 / (8 + 300))
    compare("Xavier", xavier_normal(np.random.default_rng(0), *shape), xavier)


def test_7_slope_is_that_of_the_step_and_the_jacobian_is_not_transposed(rng):
    params, h = init_rnn(rng, 2, 4), np.tanh(rng.standard_normal((1, 4)))
    _, cache = rnn_step_forward(params, rng.standard_normal((1, 2)), h)
    J, W = rnn_step_jacobian(cache)[0], params["weight_hh"]
    dh_next = rng.standard_normal((1, 4))
    dh = rnn_step_backward(cache, dh_next)[2][0]
    compare("backward is J^T", J.T @ dh_next[0], dh)
    for wrong in (np.diag(1 - h[0] ** 2) @ W, J.T):
        assert np.abs(wrong.T @ dh_next[0] - dh).max() > 1e-3


def test_8_weight_gradient_takes_the_gradient_at_the_pre_activation():
    got = read("i love this book its amazing", 1)
    dh, wrong, right = got["dh_T"], np.zeros((3, 3)), np.zeros((3, 3))
    for step in reversed(got["cache"].steps):
        wrong += dh.T @ step.x
        right += (dh * (1 - step.h_next**2)).T @ step.x
        dh = rnn_step_backward(step, dh)[2]
    compare("dW_xh", right, got["dparams"]["weight_ih"])
    assert np.abs(wrong - right).max() > 0.02


def recurrent(W):
    """A network without input, T states and gradients of it."""
    H = len(W)
    return {"weight_ih": np.zeros((H, 1)), "weight_hh": W, "bias_ih": np.zeros(H), "bias_hh": np.zeros(H)}


def test_9_a_non_normal_matrix_grows_first_though_its_spectral_radius_is_below_1():
    W = np.array([[0.9, 5.0], [0.0, 0.9]])
    assert spectral_radius(W) == 0.9
    norms = [np.linalg.norm(np.linalg.matrix_power(W, n), 2) for n in range(120)]
    assert max(norms) > 19 and np.argmax(norms) >= 8 and norms[-1] < 0.01
    growth = gradient_norms(
        rnn_step_forward, rnn_step_backward, recurrent(W), np.zeros((10, 1, 1)), np.zeros((1, 2)), np.array([[1.0, 0.0]])
    )
    assert growth[0, 0] > 19  # ten steps back; at state 0 tanh has slope 1
    by_hand = np.array([np.linalg.norm(np.linalg.matrix_power(W, n)[0]) for n in range(10, -1, -1)])
    compare("by hand", growth[:, 0], by_hand)


def test_9_largest_singular_value_below_1_is_enough_to_vanish_and_above_1_not_enough_to_explode(rng):
    W = rng.standard_normal((6, 6))
    for scale, largest in ((0.9, 0.9), (4.0, 4.0)):
        params = init_rnn(rng, 2, 6) | {"weight_hh": scale * W / np.linalg.norm(W, 2)}
        xs = 2 * rng.standard_normal((60, 1, 2))
        norms = gradient_norms(rnn_step_forward, rnn_step_backward, params, xs, np.zeros((1, 6)), np.ones((1, 6)))[:, 0]
        assert (norms[:-1] <= largest * norms[1:] + 1e-12).all()
        if scale < 1:
            assert norms[0] <= 0.9**60 * norms[-1]
    saturated = init_rnn(rng, 2, 6) | {"weight_hh": 40 * np.eye(6)}  # largest singular value and spectral radius 40
    norms = gradient_norms(rnn_step_forward, rnn_step_backward, saturated, np.zeros((20, 1, 2)), np.full((1, 6), 0.5), np.ones((1, 6)))
    assert norms[0, 0] < 1e-12


def test_10_the_cell_path_of_an_lstm_shrinks_as_the_product_of_its_forget_gates(rng):
    compare("sigmoid(1)", float(sigmoid(np.float64(1.0))), 0.731, rtol=0, atol=1e-3)
    compare("sigmoid(1)^100", float(sigmoid(np.float64(1.0))) ** 100, 2.5e-14, rtol=0.02)
    zero = {name: np.zeros_like(value) for name, value in init_lstm(rng, 1, 3).items()}
    params, state = set_forget_bias(zero, 1.0), LSTMState(np.zeros((1, 3)), np.ones((1, 3)))
    for _ in range(100):
        state, _ = lstm_step_forward(params, np.zeros((1, 1)), state)
    compare("cell after 100 steps", state.c, np.full((1, 3), float(sigmoid(np.float64(1.0))) ** 100), rtol=1e-12, atol=0)


def test_11_an_lstm_has_three_gates_and_a_candidate(rng):
    params = {name: 10 * value for name, value in init_lstm(rng, 2, 50).items()}
    _, cache = lstm_step_forward(params, rng.standard_normal((20, 2)), LSTMState(np.zeros((20, 50)), np.zeros((20, 50))))
    assert all(gate.min() >= 0 and gate.max() <= 1 for gate in (cache.i, cache.f, cache.o))
    assert cache.g.min() < -0.9 and cache.g.max() > 0.9


def test_12_the_two_gru_conventions_differ_on_the_same_weights(rng):
    params, xs, state0 = init_gru(rng, 3, 4), rng.standard_normal((5, 2, 3)), rng.standard_normal((2, 4))
    after, before = (gru_forward(params, xs, state0, reset=reset)[0] for reset in ("after", "before"))
    torch_gru = torch.nn.GRU(3, 4, dtype=torch.float64)
    torch_gru.load_state_dict({f"{name}_l0": torch.tensor(value) for name, value in params.items()})
    expected = torch_gru(torch.tensor(xs), torch.tensor(state0)[None])[0].detach().numpy()
    compare("PyTorch", after, expected)
    assert np.abs(before - expected).max() > 1e-3


def test_13_pytorch_keeps_two_biases(rng):
    for init, layer, gates in ((init_rnn, torch.nn.RNN, 1), (init_lstm, torch.nn.LSTM, 4), (init_gru, torch.nn.GRU, 3)):
        D, H = 5, 7
        formula = gates * H * (D + H + 1)
        assert count(init(rng, D, H)) == sum(p.numel() for p in layer(D, H).parameters()) == formula + gates * H


def test_14_last_steps_only_and_chunks_are_different_algorithms(rng):
    params, xs, h = init_rnn(rng, 3, 4), rng.standard_normal((12, 2, 3)), np.zeros((2, 4))
    chunks = chunked_bptt(rnn_forward, rnn_backward, params, xs, h, lambda _, hs: (0.0, hs), k=4)
    last = truncated_bptt(rnn_step_forward, rnn_step_backward, params, xs, h, lambda _, h: (0.0, h), k1=1, k2=4)
    full = full_bptt(rnn_forward, rnn_backward, params, xs, h, lambda _, hs: (0.0, hs))
    for one, other in ((chunks, last), (last, full), (chunks, full)):
        assert np.abs(one.dparams["weight_hh"] - other.dparams["weight_hh"]).max() > 1e-6
    once_at_the_end = np.zeros((12, 2, 4))
    once_at_the_end[-1] = 1
    a = chunked_bptt(rnn_forward, rnn_backward, params, xs, h, lambda start, hs: (0.0, once_at_the_end[start : start + 4]), k=4)
    b = truncated_bptt(rnn_step_forward, rnn_step_backward, params, xs, h, lambda t, _: (0.0, once_at_the_end[t]), k1=1, k2=4)
    compare("a loss at the last step alone", a.dparams, b.dparams)  # there they agree


def test_15_a_softmax_over_one_output_is_always_1(rng):
    assert (softmax(100 * rng.standard_normal((5, 1))) == 1).all()


def test_18_packing_needs_no_sorted_lengths(rng):
    xs, lengths = torch.tensor(rng.standard_normal((5, 3, 2))), torch.tensor([2, 5, 3])
    rnn = torch.nn.RNN(2, 4, dtype=torch.float64)
    packed = torch.nn.utils.rnn.pack_padded_sequence(xs, lengths, enforce_sorted=False)
    _, h_T = rnn(packed)
    for b, length in enumerate(lengths.tolist()):
        compare("alone", h_T[0, b].detach().numpy(), rnn(xs[:length, b : b + 1])[1][0, 0].detach().numpy())


@pytest.mark.parametrize("scale", [0.3, 3.0])
def test_20_how_far_back_a_state_remembers_depends_on_the_weights(rng, scale):
    """How many steps back the gradient still has 1 % of its size: few with small weights, more than 100 with orthogonal ones."""
    Q, _ = np.linalg.qr(rng.standard_normal((8, 8)))
    xs, zero = np.zeros((200, 1, 1)), np.zeros((1, 8))
    for factor, expected in ((0.5, range(6, 8)), (1.0, range(200, 202))):
        norms = gradient_norms(rnn_step_forward, rnn_step_backward, recurrent(factor * Q), xs, zero, scale * np.ones((1, 8)))[:, 0]
        assert (norms >= 0.01 * norms[-1]).sum() in expected


def test_22_clipping_does_not_help_a_vanishing_gradient(rng):
    """It scales the sum of all steps' parts: the share of the early ones stays as small as it was, and small sums are left alone."""
    xs, zero = np.zeros((50, 1, 1)), np.zeros((1, 4))
    params = recurrent(0.5 * np.eye(4))
    norms = gradient_norms(rnn_step_forward, rnn_step_backward, params, xs, zero, 1e6 * np.ones((1, 4)))[:, 0]
    parts = {f"step {t}": np.array([norm]) for t, norm in enumerate(norms)}
    clipped, norm = clip_by_norm(parts, 1.0)
    assert norm > 1e6
    compare("share of the first step", clipped["step 0"] / clipped["step 50"], parts["step 0"] / parts["step 50"], rtol=1e-12, atol=0)
    assert clipped["step 0"][0] < parts["step 0"][0]
    for clip in (lambda grads: clip_by_norm(grads, 1.0)[0], lambda grads: clip_by_value(grads, 1.0)):
        vanished = {"w": np.array([1e-12, -1e-10])}
        compare("left alone", clip(vanished), vanished, rtol=0, atol=0)


def test_singular_values_not_eigenvalues_bound_one_step(rng):
    W = np.array([[0.5, 10.0], [0.0, 0.5]])
    compare("largest singular value", singular_values(W)[0], np.linalg.norm(W, 2))
    assert singular_values(W)[0] > 10 > 1 > spectral_radius(W)
    jacobians = np.broadcast_to(W, (5, 1, 2, 2)).copy()
    compare("product", product_jacobians(jacobians)[0, 0], np.linalg.matrix_power(W, 5))


def test_hidden_states_of_tanh_stay_bounded_and_those_of_relu_may_explode():
    state0, xs = np.full((1, 3), 0.1), np.zeros((60, 1, 1))
    bounded, _, _ = rnn_forward(recurrent(1.5 * np.eye(3)), xs, state0)
    exploding, _, _ = rnn_forward(recurrent(1.5 * np.eye(3)), xs, state0, nonlinearity="relu")
    assert np.abs(bounded).max() <= 1
    compare("ReLU", exploding[-1], 0.1 * 1.5**60 * np.ones((1, 3)), rtol=1e-12)


def test_lstm_state_is_h_and_c(rng):
    hs, state_T, _ = lstm_forward(init_lstm(rng, 2, 3), rng.standard_normal((4, 1, 2)), LSTMState(np.zeros((1, 3)), np.zeros((1, 3))))
    assert np.array_equal(hs[-1], state_T.h) and not np.array_equal(state_T.h, state_T.c)
