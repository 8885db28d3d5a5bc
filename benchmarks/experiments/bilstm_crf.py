"""Taggers with tanh or LSTM cells, each with a softmax or a CRF on top: scores on names that training never showed, over seeds.

    python benchmarks/experiments/bilstm_crf.py       writes bilstm_crf.json beside this file, in half a minute

The chapter "Tagging sequences" reads the result. Its taggers "both ways", with and without a CRF, are the ones with tanh cells here; data,
seeds, rates and updates are those of the chapter.
"""

import json
import platform
import time
from pathlib import Path

import numpy as np

import rnncore as rc
from rnncore.tasks.names import TAGS, build_vocabulary, encode_sentences, entity_f1, tagged_sentences

B, H, V, SEEDS, UPDATES, RATE, UNKNOWN = 32, 16, len(TAGS), range(5), 250, 0.02, 0.3
TRAINING = tagged_sentences(np.random.default_rng(0), 400, part="train")
NEW = tagged_sentences(np.random.default_rng(2), 300, part="test")
VOCABULARY = build_vocabulary(TRAINING)
ONE_HOT = np.eye(len(VOCABULARY), dtype=np.float32)
INIT = {"tanh": rc.init_rnn, "LSTM": rc.init_lstm}


def init(cell, crf, seed):
    """Two directions of a cell, a linear output, and the scores of a CRF where there is one."""
    rng, kind = np.random.default_rng(seed), {"dtype": np.float32}
    params = {name: INIT[cell](rng, len(VOCABULARY), H, **kind) for name in ("forward", "reverse")}
    params["out"] = rc.init_linear(rng, 2 * H, V, **kind)
    return params | ({"crf": rc.init_crf(rng, V, **kind)} if crf else {})


def turn(tokens, lengths):
    """Each sentence read from its end; the padding stays where it is."""
    t = np.arange(len(tokens))[:, None]
    return np.take_along_axis(tokens, np.where(t < lengths, lengths - 1 - t, t), axis=0)


def read(cell, params, tokens):
    """The states (T, B, H) of one direction, and what the backward pass needs."""
    zero = np.zeros((tokens.shape[1], H), np.float32)
    if cell == "LSTM":
        hs, _, cache = rc.lstm_forward(params, ONE_HOT[tokens], rc.LSTMState(zero, zero))
    else:
        hs, _, cache = rc.rnn_forward(params, ONE_HOT[tokens], zero)
    return hs, cache


def emissions(cell, params, tokens, lengths):
    """Scores (T, B, V) of each tag, and what the backward pass needs."""
    hs, forward = read(cell, params["forward"], tokens)
    rs, reverse = read(cell, params["reverse"], turn(tokens, lengths))
    e, out = rc.linear_forward(params["out"], np.concatenate([hs, rc.reverse_padded_forward(rs, lengths)[0]], axis=2))
    return e, (forward, reverse, out)


def gradients(cell, params, tokens, tags, lengths):
    """The gradient of every parameter."""
    e, (forward, reverse, out) = emissions(cell, params, tokens, lengths)
    dparams = {}
    if "crf" in params:
        dparams["crf"], de = rc.crf_loss_backward(rc.crf_loss_forward(params["crf"], e, tags, lengths)[1])
    else:
        mask = rc.length_mask(lengths, len(tokens)).astype(np.float32)
        de = rc.softmax_cross_entropy_backward(rc.softmax_cross_entropy_forward(e, tags, mask=mask)[1])
    dparams["out"], dhs = rc.linear_backward(out, de)
    backward = rc.lstm_backward if cell == "LSTM" else rc.rnn_backward
    dparams["forward"] = backward(forward, np.ascontiguousarray(dhs[..., :H]))[0]
    dparams["reverse"] = backward(reverse, rc.reverse_padded_forward(np.ascontiguousarray(dhs[..., H:]), lengths)[0])[0]
    return {name: dparams[name] for name in params}


def train(cell, crf, seed):
    """The parameters after the last update."""
    rng, params = np.random.default_rng(seed), init(cell, crf, seed)
    tokens, tags, lengths = encode_sentences(TRAINING, VOCABULARY)
    adam = rc.init_adam(params)
    for k in range(UPDATES):
        b = rng.integers(0, len(lengths), B)
        T = lengths[b].max()
        hidden = (rng.random((T, B)) < UNKNOWN) & (tokens[:T, b] > 1)
        grads = gradients(cell, params, np.where(hidden, 1, tokens[:T, b]), tags[:T, b], lengths[b])
        grads, _ = rc.clip_by_norm(grads, 1.0)
        params, adam = rc.adam_step(params, grads, adam, lr=RATE * (1 - k / UPDATES))
    return params


def scores(cell, params):
    """The share of right tags, and F1 of whole names."""
    tokens, _, lengths = encode_sentences(NEW, VOCABULARY)
    e, _ = emissions(cell, params, tokens, lengths)
    zeros = {"start": np.zeros(V, np.float32), "transitions": np.zeros((V, V), np.float32), "end": np.zeros(V, np.float32)}
    y, _ = rc.crf_viterbi(params.get("crf", zeros), e, lengths)
    predicted, true = [[TAGS[k] for k in y[:L, b]] for b, L in enumerate(lengths)], [tags for _, tags in NEW]
    equal = np.concatenate(predicted) == np.concatenate(true)
    return round(float(equal.mean()), 4), round(float(entity_f1(predicted, true)), 4)


def main():
    began, runs = time.process_time(), []
    for cell in INIT:
        for crf in (False, True):
            accuracy, f1 = zip(*[scores(cell, train(cell, crf, seed)) for seed in SEEDS], strict=True)
            parameters = sum(a.size for group in init(cell, crf, 0).values() for a in group.values())
            runs.append({"cell": cell, "CRF": crf, "parameters": parameters, "accuracy": list(accuracy), "F1": list(f1)})
            print(runs[-1], round(time.process_time() - began), flush=True)
    result = {
        "script": "benchmarks/experiments/bilstm_crf.py",
        "settings": {"B": B, "H": H, "seeds": list(SEEDS), "updates": UPDATES, "rate": RATE, "unknown": UNKNOWN},
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__},
        "CPU seconds": round(time.process_time() - began),
        "runs": runs,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", "utf8")


if __name__ == "__main__":
    main()
