// Small things every page needs: the theme, the eye in password fields, buttons that wait for their answer.
// The theme is a cookie, so that theme-boot.js can set it before the first paint and the server can read it.
(function () {
  "use strict";

  // Links that leave the shell (sign-out, another app of ours): the shell's router must not see them.
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("a[data-leave]")) event.stopPropagation();
  }, true);

  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  function storedTheme() {
    const found = /(?:^|; )theme=(light|dark|system)/.exec(document.cookie);
    return found ? found[1] : "system";
  }

  function paint(choice) {
    const dark = choice === "dark" || (choice === "system" && system.matches);
    root.setAttribute("data-theme", dark ? "dark" : "light");
    window.Quasar?.Dark?.set(dark);
    tintBrowser();
    checkChoice();
    window.dispatchEvent(new CustomEvent("shell:theme", { detail: { choice, dark } }));
  }

  // The browser's own bars take the colour of the page; read from the token, so it is written down once.
  function tintBrowser() {
    let meta = document.querySelector('meta[name="theme-color"]');
    if (!meta) {
      meta = document.createElement("meta");
      meta.name = "theme-color";
      document.head.append(meta);
    }
    meta.content = getComputedStyle(root).getPropertyValue("--surface").trim();
  }

  function setTheme(choice) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${choice}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    paint(choice);
    window.emitEvent?.("theme_chosen", choice); // somebody who is signed in takes it along
  }

  function toggleTheme() {
    setTheme(root.getAttribute("data-theme") === "dark" ? "light" : "dark");
  }

  function checkChoice() {
    for (const item of document.querySelectorAll("[data-theme-choice]")) {
      item.setAttribute("aria-checked", String(item.dataset.themeChoice === storedTheme()));
    }
  }

  // A menu comes into being when it opens, and takes the focus then. Arrow keys move between its entries.
  document.addEventListener("focusin", (event) => event.target.closest?.("[role=menu]") && checkChoice());
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("[role=menu]");
    if (!menu) return;
    const items = [...menu.querySelectorAll("[role^=menuitem]")];
    const here = items.indexOf(document.activeElement);
    const next = { ArrowDown: here + 1, ArrowUp: here < 0 ? -1 : here - 1, Home: 0, End: -1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    items.at(next % items.length)?.focus();
  });

  // A button is disabled while it works, which takes the focus away; it comes back with the button.
  let pressed = null;
  let working = null;
  document.addEventListener("click", (event) => (pressed = event.target.closest?.("button")), true);
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      if (target.disabled) working = target === pressed ? target : working;
      else if (target === working && document.activeElement === document.body) target.focus();
    }
  }).observe(root, { attributes: true, attributeFilter: ["disabled"], subtree: true });

  tintBrowser();
  system.addEventListener("change", () => storedTheme() === "system" && paint("system"));

  document.addEventListener("click", (event) => {
    const toggle = event.target.closest("[data-theme-toggle]");
    if (toggle) return toggleTheme();
    const choice = event.target.closest("[data-theme-choice]");
    if (choice) return setTheme(choice.dataset.themeChoice);
    const eye = event.target.closest("[data-password-eye]");
    if (!eye) return undefined;
    const field = document.getElementById(eye.getAttribute("aria-controls"));
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    eye.setAttribute("aria-pressed", String(shown));
    eye.querySelector("use").setAttribute("href", shown ? eye.dataset.iconShown : eye.dataset.iconHidden);
    field.focus();
    return undefined;
  });

  // A form that was sent shows a working button and cannot be sent again.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-busy-form]")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    const button = event.submitter || form.querySelector('[type="submit"]');
    if (button?.dataset.busyLabel) {
      button.style.minWidth = `${button.offsetWidth}px`;
      button.dataset.label = button.textContent;
      button.textContent = button.dataset.busyLabel;
    }
    button?.classList.add("is-busy");
    button?.setAttribute("aria-busy", "true");
  });

  // The back button brings the page out of the cache with the busy button still on it.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("[data-busy-form]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll(".is-busy")) {
        button.classList.remove("is-busy");
        if (button.dataset.label) button.textContent = button.dataset.label;
        button.removeAttribute("aria-busy");
      }
    }
  });

  // Words come in the interface's language; dates and times as this browser's owner writes them.
  function locale(language) {
    return navigator.languages.find((tag) => tag.split("-")[0] === language) || language || undefined;
  }
  const { hourCycle } = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions();

  window.shell = { setTheme, toggleTheme, locale, hourCycle };
})();
