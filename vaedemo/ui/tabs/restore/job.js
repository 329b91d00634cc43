// A photograph that is restored on the server, tile by tile: begun, stepped until it is done, or stopped.

import { html } from "../../page/vendor/lit-html.js";
import { failure, t } from "../../page/frame/text.js";
import { small } from "../../page/frame/pieces.js";
import { askWith } from "../../page/picture/source.js";

const NOTHING = { done: 1, total: 1, text: "" };

// hooks: began(job), finished(answer), then of the classical methods compared({method: {x_hat, psnr, ...}}).
export class PhotoJob {
  constructor(tab, hooks) {
    Object.assign(this, { tab, hooks, job: null, turn: 0, bar: NOTHING, others: NOTHING });
  }

  progress(done, total, text) {
    this.bar = { done, total, text };
    this.tab.draw();
  }

  drop() {
    this.turn += 1;
    this.others = NOTHING;
    if (this.job) this.tab.ask("stop", { job: this.job.job });
    this.job = null;
    return this.turn;
  }

  failed(answer) {
    this.progress(0, 1, "");
    this.tab.say(failure(answer));
  }

  async begin(body, source) {
    const turn = this.drop();
    const { tab } = this;
    this.progress(0, 1, t("restore.job.begin"));
    const job = await askWith(tab.ask, "begin", source, tab.upload, body);
    if (turn !== this.turn) return job.job && tab.ask("stop", { job: job.job });
    if (job.error) return this.failed(job);
    this.job = job;
    await this.hooks.began(job);
    while (turn === this.turn) {
      const answer = await tab.ask("step", { job: job.job });
      if (turn !== this.turn) return null;
      if (answer.error) return this.failed(answer);
      this.stepped(answer);
      if (answer.done >= answer.total) return null;
    }
    return null;
  }

  stepped(answer) {
    const { own } = this.job;
    const { done, total } = answer;
    if (done <= own) this.progress(done, own, t("restore.job.tiles", { done, total: own }));
    if (answer.result) this.hooks.finished(answer);
    if (done >= own) {
      this.others = { done: done - own, total: total - own, text: t("restore.beside.steps", { done: done - own, total: total - own }) };
      this.tab.draw();
    }
    if (answer.methods) this.hooks.compared(answer.methods);
  }

  halt = () => {
    this.drop();
    this.progress(0, 1, t("restore.job.stopped"));
  };

  // What is restored stays, and can be saved; only the comparison ends.
  haltOthers = () => {
    this.turn += 1;
    this.others = NOTHING;
    this.tab.draw();
  };

  // The bar of the restoration, and that of the methods beside it.
  view() {
    const { done, total, text } = this.bar;
    const idle = done >= total || !text;
    return html`<div class="vd-res-job ${idle ? "vd-away" : ""}" data-part="jobField"><progress data-part="bar" .max=${total} .value=${done}
      aria-label=${t("restored.label")}></progress><span data-part="barText" role="status">${text}</span>
      ${small("halt", this.halt, { key: "restore.halt.button", disabled: idle || !this.tab.job.job })}</div>`;
  }

  besideView() {
    const { done, total, text } = this.others;
    return html`<div class="vd-res-job" data-part="beside" ?hidden=${done >= total}><progress data-part="besideBar" .max=${total} .value=${done}
      aria-label=${t("restore.methods.title")}></progress><span data-part="besideText">${text}</span>
      ${small("besideHalt", this.haltOthers, { key: "restore.halt.button" })}</div>`;
  }
}
