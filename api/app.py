"""The application: routes, errors, and what lives as long as the service runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

import anyio.to_thread
from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles

from api import error_answers, openapi, uploads
from api.access.epoch import Epoch
from api.access.identify import Identify
from api.access.identities import Identities
from api.access.oidc import Provider
from api.access.signing_in import SigningIn
from api.audit.refusals import Refusals, RefusalsCounted
from api.checks.checking import Checker
from api.checks.desk import CheckDesk
from api.checks.writer import CheckWriter
from api.deliveries.desk import tidy_up
from api.deps import known_parameters_only
from api.disk_reserve import DiskReserve
from api.holding import Holding
from api.jobs import Jobs, Runner, Workshop
from api.metrics.counts import Counts
from api.metrics.observed import Observed, Routes
from api.metrics.prometheus import Metrics
from api.middleware import BodyLimit, SameOrigin
from api.ogc import routes as ogc
from api.ogc.collections import Extents
from api.outlines import Outlines
from api.pages import Pages
from api.papers import Papers
from api.pools import Pools
from api.routes import (
    account,
    account_factor,
    account_pages,
    account_password,
    administration,
    administration_accounts,
    administration_pages,
    applicants,
    apply,
    audit,
    check_pages,
    checks,
    classifications,
    comparisons,
    deliveries,
    delivery_findings,
    exports,
    features,
    health,
    imports,
    jobs,
    layer_imports,
    layer_pages,
    layer_versions,
    layers,
    metrics,
    overrides,
    pages,
    papers,
    progress,
    proposals,
    run_pages,
    runs,
    sign_in,
    sign_in_oidc,
    site_files,
    sites,
    tiles,
    villages,
)
from api.settings import Settings
from api.shell.client import ClientAddress, networks_of
from api.shell.frame import Frame
from api.shell.headers import SecurityHeaders
from api.shell.places import Places
from api.shell.quota import UploadQuota
from api.shell.rates import Buckets
from api.shell.sizes import MOST_FIELD_BYTES, MOST_FIELDS, MOST_FILES, SizeLimits
from api.shell.throttle import GuessingLimit, RateLimit
from api.short_way import QueryMemory, ShortWay
from api.snapshots import Snapshots
from api.tile_answers import HeldTiles
from api.tile_cache import TileCache
from api.versions.comparing import Comparisons
from api.work import KINDS

STATIC = Path(__file__).parent / "static"
TIANDITU_IMAGES = "https://*.tianditu.gov.cn"

DESCRIPTION = """县级自然资源和规划部门的一张图服务：图层入库与版本、村庄分类、农民建房审查、整治进度。

系统给出建议、证据和依据，由有权的席位作出决定。错误一律为 RFC 9457 问题文档（`application/problem+json`）。"""


def create_app(
    settings: Settings, *, database_url: str, holding: Holding | None = None, epoch: Epoch | None = None, counts: Counts | None = None, place: int = 0, buckets: Buckets | None = None
) -> FastAPI:
    """Make the application on a database. With a `holding` it only answers requests, from the layers held there; without
    one it also follows what is published and does the jobs, as a service in one process.

    The database may be away at the start and later: what needs it answers 503 meanwhile.
    """
    app = FastAPI(
        title=f"村图 {settings.county_name}",
        version=version("cuntu"),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        dependencies=[Depends(known_parameters_only)],
        swagger_ui_oauth2_redirect_url=None,
        form_limits={"max_files": MOST_FILES, "max_fields": MOST_FIELDS, "max_part_size": MOST_FIELD_BYTES},
    )
    pools = Pools.of(database_url, settings)
    pool = pools.requests
    snapshots = Snapshots(pools.work, epsg=settings.epsg, enabled=settings.snapshot, holding=holding)
    app.state.settings = settings
    app.state.pool = pool
    app.state.pools = pools
    app.state.snapshots = snapshots
    app.state.checker = Checker(pool, snapshots, settings)
    app.state.writer = CheckWriter(database_url)
    app.state.desk = CheckDesk(app.state.checker, app.state.writer)
    app.state.asked = QueryMemory()
    app.state.runner = Runner(Workshop(settings, pools.work, snapshots, app.state.checker), KINDS) if holding is None else None
    app.state.jobs = Jobs(pool, queued=app.state.runner.wake) if app.state.runner else Jobs(pool)
    app.state.tiles = TileCache(settings.tile_cache_bytes)
    app.state.outlines = Outlines()
    app.state.extents = Extents()
    app.state.papers = Papers.of_service(pool, settings)
    app.state.pages = Pages(pool, snapshots, settings)
    app.state.comparisons = Comparisons()
    app.state.refusals = Refusals(pools.work)
    _route(app)
    error_answers.install(app)
    openapi.describe(app)
    app.state.epoch = epoch or Epoch()
    app.state.identities = Identities(pool, settings, app.state.epoch)
    app.state.signing_in = SigningIn(pool, settings)
    app.state.provider = Provider(settings) if settings.oidc_issuer and settings.oidc_client_id else None
    _wrap(app, settings, buckets or Buckets())
    _observe(app, settings, counts or Counts(), place)
    return app


def _wrap(app: FastAPI, settings: Settings, buckets: Buckets) -> None:
    """Put what every request passes round the routes; what is added last is passed first."""
    identities = app.state.identities
    app.add_middleware(ShortWay, answers=checks.SHORT_WAYS)
    app.add_middleware(HeldTiles, cache=app.state.tiles)
    app.add_middleware(Places, places=settings.expensive_at_once)
    app.add_middleware(BodyLimit, limit=lambda path: _body_limit(settings, path))
    app.add_middleware(DiskReserve, settings=settings)
    app.add_middleware(UploadQuota, settings=settings, pool=app.state.pool)
    app.add_middleware(RateLimit, settings=settings, buckets=buckets)
    app.add_middleware(Identify, identities=identities)
    app.add_middleware(GuessingLimit, settings=settings, buckets=buckets, identities=identities)
    app.add_middleware(SameOrigin)
    app.add_middleware(RefusalsCounted, refusals=app.state.refusals)
    app.add_middleware(SizeLimits)
    app.add_middleware(Frame, limit_s=settings.request_timeout_s)
    app.add_middleware(SecurityHeaders, image_hosts=TIANDITU_IMAGES if settings.tianditu_key else "")
    app.add_middleware(ClientAddress, trusted=networks_of(settings.trusted_proxies))



def _observe(app: FastAPI, settings: Settings, counts: Counts, place: int) -> None:
    """Count and write down every request; outside of all else that it passes."""
    routes = Routes()
    routes.learn(app)
    app.state.tally = counts.tally(place)
    app.state.tiles.tally = app.state.tally
    app.state.metrics = Metrics(counts, routes.names, app.state.pool, settings)
    app.add_middleware(Observed, tally=app.state.tally, routes=routes, slow_s=settings.slow_request_s)


def routed() -> FastAPI:
    """Return an application that has all routes and nothing behind them, to be looked at."""
    app = FastAPI(docs_url=None, redoc_url=None)
    _route(app)
    return app


def _route(app: FastAPI) -> None:
    app.include_router(health.router)
    app.include_router(metrics.router)
    for module in (layers, layer_imports, deliveries, delivery_findings, layer_versions, comparisons, exports, villages, classifications, papers, checks, overrides, applicants, runs, proposals, progress, jobs, features, site_files, sites, account, administration, administration_accounts, audit):
        app.include_router(module.router, prefix="/api/v1")
    app.include_router(ogc.router)
    app.include_router(tiles.router)
    app.include_router(pages.router)
    app.include_router(administration_pages.router)
    app.include_router(audit.pages)
    for router in (sign_in.router, sign_in_oidc.router, sign_in_oidc.answers, account_pages.router, account_password.router, account_factor.router):
        app.include_router(router)
    app.include_router(check_pages.router)
    app.include_router(apply.router)
    app.include_router(applicants.pages)
    app.include_router(run_pages.router)
    app.include_router(layer_pages.router)
    app.include_router(imports.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")


def _body_limit(settings: Settings, path: str) -> int:
    if path.endswith(("/imports", "/api/v1/deliveries")):
        return settings.max_upload_bytes
    if path.endswith(("/checks/batch", "/runs/file")):
        return settings.max_batch_bytes
    return settings.max_body_bytes


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state = app.state
    anyio.to_thread.current_default_thread_limiter().total_tokens = state.settings.threads
    uploads.forget_left()
    state.snapshots.start()
    if state.runner:
        tidy_up(state.pools.work, state.settings)
        state.runner.start()
    state.writer.start()
    state.refusals.start()
    if not state.runner:
        await state.desk.warm_up()
    try:
        yield
    finally:
        await anyio.to_thread.run_sync(_stop, app)


def _stop(app: FastAPI) -> None:
    state = app.state
    state.writer.stop()
    state.refusals.stop()
    if state.runner:
        state.runner.stop()
    state.snapshots.stop()
    state.pools.close()
