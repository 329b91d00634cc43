// "Latent space", below: the ELBO of the picture at hand as a bar of two terms, by beta or by latent dimension.

import { html } from "../../page/vendor/lit-html.js";
import { newest } from "../../page/frame/dom.js";
import { field } from "../../page/frame/pieces.js";
import { oneOf, word } from "../../page/frame/state.js";
import { number, t } from "../../page/frame/text.js";
import { modelKey } from "../../page/maths/models.js";
import { pixels, unpack } from "../../page/draw/pixels.js";
import { Below } from "./below.js";
import { manyBetas } from "./beta.js";

const BY = ["beta", "d"];
const usual = (_, { row }) => (manyBetas(row)[0] ? "beta" : "d");
const WORDS = [
  word(
    "elbo",
    oneOf((_, { choices }) => choices),
    usual,
    "by",
  ),
];

export class Elbo extends Below {
  constructor(root, tab) {
    super(root, tab, WORDS, (own) => ({ by: usual(null, own) }));
    // rows: of the answer, each with what draws its picture; of: what they are of.
    Object.assign(this, { rows: [], of: null });
    this.enter();
  }

  hears = {
    language: () => this.draw(),
    picture: () => this.look(),
    domain: () => {
      this.by = usual(null, this);
      this.tell();
      this.enter();
    },
  };

  begin() {}

  enter() {
    Object.assign(this, { rows: [], of: null, figures: null });
    this.root.hidden = !this.row.kinds.vae?.length;
    if (this.root.hidden) return;
    this.draw();
    this.look();
    const { domain } = this;
    this.tab.aboutOf(domain).then((about) => {
      if (about.error || domain !== this.domain) return;
      this.figures = about.figures;
      this.draw();
    });
  }

  get choices() {
    return manyBetas(this.row)[0] ? BY : ["d"];
  }

  // [d, beta] of the rows.
  get models() {
    const [d, betas] = manyBetas(this.row);
    return this.by === "beta" ? betas.map((beta) => [d, beta]) : this.row.kinds.vae.map((n) => [n, 1]);
  }

  get whole() {
    return `${this.domain} ${this.by} ${this.tab.picture()?.x}`;
  }

  look = newest(async () => {
    const picture = this.tab.picture();
    if (!picture || this.root.hidden || this.of === this.whole) return;
    const { domain, models, row, whole: of } = this;
    const body = { x: picture.x, domain, models: models.map(([d, beta]) => ["vae", d, beta]) };
    const answer = await this.tab.newer("look", body, () => this.whole);
    if (!answer) return;
    this.of = of;
    const whole = (r) => r.kl.reduce((sum, nats) => sum + nats, 0);
    this.rows = answer.results.map((r) => ({ ...r, kl: whole(r), draw: pixels(unpack(r.x_hat), row.channels) }));
    this.draw();
  });

  choose = (by) => {
    Object.assign(this, { by, rows: [], of: null });
    this.draw();
    this.tell();
    this.look();
  };

  // ---- views -------------------------------------------------------------------------------------------------

  bar([d, beta]) {
    const result = this.rows.find((r) => r.d === d && r.beta === beta);
    const active = this.figures?.[modelKey("vae", d, beta)]?.active;
    const name = this.by === "beta" ? `β = ${beta}` : t("dimension.value", { d });
    const most = Math.max(...this.rows.map((r) => r.distortion + r.kl));
    const share = (nats) => `${((100 * nats) / most).toFixed(2)}%`;
    const own = result && {
      rec: number(result.distortion, 1),
      kl: number(result.kl, 1),
      total: number(result.distortion + result.kl, 1),
      psnr: number(result.psnr, 1),
    };
    return html`<li class="vd-bound-row" data-d=${d} data-beta=${beta}>
      <div class="vd-picture"><canvas class="vd-pixels" width="28" height="28" role="img" aria-label="${t("made.title")}: ${name}" .draw=${result?.draw}></canvas></div>
      <div class="vd-bound-main">
        <p><b>${name}</b> <span class="vd-note">${active ? t("elbo.active", { n: active.filter(Boolean).length, d }) : ""}</span>
          <span class="vd-bound-psnr">${own ? `${own.psnr} dB` : ""}</span></p>
        <div class="vd-bound-bar" aria-hidden="true"><i class="vd-bound-rec" style="width: ${result ? share(result.distortion) : 0}"></i><i
          class="vd-bound-kl" style="width: ${result ? share(result.kl) : 0}"></i></div>
        <p class="vd-bound-sum">${own ? html`<span class="vd-c-rec">${own.rec}</span> + <span class="vd-c-kl">${own.kl}</span> = <b>${own.total}</b> ${t("nats")}` : ""}</p>
      </div></li>`;
  }

  // Why more numbers are not always better.
  get why() {
    if (this.by === "beta") return t("elbo.why.beta");
    const d = this.row.kinds.vae.at(-1);
    const active = this.figures?.[modelKey("vae", d, 1)]?.active;
    return active ? t("elbo.why.d", { d, active: active.filter(Boolean).length }) : "";
  }

  view() {
    const [d] = manyBetas(this.row);
    const options = BY.map((by) => {
      const disabled = !this.choices.includes(by);
      return { value: by, label: t(`elbo.by.${by}`), disabled, title: disabled ? t("beta.only") : "" };
    });
    const label = this.choices.length > 1 ? t("elbo.by") : `${t("elbo.by")} · ${t("beta.only")}`;
    return html`<section class="vd-card vd-bound">
  <header><h2>${t("elbo.title")}</h2><p>${t("elbo.what")}</p></header>
  <p class="vd-bound-formula">−log p(x) ≤ <span class="vd-c-rec">E<sub>q</sub>[−log p(x|z)]</span> + <span class="vd-c-kl">KL(q(z|x) ‖ p(z))</span> = −ELBO</p>
  <p class="vd-bound-legend"><span class="vd-c-rec">■ ${t("elbo.rec")}</span> <span class="vd-c-kl">■ ${t("elbo.kl")}</span></p>
  ${field({ part: "elboBy", name: "vd-latent-elbo", label, options, value: this.by, choose: this.choose })}
  <p class="vd-note">${this.by === "beta" ? t("elbo.at", { d }) : t("elbo.atone")}</p>
  <ol class="vd-bound-rows" data-part="elboRows" data-of=${this.of ? this.by : ""}>${this.models.map((m) => this.bar(m))}</ol>
  <p class="vd-bound-why" data-part="elboWhy">${this.why}</p>
</section>`;
  }
}
