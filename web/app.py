"""The web application, put together.

Comes in: settings and an open house. Goes out: a Flask application whose every route names its action. It never
opens a file, a port or a database itself. Next: ``web/security.py``, then ``web/pages``.
"""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from engine.store import Engine
from web import bundle, compression, errors, i18n, parts, security
from web.api.blueprint import api
from web.pages import BLUEPRINTS
from web.settings import Settings, secret_key


def create_app(settings: Settings, house: Engine) -> Flask:
    """Build the application on an open house.

    Raises:
        NotBuilt: the browser files or the catalogues are missing.
        SettingsError: there is no key to sign sessions with.
    """
    app = Flask("web", static_folder="static", static_url_path="/static")
    app.config.update(SECRET_KEY=secret_key(settings), MAX_CONTENT_LENGTH=settings.upload_mb * 1024 * 1024)
    app.config.update(MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024, MAX_FORM_PARTS=5000)
    app.extensions.update(settings=settings, house=house, now=house.clock.now, manifest=bundle.manifest())
    bundle.check_catalogues()
    i18n.install(app, settings)
    security.install(app, settings)
    errors.install(app)
    parts.install(app)
    compression.install(app)
    for blueprint in (*BLUEPRINTS, api):
        app.register_blueprint(blueprint)
    security.check_routes(app)
    if settings.proxies:
        count = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]  # Flask documents this
    return app
