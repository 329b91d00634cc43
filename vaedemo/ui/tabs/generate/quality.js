// How good the samples are: the figures that benchmarks/samples.py measured, a row a source, the Fréchet distance drawn.

import { html, nothing, svg } from "../../page/vendor/lit-html.js";
import { asset } from "../../page/frame/dom.js";
import { nearestDim } from "../../page/maths/models.js";
import { number, t } from "../../page/frame/text.js";

const SOURCES = ["ae+normal", "ae+mixture", "vae+normal", "vae+mixture", "pca+gaussian", "test"];
// -1: less is better, 1: more is better, 0: the nearer to the test pictures the better.
const MEASURES = { frechet: -1, precision: 1, recall: 1, density: 1, coverage: 1, confident: 1, entropy: 0 };
const WIDTH = 220;
const HEIGHT = 26;
const EDGE = 8;

// Sources whose [mean, std] the error bars cannot tell from the best; the test pictures are no competitor.
export const best = (rows, measure) => {
  const floor = rows.find((r) => r.source === "test")?.[measure];
  const loss = ([mean]) => (MEASURES[measure] ? -MEASURES[measure] * mean : Math.abs(mean - (floor?.[0] ?? Math.log(10))));
  const known = rows.filter((r) => r.source !== "test" && r[measure]);
  const first = known.reduce((a, b) => (!a || loss(b[measure]) < loss(a[measure]) ? b : a), null);
  return known
    .filter((r) => loss(r[measure]) - loss(first[measure]) <= (r === first ? 0 : Math.hypot(r[measure][1], first[measure][1])))
    .map((r) => r.source);
};

// A logarithmic scale over the values, in pixels, and its ticks: 1, 2, 5 times the powers of ten.
export const scale = (values, width = WIDTH) => {
  const positive = values.filter((v) => v > 0);
  if (!positive.length) return { x: () => EDGE, ticks: [] };
  const [low, high] = [Math.log(Math.min(...positive) * 0.8), Math.log(Math.max(...positive) * 1.25)];
  const powers = Array.from({ length: 13 }, (_, i) => 10 ** (i - 6));
  const inside = (v) => Math.log(v) >= low && Math.log(v) <= high;
  const all = powers.flatMap((e) => [e, 2 * e, 5 * e]).filter(inside);
  const decades = powers.filter(inside);
  return {
    x: (v) => EDGE + ((Math.log(Math.max(v, Math.exp(low))) - low) / (high - low || 1)) * (width - 2 * EDGE),
    ticks: all.length <= 4 || decades.length < 2 ? all.slice(0, 5) : decades,
  };
};

// few: how many pictures there are, if they are fewer than of the other sources.
const label = (source, few) => {
  const note = few ? t("generate.source.few", { n: number(few, 0) }) : nothing;
  if (source === "test") return html`<b title=${note}>${t("generate.source.test")}${few ? "*" : ""}</b>`;
  const [kind, prior] = source.split("+");
  return html`<b data-kind=${kind}>${t(`kind.${kind}`)}</b> + ${t(`generate.prior.${prior}`)}`;
};

const digits = (measure, value) => (measure === "frechet" ? (value < 9.95 ? 2 : value < 99.5 ? 1 : 0) : 2);

const cell = (measure, pair, bold) => {
  const name = t(`generate.measure.${measure}`);
  if (!pair) return html`<td data-label=${name}>–</td>`;
  const [mean, std] = pair.map((v) => number(v, digits(measure, pair[0])));
  const text = html`${mean}<small> ± ${std}</small>`;
  return html`<td data-label=${name}>${bold ? html`<b>${text}</b>` : text}</td>`;
};

const dots = (source, pair, { x, ticks, floor }) => {
  const [mean, std] = pair ?? [];
  const middle = HEIGHT / 2;
  const point = () => svg`<line class="vd-gen-whisker" x1=${x(mean - std)} x2=${x(mean + std)} y1=${middle} y2=${middle}></line>
    <circle class="vd-gen-dot ${source.endsWith("normal") ? "vd-gen-hollow" : ""}" cx=${x(mean)} cy=${middle} r="5"></circle>`;
  return html`<svg class="vd-svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" height=${HEIGHT} aria-hidden="true" data-kind=${source.split("+")[0]}>
    ${ticks.map((v) => svg`<line class="vd-grid" x1=${x(v)} x2=${x(v)} y1="0" y2=${HEIGHT}></line>`)}
    ${floor ? svg`<line class="vd-gen-floor" x1=${x(floor)} x2=${x(floor)} y1="0" y2=${HEIGHT}></line>` : ""}
    ${pair ? point() : ""}</svg>`;
};

const axis = ({ x, ticks }) =>
  html`<svg class="vd-svg" viewBox="0 0 ${WIDTH} 16" height="16" aria-hidden="true">${ticks.map(
    (v) => svg`<text x=${x(v)} y="12" text-anchor="middle">${number(v, v < 1 ? -Math.floor(Math.log10(v)) : 0)}</text>`,
  )}</svg>`;

const tableOf = (rows, sure) => {
  const measures = Object.keys(MEASURES);
  const bold = Object.fromEntries(measures.map((m) => [m, best(rows, m)]));
  const floor = rows.find((r) => r.source === "test")?.frechet?.[0];
  const along = {
    floor,
    ...scale(rows.flatMap((r) => (r.frechet ? [r.frechet[0], Math.max(r.frechet[0] - r.frechet[1], r.frechet[0] / 2)] : []))),
  };
  const most = Math.max(...rows.map((r) => r.samples ?? 0));
  const heads = measures.map(
    (m) => html`<th scope="col" title=${t(`generate.measure.${m}.why`, { sure })}>${t(`generate.measure.${m}`)}</th>`,
  );
  const line = (
    row,
  ) => html`<tr data-source=${row.source}><th scope="row">${label(row.source, row.samples < most ? row.samples : 0)}</th><td
    class="vd-gen-dots">${dots(row.source, row.frechet, along)}</td>${measures.map((m) => cell(m, row[m], bold[m].includes(row.source)))}</tr>`;
  return html`<table><thead><tr><th scope="col">${t("generate.source")}</th><td class="vd-gen-dots">${axis(along)}</td>${heads}</tr></thead><tbody>${rows.map(line)}</tbody></table>`;
};

// measured: how the figures are measured, {samples, near, seeds, sure}, or false where there are none; changed(): they are there.
export class Quality {
  constructor(measured, changed) {
    Object.assign(this, { measured, rows: measured ? null : [] });
    if (!measured) return;
    fetch(asset("maps/samples.json"))
      .then((answer) => (answer.ok ? answer.json() : { rows: [] }))
      .catch(() => ({ rows: [] }))
      .then(({ rows }) => {
        this.rows = rows;
        changed();
      });
  }

  protocol(own, domain) {
    const { measured } = this;
    if (!measured) return "";
    const test = own.find((r) => r.source === "test")?.samples ?? measured.samples;
    const few = test < measured.samples ? t("generate.quality.few", { domain, n: number(test, 0) }) : "";
    return t("generate.quality.protocol", { ...Object.fromEntries(Object.entries(measured).map(([k, v]) => [k, number(v, 0)])), few });
  }

  // Of a domain and a latent dimension.
  view({ domain, d }) {
    const name = t(`domain.${domain}`);
    const own = (this.rows ?? []).filter((r) => r.domain === domain);
    const dims = [...new Set(own.map((r) => r.d))].sort((a, b) => a - b);
    const at = nearestDim(dims, d);
    const order = (r) => SOURCES.indexOf(r.source);
    const rows = own.filter((r) => r.d === at && order(r) >= 0).sort((a, b) => order(a) - order(b));
    const none = this.rows ? t("generate.quality.none") : "";
    const what = dims.length ? t(at === d ? "generate.quality.what" : "generate.quality.near", { domain: name, d: at }) : "";
    return html`<section class="vd-card">
    <header><h2>${t("generate.quality.title")}</h2><p>${what}</p></header>
    <div class="vd-gen-table" data-part="qualityTable">${dims.length ? tableOf(rows, this.measured.sure) : html`<p class="vd-gen-none">${none}</p>`}</div>
    <p class="vd-gen-line">${t("generate.quality.why")}</p>
    <details><summary>${t("generate.quality.how")}</summary><div .innerHTML=${this.protocol(own, name)}></div></details>
  </section>`;
  }
}
