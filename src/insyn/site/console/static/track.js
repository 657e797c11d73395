// One camera's masked recordings in a player: fetched by segments, placed by the clock.
const AHEAD_MS = 25_000;
const SPAN_MS = 10 * 60_000;
const BEHIND_S = 30;
const AGAIN_MS = 2000;
const HOLE_S = 5; // between pictures that are held: the one before stands so long
const Media = globalThis.ManagedMediaSource ?? globalThis.MediaSource; // the first on phones
const DRIFT_S = 0.15;

export class Track {
  constructor(figure) {
    this.figure = figure;
    this.camera = figure.dataset.camera;
    this.token = figure.dataset.token;
    this.video = figure.querySelector("video");
    this.video.disableRemotePlayback = true;
    this.note = Object.assign(document.createElement("p"), { className: "says", hidden: true });
    this.still = Object.assign(document.createElement("img"), { className: "over", alt: "", hidden: true });
    figure.append(this.still, this.note);
    this.#forget(0);
  }

  #forget(at) {
    this.turn = {};
    this.segments = [];
    this.frames = [];
    this.queue = [];
    this.buffer = this.source = this.base = null;
    this.until = at;
    this.asking = this.fetching = false;
    this.again = 0;
  }

  url(path, asked = {}) {
    return this.#signed(`/playback/${this.camera}/${path}?${new URLSearchParams(asked)}`);
  }

  #signed(address) {
    const url = new URL(address, location.href);
    url.searchParams.set("token", this.token);
    return url.href;
  }

  // A token lasts some minutes; whoever is still signed in gets another one.
  async #get(address) {
    let answer = await fetch(this.#signed(address));
    if (answer.status === 401) {
      const renewed = await fetch(`/playback/${this.camera}/token`);
      if (!renewed.ok) {
        this.say("Sign in again: reload this page");
        throw new Error("not signed in");
      }
      this.token = (await renewed.json()).token;
      answer = await fetch(this.#signed(address));
    }
    if (!answer.ok) throw new Error(String(answer.status));
    return answer;
  }

  async ask(path, asked) {
    return (await this.#get(this.url(path, asked))).json();
  }

  say(text) {
    if (this.note.textContent !== text) this.note.textContent = text;
    this.note.hidden = !text;
  }

  // Start again at a time: another Media Source, so that nothing old is shown.
  async seek(at) {
    this.#forget(at);
    await this.#more();
  }

  // Hear of the next minutes; tried again after a while where that fails.
  async #more() {
    if (this.asking || performance.now() < this.again) return;
    this.asking = true;
    const { turn, until: from } = this;
    try {
      const said = await this.ask("segments", { from: Math.floor(from), until: Math.floor(from + SPAN_MS) });
      if (turn !== this.turn) return;
      this.base ??= said.base_ms;
      const known = new Set(this.segments.map((one) => one.url.split("?")[0]));
      const news = said.segments.filter((one) => !known.has(one.url.split("?")[0]));
      const inits = said.inits.map((one) => Uint8Array.from(atob(one), (byte) => byte.charCodeAt(0)));
      this.segments.push(...news.map((one) => ({ ...one, base_ms: said.base_ms, init: inits[one.init] })));
      // What has not been yet is asked for again once it has.
      const newest = Date.now();
      this.until = Math.min(from + SPAN_MS, Math.max(from, newest - 1000));
      if (this.until >= newest - 2000) this.again = performance.now() + AGAIN_MS;
      if (this.segments.length && !this.source) this.#open(this.segments[0].mime);
    } catch {
      if (turn === this.turn) this.again = performance.now() + AGAIN_MS;
    } finally {
      if (turn === this.turn) this.asking = false;
    }
  }

  #open(mime) {
    this.mime = mime;
    const source = (this.source = new Media());
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = URL.createObjectURL(source);
    this.video.src = this.address;
    source.addEventListener("sourceopen", () => {
      if (source !== this.source) return;
      const buffer = (this.buffer = source.addSourceBuffer(mime));
      buffer.addEventListener("updateend", () => buffer === this.buffer && this.#feed());
    }, { once: true });
  }

  at(time) {
    return this.segments.find((one) => !one.failed && one.from_ms <= time && time < one.from_ms + one.duration_ms);
  }

  isEmpty(time) {
    return !this.at(time) && !(this.asking && this.until <= time);
  }

  // Whether the picture of a time stands; where nothing was recorded there is none to wait for.
  isReady(time) {
    if (this.asking && this.until <= time) return false;
    if (!this.at(time)) return true;
    return this.#held((time - this.base) / 1000) !== null && this.video.readyState >= 2;
  }

  // Where the video stands for a time: there; where pictures were left out, at the one before, as a
  // browser that does not fill such holes by itself would wait in them for ever; null: not held yet.
  #held(wanted) {
    const ranges = this.video.buffered;
    for (let n = 0; n < ranges.length; n++) {
      const [start, end] = [ranges.start(n), ranges.end(n)];
      if (start - 0.1 <= wanted && wanted < end) return Math.max(start, wanted);
      if (n + 1 < ranges.length && end <= wanted && wanted < Math.min(ranges.start(n + 1), end + HOLE_S)) return end - 0.02;
    }
    return null;
  }

  // Keep what is around the time; `time` is in milliseconds since the epoch.
  tend(time) {
    const empty = this.isEmpty(time);
    this.say(empty ? "Nothing was recorded at this time" : "");
    this.figure.dataset.empty = empty ? "yes" : "";
    if (time + AHEAD_MS > this.until) this.#more();
    if (!this.buffer) return;
    if (!this.fetching) {
      const next = this.segments.find((one) => !one.loaded && one.from_ms + one.duration_ms > time - 1000
        && one.from_ms < time + AHEAD_MS);
      if (next) this.#fetch(next);
    }
    const old = (time - this.base) / 1000 - BEHIND_S;
    if (this.buffer.buffered.length && !this.buffer.updating && this.buffer.buffered.start(0) < old - 20) {
      this.queue.unshift({ remove: old });
      for (const one of this.segments) if (one.from_ms < this.base + old * 1000) one.loaded = false;
      this.frames = this.frames.filter((one) => one >= this.base + old * 1000);
      this.#feed();
    }
  }

  async #fetch(segment) {
    this.fetching = true;
    const { turn } = this;
    try {
      const body = await (await this.#get(segment.url)).arrayBuffer();
      if (turn !== this.turn) return;
      segment.loaded = true;
      this.#note(body, segment.base_ms);
      this.queue.push({ init: segment.init, body, shift: (segment.base_ms - this.base) / 1000, mime: segment.mime });
      this.#feed();
    } catch {
      segment.loaded = segment.failed = true;
    } finally {
      if (turn === this.turn) this.fetching = false;
    }
  }

  // When each picture begins: fragments tell it at fixed places (insyn.site.archive.fmp4).
  #note(body, base) {
    const view = new DataView(body);
    for (let at = 0; at + 92 < view.byteLength; at += view.getUint32(at)) {
      if (view.getUint32(at) < 8) break;
      if (view.getUint32(at + 4) !== 0x6d6f6f66) continue; // moof
      let time = Number(view.getBigUint64(at + 60));
      for (let n = 0; n < view.getUint32(at + 80); n++) {
        this.frames.push(base + time / 90);
        time += view.getUint32(at + 88 + 16 * n);
      }
    }
    this.frames.sort((a, b) => a - b);
  }

  // The time of the picture before or after the one that stands at a time; null where none is held.
  beside(time, direction) {
    const here = this.frames.findLastIndex((one) => one <= time + 1);
    return this.frames[here + direction] ?? null;
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
      const played = this.video.currentTime - 5;
      if (error.name === "QuotaExceededError" && played > 0) this.queue.unshift({ remove: played }, next);
    }
  }

  // Follow the clock: small drift is played off, large drift is jumped over.
  follow(time, speed, playing) {
    if (this.base === null || !this.buffer) return;
    const wanted = this.#held((time - this.base) / 1000);
    if (wanted === null) {
      if (!this.video.paused) this.video.pause();
      return;
    }
    const off = this.video.currentTime - wanted;
    if (playing ? Math.abs(off) > DRIFT_S * Math.max(1, speed) : Math.abs(off) > 0.002) this.video.currentTime = wanted;
    const rate = playing ? speed * (1 - Math.min(0.2, Math.max(-0.2, off / speed))) : speed;
    if (Math.abs(this.video.playbackRate - rate) > 0.01) this.video.playbackRate = rate;
    if (playing && this.video.paused) this.video.play().catch(() => {});
    if (!playing && !this.video.paused) this.video.pause();
  }

  // A small still over the picture while somebody drags along the timeline; null takes it away.
  preview(time, isRecorded = false) {
    this.wants = isRecorded ? time : null;
    if (this.wants === null) this.still.hidden = true;
    if (time !== null) this.say(isRecorded ? "" : "Nothing was recorded at this time");
    if (this.wants === null || this.loading) return;
    this.loading = true;
    const done = (seen) => {
      this.loading = false;
      this.still.hidden = !seen || this.wants === null;
      if (this.wants !== null && this.wants !== time) this.preview(this.wants, true);
    };
    this.still.onload = () => done(true);
    this.still.onerror = () => done(false);
    this.still.src = this.url("preview.jpg", { at: Math.floor(time), width: 320 });
  }
}
