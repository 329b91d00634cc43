// The view of "Train".

import { html, nothing } from "../../page/vendor/lit-html.js";
import { blank, fromUri } from "../../page/draw/pixels.js";
import {
  button,
  card,
  choices,
  chooser,
  figure,
  fileInput,
  message,
  moreFold,
  optionsOf,
  slider,
  small,
  takeRow,
} from "../../page/frame/pieces.js";
import { number, significant, t } from "../../page/frame/text.js";
import { uri } from "./map.js";
import { until } from "./record.js";
import { pipeline } from "./pipeline.js";
import { BETAS, CODES, DEPTHS, DIMS, LIKELIHOODS, LOSSES, NETS, PRESETS, RATES, STEPS, WIDTHS, presetOf } from "./state.js";

const LOOKS = ["both", "points", "pictures"];

const presets = (tab) => {
  const at = presetOf(tab.state);
  const options = Object.keys(PRESETS).map((name) => ({
    value: name,
    label: t(`train.preset.${name}`),
    title: t(`train.preset.${name}.why`),
  }));
  return html`<section class="vd-train-presets">
    ${choices({ part: "preset", name: `${tab.prefix}-preset`, label: t("train.preset.label"), options, value: at, choose: tab.takePreset })}
    <p class="vd-note" data-part="presetWhy">${at ? t(`train.preset.${at}.why`) : t("train.preset.own")}</p>
  </section>`;
};

const settings = (tab) => {
  const { state } = tab;
  const vae = state.code === "vae";
  const with_ = (list, value) => (list.includes(value) ? list : [...list, value].sort((a, b) => a - b));
  const field = (word, options, more = {}) =>
    chooser(tab, word, options, { label: t(`train.${word}.label`), little: true, choose: (v) => tab.choose({ [word]: v }), ...more });
  const numbers = (word, list, more) => field(word, optionsOf(with_(list, state[word])), more);
  const seed = html`<label class="vd-field vd-train-seed"><span>${t("train.seed.label")}</span><input type="number" class="vd-number" min="0" max="2147483647"
    data-part="seed" data-at=${state.seed} @change=${(e) => tab.choose({ seed: Math.max(0, Math.min(2147483647, Math.floor(Number(e.target.value) || 0))) })}></label>`;
  return html`<div class="vd-train-settings" data-part="settings">
    ${field("data", optionsOf(Object.keys(tab.table), "train.data"))}
    ${field(
      "few",
      [
        { value: false, label: t("train.few.all") },
        { value: true, label: String(tab.value.limits.few) },
      ],
      { hidden: state.data === "own" },
    )}
    ${field("net", optionsOf(NETS, "train.net"))}
    ${field("code", optionsOf(CODES, "kind"))}
    ${numbers("d", DIMS)}
    <details class="vd-train-rest" ?open=${matchMedia("(min-width: 60rem)").matches}><summary>${t("train.rest")}</summary><div>
      ${numbers("width", WIDTHS)}
      ${numbers("depth", DEPTHS)}
      ${numbers("beta", BETAS, { hidden: !vae })}
      ${field("loss", optionsOf(LOSSES, "train.loss"))}
      ${field(
        "likelihood",
        optionsOf(LIKELIHOODS, "train.likelihood").filter((o) => state.data !== "own" || o.value !== "bernoulli"),
        { hidden: !vae },
      )}
      ${numbers("lr", RATES)}
      ${numbers("steps", STEPS)}
      ${seed}
    </div></details>
  </div>`;
};

const status = (tab) => {
  const run = tab.again ?? tab.run;
  if (!run || run.state === "untrained") return t("train.status.none");
  if (run.why) return "";
  if (run.replayed && !run.over) return t("train.status.replayed", { step: run.replayed.step, of: run.replayed.of });
  if (run.state === "waiting") return t("train.status.waiting", { place: run.place });
  return t(`train.status.${run.state}`);
};

const controls = (tab) => {
  const { run, going } = tab;
  const paused = run?.state === "paused";
  const active = run && !run.over && ["running", "paused"].includes(run.state);
  return html`<div class="vd-train-controls">
    <button type="button" class="vd-button vd-train-start" data-part="start" ?disabled=${!tab.ready} @click=${tab.begun}>${t(going || run?.name ? "train.again" : "train.start")}</button>
    ${small("pause", tab.pause, { key: paused ? "train.go" : "train.pause", disabled: !active })}
    ${small("step", tab.step, { key: "train.step", disabled: !paused })}
    ${small("stop", tab.halt, { key: "train.stop", disabled: !tab.again && (!run || run.over) })}
    <span class="vd-note" data-part="status" role="status">${tab.ready ? status(tab) : t("train.own.hint", tab.value.limits)}</span>
  </div>`;
};

const figures = (tab) => {
  const { moment, run } = tab;
  const vae = run?.settings.code === "vae";
  const percent = (v) => (v === undefined ? "" : `${number(100 * v, 1)} %`);
  const nats = (v) => (Number.isFinite(v) ? number(v, 1) : "");
  const sigma = moment?.noise === undefined ? "" : t("train.noise", { sigma: number(moment.noise, 3) });
  return html`<dl class="vd-figures vd-train-figures">
    ${figure({ part: "distortion", key: "train.distortion", value: nats(moment?.distortion), unit: vae ? " nat" : "", aside: sigma })}
    ${figure({ part: "kl", key: "train.kl", value: vae ? nats(moment?.kl) : "", unit: vae && moment?.kl !== undefined ? " nat" : "", aside: run && !vae ? t("train.nokl") : "" })}
    ${figure({ part: "active", key: "train.active", value: moment ? `${moment.active} / ${run.settings.d}` : "" })}
    ${figure({ part: "right", key: "train.right", value: percent(moment?.right), aside: moment?.right_unseen === undefined ? "" : t("train.unseen", { value: percent(moment.right_unseen) }) })}
  </dl>`;
};

// Whether the map's middle is the origin.
const centred = ({ centre }) => centre.every((v) => Math.abs(v) < 0.005);

const stage = (tab) => {
  const { moment, run, last } = tab;
  const at = tab.at === null ? Math.max(0, last) : until(run.moments, tab.at);
  const rows = moment ? fromUri(uri(moment.rows)) : blank;
  const where = moment ? t("train.at", { step: number(moment.step, 0) }) : "";
  return html`<section class="vd-train-stage">
    <figure class="vd-train-map"><figcaption><b>${t("train.map")}</b><span class="vd-note">${moment ? t(centred(moment) ? "train.map.span" : "train.map.around", { span: significant(moment.span, 2) }) : ""}</span></figcaption>
      <canvas data-part="map" width="560" height="560" role="img" aria-label=${t("train.map.label")} .draw=${tab.drawing() ?? blank}></canvas>
      ${choices({
        part: "look",
        name: `${tab.prefix}-look`,
        label: t("train.look.label"),
        options: optionsOf(LOOKS, "train.look"),
        value: tab.look,
        little: true,
        choose: (look) => {
          tab.look = look;
          tab.show();
        },
      })}
    </figure>
    <div class="vd-train-side">
      <figure class="vd-train-rows"><figcaption><b>${t("train.rows")}</b><span class="vd-note">${tab.run && tab.run.settings.data !== "own" ? t("train.rows.four") : ""}</span></figcaption>
        <canvas data-part="originals" width="224" height="28" role="img" aria-label=${t("train.originals.label")} .draw=${tab.originals() ?? blank}></canvas>
        <canvas data-part="rows" width="224" height="28" role="img" aria-label=${t("train.rows.label")} .draw=${tab.keptDraw("rows", rows)}></canvas></figure>
      ${figures(tab)}
      <div data-part="curve" class="vd-train-curve"></div>
    </div>
    <div class="vd-train-scrub">
      ${slider({ part: "moment", id: "vd-train-moment", label: t("train.scrub"), value: where, why: t("train.scrub.why"), max: Math.max(1, last), at, text: where, input: tab.scrub, disabled: last < 1 })}
      ${tab.runs.length > 1 ? choices({ part: "which", name: `${tab.prefix}-which`, label: t("train.which"), options: [0, 1].map((i) => ({ value: i, label: t(i ? "train.run.fork" : "train.run.main") })), value: tab.shown, little: true, choose: tab.showRun }) : nothing}
      ${forking(tab, run)}
    </div>
  </section>`;
};

const VALUES = { beta: BETAS, lr: RATES, loss: LOSSES };

const forking = (tab, run) => {
  const { forking: f } = tab;
  const names = run?.settings.code === "ae" ? ["lr", "loss"] : ["beta", "lr", "loss"];
  if (!names.includes(f.name)) Object.assign(f, { name: names[0], value: VALUES[names[0]].at(-1) });
  const pick = (patch) => {
    Object.assign(f, patch);
    tab.show();
  };
  const options = f.name === "loss" ? optionsOf(LOSSES, "train.loss") : optionsOf(VALUES[f.name]);
  return html`<div class="vd-train-fork" ?hidden=${!tab.moment?.step}>
    <span>${t("train.fork.label")}</span>
    ${choices({ part: "forkName", name: `${tab.prefix}-forkname`, label: t("train.fork.name"), options: names.map((n) => ({ value: n, label: t(`train.${n}.label`) })), value: f.name, little: true, choose: (name) => pick({ name, value: VALUES[name].at(-1) }) })}
    ${choices({ part: "forkValue", name: `${tab.prefix}-forkvalue`, label: t("train.fork.value"), options, value: f.value, little: true, choose: (value) => pick({ value }) })}
    ${small("fork", tab.fork, { key: "train.fork" })}
  </div>`;
};

const own = (tab) => {
  const { limits } = tab.value;
  const pick = (patch) => {
    tab.many.forget();
    Object.assign(tab, patch, { xs: [], told: "" });
    tab.show();
  };
  return card(
    "vd-train-own",
    "train.own",
    t("train.own.why", limits),
    html`<div class="vd-choosers">
        ${choices({ part: "size", name: `${tab.prefix}-size`, label: t("train.size.label"), options: limits.sizes.map((s) => ({ value: s, label: `${s} × ${s}` })), value: tab.size, little: true, choose: (size) => pick({ size }) })}
        ${choices({ part: "channels", name: `${tab.prefix}-channels`, label: t("train.channels.label"), options: [3, 1].map((c) => ({ value: c, label: t(`train.channels.${c}`) })), value: tab.channels, little: true, choose: (channels) => pick({ channels }) })}
      </div>${tab.many.view()}
      <p class="vd-note" data-part="ownTold" role="status">${tab.told || t("train.own.count", { n: tab.xs.length })}</p>`,
  );
};

// Where the model that was lent can be seen.
const lentTo = ({ lent, visit }) => {
  if (!lent) return html`<p class="vd-train-lent" data-part="lent" role="status"></p>`;
  const words = { name: t(`domain.${lent.domain}`), step: number(lent.step, 0) };
  return html`<p class="vd-train-lent" data-part="lent" role="status"><span>${t("train.lent", words)}</span>${lent.tabs.map(
    (name) => html`<button type="button" class="vd-small" data-tab=${name} @click=${() => visit(name)}>${t(`tab.${name}`)}</button>`,
  )}</p>`;
};

export const view = (tab) => html`
<div class="vd-rec vd-train">
  ${message(tab)}
  ${tab.run?.why ? html`<div class="vd-message" role="alert" data-part="why"><span>${tab.failed(tab.run.why)}</span></div>` : nothing}
  ${presets(tab)}
  <div class="vd-train-work">${settings(tab)}<div class="vd-train-right">${controls(tab)}${stage(tab)}</div></div>
  ${pipeline(tab)}
  ${own(tab)}
  ${takeRow(
    tab,
    html`${button("lend", "share", tab.lend, { key: "train.lend", disabled: !tab.moment?.step || tab.busy })}
    ${button("keep", "save", tab.keep, { key: "train.keep", disabled: !tab.moment?.step || tab.busy })}
    ${button("openKept", "upload", () => tab.p.keptFile.click(), { key: "train.open" })}${fileInput("keptFile", tab.openKept, ".safetensors")}`,
  )}
  ${lentTo(tab)}
  ${moreFold("train.more", {})}
</div>`;
