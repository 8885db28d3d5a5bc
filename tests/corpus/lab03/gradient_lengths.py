"""Lab 3, part 3: the length of the gradient at every state."""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def array_made_in_advance(params, hs, dh_T):
    T, B = hs.shape[:2]
    norms, dh = np.empty((T + 1, B), dtype=dh_T.dtype), dh_T
    norms[T] = np.sqrt((dh**2).sum(axis=1))
    for t in range(T - 1, -1, -1):
        da = dh * (1 - hs[t] ** 2)
        dh = da @ params["weight_hh"]
        norms[t] = np.sqrt((dh**2).sum(axis=1))
    return norms


@right
def all_gradients_first(params, hs, dh_T):
    dhs = [dh_T]
    for h in reversed(hs):
        dhs.insert(0, ((1 - np.square(h)) * dhs[0]) @ params["weight_hh"])
    return np.linalg.norm(np.stack(dhs), axis=-1)


@right
def through_jacobians(params, hs, dh_T):
    W, dh = params["weight_hh"], dh_T[:, None, :]
    norms = [np.linalg.norm(dh, axis=2)[:, 0]]
    for h in hs[::-1]:
        dh = dh @ ((1 - h**2)[:, :, None] * W)
        norms.append(np.linalg.norm(dh, axis=2)[:, 0])
    return np.array(norms[::-1])


@right
def columns(params, hs, dh_T):
    """Gradients as columns: the transposed Jacobian from the left."""
    dh = dh_T.T
    norms = [np.linalg.norm(dh, axis=0)]
    for t in reversed(range(len(hs))):
        dh = params["weight_hh"].T @ ((1 - hs[t].T ** 2) * dh)
        norms = [np.linalg.norm(dh, axis=0), *norms]
    return np.stack(norms)


@right
def sequence_by_sequence(params, hs, dh_T):
    W = params["weight_hh"]
    norms = np.zeros((len(hs) + 1, len(dh_T)), hs.dtype)
    for b, dh in enumerate(dh_T):
        norms[-1, b] = np.linalg.norm(dh)
        for t in range(len(hs))[::-1]:
            dh = dh @ np.diag(1 - hs[t, b] ** 2) @ W
            norms[t, b] = np.linalg.norm(dh)
        print("sequence", b, "left", norms[0, b] / norms[-1, b])
    return norms


@right
def einsum(params, hs, dh_T):
    dh, norms = dh_T, {len(hs): np.sqrt(np.einsum("bi,bi->b", dh_T, dh_T))}
    for t in range(len(hs) - 1, -1, -1):
        dh = np.einsum("bi,bi,ij->bj", dh, 1 - hs[t] * hs[t], params["weight_hh"])
        norms[t] = np.sqrt(np.einsum("bi,bi->b", dh, dh))
    return np.stack([norms[t] for t in sorted(norms)])


@right
def recursive(params, hs, dh_T):
    here = np.linalg.norm(dh_T, axis=1)[None]
    if len(hs) == 0:
        return here
    return np.concatenate([recursive(params, hs[:-1], (dh_T * (1 - hs[-1] ** 2)) @ params["weight_hh"]), here])


def loop(params, hs, dh_T, step, size=lambda dh: np.linalg.norm(dh, axis=1)):
    """The loop as most people write it."""
    dh, norms = dh_T, [size(dh_T)]
    for h in hs[::-1]:
        dh = step(dh, h, params["weight_hh"])
        norms.append(size(dh))
    return np.stack(norms[::-1])


@wrong("the slope is forgotten")
def no_slope(params, hs, dh_T):
    return loop(params, hs, dh_T, lambda dh, h, W: dh @ W)


@wrong("weight_hh is transposed")
def transposed(params, hs, dh_T):
    return loop(params, hs, dh_T, lambda dh, h, W: (dh * (1 - h**2)) @ W.T)


@wrong("the slopes are applied after weight_hh; going back")
def slope_last(params, hs, dh_T):
    return loop(params, hs, dh_T, lambda dh, h, W: (dh @ W) * (1 - h**2))


@wrong("tanh is applied once more")
def tanh_twice(params, hs, dh_T):
    return loop(params, hs, dh_T, lambda dh, h, W: (dh * (1 - np.tanh(h) ** 2)) @ W)


@wrong("the square in the slope is forgotten")
def no_square(params, hs, dh_T):
    return loop(params, hs, dh_T, lambda dh, h, W: (dh * (1 - h)) @ W)


@wrong("the states are taken from the first to the last, and the lengths are not turned round")
def forward_in_time(params, hs, dh_T):
    dh, norms = dh_T, [np.linalg.norm(dh_T, axis=1)]
    for h in hs:
        dh = (dh * (1 - h**2)) @ params["weight_hh"]
        norms.append(np.linalg.norm(dh, axis=1))
    return np.stack(norms)


@wrong("the states are taken from the first to the last; going back, the last step comes first")
def forward_in_time_but_turned(params, hs, dh_T):
    return loop(params, hs[::-1], dh_T, lambda dh, h, W: (dh * (1 - h**2)) @ W)


@wrong("the lengths come in the order in which they are met")
def not_turned_round(params, hs, dh_T):
    dh, norms = dh_T, [np.linalg.norm(dh_T, axis=1)]
    for h in hs[::-1]:
        dh = (dh * (1 - h**2)) @ params["weight_hh"]
        norms.append(np.linalg.norm(dh, axis=1))
    return np.stack(norms)


@wrong("the length at the last state is missing: there are T + 1 states.")
def last_state_left_out(params, hs, dh_T):
    norms = np.empty(hs.shape[:2], hs.dtype)
    dh = dh_T
    for t in reversed(range(len(hs))):
        dh = (dh * (1 - hs[t] ** 2)) @ params["weight_hh"]
        norms[t] = np.linalg.norm(dh, axis=1)
    return norms


@wrong("the length at the state before the first step is missing")
def first_state_left_out(params, hs, dh_T):
    norms, dh = [], dh_T
    for h in hs[::-1]:
        norms.append(np.linalg.norm(dh, axis=1))
        dh = (dh * (1 - h**2)) @ params["weight_hh"]
    return np.stack(norms[::-1])


@wrong("the gradient is not carried")
def always_from_dh_T(params, hs, dh_T):
    return loop(params, hs, dh_T, lambda dh, h, W: (dh_T * (1 - h**2)) @ W)


@wrong("the square root is forgotten")
def squared(params, hs, dh_T):
    return loop(params, hs, dh_T, lambda dh, h, W: (dh * (1 - h**2)) @ W, lambda dh: (dh**2).sum(axis=1))


@wrong("absolute values are added")
def sum_of_sizes(params, hs, dh_T):
    return loop(params, hs, dh_T, lambda dh, h, W: (dh * (1 - h**2)) @ W, lambda dh: np.abs(dh).sum(axis=1))


@wrong("the length is taken over the batch")
def over_the_batch(params, hs, dh_T):
    return loop(params, hs, dh_T, lambda dh, h, W: (dh * (1 - h**2)) @ W, lambda dh: np.linalg.norm(dh, axis=0))


@wrong("one length is taken of the whole batch")
def one_for_all(params, hs, dh_T):
    return loop(params, hs, dh_T, lambda dh, h, W: (dh * (1 - h**2)) @ W, np.linalg.norm)


@wrong("the gradients themselves are returned")
def no_lengths(params, hs, dh_T):
    return loop(params, hs, dh_T, lambda dh, h, W: (dh * (1 - h**2)) @ W, lambda dh: dh)


@wrong("the lengths are divided by that at the last state")
def relative(params, hs, dh_T):
    norms = loop(params, hs, dh_T, lambda dh, h, W: (dh * (1 - h**2)) @ W)
    return norms / norms[-1]


@wrong("the gradient is brought to length 1 at each step")
def normalised_each_time(params, hs, dh_T):
    def step(dh, h, W):
        dh = (dh * (1 - h**2)) @ W
        return dh / np.linalg.norm(dh, axis=1, keepdims=True)

    return loop(params, hs, dh_T, step)


@wrong("it changed its argument dh_T in place; work on a copy.")
def in_place(params, hs, dh_T):
    norms = [np.linalg.norm(dh_T, axis=1)]
    for h in hs[::-1]:
        dh_T *= 1 - h**2
        dh_T[:] = dh_T @ params["weight_hh"]
        norms.append(np.linalg.norm(dh_T, axis=1))
    return np.stack(norms[::-1])


@wrong("must have the dtype of the inputs, float32, got float64.")
def wide(params, hs, dh_T):
    norms, dh = np.zeros((len(hs) + 1, len(dh_T))), dh_T
    norms[-1] = np.linalg.norm(dh, axis=1)
    for t in reversed(range(len(hs))):
        dh = (dh * (1 - hs[t] ** 2)) @ params["weight_hh"]
        norms[t] = np.linalg.norm(dh, axis=1)
    return norms


@wrong(None)
def transposed_and_without_slope(params, hs, dh_T):
    return loop(params, hs, dh_T, lambda dh, h, W: dh @ W.T)


@wrong("the slopes are taken one state too early, and at the first step at the last state")
def state_before_for_the_slope(params, hs, dh_T):
    T = len(hs)
    norms = np.empty((T + 1, len(dh_T)), hs.dtype)
    norms[T], dh = np.linalg.norm(dh_T, axis=1), dh_T
    for t in range(T - 1, -1, -1):
        dh = (dh * (1 - hs[t - 1] ** 2)) @ params["weight_hh"]
        norms[t] = np.linalg.norm(dh, axis=1)
    return norms


@wrong("the lengths are taken before weight_hh, at the pre-activations")
def length_of_da(params, hs, dh_T):
    dh, out = dh_T, [np.linalg.norm(dh_T, axis=1)]
    for h in hs[::-1]:
        da = dh * (1 - h**2)
        out.append(np.linalg.norm(da, axis=1))
        dh = da @ params["weight_hh"]
    return np.stack(out[::-1])
