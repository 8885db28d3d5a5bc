"""Lab 12, part 7: sequences of unequal length."""

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence

from rnncore.checks.labs.lab12.forward_sequence import lstm_forward
from rnncore.checks.labs.lab12.packed_sequences import layer_of
from rnncore.reference import LSTMState
from tests.corpus.answers import right, wrong


@right
def with_total_length(params, xs, lengths):
    T = xs.shape[0]
    out, state = layer_of(params)(pack_padded_sequence(xs, lengths.tolist(), enforce_sorted=False))
    hs = pad_packed_sequence(out, total_length=T)[0]
    return hs, LSTMState(*(part.squeeze(0) for part in state))


@right
def sorted_by_hand(params, xs, lengths):
    lengths, order = lengths.sort(descending=True)
    out, (h, c) = layer_of(params)(pack_padded_sequence(xs[:, order], lengths))
    hs, _ = pad_packed_sequence(out, total_length=len(xs))
    back = order.argsort()
    return hs[:, back], LSTMState(h[0, back], c[0, back])


@right
def one_by_one(params, xs, lengths):
    layer = layer_of(params)
    T, B, H = *xs.shape[:2], params["weight_hh"].shape[1]
    hs, h, c = xs.new_zeros(T, B, H), xs.new_zeros(B, H), xs.new_zeros(B, H)
    for b, length in enumerate(lengths):
        out, (h_T, c_T) = layer(xs[:length, b : b + 1])
        hs[:length, b], h[b], c[b] = out[:, 0], h_T[0, 0], c_T[0, 0]
    return hs, LSTMState(h, c)


@right
def cut_then_packed(params, xs, lengths):
    sequences = [xs[:length, b] for b, length in enumerate(lengths.tolist())]
    out, (h, c) = layer_of(params)(pack_sequence(sequences, enforce_sorted=False))
    hs, _ = pad_packed_sequence(out)
    missing = len(xs) - len(hs)
    return torch.cat([hs, hs.new_zeros(missing, *hs.shape[1:])]), LSTMState(h=h[-1], c=c[-1])


@right
def held_by_a_mask(params, xs, lengths):
    B, H = xs.shape[1], params["weight_hh"].shape[1]
    state, hs = LSTMState(xs.new_zeros(B, H), xs.new_zeros(B, H)), []
    for t, x in enumerate(xs):
        real = (t < lengths)[:, None]
        _, new = lstm_forward(params, x[None], state)
        state = LSTMState(*(torch.where(real, after, before) for after, before in zip(new, state, strict=True)))
        hs.append(torch.where(real, new.h, torch.zeros_like(new.h)))
    return torch.stack(hs), state


@right
def batch_first_twice(params, xs, lengths):
    layer = layer_of(params)
    layer.batch_first = True
    packed = pack_padded_sequence(xs.transpose(0, 1), lengths, batch_first=True, enforce_sorted=False)
    out, (h, c) = layer(packed)
    hs, _ = pad_packed_sequence(out, batch_first=True, total_length=len(xs))
    return hs.transpose(0, 1), LSTMState(h[0], c[0])


@right
def padded_again(params, xs, lengths):
    layer, parts, ends = layer_of(params), [], []
    for b, length in enumerate(lengths.tolist()):
        out, end = layer(xs[:length, b])
        parts.append(out)
        ends.append(end)
    hs = torch.zeros(*xs.shape[:2], parts[0].shape[-1], dtype=xs.dtype)
    hs[: max(len(part) for part in parts)] = pad_sequence(parts)
    return hs, LSTMState(torch.cat([h for h, _ in ends]), torch.cat([c for _, c in ends]))


@wrong("enforce_sorted is left at True")
def sorted_lengths_wanted(params, xs, lengths):
    out, (h, c) = layer_of(params)(pack_padded_sequence(xs, lengths))
    return pad_packed_sequence(out, total_length=len(xs))[0], LSTMState(h[0], c[0])


@wrong("pad_packed_sequence needs total_length")
def too_short(params, xs, lengths):
    out, (h, c) = layer_of(params)(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    hs, _ = pad_packed_sequence(out)
    return hs, LSTMState(h[0], c[0])


@wrong("nothing is packed")
def just_the_layer(params, xs, lengths):
    hs, (h, c) = layer_of(params)(xs)
    return hs, LSTMState(h[0], c[0])


@wrong("hs is set to zero behind the ends, and state_T is that after the padding")
def masked_afterwards(params, xs, lengths):
    hs, (h, c) = layer_of(params)(xs)
    real = torch.arange(len(xs))[:, None] < lengths
    return hs * real[..., None], LSTMState(h[0], c[0])


@wrong("state_T keeps the axis for layers")
def layers_kept(params, xs, lengths):
    out, (h, c) = layer_of(params)(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    return pad_packed_sequence(out, total_length=len(xs))[0], LSTMState(h, c)


@wrong("state_T is a plain tuple")
def plain_tuple(params, xs, lengths):
    out, (h, c) = layer_of(params)(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    return pad_packed_sequence(out, total_length=len(xs))[0], (h[0], c[0])


@wrong("the lengths come back in the place of state_T")
def second_result(params, xs, lengths):
    out, _ = layer_of(params)(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    return pad_packed_sequence(out, total_length=len(xs))


@wrong("hs is left packed")
def still_packed(params, xs, lengths):
    out, (h, c) = layer_of(params)(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    return out, LSTMState(h[0], c[0])


@wrong("hs is the data of the packed sequence")
def data(params, xs, lengths):
    out, (h, c) = layer_of(params)(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    return out.data, LSTMState(h[0], c[0])


@wrong("the sequences stay sorted by length")
def never_put_back(params, xs, lengths):
    order = torch.argsort(-lengths, stable=True)
    out, (h, c) = layer_of(params)(pack_padded_sequence(xs[:, order], lengths[order]))
    return pad_packed_sequence(out, total_length=len(xs))[0], LSTMState(h[0], c[0])


@wrong("and state_T is not")
def states_not_put_back(params, xs, lengths):
    order = torch.argsort(-lengths, stable=True)
    out, (h, c) = layer_of(params)(pack_padded_sequence(xs[:, order], lengths[order]))
    hs = pad_packed_sequence(out, total_length=len(xs))[0]
    return hs[:, torch.argsort(order)], LSTMState(h[0], c[0])


@wrong("state_T is the last row of hs")
def last_row(params, xs, lengths):
    out, (_, c) = layer_of(params)(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    hs = pad_packed_sequence(out, total_length=len(xs))[0]
    return hs, LSTMState(hs[-1], c[0])


@wrong("h and c are exchanged in state_T")
def c_first(params, xs, lengths):
    out, (c, h) = layer_of(params)(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    return pad_packed_sequence(out, total_length=len(xs))[0], LSTMState(h[0], c[0])


@wrong("hs is (B, T, H)")
def batch_first_at_the_end(params, xs, lengths):
    out, (h, c) = layer_of(params)(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    return pad_packed_sequence(out, batch_first=True, total_length=len(xs))[0], LSTMState(h[0], c[0])


@wrong("zeros move the state, too")
def padding_zeroed(params, xs, lengths):
    real = torch.arange(len(xs))[:, None] < lengths
    hs, (h, c) = layer_of(params)(xs * real[..., None])
    return hs, LSTMState(h[0], c[0])


@wrong("lengths are sorted and xs is not")
def lengths_alone_sorted(params, xs, lengths):
    lengths = torch.sort(lengths, descending=True)[0]
    out, (h, c) = layer_of(params)(pack_padded_sequence(xs, lengths))
    return pad_packed_sequence(out, total_length=len(xs))[0], LSTMState(h[0], c[0])


@wrong("state_T is only h")
def only_h_of_the_state(params, xs, lengths):
    out, (h, _) = layer_of(params)(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    return pad_packed_sequence(out, total_length=len(xs))[0], h[0]


@wrong("its requires_grad is True")
def trained_layer(params, xs, lengths):
    layer = layer_of(params).requires_grad_(True)
    out, (h, c) = layer(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    return pad_packed_sequence(out, total_length=len(xs))[0], LSTMState(h[0], c[0])


@right
def zeros_added_behind(params, xs, lengths):
    out, state = layer_of(params)(pack_padded_sequence(xs, lengths.cpu(), enforce_sorted=False))
    hs, _ = pad_packed_sequence(out)
    hs = torch.nn.functional.pad(hs, (0, 0, 0, 0, 0, len(xs) - len(hs)))
    return hs, LSTMState(*(part[-1] for part in state))


@wrong("the first sequence is taken out of h_T and c_T")
def first_sequence(params, xs, lengths):
    out, (h, c) = layer_of(params)(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    return pad_packed_sequence(out, total_length=len(xs))[0], LSTMState(h[:, 0], c[:, 0])


@wrong("squeeze() takes away every axis of size 1")
def squeezed(params, xs, lengths):
    out, (h, c) = layer_of(params)(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    return pad_packed_sequence(out, total_length=len(xs))[0], LSTMState(h.squeeze(), c.squeeze())


@wrong("the layer's pair as it came")
def pair_of_the_layer(params, xs, lengths):
    out, state = layer_of(params)(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    return pad_packed_sequence(out, total_length=len(xs))[0], state


@wrong("hs is the pair that pad_packed_sequence returns")
def states_and_lengths(params, xs, lengths):
    out, (h, c) = layer_of(params)(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    return pad_packed_sequence(out, total_length=len(xs)), LSTMState(h[0], c[0])


@wrong("batch_first=True is given, but the first axis of xs is time")
def batch_first_both_times(params, xs, lengths):
    out, (h, c) = layer_of(params)(pack_padded_sequence(xs, lengths, batch_first=True, enforce_sorted=False))
    return pad_packed_sequence(out, batch_first=True, total_length=len(xs))[0], LSTMState(h[0], c[0])


@wrong("nothing is packed")
def packed_and_not_read(params, xs, lengths):
    pack_padded_sequence(xs, lengths, enforce_sorted=False)
    out, (h, c) = layer_of(params)(xs)
    return out, LSTMState(h[0], c[0])


@wrong("pad_packed_sequence needs total_length")
def total_length_of_the_longest(params, xs, lengths):
    out, (h, c) = layer_of(params)(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    return pad_packed_sequence(out, total_length=int(lengths.max()))[0], LSTMState(h[0], c[0])


@wrong("is nan but 0 was expected")
def padded_with_nan(params, xs, lengths):
    out, (h, c) = layer_of(params)(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    return pad_packed_sequence(out, total_length=len(xs), padding_value=float("nan"))[0], LSTMState(h[0], c[0])
