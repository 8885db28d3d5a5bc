# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 13: Capstone
#
# So far every lab said what to build. Here you have a question, data, and the cells of the whole course, and you decide.
# Choose one of two projects:
#
# - **A. Forecast a real series.** How long people live, every five years, in 142 countries. What comes next?
# - **B. Read dates of a language that was not in training.** A network learns dates in seven languages and is asked in one
#   that it has never seen.
#
# **After this lab you can**
#
# - split data so that the test asks for what you want to know, without a leak from the test into training;
# - set up baselines that cost nothing, and measure a network against them in the same units;
# - choose a network on validation data, with several seeds, and look at the test data once;
# - say where the network fails, and what your numbers do not show.
#
# **You need** [Training in practice](book:training_practice), and the rules of [The benchmark
# tasks](book:benchmark_tasks#benchmark-tasks-criterion). For project A: [steps are not independent
# examples](book:why_memory#why-memory-iid). For project B: [Attention at work: dates](book:date_normalisation). **Time:**
# two to three hours: one for parts 1 to 5, the rest for your project.
#
# **How it works.** Parts 1 to 5 are five short functions with checks, 8 points. Replace `raise NotImplementedError()` with
# your code and run the cell; the cell below it checks what you wrote, on a worked example and on fresh random inputs.
# Under each task are three hints. You can do the steps in any order: where one is not right yet, the cells that say
# `or_reference` put the reference in its place.
#
# Parts 6 to 11 are your project, with 12 points that **a person** gives: results 4, error analysis 3, choice and training
# 3, report 2. Above each of these four answers stands what they are given for. Code that runs is there for both
# projects. Change whatever you like in it.
#
# **To hand in** on a course server, save this notebook, open *Nbgrader > Assignment List* and press *Submit*. When it is
# graded, the notebook runs again *without training*, so the networks' numbers and figures are not there any more. Write
# the numbers that you want to be read into your answers. If you study alone, read your answers a day later, with the
# lists of what points are given for beside you.

# %% nbgrader={"grade_id": "setup", "locked": true}
import datetime
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnncore.checks.labs import grading, lab13
from rnncore.plots import bars, lines
from rnncore.reference import (
    adam_step,
    clip_by_norm,
    encoder_decoder_backward,
    encoder_decoder_forward,
    find_cell,
    free_run,
    init_adam,
    init_encoder_decoder,
    init_linear,
    linear_backward,
    linear_forward,
    softmax_cross_entropy_backward,
    softmax_cross_entropy_forward,
    teacher_forced_inputs,
)
from rnncore.tasks.dates import CHARACTERS
from rnncore.tasks.series import country_statistics

for name in ("windows", "split_in_time", "seasonal_naive", "scaled_error", "nearest"):
    globals().setdefault(name)  # None until you write it

# %% [markdown]
# ## 1. Windows (1 point)
#
# A network learns a series from pieces: a **window** of T steps, `xs`, and the steps that follow it, `targets`. How many
# follow is the **horizon**. A new window starts at every step, so window $b$ and its targets are
#
# $$\text{xs}_b = (v_b, \dots, v_{b+T-1}), \qquad \text{targets}_b = (v_{b+T}, \dots, v_{b+T+\text{horizon}-1}).$$
#
# A series of N steps has $N - T - \text{horizon} + 1$ of them. Nothing of a target may stand in its own window: then the
# answer would be in the question. Book: [steps are not independent examples](book:why_memory#why-memory-iid).
#
# As everywhere in this course, time is the first axis and the batch the second. `D` is the number of series side by side.

# %%
# Worked example: two series of 5 steps, T = 2, horizon 1. There are 3 windows.
first_series, second_series = [1.0, 2.0, 4.0, 7.0, 11.0], [10.0, 30.0, 20.0, 60.0, 50.0]
{
    "xs": [
        [[1.0, 10.0], [2.0, 30.0], [4.0, 20.0]],  # the first step of windows 0, 1 and 2
        [[2.0, 30.0], [4.0, 20.0], [7.0, 60.0]],  # the second step
    ],
    "targets": [[[4.0, 20.0], [7.0, 60.0], [11.0, 50.0]]],
}


# %% nbgrader={"grade_id": "window", "solution": true}
def windows(values, T, horizon):
    """Cut a series into all windows of T steps and the steps that follow each.

    Args:
        values: (N, D), D series of N steps; N is at least T + horizon.
        T: steps of a window.
        horizon: how many steps follow.
    Returns:
        xs: (T, B, D), with B = N - T - horizon + 1; window b starts at step b.
        targets: (horizon, B, D), the steps after each window.
    """
    ### BEGIN SOLUTION
    count = len(values) - T - horizon + 1
    xs = np.stack([values[b : b + T] for b in range(count)], axis=1)
    targets = np.stack([values[b + T : b + T + horizon] for b in range(count)], axis=1)
    return xs, targets
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_window", "grade": true, "locked": true, "points": 1}
lab13.window.check(windows)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Window b is a slice of `values`. Where does it start, where does it end, and where do its targets end?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Make a list of the slices for all b, and another one for the targets. The last b is the one whose targets end with the
# series.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# A slice is `(T, D)`. `np.stack(..., axis=1)` puts slices side by side and makes `(T, B, D)` of them. With
# `count = len(values) - T - horizon + 1` the loop is over `range(count)`.
#
# </details>

# %% [markdown]
# ## 2. A split in time (2 points)
#
# Windows overlap, and neighbours are alike. If you draw the test windows at random, nearly the same ones are in training,
# and the test asks for what the network has seen. So cut by time: training first, then validation, then the test. What
# decides where a window belongs are its **targets**, all of them:
#
# | part | where all targets of a window lie |
# |---|---|
# | train | before `first_validation` |
# | validation | from `first_validation` on and before `first_test` |
# | test | from `first_test` on |
#
# A window whose targets lie on both sides of a cut belongs nowhere and is left out. The *inputs* of a test window may
# reach back before the cut: on the day of the forecast, the past is known. Book: [stopped by the test
# data](book:training_practice#training-practice-mistakes).

# %%
# Worked example: 7 windows of T = 2 with 2 targets each; validation begins at step 5, the test at step 8.
first_target = {b: b + 2 for b in range(7)}
last_target = {b: b + 3 for b in range(7)}
{
    "train": [b for b in range(7) if last_target[b] <= 4],
    "validation": [b for b in range(7) if first_target[b] >= 5 and last_target[b] <= 7],
    "test": [b for b in range(7) if first_target[b] >= 8],
}


# %% nbgrader={"grade_id": "split", "solution": true}
def split_in_time(count, T, horizon, first_validation, first_test):
    """Say which windows belong to training, validation and test, by the steps of their targets.

    Args:
        count: how many windows there are; window b has the inputs b to b + T - 1, and its targets are the `horizon` steps after.
        T: steps of a window.
        horizon: how many targets a window has.
        first_validation: the first step of validation.
        first_test: the first step of the test.
    Returns:
        train, validation, test: arrays of whole numbers, the windows of each part in order.
    """
    ### BEGIN SOLUTION
    first = np.arange(count) + T
    after = first + horizon
    train = np.flatnonzero(after <= first_validation)
    validation = np.flatnonzero((first >= first_validation) & (after <= first_test))
    test = np.flatnonzero(first >= first_test)
    return train, validation, test
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_split", "grade": true, "locked": true, "points": 2}
lab13.split.check(split_in_time)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# For each window write down two numbers: the step of its first target, and the step after its last one.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Training asks about the last target only. Validation asks about both ends. The test asks about the first one only. Try
# your conditions on the worked example: windows 2 and 5 belong nowhere.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# With `first = np.arange(count) + T` and `after = first + horizon`, training is where `after <= first_validation`.
# `np.flatnonzero` gives the places where a condition holds.
#
# </details>

# %% [markdown]
# ## 3. The forecast that costs nothing (1 point)
#
# The **seasonal naive** forecast answers: as it was one season ago. With $T$ known steps and a season of $S$ steps, the
# step $k$ that follows, counted from 0, gets
#
# $$\hat v_{T+k} = v_{T - S + (k \bmod S)}.$$
#
# Beyond one season, the last season repeats. With $S = 1$ it is the **naive** forecast, which repeats the last value; the
# book calls it persistence. It has no parameters, and on some series nothing beats it. Book: [steps are not independent
# examples](book:why_memory#why-memory-iid).

# %%
# Worked example: one window of the two series of part 1, their first 4 steps; season 3, horizon 4.
last_season = [[2.0, 30.0], [4.0, 20.0], [7.0, 60.0]]
{"predictions": [*last_season, last_season[0]]}


# %% nbgrader={"grade_id": "naive", "solution": true}
def seasonal_naive(xs, season, horizon):
    """Forecast each step by the last known value at the same place of the season.

    Args:
        xs: (T, B, D), the known steps.
        season: its length in steps, at most T.
        horizon: how many steps to forecast; it may be longer than a season.
    Returns:
        predictions: (horizon, B, D).
    """
    ### BEGIN SOLUTION
    places = len(xs) - season + np.arange(horizon) % season
    return xs[places]
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_naive", "grade": true, "locked": true, "points": 1}
lab13.naive.check(seasonal_naive)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# At which place of `xs` does the last season begin? That is where the forecast of step 0 stands.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# After a whole season, begin again. The remainder `k % season` does that.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# An array can be indexed with an array of places: `xs[places]` has one step for each place. `np.arange(horizon)` holds all
# k at once.
#
# </details>

# %% [markdown]
# ## 4. An error in units of the naive forecast (2 points)
#
# Is an error of 0.9 years much? Compare it with what the naive forecast gets wrong. The **mean absolute scaled error**
# (MASE) divides the errors of each series, targets $y$ less predictions $\hat y$, by a scale of its own, measured on the
# earlier steps $u_0, \dots, u_{N-1}$ with the season $S$ of part 3:
#
# $$
# \begin{aligned}
# s_d &= \frac{1}{N - S} \sum_{t=S}^{N-1} |u_{t,d} - u_{t-S,d}| \\
# \text{error} &= \operatorname{mean}_{k,b,d} \frac{|y_{kbd} - \hat y_{kbd}|}{s_d}
# \end{aligned}
# $$
#
# 1 is as bad as the naive forecast was on the earlier steps. Series in other units can be averaged. The scale uses the
# steps before validation only. A scale from the test would know the future. Source: Hyndman and Koehler, 2006.

# %%
# Worked example: two series, season 2; 5 earlier steps; two steps forecast for one window.
scale_1 = (abs(2.0 - 1.0) + abs(6.0 - 3.0) + abs(4.0 - 2.0)) / 3  # earlier: 1, 3, 2, 6, 4
scale_2 = (abs(30.0 - 10.0) + abs(60.0 - 40.0) + abs(90.0 - 30.0)) / 3  # earlier: 10, 40, 30, 60, 90
errors_1 = [abs(5.0 - 4.0), abs(8.0 - 6.0)]  # targets 5 and 8, predictions 4 and 6
errors_2 = [abs(70.0 - 90.0), abs(100.0 - 60.0)]  # targets 70 and 100, predictions 90 and 60
{"error": round((sum(errors_1) / scale_1 + sum(errors_2) / scale_2) / 4, 6)}


# %% nbgrader={"grade_id": "error", "solution": true}
def scaled_error(targets, predictions, earlier, season):
    """Divide each absolute error by what the seasonal naive forecast gets wrong on the earlier steps, and take the mean (MASE).

    Args:
        targets: (K, B, D), what came.
        predictions: (K, B, D), what was forecast.
        earlier: (N, D), the steps before validation; N is larger than season.
        season: its length in steps.
    Returns:
        error: a number, the mean over all K, B and D.
    """
    ### BEGIN SOLUTION
    scale = np.abs(earlier[season:] - earlier[:-season]).mean(axis=0)
    return float((np.abs(targets - predictions) / scale).mean())
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_error", "grade": true, "locked": true, "points": 2}
lab13.error.check(scaled_error)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# First the scale: one number for each of the D series. Which steps does it compare?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `earlier` from `season` on, minus `earlier` without its last `season` steps. Take the size of each difference before you
# take the mean over time.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `earlier[season:] - earlier[:-season]` is `(N - season, D)`, and its mean size over axis 0 is `(D,)`, which NumPy lines up
# with the last axis of the errors. Divide before the last mean.
#
# </details>

# %% [markdown]
# ## 5. The example that is most like it (2 points)
#
# The second baseline learns by heart. Asked something, it looks for the **nearest** training example and gives the answer
# of that one. It has no rules and no weights. With features $a_n$ of the training examples and $q_m$ of what is asked,
#
# $$\text{found}_m = \operatorname{argmin}_n \sum_f (a_{nf} - q_{mf})^2.$$
#
# In project A the features are the last steps of a country, and the answer is what came after them elsewhere. In project B
# they are counts of neighbouring characters, and the answer is the training date. A network that is no better than this has
# learned nothing by which it could generalise. Book: [test for shortcuts
# first](book:benchmark_tasks#benchmark-tasks-shortcuts).

# %%
# Worked example: three examples at (0, 0), (3, 0) and (0, 5); asked about (2, 1) and (1, 4).
squares = [[2**2 + 1**2, 1**2 + 1**2, 2**2 + 4**2], [1**2 + 4**2, 2**2 + 4**2, 1**2 + 1**2]]
{"found": [row.index(min(row)) for row in squares]}


# %% nbgrader={"grade_id": "near", "solution": true}
def nearest(features, asked):
    """Find, for each row asked about, the row of features at the smallest distance.

    Args:
        features: (N, F), one row for each training example.
        asked: (M, F), one row for each question.
    Returns:
        found: (M,), whole numbers from 0 to N - 1; if several rows are equally near, any of them.
    """
    ### BEGIN SOLUTION
    return np.array([np.square(features - row).sum(axis=1).argmin() for row in asked])
    ### END SOLUTION


# %% nbgrader={"grade_id": "check_near", "grade": true, "locked": true, "points": 2}
lab13.near.check(nearest)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Take one row of `asked` at a time. Its differences to all rows of `features` are one subtraction.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The differences are `(N, F)`. Square them, add up each row, and look for the smallest of the N sums. The root does not
# change which one is smallest.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `.argmin()` gives the place of the smallest number. Collect these places in a list, one for each row of `asked`, and make
# an array of it. All differences at once, `(M, N, F)`, give the same; in project B they would need much memory.
#
# </details>

# %% [markdown]
# ## 6. Your project: question and data
#
# From here on you decide. Say which project is yours, in the cell below. Then read the cell of your data. A question is
# one sentence, with what would answer it. Write it into the answer at the end of part 8 *before* anything is trained.
# For example:
#
# - A. *Knowing four values of a country's life expectancy, five years apart, can a recurrent network forecast the next one better than
#   the best baseline, in years that come after all of its training?*
# - B. *Can a network that has learned dates in seven languages read those of a related language that it has never seen?*

# %%
PROJECT = "A"  # or "B"; after a change run all cells from here on again
SEEDS = range(3)

# %% nbgrader={"grade_id": "use_functions", "locked": true}
windows = lab13.window.or_reference(windows)
split_in_time = lab13.split.or_reference(split_in_time)
seasonal_naive = lab13.naive.or_reference(seasonal_naive)
scaled_error = lab13.error.or_reference(scaled_error)
nearest = lab13.near.or_reference(nearest)

# %% [markdown]
# **Data of project A.** `country_statistics` has twelve years, 1952 to 2007. The targets of training end with 1987,
# validation is 1992, the test 1997 to 2007. Everything that is measured on data, such as a mean to subtract, comes from
# the steps before validation. To try another series, give `load_series` the name `"population"` or `"income per head"`; it
# takes logarithms of these. The weekly `share_prices` of the same file of rnncore need a `load_series` of your own. They
# are short, and close to what nobody can forecast.


# %%
class Series(NamedTuple):
    """A statistic of all countries, and its windows."""

    years: np.ndarray
    countries: list
    earlier: np.ndarray  # (8, 142), the steps before validation
    xs: dict  # part -> (T, B, 142)
    targets: dict  # part -> (1, B, 142)
    steps: dict  # part -> (B,), the step of each target


T, FIRST_VALIDATION, FIRST_TEST = 4, 8, 9  # steps; step 8 is 1992


def load_series(name="life expectancy"):
    years, countries, values = country_statistics(name)
    if name != "life expectancy":
        values = np.log(values)  # these grow by a share of what they are
    xs, targets = windows(values, T, 1)
    parts = split_in_time(xs.shape[1], T, 1, FIRST_VALIDATION, FIRST_TEST)
    parts = dict(zip(("train", "validation", "test"), parts, strict=True))
    return Series(
        years,
        countries,
        values[:FIRST_VALIDATION],
        {part: xs[:, chosen] for part, chosen in parts.items()},
        {part: targets[:, chosen] for part, chosen in parts.items()},
        {part: chosen + T for part, chosen in parts.items()},
    )


series = load_series()
for part, steps in series.steps.items():
    print(f"{part:10} targets {series.years[steps].tolist()}, inputs {series.xs[part].shape}")

# %% [markdown]
# **Data of project B.** Long dates, as people write them in seven languages for training, one for validation and another
# for the test. The table holds what is needed. Every fifth day from 1950 to 2049 is kept for validation and test, so
# neither language nor day is known there. Characters that training does not have get one number together.

# %%
LANGUAGES = {
    "English": "{d} {m} {y} / January February March April May June July August September October November December",
    "American": "{m} {d}, {y} / January February March April May June July August September October November December",
    "German": "{d}. {m} {y} / Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "French": "{d} {m} {y} / janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "Spanish": "{d} de {m} de {y} / enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "Italian": "{d} {m} {y} / gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "Dutch": "{d} {m} {y} / januari februari maart april mei juni juli augustus september oktober november december",
    "Swedish": "{d} {m} {y} / januari februari mars april maj juni juli augusti september oktober november december",
    "Portuguese": "{d} de {m} de {y} / janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "Norwegian": "{d}. {m} {y} / januar februar mars april mai juni juli august september oktober november desember",
}
SPOKEN = {"validation": ["Portuguese"], "test": ["Norwegian"]}  # all others are for training
SPOKEN = {"train": [name for name in LANGUAGES if name not in ("Portuguese", "Norwegian")], **SPOKEN}
START = len(CHARACTERS)  # what the decoder is fed first


class Dates(NamedTuple):
    """Days as texts, and as ten characters."""

    days: list
    texts: list
    answers: np.ndarray  # (10, B), places in CHARACTERS


def draw_dates(rng, count, part):
    days = rng.integers(datetime.date(1950, 1, 1).toordinal(), datetime.date(2050, 1, 1).toordinal(), 12 * count)
    days = [datetime.date.fromordinal(int(day)) for day in days[(days % 5 == 0) == (part != "train")][:count]]
    texts = []
    for day in days:
        form, months = LANGUAGES[SPOKEN[part][rng.integers(len(SPOKEN[part]))]].split(" / ")
        texts.append(form.format(d=day.day, m=months.split()[day.month - 1], y=day.year))
    answers = np.array([[CHARACTERS.index(character) for character in day.isoformat()] for day in days])
    return Dates(days, texts, answers.T.copy())


SIZES = {"train": 3000, "validation": 200, "test": 200}
dates = {part: draw_dates(np.random.default_rng(seed), size, part) for seed, (part, size) in enumerate(SIZES.items())}
KNOWN = sorted(set("".join(dates["train"].texts)))
UNKNOWN = len(KNOWN) + 1


def tokens_of(texts):
    """Token numbers (S, B), 0 behind the shorter texts, and lengths (B,)."""
    lengths = np.array([len(text) for text in texts])
    tokens = np.zeros((lengths.max(), len(texts)), dtype=int)
    for b, text in enumerate(texts):
        tokens[: len(text), b] = [KNOWN.index(c) + 1 if c in KNOWN else UNKNOWN for c in text]
    return tokens, lengths


for part, drawn in dates.items():
    print(f"{part:10} {len(drawn.texts)} dates, such as {' | '.join(drawn.texts[:3])}")


# %% [markdown]
# ## 7. Baselines and error
#
# What a network must beat, before you train it. In both projects a lower error is better, and all are measured in the
# same way.
#
# - A: the **naive** forecast; the **same change again**; a **linear** autoregression, which adds up the last four values
#   with weights that least squares fits to the training windows; and the change that followed the **nearest** training
#   window of any country. The error is your `scaled_error`.
# - B: the most **frequent** character at each place; and the answer of the **nearest** training date, by counts of
#   neighbouring characters. The error is the share of wrong fields: year, month and day of each date are one field each.
#   Whole dates would not tell the two baselines apart: the test days are not in training, so both get next to none.


# %%
def network_inputs(xs):
    """Value and change at each step but the first, in units of the earlier steps: (T - 1, B * D, 2)."""
    changes = np.diff(series.earlier, axis=0)
    value = (xs[1:] - series.earlier.mean()) / series.earlier.std()
    change = np.diff(xs, axis=0) / changes.std()
    return np.stack([value, change], axis=-1).reshape(len(xs) - 1, -1, 2)


def baselines_a(part):
    """Predictions by name, (1, B, 142) each."""
    train, train_changes = series.xs["train"], (series.targets["train"] - series.xs["train"][-1]).ravel()
    xs = series.xs[part]

    def columns(xs):
        return np.vstack([xs.reshape(T, -1), np.ones(xs[0].size)]).T

    def rows(xs):
        return network_inputs(xs).swapaxes(0, 1).reshape(xs[0].size, -1)

    weights = np.linalg.lstsq(columns(train), train_changes, rcond=None)[0]
    found = nearest(rows(train), rows(xs))
    return {
        "naive": seasonal_naive(xs, 1, 1),
        "same change again": 2 * xs[-1:] - xs[-2:-1],
        "linear": xs[-1:] + (columns(xs) @ weights).reshape(1, *xs.shape[1:]),
        "nearest": xs[-1:] + train_changes[found].reshape(1, *xs.shape[1:]),
    }


def error_a(predictions, part):
    return scaled_error(series.targets[part], predictions, series.earlier, 1)


def baselines_b(part):
    """Answers by name, (10, B) each."""
    train, asked = dates["train"], dates[part].texts
    pairs = sorted({text[k : k + 2] for text in train.texts for k in range(len(text) - 1)})

    def rows(texts):
        return np.array([[text.count(pair) for pair in pairs] for text in texts], dtype=float)

    frequent = np.array([np.bincount(row).argmax() for row in train.answers])
    found = nearest(rows(train.texts), rows(asked))
    return {"frequent": np.repeat(frequent[:, None], len(asked), axis=1), "nearest": train.answers[:, found]}


FIELDS = {"year": slice(0, 4), "month": slice(5, 7), "day": slice(8, 10)}  # places of an answer


def wrong_fields(answers, part):
    """Which of year, month and day are wrong: (3, B)."""
    wrong = answers != dates[part].answers
    return np.array([wrong[places].any(axis=0) for places in FIELDS.values()])


def error_b(answers, part):
    return float(wrong_fields(answers, part).mean())


# %% [markdown]
# ## 8. Networks to choose from
#
# Both training loops follow [the recipe of the book](book:training_practice#training-practice-recipe): Adam, clipped
# gradients, a rate that goes down to zero, and the validation error every 25 updates. The parameters with the lowest one
# are kept: early stopping. In A the network answers how much the value *changes*, which is easier to learn than the value.
# Its loss is Huber's: squared for errors below `delta`, and growing in proportion above, as the absolute error does, which
# is what is measured in the end. The unit is the usual size of a change. With a `delta` of 100 it is the squared error.
# In B it is the [encoder-decoder of the book](book:date_normalisation#date-normalisation-model).

# %%
EVERY = 25  # updates from one validation to the next


def update(params, adam, gradients, lr, k, updates):
    gradients, _ = clip_by_norm(gradients, 1.0)
    return adam_step(params, gradients, adam, lr=lr * min(1.0, 2 * (1 - k / updates)))


def forward_a(settings, params, inputs):
    cell = find_cell(settings["cell"])
    hs, _, cache = cell.forward(params["cell"], inputs, cell.zero_state(inputs.shape[1], settings["hidden_size"]))
    change, out_cache = linear_forward(params["out"], hs[-1])
    return change, (cell, hs, cache, out_cache)


def predict_a(settings, params, part):
    """Forecasts (1, B, 142)."""
    xs = series.xs[part]
    change, _ = forward_a(settings, params, network_inputs(xs))
    return xs[-1:] + change.reshape(1, *xs.shape[1:]) * np.diff(series.earlier, axis=0).std()


def train_a(settings, seed):
    """Train one network; return its validation errors, and the parameters of the lowest one."""
    rng = np.random.default_rng(seed)
    H = settings["hidden_size"]
    params = {"cell": find_cell(settings["cell"]).init(rng, 2, H), "out": init_linear(rng, H, 1)}
    adam, curve, best = init_adam(params), [], params
    inputs = network_inputs(series.xs["train"])
    targets = (series.targets["train"] - series.xs["train"][-1]).reshape(-1, 1) / np.diff(series.earlier, axis=0).std()
    for k in range(settings["updates"]):
        batch = rng.integers(0, len(targets), 64)
        change, (cell, hs, cache, out_cache) = forward_a(settings, params, inputs[:, batch])
        off = (change - targets[batch]) / settings["delta"]
        dout, dlast = linear_backward(out_cache, np.clip(off, -1, 1) / len(batch))  # the gradient of Huber's loss
        dhs = np.zeros_like(hs)
        dhs[-1] = dlast
        dcell, _, _ = cell.backward(cache, dhs)
        params, adam = update(params, adam, {"cell": dcell, "out": dout}, settings["lr"], k, settings["updates"])
        if (k + 1) % EVERY == 0:
            curve.append(error_a(predict_a(settings, params, "validation"), "validation"))
            best = params if curve[-1] == min(curve) else best
    return curve, best


def predict_b(settings, params, part):
    """Answers (10, B), written freely."""
    tokens, lengths = tokens_of(dates[part].texts)
    return free_run(params, tokens, start=START, max_length=10, lengths=lengths, score=settings["score"])


def train_b(settings, seed):
    """Train one network; return its validation errors, and the parameters of the lowest one."""
    rng = np.random.default_rng(seed)
    params = init_encoder_decoder(rng, UNKNOWN + 1, START + 1, 16, settings["hidden_size"], score=settings["score"], dtype=np.float32)
    adam, curve, best = init_adam(params), [], params
    for k in range(settings["updates"]):
        batch = rng.integers(0, len(dates["train"].texts), 32)
        tokens, lengths = tokens_of([dates["train"].texts[b] for b in batch])
        answers = dates["train"].answers[:, batch]
        hidden = (rng.random(tokens.shape) < settings["hide"]) & (tokens > 0)
        tokens = np.where(hidden, UNKNOWN, tokens)  # a share of the characters is made unknown
        logits, cache = encoder_decoder_forward(
            params, tokens, teacher_forced_inputs(answers, START), lengths=lengths, score=settings["score"]
        )
        _, loss_cache = softmax_cross_entropy_forward(logits, answers)
        gradients = encoder_decoder_backward(cache, softmax_cross_entropy_backward(loss_cache))
        params, adam = update(params, adam, gradients, settings["lr"], k, settings["updates"])
        if (k + 1) % EVERY == 0:
            curve.append(error_b(predict_b(settings, params, "validation"), "validation"))
            best = params if curve[-1] == min(curve) else best
    return curve, best


class Project(NamedTuple):
    """What the rest of the notebook needs of a project."""

    train: Callable
    predict: Callable
    baselines: Callable
    error: Callable


PROJECTS = {"A": Project(train_a, predict_a, baselines_a, error_a), "B": Project(train_b, predict_b, baselines_b, error_b)}
project = PROJECTS[PROJECT]


# %% [markdown]
# Write down the networks that you want to compare, at least two. They should differ in *one* thing, so that you learn what
# that thing does. Settings of A: `cell`, any of `"rnn"`, `"gru"`, `"lstm"`, `"lstm_coupled"`, `"lstm_layer_norm"` and
# others; `hidden_size`; `lr`; `updates`; `delta`. Settings of B: `score`, which is `"additive"`, `"scaled_dot"` or `None` for no
# attention; `hidden_size`; `lr`; `updates`; and `hide`, the share of characters that training makes unknown, which may
# teach the network not to rely on any single letter. One entry of the dict, for a start:
# `"plain cell": {"cell": "rnn", "hidden_size": 16, "lr": 0.01, "updates": 400, "delta": 0.3}` or
# `"attention": {"score": "additive", "hidden_size": 32, "lr": 0.005, "updates": 400, "hide": 0.0}`.


# %% nbgrader={"grade_id": "candidates", "solution": true}
def candidates(name):
    """The networks to compare.

    Args:
        name: "A" or "B"; you need an answer for your own project only.
    Returns:
        A dict from the name of a network to a dict of its settings.
    """
    ### BEGIN SOLUTION
    if name == "A":
        same = {"hidden_size": 16, "lr": 0.01, "updates": 400, "delta": 0.3}
        found = {name: {"cell": cell, **same} for name, cell in (("plain cell", "rnn"), ("GRU", "gru"), ("LSTM", "lstm"))}
        return {**found, "GRU, squared error": {"cell": "gru", **same, "delta": 100}}
    same = {"hidden_size": 32, "lr": 0.005, "updates": 400}
    return {
        "no attention": {"score": None, "hide": 0.0, **same},
        "attention": {"score": "additive", "hide": 0.0, **same},
        "attention, letters hidden": {"score": "additive", "hide": 0.1, **same},
    }
    ### END SOLUTION


# %% [markdown]
# Three seeds of each: about three seconds on one core for three networks of project A, half a minute for project B. It is
# left out when the notebook is graded. The lowest validation error of a run is a little too good, since it was picked
# among many; a baseline has one only. Whether you beat a baseline is for the test to say.

# %%
errors, trained = {}, {}
if not grading():
    for name, settings in candidates(PROJECT).items():
        runs = [project.train(settings, seed) for seed in SEEDS]
        errors[name] = np.array([curve for curve, _ in runs])
        trained[name] = [params for _, params in runs]
        print(f"{name}: lowest validation error, for each seed:", errors[name].min(axis=1).round(3))
    for name, predictions in project.baselines("validation").items():
        print(f"baseline {name}: {project.error(predictions, 'validation'):.3f}")

# %%
lines(
    errors,
    x={name: EVERY * np.arange(1, curves.shape[1] + 1) for name, curves in errors.items()},
    xlabel="updates",
    ylabel="error on validation data",
    alt="Validation error against updates for the networks that are compared, medians with bands from the lowest to the highest seed. "
    "The numbers of the lowest errors are printed above.",
)

# %% [markdown]
# ### Your choice (3 points, by hand)
#
# Name your project and your question. Say which networks you compared and why, which one you chose and by which numbers,
# and how it was trained: what was held fixed, what was tried, how you know that it was trained long enough. Do this
# *before* you run the cell of part 9. *Run All* would run that, too; *Run All Above Selected Cell* does not.
#
# What the points are given for. Four things count: (a) a question that says what would answer it; (b) networks that
# differ in one thing, and a reason to try it; (c) what was held fixed in training, and what shows that it was long
# enough; (d) validation errors of at least three seeds, median, lowest and highest, and a choice that follows from
# them, which says so where two networks' ranges overlap.
#
# - **3**: All four.
# - **2**: One of them is missing, or there in part only.
# - **1**: More is missing, but a validation error stands behind the choice.
# - **0**: No validation error stands behind the choice, or it was made on the test data.

# %% [markdown] nbgrader={"grade_id": "choice", "grade": true, "solution": true, "points": 3}
# ### BEGIN SOLUTION
# **Project A.** Question: knowing four values of a country's life expectancy, five years apart, can a recurrent
# network forecast the next one with a lower scaled error than the best of the four baselines, in the years 1997 to
# 2007, when it was trained on targets up to 1987? It can if every seed is below the best baseline.
#
# Four networks of 16 units, three seeds each. Three differ in the cell, because gates may help to hold the level
# while the change is read. The fourth is the GRU with squared error, because the measure is an absolute error and a
# few catastrophes weigh much when they are squared. Learning rate 0.01, 400 updates of 64 windows and the inputs were
# held fixed.
#
# | network | lowest validation error, median (lowest to highest) |
# |---|---|
# | plain cell | 0.625 (0.619 to 0.625) |
# | GRU | 0.617 (0.612 to 0.622) |
# | LSTM | 0.619 (0.619 to 0.626) |
# | GRU, squared error | 0.631 (0.630 to 0.645) |
#
# I choose the GRU. Between the cells the spread is as large as the difference, so another cell would do as well. The
# squared error is worse for every seed. The best baseline on the validation data has 0.659. All runs had their lowest
# validation error before the end, but the rate goes down to zero there, so I also trained the GRU twice as long: 0.617
# (0.612 to 0.616).
#
# *Project B, in short.* Question: can a network that has learned dates in seven languages read Norwegian ones?
# Without attention, lowest validation error on Portuguese 0.632 (0.632 to 0.673); with attention 0.020 (0.017 to
# 0.090); with attention and a tenth of the letters hidden in training 0.000 (0.000 to 0.017). I choose the last.
# Attention decides; the letters help in the median, and the spreads just touch.
# ### END SOLUTION

# %% [markdown]
# ## 9. The test, once
#
# The choice is made: the network whose median over the seeds is lowest on the validation data. The next cell looks at the
# test data. If your reasons led to another network, put its name in the place of `chosen_by_validation(errors)`. If you
# come back and change something after that, say so in your report, since then the test has helped to choose.


# %%
def chosen_by_validation(errors):
    return min(errors, key=lambda name: np.median(errors[name].min(axis=1)))


def test_once(project, settings, trained):
    """Errors on the test data by name: one for a baseline, one for each seed of the network."""
    found = {name: project.error(predictions, "test") for name, predictions in project.baselines("test").items()}
    return {**found, "network": [project.error(project.predict(settings, params, "test"), "test") for params in trained]}


results = {}
if trained:
    chosen = chosen_by_validation(errors)
    results = test_once(project, candidates(PROJECT)[chosen], trained[chosen])
    print("chosen:", chosen)
    for name, found in results.items():
        found = np.atleast_1d(found)
        print(f"{name:18} {np.median(found):.3f}" + (f" ({found.min():.3f} to {found.max():.3f})" if len(found) > 1 else ""))

# %%
bars(
    results,
    ylabel="error on the test data",
    alt="Bars of the test error: one for each baseline, and one for the network, with a whisker from its best to its worst seed. The "
    "numbers are printed above.",
)

# %% [markdown]
# ### Your results (4 points, by hand)
#
# Give a table with every baseline and your network, its median and its spread over the seeds. Write one or two sentences
# under it that say what the numbers show and what they do not. A network that does not beat its baselines can have all four
# points, if that is what you say.
#
# What the points are given for:
#
# - **4**: All baselines and the network in one table, on the test data, with the lowest and highest of at least three
#   seeds. The sentences name the strongest baseline, say by how much the network wins or loses against it compared
#   with the spread, and name something that the numbers do not show. They claim no more than the numbers.
# - **3**: The table is complete; the sentences lack something of this, or claim more than the numbers.
# - **2**: The network beside at least one baseline, but without spread, without all baselines, or without sentences.
# - **1**: The network's test error, nothing to compare it with.
# - **0**: No results, or results on training or validation data.

# %% [markdown] nbgrader={"grade_id": "results", "grade": true, "solution": true, "points": 4}
# ### BEGIN SOLUTION
# **Project A.** Scaled error on the targets 1997, 2002 and 2007 of all 142 countries:
#
# | forecast | error (lowest to highest of three seeds) |
# |---|---|
# | naive | 0.957 |
# | nearest | 0.869 |
# | same change again | 0.662 |
# | linear | 0.538 |
# | GRU | 0.498 (0.496 to 0.500) |
#
# Every seed is below every baseline. Against the best one, the linear autoregression, the GRU gains 0.04, ten times
# the spread of the seeds. The spread says how much the start of training matters, and not how much the result would
# change with other countries or years: there are three test years, and neighbouring countries share their fate. In
# 2007 the linear baseline is a little better (0.320 against 0.331).
#
# *Project B, in short.* Wrong fields on 200 Norwegian dates: frequent 0.968, nearest 0.497, network 0.032 (0.025 to
# 0.035). The network wins clearly, but it is no parser: 0.912 of the dates have all three fields right.
# ### END SOLUTION

# %% [markdown]
# ## 10. Where it fails
#
# A mean hides where the errors are. The cell below sorts them: in A by year and by country, in B by field and by month.
# Go on from there in cells of your own. Two questions always help: *are the worst cases alike?* and *does the baseline
# fail at the same ones?*


# %%
def show_errors_a(settings, trained):
    """Errors by year and by country, the mean over the seeds, beside the linear baseline's; return them by country."""
    scale = np.abs(np.diff(series.earlier, axis=0)).mean(axis=0)  # (142,)
    forecasts = {
        "network": np.array([predict_a(settings, params, "test") for params in trained]),
        "linear": baselines_a("test")["linear"][None],
    }
    found = {name: (np.abs(series.targets["test"] - made) / scale).mean(axis=(0, 1)) for name, made in forecasts.items()}  # (B, 142)
    for b, step in enumerate(series.steps["test"]):
        print(series.years[step], *(f"{name} {by[b].mean():.3f}" for name, by in found.items()))
    by_country = {name: by.mean(axis=0) for name, by in found.items()}
    for d in np.argsort(-by_country["network"])[:8]:
        print(f"{series.countries[d]:22}", *(f"{name} {by[d]:5.2f}" for name, by in by_country.items()))
    better = (by_country["network"] < by_country["linear"]).mean()
    print(f"the network is better than the linear baseline in {better:.0%} of the countries")
    return by_country


def show_errors_b(settings, trained):
    """Wrong fields, all seeds together, and some wrong dates of the first seed; return how often each field and each month is wrong."""
    answers = [predict_b(settings, params, "test") for params in trained]
    wrong = np.array([wrong_fields(answer, "test") for answer in answers])  # (seeds, 3, B)
    by_field = dict(zip(FIELDS, wrong.mean(axis=(0, 2)), strict=True))
    print("wrong:", *(f"{name} {share:.3f}" for name, share in by_field.items()))
    month = np.array([day.month for day in dates["test"].days])
    by_month = {m: wrong[:, 1, month == m].mean() for m in range(1, 13)}
    print("month wrong, by month:", *(f"{m}: {share:.2f}" for m, share in by_month.items()))
    print(f"dates with all three fields right: {1 - wrong.any(axis=1).mean():.3f}")
    for b in np.flatnonzero(wrong[0].any(axis=0))[:8]:
        print(f"{dates['test'].texts[b]:22} -> {''.join(CHARACTERS[k] for k in answers[0][:, b])}")
    return by_field, by_month


analysed = None
if trained:
    show = show_errors_a if PROJECT == "A" else show_errors_b
    analysed = show(candidates(PROJECT)[chosen], trained[chosen])

# %% [markdown]
# What do the worst cases have in common, and why does the network fail there? Think of a number that would come out
# otherwise if your reason were wrong, and measure it here. `predict_a` or `predict_b` gives what the network answers,
# `series` or `dates` holds what is right, and `analysed` what the cell above returned.


# %% nbgrader={"grade_id": "closer", "solution": true}
def look_closer(settings, trained):
    """Measure what could contradict your reason; print it, and return it if you want to use it later.

    Args:
        settings: the settings of the chosen network.
        trained: a list of its parameters, one for each seed.
    """
    ### BEGIN SOLUTION
    if PROJECT == "A":  # reason: falls are rare in training, so they are not expected
        scale = np.abs(np.diff(series.earlier, axis=0)).mean(axis=0)
        falls = {part: series.targets[part][0] < series.xs[part][-1] for part in series.xs}
        forecasts = {"network": np.array([predict_a(settings, params, "test")[0] for params in trained])}
        forecasts["linear"] = baselines_a("test")["linear"]
        found = {f"falls in {part}": fall.mean() for part, fall in falls.items()}
        for name, made in forecasts.items():
            off = (np.abs(series.targets["test"] - made) / scale).mean(axis=0)
            found |= {f"{name}, falls": off[falls["test"]].mean(), f"{name}, rises": off[~falls["test"]].mean()}
    else:  # reason: the letter s, where training has c or z; in the place of "desember" let people write "december"
        tokens, lengths = tokens_of([text.replace("desember", "december") for text in dates["test"].texts])
        found = {"month wrong, with december": []}
        for params in trained:
            answers = free_run(params, tokens, start=START, max_length=10, lengths=lengths, score=settings["score"])
            found["month wrong, with december"].append(wrong_fields(answers, "test")[1].mean())
    for name, number in found.items():
        print(f"{name}: {np.round(number, 3)}")
    return found
    ### END SOLUTION


# %%
if trained:
    closer = look_closer(candidates(PROJECT)[chosen], trained[chosen])

# %% [markdown]
# ### Your error analysis (3 points, by hand)
#
# What the points are given for:
#
# - **3**: At least two cases that go wrong are named, with numbers; what they have in common is said; and there is a
#   reason, with a number that you measured for it and that could have come out against it. It may have done so.
#   The numbers from which you guessed the reason are no such number.
# - **2**: Cases with numbers, what they have in common, and a reason, but nothing measured that could contradict it.
# - **1**: Less, such as a list of cases, or only a remark such as "rare cases are hard".
# - **0**: No analysis.

# %% [markdown] nbgrader={"grade_id": "analysis", "grade": true, "solution": true, "points": 3}
# ### BEGIN SOLUTION
# **Project A.** The worst countries are Rwanda (5.4), Zimbabwe (3.9), Botswana (3.0), Lesotho (2.8) and Swaziland
# (2.6). In Rwanda the window ends with 23.6 years in 1992, the war, and life expectancy then comes back. In the other
# four, as in South Africa, Zambia and Malawi, which follow in the list, it *falls* by years within the test; I take
# this to be AIDS, which these data do not name.
#
# My reason: falls are rare in training, so the network does not expect them. If that were wrong, falls would be
# forecast about as well as rises. Falls are 4 percent of the training targets and 12 percent of the test's. The error
# is 1.52 where the value falls and 0.35 where it rises. The linear baseline fails at the same places, with 1.84 and
# 0.35. So on rises the two are equal, and the whole gain of the network comes from falls, which it follows a little
# sooner. This agrees with the reason and does not prove it: falls are also larger than rises, and a large change is
# hard for any forecast.
#
# *Project B, in short.* Every December is wrong, for every seed, and no other month. *desember* is read as 09,
# September. My reason: no training language writes December with an s, and *s…ember* was always September. If that
# were wrong, another letter would change nothing. With *december* in the place of *desember*, all months are right.
# ### END SOLUTION

# %% [markdown]
# ## 11. Report
#
# Half a page for somebody who has not seen this notebook. It has six parts: the question; the data and how they were
# split; what was compared; the result with its spread; its limits; and what did not work ("nothing" is an answer), with
# whether the test data had a part in any choice.
#
# ### Your report (2 points, by hand)
#
# What the points are given for:
#
# - **2**: All six parts stand in the report itself, at least one limit is that of *this* work and not of networks in
#   general, and no claim goes beyond the results.
# - **1**: One or two parts are missing, or the limits are general, or a claim goes beyond the results.
# - **0**: More is missing, or it hides a result that you found or a second look at the test data.

# %% [markdown] nbgrader={"grade_id": "report", "grade": true, "solution": true, "points": 2}
# ### BEGIN SOLUTION
# **Project A.** *Question.* Does a small recurrent network forecast a country's life expectancy five years ahead
# better than simple rules? *Data.* Twelve values, 1952 to 2007, of 142 countries (Gapminder, as plotly ships them),
# cut in time: training targets to 1987, validation 1992, test 1997 to 2007. All scales come from the years before
# 1992. *Compared.* Naive, same change again, linear autoregression and nearest window, against a plain cell, a GRU
# and an LSTM with 16 units. *Result.* The GRU, chosen on 1992, has a scaled error of 0.498 (0.496 to 0.500, three
# seeds); the best baseline, linear, has 0.538. The gain comes from the places where life expectancy falls. *Did not
# work.* Squared error is worse on the validation data. Which cell is taken hardly matters.
#
# *Limits.* One step ahead; one statistic; one validation year; three test years, in which a single epidemic decides
# most of the error. The numbers before 1987 were partly estimated by those who published them, so smooth series may
# be smooth by construction. And the test is not untouched: I knew what happened in these years, and I saw test errors
# of other settings while I wrote this example. An honest confirmation would be the years after 2007.
#
# *Project B, in short.* One related language, 200 dates, one way of writing. The result says nothing about languages
# whose months have other names, and one letter was enough to lose a month.
# ### END SOLUTION
