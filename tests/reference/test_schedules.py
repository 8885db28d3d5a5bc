"""Schedules against torch.optim.lr_scheduler, and at their ends."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnncore.checks import compare
from rnncore.reference.schedules import constant_lr, cosine_lr, step_lr, warmup_lr


def of_torch(make, steps):
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    scheduler = make(optimiser)
    rates = []
    for _ in range(steps):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return rates


def test_constant():
    assert {constant_lr(step, lr=0.5) for step in (0, 1, 10**6)} == {0.5}


@pytest.mark.parametrize(("every", "factor"), [(1, 0.9), (3, 0.1), (4, 0.5)])
def test_step_equals_torch(every, factor):
    expected = of_torch(lambda o: torch.optim.lr_scheduler.StepLR(o, every, factor), 13)
    compare("rates", [step_lr(step, lr=0.5, every=every, factor=factor) for step in range(13)], expected)


@pytest.mark.parametrize("lr_min", [0.0, 0.2])
def test_cosine_equals_torch(lr_min):
    expected = of_torch(lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 12, lr_min), 13)
    compare("rates", [cosine_lr(step, lr=0.5, steps=12, lr_min=lr_min) for step in range(13)], expected)


def test_warmup_equals_torch():
    def make(optimiser):
        line = torch.optim.lr_scheduler.LinearLR(optimiser, start_factor=1 / 5, end_factor=1.0, total_iters=4)
        decay = torch.optim.lr_scheduler.StepLR(optimiser, 2, 0.5)
        return torch.optim.lr_scheduler.SequentialLR(optimiser, [line, decay], milestones=[5])

    ours = [warmup_lr(step, warmup=5, after=lambda s: step_lr(s, lr=0.5, every=2, factor=0.5)) for step in range(12)]
    expected = [0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.0625]
    compare("rates", ours, expected)
    compare("PyTorch's way up", ours[:5], of_torch(make, 5))


@given(step=st.integers(0, 10**9), steps=st.integers(1, 10**6), warmup=st.integers(1, 10**6))
def test_rates_stay_within_their_ends(step, steps, warmup):
    rate = warmup_lr(step, warmup=warmup, after=lambda s: cosine_lr(s, lr=0.5, steps=steps, lr_min=0.1))
    assert 0 < rate <= 0.5 and (step < warmup or rate >= 0.1)
    assert {cosine_lr(steps + more, lr=0.5, steps=steps, lr_min=0.1) for more in (0, 1, step)} == {0.1}
