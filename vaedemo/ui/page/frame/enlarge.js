// A figure enlarged over the page, by a double click on it or the small button beside it: as it stands at that moment, as large
// as the window allows, its title and note below it. Escape or a click closes it, and the focus goes back to where it was.

import { html, nothing, render } from "../vendor/lit-html.js";
import { onLanguage, t } from "./text.js";

const OWN = "button, label, summary, .vd-view, .vd-pad, .vd-res-brush, .vd-odd-pad, .vd-z"; // where a double click does something else
const WHOLE = ".vd-picture, .vd-figure"; // what is drawn in several layers

let place = null;
let shown = null; // {title, note, below: a node or null, copy, aspect}

// A copy of a figure, without what others would find it by; a canvas with what is drawn on it, a film with what it plays.
const copyOf = (figure) => {
  const copy = figure.cloneNode(true);
  const all = (root, of) => [...(root.matches(of) ? [root] : []), ...root.querySelectorAll(of)];
  const from = all(figure, "canvas, video");
  all(copy, "canvas, video").forEach((to, i) => {
    if (to.tagName === "VIDEO") return Object.assign(to, { srcObject: from[i].srcObject, muted: true, autoplay: true });
    to.style.imageRendering = getComputedStyle(from[i]).imageRendering;
    return from[i].width && from[i].height && to.getContext("2d").drawImage(from[i], 0, 0);
  });
  for (const element of all(copy, "*"))
    for (const name of ["id", "data-part", "tabindex", "aria-describedby"]) element.removeAttribute(name);
  copy.style.setProperty("--kind", getComputedStyle(figure).getPropertyValue("--kind"));
  return copy;
};

// What is said of a figure: by its caption, or by the card that it is in.
const saidOf = (figure) => {
  const [around, card] = [figure.closest("figure"), figure.closest(".vd-card")];
  const text = (root, of) => root?.querySelector(of)?.innerText.trim() ?? "";
  const below = around?.querySelector(".vd-under");
  return {
    title: text(around, "figcaption b") || text(card, "h2") || (figure.getAttribute("aria-label") ?? ""),
    note: around ? text(around, "figcaption .vd-note") : text(card, "header p"),
    below: below && !below.querySelector("button, [data-part=yoursHint]") ? below.cloneNode(true) : null,
  };
};

const close = () => place.querySelector("dialog").close();

const view = () => {
  const { title, note, below, copy, aspect } = shown ?? {};
  return html`<dialog class="vd vd-enlarged" data-part="enlarged" aria-label=${title ?? nothing} style=${`--aspect: ${aspect ?? 1}`} @click=${close}
    @close=${closed}>${shown ? html`<figure><div class="vd-enlarged-body" inert>${copy}</div><figcaption><b>${title}</b><span class="vd-note">${note}</span>${below}<button
      type="button" class="vd-button" data-part="enlargedClose" autofocus>${t("enlarge.close")}</button></figcaption></figure>` : nothing}</dialog>`; // prettier-ignore
};

const draw = () => render(view(), place);

// Told a moment later: another figure may be open by then.
const closed = ({ currentTarget }) => {
  if (currentTarget.open) return;
  shown = null;
  draw();
};

const enlarge = (figure) => {
  const { width, height } = figure.getBoundingClientRect();
  if (!width || !height) return;
  shown = { ...saidOf(figure), copy: copyOf(figure), aspect: width / height };
  draw();
  place.querySelector("dialog").showModal();
};

// The figure that a double click is on, or null.
const figureAt = (target) => {
  if (!target.closest?.(".vd") || target.closest(OWN) || target.closest("dialog")) return null;
  return target.closest(WHOLE) ?? target.closest("svg[role], canvas[role]");
};

// The figure beside a button.
const beside = (button) =>
  button.closest("figure")?.querySelector(WHOLE) ?? button.closest(".vd-chartbeside").parentElement.querySelector("svg[role]");

// At the page's start.
export const startEnlarging = () => {
  place = document.body.appendChild(document.createElement("div"));
  draw();
  onLanguage(draw);
  document.addEventListener("dblclick", (e) => {
    const figure = figureAt(e.target);
    if (figure) enlarge(figure);
  });
  document.addEventListener("click", (e) => {
    const button = e.target.closest?.("[data-enlarge]");
    if (button) enlarge(beside(button));
  });
};
