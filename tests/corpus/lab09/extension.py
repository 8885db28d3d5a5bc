"""Lab 9, part 7: one step of a beam."""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def list_of_all(log_p, log_next, width):
    everything = []
    for w in range(len(log_p)):
        for v in range(log_next.shape[1]):
            everything.append((log_p[w] + log_next[w, v], w, v))
    everything.sort(key=lambda triple: -triple[0])
    values, parents, tokens = zip(*everything[:width], strict=True)
    return np.array(values, dtype=log_next.dtype), np.array(parents), np.array(tokens)


@right
def divmod_of_places(log_p, log_next, width):
    total = log_next + log_p.reshape(-1, 1)
    places = np.argsort(total, axis=None)[::-1][:width]
    parents, tokens = np.divmod(places, total.shape[1])
    return total[parents, tokens], parents, tokens


@right
def unravelled(log_p, log_next, width):
    total = np.add(log_p[:, np.newaxis], log_next)
    best = total.argsort(axis=None)[-width:][::-1]
    parents, tokens = np.unravel_index(best, total.shape)
    return [total.flat[best], parents, tokens]


@right
def best_again_and_again(log_p, log_next, width):
    total = log_p[:, None] + log_next
    left = total.astype(float)
    values, parents, tokens = [], [], []
    for _ in range(min(width, total.size)):
        w, v = np.unravel_index(left.argmax(), left.shape)
        values.append(total[w, v])
        parents.append(w)
        tokens.append(v)
        left[w, v] = -np.inf
    return np.array(values), np.array(parents), np.array(tokens)


@right
def partitioned_first(log_p, log_next, width):
    total = (log_p[:, None] + log_next).reshape(-1)
    n = min(width, len(total))
    some = np.argpartition(-total, n - 1)[:n]
    some = some[np.argsort(-total[some])]
    V = log_next.shape[-1]
    return total[some], (some / V).astype(int), np.mod(some, V)


@right
def best_of_each_then_best_of_all(log_p, log_next, width):
    """No beginning can have more than `width` continuations among the best."""
    total = log_p[:, None] + log_next
    rows = np.argsort(-total, axis=1)[:, :width]
    candidates = [(w, v) for w in range(len(total)) for v in rows[w]]
    candidates = sorted(candidates, key=lambda pair: total[pair], reverse=True)[:width]
    print("candidates", len(candidates))
    parents, tokens = np.array(candidates).T
    return total[parents, tokens], parents, tokens


def best_places(total, width):
    return np.argsort(-total.ravel(), kind="stable")[:width]


@wrong("log_p is not added")
def tokens_alone(log_p, log_next, width):
    best = best_places(log_next, width)
    return log_next.ravel()[best], best // log_next.shape[1], best % log_next.shape[1]


@wrong("log_p and log_next are multiplied")
def multiplied(log_p, log_next, width):
    total = log_p[:, None] * log_next
    best = best_places(total, width)
    return total.ravel()[best], best // log_next.shape[1], best % log_next.shape[1]


@wrong("log_p is subtracted")
def subtracted(log_p, log_next, width):
    total = log_next - log_p[:, None]
    best = best_places(total, width)
    return total.ravel()[best], best // log_next.shape[1], best % log_next.shape[1]


@wrong("log_p is added along the tokens")
def second_axis_forgotten(log_p, log_next, width):
    total = log_p + log_next
    best = best_places(total, width)
    return total.ravel()[best], best // log_next.shape[1], best % log_next.shape[1]


@wrong("each beginning goes on with its one best token")
def greedy_in_each(log_p, log_next, width):
    tokens = log_next.argmax(axis=1)
    values = log_p + log_next[np.arange(len(log_p)), tokens]
    order = np.argsort(-values)[:width]
    return values[order], order, tokens[order]


@wrong("each beginning keeps its own best tokens")
def width_in_each(log_p, log_next, width):
    total = log_p[:, None] + log_next
    tokens = np.argsort(-total, axis=1, kind="stable")[:, :width]
    parents = np.repeat(np.arange(len(log_p)), tokens.shape[1])
    return np.take_along_axis(total, tokens, axis=1).ravel(), parents, tokens.ravel()


@wrong("the worst continuations are kept")
def ascending(log_p, log_next, width):
    total = (log_p[:, None] + log_next).ravel()
    best = np.argsort(total, kind="stable")[:width]
    return total[best], best // log_next.shape[1], best % log_next.shape[1]


@wrong("the continuations come in the wrong order")
def best_last(log_p, log_next, width):
    total = (log_p[:, None] + log_next).ravel()
    best = np.argsort(total, kind="stable")[-width:]
    return total[best], best // log_next.shape[1], best % log_next.shape[1]


@wrong("parents and tokens are exchanged")
def exchanged(log_p, log_next, width):
    total = (log_p[:, None] + log_next).ravel()
    best = best_places(total, width)
    return total[best], best % log_next.shape[1], best // log_next.shape[1]


@wrong("the place is divided by W")
def divided_by_the_rows(log_p, log_next, width):
    total = (log_p[:, None] + log_next).ravel()
    best = best_places(total, width)
    return total[best], best // len(log_p), best % len(log_p)


@wrong("tokens are places in the flattened array")
def no_remainder(log_p, log_next, width):
    total = (log_p[:, None] + log_next).ravel()
    best = best_places(total, width)
    return total[best], best // log_next.shape[1], best


@wrong("log_p_next is that of the last token alone")
def value_of_the_token(log_p, log_next, width):
    best = best_places(log_p[:, None] + log_next, width)
    parents, tokens = best // log_next.shape[1], best % log_next.shape[1]
    return log_next[parents, tokens], parents, tokens


@wrong("probabilities are returned")
def exponentials(log_p, log_next, width):
    total = (log_p[:, None] + log_next).ravel()
    best = best_places(total, width)
    return np.exp(total[best]), best // log_next.shape[1], best % log_next.shape[1]


@wrong("only the best continuation is kept")
def width_ignored(log_p, log_next, width):
    total = (log_p[:, None] + log_next).ravel()
    best = total.argmax(keepdims=True)
    return total[best], best // log_next.shape[1], best % log_next.shape[1]


@wrong(None)
def flattened_by_columns(log_p, log_next, width):
    total = (log_p[:, None] + log_next).T.ravel()
    best = best_places(total, width)
    return total[best], best // log_next.shape[1], best % log_next.shape[1]


@wrong(None)
def best_token_for_everybody(log_p, log_next, width):
    token = int(log_next.sum(axis=0).argmax())
    values = log_p + log_next[:, token]
    order = np.argsort(-values)[:width]
    return values[order], order, np.full(len(order), token)


@wrong("the place is divided by the width")
def divided_by_the_width(log_p, log_next, width):
    total = (log_p[:, None] + log_next).ravel()
    best = best_places(total, width)
    return total[best], best // width, best % width


@right
def ravel(log_p, log_next, width):
    total = (log_p[:, None] + log_next).ravel()
    best = np.argsort(-total)[:width]
    parents, tokens = np.divmod(best, log_next.shape[1])
    return total[best], parents, tokens


@right
def python(log_p, log_next, width):
    every = [(log_p[w] + log_next[w, v], w, v) for w in range(len(log_p)) for v in range(log_next.shape[1])]
    every.sort(reverse=True)
    scores, parents, tokens = zip(*every[:width], strict=False)
    return np.array(scores), np.array(parents), np.array(tokens)


@right
def unravel(log_p, log_next, width):
    total = log_p.reshape(-1, 1) + log_next
    best = np.argsort(total, axis=None)[::-1][:width]
    parents, tokens = np.unravel_index(best, total.shape)
    return total[parents, tokens], parents, tokens


@wrong("must be a NumPy array")
def lists(log_p, log_next, width):
    every = sorted(((log_p[w] + log_next[w, v], w, v) for w in range(len(log_p)) for v in range(log_next.shape[1])), reverse=True)
    every = every[:width]
    return [e[0] for e in every], [e[1] for e in every], [e[2] for e in every]


@wrong("log_p is added along the tokens; each beginning has its own row.")
def no_second_axis(log_p, log_next, width):
    total = (log_p + log_next).ravel()
    best = np.argsort(-total)[:width]
    return total[best], best // log_next.shape[1], best % log_next.shape[1]


@wrong("log_p is added after the choice, which is made by log_next alone; the sum decides.")
def chosen_by_the_step(log_p, log_next, width):
    total = (log_p[:, None] + log_next).ravel()
    best = np.argsort(-log_next.ravel())[:width]
    return total[best], best // log_next.shape[1], best % log_next.shape[1]


@wrong("only the first beginning is extended.")
def best_beginning(log_p, log_next, width):
    w = log_p.argmax()
    total = log_p[w] + log_next[w]
    tokens = np.argsort(-total)[:width]
    return total[tokens], np.full(len(tokens), w), tokens


@wrong("the continuations come in the order of their places; the best comes first.")
def argpartition(log_p, log_next, width):
    total = (log_p[:, None] + log_next).ravel()
    best = np.argpartition(-total, min(width, len(total)) - 1)[:width]
    best = np.sort(best)
    return total[best], best // log_next.shape[1], best % log_next.shape[1]


@wrong("all continuations are kept; keep `width` of them.")
def total_not_cut(log_p, log_next, width):
    total = (log_p[:, None] + log_next).ravel()
    best = np.argsort(-total)
    return total[best], best // log_next.shape[1], best % log_next.shape[1]


@wrong(None)
def log_of_sum(log_p, log_next, width):
    total = np.logaddexp(log_p[:, None], log_next).ravel()
    best = np.argsort(-total)[:width]
    return total[best], best // log_next.shape[1], best % log_next.shape[1]
