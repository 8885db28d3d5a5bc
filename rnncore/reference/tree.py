"""Nested parameters: dicts, lists and tuples of arrays, walked the same way everywhere.

A model's parameters are a dict of dicts of arrays, its state an array or a NamedTuple of arrays. `leaves` lists what is in
such a tree with the path to it, `tree_map` applies a function to each leaf of one or several trees of the same structure.

Source: `tree_map` and the way a path is written are those of JAX (`jax.tree_util`); here None is a leaf, and dicts keep their order.
"""

__all__ = ["leaves", "tree_map"]


def leaves(tree, path=""):
    """List the leaves of a tree.

    Args:
        tree: nested dicts, lists and (named) tuples; everything else, `None` too, is a leaf.
        path: text to put before each path.
    Returns:
        A list of pairs (path, leaf) in order, such as `("['rnn']['weight_hh']", array)`.
    Raises:
        Nothing: what is no branch is a leaf.
    """
    if isinstance(tree, dict):
        branches = [(f"{path}['{key}']", value) for key, value in tree.items()]
    elif hasattr(tree, "_fields"):
        branches = [(f"{path}.{field}", value) for field, value in zip(tree._fields, tree, strict=True)]
    elif isinstance(tree, list | tuple):
        branches = [(f"{path}[{i}]", value) for i, value in enumerate(tree)]
    else:
        return [(path, tree)]
    return [leaf for branch_path, value in branches for leaf in leaves(value, branch_path)]


def tree_map(function, tree, *others):
    """Apply a function to each leaf, or to the leaves at the same place of several trees.

    Args:
        function: takes one leaf from each tree.
        tree: the tree whose structure the result has.
        *others: trees of the same structure.
    Returns:
        A new tree of the results.
    Raises:
        ValueError: the trees differ in structure.
    """
    if isinstance(tree, dict):
        for other in others:
            if not isinstance(other, dict) or other.keys() != tree.keys():
                raise ValueError(f"trees must have the same keys: {sorted(tree)} against {_keys(other)}.")
        return {key: tree_map(function, value, *(other[key] for other in others)) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        for other in others:
            if not isinstance(other, list | tuple) or len(other) != len(tree):
                raise ValueError(f"trees must have the same branches: {len(tree)} against {_keys(other)}.")
        branches = [tree_map(function, *values) for values in zip(tree, *others, strict=True)]
        return type(tree)(*branches) if hasattr(tree, "_fields") else type(tree)(branches)
    return function(tree, *others)


def _keys(tree):
    return sorted(tree) if isinstance(tree, dict) else f"a value of type {type(tree).__name__}"
