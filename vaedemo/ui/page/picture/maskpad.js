// A brush over a picture: what it covers is missing. Mouse, pen, finger, or arrow keys and Space.

import { inverted, missing, pointAt, resized, stroke } from "../maths/masks.js";
import { onPointer } from "../draw/pointer.js";

const MOST_UNDO = 40;
const STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

// changed(done): the mask is another one; done is false while a stroke goes on.
export const createMaskPad = (canvas, changed) => {
  const ctx = canvas.getContext("2d");
  const now = { width: 28, height: 28, data: new Uint8Array(28 * 28).fill(1), radius: 1.5, value: 0, last: null, at: null };
  const undo = [];

  const draw = () => {
    if (canvas.width !== now.width || canvas.height !== now.height) Object.assign(canvas, { width: now.width, height: now.height });
    const image = ctx.createImageData(now.width, now.height);
    // The missing part is a check of two violets, which no picture has.
    const square = Math.max(1, Math.round(Math.max(now.width, now.height) / 56));
    for (let i = 0; i < now.data.length; i += 1) {
      if (now.data[i]) continue;
      const [r, c] = [Math.floor(i / now.width), i % now.width];
      const odd = (Math.floor(r / square) + Math.floor(c / square)) % 2;
      image.data.set(odd ? [124, 82, 204, 255] : [96, 58, 172, 255], 4 * i);
    }
    ctx.putImageData(image, 0, 0);
    if (now.at) {
      ctx.strokeStyle = "#ffb000";
      ctx.lineWidth = Math.max(0.5, now.width / 200);
      ctx.strokeRect(now.at.x - now.radius, now.at.y - now.radius, 2 * now.radius, 2 * now.radius);
    }
  };
  const remember = () => {
    undo.push({ width: now.width, height: now.height, data: now.data.slice() });
    if (undo.length > MOST_UNDO) undo.shift();
  };
  const at = (e) => pointAt(canvas.getBoundingClientRect(), now.width, now.height, e.clientX, e.clientY);
  const paint = (a, b) => stroke(now.data, now.width, now.height, a, b, now.radius, now.value);

  const hand = onPointer(canvas, {
    press: (e) => {
      remember();
      now.last = at(e);
      paint(now.last, now.last);
      draw();
      changed(false);
    },
    drag: (points) => {
      for (const point of points) {
        const p = at(point);
        paint(now.last, p);
        now.last = p;
      }
      draw();
      changed(false);
    },
    lift: () => changed(true),
    revoke: () => back(),
  });
  canvas.addEventListener("focus", () => {
    if (!canvas.matches(":focus-visible")) return;
    now.at = { x: now.width / 2, y: now.height / 2 };
    draw();
  });
  canvas.addEventListener("blur", () => {
    now.at = null;
    draw();
  });

  const put = (mask) => {
    hand.stop(); // a stroke that goes on belongs to the mask before
    Object.assign(now, mask);
    draw();
    changed(true);
  };
  const back = () => {
    if (!undo.length) return;
    const { width, height } = now;
    put(resized(undo.pop(), width, height));
  };
  canvas.addEventListener("keydown", (e) => {
    const step = STEPS[e.key];
    if (step) {
      const by = Math.max(1, now.radius);
      now.at ??= { x: now.width / 2, y: now.height / 2 };
      now.at = {
        x: Math.min(now.width, Math.max(0, now.at.x + step[0] * by)),
        y: Math.min(now.height, Math.max(0, now.at.y + step[1] * by)),
      };
      draw();
    } else if (e.key === " " || e.key === "Enter") {
      now.at ??= { x: now.width / 2, y: now.height / 2 };
      remember();
      paint(now.at, now.at);
      draw();
      changed(true);
    } else if ((e.ctrlKey || e.metaKey) && e.key === "z") back();
    else return;
    e.preventDefault();
  });

  return {
    mask: () => ({ width: now.width, height: now.height, data: now.data }),
    missing: () => missing(now.data),
    // A new mask, which undo takes back.
    set: (mask) => {
      remember();
      put(mask);
    },
    // The same mask for a picture of another size; nothing else changes.
    resize: (width, height) => {
      hand.stop();
      Object.assign(now, resized(now, width, height));
      draw();
    },
    invert: () => {
      remember();
      put({ data: inverted(now.data) });
    },
    clear: () => {
      remember();
      put({ data: new Uint8Array(now.data.length).fill(1) });
    },
    undo: back,
    tool: (name) => (now.value = name === "eraser" ? 1 : 0),
    radius: (share) => (now.radius = Math.max(0.6, (share * Math.max(now.width, now.height)) / 2)),
  };
};
