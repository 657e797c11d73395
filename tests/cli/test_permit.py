"""`insyn key` and `insyn permit`, as approvers, a registrar and a site use them."""

from __future__ import annotations

import base64
import hashlib
import json
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.cli_cases import CaseOffice
from tests.support.permit_office import predicate
from tests.support.run_insyn import Ran, insyn

from insyn.base.canonical import canonical_bytes
from insyn.base.clock import isoformat
from insyn.base.errors import EnvironmentFailure
from insyn.trust.keys.keyfile import MIN_COST, make_key, public_file
from insyn.trust.permit.shelf import Shelf

WORDS = "granit fjäril spade moln tegel"
HOLDERS = ("approver-1", "approver-2", "approver-3", "registrar")


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Files of the people at one office, and one site's key."""

    folder: Path

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)

    def using(self, *holders: str) -> list[str]:
        """The options that name these holders' keys."""
        found = []
        for holder in holders:
            found += ["--key", self[holder], "--passphrase-file", self["words"]]
        return found

    def sign(self, draft: str, holder: str, *more: str) -> Ran:
        return insyn("permit", "sign", self[draft], *self.using(holder), "--yes", *more)

    def install_root(self, name: str, *signers: str) -> Ran:
        for holder in signers:
            done = insyn("key", "root", "sign", self[name], *self.using(holder), "--yes")
            assert done.code == 0, done.err
        return insyn("key", "root", "install", self[name])

    def draft(self, name: str = "draft", **changed: Any) -> Ran:
        now = datetime.now(tz=UTC)
        fields = predicate(
            not_before=isoformat(now - timedelta(days=1)),
            not_after=isoformat(now + timedelta(days=300)),
        )
        Path(self["fields"]).write_text(json.dumps(fields | changed), encoding="utf-8")
        key = insyn("key", "site", "--json").json["fingerprint"]
        return insyn("permit", "draft", self["fields"], "--site-key", key, "--out", self[name])

    def signed(self, name: str = "draft") -> str:
        """A draft with two signatures."""
        for done in (
            self.draft(name),
            self.sign(name, "approver-1"),
            self.sign(name, "approver-2"),
        ):
            assert done.code == 0, done.err
        return self[name]

    def issued(self, name: str = "draft") -> tuple[str, str]:
        """Path and id of a permit that stands."""
        done = insyn("permit", "issue", self.signed(name), *self.using("registrar"), "--json")
        assert done.code == 0, done.err
        return done.json["path"], done.json["permit"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Keys, passphrases and a root in force."""
    monkeypatch.setenv("INSYN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    desk = Desk(folder=tmp_path)
    Path(desk["words"]).write_text(WORDS + "\n", encoding="utf-8")
    for holder in HOLDERS:
        held = make_key(Path(desk[holder]), holder=holder, passphrase=WORDS, cost=MIN_COST)
        Path(desk[f"{holder}.pub"]).write_bytes(public_file(held))
    approvers = [f"--approver={desk[f'{holder}.pub']}" for holder in HOLDERS[:3]]
    drafted = insyn(
        "key", "root", "draft", desk["root"], *approvers,
        f"--status={desk['registrar.pub']}", "--json",
    )  # fmt: skip
    assert drafted.code == 0, drafted.err
    assert desk.install_root("root", "approver-1", "approver-2").code == 1
    fingerprint = drafted.json["fingerprint"]
    installed = insyn("key", "root", "install", desk["root"], "--fingerprint", fingerprint)
    assert installed.code == 0, installed.err
    return desk


def test_from_draft_to_a_permit_that_its_site_accepts(desk: Desk) -> None:
    path, permit = desk.issued()
    verdict = insyn("permit", "verify", path, "--json")
    assert (verdict.code, verdict.json["reason"]) == (0, "valid")
    assert verdict.json["permit"] == permit
    told = insyn("permit", "verify", path)
    assert told.out.startswith("valid: The permit is valid")


def test_one_approver_is_not_enough_and_cannot_sign_twice(desk: Desk) -> None:
    desk.draft()
    assert "1 of 2 signatures" in desk.sign("draft", "approver-1").out
    again = desk.sign("draft", "approver-1")
    assert (again.code, "another approver must sign" in again.err) == (1, True)
    done = insyn("permit", "issue", desk["draft"], *desk.using("registrar"))
    assert (done.code, "Fewer approvers signed" in done.err) == (1, True)
    assert insyn("permit", "verify", desk["draft"], "--json").json["reason"] == "too-few-signatures"


def test_what_is_signed_is_shown_before(desk: Desk) -> None:
    desk.draft()
    shown = desk.sign("draft", "approver-1").out
    for must in (
        "Granlunda arena",
        "at most 48",
        "everyone is masked",
        "klagomal@",
        "2 custodians",
    ):
        assert must in shown


def test_without_a_yes_nothing_is_signed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.draft()
    before = Path(desk["draft"]).read_bytes()
    monkeypatch.setattr("typer.confirm", refuse)
    done = insyn("permit", "sign", desk["draft"], *desk.using("approver-1"))
    assert done.code == 1
    assert Path(desk["draft"]).read_bytes() == before


def refuse(*_: object, **__: object) -> None:
    import typer

    raise typer.Abort


def test_a_wrong_passphrase_signs_nothing_and_is_not_printed(desk: Desk) -> None:
    desk.draft()
    Path(desk["words"]).write_text("entirely other words\n", encoding="utf-8")
    done = desk.sign("draft", "approver-1")
    assert done.code == 1
    assert "the passphrase does not open" in done.err
    assert "entirely other words" not in done.err + done.out


def test_the_registrar_signs_no_permit_and_an_approver_no_list(desk: Desk) -> None:
    desk.draft()
    assert "no approver's" in desk.sign("draft", "registrar").err
    done = insyn("permit", "issue", desk.signed("other"), *desk.using("approver-1"))
    assert (done.code, "may not sign status lists" in done.err) == (1, True)
    assert (
        insyn("permit", "status", "--renew", *desk.using("registrar"), "--json").json["permits"]
        == []
    )


def test_a_permit_that_no_list_names_stands_only_after_the_next_one(desk: Desk) -> None:
    done = insyn("permit", "issue", desk.signed())
    assert "no site accepts it" in done.out
    path = done.out.splitlines()[0].removeprefix("issued: ")
    assert insyn("permit", "verify", path, "--json").json["reason"] == "status-missing"
    assert insyn("permit", "status", "--renew", *desk.using("registrar")).code == 0
    assert insyn("permit", "verify", path, "--json").json["reason"] == "valid"


def test_suspended_reinstated_revoked_for_good(desk: Desk) -> None:
    path, permit = desk.issued()
    because = ["--because", "the use has changed", *desk.using("registrar")]

    def reason() -> str:
        return str(insyn("permit", "verify", path, "--json").json["reason"])

    assert insyn("permit", "suspend", permit, *because).code == 0
    assert reason() == "suspended"
    assert insyn("permit", "suspend", permit, *because).code == 2
    assert insyn("permit", "reinstate", permit, *because).code == 0
    assert reason() == "valid"
    assert "status list 4" in insyn("permit", "revoke", permit, *because).out
    assert reason() == "revoked"
    back = insyn("permit", "reinstate", permit, *because)
    assert (back.code, "final" in back.err) == (1, True)
    listed = insyn("permit", "status").out
    assert "revoked" in listed
    assert "the use has changed" in listed


def test_issuing_again_does_not_reinstate(desk: Desk) -> None:
    path, permit = desk.issued()
    insyn("permit", "suspend", permit, "--because", "x", *desk.using("registrar"))
    done = insyn("permit", "issue", path, *desk.using("registrar"))
    assert (done.code, "is suspended" in done.err) == (1, True)
    assert insyn("permit", "status", "--json").json["number"] == 2


def test_a_status_list_rolled_back_is_refused(desk: Desk) -> None:
    path, permit = desk.issued()
    insyn("permit", "status", "--out", desk["old"])
    insyn("permit", "suspend", permit, "--because", "x", *desk.using("registrar"))
    insyn("permit", "reinstate", permit, "--because", "y", *desk.using("registrar"))
    seen = ["--seen", desk["seen"], "--json"]
    assert insyn("permit", "verify", path, *seen).json["reason"] == "valid"
    assert insyn("permit", "verify", path, *seen).json["reason"] == "valid"
    done = insyn("permit", "verify", path, "--status", desk["old"], *seen)
    assert (done.code, done.json["reason"]) == (1, "status-rolled-back")


def test_time_decides(desk: Desk) -> None:
    path, _ = desk.issued()
    verdict = insyn("permit", "verify", path, "--json").json
    end = datetime.fromisoformat(verdict["not_after"])
    insyn("permit", "status", "--renew", "--days", "92", *desk.using("registrar"))
    for at, reason in (
        (datetime.now(tz=UTC) + timedelta(days=93), "status-in-grace"),
        (datetime.now(tz=UTC) + timedelta(days=92 + 15), "status-too-old"),
        (end + timedelta(days=15), "expired"),
        (datetime.now(tz=UTC) - timedelta(hours=12), "clock-behind"),
    ):
        judged = insyn("permit", "verify", path, "--at", isoformat(at), "--json")
        assert judged.json["reason"] == reason
        assert judged.code == (0 if reason == "status-in-grace" else 1)
    assert insyn("permit", "verify", path, "--at", "tomorrow").code == 2


def test_another_sites_key_and_an_altered_file_are_refused(desk: Desk, tmp_path: Path) -> None:
    path, _ = desk.issued()
    insyn("key", "site", "--data", str(tmp_path / "elsewhere"))
    other = str(tmp_path / "elsewhere" / "site.key")
    assert (
        insyn("permit", "verify", path, "--site-key", other, "--json").json["reason"]
        == "other-site"
    )
    record = json.loads(Path(path).read_bytes())
    payload = base64.b64decode(record["payload"]).replace(b'"camera_cap":48', b'"camera_cap":49')
    record["payload"] = base64.b64encode(payload).decode("ascii")
    Path(desk["bad"]).write_bytes(canonical_bytes(record) + b"\n")
    done = insyn("permit", "verify", desk["bad"], "--json")
    assert (done.code, done.json["reason"], done.json["permit"]) == (1, "altered", None)


def test_a_site_needs_only_files_and_the_told_fingerprint(desk: Desk, tmp_path: Path) -> None:
    path, _ = desk.issued()
    insyn("permit", "status", "--out", desk["list"])
    public = insyn("key", "site", "--json").out
    Path(desk["site.json"]).write_text(public, encoding="utf-8")
    done = insyn(
        "permit", "verify", path, "--root", desk["root"], "--status", desk["list"],
        "--site-key", desk["site.json"], "--data", str(tmp_path / "nothing"), "--json",
    )  # fmt: skip
    assert (done.code, done.json["reason"]) == (0, "valid")


def test_inspect_tells_who_signed(desk: Desk) -> None:
    desk.draft()
    desk.sign("draft", "approver-3")
    told = insyn("permit", "inspect", desk["draft"])
    assert "approver-3 (right)" in told.out
    record = insyn("permit", "inspect", desk["draft"], "--json").json
    assert record["complete"] is False
    assert [s["holder"] for s in record["signatures"]] == ["approver-3"]


def test_a_draft_names_what_is_wrong(desk: Desk) -> None:
    done = desk.draft(camera_cap=513)
    assert (done.code, "camera_cap" in done.err) == (1, True)
    assert not Path(desk["draft"]).exists()
    assert desk.draft().code == 0
    assert desk.draft().code == 3  # never over a draft that someone may have signed


def test_rotation_keeps_what_a_retired_approver_signed(desk: Desk) -> None:
    path, _ = desk.issued()
    held = make_key(Path(desk["new"]), holder="approver-4", passphrase=WORDS, cost=MIN_COST)
    Path(desk["new.pub"]).write_bytes(public_file(held))
    old = insyn("key", "show", desk["approver-1"], "--json").json["fingerprint"]
    done = insyn(
        "key", "root", "draft", desk["root2"], "--retire", old, f"--approver={desk['new.pub']}"
    )
    assert done.code == 0, done.err
    assert "of the 2 holders" in desk.install_root("root2", "approver-2").err
    assert desk.install_root("root2", "approver-3").code == 0
    assert insyn("key", "root", "show", "--json").json["root"]["version"] == 2
    assert insyn("permit", "verify", path, "--json").json["reason"] == "valid"
    desk.draft("later")
    assert desk.sign("later", "approver-1").code == 1
    assert desk.sign("later", "new").code == 0
    assert "never rolled back" in insyn("key", "root", "install", desk["root"]).err


def test_removing_a_stolen_key_ends_what_it_signed(desk: Desk) -> None:
    path, _ = desk.issued()
    old = insyn("key", "show", desk["approver-1"], "--json").json["fingerprint"]
    insyn("key", "root", "draft", desk["root2"], "--remove", old)
    assert desk.install_root("root2", "approver-2", "approver-3").code == 0
    assert insyn("permit", "verify", path, "--json").json["reason"] == "unknown-signer"


def test_a_key_is_made_by_a_typed_passphrase(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def typed(question: str, **_: object) -> str:
        asked.append(question)
        return WORDS

    monkeypatch.setattr("typer.prompt", typed)
    done = insyn("key", "make", desk["mine"], "--holder", "approver-9")
    assert (done.code, asked) == (0, ["New passphrase"])
    assert "fingerprint" in done.out
    assert WORDS not in done.out + done.err
    assert stat.S_IMODE(Path(desk["mine"]).stat().st_mode) == 0o600
    shown = [insyn("key", "show", desk[name]).out for name in ("mine", "mine.pub")]
    assert shown == [done.out, done.out]
    assert insyn("key", "make", desk["mine"], "--holder", "approver-9").code == 2


def test_a_passphrase_is_changed_by_files(desk: Desk) -> None:
    Path(desk["new-words"]).write_text("quite another passphrase\n", encoding="utf-8")
    done = insyn(
        "key", "passphrase", desk["approver-1"],
        "--passphrase-file", desk["words"], "--new-passphrase-file", desk["new-words"],
    )  # fmt: skip
    assert done.code == 0, done.err
    desk.draft()
    assert desk.sign("draft", "approver-1").code == 1


def test_a_permit_that_an_editor_spelt_anew_is_not_called_cut(desk: Desk) -> None:
    path = Path(desk.signed())
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=2), encoding="utf-8")
    told = insyn("permit", "inspect", str(path)).err
    assert "spelt anew" in told
    path.write_bytes(path.read_bytes()[:-9])
    assert "is cut" in insyn("permit", "inspect", str(path)).err


def test_a_root_that_ends_before_the_grace_is_said_at_issue(desk: Desk) -> None:
    desk.draft()  # 300 days and 14 of grace; the root has 365
    desk.signed("short")
    assert "root ends" not in insyn("permit", "issue", desk["short"], *desk.using("registrar")).err
    end = isoformat(datetime.now(tz=UTC) + timedelta(days=360))
    assert desk.draft("long", not_after=end).code == 0
    for holder in ("approver-1", "approver-2"):
        assert desk.sign("long", holder).code == 0
    done = insyn("permit", "issue", desk["long"], *desk.using("registrar"))
    assert (done.code, "the root ends" in done.err) == (0, True)


def test_the_site_key_is_made_once(desk: Desk) -> None:
    first = insyn("key", "site").out
    assert insyn("key", "site").out == first
    # In one piece, as --site-key takes it without quotes.
    assert first.split("fingerprint")[1].split() == [
        insyn("key", "site", "--json").json["fingerprint"]
    ]


def test_no_passphrase_is_an_option_of_any_command() -> None:
    for command in (["key", "make"], ["permit", "sign"], ["permit", "revoke"]):
        told = insyn(*command, "--help").out
        assert "--passphrase-file" in told
        assert "--passphrase " not in told


def test_without_a_root_nothing_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSYN_DATA", str(tmp_path))
    done = insyn("key", "root", "show")
    assert (done.code, "holds no root" in done.err) == (3, True)


def kinds(desk: Desk) -> list[str]:
    """What the office's ledger holds, by kind."""
    ran = insyn("ledger", "show", "--last", "1000", "--json")
    return [json.loads(line)["kind"] for line in ran.out.splitlines()]


def test_every_status_list_and_what_it_says_anew_is_a_leaf_before_it_is_a_file(desk: Desk) -> None:
    _, permit = desk.issued()
    assert kinds(desk)[-3:] == ["permit.issued", "status-list.signed", "permit.status-changed"]
    done = insyn("permit", "issue", desk.signed("second"))
    assert done.code == 0, done.err
    renewed = insyn("permit", "status", "--renew", *desk.using("registrar"))
    assert renewed.code == 0, renewed.err
    assert kinds(desk)[-3:] == ["permit.issued", "status-list.signed", "permit.status-changed"]
    insyn("permit", "suspend", permit, "--because", "looked at anew", *desk.using("registrar"))
    assert kinds(desk)[-2:] == ["status-list.signed", "permit.status-changed"]
    sound = insyn("ledger", "verify", "--json")
    assert (sound.code, sound.json["findings"]) == (0, [])


def test_a_root_whose_installation_was_cut_short_is_told_and_completed(desk: Desk) -> None:
    path = Path(desk["data"]) / "trust" / "roots" / "1.json"
    content = path.read_bytes()
    path.unlink()  # as after a crash between the leaf and the file
    told = insyn("ledger", "verify")
    assert told.code == 0
    assert "root 1 is recorded, and its file is not here" in told.err
    fingerprint = hashlib.sha256(base64.b64decode(json.loads(content)["payload"])).hexdigest()
    again = insyn("key", "root", "install", desk["root"], "--fingerprint", fingerprint)
    assert again.code == 0, again.err
    assert path.read_bytes() == content
    assert kinds(desk).count("root.installed") == 1
    assert "not here" not in insyn("ledger", "verify").err


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("roots/1.json", "root-altered"),
        ("permits/{permit}.json", "permit-altered"),
        ("status/1.json", "status-list-altered"),
    ],
)
def test_a_file_that_the_ledger_does_not_record_is_a_finding(
    desk: Desk, file: str, code: str
) -> None:
    _, permit = desk.issued()
    path = Path(desk["data"]) / "trust" / file.format(permit=permit)
    record = json.loads(path.read_bytes())
    payload = json.loads(base64.b64decode(record["payload"]))
    if "predicate" in payload:
        payload["predicate"]["camera_cap"] += 1
    else:
        payload["issued_at"] = "2026-01-01T00:00:00Z"
    record["payload"] = base64.b64encode(canonical_bytes(payload)).decode()
    path.write_bytes(canonical_bytes(record) + b"\n")
    ran = insyn("ledger", "verify", "--json")
    assert ran.code == 1
    assert [finding["code"] for finding in ran.json["findings"]] == [code]


def test_a_permit_nobody_recorded_is_a_finding(desk: Desk) -> None:
    path, permit = desk.issued()
    other = f"P-20200101-{permit[-12:]}"
    Path(path).with_name(f"{other}.json").write_bytes(Path(path).read_bytes())
    ran = insyn("ledger", "verify", "--json")
    assert ran.code == 1
    assert [finding["code"] for finding in ran.json["findings"]] == ["permit-unrecorded"]


def test_a_crash_before_the_file_leaves_a_permit_that_is_issued_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = desk.signed()

    def crash(self: Shelf, *_: object) -> Path:
        raise EnvironmentFailure("the disk went away")

    with monkeypatch.context() as patch:
        patch.setattr(Shelf, "keep_permit", crash)
        assert insyn("permit", "issue", draft, *desk.using("registrar")).code == 3
    assert "permit.issued" in kinds(desk)
    assert "is recorded, and its file is not here" in insyn("ledger", "verify").err
    again = insyn("permit", "issue", draft, *desk.using("registrar"))
    assert again.code == 0, again.err
    assert kinds(desk).count("permit.issued") == 1
    assert insyn("ledger", "verify").code == 0


def test_in_an_office_with_people_an_approvers_key_is_a_persons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = CaseOffice(tmp_path, monkeypatch)
    (tmp_path / "words").write_text(WORDS + "\n", "utf-8")
    for holder in ("per", "anna", "nobody here"):
        held = make_key(tmp_path / holder, holder=holder, passphrase=WORDS, cost=MIN_COST)
        (tmp_path / f"{holder}.pub").write_bytes(public_file(held))

    def drafted(*approvers: str) -> Ran:
        named = [f"--approver={tmp_path / name}.pub" for name in approvers]
        out = str(tmp_path / f"root-{len(list(tmp_path.iterdir()))}")
        return insyn("key", "root", "draft", out, *named, f"--status={tmp_path / 'per'}.pub")

    unknown = drafted("per", "nobody here")
    assert (unknown.code, "nobody whom this office knows" in unknown.err) == (1, True)
    assert "needs the role approver" in drafted("per", "anna").err
    held = make_key(tmp_path / "pia", holder=office.people.ids["pia"], passphrase=WORDS,
                    cost=MIN_COST)  # fmt: skip
    (tmp_path / "pia.pub").write_bytes(public_file(held))
    done = drafted("per", "pia")
    assert done.code == 0, done.err
    assert {office.people.ids["per"], office.people.ids["pia"]} <= set(done.out.split())


def test_whoever_has_no_say_in_status_lists_is_asked_for_no_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = CaseOffice(tmp_path, monkeypatch)
    (tmp_path / "words").write_text(WORDS + "\n", "utf-8")
    files = []
    for who in ("per", "pia"):
        path = tmp_path / who
        held = make_key(path, holder=office.people.ids[who], passphrase=WORDS, cost=MIN_COST)
        path.with_suffix(".pub").write_bytes(public_file(held))
        files.append(path)
    root, words = str(tmp_path / "root"), ("--passphrase-file", str(tmp_path / "words"))
    approvers = [f"--approver={path}.pub" for path in files]
    status = f"--status={files[0]}.pub"
    drafted = office("per", "key", "root", "draft", root, *approvers, status, "--json").json
    for path in files:
        office("per", "key", "root", "sign", root, "--key", str(path), *words, "--yes")
    told = ("--fingerprint", drafted["fingerprint"])
    installed = office("per", "key", "root", "install", root, *told)
    assert installed.code == 0, installed.err
    renew = ("permit", "status", "--renew", "--key", str(files[0]))
    refused = office("rita", *renew, "--passphrase-file", str(tmp_path / "nowhere"))
    assert refused.code == 1
    assert "changing the status of permits needs the role" in refused.err
    assert office("per", *renew, *words).code == 0
