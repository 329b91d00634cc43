// The view of "Odd one out".

import { html } from "../../page/vendor/lit-html.js";
import { LIMIT, gradient } from "../../page/draw/pixels.js";
import { button, chooser, figure, optionsOf, panel, scale, sheet } from "../../page/frame/pieces.js";
import { className, number, t } from "../../page/frame/text.js";
import { strangerShare } from "../../page/maths/detection.js";
import { exampleRow } from "../../page/picture/yours.js";
import { known, percent, scoreText } from "./line.js";
import { scoresOf } from "./state.js";

const canvas = (
  tab,
  name,
) => html`<canvas class="vd-pixels" data-part=${name} width="28" height="28" role="img" tabindex="0" aria-label=${t(`odd.${name}.label`)}
  aria-describedby="vd-odd-pixel"
  .draw=${tab.drawings[name]}></canvas>`;

const panels = (tab) => {
  const { row, yours, reading } = tab;
  const under = yours.picture?.inverted ? t("seen.inverted") : "";
  return html`${yours.panel()}
    ${panel("seen", canvas(tab, "seen"), { note: `${row.size} × ${row.size}${row.channels === 3 ? " × 3" : ""}`, under, reading })}
    ${panel("made", canvas(tab, "made"), { note: t("made.note", { d: tab.state.d }), under: t("kind.vae.long"), reading })}
    ${panel("error", canvas(tab, "error"), { note: t("error.absolute.note"), under: scale("0", gradient("absolute"), `≥ ${LIMIT}`), reading })}`;
};

const choosers = (tab) => {
  const { state, row } = tab;
  const normals = ["all", "class", ...(tab.own?.there(state.domain) ? ["own"] : [])];
  const classes = row.classes.map((c, i) => ({ value: i, label: className(c) }));
  const field = (word, options, more = {}) =>
    chooser(tab, word, options, { label: t(`odd.${word}.label`), little: true, choose: (v) => tab.choose({ [word]: v }), ...more });
  return html`<div class="vd-choosers">
      ${field("domain", optionsOf(Object.keys(tab.table), "domain"), { choose: tab.chooseDomain })}
      ${field("normal", optionsOf(normals, "odd.normal"))}
      ${field("d", optionsOf(row.dims), { label: t("dimension.label") })}
      ${field("label", classes, { hidden: state.normal !== "class" })}
    </div>
    <div class="vd-choosers">${field(
      "score",
      optionsOf(scoresOf(state, tab.value.units), "score").map((o) => ({ ...o, title: t(`score.${o.value}.why`) })),
    )}</div>`;
};

const figures = (tab) => {
  const { mine, sets, limit, state } = tab;
  const there = mine !== null && sets;
  const strange = there && mine > limit;
  const share = there ? strangerShare(sets.known, mine) : 0;
  return html`<dl class="vd-figures vd-odd-verdict" data-strange=${String(Boolean(strange))}>
    ${figure({ part: "value", key: "odd.score", value: there ? scoreText(mine) : "", aside: t(`unit.${tab.unit}`) })}
    ${figure({ part: "share", key: "odd.share", value: there ? percent(share, share < 0.0995 ? 1 : 0) : "", aside: there ? t("odd.share.of", { n: number(sets.known.length, 0), known: known(tab) }) : "" })}
    ${figure({ part: "verdict", key: "odd.verdict", value: there ? t(strange ? "odd.strange" : "odd.usual") : "", aside: t("odd.verdict.note", { limit: there ? scoreText(limit) : "" }) })}
  </dl>
  <p class="vd-note vd-odd-why" data-part="scoreWhy">${t(`score.${state.score}.why`)}</p>`;
};

// The known pictures nearest in the latent space, reconstructed.
const nearest = ({ answer, row }) => html`<div class="vd-field"><span>${t("odd.nearest.why")}</span><div class="vd-odd-near"
    data-part="near">${(answer?.near ?? []).map(
      (draw, i) =>
        html`<canvas class="vd-pixels" width=${row.size} height=${row.size} role="img" aria-label=${t("odd.nearest.one", { i: i + 1 })} .draw=${draw}></canvas>`,
    )}</div></div>`;

// Examples of foreign pictures, each a click away.
const strangers = (tab) => {
  const { state, row } = tab;
  const about = row.sets.filter((name) => tab.table[name]).map((name) => [name, tab.about(name)?.examples ?? []]);
  const chosen = tab.yours.picture?.example;
  return html`<div class="vd-odd-strangers" role="group" aria-label=${t("odd.strangers")}><span class="vd-note">${t("odd.strangers")}</span>
    <div class="vd-examples" data-part="strangers">${about.flatMap(([name, list]) =>
      exampleRow(list.slice(0, 4), state.of === name ? chosen : null, (example) => tab.showExample(name, example)),
    )}</div></div>`;
};

// The verdict, for screen readers.
const spoken = ({ mine, limit, unit, state }) => {
  if (mine === null) return "";
  const values = { score: t(`score.${state.score}`), value: scoreText(mine), unit: t(`unit.${unit}`) };
  return t("odd.spoken", { ...values, verdict: t(mine > limit ? "odd.strange" : "odd.usual") });
};

// How many pictures the models have scored.
const counts = ({ reference, state }) => {
  const of = (set) => (reference?.scores[set] ? number(reference.scores[set].error.length, 0) : "");
  return { known: of(state.domain), foreign: of(state.other) };
};

export const view = (tab) =>
  sheet(tab, {
    kind: "vd-odd",
    panels: panels(tab),
    readout: { id: "vd-odd-pixel", part: "pixel", text: tab.reading.text() },
    mode: "",
    sources: ["upload", "draw", "camera"],
    tools: strangers(tab),
    controls: html`<output class="vd-spoken" data-part="readout" aria-live="polite">${spoken(tab)}</output>${choosers(tab)}${figures(tab)}${nearest(tab)}`,
    cards: html`${tab.line.view()}${tab.curves.view()}${tab.each.view()}${tab.painted.view()}${tab.own.view()}${tab.batch.view()}`,
    buttons: html`${button("saveImage", "save", tab.saveImage)}${button("saveFigures", "figures", tab.saveFigures)}`,
    more: "odd.more",
    facts: counts(tab),
  });
