"""Lab 12, part 7: sequences of unequal lengths through a layer of torch.nn.

Contents
    layer_of         a torch.nn.LSTM with given parameters
    packed_states    the right function
    packed           its check

Source: `torch.nn.utils.rnn`; `pad_packed_sequence`, too, puts zero behind the end unless told otherwise.
"""

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab12.forward_sequence import lstm_forward
from rnncore.checks.labs.lab12.inputs import PARAMS, XS, draw_packed, in_torch
from rnncore.reference.lstm import LSTMState

__all__ = ["layer_of", "packed", "packed_states"]


def layer_of(params):
    """A `torch.nn.LSTM` with these parameters, on their device and in their dtype, to read with and not to train.

    Args:
        params: dict of tensors weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,).
    Returns:
        The layer; its parameters want no gradient.
    Raises:
        Nothing of its own.
    """
    weight = params["weight_ih"]
    layer = torch.nn.LSTM(weight.shape[1], len(weight) // 4, device=weight.device, dtype=weight.dtype)
    layer.load_state_dict({f"{name}_l0": part for name, part in params.items()})
    return layer.requires_grad_(False)


def packed_states(params, xs, lengths):
    """Read padded sequences from a state of zeros, spending no step on padding.

    Args:
        params: dict of tensors weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,).
        xs: (T, B, D); what stands behind the end of a sequence is padding and may be anything.
        lengths: (B,), whole numbers from 1 to T, in any order; none need be T.
    Returns:
        hs: (T, B, H), the hidden state after each step, zero behind the end of a sequence.
        state_T: LSTMState of h (B, H) and c (B, H), each sequence's after its own last step.
    Raises:
        Nothing of its own.
    """
    packed = pack_padded_sequence(xs, lengths.cpu(), enforce_sorted=False)
    out, (h_T, c_T) = layer_of(params)(packed)
    hs, _ = pad_packed_sequence(out, total_length=len(xs))
    return hs, LSTMState(h_T[0], c_T[0])


def example():
    return in_torch(PARAMS), torch.cat([XS, XS], dim=1), torch.tensor([1, 2])


def unpacked(params, xs):
    """The layer over all steps, padding too."""
    B, H = xs.shape[1], params["weight_hh"].shape[1]
    return lstm_forward(params, xs, LSTMState(*(xs.new_zeros(B, H) for _ in "hc")))


def real(xs, lengths):
    return (torch.arange(len(xs))[:, None] < lengths)[..., None]


def with_pack(pad=pad_packed_sequence, **options):
    """Pack with other options and pad in another way."""

    def wrong(params, xs, lengths):
        out, (h_T, c_T) = layer_of(params)(pack_padded_sequence(xs, lengths, **options))
        return pad(out, total_length=len(xs))[0] if pad is pad_packed_sequence else pad(out), LSTMState(h_T[0], c_T[0])

    return wrong


def batch_first(params, xs, lengths):
    out, (h_T, c_T) = layer_of(params)(pack_padded_sequence(xs, lengths, batch_first=True, enforce_sorted=False))
    return pad_packed_sequence(out, batch_first=True, total_length=len(xs))[0], LSTMState(h_T[0], c_T[0])


def but(change):
    return lambda params, xs, lengths: change(*packed_states(params, xs, lengths), lengths)


def order(lengths):
    return torch.argsort(lengths, descending=True, stable=True)


def sorted_out(back=True, back_state=True):
    """Sorted by hand, and not put back everywhere."""

    def wrong(params, xs, lengths):
        places = order(lengths)
        hs, state_T = packed_states(params, xs[:, places], lengths[places])
        inverse = torch.argsort(places)
        return hs[:, inverse] if back else hs, LSTMState(*(part[inverse] for part in state_T)) if back_state else state_T

    return wrong


def masked(params, xs, lengths):
    hs, state_T = unpacked(params, xs)
    return torch.where(real(xs, lengths), hs, 0), state_T


def ends_of(hs, lengths):
    return hs[lengths - 1, torch.arange(len(lengths))]


def each_sequence_as_if_alone(function, rng):
    """A sequence in company has the states that it has alone, whatever its padding holds."""
    ((params, xs, lengths), *_) = draw_packed(rng, "float64", T=5, B=3, D=2, H=4)
    hs, state_T = function(params, xs, lengths)
    for b, length in enumerate(lengths.tolist()):
        alone, end = unpacked(params, xs[:length, b : b + 1])
        compare(f"hs of sequence {b}, which is {length} long,", hs[:length, b].numpy(), alone[:, 0].numpy(), what="that of it alone")
        compare(f"hs of sequence {b} behind its end", hs[length:, b].numpy(), 0 * hs[length:, b].numpy())
        for name, got, want in zip(("h", "c"), state_T, end, strict=True):
            compare(f"state_T.{name} of sequence {b}", got[b].numpy(), want[0].numpy(), what="that of it alone")


packed = Exercise(
    packed_states,
    outputs=("hs", "state_T"),
    letters="TBDH",
    example=example,
    draw=draw_packed,
    properties=(each_sequence_as_if_alone,),
    mistakes={
        "enforce_sorted is left at True, and lengths that are not sorted are refused": with_pack(),
        "hs ends with the longest sequence: pad_packed_sequence needs total_length": with_pack(
            lambda out: pad_packed_sequence(out)[0], enforce_sorted=False
        ),
        "nothing is packed: the layer runs on through the padding": lambda params, xs, lengths: unpacked(params, xs),
        "nothing is packed: hs is set to zero behind the ends, and state_T is that after the padding": masked,
        "state_T is the last row of hs, which is zero for all that have ended": but(
            lambda hs, state_T, lengths: (hs, LSTMState(hs[-1], state_T.c))
        ),
        "state_T.h is hs at lengths, one step behind the end; steps count from 0": but(
            lambda hs, state_T, lengths: (hs, LSTMState(hs[lengths, torch.arange(len(lengths))], state_T.c))
        ),
        "state_T.c is the hidden state": but(lambda hs, state_T, lengths: (hs, LSTMState(state_T.h, ends_of(hs, lengths)))),
        "h and c are exchanged in state_T; it is LSTMState(h, c)": but(lambda hs, state_T, lengths: (hs, LSTMState(state_T.c, state_T.h))),
        "state_T keeps the axis for layers: take h_T[0] and c_T[0]": but(
            lambda hs, state_T, lengths: (hs, LSTMState(*(part[None] for part in state_T)))
        ),
        "the first sequence is taken out of h_T and c_T; their first axis is that of the layers": but(
            lambda hs, state_T, lengths: (hs, LSTMState(*(part[None][:, 0] for part in state_T)))
        ),
        "squeeze() takes away every axis of size 1; only the first is too many": but(
            lambda hs, state_T, lengths: (hs, LSTMState(*(part.squeeze() for part in state_T)))
        ),
        "state_T is the layer's pair as it came; it is LSTMState(h_T[0], c_T[0])": but(
            lambda hs, state_T, lengths: (hs, tuple(part[None] for part in state_T))
        ),
        "hs is the pair that pad_packed_sequence returns; the second part is the lengths": but(
            lambda hs, state_T, lengths: ((hs, lengths), state_T)
        ),
        "state_T is a plain tuple; it is LSTMState(h, c)": but(lambda hs, state_T, lengths: (hs, tuple(state_T))),
        "state_T is only h; it is LSTMState(h, c)": but(lambda hs, state_T, lengths: (hs, state_T.h)),
        "the lengths come back in the place of state_T: they are the second result of pad_packed_sequence": but(
            lambda hs, state_T, lengths: (hs, lengths)
        ),
        "hs is left packed; pad_packed_sequence puts the padding back": with_pack(lambda out: out, enforce_sorted=False),
        "hs is the data of the packed sequence, in which all steps of all sequences lie one after the other": with_pack(
            lambda out: out.data, enforce_sorted=False
        ),
        "hs is (B, T, H), because of batch_first=True; it is (T, B, H)": but(lambda hs, state_T, lengths: (hs.transpose(0, 1), state_T)),
        "batch_first=True is given, but the first axis of xs is time": batch_first,
        "batch_first=True is given to pack_padded_sequence, but the first axis of xs is time": with_pack(
            enforce_sorted=False, batch_first=True
        ),
        "the sequences stay sorted by length; they belong back into the order in which they came": sorted_out(False, False),
        "hs is put back into the order in which the sequences came, and state_T is not": sorted_out(True, False),
        "state_T is put back into the order in which the sequences came, and hs is not": sorted_out(False, True),
        "lengths are sorted and xs is not: each sequence gets the length of another": lambda params, xs, lengths: (
            packed_states(params, xs, lengths.sort(descending=True).values)
        ),
        "every sequence is one step too short": lambda params, xs, lengths: packed_states(params, xs, lengths - 1),
        "the padding of hs holds ones or other numbers; it is zero": but(
            lambda hs, state_T, lengths: (torch.where(real(hs, lengths), hs, 1), state_T)
        ),
        "the padding of hs repeats the last state; it is zero": but(
            lambda hs, state_T, lengths: (torch.where(real(hs, lengths), hs, state_T.h), state_T)
        ),
        "hs goes on over the padding: the lengths were used for state_T alone": lambda params, xs, lengths: (
            unpacked(params, xs)[0],
            packed_states(params, xs, lengths)[1],
        ),
        "the padding of xs is set to zero and read all the same; zeros move the state, too": lambda params, xs, lengths: (
            unpacked(params, torch.where(real(xs, lengths), xs, 0))
        ),
    },
)
