// The threshold: histograms of known and foreign scores, the line between them, and what it does to a thousand pictures.

import { html } from "../../page/vendor/lit-html.js";
import { card, chooser, figure, optionsOf, slider, small } from "../../page/frame/pieces.js";
import { className, number, significant, t } from "../../page/frame/text.js";
import { Histogram } from "../../page/draw/histogram.js";
import { axisOf, histogram, operating, rates, wilson } from "../../page/maths/detection.js";
import { BASES, SHARES } from "./state.js";

const MOST_BINS = 60;
const STEPS = 1000;

export const percent = (share, digits = 1) => `${number(100 * share, digits)} %`;
export const scoreText = (value) => (Math.abs(value) >= 1000 ? number(value, 0) : significant(value, 3));

// Shares from one in a thousand to half, evenly on a logarithmic slider.
const [RAREST, OFTENEST] = BASES;
const shareAt = (at) => RAREST * (OFTENEST / RAREST) ** (at / STEPS);
const placeOf = (share) => Math.round((STEPS * Math.log(share / RAREST)) / Math.log(OFTENEST / RAREST));

export class Line {
  constructor(tab) {
    this.tab = tab;
  }

  // The axis, and the histograms on it; they stay while the line moves.
  get parts() {
    const { sets, setsKey } = this.tab;
    return this.tab.kept("line", setsKey, () => {
      const axis = axisOf([sets.known, sets.foreign]);
      const bins = Math.min(MOST_BINS, Math.round(3 * Math.sqrt(sets.known.length)));
      const kinds = ["known", "foreign"].filter((kind) => sets[kind].length);
      return { axis, sets: kinds.map((kind) => ({ kind, shares: histogram(sets[kind], axis, bins) })) };
    });
  }

  show() {
    const { tab } = this;
    if (!tab.sets) return;
    this.chart ??= new Histogram(tab.p.histogram, {
      name: () => t("odd.line.label", { score: t(`score.${tab.state.score}`) }),
      text: (limit) => t("odd.line.value", { limit: scoreText(limit), counts: this.counts }),
      move: (limit) => tab.move(limit),
    });
    const { axis, sets } = this.parts;
    const mine = tab.mine === null ? null : { score: tab.mine, name: t("odd.mine") };
    const { score } = tab.state;
    const title = `${t(`score.${score}`)}, ${t(`unit.${tab.unit}`)}`;
    this.chart.show({ axis, sets, limit: tab.limit, mine, title, line: t("odd.threshold", { limit: scoreText(tab.limit) }) });
  }

  get rates() {
    const { sets, limit } = this.tab;
    return rates(sets.known, sets.foreign, limit);
  }

  get counts() {
    const { alarms, missed } = operating(this.rates, this.tab.state.base);
    const key = this.tab.sets.foreign.length ? "odd.counts" : "odd.counts.known";
    return t(key, { alarms: number(alarms, 0), missed: number(missed, 0) });
  }

  legend() {
    const { sets } = this.tab;
    return html`<p class="vd-odd-legend"><span><i class="vd-odd-known"></i>${sets.knownName}</span>
      ${sets.foreign.length ? html`<span><i class="vd-odd-foreign"></i>${sets.foreignName}</span>` : ""}</p>`;
  }

  // Of a thousand pictures.
  figures() {
    const { tab } = this;
    const { sets, state } = tab;
    const found = this.rates;
    const { alarms, missed, precision } = operating(found, state.base);
    const of = (share, n) => {
      const [low, high] = wilson(share, n);
      return t("odd.measured", { share: percent(share), low: number(100 * low, 1), high: number(100 * high, 1), n: number(n, 0) });
    };
    const any = sets.foreign.length > 0;
    return html`<dl class="vd-figures vd-odd-counts">
      ${figure({ part: "alarms", key: "odd.alarms", value: number(alarms, 1), aside: of(found.alarms, sets.known.length) })}
      ${figure({ part: "missed", key: "odd.missed", value: any ? number(missed, 1) : "–", aside: any ? of(1 - found.found, sets.foreign.length) : t("odd.noforeign") })}
      ${figure({ part: "right", key: "odd.right", value: any && precision !== null ? percent(precision, 0) : "–", aside: any ? t("odd.right.note") : "" })}
    </dl>`;
  }

  view() {
    const { tab } = this;
    const { state, sets, row } = tab;
    const there = Boolean(sets);
    const others = optionsOf(row.sets, "domain");
    return card(
      "vd-odd-line",
      "odd.line",
      t("odd.line.why", { share: percent(SHARES[state.normal], 0) }),
      html`
      <div class="vd-odd-linehead">${there ? this.legend() : ""}
        ${chooser(tab, "other", others, { label: t("odd.other.label"), little: true, away: state.normal !== "all", choose: (other) => tab.choose({ other }) })}</div>
      <div data-part="histogram"></div>
      ${slider({
        part: "base",
        id: "vd-odd-base",
        label: t("odd.base.label"),
        value: percent(state.base, state.base < 0.1 ? 1 : 0),
        why: t("odd.base.why"),
        max: STEPS,
        at: placeOf(state.base),
        input: (at) => tab.set({ base: Number(shareAt(at).toPrecision(2)) }),
      })}
      ${there ? this.figures() : ""}`,
      small("lineReset", () => tab.set({ at: null }), { key: "odd.reset.button", disabled: state.at === null }),
    );
  }
}

export const known = (tab) => {
  const { state, row } = tab;
  if (state.normal === "own") return t("odd.known.own");
  if (state.normal === "class") return t("odd.known.class", { name: className(row.classes[state.label]) });
  return t(`domain.${state.domain}`);
};
