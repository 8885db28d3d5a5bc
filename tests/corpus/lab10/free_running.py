"""Lab 10, part 7: write without help."""

import numpy as np

from rnncore.checks.labs.lab10.target import write
from rnncore.reference import generate
from tests.corpus.answers import right, wrong


def best_of(params, tokens, state):
    """One step: the best tokens and the next state."""
    logits, state, _ = write(params, tokens[None], state)
    return logits[0].argmax(axis=-1), state


@right
def with_generate(params, state, start, end, longest):
    def step(tokens, state):
        logits, state, _ = write(params, tokens[None], state)
        return logits[0], state

    first = np.full(len(state), start)
    return generate(step, state, first, choose=lambda logits: logits.argmax(axis=-1), max_length=longest, end=end)


@right
def break_inside(params, state, start, end, longest):
    tokens = np.full(len(state), start)
    done = np.zeros(len(state), dtype=bool)
    rows = []
    for _ in range(longest):
        tokens, state = best_of(params, tokens, state)
        tokens[done] = end
        rows.append(tokens)
        done |= tokens == end
        if done.all():
            break
    return np.array(rows)


@right
def sequence_by_sequence(params, state, start, end, longest):
    texts = []
    for b in range(len(state)):
        h, token, text = state[b : b + 1], start, []
        while not text or (len(text) < longest and token != end):
            best, h = best_of(params, np.array([token]), h)
            token = int(best[0])
            text.append(token)
        texts.append(text)
    L = max(len(text) for text in texts)
    return np.array([text + [end] * (L - len(text)) for text in texts]).T


@right
def whole_array_then_cut(params, state, start, end, longest):
    written = np.empty((longest, len(state)), dtype=int)
    tokens = np.full(len(state), start)
    for t in range(longest):
        tokens, state = best_of(params, tokens, state)
        written[t] = tokens
    ended = np.cumsum(written == end, axis=0) > 0
    written[ended] = end
    steps = longest if not ended[-1].all() else 1 + int(np.argmax(ended.all(axis=1)))
    return written[:steps]


@right
def reads_its_own_text_again(params, state, start, end, longest):
    """No state is kept: each step runs the decoder from the beginning on all that was written."""
    fed, alive = np.full((1, len(state)), start), np.ones(len(state), bool)
    for _ in range(longest):
        best = write(params, fed, state)[0][-1].argmax(axis=-1)
        best = np.where(alive, best, end)
        fed = np.concatenate([fed, best[None]])
        alive &= best != end
        if not alive.any():
            break
    return fed[1:]


@right
def recursive(params, state, start, end, longest):
    def go_on(tokens, state, done, left):
        best, state = best_of(params, tokens, state)
        best = np.where(done, end, best)
        done = done | (best == end)
        return [best] if left == 1 or done.all() else [best, *go_on(best, state, done, left - 1)]

    print("from", start)
    return np.stack(go_on(np.full(len(state), start), state, np.zeros(len(state), bool), longest))


@wrong("every step is fed the start token")
def tokens_not_renamed(params, state, start, end, longest):
    tokens, done, rows = np.full(len(state), start), np.zeros(len(state), bool), []
    while len(rows) < longest and not done.all():
        best, state = best_of(params, tokens, state)
        best = np.where(done, end, best)
        done = best == end
        rows.append(best)
    return np.stack(rows)


@wrong("the state is not carried")
def state_not_renamed(params, state, start, end, longest):
    tokens, done, rows = np.full(len(state), start), np.zeros(len(state), bool), []
    while len(rows) < longest and not done.all():
        logits, _, _ = write(params, tokens[None], state)
        tokens = np.where(done, end, logits[0].argmax(axis=-1))
        done = tokens == end
        rows.append(tokens)
    return np.stack(rows)


@wrong("it writes on to the limit, and what comes behind the end token is no end token")
def limit_only(params, state, start, end, longest):
    tokens, rows = np.full(len(state), start), []
    for _ in range(longest):
        tokens, state = best_of(params, tokens, state)
        rows.append(tokens)
    return np.stack(rows)


@wrong("it writes on to the limit although all have ended")
def never_stops_early(params, state, start, end, longest):
    tokens, done, rows = np.full(len(state), start), np.zeros(len(state), bool), []
    for _ in range(longest):
        best, state = best_of(params, tokens, state)
        tokens = np.where(done, end, best)
        done = tokens == end
        rows.append(tokens)
    return np.stack(rows)


@wrong("a text that has ended can begin again")
def stops_when_all_say_end_at_once(params, state, start, end, longest):
    tokens, rows = np.full(len(state), start), []
    while len(rows) < longest:
        tokens, state = best_of(params, tokens, state)
        rows.append(tokens)
        if (tokens == end).all():
            break
    return np.stack(rows)


@wrong("a text that has ended goes on")
def remembered_but_not_filled(params, state, start, end, longest):
    tokens, done, rows = np.full(len(state), start), np.zeros(len(state), bool), []
    while len(rows) < longest and not done.all():
        tokens, state = best_of(params, tokens, state)
        done |= tokens == end
        rows.append(tokens)
    return np.stack(rows)


@wrong("all stop as soon as one has ended")
def any_for_all(params, state, start, end, longest):
    tokens, rows = np.full(len(state), start), []
    while len(rows) < longest:
        tokens, state = best_of(params, tokens, state)
        rows.append(tokens)
        if (tokens == end).any():
            break
    return np.stack(rows)


@wrong("the start token stands in front of what was written")
def start_kept(params, state, start, end, longest):
    tokens, done = np.full(len(state), start), np.zeros(len(state), bool)
    rows = [tokens]
    while len(rows) <= longest and not done.all():
        best, state = best_of(params, tokens, state)
        tokens = np.where(done, end, best)
        done = tokens == end
        rows.append(tokens)
    return np.stack(rows)


@wrong("one token too many is written")
def less_or_equal(params, state, start, end, longest):
    tokens, done, rows = np.full(len(state), start), np.zeros(len(state), bool), []
    while len(rows) <= longest and not done.all():
        best, state = best_of(params, tokens, state)
        tokens = np.where(done, end, best)
        done = tokens == end
        rows.append(tokens)
    return np.stack(rows)


@wrong("a text that has ended is filled up with 0")
def filled_with_zero(params, state, start, end, longest):
    tokens, done, rows = np.full(len(state), start), np.zeros(len(state), bool), []
    while len(rows) < longest and not done.all():
        best, state = best_of(params, tokens, state)
        tokens = np.where(done, 0, best)
        done = done | (tokens == end)
        rows.append(tokens)
    return np.stack(rows)


@wrong("the best sequence for each token is taken")
def argmax_over_the_batch(params, state, start, end, longest):
    tokens, done, rows = np.full(len(state), start), np.zeros(len(state), bool), []
    while len(rows) < longest and not done.all():
        logits, state, _ = write(params, tokens[None], state)
        tokens = np.where(done, end, logits[0].argmax(axis=0))
        done = tokens == end
        rows.append(tokens)
    return np.stack(rows)


@wrong("tokens has the batch first")
def batch_first(params, state, start, end, longest):
    return np.stack(break_inside(params, state, start, end, longest), axis=1)


@wrong("tokens has an axis too many")
def axis_kept(params, state, start, end, longest):
    tokens, done, rows = np.full((1, len(state)), start), np.zeros((1, len(state)), bool), []
    while len(rows) < longest and not done.all():
        logits, state, _ = write(params, tokens, state)
        tokens = np.where(done, end, logits.argmax(axis=-1))
        done = tokens == end
        rows.append(tokens)
    return np.stack(rows)


@wrong("each step is fed the token before the one that was just written")
def one_step_late(params, state, start, end, longest):
    now = new = np.full(len(state), start)
    done, rows = np.zeros(len(state), bool), []
    while len(rows) < longest and not done.all():
        best, state = best_of(params, now, state)
        now = new
        new = np.where(done, end, best)
        done = new == end
        rows.append(new)
    return np.stack(rows)


@wrong("zeros come first")
def starts_with_zero(params, state, start, end, longest):
    return with_generate(params, state, 0, end, longest)


@wrong("tokens must be a NumPy array of shape")
def list_of_rows(params, state, start, end, longest):
    return list(break_inside(params, state, start, end, longest))


@wrong("write is given tokens without an axis for time")
def no_time_axis(params, state, start, end, longest):
    tokens, rows = np.full(len(state), start), []
    for _ in range(longest):
        logits, state, _ = write(params, tokens, state)
        tokens = logits.argmax(axis=-1)
        rows.append(tokens)
    return np.stack(rows)


@wrong("one token too few is written")
def limit_counts_the_start_token(params, state, start, end, longest):
    tokens, done = np.full(len(state), start), np.zeros(len(state), bool)
    rows = [tokens]
    while len(rows) < longest and not done.all():
        best, state = best_of(params, tokens, state)
        tokens = np.where(done, end, best)
        done = tokens == end
        rows.append(tokens)
    return np.stack(rows[1:])


@wrong(None)
def breaks_before_the_end_token_is_kept(params, state, start, end, longest):
    """The step in which the last text ends is not kept, so that its end token is missing."""
    tokens, done, rows = np.full(len(state), start), np.zeros(len(state), bool), []
    for _ in range(longest):
        best, state = best_of(params, tokens, state)
        tokens = np.where(done, end, best)
        done = tokens == end
        if done.all():
            break
        rows.append(tokens)
    return np.array(rows)


@wrong("the least likely token is taken")
def smallest(params, state, start, end, longest):
    tokens, done, rows = np.full(len(state), start), np.zeros(len(state), bool), []
    while len(rows) < longest and not done.all():
        logits, state, _ = write(params, tokens[None], state)
        tokens = np.where(done, end, np.argsort(logits[0], axis=-1)[:, 0])
        done = tokens == end
        rows.append(tokens)
    return np.stack(rows)


@right
def filled_afterwards(params, state, start, end, longest):
    fed, rows = np.full((1, len(state)), start), []
    for _ in range(longest):
        logits, state, _ = write(params, fed, state)
        fed = np.argmax(logits, axis=-1)
        rows.append(fed[0])
    rows = np.array(rows)
    for b in range(rows.shape[1]):
        ends = np.flatnonzero(rows[:, b] == end)
        if len(ends):
            rows[ends[0] :, b] = end
    going = (rows != end).any(axis=1)
    return rows[: min(longest, going.sum() + 1)]


@wrong("a text that has ended can begin again")
def ended_forgotten_at_each_step(params, state, start, end, longest):
    tokens, rows = np.full(len(state), start), []
    for _ in range(longest):
        best, state = best_of(params, tokens, state)
        done = best == end
        tokens = np.where(done, end, best)
        rows.append(tokens)
        if done.all():
            break
    return np.array(rows)


@wrong("the start token stands in front and is counted")
def start_counted(params, state, start, end, longest):
    tokens, done = np.full(len(state), start), np.zeros(len(state), bool)
    rows = [tokens]
    while len(rows) < longest and not done.all():
        best, state = best_of(params, tokens, state)
        tokens = np.where(done, end, best)
        done = tokens == end
        rows.append(tokens)
    return np.array(rows)


@wrong("the start token is taken for a written one")
def start_looked_at(params, state, start, end, longest):
    tokens, rows = np.full(len(state), start), []
    done = tokens == end
    while len(rows) < longest and not done.all():
        best, state = best_of(params, tokens, state)
        tokens = np.where(done, end, best)
        done = tokens == end
        rows.append(tokens)
    return np.stack(rows)


@wrong("one token too few is written")
def range_to_the_limit(params, state, start, end, longest):
    tokens, done, rows = np.full(len(state), start), np.zeros(len(state), bool), []
    for _ in range(1, longest):
        best, state = best_of(params, tokens, state)
        tokens = np.where(done, end, best)
        done = tokens == end
        rows.append(tokens)
        if done.all():
            break
    return np.array(rows)


@wrong("all that was written is read again at each step")
def both_text_and_state(params, state, start, end, longest):
    rows, done = [np.full(len(state), start)], np.zeros(len(state), bool)
    while len(rows) <= longest and not done.all():
        logits, state, _ = write(params, np.array(rows), state)
        tokens = np.where(done, end, logits[-1].argmax(axis=-1))
        done = tokens == end
        rows.append(tokens)
    return np.array(rows[1:])


@wrong("the end tokens are left out of what is returned")
def last_end_tokens_dropped(params, state, start, end, longest):
    tokens, done, rows = np.full(len(state), start), np.zeros(len(state), bool), []
    for _ in range(longest):
        best, state = best_of(params, tokens, state)
        tokens = np.where(done, end, best)
        done = tokens == end
        if done.all():
            break
        rows.append(tokens)
    return np.array(rows, dtype=int).reshape(-1, len(state))


@wrong(None)
def scores_kept(params, state, start, end, longest):
    tokens, done, rows = np.full(len(state), start), np.zeros(len(state), bool), []
    while len(rows) < longest and not done.all():
        logits, state, _ = write(params, tokens[None], state)
        tokens = np.where(done, end, logits[0].argmax(axis=-1))
        done = tokens == end
        rows.append(logits[0])
    return np.stack(rows)
