"""Lab 8, part 4: layers on top of one another."""

import numpy as np

from rnncore.checks.labs.lab08.two_readers import bidirectional_forward
from rnncore.reference import BidirectionalState
from tests.corpus.answers import right, wrong


@right
def by_number(params, xs, state0, lengths, residual=False):
    y, states, caches = xs, [], []
    for k in range(len(params)):
        out, state, cache = bidirectional_forward(params[k], y, state0[k], lengths)
        if residual and k > 0:
            out = out + y
        y = out
        states.append(state)
        caches.append(cache)
    return y, states, caches


@right
def first_layer_apart(params, xs, state0, lengths, residual=False):
    ys, state, cache = bidirectional_forward(params[0], xs, state0[0], lengths, "concat")
    state_T, caches = [state], [cache]
    for layer, start in zip(params[1:], state0[1:], strict=True):
        new, state, cache = bidirectional_forward(layer, ys, start, lengths)
        ys = np.add(ys, new) if residual else new
        state_T, caches = [*state_T, state], [*caches, cache]
    return ys, state_T, caches


@right
def all_outputs_in_a_list(params, xs, state0, lengths, residual=False):
    outputs, results = [xs], []
    for layer, start in zip(params, state0, strict=True):
        result = bidirectional_forward(layer, outputs[-1], start, lengths)
        results.append(result)
        outputs.append(result[0] + outputs[-1] * (1 if residual and len(results) > 1 else 0) if len(results) > 1 else result[0])
    return outputs[-1], [r[1] for r in results], [r[2] for r in results]


@right
def recursive(params, xs, state0, lengths, residual=False):
    def down(k):
        if k == 0:
            return bidirectional_forward(params[0], xs, state0[0], lengths), [], []
        (below, state, cache), states, caches = down(k - 1)
        ys, mine, kept = bidirectional_forward(params[k], below, state0[k], lengths)
        return (ys + below if residual else ys, mine, kept), [*states, state], [*caches, cache]

    (ys, state, cache), states, caches = down(len(params) - 1)
    return ys, [*states, state], [*caches, cache]


@right
def tuples(params, xs, state0, lengths, residual=False):
    states, caches = (), ()
    ys = xs.copy()
    for k, layer in enumerate(params):
        inputs = ys.copy()
        ys, state, cache = bidirectional_forward(layer, inputs, state0[k], lengths)
        if k and residual:
            ys += inputs
        states += (state,)
        caches += (cache,)
    return ys, states, caches


@right
def padding_cleared_on_the_way(params, xs, state0, lengths, residual=False):
    mask = (np.arange(len(xs))[:, None] < lengths)[..., None]
    ys, state_T, cache = xs, [None] * len(params), [None] * len(params)
    for k, (p, s) in enumerate(zip(params, state0, strict=True)):
        shortcut = np.where(mask, ys, 0) if residual and k else 0
        out, state_T[k], cache[k] = bidirectional_forward(p, ys, s, lengths)
        ys = out + shortcut
    return ys, state_T, cache


@wrong("something else than the two halves of the layer below, such as xs")
def forgot_to_rename(params, xs, state0, lengths, residual=False):
    state_T, caches = [], []
    for layer, start in zip(params, state0, strict=True):
        ys, state, cache = bidirectional_forward(layer, xs, start, lengths)
        state_T.append(state)
        caches.append(cache)
    return ys, state_T, caches


@wrong("every layer starts from the state of the first one")
def first_start_for_all(params, xs, state0, lengths, residual=False):
    return by_number(params, xs, [state0[0]] * len(params), lengths, residual)


@wrong("a layer starts from the last state of the layer below")
def state_lives_through_the_loop(params, xs, state0, lengths, residual=False):
    ys, state, state_T, caches = xs, state0[0], [], []
    for k, layer in enumerate(params):
        below = ys
        ys, state, cache = bidirectional_forward(layer, below, state, lengths)
        ys = ys + below if residual and k else ys
        state_T.append(state)
        caches.append(cache)
    return ys, state_T, caches


@wrong("every layer starts from zeros")
def from_zeros(params, xs, state0, lengths, residual=False):
    zero = np.zeros_like(state0[0].forward)
    return by_number(params, xs, [BidirectionalState(zero, zero) for _ in params], lengths, residual)


@wrong("residual is ignored")
def no_shortcut(params, xs, state0, lengths, residual=False):
    return by_number(params, xs, state0, lengths)


@wrong("whether residual is asked for or not")
def always_a_shortcut(params, xs, state0, lengths, residual=False):
    return by_number(params, xs, state0, lengths, True)


@wrong("the first layer adds its input as well")
def also_the_first(params, xs, state0, lengths, residual=False):
    ys, state_T, caches = xs, [], []
    for layer, start in zip(params, state0, strict=True):
        below = ys
        ys, state, cache = bidirectional_forward(layer, below, start, lengths)
        if residual:
            ys = ys + below
        state_T.append(state)
        caches.append(cache)
    return ys, state_T, caches


@wrong("the shortcut adds the output to itself")
def overwritten(params, xs, state0, lengths, residual=False):
    ys, state_T, caches = xs, [], []
    for k, (layer, start) in enumerate(zip(params, state0, strict=True)):
        ys, state, cache = bidirectional_forward(layer, ys, start, lengths)
        if residual and k:
            ys = ys + ys
        state_T.append(state)
        caches.append(cache)
    return ys, state_T, caches


@wrong("the shortcut is missing around the second layer")
def begins_too_late(params, xs, state0, lengths, residual=False):
    ys, state_T, caches = xs, [], []
    for k, (layer, start) in enumerate(zip(params, state0, strict=True)):
        below = ys
        ys, state, cache = bidirectional_forward(layer, below, start, lengths)
        ys = ys + below if residual and k > 1 else ys
        state_T.append(state)
        caches.append(cache)
    return ys, state_T, caches


@wrong("the shortcut is missing around the last layer")
def loop_and_a_last_one(params, xs, state0, lengths, residual=False):
    ys, state_T, caches = by_number(params[:-1], xs, state0[:-1], lengths, residual)
    ys, state, cache = bidirectional_forward(params[-1], ys, state0[-1], lengths)
    return ys, [*state_T, state], [*caches, cache]


@wrong("every shortcut starts at the output of the first layer")
def from_the_bottom(params, xs, state0, lengths, residual=False):
    ys, state_T, caches = xs, [], []
    for k, (layer, start) in enumerate(zip(params, state0, strict=True)):
        ys, state, cache = bidirectional_forward(layer, ys, start, lengths)
        if k == 0:
            first = ys
        elif residual:
            ys = ys + first
        state_T.append(state)
        caches.append(cache)
    return ys, state_T, caches


@wrong("the loop returns after the first layer")
def return_in_the_loop(params, xs, state0, lengths, residual=False):
    ys, state_T, caches = xs, [], []
    for layer, start in zip(params, state0, strict=True):
        ys, state, cache = bidirectional_forward(layer, ys, start, lengths)
        state_T.append(state)
        caches.append(cache)
        return ys, state_T, caches


@wrong("state_T comes in the wrong order")
def inserted_at_the_front(params, xs, state0, lengths, residual=False):
    ys, state_T, caches = by_number(params, xs, state0, lengths, residual)
    front = []
    for state in state_T:
        front.insert(0, state)
    return ys, front, caches


@wrong("state_T is the state of the last layer; it is a list with one for each")
def last_state_only(params, xs, state0, lengths, residual=False):
    ys, state_T, caches = by_number(params, xs, state0, lengths, residual)
    return ys, state_T[-1], caches


@wrong("only the last layer's cache is kept")
def one_cache(params, xs, state0, lengths, residual=False):
    ys, state_T, caches = by_number(params, xs, state0, lengths, residual)
    return ys, state_T, [caches[-1]]


@wrong("every layer is told that all sequences fill the array")
def without_lengths(params, xs, state0, lengths, residual=False):
    full = np.full(len(lengths), len(xs))
    ys, state_T, caches = by_number(params, xs, state0, full, residual)
    return ys, state_T, [cache._replace(lengths=lengths) for cache in caches]


@wrong("something else than the two halves of the layer below")
def added_between_the_layers(params, xs, state0, lengths, residual=False):
    ys, state_T, caches = xs, [], []
    for layer, start in zip(params, state0, strict=True):
        ys, state, cache = bidirectional_forward(layer, ys, start, lengths, "sum")
        state_T.append(state)
        caches.append(cache)
    return ys, state_T, caches


@wrong("the outputs of all layers are put side by side")
def everything_side_by_side(params, xs, state0, lengths, residual=False):
    outputs, y, state_T, caches = [], xs, [], []
    for k, (layer, start) in enumerate(zip(params, state0, strict=True)):
        new, state, cache = bidirectional_forward(layer, y, start, lengths)
        y = new + y if residual and k else new
        outputs.append(y)
        state_T.append(state)
        caches.append(cache)
    return np.concatenate(outputs, axis=2), state_T, caches


@wrong("a layer from the second on reads something else than the two halves of the layer below, such as xs.")
def all_read_xs(params, xs, state0, lengths, residual=False):
    states, caches = [], []
    for i, (p, s0) in enumerate(zip(params, state0, strict=True)):
        ys, s, c = bidirectional_forward(p, xs, s0, lengths)
        if residual and i:
            ys = ys + xs
        states.append(s)
        caches.append(c)
    return ys, states, caches


@wrong("The first layer has no shortcut.")
def shortcut_if_fits(params, xs, state0, lengths, residual=False):
    states, caches = [], []
    ys = xs
    for p, s0 in zip(params, state0, strict=True):
        out, s, c = bidirectional_forward(p, ys, s0, lengths)
        ys = out + ys if residual and out.shape == ys.shape else out
        states.append(s)
        caches.append(c)
    return ys, states, caches


@wrong("the shortcut adds into the array that the layer has read, which is in the layer's cache, too.")
def in_place_add(params, xs, state0, lengths, residual=False):
    states, caches = [], []
    ys = xs
    for i, (p, s0) in enumerate(zip(params, state0, strict=True)):
        out, s, c = bidirectional_forward(p, ys, s0, lengths)
        if residual and i > 0:
            ys += out
        else:
            ys = out
        states.append(s)
        caches.append(c)
    return ys, states, caches
