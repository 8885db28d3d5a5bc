"""Lab 9, part 7: every beginning with every token after it, and the best of these.

Contents
    extension    the check of `extend_beam`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab09.inputs import LOG_NEXT, draw_extension

__all__ = ["extension"]


def extend_beam(log_p, log_next, width):
    total = (log_p[:, None] + log_next).ravel()  # (W * V,)
    best = np.argsort(-total, kind="stable")[:width]
    V = log_next.shape[1]
    return total[best], best // V, best % V


def ranked_by(total):
    """The right function but for what `total(log_p, log_next)`, (W, V), ranks and returns."""

    def wrong(log_p, log_next, width):
        values = total(log_p, log_next).ravel()
        best = np.argsort(-values, kind="stable")[:width]
        return values[best], best // log_next.shape[1], best % log_next.shape[1]

    return wrong


def chosen(places):
    """The right function but for which continuations are kept: `places(total (W, V), width)`, numbers up to W * V."""

    def wrong(log_p, log_next, width):
        total = log_p[:, None] + log_next
        best, V = places(total, width), total.shape[1]
        return total.ravel()[best], best // V, best % V

    return wrong


def with_results(change):
    """What `change(log_p_next, parents, tokens, log_p, log_next)` makes of the right results."""
    return lambda log_p, log_next, width: change(*extend_beam(log_p, log_next, width), log_p, log_next)


def decreasing(values):
    return np.argsort(-values, kind="stable")


def each_its_share(total, width):
    """The best token of every beginning, and of these the best."""
    best = np.arange(len(total)) * total.shape[1] + total.argmax(axis=1)
    return best[decreasing(total.ravel()[best])][:width]


def some_of_each(total, width):
    """The best `width` tokens of every beginning, one beginning after the other."""
    rows = np.argsort(-total, axis=1, kind="stable")[:, :width]
    return (rows + total.shape[1] * np.arange(len(total))[:, None]).ravel()


def best_beginning_only(total, width):
    return decreasing(total[0])[:width]


def renormalised(log_p):
    return log_p - np.log(np.exp(log_p).sum())


def nothing_better_is_left_out(function, rng):
    """What is kept is a beginning plus a token, none twice, best first, and nothing that was left out is better."""
    for args in draw_extension(rng, np.dtype(float), W=4, V=5, K=6):
        log_p, log_next, width = args
        log_p_next, parents, tokens = function(*args)
        compare("log_p[parents] + log_next[parents, tokens]", log_p[parents] + log_next[parents, tokens], log_p_next, what="log_p_next")
        compare("where log_p_next rises, its steps", np.maximum(np.diff(log_p_next), 0), np.zeros(len(parents) - 1))
        compare(
            "the number of different continuations",
            len(set(zip(parents.tolist(), tokens.tolist(), strict=True))),
            min(width, log_next.size),
        )
        total = log_p[:, None] + log_next
        compare("the number of continuations at least as good as the last one kept", (total >= log_p_next[-1]).sum(), len(parents))


extension = Exercise(
    extend_beam,
    outputs=("log_p_next", "parents", "tokens"),
    letters="WVK",
    example=lambda: (np.log([0.45, 0.35]), LOG_NEXT[:2], 2),
    draw=draw_extension,
    properties=(nothing_better_is_left_out,),
    mistakes={
        "log_p is not added: the tokens are ranked by log_next alone": ranked_by(lambda log_p, log_next: log_next),
        "log_p and log_next are multiplied; logarithms of probabilities are added": ranked_by(
            lambda log_p, log_next: log_p[:, None] * log_next
        ),
        "log_p is subtracted; it is added": ranked_by(lambda log_p, log_next: log_next - log_p[:, None]),
        "log_p is added along the tokens; each beginning has its own row": ranked_by(lambda log_p, log_next: log_p + log_next),
        "the probabilities are added and not multiplied": ranked_by(lambda log_p, log_next: np.exp(log_p)[:, None] + np.exp(log_next)),
        "log_p is brought to a sum of 1 first; it stays as it is": ranked_by(
            lambda log_p, log_next: renormalised(log_p)[:, None] + log_next
        ),
        "each beginning goes on with its one best token; the best of all continuations are kept, and several may have one parent": chosen(
            each_its_share
        ),
        "each beginning keeps its own best tokens; the best of all continuations together are kept": chosen(some_of_each),
        "only the first beginning is extended": chosen(best_beginning_only),
        "log_p is added after the choice, which is made by log_next alone; the sum decides": lambda log_p, log_next, width: (
            (log_p[:, None] + log_next).ravel()[decreasing(log_next.ravel())[:width]],
            *np.divmod(decreasing(log_next.ravel())[:width], log_next.shape[1]),
        ),
        "the worst continuations are kept; np.argsort begins with the smallest": chosen(
            lambda total, width: np.argsort(total.ravel(), kind="stable")[:width]
        ),
        "the continuations come in the wrong order; the best comes first": chosen(
            lambda total, width: decreasing(total.ravel())[:width][::-1]
        ),
        "the continuations come in the order of their places; the best comes first": chosen(
            lambda total, width: np.sort(decreasing(total.ravel())[:width])
        ),
        "only the best continuation is kept; keep `width` of them": chosen(lambda total, width: decreasing(total.ravel())[:1]),
        "all continuations are kept; keep `width` of them": chosen(lambda total, width: decreasing(total.ravel())),
        "parents and tokens are exchanged": with_results(
            lambda log_p_next, parents, tokens, log_p, log_next: (log_p_next, tokens, parents)
        ),
        "the place is divided by W; there are V places for each beginning": with_results(
            lambda log_p_next, parents, tokens, log_p, log_next: (
                log_p_next,
                (parents * log_next.shape[1] + tokens) // len(log_p),
                (parents * log_next.shape[1] + tokens) % len(log_p),
            )
        ),
        "the place is divided by the width; there are V places for each beginning": lambda log_p, log_next, width: (
            extend_beam(log_p, log_next, width)[0],
            *np.divmod(decreasing((log_p[:, None] + log_next).ravel())[:width], width),
        ),
        "parents are right, but tokens are places in the flattened array; take the remainder": with_results(
            lambda log_p_next, parents, tokens, log_p, log_next: (log_p_next, parents, parents * log_next.shape[1] + tokens)
        ),
        "log_p_next is that of the last token alone; the beginning counts, too": with_results(
            lambda log_p_next, parents, tokens, log_p, log_next: (log_next[parents, tokens], parents, tokens)
        ),
        "log_p_next is that of the beginning, without its new token": with_results(
            lambda log_p_next, parents, tokens, log_p, log_next: (log_p[parents], parents, tokens)
        ),
        "probabilities are returned; return their logarithms": with_results(
            lambda log_p_next, parents, tokens, log_p, log_next: (np.exp(log_p_next), parents, tokens)
        ),
    },
)
