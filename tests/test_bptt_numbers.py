"""The hand calculation of book/bptt.md: every vector and matrix it writes is the computed one, at its own step, and none is missing."""

import re
from pathlib import Path

import numpy as np
import pytest

from rnncore import sigmoid_cross_entropy_backward as loss_backward
from rnncore import sigmoid_cross_entropy_forward as loss_forward
from rnncore.checks import compare
from rnncore.reference import linear_backward, linear_forward, rnn_forward, rnn_step_backward
from rnncore.widgets.bptt_steps import EMBEDDINGS, OUT, PARAMS, SENTENCES

CHAPTER = Path(__file__).parents[1] / "book" / "bptt.md"
SIX_DECIMALS = {"rtol": 0, "atol": 5.1e-7, "what": "computed"}
LINE = re.compile(r"^(?P<names>.*?)\s*&?= \\begin\{bmatrix\}(?P<values>.*?)\\end\{bmatrix\}", re.MULTILINE)
LABELS = ("(bptt:forward-by-hand)=", "(bptt:second-sentence)=", "### The same with code")


@pytest.fixture(scope="module", params=range(2), ids=list(SENTENCES))
def part(request):
    """One sentence: what the page says of it, and what is computed."""
    page = CHAPTER.read_text(encoding="utf-8")
    start, end = LABELS[request.param : request.param + 2]
    return page.split(start)[1].split(end)[0], computed(*list(SENTENCES.items())[request.param])


def computed(sentence, label):
    xs = np.array([EMBEDDINGS[word] for word in sentence.split()])[:, None]
    T = len(xs)
    hs, h_T, cache = rnn_forward(PARAMS, xs, np.zeros((1, 3)))
    y, out_cache = linear_forward(OUT, h_T)
    loss, loss_cache = loss_forward(y, np.full_like(y, label))
    dy = loss_backward(loss_cache)
    dout, dh = linear_backward(out_cache, dy)
    numbers = {"y": y, "p": loss_cache.probabilities, "L": loss, "dy": dy, "dW_{ho}": dout["weight"]}
    sums = dict.fromkeys(("weight_ih", "weight_hh", "bias_ih"), 0.0)
    for t in range(T, 0, -1):
        terms, dx, dh_before = rnn_step_backward(cache.steps[t - 1], dh)
        numbers |= {f"a_{t}": np.arctanh(hs[t - 1]), f"h_{t}": hs[t - 1], f"1 - h_{t}^2": 1 - hs[t - 1] ** 2, f"dh_{t}": dh, f"dx_{t}": dx}
        numbers |= {f"da_{t}": terms["bias_ih"][None], f"da_{t}^\\top x_{t}": terms["weight_ih"]}
        numbers[f"da_{t}^\\top h_{t - 1}"] = terms["weight_hh"]
        sums = {name: total + terms[name] for name, total in sums.items()}
        dh = dh_before
    numbers |= {"dh_0": dh, "dW_{ih}": sums["weight_ih"], "dW_{hh}": sums["weight_hh"], "db_{ih}": sums["bias_ih"][None]}
    return numbers


def test_every_vector_and_matrix(part):
    page, numbers = part
    written = {re.split(r" &?= ", m["names"])[0]: matrix(m["values"]) for m in LINE.finditer(page)}
    for name, values in written.items():
        compare(name, values, numbers[name], **SIX_DECIMALS)
    assert set(numbers) - set(written) == {"y", "p", "L", "dy"}


def test_output_and_loss(part):
    page, numbers = part
    for name in ("y", "p", "L", "dy"):
        assert re.search(rf"= {np.squeeze(numbers[name]):.6f}(?!\d)", page), name


def matrix(text):
    return np.array([[float(value) for value in row.split("&")] for row in text.split(r"\\")])
