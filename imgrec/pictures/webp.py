"""WebP: the first frame, decoded with the canvases of its animation freed early.

Pillow decodes each WebP as an animation, whose decoder holds two canvases of 4 bytes a pixel. Once
it has returned the pixels of the first frame they are of no more use, but Pillow keeps them while
it stores these pixels. Freed before, a picture takes 13 bytes a pixel at most in place of 17.
"""

from PIL.ImageFile import ImageFile
from PIL.WebPImagePlugin import WebPImageFile


class FirstFrame(WebPImageFile):
    """A WebP of which only the first frame can be loaded."""

    def load_prepare(self) -> None:
        """Free the canvases, and allocate the pixels that are stored."""
        # Pillow calls it between the decoding of a frame and the storing of its pixels.
        self._decoder = None
        super().load_prepare()


def first_frame(image: ImageFile) -> ImageFile:
    """Return an open picture that is loaded with less memory if it is a WebP.

    Args:
        image: opened and not loaded yet; it can not be sought afterwards.
    """
    if type(image) is WebPImageFile:
        image.__class__ = FirstFrame
    return image
