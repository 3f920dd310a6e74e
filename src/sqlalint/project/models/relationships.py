"""Relationships: target, direction, cardinality, how each loads, and the attributes that `backref` makes."""

from msgspec import Struct
from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Spot
from sqlalint.project.mapping import LAZY, Relationship
from sqlalint.project.models.drafting import Drafting
from sqlalint.project.models.drafts import DraftModel, DraftRelationship, DraftTable
from sqlalint.project.models.joins import Names, Place, joined_places, leads
from sqlalint.project.models.terms import UNREAD, Call, ProjectClass, Term
from sqlalint.project.schema import ForeignKey, Table

_LAZY_VALUES = {True: "select", False: "joined", None: "noload"}
_OPPOSITE = {"one-to-many": "many-to-one", "many-to-one": "one-to-many", "many-to-many": "many-to-many"}
_UNREADABLE = "?"  # a `secondary` that is given and not resolved


class Backref(Struct, frozen=True):
    """`backref="posts"` or `backref=backref("posts", lazy="dynamic")`."""

    name: str
    keywords: dict[str, Term]
    at: Spot


class Resolved(Struct, frozen=True):
    """A relationship with what it asks to be put on its target."""

    relationship: Relationship
    backref: Backref | None


class RelationshipReader:
    """Resolves the relationships of one project, once its tables are known."""

    def __init__(self, drafting: Drafting, names: Names, tables: dict[str, Table], ids: dict[str, str]) -> None:
        self._drafting = drafting
        self._values = drafting.values
        self._names = names
        self._tables = tables  # by the key of their draft
        self._ids = ids  # of tables, by the key of their draft
        self._keys = {ids[k]: k for k in ids}

    def resolve(self, model: DraftModel, draft: DraftRelationship) -> Resolved:
        """One relationship as one model has it."""
        call = draft.call
        keywords = self._keywords(draft)
        target, target_name = self._target(model, draft)
        secondary = self._secondary(model, keywords)
        tables, far = self._chain(model), self._chain(target) if target else []
        itself = target is not None and (target.id == model.id or bool(set(tables) & set(far)))
        direction, key = self._direction(model, target, keywords) if secondary is None else ("many-to-many", None)
        lazy = self._lazy(draft, keywords)
        columns = key.columns if key is not None and direction == "many-to-one" else ()
        back = keywords.get("back_populates")
        backref = self._backref(keywords)
        found = Relationship(
            attribute=draft.attribute,
            owner=draft.owner,
            target=target.id if target else None,
            target_name=target_name,
            direction=direction,
            collection=self._collection(draft, keywords, direction),
            lazy=lazy,
            secondary=secondary,
            reverse=self._values.text(back) if back is not None else backref.name if backref else None,
            viewonly=self._values.flag(keywords.get("viewonly"), False) is not False,
            self_referential=itself,
            columns=columns,
            required=self._required(model, columns) if columns else None,
            by_key=self._by_key(model, target, key, keywords) if direction == "many-to-one" else None,
            from_backref=False,
            cascade=self._values.text(keywords.get("cascade")),
            passive_deletes=self._passive(keywords),
            order_by="order_by" in keywords,
            at=call.at if call is not None else draft.at,
            over=key.columns if key is not None else (),
            given=tuple(keywords),
        )
        return Resolved(found, backref)

    def reversed_by(self, model: DraftModel, resolved: Resolved) -> Relationship | None:
        """The relationship that a `backref` puts on the target."""
        there, backref = resolved.relationship, resolved.backref
        if backref is None or there.target is None:
            return None
        target = self._drafting.models[there.target]
        direction = _OPPOSITE.get(there.direction or "")
        uselist = self._values.flag(backref.keywords.get("uselist"), None)
        collection = uselist if uselist is not None else None if direction is None else direction != "many-to-one"
        columns: tuple[str, ...] = ()
        key: ForeignKey | None = None
        if direction == "many-to-one":
            _, key = self._direction(model, target, self._keywords(model.relationships[there.attribute]))
            columns = key.columns if key else ()
        return replace(
            there,
            attribute=backref.name,
            owner=target.id,
            target=model.id,
            target_name=model.name,
            direction=direction,
            collection=collection,
            lazy=self._lazy_of(backref.keywords.get("lazy")),
            reverse=there.attribute,
            viewonly=self._values.flag(backref.keywords.get("viewonly"), there.viewonly) is not False,
            columns=columns,
            required=self._required(target, columns) if columns else None,
            by_key=self._by_key(model, model, key, self._keywords(model.relationships[there.attribute])),
            from_backref=True,
            cascade=self._values.text(backref.keywords.get("cascade")),
            passive_deletes=self._passive(backref.keywords),
            order_by="order_by" in backref.keywords,
            at=backref.at,
            given=tuple(backref.keywords),
        )

    # --- arguments ---

    def _keywords(self, draft: DraftRelationship) -> dict[str, Term]:
        if draft.call is None:
            return {}
        keywords = dict(draft.call.keywords)
        if not draft.field:
            if len(draft.call.arguments) > 1:
                keywords.setdefault("secondary", draft.call.arguments[1])
            if draft.call.name == "sqlalchemy.orm.dynamic_loader":
                keywords["lazy"] = draft.call.term.inner(ex.Literal(draft.call.term.expression.span, "dynamic"))
            return keywords
        if "sa_relationship" in keywords:
            inner = self._values.call(keywords["sa_relationship"])
            return dict(inner.keywords) if inner else {}
        given = keywords.pop("sa_relationship_kwargs", None)
        keywords.update(self._values.entries(given) or {} if given is not None else {})
        link = keywords.pop("link_model", None)
        if link is not None and self._values.literal(link) is not None:
            keywords["secondary"] = link
        return keywords

    def _target(self, model: DraftModel, draft: DraftRelationship) -> tuple[DraftModel | None, str | None]:
        given: Term | None = None
        if draft.call is not None:
            call: Call | None = draft.call
            if draft.field and "sa_relationship" in draft.call.keywords:
                call = self._values.call(draft.call.keywords["sa_relationship"])
            given = call.argument(0, "argument") if call is not None else None
        if given is None and draft.annotation is not None:
            given = draft.annotation.element or draft.annotation.type
            if draft.annotation.collection and draft.annotation.element is None:
                given = None
        return self._class(given, model) if given is not None else (None, None)

    def _class(self, term: Term, model: DraftModel) -> tuple[DraftModel | None, str | None]:
        value = self._values.value(term)
        if isinstance(value, Term) and isinstance(value.expression, ex.Lambda):
            return self._class(value.inner(value.expression.body), model)
        if isinstance(value, ProjectClass):
            return self._drafting.models.get(value.id), value.id.rpartition("::")[2].rpartition(".")[2]
        text = self._values.text(term)
        if text is None and isinstance(term.expression, ex.Name | ex.Attribute):
            text = ex.dotted(term.expression)
        if text is None:
            return None, None
        return self._names.class_(text, model), text

    def _secondary(self, model: DraftModel, keywords: dict[str, Term]) -> str | None:
        """The id of the association table; None where there is none."""
        given = keywords.get("secondary")
        if given is None or self._values.literal(given) is None:
            return None
        draft = self._table(model, given)
        return self._ids.get(draft.key, _UNREADABLE) if draft else _UNREADABLE

    def _table(self, model: DraftModel, term: Term) -> DraftTable | None:
        value = self._values.value(term)
        if isinstance(value, Term) and isinstance(value.expression, ex.Lambda):
            return self._table(model, value.inner(value.expression.body))
        if isinstance(value, ProjectClass):
            other = self._drafting.models.get(value.id)
            return other.table if other else None
        if (
            isinstance(value, Term)
            and isinstance(value.expression, ex.Call)
            and value.identity in self._drafting.tables
        ):
            return self._drafting.tables[value.identity]
        expression = term.expression
        if isinstance(expression, ex.Attribute) and expression.name == "__table__":
            return self._table(model, term.inner(expression.value))
        text = self._values.text(term)
        if text is None:
            return None
        metadata = model.table.metadata.id if model.table else ""
        found = self._names.table(metadata, model.root, text, model.at.path)
        if found is None and text.endswith(".__table__"):
            text = text.removesuffix(".__table__")
        named = self._names.class_(text, model) if found is None else None
        return named.table if named else found

    def _lazy(self, draft: DraftRelationship, keywords: dict[str, Term]) -> str | None:
        wrapper = draft.annotation.wrapper if draft.annotation else ""
        if wrapper == "DynamicMapped":
            return "dynamic"
        if wrapper == "WriteOnlyMapped":
            return "write_only"
        return self._lazy_of(keywords.get("lazy"))

    def _lazy_of(self, term: Term | None) -> str | None:
        if term is None:
            return "select"
        value = self._values.literal(term)
        if value is UNREAD or not isinstance(value, str | bool | None):
            return None
        if isinstance(value, str):
            return value if value in LAZY else None
        return _LAZY_VALUES[value]

    def _passive(self, keywords: dict[str, Term]) -> bool | None:
        value = self._values.literal(keywords["passive_deletes"]) if "passive_deletes" in keywords else False
        return None if value is UNREAD else bool(value)

    def _collection(self, draft: DraftRelationship, keywords: dict[str, Term], direction: str | None) -> bool | None:
        if draft.annotation is not None and draft.annotation.wrapper in ("DynamicMapped", "WriteOnlyMapped"):
            return True
        mapped = (
            draft.annotation is not None and draft.annotation.wrapper == "Mapped" and draft.annotation.type is not None
        )
        if draft.field and draft.annotation is not None:
            mapped = True
        if mapped and draft.annotation is not None and not draft.annotation.collection and not draft.field:
            return False if "collection_class" not in keywords else None
        uselist = self._values.flag(keywords.get("uselist"), None)
        if uselist is not None:
            return uselist
        if "uselist" in keywords and self._values.literal(keywords["uselist"]) is UNREAD:
            return None
        if draft.field and draft.annotation is not None and not draft.annotation.collection:
            return False
        return None if direction is None else direction != "many-to-one"

    def _backref(self, keywords: dict[str, Term]) -> Backref | None:
        given = keywords.get("backref")
        if given is None:
            return None
        text = self._values.text(given)
        if text is not None:
            return Backref(text, {}, given.at)
        call = self._values.call(given)
        if call is None or call.name != "sqlalchemy.orm.backref":
            return None
        name = self._values.text(call.argument(0, "name"))
        return Backref(name, call.keywords, call.at) if name is not None else None

    # --- joins ---

    def _chain(self, model: DraftModel | None) -> list[str]:
        """The keys of the tables of a model and of those that it inherits from."""
        found: list[str] = []
        while model is not None:
            for table in (model.table, *model.joined):
                if table is not None and table.key not in found:
                    found.append(table.key)
            model = self._drafting.models.get(model.parent or "") if not model.concrete else None
        return found

    def _direction(
        self, model: DraftModel, target: DraftModel | None, keywords: dict[str, Term]
    ) -> tuple[str | None, ForeignKey | None]:
        if target is None or model.table is None or target.table is None:
            return None, None
        near, far = self._chain(model), self._chain(target)
        outward, inward = self._between(near, far), self._between(far, near)
        marks = self._marks(model, keywords)
        given = marks["foreign"]
        if given:
            outward = [k for k in outward if self._uses(k, near, given)]
            inward = [k for k in inward if self._uses(k, far, given)]
        elif "primaryjoin" in keywords:
            joined = marks["joined"]
            outward = [k for k in outward if self._uses(k, near, joined) and self._reaches(k, joined)]
            inward = [k for k in inward if self._uses(k, far, joined) and self._reaches(k, joined)]
        if not outward and not inward and given:
            return self._without_keys(given, near, far, marks), None
        if len(near) > 1 or len(far) > 1:  # the keys that hold an inheritance together are no relationship's
            outward, inward = self._not_inherited(model, target, outward), self._not_inherited(target, model, inward)
        remote = {name for _, name in marks["remote"]} if marks["remote"] else None
        return leads(outward, inward, remote)

    def _between(self, near: list[str], far: list[str]) -> list[ForeignKey]:
        wanted = {self._ids[k] for k in far if k in self._ids}
        return [key for k in near if k in self._tables for key in self._tables[k].foreign_keys if key.target in wanted]

    def _not_inherited(self, model: DraftModel, target: DraftModel, keys: list[ForeignKey]) -> list[ForeignKey]:
        """Without the key of a joined subclass to its parent's, unless nothing else is there."""
        others = [k for k in keys if not (model.table and set(k.columns) <= _primary(self._tables[model.table.key]))]
        return others or keys

    def _uses(self, key: ForeignKey, tables: list[str], places: set[Place]) -> bool:
        """Whether a foreign key's columns are among the places, in one of the tables."""
        return any((t, c) in places for t in tables for c in key.columns)

    def _reaches(self, key: ForeignKey, places: set[Place]) -> bool:
        there = self._keys.get(key.target or "", "")
        return any((there, c) in places for c in key.target_columns)

    def _marks(self, model: DraftModel, keywords: dict[str, Term]) -> dict[str, set[Place]]:
        """The columns that arguments name: as foreign, as remote, or in the join at all."""
        found: dict[str, set[Place]] = {"foreign": set(), "remote": set(), "joined": set(), "far": set()}
        for keyword, mark in (("foreign_keys", "foreign"), ("remote_side", "remote"), ("primaryjoin", "")):
            if keyword not in keywords:
                continue
            term = self._names.evaluated(keywords[keyword], model)
            for place, marks in joined_places(self._names, term, model.table):
                if place is None:
                    continue
                found["joined"].add(place)
                if "foreign" in marks and "remote" in marks:
                    found["far"].add(place)
                for kind in ("foreign", "remote"):
                    if kind == mark or kind in marks:
                        found[kind].add(place)
        return found

    def _without_keys(
        self, foreign: set[Place], near: list[str], far: list[str], marks: dict[str, set[Place]]
    ) -> str | None:
        """The direction of a join over columns that are no foreign keys, but said to be."""
        here, there = any(t in near for t, _ in foreign), any(t in far for t, _ in foreign)
        if here and there:
            if not marks["remote"] or marks["far"]:
                return "one-to-many" if marks["far"] else None
            # One column may stand on both sides, as `foreign(A.x) == remote(A.x)`.
            same = foreign == marks["remote"] and len(foreign) == 1
            return "one-to-many" if foreign & marks["remote"] and not same else "many-to-one"
        return "many-to-one" if here else "one-to-many" if there else None

    def _required(self, model: DraftModel, columns: tuple[str, ...]) -> bool | None:
        flags = []
        for key in self._chain(model):
            table = self._tables.get(key)
            flags += [c.nullable for c in (table.columns if table else ()) if c.name in columns]
        return None if None in flags or not flags else not any(flags)

    def _by_key(
        self, model: DraftModel, target: DraftModel | None, key: ForeignKey | None, keywords: dict[str, Term]
    ) -> bool | None:
        """Whether the join is on the target's primary key and on nothing else."""
        if target is None or key is None or not key.target_columns:
            return None
        if "primaryjoin" in keywords:
            joined = self._names.evaluated(keywords["primaryjoin"], model).expression
            if not isinstance(joined, ex.Compare):
                return False if len(key.columns) == 1 else None
        for there in self._chain(target):
            table = self._tables.get(there)
            if table is not None and table.id == key.target:
                return set(key.target_columns) == _primary(table) if _primary(table) else None
        return None


def _primary(table: Table) -> set[str]:
    return {c.name for c in table.columns if c.primary_key}
