"""Lab 12, part 1: where tensors are to live."""

import torch

from tests.corpus.answers import right, wrong


@right
def one_expression(available, wanted="auto", dtype="float32"):
    gpu = "cuda" if available.get("cuda") else "mps" if available.get("mps") and dtype == "float32" else "cpu"
    return gpu if wanted == "auto" else wanted


@right
def in_order_of_preference(available, wanted="auto", dtype="float32"):
    if wanted != "auto":
        return wanted
    for name in ("cuda", "mps", "cpu"):
        if name == "mps" and dtype == "float64":
            continue
        if available.get(name, 0):
            return name
    return "cpu"


@right
def with_in(available, wanted="auto", dtype="float32"):
    if wanted == "auto":
        if "cuda" in available and available["cuda"] >= 1:
            wanted = "cuda"
        elif "mps" in available and available["mps"] >= 1 and dtype != "float64":
            wanted = "mps"
        else:
            wanted = "cpu"
    return wanted


@right
def filtered(available, wanted="auto", dtype="float32"):
    good = [name for name, count in available.items() if count > 0 and (name, dtype) != ("mps", "float64")]
    best = next((name for name in ["cuda", "mps"] if name in good), "cpu")
    return {"auto": best}.get(wanted, wanted)


@right
def with_try(available, wanted="auto", dtype="float32"):
    if wanted != "auto":
        return wanted
    try:
        if available["cuda"]:
            return "cuda"
    except KeyError:
        pass
    try:
        if available["mps"] and dtype != "float64":
            return "mps"
    except KeyError:
        pass
    return "cpu"


@right
def match_statement(available, wanted="auto", dtype="float32"):
    print("there is", available)
    match wanted:
        case "auto":
            cuda, mps = (available.get(name, 0) > 0 for name in ("cuda", "mps"))
            return "cuda" if cuda else ("mps" if mps and dtype != "float64" else "cpu")
        case name:
            return name


@wrong("the wish is not looked at")
def forgets_wanted(available, wanted="auto", dtype="float32"):
    if available.get("cuda", 0):
        return "cuda"
    if available.get("mps", 0) and dtype != "float64":
        return "mps"
    return "cpu"


@wrong("a wish is granted only if the device is there")
def asks_first(available, wanted="auto", dtype="float32"):
    kind = wanted.split(":")[0]
    if available.get(kind, 0) > 0:
        return wanted
    return forgets_wanted(available, wanted, dtype)


@wrong('"cuda:1" is not found')
def wanted_as_a_key(available, wanted="auto", dtype="float32"):
    if wanted != "auto" and available.get(wanted, 0) > 0:
        return wanted
    return forgets_wanted(available, wanted, dtype)


@wrong("is looked up with square brackets")
def square_brackets(available, wanted="auto", dtype="float32"):
    if wanted != "auto":
        return wanted
    if available["cuda"] > 0:
        return "cuda"
    if dtype != "float64" and available["mps"] > 0:
        return "mps"
    return "cpu"


@wrong("a key with the count 0 is taken for a device")
def keys_are_enough(available, wanted="auto", dtype="float32"):
    if wanted != "auto":
        return wanted
    if "cuda" in available:
        return "cuda"
    if "mps" in available and dtype != "float64":
        return "mps"
    return "cpu"


@wrong("mps is chosen for float64")
def dtype_ignored(available, wanted="auto", dtype="float32"):
    if wanted != "auto":
        return wanted
    return next((name for name in ("cuda", "mps") if available.get(name, 0) > 0), "cpu")


@wrong("mps is chosen for float64")
def dtype_of_torch(available, wanted="auto", dtype="float32"):
    if wanted != "auto":
        return wanted
    if available.get("cuda", 0) > 0:
        return "cuda"
    if available.get("mps", 0) > 0 and dtype != torch.float64:
        return "mps"
    return "cpu"


@wrong("cuda is not chosen for float64")
def float64_means_cpu(available, wanted="auto", dtype="float32"):
    if wanted != "auto":
        return wanted
    if dtype == "float64":
        return "cpu"
    return dtype_ignored(available)


@wrong("mps is chosen before cuda")
def mac_first(available, wanted="auto", dtype="float32"):
    if wanted != "auto":
        return wanted
    if available.get("mps") and dtype != "float64":
        return "mps"
    return "cuda" if available.get("cuda") else "cpu"


@wrong("the first key with a count is taken")
def first_in_the_dict(available, wanted="auto", dtype="float32"):
    if wanted != "auto":
        return wanted
    return next(filter(available.get, available))


@wrong("a torch.device is returned")
def device_object(available, wanted="auto", dtype="float32"):
    return torch.device(one_expression(available, wanted, dtype))


@wrong("a number is added to the name")
def with_number(available, wanted="auto", dtype="float32"):
    name = one_expression(available, wanted, dtype)
    return "cuda:0" if name == "cuda" else name


@wrong('a device called "gpu"')
def called_gpu(available, wanted="auto", dtype="float32"):
    name = one_expression(available, wanted, dtype)
    return "gpu" if name == "cuda" else name


@wrong('"auto" is given back as it is')
def auto_stays(available, wanted="auto", dtype="float32"):
    if wanted:
        return wanted
    return dtype_ignored(available)


@wrong("is chosen")
def this_computer(available, wanted="auto", dtype="float32"):
    if wanted != "auto":
        return wanted
    return "cuda" if torch.cuda.is_available() else "cpu"


@wrong(None)
def mps_for_half_alone(available, wanted="auto", dtype="float32"):
    if wanted != "auto":
        return wanted
    if available.get("cuda", 0) > 1 or (available.get("cuda", 0) and dtype != "float64"):
        return "cuda"
    return "mps" if available.get("mps", 0) and dtype != "float64" else "cpu"


@right
def struck_from_a_list(available, wanted="auto", dtype="float32"):
    candidates = ["cuda", "mps", "cpu"]
    if dtype == "float64":
        candidates.remove("mps")
    there = [kind for kind in candidates if available.get(kind)]
    return wanted if wanted != "auto" else [*there, "cpu"][0]


@right
def copy_with_every_kind(available, wanted="auto", dtype="float32"):
    count = {"cuda": 0, "mps": 0, **available}
    name = wanted
    if wanted == "auto":
        name = "cpu"
        if count["mps"] and dtype == "float32":
            name = "mps"
        if count["cuda"]:
            name = "cuda"
    return name


@wrong("a wish for mps is not granted in float64")
def mps_refused(available, wanted="auto", dtype="float32"):
    if wanted == "mps" and dtype == "float64":
        return "cpu"
    return one_expression(available, wanted, dtype)


@wrong("only a count of exactly 1 is taken for a device")
def exactly_one(available, wanted="auto", dtype="float32"):
    if wanted != "auto":
        return wanted
    if available.get("cuda") == 1:
        return "cuda"
    if available.get("mps") == 1 and dtype != "float64":
        return "mps"
    return "cpu"


@wrong("the first key that will do is taken")
def first_that_will_do(available, wanted="auto", dtype="float32"):
    if wanted != "auto":
        return wanted
    for kind, count in available.items():
        if count > 0 and not (kind == "mps" and dtype == "float64"):
            return kind
    return "cpu"


@wrong("it returned None")
def no_case_for_all_else(available, wanted="auto", dtype="float32"):
    if wanted != "auto":
        return wanted
    if available.get("cuda", 0) > 0:
        return "cuda"
    elif available.get("mps", 0) > 0:
        if dtype == "float32":
            return "mps"
    else:
        return "cpu"


@wrong(None)
def last_of_several(available, wanted="auto", dtype="float32"):
    name = one_expression(available, wanted, dtype)
    return f"cuda:{available['cuda'] - 1}" if name == "cuda" else name
