"""The SQL page: who may, what comes back, what stays closed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from queuack.app import OfflineService
from queuack.web.examples import EXAMPLES


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("user", 403), ("op", 200)])
def test_it_needs_the_role_op(browser_of: Callable[[str | None], TestClient], who: str, status: int) -> None:
    browser = browser_of(who)
    assert browser.get("/sql", params={"q": "SELECT 41 + 1 AS n"}).status_code == status
    assert browser.get("/sql.csv", params={"q": "SELECT 1"}).status_code == status


def test_a_result_is_a_table_and_a_file(browser: TestClient) -> None:
    query = {"q": "SELECT dag_id, is_paused, '<b>' AS mark, [1, 2] AS list, NULL AS none FROM dag ORDER BY dag_id"}
    page = browser.get("/sql", params=query).text
    assert "letters" in page
    assert "&lt;b&gt;" in page
    assert "[1, 2]" in page
    file = browser.get("/sql.csv", params=query)
    assert file.headers["content-type"].startswith("text/csv")
    assert file.text.splitlines()[0] == "dag_id,is_paused,mark,list,none"


def test_more_rows_than_asked_for_are_told(browser: TestClient) -> None:
    page = browser.get("/sql", params={"q": "FROM range(150)", "limit": 100}).text
    assert "100 rows, there are more" in page


@pytest.mark.parametrize(
    "query", ["SELECT * FROM ab_user", "DELETE FROM dag", "SELEC 1", "FROM read_text('/etc/passwd')"]
)
def test_a_refusal_says_why(browser: TestClient, query: str) -> None:
    answer = browser.get("/sql", params={"q": query})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_a_long_query_is_stopped(service: OfflineService) -> None:
    from queuack.errors import InvalidRequest

    query = "SELECT count(*) FROM range(1000000000000) t(i) WHERE sin(i) > 2"
    with pytest.raises(InvalidRequest, match=r"stopped after 0\.05 seconds"):
        service.call("sql", {"query": query, "timeout": 0.05})


@pytest.mark.parametrize("query", [query for _, query in EXAMPLES])
def test_the_examples_run(service: OfflineService, query: str) -> None:
    assert service.call("sql", {"query": query, "inside": True})["columns"]
