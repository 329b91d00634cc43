// Geometry of a map: pure functions. A frame places a square of the latent plane, low..high, on a square of `side` pixels,
// z1 to the right and z2 upwards; a warped frame spaces it by the quantiles of N(0, 1) instead.

import { clamp } from "../frame/dom.js";

// Inverse of the normal distribution function, to 1e-9 (Acklam's rational approximation).
const A = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239];
const B = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1];
const C = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
const D = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];
const horner = (c, x) => c.reduce((sum, v) => sum * x + v, 0);

export const quantile = (p) => {
  if (p < 0.02425) return horner(C, Math.sqrt(-2 * Math.log(p))) / horner(D, Math.sqrt(-2 * Math.log(p)));
  if (p > 1 - 0.02425) return -quantile(1 - p);
  const [q, r] = [p - 0.5, (p - 0.5) ** 2];
  return (q * horner(A, r)) / horner(B, r);
};

// The normal distribution function, to 1e-7 (Abramowitz & Stegun 7.1.26, with its mirror).
export const normal = (x) => {
  const k = 1 / (1 + 0.3275911 * (Math.abs(x) / Math.SQRT2));
  const tail = horner([1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592, 0], k) * Math.exp((-x * x) / 2);
  return x > 0 ? 1 - tail / 2 : tail / 2;
};

// A warped frame ends at these quantiles: beyond them lies the rest of the plane.
const EDGE = 0.001;

export const frame = ({ low, high }, side, warped = false) => {
  const share = warped ? normal : (v, axis) => (v - low[axis]) / (high[axis] - low[axis]);
  const value = warped ? (s) => quantile(clamp(s, EDGE, 1 - EDGE)) : (s, axis) => low[axis] + s * (high[axis] - low[axis]);
  return {
    side,
    warped,
    low: warped ? [quantile(EDGE), quantile(EDGE)] : low,
    high: warped ? [quantile(1 - EDGE), quantile(1 - EDGE)] : high,
    x: (a) => share(a, 0) * side,
    y: (b) => (1 - share(b, 1)) * side,
    a: (x) => value(x / side, 0),
    b: (y) => value(1 - y / side, 1),
  };
};

// The frame of a lens: a square of half-width `reach` around (a, b).
export const lens = ([a, b], reach, side) => frame({ low: [a - reach, b - reach], high: [a + reach, b + reach] }, side);

// About `count` ticks, at steps of some round multiples of a power of ten.
export const ticks = (low, high, count = 5, multiples = [1, 2, 5]) => {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (multiples.find((m) => m * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.max(0, Math.floor(high / step) - first + 1) }, (_, i) => (first + i) * step);
};

// Coordinates that are chosen are rounded to this step, far below a pixel, so that an address holds them exactly.
export const grain = ({ low, high }) => 10 ** Math.floor(Math.log10((high[0] - low[0]) / 1500));
export const digits = (step) => Math.max(0, Math.round(-Math.log10(step)));
export const rounded = (value, step) => Number((Math.round(value / step) * step).toFixed(digits(step)));

// The ellipse x' S^-1 x = 1 of a covariance S = [[s11, s12], [s12, s22]]: half axes and the angle of the first, radians.
export const axesOf = ([[s11, s12], [, s22]]) => {
  const [middle, half] = [(s11 + s22) / 2, Math.hypot((s11 - s22) / 2, s12)];
  const angle = s12 === 0 ? (s11 >= s22 ? 0 : Math.PI / 2) : Math.atan2(middle + half - s11, s12);
  return { r1: Math.sqrt(middle + half), r2: Math.sqrt(Math.max(0, middle - half)), angle };
};

// Points of an ellipse of `times` its half axes around a centre, in the plane.
export const outline = (centre, { r1, r2, angle }, times = 1, count = 96) =>
  Array.from({ length: count }, (_, i) => {
    const t = (2 * Math.PI * i) / count;
    const [u, v] = [times * r1 * Math.cos(t), times * r2 * Math.sin(t)];
    return [centre[0] + u * Math.cos(angle) - v * Math.sin(angle), centre[1] + u * Math.sin(angle) + v * Math.cos(angle)];
  });

// Width and height in pixels of the box around an outline as a frame shows it.
export const extent = (points, shown) => {
  const [xs, ys] = [points.map((p) => shown.x(p[0])), points.map((p) => shown.y(p[1]))];
  return [Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys)];
};

// The `count` points nearest to (a, b): [{index, distance}], nearest first; keep[label] = 0 leaves a class out.
export const nearest = (points, a, b, count = 5) => {
  const found = [];
  let worst = Infinity;
  for (let i = 0; i < points.length; i += 2) {
    const square = (points[i] - a) ** 2 + (points[i + 1] - b) ** 2;
    if (square >= worst) continue;
    let at = found.length;
    while (at > 0 && found[at - 1].square > square) at -= 1;
    found.splice(at, 0, { index: i / 2, square });
    if (found.length > count) found.pop();
    if (found.length === count) worst = found[count - 1].square;
  }
  return found.map(({ index, square }) => ({ index, distance: Math.sqrt(square) }));
};

// The distance from its nearest neighbour that `share` of the points stay within, by a grid of cells.
export const neighbourDistance = (points, { low, high }, share = 0.99, cells = 96) => {
  const n = points.length / 2;
  const cell = (v, axis) => clamp(Math.floor(((v - low[axis]) / (high[axis] - low[axis])) * cells), 0, cells - 1);
  const size = (high[0] - low[0]) / cells;
  const starts = new Int32Array(cells * cells + 1);
  const own = new Int32Array(n);
  for (let i = 0; i < n; i += 1) starts[(own[i] = cell(points[2 * i + 1], 1) * cells + cell(points[2 * i], 0)) + 1] += 1;
  for (let c = 0; c < cells * cells; c += 1) starts[c + 1] += starts[c];
  const [next, order] = [starts.slice(), new Int32Array(n)];
  for (let i = 0; i < n; i += 1) order[next[own[i]]++] = i;
  const found = new Float64Array(n);
  for (let i = 0; i < n; i += 1) {
    const [column, row] = [own[i] % cells, Math.floor(own[i] / cells)];
    let best = Infinity;
    for (let ring = 0; ring < cells && (ring - 1) * size < Math.sqrt(best); ring += 1)
      for (let r = Math.max(0, row - ring); r <= Math.min(cells - 1, row + ring); r += 1)
        for (let c = Math.max(0, column - ring); c <= Math.min(cells - 1, column + ring); c += 1) {
          if (Math.max(Math.abs(r - row), Math.abs(c - column)) !== ring) continue;
          for (let k = starts[r * cells + c]; k < starts[r * cells + c + 1]; k += 1) {
            const j = order[k];
            if (j === i) continue;
            const square = (points[2 * j] - points[2 * i]) ** 2 + (points[2 * j + 1] - points[2 * i + 1]) ** 2;
            if (square < best) best = square;
          }
        }
    found[i] = best;
  }
  found.sort();
  return Math.sqrt(found[Math.floor(share * (n - 1))]);
};

// Numbers of N(0, 1) from a seed, the same in every browser: mulberry32 through Box and Muller's formula.
export const noise = (seed, count) => {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return Float64Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()));
};
