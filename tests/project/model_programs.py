"""Small programs that declare models in every style: read by sqlalint and imported by SQLAlchemy, to be compared."""

PROGRAMS: dict[str, str] = {}

PROGRAMS["classic"] = """
from sqlalchemy import Column, ForeignKey, Index, Integer, String, UniqueConstraint, create_engine
from sqlalchemy.orm import backref, declarative_base, relationship

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String(50), unique=True, index=True)
    nick = Column("nick_name", String, unique=True, nullable=False)
    posts = relationship("Post", back_populates="author", foreign_keys="Post.author_id", lazy="selectin", cascade="all, delete-orphan")
    profile = relationship("Profile", uselist=False, back_populates="user")


class Profile(Base):
    __tablename__ = "profiles"
    id = Column(Integer, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    user = relationship(User, back_populates="profile", lazy="joined")


class Post(Base):
    __tablename__ = "posts"
    __table_args__ = (
        Index("ix_author_title", "author_id", "title"),
        UniqueConstraint("title", "author_id", name="uq_title"),
        {"comment": "posts"},
    )
    id = Column(Integer, primary_key=True)
    author_id = Column(Integer, ForeignKey("users.id"), nullable=False)
    editor_id = Column(ForeignKey(User.id, ondelete="SET NULL"))
    title = Column(String, index=True)
    author = relationship("User", back_populates="posts", foreign_keys=[author_id])
    editor = relationship("User", foreign_keys="Post.editor_id", backref="edited")
    tags = relationship("Tag", secondary="post_tags", backref=backref("posts", lazy="dynamic"))


class Tag(Base):
    __tablename__ = "tags"
    id = Column(Integer, primary_key=True)


class PostTag(Base):
    __tablename__ = "post_tags"
    post_id = Column(ForeignKey("posts.id"), primary_key=True)
    tag_id = Column(ForeignKey("tags.id"), primary_key=True)
"""

PROGRAMS["modern"] = """
import datetime
import enum
from typing import Annotated, List, Optional

from sqlalchemy import DateTime, ForeignKey, Index, String, func, text
from sqlalchemy.orm import (
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    WriteOnlyMapped,
    deferred,
    column_property,
    mapped_column,
    relationship,
)

intpk = Annotated[int, mapped_column(primary_key=True)]
user_fk = Annotated[int, mapped_column(ForeignKey("user_account.id"), index=True)]
name50 = Annotated[str, 50]


class Base(DeclarativeBase):
    type_annotation_map = {datetime.datetime: DateTime(timezone=True), name50: String(50)}


class Kind(enum.Enum):
    A = 1


class User(Base):
    __tablename__ = "user_account"

    id: Mapped[intpk]
    name: Mapped[str]
    full: Mapped[Optional[str]]
    short: Mapped["str | None"]
    kind: Mapped[Kind]
    label: Mapped[name50]
    born: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    big: Mapped[str] = mapped_column(deferred=True, deferred_group="g")
    huge: Mapped[Optional[str]] = mapped_column("huge_text", deferred=True)
    loose = mapped_column(String)
    strict: Mapped[Optional[str]] = mapped_column(nullable=False)
    upper: Mapped[str] = column_property(func.upper(text("name")), deferred=True)

    addresses: Mapped[List["Address"]] = relationship(back_populates="user", passive_deletes=True)
    orders: WriteOnlyMapped["Order"] = relationship(back_populates="user", passive_deletes=True)
    logs: DynamicMapped["Log"] = relationship(order_by="Log.id")
    profile: Mapped["Profile"] = relationship(back_populates="user")
    maybe: Mapped["Profile | None"] = relationship(viewonly=True)


class Address(Base):
    __tablename__ = "address"
    id: Mapped[intpk]
    user_id: Mapped[user_fk]
    user: Mapped["User"] = relationship(back_populates="addresses")


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[Optional[user_fk]]
    user: Mapped[Optional[User]] = relationship(back_populates="orders", lazy="raise")


class Log(Base):
    __tablename__ = "logs"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    __table_args__ = (Index(None, user_id.desc()),)


class Profile(Base):
    __tablename__ = "profile"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), unique=True)
    user: Mapped["User"] = relationship(back_populates="profile")
"""

PROGRAMS["mixins"] = """
import re

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, relationship


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Base(DeclarativeBase):
    @declared_attr.directive
    def __tablename__(cls) -> str:
        return snake(cls.__name__) + "s"

    id: Mapped[int] = mapped_column(primary_key=True)


class Stamped:
    created_at = Column(DateTime, nullable=False)

    @declared_attr
    def created_by_id(cls):
        return Column(Integer, ForeignKey("big_users.id"), index=True)

    @declared_attr
    def created_by(cls):
        return relationship("BigUser", foreign_keys=[cls.created_by_id])


class Owned:
    @declared_attr
    def owner_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("big_users.id"))

    @declared_attr
    def owner(cls) -> Mapped["BigUser"]:
        return relationship("BigUser", primaryjoin=lambda: cls.owner_id == BigUser.id, backref=f"{cls.__name__.lower()}_items")

    @declared_attr
    def __table_args__(cls):
        return (Index(f"ix_{cls.__tablename__}_owner", "owner_id"), UniqueConstraint("name", "owner_id"))


class BigUser(Base):
    name: Mapped[str]


class RedCar(Stamped, Owned, Base):
    name: Mapped[str]


class Boat(Owned, Base):
    name: Mapped[str | None]


class Plain(Base):
    __tablename__ = "plains"
    name = mapped_column(String, nullable=False)
"""

PROGRAMS["inheritance"] = """
from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Company(Base):
    __tablename__ = "company"
    id: Mapped[int] = mapped_column(primary_key=True)
    employees: Mapped[list["Employee"]] = relationship(back_populates="company")
    engineers: Mapped[list["Engineer"]] = relationship(viewonly=True)


class Employee(Base):
    __tablename__ = "employee"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    type: Mapped[str]
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    company: Mapped["Company"] = relationship(back_populates="employees")
    __mapper_args__ = {"polymorphic_identity": "employee", "polymorphic_on": "type"}


class Engineer(Employee):
    __tablename__ = "engineer"
    id: Mapped[int] = mapped_column(ForeignKey("employee.id"), primary_key=True)
    language: Mapped[str]
    __mapper_args__ = {"polymorphic_identity": "engineer", "polymorphic_load": "selectin"}
    tools: Mapped[list["Tool"]] = relationship(back_populates="engineer")


class Manager(Employee):
    budget: Mapped[int] = mapped_column(nullable=True)
    boss_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    boss: Mapped["Employee"] = relationship(foreign_keys=[boss_id], remote_side=[Employee.id])
    __mapper_args__ = {"polymorphic_identity": "manager"}


class Tool(Base):
    __tablename__ = "tool"
    id: Mapped[int] = mapped_column(primary_key=True)
    engineer_id: Mapped[int] = mapped_column(ForeignKey("engineer.id"))
    engineer: Mapped["Engineer"] = relationship(back_populates="tools")


class Abstract(Base):
    __abstract__ = True
    a: Mapped[int]
    b: Mapped[int]
    __table_args__ = (PrimaryKeyConstraint("a", "b"), Index("ix_shared", "b"))


class Concrete(Abstract):
    __tablename__ = "concrete"
    c: Mapped[str] = mapped_column(String(5))


class Shape(Base):
    __tablename__ = "shape"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Circle(Shape):
    __tablename__ = "circle"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    __mapper_args__ = {"concrete": True}
"""

PROGRAMS["self_referential"] = """
from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Integer, String
from sqlalchemy.orm import backref, declarative_base, relationship, remote, foreign

Base = declarative_base()


class Node(Base):
    __tablename__ = "node"
    id = Column(Integer, primary_key=True)
    parent_id = Column(Integer, ForeignKey("node.id"))
    children = relationship("Node", backref=backref("parent", remote_side=[id]))


class Item(Base):
    __tablename__ = "item"
    id = Column(Integer, primary_key=True)
    parent_id = Column(Integer, ForeignKey("item.id"))
    parent = relationship("Item", remote_side="Item.id", back_populates="kids")
    kids = relationship("Item", back_populates="parent")


class Page(Base):
    __tablename__ = "page"
    account = Column(Integer, primary_key=True)
    number = Column(Integer, primary_key=True)
    up = Column(Integer)
    path = Column(String)
    __table_args__ = (ForeignKeyConstraint(["account", "up"], ["page.account", "page.number"]),)
    above = relationship("Page", remote_side=[account, number], backref="below")


class Line(Base):
    __tablename__ = "line"
    id = Column(Integer, primary_key=True)
    account = Column(Integer)
    number = Column(Integer)
    label = Column(String)
    __table_args__ = (
        ForeignKeyConstraint(["account", "number"], [Page.account, Page.number], ondelete="CASCADE"),
    )
    page = relationship(Page, backref="lines")
    same = relationship(
        "Line", primaryjoin="foreign(Line.label) == remote(Line.label)", viewonly=True, uselist=True
    )
"""

PROGRAMS["core_and_imperative"] = """
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.orm import registry, relationship

metadata = MetaData(schema="shop", naming_convention={"ix": "idx_%(table_name)s_%(column_0_name)s"})
mapper_registry = registry(metadata=metadata)

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, index=True),
    Column("code", String, unique=True, nullable=False),
    CheckConstraint("id > 0"),
)
posts = Table(
    "posts",
    mapper_registry.metadata,
    Column("id", Integer),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE")),
    Column("other_id", Integer, ForeignKey(users.c.id)),
    PrimaryKeyConstraint("id"),
    Index("ix_posts_user", "user_id"),
    UniqueConstraint("other_id", "user_id"),
)
links = Table(
    "links",
    metadata,
    Column("a_id", ForeignKey(posts.c.id), primary_key=True),
    Column("b_id", ForeignKey("shop.users.id"), primary_key=True),
    schema="other",
)
Index("ix_other", posts.c.other_id.desc(), posts.c["user_id"])


class User:
    def label(self):
        return self.name


class Post:
    pass


def start_mappers():
    mapper_registry.map_imperatively(User, users)
    mapper_registry.map_imperatively(
        Post,
        posts,
        properties={
            "author": relationship(User, foreign_keys=[posts.c.user_id], backref="posts"),
            "readers": relationship(User, secondary=links),
            "_other": posts.c.other_id,
        },
    )


start_mappers()


@mapper_registry.mapped
class Thing:
    __tablename__ = "things"
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer, ForeignKey("shop.users.id"))
"""

PROGRAMS["wrappers"] = '''
from functools import partial

from sqlalchemy import Column, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import as_declarative, declared_attr, relationship


def FK(target, **kwargs):
    """A foreign key with our defaults."""
    return Column(Integer, ForeignKey(target, ondelete="CASCADE"), **kwargs)


def key():
    return Column(Integer, primary_key=True)


def flagged(*args, **kwargs):
    kwargs.setdefault("nullable", False)
    kwargs["index"] = True
    return Column(*args, **kwargs)


def many(name, **kw):
    return relationship(name, lazy="selectin", **kw)


Required = partial(Column, nullable=False)
OWNER = "owners"
COMMON = (Index("ix_pets_common", "name"),)
EXTRA = {"info": {"a": 1}}


@as_declarative()
class Base:
    @declared_attr
    def __tablename__(cls):
        return cls.__name__.lower()


class Owner(Base):
    __tablename__ = OWNER
    id = key()
    name = flagged(String)
    pets = many("Pet", back_populates="owner", foreign_keys="Pet.owner_id")


class Pet(Base):
    __tablename__ = "pets"
    id = key()
    owner_id = FK(OWNER + ".id", nullable=False)
    vet_id = FK("%s.id" % OWNER, index=True)
    name = Required(String)
    owner = relationship(Owner, back_populates="pets", foreign_keys=owner_id)
    __table_args__ = COMMON + (
        Index("ix_pets_owner", owner_id, postgresql_where=owner_id.isnot(None)),
        Index("ix_pets_text", text("vet_id DESC")),
        EXTRA,
    )


Owner.guarded = relationship("Pet", foreign_keys=[Pet.vet_id], viewonly=True)
Pet.vet = relationship(Owner, foreign_keys=[Pet.vet_id])
Pet.chip = Column(String, unique=True)
Pet.__table__.append_constraint(Index("ix_late", Pet.vet_id, Pet.name))
'''

PROGRAMS["dataclasses"] = """
from __future__ import annotations

from typing import Optional

from sqlalchemy import ForeignKey, Identity, Computed, func
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, relationship, deferred, synonym


class Base(MappedAsDataclass, DeclarativeBase):
    pass


class Team(Base):
    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    number: Mapped[int] = mapped_column(Identity(), init=False)
    name: Mapped[str] = mapped_column(default="x", server_default="x")
    nothing: Mapped[Optional[int]] = mapped_column(Computed("id + 1"), init=False)
    members: Mapped[list[Member]] = relationship(back_populates="team", default_factory=list)
    ids: AssociationProxy[list[int]] = association_proxy("members", "id", init=False)

    @hybrid_property
    def size(self):
        return len(self.members)

    @size.expression
    def size(cls):
        return func.count(cls.id)

    @property
    def plain(self) -> str:
        return self.name


class Member(Base):
    __tablename__ = "member"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    team_id: Mapped[Optional[int]] = mapped_column(ForeignKey("team.id"), init=False)
    team: Mapped[Optional[Team]] = relationship(back_populates="members", default=None)
"""

PROGRAMS["registries"] = """
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table
from sqlalchemy.orm import mapped_column, registry, relationship, Mapped, DeclarativeBase, query_expression, composite

reg = registry()
Base = reg.generate_base()


class A(Base):
    __tablename__ = "a"
    id = Column(Integer, primary_key=True)
    bs = relationship("B", secondary=lambda: a_b, back_populates="as_")
    third = relationship("app.C", primaryjoin="A.id == foreign(C.a_id)", viewonly=True)
    extra = query_expression()


class B(Base):
    __tablename__ = "b"
    id = Column(Integer, primary_key=True)
    as_ = relationship(A, secondary="a_b", back_populates="bs", lazy=True, viewonly=False)
    first = relationship(lambda: A, secondary=lambda: a_b, uselist=False, viewonly=True, lazy=False)


class C(Base):
    __table__ = Table(
        "c",
        Base.metadata,
        Column("id", Integer, primary_key=True),
        Column("a_id", Integer),
        Column("b_id", ForeignKey("b.id"), index=True),
    )
    b = relationship(B, lazy='joined', viewonly=True, innerjoin=True)


a_b = Table(
    "a_b",
    reg.metadata,
    Column("a_id", ForeignKey(A.id), primary_key=True),
    Column("b_id", ForeignKey(B.id), primary_key=True, index=True),
)


class Other(DeclarativeBase):
    metadata = MetaData(schema="other")


class OtherA(Other):
    __tablename__ = "a"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("other.a.id"))
    loose_id: Mapped[int | None] = mapped_column(ForeignKey("a.id"), name="loose")
    up: Mapped["OtherA | None"] = relationship(remote_side=[id], foreign_keys=parent_id)


class Hidden(Other):
    __abstract__ = True
    metadata = MetaData(schema="hidden")
    id: Mapped[int] = mapped_column(primary_key=True)


class Deep(Hidden):
    __tablename__ = "deep"
"""

PROGRAMS["flask"] = """
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Database(SQLAlchemy):
    pass


db = Database(metadata=MetaData(naming_convention={"uq": "uq_%(table_name)s"}))

followers = db.Table(
    "followers",
    db.Column("follower_id", db.Integer, db.ForeignKey("user.id"), primary_key=True),
    db.Column("followed_id", db.Integer, db.ForeignKey("user.id"), primary_key=True),
)


class Common(db.Model):
    __abstract__ = True
    id = db.Column(db.Integer, primary_key=True)


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(20), index=True, nullable=False)
    posts = db.relationship("BlogPost", backref=db.backref("author", lazy="joined"), lazy="dynamic")
    followed = db.relationship(
        "User",
        secondary=followers,
        primaryjoin=(followers.c.follower_id == id),
        secondaryjoin=(followers.c.followed_id == id),
        backref=db.backref("followers", lazy="dynamic"),
        lazy="dynamic",
    )


class Admin(User):
    level = db.Column(db.Integer)


class Root(User):
    id = db.Column(db.ForeignKey("user.id"), primary_key=True)


class BlogPost(Common):
    user_id = db.Column(db.Integer, db.ForeignKey("user.id"))
    HTTPCode = db.Column(db.Integer)
    __table_args__ = (db.Index("ix_code", "HTTPCode", unique=True), db.UniqueConstraint("user_id", "HTTPCode"))


class HTTPLog(Common):
    __tablename__ = "logs"
    post_id: Mapped[int] = mapped_column(db.ForeignKey("blog_post.id"))
    post = db.relationship(BlogPost, backref=db.backref("log", uselist=False))
"""

PROGRAMS["flask_with_base"] = """
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    id: Mapped[int] = mapped_column(primary_key=True)


db = SQLAlchemy(model_class=Base)


class UserAccount(db.Model):
    name: Mapped[str] = mapped_column(unique=True)
    keys: Mapped[list["APIKey"]] = relationship(back_populates="user")


class APIKey(db.Model):
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    user: Mapped[UserAccount] = relationship(back_populates="keys")
"""

PROGRAMS["sqlmodel"] = """
import datetime
from typing import ClassVar, List, Optional

from sqlalchemy import Column, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped
from sqlmodel import Field, Relationship, SQLModel


class HeroTeamLink(SQLModel, table=True):
    team_id: Optional[int] = Field(default=None, foreign_key="team.id", primary_key=True)
    hero_id: Optional[int] = Field(default=None, foreign_key="hero.id", primary_key=True)


class TeamBase(SQLModel):
    name: str = Field(index=True)
    city: str | None = Field(default=None, unique=True)
    kind: ClassVar[str] = "x"


class Team(TeamBase, table=True):
    id: int | None = Field(default=None, primary_key=True)
    heroes: List["Hero"] = Relationship(back_populates="teams", link_model=HeroTeamLink)
    fans: list["Fan"] = Relationship(
        back_populates="team", sa_relationship_kwargs={"lazy": "selectin", "foreign_keys": "Fan.team_id", "cascade": "all, delete-orphan"}
    )


class TeamRead(TeamBase):
    id: int


class Hero(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("name", "age"), Index("ix_age", "age"))
    id: Optional[int] = Field(default=None, primary_key=True)
    name: str
    age: int = 3
    born: Optional[datetime.datetime] = None
    teams: List[Team] = Relationship(back_populates="heroes", link_model=HeroTeamLink)
    badge: Optional["Badge"] = Relationship(back_populates="hero")
    cape: Mapped[Optional["Badge"]] = Relationship(sa_relationship_kwargs={"viewonly": True})


class Badge(SQLModel, table=True):
    id: int = Field(primary_key=True)
    hero_id: int = Field(foreign_key="hero.id", unique=True)
    hero: Hero = Relationship(back_populates="badge")


class Fan(SQLModel, table=True):
    __tablename__ = "fans"
    id: int = Field(primary_key=True)
    team_id: int = Field(foreign_key="team.id", index=True, ondelete="CASCADE")
    other_id: Optional[int] = Field(sa_column=Column("other", Integer, ForeignKey("team.id"), nullable=True))
    text: str = Field(sa_column_kwargs={"unique": True})
    team: Optional[Team] = Relationship(
        back_populates="fans", sa_relationship_kwargs={"foreign_keys": "Fan.team_id"}
    )
"""

PROGRAMS["odd_corners"] = """
from typing import TYPE_CHECKING, Dict, Set

from sqlalchemy import (
    CheckConstraint, Column, ForeignKey, Index, Integer, String, UniqueConstraint, and_, desc, func,
)
from sqlalchemy.orm import (
    DeclarativeBase, Mapped, attribute_keyed_dict, column_property, deferred, foreign, mapped_column, relationship,
    remote, synonym,
)


class Base(DeclarativeBase):
    def __init_subclass__(cls, **kw):
        super().__init_subclass__(**kw)


class Left(Base):
    __tablename__ = "left"
    id = Column(Integer, primary_key=True)
    if True:
        conditional = Column(Integer, index=True)
    else:
        never = 1
    code = deferred(Column(String, unique=True), group="codes")
    total = column_property(id + 1)
    renamed = column_property(Column("other_name", Integer, nullable=False))
    alias = synonym("code")
    rights: Mapped[Set["Right"]] = relationship(
        primaryjoin="and_(Left.id == Right.left_id, Right.active == 1)", back_populates="left"
    )
    by_key: Mapped[Dict[str, "Right"]] = relationship(
        collection_class=attribute_keyed_dict("key"), viewonly=True, foreign_keys="[Right.left_id]"
    )
    joined = relationship(lambda: Right, primaryjoin=lambda: Left.id == foreign(Right.plain_id), viewonly=True)


class Right(Base):
    __tablename__ = "right"
    id = Column(Integer, primary_key=True)
    key = Column(String)
    active = Column(Integer)
    left_id = Column("leftid", Integer, ForeignKey("left.id"))
    plain_id = Column(Integer)
    left = relationship(Left, primaryjoin=and_(Left.id == left_id, active == 1), back_populates="rights")
    other = relationship(Left, primaryjoin="foreign(Right.plain_id) == Left.id", viewonly=True)
    __table_args__ = (
        Index("ix_lower", func.lower(key), "active"),
        Index("ix_desc", desc(left_id), unique=True),
        *[Index("ix_more", "plain_id")],
        UniqueConstraint(key, active),
        CheckConstraint("active >= 0"),
    )
"""

PROGRAMS["nested_and_aliases"] = """
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import DeclarativeBase as DB

BaseAlias = DB


class Root(BaseAlias):
    pass


Model = Root


class Outer:
    class Inner(Model):
        __tablename__ = "inner"
        id = sa.Column(sa.Integer, primary_key=True)
        name = sa.Column(sa.Unicode(5), nullable=False, key="name")


class Second(Model):
    __tablename__ = "second"
    id = sa.Column(sa.Integer, primary_key=True)
    inner_id = sa.Column(sa.ForeignKey(Outer.Inner.id), index=True, unique=True)
    inner = orm.relationship(Outer.Inner, backref=orm.backref("second", uselist=False, lazy="select"))
    __table_args__ = {"sqlite_autoincrement": True}
"""
