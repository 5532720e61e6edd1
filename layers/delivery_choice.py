"""What a person says of a delivered file: which data set, how its text is encoded, and what it is; kept as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from layers.recognising.recognition import Answers


@dataclass(frozen=True, kw_only=True)
class Choice:
    """`dataset` is a data set's name in a file of several, `encoding` that of its text; None: find it out."""

    dataset: str | None = None
    encoding: str | None = None
    answers: Answers = field(default_factory=Answers)

    def to_json(self) -> dict[str, Any]:
        """Write down what was said, without what was not."""
        told = asdict(self.answers) | {"fields": dict(self.answers.fields)}
        said = {name: value for name, value in told.items() if value is not None and value != {}}
        return {name: value for name, value in (("dataset", self.dataset), ("encoding", self.encoding), ("answers", said)) if value}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Choice:
        """Read what `to_json` wrote."""
        return cls(dataset=told.get("dataset"), encoding=told.get("encoding"), answers=Answers(**told.get("answers", {})))
