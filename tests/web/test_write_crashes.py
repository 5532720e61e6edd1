"""kill -9 of the service and of PostgreSQL under a load of writes.

After each, every acknowledged write is there whole, each act has its entry in the audit, and the chain holds. CUNTU_CRASH_ROUNDS asks for more
moments of each.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from crashes import backends, killed, lives, workers
from running_service import running, until
from write_load import Written, assert_all_there_and_nothing_half, writer, writing

from layers import backup, database
from layers.cluster import Cluster

ROUNDS = int(os.environ.get("CUNTU_CRASH_ROUNDS", "1"))
SEED = 20260701


@pytest.fixture
def site(county_url, tmp_path):
    """A cluster as users have it, with the small county: it came there by a backup."""
    folder = Path(tempfile.mkdtemp(prefix="cuntu-crash-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "pg")
    try:
        url = cluster.start()
        database.upgrade(url)
        with database.connect(county_url) as conn:
            writer(conn)
        backup.backup(county_url, tmp_path / "county")
        backup.restore(url, tmp_path / "county")
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder)


def environment(cluster):
    return {
        "CUNTU_DATA_DIR": str(cluster.folder.parent),
        "CUNTU_DATABASE_URL": "",
        "CUNTU_RATE_SIGN_IN": "6000/min",
        "CUNTU_DISK_RESERVE_BYTES": "0",
    }


def settled(service):
    until(
        lambda: (
            service.ready(snapshot="loaded") and len(service.children(jobs=False)) == 2 and service.children(jobs=True)
        )
    )


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["worker", "postmaster", "backend"])
def test_what_is_killed_comes_back_by_itself_and_nothing_acknowledged_is_lost(site, victim):
    rng, written = random.Random(f"{SEED}{victim}"), Written()
    with running("--workers", "2", **environment(site)) as service:
        settled(service)
        with writing(service, written, seed=SEED):
            for _ in range(ROUNDS):
                before = written.total
                until(lambda before=before: written.total >= before + 15)
                time.sleep(rng.random() / 2)
                if victim == "worker":
                    killed([rng.choice(service.children(jobs=False))])
                else:
                    found = backends(site)
                    assert found
                    killed(found[:1] if victim == "postmaster" else [rng.choice(found[1:])])
                gone = written.total
                until(lambda gone=gone: written.total >= gone + 15)
        settled(service)
        assert_all_there_and_nothing_half(site.url, written)
    assert written.overrides
    if victim == "worker":  # how many are refused while the database is away is a matter of how fast the machine refuses them
        assert written.cut_off + sum(written.refused.values()) < written.total


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["service", "service and postmaster"])
def test_the_whole_service_killed_is_started_again_and_nothing_acknowledged_is_lost(site, victim):
    rng, written, unheard = random.Random(f"{SEED}{victim}"), Written(), 0
    for turn in range(ROUNDS):
        with running("--workers", "2", **environment(site)) as service:
            settled(service)
            with writing(service, written, seed=SEED + turn):
                before = written.total
                until(lambda before=before: written.total >= before + 15)
                time.sleep(rng.random() / 2)
                family = workers(service)
                killed([service.process.pid, *(backends(site)[:1] if victim != "service" else [])])
                until(lambda family=family: not any(lives(pid) for pid in family[1:]))
        unheard = assert_all_there_and_nothing_half(site.start(), written)
    assert unheard <= 4 * ROUNDS, "each client may miss the answer to one write when it is cut off"
    assert written.sessions or written.overrides
