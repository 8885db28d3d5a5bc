"""Lab 2, part 7: the numerical gradient."""

import copy

import numpy as np

from rnncore.checks import numerical_gradient
from rnncore.checks.labs import lab02
from tests.corpus.answers import right, wrong

sentence_forward = lab02.reading.reference


def loss_of(params, xs, targets):
    _, _, losses = sentence_forward(params, xs, targets)
    return np.mean(losses)


@right
def moved_and_put_back(params, xs, targets, name, eps):
    params = copy.deepcopy(params)
    array = params[name]
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + eps
        plus = loss_of(params, xs, targets)
        array[index] = kept - eps
        minus = loss_of(params, xs, targets)
        array[index] = kept
        gradient[index] = (plus - minus) / (2 * eps)
    return gradient


@right
def on_the_given_array_but_put_back(params, xs, targets, name, eps):
    """It moves the caller's array and leaves it as it was."""
    array, gradient = params[name], np.empty_like(params[name])
    for index in np.ndindex(*array.shape):
        kept = array[index].copy()
        array[index] = kept + eps
        plus = loss_of(params, xs, targets)
        array[index] = kept - eps
        minus = loss_of(params, xs, targets)
        array[index] = kept
        gradient[index] = (plus - minus) / 2 / eps
    return gradient


@right
def flat(params, xs, targets, name, eps):
    shape = params[name].shape
    row = params[name].ravel()
    slopes = []
    for k in range(row.size):
        step = np.zeros_like(row)
        step[k] = eps
        up = loss_of({**params, name: (row + step).reshape(shape)}, xs, targets)
        down = loss_of({**params, name: (row - step).reshape(shape)}, xs, targets)
        slopes.append((up - down) / (2 * eps))
    return np.array(slopes, dtype=row.dtype).reshape(shape)


@right
def two_kinds_of_loops(params, xs, targets, name, eps):
    w = params[name]
    g = w * 0
    new = dict(params)
    if w.ndim == 1:
        for i in range(len(w)):
            new[name] = w + eps * (np.arange(len(w)) == i).astype(w.dtype)
            high = loss_of(new, xs, targets)
            new[name] = w - eps * (np.arange(len(w)) == i).astype(w.dtype)
            g[i] = (high - loss_of(new, xs, targets)) / (2 * eps)
    else:
        for i in range(w.shape[0]):
            for j in range(w.shape[1]):
                up, down = w.copy(), w.copy()
                up[i, j] += eps
                down[i, j] -= eps
                new[name] = up
                high = loss_of(new, xs, targets)
                new[name] = down
                g[i, j] = (high - loss_of(new, xs, targets)) / (2 * eps)
    return g


@right
def basis_vectors(params, xs, targets, name, eps):
    w = params[name]
    slopes = []
    for e in np.eye(w.size, dtype=w.dtype).reshape(-1, *w.shape):
        up, down = params | {name: w + eps * e}, params | {name: w - eps * e}
        slopes.append(loss_of(up, xs, targets) - loss_of(down, xs, targets))
    return (np.array(slopes) / (2 * eps)).reshape(w.shape).astype(w.dtype)


@right
def mean_of_the_two_sides(params, xs, targets, name, eps):
    """Forward and backward difference, averaged."""
    middle = loss_of(params, xs, targets)
    g = np.zeros(params[name].shape, params[name].dtype)
    for index, _ in np.ndenumerate(params[name]):
        sides = []
        for sign in (1, -1):
            moved = copy.deepcopy(params)
            moved[name][index] += sign * eps
            sides.append(sign * (loss_of(moved, xs, targets) - middle) / eps)
        g[index] = sum(sides) / 2
    return g


def with_rule(params, xs, targets, name, eps, rule, loss=loss_of):
    measured = np.zeros_like(params[name])
    for index in np.ndindex(measured.shape):

        def f(step, index=index):
            moved = params[name].copy()
            moved[index] += step
            return loss({**params, name: moved}, xs, targets)

        measured[index] = rule(f, eps)
    return measured


@wrong("the difference is one-sided: from w + eps to w")
def one_sided(params, xs, targets, name, eps):
    before = loss_of(params, xs, targets)
    gradient = np.zeros_like(params[name])
    for index in np.ndindex(gradient.shape):
        moved = params[name].copy()
        moved[index] += eps
        gradient[index] = (loss_of({**params, name: moved}, xs, targets) - before) / eps
    return gradient


@wrong("the losses at w + eps and at w are compared, and not that at w - eps")
def moved_back_by_eps_only(params, xs, targets, name, eps):
    gradient, moved = np.zeros_like(params[name]), params[name].copy()
    for index in np.ndindex(gradient.shape):
        moved[index] += eps
        plus = loss_of({**params, name: moved}, xs, targets)
        moved[index] -= eps
        minus = loss_of({**params, name: moved}, xs, targets)
        gradient[index] = (plus - minus) / (2 * eps)
    return gradient


@wrong("the difference is divided by eps; the two places lie 2 eps apart")
def divided_by_eps(params, xs, targets, name, eps):
    return with_rule(params, xs, targets, name, eps, lambda f, eps: (f(eps) - f(-eps)) / eps)


@wrong("brackets are missing around 2 * eps")
def brackets_below(params, xs, targets, name, eps):
    return with_rule(params, xs, targets, name, eps, lambda f, eps: (f(eps) - f(-eps)) / 2 * eps)


@wrong("brackets are missing around the difference")
def brackets_above(params, xs, targets, name, eps):
    return with_rule(params, xs, targets, name, eps, lambda f, eps: f(eps) - f(-eps) / (2 * eps))


@wrong("the sign is wrong")
def the_other_way_round(params, xs, targets, name, eps):
    return with_rule(params, xs, targets, name, eps, lambda f, eps: (f(-eps) - f(eps)) / (2 * eps))


@wrong("the sign is lost")
def distance(params, xs, targets, name, eps):
    return with_rule(params, xs, targets, name, eps, lambda f, eps: np.abs(f(eps) - f(-eps)) / (2 * eps))


@wrong("the entries are not put back: those measured before stay at w - eps")
def never_put_back(params, xs, targets, name, eps):
    moved, gradient = params[name].copy(), np.zeros_like(params[name])
    for index in np.ndindex(moved.shape):
        moved[index] += eps
        plus = loss_of({**params, name: moved}, xs, targets)
        moved[index] -= 2 * eps
        minus = loss_of({**params, name: moved}, xs, targets)
        gradient[index] = (plus - minus) / (2 * eps)
    return gradient


@wrong("all entries move at once")
def whole_array(params, xs, targets, name, eps):
    plus = loss_of({**params, name: params[name] + eps}, xs, targets)
    minus = loss_of({**params, name: params[name] - eps}, xs, targets)
    return np.zeros_like(params[name]) + (plus - minus) / (2 * eps)


@wrong("whole rows move at once")
def loop_over_rows(params, xs, targets, name, eps):
    w = params[name]
    g = np.zeros_like(w)
    for i in range(len(w)):
        up, down = w.copy(), w.copy()
        up[i] += eps
        down[i] -= eps
        g[i] = (loss_of({**params, name: up}, xs, targets) - loss_of({**params, name: down}, xs, targets)) / (2 * eps)
    return g


@wrong("the losses of the sentences are added")
def sum_for_mean(params, xs, targets, name, eps):
    return with_rule(
        params, xs, targets, name, eps, lambda f, eps: (f(eps) - f(-eps)) / (2 * eps), lambda *args: sentence_forward(*args)[2].sum()
    )


@wrong("only the first sentence is looked at")
def first_sentence(params, xs, targets, name, eps):
    return with_rule(
        params, xs, targets, name, eps, lambda f, eps: (f(eps) - f(-eps)) / (2 * eps), lambda *args: sentence_forward(*args)[2][0]
    )


@wrong("the slope of the probability is measured")
def second_result(params, xs, targets, name, eps):
    return with_rule(
        params, xs, targets, name, eps, lambda f, eps: (f(eps) - f(-eps)) / (2 * eps), lambda *args: sentence_forward(*args)[1].mean()
    )


@wrong("nothing is moved")
def copy_not_used(params, xs, targets, name, eps):
    gradient = np.zeros_like(params[name])
    for index in np.ndindex(gradient.shape):
        up, down = params[name].copy(), params[name].copy()
        up[index] += eps
        down[index] -= eps
        gradient[index] = (loss_of(params, xs, targets) - loss_of(params, xs, targets)) / (2 * eps)
    return gradient


@wrong("this is the derived gradient; measure it")
def derived(params, xs, targets, name, eps):
    hs, p, _ = sentence_forward(params, xs, targets)
    _, dout, dh = lab02.output.reference(params, hs, p, targets)
    das, _, _ = lab02.walk.reference(params, hs, dh)
    return {**lab02.sums.reference(xs, hs, das), **dout}[name]


@wrong("the argument eps is not used, and the step is 1e-5")
def own_step(params, xs, targets, name, eps=1e-5):
    eps = 1e-5
    return moved_and_put_back(params, xs, targets, name, eps)


@wrong("four points are used")
def by_rnncore(params, xs, targets, name, eps):
    params = copy.deepcopy(params)
    return numerical_gradient(lambda: loss_of(params, xs, targets), params[name], eps=eps)


@wrong("the entry moves by eps / 2 to each side")
def half_to_each_side(params, xs, targets, name, eps):
    return moved_and_put_back(params, xs, targets, name, eps / 2)


@wrong("must have shape")
def left_flat(params, xs, targets, name, eps):
    return moved_and_put_back(params, xs, targets, name, eps).ravel()


@wrong("must have the dtype of the inputs, float32, got float64")
def float64_zeros(params, xs, targets, name, eps):
    g = np.zeros(params[name].shape)
    g[...] = moved_and_put_back(params, xs, targets, name, eps)
    return g


@wrong("must be a NumPy array of shape")
def for_all_parameters(params, xs, targets, name, eps):
    return {each: moved_and_put_back(params, xs, targets, each, eps) for each in params}


@wrong(None)
def half_of_the_one_sided_difference_of_the_sum(params, xs, targets, name, eps):
    return with_rule(
        params, xs, targets, name, eps, lambda f, eps: (f(eps) - f(0)) / (2 * eps), lambda *args: sentence_forward(*args)[2].sum()
    )


@wrong("it changed its argument params in place; work on a copy.")
def leaves_the_copy_in_the_callers_dict(params, xs, targets, name, eps):
    w = params[name]
    out = np.zeros_like(w)
    for i in np.ndindex(out.shape):
        for sign in (1, -1):
            moved = w.copy()
            moved[i] += sign * eps
            params[name] = moved
            out[i] += sign * loss_of(params, xs, targets) / (2 * eps)
    return out


@wrong("every parameter is taken for a matrix; a bias has one axis")
def two_loops_for_a_matrix(params, xs, targets, name, eps):
    out = np.zeros_like(params[name])
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            a, b = params[name].copy(), params[name].copy()
            a[i, j] += eps
            b[i, j] -= eps
            out[i, j] = (loss_of({**params, name: a}, xs, targets) - loss_of({**params, name: b}, xs, targets)) / (2 * eps)
    return out


@wrong("the shape is taken apart into rows and columns; a bias has one axis")
def rows_and_columns(params, xs, targets, name, eps):
    out = np.zeros_like(params[name])
    rows, columns = params[name].shape
    for i in range(rows):
        for j in range(columns):
            a, b = params[name].copy(), params[name].copy()
            a[i, j] += eps
            b[i, j] -= eps
            out[i, j] = (loss_of({**params, name: a}, xs, targets) - loss_of({**params, name: b}, xs, targets)) / (2 * eps)
    return out
