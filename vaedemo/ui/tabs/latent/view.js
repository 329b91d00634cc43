// The markup of the tab "Latent space"; words come from text/ by their data-t keys.

import { message } from "../../page/frame/markup.js";

const ICONS = {
  upload: "M10 13V3M6 7l4-4 4 4M3 13v4h14v-4",
  draw: "M3 17l1-4L14 3l3 3L7 16z",
  camera: "M2 6h4l1-2h6l1 2h4v10H2zM10 8a3 3 0 1 0 .01 0",
  save: "M10 3v10M6 9l4 4 4-4M3 17h14",
  copyLink: "M8 12l4-4M9 6l2-2a3.5 3.5 0 0 1 5 5l-2 2M11 14l-2 2a3.5 3.5 0 0 1-5-5l2-2",
  noise: "M3 7h9l-3-3M17 13H8l3 3",
};

const icon = (name) => `<svg viewBox="0 0 20 20" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;

const button = (part, shape, text) => `
  <button type="button" class="vd-button" data-part="${part}" data-t-title="${text}.why">${icon(shape)}<span
    data-t="${text}.button"></span></button>`;

const choice = (part, label, extra = "") => `
  <div class="vd-field ${extra}" data-part="${part}Field"><span data-t="${label}"></span>
    <div class="vd-switch" data-part="${part}" role="radiogroup" data-t-label="${label}"></div></div>`;

const map = (kind) => `
  <figure class="vd-lat-map" data-kind="${kind}" data-part="${kind}Map">
    <figcaption><b data-t="kind.${kind}.long"></b><span class="vd-note" data-part="${kind}Note"></span><button type="button"
      class="vd-lat-save" data-part="${kind}Save" data-t-label="latent.save.why" data-t-title="latent.save.why">${icon("save")}</button></figcaption>
    <div class="vd-lat-frame">
      <canvas data-part="${kind}Still" role="presentation" aria-hidden="true"></canvas>
      <canvas data-part="${kind}Moving" role="application" tabindex="0" data-t-label="latent.${kind}.map.label"
        aria-describedby="vd-latent-${kind}"></canvas>
    </div>
  </figure>
  <figure class="vd-lat-picture" data-kind="${kind}">
    <figcaption><b data-t="latent.${kind}.decoded"></b><span class="vd-lat-mark" data-part="${kind}Mark"></span></figcaption>
    <div class="vd-picture"><canvas class="vd-pixels" data-part="${kind}Picture" width="28" height="28" role="img"
      data-t-label="latent.${kind}.picture.label"></canvas></div>
  </figure>
  <div class="vd-lat-readout" data-kind="${kind}">
    <p class="vd-lat-z"><b class="vd-c-z" data-part="${kind}Name">z</b> = (<span data-part="${kind}A"></span>, <span data-part="${kind}B"></span>)</p>
    <div class="vd-lat-near" data-part="${kind}Near"></div>
    <p class="vd-lat-far" data-part="${kind}Far"></p>
    <p class="vd-note" data-part="${kind}Why"></p>
    <output class="vd-lat-live" id="vd-latent-${kind}" data-part="${kind}Live" aria-live="polite"></output>
  </div>`;

const yours = `
  <figure class="vd-panel vd-panel-yours">
    <figcaption><b data-t="yours.title"></b></figcaption>
    <div class="vd-picture" data-part="yoursFrame"><img data-part="original" alt=""><canvas data-part="pad" class="vd-pad"
      width="280" height="280" role="img" tabindex="0" data-t-label="pad.label" hidden></canvas><video data-part="video"
      playsinline muted hidden></video><div class="vd-drop" data-t="drop.here"></div></div>
    <div class="vd-under">
      <span data-part="yoursHint" data-t="yours.hint"></span>
      <div class="vd-padtools" data-part="padTools" hidden>
        <button type="button" class="vd-small" data-part="pen" data-t="pen.button" aria-pressed="true"></button>
        <button type="button" class="vd-small" data-part="eraser" data-t="eraser.button" aria-pressed="false"></button>
        <button type="button" class="vd-small" data-part="undo" data-t="undo.button"></button>
        <button type="button" class="vd-small" data-part="clear" data-t="clear.button"></button>
      </div>
      <div class="vd-padtools" data-part="cameraTools" hidden>
        <button type="button" class="vd-small" data-part="freeze" data-t="freeze.button"></button>
      </div>
    </div>
    <div class="vd-sources">
      ${button("draw", "draw", "draw")}${button("upload", "upload", "upload")}${button("camera", "camera", "camera")}
      <input type="file" data-part="file" accept="image/*,.tif,.tiff" hidden>
    </div>
    <div class="vd-examples" data-part="examples" role="group" data-t-label="examples.label"></div>
  </figure>`;

const range = (part, label, min, max, step) => `
  <div class="vd-lat-range"><label for="vd-latent-${part}"><span data-t="${label}"></span> <b data-part="${part}Value"></b></label>
    <input type="range" class="vd-lat-slider" id="vd-latent-${part}" data-part="${part}" min="${min}" max="${max}" step="${step}"></div>`;

const taken = (part, label) => `
  <figure class="vd-lat-taken"><div class="vd-picture"><canvas class="vd-pixels" data-part="${part}" width="28" height="28"
    role="img" data-t-label="${label}"></canvas></div><figcaption data-t="${label}"></figcaption></figure>`;

const posterior = `
  <section class="vd-card vd-lat-yours">
    <header><h2 data-t="latent.yours.title"></h2><p data-t="latent.yours.why"></p></header>
    ${yours}
    <figure class="vd-lat-lens">
      <figcaption><b data-t="latent.lens.title"></b><span class="vd-note" data-part="lensNote"></span></figcaption>
      <div class="vd-picture"><canvas data-part="lens" role="img" aria-describedby="vd-latent-posterior"></canvas></div>
      <div class="vd-under" data-t="latent.lens.why"></div>
    </figure>
    <div class="vd-lat-draw">
      <p class="vd-lat-formula" aria-hidden="true"><b class="vd-c-z">z</b> = <b class="vd-c-mu">μ</b> + <b class="vd-c-sigma">σ</b> · <b
        class="vd-c-epsilon">ε</b></p>
      <p class="vd-note" data-t="latent.formula.why"></p>
      <table class="vd-lat-numbers" data-part="table"></table>
      <div class="vd-lat-ranges">
        ${range("noise", "latent.noise.label", 0, 3, 0.05)}${range("count", "latent.count.label", 1, 16, 1)}
        ${button("again", "noise", "latent.again")}
      </div>
      <output class="vd-lat-live" id="vd-latent-posterior" data-part="posteriorLive" aria-live="polite"></output>
    </div>
    <div class="vd-lat-result">
      ${taken("seen", "seen.title")}${taken("aeOwn", "latent.own.ae")}${taken("vaeOwn", "latent.own.vae")}
      <div class="vd-lat-samples" data-part="samples" role="group" data-t-label="latent.samples.label"></div>
    </div>
  </section>`;

export const markup = () => `
<div class="vd-lat">
  ${message}
  <section class="vd-lat-choosers">
    ${choice("domain", "domain.label")}${choice("view", "latent.view.label")}${choice("dims", "latent.dims.label")}
    ${choice("beta", "latent.beta.label")}${choice("spacing", "latent.spacing.label")}
  </section>
  <section class="vd-lat-maps" data-part="maps">
    <p class="vd-lat-picking" data-part="picking" role="status" hidden></p>
    ${map("ae")}${map("vae")}
    <div class="vd-lat-legend" data-part="legend" role="group" data-t-label="latent.legend.label"></div>
  </section>
  ${posterior}
  <section data-part="walks"></section>
  <section data-part="dimensions"></section>
  <section class="vd-take">${button("copyLink", "copyLink", "copyLink")}<span class="vd-note" data-part="copied" role="status"></span></section>
  <details class="vd-more"><summary data-t="more.title"></summary><div data-part="more"></div></details>
</div>`;
