"""The pages of deliveries: where files are dropped, and one delivery on its way from recognition to publication."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.access.guard import needs
from api.deliveries.entries import delivery_entry, head_entry
from api.deps import AppSettings, Db, Snapshot, When
from api.routes.pages import Data, PageRoute, is_synthetic, page
from layers import deliveries as store
from layers import delivery_map, jobs
from layers.acceptance import ENCODINGS
from layers.acting import current
from layers.catalog import catalog
from layers.descriptions import town_names
from layers.maps.escape import escape_json
from layers.recognising.zones import all_zones
from spatial.layer import DatasetVersion

router = APIRouter(include_in_schema=False, route_class=PageRoute, default_response_class=HTMLResponse)

PER_PAGE = 50
Tab = Literal["recognise", "check", "stage", "publish"]

SYSTEMS = (("survey", "三调地类（survey）"), ("ydyh2020", "用地用海 2020（ydyh2020）"), ("ydyh2023", "用地用海 2023（ydyh2023）"))


@router.get("/layers/import")
@needs("layers.inspect")
def imports(
    request: Request, when: When, snapshots: Snapshot, db: Db, number: Annotated[int, Query(alias="page", ge=1, le=100_000, description="第几页")] = 1
) -> HTMLResponse:
    """Drop a file; those on their way, newest first."""
    with db.connection() as conn:
        found, total = store.latest(conn, limit=PER_PAGE, offset=(number - 1) * PER_PAGE), store.count(conn)
    following = f"/layers/import?page={number + 1}" if number * PER_PAGE < total else None
    previous = f"/layers/import?page={number - 1}" if number > 1 else None
    context: dict[str, Any] = {"deliveries": [head_entry(item) for item in found], "total": total, "previous": previous, "following": following}
    return page(request, "imports.html", context, synthetic=is_synthetic(snapshots.in_force(when)))


@router.get("/layers/import/{delivery_id}")
@needs("layers.inspect")
def one_import(
    request: Request,
    delivery_id: UUID,
    when: When,
    snapshots: Snapshot,
    data: Data,
    db: Db,
    settings: AppSettings,
    tab: Annotated[Tab | None, Query(description="打开哪一步")] = None,
) -> HTMLResponse:
    """One delivery: what was recognised, what was found, what is left to do."""
    seen, synthetic = snapshots.in_force(when), is_synthetic(snapshots.in_force(when))
    with db.connection() as conn:
        found = store.get(conn, delivery_id)
        drawn = delivery_map.drawn(conn, found, epsg=settings.epsg, outline=data.outline(seen), synthetic=synthetic)
        towns = town_names(conn, epsg=settings.epsg) if found.state in store.OPEN else []
        working = _working(found, jobs.get(conn, found.job_id).state if found.job_id else "done")
    entry = delivery_entry(found)
    recognition, said = found.recognition or {}, found.choice.get("answers", {})
    open_tab = tab or _tab(found)
    replaced = seen.versions.get((recognition.get("layer") or {}).get("id", "")) if _is_compared(found) else None
    told = {"id": str(found.id), "job": str(found.job_id) if working else None, "tab": open_tab, "fields": said.get("fields", {})}
    context: dict[str, Any] = {
        "delivery": entry,
        "seen": recognition,
        "report": entry["summary"],
        "said": said,
        "asked": {item["about"] for item in recognition.get("questions", [])},
        "layers": [(layer.id, layer.title) for layer in catalog().values()],
        "candidate_ids": {item["layer"] for item in recognition.get("candidates", [])},
        "systems": SYSTEMS,
        "encodings": [(option.value, option.label) for option in ENCODINGS],
        "systems_of_coordinates": _coordinate_systems(settings.epsg),
        "towns": towns,
        "map": drawn,
        "tab": open_tab,
        "is_open": found.state in store.OPEN and not working and "layers.deliver" in current().permissions,
        "repairs": _repairs(entry),
        "replaced": replaced,
        "settings": escape_json(told | {"dataset": found.choice.get("dataset"), "others": _others(recognition), **_expected(found, replaced)}),
    }
    return page(request, "import.html", context, synthetic=synthetic)


def _is_compared(found: store.Delivery) -> bool:
    """Whether the version waiting will stand beside what is in force: a draft, or data for showing only, replaces nothing of it."""
    shown_only = ((found.recognition or {}).get("crs") or {}).get("display_only")
    return found.state == "staged" and found.description.get("law_status", "in_force") == "in_force" and not shown_only


def _expected(found: store.Delivery, replaced: DatasetVersion | None) -> dict[str, int | None]:
    return {"expected": replaced.version if replaced else None} if _is_compared(found) else {}


def _others(recognition: dict[str, Any]) -> list[str]:
    return [item["name"] for item in recognition.get("datasets", []) if item["name"] != recognition.get("dataset")]


def _working(found: store.Delivery, job_state: str) -> bool:
    return found.state in store.OPEN and job_state in ("queued", "running")


def _tab(found: store.Delivery) -> Tab:
    if found.state in ("staged", "published"):
        return "publish"
    return "check" if found.state == "checked" else "recognise"


def _repairs(entry: dict[str, Any]) -> list[dict[str, Any]]:
    chosen = set(entry["repairs"])
    offered = (entry["summary"] or {}).get("repairs", [])
    return [item | {"chosen": item["id"] in chosen or "all" in chosen} for item in offered]


def _coordinate_systems(epsg: int) -> list[tuple[str, str]]:
    """Longitude and latitude, the county's zone, and all other zones of CGCS2000."""
    zones = [(str(zone.epsg), zone.label) for prefix in (False, True) for zone in all_zones(prefix=prefix)]
    return [("4490", "2000 国家大地坐标系经纬度（EPSG:4490）"), *sorted(zones, key=lambda item: item[0] != str(epsg))]
