"""What sort of browser asks, in the few words by which its owner knows it again."""

# In this order: most browsers also call themselves by the names that come after theirs.
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
    """Program and system, such as "Firefox, Windows"; "" for what is not known. Versions and models are not kept."""
    found = (next((name for sign, name in names if sign in user_agent), "") for names in (_PROGRAMS, _SYSTEMS))
    return ", ".join(filter(None, found))
