"""The tag `fixed`: parts of a page that are the same for all readers, rendered once for each language and cached.

`{% load fixed %}{% fixed %}…{% endfixed %}`. The part is rendered with an empty context, without the request, so that
it cannot hold personal data.
"""

from django import template
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()


class Fixed(template.Node):
    """Caches its text by language; each process renders it once."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self._texts: dict[str | None, SafeString] = {}

    def render(self, context: Context) -> SafeString:
        language = get_language()
        text = self._texts.get(language)
        if text is None:
            empty = Context()
            empty.template = context.template
            with empty.render_context.push_state(context.template):  # type: ignore[arg-type]  # set while it renders
                text = self._texts[language] = self.nodelist.render(empty)
        return text


@register.tag
def fixed(parser: Parser, token: Token) -> Fixed:
    """Parse up to `endfixed`."""
    nodelist = parser.parse(("endfixed",))
    parser.delete_first_token()
    return Fixed(nodelist)
