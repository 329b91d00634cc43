// One map: two canvases, the still one below and the moving one above, a picture that follows the pointer, and a readout.
// While the pointer moves nothing is asked of the server and nothing is made anew: coordinates, decoder, paint.

import { clamp, newest, onWidth } from "../frame/dom.js";
import { digits, extent, frame, grain, nearest, neighbourDistance, outline, rounded } from "../maths/geometry.js";
import { createGrid } from "./grid.js";
import { drawChosen, drawCursor, drawLensMark, drawPath, drawPosterior, drawStill } from "./layers.js";
import { unpack } from "../draw/pixels.js";
import { onPointer } from "../draw/pointer.js";

const REST = 150; // ms without a move until the exact picture is asked for
const STEP = 1 / 60; // of the map, by an arrow key; with Shift five times as far

const KEYS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

// parts: still, moving, picture (canvases). hooks:
//   decode(z) -> Promise of {x_hat} or {error}     told(kind, reading): at rest, chosen or left; reading as read() gives it
//   moved(kind, a, b): their text, in the frame of each move   chose(kind, [a, b]) -> true where the click meant something else
export const createMapView = (kind, { still, moving, picture }, hooks) => {
  const [low, high, small] = [still, moving, picture].map((c) => c.getContext("2d"));
  const now = { side: 0, model: null, look: null, frame: null, chosen: null, own: null, over: {}, hover: false, grain: 1, far: 0 };
  const at = { a: 0, b: 0 };
  const pointer = { x: 0, y: 0, due: false, last: 0, resting: 0 };
  let bytes = new Uint8Array(1);
  let image = new ImageData(1, 1);

  // ---- pictures ------------------------------------------------------------------------------------------------

  const put = (source, mark) => {
    const pixels = image.width * image.height;
    const step = source.length > pixels ? pixels : 0;
    const data = image.data;
    for (let i = 0, to = 0; i < pixels; i += 1, to += 4) {
      data[to] = source[i];
      data[to + 1] = source[i + step];
      data[to + 2] = source[i + 2 * step];
    }
    small.putImageData(image, 0, 0);
    if (picture.dataset.shown !== mark) picture.dataset.shown = mark;
  };

  const preview = () => {
    if (!now.model) return;
    now.model.decodeAt(at.a, at.b, bytes);
    put(bytes, "preview");
  };

  const exact = newest(async ({ a, b, model }) => {
    const answer = await hooks.decode(model, model.lift(a, b));
    if (answer.error || model !== now.model) return;
    if (a !== at.a || b !== at.b) return; // it comes late
    put(unpack(answer.x_hat), "exact");
    picture.dataset.at = `${a},${b}`;
    hooks.told(kind, read());
  });

  const text = (v) => v.toFixed(digits(now.grain)).replace("-", "−");

  // The point (a, b) and what is near it.
  const read = () => {
    if (!now.model) return null;
    const { points, labels, centre } = now.model;
    const near = nearest(points, at.a, at.b, 5);
    now.far ||= neighbourDistance(points, now.model);
    return {
      a: at.a, b: at.b, text: [text(at.a), text(at.b)], hover: now.hover, exact: picture.dataset.shown === "exact",
      near: near.map(({ index, distance }) => ({ label: labels[index], distance })),
      hole: near.length > 0 && near[0].distance > now.far,
      prior: Math.hypot(at.a - centre[0], at.b - centre[1]),
    }; // prettier-ignore
  };

  const settle = () => {
    if (!now.model) return;
    hooks.told(kind, read());
    if (picture.dataset.shown !== "exact") exact({ a: at.a, b: at.b, model: now.model });
  };

  // ---- drawing -------------------------------------------------------------------------------------------------

  const fit = (canvas, ctx) => {
    const ratio = devicePixelRatio || 1;
    const size = Math.round(now.side * ratio);
    if (canvas.height !== size) canvas.width = canvas.height = size;
    ctx.setTransform(size / now.side, 0, 0, size / now.side, 0, 0);
  };

  const drawMoving = () => {
    if (!now.frame) return;
    const { palette } = now.look;
    const { posterior, path, lens } = now.over;
    high.clearRect(0, 0, now.side, now.side);
    if (path) drawPath(high, path, now.frame, palette);
    if (posterior) drawPosterior(high, posterior, now.frame, palette);
    if (lens) drawLensMark(high, posterior.mu, lens, now.frame, palette);
    if (now.chosen) drawChosen(high, now.chosen, now.frame, palette);
    if (now.hover) drawCursor(high, at.a, at.b, now.frame, palette);
  };

  const drawAll = () => {
    if (!now.model || !now.side) return;
    now.frame = frame(now.model, now.side, now.look.warped);
    fit(still, low);
    fit(moving, high);
    drawLow();
    drawMoving();
    measure();
  };

  const drawLow = () => {
    const job = now.look.view === "grid" ? grid.sheet(now.model, now.frame, now.look) : null;
    drawStill(low, now.model, now.frame, { ...now.look, sheet: job?.canvas });
    still.dataset.drawn = `${now.model.key} ${now.look.view}${job && !job.done ? " …" : ""}`;
  };
  const grid = createGrid(() => now.look.view === "grid" && drawLow());

  // The ellipse as it is drawn, in CSS pixels, for those who want to check it.
  const measure = () => {
    const axes = now.over.posterior?.axes;
    if (!axes || !now.frame) return delete moving.dataset.ellipse;
    moving.dataset.ellipse = extent(outline(now.over.posterior.mu, axes), now.frame)
      .map((v) => (v / 2).toFixed(3))
      .join();
    return true;
  };

  // ---- the pointer ---------------------------------------------------------------------------------------------

  const place = (x, y) => {
    at.a = rounded(now.frame.a(clamp(x, 0, now.side)), now.grain);
    at.b = rounded(now.frame.b(clamp(y, 0, now.side)), now.grain);
  };

  const follow = () => {
    pointer.due = false;
    if (!now.frame || !now.hover) return;
    place(pointer.x, pointer.y);
    preview();
    drawMoving();
    hooks.moved(kind, text(at.a), text(at.b));
    pointer.last = performance.now();
    if (!pointer.resting) pointer.resting = setTimeout(rest, REST);
  };

  const rest = () => {
    const left = REST - (performance.now() - pointer.last);
    pointer.resting = left > 4 ? setTimeout(rest, left) : 0;
    if (!pointer.resting && now.hover) settle();
  };

  const move = (x, y) => {
    pointer.x = x;
    pointer.y = y;
    now.hover = true;
    if (pointer.due) return;
    pointer.due = true;
    requestAnimationFrame(follow);
  };

  // Back to the point that was chosen, or to the picture at hand's own.
  const restore = () => {
    now.hover = false;
    const home = now.chosen ?? now.over.posterior?.mu ?? now.model?.centre;
    if (!home || !now.frame) return;
    at.a = home[0];
    at.b = home[1];
    const mine = !now.chosen && now.own;
    if (mine) {
      put(now.own, "exact");
      picture.dataset.at = "own";
    } else {
      picture.dataset.shown = "preview";
      preview();
    }
    drawMoving();
    if (mine || now.chosen) settle();
    else hooks.told(kind, read());
  };

  const choose = () => {
    if (!now.frame) return;
    place(pointer.x, pointer.y);
    const point = [at.a, at.b];
    if (hooks.chose(kind, point)) return;
    now.chosen = point;
    picture.dataset.shown = "preview";
    preview();
    drawMoving();
    settle();
  };

  const within = (e) => {
    const box = moving.getBoundingClientRect();
    pointer.x = e.clientX - box.left;
    pointer.y = e.clientY - box.top;
  };
  const follows = (e) => {
    if (!now.frame) return false;
    within(e);
    move(pointer.x, pointer.y);
    return true;
  };
  const away = () => now.hover && restore();
  onPointer(moving, {
    press: follows,
    drag: (_, e) => follows(e),
    lift: (e) => {
      if (!now.frame) return;
      within(e);
      choose();
      if (e.pointerType !== "mouse") restore();
    },
    cancel: away,
    hover: follows,
    leave: away,
  });
  moving.addEventListener("blur", away);
  moving.addEventListener("keydown", (e) => {
    if (!now.frame) return;
    const step = KEYS[e.key];
    if (step) {
      if (!now.hover) [pointer.x, pointer.y] = [now.frame.x(at.a), now.frame.y(at.b)];
      const far = now.side * STEP * (e.shiftKey ? 5 : 1);
      move(clamp(pointer.x + far * step[0], 0, now.side), clamp(pointer.y + far * step[1], 0, now.side));
    } else if (e.key === "Enter" || e.key === " ") {
      if (!now.hover) [pointer.x, pointer.y] = [now.frame.x(at.a), now.frame.y(at.b)];
      choose();
    } else if (e.key === "Escape" && now.hover) restore();
    else return;
    e.preventDefault();
  });
  onWidth(moving, (_, pixels) => {
    now.side = pixels;
    drawAll();
  });

  return {
    // Another model, after which choose() is called, or another look {view, warped, hidden, colours, palette, size, channels}.
    show: (model, look) => {
      const other = model !== now.model;
      Object.assign(now, { model, look });
      if (other) {
        Object.assign(now, { grain: grain(model), far: 0, own: null, hover: false, over: { ...now.over, posterior: null, lens: 0 } });
        if (look.size !== image.width) image = new ImageData(look.size, look.size);
        image.data.fill(255);
        picture.width = picture.height = look.size;
        bytes = new Uint8Array(look.channels * look.size ** 2);
      }
      drawAll();
    },
    // What lies over the map: {posterior, path, lens: its reach or 0}; own: the picture's decoded mean, bytes or null.
    over: (patch, own) => {
      Object.assign(now.over, patch);
      if (own !== undefined) now.own = own;
      measure();
      if (!now.chosen && !now.hover && (own !== undefined || "posterior" in patch)) restore();
      else drawMoving();
    },
    choose: (point) => {
      now.chosen = point && now.model ? point.map((v) => rounded(v, now.grain)) : point;
      restore();
    },
    chosen: () => now.chosen,
    reading: read,
    canvases: [still, moving],
  };
};
