"""What it costs that a decoder is trained on true tokens and used on its own, and what scheduled sampling does about it: four tasks.

    python benchmarks/experiments/teacher_forcing.py       writes teacher_forcing.json beside this file, in about five minutes

The chapter "Fed with truth, fed with its own words" reads the result.

    dates       an encoder-decoder with attention on `rnncore.tasks.dates`, trained on true, mixed and own tokens
    brackets    a language model of two kinds of brackets; the true conditional probabilities are known after every prefix
    waves       a GRU that continues a sum of two sine waves, trained in four ways
    chaos       a GRU that continues the map x -> 4x(1 - x), against the exact map from a start that is off by as much
"""

import json
import platform
import re
import time
from pathlib import Path

import numpy as np

import rnncore as rc
from rnncore.tasks.dates import CHARACTERS, dates, input_characters
from rnncore.tasks.sines import sine_mixtures

SEEDS, DATE_SEEDS, F32 = range(3), range(5), {"dtype": np.float32}


def decay(schedule, k, updates):
    """The probability of feeding the true token at update k."""
    if schedule == "inverse sigmoid":
        return 1 / (1 + np.exp(12 * (k / updates - 0.5)))  # from 0.998 to 0.002
    return {"true": 1.0, "own": 0.0, "linear to 1/2": 1 - 0.5 * k / updates}[schedule]


def fit(params, gradient, updates, rate, look=None, every=0):
    """Adam with a cosine schedule; what `look` sees after every so many updates."""
    adam, seen = rc.init_adam(params), []
    for k in range(updates):
        grads, _ = rc.clip_by_norm(gradient(params, k), 1.0)
        params, adam = rc.adam_step(params, grads, adam, lr=rc.cosine_lr(k, lr=rate, steps=updates))
        if look and (k + 1) % every == 0:
            seen.append(look(params))
    return params, seen


def rounded(values, digits=5):
    return np.round(np.asarray(values, float), digits).tolist()


# Dates ------------------------------------------------------------------------------------------------------------------------------

DATES = {"B": 32, "D": 24, "H": 32, "updates": 300, "long": 900, "rate": 0.01, "start": 11, "tested": 4000, "looked at": 1000, "every": 30}
DOT, ZERO = {"score": "scaled_dot"}, CHARACTERS.index("0")


def date_gradient(schedule, rng, updates):
    start = DATES["start"]

    def gradient(params, k):
        source, lengths, targets = dates(rng, DATES["B"])
        coins = rng.random(targets.shape) < decay(schedule, k, updates)
        if coins.all():
            fed = rc.teacher_forced_inputs(targets, start)
        else:
            fed = rc.scheduled_inputs(params, source, targets, coins, start=start, lengths=lengths, **DOT)
        logits, cache = rc.encoder_decoder_forward(params, source, fed, lengths=lengths, **DOT)
        _, loss = rc.softmax_cross_entropy_forward(logits, targets)
        return rc.encoder_decoder_backward(cache, rc.softmax_cross_entropy_backward(loss))

    return gradient


def date_errors(params, source, lengths, targets):
    """Which characters are wrong, fed with the truth and fed with its own; and what it wrote on its own. (10, B) each."""
    start = DATES["start"]
    logits, _ = rc.encoder_decoder_forward(params, source, rc.teacher_forced_inputs(targets, start), lengths=lengths, **DOT)
    own = rc.free_run(params, source, start=start, max_length=len(targets), lengths=lengths, **DOT)
    return logits.argmax(axis=-1) != targets, own != targets, own


def date_report(params):
    source, lengths, targets = dates(np.random.default_rng(99), DATES["tested"])
    truth, own, written = date_errors(params, source, lengths, targets)
    after = np.cumsum(own, axis=0) - own > 0  # an own mistake lies before this step
    assert (truth == own)[~after].all()  # the same prefix, the same answer
    day = targets[8:]  # of days such as 30, those whose first digit the network writes as 0
    false_0 = (written[8] == ZERO) & (day[0] != ZERO) & (day[1] == ZERO)
    return {
        "fed truth": rounded(truth.mean(axis=1)),
        "fed own": rounded(own.mean(axis=1)),
        "whole dates wrong": [round(float(e.any(axis=0).mean()), 5) for e in (truth, own)],
        "after an own mistake": {
            "steps": int(after.sum()),
            "wrong, fed own": int(own[after].sum()),
            "wrong, fed truth": int(truth[after].sum()),
        },
        "before": rounded(own[~after].mean()),
        "false 0 of a day that ends in 0": {"days": int(false_0.sum()), "written 00": int((written[9] == ZERO)[false_0].sum())},
    }


def run_dates():
    held = dates(np.random.default_rng(98), DATES["looked at"])
    result = {}
    for name in ("true", "inverse sigmoid", "linear to 1/2", "own", "true, long"):
        schedule, updates = name.split(",")[0], DATES["long" if "long" in name else "updates"]
        runs = []
        for seed in DATE_SEEDS:
            rng = np.random.default_rng(seed)
            params = rc.init_encoder_decoder(rng, len(input_characters()) + 1, 12, DATES["D"], DATES["H"], **DOT, **F32)
            gradient = date_gradient(schedule, np.random.default_rng([seed, 1]), updates)
            params, seen = fit(
                params, gradient, updates, DATES["rate"], lambda p: [e.mean() for e in date_errors(p, *held)[:2]], DATES["every"]
            )
            truth, own = zip(*seen, strict=True)
            runs.append({**date_report(params), "on the way": {"fed truth": rounded(truth), "fed own": rounded(own)}})
        result[name] = runs
        note("dates", name, [(r["whole dates wrong"], r["after an own mistake"]) for r in runs])
    return result


# Brackets ---------------------------------------------------------------------------------------------------------------------------

BRACKETS = {"T": 40, "B": 32, "H": 48, "updates": 1200, "rate": 0.01, "tested": 2000, "deepest": 6, "typos": 0.02, "inserted at": 16}
DEEPEST, START = BRACKETS["deepest"], 4


class Stack:
    """The open brackets of B sequences; a token that does not fit is passed over."""

    def __init__(self, B):
        self.kinds, self.depth, self.b = np.zeros((B, DEEPEST + 1), int), np.zeros(B, int), np.arange(B)

    def probabilities(self, typos=0.0):
        """(B, 4), of the next token: open with probability 1/2, where both are possible, else close what was opened last."""
        p_open = np.where(self.depth == 0, 1.0, np.where(self.depth == DEEPEST, 0.0, 0.5))
        p = np.zeros((len(self.b), 4))
        p[:, [0, 2]] = p_open[:, None] / 2
        p[self.b, 2 * self.top() + 1] = 1 - p_open
        return (1 - typos) * p + typos / 4

    def top(self):
        return self.kinds[self.b, np.maximum(self.depth - 1, 0)]

    def read(self, token):
        opens = (token % 2 == 0) & (self.depth < DEEPEST)
        closes = (token % 2 == 1) & (self.depth > 0) & (token // 2 == self.top())
        self.kinds[self.b[opens], self.depth[opens]] = token[opens] // 2
        self.depth = self.depth + opens - closes


def draw_from(p, rng):
    return np.minimum((np.cumsum(p, axis=-1) < rng.random((*p.shape[:-1], 1))).sum(axis=-1), p.shape[-1] - 1)


def draw_brackets(rng, T, B, typos):
    stack, tokens = Stack(B), []
    for _ in range(T):
        tokens.append(draw_from(stack.probabilities(typos), rng))
        stack.read(tokens[-1])
    return np.array(tokens)


def true_probabilities(tokens, typos):
    """(T, B, 4), before each token."""
    stack, p = Stack(tokens.shape[1]), []
    for token in tokens:
        p.append(stack.probabilities(typos))
        stack.read(token)
    return np.array(p)


def read_brackets(params, fed):
    xs = np.eye(5, dtype=np.float32)[fed]
    hs, _, cell = rc.tuned.gru_forward(params["rnn"], xs, np.zeros((fed.shape[1], BRACKETS["H"]), np.float32))
    logits, out = rc.linear_forward(params["out"], hs)
    return logits, (cell, out)


def write_brackets(params, rng, T, B, targets=None, coins=None):
    """What the model is fed (T, B) when it draws its own tokens, or the true ones where the coin is True; and what it drew."""
    h, fed, drawn = np.zeros((B, BRACKETS["H"]), np.float32), [np.full(B, START)], []
    for t in range(T):
        hs, h, _ = rc.tuned.gru_forward(params["rnn"], np.eye(5, dtype=np.float32)[fed[-1]][None], h)
        p = rc.softmax(rc.linear_forward(params["out"], hs[0])[0])
        drawn.append(draw_from(p, rng))
        fed.append(drawn[-1] if coins is None else np.where(coins[t], targets[t], drawn[-1]))
    return np.array(fed[:-1]), np.array(drawn)


def bracket_gradient(schedule, typos, rng):
    def gradient(params, k):
        T, B = BRACKETS["T"], BRACKETS["B"]
        targets = draw_brackets(rng, T, B, typos)
        coins = rng.random((T, B)) < decay(schedule, k, BRACKETS["updates"])
        fed = rc.teacher_forced_inputs(targets, START) if coins.all() else write_brackets(params, rng, T, B, targets, coins)[0]
        logits, (cell, out) = read_brackets(params, fed)
        _, loss = rc.softmax_cross_entropy_forward(logits, targets)
        dout, dhs = rc.linear_backward(out, rc.softmax_cross_entropy_backward(loss))
        return {"rnn": rc.tuned.gru_backward(cell, dhs)[0], "out": dout}

    return gradient


def divergences(params, tokens, typos):
    """KL from the true conditional to the model's, and the model's probability of a token that does not fit. (T, B) each."""
    q = rc.softmax(read_brackets(params, rc.teacher_forced_inputs(tokens, START))[0].astype(float))
    p, fits = true_probabilities(tokens, typos), true_probabilities(tokens, 0.0)
    kl = (p * (np.log(np.maximum(p, 1e-300)) - np.log(q))).sum(axis=-1)
    return kl, (q * (fits == 0)).sum(axis=-1)


def bracket_report(params, typos):
    rng, (T, B) = np.random.default_rng(97), (BRACKETS["T"], BRACKETS["tested"])
    data = draw_brackets(rng, T, B, typos)
    _, own = write_brackets(params, rng, T, B)
    kl_data, wrong_data = divergences(params, data, typos)
    kl_own, wrong_own = divergences(params, own, typos)
    mistake = np.take_along_axis(true_probabilities(own, 0.0), own[..., None], axis=-1)[..., 0] == 0
    after = np.cumsum(mistake, axis=0) - mistake > 0
    at, clean = BRACKETS["inserted at"], draw_brackets(rng, T, B, 0.0)
    stack = Stack(B)
    for token in clean[:at]:
        stack.read(token)
    wrong = np.where(stack.depth > 0, 2 * (1 - stack.top()) + 1, 1)  # the other closing bracket
    hit = np.concatenate([clean[:at], wrong[None], clean[at:-1]])
    kl_clean, kl_hit = divergences(params, clean, typos)[0], divergences(params, hit, typos)[0]
    return {
        "KL, true prefix": rounded(kl_data.mean(axis=1)),
        "KL, own prefix": rounded(kl_own.mean(axis=1)),
        "misfit": {
            "true prefix": rounded(wrong_data.mean()),
            "own prefix": rounded(wrong_own.mean()),
            "before": rounded(wrong_own[~after].mean()),
            "after": rounded(wrong_own[after].mean()),
        },
        "own texts with a mistake": rounded(mistake.any(axis=0).mean()),
        "KL, no token inserted": rounded(kl_clean[at:-1].mean(axis=1)),
        "KL, token inserted": rounded(kl_hit[at + 1 :].mean(axis=1)),
    }


def run_brackets():
    result = {}
    for name, schedule, typos in (
        ("true", "true", 0.0),
        ("true, typos in the data", "true", BRACKETS["typos"]),
        ("linear to 1/2", "linear to 1/2", 0.0),
        ("inverse sigmoid", "inverse sigmoid", 0.0),
    ):
        runs = []
        for seed in SEEDS:
            rng = np.random.default_rng(seed)
            params = {"rnn": rc.init_gru(rng, 5, BRACKETS["H"], **F32), "out": rc.init_linear(rng, BRACKETS["H"], 4, **F32)}
            gradient = bracket_gradient(schedule, typos, np.random.default_rng([seed, 1]))
            look, every = (lambda p, typos=typos: bracket_report(p, typos)), BRACKETS["updates"] // 4
            params, seen = fit(params, gradient, BRACKETS["updates"], BRACKETS["rate"], look, every)
            runs.append({"quarter": seen[0], "end": seen[-1]})
        result[name] = runs
        note(
            "brackets",
            name,
            [(r["end"]["misfit"], np.mean(r["end"]["KL, true prefix"]), np.mean(r["end"]["KL, own prefix"])) for r in runs],
        )
    return result


# Waves and chaos --------------------------------------------------------------------------------------------------------------------

WAVES = {
    "B": 32,
    "H": 32,
    "updates": 1500,
    "rate": 0.01,
    "read": 40,
    "written in training": 30,
    "written": 90,
    "tested": 500,
    "noise": 0.03,
}
CHAOS = {"B": 32, "H": 32, "updates": 3000, "rate": 0.01, "read": 20, "written": 30, "tested": 2000, "margin": 0.05}


def loop_forward(params, xs, coins):
    """Fed with xs[t] where coins[t], else with its own last output. ys (T, B, 1) and the caches."""
    y, h, ys, steps = xs[0], np.zeros((xs.shape[1], len(params["rnn"]["weight_hh"]) // 3), np.float32), [], []
    for x, coin in zip(xs, coins, strict=True):  # coin (B, 1)
        h, cell = rc.gru_step_forward(params["rnn"], np.where(coin, x, y), h)
        y, out = rc.linear_forward(params["out"], h)
        ys.append(y)
        steps.append((coin, cell, out))
    return np.array(ys), steps


def loop_backward(steps, dys):
    """The gradient, also through the outputs that were fed back."""
    dparams, dy_fed, dh = None, 0, 0
    for (coin, cell, out), dy in zip(reversed(steps), dys[::-1], strict=True):
        dout, dh_out = rc.linear_backward(out, dy + dy_fed)
        drnn, dx, dh = rc.gru_step_backward(cell, dh_out + dh)
        dy_fed = np.where(coin, 0, dx).astype(np.float32)
        now = {"rnn": drnn, "out": dout}
        dparams = now if dparams is None else {a: {b: dparams[a][b] + now[a][b] for b in now[a]} for a in now}
    return dparams


def wave_gradient(way, rng):
    read, T, B = WAVES["read"], WAVES["read"] + WAVES["written in training"], WAVES["B"]

    def gradient(params, k):
        xs, targets = sine_mixtures(rng, T, B, **F32)
        if way in ("true", "true with noise"):
            if way == "true with noise":
                xs = xs + np.float32(WAVES["noise"]) * rng.standard_normal(xs.shape, **F32)
            hs, _, cell = rc.tuned.gru_forward(params["rnn"], xs, np.zeros((B, WAVES["H"]), np.float32))
            ys, out = rc.linear_forward(params["out"], hs)
            dys = rc.mean_squared_error_backward(rc.mean_squared_error_forward(ys, targets)[1])
            dout, dhs = rc.linear_backward(out, dys)
            return {"rnn": rc.tuned.gru_backward(cell, dhs)[0], "out": dout}
        p = decay("inverse sigmoid", k, WAVES["updates"]) if way == "scheduled" else 0.0
        coins = (rng.random((T, B, 1)) < p) | (np.arange(T) < read)[:, None, None]
        ys, steps = loop_forward(params, xs, coins)
        return loop_backward(steps, rc.mean_squared_error_backward(rc.mean_squared_error_forward(ys, targets)[1]))

    return gradient


def continued(params, xs, targets, read):
    """Root mean squared error at each step after `read`, fed with the truth and with its own outputs."""
    coins = np.ones((*xs.shape[:2], 1), bool)
    truth = loop_forward(params, xs, coins)[0]
    own = loop_forward(params, xs, coins & (np.arange(len(xs)) < read)[:, None, None])[0]
    return [np.sqrt(np.square(ys - targets)[read - 1 :].mean(axis=(1, 2), dtype=float)) for ys in (truth, own)], (truth, own)


def init_regression(seed, H):
    rng = np.random.default_rng(seed)
    return {"rnn": rc.init_gru(rng, 1, H, **F32), "out": rc.init_linear(rng, H, 1, **F32)}


def run_waves():
    xs, targets = sine_mixtures(np.random.default_rng(96), WAVES["read"] + WAVES["written"] - 1, WAVES["tested"], **F32)
    result = {}
    for way in ("true", "true with noise", "scheduled", "own"):
        runs = []
        for seed in SEEDS:
            gradient = wave_gradient(way, np.random.default_rng([seed, 1]))
            params, _ = fit(init_regression(seed, WAVES["H"]), gradient, WAVES["updates"], WAVES["rate"])
            truth, own = continued(params, xs, targets, WAVES["read"])[0]
            runs.append({"fed truth": rounded(truth), "fed own": rounded(own)})
        result[way] = runs
        note("waves", way, [(np.mean(r["fed truth"]), r["fed own"][29], r["fed own"][-1]) for r in runs])
    last = targets[WAVES["read"] - 1 :] - xs[WAVES["read"] - 1]
    result["persistence"] = rounded(np.sqrt(np.square(last).mean(axis=(1, 2))))
    result["mean"] = rounded(np.sqrt(np.square(targets[WAVES["read"] - 1 :]).mean(axis=(1, 2))))
    return result


def logistic(rng, T, B):
    """(T + 1, B, 1) steps of x -> 4x(1 - x), in float64."""
    x = [rng.uniform(0.02, 0.98, (B, 1))]
    for _ in range(T):
        x.append(4 * x[-1] * (1 - x[-1]))
    return np.array(x)


def run_chaos():
    rng, read, written = np.random.default_rng(95), CHAOS["read"], CHAOS["written"]
    x = logistic(rng, read + written - 1, CHAOS["tested"])
    xs, targets = x[:-1].astype(np.float32), x[1:]
    runs = []
    for seed in SEEDS:
        data = np.random.default_rng([seed, 1])

        def gradient(params, k, data=data):
            x = logistic(data, read, CHAOS["B"]).astype(np.float32)
            hs, _, cell = rc.tuned.gru_forward(params["rnn"], x[:-1], np.zeros((CHAOS["B"], CHAOS["H"]), np.float32))
            ys, out = rc.linear_forward(params["out"], hs)
            dout, dhs = rc.linear_backward(out, rc.mean_squared_error_backward(rc.mean_squared_error_forward(ys, x[1:])[1]))
            return {"rnn": rc.tuned.gru_backward(cell, dhs)[0], "out": dout}

        params, _ = fit(init_regression(seed, CHAOS["H"]), gradient, CHAOS["updates"], CHAOS["rate"])
        (truth, own), (ys, written_own) = continued(params, xs, targets, read)
        outside = np.abs(written_own[read - 1 :] - 0.5) > 0.5 + CHAOS["margin"]
        exact = [np.clip(ys[read - 1].astype(float), 0, 1)]  # the network's first step, then the exact map
        for _ in range(written - 1):
            exact.append(4 * exact[-1] * (1 - exact[-1]))
        exact = np.sqrt(np.square(np.array(exact) - targets[read - 1 :]).mean(axis=(1, 2)))
        runs.append(
            {
                "fed truth": rounded(truth, 6),
                "fed own": rounded(own, 6),
                "exact map": rounded(exact, 6),
                "outside": rounded(outside.mean(axis=(1, 2))),
            }
        )
    note("chaos", [(r["fed truth"][0], r["fed own"][:14], r["exact map"][:14]) for r in runs])
    return runs


BEGAN = time.process_time()


def note(*words):
    print(*words, round(time.process_time() - BEGAN), flush=True)


def main():
    runs = {"dates": run_dates(), "brackets": run_brackets(), "waves": run_waves(), "chaos": run_chaos()}
    result = {
        "script": "benchmarks/experiments/teacher_forcing.py",
        "settings": {
            "seeds": list(SEEDS),
            "seeds of dates": list(DATE_SEEDS),
            "dates": DATES,
            "brackets": BRACKETS,
            "waves": WAVES,
            "chaos": CHAOS,
        },
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__},
        "CPU seconds": round(time.process_time() - BEGAN),
        **runs,
    }
    text = re.sub(r"\[[^\[\]{}]*\]", lambda found: " ".join(found[0].split()), json.dumps(result, indent=1))  # a list on one line
    Path(__file__).with_suffix(".json").write_text(text + "\n", "utf8")


if __name__ == "__main__":
    main()
