"""Losses on tensors give the reference's values and gradients, with masks, with weights and with targets left out."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore.checks import check_parity
from rnncore.reference import losses

T, B, D, V = 5, 2, 3, 7
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])
MASKS = ["none", "bool", "numbers", "vectors"]


def mask_of(kind, rng, shape):
    """None, True and False, or weights; "vectors" leaves the last axis out. The first entry counts."""
    if kind == "none":
        return None
    some = rng.random(shape[:-1] if kind == "vectors" else shape) < 0.5
    some.flat[0] = True
    return some if kind == "bool" else some * rng.random(some.shape)


def check(name, given, rng, device, mask, **options):
    def torch_forward(*args, mask, **options):
        return getattr(mirror, f"{name}_forward")(*args, mask=None if mask is None else torch.tensor(mask, device=device), **options)

    pair = getattr(losses, f"{name}_forward"), getattr(losses, f"{name}_backward")
    check_parity(*pair, torch_forward, *given, rng=rng, device=device, data=["targets"], mask=mask, **options)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("kind", MASKS[:3])
@pytest.mark.parametrize("ignore_index", [None, -100, 2])
@pytest.mark.parametrize("axes", [(T, B), (1, B), (T, 1), (T,), ()])
def test_softmax_cross_entropy(rng, device, kind, ignore_index, axes):
    targets = np.asarray(rng.integers(0, V, axes))
    if ignore_index is not None and axes:
        targets[-1] = ignore_index
    targets.flat[0] = 1  # counts
    given = rng.standard_normal((*axes, V)), targets
    check("softmax_cross_entropy", given, rng, device, mask_of(kind, rng, axes) if axes else None, ignore_index=ignore_index)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("ignore_index", [None, -1])
@pytest.mark.parametrize("axes", [(T, B, D), (1, B, D), (T, 1, D), (B, D)])
def test_sigmoid_cross_entropy(rng, device, kind, ignore_index, axes):
    targets = rng.random(axes).round(1)
    if ignore_index is not None:
        targets[-1, ..., 1] = ignore_index
    given = 3 * rng.standard_normal(axes), targets
    check("sigmoid_cross_entropy", given, rng, device, mask_of(kind, rng, axes), ignore_index=ignore_index)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("axes", [(T, B, D), (1, B, D), (T, 1, D), (B, D)])
def test_mean_squared_error(rng, device, kind, axes):
    check("mean_squared_error", (rng.standard_normal(axes), rng.standard_normal(axes)), rng, device, mask_of(kind, rng, axes))


def test_what_is_left_out_has_no_gradient(rng):
    logits = torch.zeros(3, V, requires_grad=True)
    mirror.softmax_cross_entropy_forward(logits, torch.tensor([1, -100, 2]), ignore_index=-100).backward()
    assert (logits.grad[1] == 0).all() and (logits.grad[[0, 2]] != 0).all()


LOGITS, TARGETS = torch.zeros(T, B, V), torch.zeros(T, B, dtype=torch.int64)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mirror.softmax_cross_entropy_forward(LOGITS, TARGETS[1:]), r"targets must have shape \(5, 2\), got \(4, 2\)\."),
        (lambda: mirror.softmax_cross_entropy_forward(LOGITS, TARGETS + V), r"targets must lie between 0 and 6, got 7\."),
        (lambda: mirror.softmax_cross_entropy_forward(LOGITS, TARGETS, ignore_index=0), r"at least one prediction that counts, got none\."),
        (
            lambda: mirror.softmax_cross_entropy_forward(LOGITS, TARGETS, mask=[1]),
            r"mask must be a tensor of True and False or of torch.fl",
        ),
        (lambda: mirror.softmax_cross_entropy_forward(LOGITS, TARGETS, mask=TARGETS), r"of torch\.float32, got torch\.int64\."),
        (lambda: mirror.softmax_cross_entropy_forward(LOGITS, TARGETS, mask=torch.ones(B)), r"mask must have shape \(5, 2\), got \(2,\)\."),
        (
            lambda: mirror.softmax_cross_entropy_forward(LOGITS, TARGETS, mask=-torch.ones(T, B)),
            r"mask must lie between 0 and .*, got -1\.0",
        ),
        (lambda: mirror.sigmoid_cross_entropy_forward(LOGITS, LOGITS + 2), r"targets must lie between 0 and 1, got 2\.0\."),
        (lambda: mirror.sigmoid_cross_entropy_forward(LOGITS, LOGITS.double()), r"targets is torch\.float64 but logits is torch\.float32"),
        (lambda: mirror.mean_squared_error_forward(LOGITS, LOGITS[1:]), r"targets must have shape \(5, 2, 7\), got \(4, 2, 7\)\."),
        (
            lambda: mirror.mean_squared_error_forward(LOGITS, LOGITS, mask=torch.zeros(T, B)),
            r"at least one prediction that counts, got none\.",
        ),
    ],
)
def test_bad_input_gets_a_sentence(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()
