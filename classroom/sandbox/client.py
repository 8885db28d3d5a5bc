"""Jupyter's manager and client for a kernel in a sandbox, without the fixed waits of the general ones."""

import asyncio
import time
from queue import Empty

import zmq.asyncio
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from traitlets import DottedObjectName, Type, default

__all__ = ["SandboxClient", "SandboxManager"]

SPEC = KernelSpec(argv=[], display_name="Lab", language="python", interrupt_mode="message")


class SandboxClient(AsyncKernelClient):
    """A client that waits no longer than it has to."""

    async def _async_wait_for_ready(self, timeout=None):
        """Wait until the kernel answers and its output arrives.

        Raises:
            RuntimeError: after `timeout` seconds, or when the kernel has ended.
        """
        end = time.monotonic() + (60 if timeout is None else timeout)
        while time.monotonic() < end:
            asked = self.kernel_info()
            again = time.monotonic() + 0.5
            replied = idle = False
            while time.monotonic() < again and not (replied and idle):
                channel = self.iopub_channel if replied else self.shell_channel
                try:
                    message = await channel.get_msg(timeout=0.1)
                except Empty:
                    if not await self.parent.is_alive():
                        raise RuntimeError("The kernel ended before it was ready.") from None
                    if replied:
                        break  # output was not listened to yet when it was asked
                    continue
                if message["parent_header"].get("msg_id") == asked:
                    if message["msg_type"] == "kernel_info_reply":
                        self._handle_kernel_info_reply(message)
                        replied = True
                    idle = idle or message["content"].get("execution_state") == "idle"
            if replied and idle:
                return
        raise RuntimeError(f"The kernel did not answer in {timeout} seconds.")

    wait_for_ready = _async_wait_for_ready


class SandboxManager(AsyncKernelManager):
    """A manager whose kernel may send anything: its messages are limited, and it is not waited for."""

    client_class = DottedObjectName("classroom.sandbox.client.SandboxClient")
    client_factory = Type(klass=SandboxClient)

    @property
    def kernel_spec(self):
        return SPEC

    @default("context")
    def _limited(self):
        self._created_context = True
        context = zmq.asyncio.Context()
        context.setsockopt(zmq.MAXMSGSIZE, 32 << 20)
        context.setsockopt(zmq.SNDTIMEO, 3000)
        context.setsockopt(zmq.LINGER, 100)
        return context

    async def _async_wait(self, pollinterval=0.005):
        while await self._async_is_alive():
            await asyncio.sleep(0.005)
