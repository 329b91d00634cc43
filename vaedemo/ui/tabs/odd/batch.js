// A batch: files of one's own, each scored, the strangest first, with a table to take away.

import { html } from "../../page/vendor/lit-html.js";
import { save } from "../../page/frame/download.js";
import { button, card } from "../../page/frame/pieces.js";
import { failure, t } from "../../page/frame/text.js";
import { pixels, unpack } from "../../page/draw/pixels.js";
import { Many } from "../../page/picture/many.js";
import { strangerShare } from "../../page/maths/detection.js";
import { percent, scoreText } from "./line.js";

// A field of comma-separated values (RFC 4180); what a spreadsheet would take for a formula begins with an apostrophe.
const cell = (value) => {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? "");
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
export const csv = (rows) => rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");

export class Batch {
  constructor(tab) {
    Object.assign(this, { tab, found: [], told: "" });
    const { files } = tab.value.limits;
    this.many = new Many(tab, "batch", {
      key: "odd.batch",
      most: files,
      ask: () => ["score", { domain: tab.state.domain, d: tab.state.d }],
      began: (count, given) => {
        this.found = [];
        this.told = count < given ? t("odd.batch.most", { most: files, given }) : "";
      },
      told: (answer, file) => {
        const { channels } = tab.row;
        this.found.push({ ...answer, key: tab.modelKey, name: file.name, draw: pixels(unpack(answer.x), channels) });
      },
      ended: () => this.again(),
    });
  }

  // The same pictures by another model of the domain.
  async again() {
    const { tab, found } = this;
    const { modelKey: key } = tab;
    const { domain, d } = tab.state;
    for (const [i, one] of found.entries()) {
      if (one.key === key) continue;
      const answer = await tab.ask("score", { domain, d, x: one.x });
      if (tab.modelKey !== key || this.found !== found) return;
      if (answer.error) return void tab.say(failure(answer));
      found[i] = { ...one, ...answer, key };
    }
    tab.show();
  }

  forget() {
    this.many.forget();
    Object.assign(this, { found: [], told: "" });
  }

  // The strangest first, by the score that is chosen.
  get sorted() {
    const { tab } = this;
    const rows = this.found.filter((one) => one.key === tab.modelKey).map((one) => ({ ...one, score: tab.scored(one) }));
    return rows.sort((a, b) => b.score - a.score);
  }

  save = () => {
    const { tab } = this;
    const names = Object.keys(this.found[0]?.scores ?? {});
    const { state, limit, sets } = tab;
    const head = ["file", state.score, "share", "strange", ...names.filter((name) => name !== state.score), "problem"];
    const share = (score) => strangerShare(sets.known, score).toPrecision(3);
    const others = (one) => names.filter((name) => name !== state.score).map((name) => one.scores[name]);
    const rows = this.sorted.map((one) => [one.name, one.score.toPrecision(7), share(one.score), one.score > limit, ...others(one), ""]);
    const broken = this.many.broken.map((one) => [one.file, ...head.slice(1, -1).map(() => ""), one.problem]);
    save(new Blob([csv([head, ...rows, ...broken])], { type: "text/csv" }), `vaedemo-odd-${state.domain}-${state.score}.csv`);
  };

  tile(one) {
    const { tab } = this;
    const strange = one.score > tab.limit;
    const share = strangerShare(tab.sets.known, one.score);
    const text = t(strange ? "odd.batch.strange" : "odd.batch.usual", { share: percent(share) });
    return html`<figure class="vd-odd-tile ${strange ? "vd-odd-strange" : ""}" data-file=${one.name}><canvas class="vd-pixels" role="img" width="28" height="28"
      aria-label=${one.name} .draw=${one.draw}></canvas><figcaption><b title=${one.name}>${one.name}</b><span>${scoreText(one.score)}</span><small>${text}</small></figcaption></figure>`;
  }

  view() {
    const { tab, found } = this;
    const rows = tab.sets ? this.sorted : [];
    const strange = rows.filter((one) => one.score > tab.limit).length;
    const told = found.length ? t("odd.batch.told", { strange, n: found.length }) : this.many.running ? "" : t("odd.batch.hint");
    return card(
      "vd-odd-batch",
      "odd.batch",
      t("odd.batch.why", { most: tab.value.limits.files }),
      html`${this.many.view()}<p class="vd-note" data-part="batchTold" role="status">${told} ${this.told}</p>
      <div class="vd-odd-tiles" data-part="tiles">${rows.map((one) => this.tile(one))}</div>
      ${button("csv", "save", this.save, { key: "odd.csv", disabled: !found.length && !this.many.broken.length })}`,
    );
  }
}
