"""Lab 7, part 1: fill up."""

import itertools

import numpy as np

from tests.corpus.answers import right, wrong


@right
def column_by_column(sequences, value):
    lengths = np.array([s.shape[0] for s in sequences])
    T, B = lengths.max(), len(sequences)
    padded = np.empty((T, B, *sequences[0].shape[1:]), dtype=sequences[0].dtype)
    for b in range(B):
        padded[: lengths[b], b] = sequences[b]
        padded[lengths[b] :, b] = value
    return padded, lengths


@right
def concatenated_and_stacked(sequences, value):
    T = max(len(s) for s in sequences)
    columns = []
    for s in sequences:
        rest = np.full((T - len(s), *s.shape[1:]), value, dtype=s.dtype)
        columns.append(np.concatenate([s, rest]))
    return np.stack(columns, axis=1), np.array([len(s) for s in sequences])


@right
def numpys_own_pad(sequences, value):
    lengths = [len(s) for s in sequences]
    padded = [np.pad(s, [(0, max(lengths) - len(s))] + [(0, 0)] * (s.ndim - 1), constant_values=value) for s in sequences]
    return np.array(padded).swapaxes(0, 1), np.array(lengths)


@right
def plus_the_filler(sequences, value):
    lengths = np.fromiter(map(len, sequences), dtype=np.int32)
    padded = np.zeros((max(lengths), len(sequences), *sequences[0].shape[1:]), sequences[0].dtype) + sequences[0].dtype.type(value)
    for b, s in enumerate(sequences):
        for t, x in enumerate(s):
            padded[t, b] = x
    return padded, lengths


@right
def batch_first_then_turned(sequences, value):
    lengths = np.asarray([len(s) for s in sequences])
    batch = np.full_like(sequences[0], value, shape=(len(sequences), lengths.max(), *sequences[0].shape[1:]))
    for row, s in zip(batch, sequences, strict=True):
        row[: len(s)] = s
    return np.moveaxis(batch, 0, 1), lengths


@right
def step_by_step(sequences, value):
    filler = np.full_like(sequences[0][0], value)
    steps = [np.stack(xs) for xs in itertools.zip_longest(*sequences, fillvalue=filler)]
    print("steps:", len(steps))
    return np.stack(steps), np.array([len(s) for s in sequences])


def rectangle(sequences, value):
    lengths = np.array([len(s) for s in sequences])
    return np.full((lengths.max(), len(sequences), *sequences[0].shape[1:]), value, sequences[0].dtype), lengths


@wrong("the filler stands before the sequence")
def at_the_front(sequences, value):
    padded, lengths = rectangle(sequences, value)
    for b, s in enumerate(sequences):
        padded[-len(s) :, b] = s
    return padded, lengths


@wrong("the filler is 0")
def zeros_instead(sequences, value):
    padded, lengths = rectangle(sequences, 0)
    for b, s in enumerate(sequences):
        padded[: len(s), b] = s
    return padded, lengths


@wrong("all are cut to the shortest sequence")
def zipped(sequences, value):
    padded = np.array([np.stack(xs) for xs in zip(*sequences, strict=False)])
    return padded, np.array([len(s) for s in sequences])


@wrong("the first sequence says how many steps there are; the longest one does")
def as_long_as_the_first(sequences, value):
    padded = np.full((len(sequences[0]), len(sequences), *sequences[0].shape[1:]), value, sequences[0].dtype)
    for b, s in enumerate(sequences):
        padded[: len(s), b] = s
    return padded, np.array([len(s) for s in sequences])


@wrong("the batch is the first axis")
def batch_first(sequences, value):
    lengths = np.array([len(s) for s in sequences])
    padded = np.full((len(sequences), lengths.max(), *sequences[0].shape[1:]), value, sequences[0].dtype)
    for b, s in enumerate(sequences):
        padded[b, : len(s)] = s
    return padded, lengths


@wrong("reshape exchanges time and batch")
def reshaped(sequences, value):
    padded, lengths = batch_first(sequences, value)
    return padded.reshape(lengths.max(), len(sequences), *sequences[0].shape[1:]), lengths


@wrong("the last step is repeated in the padding")
def clamped(sequences, value):
    lengths = np.array([len(s) for s in sequences])
    return np.stack([s[np.minimum(np.arange(lengths.max()), len(s) - 1)] for s in sequences], axis=1), lengths


@wrong("the sequence begins anew in the padding")
def resized(sequences, value):
    lengths = np.array([len(s) for s in sequences])
    return np.stack([np.resize(s, (lengths.max(), *s.shape[1:])) for s in sequences], axis=1), lengths


@wrong("a last axis is taken for granted")
def vectors_only(sequences, value):
    lengths = np.array([len(s) for s in sequences])
    T, B, D = lengths.max(), len(sequences), sequences[0].shape[1]
    padded = np.full((T, B, D), value, dtype=sequences[0].dtype)
    for b, s in enumerate(sequences):
        padded[: len(s), b] = s
    return padded, lengths


@wrong("the lengths are found by looking for the filler")
def lengths_from_the_array(sequences, value):
    padded, _ = column_by_column(sequences, value)
    real = padded != value
    while real.ndim > 2:
        real = real.any(axis=-1)
    return padded, real.sum(axis=0)


@wrong("the length is the number of numbers")
def size_for_length(sequences, value):
    return column_by_column(sequences, value)[0], np.array([s.size for s in sequences])


@wrong("the sequences come longest first")
def sorted_first(sequences, value):
    return column_by_column(sorted(sequences, key=len, reverse=True), value)


@wrong("every length is that of the longest sequence")
def length_after_padding(sequences, value):
    padded, lengths = column_by_column(sequences, value)
    return padded, np.array([len(padded[:, b]) for b in range(len(lengths))])


@wrong("the lengths say how much padding there is")
def how_much_is_missing(sequences, value):
    padded, lengths = column_by_column(sequences, value)
    return padded, lengths.max() - lengths


@wrong("it must return 2 values (padded, lengths), got an array of shape (3, 3, 1).")
def lengths_forgotten(sequences, value):
    return column_by_column(sequences, value)[0]


@wrong("padded must hold whole numbers, got float64.")
def dtype_forgotten(sequences, value):
    lengths = np.array([len(s) for s in sequences])
    padded = np.ones((lengths.max(), len(sequences), *sequences[0].shape[1:])) * value
    for b, s in enumerate(sequences):
        padded[: len(s), b] = s
    return padded, lengths


@wrong("lengths must be a NumPy array of shape (3,), got a list of 3.")
def a_list_of_lengths(sequences, value):
    return column_by_column(sequences, value)[0], [len(s) for s in sequences]


@wrong(None)
def never_padded(sequences, value):
    return np.array(sequences, dtype=object), np.array([len(s) for s in sequences])


@right
def full_and_slices(sequences, value):
    lengths = np.array([len(s) for s in sequences])
    padded = np.full((max(lengths), len(sequences), *sequences[0].shape[1:]), value, sequences[0].dtype)
    for b, s in enumerate(sequences):
        padded[: len(s), b] = s
    return padded, lengths


@right
def concatenate_and_stack(sequences, value):
    lengths = [s.shape[0] for s in sequences]
    T = max(lengths)
    columns = []
    for s in sequences:
        filler = np.full_like(s[:1], value)
        columns.append(np.concatenate([s] + [filler] * (T - len(s))))
    return np.stack(columns, axis=1), np.asarray(lengths)


@right
def np_pad_each(sequences, value):
    T = max(map(len, sequences))
    cols = [np.pad(s, [(0, T - len(s))] + [(0, 0)] * (s.ndim - 1), constant_values=value) for s in sequences]
    return np.array(cols).swapaxes(0, 1), np.array(list(map(len, sequences)))


@wrong("must have the dtype of the inputs")
def no_dtype(sequences, value):
    lengths = np.array([len(s) for s in sequences])
    padded = np.full((lengths.max(), len(sequences), *sequences[0].shape[1:]), value)
    for b, s in enumerate(sequences):
        padded[: len(s), b] = s
    return padded, lengths


@wrong("a last axis is taken for granted; a step may also be a single number.")
def vectors_only_too(sequences, value):
    lengths = np.array([len(s) for s in sequences])
    D = sequences[0].shape[1]
    padded = np.full((lengths.max(), len(sequences), D), value, sequences[0].dtype)
    for b, s in enumerate(sequences):
        padded[: len(s), b, :] = s
    return padded, lengths


@wrong("the first sequence says how many steps there are, and longer ones are cut.")
def first_is_longest(sequences, value):
    lengths = np.array([len(s) for s in sequences])
    T = len(sequences[0])
    padded = np.full((T, len(sequences), *sequences[0].shape[1:]), value, sequences[0].dtype)
    for b, s in enumerate(sequences):
        padded[: lengths[b], b] = s[:T]
    return padded, lengths


@wrong("the last step of each sequence is left out.")
def last_step_lost(sequences, value):
    lengths = np.array([len(s) for s in sequences])
    padded = np.full((lengths.max(), len(sequences), *sequences[0].shape[1:]), value, sequences[0].dtype)
    for b, s in enumerate(sequences):
        padded[: lengths[b] - 1, b] = s[:-1]
    return padded, lengths


@wrong("the number of steps is the size of a sequence, which counts every number of every step.")
def sizes(sequences, value):
    lengths = np.array([s.size for s in sequences])
    padded = np.full((lengths.max(), len(sequences), *sequences[0].shape[1:]), value, sequences[0].dtype)
    for b, s in enumerate(sequences):
        padded[: len(s), b] = s
    return padded, lengths
