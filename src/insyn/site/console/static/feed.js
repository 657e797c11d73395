// Fragments into a video by Media Source, one at a time; what was shown a while ago is let go.
import { Pace } from "./pace.js";

const KEEP_S = 8;
export const Media = globalThis.ManagedMediaSource ?? globalThis.MediaSource; // the first on phones

export class Feed {
  // `paced`: a fragment a picture, each due as it comes; `failed()` is called where the video takes
  // no more.
  constructor(video, { paced = true, failed }) {
    [this.video, this.paced, this.failed] = [video, paced, failed];
    this.queue = null;
  }

  begin(mime) {
    this.queue = [];
    this.pace = this.paced ? new Pace(this.video) : null;
    this.buffer = null;
    const source = (this.source = new Media());
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(source);
    this.video.src = this.url;
    source.addEventListener("sourceopen", () => {
      if (source !== this.source) return;
      const buffer = (this.buffer = source.addSourceBuffer(mime));
      buffer.addEventListener("updateend", () => buffer === this.buffer && this.#feed());
      this.#feed();
    }, { once: true });
  }

  // What comes before a stream has begun belongs to none.
  push(fragment) {
    this.pace?.note(fragment);
    this.queue?.push(fragment);
    this.#feed();
  }

  end() {
    this.queue = this.buffer = this.source = this.pace = null;
    this.video.removeAttribute("src");
    this.video.load();
  }

  // Media Source takes no second append before the first is done.
  #feed() {
    const buffer = this.buffer;
    if (!buffer || buffer.updating || this.source.readyState !== "open") return;
    const played = this.video.currentTime - KEEP_S;
    try {
      if (buffer.buffered.length && buffer.buffered.start(0) < played - KEEP_S) buffer.remove(0, played);
      else if (this.queue.length) {
        this.pace?.keep();
        buffer.appendBuffer(this.queue.shift());
      }
    } catch {
      this.failed();
    }
  }
}
