// A photograph that is restored on the server, tile by tile: begun, stepped until it is done, or stopped.

import { askWith } from "../../page/picture/source.js";
import { failure, t } from "../../page/frame/text.js";

// hooks: ask(name, body), upload, bar/barText/halt (parts), began(job), finished(answer), failed(sentence);
// then the classical methods: beside {box, bar, text, halt} (parts), compared({method: {x_hat, psnr, ...}})
export const createPhotoJob = ({ ask, upload, bar, barText, halt, beside, began, finished, compared, failed }) => {
  const now = { job: null, turn: 0 };

  const progress = (done, total, text) => {
    Object.assign(bar, { max: total, value: done });
    barText.textContent = text;
    halt.disabled = done >= total || !text;
    bar.parentElement.classList.toggle("vd-away", done >= total || !text);
  };
  const comparing = (done, total) => {
    Object.assign(beside.bar, { max: total, value: done });
    beside.text.textContent = t("restore.beside.steps", { done, total });
    beside.box.hidden = done >= total;
  };
  const drop = () => {
    now.turn += 1;
    beside.box.hidden = true;
    if (now.job) ask("stop", { job: now.job.job });
    now.job = null;
    return now.turn;
  };
  const stopped = (text) => {
    progress(0, 1, "");
    failed(text);
  };

  const begin = async (body, source) => {
    const turn = drop();
    progress(0, 1, t("restore.job.begin"));
    const job = await askWith(ask, "begin", source, upload, body);
    if (turn !== now.turn) return job.job && ask("stop", { job: job.job });
    if (job.error) return stopped(failure(job));
    now.job = job;
    await began(job);
    while (turn === now.turn) {
      const answer = await ask("step", { job: job.job });
      if (turn !== now.turn) return null;
      if (answer.error) return stopped(failure(answer));
      const { own } = job;
      if (answer.done <= own) progress(answer.done, own, t("restore.job.tiles", { done: answer.done, total: own }));
      if (answer.result) finished(answer);
      if (answer.done >= own) comparing(answer.done - own, answer.total - own);
      if (answer.methods) compared(answer.methods);
      if (answer.done >= answer.total) return null;
    }
    return null;
  };

  halt.onclick = () => {
    drop();
    progress(0, 1, t("restore.job.stopped"));
    halt.disabled = true;
  };
  // What is restored stays, and can be saved; only the comparison ends.
  beside.halt.onclick = () => {
    now.turn += 1;
    beside.box.hidden = true;
  };
  return { begin, drop, job: () => now.job };
};
