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
# # Lab 9: generation
#
# A language model gives probabilities. In this lab you write what stands around it: the layout of the text that it learns
# from, the numbers that judge it, the choice of the next character, the dice, and a search for the most probable
# sequence. At the end small networks write with your functions, and you measure what each choice makes of them.
#
# **After this lab you can**
#
# - cut a text into parallel streams, with targets one character later;
# - compute bits per character and perplexity, and average in the right place;
# - sharpen, flatten and cut a distribution: temperature, top-k, top-p;
# - draw a token with nothing but one uniform number;
# - run a beam search, say what its width and its length normalisation do, and when it is exact.
#
# **You need** the chapters [A language model from scratch](book:character_language_model) and [Writing
# text](book:generation). **Time:** 80 to 110 minutes.
#
# **How it works.** There are eight functions to write. Replace `raise NotImplementedError()` with your code and run the
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
import re

import numpy as np

from rnncore.checks.labs import grading, lab09
from rnncore.plots import bars, lines
from rnncore.reference import (
    adam_step,
    clip_by_norm,
    embedding_backward,
    embedding_forward,
    gru_backward,
    gru_forward,
    gru_step_forward,
    init_adam,
    init_embedding,
    init_gru,
    init_linear,
    linear_backward,
    linear_forward,
    log_softmax,
    softmax,
    softmax_cross_entropy_backward,
    softmax_cross_entropy_forward,
)
from rnncore.tasks.sentiment import VOCABULARY, sentiment_sentences
from rnncore.tasks.text import Vocabulary, bigram_cross_entropy

for name in (
    "stream_batches",
    "bits_and_perplexity",
    "temperature_distribution",
    "top_k_distribution",
    "top_p_distribution",
    "draw_tokens",
    "extend_beam",
    "table_beam_search",
):
    globals().setdefault(name)  # None until you write it

# %% [markdown]
# ## 1. Streams (2 points)
#
# The text labels itself: the target at each step is the next character. To read fast, B readers work in parallel, each
# on a piece of its own, and all pieces are cut into chunks of T steps. With N characters and one of them needed as the
# last target, a piece is
#
# $$S = \lfloor (N - 1) / B \rfloor$$
#
# characters long, and stream $b$ starts at place $b\,S$. Of each piece as many whole chunks are used as fit; the rest is
# left out. So in chunk $k$, at step $t$ (counted from 0), in column $b$ stands
#
# $$\text{input} = \text{token}[\,b\,S + k\,T + t\,], \qquad \text{target} = \text{token}[\,b\,S + k\,T + t + 1\,].$$
#
# Each stream goes on in the next chunk where it stopped, so the state after one chunk is the right state before the next.
# Book: [streams](book:character_language_model#character-lm-streams).
#
# Axes have letters everywhere in this course: `T` steps in time, `B` sequences in a batch, `V` tokens in the vocabulary.

# %%
# Worked example: a text of 11 tokens that are their own places, 0 to 10; B = 2 streams, T = 2 steps in a chunk.
# S = (11 - 1) // 2 = 5: one stream starts at 0, the other at 5. Two chunks of 2 steps fit into 5 characters.
# A row is a step, and a column is a stream: [first stream, second stream].
chunk_0 = {"inputs": [[0, 5], [1, 6]], "targets": [[1, 6], [2, 7]]}
chunk_1 = {"inputs": [[2, 7], [3, 8]], "targets": [[3, 8], [4, 9]]}
{"batches": [[chunk_0["inputs"], chunk_0["targets"]], [chunk_1["inputs"], chunk_1["targets"]]]}


# %% nbgrader={"grade_id": "streams", "solution": true}
def stream_batches(tokens, T, B):
    """Lay a text out as B parallel streams and cut them into chunks of T steps.

    Args:
        tokens: (N,), whole numbers; N is at least T * B + 1.
        T: steps in a chunk.
        B: how many streams.
    Returns:
        batches: a list of pairs, one for each chunk: inputs (T, B), targets (T, B), arrays of whole numbers.
    """
    ### BEGIN SOLUTION
    length = (len(tokens) - 1) // B // T * T  # characters of each stream that fill whole chunks
    step = (len(tokens) - 1) // B  # where the next stream starts
    places = np.arange(length)[:, None] + step * np.arange(B)  # (length, B)
    inputs, targets = tokens[places], tokens[places + 1]
    return [(inputs[start : start + T], targets[start : start + T]) for start in range(0, length, T)]
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_streams", "grade": true, "locked": true, "points": 2}
lab09.streams.check(stream_batches)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two lengths are in play: the distance from the start of one stream to the start of the next, which is S, and the number
# of characters of each stream that fill whole chunks, which is S or a little less.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Build one table of all inputs first, with a column for each stream, and one of all targets; cut both into chunks at the
# end. A column of targets is cut from the text like the column of inputs, one place further on.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# The column of stream b is `tokens[b * S : b * S + length]`, where `length` is the largest multiple of T up to S. Columns
# are put side by side by `np.stack(columns, axis=1)`. The chunks are the rows `start : start + T` for `start` in
# `range(0, length, T)`.
#
# </details>

# %% [markdown]
# ## 2. Bits and perplexity (3 points)
#
# How good is a model on a text? The loss of a character is minus the logarithm of the probability that the model gave to
# it. Average the losses over time; then change the unit, or take the exponential, once:
#
# $$
# L = -\frac{1}{T} \sum_t \log p_t[\text{target}_t], \qquad
# \text{bits} = \frac{L}{\log 2}, \qquad
# \text{perplexity} = e^{L} = 2^{\,\text{bits}}.
# $$
#
# Bits per character are what a compressor would need; perplexity is among how many equally likely characters the model
# hesitates. The model hands you logits, so $p_t$ is their softmax. `log_softmax(logits)` gives the logarithm of the
# softmax along the last axis, and does not overflow. Here each stream gets its own two numbers. Book: [three names for one
# number](book:character_language_model#character-lm-perplexity).

# %%
# Worked example: four characters with the probabilities 1/4, 1/8, 1/2, 1/8 at each of three steps; the targets are the
# third, the first and the fourth character. One stream.
nats = -(np.log(1 / 2) + np.log(1 / 4) + np.log(1 / 8)) / 3
{"bits": [round(float(nats / np.log(2)), 6)], "perplexity": [round(float(np.exp(nats)), 6)]}


# %% nbgrader={"grade_id": "scores", "solution": true}
def bits_and_perplexity(logits, targets):
    """Score a model on B texts of T characters.

    Args:
        logits: (T, B, V), float64.
        targets: (T, B), whole numbers from 0 to V - 1.
    Returns:
        bits: (B,), bits per character of each text.
        perplexity: (B,), perplexity per character of each text.
    """
    ### BEGIN SOLUTION
    log_p = np.take_along_axis(log_softmax(logits), targets[..., None], axis=-1)[..., 0]  # (T, B)
    nats = -log_p.mean(axis=0)  # (B,)
    return nats / np.log(2), np.exp(nats)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_scores", "grade": true, "locked": true, "points": 3}
lab09.scores.check(bits_and_perplexity)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three steps: log-probabilities of all characters, of shape `(T, B, V)`; from these the one of the target at each step,
# `(T, B)`; then the mean over time, `(B,)`. Everything else is done with that mean.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Picking one entry along the last axis at each place is what `np.take_along_axis` does; its indices need as many axes as
# the array. Two loops over t and b are as right.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `np.take_along_axis(log_p_of_all, targets[..., None], axis=-1)` has the shape `(T, B, 1)`; `[..., 0]` removes the last
# axis. The mean over time is `.mean(axis=0)`. Mind the sign.
#
# </details>

# %% [markdown]
# ## 3. Temperature (2 points)
#
# From here on you choose the next character. A **temperature** $\tau$ divides the logits before the softmax:
#
# $$q_v = \frac{e^{y_v / \tau}}{\sum_u e^{y_u / \tau}}, \qquad \frac{q_a}{q_b} = \Big(\frac{p_a}{p_b}\Big)^{1/\tau}.$$
#
# Below 1 the best characters get more, above 1 they get less, and at 1 nothing changes. `softmax(logits)` works along the
# last axis. Book: [temperature](book:generation#generation-temperature).
#
# From now on the functions take logits of shape `(B, V)`, one row for each sequence that is being written, and return
# a distribution in each row.

# %%
# Worked example: the probabilities are 1/4, 1/8, 1/2, 1/8, and the temperature is 1/2. Square, then divide by the sum.
squares = np.array([1 / 16, 1 / 64, 1 / 4, 1 / 64])
{"q": (squares / squares.sum()).round(6).tolist()}


# %% nbgrader={"grade_id": "temperature", "solution": true}
def temperature_distribution(logits, temperature):
    """Sharpen or flatten a distribution.

    Args:
        logits: (B, V); they may be so large that their exponentials overflow, and one row may be far below another.
        temperature: a positive number.
    Returns:
        q: (B, V), probabilities in the dtype of the logits; each row sums to 1.
    """
    ### BEGIN SOLUTION
    return softmax(logits / temperature)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_temperature", "grade": true, "locked": true, "points": 2}
lab09.temperature.check(temperature_distribution)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which comes first, the division or the softmax? Look at the exponent in the equation.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# One softmax is enough. If your rows do not sum to 1, something happens after it that should happen before.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Divide all logits by the temperature, and give the result to `softmax`. It subtracts the largest logit of each row itself,
# so that nothing overflows.
#
# </details>

# %% [markdown]
# ## 4. Top-k (3 points)
#
# A temperature never makes a probability 0, and many small ones add up. **Top-k** keeps the $k$ best characters of each
# row, gives the others exactly 0, and rescales what is left so that it sums to 1:
#
# $$q_v = \frac{p_v}{\sum_{u \text{ kept}} p_u} \quad (v \text{ kept}), \qquad q_v = 0 \quad (v \text{ not kept}).$$
#
# **Ties.** Exactly $k$ are kept. Of equally good characters, the one with the smaller number counts as the better.
# `np.argsort(-logits, axis=-1, kind="stable")` lists the characters of each row from the best to the worst with that rule.
# Cut probabilities, not logits: `softmax` takes finite numbers only. Book: [top-k](book:generation#generation-top-k), [by
# hand](book:generation#generation-by-hand).

# %%
# Worked example: the probabilities are 1/4, 1/8, 1/2, 1/8, and k = 3. The third and the first are kept, and of the second
# and the fourth, which are equally good, the second.
kept = np.array([1 / 4, 1 / 8, 1 / 2, 0])
{"q": (kept / kept.sum()).round(6).tolist()}


# %% nbgrader={"grade_id": "top_k", "solution": true}
def top_k_distribution(logits, k):
    """Keep the k best tokens of each row, and rescale.

    Args:
        logits: (B, V).
        k: a whole number from 1 to V.
    Returns:
        q: (B, V), probabilities in the dtype of the logits, k of them in each row not 0; of equally good tokens the first counts
            as the better.
    """
    ### BEGIN SOLUTION
    order = np.argsort(-logits, axis=-1, kind="stable")  # (B, V), from the best token to the worst
    rank = np.argsort(order, axis=-1)  # (B, V), 0 for the best token, 1 for the next
    kept = np.where(rank < k, softmax(logits), 0)
    return kept / kept.sum(axis=-1, keepdims=True)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_top_k", "grade": true, "locked": true, "points": 3}
lab09.top_k.check(top_k_distribution)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Take the softmax, put zeros in the places of what is not kept, and divide each row by its sum. The only question is which
# places.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `order = np.argsort(-logits, axis=-1, kind="stable")` answers "which character comes at place 0, 1, 2, ...?". So
# `order[b, :k]` are the characters of row b that stay, and `order[b, k:]` those that go. A loop over the rows is enough.
# A threshold such as "at least as good as the k-th" would keep too many where there are ties.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# In a loop over the rows: `q[b, order[b, k:]] = 0`, where `q` is the softmax. Afterwards divide by
# `q.sum(axis=-1, keepdims=True)`. (Without a loop: `np.argsort(order, axis=-1)` turns the order round into the rank of each
# character, 0 for the best.)
#
# </details>

# %% [markdown]
# ## 5. Top-p (3 points)
#
# One k must serve places where one character is nearly certain and places where twenty are possible. **Top-p** cuts where
# the probability is. Sort the characters of a row, best first, $p_{(1)} \ge p_{(2)} \ge \dots$, and keep the fewest that
# reach the share $p$ (without an index) together. The one that crosses $p$ is kept:
#
# $$
# n = \min \{ m : \textstyle\sum_{i \le m} p_{(i)} \ge p \}, \qquad
# q_{(i)} = \frac{p_{(i)}}{p_{(1)} + \dots + p_{(n)}} \quad (i \le n).
# $$
#
# The same in other words: a character stays if what stands *before* it has less than p together. Nothing stands before the
# best, so the nucleus is never empty. The tie rule is that of part 4. Book: [top-p](book:generation#generation-top-p), [a
# nucleus without the character that crosses](book:generation#generation-mistakes).

# %%
# Worked example: the probabilities are 1/4, 1/8, 1/2, 1/8, and p = 0.8. In order: 1/2, 1/4, 1/8, 1/8. What stands before
# them: 0, 1/2, 3/4, 7/8. The first three have less than 0.8 before them: the third, the first and the second character.
nucleus = np.array([1 / 4, 1 / 8, 1 / 2, 0])
{"q": (nucleus / nucleus.sum()).round(6).tolist()}


# %% nbgrader={"grade_id": "top_p", "solution": true}
def top_p_distribution(logits, p):
    """Keep the fewest best tokens of each row that reach p together, and rescale.

    Args:
        logits: (B, V).
        p: a number above 0, at most 1; 1 keeps every token.
    Returns:
        q: (B, V), probabilities in the dtype of the logits; of equally good tokens the first counts as the better.
    """
    ### BEGIN SOLUTION
    probabilities = softmax(logits)
    order = np.argsort(-logits, axis=-1, kind="stable")  # (B, V), from the best token to the worst
    best_first = np.take_along_axis(probabilities, order, axis=-1)
    before = np.cumsum(best_first, axis=-1) - best_first  # what the better tokens have together
    size = (before < p).sum(axis=-1, keepdims=True)  # (B, 1), of the nucleus
    rank = np.argsort(order, axis=-1)  # (B, V), 0 for the best token, 1 for the next
    kept = np.where(rank < size, probabilities, 0)
    return kept / kept.sum(axis=-1, keepdims=True)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_top_p", "grade": true, "locked": true, "points": 3}
lab09.top_p.check(top_p_distribution)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# It is top-k with a k of its own in each row. Find out how many characters the nucleus of a row has, and use what you did in
# part 4.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# In one row: sort the probabilities, best first, and form their running sum with `np.cumsum`. Subtract from it the sorted
# probabilities themselves: that is what stands before each. Count in how many places it is below p.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# For row b, with `q` the softmax and `order` as in part 4: `best = q[b, order[b]]`, `before = np.cumsum(best) - best`,
# `n = (before < p).sum()`, and then `q[b, order[b, n:]] = 0`. Rescale at the end. What you set to 0 must stand at the
# characters' own places, not at their places in the sorted order.
#
# </details>

# %% [markdown]
# ## 6. The dice (2 points)
#
# All that randomness must supply is one number $u$ for each character, uniform from 0 up to but not including 1. Lay the
# probabilities end to end, in the order of the characters: each gets a piece of the line from 0 to 1 that is as long as its
# probability. The character in whose piece $u$ falls is drawn. With the running sums $c_v = q_0 + \dots + q_v$ that is
#
# $$\text{token} = \min \{ v : c_v > u \}.$$
#
# It says "above", not "at least": $u$ can be exactly 0, and a character with probability 0 must never be drawn. Book: [the
# loop, the choice and the dice](book:generation#generation-loop).

# %%
# Worked example: three rows with the probabilities 1/4, 1/8, 1/2, 1/8, and u = 0.1, 0.3, 0.8.
# The running sums are 1/4, 3/8, 7/8 and 1. The first one above 0.1 is that of token 0, above 0.3 of 1, above 0.8 of 2.
{"tokens": [0, 1, 2]}


# %% nbgrader={"grade_id": "draw", "solution": true}
def draw_tokens(probabilities, u):
    """Draw a token from each row.

    Args:
        probabilities: (B, V), from 0 up; each row sums to 1.
        u: (B,), numbers from 0 up to but not including 1, one for each row; none lies so close to 1 that rounding matters.
    Returns:
        tokens: (B,), an array of whole numbers; a token of probability 0 is never drawn.
    """
    ### BEGIN SOLUTION
    reached = np.cumsum(probabilities, axis=1)  # (B, V)
    return (reached <= u[:, None]).sum(axis=1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_draw", "grade": true, "locked": true, "points": 2}
lab09.draw.check(draw_tokens)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `np.cumsum(..., axis=1)` gives the running sums of every row. They never fall along a row. So the ones that are not above u
# come first, and the token you look for follows them.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Either count, in each row, the running sums that are not above u: their number is the number of the token. Or find the
# first place where the running sum is above u: `argmax` of an array of true and false gives the first true.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# To compare each row with its own u, give u a second axis: `u[:, None]`. Compare with `>` (and `argmax` along axis 1) or
# with `<=` (and `sum` along axis 1).
#
# </details>

# %% [markdown]
# ## 7. One step of a beam (2 points)
#
# So far each character was chosen by itself. **Beam search** looks for a probable *sequence*. It keeps several beginnings.
# At each step every beginning is extended by every token, and of all these continuations the `width` most probable are
# kept, whichever beginnings they come from. Logarithms of probabilities are added:
#
# $$\log p(\text{beginning } w, \text{ then token } v) = \log p_w + \log p(v \mid w).$$
#
# One beginning may have several continuations among the kept, another none. Book: [beam
# search](book:generation#generation-beam).

# %%
# Worked example: the small language of the book after one token. The beginnings are a (0.45) and b (0.35); the tokens are
# a, b and the full stop. After a: 0.2, 0.5, 0.3; after b: 0.4, 0.1, 0.5. The width is 2.
after_a, after_b = 0.45 * np.array([0.2, 0.5, 0.3]), 0.35 * np.array([0.4, 0.1, 0.5])
print("a:", after_a.round(4), "b:", after_b.round(4))
# The best two of the six are ab (0.225: parent 0, token 1) and b. (0.175: parent 1, token 2).
{"log_p_next": np.log([0.225, 0.175]).round(6).tolist(), "parents": [0, 1], "tokens": [1, 2]}


# %% nbgrader={"grade_id": "extension", "solution": true}
def extend_beam(log_p, log_next, width):
    """Extend every beginning by every token, and keep the best of these.

    Args:
        log_p: (W,), log-probability of each beginning; W is at least 1.
        log_next: (W, V), log-probability of each token after each beginning.
        width: how many to keep; if there are fewer, all are kept.
    Returns:
        log_p_next: (n,), log-probabilities of what is kept, the best first; n is the smaller one of width and W * V.
        parents: (n,), the number of the beginning that each one continues.
        tokens: (n,), the token that it adds.
        No two continuations are equally probable in the checks.
    """
    ### BEGIN SOLUTION
    total = (log_p[:, None] + log_next).ravel()  # (W * V,)
    best = np.argsort(-total, kind="stable")[:width]
    V = log_next.shape[1]
    return total[best], best // V, best % V
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_extension", "grade": true, "locked": true, "points": 2}
lab09.extension.check(extend_beam)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Make the table of all continuations first, of shape `(W, V)`. Then you need its largest entries and where they stand: the
# row is the parent, and the column is the token.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Sorting is easiest with the table flattened by `.ravel()`. The rows then lie one after the other, V entries each. So which
# row and which column does the entry at place 7 come from, if V is 3?
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `np.argsort(-total)[:width]` are the places of the best. A whole-number division of a place by V gives the row, and the
# remainder the column; `np.divmod(best, V)` gives both. The log-probabilities are `total[best]`.
#
# </details>

# %% [markdown]
# ## 8. Beam search (3 points)
#
# Now the loop. The model is a table: row $i$ of `log_next` holds the log-probabilities of every token after token $i$. One
# token, `end`, ends a sequence; its row says what may come first. The search starts from one beginning without tokens, with
# $\log p = 0$, as if `end` had just been read. In each of up to `max_length` steps,
#
# 1. the open beginnings are extended with `extend_beam`; there are always `width` places;
# 2. a continuation that adds `end` is finished and leaves the beam. At step `max_length` everything counts as finished;
# 3. the others are the open beginnings of the next step. If none is left, the search is over.
#
# The lines above your code start the search, and those below it sort what you put into `found`; leave both as they are.
#
# The finished sequences compete by their score, in which $L$ is the number of tokens, with the end token if it was reached:
#
# $$\text{score} = \frac{\log p}{L^{a}}.$$
#
# With $a = 0$ short sequences win, as every further token makes $\log p$ smaller. $a > 0$ is **length normalisation**. Book:
# [beam search](book:generation#generation-beam), [the most probable sentence](book:generation#generation-length).

# %% nbgrader={"grade_id": "use_extension", "locked": true}
extend_beam = lab09.extension.or_reference(extend_beam)

# %%
# Worked example: the small language, width 2, at most 3 tokens, a = 0.5; tokens a = 0, b = 1, full stop = 2 (the end).
# Step 1 keeps a (0.45) and b (0.35). Step 2 keeps ab (0.225) and b. (0.175), which is finished, with 2 tokens.
# Step 3 extends ab alone: ab. (0.1125) and aba (0.09) are kept, and both are finished, with 3 tokens.
found = {"b.": np.log(0.175) / 2**0.5, "ab.": np.log(0.1125) / 3**0.5, "aba": np.log(0.09) / 3**0.5}
print({sequence: round(float(score), 6) for sequence, score in found.items()})
# The best two are returned, as rows that are filled up with the end token.
{"scores": [round(float(found["b."]), 6), round(float(found["ab."]), 6)], "sequences": [[1, 2, 2], [0, 1, 2]]}


# %% nbgrader={"grade_id": "search", "solution": true}
def table_beam_search(log_next, end, width, max_length, a):
    """Search for the sequences with the best score.

    Args:
        log_next: (V, V), float64; row i holds the log-probability of each token after token i, the row of `end` that of each
            first token.
        end: the token that ends a sequence.
        width: how many continuations are kept at each step, the finished ones among them.
        max_length: how many tokens a sequence has at most; what is open then counts as finished.
        a: the exponent of the length, from 0 up.
    Returns:
        scores: (n,), the best score first; n is the smaller one of width and the number of finished sequences.
        sequences: (n, max_length), their tokens, filled up with `end`.
    """
    log_p, beginnings = np.zeros(1), np.zeros((1, 0), dtype=int)  # one beginning, still without a token
    last, found = np.array([end]), []  # pairs of score and tokens
    ### BEGIN SOLUTION
    for t in range(1, max_length + 1):
        log_p, parents, last = extend_beam(log_p, log_next[last], width)
        beginnings = np.column_stack([beginnings[parents], last])  # (W, t)
        done = (last == end) | (t == max_length)
        found += zip(log_p[done] / t**a, beginnings[done], strict=True)
        log_p, beginnings, last = log_p[~done], beginnings[~done], last[~done]
        if not len(last):
            break
    ### END SOLUTION
    found = sorted(found, key=lambda pair: -pair[0])[:width]
    sequences = np.full((len(found), max_length), end)
    for row, (_, tokens) in zip(sequences, found, strict=True):
        row[: len(tokens)] = tokens
    return np.array([score for score, _ in found]), sequences


# %% nbgrader={"grade_id": "check_search", "grade": true, "locked": true, "points": 3}
lab09.search.check(table_beam_search)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three things belong to the open beginnings and must always be selected together: their log-probabilities `log_p`, their
# tokens `beginnings` and their last tokens `last`. `found` collects what has ended. The lines after your code sort it and
# fill it up.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# In step t: `extend_beam(log_p, log_next[last], width)` gives new log-probabilities, parents and tokens. The new beginnings
# are those of the parents, `beginnings[parents]`, with the tokens as one more column. Then decide which are done: the token
# is `end`, or t is `max_length`.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `np.column_stack([beginnings[parents], last])` appends the column. With `done` an array of true and false, put
# `(log_p[i] / t**a, beginnings[i])` into `found` for each i that is done, and go on with `log_p[~done]`,
# `beginnings[~done]` and `last[~done]`. Leave the loop if nothing is left: `extend_beam` needs at least one beginning.
#
# </details>

# %% [markdown]
# ## 9. Sentences about films
#
# Now everything works together. The text is made of sentences about films from a small grammar, with 31 different words.
# They are written out in characters, so a network must learn to spell first. For such a text you can tell every word that
# does not exist.

# %% nbgrader={"grade_id": "use_all", "locked": true}
stream_batches = lab09.streams.or_reference(stream_batches)
bits_and_perplexity = lab09.scores.or_reference(bits_and_perplexity)
temperature_distribution = lab09.temperature.or_reference(temperature_distribution)
top_k_distribution = lab09.top_k.or_reference(top_k_distribution)
top_p_distribution = lab09.top_p.or_reference(top_p_distribution)
draw_tokens = lab09.draw.or_reference(draw_tokens)
table_beam_search = lab09.search.or_reference(table_beam_search)


# %%
def film_text(seed, count):
    """Sentences, one on a line."""
    sentences = sentiment_sentences(np.random.default_rng(seed), count)
    return "".join(" ".join(words).replace(" ,", ",") + ".\n" for words, _ in sentences)


train_text, held_out = film_text(0, 6000), film_text(1, 800)
WORDS = set(VOCABULARY) - {"<pad>", ","}
characters = Vocabulary("".join(sorted(set(train_text))))
V, START = len(characters), int(characters.encode("\n")[0])
print(f"{len(train_text)} characters, {V} of them different; {len(WORDS)} words\n")
print(train_text[:200])

# %% [markdown]
# ### The most probable sentence
#
# First your beam search, on a table of pairs of *words*, counted in the training text. The full stop ends a sentence. (0.01
# is added to every count, so that no logarithm is taken of 0.)

# %%
tokens = re.findall(r"[a-z]+|[.,]", train_text)
words = sorted(set(tokens))
number, STOP = {word: i for i, word in enumerate(words)}, words.index(".")
counts = np.full((len(words), len(words)), 0.01)
np.add.at(counts, ([STOP, *(number[word] for word in tokens[:-1])], [number[word] for word in tokens]), 1)
log_pairs = np.log(counts / counts.sum(axis=1, keepdims=True))

lengths = {}
for a in (0.0, 1.0):
    for width in (1, 3, 30, 300):
        scores, sequences = table_beam_search(log_pairs, STOP, width, 20, a)
        sentence = [words[token] for token in sequences[0]]
        sentence = sentence[: sentence.index(".") + 1] if "." in sentence else sentence
        lengths[a, width] = len(sentence)
        print(f"a = {a:g}, width {width:3}: score {scores[0]:7.3f}, {' '.join(sentence)}")

# %% [markdown]
# **Question.** With $a = 0$, what does a wider beam change, and why is the score of width 1 so low? What does $a = 1$ mend,
# and what not? Which of these lines could stand in the training text?
#
# <details><summary>An answer</summary>
#
# Width 1 takes the best next word at each step. It runs into a loop that never reaches the full stop, and pays for twenty
# words. Wider beams find shorter and shorter sequences, and these are more probable, because they pay for fewer words:
# with $a = 0$ a width of 30 finds *the ending .*, which is no sentence of the text. A table of pairs does not know that a
# verb is still missing. The search did its work; it is the model that holds this for probable. With $a = 1$ the mean
# log-probability of a word decides, and from width 30 on a longer sequence wins. But it is a half sentence again:
# *although* needs a second part after a comma. What the sequences look like is up to the table alone; a search can only find
# what the table prefers. None of these lines could stand in the text.
#
# </details>

# %% [markdown]
# ### Networks that write
#
# Three small GRUs read the training text in the streams of part 1, for 300 steps of training. Then they are scored on text
# they have not read, and they write: 32 texts of 400 characters with each setting, all from the same uniform numbers, so
# that only the choice differs.


# %%
UNITS = 32


def read(params, inputs, state):
    xs, embedding = embedding_forward(params["embedding"], inputs)
    hs, state_T, gru = gru_forward(params["gru"], xs, state)
    logits, output = linear_forward(params["output"], hs)  # (T, B, V)
    return logits, state_T, (embedding, gru, output)


def train(seed, steps=300, T=32, B=32):
    rng = np.random.default_rng(seed)
    params = {"embedding": init_embedding(rng, V, 16), "gru": init_gru(rng, 16, UNITS), "output": init_linear(rng, UNITS, V)}
    adam, batches, state = init_adam(params), stream_batches(characters.encode(train_text), T, B), np.zeros((B, UNITS))
    for step in range(steps):
        inputs, targets = batches[step % len(batches)]
        logits, state, (embedding, gru, output) = read(params, inputs, state)
        _, loss = softmax_cross_entropy_forward(logits, targets)
        doutput, dhs = linear_backward(output, softmax_cross_entropy_backward(loss))
        dgru, dxs, _ = gru_backward(gru, dhs)
        gradients = {"embedding": embedding_backward(embedding, dxs), "gru": dgru, "output": doutput}
        gradients, _ = clip_by_norm(gradients, 1.0)
        params, adam = adam_step(params, gradients, adam, lr=0.01 * (1 - step / steps))
    return params


def write(params, choose, length=400, B=32):
    """Let a network write; `choose` makes probabilities of logits, and your dice draw."""
    uniform = np.random.default_rng(2).random((length, B))
    h, tokens, written = np.zeros((B, UNITS)), np.full(B, START), []
    for u in uniform:
        h, _ = gru_step_forward(params["gru"], params["embedding"]["weight"][tokens], h)
        logits, _ = linear_forward(params["output"], h)
        tokens = draw_tokens(choose(logits), np.minimum(u, 1 - 1e-9))  # a sum of rounded probabilities may miss 1 by a little
        written.append(tokens)
    return [characters.decode(column) for column in np.stack(written, axis=1)]


def unknown(texts):
    """Share of words that do not exist; the last word of a text may be cut off and does not count."""
    found = [word for text in texts for word in re.findall(r"[a-z]+", text)[:-1]]
    return np.mean([word not in WORDS for word in found])


def repeated(texts, width=20):
    """Share of windows of 20 characters that stood in the same text before."""
    windows = [[text[i : i + width] for i in range(len(text) - width + 1)] for text in texts]
    return np.mean([1 - len(set(one)) / len(one) for one in windows])


real = [film_text(100 + i, 12)[:400] for i in range(32)]
print(f"real text: {unknown(real):.3f} unknown words, {repeated(real):.3f} repeated windows")

# %% [markdown]
# Three networks, training and writing, take about seven seconds on one core. This is left out when the notebook is graded.

# %%
TEMPERATURES = (0.3, 0.5, 0.7, 1.0, 1.3)
SETTINGS = {f"temperature {tau}": (temperature_distribution, tau) for tau in TEMPERATURES}
SETTINGS |= {f"top-k {k}": (top_k_distribution, k) for k in (1, 2, 4)}
SETTINGS |= {f"top-p {p}": (top_p_distribution, p) for p in (0.5, 0.8, 0.95)}
bits, errors, repetition = {}, {}, {}
if not grading():
    networks = [train(seed) for seed in range(3)]
    inputs, targets = stream_batches(characters.encode(held_out), 1000, 32)[0]
    logits = [read(params, inputs, np.zeros((32, UNITS)))[0] for params in networks]
    bits["networks"] = np.array([[bits_and_perplexity(y / tau, targets)[0].mean() for tau in TEMPERATURES] for y in logits])
    for name, (distribution, value) in SETTINGS.items():
        texts = [write(params, lambda y, d=distribution, v=value: d(y, v)) for params in networks]
        errors[name] = np.array([unknown(one) for one in texts])  # (networks,)
        repetition[name] = np.array([repeated(one) for one in texts])
        print(f"{name:16} unknown {np.median(errors[name]):.3f}, repeated {np.median(repetition[name]):.3f}: {texts[0][0][:60]!r}")

# %% [markdown]
# First the scores. Dividing the logits by a temperature changes the model's probabilities, so the text that it has not read
# gets another number of bits at each temperature. The line is the median of three networks, and the band reaches from the
# lowest to the highest. What counting pairs of characters reaches is printed above the figure.

# %%
pairs = bigram_cross_entropy(characters.encode(train_text), characters.encode(held_out), V) / np.log(2)
print(f"counting pairs of characters reaches {pairs:.2f} bits")
lines(
    {"networks": bits.get("networks", np.full(len(TEMPERATURES), np.nan))},
    x=np.array(TEMPERATURES),
    xlabel="temperature",
    ylabel="bits per character of unread text",
    alt="Bits per character of unread text against the temperature, three networks with their spread. The curve is lowest at 0.7, a little "
    "higher at 1, and rises on both sides to about 0.6 at the ends, 0.3 and 1.3.",
)

# %% [markdown]
# Then the text they write. Two shares against the temperature, and the share of repeated windows in real text. Real text has
# no unknown words at all.

# %%
shares = {"unknown words": errors, "repeated windows": repetition}
lines(
    {
        **{name: np.array([values[f"temperature {tau}"] for tau in TEMPERATURES]).T for name, values in shares.items() if values},
        "repeated in real text": np.full(len(TEMPERATURES), repeated(real)),
    },
    x=np.array(TEMPERATURES),
    xlabel="temperature",
    ylabel="share",
    alt="Share of unknown words and of repeated windows against the temperature, three networks. Unknown words rise from near 0 to about "
    "0.3; repeated windows fall from about 0.08 to nearly 0, and cross the level of real text near 0.7.",
)

# %% [markdown]
# Last, three settings of three methods, chosen because their texts repeat themselves about as much as real text does, beside
# sampling with nothing changed.

# %%
ALIKE = ("temperature 0.7", "top-k 4", "top-p 0.8")
for name in ALIKE:
    if repetition:
        print(f"{name:16} repeated {np.median(repetition[name]):.3f} (real text {repeated(real):.3f})")
bars(
    {**{name: errors[name] for name in ("temperature 1.0", *ALIKE) if errors}, "real text": unknown(real)},
    ylabel="share of unknown words",
    alt="Share of unknown words for temperature 1, temperature 0.7, top-k 4 and top-p 0.8, three networks with their spread, and real text."
    " Temperature 1 is highest, top-k 4 next, temperature 0.7 much lower, top-p 0.8 close to 0, and real text has none.",
)

# %% [markdown]
# **Questions.**
#
# 1. The chapter found the lowest loss at temperature 1. In the first figure it is lower at 0.7. What is wrong with these
#    networks, and what would mend it?
# 2. In the second figure, which temperature would you choose if you looked at unknown words only, and what would you get?
# 3. The three methods of the last figure repeat themselves about equally. Why does top-k break so many more words than
#    top-p?
#
# <details><summary>Answers</summary>
#
# 1. They have been trained for 300 steps only, and are less sure than they could be: at most places inside a word only one
#    character is right, and they still leave some probability to others. A temperature below 1 makes up for a part
#    of that. Training is what pushes the best temperature towards 1; with `train(0, steps=1200)` the bits at 1 are lower
#    than at 0.7, and lower than anything in the figure. So a temperature that improves the score shows that the model is not
#    as sure as it should be, or surer. It does not make the model know more.
# 2. The lowest: at 0.3 hardly any word is unknown. But such texts repeat themselves several times as often as real text. The
#    two curves pull in opposite directions, so never look at one of them alone. Near 0.7 the repetition is that of real text.
#    At 1, one word in ten does not exist.
# 3. At most places inside a word one character has nearly all of the probability. Top-p then keeps this one alone, while
#    top-k keeps four, three of which are wrong, and there are many such places in every text. Between words, where many
#    characters are right, top-k cuts off some of them and top-p keeps as many as it needs. This is one small kind of model
#    on an easy text. Measure before you believe it of another.
#
# </details>
#
# **Try it.** Change one thing and predict the result before you run it: `train` with 1,200 steps, and all three figures; a
# temperature of 0.5 on top of top-p 0.9; `UNITS = 64`; a table of pairs that is counted in a text of
# your own.
