"""Text as the search sees it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.tickets import terms


def test_one_form() -> None:
    assert terms.plain("安全出口，被堵！") == "安全出口 被堵"
    assert terms.plain("３５号楼ＡＢ") == "35 号楼 ab"
    assert terms.plain("烟花_爆竹") == "烟花 爆竹"
    assert terms.plain(None, "", "!?") == ""


def test_pieces() -> None:
    assert terms.pieces("消防栓") == {"消防", "防栓", "栓"}
    assert terms.pieces("ab12") == {"ab1", "b12", "12", "2"}


def test_words() -> None:
    assert terms.words(' 出口 "安全 出口" 出口 “老王　烧烤 ') == [
        "出口",
        "安全 出口",
        "老王 烧烤 ",
    ]
    assert terms.words('"" " "') == []


def test_what_is_asked() -> None:
    assert terms.asked("消") == "'消':*"
    assert terms.asked("消防栓 a") == "'消防' & '防栓' & 'a':*"


@given(st.text(max_size=60), st.text(min_size=1, max_size=10), st.text(max_size=60))
def test_a_word_that_stands_there_is_found_by_its_pieces(
    before: str, word: str, after: str
) -> None:
    """The pieces never rule out a text in which the word stands."""
    text, asked = terms.plain(before + word + after), terms.plain(word)
    if not asked or asked not in text:
        return
    held = terms.pieces(text)
    for one in terms.asked(asked).split(" & "):
        piece = one.removesuffix(":*").strip("'")
        begins = one.endswith(":*")
        assert any(h.startswith(piece) if begins else h == piece for h in held)


@given(st.text(max_size=200))
def test_no_operator_gets_through(query: str) -> None:
    for word in terms.words(query):
        plain = terms.plain(word)
        assert not set(plain) & set("'\\&|!():<>*%_\x00")
