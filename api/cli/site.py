"""`cuntu site`: where in a village or a drawn area a house may be built."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from api.checks.checking import Checker, epsg_of
from api.cli.output import AsJson, print_json, print_table, progress_bar, say
from api.cli.times import KnownAt, ValidOn, moment_of
from api.database import ready_url
from api.json_text import parse_json
from api.sites.siting import sites_for
from api.snapshots import Snapshots
from layers import database
from layers.errors import UnsupportedFileError
from spatial.errors import InputError


def site(
    context: typer.Context,
    village: Annotated[str | None, typer.Option(help="村代码（12 位）")] = None,
    area: Annotated[Path | None, typer.Option(help="画出的范围：GeoJSON 的 Polygon、Feature 或只有一个要素的 FeatureCollection", exists=True, dir_okay=False)] = None,
    width: Annotated[float | None, typer.Option(help="面宽（米）")] = None,
    depth: Annotated[float | None, typer.Option(help="进深（米）")] = None,
    area_m2: Annotated[float | None, typer.Option("--plot-area", help="宅基地面积（㎡）；写了面宽和进深就不用写")] = None,
    application: Annotated[Path | None, typer.Option(help="申请属性的 JSON 文件（一个对象，或一件申请的 GeoJSON Feature）", exists=True, dir_okay=False)] = None,
    own_parcel: Annotated[list[str] | None, typer.Option(help="本户已有的宗地代码，可多次写")] = None,
    limit: Annotated[int, typer.Option(help="最多给几处", min=1, max=50)] = 10,
    crs: Annotated[str | None, typer.Option(help="范围的坐标系，例如 EPSG:4547，默认 CRS84 经纬度")] = None,
    output: Annotated[Path | None, typer.Option(help="全部结果：.json，或只要推荐的地块：.geojson")] = None,
    valid_on: ValidOn = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """在一个村或画出的范围内为一座房屋选址：可建地、推荐的地方和不推荐的理由，与接口相同。"""
    if output and output.suffix.lower() not in (".json", ".geojson"):
        raise UnsupportedFileError(f"“{output.name}”应以 .json 或 .geojson 结尾。")
    body: dict[str, Any] = {"house": {"width_m": width, "depth_m": depth, "area_m2": area_m2}, "own_parcels": own_parcel or [], "limit": limit}
    body |= {"village": village} if village else {}
    body |= {"area": _outline(area)} if area else {}
    body |= {"application": _stated(application)} if application else {}
    with database.pool(ready_url(context.obj), max_size=2) as pool, progress_bar("选址") as report:
        checker = Checker(pool, Snapshots(pool, epsg=context.obj.epsg), context.obj)
        report(0.1, "读取图层")
        basis = checker.basis(moment_of(valid_on, known_at))
        report(0.3, "划出可建地，逐处核查")
        found = sites_for(checker, body, epsg_in=epsg_of(crs), basis=basis)
    if output:
        output.write_bytes(orjson.dumps(found if output.suffix.lower() == ".json" else _collection(found), option=orjson.OPT_INDENT_2))
        say(f"已写入 {output}。")
    if as_json:
        print_json(found)
    else:
        _print(found)


def _outline(path: Path) -> Any:
    """The only polygon of a GeoJSON file; anything else is left for the reading of the request to name."""
    document = parse_json(path.read_bytes())
    if isinstance(document, dict) and document.get("type") == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list) or len(features) != 1:
            raise InputError(f"{path.name} 中应只有一个要素。")
        document = features[0]
    if isinstance(document, dict) and document.get("type") == "Feature":
        return document.get("geometry")
    return document


def _stated(path: Path) -> Any:
    document = parse_json(path.read_bytes())
    return document.get("properties") if isinstance(document, dict) and document.get("type") == "Feature" else document


def _collection(found: dict[str, Any]) -> dict[str, Any]:
    """The proposed sites as GeoJSON in CRS84, ready to be sent to a check."""
    features = [{"type": "Feature", "id": item["id"], "geometry": item["geometry"], "properties": item["properties"]} for item in found["sites"]]
    return {"type": "FeatureCollection", "features": features}


def _print(found: dict[str, Any]) -> None:
    say(found["summary"])
    taken = [[f"{item['rule_id']}{item['branch'] or ''}", item["title"], f"{item['area_m2']:.2f}", f"{item['unknown_m2']:.2f}"] for item in found["taken"]]
    print_table("不可建的地（㎡，按规则次序）", ["规则", "名称", "不准建", "说不清"], taken)
    sites = [[item["rank"], item["kind_label"], item["parcel"], item["verdict_label"], f"{item['score']:.1f}", item["clerk"]] for item in found["sites"]]
    print_table("推荐的地方", ["次序", "类别", "宗地", "结论", "分值", "理由"], sites)
    refused = [[item["kind_label"], item["parcel"], item["verdict_label"], item["clerk"]] for item in found["rejected"]]
    print_table("不推荐的地方", ["类别", "宗地", "结论", "理由"], refused)
    if found["blocked_by"]:
        print_table("建在哪里都通不过的规则", ["规则", "名称", "意见"], [[item["rule_id"], item["title"], item["message"]] for item in found["blocked_by"]])
