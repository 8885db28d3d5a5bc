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
# # Lab 8: bidirectional and deep
#
# You build a tagger: a network that reads a whole sentence and says of every word whether it belongs to a name, and to
# which kind of name. At its base are two readers, one from each end; on them comes a second layer, and on top a score for
# whole sequences of tags. At the end your own functions find names that no training sentence has shown.
#
# **After this lab you can**
#
# - turn every sequence of a padded batch within its own length;
# - write a bidirectional layer, with its halves side by side or added, and its gradient;
# - stack such layers, with and without a shortcut around them;
# - sum over all sequences of tags, and find the best one, without listing them;
# - say what the second direction, a second layer and a score for pairs of tags each bring to a task.
#
# **You need** the chapters [Bidirectional networks](book:bidirectional), for part 4 [Deep and residual
# RNNs](book:deep_residual), for parts 5 to 7 [Tagging sequences](book:tagging). The plain cell of lab 1 is used as it is.
# **Time:** 75 to 100 minutes.
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
from rnncore.checks.labs import grading, lab08
from rnncore.plots import heatmap, lines
from rnncore.reference import (
    BidirectionalCache,
    BidirectionalState,
    CRFLogPartitionCache,
    ReversePaddedCache,
    adam_step,
    clip_by_norm,
    crf_log_partition_backward,
    crf_score_backward,
    crf_score_forward,
    init_adam,
    init_bidirectional,
    init_crf,
    init_linear,
    init_rnn,
    length_mask,
    linear_backward,
    linear_forward,
    log_sum_exp,
    rnn_backward,
    rnn_forward,
    softmax_cross_entropy_backward,
    softmax_cross_entropy_forward,
)
from rnncore.tasks.names import TAGS, build_vocabulary, encode_sentences, entity_f1, tagged_sentences

for name in (
    "reverse_padded_forward",
    "bidirectional_forward",
    "bidirectional_backward",
    "stacked_forward",
    "crf_log_partition_forward",
    "crf_viterbi",
):
    globals().setdefault(name)  # None until you write it

# %% [markdown]
# ## 1. Each sequence back to front (3 points)
#
# The second reader begins at the end. In a batch of sequences of unequal length, padded at the end to T steps, that is
# the end *of each sequence*, not of the array. So every sequence is turned within its own length $L$, and its padding
# stays where it is. With steps counted from 0:
#
# $$
# y_t = \begin{cases} x_{L - 1 - t} & t < L \\ x_t & t \ge L \end{cases}
# $$
#
# Where each entry comes from is an array of step numbers, `index`. Book: [lengths decide where reading
# begins](book:bidirectional#bidirectional-lengths).
#
# Axes have letters everywhere in this course: `T` steps in time, `B` sequences in a batch, `D` numbers in an input, `H`
# units of a cell, `V` tags. `lengths` holds a whole number from 1 to T for each sequence. Results have the dtype of
# the inputs; `np.zeros_like` keeps it, and `np.zeros` alone makes float64.

# %%
# Worked example: two sequences, 1 2 3 4 and 5 6. The second is padded with 8 and 9; each is a column of the results.
first, second = [1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 8.0, 9.0]
index = [[4 - 1 - 0, 2 - 1 - 0], [4 - 1 - 1, 2 - 1 - 1], [4 - 1 - 2, 2], [4 - 1 - 3, 3]]
{"index": index, "ys": [[first[i], second[k]] for i, k in index]}


# %% nbgrader={"grade_id": "reversal", "solution": true}
def reverse_padded_forward(xs, lengths):
    """Turn each sequence back to front within its own length; padding stays where it is.

    Args:
        xs: (T, B, D), the sequences, padded at the end to T steps.
        lengths: (B,), whole numbers from 1 to T.
    Returns:
        ys: (T, B, D), with ys[t, b] = xs[lengths[b] - 1 - t, b] for t < lengths[b], and xs[t, b] after that.
        cache: `ReversePaddedCache(index, xs)`; index (T, B) holds the step that each entry of ys comes from.
    """
    ### BEGIN SOLUTION
    t = np.arange(len(xs))[:, None]
    index = np.where(t < lengths, lengths - 1 - t, t)  # (T, B)
    return np.take_along_axis(xs, index[..., None], axis=0), ReversePaddedCache(index, xs)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_reversal", "grade": true, "locked": true, "points": 3}
lab08.reversal.check(reverse_padded_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Make `index` first. Its column b counts down from `lengths[b] - 1` to 0, and goes on with the numbers of the padding's
# own steps. Two loops, over t and over b, will do; so will one line of NumPy.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `t = np.arange(len(xs))[:, None]` is a column of step numbers, shape `(T, 1)`. Compared with `lengths`, of shape `(B,)`,
# it gives a `(T, B)` array: True inside of a sequence, False in its padding. `np.where` takes one number where it is True
# and another where it is False.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Inside a sequence the index is `lengths - 1 - t`, in the padding `t`. To read along it, `xs[index, np.arange(B)]` or
# `np.take_along_axis(xs, index[..., None], axis=0)`. Both give a new array, so `xs` stays as it was.
#
# </details>

# %% [markdown]
# ## 2. Two readers (4 points)
#
# A bidirectional layer is two plain cells with weights of their own. One reads forwards, the other from the end of each
# sequence; at each position their states are put together:
#
# $$
# \begin{aligned}
# h_t &= \text{cell}(x_t, h_{t-1}) & t &= 1, \dots, L \\
# r_t &= \text{cell}'(x_t, r_{t+1}) & t &= L, \dots, 1 \\
# y_t &= [h_t;\, r_t] \quad \text{or} \quad h_t + r_t
# \end{aligned}
# $$
#
# The semicolon puts the two states side by side, and `state0` holds $h_0$ and $r_{L+1}$. You need no new loop:
# `hs, last, cache = rnn_forward(params, xs, state0)` is the plain cell over all T steps. Turn the sequences, read them with
# it, and turn the states back, so that $r_t$ stands at its own position.
#
# No mask is needed inside. Both cells read their sequence first and the padding last; what they compute there is put to
# zero in `ys`. But it must not be taken for a last state: each cell has one for each sequence, at the step that it reads
# last *of the sequence*. `length_mask(lengths, T)` is True, shape `(T, B)`, where a sequence has steps. Book: [two
# readers](book:bidirectional#bidirectional-layer), [what position t has seen](book:bidirectional#bidirectional-sees),
# [concat or sum](book:bidirectional#bidirectional-merge).

# %% nbgrader={"grade_id": "use_reversal", "locked": true}
reverse_padded_forward = lab08.reversal.or_reference(reverse_padded_forward)

# %%
# Worked example: x = 1, 0, -1 and one step of padding; both states begin at 0.
# forward cell: weight_ih 0.5, weight_hh 0.8, no bias; reverse cell: weight_ih 1.0, weight_hh 0.5, bias_ih 0.1
h_1 = float(np.tanh(0.5 * 1.0 + 0.8 * 0.0))
h_2 = float(np.tanh(0.5 * 0.0 + 0.8 * h_1))
h_3 = float(np.tanh(0.5 * -1.0 + 0.8 * h_2))
r_3 = float(np.tanh(1.0 * -1.0 + 0.5 * 0.0 + 0.1))
r_2 = float(np.tanh(1.0 * 0.0 + 0.5 * r_3 + 0.1))
r_1 = float(np.tanh(1.0 * 1.0 + 0.5 * r_2 + 0.1))
{
    "ys": [[round(h_1, 6), round(r_1, 6)], [round(h_2, 6), round(r_2, 6)], [round(h_3, 6), round(r_3, 6)], [0.0, 0.0]],
    "state_T": [round(h_3, 6), round(r_1, 6)],
    "ys if they are added": [round(h_1 + r_1, 6), round(h_2 + r_2, 6), round(h_3 + r_3, 6), 0.0],
}


# %% nbgrader={"grade_id": "both_forward", "solution": true}
def bidirectional_forward(params, xs, state0, lengths, merge="concat"):
    """Run one plain cell forwards and another backwards over a padded batch.

    Args:
        params: dict of forward and reverse, each a dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        xs: (T, B, D), padded at the end; what stands in the padding has no influence on ys and state_T.
        state0: BidirectionalState(forward, reverse) of (B, H): where each cell starts.
        lengths: (B,), whole numbers from 1 to T.
        merge: "concat" puts the two states side by side, h first; "sum" adds them.
    Returns:
        ys: (T, B, 2H), or (T, B, H) with "sum"; zero after the end of a sequence.
        state_T: BidirectionalState(forward, reverse) of (B, H): each cell after the last step that it reads of each
            sequence. For the forward cell that is entry lengths[b] - 1 of xs, for the reverse one entry 0.
        cache: `BidirectionalCache("rnn", forward, reverse, lengths, merge, hs)`, where forward and reverse are the caches that
            `rnn_forward` returns for the two cells, and hs (T, B, H) the states of the forward one; its last field is named h.
    """
    ### BEGIN SOLUTION
    hs, _, forward = rnn_forward(params["forward"], xs, state0.forward)
    turned, _ = reverse_padded_forward(xs, lengths)
    rs, _, reverse = rnn_forward(params["reverse"], turned, state0.reverse)
    last = lengths - 1, np.arange(len(lengths))
    state_T = BidirectionalState(hs[last], rs[last])
    rs, _ = reverse_padded_forward(rs, lengths)
    ys = np.concatenate([hs, rs], axis=2) if merge == "concat" else hs + rs
    mask = length_mask(lengths, len(xs))[..., None]  # (T, B, 1)
    return np.where(mask, ys, 0), state_T, BidirectionalCache("rnn", forward, reverse, lengths, merge, hs)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_both_forward", "grade": true, "locked": true, "points": 4}
lab08.both_forward.check(bidirectional_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Write five things in this order: read forwards; turn and read; pick the last states; turn back; put together and mask.
# Of the three results of `rnn_forward` one is of no use here: `last` comes after the padding.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The reverse cell reads `turned`, so its states come out in the order in which it reads: it has read all of sequence b
# at entry `lengths[b] - 1`, just as the forward cell has. After the states are turned back, that entry stands first.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `hs[lengths - 1, np.arange(len(lengths))]` picks one state for each sequence, of shape `(B, H)`; do the same with the
# states of the reverse cell *before* you turn them back. Then `np.concatenate([hs, rs], axis=2)` or `hs + rs`, and
# `np.where(mask[..., None], ys, 0)`.
#
# </details>

# %% [markdown]
# ## 3. The gradient of both (4 points)
#
# The way back mirrors the way there, with `dparams, dxs, dstate0 = rnn_backward(cache, dhs)` in the place of
# `rnn_forward`. $\mathrm{d}y_t$ is the gradient of the loss with respect to $y_t$. Side by side, its
# first H numbers belong to $h_t$ and the others to $r_t$; if the halves were added, each gets all of it:
#
# $$
# \mathrm{d}y_t = [\mathrm{d}h_t;\, \mathrm{d}r_t] \quad \text{or} \quad \mathrm{d}h_t = \mathrm{d}r_t = \mathrm{d}y_t.
# $$
#
# $\mathrm{d}r$ has to enter the reverse cell in the order in which that cell reads, so it is turned; what comes out as
# gradient of the inputs is in that order, too, and is turned back. The gradient of a reversal is the same reversal.
# Both cells have read $x_t$, so the gradients of the inputs are added:
#
# $$\mathrm{d}x_t = \mathrm{d}x_t^{\text{forward}} + \mathrm{d}x_t^{\text{reverse}}.$$
#
# After the end of a sequence `ys` is zero, whatever the cells do. So nothing flows back from there, whatever `dys` says.
# Book: [what position t has seen](book:bidirectional#bidirectional-sees) reads such a gradient, and the warning under [the
# first figure](book:bidirectional#bidirectional-layer) says why *reverse* and *backward* are different things.

# %% nbgrader={"grade_id": "use_both_forward", "locked": true}
bidirectional_forward = lab08.both_forward.or_reference(bidirectional_forward)

# %%
# Worked example: the layer of part 2. dys is 1 for both halves at position 2, and 1 in the padding, which must not count.
da_h2 = 1.0 * (1 - h_2**2)
da_h1 = 0.8 * da_h2 * (1 - h_1**2)
da_r2 = 1.0 * (1 - r_2**2)
da_r3 = 0.5 * da_r2 * (1 - r_3**2)
{
    "dxs": [round(0.5 * da_h1, 6), round(0.5 * da_h2 + 1.0 * da_r2, 6), round(1.0 * da_r3, 6), 0.0],
    "forward: weight_ih, weight_hh, bias": [round(da_h1 * 1.0 + da_h2 * 0.0, 6), round(da_h2 * h_1, 6), round(da_h1 + da_h2, 6)],
    "reverse: weight_ih, weight_hh, bias": [round(da_r3 * -1.0 + da_r2 * 0.0, 6), round(da_r2 * r_3, 6), round(da_r3 + da_r2, 6)],
    "dstate0": [round(0.8 * da_h1, 6), round(0.5 * da_r3, 6)],
}


# %% nbgrader={"grade_id": "both_backward", "solution": true}
def bidirectional_backward(cache, dys):
    """Carry the gradient of the loss back through both directions.

    Args:
        cache: what `bidirectional_forward` returned: forward and reverse, the caches of the two cells, lengths and merge.
        dys: (T, B, 2H), or (T, B, H) if merge is "sum"; what it holds after the end of a sequence does not count.
    Returns:
        dparams: dict of forward and reverse, each with the gradient of every parameter.
        dxs: (T, B, D).
        dstate0: BidirectionalState(forward, reverse) of (B, H) gradients with respect to the states before the first step.
    """
    ### BEGIN SOLUTION
    lengths = cache.lengths
    dys = np.where(length_mask(lengths, len(dys))[..., None], dys, 0)
    dhs, drs = np.split(dys, 2, axis=2) if cache.merge == "concat" else (dys, dys)
    drs, _ = reverse_padded_forward(drs, lengths)
    dforward, dxs, dstate_forward = rnn_backward(cache.forward, dhs)
    dreverse, dturned, dstate_reverse = rnn_backward(cache.reverse, drs)
    dxs = dxs + reverse_padded_forward(dturned, lengths)[0]
    return {"forward": dforward, "reverse": dreverse}, dxs, BidirectionalState(dstate_forward, dstate_reverse)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_both_backward", "grade": true, "locked": true, "points": 4}
lab08.both_backward.check(bidirectional_backward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# You call `rnn_backward` twice, once with each cache. The question is only what each call is given, and what is done with
# the `dxs` that it returns.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# First set `dys` to zero after the end of each sequence, in a new array. Then split it along axis 2, or use it twice.
# Two things are turned: the gradient that enters the reverse cell, and the gradient of the inputs that leaves it.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `dhs, drs = np.split(dys, 2, axis=2)`, and `drs, _ = reverse_padded_forward(drs, lengths)`. The sum is `dxs` of the
# forward cell plus the first result of `reverse_padded_forward` for the other one. `dparams` is a dict of two dicts, under
# the keys `"forward"` and `"reverse"`.
#
# </details>

# %% [markdown]
# The numbers agree with the reference. Do they agree with what can be measured? The cell below moves every parameter,
# input and starting state a little, measures how `ys` moves, and compares that with what your `bidirectional_backward` says.

# %% nbgrader={"grade_id": "use_both_backward", "locked": true}
bidirectional_backward = lab08.both_backward.or_reference(bidirectional_backward)


# %%
def only_ys(params, xs, state0):
    ys, _, cache = bidirectional_forward(params, xs, state0, np.array([5, 2, 3]))
    return ys, cache


rng = np.random.default_rng(1)
xs, state0 = rng.standard_normal((5, 3, 2)), BidirectionalState(*rng.standard_normal((2, 3, 4)))
if not grading():  # hundreds of calls, which no mark hangs on
    check_gradient(only_ys, bidirectional_backward, init_bidirectional(rng, 2, 4, cell="rnn"), xs, state0, rng=rng)
    print("Derived and measured gradients agree.")

# %% [markdown]
# ## 4. Layers on top of one another (2 points)
#
# In a stack the outputs of one layer are the inputs of the next. Only the first layer reads the D numbers of `xs`; every
# other one reads the 2H numbers of the layer below. Each layer has its own parameters and its own first states:
#
# $$y^0 = x, \qquad y^k = \text{layer}_k(y^{k-1}), \quad k = 1, \dots, K.$$
#
# With a **shortcut**, a layer adds its input to its output. The first layer has none, as D and 2H need not be equal:
#
# $$y^1 = \text{layer}_1(x), \qquad y^k = \text{layer}_k(y^{k-1}) + y^{k-1}, \quad k = 2, \dots, K.$$
#
# The shortcut changes what the next layer reads, not the states of its own layer. Book: [layers on top of one
# another](book:deep_residual#deep-stack), [shortcuts around layers](book:deep_residual#deep-residual). A second layer
# can do what one cannot: combine what the past says with what the future says, in place of adding the two ([concatenation
# and sum](book:bidirectional#bidirectional-adds)).

# %%
# Worked example: on the layer of part 2 a second one, without a shortcut; u reads forwards, v reads from the end.
# forward cell: weight_ih 1.0 for h, -1.0 for r, weight_hh 0.5; reverse cell: weight_ih 0.5 for both, weight_hh 0.3; no biases
u_1 = float(np.tanh(1.0 * h_1 - 1.0 * r_1 + 0.5 * 0.0))
u_2 = float(np.tanh(1.0 * h_2 - 1.0 * r_2 + 0.5 * u_1))
u_3 = float(np.tanh(1.0 * h_3 - 1.0 * r_3 + 0.5 * u_2))
v_3 = float(np.tanh(0.5 * h_3 + 0.5 * r_3 + 0.3 * 0.0))
v_2 = float(np.tanh(0.5 * h_2 + 0.5 * r_2 + 0.3 * v_3))
v_1 = float(np.tanh(0.5 * h_1 + 0.5 * r_1 + 0.3 * v_2))
{
    "ys": [[round(u_1, 6), round(v_1, 6)], [round(u_2, 6), round(v_2, 6)], [round(u_3, 6), round(v_3, 6)], [0.0, 0.0]],
    "state_T": [[round(h_3, 6), round(r_1, 6)], [round(u_3, 6), round(v_1, 6)]],
}


# %% nbgrader={"grade_id": "stack", "solution": true}
def stacked_forward(params, xs, state0, lengths, residual=False):
    """Run a stack of bidirectional layers over a padded batch, with their halves side by side.

    Args:
        params: list with one dict for each layer, as `bidirectional_forward` takes it.
        xs: (T, B, D), padded at the end.
        state0: list with one BidirectionalState for each layer.
        lengths: (B,), whole numbers from 1 to T.
        residual: whether every layer from the second on adds its input to its output.
    Returns:
        ys: (T, B, 2H), the output of the last layer.
        state_T: list with the BidirectionalState that each layer returned, the first layer first.
        cache: list with the cache that each layer returned, in the same order.
    """
    ### BEGIN SOLUTION
    ys, state_T, caches = xs, [], []
    for k, (layer_params, layer_state0) in enumerate(zip(params, state0, strict=True)):
        below = ys
        ys, layer_state_T, cache = bidirectional_forward(layer_params, below, layer_state0, lengths)
        ys = ys + below if residual and k else ys
        state_T.append(layer_state_T)
        caches.append(cache)
    return ys, state_T, caches
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_stack", "grade": true, "locked": true, "points": 2}
lab08.stack.check(stacked_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A loop over the layers, with two lists that grow, and one variable that lives through it: what the next layer reads.
# Before the loop it is `xs`.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `zip(params, state0)` gives each layer its parameters and its first states. Keep the input of a layer under a name of
# its own until the shortcut has used it.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# In each turn: `below = ys`; `ys, layer_state_T, cache = bidirectional_forward(...)` with `below`; then, with `residual` and
# not in the first layer (`enumerate` counts them from 0), `ys + below`, as a new array and not with `+=`; then the two
# `append`.
#
# </details>

# %% [markdown]
# ## 5. The sum over all sequences of tags (3 points)
#
# A network that answers at every step gives each tag a score there, the **emission** $e_t[j]$. A **conditional random
# field** (CRF) adds scores for what stands side by side: `transitions[i, j]`, here $A[i, j]$, for tag j right after tag i,
# `start` for the first tag and `end` for the last. The score of a sequence of tags is the sum of all that it meets on its
# way, and its probability is a softmax over *all* sequences of tags:
#
# $$p(y) = e^{\text{score}(y)} / Z, \qquad Z = \textstyle\sum_{y'} e^{\text{score}(y')}.$$
#
# There are $V^L$ of them, but sequences with the same beginning share its score. Let $\alpha_t[j]$ be the log of the sum
# over all beginnings that end in tag j at step t. Then
#
# $$
# \begin{aligned}
# \alpha_1[j] &= \text{start}[j] + e_1[j] \\
# \alpha_t[j] &= e_t[j] + \log \textstyle\sum_i e^{\alpha_{t-1}[i] + A[i, j]} \\
# \log Z &= \log \textstyle\sum_j e^{\alpha_L[j] + \text{end}[j]}
# \end{aligned}
# $$
#
# In a padded batch, $\alpha$ stays as it is after the end of its sentence; `length_mask` of part 2 says where that is.
# Scores may be large, and `np.exp(1000.0)` is infinite. `log_sum_exp(a)` takes the log of the sum of `exp(a)` over the
# *last* axis, and takes the largest number out before. Book: [the sum over all
# sequences](book:tagging#tagging-forward), and the numbers [by hand](book:tagging#tagging-by-hand).

# %%
# Worked example: tags O and N, three steps. Factors exp(score) are multiplied where scores are added: emissions 1 and 2,
# 1 and 3, 1 and 2; a transition counts 1, but from N to O 4; start counts 1, and the end 1 after O and 2 after N.
a_1 = [1.0 * 1.0, 1.0 * 2.0]
a_2 = [(a_1[0] * 1.0 + a_1[1] * 4.0) * 1.0, (a_1[0] * 1.0 + a_1[1] * 1.0) * 3.0]
a_3 = [(a_2[0] * 1.0 + a_2[1] * 4.0) * 1.0, (a_2[0] * 1.0 + a_2[1] * 1.0) * 2.0]
Z = a_3[0] * 1.0 + a_3[1] * 2.0
{"exp of alphas": [a_1, a_2, a_3], "Z": Z, "log_Z": round(float(np.log(Z)), 6)}


# %% nbgrader={"grade_id": "log_partition", "solution": true}
def crf_log_partition_forward(params, emissions, lengths):
    """Sum exp(score) over all sequences of tags, and take the logarithm.

    Args:
        params: dict of start (V,), transitions (V, V), end (V,); transitions[i, j] is the score of tag j right after tag i.
        emissions: (T, B, V), padded at the end.
        lengths: (B,), whole numbers from 1 to T.
    Returns:
        log_Z: (B,).
        cache: `CRFLogPartitionCache(params, emissions, alphas, inside, log_Z)`, where alphas is a list of the T arrays alpha
            (B, V), the first step first, and inside (T, B) is True where a sentence has steps.
    """
    ### BEGIN SOLUTION
    T = len(emissions)
    inside = length_mask(lengths, T)
    alpha = params["start"] + emissions[0]  # (B, V)
    alphas = [alpha]
    for t in range(1, T):
        paths = alpha[:, None, :] + params["transitions"].T  # (B, V, V): to tag j (axis 1) from tag i (axis 2)
        alpha = np.where(inside[t][:, None], log_sum_exp(paths) + emissions[t], alpha)
        alphas.append(alpha)
    log_Z = log_sum_exp(alpha + params["end"])
    return log_Z, CRFLogPartitionCache(params, emissions, alphas, inside, log_Z)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_log_partition", "grade": true, "locked": true, "points": 3}
lab08.log_partition.check(crf_log_partition_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The loop is that of a recurrent cell, with $\alpha$ as its state. In each turn you need a `(B, V, V)` array: for every
# sentence and every pair of tags, $\alpha_{t-1}[i] + A[i, j]$. Over which of its two tags do you sum?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `log_sum_exp` sums over the last axis, so the tag before, i, must come last and the tag that is entered, j, before it.
# `alpha` gets a new axis between its two, and the matrix of transitions has to be turned over.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `paths = alpha[:, None, :] + params["transitions"].T`, then `log_sum_exp(paths) + emissions[t]`. With `np.where` and
# `inside[t][:, None]` a sentence that has ended keeps its old `alpha`. So after the loop `alpha` is that of the last
# step of every sentence, and `end` is added to it.
#
# </details>

# %% [markdown]
# ## 6. The best sequence of tags (4 points)
#
# To tag a sentence, you want the one sequence with the highest score. The **Viterbi** algorithm is the recursion of part 5
# with the largest in the place of the sum. It remembers which tag the largest came from, so that you can walk back from
# the end:
#
# $$
# \begin{aligned}
# b_1[j] &= \text{start}[j] + e_1[j] \\
# b_t[j] &= e_t[j] + \max_i\, (b_{t-1}[i] + A[i, j]) \\
# \text{from}_t[j] &= \operatorname{argmax}_i\, (b_{t-1}[i] + A[i, j]) \\
# y_L &= \operatorname{argmax}_j\, (b_L[j] + \text{end}[j]) \\
# y_{t-1} &= \text{from}_t[y_t]
# \end{aligned}
# $$
#
# The last tag is chosen at the end of each sentence, not of the array. Book: [Viterbi](book:tagging#tagging-viterbi).

# %%
# Worked example: the factors of part 5; each maximum is written with the tag it comes from, 0 for O and 1 for N.
b_1 = [1.0 * 1.0, 1.0 * 2.0]
b_2, from_2 = [max(1.0 * 1.0, 2.0 * 4.0) * 1.0, max(1.0 * 1.0, 2.0 * 1.0) * 3.0], [1, 1]
b_3, from_3 = [max(8.0 * 1.0, 6.0 * 4.0) * 1.0, max(8.0 * 1.0, 6.0 * 1.0) * 2.0], [1, 0]
y_3 = 1  # N, because 16 * 2 is more than 24 * 1
y_2 = from_3[y_3]
y_1 = from_2[y_2]
{"tags": [y_1, y_2, y_3], "score": round(float(np.log(max(b_3[0] * 1.0, b_3[1] * 2.0))), 6)}


# %% nbgrader={"grade_id": "viterbi", "solution": true}
def crf_viterbi(params, emissions, lengths):
    """Find the best sequence of tags for every sentence of a padded batch.

    Args:
        params: dict of start (V,), transitions (V, V), end (V,); transitions[i, j] is the score of tag j right after tag i.
        emissions: (T, B, V), padded at the end.
        lengths: (B,), whole numbers from 1 to T.
    Returns:
        tags: (T, B), whole numbers from 0 to V - 1; -1 after the end of a sentence.
        score: (B,), the score of these tags, in the dtype of emissions.
    """
    ### BEGIN SOLUTION
    T, B, _ = emissions.shape
    best = params["start"] + emissions[0]  # (B, V)
    came_from = [None]
    for t in range(1, T):
        paths = best[:, None, :] + params["transitions"].T  # (B, V, V): to tag j (axis 1) from tag i (axis 2)
        came_from.append(paths.argmax(axis=2))
        best = np.where((t < lengths)[:, None], paths.max(axis=2) + emissions[t], best)
    total = best + params["end"]
    tags = np.full((T, B), -1)
    tag = total.argmax(axis=1)  # (B,), the last tag of each sequence
    for t in reversed(range(T)):
        inside = t < lengths
        tags[t] = np.where(inside, tag, -1)
        if t > 0:
            tag = np.where(inside, came_from[t][np.arange(B), tag], tag)
    return tags, total.max(axis=1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_viterbi", "grade": true, "locked": true, "points": 4}
lab08.viterbi.check(crf_viterbi)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two loops: one forwards, almost that of part 5, which also keeps a list of `(B, V)` arrays of where each maximum came
# from; one backwards, which follows these. If the batch confuses you, write it for one sentence at first, and then loop over
# the sentences.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# On the same `paths` as in part 5, `max(axis=2)` gives the new scores and `argmax(axis=2)` the tags they come from. On the
# way back one variable lives through the loop: the tag of each sentence at the present step, shape `(B,)`. In the padding it
# must wait; at the last step of a sentence it is the best last tag.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `came_from[t][np.arange(B), tag]` looks up, for each sentence, where its tag at step t came from; that is the tag at step
# t - 1. Start with `tags = np.full((T, B), -1)` and `tag = (best + params["end"]).argmax(axis=1)`, and go
# `for t in reversed(range(T))`. Where `t < lengths` is False, leave -1 in `tags[t]` and keep `tag` as it is.
#
# </details>

# %% [markdown]
# ## 7. Find names that nobody has shown you
#
# Now your functions learn to find persons (PER), places (LOC) and organisations (ORG) in sentences. A tag `B-` marks the
# first word of a name, `I-` a further one, and `O` a word outside of names. The names of the test are not those of the
# training, so a list of names will not do: most words of these names are unknown, and what they are must be read from the
# words around them.

# %% nbgrader={"grade_id": "use_stack_log_partition_viterbi", "locked": true}
stacked_forward = lab08.stack.or_reference(stacked_forward)
crf_log_partition_forward = lab08.log_partition.or_reference(crf_log_partition_forward)
crf_viterbi = lab08.viterbi.or_reference(crf_viterbi)

# %% [markdown]
# The names come from the packages networkx, Babel and certifi. If this page runs in your browser (JupyterLite), it does not
# have them: parts 1 to 6 are complete there, and this part is left out.

# %%
training, test = [], []
if not grading():
    try:
        training = tagged_sentences(np.random.default_rng(0), 400)
        test = tagged_sentences(np.random.default_rng(1), 200, part="test")
    except ModuleNotFoundError as missing:
        print(f"The rest of this part is left out. {missing}")
vocabulary = build_vocabulary(training) if training else []
for words, tags in test[:3]:
    print(" ".join(f"{word}/{tag}" for word, tag in zip(words, tags, strict=True)))
known = [word in vocabulary for words, _ in test for word in words]
if test:
    print(f"{len(vocabulary)} words in the vocabulary; {1 - np.mean(known):.0%} of the words of the test are not among them")

# %% [markdown]
# Four taggers, all with 16 units in each direction of each layer:
#
# - **one way**: a plain cell that reads forwards;
# - **both ways**: your bidirectional layer;
# - **two layers**: two of them, one on the other;
# - **both ways + CRF**: one bidirectional layer, and scores for pairs of tags.
#
# A linear output makes emissions of the states. The first three are trained with the softmax cross-entropy of each word,
# the last with $\log Z - \text{score}(y)$ of the true tags, where your cache goes into the reference's
# `crf_log_partition_backward`. In training each word is replaced by the token for unknown words with probability 0.3, so
# that this token learns something. The way back through a stack is a loop over your `bidirectional_backward`.

# %%
H, V, KINDS = 16, len(TAGS), ("one way", "both ways", "two layers", "both ways + CRF")


def new_params(rng, kind):
    D, f32 = len(vocabulary), {"dtype": np.float32}
    if kind == "one way":
        return {"rnn": init_rnn(rng, D, H, **f32), "out": init_linear(rng, H, V, **f32)}
    widths = [D, 2 * H] if kind == "two layers" else [D]
    params = {"layers": [init_bidirectional(rng, width, H, cell="rnn", **f32) for width in widths]}
    params["out"] = init_linear(rng, 2 * H, V, **f32)
    if kind == "both ways + CRF":
        params["crf"] = init_crf(rng, V, **f32)
    return params


def emissions_forward(params, tokens, lengths):
    xs = np.eye(len(vocabulary), dtype=np.float32)[tokens]  # (T, B, D), one-hot
    zero = np.zeros((len(lengths), H), np.float32)
    if "rnn" in params:
        ys, _, cache = rnn_forward(params["rnn"], xs, zero)
    else:
        state0 = [BidirectionalState(zero, zero) for _ in params["layers"]]
        ys, _, cache = stacked_forward(params["layers"], xs, state0, lengths)
    emissions, out = linear_forward(params["out"], ys)
    return emissions, (cache, out)


def gradients(params, tokens, tags, lengths):
    emissions, (cache, out) = emissions_forward(params, tokens, lengths)
    dparams = {}
    if "crf" in params:
        _, log_Z_cache = crf_log_partition_forward(params["crf"], emissions, lengths)
        _, score_cache = crf_score_forward(params["crf"], emissions, tags, lengths)
        share = np.full(len(lengths), 1 / len(lengths), np.float32)  # the loss is a mean over sentences
        expected, dexpected = crf_log_partition_backward(log_Z_cache, share)
        observed, dobserved = crf_score_backward(score_cache, share)
        dparams["crf"], demissions = {name: expected[name] - observed[name] for name in expected}, dexpected - dobserved
    else:
        _, loss_cache = softmax_cross_entropy_forward(emissions, tags, mask=length_mask(lengths, len(tokens)))
        demissions = softmax_cross_entropy_backward(loss_cache)
    dparams["out"], dys = linear_backward(out, demissions)
    if "rnn" in params:
        dparams["rnn"], _, _ = rnn_backward(cache, dys)
    else:
        dparams["layers"] = []
        for layer_cache in reversed(cache):
            dlayer, dys, _ = bidirectional_backward(layer_cache, dys)
            dparams["layers"].insert(0, dlayer)
    return {name: dparams[name] for name in params}


def decode(params, sentences):
    """The best tags, as your Viterbi finds them; without a CRF all transitions are 0, and each word has its best tag."""
    tokens, _, lengths = encode_sentences(sentences, vocabulary)
    emissions, _ = emissions_forward(params, tokens, lengths)
    zero = np.zeros(V, np.float32)
    crf = params.get("crf", {"start": zero, "transitions": np.zeros((V, V), np.float32), "end": zero})
    tags, _ = crf_viterbi(crf, emissions, lengths)
    return [[TAGS[k] for k in tags[:L, b]] for b, L in enumerate(lengths)]


def train(kind, seed, steps=150, every=25):
    """Train one tagger; return the F1 of whole names in the test, measured after every 25 steps, and the parameters."""
    rng = np.random.default_rng(seed)
    params = new_params(rng, kind)
    adam, scores = init_adam(params), []
    tokens, tags, lengths = encode_sentences(training, vocabulary)
    for step in range(1, steps + 1):
        b = rng.integers(0, len(lengths), 32)
        T = lengths[b].max()
        hidden = (rng.random((T, 32)) < 0.3) & (tokens[:T, b] > 1)  # 0 is padding, 1 the unknown word
        dparams = gradients(params, np.where(hidden, 1, tokens[:T, b]), tags[:T, b], lengths[b])
        dparams, _ = clip_by_norm(dparams, 1.0)
        params, adam = adam_step(params, dparams, adam, lr=0.02 * (1 - (step - 1) / steps))
        if step % every == 0:
            scores.append(entity_f1(decode(params, test), [tags for _, tags in test]))
    return scores, params


# %% [markdown]
# Four kinds, four seeds each: sixteen taggers. A name counts as found only if its kind, its first and its last word are
# all right; the score is [the F1 of names](book:tagging#tagging-f1). It takes some ten seconds, and is left out when the
# notebook is graded.

# %%
accuracy, f1, trained = {}, {}, {}
if training:
    true = [tag for _, tags in test for tag in tags]
    for kind in KINDS:
        runs = [train(kind, seed) for seed in range(4)]
        f1[kind] = np.array([scores for scores, _ in runs])
        trained[kind] = [params for _, params in runs]
        accuracy[kind] = np.array([np.mean(np.concatenate(decode(params, test)) == np.array(true)) for params in trained[kind]])
        print(f"{kind}: F1 of names at the end, for four seeds: {f1[kind][:, -1].round(3)}; tags right: {accuracy[kind].round(3)}")

# %%
lines(
    f1,
    x=np.arange(25, 151, 25),
    xlabel="training steps",
    ylabel="F1 of names in 200 test sentences",
    alt="F1 of new names against training steps for four taggers, four seeds each. One way rises to about two thirds and stays there. "
    "Both ways rises to about nine tenths. Two layers, and both ways with a CRF, rise faster and end a little higher still.",
)

# %% [markdown]
# Each line is the median of four seeds, and the band reaches from the lowest to the highest. Now look at what the CRF has
# learned: the score of each tag (column) right after each other tag (row), the median of the four seeds.

# %%
transitions = np.median([params["crf"]["transitions"] for params in trained["both ways + CRF"]], axis=0) if trained else np.zeros((V, V))
heatmap(
    transitions,
    x=[tag.replace("-", "-<br>") for tag in TAGS],
    y=TAGS,
    xlabel="tag",
    ylabel="tag before",
    zlabel="score",
    alt="A square of seven by seven scores, one row for each tag before and one column for each tag. In the column of each I- tag the "
    "row of the B- tag of the same kind is clearly above zero. I-LOC after I-LOC and I-ORG after I-ORG are above zero, too; I-PER after "
    "I-PER is below. All other entries of the I- columns are below zero. B- tags are above zero after O only.",
)

# %% [markdown]
# **Questions.**
#
# 1. Which of the three additions, a second direction, a second layer, a CRF, brings most? What can the tagger that reads
#    one way not know about the first word of *PER works for ORG*?
# 2. The rule of these tags is that `I-PER` may follow `B-PER` or `I-PER` and nothing else, and so for the other kinds.
#    Nobody has told it to the CRF. Which entries of the matrix show that it has found it? One entry is low though the rule
#    allows the pair. Which, and what does it say about the sentences?
# 3. The pair `O`, `I-PER` is forbidden. Which score would it have for a Viterbi that reads the matrix the wrong way round?
#
# <details><summary>Answers</summary>
#
# 1. The second direction. At the first word, the tagger that reads one way has seen that word alone; if it is unknown, all
#    three kinds of names look the same. What decides is *works for*, which comes after it. It can still find names that
#    follow a telling word, as in *in LOC*, so it ends at about two thirds and not at zero. A second layer and a CRF on top
#    of both directions each bring the score a little higher with the same number of training steps. The difference between
#    these two is no larger than that between two seeds of one kind.
# 2. In each column `I-`, the row of `B-` of the same kind is high, and the rows of `O` and of the other kinds are low. The
#    exception is `I-PER` after `I-PER`: the rule allows it, but no person in these sentences has three words. Places and
#    organisations have, and there the entry is high. A CRF learns what is likely, which is more than what is allowed. But
#    no entry is minus infinity: with enough evidence from the emissions a forbidden pair can still be chosen. Book: [what
#    each part buys](book:tagging#tagging-ablation).
# 3. That of `I-PER`, `O`, which is above zero, as most names of persons end in a word `I-PER`. Such a Viterbi likes names
#    that begin in their middle. The loss would not show the mistake, because the sum in part 5 is right; only the tags
#    would. Book: [Viterbi with a transposed matrix](book:tagging#tagging-mistakes).
#
# </details>
#
# **Try it.** Change one thing and predict the figure before you run it: no hidden words, with `tokens[:T, b]` in the place of
# `np.where(hidden, ...)`; `residual=True` in the tagger with two layers (on the way back, add the `dys` that entered the
# second layer to the one that comes out of it); `steps=600` for the tagger that reads one way; or a CRF on top of one way.
