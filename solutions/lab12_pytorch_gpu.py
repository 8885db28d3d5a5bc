# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 12: PyTorch and the GPU
#
# You have written an LSTM in NumPy, with every gradient by hand. Here you take it to PyTorch: to tensors that live on a
# device and remember where they came from. You move parameters there and back, write the loop again, give PyTorch a
# backward pass of your own, cut the graph where a chunk ends, pack sequences of unequal length and read a stream without
# a graph. At the end your functions learn to write characters, on whatever device is there, and you measure what a loop
# in Python costs.
#
# **After this lab you can**
#
# - write code that runs on a CPU and on a GPU without a change;
# - exchange parameters between NumPy, your own code and `torch.nn.LSTM`;
# - say which tensors hang on a graph, cut it on purpose, and notice when you have cut it by mistake;
# - write an autograd function and check it with PyTorch's own measurement;
# - pack and unpack sequences, and carry a state through chunks in training and in use.
#
# **You need** the chapters [The LSTM](book:lstm) and [Truncated backpropagation through time](book:truncated_bptt), for
# part 7 [Sequences of unequal length](book:unequal_lengths), and lab 5 or its ideas. What `requires_grad` and
# `backward()` do you should have seen once, as in [the third witness](book:gradient_checking#gradient-checking-autograd).
# **Time:** 75 to 95 minutes.
#
# **This lab needs a Python with PyTorch**, on your computer, a course server or Colab; PyTorch does not exist in the
# browser's own Python. A GPU is not needed. Where there is one, the lab uses it in the last part.
#
# **How it works.** There are eight functions to write, most of them a few lines long. Replace
# `raise NotImplementedError()` with your code and run the cell. The cell below it checks what you wrote, first on a worked
# example whose numbers you can follow by hand, then on fresh random inputs, different each time. If something is wrong,
# the check says what and where, and, if it knows the mistake, what went wrong. Where gradients belong to the answer, it
# sends some back through your results and compares what arrives. The same checks, with inputs drawn anew, give the points.
# Under each task are three hints; each one says more than the one before.
#
# You can do the steps in any order, and earn the points of a later step while an earlier one is still wrong: the cells
# that say `or_reference` put a right function in the place of what is not right yet. Run the cells from top to bottom.
#
# **To hand in** on a course server, save this notebook, open *Nbgrader > Assignment List* and press *Submit*; you can
# submit again until the deadline. *Validate* there runs every check once more. If you study alone, the checks are all
# you need.

# %% nbgrader={"grade_id": "setup", "locked": true}
import time

import numpy as np
import torch
from torch.nn.functional import cross_entropy, one_hot
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnncore.checks import compare
from rnncore.checks.labs import grading, lab12
from rnncore.plots import bars, lines
from rnncore.reference import LSTMState, init_linear, init_lstm, sigmoid
from rnncore.reference import lstm_forward as numpy_lstm_forward
from rnncore.tasks import language_reference, stream_batches

for name in (
    "choose_device",
    "to_state_dict",
    "to_params",
    "lstm_forward",
    "lstm_step",
    "chunk_gradients",
    "packed_states",
    "read_stream",
):
    globals().setdefault(name)  # None until you write it

# %% [markdown]
# ## 1. Choose a device (2 points)
#
# Every tensor lives on one **device**, and an operation takes tensors of one device only. PyTorch calls devices by name:
# `"cpu"`; `"cuda"` for a GPU of NVIDIA (or AMD), with `"cuda:1"` for the second of several; `"mps"` for the GPU of a Mac,
# which has no float64. A program asks once, at its beginning, and uses the name everywhere. So it runs anywhere.
#
# Write the question as a function of plain strings and numbers, so that it can be tested without owning three computers.
# With `wanted="auto"` take the first that will do, in this order:
#
# $$\text{cuda} \;\to\; \text{mps, unless float64 is needed} \;\to\; \text{cpu}.$$
#
# Whoever names a device gets it, without a question: if it is not there, PyTorch will say so, and that is better than a run
# that is silently slow. Reference: [devices](book:reference/pytorch_training).

# %%
# Worked example: a Mac has no NVIDIA GPU and one of its own; in float64 only the CPU will do.
{"name": "mps", "in float64": "cpu"}


# %% nbgrader={"grade_id": "device", "solution": true}
def choose_device(available, wanted="auto", dtype="float32"):
    """Choose the device on which to compute.

    Args:
        available: dict from the name of a kind of device to how many there are, such as {"cuda": 1, "cpu": 1}; a kind may be missing.
        wanted: "auto", or the name of a device, such as "cuda:1", which is taken as it is.
        dtype: the name of the numbers to compute with, "float32" or "float64".
    Returns:
        name: for "auto" that of the first that will do: "cuda", "mps" (which has no float64), "cpu".
    """
    ### BEGIN SOLUTION
    if wanted != "auto":
        return wanted
    if available.get("cuda", 0) > 0:
        return "cuda"
    if available.get("mps", 0) > 0 and dtype != "float64":
        return "mps"
    return "cpu"
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_device", "grade": true, "locked": true, "points": 2}
lab12.device.check(choose_device)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Four cases, one after the other, each with a `return`: a device is wanted by name; there is a `cuda`; there is an `mps`
# that will do; all else.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# A kind may be missing in `available`, or be there with the count 0. Both mean that there is none. A dict's `get` has a
# second argument for what is missing.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `available.get("cuda", 0) > 0` is the question for the second case. The third asks the same of `"mps"`, and one thing more.
#
# </details>

# %% nbgrader={"grade_id": "use_device", "locked": true}
choose_device = lab12.device.or_reference(choose_device)

# %%
available = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available()), "cpu": 1}
device = choose_device(available)
print(f"{available}: this notebook will train on {device}.")

# %% [markdown]
# ## 2. Parameters into tensors (2 points)
#
# `torch.nn.LSTM` has the parameters of your NumPy code, the same shapes and the same order i, f, g, o. Two things differ.
# Its names end with the number of the layer, `weight_ih_l0`, and its numbers are tensors. A **state dict** is a dict from
# such names to tensors; a layer takes it with `load_state_dict`. Book: [fused weights, and PyTorch's
# order](book:lstm#lstm-fused).
#
# There are several ways to make a tensor of an array, and they differ in what they do silently:
#
# | call | dtype | memory |
# |---|---|---|
# | `torch.tensor(array)` | that of the array | a copy |
# | `torch.from_numpy(array)`, `torch.as_tensor(array)` | that of the array | shared: a change on one side is seen on the other |
# | `torch.Tensor(array)` | always float32 | a copy, or shared if the array is float32 |
#
# Arrays are float64 unless you say otherwise, tensors float32. So look at the dtype at every border.
#
# Is your code right on a device that you do not have? PyTorch has one called `meta`, which keeps shapes and dtypes and no
# numbers at all. The check asks for it too, and sees whether the tensors are where they were to be.

# %%
# Worked example: the cell of lab 5, one number for each gate; the names are new, the numbers are not.
{
    "weight_ih_l0": [0.5, -0.2, 0.8, 0.2],
    "weight_hh_l0": [0.4, 0.6, -0.5, 0.9],
    "bias_ih_l0": [0.1, 0.9, 0.2, -0.1],
    "bias_hh_l0": [0.2, 0.1, -0.1, 0.3],
}


# %% nbgrader={"grade_id": "tensors", "solution": true}
def to_state_dict(params, device="cpu"):
    """Turn the parameters of one layer into tensors with the names that `torch.nn.LSTM` gives them.

    Args:
        params: dict of arrays: weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,); float32 or float64.
        device: the name of the device on which the tensors are to be.
    Returns:
        state_dict: dict of tensors of the same shapes and dtypes, weight_ih_l0, ...; they share no memory with the arrays and ask for no
            gradient yet.
    """
    ### BEGIN SOLUTION
    return {f"{name}_l0": torch.tensor(array, device=device) for name, array in params.items()}
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_tensors", "grade": true, "locked": true, "points": 2}
lab12.tensors.check(to_state_dict)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The result is a new dict, with a new name and a tensor for each entry of `params`. Which row of the table copies and keeps
# the dtype?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Walk over `params.items()`. The calls that make tensors take `device=...`, a name is enough. The ending is an underscore,
# the letter l and a zero.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# The new name is `f"{name}_l0"`, and `torch.tensor(...)` gets the array and the device. Do not give it a dtype.
#
# </details>

# %% nbgrader={"grade_id": "use_tensors", "locked": true}
to_state_dict = lab12.tensors.or_reference(to_state_dict)

# %%
rng = np.random.default_rng(0)
params, xs, state0 = init_lstm(rng, 3, 4), rng.standard_normal((5, 2, 3)), LSTMState(*rng.standard_normal((2, 2, 4)))
layer = torch.nn.LSTM(3, 4, dtype=torch.float64)
print(layer.load_state_dict(to_state_dict(params)))
with torch.no_grad():
    hs, (h_T, c_T) = layer(torch.tensor(xs), tuple(torch.tensor(part)[None] for part in state0))
compare("hs", hs.numpy(), numpy_lstm_forward(params, xs, state0)[0], rtol=1e-8, atol=1e-8)
print("torch.nn.LSTM and the NumPy code of lab 5: the same states")

# %% [markdown]
# ## 3. And back (2 points)
#
# After training you want arrays again, to look at them or to run them where there is no PyTorch. Three things stand in the
# way. A tensor that asks for a gradient refuses `numpy()`, so it is **detached** first. NumPy lives on the CPU, so the
# tensor has to come there: `cpu()`, which does nothing if it is there already. And on the CPU `numpy()` shares its memory
# with the tensor: go on training, and the arrays change with it. Book: [detach, clone,
# clone().detach()](book:truncated_bptt#truncated-bptt-pytorch).
#
# On a computer without a GPU nobody can see whether you wrote `cpu()`. Write it all the same: the first run on a GPU would
# stop without it.

# %%
# Worked example: the state dict of part 2 loses the ending of its names.
{"weight_ih": [0.5, -0.2, 0.8, 0.2], "weight_hh": [0.4, 0.6, -0.5, 0.9], "bias_ih": [0.1, 0.9, 0.2, -0.1], "bias_hh": [0.2, 0.1, -0.1, 0.3]}


# %% nbgrader={"grade_id": "arrays", "solution": true}
def to_params(state_dict):
    """Turn the tensors of one layer of `torch.nn.LSTM` into parameters of the NumPy code.

    Args:
        state_dict: dict of tensors: weight_ih_l0 (4H, D), weight_hh_l0 (4H, H), bias_ih_l0 (4H,), bias_hh_l0 (4H,), on any device, with or
            without gradient.
    Returns:
        params: dict of arrays weight_ih, weight_hh, bias_ih, bias_hh of the same shapes and dtypes; they share no memory with the tensors.
    """
    ### BEGIN SOLUTION
    return {name.removesuffix("_l0"): tensor.detach().cpu().numpy().copy() for name, tensor in state_dict.items()}
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_arrays", "grade": true, "locked": true, "points": 2}
lab12.arrays.check(to_params)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The mirror of part 2. The text above names three obstacles, and each is removed by one call with a dot.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The order of the calls matters: out of the graph, to the CPU, to NumPy, and then a copy. A string has a method that takes
# an ending away: `removesuffix`.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `tensor.detach().cpu().numpy()` shares its memory on the CPU. What do you call on an array to have one of its own?
#
# </details>

# %% nbgrader={"grade_id": "use_arrays", "locked": true}
to_params = lab12.arrays.or_reference(to_params)

# %% [markdown]
# ## 4. The loop, on tensors (3 points)
#
# Now the LSTM itself, in one function: the gates, the two states, the loop.
#
# $$
# \begin{aligned}
# a_t &= x_t W_{ih}^\top + b_{ih} + h_{t-1} W_{hh}^\top + b_{hh} \\
# c_t &= \sigma(a_f) \odot c_{t-1} + \sigma(a_i) \odot \tanh(a_g) \\
# h_t &= \sigma(a_o) \odot \tanh(c_t)
# \end{aligned}
# $$
#
# You write no cache and no backward pass. While the lines run, PyTorch records them in a **graph**, and goes back through
# it when somebody asks for a gradient. That works as long as every number comes from the ones before by PyTorch's own
# operations (the `sigmoid` of the worked example is NumPy's). `detach()`, `numpy()`, `item()` and `torch.tensor(...)` of a
# tensor cut the graph: the numbers stay right, and nothing can be learned any more. The check looks for that. It also runs
# your function on the device `meta`: a tensor that you make yourself, say with `torch.zeros`, must be made where the inputs
# are, and with their dtype. Book: [one step](book:lstm#lstm-step).

# %%
# Worked example: the cell of part 2 reads 1.0 and then -1.0, from h = 0.5 and c = 0.9, as in lab 5.
gates = []
h_0, c_0 = 0.5, 0.9
h, c, hs = h_0, c_0, []
for x in (1.0, -1.0):
    a = x * np.array([0.5, -0.2, 0.8, 0.2]) + [0.1, 0.9, 0.2, -0.1] + h * np.array([0.4, 0.6, -0.5, 0.9]) + [0.2, 0.1, -0.1, 0.3]
    i, f, o = sigmoid(a[[0, 1, 3]])
    g = np.tanh(a[2])
    c = f * c + i * g
    h = o * np.tanh(c)
    gates.append((i, f, g, o))
    hs.append(round(float(h), 6))
{"hs": hs, "state_T": [round(float(h), 6), round(float(c), 6)]}


# %% nbgrader={"grade_id": "sequence", "solution": true}
def lstm_forward(params, xs, state0):
    """Run the cell over a sequence, each step starting from the state the last one left.

    Args:
        params: dict of tensors weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,); rows in the order i, f, g, o.
        xs: (T, B, D), the inputs; T is at least 1.
        state0: LSTMState of h (B, H) and c (B, H), before the first step.
    Returns:
        hs: (T, B, H), the hidden state after each step, one tensor on the device of the inputs, through which gradients can go back.
        state_T: LSTMState(h, c) after the last step.
    """
    ### BEGIN SOLUTION
    h, c = state0
    hs = []
    for x in xs:
        a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]  # (B, 4H)
        i, f, g, o = a.chunk(4, dim=1)  # (B, H) each
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        hs.append(h)
    return torch.stack(hs), LSTMState(h, c)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_sequence", "grade": true, "locked": true, "points": 3}
lab12.sequence.check(lstm_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Most of NumPy's names exist in PyTorch: `@`, `.T`, `torch.tanh`, `torch.sigmoid`, `torch.stack`. An axis is called `dim`.
# Take the code of lab 5, and leave out the caches.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# One trap is in the translation: `np.split(a, 4, axis=1)` makes four pieces, `a.split(4, dim=1)` makes pieces of four
# columns. PyTorch's word for four pieces is `chunk`. Collect the hidden states in a list, and make one tensor of it after
# the loop.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `h, c = state0` before the loop; in it `i, f, g, o = a.chunk(4, dim=1)`, then the two lines for `c` and `h`, and append
# `h`. Return the stacked list and an `LSTMState` of the last two.
#
# </details>

# %% nbgrader={"grade_id": "use_sequence", "locked": true}
lstm_forward = lab12.sequence.or_reference(lstm_forward)

# %% [markdown]
# ## 5. A backward pass of your own (4 points)
#
# PyTorch's graph of one step has about twenty nodes, and keeps what each of them needs. You know a shorter way back: the
# equations of lab 5. An **autograd function** is a class with two static methods that tells PyTorch to use it.
#
# - `forward(ctx, ...)` computes the results. Inside it nothing is recorded. What the way back will need is handed to
#   `ctx.save_for_backward(...)`, in a single call; it takes tensors only.
# - `backward(ctx, ...)` gets one gradient for each *result* of forward, and returns one for each *argument* of forward after
#   `ctx`, in their order. `ctx.saved_tensors` gives back what was saved.
# - `LSTMStep.apply(...)` calls it. Never call `forward` yourself.
#
# With $\mathrm{d}h$ and $\mathrm{d}c$ as they arrive (the arrow makes a new tensor; what arrives is not yours to write into):
#
# $$
# \begin{aligned}
# \mathrm{d}c &\leftarrow \mathrm{d}c + \mathrm{d}h \odot o \odot (1 - \tanh^2 c_{\text{next}}) \\
# \mathrm{d}a_i &= \mathrm{d}c \odot g \odot i \odot (1 - i) \\
# \mathrm{d}a_f &= \mathrm{d}c \odot c_{\text{before}} \odot f \odot (1 - f) \\
# \mathrm{d}a_g &= \mathrm{d}c \odot i \odot (1 - g^2) \\
# \mathrm{d}a_o &= \mathrm{d}h \odot \tanh(c_{\text{next}}) \odot o \odot (1 - o)
# \end{aligned}
# $$
#
# and from $\mathrm{d}a = [\mathrm{d}a_i, \mathrm{d}a_f, \mathrm{d}a_g, \mathrm{d}a_o]$, side by side:
#
# $$
# \begin{aligned}
# \mathrm{d}x &= \mathrm{d}a\, W_{ih} &
# \mathrm{d}h_{\text{before}} &= \mathrm{d}a\, W_{hh} &
# \mathrm{d}c_{\text{before}} &= \mathrm{d}c \odot f \\
# \mathrm{d}W_{ih} &= \mathrm{d}a^\top x &
# \mathrm{d}W_{hh} &= \mathrm{d}a^\top h_{\text{before}} &
# \mathrm{d}b_{ih} &= \mathrm{d}b_{hh} = \textstyle\sum_{\text{batch}} \mathrm{d}a
# \end{aligned}
# $$
#
# Book: [backward: one step](book:lstm#lstm-backward). Who judges? PyTorch's own `gradcheck`, which moves every entry a little
# and measures. It needs float64: in float32 rounding hides what it looks for. Book: [how large a
# step](book:gradient_checking#gradient-checking-step-size).

# %%
# Worked example: the first step of part 4, with dh = 1.0 and dc = 0.5, as in lab 5.
i, f, g, o = gates[0]
c_next = f * c_0 + i * g
tanh_c = np.tanh(c_next)
dc = 0.5 + 1.0 * o * (1 - tanh_c**2)
da = np.array([dc * g * i * (1 - i), dc * c_0 * f * (1 - f), dc * i * (1 - g**2), 1.0 * tanh_c * o * (1 - o)])
{
    "h_next": round(float(o * tanh_c), 6),
    "c_next": round(float(c_next), 6),
    "dx": round(float(da @ [0.5, -0.2, 0.8, 0.2]), 6),
    "dh": round(float(da @ [0.4, 0.6, -0.5, 0.9]), 6),
    "dc": round(float(dc * f), 6),
    "dweight_ih": (da * 1.0).round(6).tolist(),
    "dweight_hh": (da * h_0).round(6).tolist(),
    "dbias_ih": da.round(6).tolist(),
    "dbias_hh": da.round(6).tolist(),
}


# %% nbgrader={"grade_id": "custom_step", "solution": true}
class LSTMStep(torch.autograd.Function):
    """One step of the LSTM, with a backward pass of its own."""

    @staticmethod
    def forward(ctx, x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
        """Compute h_next and c_next, (B, H) each, and save what backward needs."""
        ### BEGIN SOLUTION
        i, f, g, o = (x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh).chunk(4, dim=1)
        i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        c_next = f * c + i * g
        tanh_c = torch.tanh(c_next)
        ctx.save_for_backward(x, h, c, weight_ih, weight_hh, i, f, g, o, tanh_c)
        return o * tanh_c, c_next
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dh_next, dc_next):
        """Return the gradients with respect to x, h, c, weight_ih, weight_hh, bias_ih and bias_hh, each shaped as its argument."""
        ### BEGIN SOLUTION
        x, h, c, weight_ih, weight_hh, i, f, g, o, tanh_c = ctx.saved_tensors
        dc = dc_next + dh_next * o * (1 - tanh_c**2)
        da_i, da_f, da_g = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2)
        da_o = dh_next * tanh_c * o * (1 - o)
        da = torch.cat([da_i, da_f, da_g, da_o], dim=1)
        return da @ weight_ih, da @ weight_hh, dc * f, da.T @ x, da.T @ h, da.sum(dim=0), da.sum(dim=0)
        ### END SOLUTION


def lstm_step(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    """Take one time step, with a backward pass written by hand. You need not change this function.

    Args:
        x: (B, D), the input at this step.
        h, c: (B, H) each, the state before it.
        weight_ih, weight_hh, bias_ih, bias_hh: (4H, D), (4H, H), (4H,), (4H,); rows in the order i, f, g, o.
    Returns:
        h_next, c_next: (B, H) each, the state after the step.
    """
    return LSTMStep.apply(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh)


# %% nbgrader={"grade_id": "check_custom_step", "grade": true, "locked": true, "points": 4}
lab12.custom_step.check(lstm_step)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `forward` is one turn of the loop of part 4, with a name for each gate after its activation and one for the tanh of the new
# cell state. Read the equations of `backward`: every letter in them that is not a gradient must be saved.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Ten tensors are enough: `x, h, c, weight_ih, weight_hh, i, f, g, o, tanh_c`. Take them out of `ctx.saved_tensors` in the
# same order. The first line of `backward` makes `dc` complete. `torch.cat` along `dim=1` puts the four blocks side by side.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `dc = dc_next + dh_next * o * (1 - tanh_c**2)`, and for example `da_f = dc * c * f * (1 - f)`. Seven gradients are
# returned: those of `x`, `h` and `c`, the two of the weights, and twice the sum of `da` over `dim=0`. Which product gives
# the shape of `weight_hh`?
#
# </details>

# %% nbgrader={"grade_id": "use_custom_step", "locked": true}
lstm_step = lab12.custom_step.or_reference(lstm_step)

# %%
inputs = [torch.tensor(part, requires_grad=True) for part in (xs[0], *state0, *params.values())]
if not grading():  # hundreds of calls, which no mark hangs on
    print("gradcheck:", torch.autograd.gradcheck(lstm_step, inputs))

# %% [markdown]
# ## 6. One chunk of a long sequence (3 points)
#
# A text is one long sequence, and is read in chunks. The state is carried from chunk to chunk, the gradient is not. In
# PyTorch the border is `detach()`: the same numbers, without a past. Both parts of the state have one. Book: [detach,
# clone](book:truncated_bptt#truncated-bptt-pytorch) and [what goes wrong](book:truncated_bptt#truncated-bptt-mistakes).
#
# The output layer gives $V$ scores at every step, and the loss is the mean cross-entropy of the right classes:
#
# $$y_t = h_t W_{out}^\top + b_{out}, \qquad L = -\frac{1}{TB} \sum_{t, b} \log \operatorname{softmax}(y_{t, b})_{\text{target}_{t, b}}.$$
#
# `cross_entropy(logits, targets)` does the softmax, the logarithm and the mean in one. It wants `(N, V)` and `(N,)`, so
# time and batch become one axis: `flatten`.
#
# Gradients can be had in two ways. `loss.backward()` *adds* them to the `.grad` of every parameter, where those of the chunk
# before may still be. `torch.autograd.grad(loss, [...])` returns them and touches nothing. Take either, but return the
# gradients of this chunk alone. What you return must not hold on to the graph, the loss neither: whoever keeps a list of
# losses would keep all graphs.

# %%
# Worked example: the two steps of part 4; weight_out = [[1], [-1]], bias_out = [0, 0.5], the right classes are 0 and then 1.
loss, dbias_out = 0.0, np.zeros(2)
for h, target in zip(hs, (0, 1), strict=True):
    y = np.array([h, 0.5 - h])
    p = np.exp(y) / np.exp(y).sum()
    loss += -np.log(p[target]) / 2
    dbias_out += (p - np.eye(2)[target]) / 2
{"loss": round(float(loss), 6), "bias_out": dbias_out.round(6).tolist(), "state_next": [hs[1], round(float(c), 6)]}


# %% nbgrader={"grade_id": "chunk", "solution": true}
def chunk_gradients(params, xs, targets, state):
    """Read one chunk of a sequence; give its loss, the gradients, and the state from which the next chunk goes on.

    Args:
        params: dict of tensors that want a gradient: the four of the LSTM, weight_out (V, H) and bias_out (V,).
        xs: (T, B, D), the inputs of the chunk.
        targets: (T, B), whole numbers from 0 to V - 1.
        state: LSTMState of h (B, H) and c (B, H), before the chunk; it may have a past, into which no gradient goes.
    Returns:
        loss: (), the mean cross-entropy of all T * B predictions, without a graph.
        dparams: dict with the keys of params: the gradients of this chunk's loss alone.
        state_next: LSTMState after the chunk, without a past.
    """
    ### BEGIN SOLUTION
    state = LSTMState(*(part.detach() for part in state))
    hs, state_next = lstm_forward(params, xs, state)
    logits = hs @ params["weight_out"].T + params["bias_out"]  # (T, B, V)
    loss = cross_entropy(logits.flatten(0, 1), targets.flatten())
    dparams = dict(zip(params, torch.autograd.grad(loss, list(params.values())), strict=True))
    return loss.detach(), dparams, LSTMState(*(part.detach() for part in state_next))
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_chunk", "grade": true, "locked": true, "points": 3}
lab12.chunk.check(chunk_gradients)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Five lines: cut the past of the state, read the chunk, the output layer, the loss, the gradients. Then see to it that
# everything you return is free of the graph.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# An `LSTMState` has no `detach` of its own; its two parts have. `lstm_forward` takes `params` as it is and does not mind the
# two entries more. `logits.flatten(0, 1)` makes one axis of the first two.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `torch.autograd.grad(loss, list(params.values()))` gives a tuple in the order of `params`; a dict of the names and these is
# `dparams`. With `loss.backward()` instead, set every `.grad` to `None` first and collect them afterwards. Detach the loss,
# and `h` and `c` of the new state.
#
# </details>

# %% nbgrader={"grade_id": "use_chunk", "locked": true}
chunk_gradients = lab12.chunk.or_reference(chunk_gradients)

# %% [markdown]
# ## 7. Sequences of unequal length (2 points)
#
# A padded batch makes the layer run on behind the end of the short sequences. A **packed** sequence leaves the padding
# out, and the layers of `torch.nn` accept it. Three calls: pack, read, put the padding back.
#
# ```text
# a, b, c of lengths 1, 3, 2:    data = [b1, c1, a1,  b2, c2,  b3]    batch_sizes = [3, 2, 1]
# ```
#
# Book: [packing](book:unequal_lengths#unequal-lengths-packing). Mind four things. Packing wants its lengths on the CPU, wherever
# the data is: the loop needs them there. `enforce_sorted=False` lets PyTorch sort by length and undo it. `pad_packed_sequence`
# makes the result as long as the *longest sequence*, not as `xs`, unless you say `total_length`. And the layer's states have
# an axis more, in front, for layers and directions.
#
# `layer_of` below makes a `torch.nn.LSTM` of your parameters. Without a state it starts from zeros.


# %% nbgrader={"grade_id": "layer_of", "locked": true}
def layer_of(params):
    """A `torch.nn.LSTM` with these parameters, on their device and in their dtype, to read with and not to train."""
    weight = params["weight_ih"]
    layer = torch.nn.LSTM(weight.shape[1], len(weight) // 4, device=weight.device, dtype=weight.dtype)
    layer.load_state_dict({f"{name}_l0": part for name, part in params.items()})
    return layer.requires_grad_(False)


# %%
# Worked example: two sequences from zeros, "1.0" and "1.0, -1.0"; behind the end of the first stands zero.
h, c, steps = 0.0, 0.0, []
for x in (1.0, -1.0):
    a = x * np.array([0.5, -0.2, 0.8, 0.2]) + [0.1, 0.9, 0.2, -0.1] + h * np.array([0.4, 0.6, -0.5, 0.9]) + [0.2, 0.1, -0.1, 0.3]
    i, f, o = sigmoid(a[[0, 1, 3]])
    c = f * c + i * np.tanh(a[2])
    h = o * np.tanh(c)
    steps.append((round(float(h), 6), round(float(c), 6)))
(h_1, c_1), (h_2, c_2) = steps
{"hs": [[h_1, h_1], [0.0, h_2]], "state_T": [[h_1, h_2], [c_1, c_2]]}


# %% nbgrader={"grade_id": "packed", "solution": true}
def packed_states(params, xs, lengths):
    """Read padded sequences from a state of zeros, spending no step on padding.

    Args:
        params: dict of tensors weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,).
        xs: (T, B, D); what stands behind the end of a sequence is padding and may be anything.
        lengths: (B,), whole numbers from 1 to T, in any order; none need be T.
    Returns:
        hs: (T, B, H), the hidden state after each step, zero behind the end of a sequence.
        state_T: LSTMState of h (B, H) and c (B, H), each sequence's after its own last step.
    """
    ### BEGIN SOLUTION
    packed = pack_padded_sequence(xs, lengths.cpu(), enforce_sorted=False)
    out, (h_T, c_T) = layer_of(params)(packed)
    hs, _ = pad_packed_sequence(out, total_length=len(xs))
    return hs, LSTMState(h_T[0], c_T[0])
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_packed", "grade": true, "locked": true, "points": 2}
lab12.packed.check(packed_states)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The three calls are `pack_padded_sequence(...)`, `layer_of(params)(...)` and `pad_packed_sequence(...)`. The layer returns a
# pair: the packed outputs, and a pair of the last states.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `out, (h_T, c_T) = layer_of(params)(packed)`. The states of a packed sequence already are those after each sequence's own
# last step, in your order. `pad_packed_sequence` returns two things, the states and the lengths.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `pack_padded_sequence(xs, lengths.cpu(), enforce_sorted=False)`; for the way back `total_length` is the `T` of `xs`. `h_T` is
# `(1, B, H)`: take its only entry.
#
# </details>

# %% [markdown]
# ## 8. Reading a stream (2 points)
#
# In use nobody asks for a gradient, and a graph would only grow: with every chunk, until memory is full. Inside
# `with torch.no_grad():` PyTorch records nothing, although the parameters want a gradient. (`torch.inference_mode()` does the
# same and is a little faster; its tensors can never enter a graph again.) The state is carried as in training, and needs no
# `detach` here, as there is nothing to cut.
#
# However a stream is cut into chunks, the states are those of the whole. Book: [only h is
# carried](book:lstm#lstm-mistakes).

# %%
# Worked example: the two inputs of part 4 come one by one.
{"hs": hs, "state": [hs[1], round(float(gates[1][1] * (gates[0][1] * c_0 + gates[0][0] * gates[0][2]) + gates[1][0] * gates[1][2]), 6)]}


# %% nbgrader={"grade_id": "stream", "solution": true}
def read_stream(params, chunks, state):
    """Read a sequence that comes in chunks, each from the state that the last one left; record nothing for a backward pass.

    Args:
        params: dict of tensors weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,), which may want a gradient.
        chunks: list of tensors (K, B, D); K is at least 1 and may differ from chunk to chunk.
        state: LSTMState of h (B, H) and c (B, H), before the first chunk.
    Returns:
        hs: (T, B, H), the hidden state after each step of all chunks, without a graph.
        state: LSTMState after the last step, without a graph.
    """
    ### BEGIN SOLUTION
    parts = []
    with torch.no_grad():
        for xs in chunks:
            hs, state = lstm_forward(params, xs, state)
            parts.append(hs)
    return torch.cat(parts), state
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_stream", "grade": true, "locked": true, "points": 2}
lab12.stream.check(read_stream)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A loop over the chunks, in each turn one call of `lstm_forward`. One variable lives through the loop. What is it called
# before, and what after each turn?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Collect the `hs` of every chunk in a list. The chunks have different lengths, so their states are put one after the other
# along time, with `torch.cat`, and not stacked.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `hs, state = lstm_forward(params, xs, state)` carries the state by giving it its old name. The whole loop stands inside
# `with torch.no_grad():`.
#
# </details>

# %% nbgrader={"grade_id": "use_packed_stream", "locked": true}
packed_states = lab12.packed.or_reference(packed_states)
read_stream = lab12.stream.or_reference(read_stream)

# %% [markdown]
# ## 9. Learning on whatever device is there
#
# Now all of it together. The text is part of the reference of the Python language, in small letters, and the network
# predicts every next character. It reads 32 streams side by side in chunks of 8 steps. Adam takes the steps; it is
# PyTorch's, and finds the gradients of your `chunk_gradients` in `.grad`.
#
# Two habits are compared. **Carried** is what you built: a chunk starts from the state that the last one left. **Reset** is
# a common mistake: each chunk starts from zeros. Both send no gradient across a border.

# %%
torch.set_num_threads(1)  # these matrices are too small to share among threads
HABITS, H, K, B = ("carried", "reset"), 48, 8, 32
text = language_reference()[:60_000].lower()
letters = sorted(set(text))
V = len(letters)
tokens = np.array([letters.index(letter) for letter in text])
training = stream_batches(tokens[:50_000], K, B)
held_out = stream_batches(tokens[50_000:], K, B)
print(f"{V} characters; {len(training)} chunks to train on and {len(held_out)} to test; the text begins: {text[:60]!r}")


# %%
def new_model(seed):
    """Parameters of the LSTM and of the output layer, float32, on the device, ready for gradients."""
    rng = np.random.default_rng(seed)
    linear = init_linear(rng, H, V)
    arrays = init_lstm(rng, V, H) | {"weight_out": linear["weight"], "bias_out": linear["bias"]}
    return {name: torch.tensor(array, dtype=torch.float32, device=device, requires_grad=True) for name, array in arrays.items()}


def zeros():
    return LSTMState(*torch.zeros(2, B, H, device=device))


def tensors_of(chunk):
    """The inputs (K, B, V), one-hot, and the targets (K, B) of a chunk, on the device."""
    inputs, targets = (torch.tensor(part, device=device) for part in chunk)
    return one_hot(inputs, V).float(), targets


def train(seed, habit, updates=400):
    """Train one network; return its parameters and the loss of each chunk."""
    model, state, losses = new_model(seed), zeros(), []
    adam = torch.optim.Adam(model.values(), lr=0.01)
    for update in range(updates):
        place = update % len(training)
        if habit == "reset" or place == 0:  # at the start of the text there is nothing to carry
            state = zeros()
        loss, gradients, state = chunk_gradients(model, *tensors_of(training[place]), state)
        for name, parameter in model.items():
            parameter.grad = gradients[name]
        torch.nn.utils.clip_grad_norm_(model.values(), 1.0)
        adam.step()
        losses.append(loss)  # stays on the device; to ask for each number would wait for the GPU each time
    return model, torch.stack(losses).cpu().numpy()


def loss_by_place(model, habit):
    """The mean loss, in nats per character, at each of the K places in a chunk, on text that was not trained on."""
    chunks = [tensors_of(chunk) for chunk in held_out]
    if habit == "carried":
        hs, _ = read_stream(model, [xs for xs, _ in chunks], zeros())
    else:
        hs = torch.cat([read_stream(model, [xs], zeros())[0] for xs, _ in chunks])
    with torch.no_grad():
        logits = hs @ model["weight_out"].T + model["bias_out"]
        targets = torch.cat([targets for _, targets in chunks])
        losses = cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none").view(-1, K, B)
    return losses.mean(dim=(0, 2)).cpu().numpy()


# %% [markdown]
# Two habits, three seeds each: six networks, in well under a quarter of a minute on one core. It is left out when the
# notebook is graded. One more line is measured with the networks of the first habit: trained with a carried state, and
# reset in use.

# %%
errors, losses, trained = {}, {}, {}
if not grading():
    for habit in HABITS:
        runs = [train(seed, habit) for seed in range(3)]
        trained[habit], losses[habit] = [model for model, _ in runs], np.array([loss for _, loss in runs])
        errors[habit] = np.array([loss_by_place(model, habit) for model in trained[habit]])
        print(f"{habit}: nats per character on held-out text, for three seeds:", errors[habit].mean(axis=1).round(2))
    errors["trained carried, reset in use"] = np.array([loss_by_place(model, "reset") for model in trained["carried"]])

# %%
lines(
    errors,
    xlabel="place in the chunk",
    ylabel="nats per character",
    alt="Mean loss on held-out text at each of the eight places in a chunk, three seeds each as median and band. With a carried state the "
    "line is nearly level. With a state that is reset it begins far above at the first place, falls steeply to the second "
    "and third, and comes near the other line at the end. Networks trained with a carried state and reset in use begin highest.",
)

# %% [markdown]
# Each line is the median of three seeds, and the band reaches from the lowest to the highest. Answer before you unfold.
#
# 1. Why is one line nearly level, and why does the other fall over the first places?
# 2. The gradient is cut at every border in both. What then can a network with a carried state learn about characters
#    before the border, and what not?
# 3. The mean loss of the two habits does not differ by much. In which use of the network would the difference hurt?
#
# <details><summary>Answers</summary>
#
# 1. With a carried state every place has a past, so no place is better off. After a reset the first place knows one
#    character only, the second two, and so on: the network is blind at the front of every chunk.
# 2. It learns to keep what is useful within a chunk, and a state that was kept well at the end of one chunk serves the next.
#    What it cannot learn is to keep something that is of no use before the border: no gradient says so.
# 3. In a stream: whoever feeds character by character and resets in between is always at place 1. The highest line at place 1
#    is that of networks that had never met a state of zeros but at the start of the text.
#
# </details>

# %% [markdown]
# The trained parameters go back to NumPy and read the same text there. Your `to_params` takes the four of the LSTM.

# %%
if not grading():
    model = trained["carried"][0]
    arrays = to_params({f"{name}_l0": model[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")})
    xs, _ = tensors_of(held_out[0])
    hs, _ = read_stream(model, [xs], zeros())
    numpy_hs, _, _ = numpy_lstm_forward(arrays, xs.cpu().numpy(), LSTMState(*np.zeros((2, B, H), np.float32)))
    compare("hs", hs.cpu().numpy(), numpy_hs, rtol=1e-3, atol=1e-4)
    print(f"NumPy, {numpy_hs.dtype}, on the CPU, and PyTorch on {device}: the same states")


# %% [markdown]
# ## 10. What a loop in Python costs
#
# You have three LSTMs now: the loop of part 4, a loop over the step of part 5, and `torch.nn.LSTM`, whose loop is written in
# C++, on a GPU in cuDNN. All three are timed forward and backward. A GPU works on while Python is already at the next line,
# so a clock must wait for it first: `synchronize`.


# %%
def own_loop(parameters, xs, state):
    h, c = state
    hs = []
    for x in xs:
        h, c = lstm_step(x, h, c, *parameters)
        hs.append(h)
    return torch.stack(hs)


def now():
    """A clock: on the CPU it counts this notebook's own work alone, on a GPU it waits until the work is done."""
    if device == "cpu":
        return time.process_time()
    torch.accelerator.synchronize()
    return time.perf_counter()


def seconds(function, parameters, repeats=5):
    """Seconds for some passes forward and backward."""
    start = now()
    for _ in range(repeats):
        torch.autograd.grad(function().square().sum(), parameters)
    return now() - start


def measure(rounds=7, T=50, B=16, D=32, H=64):
    """Time of the three, in units of `torch.nn.LSTM`, for each round."""
    layer = torch.nn.LSTM(D, H, device=device)
    layer.load_state_dict(to_state_dict(init_lstm(np.random.default_rng(0), D, H, dtype=np.float32), device))
    parameters = list(layer.parameters())
    params = {name.removesuffix("_l0"): parameter for name, parameter in layer.named_parameters()}
    xs, state = torch.zeros(T, B, D, device=device), LSTMState(*torch.zeros(2, B, H, device=device))
    ways = {
        "torch.nn.LSTM": lambda: layer(xs)[0],
        "lstm_forward": lambda: lstm_forward(params, xs, state)[0],
        "lstm_step in a loop": lambda: own_loop(parameters, xs, state),
    }
    taken = {way: [] for way in ways}
    for turn in range(rounds + 1):
        for way, function in ways.items():
            passed = seconds(function, parameters)
            if turn:  # the first round warms up
                taken[way].append(passed)
    unit = np.array(taken["torch.nn.LSTM"])
    return {way: np.array(passed) / unit for way, passed in taken.items()}


ratios = {} if grading() else measure()
for way, ratio in ratios.items():
    print(f"{way:20} {np.median(ratio):5.1f} ({ratio.min():.1f} to {ratio.max():.1f})")

# %%
bars(
    {way: ratio for way, ratio in ratios.items()},
    ylabel="time, in units of torch.nn.LSTM",
    alt="Time of one pass forward and backward for torch.nn.LSTM, for the loop of part 4 and for the loop over the step of part 5, in "
    "units of the first, the median of seven rounds with the spread. Both loops take several times as long as torch.nn.LSTM.",
)

# %% [markdown]
# These are numbers of your computer. Where this was written, on one core of a CPU, both loops took about four times as long
# as `torch.nn.LSTM`, and the step with a backward pass of its own was no faster than the one that PyTorch recorded.
#
# 4. Your `LSTMStep` leaves fewer nodes in the graph and computes less on the way back. Why does it gain so little here?
# 5. What would you expect on a GPU, for a small layer and for a large one? Which of your eight functions would you have to
#    change to find out?
#
# <details><summary>Answers</summary>
#
# 4. At this size a step is so short that what costs is the call of each operation, and the backward pass of part 5 makes its
#    calls from Python, one by one, where the recorded graph makes them in C++. `torch.nn.LSTM` makes a few calls for
#    the whole sequence. So an own backward pass pays when one function covers *all* steps, with one product for all
#    of them after the loop. The cells of [`rnncore.pytorch`](book:reference/pytorch_cells) for which PyTorch has no such call
#    are built that way.
# 5. Every operation of a loop is a separate start of a small program on the GPU, which has a fixed price. For a small layer
#    the loops look worse than here, or are slower than on the CPU. For a large one the products take over, and the distance
#    shrinks. None of the functions has to change: `choose_device` is asked, and everything else goes where its inputs are.
#
# </details>
#
# **For your notes**, or to hand in if your teacher asks: name every place in this notebook at which the graph is cut on
# purpose, and for each what would go wrong without the cut. (There are at least four.)
#
# **Read on.** [Where does the time go?](book:counting#counting-time) counts what must wait and what need not. [PyTorch's
# traps with long sequences](book:truncated_bptt#truncated-bptt-mistakes) has five mistakes to recognise.
