/**
 * What every page of the desk does: its sheet, what is said after something was done, and what
 * looks again when the book has changed. Pages work without it; with it they don't reload.
 *
 * - `a[data-sheet]` opens its page in the sheet; forms in the sheet are sent from there.
 * - `[data-live="url"]` shows that fragment, fetched anew after each `changed` event.
 * - Events on the body: `say` {text, kind, undo}, `done`, `changed`, `open` {url}.
 */

import { startLive } from "./live.js";

/** @type {any} */
const htmx = /** @type {any} */ (window).htmx;
const body = document.body;
const sheet = /** @type {HTMLDialogElement | null} */ (document.querySelector("#sheet"));
const sheetBody = document.querySelector("#sheet-body");

// --- the sheet ------------------------------------------------------------------------------------

/** @type {HTMLElement | null} Where the focus was before the sheet opened. */
let before = null;

/**
 * Shows a page's main part in the sheet.
 * @param {string} url
 */
export function openSheet(url) {
  if (!sheet || !sheetBody) return;
  if (!sheet.open) {
    before = /** @type {HTMLElement | null} */ (document.activeElement);
    sheetBody.replaceChildren();
    sheet.classList.add("is-loading");
    sheet.showModal();
  }
  sheet.dataset.url = url;
  htmx.ajax("GET", url, { target: "#sheet-body", swap: "innerHTML", source: sheetBody });
}

export function closeSheet() {
  if (sheet?.open) sheet.close();
}

sheet?.addEventListener("close", () => {
  sheetBody?.replaceChildren();
  // What was just said in it stays to be read.
  const room = document.querySelector("#say");
  if (room && room.parentElement === sheet) body.append(room);
  const back = before?.isConnected ? before : before?.id && document.getElementById(before.id);
  if (back) back.focus({ preventScroll: true });
  before = null;
});

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  if (target === sheet || target.closest("[data-close-sheet]")) {
    event.preventDefault();
    closeSheet();
    return;
  }
  const link = /** @type {HTMLAnchorElement | null} */ (target.closest("a[data-sheet]"));
  if (link && !event.defaultPrevented && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
    event.preventDefault();
    openSheet(link.href);
  }
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(target)) menu.removeAttribute("open");
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    menu.removeAttribute("open");
    menu.querySelector("summary")?.focus();
  }
});

// Forms and links in the sheet stay in it, whoever wrote them.
body.addEventListener("htmx:beforeProcessNode", (event) => {
  const element = /** @type {HTMLElement} */ (event.target);
  if (!sheetBody?.contains(element)) return;
  if (element instanceof HTMLFormElement && !element.hasAttribute("data-whole-page")) {
    const where = element.getAttribute("action") || sheet?.dataset.url || "";
    const how = element.method === "post" ? "hx-post" : "hx-get";
    if (!element.hasAttribute(how)) element.setAttribute(how, where);
    if (!element.hasAttribute("hx-target")) element.setAttribute("hx-target", "#sheet-body");
    element.setAttribute("hx-disabled-elt", "find button");
    element.setAttribute("hx-disinherit", "hx-disabled-elt"); // a field that asks has no button
  }
});

body.addEventListener("htmx:afterSwap", (event) => {
  if (/** @type {CustomEvent} */ (event).detail.target !== sheetBody || !sheet || !sheetBody) return;
  sheet.classList.remove("is-loading");
  const named = sheetBody.querySelector("[data-sheet-title]");
  const title = document.querySelector("#sheet-title");
  if (title && named) title.textContent = named.getAttribute("data-sheet-title");
  const wrong = sheetBody.querySelector(".field--wrong input, .field--wrong select, [role=alert]");
  const first = wrong ?? sheetBody.querySelector("[autofocus]");
  if (first instanceof HTMLElement) first.focus();
});

// --- what is said ---------------------------------------------------------------------------------

/**
 * Says that something was done, or why not.
 * @param {{text: string, kind?: string, undo?: string}} what
 */
export function say({ text, kind = "success", undo = "" }) {
  // In the sheet while it is open: what lies under a modal can't be reached.
  let room = document.querySelector("#say");
  if (sheet?.open && room && room.parentElement !== sheet) sheet.append(room);
  if (!sheet?.open && room && room.parentElement !== body) body.append(room);
  if (!room) return;
  const toast = document.createElement("div");
  toast.className = `toast toast--${kind}`;
  const words = document.createElement("p");
  words.textContent = text;
  toast.append(words);
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "toast-undo";
    button.textContent = body.dataset.undo ?? "Undo";
    button.addEventListener("click", () => {
      toast.remove();
      htmx.ajax("POST", undo, { source: body, target: body, swap: "none" });
    });
    toast.append(button);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "toast-close";
  close.setAttribute("aria-label", body.dataset.dismiss ?? "Dismiss");
  close.textContent = "×";
  close.addEventListener("click", () => toast.remove());
  toast.append(close);
  while (room.children.length > 2) room.firstElementChild?.remove();
  room.append(toast);
  // Long enough to read, and to take back; an error stays until it was seen.
  if (kind !== "error") setTimeout(() => toast.remove(), undo ? 10000 : 5000);
}

body.addEventListener("say", (event) => say(/** @type {CustomEvent} */ (event).detail));
body.addEventListener("done", () => closeSheet());
body.addEventListener("open", (event) => openSheet(/** @type {CustomEvent} */ (event).detail.url));

for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  body.addEventListener(failure, () => say({ text: body.dataset.failed ?? "", kind: "error" }));
}
body.addEventListener("htmx:responseError", (event) => {
  const { xhr } = /** @type {CustomEvent} */ (event).detail;
  if (!xhr.getResponseHeader("HX-Trigger")) say({ text: body.dataset.failed ?? "", kind: "error" });
});

// --- what looks again -----------------------------------------------------------------------------

/**
 * Whether a region must stay as it is: something is dragged, something in it is typed, or what was
 * done in it is on its way. An element that is gone by then hears no answer, and so nobody would.
 * @param {Element} region
 */
function isKept(region) {
  const focus = document.activeElement;
  const isTyped = region.contains(focus) && focus?.matches("input, textarea, select");
  return Boolean(body.dataset.busy || isTyped || region.querySelector(".htmx-request"));
}

/** Has every live region look again; later, if it must stay as it is for now. */
export function lookAgain() {
  for (const region of document.querySelectorAll("[data-live]")) {
    if (isKept(region)) {
      later = true;
      continue;
    }
    htmx.ajax("GET", region.getAttribute("data-live"), {
      target: region,
      swap: "innerHTML",
      source: region,
    });
  }
}
let later = false;
body.addEventListener("changed", () => lookAgain());
// What was asked for before that arrives too late to be shown now.
body.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = /** @type {CustomEvent} */ (event);
  const isLook = detail.target?.hasAttribute("data-live") && detail.elt === detail.target;
  if (!isLook || !isKept(detail.target)) return;
  detail.shouldSwap = false;
  later = true;
});
body.addEventListener("htmx:afterRequest", (event) => {
  const { elt } = /** @type {CustomEvent} */ (event).detail;
  if (!later || elt.hasAttribute("data-live")) return;
  later = false;
  lookAgain();
});
document.addEventListener("focusout", () => {
  if (!later) return;
  later = false;
  setTimeout(lookAgain, 300);
});
new MutationObserver(() => {
  if (later && !body.dataset.busy) {
    later = false;
    lookAgain();
  }
}).observe(body, { attributes: true, attributeFilter: ["data-busy"] });

// --- small things ---------------------------------------------------------------------------------

document.documentElement.classList.add("has-scripts");
// On a narrow phone the sections may be wider than it: where we are is in view.
document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest" });
document.addEventListener("change", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (!target.matches("[data-submit-on-change]")) return;
  /** @type {HTMLSelectElement} */ (target).form?.requestSubmit();
});

const clock = /** @type {HTMLElement | null} */ (document.querySelector("[data-clock]"));
if (clock) {
  const words = new Intl.DateTimeFormat(document.documentElement.lang, {
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: clock.dataset.zone,
  });
  const tick = () => {
    clock.textContent = words.format(new Date());
  };
  setInterval(tick, 10000);
  tick();
}

startLive();
