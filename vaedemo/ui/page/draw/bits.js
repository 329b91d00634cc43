// Where the bits of a VAE go: KL of each latent dimension, and the ELBO as reconstruction term plus KL term, in nats and in
// bits a pixel. A pixel in colour has three values, and the literature's bits per dimension are bits a value.

import { clamp, onWidth, pointOn, svg } from "../frame/dom.js";
import { onPointer } from "./pointer.js";
import { number, significant, t } from "../frame/text.js";

const HEIGHT = 176;
const MARGIN = { left: 40, right: 40, top: 24, bottom: 26 };

// A round step that gives about `count` ticks up to `top`.
export const niceStep = (top, count = 4) => {
  const rough = top / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 2.5, 5, 10].find((m) => m * power >= rough - 1e-12);
};

export const geometry = (values, width, height = HEIGHT) => {
  const top = Math.max(0.5, ...values) * 1.08;
  const [w, h] = [width - MARGIN.left - MARGIN.right, height - MARGIN.top - MARGIN.bottom];
  const slot = w / values.length;
  return {
    top,
    slot,
    bar: Math.min(26, Math.max(1, slot * 0.72)),
    x: (i) => MARGIN.left + (i + 0.5) * slot,
    y: (v) => MARGIN.top + (1 - v / top) * h,
  };
};

const ticks = (top) => {
  const step = niceStep(top);
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step);
};

// Bits a pixel and bits a value of nats a picture of size x size pixels with so many channels.
export const bitsOf = (nats, channels, size) => {
  const pixel = nats / Math.LN2 / size ** 2;
  return { pixel, value: pixel / channels };
};

export const createBits = (root, bar) => {
  const now = { kl: [], mean: null, active: null, width: 0, focus: -1 };
  const chart = svg("svg", { class: "vd-svg", tabindex: 0, role: "application", height: HEIGHT });
  const note = Object.assign(document.createElement("output"), { className: "vd-charttext" });
  note.setAttribute("aria-live", "polite");
  root.append(chart, note);

  const isOn = (i) => now.active?.[i] ?? now.kl[i] > 0.01;
  const summary = () => {
    const total = now.kl.reduce((a, b) => a + b, 0);
    return t("bits.summary", {
      active: now.kl.filter((_, i) => isOn(i)).length,
      d: now.kl.length,
      nats: number(total, 1),
      bits: number(total / Math.LN2, 1),
    });
  };
  const say = (i) =>
    t(isOn(i) ? "bits.one" : "bits.off", {
      i: i + 1,
      nats: number(now.kl[i], 2),
      bits: number(now.kl[i] / Math.LN2, 2),
      mean: now.mean ? number(now.mean[i], 2) : "–",
    });

  const draw = () => {
    if (!now.width) return;
    const g = geometry([...now.kl, ...(now.mean ?? [])].length ? now.kl.concat() : [0], now.width);
    const top = Math.max(g.top, ...(now.mean ?? [0]).map((v) => v * 1.08));
    const y = (v) => MARGIN.top + (1 - v / top) * (HEIGHT - MARGIN.top - MARGIN.bottom);
    const [right, base] = [now.width - MARGIN.right, HEIGHT - MARGIN.bottom];
    chart.setAttribute("viewBox", `0 0 ${now.width} ${HEIGHT}`);
    chart.setAttribute("width", now.width);
    chart.setAttribute("aria-label", `${t("bits.title")}. ${summary()}`);
    const marks = [];
    for (const v of ticks(top)) {
      marks.push(svg("line", { class: "vd-grid", x1: MARGIN.left, x2: right, y1: y(v), y2: y(v) }));
      marks.push(
        svg("text", { class: "vd-tick", x: MARGIN.left - 6, y: y(v) + 4, "text-anchor": "end" }, significant(v, 2).replace(/[.,]0$/, "")),
      );
    }
    for (const b of ticks(top / Math.LN2))
      marks.push(svg("text", { class: "vd-tick", x: right + 6, y: y(b * Math.LN2) + 4 }, significant(b, 2).replace(/[.,]0$/, "")));
    marks.push(svg("text", { class: "vd-axis", x: MARGIN.left - 6, y: 10, "text-anchor": "end" }, t("nats")));
    marks.push(svg("text", { class: "vd-axis", x: right + 6, y: 10 }, t("bits")));
    const every = Math.ceil(26 / g.slot);
    now.kl.forEach((v, i) => {
      const classes = `vd-kl${isOn(i) ? "" : " vd-off"}${i === now.focus ? " vd-seen" : ""}`;
      const height = Math.max(1, base - y(v));
      marks.push(
        svg("rect", { class: classes, x: g.x(i) - g.bar / 2, y: base - height, width: g.bar, height, rx: Math.min(2, g.bar / 4) }),
      );
      if (now.mean)
        marks.push(
          svg("line", {
            class: "vd-klmean",
            x1: g.x(i) - g.bar / 2 - 1,
            x2: g.x(i) + g.bar / 2 + 1,
            y1: y(now.mean[i]),
            y2: y(now.mean[i]),
          }),
        );
      if (i % every === 0) marks.push(svg("text", { class: "vd-tick", x: g.x(i), y: base + 14, "text-anchor": "middle" }, String(i + 1)));
    });
    chart.replaceChildren(...marks);
  };
  const focus = (i) => {
    now.focus = i;
    note.textContent = i < 0 ? summary() : say(i);
    draw();
  };
  onPointer(chart, {
    hover: (e) => {
      const g = geometry(now.kl, now.width);
      const i = clamp(Math.floor((pointOn(chart, e)[0] - MARGIN.left) / g.slot), 0, now.kl.length - 1);
      if (i !== now.focus) focus(i);
    },
    leave: () => focus(-1),
  });
  chart.addEventListener("blur", () => focus(-1));
  chart.addEventListener("keydown", (e) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!step) return;
    e.preventDefault();
    focus(clamp(now.focus + step, 0, now.kl.length - 1));
  });
  onWidth(root, (width) => {
    now.width = width;
    draw();
  });

  // row: the domain's {channels, size}.
  return (result, figures, { channels, size }) => {
    Object.assign(now, { kl: result.kl, mean: figures?.kl ?? null, active: figures?.active ?? null });
    focus(-1);
    const kl = result.kl.reduce((a, b) => a + b, 0);
    const total = result.distortion + kl;
    const { pixel, value } = bitsOf(total, channels, size);
    bar.innerHTML = `<div class="vd-split" role="img" aria-label="${t("elbo.label")}"><i class="vd-term-rec"></i><i class="vd-term-kl"></i></div>
      <p>${t(channels > 1 ? "elbo.line.colour" : "elbo.line", {
        total: number(total, 1),
        rec: `<b class="vd-c-rec">${number(result.distortion, 1)}</b>`,
        kl: `<b class="vd-c-kl">${number(kl, 1)}</b>`,
        bpp: number(pixel, 3),
        bpd: number(value, 3),
      })}</p>`;
    bar.querySelector(".vd-term-rec").style.flexGrow = Math.max(0, result.distortion);
    bar.querySelector(".vd-term-kl").style.flexGrow = kl;
  };
};
