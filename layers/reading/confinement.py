"""What the reading process takes from itself before it looks at a file: memory, time, network, and every file but those it needs.

Limits of resources hold on every Unix. The network goes where Linux lets a process leave it (unshare), other files where the kernel has
Landlock (5.13 and later); where it has not, the allow-list of drivers stands alone.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

from layers.reading.limits import Limits

_NEW_USERS, _NEW_NETWORK = 0x10000000, 0x40000000
_NO_NEW_PRIVILEGES, _DIE_WITH_PARENT = 38, 1
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_OF_A_FILE = 0b1100000000000111
"""Rights that make sense for a file: execute, write, read, truncate, device commands."""
_CONNECT = 0b11
_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/proc/self", "/proc/cpuinfo", "/sys/devices/system/cpu", "/dev/null", "/dev/urandom")

_PROJECT = Path(__file__).resolve().parents[2]


def limit(limits: Limits) -> None:
    """Limit this process's memory, time and files, and take the network from it where the system lets it. Before any thread is started."""
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "linux":
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        # Nobody waits for an answer once the service is gone.
        libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
        if libc.unshare(_NEW_NETWORK) != 0:
            libc.unshare(_NEW_USERS | _NEW_NETWORK)
    for kind, most in (
        (resource.RLIMIT_DATA, limits.memory_bytes),
        (resource.RLIMIT_AS, limits.address_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_FSIZE, max(limits.unpacked_bytes, limits.result_bytes)),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError):
            # The soft limit of time has a signal of its own, the hard one kills.
            resource.setrlimit(kind, (most, most + 1 if kind == resource.RLIMIT_CPU else most))


def close_in(path: Path, folder: Path) -> bool:
    """Leave this process only its program, the delivered file to read and its own folder to write in; tell whether the kernel can do so."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, 0, 1) if sys.platform == "linux" else -1
    if version < 1:
        return False
    files = (1 << 13) - 1 | (1 << 13) * (version >= 2) | (1 << 14) * (version >= 3) | (1 << 15) * (version >= 5)
    attributes = struct.pack("=QQ", files, _CONNECT)[: 16 if version >= 4 else 8]
    rules = libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if rules < 0:
        return False
    _allow(libc, rules, [folder], files)
    libraries = {Path(place) for place in (*_SYSTEM, sys.prefix, sys.base_prefix, *sys.path)} - {_PROJECT}
    _allow(libc, rules, [*libraries, _PROJECT / "layers", _PROJECT / "spatial"], _EXECUTE | _READ_FILE | _READ_DIR)
    _allow(libc, rules, _delivered(path), _READ_FILE | _READ_DIR)
    _allow(libc, rules, [path.parent, _PROJECT], _READ_DIR)
    closed: int = libc.syscall(_RESTRICT_SELF, rules, 0)
    os.close(rules)
    return closed == 0


def _delivered(path: Path) -> list[Path]:
    """The file, or the files of a shapefile that lies open; its folder itself is only listed."""
    if path.suffix.lower() != ".shp":
        return [path]
    return [other for other in path.parent.iterdir() if other.stem == path.stem]


def _allow(libc: ctypes.CDLL, rules: int, places: Iterable[Path], rights: int) -> None:
    for place in places:
        if not place.exists():
            continue
        handle = os.open(place, os.O_PATH | os.O_CLOEXEC)
        libc.syscall(_ADD_RULE, rules, 1, struct.pack("=Qi", rights if place.is_dir() else rights & _OF_A_FILE, handle), 0)
        os.close(handle)
