"""Makes the README's pictures: ``python -m tests.web.screenshots``.

Runs the shipped examples in a folder of their own until there is something to see, and takes three pages into
docs/images. Needs Chromium, as tests/web/test_browser.py does.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.live.daemon import LiveDaemon, until
from tests.web.test_browser import CHROMIUM, LINK

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
RUNS = 9
PICTURES = (
    ("home", "/", "light"),
    ("grid", "/dags/branching", "light"),
    ("graph", "/dags/etl_duckdb/graph", "dark"),
)


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="queuack-pictures-"))
    for folder in ("dags", "plugins"):
        shutil.copytree(ROOT / folder, home / folder, ignore=shutil.ignore_patterns("__pycache__"))
    daemon = LiveDaemon(home, "standalone", api__port=0)
    with daemon, sync_playwright() as playwright:
        for dag_id in ("branching", "etl_duckdb", "fan_out", "flaky_retry"):
            daemon.wait_dag(dag_id)
        for number in range(RUNS):
            for dag_id in ("branching", "etl_duckdb", "flaky_retry"):
                day = f"2026-01-{number + 1:02}T00:0{number}:00+00:00"
                run = daemon.call("trigger_run", dag_id=dag_id, run_id=f"shown_{number}", logical_date=day)
                daemon.wait_run(dag_id, run["run_id"])
        daemon.call("trigger_run", dag_id="fan_out")
        link = until(lambda: LINK.search(daemon.output.read_text()), 30, "the login link").group()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1200, "height": 540})
        page = context.new_page()
        page.goto(link)
        for name, path, theme in PICTURES:
            page.emulate_media(color_scheme=theme)
            page.goto(link.partition("/login")[0] + path)
            page.wait_for_function("document.fonts.ready.then(() => true)")
            file = IMAGES / f"{name}.png"
            page.screenshot(path=file)
            print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1024} KiB")
        browser.close()
    shutil.rmtree(home)


if __name__ == "__main__":
    main()
