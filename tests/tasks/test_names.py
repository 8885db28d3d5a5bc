"""Tagged sentences: names and their tags, held-out names, scoring by whole names, the dictionary baseline."""

import numpy as np
import pytest

from rnncore.tasks import dependency
from rnncore.tasks.names import (
    TAGS,
    build_vocabulary,
    encode_sentences,
    entity_f1,
    find_entities,
    known_names,
    most_frequent_tag_baseline,
    tagged_sentences,
)

for package in ("networkx", "babel", "certifi"):
    pytest.importorskip(package)


def test_names_of_the_parts_are_disjoint():
    train, test = known_names("train"), known_names("test")
    for kind in ("PER", "LOC", "ORG"):
        assert len(train[kind]) >= 20 and len(test[kind]) >= 20
        assert not set(train[kind]) & set(test[kind])
    assert ("New", "Zealand") in train["LOC"] + test["LOC"]
    assert all(word for part in (train, test) for names in part.values() for name in names for word in name)


@pytest.mark.parametrize("part", ["train", "test"])
def test_tags_mark_known_names(rng, part):
    names = {kind: set(values) for kind, values in known_names(part).items()}
    names["PER"] |= {(word,) for name in names["PER"] for word in name}
    seen = set()
    for words, tags in tagged_sentences(rng, 500, part=part):
        assert len(words) == len(tags) and set(tags) <= set(TAGS)
        for kind, start, end in find_entities(tags):
            assert tuple(words[start:end]) in names[kind]
            assert tags[start] == f"B-{kind}" and set(tags[start + 1 : end]) <= {f"I-{kind}"}
        seen.update(tags)
    assert seen == set(TAGS)


def test_encoding(rng):
    train, test = tagged_sentences(rng, 50), tagged_sentences(rng, 20, part="test")
    vocabulary = build_vocabulary(train)
    assert vocabulary[:2] == ["<pad>", "<unk>"] and len(set(vocabulary)) == len(vocabulary)
    tokens, tags, lengths = encode_sentences(test, vocabulary)
    assert tokens.shape == tags.shape == (lengths.max(), 20)
    for b, (words, names) in enumerate(test):
        assert lengths[b] == len(words) and not tokens[len(words) :, b].any() and not tags[len(words) :, b].any()
        for t, (word, name) in enumerate(zip(words, names, strict=True)):
            assert vocabulary[tokens[t, b]] == (word if word in vocabulary else "<unk>") and TAGS[tags[t, b]] == name
    assert (tokens == 1).any()


def test_entities():
    assert find_entities(["B-PER", "B-PER", "I-PER", "O", "I-LOC", "I-ORG", "I-ORG"]) == {
        ("PER", 0, 1),
        ("PER", 1, 3),
        ("LOC", 4, 5),
        ("ORG", 5, 7),
    }
    assert find_entities(["O", "O"]) == set()
    true = [["B-PER", "I-PER", "O"], ["B-LOC"]]
    assert entity_f1(true, true) == 1
    assert entity_f1([["B-PER", "O", "O"], ["B-LOC"]], true) == 0.5  # half a name is no name
    assert entity_f1([["O", "O", "O"], ["O"]], true) == 0


def test_a_dictionary_knows_old_names_and_misses_new_ones(rng):
    train, seen, unseen = tagged_sentences(rng, 2000), tagged_sentences(rng, 300), tagged_sentences(rng, 300, part="test")
    _, f1_seen = most_frequent_tag_baseline(train, seen)
    accuracy, f1_unseen = most_frequent_tag_baseline(train, unseen)
    only_o = np.mean([tag == "O" for _, tags in unseen for tag in tags])
    assert f1_seen > 0.9 and f1_unseen < 0.1 and accuracy > only_o


def test_same_rng_same_sentences():
    assert tagged_sentences(np.random.default_rng(1), 10) == tagged_sentences(np.random.default_rng(1), 10)


def test_a_missing_package_gets_one_sentence():
    with pytest.raises(ModuleNotFoundError, match=r"^names: the package no_such_package is not installed; install it with pip"):
        dependency.require("names", "no_such_package.part")
