"""Claims and snippets from the list that `test_folklore.py` begins: those about sharing, attention, training loops, memory and comparisons.

Each test shows what is wrong with the claim, and beside it what holds.
"""

import numpy as np
import pytest
import torch

from rnncore.checks import compare
from rnncore.reference.activations import softmax
from rnncore.reference.attention import attention_forward, init_attention
from rnncore.reference.cells import CELLS
from rnncore.reference.gru import init_gru
from rnncore.reference.layers import init_linear, linear_backward, linear_forward
from rnncore.reference.losses import mean_squared_error_backward, mean_squared_error_forward
from rnncore.reference.lstm import init_lstm
from rnncore.reference.masked import masked_forward
from rnncore.reference.multihead import init_self_attention, self_attention_forward
from rnncore.reference.optim import adam_step, init_adam
from rnncore.reference.rnn import init_rnn, rnn_forward
from rnncore.reference.tree import leaves, tree_map
from rnncore.tasks.sines import sine_mixtures

T, B, D, H = 6, 2, 3, 4


def test_3_the_output_layer_is_one_for_all_steps(rng):
    """Its gradient is the sum of what each step would give a layer of its own, and one entry of it moves the output of every step."""
    params, hs, dys = init_linear(rng, H, D), rng.standard_normal((T, B, H)), rng.standard_normal((T, B, D))
    ys, cache = linear_forward(params, hs)
    dparams, _ = linear_backward(cache, dys)
    own = [linear_backward(linear_forward(params, h)[1], dy)[0] for h, dy in zip(hs, dys, strict=True)]
    compare("dparams", dparams, tree_map(lambda *parts: np.sum(parts, axis=0), *own))
    moved = params | {"weight": params["weight"] + 0.1 * np.eye(D, H)}
    assert (np.abs(linear_forward(moved, hs)[0] - ys).max(axis=(1, 2)) > 1e-3).all()


def test_4_tanh_knows_nothing_of_time_and_the_recurrence_does(rng):
    xs, order, state0 = rng.standard_normal((T, B, D)), np.arange(T)[::-1], np.zeros((B, H))
    compare("tanh", np.tanh(xs[order]), np.tanh(xs)[order], rtol=0, atol=0)
    params = init_rnn(rng, D, H)
    without = params | {"weight_hh": np.zeros((H, H))}
    compare("no recurrence", rnn_forward(without, xs[order], state0)[0], rnn_forward(without, xs, state0)[0][order])
    assert np.abs(rnn_forward(params, xs[order], state0)[0] - rnn_forward(params, xs, state0)[0][order]).max() > 0.01


def test_16_attention_without_a_query_gives_every_query_the_same_weights(rng):
    """The note scores the states alone and adds the state that should have asked to the result."""
    hs, queries = rng.standard_normal((T, B, H)), rng.standard_normal((2, B, H))
    v = rng.standard_normal(H)

    def of_the_note(state):
        weights = softmax(np.tanh(hs @ v).T)  # (B, T)
        return np.einsum("bt,tbh->bh", weights, hs) + state

    compare("what the state changes", of_the_note(queries[0]) - of_the_note(queries[1]), queries[0] - queries[1])
    for score in ("dot", "scaled_dot", "multiplicative", "additive"):
        _, weights, _ = attention_forward(init_attention(rng, H, H, score=score), queries, hs, hs, score=score)
        assert np.abs(weights[0] - weights[1]).max() > 0.01


def test_17_there_is_no_state_to_detach_before_the_first_chunk():
    hidden = None
    with pytest.raises(AttributeError, match="detach"):
        torch.nn.RNN(D, H)(torch.zeros(T, B, D), hidden.detach())


@pytest.mark.parametrize("zeroed", [False, True])
def test_17_without_zeroing_a_chunk_gets_the_gradients_of_all_before(zeroed):
    torch.manual_seed(0)
    rnn, chunks, hidden, seen = torch.nn.RNN(D, H).double(), torch.randn(3, T, B, D).double(), None, []
    for chunk in chunks:
        hs, hidden_T = rnn(chunk, hidden)
        (own,) = torch.autograd.grad(hs.square().sum(), rnn.weight_hh_l0, retain_graph=True)
        if zeroed:
            rnn.zero_grad()
        hs.square().sum().backward()
        seen.append((rnn.weight_hh_l0.grad.clone(), own))
        hidden = hidden_T.detach()
    for k, (gradient, own) in enumerate(seen):
        expected = own if zeroed else sum(own for _, own in seen[: k + 1])
        compare(f"chunk {k}", gradient.numpy(), expected.numpy())
        assert k == 0 or zeroed or (gradient - own).abs().max() > 0.1


def test_19_with_kept_keys_and_values_memory_is_linear_and_compute_quadratic(rng):
    """One step after the other, with what is kept, gives what causal attention over the whole sequence gives."""
    E, kept, weights_made = 4, {}, {}
    params = init_self_attention(rng, E)
    (W, b), out = (params[name].reshape(3, E, *rest) for name, rest in (("in_proj_weight", (E,)), ("in_proj_bias", ()))), params["out_proj"]
    for steps in (4, 64):
        xs, keys, values, made = rng.standard_normal((steps, 1, E)), np.zeros((0, 1, E)), np.zeros((0, 1, E)), 0
        whole, _, _ = self_attention_forward(params, xs, num_heads=1, causal=True)
        for x, y in zip(xs, whole, strict=True):
            query, key, value = np.einsum("kij,bj->kbi", W, x) + b[:, None]
            keys, values = np.concatenate([keys, key[None]]), np.concatenate([values, value[None]])
            context, weights, _ = attention_forward({}, query[None], keys, values, score="scaled_dot")
            made += weights.size
            compare("y", linear_forward(out, context[0])[0], y)
        kept[steps], weights_made[steps] = keys.size + values.size, made
    assert kept == {4: 2 * 4 * E, 64: 2 * 64 * E} and weights_made == {4: 4 * 5 // 2, 64: 64 * 65 // 2}
    state_of_a_recurrent_network = CELLS["lstm"].zero_state(1, E)
    assert sum(part.size for _, part in leaves(state_of_a_recurrent_network)) == 2 * E  # whatever the number of steps


def test_23_one_sequence_needs_no_padding_and_a_batch_does(rng):
    params, sequences = init_rnn(rng, D, H), [rng.standard_normal((length, 1, D)) for length in (2, 5)]
    alone = [rnn_forward(params, xs, np.zeros((1, H)))[1] for xs in sequences]
    with pytest.raises(ValueError, match="must match exactly"):
        np.concatenate(sequences, axis=1)
    padded = np.concatenate([np.pad(xs, [(0, 5 - len(xs)), (0, 0), (0, 0)]) for xs in sequences], axis=1)
    _, state_T, _ = masked_forward(params, padded, np.zeros((2, H)), np.array([2, 5]), cell="rnn")
    compare("state_T", state_T, np.concatenate(alone))
    _, unmasked, _ = rnn_forward(params, padded, np.zeros((2, H)))
    assert np.abs(unmasked[0] - state_T[0]).max() > 0.01  # padding that nobody masks is read


def test_24_a_gru_has_three_quarters_of_the_numbers_of_an_lstm(rng):
    """That much is certain before anything is measured."""
    sizes = [sum(p.size for p in init(rng, 5, 7).values()) for init in (init_gru, init_lstm)]
    assert 4 * sizes[0] == 3 * sizes[1]


def error_after(name, seed, updates=20):
    """The loss of a small network that has begun to predict sine waves."""
    rng, cell = np.random.default_rng(seed), CELLS[name]
    params = {"rnn": cell.init(rng, 1, 8), "output": init_linear(rng, 8, 1)}
    state = init_adam(params)
    for _ in range(updates):
        xs, targets = sine_mixtures(rng, 20, 16)
        hs, _, cache = cell.forward(params["rnn"], xs, cell.zero_state(16, 8))
        ys, output_cache = linear_forward(params["output"], hs)
        loss, loss_cache = mean_squared_error_forward(ys, targets)
        doutput, dhs = linear_backward(output_cache, mean_squared_error_backward(loss_cache))
        drnn, _, _ = cell.backward(cache, dhs)
        params, state = adam_step(params, {"rnn": drnn, "output": doutput}, state, lr=0.02)
    return float(loss)


def test_24_which_of_two_cells_learns_faster_depends_on_the_seed():
    """Six seeds: each cell is ahead in some by a tenth or more, and the mean difference is less than the spread of either."""
    gru, lstm = (np.array([error_after(name, seed) for seed in range(6)]) for name in ("gru", "lstm"))
    assert (gru < 0.9 * lstm).any() and (lstm < 0.9 * gru).any()
    assert abs(gru.mean() - lstm.mean()) < min(gru.std(), lstm.std())
