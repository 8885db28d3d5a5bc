"""Lab 10, part 8: some truth, some of its own.

Contents
    scheduled    the check of `mixed_inputs`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab10.inputs import DECODER, V, draw_decoder, normal
from rnncore.checks.labs.lab10.own_inputs import write_freely
from rnncore.checks.labs.lab10.target import state_of_plus_minus, write
from rnncore.reference.decoder_inputs import teacher_forced_inputs

__all__ = ["scheduled"]


def mixed_inputs(params, state, targets, coins, start):
    """Feed the true token where the coin is True, the decoder's own where it is False."""
    fed = [np.full_like(targets[0], start)]
    for t in range(1, len(targets)):
        logits, state, _ = write(params, fed[-1][None], state)
        own = logits[0].argmax(axis=-1)
        fed.append(np.where(coins[t], targets[t - 1], own))
    return np.stack(fed)


def example():
    """The chapter's decoder from the state of "plus minus"; the target is yes, yes, end."""
    return DECODER, state_of_plus_minus(), np.array([[1], [1], [0]]), np.array([[True], [False], [True]]), 0


def draw_mixed(rng, dtype, T, B, H):
    """Some coins True and some False, drawn until the mistakes below give something else; then one step."""
    for steps in (T, 1):
        while True:
            params, state = draw_decoder(rng, dtype, H, scale=2.0), np.tanh(normal(rng, dtype, B, H))
            start, targets, coins = int(rng.integers(V)), rng.integers(0, V, (steps, B)), rng.random((steps, B)) < 0.5
            args = params, state, targets, coins, start
            if steps == 1 or mixes(*args):
                break
        yield args


def mixes(params, state, targets, coins, start):
    """Whether a pure run of either kind, or one with another state, would choose other own tokens, and every choice is clear."""
    fed = mixed_inputs(params, state, targets, coins, start)
    logits = np.sort(write(params, fed, state)[0], axis=-1)
    others = [
        wrong(params, state, targets, coins, start) for wrong in (*map(ways, (own_when_forced, own_when_free, own_from_state)), reads_again)
    ]
    return (logits[..., -1] - logits[..., -2]).min() > 1e-3 and all((fed != other).any() for other in others)


def ways(own):
    """The true tokens, and `own(params, state, targets, start)`, (T, B), from a run that does not know of the coins."""

    def wrong(params, state, targets, coins, start):
        chosen, fed = own(params, state, targets, start), [np.full_like(targets[0], start)]
        for t in range(1, len(targets)):
            fed.append(np.where(coins[t], targets[t - 1], chosen[t - 1]))
        return np.stack(fed)

    return wrong


def own_when_forced(params, state, targets, start):
    return write(params, teacher_forced_inputs(targets, start), state)[0].argmax(axis=-1)


def own_when_free(params, state, targets, start):
    return write_freely(params, state, start, -1, len(targets))


def own_from_state(params, state, targets, start):
    """The own tokens of a decoder whose state is not carried, fed the truth."""
    fed = teacher_forced_inputs(targets, start)
    return np.concatenate([write(params, tokens[None], state)[0] for tokens in fed]).argmax(axis=-1)


def mixing(
    choose=lambda coins, t, targets, own: np.where(coins[t], targets[t - 1], own),
    feed=lambda fed: fed[-1],
    carry=lambda state, state0: state,
    best=lambda logits: logits.argmax(axis=-1),
    result=np.stack,
):
    """The right function but for one of its parts."""

    def wrong(params, state, targets, coins, start):
        fed, state0 = [np.full_like(targets[0], start)], state
        for t in range(1, len(targets)):
            logits, state, _ = write(params, feed(fed)[None], carry(state, state0))
            fed.append(choose(coins, t, targets, best(logits[0])))
        return result(fed)

    return wrong


def reads_again(params, state, targets, coins, start):
    """All that was fed is read at each step, from the state after it."""
    fed = [np.full_like(targets[0], start)]
    for t in range(1, len(targets)):
        logits, state, _ = write(params, np.stack(fed), state)
        fed.append(np.where(coins[t], targets[t - 1], logits[-1].argmax(axis=-1)))
    return np.stack(fed)


def a_row_late(params, state, targets, coins, start):
    """The loop also runs for the last target, and takes coin and target of the step that it is in."""
    fed = [np.full_like(targets[0], start)]
    for t in range(len(targets)):
        logits, state, _ = write(params, fed[-1][None], state)
        fed.append(np.where(coins[t], targets[t], logits[0].argmax(axis=-1)))
    return np.stack(fed)


def begun_with_a_coin(params, state, targets, coins, start):
    """The first coin decides between the first target and the start token, and the run goes on from there."""
    fed = [np.where(coins[0], targets[0], start)]
    for t in range(1, len(targets)):
        logits, state, _ = write(params, fed[-1][None], state)
        fed.append(np.where(coins[t], targets[t - 1], logits[0].argmax(axis=-1)))
    return np.stack(fed)


def first_coin_too(params, state, targets, coins, start):
    fed = mixed_inputs(params, state, targets, coins, start)
    fed[0] = np.where(coins[0], targets[0], start)
    return fed


def fed_behind(params, state, targets, coins, start):
    """A row more: the mixture behind the last target."""
    longer = np.concatenate([targets, targets[:1]]), np.concatenate([coins, np.ones_like(coins[:1])])
    return mixed_inputs(params, state, *longer, start)


def its_ends_are_forcing_and_free_running(function, rng):
    """All coins True is teacher forcing; all False is a free run; and every own token is the best one after what was fed."""
    args, _ = draw_mixed(rng, np.dtype("float64"), T=6, B=3, H=4)
    params, state, targets, coins, start = args
    forced, free = (function(params, state, targets, np.full(coins.shape, coin), start) for coin in (True, False))
    compare("with coins that are all True, fed", forced, teacher_forced_inputs(targets, start))
    written = write_freely(params, state, start, -1, len(targets))  # no token has this number, so nothing ends
    compare("with coins that are all False, fed", free, teacher_forced_inputs(written, start))
    fed = function(*args)
    own = write(params, fed, state)[0].argmax(axis=-1)
    compare(
        "fed",
        fed,
        teacher_forced_inputs(np.where(coins, np.roll(targets, 1, axis=0), np.roll(own, 1, axis=0))[[*range(1, len(fed)), 0]], start),
    )


scheduled = Exercise(
    mixed_inputs,
    outputs=("fed",),
    letters="TBH",
    least={"T": 5},  # shorter ones do not tell the ways to mix apart
    example=example,
    draw=draw_mixed,
    properties=(its_ends_are_forcing_and_free_running,),
    mistakes={
        "True and False are exchanged: the own token is fed where the coin is True": mixing(
            lambda coins, t, targets, own: np.where(coins[t], own, targets[t - 1])
        ),
        "the coins are ignored: the truth is always fed": mixing(lambda coins, t, targets, own: targets[t - 1]),
        "the coins are ignored: the own token is always fed": mixing(lambda coins, t, targets, own: own),
        "the own tokens come from a run that is fed the truth throughout; each must be chosen after what was really fed": ways(
            own_when_forced
        ),
        "the own tokens come from a free run; each must be chosen after what was really fed": ways(own_when_free),
        "the coin of the step before is used: coins[t] decides what step t is fed": mixing(
            lambda coins, t, targets, own: np.where(coins[t - 1], targets[t - 1], own)
        ),
        "the true token is that of the step itself; before target t comes target t - 1": mixing(
            lambda coins, t, targets, own: np.where(coins[t], targets[t], own)
        ),
        "coins and targets are both one step off": mixing(lambda coins, t, targets, own: np.where(coins[t - 1], targets[t], own)),
        "the first target is fed where the first coin is True; the start token always comes first": first_coin_too,
        "the first coin decides what the decoder begins with; the start token always comes first": begun_with_a_coin,
        "the first row of coins decides for all steps; each token has a coin of its own": mixing(
            lambda coins, t, targets, own: np.where(coins[0], targets[t - 1], own)
        ),
        "the coin of the first sequence decides for all; each token has a coin of its own": mixing(
            lambda coins, t, targets, own: np.where(coins[t, 0], targets[t - 1], own)
        ),
        "the truth is fed only where all coins of the step are True; each token has a coin of its own": mixing(
            lambda coins, t, targets, own: targets[t - 1] if coins[t].all() else own
        ),
        "an `if` asks all coins of the step at once; each token has a coin of its own": mixing(
            lambda coins, t, targets, own: targets[t - 1] if coins[t] else own
        ),
        "the truth is fed where any coin of the step is True; each token has a coin of its own": mixing(
            lambda coins, t, targets, own: targets[t - 1] if coins[t].any() else own
        ),
        "the state is not carried: every step starts from the state of the encoder": mixing(carry=lambda state, state0: state0),
        "the state is forgotten: every step starts from zeros": mixing(carry=lambda state, state0: 0 * state),
        "every step is given the start token when it chooses; it is given what was fed": mixing(feed=lambda fed: fed[0]),
        "the least likely token is taken as the own one": mixing(best=lambda logits: logits.argmin(axis=-1)),
        "the best token is taken over the whole batch; each sequence has its own": mixing(
            best=lambda logits: np.full(len(logits), logits.argmax() % logits.shape[-1])
        ),
        "the best sequence for each token is taken; the tokens are the last axis of the logits": mixing(
            best=lambda logits: logits.argmax(axis=0)
        ),
        "all that was fed is read again at each step, from the state that had read it already": reads_again,
        "write is given tokens without an axis for time": lambda params, state, targets, coins, start: (
            write(params, np.full_like(targets[0], start), state)
        ),
        "each row stands one step too early: the start token is missing, and the last row is for a step that does not come": (
            lambda params, state, targets, coins, start: a_row_late(params, state, targets, coins, start)[1:]
        ),
        "the start token is missing in front": mixing(result=lambda fed: np.stack(fed)[1:]),
        "there is a row too many: nothing is asked after the last target": fed_behind,
        "there is a row too many, and each coin decides for the step after its own": a_row_late,
        "fed has the batch first; time is the first axis": mixing(result=lambda fed: np.stack(fed).T),
        "fed has an axis too many: each step appends (1, B)": mixing(result=lambda fed: np.stack(fed)[:, None]),
    },
)
