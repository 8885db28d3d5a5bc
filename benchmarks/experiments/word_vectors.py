"""Vectors for words: what a task teaches them, and what vectors from unlabelled text are worth when labels are few.

    python benchmarks/experiments/word_vectors.py       writes word_vectors.json beside this file, in about three minutes

The chapter "Vectors for words" reads the result. Two experiments:

    purity      an embedding and a GRU learn `rnncore.tasks.sentiment`, once the label, once the next word; how often the nearest neighbour
                of a word has the same part in the sentence, and the same opinion; the table starts with numbers of size 1 or 0.1. The next
                word is learned also with one table for input and output (tied).
    few labels  the same sentences in a wide vocabulary, where each opinion word is written in 30 ways; vectors come from unlabelled reviews
                (positive pointwise mutual information and singular values), and a GRU learns from 25 to 1600 labelled sentences
"""

import json
import platform
import time
from pathlib import Path

import numpy as np

import rnncore as rc
from rnncore.tasks.sentiment import ADJECTIVES, DEGREES, NEGATIONS, SUBJECTS, VERBS, VOCABULARY, sentiment, sentiment_sentences

B, H, D, SEEDS, RATE, TESTED = 32, 16, 16, range(5), 0.01, 1000
OPINION = {**ADJECTIVES, **VERBS}
WAYS, REVIEWS, LABELS, UPDATES, WINDOW = 30, 4000, (25, 100, 400, 1600), 500, 8
PLAIN = [word for word in VOCABULARY if word not in OPINION]
WIDE = PLAIN + [f"{word}{k}" for word in OPINION for k in range(WAYS)]  # 0 is padding, as in VOCABULARY
FIRST = {word: len(PLAIN) + WAYS * k for k, word in enumerate(OPINION)}
PART = {word: "subject" for word in SUBJECTS} | {word: "adjective" for word in ADJECTIVES} | {word: "verb" for word in VERBS}
PART |= {word: "negation" for word in NEGATIONS} | {word: "degree" for word in DEGREES}


def init(seed, V, outputs, table=None, scale=1.0):
    """An embedding, a GRU and a linear output; the table is drawn if none is given."""
    rng, f32 = np.random.default_rng(seed), {"dtype": np.float32}
    params = {"embedding": rc.init_embedding(rng, V, D, **f32), "cell": rc.init_gru(rng, D, H, **f32)}
    params["out"] = rc.init_linear(rng, H, outputs, **f32)
    params["embedding"]["weight"] *= np.float32(scale)
    if table is not None:
        params["embedding"] = {"weight": table.astype(np.float32)}
    return params


def label_gradients(params, tokens, lengths, targets):
    """The gradient of the mean cross-entropy of the label, read from the last state; and the logits (B,)."""
    xs, embedding = rc.embedding_forward(params["embedding"], tokens)
    hs, _, cell = rc.gru_forward(params["cell"], xs, np.zeros((len(lengths), H), np.float32))
    v, last = rc.last_state_forward(hs, lengths)
    y, out = rc.linear_forward(params["out"], v)
    _, loss = rc.sigmoid_cross_entropy_forward(y[:, 0], targets.astype(np.float32))
    dout, dv = rc.linear_backward(out, rc.sigmoid_cross_entropy_backward(loss)[:, None])
    dcell, dxs, _ = rc.gru_backward(cell, rc.last_state_backward(last, dv))
    return {"embedding": rc.embedding_backward(embedding, dxs), "cell": dcell, "out": dout}, y[:, 0]


def next_word_gradients(params, tokens, lengths, targets):
    """The gradient of the mean cross-entropy of each next word; the labels are not used."""
    xs, embedding = rc.embedding_forward(params["embedding"], tokens[:-1])
    hs, _, cell = rc.gru_forward(params["cell"], xs, np.zeros((len(lengths), H), np.float32))
    tied = "weight" not in params["out"]
    weights = {"weight": params["embedding"]["weight"], **params["out"]}  # the table stands in for a weight that is left out
    logits, out = rc.linear_forward(weights, hs)
    value, loss = rc.softmax_cross_entropy_forward(logits, tokens[1:], mask=rc.length_mask(lengths - 1, len(tokens) - 1).astype(np.float32))
    dout, dhs = rc.linear_backward(out, rc.softmax_cross_entropy_backward(loss))
    dcell, dxs, _ = rc.gru_backward(cell, dhs)
    dembedding = rc.embedding_backward(embedding, dxs)
    if tied:
        dembedding["weight"] = dembedding["weight"] + dout.pop("weight")  # both uses of the table
    return {"embedding": dembedding, "cell": dcell, "out": dout}, value


def fit(params, gradients, draw, updates, frozen=False):
    """Adam with a rate that falls to zero; a frozen table gets no update."""
    adam = rc.init_adam(params)
    for k in range(updates):
        grads, _ = rc.clip_by_norm(gradients(params, *draw())[0], 1.0)
        table = params["embedding"]
        params, adam = rc.adam_step(params, grads, adam, lr=RATE * (1 - k / updates))
        if frozen:
            params["embedding"] = table
    return params


def purity(table):
    """How often the nearest neighbour of a word has the same part (all words with one), the same opinion, and both (opinion words only)."""
    words = [word for word in VOCABULARY if word in PART]
    x = table[[VOCABULARY.index(word) for word in words]]
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    similar = x @ x.T
    np.fill_diagonal(similar, -2)
    pairs = [(words[a], words[b]) for a, b in enumerate(similar.argmax(axis=1))]
    polar = [(a, b) for a, b in pairs if a in OPINION]
    part, opinion = [PART[a] == PART[b] for a, b in pairs], [OPINION.get(b) == OPINION[a] for a, b in polar]
    return {"part": round(float(np.mean(part)), 4), "opinion": round(float(np.mean(opinion)), 4)}


def learned_tables():
    """Purity of the untrained table, after the label and after the next word, for two sizes of the start; the tables of seed 0."""
    runs, tables, test = [], {}, sentiment(np.random.default_rng(99), TESTED)
    for scale in (1.0, 0.1):
        for task in ("untrained", "label", "next word", "next word, tied"):
            for seed in SEEDS:
                gradients, outputs = (next_word_gradients, len(VOCABULARY)) if "next" in task else (label_gradients, 1)
                rng, params = np.random.default_rng([seed, 1]), init(seed, len(VOCABULARY), outputs, scale=scale)
                if "tied" in task:
                    del params["out"]["weight"]
                if task != "untrained":
                    params = fit(params, gradients, lambda rng=rng: sentiment(rng, B), 1500)
                table = params["embedding"]["weight"]
                runs.append({"task": task, "scale": scale, "seed": seed, **purity(table)})
                if "next" in task:
                    runs[-1]["loss"] = round(float(next_word_gradients(params, *test)[1]), 4)
                if seed == 0:
                    tables[f"{task}, {scale}"] = table.round(2).tolist()
                print(runs[-1], flush=True)
    return runs, tables


def widen(rng, words):
    """Tokens in WIDE: each opinion word in one of its ways, the first ones more often (Zipf)."""
    share = 1 / np.arange(1, WAYS + 1)
    return [FIRST[w] + int(rng.choice(WAYS, p=share / share.sum())) if w in FIRST else PLAIN.index(w) for w in words]


def labelled(rng, count):
    """Sentences of the task in wide words: tokens (T, count), lengths, labels."""
    sentences = sentiment_sentences(rng, count)
    tokens = np.zeros((16, count), np.int64)
    for b, (words, _) in enumerate(sentences):
        tokens[: len(words), b] = widen(rng, words)
    lengths = np.array([len(words) for words, _ in sentences])
    return tokens[: lengths.max()], lengths, np.array([label for _, label in sentences])


def reviews(rng, count):
    """Unlabelled: four plain clauses by one writer, who likes or dislikes all of it. A list of lists of tokens."""
    texts = []
    for _ in range(count):
        mood, words = rng.integers(2), []
        for _ in range(4):
            kind = (ADJECTIVES, VERBS)[rng.integers(2)]
            word = rng.choice([w for w in kind if kind[w] == mood])
            subject = ["the", rng.choice(SUBJECTS)]
            words += [*subject, "was", word] if kind is ADJECTIVES else ["i", word, *subject]
        texts.append(widen(rng, words))
    return texts


def ppmi_vectors(texts, V):
    """Counts in a window, positive pointwise mutual information, D singular vectors with the roots of their values; (V, D)."""
    counts = np.zeros((V, V))
    for text in texts:
        text = np.array(text)
        for gap in range(1, WINDOW + 1):
            np.add.at(counts, (text[:-gap], text[gap:]), 1)
    counts += counts.T
    rows = counts.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log(counts * counts.sum() / (rows * rows.T))
    u, s, _ = np.linalg.svd(np.where(counts > 0, np.maximum(pmi, 0), 0))
    return u[:, :D] * np.sqrt(s[:D])


def few_labels():
    """Accuracy on fresh sentences for each start of the table and each number of labels."""
    runs = []
    test = labelled(np.random.default_rng(99), TESTED)
    for seed in SEEDS:
        vectors = ppmi_vectors(reviews(np.random.default_rng([seed, 2]), REVIEWS), len(WIDE))
        vectors = vectors / vectors[vectors.any(axis=1)].std()
        drawn = np.random.default_rng([seed, 5]).standard_normal(vectors.shape)
        vectors = np.where(vectors.any(axis=1, keepdims=True), vectors, drawn)  # words that no review has
        for count in LABELS:
            tokens, lengths, targets = labelled(np.random.default_rng([seed, 3]), count)
            unseen = float(np.mean(~np.isin(test[0][test[0] > 0], tokens)))
            for start in ("random", "random, small", "random, frozen", "pretrained", "pretrained, frozen"):
                rng, table = np.random.default_rng([seed, 4]), vectors if start.startswith("pre") else None

                def draw(rng=rng, tokens=tokens, lengths=lengths, targets=targets):
                    b = rng.integers(0, len(lengths), B)
                    return tokens[: lengths[b].max(), b], lengths[b], targets[b]

                params = init(seed, len(WIDE), 1, table, scale=0.1 if start.endswith("small") else 1.0)
                params = fit(params, label_gradients, draw, UPDATES, frozen=start.endswith("frozen"))
                right = (label_gradients(params, *test)[1] > 0) == test[2]
                runs.append({"start": start, "labels": count, "seed": seed, "accuracy": round(float(right.mean()), 4)})
                runs[-1]["unseen words"] = round(unseen, 4)
                print(runs[-1], round(time.process_time()), flush=True)
    return runs


def main():
    began = time.process_time()
    learned, tables = learned_tables()
    few = few_labels()
    settings = {"B": B, "H": H, "D": D, "seeds": list(SEEDS), "rate": RATE, "updates": UPDATES, "ways": WAYS, "reviews": REVIEWS}
    result = {
        "script": "benchmarks/experiments/word_vectors.py",
        "settings": settings | {"labels": list(LABELS), "vocabulary": len(WIDE), "test sentences": TESTED},
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__},
        "CPU seconds": round(time.process_time() - began),
        "purity": learned,
        "tables": tables,
        "few labels": few,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result) + "\n", "utf8")


if __name__ == "__main__":
    main()
