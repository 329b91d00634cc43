// Holes of a map: places between codes of several classes that no code is near. Pure functions.

import { nearest } from "./geometry.js";

const CELLS = 48; // candidates across the piece of the plane that is searched
const SECTORS = 8; // directions, in each of which some code has to lie: a hole is inside, not at the rim
const APART = 1.5; // of two holes' radii, so that the second is another hole

// The smallest square around the points' median that holds `share` of them: {low, high}.
export const central = (points, share = 0.9) => {
  const n = points.length / 2;
  const at = (values, q) => Float64Array.from(values).sort()[Math.min(n - 1, Math.ceil(q * n) - 1)];
  const middle = [0, 1].map((axis) => at(Array.from({ length: n }, (_, i) => points[2 * i + axis]), 0.5)); // prettier-ignore
  const far = Array.from({ length: n }, (_, i) => Math.max(Math.abs(points[2 * i] - middle[0]), Math.abs(points[2 * i + 1] - middle[1])));
  const half = at(far, share);
  return { low: middle.map((m) => m - half), high: middle.map((m) => m + half) };
};

// The points inside a piece of the plane, pairs as they came.
export const inside = (points, { low, high }) =>
  points.filter((_, k) => {
    const [a, b] = [points[k - (k % 2)], points[k - (k % 2) + 1]];
    return a >= low[0] && b >= low[1] && a <= high[0] && b <= high[1];
  });

// How far the nearest point is from (a, b).
export const clearance = (points, a, b) => {
  let best = Infinity;
  for (let i = 0; i < points.length; i += 2) {
    const [dx, dy] = [points[i] - a, points[i + 1] - b];
    if (dx * dx + dy * dy < best) best = dx * dx + dy * dy;
  }
  return Math.sqrt(best);
};

// Whether codes lie in every direction from (a, b) within a piece of the plane.
const enclosed = (points, a, b, { low, high }) => {
  let seen = 0;
  for (let i = 0; i < points.length && seen !== (1 << SECTORS) - 1; i += 2) {
    const [x, y] = [points[i], points[i + 1]];
    if (x < low[0] || y < low[1] || x > high[0] || y > high[1]) continue;
    seen |= 1 << (Math.floor(((Math.atan2(y - b, x - a) / (2 * Math.PI) + 1) % 1) * SECTORS) % SECTORS);
  }
  return seen === (1 << SECTORS) - 1;
};

// The classes on both sides of (a, b): that of the nearest code, and of the nearest one of another class; null without another.
const sides = (points, labels, a, b) => {
  const [first] = nearest(points, a, b, 1);
  let [other, best] = [null, Infinity];
  for (let i = 0; i < labels.length; i += 1) {
    if (labels[i] === labels[first.index]) continue;
    const square = (points[2 * i] - a) ** 2 + (points[2 * i + 1] - b) ** 2;
    if (square < best) [other, best] = [labels[i], square];
  }
  return other === null ? null : { between: [labels[first.index], other], radius: first.distance, second: Math.sqrt(best) };
};

// Holes of a piece of the plane {low, high}, the widest first: [{at: [a, b], radius, between: [class, class]}], each farther than
// `least` from every code, with codes all around, and about as far from a second class as from the first.
export const holes = ({ points, labels }, piece, least, most = 8) => {
  const [side, found] = [piece.high[0] - piece.low[0], []];
  for (let k = 0; k < CELLS * CELLS; k += 1) {
    const at = [(k % CELLS) + 0.5, Math.floor(k / CELLS) + 0.5].map((v, axis) => piece.low[axis] + (v / CELLS) * side);
    const radius = clearance(points, ...at);
    if (radius > least) found.push({ at, radius });
  }
  found.sort((a, b) => b.radius - a.radius);
  const kept = [];
  for (const hole of found) {
    if (kept.length === most) break;
    if (kept.some(({ at, radius }) => Math.hypot(at[0] - hole.at[0], at[1] - hole.at[1]) < APART * Math.max(radius, hole.radius))) continue;
    if (!enclosed(points, ...hole.at, piece)) continue;
    const own = sides(points, labels, ...hole.at);
    if (own && own.second < 2 * own.radius) kept.push({ ...hole, between: own.between });
  }
  return kept;
};
