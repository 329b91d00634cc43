// Places for pictures in a card, and the tray they are filled from: examples, a file, the sample that is chosen above,
// the page's picture. One place at a time is the one that is filled.

import { html, nothing } from "../vendor/lit-html.js";
import { fileInput, icon } from "../frame/pieces.js";
import { className, t } from "../frame/text.js";
import { pixels, unpack } from "../draw/pixels.js";

// tab: the tab, drawn anew after a change. names: of the places. sources: {sample(), page()} -> base64 or null; read(blob)
// -> base64 or null; changed() after a picture has come into a place.
export class Slots {
  constructor(tab, names, { sources, read, changed }) {
    Object.assign(this, { tab, names, sources, read, changed, active: names[0], held: {}, examples: [], turn: 0, over: null });
  }

  put(slot, picture) {
    this.turn += 1;
    this.held[slot] = picture;
    this.changed();
    this.tab.draw();
  }

  async take(blob, slot = this.active) {
    this.turn += 1;
    const { turn } = this;
    const x = await this.read(blob);
    if (x && turn === this.turn) this.put(slot, { x, name: null });
  }

  // Another domain: its examples [{name, x}], and which of them stand in the places.
  start(examples, chosen) {
    this.turn += 1;
    this.examples = examples;
    const found = this.names.map((slot) => [slot, examples.find((e) => e.name === chosen[slot])]);
    this.held = Object.fromEntries(found.filter(([, e]) => e));
  }

  pictures() {
    return this.names.map((s) => this.held[s]?.x ?? null);
  }

  chosen() {
    return Object.fromEntries(this.names.map((s) => [s, this.held[s]?.name ?? null]));
  }

  // ---- files over the card -----------------------------------------------------------------------------------

  under(e) {
    return e.target.closest?.("[data-slot]")?.dataset.slot ?? this.active;
  }

  drag = (e) => {
    if (![...(e.dataTransfer?.types ?? [])].includes("Files")) return;
    e.preventDefault();
    this.mark(this.under(e));
  };

  leave = (e) => e.currentTarget.contains(e.relatedTarget) || this.mark(null);

  drop = (e) => {
    this.mark(null);
    const blob = e.dataTransfer?.files[0];
    if (!blob) return;
    e.preventDefault();
    this.choose(this.under(e));
    this.take(blob);
  };

  mark(slot) {
    if (slot === this.over) return;
    this.over = slot;
    this.tab.draw();
  }

  choose(slot) {
    this.active = slot;
    this.tab.draw();
  }

  // ---- views -------------------------------------------------------------------------------------------------

  place(slot) {
    const held = this.held[slot];
    const name = slot.toUpperCase();
    const what = held ? (held.name ? className(held.name) : t("yours.own")) : t("generate.empty");
    return html`<button type="button" class="vd-gen-slot ${slot === this.over ? "vd-over" : ""}" data-slot=${slot} aria-pressed=${slot === this.active}
      aria-label=${t("generate.slot", { slot: name, what })} title=${t("generate.slot.why", { slot: name })} @click=${() => this.choose(slot)}><b>${name}</b><span
      class="vd-picture"><canvas class="vd-pixels" width="28" height="28" .draw=${this.picture(held?.x)}></canvas></span></button>`;
  }

  picture(x) {
    return pixels(x && unpack(x), this.tab.row.channels);
  }

  example(e) {
    return html`<button type="button" class="vd-example" data-name=${e.name} title=${className(e.name)} aria-label=${className(e.name)}
      aria-pressed=${e.name === this.held[this.active]?.name} @click=${() => this.put(this.active, e)}><canvas class="vd-pixels" width="28" height="28"
      .draw=${this.picture(e.x)}></canvas></button>`;
  }

  source(name) {
    const x = this.sources[name]();
    return html`<button type="button" class="vd-gen-source" data-from=${name} ?disabled=${!x} @click=${() => this.put(this.active, { x, name: null })}><canvas
      class="vd-pixels" width="28" height="28" .draw=${this.picture(x)}></canvas><span>${t(`generate.from.${name}`)}</span></button>`;
  }

  tray() {
    const slot = this.active.toUpperCase();
    return html`<div class="vd-gen-tray" data-tray role="group" aria-label=${t("generate.into", { slot })}><span class="vd-gen-into" data-into
        .innerHTML=${t("generate.into", { slot: `<b>${slot}</b>` })}></span>
      <div class="vd-gen-examples" data-examples>${this.examples.map((e) => this.example(e))}</div>
      ${this.source("sample")}
      ${this.source("page")}
      <button type="button" class="vd-gen-source" data-from="file" title=${t("upload.why")}
        @click=${(e) => e.currentTarget.nextElementSibling.click()}>${icon("upload")}<span>${t("upload.button")}</span></button>
      ${fileInput(nothing, (file) => this.take(file))}
    </div>`;
  }
}
