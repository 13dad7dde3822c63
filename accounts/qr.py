"""A QR code as an SVG outline, so that a page can hold it without styles, images or scripts."""

import qrcode


def outline(text: str) -> tuple[str, int]:
    """The path data (`d`) that draws the code, one unit for each module, and its width with the margin."""
    code = qrcode.QRCode(border=4)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    dark = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
    return "".join(dark), len(rows)
