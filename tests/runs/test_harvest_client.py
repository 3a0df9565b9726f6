"""The client of the national search against a real server that stumbles in every way."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from samspil.runs.domain.harvest import Answer, Page, Pause, Trouble
from samspil.runs.interfaces.harvest_client import Limits, SearchClient
from samspil.runs.interfaces.harvest_records import FIELDS
from samspil.runs.interfaces.harvest_words import trouble_words
from tests.factories.search import record
from tests.support.search_server import Answers, Asked, Reply, SearchServer, page_of

DAY = date(2026, 8, 4)
NOW = datetime(2026, 8, 4, 2, 0, tzinfo=UTC)
QUICK = Limits(connect=2, read=0.3, whole=2, pause=0, attempts=3, first_wait=1)


class Naps(list[float]):
    """What would have been slept."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answers], SearchServer]]:
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    open_servers: list[SearchServer] = []

    def start(answers: Answers) -> SearchServer:
        server = SearchServer(answers).__enter__()
        open_servers.append(server)
        return server

    yield start
    for server in open_servers:
        server.__exit__()


class Memory:
    """The pages that were kept. ``of_this``: they were asked for in this harvest."""

    def __init__(self, *, of_this: bool = False) -> None:
        self.pages: dict[str, Page] = {}
        self.of_this = of_this

    def get(self, address: str) -> Page | None:
        found = self.pages.get(address)
        return replace(found, is_unchanged=True) if found else None

    def fresh(self, address: str) -> Page | None:
        return self.pages.get(address) if self.of_this else None

    def keep(self, page: Page, now: datetime) -> None:
        self.pages[page.address] = page


def client(server: SearchServer, known: Memory | None = None, **values: Any) -> SearchClient:
    settings = {"limits": QUICK, "sleep": Naps(), "chance": lambda: 1.0, "now": lambda: NOW}
    return SearchClient(server.address, known or Memory(), **{**settings, **values})


def fetch(server: SearchServer, *courses: str, **values: Any) -> Answer:
    return client(server, **values).fetch(courses or ("22906",), today=DAY)


def pages(*contents: list[dict[str, Any]]) -> Answers:
    """Page after page, then empty ones."""

    def answer(asked: Asked) -> Reply:
        return page_of(contents[asked.page - 1] if asked.page <= len(contents) else [])

    return answer


def numbers(answer: Answer) -> list[Any]:
    return [row["kviknummer"] for row in answer.rows]


def trouble(server: SearchServer, **values: Any) -> Trouble:
    with pytest.raises(Trouble) as raised:
        fetch(server, **values)
    assert trouble_words(raised.value).endswith("Intet er ændret.")
    return raised.value


def test_pages_until_an_empty_one(serve: Any) -> None:
    server = serve(pages([record("A1"), record("A2")], [record("A3")]))
    answer = fetch(server)
    assert numbers(answer) == ["A1", "A2", "A3"]
    assert answer.courses == ("22906",) and {row["course"] for row in answer.rows} == {"22906"}
    assert [asked.page for asked in server.asked] == [1, 2, 3]
    assert "Samspil" in server.asked[0].headers["user-agent"]


def test_the_recorded_answer_of_the_search(serve: Any) -> None:
    import csv

    path = Path(__file__).resolve().parents[2] / "data" / "runs_22906.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:  # as the API has them: JSON's own types
        row["aflyst"] = row["aflyst"] == "True"
        row["garantiKursus"] = row["garantiKursus"] == "True"
        for name in ("participantCapacity", "minimumParticipants", "currentParticipantAmount"):
            row[name] = int(row[name])
    server = serve(pages(rows[:50], rows[50:100], rows[100:]))
    answer = fetch(server)
    assert len(answer.rows) == 128
    assert sum(row["enrolled"] for row in answer.rows) == 216


def test_order_of_fields_and_new_fields_do_not_matter(serve: Any) -> None:
    names = list(record())
    random.Random(3).shuffle(names)
    shuffled = {"etNytFelt": [1], **{name: record("A1")[name] for name in names}}
    told = fetch(serve(pages([shuffled]))).rows
    assert told == fetch(serve(pages([record("A1")]))).rows


def test_a_server_that_repeats_its_last_page(serve: Any) -> None:
    last = [record("A3")]
    server = serve(lambda asked: page_of([record("A1"), record("A2")] if asked.page == 1 else last))
    assert numbers(fetch(server)) == ["A1", "A2", "A3"]
    assert len(server.asked) == 3


def test_runs_that_slip_from_one_page_to_the_next_come_once(serve: Any) -> None:
    server = serve(pages([record("A1"), record("A2")], [record("A2"), record("A3")]))
    assert numbers(fetch(server)) == ["A1", "A2", "A3"]


def test_a_list_without_end_is_given_up(serve: Any) -> None:
    server = serve(lambda asked: page_of([record(f"A{asked.page}")]))
    found = trouble(server, limits=Limits(pages=4, pause=0))
    assert found.problem == {"code": "too_many_pages", "pages": 4}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"holdCardDtos": [', "broken"),
        (b"<html>Vi er straks tilbage</html>", "broken"),
        (b"\xff\xfe\x00", "broken"),
        (b"[" * 100_000, "broken"),
        (b"[]", "no_list"),
        (b'{"holdCardDtos": {}}', "no_list"),
        (b'{"fejl": 7}', "no_list"),
        (b'{"holdCardDtos": ["A1"]}', "no_record"),
    ],
)
def test_what_is_no_answer_is_not_used(serve: Any, body: bytes, code: str) -> None:
    server = serve(lambda asked: Reply(body=body))
    assert trouble(server).problem["code"] == code
    assert len(server.asked) == 1  # asking again would not help


@pytest.mark.parametrize("name", [n for n, field in FIELDS.items() if not field.may_be_missing])
def test_a_field_that_is_missing_stops_it(serve: Any, name: str) -> None:
    second = record("A2")
    del second[name]
    found = trouble(serve(pages([record("A1")], [record("A3"), second])))
    assert found.problem == {"code": "no_field", "page": 2, "place": 2, "field": name}
    assert f"»{name}«" in trouble_words(found)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("kviknummer", "", "empty_field"),
        ("startDate", None, "empty_field"),
        ("startDate", "snart", "wrong_field"),
        ("startDate", "2026-02-31", "wrong_field"),
        ("startDate", 20260914, "wrong_field"),
        ("participantCapacity", "mange", "wrong_field"),
        ("participantCapacity", True, "wrong_field"),
        ("aflyst", "måske", "wrong_field"),
        ("aflyst", 0, "wrong_field"),
        ("institution", ["Prøveskolen"], "wrong_field"),
        ("normpris", {"kr": 1}, "wrong_field"),
        ("normpris", "NaN", "wrong_field"),
    ],
)
def test_a_value_of_another_kind_stops_it(serve: Any, name: str, value: Any, code: str) -> None:
    found = trouble(serve(pages([record("A1", **{name: value})])))
    assert (found.problem["code"], found.problem["field"]) == (code, name)


@pytest.mark.parametrize(
    "written", ["2026-09-14", "2026-09-14T00:00:00", "14-09-2026", "14.09.2026"]
)
def test_dates_as_the_live_search_may_write_them(serve: Any, written: str) -> None:
    answer = fetch(serve(pages([record("A1", startDate=written)])))
    assert answer.rows[0]["starts_on"] == date(2026, 9, 14)


def test_it_is_asked_again_after_a_stumble(serve: Any) -> None:
    replies = [Reply(503), Reply(500), page_of([record("A1")]), page_of([])]
    server = serve(lambda asked: replies.pop(0))
    naps = Naps()
    assert numbers(fetch(server, sleep=naps)) == ["A1"]
    assert naps[:2] == [1.0, 2.0]  # doubled; with the most of the blur


def test_waiting_is_blurred_between_half_and_all(serve: Any) -> None:
    for chance, first in ((0.0, 0.5), (0.5, 0.75)):
        replies = [Reply(503), page_of([])]
        naps = Naps()
        fetch(serve(lambda asked, r=replies: r.pop(0)), sleep=naps, chance=lambda c=chance: c)
        assert naps[0] == first


def test_after_too_many_stumbles_it_is_given_up(serve: Any) -> None:
    server = serve(lambda asked: Reply(502))
    assert trouble(server).problem == {"code": "status", "status": 502}
    assert len(server.asked) == QUICK.attempts


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410])
def test_an_answer_that_is_final_is_not_asked_again(serve: Any, status: int) -> None:
    server = serve(lambda asked: Reply(status, headers={"Location": "http://elsewhere.invalid/"}))
    assert trouble(server).problem == {"code": "status", "status": status}
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "said", ["30", (NOW + timedelta(seconds=30)).strftime("%a, %d %b %Y %H:%M:%S GMT")]
)
def test_retry_after_is_respected(serve: Any, said: str) -> None:
    replies = [Reply(429, headers={"Retry-After": said}), page_of([record("A1")]), page_of([])]
    naps = Naps()
    fetch(serve(lambda asked: replies.pop(0)), sleep=naps)
    assert naps[0] == 31.0  # not before, and blurred after


def test_a_long_retry_after_ends_it_and_says_when(serve: Any) -> None:
    server = serve(lambda asked: Reply(429, headers={"Retry-After": "7200"}))
    found = trouble(server)
    assert found.retry_at == NOW + timedelta(hours=2)
    assert len(server.asked) == 1


@pytest.mark.parametrize("said", ["", "snart", "-5", "99999999999", "Mon, 99 Foo 2026"])
def test_a_senseless_retry_after_is_ignored(serve: Any, said: str) -> None:
    replies = [Reply(503, headers={"Retry-After": said}), page_of([])]
    naps = Naps()
    fetch(serve(lambda asked: replies.pop(0)), sleep=naps)
    assert naps[0] == 1.0


def test_a_server_that_is_silent(serve: Any) -> None:
    server = serve(lambda asked: Reply(body=b"{}", stall=5))
    assert trouble(server).problem == {"code": "slow"}
    assert len(server.asked) == QUICK.attempts


def test_a_server_that_dies_in_the_middle_of_a_page(serve: Any) -> None:
    whole = page_of([record("A1")])
    replies = [Reply(body=whole.body, cut=100), whole, page_of([])]
    assert numbers(fetch(serve(lambda asked: replies.pop(0)))) == ["A1"]
    server = serve(lambda asked: Reply(body=whole.body, cut=100))
    assert trouble(server).problem == {"code": "no_contact"}


def test_a_server_that_is_not_there(serve: Any) -> None:
    server = serve(pages())
    server.__exit__()
    naps = Naps()
    gone = SearchClient(
        server.address, Memory(), limits=QUICK, sleep=naps, chance=lambda: 1.0, now=lambda: NOW
    )
    with pytest.raises(Trouble) as raised:
        gone.fetch(["22906"], today=DAY)
    assert raised.value.problem == {"code": "no_contact"}
    assert naps == [1.0, 2.0]
    server.__exit__ = lambda *a: None  # type: ignore[method-assign]


@pytest.mark.parametrize("address", ["ikke en adresse {course}", "ftp://127.0.0.1/{course}"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(Trouble) as raised:
        SearchClient(address, Memory(), limits=QUICK).fetch(["22906"], today=DAY)
    assert raised.value.problem == {"code": "address"}


def test_a_flood_is_cut_off(serve: Any) -> None:
    body = json.dumps({"holdCardDtos": [record("A1", beskrivelse="x" * 200_000)]}).encode()
    server = serve(lambda asked: Reply(body=body))
    found = trouble(server, limits=Limits(page_bytes=100_000, pause=0))
    assert found.problem["code"] == "too_large"


def test_a_small_file_that_unpacks_to_a_flood_is_cut_off(serve: Any) -> None:
    import gzip

    body = gzip.compress(b'{"holdCardDtos": [' + b" " * 5_000_000 + b"]}")
    assert len(body) < 10_000
    server = serve(lambda asked: Reply(body=body, headers={"Content-Encoding": "gzip"}))
    found = trouble(server, limits=Limits(page_bytes=1_000_000, pause=0))
    assert found.problem["code"] == "too_large"


def test_pages_that_have_not_changed_are_not_sent_again(serve: Any) -> None:
    def answer(asked: Asked) -> Reply:
        reply = page_of([record("A1")] if asked.page == 1 else [])
        tag = f'"v1-{asked.page}"'
        if asked.headers.get("if-none-match") == tag:
            return Reply(304)
        reply.headers = {"ETag": tag, "Last-Modified": "Tue, 04 Aug 2026 00:00:00 GMT"}
        return reply

    server, memory = serve(answer), Memory()
    first = fetch(server, known=memory)
    assert [page.is_unchanged for page in first.pages] == [False, False]
    again = fetch(server, known=memory)
    assert [page.is_unchanged for page in again.pages] == [True, True]
    assert again.rows == first.rows
    assert server.asked[-1].headers["if-modified-since"] == "Tue, 04 Aug 2026 00:00:00 GMT"


def test_a_long_harvest_is_done_a_little_at_a_time(serve: Any) -> None:
    server, memory = serve(pages([record("A1")], [record("A2")])), Memory(of_this=True)
    hasty = replace(QUICK, budget=-1)  # one question is more than enough
    for _slice in range(2):
        with pytest.raises(Pause):
            fetch(server, known=memory, limits=hasty)
    assert numbers(fetch(server, known=memory, limits=hasty)) == ["A1", "A2"]
    assert [asked.page for asked in server.asked] == [1, 2, 3]  # nothing was asked for twice


def test_a_page_that_cannot_be_read_is_not_kept(serve: Any) -> None:
    memory = Memory()
    trouble(serve(lambda asked: Reply(body=b"<html>")), known=memory)
    assert not memory.pages


def test_a_304_that_nobody_asked_for_is_no_answer(serve: Any) -> None:
    assert trouble(serve(lambda asked: Reply(304))).problem == {"code": "status", "status": 304}


def test_one_list_of_everything(serve: Any) -> None:
    server = serve(pages([record("A1", subject_code="22906"), record("B1", subject_code="44444")]))
    whole = server.address.replace("subject_code={course}&", "")
    answer = SearchClient(whole, Memory(), limits=QUICK, sleep=Naps()).fetch(["11111"], today=DAY)
    assert answer.courses == ("11111", "22906", "44444")
    assert [row["course"] for row in answer.rows] == ["22906", "44444"]


def test_nobody_is_asked_faster_than_the_pause(serve: Any) -> None:
    naps = Naps()
    fetch(serve(pages([record("A1")])), sleep=naps, limits=Limits(pause=0.2))
    assert naps == [0.2]


def test_names_of_people_are_not_read(serve: Any) -> None:
    told = fetch(serve(pages([record("A1", kontaktPerson="Jens Jensen", kontaktMail="j@x.dk")])))
    assert "Jens" not in str(told.rows) and "j@x.dk" not in str(told.rows)
