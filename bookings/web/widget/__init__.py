"""Where guests book by themselves: a page of its own, and the same in a frame on any site.

Every step is one request and a whole page that needs no script. What was chosen so far is in the
address, what is held is behind a signed token in it, and no cookie is read or set; so going back,
loading anew and opening a second window lose nothing.
"""
