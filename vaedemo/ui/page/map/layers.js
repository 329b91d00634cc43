// What a map shows. The still layer: points, density or a grid of decoded pictures, rings of the prior, axes. The moving
// layer: paths, the picture at hand, the chosen point, the cursor.

import { extent, outline, ticks } from "../maths/geometry.js";

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

// A canvas to draw on, as sharp as the screen: places are points of the frame's plane, lengths are CSS pixels.
export class Paper {
  constructor(canvas, frame, palette) {
    const size = Math.round(frame.side * (devicePixelRatio || 1));
    if (canvas.height !== size) canvas.width = canvas.height = size;
    Object.assign(this, { ctx: canvas.getContext("2d"), frame, palette });
    this.ctx.setTransform(size / frame.side, 0, 0, size / frame.side, 0, 0);
  }

  at([a, b]) {
    return [this.frame.x(a), this.frame.y(b)];
  }

  box(x, y, width, height, colour) {
    this.ctx.fillStyle = colour;
    this.ctx.fillRect(x, y, width, height);
  }

  trace(points, closed = false) {
    this.ctx.beginPath();
    points.forEach((point, i) => this.ctx[i ? "lineTo" : "moveTo"](...this.at(point)));
    if (closed) this.ctx.closePath();
  }

  line(colour, width) {
    Object.assign(this.ctx, { strokeStyle: colour, lineWidth: width });
    this.ctx.stroke();
  }

  // Strokes the path that was traced, with a halo of paper so that it stands out from whatever lies below.
  stroke(colour, width, halo) {
    const { ctx } = this;
    ctx.lineJoin = "round";
    ctx.globalAlpha *= 0.75;
    this.line(this.palette.card, width + halo);
    ctx.globalAlpha /= 0.75;
    this.line(colour, width);
  }

  dot(point, r, colour) {
    const { ctx } = this;
    ctx.beginPath();
    ctx.arc(...this.at(point), r, 0, 2 * Math.PI);
    ctx.fillStyle = colour;
    ctx.fill();
    this.line(this.palette.card, 1.5);
  }

  write(text, x, y, colour, align = "left") {
    const { ctx } = this;
    Object.assign(ctx, { textAlign: align, lineJoin: "round", fillStyle: colour, strokeStyle: this.palette.card, lineWidth: 3.5 });
    ctx.strokeText(text, x, y);
    ctx.fillText(text, x, y);
  }
}

// ---- the still layer -------------------------------------------------------------------------------------------

export const drawPoints = ({ ctx, frame, palette }, { points, labels }, { colours, hidden, radius, alpha = 0.62 }) => {
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
const densityOf = ({ points, labels }, frame, hidden) => {
  const counts = new Float32Array(BINS * BINS);
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
  const most = from.reduce((a, b) => Math.max(a, b), 1e-9);
  return from.map((v) => Math.max(0, ((v / most) ** 0.4 - 0.02) / 0.98));
};

const drawDensity = ({ ctx, frame, palette }, model, { hidden }) => {
  const sheet = new OffscreenCanvas(BINS, BINS);
  const image = new ImageData(BINS, BINS);
  const [from, through, to] = [palette.card, palette[model.kind], palette.dark ? "#ffffff" : "#000000"].map(channels);
  densityOf(model, frame, hidden).forEach((v, i) => {
    for (let c = 0; c < 3; c += 1)
      image.data[4 * i + c] =
        v < 0.7 ? from[c] + ((through[c] - from[c]) * v) / 0.7 : through[c] + ((to[c] - through[c]) * (v - 0.7)) / 0.6;
    image.data[4 * i + 3] = 255;
  });
  sheet.getContext("2d").putImageData(image, 0, 0);
  ctx.drawImage(sheet, 0, 0, frame.side, frame.side);
};

const drawGrid = ({ ctx, frame }, model, { sheet }) => {
  ctx.imageSmoothingQuality = "high";
  ctx.drawImage(sheet, 0, 0, frame.side, frame.side);
};

const drawRings = (paper, { centre }) => {
  const { ctx, frame, palette } = paper;
  const [x, y] = paper.at(centre);
  const radius = frame.x(centre[0] + 3) - x;
  ctx.setLineDash(radius < 20 ? [] : [5, 4]);
  for (const times of [3, 2, 1]) {
    paper.trace(outline(centre, { r1: 1, r2: 1, angle: 0 }, times), true);
    paper.stroke(palette.ink, times === 1 ? 1.4 : 1, 2.5);
  }
  ctx.setLineDash([]);
  ctx.font = "600 11px system-ui, sans-serif";
  if (radius < 40) return paper.write("N(0, I)", x + radius + 5, y + 4, palette.ink);
  for (const times of [1, 2, 3]) {
    const top = frame.y(centre[1] + times);
    if (top > 8) paper.write(`${times}σ`, x, top + 4, palette.ink, "center");
  }
  return null;
};

const format = (v) => String(Number(v.toPrecision(6))).replace("-", "−");

const drawAxes = (paper, { d }) => {
  const { ctx, frame, palette } = paper;
  const { side } = frame;
  const [across, up] = [0, 1].map((i) => (frame.warped ? [-2, -1, 0, 1, 2] : ticks(frame.low[i], frame.high[i])));
  const names = d === 2 ? ["z₁", "z₂"] : ["PC 1", "PC 2"];
  ctx.font = "11px system-ui, sans-serif";
  for (const v of across) {
    const x = frame.x(v);
    if (x < 22 || x > side - 34) continue;
    paper.box(Math.round(x), side - 5, 1, 5, palette.soft);
    paper.write(format(v), x, side - 9, palette.soft, "center");
  }
  for (const v of up) {
    const y = frame.y(v);
    if (y < 26 || y > side - 22) continue;
    paper.box(0, Math.round(y), 5, 1, palette.soft);
    paper.write(format(v), 9, y + 4, palette.soft);
  }
  ctx.font = "italic 600 13px system-ui, sans-serif";
  paper.write(names[0], side - 8, side - 9, palette.z, "right");
  paper.write(names[1], 8, 17, palette.z);
};

// look.view: "points" | "density" | "grid"; look.sheet: the grid of pictures
export const drawStill = (paper, model, look) => {
  const { side } = paper.frame;
  const radius = Math.max(1.1, (side / 478) * (model.labels.length > 5000 ? 1.5 : 2));
  paper.box(0, 0, side, side, paper.palette.card);
  ({ points: drawPoints, density: drawDensity, grid: drawGrid })[look.view](paper, model, { ...look, radius });
  drawRings(paper, model);
  drawAxes(paper, model);
};

// ---- the moving layer ------------------------------------------------------------------------------------------

// posterior: {mu: [a, b], axes or undefined, samples: [[a, b], ...], chosen: index or undefined}
export const drawPosterior = (paper, { mu, axes, samples, chosen }, { dot = 4, sample = 3, width = 1.6 } = {}) => {
  const { ctx, palette } = paper;
  for (const times of axes ? [2, 1] : []) {
    paper.trace(outline(mu, axes, times), true);
    ctx.globalAlpha = times === 1 ? 1 : 0.75;
    paper.stroke(palette.sigma, times === 1 ? width : width * 0.75, 1.5);
    ctx.globalAlpha = 1;
  }
  samples.forEach((z, i) => i !== chosen && paper.dot(z, sample, palette.z));
  if (samples[chosen]) paper.dot(samples[chosen], sample * 1.5, palette.z);
  paper.dot(mu, dot, palette.mu);
};

// The 1-sigma ellipses of the test pictures around: [{mu, axes}]; where they are too small to be seen, none.
const SMALL = 3; // CSS pixels across
export const drawNeighbours = (paper, near, width = 1) => {
  const { ctx, frame, palette } = paper;
  ctx.globalAlpha = 0.55;
  for (const { mu, axes } of near) {
    if (2 * (frame.x(mu[0] + axes.r1) - frame.x(mu[0])) < SMALL) continue;
    paper.trace(outline(mu, axes), true);
    paper.line(palette.sigma, width);
  }
  ctx.globalAlpha = 1;
};

// How the chosen sample came about: an arrow from mu by sigma times epsilon to z, with names where there is room for them.
const ROOM = 24;
const HEAD = 9;
export const drawSampling = (paper, { mu, samples, chosen }, named = false) => {
  const { ctx, palette } = paper;
  if (!samples[chosen]) return;
  const [[x, y], [u, v]] = [paper.at(mu), paper.at(samples[chosen])];
  const [far, angle] = [Math.hypot(u - x, v - y), Math.atan2(v - y, u - x)];
  if (far < HEAD) return;
  const tip = [u - 5 * Math.cos(angle), v - 5 * Math.sin(angle)];
  const barb = (turn) => [tip[0] - HEAD * Math.cos(angle + turn), tip[1] - HEAD * Math.sin(angle + turn)];
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(...tip);
  ctx.moveTo(...barb(0.45));
  ctx.lineTo(...tip);
  ctx.lineTo(...barb(-0.45));
  paper.stroke(palette.epsilon, 2.2, 2.5);
  if (!named || far < ROOM) return;
  const side = v < y ? 1 : -1; // below an arrow that rises, above one that falls
  ctx.font = "italic 600 14px system-ui, sans-serif";
  paper.write("μ", x - 12 * Math.cos(angle), y + 5 - 14 * Math.sin(angle), palette.mu, "center");
  paper.write("z", u + 13 * Math.cos(angle), v + 5 + 13 * Math.sin(angle), palette.z, "center");
  if (far > 2 * ROOM) paper.write("+ σ ε", (x + u) / 2, (y + v) / 2 + 18 * side + 5, palette.sigma, "center");
};

// Half the width and height of a posterior's ellipse as it is drawn, in CSS pixels, for those who want to check it.
export const reachOnScreen = ({ mu, axes }, frame) =>
  extent(outline(mu, axes), frame)
    .map((v) => (v / 2).toFixed(3))
    .join();

// paths: [{points: [[a, b], ...], dashed, at: [a, b]}]
export const drawPaths = (paper, paths) => {
  const { ctx, palette } = paper;
  for (const { points, dashed } of paths) {
    paper.trace(points);
    ctx.setLineDash(dashed ? [6, 5] : []);
    paper.stroke(palette.z, 2.2, 2.5);
    ctx.setLineDash([]);
  }
  for (const { points, at } of paths) {
    for (const end of [points[0], points.at(-1)]) paper.dot(end, 5.5, palette.z);
    paper.dot(at, 6.5, palette.ink);
  }
};

export const drawChosen = (paper, point) => {
  const { ctx, palette } = paper;
  const [x, y] = paper.at(point);
  ctx.beginPath();
  ctx.arc(x, y, 7, 0, 2 * Math.PI);
  for (const [u, v] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    ctx.moveTo(x + 4 * u, y + 4 * v);
    ctx.lineTo(x + 11 * u, y + 11 * v);
  } // prettier-ignore
  paper.stroke(palette.z, 2, 3);
};

export const drawCursor = (paper, point) => {
  const { ctx, frame, palette } = paper;
  const [x, y] = paper.at(point);
  ctx.globalAlpha = 0.45;
  paper.box(0, Math.round(y), frame.side, 1, palette.ink);
  paper.box(Math.round(x), 0, 1, frame.side, palette.ink);
  ctx.globalAlpha = 1;
  paper.dot(point, 5, palette.z);
};

// Where on the map the lens looks: a square, at least so large that it can be seen.
export const drawLensMark = ({ ctx, frame, palette }, { mu: [a, b], reach }) => {
  const half = Math.max(9, frame.x(a + reach) - frame.x(a));
  Object.assign(ctx, { strokeStyle: palette.ink, lineWidth: 1.2 });
  ctx.strokeRect(frame.x(a) - half, frame.y(b) - half, 2 * half, 2 * half);
};
