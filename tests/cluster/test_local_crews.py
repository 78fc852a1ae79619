"""The crew of this machine, as a driver sees it."""

from pathlib import Path

import pytest

from imgrec import ImgrecError, Options, index_folders
from imgrec.cluster.crew import CrewOptions
from imgrec.cluster.crews import worked_off
from imgrec.cluster.local_crews import LocalCrews
from imgrec.cluster.schedule import Schedule
from planned_runs import part_files, planned, recorded_files

pytest.importorskip("obstore", reason="needs obstore, of the extra scale")

_OPTIONS = Options(encoders=("mini",), workers=0, batch_size=4, part_rows=7)
_ALONE = CrewOptions(workers=0)


def test_the_jobs_of_a_plan_are_done_once(photos: Path, tmp_path: Path) -> None:
    url = f"file://{tmp_path / 'objects'}"
    plan = planned(photos, tmp_path / "scanned", url, _OPTIONS)
    schedule = Schedule(plan.numbers)
    with LocalCrews(url, plan.id, _ALONE) as crews:
        done = list(worked_off(schedule, crews))
    assert [one.number for one in done] == list(plan.numbers)
    assert schedule.repeated == schedule.doubled == 0
    index_folders([photos], tmp_path / "store", _OPTIONS)
    assert recorded_files(url, plan) == part_files(tmp_path / "store")


def test_what_ends_the_crew_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    with (
        LocalCrews(f"file://{tmp_path / 'objects'}", "0123", _ALONE) as crews,
        pytest.raises(ImgrecError, match="there is no plan at"),
    ):
        list(worked_off(Schedule([0]), crews))
