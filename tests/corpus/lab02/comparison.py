"""Lab 2, part 8: the relative error."""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def a_mask(g, n):
    top = np.abs(g - n)
    bottom = np.maximum(np.abs(g), np.abs(n))
    errors = np.zeros_like(top)
    some = bottom != 0
    errors[some] = top[some] / bottom[some]
    return errors


@right
def divide_where(g, n):
    larger = np.maximum(abs(g), abs(n))
    return np.divide(abs(g - n), larger, out=np.zeros_like(g), where=larger > 0)


@right
def nan_to_zero(g, n):
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.abs(g - n) / np.maximum(np.abs(g), np.abs(n)), nan=0.0)


@right
def nan_to_zero_with_a_warning(g, n):
    errors = np.abs(g - n) / np.maximum(np.abs(g), np.abs(n))
    errors[np.isnan(errors)] = 0
    return errors


@right
def number_by_number(g, n):
    errors = np.empty_like(g)
    for index in np.ndindex(g.shape):
        larger = max(abs(g[index]), abs(n[index]))
        errors[index] = 0 if larger == 0 else abs(g[index] - n[index]) / larger
    return errors


@right
def shares(g, n):
    """Both as shares of the larger one, then subtracted."""
    larger = np.max([np.abs(g), np.abs(n)], axis=0)
    larger[larger == 0] = 1
    return np.abs(g / larger - n / larger)


@right
def smallest_number_below(g, n):
    """A divisor that only matters where both are zero."""
    return np.abs(g - n) / np.maximum(np.maximum(np.abs(g), np.abs(n)), np.finfo(g.dtype).tiny)


@wrong("errors[2] is nan but 0 was expected")
def the_bare_formula(g, n):
    return np.abs(g - n) / np.maximum(np.abs(g), np.abs(n))


@wrong("two zeros get the error 1")
def zeros_are_wrong(g, n):
    larger = np.maximum(np.abs(g), np.abs(n))
    return np.where(larger == 0, 1, np.abs(g - n) / np.where(larger == 0, 1, larger)).astype(g.dtype)


@wrong("1e-8 is added below")
def small_number_added(g, n):
    return np.abs(g - n) / (np.maximum(np.abs(g), np.abs(n)) + 1e-8)


@wrong("1e-8 is added to |g| + |n| below")
def as_in_a_course_on_vision(g, n):
    return np.abs(g - n) / (np.abs(g) + np.abs(n) + 1e-8)


@wrong("the divisor is at least 1e-8")
def as_in_a_well_known_assignment(g, n):
    return np.abs(g - n) / np.maximum(1e-8, np.maximum(np.abs(g), np.abs(n)))


@wrong("the divisor is at least 1, which hides")
def at_least_one(g, n):
    return np.abs(g - n) / np.maximum(1, np.maximum(np.abs(g), np.abs(n)))


@wrong("the difference is divided by |g| + |n|")
def sum_below(g, n):
    below = np.abs(g) + np.abs(n)
    return np.abs(g - n) / np.where(below == 0, 1, below)


@wrong("the difference is divided by the mean of |g| and |n|")
def mean_below(g, n):
    below = (np.abs(g) + np.abs(n)) / 2
    return np.abs(g - n) / np.where(below == 0, 1, below)


@wrong("the difference is divided by |n| alone")
def measured_is_the_truth(g, n):
    return np.abs(g - n) / np.where(n == 0, 1, np.abs(n))


@wrong("the difference is divided by |g| alone")
def derived_is_the_truth(g, n):
    return np.abs(g - n) / np.where(g == 0, 1, np.abs(g))


@wrong("the absolute value of the difference is missing")
def signed(g, n):
    larger = np.maximum(np.abs(g), np.abs(n))
    return (g - n) / np.where(larger > 0, larger, 1)


@wrong("the larger of g and n is taken without their absolute values")
def larger_of_the_signed(g, n):
    larger = np.maximum(g, n)
    return np.abs(g - n) / np.where(larger == 0, 1, larger)


@wrong("the difference is not divided by anything")
def difference(g, n):
    return np.abs(g - n)


@wrong("one number for the whole array is returned")
def of_norms(g, n):
    return np.linalg.norm(g - n) / np.linalg.norm(n)


@wrong("only the largest error is returned")
def worst(g, n):
    return a_mask(g, n).max()


@wrong("the difference is divided by the largest entry of the arrays")
def max_for_maximum(g, n):
    return np.abs(g - n) / max(np.max(np.abs(g)), np.max(np.abs(n)))


@wrong("the absolute values are subtracted")
def sizes_only(g, n):
    larger = np.maximum(np.abs(g), np.abs(n))
    return np.abs(np.abs(g) - np.abs(n)) / np.where(larger > 0, larger, 1)


@wrong("the answer is whether they are close")
def yes_or_no(g, n):
    return np.isclose(g, n, rtol=1e-5, atol=1e-8)


@wrong("ValueError: The truth value of an array with more than one element is ambiguous")
def pythons_max(g, n):
    return abs(g - n) / max(abs(g), abs(n))


@wrong("it returned None")
def printed(g, n):
    print(a_mask(g, n))


@wrong("changed its argument g in place")
def in_place(g, n):
    larger = np.maximum(np.abs(g), np.abs(n))
    g -= n
    return np.abs(g) / np.where(larger > 0, larger, 1)


@wrong(None)
def percent(g, n):
    return 100 * a_mask(g, n)


@wrong("one number for the whole array is returned, |g - n| over the larger")
def of_the_whole_arrays(g, n):
    return np.linalg.norm(g - n) / max(np.linalg.norm(g), np.linalg.norm(n))


@wrong("a zero in one of the two alone gets the error 0")
def zero_where_either_is_zero(g, n):
    top = np.maximum(np.abs(g), np.abs(n))
    return np.where((g == 0) | (n == 0), 0, np.abs(g - n) / np.where(top > 0, top, 1))
