"""Every number that a chapter states is held by one of its cells, or stands in a list with the reason why it may be believed."""

import runpy
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
NUMBERS = runpy.run_path(str(Path(__file__).with_name("numbers.py")))
held, stated, vouched = NUMBERS["held"], NUMBERS["stated"], NUMBERS["vouched"]
CHECKED = yaml.safe_load((Path(__file__).parent / "checked_numbers.yml").read_text("utf8"))
CHAPTERS = [path for path in sorted((ROOT / "book").glob("*.md")) if "{code-cell}" in path.read_text("utf8")]


@pytest.mark.executed
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_number_comes_from_a_cell(path):
    notebook = ROOT / "_executed" / "book" / f"{path.stem}.ipynb"
    numbers, listed = held(notebook), CHECKED.get(path.stem, {})
    open_ = [n for n in stated(path.read_text("utf8")) if not vouched(n, numbers)]
    unknown = [f"{n.text} in: {n.sentence}" for n in open_ if n.text not in listed]
    assert not unknown, "no cell holds these numbers:\n" + "\n".join(unknown)
    assert not set(listed) - {n.text for n in open_}, "checked_numbers.yml lists numbers that the chapter does not need"


TEXT = """---
title: 0.123
---
# Section 14.5

(label-99)=
It fell to 2.66e-5, or $2.66 \\cdot 10^{-5}$, after 1,024 steps; 13.5 percent of $h_{25}^{100}$ is left, says {cite}`key1987`, in 2015.
Twelve is 12, and Lab
13 is a name. See `rate = 0.77` and [there](page14.html).

```{code-cell} python
:tags: [hide-input]
x = 0.5
```

```{note}
A loss of 1.609 comes out.
```

```
listing 3.14
```
"""


def test_what_counts_as_a_stated_number():
    assert [(n.text, n.value, n.digits, n.percent) for n in stated(TEXT)] == [
        ("2.66e-5", 2.66e-5, 7, False),
        ("2.66e-5", 2.66e-5, 7, False),
        ("1,024", 1024, 0, False),
        ("13.5", 13.5, 1, True),
        ("1.609", 1.609, 3, False),
    ]


@pytest.mark.parametrize(("number", "right"), [(2.6561e-5, True), (2.6661e-5, False), (0.1349, False)])
def test_a_number_must_round_to_what_is_stated(number, right):
    assert vouched(stated(TEXT)[0], [number]) == right


def test_a_share_vouches_for_a_percentage():
    percentage = stated(TEXT)[3]
    assert vouched(percentage, [0.1349]) and vouched(percentage, [13.52]) and not vouched(percentage, [0.1356])
