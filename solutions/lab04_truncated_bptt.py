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
# # Lab 4: truncated backpropagation through time
#
# A text is one long sequence, far too long to walk back through. You cut it: the state goes on across the cut, the
# gradient does not. You write both ways of cutting, measure how wrong the gradient becomes, and train a small language
# model on streams of text whose state is carried from chunk to chunk.
#
# **After this lab you can**
#
# - carry a state, reset some of its rows, and say what `detach` keeps and what it drops;
# - write the gradient in chunks of k steps, and the general one that goes back over k2 steps after every k1;
# - measure the bias of a truncated gradient, and say from which k on it is small;
# - lay a text out as parallel streams, train on it chunk by chunk, and see what a reset of the state costs.
#
# **You need** the chapter [Truncated backpropagation through time](book:truncated_bptt); from lab 1 or [Backpropagation
# through time](book:bptt) the forward and the backward pass of a plain cell; and, for the second half, two sections of
# [A language model from scratch](book:character_language_model): [the model](book:character_language_model#character-lm-model)
# and [streams](book:character_language_model#character-lm-streams). **Time:** 80 to 110 minutes.
#
# **How it works.** There are seven functions to write. Replace `raise NotImplementedError()` with your code and run the
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

from rnncore.checks.labs import grading, lab04
from rnncore.plots import lines
from rnncore.reference import (
    adam_step,
    clip_by_norm,
    embedding_backward,
    embedding_forward,
    init_adam,
    init_embedding,
    init_linear,
    init_rnn,
    linear_backward,
    linear_forward,
    orthogonal,
    rnn_backward,
    rnn_forward,
    rnn_step_backward,
    rnn_step_forward,
    softmax,
    softmax_cross_entropy_backward,
    softmax_cross_entropy_forward,
)
from rnncore.tasks.sentiment import sentiment_sentences
from rnncore.tasks.text import Vocabulary, bigram_cross_entropy, split_text

for name in (
    "carried_state",
    "rnn_chunked_bptt",
    "rnn_truncated_bptt",
    "gradient_bias",
    "stream_batches",
    "chunk_gradient",
    "losses_by_place",
):
    globals().setdefault(name)  # None until you write it

# %% [markdown]
# ## 1. Carry the state, or reset it (2 points)
#
# When a sequence is cut into pieces, the last state of one piece is the first state of the next. Row $b$ of the state
# belongs to sequence $b$ of the batch. Some sequences may be over while others go on: their rows start anew, from zeros.
#
# $$
# h_0^{(b)} = \begin{cases} 0 & \text{if sequence } b \text{ is over} \\ h_T^{(b)} & \text{if it goes on} \end{cases}
# $$
#
# Only the value is carried. In PyTorch a state remembers how it was computed, and `detach` makes it forget that. Here an
# array is nothing but numbers; what is needed to go back is in the cache, and the cache is not carried. Book: [stateful
# and stateless](book:recurrent_cell#recurrent-cell-stateful).
#
# Axes have letters everywhere in this course: `T` steps in time, `B` sequences in a batch, `D` numbers in an input, `H`
# units of the cell.

# %%
# Worked example: two sequences, two units; the second sequence is over.
# The last states are 0.5, -0.2 and 0.8, 0.1.
{"state0": [[0.5, -0.2], [0.0, 0.0]]}


# %% nbgrader={"grade_id": "state", "solution": true}
def carried_state(state_T, ended=None):
    """Turn the last state of one piece of sequence into the first state of the next.

    Args:
        state_T: (B, H), the state after the last step.
        ended: (B,) of bool, true where the sequence is over and another begins, from zeros; None means nowhere.
    Returns:
        state0: (B, H), in the dtype of state_T; state_T itself stays as it is.
    """
    ### BEGIN SOLUTION
    if ended is None:
        return state_T.copy()
    return np.where(ended[:, None], 0, state_T)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_state", "grade": true, "locked": true, "points": 2}
lab04.state.check(carried_state)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Deal with `None` first: then every row goes on. Otherwise `ended` has one entry for each row of the state.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Either copy the state and set the rows to zero that `ended` selects, or choose between zero and the state with
# `np.where`. Writing into `state_T` itself would change the array of the caller.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# In a copy, `new[ended] = 0` sets whole rows. With `np.where` the mask needs a second axis, so that it meets the rows and
# not the units: `ended[:, None]` has the shape `(B, 1)`.
#
# </details>

# %% [markdown]
# ## 2. The gradient in chunks (4 points)
#
# Read k steps, go back over these k steps, add up the gradient; then read the next k steps. For the last step $s$ of a
# chunk one term is missing on the way back:
#
# $$
# \mathrm{d}h_s = \texttt{dhs[s]} + \underbrace{\mathrm{d}a_{s+1} W_{hh}}_{\text{dropped}}
# $$
#
# Nothing else changes. The state is carried, so every state is the same as without cuts. From rnncore you have
# `hs, state_T, cache = rnn_forward(params, xs, state0)` and `dparams, dxs, dstate0 = rnn_backward(cache, dhs, dstate_T)`,
# where `dstate_T` may be left out. `rnn_backward` hands you the term that is dropped: it is the `dstate0` of the chunk
# after the cut. Whoever passed it to the chunk before as `dstate_T` would have the full gradient. Only the first chunk's
# `dstate0` has a meaning for the caller: it belongs to the state before the whole sequence. Book: [carry the state, drop
# the gradient](book:truncated_bptt#truncated-bptt-idea).
#
# In PyTorch the dropped term is one line. (This is text, it does not run here.)
#
# ```
# for chunk in xs.split(k):
#     state = state.detach()        # the same numbers, and nothing behind them to go back through
#     hs, state = rnn(chunk, state)
#     loss(hs).backward()           # adds to .grad, goes back to the start of this chunk
# ```
#
# As in `rnn_backward`, `dhs[t]` is the part of the gradient that reaches the state after step `t` from the losses, and
# not through later states. The states do not depend on k, so `dhs` does not either, and it is given.

# %%
# Worked example: one unit, weights 0.8 and 0.4, biases 0.1 and -0.2; it starts from 0.5 and reads 1.0, -1.0, 0.5.
# dhs is 1.0 at every step; the chunks have two steps, so the second one has only one.
h_1 = float(np.tanh(1.0 * 0.8 + 0.1 + 0.5 * 0.4 - 0.2))
h_2 = float(np.tanh(-1.0 * 0.8 + 0.1 + h_1 * 0.4 - 0.2))
h_3 = float(np.tanh(0.5 * 0.8 + 0.1 + h_2 * 0.4 - 0.2))
da_3 = 1.0 * (1 - h_3**2)  # a chunk of its own; da_3 * 0.4 is dropped
da_2 = 1.0 * (1 - h_2**2)
da_1 = (1.0 + da_2 * 0.4) * (1 - h_1**2)
{
    "weight_ih": round(da_1 * 1.0 + da_2 * -1.0 + da_3 * 0.5, 6),
    "weight_hh": round(da_1 * 0.5 + da_2 * h_1 + da_3 * h_2, 6),
    "bias_ih": round(da_1 + da_2 + da_3, 6),
    "bias_hh": round(da_1 + da_2 + da_3, 6),
    "dstate0": round(da_1 * 0.4, 6),
    "state_T": round(h_3, 6),
}


# %% nbgrader={"grade_id": "chunks", "solution": true}
def rnn_chunked_bptt(params, xs, state0, dhs, k):
    """Sum the gradients of chunks of k steps: carry the state from chunk to chunk, and drop the gradient that would cross over.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        xs: (T, B, D), the inputs.
        state0: (B, H), the state before the first step.
        dhs: (T, B, H), the part of the gradient that reaches each state from the losses.
        k: steps in a chunk, at least 1; the last chunk may be shorter, and k may exceed T.
    Returns:
        dparams: dict with the gradient of every parameter, summed over the chunks, with the keys and shapes of params.
        dstate0: (B, H), the gradient that the first chunk sends to state0.
        state_T: (B, H), the state after the last step.
    """
    ### BEGIN SOLUTION
    dparams = {name: np.zeros_like(value) for name, value in params.items()}
    state = state0
    for start in range(0, len(xs), k):
        _, state, cache = rnn_forward(params, xs[start : start + k], state)
        chunk_dparams, _, dstate = rnn_backward(cache, dhs[start : start + k])
        for name in dparams:
            dparams[name] += chunk_dparams[name]
        if start == 0:
            dstate0 = dstate  # those of the later chunks are dropped: this is the truncation
    return dparams, dstate0, state
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_chunks", "grade": true, "locked": true, "points": 4}
lab04.chunks.check(rnn_chunked_bptt)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `rnn_forward` and `rnn_backward` do the work of one chunk. Your loop goes over the chunks. Which variable goes from one
# turn to the next?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `range(0, len(xs), k)` gives the first step of every chunk, and `xs[start : start + k]` its inputs; a slice that reaches
# beyond the end simply stops there. Cut `dhs` in the same way. Call `rnn_backward` with two arguments: nothing enters
# from the steps after the chunk.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Start with `state = state0` and with a dict of arrays of zeros. In each turn, `rnn_forward` gets `state` and gives the
# new one; add the chunk's gradients to the sums, name by name. Keep the third result of `rnn_backward` in the first turn,
# where `start == 0`, and in no other.
#
# </details>

# %% [markdown]
# ## 3. After every k1 steps, back over k2 (4 points)
#
# In chunks, the first loss after a cut is sent back over one step only. The general scheme has two numbers: after every
# **k1** steps there is a pass back, and it goes over the last **k2** steps. With k2 above k1 the passes overlap.
#
# So that no loss counts twice, a pass brings the losses of the steps since the last pass, and no older ones. At the older
# steps of its window it only goes through, from state to state. Steps are counted from 0, as in `dhs`. For a pass that
# starts after step $t$,
#
# $$
# \mathrm{d}h_s = \mathrm{d}h_s^{\text{from step } s+1} +
# \begin{cases} \texttt{dhs[s]} & \text{if step } s \text{ came after the last pass} \\ 0 & \text{if it is older,} \end{cases}
# \qquad s = t, t - 1, \dots, t - k_2 + 1,
# $$
#
# and it starts with zero in the place of a later step, and ends at step 0 at the latest. After the last step of the
# sequence there is a pass in any case, with the losses that are left. The gradients of all passes are added. `dstate0` is
# the sum of what arrives before the first step, from those passes that go back so far. Book: [k1 and
# k2](book:truncated_bptt#truncated-bptt-k1-k2), and [four ways to cut, by hand](book:truncated_bptt#truncated-bptt-by-hand).
#
# Chunks of k steps are k1 = k2 = k. "The last k steps, at every step" is k1 = 1, k2 = k.

# %%
# Worked example: the cell and the inputs of part 2, with k1 = 1 and k2 = 2. After each step there is a pass with one new loss.
pass_1 = 1.0 * (1 - h_1**2)  # step 1
pass_2 = [1.0 * (1 - h_2**2)]  # step 2, and back to step 1
pass_2.append(pass_2[0] * 0.4 * (1 - h_1**2))
pass_3 = [1.0 * (1 - h_3**2)]  # step 3, and back to step 2, where it stops
pass_3.append(pass_3[0] * 0.4 * (1 - h_2**2))
da_1, da_2, da_3 = pass_1 + pass_2[1], pass_2[0] + pass_3[1], pass_3[0]
{
    "weight_ih": round(da_1 * 1.0 + da_2 * -1.0 + da_3 * 0.5, 6),
    "weight_hh": round(da_1 * 0.5 + da_2 * h_1 + da_3 * h_2, 6),
    "bias_ih": round(da_1 + da_2 + da_3, 6),
    "bias_hh": round(da_1 + da_2 + da_3, 6),
    "dstate0": round(da_1 * 0.4, 6),
    "state_T": round(h_3, 6),
}


# %% nbgrader={"grade_id": "windows", "solution": true}
def rnn_truncated_bptt(params, xs, state0, dhs, k1, k2):
    """After every k1 steps, and after the last one, send the losses of the steps since the last time back over at most k2 steps.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        xs: (T, B, D), the inputs.
        state0: (B, H), the state before the first step.
        dhs: (T, B, H), the part of the gradient that reaches each state from the losses.
        k1: how many steps lie between two passes back, at least 1.
        k2: how many steps a pass goes back, at least 1. It may be smaller than k1: then some losses send nothing back.
    Returns:
        dparams: dict with the gradient of every parameter, summed over the passes, with the keys and shapes of params.
        dstate0: (B, H), the sum of what arrives at state0, from the passes that go back to the first step.
        state_T: (B, H), the state after the last step.
    """
    ### BEGIN SOLUTION
    dparams = {name: np.zeros_like(value) for name, value in params.items()}
    dstate0, state, window = np.zeros_like(state0), state0, []
    for t, x in enumerate(xs):
        state, cache = rnn_step_forward(params, x, state)
        window = [*window, cache][-k2:]  # the caches of the last k2 steps
        since = t % k1 + 1  # steps since the last pass back
        if since == k1 or t == len(xs) - 1:
            dstate = np.zeros_like(state)
            for age, step in enumerate(reversed(window)):
                if age < since:  # a loss that no pass has sent back yet
                    dstate = dstate + dhs[t - age]
                step_dparams, _, dstate = rnn_step_backward(step, dstate)
                for name in dparams:
                    dparams[name] += step_dparams[name]
            if len(window) == t + 1:  # the pass has reached the first step
                dstate0 += dstate
    return dparams, dstate0, state
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_windows", "grade": true, "locked": true, "points": 4}
lab04.windows.check(rnn_truncated_bptt)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Because the passes overlap, work with steps: `h_next, cache = rnn_step_forward(params, x, h)` and `dparams, dx, dh =
# rnn_step_backward(cache, dh_next)`. Keep the caches in a list. You need two loops, one inside the other: forward over
# the steps, and back over the window wherever a pass is due.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Count from 0: after step `t`, `t % k1 + 1` steps have come since the last pass. A pass is due when that is `k1`, or when
# `t` is the last step. In the pass, start with zeros and take the caches from the newest to the oldest, at most `k2` of
# them. The newest `t % k1 + 1` of these get their `dhs` added before `rnn_step_backward`.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# For a list `caches` with an entry for every step so far, the inner loop can run over `s` in `range(t, max(t - k2, -1),
# -1)`: that is `t, t - 1, ...`, k2 steps or down to 0. In it, add `dhs[s]` if `t - s` is smaller than the number of new
# losses, call `rnn_step_backward(caches[s], ...)`, and add up. If `k2` is larger than `t`, the loop has reached the first
# step, and what is left belongs into `dstate0`.
#
# </details>

# %% [markdown]
# ## 4. How wrong is it? (2 points)
#
# Two numbers relate a truncated gradient $g$ to the full one $G$. The **cosine** of the angle between them is 1 where they
# point in the same direction and 0 where they are at a right angle. The **relative error** also minds the length: it is
# 0 only where the two are equal.
#
# $$
# \cos(g, G) = \frac{\sum_n g_n G_n}{\lVert g \rVert \, \lVert G \rVert}, \qquad
# \text{error}(g, G) = \frac{\lVert g - G \rVert}{\lVert G \rVert}, \qquad
# \lVert v \rVert = \sqrt{\textstyle\sum_n v_n^2}
# $$
#
# The sums run over all entries $n$ of the weight, whatever its shape. Your function gets several truncated gradients of
# one weight at a time, stacked along a first axis, and gives two numbers for each. Book: [how wrong is the
# gradient?](book:truncated_bptt#truncated-bptt-bias)

# %%
# Worked example: the full gradient is (3, 4), of length 5. Against it stand (3, 4), (4, -3) and (6, 8).
{
    "cosines": [1.0, round((4 * 3 - 3 * 4) / (5 * 5), 6), round((6 * 3 + 8 * 4) / (10 * 5), 6)],
    "errors": [0.0, round(float(np.hypot(4 - 3, -3 - 4)) / 5, 6), round(float(np.hypot(6 - 3, 8 - 4)) / 5, 6)],
}


# %% nbgrader={"grade_id": "bias", "solution": true}
def gradient_bias(truncated, full):
    """Compare gradients with the full one: the cosine of the angle, and the size of the difference in units of the full one.

    Args:
        truncated: (K, ...), K gradients of one weight; the axes after the first are those of full.
        full: (...), the full gradient of that weight, an array with one axis or more.
    Returns:
        cosines: (K,), in the dtype of the gradients.
        errors: (K,), in the dtype of the gradients.
    """
    ### BEGIN SOLUTION
    flat, whole = truncated.reshape(len(truncated), -1), full.ravel()  # (K, N), (N,)
    size = np.linalg.norm(whole)
    cosines = flat @ whole / (np.linalg.norm(flat, axis=1) * size)
    errors = np.linalg.norm(flat - whole, axis=1) / size
    return cosines, errors
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_bias", "grade": true, "locked": true, "points": 2}
lab04.bias.check(gradient_bias)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Make vectors of the gradients first, so that you need not think about their axes: K rows of N numbers, and one row of N.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `truncated.reshape(len(truncated), -1)` has K rows, `full.ravel()` is one vector. Products of each row with the vector
# come from `@`; `np.linalg.norm(..., axis=1)` gives the length of each row.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# The cosines are the products divided by the K lengths and by the length of the full vector. For the errors take the
# length of each row of the difference, not the difference of the lengths. If you fill arrays in a loop, make them with
# `dtype=full.dtype`.
#
# </details>

# %% [markdown]
# ## 5. Measure the bias
#
# Now use what you wrote. At every step the input is a pair of random signs, and the network shall answer with the input
# of 6 steps before. So the loss of a step has its cause 6 steps earlier, and it must be sent back over 7 steps, both ends
# included. The network has learned nothing yet. Two kinds of recurrent weights: an orthogonal matrix, with which the
# state keeps what it has read for long, and small numbers as `init_rnn` draws them, with which it forgets fast.

# %% nbgrader={"grade_id": "use_state_chunks_windows_bias", "locked": true}
carried_state = lab04.state.or_reference(carried_state)
rnn_chunked_bptt = lab04.chunks.or_reference(rnn_chunked_bptt)
rnn_truncated_bptt = lab04.windows.or_reference(rnn_truncated_bptt)
gradient_bias = lab04.bias.or_reference(gradient_bias)

# %%
DELAY = 6
KS = list(range(1, 16))


def echo_problem(seed, keeps, T=30, B=32, H=24):
    """A new network, signs to read, a state of zeros, and the gradient that the losses send to every state."""
    rng = np.random.default_rng(seed)
    params = init_rnn(rng, 2, H)
    if keeps:
        params["weight_hh"] = orthogonal(rng, H, H)
    output = 0.1 * init_linear(rng, H, 2)["weight"]
    xs, state0 = rng.choice([-1.0, 1.0], (T, B, 2)), np.zeros((B, H))
    hs, _, _ = rnn_forward(params, xs, state0)
    e = np.zeros_like(xs)
    e[DELAY:] = (hs @ output.T)[DELAY:] - xs[:-DELAY]  # answer minus target, where there is one
    return params, xs, state0, 2 * e @ output / e.size


def measure(seed, keeps):
    """Cosines and errors (15,) for every k, by weight and way of cutting; and the size of what the seventh step back adds for W_ih."""
    problem = echo_problem(seed, keeps)
    full, _, _ = rnn_chunked_bptt(*problem, 30)
    ways = {
        "chunks of k": [rnn_chunked_bptt(*problem, k)[0] for k in KS],
        "last k steps": [rnn_truncated_bptt(*problem, 1, k)[0] for k in KS],
    }
    found = {
        (name, way): gradient_bias(np.stack([dparams[name] for dparams in cut]), full[name])
        for way, cut in ways.items()
        for name in ("weight_ih", "weight_hh")
    }
    six, seven = (ways["last k steps"][KS.index(k)]["weight_ih"] for k in (6, 7))
    return found, np.linalg.norm(seven - six)


cosines, errors, seventh = {}, {}, {}
if not grading():
    keeping, forgetting = ([measure(seed, keeps) for seed in range(5)] for keeps in (True, False))
    for way in ("chunks of k", "last k steps"):
        cosines[way] = np.array([found["weight_ih", way][0] for found, _ in keeping])
        errors[way] = np.array([found["weight_hh", way][1] for found, _ in keeping])
    cosines["last k steps, forgets"] = np.array([found["weight_ih", "last k steps"][0] for found, _ in forgetting])
    errors["last k steps, forgets"] = np.array([found["weight_hh", "last k steps"][1] for found, _ in forgetting])
    for way, values in cosines.items():
        print(f"{way}: cosine for W_ih at k = 6 and 7, five seeds:", values[:, 5].round(2), values[:, 6].round(2))
    for name, runs in (("keep", keeping), ("forget", forgetting)):
        seventh[name] = np.array([added for _, added in runs])
        print(f"networks that {name}: size of what the seventh step back adds for W_ih:", seventh[name].round(4))

# %%
lines(
    cosines,
    x=KS,
    xlabel="k, steps",
    ylabel="cosine with the full gradient, W_ih",
    alt="Cosine of the truncated gradient of W_ih with the full one against k from 1 to 15, five seeds each. In chunks, and with the "
    "last k steps, it stays below 0.6 up to k = 6. At k = 7 the last k steps jump to nearly 1, and chunks to about 0.8, from where they "
    "go slowly up to 1. In networks that forget, the last k steps lie near 0.9 from k = 2 on, and at 1 from k = 7 on.",
)

# %%
lines(
    errors,
    x=KS,
    xlabel="k, steps",
    ylabel="relative error, W_hh",
    alt="Relative error of the truncated gradient of W_hh against k from 1 to 15, five seeds each. All three curves start between 0.6 "
    "and 1 and fall. With the last k steps the error is below 0.25 at k = 6, and in networks that forget it is below 0.1 "
    "there. In chunks it falls more slowly and is still above 0.1 at k = 15.",
)

# %% [markdown]
# Each line is the median of five seeds, and the band reaches from the lowest to the highest.
#
# **Questions.**
#
# 1. For $W_{ih}$ nothing much happens up to k = 6, and at k = 7 the last k steps give nearly the right direction. Why
#    there? And why do chunks of 7 steps not reach as far, although they too go back over 7 steps?
# 2. The error of $W_{hh}$ has no such jump. What is different about this weight?
# 3. Networks that forget have the better gradient at small k. Would you rather train one of those?
#
# <details><summary>Answers</summary>
#
# 1. The cause lies 6 steps before the loss, so a loss meets it only if it is sent back over 7 steps. With the last 7
#    steps at every step, each loss is. In chunks of 7 steps only the last of seven places is sent back so far; the other
#    six losses stop short. So what comes from the cause is there, but small beside all else that the losses send. With
#    k = 14 eight of the fourteen places reach the cause.
# 2. $W_{ih}$ counts where the input enters, 6 steps before the loss. $W_{hh}$ is used six times on the way from there to
#    the loss, once between each step and the next, so each further step back brings a further part of its gradient, and
#    with k = 6 all six are there.
# 3. No. The last printed lines tell: in a network that forgets, the step that meets the cause adds roughly a tenth of what
#    it adds in one that keeps. So leaving it out changes little, but with it there is not much to learn from either. A
#    truncated gradient can be close to a full one that itself hardly sees the past.
#
# </details>

# %% [markdown]
# ## 6. A text as streams (3 points)
#
# The other half of the lab is about text. A language model predicts the next character from all before it. One long text
# is read by B readers at the same time, each with its own piece, its **stream**; all streams are cut into chunks of T
# steps. Row $b$ of a chunk continues row $b$ of the chunk before, so that the state can be carried.
#
# A text of N tokens has N - 1 predictions, because the last token has no next one. So each stream has
# $S = \lfloor (N - 1) / B \rfloor$ steps, and with $c_0, c_1, \dots$ for the tokens of the text
#
# $$
# \text{inputs}[t, b] = c_{bS + mT + t}, \qquad \text{targets}[t, b] = c_{bS + mT + t + 1}
# $$
#
# in chunk $m = 0, 1, \dots$ A chunk is there if all its T steps lie within the S steps of the stream; what is left at the
# end of each stream is not used. Book: [streams: many readers of one text](book:character_language_model#character-lm-streams).

# %%
# Worked example: the 12 characters of "to be or not", numbered 0 to 11, in chunks of 2 steps for 2 streams.
# S is 11 // 2 = 5: stream 0 reads "to be", stream 1 " or n". Two chunks of two steps fit into 5, and one step is left.
chunk_0 = [[[0, 5], [1, 6]], [[1, 6], [2, 7]]]  # inputs and targets; a row is a step, a column is a stream
chunk_1 = [[[2, 7], [3, 8]], [[3, 8], [4, 9]]]
{"batches": [chunk_0, chunk_1]}


# %% nbgrader={"grade_id": "streams", "solution": true}
def stream_batches(tokens, T, B):
    """Lay a text out as B parallel streams and cut them into chunks of T steps.

    Args:
        tokens: (N,) whole numbers, the text; N is at least T B + 1.
        T: steps in a chunk.
        B: how many streams.
    Returns:
        batches: a list of pairs (inputs, targets), one for each chunk, in order; both are (T, B), in the dtype of tokens.
    """
    ### BEGIN SOLUTION
    length = (len(tokens) - 1) // B // T * T  # characters of each stream that fill whole chunks
    step = (len(tokens) - 1) // B  # where the next stream starts
    places = np.arange(length)[:, None] + step * np.arange(B)  # (length, B)
    inputs, targets = tokens[places], tokens[places + 1]
    return [(inputs[start : start + T], targets[start : start + T]) for start in range(0, length, T)]
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_streams", "grade": true, "locked": true, "points": 3}
lab04.streams.check(stream_batches)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Work out three numbers first: the steps S of a stream, how many whole chunks fit into S, and where stream `b` starts.
# The targets are the same cut through the same text, one token later.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# One way: make an array of the streams, `(S, B)`, for the inputs and one for the targets, then cut both into slices of T
# rows. `tokens[: B * S].reshape(B, S)` has a stream in each row; for time first, transpose it. From which token on do you
# take the targets?
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `tokens[1 : B * S + 1]` gives the targets in the same way. The chunks start at `0, T, 2 * T, ...`, and there are `S // T`
# of them; take `inputs[start : start + T]` and the same rows of the targets, as a pair.
#
# </details>

# %% [markdown]
# ## 7. The gradient of a chunk of text (3 points)
#
# The model is that of the chapter: an embedding, the plain cell, an output layer, and the mean cross-entropy over all
# steps and streams.
#
# $$
# x_t = E_{c_t}, \qquad h_t = \tanh(x_t W_{ih}^\top + b_{ih} + h_{t-1} W_{hh}^\top + b_{hh}), \qquad
# y_t = h_t W_{ho}^\top + b_{ho}, \qquad L = -\frac{1}{TB} \sum_{t,b} \log \operatorname{softmax}(y_t^{(b)})\big[c_{t+1}^{(b)}\big]
# $$
#
# Each part is a pair in rnncore: `embedding_forward`, `rnn_forward`, `linear_forward`, `softmax_cross_entropy_forward`, and
# the four `..._backward`; `help(linear_backward)` tells what one takes and in which order it returns. Compose them, and go
# back in the opposite order. The chunk starts from the state that the chunk before has left. Your function returns the
# gradient and the state to carry on, and drops one thing. Book: [training in chunks](book:character_language_model#character-lm-training).

# %%
# Worked example: two characters, with embeddings 1.0 and -1.0; the cell of part 2 starts from 0.5.
# Two logits, 2.0 h + 0.5 and -1.0 h. The chunk reads characters 0 and 1 and should have predicted 1 both times.
# The states are h_1 and h_2 of part 2. p is the probability of the wrong character, 0.
p_1, p_2 = (float(1 / (1 + np.exp(-(3.0 * h + 0.5)))) for h in (h_1, h_2))
da_2 = (p_2 / 2 * 2.0 - p_2 / 2 * -1.0) * (1 - h_2**2)  # the gradients of the two logits are p / 2 and -p / 2
da_1 = (p_1 / 2 * 2.0 - p_1 / 2 * -1.0 + da_2 * 0.4) * (1 - h_1**2)
{
    "embedding": [round(da_1 * 0.8, 6), round(da_2 * 0.8, 6)],
    "weight_ih": round(da_1 * 1.0 + da_2 * -1.0, 6),
    "weight_hh": round(da_1 * 0.5 + da_2 * h_1, 6),
    "output weight": [round(p_1 / 2 * h_1 + p_2 / 2 * h_2, 6), round(-p_1 / 2 * h_1 - p_2 / 2 * h_2, 6)],
    "output bias": [round(p_1 / 2 + p_2 / 2, 6), round(-p_1 / 2 - p_2 / 2, 6)],
    "state_T": round(h_2, 6),
}


# %% nbgrader={"grade_id": "gradient", "solution": true}
def chunk_gradient(params, inputs, targets, state0):
    """Read one chunk from a carried state; return the gradient of its mean loss, and the state to carry on.

    Args:
        params: dict of three dicts: params["embedding"] with weight (V, D), params["rnn"] as in part 2, params["output"] with weight
            (V, H) and bias (V,).
        inputs: (T, B), whole numbers from 0 to V - 1.
        targets: (T, B), the next token for each of them.
        state0: (B, H), the state before the chunk.
    Returns:
        dparams: dict of three dicts with the gradient of every parameter, shaped as params.
        state_T: (B, H), the state after the chunk.
    """
    ### BEGIN SOLUTION
    xs, embedding_cache = embedding_forward(params["embedding"], inputs)  # (T, B, D)
    hs, state_T, rnn_cache = rnn_forward(params["rnn"], xs, state0)  # (T, B, H)
    logits, output_cache = linear_forward(params["output"], hs)  # (T, B, V)
    _, loss_cache = softmax_cross_entropy_forward(logits, targets)
    doutput, dhs = linear_backward(output_cache, softmax_cross_entropy_backward(loss_cache))
    drnn, dxs, _ = rnn_backward(rnn_cache, dhs)  # the gradient of state0 is dropped
    dembedding = embedding_backward(embedding_cache, dxs)
    return {"embedding": dembedding, "rnn": drnn, "output": doutput}, state_T
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_gradient", "grade": true, "locked": true, "points": 3}
lab04.gradient.check(chunk_gradient)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Write the forward part as four calls, each fed by the one before. Every one of them also returns a cache; give each
# cache a name of its own.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Backward: the loss gives the gradient of the logits, `linear_backward` that of the output layer and of `hs`,
# `rnn_backward` that of the cell and of `xs`, `embedding_backward` that of the table. `softmax_cross_entropy_forward`
# already takes the mean over all steps and streams.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `xs, embedding_cache = embedding_forward(params["embedding"], inputs)` is the first line; the backward functions take
# such a cache and then the gradient; `softmax_cross_entropy_backward` comes first and needs its cache only.
# `linear_backward` returns the gradient of its parameters and of its input, in this
# order. The third result of `rnn_backward` is not used: that is the truncation. The gradients go into a dict with the
# keys `embedding`, `rnn` and `output`.
#
# </details>

# %% [markdown]
# ## 8. The loss at each place of a chunk (2 points)
#
# To see what a carried state is worth, measure the loss separately for the first, the second, ... place of the chunks. If
# the state is carried, a place at the front is as good as one at the back: the network does not notice the cut. If it is
# reset, the front has no past. For place $t$ of M chunks with B streams, in nats,
#
# $$
# \ell_t = -\frac{1}{MB} \sum_{m,b} \log p_{m,t}^{(b)}\big[\text{target}\big].
# $$
#
# The first chunk starts from zeros. So does every other chunk if `carry` is false. Book: [what the carried state is
# worth](book:character_language_model#character-lm-state).

# %%
# Worked example: the model of part 7 reads two chunks of two steps, from a state of zeros, with the state carried.
# Inputs 0, 1 and then 1, 0; targets 1, 1 and then 0, 0.
h, loss = 0.0, []
for x, target in ((1.0, 1), (-1.0, 1), (-1.0, 0), (1.0, 0)):  # x is the embedding
    h = float(np.tanh(x * 0.8 + 0.1 + h * 0.4 - 0.2))
    p = 1 / (1 + float(np.exp(-(3.0 * h + 0.5))))  # of character 0
    loss.append(-float(np.log(p if target == 0 else 1 - p)))
{"losses": [round((loss[0] + loss[2]) / 2, 6), round((loss[1] + loss[3]) / 2, 6)]}


# %% nbgrader={"grade_id": "places", "solution": true}
def losses_by_place(params, batches, carry):
    """Read chunk after chunk; return the mean loss, in nats, of the predictions made at each place of a chunk.

    Args:
        params: as in part 7.
        batches: a list of pairs (inputs, targets), both (T, B), as `stream_batches` returns them.
        carry: True to start each chunk from the last state of the one before, False to start each from zeros.
    Returns:
        losses: (T,), in the dtype of the parameters.
    """
    ### BEGIN SOLUTION
    zeros = np.zeros((batches[0][0].shape[1], len(params["rnn"]["weight_hh"])), dtype=params["rnn"]["weight_hh"].dtype)
    state, losses = zeros, []
    for inputs, targets in batches:
        xs = params["embedding"]["weight"][inputs]  # (T, B, D)
        hs, state, _ = rnn_forward(params["rnn"], xs, state if carry else zeros)
        logits, _ = linear_forward(params["output"], hs)  # (T, B, V)
        p = np.take_along_axis(softmax(logits), targets[..., None], axis=-1)[..., 0]  # (T, B)
        losses.append(-np.log(p))
    return np.mean(losses, axis=(0, 2))
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_places", "grade": true, "locked": true, "points": 2}
lab04.places.check(losses_by_place)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The loop is over the chunks, and one variable lives through it. Nothing goes back here, so you need no caches: the
# forward calls of part 7 and a softmax are enough.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `softmax(logits)` has the shape `(T, B, V)`. `np.take_along_axis(p, targets[..., None], axis=-1)` picks the probability
# of each target and keeps an axis of length 1 at the end. A state of zeros has the shape `(B, H)`; give it the dtype of
# the weights.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Collect an array `(T, B)` of `-np.log(...)` for each chunk. Stacked they are `(M, T, B)`; the mean over the first and the
# last axis leaves one number for each place. `state if carry else zeros` is what the chunk starts from.
#
# </details>

# %% [markdown]
# ## 9. Read film reviews, character by character
#
# The text is made of short film reviews from a small grammar, one after the other. It has only 27 different characters,
# so a small network learns to spell its words within a few seconds. One fifth of the text is kept for testing.

# %% nbgrader={"grade_id": "use_streams_gradient_places", "locked": true}
stream_batches = lab04.streams.or_reference(stream_batches)
chunk_gradient = lab04.gradient.or_reference(chunk_gradient)
losses_by_place = lab04.places.or_reference(losses_by_place)

# %%
sentences = sentiment_sentences(np.random.default_rng(0), 2000)
text = ". ".join(" ".join(words) for words, _ in sentences) + "."
vocabulary = Vocabulary("".join(sorted(set(text))))
train_tokens, test_tokens = split_text(vocabulary.encode(text), (0.8, 0.2))
V, T, B = len(vocabulary), 8, 32

print(text[:131])
for m, (inputs, targets) in enumerate(stream_batches(train_tokens, T, B)[:2]):
    for b in range(2):
        print(f"chunk {m}, stream {b}: inputs {vocabulary.decode(inputs[:, b])!r}, targets {vocabulary.decode(targets[:, b])!r}")
print(f"{V} characters, all equally likely: {np.log(V):.2f} nats")
print(f"a table of which character follows which: {bigram_cross_entropy(train_tokens, test_tokens, V):.2f} nats")


# %% [markdown]
# Chunks of 8 steps, two habits: one network always carries its state to the next chunk, the other always starts from
# zeros. Your `carried_state` does both, because a reset means that every sequence of the batch is over. Either way no
# gradient crosses a border. The rest is Adam with clipped gradients, both from rnncore.


# %%
def train(seed, carry, updates=600, D=16, H=48):
    rng = np.random.default_rng(seed)
    params = {"embedding": init_embedding(rng, V, D), "rnn": init_rnn(rng, D, H), "output": init_linear(rng, H, V)}
    adam, batches, state = init_adam(params), stream_batches(train_tokens, T, B), np.zeros((B, H))
    for update in range(updates):
        at_the_start = update % len(batches) == 0  # every stream begins again
        state = carried_state(state, np.full(B, at_the_start or not carry))
        dparams, state = chunk_gradient(params, *batches[update % len(batches)], state)
        dparams, _ = clip_by_norm(dparams, 1.0)
        params, adam = adam_step(params, dparams, adam, lr=0.01)
    return params


# %% [markdown]
# Four seeds of each, eight networks. It takes some seconds, and is left out when the notebook is graded. Each network then
# reads the test text twice, with its state carried and with a reset before every chunk.

# %%
losses = {}
if not grading():
    test_batches = stream_batches(test_tokens, T, B)
    networks = {habit: [train(seed, carry=habit == "carried") for seed in range(4)] for habit in ("carried", "reset")}
    for trained, found in networks.items():
        for reads in ("carried", "reset"):
            name = f"trained {trained}, reads {reads}"
            losses[name] = np.array([losses_by_place(params, test_batches, reads == "carried") for params in found])
            print(f"{name}: mean loss on the test text, four seeds:", losses[name].mean(axis=1).round(2))

# %%
lines(
    losses,
    xlabel="place in the chunk",
    ylabel="loss in nats per character",
    alt="Loss on the test text against the place in a chunk of 8, for four combinations of training and reading, four seeds each. With a "
    "state that is carried in reading the loss is level at about a third of a nat, whatever the training. With a reset in reading it "
    "begins high, at more than 3 nats after training with a carried state and at about 1.7 after training with a reset, and comes down "
    "to the level of the others within five or six places.",
)

# %% [markdown]
# The two curves for reading with a carried state lie nearly on one another.
#
# **Questions.**
#
# 1. A network that was trained with a reset and reads with a reset has, at the first place, about the loss of the table
#    of pairs, which character follows which. Why can it not be better there?
# 2. A network that was trained with a carried state and reads with a reset is, at the first place, worse than finding all
#    27 characters equally likely. How can a trained network be worse than knowing nothing?
# 3. No gradient ever crossed a border, and chunks have 8 steps. Yet at the first place a network with a carried state
#    is as good as at the last. Where does it know from what came before?
# 4. The networks that were trained with a reset read nearly as well as the others once the state is carried. What is the
#    danger in training the one way and reading the other?
#
# <details><summary>Answers</summary>
#
# 1. It starts from zeros and has read one character when it predicts. All it can know is what usually follows that
#    character, and that is the table of pairs.
# 2. In training it has met a state of zeros only at the start of a pass through the text. It takes zeros for a state like
#    any other, with a past in it, and is sure of a continuation that has nothing to do with the text. A prediction that is
#    sure and wrong costs more than an even guess.
# 3. From the state. It carries what was read, across every border, as plain numbers; the gradient inside the chunks has
#    taught the network what to write into it and how to read it. Truncation limits what gets credit, not what the state
#    can hold. Book: [what the bias does to training](book:truncated_bptt#truncated-bptt-training).
# 4. Here it went well: a network that has learned to use the characters before the current one in its chunk can use them
#    across a border, too. But in reading it meets states that it never met in training. Train with resets in chunks of 2
#    steps, and the same mixture costs more than twice what the carried networks lose. Measure before you mix the two.
#
# </details>
#
# **Try it.** Change one thing and predict the figure before you run it: `T` = 2 in the cell that makes the text;
# `rng.permutation(state)` in the place of `state` in the call of `chunk_gradient`, so that in training each stream goes
# on from the past of another; or 2,000 updates.
