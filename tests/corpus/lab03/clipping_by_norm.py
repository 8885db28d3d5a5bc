"""Lab 3, part 7: clipping by norm."""

import math

import numpy as np

from tests.corpus.answers import right, wrong


def whole(grads):
    return float(np.sqrt(sum(np.sum(g**2) for g in grads.values())))


@right
def one_long_vector(grads, max_norm):
    norm = np.linalg.norm(np.concatenate([g.ravel() for g in grads.values()]))
    scale = float(max_norm / norm) if norm > max_norm else 1.0
    return {name: g * scale for name, g in grads.items()}, norm


@right
def running_sum(grads, max_norm):
    total = 0.0
    for g in grads.values():
        total += float((g**2).sum())
    norm = math.sqrt(total)
    if norm <= max_norm:
        return dict(grads), norm
    clipped = {}
    for name in grads:
        clipped[name] = grads[name] / norm * max_norm
    return clipped, norm


@right
def norm_of_norms(grads, max_norm):
    norm = np.linalg.norm([np.linalg.norm(g) for g in grads.values()]).item()
    divisor = max(norm, max_norm) / max_norm
    return {name: g / divisor for name, g in grads.items()}, norm


@right
def minimum(grads, max_norm):
    norm = sum(np.vdot(g, g) for g in grads.values()) ** 0.5
    scale = np.minimum(1.0, max_norm / max(norm, 1e-12))
    print("scale", scale)
    return {name: (scale * g).astype(g.dtype) for name, g in grads.items()}, norm


@right
def copies_scaled_in_place(grads, max_norm):
    new = {name: g.copy() for name, g in grads.items()}
    norm = np.sqrt(np.sum([np.sum(np.square(g)) for g in new.values()]))
    if norm > max_norm:
        for g in new.values():
            g *= max_norm / norm
    return new, norm


@right
def entry_by_entry(grads, max_norm):
    total = sum(entry * entry for g in grads.values() for entry in g.ravel().tolist())
    norm = total**0.5
    scale = 1 if norm == 0 else min(1, max_norm / norm)
    return [{name: scale * g for name, g in grads.items()}, np.array(norm)]


def total_norm(grads):
    return float(np.sqrt(sum((g.astype(float) ** 2).sum() for g in grads.values())))


@right
def infinite_ratio_at_zero(grads, max_norm):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    s = float(min(1.0, max_norm / norm))
    return {n: g * s for n, g in grads.items()}, float(norm)


@right
def small_number_as_torch_has_it(grads, max_norm):
    norm = float(np.linalg.norm([np.linalg.norm(g) for g in grads.values()]))
    scale = min(1.0, max_norm / (norm + 1e-12))
    return {k: g * scale for k, g in grads.items()}, norm


@wrong("each array is clipped for itself, which changes the direction")
def array_by_array(grads, max_norm):
    clipped = {}
    for name, g in grads.items():
        n = float(np.linalg.norm(g))
        clipped[name] = g * (max_norm / n) if n > max_norm else g
    return clipped, total_norm(grads)


@wrong("each array is clipped for itself, and the norm is that of the last one")
def array_by_array_with_the_last_norm(grads, max_norm):
    clipped = {}
    for name, g in grads.items():
        norm = float(np.linalg.norm(g))
        clipped[name] = g * min(1.0, max_norm / norm) if norm > 0 else g
    return clipped, norm


@wrong("each entry is cut for itself")
def by_value(grads, max_norm):
    return {name: np.clip(g, -max_norm, max_norm) for name, g in grads.items()}, total_norm(grads)


@wrong("short gradients are stretched to the bound")
def always_scaled(grads, max_norm):
    norm = total_norm(grads) or 1.0
    return {name: g * (max_norm / norm) for name, g in grads.items()}, total_norm(grads)


@wrong("the larger of 1 and the ratio is taken")
def max_for_min(grads, max_norm):
    norm = total_norm(grads)
    scale = max(1.0, max_norm / norm) if norm else 1.0
    return {name: g * scale for name, g in grads.items()}, norm


@wrong("the ratio is upside down")
def upside_down(grads, max_norm):
    norm = total_norm(grads)
    scale = norm / max_norm if norm > max_norm else 1.0
    return {name: g * scale for name, g in grads.items()}, norm


@wrong("gradients that are too long are brought to length 1")
def to_length_one(grads, max_norm):
    norm = total_norm(grads)
    if norm > max_norm:
        grads = {name: g / norm for name, g in grads.items()}
    return grads, norm


@wrong("the norms of the arrays are added")
def sum_of_norms(grads, max_norm):
    norm = sum(float(np.linalg.norm(g)) for g in grads.values())
    scale = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return {name: g * scale for name, g in grads.items()}, norm


@wrong("the square root of the norm is forgotten")
def no_root(grads, max_norm):
    norm = sum(float((g**2).sum()) for g in grads.values())
    scale = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return {name: g * scale for name, g in grads.items()}, norm


@wrong("the norm is that of the last array")
def overwritten(grads, max_norm):
    for g in grads.values():
        norm = float(np.linalg.norm(g))
    scale = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return {name: g * scale for name, g in grads.items()}, norm


@wrong("the largest entry is used as the norm")
def largest_entry(grads, max_norm):
    norm = float(max(np.abs(g).max() for g in grads.values()))
    scale = max_norm / norm if norm > max_norm else 1.0
    return {name: g * scale for name, g in grads.items()}, norm


@wrong("the returned norm is that after clipping")
def norm_afterwards(grads, max_norm):
    norm = total_norm(grads)
    scale = max_norm / norm if norm > max_norm else 1.0
    clipped = {name: g * scale for name, g in grads.items()}
    return clipped, total_norm(clipped)


@wrong("the scale is returned in the place of the norm")
def scale_returned(grads, max_norm):
    norm = total_norm(grads)
    scale = max_norm / norm if norm > max_norm else 1.0
    return {name: g * scale for name, g in grads.items()}, scale


@wrong("gradients that are too long become zero")
def dropped(grads, max_norm):
    norm = total_norm(grads)
    return ({name: 0 * g for name, g in grads.items()} if norm > max_norm else grads), norm


@wrong("nothing guards the division by a norm of zero")
def division_by_zero(grads, max_norm):
    norm = math.sqrt(sum(float((g**2).sum()) for g in grads.values()))
    scale = min(1.0, max_norm / norm)
    return {name: g * scale for name, g in grads.items()}, norm


@wrong("must have the dtype of the inputs, float32, got float64.")
def numpy_scale(grads, max_norm):
    norm = np.sqrt(sum(np.sum(np.square(g, dtype=np.float64)) for g in grads.values()))
    scale = min(np.float64(1), max_norm / norm) if norm > 0 else np.float64(1)
    return {name: g * scale for name, g in grads.items()}, norm


@wrong("changed its argument grads in place; work on a copy.")
def in_place(grads, max_norm):
    norm = total_norm(grads)
    if norm > max_norm:
        for g in grads.values():
            g *= max_norm / norm
    return grads, norm


@wrong("it must return 2 values (clipped, norm), got a dict with the keys weight_hh, bias_hh.")
def norm_not_returned(grads, max_norm):
    norm = total_norm(grads)
    return {name: g * min(1.0, max_norm / norm) for name, g in grads.items()}


@wrong("clipped must be a dict with the keys weight_hh, bias_hh, got a list of 2.")
def list_of_arrays(grads, max_norm):
    norm = total_norm(grads)
    return [g * min(1.0, max_norm / norm) for g in grads.values()], norm


@wrong("norm must be a number, got a dict with the keys weight_hh, bias_hh.")
def norms_by_name(grads, max_norm):
    norm = total_norm(grads)
    scale = max_norm / norm if norm > max_norm else 1.0
    return {name: g * scale for name, g in grads.items()}, {name: np.linalg.norm(g) for name, g in grads.items()}


@wrong("the squares are averaged and not added")
def mean_of_squares(grads, max_norm):
    flat = np.concatenate([g.ravel() for g in grads.values()])
    norm = float(np.sqrt(np.mean(flat**2)))
    scale = max_norm / norm if norm > max_norm else 1.0
    return {name: g * scale for name, g in grads.items()}, norm


@wrong("each array's mean of squares is added")
def root_mean_square(grads, max_norm):
    norm = float(np.sqrt(sum(np.mean(g**2) for g in grads.values())))
    s = max_norm / norm if norm > max_norm else 1.0
    return {n: g * s for n, g in grads.items()}, norm


@wrong("it changed its argument grads in place; work on a copy.")
def rebinds_in_the_dict(grads, max_norm):
    norm = whole(grads)
    if norm > max_norm:
        for n in grads:
            grads[n] = grads[n] * (max_norm / norm)
    return grads, norm


@wrong("clipped must be a dict with the keys weight_hh, bias_hh, got float")
def order_of_results(grads, max_norm):
    norm = whole(grads)
    s = max_norm / norm if norm > max_norm else 1.0
    return norm, {n: g * s for n, g in grads.items()}
