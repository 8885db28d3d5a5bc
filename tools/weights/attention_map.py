"""Train the date normalisers of the attention map widget, and write rnncore/widgets/data/attention_map.{npz,json}.

    python tools/weights/attention_map.py        about four minutes on one core

A GRU with 48 units reads a date as people write it in nine languages (rnncore.tasks.dates), another writes it as 2021-03-05, with
attention, additive or scaled dot. Three seeds each; the weights of the first go into the widget, rounded to float16. What was
reached stands in the JSON file: the share of 1000 held-out dates that come out right in all ten characters.
"""

import os
import platform
import time

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
import numpy as np

import rnncore as rnn
from rnncore.reference.tree import tree_map
from rnncore.tasks import dates
from rnncore.widgets.weights import save_weights

SCORES, SEEDS = ("additive", "scaled_dot"), (0, 1, 2)
EMBEDDING, HIDDEN, BATCH, UPDATES, RATE, MAX_NORM = 24, 48, 64, 1500, 3e-3, 1.0
START = len(dates.CHARACTERS)  # the token that is fed first


def train(score, seed):
    """One model; returns its parameters and its last loss."""
    rng = np.random.default_rng(seed)
    sizes = len(dates.input_characters()) + 1, len(dates.CHARACTERS) + 1, EMBEDDING, HIDDEN
    params = rnn.init_encoder_decoder(rng, *sizes, score=score, dtype=np.float32)
    state = rnn.init_adam(params)
    for update in range(UPDATES):
        source, lengths, targets = dates.dates(rng, BATCH)
        fed = rnn.teacher_forced_inputs(targets, START)
        logits, cache = rnn.encoder_decoder_forward(params, source, fed, lengths=lengths, score=score)
        loss, loss_cache = rnn.softmax_cross_entropy_forward(logits, targets)
        grads = rnn.encoder_decoder_backward(cache, rnn.softmax_cross_entropy_backward(loss_cache))
        grads, _ = rnn.clip_by_norm(grads, MAX_NORM)
        rate = RATE * min(1, 2 * (1 - update / UPDATES))  # constant for the first half, then down to zero in a straight line
        params, state = rnn.adam_step(params, grads, state, lr=rate)
    return params, float(loss)


def accuracy(params, score, test):
    """Share of dates that come out right in all ten characters, each character chosen by the model and fed back."""
    source, lengths, targets = test
    params = tree_map(lambda weight: weight.astype(np.float32), params)
    written = rnn.free_run(params, source, start=START, max_length=len(targets), lengths=lengths, score=score)
    return round(float((written == targets).all(axis=0).mean()), 4)


def main():
    test = dates.dates(np.random.default_rng(10**6), 1000)
    weights, reached = {}, {}
    for score in SCORES:
        reached[score] = []
        for seed in SEEDS:
            began = time.process_time()
            params, loss = train(score, seed)
            reached[score].append({
                "seed": seed,
                "last loss": float(f"{loss:.3g}"),
                "dates right": accuracy(params, score, test),
                "CPU seconds": round(time.process_time() - began),
            })  # fmt: skip
            print(score, reached[score][-1], flush=True)
            weights.setdefault(score, params)
    made = {
        "script": "tools/weights/attention_map.py",
        "model": f"GRU encoder and decoder, {HIDDEN} units, embeddings of {EMBEDDING}; {UPDATES} updates of {BATCH} dates, Adam {RATE}",
        "characters": dates.input_characters(),
        "reached": reached,
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
    }
    loaded = save_weights("attention_map", weights, made)
    made["dates right with the weights that are shipped"] = {score: accuracy(loaded[score], score, test) for score in SCORES}
    save_weights("attention_map", weights, made)


if __name__ == "__main__":
    main()
