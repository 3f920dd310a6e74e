"""A version is compared in Python and then counted up: two requests that read the same version both pass.

## Why is this bad?
The check protects nothing against what it is there for. Between reading the version and writing the next one there is
time: under read committed, which PostgreSQL, Oracle and SQL Server begin with, two sessions both read version 1, both
pass the test and both commit. The UPDATE that the second one sends has no version in its WHERE. The first change is
lost, and the version is 2: one less than the number of changes, which nobody sees.

The mapper does it right when it is told the column: `version_id_col` puts the version that was read into the WHERE of
each UPDATE and DELETE, counts it up, and raises `StaleDataError` where no row is left to match. An `update()` that is
written out does the same with its own WHERE and its `rowcount`; it does not count up a `version_id_col` by itself.

## Bad
```python
class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)


def change_price(session: Session, product_id: int, expected: int, price: int) -> bool:
    product = session.get_one(Product, product_id)
    if product.version != expected:
        return False
    product.price = price
    product.version += 1
    session.commit()
    return True
```

## Good
```python
class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)


def change_price(session: Session, product_id: int, expected: int, price: int) -> bool:
    changed = session.execute(
        update(Product)
        .where(Product.id == product_id, Product.version == expected)
        .values(price=price, version=expected + 1)
    )
    session.commit()
    return changed.rowcount == 1
```

Or tell the mapper which column it is, by `__mapper_args__ = {"version_id_col": version}` in the class, leave the
counting to it and handle `StaleDataError`. The comparison may stay, for the time between two requests: the mapper sees
to that between reading and writing.

## When not to use it
Where something out of sight lets only one writer at a time do this: a queue with one worker, a lock that another
service holds. Under `REPEATABLE READ` or `SERIALIZABLE` PostgreSQL refuses the second writer; the rule is silent where
the project's code names one of them. Where the server or the URL sets it, ignore the rule.

## What it cannot see
The version may have any name; the shape tells it. It has to be an integer that is compared by `==` or `!=` with
something that a parameter or a framework's `request` brings, on the way to counting it up. Versions that are
timestamps or hashes are not seen, nor is an object that comes in as a parameter: whoever loaded it may have locked it.
A call, a decorator or a `with` whose name speaks of a lock is taken for one.
"""

from collections.abc import Iterator

from sqlalint.flow.events import VersionCheck
from sqlalint.project.isolation import keeps_snapshots
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL316", "hand-made-version-check", severity=Severity.WARNING, fix="show")
def check(version: VersionCheck, project: Project) -> Iterator[Finding]:
    """One finding for each comparison, unless the database refuses the second writer."""
    if keeps_snapshots(project):
        return
    name, attribute = version.model_name, version.attribute
    yield Finding(
        at=version.at,
        message=f"{version.written} is compared in Python: two requests that read the same version both pass",
        help=(
            f'let the mapper of {name} do it: `__mapper_args__ = {{"version_id_col": {attribute}}}` and `StaleDataError`;'
            f" or `update({name}).where(..., {version.name} == ...)` and its `rowcount`"
        ),
        identity=(version.qualname, version.name),
        confidence=Confidence.LIKELY if version.through_call or version.query.inferred else Confidence.CERTAIN,
        related=tuple(_related(version)),
    )


def _related(version: VersionCheck) -> Iterator[Related]:
    yield Related(f"{version.model_name} is loaded here, and not locked", version.query.at, True)
    if version.compared is not None:
        yield Related("compared here", version.compared, True)
    yield Related("and counted up here", version.counted, True)
