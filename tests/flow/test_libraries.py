"""What data files say of libraries: what their functions return, and how loaded. Each case was run with the library."""

import pytest

from tests.harness import lint

MODELS = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

class Base(DeclarativeBase):
    pass

class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    posts: Mapped[list["Post"]] = relationship()

class Post(Base):
    __tablename__ = "post"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
"""
IMPORTS = """
from advanced_alchemy.extensions.litestar.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.repository import SQLAlchemySyncRepository, SQLAlchemySyncSlugRepository
from advanced_alchemy.service import SQLAlchemySyncRepositoryService
from app.models import User
from fastapi import APIRouter
from fastapi_pagination import Page
from fastapi_pagination.ext.sqlalchemy import apaginate, paginate
from flask_sqlalchemy import SQLAlchemy
from funcy import partial
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, selectinload
from sqlalchemy_utils import sort_query

db = SQLAlchemy()
router = APIRouter()

class PostOut(BaseModel):
    id: int

class UserOut(BaseModel):
    posts: list[PostOut]

class UserId(BaseModel):
    id: int

def sorted_by(query, name):
    return sort_query(query, name)

by_id = partial(sorted_by, name="id")

class Users(SQLAlchemySyncRepository[User]):
    model_type = User

    def each(self):
        return self.list()

class Slugs(SQLAlchemySyncSlugRepository[User]):
    model_type = User

class Loaded(SQLAlchemySyncRepository[User]):
    model_type = User
    loader_options = [selectinload(User.posts)]

class Service(SQLAlchemySyncRepositoryService[User]):
    class Repo(SQLAlchemySyncRepository[User]):
        model_type = User

    repository_type = Repo

class Later(SQLAlchemyAsyncRepository[User]):
    model_type = User

"""

# What is iterated, and the rules that say something.
ROWS = {
    "sqlalchemy-utils": ('sort_query(session.query(User), "id").all()', "SAL101"),
    "sqlalchemy-utils, loaded": ('sort_query(session.query(User).options(selectinload(User.posts)), "id").all()', ""),
    "sqlalchemy-utils, no query": ('sort_query(query, "id").all()', ""),
    "funcy, a partial function of the module": ("by_id(session.query(User)).all()", "SAL101"),
    "funcy, loaded": ("by_id(session.query(User).options(selectinload(User.posts))).all()", ""),
    "fastapi-pagination": ("paginate(session, select(User)).items", "SAL101"),
    "fastapi-pagination, by keywords": ("paginate(conn=session, query=select(User)).items", "SAL101"),
    "fastapi-pagination, a legacy query": ("paginate(session.query(User)).items", "SAL101"),
    "fastapi-pagination, loaded": (
        "paginate(session, select(User).options(selectinload(User.posts))).items",
        "",
    ),
    "fastapi-pagination, no statement": ("paginate(session, statement).items", ""),
    "Flask-SQLAlchemy": ("db.paginate(select(User), page=2).items", "SAL101"),
    "Flask-SQLAlchemy, loaded": ("db.paginate(select(User).options(selectinload(User.posts))).items", ""),
    "a repository": ("Users(session=session).list()", "SAL101"),
    "a repository's own method": ("Users(session=session).each()", "SAL101"),
    "a subclass of repositories": ("Slugs(session=session).list()", "SAL101"),
    "a repository, get_many": ("Users(session=session).get_many()", "SAL101"),
    "a repository, list_and_count": ("Users(session=session).list_and_count()[0]", "SAL101"),
    "options in the call": ("Users(session=session).list(load=[selectinload(User.posts)])", ""),
    "an attribute in the call": ("Users(session=session).list(load=User.posts)", ""),
    "attributes in the call": ("Users(session=session).list(load=[User.posts])", ""),
    "all": ('Users(session=session).list(load="*")', ""),
    "options that are not known": ("Users(session=session).list(load=given)", ""),
    "options of the instance": ("Users(session=session, load=[selectinload(User.posts)]).list()", ""),
    "keywords of the instance": ("Users(**given).list()", ""),
    "options of the class": ("Loaded(session=session).list()", ""),
    "a statement": ("Users(session=session).list(statement=select(User))", "SAL101"),
    "a loaded statement": (
        "Users(session=session).list(statement=select(User).options(selectinload(User.posts)))",
        "",
    ),
    "a statement that is not known": ("Users(session=session).list(statement=given)", ""),
    "a service": ("Service(session).list()", "SAL101"),
    "a service with options": ("Service(session).list(load=User.posts)", ""),
    "a service that is given": ("service.list()", ""),
}


def found(body: str) -> list[str]:
    """The codes of what the default shows."""
    files = {"app/__init__.py": "", "app/models.py": MODELS, "app/views.py": IMPORTS + body}
    shown = [f for f in lint(files) if f.code.startswith(("SAL1", "SAL2")) and f.confidence.value == "certain"]
    return [f.code for f in shown]


@pytest.mark.parametrize(("rows", "codes"), ROWS.values(), ids=list(ROWS))
def test_rows_of_libraries(rows: str, codes: str) -> None:
    body = f"def view(session: Session, service: Service, given, statement):\n    for user in {rows}:\n        print(user.posts)\n"
    assert found(body) == codes.split()


LATER = {
    "a repository": "await Later(session=session).list()",
    "a repository and a count": "(await Later(session=session).list_and_count())[0]",
    "a page": "(await apaginate(session, select(User))).items",
    "an earlier page": "(await paginate(session, select(User))).items",
}


@pytest.mark.parametrize("rows", LATER.values(), ids=list(LATER))
def test_rows_that_are_awaited(rows: str) -> None:
    body = f"async def view(session: AsyncSession):\n    for user in {rows}:\n        print(user.posts)\n"
    assert found(body) == ["SAL201"]
    assert found(body.replace("user.posts", "user.id")) == []


PAGES = {
    "a page": ("Page[UserOut]", "paginate(session, select(User))", ["SAL102"]),
    "columns only": ("Page[UserId]", "paginate(session, select(User))", []),
    "loaded": ("Page[UserOut]", "paginate(session, select(User).options(selectinload(User.posts)))", []),
    "no page": ("Page[UserOut]", "other(session, select(User))", []),
}


@pytest.mark.parametrize(("schema", "rows", "codes"), PAGES.values(), ids=list(PAGES))
def test_pages_are_serialized(schema: str, rows: str, codes: list[str]) -> None:
    route = f'@router.get("/users")\ndef users(session: Session) -> {schema}:\n    return {rows}\n'
    assert found(route) == codes


SINGLE = {
    "get_or_404": "db.get_or_404(User, key)",
    "first_or_404": "db.first_or_404(select(User).where(User.id == key))",
    "one_or_404": "db.one_or_404(select(User).where(User.id == key))",
    "get": "Users(session=session).get(key)",
    "get_one": "Service(session).get_one(id=key)",
    "get_one_or_none": "Users(session=session).get_one_or_none(id=key)",
}


@pytest.mark.parametrize("row", SINGLE.values(), ids=list(SINGLE))
def test_one_row(row: str) -> None:
    loop = "    for post in user.posts:\n        print(post.id)\n"
    assert found(f"def view(session: Session, key: int):\n    user = {row}\n{loop}") == []
    each = f"def view(session: Session, keys: list[int]):\n    for key in keys:\n        user = {row}\n        print(user.posts)\n"
    assert "SAL104" in {
        f.code for f in lint({"app/__init__.py": "", "app/models.py": MODELS, "app/views.py": IMPORTS + each})
    }


def test_a_session_of_a_repository() -> None:
    method = (
        "    def names(self):\n        for user in self.session.scalars(select(User)):\n            print(user.posts)\n"
    )
    assert found(f"class More(SQLAlchemySyncRepository[User]):\n    model_type = User\n\n{method}") == ["SAL101"]


USERS = """
from fastapi_users.db import SQLAlchemyBaseUserTableUUID
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

class Base(DeclarativeBase):
    pass

class User(SQLAlchemyBaseUserTableUUID, Base):
    items: Mapped[list["Item"]] = relationship()

class Item(Base):
    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)

def view(session: Session):
    for user in session.scalars(select(User)):
        print(user.items, user.email)
"""


def test_the_table_of_fastapi_users() -> None:
    assert [f.code for f in lint({"app.py": USERS}) if f.confidence.value == "certain"] == ["SAL101"]


SCHEMAS = """
from sqlmodel import Field, Relationship, Session, SQLModel, select

class User(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    posts: list["Post"] = Relationship()

class Post(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id", index=True)

class PostOut(SQLModel):
    id: int

class UserOut(SQLModel):
    posts: list[PostOut]

class UserId(SQLModel):
    id: int

def view(session: Session):
    return [{schema}.model_validate(user) for user in session.exec(select(User)).all()]
"""


@pytest.mark.parametrize(("schema", "codes"), [("UserOut", ["SAL102"]), ("UserId", [])])
def test_schemas_of_sqlmodel(schema: str, codes: list[str]) -> None:
    files = {"app.py": SCHEMAS.replace("{schema}", schema)}
    assert [f.code for f in lint(files) if f.code.startswith("SAL1")] == codes
