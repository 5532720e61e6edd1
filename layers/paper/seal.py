"""The seal of a bureau: a certificate with its key, and the PAdES signature it puts on a paper. No timestamp server is needed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter

from layers.errors import SealError
from layers.paper.waiting import outcome

FIELD = "CuntuSeal"


@dataclass(frozen=True)
class Seal:
    """A certificate with its key. `chain` are the SHA-256 of all certificates that a signature carries, sorted."""

    signer: signers.SimpleSigner
    name: str
    sha256: str
    chain: tuple[str, ...]

    @property
    def identity(self) -> dict[str, Any]:
        """Who signs, as it stands in a paper's frame; with the chain every byte of the certificates is accounted for."""
        return {"name": self.name, "sha256": self.sha256, "chain": list(self.chain)}


def load_seal(key: Path, passphrase: Path | None) -> Seal:
    """Read a PKCS#12 file and, from another file, its passphrase; raise SealError where that does not give a key and a certificate."""
    try:
        word = passphrase.read_bytes().rstrip(b"\r\n") if passphrase else None
        key.read_bytes()
    except OSError as error:
        raise SealError(f"签名证书读取失败：{error.filename}：{error.strerror}") from None
    signer = signers.SimpleSigner.load_pkcs12(str(key), passphrase=word)  # type: ignore[no-untyped-call]
    if signer is None or signer.signing_cert is None:
        raise SealError(f"“{key.name}”不是可用的 PKCS#12 证书，或口令不对。")
    certificates = [signer.signing_cert.dump(), *(certificate.dump() for certificate in signer.cert_registry)]
    chain = sorted({hashlib.sha256(der).hexdigest() for der in certificates})
    return Seal(signer, signer.signing_cert.subject.human_friendly, hashlib.sha256(certificates[0]).hexdigest(), tuple(chain))


def sign(pdf: bytes, seal: Seal) -> bytes:
    """Return the signed paper: the file as it was, followed by the signature."""
    metadata = signers.PdfSignatureMetadata(field_name=FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, reason="规则核查意见书")
    signer = signers.PdfSigner(metadata, signer=seal.signer, new_field_spec=SigFieldSpec(FIELD))
    signed: BytesIO = outcome(lambda: signer.async_sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf))))
    return signed.getvalue()


def load_roots(path: Path) -> list[bytes]:
    """Read root certificates (PEM, one or more, or one in DER) and return them as DER; raise SealError."""
    try:
        return [certificate.dump() for certificate in load_certs_from_pemder([str(path)])]  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise SealError(f"根证书“{path}”读取失败：{error}") from None
