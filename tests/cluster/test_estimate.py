"""What indexing would take, compared with a run."""

from dataclasses import replace
from pathlib import Path

import pytest

from imgrec import Options, index_folders
from imgrec.cluster.estimate import estimate
from imgrec.indexing.wanted import decide
from imgrec.plan import main, report

OPTIONS = Options(encoders=("mini",), workers=0)


def test_the_store_of_a_whole_sample_has_the_size_that_was_told(
    photos: Path, tmp_path: Path
) -> None:
    wanted = decide(None, tmp_path, [photos], OPTIONS)
    found = estimate(wanted, OPTIONS, 100)
    index_folders([photos], tmp_path / "store", OPTIONS)
    folders = {"mini": "features/mini", "rgb": "features/rgb", "thumbs": "thumbs"}
    for output, folder in folders.items():
        parts = (tmp_path / "store" / folder).glob("part-*/*")
        assert round(found.stored[output] * 24) == sum(p.stat().st_size for p in parts), output
    assert 200 < found.stored["catalog"] < 2000
    assert (found.pictures, found.sampled, found.failed, found.parts) == (24, 24, 0, 1)
    assert found.source_bytes == sum(p.stat().st_size for p in photos.rglob("*") if p.is_file())
    # mini and rgb: two files and part.json; thumbnails: two more.
    assert (found.files, found.reads, found.writes) == (11, 14, 13)
    assert found.device_s == 0
    assert found.seconds(4, 1) == found.seconds(1, 1)
    many = replace(found, pictures=4 * found.part_rows)
    assert many.seconds(4, 1) == many.seconds(8, 1) == pytest.approx(many.seconds(1, 1) / 4)
    for one, machines in ((found, ["1"]), (many, ["1", "4"])):
        lines = [line for line in report(one, ["mini"], 1) if "like this one" in line]
        assert [line.split()[0] for line in lines] == machines
    assert found.seconds(1, 2) == pytest.approx(found.seconds(1, 1) / 2)


def test_a_sample_is_drawn_from_all_pictures(photos: Path, tmp_path: Path) -> None:
    wanted = decide(None, tmp_path, [photos], OPTIONS)
    one, same, other = (estimate(wanted, OPTIONS, 5, seed=seed) for seed in (1, 1, 2))
    assert one.sampled == 5
    assert one.pictures == 24
    assert one.stored == same.stored != other.stored


def test_the_command_tells_numbers_and_writes_nothing(
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([str(photos), "--encoder", "mini", "--sample", "4", "--workers", "0"]) == 0
    told = capsys.readouterr().out
    for line in ("pictures: 24, ", "sample: 4, 0 of them", "encoders: mini, rgb", "1 machine like"):
        assert line in told
    # As `test_the_store_of_a_whole_sample_has_the_size_that_was_told`: 14 and 13 of 24 pictures.
    assert "read in 583,333 requests" in told
    assert "written in 541,667 requests" in told
    assert list(tmp_path.iterdir()) == []
    assert main([str(tmp_path / "absent")]) != 0
    assert "Traceback" not in capsys.readouterr().err
