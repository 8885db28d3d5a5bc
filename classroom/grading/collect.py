"""Collect what students handed in, and believe nothing that they wrote about it.

    c.ExchangeFactory.collect = "classroom.grading.collect.SafeCollect"

nbgrader's inbound folder is written by students: the names of its entries, the times in them and every file are theirs. Here who handed in
is the owner of the folder, when is the last change of anything in it as the file system noted it, and only plain files are copied, one by
one through descriptors, so nothing can be exchanged for a link meanwhile. A folder that breaks the limits is collected as a sentence that
says so, and the others are collected all the same.

A submission is collected whole or not at all: it is copied beside its place and renamed. Who reads one holds the `lock`, so that grading
and collecting may run at the same time.
"""

import contextlib
import datetime
import errno
import fcntl
import os
import pwd
import re
import shutil
import stat
from functools import partial
from pathlib import Path

from nbgrader.exchange.abc import ExchangeCollect as ABCExchangeCollect
from nbgrader.exchange.default.collect import ExchangeCollect
from traitlets import Int, Unicode

__all__ = ["NOT_COLLECTED", "SafeCollect", "WholeCollect", "lock"]

NOT_COLLECTED = "not_collected.txt"  # in the place of a submission: why there is none
OWN = ("timestamp.txt", NOT_COLLECTED)  # written here, never copied
STUDENT = re.compile(r"[\w@+-][\w.@+-]*")
NEVER = datetime.datetime(1970, 1, 1)
FULL = (errno.ENOSPC, errno.EDQUOT)  # no fault of the submission's


class Refuse(Exception):
    """Why a submission is not collected: one sentence."""


@contextlib.contextmanager
def lock(root):
    """Let nobody else read or exchange what a course has collected; the system takes the lock back however this process ends."""
    path = Path(root, "classroom-data", "collect.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class WholeCollect(ABCExchangeCollect):
    """What is collected, from wherever, is bounded, and is in its place whole or not at all."""

    max_files = Int(200, help="files in one submission").tag(config=True)
    max_depth = Int(8, help="folders in folders").tag(config=True)

    def collect(self, student, when, copy):
        """Collect a submission that is not there, or with `update` is newer than what is there.

        Args:
            student: whose.
            when: it was handed in, in UTC, without a zone.
            copy: `copy(folder)` makes the folder with the submission and timestamp.txt, or raises `Refuse`: then all stays as it was.
        """
        lab = self.coursedir.assignment_id
        dest = Path(self.coursedir.format_path(self.coursedir.submitted_directory, student, lab))
        new, old = (dest.with_name(f".{dest.name}.{name}") for name in ("new", "old"))
        if old.exists() and not dest.exists():  # a collecting was killed between two renames
            old.rename(dest)
        for rest in (new, old):
            shutil.rmtree(rest, ignore_errors=True)
        there = self.coursedir.get_existing_timestamp(dest)
        newer = self.update and (there is None or when > there)
        if dest.is_dir() and not newer and not (self.before_duedate and when != there):
            self.log.info("No newer submission to collect: %s %s", student, lab)
            return
        self.log.info("Collecting submission: %s %s", student, lab)
        dest.parent.mkdir(parents=True, exist_ok=True)
        try:
            copy(new)
        except Refuse as why:
            self.log.error("%s's submission is not collected: %s", student, why)
            return
        except OSError as error:
            shutil.rmtree(new, ignore_errors=True)
            self.fail(f"{student}'s submission could not be written, and what was collected stays as it was: {error.strerror}.")
        with lock(self.coursedir.root):
            if dest.exists():
                dest.rename(old)
            new.rename(dest)
        shutil.rmtree(old, ignore_errors=True)


class SafeCollect(WholeCollect, ExchangeCollect):
    """nbgrader's collect for an inbound folder that is not trusted."""

    owner = Unicode("{student}", help="a student's system account").tag(config=True)

    def _path_to_record(self, path):
        """One entry of the inbound folder; an entry that is not its student's sorts last and is dropped by `init_src`."""
        name = os.path.basename(path)
        student = name.rsplit("+", 3)[0]
        try:
            self._require_own(path, student)
        except Refuse as why:
            self.log.error("%s is not collected: %s", name, why)
            return {"username": student, "filename": name, "timestamp": NEVER}
        try:
            when = self._copy(path, None)
        except (Refuse, OSError):  # copying will say what is the matter
            when = _changed(os.lstat(path))
        return {"username": student, "filename": name, "timestamp": when}

    def _require_own(self, path, student):
        entry = os.lstat(path)
        if not stat.S_ISDIR(entry.st_mode):
            raise Refuse("it is no folder.")
        if not STUDENT.fullmatch(student):
            raise Refuse("a student's name is made of letters, digits and . _ @ + -, and does not begin with a dot.")
        if self.check_owner:
            try:
                owner = pwd.getpwuid(entry.st_uid).pw_name
            except KeyError:
                owner = f"user {entry.st_uid}"
            if owner != self.owner.format(student=student):
                raise Refuse(f"it says that {student} handed it in, and belongs to {owner}.")

    def init_src(self):
        super().init_src()
        self.src_records = [record for record in self.src_records if record["timestamp"] != NEVER]

    def copy_files(self):
        if not self.src_records:
            self.log.warning("No submissions of %s to collect", self.coursedir.assignment_id)
        for record in self.src_records:
            src = os.path.join(self.inbound_path, record["filename"])
            self.collect(record["username"], record["timestamp"], partial(self.do_copy, src))

    def do_copy(self, src, dest, log=None):
        """Copy a submission and write down when it was handed in; or why it is not here."""
        try:
            when = self._copy(src, dest)
        except (Refuse, OSError) as why:
            if getattr(why, "errno", None) in FULL:
                raise
            reason = str(why) if isinstance(why, Refuse) else f"a file in it could not be read ({why.strerror})."
            self.log.error("%s is not collected: %s", src, reason)
            shutil.rmtree(dest, ignore_errors=True)
            os.makedirs(dest)
            Path(dest, NOT_COLLECTED).write_text(f"The submission was not collected: {reason}\n", encoding="utf-8")
            when = _changed(os.lstat(src))
        Path(dest, "timestamp.txt").write_text(when.strftime("%Y-%m-%d %H:%M:%S.%f UTC"), encoding="utf-8")

    def _copy(self, src, dest):
        """Copy the plain files of a folder, or only look at them where `dest` is None, and return when the last of them changed."""
        left, when = [self.max_files, 1000 * self.coursedir.max_dir_size], []

        def walk(folder, to, depth):
            when.append(_changed(os.fstat(folder)))
            if depth > self.max_depth:
                raise Refuse(f"it has more than {self.max_depth} folders in one another.")
            if to is not None:
                os.makedirs(to, exist_ok=True)
            with os.scandir(folder) as entries:
                names = [entry.name for _, entry in zip(range(left[0] + 1), entries, strict=False)]
            for name in sorted(names):
                left[0] -= 1
                if left[0] < 0:
                    raise Refuse(f"it has more than {self.max_files} files.")
                kind = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if stat.S_ISDIR(kind.st_mode):
                    inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                    try:
                        walk(inner, to and os.path.join(to, name), depth + 1)
                    finally:
                        os.close(inner)
                elif not stat.S_ISREG(kind.st_mode) or kind.st_nlink != 1:
                    self.log.error("%s in %s is no plain file and is left out", name, src)
                elif to is None or depth > 0 or name not in OWN:
                    take(folder, name, to)

        def take(folder, name, to):
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            with os.fdopen(descriptor, "rb") as file:
                size = os.fstat(descriptor).st_size
                left[1] -= size
                if not stat.S_ISREG(os.fstat(descriptor).st_mode) or size > 1000 * self.coursedir.max_file_size or left[1] < 0:
                    raise Refuse(
                        f"a file may have {self.coursedir.max_file_size} kB, and all of them {self.coursedir.max_dir_size} kB; "
                        f"{name!r} is over that."
                    )
                if to is not None:
                    Path(to, name).write_bytes(file.read(size))
                when.append(_changed(os.fstat(descriptor)))  # after it was read

        descriptor = os.open(src, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            walk(descriptor, dest, 0)
        finally:
            os.close(descriptor)
        return max(when)


def _changed(entry):
    """When the file system noted the last change, in UTC, without a zone; unlike the time of writing, a student cannot set it."""
    return datetime.datetime.fromtimestamp(entry.st_ctime, datetime.UTC).replace(tzinfo=None)
