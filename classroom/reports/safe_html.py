"""What students wrote, as HTML that a teacher's and a student's browser can show: no scripts, no forms, nothing loaded from elsewhere.

    clean                HTML to harmless HTML
    markdown             nbconvert's filter markdown2html, cleaned
    SafeOutputs          nbconvert's preprocessor: outputs in a few known forms, no metadata of theirs
    FeedbackWithoutTests nbgrader's feedback step: the sentence of a check, never its hidden part

`classroom.settings` puts them into formgrader and feedback.
"""

import re

import bleach
from jinja2 import pass_context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests
from nbgrader.utils import is_grade, is_solution

__all__ = ["FeedbackWithoutTests", "SafeOutputs", "clean", "markdown"]

TAGS = frozenset(
    re.findall(
        r"\w+",
        "a abbr b blockquote br caption code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre s span strong sub sup table "
        "tbody td tfoot th thead tr ul var",
    )
)
DROPPED = re.compile(r"<(script|style|iframe|object|svg|math|template|noscript)\b.*?(</\1\s*>|\Z)", re.I | re.S)
PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
LINK = re.compile(r"(https?://|mailto:|#)", re.I)
HIGHLIGHT = re.compile(r"highlight|hll|language-[\w-]+|[a-z]{1,3}\d?")  # classes that Pygments and Markdown make
TEXTS = ("text/plain", "text/latex", "text/markdown")
PICTURES = ("image/png", "image/jpeg")


def clean(html):
    """Return harmless HTML; a filter in the place of nbconvert's clean_html, which knows no headings and lets ids through.

    >>> clean('<p id="x" onclick="y()">a<script>z()</script><a href="javascript:z()">b</a></p>')
    '<p>a<a>b</a></p>'
    """
    html = html.decode("utf-8", "replace") if isinstance(html, bytes) else str(html)
    return bleach.clean(DROPPED.sub("", html), tags=TAGS, attributes=_allowed, protocols={"http", "https", "mailto", "data"}, strip=True)


def _allowed(tag, name, value):
    if name == "href":
        return tag == "a" and LINK.match(value) is not None
    if name == "src":
        return tag == "img" and PICTURE.fullmatch(value) is not None
    if name == "class":
        return tag in ("code", "div", "pre", "span") and all(HIGHLIGHT.fullmatch(word) for word in value.split())
    return (tag, name) in {("img", "alt"), ("td", "colspan"), ("td", "rowspan"), ("th", "colspan"), ("th", "rowspan"), ("th", "scope")}


@pass_context
def markdown(context, source):
    """Markdown to harmless HTML, with the pictures that are attached to its cell."""
    attachments = context.get("cell", {}).get("attachments", {})
    return clean(MarkdownWithMath(renderer=IPythonRenderer(escape=False, attachments=attachments)).render(source))


class SafeOutputs(Preprocessor):
    """Keep of a notebook what can be shown safely: its text, and outputs in forms that cannot act."""

    enabled = True

    def preprocess(self, nb, resources):
        nb = super().preprocess(nb, resources)[0]
        nb.metadata = NotebookNode({key: value for key, value in nb.metadata.items() if key == "kernelspec"})
        return nb, resources

    def preprocess_cell(self, cell, resources, index):
        cell.metadata = NotebookNode({key: value for key, value in cell.metadata.items() if key == "nbgrader"})
        if cell.cell_type == "code":
            cell.outputs = [safe for output in cell.outputs if (safe := _safe(output))]
        elif cell.cell_type == "raw":
            cell.source = ""
        return cell, resources


def _safe(output):
    kind = output.output_type
    if kind == "stream":
        return NotebookNode(output_type=kind, name="stderr" if output.name == "stderr" else "stdout", text=_text(output.text))
    if kind == "error":
        trace = [_text(line) for line in output.traceback]
        return NotebookNode(output_type=kind, ename=_text(output.ename), evalue=_text(output.evalue), traceback=trace)
    data = NotebookNode({form: _text(output.data[form]) for form in TEXTS if form in output.data})
    if "text/html" in output.data:
        data["text/html"] = clean(_text(output.data["text/html"]))
    for form in PICTURES:
        if re.fullmatch(r"[A-Za-z0-9+/=\s]+", _text(output.data.get(form, ""))):
            data[form] = _text(output.data[form])
    return NotebookNode(output_type="display_data", data=data, metadata=NotebookNode()) if data else None


def _text(value):
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


class FeedbackWithoutTests(ClearHiddenTests):
    """Take the hidden part out of grade cells, and leave of an error in one only what it says."""

    def preprocess_cell(self, cell, resources, cell_index):
        if cell.cell_type == "code" and is_grade(cell) and not is_solution(cell):
            self._remove_hidden_test_region(cell)
            for output in cell.outputs:
                if output.output_type == "error":
                    output.traceback = [output.evalue or output.ename]
        return cell, resources
