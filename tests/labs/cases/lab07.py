"""What the tests know of lab 7."""

from tests.labs.lab import Lab

LAB = Lab("lab07_unequal_lengths", replaced={}, other={}, points={}, half={}, told=[], trains="")
