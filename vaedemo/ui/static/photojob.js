// A photograph that is restored on the server, tile by tile: begun, stepped until it is done, or stopped.

import { askWith } from "./source.js";
import { failure, t } from "./text.js";

// hooks: ask(name, body), upload, bar/barText/halt (parts), began(job), finished(answer), failed(sentence)
export const createPhotoJob = ({ ask, upload, bar, barText, halt, began, finished, failed }) => {
  const now = { job: null, turn: 0 };

  const progress = (done, total, text) => {
    Object.assign(bar, { max: total, value: done });
    barText.textContent = text;
    halt.disabled = done >= total || !text;
  };
  const drop = () => {
    now.turn += 1;
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
      progress(answer.done, answer.total, t("restore.job.tiles", { done: answer.done, total: answer.total }));
      if (answer.result) return finished(answer);
    }
    return null;
  };

  halt.onclick = () => {
    drop();
    progress(0, 1, t("restore.job.stopped"));
    halt.disabled = true;
  };
  return { begin, drop, job: () => now.job };
};
