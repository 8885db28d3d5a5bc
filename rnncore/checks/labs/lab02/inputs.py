"""The inputs of lab 2's checks: the network and the first sentence of the chapter, and other sizes at every draw."""

import numpy as np

__all__ = []

PARAMS = {
    "weight_ih": np.array([[0.2, 0.4, 0.1], [0.1, 0.3, 0.5], [0.4, 0.2, 0.3]]),
    "weight_hh": np.array([[0.3, 0.2, 0.1], [0.5, 0.4, 0.2], [0.1, 0.3, 0.4]]),
    "bias_ih": np.array([0.1, 0.1, 0.1]),
    "bias_hh": np.zeros(3),
    "weight_ho": np.array([[0.3, 0.2, 0.4]]),
    "bias_ho": np.array([0.1]),
}
WORDS = {
    "i": (0.1, 0.2, 0.3),
    "love": (0.4, 0.1, 0.5),
    "this": (0.3, 0.2, 0.1),
    "book": (0.6, 0.1, 0.4),
    "its": (0.1, 0.3, 0.6),
    "amazing": (0.5, 0.4, 0.2),
    "hate": (0.7, 0.8, 0.1),
}


def embedded(sentence):
    """The word vectors of one sentence, (T, 1, 3)."""
    return np.array([[WORDS[word]] for word in sentence.split()])


LOVE, ONE = embedded("i love this book its amazing"), np.array([1.0])
HATE, ZERO = embedded("i hate this book"), np.array([0.0])


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


def draw_params(rng, dtype, D, H):
    """All parameters between -0.8 and 0.8, so that no probability comes too near to 0 or 1."""
    sizes = {"weight_ih": (H, D), "weight_hh": (H, H), "bias_ih": (H,), "bias_hh": (H,), "weight_ho": (1, H), "bias_ho": (1,)}
    return {name: rng.uniform(-0.8, 0.8, size).astype(dtype) for name, size in sizes.items()}


def draw_targets(rng, dtype, B):
    """Labels, both kinds among them."""
    return rng.permutation(np.arange(B) % 2).astype(dtype)


def draw_sentences(rng, dtype, T, B, D, H):
    """A network, and sentences of T words; then sentences of one word."""
    for length in (T, 1):
        yield draw_params(rng, dtype, D, H), normal(rng, dtype, length, B, D), draw_targets(rng, dtype, B)
