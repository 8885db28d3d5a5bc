"""Lab 3, part 1: the Jacobian of one step."""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def diagonal_matrices(cache):
    W = cache.params["weight_hh"]
    return np.stack([np.diag(1 - h**2) @ W for h in cache.h_next])


@right
def einsum(cache):
    return np.einsum("bi,ij->bij", 1 - cache.h_next**2, cache.params["weight_hh"])


@right
def entry_by_entry(cache):
    h, W = cache.h_next, cache.params["weight_hh"]
    B, H = h.shape
    J = np.zeros((B, H, H), dtype=h.dtype)
    for b in range(B):
        for i in range(H):
            for j in range(H):
                J[b, i, j] = (1 - h[b, i] ** 2) * W[i, j]
    return J


@right
def unpacked(cache):
    params, _, _, h_next, _ = cache
    slope = (1 + h_next) * (1 - h_next)
    print("smallest slope", slope.min())
    return params["weight_hh"][np.newaxis] * np.expand_dims(slope, 2)


@right
def through_the_transpose(cache):
    """Column by column of the transpose, because broadcasting fits the last axis."""
    slope = 1 - np.square(cache.h_next)
    return np.swapaxes(cache.params["weight_hh"].T * slope[:, None, :], 1, 2)


@right
def pre_activation_again(cache):
    p, x, h = cache.params, cache.x, cache.h
    a = x @ p["weight_ih"].T + p["bias_ih"] + h @ p["weight_hh"].T + p["bias_hh"]
    return (1 / np.cosh(a) ** 2)[:, :, None] * p["weight_hh"]


@right
def backward_of_unit_vectors(cache):
    B, H = cache.h.shape
    rows = []
    for i in range(H):
        dh = np.zeros((B, H), cache.h.dtype)
        dh[:, i] = 1
        rows.append((dh * (1 - cache.h_next**2)) @ cache.params["weight_hh"])
    return np.stack(rows, axis=1)


@wrong("the slopes scale the columns of weight_hh")
def columns(cache):
    return cache.params["weight_hh"] * (1 - cache.h_next**2)[:, None, :]


@wrong("the slopes scale the columns of weight_hh")
def diagonal_on_the_right(cache):
    return np.stack([cache.params["weight_hh"] @ np.diag(1 - h**2) for h in cache.h_next])


@wrong("weight_hh is transposed")
def transposed_as_in_the_forward_pass(cache):
    return (1 - cache.h_next**2)[:, :, None] * cache.params["weight_hh"].T


@wrong("the whole Jacobian is transposed")
def einsum_with_the_other_order(cache):
    return np.einsum("bi,ij->bji", 1 - cache.h_next**2, cache.params["weight_hh"])


@wrong("the slope is taken at the state before the step")
def slope_of_the_old_state(cache):
    return (1 - cache.h**2)[:, :, None] * cache.params["weight_hh"]


@wrong("tanh is applied once more")
def tanh_twice(cache):
    slope = 1 - np.tanh(cache.h_next) ** 2
    return slope[:, :, None] * cache.params["weight_hh"]


@wrong("tanh is applied to the state before the step")
def as_in_some_texts(cache):
    return np.array([np.diag(1 - np.tanh(h) ** 2) @ cache.params["weight_hh"] for h in cache.h])


@wrong("the slope is forgotten")
def linear_cell(cache):
    return np.repeat(cache.params["weight_hh"][None], len(cache.h), axis=0)


@wrong("the square in the slope is forgotten")
def no_square(cache):
    return (1 - cache.h_next)[:, :, None] * cache.params["weight_hh"]


@wrong("the slope of the sigmoid stands in the place")
def sigmoid_slope(cache):
    slope = cache.h_next * (1 - cache.h_next)
    return slope[:, :, None] * cache.params["weight_hh"]


@wrong("slope and weight_hh are multiplied as they are")
def no_new_axis(cache):
    return (1 - cache.h_next**2) * cache.params["weight_hh"]


@wrong("a matrix product stands in the place of the scaling")
def product(cache):
    return (1 - cache.h_next**2) @ cache.params["weight_hh"]


@wrong("np.diag is given a (B, H) array")
def diag_of_the_batch(cache):
    slope = 1 - cache.h_next**2
    return np.diag(slope) @ cache.params["weight_hh"]


@wrong("only the first sequence of the batch is used")
def one_sequence(cache):
    return np.diag(1 - cache.h_next[0] ** 2) @ cache.params["weight_hh"]


@wrong("the Jacobians are averaged over the batch")
def mean_slope(cache):
    return np.diag((1 - cache.h_next**2).mean(axis=0)) @ cache.params["weight_hh"]


@wrong("weight_ih stands in the place of weight_hh")
def of_the_input(cache):
    return (1 - cache.h_next**2)[:, :, None] * cache.params["weight_ih"]


@wrong("these are the diagonal matrices of the slopes")
def only_diagonals(cache):
    return np.stack([np.diag(1 - h**2) for h in cache.h_next])


@wrong("must have the dtype of the inputs, float32, got float64.")
def wide_zeros(cache):
    B, H = cache.h_next.shape
    J = np.zeros((B, H, H))
    J[:] = (1 - cache.h_next**2)[:, :, None] * cache.params["weight_hh"]
    return J


@wrong("J must be a NumPy array of shape (1, 2, 2), got a dict with the keys 0.")
def dict_by_sequence(cache):
    return {b: np.diag(1 - h**2) @ cache.params["weight_hh"] for b, h in enumerate(cache.h_next)}


@wrong("changed its argument cache in place")
def scaled_in_place(cache):
    h = cache.h_next
    np.multiply(h, -h, out=h)
    h += 1
    return h[:, :, None] * cache.params["weight_hh"]
