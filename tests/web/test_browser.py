"""The pages in a real browser against a real daemon: what a person does, waiting for what a person would see.

Needs Chromium (Debian: ``apt-get install chromium``); without one the file is skipped.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.live.daemon import LiveDaemon, until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.slow,  # a browser and a daemon are started
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium"),
]

DAGS = '''
from datetime import datetime
from pathlib import Path

from airflow.sdk import DAG, Param, TaskGroup, task

HERE = Path(__file__).parent.parent

def wait_for(name: str) -> None:
    """Until the test has made the file."""
    import time
    while not (HERE / name).exists():
        time.sleep(0.02)

with DAG("greeting", schedule=None, tags=["words"], description="Says something to somebody.",
         params={"name": Param("nobody", type="string", title="Whom"), "times": Param(1, type="integer", minimum=1)}):

    @task
    def greet(params=None):
        for number in range(params["times"]):
            print("Hello,", params["name"], number, flush=True)
        wait_for("first")
        print("the first has come", flush=True)
        wait_for("second")

    @task
    def leave():
        print("Goodbye.")

    greet() >> leave()

with DAG("fragile", schedule=None, tags=["glass"]):

    @task
    def hold():
        if not (HERE / "mended").exists():
            raise ValueError("the glass has a crack")

    hold()

with DAG("nested", schedule=None, tags=["words"]):
    with TaskGroup("outer"):
        @task
        def before(): ...

        with TaskGroup("inner"):
            @task
            def within(): ...

            within()
        before()

    @task
    def after(): ...

    after()
'''
LINK = re.compile(r"http://\S+/login\?token=\S+")
LOOKED_AT = (
    "/",
    "/dags",
    "/dags/nested",
    "/dags/nested/graph",
    "/dags/fragile/runs",
    "/dags/nested/runs/seen",
    "/dags/fragile/runs/seen/tasks/hold",
    "/dags/greeting/trigger",
    "/assets",
    "/insights",
    "/sql",
    "/admin/pools",
    "/admin/variables",
    "/admin/connections",
    "/admin/users",
    "/admin/audit",
    "/admin/settings",
    "/admin/processes",
)
WAITED_FOR = ("first", "second", "mended")
SERIOUS = ("serious", "critical")


class Site:
    """A daemon with its address, and pages of a browser in which an administrator has logged in."""

    def __init__(self, daemon: LiveDaemon, browser: Browser, link: str) -> None:
        self.daemon = daemon
        self.base = link.partition("/login")[0]
        self._browser = browser
        first = browser.new_context()
        page = first.new_page()
        page.goto(link)
        assert page.url == f"{self.base}/"
        self._logged_in = first.storage_state()
        first.close()
        self.link = link

    def page(self, theme: str = "light") -> Page:
        context = self._browser.new_context(
            base_url=self.base,
            storage_state=self._logged_in,
            color_scheme=theme,
            viewport={"width": 1280, "height": 900},
        )
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda said: said.type == "error" and page.faults.append(said.text))
        return page

    def run(self, dag_id: str, run_id: str, state: str = "success") -> None:
        """One that has ended."""
        self.daemon.call("trigger_run", dag_id=dag_id, run_id=run_id)
        assert self.daemon.wait_run(dag_id, run_id) == state


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    daemon = LiveDaemon(tmp_path_factory.mktemp("site"), "standalone", api__port=0)
    daemon.dag("pages", DAGS)
    with daemon, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        link = until(lambda: LINK.search(daemon.output.read_text()), 30, "the login link").group()
        for dag_id in ("greeting", "fragile", "nested"):
            daemon.wait_dag(dag_id)
        expect.set_options(timeout=20_000)
        yield Site(daemon, browser, link)
        for name in WAITED_FOR:
            (daemon.home.root / name).touch()  # a task that still waits would hold the daemon up
        browser.close()


@pytest.fixture
def page(site: Site) -> Iterator[Page]:
    """Logged in; at its end no script has failed."""
    page = site.page()
    yield page
    faults = page.faults
    page.context.close()
    assert faults == []


def file(site: Site, name: str) -> None:
    (site.daemon.home.root / name).touch()


def test_a_printed_link_logs_in_once(site: Site) -> None:
    stranger = site._browser.new_page()
    stranger.goto(site.base + "/dags")
    assert "/login" in stranger.url
    stranger.goto(site.link)
    expect(stranger.get_by_text("This link was used")).to_be_visible()
    stranger.context.close()


def test_a_run_is_triggered_with_params_and_watched_until_it_ends(site: Site, page: Page) -> None:
    page.goto("/dags/greeting/trigger")
    page.get_by_label("Whom").fill("Ada")
    page.get_by_role("spinbutton", name="times").fill("0")
    page.get_by_role("button", name="Trigger").click()
    assert page.url.endswith("/trigger"), "0 is less than the minimum"
    page.get_by_role("spinbutton", name="times").fill("3")
    expect(page.locator("#conf")).to_have_value(re.compile('"name": "Ada"'))
    page.get_by_label("Run id").fill("watched")
    page.get_by_role("button", name="Trigger").click()
    page.wait_for_url("**/dags/greeting/runs/watched")
    page.evaluate("window.notReloaded = true")
    summary, tasks = page.locator("#summary > header"), page.locator("#tasks")
    expect(summary).to_contain_text("running")
    expect(tasks.locator("#task-greet")).to_contain_text("running")

    reader = page.context.new_page()
    reader.goto("/dags/greeting/runs/watched/tasks/greet")
    log = reader.get_by_role("log")
    expect(log).to_contain_text("Hello, Ada 2")
    expect(log).not_to_contain_text("the first has come")
    file(site, "first")
    expect(log).to_contain_text("the first has come")
    reader.get_by_label("Search the log").fill("hello")
    expect(log.get_by_text("the first has come")).to_be_hidden()
    expect(log.get_by_text("Hello, Ada 0")).to_be_visible()
    reader.close()

    file(site, "second")
    expect(summary).to_contain_text("success")
    expect(tasks.locator("#task-leave")).to_contain_text("success")
    assert page.evaluate("window.notReloaded") is True


def test_the_list_of_dags_is_filtered_and_a_dag_paused(site: Site, page: Page) -> None:
    page.goto("/dags")
    rows = page.locator("#dags tbody tr")
    expect(rows).to_have_count(3)
    page.get_by_label("Tag", exact=True).select_option("words")
    page.get_by_role("button", name="Show").click()
    expect(rows).to_have_count(2)
    page.get_by_label("Name", exact=True).fill("NEST")
    page.get_by_role("button", name="Show").click()
    expect(rows).to_have_count(1)
    switch = page.get_by_role("switch", name="nested is scheduled")
    expect(switch).to_have_attribute("aria-checked", "true")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    expect(rows).to_contain_text("paused")
    assert site.daemon.value("select is_paused from dag where dag_id = 'nested'")
    switch.press("Space")
    expect(switch).to_have_attribute("aria-checked", "true")


def test_groups_fold_in_the_grid_and_arrows_move(site: Site, page: Page) -> None:
    for run_id in ("one", "two"):
        site.run("nested", run_id)
    page.goto("/dags/nested")
    inner = page.get_by_role("button", name="inner")
    within = page.locator(".names").get_by_text("within")
    expect(within).to_be_visible()
    inner.click()
    expect(within).to_be_hidden()
    expect(inner).to_have_attribute("aria-expanded", "false")
    page.reload()
    expect(within).to_be_hidden()
    page.get_by_role("button", name="outer").click()
    expect(inner).to_be_hidden()
    page.get_by_role("button", name="outer").click()
    inner.click()
    expect(within).to_be_visible()

    page.locator("#columns li").last.locator("a").first.focus()
    for key in ("ArrowLeft", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    where = page.evaluate("document.activeElement.getAttribute('title')")
    assert "one" in where
    page.keyboard.press("Enter")
    page.wait_for_url("**/dags/nested/runs/one**")


def test_a_cell_shows_its_answers_beside_the_grid(site: Site, page: Page) -> None:
    site.run("fragile", "shown", "failed")
    page.goto("/dags/fragile")
    page.locator("#columns a.cell").last.click()
    expect(page.locator("#panel")).to_contain_text("failed")
    page.locator("#panel").get_by_role("link", name="Open").click()
    expect(page.get_by_role("log")).to_contain_text("the glass has a crack")


def test_a_failed_task_is_cleared_and_succeeds(site: Site, page: Page) -> None:
    site.run("fragile", "mend", "failed")
    page.goto("/dags/fragile/runs/mend/tasks/hold")
    expect(page.get_by_role("log")).to_contain_text("the glass has a crack")
    file(site, "mended")
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog", name="Clear hold")
    expect(dialog.locator(".preview")).to_contain_text("1 task instance")
    dialog.get_by_role("button", name="Clear", exact=True).click()
    expect(page.locator("#summary > header")).to_contain_text("success")
    page.goto("/dags/fragile/runs/mend")
    expect(page.locator("#summary > header")).to_contain_text("success")
    (site.daemon.home.root / "mended").unlink()


def test_the_theme_is_kept(page: Page) -> None:
    page.goto("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.locator(".menu summary").click()
    page.get_by_label("Theme").select_option("dark")
    dark = page.evaluate(ground)
    assert dark != light
    page.goto("/dags")
    assert page.evaluate(ground) == dark
    page.emulate_media(color_scheme="dark")
    page.evaluate("localStorage.removeItem('theme')")
    page.reload()
    assert page.evaluate(ground) == dark, "the system's theme"


def test_keys_find_and_explain(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("frag")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dags?search=frag")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dags/fragile")
    page.keyboard.press("t")
    page.wait_for_url("**/dags/fragile/trigger")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_serious_fault_of_accessibility(site: Site, theme: str) -> None:
    """axe-core's rules (WCAG 2.2 A and AA, best practice) on what people look at most."""
    for dag_id, run_id, state in (("nested", "seen", "success"), ("fragile", "seen", "failed")):
        if not site.daemon.value(f"select count(*) from dag_run where dag_id = '{dag_id}' and run_id = '{run_id}'"):
            site.run(dag_id, run_id, state)
    page, axe, faults = site.page(theme), Axe(), []
    for path in LOOKED_AT:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        for fault in axe.run(page).response["violations"]:
            if fault["impact"] in SERIOUS:
                nodes = [f"{node['html'][:160]}: {node['failureSummary'][:300]}" for node in fault["nodes"][:3]]
                faults.append((path, fault["id"], len(fault["nodes"]), nodes))
    assert page.faults == []
    page.context.close()
    assert faults == []
