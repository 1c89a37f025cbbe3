"""What stands for a DAG file in an address: its place, signed, so that nobody can name a file that no answer named."""

from __future__ import annotations

import jwt

from queuack.api.errors import Refusal

ALGORITHM = "HS256"
ISSUER = "queuack-file"
"""Another one than that of the tokens people log in with: neither passes for the other."""


class FileTokens:
    def __init__(self, key: str) -> None:
        self._key = key

    def issue(self, bundle_name: str | None, relative_fileloc: str | None) -> str:
        """The same for the same file, always."""
        return jwt.encode(
            {"iss": ISSUER, "bundle_name": bundle_name, "relative_fileloc": relative_fileloc}, self._key, ALGORITHM
        )

    def relative_fileloc(self, token: str) -> str:
        """The file of a token, relative to the DAGs folder. Raises 404 for one that was not issued here."""
        try:
            claims = jwt.decode(token, self._key, [ALGORITHM], issuer=ISSUER)
        except jwt.PyJWTError:
            raise Refusal(404, "There is no file with this token.") from None
        return str(claims["relative_fileloc"])
