"""The version is the same in the package, the changelog and the citation file."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, version

import pytest
import yaml

from imgrec.version import __version__
from paths import ROOT

CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def _headings() -> list[str]:
    """Return the released versions in the headings of the changelog, with their dates."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    return [heading for heading in headings if heading.lower() != "unreleased"]


def test_the_version_has_three_numbers() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


def test_the_newest_version_of_the_changelog_is_this_one() -> None:
    assert _headings()[0].split()[0] == __version__


def test_the_citation_is_of_this_version_and_license() -> None:
    assert str(CITATION["version"]) == __version__
    assert CITATION["license"] == PROJECT["license"]
    assert CITATION["title"] == PROJECT["name"]


def test_a_release_has_its_date_in_the_citation_and_the_changelog() -> None:
    heading = _headings()[0]
    date = re.search(r"\d{4}-\d\d-\d\d", heading)
    assert str(CITATION.get("date-released")) == (date[0] if date else "None"), heading


def test_the_package_takes_its_version_from_the_module() -> None:
    assert "version" in PROJECT["dynamic"]
    try:
        installed = version("imgrec")
    except PackageNotFoundError:
        pytest.skip("imgrec is imported from its folder, not installed")
    assert installed == __version__
