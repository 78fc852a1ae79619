"""From text to a picture source: what a user typed, or what the catalog keeps as a root.

A description is `SCHEME://…` for the schemes of `KINDS`, and the absolute path of a folder
otherwise. A new kind of source is one class and one line of `KINDS`.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from imgrec.errors import ImgrecError, PictureError, cause_of
from imgrec.objects.addresses import BUCKETS, address_of, is_address
from imgrec.sources.folder import FolderSource, spellings
from imgrec.sources.links import RealPlaces
from imgrec.sources.source import PictureSource
from imgrec.sources.spelling import as_spelled
from imgrec.sources.tar_places import SCHEMES as TAR_SCHEMES
from imgrec.sources.tar_places import description_of, split_at_tar


def _bucket(description: str) -> PictureSource:
    # Imported here, as the tar files below: most collections are folders.
    from imgrec.sources.bucket import BucketSource

    return BucketSource(description)


def _tar_shards(description: str) -> PictureSource:
    from imgrec.sources.tar_shards import TarShards

    return TarShards(description)


_FOLDER = ""
KINDS: Mapping[str, Callable[[str], PictureSource]] = {
    _FOLDER: FolderSource,
    **dict.fromkeys(BUCKETS, _bucket),
    **dict.fromkeys(TAR_SCHEMES, _tar_shards),
}
_WEB = ("http://", "https://")


def has_scheme(description: str) -> bool:
    """Return True if a description begins with the scheme of a kind of source, `SCHEME://`."""
    return _scheme(description) != _FOLDER


def source_of(description: str) -> PictureSource:
    """Return the source of a description as the catalog keeps it; touches no disk."""
    return KINDS[_scheme(description)](description)


def source_at(text: Path | str) -> PictureSource:
    """Return the source that a user names: a folder is made absolute and its links resolved.

    Raises:
        ImgrecError: the text can name no folder, as one that is a loop of links, is no address of
            a bucket, or is that of a web page.
    """
    if str(text).startswith(_WEB):
        raise ImgrecError(
            "an address of the web is no picture folder: a web server tells neither which pictures "
            "it has nor their versions; name a bucket (s3://, gs://, az://) or a folder"
        )
    if has_scheme(str(text)):
        _, _, rest = str(text).partition("tar+")
        if is_address(rest or str(text)):
            address_of(rest or str(text))
        return source_of(_described(str(text)).rstrip("/"))
    try:
        if described := _tar_file(text):
            return source_of(described)
        return FolderSource.at(as_spelled(Path(text).expanduser()))
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a null character
        raise ImgrecError(f"{text} is not a folder ({cause_of(error)}): name another") from error


def picture_at(text: Path | str) -> tuple[PictureSource, str]:
    """Return the picture that a user names, there or not: a source and the path within it.

    Raises:
        PictureError: `unreadable`: the text can name no picture.
    """
    if has_scheme(str(text)):
        parent, _, name = _described(str(text)).rpartition("/")
        return source_of(parent), name
    try:
        if described := _tar_file(text):
            parent, _, name = described.rpartition("/")
            return source_of(parent), name
        file = as_spelled(Path(text)).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a null character
        raise PictureError("unreadable", str(error)) from error
    return FolderSource(str(file.parent)), file.name


def locations_of(text: str) -> list[str]:
    """Return the locations that a user may mean by a text, the likeliest first."""
    if has_scheme(text):
        return [_described(text).rstrip("/")]
    described = _tar_file(text)
    return [described] if described else spellings(str(as_spelled(Path(text))))


def folders_named(text: str) -> list[str]:
    """Return the locations that a user may mean by the name of a folder, `~` expanded.

    Returns:
        Empty where the text can name none.
    """
    try:
        return locations_of(text if has_scheme(text) else str(Path(text).expanduser()))
    except (OSError, RuntimeError, ValueError):  # no such user, a loop of links, a null character
        return []


def real_places(sources: Iterable[PictureSource]) -> RealPlaces:
    """Return where links may lead in a scan of some sources."""
    return RealPlaces(s.description for s in sources if isinstance(s, FolderSource))


def overlap(one: PictureSource, other: PictureSource) -> bool:
    """Return True if one of two sources lies inside the other or is the same."""
    return any(a.path_of(b.description) is not None for a, b in ((one, other), (other, one)))


def _described(text: str) -> str:
    """Return the description of an address: of a bucket, or of a tar file in one."""
    return description_of(text) if is_address(text) and split_at_tar(text) else text


def _tar_file(text: Path | str) -> str | None:
    """Return the description of a local tar file or of a place in it; None for another place."""
    found = split_at_tar(Path(text).expanduser().absolute().as_posix())
    if found is None or not Path(found[0]).is_file():
        return None
    file = description_of(Path(found[0]).resolve().as_posix())
    return f"{file}/{found[1]}" if found[1] else file


def _scheme(text: str) -> str:
    scheme, separator, _ = text.partition("://")
    return scheme if separator and scheme in KINDS else _FOLDER
