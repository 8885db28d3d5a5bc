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
# # Lab 1: the recurrent cell
#
# You write a recurrent network from nothing but NumPy: one step, a whole sequence, and the gradient of both. At the end
# your own functions learn to read short film reviews, and you look at why long ones are hard.
#
# **After this lab you can**
#
# - write a recurrent step and the loop over time from their equations;
# - carry a gradient back through one step and through a sequence, and say where each term comes from;
# - turn the last state into a probability;
# - read from a figure how far back a gradient reaches.
#
# **You need** the chapter [The recurrent cell](book:recurrent_cell), matrix products in NumPy, and the chain rule.
# **Time:** 60 to 90 minutes.
#
# **How it works.** There are five functions to write. Replace `raise NotImplementedError()` with your code and run the
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
from rnncore.checks.labs import grading, lab01
from rnncore.plots import lines
from rnncore.reference import (
    RNNCache,
    RNNStepCache,
    adam_step,
    clip_by_norm,
    init_adam,
    init_linear,
    init_rnn,
    linear_backward,
    linear_forward,
    sigmoid,
    sigmoid_cross_entropy_backward,
    sigmoid_cross_entropy_forward,
)

for name in ("rnn_step_forward", "rnn_forward", "rnn_step_backward", "rnn_backward", "predict"):
    globals().setdefault(name)  # None until you write it

# %% [markdown]
# ## 1. One step forward (3 points)
#
# A recurrent cell reads one input and changes its state. The new state mixes what the cell reads with what it
# remembers:
#
# $$a_t = x_t W_{ih}^\top + b_{ih} + h_{t-1} W_{hh}^\top + b_{hh}, \qquad h_t = \tanh(a_t).$$
#
# Row $i$ of each weight matrix belongs to unit $i$ of the state, which is why the matrices are transposed here. There
# are two biases because PyTorch has two; the names and shapes of all parameters are PyTorch's. Book: [one
# step](book:recurrent_cell#recurrent-cell-step).
#
# Axes have letters everywhere in this course: `T` steps in time, `B` sequences in a batch, `D` numbers in an input, `H`
# numbers in a state. Besides the new state a step returns a **cache**: a named tuple of what the way back, in part 3,
# will need. Its last field, `nonlinearity`, is always `"tanh"` here; the cell of rnncore knows others.

# %%
# Worked example: every array holds one number.
# x = 1.0, h = 0.5, weight_ih = 0.8, bias_ih = 0.1, weight_hh = 0.4, bias_hh = -0.2
a_1 = 1.0 * 0.8 + 0.1 + 0.5 * 0.4 - 0.2
{"a": round(a_1, 6), "h_next": round(float(np.tanh(a_1)), 6)}


# %% nbgrader={"grade_id": "step_forward", "solution": true}
def rnn_step_forward(params, x, h):
    """Take one time step.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        x: (B, D), the input at this step.
        h: (B, H), the state before it.
    Returns:
        h_next: (B, H), the state after the step.
        cache: `RNNStepCache(params, x, h, h_next, "tanh")`, what the backward pass will need.
    """
    ### BEGIN SOLUTION
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]  # (B, H)
    h_next = np.tanh(a)
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_step_forward", "grade": true, "locked": true, "points": 3}
lab01.step_forward.check(rnn_step_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Look at the shapes. `x` is `(B, D)`, `weight_ih` is `(H, D)`, and the result must be `(B, H)`. Which of the two has to
# be transposed, and which comes first?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `a` is the sum of four terms: two matrix products with `@` and two biases. A bias of shape `(H,)` is added to every
# row of a `(B, H)` array by itself.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# The term of the input is `x @ params["weight_ih"].T + params["bias_ih"]`. The term of the state looks the same, with
# `h` and the other two parameters. Then `np.tanh`, and `return h_next, RNNStepCache(...)` with the five values in the
# order of the docstring.
#
# </details>

# %% [markdown]
# ## 2. A sequence forward (3 points)
#
# The same cell, with the same weights, reads the inputs one after the other. What one step leaves behind is where the
# next one starts:
#
# $$h_0 = \text{state0}, \qquad h_t = \text{step}(x_t, h_{t-1}), \quad t = 1, \dots, T.$$
#
# Time is the first axis of `xs`, so `for x in xs` is the recurrence. As Python counts from 0, `hs[0]` is $h_1$. Keep
# each state and each step's cache; the backward pass needs them. Book: [a
# sequence](book:recurrent_cell#recurrent-cell-sequence), [the first
# state](book:recurrent_cell#recurrent-cell-initial-state).

# %% nbgrader={"grade_id": "use_step_forward", "locked": true}
rnn_step_forward = lab01.step_forward.or_reference(rnn_step_forward)

# %%
# Worked example: the cell of part 1 reads 1.0, then -1.0.
h_1 = np.tanh(1.0 * 0.8 + 0.1 + 0.5 * 0.4 - 0.2)
h_2 = np.tanh(-1.0 * 0.8 + 0.1 + h_1 * 0.4 - 0.2)
{"hs": [round(float(h_1), 6), round(float(h_2), 6)], "state_T": round(float(h_2), 6)}


# %% nbgrader={"grade_id": "sequence_forward", "solution": true}
def rnn_forward(params, xs, state0):
    """Run the cell over a sequence, each step starting from the state the last one left.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        xs: (T, B, D), the inputs; T is at least 1.
        state0: (B, H), the state before the first step.
    Returns:
        hs: (T, B, H), the state after each step, an array.
        state_T: (B, H), the state after the last step.
        cache: `RNNCache(steps, hs)`, with the list of the caches of the steps, the first step first.
    """
    ### BEGIN SOLUTION
    h = state0
    hs, steps = [], []
    for x in xs:
        h, step = rnn_step_forward(params, x, h)
        hs.append(h)
        steps.append(step)
    hs = np.stack(hs)  # (T, B, H)
    return hs, h, RNNCache(steps, hs)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_sequence_forward", "grade": true, "locked": true, "points": 3}
lab01.sequence_forward.check(rnn_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# You need one variable for the state that lives through the whole loop. What is its value before the first step, and
# where does it change?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Start with `h = state0` and two empty lists. In each step call `rnn_step_forward`, give its first result the name `h`
# again, and append the state to one list and the cache to the other.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `np.stack` makes one `(T, B, H)` array from a list of `T` arrays. After the loop `h` already is `state_T`. The cache
# is `RNNCache(steps, hs)`.
#
# </details>

# %% [markdown]
# ## 3. One step backward (5 points)
#
# To learn, the network needs the gradient of the loss with respect to every parameter. Backpropagation asks each step
# one question: if $\mathrm{d}h_t$ is the gradient with respect to the state after the step, what is the gradient with
# respect to everything that went into it? Write $\mathrm{d}v$ for the gradient of the loss with respect to $v$. The
# chain rule goes back through tanh first. Its slope at $a_t$ is $1 - \tanh^2(a_t) = 1 - h_t^2$, so no new tanh is
# needed:
#
# $$\mathrm{d}a_t = \mathrm{d}h_t \odot (1 - h_t^2),$$
#
# where $\odot$ multiplies entry by entry. Then it goes through the sum and the two matrix products:
#
# $$
# \begin{aligned}
# \mathrm{d}W_{ih} &= \mathrm{d}a_t^\top x_t \\
# \mathrm{d}W_{hh} &= \mathrm{d}a_t^\top h_{t-1} \\
# \mathrm{d}b_{ih} = \mathrm{d}b_{hh} &= \textstyle\sum_{\text{batch}} \mathrm{d}a_t \\
# \mathrm{d}x_t &= \mathrm{d}a_t W_{ih} \\
# \mathrm{d}h_{t-1} &= \mathrm{d}a_t W_{hh}
# \end{aligned}
# $$
#
# All sequences of the batch share the weights, so their gradients are added up: in the first two products the sum over
# the batch is part of the matrix product, and for the biases you write it. Book: [activations and their
# slopes](book:recurrent_cell#recurrent-cell-activations).

# %%
# Worked example: the step of part 1, where a was 0.9, with dh_next = 1.0.
da_1 = 1.0 * float(1 - np.tanh(0.9) ** 2)
{
    "weight_ih": round(da_1 * 1.0, 6),
    "weight_hh": round(da_1 * 0.5, 6),
    "bias_ih": round(da_1, 6),
    "bias_hh": round(da_1, 6),
    "dx": round(da_1 * 0.8, 6),
    "dh": round(da_1 * 0.4, 6),
}


# %% nbgrader={"grade_id": "step_backward", "solution": true}
def rnn_step_backward(cache, dh_next):
    """Carry the gradient of the loss back through one time step.

    Args:
        cache: what `rnn_step_forward` returned: params, x (B, D), h (B, H), h_next (B, H), "tanh".
        dh_next: (B, H), gradient with respect to the state after the step.
    Returns:
        dparams: dict with the gradient of every parameter, with the keys of params, each shaped as the parameter.
        dx: (B, D).
        dh: (B, H), gradient with respect to the state before the step.
    """
    params, x, h, h_next, _ = cache
    ### BEGIN SOLUTION
    da = dh_next * (1 - h_next**2)  # (B, H)
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.sum(axis=0), "bias_hh": da.sum(axis=0)}
    dx = da @ params["weight_ih"]
    dh = da @ params["weight_hh"]
    return dparams, dx, dh
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_step_backward", "grade": true, "locked": true, "points": 5}
lab01.step_backward.check(rnn_step_backward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Compute `da` first; everything else is made from `da`. Which state does the slope of tanh use, the one before the step
# or the one after it?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# A gradient has the shape of what it belongs to. `weight_ih` is `(H, D)`; from `da` `(B, H)` and `x` `(B, D)` only one
# product has that shape. For `dx` `(B, D)` the transpose of the forward pass is gone.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `weight_ih` gets `da.T @ x`. What did `weight_hh` multiply in the forward pass? A bias gets `da.sum(axis=...)`: sum
# away the axis that the bias does not have. `dx` is `da @ params["weight_ih"]`, and `dh` is built in the same way.
#
# </details>

# %% [markdown]
# ## 4. A sequence backward (6 points)
#
# Now back through the whole sequence, from the last step to the first: backpropagation through time. Each state matters
# in two ways. It may be used directly, by a layer above: that part of the gradient comes from outside and stands in
# `dhs[t]`. And the next step starts from it: that part comes back from the future, as the `dh` which the next step
# returned. The two are added:
#
# $$\mathrm{d}h_t = \texttt{dhs[t]} + \mathrm{d}h_t^{\text{from step } t+1}.$$
#
# Behind the last step there is no next one; in its place stands `dstate_T`, or zero if that is `None`. Every step used
# the same weights, so their gradients are added over time. Book: [mistakes and what they look
# like](book:recurrent_cell#recurrent-cell-mistakes).

# %% nbgrader={"grade_id": "use_sequence_forward_step_backward", "locked": true}
rnn_forward = lab01.sequence_forward.or_reference(rnn_forward)
rnn_step_backward = lab01.step_backward.or_reference(rnn_step_backward)

# %%
# Worked example: the two steps of part 2, with dhs = [0.5, 1.0] from outside.
h_0 = 0.5
da_2 = 1.0 * (1 - h_2**2)
da_1 = (0.5 + da_2 * 0.4) * (1 - h_1**2)
{
    "weight_ih": round(float(da_1 * 1.0 + da_2 * -1.0), 6),
    "weight_hh": round(float(da_1 * h_0 + da_2 * h_1), 6),
    "bias_ih": round(float(da_1 + da_2), 6),
    "bias_hh": round(float(da_1 + da_2), 6),
    "dxs": [round(float(da_1 * 0.8), 6), round(float(da_2 * 0.8), 6)],
    "dstate0": round(float(da_1 * 0.4), 6),
}


# %% nbgrader={"grade_id": "sequence_backward", "solution": true}
def rnn_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back through the whole sequence (BPTT).

    Args:
        cache: what `rnn_forward` returned: steps, a list of T step caches, and hs (T, B, H).
        dhs: (T, B, H), the part of the gradient that reaches each state from outside the recurrence.
        dstate_T: (B, H), the same for state_T; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter, summed over time.
        dxs: (T, B, D).
        dstate0: (B, H).
    """
    ### BEGIN SOLUTION
    params = cache.steps[0].params
    dparams = {name: np.zeros_like(value) for name, value in params.items()}
    dh = np.zeros_like(dhs[0]) if dstate_T is None else dstate_T
    dxs = []
    for step, dh_t in zip(reversed(cache.steps), dhs[::-1], strict=True):
        step_dparams, dx, dh = rnn_step_backward(step, dh_t + dh)  # from above, and from the future
        for name in dparams:
            dparams[name] += step_dparams[name]
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_sequence_backward", "grade": true, "locked": true, "points": 6}
lab01.sequence_backward.check(rnn_backward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Mirror the forward loop. There one variable, `h`, went from step to step; here it is `dh`, and it goes the other way.
# What is it before the first turn of the loop, that is, behind the last step?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# In each turn: call `rnn_step_backward` with the step's cache and the sum of `dhs[t]` and `dh`; give its last result
# the name `dh`; add its `dparams` to the running sums; keep its `dx`. The running sums start as arrays of zeros, a new
# one for each parameter.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `for t in reversed(range(len(dhs)))` visits the steps from the last to the first, with `cache.steps[t]` and `dhs[t]`.
# You meet the `dx` of the last step first, so turn their list round before `np.stack`. After the loop `dh` is the
# gradient of `state0`. `np.zeros_like(array)` has the shape and the dtype of `array`.
#
# </details>

# %% [markdown]
# You added the weights' gradients up at every step. `rnncore` keeps $\mathrm{d}a_t$ of each step instead and forms each
# sum once, after the loop, as one product over all steps and sequences: the same numbers in less time.
#
# There is a check that needs no right answer: move an entry of an argument a little and measure how the outputs move.
# The cell below does so for every parameter, input and starting state, and compares what it measures with what your
# `rnn_backward` says. You can use it for any gradient you will ever derive.

# %% nbgrader={"grade_id": "use_sequence_backward", "locked": true}
rnn_backward = lab01.sequence_backward.or_reference(rnn_backward)

# %%
rng = np.random.default_rng(1)
xs, state0 = rng.standard_normal((5, 2, 3)), rng.standard_normal((2, 4))
if not grading():  # hundreds of calls, which no mark hangs on
    check_gradient(rnn_forward, rnn_backward, init_rnn(rng, 3, 4), xs, state0, rng=rng)
    print("Derived and measured gradients agree.")

# %% [markdown]
# ## 5. From the last state to a probability (3 points)
#
# Is a film review positive? The network reads it word by word and answers once, at the end. The last state has seen
# everything, so it goes through one linear unit, and a sigmoid turns the result into the probability that the label is
# 1:
#
# $$p = \sigma(h_T w^\top + b), \qquad \sigma(u) = \frac{1}{1 + e^{-u}}.$$
#
# You may use `sigmoid` and `linear_forward` from rnncore; of `linear_forward(params, h)` the first result is
# $h\, w^\top + b$, with an axis for the one unit, and the second a cache. Book: [from a state to an
# output](book:recurrent_cell#recurrent-cell-by-hand).

# %%
# Worked example: the cell of part 1 starts from zero and reads 1.0, then -1.0; the linear unit has weight 2 and bias 0.5.
first = np.tanh(1.0 * 0.8 + 0.1 + 0.0 * 0.4 - 0.2)
last = np.tanh(-1.0 * 0.8 + 0.1 + first * 0.4 - 0.2)
{"p": round(float(sigmoid(last * 2.0 + 0.5)), 6)}


# %% nbgrader={"grade_id": "prediction", "solution": true}
def predict(params, xs):
    """Read sequences and give each the probability that its label is 1: the last state, one linear unit, a sigmoid.

    Args:
        params: dict of two dicts: params["rnn"] as above, and params["linear"] with weight (1, H) and bias (1,).
        xs: (T, B, D), the sequences. Each is read from a state of zeros.
    Returns:
        p: (B,), one probability for each sequence, in the dtype of xs.
    """
    ### BEGIN SOLUTION
    state0 = np.zeros((xs.shape[1], len(params["rnn"]["weight_hh"])), dtype=xs.dtype)
    _, state_T, _ = rnn_forward(params["rnn"], xs, state0)
    logits, _ = linear_forward(params["linear"], state_T)  # (B, 1)
    return sigmoid(logits[:, 0])
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_prediction", "grade": true, "locked": true, "points": 3}
lab01.prediction.check(predict)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three calls in a row: `rnn_forward`, `linear_forward`, `sigmoid`. Which of the results of `rnn_forward` do you need?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `state0` is an array of zeros with shape `(B, H)`. `B` is the second axis of `xs`, and `H` is the number of rows of
# `weight_hh`. Give it the dtype of `xs`, because `np.zeros` alone makes float64.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `logits, _ = linear_forward(params["linear"], ...)` has the shape `(B, 1)`. Take its only column, so that one number
# is left for each sequence.
#
# </details>

# %% [markdown]
# ## 6. Read film reviews
#
# Now your functions learn something. A review begins with *not* or *really* and ends with *good* or *bad*; the words
# between say nothing. *not ... bad* and *really ... good* are positive. Each of the two words alone says nothing about
# the label, so the network has to remember the first until it reads the last. With `length` you choose for how long.

# %% nbgrader={"grade_id": "use_prediction", "locked": true}
predict = lab01.prediction.or_reference(predict)

# %%
WORDS = ["not", "really", "good", "bad", "this", "film", "is", "so"]


def reviews(rng, length, count):
    """Draw reviews of `length` words: token numbers (length, count), and labels (count,), 1 for positive."""
    tokens = rng.integers(4, len(WORDS), (length, count))
    tokens[0] = rng.integers(0, 2, count)
    tokens[-1] = rng.integers(2, 4, count)
    return tokens, ((tokens[0] == 1) == (tokens[-1] == 2)).astype(float)


def one_hot(tokens):
    return np.eye(len(WORDS))[tokens]  # (T, B, D)


tokens, labels = reviews(np.random.default_rng(0), length=5, count=6)
for review, label in zip(tokens.T, labels, strict=True):
    print("positive" if label else "negative", "", " ".join(WORDS[token] for token in review))


# %% [markdown]
# The loss is the cross-entropy of the probabilities. Its gradient enters your `rnn_backward` at the last state only, as
# `dstate_T`; no other state is used from outside, so `dhs` is zero. The rest is Adam with clipped gradients, both from
# rnncore.


# %%
def loss_and_gradients(params, xs, labels):
    state0 = np.zeros((xs.shape[1], len(params["rnn"]["weight_hh"])))
    hs, state_T, rnn_cache = rnn_forward(params["rnn"], xs, state0)
    logits, linear_cache = linear_forward(params["linear"], state_T)
    loss, loss_cache = sigmoid_cross_entropy_forward(logits[:, 0], labels)

    dlogits = sigmoid_cross_entropy_backward(loss_cache)[:, None]
    dlinear, dstate_T = linear_backward(linear_cache, dlogits)
    drnn, dxs, _ = rnn_backward(rnn_cache, np.zeros_like(hs), dstate_T)
    return loss, {"rnn": drnn, "linear": dlinear}, dxs


def new_params(rng, hidden_size=16):
    return {"rnn": init_rnn(rng, len(WORDS), hidden_size), "linear": init_linear(rng, hidden_size, 1)}


def train(length, seed, steps=400, every=20):
    """Train one network; return its accuracy on 200 fresh reviews, measured after every 20 steps."""
    rng = np.random.default_rng(seed)
    params = new_params(rng)
    adam = init_adam(params)
    test_tokens, test_labels = reviews(rng, length, 200)
    accuracy = []
    for step in range(1, steps + 1):
        tokens, labels = reviews(rng, length, 32)
        _, gradients, _ = loss_and_gradients(params, one_hot(tokens), labels)
        gradients, _ = clip_by_norm(gradients, 1.0)
        params, adam = adam_step(params, gradients, adam, lr=0.01)
        if step % every == 0:
            accuracy.append(np.mean((predict(params, one_hot(test_tokens)) > 0.5) == test_labels))
    return accuracy


# %% [markdown]
# Three lengths, five seeds each: fifteen networks. It takes some seconds, and is left out when the notebook is graded.

# %%
accuracy = {}
if not grading():
    for length in (4, 8, 16):
        accuracy[f"{length} words"] = np.array([train(length, seed) for seed in range(5)])
        print(f"{length} words: accuracy at the end, for five seeds:", accuracy[f"{length} words"][:, -1])

# %%
lines(
    accuracy,
    x=np.arange(20, 401, 20),
    xlabel="training steps",
    ylabel="accuracy on 200 fresh reviews",
    alt="Accuracy against training steps for reviews of 4, 8 and 16 words, five seeds each. Four words: every seed soon reaches 1. "
    "Eight words: about one half for a while, then a steep rise. Sixteen words: most seeds stay near one half.",
)

# %% [markdown]
# Each line is the median of five seeds, and the band reaches from the lowest to the highest. A coin would have 0.5.
#
# Why is a review of 16 words so much harder than one of 4? Nothing else has changed: the same cell, the same number of
# parameters, the same two words to compare. Look at the gradient that your `rnn_backward` sends to each word, in
# networks that have not learned anything yet.

# %%
reach = []
for seed in range(5):
    rng = np.random.default_rng(seed)
    tokens, labels = reviews(rng, 16, 32)
    _, _, dxs = loss_and_gradients(new_params(rng), one_hot(tokens), labels)
    size = np.linalg.norm(dxs, axis=(1, 2))  # (T,)
    reach.append(size / size[-1])
lines(
    {"gradient": np.array(reach)},
    xlabel="word",
    ylabel="size of its gradient (last word: 1)",
    log_y=True,
    alt="Size of the gradient that reaches each of 16 words, relative to the last word, on a logarithmic scale, for five seeds. "
    "It falls by a similar factor with each step back, to less than a thousandth at the first word.",
)

# %% [markdown]
# **Question.** On a logarithmic axis the gradient falls along nearly a straight line. What does that say about how it
# depends on the distance from the end, and what has it to do with the curves of the first figure? Which lines of your
# `rnn_step_backward` make it fall?
#
# <details><summary>An answer</summary>
#
# A straight line on a logarithmic axis means that each step back multiplies the gradient by about the same factor, so
# it shrinks exponentially with the distance. The first word decides the label together with the last one, but what the
# loss says about it hardly arrives, and the longer the review the less. With 4 words enough arrives: every network has
# learned the task within 200 steps. With 8 it takes longer before anything happens. With 16 most networks have not
# begun to use the first word when training ends. The factor comes from two lines: `da`, where the slope of tanh is at
# most 1, and `dh`, the product with `weight_hh`, whose entries are small at the start. This is a vanishing gradient, in
# networks whose states have not vanished at all. Book: [the two are different
# things](book:recurrent_cell#recurrent-cell-vanishing).
#
# </details>
#
# **Try it.** Change one thing and predict the figure before you run it: 1,600 training steps in place of 400;
# `hidden_size=64`; or `params["rnn"]["weight_hh"] = np.eye(16)` in `train`, right after `new_params`, so that the state
# is first of all kept.
