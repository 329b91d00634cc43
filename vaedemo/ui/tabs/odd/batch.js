// A batch: files of one's own, each scored, the strangest first, with a table to take away.

import { html } from "../../page/vendor/lit-html.js";
import { fileName, save } from "../../page/frame/download.js";
import { button, card } from "../../page/frame/pieces.js";
import { failure, t } from "../../page/frame/text.js";
import { pixels, unpack } from "../../page/draw/pixels.js";
import { Many } from "../../page/picture/many.js";
import { strangerShare } from "../../page/maths/detection.js";
import { percent, scoreText } from "./line.js";
import { csv } from "./table.js";

export class Batch {
  // found: of each file {name, x, scores, classes, seen, key: of the model that scored it}; more: how many files were given, where
  // those are too many.
  constructor(tab) {
    Object.assign(this, { tab, found: [], more: null, of: null, busy: false });
    const { files } = tab.value.limits;
    this.many = new Many(tab, "batch", {
      key: "odd.batch",
      most: files,
      ask: () => ["score", { domain: tab.state.domain, d: tab.state.d }],
      began: (count, given) => Object.assign(this, { found: [], of: tab.modelKey, more: count < given ? given : null }),
      told: (answer, file) => {
        const draw = pixels(unpack(answer.x), tab.row.channels);
        this.found.push({ ...answer, key: this.of, name: file.name, draw });
      },
      ended: () => this.again(),
    });
  }

  // The same pictures by the model at hand, where another one has scored them.
  async again() {
    if (this.busy) return;
    this.busy = true;
    const { tab } = this;
    const old = () => this.found.findIndex((one) => one.key !== tab.modelKey);
    for (let i = old(); i >= 0 && !this.many.running; i = old()) {
      const { found } = this;
      const { modelKey: key } = tab;
      const { domain, d } = tab.state;
      const answer = await tab.ask("score", { domain, d, x: found[i].x });
      if (answer.error && this.found === found) {
        this.forget();
        tab.say(failure(answer));
      } else if (this.found === found) found[i] = { ...found[i], ...answer, key };
      if (old() < 0) tab.show();
    }
    this.busy = false;
  }

  // Whether every file is scored by the model at hand, and held against what is known.
  get ready() {
    const { tab, found } = this;
    return Boolean(tab.sets) && !this.many.running && found.every((one) => one.key === tab.modelKey);
  }

  forget() {
    this.many.forget();
    Object.assign(this, { found: [], more: null });
  }

  // The strangest first, by the score that is chosen.
  get sorted() {
    const { tab } = this;
    if (!tab.sets) return [];
    const rows = this.found.filter((one) => one.key === tab.modelKey).map((one) => ({ ...one, score: tab.scored(one) }));
    return rows.sort((a, b) => b.score - a.score);
  }

  save = () => {
    const { tab } = this;
    const { state, limit, sets, row } = tab;
    const others = tab.pairs.map(([name]) => name).filter((name) => name !== state.score);
    const of = state.normal === "class" ? ` of ${row.classes[state.label]}` : "";
    const head = [
      "file",
      ...[state.score, "share", "strange", ...others].map((name) => (name in tab.value.units ? name + of : name)),
      "problem",
    ];
    const tell = (value) => Number(value.toPrecision(7));
    const share = (score) => Number(strangerShare(sets.known, score).toPrecision(3));
    const rows = this.sorted.map((one) => {
      const more = others.map((name) => tell(tab.valueOf(one, name)));
      return [one.name, tell(one.score), share(one.score), one.score > limit, ...more, ""];
    });
    const broken = this.many.broken.map((one) => [one.file, ...head.slice(1, -1).map(() => ""), failure(one.answer)]);
    save(
      new Blob([csv([head, ...rows, ...broken])], { type: "text/csv" }),
      `${fileName("odd", state.domain, "files", "vae", state.d, state.score)}.csv`,
    );
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
    const { tab, found, more } = this;
    const { files: most } = tab.value.limits;
    const rows = this.sorted;
    const strange = rows.filter((one) => one.score > tab.limit).length;
    const told = found.length ? t("odd.batch.told", { strange, n: rows.length }) : this.many.running ? "" : t("odd.batch.hint");
    return card(
      "vd-odd-batch",
      "odd.batch",
      t("odd.batch.why", { most }),
      html`${this.many.view()}<p class="vd-note" data-part="batchTold" role="status">${found.length && !rows.length ? "" : told} ${
        more ? t("odd.batch.most", { most, given: more }) : ""
      }</p>
      <div class="vd-odd-tiles" data-part="tiles">${rows.map((one) => this.tile(one))}</div>
      ${button("csv", "save", this.save, { key: "odd.csv", disabled: !this.ready || !(found.length || this.many.broken.length) })}`,
    );
  }
}
