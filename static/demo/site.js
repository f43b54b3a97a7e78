// What a site may do when a guest has booked on it.
document.addEventListener("openbook:booked", ({ detail }) => {
  const thanks = document.getElementById("thanks");
  thanks.textContent = `The site heard it too: ${detail.reference}, for ${detail.party_size}.`;
  thanks.hidden = false;
});
