"""Refresh the scripts and styles that the pages are served with, at pinned versions, with their licences.

Run `python tools/refresh_assets.py` with npm on the path, then review and commit `api/static/vendor/`. Nothing is fetched at
run time: what stands in that folder is what browsers get. `MANIFEST.json` there names every package, version and checksum.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "api" / "static" / "vendor"

# package -> version and the files that browsers need; licence files are always taken along.
PACKAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "fflate": ("0.8.3", ("umd/index.js",)),
    "js-sha256": ("1.0.0", ("build/sha256.min.js",)),
    "leaflet": ("1.9.4", ("dist/leaflet.js", "dist/leaflet.css")),
    "proj4": ("2.22.0", ("dist/proj4.js",)),
    "protomaps-leaflet": ("5.1.0", ("dist/protomaps-leaflet.js",)),
    "swagger-ui-dist": ("5.35.0", ("swagger-ui-bundle.js", "swagger-ui.css", "swagger-ui-bundle.js.LICENSE.txt", "NOTICE")),
}
# Packages bundled inside a script: their licences have to stand beside it.
BUNDLED: dict[str, tuple[str, ...]] = {
    "proj4": ("mgrs", "wkt-parser"),
    "protomaps-leaflet": (
        "@mapbox/point-geometry",
        "@mapbox/vector-tile",
        "@protomaps/basemaps",
        "color2k",
        "fflate",
        "pbf",
        "pmtiles",
        "potpack",
        "quickselect",
        "rbush",
    ),
}


def install(folder: Path) -> Path:
    """Let npm unpack the pinned packages below `folder` without running their scripts; return node_modules."""
    wanted = [f"{name}@{version}" for name, (version, _) in PACKAGES.items()]
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--no-save", "--no-package-lock"]
    subprocess.run(["npm", "install", "--prefix", str(folder), *quiet, *wanted], check=True, stdout=sys.stderr)
    return folder / "node_modules"


def licence_of(package: Path) -> Path | None:
    """The licence file of an unpacked package."""
    return next((path for path in sorted(package.iterdir()) if path.name.upper().startswith(("LICENSE", "LICENCE", "COPYING"))), None)


def copy_package(modules: Path, name: str, files: tuple[str, ...]) -> list[Path]:
    """Copy one package's files and licence into the vendor folder."""
    target = VENDOR / name
    target.mkdir(parents=True)
    sources = [modules / name / file for file in files]
    licence = licence_of(modules / name)
    if licence is None:
        raise SystemExit(f"{name}: no licence file")
    return [Path(shutil.copy2(source, target / source.name)) for source in [*sources, licence]]


def bundled_licences(modules: Path, package: str) -> Path:
    """Write the licences of what a package's script contains into one file."""
    parts = []
    for name in BUNDLED[package]:
        meta = json.loads((modules / name / "package.json").read_text(encoding="utf-8"))
        licence = licence_of(modules / name)
        text = licence.read_text(encoding="utf-8") if licence else f"Licence: {meta['license']}"
        parts.append(f"{name} {meta['version']} ({meta['license']})\n\n{text.strip()}\n")
    path = VENDOR / package / "BUNDLED-LICENSES.txt"
    path.write_text(("\n" + "-" * 80 + "\n\n").join(parts), encoding="utf-8")
    return path


def main() -> None:
    """Replace the vendor folder by freshly unpacked packages."""
    with tempfile.TemporaryDirectory() as folder:
        modules = install(Path(folder))
        shutil.rmtree(VENDOR, ignore_errors=True)
        manifest = {}
        for name, (version, files) in PACKAGES.items():
            copied = copy_package(modules, name, files)
            if name in BUNDLED:
                copied.append(bundled_licences(modules, name))
            licence = json.loads((modules / name / "package.json").read_text(encoding="utf-8"))["license"]
            sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in copied}
            manifest[name] = {"version": version, "license": licence, "sha256": sums}
    (VENDOR / "MANIFEST.json").write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{sum(len(entry['sha256']) for entry in manifest.values())} files in {VENDOR}")


if __name__ == "__main__":
    main()
