"""A real browser, steered from a thread while the test's event loop serves it."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
needs_browser = pytest.mark.skipif(
    not (CHROMIUM and DRIVER and sys.platform == "linux"),
    reason="needs Chromium and its driver: apt-get install chromium chromium-driver",
)
PATIENCE = 30
"""Seconds to wait for a condition before the test fails."""


class Browser:
    """What a person does in a browser."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until something holds, and return it. What is replaced while it is looked at is looked for again."""
        wait = WebDriverWait(self.driver, PATIENCE, 0.05, ignored_exceptions=[StaleElementReferenceException])
        return wait.until(lambda _: condition())

    def all(self, css: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def one(self, css: str) -> WebElement:
        """Return the first such element as soon as it is there."""
        return self.until(lambda: self.all(css))[0]

    def saying(self, css: str, text: str) -> WebElement:
        """Return the first such element that says this, as soon as there is one."""
        return self.until(lambda: [element for element in self.all(css) if text in element.text])[0]

    def click(self, css: str, text: str = "") -> None:
        """Click the first such element, also where the page is being renewed."""

        def clicked() -> bool:
            self.saying(css, text).click()
            return True

        self.until(clicked)

    def run(self, script: str, *given: Any) -> Any:
        return self.driver.execute_script(script, *given)

    def fill(self, values: dict[str, str]) -> None:
        """Enter values into inputs by their names."""
        for name, value in values.items():
            element = self.one(f'[name="{name}"]')
            if element.get_attribute("type") == "date":
                # How a date is typed depends on the language of the machine.
                self.run("arguments[0].value = arguments[1]", element, value)
            elif element.tag_name == "select":
                self.one(f'[name="{name}"] option[value="{value}"]').click()
            else:
                element.send_keys(value)

    def complaints(self) -> list[str]:
        """Return what the browser complained about, such as code that the policy forbids."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["source"] != "network"]


@contextmanager
def browser(*, width: int = 1200, dark: bool = False) -> Iterator[Browser]:
    """Open a browser, and close it at the end."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("headless=new", "disable-dev-shm-usage", "disable-gpu", f"window-size={width},900"):
        options.add_argument(f"--{argument}")
    if os.geteuid() == 0:
        # Chromium refuses its own sandbox to root.
        options.add_argument("--no-sandbox")
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        yield Browser(driver)
    finally:
        driver.quit()
