"""Code that ends its process, or tries to end others."""

from tests.classroom.hostile.case import REST, case, first_step
from tests.classroom.hostile.submission import FULL, Submission

DEAD = "A kernel that dies costs the step that killed it; a new one goes on with the others."


@case(DEAD, REST)
def an_exit_of_the_process():
    return first_step("""
        import os
        os._exit(0)
        """)


@case(DEAD, REST)
def an_exit_of_the_interpreter():
    return first_step("raise SystemExit(0)")


@case(DEAD, REST)
def a_crash():
    return first_step("""
        import ctypes
        ctypes.string_at(0)
        """)


@case(DEAD, FULL)
def a_cell_that_kills_the_kernel():
    return Submission().add("""
        import os, signal
        if True:
            os.kill(os.getpid(), signal.SIGKILL)
        """)


@case("Signals reach no process outside the sandbox.", REST)
def signals_to_everything():
    return first_step("""
        import os, signal
        os.kill(-1, signal.SIGKILL)
        os.kill(os.getppid(), signal.SIGKILL)
        raise ValueError('alive')
        """)
