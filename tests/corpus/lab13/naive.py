"""Lab 13, part 3: the seasonal naive forecast."""

import itertools

import numpy as np

from tests.corpus.answers import right, wrong


@right
def loop_with_remainder(xs, season, horizon):
    last = xs[-season:]
    return np.stack([last[k % season] for k in range(horizon)])


@right
def tiled(xs, season, horizon):
    last = xs[len(xs) - season :]
    times = -(-horizon // season)
    return np.tile(last, (times, 1, 1))[:horizon]


@right
def grows_step_by_step(xs, season, horizon):
    known = list(xs)
    for _ in range(horizon):
        known.append(known[-season])
    return np.array(known[len(xs) :])


@right
def with_cycle(xs, season, horizon):
    return np.array(list(itertools.islice(itertools.cycle(xs[-season:]), horizon)))


@right
def preallocated(xs, season, horizon):
    T, B, D = xs.shape
    predictions = np.zeros((horizon, B, D), dtype=xs.dtype)
    for k in range(horizon):
        place = T + k
        while place >= T:
            place -= season
        predictions[k] = xs[place]
    return predictions


@right
def taken(xs, season, horizon):
    return np.take(xs[-season:], np.arange(horizon), axis=0, mode="wrap")


@right
def concatenated(xs, season, horizon):
    out = xs[-season:]
    while len(out) < horizon:
        out = np.concatenate([out, xs[-season:]])
    return out[:horizon].copy()


@wrong("the last value is repeated")
def last_value(xs, season, horizon):
    return np.repeat(xs[-1:], horizon, axis=0)


@wrong("the place in the season must move on")
def same_place(xs, season, horizon):
    return np.stack([xs[-season]] * horizon)


@wrong("beyond one season, the last season repeats")
def without_remainder(xs, season, horizon):
    T = len(xs)
    return xs[[(T - season + k) % T for k in range(horizon)]]


@wrong("the first season of the window")
def first_season(xs, season, horizon):
    return xs[np.arange(horizon) % season]


@wrong("the season starts one step too late")
def one_too_late(xs, season, horizon):
    return np.stack([xs[-season:][(k + 1) % season] for k in range(horizon)])


@wrong("the last season runs backwards")
def backwards(xs, season, horizon):
    return np.stack([xs[-1 - k % season] for k in range(horizon)])


@wrong("the mean of the last season")
def mean_of_season(xs, season, horizon):
    return np.stack([xs[-season:].mean(axis=0) for _ in range(horizon)])


@wrong("one season only is forecast")
def one_season(xs, season, horizon):
    return xs[-season:]


@wrong("np.repeat where np.tile is meant")
def repeated(xs, season, horizon):
    times = -(-horizon // season)
    return np.repeat(xs[-season:], times, axis=0)[:horizon]


@wrong("the last `horizon` steps")
def last_horizon(xs, season, horizon):
    T = len(xs)
    return xs[[(T - horizon + k) % T for k in range(horizon)]]


@wrong("the season is one step too long")
def one_too_many(xs, season, horizon):
    last = xs[-(season + 1) :]
    return np.stack([last[k % (season + 1)] if len(last) > season else xs[(k - 1 - season) % (season + 1) - 1] for k in range(horizon)])


@wrong("the season begins again")
def stuck_at_the_end(xs, season, horizon):
    T = len(xs)
    return np.stack([xs[min(T - season + k, T - 1)] for k in range(horizon)])


@wrong("the mean of the whole window")
def mean_of_window(xs, season, horizon):
    return np.broadcast_to(xs.mean(axis=0), (horizon, *xs.shape[1:])).copy()


@wrong("the batch comes first")
def batch_first(xs, season, horizon):
    return np.stack([xs[-season:][k % season] for k in range(horizon)], axis=1)


@wrong("the window is repeated from its beginning")
def window_again(xs, season, horizon):
    return np.stack([xs[k % len(xs)] for k in range(horizon)])


@wrong("the places run off the end of the window")
def runs_off(xs, season, horizon):
    return np.stack([xs[len(xs) - season + k] for k in range(horizon)])


@wrong(None)
def nested_list(xs, season, horizon):
    return [xs[-season:][k % season].tolist() for k in range(horizon)]


@right
def loop_mod(xs, season, horizon):
    return np.array([xs[len(xs) - season + k % season] for k in range(horizon)])


@wrong("the forecast ends with the season")
def slice_of_last_season(xs, season, horizon):
    return xs[-season:][:horizon]


@wrong("begins and ends one step too early")
def off_by_one(xs, season, horizon):
    return xs[len(xs) - season - 1 + np.arange(horizon) % season]


@wrong("the last `horizon` steps are taken, whatever the season")
def plain_last_horizon(xs, season, horizon):
    return xs[-horizon:]


@wrong("from the first season of the window")
def places_mod_season(xs, season, horizon):
    T = len(xs)
    return np.array([xs[(T + k) % season] for k in range(horizon)])
