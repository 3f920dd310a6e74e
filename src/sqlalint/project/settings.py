"""The part of the configuration that linking stands on."""

from msgspec import Struct


class Settings(Struct, frozen=True):
    """What the configuration says about the project itself, as far as linking needs it.

    `returns`, `attributes`, `sessions` and `preloads` are the user's hints, in the form of the library data.
    """

    import_roots: tuple[str, ...] = ()
    script_locations: tuple[str, ...] = ()
    dialects: tuple[str, ...] = ()
    target_versions: dict[str, str] = {}
    small_tables: tuple[str, ...] = ()
    returns: dict[str, str] = {}
    attributes: dict[str, str] = {}
    sessions: tuple[str, ...] = ()
    preloads: dict[str, list[str]] = {}
