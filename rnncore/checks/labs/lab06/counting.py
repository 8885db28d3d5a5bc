"""Lab 6, part 7: how many parameters three cells have.

Contents
    parameters    the check of `count_parameters`
"""

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.reference.cells import CELLS

__all__ = ["parameters"]

BLOCKS = {"rnn": 1, "gru": 3, "lstm": 4}


def count_parameters(D, H, biases):
    """Count the numbers that a plain cell, a GRU and an LSTM learn."""
    one_block = H * (D + H + biases)
    return {"rnn": one_block, "gru": 3 * one_block, "lstm": 4 * one_block}


def with_blocks(**blocks):
    return lambda D, H, biases: {cell: g * H * (D + H + biases) for cell, g in (BLOCKS | blocks).items()}


def with_block(one_block):
    """The right multiples of a wrong number for one block."""
    return lambda D, H, biases: {cell: g * one_block(D, H, biases) for cell, g in BLOCKS.items()}


def with_cell(count):
    """`count(g, D, H, biases)` for each cell, with its number of blocks g."""
    return lambda D, H, biases: {cell: count(g, D, H, biases) for cell, g in BLOCKS.items()}


def draw_sizes(rng, dtype, D, H):
    for biases in (2, 1, 0):
        yield D, H, biases


def the_arrays_hold_as_many(function, rng):
    """With two biases the counts are those of the arrays that rnncore draws; each further bias adds H for each block."""
    two = function(3, 5, 2)
    arrays = {cell: sum(value.size for value in CELLS[cell].init(rng, 3, 5).values()) for cell in BLOCKS}
    compare("with two biases, the numbers in the arrays", two, arrays)
    one, none = function(3, 5, 1), function(3, 5, 0)
    for cell, g in BLOCKS.items():
        compare(f"what the second bias adds to {cell}", two[cell] - one[cell], 5 * g)
        compare(f"what the first bias adds to {cell}", one[cell] - none[cell], 5 * g)


parameters = Exercise(
    count_parameters,
    outputs=("counts",),
    letters="DH",
    example=lambda: (3, 8, 2),
    draw=draw_sizes,
    properties=(the_arrays_hold_as_many,),
    mistakes={
        "one bias is counted, whatever `biases` says": with_block(lambda D, H, biases: H * (D + H + 1)),
        "two biases are counted, whatever `biases` says": with_block(lambda D, H, biases: H * (D + H + 2)),
        "`biases` is taken as yes or no; it says how many there are": with_block(lambda D, H, biases: H * (D + H + 2 * bool(biases))),
        "D and H are multiplied where they are added: a row holds D + H weights": with_block(lambda D, H, biases: H * (D * H + biases)),
        "the biases are left out": with_block(lambda D, H, biases: H * (D + H)),
        "a bias is counted as one number; each is a vector with an entry for each row": with_block(
            lambda D, H, biases: H * (D + H) + biases
        ),
        "the biases are counted once, not once for each block": with_cell(lambda g, D, H, biases: g * H * (D + H) + biases * H),
        "the state's weights are left out: each block also has H times H": with_block(lambda D, H, biases: H * (D + biases)),
        "the input's weights are left out: each block also has H times D": with_block(lambda D, H, biases: H * (H + biases)),
        "the state's weights are counted as H; each block has H times H": with_block(lambda D, H, biases: H * (D + 1 + biases)),
        "the state's weights are H times D in each block; they are H times H": with_block(lambda D, H, biases: H * (2 * D + biases)),
        "D and H are exchanged: each of the H rows has D + H numbers and its biases": with_block(lambda D, H, biases: D * (D + H + biases)),
        "the weights of the input and of the state are multiplied; they are added": with_block(
            lambda D, H, biases: H * D * H * H + biases * H
        ),
        "the input's weights are counted once, not once for each block": with_cell(lambda g, D, H, biases: H * D + g * H * (H + biases)),
        "the state's weights are counted once, not once for each block": with_cell(lambda g, D, H, biases: H * H + g * H * (D + biases)),
        "the state has g times H entries, so that the recurrent weights are too many; all gates read one state of H": with_cell(
            lambda g, D, H, biases: g * H * (D + g * H + biases)
        ),
        "the GRU is counted with its two gates only; its candidate has weights as well": with_blocks(gru=2),
        "the LSTM is counted with its three gates only; its candidate has weights as well": with_blocks(lstm=3),
        "the gates are counted without the candidates: 2 blocks for the GRU and 3 for the LSTM": with_blocks(gru=2, lstm=3),
        "the GRU and the LSTM are exchanged": with_blocks(gru=4, lstm=3),
        "the GRU has four blocks here; it has two gates and a candidate": with_blocks(gru=4),
        "the plain cell is counted with two blocks; it has one": with_blocks(rnn=2),
        "all three cells are counted alike: the GRU has three blocks and the LSTM four": with_blocks(gru=1, lstm=1),
        "the LSTM is counted with five blocks, as if its second state had weights": with_blocks(lstm=5),
        "an output layer is counted as well; here only the cell counts": with_cell(
            lambda g, D, H, biases: g * H * (D + H + biases) + H + 1
        ),
    },
)
