"""Refresh the fonts that papers are set in, from npm packages at pinned versions, with their licence.

Run `python tools/refresh_fonts.py` with npm on the path, then review and commit `layers/paper/fonts/`. The text face is kept with
all its characters, the faces of headings with those of GB 2312 (a rarer one is then set in the text face); hints and layout tables
are left out, which a PDF does not need. `MANIFEST.json` names package, version, checksum and the characters of the text face.
Other bytes here mean other bytes of every paper.
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
# file -> package, file in it, family it is called by here (None: its own, and all its characters are kept). The faces of headings
# are families of their own, so that a character they lack is looked for in the text face.
FACES = {
    "NotoSerifSC-Regular.ttf": ("@expo-google-fonts/noto-serif-sc", "400Regular/NotoSerifSC_400Regular.ttf", None),
    "NotoSerifSC-Title.ttf": ("@expo-google-fonts/noto-serif-sc", "700Bold/NotoSerifSC_700Bold.ttf", "Noto Serif SC Title"),
    "NotoSansSC-Title.ttf": ("@expo-google-fonts/noto-sans-sc", "700Bold/NotoSansSC_700Bold.ttf", "Noto Sans SC Title"),
}
TEXT_FACE = "NotoSerifSC-Regular.ttf"
LEFT_OUT = ["vhea", "vmtx", "VORG", "BASE", "GPOS", "GSUB", "GDEF", "DSIG", "STAT"]
MORE = {0xB7, 0x33A1, 0x2014, 0x2026}


def gb2312() -> set[int]:
    """Return the characters of GB 2312 and of ASCII, and a few signs of measures and punctuation."""
    rows = (bytes([row, cell]) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    return {*range(0x20, 0x7F), *MORE, *(ord(text) for pair in rows if (text := pair.decode("gb2312", errors="ignore")))}


def reduce(source: Path, target: Path, family: str | None) -> set[int]:
    """Write a font with all its characters, or under another family name with those of headings; return the characters it has."""
    options = subset.Options(hinting=False, layout_features=[], name_IDs=["*"], notdef_outline=True, glyph_names=False)
    options.drop_tables += LEFT_OUT
    font = TTFont(source, recalcTimestamp=False)
    wanted = gb2312()
    characters = {code for code in font.getBestCmap() if family is None or code in wanted}
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    if family is not None:
        rename(font, family)
    font.save(target)
    return characters


def rename(font: TTFont, family: str) -> None:
    """Make a bold face the plain one of a family of its own."""
    names = {1: family, 2: "Regular", 3: family, 4: family, 6: family.replace(" ", ""), 16: family, 17: "Regular"}
    for record in font["name"].names:
        if record.nameID in names:
            record.string = names[record.nameID]
    font["OS/2"].usWeightClass = 400
    font["OS/2"].fsSelection = font["OS/2"].fsSelection & ~0x21 | 0x40
    font["head"].macStyle = 0


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
        for file, (package, source, family) in FACES.items():
            characters = reduce(modules / package / source, FONTS / file, family)
            text = characters if file == TEXT_FACE else text
            faces[file] = {"package": package, "version": VERSION, "sha256": hashlib.sha256((FONTS / file).read_bytes()).hexdigest()}
        shutil.copy2(modules / packages[0] / "LICENSE_FONT", FONTS / "OFL.txt")
    manifest = {"license": "OFL-1.1", "faces": faces, "characters": ranges(text)}
    (FONTS / "MANIFEST.json").write_text(json.dumps(manifest, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{sum(path.stat().st_size for path in FONTS.iterdir()) / 1e6:.1f} MB in {FONTS}")


if __name__ == "__main__":
    main()
