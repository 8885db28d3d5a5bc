"""Sphinx extension: the reference section, written from the docstrings of rnncore while the site is built.

    ```{api} rnncore.reference.lstm
    ```

becomes the docstring of that file and an entry for each name in its `__all__`: signature, shapes, errors, source, example and a
link to the code. Entries carry the name that a reader imports (`rnncore.lstm_forward`), and a chapter links to one with
{py:func}`lstm_forward`; the PyTorch function is {py:func}`rnncore.pytorch.lstm_forward`. `docstrings.py` takes docstrings apart,
`api_names.py` knows what is public.

Contents
    Api               the directive
    write_module      one file as MyST text
    find_entry        resolves a bare name in a role
"""

import ast
import functools
import importlib
import inspect
import re
import textwrap
from pathlib import Path

from api_names import find_name, full_names, is_borrowed, used_in
from docstrings import CITATION, parse, read_bib, sources_of
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
CODE = "https://github.com/rnn-course/rnn-course/blob/main"
SHAPE = r"\((?=[^()]*(?:,|\.\.\.))(?=[^()]*(?:\b\d*[A-Z]\b|\d|\.\.\.))(?:[\w.* +/-]{1,24}, ?)*[\w.* +/-]{0,24}\)"
INLINE = re.compile(rf"`(?P<code>[^`]+)`|(?P<cite>{CITATION.pattern})|(?P<shape>{SHAPE})|(?P<word>\b[A-Z]\w*[a-z]\w*)")
TITLES = {"Args": "Arguments"}


class Api(SphinxDirective):
    """`{api} module`: everything a file of rnncore exports."""

    required_arguments = 1

    def run(self):
        module = importlib.import_module(self.arguments[0])
        self.env.note_dependency(module.__file__)
        self.env.note_dependency(__file__)
        box = nodes.container(classes=["api"])
        text = write_module(module, used_in(module, self.env.found_docs))
        self.state.nested_parse(StringList(text.split("\n"), module.__file__), self.content_offset, box)
        return box.children


def write_module(module, used_by=()):
    """One file as MyST text: its docstring, then an entry for each name it defines, in the order of the code; caches come last."""
    contents = {n: text for b in parse(module.__doc__) if b.kind == "Contents" for names, text in b.content for n in names.split(", ")}
    own = [name for name in module.__all__ if not is_borrowed(module, name)]
    own.sort(key=lambda name: (name.endswith("Cache"), _line(module, name)))
    path = Path(module.__file__).relative_to(ROOT).as_posix()
    packages = {full_names(module)[name].rpartition(".")[0] for name in own}
    package = packages.pop() if len(packages) == 1 else module.__package__  # has them all: rnncore may have the tuned ones of these names
    parts = [] if module.__name__ in full_names(module).values() else [f"```{{py:module}} {module.__name__}\n```"]
    where = f"File [`{path}`]({CODE}/{path}), `from {package} import …`"
    where += "".join(f"{comma}{{doc}}`/{page}`" for comma, page in zip([". Used in ", *[", "] * len(used_by)], used_by, strict=False))
    parts += [where + ".", write_docstring(module.__doc__, module)]
    parts += [write_entry(module, name, contents.get(name, "")) for name in own]
    return "\n\n".join(parts)


def write_entry(module, name, description):
    """The entry of one function, class or constant; the text of a constant is what the file's Contents say of it."""
    value, line = inspect.unwrap(getattr(module, name)), _line(module, name)
    path = Path(module.__file__).relative_to(ROOT).as_posix()
    code = f":Code: [{Path(path).name}, line {line}]({CODE}/{path}#L{line})"
    package, _, name = full_names(module)[name].rpartition(".")
    return f"```{{py:currentmodule}} {package}\n```\n\n{_entry(module, name, value, description, code)}"


def _entry(module, name, value, description, code):
    if inspect.isfunction(value):
        return _directive("py:function", name + signature(value), write_docstring(value.__doc__, module), code)
    if not inspect.isclass(value):
        return _directive("py:data", name, inline(_sentence(description), module), code)
    methods = [(n, f) for n, f in vars(value).items() if inspect.isfunction(f) and not n.startswith("_") and f.__doc__]
    methods = [_directive("py:method", n + signature(f), write_docstring(f.__doc__, module)) for n, f in methods]
    fields = _field("Fields", field_comments(value), module) if hasattr(value, "_fields") else ""
    return _directive("py:class", name + class_signature(value), write_docstring(value.__doc__, module), fields, code, *methods)


def write_docstring(docstring, module):
    """A docstring as MyST text."""
    parts = []
    for block in parse(docstring):
        if block.kind == "paragraph":
            parts.append(inline(block.content, module))
        elif block.kind in ("literal", "example"):
            language = "pycon" if block.kind == "example" else "text"
            parts.append(f"```{language}\n{block.content}\n```")
        else:
            title = TITLES.get(block.kind, block.kind) + (f" ({block.note})" if block.note else "")
            parts.append(_field(title, block.content, module))
    return "\n\n".join(parts)


def inline(text, module):
    """Text of a docstring as MyST: public names become links, sources become citations, shapes become code."""
    parts, end = [], 0
    for match in INLINE.finditer(text):
        parts.append(_escape(text[end : match.start()]))
        parts.append(_marked(match, module))
        end = match.end()
    return "".join(parts) + _escape(text[end:])


def _marked(match, module):
    if match["code"]:
        target = find_name(match["code"], module)
        return f"{{py:obj}}`~{target}`" if target else f"`{match['code']}`"
    if match["word"]:
        target = find_name(match["word"], module)
        return f"{{py:obj}}`~{target}`" if target else _escape(match["word"])
    if match["shape"]:
        return f"`{match['shape']}`"
    sources = sources_of(match["cite"], bibliography())
    return f"{{cite:t}}`{sources[0].key}`" if len(sources) == 1 else _escape(match["cite"])


def signature(function):
    """The arguments of a function with their defaults, as they stand in the code."""
    arguments = syntax_of(function).args
    arguments.args = [argument for argument in arguments.args if argument.arg != "self"]
    return f"({ast.unparse(arguments)})"


def class_signature(cls):
    """What makes an object of a class: the arguments of `__init__`, or its fields."""
    body = syntax_of(cls).body
    init = [item for item in body if isinstance(item, ast.FunctionDef) and item.name == "__init__"]
    if init:
        return signature(cls.__init__)
    fields = [item for item in body if isinstance(item, ast.AnnAssign)]
    return f"({', '.join(f.target.id + (f'={ast.unparse(f.value)}' if f.value else '') for f in fields)})" if fields else ""


def field_comments(named_tuple):
    """(field, the comment behind it) for each field of a named tuple; the comment may stand in a class that it inherits from."""
    found = dict.fromkeys(named_tuple._fields, "")
    for kind in reversed([kind for kind in named_tuple.__mro__ if hasattr(kind, "_fields")]):
        lines = (re.match(r"    (\w+): [^#]*# (.*)$", line) for line in inspect.getsource(kind).split("\n"))
        found |= {match[1]: match[2] for match in lines if match and match[1] in found}
    return list(found.items())


def syntax_of(value):
    """The syntax tree of a function or class."""
    return ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]


@functools.cache
def bibliography():
    return read_bib((ROOT / "book" / "references.bib").read_text("utf8"))


def find_entry(app, env, node, contnode):
    """Resolve a role that names a public name alone, or by the file it is in."""
    if node.get("refdomain") == "py" and (target := find_name(node["reftarget"])):
        domain = env.get_domain("py")
        return domain.resolve_xref(env, node.get("refdoc"), app.builder, node["reftype"], target, node, contnode)
    return None


def _line(module, name):
    value = inspect.unwrap(getattr(module, name))
    if inspect.isfunction(value) or inspect.isclass(value):
        return inspect.getsourcelines(value)[1]
    lines = inspect.getsource(module).split("\n")
    return next(number for number, line in enumerate(lines, start=1) if re.match(rf"{name}\b.* = ", line))


def _directive(kind, argument, *body):
    body = "\n\n".join(part for part in body if part)
    fence = "`" * max(4, 1 + max((len(ticks) for ticks in re.findall(r"^`{3,}", body, re.MULTILINE)), default=0))
    return f"{fence}{{{kind}}} {argument}\n\n{body}\n{fence}"


def _field(title, entries, module):
    """A field with one text, or a list of names and what they are."""
    rows = []
    for names, text in entries:
        terms = ", ".join(_term(name, module, title) for name in names.split(", ") if name)
        rows.append(": ".join(part for part in (terms, inline(text, module)) if part))
    body = rows[0] if len(rows) == 1 and not entries[0][0] else "\n".join(f"- {row}" for row in rows)
    return f":{title}:\n{textwrap.indent(body, '    ')}"


def _term(name, module, title):
    target = find_name(name, module) if title == "Contents" else None
    return f"{{py:obj}}`~{target}`" if target else f"**{_escape(name)}**" if title == "Contents" else f"`{name}`"


def _escape(text):
    return re.sub(r"([\\`*_{}\[\]<>|$~^&#])", r"\\\1", text)


def _sentence(text):
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") or not text else ".")


def setup(app):
    app.add_directive("api", Api)
    app.connect("missing-reference", find_entry)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
