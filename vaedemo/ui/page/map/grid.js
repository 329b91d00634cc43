// The grid of decoded pictures over a map: the manifold that a decoder knows. A few hundred pictures take a while, so they
// are decoded a slice of time at a time, and kept for as long as the map shows the same piece of the plane.

import { rgba } from "../draw/pixels.js";

const SLICE = 12; // ms of decoding between two frames
const SHOWN = 70; // ms between two drawings of what there is

// Pictures across a map: as many as can be told apart.
const gridCount = (side, size) => Math.max(8, Math.min(20, Math.round(side / (size > 40 ? 44 : 26))));

// The places 0..n-1 in an order that is spread over all of them.
const spread = (n) => {
  const coprime = (a, b) => (b === 0 ? a === 1 : coprime(b, a % b));
  let k = Math.max(1, Math.round(n * 0.618034));
  while (!coprime(n, k)) k += 1;
  return Array.from({ length: n }, (_, i) => (i * k) % n);
};

// changed(): there is more of it.
export class Grid {
  constructor(changed) {
    Object.assign(this, { changed, job: null });
  }

  // What there is of a grid: {canvas, done}.
  sheet(model, frame, { size, channels }) {
    const [count, job] = [gridCount(frame.side, size), this.job];
    const same = ({ warped, low, high }) => warped === frame.warped && String([low, high]) === String([frame.low, frame.high]);
    if (job?.model === model && job.count === count && same(job.frame)) return job;
    const canvas = new OffscreenCanvas(count * size, count * size);
    if (job?.model === model && !job.frame.warped && !frame.warped) this.reuse(job, canvas, frame);
    const bytes = new Uint8Array(channels * size * size);
    const made = { model, frame, count, size, channels, canvas, bytes, order: spread(count * count), next: 0, shown: 0, done: false };
    this.job = made;
    setTimeout(() => this.work(made));
    return made;
  }

  // What was decoded of another piece of the plane, until its pictures come.
  reuse({ canvas: old, frame: { low, high } }, canvas, frame) {
    const scale = canvas.width / frame.side;
    const [left, top, right, bottom] = [frame.x(low[0]), frame.y(high[1]), frame.x(high[0]), frame.y(low[1])].map((v) => v * scale);
    canvas.getContext("2d").drawImage(old, left, top, right - left, bottom - top);
  }

  tile(index) {
    const { model, frame, count, size, channels, canvas, bytes } = this.job;
    const [i, j] = [index % count, Math.floor(index / count)];
    const z = model.lift(frame.a(((i + 0.5) / count) * frame.side), frame.b(((j + 0.5) / count) * frame.side));
    const picture = new ImageData(rgba(model.decode(z, bytes), channels), size);
    canvas.getContext("2d").putImageData(picture, i * size, j * size);
  }

  work(job) {
    if (job !== this.job) return;
    const end = performance.now() + SLICE;
    while (job.next < job.order.length && performance.now() < end) this.tile(job.order[job.next++]);
    job.done = job.next === job.order.length;
    if (job.done || end - job.shown > SHOWN) {
      job.shown = end;
      this.changed();
    }
    if (!job.done) requestAnimationFrame(() => setTimeout(() => this.work(job)));
  }
}
