"""The fields kept of people, each with its class, purpose, legal basis and retention (data in `personal_fields.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml

CLASS_LABELS = {"sensitive": "敏感个人信息", "personal": "个人信息"}
GROUP_LABELS = {"applicant": "申请人", "member": "家庭成员", "household": "户主、联系人"}


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long: so many `days` after the case was closed, None as long as the register is in use; `source` says where that is from."""

    id: str
    title: str
    days: int | None
    source: str


@dataclass(frozen=True, kw_only=True)
class PersonalField:
    """One field and why it may be kept."""

    group: str
    name: str
    title: str
    class_: str
    purpose: str
    basis: str
    retention: Retention

    @property
    def class_label(self) -> str:
        """The class in Chinese."""
        return CLASS_LABELS[self.class_]

    def notice(self) -> dict[str, str]:
        """What people are told of the field (个人信息保护法 §17, §35), JSON-ready."""
        return {
            "field": self.name, "group": self.group, "title": self.title, "class": self.class_, "class_label": self.class_label,
            "purpose": self.purpose, "basis": self.basis, "retention": self.retention.title,
        }  # fmt: skip


@lru_cache(maxsize=1)
def fields() -> Mapping[str, Mapping[str, PersonalField]]:
    """Return every field by group (`applicant`, `member`, `household`) and name; raises KeyError for an entry that lacks a part."""
    told = _told()
    return MappingProxyType({group: MappingProxyType(dict(_fields(group, told[group]))) for group in GROUP_LABELS})


@lru_cache(maxsize=1)
def retentions() -> Mapping[str, Retention]:
    """Return the retention table."""
    return MappingProxyType({name: Retention(id=name, **entry) for name, entry in _told()["retention"].items()})


def children() -> Mapping[str, str]:
    """Return the rules for people below fourteen: `class`, `purpose`, `basis`."""
    return MappingProxyType(_told()["children"])


def archive() -> Mapping[str, str]:
    """Return what is kept apart from this system, for good: `title`, `kept`, `days`, `source`."""
    return MappingProxyType(_told()["archive"])


def notices(group: str) -> list[dict[str, str]]:
    """Return the notice of every field of a group."""
    return [field.notice() for field in fields()[group].values()]


def _fields(group: str, entries: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, PersonalField]]:
    return [
        (
            name,
            PersonalField(
                group=group, name=name, title=entry["title"], class_=entry["class"], purpose=entry["purpose"], basis=entry["basis"],
                retention=retentions()[entry["retention"]],
            ),
        )
        for name, entry in entries.items()
    ]  # fmt: skip


@lru_cache(maxsize=1)
def _told() -> dict[str, Any]:
    text = resources.files("layers").joinpath("personal_fields.yaml").read_text(encoding="utf-8")
    told: dict[str, Any] = yaml.safe_load(text)
    return told
