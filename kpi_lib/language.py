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
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("zh-Hans", "zh-Hant", "en")  # Languages of the pages, the default first

# What OpenCC converts letter by letter, and how Taiwan writes it.
TAIWAN = {"點贊": "點讚", "賬號": "帳號", "周": "週"}

LOCALES = {"zh-Hans": "zh_Hans", "zh-Hant": "zh_Hant", "en": "en"}  # Babel's names

CATALOGUE = Path(__file__).parent / "locale" / "en.po"

_spoken: ContextVar[str] = ContextVar("language", default=LANGUAGES[0])


def language() -> str:
    """Return the language that is spoken now, one of `LANGUAGES`."""
    return _spoken.get()


def speak(language: str) -> None:
    """Speak one of `LANGUAGES` from here on, as a notebook does; else a KeyError."""
    LOCALES[language]  # any other is a mistake
    _spoken.set(language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak one of `LANGUAGES` inside the block."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def _(text: str, /, **values: Any) -> str:
    """
    Say a Chinese sentence, its ``{name}`` filled, in the language spoken now.

    Data is put in as it is, a sentence or a name is said. What the catalogue lacks
    stays Chinese (a test finds none).
    """
    said = translated(text)
    if not values:
        return said
    return _FILL.vformat(said, (), {name: _said(v) for name, v in values.items()})


def N_(text: str, /) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a sentence that is said later, by ``_(…)`` of where it is kept."""
    return text


class Name(str):
    """
    A name with its translations, to be said on a page later.

    It reads as the simplified Chinese one wherever a string is wanted. Without `en`
    English has the Chinese one, without `hant` OpenCC writes it.
    """

    en: str
    hant: str

    def __new__(cls, zh: str, en: str = "", hant: str = "") -> Name:
        """Keep the translations beside the Chinese."""
        self = super().__new__(cls, zh)
        self.en, self.hant = en, hant
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Name, (str(self), self.en, self.hant)

    def written(self) -> dict[str, str]:
        """Return the name and its translations as JSON can keep them."""
        names = {"zh": str(self), "en": self.en, "zh-Hant": self.hant}
        return {key: name for key, name in names.items() if name or key == "zh"}

    @classmethod
    def read(cls, names: Mapping[str, str]) -> Name:
        """Return the name that `written` gave."""
        return cls(names["zh"], names.get("en", ""), names.get("zh-Hant", ""))


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
        Text and numbers of data as they are, names, other sentences, or lists of these,
        joined by the language's own comma, or by the mark that the template gives:
        ``{remarks:；}``.
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
        values = {name: written(value) for name, value in self.values.items()}
        return [self.template, values] if values else [self.template]

    @classmethod
    def read(cls, kept: list[Any]) -> Sentence:
        """Return the sentence that `written` gave."""
        template, values = (*kept, {})[:2]
        return cls(template, **{name: reread(value) for name, value in values.items()})


def say(text: Any) -> Any:
    """Say a sentence or a name in the language spoken now; data stays as it is."""
    if isinstance(text, Sentence):
        return _(text.template, **text.values)
    if not isinstance(text, Name):
        return text
    match language():
        case "en":
            return text.en or str(text)
        case "zh-Hant":
            return text.hant or traditional(str(text))
        case _:
            return str(text)


def spoken(part: Any) -> Any:
    """Say every sentence and name in a structure of dicts and lists."""
    return _each(part, say)


def to_json(part: Any) -> Any:
    """
    Write everything in a structure of dicts and lists as JSON can keep it.

    A sentence becomes its Chinese with template and values to say it by
    (``{"zh": …, "say": […]}``), a name its translations (``{"zh": …, "en": …}``).
    """
    return _each(part, _kept)


def from_json(part: Any) -> Any:
    """Read a structure that `to_json` wrote, sentences and names in their places."""
    if isinstance(part, dict):
        if "say" in part:
            return Sentence.read(part["say"])
        if "zh" in part:
            return Name.read(part)
        return {key: from_json(value) for key, value in part.items()}
    return [from_json(value) for value in part] if isinstance(part, list) else part


def _each(part: Any, change: Callable[[Any], Any]) -> Any:
    """Change every leaf of a structure of dicts and lists."""
    if isinstance(part, Mapping):
        return {key: _each(value, change) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_each(value, change) for value in part]
    return change(part)


def _kept(text: Any) -> Any:
    if isinstance(text, Sentence):
        return {"zh": str(text), "say": text.written()}
    return text.written() if isinstance(text, Name) else text


class _Listed(list[str]):
    """Parts of a sentence, joined when it is filled."""

    def __init__(self, parts: Iterable[Any], comma: str) -> None:
        super().__init__(map(str, parts))
        self.comma = comma


def _said(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return _Listed(map(_said, value), translated("、"))
    return say(value)


def _chinese(value: Any) -> Any:
    return _Listed(value, "、") if isinstance(value, list | tuple) else value


def written(value: Any) -> Any:
    """Return a text so that JSON can keep it and `reread` gives it back."""
    if isinstance(value, Sentence | Name):
        return value.written()
    if isinstance(value, list | tuple):
        return {"list": [written(part) for part in value]}
    return value if isinstance(value, str | int) else str(value)


def reread(value: Any) -> Any:
    """Return the text that was `written`."""
    if isinstance(value, dict):
        if "list" in value:
            return [reread(part) for part in value["list"]]
        return Name.read(value)
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
    """Return a sentence of ours, never data, in the characters of Taiwan."""
    text = str(_opencc("s2tw").convert(text))
    for converted, usual in TAIWAN.items():
        text = text.replace(converted, usual)
    return text


def simplified(text: str) -> str:
    """Return data in the simplified characters in which ours are written."""
    return str(_opencc("t2s").convert(text))


@cache
def _opencc(way: str) -> Any:
    # Loading its dictionaries takes a moment, and few need them.
    from opencc import OpenCC

    return OpenCC(way)


@cache
def catalogue() -> dict[str, str]:
    """Return the English of every sentence by the Chinese, where there is one."""
    from babel.messages.pofile import read_po

    with CATALOGUE.open("rb") as file:
        messages = read_po(file, locale="en")
    return {
        str(message.id): str(message.string)
        for message in messages
        if message.id and message.string
    }


class _Filling(string.Formatter):
    """Fills: ``{n:item|items}`` chooses by whether n is one, ``{remarks:；}`` joins."""

    def format_field(self, value: Any, spec: str) -> str:
        if isinstance(value, _Listed):
            return (spec or value.comma).join(value)
        if "|" not in spec:
            return str(super().format_field(value, spec))
        one, many = spec.split("|", 1)
        return one if str(value) == "1" else many


_FILL = _Filling()
