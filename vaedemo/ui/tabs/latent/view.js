// The view of "Latent space"; maps, readouts and numbers in it are drawn by modules of their own.

import { html } from "../../page/vendor/lit-html.js";
import { button, field, icon, message, moreFold, optionsOf, takeRow } from "../../page/frame/pieces.js";
import { t } from "../../page/frame/text.js";
import { MOST_NOISE, MOST_SAMPLES, SPACINGS, VIEWS, betasAt, dimsOf } from "./state.js";

const choosers = (tab) => {
  const { state, row, value } = tab;
  const [dims, betas] = [dimsOf(row, value.planes.includes(state.domain)), betasAt(row, state.d)];
  const one = (part, label, options, chosen, choose, more = {}) =>
    field({ part, name: `vd-latent-${part === "dims" ? "d" : part}`, label: t(label), options, value: chosen, choose, ...more });
  return html`<section class="vd-lat-choosers">
    ${one("domain", "domain.label", optionsOf(value.maps, "domain"), tab.yours.pending ?? state.domain, tab.chooseDomain)}
    ${one("view", "latent.view.label", optionsOf(VIEWS, "latent.view"), state.view, (view) => tab.choose({ view }))}
    ${one("dims", "latent.dims.label", optionsOf(dims), state.d, (d) => tab.chooseModel(Number(d), state.beta))}
    ${one("beta", "latent.beta.label", optionsOf(betas), state.beta, (beta) => tab.chooseModel(state.d, Number(beta)), { hidden: betas.length < 2 })}
    ${one("spacing", "latent.spacing.label", optionsOf(SPACINGS, "latent.spacing"), state.spacing, (spacing) => tab.choose({ spacing }), {
      away: state.d > 2 || state.view !== "grid",
    })}
  </section>`;
};

const map = (tab, kind) => {
  const [first, second] = tab.models[kind]?.explained ?? [];
  const note = first ? t("latent.explained", { share: Math.round(100 * (first + second)) }) : "";
  const wanted = tab.picking && (tab.picking.which ?? kind) === kind;
  return html`<figure class="vd-lat-map ${wanted ? "vd-lat-wanted" : ""}" data-kind=${kind} data-part="${kind}Map">
    <figcaption><b>${t(`kind.${kind}.long`)}</b><span class="vd-note" data-part="${kind}Note">${note}</span><button type="button"
      class="vd-lat-save" data-part="${kind}Save" aria-label=${t("latent.save.why")} title=${t("latent.save.why")}
      @click=${() => tab.saveMap(kind)}>${icon("save")}</button></figcaption>
    <div class="vd-lat-frame">
      <canvas data-part="${kind}Still" role="presentation" aria-hidden="true"></canvas>
      <canvas data-part="${kind}Moving" role="application" tabindex="0" aria-label=${t(`latent.${kind}.map.label`)}
        aria-describedby="vd-latent-${kind}"></canvas>
    </div>
  </figure>
  <figure class="vd-lat-picture" data-kind=${kind}>
    <figcaption><b>${t(`latent.${kind}.decoded`)}</b><span class="vd-lat-mark" data-part="${kind}Mark"></span></figcaption>
    <div class="vd-picture"><canvas class="vd-pixels" data-part="${kind}Picture" width="28" height="28" role="img"
      aria-label=${t(`latent.${kind}.picture.label`)}></canvas></div>
  </figure>
  <div class="vd-lat-readout" data-kind=${kind}>
    <p class="vd-lat-z"><b class="vd-c-z" data-part="${kind}Name">z</b> = (<span data-part="${kind}A"></span>, <span data-part="${kind}B"></span>)</p>
    <div class="vd-lat-near" data-part="${kind}Near"></div>
    <p class="vd-lat-far" data-part="${kind}Far"></p>
    <p class="vd-note" data-part="${kind}Why"></p>
    <output class="vd-lat-live" id="vd-latent-${kind}" data-part="${kind}Live" aria-live="polite"></output>
  </div>`;
};

const range = (part, min, max, step) => html`
  <div class="vd-lat-range"><label for="vd-latent-${part}"><span>${t(`latent.${part}.label`)}</span> <b data-part="${part}Value"></b></label>
    <input type="range" class="vd-lat-slider" id="vd-latent-${part}" data-part=${part} min=${min} max=${max} step=${step}></div>`;

const taken = (part, label) => html`
  <figure class="vd-lat-taken"><div class="vd-picture"><canvas class="vd-pixels" data-part=${part} width="28" height="28"
    role="img" aria-label=${t(label)}></canvas></div><figcaption>${t(label)}</figcaption></figure>`;

const posterior = (tab) => html`
  <section class="vd-card vd-lat-yours">
    <header><h2>${t("latent.yours.title")}</h2><p>${t("latent.yours.why")}</p></header>
    ${tab.yours.panel({ noted: false, beside: tab.yours.tools(["draw", "upload", "camera"]) })}
    <figure class="vd-lat-lens">
      <figcaption><b>${t("latent.lens.title")}</b><span class="vd-note" data-part="lensNote"></span></figcaption>
      <div class="vd-picture"><canvas data-part="lens" role="img" aria-describedby="vd-latent-posterior"></canvas></div>
      <div class="vd-under">${t("latent.lens.why")}</div>
    </figure>
    <div class="vd-lat-draw">
      <p class="vd-lat-formula" aria-hidden="true"><b class="vd-c-z">z</b> = <b class="vd-c-mu">μ</b> + <b class="vd-c-sigma">σ</b> · <b
        class="vd-c-epsilon">ε</b></p>
      <p class="vd-note">${t("latent.formula.why")}</p>
      <table class="vd-lat-numbers" data-part="table"></table>
      <div class="vd-lat-ranges">
        ${range("noise", 0, MOST_NOISE, 0.05)}${range("count", 1, MOST_SAMPLES, 1)}
        ${button("again", "noise", () => tab.posterior.again(), { key: "latent.again" })}
      </div>
      <output class="vd-lat-live" id="vd-latent-posterior" data-part="posteriorLive" aria-live="polite"></output>
    </div>
    <div class="vd-lat-result">
      ${taken("seen", "seen.title")}${taken("aeOwn", "latent.own.ae")}${taken("vaeOwn", "latent.own.vae")}
      <div class="vd-lat-samples" data-part="samples" role="group" aria-label=${t("latent.samples.label")}></div>
    </div>
  </section>`;

export const view = (tab) => html`
<div class="vd-lat">
  ${message(tab)}
  ${choosers(tab)}
  <section class="vd-lat-maps" data-part="maps">
    <p class="vd-lat-picking" data-part="picking" role="status" ?hidden=${!tab.picking}>${tab.picking ? t("latent.picking") : ""}</p>
    ${map(tab, "ae")}${map(tab, "vae")}
    <div class="vd-lat-legend" data-part="legend" role="group" aria-label=${t("latent.legend.label")}></div>
  </section>
  ${posterior(tab)}
  <section data-part="walks"></section>
  <section data-part="dimensions"></section>
  ${takeRow(tab, "")}
  ${moreFold("latent.more")}
</div>`;
