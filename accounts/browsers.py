"""The browser of a session, in the few words by which its owner recognises it."""

# The order matters: most browsers also name those below them.
_PROGRAMS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_in_words(user_agent: str) -> str:
    """Browser and system, such as "Firefox, Windows"; "" if unknown. Versions and models are not kept."""
    found = (next((name for sign, name in names if sign in user_agent), "") for names in (_PROGRAMS, _SYSTEMS))
    return ", ".join(filter(None, found))
