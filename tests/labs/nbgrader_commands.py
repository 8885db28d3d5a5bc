"""Run several nbgrader commands in one process, each in its own folder: python nbgrader_commands.py < commands.json

The commands are those of the command line; one process only saves importing nbgrader a dozen times.
"""

import json
import os
import sys


def main():
    from jupyter_core.application import NoStart
    from nbgrader.apps import NbGraderApp

    for folder, *arguments in json.load(sys.stdin):
        os.chdir(folder)
        print("$ nbgrader", *arguments, flush=True)
        app, code = NbGraderApp.instance(), 0
        try:
            app.initialize(arguments)
            app.start()
        except NoStart:  # what starting a subcommand ends with
            pass
        except SystemExit as stop:
            code = stop.code
        if code:
            sys.exit(f"nbgrader {' '.join(arguments)} ended with {code}")
        app.subapp.clear_instance()
        NbGraderApp.clear_instance()


if __name__ == "__main__":
    main()
