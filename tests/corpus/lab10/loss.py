"""Lab 10, part 4: the loss over what counts."""

import numpy as np

from rnncore.reference import log_softmax, softmax, softmax_cross_entropy_backward, softmax_cross_entropy_forward
from tests.corpus.answers import right, wrong


def pieces(logits, targets):
    """Probabilities, one-hot targets, and the loss of each target."""
    p = softmax(logits)
    hit = np.eye(logits.shape[-1], dtype=logits.dtype)[targets]
    return p, hit, -np.log((p * hit).sum(axis=-1))


@right
def through_the_reference(logits, targets, mask):
    loss, cache = softmax_cross_entropy_forward(logits, targets, mask=mask)
    return loss, softmax_cross_entropy_backward(cache)


@right
def loops(logits, targets, mask):
    T, B, _ = logits.shape
    p, count = softmax(logits), mask.sum()
    loss, dlogits = 0.0, np.zeros_like(logits)
    for t in range(T):
        for b in range(B):
            if mask[t, b]:
                loss -= np.log(p[t, b, targets[t, b]])
                dlogits[t, b] = p[t, b]
                dlogits[t, b, targets[t, b]] -= 1
    return loss / count, dlogits / logits.dtype.type(count)


@right
def picked_by_index(logits, targets, mask):
    t, b = np.indices(targets.shape)
    log_p = log_softmax(logits)
    loss = -log_p[t, b, targets][mask].mean()
    dlogits = np.exp(log_p)
    dlogits[t, b, targets] -= 1
    dlogits[~mask] = 0
    return loss, dlogits / np.float32(mask.sum())


@right
def along_an_axis(logits, targets, mask):
    p = softmax(logits)
    of_targets = np.take_along_axis(p, targets[..., None], axis=-1)[..., 0]
    loss = np.sum(-np.log(of_targets), where=mask) / np.count_nonzero(mask)
    hit = np.arange(p.shape[-1]) == targets[..., None]
    dlogits = np.where(mask[..., None], p - hit, 0) / mask.sum()
    return float(loss), dlogits.astype(logits.dtype)


@right
def only_what_counts(logits, targets, mask):
    """Flat lists of the predictions that count."""
    some, wanted = logits[mask], targets[mask]
    e = np.exp(some - some.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(p)), wanted]).mean()
    p[np.arange(len(p)), wanted] -= 1
    dlogits = np.zeros_like(logits)
    dlogits[mask] = p / len(p)
    return loss, dlogits


@right
def log_sum_exp(logits, targets, mask):
    z = logits - logits.max(axis=-1, keepdims=True)
    log_z = np.log(np.exp(z).sum(axis=-1))
    hit = np.zeros_like(logits)
    np.put_along_axis(hit, targets[..., None], 1, axis=-1)
    losses = log_z - (z * hit).sum(axis=-1)
    m = mask.astype(logits.dtype)
    print("counted", m.sum())
    return [np.array((losses * m).sum() / m.sum()), (np.exp(z - log_z[..., None]) - hit) * m[..., None] / m.sum()]


@wrong("the padding counts too")
def mask_forgotten(logits, targets, mask):
    p, hit, losses = pieces(logits, targets)
    return losses.mean(), (p - hit) / targets.size


@wrong("the padding is left out of the sum but counted in the division")
def divided_by_all(logits, targets, mask):
    p, hit, losses = pieces(logits, targets)
    return (losses * mask).mean(), (p - hit) * mask[..., None].astype(p.dtype) / mask.size


@wrong("the losses are added up and not divided")
def not_divided(logits, targets, mask):
    p, hit, losses = pieces(logits, targets)
    return losses[mask].sum(), (p - hit) * mask[..., None].astype(p.dtype)


@wrong("the sum is divided by the number of sequences")
def per_sequence(logits, targets, mask):
    p, hit, losses = pieces(logits, targets)
    B = targets.shape[1]
    return (losses * mask).sum() / B, (p - hit) * mask[..., None].astype(p.dtype) / B


@wrong("each sequence is averaged by itself")
def mean_of_means(logits, targets, mask):
    p, hit, losses = pieces(logits, targets)
    weights = mask / mask.sum(axis=0) / mask.shape[1]
    return (losses * weights).sum(), (p - hit) * weights[..., None].astype(p.dtype)


@wrong("the softmax runs over time")
def softmax_over_the_first_axis(logits, targets, mask):
    e = np.exp(logits)
    p = e / e.sum(axis=0)
    hit = np.eye(logits.shape[-1], dtype=logits.dtype)[targets]
    share = (mask / mask.sum()).astype(logits.dtype)
    return -(share * np.log((p * hit).sum(axis=-1))).sum(), share[..., None] * (p - hit)


@wrong("dlogits is not divided by the number of targets that count")
def gradient_of_the_sum(logits, targets, mask):
    p, hit, losses = pieces(logits, targets)
    return losses[mask].mean(), (p - hit) * mask[..., None].astype(p.dtype)


@wrong("dlogits is not masked")
def gradient_in_the_padding(logits, targets, mask):
    p, hit, losses = pieces(logits, targets)
    return losses[mask].mean(), (p - hit) / p.dtype.type(mask.sum())


@wrong("dlogits is neither masked nor divided")
def bare_difference(logits, targets, mask):
    p, hit, losses = pieces(logits, targets)
    return losses[mask].mean(), p - hit


@wrong("the sign of dlogits is wrong")
def target_minus_probability(logits, targets, mask):
    p, hit, losses = pieces(logits, targets)
    return losses[mask].mean(), (hit - p) * mask[..., None].astype(p.dtype) / p.dtype.type(mask.sum())


@wrong("the 1 is not subtracted at the target")
def probability_alone(logits, targets, mask):
    p, _, losses = pieces(logits, targets)
    return losses[mask].mean(), p * mask[..., None].astype(p.dtype) / p.dtype.type(mask.sum())


@wrong("the sign of the loss is wrong")
def positive_logarithm(logits, targets, mask):
    loss, dlogits = through_the_reference(logits, targets, mask)
    return -loss, dlogits


@wrong("the logarithm has base 2")
def bits(logits, targets, mask):
    loss, dlogits = through_the_reference(logits, targets, mask)
    return loss / np.log(2), dlogits


@wrong("the probability is divided by the number of targets, but the 1 at the target is not")
def precedence(logits, targets, mask):
    p, hit, losses = pieces(logits, targets)
    return losses[mask].mean(), (p / p.dtype.type(mask.sum()) - hit) * mask[..., None].astype(p.dtype)


@wrong("there is a loss for each sequence")
def loss_for_each_text(logits, targets, mask):
    _, _, losses = pieces(logits, targets)
    return (losses * mask).sum(axis=0) / mask.sum(axis=0), through_the_reference(logits, targets, mask)[1]


@wrong("dlogits must have the dtype of the inputs, float32, got float64.")
def mask_makes_float64(logits, targets, mask):
    p, hit, losses = pieces(logits, targets)
    share = mask / mask.sum()
    return (share * losses).sum(), share[..., None] * (p - hit)


@wrong("it must return 2 values (loss, dlogits), got")
def only_the_loss(logits, targets, mask):
    return through_the_reference(logits, targets, mask)[0]


@wrong(None)
def logit_of_the_target(logits, targets, mask):
    """No softmax at all: minus the score of the target."""
    _, hit, _ = pieces(logits, targets)
    return -(logits * hit).sum(axis=-1)[mask].mean(), through_the_reference(logits, targets, mask)[1]


@right
def chosen_with_the_mask(logits, targets, mask):
    p = softmax(logits)
    hit = (np.arange(logits.shape[-1]) == targets[..., None]).astype(logits.dtype)
    loss = -np.log((p * hit).sum(axis=-1)[mask]).mean()
    return float(loss), (np.where(mask[..., None], p - hit, 0) / np.count_nonzero(mask)).astype(logits.dtype)


def averaged(array, mask):
    """An array for the loss or for its gradient, masked and divided."""
    m = mask.reshape(mask.shape + (1,) * (array.ndim - 2))
    return (array * m).astype(array.dtype) / array.dtype.type(mask.sum())


@wrong("the logarithm is missing: minus the mean probability")
def no_logarithm(logits, targets, mask):
    p, hit, _ = pieces(logits, targets)
    return -averaged((p * hit).sum(axis=-1), mask).sum(), averaged(p - hit, mask)


@wrong("loss is nan but 1.28601 was expected.")
def no_softmax(logits, targets, mask):
    _, hit, _ = pieces(logits, targets)
    with np.errstate(invalid="ignore"):
        losses = -np.log((logits * hit).sum(axis=-1))
    return averaged(losses, mask).sum(), averaged(logits - hit, mask)


@wrong("the logits of the targets are averaged")
def neither_softmax_nor_logarithm(logits, targets, mask):
    _, hit, _ = pieces(logits, targets)
    return -averaged((logits * hit).sum(axis=-1), mask).sum(), averaged(logits - hit, mask)


@wrong("the logarithms of all tokens' probabilities are added up")
def one_hot_left_out(logits, targets, mask):
    p, hit, _ = pieces(logits, targets)
    return -averaged(np.log(p), mask).sum(), averaged(p - hit, mask)


@wrong("loss is inf but 1.28601 was expected.")
def masked_inside_the_logarithm(logits, targets, mask):
    p, hit, _ = pieces(logits, targets)
    with np.errstate(divide="ignore"):
        return -np.log((p * hit).sum(axis=-1) * mask).sum() / mask.sum(), averaged(p - hit, mask)


@wrong("the logits are masked before the softmax")
def masked_logits(logits, targets, mask):
    p, hit, losses = pieces(logits * mask[..., None], targets)
    return losses.sum() / mask.sum(), averaged(p - hit, mask)


@wrong("the targets that are not 0 are taken for those that count")
def padding_by_its_number(logits, targets, mask):
    p, hit, losses = pieces(logits, targets)
    return averaged(losses, targets != 0).sum(), averaged(p - hit, targets != 0)


@wrong("the mask is turned round")
def padding_alone(logits, targets, mask):
    p, hit, losses = pieces(logits, targets)
    M = max((~mask).sum(), 1)
    return (losses * ~mask).sum() / M, ((p - hit) * ~mask[..., None] / M).astype(p.dtype)


@wrong("the logarithm is taken of the mean probability")
def logarithm_of_the_mean(logits, targets, mask):
    p, hit, _ = pieces(logits, targets)
    return -np.log(averaged((p * hit).sum(axis=-1), mask).sum()), averaged(p - hit, mask)


@wrong("1 is subtracted from the probability of every token")
def minus_one_everywhere(logits, targets, mask):
    p, _, losses = pieces(logits, targets)
    return averaged(losses, mask).sum(), averaged(p - 1, mask)


@wrong("dlogits has an entry at the target alone")
def slope_of_the_target_alone(logits, targets, mask):
    p, hit, losses = pieces(logits, targets)
    return averaged(losses, mask).sum(), averaged((p - 1) * hit, mask)


@wrong("the probability is masked and divided, and the 1 at the target is neither")
def brackets_forgotten(logits, targets, mask):
    p, hit, losses = pieces(logits, targets)
    share = (mask / mask.sum()).astype(p.dtype)
    return (share * losses).sum(), share[..., None] * p - hit


@wrong("the probability is masked, and the 1 at the target is not")
def one_stays_in_the_padding(logits, targets, mask):
    p, hit, losses = pieces(logits, targets)
    return averaged(losses, mask).sum(), ((mask[..., None] * p - hit) / mask.sum()).astype(p.dtype)
