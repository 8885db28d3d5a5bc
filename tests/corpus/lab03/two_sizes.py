"""Lab 3, part 4: two sizes of a matrix."""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def matrix_by_matrix(matrices):
    radius, norm = [], []
    for W in matrices:
        radius.append(max(abs(np.linalg.eigvals(W))))
        norm.append(np.linalg.norm(W, 2))
    return np.array(radius), np.array(norm)


@right
def with_axes(matrices):
    return np.max(np.abs(np.linalg.eigvals(matrices)), axis=1), np.linalg.norm(matrices, ord=2, axis=(1, 2))


@right
def first_singular_value(matrices):
    values, _ = np.linalg.eig(matrices)
    _U, s, _Vt = np.linalg.svd(matrices)
    print(s.shape)
    return np.abs(values).max(axis=-1), s[:, 0]


@right
def of_the_square(matrices):
    """Singular values from the eigenvalues of W^T W."""
    gram = np.swapaxes(matrices, -1, -2) @ matrices
    eigenvalues = np.linalg.eigvals(matrices)
    radius = np.sqrt(eigenvalues.real**2 + eigenvalues.imag**2).max(axis=-1)
    return radius, np.sqrt(np.linalg.eigvalsh(gram)[..., -1])


@right
def arrays_made_in_advance(matrices):
    N = len(matrices)
    radius, norm = np.zeros(N, matrices.dtype), np.zeros(N, matrices.dtype)
    for n in range(N):
        radius[n] = np.sort(np.abs(np.linalg.eigvals(matrices[n])))[-1]
        norm[n] = np.sort(np.linalg.svd(matrices[n])[1])[-1]
    return [radius, norm]


@right
def newer_names(matrices):
    return np.absolute(np.linalg.eigvals(matrices)).max(-1), np.linalg.svdvals(matrices).max(-1)


def eig(matrices):
    return np.abs(np.linalg.eigvals(matrices)).max(axis=-1)


def top(matrices):
    return np.linalg.svd(matrices, compute_uv=False)[:, 0]


@right
def root_of_the_gram_matrix(matrices):
    lam = np.linalg.eigvals(matrices)
    gram = np.swapaxes(matrices, 1, 2) @ matrices
    return np.sqrt(lam.real**2 + lam.imag**2).max(-1), np.sqrt(np.linalg.eigvalsh(gram)[:, -1])


@wrong("no absolute value is taken")
def no_absolute_value(matrices):
    return np.linalg.eigvals(matrices).max(axis=-1), top(matrices)


@wrong("only the real part of an eigenvalue is used")
def real_part(matrices):
    return np.linalg.eigvals(matrices).real.max(axis=-1), top(matrices)


@wrong("the absolute value is taken of the real part only")
def absolute_of_real_part(matrices):
    return np.array([np.abs(np.real(np.linalg.eigvals(W))).max() for W in matrices]), top(matrices)


@wrong("radius and norm are exchanged")
def exchanged(matrices):
    return top(matrices), eig(matrices)


@wrong("the root of the sum of all squares is taken, the Frobenius norm")
def norm_without_order(matrices):
    return eig(matrices), np.array([np.linalg.norm(W) for W in matrices])


@wrong("the smallest singular value is taken")
def last_singular_value(matrices):
    return eig(matrices), np.linalg.svd(matrices, compute_uv=False)[:, -1]


@wrong("the smallest singular value is taken")
def order_minus_two(matrices):
    return eig(matrices), np.linalg.norm(matrices, -2, axis=(1, 2))


@wrong("the norm is squared")
def no_root(matrices):
    return eig(matrices), np.linalg.eigvalsh(matrices.swapaxes(1, 2) @ matrices).max(axis=-1)


@wrong("index 0 takes the singular values of the first matrix")
def index_of_the_matrix(matrices):
    return eig(matrices), np.linalg.svd(matrices, compute_uv=False)[0]


@wrong("eigvalsh stands in the place of eigvals")
def symmetric_routine(matrices):
    return np.abs(np.linalg.eigvalsh(matrices)).max(axis=-1), top(matrices)


@wrong("the first eigenvalue is taken")
def first_eigenvalue(matrices):
    return np.abs(np.linalg.eigvals(matrices)[:, 0]), top(matrices)


@wrong("radius must have shape (1,), got (1, 2).")
def complex_numbers_returned(matrices):
    return np.linalg.eigvals(matrices), top(matrices)


@wrong("all absolute values of the eigenvalues are returned")
def no_maximum(matrices):
    return np.abs(np.linalg.eigvals(matrices)), top(matrices)


@wrong("one radius is taken for all matrices")
def maximum_of_all(matrices):
    return np.array(np.abs(np.linalg.eigvals(matrices)).max()), top(matrices)


@wrong("np.linalg.norm with 2 takes one matrix")
def norm_of_the_stack(matrices):
    return eig(matrices), np.linalg.norm(matrices, 2)


@wrong("the largest sum of a row is taken")
def infinity_norm(matrices):
    return eig(matrices), np.linalg.norm(matrices, np.inf, axis=(1, 2))


@wrong("the largest sum of a column is taken")
def one_norm(matrices):
    return eig(matrices), np.array([np.linalg.norm(W, 1) for W in matrices])


@wrong("both are the radius")
def only_eigenvalues(matrices):
    return eig(matrices), eig(matrices)


@wrong("both are the norm")
def only_singular_values(matrices):
    return top(matrices), top(matrices)


@wrong("the largest entry of the matrix stands in the place of the norm")
def largest_entry(matrices):
    return eig(matrices), np.abs(matrices).max(axis=(1, 2))


@wrong("it must return 2 values (radius, norm), got an array of shape (1,).")
def radius_alone(matrices):
    return eig(matrices)


@wrong("radius must be a NumPy array of shape (1,), got a list of 1.")
def lists(matrices):
    return [max(abs(np.linalg.eigvals(W))) for W in matrices], [np.linalg.norm(W, 2) for W in matrices]


@wrong("must have the dtype of the inputs, float32, got float64.")
def wide(matrices):
    radius, norm = np.zeros(len(matrices)), np.zeros(len(matrices))
    for n, W in enumerate(matrices):
        radius[n], norm[n] = np.abs(np.linalg.eigvals(W)).max(), np.linalg.norm(W, 2)
    return radius, norm


@wrong(None)
def power_iteration_too_short(matrices):
    v = np.ones((len(matrices), matrices.shape[1], 1), matrices.dtype)
    for _ in range(5):
        v = matrices @ v
        size = np.linalg.norm(v, axis=1, keepdims=True)
        v = v / size
    return size[:, 0, 0], top(matrices)


@wrong("the maximum is taken first and the absolute value of it afterwards")
def abs_after_max(matrices):
    return np.abs(np.linalg.eigvals(matrices).max(axis=-1)), np.linalg.svd(matrices, compute_uv=False).max(axis=-1)


@wrong("the maximum of the eigenvalues runs over the matrices")
def maximum_over_the_matrices(matrices):
    return np.abs(np.linalg.eigvals(matrices)).max(axis=0), np.linalg.svd(matrices, compute_uv=False).max(axis=0)
