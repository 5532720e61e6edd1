"""The lawful way over HTTP and on the command line: for a stored check, or for an application that is not stored."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from api.checks.checking import Basis, Checker
from api.moment import Moment
from layers.checks import StoredCheck
from spatial.application_form import PROPERTIES, read_value
from spatial.permit import Applications
from spatial.proposals import propose, reach
from spatial.proposals_report import proposals_report


def for_applications(checker: Checker, applications: Applications, basis: Basis) -> list[dict[str, Any]]:
    """Return what would make each application lawful, on one basis."""
    return [_report(checker, applications.part(row, row + 1), basis, None) for row in range(len(applications))]


def for_check(checker: Checker, check: StoredCheck) -> dict[str, Any]:
    """Return what would make a stored check's application lawful: its site and statements, the data of its dates, the rules of today."""
    basis = checker.basis(Moment(check.valid_on, check.known_at))
    return _report(checker, stored_application(check), basis, str(check.id))


def stored_application(check: StoredCheck) -> Applications:
    """Return the application of a stored check, as it was sent in. Properties the form no longer has are left out."""
    site, columns = np.empty(1, dtype=object), {}
    site[0] = check.geometry
    for name, spec in PROPERTIES.items():
        given = check.properties.get(name)
        column = np.empty(1, dtype=object)
        column[0] = None if given is None else read_value(spec, given.isoformat() if isinstance(given, date) else given)[0]
        columns[name] = column
    return Applications((check.case_no,), site, columns, check.epsg)


def _report(checker: Checker, application: Applications, basis: Basis, check_id: str | None) -> dict[str, Any]:
    moment = basis.seen.moment
    layers = checker.layers_near(reach(application.sites), basis)
    found = propose(
        application, layers, pack=checker.pack, valid_on=moment.valid_on, known_at=moment.known_at, village_types=basis.types
    )
    return proposals_report(found, check_id=check_id)
