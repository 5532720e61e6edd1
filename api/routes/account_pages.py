"""The page of one's own account: who I am, the seat I act in, my sessions, my tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import own_tokens
from api.access.forms import Form, posted
from api.access.guard import needs
from api.access.own import Me, Self, renew, rotated
from api.access.permissions import permissions, roles
from api.deps import Db
from api.errors import NotFoundError, status_of
from api.moment import Moment
from api.routes.pages import PageRoute, page
from api.routes.sign_in import NO_STORE
from layers import audit, sessions, tokens
from spatial.errors import CuntuError

router = APIRouter(include_in_schema=False, route_class=PageRoute, default_response_class=HTMLResponse)

TokenForm = Annotated[Form, Depends(posted("title", "days", ticked=("permission",)))]


@router.get("/account")
@needs("account.own")
def account(request: Request, me: Me, db: Db) -> HTMLResponse:
    """Who I am and what I can change of it."""
    return _page(request, me, db)


@router.post("/account/seat")
@needs("account.own")
def choose_seat(request: Request, me: Me, db: Db, form: Annotated[Form, Depends(posted("seat"))]) -> Response:
    """Act in another of my seats from now on; the session's secret changes with it."""
    with db.connection() as conn:
        held = {str(seat.id): seat for seat in sessions.seats(conn, me.account, today=Moment.now().valid_on)}
        seat = held.get(form.text("seat"))
        if seat is None:
            raise NotFoundError("您现在没有这个席位。")
        secret = rotated(conn, me, seat=seat.id)
        audit.note(
            conn, "account.choose_seat", f"seat/{seat.id}", details={"before": me.caller.seat_id, "after": seat.id}
        )
    response = _back()
    renew(request, response, secret)
    return response


@router.post("/account/sessions/end")
@needs("account.own")
def end_session(request: Request, me: Me, db: Db, form: Annotated[Form, Depends(posted("session"))]) -> Response:
    """End one of my sessions."""
    chosen = _uuid(form.text("session"))
    with db.connection() as conn:
        if not sessions.end(conn, chosen, account=me.account):
            raise NotFoundError("没有这次登录，或它已结束。")
        audit.note(conn, "account.end_session", f"account/{me.account}", details={"session": str(chosen)})
    request.app.state.epoch.turn()
    return _back()


@router.post("/account/sessions/end-others")
@needs("account.own")
def end_other_sessions(request: Request, me: Me, db: Db, form: Annotated[Form, Depends(posted())]) -> Response:
    """End all my sessions but this one."""
    with db.connection() as conn:
        ended = sessions.end_all(conn, account=me.account, but=me.session)
        audit.note(conn, "account.end_other_sessions", f"account/{me.account}", details={"sessions": ended})
    request.app.state.epoch.turn()
    return _back()


@router.post("/account/tokens")
@needs("account.own")
def make_token(request: Request, me: Me, db: Db, form: TokenForm) -> HTMLResponse:
    """Make a token and show it, this once."""
    days = (
        int(form.text("days"))
        if form.text("days").isascii() and form.text("days").isdigit() and len(form.text("days")) < 5
        else 0
    )
    try:
        with db.connection() as conn:
            made = own_tokens.issue(conn, me.caller, title=form.text("title"), days=days, wanted=form.all("permission"))
    except CuntuError as error:
        return _page(request, me, db, problem=error)
    return page(
        request, "account_token.html", {"token": made, "titles": permissions()}, synthetic=False, headers=NO_STORE
    )


@router.post("/account/tokens/revoke")
@needs("account.own")
def revoke_token(request: Request, me: Me, db: Db, form: Annotated[Form, Depends(posted("token"))]) -> Response:
    """Revoke one of my tokens."""
    with db.connection() as conn:
        if not own_tokens.revoke(conn, me.caller, _uuid(form.text("token"))):
            raise NotFoundError("没有这个令牌，或它已失效。")
    request.app.state.epoch.turn()
    return _back()


def _page(request: Request, me: Self, db: Any, *, problem: CuntuError | None = None) -> HTMLResponse:
    settings = request.app.state.settings
    with db.connection() as conn:
        context: dict[str, Any] = {
            "caller": me.caller,
            "seats": sessions.seats(conn, me.account, today=Moment.now().valid_on),
            "sessions": sessions.of_account(conn, me.account, idle=timedelta(minutes=settings.idle_minutes)),
            "tokens": tokens.of_account(conn, me.account),
        }
    context |= {
        "this_session": me.session,
        "roles": {name: role.title for name, role in roles().items()},
        "titles": permissions(),
        "grantable": own_tokens.grantable(me.caller),
        "days": own_tokens.DAYS,
        "most_days": own_tokens.MOST_DAYS,
        "idle_minutes": settings.idle_minutes,
        "problem": problem,
        "asks_code": settings.second_factor != "none",
    }
    status = status_of(problem) if problem else 200
    return page(request, "account.html", context, synthetic=False, status=status, headers=NO_STORE)


def _back() -> RedirectResponse:
    return RedirectResponse("/account", status_code=303, headers=NO_STORE)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError from None
