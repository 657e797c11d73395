// One stream of fragments over a WebSocket into Media Source; messages as in docs, "Live".
// Tells `began`, `state` {state, text}, `seen` {covered, activity}, `lost` {reason, text} as events.
import { Feed, Media } from "./feed.js";

const PATIENCE_MS = 3500; // silence after which the line is taken for dead
const RETRY_MS = [500, 1000, 2000, 4000, 8000];

export class Stream extends EventTarget {
  // `aheadS` is for fragments of several pictures: so much is buffered, instead of none.
  constructor(path, video, { aheadS = 0 } = {}) {
    super();
    [this.path, this.video, this.aheadS, this.tries] = [path, video, aheadS, 0];
    this.feed = new Feed(video, {
      paced: !aheadS,
      failed: () => {
        this.feed.end();
        this.socket?.close();
      },
    });
    Object.assign(video, { muted: true, playsInline: true, autoplay: true, disableRemotePlayback: true });
    this.#connect();
    this.clock = setInterval(() => this.#look(), 250);
  }

  close() {
    this.gone = true;
    clearInterval(this.clock);
    clearTimeout(this.retry);
    this.socket?.close();
    this.feed.end();
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = (this.socket = new WebSocket(`${scheme}://${location.host}${this.path}`));
    socket.binaryType = "arraybuffer";
    this.heard = performance.now();
    socket.onmessage = (event) => this.#hear(event.data);
    socket.onclose = () => {
      if (this.gone) return;
      this.feed.end();
      if (this.isOver) return;
      this.#tell("lost", { reason: "closed", text: "The console is being reached again" });
      this.retry = setTimeout(() => this.#connect(), RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)]);
    };
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #hear(data) {
    this.heard = performance.now();
    if (typeof data !== "string") {
      this.feed.push(data);
      return;
    }
    const said = JSON.parse(data);
    if (said.type === "init") this.#begin(said);
    else if (said.type === "error") {
      this.isOver = said.reason === "over"; // nothing comes again
      this.feed.end();
      this.#tell("lost", said);
    } else this.#tell(said.type, said);
  }

  #begin(said) {
    this.tries = 0;
    if (!Media?.isTypeSupported(said.mime)) {
      this.#tell("lost", { reason: "codec", text: `This browser does not play ${said.mime}` });
      return;
    }
    this.feed.begin(said.mime);
    this.#tell("began", said);
    this.#tell("state", said);
  }

  #look() {
    if (!this.isOver && this.socket?.readyState === WebSocket.OPEN && performance.now() - this.heard > PATIENCE_MS) this.socket.close();
    const ranges = this.video.buffered;
    if (!ranges.length) return;
    if (this.feed.pace) this.feed.pace.keep();
    else this.#follow(ranges);
    if (this.video.paused) this.video.play().catch(() => {});
  }

  #follow(ranges) {
    const [start, edge] = [ranges.start(ranges.length - 1), ranges.end(ranges.length - 1)];
    const behind = edge - this.video.currentTime;
    if (this.video.currentTime < start || behind > 3) this.video.currentTime = Math.max(start, edge - 0.1);
    this.video.playbackRate = behind > this.aheadS ? 1.1 : 1;
  }
}
