"""The learner's own cells, run in the learner's kernel by nbclient: errors are allowed, time and output have limits.

Cells       one kernel; `Cells.run` runs one cell, `Cells.serve` lets the kernel serve the wall
clean       whether an output is one that a notebook may keep
"""

import contextlib
import json
import logging
import secrets
import time

import nbformat
from jupyter_core.utils import ensure_async, run_sync
from nbclient import NotebookClient
from nbformat.v4 import new_output

OUTPUT = 1 << 20  # bytes of one cell
KEPT = {"stream", "display_data", "execute_result", "error", "clear_output"}
DEEP = 40  # levels of what an output may hold
SERVE = '__import__("rnn_wall").serve()'


class Cells(NotebookClient):
    """The learner's kernel, for cells.

    Args:
        manager: a started kernel manager.
    """

    def __init__(self, manager):
        super().__init__(
            nbformat.v4.new_notebook(),
            km=manager,
            allow_errors=True,
            interrupt_on_timeout=True,
            error_on_timeout={"ename": "TimeoutError", "evalue": "", "traceback": []},
            skip_cells_with_tag=secrets.token_hex(),  # no tag of a learner's keeps a cell from being run
            record_timing=False,
            store_widget_state=False,
            iopub_timeout=3,
            raise_on_iopub_timeout=True,
        )
        self.log = logging.getLogger(__name__)
        self.log.setLevel(logging.CRITICAL)  # what happens is said in the results
        self.spent = 0
        self.cut = self.late = False
        self.start_new_kernel_client()

    def run(self, source, seconds):
        """Run a cell.

        Args:
            source: its text.
            seconds: how long it may run.
        Returns:
            outputs: a list.
            faults: sentences on what happened; they complete "The cell ...".
            alive: whether the kernel can be used further.
        """
        cell = nbformat.v4.new_code_cell(source)
        self.reset_execution_trackers()
        self.nb.cells, self.timeout, self.spent, self.cut, self.late = [cell], max(1, int(seconds)), 0, False, False
        alive = True
        try:
            self.execute_cell(cell, 0)
        except Exception:  # a dead kernel, one that cannot be interrupted, replies that are none
            alive = False
        outputs, faults = [output for output in cell.outputs if clean(output)], []
        if self.late:
            faults.append(f"did not finish within {self.timeout} seconds")
        elif not alive:
            faults.append("ended its process")
        if self.cut or len(outputs) < len(cell.outputs):
            faults.append(f"wrote more than {OUTPUT >> 20} MB, or what no notebook keeps; the rest is left out")
        if not alive:
            outputs = [*outputs, failure("CellStopped", f"This cell {faults[0]}.")]
        return outputs, faults, alive

    def process_message(self, msg, cell, cell_index):
        """Keep what a cell writes, up to a limit; widgets and changes of other cells' outputs are not kept."""
        if msg["msg_type"] not in ("status", "execute_input"):
            self.spent += len(str(msg["content"]))
            if msg["msg_type"] not in KEPT or self.spent > OUTPUT:
                self.cut = self.cut or self.spent > OUTPUT
                return None
        return super().process_message(msg, cell, cell_index)

    async def _async_handle_timeout(self, timeout, cell=None):
        self.late = True
        return await super()._async_handle_timeout(timeout, cell)

    def serve(self):
        """Let the kernel serve the wall, until it is told across the wall to stop; return what `served` takes."""
        return self.kc.execute(SERVE, silent=True, store_history=False, allow_stdin=False, stop_on_error=False)

    def served(self, request, seconds):
        """Wait for the end of `serve`; a TimeoutError if it does not come."""
        run_sync(self._replied)(request, seconds)

    async def _replied(self, request, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                reply = await ensure_async(self.kc.shell_channel.get_msg(timeout=left))
            except Exception:  # nothing came, or no message
                break
            if reply["parent_header"].get("msg_id") == request:
                return
        raise TimeoutError

    def close(self):
        """Leave the kernel alone."""
        with contextlib.suppress(Exception):
            self.kc.stop_channels()


def failure(name, sentence):
    """An error output with a sentence and without a traceback."""
    return new_output("error", ename=name, evalue=sentence, traceback=[f"\x1b[31m{name}\x1b[39m: {sentence}"])


def clean(output):
    """Tell whether an output has the form that notebooks have, and can be written."""
    kind = output.get("output_type")
    if kind == "stream":
        good = output.get("name") in ("stdout", "stderr") and isinstance(output.get("text"), str)
    elif kind == "error":
        lines = output.get("traceback")
        good = isinstance(lines, list) and all(isinstance(one, str) for one in (output.get("ename"), output.get("evalue"), *lines))
    else:
        good = kind in ("display_data", "execute_result") and all(isinstance(output.get(key), dict) for key in ("data", "metadata"))
        good = good and all(isinstance(value, str) or "json" in key for key, value in output["data"].items())
    try:
        return good and shallow(output, DEEP) and bool(json.dumps(output, ensure_ascii=False).encode())
    except (ValueError, TypeError, RecursionError):
        return False


def shallow(value, levels):
    """Tell whether a tree has at most so many levels."""
    branches = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(shallow(branch, levels - 1) for branch in branches)
