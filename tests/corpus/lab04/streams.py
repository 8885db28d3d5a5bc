"""Lab 4, part 6: a text as streams."""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def reshaped(tokens, T, B):
    S = (len(tokens) - 1) // B
    xs = tokens[: B * S].reshape(B, S).T
    ys = tokens[1 : B * S + 1].reshape(B, S).T
    batches = []
    for start in range(0, S - T + 1, T):
        batches.append((xs[start : start + T], ys[start : start + T]))
    return batches


@right
def entry_by_entry(tokens, T, B):
    steps = (len(tokens) - 1) // B
    batches = []
    for m in range(steps // T):
        inputs, targets = np.empty((T, B), tokens.dtype), np.empty((T, B), tokens.dtype)
        for t in range(T):
            for b in range(B):
                inputs[t, b] = tokens[b * steps + m * T + t]
                targets[t, b] = tokens[b * steps + m * T + t + 1]
        batches.append((inputs, targets))
    return batches


@right
def streams_of_one_more(tokens, T, B):
    """Each stream with the token after it; inputs are all but the last, targets all but the first."""
    S = (len(tokens) - 1) // B
    streams = np.stack([tokens[b * S : (b + 1) * S + 1] for b in range(B)], axis=1)  # (S + 1, B)
    pieces = [streams[m * T : (m + 1) * T + 1] for m in range(S // T)]
    return [(piece[:-1], piece[1:]) for piece in pieces]


@right
def split_and_filtered(tokens, T, B):
    S = (len(tokens) - 1) // B
    both = [part[: B * S].reshape(B, S).T for part in (tokens[:-1], tokens[1:])]
    cuts = range(T, S, T)
    return [(x, y) for x, y in zip(*(np.split(part, cuts) for part in both), strict=True) if len(x) == T]


@right
def four_axes(tokens, T, B):
    S = (len(tokens) - 1) // B
    M = S // T

    def cut(part):
        return part[: B * S].reshape(B, S)[:, : M * T].reshape(B, M, T).transpose(1, 2, 0)

    return list(zip(cut(tokens), cut(tokens[1:]), strict=True))


@right
def while_loop(tokens, T, B):
    N, start, found = len(tokens), 0, []
    S = (N - 1) // B
    begins = S * np.arange(B)
    while start + T <= S:
        rows = [tokens[begins + start + t] for t in range(T + 1)]
        found.append([np.array(rows[:T]), np.array(rows[1:])])
        start += T
    print(len(found), "chunks")
    return tuple(found)


def cut(inputs, targets, T):
    return [(inputs[i : i + T], targets[i : i + T]) for i in range(0, len(inputs) // T * T, T)]


@wrong("neighbouring tokens go to neighbouring streams")
def reshape_alone(tokens, T, B):
    S = (len(tokens) - 1) // B
    return cut(tokens[: S * B].reshape(S, B), tokens[1 : S * B + 1].reshape(S, B), T)


@wrong("the streams are N // B long")
def no_token_left(tokens, T, B):
    S = len(tokens) // B
    return cut(tokens[: S * B].reshape(B, S).T, np.roll(tokens, -1)[: S * B].reshape(B, S).T, T)


@wrong("targets are the inputs themselves")
def copy_task(tokens, T, B):
    S = (len(tokens) - 1) // B
    xs = tokens[: S * B].reshape(B, S).T
    return cut(xs, xs, T)


@wrong("a target is the next one")
def one_before(tokens, T, B):
    S = (len(tokens) - 1) // B
    return cut(tokens[: S * B].reshape(B, S).T, np.roll(tokens, 1)[: S * B].reshape(B, S).T, T)


@wrong("the last target of each chunk is its first input")
def rolled_inside(tokens, T, B):
    S = (len(tokens) - 1) // B
    xs = tokens[: S * B].reshape(B, S).T
    return [(xs[i : i + T], np.roll(xs[i : i + T], -1, axis=0)) for i in range(0, S // T * T, T)]


@wrong("the axes are (B, T)")
def batch_first(tokens, T, B):
    S = (len(tokens) - 1) // B
    xs, ys = tokens[: S * B].reshape(B, S), tokens[1 : S * B + 1].reshape(B, S)
    return [(xs[:, i : i + T], ys[:, i : i + T]) for i in range(0, S // T * T, T)]


@wrong("the last, shorter chunk is kept")
def the_rest_too(tokens, T, B):
    S = (len(tokens) - 1) // B
    xs, ys = tokens[: S * B].reshape(B, S).T, tokens[1 : S * B + 1].reshape(B, S).T
    return [(xs[i : i + T], ys[i : i + T]) for i in range(0, S, T)]


@wrong("they begin (N - 1) // B apart")
def trimmed_first(tokens, T, B):
    S = (len(tokens) - 1) // (B * T) * T
    return cut(tokens[: S * B].reshape(B, S).T, tokens[1 : S * B + 1].reshape(B, S).T, T)


@wrong("each chunk is filled stream after stream")
def chunk_by_chunk(tokens, T, B):
    found = []
    for i in range(0, len(tokens) - T * B, T * B):
        found.append((tokens[i : i + T * B].reshape(B, T).T, tokens[i + 1 : i + T * B + 1].reshape(B, T).T))
    return found


@wrong("inputs and targets are exchanged")
def exchanged(tokens, T, B):
    return [(y, x) for x, y in reshaped(tokens, T, B)]


@wrong("the chunks overlap")
def sliding(tokens, T, B):
    S = (len(tokens) - 1) // B
    xs, ys = tokens[: S * B].reshape(B, S).T, tokens[1 : S * B + 1].reshape(B, S).T
    return [(xs[i : i + T], ys[i : i + T]) for i in range(S - T + 1)]


@wrong("the function returns inside the loop")
def indented_return(tokens, T, B):
    S = (len(tokens) - 1) // B
    xs, ys = tokens[: S * B].reshape(B, S).T, tokens[1 : S * B + 1].reshape(B, S).T
    found = []
    for i in range(0, S // T * T, T):
        found.append((xs[i : i + T], ys[i : i + T]))
        return found


@wrong("the last whole chunk is left out")
def range_too_short(tokens, T, B):
    S = (len(tokens) - 1) // B
    xs, ys = tokens[: S * B].reshape(B, S).T, tokens[1 : S * B + 1].reshape(B, S).T
    return [(xs[m * T : m * T + T], ys[m * T : m * T + T]) for m in range(S // T - 1)]


@wrong("all streams read the same piece")
def same_for_all(tokens, T, B):
    S = (len(tokens) - 1) // B
    places = np.repeat(np.arange(S)[:, None], B, axis=1)
    return cut(tokens[places], tokens[places + 1], T)


@wrong("every stream begins one token after the one before")
def start_at_b(tokens, T, B):
    S = (len(tokens) - 1) // B
    places = np.arange(S // T * T)[:, None] + np.arange(B)
    return cut(tokens[places], tokens[(places + 1) % len(tokens)], T)


@wrong("T and B are exchanged")
def mixed_up(tokens, T, B):
    return reshaped(tokens, B, T)


@wrong("the inputs alone are returned")
def no_targets(tokens, T, B):
    return [x for x, _ in reshaped(tokens, T, B)]


@wrong("batches must hold")
def one_big_array(tokens, T, B):
    return np.array(reshaped(tokens, T, B))


@wrong("must hold whole numbers, got float64.")
def filled_floats(tokens, T, B):
    return [(x + np.zeros((T, B)), y + np.zeros((T, B))) for x, y in reshaped(tokens, T, B)]


@wrong(None)
def shuffled_chunks(tokens, T, B):
    return reshaped(tokens, T, B)[::-1]


@right
def rolled(tokens, T, B):
    S = (len(tokens) - 1) // B
    inputs = tokens[: B * S].reshape(B, S).T
    targets = np.roll(tokens, -1)[: B * S].reshape(B, S).T
    return [(inputs[i : i + T], targets[i : i + T]) for i in range(0, S - T + 1, T)]


@right
def index_array(tokens, T, B):
    S = (tokens.size - 1) // B
    where = np.arange(B)[None, :] * S + np.arange(T)[:, None]
    out = []
    for m in range(S // T):
        out.append((tokens[where + m * T], tokens[where + m * T + 1]))
    return out


@right
def stacked_columns(tokens, T, B):
    steps = (len(tokens) - 1) // B
    reads = np.stack([tokens[b * steps : (b + 1) * steps] for b in range(B)], axis=1)
    nexts = np.stack([tokens[b * steps + 1 : (b + 1) * steps + 1] for b in range(B)], axis=1)
    return tuple([reads[i * T : (i + 1) * T], nexts[i * T : (i + 1) * T]] for i in range(steps // T))


@wrong("each stream takes its targets from its own N // B tokens")
def shifted_in_stream(tokens, T, B):
    S = len(tokens) // B
    streams = tokens[: B * S].reshape(B, S).T
    return [(streams[i : i + T], streams[i + 1 : i + T + 1]) for i in range(0, S - T, T)]


@wrong("the last target of a stream is its first input")
def rolled_in_stream(tokens, T, B):
    S = (len(tokens) - 1) // B
    inputs = tokens[: B * S].reshape(B, S).T
    targets = np.roll(inputs, -1, axis=0)
    return [(inputs[i : i + T], targets[i : i + T]) for i in range(0, S - T + 1, T)]


@wrong("two lists are returned, one of inputs and one of targets")
def two_lists(tokens, T, B):
    S = (len(tokens) - 1) // B
    inputs, targets = tokens[: B * S].reshape(B, S).T, tokens[1 : B * S + 1].reshape(B, S).T
    starts = range(0, S - T + 1, T)
    return [inputs[i : i + T] for i in starts], [targets[i : i + T] for i in starts]
