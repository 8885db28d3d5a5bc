"""Bad input to every public function gets one sentence that names the argument, what was given and what is expected.

The cases stand in the files bad_input_*.py beside this one.
"""

import inspect
import re
import runpy
from pathlib import Path

import pytest

import rnncore

FILES = sorted(Path(__file__).parent.glob("bad_input_*.py"))
CASES = [case for file in FILES for case in runpy.run_path(str(file))["CASES"]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0].__name__)
def test_one_clear_sentence(case):
    function, arguments, words, options = (*case, {})[:4]
    with pytest.raises((TypeError, ValueError)) as caught:
        function(*arguments, **options)
    message = str(caught.value)
    assert words in message
    assert message.endswith(".") and "\n" not in message
    assert len(re.findall(r"[.!?] [A-Z]", message)) == 0, "one sentence"
    assert caught.value.__cause__ is None


def test_every_public_function_has_a_case():
    functions = {name for name in dir(rnncore) if inspect.isfunction(getattr(rnncore, name))}
    assert functions <= {case[0].__name__ for case in CASES}
