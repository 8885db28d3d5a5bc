"""Fixtures that every test may use."""

import numpy as np
import pytest


@pytest.fixture
def rng(request):
    """A generator of its own for every test, the same each time it runs."""
    return np.random.default_rng(sum(request.node.nodeid.encode()))
