"""Test the doctor on network sites: damage at random, and names of every kind."""

import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from edited_sites import add, plain, write_data
from graph.pages.site import write_site
from imgrec.checks import CheckReport, check_site
from imgrec.checks.site.html import parse_html
from imgrec.doctor import main
from imgrec.store.store import Store
from site_stores import data_of


def test_names_that_would_break_the_page(store: Store, tmp_path: Path) -> None:
    """Line breaks and control characters in a link do not break the report."""
    write_site(store, tmp_path / "site", plain())
    add(tmp_path / "site" / "index.html", '<a href="&#10;\x1b[31m</script>.html">x</a>')
    out = main(["--site", str(tmp_path / "site")])
    assert out == 1


_VALUES = (
    None,
    True,
    -1,
    0,
    1.5,
    10**30,
    float("nan"),
    "",
    "x",
    "-1",
    "../..",
    [],
    [[]],
    {},
    {"a": 1},
)


def _mutated(value: Any, chance: random.Random) -> Any:
    """Return a JSON value with one random part of it changed or removed."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        kept = dict(value)
        if chance.random() < 0.2:
            kept.pop(key)
            return kept
        return kept | {key: _mutated(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        place = chance.randrange(len(value))
        return [*value[:place], _mutated(value[place], chance), *value[place + 1 :]]
    return chance.choice(_VALUES)


@pytest.mark.parametrize("seed", range(12))
def test_random_damage_never_raises(site: Path, seed: int) -> None:
    chance = random.Random(seed)
    files = sorted(path for path in site.rglob("*") if path.is_file() and "vis-" not in path.name)
    for _ in range(6):
        path = chance.choice(files)
        data = bytearray(path.read_bytes())
        for _ in range(chance.randrange(1, 9)):
            at = chance.randrange(len(data)) if data else 0
            data[at : at + chance.randrange(20)] = chance.randbytes(chance.randrange(20))
        path.write_bytes(bytes(data[: chance.randrange(len(data) + 1)] if seed % 3 == 0 else data))
        assert isinstance(check_site(site), CheckReport)


@pytest.mark.parametrize("seed", range(12))
def test_random_json_never_raises(site: Path, seed: int) -> None:
    chance = random.Random(seed)
    for page in sorted(site.rglob("*.html")):
        data = data_of(page)
        for _ in range(chance.randrange(1, 9)):
            data = _mutated(data, chance)
        write_data(page, data)
        assert isinstance(check_site(site), CheckReport)


@pytest.mark.parametrize(
    "html", ["<![foo", "<!", "<a href=", "<script>", "&#xffffffff;", "\0<a\0>"]
)
def test_markup_that_is_broken(html: str) -> None:
    with suppress(ValueError):
        parse_html(html)
