// Pieces of a view that several tabs use: templates without state.

import { html, nothing } from "../vendor/lit-html.js";
import { step } from "./address.js";
import { t } from "./text.js";

const ICONS = {
  upload: "M10 13V3M6 7l4-4 4 4M3 13v4h14v-4",
  draw: "M3 17l1-4L14 3l3 3L7 16z",
  camera: "M2 6h4l1-2h6l1 2h4v10H2zM10 8a3 3 0 1 0 .01 0",
  save: "M10 3v10M6 9l4 4 4-4M3 17h14",
  figures: "M7 3C4 3 6 9 3 10c3 1 1 7 4 7M13 3c3 0 1 6 4 7-3 1-1 7-4 7",
  link: "M8 12l4-4M9 6l2-2a3.5 3.5 0 0 1 5 5l-2 2M11 14l-2 2a3.5 3.5 0 0 1-5-5l2-2",
  die: "M6 3h8a3 3 0 0 1 3 3v8a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V6a3 3 0 0 1 3-3zM7 6.9v.2M13 6.9v.2M10 9.9v.2M7 12.9v.2M13 12.9v.2",
  noise: "M3 7h9l-3-3M17 13H8l3 3",
  point: "M10 2v16M2 10h16M10 6a4 4 0 1 0 .01 0",
  share: "M3 15v-4a4 4 0 0 1 4-4h9M12 3l4 4-4 4",
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  whole: "M3 8V3h5M12 3h5v5M17 12v5h-5M8 17H3v-5",
  turn: "M4 7h11l-3-3M16 13H5l3 3",
};
export const icon = (name) => html`<svg viewBox="0 0 20 20" aria-hidden="true"><path d=${ICONS[name]}></path></svg>`;

// A button with a picture; its words are those of the key, "upload.button" and "upload.why".
export const button = (part, shape, click, { key = part, text = `${key}.button`, pressed, disabled = false } = {}) =>
  html`<button type="button" class="vd-button" data-part=${part} title=${t(`${key}.why`)} aria-pressed=${pressed ?? nothing}
    ?disabled=${disabled} @click=${click}>${icon(shape)}<span>${t(text)}</span></button>`;

export const small = (part, click, { key = `${part}.button`, pressed, disabled = false } = {}) =>
  html`<button type="button" class="vd-small" data-part=${part} aria-pressed=${pressed ?? nothing} ?disabled=${disabled}
    @click=${click}>${t(key)}</button>`;

export const message = (tab) =>
  html`<div class="vd-message" data-part="message" role="alert" ?hidden=${!tab.said}><span data-part="messageText">${tab.said}</span><button
    type="button" data-part="dismiss" aria-label=${t("dismiss.label")} @click=${() => tab.say("")}></button></div>`;

// Another domain is a step of the browser's history. A group of radio buttons that looks like one switch. options: [{value, label, mark, title, disabled}], of which choose(value) tells
// the chosen one's; the native inputs bring keyboard and screen readers with them.
export const choices = ({ part, name, label, options, value, choose, little = false }) => html`
  <div class="vd-switch ${little ? "vd-switch-small" : ""}" data-part=${part} role="radiogroup" aria-label=${label}
    @change=${(e) => {
      if (part === "domain") step();
      choose(options.find((o) => String(o.value) === e.target.value).value);
    }}>${options.map(
      (o) => html`<label class="vd-choice" title=${o.title ?? ""}><input type="radio" name=${name} value=${o.value}
        ?checked=${String(o.value) === String(value)} ?disabled=${Boolean(o.disabled)}><span>${o.label}${o.mark ? html`<i title=${o.mark}>•</i>` : nothing}</span></label>`,
    )}</div>`;

// Options whose labels are the phrases `key.value`, or the values themselves.
export const optionsOf = (values, key) => values.map((v) => ({ value: v, label: key ? t(`${key}.${v}`) : String(v) }));

// A named switch; away: there, but not seen.
export const field = ({ away = false, hidden = false, ...given }) => html`
  <div class="vd-field ${away ? "vd-away" : ""}" data-part="${given.part}Field" ?hidden=${hidden}><span>${given.label}</span>
    ${choices(given)}</div>`;

// The switch of a word of a tab's state; bare: without its label above it; more: what is not as usual.
export const chooser = (tab, word, options, { bare = false, ...more } = {}) =>
  (bare ? choices : field)({
    part: word,
    name: `${tab.prefix}-${word}`,
    label: t(`${word}.label`),
    options,
    value: tab.state[word],
    choose: (value) => tab.set({ [word]: value }),
    little: bare,
    ...more,
  });

// A file to choose, hidden: take(file); the same one may be chosen again.
export const fileInput = (part, take, accept = "image/*,.tif,.tiff") => {
  const chosen = ({ target }) => {
    if (target.files[0]) take(target.files[0]);
    target.value = "";
  };
  return html`<input type="file" data-part=${part} accept=${accept} hidden @change=${chosen}>`;
};

// The button that enlarges the figure that it stands beside (enlarge.js).
export const enlarger = (name) => {
  const label = t("enlarge.label", { name });
  return html`<button type="button" class="vd-enlarge" data-enlarge aria-label=${label} title=${t("enlarge.why")}></button>`;
};

// The frame of pictures; reading: whose cursor lies in it, or none.
export const picture = (
  inside,
  { part = nothing, kind = "", reading = null } = {},
) => html`<div class="vd-picture ${kind}" data-part=${part}
  @pointerdown=${reading?.point} @pointermove=${reading?.point} @pointerleave=${reading?.leave} @focusout=${reading?.leave} @keydown=${reading?.keys}>${inside}${reading?.mark() ?? ""}</div>`;

export const panel = (
  name,
  inside,
  { title = `${name}.title`, note = "", under = "", frame = "", beside = "", reading = null } = {},
) => html`
  <figure class="vd-panel vd-panel-${name}">
    <figcaption><b>${t(title)}</b><span data-part="${name}Note" class="vd-note">${note}</span>${enlarger(t(title))}</figcaption>
    ${picture(inside, { part: `${name}Frame`, kind: frame, reading })}
    <div class="vd-under" data-part="${name}Under">${under}</div>${beside}
  </figure>`;

// A colour bar with its ends; background: a CSS gradient.
export const scale = (low, background, high) => html`
  <div class="vd-scale"><span data-part="scaleLow">${low}</span><i data-part="scaleBar" style="background-image: ${background}"></i><span
    data-part="scaleHigh">${high}</span></div>`;

// A large slider. at: where it stands; input(number) when it is moved.
export const slider = ({
  part,
  id = nothing,
  label,
  value,
  why,
  max = 1000,
  step = 1,
  at,
  text = value,
  input,
  disabled = false,
  kind = "",
  away = false,
  below = "",
}) => html`
  <div class="vd-slider ${kind} ${away ? "vd-away" : ""}" data-part="${part}Field"><label for=${id}><span>${label}</span> <b data-part="${part}Value">${value}</b>
    <small data-part="${part}Why">${why}</small></label>
    <input type="range" id=${id} data-part=${part} min="0" max=${max} step=${step} data-at=${at} aria-label=${id === nothing ? label : nothing}
      aria-valuetext=${text} ?disabled=${disabled} @input=${(e) => input(Number(e.target.value))}>${below}</div>`;

// The seed of what is random on a tab: typed, or another one thrown; choose(seed) of one from 0 to most.
const THROWN = 1_000_000;
export const seedField = ({ value, most, choose }) => {
  const typed = ({ target }) => {
    const seed = Number(target.value);
    if (target.value !== "" && Number.isInteger(seed) && seed >= 0 && seed <= most) choose(seed);
  };
  return html`<div class="vd-field"><span>${t("seed.label")}</span><div class="vd-seed"><input type="number" class="vd-number" min="0" max=${most}
    step="1" inputmode="numeric" data-part="seed" data-at=${value} aria-label=${t("seed.label")} @input=${typed}
    @blur=${(e) => (e.target.value = value)}>${button("die", "die", () => choose(Math.floor(Math.random() * THROWN)), { key: "seed.die" })}</div></div>`;
};

// The bar of work that takes long: {done, total, text}, and a button that ends it.
export const progress = (part, label, { done, total, text }, halt, { away = false, hidden = false, role = nothing } = {}) => html`
  <div class="vd-job ${away ? "vd-away" : ""}" data-part="${part}Field" ?hidden=${hidden}><progress data-part=${part} .max=${total} .value=${done}
    aria-label=${label}></progress><span data-part="${part}Text" role=${role}>${text}</span>${halt}</div>`;

// A figure with its name, and an aside below it.
export const figure = ({ part, key = part, value, unit = "", aside = "", asidePart = nothing, hidden = false }) => html`
  <div ?hidden=${hidden}><dt title=${t(`${key}.why`)}>${t(`${key}.name`)}</dt><dd><b data-part=${part}>${value}</b>${unit}</dd><dd
    class="vd-aside" data-part=${asidePart}>${aside}</dd></div>`;

export const card = (kind, key, why, inside, beside = "") => html`
  <section class="vd-card ${kind}">
    <header><h2>${t(`${key}.title`)}</h2><p data-part="${key.split(".").at(-1)}Why">${why}</p>${beside}</header>
    ${inside}
  </section>`;

// What can be taken away, and how it works.
export const takeRow = (tab, buttons, others = "") => html`
  <section class="vd-take">
    ${buttons}${button("copyLink", "link", tab.copyLink)}${others}
    <span class="vd-note" data-part="copied" role="status">${tab.copied ? t(tab.copied) : ""}</span>
  </section>`;

export const moreFold = (key, facts) => html`
  <details class="vd-more"><summary>${t("more.title")}</summary><div data-part="more" .innerHTML=${t(key, facts)}></div></details>`;

// A tab around its pictures: what leads to them; panels in a row, below them what they are set by first, a line {id, part, text} that says what is under the cursor and the switch
// of a mode; tools under the first panel, controls under the others; cards; and what can be taken away.
export const sheet = (
  tab,
  { kind = "", style = nothing, sources, lead = "", panels, first = "", readout, mode, tools, controls, cards, buttons, more, facts = {} },
) => html`
<div class="vd-rec ${kind}" style=${style}>
  ${message(tab)}
  <section class="vd-top">${lead}
    <div class="vd-panels">${panels}</div>
    ${first && html`<div class="vd-first">${first}</div>`}
    <output class="vd-readout" id=${readout.id} data-part=${readout.part} aria-live="polite">${readout.text}</output>
    <div class="vd-errormode">${mode}</div>
    <div class="vd-tools">${tab.yours.tools(sources)}${tools}</div>
    <div class="vd-controls">${controls}</div>
  </section>
  ${cards}
  ${takeRow(tab, buttons)}
  ${moreFold(more, facts)}
</div>`;
