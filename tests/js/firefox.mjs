// node firefox.mjs ADDRESS FIREFOX PICTURE TAB...: opens every tab in one page of Firefox, over WebDriver BiDi, and prints JSON:
// {complaints, tabs: {name: how many of its pictures show something}, slider, upload, brush: what was before and after}.
import puppeteer from "puppeteer-core";

const [address, executablePath, picture, ...tabs] = process.argv.slice(2);
const complaints = [];
const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true, defaultViewport: null, args: ["--width=1280", "--height=900"] });
const page = await browser.newPage();
page.setDefaultTimeout(90_000);
page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));

// Drawings in sight of a module that show more than one colour: canvases, pictures, charts.
const DRAWN = `(tab) => {
  const drawn = (e) => {
    if (!e.checkVisibility()) return false;
    if (e instanceof HTMLImageElement) return e.naturalWidth > 0;
    if (!(e instanceof HTMLCanvasElement)) return e.childElementCount > 1;
    if (!e.width || !e.height) return false;
    const seen = new OffscreenCanvas(e.width, e.height).getContext("2d");
    seen.drawImage(e, 0, 0);
    return new Set(new Uint32Array(seen.getImageData(0, 0, e.width, e.height).data.buffer)).size > 1;
  };
  return [...document.querySelectorAll(\`.vd-module-\${tab} :is(canvas, img, svg[role=img])\`)].filter(drawn).length;
}`;
const drawn = (tab) => page.evaluate(`(${DRAWN})("${tab}")`);
const look = (expression) => page.evaluate(`document.querySelector("${expression[0]}")${expression[1]}`);
// The value of an expression over an element, before and after an action that is to change it.
const changed = async (element, property, act) => {
  const before = await look([element, property]);
  await act();
  const now = `document.querySelector("${element}")${property}`;
  await page.waitForFunction(`${now} !== ${JSON.stringify(before)}`);
  return before !== (await page.evaluate(now));
};
const open = async (tab) => {
  await page.waitForSelector(`#vd-tab-${tab}-button`);
  await page.evaluate(`document.querySelector("#vd-tab-${tab}-button").click()`);
  await page.waitForSelector(`.vd-module-${tab}[data-ready=true]`);
  await page.evaluate(`document.querySelector(".vd-module-${tab} [data-lesson]")?.click()`); // a list of lessons has no pictures
  await page.waitForFunction(`(${DRAWN})("${tab}") > 0`);
  return drawn(tab);
};

const found = { complaints, tabs: {} };
try {
  await page.goto(`${address}?lang=en`);
  for (const tab of tabs) found.tabs[tab] = await open(tab);
  await open("reconstruct");
  const inside = (part) => `.vd-module-reconstruct [data-part=${part}]`;
  found.slider = await changed(inside("made"), ".dataset.shown", async () => {
    await page.focus(inside("dimension"));
    await page.keyboard.press("ArrowRight");
  });
  found.upload = await changed(inside("seen"), ".toDataURL()", async () => {
    const input = await page.$(inside("file"));
    await input.uploadFile(picture);
  });
  await open("inpaint");
  const pad = ".vd-module-inpaint [data-part=brushPad]";
  await page.evaluate(`document.querySelector("${pad}").scrollIntoView({ block: "center" })`);
  found.brush = await changed(pad, ".toDataURL()", async () => {
    const { x, y, width, height } = await (await page.$(pad)).boundingBox();
    await page.mouse.move(x + width / 3, y + height / 3);
    await page.mouse.down();
    await page.mouse.move(x + (2 * width) / 3, y + (2 * height) / 3, { steps: 4 });
    await page.mouse.up();
  });
} catch (error) {
  found.error = String(error);
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(found), () => process.exit(0));
