"""Lab 9, part 1: streams."""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def reshaped(tokens, T, B):
    S = (len(tokens) - 1) // B
    K = S // T
    inputs = tokens[: B * S].reshape(B, S)[:, : K * T].T
    targets = tokens[1 : B * S + 1].reshape(B, S)[:, : K * T].T
    return [(inputs[k * T : (k + 1) * T], targets[k * T : (k + 1) * T]) for k in range(K)]


@right
def columns_stacked(tokens, T, B):
    S = (len(tokens) - 1) // B
    length = S // T * T
    inputs = np.stack([tokens[b * S : b * S + length] for b in range(B)], axis=1)
    targets = np.stack([tokens[b * S + 1 : b * S + 1 + length] for b in range(B)], axis=1)
    batches = []
    for start in range(0, length, T):
        batches.append((inputs[start : start + T], targets[start : start + T]))
    return batches


@right
def three_loops(tokens, T, B):
    S = (len(tokens) - 1) // B
    batches = []
    for k in range(S // T):
        inputs, targets = np.zeros((T, B), dtype=int), np.zeros((T, B), dtype=int)
        for t in range(T):
            for b in range(B):
                inputs[t, b] = tokens[b * S + k * T + t]
                targets[t, b] = tokens[b * S + k * T + t + 1]
        batches.append((inputs, targets))
    return batches


@right
def shifted_text(tokens, T, B):
    xs, ys = tokens[:-1], tokens[1:]
    S = len(xs) // B
    batches = []
    start = 0
    while start + T <= S:
        x = np.array([xs[b * S + start : b * S + start + T] for b in range(B)]).transpose()
        y = np.array([ys[b * S + start : b * S + start + T] for b in range(B)]).transpose()
        batches.append([x, y])
        start += T
    return batches


@right
def array_split(tokens, T, B):
    S = (len(tokens) - 1) // B
    K = S // T
    with_one_more = np.column_stack([tokens[b * S : b * S + K * T + 1] for b in range(B)])
    print("streams", with_one_more.shape)
    pieces = zip(np.split(with_one_more[:-1], K), np.split(with_one_more[1:], K), strict=True)
    return tuple(pieces)


@right
def small_integers(tokens, T, B):
    tokens = tokens.astype(np.int32)
    S = (len(tokens) - 1) // B
    place = S * np.arange(B)[None, :] + np.arange(T)[:, None]
    return [(np.take(tokens, place + T * k), np.take(tokens, place + T * k + 1)) for k in range(S // T)]


def cut(inputs, targets, T):
    return [(inputs[s : s + T], targets[s : s + T]) for s in range(0, len(inputs) - T + 1, T)]


def pieces(tokens, S, length, B, shift):
    return np.stack([tokens[b * S + shift : b * S + shift + length] for b in range(B)], axis=1)


@wrong("the targets are the inputs themselves")
def nothing_shifted(tokens, T, B):
    S = (len(tokens) - 1) // B
    inputs = pieces(tokens, S, S // T * T, B, 0)
    return cut(inputs, inputs, T)


@wrong("the targets stand one character before the inputs")
def rolled_the_wrong_way(tokens, T, B):
    S = (len(tokens) - 1) // B
    before = np.roll(tokens, 1)
    return cut(pieces(tokens, S, S // T * T, B, 0), pieces(before, S, S // T * T, B, 0), T)


@wrong("inputs and targets are exchanged")
def targets_first(tokens, T, B):
    S = (len(tokens) - 1) // B
    return cut(pieces(tokens, S, S // T * T, B, 1), pieces(tokens, S, S // T * T, B, 0), T)


@wrong("inputs and targets are (B, T)")
def batch_first(tokens, T, B):
    S = (len(tokens) - 1) // B
    inputs, targets = pieces(tokens, S, S // T * T, B, 0).T, pieces(tokens, S, S // T * T, B, 1).T
    return [(inputs[:, s : s + T], targets[:, s : s + T]) for s in range(0, inputs.shape[1], T)]


@wrong("neighbouring characters lie side by side in a row")
def plain_reshape(tokens, T, B):
    S = (len(tokens) - 1) // B
    length = S // T * T
    inputs = tokens[: length * B].reshape(length, B)
    targets = tokens[1 : length * B + 1].reshape(length, B)
    return cut(inputs, targets, T)


@wrong("the last target of a chunk is its own first input")
def rolled_in_the_chunk(tokens, T, B):
    S = (len(tokens) - 1) // B
    inputs = pieces(tokens, S, S // T * T, B, 0)
    return [(inputs[s : s + T], np.roll(inputs[s : s + T], -1, axis=0)) for s in range(0, len(inputs), T)]


@wrong("a chunk is cut from the text first")
def chunk_by_chunk(tokens, T, B):
    batches = []
    for start in range(0, (len(tokens) - 1) // B // T * T * B, T * B):
        x, y = tokens[start : start + T * B], tokens[start + 1 : start + T * B + 1]
        batches.append((x.reshape(B, T).T, y.reshape(B, T).T))
    return batches


@wrong("a stream starts right after what fills the chunks of the one before")
def trimmed_before(tokens, T, B):
    K = (len(tokens) - 1) // (B * T)
    n = K * B * T
    inputs, targets = tokens[:n].reshape(B, -1).T, tokens[1 : n + 1].reshape(B, -1).T
    return cut(inputs, targets, T)


@wrong(None)
def one_character_too_many(tokens, T, B):
    S = len(tokens) // B
    inputs = tokens[: B * S].reshape(B, S).T
    targets = np.append(tokens[1:], tokens[0])[: B * S].reshape(B, S).T
    return cut(inputs, targets, T)


@wrong("the chunks overlap")
def every_window(tokens, T, B):
    S = (len(tokens) - 1) // B
    inputs, targets = pieces(tokens, S, S, B, 0), pieces(tokens, S, S, B, 1)
    return [(inputs[s : s + T], targets[s : s + T]) for s in range(S - T + 1)]


@wrong("what does not fill a last chunk is kept")
def shorter_chunk_at_the_end(tokens, T, B):
    S = (len(tokens) - 1) // B
    inputs, targets = pieces(tokens, S, S, B, 0), pieces(tokens, S, S, B, 1)
    return [(inputs[s : s + T], targets[s : s + T]) for s in range(0, S, T)]


@wrong("the last chunk is missing")
def one_chunk_less(tokens, T, B):
    S = (len(tokens) - 1) // B
    inputs, targets = pieces(tokens, S, S, B, 0), pieces(tokens, S, S, B, 1)
    return [(inputs[k * T : k * T + T], targets[k * T : k * T + T]) for k in range(S // T - 1)]


@wrong("T and B are exchanged")
def letters_mixed_up(tokens, T, B):
    T, B = B, T
    S = (len(tokens) - 1) // B
    return cut(pieces(tokens, S, S // T * T, B, 0), pieces(tokens, S, S // T * T, B, 1), T)


@wrong(None)
def targets_one_step_shorter(tokens, T, B):
    S = (len(tokens) - 1) // B
    inputs = pieces(tokens, S, S // T * T, B, 0)
    return [(inputs[s : s + T - 1], inputs[s + 1 : s + T]) for s in range(0, len(inputs), T)]


@right
def stacked_columns(tokens, T, B):
    S = (len(tokens) - 1) // B
    length = S // T * T
    x = np.stack([tokens[b * S : b * S + length] for b in range(B)], axis=1)
    y = np.stack([tokens[b * S + 1 : b * S + length + 1] for b in range(B)], axis=1)
    return [(x[k : k + T], y[k : k + T]) for k in range(0, length, T)]


@right
def index_arithmetic(tokens, T, B):
    S = (len(tokens) - 1) // B
    at = np.arange(T)[:, None] + S * np.arange(B)
    return [(tokens[at + k * T], tokens[at + k * T + 1]) for k in range(S // T)]


@right
def reshaped_too(tokens, T, B):
    S = (len(tokens) - 1) // B
    x, y = tokens[: B * S].reshape(B, S), tokens[1 : B * S + 1].reshape(B, S)
    batches = []
    for k in range(S // T):
        batches.append([x[:, k * T : (k + 1) * T].T, y[:, k * T : (k + 1) * T].T])
    return batches


@wrong("the last chunk is missing if it ends where the stream ends.")
def last_chunk_lost(tokens, T, B):
    S = (len(tokens) - 1) // B
    x, y = tokens[: B * S].reshape(B, S).T, tokens[1 : B * S + 1].reshape(B, S).T
    return [(x[k : k + T], y[k : k + T]) for k in range(0, S - T, T)]


@wrong("all inputs are one array and all targets another; each chunk has a pair of its own.")
def one_pair(tokens, T, B):
    S = (len(tokens) - 1) // B
    length = S // T * T
    x = np.stack([tokens[b * S : b * S + length] for b in range(B)], axis=1)
    y = np.stack([tokens[b * S + 1 : b * S + length + 1] for b in range(B)], axis=1)
    return x.reshape(-1, T, B), y.reshape(-1, T, B)


@wrong("the inputs keep the character that is the last target, so that a chunk has T + 1 rows.")
def inputs_with_their_target(tokens, T, B):
    S = (len(tokens) - 1) // B
    chunks = []
    for k in range(S // T):
        chunk = np.stack([tokens[b * S + k * T : b * S + (k + 1) * T + 1] for b in range(B)], axis=1)
        chunks.append((chunk, chunk[1:]))
    return chunks
