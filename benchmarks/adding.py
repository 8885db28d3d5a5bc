"""The adding problem at T = 100, solved in NumPy: LSTM and GRU get below an error of 0.01, the vanilla RNN stays at the baseline of 1/6.

Each network has 64 units, reads batches of 32 with the tuned tier in float32, and learns by Adam on gradients clipped to norm 1,
three seeds each. Training ends when the mean squared error on 1000 fresh sequences is below 0.005, or after 4000 updates.
"""

import time

import numpy as np
from report import Section, Target, note

from rnncore import adam_step, clip_by_norm, init_adam, init_linear, linear_backward, linear_forward
from rnncore.reference import gru, lstm, rnn
from rnncore.tasks.adding import adding_baseline, adding_problem
from rnncore.tuned import gru as tuned_gru
from rnncore.tuned import lstm as tuned_lstm
from rnncore.tuned import rnn as tuned_rnn

READING = "A row is one network from one seed: an error near 0.167 is that of always answering 1, and below 0.01 the problem is solved."
T, B, H, DTYPE = 100, 32, 64, np.float32
LEARNING_RATE, SOLVED, UPDATES = 5e-3, 0.005, 4000


def _zeros(batch):
    return np.zeros((batch, H), DTYPE)


CELLS = {
    "RNN": (rnn.init_rnn, tuned_rnn.rnn_forward, tuned_rnn.rnn_backward, _zeros),
    "LSTM": (lstm.init_lstm, tuned_lstm.lstm_forward, tuned_lstm.lstm_backward, lambda b: lstm.LSTMState(_zeros(b), _zeros(b))),
    "GRU": (gru.init_gru, tuned_gru.gru_forward, tuned_gru.gru_backward, _zeros),
}


def train(name, seed, updates):
    """Train one network; returns its row of the table."""
    init, forward, backward, zero_state = CELLS[name]
    rng = np.random.default_rng(seed)
    options = {"forget_bias": 1.0} if name == "LSTM" else {}
    params = {"rnn": init(rng, 2, H, dtype=DTYPE, **options), "output": init_linear(rng, H, 1, dtype=DTYPE)}
    adam, began, error = init_adam(params), time.process_time(), np.inf
    test_xs, test_targets = adding_problem(np.random.default_rng([seed, 1]), T, 1000, dtype=DTYPE)
    for update in range(1, updates + 1):
        xs, targets = adding_problem(rng, T, B, dtype=DTYPE)
        hs, _, cache = forward(params["rnn"], xs, zero_state(B))
        answers, output_cache = linear_forward(params["output"], hs[-1])
        dhs = np.zeros_like(hs)
        danswers = 2 * (answers - targets) / B  # of the mean squared error
        doutput, dhs[-1] = linear_backward(output_cache, danswers)
        drnn, _, _ = backward(cache, dhs)
        grads, _ = clip_by_norm({"rnn": drnn, "output": doutput}, 1.0)
        params, adam = adam_step(params, grads, adam, lr=LEARNING_RATE)
        if update % 250 == 0 or update == updates:
            hs = forward(params["rnn"], test_xs, zero_state(1000))[0]
            error = float(np.mean((linear_forward(params["output"], hs[-1])[0] - test_targets) ** 2))
            if error < SOLVED:
                break
    return {"layer": name, "seed": seed, "updates": update, "mean squared error": error, "CPU seconds": time.process_time() - began}


def sections(quick):
    seeds, updates = (1, 250) if quick else (3, UPDATES)
    rows = [train(name, seed, updates) for name in CELLS for seed in range(seeds)]
    worst = {name: max(row["mean squared error"] for row in rows if row["layer"] == name) for name in CELLS}
    best = min(row["mean squared error"] for row in rows if row["layer"] == "RNN")
    targets = [Target(f"{name}, adding problem at T = 100, worst error", worst[name], 0.01) for name in ("LSTM", "GRU")]
    targets.append(Target("RNN, adding problem at T = 100, best seed below the baseline by", adding_baseline() - best, 0.02))
    targets.append(Target("RNN, adding problem at T = 100, worst seed above the baseline by", worst["RNN"] - adding_baseline(), 0.05))
    return [Section("Adding problem", note(__doc__), READING, rows, targets)]
