"""Lab 8: whether its text is true, and what its checks say in cases of their own. What holds for every lab is in test_labs.py."""

import numpy as np
import pytest
import torch

import rnncore.reference as reference
from rnncore.checks import compare
from rnncore.checks.labs import lab08
from rnncore.checks.labs.lab08.inputs import draw_both, draw_scores
from rnncore.checks.labs.lab08.two_gradients import bidirectional_backward
from rnncore.checks.labs.lab08.two_readers import bidirectional_forward
from rnncore.reference.tree import leaves, tree_map
from rnncore.tasks import names
from rnncore.tasks.names import TAGS, find_entities
from tests.labs.labs import LABS, solved
from tests.labs.test_labs import failure


@pytest.fixture
def notebook(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return solved("lab08")


def test_what_the_text_says_of_the_data_is_true(notebook):
    vocabulary, test = notebook["vocabulary"], notebook["test"]
    words = [(word, tag) for sentence, tags in test for word, tag in zip(sentence, tags, strict=True)]
    assert 0.25 < np.mean([word not in vocabulary for word, _ in words]) < 0.4
    assert np.mean([word not in vocabulary for word, tag in words if tag != "O"]) > 0.55  # most words of names
    assert not [word for word, tag in words if tag == "O" and word not in vocabulary]
    found = [find_entities(tags) for _, tags in notebook["training"]]
    sizes = {kind: [end - start for one in found for k, start, end in one if k == kind] for kind in ("PER", "LOC", "ORG")}
    assert max(sizes["PER"]) == 2 and np.mean(np.array(sizes["PER"]) == 2) > 0.5  # no person has three words, most have two
    assert max(sizes["LOC"]) > 2 and max(sizes["ORG"]) > 2


def test_what_the_text_says_of_the_curves_is_true(notebook):
    f1, kinds = notebook["f1"], notebook["KINDS"]
    assert all(f1[kind].shape == (4, 6) and notebook["accuracy"][kind].shape == (4,) for kind in kinds)
    end = {kind: f1[kind][:, -1] for kind in kinds}
    middle = {kind: float(np.median(values)) for kind, values in end.items()}
    assert 0.55 < middle["one way"] < 0.75 and 0.85 < middle["both ways"] < 0.94  # two thirds, nine tenths
    gains = (
        middle["both ways"] - middle["one way"],
        middle["two layers"] - middle["both ways"],
        middle["both ways + CRF"] - middle["both ways"],
    )
    assert gains[0] > 0.15 and 0 < gains[1] < 0.1 and 0 < gains[2] < 0.1  # the second direction brings most
    assert end["one way"].max() < min(end[kind].min() for kind in kinds[1:])
    assert end["both ways + CRF"].max() < 0.99
    seeds = max(np.ptp(end["two layers"]), np.ptp(end["both ways + CRF"]))
    assert abs(middle["both ways + CRF"] - middle["two layers"]) <= seeds + 0.01
    early = {kind: float(np.median(values[:, 1])) for kind, values in f1.items()}  # after 50 steps
    assert early["both ways"] < min(early["two layers"], early["both ways + CRF"])
    one_way = np.median(f1["one way"], axis=0)
    assert one_way[-1] - one_way[2] < 0.15  # it stays where it is


def test_what_the_text_says_of_the_matrix_is_true(notebook):
    at = {tag: k for k, tag in enumerate(TAGS)}
    scores = notebook["transitions"]
    for kind in ("PER", "LOC", "ORG"):
        column = scores[:, at[f"I-{kind}"]]
        assert column[at[f"B-{kind}"]] > 0.3
        assert (column[at[f"I-{kind}"]] > 0.2) == (kind != "PER")
        assert max(column[k] for tag, k in at.items() if tag[2:] != kind) < -0.2
        begins = scores[:, at[f"B-{kind}"]]
        assert begins[0] > 0.2 and begins[1:].max() < -0.2
    assert scores[at["I-PER"], at["I-PER"]] < -0.2
    assert scores[at["I-PER"], at["O"]] > 0.1 > -0.2 > scores[at["O"], at["I-PER"]]  # what a transposed Viterbi would see
    assert np.isfinite(scores).all()


def test_an_unknown_first_word_looks_the_same_to_the_tagger_that_reads_one_way(notebook):
    sentences = [(["<new>", *rest], ["O"] * 5) for rest in (["works", "for", "<new>", "."], ["opened", "an", "office", "."])]
    for params in notebook["trained"]["one way"]:
        tokens, _, lengths = notebook["encode_sentences"](sentences, notebook["vocabulary"])
        emissions, _ = notebook["emissions_forward"](params, tokens, lengths)
        assert np.array_equal(emissions[0, 0], emissions[0, 1])
    for params in notebook["trained"]["both ways"]:
        emissions, _ = notebook["emissions_forward"](params, tokens, lengths)
        assert not np.allclose(emissions[0, 0], emissions[0, 1])


def test_without_the_packages_that_hold_the_names_the_lab_runs_to_its_end(monkeypatch, capsys):
    """As in JupyterLite."""
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)

    def missing(where, package):
        raise ModuleNotFoundError(f"{where}: the package {package} is not installed; install it with pip install {package}.")

    monkeypatch.setattr(names, "require", missing)
    for cached in ("_persons", "_places", "_organisations"):
        monkeypatch.setattr(names, cached, getattr(names, cached).__wrapped__)
    notebook = {}
    for cell in LABS["lab08"].cells:
        exec(cell, notebook)
    assert notebook["f1"] == {} and notebook["transitions"].shape == (7, 7)
    assert "The rest of this part is left out. names: the package networkx is not installed" in capsys.readouterr().out


def test_the_gradient_of_every_tagger_is_right(notebook):
    """The experiment's own way back through linear output, layers and CRF: along the gradient, the loss rises as its length says."""
    tokens, tags, lengths = notebook["encode_sentences"](notebook["training"][:6], notebook["vocabulary"])
    mask, rng = reference.length_mask(lengths, len(tokens)), np.random.default_rng(0)
    for kind in notebook["KINDS"]:
        params = notebook["new_params"](rng, kind)
        gradient = notebook["gradients"](params, tokens, tags, lengths)
        length = np.sqrt(sum((d.astype(float) ** 2).sum() for _, d in leaves(gradient)))

        def loss(step, params=params, gradient=gradient, length=length):
            by = step / length
            moved = tree_map(lambda a, slope, by=by: (a + by * slope).astype(a.dtype), params, gradient)
            emissions, _ = notebook["emissions_forward"](moved, tokens, lengths)
            if "crf" in moved:
                return float(reference.crf_loss_forward(moved["crf"], emissions, tags, lengths)[0])
            return float(reference.softmax_cross_entropy_forward(emissions, tags, mask=mask)[0])

        compare(f"slope of {kind}", (loss(0.01) - loss(-0.01)) / 0.02, length, rtol=2e-3, atol=0)


def test_the_layer_is_that_of_pytorch():
    params, xs, _, lengths, _ = next(draw_both(np.random.default_rng(0), np.float64, T=6, B=4, D=3, H=5))
    zero = np.zeros((4, 5))
    ys, state_T, cache = bidirectional_forward(params, xs, reference.BidirectionalState(zero, zero), lengths)
    dys = np.random.default_rng(1).standard_normal(ys.shape)
    dparams, dxs, _ = bidirectional_backward(cache, dys)

    layer = torch.nn.RNN(3, 5, bidirectional=True).double()
    with torch.no_grad():
        for direction, suffix in {"forward": "", "reverse": "_reverse"}.items():
            for name, value in params[direction].items():
                getattr(layer, f"{name}_l0{suffix}").copy_(torch.from_numpy(value))
    inputs = torch.from_numpy(xs).requires_grad_()
    packed = torch.nn.utils.rnn.pack_padded_sequence(inputs, torch.from_numpy(lengths), enforce_sorted=False)
    outputs, ends = layer(packed)
    outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(outputs)
    (outputs * torch.from_numpy(dys)).sum().backward()
    compare("ys", ys, outputs.detach().numpy())
    compare("state_T", list(state_T), list(ends.detach().numpy()))
    compare("dxs", dxs, inputs.grad.numpy())
    for direction, suffix in {"forward": "", "reverse": "_reverse"}.items():
        for name, value in dparams[direction].items():
            compare(name, value, getattr(layer, f"{name}_l0{suffix}").grad.numpy())


def test_a_sum_that_overflows_is_named():
    """Infinities at the same places are the same fault."""

    def naive(params, emissions, lengths):
        def plain(a):
            return np.log(np.exp(a).sum(axis=-1))

        alphas, inside = [params["start"] + emissions[0]], reference.length_mask(lengths, len(emissions))
        for e, now in zip(emissions[1:], inside[1:], strict=True):
            new = plain(alphas[-1][:, None] + params["transitions"].T) + e
            alphas.append(np.where(now[:, None], new, alphas[-1]))
        log_Z = plain(alphas[-1] + params["end"])
        return log_Z, reference.CRFLogPartitionCache(params, emissions, alphas, inside, log_Z)

    words = "exp meets a number that is too large or too small for it: take the largest out of each sum first"
    for seed in range(3):
        message = failure(lab08.log_partition, naive, seed)
        assert "inf but" in message and message.endswith(f" This is what comes out when {words}.")
    for args in draw_scores(np.random.default_rng(0), np.dtype("float32"), T=4, B=3, V=5):
        assert np.isfinite(reference.crf_log_partition_forward(*args)[0]).all()


def test_whole_numbers_of_any_size_are_right_and_others_are_not():
    def tags_as(dtype):
        def other(*args):
            tags, score = reference.crf_viterbi(*args)
            return tags.astype(dtype), score

        return other

    lab08.viterbi.check(tags_as(np.int32), rng=np.random.default_rng(0))
    assert "tags must hold whole numbers, got float64." in failure(lab08.viterbi, tags_as(float))
