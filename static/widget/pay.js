// A deposit by card, with Stripe's own form in Stripe's own frame: no card number comes near us. It
// is loaded by the page that asks for one, and by no other.

const form = document.querySelector("form[data-stripe]");
const problem = form.querySelector("[data-problem]");
const button = form.querySelector("button");

const script = document.createElement("script");
script.src = "https://js.stripe.com/v3/";
script.addEventListener("load", begin);
script.addEventListener("error", () => say(form.dataset.away));
document.head.append(script);

function say(text) {
  problem.textContent = text ?? "";
}

function begin() {
  const dark = getComputedStyle(document.documentElement).getPropertyValue("--sheet").trim() !== "#ffffff";
  const stripe = window.Stripe(form.dataset.stripe, { locale: document.documentElement.lang });
  const elements = stripe.elements({
    clientSecret: form.dataset.secret,
    appearance: { theme: dark ? "night" : "stripe" },
  });
  const card = elements.create("payment");
  card.on("ready", () => (button.disabled = false));
  card.mount(form.querySelector("[data-card]"));

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    say("");
    const { error } = await stripe.confirmPayment({
      elements,
      confirmParams: { return_url: form.dataset.return },
      redirect: "if_required",
    });
    if (error) {
      say(error.message);
      button.disabled = false;
    } else {
      location.assign(form.dataset.return);
    }
  });
}
