"""Passwords: what they cost whoever steals the hashes, and what matches."""

from __future__ import annotations

from argon2 import PasswordHasher, Type

from server.accounts.passwords import hash_password, matches


def test_the_cost_is_at_least_owasps_minimum(quick_sign_ins: PasswordHasher) -> None:
    assert quick_sign_ins.type is Type.ID
    assert quick_sign_ins.memory_cost >= 19 * 1024
    assert quick_sign_ins.time_cost >= 2


def test_what_matches(quick_sign_ins: PasswordHasher) -> None:
    for encoded in (hash_password("风雨-无阻"), quick_sign_ins.hash("风雨-无阻")):
        assert encoded.startswith("$argon2id$")
        assert matches("风雨-无阻", encoded)
        assert not matches("风雨无阻", encoded)


def test_nothing_matches_no_account_or_a_broken_hash() -> None:
    assert not matches("no account has this password", None)
    assert not matches("风雨-无阻", "$argon2id$broken")
    assert not matches("", "")
