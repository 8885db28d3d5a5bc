"""Which answers of a lab are alike, by copydetect (winnowing, as MOSS does), an optional extra: `pip install copydetect`.

What was handed out is passed as template code and is not counted. Short answers to one question are alike by nature: a report is a place
to look, never a verdict. The names in it are those of students; keep it where the marks are.
"""

import json
import tempfile
from pathlib import Path

__all__ = ["report"]


def report(bundles, release, path, *, display=0.6, detector=None):
    """Write an HTML report.

    Args:
        bundles: the current bundles of a lab.
        release: what was handed out.
        path: of the report.
        display: smallest share of an answer, 0 to 1, that is shown.
        detector: in place of `copydetect.CopyDetector`.
    Returns:
        How many submissions were compared.
    Raises:
        ModuleNotFoundError: copydetect is not installed; the sentence says how to install it.
    """
    if detector is None:
        try:
            from copydetect import CopyDetector as detector
        except ImportError:
            raise ModuleNotFoundError("The similarity report needs copydetect: install it with `pip install copydetect`.") from None
    with tempfile.TemporaryDirectory() as folder:
        answers, template = Path(folder, "answers"), Path(folder, "template")
        answers.mkdir()
        template.mkdir()
        code = "\n\n".join(cell.source for cell in release.cells if cell.cell_type == "code")
        (template / "release.py").write_text(code, encoding="utf-8")
        graded = [bundle for bundle in bundles if bundle.status == "graded"]
        for bundle in graded:
            (answers / f"{bundle.student}.py").write_text(_answers(bundle), encoding="utf-8")
        found = detector(
            test_dirs=[str(answers)],
            boilerplate_dirs=[str(template)],
            extensions=["py"],
            display_t=display,
            autoopen=False,
            silent=True,
            out_file=str(path),
        )
        found.run()
        found.generate_html_report()
        return len(graded)


def _answers(bundle):
    """The student's own code: cells that are no locked cells of the lab."""
    cells = json.loads(bundle.notebook)["cells"]
    own = [cell for cell in cells if cell["cell_type"] == "code" and not _locked(cell["metadata"].get("nbgrader", {}))]
    return "\n\n".join("".join(cell["source"]) for cell in own)


def _locked(kind):
    return bool(kind) and not kind.get("solution") and bool(kind.get("locked") or kind.get("grade"))
