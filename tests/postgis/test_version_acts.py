"""Who published what, on which basis, with which law status; and what counts again when a version is withdrawn."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest
from frames import EPSG, meta, moment, published, red_lines, square

from layers import county_time, database, law_status, restoring, version_acts, versions
from layers.acting import SERVICE, on_behalf
from layers.errors import PublishConflictError, SecrecyError, StaleBasisError, VersionStateError
from layers.version_acts import Expected, Signature
from spatial.errors import InputError

LAYER = "ecological_redline"
ZHANG = Signature(officer="张三", unit="县自然资源局", reason="年度更新")
LI = Signature(officer="李四", unit="县自然资源局", reason="勘误")


def counts(conn, day="2026-06-01", known="2099-01-01", **kind):
    found = versions.in_force(conn, valid_on=date.fromisoformat(day), known_at=moment(known), **kind)
    return found[LAYER].version if LAYER in found else None


def staged(conn, *shapes, **changes):
    return versions.stage(conn, red_lines(shapes or None), meta(**changes), epsg=EPSG)


def test_publishing_and_withdrawing_are_logged_with_name_unit_and_reason(db):
    first, second = staged(db), staged(db, square(50))
    versions.publish(db, first, by=ZHANG)
    versions.publish(db, second, by=LI)
    versions.withdraw(db, second, by=ZHANG)
    told = [(act.version, act.act, act.officer, act.reason, dict(act.details)) for act in version_acts.listed(db, layer=LAYER)]
    assert told == [
        (second, "withdraw", "张三", "年度更新", {}),
        (second, "publish", "李四", "勘误", {"closed": [first]}),
        (first, "publish", "张三", "年度更新", {"closed": []}),
    ]
    assert [act.version for act in version_acts.listed(db, version=first)] == [first]


def test_what_a_program_publishes_is_logged_as_such(db):
    version = published(db, red_lines(), meta())
    assert [act.officer for act in version_acts.listed(db, version=version)] == ["cuntu 程序"]


@pytest.mark.parametrize("blank", ["officer", "unit", "reason"])
def test_nobody_acts_without_name_unit_and_reason(blank):
    with pytest.raises(InputError, match=f"/{blank}"):
        Signature(**{"officer": "张三", "unit": "县局", "reason": "更新"} | {blank: " "})


@pytest.mark.parametrize("statement", ["UPDATE version_act SET officer = 'x'", "DELETE FROM version_act", "TRUNCATE version_act"])
def test_the_log_cannot_be_changed(db, statement):
    published(db, red_lines(), meta())
    with pytest.raises(psycopg.errors.RestrictViolation):
        db.execute(statement)


def test_a_discarded_version_leaves_its_name_in_the_log(db):
    version = staged(db, title="试交")
    versions.discard(db, version, by=ZHANG)
    [act] = version_acts.listed(db, layer=LAYER)
    assert (act.act, act.version, act.details["title"], act.details["source_sha256"]) == ("discard", version, "试交", "0" * 64)


def test_of_two_resting_on_the_same_version_the_second_is_told_who_was_first(db_url):
    with database.connect(db_url) as one, database.connect(db_url) as two:
        basis = published(one, red_lines(), meta())
        of_zhang, of_li = staged(one, square(10)), staged(one, square(20))
        one.commit()
        versions.publish(one, of_zhang, by=ZHANG, expected=Expected(basis))
        with pytest.raises(PublishConflictError, match="正在发布"):
            versions.publish(two, of_li, by=LI, expected=Expected(basis))
        two.rollback()
        one.commit()
        named = f"版本 {basis}，而是版本 {of_zhang}.*张三（县自然资源局）于 .* 发布：版本 {of_zhang}"
        with on_behalf(SERVICE), pytest.raises(StaleBasisError, match=named):
            versions.publish(two, of_li, by=LI, expected=Expected(basis))
        two.rollback()
        assert counts(two) == of_zhang
        versions.publish(two, of_li, by=LI, expected=Expected(of_zhang))
        assert counts(two) == of_li


def test_a_publisher_may_rest_on_there_being_no_version(db):
    first, second = staged(db), staged(db)
    versions.publish(db, first, expected=Expected(None))
    with pytest.raises(StaleBasisError, match="没有现行版本"):
        versions.publish(db, second, expected=Expected(None))


def test_the_basis_of_a_plan_of_next_year_is_what_is_in_force_then(db):
    """Two plans for next year: nothing changes today, and still the second publisher must hear of the first."""
    today = published(db, red_lines(), meta())
    next_year = county_time.today() + timedelta(days=400)
    first, second = staged(db, square(10), valid_from=next_year), staged(db, square(20), valid_from=next_year)
    versions.publish(db, first, expected=Expected(today))
    assert counts(db) == today
    with pytest.raises(StaleBasisError, match=f"版本 {first}"):
        versions.publish(db, second, expected=Expected(today))


def test_the_basis_of_a_correction_of_the_past_is_what_was_in_force_on_its_last_day(db):
    old = published(db, red_lines(), meta(valid_from=date(2020, 1, 1), valid_to=date(2023, 1, 1)))
    published(db, red_lines(), meta(valid_from=date(2023, 1, 1)))
    correction = staged(db, square(5), valid_from=date(2020, 1, 1), valid_to=date(2023, 1, 1))
    versions.publish(db, correction, expected=Expected(old))
    assert counts(db, "2022-12-31") == correction


def test_a_version_above_the_deployments_secrecy_is_not_published_either(db):
    version = versions.stage(db, red_lines(), meta(secrecy="secret"), epsg=EPSG, max_secrecy="secret")
    with pytest.raises(SecrecyError):
        versions.publish(db, version, max_secrecy="internal")
    versions.publish(db, version, max_secrecy="secret")


def test_withdrawing_before_a_later_change_is_refused(db):
    version = published(db, red_lines(), meta(), at=moment("2024-01-01"))
    with pytest.raises(VersionStateError, match="早于"):
        versions.withdraw(db, version, at=moment("2023-12-31"))


def test_a_published_draft_is_not_law_and_takes_nothing_out_of_force(db):
    law = published(db, red_lines(), meta(valid_from=date(2021, 1, 1)))
    draft = published(db, red_lines([square(70)]), meta(valid_from=date(2021, 1, 1), law_status="draft"))
    assert counts(db) == law
    assert counts(db, law_status="draft") == draft
    corrected = published(db, red_lines([square(5)]), meta(valid_from=date(2021, 1, 1)))
    assert (counts(db), counts(db, law_status="draft")) == (corrected, draft)


def test_a_draft_declared_in_force_counts_from_its_day_on_as_it_was_known(db):
    law = published(db, red_lines(), meta(valid_from=date(2021, 1, 1)), at=moment("2021-01-01"))
    draft = published(db, red_lines([square(70)]), meta(valid_from=date(2026, 1, 1), law_status="draft"), at=moment("2025-12-01"))
    law_status.declare(db, draft, "in_force", effective_from=date(2026, 3, 1), by=ZHANG)
    assert [counts(db, day) for day in ("2026-02-28", "2026-03-01", "2030-01-01")] == [law, draft, draft]
    assert counts(db, "2026-03-01", known="2025-12-31") == law
    law_status.declare(db, draft, "draft", effective_from=date(2026, 3, 1), by=LI)
    law_status.declare(db, draft, "in_force", effective_from=date(2026, 5, 1), by=LI)
    assert [counts(db, day) for day in ("2026-04-30", "2026-05-01")] == [law, draft]


def test_a_superseded_version_never_counts(db):
    version = published(db, red_lines(), meta())
    law_status.declare(db, version, "superseded", effective_from=date(2026, 6, 1), by=ZHANG)
    assert [counts(db, day) for day in ("2026-05-31", "2026-06-01")] == [version, None]


def test_the_law_status_of_a_staged_version_cannot_be_declared(db):
    with pytest.raises(VersionStateError, match="staged"):
        law_status.declare(db, staged(db), "in_force", effective_from=date(2026, 1, 1), by=ZHANG)
    with pytest.raises(InputError, match="law_status"):
        law_status.declare(db, published(db, red_lines(), meta()), "valid", effective_from=date(2026, 1, 1), by=ZHANG)


def test_data_for_showing_only_never_stand_in_for_data_to_measure_with(db):
    law = published(db, red_lines(), meta())
    shown = published(db, red_lines([square(9)]), meta(display_only=True))
    assert (counts(db), counts(db, display_only=True)) == (law, shown)


def test_withdrawing_does_not_bring_back_what_was_replaced(db):
    published(db, red_lines(), meta())
    wrong = published(db, red_lines([square(50)]), meta())
    versions.withdraw(db, wrong, by=ZHANG)
    assert counts(db) is None


def test_asked_to_restore_it_publishes_the_replaced_version_anew_and_history_stays(db):
    right = published(db, red_lines([square(), square(300)], MC=["甲", "乙"]), meta(title="原成果"), at=moment("2024-01-01"))
    wrong = published(db, red_lines([square(50)]), meta(), at=moment("2025-01-01"))
    [copy] = restoring.withdraw(db, wrong, by=ZHANG, at=moment("2026-01-01"))
    assert [counts(db, known=known) for known in ("2024-06-01", "2025-06-01", "2026-01-01")] == [right, wrong, copy]
    old, new = versions.get(db, right), versions.get(db, copy)
    assert (old.dataset.known_to, old.status) == (moment("2025-01-01"), "published")
    assert (new.checksum, new.dataset.title, new.qa["restores"]) == (old.checksum, "原成果", right)
    rows = "SELECT fid, identifier, attributes, ST_AsEWKB(geom), area_m2 FROM feature WHERE version_id = %s ORDER BY fid"
    assert db.execute(rows, [copy]).fetchall() == db.execute(rows, [right]).fetchall()
    pieces = "SELECT fid, part, ST_AsEWKB(geom) FROM piece WHERE version_id = %s ORDER BY fid, part"
    assert db.execute(pieces, [copy]).fetchall() == db.execute(pieces, [right]).fetchall()
    with pytest.raises(psycopg.errors.RestrictViolation):
        db.execute("DELETE FROM feature WHERE version_id = %s", [copy])


def test_restoring_is_refused_where_there_is_nothing_or_where_later_knowledge_would_be_lost(db):
    first = published(db, red_lines(), meta())
    with pytest.raises(VersionStateError, match="没有替换"):
        restoring.withdraw(db, first, by=ZHANG)
    second = published(db, red_lines([square(50)]), meta())
    later = published(db, red_lines([square(90)]), meta(valid_from=date(2025, 1, 1)))
    with pytest.raises(VersionStateError, match=f"有效期重叠的版本 {later}"):
        restoring.withdraw(db, second, by=ZHANG)
