(function () {
  "use strict";
  var root = document.documentElement, button = document.getElementById("theme");
  function dark() {
    var chosen = root.getAttribute("data-theme");
    return chosen ? chosen === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
  }
  function name() { button.textContent = dark() ? "light" : "dark"; button.setAttribute("aria-pressed", dark()); }
  function set(theme) {
    root.setAttribute("data-theme", theme);
    try { localStorage.setItem("gradient-oracle-theme", theme); } catch (error) { /* a page from a file may not */ }
    name();
  }
  try { var kept = localStorage.getItem("gradient-oracle-theme"); if (kept === "dark" || kept === "light") root.setAttribute("data-theme", kept); } catch (error) { /* nor read */ }
  button.hidden = false;
  button.addEventListener("click", function () { set(dark() ? "light" : "dark"); });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  name();
})();
