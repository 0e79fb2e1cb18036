"""Certificates in files: written whole or not at all, read with suspicion, told apart from failing cases by content."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from oracle.records import certificate as certificates
from oracle.records.certificate import Certificate
from oracle.records.certificate_making import NoCertificate
from oracle.records.record import Record
from oracle.records.store import content, load
from oracle.records.strict_json import InvalidRecord, parse
from oracle.report.json import dumps, write_atomically

LARGEST_FILE: Final = 2**24  # bytes; a certificate of 100 cases takes some 30 KB


def save(path: str | Path, certificate: Certificate) -> str:
    """Write a certificate, which can be read again, and return its digest.

    Raises
    ------
    NoCertificate
        If it is larger than what is read again, or holds what a certificate cannot, such as a seed of 100 digits.
    OSError
        If the file cannot be written.
    """
    text = dumps(certificate.to_dict())
    if len(text.encode()) > LARGEST_FILE:
        raise NoCertificate(f"it would be larger than {LARGEST_FILE} bytes; certify fewer subjects or cases at a time")
    try:
        digest = certificates.validated(parse(text.encode())).digest
    except InvalidRecord as error:
        raise NoCertificate(f"a certificate cannot hold this: {error}") from None
    write_atomically(Path(path), text)
    return digest


def load_any(path: str | Path) -> Record | Certificate:
    """The certificate or the record of a failing case in a file, whichever its content says it is.

    Raises
    ------
    InvalidRecord
        If it cannot be read, or is neither.
    """
    try:
        document = parse(content(path, LARGEST_FILE))
        is_certificate = isinstance(document, dict) and document.get("kind") == certificates.KIND
        if is_certificate:
            return certificates.validated(document)
    except InvalidRecord as error:
        raise InvalidRecord(f"{path} is not a certificate or a record of a failing case: {error}") from None
    return load(path)
