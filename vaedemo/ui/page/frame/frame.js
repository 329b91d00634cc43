// The page's frame: name, language, theme, help; and the chosen tab in the address.

import * as address from "./address.js";
import { asset, html, parts, styles } from "./dom.js";
import { openApi, openFirst, tabOf } from "./tabs.js";
import { fill, isLanguage, language, onLanguage, preferred, setLanguage, t } from "./text.js";

const markup = `
<header class="vd-head">
  <div class="vd-name"><h1>vaedemo</h1><p data-t="tagline"></p></div>
  <div class="vd-headtools">
    <div class="vd-languages" role="group" data-t-label="language.label">
      <button type="button" data-part="en" lang="en">English</button><button type="button" data-part="zh" lang="zh-CN">中文</button>
    </div>
    <button type="button" class="vd-icon" data-part="theme" data-t-label="theme.label" data-t-title="theme.label"><svg
      viewBox="0 0 20 20" aria-hidden="true"><path class="vd-moon" d="M16 12.5A7 7 0 0 1 7.5 4a7 7 0 1 0 8.5 8.5z"/><path class="vd-sun"
      d="M10 6.5a3.5 3.5 0 1 0 .01 0M10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6L16 16M4 16l1.4-1.4M14.6 5.4L16 4"/></svg></button>
    <button type="button" class="vd-icon" data-part="help" aria-expanded="false" aria-controls="vd-help" data-t-label="help.label"
      data-t-title="help.label">?</button>
  </div>
  <div class="vd-help" id="vd-help" data-part="helpText" hidden></div>
</header>`;

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

export const mount = async ({ element, trigger }) => {
  await styles();
  const tabs = address.TABS;
  const words = address.read();
  const state = {
    theme: ["light", "dark"].includes(words.theme) ? words.theme : null,
    chosen: isLanguage(words.lang) ? words.lang : null,
  };
  setLanguage(state.chosen ?? preferred());
  setTheme(state.theme ?? systemTheme());

  const root = element.querySelector(".vd-module-frame");
  root.replaceChildren(html(markup));
  const p = parts(root);

  const show = () => {
    fill(root);
    p.helpText.innerHTML = t("help.text");
    for (const name of ["en", "zh"]) p[name].setAttribute("aria-pressed", name === language());
    document.getElementById("vd-frame").dataset.tabs = tabs.map((name) => t(`tab.${name}`)).join("|");
    document.title = `vaedemo: ${t("tagline")}`;
    trigger("select");
  };
  for (const name of ["en", "zh"])
    p[name].onclick = () => {
      setLanguage(name);
      address.write({ lang: name });
    };
  p.theme.onclick = () => {
    state.theme = document.body.classList.contains("dark") ? "light" : "dark";
    setTheme(state.theme);
    address.write({ theme: state.theme });
  };
  // Gradio follows the system's theme when that changes; the visitor's own choice stays.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTimeout(() => setTheme(state.theme ?? systemTheme())));
  p.help.onclick = () => {
    p.helpText.hidden = !p.helpText.hidden;
    p.help.setAttribute("aria-expanded", !p.helpText.hidden);
  };
  onLanguage(show);
  show();

  fetchModules(words.tab);
  if (tabs.includes(words.tab)) openFirst(words.tab);
  else address.enter(address.FIRST);
  if (words.view === "api") openApi();
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
