"""Real English text for language models, and the baselines that a language model must beat.

Contents
    language_reference      about 400 thousand characters of English and code, present in every Python
    split_text              training and held-out parts, in order
    PRINTABLE, Vocabulary   characters -> whole numbers and back
    stream_batches          chunks of B parallel streams, for truncated backpropagation through time
    uniform_cross_entropy, unigram_cross_entropy, bigram_cross_entropy
                            what guessing and counting reach, in nats per character

The text is the documentation that ships with Python (PSF licence). It differs a little from one Python version to the next,
so numbers measured on it do too.
Source: the Python documentation for the text; Shannon (1951) for predicting a character from the ones before it; the rest is this course.
"""

import re
import unicodedata
from dataclasses import dataclass

import numpy as np

__all__ = [
    "PRINTABLE",
    "Vocabulary",
    "bigram_cross_entropy",
    "language_reference",
    "split_text",
    "stream_batches",
    "uniform_cross_entropy",
    "unigram_cross_entropy",
]

PRINTABLE = "\n" + "".join(chr(code) for code in range(32, 127))  # line break and the 95 printable ASCII characters
TYPOGRAPHY = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "--", "…": "...", "\t": " ", "\u00a0": " "})


def language_reference():
    """The Python language reference as one text: `pydoc_data.topics`, cleaned.

    Topics come in alphabetical order. Several of them contain one another word for word; a paragraph that has appeared
    before is left out, so that held-out text is not a copy of training text. Tables, lines without a letter or digit (rules
    under titles) and empty lines beyond one are left out too. Curly quotation marks and dashes become plain ones, accents
    are removed, and what is still not ASCII is dropped.

    Returns:
        One str of characters in `PRINTABLE`; the same at every call with the same Python.
    Raises:
        ModuleNotFoundError: this Python was installed without `pydoc_data`.
    Source: Python documentation, copyright Python Software Foundation, PSF licence version 2.

    >>> text = language_reference()
    >>> set(text) <= set(PRINTABLE), text.splitlines()[0]
    (True, 'The "assert" statement')
    """
    try:
        from pydoc_data.topics import topics
    except ModuleNotFoundError:
        message = "language_reference: this Python lacks pydoc_data; install the complete standard library."
        raise ModuleNotFoundError(message) from None
    text = "\n\n".join(topics[name] for name in sorted(topics)).translate(TYPOGRAPHY)
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    lines = [line.rstrip() for line in text.splitlines()]
    text = "\n".join(line for line in lines if not _is_rule_or_table(line))
    paragraphs = {}  # words -> paragraph; a dict keeps the first of equal ones, and their order
    for paragraph in re.split(r"\n{2,}", text.strip("\n")):
        paragraphs.setdefault(" ".join(paragraph.split()), paragraph)
    return "\n\n".join(paragraphs.values())


def split_text(text, fractions=(0.9, 0.1)):
    """Cut a text into consecutive parts; text is not shuffled, because its order is what is learned.

    Args:
        text: str, or an array of N tokens.
        fractions: positive numbers that sum to 1, one for each part.
    Returns:
        A list of parts, in order; joined, they are the text.
    Raises:
        ValueError: the fractions are not positive or do not sum to 1, or a part would be empty.

    >>> split_text("abcdefghij", (0.8, 0.2))
    ['abcdefgh', 'ij']
    """
    fractions = np.asarray(fractions, dtype=float)
    if fractions.ndim != 1 or not (fractions > 0).all() or not np.isclose(fractions.sum(), 1):
        raise ValueError(f"split_text: fractions must be positive and sum to 1, got {fractions.tolist()}.")
    ends = np.round(np.cumsum(fractions) * len(text)).astype(int)
    starts = np.concatenate([[0], ends[:-1]])
    if (starts == ends).any():
        raise ValueError(f"split_text: {len(text)} characters are too few for fractions {fractions.tolist()}: a part would be empty.")
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


@dataclass(frozen=True)
class Vocabulary:
    """The characters a model knows; the token of a character is its place in `characters`.

    Args:
        characters: str of V different characters.
    Raises:
        ValueError: characters is empty or repeats a character.

    >>> vocabulary = Vocabulary("abc")
    >>> vocabulary.encode("cab").tolist(), vocabulary.decode(np.array([1, 1, 0]))
    ([2, 0, 1], 'bba')
    """

    characters: str = PRINTABLE

    def __post_init__(self):
        if not self.characters:
            raise ValueError("Vocabulary: characters must hold at least one character, got an empty text.")
        if len(set(self.characters)) != len(self.characters):
            repeated = next(c for c in self.characters if self.characters.count(c) > 1)
            raise ValueError(f"Vocabulary: characters must all differ, but {repeated!r} appears more than once.")

    def __len__(self):
        return len(self.characters)

    def encode(self, text):
        """Turn characters into tokens.

        Args:
            text: str of N characters.
        Returns:
            (N,) whole numbers from 0 to V - 1.
        Raises:
            ValueError: a character is not in the vocabulary.
        """
        token_of = {character: token for token, character in enumerate(self.characters)}
        try:
            return np.array([token_of[character] for character in text], dtype=np.int64)
        except KeyError as error:
            character = error.args[0]
            where = f"{character!r} at position {text.index(character)}"
            raise ValueError(f"encode: {where} is not among the {len(self)} characters of the vocabulary.") from None

    def decode(self, tokens):
        """Turn tokens into characters.

        Args:
            tokens: (N,) whole numbers from 0 to V - 1.
        Returns:
            str of N characters.
        Raises:
            ValueError: tokens are not whole numbers on one axis, or a token is out of range.
        """
        tokens = _tokens("decode: tokens", tokens, len(self), least=0)
        return "".join(self.characters[token] for token in tokens)


def stream_batches(tokens, T, B):
    """Lay a text out as B parallel streams and cut them into chunks of T steps.

    Stream b is the b-th of B consecutive pieces of the text. Chunk k + 1 continues every stream where chunk k stopped, so
    the state after one chunk is the state before the next. Targets are the inputs one character later. What does not fill
    a last chunk is left out.

    Args:
        tokens: (N,) whole numbers.
        T: steps in a chunk.
        B: how many streams.
    Returns:
        A list of pairs: inputs (T, B), targets (T, B).
    Raises:
        TypeError, ValueError: T or B is not a whole number of at least 1, or the text is too short for one chunk.

    >>> for inputs, targets in stream_batches(np.arange(9), T=2, B=2):
    ...     print(inputs.tolist(), targets.tolist())
    [[0, 4], [1, 5]] [[1, 5], [2, 6]]
    [[2, 6], [3, 7]] [[3, 7], [4, 8]]
    """
    for name, value in (("T", T), ("B", B)):
        if not isinstance(value, int | np.integer) or isinstance(value, bool):
            raise TypeError(f"stream_batches: {name} must be a whole number, got {value!r}.")
        if value < 1:
            raise ValueError(f"stream_batches: {name} must be at least 1, got {value}.")
    tokens = _tokens("stream_batches: tokens", tokens)
    length = (len(tokens) - 1) // B // T * T  # characters of each stream that fill whole chunks
    if length == 0:
        raise ValueError(f"stream_batches: T={T} steps of B={B} streams need at least {T * B + 1} tokens, got {len(tokens)}.")
    step = (len(tokens) - 1) // B  # where the next stream starts
    places = np.arange(length)[:, None] + step * np.arange(B)  # (length, B)
    inputs, targets = tokens[places], tokens[places + 1]
    return [(inputs[start : start + T], targets[start : start + T]) for start in range(0, length, T)]


def uniform_cross_entropy(size):
    """Cross-entropy of giving every character the same probability: log V, whatever the text.

    Args:
        size: V, how many characters there are.
    Returns:
        Nats per character.
    Raises:
        ValueError: size is below 1.
    """
    if size < 1:
        raise ValueError(f"uniform_cross_entropy: size must be at least 1, got {size}.")
    return float(np.log(size))


def unigram_cross_entropy(train, held_out, size, *, smoothing=0.1):
    """Cross-entropy of predicting each character by how often it occurs in the training text.

    p(v) = (count of v + smoothing) / (number of training tokens + smoothing V)

    Args:
        train: (N,) tokens that are counted.
        held_out: (M,) tokens; all but the first are predicted, as a model that reads them would.
        size: V, how many characters there are.
        smoothing: added to every count, a positive number, so that a character never seen keeps a probability.
    Returns:
        Nats per character.
    Raises:
        ValueError: a text is too short, a token is out of range, or smoothing is not positive.
    Source: Shannon (1951), "Prediction and Entropy of Printed English"; additive smoothing is Laplace's rule.
    """
    train, held_out = _texts("unigram_cross_entropy", train, held_out, size, smoothing)
    counts = np.bincount(train, minlength=size) + smoothing  # (V,)
    p = counts / counts.sum()
    return float(-np.log(p[held_out[1:]]).mean())


def bigram_cross_entropy(train, held_out, size, *, smoothing=0.1):
    """Cross-entropy of predicting each character by what followed the character before it in the training text.

    p(v | u) = (count of u v + smoothing) / (count of u before another token + smoothing V)

    Args:
        train: (N,) tokens whose pairs are counted.
        held_out: (M,) tokens; all but the first are predicted.
        size: V, how many characters there are.
        smoothing: added to every count of a pair, a positive number.
    Returns:
        Nats per character.
    Raises:
        ValueError: a text is too short, a token is out of range, or smoothing is not positive.
    Source: Shannon (1951), "Prediction and Entropy of Printed English"; additive smoothing is Laplace's rule.
    """
    train, held_out = _texts("bigram_cross_entropy", train, held_out, size, smoothing)
    counts = np.full((size, size), smoothing, dtype=float)  # (V before, V after)
    np.add.at(counts, (train[:-1], train[1:]), 1)
    p = counts / counts.sum(axis=1, keepdims=True)
    return float(-np.log(p[held_out[:-1], held_out[1:]]).mean())


def _is_rule_or_table(line):
    return line != "" and (not re.search(r"[A-Za-z0-9]", line) or re.match(r" *\|.*\|$", line) is not None)


def _texts(where, train, held_out, size, smoothing):
    if not smoothing > 0:
        raise ValueError(f"{where}: smoothing must be positive, got {smoothing}.")
    return _tokens(f"{where}: train", train, size, least=2), _tokens(f"{where}: held_out", held_out, size, least=2)


def _tokens(name, tokens, size=None, least=1):
    tokens = np.asarray(tokens)
    if tokens.ndim != 1 or (tokens.size and not np.issubdtype(tokens.dtype, np.integer)):
        raise ValueError(f"{name} must be whole numbers on one axis, got {tokens.dtype} of shape {tokens.shape}.")
    if len(tokens) < least:
        raise ValueError(f"{name} must hold at least {least} {'token' if least == 1 else 'tokens'}, got {len(tokens)}.")
    if size is not None and tokens.size and (tokens.min() < 0 or tokens.max() >= size):
        wrong = tokens[(tokens < 0) | (tokens >= size)][0]
        raise ValueError(f"{name} must lie between 0 and {size - 1}, got {wrong}.")
    return tokens
