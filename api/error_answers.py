"""What is answered where an error reaches the application: handlers for the project's own errors, the framework's and the database's."""

from __future__ import annotations

import logging

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from psycopg_pool import TooManyRequests
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match

from api.errors import (
    DATABASE_AWAY,
    BusyError,
    DatabaseAwayError,
    ForbiddenError,
    InternalError,
    LateAnswerError,
    StorageFullError,
    document,
    document_of,
    parameter_errors,
    problem,
)
from spatial.errors import CuntuError

log = logging.getLogger("cuntu.api")

LATE_STATEMENTS = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable)
METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


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
    return [
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    ]


async def on_invalid_request(request: Request, error: Exception) -> Response:
    """Answer parameters of the wrong type or out of range: 400, naming each."""
    assert isinstance(error, RequestValidationError)
    errors = list(parameter_errors(error.errors()))
    detail = "参数有误：" + "；".join(f"{item['place']} {item['message']}" for item in errors)
    return problem(document(400, detail, instance=request.url.path, errors=errors))


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
    return problem(
        document_of(
            ForbiddenError("数据库不允许这项操作：它超出了您的席位的权限、辖区或密级。"), instance=request.url.path
        )
    )


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
