// The grid of decoded pictures over a map: the manifold that a decoder knows. A few hundred pictures take a while, so they
// are decoded a slice of time at a time, and kept for as long as the map shows the same piece of the plane.

const SLICE = 12; // ms of decoding between two frames
const SHOWN = 70; // ms between two drawings of what there is

// Pictures across a map: as many as can be told apart.
export const gridCount = (side, size) => Math.max(8, Math.min(20, Math.round(side / (size > 40 ? 44 : 26))));

// The places 0..n-1 in an order that is spread over all of them.
export const spread = (n) => {
  const step = Math.max(1, Math.round(n * 0.618034));
  const coprime = (a, b) => (b === 0 ? a === 1 : coprime(b, a % b));
  let k = step;
  while (!coprime(n, k)) k += 1;
  return Array.from({ length: n }, (_, i) => (i * k) % n);
};

// createGrid(changed).sheet(model, frame, look) -> {canvas, done}: what there is of it; changed() whenever there is more.
export const createGrid = (changed) => {
  let job = null;

  const tile = (index) => {
    const { model, frame, count, size, depth, bytes, image, ctx } = job;
    const [i, j, pixels] = [index % count, Math.floor(index / count), size * size];
    model.decodeAt(frame.a(((i + 0.5) / count) * frame.side), frame.b(((j + 0.5) / count) * frame.side), bytes);
    for (let k = 0, to = 0; k < pixels; k += 1, to += 4)
      for (let c = 0; c < 3; c += 1) image.data[to + c] = bytes[(depth === 3 ? c * pixels : 0) + k];
    ctx.putImageData(image, i * size, j * size);
  };

  const work = (own) => {
    if (job !== own) return;
    const end = performance.now() + SLICE;
    while (own.next < own.order.length && performance.now() < end) tile(own.order[own.next++]);
    own.done = own.next === own.order.length;
    if (own.done || end - own.shown > SHOWN) {
      own.shown = end;
      changed();
    }
    if (!own.done) requestAnimationFrame(() => setTimeout(work, 0, own));
  };

  return {
    sheet: (model, frame, { size, channels: depth }) => {
      const count = gridCount(frame.side, size);
      if (job?.model === model && job.count === count && job.frame.warped === frame.warped) return job;
      const canvas = new OffscreenCanvas(count * size, count * size);
      const [ctx, image] = [canvas.getContext("2d"), new ImageData(size, size)];
      image.data.fill(255);
      job = {
        model,
        frame,
        count,
        size,
        depth,
        canvas,
        ctx,
        image,
        bytes: new Uint8Array(depth * size * size),
        order: spread(count * count),
        next: 0,
        shown: 0,
        done: false,
      };
      setTimeout(work, 0, job);
      return job;
    },
  };
};
