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
# # Lab 2: backpropagation through time by hand
#
# A network of 28 numbers reads *i love this book its amazing* and *i hate this book*, and says whether the sentence is
# friendly. The chapter [Backpropagation through time](book:bptt) works out every gradient by hand. Here you write the
# functions that give all these numbers, step by step, for any network and any sentence. Then you measure the same
# gradients without a formula, and see how far the two can be trusted.
#
# **After this lab you can**
#
# - count the parameters of a plain cell, and say what each gradient is shaped like;
# - walk a gradient from the loss back to the first word, and say at each word where it comes from;
# - add up what every use of a weight contributes, and take the update step;
# - measure a gradient, compare it with a derived one, and choose the step of the measurement.
#
# **You need** the chapters [Backpropagation through time](book:bptt) and [Checking gradients](book:gradient_checking).
# Lab 1 is a good preparation, but nothing of it is used. **Time:** 75 to 105 minutes.
#
# **How it works.** There are eight functions to write, most of them a few lines long. Replace
# `raise NotImplementedError()` with your code and run the cell. The cell below it checks what you wrote, first on the
# chapter's numbers, then on fresh random inputs, different each time. If something is wrong, the check says which number,
# at which index, and, if it knows the mistake, what went wrong. The same checks, with inputs drawn anew, give the points.
# Under each task are three hints; each one says more than the one before.
#
# You can do the steps in any order, and earn the points of a later step while an earlier one is still wrong: the cells
# that say `or_reference` put a right function in the place of what is not right yet. Run the cells from top to bottom.
#
# **To hand in** on a course server, save this notebook, open *Nbgrader > Assignment List* and press *Submit*; you can
# submit again until the deadline. *Validate* there runs every check once more. If you study alone, the checks are all
# you need.

# %% nbgrader={"grade_id": "setup", "locked": true}
import numpy as np

from rnncore.checks.labs import grading, lab02
from rnncore.plots import lines
from rnncore.reference import sigmoid

for name in (
    "unpack",
    "sentence_forward",
    "output_backward",
    "walk_back",
    "sum_over_time",
    "take_step",
    "measure_gradient",
    "relative_error",
):
    globals().setdefault(name)  # None until you write it

# %% [markdown]
# ## 1. Twenty-eight numbers (2 points)
#
# Axes have letters everywhere in this course: `T` words, `B` sentences in a batch, `D` numbers in a word vector, `H` units
# of the cell. All that the network learns stands in six arrays:
#
# | in the book | in code | shape | with D = 3, H = 3 |
# |---|---|---|---|
# | $W_{ih}$ | `weight_ih` | (H, D) | 9 |
# | $W_{hh}$ | `weight_hh` | (H, H) | 9 |
# | $b_{ih}$ | `bias_ih` | (H,) | 3 |
# | $b_{hh}$ | `bias_hh` | (H,) | 3 |
# | $W_{ho}$ | `weight_ho` | (1, H) | 3 |
# | $b_{ho}$ | `bias_ho` | (1,) | 1 |
#
# The first four belong to the cell. Together they hold
#
# $$HD + H^2 + H + H = H(D + H + 2)$$
#
# numbers; with one bias in the place of two it would be $H(D + H + 1)$. The output layer adds $H + 1$. The length of the
# sentence does not occur: every word meets the same numbers.
#
# Write a function that cuts one long row of numbers into these six arrays, in the order of the table, row by row. You
# will use it to make networks. A gradient has the same six shapes, so there are just as many gradients to find. Book:
# [counting the parameters of a cell](book:counting#counting-cell).

# %%
# Worked example: the network of the chapter as one row of numbers, and as it stands there.
of_inputs, of_states = [0.2, 0.4, 0.1, 0.1, 0.3, 0.5, 0.4, 0.2, 0.3], [0.3, 0.2, 0.1, 0.5, 0.4, 0.2, 0.1, 0.3, 0.4]
numbers = np.array([*of_inputs, *of_states, 0.1, 0.1, 0.1, 0.0, 0.0, 0.0, 0.3, 0.2, 0.4, 0.1])
W_ih = np.array([[0.2, 0.4, 0.1], [0.1, 0.3, 0.5], [0.4, 0.2, 0.3]])
W_hh = np.array([[0.3, 0.2, 0.1], [0.5, 0.4, 0.2], [0.1, 0.3, 0.4]])
b_ih, b_hh = np.array([0.1, 0.1, 0.1]), np.array([0.0, 0.0, 0.0])
W_ho, b_ho = np.array([[0.3, 0.2, 0.4]]), np.array([0.1])
{
    "count": 3 * (3 + 3 + 2) + 3 + 1,
    "weight_ih": W_ih.tolist(),
    "weight_hh": W_hh.tolist(),
    "bias_ih": b_ih.tolist(),
    "bias_hh": b_hh.tolist(),
    "weight_ho": W_ho.tolist(),
    "bias_ho": b_ho.tolist(),
}


# %% nbgrader={"grade_id": "unpacking", "solution": true}
def unpack(numbers, D, H):
    """Cut a row of numbers into the parameters of a network.

    Args:
        numbers: (N,), an array with N = H (D + H + 2) + H + 1.
        D: numbers in a word vector.
        H: units of the cell.
    Returns:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,), weight_ho (1, H), bias_ho (1,), which
            lie in numbers one after the other, row by row.
    """
    ### BEGIN SOLUTION
    shapes = {"weight_ih": (H, D), "weight_hh": (H, H), "bias_ih": (H,), "bias_hh": (H,), "weight_ho": (1, H), "bias_ho": (1,)}
    params, start = {}, 0
    for name, shape in shapes.items():
        end = start + int(np.prod(shape))
        params[name] = numbers[start:end].reshape(shape)
        start = end
    return params
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_unpacking", "grade": true, "locked": true, "points": 2}
lab02.unpacking.check(unpack)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# How many numbers does each array take? Multiply the sizes of its axes. Where does the second array begin?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# A slice such as `numbers[9:18]` takes the numbers from index 9 up to, but not including, index 18; the next slice begins
# at 18. `reshape` gives a row of numbers its axes and fills them row by row.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `weight_ih` is `numbers[: H * D].reshape(H, D)`. Keep the end of each slice in a variable, `start`, and begin the next
# one there. You can write six slices one under another, or put the six shapes into a dict and loop over it.
#
# </details>

# %% [markdown]
# ## 2. Forward: from words to a loss (3 points)
#
# The cell reads the sentence word by word from a state of zeros. Only the state after the last word is looked at:
#
# $$
# \begin{aligned}
# a_t &= x_t W_{ih}^\top + b_{ih} + h_{t-1} W_{hh}^\top + b_{hh} \\
# h_t &= \tanh(a_t) \\
# y_T &= h_T W_{ho}^\top + b_{ho} \\
# p &= \sigma(y_T)
# \end{aligned}
# $$
#
# Here $p$ is the probability of label 1, friendly. The loss is the cross-entropy: $-\log p$ if the label is 1 and
# $-\log(1 - p)$ if it is 0. In words: minus the logarithm of the probability that the right answer got.
#
# A batch holds several sentences of the same length; each keeps its own $p$ and its own loss. Keep all states, because the
# way back needs them. Book: [forward by hand](book:bptt#bptt-forward-by-hand).

# %% nbgrader={"grade_id": "use_unpacking", "locked": true}
unpack = lab02.unpacking.or_reference(unpack)

# %%
# Worked example: "i love this book its amazing", label 1; compare the states with the chapter. b_hh is zero. There is one sentence, so
# plain vectors do; your function has a row for each sentence.
i, love, this = np.array([0.1, 0.2, 0.3]), np.array([0.4, 0.1, 0.5]), np.array([0.3, 0.2, 0.1])
book, its, amazing = np.array([0.6, 0.1, 0.4]), np.array([0.1, 0.3, 0.6]), np.array([0.5, 0.4, 0.2])
h_1 = np.tanh(W_ih @ i + b_ih)
h_2 = np.tanh(W_ih @ love + b_ih + W_hh @ h_1)
h_3 = np.tanh(W_ih @ this + b_ih + W_hh @ h_2)
h_4 = np.tanh(W_ih @ book + b_ih + W_hh @ h_3)
h_5 = np.tanh(W_ih @ its + b_ih + W_hh @ h_4)
h_6 = np.tanh(W_ih @ amazing + b_ih + W_hh @ h_5)
y_6 = 0.3 * h_6[0] + 0.2 * h_6[1] + 0.4 * h_6[2] + 0.1
p_love = float(1 / (1 + np.exp(-y_6)))
{
    "hs": [h.round(6).tolist() for h in (h_1, h_2, h_3, h_4, h_5, h_6)],
    "y": round(float(y_6), 6),
    "p": round(p_love, 6),
    "losses": round(float(-np.log(p_love)), 6),
}


# %% nbgrader={"grade_id": "reading", "solution": true}
def sentence_forward(params, xs, targets):
    """Read sentences from a state of zeros, and say how likely label 1 is and what that costs.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,), weight_ho (1, H), bias_ho (1,).
        xs: (T, B, D), the word vectors; T is at least 1.
        targets: (B,), the labels, each 0.0 or 1.0.
    Returns:
        hs: (T, B, H), the state after each word, an array.
        p: (B,), the probability of label 1 for each sentence.
        losses: (B,), the cross-entropy of each sentence in nats (natural logarithm).
        All three have the dtype of xs.
    """
    ### BEGIN SOLUTION
    h, hs = np.zeros((xs.shape[1], len(params["weight_hh"])), dtype=xs.dtype), []
    for x in xs:
        h = np.tanh(x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"])
        hs.append(h)
    y = h @ params["weight_ho"].T + params["bias_ho"]  # (B, 1)
    p = sigmoid(y[:, 0])
    losses = -np.log(np.where(targets == 1, p, 1 - p))
    return np.stack(hs), p, losses
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_reading", "grade": true, "locked": true, "points": 3}
lab02.reading.check(sentence_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Start with a state of zeros, `(B, H)`, and an empty list. `for x in xs` gives the words one after the other, each
# `(B, D)`. What must the name `h` stand for when the next word comes?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The equations are written with rows, so they can be copied: $x_t W_{ih}^\top$ is `x @ params["weight_ih"].T`. `y` has
# the shape `(B, 1)`; its only column is `y[:, 0]`. `sigmoid` is imported. `np.zeros` makes float64 unless you give it
# `dtype=xs.dtype`.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# After the loop `h` is the last state, and `np.stack` makes one array of the list. Which probability did the right label
# get? `np.where(targets == 1, p, 1 - p)` says it for every sentence. The losses are minus its logarithm.
#
# </details>

# %% [markdown]
# Now both sentences. Compare with the chapter, whose network it is: [the first
# sentence](book:bptt#bptt-forward-by-hand) and [the second](book:bptt#bptt-second-sentence).

# %% nbgrader={"grade_id": "use_reading", "locked": true}
sentence_forward = lab02.reading.or_reference(sentence_forward)

# %%
WORDS = {
    "i": (0.1, 0.2, 0.3),
    "love": (0.4, 0.1, 0.5),
    "this": (0.3, 0.2, 0.1),
    "book": (0.6, 0.1, 0.4),
    "its": (0.1, 0.3, 0.6),
    "amazing": (0.5, 0.4, 0.2),
    "hate": (0.7, 0.8, 0.1),
}
SENTENCES = {"i love this book its amazing": 1.0, "i hate this book": 0.0}  # to the label


def embed(sentence):
    """The word vectors of one sentence, as a batch of one: (T, 1, D)."""
    return np.array([[WORDS[word]] for word in sentence.split()])


params = unpack(numbers, 3, 3)
for sentence, label in SENTENCES.items():
    _, p, losses = sentence_forward(params, embed(sentence), np.array([label]))
    print(f"{sentence}: p = {p[0]:.6f}, label {label:.0f}, loss {losses[0]:.6f}")

# %% [markdown]
# The network calls both sentences friendly, with nearly the same probability. For the second one that is wrong, and so its
# loss is three times as large.
#
# ## 3. Back: the output (3 points)
#
# From here on $\mathrm{d}v$ is the gradient of the loss with respect to $v$. The loss of a batch is the **mean** of the
# losses of its sentences. For one sentence, the slope of the cross-entropy times the slope of the sigmoid comes out as
# *probability minus label*. So with $B$ sentences
#
# $$\mathrm{d}y = \frac{p - \text{target}}{B}.$$
#
# From the score the gradient goes to what made it: to the output layer, and down into the last state.
#
# $$
# \begin{aligned}
# \mathrm{d}W_{ho} &= \mathrm{d}y^\top h_T \\
# \mathrm{d}b_{ho} &= \textstyle\sum_{\text{batch}} \mathrm{d}y \\
# \mathrm{d}h_T &= \mathrm{d}y\, W_{ho}
# \end{aligned}
# $$
#
# Only the last word contributes to the first two, because only its state was looked at. Book: [by
# hand](book:bptt#bptt-by-hand), under "Back: the output".

# %%
# Worked example: the first sentence. There is one sentence in the batch, so the mean changes nothing.
dy_6 = p_love - 1
dh_6 = np.array([dy_6 * 0.3, dy_6 * 0.2, dy_6 * 0.4])
{
    "dy": round(dy_6, 6),
    "weight_ho": (dy_6 * h_6).round(6).tolist(),
    "bias_ho": round(dy_6, 6),
    "dh_T": dh_6.round(6).tolist(),
}


# %% nbgrader={"grade_id": "output", "solution": true}
def output_backward(params, hs, p, targets):
    """Send the gradient of the mean loss back to the output layer and to the last state.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,), weight_ho (1, H), bias_ho (1,).
        hs: (T, B, H), the states after each word.
        p: (B,), the probability of label 1 for each sentence.
        targets: (B,), the labels, each 0.0 or 1.0.
    Returns:
        dy: (B, 1), the gradient of the mean loss with respect to each score.
        dout: dict of weight_ho (1, H) and bias_ho (1,), the gradients of the output layer.
        dh_T: (B, H), the gradient with respect to the last state.
    """
    ### BEGIN SOLUTION
    dy = ((p - targets) / len(p))[:, None]  # (B, 1)
    dout = {"weight_ho": dy.T @ hs[-1], "bias_ho": dy.sum(axis=0)}
    dh_T = dy @ params["weight_ho"]  # (B, H)
    return dy, dout, dh_T
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_output", "grade": true, "locked": true, "points": 3}
lab02.output.check(output_backward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The equations give everything. Watch the shapes: `p - targets` has one axis, `(B,)`, and `dy` has two, `(B, 1)`, like
# the scores.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `[:, None]` makes a column of an array with one axis. The last state is `hs[-1]`. A gradient has the shape of what it
# belongs to: `(1, B)` times `(B, H)` is `(1, H)`, and that product also adds up over the sentences.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Divide `p - targets` by `len(p)` and make a column of it. The gradient of `weight_ho` is the transpose of that column
# times `hs[-1]`; the gradient of `bias_ho` is its sum along axis 0. `dh_T` is the column times `params["weight_ho"]`,
# without a transpose.
#
# </details>

# %% [markdown]
# ## 4. Back: from the last word to the first (4 points)
#
# Now the way back through time. At each word the gradient arrives at the state, goes through the slope of tanh to the
# pre-activation, and from there to the input and to the state before:
#
# $$
# \begin{aligned}
# \mathrm{d}a_t &= \mathrm{d}h_t \odot (1 - h_t^2) \\
# \mathrm{d}x_t &= \mathrm{d}a_t\, W_{ih} \\
# \mathrm{d}h_{t-1} &= \mathrm{d}a_t\, W_{hh}
# \end{aligned}
# $$
#
# where $\odot$ multiplies entry by entry. The walk begins with $\mathrm{d}h_T$ of part 3. At every word before the last
# one, nothing arrives but what the word after it sends, because the loss reads the last state only. After the first word
# the walk ends at the state of zeros: $\mathrm{d}h_0$ says how the loss would change if the sentence began from another
# state. Book: [the derivation](book:bptt#bptt-derivation).

# %% nbgrader={"grade_id": "use_output", "locked": true}
output_backward = lab02.output.or_reference(output_backward)

# %%
# Worked example: the first sentence, from "amazing" back to "i". The vectors are columns here, so the matrices stand on the
# left and are transposed; in the equations, and in your function, each sentence is a row.
da_6 = dh_6 * (1 - h_6**2)
da_5 = (W_hh.T @ da_6) * (1 - h_5**2)
da_4 = (W_hh.T @ da_5) * (1 - h_4**2)
da_3 = (W_hh.T @ da_4) * (1 - h_3**2)
da_2 = (W_hh.T @ da_3) * (1 - h_2**2)
da_1 = (W_hh.T @ da_2) * (1 - h_1**2)
das_love = (da_1, da_2, da_3, da_4, da_5, da_6)
{
    "das": [da.round(6).tolist() for da in das_love],
    "dxs": [(W_ih.T @ da).round(6).tolist() for da in das_love],
    "dstate0": (W_hh.T @ da_1).round(6).tolist(),
}


# %% nbgrader={"grade_id": "walk", "solution": true}
def walk_back(params, hs, dh_T):
    """Walk from the last word to the first, and find what arrives at each pre-activation, each input and the first state.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,), weight_ho (1, H), bias_ho (1,).
        hs: (T, B, H), the states after each word.
        dh_T: (B, H), the gradient with respect to the last state.
    Returns:
        das: (T, B, H), the gradient with respect to each pre-activation; das[0] belongs to the first word.
        dxs: (T, B, D), the gradient with respect to each word vector.
        dstate0: (B, H), the gradient with respect to the state before the first word.
    """
    ### BEGIN SOLUTION
    dh, das = dh_T, np.empty_like(hs)  # (B, H), (T, B, H)
    for t in reversed(range(len(hs))):
        das[t] = dh * (1 - hs[t] ** 2)
        dh = das[t] @ params["weight_hh"]
    dxs = das @ params["weight_ih"]  # (T, B, D)
    return das, dxs, dh
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_walk", "grade": true, "locked": true, "points": 4}
lab02.walk.check(walk_back)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Mirror the forward loop. There one variable, `h`, went from word to word; here it is `dh`, and it goes the other way.
# What is it before the first turn of the loop, that is, at the last word?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `for t in reversed(range(len(hs)))` visits the words from the last to the first. Two lines in the loop are enough: one
# for $\mathrm{d}a_t$, one that gives the name `dh` to what goes on to the word before. After the loop `dh` belongs to the
# state before the first word.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Make room for the results with `np.empty_like(hs)` and write `das[t]` in each turn. The slope is taken at `hs[t]`, the
# state after the word. `dh` is `das[t] @ params["weight_hh"]`; the worked example, which has one sentence as a column,
# needs a transpose there, and you, with a sentence in each row, do not.
#
# </details>

# %% [markdown]
# ## 5. The sums over time (3 points)
#
# Each word used the same weights. So each word has a share in their gradients, and the shares are added:
#
# $$
# \begin{aligned}
# \mathrm{d}W_{ih} &= \textstyle\sum_t \mathrm{d}a_t^\top x_t \\
# \mathrm{d}W_{hh} &= \textstyle\sum_t \mathrm{d}a_t^\top h_{t-1} \\
# \mathrm{d}b_{ih} = \mathrm{d}b_{hh} &= \textstyle\sum_t \sum_{\text{batch}} \mathrm{d}a_t
# \end{aligned}
# $$
#
# In each product stands what the weight met at that word: the input for $W_{ih}$, the state *before* the word for
# $W_{hh}$. Before the first word that is zeros, so there $W_{hh}$ has no share. Book: [one weight, many
# uses](book:bptt#bptt-idea).

# %% nbgrader={"grade_id": "use_walk", "locked": true}
walk_back = lab02.walk.or_reference(walk_back)

# %%
# Worked example: the first sentence. np.outer(u, v) is the matrix of all products of an entry of u and an entry of v.
dW_ih = np.outer(da_1, i) + np.outer(da_2, love) + np.outer(da_3, this)
dW_ih = dW_ih + np.outer(da_4, book) + np.outer(da_5, its) + np.outer(da_6, amazing)
dW_hh = np.outer(da_2, h_1) + np.outer(da_3, h_2) + np.outer(da_4, h_3) + np.outer(da_5, h_4) + np.outer(da_6, h_5)
db = da_1 + da_2 + da_3 + da_4 + da_5 + da_6
{
    "weight_ih": dW_ih.round(6).tolist(),
    "weight_hh": dW_hh.round(6).tolist(),
    "bias_ih": db.round(6).tolist(),
    "bias_hh": db.round(6).tolist(),
}


# %% nbgrader={"grade_id": "sums", "solution": true}
def sum_over_time(xs, hs, das):
    """Add up, over all words and sentences, what each use of the cell's parameters contributes to their gradients.

    Args:
        xs: (T, B, D), the word vectors.
        hs: (T, B, H), the state after each word; the state before the first word is zeros.
        das: (T, B, H), the gradient with respect to each pre-activation.
    Returns:
        dcell: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,), the gradients of the cell.
    """
    ### BEGIN SOLUTION
    befores = np.concatenate([np.zeros_like(hs[:1]), hs[:-1]])  # (T, B, H), the state before each word
    return {
        "weight_ih": sum(da.T @ x for da, x in zip(das, xs, strict=True)),
        "weight_hh": sum(da.T @ h for da, h in zip(das, befores, strict=True)),
        "bias_ih": das.sum(axis=(0, 1)),
        "bias_hh": das.sum(axis=(0, 1)),
    }
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_sums", "grade": true, "locked": true, "points": 3}
lab02.sums.check(sum_over_time)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The order does not matter here, because all of `das` is known: you may add from the first word on. For one word, the
# share of `weight_ih` is `das[t].T @ xs[t]`, which adds up the sentences of the batch, too.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `hs[t]` is the state after word `t`, so the state before it is `hs[t - 1]`. For `t = 0` that would be `hs[-1]`, the last
# state of all. What stands there in truth?
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# In a loop over `t`: add the share of `weight_ih` at every word, and that of `weight_hh`, with `hs[t - 1]`, at every word
# but the first. The biases need no loop: sum `das` over its axes 0 and 1. The running sums can begin as `np.zeros` of the
# right shape and the dtype of `das`.
#
# </details>

# %% [markdown]
# That was the whole of backpropagation through time. The cell below puts parts 2 to 5 in a row and prints the gradients of
# both sentences. Compare every number with [the chapter](book:bptt#bptt-second-sentence).

# %% nbgrader={"grade_id": "use_sums", "locked": true}
sum_over_time = lab02.sums.or_reference(sum_over_time)


# %%
def loss_and_gradients(params, xs, targets):
    """The mean loss, and its gradient with respect to every parameter: once forward, once back."""
    hs, p, losses = sentence_forward(params, xs, targets)
    _, dout, dh_T = output_backward(params, hs, p, targets)
    das, _, _ = walk_back(params, hs, dh_T)
    return losses.mean(), {**sum_over_time(xs, hs, das), **dout}


by_hand = {}
for sentence, label in SENTENCES.items():
    _, by_hand[sentence] = loss_and_gradients(params, embed(sentence), np.array([label]))
    print(f"{sentence}, label {label:.0f}")
    for name, gradient in by_hand[sentence].items():
        print(f"  {name:9}", np.array2string(gradient, precision=6, suppress_small=True, floatmode="fixed", prefix=" " * 12))

# %% [markdown]
# **Question.** In the first sentence every gradient is negative, in the second every one is positive. Why? And why are
# those of the second sentence larger?
#
# <details><summary>An answer</summary>
#
# All word vectors, all states and all weights here are positive, so more of any parameter raises the score, and with it
# $p$. For the first sentence that lowers the loss, for the second it raises it. The sign comes from
# $\mathrm{d}y = p - \text{label}$. So does most of the size: $0.678253$ against $-0.314789$. The network is wrong about the
# second sentence, so there is more to correct.
#
# </details>
#
# ## 6. The update step (1 point)
#
# A gradient changes nothing by itself. When the walk is complete, every parameter takes one step against its gradient,
# with the learning rate $\eta$:
#
# $$W \leftarrow W - \eta\, \mathrm{d}W.$$
#
# All six at once, and only now: had $W_{hh}$ changed on the way back, the rest of the walk would have belonged to another
# network. Book: [the update step](book:bptt#bptt-update).

# %%
# Worked example: "i hate this book", label 0, forward and back as above: the states are k_1 to k_4, what arrives
# at the pre-activations is e_1 to e_4. Then the mean of the two gradients, and a learning rate of 0.5.
hate = np.array([0.7, 0.8, 0.1])
k_1 = np.tanh(W_ih @ i + b_ih)
k_2 = np.tanh(W_ih @ hate + b_ih + W_hh @ k_1)
k_3 = np.tanh(W_ih @ this + b_ih + W_hh @ k_2)
k_4 = np.tanh(W_ih @ book + b_ih + W_hh @ k_3)
p_hate = float(1 / (1 + np.exp(-(0.3 * k_4[0] + 0.2 * k_4[1] + 0.4 * k_4[2] + 0.1))))
dy_4 = p_hate - 0
e_4 = np.array([dy_4 * 0.3, dy_4 * 0.2, dy_4 * 0.4]) * (1 - k_4**2)
e_3 = (W_hh.T @ e_4) * (1 - k_3**2)
e_2 = (W_hh.T @ e_3) * (1 - k_2**2)
e_1 = (W_hh.T @ e_2) * (1 - k_1**2)
dW_ih_hate = np.outer(e_1, i) + np.outer(e_2, hate) + np.outer(e_3, this) + np.outer(e_4, book)
dW_hh_hate = np.outer(e_2, k_1) + np.outer(e_3, k_2) + np.outer(e_4, k_3)
{
    "weight_ih": (W_ih - 0.5 * (dW_ih + dW_ih_hate) / 2).round(6).tolist(),
    "weight_hh": (W_hh - 0.5 * (dW_hh + dW_hh_hate) / 2).round(6).tolist(),
    "weight_ho": (W_ho - 0.5 * (dy_6 * h_6 + dy_4 * k_4) / 2).round(6).tolist(),
    "bias_ho": round(0.1 - 0.5 * (dy_6 + dy_4) / 2, 6),
}


# %% nbgrader={"grade_id": "update", "solution": true}
def take_step(params, gradients, lr):
    """Take one step of gradient descent with every parameter.

    Args:
        params: dict from the name of each parameter to its array.
        gradients: dict with the same keys, perhaps in another order; each array is shaped as the parameter.
        lr: the learning rate, a positive number.
    Returns:
        new_params: a new dict with the keys of params; params and its arrays stay as they are.
    """
    ### BEGIN SOLUTION
    return {name: params[name] - lr * gradients[name] for name in params}
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_update", "grade": true, "locked": true, "points": 1}
lab02.update.check(take_step)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Against the gradient means: subtract. Each parameter meets the gradient with the same name.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Do not write `params[name] -= ...`: that changes the arrays of the caller. `params[name] - ...` makes a new array.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Begin with an empty dict, loop over the names in `params`, and put the new array of each under its name. Or write the
# loop as one dict in braces, `{name: ... for name in params}`.
#
# </details>

# %% nbgrader={"grade_id": "use_update", "locked": true}
take_step = lab02.update.or_reference(take_step)


# %%
def mean_over_sentences(params):
    """The mean of the two sentences' losses, and of their gradients."""
    (loss_1, of_love), (loss_2, of_hate) = (loss_and_gradients(params, embed(s), np.array([label])) for s, label in SENTENCES.items())
    return (loss_1 + loss_2) / 2, {name: (of_love[name] + of_hate[name]) / 2 for name in of_love}


updated = params
for step in range(4):
    loss, gradients = mean_over_sentences(updated)
    print(f"updates taken: {step}, mean loss {loss:.6f}, weight_ih[0, 0] = {updated['weight_ih'][0, 0]:.6f}")
    updated = take_step(updated, gradients, 0.5)

# %% [markdown]
# The loss falls. In the chapter it is a little lower after one update, 0.709238, because there the word vectors and the first
# state take a step, too.
#
# ## 7. The second witness: measure (3 points)
#
# You have compared with the chapter. What if the chapter is wrong? A gradient can be measured, with no chain rule at all.
# Move one entry $w$ of one parameter a little up and a little down, and look at the loss that your `sentence_forward` gives:
#
# $$\mathrm{d}w \approx \frac{L(w + \varepsilon) - L(w - \varepsilon)}{2 \varepsilon}.$$
#
# This is the **central difference**. Do it for every entry of the parameter; between two entries, everything is as it was.
# $L$ is the mean of the losses over the sentences. Book: [measure a
# derivative](book:gradient_checking#gradient-checking-measure).

# %%
# Worked example: bias_ho in the first sentence, with a step of 0.01. It moves the score and nothing else, and the loss is
# log(1 + exp(-y)), which is -log p, since the label is 1.
loss_plus, loss_minus = np.log(1 + np.exp(-(y_6 + 0.01))), np.log(1 + np.exp(-(y_6 - 0.01)))
{
    "loss_plus": round(float(loss_plus), 6),
    "loss_minus": round(float(loss_minus), 6),
    "measured": round(float((loss_plus - loss_minus) / 0.02), 6),
}


# %% nbgrader={"grade_id": "measured", "solution": true}
def measure_gradient(params, xs, targets, name, eps):
    """Measure the gradient of the mean loss with respect to one parameter, by central differences.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,), weight_ho (1, H), bias_ho (1,).
        xs: (T, B, D), the word vectors.
        targets: (B,), the labels, each 0.0 or 1.0.
        name: which parameter is measured, such as "weight_hh".
        eps: how far each entry is moved, up and down.
    Returns:
        measured: an array with the shape and the dtype of params[name]. The arguments stay as they are.
    """
    ### BEGIN SOLUTION
    measured = np.zeros_like(params[name])
    for index in np.ndindex(measured.shape):
        losses = []
        for step in (eps, -eps):
            moved = params[name].copy()
            moved[index] += step
            losses.append(sentence_forward({**params, name: moved}, xs, targets)[2].mean())
        measured[index] = (losses[0] - losses[1]) / (2 * eps)
    return measured
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_measured", "grade": true, "locked": true, "points": 3}
lab02.measured.check(measure_gradient)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `for index in np.ndindex(array.shape)` visits every entry of an array with any number of axes, and `array[index]` is
# that entry. For each one you need two losses.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Copy the parameter with `.copy()`, move one entry of the copy, and give `sentence_forward` a dict in which the copy
# stands in the place of the parameter: `{**params, name: moved}` is such a dict, and `params` stays as it is. The losses
# are its third result.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Take a fresh copy for the way up and another one for the way down; then nothing has to be put back. The loss is the
# `.mean()` of the losses. Write `(up - down) / (2 * eps)` with both pairs of brackets into an array that began as
# `np.zeros_like(params[name])`.
#
# </details>

# %% [markdown]
# ## 8. How far apart? (1 point)
#
# Derived and measured gradients never agree in all digits. Whether a difference of $10^{-6}$ is much depends on the size
# of the gradient. So divide by it. The **relative error** of two numbers is
#
# $$\frac{|g - n|}{\max(|g|, |n|)},$$
#
# and two zeros, which are equal, have the error 0. It lies between 0 and 2: at 1 one of the numbers is nothing beside the
# other, and at 2 they have opposite signs and the same size. Book: [when are two gradients
# equal?](book:gradient_checking#gradient-checking-compare)

# %% nbgrader={"grade_id": "use_measured", "locked": true}
measure_gradient = lab02.measured.or_reference(measure_gradient)

# %%
# Worked example: two numbers that differ by a fifth, twice; two zeros; a zero and some rounding; opposite signs.
# g = 0.5, -0.2, 0, 0, 3e-9 and n = 0.4, -0.25, 0, 1e-12, -3e-9
{"errors": [round(0.1 / 0.5, 6), round(0.05 / 0.25, 6), 0.0, 1e-12 / 1e-12, 6e-9 / 3e-9]}


# %% nbgrader={"grade_id": "comparison", "solution": true}
def relative_error(g, n):
    """Compare two gradients entry by entry: their difference as a share of the larger one.

    Args:
        g, n: two arrays of the same shape, with any number of axes.
    Returns:
        errors: an array of that shape: |g - n| / max(|g|, |n|), and 0 where g and n are both 0.
    """
    ### BEGIN SOLUTION
    larger = np.maximum(np.abs(g), np.abs(n))
    return np.abs(g - n) / np.where(larger > 0, larger, 1)  # where both are zero: 0 / 1
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_comparison", "grade": true, "locked": true, "points": 1}
lab02.comparison.check(relative_error)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `np.abs` and `np.maximum` work entry by entry. (`np.max` would give the largest entry of one array.)
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Where both numbers are zero the formula is 0 / 0. Divide by something else there: any number that is not zero gives the
# right answer.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Give the larger of the two sizes a name. `np.where(condition, this, that)` takes `this` where the condition holds and
# `that` elsewhere: take the larger size where it is above zero, and 1 elsewhere, and divide by that.
#
# </details>

# %% nbgrader={"grade_id": "use_comparison", "locked": true}
relative_error = lab02.comparison.or_reference(relative_error)

# %% [markdown]
# ## 9. Three witnesses
#
# First your derivation against your measurement, for every parameter and both sentences.

# %%
for sentence, label in SENTENCES.items():
    _, by_hand[sentence] = loss_and_gradients(params, embed(sentence), np.array([label]))
    print(f"{sentence}\n  parameter  first entry: derived, measured   largest relative error")
    for name, derived in by_hand[sentence].items():
        measured = measure_gradient(params, embed(sentence), np.array([label]), name, 1e-5)
        print(f"  {name:9}  {derived.flat[0]:20.9f} {measured.flat[0]:12.9f} {relative_error(derived, measured).max():14.0e}")

# %% [markdown]
# Both could still agree on a wrong network, since the measurement runs your own `sentence_forward`. A third witness should
# have written its forward pass itself. PyTorch's `nn.RNN` has the same parameters, and its **autograd** applies the chain
# rule to every operation as it runs. The next cell is optional: it needs PyTorch, which does not run in the browser. There
# it says so, and you go on. Book: [the third witness](book:gradient_checking#gradient-checking-autograd).


# %%
def by_autograd(params, xs, target):
    """Loss and gradients of one sentence from PyTorch's own network, or None where PyTorch is not installed."""
    try:
        import torch
    except ImportError:
        return None
    rnn, out = torch.nn.RNN(3, 3, dtype=torch.float64), torch.nn.Linear(3, 1, dtype=torch.float64)
    rnn.load_state_dict({f"{name}_l0": torch.tensor(params[name]) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")})
    out.load_state_dict({"weight": torch.tensor(params["weight_ho"]), "bias": torch.tensor(params["bias_ho"])})
    _, h_T = rnn(torch.tensor(xs))  # (1, B, H): one layer
    loss = torch.nn.functional.binary_cross_entropy_with_logits(out(h_T[0])[:, 0], torch.tensor(target))
    loss.backward()
    gradients = {name.removesuffix("_l0"): p.grad.numpy() for name, p in rnn.named_parameters()}
    return loss.item(), gradients | {f"{name}_ho": p.grad.numpy() for name, p in out.named_parameters()}


third = {}
if not grading():
    for sentence, label in SENTENCES.items():
        third[sentence] = by_autograd(params, embed(sentence), np.array([label]))
        if third[sentence] is None:
            print("PyTorch is not installed here. Two witnesses will do: go on with the next cell.")
            break
        worst = {name: relative_error(by_hand[sentence][name], g).max() for name, g in third[sentence][1].items()}
        print(f"{sentence}: PyTorch's loss {third[sentence][0]:.6f}; largest relative error of your gradients {max(worst.values()):.0e}")


# %% [markdown]
# ## How small a step?
#
# You measured with $\varepsilon = 10^{-5}$. Would a smaller step be better? Five networks with other numbers, which `unpack`
# makes of random rows, read the first sentence. For each step from $10^{-1}$ down to $10^{-12}$, all 28 gradients are
# measured and compared with the derived ones. The error shown is the median of the 28 relative errors. Once everything is
# computed in float64, with about 16 digits, and once in float32, with about 7. **Before you run it: draw how you expect
# the two curves to look.** This takes a few seconds and is left out when the notebook is graded.


# %%
STEPS = np.logspace(-1, -12, 23)


def error_at_each_step(seed, dtype):
    """Median relative error of the measured gradients of one random network, for each step; derived in float64."""
    row = np.random.default_rng(seed).uniform(-1, 1, 28)
    xs, targets = embed("i love this book its amazing"), np.array([1.0])
    _, derived = loss_and_gradients(unpack(row, 3, 3), xs, targets)
    network, xs, targets = unpack(row.astype(dtype), 3, 3), xs.astype(dtype), targets.astype(dtype)
    error = []
    for eps in STEPS:
        measured = {name: measure_gradient(network, xs, targets, name, eps) for name in network}
        error.append(np.median(np.concatenate([relative_error(derived[name], measured[name]).ravel() for name in network])))
    return error


errors = {}
if not grading():
    for dtype in ("float64", "float32"):
        errors[dtype] = np.array([error_at_each_step(seed, dtype) for seed in range(5)])
        median = np.median(errors[dtype], axis=0)
        print(f"{dtype}: best step {STEPS[median.argmin()]:.0e}, error there {median.min():.0e}")

# %%
lines(
    {**errors, "a gradient that is wrong by 1 %": np.full(23, 0.01)},
    x=np.log10(STEPS),
    log_y=True,
    xlabel="step, as a power of ten",
    ylabel="median relative error",
    alt="Median relative error of the measured gradients against the step, both as powers of ten, five networks each, and a flat line "
    "at one percent. From the right, at large steps, both curves fall along one straight line. The float32 curve soon turns "
    "and rises again, crosses the line of one percent and ends level at 1. The float64 curve falls much further, turns near a step of "
    "a hundred-thousandth and rises along a straight line to about a thousandth at the smallest steps.",
)

# %% [markdown]
# Each line is the median of five networks, and the band reaches from the lowest to the highest.
#
# **Question 1.** From the right, both curves fall by two powers of ten for each power of ten of the step, as long as they
# fall. Then both rise again, by about one for one. Which error decides on which side?
#
# <details><summary>An answer</summary>
#
# On the right it is the formula: the central difference leaves out terms of size $\varepsilon^2$. On the left it is rounding:
# the two losses agree in most of their digits, the subtraction removes these, and what is left is divided by a small
# number. The rounding of a loss stays as large as it is, so its share grows as $1 / \varepsilon$. The two meet at the lowest
# point.
#
# </details>
#
# **Question 2.** Where is the best step, and how good is the best measurement, in float64 and in float32? A backward pass is
# wrong by 1 %. At a step of $10^{-5}$, which of the two measurements can tell?
#
# <details><summary>An answer</summary>
#
# In float64 the best step is near $10^{-5}$, and there the error is about $10^{-10}$. In float32 the best step is near
# $10^{-2}$, with an error of about $10^{-4}$. Rounding is $5 \cdot 10^8$ times as large there, so it takes over much earlier.
# At a step of $10^{-5}$, float64 can tell a mistake of 1 % by far, and float32 cannot: its own error is above that line.
# Check gradients in float64.
#
# </details>
#
# **Question 3.** Why does the float32 curve end at exactly 1?
#
# <details><summary>An answer</summary>
#
# At so small a step both losses are the same float32 number, and the measured gradient is 0. The relative error of 0 and a
# number that is not 0 is 1. First the change of the loss gets smaller than its last digit. At steps below $10^{-8}$ most
# parameters do not move at all: a float32 number near 0.5 plus $10^{-9}$ is the same number.
#
# </details>
#
# **Question 4.** For 28 gradients the measurement read the sentence 56 times. How often for D = 100 and H = 100? And your
# walk back?
#
# <details><summary>An answer</summary>
#
# There are $100 \cdot 202 + 101 = 20{,}301$ parameters, so 40,602 readings for one update. The walk back needs one reading and
# one way back, however many parameters there are. That is why gradients are derived, and measured only to check.
#
# </details>
#
# **Try it.** Break one line of your `walk_back` or `sum_over_time`, run that cell and then the table of part 9, without the
# `or_reference` cells between. Which parameters get a large relative error, and which do not notice? Or measure with a
# one-sided difference, $(L(w + \varepsilon) - L(w)) / \varepsilon$, and predict the slope of its curve on the right.
