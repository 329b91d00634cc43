// The view of "Latent space": controls, maps with what is said of them, and the picture at hand with its posterior.

import { html, nothing } from "../../page/vendor/lit-html.js";
import { button, field, icon, message, moreFold, optionsOf, takeRow } from "../../page/frame/pieces.js";
import { number, t } from "../../page/frame/text.js";
import { legend, readout } from "../../page/map/readout.js";
import { KINDS, MOST_NOISE, MOST_SAMPLES, SPACINGS, VIEWS, betasAt, dimsOf } from "./state.js";

const choosers = (tab) => {
  const { state, value } = tab;
  const betas = betasAt(state, tab);
  const one = (part, label, options, chosen, choose, more = {}) =>
    field({ part, name: `vd-latent-${part === "dims" ? "d" : part}`, label: t(label), options, value: chosen, choose, ...more });
  return html`<section class="vd-lat-choosers">
    ${one("domain", "domain.label", optionsOf(value.maps, "domain"), tab.yours.pending ?? state.domain, tab.chooseDomain)}
    ${one("view", "latent.view.label", optionsOf(VIEWS, "latent.view"), state.view, (view) => tab.choose({ view }))}
    ${one("dims", "latent.dims.label", optionsOf(dimsOf(state, tab)), state.d, (d) => tab.chooseModel(Number(d), state.beta))}
    ${one("beta", "latent.beta.label", optionsOf(betas), state.beta, (beta) => tab.chooseModel(state.d, Number(beta)), { hidden: betas.length < 2 })}
    ${one("spacing", "latent.spacing.label", optionsOf(SPACINGS, "latent.spacing"), state.spacing, (spacing) => tab.choose({ spacing }), {
      away: state.d > 2 || state.view !== "grid",
    })}
  </section>`;
};

const map = (tab, kind) => {
  const [first, second] = tab.models[kind]?.explained ?? [];
  const note = first ? t("latent.explained", { share: Math.round(100 * (first + second)) }) : "";
  return html`<figure class="vd-lat-map ${tab.picking ? "vd-lat-wanted" : ""}" data-kind=${kind} data-part="${kind}Map">
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
  ${readout(kind, tab.readings[kind], tab.palette)}`;
};

const range = ({ posterior, state }, part, min, max, step, shown) => html`
  <div class="vd-lat-range"><label for="vd-latent-${part}"><span>${t(`latent.${part}.label`)}</span> <b data-part="${part}Value">${shown}</b></label>
    <input type="range" class="vd-lat-slider" id="vd-latent-${part}" data-part=${part} min=${min} max=${max} step=${step} data-at=${state[part]}
      @input=${(e) => posterior.set({ [part]: Number(e.target.value) })}></div>`;

const taken = ({ posterior }, part, label) => html`
  <figure class="vd-lat-taken"><div class="vd-picture"><canvas class="vd-pixels" data-part=${part} width="28" height="28"
    role="img" aria-label=${t(label)} .draw=${posterior.own[part]}></canvas></div><figcaption>${t(label)}</figcaption></figure>`;

const yours = (tab) => {
  const { posterior, state } = tab;
  const { times } = posterior;
  const { table, spoken } = posterior.numbers();
  return html`
  <section class="vd-card vd-lat-yours">
    <header><h2>${t("latent.yours.title")}</h2><p>${t("latent.yours.why")}</p></header>
    ${tab.yours.panel({ noted: false, beside: tab.yours.tools(["draw", "upload", "camera"]) })}
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
        ${range(tab, "noise", 0, MOST_NOISE, 0.05, `${number(state.noise, 2)} ×`)}${range(tab, "count", 1, MOST_SAMPLES, 1, state.count)}
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

export const view = (tab) => html`
<div class="vd-lat">
  ${message(tab)}
  ${choosers(tab)}
  <section class="vd-lat-maps" data-part="maps">
    <p class="vd-lat-picking" data-part="picking" role="status" ?hidden=${!tab.picking}>${tab.picking ? t("latent.picking") : ""}</p>
    ${KINDS.map((kind) => map(tab, kind))}
    <div class="vd-lat-legend" data-part="legend" role="group" aria-label=${t("latent.legend.label")}>${
      tab.map && legend(tab.map, tab.state.hidden, tab.palette, tab.toggle)
    }</div>
  </section>
  ${yours(tab)}
  <section data-part="walks"></section>
  <section data-part="dimensions"></section>
  ${takeRow(tab, "")}
  ${moreFold("latent.more")}
</div>`;
