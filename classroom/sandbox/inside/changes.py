"""What a call changed in place in its arguments: lists, dicts, the memory of arrays, and the state of tensors."""

import sys


class Snapshot:
    """The arguments of a call as they came."""

    def __init__(self, packed):
        torch = sys.modules.get("torch")
        self.packed, self.blocks = packed, [bytes(block.bytes) for block in packed.blocks]
        self.trees = {k: parts(one) for k, one in enumerate(packed.objects) if isinstance(one, list | dict)}
        tensors = [(k, one) for k, one in enumerate(packed.objects) if torch is not None and isinstance(one, torch.Tensor)]
        self.tensors = {k: state(one) for k, one in tensors}

    def changes(self, pack):
        """What was changed in place: a list for `Peer._change`, and the numbers of the blocks that are not what they were."""
        changes = []
        for k, before in self.trees.items():
            now = parts(self.packed.objects[k])
            if len(now) != len(before) or any(one is not other for one, other in zip(now, before, strict=True)):
                changes.append([k, [pack.add(one) for one in now]])
        for k, before in self.tensors.items():
            now = state(self.packed.objects[k])
            if now[:3] != before[:3] or now[3] is not before[3]:
                data = None if now[:2] == before[:2] else pack.add(self.packed.objects[k].detach())
                changes.append([k, now[2], None if now[3] is None else pack.add(now[3]), data])
        blocks = [k for k, block in enumerate(self.packed.blocks) if bytes(block.bytes) != self.blocks[k]]
        return changes, blocks


def parts(tree):
    return [one for pair in tree.items() for one in pair] if isinstance(tree, dict) else list(tree)


def state(tensor):
    """Where a tensor's numbers are, their form, whether it wants a gradient, and the one it has."""
    place = tensor.data_ptr() if tensor.device.type == "cpu" else 0
    return place, (tensor.shape, tensor.dtype), tensor.requires_grad, tensor.grad if tensor.is_leaf else None
