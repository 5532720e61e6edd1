"""From errors to answers: one table, and RFC 9457 problem documents. Nothing else in the project knows status codes."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match

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

log = logging.getLogger("cuntu.api")

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

LATE_STATEMENTS = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable)

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

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
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


async def on_cuntu_error(request: Request, error: Exception) -> Response:
    """Answer what the planning logic, the store or the routes refuse; an error's `members` are further ones of its document."""
    assert isinstance(error, CuntuError)
    members = getattr(error, "members", {})
    return problem(document_of(error, instance=request.url.path) | dict(members))


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses: no such path, method not allowed, a broken upload."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    details = {404: f"没有这个地址：{path}", 405: f"{path} 不支持 {request.method} 方法", 400: "请求内容无法读取"}
    detail = details.get(error.status_code, str(error.detail))
    headers = {"Allow": ", ".join(_methods(request))} if error.status_code == 405 else error.headers
    return problem(document(error.status_code, detail, instance=path), headers=headers)


def _methods(request: Request) -> list[str]:
    """The methods of an address: of all routes that it has, not of the first alone (RFC 9110, §15.5.6)."""
    scopes = {method: {**request.scope, "method": method} for method in METHODS}
    return [method for method, scope in scopes.items() if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)]


async def on_invalid_request(request: Request, error: Exception) -> Response:
    """Answer parameters of the wrong type or out of range: 400, naming each."""
    assert isinstance(error, RequestValidationError)
    errors = list(parameter_errors(error.errors()))
    detail = "参数有误：" + "；".join(f"{item['place']} {item['message']}" for item in errors)
    return problem(document(400, detail, instance=request.url.path, errors=errors))


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


async def on_database_away(request: Request, error: Exception) -> Response:
    """Answer while PostgreSQL cannot be reached."""
    log.warning("database away: %s", error)
    return problem(document_of(DatabaseAwayError(), instance=request.url.path))


async def on_late_statement(request: Request, error: Exception) -> Response:
    """Answer where a statement took longer than a request may, or waited too long for another's lock."""
    log.warning("statement given up at %s: %s", request.url.path, type(error).__name__)
    return problem(document_of(LateAnswerError(), instance=request.url.path))


async def on_storage_full(request: Request, error: Exception) -> Response:
    """Answer where PostgreSQL has no room left to write (SQLSTATE 53100)."""
    log.error("the database has no room left")
    return problem(document_of(StorageFullError(), instance=request.url.path))


async def on_busy(request: Request, error: Exception) -> Response:
    """Answer where every connection is in use: of the pool, or of the server (SQLSTATE 53300)."""
    log.warning("no connection to be had: %s", type(error).__name__)
    return problem(document_of(BusyError(), instance=request.url.path))


async def on_refused_by_database(request: Request, error: Exception) -> Response:
    """Answer where the database's own policies refused what a route let through; that is worth a look."""
    log.error("refused by the database at %s", request.url.path, exc_info=error)
    return problem(document_of(ForbiddenError("数据库不允许这项操作：它超出了您的席位的权限、辖区或密级。"), instance=request.url.path))


async def on_client_gone(request: Request, error: Exception) -> Response:
    """End quietly where nobody waits for an answer any more."""
    return Response(status_code=400)


async def on_unexpected(request: Request, error: Exception) -> Response:
    """Answer everything else without telling the inside; the log has it, under the number of the request that the answer gives."""
    number = request.scope.get("state", {}).get("request_id", "")
    log.error("unexpected error at %s, request %s", request.url.path, number, exc_info=error)
    error_told = InternalError(f"服务器内部错误，已记入日志，编号 {number}。") if number else InternalError()
    return problem(document_of(error_told, instance=request.url.path) | ({"request_id": number} if number else {}))


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(CuntuError, on_cuntu_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid_request)
    for kind in DATABASE_AWAY:
        app.add_exception_handler(kind, on_database_away)
    for kind in LATE_STATEMENTS:
        app.add_exception_handler(kind, on_late_statement)
    app.add_exception_handler(psycopg.errors.DiskFull, on_storage_full)
    for busy in (TooManyRequests, psycopg.errors.TooManyConnections):
        app.add_exception_handler(busy, on_busy)
    app.add_exception_handler(psycopg.errors.InsufficientPrivilege, on_refused_by_database)
    app.add_exception_handler(ClientDisconnect, on_client_gone)
    app.add_exception_handler(Exception, on_unexpected)
