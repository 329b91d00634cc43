// One's own normal: pictures of one's own that are normal, and how far others are from them.

import { html } from "../../page/vendor/lit-html.js";
import { card, small } from "../../page/frame/pieces.js";
import { failure, t } from "../../page/frame/text.js";
import { unpack } from "../../page/draw/pixels.js";
import { ascending } from "../../page/maths/detection.js";
import { Many } from "../../page/picture/many.js";

export const floats = (base64) => new Float32Array(unpack(base64).buffer);

export class Own {
  // xs: the pictures, as the models of a domain see them; learnt: by latent dimension, {mean, factor, known: ascending distances of
  // each from the others}, null while it is asked for; told: {key, ...values} of a phrase, or null.
  constructor(tab) {
    Object.assign(this, { tab, domain: null, xs: [], learnt: new Map(), told: null });
    const { least, most } = tab.value.limits;
    this.limits = { least, most };
    this.many = new Many(tab, "own", {
      key: "odd.own",
      most,
      ask: () => ["x", { domain: this.domain }],
      began: (count, given) => {
        Object.assign(this, { domain: tab.state.domain, xs: [], learnt: new Map() });
        this.told = count < given ? { key: "odd.own.most", most, given } : null;
        if (tab.state.normal === "own") tab.choose({ normal: "all" });
      },
      told: (answer) => this.xs.push(answer.x),
      ended: () => this.read(),
    });
  }

  // All files are read.
  read() {
    const { tab, domain, xs } = this;
    if (!this.there(domain)) {
      this.told = { key: "odd.own.few", ...this.limits, n: xs.length };
      return tab.show();
    }
    // Where another domain was chosen meanwhile, it can be chosen once that one is back.
    return tab.state.domain === domain ? tab.choose({ normal: "own", d: tab.row.few }) : tab.show();
  }

  // Whether there are pictures enough of a domain.
  there(domain) {
    return this.domain === domain && !this.many.running && this.xs.length >= this.limits.least;
  }

  // What is learnt by the model of a state, or null; it is asked for where it is not.
  of({ domain, d }) {
    if (!this.there(domain)) return null;
    if (!this.learnt.has(d)) this.learn(d);
    return this.learnt.get(d);
  }

  async learn(d) {
    const { tab, domain, xs, learnt } = this;
    learnt.set(d, null);
    const answer = await tab.ask("normal", { domain, d, xs });
    if (this.learnt !== learnt) return;
    if (answer.error) {
      learnt.delete(d);
      if (tab.state.normal === "own") tab.choose({ normal: "all" });
      return void tab.say(failure(answer));
    }
    const [mean, factor, left] = ["mean", "factor", "left_out"].map((name) => floats(answer[name]));
    learnt.set(d, { mean, factor, known: ascending(left) });
    tab.show();
  }

  forget = () => {
    this.many.forget();
    Object.assign(this, { domain: null, xs: [], learnt: new Map(), told: null });
    if (this.tab.state.normal === "own") this.tab.choose({ normal: "all" });
    else this.tab.show();
  };

  say() {
    const { tab, told, domain, xs, limits } = this;
    if (this.many.running) return "";
    if (told) return t(told.key, told);
    if (!this.there(domain)) return t("odd.own.hint", limits);
    return t(tab.state.normal === "own" ? "odd.own.done" : "odd.own.kept", { n: xs.length, d: tab.state.d, domain: t(`domain.${domain}`) });
  }

  view() {
    const { limits, xs } = this;
    return card(
      "vd-odd-own",
      "odd.own",
      t("odd.own.why", limits),
      html`${this.many.view()}<p class="vd-note" data-part="ownTold" role="status">${this.say()}</p>
      ${small("ownForget", this.forget, { key: "odd.own.forget", disabled: !xs.length })}`,
    );
  }
}
