"""ngshare as the exchange, for servers that share no folder: nbgrader talks to a service of the hub over HTTP.

    use(c, address)      in nbgrader_config.py; address is CLASSROOM_NGSHARE

roster.py enters the list of people.

ngshare knows who asks by the hub's token, and stamps each submission with its own clock. What its exchange (ngshare_exchange 0.5.3) lacks
is mended here: what was not released, fetched or handed in is an error and not a line in a log; a lab is not withdrawn or replaced while
submissions hang on it, which ngshare would delete with it; folders that are ignored are not handed in; and what is collected is believed
no more than what lies in nbgrader's own exchange folder.
"""

import base64
import binascii
import json
import os
import re
import shutil
import tempfile
from functools import partial
from pathlib import Path, PurePosixPath
from unittest.mock import patch

from nbgrader.utils import ignore_patterns

from classroom.grading.collect import NOT_COLLECTED, OWN, STUDENT, Refuse, WholeCollect
from classroom.hub.exchange import FetchWhole

with patch.dict(os.environ, {"USER": os.environ.get("USER", "nobody")}):  # it is read there, and containers have none
    from ngshare_exchange import (
        ExchangeCollect,
        ExchangeFetchAssignment,
        ExchangeList,
        ExchangeReleaseAssignment,
        ExchangeSubmit,
        configureExchange,
    )

NO_NAME = re.compile("[\0\ud800-\udfff]")  # zero bytes and halves of surrogate pairs, which no file's name can have

__all__ = ["Collect", "Fetch", "List", "Release", "Submit", "use"]


def use(c, address):
    """Let nbgrader use ngshare.

    Args:
        c: the configuration that nbgrader_config.py got from `get_config()`.
        address: where ngshare answers, such as http://ngshare:8080/services/ngshare.
    """
    configureExchange(c)
    c.Exchange._ngshare_url = address.rstrip("/")
    c.CourseDirectory.pop("student_id", None)  # the token says who hands in
    c.ExchangeFactory.release_assignment = Release
    c.ExchangeFactory.list = List
    c.ExchangeFactory.fetch_assignment = Fetch
    c.ExchangeFactory.submit = Submit
    c.ExchangeFactory.collect = Collect
    c.ExchangeFetchAssignment.replace_missing_files = True


def _require_none_handed_in(task, course, lab):
    answer = task.ngshare_api_get(f"/submissions/{course}/{lab}")
    if answer is None or answer["submissions"]:
        task.fail(
            f"{lab} stays as it is: ngshare would delete the submissions that hang on it. Correct the checks and regrade, or release it "
            "under another name."
        )


class Release(ExchangeReleaseAssignment):
    """Release a lab; again, with --force, only while nobody has handed it in."""

    def assignment_exists(self):
        known = self.ngshare_api_get(f"/assignments/{self.coursedir.course_id}")
        if known and self.force and self.coursedir.assignment_id in known["assignments"]:
            _require_none_handed_in(self, self.coursedir.course_id, self.coursedir.assignment_id)
        return super().assignment_exists()

    def copy_files(self):
        super().copy_files()
        known = self.ngshare_api_get(f"/assignments/{self.coursedir.course_id}")
        if not known or self.coursedir.assignment_id not in known["assignments"]:
            self.fail(f"{self.coursedir.assignment_id} was not released: ngshare does not know the course, or does not answer.")


class List(ExchangeList):
    """List; withdraw a lab only while nobody has handed it in."""

    def remove_files(self):
        if not (self.inbound or self.cached):
            for lab in self.parse_assignments():
                _require_none_handed_in(self, lab["course_id"], lab["assignment_id"])
        return super().remove_files()


class Fetch(ExchangeFetchAssignment):
    """Fetch a lab whole or not at all; one that was fetched gets back what is missing, and no file that is there is touched."""

    def copy_files(self):
        answer = self.ngshare_api_get(self.src_path)
        if answer is None:
            self.fail(f"{self.coursedir.assignment_id} was not fetched: ngshare has no such lab for you, or does not answer.")
        with tempfile.TemporaryDirectory() as folder:
            self.decode_dir(answer["files"], folder)
            FetchWhole.do_copy(self, folder, self.dest_path)


class Submit(ExchangeSubmit):
    """Hand a lab in, or say that nothing was handed in."""

    def copy_files(self):
        super().copy_files()
        if self.timestamp is None:
            self.fail(f"{self.coursedir.assignment_id} was not handed in: ngshare did not take it. Your notebook is as it was.")

    def encode_dir(self, src_dir, ignore=None):
        left_out = ignore_patterns(self.coursedir.ignore, self.coursedir.include, self.coursedir.max_file_size, self.log)
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "copy")
            shutil.copytree(src_dir, copy, ignore=left_out)
            files = [{"path": str(path.relative_to(copy)), "content": _text(path)} for path in sorted(copy.rglob("*")) if path.is_file()]
        return {"user": self.username, "files": json.dumps(files)}


class Collect(WholeCollect, ExchangeCollect):
    """Collect from ngshare as `SafeCollect` does from a folder: bounded, and one bad submission stops no other."""

    def init_src(self):
        super().init_src()
        self.src_records = [record for record in self.src_records if STUDENT.fullmatch(record["student_id"])]

    def copy_files(self):
        if not self.src_records:
            self.log.warning("No submissions of %s to collect", self.coursedir.assignment_id)
        for record in self.src_records:
            self.collect(record["student_id"], record["timestamp"], partial(self.fetch, record["student_id"]))

    def fetch(self, student, dest):
        """Ask ngshare for a submission and write it."""
        submission = self._get_submission(self.coursedir.course_id, self.coursedir.assignment_id, student)
        if submission is None:
            raise Refuse("ngshare did not give it.")
        self.do_copy(submission["files"], dest)

    def do_copy(self, src, dest):
        """Write a submission; `src` ends with the time of ngshare's clock, which `_get_submission` has put there."""
        *files, when = src
        dest = Path(dest)
        try:
            dest.mkdir()
            for path, content in self.checked(files):
                place = dest / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
        except (Refuse, FileExistsError, NotADirectoryError, IsADirectoryError) as why:
            reason = str(why) if isinstance(why, Refuse) else "a file in it and a folder have the same name."
            self.log.error("%s's submission is not collected: %s", dest.parent.name, reason)
            shutil.rmtree(dest)
            dest.mkdir()
            (dest / NOT_COLLECTED).write_text(f"The submission was not collected: {reason}\n", encoding="utf-8")
        (dest / "timestamp.txt").write_bytes(base64.b64decode(when["content"]) + b" UTC")

    def checked(self, files):
        """Yield the path and the bytes of each file, or raise `Refuse`."""
        left = 1000 * self.coursedir.max_dir_size
        if len(files) > self.max_files:
            raise Refuse(f"it has more than {self.max_files} files.")
        for file in files:
            path = PurePosixPath(str(file["path"]))
            if path.is_absolute() or ".." in path.parts or NO_NAME.search(str(path)) or not path.parts:
                raise Refuse(f"{str(path)!r} is no path in a folder.")
            if max(map(len, map(os.fsencode, path.parts))) > 200:
                raise Refuse("a name in it has more than 200 bytes.")
            if len(path.parts) > self.max_depth + 1:
                raise Refuse(f"it has more than {self.max_depth} folders in one another.")
            try:
                content = base64.b64decode(file["content"])
            except (binascii.Error, ValueError):
                raise Refuse(f"{file['path']!r} is not in base64.") from None
            left -= len(content)
            if len(content) > 1000 * self.coursedir.max_file_size or left < 0:
                raise Refuse(
                    f"a file may have {self.coursedir.max_file_size} kB, and all of them {self.coursedir.max_dir_size} kB; "
                    f"{file['path']!r} is over that."
                )
            if path.parts[0] not in OWN:
                yield path, content


def _text(path):
    return base64.b64encode(path.read_bytes()).decode()
