// Every score of the pictures at hand as a small histogram, and the failure that one of them is famous for.

import { html } from "../../page/vendor/lit-html.js";
import { card } from "../../page/frame/pieces.js";
import { t } from "../../page/frame/text.js";
import { ascending, auroc, axisOf, histogram, shareOn } from "../../page/maths/detection.js";
import { staircase } from "../../page/draw/histogram.js";
import { areaText } from "./curves.js";

const BINS = 36;
const BOX = { left: 0, width: 120, base: 40, height: 38 };
const WHY = { all: "odd.each.why", class: "odd.each.class", own: "odd.each.own" };
// Pairs of which the likelihood fails, and what repairs it: (known, foreign, score).
export const STORY = [
  ["fashion", "shapes", "elbo"],
  ["objects", "digits", "elbo"],
  ["objects", "digits", "typicality"],
  ["fashion", "shapes", "ratio"],
  ["objects", "digits", "joint"],
];

export class Each {
  constructor(tab) {
    this.tab = tab;
  }

  // [{name, area, paths, axis}] of every score there is, made once for a pair of sets.
  get all() {
    const { tab } = this;
    return tab.kept("each", tab.pairsKey, () => {
      const order = Object.keys(tab.value.units);
      const sorted = [...tab.pairs].sort((a, b) => order.indexOf(a[0]) - order.indexOf(b[0]));
      return sorted.map(([name, known, foreign]) => {
        const [a, b] = [ascending(known), ascending(foreign)];
        const axis = axisOf([a, b]);
        const shares = [histogram(a, axis, BINS), histogram(b, axis, BINS)];
        const top = Math.max(...shares.flatMap((s) => [...s]));
        return { name, axis, area: auroc(a, b), paths: shares.map((s) => staircase(s, top, BOX)) };
      });
    });
  }

  cell({ name, area, paths, axis }) {
    const { tab } = this;
    const mine = tab.scoreOf(name);
    const at = mine === null ? -9 : Math.min(1, Math.max(0, shareOn(axis, mine))) * BOX.width;
    const text = areaText(area);
    return html`<button type="button" class="vd-odd-cell" data-score=${name} aria-pressed=${String(name === tab.state.score)}
      title=${t(`score.${name}.why`)} @click=${() => tab.choose({ score: name })}><b>${t(`score.${name}`)}</b><svg viewBox="0 0 120 42"
      preserveAspectRatio="none" aria-hidden="true"><path class="vd-hist-known" d=${paths[0]}></path><path class="vd-hist-foreign"
      d=${paths[1]}></path><path class="vd-hist-mine" d="M${at} 40l-3 -8h6z"></path></svg><span class=${area.value < 0.5 ? "vd-odd-failed" : ""}>${text}</span></button>`;
  }

  // The steps of the story that can be shown here.
  story() {
    const { tab } = this;
    const { state } = tab;
    const there = STORY.filter(([domain, other]) => tab.table[domain]?.sets.includes(other));
    const on = ([domain, other, score]) =>
      state.normal === "all" && state.domain === domain && state.other === other && state.score === score;
    return html`<div class="vd-odd-story"><h3>${t("odd.story.title")}</h3><p>${t("odd.story.why")}</p>
      <div class="vd-odd-steps">${there.map((step) => {
        const [domain, other, score] = step;
        const say = { score: t(`score.${score}`), known: t(`domain.${domain}`), foreign: t(`domain.${other}`) };
        return html`<button type="button" class="vd-small" aria-pressed=${String(on(step))} data-story=${step.join("-")}
          @click=${() => tab.choose({ domain, other, score, normal: "all" })}>${t("odd.story.step", say)}</button>`;
      })}</div><p class="vd-note" data-part="storyTold">${t("odd.story.repair")}</p></div>`;
  }

  view() {
    const { tab } = this;
    const there = tab.sets && tab.state.normal !== "own";
    return card(
      "vd-odd-each",
      "odd.each",
      t(WHY[tab.state.normal]),
      html`<div class="vd-odd-cells" data-part="cells">${there ? this.all.map((one) => this.cell(one)) : ""}</div>${this.story()}`,
    );
  }
}
