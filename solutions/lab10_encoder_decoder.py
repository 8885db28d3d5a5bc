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
# # Lab 10: encoder and decoder
#
# One network reads a string of digits, another writes it backwards, and all that passes between them is one vector. You
# write both networks, their gradient, and three ways to feed the one that writes: the truth, its own tokens, or some of
# each. At the end your functions show how long a string may be for a vector of 16 or of 48 numbers, and what a score means
# that was measured with the truth as input.
#
# **After this lab you can**
#
# - make the decoder's inputs from the targets, with a start token, and say what a missing shift would do;
# - hand over the right state from sources of unequal length, and send the gradient back to the same place;
# - leave padding out of a loss and out of its gradient;
# - let a decoder write freely until each text of a batch has ended;
# - say which scores differ between true and own inputs, and which cannot.
#
# **You need** the chapters [Encoder and decoder](book:encoder_decoder), up to the bottleneck, and [Fed with truth, fed with
# its own words](book:teacher_forcing), up to the gradient; and of the plain cell what lab 1 or [The recurrent
# cell](book:recurrent_cell) tells. **Time:** 60 to 90 minutes.
#
# **How it works.** There are eight functions to write, most of them a few lines long. Replace
# `raise NotImplementedError()` with your code and run the cell. The cell below it checks what you wrote, first on a worked
# example whose numbers you can follow by hand, then on fresh random inputs, different each time. If something is wrong,
# the check says which number, at which index, and, if it knows the mistake, what went wrong. The same checks, with inputs
# drawn anew, give the points. Under each task are three hints; each one says more than the one before.
#
# You can do the steps in any order, and earn the points of a later step while an earlier one is still wrong: the cells
# that say `or_reference` put a right function in the place of what is not right yet. Run the cells from top to bottom.
#
# **To hand in** on a course server, save this notebook, open *Nbgrader > Assignment List* and press *Submit*; you can
# submit again until the deadline. *Validate* there runs every check once more. If you study alone, the checks are all
# you need.

# %% nbgrader={"grade_id": "setup", "locked": true}
import numpy as np

from rnncore.checks.labs import grading, lab10
from rnncore.plots import lines
from rnncore.reference import (
    adam_step,
    clip_by_norm,
    init_adam,
    init_embedding,
    init_linear,
    init_rnn,
    rnn_backward,
    rnn_forward,
    softmax,
)

for name in (
    "teacher_forced_inputs",
    "read",
    "write",
    "masked_loss",
    "write_backward",
    "read_backward",
    "write_freely",
    "mixed_inputs",
):
    globals().setdefault(name)  # None until you write it

# %% [markdown]
# ## 1. What the decoder is fed in training (2 points)
#
# The decoder predicts the target token by token, $y_1, \dots, y_T$; the last one is the end token. To predict $y_t$ it is
# fed $y_{t-1}$, the true one, whatever it would have written itself. This is **teacher forcing**. Before $y_1$ there is
# nothing, so there it is fed a **start token**:
#
# $$\text{fed}_1 = \text{start}, \qquad \text{fed}_t = y_{t-1}, \quad t = 2, \dots, T.$$
#
# So the inputs are the targets, one step later. The last target is never fed, since nothing is asked after it. Book: [start
# and end tokens](book:encoder_decoder#encoder-decoder-start-end), [teacher forcing](book:teacher_forcing#teacher-forcing-idea).
#
# Axes have letters everywhere in this course: `B` sequences in a batch, `S` steps of the source, `T` steps of the target,
# `D` numbers in an embedding, `H` units of a cell, `U` and `V` tokens that the source and the target know. Time is the
# first axis. A token is a whole number.

# %%
# Worked example: <pad> is 0, <start> 1, <end> 2, and the digits 0 to 9 are 3 to 12. Two targets: "4 2 <end>" and "7 <end> <pad>".
of_42, of_7 = [7, 5, 2], [10, 2, 0]
{"targets": np.array([of_42, of_7]).T.tolist(), "fed": [[1, 1], [7, 10], [5, 2]]}


# %% nbgrader={"grade_id": "forced_inputs", "solution": true}
def teacher_forced_inputs(targets, start):
    """Shift the targets by one step: before target t the decoder is fed target t - 1.

    Args:
        targets: (T, B), an array of whole numbers.
        start: the token that is fed first, a whole number.
    Returns:
        fed: (T, B), an array of whole numbers.
    """
    ### BEGIN SOLUTION
    return np.concatenate([np.full_like(targets[:1], start), targets[:-1]])
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_forced_inputs", "grade": true, "locked": true, "points": 2}
lab10.forced_inputs.check(teacher_forced_inputs)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The result has as many rows as the targets. One row is new, one is left out. Which, and where?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Time is the first axis, so `targets[:-1]` is all rows but the last. The new row holds the start token once for each
# sequence. You can put it in front, or make an empty array like `targets` and fill its first row and the rest.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `np.full_like(targets[:1], start)` is a row of start tokens of the shape `(1, B)`. `np.concatenate` takes a list of arrays
# and puts them one below the other.
#
# </details>

# %% [markdown]
# ## 2. Read the source (3 points)
#
# Each token has a row of numbers in the **embedding** $E$. The encoder is a plain cell that reads these rows one after the
# other, from a state of zeros:
#
# $$k_0 = 0, \qquad k_s = \tanh(E[x_s] W_{ih}^\top + b_{ih} + k_{s-1} W_{hh}^\top + b_{hh}).$$
#
# `rnn_forward(rnn, xs, state0)`, given the cell's own weights, does that for all steps and returns the states `keys`
# `(S, B, H)`, the last state, and a cache for the way back.
#
# What is handed over is the state after the last token of each source. In a batch the sources have unequal lengths $n_b$,
# and the shorter ones are filled up with padding. The cell runs on through the padding, but there its states mean nothing.
# So the state of sequence $b$ is $k_{n_b}$, and not the state after the last step of the array. Book: [two networks and one
# vector](book:encoder_decoder#encoder-decoder-two-networks), [the state after the
# padding](book:encoder_decoder#encoder-decoder-mistakes).

# %%
# Worked example: one unit without biases. The tokens plus and minus have the embeddings 1 and -1; weight_ih is 1, weight_hh 0.5.
# The sources are "plus minus", of length 2, and "plus", of length 1; any token may stand in the padding behind it.
k_1 = float(np.tanh(1.0))
k_2 = float(np.tanh(-1.0 + 0.5 * k_1))
{"state": [round(k_2, 6), round(k_1, 6)]}


# %% nbgrader={"grade_id": "reading", "solution": true}
def read(params, source, lengths):
    """Read sources of unequal lengths, and return the state after the last token of each.

    Args:
        params: dict of embedding, a dict of weight (U, D), and rnn, a dict of weight_ih (H, D), weight_hh (H, H),
            bias_ih (H,), bias_hh (H,).
        source: (S, B), tokens from 0 to U - 1, the padding as well.
        lengths: (B,), an array of whole numbers from 1 to S: how many tokens each source has.
    Returns:
        state: (B, H), in the dtype of the parameters.
        cache: what `rnn_forward` returned as its third value, for all S steps.
    """
    ### BEGIN SOLUTION
    xs = params["embedding"]["weight"][source]  # (S, B, D)
    k_0 = np.zeros((len(lengths), len(params["rnn"]["weight_hh"])), dtype=xs.dtype)
    keys, _, cache = rnn_forward(params["rnn"], xs, k_0)  # (S, B, H)
    state = keys[lengths - 1, np.arange(len(lengths))]  # (B, H)
    return state, cache
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_reading", "grade": true, "locked": true, "points": 3}
lab10.reading.check(read)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three things in a row: look up the embeddings, run the cell from zeros, pick one state for each sequence. An array of
# tokens can be used as an index: `weight[source]` has the shape `(S, B, D)`.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The zeros have the shape `(B, H)` and the dtype of the embeddings; `np.zeros` makes float64 unless you give it
# `dtype=...`. For the last part, the states lie in `keys[s, b]`. Which `s` belongs to a source of 3 tokens, if you count
# from 0?
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Two arrays of indices of the same length pick entry by entry: `keys[[4, 1], [0, 1]]` is `keys[4, 0]` and `keys[1, 1]`, one
# state for each. The second array here is `np.arange(B)`; the first you make from `lengths`. A loop over the sequences and
# `np.stack` do as well.
#
# </details>

# %% [markdown]
# ## 3. Write the target (2 points)
#
# The decoder is a second cell with weights and an embedding of its own. It starts where the encoder ended. At every step an
# output layer turns its state into a score, a **logit**, for each token:
#
# $$
# \begin{aligned}
# h_0 &= k_{n_b} \\
# h_t &= \tanh(E[\text{fed}_t] W_{ih}^\top + b_{ih} + h_{t-1} W_{hh}^\top + b_{hh}) \\
# \text{logits}_t &= h_t W_o^\top + b_o
# \end{aligned}
# $$
#
# The function returns the state after the last step, too. With it the decoder can go on, one token at a time, and in part 7
# that is how it writes freely. Book: [two networks and one vector](book:encoder_decoder#encoder-decoder-two-networks).

# %%
# Worked example: all weights of the cell are 1. The tokens end, which serves as start too, and yes have the embeddings 0 and 1.
# The decoder is fed end, yes. It starts from k_2, the state of "plus minus". Its logits of end and yes are -h and h.
h_1 = float(np.tanh(0.0 + k_2))
h_2 = float(np.tanh(1.0 + h_1))
{"logits": [round(-h_1, 6), round(h_1, 6), round(-h_2, 6), round(h_2, 6)], "state_T": round(h_2, 6)}


# %% nbgrader={"grade_id": "writing", "solution": true}
def write(params, fed, state):
    """Run the decoder from a state, and return the logits of every step.

    Args:
        params: dict of embedding, a dict of weight (V, D); rnn, a dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,),
            bias_hh (H,); and output, a dict of weight (V, H) and bias (V,).
        fed: (T, B), tokens from 0 to V - 1, the start token first.
        state: (B, H), the state before the first step.
    Returns:
        logits: (T, B, V).
        state_T: (B, H), the state after the last step.
        cache: what `rnn_forward` returned as its third value.
    """
    ### BEGIN SOLUTION
    xs = params["embedding"]["weight"][fed]  # (T, B, D)
    hs, state_T, cache = rnn_forward(params["rnn"], xs, state)  # (T, B, H)
    logits = hs @ params["output"]["weight"].T + params["output"]["bias"]  # (T, B, V)
    return logits, state_T, cache
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_writing", "grade": true, "locked": true, "points": 2}
lab10.writing.check(write)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# It is `read` with another start and another end. What stands in the place of the zeros? What happens to all states, and no
# longer to one of each sequence?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `rnn_forward` gives the states of all steps, `(T, B, H)`, the last state and the cache. A product with `@` works on the last
# axis, for all steps and sequences at once.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# The output weight has the shape `(V, H)`, so transpose it and put `hs` on its left. Add the bias; there is no softmax and no
# tanh. Return the three values in the order of the docstring.
#
# </details>

# %% [markdown]
# ## 4. The loss over what counts (3 points)
#
# From logits come probabilities, $p = \text{softmax}(\text{logits})$ over the tokens, and the loss of a target is minus the
# logarithm of the probability that it got. The **mask** $m$ is 1 up to the end token and 0 in the padding. Over all steps and
# sequences,
#
# $$L = - \sum_{t,b} m_{tb} \log p_{tb}(y_{tb}) \,\Big/\, M, \qquad M = \sum_{t,b} m_{tb}.$$
#
# So padding adds neither to the sum nor to the count. The gradient is the one you know from every softmax, *probability
# minus 1 at the target*, for what counts:
#
# $$\mathrm{d}\text{logits}_{tb} = \frac{m_{tb}}{M} \left( p_{tb} - \text{onehot}(y_{tb}) \right).$$
#
# Your function returns both. Book: [loss over the padding](book:encoder_decoder#encoder-decoder-mistakes).

# %% nbgrader={"grade_id": "use_writing", "locked": true}
write = lab10.writing.or_reference(write)

# %%
# Worked example: the two steps of part 3 with the target "yes end", and a step of padding behind it with the logits 0.5 and -0.5.
p_yes = float(np.exp(h_1) / (np.exp(h_1) + np.exp(-h_1)))
p_end = float(np.exp(-h_2) / (np.exp(h_2) + np.exp(-h_2)))
{
    "loss": round(float(-(np.log(p_yes) + np.log(p_end)) / 2), 6),
    "dlogits": [round(d / 2, 6) for d in (1 - p_yes, p_yes - 1, p_end - 1, 1 - p_end, 0, 0)],
}


# %% nbgrader={"grade_id": "loss", "solution": true}
def masked_loss(logits, targets, mask):
    """Mean cross-entropy over the targets that count, and its gradient.

    Args:
        logits: (T, B, V).
        targets: (T, B), tokens from 0 to V - 1, the padding as well.
        mask: (T, B), an array of True, where a target counts, and False.
    Returns:
        loss: a number, in nats (natural logarithm).
        dlogits: (T, B, V), the gradient of the loss with respect to the logits, in their dtype.
    """
    ### BEGIN SOLUTION
    p = softmax(logits)  # (T, B, V)
    share = (mask / mask.sum()).astype(logits.dtype)  # (T, B)
    hit = np.eye(logits.shape[-1], dtype=logits.dtype)[targets]  # (T, B, V), 1 at the target
    loss = -(share * np.log((p * hit).sum(axis=-1))).sum()
    dlogits = share[..., None] * (p - hit)
    return loss, dlogits
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_loss", "grade": true, "locked": true, "points": 3}
lab10.loss.check(masked_loss)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Ask first how much one target that counts weighs in the mean: `share = mask / mask.sum()` says it for all of them, 0 in the
# padding. Loss and gradient both use it.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `softmax` is imported; it works on the last axis. To get the probability of each target, make a one-hot array: row `y` of
# `np.eye(V)` is 1 at `y` and 0 elsewhere, and `np.eye(V)[targets]` is `(T, B, V)`. Multiply it with `p` and sum over the
# last axis. Mask behind the logarithm, not before it: that of 0 is infinite.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `share[..., None]` gives the weights a last axis of length 1, so that they multiply `p` minus the one-hot array. A mask
# divided by its sum is float64; where the logits are float32, turn the result back with `.astype(logits.dtype)`.
#
# </details>

# %% [markdown]
# ## 5. Back through the writing (3 points)
#
# From here on $\mathrm{d}v$ is the gradient of the loss with respect to $v$. It walks the way of `write` backwards. First
# through the output layer, which was used at every step and for every sequence, so that the parts are added:
#
# $$
# \mathrm{d}W_o = \sum_{t,b} \mathrm{d}\text{logits}_{tb}^\top h_{tb}, \qquad
# \mathrm{d}b_o = \sum_{t,b} \mathrm{d}\text{logits}_{tb}, \qquad
# \mathrm{d}h_{tb} = \mathrm{d}\text{logits}_{tb} W_o.
# $$
#
# Then through the cell: `rnn_backward(cache, dhs)` returns the gradients of its parameters, of its inputs, `dxs` `(T, B, D)`,
# and of its first state. That last one is `dstate`, and it will cross to the encoder. At last through the embedding: each
# `dxs[t, b]` is added to the row of the token that was fed there. A token that was fed five times gets five parts:
#
# $$\mathrm{d}E[v] = \sum_{t,b:\ \text{fed}_{tb} = v} \mathrm{d}x_{tb}.$$
#
# Book: [one bridge for the gradient](book:encoder_decoder#encoder-decoder-backward), and the same numbers [by
# hand](book:encoder_decoder#encoder-decoder-by-hand).

# %%
# Worked example: the two steps of part 3. As in the chapter, the loss is the sum of both and not their mean.
dlogits_1, dlogits_2 = np.array([1 - p_yes, p_yes - 1]), np.array([p_end - 1, 1 - p_end])  # of end and of yes
dh_2 = float(dlogits_2 @ [-1.0, 1.0])
da_2 = dh_2 * (1 - h_2**2)
dh_1 = float(dlogits_1 @ [-1.0, 1.0]) + da_2 * 1.0  # from its own logits, and from the step after it
da_1 = dh_1 * (1 - h_1**2)
{
    "output_weight": (dlogits_1 * h_1 + dlogits_2 * h_2).round(6).tolist(),
    "output_bias": (dlogits_1 + dlogits_2).round(6).tolist(),
    "weight_hh": round(da_1 * k_2 + da_2 * h_1, 6),
    "embedding_of_end_and_yes": [round(da_1, 6), round(da_2, 6)],
    "dstate": round(da_1 * 1.0, 6),
}


# %% nbgrader={"grade_id": "writing_backward", "solution": true}
def write_backward(params, fed, cache, dlogits):
    """Carry the gradient back through the writing, to the decoder's parameters and its first state.

    Args:
        params: dict of embedding, a dict of weight (V, D); rnn, the cell's dict; and output, a dict of weight (V, H) and
            bias (V,).
        fed: (T, B), the tokens that were fed.
        cache: what `write` returned as its third value; `cache.hs` (T, B, H) holds the state after each step.
        dlogits: (T, B, V).
    Returns:
        dparams: dict as params, with the gradient of every parameter.
        dstate: (B, H), the gradient with respect to the state before the first step.
    """
    ### BEGIN SOLUTION
    V, H = params["output"]["weight"].shape
    doutput = {
        "weight": dlogits.reshape(-1, V).T @ cache.hs.reshape(-1, H),
        "bias": dlogits.sum(axis=(0, 1)),
    }
    dhs = dlogits @ params["output"]["weight"]  # (T, B, H)
    drnn, dxs, dstate = rnn_backward(cache, dhs)
    dweight = np.zeros_like(params["embedding"]["weight"])
    np.add.at(dweight, fed, dxs)
    return {"embedding": {"weight": dweight}, "rnn": drnn, "output": doutput}, dstate
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_writing_backward", "grade": true, "locked": true, "points": 3}
lab10.writing_backward.check(write_backward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three parts, in the order output layer, cell, embedding; each hands something to the next. `rnn_backward` does the second
# one and adds up over time itself.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# For the output weight, let all T times B predictions be one long batch: `dlogits.reshape(-1, V)` and
# `cache.hs.reshape(-1, H)`. Their product over that batch has the shape `(V, H)`. For the embedding, start from zeros and
# add. But `dweight[fed] += dxs` goes wrong where a token occurs twice: NumPy then keeps one of the parts.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `drnn, dxs, dstate = rnn_backward(cache, dhs)`, with `dhs` from `dlogits` and the output weight without a transpose.
# `np.add.at(array, index, parts)` adds every part to its row, however often a row occurs. The result has the three keys of
# `params`; the output layer's and the embedding's are dicts again.
#
# </details>

# %% [markdown]
# ## 6. Across the bridge, and back through the reading (3 points)
#
# The encoder has no loss of its own. All that it learns comes through the state that it handed over: `dstate`, H numbers for
# each sequence. It enters where that state was taken, at the last token of each source, and nowhere else:
#
# $$
# \mathrm{d}k_{sb} \text{ from outside} = \begin{cases} \mathrm{d}\text{state}_b & s = n_b \\ 0 & \text{elsewhere} \end{cases}
# $$
#
# From there `rnn_backward(cache, dkeys)` walks back in time. The steps in the padding come first on this walk. They get
# zeros and pass on zeros. The embedding is as before. Book: [one bridge for the
# gradient](book:encoder_decoder#encoder-decoder-backward).

# %%
# Worked example: the source "plus minus" of part 2; part 5 sends the dstate above across.
dk_2 = da_1 * 1.0
da_minus = dk_2 * (1 - k_2**2)
dk_1 = da_minus * 0.5
da_plus = dk_1 * (1 - k_1**2)
{
    "weight_ih": round(da_plus * 1.0 + da_minus * -1.0, 6),
    "weight_hh": round(da_minus * k_1, 6),
    "embedding_of_plus_and_minus": [round(da_plus, 6), round(da_minus, 6)],
}


# %% nbgrader={"grade_id": "reading_backward", "solution": true}
def read_backward(params, source, lengths, cache, dstate):
    """Carry the gradient of the state that was handed over back through the reading.

    Args:
        params: dict of embedding, a dict of weight (U, D), and rnn, the cell's dict.
        source: (S, B), the tokens that were read.
        lengths: (B,), an array of whole numbers from 1 to S: how many tokens each source has.
        cache: what `read` returned as its second value; `cache.hs` (S, B, H) holds the state after each step.
        dstate: (B, H), the gradient with respect to the state that was handed over.
    Returns:
        dparams: dict as params, with the gradient of every parameter.
    """
    ### BEGIN SOLUTION
    dkeys = np.zeros_like(cache.hs)  # (S, B, H)
    dkeys[lengths - 1, np.arange(len(lengths))] = dstate
    drnn, dxs, _ = rnn_backward(cache, dkeys)
    dweight = np.zeros_like(params["embedding"]["weight"])
    np.add.at(dweight, source, dxs)
    return {"embedding": {"weight": dweight}, "rnn": drnn}
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_reading_backward", "grade": true, "locked": true, "points": 3}
lab10.reading_backward.check(read_backward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# In `read` one state of each sequence was picked, by an index. The gradient goes to the very same index of an array of zeros.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Make `dkeys` like `cache.hs`, all zeros. What picks can also be written to: `array[rows, columns] = values`. The third value
# of `rnn_backward` is the gradient of the first state, which was zeros and is no parameter.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# The rows are `lengths - 1`, the columns `np.arange(len(lengths))`, the values `dstate`. Then
# `rnn_backward(cache, dkeys)`, and `np.add.at` for the embedding, this time with the tokens of the source. The result has two
# keys.
#
# </details>

# %% [markdown]
# The numbers agree with the reference. Do they agree with what can be measured? The cell below moves some weights of the
# encoder, lets your two networks read and write anew, and compares the change of the loss with the gradient that crossed
# your bridge.

# %% nbgrader={"grade_id": "use_reading_loss_backward", "locked": true}
teacher_forced_inputs = lab10.forced_inputs.or_reference(teacher_forced_inputs)
read = lab10.reading.or_reference(read)
masked_loss = lab10.loss.or_reference(masked_loss)
write_backward = lab10.writing_backward.or_reference(write_backward)
read_backward = lab10.reading_backward.or_reference(read_backward)


# %%
def new_params(rng, H, D=8, tokens=13):
    """An encoder and a decoder with plain cells of H units, for the tokens of part 1."""
    encoder = {"embedding": init_embedding(rng, tokens, D), "rnn": init_rnn(rng, D, H)}
    decoder = {"embedding": init_embedding(rng, tokens, D), "rnn": init_rnn(rng, D, H), "output": init_linear(rng, H, tokens)}
    return {"encoder": encoder, "decoder": decoder}


def loss_and_gradients(params, source, lengths, targets, fed):
    """Read, write, and go back: the masked loss, and the gradients of both networks."""
    state, read_cache = read(params["encoder"], source, lengths)
    logits, _, write_cache = write(params["decoder"], fed, state)
    loss, dlogits = masked_loss(logits, targets, targets != 0)  # 0 is <pad>
    ddecoder, dstate = write_backward(params["decoder"], fed, write_cache, dlogits)
    dencoder = read_backward(params["encoder"], source, lengths, read_cache, dstate)
    return loss, {"encoder": dencoder, "decoder": ddecoder}


rng = np.random.default_rng(0)
params, lengths, eps = new_params(rng, H=5), np.array([3, 1]), 1e-5
source, targets = rng.integers(3, 13, (3, 2)), np.array([of_42, of_7]).T
case = source, lengths, targets, teacher_forced_inputs(targets, 1)
_, gradients = loss_and_gradients(params, *case)
for name in params["encoder"]["rnn"]:
    weight, at = params["encoder"]["rnn"][name], (2,) * params["encoder"]["rnn"][name].ndim
    kept, moved = weight[at], []
    for step in (eps, -eps):
        weight[at] = kept + step
        moved.append(loss_and_gradients(params, *case)[0])
    weight[at] = kept
    print(f"{name}: derived {gradients['encoder']['rnn'][name][at]:.8f}, measured {(moved[0] - moved[1]) / (2 * eps):.8f}")

# %% [markdown]
# ## 7. Write freely (2 points)
#
# In use there are no targets. The decoder starts with the start token; at every step it takes its best token, the one with
# the largest logit, and is fed it at the next step, together with the state:
#
# $$\text{fed}_1 = \text{start}, \qquad y_t = \text{argmax}(\text{logits}_t), \qquad \text{fed}_{t+1} = y_t.$$
#
# A text is over when the decoder has written the end token. In a batch one text ends before another; what has ended is filled
# up with end tokens, whatever the decoder would write there, while the others go on. Stop when all have ended. And as a decoder
# may never write the end token, stop in any case after `longest` tokens. (If the check does not come back, your loop does not
# stop: interrupt the kernel.) Book: [writing without a limit](book:encoder_decoder#encoder-decoder-mistakes), [three ways in
# code](book:teacher_forcing#teacher-forcing-three).

# %%
# Worked example: the decoder of part 3 once from the opposite of the state of "plus minus", once from that state itself. End is
# token 0 and serves as start, yes is token 1, and at most three tokens are written. Yes is the best token where h is positive.
h_a1 = float(np.tanh(0.0 - k_2))  # positive: it writes yes, and is fed yes
h_a2 = float(np.tanh(1.0 + h_a1))  # positive again, and so it will stay
h_a3 = float(np.tanh(1.0 + h_a2))
h_b1 = float(np.tanh(0.0 + k_2))  # negative: it writes end
{"h": [round(h, 6) for h in (h_a1, h_a2, h_a3, h_b1)], "tokens": [[1, 0], [1, 0], [1, 0]]}


# %% nbgrader={"grade_id": "free_running", "solution": true}
def write_freely(params, state, start, end, longest):
    """Write from a state: each step is fed the best token of the step before, until all have ended or `longest` is reached.

    Args:
        params: the decoder's parameters, as `write` takes them.
        state: (B, H), the state before the first step.
        start: the token that is fed first, a whole number.
        end: the token that ends a text, a whole number.
        longest: how many tokens each text has at most, with the end token; at least 1.
    Returns:
        tokens: (L, B), an array of whole numbers: what was written, without the start token. Behind its end token each text
            is filled up with end tokens. L is the number of steps that were taken.
    """
    ### BEGIN SOLUTION
    tokens, written = np.full(len(state), start), []
    ended = np.zeros(len(state), dtype=bool)
    while len(written) < longest and not ended.all():
        logits, state, _ = write(params, tokens[None], state)
        tokens = np.where(ended, end, logits[0].argmax(axis=-1))
        ended = tokens == end
        written.append(tokens)
    return np.stack(written)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_free_running", "grade": true, "locked": true, "points": 2}
lab10.free_running.check(write_freely)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three variables live through the loop: the tokens `(B,)` that are fed next, the state, and which texts have ended, `(B,)` of
# True and False. What is each of them before the first step?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `write` wants an axis for time: `tokens[None]` has the shape `(1, B)`. Its logits then are `(1, B, V)`, and its second value
# is the state for the next step. Only after you have replaced the tokens of texts that have ended, look which tokens are the
# end token.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `np.where(ended, end, best)` takes the end token for texts that have ended and the best one, `logits[0].argmax(axis=-1)`, for
# the others. The loop goes on while fewer than `longest` tokens are written and `ended.all()` is not yet true. Collect the
# tokens of each step in a list, and stack them at the end.
#
# </details>

# %% [markdown]
# ## 8. Some truth, some of its own (2 points)
#
# Under teacher forcing the decoder never meets its own mistakes in training. **Scheduled sampling** tosses a coin for each
# token: where it is True the decoder is fed the true token, where it is False the one that it has just chosen itself:
#
# $$
# \text{fed}_1 = \text{start}, \qquad
# \text{fed}_t = \begin{cases} y_{t-1} & \text{coin}_t \text{ is True} \\ \text{argmax}(\text{logits}_{t-1}) & \text{else} \end{cases}
# $$
#
# The logits are those after what really was fed so far, true or own. So this must go token by token. With coins that are all
# True it is teacher forcing, with coins that are all False it is free running over T steps. The first row of coins changes
# nothing. Book: [three ways in code](book:teacher_forcing#teacher-forcing-three), [scheduled
# sampling](book:teacher_forcing#teacher-forcing-scheduled).

# %%
# Worked example: the decoder of part 3 from the state of "plus minus". The targets are yes, yes, end, that is 1, 1, 0, and the coins
# True, False, True. At step 1 it is fed start, which is 0. Its h is negative, so its own best token is end, 0. Step 2 is fed that one,
# because its coin is False; step 3 is fed the second target.
{"h": round(float(np.tanh(0.0 + k_2)), 6), "fed": [0, 0, 1]}


# %% nbgrader={"grade_id": "scheduled", "solution": true}
def mixed_inputs(params, state, targets, coins, start):
    """Feed the true token where the coin is True, the decoder's own where it is False.

    Args:
        params: the decoder's parameters, as `write` takes them.
        state: (B, H), the state before the first step.
        targets: (T, B), an array of tokens from 0 to V - 1.
        coins: (T, B), an array of True and False; `coins[t]` decides what step t is fed, and `coins[0]` nothing.
        start: the token that is fed first, a whole number.
    Returns:
        fed: (T, B), an array of whole numbers.
    """
    ### BEGIN SOLUTION
    fed = [np.full_like(targets[0], start)]
    for t in range(1, len(targets)):
        logits, state, _ = write(params, fed[-1][None], state)
        own = logits[0].argmax(axis=-1)
        fed.append(np.where(coins[t], targets[t - 1], own))
    return np.stack(fed)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_scheduled", "grade": true, "locked": true, "points": 2}
lab10.scheduled.check(mixed_inputs)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# It is the loop of part 7 without an end: T steps, of which the first is known. At each later step there are two candidates
# for what is fed.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Keep a list with a row `(B,)` for each step; it begins with the start tokens. For every further step t run `write` for one
# step on the last row of the list. The candidates are the best tokens of its logits, and a row of the targets. Which row?
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# The row is `targets[t - 1]`, as in part 1, and `np.where(coins[t], ..., ...)` chooses for each sequence. Do not forget that
# `write` returns the state with which the next step goes on.
#
# </details>

# %% [markdown]
# ## 9. How much passes through one vector?
#
# Now both networks learn. The source is a string of random digits, the target the same string backwards, and the end token. No
# digit follows from another, so all of the string must pass through the state.

# %% nbgrader={"grade_id": "use_free_running_scheduled", "locked": true}
write_freely = lab10.free_running.or_reference(write_freely)
mixed_inputs = lab10.scheduled.or_reference(mixed_inputs)

# %%
SIGNS = ["<pad>", "<start>", "<end>", *"0123456789"]  # as in part 1
PAD, START, END, LONGEST = 0, 1, 2, 8  # strings have 1 to 8 digits


def strings(rng, lengths):
    """Random digits (S, B) and the same strings backwards with the end token (S + 1, B), both filled up with padding."""
    S, B = max(lengths), len(lengths)
    s = np.arange(S)[:, None]
    source = np.where(s < lengths, rng.integers(3, 13, (S, B)), PAD)
    backwards = np.take_along_axis(source, np.maximum(lengths - 1 - s, 0), axis=0)
    targets = np.concatenate([np.where(s < lengths, backwards, PAD), np.full((1, B), PAD)])
    targets[lengths, np.arange(B)] = END
    return source, targets


source, targets = strings(np.random.default_rng(0), np.array([4, 2, 1]))
for b in range(3):
    print("reads", *(SIGNS[k] for k in source[:, b]), "and should write", *(SIGNS[k] for k in targets[:, b]))


# %% [markdown]
# Three networks: the first two have 16 and 48 units, on both sides, and are trained with teacher forcing. The third has 16 units
# and is trained on its own tokens: all coins are False. Each is trained three times, from three seeds. Then it gets 200 fresh strings
# of each length, and is measured twice: once it is fed the truth, once its own tokens.


# %%
def train(seed, H, share, updates=650):
    """Train on strings of 1 to 8 digits; a true token is fed with probability `share`."""
    rng = np.random.default_rng(seed)
    params = new_params(rng, H)
    adam = init_adam(params)
    for k in range(updates):
        lengths = rng.integers(1, LONGEST + 1, 32)
        source, targets = strings(rng, lengths)
        if share == 1:
            fed = teacher_forced_inputs(targets, START)
        else:
            state, _ = read(params["encoder"], source, lengths)
            fed = mixed_inputs(params["decoder"], state, targets, rng.random(targets.shape) < share, START)
        _, gradients = loss_and_gradients(params, source, lengths, targets, fed)
        gradients, _ = clip_by_norm(gradients, 1.0)
        params, adam = adam_step(params, gradients, adam, lr=0.01 * (1 - k / updates))
    return params


def measure(params, seed):
    """For each length, the share of whole strings that are right, fed truth and fed own, and the same for single tokens: (4, 8)."""
    shares = []
    for n in range(1, LONGEST + 1):
        source, targets = strings(np.random.default_rng([seed, n]), np.full(200, n))
        state, _ = read(params["encoder"], source, np.full(200, n))
        logits, _, _ = write(params["decoder"], teacher_forced_inputs(targets, START), state)
        truth = logits.argmax(axis=-1) == targets
        written = write_freely(params["decoder"], state, START, END, n + 1)
        whole = np.full_like(targets, END)
        whole[: len(written)] = written
        own = whole == targets
        shares.append([truth.all(axis=0).mean(), own.all(axis=0).mean(), truth.mean(), own.mean()])
    return np.array(shares).T


# %% [markdown]
# This takes some ten seconds on one core. It is left out when the notebook is graded.

# %%
NETWORKS = {"16 units": (16, 1.0), "48 units": (48, 1.0), "16 units, own tokens": (16, 0.0)}
accuracy = {}
if not grading():
    for name, (H, share) in NETWORKS.items():
        accuracy[name] = np.array([measure(train(seed, H, share), seed) for seed in range(3)])  # (seeds, 4, lengths)
        print(f"{name}: whole strings of 6 digits that are right, for three seeds:", accuracy[name][:, 1, 5])

# %%
lines(
    {name: accuracy[name][:, 1] for name in ("16 units", "48 units") if accuracy},
    xlabel="digits in the string",
    ylabel="whole strings right, fed own",
    alt="Share of strings written without a mistake against their length, from 1 to 8 digits, three seeds. Both curves begin at one. With "
    "16 units the curve falls from three digits on and is near zero at eight; with 48 units it stays near one up to six digits and is "
    "at about 0.4 at eight.",
)

# %% [markdown]
# Each line is the median of three seeds, and the band reaches from the lowest to the highest.
#
# **Question.** Up to which length do most strings come out right, with 16 and with 48 units? A random digit has
# $\log_2 10 = 3.3$ bits. A float64 number has 64 bits. Is it true that a string of eight digits has no room in 16 such
# numbers? What else may have failed, and how would you find out?
#
# <details><summary>An answer</summary>
#
# With 16 units most strings of up to four digits are right; with 48 units nearly all of up to six, and about 0.4 of those with
# eight. Eight digits are 27 bits, and 16 float64 numbers have 1024. So there is room, many times over. What fails is *learning*:
# in 650 updates the encoder does not find, for every string, a state that the decoder can tell from all others. More units make
# that easier.
#
# You would find out by changing something other than the size. With 2400 updates in place of 650, the same 16 numbers
# carry longer strings. Or leave the decoder as it is, and look by gradient descent, with the very `dstate` of part 5, for a
# state from which it writes a string on which its encoder fails. The chapter does both: [how much does the vector
# hold?](book:encoder_decoder#encoder-decoder-bits)
#
# </details>

# %% [markdown]
# Now the networks with 16 units, fed the truth and fed their own tokens. The rows below are medians of three seeds, for 1 to
# 8 digits. The figure shows the gap: the share of single tokens that are right, fed truth, minus the same share, fed own.

# %%
gaps = {}
for name, shares in accuracy.items():
    most = abs(shares[:, 0] - shares[:, 1]).max()
    print(f"{name}: the share of whole strings that are right differs, fed truth and fed own, by at most {most}")
for trained, name in (("trained on truth", "16 units"), ("trained on own", "16 units, own tokens")):
    if accuracy:
        gaps[trained] = accuracy[name][:, 2] - accuracy[name][:, 3]
        for fed, row in (("fed truth", 2), ("fed own", 3)):
            print(f"{trained}, {fed}: tokens right", np.median(accuracy[name][:, row], axis=0).round(2))
lines(
    gaps,
    xlabel="digits in the string",
    ylabel="gap in tokens right",
    alt="Gap between the shares of single tokens that are right, fed truth and fed own, against the length of the string, for two "
    "ways to train a network with 16 units, three seeds. Trained on truth, the gap is near zero for short strings and rises to "
    "between 0.1 and 0.25 for strings of six digits and more. Trained on own tokens, it stays below 0.1.",
)

# %% [markdown]
# **Question.** For every network the share of *whole strings* that are right is the same, fed truth and fed own. The share
# of *tokens* is not. Why can the first not differ? The network that was trained on its own tokens has the smaller gap. Is it
# the better one in use? And which of the four rows would you report?
#
# <details><summary>An answer</summary>
#
# If a decoder that is fed its own tokens makes no mistake, all that it was fed was true, and the two runs are one run. If it
# makes a first mistake, both were fed the same up to there, so both make that mistake. So a whole string is right in both
# runs or in neither. After the first mistake they part: fed the truth, the decoder is helped; fed its own token, it has to go
# on from the mistake.
#
# In use nobody feeds the truth, so report the share fed own. There, within three seeds, the two ways to train are not clearly
# apart, and of whole strings the network trained on its own tokens does not get more. Its gap is smaller in good part because
# it makes less of the truth where it gets it: with the truth as input it has, in the median, fewer tokens right than the other
# network. A smaller gap by itself is no better network.
#
# (Here the target follows from the source alone, so training on own tokens aims at the right thing. Where the tokens before
# decide what comes next, it does not: [the critique](book:teacher_forcing#teacher-forcing-critique).)
#
# </details>
#
# **Try it.** Change one thing and predict the figure before you run it: 2400 updates with 16 units; digits that stay in their order, with
# `backwards = source`; a share of 0.5; or lengths up to 12 in `measure` only, longer than any string in training.
