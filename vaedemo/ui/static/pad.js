// A small drawing board: pen, eraser, undo, clear; changed(dataURL) after each move and each stroke.

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

  canvas.addEventListener("pointerdown", (e) => {
    if (e.button) return;
    canvas.setPointerCapture(e.pointerId);
    remember();
    empty = false;
    last = at(e);
    line(last, last);
    send();
  });
  canvas.addEventListener("pointermove", (e) => {
    if (!last) return;
    const events = e.getCoalescedEvents?.() ?? [];
    for (const c of events.length ? events : [e]) {
      const p = at(c);
      line(last, p);
      last = p;
    }
    send();
  });
  const end = () => {
    if (last) send();
    last = null;
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  blank();

  return {
    choose: (name) => (tool = name),
    undo: () => {
      if (!undo.length) return;
      ctx.putImageData(undo.pop(), 0, 0);
      empty = undo.length === 0;
      send();
    },
    clear: () => {
      remember();
      blank();
      empty = true;
      send();
    },
  };
};
