"""
Every sentence of the pages in three languages; the Chinese text is the key.

``_("{n}项待定", n=3)`` gives the sentence in the language that is spoken now:
simplified Chinese as written, traditional Chinese by OpenCC, English from the gettext
catalogue ``locale/en.po``. Only the sentence is translated; what is put into it comes
from data and stays as it is. English plurals are written in the catalogue as
``{n} {n:item|items}``.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("zh-Hans", "zh-Hant", "en")
"""Languages of the pages, the default first."""

LOCALES = {"zh-Hans": "zh_Hans", "zh-Hant": "zh_Hant", "en": "en"}
"""What Babel calls each."""

CATALOGUE = Path(__file__).parent / "locale" / "en.po"

_spoken: ContextVar[str] = ContextVar("language", default=LANGUAGES[0])


def language() -> str:
    """Return the language that is spoken now, one of `LANGUAGES`."""
    return _spoken.get()


def speak(language: str) -> None:
    """
    Speak a language from here on, as a notebook does.

    Parameters
    ----------
    language : str
        One of `LANGUAGES`.

    Raises
    ------
    KeyError
        It is none of them.
    """
    LOCALES[language]  # any other is a mistake
    _spoken.set(language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """
    Speak a language inside the block.

    Parameters
    ----------
    language : str
        One of `LANGUAGES`.
    """
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def _(text: str, /, **values: Any) -> str:
    """
    Say a sentence in the language that is spoken now.

    Parameters
    ----------
    text : str
        The Chinese sentence, with ``{name}`` where values stand.
    **values : object
        What stands there; put in as it is.

    Returns
    -------
    str
        The sentence; Chinese where the catalogue lacks it (a test finds none).
    """
    said = translated(text)
    return _FILL.vformat(said, (), values) if values else said


def N_(text: str, /) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a sentence that is said later, by ``_(…)`` of where it is kept."""
    return text


class Sentence(str):
    """
    A Chinese sentence that knows its template and values, to be said on a page later.

    It reads as the finished Chinese sentence wherever a string is wanted; `say` says it
    in another language. Below the page sentences travel so, and ``_`` is not used.

    Parameters
    ----------
    template : str
        The Chinese sentence, with ``{name}`` where values stand; the catalogue's key.
    **values : object
        What stands there: text and numbers of data as they are, other sentences, or
        lists of these, which are joined by the language's own comma.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: Any) -> Sentence:
        """Fill the template in Chinese."""
        shown = {name: _chinese(value) for name, value in values.items()}
        self = super().__new__(
            cls, _FILL.vformat(template, (), shown) if shown else template
        )
        self.template, self.values = template, values
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Sentence.read, (self.written(),)

    def written(self) -> list[Any]:
        """Return template and values as JSON can keep them; `read` reverses it."""
        values = {name: _written(value) for name, value in self.values.items()}
        return [self.template, values] if values else [self.template]

    @classmethod
    def read(cls, kept: list[Any]) -> Sentence:
        """Return the sentence that `written` gave."""
        template, values = (*kept, {})[:2]
        return cls(template, **{name: _read(value) for name, value in values.items()})


def say(text: str) -> str:
    """
    Say a sentence in the language that is spoken now.

    Parameters
    ----------
    text : str
        A `Sentence`; any other string is data and stays as it is.

    Returns
    -------
    str
        Its template's translation, filled with its values, each said too.
    """
    if not isinstance(text, Sentence):
        return text
    return _(text.template, **{name: _said(v) for name, v in text.values.items()})


def _said(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return _("、").join(str(_said(part)) for part in value)
    return say(value) if isinstance(value, str) else value


def _chinese(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return "、".join(str(part) for part in value)
    return value


def _written(value: Any) -> Any:
    if isinstance(value, Sentence):
        return value.written()
    if isinstance(value, list | tuple):
        return {"list": [_written(part) for part in value]}
    return value if isinstance(value, str | int) else str(value)


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        return [_read(part) for part in value["list"]]
    return Sentence.read(value) if isinstance(value, list) else value


def translated(text: str) -> str:
    """Return a sentence's template in the language that is spoken now."""
    match language():
        case "zh-Hant":
            return traditional(text)
        case "en":
            return catalogue().get(text, text)
        case _:
            return text


@cache
def traditional(text: str) -> str:
    """
    Return simplified Chinese in the characters of Taiwan.

    Parameters
    ----------
    text : str
        A sentence of ours, never of data.

    Returns
    -------
    str
    """
    return str(_opencc().convert(text))


@cache
def _opencc() -> Any:
    # Loading its dictionaries takes a moment, and only one language needs them.
    from opencc import OpenCC

    return OpenCC("s2tw")


@cache
def catalogue() -> dict[str, str]:
    """
    Return the English of every sentence.

    Returns
    -------
    dict of str to str
        By the Chinese sentence; without those that are not translated yet.
    """
    from babel.messages.pofile import read_po

    with CATALOGUE.open("rb") as file:
        found = read_po(file, locale="en")
    return {
        str(message.id): str(message.string)
        for message in found
        if message.id and message.string
    }


class _Filling(string.Formatter):
    """Fills sentences; ``{n:item|items}`` chooses by whether n is one."""

    def format_field(self, value: Any, spec: str) -> str:
        if "|" not in spec:
            return str(super().format_field(value, spec))
        one, many = spec.split("|", 1)
        return one if str(value) == "1" else many


_FILL = _Filling()
