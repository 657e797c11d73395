// A camera that is open live, unmasked, for whoever asked; the page around it says so loudly.
import { Stream } from "./stream.js";

class InsynOpened extends HTMLElement {
  connectedCallback() {
    if (this.stream) return;
    this.querySelector("noscript")?.remove();
    const video = document.createElement("video");
    this.says = document.createElement("p");
    this.says.className = "says";
    this.says.setAttribute("role", "status");
    this.prepend(video);
    this.append(this.says);
    this.#say("Waiting for the next key picture");
    this.stream = new Stream(this.getAttribute("path"), video, { aheadS: 1.6 });
    this.stream.addEventListener("began", () => this.#say(""));
    this.stream.addEventListener("state", ({ detail }) => detail.text && this.#say(detail.text));
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
    this.dataset.state = text ? "none" : "unmasked";
  }
}

customElements.define("insyn-opened", InsynOpened);
