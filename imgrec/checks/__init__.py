"""The doctor: checks of a store, a projector logdir and a network site; nothing is written."""

from imgrec.checks.findings import CheckReport, Finding, render
from imgrec.checks.logdir.check import check_logdir
from imgrec.checks.site.check import check_site
from imgrec.checks.store.check import check_store

__all__ = ["CheckReport", "Finding", "check_logdir", "check_site", "check_store", "render"]
