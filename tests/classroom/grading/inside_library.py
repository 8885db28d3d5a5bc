"""Run by test_library.py in a process of its own, with nothing of the course but a library: what a curious learner can find there."""

import contextlib
import gc
import importlib
import io
import json
import pkgutil
import sys
import types


def codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes(constant)


def main():
    asked = json.load(sys.stdin)
    sys.path.insert(0, asked["library"])
    import rnncore

    told = {"torch at import": "torch" in sys.modules}
    for found in pkgutil.walk_packages(rnncore.__path__, "rnncore.", onerror=lambda _: None):
        with contextlib.suppress(ImportError):
            importlib.import_module(found.name)
    course = [module for name, module in sys.modules.items() if name.split(".")[0] == "rnncore"]
    functions = [f for f in gc.get_objects() if isinstance(f, types.FunctionType)]
    own = [f for f in functions if (f.__module__ or "").startswith("rnncore") or asked["library"] in f.__code__.co_filename]
    answers = set()
    for function in own:
        if function.__name__ in asked["names"]:
            answers.add(f"{function.__module__}.{function.__name__}")
        for code in codes(function.__code__):
            if [code.co_code.hex(), list(code.co_names), list(code.co_varnames)] in asked["secrets"]:
                answers.add(f"{function.__module__}.{function.__name__}")
    for module in course:
        answers |= {f"{module.__name__}.{name}" for name in asked["names"] if name in vars(module)}
    told |= {"functions seen": len(own), "answers": sorted(answers), "ran": 0}
    notebook = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        for k, cell in enumerate(asked["cells"]):
            exec(compile(cell, f"<cell {k}>", "exec"), notebook)
            told["ran"] += 1
    print(json.dumps(told))


if __name__ == "__main__":
    main()
