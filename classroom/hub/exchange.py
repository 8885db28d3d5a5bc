"""nbgrader's exchange folder, but whole or not at all: a copy that breaks off, on a full disk say, leaves nothing that looks done.

Each class copies to a hidden name beside the place, which no listing shows and no collecting finds, and renames it at the end.
"""

import contextlib
import shutil
from pathlib import Path

from nbgrader.exchange.default import ExchangeFetchAssignment, ExchangeReleaseAssignment, ExchangeSubmit


@contextlib.contextmanager
def hidden(task, *places):
    """Give a hidden name for each place, to be made in the block; what is left of them afterwards is removed.

    When something could not be copied or renamed, `task` fails with one sentence.
    """
    names = [Path(place).with_name(f".{Path(place).name}") for place in places]
    try:
        for name in names:  # of a try that was killed
            shutil.rmtree(name, ignore_errors=True)
        yield names
    except OSError as error:
        said = error.args[0][0][2] if isinstance(error, shutil.Error) else error.strerror
        task.fail(f"{type(task).__name__} changed nothing, because files could not be copied: {said}.")
    finally:
        for name in names:
            shutil.rmtree(name, ignore_errors=True)


class FetchWhole(ExchangeFetchAssignment):
    """Fetch a lab; one that was fetched gets back the files that are missing, and no file that is there is touched."""

    def do_copy(self, src, dest):
        dest = Path(dest)
        with hidden(self, dest) as (new,):
            shutil.copytree(src, new, ignore=shutil.ignore_patterns(*self.coursedir.ignore))
            if not dest.exists():
                return new.rename(dest)
            for file in sorted(new.rglob("*")):
                place = dest / file.relative_to(new)
                if file.is_file() and not place.exists():
                    place.parent.mkdir(parents=True, exist_ok=True)
                    file.rename(place)
                    self.log.warning("Brought back %s", place)


class SubmitWhole(ExchangeSubmit):
    """Hand a lab in: it is in the exchange completely, with its copy in the student's cache, or not there."""

    def copy_files(self):
        name = self.assignment_filename
        copy = name.rsplit("+", 1)[0] if self.add_random_string else name
        handed_in, kept = Path(self.inbound_path, name), Path(self.cache_path, copy)
        with hidden(self, handed_in, kept) as (new, new_copy):
            self.assignment_filename = new.name
            super().copy_files()
            new.rename(handed_in)
            new_copy.rename(kept)


class ReleaseWhole(ExchangeReleaseAssignment):
    """Release a lab; one that is released again is there all the while, but for the moment between two renames."""

    def copy_files(self):
        place = Path(self.dest_path)
        if place.exists() and not self.force:
            return super().copy_files()  # which says so
        with hidden(self, place, place.with_name(f"{place.name}.old")) as (new, old):
            self.dest_path = str(new)
            super().copy_files()
            if place.exists():
                place.rename(old)
            new.rename(place)
