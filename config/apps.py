"""The project's own applications: checks and commands that belong to no single room, and the administration site."""

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class ProjectConfig(AppConfig):
    """Registers the deployment checks."""

    name = "config"
    verbose_name = "Second Source"

    def ready(self) -> None:
        from config import checks as checks  # registers them


class AdminConfig(SimpleAdminConfig):
    """Loads no `admin` modules: those of other packages would add groups and addresses to the site."""

    default_site = "config.admin.AccountsAdminSite"
