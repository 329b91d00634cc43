// Work that takes long: begun on the server, stepped until it is done, or dropped. The tab's server has begin(), or another
// function, whose answer has the name of the job, step() -> {done, total, ...}, and stop().

import { failure } from "../frame/text.js";
import { askWith } from "./source.js";
import { holdJob, letJob } from "./visit.js";

// The bar of work that is done, or not begun.
export const NOTHING = { done: 1, total: 1, text: "" };

// A job of its own has waiting(), began(job) and stepped(answer). job: the answer of begin(), null where none goes on.
export class Job {
  constructor(tab) {
    Object.assign(this, { tab, job: null, turn: 0, bar: NOTHING });
  }

  get running() {
    return this.bar.done < this.bar.total;
  }

  // Another bar {done, total, text}.
  tell(bar) {
    this.bar = bar;
    this.tab.draw();
  }

  // It has ended without an answer.
  ended() {}

  failed(answer) {
    this.job = null;
    this.ended();
    this.tell(NOTHING);
    this.tab.say(failure(answer));
  }

  halt = () => {
    this.drop();
    this.ended();
    this.tell(NOTHING);
  };

  drop() {
    this.turn += 1;
    if (this.job) this.tab.ask("stop", { job: this.job.job });
    if (this.job) letJob(this.job.job);
    this.job = null;
  }

  // source: what it is about, sent with the body; or null.
  async begin(body, source, name = "begin") {
    const { tab } = this;
    this.drop();
    this.waiting();
    const { turn } = this;
    const job = await (source ? askWith(tab.ask, name, source, tab.upload, body) : tab.ask(name, body));
    if (turn !== this.turn) return job.job && tab.ask("stop", { job: job.job });
    if (job.error) return this.failed(job);
    this.job = job;
    holdJob(job.job);
    this.began(job);
    for (let answer = { done: 0, total: 1 }; answer.done < answer.total; this.stepped(answer)) {
      answer = await tab.ask("step", { job: job.job });
      if (turn !== this.turn) return null;
      if (answer.error) return this.failed(answer);
    }
    return null;
  }
}
