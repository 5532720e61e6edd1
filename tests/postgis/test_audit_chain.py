"""The chain of the audit: whatever is done to the table behind its back is found, and the entry is named."""

from __future__ import annotations

import threading
from hashlib import sha256

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.audit import entries as audit_entries
from api.audit.schemas import AuditEntry
from layers import audit, database
from layers.acting import Acting, on_behalf
from layers.audit import Entry
from layers.audit import chain as audit_chain
from layers.audit import search as audit_search

COUNT = 12
SOMEBODY = Acting(channel="http", account_id=7, person_id=3, person="王小明", seat_id=5, seat="规划股", unit="县局", address="10.0.0.7")
COPY = "CREATE TEMPORARY TABLE kept AS SELECT * FROM audit.entry"
RESET = "DELETE FROM audit.entry; INSERT INTO audit.entry SELECT * FROM kept"


@pytest.fixture
def chain(db_url):
    """A connection as the tables' owner, triggers off, to a chain of COUNT entries; its entries can be put back by RESET."""
    with database.connect(db_url, autocommit=True) as conn:
        with on_behalf(SOMEBODY):
            for number in range(COUNT):
                audit.note(conn, "layers.publish", f"version/{number}", details={"number": number})
        conn.execute("ALTER TABLE audit.entry DISABLE TRIGGER ALL")
        conn.execute(COPY)
        yield conn


def faults(conn, **told):
    return [(fault.id, fault.kind) for fault in audit_chain.verify(conn, **told).faults]


def is_named(conn, number):
    return any(fault.id <= number <= (fault.last or fault.id) for fault in audit_chain.verify(conn).faults)


def test_a_chain_nobody_touched_is_sound(chain):
    found = audit_chain.verify(chain)
    assert found.sound and (found.entries, found.first_id, found.last_id) == (COUNT, 1, COUNT)
    assert (found.last_id, found.last_hash) == (audit_search.head(chain).id, audit_search.head(chain).hash)


def test_the_hash_is_that_of_the_one_before_the_number_and_the_text(chain):
    rows = chain.execute("SELECT id, payload, previous, hash FROM audit.entry ORDER BY id").fetchall()
    before = bytes(32)
    for number, payload, previous, own in rows:
        assert previous == before
        before = sha256(before + number.to_bytes(8, "big") + payload.encode()).digest()
        assert own == before


@given(number=st.integers(1, COUNT), column=st.sampled_from(["payload", "previous", "hash"]), bit=st.integers(0, 8 * 32 - 1))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_bit_changed_is_found_and_the_entry_named(chain, number, column, bit):
    chain.execute(RESET)
    if column == "payload":
        flipped = "convert_from(set_bit(convert_to(payload, 'UTF8'), %(bit)s::bigint, 1 - get_bit(convert_to(payload, 'UTF8'), %(bit)s::bigint)), 'UTF8')"
        bit -= bit % 8  # the lowest bit of an ASCII letter: the text stays one
    else:
        flipped = f"set_bit({column}, %(bit)s::bigint, 1 - get_bit({column}, %(bit)s::bigint))"
    chain.execute(f"UPDATE audit.entry SET {column} = {flipped} WHERE id = %(id)s", {"bit": bit, "id": number})
    kind = {"payload": "changed", "previous": "previous", "hash": "hash"}[column]
    assert faults(chain) == [(number, kind)]


@given(number=st.integers(1, COUNT), bit=st.integers(0, 63))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_bit_of_a_number_changed_is_found_and_named(chain, number, bit):
    chain.execute(RESET)
    other = number ^ (1 << bit) if bit < 63 else number - 2**63
    taken = chain.execute("SELECT count(*) FROM audit.entry WHERE id = %s", [other]).fetchone()[0]
    if taken:
        chain.execute("ALTER TABLE audit.entry DROP CONSTRAINT entry_pkey")
    chain.execute("UPDATE audit.entry SET id = %s WHERE id = %s", [other, number])
    both = is_named(chain, number) and is_named(chain, other)
    if taken:
        chain.execute(RESET)
        chain.execute("ALTER TABLE audit.entry ADD PRIMARY KEY (id)")
    assert both


@given(number=st.integers(1, COUNT), column=st.sampled_from(["account_id", "person", "seat_id", "action", "object", "result", "at"]))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_searched_column_that_says_something_else_is_found(chain, number, column):
    chain.execute(RESET)
    value = {"account_id": "account_id + 1", "seat_id": "NULL", "at": "at + interval '1 microsecond'"}.get(column, f"{column} || 'x'")
    chain.execute(f"UPDATE audit.entry SET {column} = {value} WHERE id = %s", [number])
    assert faults(chain) == [(number, "column")]


@pytest.mark.parametrize("number", [1, 6, COUNT])
@pytest.mark.parametrize(
    ("column", "value"),
    [*((name, "NULL") for name in ("payload", "previous", "hash", "at", "person", "action", "object", "result")),
     ("at", "'infinity'"), ("at", "'-infinity'"), ("at", "'0001-01-01 BC'"), ("payload", "'{'"), ("payload", "'[]'"), ("payload", "''")],
)  # fmt: skip
def test_what_an_entry_never_holds_is_found_and_named(chain, number, column, value):
    chain.execute(f"ALTER TABLE audit.entry ALTER COLUMN {column} DROP NOT NULL")
    chain.execute(f"UPDATE audit.entry SET {column} = {value} WHERE id = %s", [number])
    found = audit_chain.verify(chain)
    assert is_named(chain, number) and {fault.id for fault in found.faults} <= {number, number + 1}
    if column != "payload":
        assert found.faults[0].kind in ("column", "previous", "hash")


@pytest.mark.parametrize(
    "payload",
    ['{"at": "2026-01-01T00:00:00+00:00", "person": "", "action": "a", "object": "o", "result": "done"}',
     '{"at": "yesterday", "account_id": null, "person": "", "seat_id": null, "action": "a", "object": "o", "result": "done"}',
     '{"at": "infinity", "account_id": null, "person": "", "seat_id": null, "action": "a", "object": "o", "result": "done", "details": 7}'],
    ids=["parts missing", "a day", "no time at all"],
)  # fmt: skip
def test_an_entry_that_the_service_would_not_write_is_named_and_can_be_read(chain, payload):
    """Whoever can send statements of their own as the service can have the database chain any text."""
    chain.execute("SELECT audit.append_last(ARRAY[%s])", [payload])
    assert faults(chain) == [(COUNT + 1, "column")]
    assert AuditEntry.model_validate(audit_entries.entry(audit_search.find(chain, audit_search.Asked(), limit=1)[0])).id == COUNT + 1


@pytest.mark.parametrize("gone", [[1], [2], [6, 7, 8], [COUNT], [COUNT - 1, COUNT]])
def test_deleted_entries_are_named(chain, gone):
    chain.execute("DELETE FROM audit.entry WHERE id = ANY(%s)", [gone])
    found = audit_chain.verify(chain).faults
    assert [(fault.id, fault.kind, fault.last) for fault in found] == [(gone[0], "missing", gone[-1])]


@given(pair=st.lists(st.integers(1, COUNT), min_size=2, max_size=2, unique=True), whole=st.booleans())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_two_entries_swapped_are_found_and_named(chain, pair, whole):
    chain.execute(RESET)
    one, other = pair
    if whole:  # the numbers change places
        moves = [(-1, one), (one, other), (other, -1)]
        for new, old in moves:
            chain.execute("UPDATE audit.entry SET id = %s WHERE id = %s", [new, old])
    else:
        chain.execute("UPDATE audit.entry AS e SET payload = o.payload FROM audit.entry AS o WHERE (e.id, o.id) IN ((%s, %s), (%s, %s))", [one, other, other, one])
    assert {(one, "reordered"), (other, "reordered")} <= set(faults(chain))


def test_an_entry_inserted_behind_the_head_is_named(chain):
    last = chain.execute("SELECT hash FROM audit.entry WHERE id = %s", [COUNT]).fetchone()[0]
    payload = audit.payload(Entry(action="layers.publish", object="version/9"))
    own = sha256(last + (COUNT + 1).to_bytes(8, "big") + payload.encode()).digest()
    insert = """INSERT INTO audit.entry (id, payload, previous, hash, at, person, action, object, result)
        SELECT %s, %s, %s, %s, (%s::jsonb ->> 'at')::timestamptz, '', 'layers.publish', 'version/9', 'done'"""
    chain.execute(insert, [COUNT + 1, payload, last, own, payload])
    assert faults(chain) == [(COUNT + 1, "inserted")]


def test_an_entry_inserted_before_the_first_is_named(chain):
    chain.execute("INSERT INTO audit.entry SELECT 0, payload, previous, hash, at, account_id, person, seat_id, action, object, result FROM audit.entry WHERE id = 3")
    assert faults(chain) == [(0, "inserted")]


def test_a_doubled_entry_is_named(chain):
    chain.execute("ALTER TABLE audit.entry DROP CONSTRAINT entry_pkey")
    chain.execute("INSERT INTO audit.entry SELECT * FROM audit.entry WHERE id = 4")
    assert faults(chain) == [(4, "doubled")]


def test_only_an_anchor_shows_a_tail_cut_off_together_with_the_head(chain):
    head = audit_search.head(chain)
    chain.execute("DELETE FROM audit.entry WHERE id > 9")
    chain.execute("UPDATE audit.head SET id = 9, hash = (SELECT hash FROM audit.entry WHERE id = 9)")
    assert audit_chain.verify(chain).sound
    found = audit_chain.verify(chain, anchors={head.id: head.hash}).faults
    assert [(fault.id, fault.kind, fault.last) for fault in found] == [(10, "cut_off", COUNT)]


def test_only_an_anchor_shows_a_chain_written_anew(chain):
    head = audit_search.head(chain)
    chain.execute("DELETE FROM audit.entry")
    chain.execute("UPDATE audit.head SET id = 0, hash = decode(repeat('00', 32), 'hex')")
    for number in range(COUNT):
        audit.note(chain, "layers.publish", f"version/{number}", details={"number": number})
    assert audit_chain.verify(chain).sound
    assert faults(chain, anchors={head.id: head.hash}) == [(COUNT, "anchor")]


def test_a_head_that_is_not_the_last_entrys_is_found(chain):
    chain.execute("UPDATE audit.head SET hash = decode(repeat('ab', 32), 'hex')")
    assert faults(chain) == [(COUNT, "hash")]
    chain.execute("UPDATE audit.head SET hash = (SELECT hash FROM audit.entry WHERE id = id ORDER BY id DESC LIMIT 1), id = 15")
    assert faults(chain) == [(COUNT + 1, "missing")]


def test_a_part_is_examined_from_the_hash_before_it(chain):
    chain.execute("UPDATE audit.entry SET payload = replace(payload, '规划股', '别的股') WHERE id IN (2, 8)")
    assert faults(chain, first=3, last=7) == []
    assert faults(chain, first=3) == [(8, "changed")]


def test_the_table_refuses_changes(db_url):
    with database.connect(db_url) as conn:
        audit.note(conn, "layers.publish", "version/1")
        conn.commit()
        for act in ("UPDATE audit.entry SET person = ''", "DELETE FROM audit.entry", "TRUNCATE audit.entry"):
            with pytest.raises(psycopg.errors.RestrictViolation):
                conn.execute(act)
            conn.rollback()


def test_what_is_rolled_back_leaves_no_entry_and_no_gap(db_url):
    with database.connect(db_url) as conn:
        audit.note(conn, "layers.publish", "version/1")
        conn.rollback()
        audit.note(conn, "layers.publish", "version/2")
        audit.note(conn, "layers.withdraw", "version/2")
        conn.commit()
        assert [kept.told["object"] for kept in audit_search.find(conn, audit_search.Asked(), limit=9)] == ["version/2", "version/2"]
        conn.commit()
        assert audit_chain.verify(conn).last_id == 2


def test_eight_writers_at_once_do_not_block_each_other_for_ever(db_url):
    """Each takes its own locks before and after its entries, two of them in the opposite order."""
    with database.connect(db_url) as conn:
        conn.execute("CREATE TABLE thing (id integer PRIMARY KEY, number integer NOT NULL DEFAULT 0)")
        conn.execute("INSERT INTO thing (id) SELECT generate_series(0, 7)")
    problems = []

    def write(number):
        try:
            with database.connect(db_url) as conn:
                for turn in range(15):
                    audit.note(conn, "layers.publish", f"version/{number}")
                    conn.execute("UPDATE thing SET number = number + 1 WHERE id = %s", [turn % 8])
                    audit.note(conn, "layers.withdraw", f"version/{number}")
                    conn.commit()
        except psycopg.Error as error:
            problems.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert problems == []
    with database.connect(db_url) as conn:
        found = audit_chain.verify(conn)
        assert found.sound and found.last_id == 8 * 15 * 2
        assert conn.execute("SELECT sum(number) FROM thing").fetchone() == (120,)


def test_texts_that_postgresql_cannot_keep_are_made_such_that_it_can(db_url):
    with database.connect(db_url, autocommit=True) as conn:
        audit.note(conn, "layers.publish", "a\0b", details={"name": "x\0y\ud800", "plain": "\\u0000"})
        kept = audit_search.find(conn, audit_search.Asked(), limit=1)[0].told
        assert (kept["object"], kept["details"]) == ("ab", {"name": "xy?", "plain": "\\u0000"})
        assert audit_chain.verify(conn).sound
