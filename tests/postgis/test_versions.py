from __future__ import annotations

import threading
from datetime import date, timedelta

import psycopg
import pytest
import shapely
from frames import EPSG, meta, moment, published, red_lines, square

from layers import database, versions
from layers.errors import (
    DatasetRefusedError,
    PublishConflictError,
    SecrecyError,
    UnknownVersionError,
    VersionStateError,
)
from spatial.errors import UnknownLayerError


def red_line_on(conn, day, known):
    found = versions.in_force(conn, valid_on=date.fromisoformat(day), known_at=moment(known))
    return found["ecological_redline"].version if "ecological_redline" in found else None


@pytest.fixture
def survey_and_successor(db):
    """A survey valid from 2020, known from 2020-02; its successor valid from 2024-07, known from 2024-09."""
    old = published(db, red_lines(), meta(valid_from=date(2020, 1, 1)), at=moment("2020-02-01"))
    new = published(db, red_lines([square(500)]), meta(valid_from=date(2024, 7, 1)), at=moment("2024-09-01"))
    return old, new


def test_a_staged_version_is_not_in_force(db):
    versions.stage(db, red_lines(), meta(), epsg=EPSG)
    assert versions.in_force(db, valid_on=date(2024, 1, 1), known_at=moment("2099-01-01")) == {}


def test_a_published_version_carries_its_provenance(db):
    version = published(db, red_lines(), meta(survey_date=date(2023, 12, 31), title="生态红线"), at=moment("2024-01-02"))
    found = versions.in_force(db, valid_on=date(2024, 1, 1), known_at=moment("2024-06-01"))["ecological_redline"]
    assert (found.version, found.title, found.survey_date, found.feature_count) == (version, "生态红线", date(2023, 12, 31), 1)
    assert found.synthetic
    assert found.known_from == moment("2024-01-02")


@pytest.mark.parametrize(
    ("valid_on", "known_at", "expected"),
    [("2023-06-01", "2024-08-31", "old"), ("2023-06-01", "2024-09-01", "old"), ("2024-08-01", "2024-08-31", "old"), ("2024-08-01", "2024-09-01", "new")],
    ids=["old day, old knowledge", "old day, new knowledge", "new day, old knowledge", "new day, new knowledge"],
)
def test_as_of_valid_and_known(db, survey_and_successor, valid_on, known_at, expected):
    assert red_line_on(db, valid_on, known_at) == dict(zip(("old", "new"), survey_and_successor, strict=True))[expected]


@pytest.mark.parametrize(("day", "index"), [("2024-06-30", 0), ("2024-07-01", 1)])
def test_the_successor_begins_on_its_first_valid_day(db, survey_and_successor, day, index):
    assert red_line_on(db, day, "2025-01-01") == survey_and_successor[index]


def test_nothing_was_valid_or_known_before(db, survey_and_successor):
    assert red_line_on(db, "2019-12-31", "2025-01-01") is None
    assert red_line_on(db, "2023-01-01", "2020-01-31") is None


def test_a_correction_closes_what_it_replaces_and_the_past_stays_readable(db):
    wrong = published(db, red_lines(), meta(), at=moment("2020-02-01"))
    right = published(db, red_lines([square(50)]), meta(), at=moment("2022-03-01"))
    assert red_line_on(db, "2021-01-01", "2022-02-28") == wrong
    assert red_line_on(db, "2021-01-01", "2022-03-01") == right
    newest, oldest = versions.history(db, "ecological_redline")
    assert (newest.dataset.version, newest.dataset.known_to) == (right, None)
    assert (oldest.dataset.version, oldest.dataset.known_to) == (wrong, moment("2022-03-01"))


def test_a_version_ends_on_its_valid_to(db):
    version = published(db, red_lines(), meta(valid_to=date(2021, 1, 1)), at=moment("2020-02-01"))
    assert red_line_on(db, "2020-12-31", "2025-01-01") == version
    assert red_line_on(db, "2021-01-01", "2025-01-01") is None


def test_a_withdrawn_version_stays_known_for_the_past_only(db):
    version = published(db, red_lines(), meta(), at=moment("2020-02-01"))
    versions.withdraw(db, version, at=moment("2021-01-01"))
    assert red_line_on(db, "2020-06-01", "2020-12-31") == version
    assert red_line_on(db, "2020-06-01", "2021-01-01") is None
    assert versions.get(db, version).status == "withdrawn"


def test_publishing_twice_or_withdrawing_a_staged_version_is_refused(db):
    version = versions.stage(db, red_lines(), meta(), epsg=EPSG)
    with pytest.raises(VersionStateError):
        versions.withdraw(db, version)
    versions.publish(db, version)
    with pytest.raises(VersionStateError):
        versions.publish(db, version)


def test_publishing_before_the_last_publication_is_refused(db):
    published(db, red_lines(), meta(), at=moment("2024-01-01"))
    version = versions.stage(db, red_lines(), meta(), epsg=EPSG)
    with pytest.raises(VersionStateError, match="早于"):
        versions.publish(db, version, at=moment("2023-12-31"))


def test_unknown_ids_are_named(db):
    with pytest.raises(UnknownVersionError, match="4711"):
        versions.publish(db, 4711)
    with pytest.raises(UnknownVersionError, match="4711"):
        versions.get(db, 4711)
    with pytest.raises(UnknownLayerError):
        versions.history(db, "atlantis")


def test_of_two_publishing_the_same_layer_one_gets_a_clear_error(db_url):
    with database.connect(db_url) as first, database.connect(db_url) as second:
        one = versions.stage(first, red_lines(), meta(), epsg=EPSG)
        first.commit()
        two = versions.stage(second, red_lines(), meta(), epsg=EPSG)
        second.commit()
        versions.publish(first, one)
        with pytest.raises(PublishConflictError, match="生态保护红线"):
            versions.publish(second, two)
        second.rollback()
        first.commit()
        versions.publish(second, two)
        second.commit()
        assert [entry.status for entry in versions.history(second, "ecological_redline")] == ["published", "published"]
        open_ones = [entry.dataset.version for entry in versions.history(second, "ecological_redline") if not entry.dataset.known_to]
        assert open_ones == [two]


def test_racing_publishers_never_leave_two_current_versions(db_url):
    with database.connect(db_url) as conn:
        staged = [versions.stage(conn, red_lines(), meta(), epsg=EPSG) for _ in range(6)]
    outcomes = []

    def race(version):
        try:
            with database.connect(db_url) as own:
                versions.publish(own, version)
            outcomes.append("published")
        except PublishConflictError:
            outcomes.append("conflict")

    threads = [threading.Thread(target=race, args=(version,)) for version in staged]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.connect(db_url) as conn:
        current = [entry for entry in versions.history(conn, "ecological_redline") if entry.status == "published" and not entry.dataset.known_to]
    assert len(outcomes) == 6
    assert outcomes.count("published") >= 1
    assert len(current) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE feature SET identifier = 'x' WHERE version_id = %(id)s",
        "DELETE FROM feature WHERE version_id = %(id)s",
        "UPDATE feature_{id} SET geom = ST_Translate(geom, 1, 0)",
        "DELETE FROM piece WHERE version_id = %(id)s",
        "DELETE FROM piece_{id}",
        "TRUNCATE feature",
        "TRUNCATE piece_{id}",
        "INSERT INTO piece SELECT version_id, fid, 99, geom FROM piece WHERE version_id = %(id)s",
        "UPDATE dataset_version SET title = 'x' WHERE id = %(id)s",
        "UPDATE dataset_version SET status = 'staged', known_from = NULL WHERE id = %(id)s",
        "UPDATE dataset_version SET known_from = '2001-01-01' WHERE id = %(id)s",
        "DELETE FROM dataset_version WHERE id = %(id)s",
        "TRUNCATE dataset_version",
    ],
)
def test_a_published_version_cannot_be_changed(db, statement):
    version = published(db, red_lines(), meta())
    db.commit()
    with pytest.raises(psycopg.errors.RestrictViolation):
        db.execute(statement.format(id=version), {"id": version})
    db.rollback()
    assert db.execute("SELECT count(*) FROM feature WHERE version_id = %s", [version]).fetchone() == (1,)


def test_an_error_in_the_middle_of_staging_leaves_nothing(db_url, monkeypatch):
    def crash(*args, **kwargs):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), database.connect(db_url) as conn:
        monkeypatch.setattr("layers.partitions._pieces", crash)
        versions.stage(conn, red_lines(), meta(), epsg=EPSG)
    with database.connect(db_url) as conn:
        assert versions.history(conn, "ecological_redline") == []
        assert conn.execute("SELECT count(*) FROM pg_class WHERE relname ~ '^(feature|piece|overview)_[0-9]+$'").fetchone() == (0,)


def test_a_connection_killed_before_commit_leaves_nothing(db_url):
    with database.connect(db_url) as other:
        conn = database.connect(db_url)
        versions.publish(conn, versions.stage(conn, red_lines(), meta(), epsg=EPSG))
        other.execute("SELECT pg_terminate_backend(%s)", [conn.info.backend_pid])
        with pytest.raises(psycopg.OperationalError):
            conn.execute("SELECT 1")
        conn.close()
        assert versions.history(other, "ecological_redline") == []


def test_a_refused_dataset_leaves_nothing(db):
    bow_tie = shapely.Polygon([(520_000, 3_270_000), (520_009, 3_270_009), (520_009, 3_270_000), (520_000, 3_270_009)])
    with pytest.raises(DatasetRefusedError, match="第 2 行"):
        versions.stage(db, red_lines([square(), bow_tie]), meta(), epsg=EPSG)
    assert versions.history(db, "ecological_redline") == []


def test_staged_leftovers_are_cleared_and_published_versions_kept(db):
    kept = published(db, red_lines(), meta())
    left = versions.stage(db, red_lines(), meta(), epsg=EPSG)
    assert versions.discard_staged(db) == []
    assert versions.discard_staged(db, older_than=timedelta(seconds=-1)) == [left]
    assert [entry.dataset.version for entry in versions.history(db, "ecological_redline")] == [kept]
    assert db.execute("SELECT to_regclass(%s), to_regclass(%s)", [f"feature_{left}", f"feature_{kept}"]).fetchone() == (None, f"feature_{kept}")


def test_data_above_the_deployments_secrecy_is_refused(db):
    with pytest.raises(SecrecyError):
        versions.stage(db, red_lines(), meta(secrecy="secret"), epsg=EPSG)
    assert versions.stage(db, red_lines(), meta(secrecy="secret"), epsg=EPSG, max_secrecy="secret")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"coverage": shapely.Polygon()}, "coverage"),
        ({"coverage": shapely.Point(1, 2)}, "coverage"),
        ({"valid_to": date(2020, 1, 1)}, "失效日期"),
        ({"authority": ""}, "authority"),
    ],
)
def test_incomplete_metadata_is_refused(db, change, reason):
    with pytest.raises(DatasetRefusedError, match=reason):
        versions.stage(db, red_lines(), meta(**change), epsg=EPSG)


def test_the_checksum_depends_on_content_only(db):
    same = [versions.get(db, versions.stage(db, red_lines(), meta(title=title), epsg=EPSG)).checksum for title in ("甲", "乙")]
    other = versions.get(db, versions.stage(db, red_lines([square(0.001)]), meta(), epsg=EPSG)).checksum
    assert same[0] == same[1] != other
