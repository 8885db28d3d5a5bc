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
# # Lab 5: the LSTM
#
# You write an LSTM from nothing but NumPy: the gates, one step, a sequence, and the gradient of a step and of the
# sequence. At the end your own functions solve the adding problem: they remember two numbers among many and return
# their sum.
#
# **After this lab you can**
#
# - write the gates and the step of an LSTM from their equations, with all four blocks in one matrix;
# - carry two states through a sequence, and two gradients back through it;
# - say, for every quantity in the step, where it is used and what that adds to its gradient;
# - set a forget bias, and read from a figure how far back a gradient then reaches.
#
# **You need** the chapter [The LSTM](book:lstm), and from lab 1 or [The recurrent cell](book:recurrent_cell) the loop
# over time and the backward pass of a plain cell. **Time:** 60 to 90 minutes.
#
# **How it works.** There are six functions to write. Replace `raise NotImplementedError()` with your code and run the
# cell. The cell below it checks what you wrote, first on a worked example whose numbers you can follow by hand, then on
# fresh random inputs, different each time. If something is wrong, the check says which number, at which index, and, if
# it knows the mistake, what went wrong. The same checks, with inputs drawn anew, give the points. Under each task are
# three hints; each one says more than the one before.
#
# You can do the steps in any order, and earn the points of a later step while an earlier one is still wrong: the cells
# that say `or_reference` put the reference in the place of what is not right yet. Run the cells from top to bottom.
#
# **To hand in** on a course server, save this notebook, open *Nbgrader > Assignment List* and press *Submit*; you can
# submit again until the deadline. *Validate* there runs every check once more. If you study alone, the checks are all
# you need.

# %% nbgrader={"grade_id": "setup", "locked": true}
import numpy as np

from rnncore.checks import check_gradient
from rnncore.checks.labs import grading, lab05
from rnncore.plots import lines
from rnncore.reference import (
    LSTMCache,
    LSTMState,
    LSTMStepCache,
    adam_step,
    clip_by_norm,
    init_adam,
    init_linear,
    init_lstm,
    init_rnn,
    linear_backward,
    linear_forward,
    mean_squared_error_backward,
    mean_squared_error_forward,
    rnn_backward,
    rnn_forward,
    sigmoid,
)
from rnncore.tasks.adding import adding_baseline, adding_problem

for name in (
    "lstm_gates",
    "lstm_step_forward",
    "lstm_forward",
    "lstm_step_backward",
    "lstm_backward",
    "set_forget_bias",
):
    globals().setdefault(name)  # None until you write it

# %% [markdown]
# ## 1. Three gates and a candidate (3 points)
#
# A plain cell computes one thing from what it reads and what it remembers. An LSTM computes four: three **gates** and a
# **candidate**. Each has weights and biases of its own:
#
# $$
# \begin{aligned}
# i_t &= \sigma(x_t W_{ii}^\top + b_{ii} + h_{t-1} W_{hi}^\top + b_{hi}) \\
# f_t &= \sigma(x_t W_{if}^\top + b_{if} + h_{t-1} W_{hf}^\top + b_{hf}) \\
# g_t &= \tanh(x_t W_{ig}^\top + b_{ig} + h_{t-1} W_{hg}^\top + b_{hg}) \\
# o_t &= \sigma(x_t W_{io}^\top + b_{io} + h_{t-1} W_{ho}^\top + b_{ho})
# \end{aligned}
# $$
#
# A gate lies between 0, shut, and 1, open: $i$ decides how much is written, $f$ how much is kept, $o$ how much is
# shown. The candidate $g$ is what could be written, and it has a sign.
#
# The four matrices that multiply $x_t$ are stacked in one, `weight_ih`, and those that multiply $h_{t-1}$ in
# `weight_hh`. So two products give all four pre-activations side by side, in the order i, f, g, o, which is PyTorch's.
# Book: [one step](book:lstm#lstm-step), [fused weights](book:lstm#lstm-fused).
#
# Axes have letters everywhere in this course: `T` steps in time, `B` sequences in a batch, `D` numbers in an input, `H`
# units of the cell. In code $\sigma$ is `sigmoid`, which takes an array. Results have the dtype of the inputs;
# `np.zeros_like` keeps it, and `np.zeros` alone makes float64.

# %%
# Worked example: every array holds one number for each gate.
# x = 1.0, h = 0.5; rows i, f, g, o of weight_ih: 0.5, -0.2, 0.8, 0.2; weight_hh: 0.4, 0.6, -0.5, 0.9;
# bias_ih: 0.1, 0.9, 0.2, -0.1; bias_hh: 0.2, 0.1, -0.1, 0.3
a_i = 1.0 * 0.5 + 0.1 + 0.5 * 0.4 + 0.2
a_f = 1.0 * -0.2 + 0.9 + 0.5 * 0.6 + 0.1
a_g = 1.0 * 0.8 + 0.2 + 0.5 * -0.5 - 0.1
a_o = 1.0 * 0.2 - 0.1 + 0.5 * 0.9 + 0.3
i_1, f_1, g_1, o_1 = (float(u) for u in (sigmoid(np.array(a_i)), sigmoid(np.array(a_f)), np.tanh(a_g), sigmoid(np.array(a_o))))
{"i": round(i_1, 6), "f": round(f_1, 6), "g": round(g_1, 6), "o": round(o_1, 6)}


# %% nbgrader={"grade_id": "gates", "solution": true}
def lstm_gates(params, x, h):
    """Compute the three gates and the candidate.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,); rows in the order i, f, g, o.
        x: (B, D), the input at this step.
        h: (B, H), the hidden state before it.
    Returns:
        i, f, g, o: (B, H) each: input gate, forget gate, candidate, output gate.
    """
    ### BEGIN SOLUTION
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]  # (B, 4H)
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)  # (B, H) each
    return sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_gates", "grade": true, "locked": true, "points": 3}
lab05.gates.check(lstm_gates)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Compute all four pre-activations at once, as one array `a` of shape `(B, 4H)`, with the line that you know from the
# plain cell. Then cut it into four.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The first H columns of `a` belong to i, the next H to f, then g, then o. `np.split` cuts an array into equal parts
# along an axis. Which of the four is not a gate?
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)`. A gate goes through `sigmoid`, the candidate through `np.tanh`. Return
# the four in the order of the docstring.
#
# </details>

# %% [markdown]
# ## 2. One step forward (3 points)
#
# The cell carries two vectors. The **cell state** $c$ is what it keeps: the old one times the forget gate, plus what is
# written. The **hidden state** $h$ is what it shows of that:
#
# $$c_t = f_t \odot c_{t-1} + i_t \odot g_t, \qquad h_t = o_t \odot \tanh(c_t),$$
#
# where $\odot$ multiplies entry by entry. No matrix and no tanh lies on the way from $c_{t-1}$ to $c_t$. Book: [what the
# cell keeps, what it shows](book:lstm#lstm-two-states).
#
# Both states travel as one pair with names, `LSTMState(h, c)`: `state.h`, `state.c`, or `h, c = state`.

# %% nbgrader={"grade_id": "use_gates", "locked": true}
lstm_gates = lab05.gates.or_reference(lstm_gates)

# %%
# Worked example: the gates of part 1; the cell state before the step is 0.9.
c_1 = f_1 * 0.9 + i_1 * g_1
h_1 = o_1 * float(np.tanh(c_1))
{"c": round(c_1, 6), "h": round(h_1, 6)}


# %% nbgrader={"grade_id": "step_forward", "solution": true}
def lstm_step_forward(params, x, state):
    """Take one time step.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,); rows in the order i, f, g, o.
        x: (B, D), the input at this step.
        state: LSTMState of h (B, H) and c (B, H), before the step.
    Returns:
        state_next: LSTMState(h_next, c_next), after the step.
        cache: `LSTMStepCache(params, x, h, c, i, f, g, o, tanh_c)`, what the backward pass will need: h and c are those
            before the step, and tanh_c is the tanh of the cell state after it.
    """
    ### BEGIN SOLUTION
    h, c = state
    i, f, g, o = lstm_gates(params, x, h)
    c_next = f * c + i * g
    tanh_c = np.tanh(c_next)
    h_next = o * tanh_c
    return LSTMState(h_next, c_next), LSTMStepCache(params, x, h, c, i, f, g, o, tanh_c)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_step_forward", "grade": true, "locked": true, "points": 3}
lab05.step_forward.check(lstm_step_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Take the state apart first: `h, c = state`. The gates look at one of the two. The other one is what the forget gate
# multiplies.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Four lines: the gates from `lstm_gates`, the new cell state from its equation, its tanh under a name of its own,
# because the cache wants it, and the new hidden state. All products are `*`, not `@`.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `i, f, g, o = lstm_gates(params, x, h)`, then `tanh_c = np.tanh(c_next)` once you have `c_next`. Return
# `LSTMState(h_next, c_next)` and the cache with its nine values in the order of the docstring.
#
# </details>

# %% [markdown]
# ## 3. A sequence forward (2 points)
#
# The same cell, with the same weights, reads the inputs one after the other. Each step starts from the pair that the
# last one left:
#
# $$(h_0, c_0) = \text{state0}, \qquad (h_t, c_t) = \text{step}(x_t, (h_{t-1}, c_{t-1})), \quad t = 1, \dots, T.$$
#
# The next layer is shown the hidden states only; the cell states stay inside. Whoever wants to go on reading later needs
# both, so the last pair is returned too. Book: [only h is carried](book:lstm#lstm-mistakes).

# %% nbgrader={"grade_id": "use_step_forward", "locked": true}
lstm_step_forward = lab05.step_forward.or_reference(lstm_step_forward)

# %%
# Worked example: the cell of part 1 reads 1.0, which leaves h_1 and c_1 of part 2, and then -1.0.
a_i = -1.0 * 0.5 + 0.1 + h_1 * 0.4 + 0.2
a_f = -1.0 * -0.2 + 0.9 + h_1 * 0.6 + 0.1
a_g = -1.0 * 0.8 + 0.2 + h_1 * -0.5 - 0.1
a_o = -1.0 * 0.2 - 0.1 + h_1 * 0.9 + 0.3
i_2, f_2, g_2, o_2 = (float(u) for u in (sigmoid(np.array(a_i)), sigmoid(np.array(a_f)), np.tanh(a_g), sigmoid(np.array(a_o))))
c_2 = f_2 * c_1 + i_2 * g_2
h_2 = o_2 * float(np.tanh(c_2))
{"hs": [round(h_1, 6), round(h_2, 6)], "state_T": [round(h_2, 6), round(c_2, 6)]}


# %% nbgrader={"grade_id": "sequence_forward", "solution": true}
def lstm_forward(params, xs, state0):
    """Run the cell over a sequence, each step starting from the state the last one left.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,); rows in the order i, f, g, o.
        xs: (T, B, D), the inputs; T is at least 1.
        state0: LSTMState of h (B, H) and c (B, H), before the first step.
    Returns:
        hs: (T, B, H), the hidden state after each step, an array.
        state_T: LSTMState(h, c) after the last step.
        cache: `LSTMCache(steps, hs)`, with the list of the caches of the steps, the first step first.
    """
    ### BEGIN SOLUTION
    state = state0
    hs, steps = [], []
    for x in xs:
        state, step = lstm_step_forward(params, x, state)
        hs.append(state.h)
        steps.append(step)
    hs = np.stack(hs)  # (T, B, H)
    return hs, state, LSTMCache(steps, hs)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_sequence_forward", "grade": true, "locked": true, "points": 2}
lab05.sequence_forward.check(lstm_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The loop is that of the plain cell. One variable lives through it; this time it holds a pair.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Start with `state = state0` and two empty lists. In each step call `lstm_step_forward` and give its first result the
# name `state` again. You need not take the pair apart, except for the list of hidden states.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Append `state.h` to one list and the step's cache to the other. After the loop `np.stack` makes one `(T, B, H)` array
# of the first list, `state` already is `state_T`, and the cache is `LSTMCache(steps, hs)`.
#
# </details>

# %% [markdown]
# ## 4. One step backward (6 points)
#
# Two gradients arrive from the right: $\mathrm{d}h_t$ and $\mathrm{d}c_t$. The rule that gives all the rest: the
# gradient of a quantity is a sum over the places where it is used. The cell state $c_t$ is used twice, in the next step
# and in $h_t$, so first
#
# $$\mathrm{d}c_t \leftarrow \mathrm{d}c_t + \mathrm{d}h_t \odot o_t \odot (1 - \tanh^2 c_t).$$
#
# With this $\mathrm{d}c_t$, each pre-activation gets what arrives, times its partner in the product, times the slope of
# its activation, which is $\sigma (1 - \sigma)$ for a gate and $1 - g^2$ for the candidate:
#
# $$
# \begin{aligned}
# \mathrm{d}a_i &= \mathrm{d}c_t \odot g_t \odot i_t \odot (1 - i_t) \\
# \mathrm{d}a_f &= \mathrm{d}c_t \odot c_{t-1} \odot f_t \odot (1 - f_t) \\
# \mathrm{d}a_g &= \mathrm{d}c_t \odot i_t \odot (1 - g_t^2) \\
# \mathrm{d}a_o &= \mathrm{d}h_t \odot \tanh(c_t) \odot o_t \odot (1 - o_t)
# \end{aligned}
# $$
#
# Side by side, in the order i, f, g, o, they are $\mathrm{d}a_t$, and from there on all is as in the plain cell:
#
# $$
# \begin{aligned}
# \mathrm{d}W_{ih} &= \mathrm{d}a_t^\top x_t \\
# \mathrm{d}W_{hh} &= \mathrm{d}a_t^\top h_{t-1} \\
# \mathrm{d}b_{ih} = \mathrm{d}b_{hh} &= \textstyle\sum_{\text{batch}} \mathrm{d}a_t \\
# \mathrm{d}x_t &= \mathrm{d}a_t W_{ih} \\
# \mathrm{d}h_{t-1} &= \mathrm{d}a_t W_{hh} \\
# \mathrm{d}c_{t-1} &= \mathrm{d}c_t \odot f_t
# \end{aligned}
# $$
#
# Book: [backward: one step](book:lstm#lstm-backward), with a table of where each quantity is used.

# %%
# Worked example: the step of part 2, with dh_next = 1.0 and dc_next = 0.5.
tanh_c_1 = float(np.tanh(c_1))
dc_1 = 0.5 + 1.0 * o_1 * (1 - tanh_c_1**2)
da_1 = np.array(
    [
        dc_1 * g_1 * i_1 * (1 - i_1),
        dc_1 * 0.9 * f_1 * (1 - f_1),
        dc_1 * i_1 * (1 - g_1**2),
        1.0 * tanh_c_1 * o_1 * (1 - o_1),
    ]
)
{
    "weight_ih": (da_1 * 1.0).round(6).tolist(),
    "weight_hh": (da_1 * 0.5).round(6).tolist(),
    "bias_ih": da_1.round(6).tolist(),
    "bias_hh": da_1.round(6).tolist(),
    "dx": round(float(da_1 @ [0.5, -0.2, 0.8, 0.2]), 6),
    "dstate": [round(float(da_1 @ [0.4, 0.6, -0.5, 0.9]), 6), round(dc_1 * f_1, 6)],
}


# %% nbgrader={"grade_id": "step_backward", "solution": true}
def lstm_step_backward(cache, dstate_next):
    """Carry the gradient of the loss back through one time step.

    Args:
        cache: what `lstm_step_forward` returned: params, x (B, D), and (B, H) each: h, c, i, f, g, o, tanh_c.
        dstate_next: LSTMState of (B, H) gradients with respect to h and c after the step.
    Returns:
        dparams: dict with the gradient of every parameter, with the keys of params, each shaped as the parameter.
        dx: (B, D).
        dstate: LSTMState(dh, dc) of (B, H) gradients with respect to h and c before the step.
    """
    params, x, h, c, i, f, g, o, tanh_c = cache
    dh_next, dc_next = dstate_next
    ### BEGIN SOLUTION
    dc_next = dc_next + dh_next * o * (1 - tanh_c**2)  # c_next also shows through h_next
    da_i = dc_next * g * i * (1 - i)
    da_f = dc_next * c * f * (1 - f)
    da_g = dc_next * i * (1 - g**2)
    da_o = dh_next * tanh_c * o * (1 - o)
    da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)  # (B, 4H)
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.sum(axis=0), "bias_hh": da.sum(axis=0)}
    dx = da @ params["weight_ih"]
    return dparams, dx, LSTMState(da @ params["weight_hh"], dc_next * f)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_step_backward", "grade": true, "locked": true, "points": 6}
lab05.step_backward.check(lstm_step_backward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The first line makes `dc_next` complete, and every line after it but one uses the complete one. Which one does not,
# because its gate acts on what is shown only?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Write the four blocks of `da` one under another, as the equations stand there, and put them together with
# `np.concatenate` along axis 1. Do not write `dc_next += ...`: that would change the array of the caller. From `da` on
# it is the backward step of the plain cell.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `dc_next = dc_next + dh_next * o * (1 - tanh_c**2)`, and for example `da_f = dc_next * c * f * (1 - f)`. `weight_ih` gets
# `da.T @ x`; what did `weight_hh` multiply in the forward pass? `dstate` is an `LSTMState` of `da @ params["weight_hh"]`
# and of the complete `dc_next`, times one of the gates.
#
# </details>

# %% [markdown]
# ## 5. A sequence backward (4 points)
#
# Now back through the whole sequence, from the last step to the first. The hidden state is used by a layer above, which
# gives `dhs[t]`, and by the next step. The cell state is used by the next step alone. So two gradients go from step to
# step, and one of them gets something added on the way:
#
# $$\mathrm{d}h_t = \texttt{dhs[t]} + \mathrm{d}h_t^{\text{from step } t+1}, \qquad
# \mathrm{d}c_t = \mathrm{d}c_t^{\text{from step } t+1}.$$
#
# Behind the last step there is no next one; in its place stands `dstate_T`, or zeros if that is `None`. Every step used
# the same weights, so their gradients are added over time. Book: [a backward pass that drops
# dc](book:lstm#lstm-mistakes).

# %% nbgrader={"grade_id": "use_sequence_forward_step_backward", "locked": true}
lstm_forward = lab05.sequence_forward.or_reference(lstm_forward)
lstm_step_backward = lab05.step_backward.or_reference(lstm_step_backward)

# %%
# Worked example: the two steps of part 3, with dhs = [0.5, 1.0] from outside and dstate_T = (1.0, 0.5).
tanh_c_2 = float(np.tanh(c_2))
dh_2 = 1.0 + 1.0
dc_2 = 0.5 + dh_2 * o_2 * (1 - tanh_c_2**2)
da_2 = np.array(
    [
        dc_2 * g_2 * i_2 * (1 - i_2),
        dc_2 * c_1 * f_2 * (1 - f_2),
        dc_2 * i_2 * (1 - g_2**2),
        dh_2 * tanh_c_2 * o_2 * (1 - o_2),
    ]
)
dh_1 = 0.5 + float(da_2 @ [0.4, 0.6, -0.5, 0.9])
dc_1 = dc_2 * f_2 + dh_1 * o_1 * (1 - tanh_c_1**2)
da_1 = np.array(
    [
        dc_1 * g_1 * i_1 * (1 - i_1),
        dc_1 * 0.9 * f_1 * (1 - f_1),
        dc_1 * i_1 * (1 - g_1**2),
        dh_1 * tanh_c_1 * o_1 * (1 - o_1),
    ]
)
{
    "weight_ih": (da_1 * 1.0 + da_2 * -1.0).round(6).tolist(),
    "weight_hh": (da_1 * 0.5 + da_2 * h_1).round(6).tolist(),
    "bias_ih": (da_1 + da_2).round(6).tolist(),
    "bias_hh": (da_1 + da_2).round(6).tolist(),
    "dxs": [round(float(da @ [0.5, -0.2, 0.8, 0.2]), 6) for da in (da_1, da_2)],
    "dstate0": [round(float(da_1 @ [0.4, 0.6, -0.5, 0.9]), 6), round(dc_1 * f_1, 6)],
}


# %% nbgrader={"grade_id": "sequence_backward", "solution": true}
def lstm_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back through the whole sequence (BPTT).

    Args:
        cache: what `lstm_forward` returned: steps, a list of T step caches, and hs (T, B, H).
        dhs: (T, B, H), the part of the gradient that reaches each hidden state from outside the recurrence.
        dstate_T: LSTMState of (B, H), the same for state_T; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter, summed over time.
        dxs: (T, B, D).
        dstate0: LSTMState(dh, dc) of (B, H).
    """
    ### BEGIN SOLUTION
    params = cache.steps[0].params
    dparams = {name: np.zeros_like(value) for name, value in params.items()}
    dstate = LSTMState(np.zeros_like(dhs[0]), np.zeros_like(dhs[0])) if dstate_T is None else dstate_T
    dxs = []
    for step, dh_t in zip(reversed(cache.steps), dhs[::-1], strict=True):
        step_dparams, dx, dstate = lstm_step_backward(step, LSTMState(dh_t + dstate.h, dstate.c))
        for name in dparams:
            dparams[name] += step_dparams[name]
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dstate
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_sequence_backward", "grade": true, "locked": true, "points": 4}
lab05.sequence_backward.check(lstm_backward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Mirror the forward loop. There one pair, `state`, went from step to step; here it is `dstate`, and it goes the other
# way. What is it before the first turn of the loop, that is, behind the last step?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# In each turn: make the pair of `dhs[t]` plus `dstate.h`, and of `dstate.c` as it is; call `lstm_step_backward` with the
# step's cache and that pair; give its last result the name `dstate`; add its `dparams` to the running sums; keep its
# `dx`.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `for t in reversed(range(len(dhs)))` visits the steps from the last to the first, with `cache.steps[t]` and
# `LSTMState(dhs[t] + dstate.h, dstate.c)`. The running sums start as `np.zeros_like` of each parameter. You meet the `dx`
# of the last step first, so turn their list round before `np.stack`. After the loop `dstate` is the gradient of
# `state0`.
#
# </details>

# %% [markdown]
# The numbers agree with the reference. Do they agree with what can be measured? The cell below moves every parameter,
# input and starting state a little, measures how the outputs move, and compares that with what your `lstm_backward` says.

# %% nbgrader={"grade_id": "use_sequence_backward", "locked": true}
lstm_backward = lab05.sequence_backward.or_reference(lstm_backward)

# %%
rng = np.random.default_rng(1)
xs, state0 = rng.standard_normal((5, 2, 3)), LSTMState(*rng.standard_normal((2, 2, 4)))
if not grading():  # hundreds of calls, which no mark hangs on
    check_gradient(lstm_forward, lstm_backward, init_lstm(rng, 3, 4), xs, state0, rng=rng)
    print("Derived and measured gradients agree.")

# %% [markdown]
# ## 6. A gate that begins by keeping (2 points)
#
# Before training the weights are small, so at small inputs the forget gate is about $\sigma(b)$, where $b$ is the sum of
# its two biases. Drawn around 0, that is 0.5, and half of the cell state is gone after one step. A forget bias of $b > 0$
# starts nearer to 1:
#
# $$f \approx \sigma(b_{if} + b_{hf}).$$
#
# There are two biases because PyTorch has two. Let `bias_ih` take the whole value and set `bias_hh` to zero, in the rows
# of the forget gate and nowhere else. Book: [the forget bias, measured](book:lstm#lstm-forget-bias).

# %%
# Worked example: the parameters of part 1 with a forget bias of 3.0; what the gate is then if x and h are zero.
{"bias_ih": [0.1, 3.0, 0.2, -0.1], "bias_hh": [0.2, 0.0, -0.1, 0.3], "f": round(float(sigmoid(np.array(3.0))), 6)}


# %% nbgrader={"grade_id": "forget_bias", "solution": true}
def set_forget_bias(params, value):
    """Give the forget gate a bias of `value` in all: bias_ih takes it, bias_hh becomes 0.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,); rows in the order i, f, g, o.
        value: a number.
    Returns:
        new_params: a new dict with the same keys; params and its arrays stay as they are.
    """
    ### BEGIN SOLUTION
    H = params["weight_hh"].shape[1]
    changed = {name: array.copy() for name, array in params.items()}
    changed["bias_ih"][H : 2 * H] = value
    changed["bias_hh"][H : 2 * H] = 0
    return changed
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_forget_bias", "grade": true, "locked": true, "points": 2}
lab05.forget_bias.check(set_forget_bias)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which rows belong to the forget gate, in the order i, f, g, o? You need H; `weight_hh` knows it.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `weight_hh` has the shape `(4H, H)`. Copy the arrays before you write into them: an array in a new dict is still the
# same array.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `{name: array.copy() for name, array in params.items()}` is a copy of everything. In it, set `[H : 2 * H]` of the one
# bias to `value` and of the other to 0.
#
# </details>

# %% [markdown]
# ## 7. Add two numbers
#
# Now your functions learn something that asks for a memory. In the **adding problem** every step of a sequence brings two
# numbers: a value between 0 and 1, and a mark, which is 1 at two of the steps and 0 at all others. The answer, asked for
# once and at the end, is the sum of the two marked values. One mark lies in the first half of the sequence, the other in
# the second. The network must notice a mark, write the value, keep it to the end, and let nothing else in.

# %% nbgrader={"grade_id": "use_forget_bias", "locked": true}
set_forget_bias = lab05.forget_bias.or_reference(set_forget_bias)

# %%
xs, targets = adding_problem(np.random.default_rng(0), T=8, B=3)
for b in range(3):
    values = " ".join(f"{value:.2f}{'*' if mark else ' '}" for value, mark in xs[:, b])
    print(f"{values} -> {targets[b, 0]:.2f}")
print(f"always answering 1 has a mean squared error of {adding_baseline():.3f}")


# %% [markdown]
# The last hidden state goes through a linear unit, and the loss is the mean squared error. Its gradient enters your
# `lstm_backward` at the last hidden state only, as `dstate_T`; nothing outside looks at the last cell state, so its part
# of `dstate_T` is zero, and so is `dhs`. The rest is Adam with clipped gradients, both from rnncore. The plain cell is
# there to compare with.


# %%
def read(params, xs):
    """Read sequences from a state of zeros; return hs, the last hidden state and the cache, for either cell."""
    zeros = np.zeros((xs.shape[1], params["cell"]["weight_hh"].shape[1]))
    if len(params["cell"]["weight_hh"]) == zeros.shape[1]:  # a plain cell has H rows, an LSTM 4H
        return rnn_forward(params["cell"], xs, zeros)
    hs, state_T, cache = lstm_forward(params["cell"], xs, LSTMState(zeros, zeros))
    return hs, state_T.h, cache


def loss_and_gradients(params, xs, targets):
    hs, last, cache = read(params, xs)
    predictions, linear_cache = linear_forward(params["linear"], last)
    loss, loss_cache = mean_squared_error_forward(predictions, targets)

    dlinear, dlast = linear_backward(linear_cache, mean_squared_error_backward(loss_cache))
    if isinstance(cache, LSTMCache):
        dcell, dxs, _ = lstm_backward(cache, np.zeros_like(hs), LSTMState(dlast, np.zeros_like(dlast)))
    else:
        dcell, dxs, _ = rnn_backward(cache, np.zeros_like(hs), dlast)
    return loss, {"cell": dcell, "linear": dlinear}, dxs


def new_params(rng, cell, hidden_size=16):
    init = init_rnn if cell == "plain cell" else init_lstm
    params = init(rng, 2, hidden_size)
    if cell == "LSTM, forget bias 3":
        params = set_forget_bias(params, 3.0)
    return {"cell": params, "linear": init_linear(rng, hidden_size, 1)}


def train(cell, seed, length=20, steps=450, every=25):
    """Train one network; return its error on 200 fresh sequences, measured after every 25 steps, and its parameters."""
    rng = np.random.default_rng(seed)
    params = new_params(rng, cell)
    adam = init_adam(params)
    test_xs, test_targets = adding_problem(np.random.default_rng(1000 + seed), length, 200)
    error = []
    for step in range(1, steps + 1):
        _, gradients, _ = loss_and_gradients(params, *adding_problem(rng, length, 32))
        gradients, _ = clip_by_norm(gradients, 1.0)
        params, adam = adam_step(params, gradients, adam, lr=0.01 if cell == "plain cell" else 0.05)
        if step % every == 0:
            _, last, _ = read(params, test_xs)
            predictions, _ = linear_forward(params["linear"], last)
            error.append(np.mean((predictions - test_targets) ** 2))
    return error, params


# %% [markdown]
# Sequences of 20 steps, three cells, four seeds each: twelve networks. The length was chosen by trying: it is long enough
# that the plain cell learns next to nothing in 450 training steps, and short enough that every LSTM does, in well under
# half a minute for all twelve on one core. It is left out when the notebook is graded.

# %%
CELLS = ("plain cell", "LSTM as drawn", "LSTM, forget bias 3")
errors, trained = {}, {}
if not grading():
    for cell in CELLS:
        runs = [train(cell, seed) for seed in range(4)]
        errors[cell] = np.array([error for error, _ in runs])
        trained[cell] = [params for _, params in runs]
        print(f"{cell}: mean squared error at the end, for four seeds:", errors[cell][:, -1].round(4))

# %%
lines(
    {**errors, "always answering 1": np.full(18, adding_baseline())},
    x=np.arange(25, 451, 25),
    log_y=True,
    xlabel="training steps",
    ylabel="mean squared error on 200 fresh sequences",
    alt="Mean squared error on a logarithmic scale against training steps for three cells, four seeds each, and a flat line at 0.167 for "
    "always answering 1. The plain cell stays near that line throughout. Both LSTMs stay there for more than a hundred steps and then fall "
    "steeply to a few thousandths.",
)


# %% [markdown]
# Each line is the median of four seeds, and the band reaches from the lowest to the highest. A network that always
# answers 1 has an error of 0.167.
#
# Now look at the gradient that `loss_and_gradients` sends to each step of the input: first in networks that have not
# learned anything yet, then in the LSTMs as drawn once they are trained.


# %%
def reach(params, seed):
    """Size of the gradient at each step of the input, relative to the last step."""
    _, _, dxs = loss_and_gradients(params, *adding_problem(np.random.default_rng(2000 + seed), 20, 32))
    size = np.linalg.norm(dxs, axis=(1, 2))  # (T,)
    return size / size[-1]


reaches = {
    f"{cell}, untrained": np.array([reach(new_params(np.random.default_rng(seed), cell), seed) for seed in range(4)]) for cell in CELLS
}
if trained:
    reaches["LSTM as drawn, trained"] = np.array([reach(trained["LSTM as drawn"][seed], seed) for seed in range(4)])
lines(
    reaches,
    log_y=True,
    xlabel="step of the sequence",
    ylabel="size of its gradient (last step: 1)",
    alt="Size of the gradient at each of 20 steps of the input, relative to the last step, on a logarithmic scale, four seeds. "
    "Untrained, the plain cell and the LSTM as drawn fall along nearly straight lines to less than a thousandth at the first "
    "step. The medians of the LSTM with forget bias 3 and of the trained LSTM as drawn stay within a factor of ten of 1.",
)

# %% [markdown]
# **Question.** In which line of your `lstm_step_backward` does the forget bias change how far the gradient reaches? Before
# training, the LSTM as drawn sends next to nothing to the first step, like the plain cell; the LSTM with forget bias 3
# sends to the first step about as much as to the last. Yet in the first figure both learn the task, and
# neither is clearly ahead. What has happened to the LSTM as drawn in between?
#
# <details><summary>An answer</summary>
#
# It is the product `dc_next * f`, which you return: of the gradient at the cell state, $f$ is left after one step back, and a product of
# twenty forget gates after twenty. With $f$ near 0.5 that product is about $10^{-6}$; with a bias of 3, where $f$ is about
# 0.95, it is about 0.4. The other ways back, through $h$ and the gates, come on top.
#
# But the bias is only where training starts. The second mark is often near the end, where the gradient is not small; that
# may be where learning begins. The figure shows what training makes of the gates: in the trained networks the gradient at
# the first step is about as large as at the last. The LSTM has learned to keep; the plain cell has no gate that it could
# open. So here, at 20 steps and this learning rate, a forget bias of 3 buys reach at the start and, within
# the spread of four seeds, no earlier success. The chapter has a task where it does decide: [the forget bias,
# measured](book:lstm#lstm-forget-bias).
#
# </details>
#
# **Try it.** Change one thing and predict the figure before you run it: `length=30` in `train`, with 600 steps;
# `set_forget_bias(params, -3.0)`; a learning rate of 0.01 for all; or the backward pass without `dstate.c`, which is a wrong
# gradient, written in a cell of its own above `read`, where no check replaces it: see whether the network learns all the same.
