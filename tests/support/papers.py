"""Papers for tests: a report with every kind of finding, a throwaway certificate authority, and what the tools of poppler read."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from planning import EPSG, application, checked, county_layers, here, layer

from layers.paper.render import Frame, render
from layers.paper.seal import Seal, load_seal
from layers.paper.surroundings import surroundings
from spatial.canonical import canonical_json

CHECK_ID = "0b6c2f0e-3d3c-4a52-9d2f-2f0c5a8b9f01"
HOSTILE = '#import "x.typ"; #let a = 1 $x^2$ @ref <lab> *b* _i_ `r` // c {{ 7*7 }} <script>alert(1)</script> \\u{41} =SUM(A1)'


def troubled_layers() -> dict[str, Any]:
    """A county in which the default site is refused, needs an approval, has a sliver, and touches a neighbour."""
    west, east = here(-500, -500, 505, 1500), here(5, -500, 500, 1500)
    return county_layers(
        land_use=layer("land_use", [west, east], {"DLBM": ["0101", "0702"]}, code_system="survey", title="地类图斑"),
        basic_farmland=layer("basic_farmland", [here(-1, -1, 1.02, 16)], title="永久基本农田"),
        control_zone=layer("control_zone", [west, east], {"zone": ["concentrated", "restricted"]}, title="管控分区"),
        parcel=layer("parcel", [here(10, 0, 10, 14)], title="宗地"),
        road=layer("road", [here(-900, 18, 1_800, 6)], {"class": ["county"]}, title="公路"),
        hazard=None,
    )


def troubled_report(**properties: Any) -> dict[str, Any]:
    """A stored report of the default site in that county: findings of every group."""
    report = checked([application(**({"case_no": "测〔2026〕17 号"} | properties))], troubled_layers()).report(0)
    return report | {"id": CHECK_ID, "checked_at": "2026-05-02T03:04:05+00:00"}


def frame_of(report: dict[str, Any], **changes: Any) -> Frame:
    """The frame of a report of the default site."""
    plan = surroundings(report, here(), epsg=EPSG, layers=troubled_layers())
    return Frame(**({"county": "测试县", "synthetic": True, "map": plan} | changes))


def paper_of(report: dict[str, Any], **changes: Any) -> bytes:
    """The unsigned paper of a report."""
    return render(canonical_json(report), frame_of(report, **changes).json)


def make_seal(folder: Path, *, kind: str = "rsa", passphrase: str = "口令 1") -> tuple[Seal, bytes]:
    """A seal under a certificate authority made for the moment, and the root certificate (DER)."""
    archive, root = authority(kind, passphrase)
    (folder / "seal.p12").write_bytes(archive)
    (folder / "passphrase").write_text(f"{passphrase}\n", encoding="utf-8")
    (folder / "root.der").write_bytes(root)
    return load_seal(folder / "seal.p12", folder / "passphrase"), root


def authority(kind: str = "rsa", passphrase: str = "x") -> tuple[bytes, bytes]:
    """A PKCS#12 archive with a signing certificate, and the root (DER) that issued it."""
    root_key, key = _key(kind), _key(kind)
    root = _certificate(_name("测试根"), _name("测试根"), root_key.public_key(), root_key, ca=True)
    leaf = _certificate(_name("审批专用章"), _name("测试根"), key.public_key(), root_key, ca=False)
    secret = serialization.BestAvailableEncryption(passphrase.encode())
    return pkcs12.serialize_key_and_certificates(b"seal", key, leaf, [root], secret), root.public_bytes(serialization.Encoding.DER)


def _key(kind: str) -> Any:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())


def _name(common: str) -> x509.Name:
    parts = {NameOID.COUNTRY_NAME: "CN", NameOID.ORGANIZATION_NAME: "测试县自然资源和规划局", NameOID.COMMON_NAME: common}
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts.items()])


def _certificate(subject: x509.Name, issuer: x509.Name, public: Any, signer: Any, *, ca: bool) -> x509.Certificate:
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=not ca, content_commitment=not ca, key_cert_sign=ca, crl_sign=ca, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
    builder = builder.add_extension(x509.BasicConstraints(ca, None), critical=True).add_extension(usage, critical=True)
    return builder.sign(signer, hashes.SHA256())


def poppler(program: str, pdf: bytes, folder: Path, *options: str) -> str:
    """What one of poppler's programs says of a PDF."""
    path = folder / "paper.pdf"
    path.write_bytes(pdf)
    ends = ["-"] if program == "pdftotext" else []
    return subprocess.run([program, *options, str(path), *ends], capture_output=True, check=True, encoding="utf-8").stdout


def squeezed(text: str) -> str:
    """A text without white space and invisible signs: lines of a page break anywhere."""
    return re.sub(r"[\s\u200b\u00ad]+", "", text)


def text_of(pdf: bytes, folder: Path) -> str:
    """All text of a PDF as one line, without the running heads and feet (they fall between the lines of what crosses a page)."""
    return squeezed(poppler("pdftotext", pdf, folder, "-x", "0", "-y", "58", "-W", "600", "-H", "730"))
