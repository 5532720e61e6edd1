"""kill -9 of the importer, of the service and of PostgreSQL in the midst of an import with publication.

After each the old or the new version is there whole, and the next try succeeds. CUNTU_CRASH_ROUNDS asks for more moments of each.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
import time
from pathlib import Path

import httpx
import people
import pytest
from crashes import LAYER, Site, backends, descendants, killed, lives, workers, write_file
from running_service import running, until

ROUNDS = int(os.environ.get("CUNTU_CRASH_ROUNDS", "1"))
SEED = 20260401


@pytest.fixture(scope="module")
def site():
    """A cluster of its own with two files imported once, undisturbed; `span_s` is how long that takes."""
    folder = Path(tempfile.mkdtemp(prefix="cuntu-crash-", dir="/tmp"))
    folder.chmod(0o755)
    made = Site(folder)
    try:
        made.cluster.start()
        made.files = [write_file(folder, name, shift=shift) for name, shift in (("A", 0.0), ("B", 7.0))]
        made.span_s = max(made.learn(path) for path in made.files)
        yield made
    finally:
        made.cluster.stop()
        shutil.rmtree(folder)


def turns(site, seed):
    """Moments spread over the whole of an import, one at random in each equal part, and the file that is imported."""
    rng = random.Random(SEED + seed)
    for turn in range(ROUNDS):
        yield turn, rng, site.files[turn % 2], (turn + rng.random()) / ROUNDS * site.span_s * 1.1


def assert_old_or_new_and_the_next_try_succeeds(site, before, path):
    after = site.assert_whole()
    assert after.dataset.version == before.dataset.version or after.dataset.source_name == path.name
    site.imported(path)
    new = site.assert_whole()
    assert (new.dataset.source_name, new.dataset.version > after.dataset.version) == (path.name, True)
    return after.dataset.version != before.dataset.version


def test_the_importer_killed_at_any_moment_leaves_the_old_or_the_new_version_whole(site):
    for _, _, path, moment in turns(site, 1):
        before = site.assert_whole()
        process = site.importer(path)
        time.sleep(moment)
        killed([process.pid])
        process.join(timeout=60)
        assert_old_or_new_and_the_next_try_succeeds(site, before, path)


def test_what_the_importer_had_started_ends_with_it(site):
    """Files are read in a process of their own: it does not live on without its parent."""
    process = site.importer(site.files[0])
    until(lambda: len(descendants(process.pid)) > 1 or process.exitcode is not None)
    family = descendants(process.pid)
    killed([process.pid])
    process.join(timeout=60)
    until(lambda: not any(lives(pid) for pid in family))


@pytest.mark.parametrize("victim", ["postmaster", "backend"])
def test_postgresql_killed_at_any_moment_leaves_the_old_or_the_new_version_whole(site, victim):
    for _, rng, path, moment in turns(site, 2 if victim == "postmaster" else 3):
        before = site.assert_whole()
        process = site.importer(path)
        time.sleep(moment)
        found = backends(site.cluster)
        assert found
        killed(found[:1] if victim == "postmaster" else [rng.choice(found[1:])])
        process.join(timeout=120)
        assert_old_or_new_and_the_next_try_succeeds(site, before, path)


def post_import(service, path):
    with path.open("rb") as file:
        told = {"authority": "县局", "publish": "true", "valid_from": "2020-01-01", "officer": people.NAME, "unit": people.UNIT}
        address = f"http://127.0.0.1:{service.port}/api/v1/layers/{LAYER}/imports"
        answer = httpx.post(address, data=told, files={"file": (path.name, file)}, timeout=60, headers=people.HEADERS | {"Origin": f"http://127.0.0.1:{service.port}"})
    assert answer.status_code == 202, answer.text
    return answer.headers["location"]


def finished(service, job):
    def seen():
        status, _, body = service.ask("GET", job)
        return status == 200 and json.loads(body)["state"] not in ("queued", "running")

    until(seen)
    return json.loads(service.ask("GET", job)[2])


@pytest.mark.parametrize("victim", ["service", "jobs"])
def test_the_service_killed_at_any_moment_leaves_the_old_or_the_new_version_whole(site, victim):
    for _, _, path, moment in turns(site, 4 if victim == "service" else 5):
        before = site.assert_whole()
        with running("--workers", "2", **site.environment) as service:
            until(lambda service=service: service.ready() and service.children(jobs=True))
            job = post_import(service, path)
            time.sleep(moment)
            killed(workers(service) if victim == "service" else service.children(jobs=True))
            if victim == "jobs":
                outcome = finished(service, job)
                assert outcome["state"] in ("done", "failed", "interrupted"), outcome
                again = finished(service, post_import(service, path))
                assert again["state"] == "done", again
        assert_old_or_new_and_the_next_try_succeeds(site, before, path)


def test_nothing_is_left_behind_in_temporary_folders(site):
    """What a killed reader left is a folder at most for each kill; an undisturbed import adds none."""
    before = set(site.temporary.iterdir())
    site.imported(site.files[0])
    assert set(site.temporary.iterdir()) <= before
