"""Lab 12, part 3: from a state dict to NumPy parameters."""

import numpy as np
import torch

from tests.corpus.answers import right, wrong


@right
def plain_loop(state_dict):
    params = {}
    for name, tensor in state_dict.items():
        params[name[:-3]] = tensor.detach().cpu().numpy().copy()
    return params


@right
def np_array(state_dict):
    return {name.replace("_l0", ""): np.array(tensor.detach().cpu()) for name, tensor in state_dict.items()}


@right
def cloned_first(state_dict):
    with torch.no_grad():
        return {name.rsplit("_", 1)[0]: tensor.clone().cpu().numpy() for name, tensor in state_dict.items()}


@right
def four_names(state_dict):
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return {n: np.copy(state_dict[n + "_l0"].detach().to("cpu").numpy()) for n in names}


@right
def forced(state_dict):
    return {name.removesuffix("_l0"): tensor.numpy(force=True).copy() for name, tensor in state_dict.items()}


@right
def through_lists(state_dict):
    kinds = {torch.float32: np.float32, torch.float64: np.float64}
    return {key[: key.index("_l0")]: np.array(value.tolist(), dtype=kinds[value.dtype]) for key, value in state_dict.items()}


@right
def stripped(state_dict):
    return {name.rstrip("_l0"): tensor.data.cpu().numpy().copy() for name, tensor in state_dict.items()}


@wrong("without detach")
def no_detach(state_dict):
    return {name.removesuffix("_l0"): tensor.cpu().numpy().copy() for name, tensor in state_dict.items()}


@wrong("or they share memory")
def no_copy(state_dict):
    return {name.removesuffix("_l0"): tensor.detach().cpu().numpy() for name, tensor in state_dict.items()}


@wrong("or they share memory")
def asarray(state_dict):
    return {name.removesuffix("_l0"): np.asarray(tensor.data) for name, tensor in state_dict.items()}


@wrong("the names keep their _l0")
def names_unchanged(state_dict):
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in state_dict.items()}


@wrong("the underscore before l0 is left")
def two_letters(state_dict):
    return {name.replace("l0", ""): tensor.detach().cpu().numpy().copy() for name, tensor in state_dict.items()}


@wrong("one letter too many is cut off")
def four_letters(state_dict):
    return {name[:-4]: tensor.detach().cpu().numpy().copy() for name, tensor in state_dict.items()}


@wrong("cut at the first underscore")
def split_at_underscore(state_dict):
    return {name.split("_")[0]: tensor.detach().cpu().numpy().copy() for name, tensor in state_dict.items()}


@wrong("detached but not turned into arrays")
def still_tensors(state_dict):
    return {name.removesuffix("_l0"): tensor.detach().cpu().clone() for name, tensor in state_dict.items()}


@wrong("the arrays are lists")
def lists(state_dict):
    return {name.removesuffix("_l0"): tensor.detach().cpu().tolist() for name, tensor in state_dict.items()}


@wrong("all arrays are float64")
def from_lists(state_dict):
    return {name.removesuffix("_l0"): np.array(tensor.tolist()) for name, tensor in state_dict.items()}


@wrong("all arrays are float32")
def as_float(state_dict):
    return {name.removesuffix("_l0"): tensor.detach().float().cpu().numpy().copy() for name, tensor in state_dict.items()}


@wrong("the weights are transposed")
def transposed(state_dict):
    return {name.removesuffix("_l0"): tensor.detach().cpu().numpy().T.copy() for name, tensor in state_dict.items()}


@wrong("it changed its argument state_dict in place")
def gradient_switched_off(state_dict):
    for tensor in state_dict.values():
        tensor.requires_grad = False
    return {name.removesuffix("_l0"): tensor.cpu().numpy().copy() for name, tensor in state_dict.items()}


@wrong("it changed its argument state_dict in place")
def popped(state_dict):
    return {name.removesuffix("_l0"): state_dict.pop(name).detach().cpu().numpy().copy() for name in list(state_dict)}


@wrong("bias_hh is left out")
def one_bias(state_dict):
    params = {name.removesuffix("_l0"): tensor.detach().cpu().numpy().copy() for name, tensor in state_dict.items()}
    del params["bias_hh"]
    return params


@wrong("the gradients stand in the place of the numbers")
def grad(state_dict):
    return {name[:-3]: tensor.grad.numpy().copy() for name, tensor in state_dict.items()}


@wrong(None)
def items(state_dict):
    return {name.removesuffix("_l0"): np.array([entry.item() for entry in tensor.detach()]) for name, tensor in state_dict.items()}


@wrong("it stopped")
def dict_detached(state_dict):
    return state_dict.detach().cpu().numpy()


@right
def without_recording(state_dict):
    """Under no_grad a tensor that asks for a gradient does not refuse."""
    with torch.no_grad():
        return {name.removesuffix("_l0"): tensor.cpu().numpy().copy() for name, tensor in state_dict.items()}


@wrong("without detach before it")
def numpy_too_early(state_dict):
    return {name.removesuffix("_l0"): tensor.numpy().detach().cpu().copy() for name, tensor in state_dict.items()}


@wrong("copy is called on a tensor, which has clone")
def copy_of_a_tensor(state_dict):
    return {name.removesuffix("_l0"): tensor.detach().cpu().copy().numpy() for name, tensor in state_dict.items()}


@wrong("its return stands inside the loop")
def return_in_the_loop(state_dict):
    params = {}
    for name, tensor in state_dict.items():
        params[name.removesuffix("_l0")] = tensor.detach().cpu().numpy().copy()
        return params


@wrong("it changed its argument state_dict in place")
def detached_in_place(state_dict):
    return {name.removesuffix("_l0"): tensor.detach_().cpu().numpy().copy() for name, tensor in state_dict.items()}


@wrong("must be a NumPy array")
def no_parentheses(state_dict):
    return {name.removesuffix("_l0"): tensor.detach().cpu().numpy for name, tensor in state_dict.items()}
