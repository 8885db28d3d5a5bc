"""Lab 3, part 5: an orthogonal matrix to start from."""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def two_branches(normal, gain):
    if normal.shape[0] >= normal.shape[1]:
        Q, R = np.linalg.qr(normal)
        return gain * Q * np.sign(np.diag(R))
    Q, R = np.linalg.qr(normal.T)
    return (gain * Q * np.sign(np.diag(R))).T


@right
def calls_itself(normal, gain):
    rows, columns = normal.shape
    if columns > rows:
        return calls_itself(normal.T, gain).T
    Q, R = np.linalg.qr(normal)
    return Q @ np.diag(np.sign(np.diagonal(R))) * gain


@right
def gram_schmidt(normal, gain):
    """Column by column, without a decomposition."""
    A = normal if normal.shape[0] >= normal.shape[1] else normal.T
    Q = np.zeros_like(A)
    for j in range(A.shape[1]):
        v = A[:, j].copy()
        for i in range(j):
            v -= (Q[:, i] @ v) * Q[:, i]
        Q[:, j] = v / np.linalg.norm(v)
    return gain * (Q if A.shape == normal.shape and A is normal else Q.T)


@right
def columns_turned_in_a_loop(normal, gain):
    tall = len(normal) >= normal.shape[1]
    Q, R = np.linalg.qr(normal if tall else normal.transpose(), mode="reduced")
    for j in range(len(R)):
        if R[j, j] < 0:
            Q[:, j] *= -1
    W = Q * gain
    return W if tall else W.T


@right
def cholesky(normal, gain):
    """R is the Cholesky factor of A^T A, whose diagonal is positive."""
    A = normal.T if normal.shape[1] > normal.shape[0] else normal
    L = np.linalg.cholesky(A.T.astype(np.float64) @ A)
    Q = np.linalg.solve(L, A.T.astype(np.float64)).T.astype(normal.dtype)
    print("largest difference", np.abs(Q.T @ Q - np.eye(len(L))).max())
    return gain * (Q.T if normal.shape[1] > normal.shape[0] else Q)


@right
def signs_by_where(normal, gain):
    wide = normal.shape[1] > normal.shape[0]
    Q, R = np.linalg.qr(np.transpose(normal) if wide else normal)
    W = gain * np.where(np.diag(R) < 0, -Q, Q)
    return W.T if wide else W


def tall_or_not(normal, gain, make):
    """The two branches as most people write them."""
    if normal.shape[0] >= normal.shape[1]:
        return gain * make(*np.linalg.qr(normal))
    return gain * make(*np.linalg.qr(normal.T)).T


@wrong("the signs are left as np.linalg.qr happens to choose them")
def no_signs(normal, gain):
    return tall_or_not(normal, gain, lambda Q, R: Q)


@wrong("the signs are left as np.linalg.qr happens to choose them, and a wide matrix is treated like a tall one.")
def just_Q(normal, gain):
    Q, _ = np.linalg.qr(normal)
    return gain * Q


@wrong("the columns are multiplied by the diagonal of R")
def diagonal_itself(normal, gain):
    return tall_or_not(normal, gain, lambda Q, R: Q * np.diag(R))


@wrong("all of R's signs are used")
def signs_of_R(normal, gain):
    return tall_or_not(normal, gain, lambda Q, R: Q @ np.sign(R))


@wrong("the signs are those of the diagonal of Q")
def diagonal_of_Q(normal, gain):
    return tall_or_not(normal, gain, lambda Q, R: Q * np.sign(np.diag(Q)))


@wrong("the signs are applied to the rows of Q")
def signs_of_rows(normal, gain):
    def make(Q, R):
        signs = np.ones(len(Q), Q.dtype)
        signs[: len(R)] = np.sign(np.diag(R))
        return signs[:, None] * Q

    return tall_or_not(normal, gain, make)


@wrong("the gain is forgotten")
def no_gain(normal, gain):
    return tall_or_not(normal, 1, lambda Q, R: Q * np.sign(np.diag(R)))


@wrong("nothing is made orthogonal: the given matrix is divided by the root of the number of its columns")
def scaled_normal(normal, gain):
    return gain * normal / np.sqrt(normal.shape[1]).astype(normal.dtype)


@wrong("the matrix is divided by its spectral norm")
def largest_singular_value_is_one(normal, gain):
    return gain * normal / np.linalg.norm(normal, 2)


@wrong("the columns are brought to length 1, but they are not at right angles")
def columns_normalised(normal, gain):
    return gain * normal / np.sqrt((normal**2).sum(axis=0, keepdims=True))


@wrong("the rows are brought to length 1, but they are not at right angles")
def rows_normalised(normal, gain):
    return gain * normal / np.linalg.norm(normal, axis=1)[:, None]


@wrong("U and V of the singular value decomposition are multiplied")
def svd(normal, gain):
    U, _, Vt = np.linalg.svd(normal, full_matrices=False)
    return gain * U @ Vt


@wrong("a wide matrix is treated like a tall one")
def wide_forgotten(normal, gain):
    Q, R = np.linalg.qr(normal)
    return gain * Q * np.sign(np.diag(R))


@wrong("the transpose of a wide matrix is decomposed, and the result is not turned back")
def not_turned_back(normal, gain):
    if normal.shape[1] > normal.shape[0]:
        normal = normal.T
    Q, R = np.linalg.qr(normal)
    return gain * Q * np.sign(np.diag(R))


@wrong("a square matrix is treated as a wide one")
def square_is_wide(normal, gain):
    if normal.shape[0] > normal.shape[1]:
        Q, R = np.linalg.qr(normal)
        return gain * Q * np.sign(np.diag(R))
    Q, R = np.linalg.qr(normal.T)
    return gain * (Q * np.sign(np.diag(R))).T


@wrong("R is used in the place of Q")
def names_exchanged(normal, gain):
    _R, Q = np.linalg.qr(normal)
    return gain * Q


@wrong("the gain divides")
def divided(normal, gain):
    return tall_or_not(normal, 1 / gain, lambda Q, R: Q * np.sign(np.diag(R)))


@wrong("W must be a NumPy array of shape (2, 2), got a QRResult of 2.")
def both_returned(normal, gain):
    return np.linalg.qr(gain * normal)


@wrong("must have the dtype of the inputs, float32, got float64.")
def numpy_gain(normal, gain):
    return tall_or_not(normal, np.float64(gain), lambda Q, R: Q * np.sign(np.diag(R)))


@wrong(None)
def unfinished_gram_schmidt(normal, gain):
    """Each column is made orthogonal to the one before it only."""
    A = normal if normal.shape[0] >= normal.shape[1] else normal.T
    Q = A / np.linalg.norm(A, axis=0)
    for j in range(1, A.shape[1]):
        v = A[:, j] - (Q[:, j - 1] @ A[:, j - 1]) * Q[:, j - 1]
        Q[:, j] = v / np.linalg.norm(v)
    return gain * (Q if normal.shape[0] >= normal.shape[1] else Q.T)


@wrong("every entry of Q is made positive")
def absolute_values_of_q(normal, gain):
    wide = normal.shape[0] < normal.shape[1]
    Q = np.abs(np.linalg.qr(normal.T if wide else normal)[0])
    return gain * (Q.T if wide else Q)


@wrong("all columns are turned, whatever their sign")
def always_the_other_sign(normal, gain):
    wide = normal.shape[0] < normal.shape[1]
    Q = -np.linalg.qr(normal.T if wide else normal)[0]
    return gain * (Q.T if wide else Q)


@wrong("all columns get the first sign")
def one_sign_for_all(normal, gain):
    wide = normal.shape[0] < normal.shape[1]
    Q, R = np.linalg.qr(normal.T if wide else normal)
    Q = Q * np.sign(R[0, 0])
    return gain * (Q.T if wide else Q)


@wrong("tall matrices are transposed and wide ones are not")
def transposed_when_tall(normal, gain):
    tall = normal.shape[0] > normal.shape[1]
    Q, R = np.linalg.qr(normal.T if tall else normal)
    Q = Q * np.sign(np.diag(R))
    return gain * (Q.T if tall else Q)


@wrong(None)
def complete_mode(normal, gain):
    wide = normal.shape[0] < normal.shape[1]
    Q, R = np.linalg.qr(normal.T if wide else normal, mode="complete")
    Q[:, : len(np.diag(R))] *= np.sign(np.diag(R))
    return gain * (Q.T if wide else Q)
