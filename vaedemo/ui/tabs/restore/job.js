// A photograph that is restored on the server, tile by tile, and beside it by the classical methods.

import { progress, small } from "../../page/frame/pieces.js";
import { failure, t } from "../../page/frame/text.js";
import { Job, NOTHING } from "../../page/picture/job.js";

// hooks: began(job), tiled({box, data}) of each tile that is there before the last, finished(answer), then of the classical methods compared({method: {x_hat, psnr, ...}}).
export class PhotoJob extends Job {
  constructor(tab, hooks) {
    super(tab);
    Object.assign(this, hooks, { others: NOTHING });
  }

  tell(text, done = 0, total = 1) {
    this.bar = { done, total, text };
    this.tab.draw();
  }

  drop() {
    super.drop();
    this.others = NOTHING;
  }

  waiting() {
    this.tell(t("restore.job.begin"));
  }

  failed(answer) {
    this.tell("");
    this.tab.say(failure(answer));
  }

  stepped(answer) {
    const { own } = this.job;
    const { done, total } = answer;
    if (answer.tile) this.tiled(answer.tile);
    if (done <= own) this.tell(t("restore.job.tiles", { done, total: own }), done, own);
    if (answer.result) this.finished(answer);
    if (done >= own) {
      const beside = { done: done - own, total: total - own };
      this.others = { ...beside, text: t("restore.beside.steps", beside) };
      this.tab.draw();
    }
    if (answer.methods) this.compared(answer.methods);
  }

  halt = () => {
    this.drop();
    this.tell(t("restore.job.stopped"));
  };

  // What is restored stays, and can be saved; only the comparison ends.
  haltOthers = () => {
    this.turn += 1;
    this.others = NOTHING;
    this.tab.draw();
  };

  // The bar of the restoration, which lies over the picture, and that of the methods beside it.
  view() {
    const { done, total, text } = this.bar;
    const away = done >= total || !text;
    const halt = small("halt", this.halt, { key: "restore.halt.button", disabled: away || !this.job });
    return progress("bar", t("restored.label"), this.bar, halt, { away, role: "status" });
  }

  besideView() {
    const { done, total } = this.others;
    const halt = small("besideHalt", this.haltOthers, { key: "restore.halt.button" });
    return progress("beside", t("restore.methods.title"), this.others, halt, { hidden: done >= total });
  }
}
