// Scales, ticks and places of labels of the charts. Pure functions.

import { ticks } from "./geometry.js";

export const ticksTo = (top) => ticks(0, top, 4, [1, 2, 2.5, 5]);

// Scales from data to pixels: log2 of d across, dB up. series: [{kind, points: [{d, psnr, mean}]}].
export const geometry = (series, width, height, margin) => {
  const all = series.flatMap((s) => s.points);
  const values = all.flatMap((p) => [p.psnr, p.mean]).filter((v) => Number.isFinite(v));
  const dims = [...new Set(all.map((p) => p.d))].sort((a, b) => a - b);
  const [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [10, 30];
  const step = high - low > 24 ? 10 : high - low > 9 ? 5 : 2;
  const [bottom, top] = [Math.floor((low - 0.5) / step) * step, Math.ceil((high + 0.5) / step) * step];
  const [first, last] = [Math.log2(dims[0] ?? 1), Math.log2(dims.at(-1) ?? 2)];
  const [w, h] = [width - margin.left - margin.right, height - margin.top - margin.bottom];
  return {
    dims,
    ticks: Array.from({ length: Math.round((top - bottom) / step) + 1 }, (_, i) => bottom + i * step),
    x: (d) => margin.left + (last > first ? (Math.log2(d) - first) / (last - first) : 0.5) * w,
    y: (v) => margin.top + (1 - (v - bottom) / (top - bottom)) * h,
    right: width - margin.right,
  };
};

// Heights of labels so that none is nearer than `gap` to the next; order kept.
export const spread = (heights, gap, low, high) => {
  const order = heights.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y);
  order.forEach((o, k) => (o.y = Math.max(o.y, k ? order[k - 1].y + gap : low)));
  for (let k = order.length - 1; k >= 0; k -= 1) order[k].y = Math.min(order[k].y, k < order.length - 1 ? order[k + 1].y - gap : high);
  return order.reduce((out, o) => ((out[o.i] = o.y), out), []);
};

// Bits a pixel and bits a value of nats a picture of size x size pixels with so many channels.
export const bitsOf = (nats, channels, size) => {
  const pixel = nats / Math.LN2 / size ** 2;
  return { pixel, value: pixel / channels };
};

// The path through values, of which there will be one more than `total`, in a box: from its left to its right, the lowest and the
// highest as far apart as it is high, less a margin for the line's width.
export const through = (values, total, width, height, margin = 2) => {
  const low = Math.min(...values);
  const reach = Math.max(...values) - low || 1;
  const place = (v, i) => `${((i / total) * width).toFixed(1)} ${(margin + (1 - (v - low) / reach) * (height - 2 * margin)).toFixed(1)}`;
  return values.map((v, i) => `${i ? "L" : "M"}${place(v, i)}`).join("");
};
