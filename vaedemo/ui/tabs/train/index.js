// "Train": a run in front of the class. Its moments are kept here, so that any of them comes back without asking the server.

import { fileName, save } from "../../page/frame/download.js";
import { lend, lentDomain, showLent } from "../../page/frame/shared.js";
import { Tab, open } from "../../page/frame/shell.js";
import { openTab } from "../../page/frame/tabs.js";
import { failure, significant, t } from "../../page/frame/text.js";
import { fromUri, pack, unpack } from "../../page/draw/pixels.js";
import { Plot } from "../../page/draw/plot.js";
import { Many } from "../../page/picture/many.js";
import { mapOf } from "./map.js";
import { Run } from "./run.js";
import { added, empty, until } from "./record.js";
import { MOST_STEPS, WORDS, configOf, preset, settled, standard, stateOf } from "./state.js";
import { view } from "./view.js";

// Name and colour of the curves of a run: of a figure that its moments have.
const LINES = { distortion: ["train.distortion", 3], unseen: ["train.curve.unseen", 4], kl: ["train.kl", 6] };
const INK = { main: 2, fork: 1 }; // colours of the two runs' curves

class Train extends Tab {
  view = () => view(this);

  begin() {
    // runs: the run and its fork, if there is one; shown: which of them; at: the step of the moment shown, null for the latest.
    Object.assign(this, { runs: [], shown: 0, at: null, lent: null, look: "both", xs: [], size: 32, channels: 3, told: "", busy: false });
    this.forking = { name: "beta", value: 4 };
    this.start(WORDS, standard());
    this.state = settled(this.state, this.table[this.state.data] ? {} : { data: "shapes" });
    this.many = new Many(this, "trainOwn", {
      key: "train.own",
      most: this.value.limits.most,
      ask: () => ["x", { size: this.size, channels: this.channels }],
      began: (count, given) => {
        this.xs = [];
        this.told = count < given ? t("train.own.most", { most: count, given }) : "";
      },
      told: (answer) => this.xs.push(answer.x),
      ended: () => this.choose({ data: "own" }),
    });
    this.draw();
    this.many.follow(this.root.querySelector(".vd-train-own"));
    this.plot = new Plot(this.p.curve, {
      height: 280,
      name: () => t("train.curve"),
      hint: () => t("train.curve.hint"),
      choose: (p) => this.scrubTo(p.x),
    });
    new IntersectionObserver(([e]) => e.isIntersecting && this.seen()).observe(this.root);
    // A page that is left ends its run; where it cannot say so any more, the server notices that it asks no longer.
    addEventListener("pagehide", () => [...this.runs, this.again].forEach((run) => run?.tell("stop")));
    this.show();
  }

  // ---- what is at hand ---------------------------------------------------------------------------------------

  get run() {
    return this.runs[this.shown] ?? null;
  }

  get going() {
    return this.runs.some((run) => !run.over);
  }

  get moment() {
    const list = this.run?.moments ?? [];
    return (this.at === null ? null : list[until(list, this.at)]) ?? list.at(-1) ?? null;
  }

  get last() {
    return (this.run?.moments.length ?? 0) - 1;
  }

  // Whether pictures of one's own are enough.
  get ready() {
    return this.state.data !== "own" || this.xs.length >= this.value.limits.least;
  }

  // One's own pictures as they are now; a run keeps those that it began with.
  own() {
    return { xs: this.xs, size: this.size, channels: this.channels };
  }

  // What start takes.
  body(state, changes, replay = 0, own = this.own()) {
    const learned = state.data === "own" ? own : {};
    return { settings: configOf(state), changes, data: state.data, few: state.few, replay, ...learned };
  }

  // ---- running -----------------------------------------------------------------------------------------------

  choose(patch) {
    this.state = settled(this.state, patch);
    this.show();
    if (this.run?.state === "untrained") this.seen();
  }

  takePreset = (name) => this.choose({ ...preset(name), seed: this.state.seed });

  launch(changes, replay, told) {
    const run = new Run(
      { ask: this.ask, changed: () => this.show(), failed: (answer) => this.say(failure(answer)) },
      this.body(told.settings, changes, replay, told.own),
      told,
    );
    run.start();
    return run;
  }

  begun = () => {
    for (const run of [...this.runs, this.again]) run?.tell("stop");
    Object.assign(this, { said: "", at: null, shown: 0 });
    this.runs = [this.launch([], 0, { settings: { ...this.state }, changes: [], from: 0, own: this.own() })];
    this.show();
  };

  halt = () => (this.again ?? this.run)?.tell("stop");
  pause = () => this.run?.tell(this.run.state === "paused" ? "go" : "pause");
  step = () => {
    this.at = null;
    this.run?.tell("step");
  };

  // Another run from the moment shown, alike but for one setting.
  fork = () => {
    const { run, moment } = this;
    const { name, value } = this.forking;
    if (!run || !moment || moment.step >= MOST_STEPS) return;
    const changes = [...run.changes.filter(([step]) => step <= moment.step), [moment.step, name, value]];
    // Of a run that has reached its end the fork goes on for half as long.
    const { steps } = run.settings;
    const settings = { ...run.settings, steps: moment.step < steps ? steps : Math.min(MOST_STEPS, steps + Math.ceil(steps / 2)) };
    const [main] = this.runs;
    main.tell("stop");
    if (this.runs[1]) this.runs[1].tell("stop");
    const made = this.launch(changes, moment.step, { settings, changes, from: moment.step, own: run.own });
    this.runs = [main, made];
    Object.assign(this, { shown: 1, at: null, said: "" });
    this.show();
  };

  // ---- looking back ------------------------------------------------------------------------------------------

  scrub = (index) => {
    this.at = index >= this.last ? null : this.run.moments[index].step; // a step: moments are thinned out now and then
    this.show();
  };

  scrubTo(step) {
    if (this.run) this.scrub(until(this.run.moments, step));
  }

  showRun = (i) => {
    Object.assign(this, { shown: i, at: null });
    this.show();
  };

  // ---- keeping -----------------------------------------------------------------------------------------------

  // A file of the weights and one of the script that gives them. Of an earlier moment the run is taken again up to there.
  keep = async () => {
    const { run } = this;
    const answer = await this.weightsOf("keep", {});
    if (!answer) return;
    const name = fileName("train", run.settings.data, configOf(run.settings).kind, run.settings.d, `step${answer.step}`);
    save(new Blob([unpack(answer.checkpoint)]), `${name}.safetensors`);
    save(new Blob([unpack(answer.script)], { type: "application/zip" }), `${name}.zip`);
    return this.show();
  };

  // The model becomes one of the other tabs', in place of the one before.
  lend = async () => {
    const answer = await this.weightsOf("lend", { before: lentDomain() });
    if (!answer) return;
    lend(answer.domain);
    this.lent = answer;
    this.show();
  };

  visit = (tab) => {
    showLent(tab);
    openTab(tab);
  };

  // What the server gives of the weights of the moment shown; null after a failure, which is said.
  async weightsOf(name, body) {
    const { run } = this;
    if (!run || !this.moment) return null;
    this.busy = true;
    this.show();
    // An earlier moment needs the worker that this run holds.
    if (!run.over) await run.tell(this.at === null ? "pause" : "stop");
    await run.rest();
    const answer = await this.weightsAt(run, this.moment.step, name, body);
    this.busy = false;
    this.show();
    if (!answer.error) return answer;
    this.say(failure(answer));
    return null;
  }

  // A file that was kept, as the last moment of a run that has ended: it can be forked and trained anew.
  openKept = async (file) => {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const answer = await this.asking("open", { checkpoint: pack(bytes) });
    if (answer.error) return;
    this.take(stateOf(answer.settings, answer), answer.changes, answer, "opened");
  };

  // What was not trained here, as the one moment of a run that has ended.
  take(settings, changes, { labels, originals, moment }, state) {
    for (const run of this.runs) run.tell("stop");
    const run = new Run({ ask: this.ask, changed: () => {} }, null, { settings, changes, from: 0 });
    Object.assign(run, { ended: true, state, labels, originals, record: added(empty(), moment), name: "" });
    Object.assign(this, { state: { ...settings }, runs: [run], shown: 0, at: null, said: "" });
    this.show();
  }

  // A worker is made ready, and the network shown as it is before its first step.
  async seen() {
    this.ask("warm", {});
    const nothing = () => !this.run || this.run.state === "untrained";
    if (!nothing() || this.state.data === "own") return;
    const settings = { ...this.state };
    const answer = await this.ask("untrained", this.body(settings, []));
    if (!answer.error && nothing() && JSON.stringify(settings) === JSON.stringify(this.state)) this.take(settings, [], answer, "untrained");
  }

  async weightsAt(run, step, name, body) {
    const learned = { data: run.settings.data, few: run.settings.few, step, ...body };
    const first = run.name ? await this.ask(name, { run: run.name, ...learned }) : {};
    if (!first.error && first.step === step) return first;
    const state = { ...run.settings, steps: Math.max(1, step) };
    const quiet = { ask: this.ask, changed: () => this.show(), failed: (answer) => this.say(failure(answer)) };
    const again = new Run(
      quiet,
      this.body(
        state,
        run.changes.filter(([at]) => at < step),
        state.steps,
        run.own,
      ),
      { settings: state, changes: run.changes, from: 0 },
    );
    this.again = again;
    await again.start();
    this.again = null;
    return again.name ? this.ask(name, { run: again.name, ...learned }) : { error: this.said };
  }

  // ---- drawing -----------------------------------------------------------------------------------------------

  // The drawing of the map at a moment, the same one as long as nothing of it changes.
  drawing() {
    const { moment, run, look } = this;
    if (!moment) return null;
    const key = [this.shown, this.runs.length, run.name, moment.step, look, document.body.classList.contains("dark")].join(" ");
    if (this.made?.key !== key) {
      run.classes ??= run.labels && unpack(run.labels);
      const about = { view: look, labels: run.classes, colours: this.value.colours, root: this.root };
      this.made = { key, draw: mapOf(moment, about) };
    }
    return this.made.draw;
  }

  // A drawing of the moment shown, by a name: the same one as long as it is the same moment's.
  keptDraw(name, draw) {
    const key = `${this.run?.name} ${this.moment?.step}`;
    this.draws ??= {};
    if (this.draws[name]?.key !== key) this.draws[name] = { key, draw };
    return this.draws[name].draw;
  }

  originals() {
    const { run } = this;
    if (run?.originals && run.first?.uri !== run.originals) run.first = { uri: run.originals, draw: fromUri(run.originals) };
    return run?.first?.draw ?? null;
  }

  failed = (why) => failure(why);

  show() {
    super.show();
    this.curves();
  }

  curves() {
    if (!this.plot) return;
    const say = (run, p, name, value) => t("train.curve.point", { name, step: p.step, value: significant(value) });
    const line = (run, field, name, tone) => ({
      name,
      tone,
      dots: false,
      points: run.moments
        .filter((p) => Number.isFinite(p[field]))
        .map((p) => ({ x: p.step, y: p[field], text: say(run, p, name, p[field]) })),
    });
    const [main, fork] = this.runs;
    const series = fork
      ? [line(main, "loss", t("train.run.main"), INK.main), line(fork, "loss", t("train.run.fork"), INK.fork)]
      : main
        ? Object.entries(LINES)
            .filter(([field]) => field !== "kl" || main.settings.code === "vae")
            .map(([field, [key, tone]]) => line(main, field, t(key), tone))
        : [];
    const { moment } = this;
    const y = moment && (fork ? moment.loss : moment.distortion);
    const here = Number.isFinite(y) ? { x: moment.step, y } : null;
    const title = fork ? "train.loss" : main?.settings.code === "ae" ? "train.curve.squared" : "train.curve.nats";
    this.plot.show({ series, x: { title: t("train.curve.x"), digits: 0 }, y: { title: t(title), digits: 1 }, here });
  }

  linked() {
    return this.state.data !== "own";
  }
}

export const mount = open(Train, "train");
