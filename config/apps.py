"""The project's own application: checks and commands that belong to no room, and the administration site."""

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class ProjectConfig(AppConfig):
    name = "config"
    verbose_name = "Second Source"

    def ready(self) -> None:
        from config import checks as checks  # registers them


class AdminConfig(SimpleAdminConfig):
    """Looks for no `admin` modules: those of other packages would put groups and addresses on the site."""

    default_site = "config.admin.AccountsAdminSite"
