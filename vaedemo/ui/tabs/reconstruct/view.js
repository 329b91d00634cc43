// The view of "Reconstruct".

import { html } from "../../page/vendor/lit-html.js";
import { elbo } from "../../page/draw/bits.js";
import { LIMIT, gradient } from "../../page/draw/pixels.js";
import { button, card, chooser, figure, optionsOf, panel, scale, sheet, slider, small } from "../../page/frame/pieces.js";
import { number, significant, t } from "../../page/frame/text.js";
import { betasOf, kindsOf } from "../../page/maths/models.js";
import { ERRORS, FITS, POLARITIES, domainsOf } from "./state.js";
import { lead } from "./lead.js";
import { size, sizeLine } from "./size.js";
import { strip } from "./strip.js";

const canvas = (tab, name) => html`
  <canvas class="vd-pixels" data-part=${name} width="28" height="28" role="img" tabindex="0" aria-label=${t(`${name}.label`)}
    aria-describedby="vd-readout" .draw=${tab.drawings[name]}></canvas>`;

const panels = (tab) => {
  const { state, row, edited, yours, reading } = tab;
  const [sign, plus] = state.error === "signed" ? [`≤ −${LIMIT}`, "+"] : ["0", ""];
  return html`${yours.panel()}
    ${panel("seen", canvas(tab, "seen"), { note: `${row.size} × ${row.size}${row.channels === 3 ? " × 3" : ""}`, under: yours.picture.inverted ? t("seen.inverted") : "", reading })}
    ${panel("made", canvas(tab, "made"), { note: edited ? t("made.edited") : t("made.note", { d: state.d }), under: t(`kind.${state.kind}.long`), frame: edited ? "vd-edited" : "", reading })}
    ${panel("error", canvas(tab, "error"), { note: t(`error.${state.error}.note`), under: scale(sign, gradient(state.error), `≥ ${plus}${LIMIT}`), reading })}`;
};

const dimension = (tab) => {
  const { state, row } = tab;
  const dims = row.kinds[state.kind];
  return slider({
    part: "dimension",
    id: "vd-dimension",
    label: t("dimension.label"),
    value: state.d,
    why: t("dimension.why"),
    max: dims.length - 1,
    at: dims.indexOf(state.d),
    text: t("dimension.value", { d: state.d }),
    disabled: dims.length < 2,
    input: (i) => tab.choose({ d: dims[i] }),
    below: html`<div class="vd-ticks" data-part="ticks" aria-hidden="true">${dims.map((d) => html`<span class=${d === state.d ? "vd-on" : ""}>${d}</span>`)}</div>`,
  });
};

const domains = (tab) => {
  const { state, yours } = tab;
  const proposed = yours.source?.kind !== "example" && yours.picture?.proposed;
  const options = domainsOf(tab.table).map((n) => ({
    value: n,
    label: t(`domain.${n}`),
    mark: n === proposed ? t("domain.proposed") : "",
  }));
  return chooser(tab, "domain", options, { value: yours.pending ?? state.domain, choose: tab.chooseDomain });
};

const choosers = (tab) => {
  const { state, row } = tab;
  const kinds = kindsOf(row).map((k) => ({ value: k, label: t(`kind.${k}`), title: t(`kind.${k}.why`) }));
  const betas = betasOf(row, state.kind, state.d);
  return html`<div class="vd-choosers">
    ${domains(tab)}
    ${chooser(tab, "kind", kinds, { choose: (kind) => tab.choose({ kind }) })}
    ${chooser(tab, "beta", optionsOf(betas), { away: betas.length < 2, choose: (beta) => tab.choose({ beta }) })}
  </div>`;
};

const figures = (tab) => {
  const { shownFigures: f, test } = tab;
  const mean = (value) => (value === undefined ? "\u00a0" : t("figures.mean", { value }));
  return html`<dl class="vd-figures">
    ${figure({ part: "psnr", value: f ? number(f.psnr, 1) : "", unit: " dB", aside: mean(test && number(test.psnr, 1)), asidePart: "psnrMean" })}
    ${figure({ part: "ssim", value: f ? number(f.ssim, 2) : "", aside: t("ssim.note") })}
    ${figure({ part: "mse", value: f ? significant(f.mse, 3) : "", aside: mean(test && significant(test.mse, 3)), asidePart: "mseMean" })}
    ${size(tab)}
  </dl>
  ${sizeLine(tab)}
  <p class="vd-remark" data-part="remark">${remark(tab)}</p>`;
};

const remark = ({ yours, result, edited, state }) => {
  if (yours.picture.blank) return t("remark.blank");
  return result?.unusual && !edited ? t("remark.unusual", { domain: t(`domain.${state.domain}`) }) : "";
};

const options = (tab) => {
  const { strokes } = tab.row;
  const little = (word, hidden, values) =>
    chooser(tab, word, optionsOf(values, word), { hidden, little: true, choose: (v) => tab.again({ [word]: v }) });
  const error = chooser(tab, "error", optionsOf(ERRORS, "error"), { little: true, part: "errorMode", label: t("errormode.label") });
  return html`<div class="vd-options">${little("polarity", !strokes, POLARITIES)}${little("fit", Boolean(strokes), FITS)}${error}</div>`;
};

// The cards below; what they hold is drawn by charts of their own.
const below = (tab) => {
  const { result, row } = tab;
  const variational = Boolean(result?.kl);
  const undo = small("reset", tab.reset, { disabled: !tab.edited });
  return html`
  ${card("vd-every", "every", t("every.why"), strip(tab))}
  ${card("vd-curve", "curve", t("curve.why"), html`<div data-part="curve"></div>`)}
  ${card("vd-numbers", "numbers", t(result?.sigma ? "numbers.whyvae" : "numbers.why"), html`<div data-part="numbers"></div>${tab.improve.view()}`, undo)}
  ${card(
    "vd-bits",
    "bits",
    t(variational ? "bits.why" : "bits.none"),
    html`<div class="vd-bits-body ${variational ? "" : "vd-away"}" data-part="bitsBody">
      <div data-part="bits"></div>
      <div class="vd-elbo" data-part="elbo">${variational ? elbo(result, row) : ""}</div>
    </div>
    <button type="button" class="vd-button vd-elsewhere" data-part="toVae" ?hidden=${variational || !row.kinds.vae}
      @click=${() => tab.choose({ kind: "vae" })}>${t("bits.tovae")}</button>`,
  )}`;
};

export const view = (tab) => (tab.photographed ? tab.photo.view(domains(tab)) : pictures(tab));

const pictures = (tab) =>
  sheet(tab, {
    lead: lead(tab),
    panels: panels(tab),
    readout: { id: "vd-readout", part: "readout", text: tab.reading.text() },
    mode: "",
    tools: options(tab),
    first: dimension(tab),
    controls: html`${choosers(tab)}${figures(tab)}`,
    cards: below(tab),
    buttons: html`${button("saveImage", "save", tab.saveImage)}${button("saveFigures", "figures", tab.saveFigures)}`,
    more: "more.text",
  });
