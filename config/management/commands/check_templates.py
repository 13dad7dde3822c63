"""`check_templates`: compiles the project's templates, and those that they extend or include by a fixed name."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.template import Engine, TemplateDoesNotExist, TemplateSyntaxError
from django.template.base import FilterExpression, Node, Template
from django.template.loader_tags import ExtendsNode, IncludeNode


class Command(BaseCommand):
    help = "Compiles every template of the project and looks for those that they name."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        engine = Engine.get_default()
        wrong = []
        for path in sorted(settings.BASE_DIR.glob("*/templates/**/*")):
            if path.suffix in (".html", ".txt"):
                wrong += [f"{path.relative_to(settings.BASE_DIR)}: {what}" for what in faults(engine, path)]
        if wrong:
            raise CommandError("\n".join(wrong))


def faults(engine: Engine, path: Path) -> list[str]:
    """Return the errors of one template, in words."""
    try:
        template = engine.from_string(path.read_text())
    except TemplateSyntaxError as error:
        return [str(error)]
    missing = []
    for name in names(template):
        try:
            engine.get_template(name)
        except TemplateDoesNotExist:
            missing.append(f"there is no template {name}")
        except TemplateSyntaxError as error:
            missing.append(f"{name}: {error}")
    return missing


def names(template: Template) -> list[str]:
    """Return the templates that this one extends or includes by a fixed name."""
    found = []
    for kind, attribute in ((ExtendsNode, "parent_name"), (IncludeNode, "template")):
        nodes: list[Node] = template.nodelist.get_nodes_by_type(kind)
        for node in nodes:
            expression: FilterExpression = getattr(node, attribute)
            if isinstance(expression.var, str):
                found.append(str(expression.var))
    return found
