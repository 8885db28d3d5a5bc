"""What a few names of a package need, found in its text: every module cut down to the definitions that are used.

    source = Package(Path("rnncore"))
    kept = Cut(source, absent={("rnncore.reference.lstm", "lstm_forward")})
    kept.need("rnncore.reference", "init_lstm")
    kept.text("rnncore.reference.lstm")        the module's text with what is kept, and nothing else

Contents
    Cut    what is kept of a package

A statement at the top of a module is kept or left out as a whole; imports keep the names that are used. What is followed: names used in a
body, a decorator, a default or an annotation; imports inside functions; a module's attributes; star imports of what a package exports
again. A module that is used otherwise than by an attribute, as an argument is, is kept whole. Nothing is imported or run.
"""

import ast

__all__ = ["Cut"]


class Cut:
    """What is kept of a package.

    Args:
        source: a `Package`.
        absent: pairs of module and name that are never kept; what is kept and uses one gets `missing` in its place.

    After `need`: `kept` maps a module to the numbers of its statements that are kept, `reached` lists who would have used what is absent.
    """

    def __init__(self, source, absent=()):
        self.source, self.absent = source, set(absent)
        self.kept, self.aliases, self.stand_ins = {}, {}, {}
        self.reached, self._seen = [], set()

    def need(self, module, name=None, user="the lab"):
        """Keep a name of a module, or with None all of the module, and what it needs."""
        if name is None:
            self._keep_module(module)
            for each in self.source.names(module):
                self.need(module, each, user)
            return
        if (module, name) in self.absent and self.source.binding(module, name):
            self.reached.append((user, f"{module}.{name}"))
            return
        if (module, name) in self._seen:
            return
        self._seen.add((module, name))
        self._keep_module(module)
        statements = self.source.binding(module, name)
        if not statements:
            self._from_elsewhere(module, name, user)
        for statement in statements:
            if isinstance(statement.node, ast.Import | ast.ImportFrom):
                self._keep_import(module, statement, name, user)
            elif "__all__" not in statement.binds:
                self._keep(module, statement, name)

    def defines(self, module, name):
        """Where a name of a module is defined: a pair of module and name, through all imports; None if it is not in this package."""
        for statement in self.source.binding(module, name):
            if isinstance(statement.node, ast.ImportFrom) and statement.node.module in self.source.paths:
                alias = next(a for a in statement.node.names if (a.asname or a.name) == name)
                return self.defines(statement.node.module, alias.name)
            return None if isinstance(statement.node, ast.Import | ast.ImportFrom) else (module, name)
        for star in self.source.stars(module):
            if self.source.exports(star, name):
                return self.defines(star, name)
        return None

    def _keep_module(self, module):
        if module in self.kept:
            return
        self.kept[module], self.aliases[module], self.stand_ins[module] = set(), set(), set()
        parent = module.rpartition(".")[0]
        if parent:
            self._keep_module(parent)

    def _from_elsewhere(self, module, name, user):
        star = next((star for star in self.source.stars(module) if self.source.exports(star, name)), None)
        if star:
            self.need(star, name, user)
        elif f"{module}.{name}" in self.source.paths:
            self._keep_module(f"{module}.{name}")

    def _keep_import(self, module, statement, name, user):
        self.aliases[module].add(name)
        node = statement.node
        if isinstance(node, ast.ImportFrom) and node.module in self.source.paths:
            original = next(a.name for a in node.names if (a.asname or a.name) == name)
            if (self.defines(node.module, original) or ()) in self.absent:
                self.aliases[module].discard(name)
                self.stand_ins[module].add(name)
            self.need(node.module, original, user)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if (alias.asname or alias.name.split(".")[0]) == name and alias.name in self.source.paths:
                    self._keep_module(alias.name)

    def _keep(self, module, statement, name):
        self.kept[module].add(id(statement))
        user = f"{module}.{name}"
        for used in statement.uses:
            target = self._module(module, used)
            if target:
                self.need(module, used, user)
                self._keep_attributes(target, used, statement.node, user)
            else:
                if (module, used) in self.absent and self.source.binding(module, used):
                    self.stand_ins[module].add(used)
                self.need(module, used, user)
        for node in ast.walk(statement.node):
            if node is not statement.node and isinstance(node, ast.ImportFrom) and node.module in self.source.paths:
                for alias in node.names:
                    self.need(node.module, alias.name, user)
                    if (target := f"{node.module}.{alias.name}") in self.source.paths and not self.defines(node.module, alias.name):
                        self._keep_attributes(target, alias.asname or alias.name, statement.node, user)
            elif isinstance(node, ast.JoinedStr) and ast.unparse(node)[2:].startswith(f"{self.source.name}."):
                raise ValueError(f"{user} names a module of {self.source.name} by a computed text, which cannot be followed.")

    def _module(self, module, name):
        """The module that a name of a module stands for, or None."""
        for statement in self.source.binding(module, name):
            if isinstance(statement.node, ast.ImportFrom):
                found = f"{statement.node.module}.{next(a.name for a in statement.node.names if (a.asname or a.name) == name)}"
                is_name = statement.node.module in self.source.paths and self.defines(*found.rsplit(".", 1))
                return found if found in self.source.paths and not is_name else None
            if isinstance(statement.node, ast.Import):
                alias = next(a for a in statement.node.names if (a.asname or a.name.split(".")[0]) == name)
                found = alias.name if alias.asname else alias.name.split(".")[0]
                return found if found in self.source.paths else None
        return None

    def _keep_attributes(self, target, name, tree, user):
        chains = {id(node.value): node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id == name:
                self.need(target, chains.get(id(node)), user)

    def text(self, module, head="", missing="{name} = None"):
        """The text of a kept module.

        Args:
            module: its name.
            head: lines that come first, after the module's docstring.
            missing: the line in the place of a name that is absent and used; `{name}` stands for the name.
        """
        lines, done, exported = [], set(), None
        for statement in self.source.statements(module):
            node, gone = statement.node, statement.binds & self.stand_ins[module] - done
            if isinstance(node, ast.Import | ast.ImportFrom):
                line = self._import(module, node)
                lines += [line] if line else []
            elif "__all__" in statement.binds:
                exported = (len(lines), ast.literal_eval(node.value))
            elif id(statement) in self.kept[module]:
                lines.append(statement.text)
            done |= gone
            lines += [missing.format(name=name) for name in sorted(gone)]
        if exported:
            names = [name for name in exported[1] if self._there(module, name)]
            lines.insert(exported[0], f"__all__ = {names!r}")
        return "\n\n".join([part for part in (head, *lines) if part]) + "\n"

    def _there(self, module, name):
        """Whether a name can be had from a kept module."""
        if self.source.binding(module, name):
            return name in self.aliases[module] or any(id(s) in self.kept[module] for s in self.source.binding(module, name))
        return any(star in self.kept and self.source.exports(star, name) and self._there(star, name) for star in self.source.stars(module))

    def _import(self, module, node):
        """The line of an import with what is kept of it, or None; a package also exports again what is kept of its parts."""
        own = isinstance(node, ast.ImportFrom) and node.module in self.source.paths
        if own and node.names[0].name == "*":
            return ast.unparse(node) if node.module in self.kept else None
        is_package = self.source.paths[module].name == "__init__.py"
        names = []
        for alias in node.names:
            name = alias.asname or (alias.name if isinstance(node, ast.ImportFrom) else alias.name.split(".")[0])
            again = is_package and own and node.module in self.kept and self._there(node.module, alias.name)
            if name in self.aliases[module] or again:
                names.append(alias)
        if not names:
            return None
        return ast.unparse(ast.ImportFrom(node.module, names, node.level) if isinstance(node, ast.ImportFrom) else ast.Import(names))
