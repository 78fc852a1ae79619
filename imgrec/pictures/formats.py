"""The file formats that are read, and the suffixes by which a folder's files are selected.

All raster formats that Pillow decodes by itself, except, on purpose:

- EPS, which Pillow passes to Ghostscript, an interpreter of programs;
- IPTC, a container for a file of any other format, EPS included;
- BUFR, GRIB, HDF5 and WMF, for which Pillow has only stubs, and MPEG, which is video.

The format of a file is identified by its content (magic bytes); suffixes only decide which files of
a folder are opened at all. Suffixes that Pillow registers but that usually mean something else are
left out: `.fit` (tracks of sports watches), `.gbr` (circuit boards), `.msp` (installer patches),
`.vst`, `.vda` and `.icb` (plug-ins, drawings). Such a file can still be a query picture.
"""

from contextlib import suppress
from functools import cache

# Tried in this order: formats with unambiguous magic bytes first.
FORMATS = {
    "JPEG": "jpg jpeg jpe jfif",
    "PNG": "png apng",
    "WEBP": "webp",
    "GIF": "gif",
    "TIFF": "tif tiff",
    "BMP": "bmp",
    "HEIF": "heic heics heif heifs hif",
    "AVIF": "avif avifs",
    "JPEG2000": "jp2 j2k jpc jpf jpx j2c",
    "MPO": "mpo",
    "PSD": "psd",
    "PPM": "ppm pgm pbm pnm pfm",
    "QOI": "qoi",
    "DDS": "dds",
    "ICNS": "icns",
    "BLP": "blp",
    "FITS": "fits",
    "FTEX": "ftc ftu",
    "SGI": "sgi rgb rgba bw",
    "SUN": "ras",
    "XPM": "xpm",
    "XVTHUMB": "",
    "PIXAR": "pxr",
    "DCX": "dcx",
    "DIB": "dib",
    "ICO": "ico",
    "CUR": "cur",
    "MSP": "",
    "MCIDAS": "",
    "PCX": "pcx",
    "FLI": "fli flc",
    "XBM": "xbm",
    "IM": "im",
    "IMT": "",
    "PCD": "pcd",
    "GBR": "",
    "TGA": "tga",
    "SPIDER": "",
}
SUFFIXES = frozenset(f".{suffix}" for line in FORMATS.values() for suffix in line.split())
# Raw files of cameras, of which the embedded preview is read. Suffixes such as `.raw`, `.cap` and
# `.eip` are left out, because they usually mean something else.
_RAW = (
    "3fr arw cr2 cr3 crw dcr dng erf gpr iiq kdc mef mos mrw nef nrw orf pef raf rw2 rwl sr2 srf "
    "srw x3f"
)
RAW_SUFFIXES = frozenset(f".{suffix}" for suffix in _RAW.split())
HEIF_SUFFIXES = frozenset(f".{suffix}" for suffix in FORMATS["HEIF"].split())


@cache
def readable_formats() -> list[str]:
    """Return the formats of `FORMATS` that the installed Pillow can open, in the same order."""
    # Imported here: who only selects files by their suffix has no use for it.
    from PIL import Image

    Image.init()
    with suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    return [name for name in FORMATS if name in Image.OPEN]
