// The one tag of a site that takes bookings:
//
//   <script src="https://book.example.com/widget/embed.js" data-business="bistro" async></script>
//
// data-mode      inline (here, the default), button (one that opens it), modal (whatever on the page
//                has data-openbook-open opens it)
// data-color, data-font, data-radius, data-scheme (light, dark), data-language: how it looks
// data-service, data-staff, data-location, data-party: what is chosen already
// data-label     what the button says; data-target: a selector, where it goes instead of here
// data-on-booked the name of a function that is called with what was booked
//
// Fires `openbook:ready`, `openbook:step` and `openbook:booked` on what it adds to the page; they
// bubble, and `detail` is what they are about. Nothing personal is told to the site around it.
(() => {
  const tag =
    document.currentScript ??
    document.querySelector('script[data-business][src*="/widget/embed.js"]:not([data-is-open])');
  if (!tag?.dataset.business) return;
  tag.dataset.isOpen = "";
  const said = tag.dataset;
  const base = new URL(tag.src).origin;
  const mode = ["button", "modal"].includes(said.mode) ? said.mode : "inline";
  const language = said.language || document.documentElement.lang.slice(0, 2).toLowerCase();
  const WORDS = {
    en: ["Book now", "Booking", "Close", "Open the booking page"],
    de: ["Jetzt buchen", "Buchung", "Schließen", "Buchungsseite öffnen"],
    es: ["Reservar", "Reserva", "Cerrar", "Abrir la página de reservas"],
  };
  const [book, title, close, instead] = WORDS[language] ?? WORDS.en;
  const scheme = ["light", "dark"].includes(said.scheme) ? said.scheme : schemeHere();

  const CSS = `
    :host { display: block; }
    iframe { display: block; width: 100%; border: 0; }
    .open, .close { font: 600 1rem/1.2 system-ui, sans-serif; cursor: pointer; }
    .open { min-height: 3rem; padding: .75rem 1.5rem; border: 0; }
    .open:hover { filter: brightness(1.08); }
    :focus-visible { outline: 3px solid currentcolor; outline-offset: 2px; }
    dialog { box-sizing: border-box; width: min(60rem, 100vw - 2rem); max-width: none;
      max-height: calc(100dvh - 2rem); padding: 0; border: 0; border-radius: 16px; overflow: hidden;
      background: Canvas; color: CanvasText; box-shadow: 0 24px 64px rgb(0 0 0 / 35%); }
    dialog[open] { display: flex; flex-direction: column; }
    dialog::backdrop { background: rgb(12 18 15 / 55%); }
    .bar { display: flex; justify-content: flex-end; flex: none; padding: .35rem .35rem 0; }
    .close { display: grid; place-items: center; width: 2.75rem; height: 2.75rem; border: 0;
      border-radius: 50%; background: none; color: inherit; font-size: 1.5rem; }
    .close:hover { background: color-mix(in srgb, currentcolor 10%, transparent); }
    .body { overflow: auto; overscroll-behavior: contain; }
    p { margin: .5rem 0; font: 1rem/1.5 system-ui, sans-serif; }
    @media (max-width: 40rem) {
      dialog { width: 100vw; height: 100dvh; max-height: none; margin: 0; border-radius: 0; }
      .body { flex: 1; }
    }`;

  /** Light or dark, as the page around is. */
  function schemeHere() {
    for (const each of [tag.parentElement, document.body, document.documentElement]) {
      for (let at = each; at; at = at.parentElement) {
        const found = getComputedStyle(at).backgroundColor.match(/[\d.]+/g)?.map(Number);
        if (found && (found[3] ?? 1) > 0.5) {
          return 0.3 * found[0] + 0.6 * found[1] + 0.1 * found[2] < 110 ? "dark" : "light";
        }
      }
    }
    return matchMedia("(prefers-color-scheme: dark)").matches &&
      getComputedStyle(document.documentElement).colorScheme.includes("dark")
      ? "dark"
      : "light";
  }

  // Says which holds are this guest's; the page would send us on with one otherwise.
  const visitor = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(12))))
    .replaceAll("+", "-")
    .replaceAll("/", "_");

  function address(path) {
    const url = new URL(`${path}/${encodeURIComponent(said.business)}/`, base);
    const { color, font, radius, service, staff, location: place, party } = said;
    const given = { lang: said.language, service, staff, location: place, party, v: visitor };
    const looks = { color: color?.replace("#", ""), font, radius, scheme, host: location.origin };
    for (const [name, value] of Object.entries(path === "/widget" ? { ...given, ...looks } : given)) {
      if (value) url.searchParams.set(name, value);
    }
    return url.href;
  }

  const host = document.createElement("div");
  host.className = "openbook";
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  root.adoptedStyleSheets = [sheet];
  const target = said.target && document.querySelector(said.target);
  if (target) target.append(host);
  else tag.after(host);

  const make = (name, values, ...inside) => {
    const made = Object.assign(document.createElement(name), values);
    made.append(...inside);
    return made;
  };

  let frame, dialog, opener;
  let isHeard = false;
  const told = new Set();

  function fire(type, detail) {
    host.dispatchEvent(new CustomEvent(`openbook:${type}`, { detail, bubbles: true, composed: true }));
  }

  /** The frame, and a link in its place should it not be let in here. */
  function makeFrame() {
    frame = make("iframe", { title: said.label || title, src: address("/widget") });
    frame.allow = "payment";
    frame.style.height = "36rem";
    frame.style.colorScheme = scheme;
    frame.addEventListener("load", () => {
      frame.contentWindow.postMessage({ openbook: 1, type: "hello" }, base);
      setTimeout(() => {
        if (isHeard) return;
        const link = make("a", { href: address("/book"), target: "_blank", rel: "noopener" }, instead);
        frame.replaceWith(make("p", {}, link));
      }, 8000);
    });
    return frame;
  }

  addEventListener("message", (event) => {
    const { data } = event;
    if (!frame || event.source !== frame.contentWindow || event.origin !== base) return;
    if (data?.openbook !== 1) return;
    if (!isHeard) {
      isHeard = true;
      fire("ready", {});
    }
    if (data.type === "resize" && Number.isFinite(data.height)) {
      frame.style.height = `${Math.min(Math.max(data.height, 120), 8000)}px`;
    } else if (data.type === "step") {
      if (dialog) frame.parentElement.scrollTop = 0;
      else if (frame.getBoundingClientRect().top < 0) frame.scrollIntoView({ block: "start" });
      fire("step", { step: String(data.step) });
    } else if (data.type === "booked" && data.booking && !told.has(data.booking.reference)) {
      told.add(data.booking.reference);
      fire("booked", data.booking);
      const call = said.onBooked && window[said.onBooked];
      if (typeof call === "function") call(data.booking);
    } else if (data.type === "escape" && dialog?.open) {
      dialog.close();
    }
  });

  /** Open the dialog; the browser keeps the focus in it, closes it on Escape and gives it back. */
  function open() {
    if (!dialog) {
      const shut = make("button", { className: "close", type: "button", title: close }, "×");
      shut.setAttribute("aria-label", close);
      shut.addEventListener("click", () => dialog.close());
      const body = make("div", { className: "body", tabIndex: 0 }, makeFrame());
      body.setAttribute("role", "region");
      body.setAttribute("aria-label", said.label || title);
      dialog = make("dialog", {}, make("div", { className: "bar" }, shut), body);
      dialog.setAttribute("aria-label", said.label || title);
      dialog.style.colorScheme = scheme;
      dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
      dialog.addEventListener("close", () => {
        document.documentElement.style.removeProperty("overflow");
        opener?.focus();
      });
      root.append(dialog);
    }
    if (dialog.open) return;
    opener = root.activeElement ?? document.activeElement;
    document.documentElement.style.setProperty("overflow", "hidden");
    dialog.showModal();
  }

  /** Nearly black or white, whichever reads better on a colour. */
  function on(color) {
    const [r, g, b] = [1, 3, 5]
      .map((at) => parseInt(color.slice(at, at + 2), 16) / 255)
      .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.183 ? "#14201a" : "#ffffff";
  }

  if (mode === "inline") {
    root.append(makeFrame());
  } else if (mode === "button") {
    const button = make("button", { className: "open", type: "button" }, said.label || book);
    button.setAttribute("aria-haspopup", "dialog");
    const color = /^#?[0-9a-f]{6}$/i.test(said.color ?? "") ? `#${said.color.replace("#", "")}` : "#2b5f4b";
    Object.assign(button.style, { background: color, color: on(color) });
    button.style.borderRadius = `${Math.min(Math.max(parseInt(said.radius ?? 12, 10) || 0, 0), 28)}px`;
    if (said.font) button.style.fontFamily = `${JSON.stringify(said.font)}, system-ui, sans-serif`;
    button.addEventListener("click", open);
    root.append(button);
  }
  if (mode !== "inline") {
    document.addEventListener("click", (event) => {
      const opens = event.target.closest?.("[data-openbook-open]");
      if (!opens) return;
      const named = opens.dataset.openbookOpen;
      if (named && named !== said.business) return;
      event.preventDefault();
      open();
    });
  }
  host.openbook = { open, close: () => dialog?.close() };
})();
