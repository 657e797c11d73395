"""Batches on Ray. Each Ray session is a process of its own: it starts a cluster and ends it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.small_lists import put_in_force, work_in, write_list

from insyn.base.errors import EnvironmentFailure
from insyn.office.screening.batch import screen_batch
from insyn.office.screening.ray_engine import RemoteWorker

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray has no wheel for this Python"
)

LOST_WORKER = """
import os, sys
from pathlib import Path
from insyn.base.config import DataDirectory
from insyn.office.screening import ray_engine
from tests.support.small_lists import work_in
from insyn.office.screening.batch import screen_batch
from insyn.office.screening.model import Subject
from insyn.base.errors import EnvironmentFailure

class Dying(ray_engine.RemoteWorker):
    def screen(self, rows):
        os._exit(9)

class Blind(ray_engine.RemoteWorker):
    def open(self, work):
        from dataclasses import replace
        return super().open(replace(work, index=Path("/nowhere/index")))

work = work_in(DataDirectory(root=Path(sys.argv[1])))
import ray
for worker in (Dying, Blind):
    ray_engine.RemoteWorker = worker
    try:
        list(screen_batch(work, [Subject(id="1", name="Ada Example")], engine="ray", workers=1))
    except EnvironmentFailure as error:
        print(error)
    print(ray.is_initialized())
"""


def run(*words: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    # The cluster of whoever runs the tests is not this test's to use.
    kept = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
    return subprocess.run(
        [sys.executable, *words], capture_output=True, env=kept | environ, timeout=120, check=False
    )


@needs_ray
def test_ray_gives_what_the_local_engine_gives_to_the_byte(tmp_path: Path) -> None:
    put_in_force(tmp_path / "data", write_list(tmp_path))
    rows = ["id,name,kind,country,birth_date"]
    for number in range(4500):  # three chunks, the last one shorter
        name = ("Zeb Quartzwell", "Ada Example", "", "???", "Harbinger Lens")[number % 5]
        rows.append(f"c-{number},{name},,FR,1961")
    customers = tmp_path / "customers.csv"
    customers.write_text("\n".join(rows), encoding="utf-8")
    command = ("-m", "insyn.cli.main", "screen", "--file", str(customers), "--json-lines")
    data = str(tmp_path / "data")
    local = run(*command, "--workers", "1", INSYN_DATA=data)
    ray = run(*command, "--engine", "ray", "--workers", "2", INSYN_DATA=data)
    assert (local.returncode, ray.returncode) == (1, 1)
    assert ray.stdout == local.stdout
    assert ray.stderr == local.stderr
    lines = [json.loads(line) for line in ray.stdout.splitlines()]
    assert "manifest" in lines[0]
    assert [line["id"] for line in lines[1:]] == [f"c-{number}" for number in range(4500)]


@needs_ray
def test_a_lost_worker_and_an_unseen_index_are_environment_failures(tmp_path: Path) -> None:
    put_in_force(tmp_path, write_list(tmp_path))
    done = run("-c", LOST_WORKER, str(tmp_path), PYTHONPATH=str(Path(__file__).parents[3]))
    # Ray tells of the death as well, on standard error: standard output is for result lines.
    lost, ended, blind, ended_too = done.stdout.decode().splitlines()
    assert lost.startswith("Ray lost a worker")
    assert "--engine local" in lost
    assert "does not see the index /nowhere/index" in blind
    assert "--data DIR" in blind
    # The local cluster is stopped, however the batch ended.
    assert (ended, ended_too) == ("False", "False")
    assert b"Traceback" not in done.stderr


@needs_ray
def test_a_cluster_that_does_not_answer_is_told_in_seconds(tmp_path: Path) -> None:
    put_in_force(tmp_path, write_list(tmp_path))
    customers = tmp_path / "customers.csv"
    customers.write_text("name\nAda Example\n", encoding="utf-8")
    done = run(
        *("-m", "insyn.cli.main", "screen", "--file", str(customers), "--engine", "ray"),
        INSYN_DATA=str(tmp_path),
        RAY_ADDRESS="127.0.0.1:1",
    )
    assert done.returncode == 3
    assert b"the Ray cluster at 127.0.0.1:1 cannot be reached" in done.stderr
    assert b"Traceback" not in done.stderr


def test_without_ray_the_extra_to_install_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    work = work_in(put_in_force(tmp_path, write_list(tmp_path)))
    with pytest.raises(EnvironmentFailure, match=r"pip install 'insyn\[ray\]'"):
        list(screen_batch(work, [], engine="ray"))


def test_a_worker_says_which_index_it_does_not_see(tmp_path: Path) -> None:
    work = work_in(put_in_force(tmp_path, write_list(tmp_path)))
    assert RemoteWorker().open(work) == ""
    (work.index / "index.json").unlink()
    assert f"does not see the index {work.index}" in RemoteWorker().open(work)
