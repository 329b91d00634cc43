// One's own normal: pictures of one's own that are normal, and how far others are from them.

import { html } from "../../page/vendor/lit-html.js";
import { card, small } from "../../page/frame/pieces.js";
import { failure, t } from "../../page/frame/text.js";
import { unpack } from "../../page/draw/pixels.js";
import { ascending } from "../../page/maths/detection.js";
import { Many } from "../../page/picture/many.js";

export const floats = (base64) => new Float32Array(unpack(base64).buffer);

export class Own {
  // learnt: {domain, d, mean, factor, known: ascending distances of each from the others}, or null.
  constructor(tab) {
    Object.assign(this, { tab, xs: [], learnt: null, told: "", about: null });
    const { least, most } = tab.value.limits;
    this.limits = { least, most };
    this.many = new Many(tab, "own", {
      key: "odd.own",
      most,
      ask: () => ["x", { domain: this.about.domain }],
      began: (count, given) => {
        const { domain } = tab.state;
        Object.assign(this, { xs: [], about: { domain, d: tab.row.few } });
        this.told = count < given ? t("odd.own.most", { most, given }) : "";
      },
      told: (answer) => this.xs.push(answer.x),
      ended: () => this.learn(),
    });
  }

  async learn() {
    const { tab, xs, about } = this;
    if (xs.length < this.limits.least) {
      this.told = t("odd.own.few", { ...this.limits, n: xs.length });
      return tab.show();
    }
    const answer = await tab.ask("normal", { ...about, xs });
    if (this.about !== about) return null;
    if (answer.error) return tab.say(failure(answer));
    const [mean, factor, left] = ["mean", "factor", "left_out"].map((name) => floats(answer[name]));
    this.learnt = { ...about, mean, factor, known: ascending(left) };
    this.told = "";
    return tab.choose({ normal: "own", d: about.d });
  }

  // The same pictures by another model of the domain.
  again(d) {
    this.about = { ...this.about, d };
    return this.learn();
  }

  // Of a domain's model; those of another one are of no use.
  of({ domain, d }) {
    return this.learnt?.domain === domain && this.learnt.d === d ? this.learnt : null;
  }

  forget() {
    this.many.forget();
    Object.assign(this, { xs: [], learnt: null, told: "", about: null });
  }

  view() {
    const { tab, learnt, told, limits } = this;
    const done = learnt
      ? t("odd.own.done", { n: learnt.known.length, d: learnt.d, domain: t(`domain.${learnt.domain}`) })
      : t("odd.own.hint", limits);
    return card(
      "vd-odd-own",
      "odd.own",
      t("odd.own.why", limits),
      html`${this.many.view()}<p class="vd-note" data-part="ownTold" role="status">${this.many.running ? "" : told || done}</p>
      ${small(
        "ownForget",
        () => {
          this.forget();
          tab.choose({ normal: "all" });
        },
        { key: "odd.own.forget", disabled: !learnt },
      )}`,
    );
  }
}
