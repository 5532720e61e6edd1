"""The shapes of drawn and uploaded sites over the wire."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from api.versions.schemas import LayerVersion


class SiteCorner(BaseModel):
    """One boundary point (界址点)."""

    label: str = Field(description="J1…Jn，全部圈连续编号")
    part: int = Field(description="第几块，从 1 起")
    ring: int = Field(description="圈号：1 为外圈，其余为内圈（挖空）")
    x_m: float = Field(description="北坐标")
    y_m: float = Field(description="东坐标，不带带号")
    side_m: float = Field(description="到下一点的边长")


class ReadSite(BaseModel):
    """One site of a file."""

    name: str
    geometry: dict[str, Any] = Field(description="GeoJSON，CRS84")
    area_m2: float = Field(description="平面面积")
    corners: list[SiteCorner]


class SiteFileAnswer(BaseModel):
    """What a file with corners holds, in the county's zone. Nothing is stored."""

    kind: Literal["txt", "list", "geojson", "dxf"]
    encoding: str | None
    epsg_in: int = Field(description="读入时的坐标系（4326 为经纬度）")
    epsg: int = Field(description="界址点和面积的坐标系")
    area_method: Literal["planar"]
    sites: list[ReadSite]
    notes: list[str] = Field(description="读入时须告诉上传人的话")


class FeatureAt(BaseModel):
    """One feature at a place, as GeoJSON in CRS84."""

    type: Literal["Feature"]
    id: str
    geometry: dict[str, Any]
    properties: dict[str, Any] = Field(description="目录允许显示的字段")
    corners: list[SiteCorner] = Field(description="面的界址点，平面坐标")
    area_m2: float | None


class FeaturesAt(BaseModel):
    """What lies at a place, the nearest first."""

    type: Literal["FeatureCollection"]
    layer: str
    in_force: LayerVersion
    epsg: int
    features: list[FeatureAt]
