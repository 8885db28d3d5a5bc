"""An LSTM, an LSTM with attention and a Transformer with equal parameters, on three tasks that differ in kind.

    python benchmarks/experiments/rnn_or_transformer.py       writes rnn_or_transformer.json beside this file, in about seven minutes

The chapter "RNNs and Transformers" reads the result. All three are causal, read an embedding of D numbers and make the same number of
updates on the same batches. Units are chosen so that the parameters come within 3 percent of the Transformer's. Each model takes the best
of four learning rates, judged by one seed on data of its own, and is then trained with three others.

    recall      pairs of key and value, then the keys again in another order: which value belonged to each?
    parity      was the number of ones so far odd? trained on 20 steps, tested on longer ones
    characters  the next character of the Python language reference

Two more runs ask why, with the rates found: an LSTM with three times the updates on recall, a Transformer without positions on parity.
"""

import json
import math
import multiprocessing
import platform
import time
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from rnncore.tasks.parity import parity
from rnncore.tasks.text import PRINTABLE, Vocabulary, language_reference, split_text, stream_batches

D, HEADS, LAYERS, SEEDS, CHOOSING, RATES = 32, 2, 2, range(3), 10, (0.003, 0.01, 0.03, 0.1)
KEYS, PAIRS, LONGER = 16, 8, (20, 40, 80, 160)
TASKS = {  # inputs, classes, steps, sequences, updates
    "recall": {"inputs": 2 * KEYS, "classes": KEYS, "T": 3 * PAIRS, "B": 32, "updates": 1200},
    "parity": {"inputs": 2, "classes": 2, "T": 20, "B": 32, "updates": 1500},
    "characters": {"inputs": len(PRINTABLE), "classes": len(PRINTABLE), "T": 64, "B": 16, "updates": 300},
}


def positions(T, size):
    """Sine and cosine of the position, at size / 2 speeds (Vaswani et al., 2017): they exist for every T."""
    t, speed = torch.arange(T)[:, None], torch.exp(torch.arange(0, size, 2) * (-math.log(10_000) / size))
    return torch.stack([torch.sin(t * speed), torch.cos(t * speed)], dim=-1).reshape(T, size)


@cache
def causal_mask(T):
    return nn.Transformer.generate_square_subsequent_mask(T)


class Recurrent(nn.Module):
    """Embedding, LSTM, and where asked for one head of attention from each state to the states before and itself."""

    def __init__(self, inputs, classes, units, attention, width=D):
        super().__init__()
        self.embedding, self.lstm, self.attention = nn.Embedding(inputs, width), nn.LSTM(width, units), attention
        if attention:
            self.query, self.mix = nn.Linear(units, units, bias=False), nn.Linear(2 * units, units)
        self.out = nn.Linear(units, classes)
        nn.init.constant_(self.lstm.bias_ih_l0[units : 2 * units], 1.0)  # forget gate

    def forward(self, tokens):
        hs, _ = self.lstm(self.embedding(tokens))  # (T, B, H)
        if self.attention:
            keys = hs.transpose(0, 1)[:, None]  # (B, 1, T, H): with the axis of the heads PyTorch takes its fast kernel
            context = F.scaled_dot_product_attention(self.query(keys), keys, keys, is_causal=True)
            hs = torch.tanh(self.mix(torch.cat([hs, context[:, 0].transpose(0, 1)], dim=-1)))
        return self.out(hs)


class Transformer(nn.Module):
    """Embedding, positions, causal blocks with the normalisation first, a last normalisation, output layer."""

    def __init__(self, inputs, classes, width=D, *, ordered=True):
        super().__init__()
        self.embedding, self.ordered = nn.Embedding(inputs, width), ordered
        block = nn.TransformerEncoderLayer(width, HEADS, 4 * width, dropout=0.0, norm_first=True, activation="gelu")
        self.blocks = nn.TransformerEncoder(block, LAYERS, nn.LayerNorm(width), enable_nested_tensor=False)
        for weights in self.blocks.parameters():  # the encoder copies one block: draw each anew
            if weights.ndim > 1:
                nn.init.xavier_uniform_(weights)
        self.out = nn.Linear(width, classes)

    def forward(self, tokens):
        T, xs = len(tokens), self.embedding(tokens)  # (T, B, D)
        if self.ordered:
            xs = xs + positions(T, xs.shape[-1])[:, None]
        return self.out(self.blocks(xs, mask=causal_mask(T), is_causal=True))


def size(model):
    return sum(weights.numel() for weights in model.parameters())


def build(name, inputs, classes, seed=0, width=D):
    """A model of that name with as many parameters as the Transformer, to 3 percent."""
    torch.manual_seed(seed)
    if name.startswith("Transformer"):
        return Transformer(inputs, classes, width, ordered="without" not in name)
    wanted, attention = size(Transformer(inputs, classes, width)), "attention" in name
    units = min(range(16, 400), key=lambda units: abs(recurrent_size(inputs, classes, units, attention, width) - wanted))
    torch.manual_seed(seed)
    return Recurrent(inputs, classes, units, attention, width)


def recurrent_size(inputs, classes, units, attention, width):
    cell = 4 * units * (width + units + 2) + (units * units + units * (2 * units + 1) if attention else 0)
    return inputs * width + cell + classes * (units + 1)


MODELS = ("LSTM", "LSTM with attention", "Transformer")
FURTHER = {"recall": {"LSTM, three times the updates": "LSTM"}, "parity": {"Transformer without positions": "Transformer"}}  # rate of


def recall(rng, B):
    """Tokens (T, B) and targets (T, B), -100 where nothing is asked: keys are 0 to 15, values 16 to 31."""
    keys = rng.permuted(np.tile(np.arange(KEYS), (B, 1)), axis=1)[:, :PAIRS].T  # (PAIRS, B), all different
    values = rng.integers(0, KEYS, (PAIRS, B))
    order = rng.permuted(np.tile(np.arange(PAIRS), (B, 1)), axis=1).T
    shown = np.stack([keys, KEYS + values], axis=1).reshape(2 * PAIRS, B)
    tokens = np.concatenate([shown, np.take_along_axis(keys, order, 0)])
    targets = np.concatenate([np.full_like(shown, -100), np.take_along_axis(values, order, 0)])
    return tokens, targets


@cache
def texts():
    train, valid, test = split_text(Vocabulary().encode(language_reference()), (0.9, 0.05, 0.05))
    T, B = TASKS["characters"]["T"], TASKS["characters"]["B"]
    return {"train": stream_batches(train, T, B), "valid": stream_batches(valid, T, B), "test": stream_batches(test, T, B)}


def batch(task, rng):
    if task == "characters":
        return texts()["train"][rng.integers(len(texts()["train"]))]
    return recall(rng, TASKS[task]["B"]) if task == "recall" else parity(rng, TASKS[task]["T"], TASKS[task]["B"])


def loss_of(model, tokens, targets):
    logits = model(torch.from_numpy(tokens))
    return F.cross_entropy(logits.flatten(0, 1), torch.from_numpy(targets).flatten())


def right(model, tokens, targets):
    """Share of right answers where something is asked."""
    answers, asked = model(torch.from_numpy(tokens)).argmax(-1).numpy(), targets >= 0
    return round(float((answers == targets)[asked].mean()), 4)


@torch.no_grad()
def judge(model, task, part):
    """What is reported; the first number is what a rate is chosen by, and less is better."""
    rng = np.random.default_rng({"valid": 98, "test": 99}[part])
    if task == "characters":
        loss = float(np.mean([loss_of(model, *chunk).item() for chunk in texts()[part]]))
        return {"loss": round(loss, 4)}
    if task == "recall":
        data = recall(rng, 500)
        return {"loss": round(loss_of(model, *data).item(), 4), "accuracy": right(model, *data)}
    result = {"loss": round(loss_of(model, *parity(rng, TASKS[task]["T"], 500)).item(), 4)}
    result["accuracy of the last ten steps"] = by_length = {}
    for T in LONGER:
        tokens, targets = parity(rng, T, 500)
        targets[:-10] = -100  # asked are the last ten steps alone
        by_length[T] = right(model, tokens, targets)
    return result


def train(name, task, rate, seed):
    """The model after the last update, and the losses, 25 means."""
    what, rng, losses = TASKS[task], np.random.default_rng([seed, 1]), []
    model, updates = build(name, what["inputs"], what["classes"], seed), what["updates"] * (3 if "three" in name else 1)
    adam = torch.optim.Adam(model.parameters())
    for k in range(updates):
        for group in adam.param_groups:  # 50 updates of warm-up, then linearly to zero
            group["lr"] = rate * min((k + 1) / 50, 1 - k / updates)
        loss = loss_of(model, *batch(task, rng))
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        losses.append(loss.item())
    return model, np.reshape(losses, (25, -1)).mean(axis=1).round(4).tolist()


def study(task, name):
    """The runs of one model on one task, and of what asks further about it."""
    torch.set_num_threads(1)
    began, runs = time.process_time(), []
    tried = {rate: judge(train(name, task, rate, CHOOSING)[0], task, "valid")["loss"] for rate in RATES}
    best = min(tried, key=lambda rate: (math.isnan(tried[rate]), tried[rate]))
    for what in (name, *(further for further, of in FURTHER.get(task, {}).items() if of == name)):
        results = [(judge(model, task, "test"), losses) for model, losses in (train(what, task, best, seed) for seed in SEEDS)]
        model = build(what, TASKS[task]["inputs"], TASKS[task]["classes"])
        runs.append(
            {
                "task": task,
                "model": what,
                "units": D if isinstance(model, Transformer) else model.lstm.hidden_size,
                "parameters": size(model),
                "rate": best,
                "losses while choosing": tried,
                "results": [result for result, _ in results],
                "curves": [losses for _, losses in results],
            }
        )
        print({k: v for k, v in runs[-1].items() if k != "curves"}, flush=True)
    return runs, time.process_time() - began


def main():
    jobs = [(task, name) for task in TASKS for name in reversed(MODELS)]
    with multiprocessing.get_context("spawn").Pool(2) as pool:  # two processes of one thread each
        studies = pool.starmap(study, jobs, chunksize=1)
    runs = [run for runs, _ in studies for run in runs]
    result = {
        "script": "benchmarks/experiments/rnn_or_transformer.py",
        "settings": {
            "D": D,
            "heads": HEADS,
            "layers": LAYERS,
            "keys": KEYS,
            "pairs": PAIRS,
            "seeds": list(SEEDS),
            "rates": RATES,
            "tasks": TASKS,
        },
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__, "PyTorch": torch.__version__},
        "CPU seconds": round(sum(seconds for _, seconds in studies)),
        "runs": runs,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", "utf8")


if __name__ == "__main__":
    main()
