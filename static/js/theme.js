// Sets light or dark before the first paint: the stored choice, else what the system prefers. Tells the server how wide it is.
(() => {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    // Gadgets follow the program that they stand in.
    const wanted = document.documentElement.dataset.theme;
    if (wanted) return wanted;
    try {
      return localStorage.getItem("theme") || "auto";
    } catch {
      return "auto";
    }
  };
  const apply = () => {
    const choice = stored();
    const dark = choice === "dark" || (choice === "auto" && system.matches);
    document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
  };
  apply();
  system.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  // Charts are drawn by the server: it should know that a page is narrow.
  const narrow = window.matchMedia("(width < 640px)");
  const tell = () => {
    document.cookie = `screen=${narrow.matches ? "narrow" : "wide"}; path=/; max-age=31536000; samesite=lax`;
  };
  tell();
  narrow.addEventListener("change", tell);
  window.portalTheme = { stored, apply };
})();
