// Before the first paint, so that no page flashes in the wrong theme.
(() => {
  const theme = localStorage.getItem("theme");
  if (theme) document.documentElement.dataset.theme = theme;
})();
