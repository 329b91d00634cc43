// Ways between two codes, and where on them something stands. Pure functions.

import { clamp } from "../frame/dom.js";

// Position on the way for a time since the start, there and back, resting a little at both ends. All in seconds.
export const swing = (time, duration = 2.4, rest = 0.5) => {
  const turn = time % (2 * (duration + rest));
  const there = turn < duration + rest ? turn : 2 * (duration + rest) - rest - turn;
  return clamp(there / duration, 0, 1);
};

// The mean length of a code drawn from N(0, I) in d dimensions: sqrt(2) Gamma((d + 1) / 2) / Gamma(d / 2).
export const meanNorm = (d) => {
  let mean = d % 2 ? Math.sqrt(2 / Math.PI) : Math.sqrt(Math.PI / 2);
  for (let k = d % 2 ? 1 : 2; k < d; k += 2) mean *= (k + 1) / k;
  return mean;
};

// Length of a code.
export const norm = (z) => Math.sqrt(z.reduce((sum, v) => sum + v * v, 0));

// The code at a share of the way from a to b, as vaedemo.latent has it: on the straight line, or at even angles on the
// arc about the origin while the length goes evenly from one to the other.
export const onPath = (a, b, path, share) => {
  const line = a.map((v, i) => v + share * (b[i] - v));
  const lengths = [norm(a), norm(b)];
  if (path === "straight" || !Math.min(...lengths)) return line;
  const [u, v] = [a.map((x) => x / lengths[0]), b.map((x) => x / lengths[1])];
  const angle = 2 * Math.atan2(norm(u.map((x, i) => x - v[i])), norm(u.map((x, i) => x + v[i])));
  if (Math.sin(angle) < 1e-6) return line;
  const [f, g] = [Math.sin((1 - share) * angle) / Math.sin(angle), Math.sin(share * angle) / Math.sin(angle)];
  const length = (1 - share) * lengths[0] + share * lengths[1];
  return u.map((x, i) => length * (f * x + g * v[i]));
};
