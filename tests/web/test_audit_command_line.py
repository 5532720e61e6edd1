"""`cuntu audit`: the head, the verification with anchors, and the archive of old entries."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from api.audit import keeper as audit_keeper
from layers import audit, county_time, database
from layers.audit import Entry
from layers.audit import actions as audit_actions
from layers.audit import anchors as audit_anchors
from layers.audit import archive as audit_archive
from layers.audit import chain as audit_chain
from layers.audit import search as audit_search
from spatial.errors import InputError

OLD = datetime.now(UTC) - timedelta(days=400)


@pytest.fixture
def run(command_on, db_url):
    return command_on(db_url)


def write(url, count, *, at=None, monkeypatch=None):
    with database.connect(url, autocommit=True) as conn:
        for number in range(count):
            payload = audit.payload(Entry(action="layers.publish", object=f"version/{number}"))
            if at is not None:
                told = json.loads(payload) | {"at": at.isoformat(timespec="microseconds")}
                payload = json.dumps(told, ensure_ascii=False)
            conn.execute("SELECT audit.append_last(ARRAY[%s])", [payload])
        return audit_search.head(conn)


def test_the_head_is_printed_as_number_and_hash(run, db_url):
    head = write(db_url, 3)
    status, out, _ = run("audit", "head")
    assert (status, out.strip()) == (0, head.anchor)
    assert json.loads(run("audit", "head", "--json")[1]) == {"id": 3, "hash": head.hash.hex()}


def test_a_sound_chain_verifies_and_the_verification_is_an_entry(run, db_url):
    write(db_url, 5)
    status, out, _ = run("audit", "verify", "--json")
    told = json.loads(out)
    assert status == 0 and told["sound"] and (told["entries"], told["last_id"]) == (5, 5)
    with database.connect(db_url) as conn:
        last = audit_search.find(conn, audit_search.Asked(action="audit.verify"), limit=1)[0].told
    assert (last["result"], last["channel"], last["details"]) == ("done", "command", {"entries": 5, "faults": 0})


def test_a_changed_entry_ends_with_status_one_and_is_named(run, db_url):
    write(db_url, 5)
    with database.connect(db_url) as conn:
        conn.execute("ALTER TABLE audit.entry DISABLE TRIGGER ALL")
        conn.execute("UPDATE audit.entry SET payload = replace(payload, 'version/2', 'version/7') WHERE id = 3")
    status, out, _ = run("audit", "verify", "--json")
    assert status == 1 and [(fault["id"], fault["kind"]) for fault in json.loads(out)["faults"]] == [(3, "changed")]
    assert "第 3 条：内容已被改动" in run("audit", "verify")[1].replace("\n", "")


def test_a_tail_cut_off_is_found_where_an_anchor_is_given(run, db_url):
    head = write(db_url, 5)
    with database.connect(db_url) as conn:
        conn.execute("ALTER TABLE audit.entry DISABLE TRIGGER ALL")
        conn.execute("DELETE FROM audit.entry WHERE id > 3")
        conn.execute("UPDATE audit.head SET id = 3, hash = (SELECT hash FROM audit.entry WHERE id = 3)")
    status, out, _ = run("audit", "verify", "--anchor", head.anchor, "--json")
    assert status == 1 and json.loads(out)["faults"][0] | {"message": ""} == {"id": 4, "last": 5, "kind": "cut_off", "message": ""}


def test_an_anchor_that_is_none_is_refused(run, db_url):
    status, _, told = run("audit", "verify", "--anchor", "7:abc")
    assert status == 1 and "编号:哈希" in told


def test_nothing_younger_than_the_rule_allows_can_be_archived(run, db_url):
    write(db_url, 3)
    status, _, told = run("audit", "archive", "--before", county_time.today().isoformat())
    assert status == 1 and "至少保存 6 个月" in told and "网络安全法" in told


@pytest.mark.parametrize(
    ("now", "limit"),
    [("2026-09-01", "2026-03-01"), ("2026-08-31", "2026-02-28"), ("2024-08-30", "2024-02-29"), ("2026-06-30", "2025-12-30"), ("2026-01-15", "2025-07-15")],
)
def test_six_months_are_counted_by_the_calendar(now, limit):
    assert audit_archive.oldest_kept(datetime.fromisoformat(now)) == datetime.fromisoformat(limit)
    assert audit_actions.retention().months == 6


def test_old_entries_go_to_an_archive_and_the_chain_goes_on_from_it(run, db_url, tmp_path):
    write(db_url, 4, at=OLD)
    write(db_url, 3)
    before = (datetime.now(UTC) - timedelta(days=300)).date().isoformat()
    planned = json.loads(run("audit", "archive", "--before", before, "--json")[1])
    assert (planned["applied"], planned["plan"]["first_id"], planned["plan"]["last_id"]) == (False, 1, 4)
    assert list(tmp_path.glob("audit-*")) == []
    status, out, _ = run("audit", "archive", "--before", before, "--apply", "--officer", "王小明", "--unit", "县局", "--json")
    done = json.loads(out)
    assert status == 0 and done["applied"]
    file = tmp_path / "audit-1-4.jsonl"
    assert (tmp_path / "audit-1-4.jsonl.sha256").read_text().split() == [done["sha256"], file.name]
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line.get("id") for line in lines] == [1, 2, 3, 4, None]
    assert lines[-1]["archive"]["signed_by"] == "县局 王小明" and "第二十一条" in lines[-1]["archive"]["rule"]
    with database.connect(db_url, autocommit=True) as conn:
        found = audit_chain.verify(conn)
        assert found.sound and (found.first_id, found.last_id) == (5, 8)
        last = audit_search.find(conn, audit_search.Asked(), limit=1)[0].told
    assert (last["action"], last["object"], last["details"]["file_sha256"]) == ("audit.archive", "audit/1-4", done["sha256"])
    assert run("audit", "verify", "--archive", file)[0] == 0


def test_an_archive_that_was_changed_is_found(run, db_url, tmp_path):
    write(db_url, 4, at=OLD)
    before = (datetime.now(UTC) - timedelta(days=300)).date().isoformat()
    run("audit", "archive", "--before", before, "--apply", "--officer", "王小明", "--unit", "县局")
    file = tmp_path / "audit-1-4.jsonl"
    text = file.read_text()
    file.write_text(text.replace("version/2", "version/9"))
    status, out, _ = run("audit", "verify", "--archive", file, "--json")
    assert status == 1 and [(fault["id"], fault["kind"]) for fault in json.loads(out)["faults"]] == [(3, "changed")]
    file.write_text("".join(f"{line}\n" for line in text.splitlines() if '"id":4' not in line))
    assert [fault["kind"] for fault in json.loads(run("audit", "verify", "--archive", file, "--json")[1])["faults"]] == ["archive"]
    file.write_text("\n".join(text.splitlines()[:-1]))
    assert "没有签注行" in run("audit", "verify", "--archive", file)[2]


def test_an_archive_without_a_name_under_it_is_refused(run, db_url, tmp_path):
    write(db_url, 2, at=OLD)
    before = (datetime.now(UTC) - timedelta(days=300)).date().isoformat()
    status, _, told = run("audit", "archive", "--before", before, "--apply")
    assert status == 1 and "签注" in told and list(tmp_path.glob("audit-*")) == []


def test_an_unsound_chain_is_not_archived(run, db_url, tmp_path):
    write(db_url, 4, at=OLD)
    with database.connect(db_url) as conn:
        conn.execute("ALTER TABLE audit.entry DISABLE TRIGGER ALL")
        conn.execute("UPDATE audit.entry SET payload = payload || ' ' WHERE id = 2")
        conn.execute("ALTER TABLE audit.entry ENABLE TRIGGER ALL")
    before = (datetime.now(UTC) - timedelta(days=300)).date().isoformat()
    status, _, told = run("audit", "archive", "--before", before, "--apply", "--officer", "王小明", "--unit", "县局")
    assert status == 1 and "第 2 条" in told and list(tmp_path.glob("*audit-*")) == []
    with database.connect(db_url) as conn:
        assert conn.execute("SELECT count(*) FROM audit.entry").fetchone() == (4,)


def test_a_forged_line_of_the_archive_register_is_found(db_url):
    write(db_url, 4, at=OLD)
    with database.connect(db_url, autocommit=True) as conn:
        forge = """INSERT INTO audit.archive (last_id, last_hash, first_id, file_name, file_sha256)
            SELECT 2, hash, 1, 'a.jsonl', repeat('a', 64) FROM audit.entry WHERE id = 2"""
        conn.execute(forge)
        conn.execute("DELETE FROM audit.entry WHERE id <= 2")
        assert [(fault.id, fault.kind) for fault in audit_chain.verify(conn).faults] == [(2, "archive")]
        with pytest.raises(psycopg.errors.RestrictViolation):
            conn.execute("DELETE FROM audit.entry")


@pytest.fixture
def archived_twice(run, db_url, tmp_path):
    write(db_url, 2, at=datetime.now(UTC) - timedelta(days=400))
    write(db_url, 3, at=datetime.now(UTC) - timedelta(days=310))
    for days in (390, 300):
        before = (datetime.now(UTC) - timedelta(days=days)).date().isoformat()
        assert run("audit", "archive", "--before", before, "--apply", "--officer", "王小明", "--unit", "县局")[0] == 0
    with database.connect(db_url, autocommit=True) as conn:
        conn.execute("ALTER TABLE audit.archive DISABLE TRIGGER ALL; ALTER TABLE audit.entry DISABLE TRIGGER ALL")
        assert audit_chain.verify(conn).sound
        yield conn


@pytest.mark.parametrize("change", ["file_name = 'other'", "file_sha256 = repeat('0', 64)", "last_hash = '\\x00'", "first_id = first_id + 1"])
@pytest.mark.parametrize("which", ["min", "max"])
def test_a_changed_line_of_the_archive_register_is_found(archived_twice, change, which):
    archived_twice.execute(f"UPDATE audit.archive SET {change} WHERE last_id = (SELECT {which}(last_id) FROM audit.archive)")
    assert "archive" in {fault.kind for fault in audit_chain.verify(archived_twice).faults}


def test_an_act_of_archiving_that_is_no_json_any_more_is_named(archived_twice):
    number = archived_twice.execute("UPDATE audit.entry SET payload = 'x' || payload WHERE action = 'audit.archive' RETURNING id").fetchone()[0]
    assert (number, "changed") in [(fault.id, fault.kind) for fault in audit_chain.verify(archived_twice).faults]


def test_an_archive_is_its_owners_alone_and_is_not_left_where_the_entries_could_not_be_taken_out(run, db_url, tmp_path):
    write(db_url, 2, at=OLD)
    asked = ("audit", "archive", "--before", (datetime.now(UTC) - timedelta(days=300)).date().isoformat(), "--apply", "--officer", "王小明", "--unit", "县局")
    with database.connect(db_url) as conn:
        conn.execute("ALTER TABLE audit.pending ADD CONSTRAINT full_disk CHECK (payload !~ 'audit.archive')")
    assert run(*asked)[0] == 1 and list(tmp_path.glob("*audit-*")) == []
    with database.connect(db_url) as conn:
        conn.execute("ALTER TABLE audit.pending DROP CONSTRAINT full_disk")
    assert run(*asked)[0] == 0 and (tmp_path / "audit-1-2.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_head_of_which_a_power_cut_left_half_is_not_in_the_way_of_the_others(tmp_path):
    file, heads = tmp_path / "heads", [audit_search.Head(number, bytes(32)) for number in (1, 2)]
    audit_anchors.keep(file, heads[0], database="d")
    with file.open("ab") as half:
        half.write(b'{"at":"2026-')
    assert audit_anchors.read(file) == heads[:1]
    audit_anchors.keep(file, heads[1], database="d")
    assert audit_anchors.read(file) == heads
    file.write_bytes(file.read_bytes().rstrip())  # as some editors leave it
    audit_anchors.keep(file, heads[1], database="d")
    assert audit_anchors.read(file) == [*heads, heads[1]]
    file.write_bytes(b"{}\n" + file.read_bytes())
    with pytest.raises(InputError, match="第 1 行"):
        audit_anchors.read(file)


def test_the_heads_that_the_service_kept_are_compared_without_being_asked(run, db_url, settings, monkeypatch):
    head = write(db_url, 5)
    monkeypatch.setenv("CUNTU_UPLOAD_DIR", str(settings.upload_dir))
    with database.connect(db_url) as conn:
        audit_keeper.keep_head(conn, settings)
    audit_anchors.keep(audit_keeper.anchors_file(settings), audit_search.Head(9, bytes(32)), database="of another database")
    assert [kept.anchor for kept in audit_anchors.read(audit_keeper.anchors_file(settings))] == [head.anchor, f"9:{'00' * 32}"]
    assert run("audit", "verify")[0] == 0
    with database.connect(db_url) as conn:
        conn.execute("ALTER TABLE audit.entry DISABLE TRIGGER ALL")
        conn.execute("DELETE FROM audit.entry")
        conn.execute("UPDATE audit.head SET id = 0, hash = decode(repeat('00', 32), 'hex')")
    write(db_url, 5)
    status, out, _ = run("audit", "verify", "--json")
    assert status == 1 and [(fault["id"], fault["kind"]) for fault in json.loads(out)["faults"]] == [(5, "anchor")]


def test_the_start_of_the_service_says_with_which_rules_and_settings(db_url, settings):
    with database.connect(db_url) as conn:
        audit_keeper.note_start(conn, settings)
        audit_keeper.note_start(conn, settings.model_copy(update={"county_name": "别县"}))
        conn.commit()
        one, other = (kept.told["details"] for kept in audit_search.find(conn, audit_search.Asked(action="service.start"), limit=2))
    assert one["packs"] == other["packs"] and set(one["packs"]) == {"house-building", "village-types"}
    assert one["settings_sha256"] != other["settings_sha256"]
