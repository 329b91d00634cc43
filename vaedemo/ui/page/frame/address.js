// The page's address is its state. Words about the page itself (tab, lang, theme) are written by write(); the others
// belong to the tab in sight, and are exchanged when another one comes into sight. Another tab, and a choice that step() was
// told of, is a step of the browser's history; every other change replaces the address.

// Names of the tabs in their order; the first needs no word in the address.
const about = document.querySelector("meta[name=vd-tabs]");
export const TABS = about.content.split(",");
export const FIRST = TABS[0];
// Their modules, in the same order.
export const MODULES = about.dataset.modules.split(",");
const TURNS = ["domain", "lesson"]; // words of a tab whose change may be a step

export const read = () => Object.fromEntries(new URLSearchParams(location.search));
// The tab that an address names; one that is not there counts as the first.
const named = ({ tab } = read()) => (TABS.includes(tab) ? tab : FIRST);

const page = new Map(); // word of the page -> value
const owned = new Map(); // tab -> its words
let opened = named(); // the tab whose words are those of the address until it has told its own
let current = opened;
let stepping = false;
let timer = 0;

const soon = () => {
  clearTimeout(timer);
  timer = setTimeout(flush, 120);
};

// patch: {word: value}; null or "" removes a word.
export const write = (patch) => {
  for (const [word, value] of Object.entries(patch)) page.set(word, value);
  soon();
};

// The visitor has chosen another domain or lesson, which may come into force later.
export const step = () => {
  flush();
  stepping = true;
};

// A tab's own words: read() at its start, write() all of them whenever one changes, in sight or not.
export const ofTab = (name) => ({
  // Just after a change of tabs the address still has the other tab's words.
  read: () => (named() === name ? read() : {}),
  write: (all) => {
    owned.set(name, all);
    if (current === name) soon();
  },
  visible: () => current === name,
});

// Another tab is in sight.
export const enter = (name) => {
  flush();
  if (current !== name) stepping = false;
  current = name;
  write({ tab: name === FIRST ? null : name });
  for (const listener of entering) listener(name);
};

const entering = [];
// listener(name): of the tab that comes into sight, each time.
export const onEnter = (listener) => entering.push(listener);

const returning = [];
// listener(name): after a step back or forward, of the tab that the address names.
export const onReturn = (listener) => returning.push(listener);

addEventListener("popstate", () => {
  clearTimeout(timer);
  stepping = false;
  opened = current = named();
  owned.delete(opened);
  page.set("tab", opened === FIRST ? null : opened);
  for (const listener of returning) listener(opened);
});

export const flush = () => {
  clearTimeout(timer);
  const url = new URL(location.href);
  const put = (word, value) => {
    if (value === null || value === undefined || value === "") url.searchParams.delete(word);
    else url.searchParams.set(word, value);
  };
  // Until the tab in sight has told its words, those that the page was opened with stay.
  const mine = owned.get(current) ?? (opened === current ? null : {});
  if (mine) {
    for (const all of owned.values()) for (const word of Object.keys(all)) if (!(word in mine)) put(word, null);
    for (const [word, value] of Object.entries(mine)) put(word, value);
  }
  for (const [word, value] of page) put(word, value);
  if (url.href === location.href) return;
  const [before, after] = [read(), Object.fromEntries(url.searchParams)];
  const turned = named(before) !== named(after) || (stepping && TURNS.some((word) => before[word] !== after[word]));
  if (turned) stepping = false;
  history[turned ? "pushState" : "replaceState"](history.state, "", url);
};
