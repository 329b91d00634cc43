// Pointer, wheel, fingers and keys over a map. A page is never trapped: the wheel zooms a map that has the focus, or with Ctrl, and
// goes on to the page at either end; a finger that moves up or down at once scrolls, one that moves sideways or waits explores.

import { onPointer } from "../draw/pointer.js";

const WAITED = 160; // ms that a finger rests before it explores in every direction
const SLIPPED = 5; // pixels that a mouse may move in a click
const WHEEL = { plain: 0.0016, pinch: 0.01, line: 16 };

const under = (view, { clientX, clientY }) => {
  const box = view.moving.getBoundingClientRect();
  return [clientX - box.left, clientY - box.top];
};

// Mouse and pen, and a single finger: explore, choose, and drag a map of which there is more than is seen.
const pointer = (view) => {
  let drag = null; // {from, moved}: of a mouse over a map that can be moved
  const follow = (e) => {
    if (view.frame) view.move(under(view, e));
    return Boolean(view.frame);
  };
  const away = () => {
    drag = null;
    if (view.hover) view.restore();
  };
  return onPointer(view.moving, {
    press: (e) => {
      drag = view.partly && e.pointerType === "mouse" ? { from: under(view, e), moved: false } : null;
      return follow(e);
    },
    drag: (_, e) => {
      const [x, y] = under(view, e);
      if (drag && (drag.moved || Math.hypot(x - drag.from[0], y - drag.from[1]) > SLIPPED)) {
        view.pan(x - drag.from[0], y - drag.from[1]);
        drag = { from: [x, y], moved: true };
      }
      follow(e);
    },
    lift: (e) => {
      const dragged = drag?.moved;
      drag = null;
      if (!view.frame || dragged) return;
      view.spot = under(view, e);
      view.click();
      if (e.pointerType !== "mouse") view.restore();
    },
    cancel: away,
    hover: follow,
    leave: away,
  });
};

const wheel = (view) =>
  view.moving.addEventListener(
    "wheel",
    (e) => {
      if (!view.frame || !(e.ctrlKey || document.activeElement === view.moving)) return;
      const far = e.deltaY * (e.deltaMode ? WHEEL.line : 1);
      const zoomed = view.zoom(Math.exp(far * (e.ctrlKey ? WHEEL.pinch : WHEEL.plain)), under(view, e));
      if (zoomed || e.ctrlKey) e.preventDefault();
    },
    { passive: false },
  );

// Two fingers zoom and move; one is left to the page where it scrolls.
const fingers = (view, drag) => {
  let first = null; // {x, y, at, explores} of a single finger
  let pinch = null; // {far, middle} of two
  const between = ([a, b]) => {
    const [p, q] = [under(view, a), under(view, b)];
    return { far: Math.max(20, Math.hypot(p[0] - q[0], p[1] - q[1])), middle: [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2] };
  };
  const on = (event, hear) => view.moving.addEventListener(event, hear, { passive: false });
  on("touchstart", (e) => {
    const [finger] = e.targetTouches;
    first = e.targetTouches.length === 1 ? { x: finger.clientX, y: finger.clientY, at: e.timeStamp, explores: null } : null;
    pinch = view.frame && e.targetTouches.length === 2 ? between(e.targetTouches) : null;
    if (!pinch) return;
    drag.stop();
    view.restore();
    if (e.cancelable) e.preventDefault();
  });
  on("touchmove", (e) => {
    if (pinch && e.targetTouches.length === 2) {
      const now = between(e.targetTouches);
      view.zoom(pinch.far / now.far, pinch.middle);
      view.pan(now.middle[0] - pinch.middle[0], now.middle[1] - pinch.middle[1]);
      pinch = now;
      if (e.cancelable) e.preventDefault();
    } else if (first) {
      const [finger] = e.targetTouches;
      const [dx, dy] = [Math.abs(finger.clientX - first.x), Math.abs(finger.clientY - first.y)];
      first.explores ??= e.timeStamp - first.at > WAITED || dx > dy;
      if (first.explores && e.cancelable) e.preventDefault();
    }
  });
  on("touchend", (e) => {
    first = null;
    if (e.targetTouches.length < 2) pinch = null;
  });
};

export const listen = (view) => {
  const { moving } = view;
  fingers(view, pointer(view));
  wheel(view);
  moving.addEventListener("blur", () => view.hover && view.restore());
  moving.addEventListener("keydown", (e) => view.keyed(e) && e.preventDefault());
};
