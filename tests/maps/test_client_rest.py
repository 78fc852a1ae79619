"""Where a view of the map comes to rest, whatever comes while it moves or waits for its parts."""

from pathlib import Path

import numpy as np
import pytest

from browser import console_errors
from map_folder import MadeMap
from map_page import MapPage

# Layouts but the base one come when the test says.
_HELD_BACK = """
  const { pictures } = imgrecMap.view.core;
  const layout = pictures.layout.bind(pictures);
  const gate = new Promise((resolve) => { window.letGo = resolve; });
  pictures.layout = async (name) => {
    if (name !== imgrecMap.BASE) await gate;
    return layout(name);
  };
"""
_PRESS = """
  const { canvas } = imgrecMap.view.core;
  const [key, times, repeat] = arguments;
  for (let i = 0; i < times; i += 1) {
    canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, repeat }));
  }
"""
# Frames wait until they are let go.
_STOP_FRAMES = """
  const real = window.requestAnimationFrame.bind(window);
  const waiting = [];
  window.requestAnimationFrame = (act) => waiting.push(act);
  window.goOn = () => {
    window.requestAnimationFrame = real;
    real((now) => waiting.forEach((act) => act(now)));
  };
"""


@pytest.mark.parametrize(
    "move", ["core.fly(core.home())", "core.showLayout('pca')", "core.showLayout('grid')"]
)
def test_a_window_that_turns_on_the_way_home_shows_all(page: MapPage, move: str) -> None:
    page.size(390, 844)
    page.wait("return imgrecMap.view.core.camera.width === 390")
    page.look_at(5, 2)
    page.js("imgrecMap.view.core.open(-1)")
    page.js(_STOP_FRAMES)
    page.js(f"const {{ core }} = imgrecMap.view; {move}")
    page.wait("return imgrecMap.view.core.camera.isFlying")
    page.size(844, 390)
    page.wait("return imgrecMap.view.core.camera.width === 844")
    page.js("goOn()")
    page.settle()
    seen, home = page.do("[[core.camera.x, core.camera.y, core.camera.scale], core.home()]")
    assert np.allclose(seen, [home["x"], home["y"], home["scale"]])
    page.wait("return !/[#&]x=/.test(location.hash)")


def test_a_window_that_turns_on_the_way_elsewhere_goes_there(page: MapPage) -> None:
    page.js(_STOP_FRAMES)
    page.js("imgrecMap.view.core.open(5, { flies: true })")
    page.size(800, 600)
    page.wait("return imgrecMap.view.core.camera.width === 800")
    page.js("goOn()")
    page.settle()
    x, y, *_ = page.box(5)
    left, top = page.js(
        "const r = document.querySelector('.canvas').getBoundingClientRect();"
        "return [r.left + r.width / 2, r.top + r.height / 2]"
    )
    assert abs(x - left) < 30 and abs(y - top) < 30


def test_each_press_of_a_key_is_a_step_and_a_held_key_goes_on(page: MapPage) -> None:
    page.look_at(5, 2)
    place = "core.camera.x * core.camera.scale / core.camera.width"
    start = page.do(place)
    # Faster than one step takes.
    page.js(_PRESS, "ArrowRight", 3, False)
    page.settle()
    assert page.do(place) - start == pytest.approx(3 * 0.15)
    # A key that is held down comes again with each frame.
    page.js(_PRESS, "ArrowLeft", 1, False)
    page.js(_PRESS, "ArrowLeft", 12, True)
    assert page.js(f"const {{ core }} = imgrecMap.view; return {place}") < start + 0.2
    page.look_at(5, 1)
    scale = page.do("core.camera.scale")
    page.js(_PRESS, "+", 2, False)
    page.settle()
    assert page.do("core.camera.scale") == pytest.approx(1.5**2 * scale)
    page.js(_PRESS, "-", 12, True)
    assert page.js("return imgrecMap.view.core.camera.scale") == pytest.approx(scale)


def test_keys_point_at_the_middle_of_the_view_that_rests(page: MapPage) -> None:
    middle = "core.scene.pick(core.camera.width / 2, core.camera.height / 2)"
    row = _row_of_level(page, 0)
    page.look_at(row, 2)
    assert page.do(middle) == row
    # One step beside it.
    page.do("core.camera.pan(0.15 * core.camera.width, 0)")
    assert page.do(middle) != row
    page.js(_STOP_FRAMES)
    page.js(_PRESS, "ArrowRight", 1, False)
    # Longer than the view waits before it says what is in the middle.
    page.js("await new Promise((done) => setTimeout(done, 600))")
    page.js("goOn()")
    page.settle()
    assert page.do(middle) == row
    page.wait("return imgrecMap.view.core.state.hover === arguments[0]", row)


def test_a_picture_found_on_the_way_is_shown_as_near_as_the_one_before(page: MapPage) -> None:
    page.do("core.open(given[0], {flies: true})", _row_of_level(page, 2))
    scale = page.do("core.camera.scale")
    page.do("core.camera.fly(core.home(), 0)")
    page.js(
        "const { core } = imgrecMap.view;"
        "core.open(arguments[0], { flies: true }); core.open(arguments[1], { flies: true })",
        _row_of_level(page, 2), _row_of_level(page, 0),
    )  # fmt: skip
    page.settle()
    assert page.do("core.camera.scale") == pytest.approx(scale)


def _row_of_level(page: MapPage, level: int) -> int:
    return int(page.do("core.places.levels.indexOf(given[0])", level))


def test_the_canvas_has_the_pixels_of_another_screen(page: MapPage) -> None:
    for density in (2, 1.5, 3, 1):
        page.size(1280, 800, density)
        # This browser looks at the density anew together with other media features.
        page.media(prefers_color_scheme="dark" if density == 2 else "light")
        page.wait("return imgrecMap.view.core.canvas.width === arguments[0]", 1280 * density)


def test_the_map_is_never_empty_while_its_size_changes(page: MapPage) -> None:
    page.look_at(5, 2)
    # Called after the map has taken its size, before the browser shows it.
    page.js("""
      const { core } = imgrecMap.view;
      window.middles = {};
      new ResizeObserver(() => {
        const pixel = new Uint8Array(4);
        const { gl } = core.scene;
        const [x, y] = [core.canvas.width >> 1, core.canvas.height >> 1];
        gl.readPixels(x, y, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
        window.middles[core.canvas.width] = [...pixel];
      }).observe(core.root);
    """)
    for width in (1000, 1100):
        page.size(width, 700)
        page.wait("return imgrecMap.view.core.camera.width === arguments[0]", width)
    middles = page.wait("return window.middles[1100] && window.middles")
    assert max(middles["1000"][:3]) > 0 and max(middles["1100"][:3]) > 0


def test_the_last_of_two_addresses_counts(page: MapPage, made: MadeMap) -> None:
    page.js(_HELD_BACK)
    first, last = int(made.ids[3]), int(made.ids[100])
    page.js(f"location.hash = 'layout=pca&id={first}&color=none'")
    page.wait("return imgrecMap.view.core.state.layout === 'pca'")
    page.js(f"location.hash = 'id={last}'")
    page.wait("return imgrecMap.view.core.state.open === 100")
    page.js("letGo()")
    page.do("core.placesOf('pca')")
    page.wait("return location.hash.includes('x=')")
    assert page.do("[core.places.name, core.state.open, core.state.kind]") == ["map", 100, 0]
    console_errors(page.browser)


def test_an_address_that_changes_while_the_map_is_loaded_is_followed(
    page: MapPage, made: MadeMap, map_file: Path
) -> None:
    first, last = int(made.ids[3]), int(made.ids[100])
    # After the view has read the first address, before it has shown it.
    script = f"""
      globalThis.imgrecMap = {{}};
      let enter;
      let isFirst = true;
      Object.defineProperty(imgrecMap, "enter", {{ get: () => enter, set(real) {{
        enter = (core, text) => {{
          if (isFirst) location.hash = "id={last}";
          isFirst = false;
          return real(core, text);
        }};
      }} }});
    """
    command = "Page.addScriptToEvaluateOnNewDocument"
    added = page.browser.execute_cdp_cmd(command, {"source": script})
    try:
        page.open(map_file, f"#id={first}")
    finally:
        page.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
    page.wait("return imgrecMap.view.core.state.open === 100")
    console_errors(page.browser)


def test_a_layout_that_does_not_come_leaves_the_map_as_it_is(page: MapPage, map_file: Path) -> None:
    (damaged,) = map_file.parent.glob("layout-pca-*.js")
    text = damaged.read_bytes()
    damaged.write_text("imgrecMapData(")
    try:
        for fragment in ("#layout=pca", ""):
            page.open(map_file, fragment)
            page.js("""
              const select = document.querySelector("select[aria-label=Layout]");
              select.value = "pca";
              select.dispatchEvent(new Event("change"));
            """)
            assert "pca" in page.wait("return document.querySelector('.trouble').textContent")
            page.wait("return document.querySelector('select[aria-label=Layout]').value === 'map'")
            assert page.do("[core.places.name, core.state.layout, core.isHome]") == [
                "map",
                "map",
                True,
            ]
    finally:
        damaged.write_bytes(text)
    page.do("core.showLayout('pca')")
    assert page.do("core.places.name") == "pca"
    console_errors(page.browser)


def test_tiles_that_did_not_come_are_asked_for_later(page: MapPage, map_file: Path) -> None:
    tiles = {file: file.read_bytes() for file in map_file.parent.glob("[0-9]/*.js")}
    for file in tiles:
        file.write_text("imgrecMapData(")
    try:
        page.open(map_file)
        row = _row_of_level(page, 0)
        page.look_at(row, 2)
        assert page.shown() == []
    finally:
        for file, text in tiles.items():
            file.write_bytes(text)
    # Frames some seconds later.
    page.wait(
        "const { scene } = imgrecMap.view.core; scene.draw(performance.now() + 6000);"
        "return scene.shown.rows.includes(arguments[0])",
        row,
    )
    console_errors(page.browser)


def test_what_is_selected_while_colors_are_on_their_way_is_seen(page: MapPage) -> None:
    page.js("""
      const { core } = imgrecMap.view;
      const codes = core.pictures.codes.bind(core.pictures);
      const gate = new Promise((resolve) => { window.letGo = resolve; });
      core.pictures.codes = async (kind) => { await gate; return codes(kind); };
      core.recolor();
      core.paint(new Uint8Array(core.pictures.count).fill(9));
      core.select([7]);
      core.pictures.codes = codes;
      window.painted = null;
      const paint = core.scene.paint.bind(core.scene);
      core.scene.paint = (colors) => {
        window.painted = [7, 8].map((row) => colors[4 * row + 3]);
        paint(colors);
      };
      letGo();
    """)
    selected, other = page.wait("return window.painted")
    assert other < selected
