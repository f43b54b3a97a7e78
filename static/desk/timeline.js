/**
 * The timeline: bookings are dragged to another time or resource, or longer; free time is dragged
 * over to book it. The server has the last word: what it refuses goes back where it was.
 *
 * `#timeline` has the addresses and words as data; each `.tl-row[data-resource]` a `.tl-track` whose
 * `.tl-item`s say in minutes where they are (`--from`, `--lasts`); what moves is `[data-booking]`.
 */

import { lookAgain, openSheet, say } from "./desk.js";

const frame = /** @type {HTMLElement} */ (document.querySelector("#timeline"));
const { body } = document;
const STEP = Number(frame.dataset.step);
const HOLD = 350; // milliseconds on a touch screen before a booking comes loose
const SLACK = 5; // pixels before a press is a drag
const isColumns = frame.dataset.view === "columns";

const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZone: frame.dataset.zone,
});

/** @returns {HTMLElement | null} */
const board = () => frame.querySelector(".tl");
const start = () => Date.parse(board()?.dataset.start ?? "");
const minutes = () => Number(board()?.dataset.minutes);
/** @param {number} minute */
const instant = (minute) => new Date(start() + minute * 60000);
/** @param {number} minute */
const shown = (minute) => clock.format(instant(minute));

/** @returns {HTMLElement[]} */
const rows = () => [...frame.querySelectorAll(".tl-row[data-resource]")];

/** How many pixels a minute has. */
function scale() {
  const track = frame.querySelector(".tl-track");
  const box = track?.getBoundingClientRect();
  return box ? (isColumns ? box.height : box.width) / minutes() : 1;
}

/** @param {HTMLElement} item @param {string} name */
const number = (item, name) => Number(item.style.getPropertyValue(name));

/** @param {number} value @param {number} least @param {number} most */
const within = (value, least, most) => Math.max(least, Math.min(most, value));

/** To whole steps of the wall's clock. @param {number} minute */
const whole = (minute) => Math.round(minute / STEP) * STEP;

// --- what is being moved --------------------------------------------------------------------------

/**
 * @typedef {object} Move
 * @property {HTMLElement} item
 * @property {HTMLElement} bar
 * @property {HTMLElement} row where it was
 * @property {HTMLElement} to where it is now
 * @property {number} from minutes
 * @property {number} lasts minutes
 * @property {{from: number, lasts: number}} was
 */

/** @param {HTMLElement} bar @returns {Move} */
function begin(bar) {
  const item = /** @type {HTMLElement} */ (bar.closest(".tl-item"));
  const row = /** @type {HTMLElement} */ (bar.closest(".tl-row"));
  const from = number(item, "--from");
  const lasts = Number(bar.dataset.lasts);
  item.classList.add("is-dragged");
  body.dataset.busy = "timeline";
  return { item, bar, row, to: row, from, lasts, was: { from, lasts } };
}

/** Shows a move as far as it has come. @param {Move} move */
function show(move) {
  move.item.style.setProperty("--from", String(move.from));
  move.item.style.setProperty("--lasts", String(move.lasts));
  if (move.to !== move.item.closest(".tl-row")) {
    const hadFocus = document.activeElement === move.bar;
    move.to.querySelector(".tl-track")?.append(move.item);
    if (hadFocus) move.bar.focus({ preventScroll: true });
  }
  for (const row of rows()) row.classList.toggle("is-target", row === move.to);
}

/** @param {Move} move */
function end(move) {
  move.item.classList.remove("is-dragged");
  for (const row of rows()) row.classList.remove("is-target");
  delete body.dataset.busy;
}

/** @param {Move} move */
function putBack(move) {
  Object.assign(move, move.was, { to: move.row });
  show(move);
  end(move);
}

/** @param {Move} move */
const isMoved = (move) =>
  move.from !== move.was.from || move.lasts !== move.was.lasts || move.to !== move.row;

/** Asks the server to move it; what it refuses goes back. @param {Move} move */
async function send(move) {
  if (!isMoved(move)) {
    putBack(move);
    return;
  }
  const { bar, item } = move;
  const shift = (move.from - move.was.from) * 60000;
  const fields = {
    booking: bar.dataset.booking ?? "",
    starts: new Date(Date.parse(bar.dataset.starts ?? "") + shift).toISOString(),
    lasts: String(move.lasts),
    resource: move.to === move.row ? "" : move.to.dataset.resource ?? "",
    instead_of: move.row.dataset.resource ?? "",
  };
  item.classList.add("is-sent");
  const isDone = await post(frame.dataset.move ?? "", fields);
  item.classList.remove("is-sent");
  if (isDone) end(move);
  else putBack(move);
  lookAgain();
}

/**
 * Sends a form as htmx would, and does what the answer says.
 * @param {string} url
 * @param {Record<string, string>} fields
 */
async function post(url, fields) {
  try {
    const reply = await fetch(url, {
      method: "POST",
      headers: { "HX-Request": "true", ...JSON.parse(body.getAttribute("hx-headers") ?? "{}") },
      body: new URLSearchParams(fields),
    });
    const elsewhere = reply.headers.get("HX-Redirect");
    if (elsewhere) window.location.assign(elsewhere);
    const said = JSON.parse(reply.headers.get("HX-Trigger") ?? "{}");
    if (said.say) say(said.say);
    else if (!reply.ok) say({ text: body.dataset.failed ?? "", kind: "error" });
    return reply.ok;
  } catch {
    say({ text: body.dataset.failed ?? "", kind: "error" });
    return false;
  }
}

// --- by hand --------------------------------------------------------------------------------------

const tip = document.createElement("div");
tip.className = "tl-tip";

/** @param {PointerEvent} event @param {string} text */
function hint(event, text) {
  tip.textContent = text;
  tip.style.left = `${Math.min(event.clientX + 14, window.innerWidth - 180)}px`;
  tip.style.top = `${event.clientY - 38}px`;
  if (!tip.isConnected) body.append(tip);
}

/** The row under a point. @param {PointerEvent} event @param {HTMLElement} otherwise */
function rowAt(event, otherwise) {
  const at = isColumns ? event.clientX : event.clientY;
  return (
    rows().find((row) => {
      const box = row.getBoundingClientRect();
      return isColumns ? at >= box.left && at < box.right : at >= box.top && at < box.bottom;
    }) ?? otherwise
  );
}

/** The minute under a point of a track. @param {PointerEvent} event @param {Element} track */
function minuteAt(event, track) {
  const box = track.getBoundingClientRect();
  const at = isColumns ? event.clientY - box.top : event.clientX - box.left;
  return at / scale();
}

/** Keeps what is dragged in sight. @param {PointerEvent} event */
function follow(event) {
  const box = frame.getBoundingClientRect();
  const edge = 44;
  const left = event.clientX < box.left + edge + 60 ? -12 : event.clientX > box.right - edge ? 12 : 0;
  const top = event.clientY < box.top + edge ? -12 : event.clientY > box.bottom - edge ? 12 : 0;
  if (left || top) frame.scrollBy(left, top);
}

/** @type {{x: number, y: number, scrollX: number, scrollY: number, pointer: number, move: Move | null,
 *   bar: HTMLElement | null, onBar: boolean, row: HTMLElement, resizes: boolean, timer: number, first: number,
 *   ghost: HTMLElement | null, last: PointerEvent} | null} */
let press = null;
let swallow = false; // the click that ends a drag

frame.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || press || pending) return;
  const target = /** @type {HTMLElement} */ (event.target);
  const row = /** @type {HTMLElement | null} */ (target.closest(".tl-row"));
  const track = target.closest(".tl-track");
  if (!row || !track) return;
  const bar = /** @type {HTMLElement | null} */ (target.closest(".tl-bar"));
  if (bar ? !bar.dataset.booking : !row.dataset.resource) return;
  const box = bar?.getBoundingClientRect();
  const isTouch = event.pointerType === "touch";
  const grip = isTouch ? 18 : 9;
  press = {
    x: event.clientX,
    y: event.clientY,
    scrollX: frame.scrollLeft,
    scrollY: frame.scrollTop,
    pointer: event.pointerId,
    move: null,
    bar,
    onBar: !!bar,
    row,
    resizes: !!box && (isColumns ? box.bottom - event.clientY : box.right - event.clientX) < grip,
    timer: 0,
    first: minuteAt(event, track),
    ghost: null,
    last: event,
  };
  if (isTouch) press.timer = window.setTimeout(loosen, HOLD);
});

/** A press becomes a drag. */
function loosen() {
  if (!press) return;
  // The board may have been drawn anew since.
  if (press.bar) press.bar = document.getElementById(press.bar.id);
  const { resource } = press.row.dataset;
  if (!press.row.isConnected) press.row = rows().find((each) => each.dataset.resource === resource) ?? press.row;
  if (!press.row.isConnected || (press.bar === null && press.onBar)) {
    give();
    return;
  }
  frame.setPointerCapture?.(press.pointer);
  if (press.bar) {
    press.move = begin(press.bar);
  } else {
    const ghost = document.createElement("li");
    ghost.className = "tl-item tl-new";
    press.row.querySelector(".tl-track")?.append(ghost);
    press.ghost = ghost;
    body.dataset.busy = "timeline";
    drag(press.last);
  }
  if (press.last.pointerType === "touch") navigator.vibrate?.(12);
}

window.addEventListener("pointermove", (event) => {
  if (!press || event.pointerId !== press.pointer) return;
  press.last = event;
  const far = Math.hypot(event.clientX - press.x, event.clientY - press.y);
  if (!press.move && !press.ghost) {
    if (event.pointerType === "touch") {
      if (far > 10) give();
      return;
    }
    if (far < SLACK) return;
    loosen();
  }
  drag(event);
});

/** @param {PointerEvent} event */
function drag(event) {
  if (!press) return;
  follow(event);
  const moved = isColumns
    ? event.clientY - press.y + frame.scrollTop - press.scrollY
    : event.clientX - press.x + frame.scrollLeft - press.scrollX;
  const by = moved / scale();
  const { move, ghost } = press;
  if (move && press.resizes) {
    const until = whole(move.was.from + move.was.lasts + by);
    move.lasts = within(until - move.from, STEP, minutes() - move.from);
    show(move);
    hint(event, `${shown(move.from)}–${shown(move.from + move.lasts)}`);
  } else if (move) {
    move.from = within(whole(move.was.from + by), 0, minutes() - STEP);
    move.to = rowAt(event, move.to);
    show(move);
    hint(event, `${shown(move.from)}–${shown(move.from + move.lasts)} · ${move.to.dataset.name}`);
  } else if (ghost) {
    const at = Math.floor(press.first / STEP) * STEP;
    const until = within(whole(press.first + by), at + STEP, minutes());
    ghost.style.setProperty("--from", String(at));
    ghost.style.setProperty("--lasts", String(until - at));
    ghost.textContent = `${shown(at)}–${shown(until)}`;
  }
}

/** Lets go without doing anything. */
function give() {
  if (!press) return;
  clearTimeout(press.timer);
  if (press.move) putBack(press.move);
  press.ghost?.remove();
  if (press.ghost) delete body.dataset.busy;
  tip.remove();
  press = null;
}

window.addEventListener("pointerup", (event) => {
  if (!press || event.pointerId !== press.pointer) return;
  clearTimeout(press.timer);
  const { move, ghost, bar, row, first } = press;
  tip.remove();
  press = null;
  if (move) {
    swallow = true;
    setTimeout(() => (swallow = false), 50);
    send(move);
  } else if (ghost) {
    swallow = true;
    setTimeout(() => (swallow = false), 50);
    const from = number(ghost, "--from");
    const lasts = number(ghost, "--lasts");
    ghost.remove();
    delete body.dataset.busy;
    book(row, from, lasts);
  } else if (!bar && event.pointerType === "mouse") {
    book(row, Math.floor(first / STEP) * STEP, 0);
  }
});
window.addEventListener("pointercancel", give);
frame.addEventListener("dragstart", (event) => event.preventDefault());
frame.addEventListener("contextmenu", (event) => {
  if (press?.last.pointerType === "touch") event.preventDefault();
});
frame.addEventListener(
  "touchmove",
  (event) => {
    if (press?.move || press?.ghost) event.preventDefault();
  },
  { passive: false },
);
document.addEventListener(
  "click",
  (event) => {
    if (!swallow) return;
    swallow = false;
    event.preventDefault();
    event.stopPropagation();
  },
  { capture: true },
);

/** Opens a new booking for free time. @param {HTMLElement} row @param {number} from @param {number} lasts */
function book(row, from, lasts) {
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: frame.dataset.zone });
  const asked = new URLSearchParams({
    day: day.format(instant(from)),
    time: shown(from),
    resource: row.dataset.resource ?? "",
  });
  if (lasts) asked.set("minutes", String(lasts));
  openSheet(`${frame.dataset.new}?${asked}`);
}

// What a short bar has no room for.
frame.addEventListener("pointerover", (event) => {
  const bar = /** @type {HTMLElement} */ (event.target).closest(".tl-bar");
  if (bar instanceof HTMLElement && !bar.title) bar.title = bar.getAttribute("aria-label") ?? "";
});

// --- by keyboard ----------------------------------------------------------------------------------

/** @type {Move | null} */
let pending = null;
const says = /** @type {HTMLElement} */ (document.querySelector("#tl-says"));
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

frame.addEventListener("keydown", (event) => {
  const bar = /** @type {HTMLElement} */ (event.target).closest?.("a.tl-bar");
  if (!(bar instanceof HTMLElement)) return;
  if (event.key === "Escape" && (pending || press)) {
    event.preventDefault();
    if (pending) putBack(pending);
    pending = null;
    give();
    says.textContent = frame.dataset.saysBack ?? "";
    return;
  }
  if (event.key === "Enter" && pending) {
    event.preventDefault();
    const move = pending;
    pending = null;
    send(move);
    return;
  }
  const arrow = ARROWS[/** @type {keyof typeof ARROWS} */ (event.key)];
  if (!arrow) return;
  event.preventDefault();
  // Along the time, and across the resources.
  const [along, across] = isColumns ? [arrow[1], arrow[0]] : arrow;
  if (!event.shiftKey && !event.altKey && !event.ctrlKey) {
    if (!pending) walk(bar, along, across);
    return;
  }
  if (!bar.dataset.booking) return;
  pending ??= begin(bar);
  if (event.shiftKey) {
    pending.from = within(whole(pending.from + along * STEP), 0, minutes() - STEP);
    const every = rows();
    const next = every[every.indexOf(pending.to) + across];
    if (next) pending.to = next;
  } else {
    pending.lasts = Math.max(STEP, pending.lasts + along * STEP);
  }
  show(pending);
  pending.item.scrollIntoView({ block: "nearest", inline: "nearest" });
  const when = `${shown(pending.from)}–${shown(pending.from + pending.lasts)}`;
  says.textContent = (frame.dataset.saysMoving ?? "")
    .replace("%(when)s", when)
    .replace("%(where)s", pending.to.dataset.name ?? "");
});

frame.addEventListener("focusout", (event) => {
  if (!pending || frame.querySelector(".is-dragged")?.contains(/** @type {Node} */ (event.relatedTarget))) return;
  const move = pending;
  // A bar that moves to another row loses the focus for a moment.
  setTimeout(() => {
    if (pending !== move || document.activeElement === move.bar) return;
    putBack(move);
    pending = null;
  }, 0);
});

/** From bar to bar. @param {HTMLElement} bar @param {number} along @param {number} across */
function walk(bar, along, across) {
  const row = /** @type {HTMLElement} */ (bar.closest(".tl-row"));
  const here = bars(row);
  let next = here[here.indexOf(bar) + along];
  if (across) {
    const from = at(bar);
    const every = /** @type {HTMLElement[]} */ ([...frame.querySelectorAll(".tl-row")]);
    for (let n = every.indexOf(row) + across; every[n]; n += across) {
      const there = bars(every[n]).sort((a, b) => Math.abs(at(a) - from) - Math.abs(at(b) - from));
      if (there.length) {
        [next] = there;
        break;
      }
    }
  }
  if (!next || next === bar) return;
  bar.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** @param {HTMLElement} bar */
const at = (bar) => number(/** @type {HTMLElement} */ (bar.closest(".tl-item")), "--from");

/** The bars of a row that can be had with the keyboard, in the order of time. @param {HTMLElement} row */
function bars(row) {
  const found = /** @type {HTMLElement[]} */ ([...row.querySelectorAll("a.tl-bar")]);
  return found.sort((a, b) => at(a) - at(b));
}

/** One stop for the tab key: the bar that was last, else the first that isn't over. */
function rove() {
  const every = /** @type {HTMLElement[]} */ ([...frame.querySelectorAll("a.tl-bar")]);
  const now = number(board() ?? frame, "--now");
  const active = every.find((bar) => bar === document.activeElement);
  const first = active ?? every.find((bar) => at(bar) + Number(bar.dataset.lasts ?? 0) > now);
  for (const bar of every) bar.tabIndex = bar === (first ?? every[0]) ? 0 : -1;
}

// --- as time goes by ------------------------------------------------------------------------------

function tick() {
  const shownBoard = board();
  if (!shownBoard?.style.getPropertyValue("--now")) return;
  const minute = (Date.now() - start()) / 60000;
  if (minute > minutes()) lookAgain();
  else shownBoard.style.setProperty("--now", minute.toFixed(2));
}
setInterval(tick, 15000);
// Who was due is late: what it says changes too, if slowly.
setInterval(() => {
  if (!document.hidden && !pending && !press) lookAgain();
}, 120000);

body.addEventListener("htmx:afterSwap", (event) => {
  if (/** @type {CustomEvent} */ (event).detail.target !== frame) return;
  rove();
  tick();
});

/** Shows the present, or where the day begins. */
function arrive() {
  rove();
  const now = board()?.style.getPropertyValue("--now");
  const items = /** @type {HTMLElement[]} */ ([...frame.querySelectorAll(".tl-item")]);
  const first = items.length ? Math.min(...items.map((item) => number(item, "--from"))) : 0;
  const pixels = Math.max(0, (now ? Number(now) - 60 : first) - 15) * scale();
  frame.scrollTo(isColumns ? { top: pixels } : { left: pixels });
  tick();
}
arrive();
