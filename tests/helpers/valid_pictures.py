"""A small valid file of every readable format, and of the variants within a format."""

import warnings
from collections.abc import Callable

import numpy as np
from PIL import Image

import handmade_pictures
from pictures import encoded, picture

_SAVED: dict[str, tuple[str, str, dict[str, object]]] = {
    # By name: the format, the mode and the options of Pillow.
    "JPEG": ("JPEG", "RGB", {}),
    "JPEG, progressive": ("JPEG", "RGB", {"progressive": True}),
    "JPEG of inks": ("JPEG", "CMYK", {}),
    "JPEG of gray": ("JPEG", "L", {}),
    "PNG": ("PNG", "RGB", {}),
    "PNG of a palette": ("PNG", "P", {"transparency": 3}),
    "PNG, transparent": ("PNG", "RGBA", {}),
    "WEBP": ("WEBP", "RGB", {}),
    "WEBP, lossless": ("WEBP", "RGBA", {"lossless": True}),
    "GIF": ("GIF", "P", {}),
    "TIFF": ("TIFF", "RGB", {}),
    "TIFF by LZW": ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    "TIFF by JPEG": ("TIFF", "RGB", {"compression": "jpeg"}),
    "TIFF by deflate": ("TIFF", "CMYK", {"compression": "tiff_adobe_deflate"}),
    "TIFF of a fax": ("TIFF", "1", {"compression": "group4"}),
    "TIFF of floats": ("TIFF", "F", {}),
    "BMP": ("BMP", "RGB", {}),
    "DIB": ("DIB", "RGB", {}),
    "AVIF": ("AVIF", "RGB", {"speed": 10}),
    "JPEG2000": ("JPEG2000", "RGB", {}),
    "PPM": ("PPM", "RGB", {}),
    "PPM of bits": ("PPM", "1", {}),
    "PPM of floats": ("PPM", "F", {}),
    "QOI": ("QOI", "RGB", {}),
    "DDS": ("DDS", "RGBA", {}),
    "DDS by blocks": ("DDS", "RGBA", {"pixel_format": "DXT5"}),
    "ICNS": ("ICNS", "RGBA", {}),
    "BLP": ("BLP", "P", {}),
    "SGI": ("SGI", "RGB", {}),
    "XBM": ("XBM", "1", {}),
    "PCX": ("PCX", "RGB", {}),
    "TGA": ("TGA", "RGB", {}),
    "TGA by runs": ("TGA", "RGBA", {"compression": "tga_rle"}),
    "ICO": ("ICO", "RGBA", {"sizes": [(32, 32), (16, 16)]}),
    "ICO of bitmaps": ("ICO", "RGBA", {"sizes": [(32, 32)], "bitmap_format": "bmp"}),
    "IM": ("IM", "RGB", {}),
    "MSP": ("MSP", "1", {}),
    "SPIDER": ("SPIDER", "F", {}),
}
SIZE = (32, 32)


def _saved(name: str) -> Callable[[], bytes]:
    kind, mode, options = _SAVED[name]
    image = picture("discs", 4, SIZE).convert(mode)

    def make() -> bytes:
        with warnings.catch_warnings():
            # Writing IM is deprecated in Pillow.
            warnings.simplefilter("ignore", DeprecationWarning)
            return encoded(image, kind, **options)

    return make


def _mpo() -> bytes:
    frames = [picture("discs", seed, SIZE) for seed in (4, 5)]
    return encoded(frames[0], "MPO", save_all=True, append_images=frames[1:])


def _sixteen_bits() -> bytes:
    values = np.arange(SIZE[0] * SIZE[1], dtype=np.uint16).reshape(SIZE) * 64
    return encoded(Image.fromarray(values), "PNG")


# By name: the function that builds the file, and Pillow's name of its format.
VALID: dict[str, tuple[Callable[[], bytes], str]] = {
    **{name: (_saved(name), kind) for name, (kind, _, _) in _SAVED.items()},
    **{kind: (make, kind) for kind, (make, _) in handmade_pictures.FILES.items()},
    "MPO": (_mpo, "MPO"),
    "PNG of 16 bits": (_sixteen_bits, "PNG"),
}
