"""Asynchronous programs in which an object is emptied, or filled again, before it is read: which read raises, and where."""

from tests.programs.generate import GRAPH, Generator, Program

_EFFECTS = {
    "nothing": ["str(one.id)"],
    "commit": ["await session.commit()"],
    "rollback": ["await session.rollback()"],
    "flush": ["await session.flush()"],
    "expire": ["session.expire(one)"],
    "expire all": ["session.expire_all()"],
    "refresh": ["await session.commit()", "await session.refresh(one)"],
    "refresh one": ["await session.commit()", 'await session.refresh(one, ["{name}"])'],
    "refresh it only": ['await session.refresh(one, ["{name}"])'],
    "awaited": ["await one.awaitable_attrs.{name}"],
    "again": ["await session.commit()", "one = (await session.scalars(select({root}))).first()"],
    "set": ["await session.commit()", 'one.name = "new"'],
    "new": ['one = {root}(name="new")', "session.add(one)", "await session.commit()"],
    "kept": ['one = {root}(name="new")', "session.add(one)", "await session.flush()"],
    "sometimes": ["if one.id % 2:", "    await session.commit()"],
}
_READS = ["str(one.name)", "str(one.id)", "{related}", "{related}", 'print(f"{{one.name}}"[:0], end="")']


class EmptiedGenerator(Generator):
    """Makes the program of a seed: one object, what happens to it, and what is read of it."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.is_async = True
        self.lazy = {key: lazy if self.random.random() < 0.3 else "select" for key, lazy in self.lazy.items()}
        self.expires = self.random.random() < 0.6
        self.functions: list[str] = []

    def program(self) -> Program:
        """The program."""
        made = super().program()
        keeps = "" if self.expires else ", expire_on_commit=False"
        factory = f'factory = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"){keeps})'
        (source,) = made.files.values()
        models, run = source.split("async def run", 1)
        models = models.replace("class Base(DeclarativeBase)", "class Base(AsyncAttrs, DeclarativeBase)")
        models = models.replace("declarative_base()", "declarative_base(cls=AsyncAttrs)")
        head = "from sqlalchemy.ext.asyncio import AsyncAttrs, async_sessionmaker, create_async_engine\n"
        text = "\n\n\n".join([f"{head}{models.rstrip()}", factory, *self.functions, f"async def run{run}"])
        if self.random.random() < 0.6:
            return Program(self.seed, {"program.py": text}, True, "emptied", self.expires)
        known = ", ".join([*GRAPH, "factory"])
        rest = "\n\n\n".join([*self.functions, f"async def run{run}"])
        files = {"models.py": "\n\n\n".join([f"{head}{models.rstrip()}", factory]) + "\n"}
        files["program.py"] = f"{head.strip()}\nfrom models import {known}\n{_IMPORTS}\n\n\n{rest}"
        return Program(self.seed, files, True, "emptied", self.expires)

    def _body(self) -> None:
        self.root = self.random.choice(["Author", "Post", "Comment"])
        self.path = self._path()[:1]
        self.legacy = False
        (name,) = self.path
        self.lines.append(f"one = {self._one()}")
        self.lines.append("assert one is not None")
        if self.random.random() < 0.3:
            self.lines.append(self._read_of())
        effect = [line.format(name=name, root=self.root) for line in _EFFECTS[self.random.choice(list(_EFFECTS))]]
        assigns = any(line.startswith("one =") for line in effect)
        if self.random.random() < 0.4 and not assigns:
            self.functions.append(
                "\n".join(
                    [
                        f"async def change(session: AsyncSession, one: {self.root}) -> None:",
                        *(f"    {line}" for line in effect),
                    ]
                )
            )
            effect = ["await change(session, one)"]
        self.lines += effect
        self.lines.append(self._read_of())
        if self.random.random() < 0.3:
            self.lines.append(self._read_of())
        self.lines.append("return None")

    def _one(self) -> str:
        option = self._option() if self.random.random() < 0.6 else ""
        if self.random.random() < 0.5:
            return f"await session.get({self.root}, 1{f', options=[{option}]' if option else ''})"
        query = f"select({self.root}){f'.options({option})' if option else ''}.limit(1)"
        return (
            f"(await session.scalars({query})).{self.random.choice(['first()', 'unique().first()', 'unique().one()'])}"
        )

    def _read_of(self) -> str:
        text = self.random.choice(_READS).format(related=f"str({self._read('one')})")
        if self.random.random() < 0.25 and "print" not in text:
            name = f"shown{len(self.functions)}"
            self.functions.append(f"def {name}(one: {self.root}) -> str:\n    return {text}")
            return f"{name}(one)"
        return text


_IMPORTS = """\
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defaultload, joinedload, lazyload, selectinload, subqueryload"""
