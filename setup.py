"""Build step: the README as the package index shows it, with absolute links.

Links in README.md are relative, so that they work in a checkout. The page of a package index has
no files beside it: there every link must be absolute. Their base is `Repository` in the table
`[project.urls]` of pyproject.toml, at the tag of the version; without it the README is taken as it
is. Everything else about the package is in pyproject.toml.
"""

import re
import tomllib
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent
_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^]]*)\]\((?!https?://|#|mailto:)(?P<path>[^)\s]+)\)")


def with_absolute_links(text: str, repository: str, tag: str) -> str:
    """Return Markdown whose relative links lead to a GitHub repository at a tag.

    Args:
        text: Markdown with links relative to the root of the repository.
        repository: `https://github.com/OWNER/NAME`.
        tag: what the links lead to, as "v0.1.0".

    Raises:
        ValueError: the repository is not on GitHub, so the form of its addresses is unknown.
    """
    host, _, name = repository.rstrip("/").removesuffix(".git").partition("github.com/")
    if host != "https://" or name.count("/") != 1:
        raise ValueError(f"Repository = {repository!r}: write https://github.com/OWNER/NAME")

    def absolute(link: re.Match[str]) -> str:
        base = f"https://github.com/{name}/blob/{tag}"
        if link["image"]:
            base = f"https://raw.githubusercontent.com/{name}/{tag}"
        return f"{link['image']}[{link['text']}]({base}/{link['path']})"

    return _LINK.sub(absolute, text)


def _readme() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    text = (ROOT / "README.md").read_text("utf-8")
    repository = project.get("urls", {}).get("Repository")
    if repository is None:
        return text
    source = (ROOT / "imgrec" / "version.py").read_text("utf-8")
    (version,) = re.findall(r'__version__ = "([^"]+)"', source)
    return with_absolute_links(text, repository, f"v{version}")


if __name__ == "__main__":
    setup(long_description=_readme(), long_description_content_type="text/markdown")
