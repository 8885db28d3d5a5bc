"""Lab 13, part 5: the nearest example."""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def row_by_row(features, asked):
    found = []
    for q in asked:
        found.append(np.argmin(np.linalg.norm(features - q, axis=1)))
    return np.array(found)


@right
def all_at_once(features, asked):
    differences = asked[:, None, :] - features[None, :, :]
    return (differences**2).sum(-1).argmin(axis=1)


@right
def by_products(features, asked):
    features, asked = features.astype(float), asked.astype(float)
    squares = (features**2).sum(axis=1)
    return np.argmin(squares - 2 * asked @ features.T, axis=1)


@right
def double_loop(features, asked):
    found = np.zeros(len(asked), dtype=int)
    for m, q in enumerate(asked):
        best = np.inf
        for n, a in enumerate(features):
            distance = sum((float(x) - float(y)) ** 2 for x, y in zip(a, q, strict=True))
            if distance < best:
                best, found[m] = distance, n
    return found


@right
def sorted_distances(features, asked):
    return np.array([np.argsort(((features - q) ** 2).sum(axis=1))[0] for q in asked])


@right
def other_side_first(features, asked):
    table = np.stack([np.sqrt(((asked - a) ** 2).sum(axis=1)) for a in features])  # (N, M)
    return table.argmin(axis=0).astype(np.int32)


@right
def with_einsum(features, asked):
    found = np.empty(len(asked), int)
    for m in range(len(asked)):
        d = features - asked[m]
        found[m] = np.einsum("nf,nf->n", d, d).argmin()
    return found


@wrong("the farthest row")
def farthest(features, asked):
    return np.array([((features - q) ** 2).sum(axis=1).argmax() for q in asked])


@wrong("the sizes of the differences are added up")
def absolute(features, asked):
    return np.array([np.abs(features - q).sum(axis=1).argmin() for q in asked])


@wrong("added up with their sign")
def not_squared(features, asked):
    return np.array([(features - q).sum(axis=1).argmin() for q in asked])


@wrong("favours long rows")
def largest_product(features, asked):
    return (asked @ features.T).argmax(axis=1)


@wrong("by their angle")
def cosine(features, asked):
    a = features / np.linalg.norm(features, axis=1, keepdims=True)
    q = asked / np.linalg.norm(asked, axis=1, keepdims=True)
    return (q @ a.T).argmax(axis=1)


@wrong("it is the other way round")
def wrong_axis(features, asked):
    return ((asked[:, None] - features) ** 2).sum(axis=2).argmin(axis=0)


@wrong("return the places of the rows")
def distances(features, asked):
    return np.array([np.linalg.norm(features - q, axis=1).min() for q in asked])


@wrong("the rows themselves are returned")
def rows(features, asked):
    return np.array([features[((features - q) ** 2).sum(axis=1).argmin()] for q in asked])


@wrong("counted from 1")
def from_one(features, asked):
    return np.array([((features - q) ** 2).sum(axis=1).argmin() + 1 for q in asked])


@wrong("only the first number")
def first_feature(features, asked):
    return np.array([np.abs(features[:, 0] - q[0]).argmin() for q in asked])


@wrong("the 2 is missing")
def without_the_2(features, asked):
    return ((features**2).sum(axis=1) - asked @ features.T).argmin(axis=1)


@wrong("the lengths of the rows are compared")
def lengths(features, asked):
    return np.array([np.abs(np.linalg.norm(features, axis=1) - np.linalg.norm(q)).argmin() for q in asked])


@wrong("only the first row asked about")
def return_in_the_loop(features, asked):
    found = []
    for q in asked:
        found.append(((features - q) ** 2).sum(axis=1).argmin())
        return np.array(found)


@wrong("compare each row asked about by itself")
def nearest_to_all(features, asked):
    table = np.linalg.norm(features[:, None] - asked, axis=2)
    return np.full(len(asked), table.sum(axis=1).argmin())


@wrong("only the largest difference counts")
def largest_difference(features, asked):
    return np.array([np.abs(features - q).max(axis=1).argmin() for q in asked])


@wrong("must be a NumPy array of shape")
def no_axis(features, asked):
    return ((features[:, None] - asked) ** 2).sum(axis=2).argmin()


@wrong("sorted by distance")
def all_sorted(features, asked):
    return ((asked[:, None] - features) ** 2).sum(axis=2).argsort(axis=1)


@wrong(None)
def places_in_a_list(features, asked):
    return [int(((features - q) ** 2).sum(axis=1).argmin()) for q in asked]


@wrong("one sum for each feature")
def summed_over_rows(features, asked):
    return np.array([((features - q) ** 2).sum(axis=0).argmin() for q in asked])


@wrong("square each difference first")
def square_of_the_sum(features, asked):
    return np.array([((features - q).sum(axis=1) ** 2).argmin() for q in asked])


@wrong("counted over all numbers")
def argmin_flat(features, asked):
    return np.array([((features - q) ** 2).argmin() for q in asked])


@wrong("only the last row asked about")
def last_question(features, asked):
    for q in asked:
        found = ((features - q) ** 2).sum(axis=1).argmin()
    return np.array([found])


@wrong("the sign of the product is wrong")
def products_sign(features, asked):
    return ((features**2).sum(axis=1) + 2 * asked @ features.T).argmin(axis=1)


@wrong("the smallest squared distances")
def squared_distance_itself(features, asked):
    return np.array([((features - q) ** 2).sum(axis=1).min() for q in asked])


@right
def sorted_along_the_examples(features, asked):
    squares = np.square(features[:, None, :] - asked[None]).sum(-1)
    return np.argsort(squares, axis=0)[0]
