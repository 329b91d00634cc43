// What a map shows, drawn on a 2-D context whose unit is a CSS pixel. The still layer: points, density or a grid of decoded
// pictures, rings of the prior, axes. The moving layer: paths, the picture at hand, the chosen point, the cursor.

import { outline, ticks } from "../maths/geometry.js";

const SHUFFLED = 8; // points are drawn in so many turns through the classes, so that none covers the others
const BINS = 180; // of the density, each way

const TOKENS = ["card", "ink", "soft", "mu", "sigma", "epsilon", "z", "ae", "vae"];

// The tokens of the theme in force; `night` are those of the dark one, for what is written on pictures.
export const paletteOf = (root) => {
  const probe = document.createElement("i");
  root.append(probe);
  const read = () => {
    const style = getComputedStyle(probe);
    return Object.fromEntries(TOKENS.map((name) => [name, style.getPropertyValue(`--vd-${name}`).trim()]));
  };
  const palette = { ...read(), dark: document.body.classList.contains("dark") };
  probe.className = "dark";
  palette.night = { ...read(), card: "#000000", dark: true };
  probe.remove();
  return palette;
};

const channels = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const mixed = (a, b, share) => channels(a).map((v, i) => Math.round(v + (channels(b)[i] - v) * share));

// A class's colour as this theme shows it: on dark paper nearer to white.
export const classColour = (hex, palette) => (palette.dark ? `rgb(${mixed(hex, "#ffffff", 0.28).join(",")})` : hex);

const trace = (ctx, points, frame, closed) => {
  ctx.beginPath();
  points.forEach(([a, b], i) => ctx[i ? "lineTo" : "moveTo"](frame.x(a), frame.y(b)));
  if (closed) ctx.closePath();
};

const disc = (ctx, x, y, r, fill, rim) => {
  ctx.beginPath();
  ctx.arc(x, y, r, 0, 2 * Math.PI);
  ctx.fillStyle = fill;
  ctx.fill();
  if (!rim) return;
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = rim;
  ctx.stroke();
};

// Strokes the path that was traced, with a halo of paper so that it stands out from whatever lies below.
const stroke = (ctx, colour, width, palette, halo = 2) => {
  ctx.lineJoin = "round";
  ctx.strokeStyle = palette.card;
  ctx.lineWidth = width + halo;
  ctx.globalAlpha *= 0.75;
  ctx.stroke();
  ctx.globalAlpha /= 0.75;
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.stroke();
};

const write = (ctx, text, x, y, colour, palette, align = "left") => {
  ctx.textAlign = align;
  ctx.lineJoin = "round";
  ctx.strokeStyle = palette.card;
  ctx.lineWidth = 3.5;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = colour;
  ctx.fillText(text, x, y);
};

// ---- the still layer -------------------------------------------------------------------------------------------

export const drawPoints = (ctx, model, frame, { colours, hidden, palette, radius, alpha = 0.62 }) => {
  const { points, labels } = model;
  ctx.globalAlpha = alpha;
  for (let turn = 0; turn < SHUFFLED; turn += 1)
    for (let label = 0; label < colours.length; label += 1) {
      if (hidden.has(label)) continue;
      ctx.beginPath();
      for (let i = turn; i < labels.length; i += SHUFFLED) {
        if (labels[i] !== label) continue;
        const x = frame.x(points[2 * i]);
        const y = frame.y(points[2 * i + 1]);
        if (x < -radius || y < -radius || x > frame.side + radius || y > frame.side + radius) continue;
        ctx.moveTo(x + radius, y);
        ctx.arc(x, y, radius, 0, 2 * Math.PI);
      }
      ctx.fillStyle = classColour(colours[label], palette);
      ctx.fill();
    }
  ctx.globalAlpha = 1;
};

// Points a bin, blurred by three turns of a small kernel; the root of it, so that one picture is seen beside a crowd.
export const densityOf = (model, frame, hidden) => {
  const counts = new Float32Array(BINS * BINS);
  const { points, labels } = model;
  for (let i = 0; i < labels.length; i += 1) {
    if (hidden.has(labels[i])) continue;
    const column = Math.floor((frame.x(points[2 * i]) / frame.side) * BINS);
    const row = Math.floor((frame.y(points[2 * i + 1]) / frame.side) * BINS);
    if (column >= 0 && row >= 0 && column < BINS && row < BINS) counts[row * BINS + column] += 1;
  }
  let [from, to] = [counts, new Float32Array(BINS * BINS)];
  for (const step of [1, BINS, 1, BINS, 1, BINS]) {
    for (let i = 2 * BINS; i < from.length - 2 * BINS; i += 1)
      to[i] = (from[i - 2 * step] + from[i + 2 * step]) / 16 + (from[i - step] + from[i + step]) / 4 + from[i] * 0.375;
    [from, to] = [to, from];
  }
  let most = 1e-9;
  for (const v of from) if (v > most) most = v;
  return from.map((v) => Math.max(0, ((v / most) ** 0.4 - 0.02) / 0.98));
};

const drawDensity = (ctx, model, frame, { hidden, palette }) => {
  const density = densityOf(model, frame, hidden);
  const sheet = new OffscreenCanvas(BINS, BINS);
  const image = new ImageData(BINS, BINS);
  const [from, through, to] = [palette.card, palette[model.kind], palette.dark ? "#ffffff" : "#000000"].map(channels);
  density.forEach((v, i) => {
    for (let c = 0; c < 3; c += 1)
      image.data[4 * i + c] =
        v < 0.7 ? from[c] + ((through[c] - from[c]) * v) / 0.7 : through[c] + ((to[c] - through[c]) * (v - 0.7)) / 0.6;
    image.data[4 * i + 3] = 255;
  });
  sheet.getContext("2d").putImageData(image, 0, 0);
  ctx.drawImage(sheet, 0, 0, frame.side, frame.side);
};

const drawRings = (ctx, model, frame, palette) => {
  const [x, y] = [frame.x(model.centre[0]), frame.y(model.centre[1])];
  const radius = frame.x(model.centre[0] + 3) - x;
  for (const times of [3, 2, 1]) {
    trace(ctx, outline(model.centre, { r1: 1, r2: 1, angle: 0 }, times), frame, true);
    ctx.setLineDash(radius < 20 ? [] : [5, 4]);
    stroke(ctx, palette.ink, times === 1 ? 1.4 : 1, palette, 2.5);
    ctx.setLineDash([]);
  }
  ctx.font = "600 11px system-ui, sans-serif";
  if (radius < 40) return write(ctx, "N(0, I)", x + radius + 5, y + 4, palette.ink, palette);
  for (const times of [1, 2, 3]) {
    const top = frame.y(model.centre[1] + times);
    if (top > 8) write(ctx, `${times}σ`, x, top + 4, palette.ink, palette, "center");
  }
  return null;
};

const format = (v) => String(Number(v.toPrecision(6))).replace("-", "−");

const drawAxes = (ctx, model, frame, palette) => {
  ctx.font = "11px system-ui, sans-serif";
  ctx.strokeStyle = palette.soft;
  ctx.lineWidth = 1;
  const own = frame.warped
    ? [
        [-2, -1, 0, 1, 2],
        [-2, -1, 0, 1, 2],
      ]
    : [0, 1].map((i) => ticks(frame.low[i], frame.high[i]));
  const names = model.d === 2 ? ["z₁", "z₂"] : ["PC 1", "PC 2"];
  for (const v of own[0]) {
    const x = frame.x(v);
    if (x < 22 || x > frame.side - 34) continue;
    ctx.fillStyle = palette.soft;
    ctx.fillRect(Math.round(x), frame.side - 5, 1, 5);
    write(ctx, format(v), x, frame.side - 9, palette.soft, palette, "center");
  }
  for (const v of own[1]) {
    const y = frame.y(v);
    if (y < 26 || y > frame.side - 22) continue;
    ctx.fillStyle = palette.soft;
    ctx.fillRect(0, Math.round(y), 5, 1);
    write(ctx, format(v), 9, y + 4, palette.soft, palette);
  }
  ctx.font = "italic 600 13px system-ui, sans-serif";
  write(ctx, names[0], frame.side - 8, frame.side - 9, palette.z, palette, "right");
  write(ctx, names[1], 8, 17, palette.z, palette);
};

// look.view: "points" | "density" | "grid"; look.sheet: the grid of pictures
export const drawStill = (ctx, model, frame, look) => {
  const { palette } = look;
  ctx.fillStyle = palette.card;
  ctx.fillRect(0, 0, frame.side, frame.side);
  if (look.view === "grid") {
    ctx.imageSmoothingQuality = "high";
    ctx.drawImage(look.sheet, 0, 0, frame.side, frame.side);
  } else if (look.view === "density") drawDensity(ctx, model, frame, look);
  else drawPoints(ctx, model, frame, { ...look, radius: Math.max(1.1, (frame.side / 478) * (model.labels.length > 5000 ? 1.5 : 2)) });
  drawRings(ctx, model, frame, palette);
  drawAxes(ctx, model, frame, palette);
};

// ---- the moving layer ------------------------------------------------------------------------------------------

// posterior: {mu: [a, b], axes or null, samples: [[a, b], ...], chosen: index or null}
export const drawPosterior = (ctx, posterior, frame, palette, { dot = 4, sample = 3, width = 1.6 } = {}) => {
  const { mu, axes, samples, chosen } = posterior;
  if (axes)
    for (const times of [2, 1]) {
      trace(ctx, outline(mu, axes, times), frame, true);
      ctx.globalAlpha = times === 1 ? 1 : 0.75;
      stroke(ctx, palette.sigma, times === 1 ? width : width * 0.75, palette, 1.5);
      ctx.globalAlpha = 1;
    }
  samples.forEach(([a, b], i) => {
    if (i !== chosen) disc(ctx, frame.x(a), frame.y(b), sample, palette.z, palette.card);
  });
  if (samples[chosen]) disc(ctx, frame.x(samples[chosen][0]), frame.y(samples[chosen][1]), sample * 1.5, palette.z, palette.card);
  disc(ctx, frame.x(mu[0]), frame.y(mu[1]), dot, palette.mu, palette.card);
};

// path: [[a, b], ...] or [{points, dashed, marks, at}]
export const drawPath = (ctx, path, frame, palette) => {
  const several = Array.isArray(path[0]) ? [{ points: path }] : path;
  for (const { points, dashed, marks } of several) {
    trace(ctx, points, frame, false);
    ctx.setLineDash(dashed ? [6, 5] : []);
    stroke(ctx, palette.z, 2.2, palette, 2.5);
    ctx.setLineDash([]);
    for (const [a, b] of marks ? points : []) disc(ctx, frame.x(a), frame.y(b), 3, palette.z, palette.card);
  }
  for (const { points, at } of several) {
    for (const [a, b] of [points[0], points.at(-1)]) disc(ctx, frame.x(a), frame.y(b), 5.5, palette.z, palette.card);
    if (at) disc(ctx, frame.x(at[0]), frame.y(at[1]), 6.5, palette.ink, palette.card);
  }
};

export const drawChosen = (ctx, [a, b], frame, palette) => {
  const [x, y] = [frame.x(a), frame.y(b)];
  ctx.beginPath();
  ctx.arc(x, y, 7, 0, 2 * Math.PI);
  for (const [u, v] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ]) {
    ctx.moveTo(x + 4 * u, y + 4 * v);
    ctx.lineTo(x + 11 * u, y + 11 * v);
  }
  stroke(ctx, palette.z, 2, palette, 3);
};

export const drawCursor = (ctx, a, b, frame, palette) => {
  const x = frame.x(a);
  const y = frame.y(b);
  ctx.globalAlpha = 0.45;
  ctx.fillStyle = palette.ink;
  ctx.fillRect(0, Math.round(y), frame.side, 1);
  ctx.fillRect(Math.round(x), 0, 1, frame.side);
  ctx.globalAlpha = 1;
  disc(ctx, x, y, 5, palette.z, palette.card);
};

// Where on the map the lens looks: a square, at least so large that it can be seen.
export const drawLensMark = (ctx, [a, b], reach, frame, palette) => {
  const half = Math.max(9, frame.x(a + reach) - frame.x(a));
  ctx.strokeStyle = palette.ink;
  ctx.lineWidth = 1.2;
  ctx.strokeRect(frame.x(a) - half, frame.y(b) - half, 2 * half, 2 * half);
};
