"""Lab 4, part 4: how wrong is it?"""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def one_after_the_other(truncated, full):
    K = len(truncated)
    cosines, errors = np.zeros(K, full.dtype), np.zeros(K, full.dtype)
    for i in range(K):
        g = truncated[i]
        cosines[i] = (g * full).sum() / np.sqrt((g**2).sum() * (full**2).sum())
        errors[i] = np.sqrt(((g - full) ** 2).sum() / (full**2).sum())
    return cosines, errors


@right
def with_axes(truncated, full):
    axes = tuple(range(1, truncated.ndim))
    size = np.sqrt(np.sum(full * full))
    cosines = np.sum(truncated * full, axis=axes) / np.sqrt(np.sum(truncated * truncated, axis=axes)) / size
    return cosines, np.sqrt(np.sum(np.square(truncated - full), axis=axes)) / size


@right
def stacked_lists(truncated, full):
    pairs = []
    for g in truncated:
        dot = np.vdot(g, full)
        pairs.append((dot / np.linalg.norm(g) / np.linalg.norm(full), np.linalg.norm(g - full) / np.linalg.norm(full)))
    cosines, errors = np.array(pairs, dtype=truncated.dtype).T
    return cosines, errors


@right
def with_einsum(truncated, full):
    g, G = truncated.reshape(truncated.shape[0], -1), full.reshape(-1)
    dots, squares, whole = np.einsum("kn,n->k", g, G), np.einsum("kn,kn->k", g, g), np.einsum("n,n->", G, G)
    d = g - G
    return dots / np.sqrt(squares * whole), np.sqrt(np.einsum("kn,kn->k", d, d) / whole)


@right
def unit_vectors(truncated, full):
    length = np.linalg.norm(full)
    unit = full.ravel() / length
    flat = truncated.reshape(len(truncated), full.size)
    lengths = np.linalg.norm(flat, axis=-1, keepdims=True)
    return [(flat / lengths) @ unit, np.linalg.norm(flat / length - unit, axis=-1)]


@right
def inner_functions(truncated, full):
    def length(v):
        return np.sqrt(np.square(v).sum())

    cosines = np.array([(g * full).sum() / (length(g) * length(full)) for g in truncated])
    errors = np.array([length(g - full) / length(full) for g in truncated])
    print(cosines.round(2), errors.round(2))
    return cosines.astype(full.dtype), errors.astype(full.dtype)


def flat(truncated, full):
    return truncated.reshape(len(truncated), -1), full.ravel()


def lengths(g):
    return np.sqrt((g**2).sum(axis=-1))


@wrong("the cosines are not divided by the lengths")
def dot_products(truncated, full):
    g, G = flat(truncated, full)
    return g @ G, lengths(g - G) / lengths(G)


@wrong("the cosines are divided by the length of the truncated gradient only")
def half_normed(truncated, full):
    g, G = flat(truncated, full)
    return g @ G / lengths(g), lengths(g - G) / lengths(G)


@wrong("the cosines are divided by the square of the full gradient's length")
def full_squared(truncated, full):
    g, G = flat(truncated, full)
    return g @ G / (G @ G), lengths(g - G) / lengths(G)


@wrong("a root is missing")
def no_roots(truncated, full):
    g, G = flat(truncated, full)
    return g @ G / ((g**2).sum(axis=1) * (G**2).sum()), lengths(g - G) / lengths(G)


@wrong("1 minus the cosine")
def distance(truncated, full):
    g, G = flat(truncated, full)
    return 1 - g @ G / (lengths(g) * lengths(G)), lengths(g - G) / lengths(G)


@wrong("the angle stands in the place of its cosine")
def in_radians(truncated, full):
    g, G = flat(truncated, full)
    return np.arccos(np.clip(g @ G / (lengths(g) * lengths(G)), -1, 1)), lengths(g - G) / lengths(G)


@wrong("the errors are not divided")
def absolute(truncated, full):
    g, G = flat(truncated, full)
    return g @ G / (lengths(g) * lengths(G)), lengths(g - G)


@wrong("the errors are divided by the length of the truncated gradient")
def other_measure(truncated, full):
    g, G = flat(truncated, full)
    return g @ G / (lengths(g) * lengths(G)), lengths(g - G) / lengths(g)


@wrong("the errors are squared")
def squared_error(truncated, full):
    g, G = flat(truncated, full)
    return g @ G / (lengths(g) * lengths(G)), ((g - G) ** 2).sum(axis=1) / (G**2).sum()


@wrong("the errors compare lengths; take the length of the difference")
def difference_of_lengths(truncated, full):
    g, G = flat(truncated, full)
    return g @ G / (lengths(g) * lengths(G)), abs(lengths(g) - lengths(G)) / lengths(G)


@wrong("the errors are means of the relative errors of the entries")
def entry_by_entry(truncated, full):
    g, G = flat(truncated, full)
    return g @ G / (lengths(g) * lengths(G)), np.mean(np.abs((g - G) / G), axis=1)


@wrong("the errors add up absolute values")
def sum_of_absolutes(truncated, full):
    g, G = flat(truncated, full)
    return g @ G / (lengths(g) * lengths(G)), np.abs(g - G).sum(axis=1) / np.abs(G).sum()


@wrong("all K gradients are measured as one")
def axis_forgotten(truncated, full):
    g, G = flat(truncated, full)
    return g @ G / (np.linalg.norm(g) * np.linalg.norm(G)), lengths(g - G) / lengths(G)


@wrong("there is a number for each row")
def not_flattened(truncated, full):
    cosines = (truncated * full).sum(axis=-1) / (np.linalg.norm(truncated, axis=-1) * np.linalg.norm(full, axis=-1))
    return cosines, np.linalg.norm(truncated - full, axis=-1) / np.linalg.norm(full, axis=-1)


@wrong("cosines and errors are exchanged")
def other_order(truncated, full):
    g, G = flat(truncated, full)
    return lengths(g - G) / lengths(G), g @ G / (lengths(g) * lengths(G))


@wrong("the cosines lack their sign")
def always_positive(truncated, full):
    g, G = flat(truncated, full)
    return np.abs(g @ G) / (lengths(g) * lengths(G)), lengths(g - G) / lengths(G)


@wrong("must have the dtype of the inputs, float32, got float64.")
def python_numbers(truncated, full):
    g, G = flat(truncated, full)
    cosines = [float(v @ G / (lengths(v) * lengths(G))) for v in g]
    return np.array(cosines), lengths(g - G) / lengths(G)


@wrong("cosines must be a NumPy array of shape")
def lists(truncated, full):
    g, G = flat(truncated, full)
    return list(g @ G / (lengths(g) * lengths(G))), list(lengths(g - G) / lengths(G))


@wrong(None)
def root_mean_square_for_length(truncated, full):
    g, G = flat(truncated, full)
    return g @ G / (lengths(g) * lengths(G)), np.sqrt(((g - G) ** 2).mean(axis=1))


@right
def rows(truncated, full):
    g, G = truncated.reshape(truncated.shape[0], -1), full.reshape(-1)
    length = np.sqrt((G * G).sum())
    return g @ G / (np.sqrt((g * g).sum(axis=1)) * length), np.sqrt(((g - G) ** 2).sum(axis=1)) / length


@wrong("the gradients are multiplied as they come, with several axes")
def product_with_axes(truncated, full):
    m, n = np.linalg.norm(truncated, axis=1), np.linalg.norm(full)
    return truncated @ full / (m * n), np.linalg.norm(truncated - full, axis=1) / n


@wrong("the cosines are divided by the length of the full gradient only")
def own_length_forgotten(truncated, full):
    g, G = truncated.reshape(len(truncated), -1), full.ravel()
    n = np.linalg.norm(G)
    return g @ G / n, np.linalg.norm(g - G, axis=1) / n


@wrong("the lengths in the cosines are sums of absolute values")
def absolute_values(truncated, full):
    g, G = truncated.reshape(len(truncated), -1), full.ravel()
    n = np.abs(G).sum()
    return g @ G / (np.abs(g).sum(axis=1) * n), np.abs(g - G).sum(axis=1) / n
