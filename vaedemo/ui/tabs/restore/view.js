// The view of "Denoise" and "Inpaint".

import { html, nothing } from "../../page/vendor/lit-html.js";
import { LIMIT, gradient } from "../../page/draw/pixels.js";
import { button, card, chooser, figure, optionsOf, panel, scale, seedField, sheet, slider } from "../../page/frame/pieces.js";
import { number, t } from "../../page/frame/text.js";
import { cellRow } from "./cells.js";
import { maskTools } from "./mask.js";
import { countOf, countsOf, fourthsOf } from "./state.js";

const canvas = (tab, name, { still = false } = {}) =>
  html`<canvas class="vd-res-canvas" data-part=${name} width="28" height="28" role="img" tabindex=${still ? nothing : 0}
    aria-label=${t(`${name}.label`)} aria-describedby="vd-res-live-${tab.name}" .draw=${tab.drawings[name]}></canvas>`;

const fourthScale = ({ photo, fourth, value }) => {
  const signed = fourth === "residual";
  const grey = photo && signed;
  const end = grey ? 0.25 : fourth === "spread" ? value.spread : photo ? value.limit : LIMIT;
  const colours = grey ? "linear-gradient(to right, #000, #808080, #fff)" : gradient(signed ? "signed" : "absolute");
  return scale(signed ? `≤ −${end}` : "0", colours, `≥ ${signed ? "+" : ""}${end}`);
};

export const restoredName = ({ state: { view } }) => {
  return typeof view === "number" ? t("restored.sample", { n: view + 1 }) : t(`restored.${view}`);
};

const panels = (tab) => {
  const { name, denoising, reading } = tab;
  const damaged = html`${canvas(tab, "damaged", { still: !denoising })}
        <canvas class="vd-res-canvas vd-res-brush" data-part="brushPad" width="28" height="28" role="application" tabindex="0"
          aria-label=${t("restore.pad.label")} aria-describedby="vd-res-live-${name}" ?hidden=${denoising}></canvas>`;
  const restored = html`${canvas(tab, "restored")}
        <canvas class="vd-res-canvas vd-res-before" data-part="before" width="28" height="28" aria-hidden="true"
          .draw=${tab.drawings.damaged}></canvas>
        <input type="range" class="vd-res-wipe" id="vd-res-wipe-${name}" data-part="share" min="0" max="100" value="0" title=${t("restore.before.label")}
          @input=${(e) => tab.p.restoredFrame.style.setProperty("--share", e.target.value / 100)}>
        ${tab.photo ? tab.job.view() : ""}`;
  const before = html`<label for="vd-res-wipe-${name}">${t("restore.before.label")}</label>`;
  return html`${tab.yours.panel()}
    ${panel("damaged", damaged, { reading })}
    ${panel("restored", restored, { note: restoredName(tab), under: before, reading })}
    ${panel("fourth", canvas(tab, "fourth"), { title: `fourth.${tab.fourth}.title`, note: t(`fourth.${tab.fourth}.note`), under: fourthScale(tab), reading })}`;
};

const choosers = (tab) => {
  const { state, row } = tab;
  const { picture } = tab.yours;
  const count = { part: "count", label: t("restore.count.label"), little: true, value: countOf(state, row, picture) };
  return html`<div class="vd-choosers">
    ${chooser(tab, "domain", optionsOf(Object.keys(tab.table), "domain"), { choose: tab.chooseDomain })}
    ${chooser(tab, "n", optionsOf(countsOf(row, picture)), { ...count, choose: (n) => tab.set({ n, view: "mean" }) })}
    ${seedField({ value: state.seed, most: tab.value.seeds, choose: tab.chooseSeed })}
  </div>`;
};

const noiseControls = (tab) => {
  const { state, row } = tab;
  const { noises, strongest } = row;
  const { low, high } = state.given ? { low: 0, high: strongest } : noises[state.noise];
  const at = state.given ? (state.sigma ?? tab.told.estimated ?? 0) : state.level;
  const why = state.given ? (state.sigma === null ? "restore.sigma.estimated" : "restore.sigma.hand") : `noise.${state.noise}.why`;
  const choose = (noise) => tab.set({ noise, level: noises[noise].usual });
  return html`${chooser(tab, "noise", optionsOf(Object.keys(noises), "noise"), { label: t("restore.noise.label"), little: true, away: state.given, choose })}
    ${slider({
      part: "level",
      label: t("restore.level.label"),
      value: number(at, !state.given && state.noise === "jpeg" ? 0 : 2),
      why: t(why),
      at: Math.round((1000 * (at - low)) / (high - low)),
      input: (v) => tab.chooseLevel(v / 1000),
    })}`;
};

const known = (value) => value !== null && value !== undefined;

const figures = (tab) => {
  const { denoising, figures: f, told, state } = tab;
  const was = tab.answer?.figures?.y;
  const before = (name, digits) => (known(was?.[name]) ? t("restore.was", { value: number(was[name], digits) }) : "\u00a0");
  const one = (part, digits, more) =>
    figure({
      part,
      value: known(f?.[part]) ? number(f[part], digits) : "–",
      aside: before(part, digits),
      asidePart: `${part}Was`,
      ...more,
    });
  const sigma = told.measured ?? told.sigma ?? told.estimated;
  const toldWhy = known(told.estimated)
    ? t("restore.told.estimated", { value: number(told.estimated, 2) })
    : t(state.given ? "restore.told.hand" : state.noise === "gaussian" ? "restore.told.known" : "restore.told.equivalent");
  return html`<dl class="vd-figures">
    ${one("psnr", 1, { unit: " dB" })}
    ${one("ssim", 2)}
    ${one("hole", 1, { unit: " dB", key: "restore.hole", hidden: denoising })}
    ${figure({ part: "told", key: "restore.told", value: known(sigma) ? number(sigma, 2) : "–", aside: toldWhy, asidePart: "toldWhy", hidden: !denoising })}
  </dl>`;
};

const remark = ({ photo, told, denoising, row }) => {
  if (!photo) return "";
  if (told.guessed) return t("restore.guessed", { pixels: row.hole });
  return denoising && told.lost > 0 ? t("restore.lost", { share: number(100 * told.lost, 0) }) : "";
};

const answersWhy = ({ answer, photo }) => {
  if (!answer) return "";
  const { temperature } = photo ? answer.job : answer;
  const narrowed = temperature < 1 ? t("restore.answers.narrowed", { value: number(temperature, 1) }) : "";
  return t(photo ? "restore.answers.photo" : "restore.answers.why", { narrowed });
};

const methodsWhy = ({ answer, denoising, photo, job }) => {
  if (!answer) return "";
  const out = photo ? (job.job?.left_out ?? []) : [];
  return out.length
    ? t("restore.methods.left", { names: out.map((m) => t(`method.${m}`)).join(", ") })
    : t(denoising ? "restore.methods.why" : "restore.methods.holes");
};

export const view = (tab) => {
  const { name, state, photo, denoising, yours } = tab;
  // As wide as all that it will hold, so that those that come later move nothing.
  const strip = (part, cells, most) =>
    html`<div class="vd-res-strip" data-part=${part} style="--cells: ${most}" role="group" aria-label=${t(`restore.${part}.title`)}>${cellRow(cells)}</div>`;
  const compared = 1 + tab.value.methods.length - (photo ? (tab.job.job?.left_out.length ?? 0) + 1 : 0);
  return sheet(tab, {
    kind: `vd-res ${photo ? "vd-res-photo" : ""}`,
    style: photo && yours.picture?.width ? `--shape: ${yours.picture.width / yours.picture.height}` : nothing,
    panels: panels(tab),
    readout: { id: `vd-res-live-${name}`, part: "live", text: tab.reading.text(denoising ? undefined : (tab.mask?.missing ?? "")) },
    mode: chooser(tab, "fourth", optionsOf(fourthsOf(name, state), "fourth"), {
      bare: true,
      part: "fourthMode",
      value: tab.fourth,
      choose: (fourth) => tab.set({ fourth }, false),
    }),
    tools: html`<label class="vd-res-given" data-part="givenField" ?hidden=${!denoising}><input type="checkbox" data-part="given"
      ?checked=${state.given} @change=${(e) => tab.chooseGiven(e.target.checked)}> <span>${t("restore.given.label")}</span></label>`,
    controls: html`${choosers(tab)}
      ${denoising ? noiseControls(tab) : maskTools(tab)}
      <p class="vd-res-remark" data-part="remark" role="status">${remark(tab)}</p>
      ${figures(tab)}`,
    cards: html`${card("vd-res-answers", "restore.answers", answersWhy(tab), strip("answers", tab.answers, tab.answers.length || 1))}
      ${card("vd-res-methods", "restore.methods", methodsWhy(tab), html`${tab.job.besideView()}${strip("methods", tab.others, compared)}`)}`,
    buttons: button("saveImage", "save", tab.saveImage),
    more: `${name}.more`,
  });
};
