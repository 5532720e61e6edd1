"""How much a delivered file may cost, and be."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a file and the process that reads it may not exceed; sizes are in bytes, times in seconds.

    `unpacked_bytes` is the sum of an archive's members, `result_bytes` what is read out of one data set, `geometry_bytes` its
    geometries (16 bytes a vertex). `memory_bytes` is what the process may allocate, `address_bytes` all it may map, with libraries.
    """

    file_bytes: int = 2048 * MIB
    unpacked_bytes: int = 4096 * MIB
    files: int = 2_000
    layers: int = 200
    fields: int = 1_000
    features: int = 2_000_000
    geometry_bytes: int = 1024 * MIB
    result_bytes: int = 4096 * MIB
    head_rows: int = 1_000
    memory_bytes: int = 640 * MIB
    address_bytes: int = 6144 * MIB
    open_files: int = 256
    cpu_s: int = 600
    wall_s: int = 900
