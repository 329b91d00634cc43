// The teacher's mode: large type, nothing but the tab, and a QR code of the address for the phones of the class.

import { html, nothing, render } from "../vendor/lit-html.js";
import * as address from "./address.js";
import { onLanguage, t } from "./text.js";

const QUIET = 4; // modules of white around a QR code (ISO/IEC 18004)
const LOCAL = /^(localhost|127\.|\[::1\]$|0\.0\.0\.0$)/;
const WORD = "teach"; // in the address: 1

let bar = null;
let code = null; // {address, side, path} of the QR code that is shown

export const teaching = () => document.documentElement.classList.contains("vd-teach");

// The address for the phones: this one, without the teacher's mode.
const shared = () => {
  address.flush();
  const url = new URL(location.href);
  url.searchParams.delete(WORD);
  return url.href;
};

// The dark modules of a QR code as the path of an SVG, a unit a module.
export const pathOf = ({ size, get }) => {
  let path = "";
  for (let y = 0; y < size; y += 1) for (let x = 0; x < size; x += 1) if (get(x, y)) path += `M${x} ${y}h1v1h-1z`;
  return path;
};

const showCode = async () => {
  const { generate } = await import("../vendor/lean-qr.js");
  const found = shared();
  const made = generate(found);
  code = { address: found, side: made.size + 2 * QUIET, path: pathOf({ size: made.size, get: (x, y) => made.get(x, y) }) };
  draw();
  bar.querySelector("dialog").showModal();
};

const hideCode = () => bar.querySelector("dialog").close();

const drawing = () => html`
  <svg data-part="qr" viewBox="${-QUIET} ${-QUIET} ${code.side} ${code.side}" shape-rendering="crispEdges" role="img"
    aria-label=${t("teach.qr.label")}><rect x=${-QUIET} y=${-QUIET} width=${code.side} height=${code.side} fill="#fff"></rect><path d=${code.path}
    fill="#000"></path></svg>
  <p data-part="qrAddress">${code.address}</p>
  ${LOCAL.test(location.hostname) ? html`<p class="vd-note">${t("teach.qr.local")}</p>` : nothing}
  <button type="button" class="vd-button" data-part="qrClose" @click=${hideCode}>${t("teach.qr.close")}</button>`;

const draw = () => {
  const on = teaching();
  render(
    html`<div class="vd vd-teachbar" ?hidden=${!on} role="group" aria-label=${t("teach.label")}>
      <button type="button" class="vd-small" data-part="teachQr" @click=${showCode}>${t("teach.qr")}</button>
      <button type="button" class="vd-small" data-part="teachLeave" @click=${() => teach(false)}>${t("teach.leave")}</button>
    </div>
    <dialog class="vd vd-teachcode" aria-label=${t("teach.qr.label")} @close=${draw}>${code ? drawing() : nothing}</dialog>`,
    bar,
  );
};

export const teach = (on) => {
  document.documentElement.classList.toggle("vd-teach", on);
  address.write({ [WORD]: on ? 1 : null });
  draw();
};

// Escape leaves; what is open in front of the page takes it first.
const pressed = (e) => {
  if (e.key === "Escape" && teaching() && !e.defaultPrevented && !document.querySelector("dialog[open]")) teach(false);
};

// At the page's start.
export const start = () => {
  bar = document.body.appendChild(document.createElement("div"));
  document.addEventListener("keydown", pressed);
  onLanguage(draw);
  if (address.read()[WORD] === "1") teach(true);
  else draw();
};
