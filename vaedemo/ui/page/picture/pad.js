// A small drawing board: pen, eraser, undo, clear; changed(dataURL) after each move and each stroke.

import { onPointer } from "../draw/pointer.js";

const PAPER = "#ffffff";
const INK = "#15171a";

export const createPad = (canvas, changed) => {
  const ctx = canvas.getContext("2d", { willReadFrequently: true });
  const undo = [];
  let last = null;
  let tool = "pen";
  let empty = true;

  const blank = () => {
    ctx.fillStyle = PAPER;
    ctx.fillRect(0, 0, canvas.width, canvas.height);
  };
  const at = (e) => {
    const box = canvas.getBoundingClientRect();
    return { x: ((e.clientX - box.left) / box.width) * canvas.width, y: ((e.clientY - box.top) / box.height) * canvas.height };
  };
  const line = (a, b) => {
    Object.assign(ctx, { lineCap: "round", lineJoin: "round", lineWidth: tool === "pen" ? 19 : 40 });
    ctx.strokeStyle = tool === "pen" ? INK : PAPER;
    ctx.beginPath();
    ctx.moveTo(a.x, a.y);
    ctx.lineTo(b.x + 0.01, b.y);
    ctx.stroke();
  };
  const send = () => changed(canvas.toDataURL("image/png"), empty);
  const remember = () => {
    undo.push(ctx.getImageData(0, 0, canvas.width, canvas.height));
    if (undo.length > 40) undo.shift();
  };

  const hand = onPointer(canvas, {
    press: (e) => {
      remember();
      empty = false;
      last = at(e);
      line(last, last);
      send();
    },
    drag: (points) => {
      for (const point of points) {
        const p = at(point);
        line(last, p);
        last = p;
      }
      send();
    },
    lift: send,
    revoke: () => back(),
  });
  const back = () => {
    hand.stop();
    if (!undo.length) return;
    ctx.putImageData(undo.pop(), 0, 0);
    empty = undo.length === 0;
    send();
  };
  blank();

  return {
    choose: (name) => (tool = name),
    undo: back,
    clear: () => {
      hand.stop();
      remember();
      blank();
      empty = true;
      send();
    },
  };
};
