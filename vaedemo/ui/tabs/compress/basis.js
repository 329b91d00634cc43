// The linear part of the codec as pictures, beside JPEG's cosines and the principal components of this photograph.

import { html } from "../../page/vendor/lit-html.js";
import { card, small } from "../../page/frame/pieces.js";
import { failure, number, t } from "../../page/frame/text.js";
import { pixels, unpack } from "../../page/draw/pixels.js";

const KINDS = ["learned", "cosines", "principal"];

export class Basis {
  constructor(tab) {
    Object.assign(this, { tab, found: null, busy: false });
  }

  forget() {
    this.found = null;
  }

  start = async () => {
    const { tab } = this;
    if (!tab.photo.coding.ready || this.busy) return;
    this.busy = true;
    tab.draw();
    const { job } = tab.answer;
    const answer = await tab.ask("basis", { job });
    this.busy = false;
    if (job !== tab.answer?.job) return tab.draw();
    if (answer.error) tab.say(failure(answer));
    else
      this.found = Object.fromEntries(
        KINDS.map((kind) => [kind, answer[kind].map((tile) => ({ ...tile, draw: pixels(unpack(tile.x), 3) }))]),
      );
    tab.draw();
  };

  tiles(kind) {
    const say = ({ share, number: place }) => t(`basis.${kind}.tile`, { n: place, share: number(100 * share, share < 0.1 ? 1 : 0) });
    const one = (tile) =>
      html`<span class="vd-cmp-tile" title=${say(tile)}><canvas class="vd-pixels" width="16" height="16" role="img" aria-label=${say(tile)} .draw=${tile.draw}></canvas><small>${
        kind === "cosines" ? "" : `${number(100 * tile.share, tile.share < 0.1 ? 1 : 0)} %`
      }</small></span>`;
    return html`<figure class="vd-cmp-basis" data-basis=${kind}><figcaption><b>${t(`basis.${kind}`)}</b><p class="vd-note">${t(`basis.${kind}.why`, { n: this.found[kind].length, most: this.tab.value.channels.at(-1) })}</p></figcaption>
      <div class="vd-cmp-tiles">${this.found[kind].map(one)}</div></figure>`;
  }

  view() {
    const { tab, found, busy } = this;
    return card(
      "vd-cmp-wide",
      "basis",
      t("basis.why"),
      html`<div class="vd-cmp-bases" data-part="bases" ?hidden=${!found}>${found ? KINDS.map((kind) => this.tiles(kind)) : ""}</div>`,
      small("basisStart", this.start, { key: found ? "basis.again" : "basis.start", disabled: busy || !tab.photo.coding.ready }),
    );
  }
}
