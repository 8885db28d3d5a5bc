"""Attention alone, on two lookups: which score learns which, at which size and learning rate; and what the weights of a classifier say.

    python benchmarks/experiments/attention_lookup.py       writes attention_lookup.json beside this file, in a few minutes

The chapter "Attention" reads the result.

    symbols     8 of 32 symbols lie in a row, each with a class; one of them is asked for. Queries and keys are learned tables of vectors.
    numbers     8 numbers lie in a row, each with a class; one of them is asked for. Queries and keys are given: the powers of the number.
    costs       time of each score, forward and backward, as a multiple of that of the dot product
    importance  a classifier of `rnncore.tasks.sentiment`: do weights and gradients rank the words alike?

In both lookups the context, a mean of one-hot classes, goes through one linear layer. Guessing gives 1/8. "validation" is the accuracy
on entries by which the chapter chooses a learning rate; "accuracy" is that on others, which serve for nothing else.
"""

import json
import platform
import time
from pathlib import Path

import numpy as np

import rnncore as rc
from rnncore.tasks.sentiment import VOCABULARY, sentiment

SYMBOLS, S, V, B, A, TESTED = 32, 8, 8, 32, 32, 500
SEEDS, SIZES, EVERY = range(3), (4, 16, 64, 256), 50
RATES = {"Adam": (0.001, 0.003, 0.01, 0.03, 0.1), "descent": (0.1, 1.0, 10.0), "numbers": (0.03, 0.1, 0.3)}
HELD_OUT = {"validation": 98, "accuracy": 99}  # what is measured on it: its seed
F32 = {"dtype": np.float32}
# name in the result: the score, and the standard deviation of the numbers in the tables at the start
STARTS = {
    "dot": ("dot", lambda size: 1.0),
    "scaled dot": ("scaled_dot", lambda size: 1.0),
    "dot, small start": ("dot", lambda size: size**-0.25),
    "multiplicative": ("multiplicative", lambda size: 1.0),
    "additive": ("additive", lambda size: 1.0),
}


def draw_symbols(rng, count):
    """Symbols (S, count), all different, their classes (S, count), the one that is asked for (1, count), its class (count,)."""
    symbols = rng.permuted(np.tile(np.arange(SYMBOLS), (count, 1)), axis=1)[:, :S].T
    classes, at, b = rng.integers(0, V, (S, count)), rng.integers(0, S, count), np.arange(count)
    return symbols, classes, symbols[at, b][None], classes[at, b]


def init_symbols(name, size, seed):
    """Two tables, the parameters of the score, and the layer after it."""
    rng, (score, std) = np.random.default_rng(seed), STARTS[name]
    tables = {k: (std(size) * rng.standard_normal((SYMBOLS, size))).astype(np.float32) for k in ("queries", "keys")}
    return tables | {"score": rc.init_attention(rng, size, size, A, score=score, **F32), "out": rc.init_linear(rng, V, V, **F32)}


def look_up(score, params, queries, keys, classes):
    """Logits (count, V), weights (S, count) and what the backward pass needs."""
    contexts, weights, attention = rc.attention_forward(params, queries, keys, np.eye(V, dtype=np.float32)[classes], score=score)
    return contexts[0], weights[0].T, attention


def symbols_forward(name, params, symbols, classes, asked):
    context, weights, attention = look_up(STARTS[name][0], params["score"], params["queries"][asked], params["keys"][symbols], classes)
    logits, out = rc.linear_forward(params["out"], context)
    return logits, weights, (attention, out, symbols, asked)


def symbols_backward(params, cache, dlogits):
    attention, out, symbols, asked = cache
    dout, dcontext = rc.linear_backward(out, dlogits)
    dscore, dqueries, dkeys, _ = rc.attention_backward(attention, dcontext[None])
    tables = {"queries": np.zeros_like(params["queries"]), "keys": np.zeros_like(params["keys"])}
    np.add.at(tables["queries"], asked, dqueries)
    np.add.at(tables["keys"], symbols, dkeys)
    return tables | {"score": dscore, "out": dout}


def share_right(logits, targets):
    return round(float((logits.argmax(axis=-1) == targets).mean()), 4)


def entropy(weights):
    """Mean entropy of the weights, in nats."""
    return round(float(-(weights * np.log(np.maximum(weights, 1e-30))).sum(axis=0).mean()), 4)


def train_symbols(name, size, seed, rule, rate, updates):
    """Both accuracies after every EVERY updates, and the entropy of the weights before and after."""
    rng, params = np.random.default_rng([seed, 1]), init_symbols(name, size, seed)
    held_out = {key: draw_symbols(np.random.default_rng(s), TESTED) for key, s in HELD_OUT.items()}
    adam, right = rc.init_adam(params), {key: [] for key in held_out}
    before = entropy(symbols_forward(name, params, *held_out["accuracy"][:3])[1])
    for k in range(updates):
        symbols, classes, asked, targets = draw_symbols(rng, B)
        logits, _, cache = symbols_forward(name, params, symbols, classes, asked)
        _, loss = rc.softmax_cross_entropy_forward(logits, targets)
        grads = symbols_backward(params, cache, rc.softmax_cross_entropy_backward(loss))
        if rule == "Adam":
            params, adam = rc.adam_step(params, grads, adam, lr=rate)
        else:
            params = rc.sgd_step(params, grads, lr=rate)
        if (k + 1) % EVERY == 0:
            for key, rows in held_out.items():
                logits, weights, _ = symbols_forward(name, params, *rows[:3])
                right[key].append(share_right(logits, rows[3]))
    return right | {"entropy": [before, entropy(weights)]}  # the weights of the last of HELD_OUT


def measure_symbols():
    jobs = [("Adam", name, size, rate, 600) for name in STARTS for size in SIZES for rate in RATES["Adam"]]
    jobs += [("descent", name, 256, rate, 600) for name in STARTS for rate in RATES["descent"]]
    jobs += [("Adam", name, 256, rate, 3000) for name in ("dot", "scaled dot") for rate in (0.003, 0.01)]
    runs = []
    for rule, name, size, rate, updates in jobs:
        results = [train_symbols(name, size, seed, rule, rate, updates) for seed in SEEDS]
        run = {"rule": rule, "score": name, "size": size, "rate": rate, "updates": updates}
        runs.append(run | {key: [r[key] for r in results] for key in results[0]})
        print(rule, name, size, rate, updates, [r["accuracy"][-1] for r in results], flush=True)
    return runs


def draw_numbers(rng, count, powers):
    """The number asked for (1, count, powers), the numbers (S, count, powers), their classes, the class of the one asked for."""
    numbers, classes = rng.uniform(-1, 1, (S, count)), rng.integers(0, V, (S, count))
    at, b = rng.integers(0, S, count), np.arange(count)
    keys = np.stack([numbers**p for p in range(powers)], axis=-1).astype(np.float32)
    return keys[at, b][None], keys, classes, classes[at, b]


def train_numbers(score, powers, seed, rate, updates):
    """Both accuracies after the last update."""
    rng, start = np.random.default_rng([seed, 1]), np.random.default_rng(seed)
    params = {"score": rc.init_attention(start, powers, powers, A, score=score, **F32), "out": rc.init_linear(start, V, V, **F32)}
    adam = rc.init_adam(params)
    for k in range(updates):
        queries, keys, classes, targets = draw_numbers(rng, B, powers)
        context, _, attention = look_up(score, params["score"], queries, keys, classes)
        logits, out = rc.linear_forward(params["out"], context)
        _, loss = rc.softmax_cross_entropy_forward(logits, targets)
        dout, dcontext = rc.linear_backward(out, rc.softmax_cross_entropy_backward(loss))
        grads = {"score": rc.attention_backward(attention, dcontext[None])[0], "out": dout}
        params, adam = rc.adam_step(params, grads, adam, lr=rate * (1 - k / updates))
    right = {}
    for key, s in HELD_OUT.items():
        queries, keys, classes, targets = draw_numbers(np.random.default_rng(s), 1000, powers)
        logits, _ = rc.linear_forward(params["out"], look_up(score, params["score"], queries, keys, classes)[0])
        right[key] = share_right(logits, targets)
    return right


def measure_numbers():
    jobs = [(powers, score, 2400) for powers in (2, 3) for score in ("dot", "multiplicative", "additive")]
    runs = []
    for powers, score, updates in [*jobs, (3, "multiplicative", 9600)]:
        for rate in RATES["numbers"]:
            results = [train_numbers(score, powers, seed, rate, updates) for seed in SEEDS]
            run = {"powers": powers, "score": score, "updates": updates, "rate": rate}
            runs.append(run | {key: [r[key] for r in results] for key in HELD_OUT})
            print("numbers", *runs[-1].values(), flush=True)
    return runs


def measure_costs(size=128, steps=50, count=16, repeats=15):
    """The least processor time of attention with each score, forward and backward, as a multiple of that of the dot product."""
    rng, taken = np.random.default_rng(0), {"dot": [], "scaled_dot": [], "multiplicative": [], "additive": []}
    queries, keys, values = (rng.standard_normal((steps, count, size)).astype(np.float32) for _ in range(3))
    for _ in range(repeats):
        for score, times in taken.items():
            params = rc.init_attention(rng, size, size, score=score, **F32)
            began = time.process_time()
            contexts, _, cache = rc.attention_forward(params, queries, keys, values, score=score)
            rc.attention_backward(cache, contexts)
            times.append(time.process_time() - began)
    ratios = {score: round(min(times) / min(taken["dot"]), 2) for score, times in taken.items()}
    return {"T": steps, "S": steps, "B": count, "sizes": size, "times of dot": ratios}


N_WORDS, H = len(VOCABULARY), 16


def classify(encoder, params, tokens, lengths):
    """Logits (count,), weights (T, count) and what the backward pass needs: additive attention with one learned query."""
    xs, mask = np.eye(N_WORDS, dtype=np.float32)[tokens], rc.length_mask(lengths, len(tokens))
    if encoder == "GRU":
        hs, _, first = rc.gru_forward(params["encoder"], xs, np.zeros((len(lengths), H), np.float32))
    else:
        hs, first = rc.linear_forward(params["encoder"], xs)
    queries = np.broadcast_to(params["query"], (1, len(lengths), H))
    contexts, weights, attention = rc.attention_forward(params["score"], queries, hs, hs, mask=mask)
    y, out = rc.linear_forward(params["out"], contexts[0])
    return y[:, 0], weights[0].T, (first, attention, out)


def classify_backward(encoder, cache, dy):
    """The gradients of the parameters and of the words (T, count, N_WORDS)."""
    first, attention, out = cache
    dout, dcontext = rc.linear_backward(out, dy[:, None])
    dscore, dqueries, dkeys, dvalues = rc.attention_backward(attention, dcontext[None])
    back = rc.gru_backward if encoder == "GRU" else rc.linear_backward
    dencoder, dxs = back(first, dkeys + dvalues)[:2]
    return {"encoder": dencoder, "query": dqueries.sum(axis=(0, 1)), "score": dscore, "out": dout}, dxs


def train_classifier(encoder, seed, updates=600, rate=0.02):
    rng = np.random.default_rng(seed)
    init = rc.init_gru if encoder == "GRU" else rc.init_linear
    params = {"encoder": init(rng, N_WORDS, H, **F32), "query": rng.standard_normal(H).astype(np.float32)}
    params |= {"score": rc.init_attention(rng, H, H, **F32), "out": rc.init_linear(rng, H, 1, **F32)}
    adam = rc.init_adam(params)
    for k in range(updates):
        tokens, lengths, targets = sentiment(rng, B)
        y, _, cache = classify(encoder, params, tokens, lengths)
        _, loss = rc.sigmoid_cross_entropy_forward(y, targets.astype(np.float32))
        grads, _ = classify_backward(encoder, cache, rc.sigmoid_cross_entropy_backward(loss))
        grads, _ = rc.clip_by_norm(grads, 1.0)
        params, adam = rc.adam_step(params, grads, adam, lr=rate * (1 - k / updates))
    return params


def ranks(a):
    """For each of some positive numbers, how many are below it less how many are above it; equal ones, up to rounding, get the same."""
    above = a[:, None] > 1.0001 * a
    return above.sum(axis=1) - above.sum(axis=0)


def rank_correlation(a, b):
    """Spearman's: the correlation of the ranks."""
    return np.corrcoef(ranks(a), ranks(b))[0, 1]


def same_first(a, b):
    """Is one of the largest of a, up to rounding, at the place of one of the largest of b?"""
    return np.any((1.0001 * a > a.max()) & (1.0001 * b > b.max()))


def measure_importance():
    tokens, lengths, targets = sentiment(np.random.default_rng(99), 1000)
    runs = []
    for encoder in ("words", "GRU"):
        accuracy, agreement, agree_first = [], [], []
        for seed in range(5):
            params = train_classifier(encoder, seed)
            y, weights, cache = classify(encoder, params, tokens, lengths)
            _, dxs = classify_backward(encoder, cache, np.ones_like(y))
            norms = np.linalg.norm(dxs, axis=-1)  # (T, count): how much the logit reacts to a change of this word
            pairs = [(weights[:n, b], norms[:n, b]) for b, n in enumerate(lengths) if n >= 4]
            accuracy.append(round(float(((y > 0) == targets).mean()), 4))
            agreement.append(round(float(np.mean([rank_correlation(w, g) for w, g in pairs])), 4))
            agree_first.append(round(float(np.mean([same_first(w, g) for w, g in pairs])), 4))
        run = {"encoder": encoder, "accuracy": accuracy, "rank correlation": agreement, "same word first": agree_first}
        runs.append(run)
        print(run, flush=True)
    return runs


def main():
    began = time.process_time()
    result = {
        "script": "benchmarks/experiments/attention_lookup.py",
        "settings": {
            "symbols": SYMBOLS,
            "S": S,
            "V": V,
            "B": B,
            "A": A,
            "seeds of the lookups": list(SEEDS),
            "seeds of the classifiers": list(range(5)),
            "seeds of what is held out": HELD_OUT,
            "tested": TESTED,
        },
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__},
        "machine": platform.machine(),
        "importance": measure_importance(),
        "numbers": measure_numbers(),
        "costs": measure_costs(),
        "symbols": measure_symbols(),
    }
    result["CPU seconds"] = round(time.process_time() - began)
    Path(__file__).with_suffix(".json").write_text(json.dumps(result) + "\n", "utf8")


if __name__ == "__main__":
    main()
