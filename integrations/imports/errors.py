"""What an import refuses as a whole: a file or a profile that cannot be used.

Comes in: facts about the file or the profile. Goes out: typed refusals of the registry's family. It never speaks of a
single row: those are listed in the report. Next: ``integrations/imports/files.py``.
"""

from __future__ import annotations

from registry.errors import Missing, Refused


class UnreadableFile(Refused):
    """The file is none of the formats that can be read, or is damaged."""

    code = "unreadable_file"


class UnfitProfile(Refused):
    """The profile asks for something that does not exist, or the file has not its columns."""

    code = "unfit_profile"


class UnknownProfile(Missing):
    """There is no profile of that name."""

    code = "unknown_profile"
