"""Lab 2, part 5: the sums over time."""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def running_sums(xs, hs, das):
    T, _, D = xs.shape
    H = hs.shape[2]
    dW_ih, dW_hh, db = np.zeros((H, D), das.dtype), np.zeros((H, H), das.dtype), np.zeros(H, das.dtype)
    for t in range(T):
        dW_ih += das[t].T @ xs[t]
        if t > 0:
            dW_hh += das[t].T @ hs[t - 1]
        db += das[t].sum(axis=0)
    return {"weight_ih": dW_ih, "weight_hh": dW_hh, "bias_ih": db, "bias_hh": db.copy()}


@right
def with_einsum(xs, hs, das):
    db = np.einsum("tbh->h", das)
    return {
        "bias_hh": db,
        "bias_ih": db,
        "weight_hh": np.einsum("tbi,tbj->ij", das[1:], hs[:-1]),
        "weight_ih": np.einsum("tbi,tbj->ij", das, xs),
    }


@right
def one_long_batch(xs, hs, das):
    T, B, H = hs.shape
    before = np.roll(hs, 1, axis=0)
    before[0] = 0
    flat = das.reshape(T * B, H)
    return dict(
        weight_ih=flat.T @ xs.reshape(T * B, -1),
        weight_hh=flat.T @ before.reshape(T * B, H),
        bias_ih=flat.sum(0),
        bias_hh=flat.sum(0),
    )


@right
def backward_in_time(xs, hs, das):
    zeros = np.zeros_like(hs[0])
    dcell = {
        "weight_ih": 0,
        "weight_hh": 0,
        "bias_ih": 0,
        "bias_hh": 0,
    }
    for t in reversed(range(len(xs))):
        h = hs[t - 1] if t > 0 else zeros
        dcell["weight_ih"] = dcell["weight_ih"] + np.dot(das[t].T, xs[t])
        dcell["weight_hh"] = dcell["weight_hh"] + np.dot(das[t].T, h)
        dcell["bias_ih"] = dcell["bias_ih"] + np.sum(das[t], axis=0)
        dcell["bias_hh"] = dcell["bias_hh"] + np.sum(das[t], axis=0)
    return dcell


@right
def outer_by_outer(xs, hs, das):
    T, B, H = hs.shape
    dW, dU = np.zeros((H, xs.shape[-1]), xs.dtype), np.zeros((H, H), xs.dtype)
    for b in range(B):
        h = np.zeros(H, xs.dtype)
        for t in range(T):
            dW += np.outer(das[t, b], xs[t, b])
            dU += np.outer(das[t, b], h)
            h = hs[t, b]
    db = das.sum(axis=0).sum(axis=0)
    return {"weight_ih": dW, "weight_hh": dU, "bias_ih": db, "bias_hh": np.array(db)}


@right
def stacked_matmul(xs, hs, das):
    dW_ih = (das.transpose(0, 2, 1) @ xs).sum(axis=0)
    padded = np.pad(hs, ((1, 0), (0, 0), (0, 0)))[:-1]
    dW_hh = np.matmul(das.swapaxes(1, 2), padded).sum(0)
    ones = np.ones(das.shape[:2], das.dtype)
    db = np.tensordot(ones, das, axes=2)
    return {"weight_ih": dW_ih, "weight_hh": dW_hh, "bias_ih": db, "bias_hh": db}


@right
def tensordot(xs, hs, das):
    before = np.zeros_like(hs)
    before[1:] = hs[:-1]
    db = das.sum((0, 1))
    return {
        "weight_ih": np.tensordot(das, xs, axes=((0, 1), (0, 1))),
        "weight_hh": np.tensordot(das, before, axes=((0, 1), (0, 1))),
        "bias_ih": db,
        "bias_hh": db,
    }


def added(xs, befores, das):
    db = das.sum(axis=(0, 1))
    return {
        "weight_ih": sum(da.T @ x for da, x in zip(das, xs, strict=False)),
        "weight_hh": sum(da.T @ h for da, h in zip(das, befores, strict=False)),
        "bias_ih": db,
        "bias_hh": db,
    }


@right
def one_array_for_both_biases(xs, hs, das):
    before = np.concatenate([np.zeros_like(hs[:1]), hs[:-1]])
    db = das.sum(axis=(0, 1))
    return {
        "weight_ih": np.einsum("tbh,tbd->hd", das, xs),
        "weight_hh": np.einsum("tbh,tbk->hk", das, before),
        "bias_ih": db,
        "bias_hh": db,
    }


@right
def zip_over_the_words(xs, hs, das):
    h_before = np.zeros_like(hs[0])
    dW, dU, db = 0, 0, 0
    for x, h, da in zip(xs, hs, das, strict=True):
        dW = dW + da.T @ x
        dU = dU + da.T @ h_before
        db = db + np.sum(da, 0)
        h_before = h
    return {"weight_ih": dW, "weight_hh": dU, "bias_ih": db, "bias_hh": np.array(db)}


@wrong("the gradient of weight_hh uses the state after each word")
def same_index(xs, hs, das):
    return added(xs, hs, das)


@wrong("the state before the first word is hs[-1]")
def index_minus_one(xs, hs, das):
    return added(xs, [hs[t - 1] for t in range(len(hs))], das)


@wrong("only the first word counts, because each one overwrites")
def equals_for_plus_equals(xs, hs, das):
    for t in reversed(range(len(xs))):
        h = hs[t - 1] if t > 0 else np.zeros_like(hs[0])
        dcell = {
            "weight_ih": das[t].T @ xs[t],
            "weight_hh": das[t].T @ h,
            "bias_ih": das[t].sum(axis=0),
            "bias_hh": das[t].sum(axis=0),
        }
    return dcell


@wrong("only the last word counts")
def the_end_alone(xs, hs, das):
    h = hs[-2] if len(hs) > 1 else 0 * hs[0]
    db = das[-1].sum(axis=0)
    return {"weight_ih": das[-1].T @ xs[-1], "weight_hh": das[-1].T @ h, "bias_ih": db, "bias_hh": db}


@wrong("the first word is left out of the sum for weight_ih")
def loop_from_one(xs, hs, das):
    dcell = added(xs, np.concatenate([0 * hs[:1], hs[:-1]]), das)
    dcell["weight_ih"] = np.zeros_like(dcell["weight_ih"])
    for t in range(1, len(xs)):
        dcell["weight_ih"] += das[t].T @ xs[t]
    return dcell


@wrong("the first word is left out of all sums")
def everything_from_one(xs, hs, das):
    T, _, D = xs.shape
    H = hs.shape[2]
    dcell = {"weight_ih": np.zeros((H, D), das.dtype), "weight_hh": np.zeros((H, H), das.dtype)}
    dcell |= {"bias_ih": np.zeros(H, das.dtype), "bias_hh": np.zeros(H, das.dtype)}
    for t in range(T - 1, 0, -1):
        dcell["weight_ih"] += das[t].T @ xs[t]
        dcell["weight_hh"] += das[t].T @ hs[t - 1]
        dcell["bias_ih"] += das[t].sum(0)
        dcell["bias_hh"] += das[t].sum(0)
    return dcell


@wrong("the parts of the words are averaged")
def mean_over_time(xs, hs, das):
    return {name: gradient / len(xs) for name, gradient in with_einsum(xs, hs, das).items()}


@wrong("the parts of the sentences are averaged")
def mean_over_the_batch(xs, hs, das):
    return {name: gradient / xs.shape[1] for name, gradient in with_einsum(xs, hs, das).items()}


@wrong("both weight gradients are transposed")
def transposed(xs, hs, das):
    db = das.sum(axis=(0, 1))
    before = np.concatenate([np.zeros_like(hs[:1]), hs[:-1]])
    return {
        "weight_ih": sum(x.T @ da for x, da in zip(xs, das, strict=True)),
        "weight_hh": sum(h.T @ da for h, da in zip(before, das, strict=True)),
        "bias_ih": db,
        "bias_hh": db,
    }


@wrong("the gradient of weight_hh is transposed")
def transposed_where_it_fits(xs, hs, das):
    dcell = with_einsum(xs, hs, das)
    return {**dcell, "weight_hh": np.einsum("tbi,tbj->ij", hs[:-1], das[1:])}


@wrong("the bias gradients are not summed over the sentences")
def bias_for_each_sentence(xs, hs, das):
    return {**with_einsum(xs, hs, das), "bias_ih": das.sum(axis=0), "bias_hh": das.sum(axis=0)}


@wrong("the bias gradients are not summed over time")
def bias_for_each_word(xs, hs, das):
    return {**with_einsum(xs, hs, das), "bias_ih": das.sum(axis=1), "bias_hh": das.sum(axis=1)}


@wrong("the bias gradients are summed over everything")
def one_number(xs, hs, das):
    return {**with_einsum(xs, hs, das), "bias_ih": das.sum(), "bias_hh": das.sum()}


@wrong("the bias gradients are means over the sentences")
def bias_means(xs, hs, das):
    db = das.mean(axis=1).sum(axis=0)
    return {**with_einsum(xs, hs, das), "bias_ih": db, "bias_hh": db}


@wrong("the gradient of bias_hh is zero")
def second_bias_is_not_needed(xs, hs, das):
    dcell = with_einsum(xs, hs, das)
    return {**dcell, "bias_hh": np.zeros_like(dcell["bias_ih"])}


@wrong("das is read from the last word to the first")
def mixed_directions(xs, hs, das):
    return added(xs, [0 * hs[0], *hs[:-1]], das[::-1])


@wrong("x and h are exchanged")
def partners_exchanged(xs, hs, das):
    right_ones = with_einsum(xs, hs, das)
    return {**right_ones, "weight_ih": right_ones["weight_hh"], "weight_hh": right_ones["weight_ih"]}


@wrong("dcell must be a dict with the keys weight_ih, weight_hh, bias_ih, bias_hh, got a dict with the keys")
def one_bias(xs, hs, das):
    dcell = with_einsum(xs, hs, das)
    del dcell["bias_hh"]
    return dcell


@wrong("everything is counted twice")
def added_in_two_places(xs, hs, das):
    """The same arrays are added for the words and, once more, for the way back."""
    return {name: gradient + gradient for name, gradient in with_einsum(xs, hs, das).items()}


@wrong("must have the dtype of the inputs, float32, got float64")
def zeros_are_float64(xs, hs, das):
    dcell = {"weight_ih": np.zeros((hs.shape[2], xs.shape[2])), "weight_hh": np.zeros((hs.shape[2], hs.shape[2]))}
    for t in range(len(xs)):
        dcell["weight_ih"] += das[t].T @ xs[t]
        dcell["weight_hh"] += das[t].T @ (hs[t - 1] if t else 0 * hs[0])
    return {**dcell, "bias_ih": das.sum(axis=(0, 1)), "bias_hh": das.sum(axis=(0, 1))}


@wrong("mismatch in its core dimension")
def transpose_forgotten(xs, hs, das):
    dcell = with_einsum(xs, hs, das)
    return {**dcell, "weight_ih": sum(da @ x for da, x in zip(das, xs, strict=True))}


@wrong(None)
def wrong_state_and_mean(xs, hs, das):
    return {name: gradient / len(xs) for name, gradient in added(xs, hs, das).items()}


@wrong("the gradient is shared out between the two biases")
def bias_shared_out_between_the_two(xs, hs, das):
    dW, dU = 0, np.zeros((das.shape[2], das.shape[2]), das.dtype)
    for t in range(len(xs)):
        dW = dW + das[t].T @ xs[t]
        if t > 0:
            dU += das[t].T @ hs[t - 1]
    db = das.sum(axis=(0, 1)) / 2
    return {"weight_ih": dW, "weight_hh": dU, "bias_ih": db, "bias_hh": db.copy()}


@wrong("the gradient of weight_hh uses the state after the next word")
def pairs_shifted_the_other_way(xs, hs, das):
    dW = sum(da.T @ x for da, x in zip(das, xs, strict=False))
    dU = sum((da.T @ h for da, h in zip(das, hs[1:], strict=False)), np.zeros((hs.shape[2], hs.shape[2]), das.dtype))
    db = das.sum(axis=(0, 1))
    return {"weight_ih": dW, "weight_hh": dU, "bias_ih": db, "bias_hh": db.copy()}


@wrong(None)
def only_the_last_word_counts(xs, hs, das):
    for t in range(1, len(xs)):
        dW = das[t].T @ xs[t]
        dU = das[t].T @ hs[t - 1]
        db = das[t].sum(axis=0)
    return {"weight_ih": dW, "weight_hh": dU, "bias_ih": db, "bias_hh": db.copy()}
