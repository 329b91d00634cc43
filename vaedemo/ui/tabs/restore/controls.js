// The controls of "Denoise" and "Inpaint" as the state has them, and the words beside the pictures.

import { segmented } from "../../page/frame/dom.js";
import { LIMIT, gradient } from "../../page/draw/pixels.js";
import { countOf, countsOf, fourthsOf } from "./state.js";
import { number, t } from "../../page/frame/text.js";

// A function that draws them; picture() and estimated() are those at hand, set and the others change the state.
export const createControls = (p, { task, value, state, pad, photo, fourthOf, set, chooseDomain, picture, estimated, preset }) => {
  const { table, masks, spread: SPREAD } = value;
  const denoising = task === "denoise";

  return () => {
    const row = table[state.domain];
    const { noises, strongest } = row;
    segmented(p.domain, `vd-${task}-domain`, Object.keys(table).map((n) => ({ value: n, label: t(`domain.${n}`) })), state.domain, chooseDomain);
    segmented(p.count, `vd-${task}-count`, countsOf(row, picture()).map((n) => ({ value: String(n), label: String(n) })), countOf(state, row, picture()), (n) => set({ n: Number(n), view: "mean" }));
    segmented(p.fourthMode, `vd-${task}-fourth`, fourthsOf(task, state).map((f) => ({ value: f, label: t(`fourth.${f}`) })), fourthOf(), (fourth) => set({ fourth }, false));
    p.die.textContent = t("restore.seed.value", { seed: state.seed });
    const signed = fourthOf() === "residual";
    p.scaleBar.style.backgroundImage = photo() && signed ? "linear-gradient(to right, #000, #808080, #fff)" : gradient(signed ? "signed" : "absolute");
    const end = photo() && signed ? 0.25 : fourthOf() === "spread" ? SPREAD : LIMIT;
    p.scaleLow.textContent = signed ? `≤ −${end}` : "0";
    p.scaleHigh.textContent = `≥ ${signed ? "+" : ""}${end}`;
    p.fourthNote.textContent = t(`fourth.${fourthOf()}.note`);
    p.restoredNote.textContent = photo() ? t("restored.mean") : typeof state.view === "number" ? t("restored.sample", { n: state.view + 1 }) : t(`restored.${state.view}`);
    p.yoursNote.textContent = picture()?.width ? `${picture().width} × ${picture().height}` : "";
    p.root.classList.toggle("vd-res-photo", photo());
    if (photo() && picture()?.width) p.root.style.setProperty("--shape", picture().width / picture().height);
    p.brushPad.hidden = denoising;
    p.given.checked = state.given;
    p.givenField.hidden = !denoising;
    if (denoising) {
      p.noiseField.classList.toggle("vd-away", state.given);
      segmented(p.noise, `vd-noise`, Object.keys(noises).map((n) => ({ value: n, label: t(`noise.${n}`) })), state.noise, (noise) => set({ noise, level: noises[noise].usual }));
      const { low, high } = state.given ? { low: 0, high: strongest } : noises[state.noise];
      const at = state.given ? (state.sigma ?? estimated()) : state.level;
      p.level.value = Math.round((1000 * (at - low)) / (high - low));
      p.level.style.setProperty("--share", (at - low) / (high - low));
      p.levelValue.textContent = !state.given && state.noise === "jpeg" ? number(at, 0) : number(at, 2);
      p.levelWhy.textContent = t(state.given ? (state.sigma === null ? "restore.sigma.estimated" : "restore.sigma.hand") : `noise.${state.noise}.why`);
      p.level.setAttribute("aria-valuetext", p.levelValue.textContent);
    } else {
      segmented(p.mask, `vd-mask`, masks.map((m) => ({ value: m, label: t(`mask.${m}`) })), state.mask, preset);
      p.amountField.classList.toggle("vd-away", state.mask !== "random");
      p.amount.value = Math.round(1000 * state.amount);
      p.amount.style.setProperty("--share", state.amount);
      p.amountValue.textContent = `${Math.round(100 * state.amount)} %`;
      p.live.textContent = t("restore.missing", { share: number((100 * pad.missing()) / pad.mask().data.length, 0) });
    }
  };
};
