"""Lab 3, part 4: two sizes of a matrix.

Contents
    two_sizes    the check of `radius_and_norm`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab03.inputs import PAIR, draw_matrices, normal

__all__ = ["two_sizes"]


def radius_and_norm(matrices):
    """Compute the largest absolute value of an eigenvalue and the largest singular value of each matrix."""
    radius = np.abs(np.linalg.eigvals(matrices)).max(axis=-1)
    norm = np.linalg.svd(matrices, compute_uv=False).max(axis=-1)
    return radius, norm


def absolute(matrices):
    return np.abs(np.linalg.eigvals(matrices))


def singular(matrices):
    return np.linalg.svd(matrices, compute_uv=False)


def with_radius(radius):
    return lambda matrices: (radius(matrices), radius_and_norm(matrices)[1])


def with_norm(norm):
    return lambda matrices: (radius_and_norm(matrices)[0], norm(matrices))


def each_answers_its_own_question(function, rng):
    """Where both numbers are known: a diagonal matrix, one that only stretches once, a rotation, and the square of a matrix."""
    diagonal, once, turn = np.diag([2.0, -3.0]), np.array([[0.0, 5.0], [0.0, 0.0]]), np.array([[0.6, -0.8], [0.8, 0.6]])
    known = {"a diagonal matrix": (diagonal, 3, 3), "a matrix whose square is zero": (once, 0, 5), "a rotation": (turn, 1, 1)}
    for name, (matrix, radius, norm) in known.items():
        compare(f"for {name}, radius and norm", np.ravel(function(matrix[None])), np.array([radius, norm], float))
    ((matrices,), *_) = draw_matrices(rng, np.dtype(float), N=2, H=4)
    radius, norm = function(matrices)
    compare("radius of the square of a matrix", function(matrices @ matrices)[0], radius**2, rtol=1e-8)
    compare("norm of a matrix and its turned copy", function(matrices @ np.linalg.qr(normal(rng, float, 4, 4))[0])[1], norm, rtol=1e-8)


two_sizes = Exercise(
    radius_and_norm,
    outputs=("radius", "norm"),
    letters="NH",
    example=lambda: (PAIR,),
    draw=draw_matrices,
    properties=(each_answers_its_own_question,),
    mistakes={
        "radius and norm are exchanged; the radius comes first": lambda matrices: radius_and_norm(matrices)[::-1],
        "both are the radius; the norm is the largest singular value": lambda matrices: (radius_and_norm(matrices)[0],) * 2,
        "both are the norm; the radius comes from the eigenvalues": lambda matrices: (radius_and_norm(matrices)[1],) * 2,
        "no absolute value is taken: eigenvalues can be complex, and the radius is the largest of their absolute values": with_radius(
            lambda m: np.linalg.eigvals(m).max(axis=-1)
        ),
        "only the real part of an eigenvalue is used; take the absolute value of the whole complex number": with_radius(
            lambda m: np.linalg.eigvals(m).real.max(axis=-1)
        ),
        "the absolute value is taken of the real part only; the imaginary part belongs to it": with_radius(
            lambda m: np.abs(np.linalg.eigvals(m).real).max(axis=-1)
        ),
        "the absolute value is taken of the imaginary part only": with_radius(lambda m: np.abs(np.linalg.eigvals(m).imag).max(axis=-1)),
        "the maximum is taken first and the absolute value of it afterwards": with_radius(
            lambda m: np.abs(np.linalg.eigvals(m).max(axis=-1))
        ),
        "the smallest absolute value of an eigenvalue is taken; the largest decides the long run": with_radius(
            lambda m: absolute(m).min(axis=-1)
        ),
        "the first eigenvalue is taken; they come in no order": with_radius(lambda m: absolute(m)[:, 0]),
        "the absolute values of the eigenvalues are averaged": with_radius(lambda m: absolute(m).mean(axis=-1)),
        "the absolute values of the eigenvalues are added": with_radius(lambda m: absolute(m).sum(axis=-1)),
        "the absolute values of the eigenvalues are multiplied: that is the determinant": with_radius(lambda m: absolute(m).prod(axis=-1)),
        "the radius is squared: the root of real part squared plus imaginary part squared is missing": with_radius(
            lambda m: (absolute(m) ** 2).max(axis=-1)
        ),
        "eigvalsh stands in the place of eigvals; it reads half of the matrix, as if it were symmetric": with_radius(
            lambda m: np.abs(np.linalg.eigvalsh(m)).max(axis=-1)
        ),
        "the eigenvalues of the matrix made symmetric are used": with_radius(
            lambda m: np.abs(np.linalg.eigvalsh((m + m.swapaxes(1, 2)) / 2)).max(axis=-1)
        ),
        "the largest entry of the matrix stands in the place of the radius": with_radius(lambda m: np.abs(m).max(axis=(1, 2))),
        "all absolute values of the eigenvalues are returned; the largest is asked for": with_radius(absolute),
        "one radius is taken for all matrices; each has its own": with_radius(lambda m: np.asarray(absolute(m).max())),
        "the maximum of the eigenvalues runs over the matrices, axis 0; it runs over the eigenvalues of each": with_radius(
            lambda m: absolute(m).max(axis=0)
        ),
        "the smallest singular value is taken; svd gives the largest first": with_norm(lambda m: singular(m)[:, -1]),
        "the singular values are added": with_norm(lambda m: singular(m).sum(axis=-1)),
        "the singular values are averaged": with_norm(lambda m: singular(m).mean(axis=-1)),
        "the norm is squared: an eigenvalue of W transposed times W is the square of a singular value": with_norm(
            lambda m: singular(m)[:, 0] ** 2
        ),
        "the root of the sum of all squares is taken, the Frobenius norm": with_norm(lambda m: np.linalg.norm(m, axis=(1, 2))),
        "the largest sum of a row is taken": with_norm(lambda m: np.abs(m).sum(axis=2).max(axis=1)),
        "the largest sum of a column is taken": with_norm(lambda m: np.abs(m).sum(axis=1).max(axis=1)),
        "the largest length of a row is taken": with_norm(lambda m: np.linalg.norm(m, axis=2).max(axis=1)),
        "the largest length of a column is taken": with_norm(lambda m: np.linalg.norm(m, axis=1).max(axis=1)),
        "the largest entry of the matrix stands in the place of the norm": with_norm(lambda m: np.abs(m).max(axis=(1, 2))),
        "all singular values are returned; the largest is asked for": with_norm(singular),
        "index 0 takes the singular values of the first matrix; the first of each is [:, 0]": with_norm(lambda m: singular(m)[0]),
        "one norm is taken for all matrices; each has its own": with_norm(lambda m: np.asarray(singular(m).max())),
        "np.linalg.norm with 2 takes one matrix; for several say which axes the matrices have": lambda m: (
            absolute(m).max(axis=-1),
            np.linalg.norm(m, 2),
        ),
        "np.linalg.norm is taken over the last axis only": with_norm(lambda m: np.linalg.norm(m, axis=-1)),
    },
)
