"""What does each gate buy? The LSTM without one part at a time, and four starts of its forget bias.

    python benchmarks/experiments/gates.py       writes gates.json beside this file, in three minutes

The chapter "What the gates buy, and what they do not" reads the result. A gate is taken out by weights of 0 and a bias of 50: it is 1 in
float32, exactly, and its gradient is 0, so training leaves it there. The cell with the forget gate alone is the GRU without its reset
gate. A task is solved when, on 500 fresh sequences, the squared error of the adding problem is below 0.01, or 99 percent of the answers of
the other two are right; it is tested every 25 updates.
"""

import json
import platform
import time
from pathlib import Path

import numpy as np

import rnncore as rc
from rnncore.tasks.adding import adding_problem
from rnncore.tasks.temporal_order import temporal_order

B, H, SEEDS, EVERY, RATE, OPEN = 32, 32, range(3), 25, 0.01, 50.0
SIZES = {"adding": (2, 1), "temporal order": (8, 4), "latest": (6, 2)}  # inputs, outputs
PARTS = ("whole", "no forget gate", "no input gate", "no output gate", "coupled gates", "no cell tanh", "forget gate only")
STARTS = ("bias 0", "bias 1", "bias log(T - 1)", "chrono")
PARTS_T, STARTS_T, LIMIT = 40, 60, 800


def latest(rng, T, count, p=0.1):
    """Marks 0 and 1 come with probability p, else letters 2 to 5; which mark came last?"""
    marked = rng.random((T, count)) < p
    marked[0] = True
    tokens = np.where(marked, rng.integers(0, 2, (T, count)), rng.integers(2, 6, (T, count)))
    last = np.where(marked, np.arange(T)[:, None], -1).max(axis=0)
    return tokens, tokens[last, np.arange(count)]


def draw(task, rng, T, count):
    """Inputs (T, count, D) and targets."""
    if task == "adding":
        return adding_problem(rng, T, count, dtype=np.float32)
    tokens, targets = (latest if task == "latest" else temporal_order)(rng, T, count)
    return np.eye(SIZES[task][0], dtype=np.float32)[tokens], targets


def opened(params, block):
    """The parameters with one block of H rows set so that its gate is 1, whatever comes."""
    params = {name: value.copy() for name, value in params.items()}
    units = params["weight_hh"].shape[1]
    rows = slice(block * units, (block + 1) * units)
    for value in params.values():
        value[rows] = 0
    params["bias_ih"][rows] = OPEN
    return params


def no_tanh_forward(params, xs, state0):
    """The LSTM with h = o * c."""
    (h, c), hs, steps = state0, [], []
    a_xs = xs @ params["weight_ih"].T + (params["bias_ih"] + params["bias_hh"])
    for a_x in a_xs:
        a_i, a_f, a_g, a_o = np.split(a_x + h @ params["weight_hh"].T, 4, axis=1)
        i, f, g, o = rc.sigmoid(a_i), rc.sigmoid(a_f), np.tanh(a_g), rc.sigmoid(a_o)
        c_next = f * c + i * g
        steps.append((h, c, i, f, g, o, c_next))
        h, c = o * c_next, c_next
        hs.append(h)
    return np.stack(hs), rc.LSTMState(h, c), (params, xs, steps)


def no_tanh_backward(cache, dhs, dstate_T):
    """Its gradient."""
    params, xs, steps = cache
    (dh, dc), das = dstate_T, []
    for (_, c, i, f, g, o, c_next), dh_t in zip(reversed(steps), reversed(dhs), strict=True):
        dh = dh + dh_t
        dc = dc + dh * o
        da = [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * c_next * o * (1 - o)]
        das.append(np.concatenate(da, axis=1))
        dh, dc = das[-1] @ params["weight_hh"], dc * f
    das = np.stack(das[::-1])
    flat, before = das.reshape(-1, das.shape[2]), np.stack([step[0] for step in steps])
    bias = flat.sum(axis=0)
    dparams = {"weight_ih": flat.T @ xs.reshape(len(flat), -1), "weight_hh": flat.T @ before.reshape(len(flat), -1)}
    return dparams | {"bias_ih": bias, "bias_hh": bias.copy()}, das @ params["weight_ih"], rc.LSTMState(dh, dc)


def cell(name, rng, D, T):
    """Parameters, forward, backward and whether the state is a pair."""
    if name == "forget gate only":
        params = rc.init_gru(rng, D, H, dtype=np.float32)
        params["bias_ih"][H : 2 * H], params["bias_hh"][H : 2 * H] = 1, 0
        return opened(params, 0), rc.gru_forward, rc.gru_backward, False
    if name == "coupled gates":
        params = rc.init_lstm_coupled(rng, D, H, dtype=np.float32)
        params["bias_ih"][:H], params["bias_hh"][:H] = -1, 0  # f = 1 - i starts at sigmoid(1)
        return params, rc.lstm_coupled_forward, rc.lstm_coupled_backward, True
    params = rc.init_lstm(rng, D, H, forget_bias=1.0, dtype=np.float32)
    if name == "bias 0":
        params = rc.set_forget_bias(params, 0.0)
    if name == "bias log(T - 1)":
        params = rc.set_forget_bias(params, float(np.log(T - 1)))
    if name == "chrono":  # Tallec and Ollivier (2018): each unit a span of its own, from 1 to T - 1
        spans = np.log(rng.uniform(1, T - 1, H))
        params["bias_ih"][: 2 * H], params["bias_hh"][: 2 * H] = np.concatenate([-spans, spans]), 0
    if name in ("no input gate", "no forget gate", "no output gate"):
        params = opened(params, {"input": 0, "forget": 1, "output": 3}[name.split()[1]])
    if name == "no cell tanh":
        return params, no_tanh_forward, no_tanh_backward, True
    return params, rc.lstm_forward, rc.lstm_backward, True


def train(name, task, T, seed):
    """Updates until the task is solved, None if it is not after LIMIT."""
    rng, (D, V) = np.random.default_rng(seed), SIZES[task]
    params, forward, backward, pair = cell(name, rng, D, T)
    network, data = {"cell": params, "out": rc.init_linear(rng, H, V, dtype=np.float32)}, np.random.default_rng([seed, 1])
    adam, test = rc.init_adam(network), draw(task, np.random.default_rng([seed, 2]), T, 500)
    loss, loss_backward = (
        (rc.mean_squared_error_forward, rc.mean_squared_error_backward)
        if task == "adding"
        else (rc.softmax_cross_entropy_forward, rc.softmax_cross_entropy_backward)
    )

    def zero(count):
        state = np.zeros((count, H), np.float32)
        return rc.LSTMState(state, state) if pair else state

    for k in range(1, LIMIT + 1):
        xs, targets = draw(task, data, T, B)
        hs, _, cache = forward(network["cell"], xs, zero(B))
        y, out_cache = rc.linear_forward(network["out"], hs[-1])
        dout, dh = rc.linear_backward(out_cache, loss_backward(loss(y, targets)[1]))
        dlast = rc.LSTMState(dh, np.zeros_like(dh)) if pair else dh
        grads, _ = rc.clip_by_norm({"cell": backward(cache, np.zeros_like(hs), dlast)[0], "out": dout}, 1.0)
        network, adam = rc.adam_step(network, grads, adam, lr=RATE)
        if k % EVERY == 0:
            answers = rc.linear_forward(network["out"], forward(network["cell"], test[0], zero(500))[0][-1])[0]
            solved = ((answers - test[1]) ** 2).mean() < 0.01 if task == "adding" else (answers.argmax(axis=1) == test[1]).mean() >= 0.99
            if solved:
                return k
    return None


def main():
    began, results = time.process_time(), {"parts": [], "starts": []}
    plan = {
        "parts": (PARTS, ("adding", "temporal order", "latest"), PARTS_T),
        "starts": (STARTS, ("adding", "temporal order"), STARTS_T),
    }
    for kind, (names, tasks, T) in plan.items():
        for task in tasks:
            for name in names:
                updates = [train(name, task, T, seed) for seed in SEEDS]
                results[kind].append({"task": task, "cell": name, "T": T, "updates": updates})
                print(kind, task, name, updates, round(time.process_time() - began), flush=True)
    result = {
        "script": "benchmarks/experiments/gates.py",
        "settings": {"B": B, "H": H, "tested every": EVERY, "seeds": list(SEEDS), "limit": LIMIT, "rate": RATE},
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__},
        "CPU seconds": round(time.process_time() - began),
        **results,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", "utf8")


if __name__ == "__main__":
    main()
