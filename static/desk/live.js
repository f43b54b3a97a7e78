/**
 * Hears on the live stream that something changed, and has what is live on the page look again.
 *
 * The stream says no more than that; each `changed` event on the body is a look at the server as
 * any other. While the stream is away the page says so and looks by itself now and then; once it is
 * back, the page looks at once, as it may have missed something, and says that too. The body has
 * `data-hears` for as long as there is a stream.
 */

const body = document.body;
const state = /** @type {HTMLElement | null} */ (document.querySelector("[data-live-state]"));

const TOGETHER = 150; // ms in which several changes are one
const POLL = 20_000; // ms between two looks while there is no stream
const SILENT = 40_000; // ms without a word: the server speaks every 15 seconds
const HIDDEN = 30_000; // ms after which a page nobody looks at gives its connection back

/** @type {EventSource | null} */
let source = null;
let isLost = false;
let heardAt = 0;
let lookedAt = Date.now();
let hiddenAt = 0;
/** @type {number | undefined} */
let waiting;

/** Looks again, once for all that comes together. */
function look() {
  if (waiting !== undefined) return;
  waiting = window.setTimeout(() => {
    waiting = undefined;
    lookedAt = Date.now();
    body.dispatchEvent(new CustomEvent("changed", { detail: { live: true } }));
  }, TOGETHER);
}

function open() {
  close();
  const address = body.dataset.stream;
  if (!address) return;
  heardAt = Date.now();
  const opened = new EventSource(address);
  source = opened;
  opened.addEventListener("open", () => {
    heardAt = Date.now();
    body.dataset.hears = "yes";
    if (isLost) beBack();
  });
  opened.addEventListener("still", () => {
    heardAt = Date.now();
  });
  opened.addEventListener("changed", () => {
    heardAt = Date.now();
    look();
  });
  opened.addEventListener("error", () => {
    beLost();
    // Closed is refused: the address has had its time. Otherwise the browser tries by itself.
    if (opened === source && opened.readyState === EventSource.CLOSED) source = null;
  });
}

function close() {
  source?.close();
  source = null;
}

function beLost() {
  isLost = true;
  delete body.dataset.hears;
  if (!state) return;
  state.textContent = state.dataset.lost ?? "";
  state.hidden = false;
}

function beBack() {
  isLost = false;
  look();
  if (!state) return;
  state.hidden = true;
  state.textContent = "";
  const detail = { text: state.dataset.back ?? "", kind: "success" };
  body.dispatchEvent(new CustomEvent("say", { detail }));
}

/** Asks this page for a new address; whoever was signed out meanwhile gets none. */
async function renew() {
  try {
    const reply = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const address = page.body.dataset.stream;
    if (!reply.ok || !address) return;
    body.dataset.stream = address;
    open();
  } catch {
    // The server can't be reached; the next time, perhaps.
  }
}

/** What is there to do, once a second or when the page is seen again. */
function tick() {
  if (document.hidden) {
    if (hiddenAt && Date.now() - hiddenAt > HIDDEN) close();
    return;
  }
  if (source && Date.now() - heardAt > SILENT) {
    beLost();
    open();
  }
  if (isLost && Date.now() - lookedAt > POLL) {
    look();
    if (!source) {
      lookedAt = Date.now();
      renew();
    }
  }
}

/** Listens from now on, for as long as the page is open. */
export function startLive() {
  if (!body.dataset.stream) return;
  open();
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      hiddenAt = Date.now();
      return;
    }
    const slept = Date.now() - hiddenAt > HIDDEN;
    hiddenAt = 0;
    if (!source && !isLost) open();
    if (slept) look();
    tick();
  });
  addEventListener("offline", beLost);
  addEventListener("online", () => {
    if (isLost) open();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    open();
    look();
  });
}
