"""Requests of strangers that a server of this machine refuses: by name, by origin, by site."""

# Of a page of another site, by mode and destination of the request.
CROSS = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: {}\r\nSec-Fetch-Dest: {}\r\n"
HEADERS = (
    *(f"Origin: {origin}\r\n"
      for origin in ("http://evil.example", "null", "http://127.0.0.1:1", "file://")),
    CROSS.format("cors", "empty"),
    CROSS.format("no-cors", "image"),
    CROSS.format("navigate", "document"),
    "Sec-Fetch-Site: same-site\r\n",
)  # fmt: skip


def other_names(port: int) -> tuple[str, ...]:
    """Return names of the host by which no server here is asked, with DNS rebinding for example."""
    return "evil.example", f"evil.example:{port}"
