"""A web application of an example, asked once: what its routes read is counted as with every other program."""

import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from tests.examples import Example
from tests.proofs.running import Run, fill, load, recorded

# A route's session, and the application; what an example adds are routes and schemas.
APPLICATION = """
from fastapi import Depends, FastAPI
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

app = FastAPI()


def get_session() -> Session: ...
"""


def served(example: Example, rows: int, path: str = "/users") -> tuple[Run, object]:
    """What a GET does on a fresh database with so many users, and the answer."""
    module = load(example.source)
    engine = sa.create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    module.Base.metadata.create_all(engine)
    with Session(engine) as session:
        fill(module, session, rows)
    with Session(engine) as session:
        module.app.dependency_overrides[module.get_session] = lambda: session
        answer: object = None
        with recorded(engine) as run:
            response = TestClient(module.app).get(path)
            response.raise_for_status()
            answer = response.json()
    engine.dispose()
    return run, answer
