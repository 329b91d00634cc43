// The traversal table: a row a latent dimension, the pictures it runs through from -3 to +3, and below them its slider,
// whose thumb stands under the picture of its value. Values here are in steps of the dimension's own spread.

import { clamp, html, onWidth } from "../../page/frame/dom.js";
import { save } from "../../page/frame/download.js";
import { number, significant, t } from "../../page/frame/text.js";
import { SPAN } from "./codes.js";

export const FIRST = 10; // rows before the fold
const NARROW = 560;
const STEP = 0.05;

// Pictures of a row, and the values that they stand for.
export const cellsOf = (width) => (width < NARROW ? 7 : 9);
export const valuesOf = (n) => Array.from({ length: n }, (_, k) => -SPAN + (2 * SPAN * k) / (n - 1));

// A row's sheet in pixels of the model: n pictures side by side with gaps.
export const sheet = (n, size) => {
  const gap = Math.max(2, Math.round(size / 14));
  return { gap, width: n * size + (n - 1) * gap, height: size, x: (k) => k * (size + gap) };
};

// The value of the picture under a share of the sheet's width.
export const valueAt = (share, n) => valuesOf(n)[clamp(Math.floor(share * n), 0, n - 1)];

// A weight for a person: two digits behind the point, fewer of a large one.
export const worthOf = (weight) => (weight < 100 ? number(weight, 2) : significant(weight, 3));

// The dimensions by weight, the heaviest first; equal ones in their own order.
export const ordered = (weights) => weights.map((_, i) => i).sort((a, b) => weights[b] - weights[a] || a - b);

// moved(i, value): a slider was dragged or a picture clicked. seen(): rows came into view, or need other pictures.
export const createTraversal = (root, { moved, seen }) => {
  const scale = html(`<div class="vd-dimscale" aria-hidden="true"></div>`);
  const first = html(`<div class="vd-dimrows"></div>`);
  const rest = html(`<details class="vd-rest"><summary></summary><div class="vd-dimrows"></div></details>`);
  root.append(scale, first, rest);
  const now = { rows: [], key: "", n: 9, size: 28, channels: 1, inView: new Set() };

  const watcher = new IntersectionObserver(
    (entries) => {
      for (const e of entries) now.inView[e.isIntersecting ? "add" : "delete"](Number(e.target.dataset.i));
      if (entries.some((e) => e.isIntersecting)) seen();
    },
    { rootMargin: "120px" },
  );

  const create = (i) => {
    const row = html(`<div class="vd-dimrow" data-i="${i}">
      <div class="vd-dimname"><b>${i + 1}</b><i><i></i></i><small></small></div>
      <div class="vd-dimbody"><canvas class="vd-pixels" role="img"></canvas><input type="range" class="vd-lat-slider" min="${-SPAN}" max="${SPAN}"
        step="${STEP}"><em></em></div>
      <output></output></div>`);
    const [name, body, output] = row.children;
    const [canvas, input, own] = body.children;
    input.addEventListener("input", () => moved(i, Number(input.value)));
    input.addEventListener("keydown", (e) => {
      const jump = { PageUp: 1, PageDown: -1 }[e.key];
      if (!jump) return;
      e.preventDefault();
      moved(i, clamp(Number(input.value) + (jump * 2 * SPAN) / (now.n - 1), -SPAN, SPAN));
    });
    canvas.addEventListener("click", (e) => {
      const box = canvas.getBoundingClientRect();
      moved(i, valueAt((e.clientX - box.left) / box.width, now.n));
    });
    watcher.observe(row);
    return { i, row, name, canvas, input, own, output, stale: true };
  };

  const resize = () => {
    const { width, height } = sheet(now.n, now.size);
    root.style.setProperty("--inset", `${(50 * now.size) / width}%`);
    root.style.setProperty("--shape", `${width} / ${height}`);
    scale.replaceChildren(...valuesOf(now.n).map((v) => html(`<span>${now.n === 9 && v % 1.5 ? "" : number(v, v % 1 ? 1 : 0)}</span>`)));
    for (const r of now.rows) {
      Object.assign(r.canvas, { width, height });
      r.canvas.setAttribute("aria-label", t("dims.row", { i: r.i + 1, n: now.n }));
      r.stale = true;
    }
  };
  onWidth(root, (width) => {
    const n = cellsOf(width);
    if (n === now.n) return;
    now.n = n;
    resize();
    seen();
  });
  rest.addEventListener("toggle", seen);

  return {
    count: () => now.n,
    // weights: what the rows are sorted and labelled by, drawn in shares of the largest; off: which do nothing.
    show: ({ key, weights, off, size, channels, unit }) => {
      if (now.key !== key) {
        watcher.disconnect();
        now.inView.clear();
        Object.assign(now, { key, size, channels });
        const order = ordered(weights);
        now.rows = order.map(create);
        first.replaceChildren(...now.rows.slice(0, FIRST).map((r) => r.row));
        rest.lastElementChild.replaceChildren(...now.rows.slice(FIRST).map((r) => r.row));
        rest.hidden = weights.length <= FIRST;
        resize();
      }
      const most = Math.max(...weights, 1e-9);
      for (const r of now.rows) {
        const dead = Boolean(off[r.i]);
        const worth = t(unit, { value: worthOf(weights[r.i]) });
        r.row.classList.toggle("vd-deadrow", dead);
        r.name.children[1].style.setProperty("--share", weights[r.i] / most);
        r.name.children[2].textContent = dead ? t("dims.off") : worth;
        r.input.setAttribute("aria-label", t(dead ? "dims.slider.off" : "dims.slider", { i: r.i + 1, worth }));
      }
      const dead = now.rows.slice(FIRST).filter((r) => off[r.i]).length;
      rest.firstElementChild.textContent = t(
        dead && dead === weights.length - FIRST ? "dims.restalloff" : dead ? "dims.restoff" : "dims.rest",
        { n: weights.length - FIRST, off: dead },
      );
    },
    // values: where the sliders stand; own: the picture's own place on them, or null; z: the numbers themselves.
    place: (values, own, z) => {
      for (const r of now.rows) {
        r.input.value = values[r.i];
        r.input.setAttribute("aria-valuetext", `z${r.i + 1} = ${number(z[r.i], 2)}`);
        r.own.hidden = !own;
        if (own) r.own.style.setProperty("--at", (clamp(own[r.i], -SPAN, SPAN) + SPAN) / (2 * SPAN));
        r.output.textContent = number(z[r.i], 2);
        r.row.classList.toggle("vd-edited", Boolean(own) && Math.abs(values[r.i] - own[r.i]) > 1e-6);
      }
    },
    // Every row but one is of another code now.
    age: (but = -1) => {
      for (const r of now.rows) if (r.i !== but) r.stale = true;
    },
    // Of the rows in sight, the next `most` whose pictures are out of date; they count as asked for.
    wanted: (most) => {
      const some = now.rows.filter((r) => r.stale && now.inView.has(r.i)).slice(0, most);
      for (const r of some) r.stale = false;
      return some.map((r) => r.i);
    },
    // n pictures (RGBA, size x size each) of dimension i.
    paint: (i, pictures) => {
      const r = now.rows.find((row) => row.i === i);
      if (!r || pictures.length !== now.n) return;
      const { x } = sheet(now.n, now.size);
      const ctx = r.canvas.getContext("2d");
      pictures.forEach((data, k) => ctx.putImageData(new ImageData(data, now.size), x(k), 0));
      r.canvas.dataset.drawn = "true";
    },
    focus: (i) => {
      const r = now.rows.find((row) => row.i === i);
      if (!r) return;
      if (rest.contains(r.row)) rest.open = true;
      r.input.focus();
    },
    // All rows before the fold for a download: [{i, canvas}].
    sheets: () => now.rows.slice(0, FIRST).map(({ i, canvas }) => ({ i, canvas })),
  };
};

// The table as a PNG. rows: [{canvas, name, worth}], each canvas a sheet of n pictures.
export const savePictures = (rows, n, size, title, file) => {
  const [{ width, x }, scale, left, top, gap] = [sheet(n, size), Math.max(2, Math.round(84 / size)), 130, 66, 12];
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
    const y = top + k * (size * scale + gap);
    write(row.name, 16, y + (size * scale) / 2 - 3, "600 16px");
    write(row.worth, 16, y + (size * scale) / 2 + 17, "14px");
    ctx.drawImage(row.canvas, left, y, width * scale, size * scale);
  });
  canvas.toBlob((blob) => save(blob, file), "image/png");
};
