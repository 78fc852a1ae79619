"""Which pictures have the same content: the service, against the bytes of the files."""

from pathlib import Path

import pytest

from imgrec import Recommender, index_folders
from imgrec.serving import service as module
from pictures import write_pictures
from services import opened_service
from stores import HERE


def _indexed(folder: Path) -> Path:
    index_folders([folder / "photos"], folder / "store", HERE)
    return folder / "store"


def _by_content(recommender: Recommender) -> list[list[int]]:
    groups: dict[bytes, list[int]] = {}
    for picture in recommender.pictures():
        groups.setdefault(Path(picture.file).read_bytes(), []).append(picture.id)
    return sorted(sorted(ids) for ids in groups.values() if len(ids) > 1)


def test_copies_are_files_of_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pictures(tmp_path / "photos", 3)
    files = sorted((tmp_path / "photos").rglob("*.jpg"))
    for place, file in (("a.jpg", files[0]), ("b.jpg", files[0]), ("c.jpg", files[4])):
        (tmp_path / "photos" / place).write_bytes(file.read_bytes())
    with opened_service(_indexed(tmp_path)) as service:
        recommender = service.recommender
        found = service.copies().groups
        assert sorted(found) == _by_content(recommender)
        assert sorted(map(len, found)) == [2, 3]
        # Counted once for a state, and anew after the store has changed.
        assert service.copies() is service.copies()
        (tmp_path / "photos" / "d.jpg").write_bytes(files[7].read_bytes())
        _indexed(tmp_path)
        assert sorted(service.copies().groups) == _by_content(recommender)
        assert len(service.copies().groups) == 3
    monkeypatch.setattr(module, "MOST_COPIES", 1)
    with opened_service(tmp_path / "store") as service:
        assert len(service.copies().groups) == 1


def test_no_copies(photo_store: Path) -> None:
    with opened_service(photo_store) as service:
        assert service.copies().groups == _by_content(service.recommender) == []
