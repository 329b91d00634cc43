// Rows of small pictures with a name and a figure each: the answers, and the other methods. No state.

import { html } from "../../page/frame/dom.js";
import { paintBytes, paintUri } from "./paint.js";
import { number, t } from "../../page/frame/text.js";
import { unpack } from "../../page/draw/pixels.js";

const cell = (name, label, note, pressed, draw, click) => {
  const made = html(`<button type="button" class="vd-cell" data-name="${name}" aria-pressed="${pressed}"><canvas class="vd-pixels" width="28" height="28"
    aria-hidden="true"></canvas><b></b><small></small></button>`);
  made.querySelector("b").textContent = label;
  made.querySelector("small").textContent = note;
  draw(made.querySelector("canvas"));
  if (click) made.onclick = click;
  else made.disabled = true;
  return made;
};
const db = (f) => (f ? t("restore.db", { value: number(f.hole ?? f.psnr, 1) }) : "");

const part = (bytes, i, size) => bytes.subarray(i * size, (i + 1) * size);

// The mean and every sample of a small picture's answer; choose(view) at a click.
export const answerCells = (answer, { size, channels, view }, choose) => {
  const samples = unpack(answer.samples);
  const draw = (bytes) => (canvas) => paintBytes(canvas, bytes, channels);
  const mean = cell("mean", t("restored.mean"), db(answer.figures?.mean), view === "mean", draw(unpack(answer.mean)), () => choose("mean"));
  const others = answer.log_likelihood.map((_, i) => {
    const best = i === answer.best;
    const label = best ? t("restored.closest") : t("restored.sample", { n: i + 1 });
    const on = view === i || (view === "best" && best);
    return cell(i, label, db(answer.figures?.samples[i]), on, draw(part(samples, i, size)), () => choose(best ? "best" : i));
  });
  return [mean, ...others];
};

export const photoCells = (uris) => uris.map((uri, i) => cell(i, t("restored.sample", { n: i + 1 }), "", false, (c) => paintUri(c, uri), null));

// What each method makes of the same input: {method: {x_hat, psnr, hole} or undefined}.
export const methodCells = (answer, methods, others, channels) => {
  const draw = (made) => (canvas) => (made.startsWith("data:") ? paintUri(canvas, made) : paintBytes(canvas, unpack(made), channels));
  const own = cell("vae", t("method.vae"), db(answer.figures?.mean), false, draw(answer.mean), null);
  const known = methods.filter((m) => others[m]);
  return [own, ...known.map((m) => cell(m, t(`method.${m}`), db(others[m].psnr === undefined ? null : others[m]), false, draw(others[m].x_hat), null))];
};
