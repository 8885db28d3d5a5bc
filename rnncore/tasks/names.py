"""Tagged sentences: find the persons, places and organisations, which may be names that training never showed.

Contents
    TAGS                         "O", then B- for the first word of a name and I- for the others
    known_names                  the names, in two halves: those for training and those for testing
    tagged_sentences             words and tags
    build_vocabulary             words of training sentences -> list of words
    encode_sentences             words and tags -> tokens, tags, lengths
    find_entities, entity_f1     whole names, and the score that counts them
    most_frequent_tag_baseline   tag each word as it was tagged most often, unknown words "O"

Where the names come from, all looked up when they are asked for:

    PER   networkx (BSD licence): the Southern women of Davis, Gardner and Gardner (1941) and the Florentine families of Padgett and Ansell
          (1993); first names from the former, surnames from both
    LOC   Babel (BSD licence) with CLDR (Unicode licence): English names of countries and territories
    ORG   certifi (Mozilla Public License 2.0): the organisations that stand behind the root certificates

Other versions of these packages ship a few other names. The sentences are this course's own.
Source: tags for words: Ramshaw and Marcus (1995), here with B- at the first word of every name: Tjong Kim Sang and Veenstra (1999);
scoring by whole names: Tjong Kim Sang and De Meulder (2003).
"""

import functools
import re

import numpy as np

from rnncore.reference.shapes import shapes
from rnncore.tasks.dependency import require

__all__ = [
    "TAGS",
    "build_vocabulary",
    "encode_sentences",
    "entity_f1",
    "find_entities",
    "known_names",
    "most_frequent_tag_baseline",
    "tagged_sentences",
]

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"]
PAD, UNKNOWN = "<pad>", "<unk>"
TEMPLATES = [
    "PER works for ORG in LOC .",
    "PER flew from LOC to LOC .",
    "ORG opened an office in LOC .",
    "yesterday PER met PER in LOC .",
    "the head of ORG , PER , lives in LOC .",
    "LOC signed a treaty with LOC .",
    "ORG sued ORG last year .",
    "PER left ORG for good .",
    "PER left LOC for good .",
    "the news from LOC surprised PER .",
    "nobody at ORG knew PER .",
    "it rained all week in LOC and nobody came .",
    "the meeting was short and the coffee was cold .",
]


def known_names(part="train"):
    """Collect names; no name of one part is in the other, though words may be.

    Args:
        part: "train" or "test".
    Returns:
        A dict from "PER", "LOC" and "ORG" to tuples of names, each name a tuple of words.
    Raises:
        ValueError: part is neither of the two.
        ModuleNotFoundError: networkx, Babel or certifi is not installed.
    """
    if part not in ("train", "test"):
        raise ValueError(f"known_names: part must be 'train' or 'test', got {part!r}.")
    half = slice(0 if part == "train" else 1, None, 2)
    first, last = _persons()
    return {
        "PER": tuple((f, s) for f in first[half] for s in last[half]),
        "LOC": tuple(tuple(name.split()) for name in _places()[half]),
        "ORG": tuple(tuple(name.split()) for name in _organisations()[half]),
    }


@shapes(rng="rng", count="size")
def tagged_sentences(rng, count, *, part="train"):
    """Draw sentences; a person appears with both names, or with one of them alone.

    Args:
        rng: a `numpy.random.Generator`.
        count: how many.
        part: "train" or "test", which names are used.
    Returns:
        A list of pairs (words, tags), two lists of str of the same length.
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
        ModuleNotFoundError: networkx, Babel or certifi is not installed.
    """
    names = known_names(part)
    return [_fill(rng, TEMPLATES[rng.integers(len(TEMPLATES))].split(), names) for _ in range(count)]


def build_vocabulary(sentences):
    """List the words of sentences, after the two tokens for padding (0) and for unknown words (1).

    Args:
        sentences: list of pairs (words, tags).
    Returns:
        list of str.
    Raises:
        ValueError: there is no sentence.
    """
    if not sentences:
        raise ValueError("build_vocabulary: sentences must hold at least one sentence, got none.")
    return [PAD, UNKNOWN, *sorted({word for words, _ in sentences for word in words})]


def encode_sentences(sentences, vocabulary):
    """Turn sentences into arrays, padded at the end to the longest.

    Args:
        sentences: list of B pairs (words, tags).
        vocabulary: list of V words, as from `build_vocabulary`.
    Returns:
        tokens: (T, B), whole numbers below V; 0 after the end, 1 for words outside the vocabulary; T is the largest length.
        tags: (T, B), places in TAGS; 0 ("O") after the end too.
        lengths: (B,), how many words each sentence has.
    Raises:
        ValueError: there is no sentence.
    """
    if not sentences:
        raise ValueError("encode_sentences: sentences must hold at least one sentence, got none.")
    place = {word: k for k, word in enumerate(vocabulary)}
    lengths = np.array([len(words) for words, _ in sentences])
    tokens, tags = np.zeros((2, lengths.max(), len(sentences)), dtype=np.int64)
    for b, (words, names) in enumerate(sentences):
        tokens[: len(words), b] = [place.get(word, 1) for word in words]
        tags[: len(words), b] = [TAGS.index(name) for name in names]
    return tokens, tags, lengths


def find_entities(tags):
    """Find whole names in the tags of one sentence; an I- tag that continues nothing starts a name, as in the CoNLL script.

    Args:
        tags: list of str from TAGS.
    Returns:
        A set of (kind, first word, word after the last).
    Raises:
        ValueError: a tag is not in TAGS.

    >>> sorted(find_entities(["B-PER", "I-PER", "O", "B-LOC"]))
    [('LOC', 3, 4), ('PER', 0, 2)]
    """
    for tag in tags:
        if tag not in TAGS:
            raise ValueError(f"find_entities: tags must be of {', '.join(TAGS)}, got {tag!r}.")
    found, start = set(), None
    for k, tag in enumerate([*tags, "O"]):
        if start is not None and (not tag.startswith("I-") or tag[2:] != tags[start][2:]):
            found.add((tags[start][2:], start, k))
            start = None
        if start is None and tag != "O":
            start = k
    return found


def entity_f1(predicted, true):
    """Score whole names: a name counts only if its kind, its first and its last word are all right.

    Args:
        predicted: list of lists of str from TAGS.
        true: the same, of the same lengths.
    Returns:
        2 * right / (found + wanted), from 0 to 1.
    Raises:
        ValueError: the lists differ in length.
    Source: Tjong Kim Sang and De Meulder (2003).
    """
    if [len(tags) for tags in predicted] != [len(tags) for tags in true]:
        raise ValueError("entity_f1: predicted and true must hold sentences of the same lengths, got different ones.")
    pairs = [(find_entities(p), find_entities(t)) for p, t in zip(predicted, true, strict=True)]
    total = sum(len(p) + len(t) for p, t in pairs)
    return 2 * sum(len(p & t) for p, t in pairs) / total if total else 1.0


def most_frequent_tag_baseline(train, test):
    """Tag each word as it was tagged most often in training, and unknown words "O".

    Args:
        train: list of pairs (words, tags).
        test: list of pairs (words, tags).
    Returns:
        accuracy: share of words that are tagged right.
        f1: as in `entity_f1`.
    Raises:
        ValueError: one of the lists is empty.
    """
    if not train or not test:
        raise ValueError("most_frequent_tag_baseline: train and test must each hold at least one sentence, got none.")
    counts = {}
    for words, tags in train:
        for word, tag in zip(words, tags, strict=True):
            counts.setdefault(word, [0] * len(TAGS))[TAGS.index(tag)] += 1
    best = {word: TAGS[int(np.argmax(count))] for word, count in counts.items()}
    predicted = [[best.get(word, "O") for word in words] for words, _ in test]
    right = [p == t for guess, (_, tags) in zip(predicted, test, strict=True) for p, t in zip(guess, tags, strict=True)]
    return float(np.mean(right)), entity_f1(predicted, [tags for _, tags in test])


def _fill(rng, template, names):
    words, tags = [], []
    for word in template:
        name = names[word][rng.integers(len(names[word]))] if word in names else (word,)
        if word == "PER" and rng.integers(3) == 0:
            name = (name[rng.integers(2)],)
        words += name
        tags += [f"B-{word}"] + [f"I-{word}"] * (len(name) - 1) if word in names else ["O"]
    return words, tags


@functools.cache
def _persons():
    networkx = require("names", "networkx")
    women = networkx.davis_southern_women_graph().graph["top"]
    families = networkx.florentine_families_graph().nodes
    first, last = zip(*(name.split() for name in women), strict=True)
    return sorted(set(first)), sorted({*last, *families})


@functools.cache
def _places():
    territories = require("names", "babel").Locale("en").territories
    countries = [name for code, name in territories.items() if re.fullmatch("[A-Z]{2}", code) and code not in ("XA", "XB", "ZZ")]
    return sorted(name for name in countries if re.fullmatch(r"[\w.&’ -]+", name))


@functools.cache
def _organisations():
    with open(require("names", "certifi").where(), encoding="utf-8") as file:
        issuers = re.findall(r"^# Issuer: .*?\bO=(.*?)(?: OU=.*)?$", file.read(), re.MULTILINE)
    plain = {re.sub(r"[.,]", " ", name) for name in issuers if re.fullmatch(r"[A-Za-z., -]+", name)}
    by_letters = {" ".join(name.lower().split()): " ".join(name.split()) for name in sorted(plain)}  # one spelling of each
    return sorted(by_letters.values())
