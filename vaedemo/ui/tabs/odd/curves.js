// The ROC curve and the precision-recall curve, each with the threshold's point moving on it.

import { html } from "../../page/vendor/lit-html.js";
import { card } from "../../page/frame/pieces.js";
import { number, t } from "../../page/frame/text.js";
import { Plot } from "../../page/draw/plot.js";
import { auroc, operating, rates, roc } from "../../page/maths/detection.js";
import { percent } from "./line.js";

export const areaText = ({ value, error }) => t("odd.area", { value: number(100 * value, 1), error: number(100 * error, 1) });

export class Curves {
  constructor(tab) {
    Object.assign(this, { tab, key: null, points: [], area: null });
  }

  compute() {
    const { sets, setsKey } = this.tab;
    if (this.key === setsKey) return;
    const any = sets.foreign.length > 1;
    Object.assign(this, {
      key: setsKey,
      points: any ? roc(sets.known, sets.foreign) : [],
      area: any ? auroc(sets.known, sets.foreign) : null,
    });
  }

  show() {
    const { tab } = this;
    if (!tab.sets) return;
    this.compute();
    const plot = (part, title) =>
      new Plot(tab.p[part], { height: 260, name: () => t(title), hint: () => t("odd.curves.hint"), choose: (p) => tab.move(p.limit) });
    this.rocPlot ??= plot("roc", "odd.roc");
    this.prPlot ??= plot("pr", "odd.pr");
    const at = rates(tab.sets.known, tab.sets.foreign, tab.limit);
    const say = (p) => t("odd.curves.point", { alarms: percent(p.alarms), found: percent(p.found) });
    const line = this.points.map((p) => ({ x: 100 * p.alarms, y: 100 * p.found, limit: p.limit, text: say(p) }));
    const axes = (x, y) => ({ x: { title: t(x), digits: 0 }, y: { title: t(y), digits: 0 } });
    const one = (points) => [{ name: "", tone: 0, dots: false, points }];
    const some = this.points.length > 0;
    this.rocPlot.show({
      series: one(line),
      ...axes("odd.roc.x", "odd.roc.y"),
      here: some ? { x: 100 * at.alarms, y: 100 * at.found } : null,
    });
    const right = (p) => operating(p, tab.state.base).precision;
    const pr = this.points.filter((p) => right(p) !== null);
    const tell = (p) => t("odd.curves.right", { found: percent(p.found), right: percent(right(p)) });
    const points = pr.map((p) => ({ x: 100 * p.found, y: 100 * right(p), limit: p.limit, text: tell(p) }));
    const here = some && right(at) !== null ? { x: 100 * at.found, y: 100 * right(at) } : null;
    this.prPlot.show({ series: one(points), ...axes("odd.pr.x", "odd.pr.y"), here });
  }

  view() {
    const { tab } = this;
    if (tab.sets) this.compute();
    const why = this.area ? areaText(this.area) : t("odd.noforeign");
    const away = tab.state.normal === "own" ? "vd-odd-away" : "";
    return card(
      `vd-odd-curves ${away}`,
      "odd.curves",
      why,
      html`<div class="vd-odd-two"><figure><figcaption>${t("odd.roc")}</figcaption><div data-part="roc"></div></figure>
        <figure><figcaption>${t("odd.pr")}</figcaption><div data-part="pr"></div></figure></div>`,
    );
  }
}
