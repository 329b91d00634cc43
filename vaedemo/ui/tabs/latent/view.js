// The view of "Latent space": controls, maps with what is said of them, and the picture at hand with its posterior.

import { html, nothing } from "../../page/vendor/lit-html.js";
import { button, choices, field, icon, message, moreFold, optionsOf, picture, takeRow } from "../../page/frame/pieces.js";
import { number, t } from "../../page/frame/text.js";
import { legend, readout, reason } from "../../page/map/readout.js";
import { ZOOM } from "../../page/map/view.js";
import { betaField } from "./beta.js";
import { KINDS, MOST_NOISE, MOST_SAMPLES, SPACINGS, VIEWS, dimsOf } from "./state.js";

const choosers = (tab) => {
  const { state, value } = tab;
  const one = (part, label, options, chosen, choose) =>
    field({ part, name: `vd-latent-${part === "dims" ? "d" : part}`, label: t(label), options, value: chosen, choose });
  return html`<section class="vd-lat-choosers">
    ${one("domain", "domain.label", optionsOf(value.maps, "domain"), tab.yours.pending ?? state.domain, tab.chooseDomain)}
    ${one("view", "latent.view.label", optionsOf(VIEWS, "latent.view"), state.view, (view) => tab.choose({ view }))}
    ${one("dims", "dimension.label", optionsOf(dimsOf(state, tab)), state.d, (d) => tab.chooseModel(Number(d), state.beta))}
    ${betaField(tab.row, "vae", state.d, { part: "beta", name: "vd-latent-beta", label: t("latent.beta.label"), value: state.beta, choose: (beta) => tab.chooseModel(state.d, beta) })}
  </section>`;
};

const tool = (part, key, shape, click, more = {}) =>
  html`<button type="button" class="vd-lat-save ${more.away ? "vd-away" : ""}" data-part=${part} aria-label=${t(key)} title=${t(key)} @click=${click}>${shape}</button>`;

// Nearer, farther, and back to the start; on a map spaced by quantiles, which shows everything, none of them.
const zooms = (tab, kind) => {
  const away = kind === "vae" && tab.state.view === "grid" && tab.state.spacing === "quantiles" && tab.state.d === 2;
  const by = (factor) => () => tab.views[kind].frame && tab.views[kind].zoom(factor);
  return html`${tool(`${kind}Nearer`, "latent.zoom.in", icon("plus"), by(1 / ZOOM), { away })}${tool(`${kind}Farther`, "latent.zoom.out", icon("minus"), by(ZOOM), { away })}${tool(
    `${kind}Start`, "latent.zoom.start", icon("whole"), () => tab.views[kind].frame && tab.views[kind].see(null), { away })}`; // prettier-ignore
};

const decoded = (tab, kind) =>
  picture(
    html`<canvas class="vd-pixels" data-part="${kind}Picture" width="28" height="28" role="img" tabindex="0"
      aria-label=${t(`latent.${kind}.picture.label`)}></canvas>${tab.decodedPixel[kind].chip()}`,
    { reading: tab.decodedPixel[kind] },
  );

const map = (tab, kind) => {
  const [first, second] = tab.models[kind]?.explained ?? [];
  const note = first ? t("latent.explained", { share: Math.round(100 * (first + second)) }) : "";
  return html`<figure class="vd-lat-map ${tab.picking ? "vd-lat-wanted" : ""}" data-kind=${kind} data-part="${kind}Map">
    <figcaption><b>${t(`kind.${kind}.long`)}</b><span class="vd-note" data-part="${kind}Note">${note}</span><span
      class="vd-lat-tools">${zooms(tab, kind)}${tool(`${kind}Save`, "latent.save.why", icon("save"), () => tab.saveMap(kind))}</span></figcaption>
    <div class="vd-lat-frame vd-figure">
      <canvas data-part="${kind}Still" role="presentation" aria-hidden="true"></canvas>
      <canvas data-part="${kind}Moving" role="application" tabindex="0" aria-label=${t(`latent.${kind}.map.label`)}
        aria-describedby="vd-latent-${kind}"></canvas>
    </div>
  </figure>
  <figure class="vd-lat-picture" data-kind=${kind}>
    <figcaption><b>${t(`latent.${kind}.decoded`)}</b><span class="vd-lat-mark" data-part="${kind}Mark"></span></figcaption>
    ${decoded(tab, kind)}
    ${reason(kind, tab.readings[kind], tab.palette)}
  </figure>
  ${readout(kind, tab.readings[kind], tab.palette)}`;
};

const range = ({ posterior, state }, part, min, max, step, shown) => html`
  <div class="vd-lat-range"><label for="vd-latent-${part}"><span>${t(`latent.${part}.label`)}</span> <b data-part="${part}Value">${shown}</b></label>
    <input type="range" class="vd-lat-slider" id="vd-latent-${part}" data-part=${part} min=${min} max=${max} step=${step} data-at=${state[part]}
      @input=${(e) => posterior.set({ [part]: Number(e.target.value) })}></div>`;

const taken = ({ posterior, ownPixel }, part, label) => html`
  <figure class="vd-lat-taken">${picture(
    html`<canvas class="vd-pixels" data-part=${part} width="28" height="28"
    role="img" tabindex="0" aria-label=${t(label)} .draw=${posterior.own[part]}></canvas>${ownPixel.chip(part)}`,
    { reading: ownPixel },
  )}<figcaption>${t(label)}</figcaption></figure>`;

const yours = (tab) => {
  const { posterior, state } = tab;
  const { times } = posterior;
  const { table, spoken } = posterior.numbers();
  return html`
  <section class="vd-card vd-lat-yours" data-part="posterior" id="vd-latent-posterior-card">
    <header><h2>${t("latent.yours.title")}</h2><p>${t("latent.yours.why")}</p></header>
    ${tab.yours.panel({ noted: false, beside: tab.yours.tools() })}
    <figure class="vd-lat-lens">
      <figcaption><b>${t("latent.lens.title")}</b><span class="vd-note" data-part="lensNote">${times && t("latent.lens.note", { times })}</span></figcaption>
      <div class="vd-picture"><canvas data-part="lens" role="img" aria-label=${times ? t("latent.lens.label", { times }) : nothing}
        aria-describedby="vd-latent-posterior"></canvas></div>
      <div class="vd-under">${t("latent.lens.why")}</div>
    </figure>
    <div class="vd-lat-draw">
      <p class="vd-lat-formula" aria-hidden="true"><b class="vd-c-z">z</b> = <b class="vd-c-mu">μ</b> + <b class="vd-c-sigma">σ</b> · <b
        class="vd-c-epsilon">ε</b></p>
      <p class="vd-note">${t("latent.formula.why")}</p>
      <table class="vd-lat-numbers" data-part="table"><tbody>${table}</tbody></table>
      <div class="vd-lat-ranges">
        ${range(tab, "noise", 0, MOST_NOISE, 0.25, `${number(state.noise, 2)} ×`)}${range(tab, "count", 1, MOST_SAMPLES, 1, state.count)}
        <p class="vd-note vd-lat-strong" data-part="noiseWhy">${t(state.noise > 1 ? "latent.noise.strong" : "latent.noise.why")}</p>
        ${button("again", "noise", () => posterior.set({ seed: (state.seed + 1) % 1000000 }), { key: "latent.again" })}
      </div>
      <output class="vd-spoken" id="vd-latent-posterior" data-part="posteriorLive" aria-live="polite">${spoken}</output>
    </div>
    <div class="vd-lat-result">
      ${taken(tab, "seen", "seen.title")}${taken(tab, "aeOwn", "latent.own.ae")}${taken(tab, "vaeOwn", "latent.own.vae")}
      <div class="vd-lat-samples" data-part="samples" role="group" aria-label=${t("latent.samples.label")}>${posterior.cells()}</div>
    </div>
  </section>`;
};

// What lies below, one click away: [where, its title].
const CONTENTS = [
  ["posterior", "latent.yours.title"],
  ["elbo", "elbo.title"],
  ["walks", "walk.title"],
  ["dimensions", "dims.title"],
];
const contents = (tab) => {
  const { state } = tab;
  const go = (e, part) => {
    e.preventDefault();
    tab.p[part].scrollIntoView({ block: "start" });
    tab.p[part].querySelector("button, input, a")?.focus({ preventScroll: true });
  };
  return html`<nav class="vd-lat-contents" aria-label=${t("latent.contents")}>${CONTENTS.map(
    ([part, key]) => html`<a href="#vd-latent-${part}" @click=${(e) => go(e, part)}>${t(key)}</a>`,
  )}<span class="vd-lat-spacing ${state.d > 2 || state.view !== "grid" ? "vd-away" : ""}" title=${t("latent.spacing.label")}>${choices({
    part: "spacing", name: "vd-latent-spacing", label: t("latent.spacing.label"), options: optionsOf(SPACINGS, "latent.spacing"), value: state.spacing,
    choose: (spacing) => tab.choose({ spacing }), little: true })}</span><span class="vd-lat-hole-button ${state.d > 2 ? "vd-away" : ""}">${button("hole", "point", tab.showHole, {
    key: "latent.hole", disabled: !tab.models.ae })}</span></nav>`; // prettier-ignore
};

export const view = (tab) => html`
<div class="vd-lat">
  ${message(tab)}
  ${choosers(tab)}
  ${contents(tab)}
  <section class="vd-lat-maps" data-part="maps">
    <p class="vd-lat-picking" data-part="picking" role="status" ?hidden=${!tab.picking}>${tab.picking ? t("latent.picking") : ""}</p>
    ${KINDS.map((kind) => map(tab, kind))}
    <div class="vd-lat-legend" data-part="legend" role="group" aria-label=${t("latent.legend.label")}>${
      tab.map && legend(tab.map, tab.state.hidden, tab.palette, tab.toggle)
    }</div>
  </section>
  ${yours(tab)}
  <section data-part="elbo" id="vd-latent-elbo"></section>
  <section data-part="walks" id="vd-latent-walks"></section>
  <section data-part="dimensions" id="vd-latent-dimensions"></section>
  ${takeRow(tab, "")}
  ${moreFold("latent.more")}
</div>`;
