"""The character model of the book, trained in other ways: chunks of other lengths, other rates and bounds, and for longer.

    python benchmarks/experiments/character_model.py       writes character_model.json beside this file, in five minutes

The chapter "A language model from scratch" reads the result. Every run reads the training text of the chapter, in chunks of T steps with a
carried state; an update sees 1024 characters, whatever T is. Losses are nats per character at the end, on the validation and the test text.
"""

import json
import platform
import time
from pathlib import Path

import numpy as np

import rnncore as rc
from rnncore.tasks import Vocabulary, language_reference, split_text, stream_batches

V, D, CHARACTERS, SEEDS, FEW = 96, 32, 1024, range(5), range(3)
CHOSEN = {"T": 32, "H": 128, "passes": 3, "rate": 0.015, "bound": 0.5}
STEPS, RATES, BOUNDS = (1, 2, 4, 8, 32), (0.003, 0.007, 0.015, 0.03), (0.25, 0.5, 1.0)
LONGER = {
    "longer": {"passes": 16},
    "larger": {"H": 256},
    "larger, half the rate": {"H": 256, "rate": 0.0075},
    "both": {"H": 256, "rate": 0.0075, "passes": 16},
}


def texts():
    """Training, validation and test tokens, trimmed as in the chapter."""
    parts = [Vocabulary().encode(part) for part in split_text(language_reference(), (0.8, 0.1, 0.1))]
    return [tokens[: (len(tokens) - 1) // 4096 * 4096 + 1] for tokens in parts]


def init_model(seed, H):
    """An embedding, a plain recurrent cell and an output layer."""
    rng, f32 = np.random.default_rng(seed), {"dtype": np.float32}
    return {
        "embedding": rc.init_embedding(rng, V, D, **f32),
        "rnn": rc.init_rnn(rng, D, H, **f32),
        "output": rc.init_linear(rng, H, V, **f32),
    }


def chunk(params, inputs, targets, state, backward=True):
    """Loss of a chunk, the state after it, and the gradient."""
    xs, embedding = rc.embedding_forward(params["embedding"], inputs)
    hs, state, rnn = rc.rnn_forward(params["rnn"], xs, state)
    logits, output = rc.linear_forward(params["output"], hs)
    loss, cache = rc.softmax_cross_entropy_forward(logits, targets)
    if not backward:
        return loss, state, None
    doutput, dhs = rc.linear_backward(output, rc.softmax_cross_entropy_backward(cache))
    drnn, dxs, _ = rc.rnn_backward(rnn, dhs)
    return loss, state, {"embedding": rc.embedding_backward(embedding, dxs), "rnn": drnn, "output": doutput}


def loss_on(params, tokens):
    """Mean loss over a text that is read with a carried state."""
    state, losses = np.zeros((32, len(params["rnn"]["bias_hh"])), np.float32), []
    for inputs, targets in stream_batches(tokens, 128, 32):
        loss, state, _ = chunk(params, inputs, targets, state, backward=False)
        losses.append(loss)
    return round(float(np.mean(losses)), 4)


def train(parts, seed, *, T, H, passes, rate, bound):
    """Loss on the validation and on the test text after training."""
    params, batches = init_model(seed, H), stream_batches(parts[0], T, CHARACTERS // T)
    adam, updates, k = rc.init_adam(params), passes * len(batches), 0
    for _ in range(passes):
        state = np.zeros((CHARACTERS // T, H), np.float32)
        for inputs, targets in batches:
            _, state, grads = chunk(params, inputs, targets, state)
            params, adam = rc.adam_step(params, rc.clip_by_norm(grads, bound)[0], adam, lr=rate * (1 - k / updates))
            k += 1
    return loss_on(params, parts[1]), loss_on(params, parts[2])


def main():
    began, parts, runs = time.process_time(), texts(), []
    todo = [("T", {"T": T}, SEEDS) for T in STEPS] + [("rate", {"rate": rate}, FEW) for rate in RATES]
    todo += [("bound", {"bound": bound}, FEW) for bound in BOUNDS] + [(name, change, FEW) for name, change in LONGER.items()]
    for name, change, seeds in todo:
        validation, test = zip(*[train(parts, seed, **CHOSEN | change) for seed in seeds], strict=True)
        runs.append({"varied": name, **change, "validation": validation, "test": test})
        print(runs[-1], round(time.process_time() - began), flush=True)
    result = {
        "script": "benchmarks/experiments/character_model.py",
        "settings": {**CHOSEN, "D": D, "characters in an update": CHARACTERS, "seeds": list(SEEDS), "seeds of the rest": list(FEW)},
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__},
        "CPU seconds": round(time.process_time() - began),
        "runs": runs,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", "utf8")


if __name__ == "__main__":
    main()
