"""PyTorch's fused recurrent kernels, called with the reference's parameters: one call for all steps, layers and directions.

On the CPU a kernel runs the loop over time in C++; on an NVIDIA GPU it is cuDNN. `torch.nn.RNN`, `LSTM` and `GRU` call the same ones.

    layers     [{weight_ih, weight_hh, bias_ih, bias_hh}, ...]     layer after layer, in each layer forward before reverse
    hidden     the states of all layers and directions, stacked on a first axis; for the LSTM an LSTMState of such tensors

cuDNN wants its weights in one piece of memory: first the matrices of all layers and directions, then the biases. `torch.nn` keeps its
parameters that way. Ours are tensors of their own, so they are laid out anew for each call, by one copy.
These functions serve others that have checked the arguments.
"""

import torch
from torch import _VF

from rnncore.reference.tree import tree_map

__all__ = []

NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def rnn_kernel(*, nonlinearity="tanh"):
    """The kernel of the vanilla network."""
    kernels = {"tanh": _VF.rnn_tanh, "relu": _VF.rnn_relu}
    if nonlinearity not in kernels:
        raise ValueError(f"nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}.")
    return kernels[nonlinearity]


def lstm_kernel():
    """The kernel of the LSTM."""
    return _VF.lstm


def no_kernel(**options):
    """A cell that no kernel computes."""
    return None


def gru_kernel(*, reset="after"):
    """The kernel of the GRU; None with the reset gate before the product, which no kernel computes."""
    if reset not in ("after", "before"):
        raise ValueError(f"reset must be 'after' or 'before', got {reset!r}.")
    return _VF.gru if reset == "after" else None


def fused_forward(kernel, layers, xs, hidden, *, bidirectional=False, batch_sizes=None):
    """Run a kernel.

    Args:
        kernel: one of the three above.
        layers: list of parameter dicts.
        xs: (T, B, D), or packed data (N, D) with batch_sizes.
        hidden: (L, B, H), or (2L, B, H) if bidirectional; for the LSTM an LSTMState of these.
        bidirectional: whether every second entry of layers reads backwards.
        batch_sizes: (T,) whole numbers on the CPU; how many of the packed sequences are running at each step.
    Returns:
        hs: (T, B, H), or (N, H), with 2H if bidirectional.
        hidden_T: like hidden.
    """
    weights = [layer[name] for layer in layers for name in NAMES]
    if xs.device.type == "cuda":
        weights = in_one_piece(weights)
    count = len(layers) // (2 if bidirectional else 1)
    options = True, count, 0.0, torch.is_grad_enabled(), bidirectional  # has_biases, num_layers, dropout, train, bidirectional
    state = tree_map(torch.Tensor.contiguous, hidden)  # cuDNN takes no other
    state = tuple(state) if isinstance(state, tuple) else state
    if batch_sizes is None:
        hs, *hidden_T = kernel(xs, state, weights, *options, False)  # batch_first
    else:
        hs, *hidden_T = kernel(xs, batch_sizes, state, weights, *options)
    return hs, type(hidden)(*hidden_T) if isinstance(hidden, tuple) else hidden_T[0]


def in_one_piece(weights):
    """The same weights as parts of one tensor, in cuDNN's order; gradients go through. What is in one piece already stays.

    Args:
        weights: list of tensors, weight_ih, weight_hh, bias_ih and bias_hh of each layer and direction.
    Returns:
        A list like it.
    """
    order = [k for k in range(len(weights)) if k % 4 < 2] + [k for k in range(len(weights)) if k % 4 > 1]
    if _follow_one_another([weights[k] for k in order]):
        return weights
    flat = torch.cat([weights[k].reshape(-1) for k in order])
    parts = dict(zip(order, flat.split([weights[k].numel() for k in order]), strict=True))
    return [parts[k].view_as(weight) for k, weight in enumerate(weights)]


def _follow_one_another(tensors):
    storage = tensors[0].untyped_storage().data_ptr()
    place = storage
    for tensor in tensors:
        if tensor.untyped_storage().data_ptr() != storage or tensor.data_ptr() != place or not tensor.is_contiguous():
            return False
        place += tensor.nbytes
    return True


def stack_states(*states):
    """States of several layers or directions, put on a new first axis: what a kernel takes as hidden."""
    return tree_map(lambda *parts: torch.stack(parts), *states)


def unstack_states(hidden, count):
    """The states that `stack_states` put together."""
    return [tree_map(lambda part, k=k: part[k], hidden) for k in range(count)]
