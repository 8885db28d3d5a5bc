"""Four poolings on sentences with negation, alone and followed by words that say nothing: accuracy after training, over seeds.

    python benchmarks/experiments/pooling.py       writes pooling.json beside this file, in two minutes

The chapter "Classifying sequences" reads the result. A sentence of `rnncore.tasks.sentiment` is followed by a tail of n neutral words, the
same n in training and test. The answer is read from the states of a tanh or a GRU layer with 16 units, by one of four poolings.
"""

import json
import platform
import time
from pathlib import Path

import numpy as np

import rnncore as rc
from rnncore.tasks.sentiment import VOCABULARY, sentiment

B, H, SEEDS, UPDATES, RATE, TAILS, TESTED = 32, 16, range(5), 600, 0.02, (0, 10, 40), 2000
POOLINGS = ("last", "mean", "max", "attention")
CELLS = {"tanh": (rc.init_rnn, rc.rnn_forward, rc.rnn_backward), "GRU": (rc.init_gru, rc.gru_forward, rc.gru_backward)}
V, NEUTRAL = len(VOCABULARY), [VOCABULARY.index(word) for word in ("the", "film", "plot", "cast", "music", "ending", "dialogue")]


def draw(rng, count, tail):
    """Tokens (T, count) with the tail behind the last word of each sentence, lengths, targets, and the lengths without the tail."""
    tokens, words, targets = sentiment(rng, count)
    tokens = np.concatenate([tokens, np.zeros((tail, count), np.int64)])
    t = np.arange(len(tokens))[:, None]
    behind = (t >= words) & (t < words + tail)
    return np.where(behind, rng.choice(NEUTRAL, tokens.shape), tokens), words + tail, targets, words


def init(cell, pooling, seed):
    """A cell, a linear output with one number, and the query where attention pools."""
    rng, kind = np.random.default_rng(seed), {"dtype": np.float32}
    params = {"cell": CELLS[cell][0](rng, V, H, **kind), "out": rc.init_linear(rng, H, 1, **kind)}
    return params | ({"pool": rc.init_attention_pooling(rng, H, **kind)} if pooling == "attention" else {})


def read(cell, pooling, params, tokens, lengths):
    """Logits (B,) and what the backward pass needs."""
    xs, mask = np.eye(V, dtype=np.float32)[tokens], rc.length_mask(lengths, len(tokens))
    hs, _, cache = CELLS[cell][1](params["cell"], xs, np.zeros((len(lengths), H), np.float32))
    kept, inside = None, mask[..., None]
    if pooling == "last":
        v, kept = rc.last_state_forward(hs, lengths)
    elif pooling == "mean":
        kept = inside / lengths[:, None].astype(np.float32)
        v = (kept * hs).sum(axis=0)
    elif pooling == "max":
        masked = np.where(inside, hs, -np.inf)
        v, kept = masked.max(axis=0), masked.argmax(axis=0)
    else:
        v, _, kept = rc.attention_pooling_forward(params["pool"], hs, mask=mask)
    y, out = rc.linear_forward(params["out"], v)
    return y[:, 0], (hs, cache, kept, out)


def gradients(cell, pooling, params, cache, dy):
    """The gradient of every parameter."""
    hs, cell_cache, kept, out = cache
    dparams = {}
    dparams["out"], dv = rc.linear_backward(out, dy[:, None])
    if pooling == "last":
        dhs = rc.last_state_backward(kept, dv)
    elif pooling == "mean":
        dhs = (kept * dv).astype(np.float32)
    elif pooling == "max":
        dhs = np.zeros_like(hs)
        np.put_along_axis(dhs, kept[None], dv[None], axis=0)
    else:
        dparams["pool"], dhs = rc.attention_pooling_backward(kept, dv)
    dparams["cell"] = CELLS[cell][2](cell_cache, dhs)[0]
    return {name: dparams[name] for name in params}


def train(cell, pooling, tail, seed):
    """The parameters after the last update."""
    params, rng = init(cell, pooling, seed), np.random.default_rng([seed, 1])
    adam = rc.init_adam(params)
    for k in range(UPDATES):
        tokens, lengths, targets, _ = draw(rng, B, tail)
        y, cache = read(cell, pooling, params, tokens, lengths)
        _, loss = rc.sigmoid_cross_entropy_forward(y, targets.astype(np.float32))
        grads = gradients(cell, pooling, params, cache, rc.sigmoid_cross_entropy_backward(loss))
        grads, _ = rc.clip_by_norm(grads, 1.0)
        params, adam = rc.adam_step(params, grads, adam, lr=RATE * (1 - k / UPDATES))
    return params


def accuracies(cell, pooling, params, tail):
    """Accuracy on fresh sentences, and on those of each number of words."""
    tokens, lengths, targets, words = draw(np.random.default_rng(99), TESTED, tail)
    right = (read(cell, pooling, params, tokens, lengths)[0] > 0) == targets
    return round(float(right.mean()), 4), {int(n): round(float(right[words == n].mean()), 4) for n in np.unique(words)}


def main():
    began, runs = time.process_time(), []
    for tail in TAILS:
        for cell in CELLS:
            for pooling in POOLINGS:
                results = [accuracies(cell, pooling, train(cell, pooling, tail, seed), tail) for seed in SEEDS]
                total, by_words = zip(*results, strict=True)
                run = {"tail": tail, "cell": cell, "pooling": pooling, "accuracy": list(total)}
                if not tail:
                    run["by words"] = {n: [words[n] for words in by_words] for n in by_words[0]}
                runs.append(run)
                print(tail, cell, pooling, total, round(time.process_time() - began), flush=True)
    result = {
        "script": "benchmarks/experiments/pooling.py",
        "settings": {"B": B, "H": H, "seeds": list(SEEDS), "updates": UPDATES, "rate": RATE, "test sentences": TESTED},
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__},
        "CPU seconds": round(time.process_time() - began),
        "runs": runs,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", "utf8")


if __name__ == "__main__":
    main()
