"""Damaged files of every format through a run with workers: each is read, or has a reason."""

from pathlib import Path

from imgrec import Options, Store, index_folders
from imgrec.pictures.decoding import REASONS
from mutations import mutated, seeds_of_every_format, write_mutated


def test_damage_is_a_function_of_its_number_and_differs_between_numbers() -> None:
    seeds = seeds_of_every_format()
    assert [mutated(seeds, n) for n in range(40)] == [mutated(seeds, n) for n in range(40)]
    again = [(".png", seeds[0][1])]
    assert len({mutated(again, n)[1] for n in range(200)}) > 180
    changed = sum(mutated(again, n)[1] != again[0][1] for n in range(200))
    assert changed > 190


def test_every_damaged_file_is_read_or_has_a_reason(tmp_path: Path) -> None:
    seeds = seeds_of_every_format()
    names = write_mutated(tmp_path / "files", seeds, 4 * len(seeds), seed=1)
    index_folders([tmp_path / "files"], tmp_path / "store", Options(encoders=("mini",), workers=2))
    with Store.open(tmp_path / "store") as store:
        table = store.catalog.db.execute("SELECT path, status, reason FROM images").fetchall()
        assert {row[0] for row in table} == {*names}
        for path, status, reason in table:
            assert status == "ok" or (status == "failed" and reason in REASONS), path
        # Most damage is noticed; some files are sound in spite of it.
        assert {row[1] for row in table} == {"ok", "failed"}
        assert len(store.feature("mini").ids) == sum(row[1] == "ok" for row in table)
