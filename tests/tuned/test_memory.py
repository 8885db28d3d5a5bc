"""How much a cache holds, in T B H numbers: a promise of the docstrings, exact and the same on every machine."""

import tracemalloc

import numpy as np
import pytest

from rnncore.reference.gru import init_gru
from rnncore.reference.lstm import LSTMState, init_lstm
from rnncore.reference.lstm_coupled import init_lstm_coupled
from rnncore.reference.lstm_peephole import init_lstm_peephole
from rnncore.reference.rnn import init_rnn
from rnncore.reference.tree import leaves
from rnncore.tuned.gru import gru_backward, gru_forward
from rnncore.tuned.lstm import lstm_backward, lstm_forward
from rnncore.tuned.lstm_coupled import lstm_coupled_backward, lstm_coupled_forward
from rnncore.tuned.lstm_peephole import lstm_peephole_backward, lstm_peephole_forward
from rnncore.tuned.rnn import rnn_backward, rnn_forward
from rnncore.tuned.rnn_residual import rnn_residual_backward, rnn_residual_forward

T, B, D, H = 300, 6, 5, 8
CASES = {  # forward, backward, init, options, numbers kept, the most that the course promises
    "rnn": (rnn_forward, rnn_backward, init_rnn, {}, 1, 2),
    "rnn_residual": (rnn_residual_forward, rnn_residual_backward, init_rnn, {}, 2, 2),
    "lstm": (lstm_forward, lstm_backward, init_lstm, {}, 6, 7),
    "lstm_peephole": (lstm_peephole_forward, lstm_peephole_backward, init_lstm_peephole, {}, 6, 6),
    "lstm_coupled": (lstm_coupled_forward, lstm_coupled_backward, init_lstm_coupled, {}, 5, 5),
    "gru after": (gru_forward, gru_backward, init_gru, {}, 5, 5),
    "gru before": (gru_forward, gru_backward, init_gru, {"reset": "before"}, 4, 5),
}


def in_arrays():
    """Bytes of arrays made since tracing began; other threads allocate too, but no arrays."""
    own = tracemalloc.DomainFilter(inclusive=True, domain=np.lib.tracemalloc_domain)
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces([own]).traces)


def arguments(case, dtype=np.float64):
    rng = np.random.default_rng(0)
    params = CASES[case][2](rng, D, H, dtype=dtype)
    h = np.zeros((B, H), dtype)
    return params, rng.standard_normal((T, B, D)).astype(dtype), LSTMState(h, h) if case.startswith("lstm") else h


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_in_the_cache(case, dtype):
    forward, _, _, options, kept, _ = CASES[case]
    args = arguments(case, dtype)
    *_, cache = forward(*args, **options)
    given = {id(leaf) for _, leaf in leaves(args)}
    own = {id(leaf): leaf for _, leaf in leaves(cache) if isinstance(leaf, np.ndarray) and id(leaf) not in given}
    assert sum(array.nbytes for array in own.values()) == kept * T * B * H * np.dtype(dtype).itemsize


@pytest.mark.parametrize("case", CASES)
def test_memory_traced(case):
    forward, backward, _, options, kept, most = CASES[case]
    args, unit = arguments(case), T * B * H * 8
    forward(*args, **options)  # what NumPy sets up once does not count
    tracemalloc.start()
    try:
        start = tracemalloc.get_traced_memory()[0]
        hs, state_T, cache = forward(*args, **options)
        peak = tracemalloc.get_traced_memory()[1] - start
        del state_T
        held = in_arrays()
        backward(cache, hs)
    finally:
        tracemalloc.stop()
    assert held / unit == pytest.approx(kept, rel=0.03)
    assert held / unit < 1.01 * most  # tuples and array headers
    assert peak < (kept + 0.1) * unit + 2**17  # copies of the weights, arrays of one step, a buffer of 64 KiB inside NumPy


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_left_behind(case):
    forward, backward, _, options, _, _ = CASES[case]
    args = arguments(case)

    def run():
        hs, _, cache = forward(*args, **options)
        backward(cache, hs)

    run()
    tracemalloc.start()
    try:
        for _ in range(5):
            run()
        assert in_arrays() < B * H * 8 * T / 10
    finally:
        tracemalloc.stop()
