"""The kinds of places that hold no pictures of a collection, told by the names on a path.

Systems, NAS devices and photo programs leave files with the suffix of a picture beside the
pictures: deleted ones in a trash, thumbnails and previews, the inside of packages that are shown as
one file, metadata of a foreign file system. Their names are fixed, so a path alone tells the kind:

    hidden       a name that begins with a dot, of whatever else
    trash        deleted files, and earlier versions that are kept for a restore (snapshots)
    previews     thumbnails and previews made from pictures that lie elsewhere
    packages     folders that their system shows as one file: a photo library, an application
    companions   files beside a picture that hold no picture of their own: AppleDouble, unfinished

Invariants: a name with a more exact kind is never called hidden; names are compared without regard
to case, as a share may change it; names that people give folders of their own, such as `Thumbnails`
or `Originals`, have no kind.

Source: of the names of trash folders, the Trash specification of freedesktop.org, the lists of
syncthing/syncthing (lib/ignore) and of bpatrik/pigallery2 issue 1099, photoprism/photoprism issue
4921, jniedballa/camtrapR issue 17; of previews, photoprism/photoprism issue 1543 (Synology),
Marginal/QuickLookVideo issue 52 (QNAP) and the thumbnail specification of freedesktop.org; of
companions, RFC 1740 (AppleDouble) and aosp-mirror/platform_packages_providers_mediaprovider
(`.pending-`, `.trashed-`); of packages, ClipCard/bundle_tracker.
"""

# In the order in which they are named to a user.
PLACE_KINDS = ("hidden", "trash", "previews", "packages", "companions")

_TRASH = frozenset(
    {
        # Windows
        "$recycle.bin",
        "recycler",
        "recycled",
        # Samba, netatalk, and file servers of Synology, QNAP, Buffalo, NetApp
        "#recycle",
        "@recycle",
        "network trash folder",
        "trashbox",
        "#snapshot",
        "@recently-snapshot",
        "~snapshot",
        ".snapshot",
        ".snapshots",
        ".zfs",
        # Nextcloud and ownCloud
        "files_trashbin",
        "files_versions",
        # fragments that a check of the file system recovered
        "lost+found",
        # digiKam, the gallery of Xiaomi, Syncthing
        ".dtrash",
        ".globaltrash",
        ".stversions",
    }
)
_TRASH_PREFIXES = (".trash", ".recycle")
_PREVIEWS = frozenset(
    {
        # Synology, QNAP, Western Digital
        "@eadir",
        ".@__thumb",
        ".wdmc",
        # desktops, Android, viewers, file managers of websites
        "thumbs",
        ".thumbs",
        ".thumb",
        ".thumbnails",
        ".thumbnail",
        ".xvpics",
        ".tmb",
        "_thumbs",
        "ipod photo cache",
    }
)
# Folders that hold previews only inside of another one: names of the outer one to those inside.
_PREVIEWS_INSIDE = {
    "iphoto library": frozenset({"data", "data.noindex", "thumbnails", "previews"}),
    "captureone": frozenset({"cache"}),
}
_LIBRARIES = (
    ".photoslibrary",
    ".photolibrary",
    ".migratedphotolibrary",
    ".aplibrary",
    ".migratedaplibrary",
)
# Of Photos: all but `originals` and `Masters`; of iPhoto and Aperture: previews and thumbnails.
_PREVIEWS_IN_LIBRARIES = frozenset(
    {
        "resources",
        "previews",
        "thumbnails",
        "data",
        "data.noindex",
        "private",
        "internal",
        "scopes",
        "database",
    }
)
_PREVIEWS_SUFFIX = ".lrdata"
_PACKAGE_SUFFIXES = (
    *_LIBRARIES,
    ".lrlibrary",
    ".cocatalog",
    # applications and their parts
    ".app",
    ".appex",
    ".bundle",
    ".framework",
    ".plugin",
    ".kext",
    ".prefpane",
    ".qlgenerator",
    ".saver",
    ".workflow",
    ".pkg",
    ".mpkg",
    # documents and projects
    ".rtfd",
    ".pages",
    ".numbers",
    ".key",
    ".graffle",
    ".scriv",
    ".dtbase2",
    ".band",
    ".logicx",
    ".fcpbundle",
    ".imovielibrary",
    ".theater",
    ".tvlibrary",
    ".musiclibrary",
    ".xcarchive",
    ".sparsebundle",
    ".download",
)
# AppleDouble files of an archive, of netatalk, and of Mac OS on a FAT disk; texts of FrontPage.
_COMPANIONS = frozenset({"__macosx", ".appledouble", "resource.frk", "_vti_cnf"})


def place_kind(path: str) -> str | None:
    """Return the kind of place that a picture file lies in; None for an ordinary one.

    Args:
        path: of a file, relative to its root, with forward slashes. Only names below the root
            count, because a folder that the user names is wanted, whatever its name.

    Returns:
        One of `PLACE_KINDS`: that of the outermost folder that has one, else that of the file.
    """
    *folders, name = path.split("/")
    parent = ""
    for folder in folders:
        kind = folder_kind(folder, parent)
        if kind:
            return kind
        parent = folder
    return file_kind(name)


def folder_kind(name: str, parent: str = "") -> str | None:
    """Return the kind of a folder by its name; None for an ordinary one.

    Args:
        name: of the folder.
        parent: name of the folder that it lies in; "" where that is the root.
    """
    name = name.lower()
    if name in _TRASH or name.startswith(_TRASH_PREFIXES):
        return "trash"
    if name in _PREVIEWS or name.endswith(_PREVIEWS_SUFFIX):
        return "previews"
    if name in _COMPANIONS:
        return "companions"
    if parent and (inside := _kind_inside(name, parent.lower())):
        return inside
    if name.endswith(_PACKAGE_SUFFIXES) and name not in _PACKAGE_SUFFIXES:
        return "packages"
    return "hidden" if name.startswith(".") else None


def file_kind(name: str) -> str | None:
    """Return the kind of a file by its name; None for an ordinary one."""
    if not name.startswith("."):
        return None
    if name.startswith(("._", ".pending-")):
        return "companions"
    return "trash" if name.startswith(".trashed-") else "hidden"


def _kind_inside(name: str, parent: str) -> str | None:
    """Return the kind that a folder has only because of the folder it lies in, both lower case."""
    if parent.endswith(_LIBRARIES) and name in _PREVIEWS_IN_LIBRARIES:
        return "previews"
    if name in _PREVIEWS_INSIDE.get(parent, ()):
        return "previews"
    # Nextcloud and ownCloud: `appdata_INSTANCE/preview`.
    if parent.startswith("appdata_") and name in {"preview", "thumbnails"}:
        return "previews"
    # `~/.local/share/Trash` of freedesktop.org.
    return "trash" if parent == "trash" and name in {"files", "expunged"} else None
