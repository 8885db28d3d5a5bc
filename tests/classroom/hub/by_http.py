"""A student of a class who sends what the browser would send, so that many of them fit on one machine.

Student     one person, logged in through the hub's page, with a server that the hub started
answer      a lab's notebook with some of its steps solved
points      what each of its steps is worth, and so what mark an answer must have
"""

import json

import requests

from tests.classroom.labs import released, solutions

COURSE = "rnn"
WAIT = 240  # seconds for one answer of a busy machine


class Refused(Exception):
    """Something that a student asked for did not happen, and what was answered."""


class Student:
    """What one person does, each with the requests that JupyterHub's and JupyterLab's pages make.

    Args:
        address: of the class, such as "http://127.0.0.1:8010".
        name, password: theirs.
    """

    def __init__(self, address, name, password):
        self.address, self.name, self.password = address, name, password
        self.session = requests.Session()
        self.session.trust_env = False  # no proxy of the person who runs this

    def log_in(self):
        self.session.cookies.clear()
        self._ask("GET", "/hub/login")
        form = {"username": self.name, "password": self.password, "_xsrf": self._xsrf("/hub/")}
        answer = self._ask("POST", "/hub/login", data=form, allow_redirects=False)
        self._require(answer.status_code == 302, "log in", answer)

    def spawn(self):
        """Start the server and wait until the hub says that it is ready."""
        self._ask("GET", "/hub/spawn")
        path = f"/hub/api/users/{self.name}/server/progress"
        with self._ask("GET", path, params={"_xsrf": self._xsrf("/hub/")}, headers={"Accept": "text/event-stream"}, stream=True) as answer:
            for line in answer.iter_lines():
                told = json.loads(line.partition(b":")[2]) if line.startswith(b"data:") else {}
                if told.get("ready"):
                    return
                self._require(not told.get("failed"), "start a server", answer)
        raise Refused(f"{self.name} waited in vain for a server.")

    def open(self):
        """Load JupyterLab, which logs in to the server through the hub."""
        answer = self._ask("GET", f"/user/{self.name}/lab")
        self._require("jupyter-config-data" in answer.text, "open JupyterLab", answer)

    def fetch(self, lab):
        """Press *Fetch* in the assignment list."""
        listed = self._assignments("POST", "/fetch", json={"course_id": COURSE, "assignment_id": lab})
        self._require(any(one["assignment_id"] == lab and one["status"] == "fetched" for one in listed), "fetch", listed)

    def read(self, lab):
        """The notebook as JupyterLab opens it: a dict."""
        return self._ask("GET", self._file(lab), params={"type": "notebook", "content": 1}).json()["content"]

    def save(self, lab, notebook):
        self._ask("PUT", self._file(lab), json={"type": "notebook", "format": "json", "content": notebook})

    def submit(self, lab):
        """Press *Submit*, and return only if the list then has one more submission."""
        before = self.submissions(lab, self._assignments("GET"))
        told = self._assignments("POST", "/submit", json={"course_id": COURSE, "assignment_id": lab})
        self._require(self.submissions(lab, told) == before + 1, "submit", told)

    def submissions(self, lab, listed):
        """How many submissions of a lab the assignment list shows."""
        return sum(len(one["submissions"]) for one in listed if one["assignment_id"] == lab and one["status"] == "submitted")

    def stop(self):
        """Stop the server and wait until it has ended; what the hub's control panel does."""
        path, headers = f"/hub/api/users/{self.name}/server", {"X-XSRFToken": self._xsrf("/hub/")}
        while self._ask("DELETE", path, headers=headers).status_code == 202:  # it is still stopping
            pass

    def _assignments(self, method, action="", **more):
        if method == "GET":
            more["params"] = {"course_id": COURSE}
        answer = self._ask(method, f"/user/{self.name}/assignments{action}", **more)
        told = answer.json()
        self._require(told.get("success"), f"see the assignments{action}", answer)
        return told["value"]

    def _file(self, lab):
        return f"/user/{self.name}/api/contents/{lab}/{lab}.ipynb"

    def _xsrf(self, path):
        found = [cookie.value for cookie in self.session.cookies if cookie.name == "_xsrf" and cookie.path == path]
        return found[-1] if found else ""

    def _ask(self, method, path, **more):
        headers = {"X-XSRFToken": self._xsrf(f"/user/{self.name}/"), "Sec-Fetch-Mode": "navigate"} | more.pop("headers", {})
        answer = self.session.request(method, self.address + path, headers=headers, timeout=WAIT, **more)
        self._require(answer.ok, f"{method} {path}", answer)
        return answer

    def _require(self, true, what, answer):
        if not true:
            said = f"{answer.status_code} {answer.url}: {answer.text}" if isinstance(answer, requests.Response) else str(answer)
            raise Refused(f"{self.name} could not {what}: {said[:600]}")


def points(lab):
    """A dict from each solution cell of a lab that has checks to a dict from the names of these checks to their points."""
    found, answer = {}, None
    for cell in released(lab).cells:
        if cell.solution:
            answer = cell.name
        elif cell.grade and answer:
            found.setdefault(answer, {})[cell.name] = cell.points
    return found


def answer(notebook, lab, solved, remark):
    """Write an answer into a notebook.

    Args:
        notebook: a dict, as Jupyter sends it.
        lab: its name.
        solved: names of solution cells that get the right answer; the others are left as they are.
        remark: a comment that tells this answer from others.
    Returns:
        The notebook, changed.
    """
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in points(lab):
            if name in solved:
                cell["source"] = solutions(lab)[name]
            cell["source"] += f"\n# {remark}"
    return notebook
