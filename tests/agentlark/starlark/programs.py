"""Programs made up by Hypothesis: texts that the grammar accepts, and the words they are made of."""

from __future__ import annotations

from hypothesis import strategies as st

WORDS = [
    *(
        "x",
        "y",
        "f",
        "1",
        "0x1F",
        "2.5",
        "'s'",
        '"""t"""',
        "b'b'",
        "r'\\d'",
        "def",
        "lambda",
        "if",
        "else",
        "elif",
    ),
    *(
        "for",
        "in",
        "not",
        "and",
        "or",
        "return",
        "break",
        "pass",
        "load",
        "while",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
    ),
    *(
        ",",
        ":",
        ";",
        ".",
        "=",
        "==",
        "!=",
        "<",
        ">=",
        "+",
        "-",
        "*",
        "**",
        "/",
        "//",
        "%",
        "|",
        "&",
        "^",
        "~",
    ),
    *("<<", ">>", "+=", "|=", "//=", "\n", "\n  ", "\n    ", "# note\n", "\\\n"),
]

_names = st.sampled_from(["a", "b", "agent", "_x", "été", "x1"])
_atoms = st.one_of(
    _names,
    st.sampled_from(["1", "0", "0x1F", "0o17", "0b11", "1.5", ".5", "1e3", "007"[:1]]),
    st.sampled_from(
        ['"s"', "'it'", '""', r'"a\nb"', r"r'\d'", "b'b'", '"""two\nlines"""', "'''q'''", r'"\""']
    ),
)
_binary = st.sampled_from(["+", "-", "*", "/", "//", "%", "|", "^", "&", "<<", ">>", "and", "or"])
_comparison = st.sampled_from(["==", "!=", "<", ">", "<=", ">=", "in", "not in"])


def _joined(items: st.SearchStrategy[list[str]]) -> st.SearchStrategy[str]:
    return items.map(" , ".join)


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    few = st.lists(inner, max_size=3)
    some = st.lists(inner, min_size=1, max_size=3)
    keyword = st.tuples(_names, inner).map(lambda pair: f"{pair[0]} = {pair[1]}")
    star = st.tuples(st.sampled_from(["* ", "** "]), inner).map("".join)
    args = st.lists(st.one_of(inner, keyword, star), max_size=3)
    entry = st.tuples(inner, inner).map(" : ".join)
    clause = st.tuples(_names, inner).map(lambda pair: f"for {pair[0]} in ( {pair[1]} )")
    condition = inner.map(lambda test: f" if ( {test} )")
    bound = st.one_of(st.just(""), inner)
    return st.one_of(
        _joined(few).map(lambda items: f"[ {items} ]"),
        _joined(some).map(lambda items: f"( {items} , )"),
        inner.map(lambda item: f"( {item} )"),
        inner.map(lambda item: f"(\n  {item} # note\n)"),
        _joined(st.lists(entry, max_size=3)).map(lambda items: f"{{ {items} }}"),
        st.tuples(_names, _joined(args)).map(lambda parts: f"{parts[0]} ( {parts[1]} )"),
        st.tuples(_names, _names).map(".".join),
        st.tuples(_names, inner).map(lambda parts: f"{parts[0]} [ {parts[1]} ]"),
        st.tuples(_names, bound, bound).map(lambda parts: f"{parts[0]} [ {parts[1]} : {parts[2]} ]"),
        st.tuples(_names, bound, bound, bound).map(
            lambda parts: f"{parts[0]} [ {parts[1]} : {parts[2]} : {parts[3]} ]"
        ),
        st.tuples(inner, _binary, inner).map(lambda parts: f"( {parts[0]} ) {parts[1]} ( {parts[2]} )"),
        st.tuples(_atoms, _binary, _atoms, _binary, _atoms).map(" ".join),
        st.tuples(_atoms, _comparison, _atoms).map(" ".join),
        st.tuples(st.sampled_from(["-", "+", "~"]), _atoms).map("".join),
        st.tuples(_atoms, inner, _atoms).map(lambda p: f"{p[0]} if ( {p[1]} ) else {p[2]}"),
        inner.map(lambda item: f"( lambda a , * b , c = 1 , ** d : {item} )"),
        st.tuples(inner, clause, st.one_of(st.just(""), condition)).map(lambda p: f"[ {p[0]} {p[1]}{p[2]} ]"),
        st.tuples(entry, clause).map(lambda p: f"{{ {p[0]} {p[1]} }}"),
        inner.map(lambda item: f"1 + \\\n  ( {item} )"),
    )


EXPRESSIONS = st.recursive(_atoms, _compound, max_leaves=8)

_simple = st.one_of(
    EXPRESSIONS,
    st.tuples(_names, st.sampled_from(["=", "+=", "|=", "//="]), EXPRESSIONS).map(" ".join),
    EXPRESSIONS.map(lambda value: f"a , b = {value}"),
    st.sampled_from(
        ["pass", "return", "break", "continue", "a [ 0 ] = 1", "a . b = 2", "( a , [ b , c ] ) = d"]
    ),
    EXPRESSIONS.map(lambda value: f"return {value} , 1"),
    st.sampled_from(['load ( "m" , "a" , b = "c" )', "load ( 'm' , 'n' , )"]),
)
_lines = st.one_of(
    _simple.map(lambda text: [text]),
    st.tuples(_simple, _simple).map(lambda pair: [f"{pair[0]} ; {pair[1]} ;"]),
    st.just(["# a comment"]),
    st.just([""]),
)


def _indented(blocks: list[list[str]]) -> list[str]:
    lines = [line for block in blocks for line in block]
    if not any(line and not line.startswith("#") for line in lines):
        lines.append("pass")
    return [
        "\n".join("    " + part for part in line.split("\n")) if '"""' not in line else "    " + line
        for line in lines
    ]


def _blocks(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    body = st.lists(inner, min_size=1, max_size=3).map(_indented)
    return st.one_of(
        st.tuples(EXPRESSIONS, body).map(lambda parts: [f"if {parts[0]} :", *parts[1]]),
        st.tuples(EXPRESSIONS, body, body).map(
            lambda parts: [f"if {parts[0]} :", *parts[1], "elif a :", *parts[1], "else :", *parts[2]]
        ),
        st.tuples(EXPRESSIONS, body).map(lambda parts: [f"for a , b in {parts[0]} , 1 :", *parts[1]]),
        st.tuples(_names, EXPRESSIONS, body).map(
            lambda parts: [f"def {parts[0]} ( a , b = {parts[1]} , * , c , ** d ) :", *parts[2]]
        ),
        _simple.map(lambda text: [f"def f ( ) : {text}"]),
    )


def texts() -> st.SearchStrategy[str]:
    """Whole files that parse, though they need not run."""
    statement = st.recursive(_lines, _blocks, max_leaves=5)
    return st.lists(statement, max_size=5).map(
        lambda blocks: "".join(line + "\n" for block in blocks for line in block)
    )
