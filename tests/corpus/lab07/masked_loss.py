"""Lab 7, part 5: the loss over real steps, and its gradient."""

import numpy as np

from rnncore.reference import log_softmax, softmax, softmax_cross_entropy_backward, softmax_cross_entropy_forward
from tests.corpus.answers import right, wrong


@right
def real_places_only(logits, targets, mask):
    some, known = logits[mask], targets[mask]  # (N, V), (N,)
    log_p = log_softmax(some)
    places = np.arange(len(known))
    d = np.exp(log_p)
    d[places, known] -= 1
    dlogits = np.zeros_like(logits)
    dlogits[mask] = d / d.dtype.type(len(known))
    return -log_p[places, known].mean(), dlogits


@right
def loops(logits, targets, mask):
    T, B, _ = logits.shape
    loss, dlogits = 0.0, np.zeros_like(logits)
    n = mask.sum()
    for t in range(T):
        for b in range(B):
            if mask[t, b]:
                p = np.exp(logits[t, b] - logits[t, b].max())
                p = p / p.sum()
                loss -= np.log(p[targets[t, b]]) / n
                dlogits[t, b] = p / n
                dlogits[t, b, targets[t, b]] -= 1 / n
    return loss, dlogits


@right
def one_hot_products(logits, targets, mask):
    one_hot = np.zeros_like(logits)
    t, b = np.nonzero(mask)
    one_hot[t, b, targets[t, b]] = 1
    p = softmax(logits)
    loss = -(one_hot * np.log(p)).sum() / mask.sum()
    dlogits = (p - one_hot) * mask[..., None] / logits.dtype.type(mask.sum())
    return float(loss), dlogits


@right
def reference_with_its_mask(logits, targets, mask):
    loss, cache = softmax_cross_entropy_forward(logits, np.where(mask, targets, 0), mask=mask)
    return loss, softmax_cross_entropy_backward(cache)


@right
def identity_matrix(logits, targets, mask):
    V = logits.shape[2]
    y = np.eye(V, dtype=logits.dtype)[np.where(mask, targets, 0)]
    log_p = log_softmax(logits)
    losses = -np.einsum("tbv,tbv->tb", y, log_p)
    n = np.count_nonzero(mask)
    dlogits = np.where(mask[:, :, None], np.exp(log_p) - y, 0) / n
    return np.where(mask, losses, 0).sum() / n, dlogits.astype(logits.dtype)


@right
def sum_of_sequences(logits, targets, mask):
    total, count, parts = 0, 0, []
    for b in range(mask.shape[1]):
        L = mask[:, b].sum()
        lp = log_softmax(logits[:L, b])
        total = total - lp[np.arange(L), targets[:L, b]].sum()
        count += L
        d = np.zeros_like(logits[:, b])
        d[:L] = np.exp(lp)
        d[np.arange(L), targets[:L, b]] -= 1
        parts.append(d)
    return np.array(total / count), np.stack(parts, axis=1) / logits.dtype.type(count)


def pieces(logits, targets, mask):
    known = np.where(mask, targets, 0)
    log_p = log_softmax(logits)
    losses = -np.take_along_axis(log_p, known[..., None], axis=-1)[..., 0]
    one_hot = np.arange(logits.shape[-1]) == known[..., None]
    return losses, np.exp(log_p) - one_hot, mask.astype(logits.dtype)


@wrong("the mask is not used: the padding is counted, in the loss and in the gradient")
def no_mask(logits, targets, mask):
    losses, errors, _ = pieces(logits, targets, mask)
    return losses.mean(), errors / logits.dtype.type(mask.size)


@wrong("the losses are masked but divided by all places")
def mean_of_the_masked(logits, targets, mask):
    losses, errors, m = pieces(logits, targets, mask)
    return (losses * m).mean(), errors * m[..., None] / logits.dtype.type(m.size)


@wrong("the gradient in the padding is not zero")
def gradient_everywhere(logits, targets, mask):
    losses, errors, m = pieces(logits, targets, mask)
    n = m.sum()
    return (losses * m).sum() / n, errors / n


@wrong("the gradient is divided by all places")
def gradient_over_all(logits, targets, mask):
    losses, errors, m = pieces(logits, targets, mask)
    return (losses * m).sum() / m.sum(), errors * m[..., None] / logits.dtype.type(m.size)


@wrong("the losses are added up")
def sums(logits, targets, mask):
    losses, errors, m = pieces(logits, targets, mask)
    return (losses * m).sum(), errors * m[..., None]


@wrong("the gradient is not divided by the number of real steps")
def gradient_of_the_sum(logits, targets, mask):
    losses, errors, m = pieces(logits, targets, mask)
    return (losses * m).sum() / m.sum(), errors * m[..., None]


@wrong("the mean is taken over each sequence first")
def mean_of_means(logits, targets, mask):
    losses, errors, m = pieces(logits, targets, mask)
    w = m / m.sum(axis=0) / m.dtype.type(m.shape[1])
    return (w * losses).sum(), w[..., None] * errors


@wrong("the sum is divided by the number of sequences")
def by_the_batch(logits, targets, mask):
    losses, errors, m = pieces(logits, targets, mask)
    B = logits.dtype.type(mask.shape[1])
    return (losses * m).sum() / B, errors * m[..., None] / B


@wrong("masked logits become zero and count log V each")
def logits_set_to_zero(logits, targets, mask):
    quiet = np.where(mask[..., None], logits, 0)
    losses, errors, m = pieces(quiet, targets, mask)
    return losses.mean(), errors / logits.dtype.type(m.size)


@wrong("the targets in the padding are used as classes")
def padding_is_a_class(logits, targets, mask):
    w = (mask / mask.sum()).astype(logits.dtype)
    log_p = log_softmax(logits)
    losses = -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]
    one_hot = np.arange(logits.shape[-1]) == targets[..., None]
    return (w * losses).sum(), w[..., None] * (np.exp(log_p) - one_hot)


@wrong("the sign is wrong: the loss is minus the logarithm")
def log_likelihood(logits, targets, mask):
    losses, errors, m = pieces(logits, targets, mask)
    return -(losses * m).sum() / m.sum(), errors * m[..., None] / m.sum()


@wrong("the sign of the gradient is wrong")
def target_minus_p(logits, targets, mask):
    losses, errors, m = pieces(logits, targets, mask)
    return (losses * m).sum() / m.sum(), -errors * m[..., None] / m.sum()


@wrong("the softmax runs over the batch")
def axis_one(logits, targets, mask):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = np.eye(logits.shape[2], dtype=logits.dtype)[np.where(mask, targets, 0)]
    w = (mask / mask.sum()).astype(logits.dtype)[..., None]
    return -(w * y * np.log(p)).sum(), w * (p - y)


@wrong("the one at the target is not taken away")
def probabilities_only(logits, targets, mask):
    losses, _, m = pieces(logits, targets, mask)
    return (losses * m).sum() / m.sum(), softmax(logits) * m[..., None] / m.sum()


@wrong("the probability of the target is averaged without its logarithm")
def no_logarithm(logits, targets, mask):
    losses, errors, m = pieces(logits, targets, mask)
    return (np.exp(-losses) * m).sum() / m.sum(), errors * m[..., None] / m.sum()


@wrong("there is a loss for each place; return their mean")
def a_loss_a_place(logits, targets, mask):
    losses, errors, m = pieces(logits, targets, mask)
    return losses * m, errors * m[..., None] / m.sum()


@wrong("the gradient holds the real steps only")
def picked_and_not_put_back(logits, targets, mask):
    losses, errors, _ = pieces(logits, targets, mask)
    return losses[mask].mean(), errors[mask] / logits.dtype.type(mask.sum())


@wrong("it must return 2 values (loss, dlogits)")
def the_loss_alone(logits, targets, mask):
    losses, _, m = pieces(logits, targets, mask)
    return (losses * m).sum() / m.sum()


@wrong("must have the dtype of the inputs, float32, got float64.")
def weights_in_float64(logits, targets, mask):
    losses, errors, _ = pieces(logits, targets, mask)
    w = mask / mask.sum()
    return (w * losses).sum(), w[..., None] * errors


@wrong(None)
def divided_twice(logits, targets, mask):
    losses, errors, m = pieces(logits, targets, mask)
    w = m / m.sum()
    return (w * losses).mean(), w[..., None] * errors / m.sum()


@wrong(None)
def real_if_not_class_zero(logits, targets, mask):
    """ignore_index=0, where 0 is a class, too."""
    m = (mask & (targets != 0)).astype(logits.dtype)
    losses, errors, _ = pieces(logits, targets, mask)
    return (losses * m).sum() / m.sum(), errors * m[..., None] / m.sum()


@right
def weights(logits, targets, mask):
    V = logits.shape[-1]
    w = (mask / mask.sum()).astype(logits.dtype)
    k = np.where(mask, targets, 0)
    log_p = log_softmax(logits)
    loss = -(w * np.take_along_axis(log_p, k[..., None], -1)[..., 0]).sum()
    return loss, w[..., None] * (np.exp(log_p) - (np.arange(V) == k[..., None]))


@right
def only_real_rows(logits, targets, mask):
    log_p = log_softmax(logits[mask])
    n = len(log_p)
    real = targets[mask]
    d = np.exp(log_p)
    d[np.arange(n), real] -= 1
    dlogits = np.zeros_like(logits)
    dlogits[mask] = d / n
    return -log_p[np.arange(n), real].mean(), dlogits


@wrong("the mask is not used, and the fillers among the targets are taken for classes.")
def targets_used_raw(logits, targets, mask):
    V = logits.shape[-1]
    log_p = log_softmax(logits)
    w = mask / mask.sum()
    loss = -(w * np.take_along_axis(log_p, targets[..., None], -1)[..., 0]).sum()
    return loss, w[..., None] * (np.exp(log_p) - np.eye(V)[targets])


@wrong("the mean is taken over each step first, then over the steps; each real step of a sequence counts alike.")
def steps_alike(logits, targets, mask):
    V, T = logits.shape[-1], logits.shape[0]
    k = np.where(mask, targets, 0)
    w = mask / np.maximum(mask.sum(axis=1, keepdims=True), 1) / T
    log_p = log_softmax(logits)
    losses = -np.take_along_axis(log_p, k[..., None], -1)[..., 0]
    return (losses * w).sum(), (np.exp(log_p) - np.eye(V)[k]) * w[..., None]


@wrong("log-probabilities stand in the gradient; it has probabilities.")
def log_p_in_gradient(logits, targets, mask):
    V = logits.shape[-1]
    k = np.where(mask, targets, 0)
    log_p = log_softmax(logits)
    w = mask / mask.sum()
    losses = -np.take_along_axis(log_p, k[..., None], -1)[..., 0]
    return (losses * w).sum(), (log_p - np.eye(V)[k]) * w[..., None]


@wrong("masked logits become zero and add log V each to the loss; leave the padding out of the sum.")
def logits_zeroed(logits, targets, mask):
    V = logits.shape[-1]
    k = np.where(mask, targets, 0)
    log_p = log_softmax(logits * mask[..., None])
    losses = -np.take_along_axis(log_p, k[..., None], -1)[..., 0]
    return losses.sum() / mask.sum(), (np.exp(log_p) - np.eye(V)[k]) * mask[..., None] / mask.sum()


@wrong("the padding is found by the filler -100; the mask says where it is.")
def mask_from_targets(logits, targets, mask):
    V = logits.shape[-1]
    mask = targets != -100
    k = np.where(mask, targets, 0)
    log_p = log_softmax(logits)
    w = mask / mask.sum()
    losses = -np.take_along_axis(log_p, k[..., None], -1)[..., 0]
    return (losses * w).sum(), (np.exp(log_p) - np.eye(V)[k]) * w[..., None]
