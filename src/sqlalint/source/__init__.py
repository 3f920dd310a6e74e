"""Files, their text and their syntax trees: everything that still looks like Python source."""
