"""Lab 12, part 2: from NumPy parameters to a state dict."""

import numpy as np
import torch

from tests.corpus.answers import right, wrong


@right
def plain_loop(params, device="cpu"):
    state_dict = {}
    for name in params:
        state_dict[name + "_l0"] = torch.tensor(params[name]).to(device)
    return state_dict


@right
def from_numpy_and_clone(params, device="cpu"):
    return {f"{key}_l0": torch.from_numpy(value).clone().to(device) for key, value in params.items()}


@right
def copied_array(params, device="cpu"):
    return {"_".join([name, "l0"]): torch.from_numpy(array.copy()).to(device) for name, array in params.items()}


@right
def through_a_layer(params, device="cpu"):
    first = params["weight_ih"]
    layer = torch.nn.LSTM(first.shape[1], first.shape[0] // 4, dtype=torch.from_numpy(first).dtype)
    with torch.no_grad():
        for name, array in params.items():
            getattr(layer, f"{name}_l0").copy_(torch.from_numpy(array))
    return {name: tensor.to(device) for name, tensor in layer.state_dict().items()}


@right
def with_dtype_named(params, device="cpu"):
    kinds = {np.dtype("float32"): torch.float32, np.dtype("float64"): torch.float64}
    names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    return {f"{n}_l0": torch.tensor(params[n], dtype=kinds[params[n].dtype], device=torch.device(device)) for n in reversed(names)}


@right
def with_zip(params, device="cpu"):
    tensors = map(lambda array: torch.asarray(array, copy=True), params.values())
    return dict(zip((f"{name}_l0" for name in params), (tensor.to(device=device) for tensor in tensors), strict=True))


@wrong("the names are left as they are")
def names_unchanged(params, device="cpu"):
    return {name: torch.tensor(array, device=device) for name, array in params.items()}


@wrong("one and zero; it is the letter l")
def ten(params, device="cpu"):
    return {name + "_10": torch.tensor(array, device=device) for name, array in params.items()}


@wrong("without the underscore")
def no_underscore(params, device="cpu"):
    return {name + "l0": torch.tensor(array, device=device) for name, array in params.items()}


@wrong("PyTorch counts from 0")
def layer_one(params, device="cpu"):
    return {f"{name}_l1": torch.tensor(array, device=device) for name, array in params.items()}


@wrong("all tensors are float32")
def legacy_constructor(params, device="cpu"):
    return {f"{name}_l0": torch.Tensor(array).to(device) for name, array in params.items()}


@wrong("all tensors are float32")
def float_call(params, device="cpu"):
    return {f"{name}_l0": torch.from_numpy(array.copy()).float().to(device) for name, array in params.items()}


@wrong("all tensors are float64")
def double_call(params, device="cpu"):
    return {f"{name}_l0": torch.tensor(array).double().to(device) for name, array in params.items()}


@wrong("they share memory; copy it")
def from_numpy(params, device="cpu"):
    return {f"{name}_l0": torch.from_numpy(array).to(device) for name, array in params.items()}


@wrong("they share memory; copy it")
def as_tensor(params, device="cpu"):
    return {f"{name}_l0": torch.as_tensor(array, device=device) for name, array in params.items()}


@wrong("the device is not looked at")
def on_the_cpu(params, device="cpu"):
    return {f"{name}_l0": torch.tensor(array) for name, array in params.items()}


@wrong("the device is not looked at")
def result_of_to_dropped(params, device="cpu"):
    state_dict = {f"{name}_l0": torch.tensor(array) for name, array in params.items()}
    for tensor in state_dict.values():
        tensor.to(device)
    return state_dict


@wrong(None)
def cuda_call(params, device="cpu"):
    return {f"{name}_l0": torch.tensor(array).cuda() for name, array in params.items()}


@wrong("ask for a gradient, as parameters do")
def parameters(params, device="cpu"):
    return {f"{name}_l0": torch.nn.Parameter(torch.tensor(array, device=device)) for name, array in params.items()}


@wrong("the weights are transposed")
def transposed(params, device="cpu"):
    state_dict = {f"{name}_l0": torch.tensor(array, device=device) for name, array in params.items()}
    for name in ("weight_ih_l0", "weight_hh_l0"):
        state_dict[name] = state_dict[name].T
    return state_dict


@wrong("the order i, f, o, g")
def another_order(params, device="cpu"):
    state_dict = {}
    for name, array in params.items():
        i, f, g, o = np.split(array, 4)
        state_dict[f"{name}_l0"] = torch.tensor(np.concatenate([i, f, o, g]), device=device)
    return state_dict


@wrong("the two biases are added up")
def one_bias(params, device="cpu"):
    state_dict = {f"{name}_l0": torch.tensor(array, device=device) for name, array in params.items()}
    state_dict["bias_ih_l0"] = state_dict["bias_ih_l0"] + state_dict["bias_hh_l0"]
    state_dict["bias_hh_l0"] = torch.zeros_like(state_dict["bias_hh_l0"])
    return state_dict


@wrong("the arrays are not turned into tensors")
def only_renamed(params, device="cpu"):
    return {f"{name}_l0": array for name, array in params.items()}


@wrong("as in a larger module")
def prefixed(params, device="cpu"):
    return {f"lstm.{name}_l0": torch.tensor(array, device=device) for name, array in params.items()}


@wrong("got a list of 4")
def list_of_tensors(params, device="cpu"):
    return [torch.tensor(array, device=device) for array in params.values()]


@right
def as_tensor_and_clone(params, device="cpu"):
    return {key + "_l0": torch.as_tensor(params[key], device=device).clone() for key in params}


@right
def moved_with_copy(params, device="cpu"):
    return {f"{name}_l0": torch.from_numpy(array).to(device, copy=True) for name, array in params.items()}


@wrong("the device is given by its place")
def device_by_its_place(params, device="cpu"):
    return {f"{name}_l0": torch.tensor(array, device) for name, array in params.items()}


@wrong("its return stands inside the loop")
def return_in_the_loop(params, device="cpu"):
    state_dict = {}
    for name, array in params.items():
        state_dict[f"{name}_l0"] = torch.tensor(array, device=device)
        return state_dict


@wrong("lists of numbers make")
def through_lists(params, device="cpu"):
    return {f"{name}_l0": torch.tensor(array.tolist(), device=device) for name, array in params.items()}


@wrong("it changed its argument params in place")
def renamed_in_place(params, device="cpu"):
    for name in list(params):
        params[f"{name}_l0"] = torch.tensor(params.pop(name), device=device)
    return params


@wrong("the device is not looked at")
def cuda_or_nothing(params, device="cpu"):
    move = torch.Tensor.cuda if device == "cuda" else torch.Tensor.cpu
    return {f"{name}_l0": move(torch.tensor(array)) for name, array in params.items()}


@wrong(None)
def layer_that_loaded_nothing(params, device="cpu"):
    first = params["weight_ih"]
    return torch.nn.LSTM(first.shape[1], len(first) // 4, device=device, dtype=torch.from_numpy(first).dtype).state_dict()
