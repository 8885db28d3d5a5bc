"""Data for experiments; every random choice takes an `rng`."""
