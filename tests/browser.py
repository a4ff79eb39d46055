"""Which Chromium the browser tests use; `python -m tests.browser` makes sure that there is one.

An installed Chromium or Chrome comes first, then Playwright's own download, then the system's
package where we may install it.
"""

import os
import shutil
import subprocess
import sys

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--use-fake-device-for-media-stream",  # a microphone that beeps, once a page may have it
]  # fmt: skip
PACKAGES = ("chromium", "fonts-liberation", "fonts-noto-color-emoji")


def chromium_path() -> str | None:
    """Return an installed Chromium, or None for Playwright's own download."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def launch(playwright: Playwright) -> Browser:
    """Start the browser as every test, picture and measurement has it."""
    return playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)


def main() -> int:
    """Find a browser that starts, or install one; says which, or what to do."""
    for install in (None, _install_playwright, _install_package):
        if install is not None and not install():
            continue
        if version := _version():
            sys.stdout.write(f"Browser: {chromium_path() or 'Playwright'} ({version})\n")
            return 0
    sys.stderr.write(
        "No browser was found, and none could be installed. Install Chromium or Chrome, or set"
        " CHROMIUM to its program.\n"
    )
    return 1


def _version() -> str | None:
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            version = browser.version
            browser.close()
            return version
    except Error:
        return None


def _install_playwright() -> bool:
    if chromium_path():  # it is there and does not start; another download will not change that
        return False
    return _run(sys.executable, "-m", "playwright", "install", "chromium")


def _install_package() -> bool:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    return _run("apt-get", "update") and _run(
        "apt-get", "install", "-y", "--no-install-recommends", *PACKAGES
    )


def _run(*command: str) -> bool:
    return subprocess.run(command, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
