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


def test_every_custom_cell_runs_and_agrees_with_the_reference(load):
    cells = load("custom_cells")
    for label, (name, options) in cells.CELLS.items():
        cells.check(label, name, options, (2, 3, 4, 5), "float64", (cells.template, cells.eager))
        p = cells.problem(name, options, (2, 3, 4, 5), "float64")
        for kind in cells.MODULES.values():
            cells.module(kind, p)()


def test_a_wrong_gradient_stops_the_benchmark(load):
    cells = load("custom_cells")

    def wrong(p):
        return lambda: [gradient * 1.01 for gradient in cells.template(p)()]

    with pytest.raises(AssertionError, match=r"RNN, wrong: dxs\[.*was the reference's"):
        cells.check("RNN", "rnn_residual", {}, (2, 3, 4, 5), "float32", (wrong,))


def test_custom_cell_targets_fail_when_slow(load):
    cells, grid = load("custom_cells"), load("grid")

    def found(ratio):
        spread = grid.Spread(ratio, ratio, ratio)
        rows = [{"layer": label, "dtype": dtype, "nn.LSTM": spread} for label in cells.CELLS for dtype in grid.DTYPES]
        return cells.targets(rows, [{"layer": label, "T = 400 / T = 100": spread} for label in cells.CELLS])

    assert all(target.met for target in found(1.2))
    assert not any(target.met for target in found(6.0))


@pytest.mark.parametrize("ratio", [0.5, 100.0])
def test_gpu_targets_point_the_right_way(load, ratio):
    gpu = load("gpu")
    assert gpu.at_most("slower", [0.1, ratio], 8).met == (ratio < 8)
    assert gpu.at_least("faster", [1000.0, ratio], 8).met == (ratio > 8)


def test_without_a_gpu_its_rows_are_left_out(load, monkeypatch):
    gpu = load("gpu")
    monkeypatch.setattr(gpu.torch.cuda, "is_available", lambda: False)
    assert gpu.sections(quick=True) == []


@pytest.mark.gpu
def test_gpu_rows(load):
    gpu = load("gpu")
    if not gpu.torch.cuda.is_available():
        pytest.skip("no GPU")
    gpu.check("LSTM", "lstm_peephole", {}, (2, 3, 4, 5), "float64", (gpu.template, gpu.graph), "cuda")
    assert gpu.EventClock()() >= 0
