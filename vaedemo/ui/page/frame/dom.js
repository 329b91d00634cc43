// Small helpers over the document: no state.

export const html = (text) => {
  const template = document.createElement("template");
  template.innerHTML = text.trim();
  return template.content.firstElementChild;
};

// Every element with data-part="name" below root, by name.
export const parts = (root) => Object.fromEntries([...root.querySelectorAll("[data-part]")].map((e) => [e.dataset.part, e]));

// The address of a file of the page, as the server has it: "maps/digits.json", "tabs/latent/style.css".
export const asset = (path) => new URL(`../../${path}`, import.meta.url);

// Resolves when every stylesheet of the page applies; the tab of a folder brings its own.
export const styles = (folder) => {
  const links = [...document.querySelectorAll("link[rel=stylesheet]")].filter((link) => link.href.startsWith(asset("").href));
  const href = folder && asset(`tabs/${folder}/style.css`).href;
  if (href && !links.some((link) => link.href === href)) {
    links.push(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
    document.head.append(links.at(-1));
  }
  const loaded = (link) =>
    new Promise((done) => {
      for (const event of ["load", "error"]) link.addEventListener(event, done, { once: true });
    });
  return Promise.all(links.map((link) => link.sheet ?? loaded(link)));
};

// Calls draw(width, pixels) now and whenever the element's width changes; width is in sixteenths of the text's size, which
// are pixels unless the visitor's text is larger.
export const onWidth = (element, draw) => {
  let last = "";
  new ResizeObserver(([entry]) => {
    const pixels = Math.round(entry.contentRect.width);
    const width = Math.round((16 * pixels) / parseFloat(getComputedStyle(document.documentElement).fontSize));
    if (`${width} ${pixels}` === last || pixels <= 0) return;
    last = `${width} ${pixels}`;
    draw(width, pixels);
  }).observe(element);
};

// A point of the window in the units of a chart's viewBox.
export const pointOn = (chart, { clientX, clientY }) => {
  const box = chart.getBoundingClientRect();
  const scale = chart.viewBox.baseVal.width / box.width;
  return [(clientX - box.left) * scale, (clientY - box.top) * scale];
};

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// One call at a time, and of those that come meanwhile only the newest: work(job) for each.
export const newest = (work) => {
  let busy = false;
  let want = null;
  return async (job) => {
    want = { job };
    if (busy) return;
    busy = true;
    try {
      while (want) {
        const next = want.job;
        want = null;
        await work(next, () => want !== null);
      }
    } finally {
      busy = false;
    }
  };
};

// act(...) of the latest call, once there has been none for so many milliseconds.
export const atRest = (ms, act) => {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(act, ms, ...given);
  };
};
