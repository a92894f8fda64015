// Asks for new calls while the page is seen; an unchanged page costs the server one small query.
(() => {
  const part = document.getElementById("live-part");
  if (!part) return;
  const state = document.getElementById(part.dataset.state);
  const news = document.getElementById(part.dataset.news);
  const pause = Number(part.dataset.seconds) * 1000;
  const longest = 60000;
  let failures = 0;
  let timer;
  let before = new Set();

  const records = () => [...part.querySelectorAll("[data-record]")];
  const say = (name) => {
    state.dataset.state = name;
  };
  const ask = () => {
    clearTimeout(timer);
    if (document.hidden) return say("paused");
    htmx.trigger(part, "refresh");
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, Math.min(pause * 2 ** failures, longest));
  };

  part.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["If-None-Match"] = `"${part.dataset.etag}"`;
    before = new Set(records().map((row) => row.dataset.record));
  });
  const path = new URL(part.getAttribute("hx-get"), location).pathname;
  const elsewhere = (answer) => answer.responseURL !== "" && new URL(answer.responseURL).pathname !== path;
  part.addEventListener("htmx:beforeSwap", (event) => {
    if (!elsewhere(event.detail.xhr)) return;
    // Signed out meanwhile: the answer is the sign-in page, to which a fresh page leads by itself.
    event.detail.shouldSwap = false;
    location.reload();
  });
  part.addEventListener("htmx:afterRequest", (event) => {
    const answer = event.detail.xhr;
    const well = answer.status === 200 || answer.status === 304;
    failures = well ? 0 : failures + 1;
    say(well ? "live" : "lost");
    const tag = answer.getResponseHeader("ETag");
    if (well && tag) part.dataset.etag = tag.replace(/^W\/|"/g, "");
    later();
  });
  part.addEventListener("htmx:afterSwap", () => {
    if (!before.size) return;
    const fresh = records().filter((row) => !before.has(row.dataset.record));
    for (const row of fresh) row.classList.add("is-new");
    if (fresh.length) news.textContent = news.dataset.text;
  });
  document.addEventListener("visibilitychange", ask);

  state.hidden = false;
  later();
})();
