"""Train the character model of the sampling widget, and write rnncore/widgets/data/sampling.{npz,json}.

    python tools/weights/sampling.py        about two minutes on one core

A GRU with 128 units learns to predict the next character of the Python language reference (rnncore.tasks.text), by truncated
backpropagation through time. Three seeds; the weights of the first go into the widget, rounded to float16.
"""

import os
import platform
import time

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
import numpy as np

import rnncore as rnn
from rnncore.tasks import Vocabulary, language_reference, split_text, stream_batches
from rnncore.tuned import gru_backward, gru_forward
from rnncore.widgets.weights import save_weights

SEEDS = (0, 1, 2)
EMBEDDING, HIDDEN, STEPS, BATCH, PASSES, RATE, MAX_NORM = 32, 128, 64, 32, 12, 5e-3, 1.0


def loss_and_gradient(params, inputs, targets, state):
    """Cross-entropy of one chunk in nats per character, the state after it, and the gradient within it."""
    xs, embedding = rnn.embedding_forward(params["embedding"], inputs)
    hs, state, cache = gru_forward(params["rnn"], xs, state)
    logits, output = rnn.linear_forward(params["output"], hs)
    loss, loss_cache = rnn.softmax_cross_entropy_forward(logits, targets)
    doutput, dhs = rnn.linear_backward(output, rnn.softmax_cross_entropy_backward(loss_cache))
    drnn, dxs, _ = gru_backward(cache, dhs)
    return loss, state, {"embedding": rnn.embedding_backward(embedding, dxs), "rnn": drnn, "output": doutput}


def train(seed, tokens, size):
    """One model."""
    rng = np.random.default_rng(seed)
    params = {
        "embedding": rnn.init_embedding(rng, size, EMBEDDING, dtype=np.float32),
        "rnn": rnn.init_gru(rng, EMBEDDING, HIDDEN, dtype=np.float32),
        "output": rnn.init_linear(rng, HIDDEN, size, dtype=np.float32),
    }
    adam, batches = rnn.init_adam(params), stream_batches(tokens, STEPS, BATCH)
    for done in range(PASSES):
        state = np.zeros((BATCH, HIDDEN), np.float32)
        for k, (inputs, targets) in enumerate(batches):
            _, state, grads = loss_and_gradient(params, inputs, targets, state)
            grads, _ = rnn.clip_by_norm(grads, MAX_NORM)
            params, adam = rnn.adam_step(params, grads, adam, lr=RATE * (1 - (done + k / len(batches)) / PASSES))
    return params


def held_out_perplexity(params, tokens):
    """Perplexity per character on text that was not trained on, read in 16 streams."""
    losses, state = [], np.zeros((16, HIDDEN), params["rnn"]["weight_hh"].dtype)
    for inputs, targets in stream_batches(tokens, STEPS, 16):
        loss, state, _ = loss_and_gradient(params, inputs, targets, state)
        losses += [loss] * len(inputs)
    return round(float(np.exp(np.mean(losses))), 3)


def main():
    vocabulary = Vocabulary()
    train_text, held_out = split_text(language_reference())
    train_tokens, held_out_tokens = vocabulary.encode(train_text), vocabulary.encode(held_out)
    reached, first = [], None
    for seed in SEEDS:
        began = time.process_time()
        params = train(seed, train_tokens, len(vocabulary))
        perplexity = held_out_perplexity(params, held_out_tokens)
        reached.append({"seed": seed, "held-out perplexity": perplexity, "CPU seconds": round(time.process_time() - began)})
        print(reached[-1], flush=True)
        first = first or params
    made = {
        "script": "tools/weights/sampling.py",
        "model": f"GRU, {HIDDEN} units, embedding of {EMBEDDING}; {PASSES} passes, {BATCH} streams in chunks of {STEPS}, Adam {RATE}",
        "text": f"Python language reference, {len(train_text)} characters for training, {len(held_out)} held out",
        "reached": reached,
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
    }
    loaded = save_weights("sampling", first, made)
    made["held-out perplexity with the weights that are shipped"] = held_out_perplexity(loaded, held_out_tokens)
    save_weights("sampling", first, made)


if __name__ == "__main__":
    main()
