/**
 * Taking a booking by the keyboard, on whatever page it is opened: what is free is looked up while
 * it is typed, guests are recognised, times are stepped through and others chosen by their number.
 *
 * - `[data-ask]` is the form; a change of its `[data-ask-for]` fields fetches `[data-ask-offer]`.
 * - `[data-ask-who]` looks for guests; `[data-choose-guest]` fills one in.
 * - `[data-pick]` is a time that may be chosen; in `[data-steps]` the arrows go through them.
 * - `n` takes a new booking, `/` searches, `?` lists the keys.
 */

import { openSheet } from "./desk.js";

/** @type {any} */
const htmx = /** @type {any} */ (window).htmx;
const body = document.body;

/** @param {Element} form @param {string} what @returns {HTMLInputElement | null} */
const one = (form, what) => form.querySelector(what);

/** @type {ReturnType<typeof setTimeout> | undefined} */
let asking;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let looking;
let turn = 0;

/**
 * Shows what there is for what was typed so far. An answer that was overtaken is dropped.
 * @param {HTMLFormElement} form
 */
async function ask(form) {
  const offer = /** @type {HTMLElement | null} */ (form.querySelector("[data-ask-offer]"));
  if (!offer) return;
  const mine = ++turn;
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && name !== "csrfmiddlewaretoken") query.append(name, value);
  }
  for (const name of ["phone", "name", "email", "notes", "guest"]) query.delete(name);
  let reply;
  try {
    reply = await fetch(`${offer.dataset.askOffer}?${query}`, { headers: { "HX-Request": "true" } });
  } catch {
    return;
  }
  if (mine !== turn || !reply.ok || !offer.isConnected) return;
  const focus = document.activeElement?.id;
  offer.innerHTML = await reply.text();
  htmx.process(offer);
  if (focus && document.activeElement === body) document.getElementById(focus)?.focus();
}

/** @param {HTMLFormElement} form @param {number} wait */
function askSoon(form, wait) {
  clearTimeout(asking);
  asking = setTimeout(() => ask(form), wait);
}

/** @param {HTMLInputElement} field */
function lookSoon(field) {
  clearTimeout(looking);
  looking = setTimeout(async () => {
    const form = field.form;
    const room = form?.querySelector("#ask-who");
    if (!form || !room) return;
    const query = new URLSearchParams({ [field.name]: field.value });
    const reply = await fetch(`${field.dataset.askWho}?${query}`, {
      headers: { "HX-Request": "true" },
    }).catch(() => null);
    if (!reply?.ok || !room.isConnected || field.value !== query.get(field.name)) return;
    room.innerHTML = await reply.text();
    const exact = room.querySelector("[data-exact] [data-choose-guest]");
    if (exact instanceof HTMLElement) choose(exact, false);
  }, 180);
}

/**
 * Fills a guest in. Whoever was recognised stays shown, with what is to be remembered of them.
 * @param {HTMLElement} button
 * @param {boolean} goesOn whether the focus goes on to what is left to type
 */
function choose(button, goesOn) {
  const form = button.closest("form");
  if (!form) return;
  const { guest = "", name = "", phone = "", email = "" } = button.dataset;
  /** @type {[string, string][]} */
  const known = [["name", name], ["phone", phone], ["email", email]];
  for (const [field, value] of known) {
    const input = one(form, `input[name=${field}]`);
    if (input && (goesOn || field !== "phone") && value) input.value = value;
  }
  const hidden = one(form, "[data-ask-guest]");
  if (hidden) hidden.value = guest;
  button.setAttribute("aria-current", "true");
  const list = button.closest("ul");
  for (const each of list?.querySelectorAll("li") ?? []) {
    if (!each.contains(button)) each.remove();
  }
  if (goesOn) one(form, "#id_notes")?.focus();
}

/**
 * Takes a time that is offered.
 * @param {HTMLElement} chip
 * @param {boolean} goesOn
 */
function pick(chip, goesOn) {
  const form = /** @type {HTMLFormElement | null} */ (chip.closest("form"));
  if (!form) return;
  const { day = "", time = "", session = "" } = chip.dataset;
  const dayField = one(form, "[name=day]");
  const timeField = one(form, "[name=time]");
  const sessionField = one(form, "[data-ask-session]");
  if (day && dayField) dayField.value = day;
  if (time && timeField) timeField.value = time;
  if (sessionField) sessionField.value = session;
  if (goesOn) (one(form, "#id_phone") ?? timeField)?.focus();
  askSoon(form, 0);
}

/** @param {HTMLInputElement} field @param {number} by */
function step(field, by) {
  const chips = [...(field.form?.querySelectorAll("[data-pick]") ?? [])].filter(
    (each) => !each.classList.contains("is-full"),
  );
  if (!chips.length) return;
  const now = chips.findIndex((each) => each.getAttribute("aria-pressed") === "true");
  const next = now < 0 ? (by > 0 ? 0 : chips.length - 1) : now + by;
  const chip = /** @type {HTMLElement | undefined} */ (chips[next]);
  if (!chip) return;
  for (const each of chips) each.setAttribute("aria-pressed", String(each === chip));
  pick(chip, false);
}

document.addEventListener("input", (event) => {
  const field = /** @type {HTMLInputElement} */ (event.target);
  const form = /** @type {HTMLFormElement | null} */ (field.closest("form[data-ask]"));
  if (!form) return;
  if (field.matches("[data-ask-for]")) {
    const session = one(form, "[data-ask-session]");
    if (session && field.name !== "party") session.value = "";
    askSoon(form, field.matches("select, [type=checkbox]") ? 0 : 220);
  }
  if (field.matches("[data-ask-who]")) {
    const hidden = one(form, "[data-ask-guest]");
    if (hidden && field.name === "phone") hidden.value = "";
    lookSoon(field);
  }
});

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const chip = /** @type {HTMLElement | null} */ (target.closest("[data-ask] [data-pick]"));
  if (chip) {
    event.preventDefault();
    pick(chip, true);
  }
  const guest = /** @type {HTMLElement | null} */ (target.closest("[data-choose-guest]"));
  if (guest) choose(guest, true);
});

// Buttons of one form that say themselves where they are sent.
document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
  if (!form.matches("[data-act-form]") || !button) return;
  event.preventDefault();
  button.disabled = true;
  htmx
    .ajax("POST", button.formAction, {
      source: body,
      target: body,
      swap: "none",
      values: { [button.name]: button.value },
    })
    .then(() => {
      button.disabled = false;
    });
});

document.addEventListener("click", (event) => {
  if (/** @type {Element} */ (event.target).closest("[data-print]")) window.print();
});

if (location.hash === "#search") one(document.documentElement, "[data-search]")?.focus();

document.addEventListener("focusin", (event) => {
  const field = /** @type {HTMLInputElement} */ (event.target);
  if (field.matches?.("[data-select]")) field.select();
});

// What somebody opened in a list stays open when the list looks again.
/** @type {Set<string>} */
let opened = new Set();
body.addEventListener("htmx:beforeSwap", (event) => {
  const { target } = /** @type {CustomEvent} */ (event).detail;
  if (!target.matches?.("[data-live]")) return;
  opened = new Set([...target.querySelectorAll("details[id][open]")].map((each) => each.id));
});
body.addEventListener("htmx:afterSwap", () => {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  opened = new Set();
});

// --- keys -----------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.isComposing) return;
  const target = /** @type {HTMLElement} */ (event.target);
  const form = target.closest("form[data-ask]");
  if (form && keysOfForm(event, target, form)) return;
  if (event.altKey || target.closest("input, textarea, select, [contenteditable]")) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "n" && body.dataset.new) {
    event.preventDefault();
    const day = document.querySelector("[data-day-shown]")?.getAttribute("data-day-shown");
    openSheet(day ? `${body.dataset.new}?day=${encodeURIComponent(day)}` : body.dataset.new);
  } else if (event.key === "/" && body.dataset.find) {
    event.preventDefault();
    const field = /** @type {HTMLInputElement | null} */ (document.querySelector("[data-search]"));
    if (field) field.focus();
    else location.assign(`${body.dataset.find}#search`);
  } else if (event.key === "?") {
    event.preventDefault();
    /** @type {HTMLDialogElement | null} */ (document.querySelector("#keys"))?.showModal();
  }
});

/**
 * The keys of a form that asks for a time; whether it was one of them.
 * @param {KeyboardEvent} event
 * @param {HTMLElement} target
 * @param {Element} form
 */
function keysOfForm(event, target, form) {
  if (target.matches("[data-steps]") && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    step(/** @type {HTMLInputElement} */ (target), event.key === "ArrowDown" ? 1 : -1);
    return true;
  }
  if (target.matches("[data-ask-who]") && event.key === "ArrowDown") {
    const first = /** @type {HTMLElement | null} */ (form.querySelector("[data-choose-guest]"));
    if (first) {
      event.preventDefault();
      first.focus();
      return true;
    }
  }
  if (target.matches("[data-choose-guest]") && /^Arrow(Up|Down)$/.test(event.key)) {
    event.preventDefault();
    const all = [...form.querySelectorAll("[data-choose-guest]")];
    const next = all[all.indexOf(target) + (event.key === "ArrowDown" ? 1 : -1)];
    const to = next ?? (event.key === "ArrowUp" ? form.querySelector("#id_phone") : null);
    if (to instanceof HTMLElement) to.focus();
    return true;
  }
  // Another time by its number: where nothing is typed with digits, or with Alt anywhere.
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  const typing = target.matches("input, textarea") && !event.altKey;
  if (digit && !typing) {
    const chip = form.querySelectorAll("[data-ask-others] [data-pick]")[Number(digit) - 1];
    if (chip instanceof HTMLElement) {
      event.preventDefault();
      pick(chip, true);
      return true;
    }
  }
  return false;
}

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  if (target.closest("[data-close-keys]")) {
    /** @type {HTMLDialogElement | null} */ (target.closest("dialog"))?.close();
  }
});
