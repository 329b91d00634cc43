// What a newcomer sees first: one sentence that says what is shown, the way of a picture through the network drawn, and stories of
// one click, each of which sets the state and says what to see.

import { html, svg } from "../../page/vendor/lit-html.js";
import { t } from "../../page/frame/text.js";
import { pack, unpack } from "../../page/draw/pixels.js";
import { fromWord, toWord } from "../../page/maths/words.js";

const HOME = "digits"; // the domain of the stories
const OTHER = "fashion"; // and the one that is strange to its networks
// A row a story: whether there is what it needs; and what a click does.
const STORIES = {
  two: { needs: [HOME], tell: (tab, at) => tab.yours.example(HOME, tab.yours.namesake(HOME, "five"), at({ kind: "ae", d: 2 })) },
  dress: { needs: [HOME, OTHER], tell: (tab, at) => strange(tab, at({ kind: "vae", d: 16 })) },
  own: { needs: [HOME], tell: (tab, at) => board(tab, at({ kind: "vae", d: 32 })) },
};

// An example of another domain, as if it were a digit.
const strange = async (tab, job) => {
  const answer = await tab.asking("prepare", {
    domain: OTHER,
    source: { example: "dress", domain: OTHER },
    fit: "crop",
    polarity: "auto",
    models: [],
  });
  if (answer.error || tab.story !== job.story) return;
  const bytes = fromWord(toWord(unpack(answer.x)), tab.table[HOME]); // as a link carries it
  tab.yours.ready({ x: pack(bytes), domain: HOME }, { ...job, drawn: true });
};

// The drawing board, empty, beside a digit that shows what will come back.
const board = async (tab, job) => {
  if (tab.state.domain !== HOME || !tab.yours.picture?.example) await tab.yours.example(HOME, tab.yours.namesake(HOME, "two"), job);
  else tab.choose(job.wanted);
  tab.story = job.story;
  if (tab.yours.mode !== "draw") tab.yours.draw();
  else tab.draw();
};

const tell = (tab, story) => {
  tab.story = story;
  const at = (model) => ({ story, wanted: { ...tab.state, domain: HOME, beta: 1, ...model } });
  return STORIES[story].tell(tab, at);
};

// ---- the drawing: lengths of an SVG of WIDE x HIGH units --------------------------------------------------------

const [WIDE, HIGH, EDGE, BAR] = [356, 56, 2, 9];
const FULL = HIGH - 2 * EDGE;

// Height of the code's bar: a step for every doubling.
export const heightOf = (d) => Math.min(FULL - 8, 4 + 6 * Math.log2(Math.max(1, d)));

const bar = (kind, x, height) => svg`<rect class=${kind} x=${x} y=${(HIGH - height) / 2} width=${BAR} height=${height} rx="2"></rect>`;

const flow = (tab) => {
  const { state, row } = tab;
  const n = row.size ** 2 * row.channels;
  const low = heightOf(state.d);
  const half = (height) => [(HIGH - height) / 2, (HIGH + height) / 2];
  const [[a, b], [c, d]] = [half(FULL), half(low + 4)];
  const text = (kind, x, words, anchor = "middle") =>
    svg`<text class=${kind} x=${x} y=${HIGH / 2 + 4} text-anchor=${anchor}>${words}</text>`;
  const said = t("flow.label", { n, d: state.d });
  return html`<svg class="vd-flow" data-part="flow" data-kind=${state.kind} viewBox="0 0 ${WIDE} ${HIGH}" role="img" aria-label=${said}><title>${said}</title>
    ${text("vd-flow-x", 8, "x")}${bar("vd-flow-x", 22, FULL)}
    <path class="vd-flow-net" d="M40 ${a}L130 ${c}V${d}L40 ${b}Z"></path>${text("vd-flow-name", 84, t("flow.encoder"))}
    ${bar("vd-flow-z", 139, low)}${text("vd-flow-z", 156, `z · ${state.d}`, "start")}
    <path class="vd-flow-net" d="M214 ${c}L304 ${a}V${b}L214 ${d}Z"></path>${text("vd-flow-name", 260, t("flow.decoder"))}
    ${bar("vd-flow-rec", 313, FULL)}${text("vd-flow-rec", 336, "x̂")}</svg>`;
};

export const lead = (tab) => {
  const { story, state, table } = tab;
  const there = Object.keys(STORIES).filter((name) => STORIES[name].needs.every((domain) => table[domain]?.kinds.vae));
  return html`<div class="vd-lead">
    <p data-part="lead" aria-live="polite">${story ? t(`story.${story}.see`) : t("lead", { d: state.d })}</p>
    ${flow(tab)}
    <div class="vd-stories" role="group" aria-label=${t("story.label")}>${there.map(
      (name) =>
        html`<button type="button" class="vd-small" data-story=${name} aria-pressed=${name === story} @click=${() => tell(tab, name)}>${t(`story.${name}.title`)}</button>`,
    )}</div>
  </div>`;
};
