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
# # Lab 11: attention
#
# You write attention from nothing but NumPy: scores, a softmax that obeys a mask, the weighted sum, and the way back
# through each. Then a second score, the additive one. At the end your own functions learn to read dates, and you read
# the map of their weights.
#
# **After this lab you can**
#
# - write score, softmax and context as code, for many queries and a batch at once;
# - mask what must not be looked at, and test that nothing leaks;
# - carry a gradient back through all three, and through two kinds of scores;
# - read an attention map, and say what it does not tell you.
#
# **You need** the chapter [Attention](book:attention), and for the last part [Attention at work:
# dates](book:date_normalisation). From the earlier labs you need no code. **Time:** 90 to 110 minutes.
#
# **How it works.** There are eight functions to write, each of a few lines. Replace `raise NotImplementedError()` with
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
import datetime

import numpy as np

from rnncore.checks import check_gradient
from rnncore.checks.labs import grading, lab11
from rnncore.plots import heatmap, lines
from rnncore.reference import (
    AdditiveScoresCache,
    AttentionCache,
    DotScoresCache,
    MaskedSoftmaxCache,
    WeightedSumCache,
    adam_step,
    clip_by_norm,
    embedding_backward,
    embedding_forward,
    encoder_backward,
    encoder_forward,
    gru_backward,
    gru_forward,
    init_adam,
    init_additive_scores,
    init_encoder_decoder,
    init_multiplicative_scores,
    length_mask,
    linear_backward,
    linear_forward,
    softmax_cross_entropy_backward,
    softmax_cross_entropy_forward,
    teacher_forced_inputs,
)
from rnncore.widgets.attention_map import model

for name in (
    "dot_scores_forward",
    "masked_softmax_forward",
    "weighted_sum_forward",
    "weighted_sum_backward",
    "masked_softmax_backward",
    "dot_scores_backward",
    "additive_scores_forward",
    "additive_scores_backward",
):
    globals().setdefault(name)  # None until you write it

# %% [markdown]
# ## 1. Dot scores (2 points)
#
# Attention is a lookup that compares. A **query** says what a step is looking for, a **key** says what an entry can be
# found by, and the **score** says how well the two fit. The simplest score is the dot product, the sum of the products
# of their numbers. It is large if the two vectors point the same way. The **scaled** one is divided by the square root
# of the size K of a key:
#
# $$e_{ts} = q_t \cdot k_s, \qquad \text{scaled:} \quad e_{ts} = \frac{q_t \cdot k_s}{\sqrt K}.$$
#
# Book: [score, softmax, context](book:attention#attention-context), [why divide by the square
# root](book:attention#attention-scale).
#
# Axes have letters everywhere in this course. Here are `T` steps that ask, `S` entries that are asked, `B` sequences in
# a batch, and `K` numbers in a query or key. Every query of a sequence meets every key *of the same sequence*: the
# scores are `(T, B, S)`, one row of S numbers for each query.

# %%
# Worked example: two queries, (ln 3, 0) and (0, ln 3); three keys, (1, 0), (0, 1) and (0, 0); one sequence.
q_1, q_2 = [np.log(3), 0.0], [0.0, np.log(3)]
k_1, k_2, k_3 = [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]
e = [[q[0] * k[0] + q[1] * k[1] for k in (k_1, k_2, k_3)] for q in (q_1, q_2)]
{"scores": np.round(e, 6).tolist(), "scaled": (np.array(e) / np.sqrt(2)).round(6).tolist()}


# %% nbgrader={"grade_id": "dot_forward", "solution": true}
def dot_scores_forward(queries, keys, scaled=False):
    """Score every query against every key of its sequence by their dot product.

    Args:
        queries: (T, B, K).
        keys: (S, B, K).
        scaled: divide by sqrt(K).
    Returns:
        scores: (T, B, S), in the dtype of the inputs.
        cache: `DotScoresCache(queries, keys, scale)`, what the backward pass will need: the two arrays as they came, and
            the number that multiplies each dot product, 1 / sqrt(K) or 1.0.
    """
    ### BEGIN SOLUTION
    scale = float(1 / np.sqrt(keys.shape[-1])) if scaled else 1.0
    return scale * np.einsum("tbk,sbk->tbs", queries, keys), DotScoresCache(queries, keys, scale)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_dot_forward", "grade": true, "locked": true, "points": 2}
lab11.dot_forward.check(dot_scores_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# For one sequence b you would multiply a matrix of queries `(T, K)` with a transposed matrix of keys `(K, S)`. The axis
# `B` stays as it is: queries of sequence b meet keys of sequence b. `np.einsum` does that for all sequences at once.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# In `np.einsum` each axis has a letter, and a letter that is missing behind the arrow is summed over. Here the queries
# are `tbk`, the keys `sbk`, and the scores `tbs`: the products are summed over k. Four loops that fill an array of
# zeros in the dtype of `queries` are right as well.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `np.einsum("tbk,sbk->tbs", queries, keys)`, times a scale. Mind the dtype: `keys.shape[-1] ** -0.5` is a plain number
# of Python and leaves float32 as it is, while `1 / np.sqrt(keys.shape[-1])` is a float64 number of NumPy and makes
# float64 of everything it touches. `float(...)` around it mends that.
#
# </details>

# %% [markdown]
# ## 2. From scores to weights (3 points)
#
# A softmax makes shares of the scores: no weight is negative, and the weights of each query sum to 1 over the keys.
# Some entries must get nothing, such as the padding behind a short sequence. A **mask** is True where a key may be
# looked at. A hidden score becomes $-\infty$ *before* the softmax; its exponential is 0, and the others share the
# whole:
#
# $$w_{ts} = \frac{e^{e_{ts} - m_t}}{\sum_{s'} e^{e_{ts'} - m_t}}, \qquad m_t = \max_{s'} e_{ts'}.$$
#
# The maximum $m_t$ changes no weight, as it stands above and below. Without it the exponential of a large score is
# infinite. Each query needs its own maximum, over the scores that are not hidden. Book:
# [masks](book:attention#attention-masks), [a softmax that overflows](book:attention#attention-mistakes).
#
# The mask of the checks is `(B, S)`, a row for each sequence, or `(T, 1, S)`, or `None`, which hides nothing. NumPy
# stretches both to `(T, B, S)`. There is always at least one key to look at.

# %%
# Worked example: the scores of part 1; the mask hides the third key. The exponentials are 3, 1, 1 and 1, 3, 1.
exps = np.array([[3.0, 1.0, 1.0], [1.0, 3.0, 1.0]])
seen = exps * [1, 1, 0]
{
    "weights": (seen / seen.sum(axis=1, keepdims=True)).round(6).tolist(),
    "no mask": (exps / exps.sum(axis=1, keepdims=True)).round(6).tolist(),
}


# %% nbgrader={"grade_id": "softmax_forward", "solution": true}
def masked_softmax_forward(scores, mask=None):
    """Turn scores into weights along the last axis; what the mask hides gets weight 0.

    Args:
        scores: (T, B, S).
        mask: True where a key may be looked at, (B, S) or another shape that NumPy stretches to (T, B, S); None hides
            nothing.
    Returns:
        weights: (T, B, S), from 0 up, summing to 1 along the last axis.
        cache: `MaskedSoftmaxCache(weights)`, what the backward pass will need.
    """
    ### BEGIN SOLUTION
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    exp = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exp / exp.sum(axis=-1, keepdims=True)
    return weights, MaskedSoftmaxCache(weights)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_softmax_forward", "grade": true, "locked": true, "points": 3}
lab11.softmax_forward.check(masked_softmax_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# First the mask, then the maximum, then the exponential, then the division by the sum. In this order no later line
# needs to know that there was a mask. Do not write into `scores`: it belongs to the caller.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `np.where(condition, a, b)` makes a new array, with a where the condition is True and b elsewhere; it stretches a mask
# by itself. An index such as `scores[~mask]` does not. Over which axis do the weights of one query lie?
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# If there is a mask: `scores = np.where(mask, scores, -np.inf)`. Then `scores.max(axis=-1, keepdims=True)` is
# `(T, B, 1)`, and fits to be subtracted. The same with `sum` for the division.
#
# </details>

# %% [markdown]
# ## 3. The context (1 point)
#
# Each entry also has a **value**, what it has to say. A query gets the mean of the values, weighted with its weights:
#
# $$c_t = \sum_s w_{ts}\, v_s.$$
#
# The values are `(S, B, E)`, and so a context has E numbers, whatever S is. Book: [score, softmax,
# context](book:attention#attention-context).

# %%
# Worked example: the weights without a mask of part 2; three values, (10, 0), (0, 10) and (5, 5).
w_1, w_2 = [0.6, 0.2, 0.2], [0.2, 0.6, 0.2]
v_1, v_2, v_3 = [10.0, 0.0], [0.0, 10.0], [5.0, 5.0]
c = [[w[0] * v_1[j] + w[1] * v_2[j] + w[2] * v_3[j] for j in range(2)] for w in (w_1, w_2)]
{"contexts": np.round(c, 6).tolist()}


# %% nbgrader={"grade_id": "sum_forward", "solution": true}
def weighted_sum_forward(weights, values):
    """Add up the values, each times its weight.

    Args:
        weights: (T, B, S).
        values: (S, B, E).
    Returns:
        contexts: (T, B, E).
        cache: `WeightedSumCache(weights, values)`, what the backward pass will need.
    """
    ### BEGIN SOLUTION
    return np.einsum("tbs,sbe->tbe", weights, values), WeightedSumCache(weights, values)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_sum_forward", "grade": true, "locked": true, "points": 1}
lab11.sum_forward.check(weighted_sum_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Part 1 summed over the numbers of a key. Here the sum runs over the entries. The axis `B` stays again.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Write down the letters of the weights, of the values and of the contexts. One letter of the weights is not in the
# contexts. If you prefer a loop, run it over s and add `weights[:, :, s, None] * values[s]`.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# An `np.einsum` with `"tbs,sbe->"` and the letters of the contexts behind the arrow.
#
# </details>

# %% [markdown]
# ### All three in a row
#
# The next cell puts your three functions together. It is what `rnncore` calls `attention_forward`, with a choice of
# four scores. The multiplicative score, $q W k^\top$, needs no function of its own: it is the dot product of $qW$ with
# $k$. The additive one is part 7. Read it: the mask comes as `(S, B)`, like the keys, and is turned for the softmax.

# %% nbgrader={"grade_id": "use_forward", "locked": true}
dot_scores_forward = lab11.dot_forward.or_reference(dot_scores_forward)
masked_softmax_forward = lab11.softmax_forward.or_reference(masked_softmax_forward)
weighted_sum_forward = lab11.sum_forward.or_reference(weighted_sum_forward)


# %%
def attention_forward(params, queries, keys, values, score="dot", mask=None):
    """queries (T, B, Q), keys (S, B, K), values (S, B, E), mask (S, B) -> contexts (T, B, E), weights (T, B, S), cache."""
    if score == "additive":
        scores, scores_cache = additive_scores_forward(params, queries, keys)
    elif score == "multiplicative":
        scores, dot_cache = dot_scores_forward(queries @ params["weight"], keys)
        scores_cache = params, queries, dot_cache
    else:
        scores, scores_cache = dot_scores_forward(queries, keys, scaled=score == "scaled_dot")
    weights, softmax_cache = masked_softmax_forward(scores, None if mask is None else mask.T)
    contexts, sum_cache = weighted_sum_forward(weights, values)
    return contexts, weights, AttentionCache(score, scores_cache, softmax_cache, sum_cache, weights, contexts)


rng = np.random.default_rng(0)
queries, keys = rng.standard_normal((3, 2, 4)), rng.standard_normal((5, 2, 4))
values = rng.standard_normal((5, 2, 6))
mask = length_mask(np.array([5, 2]), 5)  # (S, B): the second sequence has two entries and three places of padding
contexts, weights, _ = attention_forward({}, queries, keys, values, score="scaled_dot", mask=mask)
print("weights of the second sequence, a row for each query:")
print(weights[:, 1].round(3))

# %% [markdown]
# Two tests that any attention must pass. **The leak test:** put something else into the padding, and no context may
# change, not in the last bit. **Shuffling:** put the entries into another order, keys and values and mask alike; the
# weights move along, and the contexts stay. Book: [masks](book:attention#attention-masks), [blind to
# order](book:attention#attention-order).

# %%
other_keys, other_values = keys.copy(), values.copy()
other_keys[~mask], other_values[~mask] = 99.0, -99.0
changed, _, _ = attention_forward({}, queries, other_keys, other_values, score="scaled_dot", mask=mask)
print("other padding, masked:     contexts change by", np.abs(changed - contexts).max())
leaked = [attention_forward({}, queries, k, v, score="scaled_dot")[0] for k, v in ((keys, values), (other_keys, other_values))]
print("other padding, not masked: contexts change by", np.abs(leaked[1] - leaked[0]).max().round(1))
order = np.array([3, 0, 4, 2, 1])
shuffled, moved, _ = attention_forward({}, queries, keys[order], values[order], score="scaled_dot", mask=mask[order])
print("shuffled: contexts change by less than 1e-12:", np.abs(shuffled - contexts).max() < 1e-12)
print("shuffled: weights are those from before in the new order:", np.allclose(moved, weights[..., order]))

# %% [markdown]
# ## 4. The weighted sum backward (2 points)
#
# Now the way back, the last line first. $\mathrm{d}c_t$ arrives at each context. In $c_t = \sum_s w_{ts} v_s$ a weight
# counts its value, and a value is counted by every query that looked at it:
#
# $$\mathrm{d}w_{ts} = \mathrm{d}c_t \cdot v_s, \qquad \mathrm{d}v_s = \sum_t w_{ts}\, \mathrm{d}c_t.$$
#
# The gradient of a quantity is a sum over the places where it is used: that is where the sum over t comes from. Book:
# [the backward pass by hand](book:attention#attention-backward).

# %%
# Worked example: the contexts of part 3; (1, 0) arrives at the first one and (0, 1) at the second.
dc_1, dc_2 = [1.0, 0.0], [0.0, 1.0]
dw = [[dc[0] * v[0] + dc[1] * v[1] for v in (v_1, v_2, v_3)] for dc in (dc_1, dc_2)]
dv = [[w_1[s] * dc_1[j] + w_2[s] * dc_2[j] for j in range(2)] for s in range(3)]
{"dweights": dw, "dvalues": dv}


# %% nbgrader={"grade_id": "sum_backward", "solution": true}
def weighted_sum_backward(cache, dcontexts):
    """Carry the gradient back through the weighted sum.

    Args:
        cache: what `weighted_sum_forward` returned: weights (T, B, S), values (S, B, E).
        dcontexts: (T, B, E).
    Returns:
        dweights: (T, B, S).
        dvalues: (S, B, E).
    """
    weights, values = cache
    ### BEGIN SOLUTION
    return np.einsum("tbe,sbe->tbs", dcontexts, values), np.einsum("tbs,tbe->sbe", weights, dcontexts)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_sum_backward", "grade": true, "locked": true, "points": 2}
lab11.sum_backward.check(weighted_sum_backward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A gradient has the shape of what it belongs to. So you know the letters of both results. For each, what multiplied it
# in the forward pass, and which letters are summed over?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `dweights[t, b, s]` compares `dcontexts[t, b]` with `values[s, b]`, like a query with a key in part 1.
# `dvalues[s, b]` is a sum over t.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `np.einsum("tbe,sbe->tbs", dcontexts, values)` is the first. The second takes `weights` and `dcontexts`, `tbs` and
# `tbe`, and gives `sbe`.
#
# </details>

# %% [markdown]
# ## 5. The softmax backward (3 points)
#
# A score moves *all* weights of its row: if one gets more, the others get less. The derivative of weight s by score r is
# $w_s (\delta_{sr} - w_r)$, with $\delta_{sr} = 1$ for $s = r$ and else 0. Multiplied with $\mathrm{d}w_s$ and added up
# over s, this is the gradient of score r. It becomes short; here r is called s:
#
# $$\mathrm{d}e_{ts} = w_{ts} \Bigl(\mathrm{d}w_{ts} - \sum_{s'} w_{ts'}\, \mathrm{d}w_{ts'}\Bigr).$$
#
# In words: a score should fall if its value would raise the loss more than the weighted mean of all values does. No
# mask is needed here. A hidden key has weight 0, and the formula gives it the gradient 0. Book: [the backward pass by
# hand](book:attention#attention-backward).

# %%
# Worked example: the weights without a mask of part 2, and the dweights of part 4.
means = [sum(w * d for w, d in zip(ws, ds, strict=True)) for ws, ds in ((w_1, dw[0]), (w_2, dw[1]))]  # 7 and 7
de = [[w * (d - mean) for w, d in zip(ws, ds, strict=True)] for ws, ds, mean in ((w_1, dw[0], means[0]), (w_2, dw[1], means[1]))]
{"dscores": np.round(de, 6).tolist()}


# %% nbgrader={"grade_id": "softmax_backward", "solution": true}
def masked_softmax_backward(cache, dweights):
    """Carry the gradient back through the softmax.

    Args:
        cache: what `masked_softmax_forward` returned: weights (T, B, S).
        dweights: (T, B, S).
    Returns:
        dscores: (T, B, S).
    """
    w = cache.weights
    ### BEGIN SOLUTION
    return w * (dweights - (w * dweights).sum(axis=-1, keepdims=True))
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_softmax_backward", "grade": true, "locked": true, "points": 3}
lab11.softmax_backward.check(masked_softmax_backward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The formula is one line of NumPy. All products are entry by entry. The sum in it is one number for each query of each
# sequence.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The sum is that of `w * dweights` over the last axis, with shape `(T, B, 1)`, so that it can be subtracted from every
# entry of the row. What keeps an axis of length 1?
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `(w * dweights).sum(axis=-1, keepdims=True)` is the sum in the formula. Mind the bracket around the difference. Each
# row of your result must sum to zero.
#
# </details>

# %% [markdown]
# ## 6. Dot scores backward (2 points)
#
# In $e_{ts} = \text{scale} \cdot q_t \cdot k_s$ the partner of a query is a key, and the other way round. Every query
# met all keys, and every key met all queries:
#
# $$\mathrm{d}q_t = \text{scale} \sum_s \mathrm{d}e_{ts}\, k_s, \qquad
# \mathrm{d}k_s = \text{scale} \sum_t \mathrm{d}e_{ts}\, q_t.$$
#
# Book: [the backward pass by hand](book:attention#attention-backward).

# %%
# Worked example: the scores of part 1, not scaled, and the dscores of part 5.
dq = [[sum(de[t][s] * k[j] for s, k in enumerate((k_1, k_2, k_3))) for j in range(2)] for t in range(2)]
dk = [[sum(de[t][s] * q[j] for t, q in enumerate((q_1, q_2))) for j in range(2)] for s in range(3)]
{"dqueries": np.round(dq, 6).tolist(), "dkeys": np.round(dk, 6).tolist()}


# %% nbgrader={"grade_id": "dot_backward", "solution": true}
def dot_scores_backward(cache, dscores):
    """Carry the gradient back through the dot product.

    Args:
        cache: what `dot_scores_forward` returned: queries (T, B, K), keys (S, B, K), and scale, a number.
        dscores: (T, B, S).
    Returns:
        dqueries: (T, B, K).
        dkeys: (S, B, K).
    """
    queries, keys, scale = cache
    ### BEGIN SOLUTION
    dqueries = scale * np.einsum("tbs,sbk->tbk", dscores, keys)
    dkeys = scale * np.einsum("tbs,tbk->sbk", dscores, queries)
    return dqueries, dkeys
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_dot_backward", "grade": true, "locked": true, "points": 2}
lab11.dot_backward.check(dot_scores_backward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# It looks like part 4: two results, each a sum of the partner's vectors, weighted with `dscores`.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# For `dqueries` the letters are `tbs` and `sbk`, and the result is `tbk`. For `dkeys` the sum runs over t. The scale
# that multiplied the scores multiplies both; the cache has it.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `dqueries = scale * np.einsum("tbs,sbk->tbk", dscores, keys)`. For `dkeys` the other array in the product is
# `queries`, and the arrow points to `sbk`.
#
# </details>

# %% [markdown]
# ### All three backward, and measured
#
# The numbers agree with the reference. Do they agree with what can be measured? The cell below moves every query, key
# and value a little, measures how contexts and weights move, and compares that with what your functions say. The
# gradient of the multiplicative score falls out of your dot score: what arrives at $qW$ is carried on to $W$ and $q$.

# %% nbgrader={"grade_id": "use_backward", "locked": true}
weighted_sum_backward = lab11.sum_backward.or_reference(weighted_sum_backward)
masked_softmax_backward = lab11.softmax_backward.or_reference(masked_softmax_backward)
dot_scores_backward = lab11.dot_backward.or_reference(dot_scores_backward)


# %%
def attention_backward(cache, dcontexts, dweights=None):
    """dcontexts (T, B, E), and what reaches the weights from outside, None for nothing -> dparams, dqueries, dkeys, dvalues."""
    from_sum, dvalues = weighted_sum_backward(cache.sum, dcontexts)
    dscores = masked_softmax_backward(cache.softmax, from_sum if dweights is None else from_sum + dweights)
    if cache.score == "additive":
        return *additive_scores_backward(cache.scores, dscores), dvalues
    if cache.score == "multiplicative":
        params, queries, dot_cache = cache.scores
        dmapped, dkeys = dot_scores_backward(dot_cache, dscores)  # what arrives at q W
        return {"weight": np.einsum("tbq,tbk->qk", queries, dmapped)}, dmapped @ params["weight"].T, dkeys, dvalues
    return {}, *dot_scores_backward(cache.scores, dscores), dvalues


def forward_without_params(queries, keys, values, score):
    return attention_forward({}, queries, keys, values, score, mask)


def backward_without_params(*args):
    return attention_backward(*args)[1:]


if not grading():  # hundreds of calls, which no mark hangs on
    for score in ("dot", "scaled_dot"):
        check_gradient(forward_without_params, backward_without_params, queries, keys, values, rng=rng, score=score)
        print(f"{score}: derived and measured gradients agree.")
    params = init_multiplicative_scores(rng, 4, 4)
    check_gradient(attention_forward, attention_backward, params, queries, keys, values, rng=rng, score="multiplicative", mask=mask)
    print("multiplicative: derived and measured gradients agree.")

# %% [markdown]
# ## 7. Additive scores (3 points)
#
# A dot product is linear in the key: of three keys on a line, the middle one never wins. The **additive** score has no
# such limit. It is a network with one hidden layer of A units, and its one output is the score:
#
# $$a_{ts} = q_t W_q^\top + k_s W_k^\top, \qquad u_{ts} = \tanh(a_{ts}), \qquad e_{ts} = u_{ts} \cdot p.$$
#
# $q$ has Q numbers and $k$ has K; the two need not be equal. The weights are `weight_query` `(A, Q)` and `weight_key`
# `(A, K)`, and $p$ is the parameter `v`, `(A,)`. Here every *pair* has a hidden layer: `u` is `(T, B, S, A)`. Book: [four
# scores](book:attention#attention-scores).

# %%
# Worked example: one query of one number, 0.5; two keys, (1, 0) and (0, 1); two hidden units.
# weight_query: 1 and -1; weight_key: (0.5, 0) and (0, 1); v: 1 and 2.
u_1 = np.tanh([0.5 * 1.0 + 1.0 * 0.5 + 0.0 * 0.0, 0.5 * -1.0 + 1.0 * 0.0 + 0.0 * 1.0])
u_2 = np.tanh([0.5 * 1.0 + 0.0 * 0.5 + 1.0 * 0.0, 0.5 * -1.0 + 0.0 * 0.0 + 1.0 * 1.0])
{"u": np.round([u_1, u_2], 6).tolist(), "scores": [round(float(u[0] * 1.0 + u[1] * 2.0), 6) for u in (u_1, u_2)]}


# %% nbgrader={"grade_id": "additive_forward", "solution": true}
def additive_scores_forward(params, queries, keys):
    """Score every query against every key of its sequence by a network with one hidden layer.

    Args:
        params: dict of weight_query (A, Q), weight_key (A, K), v (A,).
        queries: (T, B, Q).
        keys: (S, B, K).
    Returns:
        scores: (T, B, S).
        cache: `AdditiveScoresCache(params, queries, keys, u)`, what the backward pass will need; u is the hidden layer,
            (T, B, S, A).
    """
    ### BEGIN SOLUTION
    from_query = queries @ params["weight_query"].T  # (T, B, A)
    from_key = (keys @ params["weight_key"].T).swapaxes(0, 1)  # (B, S, A)
    u = np.tanh(from_query[:, :, None] + from_key)  # (T, B, S, A)
    return u @ params["v"], AdditiveScoresCache(params, queries, keys, u)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_additive_forward", "grade": true, "locked": true, "points": 3}
lab11.additive_forward.check(additive_scores_forward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Map the queries once, to `(T, B, A)`, and the keys once, to `(S, B, A)`. Then every query has to meet every key: the
# two arrays need axes of length 1 in the right places, so that NumPy stretches their sum to `(T, B, S, A)`.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `from_query[:, :, None]` is `(T, B, 1, A)`. Next to it the keys' part must be `(B, S, A)`: first `@`, then `swapaxes`.
# The tanh belongs around the sum of the two parts, not around each of them.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `from_key = (keys @ params["weight_key"].T).swapaxes(0, 1)`. With u of shape `(T, B, S, A)`, `u @ params["v"]` sums
# over the hidden units and leaves `(T, B, S)`. The cache wants u, after the tanh.
#
# </details>

# %% [markdown]
# ## 8. Additive scores backward (4 points)
#
# $\mathrm{d}e_{ts}$ is one number for each pair. Back through $p$ and the tanh, with its slope $1 - u^2$, it becomes
# $\mathrm{d}a_{ts}$, which has A numbers. From there on it is a linear layer, and the sums run over all pairs in which a
# quantity was used:
#
# $$
# \begin{aligned}
# \mathrm{d}a_{ts} &= \mathrm{d}e_{ts}\; p \odot (1 - u_{ts}^2) \\
# \mathrm{d}p &= \textstyle\sum_{t,s} \mathrm{d}e_{ts}\, u_{ts} \\
# \mathrm{d}W_q &= \textstyle\sum_{t,s} \mathrm{d}a_{ts}^\top\, q_t \\
# \mathrm{d}W_k &= \textstyle\sum_{t,s} \mathrm{d}a_{ts}^\top\, k_s \\
# \mathrm{d}q_t &= \textstyle\sum_s \mathrm{d}a_{ts}\, W_q \\
# \mathrm{d}k_s &= \textstyle\sum_t \mathrm{d}a_{ts}\, W_k
# \end{aligned}
# $$
#
# where $\odot$ multiplies entry by entry. The gradients of the three parameters are also summed over the batch. Book:
# [the backward pass by hand](book:attention#attention-backward).

# %%
# Worked example: the two scores of part 7, with dscores = 1.0 and -0.5.
da_1 = 1.0 * np.array([1.0, 2.0]) * (1 - u_1**2)
da_2 = -0.5 * np.array([1.0, 2.0]) * (1 - u_2**2)
{
    "weight_query": (da_1 * 0.5 + da_2 * 0.5).round(6).tolist(),
    "weight_key": np.stack([da_1 * 1.0 + da_2 * 0.0, da_1 * 0.0 + da_2 * 1.0], axis=1).round(6).tolist(),
    "v": (1.0 * u_1 - 0.5 * u_2).round(6).tolist(),
    "dqueries": round(float((da_1 + da_2) @ [1.0, -1.0]), 6),
    "dkeys": [[round(float(da @ [0.5, 0.0]), 6), round(float(da @ [0.0, 1.0]), 6)] for da in (da_1, da_2)],
}


# %% nbgrader={"grade_id": "additive_backward", "solution": true}
def additive_scores_backward(cache, dscores):
    """Carry the gradient back through the network.

    Args:
        cache: what `additive_scores_forward` returned: params, queries (T, B, Q), keys (S, B, K), u (T, B, S, A).
        dscores: (T, B, S).
    Returns:
        dparams: dict of weight_query (A, Q), weight_key (A, K), v (A,).
        dqueries: (T, B, Q).
        dkeys: (S, B, K).
    """
    params, queries, keys, u = cache
    ### BEGIN SOLUTION
    da = dscores[..., None] * params["v"] * (1 - u**2)  # (T, B, S, A)
    dfrom_query = da.sum(axis=2)  # (T, B, A), over the keys that the query met
    dfrom_key = da.sum(axis=0).swapaxes(0, 1)  # (S, B, A), over the queries that the key met
    dparams = {
        "weight_query": np.einsum("tba,tbq->aq", dfrom_query, queries),
        "weight_key": np.einsum("sba,sbk->ak", dfrom_key, keys),
        "v": np.einsum("tbs,tbsa->a", dscores, u),
    }
    return dparams, dfrom_query @ params["weight_query"], dfrom_key @ params["weight_key"]
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_additive_backward", "grade": true, "locked": true, "points": 4}
lab11.additive_backward.check(additive_scores_backward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# First `da`, with the shape of u. `dscores` has no axis for the hidden units; `dscores[..., None]` gives it one of
# length 1. The gradient of `v` does not need `da`: between v and the score there is no tanh.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# From `da`, `(T, B, S, A)`, all else is an `np.einsum`: `tbsa` with `tbq` gives `aq`, and with `sbk` it gives `ak`. For
# `dqueries` it meets `weight_query`, `aq`, and for `dkeys` `weight_key`, `ak`. No weight is transposed on the way back.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `da = dscores[..., None] * params["v"] * (1 - u**2)`, and for `v`: `np.einsum("tbs,tbsa->a", dscores, u)`. `dqueries`
# is `np.einsum("tbsa,aq->tbq", da, params["weight_query"])`; which letter remains for `dkeys` in the place of t?
#
# </details>

# %% nbgrader={"grade_id": "use_additive", "locked": true}
additive_scores_forward = lab11.additive_forward.or_reference(additive_scores_forward)
additive_scores_backward = lab11.additive_backward.or_reference(additive_scores_backward)

# %%
if not grading():  # hundreds of calls, which no mark hangs on
    additive = init_additive_scores(rng, 4, 4, 3)
    check_gradient(attention_forward, attention_backward, additive, queries, keys, values, rng=rng, score="additive", mask=mask)
    print("additive: derived and measured gradients agree.")

# %% [markdown]
# ## 9. Learn to read dates
#
# Now your functions learn something. A GRU, the **encoder**, reads a date as people write it, character by character,
# and leaves a state at each: these are the keys, and the values too. A second GRU, the **decoder**, writes the date as
# 2021-03-05. At every step its state is the query. The context and the state together decide the next character:
#
# $$a_t = \tanh(W_c\, [c_t; h_t] + b_c), \qquad o_t = W_o\, a_t + b_o.$$
#
# This is the model of [Attention at work: dates](book:date_normalisation#date-normalisation-model). To be quick, the
# dates of this part are English, in three ways of writing. Every fifth day is kept for the test.

# %%
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
KNOWN = " ,0123456789" + "".join(sorted(set("".join(MONTHS))))  # characters of the dates; 0 is padding
ANSWER = "-0123456789"
START = len(ANSWER)  # what the decoder is fed first


def write_date(day, way):
    month = MONTHS[day.month - 1]
    return (f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}", f"{day.day} {month[:3]} {day.year}")[way]


def tokens_of(texts, known):
    """Token numbers (S, B), with padding behind the shorter texts, and lengths (B,)."""
    lengths = np.array([len(text) for text in texts])
    tokens = np.zeros((lengths.max(), len(texts)), dtype=int)
    for b, text in enumerate(texts):
        tokens[: len(text), b] = [known.index(character) + 1 for character in text]
    return tokens, lengths


def draw_dates(rng, count, test=False):
    """Days from 1950 to 2049, of the test part or not, as texts, and the answers (10, B)."""
    days = rng.integers(datetime.date(1950, 1, 1).toordinal(), datetime.date(2050, 1, 1).toordinal(), 12 * count)
    days = [datetime.date.fromordinal(int(day)) for day in days[(days % 5 == 0) == test][:count]]
    answers = np.array([[ANSWER.index(character) for character in day.isoformat()] for day in days])
    return [write_date(day, rng.integers(3)) for day in days], answers.T.copy()


texts, answers = draw_dates(np.random.default_rng(0), 4)
for text, answer in zip(texts, answers.T, strict=True):
    print(f"{text:20} -> {''.join(ANSWER[k] for k in answer)}")


# %% [markdown]
# The decoder with your attention in it, forward and backward. Find the line in which a key's gradient comes from two
# sides. `asks` is 1; it is 0 for one network that is there to compare with: all its queries are zero, so all its scores
# are zero, and every step gets the plain mean of all states. That network has attention in which nobody asks.


# %%
def decode(params, fed, state, keys, mask, score, asks=1.0):
    """fed (T, B), state (B, H), keys (S, B, H), mask (S, B) -> logits (T, B, V), state, weights (T, B, S), cache."""
    xs, embedding_cache = embedding_forward(params["embedding"], fed)
    hs, state, rnn_cache = gru_forward(params["rnn"], xs, state)
    contexts, weights, attention_cache = attention_forward(params["attention"], asks * hs, keys, keys, score=score, mask=mask)
    combined, combine_cache = linear_forward(params["combine"], np.concatenate([contexts, hs], axis=-1))
    a = np.tanh(combined)
    logits, output_cache = linear_forward(params["output"], a)
    return logits, state, weights, (asks, a, embedding_cache, rnn_cache, attention_cache, combine_cache, output_cache)


def decode_backward(cache, dlogits):
    asks, a, embedding_cache, rnn_cache, attention_cache, combine_cache, output_cache = cache
    doutput, da = linear_backward(output_cache, dlogits)
    dcombine, dboth = linear_backward(combine_cache, da * (1 - a**2))
    dcontexts, dhs = np.split(dboth, 2, axis=-1)
    dattention, dqueries, dkeys, dvalues = attention_backward(attention_cache, dcontexts)
    drnn, dxs, dstate = gru_backward(rnn_cache, dhs + asks * dqueries)
    dembedding = embedding_backward(embedding_cache, dxs)
    dparams = {"embedding": dembedding, "rnn": drnn, "attention": dattention, "combine": dcombine, "output": doutput}
    return dparams, dstate, dkeys + dvalues


def new_params(rng, score):
    return init_encoder_decoder(rng, len(KNOWN) + 1, len(ANSWER) + 1, 8, 32, score=score, dtype=np.float32)


def train(score, seed, asks=1.0, updates=125, every=25):
    """Train one network; return its share of 200 test dates that are right in all ten characters, and its parameters."""
    rng = np.random.default_rng(seed)
    params = new_params(rng, score)
    adam = init_adam(params)
    test_texts, test_answers = draw_dates(np.random.default_rng(1000 + seed), 200, test=True)
    right = []
    for update in range(1, updates + 1):
        texts, answers = draw_dates(rng, 24)
        logits, caches = read_and_write(params, texts, answers, score, asks)
        _, loss_cache = softmax_cross_entropy_forward(logits, answers)
        ddecoder, dstate, dkeys = decode_backward(caches[1], softmax_cross_entropy_backward(loss_cache))
        gradients, _ = clip_by_norm({"encoder": encoder_backward(caches[0], dkeys, dstate), "decoder": ddecoder}, 1.0)
        params, adam = adam_step(params, gradients, adam, lr=0.02)
        if update % every == 0:
            logits, _ = read_and_write(params, test_texts, test_answers, score, asks)
            right.append((logits.argmax(axis=-1) == test_answers).all(axis=0).mean())
    return right, params


def read_and_write(params, texts, answers, score, asks=1.0):
    """The logits of all steps, when the decoder is fed the right characters, and the caches of encoder and decoder."""
    tokens, lengths = tokens_of(texts, KNOWN)
    keys, state, encoder_cache = encoder_forward(params["encoder"], tokens, lengths=lengths)
    mask = length_mask(lengths, len(tokens))
    logits, _, _, decoder_cache = decode(params["decoder"], teacher_forced_inputs(answers, START), state, keys, mask, score, asks)
    return logits, (encoder_cache, decoder_cache)


# %% [markdown]
# Four kinds of attention, three seeds each: twelve networks of 32 units. It takes less than ten seconds on one core, and is
# left out when the notebook is graded. A date counts as right if all ten characters are; that is the same number
# whether the decoder is fed the right characters or its own, as [the chapter
# shows](book:date_normalisation#date-normalisation-mistakes).

# %%
KINDS = {"additive": ("additive", 1.0), "dot": ("dot", 1.0), "scaled dot": ("scaled_dot", 1.0), "nobody asks": ("dot", 0.0)}
accuracy, trained = {}, {}
if not grading():
    for kind, (score, asks) in KINDS.items():
        runs = [train(score, seed, asks) for seed in range(3)]
        accuracy[kind] = np.array([right for right, _ in runs])
        trained[kind] = [params for _, params in runs]
        print(f"{kind}: test dates right at the end, for three seeds:", accuracy[kind][:, -1])

# %%
lines(
    accuracy,
    x=np.arange(25, 126, 25),
    xlabel="updates",
    ylabel="share of 200 test dates that are right",
    alt="Share of test dates that are right against updates, 25 to 125, for four kinds of attention, three seeds each. Additive and dot "
    "rise steeply between 50 and 100 updates and end at about 0.9. Scaled dot rises later and has come to about half at the end. "
    "The network in which nobody asks has only begun to rise and ends at about a tenth.",
)


# %% [markdown]
# Each line is the median of three seeds, and the band reaches from the lowest to the highest. At the end the
# worst seeds of the additive and of the dot score are ahead of the best seed of the scaled dot score, and this one's
# worst seed is ahead of every network in which nobody asks.
#
# Look at the sizes of the scores. The next cell takes the networks with a dot score before and after training, and
# prints the standard deviation of their scores and the mean of the largest weight of each query, for 200 test dates.


# %%
def sizes(params, score, seed):
    """Standard deviation of the scores that the mask leaves, and the mean of the largest weight."""
    texts, answers = draw_dates(np.random.default_rng(2000 + seed), 200, test=True)
    _, (_, cache) = read_and_write(params, texts, answers, score)
    attention = cache[4]
    scores, _ = dot_scores_forward(attention.scores.queries, attention.scores.keys, scaled=score == "scaled_dot")
    return float(scores[attention.weights > 0].std()), float(attention.weights.max(axis=-1).mean())


measured = {}
for kind in ("dot", "scaled dot"):
    score = KINDS[kind][0]
    measured[kind, "before training"] = [sizes(new_params(np.random.default_rng(seed), score), score, seed) for seed in range(3)]
    if trained:
        measured[kind, "after training"] = [sizes(params, score, seed) for seed, params in enumerate(trained[kind])]
for (kind, when), found in measured.items():
    deviations, largest = np.round(found, 2).T.tolist()
    print(f"{kind}, {when}: deviation of the scores {deviations}, largest weight {largest}")

# %% [markdown]
# **Question 1.** The chapter says that the scale keeps the scores of long vectors from being too large at the start.
# Here the scaled score is the slower one. What do the printed numbers say about it?
#
# <details><summary>An answer</summary>
#
# The scale is made for vectors whose numbers have variance 1. The states of an untrained GRU are much smaller, and 32
# numbers are not many: before training the deviation of the plain dot scores is about 0.2. They are not too large but
# small, and the scale divides them by $\sqrt{32} \approx 5.7$ once more. Nearly equal scores mean nearly equal weights:
# at the start every query gets about the mean of all states, like the network in which nobody asks, and the gradient of
# every score is multiplied by the same scale on its way to queries and keys. Training has to make the dot products
# large before the lookup becomes sharp, and for the scaled score 5.7 times as large. After training its scores still
# deviate by less than those of the plain dot score, and its largest weight is smaller. The chapter's advice: [print the
# standard deviation of your scores](book:attention#attention-scale).
#
# </details>
#
# **Question 2.** In the fourth network nobody asks: every step gets the same mean of all states. Why does it get any
# date right?
#
# <details><summary>An answer</summary>
#
# The mean of all states depends on all characters, and each unit of it is another mixture. What is wanted at step t
# stands in it, among all the rest; the decoder's own state knows which step it is, and can learn to take from the
# mixture what it needs. The mean also gives the gradient a short way to every state. What it does not give is a way to
# look at *one* place. So it learns, but later: attention is more than access to all states, it is a choice among them.
#
# </details>
#
# **Question 3.** In which line of `decode_backward` does a key's gradient come from two sides, and what would be lost
# without one of them?
#
# <details><summary>An answer</summary>
#
# It is `dkeys + dvalues` in the last line. The states of the encoder are keys and values at once. Without `dkeys` they
# would learn to say the right thing, but not to be found; without `dvalues` the other way round. A third way leads
# through the decoder's first state, `dstate`. The network might learn all the same, which is why a gradient is checked
# and not judged by a falling loss.
#
# </details>

# %% [markdown]
# ## 10. Read the map
#
# A bigger network of the same kind, trained for longer on dates in nine languages, comes with `rnncore`. Only the
# weights come from there; what looks at the characters is your attention. The decoder now writes freely: each character
# that it chooses is fed back.

# %%
shipped, characters = model()


def read_date(text, score="additive", padding=0, masked=True):
    """Write a date as 2021-03-05; return the ten characters and the map (10, S)."""
    params = shipped[score]
    tokens, lengths = tokens_of([text], characters)
    tokens = np.concatenate([tokens, np.zeros((padding, 1), dtype=int)])
    keys, state, _ = encoder_forward(params["encoder"], tokens, lengths=lengths)
    mask = length_mask(lengths, len(tokens)) if masked else None
    fed, written, rows = START, "", []
    for _ in range(10):
        logits, state, weights, _ = decode(params["decoder"], np.array([[fed]]), state, keys, mask, score)
        fed = int(logits[0, 0, :START].argmax())
        written += ANSWER[fed]
        rows.append(weights[0, 0])
    return written, np.array(rows)


text = "9 novembre 1999"
for score in shipped:
    written, weights = read_date(text, score)
    looked_at = [f"{written[t]}: {text[s]!r} at {s}" for t, s in enumerate(weights.argmax(axis=1))]
    print(f"{score}: {written}   most weight on   {', '.join(looked_at[k] for k in (0, 1, 2, 3, 8, 9))}")

# %%
written, weights = read_date(text, "additive")
heatmap(
    weights,
    x=[character if character != " " else "␣" for character in text],
    y=list(written),
    xlabel="read",
    ylabel="written",
    zlabel="weight",
    limits=(0.0, 1.0),
    alt="Attention map of the additive score for 9 novembre 1999, written 1999-11-09. The rows of the year follow the four digits of the "
    "year, one after the other. The rows of the month have their most weight inside the word novembre. The row of the 0 of the day has "
    "most weight on the space behind the 9 at the beginning, the row of the 9 on that 9 itself.",
)

# %% [markdown]
# A row belongs to a character that is written, a column to a character that was read; rows sum to 1.
#
# **Question 4.** The year has three nines, and the text has four. How does the network know which 9 to copy? And why
# does it look at the *space* behind the first 9 when it writes the 0 of the day?
#
# <details><summary>An answer</summary>
#
# A key is not a character but the state of the encoder after all characters up to there. The state at the last 9 has
# read a month and three digits of a year, the state at the first 9 has read nothing else. So the keys of equal
# characters differ, and a query can find the second digit of a year and not just a 9. At the first 9 the encoder cannot
# know yet whether another digit follows. At the space it knows: the day has one digit, and a 0 must be written first.
#
# </details>
#
# Now some inputs that nobody trained for, and then the mask. What do you expect?

# %%
for odd in ("9 novembre 1789", "1999-11-09", "31 april 2024"):
    print(f"{odd:16}", *(f"{score} {read_date(odd, score)[0]}" for score in shipped), sep="   ")
print()
for padding in (0, 12, 100):
    for score in shipped:
        written, weights = read_date(text, score, padding=padding, masked=False)
        lost = weights[:, len(text) :].sum(axis=1).mean()
        print(f"{padding:3} places of padding, no mask, {score:10}: {written}, weight on the padding {lost:.2f}")

# %%
odd = "9 novembre 1789"
written, weights = read_date(odd, "additive")
heatmap(
    weights,
    x=[character if character != " " else "␣" for character in odd],
    y=list(written),
    xlabel="read",
    ylabel="written",
    zlabel="weight",
    limits=(0.0, 1.0),
    alt="Attention map of the additive score for 9 novembre 1789, written 1999-11-09, which is wrong. The first row is darkest at the 1 of "
    "the year. The three rows after it are all darkest at the last digit, 9. Month and day look as in the map before.",
)

# %% [markdown]
# **Question 5.** The year 1789 was copied wrongly. What does the map show, and does it explain the mistake?
#
# <details><summary>An answer</summary>
#
# The rows of the second, third and fourth digit all have most of their weight on the last character, a 9. For the
# fourth digit that is the right place. For the 7 and the 8 it is not: the network fetched something else, and wrote 9
# for both. So the map is a good hint. It does not say *why*. The network was trained on years from 1950 to 2049; in the
# second place of a year it has met a 9 and a 0, and never a 7. To know whether the last 9 decides, change it and look
# at the answer: [is the map an explanation?](book:date_normalisation#date-normalisation-erase)
#
# </details>
#
# **Question 6.** Without the mask, padding takes weight, and the more of it the more padding there is. Why is the
# additive answer still right with 100 places of padding, while the scaled dot one is not? And why does your `read_date`
# with the mask not care?
#
# <details><summary>An answer</summary>
#
# The keys in the padding are zero. A dot product with a zero key is 0, whatever the query: such a key takes a share as
# soon as the scores of the real keys are not far above 0, and with the scaled score they are not. A hundred of them
# take two thirds of the weight here. As their values are zero too, they turn the context nowhere; they make it shorter.
# The additive network loses less, since its best keys stand out more, and its answer survives. With the mask the
# padding has weight exactly 0, so nothing in it can matter: that is the leak test.
#
# </details>
#
# **Try it.** Type a date in English, German, French, Spanish, Italian, Dutch, Portuguese, Swedish or Polish; a
# character that stands in no date of these languages stops with a `ValueError`. Draw the map of `"scaled_dot"` for the
# same date and compare. Train with `"multiplicative"` in part 9. Leave the mask out of the training by passing `None`
# to `decode` in `read_and_write`. Or take `dvalues` out of the last line of `decode_backward`, which is a wrong
# gradient, and see whether the network learns all the same.
