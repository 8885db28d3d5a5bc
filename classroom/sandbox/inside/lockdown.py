"""The last things before a learner's code runs: limits on this process, no capabilities, a filter on system calls.

limit   what the kernel can count for each process: memory, size of a file, open files, processor time
lock    no capabilities and no way to new ones; system calls that honest code never needs are refused

The filter is a deny-list. It refuses what would open another way out (new namespaces, mounts, tracing, other kinds of sockets) and
what would take memory that nobody outside can count (memory without a file and without an owner). Read by
`bubblewrap`, by warm kernels and in containers alike, so that all three are the same inside.
"""

import contextlib
import ctypes
import os
import platform
import resource
import struct

__all__ = ["limit", "lock", "program"]

ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}  # machine: AUDIT_ARCH_*, column below
DENIED = {  # name: number on x86_64, on aarch64
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "unshare": (272, 97), "setns": (308, 268), "memfd_create": (319, 279),
    "memfd_secret": (447, 447), "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "kexec_load": (246, 104), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "acct": (163, 89), "fanotify_init": (300, 262), "personality": (135, 92), "syslog": (103, 116), "quotactl": (179, 60),
}  # fmt: skip
CLONE, CLONE3, MMAP, SOCKET = (56, 220), (435, 435), (9, 222), (41, 198)
NAMESPACES = 0x7E020000  # every CLONE_NEW* that clone(2) takes
SHARED_ANONYMOUS = 0x21  # MAP_SHARED | MAP_ANONYMOUS
FAMILIES = (1, 2, 10, 16)  # unix; inet, inet6 and the list of interfaces, which ZeroMQ reads, find an empty network
LOAD, EQUAL, ANY_BIT, AT_LEAST, AND, RETURN = 0x20, 0x15, 0x45, 0x35, 0x54, 0x06
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000  # REFUSE + errno
EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97
SET_DUMPABLE, SET_NO_NEW_PRIVS, SET_SECCOMP, CAPBSET_DROP, CAP_AMBIENT = 4, 38, 22, 24, 47

libc = ctypes.CDLL(None, use_errno=True)


def limit(limits):
    """Set this process's limits.

    Args:
        limits: dict with `memory_mb`, `processes`, `cpu_s` and `file_mb`. Who watches from outside counts the whole tree and says
            why it ends a kernel, so these are a little wider where both count the same.
    """
    wanted = {
        "DATA": int(limits["memory_mb"] * 1.25 + 256) << 20,  # stacks of threads count in full
        "AS": 64 << 30,
        "FSIZE": limits["file_mb"] << 20,
        "CPU": limits["cpu_s"] + 5,
        "NPROC": limits["processes"],
        "NOFILE": 256,
        "MEMLOCK": 1 << 20,
        "MSGQUEUE": 0,
        "CORE": 0,
    }
    for name, value in wanted.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is not None:
            most = resource.getrlimit(number)[1]
            value = int(value) if most == resource.RLIM_INFINITY else min(int(value), most)
            resource.setrlimit(number, (value, value))


def lock():
    """Give up every capability for good and refuse the system calls of the deny-list, in this thread and what it starts."""
    check(libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    drop_capabilities()
    text = program(platform.machine())
    buffer = ctypes.create_string_buffer(text, len(text))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    check(libc.prctl(SET_SECCOMP, 2, ctypes.byref(Program(len(text) // 8, ctypes.addressof(buffer))), 0, 0), "system call filter")


def drop_capabilities():
    """Give up every capability, those that a program started later could have as well."""
    libc.prctl(CAP_AMBIENT, 4, 0, 0, 0)  # clear all
    for capability in range(64):
        libc.prctl(CAPBSET_DROP, capability, 0, 0, 0)  # refused where there is none to drop
    check(libc.capset(struct.pack("II", 0x20080522, 0), bytes(24)), "no capabilities")
    with contextlib.suppress(OSError):
        os.setgroups([])


def check(result, what):
    """Raise OSError, with `what` in its words, where a call of libc returned -1."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def program(machine):
    """Return the filter.

    Args:
        machine: `x86_64` or `aarch64`.
    Returns:
        bytes, eight for each instruction, as the kernel takes them.
    Raises:
        OSError: for any other machine.
    """
    if machine not in ARCHITECTURES:
        raise OSError(f"there is no system call filter for {machine}, only for {' and '.join(ARCHITECTURES)}")
    architecture, column = ARCHITECTURES[machine]
    lines = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, architecture), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    if column == 0:
        lines += [(AT_LEAST, 0, 1, 0x40000000), (RETURN, 0, 0, REFUSE + EPERM)]  # the x32 numbering of the same calls
    for numbers in DENIED.values():
        lines += [(EQUAL, 0, 1, numbers[column]), (RETURN, 0, 0, REFUSE + EPERM)]
    # The C library then takes clone(2), whose flags can be read here.
    lines += [(EQUAL, 0, 1, CLONE3[column]), (RETURN, 0, 0, REFUSE + ENOSYS)]
    end = [(RETURN, 0, 0, REFUSE + EPERM), (RETURN, 0, 0, ALLOW)]
    bodies = {
        CLONE: [(LOAD, 0, 0, 16), (ANY_BIT, 0, 1, NAMESPACES), *end],
        MMAP: [(LOAD, 0, 0, 40), (AND, 0, 0, SHARED_ANONYMOUS), (EQUAL, 0, 1, SHARED_ANONYMOUS), *end],
        SOCKET: [
            (LOAD, 0, 0, 16),
            *[(EQUAL, len(FAMILIES) - 1 - i, int(i == len(FAMILIES) - 1), family) for i, family in enumerate(FAMILIES)],
            (RETURN, 0, 0, ALLOW),
            (RETURN, 0, 0, REFUSE + EAFNOSUPPORT),
        ],
    }
    for numbers, body in bodies.items():
        lines += [(EQUAL, 0, len(body), numbers[column]), *body]
    return b"".join(struct.pack("HBBI", *line) for line in [*lines, (RETURN, 0, 0, ALLOW)])
