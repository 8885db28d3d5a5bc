"""Lab 7, part 8: batches of similar length."""

import numpy as np

from tests.corpus.answers import right, wrong


def share(lengths, batches):
    longest = lengths[batches].max(axis=1)
    return 1 - lengths.sum() / (batches.shape[1] * longest.sum())


@right
def lists(lengths, B, pool):
    batches, size = [], B * pool
    for start in range(0, len(lengths), size):
        stop = min(start + size, len(lengths))
        numbers = sorted(range(start, stop), key=lambda n: lengths[n])
        for k in range(0, len(numbers), B):
            batches.append(numbers[k : k + B])
    padding = places = 0
    for batch in batches:
        longest = max(lengths[n] for n in batch)
        for n in batch:
            places += longest
            padding += longest - lengths[n]
    return np.array(batches), padding / places


@right
def lexsorted(lengths, B, pool):
    n = np.arange(len(lengths))
    order = np.lexsort((lengths, n // (B * pool)))
    batches = order.reshape(len(lengths) // B, B)
    some = lengths[batches]
    padded = np.broadcast_to(some.max(axis=1, keepdims=True), some.shape)
    return batches, (padded - some).sum() / padded.sum()


@right
def array_split(lengths, B, pool):
    numbers = np.arange(len(lengths))
    pools = np.split(numbers, np.arange(B * pool, len(lengths), B * pool))
    batches = np.concatenate([p[np.argsort(lengths[p])].reshape(-1, B) for p in pools])
    return batches, share(lengths, batches)


@right
def filled_array(lengths, B, pool):
    N = lengths.size
    order = np.zeros(N, dtype=np.int32)
    for start in range(0, N, B * pool):
        part = lengths[start : start + B * pool]
        order[start : start + len(part)] = start + part.argsort(kind="stable")
    batches = order.reshape(-1, B)
    longest = lengths[batches[:, -1]]  # each batch goes from short to long
    return batches, float(1 - lengths.sum() / (B * longest.sum()))


@right
def pairs(lengths, B, pool):
    order = sorted(range(len(lengths)), key=lambda n: (n // (B * pool), lengths[n]))
    batches = np.array([order[i : i + B] for i in range(0, len(order), B)])
    return batches, np.float32(share(lengths, batches))


@right
def weighted_mean(lengths, B, pool):
    batches, _ = array_split(lengths, B, pool)
    longest = lengths[batches].max(axis=1)
    each = 1 - lengths[batches].mean(axis=1) / longest
    return batches, np.average(each, weights=longest)


@wrong("everything is sorted at once")
def sorted_data(lengths, B, pool):
    batches = np.argsort(lengths).reshape(-1, B)
    return batches, share(lengths, batches)


@wrong("nothing is sorted")
def neighbours(lengths, B, pool):
    batches = np.arange(len(lengths)).reshape(-1, B)
    return batches, share(lengths, batches)


@wrong("the numbers are those within a pool")
def start_forgotten(lengths, B, pool):
    parts = [np.argsort(lengths[s : s + B * pool]) for s in range(0, len(lengths), B * pool)]
    batches = np.concatenate(parts).reshape(-1, B)
    return batches, share(lengths, batches)


@wrong("batches holds lengths")
def lengths_for_numbers(lengths, B, pool):
    parts = [np.sort(lengths[s : s + B * pool]) for s in range(0, len(lengths), B * pool)]
    batches = np.concatenate(parts).reshape(-1, B)
    return batches, 1 - lengths.sum() / (batches.max(axis=1).sum() * B)


@wrong("the longest come first")
def descending(lengths, B, pool):
    parts = [s + np.argsort(-lengths[s : s + B * pool]) for s in range(0, len(lengths), B * pool)]
    batches = np.concatenate(parts).reshape(-1, B)
    return batches, share(lengths, batches)


@wrong("a pool has `pool` sequences")
def pool_of_sequences(lengths, B, pool):
    parts = [s + np.argsort(lengths[s : s + pool]) for s in range(0, len(lengths), pool)]
    batches = np.concatenate(parts).reshape(-1, B)
    return batches, share(lengths, batches)


@wrong("each batch is sorted in itself")
def sorted_batches(lengths, B, pool):
    parts = [s + np.argsort(lengths[s : s + B]) for s in range(0, len(lengths), B)]
    batches = np.stack(parts)
    return batches, share(lengths, batches)


@wrong("neighbours in length go to different batches")
def dealt_out(lengths, B, pool):
    batches = []
    for s in range(0, len(lengths), B * pool):
        order = s + np.argsort(lengths[s : s + B * pool])
        count = len(order) // B
        batches += [order[k::count] for k in range(count)]
    batches = np.array(batches)
    return batches, share(lengths, batches)


@wrong("the last pool is left out")
def full_pools_only(lengths, B, pool):
    size = B * pool
    parts = [k * size + np.argsort(lengths[k * size : (k + 1) * size]) for k in range(len(lengths) // size)]
    batches = np.concatenate(parts).reshape(-1, B)
    used = lengths[batches]
    return batches, 1 - used.sum() / (used.max(axis=1).sum() * B)


@wrong("waste is the share of real steps")
def share_of_words(lengths, B, pool):
    batches, waste = array_split(lengths, B, pool)
    return batches, 1 - waste


@wrong("every batch is padded to the longest sequence of all")
def one_rectangle(lengths, B, pool):
    batches, _ = array_split(lengths, B, pool)
    return batches, 1 - lengths.sum() / (lengths.max() * len(lengths))


@wrong("the shares of the batches are averaged")
def mean_of_shares(lengths, B, pool):
    batches, _ = array_split(lengths, B, pool)
    some = lengths[batches]
    return batches, np.mean([1 - row.sum() / (len(row) * row.max()) for row in some])


@wrong("waste is the number of padded places")
def not_divided(lengths, B, pool):
    batches, _ = array_split(lengths, B, pool)
    some = lengths[batches]
    return batches, (some.max(axis=1)[:, None] - some).sum()


@wrong("the padded places are divided by the real ones")
def overhead(lengths, B, pool):
    batches, _ = array_split(lengths, B, pool)
    some = lengths[batches]
    return batches, (some.max(axis=1) * B).sum() / some.sum() - 1


@wrong("the longest of each column is taken")
def other_axis(lengths, B, pool):
    batches, _ = array_split(lengths, B, pool)
    some = lengths[batches]
    return batches, 1 - some.sum() / (some.max(axis=0) * len(some)).sum()


@wrong("the places of a batch are its longest length; that times B")
def times_b_forgotten(lengths, B, pool):
    batches, _ = array_split(lengths, B, pool)
    return batches, 1 - lengths.sum() / lengths[batches].max(axis=1).sum()


@wrong("waste is in percent")
def percent(lengths, B, pool):
    batches, waste = array_split(lengths, B, pool)
    return batches, 100 * waste


@wrong("there is a share for each batch")
def a_share_each(lengths, B, pool):
    batches, _ = array_split(lengths, B, pool)
    some = lengths[batches]
    return batches, 1 - some.sum(axis=1) / (some.max(axis=1) * B)


@wrong("batches must be a NumPy array of shape (4, 2), got a list of 4.")
def a_list_of_batches(lengths, B, pool):
    batches, waste = array_split(lengths, B, pool)
    return [list(batch) for batch in batches], waste


@wrong("it must return 2 values (batches, waste), got an array of shape (4, 2).")
def waste_forgotten(lengths, B, pool):
    return array_split(lengths, B, pool)[0]


@wrong("batches must hold whole numbers, got float64.")
def numbers_with_a_point(lengths, B, pool):
    order = np.zeros(len(lengths))
    for s in range(0, len(lengths), B * pool):
        order[s : s + B * pool] = s + np.argsort(lengths[s : s + B * pool])
    batches = order.reshape(-1, B)
    return batches, share(lengths, batches.astype(int))


@wrong("it changed its argument lengths in place; work on a copy.")
def sorts_the_lengths_themselves(lengths, B, pool):
    batches, waste = array_split(lengths, B, pool)
    for s in range(0, len(lengths), B * pool):
        lengths[s : s + B * pool].sort()
    return batches, waste


@right
def pools_in_a_loop(lengths, B, pool):
    order = []
    for start in range(0, len(lengths), B * pool):
        order.append(start + np.argsort(lengths[start : start + B * pool]))
    batches = np.concatenate(order).reshape(-1, B)
    waste = 1 - lengths.sum() / (B * lengths[batches].max(axis=1).sum())
    return batches, waste


@right
def lexsort(lengths, B, pool):
    N = len(lengths)
    order = np.lexsort((lengths, np.arange(N) // (B * pool)))
    batches = order.reshape(N // B, B)
    padded = np.broadcast_to(lengths[batches].max(1, keepdims=True), batches.shape)
    return batches, (padded - lengths[batches]).sum() / padded.sum()


@right
def python_lists(lengths, B, pool):
    batches, places = [], 0
    for start in range(0, len(lengths), B * pool):
        numbers = sorted(range(start, min(start + B * pool, len(lengths))), key=lambda i: lengths[i])
        for k in range(0, len(numbers), B):
            batch = numbers[k : k + B]
            places += B * max(lengths[i] for i in batch)
            batches.append(batch)
    return np.array(batches), 1 - sum(lengths) / places


@wrong("the sorted sequences are dealt out, one to each batch in turn; neighbours in length belong together.")
def columns_are_batches(lengths, B, pool):
    order = [s + np.argsort(lengths[s : s + B * pool]) for s in range(0, len(lengths), B * pool)]
    batches = np.concatenate(order).reshape(B, -1).T
    return batches, 1 - lengths.sum() / (B * lengths[batches].max(axis=1).sum())


@wrong("places in the order and numbers of sequences are exchanged; the sequences that come first belong in the first batch.")
def ranks(lengths, B, pool):
    order = [s + np.argsort(np.argsort(lengths[s : s + B * pool])) for s in range(0, len(lengths), B * pool)]
    batches = np.concatenate(order).reshape(-1, B)
    return batches, 1 - lengths.sum() / (B * lengths[batches].max(axis=1).sum())


@wrong("every batch is padded to the longest sequence of its pool; each is padded to its own longest.")
def padded_to_pool(lengths, B, pool):
    order = [s + np.argsort(lengths[s : s + B * pool]) for s in range(0, len(lengths), B * pool)]
    batches = np.concatenate(order).reshape(-1, B)
    places = sum(len(lengths[s : s + B * pool]) * lengths[s : s + B * pool].max() for s in range(0, len(lengths), B * pool))
    return batches, 1 - lengths.sum() / places
