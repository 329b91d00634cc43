// What "Lessons" shows: the list of lessons, or one step of one of them.

import { html, nothing } from "../../page/vendor/lit-html.js";
import { message, small } from "../../page/frame/pieces.js";
import { failure, t } from "../../page/frame/text.js";
import { drawn } from "./figures.js";
import { count } from "./state.js";

const score = (rows) => t("lessons.score", count(rows));

const dots = (row, at) =>
  html`<span class="vd-les-dots" aria-hidden="true">${row.map(
    (a, i) =>
      html`<i class="${a ? (a.right ? "vd-les-right" : a.choice === null ? "vd-les-seen" : "vd-les-wrong") : ""} ${i === at ? "vd-les-at" : ""}"></i>`,
  )}</span>`;

const entry = (tab, lesson, i) => {
  const row = tab.answers[lesson.name];
  const { answered } = count([row]);
  return html`<li><a href=${tab.addressOf({ lesson: lesson.name, step: 0 })} data-lesson=${lesson.name}
      @click=${(e) => tab.follow(e, { lesson: lesson.name, step: tab.firstOpen(lesson.name) })}>
    <span class="vd-les-number">${i + 1}</span>
    <span class="vd-les-about"><b>${lesson.title}</b><span>${lesson.lead}</span></span>
    <span class="vd-les-state">${dots(row)}<small>${answered ? score([row]) : t("lessons.steps", { n: lesson.steps })}</small></span>
  </a></li>`;
};

const list = (tab) => html`<div class="vd-les-list">
  <header><div><h2>${t("lessons.title")}</h2><p>${t("lessons.why")}</p></div>
    <p class="vd-les-score" data-part="score">${score(Object.values(tab.answers))} ${small("reset", tab.reset, { key: "lessons.reset" })}</p></header>
  ${tab.value.problems.map((problem) => html`<p class="vd-les-problem" role="alert">${failure({ error: problem })}</p>`)}
  <ol>${tab.lessons.map((lesson, i) => entry(tab, lesson, i))}</ol>
</div>`;

const answerOf = (tab, step, given, text, i) => {
  const kind = !given ? "" : i === step.right ? "vd-les-right" : i === given.choice ? "vd-les-wrong" : "vd-les-pale";
  const said = !given ? "" : i === step.right ? t("lessons.right") : i === given.choice ? t("lessons.wrong") : "";
  return html`<button type="button" class="vd-les-answer ${kind}" data-answer=${i} aria-disabled=${Boolean(given)}
    aria-pressed=${given?.choice === i} @click=${() => tab.answer(i)}><kbd aria-hidden="true">${i + 1}</kbd><span>${text}</span><small>${said}</small></button>`;
};

const revealed = (tab, step) => html`
  <p class="vd-les-why" data-part="why">${step.why}</p>
  ${step.formula === null ? nothing : html`<div class="vd-les-formula" data-part="formula" .innerHTML=${tab.formulas[step.formula] ?? ""}></div>`}
  <a class="vd-button vd-les-try" data-part="try" href=${tab.elsewhere(step.link)}>${t("lessons.try", { tab: t(`tab.${tab.tabIn(step.link)}`) })}</a>`;

const stepView = (tab) => {
  const { lesson, step: at } = tab.state;
  const [step, given, row] = [tab.step, tab.given, tab.answers[lesson]];
  const titled = tab.lessons.find((one) => one.name === lesson);
  const next = tab.next(1);
  const ready = tab.figure && step; // after a change of language the words come later than the figure
  return html`<article class="vd-les-step" data-shown=${ready ? `${lesson} ${at + 1}` : ""}>
    <header>
      <button type="button" class="vd-small" data-part="all" @click=${() => tab.go({ lesson: null, step: 0 })}>${t("lessons.all")}</button>
      <h2>${tab.names.indexOf(lesson) + 1}. ${titled.title}</h2>
      ${dots(row, at)}<span class="vd-spoken">${t("lessons.at", { step: at + 1, n: row.length })}</span>
    </header>
    <div class="vd-les-stage" data-part="figure" aria-busy=${!ready}>${ready ? drawn(tab.figure, given ? [] : step.hide) : nothing}</div>
    <div class="vd-les-side">
      ${
        step
          ? html`<h3 tabindex="-1" data-part="question">${step.question}</h3>
      <div class="vd-les-answers" role="group" aria-label=${step.question}>${step.answers.map((text, i) => answerOf(tab, step, given, text, i))}</div>
      <div class="vd-les-reveal" role="status" data-part="reveal">${given ? revealed(tab, step) : nothing}</div>`
          : nothing
      }
      <div class="vd-les-moves">
        <button type="button" class="vd-small" data-part="back" ?disabled=${!tab.next(-1)} @click=${() => tab.move(-1)}>${t("lessons.back")}</button>
        ${given ? small("again", tab.again, { key: "lessons.again" }) : small("show", tab.lookUp, { key: "lessons.show" })}
        <button type="button" class="vd-small ${given ? "vd-les-on" : ""}" data-part="next" ?disabled=${!next} @click=${() => tab.move(1)}>${
          next && next.lesson !== lesson ? t("lessons.nextlesson") : t("lessons.next")
        }</button>
      </div>
    </div>
  </article>`;
};

export const view = (tab) => html`<div class="vd-les">
  ${message(tab)}
  ${tab.state.lesson ? stepView(tab) : list(tab)}
</div>`;
