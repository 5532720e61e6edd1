"""Reading a form as a browser sends it: the fields that it has and no others, each once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from api.access import csrf
from api.errors import PayloadTooLargeError, UnsupportedMediaTypeError
from spatial.errors import InputError

FORM = "application/x-www-form-urlencoded"
MOST_BYTES = 20_000
MOST_FIELDS = 60
LONGEST = 4_000


@dataclass(frozen=True)
class Form:
    """The fields of a form; one that was not sent is empty."""

    fields: dict[str, list[str]]

    def text(self, name: str) -> str:
        """Return a field's text."""
        return self.fields.get(name, [""])[0]

    def all(self, name: str) -> list[str]:
        """Return what was ticked under a name."""
        return self.fields.get(name, [])


def posted(
    *names: str, ticked: Collection[str] = (), signed_in: bool = True, checked: bool = True
) -> Callable[[Request], Coroutine[Any, Any, Form]]:
    """Return what reads a form of these fields, for `Depends`, and checks its token: the session's, or before there is one the form's cookie's.

    `ticked` are names that may come more than once; with `checked=False` the handler looks at the token itself. It raises FormTokenError,
    UnsupportedMediaTypeError, PayloadTooLargeError, and InputError for fields that the form does not have, that come twice, or that hold what
    no keyboard types.
    """

    async def read(request: Request) -> Form:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != FORM:
            raise UnsupportedMediaTypeError(f"表单应为 {FORM}。")
        body = await request.body()
        if len(body) > MOST_BYTES:
            raise PayloadTooLargeError(f"表单最多 {MOST_BYTES} 字节。")
        form = Form(_fields(body))
        if checked:
            (csrf.check_session if signed_in else csrf.check_form)(request, form.text(csrf.FIELD))
        problems = list(_problems(form, {csrf.FIELD, *names}, set(ticked)))
        if problems:
            raise InputError("表单有误：", problems=problems)
        return form

    return read


def _fields(body: bytes) -> dict[str, list[str]]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise InputError("表单内容无法读取。") from error
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def _problems(form: Form, single: set[str], ticked: set[str]) -> list[str]:
    found = []
    for name, values in form.fields.items():
        if name not in single | ticked:
            found.append(f"/{name[:40]}：没有这一项")
        elif name in single and len(values) > 1:
            found.append(f"/{name}：只能给一次")
        elif any("\0" in value or len(value) > LONGEST for value in values):
            found.append(f"/{name}：不能有空字符，也不得超过 {LONGEST} 个字符")
    return found
