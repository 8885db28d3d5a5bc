"""Lab 3, part 2: the Jacobians of all steps, multiplied."""

import functools

import numpy as np

from tests.corpus.answers import right, wrong


@right
def array_made_in_advance(jacobians):
    products = np.empty_like(jacobians)
    products[-1] = jacobians[-1]
    for t in range(len(jacobians) - 2, -1, -1):
        products[t] = products[t + 1] @ jacobians[t]
    return products


@right
def from_the_identity(jacobians):
    _T, B, S, _ = jacobians.shape
    P, products = np.tile(np.eye(S, dtype=jacobians.dtype), (B, 1, 1)), []
    for J in jacobians[::-1]:
        P = P @ J
        products.insert(0, P)
    return np.array(products)


@right
def recursive(jacobians):
    if len(jacobians) == 1:
        return jacobians.copy()
    later = recursive(jacobians[1:])
    return np.concatenate([(later[0] @ jacobians[0])[None], later])


@right
def each_from_scratch(jacobians):
    products = []
    for t in range(len(jacobians)):
        products.append(functools.reduce(np.matmul, jacobians[t:][::-1]))
    return np.stack(products)


@right
def sequence_by_sequence(jacobians):
    products = np.zeros(jacobians.shape, jacobians.dtype)
    for b in range(jacobians.shape[1]):
        P = np.eye(jacobians.shape[2], dtype=jacobians.dtype)
        for t in reversed(range(jacobians.shape[0])):
            P = P.dot(jacobians[t, b])
            products[t, b] = P
        print("sequence", b, "largest entry", np.abs(P).max())
    return products


@right
def einsum(jacobians):
    products = [jacobians[-1]]
    for t in range(2, len(jacobians) + 1):
        products.append(np.einsum("bij,bjk->bik", products[-1], jacobians[-t]))
    products.reverse()
    return np.stack(products)


@right
def rows_carried_back(jacobians):
    """Every row of the identity is a gradient at the last state."""
    T, B, S, _ = jacobians.shape
    products = np.empty_like(jacobians)
    for i in range(S):
        row = np.zeros((B, 1, S), jacobians.dtype)
        row[..., i] = 1
        for t in range(T - 1, -1, -1):
            row = row @ jacobians[t]
            products[t, :, i] = row[:, 0]
    return products


@right
def with_accumulate(jacobians):
    from itertools import accumulate

    return np.stack(list(accumulate(jacobians[::-1], np.matmul))[::-1])


@wrong("the factors stand in the wrong order")
def on_the_left(jacobians):
    P, products = jacobians[-1], [jacobians[-1]]
    for J in jacobians[:-1][::-1]:
        P = J @ P
        products.insert(0, P)
    return np.stack(products)


@wrong("the products come in the order in which they are made")
def not_turned_round(jacobians):
    products = [jacobians[-1]]
    for J in jacobians[:-1][::-1]:
        products.append(products[-1] @ J)
    return np.stack(products)


@wrong("the products start at the first step: entry t")
def from_the_start(jacobians):
    products = [jacobians[0]]
    for J in jacobians[1:]:
        products.append(J @ products[-1])
    return np.stack(products)


@wrong("the products start at the first step, and the factors stand in the wrong order")
def cumulative(jacobians):
    P, products = np.eye(jacobians.shape[-1], dtype=jacobians.dtype), []
    for J in jacobians:
        P = P @ J
        products.append(P)
    return np.stack(products)


@wrong("entry t lacks its own Jacobian")
def appended_before_multiplying(jacobians):
    P, products = np.tile(np.eye(jacobians.shape[-1], dtype=jacobians.dtype), (jacobians.shape[1], 1, 1)), []
    for J in jacobians[::-1]:
        products.append(P)
        P = P @ J
    return np.stack(products[::-1])


@wrong("the identity is one entry more")
def identity_kept(jacobians):
    products = [np.tile(np.eye(jacobians.shape[-1], dtype=jacobians.dtype), (jacobians.shape[1], 1, 1))]
    for J in jacobians[::-1]:
        products.append(products[-1] @ J)
    return np.stack(products[::-1])


@wrong("entries are multiplied with *")
def elementwise(jacobians):
    return np.cumprod(jacobians[::-1], axis=0)[::-1]


@wrong("the Jacobians are added")
def sums(jacobians):
    return np.cumsum(jacobians[::-1], axis=0)[::-1]


@wrong("only the whole product is returned")
def one_matrix(jacobians):
    P = jacobians[-1]
    for J in jacobians[-2::-1]:
        P = P @ J
    return P


@wrong("the product is not carried on")
def neighbours(jacobians):
    products = jacobians.copy()
    for t in range(len(jacobians) - 1):
        products[t] = jacobians[t + 1] @ jacobians[t]
    return products


@wrong("each entry is a power of its own Jacobian")
def powers(jacobians):
    T = len(jacobians)
    return np.stack([np.linalg.matrix_power(jacobians[t], T - t) for t in range(T)])


@wrong("the loop ends one step too early")
def stops_before_zero(jacobians):
    T = len(jacobians)
    products = [jacobians[T - 1]]
    for t in range(T - 2, 0, -1):
        products.append(products[-1] @ jacobians[t])
    return np.stack(products[::-1])


@wrong("np.dot multiplies every sequence with every other")
def dot(jacobians):
    products = [jacobians[-1]]
    for J in jacobians[:-1][::-1]:
        products.append(np.dot(products[-1], J))
    return np.stack(products[::-1])


@wrong("the loop runs over the batch")
def batch_first(jacobians):
    products = np.empty_like(jacobians)
    products[:, -1] = jacobians[:, -1]
    for b in range(jacobians.shape[1] - 2, -1, -1):
        products[:, b] = products[:, b + 1] @ jacobians[:, b]
    return products


@wrong("every entry is the whole product")
def one_array_written_over(jacobians):
    P = np.array(jacobians[-1])
    products = [P]
    for J in jacobians[:-1][::-1]:
        P[:] = P @ J
        products.append(P)
    return np.stack(products[::-1])


@wrong("it changed its argument jacobians in place; work on a copy.")
def in_place(jacobians):
    for t in range(len(jacobians) - 2, -1, -1):
        jacobians[t] = jacobians[t + 1] @ jacobians[t]
    return jacobians


@wrong("products must be a NumPy array of shape (3, 1, 2, 2), got a list of 3.")
def not_stacked(jacobians):
    products = [jacobians[-1]]
    for J in jacobians[:-1][::-1]:
        products.insert(0, products[0] @ J)
    return products


@wrong("must have the dtype of the inputs, float32, got float64.")
def wide_identity(jacobians):
    P, products = np.eye(jacobians.shape[-1]), []
    for J in jacobians[::-1]:
        P = P @ J
        products.append(P)
    return np.stack(products[::-1])


@wrong("it stopped in line")
def multi_dot(jacobians):
    return np.stack([np.linalg.multi_dot(list(jacobians[t:][::-1])) for t in range(len(jacobians))])


@wrong("the last step's Jacobian is multiplied in twice")
def last_jacobian_twice(jacobians):
    P = jacobians[-1]
    out = []
    for J in jacobians[::-1]:
        P = P @ J
        out.append(P)
    return np.stack(out[::-1])
