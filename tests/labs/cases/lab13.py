"""What the tests know of lab 13."""

from tests.labs.lab import Lab

LAB = Lab(
    "lab13_capstone",
    replaced={},
    other={},
    points={"check_window": 1, "check_split": 2, "check_naive": 1, "check_error": 2, "check_near": 2},
    half={
        "window": "solution",
        "split": """
def split_in_time(count, T, horizon, first_validation, first_test):
    target = np.arange(count) + T
    train = np.flatnonzero(target < first_validation)
    validation = np.flatnonzero((target >= first_validation) & (target < first_test))
    return train, validation, np.flatnonzero(target >= first_test)
""",
        "naive": "def seasonal_naive(xs, season, horizon):\n    return (",
        "near": "solution",
    },
    told=[
        "split_in_time on the worked example: train must have shape (2,), got (3,). This is what comes out when only the first target is",
        "seasonal_naive is not defined yet: run the cell in which you write it",
        "scaled_error on the worked example: it is not written yet; put your code in the place of `raise NotImplementedError()`.",
        "Your split_in_time is not right yet. Below, the reference stands in for it.",
    ],
    trains="lowest validation error, for each seed",
    manual={"choice": 3, "results": 4, "analysis": 3, "report": 2},
)
