// One stream of fragments over a WebSocket into Media Source; messages as in docs, "Live".
// Tells `began`, `state` {state, text}, `seen` {covered, activity}, `lost` {reason, text} as events.
const KEEP_S = 8;
const PATIENCE_MS = 3500; // silence after which the line is taken for dead
const RETRY_MS = [500, 1000, 2000, 4000, 8000];

export class Stream extends EventTarget {
  constructor(path, video, { aheadS = 0.4 } = {}) {
    super();
    [this.path, this.video, this.aheadS, this.tries] = [path, video, aheadS, 0];
    Object.assign(video, { muted: true, playsInline: true, autoplay: true });
    this.#connect();
    this.clock = setInterval(() => this.#look(), 250);
  }

  close() {
    this.gone = true;
    clearInterval(this.clock);
    clearTimeout(this.retry);
    this.socket?.close();
    this.#drop();
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = (this.socket = new WebSocket(`${scheme}://${location.host}${this.path}`));
    socket.binaryType = "arraybuffer";
    this.heard = performance.now();
    socket.onmessage = (event) => this.#hear(event.data);
    socket.onclose = () => {
      if (this.gone) return;
      this.#drop();
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
      this.queue?.push(data);
      this.#feed();
      return;
    }
    const said = JSON.parse(data);
    if (said.type === "init") this.#begin(said);
    else if (said.type === "error") {
      this.isOver = said.reason === "over"; // nothing comes again
      this.#drop();
      this.#tell("lost", said);
    } else this.#tell(said.type, said);
  }

  #begin(said) {
    this.tries = 0;
    this.queue = [];
    this.buffer = null;
    if (!MediaSource.isTypeSupported(said.mime)) {
      this.#tell("lost", { reason: "codec", text: `This browser does not play ${said.mime}` });
      return;
    }
    const source = (this.source = new MediaSource());
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(source);
    this.video.src = this.url;
    source.addEventListener("sourceopen", () => {
      if (source !== this.source) return;
      const buffer = (this.buffer = source.addSourceBuffer(said.mime));
      buffer.addEventListener("updateend", () => buffer === this.buffer && this.#feed());
      this.#feed();
    }, { once: true });
    this.#tell("began", said);
    this.#tell("state", said);
  }

  // One append at a time: Media Source takes no second one before the first is done.
  #feed() {
    const buffer = this.buffer;
    if (!buffer || buffer.updating || this.source.readyState !== "open") return;
    const played = this.video.currentTime - KEEP_S;
    try {
      if (buffer.buffered.length && buffer.buffered.start(0) < played - KEEP_S) buffer.remove(0, played);
      else if (this.queue.length) buffer.appendBuffer(this.queue.shift());
    } catch {
      this.#drop();
      this.socket?.close();
    }
  }

  #drop() {
    this.buffer = this.source = null;
    this.queue = [];
    this.video.removeAttribute("src");
    this.video.load();
  }

  #look() {
    if (!this.isOver && this.socket?.readyState === WebSocket.OPEN && performance.now() - this.heard > PATIENCE_MS) this.socket.close();
    const ranges = this.video.buffered;
    if (!ranges.length) return;
    const [start, edge] = [ranges.start(ranges.length - 1), ranges.end(ranges.length - 1)];
    const behind = edge - this.video.currentTime;
    if (this.video.currentTime < start || behind > 3) this.video.currentTime = Math.max(start, edge - 0.1);
    this.video.playbackRate = behind > this.aheadS ? 1.1 : 1;
    if (this.video.paused) this.video.play().catch(() => {});
  }
}
