(function (root) {
  var found = /(?:^|; )theme=(light|dark)/.exec(document.cookie);
  var dark = found ? found[1] === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.setAttribute("data-theme", dark ? "dark" : "light");
})(document.documentElement);
