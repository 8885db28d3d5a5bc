"""Lab 9, part 2: bits and perplexity."""

import math

import numpy as np

from rnncore.reference import log_softmax, softmax
from tests.corpus.answers import right, wrong


@right
def two_loops(logits, targets):
    T, B = targets.shape
    bits, perplexity = np.zeros(B), np.zeros(B)
    for b in range(B):
        loss = 0.0
        for t in range(T):
            p = softmax(logits[t, b])
            loss -= math.log(p[targets[t, b]])
        loss /= T
        bits[b], perplexity[b] = loss / math.log(2), math.exp(loss)
    return bits, perplexity


@right
def fancy_indices(logits, targets):
    T, B = targets.shape
    log_p = log_softmax(logits)[np.arange(T)[:, None], np.arange(B), targets]
    bits = -np.mean(log_p / np.log(2), axis=0)
    return bits, 2**bits


@right
def one_hot(logits, targets):
    hot = np.eye(logits.shape[-1])[targets]
    nats = -np.einsum("tbv,tbv->b", hot, log_softmax(logits)) / len(logits)
    return [nats * np.log2(np.e), np.exp(nats)]


@right
def log_sum_exp_by_hand(logits, targets):
    largest = logits.max(axis=-1, keepdims=True)
    log_z = largest[..., 0] + np.log(np.exp(logits - largest).sum(axis=-1))
    right_one = np.take_along_axis(logits, targets[..., np.newaxis], axis=2).squeeze(2)
    loss = (log_z - right_one).mean(0)
    return loss / np.log(2), np.e**loss


@right
def base_two_all_the_way(logits, targets):
    p = np.take_along_axis(softmax(logits), targets[:, :, None], axis=2)[:, :, 0]
    bits = -np.log2(p).sum(axis=0) / p.shape[0]
    print("bits", bits)
    return bits, np.power(2.0, bits)


@right
def geometric_mean(logits, targets):
    p = np.array([[softmax(logits[t, b])[targets[t, b]] for b in range(targets.shape[1])] for t in range(len(targets))])
    perplexity = np.prod(p ** (-1 / len(p)), axis=0)
    return np.log2(perplexity), perplexity


def losses(logits, targets):
    return -np.take_along_axis(log_softmax(logits), targets[..., None], axis=-1)[..., 0]


@wrong("perplexity is the mean of the perplexities of the single characters")
def exponential_too_early(logits, targets):
    loss = losses(logits, targets)
    return loss.mean(axis=0) / np.log(2), np.exp(loss).mean(axis=0)


@wrong("bits are left in nats")
def no_change_of_unit(logits, targets):
    nats = losses(logits, targets).mean(axis=0)
    return nats, np.exp(nats)


@wrong("the nats are multiplied by log 2")
def multiplied(logits, targets):
    nats = losses(logits, targets).mean(axis=0)
    return nats * np.log(2), np.exp(nats)


@wrong("perplexity is 2 to the power of the nats")
def two_to_the_nats(logits, targets):
    nats = losses(logits, targets).mean(axis=0)
    return nats / np.log(2), 2**nats


@wrong("perplexity is e to the power of the bits")
def e_to_the_bits(logits, targets):
    bits = losses(logits, targets).mean(axis=0) / np.log(2)
    return bits, np.exp(bits)


@wrong("the losses are added and not averaged")
def summed(logits, targets):
    nats = losses(logits, targets).sum(axis=0)
    return nats / np.log(2), np.exp(nats)


@wrong("the mean is taken over the streams")
def other_axis(logits, targets):
    nats = losses(logits, targets).mean(axis=1)
    return nats / np.log(2), np.exp(nats)


@wrong("the mean is taken over all streams together")
def one_number(logits, targets):
    nats = losses(logits, targets).mean()
    return np.array(nats / np.log(2)), np.array(np.exp(nats))


@wrong("the sign is missing")
def minus_forgotten(logits, targets):
    log_p = -losses(logits, targets).mean(axis=0)
    return log_p / np.log(2), np.exp(log_p)


@wrong("the logits themselves are taken for log-probabilities")
def no_softmax(logits, targets):
    nats = -np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0].mean(axis=0)
    return nats / np.log(2), np.exp(nats)


@wrong("the softmax is taken twice")
def log_softmax_of_softmax(logits, targets):
    nats = losses(softmax(logits), targets).mean(axis=0)
    return nats / np.log(2), np.exp(nats)


@wrong("the exponential of a large logit overflows")
def own_softmax(logits, targets):
    p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    nats = -np.log(np.take_along_axis(p, targets[..., None], axis=-1))[..., 0].mean(axis=0)
    return nats / np.log(2), np.exp(nats)


@wrong("the entropy of the model is computed")
def entropy_of_the_model(logits, targets):
    nats = -(softmax(logits) * log_softmax(logits)).sum(axis=-1).mean(axis=0)
    return nats / np.log(2), np.exp(nats)


@wrong("the results are exchanged")
def other_order(logits, targets):
    nats = losses(logits, targets).mean(axis=0)
    return np.exp(nats), nats / np.log(2)


@wrong("the logarithm of the mean probability is taken")
def mean_of_probabilities(logits, targets):
    p = np.exp(-losses(logits, targets)).mean(axis=0)
    return -np.log2(p), 1 / p


@wrong(None)
def off_by_one_in_time(logits, targets):
    nats = losses(logits[:-1], targets[1:]).mean(axis=0)
    return nats / np.log(2), np.exp(nats)


@right
def take_along(logits, targets):
    log_p = np.take_along_axis(log_softmax(logits), targets[..., None], axis=-1)[..., 0]
    nats = -log_p.mean(axis=0)
    return nats / np.log(2), np.exp(nats)


@right
def loops(logits, targets):
    T, B, _V = logits.shape
    bits = np.zeros(B)
    for b in range(B):
        for t in range(T):
            bits[b] -= log_softmax(logits[t, b])[targets[t, b]] / np.log(2)
    bits = bits / T
    return bits, 2**bits


@right
def onehot(logits, targets):
    hot = np.eye(logits.shape[-1])[targets]
    L = -(hot * log_softmax(logits)).sum(-1).sum(0) / len(logits)
    return L / np.log(2), np.exp(L)


@right
def fancy(logits, targets):
    T, B = targets.shape
    lp = log_softmax(logits)[np.arange(T)[:, None], np.arange(B), targets] / np.log(2)
    bits = np.mean(-lp, axis=0)
    return bits, np.exp2(bits)


def character_losses(logits, targets):
    return -np.take_along_axis(log_softmax(logits), targets[..., None], axis=-1)[..., 0]


@wrong("the mean is taken over all streams together; each stream has its own.")
def one_number_too(logits, targets):
    L = character_losses(logits, targets).mean()
    return L / np.log(2), np.exp(L)


@wrong("bits are the logarithm of the loss to base 2; it is a change of unit.")
def log2_of_nats(logits, targets):
    L = character_losses(logits, targets).mean(axis=0)
    return np.log2(L), np.exp(L)


@right
def log_of_softmax(logits, targets):
    L = -np.log(np.take_along_axis(softmax(logits), targets[..., None], axis=-1)[..., 0]).mean(axis=0)
    return L / np.log(2), np.exp(L)


@wrong("no mean is taken: these are the numbers of single characters.")
def not_averaged(logits, targets):
    L = character_losses(logits, targets)
    return L / np.log(2), np.exp(L)


@wrong("the character with the highest score is taken and not the target.")
def best_character(logits, targets):
    L = -log_softmax(logits).max(axis=-1).mean(axis=0)
    return L / np.log(2), np.exp(L)


@wrong("an axis of length 1 is left at the end.")
def axis_kept(logits, targets):
    L = -np.take_along_axis(log_softmax(logits), targets[..., None], axis=-1).mean(axis=0)
    return L / np.log(2), np.exp(L)


@wrong("the losses are added and not averaged over time.")
def perplexity_of_sum(logits, targets):
    each = character_losses(logits, targets)
    return each.mean(axis=0) / np.log(2), np.exp(each.sum(axis=0))
