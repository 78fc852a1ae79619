"""A site is written again for a layout that its map can show, and for no other."""

from pathlib import Path

import numpy as np
import pytest

from graph.map import kept_layouts
from graph.pages.current import site_is_current
from graph.pages.site import write_site
from imgrec.layouts.kept import KeptLayouts
from imgrec.store.store import Store
from site_stores import clusters, make_store, plain_names


def test_a_site_is_current_but_for_layouts_that_its_map_can_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_store(tmp_path, plain_names(12), clusters(12))
    site = tmp_path / "site"
    with Store.open(path) as store:
        write_site(store, site)
        assert site_is_current(store, site)
        default = store.default_feature
        assert default is not None
        other = KeptLayouts(store, "another")
        other.keep("umap-2d-a", np.zeros((12, 2), np.float32))
        assert site_is_current(store, site)
        own = KeptLayouts(store, default)
        own.keep("umap-3d-a", np.zeros((12, 3), np.float32))
        assert site_is_current(store, site)
        own.keep("umap-2d-a", np.zeros((12, 2), np.float32))
        assert not site_is_current(store, site)
        # Of more pictures it is one of a sample.
        monkeypatch.setattr(kept_layouts, "OVERVIEW_SIZE", 11)
        assert site_is_current(store, site)
