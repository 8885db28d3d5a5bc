"""Lab 12, part 1: where tensors are to live.

Contents
    choose_device    the right function
    device           its check

Source: the names are PyTorch's, the order of preference is this course's own.
"""

import itertools

import torch

from rnncore.checks.compare import CheckFailed
from rnncore.checks.labs.exercise import Exercise

__all__ = ["choose_device", "device"]


def choose_device(available, wanted="auto", dtype="float32"):
    """Choose the device on which to compute.

    Args:
        available: dict from the name of a kind of device to how many there are, such as {"cuda": 1, "cpu": 1}; a kind may be missing.
        wanted: "auto", or the name of a device, such as "cuda:1", which is taken as it is.
        dtype: the name of the numbers to compute with, "float32" or "float64".
    Returns:
        name: for "auto" that of the first that will do: "cuda", "mps" (which has no float64), "cpu".
    Raises:
        Nothing.
    """
    if wanted != "auto":
        return wanted
    if available.get("cuda", 0) > 0:
        return "cuda"
    if available.get("mps", 0) > 0 and dtype != "float64":
        return "mps"
    return "cpu"


def draw(rng, dtype, N):
    names = ("cpu", "mps", f"cuda:{N - 1}") if dtype == "float32" else ("auto",)  # the inputs drawn last ask for a device by name
    for cuda, mps, wanted, numbers in itertools.product((0, 1, N), (0, 1), names, ("float32", "float64")):
        available = {"cpu": 1, "cuda": cuda, "mps": mps}
        kept = [name for name in rng.permutation(["cpu", "cuda", "mps"]).tolist() if available[name] or rng.random() < 0.5]
        yield {name: available[name] for name in kept}, wanted, numbers


def counts(available):
    return available.get("cuda", 0), available.get("mps", 0)


def auto(choose):
    """A named device is taken, and for "auto" what `choose(cuda, mps, dtype)` says."""
    return lambda available, wanted="auto", dtype="float32": choose(*counts(available), dtype) if wanted == "auto" else wanted


def right(available, dtype):
    return choose_device(available, "auto", dtype)


def a_named_device_is_kept_and_auto_can_be_had(function, rng):
    """What "auto" gives is there, and is the CPU only if nothing else will do; a name is given back."""
    for available, _, dtype in draw(rng, "float64", N=3):
        name = function(available, "auto", dtype)
        if available.get(name, 0) < 1 or (name == "mps" and dtype == "float64"):
            raise CheckFailed(f"of {available} it chose {name!r} for {dtype}, which cannot be had there.")
        if name != "cuda" and available.get("cuda"):
            raise CheckFailed(f"of {available} it chose {name!r}, although there is a GPU of NVIDIA or AMD.")
        for wanted in ("cpu", "mps", "cuda:1"):
            if function(available, wanted, dtype) != wanted:
                raise CheckFailed(f"asked for {wanted!r} it chose {function(available, wanted, dtype)!r}; what is wanted by name is taken.")


device = Exercise(
    choose_device,
    outputs=("name",),
    letters="N",
    example=lambda: ({"cuda": 0, "mps": 1, "cpu": 1}, "auto", "float32"),
    draw=draw,
    properties=(a_named_device_is_kept_and_auto_can_be_had,),
    mistakes={
        "the wish is not looked at; a device that is wanted by name is taken as it is": lambda available, wanted="auto", dtype="float32": (
            right(available, dtype)
        ),
        "a wish is granted only if the device is there; take it as it is, so that PyTorch says what is missing": (
            lambda available, wanted="auto", dtype="float32": (
                wanted if wanted != "auto" and available.get(wanted.split(":")[0], 0) > 0 else right(available, dtype)
            )
        ),
        "a wish for mps is not granted in float64; take it as it is": lambda available, wanted="auto", dtype="float32": (
            "cpu" if (wanted, dtype) == ("mps", "float64") else choose_device(available, wanted, dtype)
        ),
        'the name in available is looked for as it stands in the wish, and "cuda:1" is not found': (
            lambda available, wanted="auto", dtype="float32": wanted if available.get(wanted, 0) > 0 else right(available, dtype)
        ),
        "the number behind a name is cut off; the wish is taken as it is": lambda available, wanted="auto", dtype="float32": (
            right(available, dtype) if wanted == "auto" else wanted.split(":")[0]
        ),
        '"auto" is given back as it is; it asks you to choose': lambda available, wanted="auto", dtype="float32": wanted,
        "the CPU is always chosen": lambda available, wanted="auto", dtype="float32": "cpu",
        'the CPU is chosen for every "auto"; look into available, and not at this computer': auto(lambda cuda, mps, dtype: "cpu"),
        "cuda is chosen whether there is one or not": auto(lambda cuda, mps, dtype: "cuda"),
        "a key with the count 0 is taken for a device": lambda available, wanted="auto", dtype="float32": (
            right(dict.fromkeys(available, 1), dtype) if wanted == "auto" else wanted
        ),
        "a kind that is missing in available is looked up with square brackets; it counts as 0": (
            lambda available, wanted="auto", dtype="float32": (
                wanted
                if wanted != "auto"
                else "cuda"
                if available["cuda"] > 0
                else "mps"
                if available["mps"] > 0 and dtype != "float64"
                else "cpu"
            )
        ),
        "mps is chosen for float64, which it does not have": auto(lambda cuda, mps, dtype: "cuda" if cuda else "mps" if mps else "cpu"),
        "mps is chosen before cuda": auto(lambda cuda, mps, dtype: "mps" if mps and dtype != "float64" else "cuda" if cuda else "cpu"),
        "mps is never chosen": auto(lambda cuda, mps, dtype: "cuda" if cuda else "cpu"),
        "cuda is not chosen for float64; only mps lacks it": auto(
            lambda cuda, mps, dtype: "cpu" if dtype == "float64" else "cuda" if cuda else "mps" if mps else "cpu"
        ),
        "mps is chosen for float64 alone; it is the other way round": auto(
            lambda cuda, mps, dtype: "cuda" if cuda else "mps" if mps and dtype == "float64" else "cpu"
        ),
        "a count of 1 is not enough": auto(
            lambda cuda, mps, dtype: "cuda" if cuda > 1 else "mps" if mps > 1 and dtype != "float64" else "cpu"
        ),
        "only a count of exactly 1 is taken for a device": auto(
            lambda cuda, mps, dtype: "cuda" if cuda == 1 else "mps" if mps == 1 and dtype != "float64" else "cpu"
        ),
        "the first key that will do is taken; the order is cuda, mps, cpu": lambda available, wanted="auto", dtype="float32": (
            next((name for name, count in available.items() if count > 0 and (name, dtype) != ("mps", "float64")), "cpu")
            if wanted == "auto"
            else wanted
        ),
        "the first key with a count is taken; the order is cuda, mps, cpu": lambda available, wanted="auto", dtype="float32": (
            next(name for name, count in available.items() if count > 0) if wanted == "auto" else wanted
        ),
        "the kind of which there are most is taken; one is enough": lambda available, wanted="auto", dtype="float32": (
            max(available, key=available.get) if wanted == "auto" else wanted
        ),
        'a number is added to the name; "cuda" alone is the first one': auto(
            lambda cuda, mps, dtype: "cuda:0" if cuda else "mps" if mps and dtype != "float64" else "cpu"
        ),
        'PyTorch does not know a device called "gpu"; its name is "cuda"': auto(
            lambda cuda, mps, dtype: "gpu" if cuda else "mps" if mps and dtype != "float64" else "cpu"
        ),
        "a torch.device is returned; return its name, a string": lambda available, wanted="auto", dtype="float32": torch.device(
            choose_device(available, wanted, dtype)
        ),
    },
)
