"""Keep the list of bookmarks closed until somebody opens it, in the served page of TensorBoard.

The page opens the list whenever a tensor has bookmarks. Nothing in the files of a logdir prevents
that, and the open list covers the lower half of the column in which the nearest neighbors of a
picture are shown. So the page is sent with one more script, which leaves the list closed after
loading; a click on its arrow opens it as before. If another version of TensorBoard has a different
page, it is sent unchanged, and the list is open.

Source: `setSelectedTensor` of vz_projector/vz-projector-bookmark-panel.ts in
tensorflow/tensorboard: it calls `_expandMore` after `addStates`, without a condition.
"""

from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.wrappers import Response

from imgrec.system.local_requests import WsgiApp

_FOLDER = "/data/plugin/projector/"
PAGE = f"{_FOLDER}projector_binary.html"
SCRIPT = f"{_FOLDER}closed_bookmarks.js"
# The page's own script, which defines its elements; ours has to wait for it to be loaded.
_OWN = b'<script src="projector_binary.js">'
_OURS = b'<script src="closed_bookmarks.js"></script>'
# A click passes its event to `_expandMore`; the page itself calls it without an argument.
_CONTENT = """\
"use strict";
customElements.whenDefined("vz-projector-bookmark-panel").then(() => {
  const panel = customElements.get("vz-projector-bookmark-panel").prototype;
  const open = panel._expandMore;
  if (open) {
    panel._expandMore = function (event) {
      if (event) open.call(this, event);
    };
  }
});
"""


def closed_bookmarks(app: WsgiApp) -> WsgiApp:
    """Return an application that serves TensorBoard with the list of bookmarks closed.

    Args:
        app: of TensorBoard.
    """

    def changed(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("REQUEST_METHOD") == "GET":
            path = environ.get("PATH_INFO")
            if path == SCRIPT:
                script = Response(_CONTENT, content_type="text/javascript; charset=utf-8")
                return script(environ, start_response)
            if path == PAGE:
                return _with_script(app, environ)(environ, start_response)
        return app(environ, start_response)

    return changed


def _with_script(app: WsgiApp, environ: dict[str, Any]) -> Response:
    """Return the page with our script before its own; uncompressed, so that it can be changed."""
    plain = {key: value for key, value in environ.items() if key != "HTTP_ACCEPT_ENCODING"}
    page = Response.from_app(app, plain, buffered=True)
    page.set_data(page.get_data().replace(_OWN, _OURS + _OWN, 1))
    return page
