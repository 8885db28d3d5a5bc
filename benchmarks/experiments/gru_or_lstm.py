"""GRU or LSTM: how many updates each needs to solve two tasks, with about the same number of parameters, at two learning rates.

    python benchmarks/experiments/gru_or_lstm.py       writes gru_or_lstm.json beside this file, in five minutes

The chapter "The GRU and its two conventions" reads the result. A task is solved when, on 500 fresh sequences, the squared error of the
adding problem is below 0.01, or 99 percent of the answers on temporal order are right; it is tested every 25 updates.
"""

import json
import platform
import time
from functools import partial
from pathlib import Path

import numpy as np

import rnncore as rc
from rnncore.tasks.adding import adding_problem
from rnncore.tasks.temporal_order import temporal_order

B, SEEDS, EVERY, LIMIT, RATES = 32, range(5), 25, 1000, (0.01, 0.003)
TASKS = {"adding": ("adding", 60), "temporal order": ("order", 60)}
SIZES = {"adding": (2, 1), "order": (8, 4)}  # inputs, outputs
CELLS = {  # hidden units, parameters of the cell, forward, backward
    "GRU, reset after": (32, rc.init_gru, rc.gru_forward, rc.gru_backward),
    "GRU, reset before": (32, rc.init_gru, partial(rc.gru_forward, reset="before"), rc.gru_backward),
    "GRU, bias of z 1": (32, rc.init_gru, rc.gru_forward, rc.gru_backward),
    "GRU, bias of z 3": (32, rc.init_gru, rc.gru_forward, rc.gru_backward),
    "LSTM": (27, rc.init_lstm, rc.lstm_forward, rc.lstm_backward),
    "LSTM, forget bias 1": (27, rc.init_lstm, rc.lstm_forward, rc.lstm_backward),
    "LSTM, forget bias 3": (27, rc.init_lstm, rc.lstm_forward, rc.lstm_backward),
}


def draw(task, rng, T, count):
    """Inputs (T, count, D) and targets."""
    if task == "adding":
        return adding_problem(rng, T, count, dtype=np.float32)
    tokens, targets = temporal_order(rng, T, count)
    return np.eye(8, dtype=np.float32)[tokens], targets


def init(cell, task, seed):
    """A cell and a linear output layer."""
    rng, (D, V), (H, init_cell, _, _) = np.random.default_rng(seed), SIZES[task], CELLS[cell]
    params = init_cell(rng, D, H, dtype=np.float32)
    if "bias" in cell:  # of the gate that keeps: rows H to 2H in either cell
        params["bias_ih"][H : 2 * H], params["bias_hh"][H : 2 * H] = float(cell[-1]), 0
    return {"cell": params, "out": rc.init_linear(rng, H, V, dtype=np.float32)}


def read(cell, network, xs):
    """Answers (B, V) from the last state, and what the backward pass needs."""
    H, _, forward, _ = CELLS[cell]
    zero = np.zeros((xs.shape[1], H), np.float32)
    hs, last, cache = forward(network["cell"], xs, rc.LSTMState(zero, zero) if cell.startswith("LSTM") else zero)
    y, out_cache = rc.linear_forward(network["out"], getattr(last, "h", last))
    return y, (hs, cache, out_cache)


def gradients(cell, kept, dy):
    """The gradient of every parameter."""
    hs, cache, out_cache = kept
    dout, dh = rc.linear_backward(out_cache, dy)
    dlast = rc.LSTMState(dh, np.zeros_like(dh)) if cell.startswith("LSTM") else dh
    return {"cell": CELLS[cell][3](cache, np.zeros_like(hs), dlast)[0], "out": dout}


def solved(task, y, targets):
    """Whether the answers are good enough."""
    return ((y - targets) ** 2).mean() < 0.01 if task == "adding" else (y.argmax(axis=1) == targets).mean() >= 0.99


def updates_needed(cell, task, T, rate, seed):
    """Updates until the task is solved; None if it is not after LIMIT."""
    network, rng = init(cell, task, seed), np.random.default_rng([seed, 1])
    adam, test = rc.init_adam(network), draw(task, np.random.default_rng([seed, 2]), T, 500)
    forward, backward = (
        (rc.mean_squared_error_forward, rc.mean_squared_error_backward)
        if task == "adding"
        else (rc.softmax_cross_entropy_forward, rc.softmax_cross_entropy_backward)
    )
    for k in range(1, LIMIT + 1):
        xs, targets = draw(task, rng, T, B)
        y, kept = read(cell, network, xs)
        _, loss_cache = forward(y, targets)
        grads, _ = rc.clip_by_norm(gradients(cell, kept, backward(loss_cache)), 1.0)
        network, adam = rc.adam_step(network, grads, adam, lr=rate)
        if k % EVERY == 0 and solved(task, read(cell, network, test[0])[0], test[1]):
            return k
    return None


def main():
    began, runs = time.process_time(), []
    for rate in RATES:
        for name, (task, T) in TASKS.items():
            for cell in CELLS:
                updates = [updates_needed(cell, task, T, rate, seed) for seed in SEEDS]
                runs.append({"task": name, "rate": rate, "cell": cell, "updates": updates})
                print(name, rate, cell, updates, round(time.process_time() - began), flush=True)
    units = {cell: CELLS[cell][0] for cell in CELLS}
    sizes = {cell: {task: sum(p.size for p in init(cell, task, 0)["cell"].values()) for task in SIZES} for cell in CELLS}
    result = {
        "script": "benchmarks/experiments/gru_or_lstm.py",
        "settings": {"T": 60, "B": B, "limit": LIMIT, "tested every": EVERY, "seeds": list(SEEDS), "units": units, "parameters": sizes},
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__},
        "CPU seconds": round(time.process_time() - began),
        "runs": runs,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", "utf8")


if __name__ == "__main__":
    main()
