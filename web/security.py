"""Who may do what, decided here and nowhere else.

Comes in: a person with roles per entity, the name of an action, an entity. Goes out: yes or no; headers of every
answer. It never loads a page's data, and a route that names no action keeps the application from starting.
Next: ``web/sign_in.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar

from flask import Flask, Response, abort, current_app, redirect, request, url_for
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, UserMixin, current_user
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response as AnyResponse

from web import doorkeeper, limits
from web.settings import Settings

CONTRACTOR: Final = "contractor"
ROLES: Final = (
    "operator",
    "leader",
    "agent",
    "storekeeper",
    "accountant",
    "owner",
    "manager",
    "admin",
    CONTRACTOR,
)
PUBLIC: Final = frozenset({"public"})
_ALL: Final = frozenset(ROLES)
_STAFF: Final = _ALL - {CONTRACTOR}

# The one table of rights: action → roles. Separation of duties: only the accountant decides on postings, and the
# accountant neither orders work nor moves stock. Who holds both roles is stopped by web/duties.py.
ACTIONS: Final[dict[str, frozenset[str]]] = {
    "public": PUBLIC,
    "home.read": _ALL,
    "account.own": _ALL,
    "session.end": frozenset({"admin"}),
    "inbox.read": _ALL,
    "task.work": _ALL,
    "request.read": _STAFF,
    "request.search": _STAFF,
    "order.read": _STAFF,
    "order.own": frozenset({CONTRACTOR}),
    "file.read": _ALL,
    "asset.read": _STAFF,
    "stock.read": frozenset({"storekeeper", "leader", "agent", "manager", "accountant", "admin"}),
    "stock.change": frozenset({"storekeeper"}),
    "posting.read": frozenset({"accountant", "manager", "admin"}),
    "posting.decide": frozenset({"accountant"}),
    "posting.export": frozenset({"accountant", "manager"}),
    "process.read": frozenset({"owner", "manager", "admin", "operator", "leader"}),
    "process.operate": frozenset({"owner", "admin"}),
    # The rooms of the API open to the scopes of a token; a person in a browser enters only what the editors need.
    "api.read": frozenset(),
    "api.jobs": frozenset(),
    "api.processes": frozenset(),
    "api.messages": frozenset(),
    "api.tasks": frozenset(),
    "api.feel": frozenset({"owner"}),
}
SESSION_LIFE: Final = timedelta(hours=12)
"""How long a session stays open without use: a working day, not a night on a shared machine."""
API: Final = "api"
"""Name of the API's blueprint; its actions begin so too."""

csrf = CSRFProtect()
limiter = Limiter(
    lambda: doorkeeper.network(get_remote_address()), headers_enabled=True, in_memory_fallback_enabled=True
)
login = LoginManager()

_View = TypeVar("_View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Visitor(UserMixin):  # type: ignore[misc]  # flask_login is untyped
    """A signed-in person as the pages need it."""

    id: str
    name: str
    email: str
    locale: str
    entity_id: str
    grants: frozenset[tuple[str, str | None]] = frozenset()
    groups: frozenset[str] = frozenset()
    supplier_id: str | None = None
    sign_in_id: str = ""
    key: str = field(default="", repr=False)

    def get_id(self) -> str:
        """Return what the browser keeps: the key of the session, a random word that says nothing of the person."""
        return self.key

    @property
    def roles(self) -> frozenset[str]:
        """Return the roles held in any entity."""
        return frozenset(role for role, _ in self.grants)

    @property
    def initials(self) -> str:
        """Return up to two letters that stand for the person beside the name."""
        return "".join(part[0] for part in self.name.split()[:2]).upper()


@dataclass(frozen=True)
class Program(UserMixin):  # type: ignore[misc]  # flask_login is untyped
    """A program that came with a token: ``id`` is who acts, the token's person if it has one."""

    id: str
    token_id: str
    scopes: frozenset[str]
    person: Visitor | None = None
    locale: str = ""  # the request's own header says it
    entities: frozenset[str] | None = None
    """The entities that its token names; None when it names none."""


def can(person: Any, action: str, entity_id: str | None = None) -> bool:
    """Say whether ``person`` may do ``action``, in ``entity_id`` when the thing acted on belongs to one."""
    roles = ACTIONS[action]
    if roles is PUBLIC:
        return True
    if isinstance(person, Program):
        room, _dot, scope_name = action.partition(".")
        allowed = room == API and scope_name in person.scopes
        bounds = _bounds(person)
        return allowed and (entity_id is None or bounds is None or entity_id in bounds)
    if not isinstance(person, Visitor):
        return False
    return any(
        role in roles and (entity_id is None or where is None or where == entity_id)
        for role, where in person.grants
    )


def may_work(person: Any, assignee: str | None, groups: Collection[str], users: Collection[str]) -> bool:
    """Say whether ``person`` may see and work on a task: the assignee, or a candidate of a free or taken one."""
    if not isinstance(person, Visitor) or not can(person, "task.work"):
        return False
    return person.id == assignee or person.id in users or not person.groups.isdisjoint(groups)


def scope(person: Any, action: str) -> frozenset[str] | None:
    """Return the entities in which ``person`` may do ``action``; None means all of them."""
    if isinstance(person, Program):
        return _bounds(person) if can(person, action) else frozenset()
    roles = ACTIONS[action]
    if not isinstance(person, Visitor):
        return frozenset()
    entities = {where for role, where in person.grants if role in roles}
    return None if None in entities else frozenset(one for one in entities if one is not None)


def _bounds(program: Program) -> frozenset[str] | None:
    """Return the entities that a program sees: those of its token which its person, if any, may see too."""
    if program.person is None:
        return program.entities
    own = scope(program.person, "request.read")
    if own is None or program.entities is None:
        return program.entities if own is None else own
    return own & program.entities


def within(person: Any, action: str, entity_id: str | None) -> bool:
    """Say whether ``person`` may do ``action`` to a thing of ``entity_id``; what is of none is for those without bounds."""
    allowed = scope(person, action)
    return allowed is None or entity_id in allowed


def may_see_order(person: Any, entity_id: str, supplier_id: str | None) -> bool:
    """Say whether ``person`` may look into a work order: staff of its entity, or the firm that does the work."""
    own = isinstance(person, Visitor) and person.supplier_id is not None and person.supplier_id == supplier_id
    return own or can(person, "order.read", entity_id)


def require(action: str, entity_id: str | None) -> None:
    """Refuse with 403 unless the signed-in person may do ``action`` in ``entity_id``."""
    if not can(current_user, action, entity_id):
        abort(403)


def require_within(action: str, entity_id: str | None) -> None:
    """Refuse with 403 unless ``within`` for who asks."""
    if not within(current_user, action, entity_id):
        abort(403)


def needs(action: str) -> Callable[[_View], _View]:
    """Declare the action of a view. The check itself is made for every request in ``_authorise``."""
    if action not in ACTIONS:
        raise ValueError(f"Expected an action among {', '.join(ACTIONS)}, but got {action!r}.")

    def declare(view: _View) -> _View:
        view.action = action  # type: ignore[attr-defined]  # a mark on the function, read by action_of
        return view

    return declare


def action_of(app: Flask, endpoint: str) -> str | None:
    """Return the action that the view of ``endpoint`` declares."""
    view = app.view_functions.get(endpoint)
    action: str | None = getattr(view, "action", None)
    return "public" if endpoint == "static" else action


def check_routes(app: Flask) -> None:
    """Refuse to start when a route declares no action.

    Raises:
        RuntimeError: naming the routes.
    """
    open_routes = sorted(
        {rule.rule for rule in app.url_map.iter_rules() if action_of(app, rule.endpoint) is None}
    )
    if open_routes:
        raise RuntimeError(
            f"Expected every route to declare an action with @needs, but these do not: {open_routes}."
        )


def _authorise() -> AnyResponse | None:
    if request.endpoint is None:
        return None
    action = action_of(current_app, request.endpoint)
    if action is None or not can(current_user, action):
        if not current_user.is_authenticated:
            if request.blueprint == API:
                abort(401)
            here = request.full_path.rstrip("?") if request.method == "GET" else None
            return redirect(url_for("sign_in.show", next=here))
        abort(403)
    return None


def _refuse_nul() -> None:
    """Answer 400 to a NUL: no person types one, and PostgreSQL cannot hold it. The API has its own answer."""
    if request.blueprint == API:
        return
    sent = (*request.args.items(multi=True), *request.form.items(multi=True))
    if "\x00" in request.path or any("\x00" in name + value for name, value in sent):
        abort(400)


def _harden(response: Response) -> Response:
    settings: Settings = current_app.extensions["settings"]
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()")
    if settings.secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.vary.update(["Cookie", "Accept-Language"])
    return response


def _say_when(response: Response) -> Response:
    """Keep Retry-After for refusals: the limiter writes the end of its window on every answer."""
    if response.status_code == 503:
        response.headers["Retry-After"] = "3"
    elif response.status_code != 429:
        response.headers.pop("Retry-After", None)
    return response


def install(app: Flask, settings: Settings) -> None:
    """Register sign-in, CSRF, rate limits, the check of rights and the headers."""
    app.config.update(
        SESSION_COOKIE_NAME="guichet",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFE,
        WTF_CSRF_TIME_LIMIT=None,  # the session's life bounds it: a task left open over lunch must not be lost
        WTF_CSRF_SSL_STRICT=settings.secure,
    )
    app.after_request(_say_when)  # first in, last called: after the limiter has written its headers
    csrf.init_app(app)
    app.config["RATELIMIT_STORAGE_URI"] = limits.storage(settings)
    limiter.init_app(app)
    login.init_app(app)
    login.session_protection = "basic"  # a phone changes its address all day
    app.before_request(_authorise)
    app.before_request(_refuse_nul)
    app.after_request(_harden)
    app.add_template_global(can, "can")
