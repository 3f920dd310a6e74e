"""Programs about statements: queries in loops, commits in loops, limits, streams and `contains_eager` over joins."""

from tests.programs.generate import Generator, Program

# The bodies by what they are about: what is so of each is found by running it.
_BODIES = {
    "query": [
        "for row in session.scalars(select(Post)).all():|    str(session.get(Author, row.author_id))",
        "for row in session.scalars(select(Post)).all():|    str(session.scalars(select(Comment).where(Comment.post_id == row.id)).all())",
        "for row in session.query(Author).all():|    str(session.query(Post).filter_by(author_id=row.id).count())",
        "for row in session.query(Author).all():|    str(posts_of(session, row))",
        "result = [posts_of(session, row) for row in session.scalars(select(Author)).all()]",
        "result = {row.id: session.scalar(select(Profile).where(Profile.author_id == row.id)) for row in session.scalars(select(Author))}",
        "rows = session.scalars(select(Post).options(joinedload(Post.author))).all()|for row in rows:|    str(session.get(Author, row.author_id))",
        "ids = [row.id for row in session.scalars(select(Author)).all()]|str(session.scalars(select(Post).where(Post.author_id.in_(ids))).all())",
        "known = {}|for row in session.scalars(select(Post)).all():|    if row.author_id not in known:|        known[row.author_id] = session.get(Author, row.author_id)",
        "for row in session.scalars(select(Post)).all():|    str(session.get(Author, row.author_id))|    break",
    ],
    "again": [
        "for row in session.scalars(select(Post)).all():|    str(session.scalars(select(Tag)).all())",
        "for row in session.query(Author).all():|    str(session.query(Tag).filter_by(name='tag 1').all())",
        "for row in session.scalars(select(Author)).all():|    str(tags(session))",
        "found = session.scalars(select(Tag)).all()|for row in session.scalars(select(Post)).all():|    str(found)",
        "for row in session.scalars(select(Post)).all():|    str(session.get(Tag, 1))",
    ],
    "streamed": [
        "for row in session.scalars(select(Author).options({load}(Author.posts)).execution_options(yield_per=2)){unique}:|    str(row.name)",
        "for row in session.query(Author).options({load}(Author.posts)).yield_per(2):|    str(row.name)",
        "for row in session.execute(select(Author).options({load}(Author.posts)).execution_options(yield_per=2)).scalars(){unique}:|    str(row.name)",
        "for row in session.scalars(select(Post).options({load}(Post.author)).execution_options(yield_per=2)):|    str(row.name)",
        "for rows in session.scalars(select(Author).options({load}(Author.posts))).unique().partitions(2):|    str(rows)",
    ],
    "product": [
        "str(session.query(Author){join}.options(contains_eager(Author.posts)).all())",
        "str(session.scalars(select(Author){join}.options(contains_eager(Author.posts))).unique().all())",
        "str(session.scalars(select(Author){join}.options(contains_eager(Author.posts).contains_eager(Post.comments))).unique().all())",
        "other = aliased(Post)|str(session.query(Author).join(Author.posts.of_type(other)).options(contains_eager(Author.posts)).all())",
        "other = aliased(Post)|str(session.query(Author).join(Author.posts.of_type(other)).options(contains_eager(Author.posts.of_type(other))).all())",
        "str(session.query(Author).join(Author.posts).join(Post.comments).options(contains_eager(Author.posts).contains_eager(Post.comments)).all())",
        "str(session.query(Author).filter(Post.author_id == Author.id).options(contains_eager(Author.posts)).all())",
        "str(session.query(Author).filter(Post.id > 0).options(contains_eager(Author.posts)).all())",
    ],
    "cut": [
        "return session.scalars(select(Author).{way}(Author.posts).order_by(Author.id).limit(2)){unique}.all(), 2",
        "return session.query(Author).{way}(Author.posts).order_by(Author.id).limit(3).all(), 3",
        "return session.query(Author).{way}(Author.posts).options(contains_eager(Author.posts)).limit(2).all(), 2",
        "return session.query(Author).{way}(Author.posts).group_by(Author.id).limit(2).all(), 2",
        "return session.query(Author).{way}(Author.posts).distinct().limit(2).all(), 2",
        "return session.query(Post).{way}(Post.author).limit(2).all(), 2",
        "return session.query(Author).options(joinedload(Author.posts)).limit(2).all(), 2",
        "return session.query(Author).{way}(Author.profile).limit(2).all(), 2",
        "return session.query(Author).{way}(Author.posts)[:2], 2",
        "return session.query(Author).filter(Author.posts.any()).limit(2).all(), 2",
    ],
    "commit": [
        "for row in {rows}:|    row.name = 'new'|    session.commit()",
        "for row in {rows}:|    str(row.name)|    session.commit()",
        "for row in {rows}:|    str(row.name)|    session.expire_all()",
        "for row in {rows}:|    row.name = 'new'|    session.flush()",
        "for row in {rows}:|    row.name = 'new'|session.commit()",
        "rows = {rows}|for row in rows:|    row.name = 'new'|session.commit()|for row in rows:|    str(row.name)",
        "for key in session.scalars(select(Author.id)).all():|    str(key)|    session.commit()",
        "for row in {rows}:|    row.name = 'new'|    save(session, row)",
        "for row in {rows}:|    str(row.name)|    session.commit()|    break",
    ],
}
_FUNCTIONS = """\
def posts_of(session: Session, author: Author) -> list[Post]:
    return session.scalars(select(Post).where(Post.author_id == author.id)).all()


def tags(session: Session) -> list[Tag]:
    return session.scalars(select(Tag)).all()


def save(session: Session, row: Author) -> None:
    session.add(row)
    session.commit()
"""


class StatementGenerator(Generator):
    """Makes the program of a seed: one of the bodies, with plain models and different parts."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.is_async = False
        self.lazy = dict.fromkeys(self.lazy, "select")
        self.kind = self.random.choice(list(_BODIES))

    def program(self) -> Program:
        """The program."""
        made = super().program()
        (source,) = made.files.values()
        models, run = source.split("def run", 1)
        extra = "from sqlalchemy.orm import aliased\n"
        if self.random.random() < 0.6:
            files = {"program.py": f"{extra}{models}{_FUNCTIONS}\n\ndef run{run}"}
        else:
            head = models.split("\n\n\n", 1)[0]
            known = f"{extra}{head}\nfrom models import Author, Post, Comment, Profile, Tag"
            files = {
                "models.py": f"{extra}{models}",
                "service.py": f"{known}\n\n\n{_FUNCTIONS}",
                "program.py": f"{known}\nfrom service import posts_of, tags, save\n\n\ndef run{run}",
            }
        return Program(self.seed, files, False, self.kind)

    def _body(self) -> None:
        body = self.random.choice(_BODIES[self.kind])
        rows = ["session.scalars(select(Author)).all()", "session.query(Author).all()", "session.query(Author)"]
        joins = ["", "", ".join(Author.posts)", ".outerjoin(Author.posts)", ".join(Post)", ".where(Author.id > 0)"]
        text = body
        for name, choices in {
            "rows": rows,
            "load": ["joinedload", "joinedload", "selectinload", "subqueryload"],
            "unique": ["", ".unique()"],
            "join": joins,
            "way": ["join", "outerjoin"],
        }.items():
            text = text.replace(f"{{{name}}}", self.random.choice(choices))
        self.lines += text.split("|")
        if not body.startswith("return"):
            self.lines.append("return None")
