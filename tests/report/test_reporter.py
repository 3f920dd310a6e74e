"""What is shown, and that each count is what the one option would add."""

import msgspec

from sqlalint.report.baseline import record
from sqlalint.report.finding import Confidence, Note, PlacedEdit, PlacedFix, Reported, Severity
from sqlalint.report.reporter import Held, Policy, before, decide
from sqlalint.report.scope import MigrationTree, ReportSet, RevisionState, report_set
from tests.report.make import finding, place

OPEN = RevisionState(is_open=True, is_known=True)
ASSUMED = RevisionState(is_open=True, is_known=False)
APPLIED = RevisionState(is_open=False, is_known=True)


def policy(**changes: object) -> Policy:
    """What a run without options shows."""
    return msgspec.structs.replace(Policy(selected=lambda f: f.default), **changes)


def shown(findings: list[Reported], **changes: object) -> list[str]:
    return [f"{f.place.path} {f.code} {f.confidence}" for f in decide(findings, policy(**changes)).shown]


def held(findings: list[Reported], **changes: object) -> Held:
    return decide(findings, policy(**changes)).held


def test_findings_come_in_order_of_place() -> None:
    found = [finding(at=place("b.py", 2)), finding(at=place("a.py", 9)), finding("SAL106", place("a.py", 9))]
    assert shown(found) == ["a.py SAL101 certain", "a.py SAL106 certain", "b.py SAL101 certain"]


def test_what_is_not_selected_is_not_even_counted() -> None:
    assert held([finding(default=False, confidence="likely")]) == Held()


def test_the_next_tier_is_counted_and_no_further() -> None:
    found = [finding(confidence=c) for c in ("certain", "likely", "possible", "possible")]
    assert held(found) == Held(less_sure=1)
    assert held(found, confidence=Confidence.LIKELY) == Held(less_sure=2)
    assert held(found, confidence=Confidence.POSSIBLE) == Held()


def test_severity_is_a_filter_from_the_gravest_down() -> None:
    found = [finding(severity=s) for s in ("error", "warning", "info")]
    assert [f.severity for f in decide(found, policy(severity=Severity.WARNING)).shown] == ["error", "warning"]


def test_a_configured_severity_counts() -> None:
    report = decide([finding()], policy(severities={"lazy-load-in-loop": Severity.INFO}))
    assert [f.severity for f in report.shown] == [Severity.INFO]
    assert decide([finding()], policy(severities={"SAL101": Severity.INFO}, severity=Severity.ERROR)).shown == ()


# --- tests and scripts ---


def test_loading_rules_are_off_in_tests_unless_the_file_is_named() -> None:
    found = [finding(at="tests/a.py"), finding("SAL501", at="tests/a.py")]
    assert shown(found) == ["tests/a.py SAL501 certain"]
    assert held(found) == Held(in_tests=1)
    named = {"by_hand": frozenset({"tests/a.py"}), "report_set": ReportSet(frozenset({"tests/a.py"}), ())}
    assert len(shown(found, **named)) == 2


def test_loading_rules_are_less_sure_in_scripts_unless_the_file_is_named() -> None:
    found = [finding(at="scripts/a.py"), finding("SAL106", at="scripts/a.py")]
    assert shown(found) == ["scripts/a.py SAL106 certain"]
    assert held(found) == Held(in_scripts=1, less_sure=1)  # either option shows it
    assert shown(found, confidence=Confidence.LIKELY)[0] == "scripts/a.py SAL101 likely"
    assert shown(found, by_hand=frozenset({"scripts/a.py"}))[0] == "scripts/a.py SAL101 certain"


def test_a_script_is_named_or_a_tier_lower_asked_for() -> None:
    likely = [finding(at="scripts/a.py", confidence="likely")]
    assert held(likely) == Held()  # two tiers away
    assert held(likely, confidence=Confidence.LIKELY) == Held(in_scripts=1, less_sure=1)


def test_migrations_count_as_scripts() -> None:
    assert shown([finding(at="alembic/versions/a.py")], migrations=("alembic",)) == []


# --- report set ---


def test_a_cause_in_the_set_brings_the_finding_but_background_does_not() -> None:
    cause, background = (Note("", place("app/models.py"), cause) for cause in (True, False))
    models = {"report_set": ReportSet(frozenset({"app/models.py"}), ())}
    assert shown([finding(related=(cause,))], **models) == ["app/views.py SAL101 certain"]
    assert shown([finding(related=(background,))], **models) == []
    assert held([finding(related=(background,))], **models) == Held(outside=1, outside_files=1)


def test_a_folder_is_no_prefix_of_a_name() -> None:
    found = [finding(at="src/a.py"), finding(at="src2/a.py")]
    assert shown(found, report_set=ReportSet(folders=("src",))) == ["src/a.py SAL101 certain"]


def test_a_folder_brings_the_migrations_whose_env_imports_from_it() -> None:
    users = MigrationTree(("alembic/users", "alembic/users/versions", "alembic/versions"), ("users/models.py",))
    orders = MigrationTree(("orders/migrations",), ("orders/models.py",))
    found = report_set((), ("users",), (users, orders))
    assert found.brought == ("alembic/users", "alembic/versions")
    assert report_set((), ("orders",), (users, orders)).brought == ()  # it is in there anyway
    assert report_set(("users/models.py",), (), (users, orders)).brought == ()  # a file brings nothing
    assert found.has("alembic/versions/1.py")
    assert not found.has("orders/migrations/1.py")


def test_where_it_is_not_known_whose_they_are_the_only_migrations_are_brought() -> None:
    unknown = MigrationTree(("alembic",), None)
    assert report_set((), ("src",), (unknown,)).brought == ("alembic",)
    assert report_set((), ("src",), (unknown, MigrationTree(("b",), None))).brought == ()


# --- revisions ---


def revisions() -> list[Reported]:
    return [
        finding("SAL613", at="alembic/open.py", revision="alembic/open.py"),
        finding("SAL613", at="alembic/old.py", revision="alembic/old.py"),
        finding("SAL614", at="alembic/old.py", revision="alembic/old.py"),
        finding("SAL613", at="alembic/older.py", revision="alembic/older.py"),
        finding("SAL601", at="alembic/old.py"),
    ]


STATES = {"alembic/open.py": OPEN, "alembic/old.py": APPLIED, "alembic/older.py": APPLIED}


def test_applied_revisions_are_left_to_the_rules_that_speak_on_all() -> None:
    assert shown(revisions(), revisions=STATES) == ["alembic/old.py SAL601 certain", "alembic/open.py SAL613 certain"]
    assert held(revisions(), revisions=STATES) == Held(applied=3, applied_revisions=2)


def test_history_and_naming_the_file_open_them() -> None:
    assert len(shown(revisions(), revisions=STATES, history=True)) == 5
    assert len(shown(revisions(), revisions=STATES, by_hand=frozenset({"alembic/old.py"}))) == 4


def test_only_revisions_known_to_be_open_carry_a_fix() -> None:
    fix = PlacedFix("mend it", (PlacedEdit(place("alembic/a.py"), "x"),), True)
    mendable = msgspec.structs.replace(finding("SAL601", at="alembic/a.py"), fix=fix)
    for state, kept in ((OPEN, True), (ASSUMED, False), (APPLIED, False)):
        (only,) = decide([mendable], policy(revisions={"alembic/a.py": state}, history=True)).shown
        assert bool(only.fix) is kept
    (elsewhere,) = decide([mendable], policy()).shown
    assert elsewhere.fix
    (unknown,) = decide([mendable], policy(migrations=("alembic",))).shown
    assert unknown.fix is None
    (named,) = decide([mendable], policy(migrations=("alembic",), by_hand=frozenset({"alembic/a.py"}))).shown
    assert named.fix


def test_of_a_script_tree_env_is_no_revision() -> None:
    fix = PlacedFix("mend it", (PlacedEdit(place("alembic/env.py"), "x"),), True)
    mendable = msgspec.structs.replace(finding("SAL001", at="alembic/env.py"), fix=fix)
    (shown_,) = decide([mendable], policy(migrations=("alembic", "alembic/versions"))).shown
    assert shown_.fix


def test_fixes_may_edit_other_files_but_not_under_a_hook() -> None:
    fix = PlacedFix("mend it", (PlacedEdit(place("models.py"), "x"),), True)
    mendable = msgspec.structs.replace(finding("SAL101", at="views.py"), fix=fix)
    named = ReportSet(files=frozenset({"views.py"}), folders=())
    (by_user,) = decide([mendable], policy(report_set=named)).shown
    assert by_user.fix
    (by_hook,) = decide([mendable], policy(report_set=named, only_named=True)).shown
    assert by_hook.fix is None
    (both,) = decide(
        [mendable], policy(report_set=ReportSet(frozenset({"views.py", "models.py"}), ()), only_named=True)
    ).shown
    assert both.fix


# --- counts are promises ---


def test_what_two_things_hold_back_is_not_counted() -> None:
    outside = {"report_set": ReportSet(folders=("src",))}
    assert held([finding(confidence="likely")], **outside) == Held()
    assert held(revisions()[1:2], revisions=STATES, **outside) == Held()
    assert held([finding(at="tests/a.py")], **outside) == Held()


# --- an earlier state ---


def since(earlier: list[Reported], later: list[Reported], **changes: object) -> tuple[list[str], Held]:
    """What is shown of the later ones, and what is held back, where the policy is the same for both."""
    known = before(earlier, policy(**changes))
    report = decide(later, policy(before=known, exists=lambda path: path in {f.place.path for f in later}, **changes))
    return [f"{f.place.path} {f.identity[0]}" for f in report.shown], report.held


def test_what_was_there_is_not_new_and_one_more_is() -> None:
    one, other = finding(at=place("a.py", 3)), finding(at=place("a.py", 9))
    assert since([one], [other]) == ([], Held(not_new=1))
    assert since([one], [one, other]) == (["a.py names"], Held(not_new=1))
    assert since([one, other], [one]) == ([], Held(not_new=1))
    assert since([], [one]) == (["a.py names"], Held())


def test_what_was_held_back_and_is_shown_now_is_new_and_what_would_not_be_new_is_not_offered() -> None:
    certain, likely = finding(at="a.py"), finding(at="a.py", confidence="likely")
    assert since([likely], [certain]) == (["a.py names"], Held())
    assert since([likely], [likely]) == ([], Held())
    assert since([certain], [likely]) == ([], Held())
    assert since([], [likely]) == ([], Held(less_sure=1))
    assert since([likely], [certain], confidence=Confidence.LIKELY) == ([], Held(not_new=1))
    assert since([certain], [certain, likely]) == ([], Held(not_new=1, less_sure=1))
    in_test = finding(at="tests/a.py")
    assert since([in_test], [in_test]) == ([], Held())
    assert since([], [in_test]) == ([], Held(in_tests=1))


def test_a_comment_that_is_gone_brings_the_finding_and_one_that_is_new_holds_nothing_back() -> None:
    plain, suppressed = finding(at="a.py"), finding(at="a.py", suppressed=True)
    assert since([suppressed], [plain]) == (["a.py names"], Held())
    assert since([plain], [suppressed]) == ([], Held())
    assert since([suppressed], [suppressed]) == since([], [suppressed]) == ([], Held(suppressed=1))


def test_the_baseline_may_have_what_is_not_new() -> None:
    one, other = finding(at="a.py"), finding(at="b.py")
    known = tuple(record([one, other]))
    assert since([one], [one, other], baseline=known) == ([], Held(not_new=1, baseline=1))
    report = decide([one, other], policy(touched=lambda f: f is one, baseline=known[1:]))
    assert [f.place.path for f in report.shown] == ["a.py"]
    assert report.held == Held(untouched=1)
