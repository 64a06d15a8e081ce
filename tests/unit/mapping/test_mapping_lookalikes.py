"""Characters that look like others and texts of another language: a warning that names them, on its line, and only there."""

from __future__ import annotations

import unicodedata

import pytest

from shared.mapping import check

HEAD = "version: 1\nroles:\n  web: {}\nrules:\n"
RULE = HEAD + "  - name: r\n    when:\n      {when}\n    role: web\n"


def warnings(text: str) -> list[tuple[int, str]]:
    return [(problem.line, str(problem)) for problem in check(text) if problem.severity == "warning"]


# What stands in `when`, and the character that is named.
CHARACTERS = {
    "a full-width comma in a list": ("tags: {env: [prod\uff0cstaging]}", "\uff0c"),
    "a full-width comma for a list": ("tags: {env: prod\uff0cstaging}", "\uff0c"),
    "a full-width comma and a blank": ("tags: {env: [prod\uff0c staging]}", "\uff0c"),
    "an enumeration comma": ("tags: {env: [prod\u3001staging]}", "\u3001"),
    "a full-width semicolon": ("tags: {env: [prod\uff1bstaging]}", "\uff1b"),
    "between Chinese words of a list": ("tags: {dept: [\u7814\u53d1\uff0c\u6d4b\u8bd5]}", "\uff0c"),
    "in a not": ("tags: {env: {not: prod\uff0cstaging}}", "\uff0c"),
    "in an attribute": ("vpc: [vpc-1\uff0cvpc-2]", "\uff0c"),
    "a full-width colon": ("tags: {env: app\uff1aweb}", "\uff1a"),
    "double typographic quotes": ("tags: {env: \u201cprod\u201d}", "\u201c"),
    "single typographic quotes": ("tags: {env: [\u2018prod\u2019]}", "\u2018"),
    "guillemets": ("tags: {env: \u00abprod\u00bb}", "\u00ab"),
    "corner brackets": ("tags: {env: \u300cprod\u300d}", "\u300c"),
    "typographic quotes in quotes": ('tags: {env: "\u201cprod\u201d"}', "\u201c"),
    "a no-break space": ("tags: {env: pr\u00a0od}", "\u00a0"),
    "a no-break space in a key": ("tags: {env\u00a0: prod}", "\u00a0"),
    "an ideographic space": ("tags: {env: 'prod\u3000eu'}", "\u3000"),
    "a thin space": ("name: 'web\u2009*'", "\u2009"),
    "a zero-width space": ("tags: {env: prod\u200b}", "\u200b"),
    "a zero-width space in a key": ("tags: {e\u200bnv: prod}", "\u200b"),
    "a zero-width joiner": ("tags: {env: pro\u200dd}", "\u200d"),
    "a word joiner": ("tags: {env: prod\u2060}", "\u2060"),
    "a byte order mark in the middle": ("tags: {env: \ufeffprod}", "\ufeff"),
    "a soft hyphen": ("tags: {env: pro\u00adduction}", "\u00ad"),
    "a right-to-left override": ("tags: {env: prod\u202e}", "\u202e"),
    "a Hangul filler": ("tags: {env: prod\u3164}", "\u3164"),
    "a variation selector": ("tags: {env: prod\ufe0f}", "\ufe0f"),
    "a zero-width space, escaped": ('tags: {env: "prod\\u200B"}', "\u200b"),
    "a tab": ('tags: {env: "prod\\t"}', "\t"),
    "a Cyrillic o": ("tags: {env: pr\u043ed}", "\u043e"),
    "a Cyrillic word that looks like a Latin one": ("tags: {env: \u0441\u043e\u0440\u0435}", "\u0441"),
    "a Greek omicron in a key": ("tags: {\u03bfwner: web}", "\u03bf"),
    "full-width letters": ("tags: {env: \uff50\uff52\uff4f\uff44}", "\uff50"),
    "a full-width star": ("name: web-\uff0a", "\uff0a"),
    "a full-width star beside Chinese": ("tags: {dept: \u7814\u53d1\uff0a}", "\uff0a"),
    "a full-width question mark": ("name: web-\uff1f", "\uff1f"),
    "an en dash": ("tags: {env: web\u2013prod}", "\u2013"),
    "a non-breaking hyphen": ("tags: {env: web\u2011prod}", "\u2011"),
    "an en dash before a star": ("name: web\u2013*", "\u2013"),
    "a minus sign": ("vpc: vpc\u22121", "\u2212"),
    "mathematical letters": ("tags: {env: \U0001d429rod}", "\U0001d429"),
    "an accent in an id": ("vpc: vpc-\u00e91", "\u00e9"),
    "a zero-width space in an id": ("vpc: vpc-1\u200b", "\u200b"),
}


@pytest.mark.parametrize(("when", "char"), CHARACTERS.values(), ids=CHARACTERS)
def test_a_look_alike_is_named_on_its_line(when: str, char: str) -> None:
    ((line, text),) = warnings(RULE.replace("{when}", when))

    assert line == 7
    assert text.startswith("roles.yaml:7: warning: rule 'r': when.")
    assert f"U+{ord(char):04X} ({unicodedata.name(char, 'a control character').lower()})" in text


TEXTS = {
    "a blank at the end": ('tags: {team: "payments "}', "ends with a blank"),
    "a blank in front": ("tags: {team: ' payments'}", "begins with a blank"),
    "a blank at the end of a key": ('tags: {"team ": payments}', "ends with a blank"),
    "a letter and its accent": ("tags: {city: Mu\u0308nchen}", "is not in Unicode's normal form NFC"),
    "a key's letter and its accent": ("tags: {re\u0301gion: x}", "is not in Unicode's normal form NFC"),
    "Hangul in its parts": ("tags: {city: \u1109\u1165}", "is not in Unicode's normal form NFC"),
    "a regular expression between slashes": ("name: /^x$/", "looks like a regular expression"),
    "a word between slashes, of a name": ("name: /web/", "looks like a regular expression"),
    "a regular expression with flags": ("name: /^web.*$/i", "looks like a regular expression"),
    "an anchor": ("name: ^web", "looks like a regular expression"),
    "an anchor at the end": ("tags: {env: 'prod$'}", "looks like a regular expression"),
    "a dot and a star": ("name: web-.*", "looks like a regular expression"),
    "a range": ("name: 'web-[0-9]'", "looks like a regular expression"),
    "alternatives": ("tags: {env: (prod|staging)}", "looks like a regular expression"),
    "alternatives without parentheses": ("tags: {env: prod|staging}", "looks like a regular expression"),
    "a class": ("name: 'web-\\d+'", "looks like a regular expression"),
    "a pattern of SQL": ("name: web-%", "looks like a pattern of another language"),
    "a pattern with its kind": ("name: 'regex:web'", "looks like a pattern of another language"),
    "a dot and a star at the end": ("name: web.*", "looks like a regular expression"),
    "a dot and a star in the middle": ("name: web-.*-prod", "looks like a regular expression"),
    "braces": ("tags: {env: '{prod,staging}'}", "has alternatives in braces"),
    "a range in braces": ("name: 'web-{1..3}'", "has alternatives in braces"),
    "an exclamation mark": ('tags: {env: "!prod"}', "write {not: VALUE}"),
    "an operator": ("tags: {env: '!= prod'}", "write {not: VALUE}"),
    "an exclamation mark in a list": ('tags: {env: ["!prod", x]}', "write {not: VALUE}"),
    "a placeholder": ("tags: {env: '${tags.app}'}", "has a placeholder, which only `role` fills in"),
    "a placeholder of another language": ("tags: {env: '{{ app }}'}", "has a placeholder"),
}


@pytest.mark.parametrize(("when", "message"), TEXTS.values(), ids=TEXTS)
def test_a_text_that_means_something_elsewhere_is_a_warning(when: str, message: str) -> None:
    ((line, text),) = warnings(RULE.replace("{when}", when))
    assert (line, message in text) == (7, True)


SANE = {
    "Chinese with its own comma": "tags: {\u90e8\u95e8: \u7814\u53d1\uff0c\u6d4b\u8bd5}",
    "Chinese with its own commas, quoted in a list": 'tags: {\u90e8\u95e8: ["\u7814\u53d1\uff0c\u6d4b\u8bd5", \u8fd0\u7ef4]}',
    "Chinese with its own colon": "tags: {\u65f6\u95f4: \u4e0b\u5348\uff1a\u4e09\u70b9}",
    "Chinese with quotes inside": "tags: {\u5907\u6ce8: \u53eb\u201c\u7814\u53d1\u201d\u7684\u90e8\u95e8}",
    "Chinese with brackets and a question": "tags: {\u5907\u6ce8: \uff08\u5317\u4eac\uff09\u7814\u53d1\uff1f}",
    "Chinese and Latin": "tags: {\u90e8\u95e8: \u7814\u53d1\uff0cweb\uff0cA\u7ec4}",
    "a list of Chinese words": "tags: {\u90e8\u95e8: [\u7814\u53d1, \u6d4b\u8bd5]}",
    "Japanese": "tags: {\u90e8\u7f72: \u30b5\u30fc\u30d0\u30fc\uff11\u53f7}",
    "Korean": "tags: {\ubd80\uc11c: \uc11c\ubc84}",
    "Russian": "tags: {\u043e\u0442\u0434\u0435\u043b: \u0441\u0443\u0445\u043e\u0439 \u0441\u043e\u0440}",
    "Greek": "tags: {\u03c4\u03bc\u03ae\u03bc\u03b1: \u03bb\u03bf\u03b3\u03b9\u03c3\u03c4\u03ae\u03c1\u03b9\u03bf}",
    "Persian with its joiner": "tags: {x: \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645}",
    "a family of pictures": "tags: {x: \U0001f468\u200d\U0001f469\u200d\U0001f467}",
    "an accent": "tags: {city: M\u00fcnchen}",
    "an apostrophe": "tags: {owner: O\u2019Brien}",
    "a dash between words": "tags: {years: '2020 \u2013 2021'}",
    "a path": "tags: {mount: /data/web/}",
    "a path of Windows": "tags: {mount: 'C:\\data\\web'}",
    "an address": "tags: {url: 'https://a.example/b?c=d&e=f'}",
    "a person": "tags: {owner: 'Doe, John (a.b+c@example.com)'}",
    "a share": "tags: {load: 100%}",
    "a price": "tags: {cost: 5$}",
    "a version": "tags: {version: '>=1.2.x'}",
    "a number in brackets": "tags: {host: 'web[1]'}",
    "globs": "name: ['web-*', '*-a?']",
    "globs of domains": "name: ['web.*.example.com', '*.prod.*', 'ip-10-*.cn-hangzhou.*']",
    "globs of versions": "tags: {version: ['1.2.*', 'v3.*']}",
    "a resource": "tags: {role: 'acs:ram::1:role/x'}",
    "an empty value": "tags: {env: ''}",
}


@pytest.mark.parametrize("when", SANE.values(), ids=SANE)
def test_a_sane_text_is_left_in_peace(when: str) -> None:
    assert check(RULE.replace("{when}", when)) == ()


ELSEWHERE = {
    "a listed role": ("roles:\n  w\u0435b: {}\n", 3, "U+0435"),
    "a key of the file": ("r\u043eles:\n  web: {}\n", 2, "U+043E"),
    "a policy's key": ("roles:\n  web:\n    polici\u0435s: [{system: A}]\n", 4, "U+0435"),
    "a system policy": ("roles:\n  web:\n    policies:\n      - system: AliyunOSSReadOnlyAccess\u200b\n", 5, "U+200B"),
    "a variable": ("roles:\n  web:\n    policies:\n      - template: t\n        with: {bucket: job\u00ads}\n", 6, "U+00AD"),
    "a document": (
        'roles:\n  web:\n    policies:\n      - document:\n          Version: "1"\n          Action: "oss:Get\u200bObject"\n', 7, "U+200B",
    ),
    "a placeholder": ("roles: {web: {}}\nrules:\n  - {name: r, when: {vpc: v}, role: '${tags.ro\u200ble}'}\n", 4, "U+200B"),
    "quotes in a placeholder": ("roles: {web: {}}\nrules:\n  - {name: r, when: {vpc: v}, role: '${tags.\u201cx\u201d}'}\n", 4, "U+201C"),
    "a rule's name": ("roles: {web: {}}\nrules:\n  - name: 'web '\n    role: web\n", 4, "ends with a blank"),
    "a rule's name in two scripts": ("roles: {web: {}}\nrules:\n  - name: w\u0435b\n    role: web\n", 4, "U+0435"),
    "a displaced role": ("roles: {web: {}}\nsettings: {displace: [legacy-*\uff0cold]}\n", 3, "U+FF0C"),
    "texts for a mapping": ("roles: {web: {}}\nrules:\n  - name\uff1aweb\n    role\uff1aweb\n", 4, "U+FF1A"),
    "Chinese for a key and its value": ("roles: {web: {}}\nrules:\n  - when: {tags: {\u73af\u5883\uff1a\u751f\u4ea7}}\n", 4, "U+FF1A"),
    "a text for a mapping": ("roles: {web: {}}\nrules:\n  - name\uff1aweb\n", 4, "U+FF1A"),
    "the third line of a text": ('roles: {web: {}}\nrules:\n  - role: "${tags.a\\\n      b\\\n      c\u200b}"\n    name: r\n', 6, "U+200B"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "message"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_look_alike_anywhere_in_the_file_is_named_on_its_line(text: str, line: int, message: str) -> None:
    assert [found for found, said in warnings("version: 1\n" + text) if message in said] == [line]


def test_prose_is_free() -> None:
    text = HEAD.replace("{}", "{description: 'w\u0435b\u200b\u00a0, \u201cold\u201d '}") + "  - {name: r, role: web}\n"
    assert check(text) == ()


def test_a_word_of_the_file_in_other_letters_is_understood() -> None:
    (unknown,) = [
        problem for problem in check("version: 1\nr\u043eles: {web: {}}\nrules: []\n") if "unknown" in problem.message
    ]
    assert unknown.suggestion == "did you mean 'roles'?"


INDENTED = {
    "no-break spaces": ("\u00a0\u00a0\u00a0 role: web", 1, "U+00A0 (no-break space)"),
    "a no-break space after spaces": ("  \u00a0 role: web", 3, "U+00A0"),
    "an ideographic space": ("\u3000\u3000role: web", 1, "U+3000 (ideographic space)"),
    "a zero-width space": ("    \u200brole: web", 5, "U+200B"),
    "a byte order mark": ("\ufeff    role: web", 1, "U+FEFF"),
    "a line of nothing else": ("\u00a0\u00a0", 1, "U+00A0"),
}


@pytest.mark.parametrize(("row", "column", "message"), INDENTED.values(), ids=INDENTED)
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "after a byte order mark"])
def test_an_indentation_of_something_else_than_spaces_is_an_error_on_its_line(
    mark: str, row: str, column: int, message: str
) -> None:
    (problem,) = check(f"{mark}{HEAD}  - name: r\n{row}\n  - name: s\n    role: web\n")

    assert (problem.severity, problem.line, problem.column) == ("error", 6, column)
    assert f"the line is indented with {message}" in problem.message
    assert "indent with spaces" in problem.message


def test_within_a_text_of_several_lines_such_a_line_is_fine() -> None:
    described = "roles:\n  web:\n    description: |\n      one\n      \u00a0two\n"
    assert check(HEAD.replace("roles:\n  web: {}\n", described) + "  - {name: r, role: web}\n") == ()


UNREADABLE = {
    "a full-width colon and a blank": ("  - name\uff1a r\n    role: web\n", "line 5 has U+FF1A (fullwidth colon)"),
    "a full-width brace": ("  - \uff5bname: r, role: web}\n", "line 5 has U+FF5B"),
    "a full-width comma in braces": (
        "  - name: r\n    when: {tags: {env: prod\uff0c app: web}}\n    role: web\n",
        "line 6 has U+FF0C",
    ),
    "a full-width colon in braces": (
        "  - name: r\n    when: {tags\uff1a {env: prod}}\n    role: web\n",
        "line 6 has U+FF1A",
    ),
    "a tab all the same": ("  - name: r\n\t role: \u201cweb\u201d\n", "indent with spaces, never with tabs"),
    "a no-break space after a colon": ("  - name:\u00a0r\n    role: web\n", "line 5 has U+00A0"),
}


@pytest.mark.parametrize(("rules", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_yaml_for_the_sake_of_a_look_alike_says_so(rules: str, message: str) -> None:
    (problem,) = check(HEAD + rules)
    assert message in problem.message
