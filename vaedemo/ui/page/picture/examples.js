// A domain's examples as a row of buttons, of which the chosen one is pressed.

import { html } from "../frame/dom.js";

const button = ({ name, thumb }) =>
  html(`<button type="button" class="vd-example" data-name="${name}" title="${name}"><img src="${thumb}" alt="${name}" width="40" height="40"></button>`);

// list: [{name, thumb}] of a domain; chosen: a name or null; choose(name) at a click. Drawn anew for another list only.
export const showExampleRow = (root, domain, list, chosen, choose) => {
  const drawn = `${domain} ${list.length}`;
  if (root.dataset.drawn !== drawn) {
    root.dataset.drawn = drawn;
    root.replaceChildren(...list.map(button));
  }
  for (const b of root.children) {
    b.onclick = () => choose(b.dataset.name);
    b.setAttribute("aria-pressed", b.dataset.name === chosen);
  }
};
