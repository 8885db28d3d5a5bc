"""The benchmarks' own arithmetic, with a clock that counts what the candidates cost; no real time is measured."""

import pytest


class Clock:
    """Seconds that pass only when a candidate says so."""

    def __init__(self):
        self.now, self.calls = 0.0, []

    def __call__(self):
        return self.now

    def candidate(self, name, seconds):
        def run():
            self.calls.append(name)
            self.now += seconds

        return run


def test_ratios_within_rounds(load):
    clock = Clock()
    timings = load("grid").interleave({"a": clock.candidate("a", 0.03), "b": clock.candidate("b", 0.01)}, clock=clock)
    assert timings.ratio("a", over="b") == pytest.approx((3, 3, 3))
    assert timings.median("a") == pytest.approx(0.03)
    assert 7 <= len(timings.seconds["a"]) == len(timings.seconds["b"]) <= 25


def test_every_round_runs_every_candidate_in_random_order(load):
    clock = Clock()
    load("grid").interleave({name: clock.candidate(name, 0.05) for name in "abc"}, clock=clock)
    rounds = [clock.calls[i : i + 6] for i in range(0, len(clock.calls), 6)]  # each candidate once to warm up, once timed
    assert all(set(calls) == set("abc") for calls in rounds)
    assert {calls[0] for calls in rounds} == set("abc")


def test_a_slow_candidate_gets_the_fewest_rounds_a_quick_run_three(load):
    for quick, rounds in ((False, 7), (True, 3)):
        clock = Clock()
        timings = load("grid").interleave({"slow": clock.candidate("slow", 10.0)}, quick=quick, clock=clock)
        assert len(timings.seconds["slow"]) == rounds


def test_geometric_mean(load):
    assert load("grid").geometric_mean([0.5, 2.0]) == pytest.approx(1)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_every_candidate_runs(load, name):
    layers = load("layers")
    given = layers.data(name, (2, 3, 4, 5), "float64")
    cell = layers.CELLS[name]
    everything = [layers.numpy_runs(cell.tuned, given), layers.numpy_runs(cell.clear, given)]
    for run in (run for pair in [*everything, layers.torch_runs(cell.torch_nn, given), layers.products_only(given)] for run in pair):
        run()


def test_layer_targets_fail_when_slow(load):
    layers, grid = load("layers"), load("grid")

    def rows(ratio):
        spread, labels = grid.Spread(ratio, ratio, ratio), {"passes": layers.BOTH, "dtype": "float32"}
        columns = {"tuned / torch": spread, "tuned / products": spread, "clear / tuned": spread}
        return [{"layer": layer, "(B, T, D, H)": shape} | labels | columns for layer in layers.CELLS for shape in grid.GRID]

    assert all(target.met for target in layers.targets(rows(0.5)))
    assert not any(target.met for target in layers.targets(rows(5.0)))


def test_memory_is_measured_in_the_unit(load):
    row = load("memory").measure("LSTM", (6, 200, 5, 8), "float64")
    assert row["cache"] == pytest.approx(6, rel=0.02)
