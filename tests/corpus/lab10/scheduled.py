"""Lab 10, part 8: some truth, some of its own."""

import numpy as np

from rnncore.checks.labs.lab10.own_inputs import write_freely
from rnncore.checks.labs.lab10.target import write
from rnncore.reference import teacher_forced_inputs
from tests.corpus.answers import right, wrong


def best_of(params, tokens, state):
    """One step: the best tokens and the next state."""
    logits, state, _ = write(params, tokens[None], state)
    return logits[0].argmax(axis=-1), state


@right
def preallocated(params, state, targets, coins, start):
    fed = np.empty_like(targets)
    fed[0] = start
    for t in range(len(targets) - 1):
        own, state = best_of(params, fed[t], state)
        fed[t + 1] = np.where(coins[t + 1], targets[t], own)
    return fed


@right
def overwrites_the_truth(params, state, targets, coins, start):
    fed = teacher_forced_inputs(targets, start)
    for t in range(1, len(fed)):
        own, state = best_of(params, fed[t - 1], state)
        fed[t][~coins[t]] = own[~coins[t]]
    return fed


@right
def zipped(params, state, targets, coins, start):
    tokens = np.full(targets.shape[1], start)
    rows = [tokens]
    for target, coin in zip(targets[:-1], coins[1:], strict=True):
        own, state = best_of(params, tokens, state)
        tokens = coin * target + ~coin * own
        rows.append(tokens)
    return np.array(rows)


@right
def one_sequence_at_a_time(params, state, targets, coins, start):
    T, B = targets.shape
    fed = np.zeros((T, B), dtype=int)
    for b in range(B):
        h, token = state[b : b + 1], start
        fed[0, b] = token
        for t in range(1, T):
            own, h = best_of(params, np.array([token]), h)
            token = targets[t - 1, b] if coins[t, b] else own[0]
            fed[t, b] = token
    return fed


@right
def again_from_the_beginning(params, state, targets, coins, start):
    """No state is kept: the decoder runs on everything that was fed so far."""
    fed = np.full((1, targets.shape[1]), start)
    for t in range(1, len(targets)):
        own = write(params, fed, state)[0][-1].argmax(axis=-1)
        fed = np.vstack([fed, np.choose(coins[t], [own, targets[t - 1]])])
    print("fed", fed.shape)
    return fed


@right
def recursive(params, state, targets, coins, start):
    def rest(tokens, state, t):
        if t == len(targets):
            return []
        own, state = best_of(params, tokens, state)
        tokens = np.select([coins[t]], [targets[t - 1]], own)
        return [tokens, *rest(tokens, state, t + 1)]

    first = np.full(targets.shape[1], start)
    return np.stack([first, *rest(first, state, 1)])


def loop(params, state, targets, coins, start, choose):
    fed = [np.full(targets.shape[1], start)]
    for t in range(1, len(targets)):
        own, state = best_of(params, fed[-1], state)
        fed.append(choose(t, own))
    return np.stack(fed)


@wrong("True and False are exchanged")
def other_way_round(params, state, targets, coins, start):
    return loop(params, state, targets, coins, start, lambda t, own: np.where(coins[t], own, targets[t - 1]))


@wrong("the own tokens come from a run that is fed the truth throughout")
def logits_at_once(params, state, targets, coins, start):
    fed = teacher_forced_inputs(targets, start)
    own = write(params, fed, state)[0].argmax(axis=-1)
    return np.where(coins, fed, teacher_forced_inputs(own, start))


@wrong("the own tokens come from a free run")
def free_run_first(params, state, targets, coins, start):
    own = write_freely(params, state, start, -1, len(targets))
    return np.where(coins, teacher_forced_inputs(targets, start), teacher_forced_inputs(own, start))


@wrong("the true token is that of the step itself")
def unshifted(params, state, targets, coins, start):
    return loop(params, state, targets, coins, start, lambda t, own: np.where(coins[t], targets[t], own))


@wrong("the coin of the step before is used")
def coins_shifted(params, state, targets, coins, start):
    return loop(params, state, targets, coins, start, lambda t, own: np.where(coins[t - 1], targets[t - 1], own))


@wrong("coins and targets are both one step off")
def zipped_wrongly(params, state, targets, coins, start):
    return loop(params, state, targets, coins, start, lambda t, own: np.where(coins[t - 1], targets[t], own))


@wrong("the coins are ignored: the own token is always fed")
def only_own(params, state, targets, coins, start):
    return loop(params, state, targets, coins, start, lambda t, own: own)


@wrong("the coins are ignored: the truth is always fed")
def only_truth(params, state, targets, coins, start):
    return teacher_forced_inputs(targets, start)


@wrong("the first target is fed where the first coin is True")
def first_row_mixed(params, state, targets, coins, start):
    fed = preallocated(params, state, targets, coins, start)
    fed[0] = np.where(coins[0], targets[0], start)
    return fed


@wrong("the first row of coins decides for all steps")
def one_coin_for_a_text(params, state, targets, coins, start):
    return loop(params, state, targets, coins, start, lambda t, own: np.where(coins[0], targets[t - 1], own))


@wrong("the coin of the first sequence decides for all")
def one_coin_for_a_step(params, state, targets, coins, start):
    return loop(params, state, targets, coins, start, lambda t, own: targets[t - 1] if coins[t][0] else own)


@wrong("the truth is fed only where all coins of the step are True")
def all_coins(params, state, targets, coins, start):
    return loop(params, state, targets, coins, start, lambda t, own: targets[t - 1] if coins[t].all() else own)


@wrong("the state is not carried")
def state_not_renamed(params, state, targets, coins, start):
    fed = [np.full(targets.shape[1], start)]
    for t in range(1, len(targets)):
        own, _ = best_of(params, fed[-1], state)
        fed.append(np.where(coins[t], targets[t - 1], own))
    return np.stack(fed)


@wrong("every step is given the start token when it chooses")
def tokens_not_renamed(params, state, targets, coins, start):
    first = np.full(targets.shape[1], start)
    fed = [first]
    for t in range(1, len(targets)):
        own, state = best_of(params, first, state)
        fed.append(np.where(coins[t], targets[t - 1], own))
    return np.stack(fed)


@wrong("there is a row too many")
def one_row_more(params, state, targets, coins, start):
    fed = [np.full(targets.shape[1], start)]
    for t in range(len(targets)):
        own, state = best_of(params, fed[-1], state)
        fed.append(np.where(coins[t + 1] if t + 1 < len(coins) else True, targets[t], own))
    return np.stack(fed)


@wrong("the start token is missing in front")
def without_start(params, state, targets, coins, start):
    return preallocated(params, state, targets, coins, start)[1:]


@wrong("fed must hold whole numbers, got float64.")
def mixed_by_arithmetic(params, state, targets, coins, start):
    fed = np.zeros(targets.shape)
    fed[0] = start
    for t in range(1, len(targets)):
        own, state = best_of(params, fed[t - 1].astype(int), state)
        fed[t] = coins[t] * targets[t - 1] + (1 - coins[t]) * own
    return fed


@wrong("it stopped")
def if_for_an_array(params, state, targets, coins, start):
    return loop(params, state, targets, coins, start, lambda t, own: targets[t - 1] if coins[t] == np.array([True, False]) else own)


@wrong(None)
def own_token_of_two_steps_ago(params, state, targets, coins, start):
    fed, before = [np.full(targets.shape[1], start)], np.full(targets.shape[1], start)
    for t in range(1, len(targets)):
        own, state = best_of(params, fed[-1], state)
        fed.append(np.where(coins[t], targets[t - 1], before))
        before = own
    return np.stack(fed)


@right
def weighted(params, state, targets, coins, start):
    fed = np.full(targets.shape, start)
    for t in range(1, len(targets)):
        own, state = best_of(params, fed[t - 1], state)
        coin = coins[t].astype(int)
        fed[t] = coin * targets[t - 1] + (1 - coin) * own
    return fed


@right
def repeated_until_it_stays(params, state, targets, coins, start):
    """Each pass over the whole text makes at least one more row final."""
    truth = teacher_forced_inputs(targets, start)
    fed = truth
    for _ in range(len(targets)):
        own = write(params, fed, state)[0].argmax(axis=-1)
        fed = np.where(coins, truth, teacher_forced_inputs(own, start))
    return fed


@wrong("the first coin decides what the decoder begins with")
def begun_with_a_coin(params, state, targets, coins, start):
    fed = [np.where(coins[0], targets[0], start)]
    for t in range(1, len(targets)):
        own, state = best_of(params, fed[-1], state)
        fed.append(np.where(coins[t], targets[t - 1], own))
    return np.stack(fed)


@wrong("there is a row too many, and each coin decides for the step after its own")
def loop_over_all_targets(params, state, targets, coins, start):
    fed = [np.full(targets.shape[1], start)]
    for target, coin in zip(targets, coins, strict=True):
        own, state = best_of(params, fed[-1], state)
        fed.append(np.where(coin, target, own))
    return np.array(fed)


@wrong("each row stands one step too early")
def what_comes_after(params, state, targets, coins, start):
    fed, row = [], np.full(targets.shape[1], start)
    for t in range(len(targets)):
        own, state = best_of(params, row, state)
        row = np.where(coins[t], targets[t], own)
        fed.append(row)
    return np.array(fed)


@wrong("an `if` asks all coins of the step at once")
def if_for_the_batch(params, state, targets, coins, start):
    return loop(params, state, targets, coins, start, lambda t, own: targets[t - 1] if coins[t] else own)


@wrong("all that was fed is read again at each step")
def both_text_and_state(params, state, targets, coins, start):
    fed = [np.full(targets.shape[1], start)]
    for t in range(1, len(targets)):
        logits, state, _ = write(params, np.array(fed), state)
        fed.append(np.where(coins[t], targets[t - 1], logits[-1].argmax(axis=-1)))
    return np.array(fed)


@wrong("write is given tokens without an axis for time")
def no_time_axis(params, state, targets, coins, start):
    fed = [np.full(targets.shape[1], start)]
    for t in range(1, len(targets)):
        logits, state, _ = write(params, fed[-1], state)
        fed.append(np.where(coins[t], targets[t - 1], logits.argmax(axis=-1)))
    return np.array(fed)


@wrong("the best sequence for each token is taken")
def argmax_over_the_batch(params, state, targets, coins, start):
    fed = [np.full(targets.shape[1], start)]
    for t in range(1, len(targets)):
        logits, state, _ = write(params, fed[-1][None], state)
        fed.append(np.where(coins[t], targets[t - 1], logits[0].argmax(axis=0)))
    return np.array(fed)


@wrong("it changed its argument targets in place; work on a copy.")
def in_place(params, state, targets, coins, start):
    fed, truth = targets, targets.copy()
    fed[0] = start
    for t in range(1, len(fed)):
        own, state = best_of(params, fed[t - 1], state)
        fed[t] = np.where(coins[t], truth[t - 1], own)
    return fed


@wrong("fed must be a NumPy array of shape")
def list_of_rows(params, state, targets, coins, start):
    return list(preallocated(params, state, targets, coins, start))


@wrong(None)
def first_logits_again(params, state, targets, coins, start):
    fed = [np.full(targets.shape[1], start)]
    for t in range(1, len(targets)):
        logits = write(params, np.array(fed), state)[0]
        fed.append(np.where(coins[t], targets[t - 1], logits[0].argmax(axis=-1)))
    return np.array(fed)
