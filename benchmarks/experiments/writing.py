"""Writing with a character model: greedy, sampling and beam search, measured against real text, with three trained models.

    python benchmarks/experiments/writing.py       writes writing.json beside this file, in three minutes

The chapter "Writing text" reads the result. Three GRUs are trained on the Python language reference as in tools/weights/sampling.py. Each
reads 60 characters at 64 places of the held-out text and writes on, in many ways. What they write is measured, and so is the real text
that follows at these places:

    repeated    share of windows of 20 characters that stood in the same text before
    loops       share of texts that end in a loop: three rounds or more, 60 characters or more
    pairs       share of different ones among all pairs of neighbouring words of all texts
    unknown     share of words that do not occur in the training text
    judge       perplexity under a model that counts contexts of up to 5 characters in the training text (Witten and Bell, 1991)
    log p       mean log-probability of a character under the network that wrote it
"""

import heapq
import json
import os
import platform
import re
import time
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
import numpy as np

import rnncore as rc
from rnncore.tasks import Vocabulary, language_reference, split_text, stream_batches
from rnncore.tuned import gru_backward, gru_forward

SEEDS = range(3)
D, H, T, B, PASSES, RATE, MAX_NORM = 32, 128, 64, 32, 12, 5e-3, 1.0
PLACES, READ, LENGTH, CONTEXT = 64, 60, 400, 5
TEMPERATURES, KS = (0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0), (1, 2, 3, 4, 5, 7, 10, 20, 40)
PS = (0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
EVERY, SHORT, WIDTHS = 4, 200, (1, 2, 4, 8, 16, 32)  # beam search starts at every fourth place
LONGEST, EXPONENTS, SENTENCE_WIDTHS = 120, (0.0, 0.5, 0.7, 1.0), (1, 2, 4, 8, 16, 32, 64)
VOCABULARY = Vocabulary()
END = int(VOCABULARY.encode(".")[0])
TRAIN_TEXT, HELD_OUT = split_text(language_reference())


def train(seed):
    """One model, as the sampling widget has it."""
    rng, f32, V = np.random.default_rng(seed), {"dtype": np.float32}, len(VOCABULARY)
    params = {
        "embedding": rc.init_embedding(rng, V, D, **f32),
        "rnn": rc.init_gru(rng, D, H, **f32),
        "output": rc.init_linear(rng, H, V, **f32),
    }
    adam, batches = rc.init_adam(params), stream_batches(VOCABULARY.encode(TRAIN_TEXT), T, B)
    for done in range(PASSES):
        state = np.zeros((B, H), np.float32)
        for k, (inputs, targets) in enumerate(batches):
            xs, embedding = rc.embedding_forward(params["embedding"], inputs)
            hs, state, cache = gru_forward(params["rnn"], xs, state)
            logits, output = rc.linear_forward(params["output"], hs)
            _, loss_cache = rc.softmax_cross_entropy_forward(logits, targets)
            doutput, dhs = rc.linear_backward(output, rc.softmax_cross_entropy_backward(loss_cache))
            drnn, dxs, _ = gru_backward(cache, dhs)
            grads = {"embedding": rc.embedding_backward(embedding, dxs), "rnn": drnn, "output": doutput}
            params, adam = rc.adam_step(
                params, rc.clip_by_norm(grads, MAX_NORM)[0], adam, lr=RATE * (1 - (done + k / len(batches)) / PASSES)
            )
    return {part: {name: array.astype(np.float64) for name, array in arrays.items()} for part, arrays in params.items()}


class Writer:
    """A model that has read the beginnings: the step from tokens and a state to logits, and the states to start from."""

    def __init__(self, params, beginnings):
        self.params, self.start = params, beginnings[-1]
        self.state = np.zeros((beginnings.shape[1], H))
        for tokens in beginnings[:-1]:
            _, self.state = self.step(tokens, self.state)

    def step(self, tokens, h):
        h, _ = rc.gru_step_forward(self.params["rnn"], self.params["embedding"]["weight"][tokens], h)
        return h @ self.params["output"]["weight"].T + self.params["output"]["bias"], h

    def write(self, choose):
        written = rc.generate(self.step, self.state, self.start, choose=choose, max_length=LENGTH)
        return [VOCABULARY.decode(column) for column in written.T]

    def log_p(self, texts, every=1):
        """Mean log-probability of a character."""
        last, h, total = self.start[::every], self.state[::every], 0.0
        columns = np.array([VOCABULARY.encode(text) for text in texts]).T
        for tokens in columns:
            logits, h = self.step(last, h)
            total += np.take_along_axis(rc.log_softmax(logits), tokens[:, None], axis=1).mean()
            last = tokens
        return total / len(columns)

    def beam(self, place, **settings):
        return rc.beam_search(self.step, self.state[[place]], int(self.start[place]), **settings)[0]

    def exact(self, place, bound):
        """The most probable of all sentences: always extend the most probable beginning, until it ends. Nothing below bound is kept."""
        waiting, count = [(0.0, 0, [], self.state[[place]], int(self.start[place]))], 0
        while True:
            minus, _, tokens, h, last = heapq.heappop(waiting)
            if tokens and last == END:
                return -minus, len(tokens)
            logits, h = self.step(np.array([last]), h)
            log_p = rc.log_softmax(logits)[0] - minus
            for token in np.flatnonzero(log_p >= bound - 1e-9):
                count += 1
                heapq.heappush(waiting, (-log_p[token], count, [*tokens, int(token)], h, int(token)))


def words_of(text):
    return re.findall(r"[a-z]+", text.lower())


KNOWN = set(words_of(TRAIN_TEXT))


def repeated(text, width=20):
    seen, count = set(), 0
    for i in range(len(text) - width + 1):
        window = text[i : i + width]
        count += window in seen
        seen.add(window)
    return count / (len(text) - width + 1)


def loop(text):
    """Where the loop starts in which a text ends, and its period; None without one."""
    for period in range(1, len(text) // 3 + 1):
        start = len(text) - period
        while start > 0 and text[start - 1] == text[start - 1 + period]:
            start -= 1
        if len(text) - start >= max(3 * period, 60):
            return start, period
    return None


class Judge:
    """Counts of contexts up to CONTEXT characters in the training text."""

    def __init__(self):
        self.counts = []
        for n in range(CONTEXT + 1):
            counts = defaultdict(Counter)
            for i in range(n, len(TRAIN_TEXT)):
                counts[TRAIN_TEXT[i - n : i]][TRAIN_TEXT[i]] += 1
            self.counts.append({context: (seen, seen.total()) for context, seen in counts.items()})

    def perplexity(self, texts):
        """Of the characters after the first CONTEXT ones of each text."""
        total = number = 0
        for text in texts:
            for i in range(CONTEXT, len(text)):
                p = 1 / len(VOCABULARY)
                for n, counts in enumerate(self.counts):
                    if text[i - n : i] not in counts:
                        break
                    seen, among = counts[text[i - n : i]]
                    p = (seen[text[i]] + len(seen) * p) / (among + len(seen))
                total, number = total - np.log(p), number + 1
        return np.exp(total / number)


def measure(texts, judge, writer, every=1):
    """All measures of the docstring."""
    words = [words_of(text)[:-1] for text in texts]  # the last one may be cut off
    each, pairs = [word for line in words for word in line], [pair for line in words for pair in pairwise(line)]
    found = {
        "repeated": np.mean([repeated(text) for text in texts]),
        "loops": np.mean([loop(text) is not None for text in texts]),
        "pairs": len(set(pairs)) / len(pairs),
        "unknown": np.mean([word not in KNOWN for word in each]),
        "judge": judge.perplexity(texts),
        "log p": writer.log_p(texts, every),
    }
    return {name: round(float(value), 4) for name, value in found.items()}


def places():
    """Where to write on: after a space within a sentence of the held-out text."""
    possible = [m.end() for m in re.finditer(r"[a-z,] (?=[A-Za-z])", HELD_OUT) if READ <= m.end() <= len(HELD_OUT) - LENGTH]
    return [possible[i] for i in np.linspace(0, len(possible) - 1, PLACES).astype(int)]


def sampled(writer, judge, seed):
    """Temperature, top-k and top-p, each at many settings."""
    ways = {
        "temperature": (TEMPERATURES, rc.temperature_distribution),
        "top-k": (KS, rc.top_k_distribution),
        "top-p": (PS, rc.top_p_distribution),
    }
    result = {}
    for name, (settings, distribution) in ways.items():
        result[name] = []
        for setting in settings:
            rng = np.random.default_rng([seed, 1])
            texts = writer.write(lambda logits: rc.sample(rng, distribution(logits, setting)))  # noqa: B023
            result[name].append({"setting": setting, **measure(texts, judge, writer)})
    return result


def searched(writer, judge, real):
    """Beam search for SHORT characters, beside real text and two samples of the same length from the same places."""
    rows = {"real text": measure([text[:SHORT] for text in real[::EVERY]], judge, writer, EVERY)}
    for name, distribution in {
        "temperature 1": lambda logits: rc.temperature_distribution(logits, 1.0),
        "top-p 0.8": lambda logits: rc.top_p_distribution(logits, 0.8),
    }.items():
        rng = np.random.default_rng(0)
        texts = writer.write(lambda logits: rc.sample(rng, distribution(logits)))  # noqa: B023
        rows[name] = measure([text[:SHORT] for text in texts[::EVERY]], judge, writer, EVERY)
    for width in WIDTHS:
        found = [writer.beam(place, width=width, max_length=SHORT) for place in range(0, PLACES, EVERY)]
        texts = [VOCABULARY.decode(np.array(best.tokens)) for best in found]
        rows[f"width {width}"] = measure(texts, judge, writer, EVERY)
    return rows


def sentences(writer, real):
    """Lengths and log-probabilities of sentences, up to a full stop, that beam search and an exact search find."""
    rows, chosen, unnormalised = [], range(0, PLACES, EVERY), {}
    for a in EXPONENTS:
        for width in SENTENCE_WIDTHS:
            found = [writer.beam(place, width=width, max_length=LONGEST, end=END, length_normalisation=a) for place in chosen]
            if a == 0:
                unnormalised[width] = found
            ended = [best.tokens[-1] == END for best in found]
            log_p = [round(best.log_probability, 3) for best in found]
            rows.append({"a": a, "width": width, "lengths": [len(best.tokens) for best in found], "ended": sum(ended), "log p": log_p})
    bounds = [max(found[i].log_probability for found in unnormalised.values()) for i in range(len(chosen))]
    exact = [writer.exact(place, bound) for place, bound in zip(chosen, bounds, strict=True)]
    return {
        "real lengths": [text.index(".") + 1 if "." in text else len(text) for text in real[::EVERY]],
        "beam": rows,
        "exact": {"lengths": [length for _, length in exact], "log p": [round(float(log_p), 3) for log_p, _ in exact]},
    }


def main():
    began, judge, runs = time.process_time(), Judge(), []
    starts = places()
    beginnings = np.array([VOCABULARY.encode(HELD_OUT[start - READ : start]) for start in starts]).T
    real = [HELD_OUT[start : start + LENGTH] for start in starts]
    for seed in SEEDS:
        writer = Writer(train(seed), beginnings)
        print(seed, "trained", round(time.process_time() - began), flush=True)
        greedy = writer.write(lambda logits: logits.argmax(axis=-1))
        runs.append(
            {
                "seed": seed,
                "real text": measure(real, judge, writer),
                "greedy": measure(greedy, judge, writer) | {"loops from, period": [loop(text) for text in greedy]},
                "sampled": sampled(writer, judge, seed),
                "searched": searched(writer, judge, real),
                "sentences": sentences(writer, real),
            }
        )
        print(runs[-1]["greedy"], runs[-1]["searched"], round(time.process_time() - began), flush=True)
    result = {
        "script": "benchmarks/experiments/writing.py",
        "settings": {"model": f"GRU, {H} units, embedding {D}, {PASSES} passes, rate {RATE}", "seeds": list(SEEDS)}
        | {"places": PLACES, "characters read": READ, "characters written": LENGTH, "context of the judge": CONTEXT}
        | {"places for beam search": PLACES // EVERY, "characters by beam search": SHORT, "longest sentence": LONGEST},
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__},
        "machine": platform.machine(),
        "CPU seconds": round(time.process_time() - began),
        "runs": runs,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result) + "\n", "utf8")


if __name__ == "__main__":
    main()
