"""What passes through the one vector between an encoder and a decoder: accuracy by length, bits, codes, over seeds.

    python benchmarks/experiments/encoder_decoder.py       writes encoder_decoder.json beside this file, in four minutes

The chapter "Encoder and decoder" reads the result. Three parts, all with GRU cells and teacher forcing:

strings    random strings of 1 to 8 digits are read and written again, and tested on 1 to 12 digits. The source stands in the order of
           the target or reversed; the encoder reads in one direction or in both (two halves of H / 2 units), with several H and several
           numbers of updates. The share of strings written without a mistake, end token included, and where a state for a string is
           sought by gradient descent through the trained decoder, which of the strings can be written from some state.
bits       the same trained networks with each number of the state rounded to one of 2^b values in -1..1.
codes      numbers from 1 to 99,999 in words or in digits: a translator writes digits, an autoencoder writes its own source again. Whose
           code is the nearest to that of a number in digits, and which sequences can an autoencoder reproduce.
"""

import json
import platform
import time
from pathlib import Path

import numpy as np

import rnncore as rc

SEEDS, B, D, RATE, LONGEST, LENGTHS, TESTED, ROUND = range(3), 64, 16, 0.01, 8, range(1, 13), 500, 4
START, END = 10, 11  # of the digit strings
SOUGHT, SEARCH = (8, 10, 12), {"strings": 100, "steps": 300, "rate": 0.05}
RUNS = [(order, "one", H, 1500) for H in (16, 32, 64) for order in ("same", "reversed")]
RUNS += [("same", "both", 64, 1500), ("same", "one", 16, 6000), ("same", "one", 64, 6000)]
BITS, ROUNDED = range(1, 9), 5

ONES = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen"]
ONES += ["fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SIGNS = ["<pad>", "<start>", "<end>", *"0123456789", *ONES, *TENS, "hundred", "thousand"]


def init(rng, sources, targets, H, directions):
    """Parameters of `rnncore`; with both directions, the encoder's cell is a pair of cells with H / 2 units."""
    params = rc.init_encoder_decoder(rng, sources, targets, D, H, dtype=np.float32)
    if directions == "both":
        params["encoder"]["rnn"] = {name: rc.init_gru(rng, D, H // 2, dtype=np.float32) for name in ("forward", "backward")}
    return params


def read(params, source, lengths=None):
    """The state after the source (B, H), and the cache."""
    if "forward" not in params["rnn"]:
        _, state, cache = rc.encoder_forward(params, source, lengths=lengths)
        return state, cache
    xs, embedding = rc.embedding_forward(params["embedding"], source)
    zero = np.zeros((source.shape[1], params["rnn"]["forward"]["weight_hh"].shape[1]), np.float32)
    _, ahead, cache_a = rc.gru_forward(params["rnn"]["forward"], xs, zero)
    _, back, cache_b = rc.gru_forward(params["rnn"]["backward"], xs[::-1], zero)
    return np.concatenate([ahead, back], axis=1), (embedding, cache_a, cache_b, len(xs))


def read_backward(cache, dstate):
    """The gradient of the encoder's parameters."""
    if not isinstance(cache, tuple) or hasattr(cache, "_fields"):
        return rc.encoder_backward(cache, np.zeros_like(cache.keys), dstate)
    embedding, cache_a, cache_b, S = cache
    dahead, dback = np.split(dstate, 2, axis=1)
    none = np.zeros((S, *dahead.shape), np.float32)
    da, dxs_a, _ = rc.gru_backward(cache_a, none, dahead)
    db, dxs_b, _ = rc.gru_backward(cache_b, none, dback)
    return {"embedding": rc.embedding_backward(embedding, dxs_a + dxs_b[::-1]), "rnn": {"forward": da, "backward": db}}


def write(params, state, targets, start, mask=None):
    """The loss with teacher forcing, and the gradients of the decoder's parameters and of the state."""
    no_keys = np.zeros((1, *state.shape), np.float32)
    logits, _, cache = rc.decoder_forward(params, rc.teacher_forced_inputs(targets, start), state, no_keys)
    loss, loss_cache = rc.softmax_cross_entropy_forward(logits, targets, mask=mask)
    dparams, dstate, _ = rc.decoder_backward(cache, rc.softmax_cross_entropy_backward(loss_cache))
    return loss, logits, dparams, dstate


def train(params, rng, draw, start, updates):
    """Train on batches draw(rng) -> source, lengths or None, targets, mask or None."""
    adam = rc.init_adam(params)
    for k in range(updates):
        source, lengths, targets, mask = draw(rng)
        state, cache = read(params["encoder"], source, lengths)
        _, _, ddecoder, dstate = write(params["decoder"], state, targets, start, mask)
        grads = {"encoder": read_backward(cache, dstate), "decoder": ddecoder}
        grads, _ = rc.clip_by_norm(grads, 1.0)
        params, adam = rc.adam_step(params, grads, adam, lr=RATE * (1 - k / updates))
    return params


def run(decoder, state, start, end, longest):
    """What the decoder writes from a state, filled up with the end token to `longest` tokens."""
    step = rc.decoder_step(decoder, np.zeros((1, *state.shape), state.dtype))
    first, best = np.full(len(state), start), lambda logits: logits.argmax(axis=-1)
    written = rc.generate(step, state, first, choose=best, max_length=longest, end=end)
    return np.concatenate([written, np.full((longest - len(written), len(state)), end)])


# digit strings


def string_batch(order):
    def draw(rng):
        digits = rng.integers(0, 10, (rng.integers(1, LONGEST + 1), B))
        return ordered(digits, order), None, with_end(digits), None

    return draw


def ordered(digits, order):
    return digits[::-1] if order == "reversed" else digits


def with_end(digits):
    return np.concatenate([digits, np.full_like(digits[:1], END)])


def fresh_strings(n, count=TESTED):
    return np.random.default_rng([9, n]).integers(0, 10, (n, count))


def scores(params, order, n, change=lambda state: state):
    """Shares of n-digit strings written without a mistake, of right lengths, and of digits that are right by place (n,)."""
    digits = fresh_strings(n)
    state, _ = read(params["encoder"], ordered(digits, order))
    written = run(params["decoder"], change(state), START, END, n + 5)
    right = written[:n] == digits
    stops = (written[n] == END) & (written[:n] != END).all(axis=0)
    return float((right.all(axis=0) & stops).mean()), float(stops.mean()), right.mean(axis=1)


def sought(params, order, n):
    """Of how many strings is there a state from which the decoder writes them: sought by Adam, from the encoder's state on."""
    digits = fresh_strings(n, SEARCH["strings"])
    state, _ = read(params["encoder"], ordered(digits, order))
    found = (run(params["decoder"], state, START, END, n + 5)[: n + 1] == with_end(digits)).all(axis=0)
    first = found.mean()
    inner = {"a": np.arctanh(np.clip(state, -0.999, 0.999))}  # a GRU's state lies between -1 and 1, and so does tanh of this
    adam = rc.init_adam(inner)
    for _ in range(SEARCH["steps"]):
        state = np.tanh(inner["a"])
        _, logits, _, dstate = write(params["decoder"], state, with_end(digits), START)
        found |= (logits.argmax(axis=-1) == with_end(digits)).all(axis=0)  # all right when fed the truth: right on its own, too
        inner, adam = rc.adam_step(inner, {"a": dstate * (1 - state**2) * len(digits[0])}, adam, lr=SEARCH["rate"])
    return float(first), float(found.mean())


def rounded(bits):
    """Round each number of a state to the middle of one of 2^bits equal parts of -1..1."""
    parts = 2**bits
    return lambda state: (np.clip(np.floor((state + 1) / 2 * parts), 0, parts - 1) + 0.5) * np.float32(2 / parts) - 1


def strings():
    results, bits = [], []
    for order, directions, H, updates in RUNS:
        result = {
            "order": order,
            "directions": directions,
            "H": H,
            "updates": updates,
            "exact": [],
            "lengths": [],
            "places": [],
            "sought": [],
        }
        for seed in SEEDS:
            rng = np.random.default_rng([seed, H, updates])
            params = train(init(rng, 10, 12, H, directions), rng, string_batch(order), START, updates)
            each = [scores(params, order, n) for n in LENGTHS]
            result["exact"].append([round(exact, ROUND) for exact, _, _ in each])
            result["lengths"].append([round(stops, ROUND) for _, stops, _ in each])
            result["places"].append([[round(float(p), 3) for p in each[n - 1][2]] for n in (LONGEST,)])
            if (order, directions, updates) == ("same", "one", 1500):
                result["sought"].append([sought(params, order, n) for n in SOUGHT])
            if order == "reversed":
                for b in BITS:
                    bits.append({"H": H, "seed": seed, "bits": b, "exact": scores(params, order, ROUNDED, rounded(b))[0]})
        results.append(result)
        medians = np.median(result["exact"], axis=0).round(2)
        print(order, directions, H, updates, medians, result["sought"], round(time.process_time()), flush=True)
    return results, bits


# numbers in words and in digits


def words(n):
    """A number from 1 to 99,999 in words, without "and"."""
    if n >= 1000:
        return words(n // 1000) + ["thousand"] + (words(n % 1000) if n % 1000 else [])
    if n >= 100:
        return [ONES[n // 100 - 1], "hundred"] + (words(n % 100) if n % 100 else [])
    return ([TENS[n // 10 - 2]] + (words(n % 10) if n % 10 else [])) if n >= 20 else [ONES[n - 1]]


def in_style(n, style):
    return words(n) if style == "words" else list(str(n))


def tokens(sequences, end):
    """Numbers of the signs (T, B), zero after the end, and the lengths (B,)."""
    sequences = [[*sequence, "<end>"] if end else list(sequence) for sequence in sequences]
    out = np.zeros((max(map(len, sequences)), len(sequences)), int)
    for b, sequence in enumerate(sequences):
        out[: len(sequence), b] = [SIGNS.index(sign) for sign in sequence]
    return out, np.array([len(sequence) for sequence in sequences])


def some_numbers(rng, count):
    """Numbers with 1 to 5 digits, each length equally often; each number once, in order."""
    digits = rng.integers(1, 6, count)
    return np.unique(rng.integers(10 ** (digits - 1), 10**digits))


KNOWN = some_numbers(np.random.default_rng(50), 4000)
NEW = np.setdiff1d(some_numbers(np.random.default_rng(51), 1500), KNOWN)
FOR_CODES = NEW[NEW >= 100][:300]
AE_SIZES, AE_UPDATES = (8, 64), 1000


def pairs(styles, autoencoder):
    """A draw function on the known numbers, each in one of the styles."""
    sources = [in_style(n, style) for style in styles for n in KNOWN]
    targets = sources if autoencoder else [list(str(n)) for _ in styles for n in KNOWN]
    (source, lengths), (target, _) = tokens(sources, False), tokens(targets, True)

    def draw(rng):
        rows = rng.integers(0, source.shape[1], B)
        return source[:, rows], lengths[rows], target[:, rows], target[:, rows] > 0

    return draw


def exact(params, sources, targets):
    (source, lengths), (target, _) = tokens(sources, False), tokens(targets, True)
    written = run(params["decoder"], read(params["encoder"], source, lengths)[0], 1, 2, len(target) + 3)
    return round(float((written[: len(target)] == np.where(target == 0, 2, target)).all(axis=0).mean()), ROUND)


def neighbours(params):
    """For each code of a number in digits, is the nearest other code that of the same number in words? That of a number in digits?"""
    sources = [in_style(n, style) for style in ("digits", "words") for n in FOR_CODES]
    codes, _ = read(params["encoder"], *tokens(sources, False))
    codes, N = codes.astype(np.float64), len(FOR_CODES)
    distance = ((codes[:, None] - codes[None]) ** 2).sum(axis=-1)
    np.fill_diagonal(distance, np.inf)
    nearest = distance[:N].argmin(axis=1)
    return round(float((nearest == np.arange(N) + N).mean()), ROUND), round(float((nearest < N).mean()), ROUND)


def shuffled(rng):
    """New numbers of at least three words, in words, in an order that is not theirs."""
    out = []
    for sequence in [words(n) for n in NEW]:
        order = rng.permutation(len(sequence))
        mixed = [sequence[i] for i in order]
        if len(sequence) > 2 and mixed != sequence:
            out.append(mixed)
    return out


def aligned(rng):
    """No bottleneck: at each step the token that stands there. Shares of new numbers and of shuffled ones that come out right."""
    cell, out, V = rc.init_gru(rng, len(SIGNS), 64, dtype=np.float32), rc.init_linear(rng, 64, len(SIGNS), dtype=np.float32), len(SIGNS)
    params = {"cell": cell, "out": out}
    adam, draw = rc.init_adam(params), pairs(["words"], True)

    def forward(params, source):
        zero = np.zeros((source.shape[1], 64), np.float32)
        hs, _, cell_cache = rc.gru_forward(params["cell"], np.eye(V, dtype=np.float32)[source], zero)
        return *rc.linear_forward(params["out"], hs), cell_cache

    for k in range(AE_UPDATES):
        source, _, _, _ = draw(rng)
        logits, out_cache, cell_cache = forward(params, source)
        _, loss_cache = rc.softmax_cross_entropy_forward(logits, source, mask=source > 0)
        dout, dhs = rc.linear_backward(out_cache, rc.softmax_cross_entropy_backward(loss_cache))
        grads, _ = rc.clip_by_norm({"cell": rc.gru_backward(cell_cache, dhs)[0], "out": dout}, 1.0)
        params, adam = rc.adam_step(params, grads, adam, lr=RATE * (1 - k / AE_UPDATES))

    def right(sources):
        source, _ = tokens(sources, False)
        return round(float(((forward(params, source)[0].argmax(axis=-1) == source) | (source == 0)).all(axis=0).mean()), ROUND)

    return right([s for n in NEW if len(s := words(n)) > 2]), right(shuffled(np.random.default_rng(60)))


def codes():
    new, mixed = [s for n in NEW if len(s := words(n)) > 2], shuffled(np.random.default_rng(60))
    both = [in_style(n, style) for style in ("digits", "words") for n in NEW]
    result = {"new": len(new), "shuffled": len(mixed), "neighbours": {}, "reproduced": {}}
    for name in ("translator", "autoencoder"):
        runs = []
        for seed in SEEDS:
            rng = np.random.default_rng([seed, 70])
            fresh, draw = init(rng, len(SIGNS), len(SIGNS), 64, "one"), pairs(["digits", "words"], name == "autoencoder")
            params = train(fresh, rng, draw, 1, 3 * AE_UPDATES // 2)
            targets = both if name == "autoencoder" else [list(str(n)) for _ in range(2) for n in NEW]
            same, style = neighbours(params)
            runs.append({"exact": exact(params, both, targets), "same number": same, "same style": style})
        result["neighbours"][name] = runs
        print(name, runs, round(time.process_time()), flush=True)
    for H in AE_SIZES:
        runs = []
        for seed in SEEDS:
            rng = np.random.default_rng([seed, H, 71])
            params = train(init(rng, len(SIGNS), len(SIGNS), H, "one"), rng, pairs(["words"], True), 1, AE_UPDATES)
            runs.append([exact(params, new, new), exact(params, mixed, mixed)])
        result["reproduced"][str(H)] = runs
        print("autoencoder", H, runs, round(time.process_time()), flush=True)
    result["reproduced"]["no bottleneck"] = [list(aligned(np.random.default_rng([seed, 72]))) for seed in SEEDS]
    print("no bottleneck", result["reproduced"]["no bottleneck"], flush=True)
    return result


def main():
    began = time.process_time()
    of_codes = codes()
    of_strings, of_bits = strings()
    result = {
        "script": "benchmarks/experiments/encoder_decoder.py",
        "settings": {
            "B": B,
            "D": D,
            "seeds": list(SEEDS),
            "rate": RATE,
            "longest in training": LONGEST,
            "lengths": list(LENGTHS),
            "test strings": TESTED,
            "sought": list(SOUGHT),
            "digits of the rounded": ROUNDED,
            "search": SEARCH,
            "autoencoder updates": AE_UPDATES,
        },
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__},
        "machine": platform.machine(),
        "CPU seconds": round(time.process_time() - began),
        "strings": of_strings,
        "bits": of_bits,
        "codes": of_codes,
    }
    text = json.dumps(result, separators=(",", ":")).replace('{"order"', '\n{"order"')
    Path(__file__).with_suffix(".json").write_text(text + "\n", "utf8")


if __name__ == "__main__":
    main()
