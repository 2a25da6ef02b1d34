"""The accounting link: postings leave the house as files. See integrations/accounting/README.md."""

from __future__ import annotations

from integrations.accounting.exports import FORMATS, Export, Format, export

__all__ = ["FORMATS", "Export", "Format", "export"]
