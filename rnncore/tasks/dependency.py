"""Packages that a task takes its data from: imported when the data is asked for, with a sentence if one is missing."""

import importlib

__all__ = []


def require(where, package):
    """Import a package, such as "babel.dates", for the function `where`."""
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError:
        name = package.split(".")[0]
        raise ModuleNotFoundError(f"{where}: the package {name} is not installed; install it with pip install {name}.") from None
