"""The xmlservices app: pages for desk phones."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class XmlServicesConfig(AppConfig):
    """Pages in the XML of Cisco phones; no models."""

    name = "xmlservices"
    verbose_name = _("Phone services")
