// One cursor over several pictures of the same size: the pixel under the pointer, or moved by arrow keys, is marked in
// all of them and told to read(row, column).

import { clamp } from "../frame/dom.js";
import { ARROWS, cellUnder, onReading } from "./pointer.js";

export const shareCursor = (canvases, read, leave) => {
  const place = { row: 0, column: 0 };
  const marks = canvases.map((c) => c.parentElement.querySelector(".vd-cursor"));

  const put = (row, column) => {
    const side = canvases[0].width;
    Object.assign(place, { row: clamp(row, 0, side - 1), column: clamp(column, 0, side - 1) });
    for (const mark of marks) {
      mark.hidden = false;
      mark.style.cssText = `left:${(100 * place.column) / side}%;top:${(100 * place.row) / side}%;width:${100 / side}%;height:${100 / side}%`;
    }
    read(place.row, place.column);
  };
  onReading(canvases, {
    at: (e) => cellUnder(e.currentTarget, canvases[0].width, canvases[0].width, e),
    look: (cell) => {
      if (cell) return put(cell.row, cell.column);
      for (const mark of marks) mark.hidden = true;
      return leave();
    },
    keyed: (e) => {
      const step = ARROWS[e.key];
      if (step) put(place.row + step[1], place.column + step[0]);
      return Boolean(step);
    },
  });
  // Reads the same pixel again after the pictures under a visible cursor have changed.
  return () => {
    if (!marks[0].hidden) read(place.row, place.column);
  };
};
