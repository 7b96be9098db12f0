// What the shop says by itself: that the feed has changed, and what trends; connects again, more and more patiently.
import { proof } from "./tokens.js";
import { who } from "./who.js";

const FIRST_MS = 2000;
const MOST_MS = 60_000;
const GREETED = "subscribed";
const FORBIDDEN = 1008;

/** Whether somebody who was sent away has another proof by now: one that ran out is renewed while a page is open. */
async function isRenewed(header) {
  const now = await proof().catch(() => null);
  return now !== null && now.Authorization !== header?.Authorization;
}

/** Listen; `on` has a function per topic. Without a connection the page works as well, only later. */
export function listen(on) {
  let wait = FIRST_MS;
  let socket = null;
  let wasThere = false;
  let timer = 0;
  const connect = async () => {
    clearTimeout(timer);
    const header = await proof().catch(() => null);
    socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/v1/live`);
    socket.addEventListener("open", () => {
      const token = header ? { token: header.Authorization.slice("Bearer ".length) } : {};
      if (wasThere) document.dispatchEvent(new CustomEvent("vitrine:back"));
      socket.send(JSON.stringify({ type: "subscribe", topics: Object.keys(on), ...who(), ...token }));
    });
    let isNew = !wasThere;
    socket.addEventListener("message", (event) => {
      const said = JSON.parse(event.data);
      wait = FIRST_MS;
      wasThere = true;
      if (said.reason === GREETED && isNew) isNew = false; // what the page shows is as new as that
      else on[said.type]?.(said);
    });
    socket.addEventListener("close", async (event) => {
      if (document.visibilityState === "hidden") return; // nobody looks
      if (event.code === FORBIDDEN && !(await isRenewed(header))) return;
      clearTimeout(timer);
      timer = setTimeout(connect, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, MOST_MS);
    });
  };
  const again = () => { if (socket?.readyState === WebSocket.CLOSED) connect(); };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") again();
  });
  addEventListener("online", () => again());
  addEventListener("pagehide", () => socket?.close()); // an open socket would keep the page out of the back button's memory
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  connect();
}
