"""Dates with and without attention: how fast they are learned, over which lengths, and what the maps of the weights say, over seeds.

    python benchmarks/experiments/date_normalisation.py       writes date_normalisation.json beside this file

The chapter "Attention at work: dates" reads the result. A GRU reads a date as people write it in nine languages, another writes it as
2021-03-05. Four days of five are for training, the fifth is for the test. Every measurement lets the model write freely.

    plain       dates alone. Held-out days; a way of writing, years and languages never seen; months confused; attention maps
    sentences   dates with up to four words around them, tested with up to 24
    copy        strings of up to ten digits to be copied, tested with up to 30
"""

import datetime
import json
import os
import platform
import time
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
import babel
import numpy as np
from babel.dates import format_date, format_skeleton, get_month_names

import rnncore as rc
from rnncore.tasks.dates import CHARACTERS, FORMATS, LOCALES, input_characters, write_date

SEEDS, BATCH, RATE, MAX_NORM, POOL, TESTED = (0, 1, 2), 32, 5e-3, 1.0, 20_000, 600
EMBEDDING, START = 16, len(CHARACTERS)
UPDATES = {"plain": 800, "sentences": 800, "copy": 800, "long": 4000}  # "long": dates alone
CURVE, EARLY, PROBED = 100, 200, 200  # a point of the curve; the update after which months are confused; dates for a point
KNOWN = input_characters()
PLACE = {character: k + 1 for k, character in enumerate(KNOWN)}
# Name: score, hidden units of the decoder, whether the encoder reads both ways with half of them each. About equal parameters.
VARIANTS = {
    "none": (None, 40, False),
    "additive": ("additive", 32, False),
    "scaled dot": ("scaled_dot", 35, False),
    "additive, both ways": ("additive", 34, True),
}
WITH_ATTENTION = [name for name in VARIANTS if name != "none"]
WORDS = ["the", "letter", "was", "sent", "from", "our", "office", "and", "we", "wait", "for", "an", "answer", "please", "note", "this"]
TRAIN_WORDS, TEST_WORDS = 4, (0, 2, 4, 6, 8, 12, 16, 24)
UNSEEN = {"nb": "Norwegian", "da": "Danish", "ca": "Catalan", "ro": "Romanian", "fi": "Finnish", "hr": "Croatian"}
FIELDS = {"year": (0, 4), "month": (5, 7), "day": (8, 10)}  # places of the answer
PADDINGS, ERASED, ERASED_DATES, MAPPED = (0, 4, 20, 60), 3, 100, 200
COPY_LENGTHS, COPY_TRAINED = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30), 10


# Data


def held_out(ordinal):
    """Every fifth day is for the test."""
    return ordinal % 5 == 0


def draw_days(rng, count, test, years=(1950, 2049)):
    first, last = datetime.date(years[0], 1, 1).toordinal(), datetime.date(years[1], 12, 31).toordinal()
    days = rng.integers(first, last + 1, 8 * count)
    return [datetime.date.fromordinal(int(day)) for day in days if held_out(day) == test][:count]


def write_all(rng, days, locales=LOCALES, formats=FORMATS):
    """Texts, and the locale and format of each."""
    made = [(locales[rng.integers(len(locales))], formats[rng.integers(len(formats))]) for _ in days]
    return [write_date(day, *how) for day, how in zip(days, made, strict=True)], made


def pad(texts):
    """Tokens (S, B) and lengths (B,)."""
    lengths = np.array([len(text) for text in texts])
    tokens = np.zeros((lengths.max(), len(texts)), np.int64)
    for b, text in enumerate(texts):
        tokens[: len(text), b] = [PLACE[character] for character in text]
    return tokens, lengths


def answers(days):
    """Targets (10, B)."""
    return np.array([[CHARACTERS.index(character) for character in day.isoformat()] for day in days]).T.copy()


def around(rng, text, words):
    """The date with so many words in front of it and behind it."""
    front = rng.integers(words + 1)
    chosen = [WORDS[k] for k in rng.integers(len(WORDS), size=words)]
    return " ".join([*chosen[:front], text, *chosen[front:]])


# Model


def init(variant, seed):
    score, H, both = VARIANTS[variant]
    rng, f32 = np.random.default_rng(seed), {"dtype": np.float32}
    params = rc.init_encoder_decoder(rng, len(KNOWN) + 1, START + 1, EMBEDDING, H, score=score, **f32)
    if both:
        params["encoder"]["rnn"] = rc.init_bidirectional(rng, EMBEDDING, H // 2, cell="gru", **f32)
    return params


def encode(variant, params, source, lengths):
    """Keys (S, B, H), state (B, H), and what the backward pass needs."""
    if not VARIANTS[variant][2]:
        return rc.encoder_forward(params, source, lengths=lengths)
    xs, embedding = rc.embedding_forward(params["embedding"], source)
    zero = np.zeros((len(lengths), VARIANTS[variant][1] // 2), xs.dtype)
    keys, state, cache = rc.bidirectional_forward(params["rnn"], xs, rc.BidirectionalState(zero, zero), lengths=lengths, cell="gru")
    return keys, np.concatenate([state.forward, state.reverse], axis=-1), (embedding, cache)


def encode_backward(variant, cache, dkeys, dstate):
    if not VARIANTS[variant][2]:
        return rc.encoder_backward(cache, dkeys, dstate)
    h = VARIANTS[variant][1] // 2
    drnn, dxs, _ = rc.bidirectional_backward(cache[1], dkeys, rc.BidirectionalState(dstate[:, :h], dstate[:, h:]))
    return {"embedding": rc.embedding_backward(cache[0], dxs), "rnn": drnn}


def forward(variant, params, source, lengths, fed, *, mask=None):
    """Logits (10, B, V) and caches; the mask hides the padding, if it is not given."""
    keys, state, encoder = encode(variant, params["encoder"], source, lengths)
    mask = rc.length_mask(lengths, len(source)) if mask is None else mask
    logits, _, decoder = rc.decoder_forward(params["decoder"], fed, state, keys, mask=mask, score=VARIANTS[variant][0])
    return logits, (encoder, decoder)


def write(variant, params, source, lengths, *, masked=True, steps=10):
    """Answers (steps, B), each character chosen by the model and fed back; the maps (steps, B, S), None without attention."""
    score = VARIANTS[variant][0]
    keys, state, _ = encode(variant, params["encoder"], source, lengths)
    mask = rc.length_mask(lengths, len(source)) if masked else None
    fed, written, maps = np.full((1, len(lengths)), START), [], []
    for _ in range(steps):
        logits, state, cache = rc.decoder_forward(params["decoder"], fed, state, keys, mask=mask, score=score)
        fed = logits[:, :, :START].argmax(axis=-1)
        written.append(fed[0])
        maps.append(None if score is None else cache.attention.weights[0])
    return np.stack(written), None if score is None else np.stack(maps)


def batch_of(kind, rng, pool):
    """Source (S, B), lengths (B,), targets (T, B) and which of them count (T, B)."""
    if kind == "copy":
        return digits(rng, rng.integers(1, COPY_TRAINED + 1, BATCH))
    texts, targets = pool
    i = rng.integers(0, len(texts), BATCH)
    chosen = [texts[k] for k in i]
    if kind == "sentences":
        chosen = [around(rng, text, rng.integers(TRAIN_WORDS + 1)) for text in chosen]
    return *pad(chosen), targets[:, i], np.ones((10, BATCH), bool)


def train(variant, seed, kind, pool, probe=None):
    """The parameters at the end and after EARLY updates, and the share of the probe's dates that are right after every CURVE updates."""
    params, rng = init(variant, seed), np.random.default_rng([seed, 1])
    adam, curve, early, updates = rc.init_adam(params), [], None, UPDATES[kind]
    for update in range(updates):
        source, lengths, targets, counts = batch_of(kind, rng, pool)
        logits, (encoder, decoder) = forward(variant, params, source, lengths, rc.teacher_forced_inputs(targets, START))
        _, loss = rc.softmax_cross_entropy_forward(logits, targets, mask=counts)
        ddecoder, dstate, dkeys = rc.decoder_backward(decoder, rc.softmax_cross_entropy_backward(loss))
        grads = {"encoder": encode_backward(variant, encoder, dkeys, dstate), "decoder": ddecoder}
        grads, _ = rc.clip_by_norm(grads, MAX_NORM)
        rate = RATE * min(1, 2 * (1 - update / updates))  # constant for the first half, then down to zero in a straight line
        params, adam = rc.adam_step(params, grads, adam, lr=rate)
        if probe and (update + 1) % CURVE == 0:
            curve.append(share(variant, params, *probe)["dates"])
        early = params if update + 1 == EARLY else early
    return params, early, curve


def digits(rng, lengths):
    """Strings of digits, and themselves as the answer."""
    texts = ["".join(str(k) for k in rng.integers(0, 10, n)) for n in lengths]
    source, lengths = pad(texts)
    counts = rc.length_mask(lengths, len(source))
    zero, one = CHARACTERS.index("0"), PLACE["0"]
    return source, lengths, np.where(counts, source - one + zero, zero), counts


# Measurements


def share(variant, params, texts, targets):
    """Share of right dates, of right characters, and of right fields."""
    right = write(variant, params, *pad(texts))[0] == targets
    fields = {name: round(float(right[a:b].all(axis=0).mean()), 4) for name, (a, b) in FIELDS.items()}
    return {"dates": round(float(right.all(axis=0).mean()), 4), "characters": round(float(right.mean()), 4)} | fields


def places(day, text, locale):
    """The characters of the year, the month and the day in the text, as (first, end)."""
    year = text.rindex(str(day.year))
    if text[0].isdigit() and text[3:5].isdigit():  # 05.03.2021
        return {"year": (year, year + 4), "month": (3, 5), "day": (0, 2)}
    names = [get_month_names(width, locale=locale)[day.month] for width in ("wide", "abbreviated")]
    name = next(name for name in names if name in text)
    month, number = text.rindex(name), str(day.day)
    outside = text[:month] + "#" * len(name) + text[month + len(name) : year] + "####"
    first = outside.index(number)
    return {"year": (year, year + 4), "month": (month, month + len(name)), "day": (first, first + len(number))}


def fields_of(days, texts, how):
    """Per field (B, S) of bool, where its characters stand."""
    inside = {name: np.zeros((len(days), max(map(len, texts))), bool) for name in FIELDS}
    for b, (day, text, (locale, _)) in enumerate(zip(days, texts, how, strict=True)):
        for name, (first, end) in places(day, text, locale).items():
            inside[name][b, first:end] = True
    return inside


def read_maps(variant, params, texts, inside):
    """Share of the weight on the characters of the field while it is written; the same with one more character behind it; and the
    share of steps whose most attended character lies in the field."""
    maps = write(variant, params, *pad(texts))[1]  # (10, B, S)
    found = {}
    for name, (a, b) in FIELDS.items():
        field = inside[name]
        wider = field | np.pad(field, ((0, 0), (1, 0)))[:, :-1]
        most = np.take_along_axis(field, maps[a:b].argmax(axis=-1).T, axis=1)
        found[name] = {
            "field": float((maps[a:b] * field).sum(axis=-1).mean()),
            "field and one more": float((maps[a:b] * wider).sum(axis=-1).mean()),
            "most": float(most.mean()),
        }
    return maps, found


def erase(variant, params, texts, inside, rng):
    """Change ERASED characters of each date, chosen anew for each step, and look at the character that is written at this step.

    erased: a space stands instead of it, so that the encoder does not read it. hidden: the encoder reads it, attention cannot look.
    Returns the mean fall of the probability of the character, and the share of steps at which another character is written.
    """
    source, lengths = pad(texts)
    S, B = source.shape
    written, maps = write(variant, params, source, lengths)
    copies = np.tile(source, 10)  # (S, 10 B): one for each step of each date
    n, real = np.tile(lengths, 10), rc.length_mask(lengths, S).T
    fed = np.tile(rc.teacher_forced_inputs(written, START), 10)
    step, token = np.repeat(np.arange(10), B), written.reshape(-1)

    def probability(tokens, mask):
        logits = forward(variant, params, tokens, n, fed, mask=mask)[0][step, np.arange(10 * B)]
        return rc.softmax(logits)[np.arange(10 * B), token], logits[:, :START].argmax(axis=-1) != token

    owner = np.array([next((f for f, (a, b) in FIELDS.items() if a <= t < b), "none") for t in range(10)])
    human = np.stack([inside[f][:, :S] if f != "none" else np.zeros((B, S), bool) for f in owner])  # (10, B, S)
    luck = rng.random((10, B, S))
    digits_only = np.isin(step, [t for t in range(10) if owner[t] != "none"])
    orders = {"most attended": -maps, "least attended": maps, "random": luck, "of the field": luck - 2.0 * human}
    before, _ = probability(copies, rc.length_mask(n, S))
    found = {}
    for name, order in orders.items():
        ranked = np.argsort(np.where(real, order, np.inf), axis=-1)[..., :ERASED].reshape(10 * B, ERASED)
        gone = np.zeros((S, 10 * B), bool)
        gone[ranked.T, np.arange(10 * B)] = True
        for kind in ("erased", "hidden"):
            tokens = np.where(gone, PLACE[" "], copies) if kind == "erased" else copies
            seen = rc.length_mask(n, S) & (~gone if kind == "hidden" else True)
            after, other = probability(tokens, seen)
            fall = (before - after)[digits_only]
            found[f"{name}, {kind}"] = {"fall": float(fall.mean()), "changed": float(other[digits_only].mean())}
    return found


def unmasked(variant, params, texts, targets):
    """Accuracy with and without the mask, and the weight on the padding without it, for some more padding."""
    source, lengths = pad(texts)
    found = {}
    for extra in PADDINGS:
        longer = np.concatenate([source, np.zeros((extra, len(texts)), np.int64)])
        padding = ~rc.length_mask(lengths, len(longer)).T
        right = [(write(variant, params, longer, lengths, masked=m)[0] == targets).all(axis=0).mean() for m in (True, False)]
        maps = write(variant, params, longer, lengths, masked=False)[1]
        found[extra] = {"masked": right[0], "unmasked": right[1], "weight": (maps * padding).sum(axis=-1).mean()}
    return found


def months(variant, params, days, texts):
    """Months written, (12, 13) counts: a row for each true month; the last column is no month."""
    written, _ = write(variant, params, *pad(texts))
    counts = np.zeros((12, 13), np.int64)
    for day, column in zip(days, written.T, strict=True):
        text = "".join(CHARACTERS[k] for k in column[5:7])
        counts[day.month - 1, int(text) - 1 if text.isdigit() and 1 <= int(text) <= 12 else 12] += 1
    return counts


def unseen_tests(rng):
    """Texts and days: nine languages in a format never seen, years never seen, and languages never seen."""
    days = draw_days(rng, TESTED, True)
    made = [(format_skeleton("yMMMEd", day, locale=LOCALES[rng.integers(len(LOCALES))]), day) for day in days]
    tests = {"format": made}
    for first, last in ((2050, 2099), (1900, 1949), (1700, 1799)):
        days = draw_days(rng, TESTED // 2, True, (first, last))
        tests[f"{first} to {last}"] = list(zip(write_all(rng, days)[0], days, strict=True))
    for locale, language in UNSEEN.items():
        days = draw_days(rng, TESTED // 2, True)
        tests[language] = [(format_date(day, "long", locale).replace("\u00a0", " "), day) for day in days]
    readable = {name: [(t, d) for t, d in pairs if not set(t) - set(KNOWN)] for name, pairs in tests.items()}
    return {name: ([t for t, _ in pairs], [d for _, d in pairs]) for name, pairs in readable.items()}


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(v) for key, v in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [rounded(v) for v in value]
    return round(float(value), 4) if isinstance(value, float | np.floating) else value


def transposed(runs):
    """A list of equal dictionaries to one dictionary of lists."""
    if isinstance(runs[0], dict):
        return {key: transposed([run[key] for run in runs]) for key in runs[0]}
    return rounded(runs)


def size(tree):
    return sum(size(v) for v in tree.values()) if isinstance(tree, dict) else tree.size


def main():
    began, rng = time.process_time(), np.random.default_rng(0)
    train_days, days = draw_days(rng, POOL, False), draw_days(rng, TESTED, True)
    pool = write_all(rng, train_days)[0], answers(train_days)
    texts, how = write_all(rng, days)
    targets, unseen = answers(days), unseen_tests(rng)
    probe = texts[:PROBED], targets[:, :PROBED]
    named = [b for b in range(TESTED) if any(c.isalpha() for c in texts[b])]
    inside = fields_of(days[:MAPPED], texts[:MAPPED], how[:MAPPED])
    real = np.array([len(text) for text in texts[:MAPPED]])
    sentences = {n: [around(rng, text, n) for text in texts[:PROBED]] for n in TEST_WORDS}
    copies = {n: digits(rng, np.full(PROBED, n)) for n in COPY_LENGTHS}
    result = {
        "script": "benchmarks/experiments/date_normalisation.py",
        "settings": {
            "seeds": list(SEEDS), "batch": BATCH, "rate": RATE, "clipped at": MAX_NORM, "embedding": EMBEDDING, "updates": UPDATES,
            "training dates": POOL, "test dates": TESTED, "curve": CURVE, "curve dates": PROBED, "early": EARLY,
            "training words": TRAIN_WORDS, "trained copy length": COPY_TRAINED, "erased": ERASED,
            "dates for erasing": ERASED_DATES, "dates for maps": MAPPED,
        },
        "parameters": {name: size(init(name, 0)) for name in VARIANTS},
        "days in both": len(set(train_days) & set(days)),
        "lengths": {"shortest": min(map(len, texts)), "mean": float(np.mean([len(t) for t in texts])), "longest": max(map(len, texts))},
        "equal weights": {f: float((inside[f].sum(axis=1) / real).mean()) for f in FIELDS},
        "unseen": {name: len(t) for name, (t, _) in unseen.items()},
    }  # fmt: skip

    def log(*words):
        print(*words, round(time.process_time() - began), "s", flush=True)

    plain, kept = {}, {}
    for variant in VARIANTS:
        runs = []
        for seed in SEEDS:
            params, early, curve = train(variant, seed, "plain", pool, probe)
            run = {"curve": curve, "test": share(variant, params, texts, targets)}
            run["unseen"] = {name: share(variant, params, t, answers(d)) for name, (t, d) in unseen.items()}
            if variant != "none":
                maps, run["maps"] = read_maps(variant, params, texts[:MAPPED], inside)
                kept[variant, seed] = maps
                run["padding"] = unmasked(variant, params, texts[:PROBED], targets[:, :PROBED])
                first = {field: m[:ERASED_DATES] for field, m in inside.items()}
                run["erased"] = erase(variant, params, texts[:ERASED_DATES], first, np.random.default_rng(seed))
                run["early"] = share(variant, early, texts, targets)
                run["early months"] = months(variant, early, [days[b] for b in named], [texts[b] for b in named])
            runs.append(run)
            log("plain", variant, seed, run["test"])
        plain[variant] = transposed(runs)
        if variant != "none":
            pairs = [(0, 1), (1, 2), (2, 0)]
            plain[variant]["distance of seeds"] = rounded([
                float(np.abs(kept[variant, a] - kept[variant, b]).sum(axis=-1).mean() / 2) for a, b in pairs
            ])  # fmt: skip
    result["plain"] = plain
    runs = []
    for seed in SEEDS:
        params, _, curve = train("none", seed, "long", pool, probe)
        runs.append({"curve": curve, "test": share("none", params, texts, targets)})
        runs[-1]["months"] = months("none", params, [days[b] for b in named], [texts[b] for b in named])
        log("long", seed, runs[-1]["test"])
    result["long"] = transposed(runs)
    result["sentences"] = {}
    for variant in WITH_ATTENTION:
        runs = []
        for seed in SEEDS:
            params, _, _ = train(variant, seed, "sentences", pool)
            runs.append({n: share(variant, params, t, targets[:, :PROBED]) for n, t in sentences.items()})
            log("sentences", variant, seed, [found["dates"] for found in runs[-1].values()])
        result["sentences"][variant] = transposed(runs)
    result["sentence lengths"] = {n: float(np.mean([len(text) for text in t])) for n, t in sentences.items()}
    result["copy"] = {}
    for variant in ("none", "additive", "scaled dot"):
        runs = []
        for seed in SEEDS:
            params, _, _ = train(variant, seed, "copy", None)
            found = {}
            for n, (source, lengths, answer, _) in copies.items():
                right = write(variant, params, source, lengths, steps=n)[0] == answer
                found[n] = {"strings": right.all(axis=0).mean(), "characters": right.mean()}
            runs.append(found)
            log("copy", variant, seed, [round(float(f["strings"]), 2) for f in found.values()])
        result["copy"][variant] = transposed(runs)
    result |= {
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__, "Babel": babel.__version__},
        "machine": platform.machine(),
        "CPU seconds": round(time.process_time() - began),
    }
    text = json.dumps(rounded(result), indent=1)
    Path(__file__).with_suffix(".json").write_text(text + "\n", "utf8")


if __name__ == "__main__":
    main()
