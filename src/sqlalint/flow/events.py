"""What following a function brings to light: the facts that loading rules judge."""

from msgspec import Struct

from sqlalint.facts.span import Spot
from sqlalint.project.mapping import Relationship
from sqlalint.project.sessions import SessionFactory
from sqlalint.report.finding import Edit

_FEW_CALLS = 3


class _Reached(Struct, frozen=True, array_like=True, kw_only=True):
    """What happens at `at`. `calls` lead there from the function that has the cause, outermost first."""

    at: Spot
    calls: tuple[Spot, ...] = ()

    @property
    def place(self) -> Spot:
        """Where that function does it: by itself, or by the call that leads there."""
        return self.calls[0] if self.calls else self.at


class _ReachedRead(_Reached, frozen=True, array_like=True, kw_only=True):
    """A read. `conditional`: a condition decides whether it happens."""

    conditional: bool

    @property
    def is_far(self) -> bool:
        """Whether a condition in another function decides whether it is read: what that asks is not looked at."""
        return self.conditional and bool(self.calls)

    @property
    def is_remote(self) -> bool:
        """Whether many functions have a say in whether it is read."""
        return self.is_far and len(self.calls) > _FEW_CALLS


class Loop(Struct, frozen=True, array_like=True):
    """A loop over rows. `kind`: for, comprehension, sorted, map, ... `item` is what the code calls a row."""

    number: int
    at: Spot
    kind: str
    item: str


class Query(Struct, frozen=True, array_like=True):
    """The query that rows came from, as far as rules and helps need it.

    `entity` is the name of the model of the rows. `inferred`: that the rows come from here was inferred. `aliased`: it
    selects an alias of the model, by which options have to name it. `calls` lead to it, outermost first.
    """

    at: Spot
    function: str
    kind: str  # query or get
    legacy: bool
    entity: str
    entity_model: str
    is_async: bool
    sure_session: bool
    stream: bool
    limited: bool
    distinct: bool
    locked: bool
    has_unknown_options: bool
    inferred: bool = False
    aliased: bool = False
    calls: tuple[Spot, ...] = ()


class LazyRead(_ReachedRead, frozen=True, array_like=True, kw_only=True):
    """A relationship (or deferred column) read that no option and no mapper setting loads.

    `path` are the relationships from the query's entity to the object, `path_models` and `path_ids` the names and the ids
    of the models that have them, `model` the object's class. `loop` is the loop
    that the object varies with, None outside any. `unsure`: it may be loaded: options in sight load it on some ways, or
    options are not known. `target_held`: objects of the target may be in the session; `target_alive`: others hold
    them in the function; `in_rows`:
    the query itself loads some, on another way. `further` are the reads
    behind it, folded.
    `field`: the field of a serializer that reads it, "" for code. `left_out_by`: the options of a column.
    `action`: read, assign, append, iterate. `own_query`: how many steps of `path` lead to the last
    dynamic relationship on it, whose query takes the options; 0 where there is none. `has_option`: an option of the
    query is about it already, on some way at least (`lazyload`): beside it another one raises. `shared`: a many-to-one
    leads from the row to the object, so that rows may share it.
    """

    function: Spot
    qualname: str
    model: str
    model_name: str
    relationship: Relationship | None
    attribute: str
    column: bool
    target_name: str
    target_table: str
    path: tuple[str, ...]
    path_models: tuple[str, ...]
    path_ids: tuple[str, ...]
    loop: Loop | None
    query: Query
    unsure: bool
    target_held: bool
    target_alive: bool
    in_rows: bool
    held_in_list: bool
    action: str
    further: tuple["LazyRead", ...] = ()
    own_query: int = 0
    has_option: bool = False
    shared: bool = False
    field: str = ""
    left_out_by: tuple[Spot, ...] = ()

    @property
    def name(self) -> str:
        """`User.posts`."""
        return f"{self.model_name}.{self.attribute}"


class LoopReads(Struct, frozen=True, array_like=True):
    """All first lazy reads of one loop over the rows of one query: one cause."""

    loop: Loop
    query: Query
    reads: tuple[LazyRead, ...]

    @property
    def at(self) -> Spot:
        """The first read."""
        return self.reads[0].place


class SerializedReads(Struct, frozen=True, array_like=True):
    """All first lazy reads of a loop over the rows of one query that one serialization makes.

    `what` is the route (`GET /users`), or the call of the serializer (`UserOut.model_validate()`).
    """

    what: str
    reads: LoopReads

    @property
    def at(self) -> Spot:
        """The route's decorator, or the call."""
        return self.reads.at


class _Raising(Struct, frozen=True, array_like=True):
    """A read that raises."""

    read: LazyRead

    @property
    def at(self) -> Spot:
        """The read."""
        return self.read.place


class AsyncRead(_Raising, frozen=True, array_like=True):
    """A lazy read of an object of an asynchronous session."""


class RaisedRead(_Raising, frozen=True, array_like=True):
    """A read of a relationship that raises instead of loading, of an object whose query did not load it."""


class JoinedCollection(Struct, frozen=True, array_like=True):
    """A collection that a statement loads by a join: `option` is where, None for the mapper's `lazy="joined"`."""

    relationship: Relationship
    name: str
    sure: bool
    option: Spot | None


class ResultConsumed(_Reached, frozen=True, array_like=True, kw_only=True):
    """Rows of a 2.0-style result fetched without `unique()`, of a statement that joins collections.

    `method` is how (`.all()`, `for`, `list()`); `at` the method's name or the iterable. `sure`: the statement and the
    missing `unique()` are the same on every way. `unhashable`: a row holds a column that `unique()` cannot compare.
    `shared`: it is in a local function, which other calls may give another result.
    """

    qualname: str
    method: str
    query: Query
    collections: tuple[JoinedCollection, ...]
    sure: bool
    unhashable: bool
    stream: bool
    shared: bool = False


class RepeatedQuery(Struct, frozen=True, array_like=True, kw_only=True):
    """A read query that is made at each turn of a loop.

    `place` is where the loop's function does it: by itself, or by a call; `at` where it is sent, with `calls` on the
    way. `item` is what an element is called, `each` what is iterated, as it is written, "" where that is no name. `by`: the attributes of a key that what varies is
    compared with. `varies`: it asks for something else at each turn; else for the same again. `is_direct`: all of it is
    in the function, what varies is the loop's variable or an attribute of it, and nothing else is done to the database.
    `conditional`: perhaps it is not made, as a condition in another function decides. `held`: perhaps it is not, as
    the session has the object. `is_get`: it is asked for by its primary key.
    """

    place: Spot
    at: Spot
    calls: tuple[Spot, ...]
    qualname: str
    loop: Loop
    item: str
    each: str
    entity: str
    by: tuple[str, ...]
    is_get: bool
    legacy: bool
    varies: bool
    is_direct: bool
    conditional: bool
    held: bool


class EagerLoad(Struct, frozen=True, array_like=True, kw_only=True):
    """A relationship that a statement loads, by an option or by the mapper's setting (`option` is None).

    `name` is `User.posts`, `path` the attributes that lead to it from the statement's entity of the number `entity`.
    `how`: joined, contains, selectin, subquery, immediate, noload. `in_row`: all before it are joined.
    `many_above`: it is loaded behind a collection. `sure`: on every way. `seldom`: what it is loaded of does not come
    with the rows, or is one object for all of them.
    """

    relationship: Relationship
    name: str
    model: str
    path: tuple[str, ...]
    how: str
    sure: bool
    option: Spot | None
    entity: int
    in_row: bool
    many_above: bool
    seldom: bool = False

    @property
    def is_collection(self) -> bool:
        """Whether it surely brings several rows for one parent."""
        return self.relationship.collection is True and self.relationship.lazy not in ("dynamic", "write_only")

    @property
    def is_joined(self) -> bool:
        """Whether its columns are in the rows of the statement."""
        return self.in_row and self.how in ("joined", "contains")


class MultipliedRows(Struct, frozen=True, array_like=True, kw_only=True):
    """A join of a collection, which gives a row for each child. `children` is the name of its model.

    `filtered`: conditions are on what is joined, or are not known. `is_loaded`: it is also loaded from these rows.
    """

    name: str
    children: str
    relationship: Relationship
    filtered: bool
    is_loaded: bool


class StatementExecuted(_Reached, frozen=True, array_like=True, kw_only=True):
    """A statement that is executed and of which there is something to say.

    `at` is where, by `method`: that of the session or query, or how its rows are taken. `single`: at most one row is
    taken. `loads` is what it loads; `unlinked` are those of them whose rows nothing links to their parents'.
    `multiplied` are the collections that it joins without any DISTINCT or GROUP BY; `cut` is where its rows are
    limited, `one_row` tells that the limit is one. `in_batches`: it has `yield_per`; `late`: only its result has it, and
    `unique()` too.
    `is_ordered`: by something unique, None where that is not known.
    """

    qualname: str
    method: str
    query: Query
    single: bool
    loads: tuple[EagerLoad, ...]
    unlinked: tuple[EagerLoad, ...] = ()
    multiplied: tuple[MultipliedRows, ...] = ()
    cut: Spot | None = None
    one_row: bool = False
    in_batches: bool = False
    late: bool = False
    is_ordered: bool | None = None


class TextArgument(Struct, frozen=True, array_like=True, kw_only=True):
    """Attributes that an option or a join names by strings. `at` is the call, `function` what is called.

    `model` has the attributes; `is_query`: it is given to a legacy Query. `is_plain`: nothing is in the way of naming it
    as an attribute of its class.
    """

    at: Spot
    qualname: str
    function: str
    texts: tuple[str, ...]
    model: str
    model_name: str
    is_query: bool
    is_plain: bool


class EmptyRelationship(Struct, frozen=True, array_like=True, kw_only=True):
    """A relationship that is never loaded: `lazy="noload"`, or the option at `at`. `is_read`: something reads it."""

    at: Spot
    name: str
    relationship: Relationship
    by_option: bool
    is_read: bool


class VersionCheck(Struct, frozen=True, array_like=True, kw_only=True):
    """A version of a loaded object that is compared in Python before it is counted up.

    `at` is the comparison, or the call of the function that makes it, in which it is at `compared`. `written` is the
    version as it stands there (`product.version`), `counted` where it is counted up. `through_call`: the object was
    loaded, or is compared, in another function.
    """

    at: Spot
    qualname: str
    written: str
    model: str
    model_name: str
    attribute: str
    counted: Spot
    query: Query
    through_call: bool
    compared: Spot | None = None

    @property
    def name(self) -> str:
        """`Product.version`."""
        return f"{self.model_name}.{self.attribute}"


class ExpiredRead(_ReachedRead, frozen=True, array_like=True, kw_only=True):
    """An attribute of an object of an asynchronous session that is read when it has been emptied.

    `how`: commit, rollback, expire, expire_all; `expired` is where, and `expired_calls` lead there. `setting`: whether the
    session expires on commit, None where its factory is not resolved; `factory` is where it is made. `sure`: the session
    is resolved, and is that of the object. `maybe`: it is emptied on some ways only. `written` is the object in the
    function's own words; `field` is the field of a serializer that does it.
    """

    qualname: str
    written: str
    model: str
    attribute: str
    how: str
    expired: Spot
    expired_calls: tuple[Spot, ...]
    setting: bool | None
    factory: Spot | None
    sure: bool
    maybe: bool
    field: str

    @property
    def name(self) -> str:
        """`user.id`, or `User.id` where the function has no name for the object."""
        return f"{self.written or self.model}.{self.attribute}"


class ExpiringFactory(Struct, frozen=True, array_like=True):
    """A factory of asynchronous sessions that expire their objects on commit, of which no read after one is in sight."""

    factory: SessionFactory

    @property
    def at(self) -> Spot:
        """The call that makes it."""
        return self.factory.at


class AwaitMisuse(Struct, frozen=True, array_like=True):
    """A call of an asynchronous class, or of a result, that is awaited and should not be, or the other way round.

    `use`: dropped, used (as what the coroutine would give), awaited, iterated (by a plain `for`), entered (by a plain
    `with`). `written` is what the method is called on, or what is iterated or entered; `kind` the class. `text` says
    what a coroutine cannot do. `edits` mend it, where that can be done on the spot.
    """

    at: Spot
    qualname: str
    use: str
    written: str
    method: str
    kind: str
    text: str
    edits: tuple[Edit, ...]


class Counted(Struct, frozen=True, array_like=True, kw_only=True):
    """Rows that are loaded only to be counted, or only to see whether there are any.

    `purpose`: count or existence. `how`: all, first, count (of a query), or collection (of an object). `at` is where
    that is done, `fetched` where the rows come from. `entity` is the model's name, "" for rows of columns; `name` the
    collection. `joined`: the query joins something, so that a count of its rows may be another number than that of the
    objects. `unsure`: they may be loaded anyway. `edits` mend it; `{module.name}` in them stands for what is imported.
    """

    at: Spot
    fetched: Spot
    qualname: str
    purpose: str
    how: str
    entity: str
    name: str = ""
    joined: bool = False
    legacy: bool = False
    unsure: bool = False
    edits: tuple[Edit, ...] = ()


class OneColumn(Struct, frozen=True, array_like=True, kw_only=True):
    """Rows that are loaded as objects where one column of each is read, and nothing else has them.

    `at` is the comprehension that reads it, `query` where they come from. `entity` is the model's name, `written` what
    the query calls it. `form`: select, legacy (`session.query(...)`) or query (`Model.query`). `edits` mend it.
    """

    at: Spot
    query: Spot
    qualname: str
    entity: str
    column: str
    written: str
    form: str
    edits: tuple[Edit, ...] = ()


class RowsExpired(Struct, frozen=True, array_like=True, kw_only=True):
    """A `commit()` or `expire_all()` at each turn of a loop, after which objects that are held are touched again.

    `at` is where the function does it, by itself or by the first of `calls`; `committed` where it is done. `loop` is the
    loop whose turns commit, `each` the rows as they are written, "" where that is no name. `touched` is where an object
    of them is read or written. `expiry`: EXPIRES, LIBRARY, or "" where the session's factory is not in sight.
    `conditional`: perhaps it is not committed, or not touched, at a turn.
    """

    at: Spot
    committed: Spot
    calls: tuple[Spot, ...]
    qualname: str
    method: str
    expiry: str
    loop: Loop
    each: str
    entity: str
    query: Query
    touched: Spot
    conditional: bool


class Function(Struct, frozen=True, array_like=True, kw_only=True):
    """What one function gave: its events, and how many of its loops over rows were understood."""

    reads: tuple[LoopReads, ...] = ()
    serialized: tuple[SerializedReads, ...] = ()
    async_reads: tuple[AsyncRead, ...] = ()
    raised: tuple[RaisedRead, ...] = ()
    consumed: tuple[ResultConsumed, ...] = ()
    versions: tuple[VersionCheck, ...] = ()
    counted: tuple[Counted, ...] = ()
    repeated: tuple[RepeatedQuery, ...] = ()
    executed: tuple[StatementExecuted, ...] = ()
    texts: tuple[TextArgument, ...] = ()
    rows_expired: tuple[RowsExpired, ...] = ()
    one_column: tuple[OneColumn, ...] = ()
    loops: int = 0
    loops_understood: int = 0
    awaits: tuple[AwaitMisuse, ...] = ()
    expired: tuple[ExpiredRead, ...] = ()
