"""Does a warm-up protect the first updates? The recall task with an orthogonal tanh network, at four learning rates and four schedules.

    python benchmarks/experiments/warm_up.py       writes warm_up.json beside this file, in one or two minutes

The chapter "Keeping gradients healthy" reads the result. The task: a bit at the first of T steps, then noise; which bit was it?
"""

import json
import platform
import time
from pathlib import Path

import numpy as np

import rnncore as rc
from rnncore import tuned

T, B, H, UPDATES, WARMUP, SEEDS = 40, 32, 32, 200, 20, range(10)
RATES = (0.003, 0.01, 0.03, 0.1)


def schedules(top):
    """Learning rate of update k, for each schedule that ends its warm-up, or starts, at `top`."""
    return {
        "constant": lambda k: rc.constant_lr(k, lr=top),
        "cosine": lambda k: rc.cosine_lr(k, lr=top, steps=UPDATES),
        "warm-up": lambda k: rc.warmup_lr(k, warmup=WARMUP, after=lambda j: top),
        "warm-up, cosine": lambda k: rc.warmup_lr(k, warmup=WARMUP, after=lambda j: rc.cosine_lr(j, lr=top, steps=UPDATES - WARMUP)),
    }


def recall(rng):
    """Inputs (T, B, 2): noise, and a bit at the first step; targets (B, 1)."""
    xs, bit = 0.3 * rng.standard_normal((T, B, 2)), rng.integers(0, 2, B)
    xs[:, :, 1] = 0
    xs[0, :, 1] = 2 * bit - 1
    return xs.astype(np.float32), bit[:, None].astype(np.float32)


def train(seed, rate):
    """Mean loss of the last 20 updates."""
    rng = np.random.default_rng(seed)
    cell = {
        **rc.init_rnn(rng, 2, H, dtype=np.float32),
        "weight_hh": rc.orthogonal(rng, H, H, dtype=np.float32),
        "bias_ih": np.zeros(H, np.float32),
        "bias_hh": np.zeros(H, np.float32),
    }
    network = {"cell": cell, "out": rc.init_linear(rng, H, 1, dtype=np.float32)}
    adam, losses = rc.init_adam(network), []
    for k in range(UPDATES):
        xs, bit = recall(rng)
        hs, state_T, cache = tuned.rnn_forward(network["cell"], xs, np.zeros((B, H), np.float32))
        logits, out_cache = rc.linear_forward(network["out"], state_T)
        loss, loss_cache = rc.sigmoid_cross_entropy_forward(logits, bit)
        dout, dh = rc.linear_backward(out_cache, rc.sigmoid_cross_entropy_backward(loss_cache))
        grads = {"cell": tuned.rnn_backward(cache, np.zeros_like(hs), dh)[0], "out": dout}
        network, adam = rc.adam_step(network, rc.clip_by_norm(grads, 1.0)[0], adam, lr=rate(k))
        losses.append(loss)
    return float(np.mean(losses[-20:]))


def main():
    began, runs = time.process_time(), []
    for top in RATES:
        for name, rate in schedules(top).items():
            losses = [round(train(seed, rate), 5) for seed in SEEDS]
            runs.append({"rate": top, "schedule": name, "loss": losses})
            print(top, name, f"{sum(loss < 0.1 for loss in losses)} of {len(losses)} solved", flush=True)
    result = {
        "script": "benchmarks/experiments/warm_up.py",
        "settings": {"T": T, "B": B, "H": H, "updates": UPDATES, "warm-up": WARMUP, "seeds": list(SEEDS)},
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__},
        "CPU seconds": round(time.process_time() - began),
        "runs": runs,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", "utf8")


if __name__ == "__main__":
    main()
