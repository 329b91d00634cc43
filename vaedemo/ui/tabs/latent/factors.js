// Shapes, whose factors are known: how much each dimension tells of each factor, as a heat map, and the scores of
// disentanglement beside it.

import { clamp, escaped, html, onWidth, pointOn, svg } from "../../page/frame/dom.js";
import { LIMIT, colours, gradient } from "../../page/draw/pixels.js";
import { onPointer } from "../../page/draw/pointer.js";
import { number, t } from "../../page/frame/text.js";

export const FACTORS = ["shape", "size", "angle", "x", "y"];
const CELL = 40;
const LEFT = 66;
const HEAD = 22;

// Mutual information as a share of the factor's entropy, (5, d).
export const shares = (model) => model.mi.map((row, f) => row.map((v) => (model.entropy[f] > 0 ? Math.max(0, v) / model.entropy[f] : 0)));

// Where the maps of these models saturate: at the largest share of any, rounded up to a tenth, so that they can be compared.
export const limitOf = (models) => Math.min(1, Math.ceil(10 * Math.max(0.1, ...models.map((m) => Math.max(...shares(m).flat())))) / 10);

const colour = (share, limit) => {
  const [r, g, b] = colours([clamp(share / limit, 0, 1) * LIMIT], "absolute");
  return `rgb(${r},${g},${b})`;
};

export const createFactors = (root, { pick, choose }) => {
  root.append(
    html(`<div class="vd-matrix"><div class="vd-matrix-chart"></div><output class="vd-charttext" aria-live="polite"></output>
      <div class="vd-scale"><span>0</span><i></i><span></span></div></div>`),
    html(`<div class="vd-scores"><table class="vd-table"></table><p class="vd-note"></p></div>`),
  );
  const [matrix, scores] = root.children;
  const [holder, note, scale] = matrix.children;
  const chart = svg("svg", { class: "vd-svg", tabindex: 0, role: "application", height: HEAD + FACTORS.length * CELL });
  holder.append(chart);
  scale.children[1].style.backgroundImage = gradient("absolute");
  const now = { model: null, order: [], limit: 1, width: 0, focus: null };

  const name = (f) => t(`dims.factor.${FACTORS[f]}`);
  const say = ([f, k]) => {
    const i = now.order[k];
    return t("dims.matrix.cell", {
      i: i + 1,
      factor: name(f),
      nats: number(Math.max(0, now.model.mi[f][i]), 2),
      share: number(100 * shares(now.model)[f][i], 0),
    });
  };
  const slot = () => (now.width - LEFT) / now.order.length;

  const draw = () => {
    if (!now.width || !now.model) return;
    const [own, w] = [shares(now.model), slot()];
    chart.setAttribute("viewBox", `0 0 ${now.width} ${HEAD + FACTORS.length * CELL}`);
    chart.setAttribute("width", now.width);
    chart.setAttribute("aria-label", `${t("dims.matrix.title")}. ${t("dims.matrix.keys")}`);
    const marks = [];
    now.order.forEach((i, k) =>
      marks.push(svg("text", { class: "vd-tick", x: LEFT + (k + 0.5) * w, y: 14, "text-anchor": "middle" }, String(i + 1))),
    );
    FACTORS.forEach((_, f) => {
      marks.push(svg("text", { class: "vd-factor", x: LEFT - 10, y: HEAD + (f + 0.5) * CELL + 5, "text-anchor": "end" }, name(f)));
      now.order.forEach((i, k) => {
        const cell = { x: LEFT + k * w + 1, y: HEAD + f * CELL + 1, width: w - 2, height: CELL - 2, rx: 2 };
        marks.push(svg("rect", { ...cell, fill: colour(own[f][i], now.limit), "data-share": own[f][i].toFixed(4) }));
      });
    });
    if (now.focus) {
      const [f, k] = now.focus;
      marks.push(
        svg("rect", { class: "vd-matrix-here", x: LEFT + k * w + 1, y: HEAD + f * CELL + 1, width: w - 2, height: CELL - 2, rx: 2 }),
      );
    }
    chart.replaceChildren(...marks);
  };
  const focus = (cell) => {
    now.focus = cell;
    note.textContent = cell ? say(cell) : t("dims.matrix.hint");
    draw();
  };
  const under = (e) => {
    const [x, y] = pointOn(chart, e);
    const [f, k] = [Math.floor((y - HEAD) / CELL), Math.floor((x - LEFT) / slot())];
    return f >= 0 && f < FACTORS.length && k >= 0 && k < now.order.length ? [f, k] : null;
  };
  onPointer(chart, {
    hover: (e) => {
      const cell = under(e);
      if (String(cell) !== String(now.focus)) focus(cell);
    },
    leave: () => focus(null),
  });
  chart.addEventListener("blur", () => focus(null));
  chart.addEventListener("click", (e) => under(e) && pick(now.order[under(e)[1]]));
  chart.addEventListener("keydown", (e) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[e.key];
    if (step) {
      const [f, k] = now.focus ?? [0, 0];
      focus(now.focus ? [clamp(f + step[0], 0, FACTORS.length - 1), clamp(k + step[1], 0, now.order.length - 1)] : [0, 0]);
    } else if (e.key === "Enter" && now.focus) pick(now.order[now.focus[1]]);
    else return;
    e.preventDefault();
  });
  onWidth(holder, (width) => {
    now.width = width;
    draw();
  });

  // One row a model that can be compared with the chosen one: {key, label, beta, kind}.
  const fillScores = (models, rows, key) => {
    const heads = ["mig", "disentanglement", "completeness", "informativeness"];
    const cells = (m) =>
      [m.mig, ...heads.slice(1).map((h) => m.dci?.[h])].map((v) => `<td>${Number.isFinite(v) ? number(v, 2) : "–"}</td>`).join("");
    scores.firstElementChild.innerHTML = `<thead><tr><th scope="col">${t("dims.scores.model")}</th>${heads
      .map((h) => `<th scope="col" title="${escaped(t(`dims.${h}.why`))}">${t(`dims.${h}`)}</th>`)
      .join("")}</tr></thead><tbody>${rows
      .map(
        (r) =>
          `<tr${r.key === key ? ' class="vd-on"' : ""}><th scope="row"><button type="button" data-key="${r.key}" aria-pressed="${r.key === key}">${escaped(r.label)}</button></th>${cells(models[r.key])}</tr>`,
      )
      .join("")}</tbody>`;
    for (const b of scores.querySelectorAll("button")) b.onclick = () => choose(rows.find((r) => r.key === b.dataset.key));
    scores.lastElementChild.textContent = t("dims.scores.why");
  };

  return {
    show: (models, rows, key, order) => {
      const measured = rows.filter((r) => models[r.key]);
      Object.assign(now, { model: models[key], order, limit: limitOf(measured.map((r) => models[r.key])) });
      scale.lastElementChild.textContent = t("dims.matrix.scale", { most: number(100 * now.limit, 0) });
      fillScores(models, measured, key);
      if (now.focus && now.focus[1] >= order.length) now.focus = null;
      focus(now.focus);
    },
  };
};
