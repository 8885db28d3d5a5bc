"""Beam search against every sequence, a naive loop and greedy search, and over the decoder of an encoder-decoder."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import compare
from rnncore.reference.activations import log_softmax
from rnncore.reference.beam import beam_search
from rnncore.reference.decoder_inputs import decoder_step, free_run, teacher_forced_inputs
from rnncore.reference.decoding import generate
from rnncore.reference.encoder_decoder import encoder_decoder_forward, encoder_forward, init_encoder_decoder
from rnncore.reference.gru import gru_step_forward, init_gru
from rnncore.reference.losses import softmax_cross_entropy_forward

T, V, H, END = 4, 3, 5, 2


def model(rng, V=V):
    """A step whose state matters: a GRU over one-hot tokens."""
    params, W_out = init_gru(rng, V, H), 3 * rng.standard_normal((V, H))

    def step(tokens, state):
        h, _ = gru_step_forward(params, np.eye(V)[tokens], state["h"])
        return h @ W_out.T, {"h": h, "count": state["count"] + 1}

    return step, {"h": rng.standard_normal((1, H)), "count": np.zeros(1)}


def all_sequences(V, T, end):
    """Every sequence of T tokens, or fewer if `end` comes and is the last."""
    for length in range(1, T + 1):
        for tokens in itertools.product(range(V), repeat=length):
            open_until_now = end not in tokens[:-1]
            if open_until_now and (length == T or tokens[-1] == end):
                yield list(tokens)


def log_probability(step, state, start, tokens):
    total, last = 0.0, start
    for token in tokens:
        logits, state = step(np.array([last]), state)
        total += log_softmax(logits)[0, token]
        last = token
    return total


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), T=st.integers(1, 4), V=st.integers(1, 3), a=st.sampled_from([0.0, 0.7, 1.0]), ends=st.booleans())
def test_a_beam_of_all_sequences_is_exhaustive_search(seed, T, V, a, ends):
    rng = np.random.default_rng(seed)
    step, state = model(rng, V)
    end = V - 1 if ends else None
    found = beam_search(step, state, 0, width=V**T, max_length=T, end=end, length_normalisation=a)
    sequences = [tokens for tokens in all_sequences(V, T, end)]
    log_p = {tuple(tokens): log_probability(step, state, 0, tokens) for tokens in sequences}
    assert sorted(hypothesis.tokens for hypothesis in found) == sorted(sequences)
    for hypothesis in found:
        compare("log_probability", hypothesis.log_probability, log_p[tuple(hypothesis.tokens)])
        compare("score", hypothesis.score, hypothesis.log_probability / len(hypothesis.tokens) ** a)
    scores = [hypothesis.score for hypothesis in found]
    assert scores == sorted(scores, reverse=True)
    compare("best", scores[0], max(p / len(tokens) ** a for tokens, p in log_p.items()))
    compare("sum of all probabilities", sum(np.exp(hypothesis.log_probability) for hypothesis in found), 1.0)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), T=st.integers(1, 8), V=st.integers(1, 6), ends=st.booleans())
def test_a_beam_of_one_is_greedy_search(seed, T, V, ends):
    step, state = model(np.random.default_rng(seed), V)
    end = V - 1 if ends else None
    (found,) = beam_search(step, state, 0, width=1, max_length=T, end=end)
    greedy = generate(step, state, np.array([0]), choose=lambda logits: logits.argmax(axis=-1), max_length=T, end=end)
    assert found.tokens == greedy[:, 0].tolist()


def naive_beam_search(log_p_after, width, T, end, a):
    """The search in lists: `log_p_after(tokens)` is the log-probability of every token that may follow."""
    beginnings, finished = [([], 0.0)], []
    for t in range(1, T + 1):
        longer = [([*tokens, v], log_p + more) for tokens, log_p in beginnings for v, more in enumerate(log_p_after(tokens))]
        kept = sorted(longer, key=lambda one: one[1], reverse=True)[:width]
        finished += [one for one in kept if one[0][-1] == end or t == T]
        beginnings = [one for one in kept if one[0][-1] != end]
    scored = [(tokens, log_p, log_p / len(tokens) ** a) for tokens, log_p in finished]
    return sorted(scored, key=lambda one: one[2], reverse=True)[:width]


@settings(max_examples=100, deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 5), st.integers(2, 5)),
    width=st.integers(2, 8),
    a=st.sampled_from([0.0, 0.7, 1.0]),
    ends=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_a_beam_of_any_width_is_the_naive_search(sizes, width, a, ends, seed):
    """Random tables, of the last token and of the sum of all before it, which is the state."""
    (T, V), end = sizes, sizes[1] - 1 if ends else None
    table = log_softmax(2 * np.random.default_rng(seed).standard_normal((5, V, V)))

    def step(tokens, sums):
        return table[sums % 5, tokens], sums + tokens

    def log_p_after(tokens):
        return table[sum(tokens[:-1]) % 5, tokens[-1] if tokens else 0]

    found = beam_search(step, np.zeros(1, dtype=int), 0, width=width, max_length=T, end=end, length_normalisation=a)
    expected = naive_beam_search(log_p_after, width, T, end, a)
    assert [hypothesis.tokens for hypothesis in found] == [tokens for tokens, *_ in expected]
    compare("numbers", [tuple(hypothesis[1:]) for hypothesis in found], [tuple(numbers) for _, *numbers in expected])


def test_greedy_search_can_miss_the_best():
    """After the better first token nothing is sure; after the other one everything is."""
    probabilities = np.array([[1e-9, 0.6, 0.4, 1e-9], [0.25] * 4, [1e-9, 1e-9, 1e-9, 1.0], [0.25] * 4])

    def step(tokens, state):
        return np.log(probabilities)[tokens], state

    assert beam_search(step, None, 0, width=1, max_length=2)[0].tokens[0] == 1
    best = beam_search(step, None, 0, width=2, max_length=2)[0]
    assert best.tokens == [2, 3] and abs(best.log_probability - np.log(0.4)) < 1e-6


def test_length_normalisation_ends_the_preference_for_short_sequences():
    def step(tokens, state):  # stop with probability 0.4; else go on for certain, step after step
        return np.log(np.array([[1e-9, 0.6, 0.4], [1e-9, 0.8, 0.2], [1 / 3] * 3]))[tokens], state

    lengths = {a: len(beam_search(step, None, 0, width=4, max_length=6, end=END, length_normalisation=a)[0].tokens) for a in (0.0, 1.0)}
    assert lengths == {0.0: 1, 1.0: 6}


def test_a_forbidden_token_never_comes(rng):
    step, state = model(rng)

    def without_token_1(tokens, state):
        logits, state = step(tokens, state)
        logits[:, 1] = -np.inf
        return logits, state

    found = beam_search(without_token_1, state, 0, width=V**T, max_length=T)
    assert len(found) == 2**T and not any(1 in hypothesis.tokens for hypothesis in found)


@pytest.mark.parametrize("width", [1, 2, 5])
def test_state_follows_its_beginning_and_stays_unchanged(rng, width):
    step, state = model(rng)
    before = {name: value.copy() for name, value in state.items()}
    found = beam_search(step, state, 1, width=width, max_length=T)
    assert len(found) == width
    for hypothesis in found:
        compare("log_probability", hypothesis.log_probability, log_probability(step, state, 1, hypothesis.tokens))
    compare("state", state, before, rtol=0, atol=0)


def encoder_decoder(rng, score, cell="gru"):
    """Parameters and one source of five tokens."""
    return init_encoder_decoder(rng, 7, 8, 4, 6, score=score, cell=cell), rng.integers(0, 7, (5, 1))


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_beam_search_over_the_decoder(rng, cell):
    params, source = encoder_decoder(rng, "additive", cell)
    keys, state, _ = encoder_forward(params["encoder"], source, cell=cell)
    step = decoder_step(params["decoder"], keys, score="additive", cell=cell)
    greedy = free_run(params, source, start=1, max_length=4, end=0, score="additive", cell=cell)
    assert beam_search(step, state, 1, width=1, max_length=4, end=0)[0].tokens == greedy[:, 0].tolist()
    best = beam_search(step, state, 1, width=6, max_length=4)
    for hypothesis in best:
        fed = teacher_forced_inputs(np.array(hypothesis.tokens)[:, None], 1)
        logits, _ = encoder_decoder_forward(params, source, fed, score="additive", cell=cell)
        loss, _ = softmax_cross_entropy_forward(logits, np.array(hypothesis.tokens)[:, None])
        compare("log_probability", hypothesis.log_probability, -loss * 4)


@pytest.mark.parametrize("score", [None, "dot", "scaled_dot", "multiplicative", "additive"])
def test_beam_search_does_not_look_at_the_padding(rng, score):
    """A padded source with its mask, and several beginnings: the sequences that the source alone gives."""
    params, source = encoder_decoder(rng, score)
    keys, state, _ = encoder_forward(params["encoder"], source)
    padded, mask = np.concatenate([keys, 9 + keys[:2]]), np.arange(len(keys) + 2)[:, None] < len(keys)
    steps = decoder_step(params["decoder"], keys, score=score), decoder_step(params["decoder"], padded, mask=mask, score=score)
    expected, found = (beam_search(step, state, 1, width=5, max_length=4, end=0, length_normalisation=0.7) for step in steps)
    assert len(found) == 5
    compare("found", found, expected)
