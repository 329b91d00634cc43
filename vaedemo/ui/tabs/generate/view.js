// The view of "Generate": its controls and the grids of samples.

import { html } from "../../page/vendor/lit-html.js";
import { button, chooser, icon, message, moreFold, optionsOf, picture, seedField, takeRow, slider } from "../../page/frame/pieces.js";
import { className, number, t } from "../../page/frame/text.js";
import { pixels } from "../../page/draw/pixels.js";
import { GRIDS, HOTTEST, MOST_SEED, SIDES, gridName, gridsOf } from "./state.js";

export const named = (name) => {
  const [kind, prior] = name.split("-");
  return `${t(`kind.${kind}`)} + ${t(`generate.prior.${prior}`)}`;
};

const sheet = (tab, [kind, prior]) => {
  const { state, row } = tab;
  const name = gridName(kind, prior);
  const every = state.label !== null && prior !== "mixture";
  const only = state.label === null ? "" : every ? t("generate.class.every") : className(row.classes[state.label]);
  const missing = tab.missing[name];
  const save = t("generate.save.one", { source: named(name) });
  return html`<figure class="vd-gen-grid ${every ? "vd-gen-every" : ""}" data-grid=${name} data-kind=${kind} ?hidden=${!gridsOf(state, row).includes(name)}>
    <figcaption><span><b>${t(`kind.${kind}`)}</b> + <span>${t(`generate.prior.${prior}`)}</span></span><small data-note>${only}</small><button type="button"
      class="vd-gen-save" data-save=${name} title=${save} aria-label=${save} @click=${() => tab.saveGrid(name)}>${icon("save")}</button></figcaption>
    <div class="vd-gen-sheet"><canvas width="173" height="173" role="application" tabindex="0" aria-describedby="vd-gen-readout"
      aria-label=${t("generate.grid.label", { source: named(name), n: state.n ** 2 })}></canvas>
      <p class="vd-gen-missing" ?hidden=${!missing}>${missing ?? ""}</p><i class="vd-gen-ring" hidden></i><canvas
        class="vd-gen-lens vd-pixels" width="28" height="28" aria-hidden="true" hidden></canvas></div>
  </figure>`;
};

const rail = (tab) => {
  const { state, row } = tab;
  const classes = [{ value: "all", label: t("generate.class.all") }, ...row.classes.map((c, i) => ({ value: i, label: className(c) }))];
  const sides = SIDES.map((n) => ({ value: n, label: `${n}×${n}` }));
  const field = (word, options, more = {}) => chooser(tab, word, options, { label: t(`generate.${word}.label`), little: true, ...more });
  return html`<div class="vd-gen-rail">
      ${field("domain", optionsOf(Object.keys(tab.table), "domain"), { label: t("domain.label"), choose: tab.chooseDomain })}
      ${field("d", optionsOf(row.dims), { label: t("dimension.label"), choose: tab.chooseDimension })}
      ${slider({
        part: "t",
        id: "vd-gen-t",
        kind: "vd-gen-temperature",
        label: t("generate.t.label"),
        value: number(state.t),
        why: t("generate.t.why"),
        max: HOTTEST,
        step: 0.01,
        at: state.t,
        input: (v) => tab.set({ t: v }),
      })}
      <div class="vd-gen-row">
        ${seedField({ value: state.seed, most: MOST_SEED, choose: (seed) => tab.set({ seed }) })}
        ${field("n", sides)}
      </div>
      ${field("class", classes, { value: state.label ?? "all", choose: (v) => tab.set({ label: v === "all" ? null : v }) })}
      ${chosen(tab)}
    </div>`;
};

const chosen = (tab) => {
  const { sample, state } = tab;
  const what = sample ? t("generate.chosen", { source: named(state.grid), i: state.at + 1 }) : "";
  const to = (part, name) =>
    html`<button type="button" class="vd-button" data-part=${part} ?disabled=${!sample} @click=${() => tab.take(name)}>${t(`generate.to.${name}`)}</button>`;
  return html`<figure class="vd-gen-chosen">
        ${picture(
          html`<canvas class="vd-pixels" width="28" height="28" data-part="chosen" role="img" tabindex="0" aria-label=${what}
          .draw=${pixels(sample, tab.row.channels)}></canvas>${tab.pixel.chip()}`,
          { reading: tab.pixel },
        )}
        <figcaption><b>${t("generate.chosen.title")}</b><span data-part="chosenNote">${what}</span>
          ${to("toReconstruct", "reconstruct")}
          ${document.getElementById("vd-tab-latent-button") ? to("toLatent", "latent") : ""}</figcaption>
      </figure>`;
};

// What the mixtures are made of, as the server drew from them.
const whyMixture = ({ drawn, components: n }) => {
  const of = drawn?.label === null ? "all" : "class";
  return n ? t(`generate.why.mixture.${of}${n === 1 ? ".one" : ""}`, { n }) : "";
};

export const view = (tab) => {
  const { state, row } = tab;
  const pca = gridsOf(state, row).includes("pca-gaussian");
  return html`<div class="vd-rec vd-gen">
  <section class="vd-gen-top">
    ${rail(tab)}
    <div class="vd-gen-grids" data-part="grids">
      ${GRIDS.slice(0, 4).map((g) => sheet(tab, g))}
      <p class="vd-gen-line">${t("generate.why.normal")}</p><p class="vd-gen-line" data-part="whyMixture">${whyMixture(tab)}</p>
      ${GRIDS.slice(4).map((g) => sheet(tab, g))}<p class="vd-gen-line vd-gen-pcaline" ?hidden=${!pca}>${t("generate.why.pca")}</p>
    </div>
    <output class="vd-spoken" id="vd-gen-readout" data-part="readout" aria-live="polite">${tab.reading}</output>
    ${takeRow(
      tab,
      button("saveAll", "save", tab.saveAll, { key: "generate.save" }),
      html`<label class="vd-gen-check ${row.pca ? "" : "vd-away"}" data-part="pcaField"><input type="checkbox" data-part="pca" ?checked=${pca}
        @change=${(e) => tab.set({ pca: e.target.checked })}><span>${t("generate.pca.label")}</span></label>`,
    )}
  </section>
  ${tab.arithmetic.sumCard()}
  ${tab.arithmetic.wayCard()}
  ${tab.quality.view(state)}
  ${moreFold("generate.more")}
  ${message(tab)}
</div>`;
};
