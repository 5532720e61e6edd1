"""Every action that is written into the audit has a Chinese title."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import layers
from layers.audit import actions as audit_actions
from layers.version_acts import ACT_LABELS

PROJECT = Path(layers.__file__).parents[1]
NAME = re.compile(r"[a-z_]+\.[a-z_]+")
WRITERS = {"note", "_note", "Entry", "made", "_refused", "_fail", "refuse"}


def written():
    """The actions in the code: what stands in calls that write entries."""
    found = {f"layers.{act}" for act in ACT_LABELS}
    for path in [*PROJECT.glob("api/**/*.py"), *PROJECT.glob("layers/**/*.py")]:
        text = path.read_text(encoding="utf-8")
        if "audit" not in text or path.name.startswith("audit_actions"):
            continue
        domain = next(iter(re.findall(r'audit\.note\(conn, f"([a-z]+)\.\{act\}"', text)), None)
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            texts = [item.value for item in [*node.args, *(word.value for word in node.keywords)] if isinstance(item, ast.Constant) and isinstance(item.value, str)]
            if called == "_note" and domain and domain != "layers":
                found |= {f"{domain}.{text}" for text in texts[:1]}
            elif called in WRITERS:
                found |= {text for text in texts if NAME.fullmatch(text)}
    return found


def test_every_action_that_is_written_has_a_title():
    found = written()
    assert len(found) > 40
    assert found - set(audit_actions.titles()) == set()


def test_titles_are_distinct_chinese_words():
    titles = audit_actions.titles()
    assert all(NAME.fullmatch(action) for action in titles)
    assert all(re.search(r"[\u4e00-\u9fff]", title) for title in titles.values())
    assert len(set(titles.values())) == len(titles)


def test_an_action_that_is_not_listed_stands_for_itself():
    assert (audit_actions.title("layers.publish"), audit_actions.title("no.such")) == ("发布图层版本", "no.such")


def test_no_action_has_two_titles():
    """Of two entries with the same key YAML silently takes the last."""
    text = (PROJECT / "layers/audit/actions.yaml").read_text(encoding="utf-8")
    assert len(re.findall(r"^  [a-z_]+\.[a-z_]+: ", text, re.MULTILINE)) == len(audit_actions.titles())
