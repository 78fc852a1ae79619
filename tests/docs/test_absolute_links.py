"""The README as a package description: relative links become absolute ones to the repository."""

import importlib.util
import re
from types import ModuleType

import pytest

from paths import ROOT

REPOSITORY = "https://github.com/somebody/imgrec"


@pytest.fixture(scope="module")
def build_step() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_step", ROOT / "setup.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_relative_link_remains_in_the_readme(build_step: ModuleType) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    links = re.findall(r"(!?)\[[^]]*\]\(([^)]+)\)", text)
    relative = [(image, path) for image, path in links if "://" not in path]
    made = build_step.with_absolute_links(text, REPOSITORY, "v1.2.3")
    assert len(relative) > 10
    for image, path in relative:
        assert f"]({path})" not in made
        host = "https://raw.githubusercontent.com/somebody/imgrec/v1.2.3"
        assert f"]({host if image else REPOSITORY + '/blob/v1.2.3'}/{path})" in made
    assert all("://" in path for _, path in re.findall(r"(!?)\[[^]]*\]\(([^)]+)\)", made))


def test_absolute_links_and_other_text_stay_unchanged(build_step: ModuleType) -> None:
    text = "[a](https://example.org/x) [d](#e) ![f](https://example.org/f.png) a (b) [c]"
    assert build_step.with_absolute_links(text, REPOSITORY, "v1") == text


@pytest.mark.parametrize(
    "repository", ["https://example.org/a/b", "https://github.com/a", "git@github.com:a/b", ""]
)
def test_another_host_is_refused(build_step: ModuleType, repository: str) -> None:
    with pytest.raises(ValueError, match="OWNER/NAME"):
        build_step.with_absolute_links("", repository, "v1")
