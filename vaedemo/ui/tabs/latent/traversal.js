// The traversal table: a row a latent dimension, the pictures it runs through from -3 to +3, and below them its slider,
// whose thumb stands under the picture of its value. Values here are in steps of the dimension's own spread.

import { html, nothing } from "../../page/vendor/lit-html.js";
import { clamp, onWidth } from "../../page/frame/dom.js";
import { save } from "../../page/frame/download.js";
import { number, significant, t } from "../../page/frame/text.js";
import { sampleOf } from "../../page/draw/grids.js";
import { rgba, unpack } from "../../page/draw/pixels.js";
import { SPAN } from "./codes.js";

const FIRST = 10; // rows before the fold
const NARROW = 560;
const STEP = 0.05;

// Values that the n pictures of a row stand for.
const valuesOf = (n) => Array.from({ length: n }, (_, k) => -SPAN + (2 * SPAN * k) / (n - 1));

// A row's sheet in pixels of the model: n pictures side by side with gaps.
const sheet = (n, size) => {
  const gap = Math.max(2, Math.round(size / 14));
  return { width: n * size + (n - 1) * gap, height: size, x: (k) => k * (size + gap) };
};

// A weight for a person: two digits behind the point, fewer of a large one.
const worthOf = (weight) => (weight < 100 ? number(weight, 2) : significant(weight, 3));

// The dimensions by weight, the heaviest first; equal ones in their own order.
export const ordered = (weights) => weights.map((_, i) => i).sort((a, b) => weights[b] - weights[a] || a - b);

const blank = (canvas) => canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);

// dims: the section that it belongs to, with row, code, weights, figures, unit; move(i, value): a slider was dragged or a
// picture clicked; follow(): rows came into view, or need other pictures.
export class Traversal {
  constructor(dims) {
    // rows: {i, draw: its pictures, stale: of another code} in their order; n: pictures of a row.
    Object.assign(this, { dims, key: "", rows: [], n: 9, root: null, inView: new Set() });
    const seen = (entries) => {
      for (const e of entries) this.inView[e.isIntersecting ? "add" : "delete"](e.target);
      if (entries.some((e) => e.isIntersecting)) dims.follow();
    };
    this.watcher = new IntersectionObserver(seen, { rootMargin: "120px" });
  }

  begin(root) {
    this.root = root;
    onWidth(root, (width) => {
      const n = width < NARROW ? 7 : 9;
      if (n === this.n) return;
      this.n = n;
      this.renew(this.rows.map((r) => r.i));
      this.dims.draw();
      this.dims.follow();
    });
  }

  // After each drawing of the view, which may have made new rows.
  watch() {
    for (const row of this.root.querySelectorAll(".vd-dimrow")) this.watcher.observe(row);
  }

  renew(order) {
    this.rows = order.map((i) => ({ i, draw: blank, stale: true }));
  }

  // The model in sight: another one has rows of its own.
  show(key, weights) {
    if (this.key !== key) this.renew(ordered(weights));
    this.key = key;
  }

  // Every row but one is of another code now.
  age(but = -1) {
    for (const r of this.rows) if (r.i !== but) r.stale = true;
  }

  // Of the rows in sight, the next ones whose pictures are out of date; they count as asked for.
  wanted() {
    const seen = new Set([...this.inView].map((row) => Number(row.dataset.i)));
    const some = this.rows.filter((r) => r.stale && seen.has(r.i)).slice(0, FIRST);
    for (const r of some) r.stale = false;
    return some;
  }

  // n packed pictures for a row.
  paint(row, packed, n) {
    const { channels, size } = this.dims.row;
    const [bytes, { x }] = [unpack(packed), sheet(n, size)];
    const picture = (k) => new ImageData(rgba(sampleOf(bytes, k, channels, size), channels), size);
    row.draw = (canvas) => {
      for (let k = 0; k < n; k += 1) canvas.getContext("2d").putImageData(picture(k), x(k), 0);
    };
  }

  focus(i) {
    const input = this.root.querySelector(`[data-i="${i}"] input`);
    const fold = input.closest("details");
    if (fold) fold.open = true;
    input.focus();
  }

  worth(i) {
    return t(this.dims.unit, { value: worthOf(this.dims.weights[i]) });
  }

  // ---- views ---------------------------------------------------------------------------------------------------

  get style() {
    const { size } = this.dims.row;
    const { width, height } = sheet(this.n, size);
    return `--inset: ${(50 * size) / width}%; --shape: ${width} / ${height}`;
  }

  slider(i, dead, { s, own, z }) {
    const { dims, n } = this;
    const keyed = (e) => {
      const jump = { PageUp: 1, PageDown: -1 }[e.key];
      if (!jump) return;
      e.preventDefault();
      dims.move(i, clamp(Number(e.target.value) + (jump * 2 * SPAN) / (n - 1), -SPAN, SPAN));
    };
    const at = (clamp(own[i], -SPAN, SPAN) + SPAN) / (2 * SPAN);
    const name = t(dead ? "dims.slider.off" : "dims.slider", { i: i + 1, worth: this.worth(i) });
    return html`<input type="range" class="vd-lat-slider" min=${-SPAN} max=${SPAN} step=${STEP} data-at=${s[i]} aria-label=${name}
      aria-valuetext="z${i + 1} = ${number(z[i], 2)}" @input=${(e) => dims.move(i, Number(e.target.value))} @keydown=${keyed}><em style="--at: ${at}"></em>`;
  }

  row({ i, draw }, code, share) {
    const { dims, n } = this;
    const { width, height } = sheet(n, dims.row.size);
    const dead = dims.off(i);
    const edited = Math.abs(code.s[i] - code.own[i]) > 1e-6;
    const click = (e) => {
      const box = e.target.getBoundingClientRect();
      dims.move(i, valuesOf(n)[clamp(Math.floor(((e.clientX - box.left) / box.width) * n), 0, n - 1)]);
    };
    return html`<div class="vd-dimrow ${dead ? "vd-deadrow" : ""} ${edited ? "vd-edited" : ""}" data-i=${i}>
      <div class="vd-dimname"><b>${i + 1}</b><i><i style="--share: ${share}"></i></i><small>${dead ? t("dims.off") : this.worth(i)}</small></div>
      <div class="vd-dimbody"><canvas class="vd-pixels" role="img" width=${width} height=${height} aria-label=${t("dims.row", { i: i + 1, n })}
        data-drawn=${draw === blank ? nothing : "true"} .draw=${draw} @click=${click}></canvas>${this.slider(i, dead, code)}</div>
      <output>${number(code.z[i], 2)}</output></div>`;
  }

  view() {
    const { dims, n, rows } = this;
    const { weights } = dims;
    // Until the picture's code is known the sliders stand in the middle.
    const code = dims.code ?? { s: weights.map(() => 0), own: weights.map(() => 0), z: weights.map(() => 0) };
    const most = Math.max(...weights, 1e-9);
    const row = (r) => this.row(r, code, weights[r.i] / most);
    const rest = rows.slice(FIRST);
    const off = rest.filter((r) => dims.off(r.i)).length;
    const key = off === 0 ? "dims.rest" : off === rest.length ? "dims.restalloff" : "dims.restoff";
    return html`<div class="vd-dimscale" aria-hidden="true">${valuesOf(n).map(
      (v) => html`<span>${n === 9 && v % 1.5 ? "" : number(v, v % 1 ? 1 : 0)}</span>`,
    )}</div><div class="vd-dimrows">${rows.slice(0, FIRST).map(row)}</div>
    <details class="vd-rest" ?hidden=${!rest.length}><summary>${t(key, { n: rest.length, off })}</summary><div class="vd-dimrows">${rest.map(row)}</div></details>`;
  }

  // ---- as a picture --------------------------------------------------------------------------------------------

  // The rows before the fold as a PNG.
  save(title, file) {
    const { n } = this;
    const { size } = this.dims.row;
    const [{ width, x }, scale, left, top, gap] = [sheet(n, size), Math.max(2, Math.round(84 / size)), 130, 66, 12];
    const rows = [...this.root.querySelectorAll(".vd-dimrow canvas")].slice(0, FIRST);
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: left + width * scale + 24, height: top + rows.length * (size * scale + gap) + gap });
    const ctx = canvas.getContext("2d");
    Object.assign(ctx, { fillStyle: "#ffffff", imageSmoothingEnabled: false });
    ctx.fillRect(0, 0, canvas.width, canvas.height);
    const write = (text, at, y, font, align = "left") => {
      Object.assign(ctx, { fillStyle: "#1b1d22", font: `${font} system-ui, sans-serif`, textAlign: align });
      ctx.fillText(text, at, y);
    };
    write(title, 16, 28, "600 17px");
    valuesOf(n).forEach((v, k) => write(number(v, v % 1 ? 2 : 0), left + (x(k) + size / 2) * scale, top - 10, "14px", "center"));
    rows.forEach((row, k) => {
      const [{ i }, y] = [this.rows[k], top + k * (size * scale + gap)];
      write(`z${i + 1}`, 16, y + (size * scale) / 2 - 3, "600 16px");
      write(this.worth(i), 16, y + (size * scale) / 2 + 17, "14px");
      ctx.drawImage(row, left, y, width * scale, size * scale);
    });
    canvas.toBlob((blob) => save(blob, file), "image/png");
  }
}
