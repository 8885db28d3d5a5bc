"""The mirror mirrors: every public name of the reference is here too, with its arguments, or stands in the list below with the reason."""

import importlib
import inspect
import pkgutil

import pytest

import rnncore.pytorch as mirror
import rnncore.reference as reference

FILES = [module.name for module in pkgutil.iter_modules(reference.__path__)]
AUTOGRAD = ("_backward", "Cache")  # endings: PyTorch's autograd is the backward pass and keeps what it needs
OTHER_NAME = {"CELLS": "TENSOR_CELLS", "Cell": "TensorCell", "find_cell": "find_tensor_cell"}  # tensors and arrays side by side
WHOLE_FILES = {
    "optim": "torch.optim and torch.nn.utils.clip_grad_* take the same steps; tests/reference/test_optim.py compares them",
    "schedules": "plain numbers, that a torch.optim optimiser takes as they are",
    "diagnostics": "they read arrays; to_numpy brings tensors over",
    "shapes": "arguments.py checks tensors, in the same language",
    "tree": "walks trees of tensors as it is",
}


def public_names():
    for file in FILES:
        for name in importlib.import_module(f"rnncore.reference.{file}").__all__:
            if file not in WHOLE_FILES and not name.endswith(AUTOGRAD):
                yield file, name


@pytest.mark.parametrize(("file", "name"), list(public_names()))
def test_is_mirrored(file, name):
    here = OTHER_NAME.get(name, name)
    assert here in importlib.import_module(f"rnncore.pytorch.{file}").__all__  # the same file, too
    assert hasattr(mirror, here)


@pytest.mark.parametrize(("file", "name"), [(file, name) for file, name in public_names() if name not in OTHER_NAME])
def test_arguments_have_the_same_names_in_the_same_order(file, name):
    """What has a default may be added on either side, and a function or a gradient that only hand-derived BPTT needs is left out."""
    theirs, ours = getattr(importlib.import_module(f"rnncore.reference.{file}"), name), getattr(mirror, name)
    if isinstance(theirs, type):
        assert ours is theirs
        return
    ours, theirs = inspect.signature(ours).parameters, inspect.signature(theirs).parameters
    by_hand = {"backward", "step_backward", "dtype"}
    renamed = {"loss_gradient": "loss", "step_loss_gradient": "loss"}
    expected = [renamed.get(argument, argument) for argument in theirs if argument not in by_hand]
    added = {"device", "dtype", "need_weights"}
    assert [argument for argument in ours if argument not in added or argument in expected] == expected


def test_the_lists_are_no_longer_than_they_must_be():
    everything = [name for file in FILES for name in importlib.import_module(f"rnncore.reference.{file}").__all__]
    assert set(WHOLE_FILES) < set(FILES) and set(OTHER_NAME) <= set(everything)
    for file in WHOLE_FILES:
        assert not any(hasattr(mirror, name) for name in importlib.import_module(f"rnncore.reference.{file}").__all__), file
