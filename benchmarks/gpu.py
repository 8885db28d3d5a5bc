"""The PyTorch mirror on a GPU, forward and backward, TF32 off for all products alike; left out where there is no GPU.

Standard layers are compared with bare `torch.nn`. Cells without a fused kernel are captured in a CUDA graph, and compared with the eager
loop and with the layer of `torch.nn` that they vary, which cuDNN computes. The scan is compared with its own loop. Times are those of
CUDA events, waited for after each call. Before they are timed, layers and cells must give the gradients of the reference in float64.
"""

import custom_cells
import torch
from custom_cells import TOLERANCE, check, eager, module, problem, template
from grid import DTYPES, GRID, interleave
from report import Section, Target, note

import rnncore.pytorch as mirror

SHAPES = GRID[2:]
STANDARD = {"RNN": ("rnn", torch.nn.RNN), "LSTM": ("lstm", torch.nn.LSTM), "GRU": ("gru", torch.nn.GRU)}
VARIES = {"RNN": torch.nn.RNN, "LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU}  # by the first word of a custom cell's label
SCAN = (1024, 32, 128)  # (T, B, H)


class EventClock:
    """Seconds on the GPU: an event is recorded and waited for."""

    def __init__(self):
        self.start = self._event()

    def __call__(self):
        now = self._event()
        now.synchronize()
        return self.start.elapsed_time(now) / 1e3  # it gives milliseconds

    @staticmethod
    def _event():
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event


def captured(run):
    """Capture a run, with its backward pass, in a CUDA graph.

    Args:
        run: function without arguments that returns tensors, and always does the same.
    Returns:
        A function that runs the graph and returns the same tensors, written anew.
    """
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):  # what is set up at a first call must not be captured
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        outputs = run()

    def replay():
        graph.replay()
        return outputs

    return replay


def graph(p):
    """The mirror's own way, captured."""
    return captured(template(p))


def standard(label, shape, dtype, quick):
    name, kind = STANDARD[label]
    p = problem(name, {}, shape, dtype, "cuda")
    candidates = {"mirror": template(p), "nn": module(kind, p)}
    check(label, name, {}, shape, dtype, (template,), "cuda")
    timings = interleave(candidates, quick=quick, clock=EventClock())
    ratio = {"mirror / nn": timings.ratio("mirror", "nn")}
    return {"layer": label, "dtype": dtype, "(B, T, D, H)": shape} | ratio | {"mirror, ms": timings.median("mirror") * 1e3}


def custom(label, shape, dtype, quick):
    p = problem(*custom_cells.CELLS[label], shape, dtype, "cuda")
    check(label, *custom_cells.CELLS[label], shape, dtype, (template, graph), "cuda")
    candidates = {"graph": graph(p), "template": template(p), "eager": eager(p), "nn": module(VARIES[label[: label.index(",")]], p)}
    timings = interleave(candidates, quick=quick, clock=EventClock())
    ratios = {"eager / graph": timings.ratio("eager", "graph"), "graph / nn": timings.ratio("graph", "nn")}
    ratios |= {"template / graph": timings.ratio("template", "graph")}
    return {"layer": label, "dtype": dtype, "(B, T, D, H)": shape} | ratios | {"graph, ms": timings.median("graph") * 1e3}


def scan(dtype, quick):
    T, B, H = SCAN
    options = {"dtype": getattr(torch, dtype), "device": "cuda"}
    a, b, state0 = (torch.rand(*sizes, **options).requires_grad_() for sizes in ((T, B, H), (T, B, H), (B, H)))
    dhs = torch.randn(T, B, H, **options)

    def run(forward):
        return lambda: torch.autograd.grad(forward(a, b, state0), [a, b, state0], dhs)

    candidates = {"loop": run(mirror.linear_recurrence_forward), "scan": run(mirror.linear_recurrence_scan_forward)}
    tolerance = TOLERANCE[dtype]
    for by_loop, by_scan in zip(candidates["loop"](), candidates["scan"](), strict=True):
        torch.testing.assert_close(by_scan, by_loop, rtol=tolerance, atol=tolerance)
    timings = interleave(candidates, quick=quick, clock=EventClock())
    return {"dtype": dtype, "(T, B, H)": SCAN, "loop / scan": timings.ratio("loop", "scan"), "scan, ms": timings.median("scan") * 1e3}


def at_most(name, ratios, limit):
    return Target(f"GPU: {name}, worst", max(ratios), limit)


def at_least(name, ratios, limit):
    """A target is a number that must not be larger: turned over."""
    return Target(f"GPU: 1 / ({name}), worst", 1 / min(ratios), 1 / limit)


def sections(quick):
    if not torch.cuda.is_available():
        return []
    shapes = SHAPES[:1] if quick else SHAPES
    with mirror.tf32(False):
        layers = [standard(label, shape, dtype, quick) for label in STANDARD for dtype in DTYPES for shape in shapes]
        cells = [custom(label, shape, dtype, quick) for label in custom_cells.CELLS for dtype in DTYPES for shape in shapes]
        scans = [scan(dtype, quick) for dtype in DTYPES]
    device = f"On {torch.cuda.get_device_name()}, PyTorch {torch.__version__}, CUDA {torch.version.cuda}."
    single = [row for row in cells if row["dtype"] == "float32"]
    cell_targets = [
        at_least("eager / graph, float32", [row["eager / graph"].median for row in single], 8),
        at_most("graph / nn, float32", [row["graph / nn"].median for row in single], 2),
    ]
    return [
        Section(
            "GPU, standard layers",
            f"{note(__doc__)} {device}",
            "A ratio of 1 means that the mirror costs nothing beside the layer that it calls.",
            layers,
            [at_most("mirror / nn", [row["mirror / nn"].median for row in layers], 1.05)],
        ),
        Section("GPU, custom cells", device, "A ratio is above 1 where its first name takes longer.", cells, cell_targets),
        Section(
            "GPU, scan",
            device,
            "How many times as long as the scan the loop takes.",
            scans,
            [at_least("loop / scan", [row["loop / scan"].median for row in scans], 20)],
        ),
    ]
