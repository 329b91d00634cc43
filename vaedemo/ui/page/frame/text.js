// Phrases in two languages. The language in force is the lang attribute of the document; changing it tells everyone.

import { asset } from "./dom.js";

const LANGUAGES = ["en", "zh"];
const tables = Object.fromEntries(await Promise.all(LANGUAGES.map(async (l) => [l, await (await fetch(asset(`text/${l}.json`))).json()])));

export const language = () => (document.documentElement.lang.startsWith("zh") ? "zh" : "en");

export const preferred = () =>
  (navigator.languages ?? [navigator.language]).map((l) => l.slice(0, 2)).find((l) => LANGUAGES.includes(l)) ?? "en";

export const isLanguage = (name) => LANGUAGES.includes(name);

// The phrase of a key, {name} replaced by values.name; an unknown key shows itself, and a domain or class without one, being
// somebody's own, its name.
export const t = (key, values = {}) => {
  const lent = /^domain\.yours-(\w+)-\w+$/.exec(key); // a model that a visitor trained
  return lent ? t("domain.yours", { kind: t(`kind.${lent[1]}`) }) : phrase(key, values);
};

const phrase = (key, values) =>
  (tables[language()][key] ?? tables.en[key] ?? key.replace(/^(domain|class)\./, "")).replace(
    /\{(\w+)\}/g,
    (all, name) => values[name] ?? all,
  );

// A class's name in the page's language; digits are their own names.
export const className = (name) => (/^\d+$/.test(name) ? name : t(`class.${name}`));

// What rounds to nothing has no sign.
export const number = (value, digits = 2) =>
  value
    .toLocaleString(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "negative" })
    .replace("-", "−");

// Three significant digits, never in powers of ten.
export const significant = (value, digits = 3) => {
  const text = value.toLocaleString(language(), { maximumSignificantDigits: digits, minimumSignificantDigits: digits });
  return value === 0 ? "0" : text.replace("-", "−");
};

// The page's sentence for a failure: its own, or the server's in English and translated where there is a pattern for it.
export const failure = (answer) => {
  if (answer.own || language() === "en") return answer.error;
  const found = (tables.zh["error.patterns"] ?? []).find(([pattern]) => new RegExp(pattern).test(answer.error));
  return found ? answer.error.replace(new RegExp(found[0]), found[1]) : `${t("error.intro")}${answer.error}`;
};

export const setLanguage = (name) => {
  document.documentElement.lang = name === "zh" ? "zh-CN" : "en";
  document.dispatchEvent(new CustomEvent("vd-language"));
};

export const onLanguage = (callback) => document.addEventListener("vd-language", callback);
