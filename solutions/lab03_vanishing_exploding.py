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
# # Lab 3: vanishing and exploding gradients
#
# You build the instruments with which one looks at a gradient on its way back through time, and two remedies. First the
# Jacobian of a step, the product of all of them, and the length of a gradient at every state. Then the two sizes of a
# matrix that are easily confused, and an orthogonal matrix to start from. With these you measure how far a gradient
# reaches. At the end you clip gradients, and a network that explodes learns.
#
# **After this lab you can**
#
# - write the gradient at an early state as a product of matrices, and compute its length without forming that product;
# - compute the spectral radius and the spectral norm of a matrix, and say what each of them promises;
# - make an orthogonal matrix, and say what it does for a gradient and what it cannot do;
# - clip gradients by norm and by value, and read from a figure of norms when that is needed.
#
# **You need** the chapters [Why gradients vanish and explode](book:vanishing_exploding) and, from part 5 on, [Keeping
# gradients healthy](book:healthy_gradients), and the plain cell of lab 1. **Time:** 75 to 105 minutes.
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

from rnncore.checks import compare
from rnncore.checks.labs import grading, lab03
from rnncore.plots import lines
from rnncore.reference import (
    init_linear,
    init_rnn,
    linear_backward,
    linear_forward,
    rnn_backward,
    rnn_forward,
    sgd_step,
    sigmoid_cross_entropy_backward,
    sigmoid_cross_entropy_forward,
)

for name in (
    "rnn_step_jacobian",
    "product_jacobians",
    "rnn_gradient_norms",
    "radius_and_norm",
    "orthogonal_from",
    "clip_by_norm",
    "clip_by_value",
):
    globals().setdefault(name)  # None until you write it

# %% [markdown]
# ## 1. The Jacobian of one step (3 points)
#
# One step of the plain cell is $h_t = \tanh(a_t)$ with $a_t = x_t W_{ih}^\top + b_{ih} + h_{t-1} W_{hh}^\top + b_{hh}$.
# Move the state before the step a little, and the state after it moves too. How much, for every pair of units, is the
# **Jacobian** of the step:
#
# $$J_t = \frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(1 - h_t^2)\, W_{hh}.$$
#
# Row $i$, column $j$ says how unit $i$ after the step moves with unit $j$ before it: through the weight in row $i$,
# column $j$ of `weight_hh`, and then through tanh, whose slope at unit $i$ is $1 - h_{t,i}^2$. The states of a batch
# differ, so each of its sequences has a Jacobian of its own. Book: [the gradient is a
# product](book:vanishing_exploding#vanishing-exploding-product).
#
# Axes have letters everywhere in this course: `T` steps in time, `B` sequences in a batch, `D` numbers in an input, `H`
# units of the cell.

# %%
# Worked example: one sequence, two units. weight_hh has the rows (0.5, 2.0) and (0.0, 0.5);
# the state after the step is (0.6, 0.8).
slope = [1 - 0.6**2, 1 - 0.8**2]
J = [[slope[0] * 0.5, slope[0] * 2.0], [slope[1] * 0.0, slope[1] * 0.5]]
{"J": np.round(J, 6).tolist()}


# %% nbgrader={"grade_id": "step_jacobian", "solution": true}
def rnn_step_jacobian(cache):
    """Compute the Jacobian of one step of the plain cell, for every sequence of the batch.

    Args:
        cache: what `rnn_step_forward` returned. Its fields are read with a dot, as in cache.x: params, x (B, D), h (B, H) before
            the step, h_next (B, H) after it, nonlinearity (always "tanh" in this lab). params is a dict of weight_ih (H, D),
            weight_hh (H, H), bias_ih (H,), bias_hh (H,).
    Returns:
        J: (B, H, H); entry [b, i, j] is the derivative of unit i after the step with respect to unit j before it, in sequence b.
    """
    ### BEGIN SOLUTION
    h = cache.h_next
    slope = 1 - h**2  # (B, H)
    return slope[:, :, None] * cache.params["weight_hh"]
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_step_jacobian", "grade": true, "locked": true, "points": 3}
lab03.step_jacobian.check(rnn_step_jacobian)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A diagonal matrix from the left scales the rows of the matrix behind it. So you need no matrix product at all: row $i$
# of `weight_hh` times the slope of unit $i$. Which of the two states in the cache has the slope in it?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Do one sequence first, with a loop over `cache.h_next`: `np.diag(slope)` makes a diagonal matrix of a `(H,)` array.
# Without a loop, give the slopes, which have the shape `(B, H)`, a new axis, so that NumPy repeats each of them along
# the columns of `weight_hh`. At which place does that axis belong?
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `slope[:, :, None]` has the shape `(B, H, 1)`: sequence, row, and one entry that counts for every column. Multiply it
# with `weight_hh`, which has the shape `(H, H)`, using `*`. With a loop, `np.stack` makes one array of the matrices.
#
# </details>

# %% [markdown]
# ## 2. All steps, multiplied (3 points)
#
# A gradient that goes back over several steps is multiplied by the Jacobian of each. From the last state to state $t$
# that is
#
# $$P_t = \frac{\partial h_T}{\partial h_t} = J_T\, J_{T-1} \cdots J_{t+1}, \qquad P_{T-1} = J_T, \qquad P_{t-1} = P_t\, J_t.$$
#
# The last step's Jacobian stands first, and each earlier one joins on the right. So the products are made from the end,
# and each of them is the one before, times one more matrix. The array counts from 0: `jacobians[t]` holds $J_{t+1}$,
# and `products[t]` must hold $P_t$. Book: [the gradient is a
# product](book:vanishing_exploding#vanishing-exploding-product).

# %%
# Worked example: three steps with the Jacobians J_1, J_2, J_3.
J_1, J_2, J_3 = [[0.5, 2.0], [0.0, 0.5]], [[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [0.5, 2.0]]
P_2 = J_3
P_1 = [[1.0 * 0.0 + 0.0 * 1.0, 1.0 * 1.0 + 0.0 * 0.0], [0.5 * 0.0 + 2.0 * 1.0, 0.5 * 1.0 + 2.0 * 0.0]]  # P_2 J_2
P_0 = [[0.0 * 0.5 + 1.0 * 0.0, 0.0 * 2.0 + 1.0 * 0.5], [2.0 * 0.5 + 0.5 * 0.0, 2.0 * 2.0 + 0.5 * 0.5]]  # P_1 J_1
{"products": [P_0, P_1, P_2]}


# %% nbgrader={"grade_id": "jacobian_products", "solution": true}
def product_jacobians(jacobians):
    """Multiply the Jacobians of all steps from t to the end.

    Args:
        jacobians: (T, B, H, H), the Jacobian of every step, for every sequence; T is at least 1.
    Returns:
        products: (T, B, H, H), an array; entry t is how the last state moves with state t, a product of T - t matrices.
    """
    ### BEGIN SOLUTION
    products = [jacobians[-1].copy()]
    for J in jacobians[-2::-1]:
        products.append(products[-1] @ J)
    return np.stack(products[::-1])
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_jacobian_products", "grade": true, "locked": true, "points": 3}
lab03.jacobian_products.check(product_jacobians)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which entry of the result can you write down at once? Start there. Which one needs a single product more?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Walk from the last step to the first with one variable that holds the product so far. `@` multiplies the two last axes
# and does so for each sequence of the batch, so a step of the walk is one line. On which side does the earlier step's
# Jacobian stand?
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Start a list with `jacobians[-1]`. For every `J` in `jacobians[-2::-1]`, which are the others, the last but one first,
# append the last entry of the list times `J`. You meet the shortest product first, so turn the list round before
# `np.stack`.
#
# </details>

# %% [markdown]
# ## 3. The length of a gradient, without the matrices (4 points)
#
# To follow one gradient you need none of these matrices. Write $\mathrm{d}h_t$ for the gradient of the loss with
# respect to $h_t$, as a row. One step back is
#
# $$\mathrm{d}h_{t-1} = \mathrm{d}h_t\, J_t = \big(\mathrm{d}h_t \odot (1 - h_t^2)\big)\, W_{hh},$$
#
# where $\odot$ multiplies entry by entry. That costs a vector times a matrix, and not a matrix times a matrix. Let one
# gradient in at the last state, carry it back to the state before the first step, and write down its length
# $\|\mathrm{d}h_t\|$ at every state, for each sequence of the batch: the root of the sum of squares over the units.
# There are $T + 1$ states, $h_0$ to $h_T$. Book: [measured on real
# cells](book:vanishing_exploding#vanishing-exploding-measured).

# %%
# Worked example: the matrix of part 1, two steps, h_1 = (0.6, 0.8), h_2 = (0, 0), and dh_2 = (1, 0).
dh_2 = [1.0, 0.0]
da_2 = [dh_2[0] * (1 - 0.0**2), dh_2[1] * (1 - 0.0**2)]
dh_1 = [da_2[0] * 0.5 + da_2[1] * 0.0, da_2[0] * 2.0 + da_2[1] * 0.5]
da_1 = [dh_1[0] * (1 - 0.6**2), dh_1[1] * (1 - 0.8**2)]
dh_0 = [da_1[0] * 0.5 + da_1[1] * 0.0, da_1[0] * 2.0 + da_1[1] * 0.5]
print("dh_1 =", np.round(dh_1, 6), " dh_0 =", np.round(dh_0, 6))
{"norms": [round((dh[0] ** 2 + dh[1] ** 2) ** 0.5, 6) for dh in (dh_0, dh_1, dh_2)]}


# %% nbgrader={"grade_id": "gradient_lengths", "solution": true}
def rnn_gradient_norms(params, hs, dh_T):
    """Measure the length of the gradient at every state of the plain cell, for a loss at the last state.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        hs: (T, B, H), the state after each step, from `rnn_forward`: hs[0] is h_1 and hs[T - 1] is h_T.
        dh_T: (B, H), the gradient that enters at the last state.
    Returns:
        norms: (T + 1, B), an array; entry t is the length of the gradient at h_t: entry T is that of dh_T, entry 0 is that at the
            state before the first step.
    """
    ### BEGIN SOLUTION
    dh = dh_T  # (B, H)
    norms = [np.linalg.norm(dh, axis=1)]
    for h in hs[::-1]:
        dh = (dh * (1 - h**2)) @ params["weight_hh"]
        norms.append(np.linalg.norm(dh, axis=1))
    return np.stack(norms[::-1])
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_gradient_lengths", "grade": true, "locked": true, "points": 4}
lab03.gradient_lengths.check(rnn_gradient_norms)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# One variable, `dh`, lives through the loop. What is it before the first turn, and in which order does the loop meet
# the states? Do not write into `dh_T`; it belongs to the caller.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# In each turn: `dh` times the slopes with `*`, the result times `weight_hh` with `@`, and then its lengths.
# `np.linalg.norm(dh, axis=1)` gives one number for each row of `dh`, that is, for each sequence.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Put the lengths of `dh_T` into a list before the loop. `for h in hs[::-1]` visits the states from the last to the
# first; in each turn give `dh` its new value and append its lengths. There is no transposed matrix on this way: `dh` is
# a row, and going back it meets `weight_hh` itself. At the end turn the list round and stack it.
#
# </details>

# %% [markdown]
# Three functions, one quantity: the Jacobians, multiplied, must carry a gradient exactly where the backward pass of the
# cell carries it, and its length must be what you measured on the way. See whether they agree:

# %% nbgrader={"grade_id": "use_step_jacobian_products_lengths", "locked": true}
rnn_step_jacobian = lab03.step_jacobian.or_reference(rnn_step_jacobian)
product_jacobians = lab03.jacobian_products.or_reference(product_jacobians)
rnn_gradient_norms = lab03.gradient_lengths.or_reference(rnn_gradient_norms)

# %%
rng = np.random.default_rng(0)
params, xs, state0 = init_rnn(rng, 3, 5), rng.standard_normal((6, 4, 3)), np.zeros((4, 5))
hs, _, cache = rnn_forward(params, xs, state0)
dh_T = rng.standard_normal((4, 5))

products = product_jacobians(np.stack([rnn_step_jacobian(step) for step in cache.steps]))
dh_0 = (dh_T[:, None, :] @ products[0])[:, 0]  # (B, H): a row times a matrix, for each sequence
_, _, dstate0 = rnn_backward(cache, np.zeros_like(hs), dh_T)
compare("dh_0 by the product", dh_0, dstate0)
compare("its length", rnn_gradient_norms(params, hs, dh_T)[0], np.linalg.norm(dstate0, axis=1))
print("Product, backward pass and lengths agree.")

# %% [markdown]
# ## 4. Two sizes of a matrix (3 points)
#
# Is $W_{hh}$ large or small? Two numbers answer, and they answer different questions:
#
# $$\rho(W) = \max_i |\lambda_i(W)|, \qquad \sigma_{\max}(W) = \max_{v \ne 0} \frac{\|v W\|}{\|v\|}.$$
#
# The **spectral radius** $\rho$ is the largest absolute value of an eigenvalue $\lambda$: the growth per step in the
# long run, when one and the same matrix is applied again and again. The **spectral norm** $\sigma_{\max}$ is the
# largest singular value: the largest factor by which the matrix can lengthen any vector, in one step. Always
# $\rho \le \sigma_{\max}$. Eigenvalues of a real matrix may be complex, and then the absolute value is that of a
# complex number, $\sqrt{\text{real}^2 + \text{imaginary}^2}$.
#
# NumPy has both: `np.linalg.eigvals` and, with `compute_uv=False`, `np.linalg.svd`. Both take one matrix or a stack of
# them. Book: [two numbers that are easily confused](book:vanishing_exploding#vanishing-exploding-conditions).

# %%
# Worked example: one matrix, with the rows (2, -3) and (1.5, -2).
trace, determinant = 2.0 + -2.0, 2.0 * -2.0 - -3.0 * 1.5  # 0 and 0.5
# The eigenvalues solve u^2 - trace u + determinant = 0. With trace 0 they are i sqrt(0.5) and -i sqrt(0.5).
radius = determinant**0.5
# The squares of the two singular values have the sum of all squared entries as sum, and determinant^2 as product.
squares = 2.0**2 + 3.0**2 + 1.5**2 + 2.0**2
norm = ((squares + (squares**2 - 4 * determinant**2) ** 0.5) / 2) ** 0.5
{"radius": [round(radius, 6)], "norm": [round(norm, 6)]}


# %% nbgrader={"grade_id": "two_sizes", "solution": true}
def radius_and_norm(matrices):
    """Compute the spectral radius and the spectral norm of each matrix.

    Args:
        matrices: (N, H, H), a stack of N matrices.
    Returns:
        radius: (N,), the largest absolute value of an eigenvalue of each.
        norm: (N,), the largest singular value of each.
    """
    ### BEGIN SOLUTION
    radius = np.abs(np.linalg.eigvals(matrices)).max(axis=-1)
    norm = np.linalg.svd(matrices, compute_uv=False).max(axis=-1)
    return radius, norm
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_two_sizes", "grade": true, "locked": true, "points": 3}
lab03.two_sizes.check(radius_and_norm)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Print what `np.linalg.eigvals` and `np.linalg.svd(..., compute_uv=False)` give for the matrix of the example, as a
# stack of one: `np.array([[[2.0, -3.0], [1.5, -2.0]]])`. Which shapes do they have, and which kind of numbers?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Both give `(N, H)`, H numbers for each matrix. `np.abs` of a complex number is its absolute value; take it before you
# take the maximum. A maximum over the last axis leaves one number for each matrix.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# For the radius three calls, one inside the other: the eigenvalues, `np.abs` of them, `.max(axis=-1)`. For the norm:
# the singular values, and the largest of each row; `svd` gives it first.
#
# </details>

# %% [markdown]
# ## 5. A matrix that changes no length (3 points)
#
# The columns of an **orthogonal** matrix $Q$ have length 1 and are at right angles to one another: $Q^\top Q = I$. All
# its singular values are 1, so no vector becomes longer or shorter. Times a gain $g$, all of them are $g$. That is what
# makes it a good start for $W_{hh}$.
#
# You get one from a matrix $A$ of normal random numbers. Every matrix is a product
#
# $$A = Q R,$$
#
# where $R$ has zeros below its diagonal; `np.linalg.qr` returns both. But $Q$ is not unique: turn the sign of a column
# of $Q$ and of the same row of $R$, and the product is the same. Choose the signs so that the diagonal of $R$ is
# positive. Then there is one answer, and all orthogonal matrices are equally likely to come out.
#
# A matrix that is not square has orthonormal columns if it has at least as many rows as columns. If it has fewer rows,
# its rows shall be orthonormal instead; then decompose $A^\top$, and transpose what comes out. Book: [the initial
# recurrent matrix](book:healthy_gradients#healthy-gradients-init).

# %%
# Worked example: A has the columns (3, 4) and (1, 2); the gain is 1.5.
r_11 = (3.0**2 + 4.0**2) ** 0.5  # the length of the first column
q_1 = [3.0 / r_11, 4.0 / r_11]
r_12 = q_1[0] * 1.0 + q_1[1] * 2.0  # how much of q_1 there is in the second column
rest = [1.0 - r_12 * q_1[0], 2.0 - r_12 * q_1[1]]
r_22 = (rest[0] ** 2 + rest[1] ** 2) ** 0.5
q_2 = [rest[0] / r_22, rest[1] / r_22]
print("q_1 =", np.round(q_1, 6), " q_2 =", np.round(q_2, 6))
{"W": [[round(1.5 * q_1[0], 6), round(1.5 * q_2[0], 6)], [round(1.5 * q_1[1], 6), round(1.5 * q_2[1], 6)]]}


# %% nbgrader={"grade_id": "orthogonal_start", "solution": true}
def orthogonal_from(normal, gain):
    """Make an orthogonal matrix, times a gain, of a matrix of normal random numbers.

    Args:
        normal: (rows, columns), the matrix A. If rows >= columns, A is decomposed itself; if rows < columns, its transpose is.
        gain: a positive number, every singular value of the result.
    Returns:
        W: (rows, columns): gain times Q, where Q R is the QR decomposition whose R has a positive diagonal; transposed if A was.
    """
    ### BEGIN SOLUTION
    wide = normal.shape[0] < normal.shape[1]
    Q, R = np.linalg.qr(normal.T if wide else normal)
    Q = Q * np.sign(np.diag(R))
    return gain * (Q.T if wide else Q)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_orthogonal_start", "grade": true, "locked": true, "points": 3}
lab03.orthogonal_start.check(orthogonal_from)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Begin with a square matrix, and run `Q, R = np.linalg.qr(np.array([[3.0, 1.0], [4.0, 2.0]]))`. Compare `Q` with the
# columns of the worked example. What is different, and what does the diagonal of `R` have to do with it?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `np.sign(np.diag(R))` is -1 for each column that has to be turned and 1 for the others. `Q` times this row, with `*`,
# scales column by column.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Ask first whether `normal.shape[0] < normal.shape[1]`. If so, decompose `normal.T`, mend the signs and return the
# transpose of the result; if not, do the same without the two transpositions. The gain multiplies at the end.
#
# </details>

# %% [markdown]
# ## 6. From which start does a gradient reach?
#
# Now measure. Five starts for $W_{hh}$ of a cell with 32 units, a loss at the last of 50 steps, and normal random
# inputs of two sizes: *quiet* inputs of size 0.01, and *loud* ones of size 1. Nothing is trained, and there are no
# points here. Five seeds each.
#
# First the two sizes of each matrix, and what the product of all 50 Jacobians can do at most, its spectral norm, for
# one sequence.

# %% nbgrader={"grade_id": "use_two_sizes_orthogonal_start", "locked": true}
radius_and_norm = lab03.two_sizes.or_reference(radius_and_norm)
orthogonal_from = lab03.orthogonal_start.or_reference(orthogonal_from)

# %%
H, T, B, SEEDS = 32, 50, 8, range(5)
STARTS = {
    "orthogonal × 0.9": lambda normal: orthogonal_from(normal, 0.9),
    "orthogonal": lambda normal: orthogonal_from(normal, 1.0),
    "orthogonal × 1.5": lambda normal: orthogonal_from(normal, 1.5),
    "normal": lambda normal: normal / np.sqrt(H),
    "identity": lambda normal: np.eye(H),
}
SIZES = {"quiet": 0.01, "loud": 1.0}


def network(start, size, seed):
    """Draw a cell, run it on random inputs and draw a gradient of length 1 for the last state."""
    rng = np.random.default_rng(seed)
    params = {"weight_ih": rng.standard_normal((H, 1)), "weight_hh": STARTS[start](rng.standard_normal((H, H)))}
    params |= {"bias_ih": np.zeros(H), "bias_hh": np.zeros(H)}
    hs, _, cache = rnn_forward(params, size * rng.standard_normal((T, B, 1)), np.zeros((B, H)))
    dh_T = rng.standard_normal((B, H))
    return params, hs, cache, dh_T / np.linalg.norm(dh_T, axis=1, keepdims=True)


def jacobians(cache):
    """The Jacobians of all steps for the first sequence of the batch, (T, 1, H, H)."""
    return np.stack([rnn_step_jacobian(step)[:1] for step in cache.steps])


networks = {(start, name): [network(start, size, seed) for seed in SEEDS] for start in STARTS for name, size in SIZES.items()}
sizes = {}  # of W_hh: (2, 5), radius and norm
reach_at_most = {}  # of the product: (5,)
for start, name in networks:
    sizes[start] = np.array(radius_and_norm(np.stack([params["weight_hh"] for params, _, _, _ in networks[start, name]])))
    products = np.stack([product_jacobians(jacobians(cache))[0, 0] for _, _, cache, _ in networks[start, name]])
    reach_at_most[start, name] = radius_and_norm(products)[1]

print("medians of five seeds")
print(f"{'W_hh':18}{'radius':>8}{'norm':>7}   norm of the product: quiet, loud")
for start in STARTS:
    radius, norm = np.median(sizes[start], axis=1)
    quiet, loud = (np.median(reach_at_most[start, name]) for name in SIZES)
    print(f"{start:18}{radius:8.2f}{norm:7.2f}{quiet:25.2g}{loud:10.2g}")

# %% [markdown]
# And now the length of the gradient at every state. On the right is the last state, where the gradient enters with
# length 1; read from right to left. First the quiet inputs:

# %%
lengths = {
    key: np.array([np.median(rnn_gradient_norms(params, hs, dh_T), axis=1) for params, hs, _, dh_T in runs])
    for key, runs in networks.items()
}
lines(
    {start: lengths[start, "quiet"] for start in STARTS},
    x=np.arange(T + 1),
    log_y=True,
    xlabel="state (the loss is at the last one)",
    ylabel="length of the gradient, quiet inputs",
    alt="Length of the gradient at each of 51 states on a logarithmic scale, quiet inputs, five seeds. From the last state "
    "back, 0.9 times an orthogonal matrix falls along a straight line to 0.005. Orthogonal and identity stay near 1. The "
    "normal matrix stays near 1 in the median and spreads from below 0.1 to above 10. 1.5 times an orthogonal matrix rises "
    "slowly over thirty states and steeply over the first ten, to several hundred.",
)

# %% [markdown]
# The same matrices, with loud inputs:

# %%
lines(
    {start: lengths[start, "loud"] for start in STARTS},
    x=np.arange(T + 1),
    log_y=True,
    xlabel="state (the loss is at the last one)",
    ylabel="length of the gradient, loud inputs",
    alt="Length of the gradient at each of 51 states on a logarithmic scale, loud inputs, five seeds. All five fall from 1 at "
    "the last state. At the first one, the identity has kept about a tenth, 1.5 times an orthogonal matrix some "
    "thousandths. The orthogonal and the normal matrix have kept about a hundred-millionth, and 0.9 times an orthogonal "
    "matrix still less.",
)

# %%
_, step_norms = radius_and_norm(jacobians(networks["orthogonal", "loud"][0][2])[:, 0])
print(f"orthogonal, loud, first seed: the spectral norm of a single step lies between {step_norms.min():.2f} and {step_norms.max():.2f}")

# %% [markdown]
# Each line is the median of five seeds, and the band reaches from the lowest to the highest.
#
# **Question 1.** For which of the five starts do you know before you measure that the gradient vanishes, whatever the
# input? What is the most that can be left after 50 steps?
#
# **Question 2.** The normal matrix has about the same spectral radius as the orthogonal one. What does its spectral
# norm say, and where do you see it?
#
# **Question 3.** With loud inputs the gradient vanishes even for 1.5 times an orthogonal matrix. What has become
# smaller, and in which line of your `rnn_gradient_norms` is it? And why does this start not explode as $1.5^{50}$ when
# the inputs are quiet?
#
# **Question 4.** The last line printed says that at every step there is a vector that is hardly shortened: the spectral
# norm of the step is close to 1. How can the product of fifty such steps be so small?
#
# <details><summary>Answers</summary>
#
# 1. For 0.9 times an orthogonal matrix alone. Its spectral norm is 0.9, slopes are at most 1, so after 50 steps at most
# $0.9^{50}$, which is 0.005, is left. With quiet inputs the slopes are close to 1, and the line follows that bound;
# with loud ones it falls far below.
#
# 2. The norm is close to 2. So a step *can* nearly double a gradient, and over a few steps, in some directions, it
# does. In the long run the radius decides, which is near 1. That is why the product of the quiet run can lengthen some
# vectors several times, and why the band of the normal matrix is so wide: it depends on the seed.
#
# 3. The slopes, $1 - h^2$. Loud inputs drive the units towards 1 or -1, where tanh is flat. With quiet inputs the
# states are small at first and the slopes near 1; there the gradient grows by nearly 1.5 for each step back, on the
# left of the figure. But a matrix that lengthens gradients also lengthens states: after some ten steps the states are
# large whatever the input, and from there on the slopes keep the factor not far above 1. $1.5^{50}$ would be
# $6 \cdot 10^8$.
#
# 4. The spectral norm is about the best direction of a step: units whose slope is near 1 at that step. At the next step
# other units are near 0, and the orthogonal matrix has mixed them all in between. To come through unshortened a vector
# would have to lie in the best direction of every step. The identity mixes nothing: a unit with a small input weight
# has slopes near 1 at every step and keeps its part of the gradient. That is why it is on top with loud inputs.
#
# </details>

# %% [markdown]
# ## 7. Clipping by norm (3 points)
#
# A start is only a start: training moves the matrix, and gradients may explode later. Then one enormous step can undo a
# hundred good ones. **Clipping by norm** takes all gradients of the network together as one long vector $g$ and
# shortens it when it is longer than a bound $c$:
#
# $$
# g \leftarrow g \cdot \min\Big(1, \frac{c}{\|g\|}\Big), \qquad
# \|g\| = \sqrt{\textstyle\sum_{\text{arrays}} \sum_{\text{entries}} g_i^2}.
# $$
#
# One factor for all arrays: so the step keeps its direction. Return the norm from *before* clipping as well; it is what
# one looks at to choose the bound. Book: [clipping](book:healthy_gradients#healthy-gradients-clipping).
#
# A word on number types. The gradients that come out must have the dtype of those that go in. A Python number leaves an
# array's dtype as it is; a NumPy number of type `float64` turns a `float32` array into `float64`. `float(...)` makes
# the first kind of the second.

# %%
# Worked example: a gradient of 10 for weight_hh and one of 1 for bias_hh; the bound is 1.
norm = (10.0**2 + 1.0**2) ** 0.5
scale = min(1.0, 1.0 / norm)
{"weight_hh": round(10.0 * scale, 6), "bias_hh": round(1.0 * scale, 6), "norm": round(norm, 6)}


# %% nbgrader={"grade_id": "clipping_by_norm", "solution": true}
def clip_by_norm(grads, max_norm):
    """Shorten the gradients so that the norm of all of them together is at most max_norm; the direction stays.

    Args:
        grads: dict of arrays of any shape. It and its arrays stay as they are. If all entries are zero, so are those of the result.
        max_norm: a positive number.
    Returns:
        clipped: dict with the same keys, of arrays of the same shapes and dtypes.
        norm: the norm of all gradients together before clipping, a number.
    """
    ### BEGIN SOLUTION
    norm = float(np.sqrt(sum(np.sum(np.square(g, dtype=np.float64)) for g in grads.values())))
    scale = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return {name: g * scale for name, g in grads.items()}, norm
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_clipping_by_norm", "grade": true, "locked": true, "points": 3}
lab03.clipping_by_norm.check(clip_by_norm)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two parts: first one number, the norm of everything, then one dict with every array times the same factor. Nothing is
# scaled before the norm of everything is known.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Add `np.sum(g**2)` over `grads.values()` and take the root once, at the end. The factor is `max_norm / norm` if the
# norm is above the bound, else 1. What happens in that division if all gradients are zero?
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `if norm > max_norm` decides everything: a norm of zero is never above the bound, so nothing is divided by zero. Make
# the factor a Python number with `float(...)`, and build `{name: g * scale for name, g in grads.items()}`. `g *= scale`
# would change the caller's array.
#
# </details>

# %% [markdown]
# ## 8. Clipping by value (1 point)
#
# **Clipping by value** cuts each entry to the interval from $-c$ to $c$, whatever the others are:
#
# $$g_i \leftarrow \max(-c, \min(c, g_i)).$$
#
# It is simpler, and it changes the direction: the large entries come down, the small ones stay. Book:
# [clipping](book:healthy_gradients#healthy-gradients-clipping).

# %%
# Worked example: the gradients of part 7, one number each; the bound is 1. Compare: there the first stayed ten times the second.
{"weight_hh": max(-1.0, min(1.0, 10.0)), "bias_hh": max(-1.0, min(1.0, 1.0))}


# %% nbgrader={"grade_id": "clipping_by_value", "solution": true}
def clip_by_value(grads, max_value):
    """Cut each entry of the gradients to the interval from -max_value to max_value.

    Args:
        grads: dict of arrays of any shape. It and its arrays stay as they are.
        max_value: a positive number.
    Returns:
        clipped: dict with the same keys, of arrays of the same shapes and dtypes.
    """
    ### BEGIN SOLUTION
    return {name: np.clip(g, -max_value, max_value) for name, g in grads.items()}
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_clipping_by_value", "grade": true, "locked": true, "points": 1}
lab03.clipping_by_value.check(clip_by_value)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The loop over the dict is that of part 7. For one array NumPy has a function.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `np.clip(array, low, high)` returns a new array. An interval has two ends.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# The ends are `-max_value` and `max_value`. `np.minimum` and `np.maximum`, one inside the other, as in the equation, do
# the same.
#
# </details>

# %% [markdown]
# ## 9. A network that explodes
#
# The **recall task** of the chapters: the first of 20 steps shows a bit, +1 or -1, on a channel of its own; then comes
# noise, and at the end the network must say which bit it was. Guessing has a loss of $\log 2 = 0.693$. To provoke
# explosions, $W_{hh}$ starts as twice an orthogonal matrix, and training is plain gradient descent with a learning rate
# of 1. The same network is trained in three ways: without clipping, with your `clip_by_norm` and the bound 0.3, and
# with your `clip_by_value` and the bound 0.03.

# %% nbgrader={"grade_id": "use_clipping_by_norm_clipping_by_value", "locked": true}
clip_by_norm = lab03.clipping_by_norm.or_reference(clip_by_norm)
clip_by_value = lab03.clipping_by_value.or_reference(clip_by_value)

# %%
CELL = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def recall(rng, steps=20, batch=32):
    """Inputs (T, B, 2): noise, and a bit at the first step; the bits (B, 1), 0 or 1."""
    xs, bits = np.zeros((steps, batch, 2)), rng.integers(0, 2, (batch, 1))
    xs[:, :, 0] = 0.3 * rng.standard_normal((steps, batch))
    xs[0, :, 1] = 2 * bits[:, 0] - 1
    return xs, bits.astype(float)


def loss_and_gradients(params, xs, bits):
    hs, last, cache = rnn_forward({name: params[name] for name in CELL}, xs, np.zeros((xs.shape[1], H)))
    logits, linear_cache = linear_forward({"weight": params["out_weight"], "bias": params["out_bias"]}, last)
    loss, loss_cache = sigmoid_cross_entropy_forward(logits, bits)

    dout, dlast = linear_backward(linear_cache, sigmoid_cross_entropy_backward(loss_cache))
    dcell, _, _ = rnn_backward(cache, np.zeros_like(hs), dlast)
    return loss, {**dcell, "out_weight": dout["weight"], "out_bias": dout["bias"]}


def train(clip, seed, updates=150, lr=1.0):
    """Train one network; return the loss and the norm of the gradient before clipping at each update, and its parameters."""
    rng = np.random.default_rng(seed)
    out = init_linear(rng, H, 1)
    params = {**init_rnn(rng, 2, H), "out_weight": out["weight"], "out_bias": out["bias"]}
    params |= {"weight_hh": orthogonal_from(rng.standard_normal((H, H)), 2.0), "bias_ih": np.zeros(H), "bias_hh": np.zeros(H)}
    losses, norms = [], []
    for _ in range(updates):
        loss, grads = loss_and_gradients(params, *recall(rng))
        losses.append(loss)
        norms.append(clip_by_norm(grads, 1.0)[1])  # only to see the norm
        params = sgd_step(params, clip(grads), lr=lr)
    return losses, norms, params


CLIPS = {
    "no clipping": lambda grads: grads,
    "by norm, 0.3": lambda grads: clip_by_norm(grads, 0.3)[0],
    "by value, 0.03": lambda grads: clip_by_value(grads, 0.03),
}

# %% [markdown]
# Fifteen networks, five seeds for each way, in a few seconds. They are left out when the notebook is graded.

# %%
errors, norms, trained = {}, {}, {}  # losses and norms: name -> (seeds, updates); parameters: name -> one dict for each seed
if not grading():
    for name, clip in CLIPS.items():
        losses, before, trained[name] = zip(*(train(clip, seed) for seed in SEEDS), strict=True)
        errors[name], norms[name] = np.array(losses), np.array(before)
        print(f"{name}: loss over the last 20 updates, five seeds:", *(f"{loss:.4f}" for loss in errors[name][:, -20:].mean(axis=1)))

# %%
lines(
    {**errors, "guessing": np.full(150, np.log(2))},
    log_y=True,
    xlabel="update",
    ylabel="loss",
    alt="Loss against the update on a logarithmic scale, five seeds, and a flat line at 0.693 for guessing. Without clipping "
    "the loss jumps about and its median ends at several times that of guessing. Clipped by norm it falls below 0.01 for "
    "every seed. Clipped by value the median falls as low, and the band may reach up to guessing.",
)

# %% [markdown]
# And the norm of the gradient before clipping, at each update:

# %%
lines(
    {**{name: norms[name] for name in norms if name != "by value, 0.03"}, "bound, 0.3": np.full(150, 0.3)},
    log_y=True,
    xlabel="update",
    ylabel="norm of the gradient before clipping",
    alt="Norm of the gradient before clipping against the update on a logarithmic scale, five seeds, and a flat line at the "
    "bound, 0.3. Both curves begin well above the bound. Without clipping the median stays there. Clipped by norm it stays "
    "there for about twenty updates, then crosses the bound and falls to some thousandths.",
)

# %%
if norms:
    above = norms["by norm, 0.3"] > 0.3
    print("clipped by norm, share of the updates with a norm above 0.3, for five seeds:")
    print("  first 50 updates:", above[:, :50].mean(axis=1).round(2), " last 50:", above[:, -50:].mean(axis=1).round(2))
    print("  largest norm before clipping:", norms["by norm, 0.3"].max(axis=1).round(1))

# %% [markdown]
# What do the trained networks answer? 500 fresh sequences for each: the share of right answers, the share of the
# sequences to which it answers 1, and the median of the slopes $1 - h^2$ at the last state.

# %%
after = {}  # name -> (seeds, 3)
for name in trained:
    xs, bits = recall(np.random.default_rng(100), batch=500)
    rows = []
    for params in trained[name]:
        _, last, _ = rnn_forward({key: params[key] for key in CELL}, xs, np.zeros((500, H)))
        logits, _ = linear_forward({"weight": params["out_weight"], "bias": params["out_bias"]}, last)
        rows.append([np.mean((logits > 0) == (bits == 1)), np.mean(logits > 0), np.median(1 - last**2)])
    after[name] = np.array(rows)
    right, ones, slope = after[name].T
    print(f"{name}: right {right.round(2)}, answers 1 {ones.round(2)}, median slope {np.median(slope):.1g}")

# %% [markdown]
# **Question 1.** Without clipping the loss does not become infinite, and mostly it does not stay at that of guessing
# either: it is several times as high. What does such a network do? The lines printed last help.
#
# **Question 2.** In the runs that were clipped by norm, nearly all gradients of the first updates are far longer than
# the bound, too. Why do they do no harm, and why are there none in the last 50 updates?
#
# **Question 3.** The network has 1,185 parameters. How long can a gradient be at most after it was cut at 0.03? Compare
# with the other bound, and look at the five results.
#
# **Question 4.** Would clipping by norm help the network of part 6 that starts from 0.9 times an orthogonal matrix and
# reads loud inputs?
#
# <details><summary>Answers</summary>
#
# 1. It gives every sequence the same answer, and is sure of it. About half of the answers are right, but each wrong one
# costs much, because the logit is far from 0. The enormous steps have made the weights so large that the units are
# saturated, whatever the bit was; with slopes next to nothing, hardly any gradient goes back through them. What still
# moves is the output, and its steps are so long that the answer is thrown to and fro. tanh keeps the states between -1
# and 1, so nothing overflows.
#
# 2. A step is at most *learning rate times bound*, 0.3 here, in the direction of the gradient. So the network remains
# nearly where it was, and the next gradient is of use. While nearly every gradient is clipped, the bound sets the
# length of the steps, like a second learning rate. Later the task is solved: the loss is near 0 and with it the
# gradient, and nothing is clipped any more.
#
# 3. If all entries are cut, $0.03 \sqrt{1185} = 1.03$, more than three times the other bound. So this is the looser of
# the two, and mostly not every seed gets through. With 0.01 the length is at most 0.34; try it, all five learn the
# task. To compare two ways of clipping, compare the lengths of the steps that they allow. What remains is the
# direction: it is kept by the one and not by the other.
#
# 4. No. Its gradient from distant steps has vanished. Clipping multiplies all terms by one number that is at most 1;
# what the last steps say and what the first ones say keep their ratio.
#
# </details>
#
# **Try it.** Change one thing and predict the figure before you run it: a learning rate of 0.1 without clipping; the
# bound 3, or 0.01; a start from `orthogonal_from(..., 1.0)`; each array clipped for itself; or `T = 100` in part 6.
