// The markup of the tab "Reconstruct"; words come from text/ by their data-t keys.

import { ICONS, button, message, panel, sources, yoursPanel } from "../../page/frame/pieces.js";

const canvas = (name) => `
  <canvas class="vd-pixels" data-part="${name}" width="28" height="28" role="img" tabindex="0"
    data-t-label="${name}.label" aria-describedby="vd-readout"></canvas><i class="vd-cursor" hidden></i>`;

export const markup = () => `
<div class="vd-rec">
  ${message}
  <section class="vd-top">
    <div class="vd-panels">
      ${yoursPanel()}
      ${panel("seen", canvas("seen"))}
      ${panel("made", canvas("made"))}
      ${panel(
        "error",
        canvas("error"),
        `<div class="vd-scale"><span data-part="scaleLow"></span><i data-part="scaleBar"></i><span
          data-part="scaleHigh"></span></div>`,
      )}
    </div>
    <output class="vd-readout" id="vd-readout" data-part="readout" aria-live="polite"></output>
    <div class="vd-errormode"><div class="vd-switch vd-switch-small" data-part="errorMode" role="radiogroup"
      data-t-label="errormode.label"></div></div>
    <div class="vd-tools">
      ${sources}
      <div class="vd-options">
        <div class="vd-field" data-part="polarityField"><span data-t="polarity.label"></span>
          <div class="vd-switch vd-switch-small" data-part="polarity" role="radiogroup" data-t-label="polarity.label"></div></div>
        <div class="vd-field" data-part="fitField"><span data-t="fit.label"></span>
          <div class="vd-switch vd-switch-small" data-part="fit" role="radiogroup" data-t-label="fit.label"></div></div>
      </div>
    </div>
    <div class="vd-controls">
      <div class="vd-slider">
        <label for="vd-dimension"><span data-t="dimension.label"></span> <b data-part="dimensionValue"></b>
          <small data-t="dimension.why"></small></label>
        <input type="range" id="vd-dimension" data-part="dimension" min="0" max="1" step="1">
        <div class="vd-ticks" data-part="ticks" aria-hidden="true"></div>
      </div>
      <div class="vd-choosers">
        <div class="vd-field"><span data-t="domain.label"></span>
          <div class="vd-switch" data-part="domain" role="radiogroup" data-t-label="domain.label"></div></div>
        <div class="vd-field"><span data-t="kind.label"></span>
          <div class="vd-switch" data-part="kind" role="radiogroup" data-t-label="kind.label"></div></div>
        <div class="vd-field" data-part="betaField"><span class="vd-beta" data-t="beta.label"></span>
          <div class="vd-switch" data-part="beta" role="radiogroup" data-t-label="beta.label"></div></div>
      </div>
      <dl class="vd-figures">
        <div><dt data-t="psnr.name" data-t-title="psnr.why"></dt><dd><b data-part="psnr"></b> dB</dd><dd class="vd-aside" data-part="psnrMean"></dd></div>
        <div><dt data-t="ssim.name" data-t-title="ssim.why"></dt><dd><b data-part="ssim"></b></dd><dd class="vd-aside" data-t="ssim.note"></dd></div>
        <div><dt data-t="mse.name" data-t-title="mse.why"></dt><dd><b data-part="mse"></b></dd><dd class="vd-aside" data-part="mseMean"></dd></div>
        <div class="vd-bytes"><dt data-t="bytes.name" data-t-title="bytes.why"></dt><dd data-part="bytes"></dd><dd class="vd-aside" data-part="ratio"></dd></div>
      </dl>
      <p class="vd-remark" data-part="remark"></p>
    </div>
  </section>

  <section class="vd-card vd-every">
    <header><h2 data-t="every.title"></h2><p data-t="every.why"></p></header>
    <div class="vd-strip" data-part="strip" role="group" data-t-label="every.title"></div>
  </section>
  <section class="vd-card vd-curve">
    <header><h2 data-t="curve.title"></h2><p data-t="curve.why"></p></header>
    <div class="vd-chart" data-part="curve"></div>
  </section>

  <section class="vd-card vd-numbers">
    <header><h2 data-t="numbers.title"></h2><p data-part="numbersWhy"></p>
      <button type="button" class="vd-small" data-part="reset" data-t="reset.button" disabled></button></header>
    <div data-part="numbers"></div>
  </section>
  <section class="vd-card vd-bits">
    <header><h2 data-t="bits.title"></h2><p data-part="bitsWhy"></p></header>
    <div class="vd-bits-body" data-part="bitsBody">
      <div class="vd-chart" data-part="bits"></div>
      <div class="vd-elbo" data-part="elbo"></div>
    </div>
    <button type="button" class="vd-button vd-elsewhere" data-part="toVae" data-t="bits.tovae" hidden></button>
  </section>

  <section class="vd-take">
    ${button("saveImage", ICONS.saveImage)}${button("saveFigures", ICONS.saveFigures)}${button("copyLink", ICONS.copyLink)}
    <span class="vd-note" data-part="copied" role="status"></span>
  </section>
  <details class="vd-more"><summary data-t="more.title"></summary><div data-part="more"></div></details>
</div>`;
