"""Names that lead out of a store, or that a terminal would obey."""

from pathlib import Path

from attack import Attack
from ground import Ground, Spoil
from imgrec.system.folder_names import folder_name
from signing import edit_json, set_json, sign_kept, sign_part

_MINI = "features/mini/part-000000"


def _feature_called(name: str, *, consistent: bool = True) -> Spoil:
    """Return what gives the feature `mini` another name, in its parts' copies as well."""

    def spoil(ground: Ground) -> None:
        called = name.replace("HOME", str(ground.home))
        set_json(ground.store / "features/mini/feature.json", name=called)
        if consistent:
            _copied(ground.store / "features/mini")

    return spoil


def _copied(feature: Path) -> None:
    """Make the copies of a description in its parts those of the feature."""
    import json

    described = json.loads((feature / "feature.json").read_text("utf-8"))
    for part in feature.glob("part-*"):
        sign_part(part, lambda manifest: manifest.update(feature=described))


def _folder_called(folder: str, name: str | None = None) -> Spoil:
    """Return what renames the folder of the feature `mini`, and its name if one is given."""

    def spoil(ground: Ground) -> None:
        moved = ground.store / "features" / folder
        (ground.store / "features/mini").rename(moved)
        if name is not None:
            set_json(moved / "feature.json", name=name)
            _copied(moved)
        set_json(ground.store / "store.json", encoder=name or folder)

    return spoil


def _renamed(old: str, new: str) -> Spoil:
    return lambda ground: (ground.store / old).rename(ground.store / new) and None


def _classes_called(name: str) -> Spoil:
    def spoil(ground: Ground) -> None:
        (ground.store / "classes/mini").rename(ground.store / "classes" / folder_name(name))

    return spoil


def _kept_file_outside(ground: Ground) -> None:
    """Name a file of the owner, by its right size, among those of a k-NN graph."""
    folder, outside = ground.store / "knn/mini", "../../../../home/letter.txt"
    letter = ground.home / "letter.txt"

    def add(body: dict[str, dict[str, object]]) -> None:
        body["files"][outside] = {
            "bytes": letter.stat().st_size,
            "sha256": "0" * 64,
            "ends_sha256": "0" * 64,
        }

    sign_kept(folder, add)


def _part_file_outside(ground: Ground) -> None:
    def add(manifest: dict[str, dict[str, object]]) -> None:
        manifest["files"]["../../../../../home/letter.txt"] = {"bytes": 1, "blake2b": "0" * 32}

    sign_part(ground.store / _MINI, add)


def _damage_reported_outside(ground: Ground) -> None:
    names = ["../../home/Documents", str(ground.home), "features/mini/../../../../home/mini"]
    (ground.store / "damaged.json").write_text(str(names).replace("'", '"'))


def _site_outside(ground: Ground) -> None:
    """Name a folder outside as the site, and a community whose page is a file of the owner."""
    (ground.store / "pages/community-x").mkdir(parents=True)
    (ground.store / "index.html").write_text("site")
    (ground.store / "graph.json").write_text('{"site": "."}')
    from signing import execute

    path = "x/../../../../home/diary"
    execute(
        ground.store / "catalog.sqlite", "UPDATE labels SET value = :path WHERE kind = 'community'"
        " AND image_id = 1", "DELETE FROM labels WHERE kind = 'community' AND image_id > 1",
        values={"path": path},
    )  # fmt: skip


def _roots_numbers(ground: Ground) -> None:
    edit_json(ground.store / "roots.json", lambda roots: roots[0].update(path="../home"))
    (ground.store / "catalog.sqlite").unlink()


HOSTILE_NAMES = [
    Attack("name of a feature with ..", _feature_called("../../../home/Documents")),
    Attack("name of a feature: another folder of the store", _feature_called("../features/mini")),
    Attack("name of a feature: absolute", _feature_called("HOME/Documents")),
    Attack("name of a feature: not its folder's", _feature_called("rgb")),
    Attack("name of a feature: not that of its parts", _feature_called("rgb", consistent=False)),
    Attack("name of a feature: empty", _feature_called("")),
    Attack("name of a feature: a dot", _feature_called(".")),
    Attack("name of a feature: 100,000 letters", _feature_called("m" * 100_000)),
    Attack("name of a feature: NUL", _feature_called("mi\0ni")),
    Attack("name of a feature: no UTF-8", _feature_called("mi\udc80ni")),
    Attack("name of a feature: a relation", _feature_called("theirs+mini")),
    Attack(
        "folder of a feature: encoded ..",
        _folder_called("%2e%2e%2f%2e%2e%2fhome%2fmini", "../../home/mini"),
    ),
    Attack("folder of a feature: half encoded ..", _folder_called("..%2f..%2fhome%2fmini")),
    Attack(
        "folder of a feature: control characters",
        _folder_called(folder_name("mini\x1b[2J\x1b]0;x\x07"), "mini\x1b[2J\x1b]0;x\x07"),
    ),
    Attack(
        "folder of a feature: markup",
        _folder_called(folder_name("<xss-canary>"), "<xss-canary>"),
    ),
    Attack("folder of a feature: not encoded", _folder_called("Mi:ni", "Mi:ni")),
    Attack(
        "encoder of store.json with ..",
        lambda ground: set_json(ground.store / "store.json", encoder="../../home/Documents"),
    ),
    Attack(
        "encoder of store.json: absolute",
        lambda ground: set_json(ground.store / "store.json", encoder=str(ground.home / "mini")),
    ),
    Attack("classes of an encoder with ..", _classes_called("../../home/Documents")),
    Attack("classes of an encoder: control characters", _classes_called("m\x1b[2J")),
    Attack("a relation's folder with ..", _renamed(
        "relations/theirs+mini", "relations/..%2f..%2fhome%2fmini"), found=False),
    Attack("a kept file outside", _kept_file_outside),
    Attack("a part's file outside", _part_file_outside),
    Attack("number of a part: 30 digits", _renamed(
        _MINI, "features/mini/part-" + "9" * 30), found=False),
    Attack("number of a part: other digits", _renamed(_MINI, "features/mini/part-٠٠٠٠٠٧")),
    Attack("number of a part: a line break", _renamed(_MINI, "features/mini/part-000007\n")),
    Attack("reported damage outside", _damage_reported_outside, found=False),
    Attack("a site whose page is outside", _site_outside, found=False),
    Attack("roots that are relative, and no catalog", _roots_numbers),
]  # fmt: skip
