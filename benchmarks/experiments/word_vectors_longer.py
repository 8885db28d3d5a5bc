"""Are random vectors behind in `word_vectors.py` because training was short? The same comparison with three times the updates.

    python benchmarks/experiments/word_vectors_longer.py      writes word_vectors_longer.json beside this file, in about a minute

The chapter "Vectors for words" reads the result. A random and a pretrained table, both trained further, on 400 and on 1600 labelled
sentences: accuracy on fresh sentences, and on those that were trained on. Words, sentences and seeds are those of `word_vectors.py`.
"""

import json
import platform
import time
from pathlib import Path

import numpy as np
import word_vectors as short

LABELS, UPDATES = (400, 1600), 3 * short.UPDATES


def pretrained(seed):
    """The table of `word_vectors.few_labels`: vectors of standard deviation 1 from the reviews, random rows for words they lack."""
    vectors = short.ppmi_vectors(short.reviews(np.random.default_rng([seed, 2]), short.REVIEWS), len(short.WIDE))
    vectors = vectors / vectors[vectors.any(axis=1)].std()
    drawn = np.random.default_rng([seed, 5]).standard_normal(vectors.shape)
    return np.where(vectors.any(axis=1, keepdims=True), vectors, drawn)


def accuracy(params, tokens, lengths, targets):
    """The share of sentences whose label is found."""
    return round(float(np.mean((short.label_gradients(params, tokens, lengths, targets)[1] > 0) == targets)), 4)


def main():
    began, runs = time.process_time(), []
    test = short.labelled(np.random.default_rng(99), short.TESTED)
    for seed in short.SEEDS:
        tables = {"random": None, "pretrained": pretrained(seed)}
        for count in LABELS:
            tokens, lengths, targets = train = short.labelled(np.random.default_rng([seed, 3]), count)
            for start, table in tables.items():
                rng = np.random.default_rng([seed, 4])

                def draw(rng=rng, tokens=tokens, lengths=lengths, targets=targets):
                    b = rng.integers(0, len(lengths), short.B)
                    return tokens[: lengths[b].max(), b], lengths[b], targets[b]

                params = short.fit(short.init(seed, len(short.WIDE), 1, table), short.label_gradients, draw, UPDATES)
                runs.append({"start": start, "labels": count, "seed": seed, "accuracy": accuracy(params, *test)})
                runs[-1]["training accuracy"] = accuracy(params, *train)
                print(runs[-1], round(time.process_time() - began), flush=True)
    result = {
        "script": "benchmarks/experiments/word_vectors_longer.py",
        "settings": {"seeds": list(short.SEEDS), "rate": short.RATE, "updates": UPDATES, "labels": list(LABELS)},
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__},
        "CPU seconds": round(time.process_time() - began),
        "runs": runs,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", "utf8")


if __name__ == "__main__":
    main()
