// The ROC curve and the precision-recall curve, each with the threshold's point moving on it.

import { html } from "../../page/vendor/lit-html.js";
import { card } from "../../page/frame/pieces.js";
import { language, number, t } from "../../page/frame/text.js";
import { Plot } from "../../page/draw/plot.js";
import { auroc, operating, rates, roc as rocOf } from "../../page/maths/detection.js";
import { percent } from "./line.js";

export const areaText = ({ value, error }) => t("odd.area", { value: number(100 * value, 1), error: number(100 * error, 1) });

export class Curves {
  constructor(tab) {
    this.tab = tab;
  }

  // Points of the ROC curve, and the area under it, null where there are no foreign pictures.
  get found() {
    const { sets, setsKey } = this.tab;
    const any = sets?.foreign.length > 1;
    if (!any) return { points: [], area: null };
    return this.tab.kept("curves", setsKey, () => ({ points: rocOf(sets.known, sets.foreign), area: auroc(sets.known, sets.foreign) }));
  }

  get area() {
    return this.found.area;
  }

  show() {
    const { tab } = this;
    if (!tab.sets) return;
    const plot = (part, title) =>
      new Plot(tab.p[part], { height: 260, name: () => t(title), hint: () => t("odd.curves.hint"), choose: (p) => tab.move(p.limit) });
    this.rocPlot ??= plot("roc", "odd.roc");
    this.prPlot ??= plot("pr", "odd.pr");
    const at = rates(tab.sets.known, tab.sets.foreign, tab.limit);
    const right = (p) => operating(p, tab.state.base).precision;
    const axes = (x, y, digits = 0) => ({ x: { title: t(x), digits: 0 }, y: { title: t(y), digits } });
    const some = this.area !== null;
    const [roc, pr] = this.lines(right);
    this.rocPlot.show({ series: roc, ...axes("odd.roc.x", "odd.roc.y"), here: some ? { x: 100 * at.alarms, y: 100 * at.found } : null });
    const here = some && right(at) !== null ? { x: 100 * at.found, y: 100 * right(at) } : null;
    this.prPlot.show({ series: pr, ...axes("odd.pr.x", "odd.pr.y", 1), here });
  }

  // The series of both plots, the same ones as long as they do not change.
  lines(right) {
    const { tab } = this;
    const { points } = this.found;
    return tab.kept("plots", `${tab.setsKey} ${tab.state.base} ${language()}`, () => {
      const one = (list) => [{ name: "", tone: 0, dots: false, points: list }];
      const say = {
        roc: (p) => t("odd.curves.point", { alarms: percent(p.alarms), found: percent(p.found) }),
        pr: (p) => t("odd.curves.right", { found: percent(p.found), right: percent(right(p)) }),
      };
      const roc = points.map((p) => ({ x: 100 * p.alarms, y: 100 * p.found, limit: p.limit, text: say.roc(p) }));
      const told = points.filter((p) => right(p) !== null);
      const pr = told.map((p) => ({ x: 100 * p.found, y: 100 * right(p), limit: p.limit, text: say.pr(p) }));
      return [one(roc), one(pr)];
    });
  }

  view() {
    const { tab } = this;
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
