// Pieces of a plane, squares {low: [a, b], high: [a, b]}, zoomed and moved within a larger one. Pure functions.

import { clamp } from "../frame/dom.js";
import { grain, rounded } from "./geometry.js";

const DEEPEST = 1 / 400; // of the whole, the smallest piece that is shown

const square = (middle, half) => ({ low: middle.map((m) => m - half), high: middle.map((m) => m + half) });
const halfOf = ({ low, high }) => (high[0] - low[0]) / 2;
const middleOf = ({ low, high }) => [0, 1].map((i) => (low[i] + high[i]) / 2);

// A piece as three numbers of an address, and back: its middle and half its side, rounded far below a pixel.
export const toWord = (box) => {
  const step = grain(box);
  return [...middleOf(box), halfOf(box)].map((v) => rounded(v, step)).join();
};
export const fromWord = (text) => {
  const [a, b, half] = text.split(",").map(Number);
  return square([a, b], half);
};

const settled = (middle, half, limit) => {
  const held = limit ? middle.map((m, i) => clamp(m, limit.low[i] + half, Math.max(limit.low[i] + half, limit.high[i] - half))) : middle;
  return fromWord(toWord(square(held, half)));
};

// The smallest square that holds both.
export const joined = (one, other) => {
  const [low, high] = [0, 1].map((k) =>
    [0, 1].map((i) => Math[k ? "max" : "min"](one[k ? "high" : "low"][i], other[k ? "high" : "low"][i])),
  );
  return square(middleOf({ low, high }), Math.max(high[0] - low[0], high[1] - low[1]) / 2);
};

// A piece `factor` times as wide, in which the point `about` keeps its place; within `limit`, if any.
export const zoomed = (box, limit, factor, about = null) => {
  const most = limit ? halfOf(limit) : Infinity;
  const half = clamp(halfOf(box) * factor, limit ? most * DEEPEST : 0, most);
  if (limit && half >= most) return limit;
  const by = half / halfOf(box);
  const middle = middleOf(box).map((m, i) => (about ? about[i] + (m - about[i]) * by : m));
  return settled(middle, half, limit);
};

// A piece moved by so much of the plane.
export const moved = (box, limit, [a, b]) => {
  const [x, y] = middleOf(box);
  return halfOf(box) >= 0.999 * halfOf(limit) ? box : settled([x + a, y + b], halfOf(box), limit);
};
