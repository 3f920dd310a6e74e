from sqlalint.report.formats.concise import render

__all__ = ["render"]
