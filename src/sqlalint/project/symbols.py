"""What a name in a file stands for."""

from msgspec import Struct


class Definition(Struct, frozen=True, array_like=True, gc=False, tag="D"):
    """A class, function or statement of the project. `rest` are attributes of it that linking did not follow."""

    path: str
    key: str
    rest: tuple[str, ...] = ()


class Module(Struct, frozen=True, array_like=True, gc=False, tag="M"):
    """A module or package of the project."""

    path: str


class External(Struct, frozen=True, array_like=True, gc=False, tag="E"):
    """Something of a library, by its canonical dotted name (`sqlalchemy.orm.relationship`)."""

    name: str


class Unknown(Struct, frozen=True, array_like=True, gc=False, tag="U"):
    """A name that nothing in sight binds, or that two things bind."""


Symbol = Definition | Module | External | Unknown
UNKNOWN = Unknown()
