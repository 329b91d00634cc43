// Small pictures without loss, step by step: the stack grows by what each takes, less the bits that are given back; then all are
// popped again, and compared.

import { html } from "../../page/vendor/lit-html.js";
import { card, choices, optionsOf, progress, small } from "../../page/frame/pieces.js";
import { number, t } from "../../page/frame/text.js";
import { pixels, unpack } from "../../page/draw/pixels.js";
import { Job, NOTHING } from "../../page/picture/job.js";

const PARTS = ["pixels", "prior", "taken"];

export class Stacking extends Job {
  constructor(tab) {
    super(tab);
    Object.assign(this, { pictures: tab.value.stacks[0] });
    this.clear();
  }

  // cells: {draw, pushed: its bits or null, popped} a picture; verdict: what came out.
  clear() {
    Object.assign(this, { cells: [], bar: NOTHING, stack: 0, verdict: null });
  }

  start = () => {
    this.clear();
    this.begin({ pictures: this.pictures }, null, "stack");
  };

  waiting() {
    this.tab.draw();
  }

  began({ pictures, total }) {
    this.cells = pictures.map((x) => ({ draw: pixels(unpack(x), 1), pushed: null, popped: false }));
    this.bar = { done: 0, total, text: "" };
    this.tab.draw();
  }

  stepped({ done, total, pushed, popped, verdict }) {
    const { cells } = this;
    if (pushed) {
      const count = pushed.last - pushed.first;
      const each = Object.fromEntries(PARTS.map((part) => [part, pushed[part] / count]));
      for (let i = pushed.first; i < pushed.last; i += 1) cells[i].pushed = each;
      this.stack = pushed.stack;
    }
    if (popped) for (let i = popped.first; i < popped.last; i += 1) cells[i].popped = true;
    this.verdict = verdict ?? null;
    const half = total / 2;
    const text = t(done <= half ? "stack.push" : "stack.pop", { done: done <= half ? done : done - half, total: half });
    this.bar = { done, total, text };
    this.tab.draw();
  }

  ended() {
    this.clear();
  }

  cell({ draw, pushed, popped }, most) {
    if (!pushed)
      return html`<span class="vd-stack-cell"><span class="vd-stack-bars"></span><canvas class="vd-pixels" width="28" height="28" .draw=${draw}></canvas><small></small></span>`;
    const net = pushed.pixels + pushed.prior - pushed.taken;
    const values = { net: number(net, 0), ...Object.fromEntries(PARTS.map((part) => [part, number(pushed[part], 0)])) };
    const bar = (part) => html`<i data-bits=${part} style="height: ${(100 * pushed[part]) / most}%"></i>`;
    return html`<span class="vd-stack-cell ${popped ? "vd-stack-popped" : ""}" title=${t("stack.cell", values)}><span class="vd-stack-bars"><span>${bar("prior")}${bar("pixels")}</span><span>${bar(
      "taken",
    )}</span></span><canvas class="vd-pixels" width="28" height="28" role="img" aria-label=${t("stack.cell", values)} .draw=${draw}></canvas><small>${t("stack.net", { bits: values.net })}</small></span>`;
  }

  said() {
    const { verdict } = this;
    if (!verdict) return "";
    const same = verdict.before === verdict.after;
    const hash = (text) => `${text.slice(0, 16)}…`;
    return html`<p class="vd-cmp-said" data-part="stackSaid" data-same=${same} role="status">${
      same
        ? t("stack.same", { hash: hash(verdict.before) })
        : t("stack.differs", { before: hash(verdict.before), after: hash(verdict.after) })
    }</p>
    <p>${verdict.rates.map((r) => html`<span class="vd-cmp-try">${t("stack.rate", { name: r.name, bytes: r.bytes.toLocaleString(), bpp: number(r.bpp, 2) })}</span> `)}</p>
    <p class="vd-note">${t("stack.note", { model: verdict.model })}</p>`;
  }

  view() {
    const { tab, cells, bar, running } = this;
    const most = Math.max(1, ...cells.map(({ pushed }) => (pushed ? pushed.pixels + pushed.prior : 0)));
    const chosen = choices({
      part: "pictures",
      name: `${tab.prefix}-pictures`,
      label: t("stack.pictures"),
      options: optionsOf(tab.value.stacks, "stack"),
      value: this.pictures,
      choose: (pictures) => {
        this.pictures = pictures;
        this.start();
      },
    });
    const legend = ["pixels", "prior", "taken"].map((part) => html`<span><i data-bits=${part}></i>${t(`stack.${part}`)}</span>`);
    return card(
      "vd-cmp-wide",
      "stack",
      t("stack.why"),
      html`<div class="vd-cmp-tools"><div class="vd-field"><span>${t("stack.pictures")}</span>${chosen}</div>${progress("stackBar", t("stack.title"), bar, small("stackHalt", this.halt, { key: "photo.halt" }), { away: !running })}</div>
      <div class="vd-stack" data-part="stackCells" ?hidden=${!cells.length}><p class="vd-stack-legend">${legend}<b>${t("stack.size", { bits: this.stack.toLocaleString() })}</b></p>
        <div class="vd-stack-row">${cells.map((cell) => this.cell(cell, most))}</div>${this.said()}</div>`,
      small("stackStart", this.start, { key: cells.length ? "stack.again" : "stack.start", disabled: running }),
    );
  }
}
