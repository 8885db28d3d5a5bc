"""One recurrent language model on characters, on byte pair encodings and on words: bits for each character of the same held-out text.

    python benchmarks/experiments/tokenisation.py       writes tokenisation.json beside this file, in about ten minutes

The chapter "From text to numbers" reads the result. Every model is a GRU whose embedding table is its output layer too. Its size is chosen
so that all have the same number of parameters. A forward step then multiplies and adds about as many numbers as there are parameters,
whatever the vocabulary, so that equal compute is an equal number of tokens read, and a model of longer tokens reads the text more often.

The validation and test text are cut at line breaks into pieces, the same for all. Each piece is read from its beginning, after BOS, and
every token of it is predicted. What is scored is the pass with the lowest loss on the validation text. A word that is not in the vocabulary
is one token, UNK, and costs in addition what a model of spelling, counted on the words that are UNK in training, needs to spell it.
"""

import json
import os
import platform
import time
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
import tokenizers
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import nn

from rnncore.tasks import PRINTABLE, language_reference, split_text

T, B, SEEDS, PARAMETERS, READ, PIECES, LOOKS = 32, 16, range(3), 120_000, 800_000, 16, 8
RATES, PROBE = (0.003, 0.006, 0.012), 0.2  # learning rates tried with another seed, and the share of the budget that a trial gets
PAD, BOS, UNK = 0, 1, 2
SPECIAL = ["[PAD]", "[BOS]", "[UNK]"]
SPLITTER = pre_tokenizers.ByteLevel(add_prefix_space=False)


def words_of(text):
    """A text as words, each with the space before it, numbers, marks and blanks; joined, they are the text."""
    return [text[start:end] for _, (start, end) in SPLITTER.pre_tokenize_str(text)]


class Characters:
    tokens = SPECIAL + list(PRINTABLE)

    def encode(self, text):
        return [self.tokens.index(c) for c in text]


class BytePairs:
    def __init__(self, train, size):
        self.model = Tokenizer(models.BPE())
        self.model.pre_tokenizer, self.model.decoder = SPLITTER, decoders.ByteLevel()
        alphabet = [SPLITTER.pre_tokenize_str(c)[0][0] for c in PRINTABLE]
        self.model.train_from_iterator(
            [train], trainers.BpeTrainer(vocab_size=size, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False)
        )
        self.tokens = list(range(self.model.get_vocab_size()))

    def encode(self, text):
        ids = self.model.encode(text).ids
        assert self.model.decode(ids) == text
        return ids


class Words:
    def __init__(self, train, size):
        counts = Counter(words_of(train))
        known = [word for word, _ in counts.most_common(size - len(SPECIAL))]
        self.tokens = SPECIAL + known
        self.number = {word: k for k, word in enumerate(self.tokens)}
        self.spelling = Spelling({word: n for word, n in counts.items() if word not in self.number})

    def encode(self, text):
        return [self.number.get(word, UNK) for word in words_of(text)]

    def spelling_nats(self, text):
        """What it costs to spell every unknown word of a text, and how many there are."""
        costs = [self.spelling.nats(word) for word in words_of(text) if word not in self.number]
        return sum(costs), len(costs)


class Spelling:
    """Counts of what follows up to three characters, mixed as by Witten and Bell (1991); a word ends with a mark of its own."""

    longest, end = 3, "\0"

    def __init__(self, counts):
        self.follow = [defaultdict(Counter) for _ in range(self.longest + 1)]
        for word, n in counts.items():
            padded = self.end * self.longest + word + self.end
            for i in range(self.longest, len(padded)):
                for k, follow in enumerate(self.follow):
                    follow[padded[i - k : i]][padded[i]] += n

    def nats(self, word):
        padded, total = self.end * self.longest + word + self.end, 0.0
        for i in range(self.longest, len(padded)):
            p = 1 / (len(PRINTABLE) + 1)
            for k, follow in enumerate(self.follow):
                seen = follow.get(padded[i - k : i])
                if seen:
                    p = (seen[padded[i]] + len(seen) * p) / (seen.total() + len(seen))
            total -= np.log(p)
        return total


class Model(nn.Module):
    def __init__(self, V, H):
        super().__init__()
        self.scale = H**0.5
        self.table = nn.Parameter(torch.randn(V, H) / self.scale)
        self.bias = nn.Parameter(torch.zeros(V))
        self.gru = nn.GRU(H, H)

    def forward(self, inputs, state=None):
        hs, state_T = self.gru(self.table[inputs] * self.scale, state)
        return hs @ self.table.T + self.bias, state_T


def parameters(V, H):
    return V * (H + 1) + 6 * H * (H + 1)


def pieces(text, encode):
    """Inputs and targets (T, PIECES) of a text cut at line breaks: BOS before each piece, PAD after its end."""
    cuts = [0] + [text.rindex("\n", 0, len(text) * k // PIECES) + 1 for k in range(1, PIECES)] + [len(text)]
    ids = [encode(text[a:b]) for a, b in pairwise(cuts)]
    inputs = torch.full((max(map(len, ids)), PIECES), PAD)
    targets = inputs.clone()
    for k, piece in enumerate(ids):
        inputs[: len(piece), k] = torch.tensor([BOS, *piece[:-1]])
        targets[: len(piece), k] = torch.tensor(piece)
    return inputs, targets


def nats(model, inputs, targets):
    """Minus log p of a whole text, PAD left out."""
    total, state = 0.0, None
    with torch.no_grad():
        for x, y in zip(inputs.split(256), targets.split(256), strict=True):
            logits, state = model(x, state)
            total += nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=PAD, reduction="sum").item()
    return total


def train(seed, V, H, rate, tokens, validation, test, budget):
    """Nats of the validation text after each look, and of the test text at the best of them."""
    torch.manual_seed(seed)
    model = Model(V, H)
    adam = torch.optim.Adam(model.parameters(), lr=rate)
    steps = (len(tokens) - 1) // B
    inputs, targets = (torch.tensor(tokens[a : a + steps * B]).reshape(B, steps).T for a in (0, 1))
    updates, at, state, curve, best = budget // (T * B), 0, None, [], None
    for k in range(updates):
        for group in adam.param_groups:
            group["lr"] = rate * (1 - k / updates)
        if at + T > steps:
            at, state = 0, None
        logits, state = model(inputs[at : at + T], state)
        state, loss = state.detach(), nn.functional.cross_entropy(logits.flatten(0, 1), targets[at : at + T].flatten())
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        at += T
        if (k + 1) * LOOKS // updates > k * LOOKS // updates:
            curve.append(nats(model, *validation))
            if curve[-1] == min(curve):
                best = [nats(model, *test), (k + 1) * T * B]
    return curve, *best


def main():
    torch.set_num_threads(1)
    began, runs = time.process_time(), []
    parts = split_text(language_reference(), (0.8, 0.1, 0.1))
    text, held_out, unread = parts
    kinds = {"characters": Characters()}
    kinds |= {f"BPE {size}": BytePairs(text, size) for size in (500, 2000)}
    kinds |= {f"words {size}": Words(text, size) for size in (500, 2000)}
    for name, kind in kinds.items():
        V = len(kind.tokens)
        H = min(range(8, 400), key=lambda H: abs(parameters(V, H) - PARAMETERS))
        tokens, sets = kind.encode(text), [pieces(part, kind.encode) for part in (held_out, unread)]
        bits = [1 / len(part) / np.log(2) for part in (held_out, unread)]
        trials = [min(train(99, V, H, rate, tokens, *sets, int(READ * PROBE))[0]) * bits[0] for rate in RATES]
        rate = RATES[int(np.argmin(trials))]
        run = {"name": name, "V": V, "H": H, "parameters": parameters(V, H), "tokens": [len(tokens)]}
        run["tokens"] += [int((targets != PAD).sum()) for _, targets in sets]
        run["rates"] = {str(r): round(t, 4) for r, t in zip(RATES, trials, strict=True)}
        results = [train(seed, V, H, rate, tokens, *sets, READ) for seed in SEEDS]
        run["validation"] = [[round(value * bits[0], 4) for value in curve] for curve, _, _ in results]
        run["test nats"] = [round(value, 1) for _, value, _ in results]
        run["best after"] = [read for _, _, read in results]
        if isinstance(kind, Words):
            run["spelling"] = [[round(float(c), 1), n] for c, n in map(kind.spelling_nats, (held_out, unread))]
        runs.append(run)
        print(name, V, H, run["rates"], [round(v * bits[1], 3) for v in run["test nats"]], run.get("spelling"), run["best after"])
        print(run["validation"][0], round(time.process_time() - began), flush=True)
    result = {
        "script": "benchmarks/experiments/tokenisation.py",
        "settings": {"T": T, "B": B, "seeds": list(SEEDS), "tokens read": READ, "looks": LOOKS, "characters": [len(p) for p in parts]},
        "versions": {"Python": platform.python_version(), "PyTorch": torch.__version__, "tokenizers": tokenizers.__version__},
        "machine": f"{platform.system()} {platform.machine()}, one thread",
        "CPU seconds": round(time.process_time() - began),
        "runs": runs,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", "utf8")


if __name__ == "__main__":
    main()
