// A run as the page sees it: started in a worker, asked about until it is over, its moments kept.

import { added, empty } from "./record.js";

const PAUSE = 100; // ms between two questions
const LOST = 12; // questions without an answer, one after another, after which the run counts as lost
const SLOW = 1000; // the same where nothing happens: waiting, or paused

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

export class Run {
  // owner: ask(name, body), changed(run), failed(answer). body: what start takes; told: {settings, changes, from: step or 0}.
  constructor(owner, body, told) {
    Object.assign(this, { owner, body, ...told, name: null, state: "starting", place: 0, why: null, labels: null, record: empty() });
    Object.assign(this, { replayed: null, ended: false, rests: false });
  }

  get moments() {
    return this.record.moments;
  }

  get over() {
    return this.ended;
  }

  async start() {
    const answer = await this.owner.ask("start", this.body);
    if (answer.error) return this.fail(answer);
    if (this.ended) return void this.owner.ask("tell", { run: answer.run, do: "stop" });
    Object.assign(this, { name: answer.run, labels: answer.labels, originals: answer.originals, state: "waiting" });
    return this.follow();
  }

  fail(answer) {
    Object.assign(this, { state: "failed", ended: true });
    this.owner.failed(answer);
    this.owner.changed(this);
  }

  async follow() {
    let lost = 0;
    while (!this.ended) {
      const answer = await this.owner.ask("poll", { run: this.name });
      lost = answer.own ? lost + 1 : 0; // no answer came: the next one may
      if (answer.error && (!lost || lost > LOST)) return this.fail(answer);
      if (lost) {
        await wait(SLOW / 2);
        continue;
      }
      this.take(answer);
      if (!answer.left) await wait(this.state === "running" ? PAUSE : SLOW / (this.state === "paused" ? 5 : 1));
    }
    return null;
  }

  take({ state, place, messages, left, why, whyKey }) {
    for (const message of messages) {
      if (message.is === "moment") this.record = added(this.record, message);
      if (message.is === "paused") this.rests = true;
      this.replayed = message.is === "replayed" ? message : null;
    }
    Object.assign(this, { state, place });
    if (["done", "stopped", "failed"].includes(state) && !left) {
      this.ended = true;
      this.owner.ask("warm", {}); // a worker for the next run, or a fork
      if (why) this.why = { error: why, key: whyKey };
    }
    this.owner.changed(this);
  }

  // Promise that its last moment is here and its weights are kept.
  async rest() {
    while (!this.ended && !this.rests) await wait(50);
  }

  // pause, go, step or stop.
  async tell(what) {
    if (this.ended) return;
    if (!this.name) {
      if (what === "stop") Object.assign(this, { ended: true, state: "stopped" });
      return void this.owner.changed(this);
    }
    if (what !== "pause" || this.state !== "paused") this.rests = false;
    if (what === "pause" || what === "step") this.state = "paused";
    else if (what === "go") this.state = "running";
    const answer = await this.owner.ask("tell", { run: this.name, do: what });
    if (answer.error) this.owner.failed(answer);
    this.owner.changed(this);
  }
}
