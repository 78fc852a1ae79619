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

from PIL import Image

from imgrec.system.extras import install_line

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
NOT_READ = frozenset({"EPS", "IPTC", "BUFR", "GRIB", "HDF5", "WMF", "MPEG"})
AMBIGUOUS_SUFFIXES = frozenset({".fit", ".gbr", ".msp", ".vst", ".vda", ".icb"})
SUFFIXES = frozenset(f".{suffix}" for line in FORMATS.values() for suffix in line.split())
_MAGICS = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"II*\x00", b"MM\x00*", b"BM",
           b"8BPS", b"qoif", b"DDS ", b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51", b"icns",
           b"BLP1", b"BLP2", b"SIMPLE  =", b"FTEX")  # fmt: skip
# Source: ISO/IEC 23008-12, the brands of still images and sequences coded with HEVC.
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


@cache
def readable_formats() -> list[str]:
    """Return the formats of `FORMATS` that the installed Pillow can open, in the same order."""
    Image.init()
    with suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    return [name for name in FORMATS if name in Image.OPEN]


def why_unidentified(data: bytes) -> tuple[str, str]:
    """Return a reason code and a detail for bytes that no decoder recognizes."""
    if data[4:8] == b"ftyp":
        install = "" if "HEIF" in readable_formats() else _heic_line(data[8:12])
        return "unsupported", f"the installed Pillow does not read {data[8:12]!r} files{install}"
    if data.startswith(_MAGICS) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return "truncated", "it has the header of a picture, and no readable picture after it"
    return "not-an-image", f"begins with {data[:8]!r}"


def _heic_line(brand: bytes) -> str:
    """Return how to install what reads a brand of file, "" where it is not HEIC."""
    return f": {install_line('heic')}" if brand in _HEIC_BRANDS else ""
