"""People: invited, signed in, locked out, disabled, erased."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.people_desk import CHEAP, PASSWORD, PeopleDesk, people_in

from insyn.base.errors import Refusal, UsageError
from insyn.trust.ledger import log, privacy
from insyn.trust.people import attempts, signing_in, tokens, users
from insyn.trust.people.duties import Actor, Role
from insyn.trust.people.passwords import Passwords, require_good
from insyn.trust.people.users import State

pytestmark = pytest.mark.databases

FREE_BY_NAME, FREE_BY_SOURCE = attempts.of_name("").free, attempts.of_address("").free


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[PeopleDesk]:
    with people_in(tmp_path) as desk:
        yield desk


def test_the_first_administrator_comes_by_a_token_that_works_once(desk: PeopleDesk) -> None:
    with desk.store.writing() as connection:
        old = users.invite_first(connection, now=desk.now)
        token = users.invite_first(connection, now=desk.now)
    with pytest.raises(Refusal, match="one-time token"), desk.store.writing() as connection:
        users.claim(connection, old, password=PASSWORD, passwords=CHEAP, now=desk.now)
    with desk.store.writing() as connection:
        person = users.claim(
            connection, token, name="Ada", password=PASSWORD, passwords=CHEAP, now=desk.now
        )
    assert person.roles == {Role.ADMINISTRATOR}
    with pytest.raises(Refusal, match="one-time token"), desk.store.writing() as connection:
        users.claim(connection, token, password=PASSWORD, passwords=CHEAP, now=desk.now)
    with pytest.raises(Refusal, match="people already"), desk.store.writing() as connection:
        users.invite_first(connection, now=desk.now)


def test_a_one_time_token_works_once_with_two_at_once(desk: PeopleDesk) -> None:
    with desk.store.writing() as connection:
        token = users.invite_first(connection, now=desk.now)
    claimed: list[str] = []

    def claim() -> None:
        try:
            with desk.store.writing() as connection:
                users.claim(connection, token, password=PASSWORD, passwords=CHEAP, now=desk.now)
            claimed.append("once")
        except Refusal:
            claimed.append("refused")

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == ["once", "refused", "refused", "refused"]


def test_a_one_time_token_is_over_after_a_day(desk: PeopleDesk) -> None:
    with desk.store.writing() as connection:
        token = users.invite_first(connection, now=desk.now)
    desk.pass_time(hours=24)
    with pytest.raises(Refusal, match="is over"), desk.store.writing() as connection:
        users.claim(connection, token, password=PASSWORD, passwords=CHEAP, now=desk.now)


@pytest.mark.parametrize("name", ["ada adminsson", "  ADA  Adminsson ", "Ａda Adminsson"])
def test_a_name_signs_in_however_it_is_typed(desk: PeopleDesk, name: str) -> None:
    ada = desk.first("Ada Adminsson")
    found = desk.whose(desk.sign_in(name)[0])
    assert found is not None
    assert found.actor == ada


def test_a_wrong_name_and_a_wrong_password_are_told_alike(desk: PeopleDesk) -> None:
    desk.first("Ada")
    assert desk.sign_in("Ada", "not this one 12")[1] == desk.sign_in("Nobody")[1] != ""


@pytest.mark.parametrize("spellings", [["Ada"], ["Ada", "ADA ", "ａｄａ", " ada"]])
def test_who_fails_too_often_waits_whatever_the_spelling(
    desk: PeopleDesk, spellings: list[str]
) -> None:
    desk.first("Ada")
    for number in range(FREE_BY_NAME):
        name = spellings[number % len(spellings)]
        assert desk.sign_in(name, "not this one 12", source=f"192.0.2.{number}")[0] is None
    secret, why_not = desk.sign_in("Ada", source="192.0.2.99")
    assert secret is None
    assert "too many tries" in why_not
    desk.pass_time(minutes=2)
    assert desk.sign_in("Ada", source="192.0.2.99")[0] is not None


def test_waits_grow_and_an_administrator_can_end_them(desk: PeopleDesk) -> None:
    ada = desk.first("Ada")
    for _ in range(FREE_BY_NAME + 3):
        desk.sign_in("Ada", "not this one 12", source="192.0.2.1")
        desk.pass_time(minutes=1)
    desk.pass_time(minutes=1)
    assert desk.sign_in("Ada", source="192.0.2.2")[0] is None
    with desk.store.writing() as connection:
        signing_in.unlock(connection, "ADA", actor=ada, now=desk.now)
    assert desk.sign_in("Ada", source="192.0.2.2")[0] is not None


def test_one_address_cannot_try_many_names(desk: PeopleDesk) -> None:
    desk.first("Ada")
    for number in range(FREE_BY_SOURCE):
        desk.sign_in(f"name {number}", "not this one 12")
    assert "too many tries" in desk.sign_in("Ada")[1]
    assert desk.sign_in("Ada", source="198.51.100.4")[0] is not None


def test_many_right_sign_ins_from_one_address_are_no_failures(desk: PeopleDesk) -> None:
    desk.first("Ada")
    for _ in range(FREE_BY_SOURCE + 5):
        assert desk.sign_in("Ada")[0] is not None


def test_a_session_ends_with_silence_and_with_the_day(desk: PeopleDesk) -> None:
    desk.first("Ada")
    secret, _ = desk.sign_in("Ada")
    for _ in range(30):
        desk.pass_time(minutes=20)
        assert desk.whose(secret) is not None
    for _ in range(7):
        desk.pass_time(minutes=20)
    assert desk.whose(secret) is None
    other, _ = desk.sign_in("Ada")
    desk.pass_time(minutes=31)
    assert desk.whose(other) is None


def test_nobody_gives_a_role_to_themselves(desk: PeopleDesk) -> None:
    ada = desk.first("Ada")
    with pytest.raises(Refusal, match="themselves"), desk.store.writing() as connection:
        users.grant(connection, ada.id, Role.APPROVER, actor=ada, now=desk.now)


def test_the_last_administrator_stays_one(desk: PeopleDesk) -> None:
    ada = desk.first("Ada")
    with pytest.raises(Refusal, match="no active admin"), desk.store.writing() as connection:
        users.withdraw(connection, ada.id, Role.ADMINISTRATOR, actor=ada, now=desk.now)
    with pytest.raises(Refusal, match="no active admin"), desk.store.writing() as connection:
        users.set_state(connection, ada.id, State.DISABLED, actor=ada, now=desk.now)
    with desk.store.reading() as connection:
        assert users.find(connection, ada.id).state is State.ACTIVE


def test_who_is_no_administrator_manages_nobody(desk: PeopleDesk) -> None:
    ada = desk.first("Ada")
    eve = desk.add(ada, "Eve", Role.APPROVER)
    with pytest.raises(Refusal, match="administrator"), desk.store.writing() as connection:
        users.add(connection, "Mallory", roles=[Role.ADMINISTRATOR], actor=eve, now=desk.now)


def test_a_changed_password_wants_the_old_one_and_ends_all_sessions(desk: PeopleDesk) -> None:
    ada = desk.first("Ada")
    secret, _ = desk.sign_in("Ada")
    with pytest.raises(Refusal, match="old password"), desk.store.writing() as connection:
        users.change_password(
            connection,
            ada.id,
            old="not this one 12",
            new="en helt annan vinter",
            passwords=CHEAP,
            now=desk.now,
        )
    with desk.store.writing() as connection:
        users.change_password(
            connection,
            ada.id,
            old=PASSWORD,
            new="en helt annan vinter",
            passwords=CHEAP,
            now=desk.now,
        )
    assert desk.whose(secret) is None
    assert desk.sign_in("Ada")[0] is None
    assert desk.sign_in("Ada", "en helt annan vinter")[0] is not None


def test_a_wrong_old_password_counts_as_a_try_and_a_right_one_ends_the_count(
    desk: PeopleDesk,
) -> None:
    ada = desk.first("Ada")

    def change(old: str, new: str) -> None:
        signing_in.change_password(
            desk.store.writing, ada.id, old=old, new=new, source="console", passwords=CHEAP,
            now=desk.now,
        )  # fmt: skip

    for _ in range(4):
        with pytest.raises(Refusal, match="old password"):
            change("not this one 12", "en helt annan vinter")
    with pytest.raises(Refusal, match="too short"):
        change(PASSWORD, "kort")
    for _ in range(5):
        with pytest.raises(Refusal, match="old password"):
            change("not this one 12", "en helt annan vinter")
    with pytest.raises(Refusal, match="wait a minute"):
        change(PASSWORD, "en helt annan vinter")
    assert desk.sign_in("Ada")[0] is None
    desk.now += timedelta(minutes=2)
    change(PASSWORD, "en helt annan vinter")
    assert desk.sign_in("Ada", "en helt annan vinter")[0] is not None


def test_a_token_does_what_its_scopes_and_roles_allow_until_it_is_over(desk: PeopleDesk) -> None:
    ada = desk.first("Ada")
    eve = desk.add(ada, "Eve", Role.ANALYST)
    with desk.store.writing() as connection:
        made, secret = tokens.add(
            connection,
            label="nightly",
            scopes=["read", "screen"],
            lasts=timedelta(days=10),
            actor=eve,
            now=desk.now,
        )
        found = tokens.identify(connection, secret, now=desk.now)
        assert found is not None
        assert (found.actor, found.scopes) == (eve, frozenset({"read", "screen"}))
        assert tokens.identify(connection, secret, now=desk.now + timedelta(days=10)) is None
        tokens.revoke(connection, made.id, actor=eve, now=desk.now)
        assert tokens.identify(connection, secret, now=desk.now) is None


def test_a_token_without_an_end_or_with_unknown_scopes_is_refused(desk: PeopleDesk) -> None:
    ada = desk.first("Ada")
    for scopes, lasts in ((["everything"], 1), ([], 1), (["read"], 400), (["read"], 0)):
        with pytest.raises(UsageError), desk.store.writing() as connection:
            tokens.add(
                connection,
                label="x",
                scopes=scopes,
                lasts=timedelta(days=lasts),
                actor=ada,
                now=desk.now,
            )


def test_erasing_a_person_keeps_what_was_done_under_the_id(desk: PeopleDesk) -> None:
    ada = desk.first("Ada")
    eve = desk.add(ada, "Eve Example", Role.ANALYST)
    officer = desk.add(ada, "Pia", Role.PRIVACY_OFFICER)
    secret, _ = desk.sign_in("Eve Example")
    with desk.store.writing() as connection:
        users.erase(connection, eve.id, actor=officer, now=desk.now)
    assert desk.whose(secret) is None
    with desk.store.reading() as connection:
        assert users.find(connection, eve.id).name == eve.id
        leaves = [content for _, content in log.contents(connection)]
        assert not [content for content in leaves if b"Eve Example" in content]
        gone = [
            privacy.disclose(connection, number)["name"]
            for number, content in log.contents(connection)
            if b'"person.added"' in content and eve.id.encode() in content
        ]
    assert gone == [None]


def test_passwords_that_are_tried_first_are_refused() -> None:
    for bad in ("kort", "password1234", "aaaaaaaaaaaaaaaa", "hej Granqvist 12", "x" * 300):
        with pytest.raises(Refusal) as refused:
            require_good(bad, name="Gunnel Granqvist")
        assert bad not in str(refused.value)


def test_a_hash_made_with_other_parameters_is_made_again(desk: PeopleDesk) -> None:
    dearer = Passwords(time_cost=2, memory_kib=16, lanes=1)
    kept = CHEAP.hash(PASSWORD)
    assert dearer.is_right(kept, PASSWORD)
    assert dearer.is_outdated(kept)
    assert kept.startswith("$argon2id$")


_ACTS = st.lists(
    st.sampled_from(["sign-in", "password", "disable", "enable", "grant", "withdraw", "invite"]),
    max_size=12,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(_ACTS)
def test_no_session_outlives_a_change_of_the_person(
    tmp_path_factory: pytest.TempPathFactory, acts: list[str]
) -> None:
    with people_in(tmp_path_factory.mktemp("people")) as desk:
        ada = desk.first("Ada")
        eve = desk.add(ada, "Eve", Role.ANALYST)
        passwords, living = [PASSWORD], list[str]()
        for act in acts:
            if act == "sign-in":
                secret, _ = desk.sign_in("Eve", passwords[-1], source=str(desk.now))
                living += [secret] if secret else []
                continue
            before = _person(desk, eve.id)
            _act(desk, act, ada, eve, passwords)
            if act == "enable" or _person(desk, eve.id) != before or act == "password":
                assert [secret for secret in living if desk.whose(secret)] == []
                living = []
        with desk.store.reading() as connection:
            state = users.find(connection, eve.id).state
        if state is not State.ACTIVE:
            assert not [secret for secret in living if desk.whose(secret)]


def _person(desk: PeopleDesk, person: str) -> users.Person:
    with desk.store.reading() as connection:
        return users.find(connection, person)


def _act(desk: PeopleDesk, act: str, ada: Actor, eve: Actor, known: list[str]) -> None:
    with desk.store.writing() as connection:
        now = desk.now
        if act == "password" and users.find(connection, eve.id).state is State.ACTIVE:
            new = f"{PASSWORD} {len(known)}"
            users.change_password(
                connection, eve.id, old=known[-1], new=new, passwords=CHEAP, now=now
            )
            known.append(new)
        elif act in ("disable", "enable"):
            state = State.DISABLED if act == "disable" else State.ACTIVE
            users.set_state(connection, eve.id, state, actor=ada, now=now)
        elif act == "grant":
            users.grant(connection, eve.id, Role.APPROVER, actor=ada, now=now)
        elif act == "withdraw":
            users.withdraw(connection, eve.id, Role.APPROVER, actor=ada, now=now)
        elif act == "invite" and users.find(connection, eve.id).state is not State.DISABLED:
            users.invite_again(connection, eve.id, actor=ada, now=now)
