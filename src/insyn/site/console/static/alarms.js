// What everybody must see on every page: cameras that are open live, unmasked. Told as it changes.
const RETRY_MS = [500, 1000, 2000, 5000];

class InsynAlarms extends HTMLElement {
  connectedCallback() {
    this.tries = 0;
    this.#connect();
  }

  disconnectedCallback() {
    this.gone = true;
    clearTimeout(this.retry);
    this.socket?.close();
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}/alarms`);
    this.socket.onmessage = (event) => {
      this.tries = 0;
      this.#show(JSON.parse(event.data));
    };
    this.socket.onclose = (event) => {
      if (this.gone || event.code === 1008) return;
      this.retry = setTimeout(() => this.#connect(), RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)]);
    };
  }

  #show(alarms) {
    const said = JSON.stringify(alarms);
    if (said === this.said) return; // a screen reader is not told the same again
    this.said = said;
    this.replaceChildren(...alarms.map((one) => {
      const line = document.createElement("p");
      line.className = `banner ${one.kind}`;
      line.setAttribute("role", "alert");
      const link = Object.assign(document.createElement("a"), { href: one.href, textContent: one.text });
      line.append(link);
      return line;
    }));
  }
}

customElements.define("insyn-alarms", InsynAlarms);
