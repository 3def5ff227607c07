"""`config.toml` as a source of settings."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pydantic import AliasChoices
from pydantic_settings import TomlConfigSettingsSource

from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_settings import BaseSettings


def names_of(settings_cls: type[BaseSettings]) -> list[str]:
    """Every name that a setting may have, former ones too."""
    names = list(settings_cls.model_fields)
    for field in settings_cls.model_fields.values():
        if isinstance(field.validation_alias, AliasChoices):
            names += [str(alias) for alias in field.validation_alias.choices if str(alias) not in names]
    return names


def config_file(settings_cls: type[BaseSettings], path: Path) -> TomlConfigSettingsSource:
    """The source, empty where there is no file; Misconfigured for a file that cannot be used."""
    try:
        source = TomlConfigSettingsSource(settings_cls, path)
    except tomllib.TOMLDecodeError as error:
        problem = f"is not valid TOML: {error}"
    except UnicodeDecodeError:
        problem = "is not UTF-8"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    else:
        known = names_of(settings_cls)
        unknown = [name for name in source.toml_data if name not in known]
        if not unknown:
            return source
        meant = get_close_matches(unknown[0], known, n=1)
        advice = f": did you mean {meant[0]!r}?" if meant else ""
        problem = f"says {unknown[0]!r}, which is no setting{advice}"
    raise Misconfigured(f"{path} {problem}", code="config_file", hint="mend it, or delete it")
