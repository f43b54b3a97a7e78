/**
 * What the settings do by script: copy a code, and show how the booking page would look.
 *
 * - `<button data-copy="#id" data-said="Copied.">` copies the text of that element.
 * - `<form data-look>` with `<iframe data-preview="address">`: what is typed of colour, font, corners,
 *   scheme and language is shown in the frame at once; the server looks at it again when it is saved.
 */

document.addEventListener("click", async (event) => {
  const button = /** @type {Element} */ (event.target).closest("[data-copy]");
  if (!(button instanceof HTMLElement)) return;
  const from = document.querySelector(button.dataset.copy ?? "");
  if (!from) return;
  const text = from.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without permission, or without https: leave it marked, for whoever copies by hand.
    getSelection()?.selectAllChildren(from);
    if (!document.execCommand("copy")) return;
  }
  const detail = { text: button.dataset.said ?? "" };
  document.body.dispatchEvent(new CustomEvent("say", { detail }));
});

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-look]"));
const frame = /** @type {HTMLIFrameElement | null} */ (document.querySelector("[data-preview]"));

/** The frame's address with the looks that the form has now. */
function wanted() {
  const url = new URL(frame?.dataset.preview ?? "", location.href);
  if (!form) return url.href;
  const values = new FormData(form);
  for (const name of ["color", "font", "radius", "scheme"]) {
    const value = String(values.get(name) ?? "").trim().replace("#", "");
    if (value) url.searchParams.set(name, value);
  }
  const language = String(values.get("language") ?? "");
  if (language) url.searchParams.set("lang", language);
  url.searchParams.set("host", location.origin);
  return url.href;
}

if (form && frame) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let soon;
  const show = () => {
    clearTimeout(soon);
    soon = setTimeout(() => {
      const url = wanted();
      if (frame.src !== url) frame.src = url;
    }, 250);
  };
  form.addEventListener("input", show);
  form.addEventListener("change", show);
  const url = wanted();
  if (frame.src !== url) frame.src = url;
  addEventListener("message", ({ source, origin, data }) => {
    if (source !== frame.contentWindow || origin !== location.origin) return;
    if (data?.openbook === 1 && data.type === "resize" && Number.isFinite(data.height)) {
      frame.style.height = `${Math.min(1600, Math.max(320, data.height))}px`;
    }
  });
}
