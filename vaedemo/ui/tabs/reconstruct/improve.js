// The code of the picture at hand improved on the server, a round at a time: its button, its curve, and what it came to.

import { html, nothing } from "../../page/vendor/lit-html.js";
import { small } from "../../page/frame/pieces.js";
import { failure, number, t } from "../../page/frame/text.js";
import { through } from "../../page/maths/axes.js";
import { Job } from "../../page/picture/job.js";

const [WIDTH, HEIGHT] = [200, 44];

export class Improve extends Job {
  // rounds: of the search that goes on or was done last. found(result): its end.
  constructor(tab, found) {
    super(tab);
    Object.assign(this, { found, rounds: [], busy: false });
  }

  start = () => {
    const { domain, kind, d, beta } = this.tab.state;
    this.begin({ domain, kind, d, beta, x: this.tab.yours.picture.x }, null, "improve");
  };

  drop() {
    super.drop();
    Object.assign(this, { rounds: [], busy: false });
  }

  waiting() {
    this.busy = true;
    this.tab.draw();
  }

  began(job) {
    this.rounds = [job];
    this.tab.draw();
  }

  stepped(answer) {
    this.rounds.push(answer);
    this.busy = !answer.result;
    if (answer.result) this.found(answer.result);
    else this.tab.draw();
  }

  failed(answer) {
    this.drop();
    this.tab.say(failure(answer));
  }

  halt = () => {
    this.drop();
    this.tab.draw();
  };

  // What goes on, or what was found, in words.
  get told() {
    const { rounds, tab } = this;
    const found = tab.edited?.improved;
    if (found) return outcome(found, tab.state.beta);
    if (!rounds.length) return t(tab.result?.sigma ? "improve.why.elbo" : "improve.why.error");
    const [first, now] = [rounds[0], rounds.at(-1)];
    if (now.objective === null) return t("improve.step.error", { step: now.step, before: number(first.psnr, 2), now: number(now.psnr, 2) });
    return t(tab.state.beta === 1 ? "improve.step.elbo" : "improve.step.beta", {
      step: now.step,
      before: number(first.objective, 1),
      now: number(now.objective, 1),
    });
  }

  view() {
    const { rounds, busy, tab } = this;
    const values = rounds.map((r) => r.objective ?? r.psnr);
    const path = values.length > 1 ? through(values, rounds[0].total, WIDTH, HEIGHT) : "";
    const act = busy
      ? small("improveStop", this.halt, { key: "restore.halt.button" })
      : small("improve", this.start, { disabled: !tab.result });
    return html`<div class="vd-improve">${act}
      <svg data-part="improveCurve" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${t("improve.curve")} preserveAspectRatio="none"><path d=${path}></path></svg>
      <p data-part="improveText" role=${busy ? nothing : "status"}>${this.told}</p></div>`;
  }
}

// What the search came to: beyond two standard errors of nothing.
const outcome = ({ gap, error, objective, psnr }, beta) => {
  const [before, now] = psnr.map((v) => number(v, 2));
  if (gap === null) return t(psnr[1] > psnr[0] ? "improve.found.error" : "improve.none", { db: number(psnr[1] - psnr[0], 2), before, now });
  if (gap <= 2 * error) return t("improve.none");
  const [from, to] = objective.map((v) => number(v, 1));
  const digits = gap < 10 ? 2 : 1;
  return t(beta === 1 ? "improve.found.elbo" : "improve.found.beta", {
    gap: number(gap, digits),
    error: number(error, digits),
    from,
    to,
    before,
    now,
  });
};
