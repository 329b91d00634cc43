// Gradio draws the tabs: a button each, whose id carries the tab's name in Python. It would put those for which the window is too
// narrow behind a button; page.css has it find room for all, in a row that scrolls sideways.

import { TABS } from "./address.js";

const buttonOf = (name) => document.getElementById(`vd-tab-${name}-button`);

// Bring a tab into sight.
export const openTab = (name) => buttonOf(name)?.click();

// Bring a tab's button into sight, in the middle of a row that is wider than the window.
export const showButton = (name) => {
  const button = buttonOf(name);
  const row = button?.parentElement;
  row?.scrollTo({ left: button.offsetLeft - (row.clientWidth - button.offsetWidth) / 2 });
};

// The name of the tab that a click chooses, or null.
export const tabOf = (target) => {
  const name = target.closest?.("[role=tab]")?.dataset.tabId;
  return TABS.includes(name) ? name : null;
};

// Bring a tab into sight at the start: Gradio may not have drawn its button yet, so it is asked until the tab is there,
// or until the visitor has chosen another one.
export const openFirst = (name) => {
  const late = Date.now() + 30_000;
  let chosen = false;
  const choose = (e) => (chosen ||= e.isTrusted && tabOf(e.target) !== null);
  document.addEventListener("click", choose, true);
  const again = () => {
    const there = document.querySelector(`.vd-module-${name}`)?.offsetParent;
    if (there || chosen || Date.now() > late) return document.removeEventListener("click", choose, true);
    openTab(name);
    return setTimeout(again, 200);
  };
  again();
};

const named = (names) => {
  const buttons = [...document.querySelectorAll("#vd-tabs > .tab-wrapper [role=tab]")];
  return buttons.length > 0 && buttons.every((b) => b.textContent.trim() === names[TABS.indexOf(b.dataset.tabId)]);
};

// Gradio gives the tabs their names, in the order of TABS, when it is told to. While it still builds the page it may not hear that, so it is
// told again until they have them, or until they are to have others.
let wanted = null;
export const nameTabs = (names, tell) => {
  const late = Date.now() + 30_000;
  wanted = names;
  const again = (wait) => {
    if (wanted !== names || Date.now() > late) return;
    tell();
    setTimeout(() => named(names) || again(2 * wait), wait);
  };
  again(200);
};

// Gradio shows its description of the API when its button is pressed (once to put away what the address named, once to
// show it); an address with view=api alone opens nothing, and page.css hides the button.
export const openApi = () => {
  const button = document.querySelector("footer .show-api");
  if (!button) return setTimeout(openApi, 200);
  button.click();
  return button.click();
};
