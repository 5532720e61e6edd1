"""From errors to answers: one table, and RFC 9457 problem documents. Nothing else in the project knows status codes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
import psycopg
from psycopg_pool import PoolClosed, PoolTimeout
from starlette.responses import Response

from layers.errors import (
    DatasetRefusedError,
    EncodingError,
    SecrecyError,
    TileAddressError,
    UnclearLayerError,
    UnknownRecordError,
    UnknownVersionError,
    UnsafeArchiveError,
    UnsupportedFileError,
)
from layers.personal_cipher import PersonalKeyError
from spatial.errors import CrsError, CuntuError, GeometryError, InputError, UnknownLayerError
from spatial.personal_numbers import scrubbed

PROBLEM_JSON = "application/problem+json"
MOST_ERRORS = 1_000
"""So many problems stand in an answer, each with its place; its detail says how many there are."""


class NotFoundError(CuntuError):
    """没有找到所请求的内容。"""


class CodeEndedError(CuntuError):
    """这个代码已停用。"""

    def __init__(self, message: str, *, members: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.members = members


class CrossSiteError(CuntuError):
    """不接受由其他网站的页面发来的请求。"""


class NotSignedInError(CuntuError):
    """请先登录，或在 Authorization 请求头中给出令牌。"""


class BadTokenError(CuntuError):
    """令牌无效、已过期或已撤销。"""


class ForbiddenError(CuntuError):
    """您的席位没有这项权限。"""


class PasswordChangeError(CuntuError):
    """请先修改初始密码。"""


class SecondFactorError(CuntuError):
    """请先用动态码完成登录。"""


class FormTokenError(CuntuError):
    """表单已失效，请刷新页面后重新提交。"""


class SignInRefusedError(CuntuError):
    """登录没有成功：账户名、密码或动态码有误，或账户已锁定、停用。连续失败后账户会锁定一段时间，请稍后再试或联系管理员。"""


class WrongProofError(CuntuError):
    """密码或动态码有误，或失败次数过多，请稍后再试。"""


class ProviderAnswerError(CuntuError):
    """统一身份认证的应答无效，请重新登录。"""


class ProviderAwayError(CuntuError):
    """统一身份认证暂时无法使用，请稍后再试，或用本系统的密码登录。"""


class TooManyTriesError(CuntuError):
    """失败次数过多，请稍后再试。"""


class PayloadTooLargeError(CuntuError):
    """请求内容超过大小限制。"""


class UnsupportedMediaTypeError(CuntuError):
    """请求内容的类型不受支持。"""


class NotAcceptableError(CuntuError):
    """无法提供请求所接受的格式。"""


class NotReadyError(CuntuError):
    """数据尚未就绪，请稍后再试。"""


class DatabaseAwayError(CuntuError):
    """数据库暂时不可用，正在恢复，请稍后再试。"""


class SlowBodyError(CuntuError):
    """请求内容发送过慢，连接已关闭。"""


class LongAddressError(CuntuError):
    """地址过长。"""


class TooManyRequestsError(CuntuError):
    """请求过于频繁，请稍后再试。"""


class HeadersTooLargeError(CuntuError):
    """请求头过大。"""


class StorageFullError(CuntuError):
    """存储空间不足：查询照常，暂不接受保存和修改，请管理员清理磁盘。未保存的内容请稍后重新提交。"""


class BusyError(CuntuError):
    """数据库连接已用满，请稍后再试。"""


class OverloadedError(CuntuError):
    """同类的计算正在进行，暂时没有空位，请稍后再试。"""


class LateAnswerError(CuntuError):
    """没有在规定的时间内得出结果，请稍后再试，或缩小范围。"""


class InternalError(CuntuError):
    """服务器内部错误，已记入日志。"""


STATUS: dict[type[Exception], int] = {
    InputError: 400,
    GeometryError: 400,
    CrsError: 400,
    DatasetRefusedError: 400,
    EncodingError: 400,
    SecrecyError: 400,
    UnclearLayerError: 400,
    UnsafeArchiveError: 400,
    BadTokenError: 401,
    NotSignedInError: 401,
    CrossSiteError: 403,
    ForbiddenError: 403,
    PasswordChangeError: 403,
    SecondFactorError: 403,
    FormTokenError: 403,
    SignInRefusedError: 403,
    WrongProofError: 403,
    ProviderAnswerError: 403,
    ProviderAwayError: 503,
    TooManyTriesError: 429,
    NotFoundError: 404,
    TileAddressError: 404,
    UnknownLayerError: 404,
    UnknownRecordError: 404,
    UnknownVersionError: 404,
    NotAcceptableError: 406,
    SlowBodyError: 408,
    CodeEndedError: 410,
    PayloadTooLargeError: 413,
    LongAddressError: 414,
    UnsupportedFileError: 415,
    UnsupportedMediaTypeError: 415,
    TooManyRequestsError: 429,
    HeadersTooLargeError: 431,
    CuntuError: 409,
    InternalError: 500,
    NotReadyError: 503,
    PersonalKeyError: 503,
    DatabaseAwayError: 503,
    LateAnswerError: 503,
    OverloadedError: 503,
    BusyError: 503,
    StorageFullError: 507,
}
"""The status of an error is that of its nearest listed class; an error of the project that is not listed is a conflict with the data held."""

DATABASE_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed)

TITLES = {
    400: "请求有误",
    401: "需要登录",
    403: "不允许",
    404: "没有找到",
    405: "方法不受支持",
    406: "无法提供所要求的格式",
    408: "请求超时",
    409: "与现有数据冲突",
    410: "已不存在",
    413: "请求内容过大",
    414: "地址过长",
    415: "内容类型不受支持",
    431: "请求头过大",
    429: "请求过多",
    500: "服务器内部错误",
    503: "服务暂时不可用",
    507: "存储空间不足",
}

PLACE = re.compile(r"^(?P<place>[/?].*?|[A-Za-z_][\w.\-]*)(?:：|: )(?P<message>.+)$", re.DOTALL)


def status_of(error: Exception) -> int:
    """Give the HTTP status of an error of the project."""
    return next((STATUS[cls] for cls in type(error).__mro__ if cls in STATUS), 500)


def placed(problem: str) -> dict[str, str]:
    """Split "place：message", the form in which `CuntuError.problems` name what is wrong where."""
    match = PLACE.match(problem)
    return {"place": match["place"], "message": match["message"].strip()} if match else {"place": "", "message": problem}


def document(status: int, detail: str, *, instance: str, errors: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    """Write a problem document (RFC 9457)."""
    title = TITLES.get(status) or HTTPStatus(status).phrase
    written: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": instance}
    return written | ({"errors": list(errors)} if errors else {})


def document_of(error: CuntuError, *, instance: str) -> dict[str, Any]:
    """Write the problem document of an error of the project."""
    return document(status_of(error), str(error), instance=instance, errors=[placed(item) for item in error.problems[:MOST_ERRORS]])


def problem(written: Mapping[str, Any], *, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a problem document. What it quotes of a request holds no personal numbers."""
    more = {"Retry-After": "3"} if written["status"] == 503 else {}
    return Response(orjson.dumps(scrubbed(written)), status_code=written["status"], media_type=PROBLEM_JSON, headers={**more, **(headers or {})})


def parameter_errors(raw: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, str]]:
    """Say pydantic's findings in Chinese, each with its place: `?name` for the query, `/name` for path and body."""
    for item in raw:
        where, *path = item["loc"]
        place = ("?" if where == "query" else "/") + "/".join(str(part) for part in path)
        yield {"place": place, "message": chinese(str(item["type"]), item.get("ctx") or {})}


MESSAGES = {
    "missing": "缺少",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "float_parsing": "应为数字",
    "float_type": "应为数字",
    "bool_parsing": "应为 true 或 false",
    "bool_type": "应为 true 或 false",
    "string_type": "应为文本",
    "dict_type": "应为对象",
    "list_type": "应为数组",
    "date_parsing": "应为日期，例如 2026-01-01",
    "date_from_datetime_parsing": "应为日期，例如 2026-01-01",
    "date_from_datetime_inexact": "应为日期，例如 2026-01-01",
    "datetime_parsing": "应为时刻，例如 2026-01-01T08:00:00+08:00",
    "datetime_from_date_parsing": "应为时刻，例如 2026-01-01T08:00:00+08:00",
    "string_pattern_mismatch": "格式应为 {pattern}",
    "string_too_long": "不得超过 {max_length} 个字符",
    "string_too_short": "不得少于 {min_length} 个字符",
    "greater_than_equal": "不得小于 {ge}",
    "greater_than": "应大于 {gt}",
    "less_than_equal": "不得大于 {le}",
    "less_than": "应小于 {lt}",
    "enum": "只能是 {expected}",
    "literal_error": "只能是 {expected}",
    "extra_forbidden": "没有这个参数",
    "json_invalid": "不是合法的 JSON",
}


def chinese(kind: str, context: Mapping[str, Any]) -> str:
    """Give the Chinese sentence for one kind of pydantic error."""
    return MESSAGES.get(kind, "取值不合要求").format_map({str(k): v for k, v in context.items()})
