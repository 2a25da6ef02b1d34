"""From a source text to its tree.

Comes in: the text and the names known where it stands. Goes out: one tree of ``syntax.py``, or a syntax
error with place, expectation and suggestion. It never evaluates. Next: ``compiler.py``.

The grammar is that of DMN 1.5, clause 10.3.1.2, plus names in backticks. It is ambiguous without the names
in scope, so this is a hand-written parser by precedence that asks ``names.py`` for the longest known name.
"""

from __future__ import annotations

from typing import Final

from engine.feel import syntax
from engine.feel.cursor import Cursor
from engine.feel.errors import FeelSyntaxError, Place
from engine.feel.lexer import Token, unescape
from engine.feel.names import KEYWORDS, Names
from engine.feel.syntax import Node

TESTS: Final = frozenset({"<", "<=", ">", ">=", "=", "!="})
OR, AND, COMPARE, ADD, MULTIPLY, POWER, UNARY = range(1, 8)
LEVELS: Final = {
    "or": OR,
    "and": AND,
    "between": COMPARE,
    "in": COMPARE,
    "+": ADD,
    "-": ADD,
    "*": MULTIPLY,
    "/": MULTIPLY,
    "**": POWER,
    **dict.fromkeys(TESTS, COMPARE),
}
CONSTANTS: Final = {"true": True, "false": False, "null": None}
GENERIC_TYPES: Final = frozenset({"list", "range", "context", "function"})
LONG_TYPES: Final = (
    ("days", "and", "time", "duration"),
    ("years", "and", "months", "duration"),
    ("date", "and", "time"),
)


def parse(source: str, names: Names, kind: str = "expression") -> Node:
    """Read ``source`` as an ``"expression"`` or as ``"unary-tests"``.

    Raises:
        FeelSyntaxError: the text is not FEEL, too long or nested too deeply.
    """
    parser = Parser(source, names)
    try:
        tree = parser.unary_tests() if kind == "unary-tests" else parser.expression()
    except RecursionError:
        raise FeelSyntaxError("too_deep", Place(source, 0)) from None
    if parser.here.kind != "end":
        parser.unexpected()
    return tree


class Parser(Cursor):
    """One pass over the tokens of one text."""

    def expression(self) -> Node:
        """Read one expression."""
        self.depth += 1
        self.deeper(self.depth)
        tree = self.operation(OR)
        self.depth -= 1
        return tree

    def operation(self, lowest: int) -> Node:
        """Read operators of at least the precedence ``lowest``."""
        left = self.operand()
        wraps = 0
        while True:
            token = self.here
            level = LEVELS.get(token.text)
            if level is None or level < lowest:
                return left
            wraps += 1
            self.deeper(wraps)
            if level <= AND:
                left = self.logic(left, token, level)
            elif level >= ADD:
                left = self.chain(left, token, level)
            else:
                left = self.comparison(left, token)

    def logic(self, left: Node, token: Token, level: int) -> Node:
        """Read the rest of ``left and …`` or ``left or …``."""
        terms = [left]
        while self.skip(token.text):
            terms.append(self.operation(level + 1))
        make = syntax.Or if level == OR else syntax.And
        return make(token.start, tuple(terms))

    def chain(self, left: Node, token: Token, level: int) -> Node:
        """Read the rest of ``left + …``, ``left * …`` or ``left ** …``."""
        steps = []
        while LEVELS.get(self.here.text) == level:
            sign = self.next()
            steps.append(syntax.Step(sign.start, sign.text, self.operation(level + 1)))
        return syntax.Chain(token.start, left, tuple(steps))

    def comparison(self, left: Node, token: Token) -> Node:
        """Read the right side of a comparison, of ``between`` or of ``in``."""
        self.next()
        if token.text == "between":
            low = self.operation(ADD)
            self.take("and")
            return syntax.Between(token.start, left, low, self.operation(ADD))
        if token.text == "in":
            return syntax.In(token.start, left, self.in_tests())
        return syntax.Comparison(token.start, token.text, left, self.operation(ADD))

    def in_tests(self) -> tuple[Node, ...]:
        """Read what stands after ``in``: one test, or several in parentheses."""
        if not self.sees("("):
            return (self.single_test(),)
        start = self.at
        self.next()
        tests = [self.test()]
        if self.sees(".."):  # it was an open range: (1..5]
            self.go(start)
            return (self.single_test(),)
        while self.skip(","):
            tests.append(self.test())
        self.take(")", ",")
        return tuple(tests)

    def single_test(self) -> Node:
        """Read a test without parentheses: ``x in [1..5] and y`` is a conjunction, not a test of one."""
        return self.test() if self.here.text in TESTS else self.operation(ADD)

    def test(self) -> Node:
        """Read one unary test: ``< 10``, or an expression."""
        if self.here.text in TESTS:
            sign = self.next()
            return syntax.UnaryTest(sign.start, sign.text, self.operation(ADD))
        return self.expression()

    def unary_tests(self) -> Node:
        """Read the cell of a decision table (DMN 1.5, 10.3.1.2, rules 13 to 17)."""
        start = self.here.start
        if self.sees("-") and self.ahead().kind == "end":
            self.next()
            return syntax.AnyTest(start)
        if self.sees("not") and self.ahead().text == "(":
            negated = self.negated_tests()
            if negated is not None:
                return negated
        tests = [self.test()]
        while self.skip(","):
            tests.append(self.test())
        return syntax.Tests(start, tuple(tests), negated=False)

    def negated_tests(self) -> Node | None:
        """Read ``not(tests)`` if that is the whole cell; else it is a call of the function ``not``."""
        start, place, depth = self.at, self.here.start, self.depth
        self.go(self.at + 2)
        try:
            tests = [self.test()]
            while self.skip(","):
                tests.append(self.test())
            if self.skip(")") and self.here.kind == "end":
                return syntax.Tests(place, tuple(tests), negated=True)
        except FeelSyntaxError:
            self.depth = depth
        self.go(start)
        return None

    def operand(self) -> Node:
        """Read one operand with its minus signs, its path, filters and calls."""
        minuses = []
        while self.sees("-"):
            minuses.append(self.next().start)
            self.deeper(self.depth + len(minuses))
        tree = self.postfix(self.primary())
        while self.sees("instance"):
            place = self.next().start
            self.take("of")
            tree = syntax.InstanceOf(place, tree, self.type())
        for place in reversed(minuses):
            tree = syntax.Negation(place, tree)
        return tree

    def postfix(self, tree: Node) -> Node:
        """Read paths, filters and calls after ``tree``."""
        wraps = 0
        while self.here.kind == "sign" and self.here.text in {".", "[", "("}:
            wraps += 1
            self.deeper(wraps)
            token = self.next()
            if token.text == ".":
                tree = syntax.Path(token.start, tree, self.name())
            elif token.text == "(":
                tree = self.arguments(tree, token.start)
            else:
                filtered = self.filter(tree, token)
                if filtered is None:
                    return tree
                tree = filtered
        return tree

    def filter(self, tree: Node, token: Token) -> Node | None:
        """Read ``[condition]``; inside a range a ``[`` may also be its open end: ``[1..5[``."""
        start, depth = self.at - 1, self.depth
        try:
            condition = self.test()
            self.take("]")
        except FeelSyntaxError:
            if not self.ranges:
                raise
            self.depth = depth
            self.go(start)
            return None
        return syntax.Filter(token.start, tree, condition)

    def arguments(self, function: Node, place: int) -> Node:
        """Read the arguments of a call."""
        positional: list[Node] = []
        named: list[tuple[str, Node]] = []
        while not self.sees(")"):
            name = self.argument_name()
            if name is None:
                positional.append(self.test())
            else:
                named.append((name, self.expression()))
            if not self.sees(",", ")"):
                self.unexpected(",", ")")
            if self.skip(",") and self.sees(")"):
                self.unexpected()
        closing = self.next()
        if positional and named:
            self.refuse("mixed_arguments", closing)
        return syntax.Call(place, function, tuple(positional), tuple(named))

    def argument_name(self) -> str | None:
        """Read ``name:`` if it stands here."""
        at = self.at
        if self.here.kind == "quoted" and self.ahead().text == ":":
            self.go(at + 2)
            return self.tokens[at].text[1:-1]
        while self.tokens[at].kind == "name" and self.tokens[at].text not in CONSTANTS:
            at += 1
        if at == self.at or self.tokens[at].text != ":":
            return None
        name = " ".join(token.text for token in self.tokens[self.at : at])
        self.go(at + 1)
        return name

    def primary(self) -> Node:
        """Read a literal, a name, or something in brackets."""
        token = self.here
        if token.kind == "number":
            self.next()
            return syntax.Number(token.start, token.text)
        if token.kind == "text":
            self.next()
            return syntax.Text(token.start, unescape(token.text))
        if token.kind == "name":
            return self.word(token)
        if token.kind == "quoted":
            return syntax.Name(token.start, self.name())
        if token.kind == "end":
            self.unexpected("expression")
        if token.text == "(":
            return self.parenthesis(token)
        if token.text == "[":
            return self.bracket(token)
        if token.text == "]":
            self.next()
            return self.range_tail(token.start, self.expression(), closed=False)
        if token.text == "{":
            return self.context(token)
        if token.text == "@":
            self.next()
            if self.here.kind != "text":
                self.unexpected('"…"')
            return syntax.Temporal(token.start, unescape(self.next().text))
        return self.unexpected()

    def word(self, token: Token) -> Node:
        """Read what begins with a word."""
        text = token.text
        if text in KEYWORDS:
            known = self.known_name()
            if known is not None:
                return syntax.Name(token.start, known)
        if text in CONSTANTS:
            self.next()
            return syntax.Constant(token.start, CONSTANTS[text])
        if text == "if":
            return self.conditional()
        if text == "for":
            return self.loop()
        if text in {"some", "every"} and self.ahead().kind in {"name", "quoted"}:
            return self.quantified()
        if text == "function" and self.ahead().text == "(":
            return self.function()
        if text in {"and", "or"} and self.ahead().text == "(":  # Camunda's other names of all() and any()
            return syntax.Name(token.start, self.next().text)
        if text in KEYWORDS and text != "of":
            self.unexpected("expression")
        return syntax.Name(token.start, self.name())

    def parenthesis(self, token: Token) -> Node:
        """Read ``(expression)``, ``(< 10)`` or an open range."""
        self.next()
        if self.here.text in TESTS:
            sign = self.next()
            operand = self.operation(ADD)
            self.take(")")
            return syntax.HalfRange(token.start, sign.text, operand)
        tree = self.expression()
        if self.sees(".."):
            return self.range_tail(token.start, tree, closed=False)
        self.take(")")
        return tree

    def bracket(self, token: Token) -> Node:
        """Read a list or a closed range."""
        self.next()
        if self.skip("]"):
            return syntax.ListLiteral(token.start, ())
        first = self.test()
        if self.sees(".."):
            return self.range_tail(token.start, first, closed=True)
        items = [first]
        while self.skip(","):
            items.append(self.test())
        self.take("]", ",")
        return syntax.ListLiteral(token.start, tuple(items))

    def range_tail(self, place: int, low: Node, *, closed: bool) -> Node:
        """Read the rest of a range after its lower end."""
        self.take("..")
        self.ranges += 1
        high = self.expression()
        self.ranges -= 1
        end = self.take("]", ")", "[")
        return syntax.RangeLiteral(place, low, high, closed, end.text == "]")

    def context(self, token: Token) -> Node:
        """Read ``{name: value}``; later entries may use earlier ones."""
        self.next()
        entries: list[tuple[str, Node]] = []
        scope = Names()
        self.scopes.append(scope)
        while not self.sees("}"):
            name = unescape(self.next().text) if self.here.kind == "text" else self.declared(":")
            self.take(":")
            entries.append((name, self.expression()))
            scope.add(name)
            if not self.sees(",", "}"):
                self.unexpected(",", "}")
            if self.skip(",") and self.sees("}"):
                self.unexpected()
        self.next()
        self.scopes.pop()
        return syntax.ContextLiteral(token.start, tuple(entries))

    # ---- keywords

    def conditional(self) -> Node:
        """Read ``if a then b else c``."""
        place = self.next().start
        condition = self.expression()
        self.take("then")
        yes = self.expression()
        self.take("else")
        return syntax.If(place, condition, yes, self.expression())

    def loop(self) -> Node:
        """Read ``for … return …``."""
        place = self.next().start
        scopes = len(self.scopes)
        iterators = self.iterators("return")
        body = self.expression()
        del self.scopes[scopes:]
        return syntax.For(place, iterators, body)

    def quantified(self) -> Node:
        """Read ``some … satisfies …`` or ``every … satisfies …``."""
        token = self.next()
        scopes = len(self.scopes)
        iterators = self.iterators("satisfies")
        body = self.expression()
        del self.scopes[scopes:]
        return syntax.Quantified(token.start, token.text == "some", iterators, body)

    def iterators(self, closing: str) -> tuple[syntax.Iterator, ...]:
        """Read ``a in b, c in 1..3`` up to the word ``closing``."""
        found = []
        while True:
            place = self.here.start
            name = self.declared("in")
            self.take("in")
            source = self.expression()
            end = self.expression() if self.skip("..") else None
            found.append(syntax.Iterator(place, name, source, end))
            self.scopes.append(Names((name,)))
            if not self.skip(","):
                self.take(closing, ",")
                return tuple(found)

    def function(self) -> Node:
        """Read ``function(a: number, b) body``."""
        place = self.next().start
        self.take("(")
        parameters = []
        scope = Names()
        while not self.sees(")"):
            start = self.here.start
            name = self.declared(":", ",", ")")
            scope.add(name)
            parameters.append(syntax.Parameter(start, name, self.type() if self.skip(":") else None))
            if not self.skip(",") and not self.sees(")"):
                self.unexpected(",", ")")
        self.next()
        external = self.skip("external")
        self.scopes.append(scope)
        body = self.expression()
        self.scopes.pop()
        return syntax.FunctionLiteral(place, tuple(parameters), body, external)

    # ---- types

    def type(self) -> syntax.FeelType:
        """Read a type (DMN 1.5, 10.3.1.2, rule 54)."""
        self.depth += 1
        self.deeper(self.depth)
        generic = self.here.text in GENERIC_TYPES and self.ahead().text == "<"
        tree = self.generic_type() if generic else self.named_type()
        self.depth -= 1
        return tree

    def generic_type(self) -> syntax.FeelType:
        """Read ``list<T>``, ``range<T>``, ``context<a: T>`` or ``function<T> -> U``."""
        word = self.next()
        self.take("<")
        if word.text in {"list", "range"}:
            of = self.type()
            self.take(">")
            return (syntax.ListType if word.text == "list" else syntax.RangeType)(word.start, of)
        entries: list[tuple[str, syntax.FeelType]] = []
        while not self.sees(">"):
            name = ""
            if word.text == "context":
                name = self.declared(":")
                self.take(":")
            entries.append((name, self.type()))
            if not self.skip(",") and not self.sees(">"):
                self.unexpected(",", ">")
        self.next()
        if word.text == "context":
            return syntax.ContextType(word.start, tuple(entries))
        self.take("->")
        return syntax.FunctionType(word.start, tuple(kind for _, kind in entries), self.type())

    def named_type(self) -> syntax.FeelType:
        """Read a type by its name, which may have spaces and dots."""
        place = self.here.start
        for words in LONG_TYPES:
            if tuple(token.text for token in self.tokens[self.at : self.at + len(words)]) == words:
                self.go(self.at + len(words))
                return syntax.TypeName(place, " ".join(words))
        if self.here.kind == "quoted":
            return syntax.TypeName(place, self.next().text[1:-1])
        if self.here.kind != "name":
            self.unexpected("type")
        text = self.next().text
        while True:
            if self.sees(".") and self.ahead().kind == "name":
                self.next()
                text += "." + self.next().text
            elif self.here.kind == "name" and self.here.text not in KEYWORDS:
                text += " " + self.next().text
            else:
                return syntax.TypeName(place, text)
