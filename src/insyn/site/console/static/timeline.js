// A day as a line: recordings, gaps and activity; chosen by pointer or keys.
const STEP_S = { ArrowLeft: -10, ArrowRight: 10, PageDown: -600, PageUp: 600, ArrowDown: -60, ArrowUp: 60 };
const NARROWEST_MS = 60_000;

export class InsynTimeline extends HTMLElement {
  connectedCallback() {
    if (this.canvas) return;
    this.tabIndex = 0;
    this.setAttribute("role", "slider");
    this.setAttribute("aria-label", "Time of the day");
    this.setAttribute("aria-valuemin", 0);
    this.setAttribute("aria-valuemax", 86_400);
    this.setAttribute("aria-valuenow", 0);
    this.canvas = document.createElement("canvas");
    this.append(this.canvas);
    this.context = this.canvas.getContext("2d");
    this.tracks = [];
    new ResizeObserver(() => this.#draw()).observe(this);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    this.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.setPointerCapture(event.pointerId);
      this.dragging = true;
      this.#choose(event, "scrub");
    });
    this.addEventListener("pointermove", (event) => {
      if (this.dragging) this.#choose(event, "scrub");
      else this.#tell("hover", this.#time(event), event.clientX);
    });
    const end = (event) => {
      if (!this.dragging) return;
      this.dragging = false;
      this.#tell("hover", this.#time(event), event.clientX);
      this.#choose(event, "choose");
    };
    this.addEventListener("pointerup", end);
    this.addEventListener("pointercancel", end);
    this.addEventListener("pointerleave", () => this.#tell("leave"));
    this.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.addEventListener("keydown", (event) => this.key(event));
  }

  show(tracks, from, until, zone) {
    if (from !== this.from) [this.left, this.right] = [from, until];
    [this.tracks, this.from, this.until, this.zone] = [tracks, from, until, zone];
    this.setAttribute("aria-valuemax", Math.round((until - from) / 1000));
    this.#draw();
  }

  set now(at) {
    this.at = at;
    this.setAttribute("aria-valuenow", Math.round((at - this.from) / 1000));
    this.setAttribute("aria-valuetext", this.clock(at));
    if (at > this.right || at < this.left) this.#view(at - (this.right - this.left) / 4, this.right - this.left);
    this.#draw();
  }

  clock(at, withDay = false) {
    const style = { timeStyle: "medium", timeZone: this.zone, ...(withDay && { dateStyle: "short" }) };
    return new Intl.DateTimeFormat("sv", style).format(at);
  }

  // Show `factor` times as much of the day, around the time shown.
  zoom(factor, around = this.at ?? this.from) {
    const width = Math.min(this.until - this.from, Math.max(NARROWEST_MS, (this.right - this.left) * factor));
    const share = Math.min(1, Math.max(0, (around - this.left) / (this.right - this.left)));
    this.#view(around - share * width, width);
    this.#draw();
  }

  #view(left, width) {
    this.left = Math.min(Math.max(this.from, left), this.until - width);
    this.right = this.left + width;
  }

  #time(event) {
    const box = this.canvas.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return this.left + share * (this.right - this.left);
  }

  #choose(event, how) {
    const at = this.#time(event);
    this.now = at;
    this.#tell(how, at);
  }

  #tell(name, at, x) {
    this.dispatchEvent(new CustomEvent(name, { detail: { at, x, dragging: Boolean(this.dragging) } }));
  }

  #wheel(event) {
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const width = this.right - this.left;
      this.#view(this.left + ((event.deltaX || event.deltaY) / this.clientWidth) * width, width);
      this.#draw();
    } else this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.#time(event));
  }

  key(event) {
    if (event.key === "+" || event.key === "-") return this.zoom(event.key === "+" ? 0.5 : 2);
    const step = STEP_S[event.key];
    const at = event.key === "Home" ? this.from : event.key === "End" ? this.until
      : step ? (this.at ?? this.from) + step * 1000 : null;
    if (at === null) return;
    event.preventDefault();
    this.now = Math.min(this.until, Math.max(this.from, at));
    this.#tell("choose", this.at);
  }

  #draw() {
    if (!this.from || !this.isConnected) return;
    const scale = devicePixelRatio || 1;
    const [width, height] = [this.clientWidth, this.clientHeight];
    if (!width || !height) return;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    const c = this.context;
    c.setTransform(scale, 0, 0, scale, 0, 0);
    const style = getComputedStyle(this);
    const tone = (name) => style.getPropertyValue(name).trim();
    const x = (at) => ((at - this.left) / (this.right - this.left)) * width;
    c.fillStyle = tone("--back");
    c.fillRect(0, 0, width, height);
    // Hours are written as large as the page's text, which grows with the screen.
    const text = 0.8 * parseFloat(style.fontSize);
    const head = Math.round(1.7 * text);
    const each = (height - head) / Math.max(1, this.tracks.length);
    this.tracks.forEach((track, row) => this.#row(c, x, tone, track, head + row * each, each));
    this.#hours(c, x, width, tone, text, head);
    if (this.at) {
      c.fillStyle = tone("--focus");
      c.fillRect(x(this.at) - 1, 0, 2, height);
    }
  }

  #row(c, x, tone, track, y, each) {
    const pad = each > 12 ? 2 : 1;
    c.fillStyle = tone("--recorded");
    for (const [a, b] of track.recordings) c.fillRect(x(a), y + pad, Math.max(1.5, x(b) - x(a)), each - 2 * pad);
    c.fillStyle = tone("--accent");
    const step = track.activity.step_s * 1000;
    track.activity.values.forEach((value, number) => {
      const at = track.from_ms + number * step;
      if (!value || at + step < this.left || at > this.right) return;
      const high = Math.max(2, (each - 2 * pad) * Math.min(1, value / 160));
      c.fillRect(x(at), y + each - pad - high, Math.max(1, x(at + step) - x(at)), high);
    });
    c.fillStyle = tone("--bad");
    for (const gap of track.gaps) c.fillRect(x(gap.from_ms), y + each / 2 - 1.5, Math.max(2, x(gap.until_ms) - x(gap.from_ms)), 3);
  }

  #hours(c, x, width, tone, text, head) {
    const span = this.right - this.left;
    const steps = [10, 30, 60, 300, 600, 1800, 3600, 7200, 10800, 21600].map((s) => s * 1000);
    const step = steps.find((s) => (width * s) / span > 5.8 * text) ?? steps.at(-1);
    c.fillStyle = tone("--soft");
    c.font = `${text}px system-ui, sans-serif`;
    const first = this.from + Math.floor((this.left - this.from) / step) * step;
    for (let at = first; at <= this.right; at += step) {
      if (at < this.left) continue;
      c.fillRect(x(at), head - 6, 1, 6);
      const said = this.clock(at).slice(0, step < 60_000 ? 8 : 5);
      if (x(at) + 3 + c.measureText(said).width < width) c.fillText(said, x(at) + 3, head - 8);
    }
  }
}

customElements.define("insyn-timeline", InsynTimeline);
