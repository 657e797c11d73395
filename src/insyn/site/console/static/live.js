// A live tile: masked fragments over a WebSocket into Media Source. Messages: docs, "Live".
const AHEAD_S = 0.4; // how far behind the newest picture a tile may fall before it catches up
const KEEP_S = 8;
const PATIENCE_MS = 3500; // silence after which a tile says so
const RETRY_MS = [500, 1000, 2000, 4000, 8000];

const SAYS = {
  LEARN: "Learning the empty scene; everything is covered",
  LIGHT: "The light changed; everything is covered",
  SHAKE: "The camera moved; everything is covered",
  BLOCKED: "The view is blocked; everything is covered",
  LATE: "No masked picture now",
  LOST: "No picture",
};

class InsynLive extends HTMLElement {
  connectedCallback() {
    if (this.video) return;
    this.tries = 0;
    this.replaceChildren();
    this.video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, autoplay: true });
    this.label = this.#part("div", "label");
    this.label.textContent = this.getAttribute("name");
    this.badge = this.#part("span", "mark");
    this.label.append(this.badge);
    this.text = this.#part("p", "says");
    this.text.setAttribute("role", "status");
    this.append(this.video, this.label, this.text);
    this.#say("Connecting");
    this.addEventListener("dblclick", () => this.#grow());
    this.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === "f") this.#grow();
    });
    this.#connect();
    this.clock = setInterval(() => this.#look(), 250);
  }

  disconnectedCallback() {
    clearInterval(this.clock);
    clearTimeout(this.retry);
    this.socket?.close();
    this.gone = true;
  }

  #part(kind, name) {
    const made = document.createElement(kind);
    made.className = name;
    return made;
  }

  #grow() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.requestFullscreen?.();
  }

  #say(text, kind = "") {
    this.text.textContent = text;
    this.text.hidden = !text;
    this.dataset.kind = kind;
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}/live/${this.getAttribute("camera")}`);
    this.socket.binaryType = "arraybuffer";
    this.heard = performance.now();
    this.socket.onmessage = (event) => this.#hear(event.data);
    this.socket.onclose = (event) => {
      if (this.gone) return;
      const refused = event.code === 1008 || (event.code === 1006 && !this.hasSeen && this.tries > 2);
      this.#lose(refused ? "Sign in again to watch" : "The console is being reached again");
      const wait = RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)];
      this.retry = setTimeout(() => this.#connect(), wait);
    };
  }

  #hear(data) {
    this.heard = performance.now();
    if (typeof data !== "string") {
      this.queue?.push(data);
      this.#feed();
      return;
    }
    const said = JSON.parse(data);
    if (said.type === "init") this.#begin(said);
    else if (said.type === "state") this.#state(said.state, said.text);
    else if (said.type === "error") this.#lose(said.text || said.reason);
    else if (said.type === "drop") this.dataset.dropped = Number(this.dataset.dropped || 0) + said.frames;
  }

  #begin(said) {
    this.tries = 0;
    this.hasSeen = true;
    this.queue = [];
    this.source = new MediaSource();
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(this.source);
    this.video.src = this.url;
    const source = this.source;
    source.addEventListener("sourceopen", () => {
      if (source !== this.source) return;
      this.buffer = source.addSourceBuffer(said.mime);
      this.buffer.addEventListener("updateend", () => this.#feed());
      this.#feed();
    }, { once: true });
    this.#state(said.state);
  }

  #feed() {
    const buffer = this.buffer;
    if (!buffer || buffer.updating || this.source.readyState !== "open") return;
    const played = this.video.currentTime - KEEP_S;
    if (buffer.buffered.length && buffer.buffered.start(0) < played - KEEP_S) {
      buffer.remove(0, played);
      return;
    }
    if (!this.queue.length) return;
    try {
      buffer.appendBuffer(this.queue.shift());
    } catch {
      this.#lose("The picture could not be shown; trying again");
      this.socket.close();
    }
  }

  #state(state, text) {
    this.dataset.state = state;
    this.badge.textContent = state === "RUN" ? "masked" : state.toLowerCase();
    this.#say(text || SAYS[state] || "", state === "RUN" ? "" : "covered");
  }

  #lose(text) {
    this.buffer = null;
    this.source = null;
    this.queue = [];
    this.video.removeAttribute("src");
    this.video.load();
    this.dataset.state = "LOST";
    this.badge.textContent = "no picture";
    this.#say(text, "lost");
  }

  #look() {
    if (performance.now() - this.heard > PATIENCE_MS && this.dataset.state !== "LOST") {
      this.#lose("Nothing comes from this camera");
      this.socket.close();
    }
    const ranges = this.video.buffered;
    if (!ranges.length) return;
    const edge = ranges.end(ranges.length - 1);
    const start = ranges.start(ranges.length - 1);
    const behind = edge - this.video.currentTime;
    if (this.video.currentTime < start || behind > 3) this.video.currentTime = Math.max(start, edge - 0.1);
    this.video.playbackRate = behind > AHEAD_S ? 1.1 : 1;
    if (this.video.paused) this.video.play().catch(() => {});
    this.dataset.at = this.video.currentTime.toFixed(2);
  }
}

customElements.define("insyn-live", InsynLive);
