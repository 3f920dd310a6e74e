"""Lists and dicts that a function fills: what they hold from there on."""

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.flow import loops
from sqlalint.flow import values as v
from sqlalint.flow.frame import Frame


def grow(frame: Frame, name: str, arguments: list[v.Value], call: ex.Call) -> None:
    """`rows.append(x)`, `groups[key].append(x)`, `groups.setdefault(key, []).append(x)`."""
    target = call.function.value if isinstance(call.function, ex.Attribute) else None
    if not arguments:
        return
    added = v.element_of(arguments[-1]) if name in ("extend", "update") else arguments[-1]
    match target:
        case ex.Name(id=held):
            current = frame.names.get(held)
            if isinstance(current, v.Many):
                first = current.element == v.EMPTY and isinstance(added, v.Option) and name == "append"
                alone = first and not frame.loops and not frame.depth
                frame.names[held] = v.Items((added,)) if alone else _grown(current, added, bool(frame.loops))
        case (
            ex.Subscript(value=ex.Name(id=held))
            | ex.Call(function=ex.Attribute(value=ex.Name(id=held), name="setdefault"))
        ):
            groups = frame.names.get(held)
            if isinstance(groups, v.Pairs):
                inner = groups.value if isinstance(groups.value, v.Many) else v.Many(v.EMPTY)
                frame.names[held] = v.Pairs(groups.key, _grown(inner, added, True), groups.by_name)


def _grown(current: v.Many, added: v.Value, many: bool) -> v.Many:
    element = added if current.element == v.EMPTY else v.join(current.element, v.single(added))
    return replace(current, element=v.single(element), few=current.few and not many)


def passed_on(frame: Frame, call: ex.Call) -> None:
    """An empty list that a call is given may be filled by it; not by being put into another one."""
    if isinstance(call.function, ex.Attribute) and call.function.name in ("append", "add", "insert", "extend"):
        return
    for argument in (*call.arguments, *(k.value for k in call.keywords)):
        if isinstance(argument, ex.Name):
            held = frame.names.get(argument.id)
            if isinstance(held, v.Many) and held.element == v.EMPTY:
                frame.names[argument.id] = replace(held, element=v.UNKNOWN)


def grow_items(frame: Frame, receiver: v.Items, name: str, arguments: list[v.Value], call: ex.Call) -> None:
    """`options.append(x)` of a list whose parts are known: in a loop its length is not known any more."""
    target = call.function.value if isinstance(call.function, ex.Attribute) else None
    if not isinstance(target, ex.Name) or not arguments or target.id not in frame.names:
        return
    added = arguments[-1]
    more = added.items if isinstance(added, v.Items) and name in ("extend", "update") else (v.single(added),)
    if frame.loops or (name in ("extend", "update") and not isinstance(added, v.Items)):
        inner = v.element_of(added) if name in ("extend", "update") else added
        frame.names[target.id] = v.Many(v.join(v.element_of(receiver), v.single(inner)))
    else:
        frame.names[target.id] = v.Items((*receiver.items, *more), receiver.names)


def put(frame: Frame, held: str, key: v.Value, value: v.Value) -> None:
    """`mapping[key] = value`."""
    current = frame.names.get(held)
    if not isinstance(current, v.Pairs):
        return
    by_name = current.by_name
    if isinstance(key, v.Literal) and isinstance(key.value, str) and not frame.depth:
        by_name = {**by_name, key.value: v.single(value) if frame.loops else value}
    frame.names[held] = v.Pairs(_held(current.key, key), _held(current.value, value), by_name)


def _held(current: v.Value, more: v.Value) -> v.Value:
    return v.single(more) if current == v.EMPTY else v.join(current, v.single(more))


def of_mapping(frame: Frame, receiver: v.Pairs, name: str, arguments: list[v.Value], call: ex.Call) -> v.Value:
    """`mapping.name(...)`."""
    match name:
        case "values":
            return v.Many(receiver.value)
        case "items":
            return v.Many(v.Items((receiver.key, receiver.value)))
        case "keys":
            return v.Many(receiver.key)
        case "setdefault" if len(arguments) > 1:
            target = call.function.value if isinstance(call.function, ex.Attribute) else None
            if isinstance(target, ex.Name):
                put(frame, target.id, arguments[0], arguments[1])
            return arguments[1] if receiver.value == v.EMPTY else receiver.value
        case "get" | "pop":
            found = arguments[0] if arguments else v.UNKNOWN
            known = (
                receiver.by_name.get(found.value)
                if isinstance(found, v.Literal) and isinstance(found.value, str)
                else None
            )
            return known or (
                loops.looked_up(frame, receiver.value, call.arguments[0]) if call.arguments else receiver.value
            )
        case "copy":
            return receiver
        case _:
            return v.UNKNOWN
