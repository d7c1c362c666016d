"""The files an LCC-Server publishes: dataset CSV and JSON, light-curve ZIPs, light curves.

Nothing here knows HTTP or SQL. Whatever bytes come, a reader yields what they hold, says
what is wrong with them, or raises `lccmirror.errors.FormatError` with the place.
"""

from .columns import Kind, TableColumn, Value
from .dataset_json import JsonTable, open_json
from .exact import ExactTable, exact_table
from .lczip import ZipLimits, ZipMember, ZipReport, check_lczip
from .lightcurve import (
    LightCurve,
    LightCurveColumn,
    LightCurveHeader,
    read_lightcurve,
    read_lightcurve_header,
)
from .problems import Problems
from .table import TableHeader, iter_rows, read_header

__all__ = [
    "ExactTable",
    "JsonTable",
    "Kind",
    "LightCurve",
    "LightCurveColumn",
    "LightCurveHeader",
    "Problems",
    "TableColumn",
    "TableHeader",
    "Value",
    "ZipLimits",
    "ZipMember",
    "ZipReport",
    "check_lczip",
    "exact_table",
    "iter_rows",
    "open_json",
    "read_header",
    "read_lightcurve",
    "read_lightcurve_header",
]
