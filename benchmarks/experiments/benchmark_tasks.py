"""Where does each network fail? Five networks on three benchmark tasks, over the length of the sequence.

    python benchmarks/experiments/benchmark_tasks.py       writes benchmark_tasks.json beside this file, in ten minutes

The chapter "The benchmark tasks" reads the result. The rule for "solved" was fixed before the runs: on fresh sequences the squared error
of the adding problem is below 0.01, 99 percent of the ten symbols of copy memory are right, or 99 percent of the classes of temporal order.
It is tested every 50 updates. After two lengths that no seed has solved, longer ones are not run. The learning rate of each
network on each task is the best of three at the shortest length, with a seed that is not used again.
"""

import json
import platform
import time
from functools import partial
from pathlib import Path

import numpy as np

import rnncore as rc
from rnncore.tasks.adding import adding_baseline, adding_problem
from rnncore.tasks.copy_memory import copy_memory, copy_memory_baseline
from rnncore.tasks.temporal_order import temporal_order, temporal_order_baseline

B, SEEDS, EVERY, RATES, RATE_SEED = 32, range(3), 50, (0.001, 0.003, 0.01), 100
LENGTHS = {"adding": (25, 50, 100, 200), "temporal order": (20, 50, 100), "copy memory": (1, 10, 30)}
LIMIT, ERROR, RIGHT = 2000, 0.01, 0.99  # solved: squared error below, share right at least
SIZES = {"adding": (2, 32, 1), "copy memory": (10, 64, 9), "temporal order": (8, 32, 4)}  # inputs, units, outputs
TESTS = {"adding": 500, "copy memory": 100, "temporal order": 500}  # sequences
LONGER = ("adding", "RNN, orthogonal", 25, 8000)  # one case that 2000 updates may not solve, with four times as many
NETWORKS = ("RNN", "RNN, orthogonal", "RNN, identity", "LSTM", "GRU")


def draw(task, rng, T, count):
    """Inputs (steps, count, D) and targets."""
    if task == "adding":
        return adding_problem(rng, T, count, dtype=np.float32)
    tokens, targets = (copy_memory if task == "copy memory" else temporal_order)(rng, T, count)
    return np.eye(SIZES[task][0], dtype=np.float32)[tokens], targets


def init(name, task, rng):
    """A cell and a linear output layer."""
    D, H, V = SIZES[task]
    if name == "LSTM":
        cell = rc.init_lstm(rng, D, H, forget_bias=1.0, dtype=np.float32)
    else:
        cell = (rc.init_gru if name == "GRU" else rc.init_rnn)(rng, D, H, dtype=np.float32)
    if name in ("RNN, orthogonal", "RNN, identity"):
        cell |= {"bias_ih": np.zeros(H, np.float32), "bias_hh": np.zeros(H, np.float32)}
        cell["weight_hh"] = rc.identity(H, dtype=np.float32) if "identity" in name else rc.orthogonal(rng, H, H, dtype=np.float32)
    if name == "RNN, identity":
        cell["weight_ih"] = (0.001 * rng.standard_normal((H, D))).astype(np.float32)  # as Le, Jaitly and Hinton (2015)
    return {"cell": cell, "out": rc.init_linear(rng, H, V, dtype=np.float32)}


FORWARD = {"LSTM": rc.lstm_forward, "GRU": rc.gru_forward, "RNN, identity": partial(rc.rnn_forward, nonlinearity="relu")}
BACKWARD = {"LSTM": rc.lstm_backward, "GRU": rc.gru_backward}


def read(name, network, xs, every_step):
    """Answers at the last step, or at every step; and what the backward pass needs."""
    zero = np.zeros((xs.shape[1], network["cell"]["weight_hh"].shape[1]), np.float32)
    hs, _, cache = FORWARD.get(name, rc.rnn_forward)(network["cell"], xs, rc.LSTMState(zero, zero) if name == "LSTM" else zero)
    y, out_cache = rc.linear_forward(network["out"], hs if every_step else hs[-1])
    return y, (hs, cache, out_cache)


def loss_of(task, y, targets):
    """The loss and its cache."""
    loss = rc.mean_squared_error_forward if task == "adding" else rc.softmax_cross_entropy_forward
    return loss(y, targets)


def gradients(name, task, kept, loss_cache):
    """The gradient of every parameter."""
    hs, cache, out_cache = kept
    dy = (rc.mean_squared_error_backward if task == "adding" else rc.softmax_cross_entropy_backward)(loss_cache)
    dout, dh = rc.linear_backward(out_cache, dy)
    dhs = dh if task == "copy memory" else np.concatenate([np.zeros_like(hs[:-1]), dh[None]])
    return {"cell": BACKWARD.get(name, rc.rnn_backward)(cache, dhs)[0], "out": dout}


def examine(name, task, network, test):
    """Loss on the test sequences, and whether the task is solved."""
    y, _ = read(name, network, test[0], task == "copy memory")
    loss = float(loss_of(task, y, test[1])[0])
    if task == "adding":
        return loss, loss < ERROR
    right = y.argmax(axis=-1) == test[1]
    return loss, bool((right[-10:] if task == "copy memory" else right).mean() >= RIGHT)


def train(name, task, T, rate, seed, limit):
    """Updates until the task is solved, None if it is not after `limit`; and the test loss every 50 updates."""
    rng = np.random.default_rng([seed, 1])
    network, test = init(name, task, np.random.default_rng(seed)), draw(task, np.random.default_rng([seed, 2]), T, TESTS[task])
    adam, losses = rc.init_adam(network), []
    for k in range(1, limit + 1):
        xs, targets = draw(task, rng, T, B)
        y, kept = read(name, network, xs, task == "copy memory")
        _, loss_cache = loss_of(task, y, targets)
        grads, _ = rc.clip_by_norm(gradients(name, task, kept, loss_cache), 1.0)
        network, adam = rc.adam_step(network, grads, adam, lr=rate)
        if k % EVERY == 0:
            loss, solved = examine(name, task, network, test)
            losses.append(float(f"{loss:.3g}"))
            if solved:
                return k, losses
    return None, losses


def baseline(task, T):
    """The loss of an answer that remembers nothing."""
    return {"adding": adding_baseline(), "copy memory": copy_memory_baseline(T), "temporal order": temporal_order_baseline()[0]}[task]


def write(runs, rates, longer, seconds):
    """The result beside this file, one line for each run."""
    result = {
        "script": "benchmarks/experiments/benchmark_tasks.py",
        "settings": {
            "B": B,
            "tested every": EVERY,
            "seeds": list(SEEDS),
            "limit": LIMIT,
            "error": ERROR,
            "right": RIGHT,
            "lengths": LENGTHS,
            "sizes": SIZES,
        },
        "rates": {"tried": RATES, "seed": RATE_SEED, "chosen": rates},
        "baselines": {task: {T: round(baseline(task, T), 5) for T in lengths} for task, lengths in LENGTHS.items()},
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__},
        "CPU seconds": round(seconds),
    }
    text = (
        json.dumps(result, indent=1)[:-2]
        + ',\n "runs": [\n  '
        + ",\n  ".join(json.dumps(run) for run in runs)
        + f'\n ],\n "longer": {json.dumps(longer)}\n}}\n'
    )
    Path(__file__).with_suffix(".json").write_text(text, "utf8")


def main():
    began, runs, rates = time.process_time(), [], {}
    for task, lengths in LENGTHS.items():
        for name in NETWORKS:
            tried = {rate: train(name, task, lengths[0], rate, RATE_SEED, LIMIT) for rate in RATES}
            # first by updates until solved, then by the lowest loss
            best = min(RATES, key=lambda rate, tried=tried: (tried[rate][0] or LIMIT + 1, min(tried[rate][1])))
            rates[f"{task}, {name}"] = best
            failed = 0
            for T in lengths:
                if failed == 2:
                    break
                results = [train(name, task, T, best, seed, LIMIT) for seed in SEEDS]
                runs.append({"task": task, "network": name, "T": T, "updates": [k for k, _ in results], "losses": [c for _, c in results]})
                failed = 0 if any(k for k, _ in results) else failed + 1
                print(task, name, best, T, [k for k, _ in results], round(time.process_time() - began), flush=True)
    task, name, T, limit = LONGER
    results = [train(name, task, T, rates[f"{task}, {name}"], seed, limit) for seed in SEEDS]
    longer = {"task": task, "network": name, "T": T, "limit": limit, "updates": [k for k, _ in results], "losses": [c for _, c in results]}
    write(runs, rates, longer, time.process_time() - began)


if __name__ == "__main__":
    main()
