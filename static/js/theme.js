// The theme of the device, before anything is painted; not a module, because a module would come too late.
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const show = () => (document.documentElement.dataset.bsTheme = dark.matches ? "dark" : "light");
  dark.addEventListener("change", show);
  show();
})();
