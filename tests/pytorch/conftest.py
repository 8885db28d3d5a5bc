"""What several tests of the mirror share: a count of the calls that Python makes to PyTorch."""

import pytest
from torch.overrides import TorchFunctionMode


class Calls(TorchFunctionMode):
    """The names of the functions and methods of PyTorch that Python calls inside the `with` block; what C++ calls is not seen."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.names.append(function.__name__)
        return function(*args, **(kwargs or {}))


@pytest.fixture
def calls_of():
    """`calls_of(function, *args, **options)`: the names of what the function calls, in order."""

    def run(function, *args, **options):
        with Calls() as calls:
            function(*args, **options)
        return calls.names

    return run
