"""One end of the wall: it asks the other end and answers it, nested as calls are. Used on both sides.

    Peer.ask         send a request, answer what comes meanwhile, return the values of the reply
    Peer.answer      do what a request asks for and reply
    Gone             the other end can no longer be talked to

Arguments that the callee changed in place are changed at the caller's, too. A tensor with a past has a way back: its gradient is asked for
across the wall when PyTorch goes back through it.
"""

import contextlib
import functools
import sys

import numpy as np

try:
    from classroom.sandbox.inside import wall
    from classroom.sandbox.inside.changes import Snapshot
    from classroom.sandbox.inside.errors import described, rebuilt
    from classroom.sandbox.inside.pack import Pack
    from classroom.sandbox.inside.unpack import Unpack
except ImportError:  # where this folder itself is on the path
    import wall
    from changes import Snapshot
    from errors import described, rebuilt
    from pack import Pack
    from unpack import Unpack

NESTED = 24  # calls within calls
GRAPHS = 100_000


class Gone(BaseException):
    """The other end is gone, or does not read or write any more; nothing that catches errors should take it for one."""


class Peer:
    """One end of the wall.

    Args:
        sock: a connected socket.
        limits: `wall.Limits`.
    """

    def __init__(self, sock, limits=None):
        self.sock, self.limits = sock, limits or wall.Limits()
        self.number = self.nested = 0
        self.called = None  # the function that runs now
        self.graphs = {}  # number -> (tensors, the arguments that they hang on or None, the function)

    # What a side does for the other one.

    def do(self, head, values):
        """Do what a request asks for; return (a list of values, more for the head of the reply)."""
        raise NotImplementedError

    def gradients(self, grads, inputs, **more):
        """Ask for the gradients with respect to the inputs, each like what it belongs to or None."""
        torch, (_, found) = sys.modules["torch"], self.ask("back", grads, **more)
        wall.require(len(found) == len(inputs))
        for one, like in zip(found, inputs, strict=True):
            alike = isinstance(one, torch.Tensor) and (one.shape, one.dtype, one.device) == (like.shape, like.dtype, like.device)
            wall.require(one is None or alike, "a gradient is not like what it belongs to")
        return found

    def report(self, error):
        """What the other side is told of an error."""
        return described(error, self.called)

    def stale(self, head):
        """A reply came that belongs to no question."""
        raise wall.Broken("a reply belongs to no question")

    # Frames.

    def incoming(self):
        """The next frame."""
        try:
            return wall.receive(self.sock, self.limits)
        except (EOFError, OSError):
            raise Gone from None

    def _send(self, head, nodes=(), memory=()):
        try:
            wall.send(self.sock, head, nodes, memory, self.limits)
        except OSError:
            raise Gone from None

    # Asking.

    def ask(self, op, values=(), **more):
        """Send a request; return (the head of the reply, its values)."""
        pack = Pack(self.limits)
        roots = [pack.add(value) for value in values]
        nodes, memory, packed = pack.finish()
        wanting = packed.wanting()
        self.number += 1
        number = self.number
        graph = self._keep(packed.grouped, None)
        head = {"op": op, "number": number, "roots": roots, "graph": graph, "grad": grad_enabled()}
        self._send(head | more, nodes, memory)
        while True:
            head, memory = self.incoming()
            if "op" in head:
                self.answer(head, memory)
            elif head.get("number") == number:
                return self._result(head, memory, packed, wanting)
            else:
                self.stale(head)

    def _result(self, head, memory, packed, wanting):
        if "error" in head:
            raise rebuilt(head["error"])
        changed = head.get("blocks", [])
        wall.require(type(changed) is list and len(changed) <= len(memory))
        new, old = memory[: len(memory) - len(changed)], memory[len(memory) - len(changed) :]
        got = Unpack(head.get("nodes"), new, self.limits, packed, lambda tensors: self._attach(tensors, head.get("graph"), wanting))
        values = [got.value(place) for place in self._places(head.get("roots"))]
        self._change(head.get("changes", []), got, packed)
        for block, memory in zip(changed, old, strict=True):
            block = packed.blocks[wall.natural(block, len(packed.blocks) - 1)]
            wall.require(len(memory) == block.bytes.size)
            if block.writable:
                block.bytes[:] = np.frombuffer(memory, dtype=np.uint8)
        if grad_enabled() is not (head.get("grad") is not False):
            grad_mode(head.get("grad") is not False)  # which the function has switched, for good
        return head, values

    @staticmethod
    def _places(places):
        wall.require(type(places) is list)
        return places

    def _change(self, changes, got, packed):
        """Repeat on the arguments here what was done to them there."""
        torch = sys.modules.get("torch")
        for change in self._places(changes):
            wall.require(type(change) is list and len(change) in (2, 4))
            one, what = packed.objects[wall.natural(change[0], len(packed.objects) - 1)], change[1]
            if isinstance(one, list):
                one[:] = [got.value(place) for place in self._places(what)]
            elif isinstance(one, dict):
                new = [got.value(place) for place in self._places(what)]
                wall.require(len(new) % 2 == 0)
                try:
                    new = dict(zip(new[::2], new[1::2], strict=True))
                except TypeError:
                    raise wall.Broken("a key of a dict cannot be one") from None
                one.clear()
                one.update(new)
            else:
                wall.require(torch is not None and isinstance(one, torch.Tensor) and len(change) == 4 and type(what) is bool)
                self._change_tensor(torch, one, what, *(None if place is None else got.value(place) for place in change[2:]))

    @staticmethod
    def _change_tensor(torch, one, want, grad, data):
        for new in (grad, data):
            wall.require(new is None or isinstance(new, torch.Tensor))
        try:
            if data is not None:
                one.data = data.detach()
            if one.is_leaf:
                one.requires_grad_(want)
                one.grad = grad
        except (RuntimeError, TypeError):
            raise wall.Broken("a tensor cannot be changed so") from None

    # Answering.

    def answer(self, head, memory):
        """Do what a request asks for and reply."""
        wall.require(self.nested < NESTED, "calls are nested too deep")
        number = wall.natural(head.get("number"), 1 << 60)
        got = Unpack(head.get("nodes"), memory, self.limits, attach=lambda tensors: self._attach(tensors, head.get("graph"), ()))
        values = [got.value(place) for place in self._places(head.get("roots"))]
        before, wanting = Snapshot(got.packed), got.packed.wanting()
        self.nested, called = self.nested + 1, self.called
        try:
            with grad_mode(head.get("grad") is not False):
                results, more = self.back(head, values) if head.get("op") == "back" else self.do(head, values)
                recording = grad_enabled()
            pack = Pack(self.limits, got.packed)
            roots = [pack.add(value) for value in results]
            changes, blocks = before.changes(pack)
            nodes, memory, packed = pack.finish()
            memory += [bytes(got.packed.blocks[block].bytes) for block in blocks]
            graph = self._keep(packed.grouped, wanting)
            head = {"number": number, "roots": roots, "changes": changes, "blocks": blocks, "graph": graph, "grad": recording}
            self._send(head | more, nodes, memory)
        except (Gone, wall.Broken):
            raise
        except BaseException as error:
            self._send({"number": number, "error": self.report(error)})
        finally:
            self.nested, self.called = self.nested - 1, called

    # Gradients.

    def _keep(self, tensors, inputs):
        if not tensors:
            return None
        wall.require(len(self.graphs) < GRAPHS, "too many results hang on a graph")
        self.graphs[len(self.graphs)] = tensors, inputs, self.called
        return len(self.graphs) - 1

    def _attach(self, tensors, graph, inputs):
        """Tensors whose past is on the other side; what they hang on here is given."""
        torch = sys.modules["torch"]
        wall.natural(graph, 1 << 60)

        def back(grads):
            here = [place for place, grad in enumerate(grads) if grad is not None]
            if not here:
                return [None] * len(inputs)
            return self.gradients([grads[place] for place in here], inputs, of=graph, places=here)

        with torch.enable_grad():
            return across(torch).apply(back, tensors, torch.zeros((), requires_grad=True), *inputs)

    def back(self, head, grads):
        """Go back through what was sent: to the arguments of the call, or into their own past if they were sent themselves."""
        torch, places = sys.modules.get("torch"), head.get("places")
        graph = self.graphs.get(head.get("of") if type(head.get("of")) is int else None)
        wall.require(torch is not None and graph is not None and type(places) is list and len(places) == len(grads) > 0)
        tensors, inputs, self.called = graph
        ends = [tensors[wall.natural(place, len(tensors) - 1)] for place in places]
        for end, grad in zip(ends, grads, strict=True):
            wall.require(isinstance(grad, torch.Tensor) and (grad.shape, grad.dtype, grad.device) == (end.shape, end.dtype, end.device))
        if inputs is None:
            torch.autograd.backward(ends, grads)
            return [], {}
        wanting = [one for one in inputs if one.requires_grad]
        found = torch.autograd.grad(ends, wanting, grads, retain_graph=True, allow_unused=True) if wanting else ()
        found = dict(zip(map(id, wanting), found, strict=True))
        return [found.get(id(one)) for one in inputs], {}


@functools.cache
def across(torch):
    """The autograd function whose past is on the other side."""

    class Across(torch.autograd.Function):
        @staticmethod
        def forward(ctx, back, tensors, anchor, *inputs):
            ctx.back = back
            ctx.set_materialize_grads(False)
            return tuple(tensors)

        @staticmethod
        def backward(ctx, *grads):
            return None, None, None, *ctx.back(grads)

    return Across


def grad_enabled():
    """Whether PyTorch records what is computed; True where it is not loaded."""
    torch = sys.modules.get("torch")
    return torch is None or torch.is_grad_enabled()


def grad_mode(on):
    """Switch PyTorch's recording, where PyTorch is loaded; used by `with`, it is then as before."""
    torch = sys.modules.get("torch")
    return torch.set_grad_enabled(on) if torch is not None else contextlib.nullcontext()
