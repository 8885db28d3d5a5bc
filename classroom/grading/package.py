"""A package as text: its modules, their statements, and which names these bind and use. Nothing is imported or run.

Contents
    Package      the modules of a package
    Statement    one statement at the top of a module
"""

import ast
import symtable
from pathlib import Path
from typing import NamedTuple

__all__ = ["Package", "Statement"]


class Statement(NamedTuple):
    """One statement at the top of a module."""

    node: ast.stmt
    text: str
    binds: frozenset  # names that it gives a value
    uses: frozenset  # names that it looks up in the module


class Package:
    """The modules of a package.

    Args:
        folder: the package's folder; its name is the package's.
    """

    def __init__(self, folder):
        self.folder, self.name = Path(folder), Path(folder).name
        self.paths = {}
        for path in sorted(self.folder.rglob("*.py")):
            parts = path.relative_to(self.folder.parent).with_suffix("").parts
            self.paths[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        self._statements = {}

    def statements(self, module):
        """The statements of a module, in order."""
        if module not in self._statements:
            text = self.paths[module].read_text("utf8")
            self._statements[module] = [_statement(node, text) for node in ast.parse(text).body]
        return self._statements[module]

    def binding(self, module, name):
        """The statements that bind a name in a module."""
        return [statement for statement in self.statements(module) if name in statement.binds]

    def stars(self, module):
        """The modules of this package from which a module imports everything, the last one first: it wins."""
        imports = [s.node for s in self.statements(module) if isinstance(s.node, ast.ImportFrom) and s.node.names[0].name == "*"]
        return [node.module for node in reversed(imports) if node.module in self.paths]

    def exports(self, module, name):
        """Whether a star import of a module gives a name."""
        for statement in self.statements(module):
            if "__all__" in statement.binds:
                return name in ast.literal_eval(statement.node.value)
        found = self.binding(module, name) or any(self.exports(star, name) for star in self.stars(module))
        return bool(found) and not name.startswith("_")

    def names(self, module):
        """All names that the statements of a module bind, and those of its star imports."""
        own = {name for statement in self.statements(module) for name in statement.binds}
        return own.union(*({n for n in self.names(star) if self.exports(star, n)} for star in self.stars(module)))


def _statement(node, text):
    lines = text.splitlines()
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    own = "\n".join(lines[first - 1 : node.end_lineno])
    table = symtable.symtable(own, "module", "exec")
    binds = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
    uses = {s.get_name() for s in table.get_symbols() if s.is_referenced()} | _globals(table)
    return Statement(node, own, frozenset(binds), frozenset(uses - {"*"}))


def _globals(table):
    """Names that the functions and classes in a table look up in the module."""
    found = set()
    for child in table.get_children():
        found |= {s.get_name() for s in child.get_symbols() if s.is_global()} | _globals(child)
    return found
