"""Regularisers on a small training set, and learning-rate schedules with fresh data, both on sentiment with negation.

    python benchmarks/experiments/regularisation.py       writes regularisation.json beside this file, in six minutes

The chapter "Training in practice" reads the result. An LSTM reads a sentence and answers from its last state. In the first part it reads
the same 300 sentences again and again, 30 of them with the wrong label; the loss on 300 other sentences (to stop by) and on 2000
more (to report) is noted after every second epoch. In the second part every batch is new, and only the schedule differs.
"""

import json
import platform
import time
from pathlib import Path

import numpy as np

import rnncore as rc
from rnncore.reference.tree import tree_map
from rnncore.tasks.sentiment import VOCABULARY, sentiment

SEEDS, B, D, H, EPOCHS, RATE, UPDATES, FLIPPED = range(5), 30, 16, 32, 120, 0.01, 600, 30
EVERY = 2  # epochs from one entry of the log to the next
WAYS = {  # rate on inputs and outputs, the same mask at all steps?, rate on the state, weight decay, cell
    "nothing": (0, False, 0, 0, "lstm"),
    "weight decay 0.1": (0, False, 0, 0.1, "lstm"),
    "weight decay 1": (0, False, 0, 1, "lstm"),
    "fresh masks 0.2": (0.2, False, 0, 0, "lstm"),
    "fresh masks 0.5": (0.5, False, 0, 0, "lstm"),
    "one mask 0.2": (0.2, True, 0, 0, "lstm"),
    "one mask 0.5": (0.5, True, 0, 0, "lstm"),
    "recurrent 0.2": (0, False, 0.2, 0, "lstm"),
    "recurrent 0.5": (0, False, 0.5, 0, "lstm"),
    "one mask and recurrent 0.2": (0.2, True, 0.2, 0, "lstm"),
    "one mask and recurrent 0.5": (0.5, True, 0.5, 0, "lstm"),
    "layer norm": (0, False, 0, 0, "lstm_layer_norm"),
}
SCHEDULES = {
    "constant": lambda k, top: top,
    "step": lambda k, top: rc.step_lr(k, lr=top, every=200),
    "cosine": lambda k, top: rc.cosine_lr(k, lr=top, steps=UPDATES),
    "warm-up, cosine": lambda k, top: rc.warmup_lr(k, warmup=50, after=lambda j: rc.cosine_lr(j, lr=top, steps=UPDATES - 50)),
}


def init(seed, cell="lstm"):
    """Embedding, cell and output layer."""
    rng = np.random.default_rng(seed)
    model = {
        "embedding": rc.init_embedding(rng, len(VOCABULARY), D),
        "cell": rc.find_cell(cell).init(rng, D, H),
        "out": rc.init_linear(rng, H, 1),
    }
    return tree_map(lambda p: p.astype(np.float32), model)


def read(model, tokens, lengths, cell="lstm", masks=None):
    """Logits (B,), and what the backward pass needs; masks: of the inputs, the state and the output, each may be None."""
    on_xs, on_h, on_last = masks or (None, None, None)
    xs, embedding_cache = rc.embedding_forward(model["embedding"], tokens)
    xs = xs if on_xs is None else xs * on_xs
    zero = np.zeros((tokens.shape[1], H), np.float32)
    state0 = rc.LSTMState(zero, zero)
    if on_h is None:
        hs, _, cache = rc.find_cell(cell).forward(model["cell"], xs, state0)
    else:
        hs, _, cache = rc.recurrent_dropout_forward(model["cell"], xs, state0, on_h, cell=cell)
    last, last_cache = rc.last_state_forward(hs, lengths)  # what comes after it is padding
    last = last if on_last is None else last * on_last
    logits, out_cache = rc.linear_forward(model["out"], last)
    return logits[:, 0], (embedding_cache, cache, last_cache, out_cache, (on_xs, on_h, on_last), cell)


def gradients(kept, dlogits):
    """The gradient of every parameter."""
    embedding_cache, cache, last_cache, out_cache, (on_xs, on_h, on_last), cell = kept
    dout, dlast = rc.linear_backward(out_cache, dlogits[:, None])
    dhs = rc.last_state_backward(last_cache, dlast if on_last is None else dlast * on_last)
    backward = rc.find_cell(cell).backward if on_h is None else rc.recurrent_dropout_backward
    dcell, dxs, _ = backward(cache, dhs)
    dxs = dxs if on_xs is None else dxs * on_xs
    return {"embedding": rc.embedding_backward(embedding_cache, dxs), "cell": dcell, "out": dout}


def loss_and_accuracy(model, data, cell="lstm"):
    """Without dropout."""
    tokens, lengths, targets = data
    logits, _ = read(model, tokens, lengths, cell)
    loss, _ = rc.sigmoid_cross_entropy_forward(logits, targets.astype(np.float32))
    return float(loss), float(((logits > 0) == targets).mean())


def draw_masks(rng, shape, rate, same, rate_h):
    """Masks for a batch of this shape (T, B)."""
    T, rows = shape
    f = np.float32
    on_xs = rc.dropout_mask(rng, (rows, D) if same else (T, rows, D), rate, f) if rate else None
    on_h = rc.dropout_mask(rng, (rows, H), rate_h, f) if rate_h else None
    on_last = rc.dropout_mask(rng, (rows, H), rate, f) if rate else None
    return on_xs, on_h, on_last


def update(model, adam, batch, lr, weight_decay=0.0, cell="lstm", masks=None):
    """One step of AdamW, which is Adam without decay; the gradients are clipped at norm 1."""
    tokens, lengths, targets = batch
    logits, kept = read(model, tokens, lengths, cell, masks)
    loss, loss_cache = rc.sigmoid_cross_entropy_forward(logits, targets.astype(np.float32))
    grads, _ = rc.clip_by_norm(gradients(kept, rc.sigmoid_cross_entropy_backward(loss_cache)), 1.0)
    model, adam = rc.adamw_step(model, grads, adam, lr=lr, weight_decay=weight_decay)
    return model, adam, float(loss)


def repeated(way, seed):
    """Training loss, held-out loss, test loss and test accuracy after every second epoch: (EPOCHS / EVERY, 4)."""
    rate, same, rate_h, decay, cell = WAYS[way]
    data = np.random.default_rng([seed, 0])
    tokens, lengths, targets = sentiment(data, 300)
    flipped = data.choice(300, FLIPPED, replace=False)
    targets[flipped] = 1 - targets[flipped]
    held_out, test = sentiment(data, 300), sentiment(data, 2000)
    rng, model = np.random.default_rng([seed, 1]), init(seed, cell)
    adam, curve = rc.init_adam(model), []
    for epoch in range(1, EPOCHS + 1):
        order = rng.permutation(300)
        for rows in order.reshape(-1, B):
            longest = lengths[rows].max()
            batch = tokens[:longest, rows], lengths[rows], targets[rows]
            masks = draw_masks(rng, batch[0].shape, rate, same, rate_h)
            model, adam, _ = update(model, adam, batch, RATE, decay, cell, masks)
        if epoch % EVERY == 0:
            losses = [loss_and_accuracy(model, part, cell) for part in ((tokens, lengths, targets), held_out, test)]
            curve.append([round(v, 3) for v in (*(loss for loss, _ in losses), losses[-1][1])])
    return curve


def fresh(schedule, top, seed):
    """Mean training loss of the last 50 updates, and loss and accuracy on 2000 sentences."""
    rng, model = np.random.default_rng([seed, 2]), init(seed)
    adam, losses = rc.init_adam(model), []
    for k in range(UPDATES):
        lr = max(SCHEDULES[schedule](k, top), 1e-8)
        model, adam, loss = update(model, adam, sentiment(rng, B), lr)
        losses.append(loss)
    test = loss_and_accuracy(model, sentiment(np.random.default_rng([seed, 3]), 2000))
    return [round(float(v), 5) for v in (np.mean(losses[-50:]), *test)]


def main():
    began = time.process_time()
    curves = {}
    for way in WAYS:
        curves[way] = [repeated(way, seed) for seed in SEEDS]
        end = np.array(curves[way])[:, -1]
        print(way, "test", np.round(np.median(end[:, 2:], axis=0), 3), round(time.process_time() - began), flush=True)
    schedules = []
    for top in (0.003, 0.01, 0.03):
        for name in SCHEDULES:
            results = [fresh(name, top, seed) for seed in SEEDS]
            schedules.append({"rate": top, "schedule": name, "results": results})
            print(top, name, np.median(results, axis=0), round(time.process_time() - began), flush=True)
    result = {
        "script": "benchmarks/experiments/regularisation.py",
        "settings": {
            "B": B,
            "D": D,
            "H": H,
            "epochs": EPOCHS,
            "every": EVERY,
            "rate": RATE,
            "updates": UPDATES,
            "wrong labels": FLIPPED,
            "seeds": list(SEEDS),
        },
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__},
        "CPU seconds": round(time.process_time() - began),
        "columns": ["training loss", "held-out loss", "test loss", "test accuracy"],
        "epochs": curves,
        "schedules": schedules,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, separators=(",", ":")) + "\n", "utf8")


if __name__ == "__main__":
    main()
