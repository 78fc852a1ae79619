"""Who may ask the live page inside the frame of another program, TensorBoard, what.

There is no printed address that could carry a token to a cookie, so the token is a part of the
path: `/TOKEN/` is the page, `/TOKEN/api/list` a route. Only the module that opens the frame,
`ENTRY`, says it, and only to a page of the very same origin. Three things keep strangers out:

- the connection comes from this machine, and `Host` names the loopback interface: the other program
  may listen at every address, and who reaches it from elsewhere could send such a `Host` too;
- `Origin` and `Sec-Fetch-Site` are of the same origin, as in `imgrec.serving.guards`. A browser
  that sends neither lets no page of another origin read the module, so such a page does not know
  the address that its form or its picture would have to name;
- bodies are of a type that no form can send.

What it does not keep out: programs and other users of this machine. They can ask for the module as
a browser does. So nothing here writes outside of the store.

Source: as of `imgrec.serving.guards`.
"""

from dataclasses import replace
from ipaddress import IPv6Address, ip_address

from imgrec.serving.guards import (
    FILES,
    Access,
    Head,
    Refusal,
    most_bytes,
    of_body,
    of_host,
    of_origin,
    opens_files,
    same,
)

# The module that opens the frame.
ENTRY = "/index.js"
_FAR = (
    "the tab imgrec answers only the machine that TensorBoard runs on: open it there as 127.0.0.1 "
    "or localhost, or through a tunnel (ssh -L)"
)
_OLD = "TensorBoard was started anew, or this address is none of it: load its page again"
_NO_LENGTH = Refusal(411, "the length of the body is not told")


def located(head: Head, access: Access) -> Head | Refusal:
    """Return a head with its path as the live page has it, or why nothing is there.

    Args:
        head: its path begins below the mount point.
        access: its token is the first part of every path but those of `ENTRY` and of `FILES`.
    """
    if head.path == ENTRY:
        return head
    if head.path.startswith(FILES):
        return head if opens_files(head, access) else Refusal(404, "there is no such file")
    token, slash, rest = head.path.removeprefix("/").partition("/")
    # What has a secret of its own is not reached by this one.
    if slash and same(token, access.token) and not f"/{rest}".startswith((FILES, ENTRY)):
        return replace(head, path=f"/{rest}")
    return Refusal(401, _OLD)


def frame_refusal(head: Head, access: Access, peer: str) -> Refusal | None:
    """Return why a request is refused; None if it may be answered.

    Args:
        head: as `located` returns it.
        access: what opens the page.
        peer: address that the connection comes from.
    """
    return (
        _of_peer(peer) or of_host(head, access) or of_origin(head) or of_body(head)
        or _of_length(head)
    )  # fmt: skip


def stranger(head: Head, access: Access, peer: str) -> Refusal | None:
    """Return why nothing at all is answered to a request, wherever its path leads."""
    return _of_peer(peer) or of_host(head, access)


def _of_peer(peer: str) -> Refusal | None:
    try:
        address = ip_address(peer)
    except ValueError:
        return Refusal(403, _FAR)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return None if (mapped or address).is_loopback else Refusal(403, _FAR)


def _of_length(head: Head) -> Refusal | None:
    """Refuse a body that says in no header how long it is, which cannot be read within bounds."""
    return _NO_LENGTH if most_bytes(head) and head.one("content-length") is None else None
