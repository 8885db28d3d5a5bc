"""What the tests know of lab 7."""

from tests.labs.lab import Lab

LAB = Lab(
    "lab07_unequal_lengths",
    replaced={
        # The reference guards itself against lengths that lie outside the array.
        "check_lengths('length_mask', lengths, steps)\n    ": "",
        "check_lengths('last_state_forward', lengths, len(hs))\n    ": "",
    },
    other={
        "pack": "it goes step by step; the reference makes one index of all places",
        "unpack": "it goes step by step; the reference makes one index of all places, and can be told the number of steps",
    },
    points={
        "check_pad": 2,
        "check_mask": 2,
        "check_masked_forward": 3,
        "check_last_state": 2,
        "check_masked_loss": 4,
        "check_pack": 3,
        "check_unpack": 2,
        "check_bucket": 2,
    },
    half={
        "pad": "solution",
        "mask": """
def length_mask(lengths, steps):
    return np.arange(steps)[:, None] <= lengths
""",
        "masked_forward": "solution",
        "last_state": """
def last_state_forward(hs, lengths):
    return hs[-1], LastStateCache(hs, lengths)
""",
        "masked_loss": "def masked_cross_entropy(logits, targets, mask):\n    weights = (mask / mask.sum(",
        "unpack": "solution",
        "bucket": """
def bucketed(lengths, B, pool):
    batches = np.argsort(lengths).reshape(-1, B)
    return batches, 1 - lengths.sum() / (lengths[batches].max(axis=1) * B).sum()
""",
    },
    told=[
        "length_mask on the worked example: mask[1, 2] is 1 but 0 was expected (2 of 9 entries differ). This is what comes out when "
        "one step too many is real",
        "last_state_forward on the worked example: h[0, 0] is 3.5 but 7 was expected (2 of 3 entries differ). This is what comes out "
        "when h is hs[-1]",
        "masked_cross_entropy is not defined yet: run the cell in which you write it",
        "pack_forward on the worked example: it is not written yet; put your code in the place of `raise NotImplementedError()`.",
        "This is what comes out when everything is sorted at once; sort within each pool only.",
        "Your length_mask is not right yet. Below, the reference stands in for it.",
    ],
    trains="loss for (0, 10, 20, 30) steps of padding",
)
