"""
One page in one file that a password opens: AES-256-GCM, opened by WebCrypto.

The only home of `cryptography`. The file asks nobody for anything, and its policy lets
run the one script that it carries. Salt and nonce are fresh each time, so that the same
page is never the same file twice: what is locked is the one output without fixed bytes.
"""

from __future__ import annotations

import base64
import hashlib
import os
import unicodedata

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from markupsafe import Markup

from kpi_lib.language import LANGUAGES, speaking
from kpi_lib.page import templates

ROUNDS = 600_000  # OWASP's least for PBKDF2 with SHA-256 (2023)


def locked(html: str, password: str, *, lang: str = LANGUAGES[0]) -> str:
    """
    Wrap a page into one file that opens with a password, in a browser, from a disk.

    Parameters
    ----------
    html : str
        The page.
    password : str
        Compared in Unicode's composed form (NFC), as keyboards differ in that.
    lang : str
        The language of the words around it.

    Returns
    -------
    str
        HTML in which neither a word nor a name of the page stands.
    """
    salt, nonce = os.urandom(16), os.urandom(12)
    derivation = PBKDF2HMAC(hashes.SHA256(), 32, salt, ROUNDS)
    key = derivation.derive(unicodedata.normalize("NFC", password).encode())
    sealed = AESGCM(key).encrypt(nonce, html.encode(), None)
    lines = (templates.HERE / "locked.js").read_text("utf-8").splitlines()
    # As `render` leaves it: what is hashed is what stands in the file.
    script = "\n".join(line.strip() for line in lines)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # The page shares this policy once it is opened: it needs its styles and pictures.
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; "
        "style-src 'unsafe-inline'; img-src data:; font-src data:"
    )
    parts = {"salt": salt, "nonce": nonce, "sealed": sealed}
    with speaking(lang):
        return templates.render(
            "locked",
            policy=Markup(policy),
            script=Markup(script),
            rounds=ROUNDS,
            **{name: base64.b64encode(part).decode() for name, part in parts.items()},
        )
