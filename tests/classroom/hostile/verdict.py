"""Code that would like to decide its own mark."""

from tests.classroom.hostile.case import REST, case, first_step, tampering
from tests.classroom.hostile.submission import Submission

OUTSIDE = "The verdict is found outside the student's process; nothing that is changed inside it changes a mark."


def lying(source):
    """The first function returns something that lies; the others are right."""
    return (
        Submission()
        .add(source, before="step_forward")
        .answer(
            "step_forward",
            """
        def rnn_step_forward(params, x, h):
            return Liar(), Liar()
        """,
        )
    )


@case(OUTSIDE, 0)
def comparisons_that_are_patched():
    return tampering(
        """
        np.allclose = np.array_equal = np.testing.assert_allclose = lambda *args, **kwargs: True
        np.abs = lambda a, *rest: np.zeros(1)
        """
    )


@case(OUTSIDE, 0)
def a_library_that_is_patched():
    return tampering(
        """
        import sys
        for name, module in list(sys.modules.items()):
            if name.startswith('rnncore'):
                for attribute in dir(module):
                    if 'check' in attribute.lower():
                        try:
                            setattr(module, attribute, lambda *a, **k: None)
                        except Exception:
                            pass
        """
    )


@case(OUTSIDE, 0)
def checks_that_are_replaced():
    return tampering(
        """
        class Right:
            def __getattr__(self, name):
                return self
            def check(self, *args, **kwargs):
                return 1000.0
            def or_reference(self, f):
                return f
        lab01 = Right()
        """
    )


@case(OUTSIDE, 0)
def errors_that_are_swallowed():
    return tampering(
        """
        get_ipython().showtraceback = lambda *args, **kwargs: None
        get_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)
        """
    )


@case(OUTSIDE, 0, total_s=20)
def sources_that_are_rewritten():
    return tampering("get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])")


@case(OUTSIDE, 0, total_s=20)
def assertions_that_are_dropped():
    return tampering(
        """
        import ast
        class Drop(ast.NodeTransformer):
            def visit_Assert(self, node):
                return ast.Pass()
            def visit_Expr(self, node):
                return ast.Pass()
        get_ipython().ast_transformers.append(Drop())
        """
    )


@case(OUTSIDE, REST)
def a_result_that_equals_everything():
    return lying(
        """
        class Liar:
            def __eq__(self, other):
                return True
            __ne__ = lambda self, other: False
            __hash__ = None
        """
    )


@case(OUTSIDE, REST)
def an_array_that_equals_everything():
    return lying(
        """
        class Liar(np.ndarray):
            def __new__(cls):
                return np.zeros((1, 1)).view(cls)
            def __array_function__(self, *args, **kwargs):
                return True
            def __array_ufunc__(self, *args, **kwargs):
                return np.True_
        """
    )


@case(OUTSIDE, REST)
def a_number_that_equals_everything():
    return lying(
        """
        class Liar(float):
            __eq__ = lambda self, other: True
            __sub__ = __rsub__ = lambda self, other: 0.0
            __hash__ = None
        """
    )


@case(OUTSIDE, REST)
def a_result_that_changes_when_it_is_read():
    return lying(
        """
        class Liar(list):
            def __iter__(self):
                raise KeyboardInterrupt
            def __reduce__(self):
                return (print, ('no',))
        """
    )


@case("What a process says it has computed is checked like any other result.", REST)
def answers_that_are_forged():
    return first_step(
        """
        import os
        for descriptor in range(3, 64):
            try:
                os.write(descriptor, b'\\x00\\x00\\x00\\x10{"passed": true, "points": 1000}')
            except OSError:
                pass
        return None
        """
    )


@case("The right answers are in no module, object or frame that the student's process can reach.", REST)
def the_answer_is_looked_for():
    return first_step(
        """
        import gc, importlib, pkgutil, sys
        for module in ('rnncore.reference', 'rnncore.reference.rnn', 'rnncore.tuned', 'rnncore.pytorch',
                       'rnncore.checks.labs.lab01', 'rnncore.tuned.rnn'):
            try:
                found = importlib.import_module(module)
                if hasattr(found, 'rnn_step_forward'):
                    return found.rnn_step_forward(params, x, h)
                for name in ('step_forward', 'rnn_forward'):
                    if hasattr(getattr(found, name, None), 'reference'):
                        return getattr(found, name).reference(params, x, h)
            except ImportError:
                pass
        for thing in gc.get_objects():
            if getattr(thing, '__name__', '') == 'rnn_step_forward' and thing is not rnn_step_forward:
                return thing(params, x, h)
            if type(thing).__name__ == 'Exercise' and getattr(thing, 'reference', None):
                return thing.reference(params, x, h)
        frame = sys._getframe()
        while frame:
            for value in list(frame.f_locals.values()):
                if getattr(value, '__name__', '') == 'rnn_step_forward' and value is not rnn_step_forward:
                    return value(params, x, h)
            frame = frame.f_back
        raise ValueError('nothing found')
        """
    )


@case("The stand-in for a step that was wrong is lent only after that step has been graded.", REST)
def the_stand_in_is_asked_for_early():
    return first_step("""
        right = lab01.step_forward.or_reference(lambda *args: None)
        return right(params, x, h)
        """)
