// What beta does to the number of dimensions in use: two rows of bars over the betas, active units and total KL.

import { html, svg } from "../../page/vendor/lit-html.js";
import { number, t } from "../../page/frame/text.js";

const ROW = 72;
const TOP = 20;
const GAP = 34;
const HEIGHT = TOP + 2 * ROW + GAP + 24;

// points: [{beta, active, kl}] of d dimensions; chosen: a beta, or null; choose(beta, d) when a bar is clicked. The switch for
// beta does the same by keyboard.
export const sparse = (points, d, chosen, width, choose) => {
  if (!width || points.length < 2) return "";
  const slot = width / points.length;
  const on = (beta) => (beta === chosen ? " vd-on" : "");
  const label = (kind, x, y, text, anchor = "middle") => svg`<text class=${kind} x=${x} y=${y} text-anchor=${anchor}>${text}</text>`;
  const row = (name, top, digits) => {
    const most = Math.max(...points.map((p) => p[name]), 1e-9);
    const bar = (p, k) => {
      const [wide, tall] = [Math.min(46, slot * 0.6), Math.max(1.5, (ROW - 16) * (p[name] / most))];
      const [x, y] = [(k + 0.5) * slot, top + ROW - tall];
      return svg`<rect class="vd-sparse-${name}${on(p.beta)}" x=${x - wide / 2} y=${y} width=${wide} height=${tall} rx="2"></rect>${label(
        `vd-sparse-value${on(p.beta)}`, x, y - 4, number(p[name], digits))}`; // prettier-ignore
    };
    return [label("vd-axis", 0, top - 6, t(`dims.sparse.${name}`, { d }), "start"), points.map(bar)];
  };
  const column = ({ beta }, k) => svg`${label(`vd-tick${on(beta)}`, (k + 0.5) * slot, HEIGHT - 6, `β ${beta}`)}<rect class="vd-sparse-hit"
    x=${k * slot} y="0" width=${slot} height=${HEIGHT} data-beta=${beta} @click=${() => choose(beta, d)}></rect>`;
  const told = points.map((p) => t("dims.sparse.point", { beta: p.beta, active: p.active, nats: number(p.kl, 1) }));
  return html`<svg class="vd-svg vd-sparse" role="img" viewBox="0 0 ${width} ${HEIGHT}" width=${width} height=${HEIGHT}
    aria-label="${t("dims.sparse.title")}. ${told.join(" ")}">${row("active", TOP, 0)}${row("kl", TOP + ROW + GAP, 1)}${points.map(column)}</svg>`;
};
