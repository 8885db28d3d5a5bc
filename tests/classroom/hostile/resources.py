"""Code that takes more than its share."""

from tests.classroom.hostile.case import REST, case, first_step
from tests.classroom.hostile.submission import FULL, Submission

LIMITED = "Memory, processes, threads, files and output are limited; what goes beyond costs its step, and the machine does not notice."


@case(LIMITED, REST)
def memory_without_end():
    return first_step("""
        kept = []
        while True:
            kept.append(np.ones(10_000_000))
        """)


@case(LIMITED, REST)
def memory_at_once():
    return first_step("return np.ones((200_000, 200_000)), None")


@case(LIMITED, REST)
def processes_without_end():
    return first_step(
        """
        import os, time
        for _ in range(5000):
            if os.fork() == 0:
                time.sleep(1e6)
        raise ValueError('still here')
        """
    )


@case(LIMITED, REST)
def threads_without_end():
    return first_step(
        """
        import threading, time
        for _ in range(20_000):
            threading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()
        raise ValueError('still here')
        """
    )


@case(LIMITED, REST)
def threads_that_come_later():
    return first_step(
        """
        import threading, time
        def crowd():
            for _ in range(1000):
                threading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()
        threading.Timer(0.3, crowd).start()
        """
    )


@case(LIMITED, REST)
def a_file_without_end():
    return first_step("""
        with open('/tmp/big', 'wb') as file:
            while True:
                file.write(bytes(10_000_000))
        """)


@case(LIMITED, FULL)
def output_without_end():
    return Submission().add("""
        while True:
            print('x' * 100_000)
        """)


@case("An answer that prints is as good as one that does not.", FULL)
def a_right_function_that_prints_a_megabyte():
    submission = Submission()
    cell = submission.cell("step_forward")
    cell.source = cell.source.replace("    a = x @", "    print('x' * 1_000_000)\n    a = x @")
    return submission


@case(LIMITED, REST)
def a_result_of_a_gigabyte():
    return first_step("return np.ones((1000, 125_000)), None")


@case(LIMITED, REST)
def a_result_nested_without_end():
    return first_step("""
        result = ()
        for _ in range(100_000):
            result = (result,)
        return result
        """)


@case(LIMITED, REST)
def a_result_of_a_million_things():
    return first_step("return [0] * 5_000_000, None")


@case(LIMITED, FULL)
def a_giant_figure():
    return Submission().add("""
        from IPython.display import HTML, display
        display(HTML('<p>' + 'x' * 50_000_000 + '</p>'))
        """)
