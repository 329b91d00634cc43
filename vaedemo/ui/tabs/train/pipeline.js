// One step with its real numbers: x -> mu, logvar -> epsilon -> z -> x_hat -> loss -> gradients.

import { html, nothing } from "../../page/vendor/lit-html.js";
import { imageOf } from "../../page/draw/pixels.js";
import { card } from "../../page/frame/pieces.js";
import { number, significant, t } from "../../page/frame/text.js";
import { uri } from "./map.js";

const SHOWN = 4; // numbers of a code

const listed = (values) => {
  const some = values.slice(0, SHOWN).map((v) => number(v, 2));
  return values.length > SHOWN ? [...some, "…"] : some;
};

const box = (name, symbol, values, words = name) =>
  html`<div class="vd-train-box vd-train-${name}"><b>${symbol}</b>${
    values.map((v) => html`<span>${v}</span>`) // prettier-ignore
  }<small>${t(`train.box.${words}`)}</small></div>`;

const arrow = html`<i class="vd-train-arrow" aria-hidden="true">→</i>`;

// The equation of the loss with the moment's own numbers.
const equation = ({ settings, changes }, moment) => {
  const latest = (name) => changes.findLast(([step, n]) => n === name && step < moment.step)?.[2] ?? settings[name];
  const mean = latest("loss") === "mean";
  const [cost, kl, beta] = [moment.distortion, moment.kl, latest("beta")];
  const first = mean ? `${number(cost, 1)} / ${t("train.pixels")}` : number(cost, 1);
  return settings.code === "ae"
    ? `${first} = ${significant(moment.loss)}`
    : `${first} + ${beta} × ${number(kl, 1)} = ${significant(moment.loss)}`;
};

// One of the two pictures, x and x_hat, that stand side by side in a PNG.
const half = (base64, i) => async (canvas) => {
  const { turn } = canvas;
  const image = await imageOf(uri(base64));
  if (canvas.turn !== turn) return;
  Object.assign(canvas, { width: image.width / 2, height: image.height });
  canvas.getContext("2d").drawImage(image, (-i * image.width) / 2, 0);
};

const picture = (tab, part, i, name) =>
  html`<figure><canvas data-part=${part} width="28" height="28" role="img" aria-label=${t(`train.${part}.label`)} .draw=${tab.keptDraw(
    part,
    half(tab.moment.probe, i),
  )}></canvas><small>${name}</small></figure>`;

export const pipeline = (tab) => {
  const { moment, run } = tab;
  const probe = moment?.probe;
  const told = moment?.numbers;
  const empty = !told || !probe;
  const norms = Object.entries(moment?.norms ?? {});
  const most = Math.max(...norms.map(([, v]) => v), 1e-12);
  return card(
    "vd-train-pipe",
    "train.pipe",
    t(empty ? "train.pipe.none" : "train.pipe.why", { step: empty ? 0 : number(moment.step, 0) }),
    empty
      ? html`<div class="vd-train-flow"></div>`
      : html`<div class="vd-train-flow">
          ${picture(tab, "probe", 0, "x")}${arrow}${box("mu", told.logvar ? "μ" : "z", listed(told.mu), told.logvar ? "mu" : "z")}
          ${told.logvar ? html`${box("logvar", "log σ²", listed(told.logvar))}${arrow}${box("eps", "ε", listed(told.eps))}${arrow}${box("z", "z = μ + σ ε", listed(told.z))}` : nothing}
          ${arrow}${picture(tab, "made", 1, html`x&#770;`)}
          ${arrow}<div class="vd-train-box vd-train-loss"><b>${t("train.loss")}</b><span>${equation(run, moment)}</span><small>${t("train.box.loss")}</small></div>
          ${arrow}<div class="vd-train-norms"><b>${t("train.norms")}</b>${norms.map(([name, v]) => html`<span>${name}</span><i style="--share: ${v / most}"></i><output>${significant(v, 2)}</output>`)}</div>
        </div>`,
  );
};
