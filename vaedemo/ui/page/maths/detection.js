// How well a score tells foreign pictures from known ones, as maths/detection.py has it: scores are arrays, higher is stranger.
// Pure functions.

// How many of an ascending array are at least `score`.
export const atLeast = (sorted, score) => {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] >= score) high = middle;
    else low = middle + 1;
  }
  return sorted.length - low;
};
const above = (sorted, score) => {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] > score) high = middle;
    else low = middle + 1;
  }
  return sorted.length - low;
};

export const ascending = (values) => Float64Array.from(values).sort();

// The threshold above which at most a share of further known pictures are, as a conformal test sets it; the strangest of them where
// they are too few to tell so small a share.
export const threshold = (known, share) => {
  const allowed = Math.floor(share * (known.length + 1) + 1e-9);
  return known[known.length - Math.max(1, allowed)];
};

// The share of pictures at least as strange as one that scores so, itself counted among the known ones.
export const strangerShare = (known, score) => (atLeast(known, score) + 1) / (known.length + 1);

const variance = (values) => {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1);
};

// {value, error}: the area under the ROC curve, ties counting half, with DeLong's standard error over both samples.
export const auroc = (known, foreign) => {
  const beside = (sorted, score) => (atLeast(sorted, score) + above(sorted, score)) / 2 / sorted.length;
  const over = Array.from(known, (score) => beside(foreign, score)); // foreign pictures above each known one
  const below = Array.from(foreign, (score) => 1 - beside(known, score));
  const value = below.reduce((sum, v) => sum + v, 0) / below.length;
  return { value, error: Math.sqrt(variance(over) / over.length + variance(below) / below.length) };
};

// {alarms, found}: the shares of known and of foreign pictures above a threshold, none of them at it.
export const rates = (known, foreign, limit) => ({
  alarms: above(known, limit) / known.length,
  found: foreign.length ? above(foreign, limit) / foreign.length : 0,
});

// The 95 % interval of a share of n (Wilson 1927).
export const wilson = (share, n, z = 1.96) => {
  const middle = share + (z * z) / (2 * n);
  const half = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  const whole = 1 + (z * z) / n;
  return [Math.max(0, (middle - half) / whole), Math.min(1, (middle + half) / whole)];
};

// Of 1,000 pictures of which a share is foreign: how many are falsely alarmed, missed and found; and the share of alarms that are
// true, null where there is no alarm.
export const operating = ({ alarms, found }, base) => {
  const counts = { alarms: 1000 * (1 - base) * alarms, missed: 1000 * base * (1 - found), found: 1000 * base * found };
  const all = counts.alarms + counts.found;
  return { ...counts, precision: all > 0 ? counts.found / all : null };
};

// The points of the ROC curve [{limit, alarms, found}], the strictest threshold first, at most so many of them.
export const roc = (known, foreign, most = 160) => {
  const all = ascending([...known, ...foreign]);
  const points = [{ limit: all.at(-1), alarms: 0, found: 0 }];
  for (let i = all.length - 2; i >= 0; i -= 1)
    if (all[i] < all[i + 1]) {
      const point = { limit: all[i], ...rates(known, foreign, all[i]) };
      const last = points.at(-1);
      if (Math.abs(point.alarms - last.alarms) + Math.abs(point.found - last.found) >= 2 / most) points.push(point);
    }
  points.push({ limit: all[0] - (Math.abs(all[0]) * 1e-6 + 1e-9), alarms: 1, found: 1 });
  return points;
};

// The axis of a histogram of several sets of scores: {low, high, log}; logarithmic where all are above zero and far apart, and the
// outermost thousandth of each set at the ends.
export const axisOf = (sets) => {
  const ends = sets.filter((s) => s.length).map((s) => [s[Math.floor(0.001 * (s.length - 1))], s[Math.ceil(0.999 * (s.length - 1))]]);
  const [low, high] = [Math.min(...ends.map((e) => e[0])), Math.max(...ends.map((e) => e[1]))];
  const log = low > 0 && high / low > 12;
  const wide = log ? (high / low) ** 0.03 : (high - low || 1) * 0.03;
  return log ? { low: low / wide, high: high * wide, log } : { low: low - wide, high: high + wide, log };
};

const put = ({ log }) => (log ? Math.log : (v) => v);

// Where a score stands on an axis, 0 to 1 and beyond; and what stands at such a place.
export const shareOn = (axis, score) => {
  const f = put(axis);
  return axis.log && score <= 0 ? -1 : (f(score) - f(axis.low)) / (f(axis.high) - f(axis.low));
};
export const scoreAt = (axis, share) => {
  const f = put(axis);
  const v = f(axis.low) + share * (f(axis.high) - f(axis.low));
  return axis.log ? Math.exp(v) : v;
};

// The shares of scores in each of so many bins along an axis; what lies beyond its ends is in the outermost ones.
export const histogram = (scores, axis, bins) => {
  const out = new Float64Array(bins);
  for (const score of scores) out[Math.max(0, Math.min(bins - 1, Math.floor(shareOn(axis, score) * bins)))] += 1 / scores.length;
  return out;
};

// How far code and log error (D) are from a normal of mean (D) and lower Cholesky factor (D * D, row by row), in standard deviations.
export const away = ({ mean, factor }, seen) => {
  const d = mean.length;
  const y = new Float64Array(d);
  for (let i = 0; i < d; i += 1) {
    let rest = seen[i] - mean[i];
    for (let k = 0; k < i; k += 1) rest -= factor[i * d + k] * y[k];
    y[i] = rest / factor[i * d + i];
  }
  return Math.hypot(...y);
};
