"""Submissions that are honest, if unusual."""

from tests.classroom.hostile.case import REST, case, first_step
from tests.classroom.hostile.submission import FULL, Submission

FAIR = "Warnings, prints, slow imports, own helpers, other styles and other valid structures cost nothing."


@case(FAIR, FULL)
def a_right_function_that_warns():
    submission = Submission()
    cell = submission.cell("step_forward")
    cell.source = cell.source.replace(
        "    a = x @",
        "    import sys, warnings\n    warnings.warn('old')\n    print('hm', file=sys.stderr)\n    a = x @",
    )
    return submission


@case(FAIR, FULL)
def helpers_in_cells_of_their_own():
    submission = Submission().add("""
        def linear(x, weight, bias):
            return x @ weight.T + bias
        """)
    return submission.answer(
        "step_forward",
        """
        def rnn_step_forward(params, x, h):
            after = np.tanh(linear(x, params['weight_ih'], params['bias_ih']) + linear(h, params['weight_hh'], params['bias_hh']))
            return after, RNNStepCache(params, x, h, after, 'tanh')
        """,
    )


@case(FAIR, FULL)
def a_lambda_and_a_partial():
    return Submission().answer(
        "step_forward",
        """
        import functools

        def general(f, params, x, h):
            after = f(x @ params['weight_ih'].T + params['bias_ih'] + h @ params['weight_hh'].T + params['bias_hh'])
            return [after, RNNStepCache(params, x, h, after, 'tanh')]

        rnn_step_forward = functools.partial(general, np.tanh)
        """,
    )


@case("A wrong step is replaced for the steps after it, which count for themselves.", REST, "forgets everything before x")
def one_wrong_step():
    return first_step(
        """
        after = np.tanh(x @ params['weight_ih'].T + params['bias_ih'])
        return after, RNNStepCache(params, x, h, after, 'tanh')
        """
    )


@case("An empty notebook gets 0 and a sentence for each step.", 0, "not written yet")
def nothing_written():
    return Submission(answered=False)
