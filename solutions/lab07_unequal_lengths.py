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
# # Lab 7: batches of unequal length
#
# You take sequences of unequal length from a list to a loss: you pad them, write their mask, run a cell that stops
# where its sequence stops, pick the last states, and average a loss over real steps. Then you leave the padding out
# altogether, by packing, and waste less of it, by bucketing. At the end you measure what your mask keeps out.
#
# **After this lab you can**
#
# - pad a batch and say, from its lengths, which places are real;
# - hold a state past the end of its sequence, and find the state at each sequence's own end;
# - average a loss over real steps, with a gradient that is zero in the padding;
# - read and write packed data;
# - cut sequences into batches of similar length, and say how much of a batch is padding.
#
# One sentence tells whether all of it is right: **a sequence must give the same answer alone and in any batch.**
#
# **You need** the chapter [Batches of unequal length](book:unequal_lengths), and from lab 1 or [The recurrent
# cell](book:recurrent_cell) the loop over time. **Time:** 80 to 110 minutes.
#
# **How it works.** There are eight functions to write, most of them short. Replace `raise NotImplementedError()` with
# your code and run the cell. The cell below it checks what you wrote, first on a worked example whose numbers you can
# follow by hand, then on fresh random inputs, different each time. If something is wrong, the check says which number,
# at which index, and, if it knows the mistake, what went wrong. The same checks, with inputs drawn anew, give the
# points. Under each task are three hints; each one says more than the one before.
#
# You can do the steps in any order, and earn the points of a later step while an earlier one is still wrong: the cells
# that say `or_reference` put the reference in the place of what is not right yet. Run the cells from top to bottom.
#
# **To hand in** on a course server, save this notebook, open *Nbgrader > Assignment List* and press *Submit*; you can
# submit again until the deadline. *Validate* there runs every check once more. If you study alone, the checks are all
# you need.

# %% nbgrader={"grade_id": "setup", "locked": true}
import numpy as np

from rnncore.checks import compare
from rnncore.checks.labs import grading, lab07
from rnncore.plots import bars, lines
from rnncore.reference import (
    LastStateCache,
    PackCache,
    UnpackCache,
    init_linear,
    init_rnn,
    linear_backward,
    linear_forward,
    log_softmax,
    packed_forward,
    rnn_backward,
    rnn_forward,
    rnn_step_forward,
)
from rnncore.reference.tree import tree_map
from rnncore.tasks.sentiment import VOCABULARY, sentiment_sentences

for name in (
    "pad_sequences",
    "length_mask",
    "masked_rnn_forward",
    "last_state_forward",
    "masked_cross_entropy",
    "pack_forward",
    "unpack_forward",
    "bucketed",
):
    globals().setdefault(name)  # None until you write it

# %% [markdown]
# ## 1. Fill up (2 points)
#
# A batch is one array, and an array is a rectangle. So the sequences go side by side, one column each, and behind the
# shorter ones comes a **filler** until all columns are as long as the longest. The filler means nothing; it must only
# be of the right kind. Keep the lengths, because the array no longer shows them: a filler of 0 looks like any other 0.
#
# For sequences $x^{(1)}, \dots, x^{(B)}$ of lengths $L_1, \dots, L_B$, and t counted from 0 as in code,
#
# $$\text{padded}[t, b] = \begin{cases} x^{(b)}[t] & t < L_b \\ \text{value} & t \ge L_b \end{cases}
# \qquad t = 0, \dots, T - 1, \quad T = \max_b L_b.$$
#
# Book: [padding and its mask](book:unequal_lengths#unequal-lengths-padding). Axes have letters everywhere in this
# course: `T` steps in time, `B` sequences in a batch, `D` numbers in an input, `H` units of the cell, `V` classes.

# %%
# Worked example: three sequences with one number at each step, (2, 6), (8, 0, 4) and (4), filled up with 0.
columns = [[2.0, 6.0, 0.0], [8.0, 0.0, 4.0], [4.0, 0.0, 0.0]]
{"padded": np.array(columns).T.tolist(), "lengths": [2, 3, 1]}


# %% nbgrader={"grade_id": "pad", "solution": true}
def pad_sequences(sequences, value):
    """Put sequences side by side in one array and fill up behind the shorter ones.

    Args:
        sequences: list of B arrays of one dtype. Array b has the shape (L_b, D) or, if a step is a single number such as a token,
            (L_b,); L_b is at least 1.
        value: the filler, a number.
    Returns:
        padded: (T, B, D) or (T, B), in the dtype of the sequences; T is the largest L_b.
        lengths: (B,), an array of the L_b, whole numbers.
    """
    ### BEGIN SOLUTION
    lengths = np.array([len(sequence) for sequence in sequences])
    padded = np.full((lengths.max(), len(sequences), *sequences[0].shape[1:]), value, sequences[0].dtype)
    for b, sequence in enumerate(sequences):
        padded[: len(sequence), b] = sequence
    return padded, lengths
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_pad", "grade": true, "locked": true, "points": 2}
lab07.pad.check(pad_sequences)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Make an array that holds nothing but the filler, in its full size, and then write each sequence into the top of its
# column. `len` of an array is the number of its steps.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `np.full(shape, value, dtype)` makes the array. Its shape is T, then B, then whatever a step has:
# `sequences[0].shape[1:]` is `(D,)` for arrays of the shape `(L_b, D)`, and `()` for arrays of the shape `(L_b,)`. Its
# dtype is that of the sequences.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `lengths = np.array([len(sequence) for sequence in sequences])`. The shape begins with `lengths.max()` and
# `len(sequences)`, and `*sequences[0].shape[1:]` adds the rest. In a loop over `enumerate(sequences)`, column b is
# `padded[:, b]`, and its first L_b steps are `padded[: lengths[b], b]`.
#
# </details>

# %% [markdown]
# ## 2. What is real (2 points)
#
# The **mask** says which places belong to a sequence:
#
# $$m_{tb} = \begin{cases} \text{True} & t < L_b \\ \text{False} & t \ge L_b \end{cases} \qquad t = 0, \dots, T - 1.$$
#
# The chapter counts t from 1 and writes $t \le L$; it is the same mask. It comes from the lengths and from nothing
# else. Looking for the filler would not do: the 0 in the middle of (8, 0, 4) is real. How many steps the mask has is a
# second argument, because a batch may be padded further than its longest sequence. Book: [padding and its
# mask](book:unequal_lengths#unequal-lengths-padding).

# %%
# Worked example: the lengths of part 1, and 3 steps. 1 stands for True and 0 for False.
{"mask": [[int(t < L) for L in (2, 3, 1)] for t in range(3)]}


# %% nbgrader={"grade_id": "mask", "solution": true}
def length_mask(lengths, steps):
    """Tell which entries of a padded array belong to a sequence.

    Args:
        lengths: (B,), whole numbers from 1 to T.
        steps: T.
    Returns:
        mask: (T, B) of True and False, True for t < lengths[b].
    """
    ### BEGIN SOLUTION
    return np.arange(steps)[:, None] < lengths
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_mask", "grade": true, "locked": true, "points": 2}
lab07.mask.check(length_mask)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Each row of the mask compares one step number with all lengths. NumPy can do all rows at once.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `np.arange(steps)` has the step numbers, in the shape `(T,)`. Compared with `(B,)` that is an error, or nonsense if T
# is B. A column of step numbers, in the shape `(T, 1)`, meets every length.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `np.arange(steps)[:, None]` is that column. Is a step real for `<` or for `<=`? A sequence of length 1 has one step,
# number 0.
#
# </details>

# %% [markdown]
# ## 3. A cell that stops with its sequence (3 points)
#
# A cell that runs on through the padding changes its state, even if the filler is zero. So where the mask is False, the
# state stays as it is, and what is shown is zero:
#
# $$
# \begin{aligned}
# s_t &= m_t\, \operatorname{step}(x_t, s_{t-1}) + (1 - m_t)\, s_{t-1} \\
# h_t &= m_t\, s_t
# \end{aligned}
# $$
#
# Here $m_t$ is the row of the mask for step t, as 1 and 0, and $s_t$ the state of a plain cell. Each sequence of the
# batch has its own end, so in one step some states move and some are held. The state that is carried out of the loop is
# then, for every sequence, the one at its own end. Book: [padding and its
# mask](book:unequal_lengths#unequal-lengths-padding), [by hand](book:unequal_lengths#unequal-lengths-by-hand).
#
# `rnn_step_forward(params, x, h)`, the step of lab 1, is there for you. It returns the new state and a cache, which you
# do not need here.

# %% nbgrader={"grade_id": "use_mask", "locked": true}
length_mask = lab07.mask.or_reference(length_mask)

# %%
# Worked example: the sequences (1, -1) and (0.5), both from the state 0.5. weight_ih = 0.8, weight_hh = 0.4, bias_ih = 0.1, bias_hh = -0.2
h_1 = float(np.tanh(1.0 * 0.8 + 0.1 + 0.5 * 0.4 - 0.2))
h_2 = float(np.tanh(-1.0 * 0.8 + 0.1 + h_1 * 0.4 - 0.2))
k_1 = float(np.tanh(0.5 * 0.8 + 0.1 + 0.5 * 0.4 - 0.2))  # and then its sequence is over: k_1 is held, and 0 is shown
{"hs": [[round(h_1, 6), round(k_1, 6)], [round(h_2, 6), 0.0]], "state_T": [round(h_2, 6), round(k_1, 6)]}


# %% nbgrader={"grade_id": "masked_forward", "solution": true}
def masked_rnn_forward(params, xs, state0, lengths):
    """Run a plain cell over padded sequences: a sequence that has ended keeps its state and gives zeros.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        xs: (T, B, D), the padded inputs; any finite number may stand in the padding.
        state0: (B, H), the state before the first step.
        lengths: (B,), whole numbers from 1 to T. All may be less than T: then no sequence runs in the last steps.
    Returns:
        hs: (T, B, H), in the dtype of xs, the state after each step, zero after the end of a sequence.
        state_T: (B, H), the state after the last step of each sequence.
    """
    ### BEGIN SOLUTION
    mask = length_mask(lengths, len(xs))  # (T, B)
    state, hs = state0, []
    for x, m in zip(xs, mask[:, :, None], strict=True):  # m: (B, 1)
        h_next, _ = rnn_step_forward(params, x, state)
        state = np.where(m, h_next, state)
        hs.append(np.where(m, state, 0))
    return np.stack(hs), state
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_masked_forward", "grade": true, "locked": true, "points": 3}
lab07.masked_forward.check(masked_rnn_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# It is the loop of the plain cell with two more lines in it: after the step you choose, for each sequence, between the
# new state and the old one; and what you append is not what you carry.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `np.where(m, a, b)` takes a where m is True and b elsewhere. The row `mask[t]` has the shape `(B,)` and the states
# `(B, H)`. To choose whole rows of the states, m needs the shape `(B, 1)`: `mask[t][:, None]`.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# In the loop: `h_next, _ = rnn_step_forward(params, x, state)`, then `state = np.where(m, h_next, state)`, then append
# `np.where(m, state, 0)`. After the loop stack the list; `state` already is `state_T`. Why would `hs[-1]` be wrong?
#
# </details>

# %% [markdown]
# ## 4. The last state of each sequence (2 points)
#
# Often you have `hs` from a layer that knows nothing of lengths: it ran on through the padding. Up to the end of each
# sequence its states are right all the same, because a forward cell has not seen the padding there. You only have to
# pick the right one:
#
# $$h[b] = \text{hs}[L_b - 1,\; b].$$
#
# `hs[-1]` would be the state after all the padding, for every sequence but the longest. Book: [what leaks without a
# mask](book:unequal_lengths#unequal-lengths-leaks).

# %%
# Worked example: h_t = x_t + h_(t-1) / 2 over the padded array of part 1, from 0, running on through the padding.
hs = [[2.0, 8.0, 4.0], [7.0, 4.0, 2.0], [3.5, 6.0, 1.0]]  # a row for each step
{"h": [hs[2 - 1][0], hs[3 - 1][1], hs[1 - 1][2]]}


# %% nbgrader={"grade_id": "last_state", "solution": true}
def last_state_forward(hs, lengths):
    """Pick the state at the last step of each sequence.

    Args:
        hs: (T, B, H).
        lengths: (B,), whole numbers from 1 to T.
    Returns:
        h: (B, H), with h[b] = hs[lengths[b] - 1, b].
        cache: `LastStateCache(hs, lengths)`, what a backward pass would need.
    """
    ### BEGIN SOLUTION
    return hs[lengths - 1, np.arange(len(lengths))], LastStateCache(hs, lengths)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_last_state", "grade": true, "locked": true, "points": 2}
lab07.last_state.check(last_state_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# For each b you need one pair of indices, a step and a sequence. The step counts from 0.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# A loop over b that collects `hs[lengths[b] - 1, b]` is right. Without a loop: if you index an array with two arrays of
# whole numbers, NumPy goes through both in step and takes one entry for each pair.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# The two arrays are `lengths - 1` and `np.arange(len(lengths))`. `hs[lengths - 1]` alone would take each step for the
# whole batch, in the shape `(B, B, H)`.
#
# </details>

# %% [markdown]
# ## 5. The loss over real steps, and its gradient (4 points)
#
# Now every step has a target, one of V classes, and the cell's states have become logits. The loss of one place is the
# cross-entropy $\ell_{tb} = -\log p_{tb}[\text{target}_{tb}]$, where $p_{tb}$ is the softmax of the logits there. The
# mean counts each **real** step alike, and nothing else:
#
# $$\text{loss} = \sum_{t, b} w_{tb}\, \ell_{tb}, \qquad w_{tb} = \frac{m_{tb}}{\sum_{t, b} m_{tb}}.$$
#
# The weights are 0 in the padding, and add up to 1. The gradient of one place's loss is $p - \text{onehot}$, where
# onehot is 1 at the target and 0 elsewhere, and the mean hands each place its own weight:
#
# $$\mathrm{d}\text{logits}[t, b] = w_{tb}\, (p_{tb} - \text{onehot}_{tb}).$$
#
# So the gradient is zero in the padding. Dividing by $TB$ instead would be another loss: the more padding, the smaller.
# Book: [the loss: a mean over what?](book:unequal_lengths#unequal-lengths-loss).
#
# The targets in the padding are fillers. They may be the number of a class, or -100, which is none. You can use either
# only as long as nothing looks at it. `log_softmax(logits)` is there for you: the logarithm of the softmax along the
# last axis.

# %%
# Worked example: two steps of two sequences, two classes; the second sequence has one step.
# First sequence: logits 0, 0 with target 1, then 2, 0 with target 0. Second: 1, 0 with target 0. The fourth place is padding.
p = [1 / 2, 1 / (1 + np.exp(-2.0)), 1 / (1 + np.exp(-1.0))]  # of the target, at the three real places
{
    "loss": round(float(-np.log(p).sum() / 3), 6),
    "dlogits": [  # at each place: class 0, class 1; what the target gets is p - 1, and the other class gets 1 - p
        [[round((1 - p[0]) / 3, 6), round((p[0] - 1) / 3, 6)], [round((p[2] - 1) / 3, 6), round((1 - p[2]) / 3, 6)]],
        [[round((p[1] - 1) / 3, 6), round((1 - p[1]) / 3, 6)], [0.0, 0.0]],
    ],
}


# %% nbgrader={"grade_id": "masked_loss", "solution": true}
def masked_cross_entropy(logits, targets, mask):
    """Mean of -log p(target) over the places where the mask is True, and its gradient with respect to the logits.

    Args:
        logits: (T, B, V).
        targets: (T, B), whole numbers from 0 to V - 1 where the mask is True; elsewhere any whole number, such as -100.
        mask: (T, B) of True and False, True somewhere.
    Returns:
        loss: a number, in nats.
        dlogits: (T, B, V), in the dtype of the logits, zero where the mask is False.
    """
    ### BEGIN SOLUTION
    weights = (mask / mask.sum()).astype(logits.dtype)  # (T, B)
    known = np.where(mask, targets, 0)[..., None]  # (T, B, 1), any class will do where the weight is 0
    log_p = log_softmax(logits)
    loss = -np.sum(weights * np.take_along_axis(log_p, known, axis=-1)[..., 0])
    one_hot = np.arange(logits.shape[-1]) == known  # (T, B, V)
    return loss, (np.exp(log_p) - one_hot) * weights[..., None]
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_masked_loss", "grade": true, "locked": true, "points": 4}
lab07.masked_loss.check(masked_cross_entropy)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Write the weights first, in the shape `(T, B)`: they serve the loss and the gradient. Then make the targets harmless:
# where the mask is False, put a class that exists. Any will do; its weight is 0.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `known = np.where(mask, targets, 0)` makes the targets harmless. `np.take_along_axis` of `log_p` with the index
# `known[..., None]` and `axis=-1` takes from each place the entry of its class; `[..., 0]` then drops the last axis,
# which has length 1. The one-hot vectors are a comparison of `np.arange(V)` with `known[..., None]`.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `weights = (mask / mask.sum()).astype(logits.dtype)`; the last part keeps float32 what it is. The loss is minus the
# sum of weights times log-probabilities. The probabilities are `np.exp(log_p)`, and `weights[..., None]` has the shape
# `(T, B, 1)`, which multiplies all classes of a place.
#
# </details>

# %% [markdown]
# ## 6. No padding at all (3 points)
#
# Padding can be left out. Sort the sequences, longest first. Then the rows that are still running at any step are the
# first ones. Take those, step after step, and write them one under the other. That is **packed** data, with a row for
# each real step and none for padding. For a, b, c and d with the lengths 1, 3, 2 and 2:
#
# ```text
# longest first:   b1 b2 b3        data = [b1, c1, d1, a1,   b2, c2, d2,   b3]
#                  c1 c2
#                  d1 d2           4, 3 and 1 sequences run at the three steps
#                  a1
# ```
#
# Equal lengths, such as those of c and d, keep the order in which they were given. Book: [packing: no padding at
# all](book:unequal_lengths#unequal-lengths-packing). What comes out is the data that PyTorch's `pack_padded_sequence`
# has with `enforce_sorted=False`; only the order of equal lengths is not promised there.

# %%
# Worked example: a, b, c and d as above; a1 is the number 1.1, b1 is 2.1, b2 is 2.2 and so on.
longest_first = [[2.1, 2.2, 2.3], [3.1, 3.2], [4.1, 4.2], [1.1]]
{"data": [row[t] for t in range(3) for row in longest_first if t < len(row)]}


# %% nbgrader={"grade_id": "pack", "solution": true}
def pack_forward(xs, lengths):
    """Leave the padding out: time step after time step, the rows of the sequences that are still running, longest first.

    Args:
        xs: (T, B, D).
        lengths: (B,), whole numbers from 1 to T. Equal lengths stay in the given order.
    Returns:
        data: (N, D), an array; N is the sum of the lengths.
        cache: `PackCache(xs, data, lengths)`, what a backward pass would need.
    """
    ### BEGIN SOLUTION
    order = np.argsort(-lengths, kind="stable")  # (B,), longest first
    steps = [xs[t, order[: (lengths > t).sum()]] for t in range(lengths.max())]
    data = np.concatenate(steps)
    return data, PackCache(xs, data, lengths)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_pack", "grade": true, "locked": true, "points": 3}
lab07.pack.check(pack_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# You need two things: the order of the sequences, longest first, and for each step the number of sequences that are
# still running. With these, the rows of one step are the first so many of the order.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `np.argsort` sorts from small to large, so sort the negative lengths. With `kind="stable"` equal ones keep their
# order; without it they may not. At step t, counted from 0, `(lengths > t).sum()` sequences are running.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# The rows of step t are `xs[t, order[:size]]`, in the shape `(size, D)`, where `size` is the number that are running.
# Collect them for all t below `lengths.max()`, which may be less than T, and put them together with `np.concatenate`.
# The cache holds `xs` and `lengths` as they were given.
#
# </details>

# %% [markdown]
# ## 7. And back again (2 points)
#
# A cell can run over packed data: over four rows, then over three, then over one. What it gives is packed, too. To read
# it as a rectangle, put every row back where it came from, and zeros into the padding. If row n of the data came from
# step t of sequence b, then
#
# $$\text{xs}[t, b] = \text{data}[n], \qquad \text{and 0 in all other places.}$$
#
# The sequences return to the order in which they were given. Unpacking is also the backward pass of packing: the
# gradient goes back to where each row came from, and the padding gets zero. Book: [packing: no padding at
# all](book:unequal_lengths#unequal-lengths-packing).

# %%
# Worked example: the data of part 6, back in the columns a, b, c and d.
{"xs": [[1.1, 2.1, 3.1, 4.1], [0.0, 2.2, 3.2, 4.2], [0.0, 2.3, 0.0, 0.0]]}


# %% nbgrader={"grade_id": "unpack", "solution": true}
def unpack_forward(data, lengths):
    """Put the padding back, as zeros, and the sequences into the given order.

    Args:
        data: (N, D), packed as `pack_forward` does it.
        lengths: (B,), whole numbers from 1 up, whose sum is N.
    Returns:
        xs: (T, B, D), in the dtype of data; T is the largest length.
        cache: `UnpackCache(xs, data, lengths)`, what a backward pass would need.
    """
    ### BEGIN SOLUTION
    order = np.argsort(-lengths, kind="stable")
    xs, start = np.zeros((lengths.max(), len(lengths), data.shape[1]), data.dtype), 0
    for t in range(lengths.max()):
        running = order[: (lengths > t).sum()]
        xs[t, running] = data[start : start + len(running)]
        start += len(running)
    return xs, UnpackCache(xs, data, lengths)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_unpack", "grade": true, "locked": true, "points": 2}
lab07.unpack.check(unpack_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# It is the loop of part 6 with the two sides of the assignment exchanged: there you read from `xs[t, ...]`, here you
# write to it.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Start with zeros in the dtype of the data, and find the same order. Beside t you need a second number, which says how
# many rows of the data you have used.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# With `running = order[: (lengths > t).sum()]`, step t takes the rows `data[start : start + len(running)]`, and `xs[t,
# running]` is where they go. Then `start` grows by `len(running)`.
#
# </details>

# %% [markdown]
# Two ways round the padding, one result? The cell below runs the same plain cell over a padded batch with your mask,
# and over the same batch packed by you, and compares.

# %% nbgrader={"grade_id": "use_pad_masked_forward_pack_unpack", "locked": true}
pad_sequences = lab07.pad.or_reference(pad_sequences)
masked_rnn_forward = lab07.masked_forward.or_reference(masked_rnn_forward)
pack_forward = lab07.pack.or_reference(pack_forward)
unpack_forward = lab07.unpack.or_reference(unpack_forward)

# %%
rng = np.random.default_rng(1)
params, state0 = init_rnn(rng, 3, 5), rng.standard_normal((6, 5))
xs, lengths = pad_sequences([rng.standard_normal((L, 3)) for L in (4, 9, 1, 7, 9, 2)], 0.0)
hs, state_T = masked_rnn_forward(params, xs, state0, lengths)
data, _ = pack_forward(xs, lengths)
packed_hs, packed_T, _ = packed_forward(params, data, state0, lengths, cell="rnn")
compare("hs", unpack_forward(packed_hs, lengths)[0], hs)
compare("state_T", packed_T, state_T)
print(f"Masked and packed agree. Rows computed: {xs.shape[0] * xs.shape[1]} with padding, {len(data)} packed.")

# %% [markdown]
# ## 8. Batches of similar length (2 points)
#
# Or keep the padding, and have less of it. If each batch is padded to its own longest sequence, the share of padding
# among all places of all batches is
#
# $$\text{waste} = 1 - \frac{\text{sum of all lengths}}{\sum_{\text{batches}} B \cdot (\text{longest of the batch})}.$$
#
# It is small if sequences of similar length share a batch. **Bucketing** cuts the data into **pools** of several
# batches, sorts within each pool and cuts the sorted pool into batches, shortest first. Sorting everything at once
# would waste even less, but every epoch would see the same batches. Book: [bucketing: less to
# waste](book:unequal_lengths#unequal-lengths-bucketing).
#
# Here the sequences come in random order already, so that pools are simply stretches of neighbours. Shuffling the
# batches afterwards is left to whoever uses them.

# %%
# Worked example: eight lengths, batches of B = 2, pools of 2 batches.
lengths = [3, 9, 5, 1, 7, 2, 8, 4]
# The first pool, sequences 0 to 3, has the lengths 3, 9, 5, 1. Sorted: sequence 3 (length 1), 0 (3), 2 (5), 1 (9).
# The second pool, sequences 4 to 7, has 7, 2, 8, 4. Sorted: 5 (2), 7 (4), 4 (7), 6 (8).
{"batches": [[3, 0], [2, 1], [5, 7], [4, 6]], "waste": round(1 - 39 / (2 * 3 + 2 * 9 + 2 * 4 + 2 * 8), 6)}


# %% nbgrader={"grade_id": "bucket", "solution": true}
def bucketed(lengths, B, pool):
    """Cut sequences into pools of so many batches, sort each pool by length and cut it into batches; say which share is padding.

    Args:
        lengths: (N,), whole numbers from 1 up; N is a multiple of B. Equal lengths may come in any order.
        B: how many sequences a batch has.
        pool: how many batches a pool has; the last pool has fewer if N is not a multiple of B * pool.
    Returns:
        batches: (N / B, B), an array of the numbers of the sequences, 0 to N - 1. A row is a batch; from short to long within each pool.
        waste: a number, the share of padding among all places if each batch is padded to its own longest sequence.
    """
    ### BEGIN SOLUTION
    starts = range(0, len(lengths), B * pool)
    order = np.concatenate([start + np.argsort(lengths[start : start + B * pool]) for start in starts])
    batches = order.reshape(-1, B)
    waste = 1 - lengths.sum() / (lengths[batches].max(axis=1) * B).sum()
    return batches, waste
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_bucket", "grade": true, "locked": true, "points": 2}
lab07.bucket.check(bucketed)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# How many sequences does a pool have? Go through the pools; `np.argsort` gives, for the lengths of one pool, the places
# from short to long. These places count from the start of the pool.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The pools start at `range(0, len(lengths), B * pool)`. Add the start to the places, so that they become numbers of
# sequences. Put the sorted pools one behind the other; then every B of them are a batch.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `order.reshape(-1, B)` makes rows of B. `lengths[batches]` has the lengths in the same arrangement, `(N / B, B)`, and
# `.max(axis=1)` of it is the longest of each batch. Each of these counts B times.
#
# </details>

# %% [markdown]
# ## 9. What leaks, and what is wasted
#
# Now measure what your functions are for. The sequences are sentences of 4 to 14 words from a small grammar of this
# course. A word is a token, which is a whole number, and the cell reads it as a one-hot vector. Token 0, `<pad>`, is no
# word; it is the filler.

# %% nbgrader={"grade_id": "use_last_state_masked_loss_bucket", "locked": true}
last_state_forward = lab07.last_state.or_reference(last_state_forward)
masked_cross_entropy = lab07.masked_loss.or_reference(masked_cross_entropy)
bucketed = lab07.bucket.or_reference(bucketed)

# %%
V, H = len(VOCABULARY), 24


def sentences(rng, B):
    """B sentences as arrays of tokens."""
    return [np.array([VOCABULARY.index(word) for word in words]) for words, _ in sentiment_sentences(rng, B)]


def one_hot(tokens):
    return np.eye(V)[tokens]


def more_padding(tokens, extra):
    """Tokens (T, B) with so many fillers more behind every sentence."""
    return np.concatenate([tokens, np.zeros((extra, tokens.shape[1]), tokens.dtype)])


tokens, lengths = pad_sequences(sentences(np.random.default_rng(0), 5), 0)
for b in range(5):
    print(f"{lengths[b]:2} words:", " ".join(VOCABULARY[token] for token in tokens[:, b]))

# %% [markdown]
# **The state.** An untrained cell without a mask reads 32 sentences and then goes on through fillers. How far is its
# state from where it was at the end of the sentence, after 1, 2, ... 12 fillers? Distances are relative to the size of
# the right states. `last_state_forward` picks the state k steps after the end if you add k to the lengths. And how much
# do the states of the 32 sentences still differ from one another?

# %%
AFTER = np.arange(13)
moved = {name: np.zeros((5, 13)) for name in ("distance, no mask", "distance, masked", "differences between sentences, no mask")}
for seed in range(5):
    rng = np.random.default_rng(seed)
    cell, zeros = init_rnn(rng, V, H), np.zeros((32, H))
    tokens, lengths = pad_sequences(sentences(rng, 32), 0)
    xs = one_hot(more_padding(tokens, 12))
    hs, _, _ = rnn_forward(cell, xs, zeros)
    right, _ = last_state_forward(hs, lengths)
    differences = np.linalg.norm(right - right.mean(axis=0))
    for k in AFTER:
        late, _ = last_state_forward(hs, lengths + k)
        _, held = masked_rnn_forward(cell, xs[: lengths.max() + k], zeros, lengths)
        moved["distance, no mask"][seed, k] = np.linalg.norm(late - right) / np.linalg.norm(right)
        moved["distance, masked"][seed, k] = np.linalg.norm(held - right) / np.linalg.norm(right)
        moved["differences between sentences, no mask"][seed, k] = np.linalg.norm(late - late.mean(axis=0)) / differences
lines(
    moved,
    x=AFTER,
    xlabel="fillers read after the end of the sentence",
    ylabel="relative to the end of the sentence",
    alt="Three curves against the number of fillers read, from 0 to 12, medians with bands over five seeds. Without a mask the "
    "distance from the right state jumps with the first filler to between one half and one, and stays there; the differences "
    "between sentences fall from 1 to less than a tenth within five fillers. With the mask the distance is 0 throughout.",
)

# %% [markdown]
# Each line is the median of five seeds, and the band reaches from the lowest to the highest.
#
# **Question.** The distance jumps with the first filler and then hardly changes. Why? And what would a layer find that
# reads its answer from `hs[-1]`?
#
# <details><summary>An answer</summary>
#
# The same filler comes again and again, and this cell settles: its state goes to where that input leads it, and stays.
# It goes there from wherever the sentence ended. So the differences between the sentences vanish, and they are all that
# tells one sentence from another: after five fillers less than a tenth of them is left, and a layer behind `hs[-1]`
# finds nearly the same vector for every sentence. A cell can be trained to hold its state while fillers come; with your
# mask it need not learn that. Book: [does it matter in training?](book:unequal_lengths#unequal-lengths-last-state).
#
# </details>
#
# **The loss.** Now train a cell to predict the next word: it reads all words of a sentence but the last, and the
# targets are all words but the first. Each target in the padding is 0, which is the number of a class, `<pad>`. One
# network is trained with your mask. The other takes all places for real. Nothing else differs; the forward cell needs
# no mask here, because no word stands behind the padding. The update is plain gradient descent with a learning rate of
# 1.


# %%
def next_words(some, extra):
    """Inputs and targets (T, B), and the mask of the real ones."""
    tokens, lengths = pad_sequences([sentence[:-1] for sentence in some], 0)
    targets, _ = pad_sequences([sentence[1:] for sentence in some], 0)
    tokens, targets = more_padding(tokens, extra), more_padding(targets, extra)
    return tokens, targets, length_mask(lengths, len(tokens))


def predict(params, tokens):
    hs, _, cache = rnn_forward(params["cell"], one_hot(tokens), np.zeros((tokens.shape[1], H)))
    logits, linear_cache = linear_forward(params["linear"], hs)
    return logits, cache, linear_cache


def train(masked, extra, seed, steps=150):
    """Train one network; return its loss on 200 fresh sentences, over the real words and over all places."""
    rng = np.random.default_rng(seed)
    params = {"cell": init_rnn(rng, V, H), "linear": init_linear(rng, H, V)}
    for _ in range(steps):
        tokens, targets, mask = next_words(sentences(rng, 16), extra)
        logits, cache, linear_cache = predict(params, tokens)
        _, dlogits = masked_cross_entropy(logits, targets, mask if masked else np.ones_like(mask))
        dlinear, dhs = linear_backward(linear_cache, dlogits)
        dcell, _, _ = rnn_backward(cache, dhs, np.zeros_like(dhs[0]))
        params = tree_map(lambda p, d: p - d, params, {"cell": dcell, "linear": dlinear})
    tokens, targets, mask = next_words(sentences(np.random.default_rng(1000 + seed), 200), extra)
    logits, _, _ = predict(params, tokens)
    return masked_cross_entropy(logits, targets, mask)[0], masked_cross_entropy(logits, targets, np.ones_like(mask))[0]


# %% [markdown]
# Four amounts of padding, with and without the mask, four seeds each: 32 networks. They take some seconds, and are left
# out when the notebook is graded.

# %%
PADDING = (0, 10, 20, 30)
errors = {}
if not grading():
    with_mask = np.array([[train(True, extra, seed) for extra in PADDING] for seed in range(4)])  # (seeds, amounts, 2)
    without = np.array([[train(False, extra, seed) for extra in PADDING] for seed in range(4)])
    errors["trained with mask: real words"] = with_mask[:, :, 0]
    errors["trained without: real words"] = without[:, :, 0]
    errors["trained without: all places"] = without[:, :, 1]
    for name, values in errors.items():
        print(f"{name}, loss for {PADDING} steps of padding:", np.median(values, axis=0).round(2))

# %%
lines(
    errors,
    x=np.array(PADDING),
    xlabel="steps of padding behind the longest sentence",
    ylabel="loss on 200 fresh sentences (nats)",
    alt="Loss on fresh sentences against 0, 10, 20 and 30 steps of padding, medians with bands over four seeds. Trained with mask, "
    "over real words: flat, a little below 1.5. Trained without, over real words: a rise from about 1.5 to about 2 and more. The "
    "same networks, over all places: a fall from about 1 to below one half.",
)

# %% [markdown]
# **Question.** Of the network without the mask, one curve rises with the padding and the other one falls. How can the
# same networks become worse and better? Which of the two curves would you have seen if you had not known of the
# padding? And why is the curve of the network with the mask flat?
#
# <details><summary>An answer</summary>
#
# The loss over all places is mostly a loss of fillers, the more so the more there are. What follows a filler is always
# a filler, which is easy to learn and costs next to nothing: the mean falls, and says nothing about words. This is the
# curve you would have seen: it is the loss that this training minimises.
#
# The words become worse because each of them counts less. With 30 steps of padding about a fifth of the places are
# words, and the mean divides by all places. So the gradient of the words is a fifth of what your mask would give them,
# and the rest of the gradient is about fillers; in 150 updates the network has not come as far with the words. A loss
# that is masked but divided by all places would do nearly as badly.
#
# With the mask, neither the loss nor the gradient contains anything of the padding. At every update the weights are the
# same, whatever the amount of padding, and so are the networks: the curve is flat but for rounding.
#
# </details>
#
# **The waste.** Last, 2,048 sentences in batches of 32, with pools of several sizes. A pool of one batch changes
# nothing about who is with whom: these are random batches. One pool of all 64 batches is the sorted order.

# %%
drawn = [np.array([len(s) for s in sentences(np.random.default_rng(seed), 2048)]) for seed in range(5)]
waste = {f"pools of {pool}": [bucketed(lengths, 32, pool)[1] for lengths in drawn] for pool in (1, 4, 16, 64)}
bars(
    waste,
    ylabel="share of padding",
    alt="Four bars: the share of padding in batches of 32 sentences, for pools of 1, 4, 16 and 64 batches, with short whiskers over "
    "five seeds. More than a quarter for 1, about a tenth for 4, a thirtieth for 16, about a hundredth or less for 64.",
)

# %% [markdown]
# **Question.** How much of the work does a pool of 16 batches save, against random batches? And what would you lose if
# you sorted everything?
#
# <details><summary>An answer</summary>
#
# About 28 % of the places in random batches are padding, and 3 or 4 % with pools of 16. For each real word the cell
# computes `1 / (1 - waste)` places: about 1.4 in random batches and 1.04 in pools of 16, so about a quarter of the work
# is saved. Packed data would need exactly 1. Sorting everything would save another 2 or 3 %. It would give every epoch
# the same batches, while pools of a freshly shuffled list have other neighbours each time. Where length goes with
# content, both have a price: [batches that are not random](book:unequal_lengths#unequal-lengths-bucketing).
#
# </details>
#
# **Try it.** Change one thing and predict the figure before you run it: in the first one, a cell with twice the
# weights, `tree_map(lambda p: 2 * p, init_rnn(rng, V, H))`, or xs that are zero where a filler stands; in the second
# one, -100 for the targets in the padding, with and without the mask, or a loss that is masked but divided by all
# places; in the third one, batches of 8 or of 128.
