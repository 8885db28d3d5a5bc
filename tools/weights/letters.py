"""Train the networks of rnncore/widgets/letters.py: next-letter prediction with rnncore alone.

    python tools/weights/letters.py

It writes rnncore/widgets/data/letters.npz, the networks of the first seed, and letters.json: what was trained for how long, with which
versions, and for every seed what it reached on held-out text and what the widgets say of its states and gates. It takes about six
minutes where nothing else runs; the seconds in letters.json are those of a busy machine. The numbers come out the same each time.
"""

import os
import platform
import re
import time
from itertools import product

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from rnncore import tuned
from rnncore.reference.cells import CELLS
from rnncore.reference.diagnostics import saturation_fraction
from rnncore.reference.layers import embedding_backward, embedding_forward, init_linear, linear_backward, linear_forward
from rnncore.reference.losses import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from rnncore.reference.optim import adam_step, clip_by_norm, init_adam
from rnncore.reference.schedules import cosine_lr
from rnncore.tasks.text import bigram_cross_entropy, language_reference, split_text, stream_batches, unigram_cross_entropy
from rnncore.widgets.letters import CELL_NAMES, HIDDEN, INPUTS, LETTERS, draw_model, keep_gates, read_letters, spread_at
from rnncore.widgets.weights import save_weights

SEEDS, EPOCHS, T, B, LR, CLIP = 3, 12, 32, 16, 5e-3, 1.0
FORWARD = {"RNN": tuned.rnn_forward, "LSTM": tuned.lstm_forward, "GRU": tuned.gru_forward}
BACKWARD = {"RNN": tuned.rnn_backward, "LSTM": tuned.lstm_backward, "GRU": tuned.gru_backward}


def letters_of(text):
    """The text as the networks read it: small letters, everything else a single space."""
    return LETTERS.encode(re.sub(r"[^a-z]+", " ", text.lower()).strip())


def loss_and_gradients(cell, model, inputs, targets, state):
    """Mean cross-entropy of a chunk (T, B), its gradients, and the state to carry on."""
    xs, looked_up = embedding_forward(model["input"], inputs)
    hs, state, kept = FORWARD[cell](model["cell"], xs, state)
    logits, output = linear_forward(model["output"], hs)
    loss, scored = softmax_cross_entropy_forward(logits, targets)
    doutput, dhs = linear_backward(output, softmax_cross_entropy_backward(scored))
    dcell, dxs, _ = BACKWARD[cell](kept, dhs)
    return float(loss), {"input": embedding_backward(looked_up, dxs), "cell": dcell, "output": doutput}, state


def train(cell, inputs, seed, train_tokens):
    """Train one network; one-hot vectors stay as they are."""
    rng = np.random.default_rng(seed)
    model = draw_model(rng, cell, inputs) | {"output": init_linear(rng, HIDDEN, len(LETTERS))}
    chunks = stream_batches(train_tokens, T, B)
    optimiser, step, steps = init_adam(model), 0, EPOCHS * len(chunks)
    for _ in range(EPOCHS):
        state = CELLS[CELL_NAMES[cell]].zero_state(B, HIDDEN)
        for chunk_inputs, targets in chunks:
            _, grads, state = loss_and_gradients(cell, model, chunk_inputs, targets, state)
            if inputs == "one-hot":
                grads["input"]["weight"][:] = 0
            grads, _ = clip_by_norm(grads, CLIP)
            model, optimiser = adam_step(model, grads, optimiser, lr=cosine_lr(step, lr=LR, steps=steps))
            step += 1
    return model


def held_out_loss(cell, model, tokens):
    """Nats per letter, the state carried from chunk to chunk."""
    state, losses = CELLS[CELL_NAMES[cell]].zero_state(B, HIDDEN), []
    for inputs, targets in stream_batches(tokens, T, B):
        loss, _, state = loss_and_gradients(cell, model, inputs, targets, state)
        losses.append(loss)
    return float(np.mean(losses))


def rounded(model):
    """The model as it is stored: float16, read back as float64."""
    return {part: {name: array.astype(np.float16).astype(float) for name, array in params.items()} for part, params in model.items()}


def look_inside(cell, model, tokens):
    """What the widgets show, on held-out text: the share of saturated states, their spread at spaces, the mean of the gate that keeps."""
    text = LETTERS.decode(tokens[:2000])
    hs, _, steps = read_letters(cell, model, text)
    space = np.array(list(text)) == " "
    found = {"saturated": round(saturation_fraction(hs), 3), "spread at spaces": round(spread_at(hs[:, 0], space), 3)}
    if cell != "RNN":
        gates = keep_gates(cell, steps)
        found |= {"gate at spaces": round(float(gates[space].mean()), 3), "gate at letters": round(float(gates[~space].mean()), 3)}
    return found


def main():
    train_part, held_out_part = (letters_of(part) for part in split_text(language_reference()))
    stored, rows, began = {}, [], time.perf_counter()
    for cell, inputs, seed in product(CELL_NAMES, INPUTS, range(SEEDS)):
        started = time.perf_counter()
        model = rounded(train(cell, inputs, seed, train_part))
        seconds, loss = time.perf_counter() - started, held_out_loss(cell, model, held_out_part)
        row = {"cell": cell, "inputs": inputs, "seed": seed, "seconds": round(seconds), "nats per letter": round(loss, 3)}
        rows.append(row | look_inside(cell, model, held_out_part))
        print(rows[-1], flush=True)
        if seed == 0:
            stored[f"{cell} {inputs}"] = {part: model[part] for part in ("input", "cell")}
    counted = {"letters": unigram_cross_entropy, "pairs of letters": bigram_cross_entropy}
    made = {
        "what": "next-letter prediction on the Python language reference, letters a to z and space; measured after rounding",
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "settings": {"H": HIDDEN, "epochs": EPOCHS, "T": T, "B": B, "Adam, first learning rate": LR, "clip by norm": CLIP},
        "seed that is stored": 0,
        "seconds in all": round(time.perf_counter() - began),
        "letters for training": len(train_part),
        "nats per letter by counting": {n: round(count(train_part, held_out_part, len(LETTERS)), 3) for n, count in counted.items()},
        "reached": rows,
    }
    save_weights("letters", stored, made)


if __name__ == "__main__":
    main()
