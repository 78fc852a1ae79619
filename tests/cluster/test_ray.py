"""A Ray cluster of two nodes on this machine: tasks, crews, and kills of all of them.

One file, so that one cluster serves all: a node takes seconds to start.
"""

import random
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from imgrec import ImgrecError, Options, Store, index_folders
from imgrec.cluster.crew import Crew, CrewOptions
from imgrec.cluster.crews import worked_off
from imgrec.cluster.mapping import map_items
from imgrec.cluster.plan import Plan
from imgrec.cluster.ray_crews import RayCrews
from imgrec.cluster.ray_reach import check_reached
from imgrec.cluster.ray_work import RayWork
from imgrec.cluster.schedule import Schedule
from imgrec.collection.digest import catalog_digest
from imgrec.errors import WorkersError
from imgrec.index import main
from mapped_functions import dying, dying_once, refusing, squared
from planned_runs import part_files, planned, recorded_files
from ray_cluster import RayCluster, ray_cluster
from stub_crew import AskingCrew, StubCrew, broken
from waiting import until

pytest.importorskip("obstore", reason="needs obstore, of the extra scale")
pytest.importorskip("ray", reason="needs ray, of the extra scale")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills by /proc")

# Two jobs more than two crews hold, so that some wait.
_OPTIONS = Options(encoders=("mini",), workers=0, batch_size=2, part_rows=4)


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    with ray_cluster(2) as made:
        yield made


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"file://{tmp_path / 'objects'}"


def test_items_are_mapped_by_tasks(cluster: RayCluster, tmp_path: Path) -> None:
    assert sorted(map_items(squared, range(20), "ray")) == [n * n for n in range(20)]
    assert sorted(map_items(partial(dying_once, tmp_path), range(4), "ray")) == [0, 1, 2, 3]
    with pytest.raises(ImgrecError, match="5 is refused"):
        list(map_items(refusing, [5], "ray"))
    with pytest.raises(ImgrecError, match="a task of the Ray cluster was lost: "):
        list(map_items(dying, [3], "ray"))


def test_each_machine_has_a_crew_and_all_work_at_once(cluster: RayCluster, tmp_path: Path) -> None:
    schedule = Schedule(range(12))
    with RayCrews(partial(StubCrew, tmp_path, 2, -1), CrewOptions()) as crews:
        done = list(worked_off(schedule, crews))
        assert crews.warnings == ["slow"]
    assert sorted(one.number for one in done) == list(range(12))
    assert len({one.part.pid for one in done}) == 2
    until(lambda: not cluster.crews())


def test_processes_that_decode_do_not_import_ray(cluster: RayCluster) -> None:
    with RayCrews(AskingCrew, CrewOptions()) as crews:
        (done,) = worked_off(Schedule([0]), crews)
    assert "imgrec" in done.part.modules
    assert "ray" not in done.part.modules


def test_a_job_that_kills_its_crews_is_set_apart(cluster: RayCluster, tmp_path: Path) -> None:
    schedule = Schedule(range(6))
    with RayCrews(partial(StubCrew, tmp_path, 1, 2), CrewOptions()) as crews:
        done = list(worked_off(schedule, crews))
    assert sorted(one.number for one in done) == [0, 1, 3, 4, 5]
    assert schedule.set_apart == {2: 3}


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ImgrecError("the encoder fails"), "the encoder fails"),
        (ValueError("a defect"), "ValueError: a defect"),
        (OSError("no space left"), "no machine of the cluster can work: .*no space left"),
        (WorkersError("none starts"), "no machine of the cluster can work: .*none starts"),
    ],
)
def test_why_no_crew_can_work_is_told(cluster: RayCluster, error: Exception, told: str) -> None:
    with (
        RayCrews(partial(broken, error), CrewOptions()) as crews,
        pytest.raises(ImgrecError, match=told),
    ):
        list(worked_off(Schedule([0]), crews))


def test_a_cluster_without_gpus_refuses_a_plan_for_gpus(cluster: RayCluster) -> None:
    with (
        RayCrews(partial(StubCrew, Path(), 1, -1), CrewOptions(), on_gpus=True) as crews,
        pytest.raises(ImgrecError, match="the Ray cluster has no GPUs"),
    ):
        list(worked_off(Schedule([0]), crews))


@pytest.mark.parametrize("seed", [0])
def test_kills_of_crews_decoders_and_a_node_change_no_byte(
    seed: int, cluster: RayCluster, photos: Path, url: str, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    plan = planned(photos, tmp_path / "scanned", url, _OPTIONS)
    schedule = Schedule(plan.numbers)
    kills: list[Callable[[random.Random], object]] = [
        cluster.kill_decoder,
        cluster.kill_crew,
        lambda _: _node_replaced(cluster),
    ]
    with RayCrews(partial(Crew, url, plan.id), CrewOptions(workers=1)) as crews:
        done = []
        for one in worked_off(schedule, crews):
            done.append(one)
            if kills and len(done) % 2 == 1:
                kills.pop(0)(rng)
    assert not kills
    assert sorted(one.number for one in done) == list(plan.numbers)
    assert not schedule.set_apart
    assert not any(one.part.differs for one in done)
    _is_like_one_machine(photos, url, plan, tmp_path)


def test_the_command_makes_the_store_of_one_machine(
    cluster: RayCluster, photos: Path, url: str, tmp_path: Path
) -> None:
    copy = str(tmp_path / "copy")
    options = ["--encoder", "mini", "--workers", "ray", "--store", url, "--work", copy, "--quiet"]
    assert main([str(photos), *options]) == 0
    index_folders([photos], tmp_path / "store", Options(encoders=("mini",), workers=0))
    assert part_files(tmp_path / "copy") == part_files(tmp_path / "store")


def test_the_command_makes_the_store_of_one_machine_in_a_folder(
    cluster: RayCluster, photos: Path, tmp_path: Path
) -> None:
    store, options = tmp_path / "a folder", ["--encoder", "mini", "--quiet"]
    assert main([str(photos), "--workers", "ray", "--store", str(store), *options]) == 0
    index_folders([photos], tmp_path / "store", Options(encoders=("mini",), workers=0))
    assert part_files(store) == part_files(tmp_path / "store")
    with Store.open(store) as mine, Store.open(tmp_path / "store") as theirs:
        assert catalog_digest(mine.catalog) == catalog_digest(theirs.catalog)
    assert {path.name for path in store.iterdir()} >= {"store.json", "catalog.sqlite"}
    assert not (store / "cluster").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"a folder", "store"}


def test_the_command_refuses_a_store_that_a_machine_does_not_reach(
    cluster: RayCluster,
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @contextmanager
    def elsewhere(folder: Path) -> Iterator[tuple[Path, str]]:
        yield folder / "probe", "text"

    monkeypatch.setattr("imgrec.cluster.ray_reach._probe", elsewhere)
    store = tmp_path / "store"
    assert main([str(photos), "--workers", "ray", "--store", str(store)]) == 2
    told = capsys.readouterr().err
    assert "--workers ray needs a store that all machines reach, and " in told
    assert f"does not reach {store}: name one" in told
    assert not store.exists()


def test_machines_that_read_a_probe_reach_its_folder(cluster: RayCluster, tmp_path: Path) -> None:
    check_reached(tmp_path / "not" / "there" / "yet")
    assert not list(tmp_path.iterdir())


def test_a_connection_is_closed_at_the_end(cluster: RayCluster) -> None:
    import ray

    with RayWork() as work:
        for _ in range(2):
            work.connect()
            assert ray.is_initialized()
    assert not ray.is_initialized()


def test_a_cluster_that_is_not_there_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        monkeypatch.setenv("RAY_ADDRESS", address)
        with pytest.raises(ImgrecError, match=f"RAY_ADDRESS={address} cannot be used"):
            list(map_items(squared, [1], "ray"))


def _node_replaced(cluster: RayCluster) -> None:
    cluster.kill_node()
    cluster.add()


def _is_like_one_machine(photos: Path, url: str, plan: Plan, folder: Path) -> None:
    index_folders([photos], folder / "store", _OPTIONS)
    assert recorded_files(url, plan) == part_files(folder / "store")
