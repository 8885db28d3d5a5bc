"""Files that are no notebook of the lab, and folders with more than files in them."""

import os
import stat

from tests.classroom.hostile.case import case, reading
from tests.classroom.hostile.submission import FULL, LAB, Submission

PLAIN = "Only plain files of bounded size are read from a submission; links and pipes are refused with a sentence."


@case(PLAIN, 0, "not a file that can be read")
def a_link_in_the_place_of_the_notebook():
    submission = Submission()

    def place(folder):
        (folder / f"{LAB}.ipynb").unlink()
        (folder / f"{LAB}.ipynb").symlink_to("/etc/passwd")

    submission.place = place
    return submission


@case(PLAIN, FULL)
def a_link_beside_the_notebook():
    submission = reading(
        """
        import glob
        for name in glob.glob('*') + ['secret.txt']:
            try:
                print(open(name).read())
            except OSError:
                pass
        """
    )
    submission.place = lambda folder: (folder / "secret.txt").symlink_to(os.environ.get("HOSTILE_SECRET", "/etc/shadow"))
    return submission


@case(PLAIN, FULL)
def a_pipe_beside_the_notebook():
    submission = Submission()
    submission.place = lambda folder: os.mkfifo(folder / "pipe", stat.S_IRUSR | stat.S_IWUSR)
    return submission


@case(PLAIN, FULL)
def a_module_that_shadows_numpy():
    submission = Submission()
    submission.files = {
        name: b"raise SystemExit" for name in ("numpy.py", "rnncore.py", "sitecustomize.py", "usercustomize.py", "random.py")
    }
    return submission


@case("A notebook under another name is found if it is the only one.", FULL)
def a_notebook_of_another_name():
    submission = Submission()
    submission.name = f"{LAB} (1).ipynb"
    return submission


@case("A file that is no notebook of this lab gets 0 with a sentence, and the others go on.", 0, "notebook")
def an_empty_file():
    submission = Submission()
    submission.text = ""
    return submission


@case("A file that is no notebook of this lab gets 0 with a sentence, and the others go on.", 0, "notebook")
def no_json():
    submission = Submission()
    submission.text = b"\xff\xfe\x00 this is a photograph"
    return submission


@case("A file that is no notebook of this lab gets 0 with a sentence, and the others go on.", 0, "notebook")
def a_notebook_of_another_lab():
    submission = Submission()
    cell = '{"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": null, "source": "1"}'
    submission.text = '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [' + cell + "]}"
    return submission


@case("A notebook that is a bomb gets 0 with a sentence, and the others go on.", 0)
def a_file_nested_without_end():
    submission = Submission()
    submission.text = "[" * 1_000_000 + "]" * 1_000_000
    return submission


@case("A notebook that is a bomb gets 0 with a sentence, and the others go on.", 0)
def a_notebook_of_a_million_cells():
    cell = '{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null, "source": ""}'
    submission = Submission()
    submission.text = '{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [' + ",".join([cell] * 100_000) + "]}"
    return submission
