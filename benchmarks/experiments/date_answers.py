"""What encoder-decoders write while they learn to rewrite dates: their answers at several moments, with and without attention, over seeds.

    python benchmarks/experiments/date_answers.py       writes date_answers.json beside this file, in about a minute

The chapter "Scoring what a network writes" scores the answers. The task is `rnncore.tasks.dates`; all answers are to the same test dates.
Each training batch is drawn anew, so some of these days occur in training, most of them written in another of the thirty ways.
"""

import json
import platform
import time
from pathlib import Path

import numpy as np

import rnncore as rc
from rnncore.tasks.dates import CHARACTERS, dates, input_characters

B, H, D, SEEDS, RATE, TESTED, TEST_SEED = 32, 48, 24, range(5), 0.01, 200, 999
MOMENTS = (50, 100, 150, 200, 400, 800)
START = len(CHARACTERS)  # a token of its own, fed first
SYSTEMS = {"attention": "dot", "one vector": None}


def gradients(params, score, source, lengths, targets):
    """The gradient of the mean cross-entropy of the right characters, each fed the right ones before it."""
    logits, cache = rc.encoder_decoder_forward(params, source, rc.teacher_forced_inputs(targets, START), lengths=lengths, score=score)
    _, loss = rc.softmax_cross_entropy_forward(logits, targets)
    return rc.encoder_decoder_backward(cache, rc.softmax_cross_entropy_backward(loss))


def answers(params, score, source, lengths):
    """What is written, as one str for each date; the best character at each step."""
    tokens = rc.free_run(params, source, start=START, max_length=10, lengths=lengths, score=score)
    return ["".join((CHARACTERS + "?")[token] for token in column) for column in tokens.T]


def train(score, seed):
    """The answers to the test dates at each moment."""
    rng, written = np.random.default_rng(seed), {}
    params = rc.init_encoder_decoder(rng, len(input_characters()) + 1, START + 1, D, H, score=score, dtype=np.float32)
    source, lengths, _ = dates(np.random.default_rng(TEST_SEED), TESTED)
    adam = rc.init_adam(params)
    for k in range(1, MOMENTS[-1] + 1):
        grads = gradients(params, score, *dates(rng, B))
        grads, _ = rc.clip_by_norm(grads, 1.0)
        params, adam = rc.adam_step(params, grads, adam, lr=RATE * (1 - k / (MOMENTS[-1] + 1)))
        if k in MOMENTS:
            written[k] = " ".join(answers(params, score, source, lengths))
    return written


def main():
    began, runs = time.process_time(), []
    _, _, targets = dates(np.random.default_rng(TEST_SEED), TESTED)
    right = ["".join(CHARACTERS[token] for token in column) for column in targets.T]
    for system, score in SYSTEMS.items():
        for seed in SEEDS:
            written = train(score, seed)
            runs += [{"system": system, "seed": seed, "updates": k, "answers": text} for k, text in written.items()]
            for k, text in written.items():
                share = np.mean([a == b for a, b in zip(text.split(), right, strict=True)])
                print(system, seed, k, round(float(share), 3), text[:21], round(time.process_time() - began), flush=True)
    result = {
        "script": "benchmarks/experiments/date_answers.py",
        "settings": {"B": B, "H": H, "D": D, "seeds": list(SEEDS), "rate": RATE, "test dates": TESTED, "test seed": TEST_SEED},
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__},
        "CPU seconds": round(time.process_time() - began),
        "right": " ".join(right),
        "runs": runs,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", "utf8")


if __name__ == "__main__":
    main()
