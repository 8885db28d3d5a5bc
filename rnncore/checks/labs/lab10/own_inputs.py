"""Lab 10, part 7: write without help.

Contents
    free_running    the check of `write_freely`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab10.inputs import DECODER, V, draw_decoder, normal
from rnncore.checks.labs.lab10.target import state_of_plus_minus, write
from rnncore.reference.decoder_inputs import teacher_forced_inputs

__all__ = ["free_running"]


def write_freely(params, state, start, end, longest):
    """Write from a state: each step is fed the best token of the step before, until all have ended or `longest` is reached."""
    tokens, written = np.full(len(state), start), []
    ended = np.zeros(len(state), dtype=bool)
    while len(written) < longest and not ended.all():
        logits, state, _ = write(params, tokens[None], state)
        tokens = np.where(ended, end, logits[0].argmax(axis=-1))
        ended = tokens == end
        written.append(tokens)
    return np.stack(written)


def example():
    """The chapter's decoder, from the state of "minus plus" and from its opposite, that of "plus minus"."""
    state = state_of_plus_minus()
    return DECODER, np.concatenate([-state, state]), 0, 0, 3


def draw_free(rng, dtype, B, H):
    """A decoder that ends its texts, at different steps and all at once, one that does not, and one that may write a single token.

    The first is drawn until one text goes on for some steps after another has ended, and until a network that wrote on behind the end
    token, or read its text again, would write something else. Then it writes its longest text only, B times: who stops where all write
    the end token at the same step is right there, and who never stops is not. Every best token is ahead by more than rounding.
    """
    for wanted in ("ends", "goes on", "one token"):
        longest = 1 if wanted == "one token" else 7
        while True:
            params, state = draw_decoder(rng, dtype, H, scale=2.0), np.tanh(normal(rng, dtype, B, H))
            start, end = (int(token) for token in rng.permutation(V)[:2])
            params["output"]["bias"][end] += 1
            args = params, state, start, end, longest
            if wanted == "one token" or fits(wanted, *args):
                break
        yield args
        if wanted == "ends":
            slowest = (write_freely(*args) != end).sum(axis=0).argmax()
            yield params, np.repeat(state[slowest : slowest + 1], B, axis=0), start, end, longest


def fits(wanted, params, state, start, end, longest):
    tokens = write_freely(params, state, start, end, longest)
    lengths = (tokens != end).sum(axis=0)
    if wanted == "goes on":
        fit = len(tokens) == longest and lengths.max() == longest and len(set(tokens[:, lengths.argmax()])) > 2
    else:
        fit = len(tokens) < longest and lengths.max() >= max(lengths.min() + 2, 3) and lengths[0] < lengths.max()
        fit = fit and not any(np.array_equal(wrong(params, state, start, end, longest), tokens) for wrong in (goes_on, reads_again))
        fit = fit and len(begins_again(params, state, start, end, longest)) > len(tokens)
    return fit and clear(params, state, start, tokens)


def clear(params, state, start, tokens):
    """Whether the best token of every step is ahead of the second by more than rounding."""
    logits = np.sort(write(params, teacher_forced_inputs(tokens, start), state)[0], axis=-1)
    return (logits[..., -1] - logits[..., -2]).min() > 1e-3


def writing(
    first=lambda start, end, B: np.full(B, start),
    choose=lambda logits: logits.argmax(axis=-1),
    fill=lambda chosen, ended, end, last: np.where(ended, end, chosen),
    ends=lambda tokens, end, ended: tokens == end,
    go_on=lambda ended: not ended.all(),
    feed=lambda tokens, start: tokens,
    carry=lambda state, state0: state,
    limit=lambda longest: longest,
    result=np.stack,
    begin=lambda tokens, end: np.zeros(len(tokens), dtype=bool),
):
    """The right function but for one of its parts."""

    def wrong(params, state, start, end, longest):
        tokens, written, state0 = first(start, end, len(state)), [], state
        ended = begin(tokens, end)
        while len(written) < limit(longest) and go_on(ended):
            logits, state, _ = write(params, feed(tokens, start)[None], carry(state, state0))
            tokens = fill(choose(logits[0]), ended, end, tokens)
            ended = ends(tokens, end, ended)
            written.append(tokens)
        return result(written)

    return wrong


goes_on = writing(fill=lambda chosen, ended, end, last: chosen, ends=lambda tokens, end, ended: ended | (tokens == end))


begins_again = writing(fill=lambda chosen, ended, end, last: chosen)


def two_steps_late(params, state, start, end, longest):
    """Each step is fed the token before the one that was just written."""
    before = tokens = np.full(len(state), start)
    ended, written = np.zeros(len(state), dtype=bool), []
    while len(written) < longest and not ended.all():
        logits, state, _ = write(params, before[None], state)
        before, tokens = tokens, np.where(ended, end, logits[0].argmax(axis=-1))
        ended = tokens == end
        written.append(tokens)
    return np.stack(written)


def reads_again(params, state, start, end, longest):
    """All that was written is read at each step, from the state after it."""
    tokens, ended = np.full((1, len(state)), start), np.zeros(len(state), dtype=bool)
    while len(tokens) <= longest and not ended.all():
        logits, state, _ = write(params, tokens, state)
        best = np.where(ended, end, logits[-1].argmax(axis=-1))
        ended = best == end
        tokens = np.concatenate([tokens, best[None]])
    return tokens[1:]


def with_start(params, state, start, end, longest):
    tokens = write_freely(params, state, start, end, longest)
    return np.concatenate([np.full_like(tokens[:1], start), tokens])


def fed_with_what_it_wrote_it_writes_the_same(function, rng):
    """Under teacher forcing with its own text as the target, the best tokens are that text; it stops where it should."""
    for params, state, start, end, longest in draw_free(rng, np.dtype("float64"), B=3, H=4):
        tokens = function(params, state, start, end, longest)
        best = write(params, teacher_forced_inputs(tokens, start), state)[0].argmax(axis=-1)
        before = np.cumsum(tokens == end, axis=0) - (tokens == end) > 0  # behind the end token
        compare("behind the end token, tokens", tokens[before], np.full(before.sum(), end))
        compare("up to the end token, tokens", tokens[~before], best[~before])
        wanted = min(longest, (~before).sum(axis=0).max())
        complete = len(tokens) == longest or (tokens == end).any(axis=0).all()
        compare("the number of rows of tokens", len(tokens), wanted if complete else longest)


free_running = Exercise(
    write_freely,
    outputs=("tokens",),
    letters="BH",
    example=example,
    draw=draw_free,
    properties=(fed_with_what_it_wrote_it_writes_the_same,),
    mistakes={
        "every step is fed the start token; after the first, it is fed what it has just written": writing(
            feed=lambda tokens, start: np.full_like(tokens, start)
        ),
        "the state is not carried: every step starts from the state of the encoder": writing(carry=lambda state, state0: state0),
        "the state is forgotten: every step starts from zeros": writing(carry=lambda state, state0: 0 * state),
        "a text that has ended goes on: behind its end token only end tokens follow": goes_on,
        "a text that has ended can begin again: all stop only where they write the end token at the same step": begins_again,
        "it writes on to the limit although all have ended": writing(go_on=lambda ended: True),
        "it writes on to the limit, and what comes behind the end token is no end token": writing(
            fill=lambda chosen, ended, end, last: chosen, go_on=lambda ended: True
        ),
        "all stop as soon as one has ended": writing(go_on=lambda ended: not ended.any()),
        "all stop when the first sequence has ended": writing(go_on=lambda ended: not ended[0]),
        "a text that has ended is filled up with 0 in the place of the end token": writing(
            fill=lambda chosen, ended, end, last: np.where(ended, 0, chosen), ends=lambda tokens, end, ended: ended | (tokens == end)
        ),
        "the start token stands in front of what was written": with_start,
        "the start token stands in front and is counted as one of the `longest`": lambda params, state, start, end, longest: (
            with_start(params, state, start, end, longest)[:longest]
        ),
        "the start token is taken for a written one: where it is the end token, all have ended before they begin": writing(
            begin=lambda tokens, end: tokens == end
        ),
        "one token too many is written: stop when there are `longest` of them": writing(limit=lambda longest: longest + 1),
        "one token too few is written: the last one counts as well": writing(limit=lambda longest: longest - 1),
        "one token too few is written, and none where a single one may be": writing(limit=lambda longest: longest - 1, result=np.array),
        "the end token comes first; the start token does": writing(first=lambda start, end, B: np.full(B, end)),
        "zeros come first; the start token has a number of its own": writing(first=lambda start, end, B: np.zeros(B, int)),
        "the least likely token is taken": writing(choose=lambda logits: logits.argmin(axis=-1)),
        "the best token is taken over the whole batch; each sequence has its own": writing(
            choose=lambda logits: np.full(len(logits), logits.argmax() % logits.shape[-1])
        ),
        "the best sequence for each token is taken; the tokens are the last axis of the logits": writing(
            choose=lambda logits: logits.argmax(axis=0)
        ),
        "the second best token is taken": writing(choose=lambda logits: logits.argsort(axis=-1)[..., -2]),
        "all that was written is read again at each step, from the state that had read it already": reads_again,
        "write is given tokens without an axis for time": lambda params, state, start, end, longest: (
            write(params, np.full(len(state), start), state)
        ),
        "each step is fed the token before the one that was just written": two_steps_late,
        "tokens has the batch first; time is the first axis": lambda params, state, start, end, longest: (
            write_freely(params, state, start, end, longest).T
        ),
        "only the last tokens are returned; keep those of every step": lambda params, state, start, end, longest: (
            write_freely(params, state, start, end, longest)[-1]
        ),
        "the end tokens are left out of what is returned": lambda params, state, start, end, longest: (
            (lambda tokens: tokens[(tokens != end).any(axis=1)])(write_freely(params, state, start, end, longest))
        ),
        "tokens has an axis too many: each step appends (1, B)": lambda params, state, start, end, longest: (
            write_freely(params, state, start, end, longest)[:, None]
        ),
    },
)
