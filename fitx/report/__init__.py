"""Pictures and the page of a fit: PNG, SVG, PDF, text for a terminal, HTML.

`rows.py` says what is shown, `panels.py` draws it, `picture.py` lays it out, `page.py` writes the HTML page.
"""
