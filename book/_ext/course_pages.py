"""Sphinx extension: what the pages "The map of the course" and "What is taught where" show, written from data while the site is built.

    {course-map}         the picture of which chapter needs which
    {course-chapters}    every chapter: its question, what it needs, minutes, lab, widgets
    {course-paths}       the ways through the course
    {coverage}           every topic, and where each part of it is taught
"""

import course_data as data
import course_graph as graph
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective


class course_map(nodes.General, nodes.Element):  # noqa: N801  # docutils names nodes so
    """The place of the picture; drawn when the page is written, because only then the addresses of the chapters are known."""


def draw(translator, node):
    builder, chapters = translator.builder, data.chapters()
    here = translator.docnames[0] if hasattr(translator, "docnames") else builder.current_docname

    def link(name):
        return builder.get_relative_uri(here, f"book/{name}")

    translator.body.append(f"{graph.wide(chapters, link)}\n{graph.narrow(chapters, link)}\n")
    raise nodes.SkipNode


class FromData(SphinxDirective):
    """A directive whose text is written as MyST; its page is read at every build, because what it says stands in other files."""

    def run(self):
        self.env.metadata[self.env.docname]["from_data"] = True
        return self.content_nodes()

    def parse(self, text, box):
        self.state.nested_parse(StringList(text.split("\n"), self.env.docname), self.content_offset, box)
        return box

    def section(self, heading, text):
        section = nodes.section("", nodes.title("", heading), names=[nodes.fully_normalize_name(heading)])
        self.state.document.note_implicit_target(section, section)
        return self.parse(text, section)


class Map(FromData):
    def content_nodes(self):
        return [course_map()]


class Chapters(FromData):
    def content_nodes(self):
        chapters = data.chapters()
        titles = {c.name: c.title for c in chapters}
        found = []
        for number, (caption, _) in enumerate(data.parts()):
            here = [self.entry(c, titles) for c in chapters if c.part == number]
            found.append(self.section(caption, "\n\n".join(here)))
        return found

    def entry(self, c, titles):
        facts = [f"{c.minutes} minutes"]
        facts += ["needs " + ", ".join(f"[{titles[n]}](/book/{n}.md)" for n in c.needs)] if c.needs else ["needs no other chapter"]
        facts += [f"[{data.lab_title(c.lab)}](/labs/{c.lab}/{c.lab}.ipynb)"] if c.lab else []
        facts += [f"widget {{ref}}`{data.widget_title(w)} <widget-{w.replace('_', '-')}>`" for w in c.widgets]
        return f"**[{c.title}](/book/{c.name}.md)**\n: {c.question}\n: {' · '.join(facts)}"


class Paths(FromData):
    def content_nodes(self):
        return [self.section(path["title"], self.path(path)) for path in data.paths()]

    def path(self, path):
        known = {c.name: c for c in data.chapters()}
        rows = ["| | | |", "|---|---|---|"]
        for stage in path["stages"]:
            here = [known[name] for name in stage.get("chapters", [])]
            what = [f"[{c.title}](/book/{c.name}.md)" for c in here]
            what += [f"{{ref}}`{label}`" for label in stage.get("places", [])]
            what += [f"[{data.lab_title(lab)}](/labs/{lab}/{lab}.ipynb)" for lab in stage.get("labs", [])]
            what += stage.get("also", [])
            minutes = sum(c.minutes for c in here)
            rows.append(f"| {stage['name']} | {'<br>'.join(what)} | {f'{minutes} min' if minutes else ''} |")
        head = stage_heads(path)
        rows[0] = f"| {head[0]} | {head[1]} | {head[2]} |"
        return f"{path['text']}\n\n" + "\n".join(rows)


def stage_heads(path):
    timed = any(stage.get("chapters") for stage in path["stages"])
    return path["unit"], "what", "to read" if timed else ""


class Coverage(FromData):
    def content_nodes(self):
        topics = {}
        for entry in data.entries():
            if not data.missing(entry):
                topics.setdefault((entry.row, entry.topic), []).append(entry)
        return [self.section(topic, self.table(entries)) for (_, topic), entries in topics.items()]

    def table(self, entries):
        lines = ["````{list-table}", ":header-rows: 1", ":widths: 38 34 28", ":class: coverage", "", "* - what", "  - where", "  - try it, call it"]
        for entry in entries:
            tries = [f"[{data.lab_title(entry.lab).split(':')[0]}](/labs/{entry.lab}/{entry.lab}.ipynb)"] if entry.lab else []
            name = (entry.widget or "").replace("_", "-")
            tries += [f"{{ref}}`{data.widget_title(entry.widget)} <widget-{name}>`"] if entry.widget else []
            tries += [f"{{py:obj}}`~rnncore.{name}`" for name in entry.names]
            chapter = f"[{data.title(entry.chapter)}](/book/{entry.chapter}.md)"
            lines += [f"* - {entry.item}", f"  - {{ref}}`{entry.anchor}`", "", f"    {chapter}", f"  - {', '.join(tries)}"]
        return "\n".join([*lines, "````"])


def outdated(app, env, added, changed, removed):
    return [page for page, metadata in env.metadata.items() if metadata.get("from_data")]


def setup(app):
    app.add_node(course_map, html=(draw, None))
    app.add_directive("course-map", Map)
    app.add_directive("course-chapters", Chapters)
    app.add_directive("course-paths", Paths)
    app.add_directive("coverage", Coverage)
    app.connect("env-get-outdated", outdated)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
