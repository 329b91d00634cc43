// Work that takes long: begun on the server, stepped until it is done, or dropped. The tab's server has begin(), or another
// function, whose answer has the name of the job, step() -> {done, total, ...}, and stop().

import { askWith } from "./source.js";

// A job of its own has waiting(), began(job), stepped(answer) and failed(answer). job: the answer of begin(), null where none goes on.
export class Job {
  constructor(tab) {
    Object.assign(this, { tab, job: null, turn: 0 });
  }

  drop() {
    this.turn += 1;
    if (this.job) this.tab.ask("stop", { job: this.job.job });
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
    this.began(job);
    for (let answer = { done: 0, total: 1 }; answer.done < answer.total; this.stepped(answer)) {
      answer = await tab.ask("step", { job: job.job });
      if (turn !== this.turn) return null;
      if (answer.error) return this.failed(answer);
    }
    return null;
  }
}
