"""Lab 3, part 8: clipping by value."""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def np_clip(grads, max_value):
    return {name: np.clip(g, -max_value, max_value) for name, g in grads.items()}


@right
def minimum_and_maximum(grads, max_value):
    clipped = {}
    for name in grads:
        clipped[name] = np.maximum(-max_value, np.minimum(max_value, grads[name]))
    return clipped


@right
def masks(grads, max_value):
    clipped = {name: g.copy() for name, g in grads.items()}
    for g in clipped.values():
        print("cut", np.sum(np.abs(g) > max_value), "of", g.size)
        g[g > max_value] = max_value
        g[g < -max_value] = -max_value
    return clipped


@right
def sign_and_size(grads, max_value):
    return {name: np.sign(g) * np.minimum(np.abs(g), max_value) for name, g in grads.items()}


@right
def method(grads, max_value):
    return dict(zip(grads, (g.clip(min=-max_value, max=max_value) for g in grads.values()), strict=True))


@right
def entry_by_entry(grads, max_value):
    clipped = {}
    for name, g in grads.items():
        entries = [min(max(entry, -max_value), max_value) for entry in g.ravel().tolist()]
        clipped[name] = np.array(entries, dtype=g.dtype).reshape(g.shape)
    return clipped


@right
def nested_where(grads, max_value):
    def cut(g):
        return np.where(g > max_value, max_value, np.where(g < -max_value, -max_value, g)).astype(g.dtype)

    return {name: cut(g) for name, g in grads.items()}


@wrong("entries that are too negative are left")
def upper_end_only(grads, max_value):
    return {name: np.minimum(g, max_value) for name, g in grads.items()}


@wrong("entries that are too negative are left")
def mask_without_the_lower_end(grads, max_value):
    clipped = {name: g.copy() for name, g in grads.items()}
    for g in clipped.values():
        g[g > max_value] = max_value
    return clipped


@wrong("negative entries become zero")
def from_zero(grads, max_value):
    return {name: np.clip(g, 0, max_value) for name, g in grads.items()}


@wrong("the sign is lost")
def absolute_values(grads, max_value):
    return {name: np.minimum(np.abs(g), max_value) for name, g in grads.items()}


@wrong("entries that are too negative come to the upper end")
def where_without_sign(grads, max_value):
    clipped = {}
    for name, g in grads.items():
        clipped[name] = g.copy()
        clipped[name][np.abs(g) > max_value] = max_value
    return clipped


@wrong("minimum and maximum are exchanged")
def exchanged(grads, max_value):
    return {name: np.maximum(max_value, np.minimum(-max_value, g)) for name, g in grads.items()}


@wrong("the two ends of the interval are exchanged")
def ends_exchanged(grads, max_value):
    return {name: np.clip(g, max_value, -max_value) for name, g in grads.items()}


@wrong("the gradients are clipped by their norm")
def by_norm(grads, max_value):
    norm = float(np.sqrt(sum((g**2).sum() for g in grads.values())))
    return {name: g * (max_value / norm) if norm > max_value else g for name, g in grads.items()}


@wrong("each array is clipped by its norm")
def each_by_norm(grads, max_value):
    return {name: g / max(1.0, float(np.linalg.norm(g)) / max_value) for name, g in grads.items()}


@wrong("each array is divided by its largest entry")
def by_largest_entry(grads, max_value):
    return {name: g / max(1.0, float(np.abs(g).max()) / max_value) for name, g in grads.items()}


@wrong("all arrays are divided by the largest entry of all")
def by_largest_of_all(grads, max_value):
    largest = float(max(np.abs(g).max() for g in grads.values()))
    return {name: g / max(1.0, largest / max_value) for name, g in grads.items()}


@wrong("entries that are too large become zero")
def zeroed(grads, max_value):
    return {name: g * (np.abs(g) <= max_value) for name, g in grads.items()}


@wrong("every entry comes to an end of the interval")
def signs(grads, max_value):
    return {name: max_value * np.sign(g) for name, g in grads.items()}


@wrong("the interval reaches from -1 to 1")
def bound_forgotten(grads, max_value):
    return {name: np.clip(g, -1, 1) for name, g in grads.items()}


@wrong("nothing is clipped")
def result_not_used(grads, max_value):
    for g in grads.values():
        np.clip(g, -max_value, max_value)
    return grads


@wrong("it changed its argument grads in place; work on a copy.")
def in_place(grads, max_value):
    for g in grads.values():
        np.clip(g, -max_value, max_value, out=g)
    return grads


@wrong("it returned None; end it with `return clipped`.")
def nothing_returned(grads, max_value):
    for name, g in grads.items():
        grads[name] = np.clip(g, -max_value, max_value)


@wrong("clipped must be a dict with the keys weight_hh, bias_hh, got a tuple of 2.")
def with_the_norm(grads, max_value):
    return {name: np.clip(g, -max_value, max_value) for name, g in grads.items()}, max_value


@wrong("must have the dtype of the inputs, float32, got float64.")
def numpy_bound(grads, max_value):
    bound = np.array([max_value])
    return {name: np.clip(g, -bound, bound) for name, g in grads.items()}


@wrong("it stopped in line")
def dict_clipped(grads, max_value):
    return np.clip(grads, -max_value, max_value)


@wrong("Python's min and max are used")
def python_max_and_min(grads, max_value):
    return {n: max(-max_value, min(max_value, g)) for n, g in grads.items()}


@wrong("a smooth curve bends all entries")
def squashed_with_tanh(grads, max_value):
    return {n: max_value * np.tanh(g / max_value) for n, g in grads.items()}


@wrong("clipped must be a dict with the keys weight_hh, bias_hh, got a list of 2.")
def list_without_names(grads, max_value):
    return [np.clip(g, -max_value, max_value) for g in grads.values()]


@wrong("it changed its argument grads in place; work on a copy.")
def result_put_back_in_grads(grads, max_value):
    for n in grads:
        grads[n] = np.clip(grads[n], -max_value, max_value)
    return grads
