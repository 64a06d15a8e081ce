"""Can all of these conditions hold at once? Answers with the values that make them hold: a witness, not an opinion.

Exact within a budget. No knowledge of ECS: that a zone lies in a region, say, is not used, so more is taken for possible
than is; what is said to be impossible is impossible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from shared.mapping.conditions import TAG, AllOf, AnyOf, Condition, Has, Not
from shared.mapping.globs import Globs, Undecided, example

Witness = Mapping[str, str]
"""Subject -> value; a subject that is not in it is not there."""

Claim = tuple[Condition, bool]
"""A condition and whether it is to hold."""
Facts = dict[str, tuple[frozenset[Globs], frozenset[Globs]]]
"""Subject -> (the glob sets that its value must match, those that it must not)."""

MAX_STEPS = 5_000


def witness(conditions: Iterable[Condition]) -> Witness | None:
    """Values under which every condition holds, None where there are none. Raises globs.Undecided past the budget."""
    facts = _Search().run([(condition, True) for condition in conditions], {})
    if facts is None:
        return None
    values = {subject: _value(subject, *globs) for subject, globs in facts.items()}
    return {subject: value for subject, value in values.items() if isinstance(value, str)}


class _Search:
    def __init__(self) -> None:
        self._steps = 0

    def run(self, claims: list[Claim], known: Facts) -> Facts | None:
        """A tableau: take apart what must hold, then try the most constrained choice, branch by branch."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise Undecided
        facts, choices = dict(known), []
        while claims:
            condition, holds = claims.pop()
            if isinstance(condition, Has):
                if not _add(facts, condition, holds):
                    return None
            elif isinstance(condition, Not):
                claims.append((condition.part, not holds))
            elif isinstance(condition, AllOf) is holds:
                claims.extend((part, holds) for part in condition.parts)
            else:
                choices.append([(part, holds) for part in condition.parts])
        if not choices:
            return facts
        choices = [[claim for claim in choice if _plausible(claim, facts)] for choice in choices]
        choices.sort(key=len)
        return self._branch(choices[0], choices[1:], facts)

    def _branch(self, choice: list[Claim], others: list[list[Claim]], facts: Facts) -> Facts | None:
        rest: list[Claim] = [_either(other) for other in others]
        for claim in choice:
            found = self.run([claim, *rest], facts)
            if found is not None:
                return found
        return None


def _either(choice: list[Claim]) -> Claim:
    return AnyOf(tuple(condition if holds else Not(condition) for condition, holds in choice)), True


def _plausible(claim: Claim, facts: Facts) -> bool:
    condition, holds = claim
    while isinstance(condition, Not):
        condition, holds = condition.part, not holds
    return not isinstance(condition, Has) or _add(dict(facts), condition, holds)


def _add(facts: Facts, test: Has, holds: bool) -> bool:
    """Adds the test to the facts; False where its subject can then have no value, nor be absent."""
    required, forbidden = facts.get(test.subject, (frozenset(), frozenset()))
    if holds:
        required |= {test.globs}
    else:
        forbidden |= {test.globs}
    facts[test.subject] = required, forbidden
    return _value(test.subject, required, forbidden) is not False


def _value(subject: str, required: frozenset[Globs], forbidden: frozenset[Globs]) -> str | bool | None:
    """A value for the subject; None = be absent; False = impossible."""
    if not required:
        return None
    return _present(subject.startswith(TAG), required, forbidden)


@lru_cache(maxsize=10_000)
def _present(empty: bool, required: frozenset[Globs], forbidden: frozenset[Globs]) -> str | bool:
    value = example(required, forbidden, empty=empty)
    return False if value is None else value
