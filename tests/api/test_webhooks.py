"""Subscriptions: told once, signed, tried again, stopped; and what they may never reach."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from samspil.api.domain import sending, webhooks
from samspil.api.domain.feed import look
from samspil.api.enums import DeliveryState, EventKind
from samspil.api.models import Delivery, Webhook
from samspil.kernel import audit, clock, outbox
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.models import AuditEvent, Job, MailMessage
from samspil.runs.enums import RunStatus
from samspil.runs.models import CourseRun
from tests.factories.agreements import AgreementCase
from tests.factories.public import make_open_run

ALL = [str(kind) for kind in EventKind.values]


class Receiver:
    """A subscriber's server on this machine: keeps what comes, answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.location = ""
        self.go_on = threading.Event()
        self.go_on.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.send_header("Content-Length", "20")
                self.end_headers()
                self.wfile.flush()
                receiver.go_on.wait()
                with suppress(OSError):
                    self.wfile.write(b"." * 20)

            def log_message(self, *_args: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/krog?fra=samspil"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.SAMSPIL_WEBHOOKS_ANYWHERE = True
    made = Receiver()
    yield made
    made.close()


def subscribed(kit: AgreementCase, url: str, *events: str, school: int | None = 0) -> webhooks.Made:
    return webhooks.subscribe(
        actor=kit.case.secretariat if school is None else kit.case.coordinator(school),
        now=clock.now(),
        owner=kit.case.network if school is None else kit.case.schools[school],
        name="Kursussystemet",
        url=url,
        events=list(events or ALL),
    )


def change(run: CourseRun, **values: Any) -> None:
    """Change a run as an action would: with an event on the audit trail."""
    for name, value in values.items():
        setattr(run, name, value)
    run.save(update_fields=list(values))
    _tell_the_trail()


def _tell_the_trail() -> None:
    """Leave an event on the audit trail, as every action does."""
    event = audit.PendingEvent(
        "tests.change", audit.PLATFORM, "", "", "", "Prøve", None, None, None
    )
    with transaction.atomic():
        audit.append([event], actor=Actor.system("tests"), now=clock.now())


def work(now: datetime | None = None) -> None:
    look(now=now or clock.now())
    outbox.run_due(now or clock.now())


def bodies(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(body) for _headers, body in receiver.got]


def test_a_change_is_told_once_and_signed(kit: AgreementCase, receiver: Receiver) -> None:
    made = subscribed(kit, receiver.url)
    work()  # the first look tells nobody
    assert receiver.got == []
    run = CourseRun.objects.filter(organisation=kit.case.schools[0]).get()
    change(run, capacity=25)
    before = int(time.time())
    work()
    work()
    ((headers, body),) = receiver.got
    told = json.loads(body)
    assert told["event"] == headers["Samspil-Event"] == "run.changed"
    assert told["id"] == headers["Samspil-Delivery"]
    assert (told["data"]["id"], told["data"]["free"]) == (run.pk, 20)
    stamp, _comma, given = headers["Samspil-Signature"].partition(",v1=")
    at = int(stamp.removeprefix("t="))
    assert before - 1 <= at <= time.time() + 1
    expected = hmac.new(made.secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    assert hmac.compare_digest(given, expected.hexdigest())
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.status, delivery.attempts) == ("delivered", 200, 1)


def test_announced_cancelled_and_begun(kit: AgreementCase, receiver: Receiver) -> None:
    subscribed(kit, receiver.url)
    work()
    school = kit.case.schools[0]
    new = make_open_run(kit.case.rows[0].course, school, days=3)
    change(new, version=2)
    work()
    assert [b["event"] for b in bodies(receiver)] == ["run.announced"]
    change(new, status=RunStatus.CANCELLED, version=3)
    work()
    assert [b["event"] for b in bodies(receiver)] == ["run.announced", "run.cancelled"]
    work(clock.now() + timedelta(days=30))  # the others have begun: nothing to tell
    assert len(receiver.got) == 2


def test_a_school_hears_of_its_own_and_a_network_of_its_members(
    kit: AgreementCase, receiver: Receiver
) -> None:
    subscribed(kit, receiver.url + "&skole", "run.changed")
    subscribed(kit, receiver.url + "&net", "run.changed", school=None)
    subscribed(kit, receiver.url + "&andet", "agreement.signed", school=None)
    work()
    for run in CourseRun.objects.order_by("pk"):
        change(run, capacity=30)
    work()
    assert Delivery.objects.filter(webhook__url__endswith="&skole").count() == 1
    assert Delivery.objects.filter(webhook__url__endswith="&net").count() == 4
    assert len(receiver.got) == 5


def test_a_commitment_and_a_signed_agreement_are_told(
    kit: AgreementCase, receiver: Receiver
) -> None:
    from samspil.coordination.models import Commitment

    subscribed(kit, receiver.url, "commitment.changed", "agreement.signed")
    work()
    kit.freeze()
    agreement = kit.make()
    cell = Commitment.objects.filter(organisation=kit.case.schools[0]).first()
    assert cell is not None
    cell.runs = 9
    cell.save(update_fields=["runs"])
    _tell_the_trail()
    work()
    (told,) = bodies(receiver)
    assert (told["event"], told["data"]["runs"]) == ("commitment.changed", 9)
    for place in range(4):
        kit.sign(agreement, place)
    work()
    assert [b["event"] for b in bodies(receiver)] == ["commitment.changed", "agreement.signed"]
    assert bodies(receiver)[1]["data"]["fkb"] == "9222"


def test_many_changes_are_told_as_one(
    kit: AgreementCase, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST_EVENTS", 3)
    subscribed(kit, receiver.url, school=None)
    work()
    for run in CourseRun.objects.order_by("pk"):
        change(run, capacity=31)
    work()
    (told,) = bodies(receiver)
    assert told["event"] == "many"
    assert told["data"]["counts"] == {"run.changed": 4}
    assert "/api/v1/changes?since=" in told["data"]["changes"]


def test_what_is_not_taken_is_tried_again_later_and_later(
    kit: AgreementCase, receiver: Receiver
) -> None:
    hook = subscribed(kit, receiver.url).webhook
    work()
    receiver.status = 503
    run = CourseRun.objects.filter(organisation=kit.case.schools[0]).get()
    change(run, capacity=26)
    now = clock.now()
    work(now)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.status, delivery.attempts) == ("waiting", 503, 1)
    assert delivery.error == "Serveren tog ikke imod."
    outbox.run_due(clock.now())
    assert len(receiver.got) == 1  # not yet
    for attempt, pause in enumerate(webhooks.BACK_OFF, 2):
        webhooks.deliver({"delivery": delivery.pk}, now=now)
        delivery.refresh_from_db()
        assert delivery.attempts == attempt
        assert pause > timedelta(0)
    assert delivery.state == DeliveryState.FAILED
    assert len({body for _headers, body in receiver.got}) == 1  # the same bytes each time
    hook.refresh_from_db()
    assert (hook.failures, hook.stopped_at) == (1, None)
    keys = Job.objects.filter(kind="api.deliver").values_list("key", flat=True)
    assert len(set(keys)) == len(keys) == 1 + len(webhooks.BACK_OFF)


def test_one_that_recovers_starts_anew(kit: AgreementCase, receiver: Receiver) -> None:
    hook = subscribed(kit, receiver.url).webhook
    Webhook.objects.update(failures=2)
    work()
    change(CourseRun.objects.filter(organisation=kit.case.schools[0]).get(), capacity=27)
    work()
    hook.refresh_from_db()
    assert hook.failures == 0


def test_after_repeated_failures_it_is_stopped_and_somebody_is_told(
    kit: AgreementCase, receiver: Receiver
) -> None:
    hook = subscribed(kit, receiver.url).webhook
    work()
    Webhook.objects.update(failures=webhooks.MOST_FAILURES - 1)
    receiver.status = 500
    change(CourseRun.objects.filter(organisation=kit.case.schools[0]).get(), capacity=28)
    work()
    Delivery.objects.update(attempts=len(webhooks.BACK_OFF))
    webhooks.deliver({"delivery": Delivery.objects.get().pk}, now=clock.now())
    hook.refresh_from_db()
    assert hook.stopped_at is not None
    assert hook.stopped_reason == "Serveren tog ikke imod."
    mails = list(MailMessage.objects.filter(category="api.webhook_stopped"))
    assert [mail.to for mail in mails] == [kit.case.people[0].email]
    assert reverse("api:webhook", args=[hook.pk]) in mails[0].text
    event = AuditEvent.objects.get(verb="api.stop_subscription")
    assert event.actor_label == "system:webhooks"
    sent = len(receiver.got)
    change(CourseRun.objects.filter(organisation=kit.case.schools[0]).get(), capacity=29)
    work()
    assert len(receiver.got) == sent


def test_gone_means_gone(kit: AgreementCase, receiver: Receiver) -> None:
    hook = subscribed(kit, receiver.url).webhook
    work()
    receiver.status = 410
    change(CourseRun.objects.filter(organisation=kit.case.schools[0]).get(), capacity=28)
    work()
    hook.refresh_from_db()
    assert hook.stopped_at is not None


def test_a_roll_back_sends_nothing(kit: AgreementCase, receiver: Receiver) -> None:
    subscribed(kit, receiver.url)
    work()
    change(CourseRun.objects.filter(organisation=kit.case.schools[0]).get(), capacity=24)
    with pytest.raises(RuntimeError), transaction.atomic():
        look(now=clock.now())
        raise RuntimeError
    assert not Delivery.objects.exists()
    work()
    assert len(receiver.got) == 1


def test_a_receiver_that_drips_does_not_hold_the_worker(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of the answer comes only after ``post`` has returned: if it waited for it, for ever."""
    monkeypatch.setattr(sending, "LONGEST", 0.3)
    receiver.go_on.clear()
    try:
        sending.post(receiver.url, b"{}", {})
    finally:
        receiver.go_on.set()
    assert len(receiver.got) == 1


def test_nothing_is_followed(receiver: Receiver) -> None:
    receiver.status, receiver.location = 302, "http://127.0.0.1:9/"
    answer = sending.post(receiver.url, b"{}", {})
    assert (answer.status, answer.is_taken) == (302, False)
    assert "viser videre" in answer.error
    assert len(receiver.got) == 1


# ---------------------------------------------------------------- what may not be reached


@pytest.mark.parametrize(
    "url",
    [
        "http://skole.example/x", "ftp://skole.example/", "https://", "https://a:b@skole.example/",
        "https://skole.example:0/", "https://skole .example/", "https://[::1", "javascript:alert(1)",
        "https://127.0.0.1/", "https://10.1.2.3/", "https://[::1]/", "https://169.254.169.254/",
        "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/", "https://[2002:a00:1::]/",
        "https://0.0.0.0/", "https://224.0.0.1/", "https://100.64.1.1/", "https://skole.example/a\nb",
    ],
)  # fmt: skip
def test_an_address_that_may_not_be_reached_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        sending.checked(url)
    assert refused.value.field == "url"


def test_a_name_is_judged_by_every_address_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sending.checked("https://skole.example/krog") == "https://skole.example/krog"
    tried: list[Any] = []
    monkeypatch.setattr(socket, "create_connection", lambda *args, **_more: tried.append(args[0]))
    for found in (["10.0.0.7"], ["93.184.216.34", "127.0.0.1"], ["::1"], ["fe80::1"]):
        entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in found]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, e=entries, **_k: e)
        answer = sending.post("https://skole.example/krog", b"{}", {})
        assert answer.error == "Adressen ligger ikke på det åbne internet."
    assert tried == []


def test_the_address_that_was_judged_is_the_one_that_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that points to this machine the second time it is looked up gets nothing."""
    answers = iter(["93.184.216.34", "127.0.0.1"])
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda *_a, **_k: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), 443))],
    )
    asked: list[Any] = []

    def connect(address: Any, *_more: Any) -> Any:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    answer = sending.post("https://skole.example/krog", b"{}", {})
    assert asked == [("93.184.216.34", 443)]
    assert answer.error == "Serveren kan ikke nås."


@pytest.mark.parametrize("ip", ["8.8.8.8", "2001:4860:4860::8888"])
def test_the_open_internet_is_open(ip: str) -> None:
    assert sending._is_open(ipaddress.ip_address(ip))


# ---------------------------------------------------------------- people and pages


def test_only_those_who_keep_a_school_subscribe_for_it(kit: AgreementCase) -> None:
    with pytest.raises(Forbidden):
        webhooks.subscribe(
            actor=kit.case.coordinator(1),
            now=clock.now(),
            owner=kit.case.schools[0],
            name="x",
            url="https://skole.example/",
            events=["run.changed"],
        )


def test_a_stale_form_is_told(kit: AgreementCase) -> None:
    hook = subscribed(kit, "https://skole.example/krog").webhook
    given: dict[str, Any] = {
        "actor": kit.case.coordinator(),
        "now": clock.now(),
        "webhook": hook,
        "version": 1,
        "url": "https://skole.example/ny",
        "events": ["run.changed"],
    }
    assert webhooks.change_subscription(**given, name="Nyt navn").version == 2
    with pytest.raises(Conflict):
        webhooks.change_subscription(**given, name="Andet navn")


def test_the_secret_is_not_stored_in_the_clear(kit: AgreementCase) -> None:
    made = subscribed(kit, "https://skole.example/krog")
    stored = Webhook.objects.values_list("secret", flat=True).get()
    assert made.secret not in stored
    renewed = webhooks.renew_secret(
        actor=kit.case.coordinator(), now=clock.now(), webhook=made.webhook
    )
    assert renewed.secret != made.secret


def test_the_whole_way_on_the_pages(kit: AgreementCase, client: Client, receiver: Receiver) -> None:
    client.force_login(kit.case.people[0])
    page = client.get("/api/abonnementer/nyt/").content.decode()
    assert "Hvornår den skal have besked" in page
    wrong = client.post("/api/abonnementer/nyt/", {"owner": "x", "name": "A", "url": "ftp://x"})
    assert "Vælg mindst én hændelse" in wrong.content.decode()
    school = kit.case.schools[0]
    made = client.post(
        "/api/abonnementer/nyt/",
        {"owner": f"o{school.pk}", "name": "Hjemmesiden", "url": receiver.url,
         "events": ["run.changed"]},
    )  # fmt: skip
    assert "whsec_" in made.content.decode()
    assert made["Cache-Control"] == "private, no-store"
    hook = Webhook.objects.get()
    at = f"/api/abonnementer/{hook.pk}/"
    assert "whsec_" not in client.get(at).content.decode()
    assert client.post(f"{at}proev/").status_code == 302
    client.post(f"{at}proev/")  # a double click sends one
    outbox.run_due(clock.now())
    (told,) = bodies(receiver)
    assert told["event"] == "ping"
    shown = client.get(at).content.decode()
    assert "Leveret" in shown
    assert "<code>ping</code>" in shown
    client.post(f"{at}pause/")
    assert "På pause" in client.get("/api/abonnementer/").content.decode()
    client.post(f"{at}start/")
    changed = client.post(
        f"{at}ret/",
        {"version": Webhook.objects.get().version, "name": "Hjemmeside", "url": receiver.url,
         "events": ["run.cancelled"]},
    )  # fmt: skip
    assert changed.status_code == 302
    assert "whsec_" in client.post(f"{at}hemmelighed/").content.decode()
    client.post(f"{at}slet/")
    assert not Webhook.objects.exists()
    client.force_login(kit.case.people[1])
    assert client.get(at).status_code == 404


def test_old_deliveries_are_forgotten(kit: AgreementCase, receiver: Receiver) -> None:
    hook = subscribed(kit, receiver.url).webhook
    webhooks.send_test(actor=kit.case.coordinator(), now=clock.now(), webhook=hook)
    outbox.run_due(clock.now())
    webhooks.tidy({}, now=clock.now())
    assert Delivery.objects.count() == 1
    webhooks.tidy({}, now=clock.now() + timedelta(days=31))
    assert not Delivery.objects.exists()
