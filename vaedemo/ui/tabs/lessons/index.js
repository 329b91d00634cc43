// The tab "Lessons": predict, then see. A step is one figure, one question, and an answer that this browser keeps.

import { flush, step } from "../../page/frame/address.js";
import { newest } from "../../page/frame/dom.js";
import { Tab, open } from "../../page/frame/shell.js";
import { teaching } from "../../page/frame/teach.js";
import { failure, language, onLanguage } from "../../page/frame/text.js";
import { WORDS, keyed, moved, readAnswers, standard, withAnswer, without } from "./state.js";
import { view } from "./view.js";

const KEPT = "vaedemo.lessons"; // in the browser's own store
const TYPED = "input, select, textarea, [role=tab], [role=slider], dialog, [contenteditable]";
const PRESSED = "button, a, summary";
const BESIDE = ["lang", "theme", "teach"]; // words of the page that a link keeps

// A browser may keep nothing: then the answers last as long as the page.
const stored = {
  read: () => {
    try {
      return localStorage.getItem(KEPT);
    } catch {
      return null;
    }
  },
  write: (value) => {
    try {
      localStorage.setItem(KEPT, JSON.stringify(value));
    } catch {
      // nothing to be done
    }
  },
};

class Lessons extends Tab {
  view = () => view(this);

  begin() {
    const listed = this.value.lessons.en;
    this.names = listed.map((lesson) => lesson.name);
    this.steps = Object.fromEntries(listed.map((lesson) => [lesson.name, lesson.steps]));
    // texts: {language and lesson: its steps}; figure: that of the step at hand, or null; formulas: typeset, as HTML.
    Object.assign(this, { texts: new Map(), figures: new Map(), figure: null, formulas: [] });
    this.answers = readAnswers(stored.read(), this);
    this.start(WORDS, standard());
    this.typeset();
    onLanguage(() => this.load());
    document.addEventListener("keydown", (e) => this.pressed(e));
    this.show();
    this.load();
  }

  get lessons() {
    return this.value.lessons[language()];
  }

  get step() {
    return this.texts.get(`${language()} ${this.state.lesson}`)?.[this.state.step] ?? null;
  }

  // The answer to the step at hand, or null.
  get given() {
    return this.step && this.answers[this.state.lesson][this.state.step];
  }

  // The formulas as Gradio's Markdown has typeset them, once it has.
  typeset() {
    const source = document.getElementById("vd-formulas");
    if (!source) return;
    const take = () => {
      const found = [...source.querySelectorAll(".katex-display")].map((e) => e.outerHTML);
      if (found.length < this.value.formulas) return;
      watch.disconnect();
      this.formulas = found;
      this.draw();
    };
    const watch = new MutationObserver(take);
    watch.observe(source, { childList: true, subtree: true });
    take();
  }

  // ---- asking the server -------------------------------------------------------------------------------------

  load = newest(async () => {
    const { lesson, step } = this.state;
    if (!lesson) return;
    const [text, figure] = [`${language()} ${lesson}`, `${lesson} ${step}`];
    const wanted = { language: language(), name: lesson };
    const [steps, drawing] = await Promise.all([
      this.texts.has(text) ? null : this.ask("lesson", wanted),
      this.figures.has(figure) ? null : this.ask("figure", { ...wanted, step }),
    ]);
    const wrong = [steps, drawing].find((answer) => answer?.error);
    if (steps && !steps.error) this.texts.set(text, steps.steps);
    if (drawing && !drawing.error) this.figures.set(figure, drawing);
    if (lesson === this.state.lesson && step === this.state.step) {
      this.figure = this.figures.get(figure) ?? null;
      this.say(wrong ? failure(wrong) : this.said);
    }
  });

  // ---- changing the state ------------------------------------------------------------------------------------

  go(to) {
    if (to.lesson !== this.state.lesson) step();
    this.revert(to);
  }

  revert(to) {
    Object.assign(this.state, to);
    Object.assign(this, { said: "", figure: this.figures.get(`${to.lesson} ${to.step}`) ?? null });
    this.show();
    this.load();
    this.root.querySelector("[data-part=question]")?.focus({ preventScroll: true });
    if (!teaching()) this.root.scrollIntoView({ block: "nearest" });
  }

  next = (by) => moved(this.state, by, this);

  move(by) {
    const to = this.next(by);
    if (to) this.go(to);
  }

  // The first step of a lesson without an answer, else its first.
  firstOpen = (lesson) => Math.max(0, this.answers[lesson].indexOf(null));

  keep(answers) {
    this.answers = answers;
    stored.write(answers);
    this.draw();
  }

  answer(choice) {
    if (this.step && !this.given && choice < this.step.answers.length)
      this.keep(withAnswer(this.answers, this.state, { choice, right: choice === this.step.right }));
  }

  lookUp = () => {
    if (this.step) this.keep(withAnswer(this.answers, this.state, { choice: null, right: false }));
  };

  again = () => {
    const { lesson, step } = this.state;
    this.keep({ ...this.answers, [lesson]: this.answers[lesson].map((a, i) => (i === step ? null : a)) });
  };

  reset = () => this.keep(this.names.reduce(without, this.answers));

  pressed(e) {
    if (!this.state.lesson || !this.place.visible() || e.ctrlKey || e.altKey || e.metaKey || e.target.closest?.(TYPED)) return;
    const act = keyed(e.key);
    // A button that has the focus is pressed by these keys, and pages are turned by them where nobody teaches.
    const other = (act?.reveal && e.target.closest?.(PRESSED)) || (e.key.startsWith("Page") && !teaching());
    if (!act || other) return;
    e.preventDefault();
    if (act.move) this.move(act.move);
    else if (act.reveal) this.given ? this.move(1) : this.lookUp();
    else this.answer(act.answer);
  }

  // ---- links -------------------------------------------------------------------------------------------------

  addressOf({ lesson, step }) {
    return this.elsewhere(`tab=lessons&lesson=${lesson}${step ? `&step=${step + 1}` : ""}`);
  }

  // The address of a link's words, with the page's own words that are in force.
  elsewhere(link) {
    const [words, here] = [new URLSearchParams(link), new URLSearchParams(location.search)];
    for (const name of BESIDE) if (here.has(name)) words.set(name, here.get(name));
    return `?${words}`;
  }

  tabIn = (link) => new URLSearchParams(link).get("tab");

  // A click on a link to a lesson: here, unless it is to open elsewhere.
  follow(e, to) {
    if (e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    this.go(to);
    flush();
  }
}

export const mount = open(Lessons, "lessons", ({ lessons }) => (lessons.en.length ? null : "lessons.none"));
