"""Ways around the rules of people that must stay shut."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.people_desk import CHEAP, PASSWORD, PeopleDesk, people_in

from insyn.base.errors import Refusal
from insyn.trust.ledger import log
from insyn.trust.people import attempts, names, sessions, signing_in, tokens, users
from insyn.trust.people.duties import NEVER_TOGETHER, Role
from insyn.trust.people.secrets import has_checksum
from insyn.trust.people.users import State

pytestmark = pytest.mark.databases

WRONG = "not this one 12"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[PeopleDesk]:
    with people_in(tmp_path) as desk:
        yield desk


def leaves(desk: PeopleDesk, kind: str) -> list[bytes]:
    with desk.store.reading() as connection:
        return [leaf for _, leaf in log.contents(connection) if f'"{kind}"'.encode() in leaf]


def test_who_was_disabled_before_coming_does_not_come_by_the_invitation(desk: PeopleDesk) -> None:
    ada = desk.first("Ada")
    with desk.store.writing() as connection:
        eve, once = users.add(connection, "Eve", roles=[Role.APPROVER], actor=ada, now=desk.now)
        users.set_state(connection, eve.id, State.DISABLED, actor=ada, now=desk.now)
    with pytest.raises(Refusal, match="one-time token"), desk.store.writing() as connection:
        users.claim(connection, once, password=PASSWORD, passwords=CHEAP, now=desk.now)
    with desk.store.writing() as connection:
        after = users.set_state(connection, eve.id, State.ACTIVE, actor=ada, now=desk.now)
        assert after.state is State.INVITED
    with pytest.raises(Refusal, match="one-time token"), desk.store.writing() as connection:
        users.claim(connection, once, password=PASSWORD, passwords=CHEAP, now=desk.now)


def test_a_password_that_is_refused_leaves_the_one_time_token_good(desk: PeopleDesk) -> None:
    with desk.store.writing() as connection:
        once = users.invite_first(connection, now=desk.now)
    with pytest.raises(Refusal, match="too short"), desk.store.writing() as connection:
        users.claim(connection, once, password="kort", passwords=CHEAP, now=desk.now)
    with desk.store.writing() as connection:
        users.claim(connection, once, password=PASSWORD, passwords=CHEAP, now=desk.now)


@pytest.mark.parametrize("spelling", [str, str.upper, "  {}  ".format])
def test_nobody_takes_the_id_of_another_for_a_name(desk: PeopleDesk, spelling: object) -> None:
    ada = desk.first("Ada")
    assert callable(spelling)
    with pytest.raises(Refusal, match="form of a person's id"), desk.store.writing() as connection:
        users.add(connection, spelling(ada.id), roles=[], actor=ada, now=desk.now)


@pytest.mark.parametrize("name", ["Ada\ufe0f", "A\u034fda", "Ada \u3164", "ａｄａ"])
def test_no_two_names_look_the_same(desk: PeopleDesk, name: str) -> None:
    ada = desk.first("Ada")
    with pytest.raises(Refusal), desk.store.writing() as connection:
        users.add(connection, name, roles=[], actor=ada, now=desk.now)


@pytest.mark.parametrize("name", ["", "A\0da", "A\ud800da", "\u200b", "x" * 5000])
def test_a_name_that_cannot_be_is_wrong_like_any_other(desk: PeopleDesk, name: str) -> None:
    desk.first("Ada")
    assert desk.sign_in(name) == (None, signing_in.WRONG)
    assert desk.sign_in("Ada", "\ud800" * 12) == (None, signing_in.WRONG)


def test_a_token_makes_no_token_that_may_more_or_lasts_longer(desk: PeopleDesk) -> None:
    ada = desk.first("Ada")
    with desk.store.writing() as connection:
        _, secret = tokens.add(
            connection,
            label="short",
            scopes=["people"],
            lasts=timedelta(days=1),
            actor=ada,
            now=desk.now,
        )
        asking = tokens.identify(connection, secret, now=desk.now)
        made, _ = tokens.add(
            connection,
            label="long",
            scopes=["people"],
            lasts=timedelta(days=300),
            actor=ada,
            now=desk.now,
            within=asking,
        )
        assert made.expires_at == desk.now + timedelta(days=1)
        with pytest.raises(Refusal, match="cases"):
            tokens.add(
                connection,
                label="wide",
                scopes=["people", "cases"],
                lasts=timedelta(days=1),
                actor=ada,
                now=desk.now,
                within=asking,
            )


def test_a_token_that_was_cut_is_nobodys(desk: PeopleDesk) -> None:
    ada = desk.first("Ada")
    with desk.store.writing() as connection:
        _, secret = tokens.add(
            connection,
            label="x",
            scopes=["read"],
            lasts=timedelta(days=1),
            actor=ada,
            now=desk.now,
        )
        assert has_checksum(secret)
        assert secret.startswith("insyn_")
        assert not has_checksum(secret[:-1])
        assert tokens.identify(connection, secret[:-1], now=desk.now) is None


def test_a_wait_is_a_leaf_and_says_the_same_of_a_name_nobody_bears(desk: PeopleDesk) -> None:
    desk.first("Ada")
    said: list[bytes] = []
    for name in ("Ada", "Nobody"):
        for _ in range(attempts.of_name("").free):
            assert not leaves(desk, "sign-in.blocked")[len(said) :]
            desk.sign_in(name, WRONG, source=name)
        said.append(leaves(desk, "sign-in.blocked")[-1])
    assert len(leaves(desk, "sign-in.blocked")) == 2
    assert all(b'"by":"name"' in leaf and b"Ada" not in leaf for leaf in said)


def test_a_right_password_at_the_last_try_is_no_wait(desk: PeopleDesk) -> None:
    desk.first("Ada")
    for _ in range(attempts.of_name("").free - 1):
        desk.sign_in("Ada", WRONG)
    assert desk.sign_in("Ada")[0] is not None
    assert leaves(desk, "sign-in.blocked") == []


def test_only_an_administrator_ends_a_wait_and_leaves_a_leaf(desk: PeopleDesk) -> None:
    ada = desk.first("Ada")
    eve = desk.add(ada, "Eve", Role.ANALYST)
    with pytest.raises(Refusal, match="administrator"), desk.store.writing() as connection:
        signing_in.unlock(connection, eve.id, actor=eve, now=desk.now)
    with desk.store.writing() as connection:
        signing_in.unlock(connection, eve.id, actor=ada, now=desk.now)
    assert any(b'"unlocked"' in leaf for leaf in leaves(desk, "person.changed"))


def test_the_name_that_the_first_administrator_takes_is_a_leaf(desk: PeopleDesk) -> None:
    desk.first("Ada")
    assert len(leaves(desk, "person.renamed")) == 1
    assert b"Ada" not in leaves(desk, "person.renamed")[0]


def test_counts_of_made_up_names_do_not_stay(desk: PeopleDesk) -> None:
    desk.sign_in("nobody at all", WRONG, source="192.0.2.1")
    desk.pass_time(hours=25)
    desk.sign_in("nobody else", WRONG, source="192.0.2.2")
    with desk.store.reading() as connection:
        kept = connection.exec_driver_sql("SELECT count(*) FROM people_attempts").scalar()
    assert kept == 2


def test_a_shorter_session_may_be_asked_for_and_never_a_longer(desk: PeopleDesk) -> None:
    desk.first("Ada")
    secret, _ = desk.sign_in("Ada")
    assert secret is not None

    def whose(minutes: int, idle: int) -> object:
        with desk.store.reading() as connection:
            return sessions.identify(
                connection,
                secret,
                now=desk.now + timedelta(minutes=minutes),
                touch=False,
                idle=timedelta(minutes=idle),
            )

    assert whose(6, 5) is None
    assert whose(6, 7) is not None
    assert whose(40, 600) is None


@pytest.mark.parametrize("role", sorted(NEVER_TOGETHER[Role.ADMINISTRATOR]))
def test_whoever_makes_people_known_gives_no_second_word(desk: PeopleDesk, role: Role) -> None:
    ada = desk.first("Ada")
    bo = desk.add(ada, "Bo", Role.ADMINISTRATOR)
    with pytest.raises(Refusal, match="at once"), desk.store.writing() as connection:
        users.grant(connection, bo.id, role, actor=ada, now=desk.now)
    with pytest.raises(Refusal, match="at once"), desk.store.writing() as connection:
        users.add(connection, "Eve", roles=[role, Role.ADMINISTRATOR], actor=ada, now=desk.now)


def test_a_requester_may_be_an_approver_of_other_matters(desk: PeopleDesk) -> None:
    ada = desk.first("Ada")
    eve = desk.add(ada, "Eve", Role.REQUESTER, Role.APPROVER, Role.ANALYST)
    assert eve.roles == {Role.REQUESTER, Role.APPROVER, Role.ANALYST}


@given(st.text(max_size=40))
def test_the_key_of_a_key_is_itself(name: str) -> None:
    key = names.key_of(name)
    assert names.key_of(key) == key


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.sampled_from(
            [
                "Åsa Ödén",
                "åsa ödén",
                "ÅSA  ÖDÉN",
                "A\u030asa O\u0308de\u0301n",
                "\u212bsa Ödén",
                "Å\u200bsa Öd\u00adén",
                "\u00a0Åsa\u3000Ödén\t",
                "Ａ\u030asa Ödén\ufe0f",
            ]
        ),
        min_size=6,
        max_size=8,
    )
)
def test_no_spelling_of_a_name_opens_another_row_of_tries(
    tmp_path_factory: pytest.TempPathFactory, spellings: list[str]
) -> None:
    with people_in(tmp_path_factory.mktemp("people")) as desk:
        desk.first("Åsa Ödén")
        free = attempts.of_name("").free
        for number, spelling in enumerate(spellings[:free]):
            assert desk.sign_in(spelling, WRONG, source=str(number)) == (None, signing_in.WRONG)
        for spelling in spellings[free:]:
            assert "too many tries" in desk.sign_in(spelling, source="192.0.2.200")[1]
