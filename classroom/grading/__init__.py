"""Grading that can be trusted: what was handed out, what came back, and the verdict between them.

release     what was handed out, from nbgrader's gradebook or from a notebook
doctor      a submission made whole again from the release, or refused with a sentence
library     rnncore as the learner of one lab has it while graded
cut         what a few names of a package need, found in its text (package)
reading     bytes that anybody may have written, read into cells
matching    which cell of a submission is which cell of the release
"""

import sys

# For addresses in JSON schemas jsonschema has a grammar compiled, 0.8 s in every process that grades; no notebook's schema has any.
sys.modules.setdefault("rfc3987_syntax", None)
