// What every tab is: a view that is drawn anew from its state, a message, questions to the server, words in the address,
// a link to be copied. A tab is a class that extends Tab with begin() and view(), and is opened by open().

import { html, render } from "../vendor/lit-html.js";
import * as address from "./address.js";
import { createAsk } from "./ask.js";
import { clamp, parts, styles } from "./dom.js";
import { dimensionFor, onLent, shareDimension, shared } from "./shared.js";
import { fromAddress, toAddress } from "./state.js";
import { failure, onLanguage, t } from "./text.js";

// What a template says of its inputs, put into them: a visitor may have changed them since the last time.
// <input checked>, <input type=range data-at=3>, <input type=number data-at=7>; and <canvas .draw=${(canvas) => ...}> painted,
// unless that is the function it was painted by.
const settle = (root) => {
  for (const input of root.querySelectorAll("input")) {
    if (input.type === "radio" || input.type === "checkbox") input.checked = input.hasAttribute("checked");
    const { at } = input.dataset;
    if (at === undefined || (input.type === "number" && document.activeElement === input)) continue;
    if (input.value !== at) input.value = at;
    const [low, high] = [Number(input.min), Number(input.max)];
    if (input.type === "range") input.style.setProperty("--share", high > low ? clamp((at - low) / (high - low), 0, 1) : 0);
  }
  for (const canvas of root.querySelectorAll("canvas"))
    if (canvas.draw && canvas.draw !== canvas.drawn) {
      canvas.drawn = canvas.draw;
      canvas.turn = (canvas.turn ?? 0) + 1; // so that a drawing that takes a while knows whether it is still wanted
      canvas.draw(canvas);
    }
};

const OWN = "own"; // in an address: the picture is the sender's own, which no link carries

// A part of the page with a view() of its own.
export class Section {
  constructor(root) {
    this.root = root;
  }

  // The view drawn, without what is drawn beside it; p: its elements by their data-part.
  draw() {
    render(this.view(), this.root);
    settle(this.root);
    this.p ??= parts(this.root);
  }
}

export class Tab extends Section {
  constructor({ name, element, props, server, upload }) {
    super(element.querySelector(`.vd-module-${name}`));
    Object.assign(this, { name, value: props.value, table: props.value.table, upload, said: "", copied: null });
    this.place = address.ofTab(name);
    this.words = this.place.read();
    this.ask = createAsk(server);
    Object.assign(this, { tellings: new Map(), abouts: new Map(), borrows: Boolean(server.row), leaving: null });
  }

  // The model that a visitor trained becomes one of this tab's domains, if it has a use for it.
  borrow = async (lent) => {
    const { domain, before } = lent;
    const row = this.table[domain] ?? (await this.ask("row", { domain })).row;
    if (row && !this.table[domain]) {
      this.table[domain] = row;
      this.enrolled?.(domain, before);
    }
    const old = this.table[before];
    if (row && lent.into === this.name) {
      lent.into = null;
      if (this.state.domain !== domain) this.chooseDomain(domain);
    } else if (old && this.state.domain === before) this.chooseDomain(row ? domain : (old.like ?? Object.keys(this.table)[0]));
    this.leaving = before;
    this.root.dataset.borrowed = domain;
    this.draw();
  };

  // The state that the address asks for, by the tab's table of words.
  start(rows, standard) {
    const { words } = this;
    const { state, wrong } = fromAddress(words, rows, structuredClone(standard), this);
    Object.assign(this, { rows, state, standard });
    if (wrong) this.said = t("address.fallback");
    else if (words.picture === OWN && !shared()) this.said = t("address.own");
    if (words.d === undefined) this.followDimension((d) => (this.state.d = d));
    else if (state.d !== standard.d) this.choseDimension(this.state.d);
    onLanguage(() => this.show());
    address.onEnter((name) => name === this.name && this.followDimension((d) => this.takeDimension(d)));
    address.onReturn((name) => name === this.name && this.returned());
  }

  // The latent dimension was chosen here: other tabs follow. A tab with dimensions has nearest(d) -> the nearest of them, and
  // takeDimension(d).
  choseDimension(d) {
    if (this.nearest && !this.following) shareDimension(d, this.name);
  }

  // take(d) of the dimension that was chosen on another tab, or of the nearest, which is said.
  followDimension(take) {
    const wanted = this.nearest ? dimensionFor(this.name) : null;
    if (wanted === null) return;
    const d = this.nearest(wanted);
    this.following = true;
    if (d !== this.state.d) take(d);
    this.following = false;
    if (d === wanted) return;
    this.said = t("dimension.nearest", { d, wanted });
    if (this.p) this.draw();
  }

  // A step of the browser's history has come back to this tab: to the state that the address names.
  returned() {
    const words = this.place.read();
    const here = Object.entries(toAddress(this.rows, this.state, this)).every(
      ([name, value]) => String(value ?? "") === (words[name] ?? ""),
    );
    if (here) return this.write();
    return this.revert(fromAddress(words, this.rows, structuredClone(this.standard), this).state);
  }

  // That state comes into force, with the picture at hand where the visitor brought it. A tab that has no revert() of its own
  // takes the domain.
  revert({ domain }) {
    if (domain !== this.state.domain) this.chooseDomain(domain);
    else this.show();
  }

  draw() {
    // The row of a lent model whose place another one took, once the tab shows it no more.
    if (this.leaving && this.state.domain !== this.leaving) {
      delete this.table[this.leaving];
      this.leaving = null;
    }
    super.draw();
  }

  // The view, the address, and what a tab adds to them.
  show() {
    this.draw();
    this.write();
  }

  // beside: words of the address that are not in the tab's table.
  write(beside = {}) {
    const picture = this.yours?.picture && !this.word && !this.state.example ? OWN : null;
    this.place.write({ ...toAddress(this.rows, this.state, this), picture, ...beside });
  }

  say = (text) => {
    this.said = text;
    this.draw();
  };

  // As ask(); a failure is said.
  asking = async (name, body) => {
    const answer = await this.ask(name, body);
    if (answer.error) this.say(failure(answer));
    return answer;
  };

  // Whether the answer to a question {domain, x} is still of use: the domain and the picture at hand are those it was about.
  current({ domain, x }) {
    return domain === this.state.domain && (x === undefined || x === this.yours.picture?.x);
  }

  // As ask(), but null where it failed, which is said, or where the answer is of no use any more.
  request = async (name, body) => {
    const answer = await this.ask(name, body);
    if (!this.current(body)) return null;
    if (!answer.error) return answer;
    this.say(failure(answer));
    return null;
  };

  // A change of the state: of words of the address.
  set(patch) {
    Object.assign(this.state, patch);
    this.show();
  }

  // As asking(); null after a failure, and where about() is not what it was any more: the answer comes late.
  newer = async (name, body, about) => {
    const before = about();
    const answer = await this.asking(name, body);
    return answer.error || about() !== before ? null : answer;
  };

  get row() {
    return this.table[this.state.domain];
  }

  // What the names of its switches begin with: those of two tabs would be one group.
  get prefix() {
    return `vd-${this.name}`;
  }

  // The word of the drawing at hand for the address, or null.
  get word() {
    return this.yours?.picture?.word ?? null;
  }

  // Promise of what the server tells of a domain, {figures, examples}, or {error}; of a failure nothing is kept.
  aboutOf(domain) {
    const found = this.tellings.get(domain) ?? this.ask("domain", { domain });
    this.tellings.set(domain, found);
    found.then((answer) => answer.error && this.tellings.delete(domain));
    return found;
  }

  // The same, or null until it is there; then all is shown once more.
  about(domain) {
    if (!this.abouts.has(domain)) {
      this.abouts.set(domain, null);
      this.aboutOf(domain).then((answer) => {
        if (answer.error) return this.abouts.delete(domain);
        this.abouts.set(domain, answer);
        return this.show();
      });
    }
    return this.abouts.get(domain);
  }

  // Whether a link shows the picture at hand.
  linked() {
    return Boolean(this.word || this.state.example);
  }

  copyLink = async () => {
    address.flush();
    try {
      await navigator.clipboard.writeText(location.href);
      this.copied = this.linked() ? "copied" : "copied.nopicture";
    } catch {
      this.copied = "copied.not";
    }
    this.draw();
  };
}

// A tab's mount(): its stylesheet, then the tab itself, or one sentence where it has nothing to show: missing(value) gives
// its key, or null; usually a table without a domain is nothing, any: whether there are models of another kind. begin() of one
// that is ready later, and says so itself, is false.
export const open = (Own, folder, missing) => async (given) => {
  await styles(folder);
  const tab = new Own(given);
  const none = ({ table, any }) => (Object.keys(table).length ? null : any ? `${folder}.nomodels` : "nomodels");
  const key = (missing ?? none)(tab.value);
  if (key) {
    tab.view = () => html`<p class="vd-nothing">${t(key)}</p>`;
    onLanguage(() => tab.draw());
    tab.draw();
    tab.root.dataset.ready = "true";
    return;
  }
  const later = tab.begin() === false;
  if (tab.borrows) onLent(tab.borrow);
  if (!later) tab.root.dataset.ready = "true";
};
