// PSNR against latent dimension: this picture by each kind of model, and behind it the test set's mean, dashed.

import { clamp, onWidth, pointOn, svg } from "../frame/dom.js";
import { onPointer } from "./pointer.js";
import { number, t } from "../frame/text.js";

const HEIGHT = 316;
const MARGIN = { left: 40, right: 66, top: 22, bottom: 38 };

// Scales from data to pixels: log2 of d across, dB up. series: [{kind, points: [{d, psnr, mean}]}].
export const geometry = (series, width, height = HEIGHT) => {
  const all = series.flatMap((s) => s.points);
  const values = all.flatMap((p) => [p.psnr, p.mean]).filter((v) => Number.isFinite(v));
  const dims = [...new Set(all.map((p) => p.d))].sort((a, b) => a - b);
  const [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [10, 30];
  const step = high - low > 24 ? 10 : high - low > 9 ? 5 : 2;
  const [bottom, top] = [Math.floor((low - 0.5) / step) * step, Math.ceil((high + 0.5) / step) * step];
  const [first, last] = [Math.log2(dims[0] ?? 1), Math.log2(dims.at(-1) ?? 2)];
  const [w, h] = [width - MARGIN.left - MARGIN.right, height - MARGIN.top - MARGIN.bottom];
  return {
    dims,
    ticks: Array.from({ length: Math.round((top - bottom) / step) + 1 }, (_, i) => bottom + i * step),
    x: (d) => MARGIN.left + (last > first ? (Math.log2(d) - first) / (last - first) : 0.5) * w,
    y: (v) => MARGIN.top + (1 - (v - bottom) / (top - bottom)) * h,
    right: width - MARGIN.right,
    height,
  };
};

// Heights of labels so that none is nearer than `gap` to the next; order kept.
export const spread = (heights, gap, low, high) => {
  const order = heights.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y);
  order.forEach((o, k) => (o.y = Math.max(o.y, k ? order[k - 1].y + gap : low)));
  for (let k = order.length - 1; k >= 0; k -= 1) order[k].y = Math.min(order[k].y, k < order.length - 1 ? order[k + 1].y - gap : high);
  return order.reduce((out, o) => ((out[o.i] = o.y), out), []);
};

const MARKS = {
  ae: (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`,
  vae: (x, y, r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
  pca: (x, y, r) => `M${x} ${y - r * 1.2}L${x + r * 1.2} ${y + r}H${x - r * 1.2}z`,
  dense: (x, y, r) => `M${x} ${y - r * 1.3}L${x + r * 1.3} ${y}L${x} ${y + r * 1.3}L${x - r * 1.3} ${y}z`,
};
const mark = (kind) => MARKS[kind] ?? MARKS.dense;

const path = (points, g, field) =>
  points
    .filter((p) => Number.isFinite(p[field]))
    .map((p, i) => `${i ? "L" : "M"}${g.x(p.d).toFixed(1)} ${g.y(p[field]).toFixed(1)}`)
    .join("");

export const createCurve = (root, choose) => {
  const now = { series: [], kind: "", d: 0, width: 0, focus: null };
  const chart = svg("svg", { class: "vd-svg", tabindex: 0, role: "application", height: HEIGHT });
  const note = Object.assign(document.createElement("output"), { className: "vd-charttext" });
  note.setAttribute("aria-live", "polite");
  root.append(chart, note);

  const points = () => now.series.flatMap((s) => s.points.filter((p) => Number.isFinite(p.psnr)).map((p) => ({ ...p, kind: s.kind })));
  const say = (p) =>
    t(Number.isFinite(p.mean) ? "curve.point" : "curve.pointonly", {
      kind: t(`kind.${p.kind}`),
      d: p.d,
      psnr: number(p.psnr, 1),
      mean: number(p.mean ?? 0, 1),
    });

  const draw = () => {
    if (!now.width) return;
    const g = geometry(now.series, now.width);
    chart.setAttribute("viewBox", `0 0 ${now.width} ${HEIGHT}`);
    chart.setAttribute("width", now.width);
    chart.setAttribute("aria-label", `${t("curve.title")}. ${t("curve.keys")}`);
    const base = HEIGHT - MARGIN.bottom;
    const marks = [];
    for (const v of g.ticks) {
      marks.push(svg("line", { class: "vd-grid", x1: MARGIN.left, x2: g.right, y1: g.y(v), y2: g.y(v) }));
      marks.push(svg("text", { class: "vd-tick", x: MARGIN.left - 8, y: g.y(v) + 4, "text-anchor": "end" }, String(v)));
    }
    for (const d of g.dims) {
      const chosen = d === now.d;
      if (chosen) marks.push(svg("line", { class: "vd-here", x1: g.x(d), x2: g.x(d), y1: MARGIN.top, y2: base }));
      marks.push(svg("text", { class: `vd-tick${chosen ? " vd-on" : ""}`, x: g.x(d), y: base + 17, "text-anchor": "middle" }, String(d)));
    }
    marks.push(svg("text", { class: "vd-axis", x: (MARGIN.left + g.right) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, t("curve.x")));
    marks.push(svg("text", { class: "vd-axis", x: MARGIN.left - 8, y: 9, "text-anchor": "end" }, "dB"));
    for (const s of now.series) marks.push(svg("path", { class: "vd-mean", "data-kind": s.kind, d: path(s.points, g, "mean") }));
    for (const s of now.series) {
      marks.push(svg("path", { class: "vd-line", "data-kind": s.kind, d: path(s.points, g, "psnr") }));
      for (const p of s.points.filter((q) => Number.isFinite(q.psnr))) {
        const chosen = s.kind === now.kind && p.d === now.d;
        const seen = now.focus && now.focus.kind === s.kind && now.focus.d === p.d;
        marks.push(
          svg("path", {
            class: `vd-mark${chosen ? " vd-on" : ""}${seen ? " vd-seen" : ""}`,
            "data-kind": s.kind,
            d: mark(s.kind)(g.x(p.d), g.y(p.psnr), chosen || seen ? 6 : 3.6),
          }),
        );
      }
    }
    const ends = now.series.map((s) => s.points.filter((p) => Number.isFinite(p.psnr)).at(-1)).map((p) => (p ? g.y(p.psnr) : null));
    const known = now.series.filter((_, i) => ends[i] !== null);
    const heights = spread(
      ends.filter((y) => y !== null),
      16,
      MARGIN.top + 4,
      base - 2,
    );
    known.forEach((s, i) =>
      marks.push(svg("text", { class: "vd-label", "data-kind": s.kind, x: g.right + 10, y: heights[i] + 4 }, t(`kind.${s.kind}`))),
    );
    chart.replaceChildren(...marks);
  };

  const focus = (p) => {
    now.focus = p;
    note.textContent = p ? say(p) : t("curve.legend");
    draw();
  };
  const nearest = (e) => {
    const g = geometry(now.series, now.width);
    const [x, y] = pointOn(chart, e);
    const far = (p) => (g.x(p.d) - x) ** 2 + (g.y(p.psnr) - y) ** 2;
    return points().sort((a, b) => far(a) - far(b))[0] ?? null;
  };
  onPointer(chart, {
    hover: (e) => {
      const p = nearest(e);
      if (p && (p.kind !== now.focus?.kind || p.d !== now.focus?.d)) focus(p);
    },
    leave: () => focus(null),
  });
  chart.addEventListener("blur", () => focus(null));
  chart.addEventListener("click", (e) => {
    const p = nearest(e);
    if (p) choose(p.kind, p.d);
  });
  chart.addEventListener("keydown", (e) => {
    const list = points();
    if (!list.length) return;
    const from = now.focus ?? list.find((p) => p.kind === now.kind && p.d === now.d) ?? list[0];
    const own = list.filter((p) => p.kind === from.kind);
    const kinds = now.series.map((s) => s.kind);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    const turn = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step) focus(own[clamp(own.findIndex((p) => p.d === from.d) + step, 0, own.length - 1)]);
    else if (turn) {
      const kind = kinds[clamp(kinds.indexOf(from.kind) + turn, 0, kinds.length - 1)];
      const other = list.filter((p) => p.kind === kind);
      focus(other.find((p) => p.d === from.d) ?? other[0] ?? from);
    } else if (e.key === "Enter" || e.key === " ") choose(from.kind, from.d);
    else return;
    e.preventDefault();
  });
  onWidth(root, (width) => {
    now.width = width;
    draw();
  });

  return {
    show: (series, kind, d) => {
      Object.assign(now, { series, kind, d });
      if (!now.focus) note.textContent = t("curve.legend");
      draw();
    },
  };
};
