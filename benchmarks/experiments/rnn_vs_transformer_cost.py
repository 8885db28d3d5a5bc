"""What an LSTM, an LSTM with attention and a Transformer of equal parameters cost against T: time of an update, time of a generated token.

    python benchmarks/experiments/rnn_vs_transformer_cost.py       writes rnn_vs_transformer_cost.json beside this file, in a few minutes

The chapter "RNNs and Transformers" reads the result. The models are those of rnn_or_transformer.py, untrained, in two widths. Processor
time with one thread; in every round all candidates take their turn, and a ratio is taken within its round.

    update    forward and backward pass over B sequences of T steps
    token     one token after t others: a step of the LSTM, a step of the Transformer with its cache of keys and values, and the
              Transformer run anew over all t tokens
"""

import json
import platform
import time
from pathlib import Path

import numpy as np
import torch
from rnn_or_transformer import HEADS, LAYERS, MODELS, build, positions, size
from torch.nn import functional as F

B, CLASSES, WIDTHS, LENGTHS, ROUNDS = 4, 96, (32, 128), (32, 64, 128, 256, 512, 1024, 2048), 7
GENERATED = (16, 64, 256, 1024, 4096)


def update(model, tokens):
    F.cross_entropy(model(tokens).flatten(0, 1), tokens.flatten()).backward()


def step(model, token, cache):
    """Logits after one more token (B,), and in cache[layer] the keys and values (B, N, t, D / N) of all tokens so far."""
    t, x = cache[0][0].shape[2], model.embedding(token)
    x = x + positions(t + 1, x.shape[-1])[t]
    for i, block in enumerate(model.blocks.layers):
        attention = block.self_attn
        qkv = F.linear(block.norm1(x), attention.in_proj_weight, attention.in_proj_bias)
        q, k, v = qkv.view(len(x), 3, HEADS, 1, -1).unbind(1)  # each (B, N, 1, D / N)
        cache[i] = [torch.cat([old, new], dim=2) for old, new in zip(cache[i], (k, v), strict=True)]
        x = x + attention.out_proj(F.scaled_dot_product_attention(q, *cache[i]).reshape(len(x), -1))
        x = x + block.linear2(F.gelu(block.linear1(block.norm2(x))))
    return model.out(model.blocks.norm(x))


def empty_cache(width, t=0):
    return [[torch.randn(1, HEADS, t, width // HEADS) for _ in range(2)] for _ in range(LAYERS)]


@torch.no_grad()
def check(model, width):
    """The step with a cache says what the whole sequence says."""
    tokens, cache = torch.randint(0, CLASSES, (20, 1)), empty_cache(width)
    by_steps = torch.stack([step(model, token, cache) for token in tokens])
    torch.testing.assert_close(by_steps, model(tokens), rtol=1e-4, atol=1e-5)


def seconds(function, block=0.02):
    function()  # not timed: the last candidate's numbers are in the caches
    calls, began = 0, time.process_time()
    while (passed := time.process_time() - began) < block:
        function()
        calls += 1
    return passed / calls


def turns(candidates):
    """Seconds of each candidate, ROUNDS of them."""
    rng, taken = np.random.default_rng(0), {name: [] for name in candidates}
    for _ in range(ROUNDS):
        for name in rng.permutation(list(candidates)):
            taken[name].append(float(f"{seconds(candidates[name]):.4g}"))
    return taken


def updates(models):
    """Seconds of an update by T and model."""
    by_length = {}
    for T in LENGTHS:
        tokens = torch.randint(0, CLASSES, (T, B))
        by_length[T] = turns({name: lambda model=model, tokens=tokens: update(model, tokens) for name, model in models.items()})
        print("update", T, {name: float(np.median(values)) for name, values in by_length[T].items()}, flush=True)
    return by_length


@torch.no_grad()
def tokens_at(models, width):
    """Seconds of one token after t others. A step gets the same cache each time: the list is copied, the arrays are not."""
    lstm, transformer, token, by_place = models["LSTM"], models["Transformer"], torch.zeros(1, dtype=torch.long), {}
    zero = torch.zeros(1, 1, lstm.lstm.hidden_size)
    for t in GENERATED:
        cache, all_tokens = empty_cache(width, t), torch.zeros(t + 1, 1, dtype=torch.long)
        by_place[t] = turns(
            {
                "LSTM": lambda: lstm.out(lstm.lstm(lstm.embedding(token[None]), (zero, zero))[0]),
                "Transformer, cache": lambda cache=cache: step(transformer, token, list(cache)),
                "Transformer, no cache": lambda all_tokens=all_tokens: transformer(all_tokens)[-1],
            }
        )
        print("token", t, {name: float(np.median(values)) for name, values in by_place[t].items()}, flush=True)
    return by_place


def main():
    torch.set_num_threads(1)
    began, runs = time.process_time(), []
    for width in WIDTHS:
        models = {name: build(name, CLASSES, CLASSES, 0, width) for name in MODELS}
        check(models["Transformer"].eval(), width)
        models["Transformer"].train()
        run = {"width": width, "parameters": {name: size(model) for name, model in models.items()}}
        run["units"] = {name: model.lstm.hidden_size for name, model in models.items() if name != "Transformer"}
        run["update"] = updates(models)
        run["token"] = tokens_at(models, width)
        runs.append(run)
    result = {
        "script": "benchmarks/experiments/rnn_vs_transformer_cost.py",
        "settings": {"B": B, "classes": CLASSES, "heads": HEADS, "layers": LAYERS, "rounds": ROUNDS},
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__, "PyTorch": torch.__version__},
        "machine": f"{platform.machine()}, one thread",
        "CPU seconds": round(time.process_time() - began),
        "runs": runs,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", "utf8")


if __name__ == "__main__":
    main()
