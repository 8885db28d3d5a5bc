"""Lab 3, part 5: an orthogonal matrix to start from.

Contents
    orthogonal_start    the check of `orthogonal_from`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab03.inputs import NORMAL, draw_normal, steady
from rnncore.checks.labs.lab03.inputs import normal as draw

__all__ = ["orthogonal_start"]


def orthogonal_from(normal, gain):
    """Make an orthogonal matrix, times a gain, of a matrix of normal numbers: Q of its QR decomposition, with R's diagonal positive."""
    wide = normal.shape[0] < normal.shape[1]
    Q, R = np.linalg.qr(normal.T if wide else normal)
    Q = Q * np.sign(np.diag(R))
    return gain * (Q.T if wide else Q)


def with_QR(make):
    """The right function but for what `make(Q, R)` makes of the two factors."""

    def wrong(normal, gain):
        wide = normal.shape[0] < normal.shape[1]
        made = make(*np.linalg.qr(normal.T if wide else normal))
        return gain * (made.T if wide else made)

    return wrong


def instead(make):
    """`make(normal)`, times the gain."""
    return lambda normal, gain: gain * make(normal)


def in_one_go(normal, gain):
    """As if there were no wide matrices."""
    Q, R = np.linalg.qr(normal)
    return gain * (Q * np.sign(np.diag(R)))


def not_turned_back(normal, gain):
    wide = normal.shape[0] < normal.shape[1]
    return orthogonal_from(normal, gain).T if wide else orthogonal_from(normal, gain)


def every_singular_value_is_the_gain(function, rng):
    """Columns or rows, whichever are fewer, are at right angles and as long as the gain; R, which is what is left, is as promised."""
    for H, D in ((5, 5), (5, 3), (3, 5)):
        given = steady(lambda shape=(H, D): draw(rng, float, *shape), 20)
        W = function(given, 1.5)
        tall, G = (W, given) if H >= D else (W.T, given.T)
        where = f"for a matrix of shape {given.shape}"
        compare(f"{where}, the products of the {'columns' if H >= D else 'rows'}", tall.T @ tall, 1.5**2 * np.eye(min(H, D)))
        R = tall.T @ G
        compare(f"{where}, what stands below the diagonal of R", np.tril(R, -1), np.zeros_like(R))
        compare(f"{where}, the signs of the diagonal of R", np.sign(np.diag(R)), np.ones(len(R)))


orthogonal_start = Exercise(
    orthogonal_from,
    outputs=("W",),
    letters="DH",
    example=lambda: (NORMAL, 1.5),
    draw=draw_normal,
    properties=(every_singular_value_is_the_gain,),
    mistakes={
        "the signs are left as np.linalg.qr happens to choose them; turn the columns for which the diagonal of R is negative": with_QR(
            lambda Q, R: Q
        ),
        "the signs are left as np.linalg.qr happens to choose them, and a wide matrix is treated like a tall one": lambda normal, gain: (
            gain * np.linalg.qr(normal)[0]
        ),
        "the signs are applied to the rows of Q; they belong to its columns": with_QR(
            lambda Q, R: Q * np.sign(np.r_[np.diag(R), np.ones(len(Q) - len(R), R.dtype)])[:, None]
        ),
        "all columns are turned, whatever their sign": with_QR(lambda Q, R: -Q),
        "all columns get the first sign; each has a sign of its own": with_QR(lambda Q, R: Q * np.sign(R[0, 0])),
        "the signs are those of the diagonal of Q; those of the diagonal of R are meant": with_QR(lambda Q, R: Q * np.sign(np.diag(Q))),
        "the columns are multiplied by the diagonal of R; only its signs are wanted, and the columns keep length 1": with_QR(
            lambda Q, R: Q * np.diag(R)
        ),
        "all of R's signs are used; only those of its diagonal are wanted": with_QR(lambda Q, R: Q @ np.sign(R)),
        "every entry of Q is made positive": with_QR(lambda Q, R: np.abs(Q)),
        "R is used in the place of Q": instead(lambda normal: np.linalg.qr(normal)[1]),
        "Q and R are multiplied again: this is the matrix that was given, times the gain": instead(lambda normal: normal),
        "the gain is forgotten": lambda normal, gain: orthogonal_from(normal, 1),
        "the gain divides; it multiplies": lambda normal, gain: orthogonal_from(normal, 1 / gain),
        "the gain is squared": lambda normal, gain: orthogonal_from(normal, gain**2),
        "the gain is divided by the root of the number of rows, as for a normal start; Q has the right size already": lambda normal, gain: (
            orthogonal_from(normal, gain / np.sqrt(len(normal)).item())
        ),
        "nothing is made orthogonal: the given matrix is divided by the root of the number of its rows": instead(
            lambda normal: normal / np.sqrt(len(normal)).item()
        ),
        "nothing is made orthogonal: the given matrix is divided by the root of the number of its columns": instead(
            lambda normal: normal / np.sqrt(normal.shape[1]).item()
        ),
        "the columns are brought to length 1, but they are not at right angles": instead(
            lambda normal: normal / np.linalg.norm(normal, axis=0)
        ),
        "the rows are brought to length 1, but they are not at right angles": instead(
            lambda normal: normal / np.linalg.norm(normal, axis=1, keepdims=True)
        ),
        "the matrix is divided by its spectral norm: the largest singular value is 1, the others are not": instead(
            lambda normal: normal / np.linalg.norm(normal, 2)
        ),
        "the matrix is divided by its Frobenius norm": instead(lambda normal: normal / np.linalg.norm(normal)),
        "U and V of the singular value decomposition are multiplied; that is orthogonal too, but the task asks for Q": instead(
            lambda normal: (lambda U, s, V: U @ V)(*np.linalg.svd(normal, full_matrices=False))
        ),
        "U of the singular value decomposition is used; that is orthogonal too, but the task asks for Q": instead(
            lambda normal: np.linalg.svd(normal, full_matrices=False)[0]
        ),
        "a wide matrix is treated like a tall one; it has too few rows to have orthonormal columns, so decompose its transpose": in_one_go,
        "the transpose of a wide matrix is decomposed, and the result is not turned back": not_turned_back,
        "a square matrix is treated as a wide one; only a matrix with more columns than rows is transposed": lambda normal, gain: (
            orthogonal_from(normal.T, gain).T if normal.shape[0] == normal.shape[1] else orthogonal_from(normal, gain)
        ),
        "every matrix is transposed first; only a matrix with more columns than rows is": lambda normal, gain: in_one_go(normal.T, gain).T,
        "tall matrices are transposed and wide ones are not; it is the other way round": lambda normal, gain: (
            in_one_go(normal.T, gain).T if normal.shape[0] > normal.shape[1] else in_one_go(normal, gain)
        ),
        "W is transposed": lambda normal, gain: orthogonal_from(normal, gain).T,
        "a square matrix comes out transposed": lambda normal, gain: (
            orthogonal_from(normal, gain).T if normal.shape[0] == normal.shape[1] else orthogonal_from(normal, gain)
        ),
    },
)
