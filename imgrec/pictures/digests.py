"""The digest of the content of a picture's file, by which copies are found."""

import hashlib


def digest(data: bytes) -> str:
    """Return the content digest of a file: BLAKE2b with 128 bits, as 32 hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()
