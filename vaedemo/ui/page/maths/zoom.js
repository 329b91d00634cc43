// Where a picture is looked at: {zoom, x, y}; zoom 1 shows all of it, x and y are the middle of what is seen, as shares of its
// sides. Pure functions.

import { clamp } from "../frame/dom.js";

export const WHOLE = { zoom: 1, x: 0.5, y: 0.5 };

// A place within the picture, not closer than `most`.
export const bounded = ({ zoom, x, y }, most) => {
  const close = clamp(zoom, 1, Math.max(1, most));
  const half = 0.5 / close;
  return { zoom: close, x: clamp(x, half, 1 - half), y: clamp(y, half, 1 - half) };
};

// A factor closer, so that what lies at [u, v] (shares of the frame) stays there.
export const closer = (place, factor, [u, v], most) => {
  const zoom = clamp(place.zoom * factor, 1, Math.max(1, most));
  const shift = (middle, at) => middle + (at - 0.5) * (1 / place.zoom - 1 / zoom);
  return bounded({ zoom, x: shift(place.x, u), y: shift(place.y, v) }, most);
};

// Moved with the hand by shares of the frame.
export const moved = (place, [right, down], most) =>
  bounded({ ...place, x: place.x - right / place.zoom, y: place.y - down / place.zoom }, most);

export const transform = ({ zoom, x, y }) => `translate(${100 * (0.5 - x * zoom)}%, ${100 * (0.5 - y * zoom)}%) scale(${zoom})`;

// The part that is seen, in whole pixels of a picture: [left, top, width, height].
export const seenBox = ({ zoom, x, y }, width, height) => {
  const span = (middle, side) => {
    const low = Math.max(0, Math.floor((middle - 0.5 / zoom) * side));
    return [low, Math.min(side, Math.ceil((middle + 0.5 / zoom) * side)) - low];
  };
  const [[left, w], [top, h]] = [span(x, width), span(y, height)];
  return [left, top, w, h];
};

// The pixel at [u, v] of the frame: [column, row].
export const pixelAt = (place, [u, v], width, height) => {
  const at = (middle, share, side) => clamp(Math.floor((middle + (share - 0.5) / place.zoom) * side), 0, side - 1);
  return [at(place.x, u, width), at(place.y, v, height)];
};

// The word of a place for the address, null for all of the picture; and back, undefined where it is none.
export const placeToWord = ({ zoom, x, y }) => (zoom === 1 ? null : [zoom, x, y].map((v) => Number(v.toFixed(3))).join(","));
export const placeFromWord = (word) => {
  const [zoom, x, y, ...more] = word.split(",").map((v) => (v.trim() === "" ? NaN : Number(v)));
  return more.length || !(zoom >= 1 && zoom <= 100 && x >= 0 && x <= 1 && y >= 0 && y <= 1) ? undefined : bounded({ zoom, x, y }, 100);
};
