// The dashboard: brings what widgets show, each by itself, and lets them be moved and resized by pointer and by keyboard.
(() => {
  const board = document.getElementById("board");
  if (!board) return;
  const still = "still" in board.dataset;
  const news = document.getElementById("board-news");
  const failed = document.getElementById("widget-failed");
  const patience = 20000;

  const show = async (body, options = {}) => {
    body.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(options.address || body.dataset.widget, {
        method: options.form ? "POST" : "GET",
        body: options.form,
        headers: { "HX-Request": "true" },
        signal: AbortSignal.timeout(patience),
      });
      // Signed out meanwhile: a fresh page leads to the sign-in.
      if (answer.redirected) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      body.innerHTML = await answer.text();
    } catch {
      // What was there stays on a wall; it is tried again by itself.
      if (!options.keep) body.replaceChildren(failed.content.cloneNode(true));
    }
    body.removeAttribute("aria-busy");
  };
  const bodies = () => [...board.querySelectorAll("[data-widget]")];
  bodies().forEach((body) => show(body));

  board.addEventListener("click", (event) => {
    if (event.target.closest("[data-again]")) show(event.target.closest("[data-widget]"));
  });
  board.addEventListener("change", (event) => {
    const select = event.target.closest("[data-period]");
    if (!select) return;
    const body = document.getElementById(`widget-${select.dataset.period}`);
    show(body, { address: select.form.action, form: new FormData(select.form) });
  });

  // On a phone the widgets stand below each other, each as high as what it shows.
  const phone = matchMedia("(max-width: 760px)");
  phone.addEventListener("change", () => location.reload());

  const wide = 12;
  const grid = phone.matches ? null : GridStack.init({
    column: wide,
    cellHeight: "5rem",
    margin: "6px",
    float: false,
    staticGrid: still,
    rtl: document.documentElement.dir === "rtl",
    draggable: { handle: ".widget-head", cancel: "select, .widget-button, a" },
    resizable: { handles: document.documentElement.dir === "rtl" ? "sw" : "se" },
    animate: !matchMedia("(prefers-reduced-motion: reduce)").matches,
  }, board);
  board.classList.toggle("is-ready", grid !== null);

  // Minimising and closing show the page anew: people stay where they were, with the focus on the same widget.
  const left = "board-left";
  const stored = (work) => {
    try {
      return work();
    } catch {
      // Without storage the page begins at its top.
      return null;
    }
  };
  document.addEventListener("submit", (event) => {
    const item = event.target.closest(".grid-stack-item");
    if (still || !item) return;
    const kept = { top: scrollY, id: item.getAttribute("gs-id"), action: event.target.getAttribute("action") };
    stored(() => sessionStorage.setItem(left, JSON.stringify(kept)));
  });
  const back = stored(() => JSON.parse(sessionStorage.getItem(left)));
  stored(() => sessionStorage.removeItem(left));
  if (back && !still) {
    scrollTo({ top: back.top, behavior: "instant" });
    const again = board.querySelector(`[gs-id="${CSS.escape(back.id)}"] form[action="${CSS.escape(back.action)}"] button`);
    (again || document.querySelector("[data-undo]"))?.focus({ preventScroll: Boolean(again) });
  }

  const token = document.querySelector("[name=csrfmiddlewaretoken]");
  const keep = async () => {
    const places = {};
    for (const { id, x = 0, y = 0, w = 1, h = 1 } of grid.save(false)) places[id] = { x, y, w, h };
    const answer = await fetch(board.dataset.arrange, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token.value },
      body: JSON.stringify(places),
    }).catch(() => null);
    if (!answer || !answer.ok) news.textContent = news.dataset.unsaved;
  };

  if (still) {
    const wall = board.closest("[data-refresh]");
    setInterval(() => bodies().forEach((body) => show(body, { keep: true })), Number(wall.dataset.refresh) * 1000);
    const clock = wall.querySelector("[data-clock]");
    // The clock of the zone that stands beside it, which need not be the one of the screen.
    const hours = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: clock.dataset.clock };
    const tell = () => {
      clock.textContent = new Date().toLocaleTimeString(document.documentElement.lang, hours);
    };
    tell();
    setInterval(tell, 5000);
    const full = wall.querySelector("[data-full-screen]");
    full.addEventListener("click", () => document.documentElement.requestFullscreen());
    document.addEventListener("fullscreenchange", () => { full.hidden = document.fullscreenElement !== null; });
  }
  if (still || !grid) return;

  let timer;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(keep, 400);
  };
  grid.on("change", later);

  const steps = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  board.addEventListener("keydown", (event) => {
    const grip = event.target.closest("[data-move]");
    const step = steps[event.key];
    if (!grip || !step) return;
    event.preventDefault();
    const item = grip.closest(".grid-stack-item");
    const node = item.gridstackNode;
    const across = document.documentElement.dir === "rtl" ? -step[0] : step[0];
    if (event.shiftKey) {
      if (node.noResize) return;
      grid.update(item, { w: Math.max(1, Math.min(wide - node.x, node.w + across)), h: Math.max(1, node.h + step[1]) });
      news.textContent = news.dataset.resized;
    } else {
      // A step down goes below the next widget: gaps close by themselves.
      const under = step[1] > 0 ? below(node) : node.y + step[1];
      grid.update(item, { x: Math.max(0, Math.min(wide - node.w, node.x + across)), y: Math.max(0, step[1] ? under : node.y) });
      news.textContent = news.dataset.moved;
    }
    grip.focus();
    later();
  });
  const below = (node) => {
    const others = grid.engine.nodes.filter((one) => one !== node && one.y >= node.y + node.h && one.x < node.x + node.w && one.x + one.w > node.x);
    const next = others.sort((one, other) => one.y - other.y)[0];
    return next ? next.y + next.h : node.y + 1;
  };
})();
