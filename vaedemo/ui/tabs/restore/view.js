// The markup of "Denoise" and "Inpaint"; words come from text/ by their data-t keys.

import { ICONS, button, message, panel, sources, yoursPanel } from "../../page/frame/pieces.js";

const field = (part, label, extra = "") => `
  <div class="vd-field" data-part="${part}Field"><span data-t="${label}"></span>
    <div class="vd-switch vd-switch-small" data-part="${part}" role="radiogroup" data-t-label="${label}"></div>${extra}</div>`;

const slider = (part, label) => `
  <div class="vd-slider vd-res-slider" data-part="${part}Field"><label><span data-t="${label}"></span> <b data-part="${part}Value"></b>
    <small data-part="${part}Why"></small></label>
    <input type="range" data-part="${part}" min="0" max="1000" step="1" data-t-label="${label}"></div>`;

const small = (part) => `<button type="button" class="vd-small" data-part="${part}" data-t="restore.${part}.button"></button>`;

const masks = `
  <div class="vd-res-mask" data-part="maskTools">
    <div class="vd-padtools">${small("brush")}${small("rubber")}${small("maskUndo")}${small("invert")}${small("wipe")}${small("maskUpload")}
      <input type="file" data-part="maskFile" accept="image/*" hidden></div>
    <label class="vd-res-size"><span data-t="restore.size.label"></span><input type="range" data-part="size" min="2" max="40" value="12"></label>
    ${field("mask", "restore.mask.label")}
    ${slider("amount", "restore.amount.label")}
  </div>`;

export const markup = (task, denoising = task === "denoise") => `
<div class="vd-rec vd-res">
  ${message}
  <section class="vd-top">
    <div class="vd-panels">
      ${yoursPanel()}
      ${panel("damaged", `<canvas class="vd-res-canvas" data-part="damaged" width="28" height="28" role="img" data-t-label="damaged.label"></canvas>
        <canvas class="vd-res-canvas vd-res-brush" data-part="brushPad" width="28" height="28" role="application" tabindex="0"
          data-t-label="restore.pad.label" aria-describedby="vd-res-live-${task}"></canvas>`)}
      ${panel("restored", `<canvas class="vd-res-canvas" data-part="restored" width="28" height="28" role="img" data-t-label="restored.label"></canvas>
        <canvas class="vd-res-canvas vd-res-before" data-part="before" width="28" height="28" aria-hidden="true"></canvas>
        <input type="range" class="vd-res-wipe" id="vd-res-wipe-${task}" data-part="share" min="0" max="100" value="0" data-t-title="restore.before.label">`,
        `<label for="vd-res-wipe-${task}" data-t="restore.before.label"></label>`)}
      ${panel("fourth", `<canvas class="vd-res-canvas" data-part="fourth" width="28" height="28" role="img" data-t-label="fourth.label"></canvas>`,
        `<div class="vd-scale"><span data-part="scaleLow"></span><i data-part="scaleBar"></i><span data-part="scaleHigh"></span></div>`)}
    </div>
    <output class="vd-readout" id="vd-res-live-${task}" data-part="live" aria-live="polite"></output>
    <div class="vd-errormode"><div class="vd-switch vd-switch-small" data-part="fourthMode" role="radiogroup" data-t-label="fourth.label"></div></div>
    <div class="vd-tools">
      ${sources}
      <label class="vd-res-given" data-part="givenField"><input type="checkbox" data-part="given"> <span data-t="restore.given.label"></span></label>
    </div>
    <div class="vd-controls">
      <div class="vd-choosers">
        <div class="vd-field"><span data-t="domain.label"></span>
          <div class="vd-switch" data-part="domain" role="radiogroup" data-t-label="domain.label"></div></div>
        ${field("count", "restore.count.label")}
        <div class="vd-field"><span data-t="restore.seed.label"></span><button type="button" class="vd-small" data-part="die" data-t-title="restore.die.why"></button></div>
      </div>
      ${denoising ? field("noise", "restore.noise.label") + slider("level", "restore.level.label") : masks}
      <div class="vd-res-job" data-part="jobField"><progress data-part="bar" max="1" value="0" data-t-label="restored.label"></progress><span data-part="barText" role="status"></span>
        <button type="button" class="vd-small" data-part="halt" data-t="restore.halt.button"></button></div>
      <p class="vd-res-remark" data-part="remark" role="status"></p>
      <dl class="vd-figures">
        <div><dt data-t="psnr.name" data-t-title="psnr.why"></dt><dd><b data-part="psnr"></b> dB</dd><dd class="vd-aside" data-part="psnrWas"></dd></div>
        <div><dt data-t="ssim.name" data-t-title="ssim.why"></dt><dd><b data-part="ssim"></b></dd><dd class="vd-aside" data-part="ssimWas"></dd></div>
        <div${denoising ? " hidden" : ""}><dt data-t="restore.hole.name" data-t-title="restore.hole.why"></dt><dd><b data-part="hole"></b> dB</dd><dd class="vd-aside" data-part="holeWas"></dd></div>
        <div${denoising ? "" : " hidden"}><dt data-t="restore.told.name" data-t-title="restore.told.why"></dt><dd><b data-part="told"></b></dd><dd class="vd-aside" data-part="toldWhy"></dd></div>
      </dl>
    </div>
  </section>
  <section class="vd-card vd-res-answers">
    <header><h2 data-t="restore.answers.title"></h2><p data-part="answersWhy"></p></header>
    <div class="vd-res-strip" data-part="answers" role="group" data-t-label="restore.answers.title"></div>
  </section>
  <section class="vd-card vd-res-methods" data-part="methodsCard">
    <header><h2 data-t="restore.methods.title"></h2><p data-part="methodsWhy"></p></header>
    <div class="vd-res-job" data-part="beside" hidden><progress data-part="besideBar" max="1" value="0" data-t-label="restore.methods.title"></progress><span data-part="besideText"></span>
      <button type="button" class="vd-small" data-part="besideHalt" data-t="restore.halt.button"></button></div>
    <div class="vd-res-strip" data-part="methods"></div>
  </section>
  <section class="vd-take">
    ${button("saveImage", ICONS.saveImage)}${button("copyLink", ICONS.copyLink)}<span class="vd-note" data-part="copied" role="status"></span>
  </section>
  <details class="vd-more"><summary data-t="more.title"></summary><div data-part="more"></div></details>
</div>`;
