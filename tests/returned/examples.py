"""Arguments that no specification describes, by the function's name, with its folder where the folders differ.

Several examples of one function stand in a list. `NOT_COMPARED` names functions that are not called, with the reason.
"""

import numpy as np
import torch

import rnncore.pytorch as mirror
from rnncore import reference
from rnncore.checks.labs.lab12 import inputs as lab12
from rnncore.reference.lstm import LSTMState
from tests.returned.arguments import SIZES

T, B, D, H, V, OUT = (SIZES[letter] for letter in "TBDHVO")
RNG = np.random.default_rng(0)
PARAMS, LSTM, LAYERS = reference.init_rnn(RNG, D, H), reference.init_lstm(RNG, D, H), reference.init_stacked(RNG, D, H, 3)
XS, STATE0, STATE = RNG.random((T, B, D)), np.zeros((B, H)), LSTMState(*np.zeros((2, B, H)))
NEXT, CACHE = reference.rnn_step_forward(PARAMS, XS[0], STATE0)
TREE = {"weight": np.ones((OUT, D)), "layers": [np.ones(OUT), np.ones(D)]}
SENTENCES = [(["it", "rained"], ["O", "O"]), (["Ann", "left", "us", "today"], ["B-PER", "O", "O", "O"]), (["no"], ["O"])]


def half_square(start, hs):
    """A loss of hidden states, and its gradient."""
    return float(np.square(hs).sum()) / 2, hs


def torch_half_square(start, hs):
    return torch.square(hs).sum() / 2


def all_alike(array):
    """The step of a decoder that finds all tokens equally good, in the library of `array`."""
    choose = {"choose": lambda logits: logits.argmax(-1), "max_length": 6}
    return choose | {"step": lambda tokens, state: (array((B, V)), state), "state": None}


def drawn(names, draw, **sizes):
    """The first arguments of a lab's check."""
    values = next(iter(draw(RNG, "float64", B=B, D=D, H=H, **sizes)))
    return dict(zip(names.split(), values, strict=True))


RUN = {"params": PARAMS, "xs": XS, "state0": STATE0}
PAIR = {"forward": reference.rnn_forward, "backward": reference.rnn_backward, "loss_gradient": half_square} | RUN
STEPS = {"step_forward": reference.rnn_step_forward, "step_backward": reference.rnn_step_backward} | RUN
TENSORS = {"forward": mirror.rnn_forward, "loss": torch_half_square} | RUN
FEATURES = {"out_features": OUT, "in_features": D, "gates": 3}
OF_ANY_CELL = ["zero_state", "masked_forward", "packed_forward", "recurrent_dropout_forward", "encoder_forward", "decoder_forward"]
UPDATE = {"params": TREE, "grads": TREE}

EXAMPLES = {
    "reference.full_bptt": PAIR,
    "reference.checkpointed_bptt": PAIR | {"segment": 3},
    "reference.chunked_bptt": PAIR | {"k": 6},
    "reference.truncated_bptt": STEPS | {"loss_gradient": half_square, "k1": 2, "k2": 4},
    "pytorch.full_bptt": TENSORS,
    "pytorch.checkpointed_bptt": TENSORS | {"segment": 3},
    "pytorch.chunked_bptt": TENSORS | {"k": 6},
    "pytorch.truncated_bptt": RUN | {"step_forward": mirror.rnn_step_forward, "loss": torch_half_square, "k1": 2, "k2": 4},
    "gradient_norms": STEPS | {"dstate_T": STATE0},
    "step_jacobians": STEPS,
    "step_jacobian": {"step_backward": reference.rnn_step_backward, "cache": CACHE, "state_next": NEXT},
    "rnn_step_jacobian": {"cache": CACHE},
    "reference.generate": all_alike(np.ones),
    "pytorch.generate": all_alike(torch.ones),
    "free_run": {"start": 0, "max_length": 6},
    "scheduled_inputs": {"start": 0},
    "teacher_forced_inputs": {"start": 0},
    "sample": {"probabilities": np.full((T, B, V), 1 / V)},
    "temperature_distribution": {"temperature": 0.5},
    "top_k_distribution": {"k": 3},
    "top_p_distribution": {"p": 0.9},
    "dropout_mask": {"shape": (T, B, D), "rate": 0.5},
    **dict.fromkeys(("he_normal", "he_uniform", "orthogonal", "xavier_normal", "xavier_uniform"), FEATURES),
    "identity": {"gates": 3},
    "set_forget_bias": {"value": 1.0},
    "move_reset_gate": {"params": {name: np.zeros_like(value) for name, value in reference.init_gru(RNG, D, H).items()}, "to": "after"},
    "carried_state": [{"state_T": STATE}, {"state_T": STATE0}],
    "learned_state_forward": [{"params": LSTMState(*np.zeros((2, H)))}, {"params": np.zeros(H)}],
    **{name: [{"cell": "lstm"}, {"cell": "rnn"}] for name in OF_ANY_CELL},
    "bidirectional_forward": [{}, {"cell": "gru", "merge": "sum"}],
    "init_attention": [{"attention_size": SIZES["A"]}, {"score": "multiplicative"}],
    "init_encoder_decoder": [{}, {"score": "dot", "cell": "lstm"}, {"score": "additive"}, {"score": "multiplicative"}],
    "init_stacked": {"layers": 3},
    "stacked_forward": {"params": LAYERS, "state0": [STATE] * 3},
    "self_attention_forward": {"num_heads": 7},
    "encoder_decoder_forward": {"score": "additive"},
    "pytorch.encoder_decoder_forward": {"score": "additive", "need_weights": True},
    **dict.fromkeys(("adam_step", "adamw_step"), UPDATE | {"state": reference.init_adam(TREE)}),
    "momentum_step": UPDATE | {"state": reference.init_momentum(TREE), "lr": 0.1},
    "sgd_step": UPDATE | {"lr": 0.1},
    "init_adam": {"params": TREE},
    "init_momentum": {"params": TREE},
    "clip_by_norm": {"grads": TREE, "max_norm": 1.0},
    "clip_by_value": {"grads": TREE, "max_value": 0.5},
    "split_in_time": {"fraction": 0.7},
    "windows": {"horizon": 5},
    "random_windows": {"horizon": 5},
    "encode_sentences": {"sentences": SENTENCES, "vocabulary": ["-", "?", "it", "rained", "us"]},
    "stream_batches": {"tokens": np.arange(100) % V},
    "numerical_gradient": {"loss": lambda: 0.0, "array": np.ones((OUT, D))},
    "to_numpy": {"tree": TREE},
    "to_torch": {"tree": TREE},
    "checks.lstm_forward": drawn("params xs state0", lab12.draw_sequence, T=T),
    "to_state_dict": {"params": LSTM},
    "to_params": {"state_dict": {f"{name}_l0": torch.tensor(array) for name, array in LSTM.items()}},
    "lstm_step": drawn("x h c weight_ih weight_hh bias_ih bias_hh", lab12.draw_step),
    "packed_states": drawn("params xs lengths", lab12.draw_packed, T=T),
    "read_stream": drawn("params chunks state", lab12.draw_stream, T=T),
    "chunk_gradients": drawn("params xs targets state", lab12.draw_chunk, T=T, V=V),
}

NOT_COMPARED = {
    "returns nothing": "compare check_gradient check_parity check_purity check_shapes",
    "a text, a figure, a widget or a layer": "data_uri to_svg bars heatmap lines widget choose_device layer_of",
    "what the given functions return": "mirror leaves tree_map",
    "a function, a decorator, a setting or a cell": "decoder_step shapes tf32 find_cell find_tensor_cell",
    "a list of hypotheses, whose tokens are lists": "beam_search",
    "arrays under other names: tests/pytorch/test_state_dict.py": "params_from_state_dict state_dict_from_params",
    "a number": "constant_lr cosine_lr step_lr warmup_lr bigram_cross_entropy unigram_cross_entropy uniform_cross_entropy",
    "shares of right answers, or a baseline's": "entity_f1 most_frequent_tag_baseline",
    "words": "build_vocabulary find_entities tagged_sentences sentiment_sentences split_text",
}
