"""Of what was placed before, the role that its person has now is the best that is known."""

from typing import Any, ClassVar

from django.db import migrations
from django.db.models import Exists, OuterRef


def fill(apps: Any, schema_editor: Any) -> None:
    alias = schema_editor.connection.alias
    members = apps.get_model("accounts", "Membership").objects.using(alias)
    editors = members.filter(user=OuterRef("created_by"), desk=OuterRef("claim__desk"), role="editor")
    evidence = apps.get_model("claims", "Evidence").objects.using(alias)
    ids = evidence.filter(Exists(editors)).values("pk")
    evidence.filter(pk__in=ids).update(placed_by_editor=True)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("claims", "0017_placed_by_editor"), ("accounts", "0009_versions_of_what_people_edit")]

    operations: ClassVar = [migrations.RunPython(fill, migrations.RunPython.noop)]
