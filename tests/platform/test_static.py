"""Files as production serves them."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.test import override_settings


def test_a_module_is_imported_by_the_name_it_is_loaded_by(tmp_path: Path) -> None:
    storages = settings.STORAGES | {"staticfiles": {"BACKEND": "config.static.Storage"}}
    with override_settings(
        STORAGES=storages,
        STATIC_ROOT=tmp_path,
        STATICFILES_FINDERS=["django.contrib.staticfiles.finders.FileSystemFinder"],
        DEBUG=False,
    ):
        call_command("collectstatic", interactive=False, verbosity=0)
    hashed = [
        each for each in tmp_path.rglob("*.js") if re.search(r"\.[0-9a-f]{12}\.js$", each.name)
    ]
    imports = {
        (each.parent / name).resolve()
        for each in hashed
        for name in re.findall(r'^(?:import|export) .*? from "(\./[^"]+)";', each.read_text(), re.M)
    }
    assert imports
    assert imports <= {each.resolve() for each in hashed}
