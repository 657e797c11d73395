// A tile in full screen is shown in full resolution, masked, where the machine has room for it; until
// that stands, and wherever it does not, the tile's own picture stays.
import { Stream } from "./stream.js";

const shown = new Map();

document.addEventListener("fullscreenchange", () => {
  for (const [tile, end] of shown) {
    if (document.fullscreenElement === tile) continue;
    shown.delete(tile);
    end();
  }
  const tile = document.fullscreenElement;
  if (tile?.localName === "insyn-live" && !shown.has(tile)) shown.set(tile, begin(tile));
});

function begin(tile) {
  const video = Object.assign(document.createElement("video"), { className: "large" });
  const note = Object.assign(document.createElement("p"), { className: "large-note", hidden: true });
  note.setAttribute("role", "status");
  tile.append(video, note);
  let state = "";
  let covered = 1;
  const stream = new Stream(`/live/${tile.getAttribute("camera")}/full`, video);
  const say = (text) => {
    note.textContent = text;
    note.hidden = !text;
  };
  stream.addEventListener("state", (event) => {
    state = event.detail.state;
    say(event.detail.text && state !== "RUN" ? `Full resolution: ${event.detail.text}` : "");
  });
  stream.addEventListener("seen", (event) => (covered = event.detail.covered));
  stream.addEventListener("lost", (event) => {
    state = "LOST";
    say(["budget", "no larger"].includes(event.detail.reason) ? event.detail.text : "");
  });
  // The large picture stands in front only while it is masked as usual and plays.
  const clock = setInterval(() => {
    const isReady = state === "RUN" && covered < 1 && video.readyState >= 3 && video.videoWidth > 0;
    video.classList.toggle("ready", isReady);
    if (isReady) say("");
    tile.dataset.large = isReady ? `${video.videoWidth}x${video.videoHeight}` : "";
  }, 200);
  return () => {
    clearInterval(clock);
    stream.close();
    video.remove();
    note.remove();
    delete tile.dataset.large;
  };
}
