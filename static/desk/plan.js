/**
 * Drawing the room. The page holds a copy of the plan; every change makes a new copy, so taking one
 * back is having the one before. It is sent whole, and the server takes all of it or nothing.
 *
 * @typedef {{key: string, name: string, room: string, kind: string, covers_min: number,
 *   covers_max: number, units: number, shape: string, x: number, y: number, width: number,
 *   height: number, rotation: number}} Standing
 * @typedef {{key: string, name: string}} Room
 * @typedef {{key: string, name: string, members: string[], covers_min: number,
 *   covers_max: number}} Joined
 * @typedef {{rooms: Room[], standing: Standing[], joined: Joined[]}} Plan
 */

const SVG = "http://www.w3.org/2000/svg";
const STEP = 10;
const TURN = 15;
const LIMIT = 5000;
const MARGIN = 60;

/** @param {string} id */
const data = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "{}");
/** @type {(selector: string) => any} */
const $ = (selector) => document.querySelector(selector);

const { version, ...start } = data("plan-data");
/** @type {Record<string, string>} */
const words = data("plan-words");
/** @type {Plan} */
let plan = start;
/** @type {Plan[]} */
const before = [];
/** @type {Plan[]} */
let after = [];
/** @type {Set<string>} */
let chosen = new Set();
const saved = JSON.stringify(plan);
let leaving = false;

const canvas = /** @type {SVGSVGElement} */ ($(".planner-canvas"));
const form = /** @type {HTMLFormElement} */ ($("[data-form]"));

/**
 * @param {string} text
 * @param {Record<string, unknown> | string} values
 */
function fill(text, values) {
  if (typeof values === "string") return text.replace("%s", values);
  return text.replace(/%\((\w+)\)s/g, (_, name) => String(values[name]));
}

/** @param {number} number */
const snap = (number) => Math.round(number / STEP) * STEP;
/** @param {number} number @param {number} least @param {number} most */
const within = (number, least, most) => Math.min(most, Math.max(least, number));
const isDirty = () => JSON.stringify(plan) !== saved;
const fresh = () => `new-${Math.random().toString(36).slice(2, 10)}`;

// --- changing it ----------------------------------------------------------------------------------

/**
 * Makes the plan another one; what was can be had back.
 * @param {(plan: Plan) => void} change
 * @param {{say?: string, joins?: boolean}} how `joins` what was done just before
 */
function edit(change, { say = "", joins = false } = {}) {
  const next = /** @type {Plan} */ (structuredClone(plan));
  change(next);
  if (JSON.stringify(next) === JSON.stringify(plan)) return;
  if (!joins) before.push(plan);
  if (before.length > 200) before.shift();
  after = [];
  plan = next;
  draw();
  if (say) tell(say);
}

function undo() {
  const last = before.pop();
  if (!last) return;
  after.push(plan);
  plan = last;
  draw();
}

function redo() {
  const next = after.pop();
  if (!next) return;
  before.push(plan);
  plan = next;
  draw();
}

/**
 * Changes all that is chosen.
 * @param {(each: Standing) => void} change
 * @param {{say?: string, joins?: boolean}} [how]
 */
function editChosen(change, how) {
  edit((next) => {
    for (const each of next.standing) {
      if (!chosen.has(each.key)) continue;
      change(each);
      each.x = within(each.x, 0, LIMIT);
      each.y = within(each.y, 0, LIMIT);
    }
  }, how);
}

/** @param {string} text */
function tell(text) {
  $("[data-told]").textContent = text;
}

/** @param {Standing} each */
const where = (each) =>
  fill(words.at, { name: each.name, x: Math.round(each.x), y: Math.round(each.y) });

function removeChosen() {
  const gone = plan.standing.filter((each) => chosen.has(each.key));
  if (!gone.length) return;
  const keys = new Set(gone.map((each) => each.key));
  chosen = new Set();
  edit(
    (next) => {
      next.standing = next.standing.filter((each) => !keys.has(each.key));
      next.joined = next.joined.filter((each) => !each.members.some((key) => keys.has(key)));
    },
    { say: fill(words.gone, gone.map((each) => each.name).join(", ")) },
  );
  canvas.querySelector("g")?.focus();
}

/** The next number that no table has. */
function nextName() {
  const taken = new Set(plan.standing.map((each) => each.name));
  let number = 1;
  while (taken.has(fill(words.table, String(number)))) number += 1;
  return fill(words.table, String(number));
}

/** Somewhere that nothing stands. @param {number} width @param {number} height */
function freeSpot(width, height) {
  for (let y = 0; y < LIMIT; y += 60) {
    for (let x = 0; x < Math.max(size().width - MARGIN * 2, 800); x += 60) {
      const free = plan.standing.every(
        (each) =>
          x >= each.x + each.width + 30 ||
          each.x >= x + width + 30 ||
          y >= each.y + each.height + 30 ||
          each.y >= y + height + 30,
      );
      if (free) return { x, y };
    }
  }
  return { x: 0, y: 0 };
}

/** @param {number} seats @param {string} shape */
function add(seats, shape) {
  const round = shape === "round";
  const width = round ? 70 + seats * 10 : 60 + seats * 20;
  const height = round ? width : 90;
  const near = plan.standing.find((each) => chosen.has(each.key));
  const each = {
    key: fresh(),
    name: nextName(),
    room: near?.room ?? plan.rooms[0]?.key ?? "",
    kind: near?.kind ?? "table",
    covers_min: 1,
    covers_max: seats,
    units: 1,
    shape,
    width,
    height,
    rotation: 0,
    ...freeSpot(width, height),
  };
  chosen = new Set([each.key]);
  edit((next) => next.standing.push(each), { say: where(each) });
  focusOn(each.key);
}

function twin() {
  const copies = plan.standing
    .filter((each) => chosen.has(each.key))
    .map((each) => ({ ...each, key: fresh(), x: each.x + 40, y: each.y + 40 }));
  if (!copies.length) return;
  chosen = new Set(copies.map((each) => each.key));
  edit((next) => {
    const taken = new Set(next.standing.map((each) => each.name));
    for (const each of copies) {
      let number = 1;
      while (taken.has(fill(words.table, String(number)))) number += 1;
      each.name = fill(words.table, String(number));
      taken.add(each.name);
      next.standing.push(each);
    }
  });
  focusOn(copies[0].key);
}

function combine() {
  const members = plan.standing.filter((each) => chosen.has(each.key));
  if (members.length < 2) return;
  const seats = members.reduce((sum, each) => sum + each.covers_max * each.units, 0);
  const largest = Math.max(...members.map((each) => each.covers_max));
  edit((next) =>
    next.joined.push({
      key: fresh(),
      name: fill(words.joined, members.map((each) => each.name).join(" + ")).slice(0, 100),
      members: members.map((each) => each.key),
      covers_min: Math.min(largest + 1, seats),
      covers_max: seats,
    }),
  );
  $("[data-joined] li:last-child input")?.focus();
}

// --- drawing it -----------------------------------------------------------------------------------

function size() {
  let width = 700;
  let height = 440;
  for (const each of plan.standing) {
    const reach = Math.max(each.width, each.height);
    width = Math.max(width, each.x + reach + MARGIN);
    height = Math.max(height, each.y + reach + MARGIN);
  }
  return { width: width + MARGIN, height: height + MARGIN };
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {Element} [into]
 */
function shape(name, attributes, into) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  into?.append(made);
  return made;
}

/** @param {Standing} each */
function inOrder(each) {
  const room = plan.rooms.findIndex((one) => one.key === each.room);
  return [room < 0 ? 999 : room, Math.round(each.y / 40), each.x];
}

function draw() {
  const focused = document.activeElement?.closest?.("[data-key]")?.getAttribute("data-key");
  const { width, height } = size();
  canvas.setAttribute("viewBox", `${-MARGIN} ${-MARGIN} ${width} ${height}`);
  canvas.style.minWidth = `${Math.round(width * 0.62)}px`;
  canvas.replaceChildren();
  const sorted = [...plan.standing].sort((a, b) => {
    const [one, other] = [inOrder(a), inOrder(b)];
    return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
  });
  for (const each of sorted) drawOne(each);
  if (focused) focusOn(focused);
  drawSide();
}

/** @param {Standing} each */
function drawOne(each) {
  const { x, y, width, height } = each;
  const isChosen = chosen.has(each.key);
  const group = shape(
    "g",
    {
      tabindex: 0,
      role: "button",
      "aria-pressed": String(isChosen),
      "aria-label": fill(words.seats, {
        name: each.name,
        least: each.covers_min,
        most: each.covers_max * each.units,
      }),
      "data-key": each.key,
      class: isChosen ? "piece is-chosen" : "piece",
      transform: `translate(${x} ${y})`,
    },
    canvas,
  );
  const turned = shape(
    "g",
    { transform: `rotate(${each.rotation} ${width / 2} ${height / 2})` },
    group,
  );
  if (each.shape === "round") {
    const half = { cx: width / 2, cy: height / 2, rx: width / 2, ry: height / 2 };
    shape("ellipse", { class: "piece-top", ...half }, turned);
  } else {
    shape("rect", { class: "piece-top", width, height, rx: 12 }, turned);
  }
  const name = shape("text", { class: "piece-name", x: width / 2, y: height / 2 - 2 }, group);
  name.textContent = each.name.length > 14 ? `${each.name.slice(0, 13)}…` : each.name;
  const seats = shape("text", { class: "piece-seats", x: width / 2, y: height / 2 + 17 }, group);
  const most = each.covers_max * each.units;
  seats.textContent = each.covers_min > 1 ? `${each.covers_min}–${most}` : String(most);
  if (isChosen && chosen.size === 1) {
    shape("circle", { class: "handle", "data-handle": "size", cx: width, cy: height, r: 11 }, turned);
    shape("line", { class: "stem", x1: width / 2, y1: 0, x2: width / 2, y2: -22 }, turned);
    shape("circle", { class: "handle", "data-handle": "turn", cx: width / 2, cy: -28, r: 11 }, turned);
  }
}

/** @param {string} key */
function focusOn(key) {
  /** @type {SVGGElement | null} */ (
    canvas.querySelector(`[data-key="${CSS.escape(key)}"]`)
  )?.focus({ preventScroll: true });
}

function drawSide() {
  const found = plan.standing.filter((each) => chosen.has(each.key));
  const one = found.length === 1 ? found[0] : null;
  $("[data-chosen-title]").textContent = one
    ? one.name
    : found.length
      ? fill(words.several, String(found.length))
      : words.none;
  form.hidden = !one;
  $("[data-chosen-acts]").hidden = !found.length;
  $("[data-combine]").hidden = found.length < 2;
  const rooms = form.elements.namedItem("room");
  if (rooms instanceof HTMLSelectElement) {
    rooms.replaceChildren(
      new Option(words.nowhere, ""),
      ...plan.rooms.map((each) => new Option(each.name, each.key)),
    );
  }
  if (one) {
    for (const field of form.elements) {
      if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement)) continue;
      if (field === document.activeElement && field instanceof HTMLInputElement) continue;
      field.value = String(/** @type {any} */ (one)[field.name] ?? "");
    }
  }
  drawRooms();
  drawJoined();
  $("button[data-undo]").disabled = !before.length;
  $("[data-redo]").disabled = !after.length;
  $("[data-save]").disabled = !isDirty();
}

/**
 * @param {string} label
 * @param {string} value
 * @param {(value: string) => void} change
 * @param {string} [type]
 */
function input(label, value, change, type = "text") {
  const made = document.createElement("input");
  made.type = type;
  made.value = value;
  made.maxLength = 100;
  if (type === "number") made.min = "1";
  made.setAttribute("aria-label", label);
  made.addEventListener("change", () => change(made.value));
  return made;
}

/**
 * @param {string} text
 * @param {string} label
 * @param {() => void} act
 */
function button(text, label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button button--quiet button--small";
  made.textContent = text;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

/**
 * Shows a list anew unless somebody is typing in it.
 * @param {Element} list
 * @param {HTMLElement[]} rows
 */
function relist(list, rows) {
  if (list.contains(document.activeElement) && document.activeElement?.matches("input")) return;
  list.replaceChildren(...rows);
}

function drawRooms() {
  relist(
    $("[data-rooms]"),
    plan.rooms.map((room, n) => {
      const row = document.createElement("li");
      const move = (/** @type {number} */ by) => () => {
        edit((next) => {
          const [taken] = next.rooms.splice(n, 1);
          next.rooms.splice(within(n + by, 0, next.rooms.length), 0, taken);
        });
      };
      row.append(
        input(words.call, room.name, (value) =>
          edit((next) => {
            next.rooms[n].name = value.trim() || room.name;
          }),
        ),
        button("↑", fill(words.up, room.name), move(-1)),
        button("↓", fill(words.down, room.name), move(1)),
        button("×", fill(words.remove, room.name), () =>
          edit((next) => {
            next.rooms.splice(n, 1);
            for (const each of next.standing) if (each.room === room.key) each.room = "";
          }),
        ),
      );
      return row;
    }),
  );
}

function drawJoined() {
  const names = new Map(plan.standing.map((each) => [each.key, each.name]));
  relist(
    $("[data-joined]"),
    plan.joined.map((joined, n) => {
      const row = document.createElement("li");
      row.className = "planner-joined";
      const of = document.createElement("p");
      of.className = "hint";
      of.textContent = joined.members.map((key) => names.get(key) ?? "?").join(", ");
      row.append(
        input(words.call_joined, joined.name, (value) =>
          edit((next) => {
            next.joined[n].name = value.trim() || joined.name;
          }),
        ),
        input(
          words.least,
          String(joined.covers_min),
          (value) =>
            edit((next) => {
              next.joined[n].covers_min = within(Math.round(Number(value)) || 1, 1, 1000);
            }),
          "number",
        ),
        input(
          words.most,
          String(joined.covers_max),
          (value) =>
            edit((next) => {
              next.joined[n].covers_max = within(Math.round(Number(value)) || 1, 1, 1000);
            }),
          "number",
        ),
        button("×", fill(words.remove, joined.name), () =>
          edit((next) => {
            next.joined.splice(n, 1);
          }),
        ),
        of,
      );
      return row;
    }),
  );
  $("[data-joined-hint]").hidden = plan.joined.length > 0;
}

// --- by mouse and finger --------------------------------------------------------------------------

/** @param {PointerEvent} event */
function point(event) {
  const matrix = canvas.getScreenCTM();
  if (!matrix) return { x: 0, y: 0 };
  const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
  return { x, y };
}

/** @type {{handle: string, from: {x: number, y: number}, was: Plan, moved: boolean} | null} */
let drag = null;

canvas.addEventListener("pointerdown", (event) => {
  const target = /** @type {Element} */ (event.target);
  const key = target.closest("[data-key]")?.getAttribute("data-key");
  if (!key) {
    chosen = new Set();
    draw();
    return;
  }
  event.preventDefault();
  if (event.shiftKey || event.ctrlKey || event.metaKey) {
    if (chosen.has(key)) chosen.delete(key);
    else chosen.add(key);
    draw();
    focusOn(key);
    return;
  }
  if (!chosen.has(key)) chosen = new Set([key]);
  const handle = target.getAttribute("data-handle") ?? "move";
  drag = { handle, from: point(event), was: plan, moved: false };
  canvas.setPointerCapture(event.pointerId);
  draw();
  focusOn(key);
});

canvas.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const at = point(event);
  const [right, down] = [at.x - drag.from.x, at.y - drag.from.y];
  if (!drag.moved && Math.hypot(right, down) < 4) return;
  const olds = new Map(drag.was.standing.map((each) => [each.key, each]));
  const { handle } = drag;
  editChosen(
    (each) => {
      const old = olds.get(each.key);
      if (!old) return;
      if (handle === "move") {
        each.x = snap(old.x + right);
        each.y = snap(old.y + down);
      } else if (handle === "size") {
        const angle = (-old.rotation * Math.PI) / 180;
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        each.width = within(snap(old.width + right * cos - down * sin), 40, 1500);
        each.height = within(snap(old.height + right * sin + down * cos), 40, 1500);
      } else {
        const middle = { x: old.x + old.width / 2, y: old.y + old.height / 2 };
        const angle = (Math.atan2(at.y - middle.y, at.x - middle.x) * 180) / Math.PI + 90;
        each.rotation = (Math.round(angle / TURN) * TURN + 360) % 360;
      }
    },
    { joins: drag.moved },
  );
  drag.moved = true;
});

for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, () => {
    drag = null;
  });
}

// --- by keyboard ----------------------------------------------------------------------------------

const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
});

canvas.addEventListener("focusin", (event) => {
  const key = /** @type {Element} */ (event.target).getAttribute("data-key");
  if (!key || chosen.has(key) || drag) return;
  // Whoever comes by Tab chooses what they come to, unless they are choosing several.
  if (chosen.size > 1) return;
  chosen = new Set([key]);
  draw();
});

canvas.addEventListener("keydown", (event) => {
  const key = /** @type {Element} */ (event.target).getAttribute("data-key");
  const one = plan.standing.find((each) => each.key === key);
  if (!key || !one || event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = ARROWS[event.key];
  if (event.key === " " || event.key === "Enter") {
    if (event.shiftKey || event.key === " ") {
      if (chosen.has(key) && chosen.size > 1) chosen.delete(key);
      else chosen.add(key);
    } else {
      chosen = new Set([key]);
      form.querySelector("input")?.focus();
      event.preventDefault();
      draw();
      return;
    }
    draw();
    focusOn(key);
  } else if (arrow) {
    const by = event.shiftKey ? 1 : STEP;
    if (!chosen.has(key)) chosen = new Set([key]);
    editChosen(
      (each) => {
        each.x += arrow[0] * by;
        each.y += arrow[1] * by;
      },
      { joins: event.repeat },
    );
    tell(where(plan.standing.find((each) => each.key === key) ?? one));
  } else if (["+", "=", "-", "_"].includes(event.key)) {
    const by = event.key === "+" || event.key === "=" ? STEP : -STEP;
    editChosen((each) => {
      each.width = within(each.width + by, 40, 1500);
      each.height = within(each.height + by, 40, 1500);
    });
  } else if (event.key === "r" || event.key === "R") {
    editChosen((each) => {
      each.rotation = (each.rotation + (event.shiftKey ? 360 - TURN : TURN)) % 360;
    });
  } else if (event.key === "Delete" || event.key === "Backspace") {
    removeChosen();
  } else if (event.key === "Escape") {
    chosen = new Set([key]);
    draw();
  } else {
    return;
  }
  event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const typing = /** @type {Element} */ (event.target).matches("input, select, textarea");
  if (event.key === "z" && !event.shiftKey && !typing) undo();
  else if ((event.key === "y" || (event.key === "Z" && event.shiftKey)) && !typing) redo();
  else if (event.key === "s") void save();
  else return;
  event.preventDefault();
});

// --- beside it ------------------------------------------------------------------------------------

const NUMBERS = ["covers_min", "covers_max", "rotation", "width", "height"];
form.addEventListener("input", (event) => {
  const field = /** @type {HTMLInputElement} */ (event.target);
  const key = [...chosen][0];
  if (!field.name || (NUMBERS.includes(field.name) && !field.checkValidity())) return;
  if (field.value.trim() === "") return;
  edit(
    (next) => {
      const each = /** @type {any} */ (next.standing.find((one) => one.key === key));
      if (!each) return;
      each[field.name] = NUMBERS.includes(field.name) ? Number(field.value) : field.value;
      if (field.name === "covers_max") each.covers_min = Math.min(each.covers_min, each.covers_max);
      if (field.name === "covers_min") each.covers_max = Math.max(each.covers_min, each.covers_max);
    },
    { joins: field === lastField },
  );
  lastField = field;
});
/** @type {Element | null} */
let lastField = null;
form.addEventListener("focusin", () => {
  lastField = null;
});
form.addEventListener("submit", (event) => event.preventDefault());
// "No room" is a value too.
form.elements.namedItem("room") instanceof HTMLSelectElement &&
  /** @type {HTMLSelectElement} */ (form.elements.namedItem("room")).addEventListener(
    "change",
    (event) => {
      const { value } = /** @type {HTMLSelectElement} */ (event.target);
      editChosen((each) => {
        each.room = value;
      });
    },
  );

for (const each of document.querySelectorAll("[data-add]")) {
  each.addEventListener("click", () =>
    add(Number(each.getAttribute("data-add")), each.getAttribute("data-shape") ?? "square"),
  );
}
$("[data-twin]").addEventListener("click", twin);
$("[data-combine]").addEventListener("click", combine);
$("[data-remove]").addEventListener("click", removeChosen);
$("button[data-undo]").addEventListener("click", undo);
$("[data-redo]").addEventListener("click", redo);
$("[data-save]").addEventListener("click", () => void save());
$("[data-add-room]").addEventListener("click", () => {
  const names = new Set(plan.rooms.map((each) => each.name));
  let number = 1;
  while (names.has(fill(words.room, String(number)))) number += 1;
  edit((next) => next.rooms.push({ key: fresh(), name: fill(words.room, String(number)) }));
  const last = $("[data-rooms] li:last-child input");
  last?.focus();
  last?.select();
});

// --- keeping it -----------------------------------------------------------------------------------

/** @param {string} text @param {boolean} [isStale] */
function complain(text, isStale = false) {
  const problem = $("[data-problem]");
  problem.hidden = false;
  problem.querySelector("p").textContent = text;
  $("[data-reload]").hidden = !isStale;
  problem.scrollIntoView({ block: "nearest" });
}

async function save() {
  if (!isDirty()) return;
  const save = $("[data-save]");
  save.disabled = true;
  $("[data-problem]").hidden = true;
  const headers = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
  try {
    const reply = await fetch(location.href, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json" },
      body: JSON.stringify({ ...plan, version }),
    });
    const said = await reply.json();
    if (reply.ok) {
      leaving = true;
      location.href = said.url;
      return;
    }
    complain(said.error, said.stale);
  } catch {
    complain(words.failed);
  }
  save.disabled = false;
}

$("[data-reload]").addEventListener("click", () => {
  leaving = true;
});
window.addEventListener("beforeunload", (event) => {
  if (isDirty() && !leaving) event.preventDefault();
});

$("[data-planner]").hidden = false;
$("[data-plan-tools]").hidden = false;
draw();
