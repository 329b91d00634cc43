// The figure of a step, drawn from what the server computed: pictures in rows, sheets of samples, bars, columns, histograms,
// points on maps. What is named in `hide` keeps its place, and shows a question mark until the answer.

import { html, nothing, svg } from "../../page/vendor/lit-html.js";
import { className, language, number, significant, t } from "../../page/frame/text.js";
import { ticks } from "../../page/maths/geometry.js";

const plain = (v) => v.toLocaleString(language(), { maximumSignificantDigits: 4 }).replace("-", "−");

// A label in the page's language: a text, or [key, {name: number or label}].
export const say = (label) => {
  if (label === null || label === undefined) return "";
  if (typeof label === "number") return plain(label);
  if (typeof label === "string") return label;
  const [key, values = {}] = label;
  return t(key, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, say(value)])));
};

const short = (value) => (Math.abs(value) >= 1000 || Number.isInteger(value) ? number(value, 0) : significant(value));
const unknown = html`<b class="vd-les-unknown" aria-label=${"?"}>?</b>`;

const cell = (one, row, hidden) => {
  const name = [say(row.label), say(one.label), hidden ? t("lessons.hidden") : say(one.note)].filter(Boolean).join(", ");
  return html`<figure class="vd-les-cell">
    <div class="vd-les-picture ${hidden ? "vd-les-hidden" : ""}">${hidden ? unknown : html`<img src=${one.src} alt=${name}>`}</div>
    ${one.label || one.note ? html`<figcaption aria-hidden="true">${say(one.label)} <i>${hidden ? "" : say(one.note)}</i></figcaption>` : nothing}
  </figure>`;
};

const grid = ({ rows }, away) => {
  // A row by itself may break.
  const longest = Math.max(...rows.map((row) => row.cells.length));
  const columns = rows.length === 1 && longest > 6 ? Math.ceil(longest / 2) : longest;
  const named = rows.some((row) => row.label);
  const wide = named && columns > 6;
  return html`<div class="vd-les-grid ${wide ? "vd-les-wide" : named ? "vd-les-named" : ""}" style="--columns: ${columns}; --rows: ${rows.length}">${rows.map(
    (row) => html`<div class="vd-les-row">
      ${named ? html`<b>${say(row.label)}</b>` : nothing}
      <div class="vd-les-cells" style="--own: ${Math.min(row.cells.length, columns)}">${row.cells.map((one) => cell(one, row, away(row.id) || away(one.id)))}</div>
    </div>`,
  )}</div>`;
};

const sheets = (figure, away) =>
  html`<div class="vd-les-sheets" style="--columns: ${figure.sheets.length}">${figure.sheets.map((sheet) => {
    const hidden = away(sheet.id);
    return html`<figure><figcaption><b>${say(sheet.label)}</b> ${say(sheet.note)}</figcaption>
      <div class="vd-les-picture ${hidden ? "vd-les-hidden" : ""}">${hidden ? unknown : html`<img src=${sheet.src} alt=${say(sheet.label)}>`}</div></figure>`;
  })}</div>`;

const legendOf = (entries) =>
  entries.length
    ? html`<p class="vd-les-legend">${entries.map(({ colour, label }) => html`<span><i style="background: ${colour}"></i>${label}</span>`)}</p>`
    : nothing;

const bars = (figure, away) => {
  const total = (bar) => bar.parts.reduce((sum, part) => sum + part.value, 0);
  const most = Math.max(...figure.bars.map(total));
  const row = (bar) => {
    const hidden = away(bar.id);
    const parts = hidden
      ? html`<span class="vd-les-hidden">${unknown}</span>`
      : bar.parts.map(
          ({ token, value }) => html`<i style="width: ${(100 * value) / most}%; background: var(--vd-${token})" title=${short(value)}></i>`,
        );
    return html`<dt>${say(bar.label)}</dt><dd><span class="vd-les-bar">${parts}</span><b>${hidden ? "?" : short(total(bar))}</b></dd>`;
  };
  const legend = figure.legend.map(({ token, label }) => ({ colour: `var(--vd-${token})`, label: say(label) }));
  return html`<div class="vd-les-bars" style="--bars: ${figure.bars.length}">${legendOf(legend)}<dl>${figure.bars.map(row)}</dl><p class="vd-les-unit">${say(figure.unit)}</p></div>`;
};

// A chart of columns: sets share an axis from low to high, values stand on one another's feet.
const [WIDE, HIGH, LEFT, BASE] = [640, 400, 46, 356];
const chart = (sets, { low, high, title, top, marks, heights }, away) => {
  const seen = sets.filter((set) => !away(set.id));
  const x = (v) => LEFT + ((v - low) / (high - low)) * (WIDE - LEFT - 8);
  const y = (v) => BASE - (v / top) * (BASE - 14);
  const columns = ({ values, token }) => {
    const step = (WIDE - LEFT - 8) / values.length;
    const gap = values.length <= 40 && sets.length === 1 ? step * 0.15 : 0;
    return values.map(
      (v, i) =>
        svg`<rect x=${LEFT + i * step + gap} y=${y(v)} width=${step - 2 * gap} height=${BASE - y(v)} style="fill: var(--vd-${token})"></rect>`,
    );
  };
  const legend = sets.map((set) => ({ colour: `var(--vd-${set.token})`, label: `${say(set.label)}${away(set.id) ? " ?" : ""}` }));
  const described = `${say(title)}: ${sets.map((set) => say(set.label)).join(", ")}`;
  return html`<div class="vd-les-chart">${sets.length > 1 ? legendOf(legend) : nothing}
    <svg viewBox="0 0 ${WIDE} ${HIGH}" role="img" aria-label=${described}>
      ${heights.map((v) => svg`<line class="vd-les-line" x1=${LEFT} x2=${WIDE - 8} y1=${y(v)} y2=${y(v)}></line><text x=${LEFT - 6} y=${y(v) + 4} text-anchor="end">${short(v)}</text>`)}
      ${seen.map((set) => svg`<g style="opacity: ${sets.length > 1 ? 0.75 : 1}">${columns(set)}</g>`)}
      ${seen.length < sets.length ? svg`<text class="vd-les-ask" x=${(WIDE + LEFT) / 2} y=${BASE / 2 + 20} text-anchor="middle">?</text>` : nothing}
      <line class="vd-les-axis" x1=${LEFT} x2=${WIDE - 8} y1=${BASE} y2=${BASE}></line>
      ${marks.map((v) => svg`<text x=${x(v)} y=${BASE + 17} text-anchor="middle">${short(v)}</text>`)}
      <text class="vd-les-title" x=${(WIDE + LEFT) / 2} y=${HIGH - 6} text-anchor="middle">${say(title)}</text>
    </svg></div>`;
};

const histogram = ({ sets, low, high, title }, away) => {
  const top = 1.05 * Math.max(...sets.flatMap((set) => set.values));
  return chart(sets, { low, high, title, top, marks: ticks(low, high, 6), heights: [] }, away);
};

const columns = ({ sets, first, title, unit }, away) => {
  const n = sets[0].values.length;
  const top = 1.05 * Math.max(...sets.flatMap((set) => set.values));
  const every = n > 12 ? 4 : 1;
  const marks = Array.from({ length: n }, (_, i) => first + i).filter((v) => v === first || v % every === 0);
  const named = ["lessons.axes", { across: title, up: [sets[0].label[0]], unit }];
  return chart(sets, { low: first - 0.5, high: first + n - 0.5, title: named, top, marks, heights: ticks(0, top, 4) }, away);
};

const points = ({ panels, classes, colours }, away) => {
  const side = 560;
  const scatter =
    ({ low, high, points: all }) =>
    (canvas) => {
      const ctx = canvas.getContext("2d");
      ctx.clearRect(0, 0, side, side);
      for (const [a, b, c] of all) {
        ctx.fillStyle = colours[c % colours.length];
        const [px, py] = [((a - low[0]) / (high[0] - low[0])) * side, (1 - (b - low[1]) / (high[1] - low[1])) * side];
        ctx.fillRect(px - 2, py - 2, 4, 4);
      }
    };
  const legend = classes.map((name, i) => ({ colour: colours[i], label: className(name) }));
  return html`<div><div class="vd-les-sheets" style="--columns: ${panels.length}">${panels.map((panel) => {
    const hidden = away(panel.id);
    panel.draw ??= scatter(panel);
    const range = t("lessons.range", { low: number(panel.low[0], 0), high: number(panel.high[0], 0) });
    return html`<figure><figcaption><b>${say(panel.label)}</b></figcaption>
      <div class="vd-les-picture vd-les-points ${hidden ? "vd-les-hidden" : ""}">${
        hidden
          ? unknown
          : html`<canvas width=${side} height=${side} role="img" aria-label="${say(panel.label)}, ${range}" .draw=${panel.draw}></canvas>`
      }</div>
      <p class="vd-les-unit">${hidden ? "" : range}</p></figure>`;
  })}</div>${legendOf(legend)}</div>`;
};

const FORMS = { grid, sheets, bars, histogram, columns, points };

// figure: what the server gave; hide: ids of what is not shown yet.
export const drawn = (figure, hide) => FORMS[figure.form](figure, (id) => hide.includes(id));
