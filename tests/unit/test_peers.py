from __future__ import annotations

from importlib import import_module

import pytest

from layers import peers


def test_what_is_not_installed_is_named(monkeypatch):
    def absent(module: str) -> object:
        if module in ("sedonadb", "duckdb_extension_spatial"):
            raise ModuleNotFoundError(module)
        return import_module("types")

    monkeypatch.setattr(peers, "import_module", absent)
    with pytest.raises(peers.PeersMissingError) as refused:
        peers.peers()
    assert refused.value.problems == ["缺少 sedonadb", "缺少 duckdb_extension_spatial"]
