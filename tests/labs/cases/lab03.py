"""What the tests know of lab 3."""

from tests.labs.lab import Lab

LAB = Lab(
    "lab03_vanishing_exploding",
    # The lab is tanh only; the reference asks the cache.
    replaced={"slope = 1 - h ** 2 if cache.nonlinearity == 'tanh' else (h > 0).astype(h.dtype)": "slope = 1 - h ** 2"},
    other={
        "clipping_by_norm": "a dict of arrays is enough here; the reference takes any tree and guards itself",
        "clipping_by_value": "a dict of arrays is enough here; the reference takes any tree and guards itself",
    },
    points={
        "check_step_jacobian": 3,
        "check_jacobian_products": 3,
        "check_gradient_lengths": 4,
        "check_two_sizes": 3,
        "check_orthogonal_start": 3,
        "check_clipping_by_norm": 3,
        "check_clipping_by_value": 1,
    },
    half={
        "step_jacobian": """
def rnn_step_jacobian(cache):
    slope = 1 - cache.h_next**2
    return slope[:, None, :] * cache.params["weight_hh"]
""",
        "jacobian_products": "solution",
        "gradient_lengths": "def rnn_gradient_norms(params, hs, dh_T):\n    return (",
        "two_sizes": "solution",
        "clipping_by_norm": """
def clip_by_norm(grads, max_norm):
    norm = float(np.sqrt(sum((g**2).sum() for g in grads.values())))
    for g in grads.values():
        g *= min(1.0, max_norm / norm) if norm > 0 else 1.0
    return grads, norm
""",
        "clipping_by_value": """
def clip_by_value(grads, max_value):
    return {name: np.minimum(g, max_value) for name, g in grads.items()}
""",
    },
    told=[
        "rnn_step_jacobian on the worked example: J[0, 0, 1] is 0.72 but 1.28 was expected (1 of 4 entries differ). This is what comes "
        "out when the slopes scale the columns of weight_hh",
        "rnn_gradient_norms is not defined yet: run the cell in which you write it",
        "orthogonal_from on the worked example: it is not written yet; put your code in the place of `raise NotImplementedError()`.",
        "clip_by_norm on the worked example: the results are right, but it changed its argument grads in place; work on a copy.",
        "This is what comes out when entries that are too negative are left: the interval has two ends",
        "Your rnn_step_jacobian is not right yet. Below, the reference stands in for it.",
    ],
    trains="loss over the last 20 updates",
)
