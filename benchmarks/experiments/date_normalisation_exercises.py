"""Dates: what the exercises of the chapter ask for, over seeds.

    python benchmarks/experiments/date_normalisation_exercises.py       writes date_normalisation_exercises.json beside this file

Data, model and training are those of `date_normalisation.py`, with fewer updates in all but the first.

    orders    exercise 2: without attention, the date read and the answer written forwards or backwards
    no mask   exercise 3: scaled dot, trained without the mask on padded batches
    iso       exercise 4: one training date in twenty is already in the form of the answer; years never seen in it
    months    exercise 5: no month of a year is in both parts, instead of no day
"""

import datetime
import json
import platform
import time
from pathlib import Path

import babel
import date_normalisation as dn
import numpy as np

import rnncore as rc

UPDATES = {"orders": 800, "no mask": 600, "iso": (200, 400, 800), "months": 400}
PADDINGS, ISO = (0, 40, 100), 20


def train(variant, seed, pool, updates, *, masked=True):
    """As `dn.train`, for any pool, with or without the mask."""
    texts, targets = pool
    params, rng = dn.init(variant, seed), np.random.default_rng([seed, 1])
    adam = rc.init_adam(params)
    for update in range(updates):
        i = rng.integers(0, len(texts), dn.BATCH)
        source, lengths = dn.pad([texts[k] for k in i])
        mask = None if masked else np.ones(source.shape, bool)
        fed = rc.teacher_forced_inputs(targets[:, i], dn.START)
        logits, (encoder, decoder) = dn.forward(variant, params, source, lengths, fed, mask=mask)
        _, loss = rc.softmax_cross_entropy_forward(logits, targets[:, i])
        ddecoder, dstate, dkeys = rc.decoder_backward(decoder, rc.softmax_cross_entropy_backward(loss))
        grads = {"encoder": dn.encode_backward(variant, encoder, dkeys, dstate), "decoder": ddecoder}
        grads, _ = rc.clip_by_norm(grads, dn.MAX_NORM)
        params, adam = rc.adam_step(params, grads, adam, lr=dn.RATE * min(1, 2 * (1 - update / updates)))
    return params


def fields(right):
    """Share of right years, months, days and dates; right (10, B) in the order year, month, day."""
    parts = {name: float(right[a:b].all(axis=0).mean()) for name, (a, b) in dn.FIELDS.items()}
    return parts | {"dates": float(right.all(axis=0).mean())}


def share(variant, params, texts, targets):
    return fields(dn.write(variant, params, *dn.pad(texts))[0] == targets)


def orders(seed, pool, test):
    found = {}
    for read in ("forwards", "backwards"):
        for written in ("forwards", "backwards"):
            turn = {"forwards": slice(None), "backwards": slice(None, None, -1)}
            texts, ask = ([text[turn[read]] for text in texts] for texts in (pool[0], test[0]))
            params = train("none", seed, (texts, pool[1][turn[written]]), UPDATES["orders"])
            out = dn.write("none", params, *dn.pad(ask))[0][turn[written]]
            found[f"read {read}, written {written}"] = fields(out == test[1])
    return found


def no_mask(seed, pool, test):
    params, found = train("scaled dot", seed, pool, UPDATES["no mask"], masked=False), {}
    source, lengths = dn.pad(test[0])
    for extra in PADDINGS:
        longer = np.concatenate([source, np.zeros((extra, len(lengths)), np.int64)])
        right = (dn.write("scaled dot", params, longer, lengths, masked=masked)[0] == test[1] for masked in (False, True))
        found[str(extra)] = dict(zip(("without", "with"), (float(r.all(axis=0).mean()) for r in right), strict=True))
    return found


def iso(seed, pool, days, test):
    rng, count = np.random.default_rng(seed), len(pool[0]) // (ISO - 1)
    texts = pool[0] + ["".join(dn.CHARACTERS[k] for k in column) for column in pool[1][:, :count].T]
    mixed, found = (texts, np.concatenate([pool[1], pool[1][:, :count]], axis=1)), {}
    asked = {
        "usual years": days,
        "2050 to 2099": dn.draw_days(rng, 300, True, (2050, 2099)),
        "1700 to 1799": dn.draw_days(rng, 300, True, (1700, 1799)),
    }
    for updates in UPDATES["iso"]:
        params = train("additive", seed, mixed, updates)
        found[str(updates)] = {name: share("additive", params, [d.isoformat() for d in ds], dn.answers(ds)) for name, ds in asked.items()}
        found[str(updates)]["as people write"] = share("additive", params, *test)
    return found


def months(seed):
    """The same number of training and test dates, split by days and by months."""
    rng, found = np.random.default_rng(10), {}
    first, last = datetime.date(1950, 1, 1).toordinal(), datetime.date(2049, 12, 31).toordinal()
    drawn = [datetime.date.fromordinal(int(day)) for day in rng.integers(first, last + 1, 12_000)]
    for split, out in {"days": lambda d: d.toordinal() % 5 == 0, "months": lambda d: (12 * d.year + d.month) % 5 == 0}.items():
        learned = [day for day in drawn if not out(day)][:9000]
        asked = [day for day in drawn if out(day)][: dn.TESTED]
        texts, other = dn.write_all(rng, learned)[0], dn.write_all(rng, asked)[0]
        params = train("additive", seed, (texts, dn.answers(learned)), UPDATES["months"])
        months_of = [{(day.year, day.month) for day in days} for days in (learned, asked)]
        found[split] = share("additive", params, other, dn.answers(asked)) | {"months in both": len(months_of[0] & months_of[1])}
    return found


def main():
    began, rng = time.process_time(), np.random.default_rng(0)
    train_days, days = dn.draw_days(rng, dn.POOL, False), dn.draw_days(rng, dn.TESTED, True)
    pool, test = (dn.write_all(rng, train_days)[0], dn.answers(train_days)), (dn.write_all(rng, days)[0], dn.answers(days))
    runs = []
    for seed in dn.SEEDS:
        run = {
            "orders": orders(seed, pool, test),
            "no mask": no_mask(seed, pool, test),
            "iso": iso(seed, pool, days, test),
            "months": months(seed),
        }
        runs.append(run)
        print(seed, dn.rounded(run), round(time.process_time() - began), "s", flush=True)
    result = {
        "script": "benchmarks/experiments/date_normalisation_exercises.py",
        "settings": {"seeds": list(dn.SEEDS), "updates": UPDATES, "one in": ISO, "training dates": dn.POOL, "test dates": dn.TESTED},
        **dn.transposed(runs),
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__, "Babel": babel.__version__},
        "machine": platform.machine(),
        "CPU seconds": round(time.process_time() - began),
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(dn.rounded(result), indent=1) + "\n", "utf8")


if __name__ == "__main__":
    main()
