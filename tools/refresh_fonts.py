"""Refresh the fonts that papers are set in, from npm packages at pinned versions, with their licence.

Run `python tools/refresh_fonts.py` with npm on the path, then review and commit `layers/paper/fonts/`. The text face is kept with
all its characters, the faces of headings with those of GB 2312 (a rarer one is then set in the text face); hints and layout tables
are left out, which a PDF does not need. `MANIFEST.json` names package, version, checksum and the characters of the text face.
Other bytes here mean other bytes of every paper: raise `FORM` in `layers/paper/render.py` with them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

FONTS = Path(__file__).resolve().parent.parent / "layers" / "paper" / "fonts"
VERSION = "0.4.3"
# file -> package, file in it, whether all characters are kept
FACES = {
    "NotoSerifSC-Regular.ttf": ("@expo-google-fonts/noto-serif-sc", "400Regular/NotoSerifSC_400Regular.ttf", True),
    "NotoSerifSC-Bold.ttf": ("@expo-google-fonts/noto-serif-sc", "700Bold/NotoSerifSC_700Bold.ttf", False),
    "NotoSansSC-Bold.ttf": ("@expo-google-fonts/noto-sans-sc", "700Bold/NotoSansSC_700Bold.ttf", False),
}
TEXT_FACE = "NotoSerifSC-Regular.ttf"
LEFT_OUT = ["vhea", "vmtx", "VORG", "BASE", "GPOS", "GSUB", "GDEF", "DSIG", "STAT"]
MORE = {0x33A1, 0x2014, 0x2026}


def gb2312() -> set[int]:
    """Return the characters of GB 2312 and of ASCII, and a few signs of measures and punctuation."""
    rows = (bytes([row, cell]) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    return {*range(0x20, 0x7F), *MORE, *(ord(text) for pair in rows if (text := pair.decode("gb2312", errors="ignore")))}


def reduce(source: Path, target: Path, keep: set[int] | None) -> set[int]:
    """Write a font with the characters in `keep` (None: all); return the characters it has."""
    options = subset.Options(hinting=False, layout_features=[], name_IDs=["*"], notdef_outline=True, glyph_names=False)
    options.drop_tables += LEFT_OUT
    font = TTFont(source, recalcTimestamp=False)
    characters = {code for code in font.getBestCmap() if keep is None or code in keep}
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    font.save(target)
    return characters


def ranges(characters: Iterable[int]) -> list[list[int]]:
    """Return characters as closed ranges in order."""
    found: list[list[int]] = []
    for code in sorted(characters):
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


def main() -> None:
    """Replace the folder of fonts by freshly unpacked and reduced ones."""
    with tempfile.TemporaryDirectory() as folder:
        packages = sorted({package for package, _, _ in FACES.values()})
        quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--no-save", "--no-package-lock"]
        wanted = [f"{package}@{VERSION}" for package in packages]
        subprocess.run(["npm", "install", "--prefix", folder, *quiet, *wanted], check=True, stdout=sys.stderr)
        modules = Path(folder) / "node_modules"
        shutil.rmtree(FONTS, ignore_errors=True)
        FONTS.mkdir(parents=True)
        faces, text = {}, set[int]()
        for file, (package, source, everything) in FACES.items():
            characters = reduce(modules / package / source, FONTS / file, None if everything else gb2312())
            text = characters if file == TEXT_FACE else text
            faces[file] = {"package": package, "version": VERSION, "sha256": hashlib.sha256((FONTS / file).read_bytes()).hexdigest()}
        shutil.copy2(modules / packages[0] / "LICENSE_FONT", FONTS / "OFL.txt")
    manifest = {"license": "OFL-1.1", "faces": faces, "characters": ranges(text)}
    (FONTS / "MANIFEST.json").write_text(json.dumps(manifest, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{sum(path.stat().st_size for path in FONTS.iterdir()) / 1e6:.1f} MB in {FONTS}")


if __name__ == "__main__":
    main()
