"""Files made to do harm: to who opens them, to programs that take them apart, and by their names.

Those in RUNNABLE run a script when a browser is handed them carelessly: it asks for CANARY, which stands for an address
of the test's own.
"""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from functools import cache

CANARY = "http://canary.invalid/"
_CALL = f"fetch('{CANARY}'+NAME,{{mode:'no-cors'}});document.title='canary';"
_MEGABYTE = b"\0" * 2**20


def _script(name: str) -> str:
    return _CALL.replace("NAME", f"'{name}'")


def _png(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(_MEGABYTE * 8, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _jpeg(width: int, height: int) -> bytes:
    """The beginning of a JPEG that claims a size."""
    frame = struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes([1, 17, 0, 2, 17, 1, 3, 17, 1])
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + b"\xff\xc0" + frame + b"\xff\xd9"


def _zip(entries: Mapping[str, bytes], *, link: str = "") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
        if link:
            entry = zipfile.ZipInfo("link")
            entry.external_attr = 0o120777 << 16  # a symbolic link
            archive.writestr(entry, link)
    return packed.getvalue()


def _gzip_bomb(megabytes: int) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9, mtime=0) as file:
        for _ in range(megabytes):
            file.write(_MEGABYTE)
    return packed.getvalue()


def _html(name: str) -> bytes:
    return f"<!doctype html><title>plain</title><script>{_script(name)}</script>".encode()


def _svg(name: str) -> bytes:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><title>plain</title>'
        f"<script>{_script(name).replace('document.title', 'document.documentElement.id')}</script></svg>"
    ).encode()


def _xhtml(name: str) -> bytes:
    return (
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>plain</title>'
        f"<script>{_script(name)}</script></head><body/></html>"
    ).encode()


_PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\ntrailer<</Root 1 0 R>>"
_LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(12))

# By name: the content, and the type that a careless server names for it.
RUNNABLE: dict[str, tuple[bytes, str]] = {
    "page.html": (_html("page.html"), "text/html"),
    "photograph.png": (_html("photograph.png"), "text/html"),
    "with-a-mark.html": (b"\xef\xbb\xbf  <!-- x -->" + _html("with-a-mark.html"), "text/html"),
    "wide.html": (b"\xff\xfe" + _html("wide.html").decode().encode("utf-16-le"), "text/html"),
    "drawing.svg": (_svg("drawing.svg"), "image/svg+xml"),
    "drawing.jpg": (b"<?xml version='1.0'?>" + _svg("drawing.jpg"), "image/svg+xml"),
    "page.xhtml": (_xhtml("page.xhtml"), "application/xhtml+xml"),
    "feed.xml": (_xhtml("feed.xml"), "application/xml"),
    "gif-and-page.gif": (b"GIF89a/*" + b"\0" * 40 + b"*/=1;\n" + _html("gif-and-page.gif"), "text/html"),
    "paper-and-page.pdf": (_html("paper-and-page.pdf") + b"\n" + _PDF, "text/html"),
    "archive-and-page.zip": (_html("archive-and-page.zip") + _zip({"a.txt": b"a"}), "text/html"),
    "text.txt": (_html("text.txt"), "text/html"),
}
# As a script of another's page: a GIF that is a script too, and a script under the name of an image.
SCRIPTS: dict[str, bytes] = {
    "script.gif": b"GIF89a=1;" + _script("script.gif").encode(),
    "script.jpg": _script("script.jpg").encode(),
    "script.js": _script("script.js").encode(),
}


@cache
def to_take_apart() -> dict[str, bytes]:
    """By name. Packing the bombs takes seconds: it is done where they are used, and not where this file is read."""
    inner = _zip({f"{n}": _MEGABYTE * 8 for n in range(8)})
    return {
        "zeros.zip": _zip({"zeros": _MEGABYTE * 64}),
        "nested.zip": _zip({f"{n}.zip": inner for n in range(16)}),
        "many.zip": _zip({f"{n}/{n}": b"" for n in range(5_000)}),
        "climbing.zip": _zip({"../../../../etc/cron.d/x": b"x", "..\\..\\x": b"x", "/etc/x": b"x"}, link="/etc/passwd"),
        "zeros.gz": _gzip_bomb(256),
        "huge.png": _png(65_535, 65_535),
        "huger.png": _png(2**31 - 1, 2**31 - 1),
        "huge.jpg": _jpeg(65_535, 65_535),
        "cut.jpg": b"\xff\xd8\xff",
        "laughs.xml": f"<?xml version='1.0'?><!DOCTYPE l [{_LAUGHS}]><l>&a11;</l>".encode(),
        "outside.xml": b'<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>',
        "script.pdf": _PDF,
        "deep.json": b"[" * 1_000_000,
        "macro.docm": _zip(
            {"[Content_Types].xml": b"", "word/document.xml": b"<a/>", "word/vbaProject.bin": b"\xd0\xcf"}
        ),
        "film.swf": b"CWS\x0a" + struct.pack("<I", 2**31) + zlib.compress(b"\0" * 1000),
        "long-line.txt": b"x" * 3_000_000,
        "program.exe": b"MZ" + b"\0" * 58 + struct.pack("<I", 64) + b"PE\0\0",
        "shortcut.url": b"[InternetShortcut]\r\nURL=file://127.0.0.1/share\r\n",
        "marks.txt": b"\xef\xbb\xbf" * 1000,
        "beginning.mp4": b"\0\0\0\x18ftypisom" + b"\xff" * 2000,
        "one-byte": b"\0",
    }


NAMES: tuple[bytes, ...] = (
    b"../../../../etc/passwd",
    b"..\\..\\..\\windows\\win.ini",
    b"/etc/passwd",
    b"C:\\boot.ini",
    b"....//....//x",
    b"%2e%2e%2f%2e%2e%2fx",
    b"a\0b.html",
    b"nul.png\0.html",
    "gnp.\u202eexe".encode(),
    "\u2066\u2069\u200b.txt".encode(),
    b"x" * 300 + b".txt",
    ("\U0001f600" * 300).encode(),
    b"a\r\nSet-Cookie: canary=1.txt",
    b'a"; filename="evil.html',
    b"a;b=c,d.html",
    b"<canary-tag>.html",
    b"CON",
    b".htaccess",
    b"..",
    b"...",
    b"   ",
    b"-rf",
    b"~root",
    b"$(id).txt",
    b"\xff\xfe\xfd.txt",
    "\ud800".encode("utf-8", "surrogatepass"),
    "e\u0301\u0301\u0301.txt".encode(),
    "\u0634\u062d\u0646\u0629.pdf".encode(),
)


def every_file() -> dict[str, bytes]:
    """All of them, by name."""
    return {name: content for name, (content, _type) in RUNNABLE.items()} | SCRIPTS | to_take_apart()
