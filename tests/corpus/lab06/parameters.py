"""Lab 6, part 7: how many parameters three cells have."""

import math

import numpy as np

from rnncore.reference import init_gru, init_lstm, init_rnn
from tests.corpus.answers import right, wrong


@right
def block_by_block(D, H, biases):
    block = H * D + H * H + biases * H
    return {"rnn": block, "gru": block * 3, "lstm": block * 4}


@right
def from_a_table(D, H, biases):
    counts = {}
    for cell, blocks in (("lstm", 4), ("gru", 3), ("rnn", 1)):
        counts[cell] = blocks * H * D + blocks * H**2 + biases * blocks * H
    return counts


@right
def from_the_shapes(D, H, biases):
    def count(g):
        shapes = [(g * H, D), (g * H, H)] + [(g * H,)] * biases
        return sum(math.prod(shape) for shape in shapes)

    return {"rnn": count(1), "gru": count(3), "lstm": count(4)}


@right
def numbers_of_numpy(D, H, biases):
    rows = np.array([1, 3, 4]) * H
    return dict(zip(("rnn", "gru", "lstm"), rows * (D + H + biases), strict=True))


@right
def counts_arrays(D, H, biases):
    """Draws the arrays and looks."""
    rng, counts = np.random.default_rng(0), {}
    for cell, init in {"rnn": init_rnn, "gru": init_gru, "lstm": init_lstm}.items():
        params = init(rng, D, H)
        counts[cell] = params["weight_ih"].size + params["weight_hh"].size + biases * params["bias_ih"].size
    return counts


@right
def by_sizes_of_zeros(D, H, biases):
    one = np.zeros((H, D + H + biases)).size
    return {"rnn": one, "gru": one + 2 * one, "lstm": one + one + one + one}


@wrong("one bias is counted, whatever `biases` says")
def from_a_textbook(D, H, biases):
    return {"rnn": H * (D + H + 1), "gru": 3 * H * (D + H + 1), "lstm": 4 * H * (D + H + 1)}


@wrong("two biases are counted, whatever `biases` says")
def from_pytorch(D, H, biases):
    return {"rnn": H * (D + H + 2), "gru": 3 * H * (D + H + 2), "lstm": 4 * H * (D + H + 2)}


@wrong("the biases are left out")
def no_biases(D, H, biases):
    return {"rnn": H * (D + H), "gru": 3 * H * (D + H), "lstm": 4 * H * (D + H)}


@wrong("a bias is counted as one number")
def one_number(D, H, biases):
    one = H * D + H * H + biases
    return {"rnn": one, "gru": 3 * one, "lstm": 4 * one}


@wrong("the biases are counted once, not once for each block")
def biases_at_the_end(D, H, biases):
    weights = H * (D + H)
    return {"rnn": weights + biases * H, "gru": 3 * weights + biases * H, "lstm": 4 * weights + biases * H}


@wrong("the GRU is counted with its two gates only")
def two_gates(D, H, biases):
    one = H * (D + H + biases)
    return {"rnn": one, "gru": 2 * one, "lstm": 4 * one}


@wrong("the gates are counted without the candidates")
def gates_only(D, H, biases):
    one = H * (D + H + biases)
    return {"rnn": one, "gru": 2 * one, "lstm": 3 * one}


@wrong("the GRU and the LSTM are exchanged")
def exchanged(D, H, biases):
    one = H * (D + H + biases)
    return {"rnn": one, "gru": 4 * one, "lstm": 3 * one}


@wrong("D and H are exchanged")
def letters_exchanged(D, H, biases):
    one = D * (D + H + biases)
    return {"rnn": one, "gru": 3 * one, "lstm": 4 * one}


@wrong("the state's weights are left out")
def input_only(D, H, biases):
    one = H * D + H * biases
    return {"rnn": one, "gru": 3 * one, "lstm": 4 * one}


@wrong("the state's weights are counted as H")
def a_vector_of_recurrent_weights(D, H, biases):
    one = H * D + H + H * biases
    return {"rnn": one, "gru": 3 * one, "lstm": 4 * one}


@wrong("the state has g times H entries")
def square_of_all_rows(D, H, biases):
    return {cell: g * H * D + (g * H) ** 2 + biases * g * H for cell, g in (("rnn", 1), ("gru", 3), ("lstm", 4))}


@wrong("all three cells are counted alike")
def one_for_all(D, H, biases):
    return dict.fromkeys(("rnn", "gru", "lstm"), H * (D + H + biases))


@wrong("an output layer is counted as well")
def with_an_output(D, H, biases):
    one = H * (D + H + biases)
    return {"rnn": one + H + 1, "gru": 3 * one + H + 1, "lstm": 4 * one + H + 1}


@wrong("the LSTM is counted with five blocks")
def cell_state_counted(D, H, biases):
    one = H * (D + H + biases)
    return {"rnn": one, "gru": 3 * one, "lstm": 5 * one}


@wrong("counts must be a dict with the keys rnn, gru, lstm, got a dict with the keys RNN, GRU, LSTM.")
def capital_letters(D, H, biases):
    one = H * (D + H + biases)
    return {"RNN": one, "GRU": 3 * one, "LSTM": 4 * one}


@wrong("counts['rnn'] must be 104, got float 104.0.")
def a_float(D, H, biases):
    one = H * (D + H + biases) / 1
    return {"rnn": one, "gru": 3 * one, "lstm": 4 * one}


@wrong("counts must be a dict with the keys rnn, gru, lstm, got a tuple of 3.")
def three_numbers(D, H, biases):
    one = H * (D + H + biases)
    return one, 3 * one, 4 * one


@wrong(None)
def half_of_a_symmetric_matrix(D, H, biases):
    one = H * D + H * (H + 1) // 2 + biases * H
    return {"rnn": one, "gru": 3 * one, "lstm": 4 * one}


@right
def by_shapes(D, H, biases):
    counts = {}
    for cell, g in (("rnn", 1), ("gru", 3), ("lstm", 4)):
        weight_ih, weight_hh, bias = (g * H, D), (g * H, H), (g * H,)
        counts[cell] = int(np.prod(weight_ih)) + int(np.prod(weight_hh)) + biases * bias[0]
    return counts


@wrong("`biases` is taken as yes or no")
def biases_as_flag(D, H, biases):
    block = H * (D + H) + (2 * H if biases else 0)
    return {"rnn": block, "gru": 3 * block, "lstm": 4 * block}


@wrong("D and H are multiplied where they are added: a row holds D + H weights.")
def product_in_row(D, H, biases):
    block = H * (D * H + biases)
    return {"rnn": block, "gru": 3 * block, "lstm": 4 * block}


@wrong(None)
def bracket_lost(D, H, biases):
    return {"rnn": H * D + H + biases, "gru": 3 * H * D + H + biases, "lstm": 4 * H * D + H + biases}
