// Your picture in the latent space: its posterior N(mu, sigma^2) through a lens, samples z = mu + sigma * epsilon, their
// pictures; in formula, numbers and drawing mu is blue, sigma orange, epsilon grey, z violet.

import { html, nothing } from "../../page/vendor/lit-html.js";
import { atRest, newest, onWidth } from "../../page/frame/dom.js";
import { number, significant, t } from "../../page/frame/text.js";
import { axesOf, lens, nearest, noise, outline } from "../../page/maths/geometry.js";
import { pixels, unpack } from "../../page/draw/pixels.js";
import { Paper, drawNeighbours, drawPoints, drawPosterior, drawSampling, reachOnScreen } from "../../page/map/layers.js";
import { MOST_SAMPLES } from "./state.js";

const SHOWN = 3; // numbers of a code in the table
const SEEN = 4.2; // the lens reaches so many sigma, and farther where epsilon is stronger than
const USUAL = 1.5;
const AROUND = 30; // test pictures whose posteriors are drawn
const REST = 160;
// Of the table: token, name, and the key of its words.
const ROWS = [
  ["mu", "μ", "latent.mu"],
  ["sigma", "σ", "latent.sigma"],
  ["epsilon", "ε", "latent.epsilon"],
  ["z", "z", "latent.z"],
  ["ae", "z", "latent.z.ae"],
];

// The half axes of a diagonal Gaussian's ellipse on a model's plane.
const axesOn = ({ components: c }, sigma) => {
  const entry = (i, j) => sigma.reduce((sum, s, k) => sum + s * s * c[i][k] * c[j][k], 0);
  return axesOf([[entry(0, 0), entry(0, 1)], [entry(0, 1), entry(1, 1)]]); // prettier-ignore
};

// The samples of a posterior: epsilon, times `scale`, and z of each; more of them leave the first ones as they are.
const draws = ({ seed, count, noise: scale }, mu, sigma) => {
  const d = mu.length;
  const all = noise(seed * 7919 + d, MOST_SAMPLES * d);
  return Array.from({ length: count }, (_, i) => {
    const epsilon = mu.map((_, k) => scale * all[i * d + k]);
    return { epsilon, z: mu.map((m, k) => m + sigma[k] * epsilon[k]) };
  });
};

const shownNumber = (v) => {
  const text = number(v, Math.abs(v) >= 100 ? 1 : v !== 0 && Math.abs(v) < 0.01 ? 4 : 3);
  return /[1-9]/.test(text) ? text : text.replace("−", "");
};
const numbers = (values) => values.slice(0, SHOWN).map(shownNumber);

export class Posterior {
  constructor(tab) {
    // result: {x, ae, vae}, of the tab's model `of`; model: the VAE's map or plane; own: drawings of the result; samples: {epsilon, z, draw, shown}.
    Object.assign(this, { tab, result: null, model: null, own: {}, samples: [], chosen: 0, side: 0 });
  }

  // Another picture, or another model.
  show(result, model) {
    const { channels } = this.tab.map;
    const [x, ae, vae] = [result.x, unpack(result.ae.x_hat), unpack(result.vae.x_hat)].map((bytes) => pixels(bytes, channels));
    Object.assign(this, { result, model, of: this.tab.model, own: { seen: x, aeOwn: ae, vaeOwn: vae } });
    this.sample();
  }

  // Other samples of it: their pictures at once as they are decoded here, and those of the server after a moment's rest.
  sample() {
    if (!this.result) return;
    const { model, tab } = this;
    const { channels, size } = tab.map;
    const { z, sigma } = this.result.vae;
    const decoded = (code) => pixels(model.decode(code, new Uint8Array(channels * size * size)), channels);
    this.samples = draws(tab.state, z, sigma).map((s) => ({ ...s, draw: decoded(s.z), shown: "preview" }));
    this.chosen = Math.min(this.chosen, this.samples.length - 1);
    this.exact();
    this.draw();
  }

  exact = atRest(
    REST,
    newest(async () => {
      const { of, samples, tab } = this;
      const { channels } = tab.map;
      if (of !== tab.model) return; // another is chosen, whose map is on its way
      const answer = await tab.asking("decode_many", { ...tab.modelOf("vae"), z: samples.map((s) => s.z) });
      if (answer.error || samples !== this.samples) return;
      samples.forEach((s, i) => Object.assign(s, { draw: pixels(unpack(answer.x_hat[i]), channels), shown: "exact" }));
      tab.draw();
    }),
  );

  set(patch) {
    Object.assign(this.tab.state, patch);
    this.sample();
    this.changed();
  }

  choose(i) {
    if (this.chosen === i || i >= this.samples.length) return;
    this.chosen = i;
    this.draw();
    this.changed();
  }

  changed() {
    this.tab.views.vae.lay({ posterior: this.onMap });
    this.tab.write();
  }

  // What a map shows of it: {mu, axes, samples, chosen, reach: of the lens in the plane's units}.
  get onMap() {
    const { chosen, model, result, samples } = this;
    if (!result) return null;
    const axes = axesOn(model, result.vae.sigma);
    const [mu, ...points] = [result.vae, ...samples].map(({ z }) => model.project(z));
    const reach = SEEN * axes.r1 * Math.max(1, this.tab.state.noise / USUAL);
    return { mu, axes, samples: points, chosen, reach, near: this.around(mu) };
  }

  // The posteriors of the test pictures around: [{mu, axes}], none on a plane.
  around(mu) {
    const { labels, points, sigmas } = this.model;
    if (!sigmas) return [];
    const shown = nearest(points, ...mu, AROUND).filter(({ index }) => !this.tab.state.hidden.has(labels[index]));
    return shown.map(({ index: i }) => {
      const [s, t] = [sigmas[2 * i], sigmas[2 * i + 1]];
      return { mu: [points[2 * i], points[2 * i + 1]], axes: axesOf([[s * s, 0], [0, t * t]]) }; // prettier-ignore
    });
  }

  // ---- the lens ------------------------------------------------------------------------------------------------

  begin() {
    onWidth(this.tab.p.lens, (_, side) => {
      this.side = side;
      this.draw();
    });
  }

  // How many times as large as on the map, in words.
  get times() {
    const { onMap, side, tab } = this;
    if (!side || !onMap) return null;
    const { box, side: whole } = tab.views.vae;
    return significant(((box.high[0] - box.low[0]) / whole) * (side / (2 * onMap.reach)), 2);
  }

  draw() {
    const { model, onMap, side, tab } = this;
    tab.draw();
    if (!side || !onMap) return;
    const { mu, axes, near, reach } = onMap;
    const { palette } = tab;
    const { lens: canvas } = tab.p;
    const paper = new Paper(canvas, lens(mu, reach, side), palette);
    const { ctx, frame } = paper;
    paper.box(0, 0, side, side, palette.card);
    drawPoints(paper, model, { ...tab.look("vae"), radius: 3.2, alpha: 0.38 });
    const line = (to, colour) => {
      paper.trace([mu, to]);
      paper.line(colour, 2);
    };
    const [u, v] = [Math.cos(axes.angle), Math.sin(axes.angle)];
    line([mu[0] + axes.r1 * u, mu[1] + axes.r1 * v], palette.sigma);
    line([mu[0] - axes.r2 * v, mu[1] + axes.r2 * u], palette.sigma);
    drawNeighbours(paper, near, 1.2);
    drawPosterior(paper, onMap, { dot: 5, sample: 4, width: 2.2 });
    drawSampling(paper, onMap, true);
    Object.assign(ctx, { font: "600 12px system-ui, sans-serif", fillStyle: palette.sigma, textAlign: "center" });
    const top = (times) => Math.min(...outline(mu, axes, times).map((q) => frame.y(q[1])));
    for (const times of reach > 8 * axes.r1 ? [] : [1, 2]) ctx.fillText(`${times}σ`, frame.x(mu[0]), top(times) - 5);
    canvas.dataset.ellipse = reachOnScreen(onMap, frame);
    canvas.dataset.reach = reach;
  }

  // ---- views ---------------------------------------------------------------------------------------------------

  // The numbers as a table, and for screen readers.
  numbers() {
    if (!this.result) return {};
    const { ae, vae } = this.result;
    const { epsilon, z } = this.samples[this.chosen];
    const own = { mu: vae.z, sigma: vae.sigma, epsilon, z, ae: ae.z };
    const more = vae.z.length > SHOWN ? html`<td>…</td>` : "";
    const row = ([token, name, key]) =>
      html`<tr class="vd-c-${token}"><th scope="row"><b>${name}</b><small>${t(key, { i: this.chosen + 1 })}</small></th>${numbers(
        own[token],
      ).map((v) => html`<td>${v}</td>`)}${more}</tr>`;
    const [mu, sigma, sample] = [vae.z, vae.sigma, z].map((values) => numbers(values).join(", "));
    return { table: ROWS.map(row), spoken: t("latent.posterior.live", { mu, sigma, z: sample }) };
  }

  cells() {
    return Array.from({ length: MOST_SAMPLES }, (_, i) => {
      const { draw, shown } = this.samples[i] ?? {};
      const choose = () => this.choose(i);
      const enter = (e) => e.isPrimary && choose(); // of several fingers the first
      return html`<button type="button" class="vd-lat-sample" aria-pressed=${i === this.chosen} aria-label=${t("latent.sample.one", { i: i + 1 })}
        ?disabled=${!draw} @pointerenter=${enter} @focus=${choose} @click=${choose}><canvas class="vd-pixels" width="28" height="28" data-shown=${shown ?? nothing}
        .draw=${draw}></canvas></button>`;
    });
  }
}
