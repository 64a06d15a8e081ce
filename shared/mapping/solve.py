"""Can all of these conditions hold at once? Answers with the values that make them hold: a witness, not an opinion.

Exact within its effort. No knowledge of ECS: that a zone is in a region, say, is not used, so more is taken for possible
than is; what is said to be impossible is impossible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from shared.mapping.conditions import TAG, AllOf, AnyOf, Condition, Has, Not
from shared.mapping.effort import Effort
from shared.mapping.globs import Globs, example
from shared.model.instance import Instance

Witness = Mapping[str, str]
"""Subject -> value; a subject that is not in it is not there."""

Claim = tuple[Condition, bool]
"""A condition and whether it is to hold."""
Facts = dict[str, tuple[frozenset[Globs], frozenset[Globs]]]
"""Subject -> (the glob sets that its value must match, those that it must not)."""


class Solver:
    """Answers about one file; remembers which values it has found already."""

    def __init__(self) -> None:
        self._found: dict[tuple[bool, frozenset[Globs], frozenset[Globs]], str | None] = {}

    def witness(self, conditions: Iterable[Condition], effort: Effort) -> Witness | None:
        """Values under which every condition holds, None where there are none. Raises Undecided past the effort."""
        facts = self._satisfied(conditions, effort)
        if facts is None:
            return None
        values = {subject: self._value(subject, *globs, effort) for subject, globs in facts.items() if globs[0]}
        return {subject: value for subject, value in values.items() if value is not None}

    def _satisfied(self, conditions: Iterable[Condition], effort: Effort) -> Facts | None:
        """A tableau: take apart what must hold, then try the most constrained choice, branch by branch."""
        branches: list[tuple[list[Claim], Facts]] = [([(condition, True) for condition in conditions], {})]
        while branches:
            claims, known = branches.pop()
            facts = dict(known)
            choices = self._forced(claims, facts, effort)
            if choices is None:
                continue
            opened = (self._open(choice, facts, effort) for choice in choices)
            left = sorted((choice for choice in opened if choice is not None), key=len)
            if not left:
                return facts
            rest = [_either(choice) for choice in left[1:]]
            branches.extend(([claim, *rest], facts) for claim in reversed(left[0]))
        return None

    def _forced(self, claims: list[Claim], facts: Facts, effort: Effort) -> list[list[Claim]] | None:
        """Adds to the facts what the claims leave no choice about; the choices they do leave, None if they clash."""
        choices = []
        while claims:
            effort.spend(1)
            condition, holds = claims.pop()
            if isinstance(condition, Has):
                if not self._add(facts, condition, holds, effort):
                    return None
            elif isinstance(condition, Not):
                claims.append((condition.part, not holds))
            elif isinstance(condition, AllOf) is holds:
                claims.extend((part, holds) for part in condition.parts)
            else:
                choices.append([(part, holds) for part in condition.parts])
        return choices

    def _open(self, choice: list[Claim], facts: Facts, effort: Effort) -> list[Claim] | None:
        """The branches that the facts allow; None where they imply one of them, so that nothing is left to choose."""
        effort.spend(4 * len(choice))
        if any(not self._plausible((condition, not holds), facts, effort) for condition, holds in choice):
            return None
        return [claim for claim in choice if self._plausible(claim, facts, effort)]

    def _plausible(self, claim: Claim, facts: Facts, effort: Effort) -> bool:
        condition, holds = claim
        while isinstance(condition, Not):
            condition, holds = condition.part, not holds
        return not isinstance(condition, Has) or self._add(dict(facts), condition, holds, effort)

    def _add(self, facts: Facts, test: Has, holds: bool, effort: Effort) -> bool:
        """Adds the test to the facts; False where its subject can then have no value, nor be absent."""
        required, forbidden = facts.get(test.subject, (frozenset(), frozenset()))
        if holds:
            required |= {test.globs}
        else:
            forbidden |= {test.globs}
        facts[test.subject] = required, forbidden
        return not required or self._value(test.subject, required, forbidden, effort) is not None

    def _value(
        self, subject: str, required: frozenset[Globs], forbidden: frozenset[Globs], effort: Effort
    ) -> str | None:
        key = subject.startswith(TAG), required, forbidden  # only a tag may have an empty value
        if key not in self._found:
            self._found[key] = example(required, forbidden, key[0], effort)
        return self._found[key]


_BLANK = Instance(instance_id="i-witness", region="")


def witness_instance(values: Witness) -> Instance:
    """Return the instance that has these values and nothing else; the keys of its tags are in lower case."""
    tags = {subject[len(TAG) :]: value for subject, value in values.items() if subject.startswith(TAG)}
    attributes = {subject: value for subject, value in values.items() if not subject.startswith(TAG)}
    return msgspec.structs.replace(_BLANK, tags=tags, **attributes)


def _either(choice: list[Claim]) -> Claim:
    return AnyOf(tuple(condition if holds else Not(condition) for condition, holds in choice)), True
