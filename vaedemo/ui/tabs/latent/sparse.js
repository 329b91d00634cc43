// What beta does to the number of dimensions in use: two rows of bars over the betas, active units and total KL.

import { onWidth, svg } from "../../page/frame/dom.js";
import { number, t } from "../../page/frame/text.js";

const ROW = 72;
const TOP = 20;
const GAP = 34;
const HEIGHT = TOP + 2 * ROW + GAP + 24;

// Bars of one row: heights in pixels for values against their largest.
export const bars = (values, width, left = 0) => {
  const slot = (width - left) / values.length;
  const most = Math.max(...values, 1e-9);
  return values.map((v, k) => ({
    x: left + (k + 0.5) * slot,
    width: Math.min(46, slot * 0.6),
    height: Math.max(1.5, (ROW - 16) * (v / most)),
    slot,
  }));
};

// points: [{beta, active, kl}]; choose(beta, d) when a bar is clicked. The switch for beta does the same by keyboard.
export const createSparse = (root, choose) => {
  const now = { points: [], beta: 1, d: 0, width: 0 };
  const chart = svg("svg", { class: "vd-svg vd-sparse", role: "img", height: HEIGHT });
  root.append(chart);

  const draw = () => {
    if (!now.width || !now.points.length) return;
    chart.setAttribute("viewBox", `0 0 ${now.width} ${HEIGHT}`);
    chart.setAttribute("width", now.width);
    const told = now.points.map((p) => t("dims.sparse.point", { beta: p.beta, active: p.active, nats: number(p.kl, 1) }));
    chart.setAttribute("aria-label", `${t("dims.sparse.title")}. ${told.join(" ")}`);
    const marks = [];
    const row = (name, field, top, digits) => {
      marks.push(svg("text", { class: "vd-axis", x: 0, y: top - 6 }, t(`dims.sparse.${name}`, { d: now.d })));
      bars(
        now.points.map((p) => p[field]),
        now.width,
      ).forEach((b, k) => {
        const chosen = now.points[k].beta === now.beta;
        const base = top + ROW;
        marks.push(
          svg("rect", {
            class: `vd-sparse-${name}${chosen ? " vd-on" : ""}`,
            x: b.x - b.width / 2,
            y: base - b.height,
            width: b.width,
            height: b.height,
            rx: 2,
          }),
          svg(
            "text",
            { class: `vd-sparse-value${chosen ? " vd-on" : ""}`, x: b.x, y: base - b.height - 4, "text-anchor": "middle" },
            number(now.points[k][field], digits),
          ),
        );
      });
    };
    row("active", "active", TOP, 0);
    row("kl", "kl", TOP + ROW + GAP, 1);
    bars(
      now.points.map((p) => p.kl),
      now.width,
    ).forEach((b, k) => {
      const { beta } = now.points[k];
      const hit = svg("rect", { class: "vd-sparse-hit", x: b.x - b.slot / 2, y: 0, width: b.slot, height: HEIGHT, "data-beta": beta });
      hit.addEventListener("click", () => choose(beta, now.d));
      marks.push(
        svg("text", { class: `vd-tick${beta === now.beta ? " vd-on" : ""}`, x: b.x, y: HEIGHT - 6, "text-anchor": "middle" }, `β ${beta}`),
        hit,
      );
    });
    chart.replaceChildren(...marks);
  };
  onWidth(root, (width) => {
    now.width = width;
    draw();
  });

  return (points, beta, d) => {
    Object.assign(now, { points, beta, d });
    draw();
  };
};
