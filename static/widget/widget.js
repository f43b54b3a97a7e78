// What scripts add to the booking page: steps without a flash, a clock for what is held, the guest's
// own time beside the venue's, and words with the site around a frame. All of it works without.

const KEPT = 15_000; // milliseconds that a page fetched ahead may wait to be asked for
const HOST = document.body.dataset.host; // the site around us that the server knows, if any
const ahead = new Map();
let asked = 0;
let timers = [];

/** @returns {HTMLElement} */
const page = () => document.getElementById("page");
const later = (act, ms) => timers.push(setTimeout(act, ms));

// --- steps ---------------------------------------------------------------------------------------

/** Whether a link leads to a step of ours, and is to open here. */
function isStep(link, event) {
  const plain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button);
  const ours = link.origin === location.origin && link.closest("#page");
  return plain && ours && !link.target && !link.hasAttribute("download") && !("whole" in link.dataset);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link) return;
  if ("local" in link.dataset) {
    event.preventDefault();
    document.getElementById(link.hash.slice(1))?.focus();
  } else if (isStep(link, event)) {
    event.preventDefault();
    go(link.href, { keep: focusOf(link) });
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.closest("#page") || form.dataset.stripe || event.defaultPrevented) return;
  event.preventDefault();
  const data = new URLSearchParams(new FormData(form, event.submitter));
  if (form.method === "get") {
    go(`${form.getAttribute("action")}?${data}`);
    return;
  }
  go(form.action, { body: data, form });
});

document.addEventListener("change", (event) => {
  if ("goes" in event.target.dataset && event.target.value) event.target.form.requestSubmit();
});

addEventListener("popstate", () => go(location.href, { isBack: true }));

/** What to focus in the next page, where the same is there: a day, a chip, an arrow. */
function focusOf(link) {
  if ("day" in link.dataset) return "#day";
  const { keep } = link.dataset;
  return keep && `[data-keep="${keep}"]${link.hasAttribute("aria-current") ? "" : `[href="${link.getAttribute("href")}"], [data-keep="${keep}"][aria-current]`}`;
}

/** Go to a step: one request, and its page takes the place of this one. */
async function go(url, { body, form, keep, isBack } = {}) {
  const turn = (asked += 1);
  page().classList.add("busy");
  try {
    const reply = await (body ? fetch(url, { method: "POST", body }) : take(url));
    const text = await reply.text();
    if (turn !== asked) return;
    show(new DOMParser().parseFromString(text, "text/html"), reply, { keep, isBack, isPost: !!body });
    if (form?.dataset.draft && reply.ok) forget(form.dataset.draft);
  } catch {
    if (turn !== asked) return;
    page().classList.remove("busy");
    sayUnheard();
  }
}

/** That nothing came back. The page stays as it is, with all that was typed. */
function sayUnheard() {
  const note = page().querySelector("[data-unheard]") ?? document.createElement("p");
  note.className = "note note--warn";
  note.dataset.unheard = "";
  note.setAttribute("role", "alert");
  note.textContent = document.documentElement.dataset.unheard;
  page().querySelector("h1").after(note);
  note.scrollIntoView({ block: "nearest" });
}

function take(url) {
  const known = ahead.get(url);
  ahead.delete(url);
  return known && performance.now() - known.at < KEPT ? known.reply : fetch(url);
}

function show(next, reply, { keep, isBack, isPost }) {
  const fresh = next.getElementById("page");
  if (!fresh || "full" in fresh.dataset) {
    location.assign(reply.url);
    return;
  }
  const before = page().dataset.step;
  const went = reply.redirected || !isPost;
  page().replaceWith(fresh);
  document.title = next.title;
  document.documentElement.lang = next.documentElement.lang;
  document.documentElement.dir = next.documentElement.dir;
  if (!isBack && went) {
    const same = reply.url === location.href || (before === "when" && fresh.dataset.step === "when");
    history[same ? "replaceState" : "pushState"](null, "", reply.url);
  }
  enhance();
  const alarm = fresh.querySelector("[data-alert]");
  const there = (keep && fresh.querySelector(keep)) || fresh.querySelector("h1");
  (alarm?.hasAttribute("tabindex") ? alarm : there)?.focus({ preventScroll: !!keep });
  if (keep === "#day") fresh.querySelector(".times")?.scrollIntoView({ block: "nearest" });
  if (before !== fresh.dataset.step || alarm) {
    scrollTo(0, 0);
    tell("step", { step: fresh.dataset.step });
  }
}

// A page is fetched once a finger or pointer is on its link, so that it is there when it is let go.
for (const kind of ["pointerover", "touchstart", "focusin"]) {
  document.addEventListener(
    kind,
    (event) => {
      const link = event.target.closest?.("a[data-ahead]");
      if (!link || ahead.has(link.href) || navigator.connection?.saveData) return;
      clearTimeout(take.timer);
      take.timer = setTimeout(() => fetchAhead(link.href), kind === "touchstart" ? 0 : 80);
    },
    { passive: true },
  );
}

function fetchAhead(url) {
  if (ahead.size > 8) ahead.clear();
  const reply = fetch(url, { priority: "low" });
  reply.catch(() => ahead.delete(url));
  ahead.set(url, { reply, at: performance.now() });
}

// --- what a page gains ---------------------------------------------------------------------------

function enhance() {
  timers.forEach(clearTimeout);
  timers = [];
  document.documentElement.classList.add("scripted");
  count(page().querySelector("[data-until]"));
  compareClocks();
  keepDraft(page().querySelector("form[data-draft]"));
  const { again, booked } = page().dataset;
  if (again) later(lookAgain, again * 1000);
  if (booked) tell("booked", { booking: JSON.parse(booked) });
  measure();
}

/** The same page anew, where it changes by itself; not under a hand that is about to choose. */
async function lookAgain() {
  const here = location.href;
  const { again } = page().dataset;
  if (document.hidden || page().querySelector(":is(button, a):is(:hover, :focus-visible)")) {
    later(lookAgain, again * 1000);
    return;
  }
  const reply = await fetch(here).catch(() => null);
  if (reply?.ok && location.href === here && !page().classList.contains("busy")) {
    const next = new DOMParser().parseFromString(await reply.text(), "text/html");
    const fresh = next.getElementById("page");
    const moved = fresh.dataset.step !== page().dataset.step;
    page().replaceWith(fresh);
    document.title = next.title;
    enhance();
    if (moved) fresh.querySelector("h1")?.focus();
  } else {
    later(lookAgain, again * 1000);
  }
}

/** Count down to when a hold lapses, by the server's clock and not the guest's. */
function count(box) {
  if (!box) return;
  const left = Date.parse(box.dataset.until) - Date.parse(box.dataset.now);
  const ends = Date.now() + left; // goes on while the machine sleeps
  const shown = box.querySelector("[data-left]");
  const tick = () => {
    const rest = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
    shown.textContent = `${Math.floor(rest / 60)}:${String(rest % 60).padStart(2, "0")}`;
    if (rest <= 120 && !box.classList.contains("until--soon")) {
      box.classList.add("until--soon");
      if (rest > 30) say(box.dataset.soon);
    }
    if (rest === 30) say(box.dataset.last);
    if (rest) later(tick, ((ends - Date.now()) % 1000) + 5);
    else go(location.href, { isBack: true });
  };
  tick();
}

/** Say something to those who don't see it. */
function say(text) {
  document.getElementById("said").textContent = text;
}

/** Where the guest's clock differs from the venue's, show theirs under each time. */
function compareClocks() {
  const zone = page().querySelector("[data-zone]")?.dataset.zone;
  const times = page().querySelectorAll("time[data-yours]");
  if (!zone || !times.length) return;
  const written = (iso, timeZone) =>
    new Intl.DateTimeFormat(document.documentElement.lang, {
      timeZone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    }).formatToParts(new Date(iso));
  const part = (parts, type) => parts.find((each) => each.type === type).value;
  for (const time of times) {
    const [theirs, ours] = [written(time.dateTime, zone), written(time.dateTime)];
    const clock = (parts) => `${part(parts, "hour")}:${part(parts, "minute")}`;
    const otherDay = part(theirs, "weekday") !== part(ours, "weekday");
    if (clock(theirs) === clock(ours) && !otherDay) continue;
    const yours = document.createElement("span");
    yours.className = "yours";
    const shown = (otherDay ? `${part(ours, "weekday")} ` : "") + clock(ours);
    const { your } = document.documentElement.dataset;
    const slot = time.closest(".slot");
    slot?.setAttribute("aria-label", `${time.textContent} (${your.replace("%s", shown)})`);
    yours.textContent = slot ? shown : your.replace("%s", shown);
    time.append(yours);
  }
  const told = page().querySelector("[data-say]");
  if (told && page().querySelector(".slot .yours")) {
    told.textContent = told.dataset.say;
    told.hidden = false;
  }
}

// What was typed outlives a reload, in this tab alone and until it is sent.
function keepDraft(form) {
  if (!form) return;
  try {
    const kept = JSON.parse(sessionStorage.getItem(form.dataset.draft) ?? "{}");
    for (const [name, value] of Object.entries(kept)) {
      const field = form.elements[name];
      if (field && !field.value) field.value = value;
    }
    form.addEventListener("input", () =>
      sessionStorage.setItem(form.dataset.draft, JSON.stringify(Object.fromEntries(new FormData(form)))),
    );
  } catch {
    // a browser that keeps nothing for frames
  }
}

function forget(name) {
  try {
    sessionStorage.removeItem(name);
  } catch {
    // there was nothing then
  }
}

// --- days by the arrow keys ----------------------------------------------------------------------

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

document.addEventListener("keydown", (event) => {
  const day = event.target.closest?.("a[data-day]");
  if (!day || !(event.key in STEPS)) return;
  const days = [...page().querySelectorAll(".days td")];
  const turned = document.documentElement.dir === "rtl" && STEPS[event.key] ** 2 === 1 ? -1 : 1;
  const step = STEPS[event.key] * turned;
  for (let at = days.indexOf(day.parentElement) + step; days[at]; at += step) {
    const link = days[at].querySelector("a");
    if (link) {
      event.preventDefault();
      link.focus();
      return;
    }
  }
});

// --- the site around a frame ---------------------------------------------------------------------

/** Tell the site around us something; only the one that the server knows hears it. */
function tell(type, more = {}) {
  if (HOST && parent !== window) parent.postMessage({ openbook: 1, type, ...more }, HOST);
}

function measure() {
  tell("resize", { height: Math.ceil(document.documentElement.getBoundingClientRect().height) });
}

if (HOST && parent !== window) {
  new ResizeObserver(measure).observe(document.documentElement);
  addEventListener("message", (event) => {
    if (event.source !== parent || event.origin !== HOST || event.data?.openbook !== 1) return;
    if (event.data.type === "hello") measure();
    if (event.data.type === "focus") page().querySelector("h1")?.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) tell("escape");
  });
}

enhance();
