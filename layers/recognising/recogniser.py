"""What a delivered data set is: layer, fields, code system, encoding, coordinate system. What cannot be told is asked, never guessed."""

from __future__ import annotations

import numpy as np
import shapely

from layers.catalog import layer as catalog_layer
from layers.reading.dataset import RawDataset
from layers.recognising import datum, field_mapping, layer_scores, mojibake
from layers.recognising.code_evidence import CodeFinding, find_system
from layers.recognising.crs_reading import CrsFinding, read_crs
from layers.recognising.field_mapping import FieldMapping
from layers.recognising.recognition import Answers, Recognition
from layers.recognising.surroundings import Surroundings

NO_ANSWERS = Answers()


def recognise(raw: RawDataset, surroundings: Surroundings, answers: Answers = NO_ANSWERS) -> Recognition:
    """Recognise a data set with what a person said of it; what is still open stands in the questions.

    Raises UnknownLayerError for a layer said that the catalogue does not have, LegacyDatumError for data on the datums of 1954 and
    1980, CrsError for an EPSG code that is none, InputError for a code system that is none.
    """
    found = layer_scores.candidates(raw)
    layer, unclear = layer_scores.decide(raw, found)
    if answers.layer is not None and raw.kind != "table":
        layer, unclear = catalog_layer(answers.layer), None
    mapped = field_mapping.mapping(raw, layer, answers.fields) if layer is not None else FieldMapping({})
    codes = find_system(raw, layer, mapped.columns, answers.code_system) if layer is not None else CodeFinding(None)
    crs = read_crs(raw, surroundings, answers) if raw.kind != "table" else CrsFinding(None)
    reading, beside = crs.reading, None
    if layer is not None and reading is not None:
        identifier = mapped.columns.get(layer.identifier)
        reading, beside = datum.decide(raw, layer, identifier, reading, surroundings, answers.display_only)
    garbled = mojibake.question(raw)
    confirmed = [garbled.text] if garbled is not None and raw.encoding.found_by == "given" else []
    asked = (unclear, *mapped.questions, codes.question, None if confirmed else garbled, crs.question, beside)
    return Recognition(
        layer=layer,
        candidates=found,
        code_system=codes.system,
        columns=mapped.columns,
        crs=reading,
        questions=tuple(question for question in asked if question is not None),
        notes=(*mapped.notes, *codes.notes, *confirmed, *crs.notes, *_geometry_notes(raw)),
    )


def _geometry_notes(raw: RawDataset) -> list[str]:
    geometries = np.asarray(raw.frame.geometry.array, dtype=object)
    kinds = [word for word, has in (("高程（Z）", shapely.has_z), ("量测值（M）", shapely.has_m)) if has(geometries).any()]
    return [f"图形带有{'和'.join(kinds)}，只保留平面坐标"] if kinds else []
