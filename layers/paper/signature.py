"""Checking the signature of a paper, without a network: that it covers every byte, is the only one, and hides nothing.

A signature's container has places that its own hash does not cover (padding, headers, further certificates). Here each of them
must be exactly as this system writes it, so that no byte of a signed paper can be changed unnoticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from asn1crypto import algos, cms, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import CertificateValidator, ValidationContext

from layers.paper.waiting import outcome


@dataclass(frozen=True)
class SignatureFinding:
    """What can be said of a signature. `problem` None: intact. `trusted` None: no root certificate was given to ask."""

    problem: str | None
    trusted: bool | None = None


def check_signature(pdf: bytes, identity: Mapping[str, Any], *, roots: Sequence[bytes]) -> SignatureFinding:
    """Check the only signature of a paper against the identity its frame names; `roots` are certificates (DER) to be trusted."""
    try:
        (embedded,) = PdfFileReader(BytesIO(pdf)).embedded_signatures
        problem = _container_problem(pdf, embedded, identity) or _signature_problem(embedded)
        return SignatureFinding(problem, trusted=_is_trusted(embedded, roots) if problem is None and roots else None)
    except Exception:  # whatever a broken signature makes the parser stumble over
        return SignatureFinding("签名无法读取")


def _signature_problem(embedded: EmbeddedPdfSignature) -> str | None:
    embedded.compute_integrity_info(skip_diff=True)  # type: ignore[no-untyped-call]
    digest = embedded.compute_digest()
    intact, valid = validate_sig_integrity(embedded.signer_info, embedded.signer_cert, "data", digest)
    if not (intact and valid):
        return "签名与文件内容不符"
    return None if embedded.coverage == SignatureCoverageLevel.ENTIRE_FILE else "签名没有覆盖整个文件"


def _is_trusted(embedded: EmbeddedPdfSignature, roots: Sequence[bytes]) -> bool:
    """Tell whether the certificate leads to one of the roots today; revocation would need a network and is not asked."""
    context = ValidationContext(trust_roots=[x509.Certificate.load(root) for root in roots], allow_fetching=False)
    validator = CertificateValidator(embedded.signer_cert, intermediate_certs=embedded.other_embedded_certs, validation_context=context)
    try:
        outcome(lambda: validator.async_validate_usage({"digital_signature"}))  # type: ignore[no-untyped-call]
    except Exception:  # no path; or a root of the same name with another kind of key, over which the validator stumbles
        return False
    return True


def _container_problem(pdf: bytes, embedded: EmbeddedPdfSignature, identity: Mapping[str, Any]) -> str | None:
    """Compare the bytes between the signed ranges with what this system would have written there."""
    start, length, resume, rest = (int(value) for value in embedded.byte_range)
    der: bytes = embedded.pkcs7_content
    gap = pdf[start + length : resume]
    written = b"<" + _unpadded(der).hex().upper().encode().ljust(len(gap) - 2, b"0") + b">"
    if start != 0 or resume + rest != len(pdf) or gap != written:
        return "签名区的字节不符"
    content = cms.ContentInfo.load(_unpadded(der), strict=True)
    found = [hashlib.sha256(item.chosen.dump()).hexdigest() for item in content["content"]["certificates"]]
    if sorted(found) != list(identity["chain"]) or embedded.signer_cert.sha256.hex() != identity["sha256"]:
        return "签名证书与文件所写的不符"
    return None if _as_written(content["content"]).dump() == _unpadded(der) else "签名容器被改动"


def _unpadded(der: bytes) -> bytes:
    """The container without the zeros that follow it in the file."""
    container: bytes = cms.ContentInfo.load(der).dump()
    return container


def _as_written(signed: cms.SignedData) -> cms.ContentInfo:
    """Put a container together anew from what is proven by the signature or by the identity: certificates, signed attributes, signature."""
    (info,) = signed["signer_infos"]
    digest = algos.DigestAlgorithm({"algorithm": "sha256"})
    signer = next(item.chosen for item in signed["certificates"] if item.chosen.serial_number == info["sid"].chosen["serial_number"].native)
    sid = cms.SignerIdentifier({"issuer_and_serial_number": cms.IssuerAndSerialNumber({"issuer": signer.issuer, "serial_number": signer.serial_number})})
    rebuilt = cms.SignerInfo({
        "version": "v1", "sid": sid, "digest_algorithm": digest, "signature_algorithm": _algorithm(info), "signed_attrs": info["signed_attrs"],
        "signature": info["signature"],
    })  # fmt: skip
    data = cms.SignedData({
        "version": "v1", "digest_algorithms": cms.DigestAlgorithms((digest,)), "encap_content_info": {"content_type": "data"},
        "certificates": signed["certificates"], "signer_infos": [rebuilt],
    })  # fmt: skip
    return cms.ContentInfo({"content_type": "signed_data", "content": data})


def _algorithm(info: cms.SignerInfo) -> algos.SignedDigestAlgorithm:
    return algos.SignedDigestAlgorithm({"algorithm": info["signature_algorithm"]["algorithm"].native})
