// What the shop says by itself: that the feed has changed, and what trends; connects again, more and more patiently.
import { proof } from "./tokens.js";
import { who } from "./who.js";

const FIRST_MS = 2000;
const MOST_MS = 60_000;
const GREETED = "subscribed";

/** Listen; `on` has a function per topic. Without a connection the page works as well, only later. */
export function listen(on) {
  let wait = FIRST_MS;
  let socket = null;
  const connect = async () => {
    const header = await proof().catch(() => null);
    socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/v1/live`);
    socket.addEventListener("open", () => {
      const token = header ? { token: header.Authorization.slice("Bearer ".length) } : {};
      socket.send(JSON.stringify({ type: "subscribe", topics: Object.keys(on), ...who(), ...token }));
    });
    socket.addEventListener("message", (event) => {
      const said = JSON.parse(event.data);
      wait = FIRST_MS;
      if (said.reason !== GREETED) on[said.type]?.(said);
    });
    socket.addEventListener("close", (event) => {
      if (event.code === 1008 || document.visibilityState === "hidden") return; // not for us, or nobody looks
      setTimeout(connect, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, MOST_MS);
    });
  };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && socket?.readyState === WebSocket.CLOSED) connect();
  });
  addEventListener("pagehide", () => socket?.close()); // an open socket would keep the page out of the back button's memory
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  connect();
}
