// What the code costs: its numbers rounded and entropy-coded, of what they decode to, and beside them files without loss.

import { html } from "../../page/vendor/lit-html.js";
import { number, t } from "../../page/frame/text.js";

const whole = (value) => value.toLocaleString("en");

// {bytes, n, ratio, coded}: of a model without a quantiser its numbers as they are, in 32 bits each.
const cost = ({ shownFigures: f, state, x }) => {
  const coded = f?.size;
  if (!f) return null;
  const bytes = coded ? coded.bytes : 4 * state.d;
  const ratio = coded ? t("ratio.value", { ratio: number(coded.ratio, coded.ratio < 20 ? 1 : 0) }) : t("ratio.none");
  return { bytes, n: x.length, ratio, coded };
};

export const size = (tab) => {
  const found = cost(tab);
  const bytes = found && t("bytes.value", { bytes: `<b class="vd-c-z">${whole(found.bytes)}</b>`, n: `<b>${whole(found.n)}</b>` });
  return html`<div class="vd-bytes"><dt title=${t("bytes.why")}>${t("bytes.name")}</dt><dd data-part="bytes" .innerHTML=${bytes ?? "<b>\u00a0</b>"}></dd><dd
      class="vd-aside" data-part="ratio">${found?.ratio ?? ""}</dd></div>`;
};

// The line below the figures.
export const sizeLine = (tab) => {
  const { state, test, files } = tab;
  const found = cost(tab);
  const { coded } = found ?? {};
  const own = coded
    ? t("size.coded", { d: state.d, bits: number(coded.bits, 1), psnr: number(coded.psnr, 1) })
    : found
      ? t("size.plain", { d: state.d })
      : "";
  const mean = coded && test?.bits ? t("size.mean", { bits: number(test.bits, 1) }) : "";
  const beside = files ? t("size.files", { png: whole(files.png), webp: whole(files.webp) }) : "";
  return html`<p class="vd-sizeline" data-part="sizeLine">${own} ${mean} ${beside}</p>`;
};

// The same for a saved picture.
export const sizePlain = (tab) => {
  const { bytes, n, coded } = cost(tab);
  return coded
    ? t("bytes.plain", { bytes, n: whole(n), bits: number(coded.bits, 1), psnr: number(coded.psnr, 1) })
    : t("size.plain", { d: tab.state.d });
};
