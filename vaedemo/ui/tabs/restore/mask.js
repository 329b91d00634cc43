// The mask over a picture: a brush and its tools, presets that the server draws, and a mask out of a file, which it reads.

import { html } from "../../page/vendor/lit-html.js";
import { newest } from "../../page/frame/dom.js";
import { chooser, fileInput, optionsOf, slider, small } from "../../page/frame/pieces.js";
import { failure, number, t } from "../../page/frame/text.js";
import { pack, unpack } from "../../page/draw/pixels.js";
import { MaskPad } from "../../page/picture/maskpad.js";
import { askWith, request } from "../../page/picture/source.js";

// changed(done): a stroke, a tool or a file has changed it; done is false while a stroke goes on. file: the source of a
// file that lies over this picture.
export class Mask {
  constructor(tab, changed) {
    Object.assign(this, { tab, file: null, pad: new MaskPad(tab.p.brushPad, changed) });
  }

  // As the server is told of it.
  sent(photo) {
    const { width, height, data } = this.pad.mask();
    return { width, height, data: pack(data), file: photo ? this.file : null };
  }

  // The mask of a preset, then done().
  preset = newest(async (done) => {
    const { state } = this.tab;
    const { width, height } = this.pad.mask();
    const amount = state.mask === "random" ? state.amount : null;
    const answer = await this.tab.asking("mask", { kind: state.mask, width, height, amount, seed: state.seed });
    if (answer.error) return;
    this.pad.set({ width, height, data: unpack(answer.mask) }, false);
    done();
  });

  // The server takes a mask the way that its picture went.
  async read(blob) {
    const { tab, pad } = this;
    const { picture, source } = tab.yours;
    const file = { kind: "file", blob, path: null };
    const sent = source ? await request(source, tab.upload) : null;
    const { width, height } = pad.mask();
    const answer = await askWith(tab.ask, "maskfile", file, tab.upload, { domain: tab.state.domain, width, height, picture: sent });
    if (tab.yours.picture !== picture) return;
    if (answer.error) return void tab.say(failure(answer));
    tab.say(answer.note ? t(`restore.mask.${answer.note}`, { share: number(100 * answer.share, 0) }) : "");
    this.file = { upload: file.path };
    pad.set({ width, height, data: unpack(answer.mask) });
  }

  choose(tool) {
    this.pad.tool(tool);
    this.tab.draw();
  }

  get missing() {
    return t("restore.missing", { share: number((100 * this.pad.missing()) / this.pad.mask().data.length, 0) });
  }
}

// Its tools; mask is null until the tab is drawn for the first time.
export const maskTools = (tab) => {
  const { mask, state } = tab;
  const tool = (part, click, pressed) => small(part, click, { key: `restore.${part}.button`, pressed });
  return html`
  <div class="vd-res-mask" data-part="maskTools">
    <div class="vd-padtools">
      ${tool("brush", () => mask.choose("brush"), !mask?.pad.erasing)}${tool("rubber", () => mask.choose("eraser"), Boolean(mask?.pad.erasing))}
      ${tool("maskUndo", () => mask.pad.undo())}${tool("invert", () => mask.pad.invert())}${tool("wipe", () => mask.pad.clear())}
      ${tool("maskUpload", () => tab.p.maskFile.click())}
      ${fileInput("maskFile", (file) => mask.read(file), "image/*")}</div>
    <label class="vd-res-size"><span>${t("restore.size.label")}</span><input type="range" data-part="size" min="2" max="40" value="12"
      @input=${(e) => mask.pad.radius(e.target.value / 100)}></label>
    ${chooser(tab, "mask", optionsOf(tab.value.masks, "mask"), { label: t("restore.mask.label"), little: true, choose: (mask) => tab.preset({ mask }) })}
    ${slider({
      part: "amount",
      label: t("restore.amount.label"),
      value: `${Math.round(100 * state.amount)} %`,
      why: "",
      at: Math.round(1000 * state.amount),
      away: state.mask !== "random",
      input: (at) => tab.preset({ amount: at / 1000 }),
    })}
  </div>`;
};
