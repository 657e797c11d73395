// A live tile: masked fragments over a WebSocket into Media Source. Messages: docs, "Live".
import { Feed, Media } from "./feed.js";

const PATIENCE_MS = 3500; // silence after which a tile says so
const AWAY_MS = 20_000; // out of sight for so long, a tile lets go
const RETRY_MS = [500, 1000, 2000, 4000, 8000];

const SAYS = {
  LEARN: "Learning the empty scene; everything is covered",
  LIGHT: "The light changed; everything is covered",
  SHAKE: "The camera moved; everything is covered",
  BLOCKED: "The view is blocked; everything is covered",
  LATE: "The picture stands still: nothing newer is masked yet",
  LOST: "No picture",
};

class InsynLive extends HTMLElement {
  connectedCallback() {
    this.gone = false;
    this.tries = 0;
    if (!this.video) this.#build();
    this.#say("Connecting");
    this.seer = new IntersectionObserver(([seen]) => {
      this.inView = seen.isIntersecting;
      this.#attend();
    });
    this.seer.observe(this);
    this.attend = () => this.#attend();
    document.addEventListener("visibilitychange", this.attend);
    this.clock = setInterval(() => this.#look(), 250);
  }

  disconnectedCallback() {
    this.gone = true;
    this.seer.disconnect();
    document.removeEventListener("visibilitychange", this.attend);
    clearInterval(this.clock);
    this.#letGo();
  }

  #build() {
    this.replaceChildren();
    this.video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, autoplay: true,
      disableRemotePlayback: true });
    this.feed = new Feed(this.video, {
      failed: () => {
        this.#lose("The picture could not be shown; trying again");
        this.socket?.close();
      },
    });
    this.label = this.#part("div", "label");
    const name = document.createElement(this.hasAttribute("href") ? "a" : "span");
    name.textContent = this.getAttribute("name");
    if (this.hasAttribute("href")) {
      name.href = this.getAttribute("href");
      name.title = "Recordings of this camera";
    }
    this.badge = this.#part("span", "mark");
    this.label.append(name, this.badge);
    this.text = this.#part("p", "says");
    this.text.setAttribute("role", "status");
    this.append(this.video, this.label, this.text);
    this.video.tabIndex = -1;
    this.addEventListener("dblclick", () => this.#grow());
    this.addEventListener("keydown", (event) => {
      if (event.target === this && (event.key === "Enter" || event.key === "f")) this.#grow();
    });
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
    if (this.text.textContent !== text) this.text.textContent = text;
    this.text.hidden = !text;
    this.dataset.kind = kind;
  }

  // A tile that nobody can see asks for nothing; it comes back as soon as it is in sight.
  #attend() {
    const seen = this.inView && !document.hidden;
    clearTimeout(this.leaving);
    if (seen && !this.socket && !this.retry) this.#connect();
    if (!seen) this.leaving = setTimeout(() => this.#letGo(), AWAY_MS);
  }

  #letGo() {
    clearTimeout(this.retry);
    clearTimeout(this.leaving);
    const socket = this.socket;
    this.socket = this.retry = null;
    socket?.close();
    this.#lose("Paused while out of sight");
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live/${this.getAttribute("camera")}`);
    this.socket = socket;
    this.retry = null;
    socket.binaryType = "arraybuffer";
    this.heard = performance.now();
    socket.onmessage = (event) => socket === this.socket && this.#hear(event.data);
    socket.onclose = () => {
      if (this.gone || socket !== this.socket) return;
      this.socket = null;
      this.#lose("The console is being reached again");
      this.#ask();
      this.retry = setTimeout(() => this.#connect(), RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)]);
    };
  }

  // A refused WebSocket does not tell why; the same address over HTTP does.
  async #ask() {
    const answer = await fetch(`/live/${this.getAttribute("camera")}`).catch(() => null);
    if (this.gone || this.dataset.state !== "LOST") return;
    if (!answer) this.#say("The console does not answer; trying again", "lost");
    else if (answer.status === 401) this.#say("Sign in again to watch: reload this page", "lost");
    else if (!answer.ok) this.#say("You may not watch this camera", "lost");
  }

  #hear(data) {
    this.heard = performance.now();
    if (typeof data !== "string") {
      this.feed.push(data);
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
    if (!Media?.isTypeSupported(said.mime)) {
      this.#lose(`This browser does not play ${said.mime}`);
      return;
    }
    this.feed.begin(said.mime);
    this.#state(said.state);
  }

  #state(state, text) {
    this.dataset.state = state;
    this.badge.textContent = state === "RUN" ? "masked" : state.toLowerCase();
    this.#say(text || SAYS[state] || "", state === "RUN" ? "" : state === "LATE" ? "lost" : "covered");
  }

  #lose(text) {
    this.feed.end();
    this.dataset.state = "LOST";
    this.badge.textContent = "no picture";
    this.#say(text, "lost");
  }

  #look() {
    if (this.socket && performance.now() - this.heard > PATIENCE_MS) {
      this.#lose("Nothing comes from this camera");
      this.socket.close();
    }
    const { pace } = this.feed;
    if (!pace || !this.video.buffered.length) return;
    pace.keep();
    if (this.video.paused) this.video.play().catch(() => {});
    this.dataset.at = this.video.currentTime.toFixed(2);
    this.dataset.behind = pace.behind.toFixed(2);
  }
}

customElements.define("insyn-live", InsynLive);
