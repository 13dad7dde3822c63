"""A QR code as the outline of an SVG, so that a page can hold it without styles, images or scripts."""

import qrcode


def outline(text: str) -> tuple[str, int]:
    """The `d` of a path that draws the code, a module being one unit, and how wide that is with its margin."""
    code = qrcode.QRCode(border=4)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    dark = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
    return "".join(dark), len(rows)
