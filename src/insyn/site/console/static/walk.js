// The walk test: the masked picture, how much of it is covered, and the last minute of that as a line.
import { Stream } from "./stream.js";

const SECONDS = 60;
const SAYS = {
  LEARN: "The empty scene is being learned; everything is covered",
  LIGHT: "The light changed; everything is covered for a moment",
  SHAKE: "The camera moved; everything is covered",
  BLOCKED: "The view is blocked; everything is covered",
  LATE: "No masked picture now",
};

class InsynWalk extends HTMLElement {
  connectedCallback() {
    if (this.stream) return;
    this.querySelector("noscript")?.remove();
    const [video, canvas] = [document.createElement("video"), document.createElement("canvas")];
    this.says = Object.assign(document.createElement("p"), { className: "says" });
    this.says.setAttribute("role", "status");
    this.meter = document.createElement("meter");
    Object.assign(this.meter, { min: 0, max: 1, value: 0 });
    this.meter.setAttribute("aria-label", "Share of the picture that is covered");
    this.number = Object.assign(document.createElement("output"), { className: "share", textContent: "–" });
    const frame = document.createElement("div");
    frame.className = "frame";
    frame.append(video, this.says);
    const line = document.createElement("p");
    line.className = "row covered";
    line.append(this.number, this.meter);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "The last minute of it");
    this.replaceChildren(frame, line, canvas);
    this.context = canvas.getContext("2d");
    this.seen = [];
    this.stream = new Stream(`/live/${this.getAttribute("camera")}`, video);
    this.stream.addEventListener("seen", (event) => this.#note(event.detail));
    this.stream.addEventListener("state", (event) => this.#say(event.detail.text || SAYS[event.detail.state] || ""));
    this.stream.addEventListener("lost", (event) => this.#say(event.detail.text));
    video.addEventListener("timeupdate", () => (this.dataset.at = video.currentTime.toFixed(2)));
  }

  disconnectedCallback() {
    this.stream?.close();
    this.stream = null;
  }

  #say(text) {
    this.says.textContent = text;
    this.says.hidden = !text;
  }

  #note({ covered }) {
    const now = performance.now();
    this.seen.push([now, covered]);
    while (this.seen[0][0] < now - SECONDS * 1000) this.seen.shift();
    this.meter.value = covered;
    this.number.textContent = `${(covered * 100).toFixed(1)} % covered`;
    this.dataset.covered = covered;
    this.#draw(now);
  }

  #draw(now) {
    const { canvas } = this.context;
    const scale = devicePixelRatio || 1;
    const [width, height] = [(canvas.width = canvas.clientWidth * scale), (canvas.height = canvas.clientHeight * scale)];
    const style = getComputedStyle(this);
    const tone = (name) => style.getPropertyValue(name).trim();
    const c = this.context;
    c.fillStyle = tone("--back");
    c.fillRect(0, 0, width, height);
    c.beginPath();
    for (const [at, covered] of this.seen) {
      c.lineTo(width * (1 - (now - at) / (SECONDS * 1000)), height * (1 - covered));
    }
    c.strokeStyle = tone("--accent");
    c.lineWidth = 2 * scale;
    c.stroke();
  }
}

customElements.define("insyn-walk", InsynWalk);
