from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

API = Path(__file__).resolve().parents[2] / "api"
VENDOR = API / "static" / "vendor"
MANIFEST = json.loads((VENDOR / "MANIFEST.json").read_text(encoding="utf-8"))
OWN = sorted([*(API / "templates").glob("*.html"), *(API / "static" / "js").rglob("*.js"), *(API / "static" / "css").glob("*.css")])


@pytest.mark.parametrize("package", MANIFEST)
def test_vendored_files_are_those_of_the_manifest_with_their_licence(package):
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (VENDOR / package).iterdir()}
    assert files == MANIFEST[package]["sha256"]
    assert any(name.startswith("LICENSE") for name in files)


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_our_own_pages_scripts_and_styles_name_no_other_host(path):
    assert re.findall(r"(?:https?:)?//(?!www\.w3\.org/2000/svg)[a-z0-9.-]+\.[a-z]{2,}", path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", sorted((API / "templates").glob("*.html")), ids=lambda path: path.name)
def test_templates_have_no_inline_style_or_handler_and_say_what_they_need(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)
    assert re.findall(r"<script(?! src=| nonce=)", text) == []
    assert text.startswith("{#-")


@pytest.mark.parametrize("path", sorted((API / "static" / "js").rglob("*.js")), ids=lambda path: path.name)
def test_scripts_put_no_data_into_the_page_as_html(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        if "innerHTML" in line or "insertAdjacentHTML" in line:
            assert re.search(r"innerHTML = '<svg", line), line
