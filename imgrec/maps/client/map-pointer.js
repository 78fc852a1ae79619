(() => {
  "use strict";
  // Mouse, pen and fingers on the map: drag, wheel, pinch, tap, long press; a drag with Shift draws
  // a rectangle around what is to be selected, and where the lasso is on any drag draws it.

  const map = (globalThis.imgrecMap ??= {});
  const SVG = "http://www.w3.org/2000/svg";
  const CLICK_PX = 5;
  const CORNER_PX = 3;
  const LONG_MS = 450;
  const DOUBLE_MS = 300;
  // Zoom of a step of the wheel.
  const WHEEL = 0.0016;

  function makeOutline(parent) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "outline");
    svg.setAttribute("aria-hidden", "true");
    const polygon = document.createElementNS(SVG, "polygon");
    svg.append(polygon);
    parent.append(svg);
    return (corners) => polygon.setAttribute("points", corners.map((corner) => corner.join()).join(" "));
  }

  const rectangle = ([x1, y1], [x2, y2]) => [[x1, y1], [x2, y1], [x2, y2], [x1, y2]];
  const howOf = ({ ctrlKey, metaKey, altKey }) => (altKey ? "remove" : ctrlKey || metaKey ? "add" : "set");

  map.mountPointer = (core, parent) => {
    const { canvas, camera } = core;
    const outline = makeOutline(parent);
    const fingers = new Map();
    // `drag`: start, last point, whether it moved, what it draws.
    let [drag, pinch, timer, tapped, isMouse] = [null, null, 0, 0, true];

    const at = (event) => {
      const { left, top } = canvas.getBoundingClientRect();
      return [event.clientX - left, event.clientY - top];
    };

    core.isLasso = false;
    core.lasso = (isOn) => {
      core.isLasso = isOn;
      core.root.classList.toggle("lassoing", isOn);
      core.events.emit("lasso", isOn);
    };

    /** Select what lies in a polygon of the screen. */
    core.selectInside = (corners, how = "set") => {
      core.selectMask(map.maskInside(core.places, corners.map(([x, y]) => camera.toUnits(x, y))), how);
    };

    function begin(event, point) {
      const draws = core.isLasso ? "lasso" : event.shiftKey ? "box" : null;
      drag = { start: point, last: point, moved: false, draws, corners: [point] };
      if (event.pointerType === "mouse") return;
      timer = setTimeout(() => {
        // A finger that rests points at a picture, as a mouse does.
        if (drag && !drag.moved) {
          drag.isLong = true;
          core.hover(core.scene.pick(...point));
          core.events.emit("tip", point);
        }
      }, LONG_MS);
    }

    function move(event, point) {
      const [dx, dy] = [point[0] - drag.last[0], point[1] - drag.last[1]];
      if (!drag.moved && Math.hypot(point[0] - drag.start[0], point[1] - drag.start[1]) < CLICK_PX) return;
      drag.moved = true;
      clearTimeout(timer);
      if (drag.draws === "box") drag.corners = rectangle(drag.start, point);
      else if (drag.draws === "lasso") {
        if (Math.hypot(dx, dy) < CORNER_PX) return;
        drag.corners.push(point);
      } else camera.pan(dx, dy);
      drag.last = point;
      if (drag.draws) outline(drag.corners);
    }

    function end(event, point) {
      clearTimeout(timer);
      const { moved, draws, corners, isLong } = drag;
      drag = null;
      outline([]);
      if (moved && draws) {
        core.selectInside(corners, howOf(event));
        core.lasso(false);
      } else if (!moved && !isLong) tap(event, point);
    }

    function tap(event, point) {
      const row = core.scene.pick(...point);
      const now = performance.now();
      if (event.pointerType !== "mouse" && now - tapped < DOUBLE_MS) core.zoom(2, ...point);
      else if (event.ctrlKey || event.metaKey) {
        if (row >= 0) core.select([row], core.state.selection?.mask[row] ? "remove" : "add");
      } else core.open(row);
      tapped = now;
    }

    function startPinch() {
      clearTimeout(timer);
      drag = null;
      outline([]);
      const [one, other] = fingers.values();
      pinch = { distance: Math.hypot(one[0] - other[0], one[1] - other[1]), center: [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2] };
    }

    function movePinch() {
      const before = pinch;
      startPinch();
      camera.pan(pinch.center[0] - before.center[0], pinch.center[1] - before.center[1]);
      if (before.distance > 0) camera.zoomAt(...pinch.center, pinch.distance / before.distance);
    }

    canvas.addEventListener("pointerdown", (event) => {
      if (event.button > 0) return;
      canvas.setPointerCapture(event.pointerId);
      isMouse = event.pointerType === "mouse";
      fingers.set(event.pointerId, at(event));
      if (fingers.size === 2) startPinch();
      else if (fingers.size === 1) begin(event, at(event));
      if (event.pointerType !== "mouse") core.hover(-1);
      core.events.emit("tip", null);
    });
    canvas.addEventListener("pointermove", (event) => {
      const point = at(event);
      if (fingers.has(event.pointerId)) {
        fingers.set(event.pointerId, point);
        if (pinch && fingers.size === 2) movePinch();
        else if (drag) move(event, point);
      } else if (event.pointerType === "mouse" && core.scene && !core.isLasso) {
        core.hover(core.scene.pick(...point));
        core.events.emit("tip", point);
      }
    });
    const leave = (event) => {
      if (!fingers.delete(event.pointerId)) return;
      if (fingers.size < 2) pinch = null;
      if (drag && event.type === "pointerup") end(event, at(event));
      clearTimeout(timer);
      drag = null;
      outline([]);
    };
    canvas.addEventListener("pointerup", leave);
    canvas.addEventListener("pointercancel", leave);
    canvas.addEventListener("pointerleave", (event) => {
      // What a finger pointed at stays until the next touch.
      if (event.pointerType !== "mouse") return;
      core.hover(-1);
      core.events.emit("tip", null);
    });
    // After two taps the browser sends it too.
    canvas.addEventListener("dblclick", (event) => isMouse && core.zoom(2, ...at(event)));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const pixels = event.deltaY * (event.deltaMode === 1 ? 30 : event.deltaMode === 2 ? 400 : 1);
      camera.zoomAt(...at(event), Math.exp(-Math.max(Math.min(pixels, 300), -300) * WHEEL * (event.ctrlKey ? 5 : 1)));
    }, { passive: false });
    canvas.addEventListener("contextmenu", (event) => event.pointerType === "touch" && event.preventDefault());
  };
})();
