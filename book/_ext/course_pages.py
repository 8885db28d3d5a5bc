"""Sphinx extension: what the pages "The map of the course" and "What is taught where" show, written from data while the site is built.

    {course-map}         the picture of which chapter needs which
    {course-chapters}    every chapter: its question, what it needs, minutes, lab, widgets
    {course-paths}       the ways through the course
    {coverage}           every topic, and where each part of it is taught

The index gets, for each term of the glossary, the section that explains it.
"""

from collections import Counter

import course_data as data
import course_graph as graph
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective


class course_map(nodes.General, nodes.Element):  # docutils names its nodes so
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
        found = []
        for number, (caption, _) in enumerate(data.parts()):
            here = [self.entry(c) for c in chapters if c.part == number]
            found.append(self.section(caption, ":::{container} course-chapters\n" + "\n\n".join(here) + "\n:::"))
        return found

    def entry(self, c):
        facts = [f"{c.minutes} minutes"]
        facts += ["needs " + ", ".join(map(link, c.needs))] if c.needs else ["needs no other chapter"]
        facts += [lab_link(c.lab)] if c.lab else []
        facts += [f"widget {widget_link(w)}" for w in c.widgets]
        return f"**{link(c.name)}**\n: {c.question}\n: {' · '.join(facts)}"


class Paths(FromData):
    def content_nodes(self):
        return [self.section(path["title"], self.path(path)) for path in data.paths()]

    def path(self, path):
        minutes = {c.name: c.minutes for c in data.chapters()}
        timed = any("chapters" in stage for stage in path["stages"])
        rows = [[path["unit"], "what", *(["to read"] if timed else [])]]
        rows.append(["---"] * len(rows[0]))
        for stage in path["stages"]:
            what = [*map(link, stage.get("chapters", [])), *map(place, stage.get("places", []))]
            what += [*map(lab_link, stage.get("labs", [])), *(f"{{doc}}`/book/{page}`" for page in stage.get("pages", []))]
            time = sum(minutes[name] for name in stage.get("chapters", []))
            rows.append([stage["name"], "<br>".join(what), *([f"{time} minutes" if time else ""] if timed else [])])
        return path["text"] + "\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows)


class Coverage(FromData):
    def content_nodes(self):
        topics = {}
        for entry in data.entries():
            if not data.missing(entry):
                topics.setdefault((entry.row, entry.topic), []).append(entry)
        return [self.section(topic, self.table(entries)) for (_, topic), entries in topics.items()]

    def table(self, entries):
        """One chapter, named above the table, teaches most of a topic; the others are named in their lines."""
        home = Counter(entry.chapter for entry in entries).most_common(1)[0][0]
        lines = [f"Chapter: {link(home)}", "", "````{list-table}", ":header-rows: 1", ":widths: 34 31 35", ":class: coverage", ""]
        lines += ["* - what", "  - where", "  - try it, call it"]
        for entry in entries:
            tries = [lab_link(entry.lab, short=True)] if entry.lab else []
            tries += [widget_link(entry.widget)] if entry.widget else []
            tries += [f"{{py:obj}}`~rnncore.{name}`" for name in entry.names]
            elsewhere = f", in {link(entry.chapter)}" if entry.chapter != home else ""
            lines += [f"* - {entry.item}", f"  - {{ref}}`{entry.anchor}`{elsewhere}", f"  - {', '.join(tries)}"]
        return "\n".join([*lines, "````"])


def link(chapter):
    return f"[{data.title(chapter)}](/book/{chapter}.md)"


def place(label):
    chapter = next(c for c in data.chapters() if label in data.labels(c.name))
    return f"{{ref}}`{label}`, in *{chapter.title}*"


def lab_link(lab, short=False):
    title = data.lab_title(lab)
    return f"[{title.split(':')[0] if short else title}](/labs/{lab}/{lab}.ipynb)"


def widget_link(widget):
    return f"{{ref}}`{data.widget_title(widget)} <widget-{widget.replace('_', '-')}>`"


def index_the_glossary(app, env):
    """Let the index lead from each term of the glossary to the section that explains it as well."""
    entries, places = env.get_domain("index").entries, env.get_domain("std").labels
    for page, entry in getattr(env, "indexed_terms", []):  # those of the build before
        if entry in entries.get(page, []):
            entries[page].remove(entry)
    env.indexed_terms = []
    for terms, label in data.glossary():
        page, anchor, _ = places.get(label, ("", "", ""))
        for term in terms if page else []:
            env.indexed_terms.append((page, ("single", f"{term}; {env.titles[page].astext()}", anchor, "", None)))
            entries.setdefault(page, []).append(env.indexed_terms[-1][1])


def outdated(app, env, added, changed, removed):
    return [page for page, metadata in env.metadata.items() if metadata.get("from_data")]


def setup(app):
    app.add_node(course_map, html=(draw, None))
    app.add_directive("course-map", Map)
    app.add_directive("course-chapters", Chapters)
    app.add_directive("course-paths", Paths)
    app.add_directive("coverage", Coverage)
    app.connect("env-get-outdated", outdated)
    app.connect("env-updated", index_the_glossary)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
