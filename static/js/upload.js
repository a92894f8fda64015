// Shows how far the browser's upload is; without it the form works just the same.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-upload]")) return;
  event.preventDefault();
  const state = form.querySelector("[data-upload-state]");
  const bar = state.querySelector("progress");
  const words = state.querySelector("[data-upload-words]");
  const button = form.querySelector("button[type=submit]");
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.upload.addEventListener("progress", (told) => {
    if (told.lengthComputable) bar.value = (told.loaded * 100) / told.total;
  });
  request.upload.addEventListener("load", () => {
    words.textContent = words.dataset.stored;
    bar.removeAttribute("value");
  });
  request.addEventListener("error", () => {
    words.textContent = words.dataset.broken;
    button.disabled = false;
  });
  request.addEventListener("load", () => {
    if (request.status < 400 && new URL(request.responseURL).pathname !== window.location.pathname) {
      window.location.assign(request.responseURL);
      return;
    }
    const answered = new DOMParser().parseFromString(request.responseText, "text/html").querySelector("main");
    if (answered) document.querySelector("main").replaceWith(document.adoptNode(answered));
  });
  state.hidden = false;
  button.disabled = true;
  request.send(new FormData(form));
});
