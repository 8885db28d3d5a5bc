"""RNN, LSTM and GRU on one text, compared three ways: at equal units, at equal parameters, at equal time.

    python benchmarks/experiments/fair_comparison.py       writes fair_comparison.json beside this file, in about five minutes

The chapter "Counting parameters and time" reads the result. The task is to predict the next character of the Python language reference.
Every run makes the same number of updates. What a comparison holds equal to the LSTM is the number of units, the parameters of the cell, or
the processor time of an update; sizes for the last come from timings that take turns. Of four learning
rates each setting takes the best on two seeds, and is then trained with five others.
"""

import json
import platform
import time
from pathlib import Path

import numpy as np

import rnncore as rc
from rnncore.tasks.text import PRINTABLE, Vocabulary, language_reference, split_text, stream_batches

V, D, H, T, B, UPDATES, SEEDS, RATES = len(PRINTABLE), 32, 64, 32, 32, 600, range(5), (0.05, 0.02, 0.007, 0.0025)
CHOOSING = (10, 11)  # seeds with which the rate is chosen
TURNS, SIZES = 15, range(64, 321, 16)
CELLS = {
    "RNN": (1, rc.init_rnn, rc.rnn_forward, rc.rnn_backward),
    "GRU": (3, rc.init_gru, rc.gru_forward, rc.gru_backward),
    "LSTM": (4, rc.init_lstm, rc.lstm_forward, rc.lstm_backward),
}


def init(cell, units, seed):
    """Embedding, cell and output layer; the forget bias of the LSTM is 1."""
    rng, f32 = np.random.default_rng(seed), {"dtype": np.float32}
    params = CELLS[cell][1](rng, D, units, **f32)
    params = rc.set_forget_bias(params, 1.0) if cell == "LSTM" else params
    return {"embedding": rc.init_embedding(rng, V, D, **f32), "cell": params, "out": rc.init_linear(rng, units, V, **f32)}


def zero_state(cell, units):
    zero = np.zeros((B, units), np.float32)
    return rc.LSTMState(zero, zero) if cell == "LSTM" else zero


def read(cell, network, inputs, targets, state):
    """Loss in nats per character, the last state, and what the backward pass needs."""
    xs, embedded = rc.embedding_forward(network["embedding"], inputs)
    hs, state, cache = CELLS[cell][2](network["cell"], xs, state)
    logits, out_cache = rc.linear_forward(network["out"], hs)
    loss, loss_cache = rc.softmax_cross_entropy_forward(logits, targets)
    return loss, state, (embedded, cache, out_cache, loss_cache)


def update(cell, network, adam, chunk, state, rate):
    """One chunk: forward, backward, clip, Adam."""
    _, state, (embedded, cache, out_cache, loss_cache) = read(cell, network, *chunk, state)
    dout, dhs = rc.linear_backward(out_cache, rc.softmax_cross_entropy_backward(loss_cache))
    dcell, dxs, _ = CELLS[cell][3](cache, dhs)
    grads = {"embedding": rc.embedding_backward(embedded, dxs), "cell": dcell, "out": dout}
    grads, _ = rc.clip_by_norm(grads, 1.0)
    return *rc.adam_step(network, grads, adam, lr=rate), state


def texts():
    """Chunks to learn from and chunks to test on."""
    train, test = split_text(Vocabulary().encode(language_reference()), (0.9, 0.1))
    return stream_batches(train, T, B), stream_batches(test, T, B)


def train(cell, units, rate, seed, chunks, test):
    """Loss on the test text after the last update."""
    network, state = init(cell, units, seed), zero_state(cell, units)
    adam = rc.init_adam(network)
    for k in range(UPDATES):
        at = k % len(chunks)
        state = zero_state(cell, units) if at == 0 else state
        network, adam, state = update(cell, network, adam, chunks[at], state, rate * min(1, 2 * (1 - k / UPDATES)))
    state, losses = zero_state(cell, units), []
    for chunk in test:
        loss, state, _ = read(cell, network, *chunk, state)
        losses.append(loss)
    return float(np.mean(losses))


def seconds(cell, units, chunk):
    """Processor time of one update."""
    network, state = init(cell, units, 0), zero_state(cell, units)
    adam = rc.init_adam(network)
    update(cell, network, adam, chunk, state, 0.01)
    began = time.process_time()
    for _ in range(3):
        update(cell, network, adam, chunk, state, 0.01)
    return (time.process_time() - began) / 3


def ratio(cell, units, chunk):
    """Time of an update over that of the LSTM, median and quartiles over pairs that take turns."""
    ratios = [seconds(cell, units, chunk) / seconds("LSTM", H, chunk) for _ in range(TURNS)]
    return [round(float(q), 3) for q in np.quantile(ratios, [0.5, 0.25, 0.75])]


def parameters(cell, units):
    return sum(p.size for p in init(cell, units, 0)["cell"].values())


def units_for(cell, wanted):
    """The number of units with which the cell comes closest to a number of parameters."""
    return min(range(1, 500), key=lambda units: abs(CELLS[cell][0] * units * (D + units + 2) - wanted))


def units_for_time(cell, chunk):
    """The number of units with which an update comes closest to the time of the LSTM."""
    ratios = {}
    for units in SIZES:
        ratios[units] = ratio(cell, units, chunk)[0]
        if ratios[units] > 1.15:
            break
    return min(ratios, key=lambda units: abs(ratios[units] - 1))


def main():
    began, (chunks, test) = time.process_time(), texts()
    equal = {"units": {cell: H for cell in CELLS}}
    equal["parameters"] = {cell: units_for(cell, parameters("LSTM", H)) for cell in CELLS}
    equal["time"] = {cell: H if cell == "LSTM" else units_for_time(cell, chunks[0]) for cell in CELLS}
    runs, done = [], {}
    for what, sizes in equal.items():
        for cell, units in sizes.items():
            if (cell, units) not in done:
                tried = {rate: [train(cell, units, rate, seed, chunks, test) for seed in CHOOSING] for rate in RATES}
                best = min(RATES, key=lambda rate: np.mean(tried[rate]))
                done[cell, units] = {
                    "parameters of the cell": parameters(cell, units),
                    "time of an update over the LSTM's": ratio(cell, units, chunks[0]),
                    "rate": best,
                    "losses": [round(train(cell, units, best, seed, chunks, test), 4) for seed in SEEDS],
                    "losses while choosing": {str(rate): np.round(losses, 4).tolist() for rate, losses in tried.items()},
                }
            runs.append({"equal": what, "cell": cell, "units": units, **done[cell, units]})
            print(runs[-1], round(time.process_time() - began), flush=True)
    settings = {"T": T, "B": B, "D": D, "updates": UPDATES, "seeds": list(SEEDS), "rates": RATES, "test characters": len(test) * T * B}
    result = {
        "script": "benchmarks/experiments/fair_comparison.py",
        "settings": settings,
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__},
        "CPU seconds": round(time.process_time() - began),
        "runs": runs,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", "utf8")


if __name__ == "__main__":
    main()
