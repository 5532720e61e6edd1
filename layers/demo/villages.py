"""Figures of the villages, drawn so that each village's type follows from the rules and the county's mix is plausible."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.demo.facts import read_facts
from layers.demo.grid import Ints

_SHARES = (("relocation", 0.072), ("retain", 0.26), ("characteristic", 0.09), ("undetermined", 0.048))
_SUBURBAN = 0.14
_REASONS = ("plan", "hollow", "hazard", "plan", "redline", "hollow", "project", "plan", "hazard", "loss", "hollow", "plan", "redline", "hollow", "plan")
_LISTS = ("中国传统村落", "湖北省传统村落", "中国历史文化名村", "中国少数民族特色村寨", "全国乡村旅游重点村")
_FIGURES = {
    "suburban": ((1300, 3300), (0.03, 0.12), (30, 160), (6, 14), (0.0, 0.05)),
    "centre": ((1550, 2900), (0.04, 0.13), (52, 140), (4, 18), (0.0, 0.04)),
    "retain": ((320, 1050), (0.17, 0.28), (11, 38), (22, 45), (-0.16, -0.02)),
    "characteristic": ((350, 1200), (0.10, 0.28), (15, 60), (15, 45), (-0.10, 0.02)),
    "relocation": ((110, 380), (0.18, 0.36), (1, 9), (35, 70), (-0.30, -0.12)),
}
"""By intended class: resident population, vacancy, collective income 万元, minutes to the town, five-year trend."""


def plan_villages(
    villages: pd.DataFrame, ugb_m: NDArray[np.float64], rural: NDArray[np.bool_], houses: Ints, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the villages with columns `intent` (class the figures are drawn for) and `ground` (why).

    `ugb_m` is the distance of each village's settlement land to the urban boundary in metres, `rural` whether it has any,
    `houses` its buildings: small villages are the ones that move or merely stay.
    """
    count = len(villages)
    intent = np.full(count, "centre", dtype=object)
    ground = np.full(count, "", dtype=object)
    seat = villages["is_town_seat"].to_numpy()
    rank = np.argsort(np.argsort(np.where(rural, ugb_m, np.inf), kind="stable"), kind="stable")
    intent[rural & (ugb_m <= 950) & ((ugb_m <= 30) | (rank < _SUBURBAN * count))] = "suburban"
    intent[~rural] = "urbanized"
    free = np.flatnonzero(rural & (ugb_m > 1050) & ~seat)
    free = free[np.argsort(houses[free] * rng.lognormal(0, 0.35, len(free)), kind="stable")]
    few = len(free) * 3 // 10
    mixed = free[few : int(few + 0.5 * len(free))]
    rng.shuffle(mixed)
    free = np.concatenate([free[:few], mixed, free[few + len(mixed) :]])
    used = 0
    for name, share in _SHARES:
        number = max(round(share * count), 2)
        chosen, used = free[used : used + number], used + number
        intent[chosen] = name
        if name == "relocation":
            ground[chosen] = [_REASONS[k % len(_REASONS)] for k in range(len(chosen))]
        if name == "undetermined":
            ground[chosen] = ["conflict", *["missing"] * (len(chosen) - 1)]
        if name == "characteristic":
            ground[chosen] = ["county list" if k % 6 == 5 else "list" for k in range(len(chosen))]
    central = (intent == "centre") & ~seat
    ground[central] = np.where(rng.uniform(0, 1, central.sum()) < 0.6, "central", "score")
    ground[(intent == "centre") & seat] = "seat"
    return villages.assign(intent=intent, ground=ground)


def village_figures(planned: pd.DataFrame, ugb_m: NDArray[np.float64], share: float, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the catalogue's village figures; `share` is the part of the county that is built."""
    rows = [_figures(intent, ground, rng) for intent, ground in zip(planned["intent"], planned["ground"], strict=True)]
    frame = pd.DataFrame(rows, index=planned.index)
    near = np.where(planned["intent"] == "suburban", rng.uniform(5, 14, len(planned)), 17 + ugb_m / 700 + rng.uniform(0, 6, len(planned)))
    frame["time_county_min"] = np.where(planned["intent"] == "urbanized", rng.uniform(2, 8, len(planned)), near).round(1)
    _scale_people(frame, planned, share)
    frame["households"] = np.maximum((frame["pop_reg"] / rng.uniform(3.4, 4.1, len(frame))).round(), 8).astype(int)
    resident = (frame["households"] * (frame["pop_res"] / frame["pop_reg"]) * rng.uniform(1.0, 1.08, len(frame))).round()
    frame["hh_resident"] = np.clip(resident, 21, frame["households"]).astype(int)
    frame["houses"] = np.rint(frame["households"] * rng.uniform(1.0, 1.25, len(frame))).astype(int)
    hollow = (planned["ground"] == "hollow").to_numpy()
    frame.loc[hollow, "hh_resident"] = rng.integers(7, 18, hollow.sum())
    frame.loc[hollow, "pop_res"] = (frame.loc[hollow, "hh_resident"] * 2.4).round().astype(int) + 90
    frame["pop_reg"] = np.maximum(frame["pop_reg"], frame["pop_res"])
    frame["houses_vacant"] = np.floor(frame["houses"] * frame.pop("vacancy")).astype(int)
    frame["households"] = np.maximum(frame["households"], frame["hh_resident"])
    return _with_gaps(frame, planned, rng)


def _figures(intent: str, ground: str, rng: np.random.Generator) -> dict[str, object]:
    drawn = {"urbanized": "suburban", "undetermined": "retain"}.get(intent, intent)
    people, vacancy, income, minutes, trend = _FIGURES[drawn]
    good = drawn in ("centre", "suburban")
    resident = int(rng.integers(*people))
    loss = rng.uniform(0.05, 0.25) if good else rng.uniform(0.25, 0.5)
    if ground == "hollow":
        vacancy = (0.44, 0.58)
    if ground == "loss":
        resident, loss = int(rng.integers(55, 92)), rng.uniform(0.74, 0.82)
    listed = intent == "characteristic" or ground == "conflict"
    return {
        "pop_res": resident,
        "pop_reg": int(resident / (1 - loss)),
        "pop_trend_5y": round(float(rng.uniform(*trend)), 3),
        "vacancy": rng.uniform(*vacancy),
        "collective_income": round(float(rng.uniform(*income)), 1),
        "has_lead_industry": bool(good or rng.uniform() < 0.15),
        "has_primary_school": bool(good or rng.uniform() < 0.10),
        "has_clinic": bool(good or rng.uniform() < 0.8),
        "has_bus": bool(good or rng.uniform() < 0.45),
        "has_piped_water": bool(good or rng.uniform() < 0.8),
        "time_town_min": round(float(rng.uniform(*minutes)), 1),
        "is_central_village": ground == "central",
        "heritage_lists": _LISTS[int(rng.integers(len(_LISTS)))] if listed and ground != "county list" else "",
        "county_heritage_list": ground == "county list",
        "in_relocation_plan": ground == "plan",
        "major_project": ground == "project",
        "seismic_intensity": 6.0,
        "fault_dist_m": round(float(rng.uniform(2500, 21000)), 0),
        "status": "urbanized" if intent == "urbanized" else "normal",
        "plan_approved": bool(intent != "urbanized" and rng.uniform() < (1.0 if good or intent in ("characteristic", "undetermined") else 0.66) and intent != "relocation"),
    }


def _scale_people(frame: pd.DataFrame, planned: pd.DataFrame, share: float) -> None:
    """Let the registered population add up to the official figure: the town's communities take up the difference."""
    total = round(read_facts().population * share) if share < 1 else read_facts().population
    town = (planned["intent"] == "urbanized").to_numpy()
    left = total - int(frame.loc[~town, "pop_reg"].sum())
    if town.any() and left > 900 * town.sum():
        weight = np.linspace(1.4, 0.6, town.sum())
        people = np.floor(left * weight / weight.sum()).astype(int)
        people[0] += left - people.sum()
        frame.loc[town, "pop_reg"] = people
        frame.loc[town, "pop_res"] = np.floor(people * 0.97).astype(int)
        frame.loc[town, "pop_reg"] = people


def _with_gaps(frame: pd.DataFrame, planned: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Leave figures out: most of them in villages that cannot be typed, single ones here and there."""
    frame = frame.astype(object)
    missing = (planned["ground"] == "missing").to_numpy()
    for name in ("pop_res", "houses_vacant", "hh_resident", "collective_income", "time_county_min", "time_town_min", "pop_trend_5y"):
        frame.loc[missing, name] = None
    frame.loc[missing, ["heritage_lists", "has_lead_industry", "has_bus"]] = None
    central = np.flatnonzero((planned["ground"] == "central").to_numpy())
    frame.loc[frame.index[central[:: max(len(central) // 5, 1)]], "pop_trend_5y"] = None
    return frame


def distance_to(geometries: NDArray[np.object_], target: shapely.Geometry) -> NDArray[np.float64]:
    """Return the distance of each geometry to the target in metres; infinity for empty ones."""
    shapely.prepare(target)
    away = shapely.distance(geometries, target)
    return np.where(np.isnan(away), np.inf, away)
