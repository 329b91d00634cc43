// The page's frame: name, language, theme, help; and the chosen tab in the address.

import { html } from "../vendor/lit-html.js";
import * as address from "./address.js";
import { asset, styles } from "./dom.js";
import { startEnlarging } from "./enlarge.js";
import { onShared, shared } from "./shared.js";
import { Section } from "./shell.js";
import { start, teach } from "./teach.js";
import { nameTabs, openApi, openFirst, openTab, showButton, tabOf } from "./tabs.js";
import { isLanguage, language, onLanguage, preferred, setLanguage, t } from "./text.js";

const NAMES = { en: ["English", "en"], zh: ["中文", "zh-CN"] };
const MOON = "M16 12.5A7 7 0 0 1 7.5 4a7 7 0 1 0 8.5 8.5z";
const SUN = "M10 6.5a3.5 3.5 0 1 0 .01 0M10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6L16 16M4 16l1.4-1.4M14.6 5.4L16 4";
const SCREEN = "M2 4h16v9H2zM10 13v4M6 17h8";
const NARROW = matchMedia("(max-width: 45em)"); // a phone, where these tabs have shorter names
const SHORT = ["latent", "odd"];
const LATER = 2500; // ms after which the tabs that are not in sight are fetched

const systemTheme = () => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

const setTheme = (name) => {
  document.body.classList.toggle("dark", name === "dark");
  document.documentElement.classList.toggle("dark", name === "dark");
  document.documentElement.style.colorScheme = name;
};

// The module of the tab that the address names at once, those of the other tabs when nothing else is under way.
const fetchModules = (named) => {
  const load = (i) => import(asset(address.MODULES[i])).catch(() => null);
  const first = address.TABS.indexOf(named);
  if (first > 0) load(first);
  const idle = window.requestIdleCallback ?? setTimeout;
  setTimeout(() => idle(() => address.MODULES.forEach((_, i) => load(i))), LATER);
};

class Frame extends Section {
  constructor({ element, trigger }) {
    super(element.querySelector(".vd-module-frame"));
    const words = address.read();
    // theme: the visitor's own choice, or null; trigger: tells Gradio to name its tabs anew.
    Object.assign(this, { trigger, theme: ["light", "dark"].includes(words.theme) ? words.theme : null, help: false });
    setLanguage(isLanguage(words.lang) ? words.lang : preferred());
    setTheme(this.theme ?? systemTheme());
    // Gradio follows the system's theme when that changes; the visitor's own choice stays.
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTimeout(() => setTheme(this.theme ?? systemTheme())));
    onLanguage(() => this.show());
    NARROW.addEventListener("change", () => this.show());
    onShared("frame", () => this.draw());
    this.show();
  }

  show() {
    this.draw();
    const short = (name) => NARROW.matches && SHORT.includes(name);
    const names = address.TABS.map((name) => t(short(name) ? `tab.short.${name}` : `tab.${name}`));
    document.getElementById("vd-frame").dataset.tabs = names.join("|");
    document.title = `vaedemo: ${t("tagline")}`;
    nameTabs(names, () => this.trigger("select"));
  }

  speak(name) {
    setLanguage(name);
    address.write({ lang: name });
  }

  turn = () => {
    this.theme = document.body.classList.contains("dark") ? "light" : "dark";
    setTheme(this.theme);
    address.write({ theme: this.theme });
  };

  toggleHelp = () => {
    this.help = !this.help;
    this.draw();
  };

  // The page's picture, which every tab works on.
  picture() {
    const { example, source, shown, width, height } = shared() ?? {};
    if (!source) return html`<div class="vd-page-picture" data-part="pagePicture"></div>`;
    const name = example ? t("yours.example") : (source.blob?.name ?? t("yours.own"));
    const size = width && !example ? `${width} × ${height}` : "";
    return html`<div class="vd-page-picture" data-part="pagePicture" title=${t("header.why")}><img src=${shown} alt="" class=${
      Math.max(width ?? 0, height ?? 0) > 128 ? "" : "vd-pixels"
    }><p><b>${name}</b><span>${size || t("header.everywhere")}</span></p></div>`;
  }

  view() {
    const tongue = ([name, [label, lang]]) =>
      html`<button type="button" data-part=${name} lang=${lang} aria-pressed=${name === language()} @click=${() => this.speak(name)}>${label}</button>`;
    const [theme, help, lecture] = [t("theme.label"), t("help.label"), t("teach.label")];
    return html`<header class="vd-head">
  <div class="vd-name"><h1>vaedemo</h1><p>${t("tagline")}</p></div>
  ${this.picture()}
  <div class="vd-headtools">
    <div class="vd-languages" role="group" aria-label=${t("language.label")}>${Object.entries(NAMES).map(tongue)}</div>
    <button type="button" class="vd-icon" data-part="theme" aria-label=${theme} title=${theme} @click=${this.turn}><svg
      viewBox="0 0 20 20" aria-hidden="true"><path class="vd-moon" d=${MOON}></path><path class="vd-sun" d=${SUN}></path></svg></button>
    <button type="button" class="vd-icon" data-part="teach" aria-label=${lecture} title=${lecture} @click=${() => teach(true)}><svg
      viewBox="0 0 20 20" aria-hidden="true"><path d=${SCREEN}></path></svg></button>
    <button type="button" class="vd-icon" data-part="help" aria-expanded=${this.help} aria-controls="vd-help" aria-label=${help} title=${help}
      @click=${this.toggleHelp}>?</button>
  </div>
  <div class="vd-help" id="vd-help" data-part="helpText" ?hidden=${!this.help} .innerHTML=${t("help.text")}></div>
</header>`;
  }
}

export const mount = async (given) => {
  await styles();
  const words = address.read();
  new Frame(given);
  start();
  startEnlarging();
  fetchModules(words.tab);
  if (address.TABS.includes(words.tab)) openFirst(words.tab);
  else address.enter(address.FIRST);
  if (words.view === "api") openApi();
  address.onReturn(openTab);
  address.onEnter((name) => setTimeout(() => showButton(name)));
  // Before Gradio hears of it: afterwards the button may be elsewhere.
  document.addEventListener(
    "click",
    (e) => {
      const name = tabOf(e.target);
      if (name) address.enter(name);
    },
    true,
  );
};
