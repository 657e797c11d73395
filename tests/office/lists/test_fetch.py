"""Whatever a publisher does, the last good list stays in force, and says why it may be old."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.list_files import un_list
from tests.support.publisher import (
    Answer,
    Publisher,
    announced,
    body,
    cut,
    cut_chunked,
    drip,
    encoded,
    flood,
    gzip_bomb,
    hang,
    packed,
    publishing,
    redirect,
    status,
)

from insyn.base.config import DataDirectory
from insyn.office.lists.download import Limits
from insyn.office.lists.fetch import Means, update_lists
from insyn.office.lists.intake import Intake, gather, take_in_all
from insyn.office.lists.snapshots import ListState, ListStore
from insyn.office.screening.engine import compile_in_force

GOOD = un_list(20, "2026-11-01")
NEWER = un_list(21, "2026-11-10")
ROOMY = Limits(read_s=20, total_s=60, size_bytes=1 << 20, tries=2, redirects=3)
TIGHT = replace(ROOMY, read_s=0.2, total_s=0.4)
"""Only for servers that are slow on purpose: a busy machine may be as slow with a good one."""
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@dataclass(slots=True)
class Desk:
    """A data directory, its publisher, and what an update of the UN list came to."""

    store: ListStore
    publisher: Publisher
    pauses: list[float]
    environ: dict[str, str]

    def update(self, *answers: Answer, accept_shrunken: bool = False) -> Intake:
        if answers:
            self.publisher.publish(*answers)
        limits = TIGHT if {drip, hang} & set(answers) else ROOMY
        means = Means(environ=self.environ, limits=limits, sleep=self.pauses.append)
        (taken,) = update_lists(self.store, ["un"], accept_shrunken=accept_shrunken, means=means)
        return taken

    def state(self) -> ListState:
        (state,) = self.store.states()
        return state


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    store = ListStore(
        DataDirectory(root=tmp_path).lists, lambda: datetime(2026, 11, 23, tzinfo=UTC)
    )
    with publishing() as publisher:
        yield Desk(store, publisher, [], {"INSYN_LIST_URL_UN": f"{publisher.url}/list.xml"})


def test_published_list_comes_into_force(desk: Desk) -> None:
    taken = desk.update(body(GOOD))
    assert (taken.outcome, taken.entries, taken.published) == ("in force", 20, "2026-11-01")
    assert desk.state().degraded is None


@pytest.mark.parametrize(
    "marks", [{"etag": '"v1"'}, {"modified": "Sun, 01 Nov 2026 00:00:00 GMT"}], ids=["etag", "date"]
)
def test_unchanged_list_is_not_sent_again(desk: Desk, marks: dict[str, str]) -> None:
    desk.update(body(GOOD, **marks))
    assert desk.update().outcome == "unchanged"
    assert desk.update(body(NEWER, etag='"v2"')).outcome == "in force"


def test_what_another_address_said_is_not_asked_of_a_mirror(desk: Desk) -> None:
    desk.update(body(GOOD, etag='"v1"'))
    desk.environ["INSYN_LIST_URL_UN"] = f"{desk.publisher.url}/mirror.xml"
    desk.publisher.publish(body(NEWER, etag='"v1"'), path="/mirror.xml")
    assert desk.update().entries == 21


def test_list_replaced_by_hand_is_asked_for_whole(desk: Desk, tmp_path: Path) -> None:
    desk.update(body(NEWER, etag='"v1"'))
    (tmp_path / "old.xml").write_bytes(GOOD)
    publications, _ = gather([tmp_path / "old.xml"])
    list(take_in_all(desk.store, publications, accept_shrunken=True, force_older=True))
    assert desk.state().published == "2026-11-01"
    assert desk.update().published == "2026-11-10"


def test_passing_fault_is_tried_again(desk: Desk) -> None:
    assert desk.update(status(500), body(GOOD)).outcome == "in force"
    assert desk.pauses == [1.0]


def test_cut_connection_is_tried_again(desk: Desk) -> None:
    assert desk.update(cut(GOOD), body(GOOD)).outcome == "in force"


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirect_is_followed(desk: Desk, code: int) -> None:
    desk.publisher.publish(body(GOOD), path="/moved.xml")
    assert desk.update(redirect("/moved.xml", code)).entries == 20


def test_packed_list_is_unpacked(desk: Desk) -> None:
    assert desk.update(packed(GOOD)).entries == 20


BAD: list[tuple[str, Answer, str, str]] = [
    ("persistent fault", status(500), "failed", "127.0.0.1 answered 500"),
    ("overload", status(429), "failed", "answered 429"),
    ("gone", status(404), "failed", "answered 404 Not Found; the list may have moved"),
    ("forbidden", status(403), "failed", "answered 403"),
    ("304 that nobody asked for", status(304), "failed", "answered 304"),
    ("redirect loop", redirect("/list.xml"), "failed", "redirects more than 3 times"),
    ("redirect to a file", redirect("file:///etc/passwd"), "refused", "redirects to file:"),
    ("redirect to ftp", redirect("ftp://127.0.0.1/list.xml"), "refused", "redirects to ftp:"),
    ("redirect to nonsense", redirect("http://[::bad"), "failed", "Invalid URL in location"),
    ("cut body", cut(GOOD), "failed", "broke off"),
    ("cut chunks", cut_chunked(GOOD), "failed", "broke off"),
    ("cut gzip", packed(GOOD, keep=0.9), "failed", "gzip stream from 127.0.0.1 was cut"),
    ("no gzip", encoded(GOOD, "gzip"), "refused", "sent as gzip is damaged"),
    ("gzip twice", packed(GOOD, encoding="gzip, gzip"), "refused", "not asked for"),
    ("other packing", packed(GOOD, encoding="br"), "refused", "not asked for"),
    ("gzip bomb", gzip_bomb, "refused", "more than any list has"),
    ("endless", flood, "refused", "more than any list has"),
    ("announced oversize", announced(1 << 40), "refused", "announces 1,099,511,627,776 bytes"),
    ("slow drip", drip, "failed", "was not done after 0.4 s"),
    ("silence", hang, "failed", "did not answer within 0.2 s"),
    ("empty", body(b""), "refused", "is empty"),
    ("web page", body(b"<!DOCTYPE html><html>Sign in</html>"), "refused", "is a web page"),
    ("another list", body(b'<Publication/>'), "refused", "list.xml"),
    ("cut XML", body(GOOD[:-300]), "refused", "list.xml"),
    ("no entry", body(un_list(0, "2026-11-10")), "refused", "no entry"),
    ("shrunken", body(un_list(17, "2026-11-10")), "refused", "shrunken: 17 entries, 20 in force"),
    ("older", body(un_list(21, "2026-10-01")), "refused", "older than the one in force"),
    ("XML bomb", body(un_list(20, "2026-11-10", extra=LAUGHS + "]>")), "refused", "list.xml"),
    (
        "external entity",
        body(
            un_list(
                20, "2026-11-10", extra='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
            )
        ),
        "refused",
        "list.xml",
    ),
    ("UTF-16", body(un_list(21, "2026-11-10", encoding="UTF-16")), "refused", "no list format"),
    (
        "not the encoding it declares",
        body(GOOD.decode().replace("2026-11-01", "2026-11-10").encode("latin-1")),
        "refused",
        "list.xml",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"), [row[1:] for row in BAD], ids=[row[0] for row in BAD]
)
def test_bad_answer_leaves_the_last_good_list(
    desk: Desk, answer: Answer, outcome: str, reason: str
) -> None:
    good = desk.update(body(GOOD))
    taken = desk.update(answer)
    assert taken.outcome == outcome
    assert reason in taken.reason
    assert "\n" not in taken.reason
    state = desk.state()
    assert state.snapshot == good.snapshot
    assert state.degraded is not None
    assert reason in state.degraded
    assert len(list(desk.store.entries("un"))) == 20
    assert desk.update(body(NEWER)).outcome == "in force"
    assert desk.state().degraded is None


def test_degraded_list_is_told_with_every_screening(desk: Desk) -> None:
    desk.update(body(GOOD))
    desk.update(status(500))
    _, manifest = compile_in_force(DataDirectory(root=desk.store.root.parent))
    (stated,) = manifest.lists
    assert stated.degraded is not None
    assert "answered 500" in stated.degraded


def test_list_long_past_is_in_force_and_stale(desk: Desk) -> None:
    assert desk.update(body(un_list(20, "2025-01-01"))).outcome == "in force"
    assert "stale: of 2025-01-01" in (desk.state().degraded or "")


def test_nothing_newer_clears_a_passing_failure(desk: Desk) -> None:
    desk.update(body(GOOD, etag='"v1"'))
    desk.update(status(500))
    assert desk.update(body(GOOD, etag='"v1"')).outcome == "unchanged"
    assert desk.state().degraded is None


def test_shrunken_list_is_taken_when_told_so(desk: Desk) -> None:
    desk.update(body(GOOD))
    assert desk.update(body(un_list(5, "2026-11-10")), accept_shrunken=True).entries == 5


def test_closed_port_fails_in_words(desk: Desk) -> None:
    desk.environ["INSYN_LIST_URL_UN"] = "http://127.0.0.1:1/list.xml"
    taken = desk.update()
    assert taken.reason == "cannot reach 127.0.0.1: Connection refused (tried 2 times)"
    assert desk.store.failures() == {"un": f"update failed: {taken.reason}"}


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "list.xml", "http://"])
def test_mirror_must_be_on_the_web(desk: Desk, url: str) -> None:
    desk.environ["INSYN_LIST_URL_UN"] = url
    assert "INSYN_LIST_URL_UN holds no http or https address" in desk.update().reason


def test_missing_token_is_told_before_anything_is_asked(desk: Desk) -> None:
    (taken,) = update_lists(desk.store, ["eu-fsf"], means=Means(environ={}))
    assert taken.outcome == "failed"
    assert "INSYN_EU_TOKEN" in taken.reason


def test_proxy_of_the_environment_is_used(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", desk.publisher.url)
    desk.environ["INSYN_LIST_URL_UN"] = "http://list.invalid/list.xml"
    assert desk.update(body(GOOD)).outcome == "in force"


def test_two_updates_at_once_make_one_snapshot(desk: Desk) -> None:
    desk.publisher.publish(body(GOOD, etag='"v1"'))
    taken: list[Intake] = []
    threads = [threading.Thread(target=lambda: taken.append(desk.update())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(item.outcome for item in taken) == ["in force"] + ["unchanged"] * 3
    assert len(desk.store.snapshots("un")) == 1


OFAC = {
    "primary": '1,"VELLMARK, Tarquin",individual,SDGT,-0-,-0-,-0-,-0-,-0-,-0-,-0-,-0-\r\n',
    "alt": "1,1,aka,Tarkwin Velmark,-0-\r\n",
    "add": "1,1,1 Glass Street,Quartzton,Malta,-0-\r\n",
    "comments": "1,more remarks\r\n",
}


def test_set_of_files_is_fetched_whole_when_one_changed(desk: Desk) -> None:
    for role, text in OFAC.items():
        desk.publisher.publish(body(text.encode(), etag=f'"{role}1"'), path=f"/{role}.csv")
        variable = f"INSYN_LIST_URL_OFAC_SDN_{role.upper()}"
        desk.environ[variable] = f"{desk.publisher.url}/{role}.csv"
    means = Means(environ=desk.environ, limits=ROOMY, sleep=desk.pauses.append)

    def update() -> Intake:
        (taken,) = update_lists(desk.store, ["ofac-sdn"], means=means)
        return taken

    assert (update().outcome, update().outcome) == ("in force", "unchanged")
    more = OFAC["alt"] + "1,2,aka,Tarquinius Velmarck,-0-\r\n"
    desk.publisher.publish(body(more.encode(), etag='"alt2"'), path="/alt.csv")
    assert update().outcome == "in force"
    (entry,) = desk.store.entries("ofac-sdn")
    assert len(entry.names) == 3
    assert len(entry.addresses) == 1
    assert update().outcome == "unchanged"


def test_one_csv_of_a_set_is_no_list(desk: Desk) -> None:
    desk.publisher.publish(body(OFAC["primary"].encode()), path="/sdn.csv")
    desk.environ["INSYN_LIST_URL_OFAC_SDN"] = f"{desk.publisher.url}/sdn.csv"
    means = Means(environ=desk.environ, limits=ROOMY, sleep=desk.pauses.append)
    (taken,) = update_lists(desk.store, ["ofac-sdn"], means=means)
    assert taken.outcome == "refused"
    assert "four files" in taken.reason
