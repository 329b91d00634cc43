// What a pixel of the pictures holds.

import { errors, unpack, valueAt } from "../../page/draw/pixels.js";
import { valueIn } from "../../page/picture/reading.js";

const signed = (value) => (value > 0 ? "+" : "") + value.toFixed(2).replace("-", "−");

export const pixelOf = (tab, column, row) => {
  const { answer, fourth, p, photo, state, yours } = tab;
  // Of a photograph what the page shows of it, which may be scaled down.
  if (photo) return { y: valueIn(p.damaged, column, row), restored: valueIn(p.restored, column, row) };
  const { channels, size } = tab.row;
  const at = row * size + column;
  const x = yours.picture.bytes;
  const { y, made } = tab.small;
  const maps = {
    error: () => errors(x, made, channels, "absolute")[at].toFixed(2),
    spread: () => ((unpack(answer.spread)[at] / 255) * tab.value.spread).toFixed(2),
    residual: () => signed(errors(made, y, channels, "signed")[at]),
  };
  const values = { y: valueAt(y, channels, at), restored: valueAt(made, channels, at), [fourth]: maps[fourth]() };
  return state.given ? values : { x: valueAt(x, channels, at), ...values };
};
