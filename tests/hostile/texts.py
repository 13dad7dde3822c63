"""Texts that programs have stumbled over, by the way in which they did. Each is tried in every field there is.

A browser that took one of the texts in MARKUP for its own would build an element `canary-tag`, an attribute
`canary-attribute` or an address that runs `canary()`; `tests.hostile.answers` looks for these in every page.
"""

_TAG = "<canary-tag>"

NOTHING = ["", " ", "\t", "\n", "\r\n\r\n", "\u00a0", "\u2003", "\u3000", "\u200b", "\ufeff"]
CONTROLS = [
    "a\x00b",
    "\x00",
    "end\x00",
    "bell\x07 and backspace\x08",
    "escape \x1b[31mred\x1b[0m and \x1b]0;title\x07",
    "delete \x7f and a C1 control \x85 \x9b31m",
    "line\u2028separator and paragraph\u2029separator",
    "form\x0cfeed and vertical\x0btab",
    "".join(map(chr, range(1, 32))),
    "\ufffe\uffff \U0001fffe \U0010ffff",
    "private \ue000 and \U000f0000",
    "tag \U000e0041\U000e0042\U000e007f",
]
# Half a character: no encoding holds these; sent as the three bytes that a careless encoder makes of them.
SURROGATES = ["\ud800", "a\udfffb", "\udc00\ud800", "\ud83d", "good \U0001f600 and half \ude00"]
DIRECTIONS = [
    "\u202egnp.exe",
    "\u202eEvil\u202d Override \u202c\u202c\u202c",
    "\u2066isolated \u2067 and never ended",
    "\u200f\u061c\u200e marks",
    "\u0627\u0644\u0645\u062f\u064a\u0646\u0629 (Kharkiv) \u05d4\u05e2\u05d9\u05e8 [42]",
    "\u0634\u062d\u0646\u0629 12 \u0643\u062f!",
]
LETTERS = [
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f1fa\U0001f1e6 \U0001f3f4\U000e0067\U000e007f",
    "e\u0301 and \u00e9 are not the same letters",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a" + "\u0301" * 200,
    "\uac00\uac01 \u1112\u1161\u11ab \u7d75\u6587\u5b57 \U00020000 \ufa19",
    "\u0130I\u0131i \u1e9e\u00df \ufb03 \u01c4",
    "\u0e01\u0e49\u0e49\u0e49\u0e49\u0e49",
    "\ufdfd\ua9c5\U00012031",
    "\u202f1\u202f000 \u0661\u0662\u0663 \uff11\uff12 \u00bd \u2167 \u2460",
    "\ufe64script\ufe65 \uff1cscript\uff1e \u02b9 \u2019 \uff07",
    "p\u0430yp\u0430l \u0455\u0435cond s\u03bfurce",
]
NUMBERS = [
    *("0", "-0", "-1", "1e309", "-1e309", "1e-400", "NaN", "Infinity", "0x7f", "0o17", "1_000", "1,5", "1.0", "+1"),
    *(str(2**15), str(2**31 - 1), str(2**31), str(-(2**31) - 1), str(2**53 + 1), str(2**63), str(2**64), "9" * 400),
    *("9" * 5000, "\u0661\u0662", "\u00b2", "\u2081", "1e100000000"),
    *("true", "None", "null", "undefined", "[]", "{}", "__proto__", "constructor", "()", "nil"),
]
TIMES = [
    *("0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01", "-0001-01-01", "2023-02-29", "2022-13-45", "0"),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2022-11-02T25:61:61", "2016-12-31T23:59:60Z"),
    *("2022-03-27T02:30:00", "2022-10-30T02:30:00", "2022-11-02T00:00:00+99:99", "1e10", "24:00", "99:99:99"),
    *("0999-12-31T23:00", "\u0662\u0660\u0662\u0662-11-02", "2022-W44-3", "2022-306", "now", "infinity", "epoch"),
]
MARKUP = [
    f"{_TAG}",
    f"\"'>{_TAG}",
    '" canary-attribute=1 onmouseover=canary() x="',
    "' canary-attribute=1 onfocus=canary() autofocus x='",
    "canary canary-attribute=1 onclick=canary()",
    f"</textarea></title></style></script></option></select>{_TAG}<script>canary()</script>",
    f"--!>{_TAG}<!--",
    f"]]>{_TAG}<![CDATA[",
    "javascript:canary()",
    "java\tscript:canary()",
    "\x01javascript:canary()",
    'http://example.org/" canary-attribute="',
    "https://example.org/'onclick='canary()",
    "data:text/html,<script>canary()</script>",
    f"&lt;canary-tag&gt; &#60;canary-tag&#62; &{_TAG};",
    f"%3Ccanary-tag%3E \\u003ccanary-tag\\u003e \\x3ccanary-tag\\x3e {_TAG}",
    "<svg/onload=canary()><canary-tag/>",
    '<!--#exec cmd="id"--><?php canary() ?><% canary() %>',
    "{{7*7}}{% debug %}{{request.session}}{% load nothing %}${7*7}#{7*7}<%=7*7%>",
    "{0}{name}%s%d%(name)s%n$!{x}%",
    "{'a': {0.__class__}} {} {{}}",
]
STATEMENTS = [
    "' OR '1'='1",
    "'; DROP TABLE claims_claim; --",
    "1) UNION SELECT NULL,version()--",
    "\\'; SELECT pg_sleep(9); --",
    "%' AND 1=(SELECT COUNT(*) FROM accounts_user) AND '%'='",
    "$$;SELECT 1;$$",
    "a & | ! ( ) : * <-> b",
    "':*&(",
    "\\",
    "\\\\%\\_",
    "%_%_%",
    '"quoted" -minus OR (word NEAR other)',
    "$(id)`id`|id;id&&id\n id",
    "*)(uid=*))(|(uid=*",
    "=1+1+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd%00.png",
    "file:///etc/passwd",
    "//example.org/%2e%2e",
    "CON",
    "NUL.txt",
    "name\r\nSet-Cookie: canary=1\r\n\r\n<canary-tag>",
    "name%0d%0aBcc: victim@example.org",
    "someone@example.org\nBcc: victim@example.org",
    "() { :;}; echo canary",
    "${jndi:ldap://127.0.0.1:1/canary}",
    "http://169.254.169.254/latest/meta-data/",
    '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>',
]
LONG = [
    "x" * 81,
    "x" * 301,
    "x" * 2_001,
    "x" * 20_001,
    "\U0001f600" * 20_000,
    "a " * 10_000,
    "(" * 5_000,
    "a" * 5_000 + "!",
    "\u0301" * 5_000,
    f"https://example.org/{'a' * 9_000}",
    ",".join(str(number) for number in range(2_000)),
    "\n".join(str(number) for number in range(2_000)),
]

KINDS = {
    "nothing": NOTHING,
    "controls": CONTROLS,
    "surrogates": SURROGATES,
    "directions": DIRECTIONS,
    "letters": LETTERS,
    "numbers": NUMBERS,
    "times": TIMES,
    "markup": MARKUP,
    "statements": STATEMENTS,
    "long": LONG,
}
TEXTS = [text for texts in KINDS.values() for text in texts]


def raw(text: str) -> bytes:
    """The text in UTF-8, halves of characters as a careless encoder writes them."""
    return text.encode("utf-8", "surrogatepass")
