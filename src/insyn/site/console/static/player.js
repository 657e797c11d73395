// Recorded, masked video of up to nine cameras in step, under one clock.
import "./timeline.js";
import { Track } from "./track.js";

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const STILL_MS = 5000; // previews stand for so long, so that moving along a day asks for few
const ICONS = {
  play: "M8 5v14l11-7z",
  pause: "M7 5h4v14H7zM13 5h4v14h-4z",
  back: "M6 6h2v12H6zM19 6v12l-9-6z",
  on: "M16 6h2v12h-2zM5 6l9 6-9 6z",
  before: "M4 6h2v12H4zM13 6v12l-7-6zM21 6v12l-7-6z",
  next: "M18 6h2v12h-2zM3 6l7 6-7 6zM11 6l7 6-7 6z",
  closer: "M11 6h2v5h5v2h-5v5h-2v-5H6v-2h5z",
  wider: "M6 11h12v2H6z",
};

function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawn = document.createElementNS(space, "svg");
  drawn.setAttribute("viewBox", "0 0 24 24");
  drawn.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name]);
  drawn.append(path);
  return drawn;
}

class InsynPlayer extends HTMLElement {
  async connectedCallback() {
    if (this.tracks) return;
    this.from = Number(this.getAttribute("from"));
    this.until = Number(this.getAttribute("until"));
    this.zone = this.getAttribute("zone");
    this.tracks = [...this.querySelectorAll(".track")].map((figure) => new Track(figure));
    this.speed = 1;
    this.playing = false;
    this.#controls();
    await this.#lines();
    const asked = this.getAttribute("at");
    const time = /^\d+$/.test(asked) ? Number(asked) : Date.parse(asked);
    await this.go(time || this.#newest() || this.from);
    this.last = performance.now();
    requestAnimationFrame((now) => this.#tick(now));
    this.refresh = setInterval(() => Date.now() < this.until + 60_000 && this.#lines(), 15_000);
  }

  disconnectedCallback() {
    clearInterval(this.refresh);
    document.removeEventListener("keydown", this.keys);
  }

  #controls() {
    const bar = Object.assign(document.createElement("div"), { className: "controls row" });
    const add = (name, label, act) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "quiet icon" });
      button.append(icon(name));
      button.setAttribute("aria-label", label);
      button.title = label;
      button.addEventListener("click", act);
      bar.append(button);
      return button;
    };
    add("before", "Back to where something began to move", () => this.#jump("previous"));
    add("back", "One picture back", () => this.#step(-1));
    this.button = add("play", "Play", () => this.toggle());
    add("on", "One picture on", () => this.#step(1));
    add("next", "On to where something moves", () => this.#jump("next"));
    this.speeds = document.createElement("select");
    this.speeds.setAttribute("aria-label", "Speed");
    for (const one of SPEEDS) this.speeds.add(new Option(`${one}×`, one, one === 1, one === 1));
    this.speeds.addEventListener("change", () => (this.speed = Number(this.speeds.value)));
    this.told = Object.assign(document.createElement("p"), { className: "told hint" });
    this.told.setAttribute("role", "status");
    this.clock = Object.assign(document.createElement("output"), { className: "clock" });
    this.clock.setAttribute("aria-label", "Time shown");
    this.clock.setAttribute("aria-live", "off");
    bar.append(this.speeds, this.told, this.clock);
    add("wider", "Show more of the day", () => this.line.zoom(2));
    add("closer", "Show less of the day", () => this.line.zoom(0.5));
    this.append(bar, this.#timeline());
    // An export begins with what is watched.
    const taken = document.querySelector('button[formaction="/exports"]');
    taken?.addEventListener("click", () => (taken.value = new Date(this.at).toISOString()));
    this.keys = (event) => this.#key(event);
    document.addEventListener("keydown", this.keys); // wherever the focus is, on a fresh page nowhere
  }

  #timeline() {
    this.line = document.createElement("insyn-timeline");
    this.line.addEventListener("choose", (event) => this.go(event.detail.at));
    this.line.addEventListener("scrub", (event) => this.#scrub(event.detail.at));
    this.line.addEventListener("hover", (event) => this.#hover(event.detail));
    this.line.addEventListener("leave", () => {
      this.shown = null;
      this.still.hidden = true;
    });
    this.still = Object.assign(document.createElement("img"), { className: "still", alt: "", hidden: true });
    const holder = Object.assign(document.createElement("div"), { className: "line" });
    holder.append(this.line, this.still);
    return holder;
  }

  #key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const focused = event.target.closest("input, textarea, select, button, summary");
    const isOurs = focused?.matches("button") && this.contains(focused);
    if (focused && !(isOurs && event.key !== " ")) return;
    const act = {
      " ": () => this.toggle(), k: () => this.toggle(),
      ",": () => this.#step(-1), ".": () => this.#step(1),
      p: () => this.#jump("previous"), n: () => this.#jump("next"),
      "<": () => this.#faster(-1), ">": () => this.#faster(1),
      ArrowLeft: () => this.line.key(event), ArrowRight: () => this.line.key(event),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  #faster(by) {
    const place = Math.min(SPEEDS.length - 1, Math.max(0, SPEEDS.indexOf(this.speed) + by));
    this.speed = SPEEDS[place];
    this.speeds.value = this.speed;
  }

  async #lines() {
    const day = this.getAttribute("day");
    const found = await Promise.allSettled(this.tracks.map((track) => track.ask("timeline", { day, zone: this.zone })));
    const none = { from_ms: this.from, recordings: [], gaps: [], activity: { step_s: 10, values: [] } };
    this.lines = found.map((one) => one.value ?? none);
    this.line.show(this.lines, this.from, this.until, this.zone);
    if (!this.lines.some((line) => line.recordings.length)) this.#tell("Nothing was recorded on this day");
  }

  // A minute before the end of what there is, and no earlier than that stretch began: who opens
  // today's page sees what has just been, and nobody opens it on a gap.
  #newest() {
    const all = this.lines.flatMap((line) => line.recordings);
    if (!all.length) return null;
    const [begins, ends] = all.reduce((newest, one) => (one[1] > newest[1] ? one : newest));
    return Math.max(begins, ends - 60_000);
  }

  #tell(text) {
    if (this.told.textContent !== text) this.told.textContent = text;
  }

  async go(at) {
    const turn = (this.turn = {});
    this.at = Math.min(this.until - 1, Math.max(this.from, at));
    this.line.now = this.at;
    this.still.hidden = true;
    this.#remember();
    await Promise.allSettled(this.tracks.map((track) => track.seek(this.at)));
    if (turn === this.turn) for (const track of this.tracks) track.preview(null);
  }

  // The address tells the time, so that it can be kept, sent, and opened again.
  #remember() {
    const url = new URL(location.href);
    url.searchParams.set("day", this.getAttribute("day"));
    url.searchParams.set("at", new Date(this.at).toISOString());
    for (const track of this.tracks) if (!url.searchParams.getAll("camera").includes(track.camera)) url.searchParams.append("camera", track.camera);
    history.replaceState(null, "", url);
  }

  toggle() {
    this.playing = !this.playing;
    this.button.replaceChildren(icon(this.playing ? "pause" : "play"));
    this.button.setAttribute("aria-label", this.playing ? "Pause" : "Play");
    this.button.title = this.playing ? "Pause" : "Play";
    if (this.playing) this.#tell("");
    else this.#remember();
  }

  // One picture: the nearest of any of the cameras.
  #step(direction) {
    if (this.playing) this.toggle();
    const times = this.tracks.map((track) => track.beside(this.at, direction)).filter((at) => at !== null);
    if (!times.length) return;
    this.at = direction > 0 ? Math.min(...times) : Math.max(...times);
    this.line.now = this.at;
  }

  async #jump(direction) {
    const asked = { at: Math.floor(this.at), direction };
    const found = await Promise.allSettled(this.tracks.map((track) => track.ask("activity", asked)));
    const times = found.map((one) => one.value?.at_ms).filter((at) => at && at >= this.from && at < this.until);
    if (!times.length) return this.#tell(direction === "next" ? "Nothing moves later on this day" : "Nothing moved before on this day");
    this.#tell("");
    await this.go(direction === "next" ? Math.min(...times) : Math.max(...times));
  }

  #scrub(at) {
    this.still.hidden = true;
    this.dragging = true;
    this.at = at;
    this.tracks.forEach((track, number) => track.preview(at, this.#isRecorded(number, at)));
  }

  #isRecorded(number, at) {
    return this.lines[number].recordings.some(([from, until]) => from <= at && at < until);
  }

  #hover({ at, x, dragging }) {
    this.dragging = dragging;
    if (dragging || !this.tracks.length) return;
    const box = this.line.getBoundingClientRect();
    this.still.style.left = `${Math.min(Math.max(x - box.left - 80, 0), box.width - 160)}px`;
    const second = Math.floor(at / STILL_MS) * STILL_MS;
    if (second === this.shown) return;
    this.shown = second;
    if (!this.#isRecorded(0, second)) return void (this.still.hidden = true);
    clearTimeout(this.soon);
    this.soon = setTimeout(() => {
      this.still.onload = () => (this.still.hidden = this.shown !== second || this.dragging);
      this.still.onerror = () => (this.still.hidden = true);
      this.still.src = this.tracks[0].url("preview.jpg", { at: second, width: 160 });
    }, 60);
  }

  // Time in which none of the cameras was recorded is passed over.
  #skip() {
    const next = this.lines.flatMap((line) => line.recordings.map((one) => one[0])).filter((start) => start > this.at + 500);
    if (next.length) return void this.go(Math.min(...next));
    this.toggle();
    this.#tell("The recordings end here");
  }

  #tick(now) {
    const passed = Math.min(now - this.last, 500);
    this.last = now;
    const waits = this.dragging || this.tracks.some((track) => !track.isReady(this.at));
    if (this.playing && !waits) this.at = Math.min(this.until, this.at + passed * this.speed);
    if (!this.dragging) {
      for (const track of this.tracks) {
        track.tend(this.at);
        track.follow(this.at, this.speed, this.playing && !waits);
      }
      if (this.playing && !waits && this.tracks.every((track) => track.isEmpty(this.at))) this.#skip();
    }
    if (Math.abs(this.at - (this.drawn ?? 0)) > 40) {
      this.drawn = this.at;
      if (!this.dragging) this.line.now = this.at;
      this.clock.textContent = this.line.clock(this.at, true);
    }
    this.dataset.at = Math.round(this.at);
    this.dataset.waits = waits ? "yes" : "";
    if (this.isConnected) requestAnimationFrame((next) => this.#tick(next));
  }
}

customElements.define("insyn-player", InsynPlayer);
