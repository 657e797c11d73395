// Recorded, masked video of up to nine cameras in step, under one clock.
import "./timeline.js";

const AHEAD_MS = 25_000;
const SPAN_MS = 10 * 60_000;
const DRIFT_S = 0.15;
const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const FRAME_MS = 80;

class Track {
  constructor(figure) {
    this.figure = figure;
    this.camera = figure.dataset.camera;
    this.token = figure.dataset.token;
    this.video = figure.querySelector("video");
    this.note = document.createElement("p");
    this.note.className = "says";
    figure.append(this.note);
    this.segments = [];
    this.loaded = new Set();
    this.queue = [];
  }

  url(path, asked = {}) {
    const query = new URLSearchParams({ ...asked, token: this.token });
    return `/playback/${this.camera}/${path}?${query}`;
  }

  async ask(path, asked) {
    const answer = await fetch(this.url(path, asked));
    if (answer.status === 401) {
      this.say("Sign in again: reload this page");
      throw new Error("not signed in");
    }
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  say(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
  }

  // Start again at a time: another Media Source, so that nothing old is shown.
  async seek(at) {
    const turn = (this.turn = {});
    this.segments = [];
    this.loaded.clear();
    this.queue = [];
    this.base = null;
    this.until = at;
    await this.#more(at, turn);
  }

  async #more(at, turn) {
    if (this.asking) return;
    this.asking = true;
    try {
      const said = await this.ask("segments", { from: Math.floor(at), until: Math.floor(at + SPAN_MS) });
      if (turn !== this.turn) return;
      const known = new Set(this.segments.map((one) => one.from_ms));
      this.base ??= said.base_ms;
      this.segments.push(...said.segments.filter((one) => !known.has(one.from_ms))
        .map((one) => ({ ...one, shift_ms: said.base_ms - this.base })));
      this.until = at + SPAN_MS;
      if (this.segments.length && !this.source) this.#open(this.segments[0].mime, turn);
      else if (this.segments.length && this.turn !== this.opened) this.#open(this.segments[0].mime, turn);
    } catch (error) {
      if (String(error).includes("not signed")) return;
    } finally {
      this.asking = false;
    }
  }

  #open(mime, turn) {
    this.opened = turn;
    this.mime = mime;
    this.source = new MediaSource();
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = URL.createObjectURL(this.source);
    this.video.src = this.address;
    const source = this.source;
    source.addEventListener("sourceopen", () => {
      if (source !== this.source) return;
      this.buffer = source.addSourceBuffer(mime);
      this.buffer.addEventListener("updateend", () => this.#feed());
    }, { once: true });
  }

  // Keep what is around the time; `at` is in milliseconds since the epoch.
  tend(at) {
    const here = this.segments.find((one) => one.from_ms <= at && at < one.from_ms + one.duration_ms);
    this.say(here || this.asking ? "" : "Nothing was recorded at this time");
    this.figure.dataset.empty = here ? "" : "yes";
    if (this.until && at + AHEAD_MS > this.until) this.#more(this.until, this.turn);
    if (!this.buffer || this.fetching) return;
    const next = this.segments.find((one) => !this.loaded.has(one.from_ms)
      && one.from_ms + one.duration_ms > at - 1000 && one.from_ms < at + AHEAD_MS);
    if (next) this.#fetch(next);
    if (!this.buffer.updating && this.buffer.buffered.length) {
      const old = (at - this.base) / 1000 - 30;
      if (this.buffer.buffered.start(0) < old - 20) this.queue.unshift({ remove: old });
      this.#feed();
    }
  }

  async #fetch(segment) {
    this.fetching = true;
    const turn = this.turn;
    try {
      const [init, body] = await Promise.all([segment.init, segment.url].map(async (url) => {
        const answer = await fetch(url);
        if (!answer.ok) throw new Error(String(answer.status));
        return answer.arrayBuffer();
      }));
      if (turn !== this.turn) return;
      this.loaded.add(segment.from_ms);
      this.queue.push({ init, body, shift: segment.shift_ms / 1000, mime: segment.mime });
      this.#feed();
    } catch {
      this.loaded.add(segment.from_ms);
    } finally {
      this.fetching = false;
    }
  }

  #feed() {
    const buffer = this.buffer;
    if (!buffer || buffer.updating || !this.queue.length || this.source.readyState !== "open") return;
    const next = this.queue.shift();
    try {
      if (next.remove) buffer.remove(0, next.remove);
      else if (next.init) {
        if (next.mime !== this.mime) buffer.changeType((this.mime = next.mime));
        this.queue.unshift({ body: next.body, shift: next.shift });
        buffer.appendBuffer(next.init);
      } else {
        buffer.timestampOffset = next.shift;
        buffer.appendBuffer(next.body);
      }
    } catch (error) {
      if (error.name === "QuotaExceededError") this.queue.unshift(next, { remove: this.video.currentTime - 5 });
    }
  }

  // Follow the clock; a video that drifts is pulled back.
  follow(at, speed, playing) {
    if (this.base === null || !this.buffer) return;
    const wanted = (at - this.base) / 1000;
    const ranges = this.video.buffered;
    let has = false;
    for (let n = 0; n < ranges.length; n++) has ||= ranges.start(n) - 0.1 <= wanted && wanted < ranges.end(n);
    if (!has) return this.video.pause();
    const off = this.video.currentTime - wanted;
    if (Math.abs(off) > Math.max(DRIFT_S, 0.2 * speed) || !playing) {
      if (Math.abs(off) > 0.02) this.video.currentTime = wanted;
    }
    this.video.playbackRate = speed;
    if (playing && this.video.paused) this.video.play().catch(() => {});
    if (!playing && !this.video.paused) this.video.pause();
  }

  get isReady() {
    const wanted = this.wanted;
    return wanted === undefined || this.video.readyState >= 2;
  }
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
    const first = this.#firstRecorded();
    const asked = Date.parse(this.getAttribute("at")) || null;
    await this.go(asked ?? first ?? this.from);
    this.last = performance.now();
    requestAnimationFrame((now) => this.#tick(now));
    setInterval(() => this.#lines(), 30_000);
  }

  #controls() {
    const bar = document.createElement("div");
    bar.className = "controls row";
    const add = (text, label, act) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      button.textContent = text;
      button.setAttribute("aria-label", label);
      button.title = label;
      button.addEventListener("click", act);
      bar.append(button);
      return button;
    };
    add("⏮", "Back to where something moved", () => this.#jump("previous"));
    add("−1", "One picture back", () => this.#step(-1));
    this.button = add("▶", "Play", () => this.toggle());
    add("+1", "One picture on", () => this.#step(1));
    add("⏭", "On to where something moves", () => this.#jump("next"));
    const speed = document.createElement("select");
    speed.setAttribute("aria-label", "Speed");
    for (const one of SPEEDS) speed.add(new Option(`${one}×`, one, one === 1, one === 1));
    speed.addEventListener("change", () => (this.speed = Number(speed.value)));
    this.clock = document.createElement("output");
    this.clock.className = "clock";
    bar.append(speed, this.clock);
    this.line = document.createElement("insyn-timeline");
    this.line.addEventListener("choose", (event) => this.go(event.detail.at));
    this.line.addEventListener("scrub", (event) => this.#preview(event.detail));
    this.line.addEventListener("hover", (event) => this.#preview(event.detail));
    this.line.addEventListener("leave", () => (this.still.hidden = true));
    this.still = Object.assign(document.createElement("img"), { className: "still", alt: "", hidden: true });
    const holder = document.createElement("div");
    holder.className = "line";
    holder.append(this.line, this.still);
    this.append(bar, holder);
    this.tabIndex = 0;
    this.addEventListener("keydown", (event) => {
      if (event.target.closest("select, button, insyn-timeline") && event.key !== " ") return;
      const act = { " ": () => this.toggle(), k: () => this.toggle(), ",": () => this.#step(-1), ".": () => this.#step(1),
        n: () => this.#jump("next"), p: () => this.#jump("previous") }[event.key];
      if (act && !event.target.closest("button, select")) {
        event.preventDefault();
        act();
      }
    });
  }

  async #lines() {
    const day = this.getAttribute("day");
    const found = await Promise.allSettled(this.tracks.map((track) => track.ask("timeline", { day, zone: this.zone })));
    const lines = found.map((one) => one.value ?? { from_ms: this.from, recordings: [], gaps: [], activity: { step_s: 10, values: [] } });
    const [left, right] = [this.line.left, this.line.right];
    this.lines = lines;
    this.line.show(lines, this.from, this.until, this.zone);
    if (left) [this.line.left, this.line.right] = [left, right];
    if (this.at) this.line.now = this.at;
  }

  #firstRecorded() {
    const ends = this.lines.flatMap((line) => line.recordings.map((one) => one[1]));
    const starts = this.lines.flatMap((line) => line.recordings.map((one) => one[0]));
    if (!starts.length) return null;
    return Math.max(Math.min(...starts), Math.max(...ends) - 60_000);
  }

  async go(at) {
    this.at = Math.min(this.until - 1, Math.max(this.from, at));
    this.still.hidden = true;
    await Promise.allSettled(this.tracks.map((track) => track.seek(this.at)));
    this.line.now = this.at;
  }

  toggle() {
    this.playing = !this.playing;
    this.button.textContent = this.playing ? "⏸" : "▶";
    this.button.setAttribute("aria-label", this.playing ? "Pause" : "Play");
  }

  #step(count) {
    if (this.playing) this.toggle();
    this.at = Math.min(this.until, Math.max(this.from, this.at + count * FRAME_MS));
    this.line.now = this.at;
  }

  async #jump(direction) {
    const found = await Promise.allSettled(this.tracks.map((track) => track.ask("activity", { at: Math.floor(this.at), direction })));
    const times = found.map((one) => one.value?.at_ms).filter((at) => at && at >= this.from && at < this.until);
    if (times.length) await this.go(direction === "next" ? Math.min(...times) : Math.max(...times));
  }

  #preview({ at, x }) {
    const track = this.tracks[0];
    if (!track || !at) return;
    const second = Math.floor(at / 5000) * 5000;
    if (x !== undefined) {
      const box = this.line.getBoundingClientRect();
      this.still.style.left = `${Math.min(Math.max(x - box.left - 80, 0), box.width - 160)}px`;
    }
    if (second === this.shown) return;
    this.shown = second;
    clearTimeout(this.soon);
    this.soon = setTimeout(() => {
      this.still.onload = () => (this.still.hidden = false);
      this.still.onerror = () => (this.still.hidden = true);
      this.still.src = track.url("preview.jpg", { at: second, width: 160 });
    }, 60);
  }

  #tick(now) {
    const passed = Math.min(now - this.last, 500);
    this.last = now;
    const waits = this.tracks.some((track) => track.figure.dataset.empty !== "yes" && track.video.readyState < 2);
    if (this.playing && !waits) this.at = Math.min(this.until, this.at + passed * this.speed);
    for (const track of this.tracks) {
      track.tend(this.at);
      track.follow(this.at, this.speed, this.playing && !waits);
    }
    if (Math.abs(this.at - (this.drawn ?? 0)) > 200) {
      this.drawn = this.at;
      this.line.now = this.at;
      this.clock.textContent = this.line.clock(this.at);
    }
    this.dataset.at = Math.round(this.at);
    if (this.isConnected) requestAnimationFrame((next) => this.#tick(next));
  }
}

customElements.define("insyn-player", InsynPlayer);
