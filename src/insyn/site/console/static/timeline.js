// A day as a line: recordings, gaps and activity; chosen by pointer or keys.
const STEP_S = { ArrowLeft: -10, ArrowRight: 10, PageDown: -600, PageUp: 600 };

export class InsynTimeline extends HTMLElement {
  connectedCallback() {
    if (this.canvas) return;
    this.tabIndex = 0;
    this.setAttribute("role", "slider");
    this.setAttribute("aria-label", "Time of the day");
    this.canvas = document.createElement("canvas");
    this.append(this.canvas);
    this.context = this.canvas.getContext("2d");
    this.tracks = [];
    new ResizeObserver(() => this.#draw()).observe(this);
    this.addEventListener("pointerdown", (event) => {
      this.setPointerCapture(event.pointerId);
      this.dragging = true;
      this.#choose(event, false);
    });
    this.addEventListener("pointermove", (event) => {
      this.#hover(event);
      if (this.dragging) this.#choose(event, false);
    });
    this.addEventListener("pointerup", (event) => {
      this.dragging = false;
      this.#choose(event, true);
    });
    this.addEventListener("pointerleave", () => this.#tell("leave"));
    this.addEventListener("wheel", (event) => this.#zoom(event), { passive: false });
    this.addEventListener("keydown", (event) => this.#key(event));
  }

  show(tracks, from, until, zone) {
    [this.tracks, this.from, this.until, this.zone] = [tracks, from, until, zone];
    [this.left, this.right] = [from, until];
    this.setAttribute("aria-valuemin", from);
    this.setAttribute("aria-valuemax", until);
    this.#draw();
  }

  set now(at) {
    this.at = at;
    this.setAttribute("aria-valuenow", Math.round(at));
    this.setAttribute("aria-valuetext", this.clock(at));
    if (at > this.right || at < this.left) {
      const width = this.right - this.left;
      this.left = Math.max(this.from, Math.min(at - width / 4, this.until - width));
      this.right = this.left + width;
    }
    this.#draw();
  }

  clock(at) {
    return new Intl.DateTimeFormat("sv", { timeStyle: "medium", timeZone: this.zone }).format(at);
  }

  #time(event) {
    const box = this.canvas.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return this.left + share * (this.right - this.left);
  }

  #choose(event, done) {
    const at = this.#time(event);
    this.now = at;
    this.#tell(done ? "choose" : "scrub", at);
  }

  #hover(event) {
    this.#tell("hover", this.#time(event), event.clientX);
  }

  #tell(name, at, x) {
    this.dispatchEvent(new CustomEvent(name, { detail: { at, x } }));
  }

  #zoom(event) {
    event.preventDefault();
    const at = this.#time(event);
    const factor = event.deltaY > 0 ? 1.25 : 0.8;
    const width = Math.min(this.until - this.from, Math.max(60_000, (this.right - this.left) * factor));
    const share = (at - this.left) / (this.right - this.left);
    this.left = Math.min(Math.max(this.from, at - share * width), this.until - width);
    this.right = this.left + width;
    this.#draw();
  }

  #key(event) {
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
    const rows = Math.max(1, this.tracks.length);
    const top = 22;
    const each = (height - top) / rows;
    this.tracks.forEach((track, row) => {
      const y = top + row * each;
      c.fillStyle = tone("--line");
      for (const [a, b] of track.recordings) c.fillRect(x(a), y + 2, Math.max(1, x(b) - x(a)), each - 4);
      c.fillStyle = tone("--accent");
      const step = track.activity.step_s * 1000;
      track.activity.values.forEach((value, number) => {
        if (!value) return;
        const at = track.from_ms + number * step;
        if (at + step < this.left || at > this.right) return;
        const high = Math.max(2, (each - 4) * Math.min(1, value / 160));
        c.fillRect(x(at), y + each - 2 - high, Math.max(1, x(at + step) - x(at)), high);
      });
      c.fillStyle = tone("--bad");
      for (const gap of track.gaps) c.fillRect(x(gap.from_ms), y + each / 2 - 1, Math.max(2, x(gap.until_ms) - x(gap.from_ms)), 2);
    });
    this.#hours(c, x, width, tone);
    if (this.at) {
      c.fillStyle = tone("--focus");
      c.fillRect(x(this.at) - 1, 0, 2, height);
    }
  }

  #hours(c, x, width, tone) {
    const span = this.right - this.left;
    const steps = [60, 300, 600, 1800, 3600, 7200, 10800, 21600].map((s) => s * 1000);
    const step = steps.find((s) => (width * s) / span > 70) ?? steps.at(-1);
    c.fillStyle = tone("--soft");
    c.font = "12px system-ui, sans-serif";
    for (let at = this.from; at <= this.until; at += step) {
      if (at < this.left || at > this.right) continue;
      c.fillRect(x(at), 16, 1, 6);
      if (x(at) < width - 36) c.fillText(this.clock(at).slice(0, 5), x(at) + 3, 13);
    }
  }
}

customElements.define("insyn-timeline", InsynTimeline);
