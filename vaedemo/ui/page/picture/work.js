// Work on the photograph at hand beside its coding: a button that begins it, a bar, and what it has found so far.

import { progress, small } from "../frame/pieces.js";
import { t } from "../frame/text.js";
import { Job, NOTHING } from "./job.js";

// name: of the server's function and of the phrases. found: rows or points, in the order in which they came; of: the name of the
// compression that they belong to.
export class Work extends Job {
  constructor(tab, name) {
    super(tab);
    Object.assign(this, { name, found: [], of: null });
  }

  // body(): what it is asked with besides.
  body() {
    return {};
  }

  start = () => {
    const { tab } = this;
    const { coding } = tab.photo;
    if (!coding.ready) return;
    Object.assign(this, { found: [], of: coding.answer.job });
    this.begin({ job: this.of, ...this.body() }, null, this.name);
  };

  forget() {
    if (this.job) this.drop();
    Object.assign(this, { bar: NOTHING, found: [], of: null });
  }

  waiting() {
    this.tell({ done: 0, total: 1, text: t(`${this.name}.working`) });
  }

  began() {}

  stepped(answer) {
    const found = answer.row ?? answer.point;
    if (found) this.found.push(found);
    const { done, total } = answer;
    this.tell(done < total ? { done, total, text: t(`${this.name}.working`) } : NOTHING);
  }

  tell(bar) {
    this.bar = bar;
    this.tab.show();
  }

  // Whether what was found belongs to another file than the one that is shown.
  get old() {
    return this.found.length > 0 && this.of !== this.tab.photo.coding.answer?.job;
  }

  button() {
    const { name, tab, found } = this;
    return small(`${name}Start`, this.start, {
      key: found.length ? `${name}.again` : `${name}.start`,
      disabled: this.running || !tab.photo.coding.ready,
    });
  }

  progress() {
    return progress(`${this.name}Bar`, t(`${this.name}.title`), this.bar, small(`${this.name}Halt`, this.halt, { key: "photo.halt" }), {
      away: !this.running,
    });
  }
}
