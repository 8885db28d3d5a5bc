"""Does depth help? Stacks of one to four layers with about the same number of parameters, on two tasks.

    python benchmarks/experiments/depth.py       writes depth.json beside this file, in about seven minutes

The chapter "Deep and residual RNNs" reads the result. Tasks: the next character of the Python language reference (loss on held-out text, in
nats); whether 24 round and square brackets match (accuracy on fresh sequences). Then the text once more, with shortcuts around the layers.
All are GRUs, and each setting takes the best of its learning rates, by the median of the runs that are shown.
"""

import json
import platform
import time
from pathlib import Path

import numpy as np

import rnncore as rc
from rnncore.tasks.brackets import bracket_validity
from rnncore.tasks.text import PRINTABLE, Vocabulary, language_reference, split_text, stream_batches

V, B = len(PRINTABLE), 32
RATES = {"text": (0.1, 0.03, 0.01, 0.003), "brackets": (0.03, 0.01, 0.003)}
SEEDS = {"text": 3, "brackets": 3}
CHARACTERS, BRACKETS = 32, 24  # steps of a sequence
UPDATES = {"text": 400, "brackets": 1000}


def size(cell, inputs, units, layers):
    """Parameters of a stack."""
    return rc.CELLS[cell].gates * units * (inputs + units + 2 + (layers - 1) * (2 * units + 2))


def units_for(cell, inputs, layers, wanted):
    """Units in each of equal layers for about this number of parameters."""
    return min(range(1, 400), key=lambda units: abs(size(cell, inputs, units, layers) - wanted))


def init(cell, inputs, units, layers, outputs, seed, embedding):
    """Embedding (for the text), stack and output layer."""
    rng, f32 = np.random.default_rng(seed), {"dtype": np.float32}
    network = {"stack": rc.init_stacked(rng, inputs, units, layers, cell=cell, **f32), "out": rc.init_linear(rng, units, outputs, **f32)}
    return network | ({"embedding": rc.init_embedding(rng, V, inputs, **f32)} if embedding else {})


def zeros(network, batch):
    return [np.zeros((batch, params["weight_hh"].shape[1]), np.float32) for params in network["stack"]]


def step(network, xs, targets, states, options, *, learn=True):
    """Loss (at every step, or at the last one where targets have one axis), logits, states and gradients."""
    embedded = None
    if "embedding" in network:
        xs, embedded = rc.embedding_forward(network["embedding"], xs)
    hs, states, cache = rc.stacked_forward(network["stack"], xs, states, **options)
    logits, out_cache = rc.linear_forward(network["out"], hs if targets.ndim == 2 else hs[-1])
    loss, loss_cache = rc.softmax_cross_entropy_forward(logits, targets)
    if not learn:
        return loss, logits, states, None
    dout, dtop = rc.linear_backward(out_cache, rc.softmax_cross_entropy_backward(loss_cache))
    dhs = dtop
    if targets.ndim == 1:
        dhs = np.zeros_like(hs)
        dhs[-1] = dtop
    dstack, dxs, _ = rc.stacked_backward(cache, dhs)
    grads = {"stack": dstack, "out": dout}
    grads |= {"embedding": rc.embedding_backward(embedded, dxs)} if embedded is not None else {}
    return loss, logits, states, grads


def brackets(rng, batch):
    tokens, targets = bracket_validity(rng, BRACKETS, batch)
    return np.eye(4, dtype=np.float32)[tokens], targets


def train(task, network, rate, seed, texts, options):
    """The measure of the task after the last update."""
    rng, adam, states, total = np.random.default_rng([seed, 1]), rc.init_adam(network), zeros(network, B), UPDATES[task]
    for k in range(total):
        if task == "text":
            at = k % len(texts[0])
            states = zeros(network, B) if at == 0 else states
            _, _, states, grads = step(network, *texts[0][at], states, options)
        else:
            grads = step(network, *brackets(rng, B), zeros(network, B), options)[-1]
        grads, _ = rc.clip_by_norm(grads, 1.0)
        network, adam = rc.adam_step(network, grads, adam, lr=rate * min(1, 2 * (1 - k / total)))
    if task != "text":
        xs, targets = brackets(np.random.default_rng([seed, 2]), 1000)
        _, logits, _, _ = step(network, xs, targets, zeros(network, 1000), options, learn=False)
        return float((logits.argmax(axis=1) == targets).mean())
    states, losses = zeros(network, B), []
    for chunk in texts[1]:
        loss, _, states, _ = step(network, *chunk, states, options, learn=False)
        losses.append(loss)
    return float(np.mean(losses))


def settings():
    """Task, cell, inputs, outputs, units, layers, shortcut."""
    for layers in (1, 2, 3, 4):
        yield "text", "gru", 32, V, units_for("gru", 32, layers, 25000), layers, False
    for layers in (1, 2, 3, 4):
        yield "brackets", "gru", 4, 2, units_for("gru", 4, layers, 8000), layers, False
    for layers in (2, 4):
        yield "text", "gru", 32, V, units_for("gru", 32, layers, 25000), layers, True


def main():
    began, runs = time.process_time(), []
    train_text, test_text = split_text(Vocabulary().encode(language_reference()), (0.9, 0.1))
    texts = stream_batches(train_text, CHARACTERS, B), stream_batches(test_text, CHARACTERS, B)
    for task, cell, inputs, outputs, units, layers, shortcut in settings():
        options, started = {"cell": cell, "residual": shortcut}, time.process_time()
        found = {}
        for rate in RATES[task]:
            networks = [init(cell, inputs, units, layers, outputs, seed, task == "text") for seed in range(SEEDS[task])]
            found[rate] = [round(train(task, n, rate, seed, texts, options), 4) for seed, n in enumerate(networks)]
        worth = {rate: (-np.median(values) if task == "text" else np.median(values), np.mean(values)) for rate, values in found.items()}
        best = max(RATES[task], key=worth.get)
        run = {"task": task, "cell": cell, "layers": layers, "units": units, "shortcut": shortcut}
        run |= {"parameters of the stack": size(cell, inputs, units, layers), "rate": best, "measure": found[best]}
        run |= {"median at every rate": {str(rate): float(np.median(values)) for rate, values in found.items()}}
        runs.append(run | {"CPU seconds": round(time.process_time() - started)})
        print(runs[-1], flush=True)
    steps = {"text": CHARACTERS, "brackets": BRACKETS}
    result = {
        "script": "benchmarks/experiments/depth.py",
        "settings": {"B": B, "T": steps, "updates": UPDATES, "seeds": SEEDS, "rates": RATES},
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__},
        "CPU seconds": round(time.process_time() - began),
        "runs": runs,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", "utf8")


if __name__ == "__main__":
    main()
