"""Who reads the pages of the sites, day by day: as the sites' analytics tell it, or as it was counted here.

`source.py` is what each of them is asked, one module beside it for each; `sync.py` keeps what they told.
"""
