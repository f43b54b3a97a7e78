/**
 * The floor's clocks: what counts up and down on the board between two looks at the book, and where
 * the room was scrolled to.
 *
 * - `[data-counts="up" data-since]` says how long it has been, "late" and "over" the same in words,
 *   `[data-counts="down" data-until]` how long is left. How that is written is said by the board:
 *   `data-minutes`, `data-hours`.
 * - `[data-start][data-end]` shows how much of the time has gone by.
 */

const board = document.querySelector("#board");

/** @param {number} milliseconds */
function lasting(milliseconds) {
  const minutes = Math.max(0, Math.floor(milliseconds / 60000));
  const pattern = (minutes < 60 ? board?.dataset.minutes : board?.dataset.hours) ?? "";
  const rest = minutes < 60 ? String(minutes) : String(minutes % 60).padStart(2, "0");
  return pattern
    .replace("%(hours)s", String(Math.floor(minutes / 60)))
    .replace("%(minutes)s", rest);
}

function tick() {
  const now = Date.now();
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (
    document.querySelectorAll("[data-counts]")
  )) {
    const { counts, since, until } = each.dataset;
    let text = "";
    if (counts === "down" && until) {
      const left = Math.max(0, Math.ceil((Date.parse(until) - now) / 1000));
      text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    } else if (since) {
      text = lasting(now - Date.parse(since));
      if (counts === "late" || counts === "over") {
        text = (board?.getAttribute(`data-${counts}`) ?? "%s").replace("%s", text);
      }
    }
    if (text && each.textContent !== text) each.textContent = text;
  }
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (
    document.querySelectorAll("[data-start][data-end]")
  )) {
    const start = Date.parse(each.dataset.start ?? "");
    const end = Date.parse(each.dataset.end ?? "");
    const done = Math.min(1, Math.max(0, (now - start) / Math.max(1, end - start)));
    each.style.setProperty("--done", `${Math.round(done * 100)}%`);
  }
}

if (board && !board.hasAttribute("data-later")) {
  setInterval(tick, 1000);
  tick();
}

// What the board shows moves on by itself: who was due is late, who was soon is due.
setInterval(() => {
  if (!document.hidden) document.body.dispatchEvent(new CustomEvent("changed"));
}, 60000);

// The room stays where it was scrolled to.
let left = 0;
let top = 0;
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (/** @type {CustomEvent} */ (event).detail.target !== board) return;
  const frame = document.querySelector("#room-frame");
  left = frame?.scrollLeft ?? 0;
  top = frame?.scrollTop ?? 0;
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (/** @type {CustomEvent} */ (event).detail.target !== board) return;
  document.querySelector("#room-frame")?.scrollTo(left, top);
  if (board && !board.hasAttribute("data-later")) tick();
});
