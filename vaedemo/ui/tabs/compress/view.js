// The view of "Compress".

import { html, nothing } from "../../page/vendor/lit-html.js";
import { button, field, fileInput, sheet } from "../../page/frame/pieces.js";
import { number, t } from "../../page/frame/text.js";
import { photoFigures, sized } from "../../page/picture/photo.js";
import { COMPRESSED } from "../../page/picture/source.js";
import { MODES, WISHES, within } from "./state.js";

const UNITS = { quality: "", bytes: "B", bpp: "bpp", psnr: "dB" };
const STEPS = { quality: 1, bytes: 100, bpp: 0.05, psnr: 0.5 };

// Quality is slid; a size, a rate or a PSNR is typed, and searched for.
const wish = (tab) => {
  const { state } = tab;
  const { mode } = state;
  const { low, high } = WISHES[mode];
  const typed = (e) => tab.wish({ [mode]: within(mode, e.target.valueAsNumber) });
  return html`<div class="vd-cmp-wish">
    ${field({
      part: "mode",
      name: `${tab.prefix}-mode`,
      label: t("mode.label"),
      options: MODES.map((m) => ({ value: m, label: t(`mode.${m}`), title: t(`mode.${m}.why`) })),
      value: mode,
      choose: (m) => tab.choose(m),
    })}
    <label class="vd-field vd-cmp-typed" ?hidden=${mode === "quality"}><span>${mode === "quality" ? "" : t(`mode.${mode}.typed`)}</span><span><input type="number" data-part="typed" min=${low} max=${high}
      step=${STEPS[mode]} data-at=${state[mode]} @change=${typed}> ${UNITS[mode]}</span></label>
  </div>
  ${tab.photo.quality(mode === "quality" ? state.quality : (tab.answer?.quality ?? 0), mode !== "quality")}`;
};

// The search for a size, a rate or a PSNR, try by try.
const search = ({ tried, state, value }) => {
  if (state.mode === "quality" || !tried.length) return "";
  const met = (one) => {
    if (state.mode === "psnr") return one.psnr >= state.psnr;
    return one.bytes <= (state.mode === "bytes" ? state.bytes : Infinity);
  };
  const all = value.channels.at(-1);
  const say = (one) =>
    t(one.channels < Math.min(all, state.k) ? "search.fewer" : "search.tried", {
      k: one.channels,
      quality: number(one.quality, 0),
      size: one.psnr === null ? sized(one.bytes) : `${number(one.psnr, 1)} dB`,
    });
  return html`<span class="vd-note">${t("search.title")}</span>${tried.map(
    (one) => html`<span class="vd-cmp-try" data-met=${state.mode === "bpp" ? nothing : met(one)}>${say(one)}</span>`,
  )}`;
};

const openedFacts = ({ photo: { opened } }) => {
  if (!opened) return "";
  const values = {
    size: `${opened.width} × ${opened.height}`,
    bytes: sized(opened.bytes),
    quality: number(opened.quality, 0),
    k: opened.channels,
    coded: opened.coded,
  };
  const missing = opened.missing ? t("opened.missing", { n: opened.missing.toLocaleString(), part: opened.in_part }) : "";
  return html`<p class="vd-cmp-opened" data-part="opened" role="status">${t("opened.facts", values)} ${missing}</p>`;
};

const controls = (tab) => html`
  ${openedFacts(tab)}
  <div class="vd-cmp-controls" ?hidden=${Boolean(tab.photo.opened)}>
    ${wish(tab)}
    ${tab.photo.channels()}
    ${tab.photo.coding.view()}
    <p class="vd-cmp-search" data-part="search">${search(tab)}</p>
    ${photoFigures(tab.answer)}
    <p class="vd-note" data-part="changes">${tab.changes}</p>
  </div>`;

export const view = (tab) => {
  const { yours, photo } = tab;
  const { coding, opened } = photo;
  const [width, height] = photo.size;
  const ready = coding.ready;
  return sheet(tab, {
    kind: `vd-photo vd-cmp ${opened ? "vd-cmp-is-opened" : ""}`,
    style: `--shape: ${width / height}`,
    panels: html`${yours.panel()}${photo.panels()}`,
    readout: { id: "vd-cmp-readout", part: "readout", text: photo.reading || t("photo.hint") },
    mode: photo.modes(),
    sources: ["upload", "camera"],
    tools: html`${button("openFile", "upload", () => tab.p.vae.click())}${fileInput("vae", (file) => tab.openFile(file), COMPRESSED)}`,
    controls: controls(tab),
    cards: html`${tab.refining.view()}${tab.beside.view()}${tab.curves.view()}${tab.basis.view()}${tab.value.stacks.length ? tab.stacking.view() : ""}`,
    buttons: html`${button("saveFile", "save", photo.saveFile, { disabled: !ready })}${button("savePicture", "save", photo.savePicture, { disabled: !ready && !opened })}${button("saveImage", "save", photo.saveImage, { disabled: !ready })}`,
    more: "compress.more",
    facts: { most: tab.value.channels.at(-1) },
  });
};
