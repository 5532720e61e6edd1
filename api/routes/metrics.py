"""Numbers for a monitoring system."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.access.guard import GuardedRoute, needs
from api.metrics.prometheus import note_state
from api.openapi import problems

router = APIRouter(tags=["运行状态"], route_class=GuardedRoute)

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@router.get(
    "/metrics", summary="运行指标（Prometheus 文本格式）", response_class=Response, responses={200: {"content": {"text/plain": {}}}, **problems(401, 403, 503)}
)
@needs("operations.read")
def metrics(request: Request) -> Response:
    """Everything that is counted, of all processes; for a token of somebody who may read how the service is doing."""
    state = request.app.state
    note_state(state, state.tally)
    return Response(state.metrics.text(), media_type=PROMETHEUS, headers={"Cache-Control": "no-store"})
