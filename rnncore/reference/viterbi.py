r"""The Viterbi algorithm: the sequence of tags with the highest score, in T V^2 steps instead of V^T.

    best_1[j] = start[j] + emissions[1, j]
    best_t[j] = max_i (best_{t-1}[i] + transitions[i, j]) + emissions[t, j]        and from[t, j], the i that wins
    y_T       = argmax_j (best_T[j] + end[j]),   y_{t-1} = from[t, y_t]

Contents
    crf_viterbi

It is the forward algorithm of `crf.py` with max in the place of log sum exp, and a way back.
Source: Viterbi (1967); Rabiner (1989), section III B.
"""

import numpy as np

from rnncore.reference.crf import PARAMS
from rnncore.reference.masking import check_lengths
from rnncore.reference.shapes import shapes

__all__ = ["crf_viterbi"]


@shapes(params=PARAMS, emissions="T B V", lengths="int B")
def crf_viterbi(params, emissions, lengths=None):
    """Find the best sequence of tags.

    Args:
        params: dict of start (V,), transitions (V, V), end (V,).
        emissions: (T, B, V).
        lengths: (B,), whole numbers from 1 to T; None means T.
    Returns:
        tags: (T, B), whole numbers from 0 to V - 1; -1 past the end of a sequence. Of equally good tags the first is taken.
        score: (B,), the score of these tags.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Viterbi (1967).

    >>> params = {"start": np.zeros(2), "transitions": np.array([[0.0, -9.0], [0.0, -9.0]]), "end": np.zeros(2)}
    >>> tags, score = crf_viterbi(params, np.array([[[0.0, 1.0]], [[0.0, 1.0]]]))
    >>> tags[:, 0].tolist(), score.tolist()  # tag 1 fits both steps, but may hardly follow anything
    ([1, 0], [1.0])
    """
    T, B, _ = emissions.shape
    lengths = np.full(B, T) if lengths is None else lengths
    check_lengths("crf_viterbi", lengths, T)
    best = params["start"] + emissions[0]  # (B, V)
    came_from = [None]
    for t in range(1, T):
        paths = best[:, None, :] + params["transitions"].T  # (B, V, V): to tag j (axis 1) from tag i (axis 2)
        came_from.append(paths.argmax(axis=2))
        best = np.where((t < lengths)[:, None], paths.max(axis=2) + emissions[t], best)
    total = best + params["end"]
    tags = np.full((T, B), -1)
    tag = total.argmax(axis=1)  # (B,), the last tag of each sequence
    for t in reversed(range(T)):
        inside = t < lengths
        tags[t] = np.where(inside, tag, -1)
        if t > 0:
            tag = np.where(inside, came_from[t][np.arange(B), tag], tag)
    return tags, total.max(axis=1)
