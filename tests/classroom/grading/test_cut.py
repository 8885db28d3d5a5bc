"""What is kept of a package: all that a name needs, however it is named, and nothing else."""

import subprocess
import sys
from textwrap import dedent

import pytest

from classroom.grading.cut import Cut
from classroom.grading.package import Package

FILES = {
    "__init__": "from pack.parts import *\nfrom pack.parts import first as again\n",
    "parts/__init__": "from pack.parts.one import *\nfrom pack.parts.two import other\n",
    "parts/one": '''
        """One."""
        import math
        import json
        from pack.parts import two
        from pack.parts.two import other, scale, unused_elsewhere
        from pack import late

        __all__ = ["first", "second", "lazy", "lazy_module", "by_module", "whole"]
        LOW, HIGH = 1, 2
        TABLE = {"a": LOW}
        TABLE |= {"b": HIGH}
        SPARE = json.dumps(1)

        def wrap(function):
            return function

        @wrap
        def first(x, least=LOW):
            TABLE = [x]
            return math.floor(x) + _hidden(TABLE[0])

        def _hidden(x):
            return x

        def second(x: "TABLE") -> TABLE.__class__:
            SPARE = x
            return scale(SPARE)

        def lazy(x):
            from pack.late import deep
            return deep(x)

        def lazy_module(x):
            from pack import late as behind
            return behind.deep(x)

        def by_module(x):
            return two.scale(x)

        def whole(x):
            return [vars(late), x]

        class Base:
            limit = HIGH

        class Child(Base):
            def run(self):
                return first(1)
        ''',
    "parts/two": """
        def other(): return 1
        def scale(x): return inner(x)
        def inner(x): return 2 * x
        def unused_elsewhere(): return 0
        """,
    "late": """
        def deep(x): return deeper(x)
        def deeper(x): return x
        def third(x): return x
        """,
}


@pytest.fixture
def source(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / "pack" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return Package(tmp_path / "pack")


def kept(cut):
    """The names that stand in each module, without packages."""
    found = {}
    for module in cut.kept:
        for statement in cut.source.statements(module):
            if id(statement) in cut.kept[module]:
                found.setdefault(module.removeprefix("pack."), set()).update(statement.binds)
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("first", {"parts.one": {"first", "wrap", "_hidden", "LOW", "HIGH"}}),
        ("second", {"parts.one": {"second", "TABLE", "LOW", "HIGH"}, "parts.two": {"scale", "inner"}}),
        ("lazy", {"parts.one": {"lazy"}, "late": {"deep", "deeper"}}),
        ("lazy_module", {"parts.one": {"lazy_module"}, "late": {"deep", "deeper"}}),
        ("by_module", {"parts.one": {"by_module"}, "parts.two": {"scale", "inner"}}),
        ("whole", {"parts.one": {"whole"}, "late": {"deep", "deeper", "third"}}),
        ("Child", {"parts.one": {"Child", "Base", "first", "wrap", "_hidden", "LOW", "HIGH"}}),
        ("other", {"parts.two": {"other"}}),
    ],
)
def test_what_a_name_needs_is_followed(source, name, expected):
    exported = {"Child": ["pack.parts.one"], "other": ["pack.parts.one", "pack.parts"]}
    for module in exported.get(name, ["pack.parts.one", "pack.parts", "pack"]):
        cut = Cut(source)
        cut.need(module, name)
        assert kept(cut) == expected


def test_what_is_left_runs_and_imports_what_it_needs_alone(source, tmp_path):
    cut = Cut(source)
    cut.need("pack", "second")
    for module in cut.kept:
        path = tmp_path / "cut" / source.paths[module].relative_to(tmp_path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(cut.text(module))
    one = cut.text("pack.parts.one")
    assert "json" not in one and "late" not in one and "math" not in one and "from pack.parts.two import scale\n" in one
    assert "__all__ = ['second']" in one
    assert cut.text("pack.parts") == "from pack.parts.one import *\n"
    code = "import pack; assert pack.second(3) == 6 and not hasattr(pack, 'first') and not hasattr(pack, 'other')"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "cut", check=True)


@pytest.mark.parametrize(("absent", "line"), [("inner", "inner = 0\n"), ("scale", "scale = 0\n")])
def test_what_is_absent_is_never_kept_and_who_uses_it_is_told(source, absent, line):
    cut = Cut(source, {("pack.parts.two", absent)})
    cut.need("pack", "second")
    assert not any(absent in names for names in kept(cut).values())
    assert absent in {name.rpartition(".")[2] for _, name in cut.reached}
    texts = "".join(cut.text(module, missing="{name} = 0") for module in cut.kept)
    assert line in texts and f"def {absent}" not in texts and f"import {absent}" not in texts


def test_a_module_named_by_a_computed_text_is_told(tmp_path):
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack/__init__.py").write_text("from importlib import import_module\ndef f(n): return import_module(f'pack.{n}')\n")
    with pytest.raises(ValueError, match=r"pack\.f names a module of pack by a computed text"):
        Cut(Package(tmp_path / "pack")).need("pack", "f")
