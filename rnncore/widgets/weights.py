"""Trained weights that ship with a widget: a small file of float16 arrays, written by a script in tools/weights/.

Contents
    save_weights    nested dicts of arrays -> data/<name>.npz, with data/<name>.json that says how they were made
    load_weights    the arrays again
    DATA            the folder
"""

import json
from pathlib import Path

import numpy as np

__all__ = ["DATA", "load_weights", "save_weights"]

DATA = Path(__file__).parent / "data"


def save_weights(name, weights, made):
    """Write weights, rounded to float16, and how they were made.

    Args:
        name: of the widget.
        weights: nested dicts of arrays.
        made: a dict for the JSON file: seeds, versions, seconds, what was reached.
    Returns:
        The weights as `load_weights` will give them: measure these.
    """
    DATA.mkdir(exist_ok=True)
    np.savez_compressed(DATA / f"{name}.npz", **{key: value.astype(np.float16) for key, value in _flat(weights)})
    (DATA / f"{name}.json").write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", encoding="utf8")
    return load_weights(name)


def load_weights(name, dtype=np.float64):
    """Read the weights of a widget.

    Args:
        name: of the widget.
        dtype: floating-point type of the arrays.
    Returns:
        Nested dicts of arrays.
    """
    weights = {}
    with np.load(DATA / f"{name}.npz", allow_pickle=False) as file:
        for key in file.files:
            *path, last = key.split("/")
            branch = weights
            for step in path:
                branch = branch.setdefault(step, {})
            if last:  # otherwise an empty dict, which the path alone has made
                branch[last] = file[key].astype(dtype)
    return weights


def _flat(tree, path=""):
    """The leaves of nested dicts with their paths: ("encoder/rnn/weight_hh", array); an empty dict is ("decoder/attention/", ...)."""
    if not tree:
        yield path, np.zeros(0)
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{key}/")
        else:
            yield f"{path}{key}", value
