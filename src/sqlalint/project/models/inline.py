"""What a call of a simple function of the project returns: its body read with the arguments put in."""

from typing import TYPE_CHECKING

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.expression import Parameter
from sqlalint.project.models.terms import Entries, Items, ProjectFunction, Term, Value

if TYPE_CHECKING:
    from sqlalint.project.models.values import Values


def result(
    values: "Values",
    function: ProjectFunction,
    lowered: st.Function,
    arguments: tuple[Value, ...],
    keywords: dict[str, Term],
) -> Value:
    """What the function returns for these arguments; None where its body is more than assignments and one return."""
    env = bind(function, lowered.parameters, arguments, keywords)
    if env is None or lowered.is_async or lowered.is_generator:
        return None
    returned = run(values, function, lowered.body, env)
    return values.value(returned) if returned is not None else None


def bind(
    function: ProjectFunction,
    parameters: tuple[Parameter, ...],
    arguments: tuple[Value, ...],
    keywords: dict[str, Term],
) -> dict[str, Value] | None:
    """Parameters with what they are bound to; None where the call does not fit."""
    env: dict[str, Value] = {}
    rest, named = list(arguments), dict(keywords)
    for parameter in parameters:
        if parameter.kind == "args":
            env[parameter.name] = Items(tuple(t for t in rest if isinstance(t, Term)))
            rest = []
        elif parameter.kind == "kwargs":
            env[parameter.name] = Entries(named)
            named = {}
        elif parameter.kind == "positional" and rest:
            env[parameter.name] = rest.pop(0)
        elif parameter.name in named:
            env[parameter.name] = named.pop(parameter.name)
        elif parameter.default is not None:
            env[parameter.name] = Term(function.path, function.key, parameter.default)
        else:
            return None
    return None if rest or named else env


def run(
    values: "Values", function: ProjectFunction, body: tuple[st.Statement, ...], env: dict[str, Value]
) -> Term | None:
    """The returned expression with its names bound, for bodies of assignments, `setdefault` and one return."""
    for statement in body:
        here = dict(env)
        match statement:
            case st.Return(value=value):
                return Term(function.path, function.key, value, here) if value is not None else None
            case st.Assign(targets=(ex.Name(id=name),), value=value) if value is not None:
                env[name] = values.value(Term(function.path, function.key, value, here))
            case st.Assign(targets=(ex.Collection(items=items),)):
                env.update({item.id: None for item in items if isinstance(item, ex.Name)})
            case st.Evaluate(value=ex.Literal()) | st.Nothing() | st.Import() | st.Assert():
                continue
            case st.If(body=(*_, st.Raise()), otherwise=()):
                continue
            case st.Assign(targets=(ex.Subscript(value=ex.Name(id=name), index=index),), value=value):
                if value is None or not _put(values, env, name, index, value, function, True):
                    return None
            case st.Evaluate(value=ex.Call(function=ex.Attribute(value=ex.Name(id=name), name="setdefault"))):
                call = statement.value
                if not isinstance(call, ex.Call) or len(call.arguments) != 2:
                    return None
                if not _put(values, env, name, call.arguments[0], call.arguments[1], function, False):
                    return None
            case st.If() if (names := _only_binds(statement)) is not None:
                env.update(dict.fromkeys(names))
            case st.Assign(targets=(ex.Attribute(),)):
                continue  # `cls.Comment = type(...)` says nothing about what is returned
            case _:
                return None
    return None


def _only_binds(statement: st.If) -> set[str] | None:
    """The names that a branch gives values which are not followed; None where it does anything else."""
    names: set[str] = set()
    for inner in st.walk_statements((*statement.body, *statement.otherwise)):
        match inner:
            case st.Assign(targets=(ex.Name(id=name),)):
                names.add(name)
            case st.If() | st.Nothing():
                continue
            case _:
                return None
    return names


def _put(
    values: "Values",
    env: dict[str, Value],
    name: str,
    index: ex.Expr,
    value: ex.Expr,
    function: ProjectFunction,
    replace: bool,
) -> bool:
    """`kwargs["nullable"] = False`, in a body that passes `**kwargs` on."""
    bound = env.get(name)
    key = values.literal(Term(function.path, function.key, index, dict(env)))
    if not isinstance(bound, Entries) or not isinstance(key, str):
        return False
    if replace or key not in bound.entries:
        env[name] = Entries({**bound.entries, key: Term(function.path, function.key, value, dict(env))})
    return True
